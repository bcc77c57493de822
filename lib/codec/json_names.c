/* SPDX-License-Identifier: BSD-3-Clause */
#include "json_names.h"

#define COMPARED_MAX 256u /* about as dear as sorting a quarter of the names */

/* Do the keys of name i say that it may be `name`? */
static bool is_alike(const struct eg_json_names *names, unsigned i, const struct eg_json_name *name)
{
	for (unsigned k = 0; k < EG_CODEC_KEYS; k++)
		if (names->keys.key[k][i] != name->key[k])
			return false;
	return true;
}

bool eg_json_names_has(struct eg_json_names *names, const struct eg_json_name *name)
{
	if (names->compared > COMPARED_MAX ||
	    !names->impl->json_alike(&names->keys, names->first, names->end, name->key))
		return false;
	for (unsigned i = names->first; i < names->end; i++) {
		if (!is_alike(names, i, name))
			continue;
		if (eg_span_eq(names->text[i], name->text))
			return true;
		names->compared++;
	}
	return false;
}

/* By keys, by length, by bytes: an order in which equal names are neighbours. */
static int compare(const struct eg_json_names *names, unsigned a, unsigned b)
{
	const struct eg_span x = names->text[a], y = names->text[b];

	for (unsigned k = 0; k < EG_CODEC_KEYS; k++)
		if (names->keys.key[k][a] != names->keys.key[k][b])
			return names->keys.key[k][a] < names->keys.key[k][b] ? -1 : 1;
	if (x.len != y.len)
		return x.len < y.len ? -1 : 1;
	return memcmp(x.ptr, y.ptr, x.len);
}

/* Lets heap[at] sink to its place among cnt names, the largest on top. */
static void sink(const struct eg_json_names *names, uint8_t *heap, unsigned at, unsigned cnt)
{
	const uint8_t sinking = heap[at];

	for (unsigned child; (child = 2 * at + 1) < cnt; at = child) {
		if (child + 1 < cnt && compare(names, heap[child + 1], heap[child]) > 0)
			child++;
		if (compare(names, heap[child], sinking) <= 0)
			break;
		heap[at] = heap[child];
	}
	heap[at] = sinking;
}

/* Heap sort: n log n for any input, in little memory. Of equal names one is on top right after the
 * other. */
static bool has_repeat(const struct eg_json_names *names)
{
	const unsigned cnt = names->end - names->first;
	uint8_t heap[EG_JSON_MEMBERS_MAX];

	for (unsigned i = 0; i < cnt; i++)
		heap[i] = (uint8_t)(names->first + i);
	for (unsigned at = cnt / 2; at-- > 0;)
		sink(names, heap, at, cnt);
	for (unsigned left = cnt; left-- > 1;) {
		const uint8_t top = heap[0];

		heap[0] = heap[left];
		sink(names, heap, 0, left);
		if (compare(names, top, heap[0]) == 0)
			return true;
	}
	return false;
}

bool eg_json_names_end(struct eg_json_names *names, struct eg_json_names_outer outer)
{
	const bool repeat = names->compared > COMPARED_MAX && has_repeat(names);

	names->end = names->first;
	names->first = outer.first;
	names->compared = outer.compared;
	names->seen = outer.seen;
	return !repeat;
}
