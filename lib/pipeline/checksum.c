/* SPDX-License-Identifier: BSD-3-Clause */
#include "checksum.h"

#include <endian.h>
#include <string.h>

/* The ones' complement sum does not depend on byte order (RFC 1071, section 2 B), so the words are
 * added as they lie in memory and swapped once, in the fold. */
uint64_t eg_checksum_add(uint64_t sum, const uint8_t *data, size_t len)
{
	uint32_t word;
	uint16_t half;

	for (; len >= sizeof(word); len -= sizeof(word), data += sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		sum += word;
	}
	if (len >= sizeof(half)) {
		memcpy(&half, data, sizeof(half));
		sum += half;
		data += sizeof(half);
	}
	if (len % sizeof(half) != 0) {
		half = 0;
		memcpy(&half, data, 1);
		sum += half;
	}
	return sum;
}

uint64_t eg_checksum_pseudo(const uint8_t *l3, bool ip6, uint8_t protocol, uint32_t upper_bytes)
{
	uint64_t sum = (uint64_t)htobe32(upper_bytes) + htobe32(protocol);

	return ip6 ? eg_checksum_add(sum, l3 + 8, 32) : eg_checksum_add(sum, l3 + 12, 8);
}

uint16_t eg_checksum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return be16toh((uint16_t)sum);
}

/* RFC 1624 equation 3: HC' = ~(~HC + ~m + m'). */
uint16_t eg_checksum_update(uint16_t field, uint16_t from, uint16_t to)
{
	uint32_t sum = (uint32_t)(uint16_t)~field + (uint16_t)~from + to;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}
