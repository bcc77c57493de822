/* SPDX-License-Identifier: BSD-3-Clause */
/* What a pass does. Each checks its results: a fast wrong answer is no measurement. */
#include "bench_codec.h"

#include "eg_base64url.h"
#include "eg_json.h"

#include <jansson.h>

static struct eg_policy policy;
static struct eg_token_scratch scratch;

void codec_pass_init(void)
{
	eg_policy_init(&policy, 1);
	codec_need(eg_policy_add_issuer(&policy, eg_span_str(CODEC_ISSUER), NULL) == 0 &&
	               eg_policy_add_audience(&policy, eg_span_str(CODEC_AUDIENCE), NULL) == 0,
	    "a policy");
}

/* ── parts ── */

void codec_pass_base64url(const struct codec_run *run)
{
	for (unsigned i = 0; i < CODEC_TOKENS; i++)
		codec_need(run->impl->base64url_decode(run->set->token[i].payload, scratch.payload),
		    "good base64url");
}

/* As most libraries do it: a table of bytes, four characters at a time, a branch for each group. */
static bool decode_by_table(struct eg_span text, uint8_t *out)
{
	static int8_t table[256];
	static bool has_table;
	size_t i;

	if (!has_table) {
		static const char alphabet[] =
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

		memset(table, -1, sizeof(table));
		for (int8_t n = 0; n < 64; n++)
			table[(uint8_t)alphabet[n]] = n;
		has_table = true;
	}
	for (i = 0; i + 4 <= text.len; i += 4) {
		const int a = table[text.ptr[i]], b = table[text.ptr[i + 1]],
		          c = table[text.ptr[i + 2]], d = table[text.ptr[i + 3]];

		if ((a | b | c | d) < 0)
			return false;
		*out++ = (uint8_t)(a << 2 | b >> 4);
		*out++ = (uint8_t)(b << 4 | c >> 2);
		*out++ = (uint8_t)(c << 6 | d);
	}
	return eg_base64url_decode(eg_span(text.ptr + i, text.len - i), out);
}

void codec_pass_base64url_table(const struct codec_run *run)
{
	for (unsigned i = 0; i < CODEC_TOKENS; i++)
		codec_need(
		    decode_by_table(run->set->token[i].payload, scratch.payload), "good base64url");
}

void codec_pass_json_list(const struct codec_run *run)
{
	static struct eg_json_object object;

	for (unsigned i = 0; i < CODEC_TOKENS; i++) {
		struct eg_json_arena arena = {scratch.text, sizeof(scratch.text)};

		codec_need(
		    eg_json_parse_object(run->set->token[i].json, &arena, &object), "good JSON");
	}
}

/* ── whole tokens ── */

void codec_pass_token(const struct codec_run *run)
{
	for (unsigned i = 0; i < CODEC_TOKENS; i++) {
		struct eg_token token;

		codec_need(
		    eg_jwt_parse(run->set->token[i].text, &policy, &scratch, &token).status ==
		            EG_OK &&
		        eg_policy_find_issuer(&policy, token.iss) == 0 &&
		        eg_claims_check(&token, &policy, CODEC_NOW_S).status == EG_OK,
		    "a token that is accepted");
	}
}

/* ── the same with jansson ── */

static json_t *load_segment(struct eg_span segment, uint8_t *room)
{
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;

	if (!decode_by_table(segment, room))
		return NULL;
	return json_loadb((const char *)room, EG_BASE64URL_DECODED_BYTES(segment.len), flags, NULL);
}

static bool string_is(const json_t *object, const char *name, const char *wanted)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL && strcmp(text, wanted) == 0;
}

static bool audience_is_ours(const json_t *claims)
{
	const json_t *aud = json_object_get(claims, "aud");
	const json_t *element;
	size_t i;

	if (json_is_string(aud))
		return strcmp(json_string_value(aud), CODEC_AUDIENCE) == 0;
	json_array_foreach(aud, i,
	    element) if (json_is_string(element) &&
	                 strcmp(json_string_value(element), CODEC_AUDIENCE) == 0) return true;
	return false;
}

/* Fewer checks than ours: no order of rules, no limits, times as numbers of double precision. */
static bool accepts(const json_t *header, const json_t *claims)
{
	return string_is(header, "alg", "EdDSA") && json_object_get(header, "crit") == NULL &&
	       string_is(claims, "iss", CODEC_ISSUER) && audience_is_ours(claims) &&
	       json_number_value(json_object_get(claims, "exp")) > (double)CODEC_NOW_S &&
	       json_number_value(json_object_get(claims, "nbf")) <= (double)CODEC_NOW_S &&
	       json_number_value(json_object_get(claims, "iat")) <= (double)CODEC_NOW_S;
}

void codec_pass_jansson(const struct codec_run *run)
{
	for (unsigned i = 0; i < CODEC_TOKENS; i++) {
		const struct codec_token *token = &run->set->token[i];
		const size_t rest = token->header.len + token->payload.len + 2;
		const struct eg_span signature =
		    eg_span(token->text.ptr + rest, token->text.len - rest);
		uint8_t bytes[64];
		json_t *header = load_segment(token->header, scratch.header);
		json_t *claims = load_segment(token->payload, scratch.payload);

		codec_need(header != NULL && claims != NULL && decode_by_table(signature, bytes) &&
		               accepts(header, claims),
		    "a token that jansson accepts");
		json_decref(header);
		json_decref(claims);
	}
}
