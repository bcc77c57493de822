/* SPDX-License-Identifier: BSD-3-Clause */
/* What the variants of cbor_sizes (codec_impl.h) share. Internal. */
#ifndef EG_CBOR_SIZE_H
#define EG_CBOR_SIZE_H

#include "json_mark.h"

/* By the first byte: the bytes of a short item; and what the 16 bits behind it, big-endian, must at
 * least be, for the form to be the shortest. */
struct eg_cbor_short {
	uint8_t bytes;
	uint16_t least;
	uint64_t text; /* which of the 8 bytes behind it are, first byte lowest */
};
extern const struct eg_cbor_short eg_cbor_short[256];

static inline void eg_cbor_sizes(const uint8_t *p, size_t cnt, uint8_t *size)
{
	for (size_t i = 0; i < cnt; i++) {
		const struct eg_cbor_short *s = &eg_cbor_short[p[i]];
		const uint64_t text = eg_load_le64(p + i + 1) & s->text;

		size[i] = eg_load_be16(p + i + 1) >= s->least ? s->bytes : 0;
		if ((text & EG_HIGH_BITS) != 0)
			size[i] |= EG_CODEC_CBOR_NOT_ASCII;
	}
}

/* The same by AVX2. */
void eg_cbor_sizes_avx2(const uint8_t *p, size_t cnt, uint8_t *size);

#endif
