/* SPDX-License-Identifier: BSD-3-Clause */
/* What the variants of base64url share. Internal. */
#ifndef EG_BASE64URL_IMPL_H
#define EG_BASE64URL_IMPL_H

#include "eg_base64url.h"

#define EG_BASE64URL_BAD 0x80u

/* The six bits of a character, EG_BASE64URL_BAD where it is none of the alphabet. */
extern const uint8_t eg_base64url_sextet[256];

/* Is the length possible, and do the bits of the last character that carry no data read 0? */
static inline bool eg_base64url_is_canonical(struct eg_span text)
{
	static const uint8_t unused_bits[4] = {0, 0, 0x0F, 0x03}; /* by length mod 4 */

	if (text.len % 4 == 0)
		return true;
	return text.len % 4 != 1 &&
	       (eg_base64url_sextet[text.ptr[text.len - 1]] & unused_bits[text.len % 4]) == 0;
}

/* The reference, and what decodes short texts and ends of texts for the others. */
static inline bool eg_base64url_decode_plainly(struct eg_span text, uint8_t *out)
{
	const uint8_t *const sextet = eg_base64url_sextet, *in = text.ptr;
	uint8_t all = 0;
	uint32_t v;

	for (size_t n = text.len / 4; n > 0; n--, in += 4) {
		all |= sextet[in[0]] | sextet[in[1]] | sextet[in[2]] | sextet[in[3]];
		v = (uint32_t)sextet[in[0]] << 18 | (uint32_t)sextet[in[1]] << 12 |
		    (uint32_t)sextet[in[2]] << 6 | sextet[in[3]];
		*out++ = (uint8_t)(v >> 16);
		*out++ = (uint8_t)(v >> 8);
		*out++ = (uint8_t)v;
	}
	if (text.len % 4 >= 2) {
		all |= sextet[in[0]] | sextet[in[1]];
		v = (uint32_t)sextet[in[0]] << 10 | (uint32_t)sextet[in[1]] << 4;
		*out++ = (uint8_t)(v >> 8);
		if (text.len % 4 == 3) {
			all |= sextet[in[2]];
			*out = (uint8_t)(v | sextet[in[2]] >> 2);
		}
	}
	return all < EG_BASE64URL_BAD && eg_base64url_is_canonical(text);
}

#endif
