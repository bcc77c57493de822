/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_shard.h"

#include "eg_cpu.h"

/*
 * A CRC is linear: the entry of n is the exclusive or of the entries of n's bits, and those are the
 * polynomial 0x82F63B78 (reflected), shifted once more for each lower bit.
 */
#define BIT(n, b, crc) (((n) >> (b)&1u) * (crc))
#define ENTRY(n)                                                                                   \
	(BIT(n, 0, 0xF26B8303u) ^ BIT(n, 1, 0xE13B70F7u) ^ BIT(n, 2, 0xC79A971Fu) ^                \
	    BIT(n, 3, 0x8AD958CFu) ^ BIT(n, 4, 0x105EC76Fu) ^ BIT(n, 5, 0x20BD8EDEu) ^             \
	    BIT(n, 6, 0x417B1DBCu) ^ BIT(n, 7, 0x82F63B78u))
#define ENTRIES4(n)  ENTRY(n), ENTRY((n) + 1u), ENTRY((n) + 2u), ENTRY((n) + 3u)
#define ENTRIES16(n) ENTRIES4(n), ENTRIES4((n) + 4u), ENTRIES4((n) + 8u), ENTRIES4((n) + 12u)
#define ENTRIES64(n) ENTRIES16(n), ENTRIES16((n) + 16u), ENTRIES16((n) + 32u), ENTRIES16((n) + 48u)

static const uint32_t crc_of_byte[256] = {
    ENTRIES64(0u), ENTRIES64(64u), ENTRIES64(128u), ENTRIES64(192u)};

uint32_t eg_crc32c_portable(struct eg_span data)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < data.len; i++)
		crc = crc >> 8 ^ crc_of_byte[(crc ^ data.ptr[i]) & 0xffu];
	return ~crc;
}

#if defined(__x86_64__)

bool eg_crc32c_sse42_supported(void)
{
	return eg_cpu_has(EG_CPU_SSE42);
}

#else /* crc32c_sse42.c is not built */

bool eg_crc32c_sse42_supported(void)
{
	return false;
}

uint32_t eg_crc32c_sse42(struct eg_span data)
{
	return eg_crc32c_portable(data);
}

#endif

uint32_t eg_crc32c(struct eg_span data)
{
	return eg_crc32c_sse42_supported() ? eg_crc32c_sse42(data) : eg_crc32c_portable(data);
}
