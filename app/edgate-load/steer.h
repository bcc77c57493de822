/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which ports a request goes from and to, so that it lands on the core that owns its token
 * (docs/protocol.md section 6). Steering is for speed alone: any core answers right.
 *
 *   none       any of the source ports ─▶ base port
 *   port       any of the source ports ─▶ base port + shard
 *   toeplitz   one of those whose hash is the queue of owner = shard mod workers ─▶ base port
 *
 * Read-only after load_steer_init; [core] for the rest.
 */
#ifndef LOAD_STEER_H
#define LOAD_STEER_H

#include "eg_err.h"
#include "eg_shard.h"
#include "eg_stats.h"

#include <stdint.h>

#define LOAD_RSS_KEY_BYTES   40u
#define LOAD_SOURCE_PORT     40000u /* requests come from this port and those behind it */
#define LOAD_SOURCE_PORT_CNT 1024u
#define LOAD_SOURCES_MAX     64u /* of one owner */

enum load_steer_kind { LOAD_STEER_NONE, LOAD_STEER_PORT, LOAD_STEER_TOEPLITZ };

struct load_steer_wish {
	enum load_steer_kind kind;
	unsigned workers;   /* of the server: its queues */
	unsigned reta_size; /* of its NIC; entry i is queue i mod workers */
	uint8_t rss_key[LOAD_RSS_KEY_BYTES];
	unsigned sources; /* ports for each owner: 1 … LOAD_SOURCES_MAX */
};

struct load_steer {
	enum load_steer_kind kind;
	unsigned owners;  /* 1, but for toeplitz */
	unsigned sources; /* of each */
	uint16_t base_port;
	uint8_t owner[EG_SHARDS]; /* of each shard */
	uint16_t source[EG_WORKERS_MAX][LOAD_SOURCES_MAX];
};

/* Microsoft's published key, which most drivers have as their default. */
extern const uint8_t load_rss_key_default[LOAD_RSS_KEY_BYTES];

/* The hash of Microsoft's RSS specification over `len` ≤ LOAD_RSS_KEY_BYTES - 4 bytes. */
uint32_t load_toeplitz(const uint8_t key[LOAD_RSS_KEY_BYTES], const uint8_t *data, size_t len);

/* Chooses the source ports. -EG_ELIMIT where an owner has none among the LOAD_SOURCE_PORT_CNT. */
int load_steer_init(struct load_steer *steer, const struct load_steer_wish *wish,
    const uint8_t ip[4], const uint8_t server_ip[4], uint16_t base_port, struct eg_error *err);

static inline uint16_t load_steer_server_port(const struct load_steer *steer, unsigned shard)
{
	return (uint16_t)(steer->base_port + (steer->kind == LOAD_STEER_PORT ? shard : 0));
}

#endif
