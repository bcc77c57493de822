/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * State: changes through the API, and rows and events that nobody would write, with checksums that
 * are right, so that they are read. Input: steps, each an opcode and its operands.
 *
 * A reader that follows step by step and one that starts at the end see the same, whatever was
 * folded in between; what fails leaves the readers where they were.
 */
#include "fuzz_store_dir.h"

#include "chunk.h"
#include "rows.h"
#include "run.h"
#include "sealed.h"

#include <sodium.h>

#define STEPS_MAX   24u
#define ENTRIES_MAX 2000u

#define POLICY_IDS_MAX 4u

enum step {
	STEP_ISSUER_PUT,
	STEP_ISSUER_REMOVE,
	STEP_POLICY_PUT,
	STEP_POLICY_REMOVE,
	STEP_LIST_ADD,
	STEP_LIST_IMPORT,
	STEP_REVOKE_INDEX,
	STEP_REVOKE_VALUE,
	STEP_REVOKE_SUBJECT,
	STEP_REVOKE_ISSUER,
	STEP_REVOKE_KEY,
	STEP_FOLLOW,
	STEP_FOLD,       /* from now on every change folds the log */
	STEP_RAW_EVENT,  /* bytes, as the next event */
	STEP_RAW_POLICY, /* id, bytes */
	STEP_RAW_CHUNK,  /* list, layer, chunk, bytes */
	STEP_RAW_RECORD, /* hash, kind with its flags, until, since */
	STEP_RAW_LIST,   /* bits, entries */
	STEP_RAW_META,   /* a column of a small row is moved; high bit: its checksum stays */
	STEP_UNREVOKE,   /* kind, issuer, value */
	STEP_KEY_WINDOW, /* issuer, kid, from, to */
	STEP_CNT
};

struct run {
	struct eg_state *st;
	struct fuzz_reader reader; /* follows step by step */
	int64_t utc_ns;
	bool raw;                             /* something was written behind the store's back */
	struct eg_policy put[POLICY_IDS_MAX]; /* by id; id 0 in it: not there */
};

static const char *const issuers[] = {"https://a.example", "https://b.example", ""};
static const char *const uris[] = {"https://a.example/1", "urn:2", "urn:3", "urn:4"};

static struct eg_span pick_issuer(struct eg_reader *r)
{
	return eg_span_str(issuers[eg_read_u8(r) % 3]);
}

static struct eg_span pick_uri(struct eg_reader *r)
{
	return eg_span_str(uris[eg_read_u8(r) % 4]);
}

static void outcome(struct run *run, int rc, const struct eg_error *err)
{
	if (rc != 0)
		fuzz_check_failure(rc, err);
	FUZZ_CHECK(rc == 0 || run->raw || rc != -EG_ECORRUPT);
}

/* ── changes ── */

/* Up to 3 keys out of 8; equal kids are refused by the JWKS parser, so there are none here. */
static void issuer_put(struct run *run, struct eg_reader *r)
{
	static struct eg_jwks jwks;
	const struct eg_span issuer = pick_issuer(r);
	const uint8_t set = eg_read_u8(r);
	struct eg_error err = {0};
	uint64_t epoch;

	memset(&jwks, 0, sizeof(jwks));
	for (unsigned i = 0; i < 8; i++) {
		struct eg_jwk *key = &jwks.key[jwks.cnt];
		uint8_t seed[32] = {(uint8_t)(i + 1)}, secret[64];

		if ((set >> i & 1) == 0)
			continue;
		(void)crypto_sign_seed_keypair(key->x, secret, seed);
		key->outcome = EG_JWK_KEPT;
		key->has_kid = i != 0;
		key->kid_len = key->has_kid;
		key->kid[0] = key->has_kid ? (uint8_t)('a' + i) : 0;
		jwks.cnt++;
		jwks.kept_cnt++;
	}
	outcome(run, eg_state_issuer_put(run->st, issuer, &jwks, run->utc_ns, &epoch, &err), &err);
}

static void add_cwt_typs(struct eg_policy *policy, uint8_t flags, struct eg_reader *r)
{
	if ((flags & 1) != 0)
		eg_policy_clear_cwt_typs(policy);
	if ((flags & 2) != 0)
		(void)eg_policy_add_cwt_typ(policy, fuzz_take8(r), NULL);
	if ((flags & 4) != 0)
		(void)eg_policy_add_cwt_format(policy, eg_read_be16(r), NULL);
}

static struct eg_policy make_policy(struct eg_reader *r)
{
	const uint8_t id = eg_read_u8(r);
	struct eg_policy policy;
	uint8_t flags;

	eg_policy_init(&policy, id % POLICY_IDS_MAX);
	add_cwt_typs(&policy, id / POLICY_IDS_MAX, r);
	(void)eg_policy_add_issuer(&policy, pick_issuer(r), NULL);
	flags = eg_read_u8(r);
	policy.any_audience = flags & 1;
	policy.order = flags >> 1 & 1;
	policy.status = flags >> 2 & 1;
	policy.cnf = flags >> 3 & 1;
	policy.typ_required = flags >> 4 & 1;
	policy.exp_optional = flags >> 5 & 1;
	if ((flags & 0x40) != 0)
		eg_policy_clear_typs(&policy);
	if ((flags & 1) == 0)
		(void)eg_policy_add_audience(&policy, fuzz_take8(r), NULL);
	policy.skew_s = eg_read_be16(r);
	policy.max_age_s = eg_read_be32(r);
	(void)eg_policy_add_typ(&policy, fuzz_take8(r), NULL);
	if ((flags & 0x80) != 0)
		(void)eg_policy_str_set(&policy.implicit_assertion, fuzz_take8(r), "it", NULL);
	return policy;
}

static void policy_put(struct run *run, struct eg_reader *r)
{
	const struct eg_policy policy = make_policy(r);
	struct eg_error err = {0};
	uint64_t epoch;
	int rc =
	    eg_state_policy_put(run->st, &policy, eg_read_u8(r) & 1, run->utc_ns, &epoch, &err);

	outcome(run, rc, &err);
	if (rc == 0)
		run->put[policy.id] = policy;
}

/* What a reader gets is what was put, but for what the store gives it. */
static void check_policies(const struct run *run)
{
	const struct eg_snapshot *snap = run->reader.snapshot;
	unsigned there = 0;

	for (unsigned id = 1; id < POLICY_IDS_MAX; id++)
		there += run->put[id].id != 0;
	FUZZ_CHECK(snap->policy_cnt == there);
	for (uint32_t i = 0; i < snap->policy_cnt; i++) {
		struct eg_policy got = snap->policy[i];
		const struct eg_policy *put = &run->put[got.id];

		got.generation = put->generation;
		memcpy(got.issuer_slot, put->issuer_slot, sizeof(got.issuer_slot));
		FUZZ_CHECK(memcmp(&got, put, sizeof(got)) == 0);
	}
}

static void list_add(struct run *run, struct eg_reader *r)
{
	const struct eg_span uri = pick_uri(r), issuer = pick_issuer(r);
	const unsigned bits = 1u << eg_read_u8(r) % 5;
	const uint32_t entries = eg_read_be16(r) % ENTRIES_MAX;
	struct eg_error err = {0};
	uint64_t epoch;

	outcome(run,
	    eg_state_list_add(run->st, uri, issuer, bits, entries, run->utc_ns, &epoch, &err),
	    &err);
}

/* As many bytes as the list has, repeating what the input says; or one byte fewer. */
static void list_import(struct run *run, struct eg_reader *r)
{
	const struct eg_span uri = pick_uri(r);
	const struct eg_list_row *list = eg_lists_find(&run->st->lists, uri);
	size_t len = list != NULL ? (size_t)eg_list_bytes(list) : 5;
	struct eg_span pattern = fuzz_take8(r);
	struct eg_list_import import = {.form = EG_LIST_RAW};
	struct eg_error err = {0};
	uint8_t *bytes;
	uint64_t epoch;

	len -= pattern.len % 16 == 15 && len > 0;
	bytes = calloc(1, len + 1);
	FUZZ_CHECK(bytes != NULL);
	for (size_t i = 0; i < len && pattern.len != 0; i++)
		bytes[i] = pattern.ptr[i % pattern.len];
	import.file = eg_span(bytes, len);
	outcome(run, eg_state_list_import(run->st, uri, &import, run->utc_ns, &epoch, &err), &err);
	free(bytes);
}

static void revoke_index(struct run *run, struct eg_reader *r)
{
	const struct eg_span uri = pick_uri(r);
	const uint8_t shape = eg_read_u8(r);
	const size_t cnt = shape % 9;
	struct eg_index_range ranges[8];
	struct eg_error err = {0};
	uint64_t epoch;

	for (size_t i = 0; i < cnt && i < 8; i++) {
		ranges[i].first = eg_read_be16(r) % ENTRIES_MAX;
		ranges[i].last = ranges[i].first + eg_read_u8(r);
	}
	outcome(run,
	    eg_state_set_index(run->st, uri, (EG_INDEX_REVOKED + shape / 9) % 3, ranges,
	        cnt < 8 ? cnt : 8, run->utc_ns, &epoch, &err),
	    &err);
}

static void revoke_value(struct run *run, struct eg_reader *r)
{
	const enum eg_revoke_kind kind = eg_read_u8(r) % 7;
	const struct eg_span issuer = pick_issuer(r), value = fuzz_take8(r);
	const uint64_t exp_s = 1700000000u + eg_read_be16(r) - 32768;
	const struct eg_state_values one = fuzz_one_value(kind, issuer, &value, exp_s);
	struct eg_error err = {0};
	uint64_t epoch;

	if (kind < EG_REVOKE_JTI || kind > EG_REVOKE_JKT)
		return;
	outcome(run, eg_state_revoke_values(run->st, &one, run->utc_ns, &epoch, &err), &err);
}

static void revoke_other(struct run *run, enum step step, struct eg_reader *r)
{
	const struct eg_span issuer = pick_issuer(r), name = fuzz_take8(r);
	const uint64_t until_s = eg_read_be32(r);
	const struct eg_state_values subject =
	    fuzz_one_value(EG_REVOKE_SUBJECT, issuer, &name, until_s);
	struct eg_error err = {0};
	uint64_t epoch;
	int rc;

	if (step == STEP_REVOKE_SUBJECT)
		rc = eg_state_revoke_values(run->st, &subject, run->utc_ns, &epoch, &err);
	else if (step == STEP_REVOKE_ISSUER)
		rc = eg_state_revoke_issuer(run->st, issuer, until_s, run->utc_ns, &epoch, &err);
	else if (step == STEP_REVOKE_KEY)
		rc = eg_state_revoke_key(run->st, issuer, name, run->utc_ns, &epoch, &err);
	else if (step == STEP_ISSUER_REMOVE)
		rc = eg_state_issuer_remove(run->st, issuer, run->utc_ns, &epoch, &err);
	else
		rc = eg_state_policy_remove(
		    run->st, until_s % POLICY_IDS_MAX, run->utc_ns, &epoch, &err);
	if (rc == 0 && step == STEP_POLICY_REMOVE)
		run->put[until_s % POLICY_IDS_MAX].id = 0;
	outcome(run, rc, &err);
}

/* ── behind the store's back ── */

static void raw(struct run *run, const char *sql, struct eg_vals vals)
{
	run->raw = true;
	(void)eg_db_run(&run->st->db, sql, vals, NULL); /* the schema refuses some of it */
}

/* In all rows of the small tables. */
static void renew_checksums(struct run *run)
{
	static const char *const forget[] = {
	    [EG_SEALED_META] = "UPDATE meta SET checksum = x''",
	    [EG_SEALED_ISSUER] = "UPDATE issuer SET checksum = x''",
	    [EG_SEALED_KEY] = "UPDATE key SET checksum = x''",
	    [EG_SEALED_LIST] = "UPDATE list SET checksum = x''",
	};

	for (enum eg_sealed table = EG_SEALED_META; table <= EG_SEALED_LIST; table++) {
		raw(run, forget[table], EG_NO_VALS);
		(void)eg_sealed_end(&run->st->db, table, NULL);
	}
}

static void raw_event(struct run *run, struct eg_reader *r)
{
	const struct eg_span body = fuzz_take16(r);
	struct eg_meta meta;
	struct eg_db_sum sum;

	if (eg_meta_load(&run->st->db, &meta, NULL) != 0)
		return;
	meta.sequence++;
	sum = eg_db_sum("event", &meta.sequence, 1, body);
	raw(run, "INSERT INTO event VALUES (?1, ?2, ?3)",
	    EG_VALS(eg_int(meta.sequence), eg_blob(body), eg_sum_val(&sum)));
	(void)eg_meta_save(&run->st->db, &meta, NULL);
}

static void raw_policy(struct run *run, struct eg_reader *r)
{
	const uint64_t id = eg_read_u8(r);
	const struct eg_span body = fuzz_take16(r);
	const struct eg_db_sum sum = eg_db_sum("policy", &id, 1, body);

	raw(run, "INSERT OR REPLACE INTO policy VALUES (?1, ?2, ?3)",
	    EG_VALS(eg_int(id), eg_blob(body), eg_sum_val(&sum)));
}

static void raw_chunk(struct run *run, struct eg_reader *r)
{
	const uint64_t numbers[] = {eg_read_u8(r) % 4, eg_read_u8(r) % 3, eg_read_u8(r) % 3};
	const struct eg_span bytes = fuzz_take16(r);
	const struct eg_db_sum sum = eg_db_sum("bitmap", numbers, 3, bytes);

	raw(run, "INSERT OR REPLACE INTO bitmap VALUES (?1, ?2, ?3, ?4, ?5)",
	    EG_VALS(eg_int(numbers[0]), eg_int(numbers[1]), eg_int(numbers[2]), eg_blob(bytes),
	        eg_sum_val(&sum)));
}

static void raw_record(struct run *run, struct eg_reader *r)
{
	const uint8_t kind = eg_read_u8(r);
	struct eg_records records = {0};
	struct eg_record record = {
	    .kind = kind & 0x3f,
	    .resets = (kind & 0x80) != 0,
	    .absent = (kind & 0x40) != 0,
	    .until_s = eg_read_be64(r),
	};
	const uint32_t now_s = eg_read_be32(r);

	record.hash.hi = eg_read_be64(r);
	record.hash.lo = eg_read_be64(r);
	run->raw = true;
	FUZZ_CHECK(eg_records_add(&records, &record, NULL) == 0);
	(void)eg_run_append(&run->st->db, &records, now_s, NULL);
	eg_records_free(&records);
}

static void unrevoke(struct run *run, struct eg_reader *r)
{
	const enum eg_revoke_kind kind = EG_REVOKE_JTI + eg_read_u8(r) % 6;
	const struct eg_span issuer = pick_issuer(r), value = fuzz_take8(r);
	struct eg_error err = {0};
	uint64_t epoch;

	outcome(
	    run, eg_state_unrevoke(run->st, kind, issuer, value, run->utc_ns, &epoch, &err), &err);
}

static void key_window(struct run *run, struct eg_reader *r)
{
	const struct eg_span issuer = pick_issuer(r), kid = fuzz_take8(r);
	const uint64_t from_s = eg_read_be32(r);
	const struct eg_key_window window = {from_s, eg_read_be32(r)};
	struct eg_error err = {0};
	uint64_t epoch;

	outcome(run, eg_state_key_window(run->st, issuer, kid, window, run->utc_ns, &epoch, &err),
	    &err);
}

static void raw_list(struct run *run, struct eg_reader *r)
{
	const uint64_t id = eg_read_u8(r) % 5, bits = eg_read_u8(r) % 17;

	raw(run, "UPDATE list SET bits = ?2, entries = ?3 WHERE id = ?1",
	    EG_VALS(eg_int(id), eg_int(bits), eg_int(eg_read_be16(r) % ENTRIES_MAX)));
	renew_checksums(run);
}

static void raw_meta(struct run *run, struct eg_reader *r)
{
	static const char *const moves[] = {
	    "UPDATE meta SET sequence = max(0, sequence + ?1)",
	    "UPDATE meta SET checkpoint = max(0, checkpoint + ?1)",
	    "UPDATE meta SET trimmed = max(0, trimmed + ?1)",
	    "UPDATE meta SET generation = max(0, generation + ?1)",
	    "UPDATE meta SET default_policy = ?1",
	    "UPDATE issuer SET name = zeroblob(abs(?1)) WHERE id = 1",
	    "UPDATE key SET x = zeroblob(32) WHERE idx = abs(?1)",
	    "UPDATE key SET name = zeroblob(abs(?1)), has_kid = 1 WHERE idx = 1",
	    "DELETE FROM event WHERE sequence = abs(?1)",
	};
	const uint8_t code = eg_read_u8(r);
	const size_t which = (code & 0x7fu) % (sizeof(moves) / sizeof(moves[0]));

	raw(run, moves[which], EG_VALS((struct eg_val){.n = (int8_t)eg_read_u8(r)}));
	if ((code & 0x80) == 0)
		renew_checksums(run);
}

/* ── running ── */

static void follow(struct run *run)
{
	const uint64_t before = run->reader.epoch;
	struct eg_error err = {0};
	bool changed;
	int rc = fuzz_reader_follow(&run->reader, &changed, &err);

	outcome(run, rc, &err);
	FUZZ_CHECK(run->raw || run->reader.epoch >= before);
	if (rc == 0)
		FUZZ_CHECK(fuzz_reader_follow(&run->reader, &changed, NULL) == 0 && !changed);
}

static void take_step(struct run *run, struct eg_reader *r)
{
	const enum step step = eg_read_u8(r) % STEP_CNT;

	run->utc_ns += (int64_t)eg_read_u8(r) * 100000000000LL; /* 100 s */
	switch (step) {
	case STEP_ISSUER_PUT:
		issuer_put(run, r);
		return;
	case STEP_POLICY_PUT:
		policy_put(run, r);
		return;
	case STEP_LIST_ADD:
		list_add(run, r);
		return;
	case STEP_LIST_IMPORT:
		list_import(run, r);
		return;
	case STEP_REVOKE_INDEX:
		revoke_index(run, r);
		return;
	case STEP_REVOKE_VALUE:
		revoke_value(run, r);
		return;
	case STEP_ISSUER_REMOVE:
	case STEP_POLICY_REMOVE:
	case STEP_REVOKE_SUBJECT:
	case STEP_REVOKE_ISSUER:
	case STEP_REVOKE_KEY:
		revoke_other(run, step, r);
		return;
	case STEP_FOLLOW:
		follow(run);
		return;
	case STEP_FOLD:
		eg_state_set_log_limits(run->st, eg_read_u8(r) % 4, 0);
		return;
	case STEP_RAW_EVENT:
		raw_event(run, r);
		return;
	case STEP_RAW_POLICY:
		raw_policy(run, r);
		return;
	case STEP_RAW_CHUNK:
		raw_chunk(run, r);
		return;
	case STEP_RAW_RECORD:
		raw_record(run, r);
		return;
	case STEP_RAW_LIST:
		raw_list(run, r);
		return;
	case STEP_RAW_META:
		raw_meta(run, r);
		return;
	case STEP_UNREVOKE:
		unrevoke(run, r);
		return;
	case STEP_KEY_WINDOW:
		key_window(run, r);
		return;
	case STEP_CNT:
		return;
	}
}

static void start(struct run *run)
{
	const struct fuzz_store_dir *d = fuzz_store_dir(NULL);

	*run = (struct run){.utc_ns = FUZZ_T0_NS};
	fuzz_store_write(d, eg_span(d->image, d->image_bytes));
	FUZZ_CHECK(eg_state_open(&run->st, d->dir, EG_STATE_WRITE, NULL) == 0);
	FUZZ_CHECK(sqlite3_exec(run->st->db.sql,
	               "PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF;"
	               "PRAGMA ignore_check_constraints=ON",
	               NULL, NULL, NULL) == SQLITE_OK);
	FUZZ_CHECK(fuzz_reader_open(&run->reader, d->dir) == 0);
}

/* Who starts only now. */
static void finish(struct run *run)
{
	struct eg_error err = {0};
	static struct fuzz_reader late;
	bool changed;
	int rc = fuzz_reader_open(&late, fuzz_store_dir(NULL)->dir);

	FUZZ_CHECK(rc == 0 || run->raw);
	if (rc == 0) {
		rc = fuzz_reader_follow(&late, &changed, &err);
		outcome(run, rc, &err);
		follow(run);
		if (!run->raw) {
			fuzz_readers_agree(&run->reader, &late);
			check_policies(run);
		}
		if (rc == 0)
			fuzz_mark("followed", run->raw ? "raw" : "clean");
		fuzz_reader_close(&late);
	}
	fuzz_reader_close(&run->reader);
	eg_state_close(run->st);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct eg_reader r = eg_reader(eg_span(data, size));
	static struct run run;

	start(&run);
	for (unsigned i = 0; i < STEPS_MAX && r.left > 0; i++)
		take_step(&run, &r);
	finish(&run);
	return 0;
}
