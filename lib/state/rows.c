/* SPDX-License-Identifier: BSD-3-Clause */
#include "rows.h"
#include "run.h"
#include "schema1.h"
#include "sealed.h"

#include "eg_clock.h"

/* Table key, in its order. Schema 1 had no windows. */
enum column {
	IDX,
	ISSUER,
	HAS_KID,
	NAME,
	X,
	MIXED_ORDER,
	PRESENT,
	REVOKED,
	GENERATION,
	NOT_BEFORE,
	NOT_AFTER
};

static int add_key(struct eg_state *st, struct eg_keyset *keys, uint32_t slot, sqlite3_stmt *stmt,
    struct eg_error *err)
{
	struct eg_span name = eg_col_blob(stmt, NAME);
	struct eg_span x = eg_col_blob(stmt, X);
	struct eg_key key = {
	    .index = eg_col_u32(stmt, IDX),
	    .has_kid = eg_col_u32(stmt, HAS_KID) != 0,
	    .revoked = eg_col_u32(stmt, REVOKED) != 0,
	    .generation = eg_col_u32(stmt, GENERATION),
	    .not_after_s = UINT64_MAX,
	};
	int rc = eg_sealed_check(&st->db, stmt, EG_SEALED_KEY, err);

	if (rc != 0)
		return rc;
	if (st->db.version > 1) {
		key.not_before_s = eg_col_u64(stmt, NOT_BEFORE);
		key.not_after_s = eg_col_u64(stmt, NOT_AFTER);
	}
	if (key.has_kid)
		key.kid = name;
	if (x.len != EG_ED25519_PUBLIC_BYTES)
		return eg_error_set(
		    err, EG_ECORRUPT, "table key, index %u: not a public key", key.index);
	rc = eg_seen_keys_init(&st->seen, &key.ed, x.ptr, eg_col_u32(stmt, MIXED_ORDER) != 0, err);
	if (rc != 0)
		return eg_error_set(
		    err, EG_ECORRUPT, "table key, index %u: not a sound public key", key.index);
	return eg_keyset_add_key(keys, slot, &key, err);
}

static int load_keys(struct eg_state *st, struct eg_keyset *keys, uint64_t issuer, uint32_t slot,
    struct eg_error *err)
{
	struct eg_db *db = &st->db;
	sqlite3_stmt *stmt = NULL;
	int rc =
	    eg_db_query(db, &stmt, "SELECT * FROM key WHERE issuer = ?1 AND present ORDER BY idx",
	        EG_VALS(eg_int(issuer)), err);

	if (rc != 0)
		return rc;
	while ((rc = eg_db_step(db, stmt, err)) > 0) {
		rc = add_key(st, keys, slot, stmt, err);
		if (rc != 0) {
			eg_db_finish(&st->db, stmt);
			return rc;
		}
	}
	return rc;
}

static struct eg_list list_of(const struct eg_list_row *row, uint32_t slot)
{
	return (struct eg_list){
	    .issuer_slot = slot,
	    .uri = row->uri,
	    .map = row->map,
	    .stated = row->meta.stated,
	    .form = row->meta.form,
	    .iat_s = row->meta.form == EG_LIST_RAW ? 0 : row->meta.iat_s,
	    .exp_s = row->meta.exp_s,
	    .ttl_end_s = row->meta.ttl_end_s,
	    .imported_s = row->meta.imported_s,
	};
}

static int load_lists(struct eg_state *st, struct eg_snapshot *snap, uint64_t issuer, uint32_t slot,
    struct eg_error *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = eg_db_query(
	    &st->db, &stmt, "SELECT id FROM list WHERE issuer = ?1", EG_VALS(eg_int(issuer)), err);

	if (rc != 0)
		return rc;
	while ((rc = eg_db_step(&st->db, stmt, err)) > 0) {
		struct eg_list_row *row = eg_lists_find_id(&st->lists, eg_col_u64(stmt, 0));
		struct eg_list list;

		if (row == NULL || eg_list_map(row) == NULL) {
			rc = eg_error_set(err, EG_ENOMEM, "no memory for a status list");
		} else {
			list = list_of(row, slot);
			rc = eg_snapshot_add_list(snap, &list, err);
		}
		if (rc != 0) {
			eg_db_finish(&st->db, stmt);
			return rc;
		}
	}
	return rc;
}

static int load_issuers(struct eg_state *st, struct eg_snapshot *snap, struct eg_error *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = eg_db_query(
	    &st->db, &stmt, "SELECT * FROM issuer WHERE present ORDER BY id", EG_NO_VALS, err);

	if (rc != 0)
		return rc;
	while ((rc = eg_db_step(&st->db, stmt, err)) > 0) {
		uint64_t id = eg_col_u64(stmt, 0);
		uint32_t slot = 0;

		rc = eg_sealed_check(&st->db, stmt, EG_SEALED_ISSUER, err);
		if (rc == 0)
			rc = eg_keyset_add_issuer(snap->keys, eg_col_blob(stmt, 1), &slot, err);
		if (rc == 0)
			rc = load_keys(st, snap->keys, id, slot, err);
		if (rc == 0)
			rc = load_lists(st, snap, id, slot, err);
		if (rc != 0) {
			eg_db_finish(&st->db, stmt);
			return rc;
		}
	}
	return rc;
}

int eg_rows_snapshot(
    struct eg_state *st, const struct eg_meta *meta, struct eg_snapshot **out, struct eg_error *err)
{
	struct eg_snapshot *snap = eg_snapshot_new(&meta->hash_key);
	int rc;

	*out = NULL;
	if (snap == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for a snapshot");
	snap->epoch = EG_EPOCH(meta->generation, meta->sequence);
	snap->newest_event_s = meta->newest_utc_ns / (uint64_t)EG_NS_PER_S;
	rc = load_issuers(st, snap, err);
	if (rc == 0)
		rc = eg_policy_rows_load(&st->db, snap, err);
	if (rc == 0)
		rc = eg_snapshot_seal(snap, meta->default_policy, err);
	if (rc != 0) {
		eg_snapshot_free(snap);
		return rc;
	}
	eg_seen_keys_replace(&st->seen, snap->keys);
	*out = snap;
	return 0;
}

static int read_snapshot(struct eg_state *st, struct eg_snapshot **out, struct eg_error *err)
{
	struct eg_meta meta;
	int rc = eg_db_script(&st->db, "BEGIN", err);

	if (rc == 0)
		rc = eg_meta_load(&st->db, &meta, err);
	if (rc == 0)
		rc = eg_lists_sync(&st->lists, &st->db, err);
	return rc == 0 ? eg_rows_snapshot(st, &meta, out, err) : rc;
}

int eg_state_snapshot(struct eg_state *st, struct eg_snapshot **out, struct eg_error *err)
{
	int rc;

	*out = NULL;
	rc = read_snapshot(st, out, err);
	eg_store_rollback(st);
	return rc;
}

struct count {
	const struct eg_hash_key *hash_key;
	uint64_t cnt;
};

static int count_record(void *ctx, const struct eg_record *record, struct eg_error *err)
{
	struct count *c = ctx;

	(void)record;
	(void)err;
	c->cnt++;
	return 0;
}

static int count_event(void *ctx, const Eg__Pb__Event *event, struct eg_error *err)
{
	const struct count *c = ctx;
	struct eg_record record;

	if (!eg_record_of_event(event, c->hash_key, &record) || record.absent)
		return 0;
	return count_record(ctx, &record, err);
}

static int count_values(struct eg_state *st, struct count *c, struct eg_error *err)
{
	struct eg_meta meta;
	int rc = eg_db_script(&st->db, "BEGIN", err);

	if (rc == 0)
		rc = eg_meta_load(&st->db, &meta, err);
	if (rc != 0)
		return rc;
	c->hash_key = &meta.hash_key;
	if (st->db.version == 1)
		rc = eg_schema1_each(&st->db, c->hash_key, count_record, c, err);
	else
		rc = eg_run_count(&st->db, &c->cnt, err);
	if (rc == 0)
		rc = eg_event_each(&st->db, meta.checkpoint, meta.sequence, count_event, c, err);
	return rc;
}

int eg_state_count_values(struct eg_state *st, uint64_t *cnt, struct eg_error *err)
{
	struct count c = {0};
	int rc = count_values(st, &c, err);

	*cnt = c.cnt;
	eg_store_rollback(st);
	return rc;
}
