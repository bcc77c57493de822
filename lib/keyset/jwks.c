/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_jwks.h"

#include "eg_base64url.h"
#include "eg_json.h"

#include <stdio.h>
#include <stdlib.h>

#define DOCUMENT_MEMBERS_MAX ((EG_JWKS_KEYS_MAX + 1) * EG_JSON_MEMBERS_MAX)

struct parser {
	struct eg_jwks *out;
	bool allow_mixed;
	struct eg_json_arena arena;   /* has the document's size: nothing is unescaped twice */
	struct eg_json_object object; /* the document, then one key after the other */
	bool has_bad_kid;             /* the key that is being read */
	/* Keys whose kid counts when duplicates are looked for. */
	bool is_compared[EG_JWKS_KEYS_MAX];
};

/* The text of a string member; ptr NULL where it is missing or no string. */
static struct eg_span string_member(struct parser *p, const char *name)
{
	const struct eg_json_value *value = eg_json_find(&p->object, name);

	if (value == NULL || value->type != EG_JSON_STRING)
		return eg_span(NULL, 0);
	return eg_json_string(value, &p->arena);
}

static bool has_member(const struct parser *p, const char *name)
{
	return eg_json_find(&p->object, name) != NULL;
}

static bool member_is(struct parser *p, const char *name, const char *wanted)
{
	struct eg_span text = string_member(p, name);

	return text.ptr != NULL && eg_span_eq_str(text, wanted);
}

static void read_kid(struct parser *p, struct eg_jwk *jwk)
{
	struct eg_span kid = string_member(p, "kid");

	p->has_bad_kid = false;
	if (!has_member(p, "kid"))
		return;
	if (kid.ptr == NULL || kid.len > EG_JWKS_KID_MAX || memchr(kid.ptr, 0, kid.len) != NULL) {
		p->has_bad_kid = true;
		return;
	}
	jwk->has_kid = true;
	jwk->kid_len = (uint16_t)kid.len;
	memcpy(jwk->kid, kid.ptr, kid.len);
}

static bool key_ops_has_verify(struct parser *p)
{
	const struct eg_json_value *ops = eg_json_find(&p->object, "key_ops");
	struct eg_json_value op;
	struct eg_span rest;

	if (ops->type != EG_JSON_ARRAY)
		return false;
	rest = ops->raw;
	while (eg_json_next_element(&rest, &op))
		if (op.type == EG_JSON_STRING &&
		    eg_span_eq_str(eg_json_string(&op, &p->arena), "verify"))
			return true;
	return false;
}

static bool alg_is_ours(struct parser *p)
{
	struct eg_span alg = string_member(p, "alg");

	return eg_span_eq_str(alg, "EdDSA") || eg_span_eq_str(alg, "Ed25519");
}

/* NULL: it is an Ed25519 key for signatures, or private and to be named as such. */
static const char *why_skipped(struct parser *p)
{
	if (!member_is(p, "kty", "OKP"))
		return "kty is not OKP";
	if (!member_is(p, "crv", "Ed25519"))
		return "crv is not Ed25519";
	if (has_member(p, "d"))
		return NULL;
	if (has_member(p, "use") && !member_is(p, "use", "sig"))
		return "use is not sig";
	if (has_member(p, "key_ops") && !key_ops_has_verify(p))
		return "key_ops is without verify";
	if (has_member(p, "alg") && !alg_is_ours(p))
		return "alg is neither EdDSA nor Ed25519";
	return NULL;
}

static bool read_x(struct parser *p, struct eg_jwk *jwk)
{
	struct eg_span x = string_member(p, "x");

	return x.ptr != NULL && x.len == EG_BASE64URL_ENCODED_BYTES(sizeof(jwk->x)) &&
	       eg_base64url_decode(x, jwk->x);
}

static const char *why_refused(struct parser *p, struct eg_jwk *jwk, struct eg_error *point)
{
	struct eg_ed25519_key key;

	if (has_member(p, "d"))
		return "private key material (d)";
	if (p->has_bad_kid)
		return "kid is no string, over 255 bytes, or has a NUL in it";
	if (!read_x(p, jwk))
		return "x is missing, or not canonical base64url of 32 bytes";
	if (eg_ed25519_key_init(&key, jwk->x, p->allow_mixed, point) != 0)
		return point->text;
	jwk->mixed_order = eg_ed25519_classify(jwk->x) == EG_ED25519_POINT_MIXED;
	return NULL;
}

static void finish(struct eg_jwk *jwk, enum eg_jwk_outcome outcome, const char *reason)
{
	jwk->outcome = outcome;
	(void)snprintf(
	    jwk->reason, sizeof(jwk->reason), "%.*s", (int)sizeof(jwk->reason) - 1, reason);
}

/* Judges the key whose members are in p->object, but for its place among the others. */
static void judge(struct parser *p, struct eg_jwk *jwk)
{
	struct eg_error point;
	const char *reason;

	read_kid(p, jwk);
	reason = why_skipped(p);
	if (reason != NULL) {
		finish(jwk, EG_JWK_SKIPPED, reason);
		return;
	}
	p->is_compared[jwk - p->out->key] = !p->has_bad_kid;
	reason = why_refused(p, jwk, &point);
	finish(jwk, reason != NULL ? EG_JWK_REFUSED : EG_JWK_KEPT, reason != NULL ? reason : "");
}

static bool is_same_kid(const struct eg_jwk *a, const struct eg_jwk *b)
{
	return a->has_kid == b->has_kid &&
	       eg_span_eq(eg_span(a->kid, a->kid_len), eg_span(b->kid, b->kid_len));
}

/* A kid that stands twice says nothing about which key is meant: both go, also where one of them is
 * refused for another reason. */
static void refuse_duplicates(struct parser *p)
{
	struct eg_jwk *key = p->out->key;

	for (uint32_t i = 0; i < p->out->cnt; i++)
		for (uint32_t k = 0; k < p->out->cnt; k++)
			if (i != k && key[i].outcome == EG_JWK_KEPT && p->is_compared[k] &&
			    is_same_kid(&key[i], &key[k])) {
				finish(&key[i], EG_JWK_REFUSED,
				    key[i].has_kid ? "the same kid stands twice"
				                   : "two keys are without kid");
			}
}

static int read_keys(struct parser *p, const struct eg_json_value *keys, struct eg_error *err)
{
	struct eg_span rest = keys->raw;
	struct eg_json_value element;

	if (keys->type != EG_JSON_ARRAY)
		return eg_error_set(err, EG_EINVAL, "JWKS: keys is not an array");
	while (eg_json_next_element(&rest, &element)) {
		struct eg_jwk *jwk = &p->out->key[p->out->cnt];

		if (p->out->cnt == EG_JWKS_KEYS_MAX)
			return eg_error_set(
			    err, EG_ELIMIT, "JWKS: more than %u keys", EG_JWKS_KEYS_MAX);
		p->out->cnt++;
		if (eg_json_open_object(&element, &p->arena, &p->object))
			judge(p, jwk);
		else
			finish(jwk, EG_JWK_REFUSED,
			    "not an object, a member stands twice, or over 128 members");
	}
	return 0;
}

static int read_document(struct parser *p, struct eg_span text, struct eg_error *err)
{
	const struct eg_json_value *found;
	struct eg_json_value keys;

	if (!eg_json_parse_large_object(text, DOCUMENT_MEMBERS_MAX, &p->arena, &p->object))
		return eg_error_set(err, EG_EINVAL,
		    "JWKS: not a JSON object by RFC 8259, a member stands twice at its top level, "
		    "or over %u levels or %u members",
		    EG_JSON_DEPTH_MAX, DOCUMENT_MEMBERS_MAX);
	found = eg_json_find(&p->object, "keys");
	if (found != NULL) {
		keys = *found; /* p->object is used again */
		return read_keys(p, &keys, err);
	}
	if (!has_member(p, "kty"))
		return eg_error_set(
		    err, EG_EINVAL, "neither a JWKS (no keys) nor a JWK (no kty) at the top level");
	p->out->cnt = 1;
	judge(p, &p->out->key[0]);
	return 0;
}

static void count_kept(struct eg_jwks *jwks)
{
	for (uint32_t i = 0; i < jwks->cnt; i++)
		jwks->kept_cnt += jwks->key[i].outcome == EG_JWK_KEPT;
}

int eg_jwks_parse(struct eg_span text, bool allow_mixed, struct eg_jwks *out, struct eg_error *err)
{
	struct parser p = {.out = out, .allow_mixed = allow_mixed};
	uint8_t *memory;
	int rc;

	memset(out, 0, sizeof(*out));
	if (text.len > EG_JWKS_BYTES_MAX)
		return eg_error_set(
		    err, EG_ELIMIT, "JWKS: longer than %u bytes", EG_JWKS_BYTES_MAX);
	memory = malloc(text.len + 1);
	if (memory == NULL)
		return eg_error_set(err, EG_ENOMEM, "JWKS: no memory");
	p.arena = (struct eg_json_arena){memory, text.len};
	rc = read_document(&p, text, err);
	free(memory);
	if (rc != 0) {
		memset(out, 0, sizeof(*out));
		return rc;
	}
	refuse_duplicates(&p);
	count_kept(out);
	return 0;
}
