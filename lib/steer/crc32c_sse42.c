/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_shard.h"

#include <nmmintrin.h>

uint32_t eg_crc32c_sse42(struct eg_span data)
{
	uint64_t crc = 0xffffffffu;
	uint32_t crc32;

	for (; data.len >= 8; data.ptr += 8, data.len -= 8) {
		uint64_t word;

		memcpy(&word, data.ptr, sizeof(word));
		crc = _mm_crc32_u64(crc, word);
	}
	crc32 = (uint32_t)crc;
	for (; data.len > 0; data.ptr++, data.len--)
		crc32 = _mm_crc32_u8(crc32, *data.ptr);
	return ~crc32;
}
