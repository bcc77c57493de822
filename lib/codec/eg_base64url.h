/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * base64url without padding (RFC 4648 section 5), canonical only: no length ≡ 1 mod 4, the unused
 * low bits of the last character zero. One byte string has one text. Threads: [any]; no allocation.
 *
 * Decoding checks and decodes in one pass, with the widest vectors of the CPU; no byte behind the
 * text is read and none behind the decoded ones is written. Cost: perf/bench_codec.
 */
#ifndef EG_BASE64URL_H
#define EG_BASE64URL_H

#include "eg_span.h"

/* Bytes that n characters decode to, and characters that n bytes encode to. */
#define EG_BASE64URL_DECODED_BYTES(n) ((n) / 4u * 3u + ((n) % 4u == 0 ? 0 : (n) % 4u - 1u))
#define EG_BASE64URL_ENCODED_BYTES(n) (((n)*4u + 2u) / 3u)

/* Decodes text that is of the alphabet [A-Za-z0-9_-] and canonical, else returns false with out
 * undefined. Precondition: out has EG_BASE64URL_DECODED_BYTES(text.len) bytes. */
bool eg_base64url_decode(struct eg_span text, uint8_t *out);

/* Would it be decoded? For text that there is no room for; scalar. */
bool eg_base64url_valid(struct eg_span text);

/* Precondition: out has EG_BASE64URL_ENCODED_BYTES(data.len) bytes; no NUL is written. */
void eg_base64url_encode(struct eg_span data, char *out);

#endif
