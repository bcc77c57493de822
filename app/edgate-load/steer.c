/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer.h"

#include "eg_span.h"

const uint8_t load_rss_key_default[LOAD_RSS_KEY_BYTES] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e,
    0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30,
    0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01,
    0xfa};

/* For each set bit of the data, the 32 bits of the key that begin where the bit is. */
uint32_t load_toeplitz(const uint8_t key[LOAD_RSS_KEY_BYTES], const uint8_t *data, size_t len)
{
	uint64_t window = (uint64_t)eg_load_be32(key) << 32;
	uint32_t hash = 0;

	for (size_t i = 0; i < len; i++) {
		window |= (uint64_t)key[i + 4] << 24;
		for (unsigned bit = 0x80; bit != 0; bit >>= 1, window <<= 1)
			if ((data[i] & bit) != 0)
				hash ^= (uint32_t)(window >> 32);
	}
	return hash;
}

static unsigned owner_of_port(const struct load_steer_wish *wish, const uint8_t ip[4],
    const uint8_t server_ip[4], uint16_t source, uint16_t server_port)
{
	uint8_t tuple[12];

	if (wish->kind != LOAD_STEER_TOEPLITZ)
		return 0;
	memcpy(tuple, ip, 4);
	memcpy(tuple + 4, server_ip, 4);
	eg_store_be16(tuple + 8, source);
	eg_store_be16(tuple + 10, server_port);
	return load_toeplitz(wish->rss_key, tuple, sizeof(tuple)) % wish->reta_size % wish->workers;
}

int load_steer_init(struct load_steer *steer, const struct load_steer_wish *wish,
    const uint8_t ip[4], const uint8_t server_ip[4], uint16_t base_port, struct eg_error *err)
{
	unsigned found[EG_WORKERS_MAX] = {0};

	*steer = (struct load_steer){.kind = wish->kind,
	    .owners = wish->kind == LOAD_STEER_TOEPLITZ ? wish->workers : 1,
	    .sources = wish->sources,
	    .base_port = base_port};
	for (unsigned shard = 0; shard < EG_SHARDS; shard++)
		steer->owner[shard] = (uint8_t)eg_shard_owner(shard, steer->owners);
	for (unsigned i = 0; i < LOAD_SOURCE_PORT_CNT; i++) {
		uint16_t port = (uint16_t)(LOAD_SOURCE_PORT + i);
		unsigned owner = owner_of_port(wish, ip, server_ip, port, base_port);

		if (found[owner] < wish->sources)
			steer->source[owner][found[owner]++] = port;
	}
	for (unsigned owner = 0; owner < steer->owners; owner++) {
		if (found[owner] == 0)
			return eg_error_set(err, EG_ELIMIT,
			    "no source port of %u to %u hashes to worker %u: is --rss-reta, %u, at "
			    "least --workers?",
			    LOAD_SOURCE_PORT, LOAD_SOURCE_PORT + LOAD_SOURCE_PORT_CNT - 1, owner,
			    wish->reta_size);
		for (unsigned i = found[owner]; i < wish->sources; i++)
			steer->source[owner][i] = steer->source[owner][i % found[owner]];
	}
	return 0;
}
