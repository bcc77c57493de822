/* SPDX-License-Identifier: BSD-3-Clause */
#include "json_names.h"

#include "json_mark.h"

#define KEYS_TELL 23u /* names of so many bytes apart for good */

/* ── names by their keys ── */

enum repeat { NO, YES, IF_LONG_ONES_ARE_ALIKE };

static enum repeat repeat_by_keys(const struct eg_json_names *names)
{
	const struct eg_codec_keys *keys = &names->keys;
	enum repeat repeat = NO;

	if (!names->impl->json_twice(&keys->key[0][names->first], names->end - names->first))
		return NO;
	for (unsigned i = names->first; i < names->end; i++) {
		const uint64_t wanted[EG_CODEC_KEYS] = {
		    keys->key[0][i], keys->key[1][i], keys->key[2][i]};

		if (names->impl->json_alike(keys, names->first, i, wanted) == i)
			continue;
		if (names->text[i].len <= KEYS_TELL)
			return YES;
		repeat = IF_LONG_ONES_ARE_ALIKE;
	}
	return repeat;
}

/* ── names by all their bytes ── */

/* Eight bytes of a text from `at` on, with zeros behind its end. */
static uint64_t word_at(struct eg_span text, size_t at)
{
	uint64_t word = 0;

	if (at + 8 <= text.len)
		return eg_load_le64(text.ptr + at);
	for (size_t i = text.len; i-- > at;)
		word = word << 8 | text.ptr[i];
	return word;
}

/* Names of one class were alike up to `at`: splits the classes by the STEP bytes that follow. The
 * number of a class is that of its first name. False where none has a second one. */
#define STEP 16u
static bool split(struct eg_json_names *names, size_t at, uint64_t class[EG_CODEC_NAMES])
{
	uint64_t(*key)[EG_CODEC_NAMES] = names->keys.key;
	bool has_pair = false;

	for (unsigned i = names->first; i < names->end; i++) {
		const uint64_t wanted[EG_CODEC_KEYS] = {
		    class[i], word_at(names->text[i], at), word_at(names->text[i], at + 8)};

		for (unsigned k = 0; k < EG_CODEC_KEYS; k++)
			key[k][i] = wanted[k];
		class[i] = names->impl->json_alike(&names->keys, names->first, i, wanted);
		has_pair = has_pair || class[i] != i;
	}
	return has_pair;
}

/* Does a text that ends before `end` stand in a class that another began? Of one class all have the
 * same length. */
static bool has_whole_pair(
    const struct eg_json_names *names, size_t end, const uint64_t class[EG_CODEC_NAMES])
{
	for (unsigned i = names->first; i < names->end; i++)
		if (class[i] != i && names->text[i].len <= end)
			return true;
	return false;
}

/* No order, no hash: no choice of names makes it dear. It takes as many vector comparisons as there
 * are pairs of names in steps, at most: fewer, the longer names are. The keys are gone then. */
static bool repeat_by_bytes(struct eg_json_names *names)
{
	uint64_t class[EG_CODEC_NAMES];

	for (unsigned i = names->first; i < names->end; i++)
		class[i] = names->text[i].len;
	for (size_t at = 0; split(names, at, class); at += STEP)
		if (has_whole_pair(names, at + STEP, class))
			return true;
	return false;
}

static bool has_repeat(struct eg_json_names *names)
{
	const enum repeat repeat = repeat_by_keys(names);

	return repeat == YES || (repeat == IF_LONG_ONES_ARE_ALIKE && repeat_by_bytes(names));
}

bool eg_json_names_end(struct eg_json_names *names, struct eg_json_names_outer outer)
{
	const bool repeat = names->may_repeat && has_repeat(names);

	names->end = names->first;
	names->first = outer.first;
	names->may_repeat = outer.may_repeat;
	names->seen = outer.seen;
	return !repeat;
}
