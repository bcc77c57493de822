/* SPDX-License-Identifier: BSD-3-Clause */
#include "popularity.h"

#include <math.h>
#include <stdlib.h>

#define COINS 4294967296.0 /* 2^32 */

/* Columns still to be paired: those below the mean from the front, the others from the back. */
struct pairing {
	double *share; /* of the mean */
	uint32_t *waiting;
	uint32_t small_cnt, large_cnt;
};

static void weigh(double *share, uint32_t cnt, double s)
{
	double sum = 0;

	for (uint32_t i = 0; i < cnt; i++)
		sum += share[i] = pow((double)i + 1, -s);
	for (uint32_t i = 0; i < cnt; i++)
		share[i] *= (double)cnt / sum;
}

static void put(struct pairing *p, uint32_t cnt, uint32_t column)
{
	if (p->share[column] < 1)
		p->waiting[p->small_cnt++] = column;
	else
		p->waiting[cnt - ++p->large_cnt] = column;
}

/* Each small column is filled up by a large one, which then has that much less. What is left over
 * at the end is 1 but for rounding. */
static void pair(struct pairing *p, struct load_alias_column *column, uint32_t cnt)
{
	for (uint32_t i = 0; i < cnt; i++) {
		column[i] = (struct load_alias_column){UINT32_MAX, i};
		put(p, cnt, i);
	}
	while (p->small_cnt != 0 && p->large_cnt != 0) {
		uint32_t small = p->waiting[--p->small_cnt];
		uint32_t large = p->waiting[cnt - p->large_cnt--];

		column[small] =
		    (struct load_alias_column){(uint32_t)(p->share[small] * COINS), large};
		p->share[large] -= 1 - p->share[small];
		put(p, cnt, large);
	}
}

static int make_alias(struct load_popularity *p, double s, struct eg_error *err)
{
	struct pairing pairing = {
	    .share = malloc(p->cnt * sizeof(double)),
	    .waiting = malloc(p->cnt * sizeof(uint32_t)),
	};
	int rc = 0;

	p->column = malloc(p->cnt * sizeof(*p->column));
	if (pairing.share != NULL && pairing.waiting != NULL && p->column != NULL) {
		weigh(pairing.share, p->cnt, s);
		pair(&pairing, p->column, p->cnt);
	} else {
		rc = eg_error_set(err, EG_ENOMEM, "no memory to weigh %u requests", p->cnt);
		load_popularity_free(p);
	}
	free(pairing.share);
	free(pairing.waiting);
	return rc;
}

int load_popularity_init(struct load_popularity *p, enum load_popularity_kind kind, double s,
    uint32_t cnt, struct eg_error *err)
{
	*p = (struct load_popularity){.kind = kind, .cnt = cnt};
	return kind == LOAD_ZIPF ? make_alias(p, s, err) : 0;
}

void load_popularity_free(struct load_popularity *p)
{
	free(p->column);
	p->column = NULL;
}

struct load_picker load_picker(
    const struct load_popularity *p, uint64_t seed, unsigned core, unsigned cores)
{
	return (struct load_picker){
	    .popularity = p,
	    .random = load_random_of(seed, core),
	    .next = ((uint64_t)p->first + core) % p->cnt,
	    .step = cores % p->cnt,
	};
}

static void pick_in_turn(struct load_picker *picker, uint32_t out[], unsigned cnt)
{
	for (unsigned i = 0; i < cnt; i++) {
		out[i] = (uint32_t)picker->next;
		picker->next += picker->step;
		if (picker->next >= picker->popularity->cnt)
			picker->next -= picker->popularity->cnt;
	}
}

/* Two passes: a table of many columns is not in the cache, and so the misses overlap. */
static void pick_zipf(struct load_picker *picker, uint32_t out[], unsigned cnt)
{
	const struct load_popularity *p = picker->popularity;
	uint32_t coin[EG_BURST_MAX];

	for (unsigned i = 0; i < cnt; i++) {
		uint64_t r = load_random_next(&picker->random);

		out[i] = (uint32_t)((r >> 32) * p->cnt >> 32);
		coin[i] = (uint32_t)r;
		__builtin_prefetch(&p->column[out[i]]);
	}
	for (unsigned i = 0; i < cnt; i++) {
		const struct load_alias_column *column = &p->column[out[i]];

		out[i] = coin[i] < column->keep ? out[i] : column->alias;
	}
}

void load_pick(struct load_picker *picker, uint32_t out[], unsigned cnt)
{
	switch (picker->popularity->kind) {
	case LOAD_CYCLE:
		pick_in_turn(picker, out, cnt);
		break;
	case LOAD_UNIFORM:
		for (unsigned i = 0; i < cnt; i++)
			out[i] = load_random_below(&picker->random, picker->popularity->cnt);
		break;
	case LOAD_ZIPF:
		pick_zipf(picker, out, cnt);
		break;
	}
}
