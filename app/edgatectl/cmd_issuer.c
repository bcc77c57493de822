/* SPDX-License-Identifier: BSD-3-Clause */
/* init, issuer, key: who may sign. */
#include "ctl.h"
#include "eg_base64url.h"
#include "eg_clock.h"
#include "eg_log.h"

#include <stdio.h>
#include <stdlib.h>

int ctl_init(const struct eg_cli *cli)
{
	struct eg_error err = {0};
	int rc =
	    eg_state_create(ctl_state_dir(cli), eg_cli_get(cli, "group"), eg_clock_utc_ns(), &err);

	if (rc != 0)
		return eg_cli_refuse(&err);
	(void)printf("done: %s\n", ctl_state_dir(cli));
	return EG_CLI_DONE;
}

/* A line for each key that does not stay. */
static void tell_outcomes(const char *path, const struct eg_jwks *jwks)
{
	for (uint32_t i = 0; i < jwks->cnt; i++) {
		const struct eg_jwk *key = &jwks->key[i];
		bool refused = key->outcome == EG_JWK_REFUSED;
		char kid[256] = "none";

		if (key->outcome == EG_JWK_KEPT)
			continue;
		if (key->has_kid)
			(void)eg_cli_printable(eg_span(key->kid, key->kid_len), kid, sizeof(kid));
		eg_log(refused ? EG_LOG_ERROR : EG_LOG_INFO, "%s: key %u (kid %s) %s: %s", path,
		    i + 1, kid, refused ? "refused" : "note: skipped", key->reason);
	}
}

/* The refusal of a text that is not even JSON says where. */
static int refuse_jwks(const char *path, const struct eg_cli_bytes *text, struct eg_error *err)
{
	json_error_t where;
	json_t *json = json_loadb(
	    (const char *)text->ptr, text->len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &where);

	if (json == NULL)
		return eg_error_set(err, EG_EINVAL, "%s:%d:%d: not JSON: %s", path, where.line,
		    where.column, where.text);
	json_decref(json);
	return eg_error_prefix(err, "%s", path);
}

static int parse_jwks(
    const struct eg_cli *cli, const char *path, struct eg_jwks *jwks, struct eg_error *err)
{
	struct eg_cli_bytes text;
	int rc = eg_cli_read_file(path, EG_JWKS_BYTES_MAX, &text, err);

	if (rc != 0)
		return rc;
	rc = eg_jwks_parse(
	    eg_span(text.ptr, text.len), eg_cli_has(cli, "allow-mixed-order"), jwks, err);
	if (rc != 0)
		rc = refuse_jwks(path, &text, err);
	eg_cli_bytes_free(&text);
	if (rc != 0)
		return rc;
	tell_outcomes(path, jwks);
	if (jwks->kept_cnt == 0)
		return eg_error_set(err, EG_EINVAL,
		    "%s: no key stays, so nothing was changed: an issuer needs a key of kty OKP, "
		    "crv Ed25519, without private members",
		    path);
	return 0;
}

static int put_issuer(const struct eg_cli *cli, const struct eg_jwks *jwks)
{
	struct ctl_change change;

	if (ctl_change_begin(&change, cli))
		change.rc = eg_state_issuer_put(change.st, eg_span_str(cli->operand[0]), jwks,
		    change.utc_ns, &change.epoch, &change.err);
	return ctl_change_end(&change);
}

int ctl_issuer_add(const struct eg_cli *cli)
{
	const char *path = eg_cli_get(cli, "jwks");
	struct eg_jwks *jwks;
	struct eg_error err = {0};
	int rc;

	if (path == NULL)
		return eg_cli_usage(cli, "--jwks FILE is missing");
	jwks = calloc(1, sizeof(*jwks));
	if (jwks == NULL)
		rc = eg_error_set(&err, EG_ENOMEM, "no memory for the keys of %s", path);
	else
		rc = parse_jwks(cli, path, jwks, &err);
	rc = rc == 0 ? put_issuer(cli, jwks) : eg_cli_refuse(&err);
	free(jwks);
	return rc;
}

int ctl_issuer_remove(const struct eg_cli *cli)
{
	struct ctl_change change;

	if (ctl_change_begin(&change, cli))
		change.rc = eg_state_issuer_remove(change.st, eg_span_str(cli->operand[0]),
		    change.utc_ns, &change.epoch, &change.err);
	return ctl_change_end(&change);
}

static void fill_issuers(const struct eg_snapshot *rows, json_t *out)
{
	for (uint32_t i = 0; i < eg_keyset_issuer_cnt(rows->keys); i++) {
		const struct eg_issuer *issuer = eg_keyset_issuer(rows->keys, i);

		(void)json_array_append_new(
		    out, json_pack("{s:o, s:I}", "issuer", ctl_json_text(issuer->name), "keys",
		             (json_int_t)issuer->key_cnt));
	}
}

int ctl_issuer_list(const struct eg_cli *cli)
{
	static const char *const columns[] = {"issuer", "keys", NULL};

	return ctl_show_rows(cli, columns, fill_issuers);
}

int ctl_key_window(const struct eg_cli *cli)
{
	const uint64_t now_s = (uint64_t)(eg_clock_utc_ns() / EG_NS_PER_S);
	struct eg_key_window window = {0, UINT64_MAX};
	struct ctl_change change;
	int rc = eg_cli_get_time(cli, "from", now_s, &window.not_before_s);

	if (rc == 0)
		rc = eg_cli_get_time(cli, "until", now_s, &window.not_after_s);
	if (rc != 0)
		return rc;
	if (ctl_change_begin(&change, cli))
		change.rc = eg_state_key_window(change.st, eg_span_str(cli->operand[0]),
		    eg_span_str(cli->operand[1]), window, change.utc_ns, &change.epoch,
		    &change.err);
	return ctl_change_end(&change);
}

static json_t *json_of_key(const struct eg_issuer *issuer, const struct eg_key *key)
{
	char x[EG_BASE64URL_ENCODED_BYTES(EG_ED25519_PUBLIC_BYTES)];

	eg_base64url_encode(eg_span(key->ed.bytes, sizeof(key->ed.bytes)), x);
	return json_pack("{s:o, s:o, s:s, s:I, s:o, s:o, s:o}", "issuer",
	    ctl_json_text(issuer->name), "kid",
	    key->has_kid ? ctl_json_text(key->kid) : json_null(), "state",
	    key->revoked ? "revoked" : "active", "index", (json_int_t)key->index, "x",
	    json_stringn(x, sizeof(x)), "from",
	    key->not_before_s != 0 ? json_integer((json_int_t)key->not_before_s) : json_null(),
	    "until",
	    key->not_after_s != UINT64_MAX ? json_integer((json_int_t)key->not_after_s)
	                                   : json_null());
}

static void fill_keys(const struct eg_snapshot *rows, json_t *out)
{
	for (uint32_t i = 0; i < eg_keyset_issuer_cnt(rows->keys); i++) {
		const struct eg_issuer *issuer = eg_keyset_issuer(rows->keys, i);

		for (uint32_t k = 0; k < issuer->key_cnt; k++)
			(void)json_array_append_new(
			    out, json_of_key(issuer, eg_keyset_key(rows->keys, issuer, k)));
	}
}

int ctl_key_list(const struct eg_cli *cli)
{
	static const char *const columns[] = {
	    "issuer", "kid", "state", "index", "x", "from", "until", NULL};

	return ctl_show_rows(cli, columns, fill_keys);
}
