/* SPDX-License-Identifier: BSD-3-Clause */
/* Tokens of the small world in the other two formats, written from their specifications. */
#include "eg_test.h"

#include "world.h"

#include "eg_base64url.h"

#include <sodium.h>

#define PASETO_PREFIX "v4.public."

static const char *kid_of(unsigned key)
{
	return key == 0 ? "k1" : "k2";
}

/* ── CWT ── */

static void put_head(struct eg_writer *w, unsigned major, uint64_t n)
{
	assert_true(n < UINT64_C(1) << 32);
	if (n < 24) {
		eg_write_u8(w, (uint8_t)(major << 5 | n));
	} else if (n < 256) {
		eg_write_u8(w, (uint8_t)(major << 5 | 24));
		eg_write_u8(w, (uint8_t)n);
	} else if (n < 65536) {
		eg_write_u8(w, (uint8_t)(major << 5 | 25));
		eg_write_be16(w, (uint16_t)n);
	} else {
		eg_write_u8(w, (uint8_t)(major << 5 | 26));
		eg_write_be32(w, (uint32_t)n);
	}
}

static void put_string(struct eg_writer *w, unsigned major, struct eg_span content)
{
	put_head(w, major, content.len);
	eg_write_bytes(w, content);
}

static struct eg_span written(const uint8_t *start, size_t room, const struct eg_writer *w)
{
	assert_false(w->failed);
	return eg_span(start, room - w->left);
}

static struct eg_span cwt_claims(uint8_t *out, size_t room, const char *cti)
{
	struct eg_writer w = eg_writer(out, room);

	put_head(&w, 5, 4);
	put_head(&w, 0, 1);
	put_string(&w, 3, eg_span_str(WORLD_ISS));
	put_head(&w, 0, 3);
	put_string(&w, 3, eg_span_str(WORLD_AUD));
	put_head(&w, 0, 4);
	put_head(&w, 0, WORLD_NOW_S + 300);
	put_head(&w, 0, 7);
	put_string(&w, 2, eg_span_str(cti));
	return written(out, room, &w);
}

struct world_token world_cwt(const struct world *w, unsigned key, const char *cti)
{
	const struct eg_span protected = eg_span("\xa1\x01\x27", 3);
	struct world_token token = {.len = 0};
	uint8_t payload[256], message[512], signature[crypto_sign_BYTES];
	struct eg_span claims = cwt_claims(payload, sizeof(payload), cti);
	struct eg_writer m = eg_writer(message, sizeof(message));
	struct eg_writer t = eg_writer(token.text, sizeof(token.text));
	struct eg_span signed_bytes;

	put_head(&m, 4, 4);
	put_string(&m, 3, eg_span_str("Signature1"));
	put_string(&m, 2, protected);
	put_string(&m, 2, eg_span("", 0));
	put_string(&m, 2, claims);
	signed_bytes = written(message, sizeof(message), &m);
	(void)crypto_sign_detached(
	    signature, NULL, signed_bytes.ptr, signed_bytes.len, w->secret[key]);
	put_head(&t, 6, 18);
	put_head(&t, 4, 4);
	put_string(&t, 2, protected);
	put_head(&t, 5, 1);
	put_head(&t, 0, 4);
	put_string(&t, 2, eg_span_str(kid_of(key)));
	put_string(&t, 2, claims);
	put_string(&t, 2, eg_span(signature, sizeof(signature)));
	token.len = written((const uint8_t *)token.text, sizeof(token.text), &t).len;
	return token;
}

/* ── PASETO ── */

static void put_piece(struct eg_writer *w, struct eg_span piece)
{
	for (unsigned i = 0; i < 8; i++)
		eg_write_u8(w, (uint8_t)((uint64_t)piece.len >> 8 * i));
	eg_write_bytes(w, piece);
}

static void append_base64(struct world_token *token, struct eg_span bytes)
{
	eg_base64url_encode(bytes, token->text + token->len);
	token->len += EG_BASE64URL_ENCODED_BYTES(bytes.len);
}

struct world_token world_paseto(const struct world *w, unsigned key, const char *jti)
{
	struct world_token token = {.len = strlen(PASETO_PREFIX)};
	char body[512], footer[64];
	uint8_t message[512];
	struct eg_writer m = eg_writer(message, sizeof(message));
	struct eg_span signed_bytes;
	size_t len;

	/* WORLD_NOW_S is 2027-01-15T08:00:00Z */
	len = (size_t)snprintf(body, sizeof(body),
	    "{\"iss\":\"" WORLD_ISS "\",\"aud\":\"" WORLD_AUD "\",\"jti\":\"%s\","
	    "\"exp\":\"2027-01-15T08:05:00+00:00\"}",
	    jti);
	(void)snprintf(footer, sizeof(footer), "{\"kid\":\"%s\"}", kid_of(key));
	eg_write_bytes(&m, eg_span("\4\0\0\0\0\0\0\0", 8));
	put_piece(&m, eg_span_str(PASETO_PREFIX));
	put_piece(&m, eg_span(body, len));
	put_piece(&m, eg_span_str(footer));
	put_piece(&m, eg_span("", 0));
	signed_bytes = written(message, sizeof(message), &m);
	(void)crypto_sign_detached(
	    (uint8_t *)body + len, NULL, signed_bytes.ptr, signed_bytes.len, w->secret[key]);
	memcpy(token.text, PASETO_PREFIX, token.len);
	append_base64(&token, eg_span(body, len + crypto_sign_BYTES));
	token.text[token.len++] = '.';
	append_base64(&token, eg_span_str(footer));
	return token;
}
