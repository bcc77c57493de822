/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shard map: 64 shards, always (docs/protocol.md section 6).
 *
 *   status list bit   shard = top 6 bits of CRC-32C(uri)·0x9E3779B1 + block·0x85EBCA6B
 *   deny, cutoffs     shard = top 6 bits of their keyed hash
 *   any other token   shard = low 6 bits of CRC-32C over its last 16 bytes
 *   owner of a shard  shard mod workers
 *
 * Threads: [any]; no allocation.
 */
#ifndef EG_SHARD_H
#define EG_SHARD_H

#include "eg_hash.h"
#include "eg_span.h"

#define EG_SHARDS           64u
#define EG_SHARD_BLOCK_BITS 32768u /* 4 KiB of bitmap stay in one shard */
#define EG_SHARD_TAIL_BYTES 16u

/* CRC-32C (Castagnoli, reflected, initial and final inversion: RFC 3720 appendix B.4). */
uint32_t eg_crc32c(struct eg_span data);

/* The two implementations, for tests; eg_crc32c picks one by CPU. sse42 only where supported (on
 * another architecture it is not built, and the name gives the portable one). */
uint32_t eg_crc32c_portable(struct eg_span data);
bool eg_crc32c_sse42_supported(void);
uint32_t eg_crc32c_sse42(struct eg_span data);

/* Shard of a bitmap block; uri_crc = eg_crc32c(uri), block = idx·bits / EG_SHARD_BLOCK_BITS. */
static inline unsigned eg_shard_of_block(uint32_t uri_crc, uint32_t block)
{
	return (uri_crc * 0x9E3779B1u + block * 0x85EBCA6Bu) >> 26;
}

static inline unsigned eg_shard_of_hash(struct eg_hash128 h)
{
	return (unsigned)(h.hi >> 58);
}

/* Shard of a token without a status list; of one shorter than the tail, all of it counts. */
unsigned eg_shard_of_token(struct eg_span token);

static inline unsigned eg_shard_owner(unsigned shard, unsigned workers)
{
	return shard % workers;
}

#endif
