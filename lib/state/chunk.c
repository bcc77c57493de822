/* SPDX-License-Identifier: BSD-3-Clause */
#include "chunk.h"

uint64_t eg_list_bytes(const struct eg_list_row *list)
{
	return ((uint64_t)list->entries * list->bits + 7) / 8;
}

uint32_t eg_chunk_cnt(const struct eg_list_row *list)
{
	return (uint32_t)((eg_list_bytes(list) + EG_CHUNK_BYTES - 1) / EG_CHUNK_BYTES);
}

uint32_t eg_chunk_len(const struct eg_list_row *list, uint32_t chunk)
{
	uint64_t left = eg_list_bytes(list) - (uint64_t)chunk * EG_CHUNK_BYTES;

	return left < EG_CHUNK_BYTES ? (uint32_t)left : EG_CHUNK_BYTES;
}

static struct eg_db_sum checksum(
    const struct eg_list_row *list, enum eg_layer layer, uint32_t chunk, struct eg_span bytes)
{
	const uint64_t numbers[] = {list->id, layer, chunk};

	return eg_db_bulk_sum("bitmap", numbers, 3, bytes);
}

/* Rows of schema 1 keep their BLAKE2b until they are written again. */
static bool is_sound(const struct eg_list_row *list, enum eg_layer layer, uint32_t chunk,
    struct eg_span bytes, struct eg_span stored)
{
	const uint64_t numbers[] = {list->id, layer, chunk};
	struct eg_db_sum sum = checksum(list, layer, chunk, bytes);

	if (stored.len == EG_DB_SUM_BYTES)
		sum = eg_db_sum("bitmap", numbers, 3, bytes);
	return eg_sum_is(&sum, stored);
}

static int save(struct eg_db *db, const struct eg_list_row *list, enum eg_layer layer,
    uint32_t chunk, struct eg_span bytes, struct eg_error *err)
{
	struct eg_db_sum sum = checksum(list, layer, chunk, bytes);

	return eg_db_run(db, "INSERT OR REPLACE INTO bitmap VALUES (?1, ?2, ?3, ?4, ?5)",
	    EG_VALS(
	        eg_int(list->id), eg_int(layer), eg_int(chunk), eg_blob(bytes), eg_sum_val(&sum)),
	    err);
}

static int damaged(const struct eg_list_row *list, enum eg_layer layer, uint32_t chunk,
    const char *how, struct eg_error *err)
{
	return eg_error_set(err, EG_ECORRUPT, "table bitmap, list %s, %s layer, chunk %u: %s",
	    eg_show(list->uri).text, layer == EG_LAYER_IMPORTED ? "imported" : "operator", chunk,
	    how);
}

/* 1: the chunk is there; 0: it is not, and all zero. */
static int load(struct eg_db *db, const struct eg_list_row *list, enum eg_layer layer,
    uint32_t chunk, uint8_t out[EG_CHUNK_BYTES], struct eg_error *err)
{
	sqlite3_stmt *stmt = NULL;
	struct eg_span bytes;
	int rc = eg_db_query(db, &stmt,
	    "SELECT bytes, checksum FROM bitmap WHERE list = ?1 AND layer = ?2 AND chunk = ?3",
	    EG_VALS(eg_int(list->id), eg_int(layer), eg_int(chunk)), err);

	memset(out, 0, EG_CHUNK_BYTES);
	if (rc == 0)
		rc = eg_db_step(db, stmt, err);
	if (rc <= 0)
		return rc;
	bytes = eg_col_blob(stmt, 0);
	if (!is_sound(list, layer, chunk, bytes, eg_col_blob(stmt, 1)))
		rc = damaged(list, layer, chunk, "checksum mismatch", err);
	else if (bytes.len > eg_chunk_len(list, chunk)) /* shorter: the list has grown since */
		rc = damaged(list, layer, chunk, "wrong length", err);
	else
		memcpy(out, bytes.ptr, bytes.len);
	eg_db_finish(db, stmt);
	return rc;
}

static bool is_zero(struct eg_span s)
{
	return s.len == 0 || (s.ptr[0] == 0 && memcmp(s.ptr, s.ptr + 1, s.len - 1) == 0);
}

int eg_chunk_import(
    struct eg_db *db, const struct eg_list_row *list, struct eg_span bytes, struct eg_error *err)
{
	int rc = eg_db_run(db, "DELETE FROM bitmap WHERE list = ?1 AND layer = ?2",
	    EG_VALS(eg_int(list->id), eg_int(EG_LAYER_IMPORTED)), err);

	for (uint32_t c = 0; rc == 0 && bytes.len != 0; c++) {
		struct eg_span part =
		    eg_span(bytes.ptr, bytes.len < EG_CHUNK_BYTES ? bytes.len : EG_CHUNK_BYTES);

		if (!is_zero(part))
			rc = save(db, list, EG_LAYER_IMPORTED, c, part, err);
		bytes = eg_span(bytes.ptr + part.len, bytes.len - part.len);
	}
	return rc;
}

uint32_t eg_chunk_entries(const struct eg_list_row *list)
{
	return EG_CHUNK_BYTES * 8 / list->bits;
}

/* By bits of an entry: 1 in each entry of a byte. */
static const uint8_t ones[] = {[1] = 0xff, [2] = 0x55, [4] = 0x11, [8] = 0x01};

static void set_entry(uint8_t *bytes, unsigned bits, uint32_t i, uint8_t value)
{
	uint32_t shift = i * bits % 8;
	uint8_t *byte = &bytes[i * bits / 8];

	*byte = (uint8_t)((*byte & ~(((1u << bits) - 1) << shift)) | (unsigned)value << shift);
}

static void apply_mark(uint8_t *bytes, unsigned bits, const struct eg_mark *mark)
{
	uint32_t per_byte = 8 / bits;
	uint32_t i = mark->first;

	for (; i <= mark->last && i % per_byte != 0; i++)
		set_entry(bytes, bits, i, mark->value);
	for (; mark->last >= per_byte - 1 && i <= mark->last - (per_byte - 1); i += per_byte)
		bytes[i / per_byte] = (uint8_t)(ones[bits] * mark->value);
	for (; i <= mark->last; i++)
		set_entry(bytes, bits, i, mark->value);
}

/* Applies the marks of the chunk; false where there are none. */
static bool apply_marks(const struct eg_list_row *list, uint32_t chunk, uint8_t *bytes)
{
	const struct eg_marks *marks = &list->marks;
	size_t first = eg_marks_seek(marks, chunk);
	size_t i = first;

	for (; i < marks->cnt && marks->mark[i].chunk == chunk; i++)
		apply_mark(bytes, list->bits, &marks->mark[i]);
	return i != first;
}

int eg_chunk_fold_marks(struct eg_db *db, const struct eg_list_row *list, struct eg_error *err)
{
	uint8_t bytes[EG_CHUNK_BYTES];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < list->marks.cnt;
	     i = eg_marks_seek(&list->marks, list->marks.mark[i].chunk + 1)) {
		uint32_t c = list->marks.mark[i].chunk;

		rc = load(db, list, EG_LAYER_OPERATOR, c, bytes, err);
		if (rc < 0)
			break;
		(void)apply_marks(list, c, bytes);
		rc = save(
		    db, list, EG_LAYER_OPERATOR, c, eg_span(bytes, eg_chunk_len(list, c)), err);
	}
	return rc;
}

/* All ones in each entry of the byte that is not 0. */
static uint8_t cover(uint8_t operator, unsigned bits)
{
	unsigned any = operator;

	for (unsigned s = 1; s < bits; s++)
		any |= (unsigned)operator>> s;
	return (uint8_t)((any & ones[bits]) * ((1u << bits) - 1));
}

int eg_chunk_effective(struct eg_db *db, const struct eg_list_row *list, uint32_t chunk,
    uint8_t out[EG_CHUNK_BYTES], struct eg_error *err)
{
	uint8_t operator[EG_CHUNK_BYTES];
	bool is_marked;
	int rc = load(db, list, EG_LAYER_IMPORTED, chunk, out, err);

	if (rc >= 0)
		rc = load(db, list, EG_LAYER_OPERATOR, chunk, operator, err);
	if (rc < 0)
		return rc;
	is_marked = apply_marks(list, chunk, operator);
	if (rc == 0 && !is_marked)
		return 0; /* the operator said nothing of it: nearly every chunk of a large list */
	for (uint32_t i = 0; i < EG_CHUNK_BYTES; i++)
		out[i] = (uint8_t)((out[i] & ~cover(operator[i], list->bits)) | operator[i]);
	return 0;
}
