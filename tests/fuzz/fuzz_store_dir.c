/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz_store_dir.h"

#include "eg_log.h"
#include "run.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ── no random numbers: the same store in every process ── */

static const char *fixed_name(void)
{
	return "fixed";
}

static uint32_t fixed_random(void)
{
	return 4;
}

static void fixed_buf(void *const buf, const size_t size)
{
	memset(buf, 4, size);
}

static struct randombytes_implementation fixed = {
    .implementation_name = fixed_name, .random = fixed_random, .buf = fixed_buf};

/* ── the directory ── */

static struct fuzz_store_dir the_dir;
static pid_t owner;

static void remove_with(const char *suffix)
{
	char path[192];

	(void)snprintf(path, sizeof(path), "%s%s", the_dir.file, suffix);
	(void)unlink(path);
}

static void remove_dir(void)
{
	if (getpid() != owner)
		return;
	remove_with("");
	remove_with("-wal");
	remove_with("-shm");
	(void)rmdir(the_dir.dir);
}

static void make_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)strcpy(the_dir.dir, "/dev/shm/edgate-fuzz-XXXXXX");
	if (mkdtemp(the_dir.dir) == NULL) {
		(void)snprintf(the_dir.dir, sizeof(the_dir.dir), "%s/edgate-fuzz-XXXXXX",
		    tmp != NULL ? tmp : "/tmp");
		FUZZ_CHECK(mkdtemp(the_dir.dir) != NULL);
	}
	(void)snprintf(the_dir.file, sizeof(the_dir.file), "%s/edgate.db", the_dir.dir);
	owner = getpid();
	FUZZ_CHECK(atexit(remove_dir) == 0);
}

static void read_image(void)
{
	struct stat st;
	FILE *f = fopen(the_dir.file, "rb");

	FUZZ_CHECK(f != NULL && fstat(fileno(f), &st) == 0);
	the_dir.image_bytes = (size_t)st.st_size;
	the_dir.image = malloc(the_dir.image_bytes);
	FUZZ_CHECK(fread(the_dir.image, 1, the_dir.image_bytes, f) == the_dir.image_bytes);
	(void)fclose(f);
}

struct fuzz_store_dir *fuzz_store_dir(void (*fill)(struct eg_state *st))
{
	struct eg_state *st;

	if (the_dir.image != NULL)
		return &the_dir;
	eg_log_init("fuzz", EG_LOG_ERROR);
	FUZZ_CHECK(randombytes_set_implementation(&fixed) == 0);
	FUZZ_CHECK(sodium_init() >= 0);
	make_dir();
	FUZZ_CHECK(eg_state_create(the_dir.dir, NULL, FUZZ_T0_NS, NULL) == 0);
	if (fill != NULL) {
		FUZZ_CHECK(eg_state_open(&st, the_dir.dir, EG_STATE_WRITE, NULL) == 0);
		fill(st);
		eg_state_close(st); /* the last handle folds the log into the file */
	}
	read_image();
	return &the_dir;
}

void fuzz_store_write(const struct fuzz_store_dir *d, struct eg_span bytes)
{
	int fd;

	remove_with("-wal");
	remove_with("-shm");
	fd = open(d->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FUZZ_CHECK(fd >= 0);
	FUZZ_CHECK(write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len);
	(void)close(fd);
}

/* ── a follower ── */

static void remember(struct fuzz_reader *r, struct eg_hash128 hash)
{
	if (r->hash_cnt < FUZZ_HASHES_MAX)
		r->hash[r->hash_cnt++] = hash;
}

static void put(void *ctx, const struct eg_revoke_op *op)
{
	struct fuzz_reader *r = ctx;

	eg_revoke_apply(r->revoke, op);
	if (op->kind == EG_REVOKE_OP_ENTRY)
		remember(r, op->entry.hash);
}

static void nothing_waits(void *ctx)
{
	(void)ctx;
}

static void take_snapshot(void *ctx, struct eg_snapshot *snapshot)
{
	struct fuzz_reader *r = ctx;

	eg_snapshot_free(r->snapshot);
	r->snapshot = snapshot;
}

static void take_epoch(void *ctx, uint64_t epoch)
{
	struct fuzz_reader *r = ctx;

	r->epoch = epoch;
}

int fuzz_reader_open(struct fuzz_reader *r, const char *dir)
{
	struct eg_error err = {0};
	int rc;

	memset(r, 0, sizeof(*r));
	rc = eg_state_open(&r->st, dir, EG_STATE_READ, &err);
	if (rc != 0) {
		FUZZ_CHECK(r->st == NULL);
		fuzz_check_failure(rc, &err);
		return rc;
	}
	r->revoke = eg_revoke_new();
	FUZZ_CHECK(r->revoke != NULL);
	return 0;
}

void fuzz_reader_close(struct fuzz_reader *r)
{
	eg_snapshot_free(r->snapshot);
	eg_revoke_free(r->revoke);
	eg_state_close(r->st);
	memset(r, 0, sizeof(*r));
}

int fuzz_reader_follow(struct fuzz_reader *r, bool *changed, struct eg_error *err)
{
	const struct eg_follower follower = {.ctx = r,
	    .sink = {r, put, nothing_waits},
	    .snapshot = take_snapshot,
	    .epoch = take_epoch};
	const uint64_t before = r->epoch;
	int rc = eg_state_follow(r->st, r->revoke, &follower, changed, err);

	if (rc != 0)
		FUZZ_CHECK(r->epoch == before && !*changed);
	return rc;
}

void fuzz_check_failure(int rc, const struct eg_error *err)
{
	static const char *const names[] = {[EG_EINVAL] = "EINVAL",
	    [EG_ENOENT] = "ENOENT",
	    [EG_EEXIST] = "EEXIST",
	    [EG_EIO] = "EIO",
	    [EG_ENOMEM] = "ENOMEM",
	    [EG_EPERM] = "EPERM",
	    [EG_ELIMIT] = "ELIMIT",
	    [EG_ECORRUPT] = "ECORRUPT",
	    [EG_EVERSION] = "EVERSION",
	    [EG_EAGAIN] = "EAGAIN"};

	FUZZ_CHECK(rc < 0 && err->code == rc);
	FUZZ_CHECK((size_t)-rc < sizeof(names) / sizeof(names[0]) && names[-rc] != NULL);
	FUZZ_CHECK(err->text[0] != '\0' && memchr(err->text, 0, sizeof(err->text)) != NULL);
	fuzz_mark("failure", names[-rc]);
}

/* ── two followers ── */

static void same_keys(const struct eg_keyset *a, const struct eg_keyset *b)
{
	FUZZ_CHECK(eg_keyset_issuer_cnt(a) == eg_keyset_issuer_cnt(b));
	for (uint32_t i = 0; i < eg_keyset_issuer_cnt(a); i++) {
		const struct eg_issuer *x = eg_keyset_issuer(a, i), *y = eg_keyset_issuer(b, i);

		FUZZ_CHECK(eg_span_eq(x->name, y->name) && x->key_cnt == y->key_cnt);
		for (uint32_t k = 0; k < x->key_cnt; k++) {
			const struct eg_key *p = eg_keyset_key(a, x, k);
			const struct eg_key *q = eg_keyset_key(b, y, k);

			FUZZ_CHECK(eg_span_eq(p->kid, q->kid) && p->has_kid == q->has_kid);
			FUZZ_CHECK(p->index == q->index && p->revoked == q->revoked);
			FUZZ_CHECK(memcmp(p->ed.bytes, q->ed.bytes, sizeof(p->ed.bytes)) == 0);
		}
	}
}

static void same_map(const struct eg_bitmap *a, const struct eg_bitmap *b)
{
	FUZZ_CHECK(eg_bitmap_bits(a) == eg_bitmap_bits(b));
	FUZZ_CHECK(eg_bitmap_entries(a) == eg_bitmap_entries(b));
	for (uint32_t i = 0; i < eg_bitmap_entries(a); i++)
		FUZZ_CHECK(eg_bitmap_get(a, i) == eg_bitmap_get(b, i));
}

static int remember_record(void *ctx, const struct eg_record *record, struct eg_error *err)
{
	(void)err;
	remember(ctx, record->hash);
	return 0;
}

/* A reader that starts builds its tables aside: no operation names what is in them. */
static void remember_runs(struct fuzz_reader *r)
{
	FUZZ_CHECK(eg_run_each(&r->st->db, remember_record, r, NULL) == 0);
}

/* A denied id that is past may be gone from the tables of one; nothing else may. */
static void same_entry(const struct fuzz_reader *has, const struct fuzz_reader *other, unsigned i)
{
	uint64_t x, y;

	if (!eg_revoke_lookup(has->revoke, has->hash[i], &x))
		FUZZ_CHECK(!eg_revoke_lookup(other->revoke, has->hash[i], &y) ||
		           y + EG_REVOKE_GRACE_S < other->snapshot->newest_event_s);
	else if (eg_revoke_lookup(other->revoke, has->hash[i], &y))
		FUZZ_CHECK(x == y);
	else
		FUZZ_CHECK(x + EG_REVOKE_GRACE_S < other->snapshot->newest_event_s);
}

static void same_entries(const struct fuzz_reader *a, const struct fuzz_reader *b)
{
	for (unsigned i = 0; i < a->hash_cnt; i++)
		same_entry(a, b, i);
}

void fuzz_readers_agree(struct fuzz_reader *a, struct fuzz_reader *b)
{
	const struct eg_snapshot *x = a->snapshot, *y = b->snapshot;

	FUZZ_CHECK(a->epoch == b->epoch && x != NULL && y != NULL);
	same_keys(x->keys, y->keys);
	FUZZ_CHECK(x->policy_cnt == y->policy_cnt && x->default_policy == y->default_policy);
	FUZZ_CHECK(x->policy_cnt == 0 ||
	           memcmp(x->policy, y->policy, x->policy_cnt * sizeof(*x->policy)) == 0);
	FUZZ_CHECK(x->list_cnt == y->list_cnt);
	for (uint32_t i = 0; i < x->list_cnt; i++) {
		FUZZ_CHECK(eg_span_eq(x->list[i].uri, y->list[i].uri));
		same_map(x->list[i].map, y->list[i].map);
	}
	remember_runs(b);
	same_entries(a, b);
	same_entries(b, a);
}
