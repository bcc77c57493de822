/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz_mint.h"

#include "eg_base64url.h"
#include "eg_cbor.h"

#include <sodium.h>

#define PASETO_PREFIX "v4.public."

static bool put(struct fuzz_token *t, struct eg_span bytes)
{
	if (bytes.len > sizeof(t->bytes) - t->len)
		return false;
	if (bytes.len != 0)
		memcpy(t->bytes + t->len, bytes.ptr, bytes.len);
	t->len += bytes.len;
	return true;
}

static bool put_text(struct fuzz_token *t, const char *text)
{
	return put(t, eg_span_str(text));
}

static bool put_base64url(struct fuzz_token *t, struct eg_span data)
{
	const size_t chars = EG_BASE64URL_ENCODED_BYTES(data.len);

	if (chars > sizeof(t->bytes) - t->len)
		return false;
	eg_base64url_encode(data, (char *)t->bytes + t->len);
	t->len += chars;
	return true;
}

static void sign(const struct fuzz_world *w, enum fuzz_key key, const struct fuzz_token *message,
    uint8_t signature[crypto_sign_BYTES])
{
	(void)crypto_sign_detached(signature, NULL, message->bytes, message->len, w->secret[key]);
}

static bool is_signature_of_ours(const struct fuzz_world *w, const struct fuzz_token *message,
    const uint8_t signature[crypto_sign_BYTES])
{
	uint8_t ours[crypto_sign_BYTES];

	for (unsigned key = 0; key < FUZZ_KEYS; key++) {
		sign(w, key, message, ours);
		if (memcmp(ours, signature, sizeof(ours)) == 0)
			return true;
	}
	return false;
}

/* ── JWT ── */

bool fuzz_mint_jwt(const struct fuzz_world *w, enum fuzz_key key, struct eg_span header,
    struct eg_span payload, struct fuzz_token *out)
{
	uint8_t signature[crypto_sign_BYTES];

	out->len = 0;
	if (!put_base64url(out, header) || !put_text(out, ".") || !put_base64url(out, payload))
		return false;
	sign(w, key, out, signature);
	return put_text(out, ".") && put_base64url(out, eg_span(signature, sizeof(signature)));
}

static bool jwt_message(
    struct eg_span token, struct fuzz_token *message, uint8_t signature[crypto_sign_BYTES])
{
	const uint8_t *dot = token.len != 0 ? memrchr(token.ptr, '.', token.len) : NULL;
	struct eg_span text;

	if (dot == NULL)
		return false;
	text = eg_span(dot + 1, (size_t)(token.ptr + token.len - dot - 1));
	message->len = 0;
	return text.len == EG_BASE64URL_ENCODED_BYTES(crypto_sign_BYTES) &&
	       eg_base64url_decode(text, signature) &&
	       put(message, eg_span(token.ptr, (size_t)(dot - token.ptr)));
}

/* ── CWT ── */

static bool put_byte_string(struct fuzz_token *t, struct eg_span content)
{
	uint8_t head[3] = {0x40, 0, 0};
	size_t len = 1;

	if (content.len < 24) {
		head[0] |= (uint8_t)content.len;
	} else if (content.len < 256) {
		head[0] |= 24;
		head[1] = (uint8_t)content.len;
		len = 2;
	} else {
		head[0] |= 25;
		eg_store_be16(head + 1, (uint16_t)content.len);
		len = 3;
	}
	return put(t, eg_span(head, len)) && put(t, content);
}

static bool put_sig_structure(
    struct fuzz_token *t, struct eg_span protected, struct eg_span payload)
{
	t->len = 0;
	return put_text(t, "\x84\x6aSignature1") && put_byte_string(t, protected) &&
	       put_byte_string(t, eg_span(NULL, 0)) && put_byte_string(t, payload);
}

bool fuzz_mint_cwt(const struct fuzz_world *w, enum fuzz_key key, const struct fuzz_cwt *parts,
    struct fuzz_token *out)
{
	uint8_t signature[crypto_sign_BYTES];

	if (parts->protected.len > UINT16_MAX || parts->payload.len > UINT16_MAX ||
	    !put_sig_structure(out, parts->protected, parts->payload))
		return false;
	sign(w, key, out, signature);
	out->len = 0;
	return ((parts->tags & 2) == 0 || put_text(out, "\xd8\x3d")) &&
	       ((parts->tags & 1) != 0 || put_text(out, "\xd2")) && put_text(out, "\x84") &&
	       put_byte_string(out, parts->protected) &&
	       (parts->unprotected.len != 0 ? put(out, parts->unprotected)
	                                    : put_text(out, "\xa0")) &&
	       put_byte_string(out, parts->payload) &&
	       put_byte_string(out, eg_span(signature, sizeof(signature) - parts->signature_cut));
}

static bool next_byte_string(struct eg_cbor *r, struct eg_span *content)
{
	struct eg_cbor_item item;

	if (!eg_cbor_read(r, &item) || item.type != EG_CBOR_BYTES)
		return false;
	*content = eg_cbor_span(&item);
	return true;
}

bool fuzz_cwt_message(struct eg_span token, struct fuzz_token *message)
{
	struct eg_span protected, payload;
	struct eg_cbor r = eg_cbor(token);
	struct eg_cbor_item item;

	do
		if (!eg_cbor_read(&r, &item))
			return false;
	while (item.type == EG_CBOR_TAG);
	return item.type == EG_CBOR_ARRAY && eg_cbor_enter(&r) &&
	       next_byte_string(&r, &protected) && eg_cbor_read(&r, &item) &&
	       eg_cbor_skip(&r, &item) && next_byte_string(&r, &payload) &&
	       put_sig_structure(message, protected, payload);
}

/* ── PASETO ── */

static bool put_le64(struct fuzz_token *t, uint64_t n)
{
	uint8_t le[8];

	for (unsigned i = 0; i < 8; i++)
		le[i] = (uint8_t)(n >> 8 * i);
	return put(t, eg_span(le, sizeof(le)));
}

static bool put_pae(
    struct fuzz_token *t, struct eg_span payload, struct eg_span footer, struct eg_span assertion)
{
	t->len = 0;
	return put_le64(t, 4) && put_le64(t, strlen(PASETO_PREFIX)) && put_text(t, PASETO_PREFIX) &&
	       put_le64(t, payload.len) && put(t, payload) && put_le64(t, footer.len) &&
	       put(t, footer) && put_le64(t, assertion.len) && put(t, assertion);
}

bool fuzz_mint_paseto(const struct fuzz_world *w, enum fuzz_key key, struct eg_span payload,
    struct eg_span footer, struct eg_span assertion, struct fuzz_token *out)
{
	static struct fuzz_token body;
	uint8_t signature[crypto_sign_BYTES];

	if (!put_pae(&body, payload, footer, assertion))
		return false;
	sign(w, key, &body, signature);
	out->len = body.len = 0;
	return put(&body, payload) && put(&body, eg_span(signature, sizeof(signature))) &&
	       put_text(out, PASETO_PREFIX) && put_base64url(out, eg_span(body.bytes, body.len)) &&
	       (footer.len == 0 || (put_text(out, ".") && put_base64url(out, footer)));
}

bool fuzz_paseto_message(struct eg_span token, struct eg_span assertion, struct fuzz_token *message,
    uint8_t signature[crypto_sign_BYTES])
{
	static uint8_t body[FUZZ_TOKEN_MAX], footer[FUZZ_TOKEN_MAX];
	const size_t prefix = strlen(PASETO_PREFIX);
	struct eg_span body_text, footer_text = {NULL, 0};
	const uint8_t *dot;
	size_t len;

	if (token.len < prefix || memcmp(token.ptr, PASETO_PREFIX, prefix) != 0)
		return false;
	body_text = eg_span(token.ptr + prefix, token.len - prefix);
	dot = memchr(body_text.ptr, '.', body_text.len);
	if (dot != NULL) {
		footer_text = eg_span(dot + 1, (size_t)(token.ptr + token.len - dot - 1));
		body_text.len = (size_t)(dot - body_text.ptr);
	}
	len = EG_BASE64URL_DECODED_BYTES(body_text.len);
	if (len < crypto_sign_BYTES || !eg_base64url_decode(body_text, body) ||
	    (dot != NULL && !eg_base64url_decode(footer_text, footer)))
		return false;
	len -= crypto_sign_BYTES;
	memcpy(signature, body + len, crypto_sign_BYTES);
	return put_pae(message, eg_span(body, len),
	    eg_span(footer, EG_BASE64URL_DECODED_BYTES(footer_text.len)), assertion);
}

/* ── whose ── */

static bool is_minted_paseto(
    const struct fuzz_world *w, struct eg_span token, struct eg_span assertion)
{
	static struct fuzz_token message;
	uint8_t signature[crypto_sign_BYTES];

	return fuzz_paseto_message(token, assertion, &message, signature) &&
	       is_signature_of_ours(w, &message, signature);
}

bool fuzz_is_minted(const struct fuzz_world *w, struct eg_span token)
{
	static struct fuzz_token message;
	uint8_t signature[crypto_sign_BYTES];

	if (token.len > FUZZ_TOKEN_MAX)
		return false;
	if (token.len > crypto_sign_BYTES && token.ptr[0] >= 0x80)
		return fuzz_cwt_message(token, &message) &&
		       is_signature_of_ours(w, &message, token.ptr + token.len - crypto_sign_BYTES);
	if (jwt_message(token, &message, signature) && is_signature_of_ours(w, &message, signature))
		return true;
	return is_minted_paseto(w, token, eg_span_str("")) ||
	       is_minted_paseto(w, token, eg_span_str("assertion"));
}
