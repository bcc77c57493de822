/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl.h"
#include "eg_egt.h"
#include "eg_hex.h"

#include <stdio.h>
#include <stdlib.h>

struct ctl_lines {
	FILE *file;
	const char *path;
	uint8_t fmt;                     /* that was said, or CTL_FMT_BY_LINE */
	uint8_t text[2 * CTL_TOKEN_MAX]; /* the longest hex that still fits a request */
	uint8_t bytes[CTL_TOKEN_MAX];
};

struct ctl_lines *ctl_lines_open(const char *path, uint8_t fmt, struct eg_error *err)
{
	struct ctl_lines *lines = malloc(sizeof(*lines));

	if (lines == NULL) {
		(void)eg_error_set(err, EG_ENOMEM, "no memory to read %s", path);
		return NULL;
	}
	lines->path = path;
	lines->fmt = fmt;
	lines->file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	if (lines->file == NULL) {
		(void)eg_error_set(
		    err, EG_ENOENT, "%s: %m (give a file with one token a line, or -)", path);
		free(lines);
		return NULL;
	}
	return lines;
}

void ctl_lines_close(struct ctl_lines *lines)
{
	if (lines->file != stdin)
		(void)fclose(lines->file);
	free(lines);
}

/* A JWT or a PASETO has a dot, so hex is neither: it is the bytes of a CWT, unless the other two
 * were said. */
static bool decode_hex(struct ctl_lines *lines, struct eg_span text)
{
	return lines->fmt != EG_FMT_JWT && lines->fmt != EG_FMT_PASETO &&
	       eg_hex_decode(text, lines->bytes);
}

struct ctl_line ctl_lines_of_text(struct ctl_lines *lines, struct eg_span text)
{
	const bool is_free = lines->fmt == CTL_FMT_BY_LINE;

	if (text.len > sizeof(lines->text))
		return (struct ctl_line){.too_big = true};
	if (decode_hex(lines, text))
		return (struct ctl_line){
		    eg_span(lines->bytes, text.len / 2), is_free ? EG_FMT_CWT : lines->fmt, false};
	if (text.len > CTL_TOKEN_MAX)
		return (struct ctl_line){.too_big = true};
	return (struct ctl_line){text, is_free ? EG_FMT_DETECT : lines->fmt, false};
}

int ctl_lines_next(struct ctl_lines *lines, struct ctl_line *line, struct eg_error *err)
{
	size_t len = 0;
	int c = getc_unlocked(lines->file);

	if (c == EOF && !ferror(lines->file))
		return 0;
	for (; c != '\n' && c != EOF; c = getc_unlocked(lines->file)) {
		if (len < sizeof(lines->text))
			lines->text[len] = (uint8_t)c;
		len++;
	}
	if (ferror(lines->file))
		return eg_error_set(err, EG_EIO, "%s: %m", lines->path);
	*line = ctl_lines_of_text(lines, eg_span(lines->text, len));
	return 1;
}

int ctl_get_fmt(const struct eg_cli *cli, uint8_t *fmt)
{
	static const char *const names[] = {[EG_FMT_DETECT] = "detect",
	    [EG_FMT_JWT] = "jwt",
	    [EG_FMT_CWT] = "cwt",
	    [EG_FMT_PASETO] = "paseto"};
	const char *value = eg_cli_get(cli, "fmt");

	*fmt = CTL_FMT_BY_LINE;
	if (value == NULL)
		return 0;
	for (*fmt = 0; *fmt < sizeof(names) / sizeof(names[0]); (*fmt)++)
		if (strcmp(names[*fmt], value) == 0)
			return 0;
	return eg_cli_usage(cli, "--fmt: '%s' is none of its choices", value);
}
