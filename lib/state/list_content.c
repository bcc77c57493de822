/* SPDX-License-Identifier: BSD-3-Clause */
#include "chunk.h"
#include "event.h"

#include <stdlib.h>

struct reading {
	struct eg_state *st;
	struct eg_list_row *list;
	struct eg_list_content *out;
};

static int mark(void *ctx, const Eg__Pb__Event *event, struct eg_error *err)
{
	const struct reading *r = ctx;
	struct eg_index_event index;

	if (!eg_index_event_of(event, &index) || !eg_span_eq(index.uri, r->list->uri))
		return 0;
	return eg_event_mark(&r->st->lists, &index, err);
}

static int read_chunks(const struct reading *r, struct eg_error *err)
{
	uint8_t bytes[EG_CHUNK_BYTES];
	int rc = 0;

	for (uint32_t c = 0; rc == 0 && c < eg_chunk_cnt(r->list); c++) {
		rc = eg_chunk_effective(&r->st->db, r->list, c, bytes, err);
		if (rc == 0)
			memcpy(r->out->effective + (size_t)c * EG_CHUNK_BYTES, bytes,
			    eg_chunk_len(r->list, c));
	}
	return rc;
}

static int read_content(struct reading *r, const struct eg_meta *meta, struct eg_error *err)
{
	struct eg_list_content *out = r->out;
	int rc;

	out->bits = r->list->bits;
	out->entries = r->list->entries;
	out->byte_cnt = (size_t)eg_list_bytes(r->list);
	out->effective = malloc(out->byte_cnt);
	if (out->effective == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for %zu bytes", out->byte_cnt);
	rc = eg_event_each(&r->st->db, meta->checkpoint, meta->sequence, mark, r, err);
	eg_marks_sort(&r->list->marks);
	if (rc == 0)
		rc = read_chunks(r, err);
	eg_lists_clear_marks(&r->st->lists);
	return rc;
}

static int read_list(struct reading *r, struct eg_span uri, struct eg_error *err)
{
	struct eg_meta meta;
	int rc = eg_db_script(&r->st->db, "BEGIN", err);

	if (rc == 0)
		rc = eg_meta_load(&r->st->db, &meta, err);
	if (rc == 0)
		rc = eg_lists_sync(&r->st->lists, &r->st->db, err);
	if (rc != 0)
		return rc;
	r->list = eg_lists_find(&r->st->lists, uri);
	if (r->list == NULL)
		return eg_error_set(err, EG_ENOENT,
		    "there is no status list %.300s: see `list list`", eg_show(uri).text);
	return read_content(r, &meta, err);
}

int eg_state_list_read(
    struct eg_state *st, struct eg_span uri, struct eg_list_content *out, struct eg_error *err)
{
	struct reading r = {.st = st, .out = out};
	int rc;

	*out = (struct eg_list_content){0};
	rc = read_list(&r, uri, err);
	eg_store_rollback(st);
	if (rc != 0) {
		free(out->effective);
		*out = (struct eg_list_content){0};
	}
	return rc;
}
