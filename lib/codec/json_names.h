/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The names of an object, to find one that stands twice. Objects inside objects stack up. Internal.
 *
 * Whatever names a document brings, looking costs little. A filter of one word says of most objects
 * that no name stands twice. Where it does not, each name is compared with each once the object
 * ends, by vectors: first by one word of each; then by three, which tell names of up to 23 bytes
 * apart for good; and where longer ones agree in these, by all of their bytes, 16 at a time.
 */
#ifndef EG_JSON_NAMES_H
#define EG_JSON_NAMES_H

#include "codec_impl.h"
#include "eg_json.h"

_Static_assert(EG_JSON_MEMBERS_MAX <= EG_CODEC_NAMES, "keys for all names of an object");

struct eg_json_name {
	struct eg_span text; /* unescaped */
	/* EG_JSON_WORD; the last 8 bytes; those from the eighth on: 0 where it is too short. */
	uint64_t key[EG_CODEC_KEYS];
};

struct eg_json_names {
	const struct eg_codec_impl *impl;
	unsigned first, end; /* the names of the innermost object that is open */
	bool may_repeat;     /* by the filter */
	uint64_t seen;       /* filter: a bit for each name of the object */
	struct eg_codec_keys keys;
	struct eg_span text[EG_JSON_MEMBERS_MAX];
};

/* What eg_json_names_begin covers up. */
struct eg_json_names_outer {
	unsigned first;
	bool may_repeat;
	uint64_t seen;
};

static inline void eg_json_names_init(struct eg_json_names *names)
{
	names->impl = eg_codec_best();
	names->first = names->end = 0;
	names->may_repeat = false;
	names->seen = 0;
}

/* An object begins inside the one that was open. */
static inline struct eg_json_names_outer eg_json_names_begin(struct eg_json_names *names)
{
	const struct eg_json_names_outer outer = {names->first, names->may_repeat, names->seen};

	names->first = names->end;
	names->may_repeat = false;
	names->seen = 0;
	return outer;
}

/* Adds a name. False where there is no room. */
static inline bool eg_json_names_add(struct eg_json_names *names, const struct eg_json_name *name)
{
	const uint64_t mixed = (name->key[0] ^ name->key[1]) * 0x9E3779B97F4A7C15u;
	const uint64_t bit = 1ull << (mixed >> 58);

	if (names->end == EG_JSON_MEMBERS_MAX)
		return false;
	names->may_repeat = names->may_repeat || (names->seen & bit) != 0;
	names->seen |= bit;
	for (unsigned k = 0; k < EG_CODEC_KEYS; k++)
		names->keys.key[k][names->end] = name->key[k];
	names->text[names->end++] = name->text;
	return true;
}

/* The object ends, and the one around it goes on. False where a name stood twice. */
bool eg_json_names_end(struct eg_json_names *names, struct eg_json_names_outer outer);

#endif
