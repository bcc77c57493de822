/* SPDX-License-Identifier: BSD-3-Clause */
#include "beside.h"

static bool is_same(const struct eg_meta *a, const struct eg_meta *b)
{
	return a->generation == b->generation && a->sequence == b->sequence &&
	       a->checkpoint == b->checkpoint &&
	       memcmp(&a->hash_key, &b->hash_key, sizeof(a->hash_key)) == 0;
}

static bool sees_the_same(const struct eg_beside *b, struct eg_db *db)
{
	struct eg_meta meta;

	return eg_db_script(db, "PRAGMA query_only=ON; PRAGMA cell_size_check=ON; BEGIN", NULL) ==
	           0 &&
	       eg_meta_load(db, &meta, NULL) == 0 && is_same(&meta, b->meta);
}

static void *read_beside(void *arg)
{
	struct eg_beside *b = arg;
	struct eg_db db;

	b->moved = true;
	if (eg_db_open(&db, b->path, NULL) != 0)
		return NULL;
	(void)sqlite3_busy_timeout(db.sql, EG_DB_FOLLOW_BUSY_MS);
	if (sees_the_same(b, &db)) {
		b->moved = false;
		b->rc = b->read(b->ctx, &db, &b->err);
	}
	eg_db_close(&db);
	return NULL;
}

bool eg_beside_begin(struct eg_beside *b)
{
	return pthread_create(&b->thread, NULL, read_beside, b) == 0;
}

int eg_beside_end(struct eg_beside *b, bool *moved, struct eg_error *err)
{
	(void)pthread_join(b->thread, NULL);
	*moved = b->moved;
	if (b->moved)
		return 0;
	if (b->rc != 0 && err != NULL)
		*err = b->err;
	return b->rc;
}
