/* SPDX-License-Identifier: BSD-3-Clause */
#include "list_token.h"

#include "eg_base64url.h"

#include <stdlib.h>
#include <zlib.h>

enum { MAJOR_UINT = 0, MAJOR_TEXT = 3, MAJOR_MAP = 5 };
enum { CLAIM_ISS = 1, CLAIM_SUB = 2, CLAIM_EXP = 4, CLAIM_IAT = 6 };
enum { CLAIM_STATUS_LIST = 65533, CLAIM_TTL = 65534 };

#define CBOR_EXTRA 128u /* of the claims beside their strings */

struct packed {
	uint8_t *bytes; /* to be freed; NULL without memory */
	size_t len;
};

static struct packed pack(const struct eg_list_content *content)
{
	uLongf len = compressBound(content->byte_cnt);
	struct packed out = {malloc(len), 0};

	if (out.bytes != NULL && compress2(out.bytes, &len, content->effective, content->byte_cnt,
	                             Z_BEST_COMPRESSION) != Z_OK) {
		free(out.bytes);
		out.bytes = NULL;
	}
	out.len = len;
	return out;
}

/* ── JWT ── */

static json_t *text_of(struct eg_span text)
{
	return json_stringn((const char *)text.ptr, text.len);
}

static json_t *json_of_packed(const struct packed *packed)
{
	const size_t len = EG_BASE64URL_ENCODED_BYTES(packed->len);
	char *text = malloc(len + 1);
	json_t *out = NULL;

	if (text != NULL) {
		eg_base64url_encode(eg_span(packed->bytes, packed->len), text);
		out = json_stringn(text, len);
	}
	free(text);
	return out;
}

static json_t *json_of_claims(const struct list_token *draft, const struct packed *packed)
{
	json_t *claims = json_pack("{s:o, s:o, s:I, s:{s:i, s:o}}", "iss", text_of(draft->issuer),
	    "sub", text_of(draft->uri), "iat", (json_int_t)draft->iat_s, "status_list", "bits",
	    (int)draft->content->bits, "lst", json_of_packed(packed));

	if (draft->exp_s != 0)
		(void)json_object_set_new(claims, "exp", json_integer((json_int_t)draft->exp_s));
	if (draft->ttl_s != 0)
		(void)json_object_set_new(claims, "ttl", json_integer((json_int_t)draft->ttl_s));
	return claims;
}

uint8_t *list_token_jwt(const struct list_token *draft, const struct token_key *key, size_t *len)
{
	struct packed packed = pack(draft->content);
	json_t *header = token_header(TOKEN_JWT, "statuslist+jwt", key->kid);
	json_t *claims = packed.bytes != NULL ? json_of_claims(draft, &packed) : NULL;
	char *token = NULL;

	if (header != NULL && claims != NULL)
		token = token_sign(key, header, claims);
	json_decref(header);
	json_decref(claims);
	free(packed.bytes);
	*len = token != NULL ? strlen(token) : 0;
	return (uint8_t *)token;
}

/* ── CWT ── */

static void put_text(struct eg_writer *w, struct eg_span text)
{
	token_cbor_head(w, MAJOR_TEXT, text.len);
	eg_write_bytes(w, text);
}

static void put_number(struct eg_writer *w, unsigned label, uint64_t n)
{
	token_cbor_head(w, MAJOR_UINT, label);
	token_cbor_head(w, MAJOR_UINT, n);
}

static void put_claims(
    struct eg_writer *w, const struct list_token *draft, const struct packed *packed)
{
	token_cbor_head(w, MAJOR_MAP, 4u + (draft->exp_s != 0) + (draft->ttl_s != 0));
	token_cbor_head(w, MAJOR_UINT, CLAIM_ISS);
	put_text(w, draft->issuer);
	token_cbor_head(w, MAJOR_UINT, CLAIM_SUB);
	put_text(w, draft->uri);
	if (draft->exp_s != 0)
		put_number(w, CLAIM_EXP, draft->exp_s);
	put_number(w, CLAIM_IAT, draft->iat_s);
	if (draft->ttl_s != 0)
		put_number(w, CLAIM_TTL, draft->ttl_s);
	token_cbor_head(w, MAJOR_UINT, CLAIM_STATUS_LIST);
	token_cbor_head(w, MAJOR_MAP, 2);
	put_text(w, eg_span_str("bits"));
	token_cbor_head(w, MAJOR_UINT, draft->content->bits);
	put_text(w, eg_span_str("lst"));
	token_cbor_bytes(w, eg_span(packed->bytes, packed->len));
}

uint8_t *list_token_cwt(const struct list_token *draft, const struct token_key *key, size_t *len)
{
	struct packed packed = pack(draft->content);
	json_t *header = token_header(TOKEN_CWT, "application/statuslist+cwt", key->kid);
	size_t room = packed.len + draft->uri.len + draft->issuer.len + CBOR_EXTRA;
	uint8_t *payload = malloc(room), *token = NULL;
	struct eg_writer w = eg_writer(payload, room);

	if (packed.bytes != NULL && header != NULL && payload != NULL) {
		put_claims(&w, draft, &packed);
		token = token_sign_cwt_payload(key, header, eg_span(payload, room - w.left), len);
	}
	json_decref(header);
	free(packed.bytes);
	free(payload);
	return token;
}
