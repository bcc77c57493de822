/* SPDX-License-Identifier: BSD-3-Clause */
#include "json_names.h"

bool eg_json_names_has(const struct eg_json_names *names, uint64_t key, struct eg_span text)
{
	for (unsigned i = names->first; i < names->end; i++)
		if (names->name[i].key == key && eg_span_eq(names->name[i].text, text))
			return true;
	return false;
}

/* By key, then by length, then by bytes: equal names become neighbours. */
static int compare(const struct eg_json_named *a, const struct eg_json_named *b)
{
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	if (a->text.len != b->text.len)
		return a->text.len < b->text.len ? -1 : 1;
	return memcmp(a->text.ptr, b->text.ptr, a->text.len);
}

/* Lets name[at] sink to its place in a heap of cnt names, the largest on top. */
static void sink(struct eg_json_named *name, unsigned at, unsigned cnt)
{
	const struct eg_json_named sinking = name[at];

	for (unsigned child; (child = 2 * at + 1) < cnt; at = child) {
		if (child + 1 < cnt && compare(&name[child + 1], &name[child]) > 0)
			child++;
		if (compare(&name[child], &sinking) <= 0)
			break;
		name[at] = name[child];
	}
	name[at] = sinking;
}

/* Heap sort: n log n for any input, in place. Equal names meet at the latest when one of them is
 * on top and the other comes up behind it. */
bool eg_json_names_repeat(struct eg_json_names *names)
{
	struct eg_json_named *name = names->name + names->first, top;
	const unsigned cnt = names->end - names->first;

	for (unsigned at = cnt / 2; at-- > 0;)
		sink(name, at, cnt);
	for (unsigned left = cnt; left-- > 1;) {
		top = name[0];
		name[0] = name[left];
		sink(name, 0, left);
		if (compare(&top, &name[0]) == 0)
			return true;
	}
	return false;
}
