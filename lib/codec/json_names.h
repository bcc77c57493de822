/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The names of an object, to find one that stands twice. Whatever names a document brings, the cost
 * stays far from one comparison for each pair: a few names are compared when a filter of one word
 * lets them through, many are sorted at the end. Objects inside objects stack up. Internal.
 */
#ifndef EG_JSON_NAMES_H
#define EG_JSON_NAMES_H

#include "eg_json.h"

#define EG_JSON_NAMES_FEW 24u

struct eg_json_named {
	uint64_t key; /* equal for equal names */
	struct eg_span text;
};

struct eg_json_names {
	unsigned first, end; /* the names of the innermost object that is open */
	uint64_t seen;       /* filter: a bit for each of them */
	struct eg_json_named name[EG_JSON_MEMBERS_MAX];
};

/* What eg_json_names_begin covers up. */
struct eg_json_names_outer {
	unsigned first;
	uint64_t seen;
};

static inline void eg_json_names_init(struct eg_json_names *names)
{
	names->first = names->end = 0;
	names->seen = 0;
}

/* An object begins inside the one that was open. */
static inline struct eg_json_names_outer eg_json_names_begin(struct eg_json_names *names)
{
	const struct eg_json_names_outer outer = {names->first, names->seen};

	names->first = names->end;
	names->seen = 0;
	return outer;
}

/* Is `text` among the few names of the object? */
bool eg_json_names_has(const struct eg_json_names *names, uint64_t key, struct eg_span text);

/* Is a name there twice among the many of the object? Changes their order. */
bool eg_json_names_repeat(struct eg_json_names *names);

/* Adds a name. False where it is known to be there already, or there is no room; where there are
 * many, eg_json_names_end tells. */
static inline bool eg_json_names_add(struct eg_json_names *names, uint64_t key, struct eg_span text)
{
	const uint64_t bit = 1ull << (key * 0x9E3779B97F4A7C15u >> 58);

	if (names->end == EG_JSON_MEMBERS_MAX)
		return false;
	if ((names->seen & bit) != 0 && names->end - names->first <= EG_JSON_NAMES_FEW &&
	    eg_json_names_has(names, key, text))
		return false;
	names->seen |= bit;
	names->name[names->end++] = (struct eg_json_named){key, text};
	return true;
}

/* The object ends, and the one around it goes on. False where a name stood twice. */
static inline bool eg_json_names_end(struct eg_json_names *names, struct eg_json_names_outer outer)
{
	const bool repeat =
	    names->end - names->first > EG_JSON_NAMES_FEW && eg_json_names_repeat(names);

	names->end = names->first;
	names->first = outer.first;
	names->seen = outer.seen;
	return !repeat;
}

#endif
