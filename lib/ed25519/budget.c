/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_ed25519_budget.h"
#include "eg_ed25519_table.h"

#include <stdlib.h>

#define STEPS_MAX 4u
/* What k·(−A) costs without a table, in additions of the same engine: 250 doublings, of which each
 * is a little cheaper than an addition, and the additions between them. */
#define ADDITIONS_WITHOUT 240u
#define BONUS             2u
#define FLOOR_SHARE       8192u
#define WORTH_SCALE_LOG2  32 /* so that a worth for each byte keeps its digits */

struct ladder {
	unsigned step_cnt;
	struct rung {
		uint8_t window_bits;
		uint8_t additions; /* windows of a table of this width */
	} step[STEPS_MAX];
};

static const struct ladder prime = {4, {{6, 42}, {7, 36}, {9, 28}, {12, 21}}};
static const struct ladder mixed = {3, {{8, 32}, {10, 26}, {11, 23}}};
static const struct ladder none = {0};

/* One step of one key: from the step below to this one. */
struct purchase {
	unsigned __int128 worth;
	size_t bytes; /* more than the step below */
	uint32_t key;
	uint8_t step;
};

static const struct ladder *ladder_of(enum eg_ed25519_point point)
{
	switch (point) {
	case EG_ED25519_POINT_PRIME:
		return &prime;
	case EG_ED25519_POINT_MIXED:
		return &mixed;
	case EG_ED25519_POINT_SMALL:
	case EG_ED25519_POINT_NOT_A_POINT:
	default:
		return &none;
	}
}

static uint64_t floor_of(const struct eg_ed25519_share share[], uint32_t cnt)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < cnt; i++)
		sum += share[i].heat;
	return 1 + sum / FLOOR_SHARE;
}

static struct purchase price(
    const struct eg_ed25519_share *share, uint32_t key, unsigned step, uint64_t floor)
{
	const struct rung *rung = &ladder_of(share->point)->step[step];
	const struct rung *below = step != 0 ? rung - 1 : NULL;
	size_t bytes = eg_ed25519_table_bytes(rung->window_bits) -
	               (below != NULL ? eg_ed25519_table_bytes(below->window_bits) : 0);
	unsigned saved = (below != NULL ? below->additions : ADDITIONS_WITHOUT) - rung->additions;
	unsigned bonus = rung->window_bits <= share->has_bits ? BONUS : 1;

	return (struct purchase){
	    .worth =
	        ((unsigned __int128)(share->heat + floor) * saved * bonus << WORTH_SCALE_LOG2) /
	        bytes,
	    .bytes = bytes,
	    .key = key,
	    .step = (uint8_t)step,
	};
}

/* Best first; then the earlier key, and of one key the lower step. */
static int order(const void *pa, const void *pb)
{
	const struct purchase *a = pa, *b = pb;

	if (a->worth != b->worth)
		return a->worth < b->worth ? 1 : -1;
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->step > b->step) - (a->step < b->step);
}

static size_t list_all(const struct eg_ed25519_share share[], uint32_t cnt, struct purchase out[])
{
	uint64_t floor = floor_of(share, cnt);
	size_t n = 0;

	for (uint32_t key = 0; key < cnt; key++)
		for (unsigned step = 0; step < ladder_of(share[key].point)->step_cnt; step++)
			out[n++] = price(&share[key], key, step, floor);
	return n;
}

/* A step is bought only on top of the one below it: a key whose step did not fit stays there. */
static void buy(struct eg_ed25519_share share[], const struct purchase list[], size_t list_cnt,
    size_t budget_bytes)
{
	for (size_t i = 0; i < list_cnt; i++) {
		struct eg_ed25519_share *to = &share[list[i].key];
		const struct ladder *ladder = ladder_of(to->point);
		unsigned step = list[i].step;
		uint8_t below = step != 0 ? ladder->step[step - 1].window_bits : 0;

		if (to->window_bits != below || list[i].bytes > budget_bytes)
			continue;
		budget_bytes -= list[i].bytes;
		to->window_bits = ladder->step[step].window_bits;
	}
}

int eg_ed25519_budget(
    struct eg_ed25519_share share[], uint32_t cnt, size_t budget_bytes, struct eg_error *err)
{
	struct purchase *list = calloc((size_t)cnt * STEPS_MAX + 1, sizeof(*list));
	size_t list_cnt;

	if (list == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory to plan %u tables", cnt);
	list_cnt = list_all(share, cnt, list);
	qsort(list, list_cnt, sizeof(*list), order);
	for (uint32_t i = 0; i < cnt; i++)
		share[i].window_bits = 0;
	buy(share, list, list_cnt, budget_bytes);
	free(list);
	return 0;
}
