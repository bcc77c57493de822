/* SPDX-License-Identifier: BSD-3-Clause */
#include "corpus.h"
#include "eg_clock.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PATH_ROOM (PATH_MAX + 64)

/* ── setup.sh ── */

static void write_issuers(FILE *out, const struct corpus *corpus)
{
	for (unsigned i = 0; i < corpus->issuer_cnt; i++)
		(void)fprintf(out, "ctl issuer add %s --jwks \"$here/issuer-%u.jwks\"\n",
		    corpus->issuer[i].url, i + 1);
	(void)fprintf(out, "ctl policy set 1 --audience %s --default", CORPUS_AUDIENCE);
	for (unsigned i = 0; i < corpus->issuer_cnt; i++)
		(void)fprintf(out, " --issuer %s", corpus->issuer[i].url);
	(void)fprintf(out, "\n");
}

static void write_revocations(
    FILE *out, const struct corpus *corpus, const struct corpus_issuer *issuer)
{
	uint32_t idx_cnt = issuer->revoked_idx_cnt;

	if (idx_cnt > CORPUS_LIST_ENTRIES / 2)
		idx_cnt = CORPUS_LIST_ENTRIES / 2;
	(void)fprintf(out, "ctl list add %s --issuer %s --bits 1 --entries %u\n", issuer->list_uri,
	    issuer->url, CORPUS_LIST_ENTRIES);
	if (idx_cnt > 0)
		(void)fprintf(out, "ctl revoke index %s 0-%u\n", issuer->list_uri, idx_cnt - 1);
	if (issuer->subject_revoked)
		(void)fprintf(out, "ctl revoke subject %s %s --until %llu\n", issuer->url,
		    CORPUS_SUBJECT, (unsigned long long)corpus->now_s);
	for (unsigned i = 0; i < issuer->revoked_jti_cnt; i++)
		(void)fprintf(out, "ctl revoke %s %s revoked-%u --exp %llu\n",
		    issuer->revoked_ctis >> i & 1 ? "cti" : "jti", issuer->url, i,
		    (unsigned long long)(corpus->now_s + CORPUS_LIFETIME_S + 3600));
}

static void write_setup(FILE *out, const struct corpus *corpus)
{
	(void)fprintf(out,
	    "#!/bin/sh\n"
	    "# Makes the statuses of corpus.tsv true: issuers, policy 1, lists, revocations.\n"
	    "# They hold from %llu for a day. Once for each store.\n"
	    "# usage: setup.sh STATE_DIR [EDGATECTL]\n"
	    "set -eu\n"
	    "state=${1:?usage: setup.sh STATE_DIR [EDGATECTL]}\n"
	    "edgatectl=${2:-edgatectl}\n"
	    "case $0 in */*) here=${0%%/*} ;; *) here=. ;; esac\n"
	    "ctl() { \"$edgatectl\" --state \"$state\" \"$@\" >/dev/null; }\n"
	    "[ -e \"$state/edgate.db\" ] || ctl init\n",
	    (unsigned long long)corpus->now_s);
	write_issuers(out, corpus);
	for (unsigned i = 0; i < corpus->issuer_cnt; i++)
		write_revocations(out, corpus, &corpus->issuer[i]);
}

/* ── files ── */

static FILE *open_in(const char *dir, const char *name, struct eg_error *err)
{
	char path[PATH_ROOM];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	if (f == NULL)
		(void)eg_error_set(err, EG_EIO, "%s: %m", path);
	return f;
}

static int close_checked(FILE *f, const char *dir, const char *name, struct eg_error *err)
{
	bool failed = ferror(f) != 0;

	if (fclose(f) != 0 || failed)
		return eg_error_set(err, EG_EIO, "%s/%s: %m", dir, name);
	return 0;
}

static int save_setup(const struct corpus *corpus, const char *dir, struct eg_error *err)
{
	FILE *f = open_in(dir, "setup.sh", err);

	if (f == NULL)
		return err->code;
	write_setup(f, corpus);
	(void)fchmod(fileno(f), 0755);
	return close_checked(f, dir, "setup.sh", err);
}

static int write_tokens(
    struct corpus *corpus, const uint8_t *plan, uint32_t cnt, FILE *out, struct eg_error *err)
{
	for (uint32_t n = 0; n < cnt; n++) {
		char *token = corpus_token(corpus, plan[n], n);

		if (token == NULL)
			return eg_error_set(err, EG_ENOMEM, "no memory for token %u", n);
		(void)fprintf(out, "t%u\t%s\t%s\n", n, corpus_kind_name(plan[n]), token);
		free(token);
	}
	return 0;
}

static int save_tokens(
    struct corpus *corpus, const uint8_t *plan, uint32_t cnt, const char *dir, struct eg_error *err)
{
	FILE *f = open_in(dir, "corpus.tsv", err);
	int rc, closed;

	if (f == NULL)
		return err->code;
	rc = write_tokens(corpus, plan, cnt, f, err);
	closed = close_checked(f, dir, "corpus.tsv", err);
	return rc != 0 ? rc : closed;
}

static int save_keys(const struct corpus *corpus, const char *dir, bool force, struct eg_error *err)
{
	char prefix[PATH_ROOM];
	int rc = 0;

	for (unsigned i = 0; i < corpus->issuer_cnt && rc == 0; i++) {
		(void)snprintf(prefix, sizeof(prefix), "%s/issuer-%u", dir, i + 1);
		rc = token_key_save(&corpus->issuer[i].key, prefix, force, err);
	}
	return rc;
}

/* ── what was asked for ── */

static void make_issuer(struct corpus *corpus, unsigned i)
{
	static const char domain[] = "edgate-token corpus key";
	struct corpus_issuer *issuer = &corpus->issuer[i];
	uint8_t seed[crypto_sign_SEEDBYTES];
	uint8_t number[16];
	char kid[16];

	eg_store_be64(number, corpus->seed);
	eg_store_be64(number + 8, i);
	(void)crypto_generichash(seed, sizeof(seed), number, sizeof(number),
	    (const uint8_t *)domain, sizeof(domain) - 1);
	(void)snprintf(kid, sizeof(kid), "k%u", i + 1);
	(void)token_key_from_seed(&issuer->key, seed, kid, NULL);
	sodium_memzero(seed, sizeof(seed));
	(void)snprintf(issuer->url, sizeof(issuer->url), "https://issuer-%u.example", i + 1);
	(void)snprintf(issuer->list_uri, sizeof(issuer->list_uri),
	    "https://issuer-%u.example/status/1", i + 1);
}

static int get_size(const struct eg_cli *cli, struct corpus *corpus)
{
	static const char *const names[] = {
	    [CORPUS_MINIMAL] = "minimal", [CORPUS_RFC9068] = "rfc9068", [CORPUS_STATUS] = "status"};
	const char *value = eg_cli_get(cli, "size");

	corpus->size = CORPUS_RFC9068;
	for (unsigned i = 0; value != NULL; i++) {
		if (i == sizeof(names) / sizeof(names[0]))
			return eg_cli_usage(cli, "--size: '%s' is none of its choices", value);
		if (strcmp(names[i], value) == 0) {
			corpus->size = (enum corpus_size)i;
			return 0;
		}
	}
	return 0;
}

static int get_fmt(const struct eg_cli *cli, struct corpus *corpus)
{
	const char *value = eg_cli_get(cli, "fmt");

	corpus->fmt = value == NULL ? TOKEN_JWT : token_fmt_by_name(value);
	if (corpus->fmt == TOKEN_FMTS && strcmp(value, "mixed") != 0)
		return eg_cli_usage(cli, "--fmt: '%s' is none of its choices", value);
	return 0;
}

static int get_numbers(const struct eg_cli *cli, struct corpus *corpus, uint32_t *cnt)
{
	uint64_t count = 1000, issuers = 1;
	int rc = eg_cli_get_number(cli, "count", CORPUS_COUNT_MAX, &count);

	randombytes_buf(&corpus->seed, sizeof(corpus->seed));
	corpus->now_s = (uint64_t)(eg_clock_utc_ns() / EG_NS_PER_S);
	if (rc == 0)
		rc = eg_cli_get_number(cli, "issuers", CORPUS_ISSUERS_MAX, &issuers);
	if (rc == 0)
		rc = eg_cli_get_number(cli, "seed", UINT64_MAX, &corpus->seed);
	if (rc == 0)
		rc = eg_cli_get_time(cli, "now", corpus->now_s, &corpus->now_s);
	if (rc == 0 && (issuers == 0 || corpus->now_s < CORPUS_LIFETIME_S))
		rc = eg_cli_usage(cli, "--issuers is 1 to %u, --now at least %u",
		    CORPUS_ISSUERS_MAX, CORPUS_LIFETIME_S);
	corpus->random = corpus->seed;
	corpus->issuer_cnt = (unsigned)issuers;
	*cnt = (uint32_t)count;
	return rc;
}

static int make_dir(const char *dir, struct eg_error *err)
{
	if (strlen(dir) >= PATH_MAX)
		return eg_error_set(err, EG_ELIMIT, "--out: the path is too long");
	if (mkdir(dir, 0755) != 0 && errno != EEXIST)
		return eg_error_set(err, EG_EIO, "%s: %m", dir);
	return 0;
}

static int make_corpus(const struct eg_cli *cli, struct corpus *corpus, uint32_t cnt,
    const uint32_t weights[], struct eg_error *err)
{
	const char *dir = eg_cli_get(cli, "out");
	uint8_t *plan;
	int rc;

	for (unsigned i = 0; i < corpus->issuer_cnt; i++)
		make_issuer(corpus, i);
	plan = corpus_plan(corpus, weights, cnt);
	if (plan == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for %u tokens", cnt);
	rc = make_dir(dir, err);
	if (rc == 0)
		rc = save_keys(corpus, dir, eg_cli_has(cli, "force"), err);
	if (rc == 0)
		rc = save_tokens(corpus, plan, cnt, dir, err);
	if (rc == 0)
		rc = save_setup(corpus, dir, err);
	free(plan);
	return rc;
}

int token_cmd_corpus(const struct eg_cli *cli)
{
	static struct corpus corpus; /* large, and there is one command a process */
	uint32_t weights[CORPUS_KINDS];
	struct eg_error err = {0};
	uint32_t cnt;
	int rc;

	if (eg_cli_get(cli, "out") == NULL)
		return eg_cli_usage(cli, "--out DIR is missing");
	rc = get_size(cli, &corpus);
	if (rc == 0)
		rc = get_fmt(cli, &corpus);
	if (rc == 0)
		rc = get_numbers(cli, &corpus, &cnt);
	if (rc != 0)
		return rc;
	if (corpus_parse_mix(eg_cli_get(cli, "mix"), corpus.fmt, weights, &err) != 0)
		return eg_cli_usage(cli, "--mix: %s", err.text);
	rc = make_corpus(cli, &corpus, cnt, weights, &err);
	if (rc == 0)
		(void)printf("%u tokens in %s, seed %llu\n", cnt, eg_cli_get(cli, "out"),
		    (unsigned long long)corpus.seed);
	sodium_memzero(&corpus, sizeof(corpus));
	return rc == 0 ? EG_CLI_DONE : eg_cli_refuse(&err);
}
