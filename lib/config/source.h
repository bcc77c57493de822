/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The text of a configuration and refusals that point into it: "edgate.yaml:12: ports[0].vlan: …".
 * A path names a node: keys joined by '.', list entries by [index] from 0.
 */
#ifndef EG_CONFIG_SOURCE_H
#define EG_CONFIG_SOURCE_H

#include "eg_err.h"
#include "eg_span.h"
#include "include.h"

#define EG_SOURCE_PATH_BYTES 128

struct eg_source {
	const char *name; /* the file, in messages */
	struct eg_span text;
	/* Where the text's lines are from, once inclusions are in it; NULL: all from `name`. */
	const struct eg_expansion *expansion;
	struct eg_error *err;
	char path[EG_SOURCE_PATH_BYTES]; /* of eg_source_at */
};

/* Well-formed YAML of one document, no deeper than a configuration can be, without aliases, keys
 * that are not words, or NUL bytes; else the refusal with its line. */
int eg_source_check(const struct eg_source *src);

/* Line of the last `include` in the text, 0: none. The text has passed eg_source_check. */
unsigned eg_source_include_line(const struct eg_source *src);

/* Does a mapping stand at `path`? The text has passed eg_source_check. */
bool eg_source_is_mapping(const struct eg_source *src, const char *path);

/* Formats a path into src->path and returns it. */
__attribute__((format(printf, 2, 3))) const char *eg_source_at(
    struct eg_source *src, const char *fmt, ...);

/* Sets src->err to "name:line: path: text", the line being that of the node at `path` or, where it
 * is not in the text, of the nearest one around it. Returns -EG_EINVAL. */
__attribute__((format(printf, 3, 4))) int eg_source_refuse(
    const struct eg_source *src, const char *path, const char *fmt, ...);

#endif
