/* SPDX-License-Identifier: BSD-3-Clause */
/* Backup, restore and verification of a whole store, and its audit. */
#include "chunk.h"
#include "rows.h"
#include "run.h"
#include "schema1.h"
#include "sealed.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* ── files ── */

#define FRESH_LETTERS 6 /* that mkstemp chooses */

/* Of the files that SQLite keeps of a database, its own name first. */
static const char *const file_ends[] = {"", "-journal", "-wal", "-shm"};
#define FILE_ENDS (sizeof(file_ends) / sizeof(file_ends[0]))

/* Beside `path`, so that a rename stays on one file system. */
static int make_beside(const char *path, char fresh[EG_STORE_PATH_BYTES], struct eg_error *err)
{
	int n = snprintf(fresh, EG_STORE_PATH_BYTES, "%s.new-XXXXXX", path);
	int fd;

	if (n < 0 || n >= EG_STORE_PATH_BYTES)
		return eg_error_set(err, EG_EINVAL, "the path %.64s… is too long", path);
	fd = mkstemp(fresh);
	if (fd < 0)
		return eg_store_errno(err, "create a file beside", path);
	(void)close(fd);
	return 0;
}

/* All pages of one database into another, in one transaction of each. */
static int copy_pages(struct eg_db *to, struct eg_db *from, struct eg_error *err)
{
	sqlite3_backup *backup = sqlite3_backup_init(to->sql, "main", from->sql, "main");
	int step;

	if (backup == NULL)
		return eg_db_error(to, err);
	do
		step = sqlite3_backup_step(backup, -1);
	while (step == SQLITE_OK);
	if (sqlite3_backup_finish(backup) == SQLITE_OK && step == SQLITE_DONE)
		return 0;
	if (step == SQLITE_BUSY || step == SQLITE_LOCKED)
		return eg_error_set(err, EG_EAGAIN,
		    "%s is busy: another program is writing to it; try again", to->path);
	return eg_db_error(to, err);
}

/* ── backup ── */

static int write_backup(struct eg_state *st, const char *fresh, struct eg_error *err)
{
	struct eg_db copy;
	int rc = eg_db_open(&copy, fresh, err);

	if (rc != 0)
		return rc;
	rc = copy_pages(&copy, &st->db, err);
	/* A backup is one file: no write-ahead log beside it. */
	if (rc == 0)
		rc = eg_db_script(&copy, "PRAGMA journal_mode=DELETE", err);
	eg_db_close(&copy);
	return rc == 0 ? eg_store_sync(fresh, err) : rc;
}

int eg_state_backup(struct eg_state *st, const char *path, struct eg_error *err)
{
	char fresh[EG_STORE_PATH_BYTES];
	int rc;

	if (access(path, F_OK) == 0)
		return eg_error_set(
		    err, EG_EEXIST, "%s is there already: a backup overwrites nothing", path);
	rc = make_beside(path, fresh, err);
	if (rc != 0)
		return rc;
	rc = write_backup(st, fresh, err);
	/* link() fails where the name was taken meanwhile. */
	if (rc == 0 && link(fresh, path) != 0)
		rc = eg_store_errno(err, "create", path);
	(void)unlink(fresh);
	return rc == 0 ? eg_store_sync(path, err) : rc;
}

/* ── verification ── */

static int check_pages(struct eg_db *db, struct eg_error *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = eg_db_query(db, &stmt, "PRAGMA integrity_check(1)", EG_NO_VALS, err);

	if (rc == 0)
		rc = eg_db_step(db, stmt, err);
	if (rc <= 0)
		return rc;
	rc = 0;
	if (!eg_span_eq_str(eg_col_blob(stmt, 0), "ok"))
		rc = eg_error_set(err, EG_ECORRUPT, "%s: %s", db->path,
		    (const char *)sqlite3_column_text(stmt, 0));
	eg_db_finish(db, stmt);
	return rc;
}

static int accept_event(void *ctx, const Eg__Pb__Event *event, struct eg_error *err)
{
	(void)ctx;
	(void)event;
	(void)err;
	return 0;
}

static int accept_record(void *ctx, const struct eg_record *record, struct eg_error *err)
{
	(void)ctx;
	(void)record;
	(void)err;
	return 0;
}

static int check_values(struct eg_state *st, const struct eg_meta *meta, struct eg_error *err)
{
	if (st->db.version == 1)
		return eg_schema1_each(&st->db, &meta->hash_key, accept_record, NULL, err);
	return eg_run_each(&st->db, accept_record, NULL, err);
}

static int check_chunks(struct eg_state *st, struct eg_error *err)
{
	uint8_t bytes[EG_CHUNK_BYTES];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < st->lists.cnt; i++)
		for (uint32_t c = 0; rc == 0 && c < eg_chunk_cnt(&st->lists.row[i]); c++)
			rc = eg_chunk_effective(&st->db, &st->lists.row[i], c, bytes, err);
	return rc;
}

/* Those too that no snapshot reads: issuers and keys that are gone may come back. */
static int check_sealed(struct eg_state *st, struct eg_error *err)
{
	int rc = eg_sealed_check_all(&st->db, EG_SEALED_ISSUER, err);

	if (rc == 0)
		rc = eg_sealed_check_all(&st->db, EG_SEALED_KEY, err);
	return rc == 0 ? eg_sealed_check_all(&st->db, EG_SEALED_LIST, err) : rc;
}

static int check_rows(struct eg_state *st, struct eg_error *err)
{
	struct eg_snapshot *snap = NULL;
	struct eg_meta meta;
	int rc = eg_meta_load(&st->db, &meta, err);

	if (rc == 0)
		rc = check_sealed(st, err);
	if (rc == 0)
		rc = eg_lists_sync(&st->lists, &st->db, err);
	if (rc == 0)
		rc = eg_rows_snapshot(st, &meta, &snap, err);
	eg_snapshot_free(snap);
	if (rc == 0)
		rc = eg_event_each(&st->db, meta.trimmed, meta.sequence, accept_event, NULL, err);
	if (rc == 0)
		rc = check_values(st, &meta, err);
	return rc == 0 ? check_chunks(st, err) : rc;
}

int eg_state_verify(struct eg_state *st, struct eg_error *err)
{
	int rc = eg_db_script(&st->db, "BEGIN", err);

	if (rc == 0)
		rc = check_pages(&st->db, err);
	if (rc == 0)
		rc = check_rows(st, err);
	eg_store_rollback(st);
	return rc;
}

/* ── restore ── */

struct restore {
	const char *dir, *path;
	int64_t utc_ns;
	char store[EG_STORE_PATH_BYTES];
	char fresh[EG_STORE_PATH_BYTES]; /* the backup, with its new generation */
	int kept_fd; /* edgate.generation beside the store: the highest that a restore has given */
	unsigned generation;
	uint64_t epoch;
};

/* Two restores at once would give two histories the same generation: whoever has the file open
 * locks it, until his death at the latest. */
static int lock_kept(struct restore *r, struct eg_error *err)
{
	char path[EG_STORE_PATH_BYTES];
	int rc = eg_store_path(path, r->dir, "edgate.generation", err);

	if (rc != 0)
		return rc;
	r->kept_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
	if (r->kept_fd < 0)
		return eg_store_errno(err, "open", path);
	(void)fchmod(r->kept_fd, 0660); /* past the umask, where the file is new and ours */
	if (flock(r->kept_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return eg_error_set(err, EG_EAGAIN,
		    "another restore into %s is under way: try again when it is done", r->dir);
	return eg_store_errno(err, "lock", path);
}

/* A store that is gone or cannot be read no longer tells what it has seen. */
static void read_kept(struct restore *r)
{
	char text[16] = "";
	unsigned long kept;

	if (pread(r->kept_fd, text, sizeof(text) - 1, 0) <= 0)
		return;
	kept = strtoul(text, NULL, 10);
	if (kept > r->generation && kept <= UINT16_MAX)
		r->generation = (unsigned)kept;
}

/* Before the store has it: one too high does no harm. It only grows, and so does the text. */
static int write_kept(const struct restore *r, struct eg_error *err)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u\n", r->generation + 1);

	if (pwrite(r->kept_fd, text, (size_t)n, 0) != n || fsync(r->kept_fd) != 0)
		return eg_store_errno(err, "write edgate.generation in", r->dir);
	return eg_store_sync(r->dir, err);
}

/* The highest generation that anything here has seen; a damaged row's too, as long as it can be
 * one: too high does no harm. */
static int look_at(struct restore *r, const char *path, struct eg_error *err)
{
	uint64_t generation = 0;
	struct eg_db db;
	int rc = eg_db_open(&db, path, err);

	if (rc != 0)
		return rc;
	rc = eg_db_number(&db, "SELECT generation FROM meta", EG_NO_VALS, &generation, err);
	eg_db_close(&db);
	if (rc == 0)
		rc = eg_error_set(err, EG_ECORRUPT, "%s: table meta is empty", path);
	if (rc > 0 && generation > r->generation && generation <= UINT16_MAX)
		r->generation = (unsigned)generation;
	return rc < 0 ? rc : 0;
}

static int stamp(struct restore *r, struct eg_state *st, struct eg_error *err)
{
	struct eg_meta meta;
	int rc = eg_db_script(&st->db, "BEGIN IMMEDIATE", err);

	if (rc == 0)
		rc = eg_meta_load(&st->db, &meta, err);
	if (rc == 0 && r->generation + 1 > UINT16_MAX)
		rc = eg_error_set(err, EG_ELIMIT, "%s: the last generation is used up", r->store);
	if (rc != 0)
		return rc;
	meta.generation = r->generation + 1;
	r->epoch = EG_EPOCH(meta.generation, meta.sequence);
	rc = eg_meta_save(&st->db, &meta, err);
	if (rc == 0)
		rc = eg_db_run(&st->db,
		    "INSERT INTO audit (sequence, utc_ns, uid, what)"
		    " VALUES (?1, ?2, ?3, 'restore from a backup')",
		    EG_VALS(eg_int(meta.sequence), eg_int((uint64_t)r->utc_ns), eg_int(getuid())),
		    err);
	return rc == 0 ? eg_db_script(&st->db, "COMMIT", err) : rc;
}

static int copy_file(const char *from, const char *to, struct eg_error *err)
{
	struct eg_db source, target;
	int rc = eg_db_open(&source, from, err);

	if (rc != 0)
		return rc;
	rc = eg_db_open(&target, to, err);
	if (rc == 0) {
		rc = copy_pages(&target, &source, err);
		eg_db_close(&target);
	}
	eg_db_close(&source);
	return rc;
}

/* A private copy of the backup, checked from end to end, under the new generation. */
static int prepare(struct restore *r, struct eg_error *err)
{
	struct eg_state *st = NULL;
	int rc = copy_file(r->path, r->fresh, err);

	if (rc == 0)
		rc = eg_state_open_file(&st, r->fresh, EG_STATE_WRITE, err);
	if (rc == 0)
		rc = eg_state_verify(st, err);
	if (rc == 0)
		rc = stamp(r, st, err);
	eg_state_close(st);
	return rc;
}

/* The running edgate reads on over the same file and finds another history in it. */
static int put_into_store(struct restore *r, struct eg_error *err)
{
	int rc = copy_file(r->fresh, r->store, err);

	if (rc == 0)
		rc = eg_store_sync(r->store, err);
	return rc == 0 ? eg_store_sync(r->dir, err) : rc;
}

/* The copy of a backup has no write-ahead log either. */
static int make_store_of(const char *path, struct eg_error *err)
{
	struct eg_db db;
	int rc = eg_db_open(&db, path, err);

	if (rc != 0)
		return rc;
	rc = eg_store_enter_wal(&db, err);
	eg_db_close(&db);
	return rc;
}

/* A store that cannot even be opened is kept under another name; a new file takes its place. */
static int replace_store(struct restore *r, struct eg_error *err)
{
	char aside[EG_STORE_PATH_BYTES + 32];
	static const char *const ends[] = {"", "-wal", "-shm"};
	int rc = make_store_of(r->fresh, err);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char from[EG_STORE_PATH_BYTES + 8];

		(void)snprintf(from, sizeof(from), "%s%s", r->store, ends[i]);
		(void)snprintf(aside, sizeof(aside), "%s.damaged-%lld%s", r->store,
		    (long long)(r->utc_ns / 1000000000), ends[i]);
		if (rename(from, aside) != 0 && errno != ENOENT)
			return eg_store_errno(err, "set aside", from);
	}
	if (chmod(r->fresh, 0660) != 0 || rename(r->fresh, r->store) != 0)
		return eg_store_errno(err, "put the backup at", r->store);
	return eg_store_sync(r->dir, err);
}

static int restore(struct restore *r, struct eg_error *err)
{
	struct eg_error why = {0};
	int store_rc = look_at(r, r->store, &why);
	int rc = look_at(r, r->path, err);

	read_kept(r);
	/* Sound, and in somebody's hands who would go on writing to what is set aside. */
	if (rc == 0 && store_rc == -EG_EAGAIN)
		rc = eg_error_set(err, EG_EAGAIN, "%s", why.text);
	if (rc == 0)
		rc = prepare(r, err);
	if (rc == 0)
		rc = write_kept(r, err);
	if (rc != 0)
		return rc;
	return store_rc == 0 ? put_into_store(r, err) : replace_store(r, err);
}

/* What SQLite says of a file that is not there speaks of write-ahead logs. */
static int check_backup(const char *path, struct eg_error *err)
{
	struct stat sb;

	if (access(path, R_OK) != 0 || stat(path, &sb) != 0)
		return eg_store_errno(err, "read the backup", path);
	if (!S_ISREG(sb.st_mode))
		return eg_error_set(
		    err, EG_EINVAL, "%s is not a file: give one that `state backup` wrote", path);
	return 0;
}

static void remove_fresh(const struct restore *r)
{
	for (size_t i = 0; i < FILE_ENDS; i++) {
		char left[EG_STORE_PATH_BYTES + 8];

		(void)snprintf(left, sizeof(left), "%s%s", r->fresh, file_ends[i]);
		(void)unlink(left);
	}
}

/* As make_beside names what is beside the store. */
static bool is_fresh_name(const char *name)
{
	static const char stem[] = "edgate.db.new-";
	const size_t stem_len = sizeof(stem) - 1;

	if (strncmp(name, stem, stem_len) != 0)
		return false;
	for (size_t i = 0; i < FRESH_LETTERS; i++)
		if (!isalnum((unsigned char)name[stem_len + i]))
			return false;
	for (size_t i = 0; i < FILE_ENDS; i++)
		if (strcmp(name + stem_len + FRESH_LETTERS, file_ends[i]) == 0)
			return true;
	return false;
}

/* What a restore (or an init) that was killed has left is a whole copy of a store. Whoever holds
 * the lock is the only restore, so it is nobody's. */
static void remove_left(const struct restore *r)
{
	DIR *dir = opendir(r->dir);
	const struct dirent *entry;
	struct stat sb;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (is_fresh_name(entry->d_name) &&
		    fstatat(dirfd(dir), entry->d_name, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(sb.st_mode))
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	(void)closedir(dir);
}

int eg_state_restore(
    const char *dir, const char *path, int64_t utc_ns, uint64_t *epoch, struct eg_error *err)
{
	struct restore r = {.dir = dir, .path = path, .utc_ns = utc_ns, .kept_fd = -1};
	int rc = eg_store_path(r.store, dir, "edgate.db", err);

	if (rc == 0)
		rc = check_backup(path, err);
	if (rc == 0)
		rc = lock_kept(&r, err);
	if (rc == 0) {
		remove_left(&r);
		rc = make_beside(r.store, r.fresh, err);
	}
	if (rc == 0) {
		rc = restore(&r, err);
		remove_fresh(&r);
	}
	if (r.kept_fd >= 0)
		(void)close(r.kept_fd);
	*epoch = r.epoch;
	return rc;
}

/* ── audit ── */

static int visit_lines(struct eg_db *db, sqlite3_stmt *stmt, unsigned generation,
    int (*visit)(void *ctx, const struct eg_audit_line *line, struct eg_error *err), void *ctx,
    struct eg_error *err)
{
	int rc;

	while ((rc = eg_db_step(db, stmt, err)) > 0) {
		struct eg_audit_line line = {
		    .epoch = EG_EPOCH(generation, eg_col_u64(stmt, 0)),
		    .utc_ns = eg_col_u64(stmt, 1),
		    .uid = eg_col_u64(stmt, 2),
		    .what = eg_col_blob(stmt, 3),
		};

		rc = visit(ctx, &line, err);
		if (rc != 0) {
			eg_db_finish(db, stmt);
			return rc;
		}
	}
	return rc;
}

int eg_state_audit(struct eg_state *st, uint64_t last,
    int (*visit)(void *ctx, const struct eg_audit_line *line, struct eg_error *err), void *ctx,
    struct eg_error *err)
{
	sqlite3_stmt *stmt = NULL;
	struct eg_meta meta;
	int rc = eg_meta_load(&st->db, &meta, err);

	if (rc == 0)
		rc = eg_db_query(&st->db, &stmt,
		    "SELECT sequence, utc_ns, uid, what FROM (SELECT * FROM audit"
		    " ORDER BY id DESC LIMIT ?1) ORDER BY id",
		    EG_VALS(eg_int(last != 0 ? last : INT64_MAX)), err);
	return rc == 0 ? visit_lines(&st->db, stmt, meta.generation, visit, ctx, err) : rc;
}
