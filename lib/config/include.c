/* SPDX-License-Identifier: BSD-3-Clause */
#include "include.h"
#include "source.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <yaml.h>

#define KEYS_MAX 64u

/* Names that a mapping has, and those that include it have. */
struct keys {
	const struct keys *outer;
	char *name[KEYS_MAX];
	unsigned cnt;
};

/* A file on the way from the first one to the one that is read now. */
struct reading {
	const struct reading *includer; /* NULL: the first file */
	struct eg_expansion *x;
	struct eg_error *err;
	unsigned idx, depth; /* idx: of x->file */
	dev_t dev;
	ino_t ino;
	yaml_parser_t parser;
};

struct included { /* an `include` that was met in a mapping */
	char *file;
	unsigned line;
};

__attribute__((format(printf, 3, 4))) static int refuse(
    const struct reading *r, unsigned line, const char *fmt, ...)
{
	char text[EG_ERROR_TEXT_BYTES];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return eg_error_set(
	    r->err, EG_EINVAL, "%s:%u: include: %s", r->x->file[r->idx], line, text);
}

static int no_memory(struct eg_error *err, const char *path)
{
	return eg_error_set(err, EG_ENOMEM, "%s: out of memory", path);
}

/* ── files ── */

static int read_stream(FILE *f, const char *path, char **text, size_t *len, struct eg_error *err)
{
	*text = malloc(EG_CONFIG_FILE_BYTES + 1);
	if (*text == NULL)
		return no_memory(err, path);
	*len = fread(*text, 1, EG_CONFIG_FILE_BYTES + 1, f);
	if (ferror(f) != 0)
		return eg_error_set(err, EG_EIO, "%s: %s", path, strerror(errno));
	if (*len > EG_CONFIG_FILE_BYTES)
		return eg_error_set(
		    err, EG_ELIMIT, "%s: longer than %u bytes", path, EG_CONFIG_FILE_BYTES);
	return 0;
}

int eg_config_read(const char *path, char **text, size_t *len, struct eg_error *err)
{
	FILE *f = fopen(path, "re");
	int rc;

	*text = NULL;
	if (f == NULL)
		return eg_error_set(
		    err, errno == ENOENT ? EG_ENOENT : EG_EIO, "%s: %s", path, strerror(errno));
	rc = read_stream(f, path, text, len, err);
	(void)fclose(f);
	if (rc != 0) {
		free(*text);
		*text = NULL;
	}
	return rc;
}

/* "drivers/x.yaml" in "/etc/edgate/edgate.yaml" → "/etc/edgate/drivers/x.yaml" */
static char *path_beside(const char *includer, const char *file)
{
	const char *slash = file[0] == '/' ? NULL : strrchr(includer, '/');
	size_t dir = slash != NULL ? (size_t)(slash - includer) + 1 : 0;
	size_t bytes = dir + strlen(file) + 1;
	char *path = malloc(bytes);

	if (path != NULL)
		(void)snprintf(path, bytes, "%.*s%s", (int)dir, includer, file);
	return path;
}

/* ── the text that comes out ── */

static void *grown(void *array, size_t *room, size_t need, size_t each)
{
	size_t wanted = *room != 0 ? *room : 256;
	void *larger;

	if (need <= *room)
		return array;
	while (wanted < need)
		wanted *= 2;
	larger = realloc(array, wanted * each);
	if (larger != NULL)
		*room = wanted;
	return larger;
}

/* Bytes of the line that is being written. */
static int put(const struct reading *r, const char *bytes, size_t cnt)
{
	struct eg_expansion *x = r->x;
	char *text;

	if (x->len + cnt > EG_EXPANSION_BYTES)
		return eg_error_set(r->err, EG_ELIMIT,
		    "%s: longer than %u bytes with all that it includes", x->file[0],
		    EG_EXPANSION_BYTES);
	text = grown(x->text, &x->room, x->len + cnt, 1);
	if (text == NULL)
		return no_memory(r->err, x->file[0]);
	x->text = text;
	memcpy(text + x->len, bytes, cnt);
	x->len += cnt;
	return 0;
}

/* Ends the line; it is from line `line` of the file that is read. */
static int end_line(const struct reading *r, unsigned line)
{
	struct eg_expansion *x = r->x;
	struct eg_origin *origin =
	    grown(x->origin, &x->line_room, x->line_cnt + 1, sizeof(*origin));

	if (origin == NULL)
		return no_memory(r->err, x->file[0]);
	x->origin = origin;
	x->origin[x->line_cnt++] = (struct eg_origin){r->idx, line};
	return put(r, "\n", 1);
}

static int put_token(const struct reading *r, const char *token, unsigned line)
{
	int rc = put(r, token, strlen(token));

	return rc == 0 ? end_line(r, line) : rc;
}

/* A code point of UTF-8 that libyaml has checked; returns its bytes. */
static unsigned code_point(const unsigned char *p, unsigned *cp)
{
	unsigned bytes = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	*cp = bytes == 1 ? p[0] : p[0] & (0xffu >> (bytes + 1));
	for (unsigned i = 1; i < bytes; i++)
		*cp = *cp << 6 | (p[i] & 0x3fu);
	return bytes;
}

/* In double quotes: every value of a configuration is read as text. */
static int put_quoted(const struct reading *r, const yaml_event_t *scalar)
{
	const unsigned char *p = scalar->data.scalar.value, *end = p + scalar->data.scalar.length;
	char escaped[16];
	int rc = put(r, "\"", 1);

	while (rc == 0 && p < end) {
		unsigned cp;

		p += code_point(p, &cp);
		if (cp >= 0x20 && cp < 0x7f && cp != '"' && cp != '\\')
			(void)snprintf(escaped, sizeof(escaped), "%c", (int)cp);
		else
			(void)snprintf(escaped, sizeof(escaped), "\\U%08X", cp);
		rc = put(r, escaped, strlen(escaped));
	}
	return rc == 0 ? put(r, "\"", 1) : rc;
}

/* ── what is read ── */

static int expand_file(
    const struct reading *includer, const struct included *inc, const struct keys *outer);
static int expand_node(struct reading *r, const yaml_event_t *node);

static unsigned line_of(const yaml_event_t *event)
{
	return (unsigned)event->start_mark.line + 1;
}

/* The text is well formed: only memory can be missing. */
static int next_event(struct reading *r, yaml_event_t *event)
{
	return yaml_parser_parse(&r->parser, event) != 0 ? 0
	                                                 : no_memory(r->err, r->x->file[r->idx]);
}

static bool is_known(const struct keys *keys, const char *name)
{
	for (; keys != NULL; keys = keys->outer)
		for (unsigned i = 0; i < keys->cnt; i++)
			if (strcmp(keys->name[i], name) == 0)
				return true;
	return false;
}

static int skip_value(struct reading *r)
{
	unsigned depth = 0;

	do {
		yaml_event_t event;
		int rc = next_event(r, &event);

		if (rc != 0)
			return rc;
		if (event.type == YAML_MAPPING_START_EVENT ||
		    event.type == YAML_SEQUENCE_START_EVENT)
			depth++;
		else if (event.type != YAML_SCALAR_EVENT)
			depth--;
		yaml_event_delete(&event);
	} while (depth != 0);
	return 0;
}

static int take_include(struct reading *r, const yaml_event_t *key, struct included *inc)
{
	yaml_event_t value;
	int rc;

	if (inc->file != NULL)
		return refuse(r, line_of(key), "is given twice");
	rc = next_event(r, &value);
	if (rc != 0)
		return rc;
	inc->line = line_of(key);
	if (value.type != YAML_SCALAR_EVENT || value.data.scalar.length == 0)
		rc = refuse(r, inc->line, "must be the name of one file");
	else if ((inc->file = strdup((const char *)value.data.scalar.value)) == NULL)
		rc = no_memory(r->err, r->x->file[r->idx]);
	yaml_event_delete(&value);
	return rc;
}

static int take_pair(struct reading *r, const yaml_event_t *key, struct keys *own)
{
	yaml_event_t value;
	int rc;

	if (own->cnt == KEYS_MAX)
		return refuse(r, line_of(key), "more than %u keys in one place", KEYS_MAX);
	own->name[own->cnt] = strdup((const char *)key->data.scalar.value);
	if (own->name[own->cnt] == NULL)
		return no_memory(r->err, r->x->file[r->idx]);
	own->cnt++;
	rc = put_quoted(r, key);
	if (rc == 0)
		rc = put_token(r, ":", line_of(key));
	if (rc == 0)
		rc = next_event(r, &value);
	if (rc != 0)
		return rc;
	rc = expand_node(r, &value);
	if (rc == 0)
		rc = put_token(r, ",", line_of(&value));
	yaml_event_delete(&value);
	return rc;
}

/* One key with its value; its name is in own->outer: the including mapping has it. */
static int expand_pair(
    struct reading *r, const yaml_event_t *key, struct keys *own, struct included *inc)
{
	const char *name = (const char *)key->data.scalar.value;

	if (strcmp(name, "include") == 0)
		return take_include(r, key, inc);
	return is_known(own->outer, name) ? skip_value(r) : take_pair(r, key, own);
}

/* The pairs of a mapping whose start was read, and then those of the file that it includes. */
static int expand_pairs(struct reading *r, const struct keys *outer)
{
	struct keys own = {.outer = outer};
	struct included inc = {NULL, 0};
	bool done = false;
	int rc = 0;

	while (rc == 0 && !done) {
		yaml_event_t event;

		rc = next_event(r, &event);
		if (rc != 0)
			break;
		done = event.type == YAML_MAPPING_END_EVENT;
		if (!done)
			rc = expand_pair(r, &event, &own, &inc);
		yaml_event_delete(&event);
	}
	if (rc == 0 && inc.file != NULL)
		rc = expand_file(r, &inc, &own);
	free(inc.file);
	for (unsigned i = 0; i < own.cnt; i++)
		free(own.name[i]);
	return rc;
}

static int expand_entries(struct reading *r)
{
	bool done = false;
	int rc = 0;

	while (rc == 0 && !done) {
		yaml_event_t event;

		rc = next_event(r, &event);
		if (rc != 0)
			return rc;
		done = event.type == YAML_SEQUENCE_END_EVENT;
		if (!done && (rc = expand_node(r, &event)) == 0)
			rc = put_token(r, ",", line_of(&event));
		yaml_event_delete(&event);
	}
	return rc;
}

static int expand_node(struct reading *r, const yaml_event_t *node)
{
	bool is_mapping = node->type == YAML_MAPPING_START_EVENT;
	int rc;

	if (node->type == YAML_SCALAR_EVENT) {
		rc = put_quoted(r, node);
		return rc == 0 ? end_line(r, line_of(node)) : rc;
	}
	rc = put_token(r, is_mapping ? "{" : "[", line_of(node));
	if (rc == 0)
		rc = is_mapping ? expand_pairs(r, NULL) : expand_entries(r);
	return rc == 0 ? put_token(r, is_mapping ? "}" : "]", line_of(node)) : rc;
}

/* Up to the one mapping of the document, and what `expand` makes of it. */
static int expand_document(struct reading *r, const struct keys *outer)
{
	bool found = false;
	int rc = 0;

	while (rc == 0 && !found) {
		yaml_event_t event;

		rc = next_event(r, &event);
		if (rc != 0)
			return rc;
		found = event.type == YAML_MAPPING_START_EVENT;
		if (found)
			rc = r->includer != NULL ? expand_pairs(r, outer) : expand_node(r, &event);
		yaml_event_delete(&event);
	}
	return rc;
}

static int expand_text(struct reading *r, struct eg_span text, const struct keys *outer)
{
	int rc;

	if (yaml_parser_initialize(&r->parser) == 0)
		return no_memory(r->err, r->x->file[r->idx]);
	yaml_parser_set_input_string(&r->parser, text.ptr, text.len);
	rc = expand_document(r, outer);
	yaml_parser_delete(&r->parser);
	return rc;
}

/* ── one file in another ── */

/* It exists, is a plain file, and is not on the way here already. */
static int identify(
    const struct reading *includer, unsigned line, const char *path, struct reading *r)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return refuse(includer, line, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return refuse(includer, line, "%s: not a file", path);
	for (const struct reading *at = includer; at != NULL; at = at->includer)
		if (at->dev == st.st_dev && at->ino == st.st_ino)
			return refuse(includer, line, "%s: includes itself", path);
	r->dev = st.st_dev;
	r->ino = st.st_ino;
	return 0;
}

static int add_file(const struct reading *includer, const struct included *inc, struct reading *r)
{
	struct eg_expansion *x = includer->x;
	char *path;
	int rc;

	if (includer->depth == EG_INCLUDE_DEPTH_MAX)
		return refuse(includer, inc->line, "%s: files in files in files: at most %u deep",
		    inc->file, EG_INCLUDE_DEPTH_MAX);
	if (x->file_cnt == EG_INCLUDE_FILES_MAX)
		return refuse(
		    includer, inc->line, "%s: more than %u files", inc->file, EG_INCLUDE_FILES_MAX);
	path = path_beside(x->file[includer->idx], inc->file);
	if (path == NULL)
		return no_memory(includer->err, inc->file);
	rc = identify(includer, inc->line, path, r);
	if (rc != 0) {
		free(path);
		return rc;
	}
	r->idx = x->file_cnt;
	x->file[x->file_cnt++] = path;
	return 0;
}

static int expand_file(
    const struct reading *includer, const struct included *inc, const struct keys *outer)
{
	struct reading r = {.includer = includer,
	    .x = includer->x,
	    .err = includer->err,
	    .depth = includer->depth + 1};
	struct eg_source src = {.err = includer->err};
	char *text;
	size_t len;
	int rc = add_file(includer, inc, &r);

	if (rc != 0)
		return rc;
	src.name = r.x->file[r.idx];
	rc = eg_config_read(src.name, &text, &len, r.err);
	if (rc != 0)
		return rc;
	src.text = eg_span(text, len);
	rc = eg_source_check(&src);
	if (rc == 0)
		rc = expand_text(&r, src.text, outer);
	free(text);
	return rc;
}

int eg_include_expand(
    struct eg_expansion *x, const char *path, struct eg_span text, struct eg_error *err)
{
	struct reading r = {.x = x, .err = err};
	struct stat st;

	*x = (struct eg_expansion){.file_cnt = 1};
	x->file[0] = strdup(path);
	if (x->file[0] == NULL)
		return no_memory(err, path);
	if (stat(path, &st) == 0) {
		r.dev = st.st_dev;
		r.ino = st.st_ino;
	}
	return expand_text(&r, text, NULL);
}

void eg_expansion_free(struct eg_expansion *x)
{
	for (unsigned i = 0; i < x->file_cnt; i++)
		free(x->file[i]);
	free(x->text);
	free(x->origin);
	*x = (struct eg_expansion){0};
}
