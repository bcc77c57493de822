/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The node's durable store: one SQLite file (WAL, synchronous=FULL), the single source of truth.
 *
 *   edgatectl ── one transaction: rows + event ──▶ DIR/edgate.db ◀── one read transaction ── edgate
 *                 (acknowledged after the commit is on disk)            eg_state_follow
 *
 * A change appends one protobuf event to the log; its sequence with the store's generation is the
 * epoch. Small rows (issuer, key, policy, list) change in the same transaction; revoked values live
 * in the log and are folded into their tables at a checkpoint. Effective value of a status list's
 * entry: the operator's revocation, else what was imported. Threads: [control] alone. May block and
 * allocate. Every function that fails leaves the store as it was and says why in err.
 */
#ifndef EG_STATE_H
#define EG_STATE_H

#include "eg_jwks.h"
#include "eg_snapshot.h"

struct eg_state;

#define EG_STATE_URI_MAX    1024u      /* bytes of a status list's URI */
#define EG_STATE_RANGES_MAX (1u << 20) /* ranges of one change */

/* READ refuses every change. It still needs write permission for the directory and the files (mode
 * 0660, group of the store): in WAL mode a reader too writes the shared index, DIR/edgate.db-shm.
 */
enum eg_state_mode { EG_STATE_READ, EG_STATE_WRITE };

/* Makes DIR (mode 2770) where it is not there, and an empty store in it (mode 0660); group: name of
 * the group that may use it, NULL for the caller's own. A DIR that is there keeps its mode and
 * group. -EG_EEXIST where there is a store already (it is left alone), -EG_ENOENT where the
 * directory above DIR or the group is missing. Of two callers at once one wins, with a whole
 * store. The first epoch is EG_EPOCH(1, 0). */
int eg_state_create(const char *dir, const char *group, int64_t utc_ns, struct eg_error *err);

/* -EG_ENOENT no store (run `edgatectl init`), -EG_EVERSION a newer edgate's, -EG_ECORRUPT damaged.
 */
int eg_state_open(
    struct eg_state **st, const char *dir, enum eg_state_mode mode, struct eg_error *err);
/* Frees the bitmaps that this handle's snapshots and operations point at: stop all workers and free
 * the snapshots first. st may be NULL. */
void eg_state_close(struct eg_state *st);

/* How long the log may grow before a change folds it into the tables: events, and indices revoked
 * by them. Default 4096 and 2^20. */
void eg_state_set_log_limits(struct eg_state *st, uint64_t events, uint64_t indices);

/* ── changes: each is one durable transaction; *epoch is its epoch ──
 *
 * Every change leaves a line in table audit: when, which uid, what. They block while another
 * program writes, 5 s at most (-EG_EAGAIN); -EG_EIO where the system refuses (no space, no
 * permission, the directory gone), -EG_ECORRUPT where the file is damaged. What is named must be
 * there (-EG_ENOENT): a typo must not look like a revocation. */

/* Adds an issuer, or replaces its keys: kept keys of jwks come in, keys that are gone go away, a
 * revoked kid stays revoked. An issuer that was removed and comes back has its lists, its
 * revocations, its revoked keys and the indices of its keys. -EG_EINVAL where no key is kept,
 * -EG_ELIMIT where there are EG_KEYSET_ISSUERS_MAX others. */
int eg_state_issuer_put(struct eg_state *st, struct eg_span issuer, const struct eg_jwks *jwks,
    int64_t utc_ns, uint64_t *epoch, struct eg_error *err);
int eg_state_issuer_remove(struct eg_state *st, struct eg_span issuer, int64_t utc_ns,
    uint64_t *epoch, struct eg_error *err);
/* The first policy becomes the default; make_default moves it. Its issuers need not exist yet.
 * policy->generation is given by the store. */
int eg_state_policy_put(struct eg_state *st, const struct eg_policy *policy, bool make_default,
    int64_t utc_ns, uint64_t *epoch, struct eg_error *err);
/* Without the default policy there is none until a put makes one. */
int eg_state_policy_remove(
    struct eg_state *st, uint32_t id, int64_t utc_ns, uint64_t *epoch, struct eg_error *err);
/* One URI belongs to one issuer: -EG_EEXIST where it is there, with the same shape too. */
int eg_state_list_add(struct eg_state *st, struct eg_span uri, struct eg_span issuer, unsigned bits,
    uint32_t entries, int64_t utc_ns, uint64_t *epoch, struct eg_error *err);
/* More entries: revoked ones stay, the new ones are valid, or unknown where the list was imported,
 * until an import speaks of them. -EG_EINVAL where it would not grow, or over 2^30. */
int eg_state_list_grow(struct eg_state *st, struct eg_span uri, uint32_t entries, int64_t utc_ns,
    uint64_t *epoch, struct eg_error *err);

struct eg_list_import {
	enum eg_list_form form;
	struct eg_span file; /* as published; raw: exactly ceil(entries·bits / 8) bytes */
	bool force;          /* also one that is older than what is in force, or contradicts it */
	bool allow_unsigned; /* also a W3C credential as JSON: its proof is not checked */
};

/* Replaces the imported layer, in force as the difference; the operator's own revocations stay. A
 * JWT or CWT, and a W3C credential in a JWT, must be signed by a key of the list's issuer. It may
 * have fewer entries than the list (the others are unknown) but not more. -EG_EINVAL where it is
 * not what it must be, -EG_EPERM by key, signature, lack of one, or order. */
int eg_state_list_import(struct eg_state *st, struct eg_span uri,
    const struct eg_list_import *import, int64_t utc_ns, uint64_t *epoch, struct eg_error *err);

struct eg_index_range {
	uint32_t first, last; /* inclusive */
};

/* What the operator says of an entry. It counts more than an imported list does; VALID takes back
 * what the operator said before, and then the imported list counts again. */
enum eg_index_value { EG_INDEX_VALID, EG_INDEX_REVOKED, EG_INDEX_SUSPENDED };

/* All or nothing: -EG_EINVAL where a range is reversed or reaches over the list's end, or where the
 * list's entries have one bit and should be SUSPENDED. */
int eg_state_set_index(struct eg_state *st, struct eg_span uri, enum eg_index_value value,
    const struct eg_index_range ranges[], size_t range_cnt, int64_t utc_ns, uint64_t *epoch,
    struct eg_error *err);
/* All tokens of the issuer with iat ≤ until_s. Times here and below: 1 … 253402300799. */
int eg_state_revoke_issuer(struct eg_state *st, struct eg_span issuer, uint64_t until_s,
    int64_t utc_ns, uint64_t *epoch, struct eg_error *err);

#define EG_STATE_VALUES_MAX (1u << 20) /* values of one call */

struct eg_state_values {          /* many at once */
	enum eg_revoke_kind kind; /* JTI … JKT, or SUBJECT */
	struct eg_span issuer;
	const struct eg_span *value; /* each 1 … 255 bytes */
	size_t cnt;
	/* Of ids their exp: kept EG_REVOKE_GRACE_S longer. Of subjects the last iat refused. */
	uint64_t until_s;
	void (*stored)(void *ctx, size_t n); /* told after each one, before the commit; or NULL */
	void *ctx;
};

/* An event and a line of the audit for each value, all in one transaction: a reader sees all of
 * them or none. *epoch is the last one's. An error names the first value that is at fault. */
int eg_state_revoke_values(struct eg_state *st, const struct eg_state_values *values,
    int64_t utc_ns, uint64_t *epoch, struct eg_error *err);
/* Takes back a denied id (kind JTI … JKT), a subject cutoff (SUBJECT) or an issuer cutoff (ISSUER,
 * value empty): for an operator's error. -EG_ENOENT where nothing of that name is revoked. A key
 * stays revoked. */
int eg_state_unrevoke(struct eg_state *st, enum eg_revoke_kind kind, struct eg_span issuer,
    struct eg_span value, int64_t utc_ns, uint64_t *epoch, struct eg_error *err);
/* Also a key that the issuer had once: it stays revoked when it comes back. */
int eg_state_revoke_key(struct eg_state *st, struct eg_span issuer, struct eg_span kid,
    int64_t utc_ns, uint64_t *epoch, struct eg_error *err);

/* From when until when, both inclusive, a key of the issuer counts (R1); not_after_s UINT64_MAX: no
 * end. Also of a key that the issuer had once. */
struct eg_key_window {
	uint64_t not_before_s, not_after_s;
};
int eg_state_key_window(struct eg_state *st, struct eg_span issuer, struct eg_span kid,
    struct eg_key_window window, int64_t utc_ns, uint64_t *epoch, struct eg_error *err);

/* ── the whole store ── */

/* Reads everything once: pages, rows, events, chunks, each with its checksum. The first fault is
 * named. */
int eg_state_verify(struct eg_state *st, struct eg_error *err);
/* A whole copy of this moment in a new file at path, while others read and write. -EG_EEXIST where
 * there is a file. Killed, it leaves path.new-XXXXXX. */
int eg_state_backup(struct eg_state *st, const char *path, struct eg_error *err);
/* Puts a backup in the place of the store in dir. The backup is verified first; then its generation
 * is raised above any that the two have seen, so that epochs never go back, and its content becomes
 * the store's in one transaction: an edgate that runs goes on with it. A store that cannot be
 * opened is set aside as edgate.db.damaged-<seconds>, and edgate must be restarted; what it has
 * seen is in edgate.generation, which a restore locks and writes. Under that lock it removes the
 * copies edgate.db.new-XXXXXX that killed ones have left. -EG_EAGAIN where another restore is under
 * way, or somebody else holds the store. */
int eg_state_restore(
    const char *dir, const char *path, int64_t utc_ns, uint64_t *epoch, struct eg_error *err);

/* ── following ── */

struct eg_follower { /* who hears of changes, in log order */
	void *ctx;
	struct eg_revoke_sink sink;                                /* operations on shards */
	void (*snapshot)(void *ctx, struct eg_snapshot *snapshot); /* ownership moves */
	void (*epoch)(void *ctx, uint64_t epoch);                  /* all up to here is sent */
};

/* Reads what is new since the last call (at first: everything) in one read transaction at sequence
 * N, sends it, and ends with epoch(N): operations first, then at most one snapshot (where an
 * issuer, key, policy or list changed), then the epoch. Where the log no longer reaches back, or
 * the generation is another, everything is sent again: operations are idempotent. Where a restore
 * has put another store's backup in place, a snapshot without policies comes first, and is settled:
 * nobody passes while tables and snapshot do not belong together. *changed:
 * anything was sent. With nothing new it costs a stat and one small read. On an error nothing is
 * lost: the next call goes on from the same place. -EG_EAGAIN after 50 ms where the store is
 * locked; -EG_EIO also where the file was replaced under this handle. One rv and one sink for all
 * calls of a handle. */
int eg_state_follow(struct eg_state *st, struct eg_revoke *rv, const struct eg_follower *follower,
    bool *changed, struct eg_error *err);

/* ── listing, for edgatectl ── */

struct eg_audit_line {
	uint64_t epoch; /* of the change; its generation is the store's */
	uint64_t utc_ns;
	uint64_t uid;
	struct eg_span what;
};

/* The last `last` lines of the audit (0: all), the oldest first; stops at visit's first error. */
int eg_state_audit(struct eg_state *st, uint64_t last,
    int (*visit)(void *ctx, const struct eg_audit_line *line, struct eg_error *err), void *ctx,
    struct eg_error *err);

struct eg_list_content { /* of one status list, at one moment */
	unsigned bits;
	uint32_t entries;
	size_t byte_cnt;
	uint8_t *effective; /* what counts, least significant bit first; to be freed */
};

/* -EG_ENOENT where there is no such list; then there is nothing to free. */
int eg_state_list_read(
    struct eg_state *st, struct eg_span uri, struct eg_list_content *out, struct eg_error *err);

struct eg_state_cause { /* what a token is refused by */
	uint8_t detail; /* enum eg_detail: KEY … LIST */
	bool is_suspended;
	bool has_iat;
	int64_t iat_s; /* of a cutoff: the token's, rounded down */
	struct eg_span issuer;
	struct eg_span value; /* the kid, sub, jti, cti, sid, jkt, or the status list's URI */
	uint32_t idx;         /* in that list */
};

struct eg_state_since { /* a line of the audit */
	bool is_known;
	bool is_unsure; /* newer lines name more indices than the audit keeps: it may be one of them
	                 */
	uint64_t epoch; /* as in struct eg_audit_line */
	uint64_t utc_ns, uid;
	char what[5376]; /* a whole line, of which a URI and its ranges are the longest */
};

/* Which change revoked it: the oldest that was never taken back. Where no change of the operator's
 * says so of an index, the newest import of its list; of a key, the change of its window. Reads the
 * whole audit. *out is not known where the audit has no such line. */
int eg_state_since(struct eg_state *st, const struct eg_state_cause *cause,
    struct eg_state_since *out, struct eg_error *err);

/* The rows as they stand, as a snapshot without bitmaps' contents (issuers, keys, policies, lists).
 * The caller frees it, before it closes st. */
int eg_state_snapshot(struct eg_state *st, struct eg_snapshot **out, struct eg_error *err);

/* How many revoked values (denied ids, cutoffs) tables and log have, at most: one that is there
 * twice counts twice. For telling how much memory they will take. */
int eg_state_count_values(struct eg_state *st, uint64_t *cnt, struct eg_error *err);

#endif
