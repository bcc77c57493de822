/* SPDX-License-Identifier: BSD-3-Clause */
#include "sealed.h"
#include "store.h"
#include "upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_EVENTS_MAX  4096
#define LOG_INDICES_MAX (1u << 20)

int eg_store_errno(struct eg_error *err, const char *what, const char *path)
{
	int e = errno;

	return eg_error_set(
	    err, e == ENOENT ? EG_ENOENT : EG_EIO, "cannot %s %s: %s", what, path, strerror(e));
}

int eg_store_sync(const char *path, struct eg_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = 0;

	if (fd < 0)
		return eg_store_errno(err, "open", path);
	if (fsync(fd) != 0)
		rc = eg_store_errno(err, "sync", path);
	(void)close(fd);
	return rc;
}

int eg_store_path(
    char path[EG_STORE_PATH_BYTES], const char *dir, const char *name, struct eg_error *err)
{
	int n = snprintf(path, EG_STORE_PATH_BYTES, "%s/%s", dir, name);

	if (n < 0 || n >= EG_STORE_PATH_BYTES)
		return eg_error_set(err, EG_EINVAL, "the path %.64s… is too long", dir);
	return 0;
}

int eg_store_version(struct eg_db *db, struct eg_error *err)
{
	uint64_t found = 0;
	int rc = eg_db_number(db, "PRAGMA user_version", EG_NO_VALS, &found, err);

	db->version = (unsigned)found;
	if (rc < 0)
		return rc;
	if (found > EG_STORE_SCHEMA_VERSION)
		return eg_error_set(err, EG_EVERSION,
		    "%s was written by a newer edgate (schema %u, this one knows up to %u): "
		    "upgrade this program",
		    db->path, db->version, EG_STORE_SCHEMA_VERSION);
	if (found == 0)
		return eg_error_set(
		    err, EG_ECORRUPT, "%s has no schema: its header is damaged", db->path);
	return 0;
}

static int check_identity(struct eg_state *st, struct eg_error *err)
{
	uint64_t id = 0;
	int rc = eg_db_number(&st->db, "PRAGMA application_id", EG_NO_VALS, &id, err);

	if (rc < 0)
		return rc;
	if (id != EG_STORE_APPLICATION_ID)
		return eg_error_set(err, EG_ECORRUPT, "%s is not an edgate store", st->db.path);
	rc = eg_store_version(&st->db, err);
	if (rc == 0 && st->db.version < EG_STORE_SCHEMA_VERSION && st->writable)
		rc = eg_upgrade(st, err);
	return rc;
}

static int set_up_connection(struct eg_state *st, struct eg_error *err)
{
	struct eg_meta meta;
	int rc = 0;

	if (st->writable && sqlite3_db_readonly(st->db.sql, "main") == 1)
		rc = eg_error_set(err, EG_EIO,
		    "%s cannot be written by this user: use root or its group", st->db.path);
	if (rc == 0)
		rc = eg_db_script(&st->db,
		    "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
		    "PRAGMA cell_size_check=ON;",
		    err);
	if (rc == 0)
		rc = check_identity(st, err);
	if (rc == 0 && !st->writable) {
		rc = eg_db_script(&st->db, "PRAGMA query_only=ON", err);
		(void)sqlite3_busy_timeout(st->db.sql, EG_DB_FOLLOW_BUSY_MS);
	}
	return rc == 0 ? eg_meta_load(&st->db, &meta, err) : rc;
}

static int open_store(
    struct eg_state *st, const char *path, enum eg_state_mode mode, struct eg_error *err)
{
	struct stat sb;
	int rc;

	if (stat(path, &sb) != 0)
		return eg_store_errno(err, "open", path);
	st->dev = sb.st_dev;
	st->ino = sb.st_ino;
	st->writable = mode == EG_STATE_WRITE;
	st->log_events_max = LOG_EVENTS_MAX;
	st->log_indices_max = LOG_INDICES_MAX;
	rc = eg_db_open(&st->db, path, err);
	return rc == 0 ? set_up_connection(st, err) : rc;
}

int eg_state_open_file(
    struct eg_state **st, const char *path, enum eg_state_mode mode, struct eg_error *err)
{
	struct eg_state *s = calloc(1, sizeof(*s));
	int rc;

	*st = NULL;
	if (s == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory to open the store %s", path);
	rc = open_store(s, path, mode, err);
	if (rc != 0) {
		eg_state_close(s);
		return rc;
	}
	*st = s;
	return 0;
}

int eg_state_open(
    struct eg_state **st, const char *dir, enum eg_state_mode mode, struct eg_error *err)
{
	char path[EG_STORE_PATH_BYTES];
	struct stat sb;
	int rc = eg_store_path(path, dir, "edgate.db", err);

	*st = NULL;
	if (rc != 0)
		return rc;
	if (stat(path, &sb) != 0 && (errno == ENOENT || errno == ENOTDIR))
		return eg_error_set(err, EG_ENOENT,
		    "there is no store in %s: run `edgatectl --state %s init`", dir, dir);
	return eg_state_open_file(st, path, mode, err);
}

void eg_state_close(struct eg_state *st)
{
	if (st == NULL)
		return;
	eg_db_close(&st->db);
	eg_lists_free(&st->lists);
	eg_seen_keys_free(&st->seen);
	free(st);
}

void eg_state_set_log_limits(struct eg_state *st, uint64_t events, uint64_t indices)
{
	st->log_events_max = events;
	st->log_indices_max = indices;
}

int eg_store_check_path(const struct eg_state *st, struct eg_error *err)
{
	struct stat sb;

	if (stat(st->db.path, &sb) != 0)
		return eg_store_errno(err, "find", st->db.path);
	if (sb.st_dev != st->dev || sb.st_ino != st->ino)
		return eg_error_set(
		    err, EG_EIO, "%s was replaced while in use: restart this program", st->db.path);
	return 0;
}

void eg_store_rollback(struct eg_state *st)
{
	if (sqlite3_get_autocommit(st->db.sql) == 0)
		(void)eg_db_run(&st->db, "ROLLBACK", EG_NO_VALS, NULL);
}

/* In the order of the table. */
enum column {
	GENERATION = 1,
	SEQUENCE,
	CHECKPOINT,
	TRIMMED,
	TAIL_INDICES,
	NEWEST_UTC,
	HIGHEST_UTC,
	DEFAULT_POLICY,
	HASH_KEY
};

static int read_meta(
    struct eg_db *db, sqlite3_stmt *stmt, struct eg_meta *meta, struct eg_error *err)
{
	struct eg_span key = eg_col_blob(stmt, HASH_KEY);
	int rc = eg_sealed_check(db, stmt, EG_SEALED_META, err);

	if (rc != 0)
		return rc;
	meta->generation = eg_col_u32(stmt, GENERATION);
	meta->sequence = eg_col_u64(stmt, SEQUENCE);
	meta->checkpoint = eg_col_u64(stmt, CHECKPOINT);
	meta->trimmed = eg_col_u64(stmt, TRIMMED);
	meta->tail_indices = eg_col_u64(stmt, TAIL_INDICES);
	meta->newest_utc_ns = eg_col_u64(stmt, NEWEST_UTC);
	meta->highest_utc_ns = eg_col_u64(stmt, HIGHEST_UTC);
	meta->default_policy = eg_col_u32(stmt, DEFAULT_POLICY);
	if (key.len != sizeof(meta->hash_key.bytes))
		return eg_error_set(
		    err, EG_ECORRUPT, "%s: table meta has no whole hash key", db->path);
	memcpy(meta->hash_key.bytes, key.ptr, key.len);
	return 0;
}

int eg_meta_load(struct eg_db *db, struct eg_meta *meta, struct eg_error *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = eg_store_version(db, err);

	if (rc == 0)
		rc = eg_db_query(db, &stmt, "SELECT * FROM meta", EG_NO_VALS, err);
	if (rc == 0)
		rc = eg_db_step(db, stmt, err);
	if (rc < 0)
		return rc;
	if (rc == 0)
		return eg_error_set(err, EG_ECORRUPT, "%s: table meta is empty", db->path);
	rc = read_meta(db, stmt, meta, err);
	eg_db_finish(db, stmt);
	return rc;
}

/* It was sound when the transaction loaded it. */
int eg_meta_save(struct eg_db *db, const struct eg_meta *meta, struct eg_error *err)
{
	int rc = eg_db_run(db,
	    "UPDATE meta SET generation = ?1, sequence = ?2, checkpoint = ?3, trimmed = ?4,"
	    " tail_indices = ?5, newest_utc_ns = ?6, highest_utc_ns = ?7, default_policy = ?8,"
	    " checksum = x''",
	    EG_VALS(eg_int(meta->generation), eg_int(meta->sequence), eg_int(meta->checkpoint),
	        eg_int(meta->trimmed), eg_int(meta->tail_indices), eg_int(meta->newest_utc_ns),
	        eg_int(meta->highest_utc_ns), eg_int(meta->default_policy)),
	    err);

	return rc == 0 ? eg_sealed_end(db, EG_SEALED_META, err) : rc;
}
