/* SPDX-License-Identifier: BSD-3-Clause */
#include "vector_rows.h"
#include "ctl.h"
#include "eg_hex.h"

#include <stdlib.h>

int vector_file_open(struct vector_file *f, const char *path, struct eg_error *err)
{
	*f = (struct vector_file){
	    .file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re"),
	    .path = path,
	};
	if (f->file == NULL)
		return eg_error_set(err, EG_ENOENT,
		    "%s: %m (give a file with a line 'id pk msg sig' for each signature, or -)",
		    path);
	return 0;
}

void vector_file_close(struct vector_file *f)
{
	if (f->file != stdin)
		(void)fclose(f->file);
}

void vector_row_free(struct vector_row *row)
{
	free(row->line);
	*row = (struct vector_row){0};
}

/* The text before the next TAB, which *rest moves past; false where nothing is left. */
static bool next_field(struct eg_span *rest, struct eg_span *field)
{
	const uint8_t *tab;

	if (rest->ptr == NULL)
		return false;
	tab = memchr(rest->ptr, '\t', rest->len);
	if (tab == NULL) {
		*field = *rest;
		*rest = eg_span(NULL, 0);
		return true;
	}
	*field = eg_span(rest->ptr, (size_t)(tab - rest->ptr));
	*rest = eg_span(tab + 1, rest->len - field->len - 1);
	return true;
}

/* Hex to bytes in its own place. */
static bool decode_in_place(char *line, struct eg_span *field)
{
	uint8_t *bytes = (uint8_t *)line + (field->ptr - (const uint8_t *)line);

	if (field->len == 0 || (field->len == 1 && bytes[0] == '-')) {
		field->len = 0;
		return true;
	}
	if (!eg_hex_decode(*field, bytes))
		return false;
	field->len /= 2;
	return true;
}

static int parse(
    const struct vector_file *f, struct vector_row *row, size_t len, struct eg_error *err)
{
	static const char *const names[] = {"id", "pk", "msg", "sig"};
	struct eg_span *const fields[] = {&row->id, &row->pk, &row->msg, &row->sig};
	struct eg_span rest = eg_span((const uint8_t *)row->line, len);

	for (unsigned i = 0; i < 4; i++) {
		if (!next_field(&rest, fields[i]))
			return eg_error_set(err, EG_EINVAL,
			    "%s:%llu: no %s (a line is: id pk msg sig)", f->path,
			    (unsigned long long)f->line_cnt, names[i]);
		if (i > 0 && !decode_in_place(row->line, fields[i]))
			return eg_error_set(err, EG_EINVAL, "%s:%llu: %s is not hex", f->path,
			    (unsigned long long)f->line_cnt, names[i]);
	}
	if (row->msg.len > UINT32_MAX)
		return eg_error_set(err, EG_ELIMIT, "%s:%llu: msg has more than %u bytes", f->path,
		    (unsigned long long)f->line_cnt, UINT32_MAX);
	row->number = f->line_cnt;
	return 1;
}

int vector_file_next(struct vector_file *f, struct vector_row *row, struct eg_error *err)
{
	ssize_t got;

	while ((got = getline(&row->line, &row->line_room, f->file)) >= 0) {
		size_t len = (size_t)got;

		f->line_cnt++;
		if (len > 0 && row->line[len - 1] == '\n')
			len--;
		if (len > 0 && row->line[len - 1] == '\r')
			len--;
		if (len > 0 && row->line[0] != '#')
			return parse(f, row, len, err);
	}
	if (ferror(f->file) || !feof(f->file))
		return eg_error_set(
		    err, EG_EIO, "%s:%llu: %m", f->path, (unsigned long long)f->line_cnt + 1);
	return 0;
}
