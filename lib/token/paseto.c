/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_token.h"

#include "claims_json.h"
#include "eg_base64url.h"

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

/* Decodes a segment into `room` bytes, or only looks whether it could be decoded where they are
 * too few. */
static bool decode(struct eg_span segment, uint8_t *out, size_t room, struct eg_span *decoded)
{
	*decoded = eg_span(out, EG_BASE64URL_DECODED_BYTES(segment.len));
	return segment.len != 0 && (decoded->len > room ? eg_base64url_valid(segment)
	                                                : eg_base64url_decode(segment, out));
}

/* S2 and S3: a body, and a footer or none. The body, which is payload and signature, is decoded to
 * its place in the message. */
static bool open_segments(struct eg_span rest, struct eg_token_scratch *scratch,
    struct eg_token_message *message, struct eg_span *body, struct eg_span *footer)
{
	bool has_footer;
	const struct eg_span text = next_part(&rest, &has_footer);

	*footer = eg_span(scratch->header, 0);
	return decode(text, message->bytes + PAYLOAD_AT, EG_TOKEN_PAYLOAD_MAX + SIGNATURE_BYTES,
	           body) &&
	       (!has_footer || decode(rest, scratch->header, EG_TOKEN_FOOTER_MAX, footer));
}

/* ── S4: the footer is what a PASETO has for a header ── */

enum slot { KID };

static const struct eg_json_shape footer_shape = {{
    [EG_JSON_PLACE(EG_JSON_NAME3('k', 'i', 'd'))] = {EG_JSON_NAME3('k', 'i', 'd'), NULL, NULL, KID},
}};

static struct eg_finding read_footer(
    struct eg_span footer, struct eg_json_arena *arena, struct eg_token *out)
{
	struct eg_json_known known;

	if (footer.len == 0)
		return pass();
	if (footer.len > EG_TOKEN_FOOTER_MAX || !eg_json_read(footer, &footer_shape, arena, &known))
		return malformed(EG_DETAIL_HEADER);
	if (!eg_json_has(&known, KID) || !eg_claims_name(&known.value[KID], arena, &out->kid))
		return malformed(EG_DETAIL_KID);
	out->has |= EG_HAS_KID;
	return pass();
}

/* ── S5 ── */

static bool read_time(const struct eg_json_value *value, struct eg_json_arena *arena,
    int64_t *floor_s, int64_t *ceil_s)
{
	struct eg_span text;

	return eg_claims_string(value, arena, &text) && eg_rfc3339(text, floor_s, ceil_s);
}

static const struct eg_claims_format paseto_claims = {read_time, .aud_may_be_array = false};

/* The signature stands behind the payload. */
static struct eg_finding read_body(
    struct eg_span body, struct eg_json_arena *arena, struct eg_span *payload, struct eg_token *out)
{
	if (body.len < SIGNATURE_BYTES)
		return malformed(EG_DETAIL_SIGNATURE);
	*payload = eg_span(body.ptr, body.len - SIGNATURE_BYTES);
	if (payload->len > EG_TOKEN_PAYLOAD_MAX)
		return malformed(EG_DETAIL_PAYLOAD);
	memcpy(out->signature, payload->ptr + payload->len, SIGNATURE_BYTES);
	return eg_claims_from_json(*payload, &paseto_claims, arena, out);
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

struct eg_finding eg_paseto_parse(struct eg_span token, const struct eg_policy *policy,
    struct eg_token_scratch *scratch, struct eg_token_message *message, struct eg_token *out)
{
	struct eg_json_arena arena = {scratch->text, sizeof(scratch->text)};
	struct eg_span rest = token, body, footer, payload;
	struct eg_finding f;

	eg_token_clear(out, EG_TOKEN_PASETO);
	if (token.len == 0 || token.len > policy->max_token_bytes)
		return malformed(EG_DETAIL_TOKEN);
	f = take_prefix(&rest);
	if (f.status != EG_OK)
		return f;
	if (!open_segments(rest, scratch, message, &body, &footer))
		return malformed(EG_DETAIL_TOKEN);
	f = read_footer(footer, &arena, out);
	if (f.status == EG_OK)
		f = read_body(body, &arena, &payload, out);
	if (f.status == EG_OK)
		out->signed_bytes = build_message(
		    message, payload.len, footer, eg_policy_span(&policy->implicit_assertion));
	return f;
}
