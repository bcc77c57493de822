/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The variants for 64 bytes a step, over the operations of vec64_avx512.h or vec64_plain.h: the
 * including file includes one of them before. At the end of a text the operations themselves are
 * cut short, so that there is one loop and no rest. Internal.
 */
#ifndef EG_CODEC_VEC64_H
#define EG_CODEC_VEC64_H

#include "base64url_impl.h"

#define DECODE_CHARS V64_BYTES
#define DECODE_BYTES 48u

/* The last character's unused bits are looked at where the scalar variant does it. */
static inline bool vec64_base64url_decode(struct eg_span text, uint8_t *out)
{
	/* The three bytes of each group of four, first byte first; 16 bytes of no meaning. */
	static const uint8_t order[V64_BYTES] = {2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 18, 17, 16,
	    22, 21, 20, 26, 25, 24, 30, 29, 28, 34, 33, 32, 38, 37, 36, 42, 41, 40, 46, 45, 44, 50,
	    49, 48, 54, 53, 52, 58, 57, 56, 62, 61, 60};
	size_t left = EG_BASE64URL_DECODED_BYTES(text.len);
	struct v64 bad = v64_zero();

	for (size_t at = 0; at < text.len; at += DECODE_CHARS) {
		const size_t chars = text.len - at < DECODE_CHARS ? text.len - at : DECODE_CHARS;
		const struct v64 in = v64_load_first(text.ptr + at, chars, 'A');
		const struct v64 sextets = v64_look_up(eg_base64url_sextet, in);
		const struct v64 bytes = v64_permute(order, v64_join_sextets(sextets));

		bad = v64_or(bad, v64_or(in, sextets));
		if (left >= V64_BYTES) { /* the next step writes over the last 16 */
			v64_store(out, bytes);
		} else {
			v64_store_first(out, left < DECODE_BYTES ? left : DECODE_BYTES, bytes);
		}
		out += DECODE_BYTES;
		left -= left < DECODE_BYTES ? left : DECODE_BYTES;
	}
	return v64_high_bits(bad) == 0 && eg_base64url_is_canonical(text);
}

static inline bool vec64_json_mark(struct eg_span text, uint64_t *marks)
{
	struct v64 all = v64_zero();

	for (size_t at = 0; at <= text.len; at += V64_BYTES) {
		const size_t left = text.len - at;
		const struct v64 v =
		    v64_load_first(text.ptr + at, left < V64_BYTES ? left : V64_BYTES, ' ');

		all = v64_or(all, v);
		*marks++ = v64_equal(v, '"') | v64_equal(v, '\\') | v64_less(v, 0x20);
	}
	return v64_high_bits(all) != 0;
}

#endif
