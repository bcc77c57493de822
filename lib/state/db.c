/* SPDX-License-Identifier: BSD-3-Clause */
#include "db.h"

#include "eg_shard.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

int eg_db_open(struct eg_db *db, const char *path, struct eg_error *err)
{
	int rc;

	*db = (struct eg_db){.path = strdup(path)};
	if (db->path == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory to open %s", path);
	rc = sqlite3_open_v2(path, &db->sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(db->sql, EG_DB_BUSY_MS);
	if (rc != SQLITE_OK) {
		rc = eg_db_error(db, err);
		eg_db_close(db);
		return rc;
	}
	(void)sqlite3_limit(db->sql, SQLITE_LIMIT_LENGTH, EG_DB_VALUE_BYTES_MAX);
	return 0;
}

void eg_db_close(struct eg_db *db)
{
	for (size_t i = 0; i < db->kept_cnt; i++)
		(void)sqlite3_finalize(db->kept[i].stmt);
	(void)sqlite3_close_v2(db->sql);
	free(db->path);
	*db = (struct eg_db){0};
}

static int system_error(struct eg_db *db, struct eg_error *err)
{
	int sys = sqlite3_system_errno(db->sql);

	return eg_error_set(err, EG_EIO, "%s: %s%s%s; nothing was changed", db->path,
	    sqlite3_errmsg(db->sql), sys != 0 ? ": " : "", sys != 0 ? strerror(sys) : "");
}

int eg_db_error(struct eg_db *db, struct eg_error *err)
{
	int code = sqlite3_extended_errcode(db->sql);

	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return eg_error_set(err, EG_EAGAIN,
		    "%s is busy: another program is writing to it; try again", db->path);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_TOOBIG:
		return eg_error_set(err, EG_ECORRUPT,
		    "%s is damaged (%s): restore it from a backup", db->path,
		    sqlite3_errmsg(db->sql));
	case SQLITE_NOMEM: /* also where a schema that is damaged has no text where one must be */
		return eg_error_set(err, EG_ENOMEM,
		    "%s: no memory; where there is enough, it is damaged: restore it from a backup",
		    db->path);
	case SQLITE_FULL:
		return eg_error_set(err, EG_EIO,
		    "%s: no space is left on its file system; nothing was changed", db->path);
	case SQLITE_CANTOPEN: /* its errno is that of the last try, not the reason */
		return eg_error_set(err, EG_EIO,
		    "%s cannot be opened: whoever reads it writes -wal and -shm beside it: check "
		    "owner, group and mount of the directory; nothing was changed",
		    db->path);
	case SQLITE_READONLY:
		if (code == SQLITE_READONLY_DBMOVED)
			return eg_error_set(
			    err, EG_EIO, "%s was removed or replaced while in use", db->path);
		return eg_error_set(err, EG_EIO,
		    "%s cannot be written: check its owner, its group and the mount; nothing was "
		    "changed",
		    db->path);
	default:
		return system_error(db, err);
	}
}

int eg_db_script(struct eg_db *db, const char *sql, struct eg_error *err)
{
	return sqlite3_exec(db->sql, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : eg_db_error(db, err);
}

static int bind(sqlite3_stmt *stmt, int pos, const struct eg_val *val)
{
	if (!val->is_blob)
		return sqlite3_bind_int64(stmt, pos, val->n);
	/* A null pointer would bind NULL, not the empty blob. */
	return sqlite3_bind_blob64(stmt, pos, val->blob.len != 0 ? (const void *)val->blob.ptr : "",
	    val->blob.len, SQLITE_TRANSIENT);
}

/* One that is in use (a walk within a walk) is no use to another. */
static struct eg_db_kept *find_kept(struct eg_db *db, const char *sql)
{
	for (size_t i = 0; i < db->kept_cnt; i++)
		if (!db->kept[i].in_use && strcmp(sqlite3_sql(db->kept[i].stmt), sql) == 0)
			return &db->kept[i];
	return NULL;
}

static int compile(struct eg_db *db, sqlite3_stmt **stmt, const char *sql)
{
	struct eg_db_kept *kept = find_kept(db, sql);
	int rc = SQLITE_OK;

	if (kept == NULL) {
		rc = sqlite3_prepare_v3(db->sql, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
		if (rc != SQLITE_OK || db->kept_cnt == EG_DB_KEPT_MAX)
			return rc;
		kept = &db->kept[db->kept_cnt++];
		kept->stmt = *stmt;
	}
	kept->in_use = true;
	*stmt = kept->stmt;
	return rc;
}

int eg_db_query(struct eg_db *db, sqlite3_stmt **stmt, const char *sql, struct eg_vals vals,
    struct eg_error *err)
{
	int rc = compile(db, stmt, sql);

	for (size_t i = 0; rc == SQLITE_OK && i < vals.cnt; i++)
		rc = bind(*stmt, (int)i + 1, &vals.v[i]);
	if (rc == SQLITE_OK)
		return 0;
	rc = eg_db_error(db, err);
	eg_db_finish(db, *stmt);
	return rc;
}

int eg_db_step(struct eg_db *db, sqlite3_stmt *stmt, struct eg_error *err)
{
	int rc = sqlite3_step(stmt);

	if (rc == SQLITE_ROW)
		return 1;
	rc = rc == SQLITE_DONE ? 0 : eg_db_error(db, err);
	eg_db_finish(db, stmt);
	return rc;
}

void eg_db_finish(struct eg_db *db, sqlite3_stmt *stmt)
{
	for (size_t i = 0; i < db->kept_cnt; i++) {
		if (db->kept[i].stmt != stmt)
			continue;
		(void)sqlite3_reset(stmt); /* its error is that of the step, which was told */
		(void)sqlite3_clear_bindings(stmt);
		db->kept[i].in_use = false;
		return;
	}
	(void)sqlite3_finalize(stmt);
}

int eg_db_run(struct eg_db *db, const char *sql, struct eg_vals vals, struct eg_error *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = eg_db_query(db, &stmt, sql, vals, err);

	if (rc != 0)
		return rc;
	while ((rc = eg_db_step(db, stmt, err)) > 0)
		;
	return rc;
}

int eg_db_number(
    struct eg_db *db, const char *sql, struct eg_vals vals, uint64_t *out, struct eg_error *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = eg_db_query(db, &stmt, sql, vals, err);

	if (rc != 0)
		return rc;
	rc = eg_db_step(db, stmt, err);
	if (rc <= 0)
		return rc;
	*out = eg_col_u64(stmt, 0);
	eg_db_finish(db, stmt);
	return 1;
}

struct eg_span eg_col_blob(sqlite3_stmt *stmt, int col)
{
	const void *ptr = sqlite3_column_blob(stmt, col);

	return ptr != NULL ? eg_span(ptr, (size_t)sqlite3_column_bytes(stmt, col)) : eg_span("", 0);
}

struct eg_db_sum eg_db_sum(
    const char *table, const uint64_t numbers[], size_t number_cnt, struct eg_span bytes)
{
	crypto_generichash_state h;
	struct eg_db_sum sum;
	uint8_t be[8];

	(void)crypto_generichash_init(&h, NULL, 0, sizeof(sum.bytes));
	(void)crypto_generichash_update(&h, (const uint8_t *)table, strlen(table) + 1);
	for (size_t i = 0; i < number_cnt; i++) {
		eg_store_be64(be, numbers[i]);
		(void)crypto_generichash_update(&h, be, sizeof(be));
	}
	(void)crypto_generichash_update(&h, bytes.ptr, bytes.len);
	(void)crypto_generichash_final(&h, sum.bytes, sizeof(sum.bytes));
	sum.len = sizeof(sum.bytes);
	return sum;
}

struct eg_db_sum eg_db_bulk_sum(
    const char *table, const uint64_t numbers[], size_t number_cnt, struct eg_span bytes)
{
	struct eg_db_sum sum = {.len = 8};
	uint8_t name[64];
	struct eg_writer w = eg_writer(name, sizeof(name));

	eg_write_bytes(&w, eg_span_str(table));
	for (size_t i = 0; i < number_cnt; i++)
		eg_write_be64(&w, numbers[i]);
	eg_store_be32(sum.bytes, eg_crc32c(eg_span(name, sizeof(name) - w.left)));
	eg_store_be32(sum.bytes + 4, eg_crc32c(bytes));
	return sum;
}

struct eg_shown eg_show(struct eg_span s)
{
	struct eg_shown out;
	size_t n = 0;

	for (size_t i = 0; i < s.len && n + 5 < sizeof(out.text); i++) {
		if (s.ptr[i] > ' ' && s.ptr[i] < 0x7f && s.ptr[i] != '\\')
			out.text[n++] = (char)s.ptr[i];
		else
			n += (size_t)snprintf(out.text + n, 5, "\\x%02x", s.ptr[i]);
	}
	out.text[n] = '\0';
	return out;
}
