/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl.h"
#include "eg_egt.h"

#include <stdio.h>
#include <stdlib.h>

struct ctl_lines {
	FILE *file;
	const char *path;
	uint8_t text[2 * CTL_TOKEN_MAX]; /* the longest hex that still fits a request */
	uint8_t bytes[CTL_TOKEN_MAX];
};

struct ctl_lines *ctl_lines_open(const char *path, struct eg_error *err)
{
	struct ctl_lines *lines = malloc(sizeof(*lines));

	if (lines == NULL) {
		(void)eg_error_set(err, EG_ENOMEM, "no memory to read %s", path);
		return NULL;
	}
	lines->path = path;
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

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

bool ctl_decode_hex(struct eg_span text, uint8_t *bytes)
{
	if (text.len == 0 || text.len % 2 != 0)
		return false;
	for (size_t i = 0; i < text.len; i += 2) {
		int high = hex_digit(text.ptr[i]);
		int low = hex_digit(text.ptr[i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i / 2] = (uint8_t)(high << 4 | low);
	}
	return true;
}

struct ctl_line ctl_lines_of_text(struct ctl_lines *lines, struct eg_span text)
{
	if (text.len > sizeof(lines->text))
		return (struct ctl_line){.too_big = true};
	if (ctl_decode_hex(text, lines->bytes))
		return (struct ctl_line){eg_span(lines->bytes, text.len / 2), EG_FMT_CWT, false};
	if (text.len > CTL_TOKEN_MAX)
		return (struct ctl_line){.too_big = true};
	return (struct ctl_line){text, EG_FMT_DETECT, false};
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
