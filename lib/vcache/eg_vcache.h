/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The verified-token cache of one core: tokens whose signature this core has seen pass, and apart
 * from them tokens whose signature it has seen fail.
 *
 *   token ─▶ tag ─▶ set │ 7 × half a tag, which were used │ entry 0 │ entry 1 │ … │ entry 6 │
 *                         one cache line                    two cache lines each
 *
 * An entry holds what the rules after the signature ask (times, hashes of ids, key, list), never
 * their answer: nothing here says that a token is good, only that its signature was, and what it
 * says. Who asks checks time, key, revocation and list anew each time.
 *
 * A tag is AES-128-GMAC over every byte of the token, enciphered once more, under keys made by
 * chance at each start. Policy, its generation, the store's and the format are the nonce: another
 * of them is another tag. All 128 bits are compared. Bound on a false match, and why the second
 * cipher is there: docs/decisions/0018-verified-cache.md. Neither a tag nor a part of it leaves
 * this module's tables.
 *
 * A full set lets its hand go round: what was found since it came by last is spared once. A token
 * that is new is not spared, so those that come only once displace each other first. Where in the
 * table a token lies nobody outside can tell. Forged tokens lie where their *sender* chooses: each
 * has EG_VCACHE_FORGED_MAX places, and one who sends many forgets his own.
 *
 * Threads: made and freed by [control], used by one [worker] alone. Memory as configured; nothing
 * is allocated after eg_vcache_new. Cost: perf/bench_pipeline, docs/performance.md.
 */
#ifndef EG_VCACHE_H
#define EG_VCACHE_H

#include "eg_err.h"
#include "eg_hash.h"

#define EG_VCACHE_BYTES_MIN  (64u << 10)
#define EG_VCACHE_FORGED_MAX 56u /* entries of one sender */

struct eg_vcache;

/* By chance, and told to nobody. */
struct eg_vcache_key {
	uint8_t mac[16], cipher[16];
	uint64_t senders;
};

/* What a tag covers beside the token. */
struct eg_vcache_domain {
	uint32_t policy_id, policy_generation;
	uint16_t store_generation; /* of the epoch: a restored store counts its policies anew */
	uint8_t fmt;               /* as the record says it */
};

struct eg_vcache_tag {
	uint64_t lo, hi;
};

enum eg_vcache_has {
	/* as in enum eg_revoke_has */
	EG_VCACHE_HAS_IAT = 1 << 0,
	EG_VCACHE_HAS_SUB = 1 << 1,
	EG_VCACHE_HAS_JTI = 1 << 2, /* in id */
	EG_VCACHE_HAS_CTI = 1 << 3, /* in id: a token has one of the two */
	EG_VCACHE_HAS_SID = 1 << 4,
	EG_VCACHE_HAS_JKT = 1 << 5,
	EG_VCACHE_HAS_LIST = 1 << 6,
	/* and others */
	EG_VCACHE_HAS_EXP = 1 << 7,
	EG_VCACHE_HAS_NBF = 1 << 8,
	EG_VCACHE_IAT_FRACTION = 1 << 9, /* the floor of iat is iat_s - 1 */
	EG_VCACHE_HAS_KID = 1 << 10,
	EG_VCACHE_HAS_CNF = 1 << 11,
	EG_VCACHE_IS_VALID = 1 << 15, /* the table's own */
};

/* What a token says and by which key, without the token. Numbers instead of pointers: they outlive
 * a snapshot, and are looked up in the one in force. The first line is all that a token without ids
 * needs. */
struct eg_vcache_entry {
	_Alignas(64) uint64_t tag_hi; /* the table's own */
	int64_t exp_s, nbf_s, iat_s;  /* as in struct eg_token */
	uint64_t list_mark;           /* eg_list.mark: which list it was */
	uint32_t key_index, key_generation;
	uint32_t list_slot, list_idx;
	uint16_t has; /* enum eg_vcache_has */
	uint16_t issuer_slot;
	uint16_t key_slot; /* of the issuer's keys */
	uint16_t reserved;
	/* hashes, as revocation asks for them (eg_revoke_hash) */
	struct eg_hash128 sub, id, sid, jkt;
};

_Static_assert(sizeof(struct eg_vcache_entry) == 128, "two cache lines");

/* [control] Both tables in `bytes` (>= EG_VCACHE_BYTES_MIN), rounded up to pages. NULL with err
 * set: -EG_EINVAL, -EG_ENOMEM, -EG_ENOTSUP where the cipher library cannot run here. */
struct eg_vcache *eg_vcache_new(
    uint64_t bytes, const struct eg_vcache_key *key, struct eg_error *err);
void eg_vcache_free(struct eg_vcache *cache);
/* [any] Verified tokens that it has room for. */
uint64_t eg_vcache_room(const struct eg_vcache *cache);

/* False: there is none (an empty token, or the library refused): treat as not cached. */
bool eg_vcache_tag(struct eg_vcache *cache, const struct eg_vcache_domain *domain,
    struct eg_span token, struct eg_vcache_tag *tag);

/* A batch calls the first for all its tokens, then the second for all, then eg_vcache_find. Before
 * eg_vcache_insert it is the first and the third. */
void eg_vcache_prefetch(const struct eg_vcache *cache, struct eg_vcache_tag tag);
void eg_vcache_prefetch_entry(const struct eg_vcache *cache, struct eg_vcache_tag tag);
void eg_vcache_prefetch_insert(const struct eg_vcache *cache, struct eg_vcache_tag tag);
/* NULL: not there. Valid until the next insert. */
const struct eg_vcache_entry *eg_vcache_find(struct eg_vcache *cache, struct eg_vcache_tag tag);
/* Copies; takes the place of an entry of the same tag. True: another one had to go. */
bool eg_vcache_insert(
    struct eg_vcache *cache, struct eg_vcache_tag tag, const struct eg_vcache_entry *entry);

/* The same for forged ones; sender: any number that stays the same. */
const struct eg_vcache_entry *eg_vcache_find_forged(
    struct eg_vcache *cache, uint64_t sender, struct eg_vcache_tag tag);
bool eg_vcache_insert_forged(struct eg_vcache *cache, uint64_t sender, struct eg_vcache_tag tag,
    const struct eg_vcache_entry *entry);

/* Nothing that was inserted will be found again. Constant time, but for each 256th call. */
void eg_vcache_forget(struct eg_vcache *cache);

#endif
