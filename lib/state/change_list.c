/* SPDX-License-Identifier: BSD-3-Clause */
#include "change.h"
#include "chunk.h"
#include "eg_clock.h"
#include "rows.h"
#include "sealed.h"
#include "statuslist.h"

#include <sodium.h>
#include <stdlib.h>

/* ── adding ── */

static int refuse_known_list(const struct eg_change *c, struct eg_span uri)
{
	int rc = eg_lists_sync(&c->st->lists, &c->st->db, c->err);
	const struct eg_list_row *known = eg_lists_find(&c->st->lists, uri);

	if (rc != 0 || known == NULL)
		return rc;
	return eg_error_set(c->err, EG_EEXIST,
	    "the status list %.300s is there already: %u entries of %u bits", eg_show(uri).text,
	    known->entries, known->bits);
}

static int check_shape(const struct eg_change *c, unsigned bits, uint32_t entries)
{
	if (bits != 1 && bits != 2 && bits != 4 && bits != 8)
		return eg_error_set(
		    c->err, EG_EINVAL, "a status list has 1, 2, 4 or 8 bits, not %u", bits);
	if (entries == 0 || entries > EG_REVOKE_ENTRIES_MAX)
		return eg_error_set(c->err, EG_EINVAL, "a status list has 1 … %u entries, not %u",
		    EG_REVOKE_ENTRIES_MAX, entries);
	return 0;
}

static int list_add(struct eg_change *c, Eg__Pb__ListAdd *add)
{
	Eg__Pb__Event event = EG__PB__EVENT__INIT;
	struct eg_span uri = eg_pb_span(add->uri), issuer = eg_pb_span(add->issuer);
	uint64_t issuer_id = 0;
	int rc = eg_change_check_name(c, "status list", uri, EG_STATE_URI_MAX);

	if (rc == 0)
		rc = check_shape(c, add->bits, add->entries);
	if (rc == 0)
		rc = eg_change_find_issuer(c, issuer, &issuer_id);
	if (rc == 0)
		rc = eg_sealed_begin(&c->st->db, EG_SEALED_LIST, c->err);
	if (rc == 0)
		rc = refuse_known_list(c, uri);
	if (rc == 0)
		rc = eg_db_run(&c->st->db,
		    "INSERT INTO list (uri, issuer, bits, entries) VALUES (?1, ?2, ?3, ?4)",
		    EG_VALS(
		        eg_blob(uri), eg_int(issuer_id), eg_int(add->bits), eg_int(add->entries)),
		    c->err);
	if (rc == 0)
		rc = eg_sealed_end(&c->st->db, EG_SEALED_LIST, c->err);
	if (rc != 0)
		return rc;
	event.op_case = EG__PB__EVENT__OP_LIST_ADD;
	event.list_add = add;
	return eg_change_log(c, &event, "list add %s of %s, %u entries of %u bits",
	    eg_show(uri).text, eg_show(issuer).text, add->entries, add->bits);
}

int eg_state_list_add(struct eg_state *st, struct eg_span uri, struct eg_span issuer, unsigned bits,
    uint32_t entries, int64_t utc_ns, uint64_t *epoch, struct eg_error *err)
{
	Eg__Pb__ListAdd add = EG__PB__LIST_ADD__INIT;
	struct eg_change c;
	int rc = eg_change_begin(&c, st, utc_ns, err);

	add.uri = eg_pb_bytes(uri);
	add.issuer = eg_pb_bytes(issuer);
	add.bits = bits;
	add.entries = entries;
	if (rc == 0)
		rc = list_add(&c, &add);
	return eg_change_end(&c, rc, epoch);
}

/* ── growing ── */

static int list_grow(struct eg_change *c, Eg__Pb__ListGrow *grow)
{
	Eg__Pb__Event event = EG__PB__EVENT__INIT;
	struct eg_list_row *list = NULL;
	int rc = eg_sealed_begin(&c->st->db, EG_SEALED_LIST, c->err);

	if (rc == 0)
		rc = eg_change_find_list(c, eg_pb_span(grow->uri), &list);
	if (rc == 0)
		rc = check_shape(c, list->bits, grow->entries);
	if (rc == 0 && grow->entries <= list->entries)
		rc = eg_error_set(c->err, EG_EINVAL,
		    "the status list %.300s has %u entries already: a list can only grow",
		    eg_show(list->uri).text, list->entries);
	/* What an import spoke of it still speaks of, and of no more. */
	if (rc == 0)
		rc = eg_db_run(&c->st->db,
		    "UPDATE list SET entries = ?1, stated = CASE WHEN form != 0 AND stated = 0 THEN"
		    " entries ELSE stated END, checksum = x'' WHERE id = ?2",
		    EG_VALS(eg_int(grow->entries), eg_int(list->id)), c->err);
	if (rc == 0)
		rc = eg_sealed_end(&c->st->db, EG_SEALED_LIST, c->err);
	if (rc != 0)
		return rc;
	event.op_case = EG__PB__EVENT__OP_LIST_GROW;
	event.list_grow = grow;
	return eg_change_log(c, &event, "list grow %s from %u to %u entries",
	    eg_show(list->uri).text, list->entries, grow->entries);
}

int eg_state_list_grow(struct eg_state *st, struct eg_span uri, uint32_t entries, int64_t utc_ns,
    uint64_t *epoch, struct eg_error *err)
{
	Eg__Pb__ListGrow grow = EG__PB__LIST_GROW__INIT;
	struct eg_change c;
	int rc = eg_change_begin(&c, st, utc_ns, err);

	grow.uri = eg_pb_bytes(uri);
	grow.entries = entries;
	if (rc == 0)
		rc = list_grow(&c, &grow);
	return eg_change_end(&c, rc, epoch);
}

/* ── importing ── */

static const char *const form_names[] = {[EG_LIST_NONE] = "nothing",
    [EG_LIST_RAW] = "raw",
    [EG_LIST_JWT] = "jwt",
    [EG_LIST_CWT] = "cwt",
    [EG_LIST_W3C] = "w3c"};

/* Whose list it is, in the snapshot; NULL where its issuer was removed. */
static const struct eg_list *find_in(const struct eg_snapshot *snap, struct eg_span uri)
{
	for (uint32_t i = 0; i < snap->list_cnt; i++)
		if (eg_span_eq(snap->list[i].uri, uri))
			return &snap->list[i];
	return NULL;
}

/* By the keys as they are in this very transaction: one that was revoked before it counts no
 * more. */
static int read_with(struct eg_change *c, const struct eg_snapshot *snap,
    const struct eg_list_row *list, const struct eg_list_import *import, struct eg_statuslist *out)
{
	const struct eg_list *known = find_in(snap, list->uri);
	struct eg_statuslist_want want = {
	    .uri = list->uri,
	    .bits = list->bits,
	    .entries = list->entries,
	    .keys = snap->keys,
	    .now_s = c->utc_ns / (uint64_t)EG_NS_PER_S,
	    .allow_unsigned = import->allow_unsigned,
	};

	if (known == NULL)
		return eg_error_set(c->err, EG_ENOENT,
		    "the issuer of the status list %.300s was removed", eg_show(list->uri).text);
	want.issuer_slot = known->issuer_slot;
	want.issuer = eg_keyset_issuer(snap->keys, known->issuer_slot)->name;
	return eg_statuslist_read(import->form, import->file, &want, out, c->err);
}

static int read_file(struct eg_change *c, const struct eg_list_row *list,
    const struct eg_list_import *import, struct eg_statuslist *out)
{
	struct eg_snapshot *snap = NULL;
	int rc = eg_rows_snapshot(c->st, &c->meta, &snap, c->err);

	if (rc == 0)
		rc = read_with(c, snap, list, import, out);
	eg_snapshot_free(snap);
	return rc;
}

static struct eg_list_meta meta_of(
    const struct eg_change *c, const struct eg_statuslist *said, enum eg_list_form form)
{
	struct eg_list_meta meta = {
	    .form = form,
	    .stated = said->entries,
	    .iat_s = said->iat_s,
	    .exp_s = said->exp_s,
	    .imported_s = c->utc_ns / (uint64_t)EG_NS_PER_S,
	};
	crypto_generichash_state h;

	if (said->ttl_s != 0)
		meta.ttl_end_s = meta.imported_s + said->ttl_s;
	(void)crypto_generichash_init(&h, NULL, 0, sizeof(meta.content));
	(void)crypto_generichash_update(&h, (const uint8_t *)&said->exp_s, sizeof(said->exp_s));
	(void)crypto_generichash_update(&h, (const uint8_t *)&said->ttl_s, sizeof(said->ttl_s));
	(void)crypto_generichash_update(&h, said->raw.bytes, said->raw.len);
	(void)crypto_generichash_final(&h, meta.content, sizeof(meta.content));
	return meta;
}

/* A list must not be taken back by an older one that somebody has kept. Raw bytes have no iat:
 * under them, that of the signed list before them stands on, with no content to compare. */
static int check_order(
    const struct eg_change *c, const struct eg_list_meta *has, const struct eg_list_meta *comes)
{
	const bool is_raw = has->form == EG_LIST_RAW;
	const unsigned long long iat = has->iat_s;

	if (has->iat_s == 0 || (is_raw && comes->form == EG_LIST_RAW))
		return 0;
	if (comes->iat_s == 0)
		return eg_error_set(c->err, EG_EPERM,
		    "raw bytes do not say when they were issued, and what is in force has iat "
		    "%llu: "
		    "--force imports them",
		    iat);
	if (comes->iat_s < has->iat_s)
		return eg_error_set(c->err, EG_EPERM,
		    "it is older (iat %llu) than what %s (iat %llu): --force imports it",
		    (unsigned long long)comes->iat_s, is_raw ? "raw bytes replaced" : "is in force",
		    iat);
	if (comes->iat_s == has->iat_s && !is_raw &&
	    memcmp(comes->content, has->content, sizeof(has->content)) != 0)
		return eg_error_set(c->err, EG_EPERM,
		    "it has the iat of what is in force (%llu) and says something else: --force "
		    "imports it",
		    iat);
	return 0;
}

static int save_meta(
    struct eg_change *c, const struct eg_list_row *list, const struct eg_list_meta *meta)
{
	const uint64_t iat_s = meta->form == EG_LIST_RAW ? list->meta.iat_s : meta->iat_s;
	int rc = eg_db_run(&c->st->db,
	    "UPDATE list SET form = ?1, stated = ?2, iat_s = ?3, exp_s = ?4, ttl_end_s = ?5,"
	    " imported_s = ?6, content = ?7, checksum = x'' WHERE id = ?8",
	    EG_VALS(eg_int(meta->form), eg_int(meta->stated), eg_int(iat_s), eg_int(meta->exp_s),
	        eg_int(meta->ttl_end_s), eg_int(meta->imported_s),
	        eg_blob(eg_span(meta->content, sizeof(meta->content))), eg_int(list->id)),
	    c->err);

	return rc == 0 ? eg_sealed_end(&c->st->db, EG_SEALED_LIST, c->err) : rc;
}

static int log_import(struct eg_change *c, const struct eg_list_row *list,
    const struct eg_list_meta *meta, bool is_signed, bool is_forced)
{
	Eg__Pb__Event event = EG__PB__EVENT__INIT;
	Eg__Pb__ListImport pb = EG__PB__LIST_IMPORT__INIT;

	pb.uri = eg_pb_bytes(list->uri);
	pb.form = meta->form;
	pb.stated = meta->stated;
	pb.iat_s = meta->iat_s;
	pb.exp_s = meta->exp_s;
	pb.ttl_end_s = meta->ttl_end_s;
	event.op_case = EG__PB__EVENT__OP_LIST_IMPORT;
	event.list_import = &pb;
	return eg_change_log(c, &event, "list import %s, %s%s, %u entries, iat %llu, exp %llu%s",
	    eg_show(list->uri).text, form_names[meta->form], is_signed ? "" : " (not signed)",
	    meta->stated, (unsigned long long)meta->iat_s, (unsigned long long)meta->exp_s,
	    is_forced ? ", forced" : "");
}

static int put_list(struct eg_change *c, const struct eg_list_row *list,
    const struct eg_statuslist *said, const struct eg_list_import *import)
{
	const struct eg_list_meta meta = meta_of(c, said, import->form);
	int rc = import->force ? 0 : check_order(c, &list->meta, &meta);

	if (rc == 0)
		rc = eg_chunk_import(
		    &c->st->db, list, eg_span(said->raw.bytes, said->raw.len), c->err);
	if (rc == 0)
		rc = save_meta(c, list, &meta);
	return rc == 0 ? log_import(c, list, &meta, said->is_signed, import->force) : rc;
}

static int list_import(struct eg_change *c, struct eg_span uri, const struct eg_list_import *import)
{
	struct eg_list_row *list = NULL;
	struct eg_statuslist said;
	int rc = eg_sealed_begin(&c->st->db, EG_SEALED_LIST, c->err);

	if (rc == 0)
		rc = eg_change_find_list(c, uri, &list);
	if (rc == 0)
		rc = read_file(c, list, import, &said);
	if (rc != 0)
		return rc;
	rc = put_list(c, list, &said, import);
	free(said.raw.bytes);
	return rc;
}

int eg_state_list_import(struct eg_state *st, struct eg_span uri,
    const struct eg_list_import *import, int64_t utc_ns, uint64_t *epoch, struct eg_error *err)
{
	struct eg_change c;
	int rc = eg_change_begin(&c, st, utc_ns, err);

	if (rc == 0)
		rc = list_import(&c, uri, import);
	return eg_change_end(&c, rc, epoch);
}
