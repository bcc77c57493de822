/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A snapshot: everything a worker reads that changes by being replaced as a whole (keys, policies,
 * lists). Built aside on [control], immutable once published, freed after every worker has passed
 * it. Bitmaps and tables of revoked values are not part of it: they change in place (eg_revoke.h);
 * a snapshot only points at the bitmaps.
 */
#ifndef EG_SNAPSHOT_H
#define EG_SNAPSHOT_H

#include "eg_keyset.h"
#include "eg_policy.h"
#include "eg_revoke.h"

/* Epoch: generation (u16) ‖ sequence (u48). */
#define EG_EPOCH(generation, sequence)                                                             \
	((uint64_t)(generation) << 48 | ((uint64_t)(sequence)&0xffffffffffffu))
#define EG_EPOCH_SEQUENCE(epoch)   ((epoch)&0xffffffffffffu)
#define EG_EPOCH_GENERATION(epoch) ((unsigned)((epoch) >> 48))

enum eg_list_form { /* how the imported values came; stored: never re-used */
	EG_LIST_NONE,
	EG_LIST_RAW,
	EG_LIST_JWT,
	EG_LIST_CWT,
	EG_LIST_W3C,
};

struct eg_list { /* one status list of one issuer */
	uint32_t issuer_slot;
	struct eg_span uri;
	struct eg_bitmap *map; /* outlives the snapshot */
	uint32_t stated; /* entries that its issuer speaks of, from there on STATUS_UNKNOWN unless
	                  * revoked here; 0: all */
	uint64_t exp_s;  /* 0: none; past it STATUS_UNKNOWN */
	uint64_t ttl_end_s; /* 0: none; past it LIST_STALE */
	/* Hash of issuer and uri, by eg_snapshot_seal: the same list in any snapshot. */
	uint64_t mark;
	/* For show: how and when the values came. */
	enum eg_list_form form;
	uint64_t iat_s, imported_s; /* 0: not known */
};

struct eg_snapshot {
	uint64_t epoch;
	uint64_t newest_event_s; /* NOT_READY while the clock is before it */
	struct eg_keyset *keys;
	struct eg_hash128 *issuer_hash; /* by issuer slot: under what its cutoff is found (R2) */
	struct eg_policy *policy;       /* sorted by id */
	uint32_t policy_cnt;
	uint32_t default_policy; /* index into policy, or UINT32_MAX */
	struct eg_list *list;    /* sorted by (issuer slot, uri) */
	uint32_t list_cnt;
};

/* [control] An empty snapshot with an empty key set. NULL without memory. */
struct eg_snapshot *eg_snapshot_new(const struct eg_hash_key *hash_key);
/* Frees key set, policies and the list table, not the bitmaps. */
void eg_snapshot_free(struct eg_snapshot *snap);
/* Copies. Issuers and keys go straight into snap->keys first. */
int eg_snapshot_add_policy(
    struct eg_snapshot *snap, const struct eg_policy *policy, struct eg_error *err);
int eg_snapshot_add_list(
    struct eg_snapshot *snap, const struct eg_list *list, struct eg_error *err);
/* Last, until it succeeds: sorts, binds policies to issuer slots, hashes issuers and lists, picks
 * the default policy by id (0: none). */
int eg_snapshot_seal(struct eg_snapshot *snap, uint32_t default_policy_id, struct eg_error *err);

/* A sealed snapshot of its own that says the same; it points at the same bitmaps. -EG_ENOMEM. */
int eg_snapshot_copy(
    const struct eg_snapshot *snap, struct eg_snapshot **out, struct eg_error *err);

/* [worker] id 0 is the default policy. NULL: UNKNOWN_POLICY. */
const struct eg_policy *eg_snapshot_policy(const struct eg_snapshot *snap, uint32_t id);
/* [worker] NULL: STATUS_UNKNOWN. */
const struct eg_list *eg_snapshot_list(
    const struct eg_snapshot *snap, uint32_t issuer_slot, struct eg_span uri);

#endif
