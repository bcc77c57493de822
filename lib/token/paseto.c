/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_token.h"

#include "eg_base64url.h"
#include "eg_json.h"

#define PREFIX       "v4.public."
#define PREFIX_BYTES (sizeof(PREFIX) - 1)
#define PIECES       4 /* of the PAE: prefix, payload, footer, implicit assertion */
#define LENGTH_BYTES 8 /* in front of each piece, and their number in front of all */
#define PAYLOAD_AT   (3 * LENGTH_BYTES + PREFIX_BYTES)

#define SIGNATURE_BYTES sizeof(((struct eg_token *)0)->signature)

_Static_assert(PAYLOAD_AT + EG_TOKEN_PAYLOAD_MAX + SIGNATURE_BYTES + LENGTH_BYTES +
                       EG_TOKEN_FOOTER_MAX + LENGTH_BYTES + EG_POLICY_NAME_MAX <=
                   EG_TOKEN_MESSAGE_BYTES,
    "the largest message fits");

static struct eg_finding pass(void)
{
	return eg_finding(EG_OK, EG_DETAIL_NONE);
}

static struct eg_finding malformed(enum eg_detail detail)
{
	return eg_finding(EG_MALFORMED, detail);
}

/* ── the outer shape ── */

/* What stands before the first dot of *rest, which moves on behind the dot; else all of it. */
static struct eg_span next_part(struct eg_span *rest, bool *has_more)
{
	const uint8_t *dot = memchr(rest->ptr, '.', rest->len);
	struct eg_span part = *rest;

	*has_more = dot != NULL;
	if (dot == NULL) {
		*rest = eg_span(rest->ptr + rest->len, 0);
		return part;
	}
	part.len = (size_t)(dot - rest->ptr);
	*rest = eg_span(dot + 1, rest->len - part.len - 1);
	return part;
}

/* "v" digit "." purpose: what is not ours to verify is told apart from what is no PASETO. */
static struct eg_finding take_prefix(struct eg_span *rest)
{
	const struct eg_span version = eg_span(rest->ptr, 2);
	bool has_more;

	if (eg_token_detect(*rest) != EG_TOKEN_PASETO)
		return malformed(EG_DETAIL_TOKEN);
	*rest = eg_span(rest->ptr + 3, rest->len - 3);
	if (!eg_span_eq_str(version, "v4") || !eg_span_eq_str(next_part(rest, &has_more), "public"))
		return eg_finding(EG_UNSUPPORTED_ALG, EG_DETAIL_NONE);
	return pass();
}

static bool is_segment(struct eg_span text)
{
	return text.len != 0 && eg_base64url_is_alphabet(text) && eg_base64url_is_canonical(text);
}

/* S2 and S3. footer->len is 0 where there is none. */
static bool split(struct eg_span rest, struct eg_span *body, struct eg_span *footer)
{
	bool has_footer;

	*body = next_part(&rest, &has_footer);
	*footer = rest;
	return is_segment(*body) && (!has_footer || is_segment(*footer));
}

/* ── JSON ── */

static bool read_string(
    const struct eg_json_value *value, struct eg_json_arena *arena, struct eg_span *out)
{
	if (value->type != EG_JSON_STRING)
		return false;
	*out = eg_json_string(value, arena);
	return true;
}

/* A string that others may handle as a C string: no NUL in it. */
static bool read_name(
    const struct eg_json_value *value, struct eg_json_arena *arena, struct eg_span *out)
{
	return read_string(value, arena, out) && memchr(out->ptr, 0, out->len) == NULL;
}

/* S4: the footer is what a PASETO has for a header. */
static struct eg_finding read_footer(struct eg_span text, struct eg_token_scratch *scratch,
    struct eg_json_arena *arena, struct eg_token *out)
{
	const size_t len = EG_BASE64URL_DECODED_BYTES(text.len);
	const struct eg_json_value *kid;
	struct eg_json_object footer;

	if (len == 0)
		return pass();
	if (len > EG_TOKEN_FOOTER_MAX || !eg_base64url_decode(text, scratch->header) ||
	    !eg_json_parse_object(eg_span(scratch->header, len), arena, &footer))
		return malformed(EG_DETAIL_HEADER);
	kid = eg_json_find(&footer, "kid");
	if (kid == NULL || !read_name(kid, arena, &out->kid))
		return malformed(EG_DETAIL_KID);
	out->has |= EG_HAS_KID;
	return pass();
}

static bool read_strings(const struct eg_json_object *claims, struct eg_json_arena *arena,
    struct eg_token *out, enum eg_detail *fault)
{
	const struct {
		const char *name;
		enum eg_token_member member;
		enum eg_detail detail;
		struct eg_span *text;
	} known[] = {
	    {"iss", EG_HAS_ISS, EG_DETAIL_ISS, &out->iss},
	    {"sub", EG_HAS_SUB, EG_DETAIL_SUB, &out->sub},
	    {"jti", EG_HAS_JTI, EG_DETAIL_JTI, &out->jti},
	    {"sid", EG_HAS_SID, EG_DETAIL_SID, &out->sid},
	};

	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct eg_json_value *value = eg_json_find(claims, known[i].name);

		if (value == NULL)
			continue;
		*fault = known[i].detail;
		if (!read_name(value, arena, known[i].text) ||
		    known[i].text->len > EG_TOKEN_STRING_MAX)
			return false;
		out->has |= known[i].member;
	}
	return true;
}

static bool read_times(const struct eg_json_object *claims, struct eg_json_arena *arena,
    struct eg_token *out, enum eg_detail *fault)
{
	int64_t unused;
	const struct {
		const char *name;
		enum eg_token_member member;
		enum eg_detail detail;
		int64_t *floor_s, *ceil_s;
	} known[] = {
	    {"exp", EG_HAS_EXP, EG_DETAIL_EXP, &out->exp_s, &unused},
	    {"nbf", EG_HAS_NBF, EG_DETAIL_NBF, &unused, &out->nbf_s},
	    {"iat", EG_HAS_IAT, EG_DETAIL_IAT, &out->iat_floor_s, &out->iat_s},
	};
	struct eg_span text;

	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct eg_json_value *value = eg_json_find(claims, known[i].name);

		if (value == NULL)
			continue;
		*fault = known[i].detail;
		if (!read_string(value, arena, &text) ||
		    !eg_rfc3339(text, known[i].floor_s, known[i].ceil_s))
			return false;
		out->has |= known[i].member;
	}
	return true;
}

static bool read_aud(
    const struct eg_json_object *claims, struct eg_json_arena *arena, struct eg_token *out)
{
	const struct eg_json_value *value = eg_json_find(claims, "aud");

	if (value == NULL)
		return true;
	out->has |= EG_HAS_AUD;
	out->aud_cnt = 1;
	return read_name(value, arena, &out->aud[0]);
}

static bool read_cnf(
    const struct eg_json_object *claims, struct eg_json_arena *arena, struct eg_token *out)
{
	const struct eg_json_value *value = eg_json_find(claims, "cnf");
	struct eg_json_object cnf;

	if (value == NULL)
		return true;
	if (!eg_json_open_object(value, arena, &cnf))
		return false;
	out->has |= EG_HAS_CNF;
	value = eg_json_find(&cnf, "jkt");
	if (value != NULL && read_string(value, arena, &out->jkt))
		out->has |= EG_HAS_JKT;
	return true;
}

/* Plain digits below 2^32. */
static bool read_idx(const struct eg_json_value *value, uint32_t *idx)
{
	uint64_t v = 0;

	if (value->type != EG_JSON_NUMBER || value->raw.len > 10)
		return false;
	for (size_t i = 0; i < value->raw.len; i++) {
		uint8_t c = value->raw.ptr[i];

		if (c < '0' || c > '9')
			return false;
		v = v * 10 + (uint64_t)(c - '0');
	}
	*idx = (uint32_t)v;
	return v <= UINT32_MAX;
}

static bool read_status(
    const struct eg_json_object *claims, struct eg_json_arena *arena, struct eg_token *out)
{
	const struct eg_json_value *value = eg_json_find(claims, "status"), *idx, *uri;
	struct eg_json_object object;

	if (value == NULL)
		return true;
	if (!eg_json_open_object(value, arena, &object))
		return false;
	out->has |= EG_HAS_STATUS;
	value = eg_json_find(&object, "status_list");
	if (value == NULL)
		return true;
	if (!eg_json_open_object(value, arena, &object))
		return false;
	idx = eg_json_find(&object, "idx");
	uri = eg_json_find(&object, "uri");
	if (idx == NULL || uri == NULL || !read_idx(idx, &out->status_idx) ||
	    !read_string(uri, arena, &out->status_uri))
		return false;
	out->has |= EG_HAS_STATUS_LIST;
	return true;
}

/* S5. */
static struct eg_finding read_payload(
    struct eg_span text, struct eg_json_arena *arena, struct eg_token *out)
{
	struct eg_json_object claims;
	enum eg_detail fault;

	if (text.len > EG_TOKEN_PAYLOAD_MAX || !eg_json_parse_object(text, arena, &claims))
		return malformed(EG_DETAIL_PAYLOAD);
	if (!read_strings(&claims, arena, out, &fault) || !read_times(&claims, arena, out, &fault))
		return malformed(fault);
	if (!read_aud(&claims, arena, out))
		return malformed(EG_DETAIL_AUD);
	if (!read_cnf(&claims, arena, out))
		return malformed(EG_DETAIL_CNF);
	if (!read_status(&claims, arena, out))
		return malformed(EG_DETAIL_STATUS);
	return pass();
}

/* ── what is signed ── */

static void write_length(struct eg_writer *w, uint64_t n)
{
	for (unsigned i = 0; i < LENGTH_BYTES; i++)
		eg_write_u8(w, (uint8_t)(n >> 8 * i));
}

static void write_piece(struct eg_writer *w, struct eg_span piece)
{
	write_length(w, piece.len);
	eg_write_bytes(w, piece);
}

/* PAE(prefix, payload, footer, implicit assertion): the payload stands in its place already, and
 * the signature behind it has been taken. */
static struct eg_span build_message(struct eg_token_message *message, size_t payload_bytes,
    struct eg_span footer, struct eg_span implicit_assertion)
{
	struct eg_writer w = eg_writer(message->bytes, sizeof(message->bytes));

	write_length(&w, PIECES);
	write_piece(&w, eg_span_str(PREFIX));
	write_length(&w, payload_bytes);
	(void)eg_write_room(&w, payload_bytes);
	write_piece(&w, footer);
	write_piece(&w, implicit_assertion);
	return eg_span(message->bytes, sizeof(message->bytes) - w.left);
}

/* Decodes the body into its place in the message: payload, then signature. */
static bool open_body(struct eg_span body, struct eg_token_message *message,
    struct eg_span *payload, struct eg_token *out)
{
	const size_t len = EG_BASE64URL_DECODED_BYTES(body.len);
	uint8_t *bytes = message->bytes + PAYLOAD_AT;

	if (len < SIGNATURE_BYTES || len > EG_TOKEN_PAYLOAD_MAX + SIGNATURE_BYTES ||
	    !eg_base64url_decode(body, bytes))
		return false;
	*payload = eg_span(bytes, len - SIGNATURE_BYTES);
	memcpy(out->signature, bytes + payload->len, SIGNATURE_BYTES);
	return true;
}

struct eg_finding eg_paseto_parse(struct eg_span token, const struct eg_policy *policy,
    struct eg_token_scratch *scratch, struct eg_token_message *message, struct eg_token *out)
{
	struct eg_json_arena arena = {scratch->text, sizeof(scratch->text)};
	struct eg_span rest = token, body, footer, payload;
	struct eg_finding f;

	*out = (struct eg_token){.fmt = EG_TOKEN_PASETO};
	if (token.len == 0 || token.len > policy->max_token_bytes)
		return malformed(EG_DETAIL_TOKEN);
	f = take_prefix(&rest);
	if (f.status != EG_OK)
		return f;
	if (!split(rest, &body, &footer))
		return malformed(EG_DETAIL_TOKEN);
	f = read_footer(footer, scratch, &arena, out);
	if (f.status != EG_OK)
		return f;
	if (!open_body(body, message, &payload, out))
		return malformed(EG_BASE64URL_DECODED_BYTES(body.len) < SIGNATURE_BYTES
		                     ? EG_DETAIL_SIGNATURE
		                     : EG_DETAIL_PAYLOAD);
	f = read_payload(payload, &arena, out);
	if (f.status == EG_OK)
		out->signed_bytes = build_message(message, payload.len,
		    eg_span(scratch->header, EG_BASE64URL_DECODED_BYTES(footer.len)),
		    eg_policy_span(&policy->implicit_assertion));
	return f;
}
