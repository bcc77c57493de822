/* SPDX-License-Identifier: BSD-3-Clause */
/* Since when something is revoked, by the audit: it alone keeps names and indices for ever. Names
 * stand there without blanks (eg_show), so that a line falls into words. */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct search {
	const struct eg_state_cause *cause;
	char revoke[2300], suspend[2300], unrevoke[2300]; /* how lines begin */
	char else_by[2300]; /* and the newest one that counts where none of these does */
	bool is_cut;        /* the line at hand names more indices than the audit keeps */
	bool is_over;       /* older lines count no more */
	struct eg_state_since else_line;
	struct eg_state_since *out;
};

static void name_value(struct search *s, const char *kind)
{
	struct eg_shown issuer = eg_show(s->cause->issuer), value = eg_show(s->cause->value);

	(void)snprintf(
	    s->revoke, sizeof(s->revoke), "revoke %s %s of %s", kind, value.text, issuer.text);
	(void)snprintf(s->unrevoke, sizeof(s->unrevoke), "un%.2200s", s->revoke);
}

/* A key that was not revoked is outside the window that it was given last. */
static void name_key(struct search *s)
{
	struct eg_shown issuer = eg_show(s->cause->issuer), kid = eg_show(s->cause->value);

	name_value(s, "key");
	(void)snprintf(
	    s->else_by, sizeof(s->else_by), "key window %s of %s", kid.text, issuer.text);
}

static void name_issuer(struct search *s)
{
	struct eg_shown issuer = eg_show(s->cause->issuer);

	(void)snprintf(s->revoke, sizeof(s->revoke), "revoke issuer %s", issuer.text);
	(void)snprintf(s->unrevoke, sizeof(s->unrevoke), "unrevoke issuer  of %s", issuer.text);
}

static void name_list(struct search *s)
{
	struct eg_shown uri = eg_show(s->cause->value);

	(void)snprintf(s->revoke, sizeof(s->revoke), "revoke index %s", uri.text);
	(void)snprintf(s->suspend, sizeof(s->suspend), "suspend index %s", uri.text);
	(void)snprintf(s->unrevoke, sizeof(s->unrevoke), "unrevoke index %s", uri.text);
	(void)snprintf(s->else_by, sizeof(s->else_by), "list import %s", uri.text);
}

static int name_lines(struct search *s, struct eg_error *err)
{
	static const char *const kinds[] = {
	    [EG_DETAIL_SUBJECT] = "subject",
	    [EG_DETAIL_JTI] = "jti",
	    [EG_DETAIL_CTI] = "cti",
	    [EG_DETAIL_SID] = "sid",
	    [EG_DETAIL_JKT] = "jkt",
	};
	unsigned detail = s->cause->detail;

	if (detail == EG_DETAIL_LIST)
		name_list(s);
	else if (detail == EG_DETAIL_ISSUER)
		name_issuer(s);
	else if (detail == EG_DETAIL_KEY)
		name_key(s);
	else if (detail < sizeof(kinds) / sizeof(kinds[0]) && kinds[detail] != NULL)
		name_value(s, kinds[detail]);
	else
		return eg_error_set(err, EG_EINVAL, "detail %u is none of revocation", detail);
	return 0;
}

/* What follows where the line begins with these words; NULL where it does not. */
static const char *rest_of(const char *line, const char *begin)
{
	size_t len = strlen(begin);

	if (len == 0 || strncmp(line, begin, len) != 0)
		return NULL;
	return strchr(" ,", line[len]) != NULL ? line + len : NULL;
}

/* " 5,7-9 (4 indices)" */
static bool covers(const char *ranges, uint32_t idx, bool *is_cut)
{
	char *end;

	do {
		unsigned long first = strtoul(ranges + 1, &end, 10), last = first;

		if (end == ranges + 1)
			break;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (first <= idx && idx <= last)
			return true;
		ranges = end;
	} while (*end == ',');
	*is_cut = strstr(ranges, "…") != NULL;
	return false;
}

/* Is it the thing that the cause names, in this line? */
static bool is_meant(struct search *s, const char *rest)
{
	static const char until[] = ", until ";

	s->is_cut = false;
	if (s->cause->detail == EG_DETAIL_LIST)
		return covers(rest, s->cause->idx, &s->is_cut);
	if (strncmp(rest, until, sizeof(until) - 1) == 0)
		return !s->cause->has_iat ||
		       s->cause->iat_s <= strtoll(rest + sizeof(until) - 1, NULL, 10);
	return true;
}

static void take(struct search *s, const char *begin, const struct eg_state_since *line)
{
	const char *rest = rest_of(line->what, begin);

	if (rest == NULL)
		return;
	if (is_meant(s, rest)) {
		bool is_unsure = s->out->is_unsure;

		*s->out = *line;
		s->out->is_unsure = is_unsure;
	} else if (s->is_cut && !s->out->is_known) {
		s->out->is_unsure = true;
	}
}

/* Lines come from the newest to the oldest: what is revoked now is so since the oldest line that
 * says so and was never taken back or replaced. */
static void look_at(struct search *s, const struct eg_state_since *line)
{
	const bool is_suspended = s->cause->is_suspended;
	const char *other = rest_of(line->what, is_suspended ? s->revoke : s->suspend);
	const char *back = rest_of(line->what, s->unrevoke);

	if (rest_of(line->what, s->else_by) != NULL && !s->else_line.is_known)
		s->else_line = *line;
	if (s->is_over)
		return;
	s->is_over = (back != NULL && is_meant(s, back)) || (other != NULL && is_meant(s, other));
	if (!s->is_over)
		take(s, is_suspended ? s->suspend : s->revoke, line);
}

static void read_line(sqlite3_stmt *stmt, unsigned generation, struct eg_state_since *line)
{
	struct eg_span what = eg_col_blob(stmt, 3);

	*line = (struct eg_state_since){
	    .is_known = true,
	    .epoch = EG_EPOCH(generation, eg_col_u64(stmt, 0)),
	    .utc_ns = eg_col_u64(stmt, 1),
	    .uid = eg_col_u64(stmt, 2),
	};
	(void)snprintf(
	    line->what, sizeof(line->what), "%.*s", (int)what.len, (const char *)what.ptr);
}

static int read_lines(struct eg_state *st, struct search *s, struct eg_error *err)
{
	struct eg_shown name =
	    eg_show(s->cause->detail == EG_DETAIL_ISSUER ? s->cause->issuer : s->cause->value);
	sqlite3_stmt *stmt = NULL;
	struct eg_meta meta;
	int rc = eg_meta_load(&st->db, &meta, err);

	if (rc == 0)
		rc = eg_db_query(&st->db, &stmt,
		    "SELECT sequence, utc_ns, uid, what FROM audit"
		    " WHERE instr(what, CAST(?1 AS TEXT)) ORDER BY id DESC",
		    EG_VALS(eg_blob(eg_span_str(name.text))), err);
	if (rc != 0)
		return rc;
	while ((rc = eg_db_step(&st->db, stmt, err)) > 0) {
		struct eg_state_since line;

		read_line(stmt, meta.generation, &line);
		look_at(s, &line);
	}
	return rc;
}

int eg_state_since(struct eg_state *st, const struct eg_state_cause *cause,
    struct eg_state_since *out, struct eg_error *err)
{
	struct search s = {.cause = cause, .out = out};
	int rc = name_lines(&s, err);

	*out = (struct eg_state_since){0};
	if (rc == 0)
		rc = read_lines(st, &s, err);
	if (rc == 0 && !out->is_known && s.else_line.is_known) {
		s.else_line.is_unsure = out->is_unsure;
		*out = s.else_line;
	}
	return rc;
}
