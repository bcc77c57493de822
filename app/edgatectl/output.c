/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl.h"
#include "eg_egt.h"
#include "eg_log.h"

#include <stdio.h>
#include <stdlib.h>

#define CELL_BYTES  1024
#define COLUMNS_MAX 12

json_t *ctl_json_text(struct eg_span text)
{
	json_t *value = json_stringn((const char *)text.ptr, text.len);

	return value != NULL ? value : json_null();
}

json_t *ctl_json_epoch(uint64_t epoch)
{
	return json_sprintf(CTL_EPOCH_TEXT, CTL_EPOCH_ARGS(epoch));
}

int ctl_print_json(json_t *value, size_t flags)
{
	int rc = value != NULL ? json_dumpf(value, stdout, flags) : -1;

	json_decref(value);
	if (rc != 0) {
		eg_log(EG_LOG_ERROR, "no memory for the output");
		return EG_CLI_REFUSED;
	}
	(void)putchar('\n');
	return EG_CLI_DONE;
}

static bool is_shown(const char *column)
{
	return column[0] == CTL_SHOWN[0];
}

static const char *name_of(const char *column)
{
	return is_shown(column) ? column + 1 : column;
}

static void cell_of_text(const json_t *value, const char *column, char *cell, size_t room)
{
	struct eg_span text = eg_span(json_string_value(value), json_string_length(value));

	if (is_shown(column))
		(void)eg_cli_printable_again(text, cell, room);
	else
		(void)eg_cli_printable(text, cell, room);
}

static void cell_of_value(const json_t *value, const char *column, char *cell, size_t room)
{
	if (json_is_string(value))
		cell_of_text(value, column, cell, room);
	else if (json_is_integer(value))
		(void)snprintf(cell, room, "%lld", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		(void)snprintf(cell, room, "%s", json_is_true(value) ? "yes" : "no");
	else
		(void)snprintf(cell, room, "-");
}

/* A scalar, or the elements of an array with commas between them. */
static void cell_of(const json_t *row, const char *column, char *cell)
{
	const json_t *value = json_object_get(row, name_of(column));
	size_t used = 0;

	if (!json_is_array(value) || json_array_size(value) == 0) {
		cell_of_value(value, column, cell, CELL_BYTES);
		return;
	}
	for (size_t i = 0; i < json_array_size(value) && used + 2 < CELL_BYTES; i++) {
		if (i > 0)
			cell[used++] = ',';
		cell_of_value(json_array_get(value, i), column, cell + used, CELL_BYTES - used);
		used += strlen(cell + used);
	}
}

static void print_table(const json_t *rows, const char *const columns[])
{
	int width[COLUMNS_MAX] = {0};
	char cell[CELL_BYTES];

	for (unsigned c = 0; columns[c] != NULL; c++) {
		width[c] = (int)strlen(name_of(columns[c]));
		for (size_t r = 0; r < json_array_size(rows); r++) {
			cell_of(json_array_get(rows, r), columns[c], cell);
			if ((int)strlen(cell) > width[c])
				width[c] = (int)strlen(cell);
		}
	}
	for (unsigned c = 0; columns[c] != NULL; c++)
		(void)printf("%-*s%s", columns[c + 1] != NULL ? width[c] : 0, name_of(columns[c]),
		    columns[c + 1] != NULL ? "  " : "\n");
	for (size_t r = 0; r < json_array_size(rows); r++) {
		for (unsigned c = 0; columns[c] != NULL; c++) {
			cell_of(json_array_get(rows, r), columns[c], cell);
			(void)printf("%-*s%s", columns[c + 1] != NULL ? width[c] : 0, cell,
			    columns[c + 1] != NULL ? "  " : "\n");
		}
	}
}

int ctl_print_rows(json_t *rows, const char *const columns[], bool as_json)
{
	if (as_json || rows == NULL)
		return ctl_print_json(rows, JSON_INDENT(2));
	print_table(rows, columns);
	json_decref(rows);
	return EG_CLI_DONE;
}

json_t *ctl_json_rflags(uint16_t rflags)
{
	static const char *const names[] = {"SIG_CHECKED", "CACHED", "CNF_PRESENT", "LIST_STALE",
	    "STATE_STALE", "STEER_MISS", "RISK_FLAGGED", "CLAIMS"};
	json_t *flags = json_array();

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (rflags & 1u << i)
			(void)json_array_append_new(flags, json_string(names[i]));
	}
	return flags;
}

int ctl_print_answer(const struct ctl_answer *answer, bool as_json)
{
	if (!as_json) {
		(void)printf("%s\n", answer->status);
		return EG_CLI_DONE;
	}
	return ctl_print_json(
	    json_pack("{s:I, s:s, s:s, s:I, s:o, s:o*}", "line", (json_int_t)answer->line, "status",
	        answer->status, "detail", answer->detail, "exp", (json_int_t)answer->exp_s, "flags",
	        ctl_json_rflags(answer->rflags), "utc_ns",
	        answer->utc_ns != 0 ? json_integer(answer->utc_ns) : NULL),
	    JSON_COMPACT);
}
