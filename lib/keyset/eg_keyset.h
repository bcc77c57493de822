/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The key set of one snapshot: (issuer, kid) → key. Built on [control], immutable after, so any
 * number of workers read it without a lock or an allocation. Several keys are never tried: one
 * look-up, one key.
 */
#ifndef EG_KEYSET_H
#define EG_KEYSET_H

#include "eg_ed25519.h"
#include "eg_hash.h"

#define EG_KEYSET_NAME_MAX    255u /* bytes of an issuer or kid */
#define EG_KEYSET_ISSUERS_MAX 4096u
#define EG_KEYSET_KEYS_MAX    256u /* of one issuer, revoked ones counted */

struct eg_key {
	struct eg_ed25519_key ed;
	uint32_t index;      /* stable number of the key in the store: answers name it */
	uint32_t generation; /* counts changes of this key */
	bool has_kid;
	bool revoked;          /* sticky: R1 */
	uint64_t not_before_s; /* R1: refused before */
	uint64_t not_after_s;  /* R1: refused after; UINT64_MAX none */
	struct eg_span kid;
	uint32_t stats_slot; /* where its signatures are counted (eg_stats_key); 0 until bound */
};

struct eg_issuer {
	struct eg_span name;
	/* Derived from the store's key: hashes of this issuer's values. */
	struct eg_hash_key hash_key;
	uint32_t first_key, key_cnt;
};

struct eg_keyset;

/* ── building [control] ── */

/* hash_key: the row that `init` made. NULL where there is no memory. */
struct eg_keyset *eg_keyset_new(const struct eg_hash_key *hash_key);
void eg_keyset_free(struct eg_keyset *set);
/* Copies the name. -EG_EEXIST, -EG_ELIMIT, -EG_ENOMEM. *slot is the issuer's slot. An error leaves
 * the set as it was. */
int eg_keyset_add_issuer(
    struct eg_keyset *set, struct eg_span name, uint32_t *slot, struct eg_error *err);
/* Copies key and kid; the keys of one issuer are added together, right after it: another slot than
 * the last one is -EG_EINVAL. -EG_EEXIST for the same kid, or a second key without one; -EG_ELIMIT,
 * -EG_ENOMEM. An error leaves the set as it was. */
int eg_keyset_add_key(
    struct eg_keyset *set, uint32_t slot, const struct eg_key *key, struct eg_error *err);

/* Key i (< eg_keyset_key_cnt) of all issuers: what it is sped up by and counted under. */
void eg_keyset_bind(
    struct eg_keyset *set, uint32_t i, const struct eg_ed25519_table *table, uint32_t stats_slot);
/* A set of its own with the same issuers and keys in the same slots. NULL without memory. */
struct eg_keyset *eg_keyset_copy(const struct eg_keyset *set);

/* ── reading [worker]; views live as long as the set, once it is built ── */

uint32_t eg_keyset_issuer_cnt(const struct eg_keyset *set);
const struct eg_issuer *eg_keyset_issuer(const struct eg_keyset *set, uint32_t slot);
/* Slot of an issuer by name, or UINT32_MAX. [control] for binding policies */
uint32_t eg_keyset_find_issuer(const struct eg_keyset *set, struct eg_span name);
/* S6: the key of (issuer, kid). Without kid only where the issuer has exactly one key, revoked ones
 * counted. NULL: UNKNOWN_KEY. */
const struct eg_key *eg_keyset_find(
    const struct eg_keyset *set, uint32_t slot, bool has_kid, struct eg_span kid);
/* Key i (< iss->key_cnt) of an issuer. */
const struct eg_key *eg_keyset_key(
    const struct eg_keyset *set, const struct eg_issuer *iss, uint32_t i);

/* All keys, issuer by issuer. */
uint32_t eg_keyset_key_cnt(const struct eg_keyset *set);
const struct eg_key *eg_keyset_key_at(const struct eg_keyset *set, uint32_t i);

#endif
