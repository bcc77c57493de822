/* SPDX-License-Identifier: BSD-3-Clause */
#include "run.h"

#include <stdlib.h>

#define CHUNK_RECORDS 1024u
#define CHUNK_BYTES   (CHUNK_RECORDS * EG_RECORD_BYTES)

/* A run is merged into the one before it while that is not more than so many times larger: each
 * record is rewritten about as often as ten million have digits. */
#define MERGE_FACTOR 2u

/* ── records ── */

#define RESETS_BIT 0x80u
#define ABSENT_BIT 0x40u
#define KIND_MASK  0x3fu

static void store_le64(uint8_t *at, uint64_t v)
{
	eg_store_be64(at, __builtin_bswap64(v));
}

static uint64_t load_le64(const uint8_t *at)
{
	return __builtin_bswap64(eg_load_be64(at));
}

/* lo, hi, until_s (7 bytes), kind with two flags, 8 bytes that are not read: little-endian. Since
 * when a value is revoked stands in the audit. */
static void encode(uint8_t at[EG_RECORD_BYTES], const struct eg_record *r)
{
	store_le64(at, r->hash.lo);
	store_le64(at + 8, r->hash.hi);
	store_le64(at + 16, r->until_s);
	at[23] = (uint8_t)(r->kind | (r->resets ? RESETS_BIT : 0) | (r->absent ? ABSENT_BIT : 0));
	store_le64(at + 24, 0);
}

static struct eg_record decode(const uint8_t at[EG_RECORD_BYTES])
{
	return (struct eg_record){
	    .hash = {.lo = load_le64(at), .hi = load_le64(at + 8)},
	    .kind = at[23] & KIND_MASK,
	    .resets = (at[23] & RESETS_BIT) != 0,
	    .absent = (at[23] & ABSENT_BIT) != 0,
	    .until_s = load_le64(at + 16) & EG_REVOKE_VALUE_MAX,
	};
}

static int order_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int order(const struct eg_record *a, const struct eg_record *b)
{
	int by = order_u64(eg_shard_of_hash(a->hash), eg_shard_of_hash(b->hash));

	if (by == 0)
		by = order_u64(a->hash.lo, b->hash.lo);
	return by != 0 ? by : order_u64(a->hash.hi, b->hash.hi);
}

/* What the older and then the newer one make together. */
static struct eg_record combine(const struct eg_record *older, const struct eg_record *newer)
{
	struct eg_record both = *newer;

	if (newer->resets)
		return *newer;
	if (!older->absent && older->until_s >= newer->until_s)
		both = *older;
	both.resets = older->resets;
	return both;
}

bool eg_record_is_past(const struct eg_record *record, uint64_t now_s)
{
	return record->kind < EG_REVOKE_SUBJECT && !record->absent &&
	       record->until_s + EG_REVOKE_GRACE_S < now_s;
}

static struct eg_record record_of(const struct eg_hash_key *store_key, unsigned kind,
    ProtobufCBinaryData issuer, ProtobufCBinaryData value)
{
	struct eg_hash_key key = eg_hash_derive(store_key, eg_pb_span(issuer));

	return (struct eg_record){
	    .hash = eg_revoke_hash(&key, (enum eg_revoke_kind)kind, eg_pb_span(value)),
	    .kind = (uint8_t)kind,
	};
}

bool eg_record_of_event(
    const Eg__Pb__Event *event, const struct eg_hash_key *store_key, struct eg_record *out)
{
	static const ProtobufCBinaryData none = {0, NULL};

	switch (event->op_case) {
	case EG__PB__EVENT__OP_REVOKE_VALUE:
		*out = record_of(store_key, event->revoke_value->kind, event->revoke_value->issuer,
		    event->revoke_value->value);
		out->until_s = event->revoke_value->exp_s;
		break;
	case EG__PB__EVENT__OP_REVOKE_SUBJECT:
		*out = record_of(store_key, EG_REVOKE_SUBJECT, event->revoke_subject->issuer,
		    event->revoke_subject->subject);
		out->until_s = event->revoke_subject->until_s;
		break;
	case EG__PB__EVENT__OP_REVOKE_ISSUER:
		*out = record_of(store_key, EG_REVOKE_ISSUER, event->revoke_issuer->issuer, none);
		out->until_s = event->revoke_issuer->until_s;
		break;
	case EG__PB__EVENT__OP_UNREVOKE:
		*out = record_of(store_key, event->unrevoke->kind, event->unrevoke->issuer,
		    event->unrevoke->value);
		out->resets = out->absent = true;
		break;
	default:
		return false;
	}
	return true;
}

int eg_records_add(struct eg_records *records, const struct eg_record *record, struct eg_error *err)
{
	if (records->cnt == records->room) {
		size_t room = records->room != 0 ? 2 * records->room : 256;
		struct eg_record *array =
		    reallocarray(records->record, room, sizeof(*records->record));

		if (array == NULL)
			return eg_error_set(
			    err, EG_ENOMEM, "no memory for %zu revoked values", room);
		records->record = array;
		records->room = room;
	}
	records->record[records->cnt++] = *record;
	return 0;
}

void eg_records_free(struct eg_records *records)
{
	free(records->record);
	*records = (struct eg_records){0};
}

/* ── writing a run ── */

struct run_writer {
	struct eg_db *db;
	uint64_t run, now_s;
	bool is_oldest; /* nothing below it that a removal must cover */
	uint32_t chunk;
	size_t len;
	uint8_t bytes[CHUNK_BYTES];
};

static struct eg_db_sum checksum(uint64_t run, uint32_t chunk, struct eg_span bytes)
{
	const uint64_t numbers[] = {run, chunk};

	return eg_db_bulk_sum("run", numbers, 2, bytes);
}

static int flush(struct run_writer *w, struct eg_error *err)
{
	struct eg_span bytes = eg_span(w->bytes, w->len);
	struct eg_db_sum sum = checksum(w->run, w->chunk, bytes);

	w->len = 0;
	return eg_db_run(w->db, "INSERT INTO run VALUES (?1, ?2, ?3, ?4)",
	    EG_VALS(eg_int(w->run), eg_int(w->chunk++), eg_blob(bytes), eg_sum_val(&sum)), err);
}

static int write_record(struct run_writer *w, const struct eg_record *record, struct eg_error *err)
{
	if (eg_record_is_past(record, w->now_s) || (record->absent && w->is_oldest))
		return 0;
	encode(w->bytes + w->len, record);
	w->len += EG_RECORD_BYTES;
	return w->len == CHUNK_BYTES ? flush(w, err) : 0;
}

/* A run without a record is none. */
static int end_run(struct run_writer *w, struct eg_error *err)
{
	int rc = w->len != 0 ? flush(w, err) : 0;

	return rc == 0 && w->chunk != 0 ? flush(w, err) : rc;
}

static int next_run(struct eg_db *db, uint64_t *run, struct eg_error *err)
{
	int rc =
	    eg_db_number(db, "SELECT coalesce(max(run), 0) + 1 FROM run", EG_NO_VALS, run, err);

	return rc < 0 ? rc : 0;
}

/* A writer of the newest run; to be freed. */
static int open_writer(
    struct run_writer **w, struct eg_db *db, uint64_t now_s, struct eg_error *err)
{
	*w = calloc(1, sizeof(**w));
	if (*w == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for a run of revoked values");
	(*w)->db = db;
	(*w)->now_s = now_s;
	return next_run(db, &(*w)->run, err);
}

/* ── reading a run ── */

struct run_reader {
	struct eg_db *db;
	sqlite3_stmt *stmt; /* NULL at the end */
	uint64_t run;
	uint32_t chunk;
	struct eg_span bytes; /* of the chunk: what is left */
	struct eg_record record;
};

static int damaged(const struct run_reader *r, struct eg_error *err)
{
	return eg_error_set(err, EG_ECORRUPT, "table run, run %llu, chunk %u: damaged or missing",
	    (unsigned long long)r->run, r->chunk);
}

/* 1: a chunk of records; 0: the end. */
static int next_chunk(struct run_reader *r, struct eg_error *err)
{
	struct eg_db_sum sum;
	int rc = eg_db_step(r->db, r->stmt, err);

	if (rc <= 0) {
		r->stmt = NULL;
		return rc < 0 ? rc : damaged(r, err);
	}
	r->bytes = eg_col_blob(r->stmt, 1);
	sum = checksum(r->run, r->chunk, r->bytes);
	if (eg_col_u64(r->stmt, 0) != r->chunk || r->bytes.len % EG_RECORD_BYTES != 0 ||
	    !eg_sum_is(&sum, eg_col_blob(r->stmt, 2)))
		return damaged(r, err);
	r->chunk++;
	if (r->bytes.len != 0)
		return 1;
	eg_db_finish(r->db, r->stmt);
	r->stmt = NULL;
	return 0;
}

/* 1: r->record is the next one; 0: the run is at its end. */
static int read_record(struct run_reader *r, struct eg_error *err)
{
	if (r->bytes.len == 0) {
		int rc = r->stmt != NULL ? next_chunk(r, err) : 0;

		if (rc <= 0)
			return rc;
	}
	r->record = decode(r->bytes.ptr);
	r->bytes = eg_span(r->bytes.ptr + EG_RECORD_BYTES, r->bytes.len - EG_RECORD_BYTES);
	return 1;
}

static int open_reader(struct run_reader *r, struct eg_db *db, uint64_t run, struct eg_error *err)
{
	*r = (struct run_reader){.db = db, .run = run};
	return eg_db_query(db, &r->stmt,
	    "SELECT chunk, bytes, checksum FROM run WHERE run = ?1 ORDER BY chunk",
	    EG_VALS(eg_int(run)), err);
}

static void close_reader(struct run_reader *r)
{
	if (r->stmt != NULL)
		eg_db_finish(r->db, r->stmt);
}

/* ── merging ── */

struct run_size {
	uint64_t run, bytes;
};

/* Of the two newest runs, the newest first; returns how many there are, up to 3. */
static int newest_runs(struct eg_db *db, struct run_size size[2], struct eg_error *err)
{
	sqlite3_stmt *stmt = NULL;
	unsigned cnt = 0;
	int rc = eg_db_query(db, &stmt,
	    "SELECT run, sum(length(bytes)) FROM run GROUP BY run ORDER BY run DESC LIMIT 3",
	    EG_NO_VALS, err);

	while (rc == 0 && (rc = eg_db_step(db, stmt, err)) > 0) {
		if (cnt < 2)
			size[cnt] = (struct run_size){eg_col_u64(stmt, 0), eg_col_u64(stmt, 1)};
		cnt++;
		rc = 0;
		if (cnt == 3) {
			eg_db_finish(db, stmt);
			break;
		}
	}
	return rc < 0 ? rc : (int)cnt;
}

static int merge_records(
    struct run_writer *w, struct run_reader *older, struct run_reader *newer, struct eg_error *err)
{
	int old = read_record(older, err);
	int new = old < 0 ? old : read_record(newer, err);
	int rc = new < 0 ? new : 0;

	while (rc == 0 && (old > 0 || new > 0)) {
		int by = old <= 0 ? 1 : new <= 0 ? -1 : order(&older->record, &newer->record);
		struct eg_record record = by < 0 ? older->record : newer->record;

		if (by == 0)
			record = combine(&older->record, &newer->record);
		rc = write_record(w, &record, err);
		if (rc == 0 && by <= 0)
			rc = old = read_record(older, err);
		if (rc >= 0 && by >= 0)
			rc = new = read_record(newer, err);
		rc = rc < 0 ? rc : 0;
	}
	return rc;
}

static int merge_into(struct run_writer *w, const struct run_size size[2], struct eg_error *err)
{
	struct run_reader newer = {0}, older = {0};
	int rc = open_reader(&newer, w->db, size[0].run, err);

	if (rc == 0)
		rc = open_reader(&older, w->db, size[1].run, err);
	if (rc == 0)
		rc = merge_records(w, &older, &newer, err);
	close_reader(&newer);
	close_reader(&older);
	if (rc == 0)
		rc = end_run(w, err);
	if (rc == 0)
		rc = eg_db_run(w->db, "DELETE FROM run WHERE run = ?1 OR run = ?2",
		    EG_VALS(eg_int(size[0].run), eg_int(size[1].run)), err);
	return rc;
}

static int merge(struct eg_db *db, const struct run_size size[2], bool is_oldest, uint64_t now_s,
    struct eg_error *err)
{
	struct run_writer *w = NULL;
	int rc = open_writer(&w, db, now_s, err);

	if (rc == 0) {
		w->is_oldest = is_oldest;
		rc = merge_into(w, size, err);
	}
	free(w);
	return rc;
}

static int merge_all(struct eg_db *db, uint64_t now_s, struct eg_error *err)
{
	struct run_size size[2];
	int cnt;

	while ((cnt = newest_runs(db, size, err)) >= 2 &&
	       size[1].bytes <= MERGE_FACTOR * size[0].bytes) {
		int rc = merge(db, size, cnt == 2, now_s, err);

		if (rc != 0)
			return rc;
	}
	return cnt < 0 ? cnt : 0;
}

/* ── a new run ── */

/* By hash, and of one hash in log order: the array is a slice of the log, so its addresses are. */
static int order_in_log(const void *pa, const void *pb)
{
	const struct eg_record *const *a = pa, *const *b = pb;
	int by = order(*a, *b);

	return by != 0 ? by : (*a > *b) - (*a < *b);
}

static int write_sorted(
    struct run_writer *w, const struct eg_record *const sorted[], size_t cnt, struct eg_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < cnt;) {
		struct eg_record record = *sorted[i++];

		while (i < cnt && order(&record, sorted[i]) == 0)
			record = combine(&record, sorted[i++]);
		rc = write_record(w, &record, err);
	}
	return rc == 0 ? end_run(w, err) : rc;
}

static int write_run(
    struct eg_db *db, const struct eg_records *records, uint64_t now_s, struct eg_error *err)
{
	const struct eg_record **sorted = calloc(records->cnt, sizeof(*sorted));
	struct run_writer *w = NULL;
	int rc;

	if (sorted == NULL)
		return eg_error_set(
		    err, EG_ENOMEM, "no memory for %zu revoked values", records->cnt);
	for (size_t i = 0; i < records->cnt; i++)
		sorted[i] = &records->record[i];
	qsort(sorted, records->cnt, sizeof(*sorted), order_in_log);
	rc = open_writer(&w, db, now_s, err);
	if (rc == 0)
		rc = write_sorted(w, sorted, records->cnt, err);
	free(w);
	free(sorted);
	return rc;
}

int eg_run_append(
    struct eg_db *db, struct eg_records *records, uint64_t now_s, struct eg_error *err)
{
	int rc;

	if (records->cnt == 0)
		return 0;
	rc = write_run(db, records, now_s, err);
	return rc == 0 ? merge_all(db, now_s, err) : rc;
}

/* ── all of them ── */

int eg_run_count(struct eg_db *db, uint64_t *cnt, struct eg_error *err)
{
	int rc = eg_db_number(
	    db, "SELECT coalesce(sum(length(bytes)), 0) FROM run", EG_NO_VALS, cnt, err);

	*cnt /= EG_RECORD_BYTES;
	return rc < 0 ? rc : 0;
}

static int each_of(struct eg_db *db, uint64_t run,
    int (*visit)(void *ctx, const struct eg_record *record, struct eg_error *err), void *ctx,
    struct eg_error *err)
{
	struct run_reader r;
	int rc = open_reader(&r, db, run, err);

	while (rc == 0 && (rc = read_record(&r, err)) > 0)
		rc = visit(ctx, &r.record, err);
	close_reader(&r);
	return rc;
}

int eg_run_each(struct eg_db *db,
    int (*visit)(void *ctx, const struct eg_record *record, struct eg_error *err), void *ctx,
    struct eg_error *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc =
	    eg_db_query(db, &stmt, "SELECT DISTINCT run FROM run ORDER BY run", EG_NO_VALS, err);

	while (rc == 0 && (rc = eg_db_step(db, stmt, err)) > 0) {
		rc = each_of(db, eg_col_u64(stmt, 0), visit, ctx, err);
		if (rc != 0)
			eg_db_finish(db, stmt);
	}
	return rc;
}
