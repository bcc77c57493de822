/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bare_engine: what the signature engine alone does with the tokens of a corpus. It is the upper
 * bound of edgate on the same tokens: no frames, no decoding, no claims, no revocation.
 *
 *   corpus.tsv ─▶ jobs, laid out before the clock starts ─▶ batches of 64 ─▶ ns a signature
 *
 * Keys get tables of the widths that are told, so that they are those of a running edgate
 * (edgatectl key tables). Rounds of CPU time of this thread and of wall-clock time; each verdict is
 * checked: what stands in the corpus as BAD_SIGNATURE must fail, all others must hold.
 */
#include "eg_ed25519_selftest.h"
#include "eg_ed25519_table.h"
#include "eg_pages.h"
#include "plain.h"

#include <getopt.h>
#include <jansson.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BATCH      64u
#define ROUNDS_MAX 1000u
#define NS_PER_S   1000000000ull

struct options {
	const char *corpus;
	unsigned rounds, tokens_max, window_cnt;
	unsigned window_bits[PLAIN_ISSUERS_MAX]; /* of the issuer's first key; 0: no table */
	int cpu;
};

struct bare {
	struct options options;
	struct plain_policy policy;
	struct eg_ed25519_key key[PLAIN_ISSUERS_MAX][PLAIN_KEYS_MAX];
	const struct eg_ed25519_impl *impl;
	unsigned job_cnt, room;
	struct eg_ed25519_job *job;
	bool *good; /* what each verdict must be */
	struct round {
		double cpu_ns, wall_ns; /* a signature */
	} round[ROUNDS_MAX];
};

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "bare_engine: %s\n", what);
	exit(1);
}

/* ── keys ── */

static void add_table(struct eg_ed25519_key *key, unsigned window_bits)
{
	struct eg_pages pages = eg_pages_alloc(eg_ed25519_table_bytes(window_bits));

	need(pages.mem != NULL &&
	         eg_ed25519_table_build(pages.mem, key->bytes, window_bits, NULL) == 0,
	    "a table of that width for that key");
	key->table = pages.mem;
}

static void make_keys(struct bare *b)
{
	for (unsigned i = 0; i < b->policy.issuer_cnt; i++) {
		const struct plain_issuer *issuer = &b->policy.issuer[i];

		for (unsigned k = 0; k < issuer->key_cnt; k++)
			need(eg_ed25519_key_init(
			         &b->key[i][k], issuer->key[k].public, true, NULL) == 0,
			    "a key that edgate would take");
		if (b->impl->uses_tables && i < b->options.window_cnt &&
		    b->options.window_bits[i] != 0)
			add_table(&b->key[i][0], b->options.window_bits[i]);
	}
}

/* ── the corpus ── */

static json_t *load_part(const char *text, size_t len)
{
	uint8_t bytes[PLAIN_TOKEN_MAX];
	json_t *root = NULL;
	size_t got;

	if (sodium_base642bin(bytes, sizeof(bytes), text, len, NULL, &got, NULL,
	        sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0)
		root = json_loadb((const char *)bytes, got, 0, NULL);
	need(json_is_object(root), "tokens whose header and payload are JSON objects");
	return root;
}

static const struct eg_ed25519_key *find_key(
    const struct bare *b, const char *token, size_t header_len, size_t payload_len)
{
	json_t *header = load_part(token, header_len);
	json_t *payload = load_part(token + header_len + 1, payload_len);
	const char *iss = json_string_value(json_object_get(payload, "iss"));
	const struct plain_issuer *issuer =
	    iss != NULL ? plain_policy_issuer(&b->policy, iss) : NULL;
	const struct plain_key *key = NULL;

	if (issuer != NULL)
		key = plain_issuer_key(issuer, json_string_value(json_object_get(header, "kid")));
	need(key != NULL, "an --issuer with the key of each token");
	json_decref(header);
	json_decref(payload);
	return &b->key[issuer - b->policy.issuer][key - issuer->key];
}

/* The signed text and the signature of a job are copies of their own, side by side as a packet's
 * would be; they live until the program ends. */
static void add_job(struct bare *b, const char *status, const char *token)
{
	const char *first = strchr(token, '.'), *second = strrchr(token, '.');
	struct eg_ed25519_job *job = &b->job[b->job_cnt];
	size_t msg_len, sig_len;
	uint8_t *mem;

	need(first != NULL && second > first, "JWTs in the corpus");
	msg_len = (size_t)(second - token);
	mem = malloc(msg_len + EG_ED25519_SIGNATURE_BYTES);
	need(mem != NULL, "memory for the corpus");
	memcpy(mem, token, msg_len);
	need(sodium_base642bin(mem + msg_len, EG_ED25519_SIGNATURE_BYTES, second + 1,
	         strlen(second + 1), NULL, &sig_len, NULL,
	         sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
	         sig_len == EG_ED25519_SIGNATURE_BYTES,
	    "signatures of 64 bytes");
	job->key = find_key(b, token, (size_t)(first - token), (size_t)(second - first - 1));
	job->msg = mem;
	job->sig = mem + msg_len;
	job->msg_bytes = (uint32_t)msg_len;
	b->good[b->job_cnt++] = strcmp(status, "BAD_SIGNATURE") != 0;
}

static void make_room(struct bare *b)
{
	if (b->job_cnt < b->room)
		return;
	b->room = b->room != 0 ? 2 * b->room : 4096;
	b->job = realloc(b->job, b->room * sizeof(*b->job));
	b->good = realloc(b->good, b->room * sizeof(*b->good));
	need(b->job != NULL && b->good != NULL, "memory for the corpus");
}

static void read_corpus(struct bare *b)
{
	FILE *f = fopen(b->options.corpus, "re");
	char *line = NULL, *save, *status, *token;
	size_t room = 0;

	need(f != NULL, "a corpus that can be read");
	while (b->job_cnt < b->options.tokens_max && getline(&line, &room, f) > 0) {
		if (line[0] == '#' || strtok_r(line, "\t\n", &save) == NULL)
			continue;
		status = strtok_r(NULL, "\t\n", &save);
		token = strtok_r(NULL, "\t\n", &save);
		need(status != NULL && token != NULL, "lines of name, status, token");
		make_room(b);
		add_job(b, status, token);
	}
	free(line);
	(void)fclose(f);
	need(b->job_cnt != 0, "tokens in the corpus");
}

/* ── rounds ── */

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void verify_all(const struct bare *b)
{
	bool ok[BATCH];

	for (unsigned at = 0; at < b->job_cnt; at += BATCH) {
		unsigned cnt = b->job_cnt - at < BATCH ? b->job_cnt - at : BATCH;

		eg_ed25519_verify(b->impl, b->job + at, cnt, ok);
		need(memcmp(ok, b->good + at, cnt * sizeof(ok[0])) == 0, "wrong verdict");
	}
}

static void measure(struct bare *b)
{
	verify_all(b); /* does not count */
	for (unsigned i = 0; i < b->options.rounds; i++) {
		uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
		uint64_t wall = clock_ns(CLOCK_MONOTONIC);

		verify_all(b);
		b->round[i].cpu_ns = (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu) / b->job_cnt;
		b->round[i].wall_ns = (double)(clock_ns(CLOCK_MONOTONIC) - wall) / b->job_cnt;
	}
}

static void report(const struct bare *b)
{
	json_t *cpu = json_array(), *wall = json_array(), *root;

	for (unsigned i = 0; i < b->options.rounds; i++) {
		(void)json_array_append_new(cpu, json_real(b->round[i].cpu_ns));
		(void)json_array_append_new(wall, json_real(b->round[i].wall_ns));
	}
	root = json_pack("{s:s, s:i, s:i, s:o, s:o}", "engine", b->impl->name, "batch", (int)BATCH,
	    "tokens", (int)b->job_cnt, "cpu_ns", cpu, "wall_ns", wall);

	need(root != NULL && json_dumpf(root, stdout, JSON_REAL_PRECISION(8)) == 0, "output");
	(void)putchar('\n');
	json_decref(root);
}

/* ── command line ── */

static const char usage_text[] =
    "usage: bare_engine --corpus FILE --issuer URL=JWKS [--window BITS]… [option…]\n"
    "\n"
    "The signature engine alone on the tokens of a corpus; prints JSON: ns a signature of each\n"
    "round. $EDGATE_ED25519 names the engine; without it the best for this CPU.\n"
    "\n"
    "  --corpus FILE      lines of name<TAB>STATUS<TAB>token: JWTs, OK or BAD_SIGNATURE\n"
    "  --issuer URL=JWKS  an issuer and the file of its keys (again for more)\n"
    "  --window BITS      width of the table of an issuer's first key, in the order of --issuer;\n"
    "                     0: none\n"
    "  --tokens N         at most so many of the corpus\n"
    "  --rounds N         1 to 1000 (7)\n"
    "  --cpu N            run on this CPU only\n"
    "  --help             this\n";

static bool read_number(const char *text, unsigned long max, unsigned *out)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	*out = (unsigned)value;
	return end != text && *end == '\0' && value <= max;
}

static bool take_option(struct bare *b, int option)
{
	struct options *o = &b->options;
	unsigned cpu;

	switch (option) {
	case 'f':
		o->corpus = optarg;
		return true;
	case 'i':
		return plain_policy_add_issuer(&b->policy, optarg);
	case 'w':
		return o->window_cnt < PLAIN_ISSUERS_MAX &&
		       read_number(optarg, 16, &o->window_bits[o->window_cnt++]);
	case 't':
		return read_number(optarg, UINT32_MAX, &o->tokens_max) && o->tokens_max != 0;
	case 'r':
		return read_number(optarg, ROUNDS_MAX, &o->rounds) && o->rounds != 0;
	case 'c':
		o->cpu = read_number(optarg, CPU_SETSIZE - 1, &cpu) ? (int)cpu : -1;
		return o->cpu >= 0;
	default:
		return false;
	}
}

/* 0, or the option where it stopped: h (help) or ?. */
static int read_options(struct bare *b, int argc, char *argv[])
{
	static const struct option options[] = {
	    {"corpus", required_argument, NULL, 'f'},
	    {"issuer", required_argument, NULL, 'i'},
	    {"window", required_argument, NULL, 'w'},
	    {"tokens", required_argument, NULL, 't'},
	    {"rounds", required_argument, NULL, 'r'},
	    {"cpu", required_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h')
			return 'h';
		if (!take_option(b, option))
			return '?';
	}
	return optind == argc && b->options.corpus != NULL && b->policy.issuer_cnt != 0 ? 0 : '?';
}

static void pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	need(sched_setaffinity(0, sizeof(set), &set) == 0, "a CPU of that number");
}

int main(int argc, char *argv[])
{
	static struct bare bare = {.options = {.rounds = 7, .tokens_max = UINT32_MAX, .cpu = -1}};
	struct eg_error err = {0};
	int option = sodium_init() >= 0 ? read_options(&bare, argc, argv) : '?';

	if (option != 0) {
		(void)fputs(usage_text, option == 'h' ? stdout : stderr);
		return option == 'h' ? 0 : 2;
	}
	pin(bare.options.cpu);
	bare.impl = eg_ed25519_select(NULL, &err);
	need(bare.impl != NULL && eg_ed25519_selftest(bare.impl, &err) == 0, err.text);
	make_keys(&bare);
	read_corpus(&bare);
	measure(&bare);
	report(&bare);
	return 0;
}
