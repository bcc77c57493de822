/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"

#include <sodium.h>
#include <stdio.h>

static const struct eg_hash_key hash_key = {
    {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

struct eg_span bench_issuer_name(unsigned issuer, char *buf, size_t room)
{
	int len = snprintf(buf, room, "https://i%u.test", issuer);

	return eg_span(buf, (size_t)len);
}

static void make_key(struct bench_state *state, unsigned i)
{
	uint8_t seed[crypto_sign_SEEDBYTES], public[crypto_sign_PUBLICKEYBYTES];
	struct eg_key *key = &state->key[i];

	memset(seed, (int)i + 1, sizeof(seed));
	(void)crypto_sign_seed_keypair(public, state->secret[i], seed);
	bench_need(eg_ed25519_key_init(&key->ed, public, false, NULL) == 0, "a key");
	*key = (struct eg_key){
	    .ed = key->ed,
	    .index = i,
	    .has_kid = true,
	    .kid = eg_span_str("k"),
	    .not_after_s = UINT64_MAX,
	};
}

static void make_snapshot(struct bench_state *state)
{
	struct eg_policy policy;
	char name[64];
	uint32_t slot;

	state->snapshot = eg_snapshot_new(&hash_key);
	bench_need(state->snapshot != NULL, "memory for a snapshot");
	eg_policy_init(&policy, 1);
	bench_need(eg_policy_add_audience(&policy, eg_span_str("api"), NULL) == 0, "an audience");
	for (unsigned i = 0; i < BENCH_ISSUERS_MAX; i++) {
		struct eg_span iss = bench_issuer_name(i, name, sizeof(name));

		make_key(state, i);
		bench_need(
		    eg_keyset_add_issuer(state->snapshot->keys, iss, &slot, NULL) == 0 &&
		        eg_keyset_add_key(state->snapshot->keys, slot, &state->key[i], NULL) == 0 &&
		        eg_policy_add_issuer(&policy, iss, NULL) == 0,
		    "an issuer");
	}
	bench_need(eg_snapshot_add_policy(state->snapshot, &policy, NULL) == 0 &&
	               eg_snapshot_seal(state->snapshot, policy.id, NULL) == 0,
	    "a snapshot");
}

static void deny(struct bench_state *state)
{
	const struct eg_revoke_sink sink = eg_revoke_direct_sink(state->revoke);
	const struct eg_issuer *issuer = eg_keyset_issuer(state->snapshot->keys, 0);

	for (uint32_t i = 0; i < BENCH_DENIED; i++) {
		struct eg_hash128 hash =
		    eg_revoke_hash(&issuer->hash_key, EG_REVOKE_JTI, eg_span(&i, sizeof(i)));

		bench_need(eg_revoke_set_entry(state->revoke, hash, EG_REVOKE_JTI,
		               BENCH_NOW_S + 3600, &sink, NULL) == 0,
		    "a denied id");
	}
}

static void fill_list(struct bench_state *state)
{
	const struct eg_revoke_sink sink = eg_revoke_direct_sink(state->revoke);

	for (uint32_t i = 0; i < BENCH_LIST_ENTRIES; i += 2)
		bench_need(eg_bitmap_set_range(state->list, i, i, 1, &sink, NULL) == 0,
		    "an entry of the list");
}

static void make_queries(struct bench_state *state)
{
	const struct eg_issuer *issuer = eg_keyset_issuer(state->snapshot->keys, 0);

	for (uint32_t i = 0; i < BENCH_QUERIES; i++) {
		uint32_t id = BENCH_DENIED + i;
		struct eg_span text = eg_span(&id, sizeof(id));

		state->query[i] = (struct eg_revoke_query){
		    .has = EG_REVOKE_HAS_IAT | EG_REVOKE_HAS_SUB | EG_REVOKE_HAS_JTI |
		           EG_REVOKE_HAS_INDEX,
		    .iat_floor_s = (int64_t)BENCH_NOW_S,
		    .idx = (id * 2654435761u | 1u) % BENCH_LIST_ENTRIES,
		    .map = state->list,
		    .issuer = eg_revoke_hash(&issuer->hash_key, EG_REVOKE_ISSUER, eg_span(NULL, 0)),
		    .sub = eg_revoke_hash(&issuer->hash_key, EG_REVOKE_SUBJECT, text),
		    .jti = eg_revoke_hash(&issuer->hash_key, EG_REVOKE_JTI, text),
		};
	}
}

void bench_state_init(struct bench_state *state)
{
	memset(state, 0, sizeof(*state));
	bench_need(sodium_init() >= 0, "libsodium");
	eg_utc_init(&state->utc, 0, (int64_t)BENCH_NOW_S * EG_NS_PER_S);
	bench_need(eg_stats_create(&state->stats, NULL, 1, 0, NULL) == 0, "counters");
	state->revoke = eg_revoke_new();
	state->list = eg_bitmap_new(eg_span_str("https://lists.test/1"), 1, BENCH_LIST_ENTRIES);
	bench_need(state->revoke != NULL && state->list != NULL, "memory for revocation");
	make_snapshot(state);
	deny(state);
	fill_list(state);
	make_queries(state);
}

void bench_state_free(struct bench_state *state)
{
	eg_snapshot_free(state->snapshot);
	eg_revoke_free(state->revoke);
	eg_bitmap_free(state->list);
	eg_stats_close(&state->stats);
}
