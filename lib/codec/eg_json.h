/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Strict JSON (RFC 8259, docs/protocol.md section 2). One pass checks a whole document, which must
 * be an object, and on the way either
 *
 *   reads the members whose names are known beforehand (a token), at every depth at once:
 *
 *     {"iss":"x","n":[1,2],"status":{"status_list":{"idx":7,…}}}
 *        │                      │         │            └─▶ value[IDX]
 *        └─▶ value[ISS]         └─▶ value[STATUS]
 *
 *   or lists all members of the top-level object (a JWKS); objects inside are opened on demand.
 *
 * Values are views of the document. Valid UTF-8, no BOM, no trailing bytes, no raw control
 * characters, well-formed \u pairs; depth and the number of members of the whole document are
 * limited. Names compare after unescaping.
 *
 * Before the pass, vectors mark each byte that ends or interrupts a string (4096 bytes at a time),
 * so that the pass goes from the start of a string to its end in one step.
 * Threads: [any]; no allocation: unescaped text goes into the caller's arena. Stack: 5 KiB.
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

/* ── A document whose names are known ── */

#define EG_JSON_KNOWN_MAX  32u /* values of a shape with all that is inside it */
#define EG_JSON_SHAPE_BITS 4u  /* a shape has 2^4 places for names */

/* A name as one word: its first seven bytes, the first one lowest, and above them its length + 1
 * (at most 255). It tells names of up to seven bytes apart for good. */
#define EG_JSON_WORD(len, a, b, c, d, e, f, g)                                                     \
	((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 | (uint64_t)(d) << 24 |          \
	    (uint64_t)(e) << 32 | (uint64_t)(f) << 40 | (uint64_t)(g) << 48 |                      \
	    (uint64_t)((len) + 1) << 56)
#define EG_JSON_NAME3(a, b, c)          EG_JSON_WORD(3, a, b, c, 0, 0, 0, 0)
#define EG_JSON_NAME6(a, b, c, d, e, f) EG_JSON_WORD(6, a, b, c, d, e, f, 0)

/* Where a name stands in the table of its shape. The multiplier is one that puts all names of the
 * project's shapes into places of their own; two names in one place do not compile (a place is
 * initialised twice). */
#define EG_JSON_PLACE(word) ((word)*0x47FC816AC16E2285u >> (64u - EG_JSON_SHAPE_BITS))

struct eg_json_shape;

struct eg_json_known_name {
	uint64_t word;                     /* EG_JSON_WORD; 0: no name */
	const char *text;                  /* the whole name where it has more than 7 bytes */
	const struct eg_json_shape *inner; /* what to read where the value is an object, or NULL */
	uint8_t slot; /* which value it is; used once in a shape and its inner ones */
};

/* The names that are read in one object. In use:
 * static const struct eg_json_shape shape = {.name = {KNOWN(EG_JSON_NAME3('i', 's', 's'), ISS),
 * …}}; where KNOWN(word, slot) is  [EG_JSON_PLACE(word)] = {word, NULL, NULL, slot}  */
struct eg_json_shape {
	struct eg_json_known_name name[1u << EG_JSON_SHAPE_BITS];
};

struct eg_json_known {
	uint32_t present; /* bit n: value[n] is set; the others are undefined */
	uint32_t twice;   /* bit n: value[n] is an object of an inner shape with a name twice */
	struct eg_json_value value[EG_JSON_KNOWN_MAX];
};

static inline bool eg_json_has(const struct eg_json_known *known, unsigned slot)
{
	return (known->present >> slot & 1) != 0;
}

/* Checks the whole document and reads what the shape knows. False where it is not strict JSON, is
 * no object, is over a limit, or has a name twice (after unescaping) at its top level. The arena
 * needs at most text.len bytes, for this and all eg_json_string about its values together. */
bool eg_json_read(struct eg_span text, const struct eg_json_shape *shape,
    struct eg_json_arena *arena, struct eg_json_known *out);

/* ── Any document ── */

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

/* The unescaped bytes of a string that has passed as `raw`, in the arena. */
struct eg_span eg_json_unescape(struct eg_span raw, struct eg_json_arena *arena);

/* A string's unescaped bytes: the raw text where nothing is escaped, else a copy in the arena
 * (empty span with NULL where the arena is full, which cannot be if it had the document's size). */
static inline struct eg_span eg_json_string(
    const struct eg_json_value *value, struct eg_json_arena *arena)
{
	return value->escaped ? eg_json_unescape(value->raw, arena) : value->raw;
}

/* Is it well-formed UTF-8 (no overlong form, no surrogate, nothing over U+10FFFF)? */
bool eg_utf8_valid(struct eg_span text);

#endif
