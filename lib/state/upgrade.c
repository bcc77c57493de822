/* SPDX-License-Identifier: BSD-3-Clause */
#include "upgrade.h"
#include "schema1.h"
#include "sealed.h"

static int seal_rows(struct eg_db *db, struct eg_error *err)
{
	static const enum eg_sealed tables[] = {
	    EG_SEALED_META, EG_SEALED_ISSUER, EG_SEALED_KEY, EG_SEALED_LIST};
	int rc = eg_db_script(db, EG_SCHEMA_SEALED, err);

	for (size_t i = 0; rc == 0 && i < sizeof(tables) / sizeof(tables[0]); i++)
		rc = eg_sealed_end(db, tables[i], err);
	return rc;
}

static int upgrade(struct eg_state *st, struct eg_error *err)
{
	struct eg_db *db = &st->db;
	struct eg_meta meta;
	int rc = eg_db_script(db, "BEGIN IMMEDIATE", err);

	if (rc == 0)
		rc = eg_meta_load(db, &meta, err);
	if (rc != 0 || db->version == EG_STORE_SCHEMA_VERSION)
		return rc;
	if (db->version == 1)
		rc = eg_schema1_convert(db, &meta, err);
	if (rc == 0)
		rc = seal_rows(db, err);
	if (rc == 0)
		rc = eg_db_script(db, "PRAGMA user_version=3; COMMIT;", err);
	return rc;
}

int eg_upgrade(struct eg_state *st, struct eg_error *err)
{
	int rc = upgrade(st, err);

	eg_store_rollback(st);
	return rc;
}
