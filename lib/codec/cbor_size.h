/* SPDX-License-Identifier: BSD-3-Clause */
/* What the variants of cbor_sizes (codec_impl.h) share. Internal. */
#ifndef EG_CBOR_SIZE_H
#define EG_CBOR_SIZE_H

#include "codec_impl.h"

/* By the first byte: the bytes of a short item; and what the 16 bits behind it, big-endian, must at
 * least be, for the form to be the shortest. */
struct eg_cbor_short {
	uint8_t bytes;
	uint16_t least;
};
extern const struct eg_cbor_short eg_cbor_short[256];

/* What cbor_sizes says of the item at p. */
static inline uint8_t eg_cbor_size(const uint8_t *p)
{
	const struct eg_cbor_short *s = &eg_cbor_short[*p];

	return eg_load_be16(p + 1) >= s->least ? s->bytes : 0;
}

static inline void eg_cbor_sizes(const uint8_t *p, size_t cnt, uint8_t *size)
{
	for (size_t i = 0; i < cnt; i++)
		size[i] = eg_cbor_size(p + i);
}

/* The same by AVX2. */
void eg_cbor_sizes_avx2(const uint8_t *p, size_t cnt, uint8_t *size);

#endif
