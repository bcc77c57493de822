/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SQLite, as lib/state uses it: statements with typed values, and errors as sentences.
 *
 * A statement is in use from eg_db_query to the eg_db_step that does not return a row, or to
 * eg_db_finish. Its compiled form is kept and serves the next eg_db_query of the same text: to
 * compile the six that a follower asks costs more than to run them. Threads: [control].
 */
#ifndef EG_STATE_DB_H
#define EG_STATE_DB_H

#include <sqlite3.h>

#include "eg_err.h"
#include "eg_span.h"

/* How long a locked store is waited for: a writer, and a follower, which has other things to do (a
 * reader waits only while another program recovers or removes the write-ahead log). */
#define EG_DB_BUSY_MS        5000
#define EG_DB_FOLLOW_BUSY_MS 50

/* Of a value or a row: the longest that is written, an event of as many ranges of indices as one
 * change takes, is two thirds of it (change_revoke.c). What claims to be longer is damage, which
 * SQLite refuses before it asks for the memory. */
#define EG_DB_VALUE_BYTES_MAX (16 << 20)

#define EG_DB_SUM_BYTES 16

#define EG_DB_KEPT_MAX 48u /* more texts than lib/state has; any more are compiled each time */

struct eg_db_kept { /* a compiled statement */
	sqlite3_stmt *stmt;
	bool in_use;
};

struct eg_db {
	sqlite3 *sql;
	char *path;       /* of the file, for messages */
	unsigned version; /* of the schema, as eg_store_version has read it last */
	struct eg_db_kept kept[EG_DB_KEPT_MAX];
	size_t kept_cnt;
};

struct eg_val { /* one value to bind: an integer, or a blob */
	bool is_blob;
	int64_t n;
	struct eg_span blob;
};

static inline struct eg_val eg_int(uint64_t n)
{
	return (struct eg_val){.n = (int64_t)n};
}

static inline struct eg_val eg_blob(struct eg_span s)
{
	return (struct eg_val){.is_blob = true, .blob = s};
}

struct eg_vals {
	const struct eg_val *v;
	size_t cnt;
};

/* EG_VALS(eg_int(1), eg_blob(uri)): the values of ?1, ?2, … */
#define EG_VALS(...)                                                                               \
	((struct eg_vals){(const struct eg_val[]){__VA_ARGS__},                                    \
	    sizeof((const struct eg_val[]){__VA_ARGS__}) / sizeof(struct eg_val)})
#define EG_NO_VALS ((struct eg_vals){NULL, 0})

/* Opens path, which must be there, for reading and writing. */
int eg_db_open(struct eg_db *db, const char *path, struct eg_error *err);
void eg_db_close(struct eg_db *db);

/* The error that the last call left, as code and sentence. */
int eg_db_error(struct eg_db *db, struct eg_error *err);

/* Statements without values and without rows of interest, separated by semicolons; compiled each
 * time. */
int eg_db_script(struct eg_db *db, const char *sql, struct eg_error *err);
/* One statement, to its end. */
int eg_db_run(struct eg_db *db, const char *sql, struct eg_vals vals, struct eg_error *err);
int eg_db_query(struct eg_db *db, sqlite3_stmt **stmt, const char *sql, struct eg_vals vals,
    struct eg_error *err);
/* 1: a row stands in stmt. 0 and negative: no row, an error; the statement is finished. */
int eg_db_step(struct eg_db *db, sqlite3_stmt *stmt, struct eg_error *err);
void eg_db_finish(struct eg_db *db, sqlite3_stmt *stmt);
/* The first column of the first row. 1: found, 0: no row. */
int eg_db_number(
    struct eg_db *db, const char *sql, struct eg_vals vals, uint64_t *out, struct eg_error *err);

/* Columns of the row; a blob lives until the next step. */
static inline uint64_t eg_col_u64(sqlite3_stmt *stmt, int col)
{
	return (uint64_t)sqlite3_column_int64(stmt, col);
}

static inline uint32_t eg_col_u32(sqlite3_stmt *stmt, int col)
{
	return (uint32_t)sqlite3_column_int64(stmt, col);
}

/* Until the next step. Also NULL and no bytes have a pointer, which may be copied from. */
struct eg_span eg_col_blob(sqlite3_stmt *stmt, int col);

/* Checksum of a row: its table, its numbers (which key it) and its bytes. */
struct eg_db_sum {
	size_t len;
	uint8_t bytes[EG_DB_SUM_BYTES];
};

/* BLAKE2b, 16 bytes. */
struct eg_db_sum eg_db_sum(
    const char *table, const uint64_t numbers[], size_t number_cnt, struct eg_span bytes);
/* For rows of 32 KiB, of which a restart reads ten thousand: CRC-32C of table and numbers, and of
 * the bytes; 8 bytes. */
struct eg_db_sum eg_db_bulk_sum(
    const char *table, const uint64_t numbers[], size_t number_cnt, struct eg_span bytes);

static inline struct eg_val eg_sum_val(const struct eg_db_sum *sum)
{
	return eg_blob(eg_span(sum->bytes, sum->len));
}

static inline bool eg_sum_is(const struct eg_db_sum *sum, struct eg_span stored)
{
	return eg_span_eq(eg_span(sum->bytes, sum->len), stored);
}

/* A name from outside, fit for a message or the audit: printable ASCII stays, the rest is \xNN (a
 * blank too). */
struct eg_shown {
	char text[1100];
};

struct eg_shown eg_show(struct eg_span s);

#endif
