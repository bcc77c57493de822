/* SPDX-License-Identifier: BSD-3-Clause */
#include "change.h"
#include "sealed.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "eg_log.h"

#define SEQUENCE_MAX 0xffffffffffffu /* u48 */

int eg_change_begin(struct eg_change *c, struct eg_state *st, int64_t utc_ns, struct eg_error *err)
{
	int rc;

	*c = (struct eg_change){.st = st, .err = err, .utc_ns = (uint64_t)utc_ns};
	if (!st->writable)
		return eg_error_set(err, EG_EPERM, "%s was opened for reading alone", st->db.path);
	if (utc_ns < 0)
		return eg_error_set(
		    err, EG_EINVAL, "the clock of this host stands before 1970: set it first");
	rc = eg_store_check_path(st, err);
	if (rc == 0)
		rc = eg_db_run(&st->db, "BEGIN IMMEDIATE", EG_NO_VALS, err);
	if (rc == 0)
		rc = eg_meta_load(&st->db, &c->meta, err);
	return rc == 0 ? eg_change_next(c) : rc;
}

int eg_change_next(struct eg_change *c)
{
	if (c->meta.sequence >= SEQUENCE_MAX)
		return eg_error_set(
		    c->err, EG_ELIMIT, "%s: the last sequence is used up", c->st->db.path);
	c->meta.sequence++;
	return 0;
}

static int audit(struct eg_change *c, struct eg_span words)
{
	return eg_db_run(&c->st->db,
	    "INSERT INTO audit (sequence, utc_ns, uid, what)"
	    " VALUES (?1, ?2, ?3, CAST(?4 AS TEXT))",
	    EG_VALS(eg_int(c->meta.sequence), eg_int(c->utc_ns), eg_int(getuid()), eg_blob(words)),
	    c->err);
}

int eg_change_log(struct eg_change *c, Eg__Pb__Event *event, const char *words, ...)
{
	char *text = NULL;
	va_list ap;
	int n, rc;

	event->utc_ns = c->utc_ns;
	rc = eg_event_append(&c->st->db, c->meta.sequence, event, c->err);
	if (rc != 0)
		return rc;
	va_start(ap, words);
	n = vasprintf(&text, words, ap);
	va_end(ap);
	if (n < 0)
		return eg_error_set(c->err, EG_ENOMEM, "no memory for a line of the audit");
	rc = audit(c, eg_span(text, (size_t)n));
	free(text);
	return rc;
}

static int commit(struct eg_change *c)
{
	int rc;

	c->meta.newest_utc_ns = c->utc_ns;
	if (c->utc_ns > c->meta.highest_utc_ns)
		c->meta.highest_utc_ns = c->utc_ns;
	rc = eg_meta_save(&c->st->db, &c->meta, c->err);
	return rc == 0 ? eg_db_run(&c->st->db, "COMMIT", EG_NO_VALS, c->err) : rc;
}

/* The change is durable whatever becomes of this: a failure is told, and the next change tries. */
static void checkpoint_if_due(const struct eg_change *c)
{
	const struct eg_meta *meta = &c->meta;
	struct eg_error why = {0};

	if (meta->sequence - meta->checkpoint <= c->st->log_events_max &&
	    meta->tail_indices <= c->st->log_indices_max)
		return;
	if (eg_checkpoint(c->st, &why) != 0)
		eg_log(EG_LOG_WARNING, "the change is stored, but the log could not be folded: %s",
		    why.text);
}

int eg_change_end(struct eg_change *c, int rc, uint64_t *epoch)
{
	if (rc == 0)
		rc = commit(c);
	if (rc != 0) {
		eg_store_rollback(c->st);
		return rc;
	}
	*epoch = EG_EPOCH(c->meta.generation, c->meta.sequence);
	checkpoint_if_due(c);
	return 0;
}

int eg_change_check_name(
    const struct eg_change *c, const char *what, struct eg_span name, size_t max)
{
	if (name.len != 0 && name.len <= max)
		return 0;
	return eg_error_set(
	    c->err, EG_EINVAL, "%s: must have 1 … %zu bytes, this has %zu", what, max, name.len);
}

/* 1: found. */
static int find_issuer(struct eg_db *db, struct eg_span issuer, uint64_t *id, struct eg_error *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = eg_db_query(db, &stmt, "SELECT * FROM issuer WHERE name = ?1 AND present",
	    EG_VALS(eg_blob(issuer)), err);

	if (rc == 0)
		rc = eg_db_step(db, stmt, err);
	if (rc <= 0)
		return rc;
	*id = eg_col_u64(stmt, 0);
	rc = eg_sealed_check(db, stmt, EG_SEALED_ISSUER, err);
	eg_db_finish(db, stmt);
	return rc == 0 ? 1 : rc;
}

int eg_change_find_issuer(const struct eg_change *c, struct eg_span issuer, uint64_t *id)
{
	int rc = find_issuer(&c->st->db, issuer, id, c->err);

	if (rc == 0) /* its row may be there, and damaged */
		rc = eg_sealed_check_all(&c->st->db, EG_SEALED_ISSUER, c->err);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	return eg_error_set(c->err, EG_ENOENT,
	    "there is no issuer %.200s: see `issuer list`, or add it with `issuer add`",
	    eg_show(issuer).text);
}

int eg_change_find_list(const struct eg_change *c, struct eg_span uri, struct eg_list_row **list)
{
	int rc = eg_lists_sync(&c->st->lists, &c->st->db, c->err);

	if (rc != 0)
		return rc;
	*list = eg_lists_find(&c->st->lists, uri);
	if (*list != NULL)
		return 0;
	return eg_error_set(c->err, EG_ENOENT,
	    "there is no status list %.300s: add it with `list add`", eg_show(uri).text);
}
