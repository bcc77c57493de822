/* SPDX-License-Identifier: BSD-3-Clause */
/* --file: what to revoke, one on each line. */
#include "ctl.h"
#include "eg_hex.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BULK_BYTES_MAX (1u << 29)
#define LINE_SHOWN_MAX 40

struct reading {
	const struct eg_cli *cli;
	const char *path;
	struct eg_span rest;
	struct eg_span line;
	size_t number; /* of the line, from 1 */
};

__attribute__((format(printf, 3, 4))) static int fault(
    const struct reading *r, struct eg_error *err, const char *fmt, ...)
{
	char why[200];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return eg_error_set(
	    err, EG_EINVAL, "%s, line %zu: %s; nothing was changed", r->path, r->number, why);
}

/* 1 a line, 0 the end. The last one may do without a line feed. */
static int next_line(struct reading *r, struct eg_error *err)
{
	const uint8_t *end;

	if (r->rest.len == 0)
		return 0;
	end = memchr(r->rest.ptr, '\n', r->rest.len);
	r->number++;
	r->line = eg_span(r->rest.ptr, end != NULL ? (size_t)(end - r->rest.ptr) : r->rest.len);
	r->rest = end != NULL ? eg_span(end + 1, r->rest.len - r->line.len - 1) : eg_span(NULL, 0);
	if (r->line.len == 0)
		return fault(r, err, "it is empty");
	/* A value with it would revoke nothing. */
	if (r->line.ptr[r->line.len - 1] == '\r')
		return fault(r, err, "it ends with a carriage return: lines end with a line feed");
	return 1;
}

static int open_bulk(
    const struct eg_cli *cli, struct reading *r, struct eg_cli_bytes *file, struct eg_error *err)
{
	const char *path = eg_cli_get(cli, "file");
	int rc = eg_cli_read_file(path, BULK_BYTES_MAX, file, err);

	*r = (struct reading){.cli = cli, .path = strcmp(path, "-") == 0 ? "stdin" : path};
	if (rc != 0)
		return rc;
	r->rest = eg_span(file->ptr, file->len);
	if (file->len == 0)
		return eg_error_set(err, EG_EINVAL, "%s is empty: there is nothing to do", r->path);
	return 0;
}

/* How many lines there are at most. */
static size_t line_cnt(struct eg_span text)
{
	size_t cnt = 1;
	const uint8_t *at = text.ptr, *end = text.ptr + text.len;

	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		cnt++;
		at++;
	}
	return cnt;
}

/* ── values ── */

static int take_value(struct reading *r, struct ctl_values *out, struct eg_error *err)
{
	struct eg_span value = r->line;
	uint8_t *own = out->file.ptr + (r->line.ptr - out->file.ptr);

	if (eg_cli_has(r->cli, "hex")) {
		if (!eg_hex_decode(r->line, own)) /* in place */
			return fault(r, err, "it is not the hex of bytes");
		value = eg_span(own, r->line.len / 2);
	}
	if (value.len > CTL_VALUE_MAX)
		return fault(
		    r, err, "it has %zu bytes, and a value has 1 to %u", value.len, CTL_VALUE_MAX);
	if (out->cnt == EG_STATE_VALUES_MAX)
		return fault(r, err, "one command takes %u values", EG_STATE_VALUES_MAX);
	out->value[out->cnt++] = value;
	return 0;
}

int ctl_read_values(const struct eg_cli *cli, struct ctl_values *out, struct eg_error *err)
{
	struct reading r;
	int more = 0, rc;

	*out = (struct ctl_values){0};
	rc = open_bulk(cli, &r, &out->file, err);
	if (rc == 0)
		out->value = calloc(line_cnt(r.rest), sizeof(*out->value));
	if (rc == 0 && out->value == NULL)
		rc = eg_error_set(err, EG_ENOMEM, "%s: no memory for its lines", r.path);
	while (rc == 0 && (more = next_line(&r, err)) > 0)
		rc = take_value(&r, out, err);
	if (rc == 0)
		rc = more;
	if (rc != 0)
		ctl_values_free(out);
	return rc;
}

void ctl_values_free(struct ctl_values *values)
{
	free(values->value);
	eg_cli_bytes_free(&values->file);
	*values = (struct ctl_values){0};
}

/* ── indices ── */

static bool parse_index(struct eg_span text, uint32_t *out)
{
	uint64_t value = 0;

	for (size_t i = 0; i < text.len && value <= UINT32_MAX; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		value = value * 10 + (text.ptr[i] - (uint64_t)'0');
	}
	*out = (uint32_t)value;
	return text.len != 0 && value <= UINT32_MAX;
}

bool ctl_parse_range(struct eg_span text, struct eg_index_range *out)
{
	const uint8_t *dash = memchr(text.ptr, '-', text.len);
	size_t first_len = dash != NULL ? (size_t)(dash - text.ptr) : text.len;

	if (!parse_index(eg_span(text.ptr, first_len), &out->first))
		return false;
	out->last = out->first;
	if (dash == NULL)
		return true;
	return parse_index(eg_span(dash + 1, text.len - first_len - 1), &out->last) &&
	       out->last >= out->first;
}

static int take_range(struct reading *r, struct eg_index_range *range, struct eg_error *err)
{
	char shown[4 * LINE_SHOWN_MAX + 1];

	if (ctl_parse_range(r->line, range))
		return 0;
	return fault(r, err, "'%s' is neither an index nor a range like 7-9",
	    eg_cli_printable(r->line, shown, LINE_SHOWN_MAX));
}

static int order_ranges(const void *pa, const void *pb)
{
	const struct eg_index_range *a = pa, *b = pb;

	return (a->first > b->first) - (a->first < b->first);
}

/* In order, and neighbours as one: a file of single indices is often a range or a few. Returns how
 * many there are. */
static size_t join_ranges(struct eg_index_range ranges[], size_t cnt)
{
	size_t n = 0;

	qsort(ranges, cnt, sizeof(ranges[0]), order_ranges);
	for (size_t i = 1; i < cnt; i++) {
		if (ranges[i].first > (uint64_t)ranges[n].last + 1)
			ranges[++n] = ranges[i];
		else if (ranges[i].last > ranges[n].last)
			ranges[n].last = ranges[i].last;
	}
	return n + 1;
}

static int read_ranges(
    struct reading *r, struct eg_index_range **ranges, size_t *cnt, struct eg_error *err)
{
	int more;

	*ranges = calloc(line_cnt(r->rest), sizeof(**ranges));
	if (*ranges == NULL)
		return eg_error_set(err, EG_ENOMEM, "%s: no memory for its lines", r->path);
	while ((more = next_line(r, err)) > 0) {
		int rc = take_range(r, &(*ranges)[*cnt], err);

		if (rc != 0)
			return rc;
		(*cnt)++;
	}
	if (more == 0)
		*cnt = join_ranges(*ranges, *cnt);
	return more;
}

int ctl_read_ranges(
    const struct eg_cli *cli, struct eg_index_range **ranges, size_t *cnt, struct eg_error *err)
{
	struct eg_cli_bytes file;
	struct reading r;
	int rc = open_bulk(cli, &r, &file, err);

	*ranges = NULL;
	*cnt = 0;
	if (rc == 0)
		rc = read_ranges(&r, ranges, cnt, err);
	eg_cli_bytes_free(&file);
	if (rc != 0) {
		free(*ranges);
		*ranges = NULL;
	}
	return rc;
}
