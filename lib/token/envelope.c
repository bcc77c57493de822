/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_envelope.h"

#include "cwt.h"
#include "eg_base64url.h"
#include "jwt_header.h"

#include <stdio.h>
#include <stdlib.h>

#define SIGNATURE_BYTES sizeof(((struct eg_token *)0)->signature)
#define SIGNATURE_CHARS EG_BASE64URL_ENCODED_BYTES(SIGNATURE_BYTES)
#define MESSAGE_EXTRA   64u /* of what a CWT signs, beside header and payload */

static int refuse(struct eg_finding f, struct eg_error *err)
{
	if (f.status == EG_MALFORMED)
		return eg_error_set(
		    err, EG_EINVAL, "%s (%s)", eg_verdict_doc(f.status), eg_detail_doc(f.detail));
	return eg_error_set(err, EG_EINVAL, "its header: %s", eg_verdict_doc(f.status));
}

static int refuse_detail(enum eg_detail detail, struct eg_error *err)
{
	return refuse(eg_finding(EG_MALFORMED, detail), err);
}

/* Such an envelope knows no policy of the operator's: the types that are wanted are named. */
static int refuse_type(
    const struct eg_policy_str type[], size_t cnt, bool is_required, struct eg_error *err)
{
	char names[EG_ERROR_TEXT_BYTES] = "";
	size_t n = 0;

	for (size_t i = 0; i < cnt && n < sizeof(names); i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i != 0 ? " or " : "",
		    (const char *)type[i].bytes);
	return eg_error_set(err, EG_EINVAL, "its header: typ must be %s%s", names,
	    is_required ? "" : ", or left out");
}

/* ── JWT ── */

struct jwt_memory {
	struct eg_token_scratch scratch;
	uint8_t payload[];
};

struct segments {
	struct eg_span header, payload, signature;
};

static bool split(struct eg_span file, struct segments *out)
{
	const uint8_t *const end = file.ptr + file.len;
	const uint8_t *first = file.len != 0 ? memchr(file.ptr, '.', file.len) : NULL;
	const uint8_t *second =
	    first != NULL ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;

	if (second == NULL)
		return false;
	out->header = eg_span(file.ptr, (size_t)(first - file.ptr));
	out->payload = eg_span(first + 1, (size_t)(second - first - 1));
	out->signature = eg_span(second + 1, (size_t)(end - second - 1));
	return out->header.len != 0 && out->payload.len != 0;
}

static int read_header(struct eg_span segment, const struct eg_policy *policy,
    struct eg_token_scratch *scratch, struct eg_token *out, struct eg_error *err)
{
	const size_t len = EG_BASE64URL_DECODED_BYTES(segment.len);
	struct eg_json_arena arena = {scratch->text, sizeof(scratch->text)};
	struct eg_finding f;

	if (len > EG_TOKEN_HEADER_MAX || !eg_base64url_decode(segment, scratch->header))
		return refuse_detail(EG_DETAIL_HEADER, err);
	f = eg_jwt_header_read(
	    segment, eg_span(scratch->header, len), policy, scratch, &arena, out);
	if (f.status == EG_BAD_TYP)
		return refuse_type(policy->typ, policy->typ_cnt, policy->typ_required, err);
	return f.status == EG_OK ? 0 : refuse(f, err);
}

int eg_envelope_open_jwt(struct eg_span file, const struct eg_policy *policy,
    struct eg_envelope *out, struct eg_error *err)
{
	struct segments segments;
	struct jwt_memory *mem;
	size_t payload_len;
	int rc;

	*out = (struct eg_envelope){0};
	if (!split(file, &segments))
		return refuse_detail(EG_DETAIL_TOKEN, err);
	payload_len = EG_BASE64URL_DECODED_BYTES(segments.payload.len);
	mem = malloc(sizeof(*mem) + payload_len);
	if (mem == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for its payload");
	out->mem = mem;
	memset(&mem->scratch.headers, 0, sizeof(mem->scratch.headers));
	rc = read_header(segments.header, policy, &mem->scratch, &out->token, err);
	if (rc != 0)
		return rc;
	if (segments.signature.len != SIGNATURE_CHARS ||
	    !eg_base64url_decode(segments.signature, out->token.signature))
		return refuse_detail(EG_DETAIL_SIGNATURE, err);
	if (!eg_base64url_decode(segments.payload, mem->payload))
		return refuse_detail(EG_DETAIL_PAYLOAD, err);
	out->payload = eg_span(mem->payload, payload_len);
	out->message = eg_span(file.ptr, segments.header.len + 1 + segments.payload.len);
	return 0;
}

/* ── CWT ── */

int eg_envelope_open_cwt(struct eg_span file, const struct eg_policy *policy,
    struct eg_envelope *out, struct eg_error *err)
{
	struct eg_cwt_parts parts;
	struct eg_span array = file;
	struct eg_finding f;
	struct eg_writer w;
	size_t room;

	*out = (struct eg_envelope){0};
	if (!eg_cwt_take_tags(&array, true))
		return refuse_detail(EG_DETAIL_TOKEN, err);
	f = eg_cwt_open(array, EG_CBOR_LARGE_BYTES_MAX, policy, &parts, &out->token);
	if (f.status == EG_BAD_TYP)
		return refuse_type(policy->cwt_typ, policy->cwt_typ_cnt, policy->typ_required, err);
	if (f.status != EG_OK)
		return refuse(f, err);
	room = parts.protected_item.len + parts.payload_item.len + MESSAGE_EXTRA;
	out->mem = malloc(room);
	if (out->mem == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for what it signs");
	w = eg_writer(out->mem, room);
	eg_cwt_write_message(&parts, &w);
	out->payload = parts.payload;
	out->message = eg_span(out->mem, room - w.left);
	return 0;
}

void eg_envelope_close(struct eg_envelope *envelope)
{
	free(envelope->mem);
	*envelope = (struct eg_envelope){0};
}
