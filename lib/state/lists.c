/* SPDX-License-Identifier: BSD-3-Clause */
#include "lists.h"
#include "sealed.h"

#include <stdlib.h>

struct eg_list_row *eg_lists_find(const struct eg_lists *lists, struct eg_span uri)
{
	for (size_t i = 0; i < lists->cnt; i++)
		if (lists->row[i].id != 0 && eg_span_eq(lists->row[i].uri, uri))
			return &lists->row[i];
	return NULL;
}

struct eg_list_row *eg_lists_find_id(const struct eg_lists *lists, uint64_t id)
{
	for (size_t i = 0; i < lists->cnt; i++)
		if (lists->row[i].id == id)
			return &lists->row[i];
	return NULL;
}

/* As it is, or grown: the bitmap can stay. */
static bool is_same(const struct eg_list_row *known, const struct eg_list_row *now)
{
	return known->id == now->id && known->bits == now->bits && known->entries <= now->entries &&
	       eg_span_eq(known->uri, now->uri);
}

static int append(struct eg_lists *lists, struct eg_list_row row, struct eg_error *err)
{
	struct eg_list_row *array = reallocarray(lists->row, lists->cnt + 1, sizeof(*lists->row));
	uint8_t *uri = malloc(row.uri.len + 1);

	if (array != NULL)
		lists->row = array;
	if (array == NULL || uri == NULL) {
		free(uri);
		return eg_error_set(err, EG_ENOMEM, "no memory for a status list");
	}
	if (row.uri.len != 0)
		memcpy(uri, row.uri.ptr, row.uri.len);
	row.uri.ptr = uri;
	row.found = row.stale = true;
	array[lists->cnt++] = row;
	return 0;
}

static int take_up(struct eg_lists *lists, const struct eg_list_row *row, struct eg_error *err)
{
	struct eg_list_row *known = eg_lists_find_id(lists, row->id);

	if (known != NULL && is_same(known, row)) {
		known->entries = row->entries;
		known->meta = row->meta;
		known->found = true;
		return 0;
	}
	if (known != NULL)
		known->id = 0;
	return append(lists, *row, err);
}

static int check_row(const struct eg_list_row *row, struct eg_error *err)
{
	bool bits_ok = row->bits == 1 || row->bits == 2 || row->bits == 4 || row->bits == 8;

	if (row->id != 0 && bits_ok && row->entries != 0 && row->entries <= EG_REVOKE_ENTRIES_MAX &&
	    row->meta.stated <= row->entries && row->meta.form <= EG_LIST_W3C)
		return 0;
	return eg_error_set(err, EG_ECORRUPT, "table list, %s: %u entries of %u bits",
	    eg_show(row->uri).text, row->entries, row->bits);
}

/* In the order of the table. Schema 1 had no more than entries. */
enum column { ID, URI, ISSUER, BITS, ENTRIES, FORM, STATED, IAT, EXP, TTL_END, IMPORTED, CONTENT };

static void read_meta(sqlite3_stmt *stmt, struct eg_list_meta *meta)
{
	const struct eg_span content = eg_col_blob(stmt, CONTENT);

	meta->form = (enum eg_list_form)eg_col_u32(stmt, FORM);
	meta->stated = eg_col_u32(stmt, STATED);
	meta->iat_s = eg_col_u64(stmt, IAT);
	meta->exp_s = eg_col_u64(stmt, EXP);
	meta->ttl_end_s = eg_col_u64(stmt, TTL_END);
	meta->imported_s = eg_col_u64(stmt, IMPORTED);
	if (content.len == sizeof(meta->content))
		memcpy(meta->content, content.ptr, content.len);
}

static int take_up_all(struct eg_lists *lists, struct eg_db *db, struct eg_error *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = eg_db_query(db, &stmt, "SELECT * FROM list", EG_NO_VALS, err);

	if (rc != 0)
		return rc;
	while ((rc = eg_db_step(db, stmt, err)) > 0) {
		struct eg_list_row row = {
		    .id = eg_col_u64(stmt, ID),
		    .uri = eg_col_blob(stmt, URI),
		    .bits = eg_col_u32(stmt, BITS),
		    .entries = eg_col_u32(stmt, ENTRIES),
		};

		if (db->version > 1)
			read_meta(stmt, &row.meta);
		rc = eg_sealed_check(db, stmt, EG_SEALED_LIST, err);
		if (rc == 0)
			rc = check_row(&row, err);
		if (rc == 0)
			rc = take_up(lists, &row, err);
		if (rc != 0) {
			eg_db_finish(db, stmt);
			return rc;
		}
	}
	return rc;
}

/* The store of another generation may lack a list, and later have one of its name under another id:
 * by its name, the old row must not be found. */
int eg_lists_sync(struct eg_lists *lists, struct eg_db *db, struct eg_error *err)
{
	int rc;

	for (size_t i = 0; i < lists->cnt; i++)
		lists->row[i].found = false;
	rc = take_up_all(lists, db, err);
	for (size_t i = 0; rc == 0 && i < lists->cnt; i++)
		if (!lists->row[i].found)
			lists->row[i].id = 0;
	return rc;
}

struct eg_bitmap *eg_list_map(struct eg_list_row *row)
{
	if (row->map == NULL)
		row->map = eg_bitmap_new(row->uri, row->bits, row->entries);
	return row->map;
}

void eg_lists_clear_marks(struct eg_lists *lists)
{
	for (size_t i = 0; i < lists->cnt; i++)
		eg_marks_free(&lists->row[i].marks);
}

void eg_lists_free(struct eg_lists *lists)
{
	eg_lists_clear_marks(lists);
	for (size_t i = 0; i < lists->cnt; i++) {
		eg_bitmap_free(lists->row[i].map);
		free((void *)(uintptr_t)lists->row[i].uri.ptr);
	}
	free(lists->row);
	*lists = (struct eg_lists){0};
}
