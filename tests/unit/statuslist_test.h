/* SPDX-License-Identifier: BSD-3-Clause */
/* Status lists as an issuer would publish them, written apart from lib/state. */
#ifndef EG_STATUSLIST_TEST_H
#define EG_STATUSLIST_TEST_H

#include "eg_base64url.h"
#include "eg_span.h"
#include "eg_test.h"

#include <sodium.h>
#include <zlib.h>

#define JWT_HEADER "{\"alg\":\"EdDSA\",\"typ\":\"statuslist+jwt\",\"kid\":\"k1\"}"

struct bytes { /* to be freed; one more byte than len is there */
	uint8_t *ptr;
	size_t len;
};

static inline struct eg_span view(struct bytes b)
{
	return eg_span(b.ptr, b.len);
}

static inline struct bytes bytes_of(const void *ptr, size_t len)
{
	struct bytes out = {malloc(len + 1), len};

	assert_non_null(out.ptr);
	memcpy(out.ptr, ptr, len);
	out.ptr[len] = 0;
	return out;
}

static inline void append(struct bytes *to, struct eg_span more)
{
	to->ptr = realloc(to->ptr, to->len + more.len + 1);
	assert_non_null(to->ptr);
	memcpy(to->ptr + to->len, more.ptr, more.len);
	to->len += more.len;
	to->ptr[to->len] = 0;
}

/* window_bits: 15 zlib, 31 gzip. */
static inline struct bytes packed(struct eg_span plain, int window_bits)
{
	struct bytes out = {malloc(plain.len + 1024), 0};
	z_stream z = {.next_in = (Bytef *)(uintptr_t)plain.ptr, .avail_in = (uInt)plain.len};

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_out = out.ptr;
	z.avail_out = (uInt)plain.len + 1024;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out.len = z.total_out;
	(void)deflateEnd(&z);
	return out;
}

static inline struct bytes base64url(struct eg_span data)
{
	struct bytes out = {
	    malloc(EG_BASE64URL_ENCODED_BYTES(data.len) + 1), EG_BASE64URL_ENCODED_BYTES(data.len)};

	assert_non_null(out.ptr);
	eg_base64url_encode(data, (char *)out.ptr);
	out.ptr[out.len] = 0;
	return out;
}

static inline void sign_with(uint8_t seed_byte, struct eg_span message, uint8_t signature[64])
{
	uint8_t seed[32] = {seed_byte}, public[32], secret[64];

	(void)crypto_sign_seed_keypair(public, secret, seed);
	(void)crypto_sign_detached(signature, NULL, message.ptr, message.len, secret);
}

static inline void append_base64url(struct bytes *to, struct eg_span data)
{
	struct bytes text = base64url(data);

	append(to, view(text));
	free(text.ptr);
}

static inline struct bytes mint_jwt(const char *header, struct eg_span payload, uint8_t seed_byte)
{
	struct bytes out = base64url(eg_span_str(header));
	uint8_t signature[64];

	append(&out, eg_span_str("."));
	append_base64url(&out, payload);
	sign_with(seed_byte, view(out), signature);
	append(&out, eg_span_str("."));
	append_base64url(&out, eg_span(signature, 64));
	return out;
}

static inline void cbor_head(struct bytes *to, unsigned major, uint64_t n)
{
	uint8_t head[9] = {(uint8_t)(major << 5)};
	unsigned len = n < 24 ? 0 : n < 256 ? 1 : n < 65536 ? 2 : n >> 32 == 0 ? 4 : 8;

	if (len == 0)
		head[0] |= (uint8_t)n;
	else
		head[0] |= (uint8_t)(len == 1 ? 24 : len == 2 ? 25 : len == 4 ? 26 : 27);
	for (unsigned i = 0; i < len; i++)
		head[1 + i] = (uint8_t)(n >> 8 * (len - 1 - i));
	append(to, eg_span(head, 1 + len));
}

static inline void cbor_bytes(struct bytes *to, unsigned major, struct eg_span bytes)
{
	cbor_head(to, major, bytes.len);
	append(to, bytes);
}

/* {1: -8, 16: typ, 4: 'k1'} */
static inline struct bytes cwt_header(const char *typ)
{
	struct bytes out = bytes_of("\xa3\x01\x27\x04\x42k1\x10", 8);

	cbor_bytes(&out, 3, eg_span_str(typ));
	return out;
}

static inline struct bytes mint_cwt(const char *typ, struct eg_span payload, uint8_t seed_byte)
{
	struct bytes header = cwt_header(typ), out = bytes_of("\xd2\x84", 2);
	struct bytes message = bytes_of("\x84\x6aSignature1", 12);
	uint8_t signature[64];

	cbor_bytes(&message, 2, view(header));
	cbor_head(&message, 2, 0);
	cbor_bytes(&message, 2, payload);
	sign_with(seed_byte, view(message), signature);
	cbor_bytes(&out, 2, view(header));
	cbor_head(&out, 5, 0);
	cbor_bytes(&out, 2, payload);
	cbor_bytes(&out, 2, eg_span(signature, 64));
	free(header.ptr);
	free(message.ptr);
	return out;
}

/* {"sub":…,"iat":…,MORE"status_list":{"bits":…,"lst":…}} of plain bytes. */
static inline struct bytes list_json(
    const char *uri, uint64_t iat_s, const char *more, unsigned bits, struct eg_span plain)
{
	char head[512];
	struct bytes out, zlib = packed(plain, 15);

	(void)snprintf(head, sizeof(head),
	    "{\"sub\":\"%s\",\"iat\":%llu,%s\"status_list\":{\"bits\":%u,\"lst\":\"", uri,
	    (unsigned long long)iat_s, more, bits);
	out = bytes_of(head, strlen(head));
	append_base64url(&out, view(zlib));
	append(&out, eg_span_str("\"}}"));
	free(zlib.ptr);
	return out;
}

/* {2: uri, 6: iat, MORE, 65533: {"bits": …, "lst": …}}; more_cnt pairs in more. */
static inline struct bytes list_cbor(const char *uri, uint64_t iat_s, struct eg_span more,
    unsigned more_cnt, struct eg_span status_list)
{
	struct bytes out = {NULL, 0};

	cbor_head(&out, 5, 3 + more_cnt);
	cbor_head(&out, 0, 2);
	cbor_bytes(&out, 3, eg_span_str(uri));
	cbor_head(&out, 0, 6);
	cbor_head(&out, 0, iat_s);
	append(&out, more);
	cbor_head(&out, 0, 65533);
	append(&out, status_list);
	return out;
}

static inline struct bytes status_list_cbor(unsigned bits, struct eg_span zlib)
{
	struct bytes out = {NULL, 0};

	cbor_head(&out, 5, 2);
	cbor_bytes(&out, 3, eg_span_str("bits"));
	cbor_head(&out, 0, bits);
	cbor_bytes(&out, 3, eg_span_str("lst"));
	cbor_bytes(&out, 2, zlib);
	return out;
}

#endif
