/* SPDX-License-Identifier: BSD-3-Clause */
#include "source.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#define DEPTH_MAX 8u

/* One pass over the document, by libyaml: libcyaml has no line for a key it does not know, nor for
 * a value once it is loaded. */
struct walk {
	const struct eg_source *src;
	yaml_parser_t parser;
	const char *find; /* path whose line is wanted, or NULL */
	bool found_mapping;
	unsigned line; /* of find, 0 while not met; of the last one, where a key stands twice */
	unsigned include_line; /* of the last key of that name, 0: none */
	char path[EG_SOURCE_PATH_BYTES];
};

static int refuse_line(const struct eg_source *src, size_t line, const char *path, const char *text)
{
	const struct eg_expansion *x = src->expansion;

	if (x != NULL && line <= x->line_cnt) {
		const struct eg_origin *at = &x->origin[line - 1];

		return eg_error_set(src->err, EG_EINVAL, "%s:%u: %s%s%s", x->file[at->file],
		    at->line, path, path[0] != '\0' ? ": " : "", text);
	}
	return eg_error_set(src->err, EG_EINVAL, "%s:%zu: %s%s%s", src->name, line, path,
	    path[0] != '\0' ? ": " : "", text);
}

static int refuse_event(const struct walk *w, const yaml_event_t *event, const char *text)
{
	return refuse_line(w->src, event->start_mark.line + 1, w->path, text);
}

static int next_event(struct walk *w, yaml_event_t *event)
{
	if (yaml_parser_parse(&w->parser, event) != 0)
		return 0;
	if (w->parser.error == YAML_MEMORY_ERROR)
		return eg_error_set(w->src->err, EG_ENOMEM, "%s: out of memory", w->src->name);
	return refuse_line(w->src, w->parser.problem_mark.line + 1, w->path,
	    w->parser.problem != NULL ? w->parser.problem : "not YAML");
}

static void enter(struct walk *w, size_t path_bytes, const char *suffix, size_t line)
{
	(void)snprintf(w->path + path_bytes, sizeof(w->path) - path_bytes, "%s", suffix);
	if (w->find != NULL && strcmp(w->path, w->find) == 0)
		w->line = (unsigned)line + 1;
}

static int walk_node(struct walk *w, const yaml_event_t *node, unsigned depth);

static int walk_entry(
    struct walk *w, size_t path_bytes, unsigned idx, yaml_event_t *event, unsigned depth)
{
	char suffix[16];

	(void)snprintf(suffix, sizeof(suffix), "[%u]", idx);
	enter(w, path_bytes, suffix, event->start_mark.line);
	return walk_node(w, event, depth + 1);
}

static int walk_pair(struct walk *w, size_t path_bytes, const yaml_event_t *key, unsigned depth)
{
	char suffix[EG_SOURCE_PATH_BYTES];
	yaml_event_t value;
	int rc;

	if (key->type != YAML_SCALAR_EVENT)
		return refuse_event(w, key, "a key must be a word");
	(void)snprintf(suffix, sizeof(suffix), "%s%s", path_bytes != 0 ? "." : "",
	    (const char *)key->data.scalar.value);
	enter(w, path_bytes, suffix, key->start_mark.line);
	if (strcmp((const char *)key->data.scalar.value, "include") == 0)
		w->include_line = (unsigned)key->start_mark.line + 1;
	rc = next_event(w, &value);
	if (rc != 0)
		return rc;
	rc = walk_node(w, &value, depth + 1);
	yaml_event_delete(&value);
	return rc;
}

/* The entries of a list or the pairs of a mapping, up to its end. */
static int walk_children(struct walk *w, yaml_event_type_t end, unsigned depth)
{
	size_t path_bytes = strlen(w->path);
	yaml_event_t event;
	bool done = false;

	for (unsigned i = 0; !done; i++) {
		int rc = next_event(w, &event);

		if (rc != 0)
			return rc;
		done = event.type == end;
		if (!done)
			rc = end == YAML_SEQUENCE_END_EVENT
			         ? walk_entry(w, path_bytes, i, &event, depth)
			         : walk_pair(w, path_bytes, &event, depth);
		yaml_event_delete(&event);
		if (rc != 0)
			return rc;
		w->path[path_bytes] = '\0';
	}
	return 0;
}

static int walk_node(struct walk *w, const yaml_event_t *node, unsigned depth)
{
	if (depth > DEPTH_MAX)
		return refuse_event(w, node, "nested too deep");
	if (w->find != NULL && strcmp(w->path, w->find) == 0)
		w->found_mapping = node->type == YAML_MAPPING_START_EVENT;
	switch (node->type) {
	case YAML_SCALAR_EVENT:
		if (memchr(node->data.scalar.value, 0, node->data.scalar.length) != NULL)
			return refuse_event(w, node, "a NUL byte in the value");
		return 0;
	case YAML_SEQUENCE_START_EVENT:
		return walk_children(w, YAML_SEQUENCE_END_EVENT, depth);
	case YAML_MAPPING_START_EVENT:
		return walk_children(w, YAML_MAPPING_END_EVENT, depth);
	default:
		return refuse_event(w, node, "an alias: write the value out");
	}
}

/* The events around the one document. */
static int walk_stream(struct walk *w)
{
	yaml_event_t event;
	unsigned document_cnt = 0;
	bool done = false;

	while (!done) {
		int rc = next_event(w, &event);

		if (rc != 0)
			return rc;
		if (event.type == YAML_DOCUMENT_START_EVENT && document_cnt++ != 0)
			rc = refuse_event(w, &event, "a second document begins here");
		else if (event.type == YAML_SCALAR_EVENT || event.type == YAML_SEQUENCE_START_EVENT)
			rc = refuse_event(w, &event, "a configuration is keys with their values");
		else if (event.type == YAML_MAPPING_START_EVENT)
			rc = walk_node(w, &event, 0);
		done = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
		if (rc != 0)
			return rc;
	}
	return document_cnt != 0
	           ? 0
	           : eg_error_set(w->src->err, EG_EINVAL, "%s: is empty", w->src->name);
}

static int walk_text(struct walk *w)
{
	int rc;

	if (yaml_parser_initialize(&w->parser) == 0)
		return eg_error_set(w->src->err, EG_ENOMEM, "%s: out of memory", w->src->name);
	yaml_parser_set_input_string(&w->parser, w->src->text.ptr, w->src->text.len);
	rc = walk_stream(w);
	yaml_parser_delete(&w->parser);
	return rc;
}

int eg_source_check(const struct eg_source *src)
{
	struct walk w = {.src = src};

	return walk_text(&w);
}

unsigned eg_source_include_line(const struct eg_source *src)
{
	struct walk w = {.src = src};

	(void)walk_text(&w);
	return w.include_line;
}

bool eg_source_is_mapping(const struct eg_source *src, const char *path)
{
	struct eg_error ignored = {0};
	struct eg_source quiet = {.name = src->name, .text = src->text, .err = &ignored};
	struct walk w = {.src = &quiet, .find = path};

	(void)walk_text(&w);
	return w.found_mapping;
}

const char *eg_source_at(struct eg_source *src, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(src->path, sizeof(src->path), fmt, ap);
	va_end(ap);
	return src->path;
}

/* "a.b[2]" → "a.b" → "a" → "" */
static void cut_last(char *path)
{
	size_t n = strlen(path);

	while (n > 0 && path[n - 1] != '.' && path[n - 1] != '[')
		n--;
	path[n > 0 ? n - 1 : 0] = '\0';
}

static unsigned line_of(const struct eg_source *src, const char *path)
{
	struct eg_error ignored = {0};
	struct eg_source quiet = {.name = src->name, .text = src->text, .err = &ignored};
	char around[EG_SOURCE_PATH_BYTES];

	(void)snprintf(around, sizeof(around), "%s", path);
	while (around[0] != '\0') {
		struct walk w = {.src = &quiet, .find = around};

		(void)walk_text(&w);
		if (w.line != 0)
			return w.line;
		cut_last(around);
	}
	return 1;
}

int eg_source_refuse(const struct eg_source *src, const char *path, const char *fmt, ...)
{
	char text[EG_ERROR_TEXT_BYTES];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return refuse_line(src, line_of(src, path), path, text);
}
