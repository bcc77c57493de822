/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Strict JSON (RFC 8259, docs/protocol.md section 2): one pass that checks a whole document and
 * lists the members of its top-level object as views; objects inside are opened the same way, on
 * demand.
 *
 *   {"iss":"x","status":{"status_list":{…}}}
 *     └ member: name, type, value (raw text) ┘
 *
 * Valid UTF-8, no BOM, no trailing bytes, no raw control characters, well-formed \u pairs; depth
 * and the number of members of the whole document are limited. Names compare after unescaping.
 * Threads: [any]; no allocation: unescaped text goes into the caller's arena.
 */
#ifndef EG_JSON_H
#define EG_JSON_H

#include "eg_span.h"

#define EG_JSON_DEPTH_MAX   8u
#define EG_JSON_MEMBERS_MAX 128u /* of the whole document, at every depth together */

enum eg_json_type {
	EG_JSON_NULL,
	EG_JSON_BOOL,
	EG_JSON_NUMBER,
	EG_JSON_STRING,
	EG_JSON_ARRAY,
	EG_JSON_OBJECT,
};

struct eg_json_value {
	enum eg_json_type type;
	bool escaped;       /* a string with a backslash in it */
	struct eg_span raw; /* the value's text; of a string the bytes between the quotes */
};

struct eg_json_member {
	struct eg_span name; /* unescaped */
	struct eg_json_value value;
};

struct eg_json_object {
	unsigned cnt;
	struct eg_json_member member[EG_JSON_MEMBERS_MAX];
};

/* Room for unescaped text; used up front to back. */
struct eg_json_arena {
	uint8_t *ptr;
	size_t left;
};

/* Checks the whole document, which must be an object, and lists its top-level members. False where
 * it is not strict JSON, is no object, is over a limit, or has a name twice (after unescaping) at
 * its top level. The arena needs at most text.len bytes. */
bool eg_json_parse_object(
    struct eg_span text, struct eg_json_arena *arena, struct eg_json_object *out);

/* The same for a document of more members (a JWKS): member_max counts at every depth together. The
 * top level, and each object opened later, still has at most EG_JSON_MEMBERS_MAX. */
bool eg_json_parse_large_object(struct eg_span text, unsigned member_max,
    struct eg_json_arena *arena, struct eg_json_object *out);

/* The members of a value inside a document that eg_json_parse_object has accepted. False where it
 * is no object, a name stands twice, or it has more than EG_JSON_MEMBERS_MAX members in all. */
bool eg_json_open_object(
    const struct eg_json_value *value, struct eg_json_arena *arena, struct eg_json_object *out);

/* The elements of an array inside an accepted document: moves `rest` (starts as value->raw, "[…]")
 * on and returns false after the last. */
bool eg_json_next_element(struct eg_span *rest, struct eg_json_value *out);

/* By byte-exact name, or NULL. */
const struct eg_json_value *eg_json_find(const struct eg_json_object *object, const char *name);

/* A string's unescaped bytes: the raw text where nothing is escaped, else a copy in the arena
 * (empty span with NULL where the arena is full, which cannot be if it had the document's size). */
struct eg_span eg_json_string(const struct eg_json_value *value, struct eg_json_arena *arena);

/* Is it well-formed UTF-8 (no overlong form, no surrogate, nothing over U+10FFFF)? */
bool eg_utf8_valid(struct eg_span text);

#endif
