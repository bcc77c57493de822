/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Internet checksum (RFC 1071, RFC 1624): private to the pipeline.
 *
 * A running sum is a u64 of big-endian 16-bit words in memory order; it cannot overflow below 16
 * GiB of data. Pieces of one sum must be of even length, but for the last. Any thread; no
 * allocation.
 */
#ifndef EG_CHECKSUM_H
#define EG_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* sum + the words of data; an odd last byte counts as if a zero byte followed. */
uint64_t eg_checksum_add(uint64_t sum, const uint8_t *data, size_t len);

/* The pseudo-header of the IPv4 or IPv6 header at l3: its addresses, protocol and upper length. */
uint64_t eg_checksum_pseudo(const uint8_t *l3, bool ip6, uint8_t protocol, uint32_t upper_bytes);

/* The 16-bit ones' complement sum, not complemented. 0xffff over data that holds its checksum. */
uint16_t eg_checksum_fold(uint64_t sum);

/* The checksum field after one word under it went from `from` to `to`. */
uint16_t eg_checksum_update(uint16_t field, uint16_t from, uint16_t to);

#endif
