/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The small rows: in tables meta, issuer, key and list the last column is a checksum (BLAKE2b, 16
 * bytes) over the table's name and all other columns with their types. Schema 1 and 2 had none.
 *
 *   read    SELECT * ─▶ eg_sealed_check of each row
 *   write   eg_sealed_begin ─▶ INSERT, or UPDATE … checksum = x'' ─▶ eg_sealed_end
 *
 * A row that a change has written has an empty checksum until the change ends. It begins with a
 * look at the whole table, so that what is damaged never gets a fresh checksum: a change of a table
 * with a damaged row is refused. Threads: [control]; inside a transaction, after eg_store_version.
 */
#ifndef EG_STATE_SEALED_H
#define EG_STATE_SEALED_H

#include "db.h"

enum eg_sealed { EG_SEALED_META, EG_SEALED_ISSUER, EG_SEALED_KEY, EG_SEALED_LIST };

/* The columns of schema 3. An empty checksum fits no row. */
#define EG_SCHEMA_SEALED                                                                           \
	"ALTER TABLE meta ADD COLUMN checksum BLOB NOT NULL DEFAULT x'';"                          \
	"ALTER TABLE issuer ADD COLUMN checksum BLOB NOT NULL DEFAULT x'';"                        \
	"ALTER TABLE key ADD COLUMN checksum BLOB NOT NULL DEFAULT x'';"                           \
	"ALTER TABLE list ADD COLUMN checksum BLOB NOT NULL DEFAULT x'';"

/* The row of a `SELECT *` that stands in stmt. -EG_ECORRUPT names table and row. */
int eg_sealed_check(
    struct eg_db *db, sqlite3_stmt *stmt, enum eg_sealed table, struct eg_error *err);
/* Every row of the table. */
int eg_sealed_check_all(struct eg_db *db, enum eg_sealed table, struct eg_error *err);

int eg_sealed_begin(struct eg_db *db, enum eg_sealed table, struct eg_error *err);
int eg_sealed_end(struct eg_db *db, enum eg_sealed table, struct eg_error *err);

#endif
