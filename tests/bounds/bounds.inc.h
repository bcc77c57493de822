/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How large can each limb get? Runs a backend's field, and the engine's formulas as written, over
 * ranges until nothing grows any more. Included after the backend's field (over interval words or
 * vectors); a macro SETTLE() may check more after each formula.
 *
 *   contract   all that lib/ed25519/field.h allows: the ranges of carried, ready, product and sum
 *   formulas   what the engine makes of it: points under additions and doublings in any order, the
 *              look-ups, decoding, inversion, encoding; they must stay within the contract
 *
 * Exit status 0: no operation can leave what it is right for. Programs that are compiled with
 * BREAK_… have one thing taken out and must be caught: their exit status is 0 where they are.
 *   BREAK_MASK    no limb is masked after its carry is taken off (interval.h)
 *   BREAK_BIAS    differences without the multiple of p that keeps them above zero
 *   BREAK_HALF    one high half of a product is not added (vec8_interval.h)
 *   BREAK_CARRY   the point formulas do not carry their sums (backends whose fe_carry does
 * something)
 */
#define ROUNDS_MAX 100

#ifndef SETTLE
#define SETTLE() ((void)0)
#endif

/* ── breaks ── */

#ifdef BREAK_BIAS
static inline struct fe_wide broken_sub(struct fe_wide a, struct fe_wide b)
{
	struct interval *x = (struct interval *)&a, *y = (struct interval *)&b;

	for (size_t i = 0; i < sizeof(a) / sizeof(*x); i++)
		x[i] = interval_sub(x[i], y[i]);
	return a;
}
#define fe_wide_sub broken_sub
#endif

#ifdef BREAK_CARRY
static inline struct fe broken_carry(struct fe_wide a)
{
	struct fe out;

	_Static_assert(sizeof(a) == sizeof(out), "sums have the limbs of an element");
	memcpy(&out, &a, sizeof(out));
	return out;
}
#define fe_carry broken_carry
#endif

#include "encoding.h"
#include "invert.h"
#include "point.inc.h"
#include "decode.inc.h"
#include "inverse.inc.h"
#include "walk.inc.h"
#include "generic.inc.h"
#include "finish.inc.h"

/* ── the contract ── */

struct contract {
	struct fe carried, ready;
	struct fe_wide product, sum2, sum4;
};

#define WIDEN(into, from) interval_widen(&(into), &(from), sizeof(into))
#define WITHIN(in, out)   interval_within(&(in), &(out), sizeof(in))

static uint8_t entry[EG_ED25519_ENTRY_BYTES] __attribute__((aligned(64)));

/* Every entry of every table, with either sign. */
static struct niels any_niels(void)
{
	uintptr_t plus[FE_LANES], minus[FE_LANES];
	struct niels n, negative;

	for (unsigned l = 0; l < FE_LANES; l++) {
		plus[l] = (uintptr_t)entry;
		minus[l] = (uintptr_t)entry | COMB_LOOK_NEGATIVE;
	}
	n = niels_load(plus);
	negative = niels_load(minus);
	(void)WIDEN(n, negative);
	return n;
}

static struct fe any_words(void)
{
	const uint64_t words[4][FE_LANES] = {{0}};

	return fe_from_words(words);
}

static bool grow_carried(struct contract *c)
{
	struct fe mul = fe_mul(c->ready, c->ready), sq = fe_sq(c->ready), sqn = fe_sqn(c->ready, 3);
	struct fe both = fe_select(1, c->carried, c->carried);
	bool grew = WIDEN(c->carried, mul);

	grew |= WIDEN(c->carried, sq);
	grew |= WIDEN(c->carried, sqn);
	grew |= WIDEN(c->carried, both);
#if FE_LANES > 1
	both = fe_swap_lanes(c->carried, 1);
	grew |= WIDEN(c->carried, both);
#endif
	return grew;
}

static bool grow_sums(struct contract *c)
{
	struct fe_wide mul = fe_wide_mul(c->ready, c->ready), sq = fe_wide_sq(c->ready);
	struct fe_wide twice = fe_wide_twice(c->carried), sum;
	bool grew = WIDEN(c->product, mul);

	grew |= WIDEN(c->product, sq);
	sum = fe_wide_add(c->product, c->product);
	grew |= WIDEN(c->sum2, sum);
	grew |= WIDEN(c->sum2, twice);
	sum = fe_wide_add(c->sum2, c->sum2);
	grew |= WIDEN(c->sum4, sum);
	sum = fe_wide_add(c->product, fe_wide_add(c->product, c->sum2));
	grew |= WIDEN(c->sum4, sum);
	return grew;
}

static bool grow_ready(struct contract *c)
{
	const struct fe results[] = {c->carried, fe_add(c->carried, c->carried),
	    fe_sub(c->carried, c->carried), fe_neg(c->carried), fe_carry(c->product),
	    fe_carry(c->sum2), fe_carry(c->sum4), fe_carry(fe_wide_sub(c->sum4, c->sum2)),
	    fe_carry(fe_wide_sub(c->product, c->sum2))};
	bool grew = false;

	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		grew |= WIDEN(c->ready, results[i]);
	return grew;
}

static struct contract find_contract(void)
{
	struct niels n = any_niels();
	struct contract c = {.carried = any_words()};
	uint64_t words[4][FE_LANES];
	bool grew = true;

	c.ready = c.carried;
	(void)WIDEN(c.ready, n.ypx);
	(void)WIDEN(c.ready, n.ymx);
	(void)WIDEN(c.ready, n.t2d);
	c.product = fe_wide_mul(c.ready, c.ready);
	c.sum2 = fe_wide_add(c.product, c.product);
	c.sum4 = fe_wide_add(c.sum2, c.sum2);
	for (int round = 0; grew; round++) {
		if (round == ROUNDS_MAX)
			interval_fault("find_contract", "ranges grow without end", 0);
		grew = grow_carried(&c);
		grew |= grow_sums(&c);
		grew |= grow_ready(&c);
		fe_to_words(c.ready, words);
		SETTLE();
	}
	return c;
}

/* ── the formulas ── */

/* Decodes again and again: what it does depends on words (interval_some_word). */
static struct point any_decoded(void)
{
	const uint64_t words[4][FE_LANES] = {{0}};
	struct point all = point_identity();

	for (int i = 0; i < 300; i++) {
		struct point p;

		(void)point_decode_negated(words, &p);
		(void)WIDEN(all, p);
		SETTLE();
	}
	return all;
}

/* Row by row of the small table of the generic way, with either sign. */
static struct cached any_multiple(const struct point *p)
{
	static struct multiples m;
	int16_t digit[FE_LANES] = {0};
	struct cached all, one;

	generic_multiples(&m, p);
	all = m.row[0];
	for (int d = -(int)GENERIC_MULTIPLE; d <= (int)GENERIC_MULTIPLE; d++) {
		for (unsigned l = 0; l < FE_LANES; l++)
			digit[l] = (int16_t)(l % 2 == 0 ? d : -d);
		one = generic_pick(&m, digit);
		(void)WIDEN(all, one);
	}
	SETTLE();
	return all;
}

static bool grow_points(struct point *all, const struct niels *n)
{
	struct point added = *all, onto = *all, doubled = *all;
	struct cached q = any_multiple(all);
	bool grew;

	interval_place = "point_add_niels";
	point_add_niels(&added, n);
	SETTLE();
	interval_place = "point_add_cached";
	point_add_cached(&onto, &q);
	SETTLE();
	interval_place = "point_double_times";
	point_double_times(&doubled, GENERIC_BITS);
	SETTLE();
	grew = WIDEN(*all, added);
	grew |= WIDEN(*all, onto);
	grew |= WIDEN(*all, doubled);
	return grew;
}

/* Points under every formula in any order. */
static struct point find_points(void)
{
	struct niels n = any_niels();
	struct point all, first = point_from_niels(&n);

	interval_place = "point_decode_negated";
	all = any_decoded();
	(void)WIDEN(all, first);
	for (int round = 0; grow_points(&all, &n); round++)
		if (round == ROUNDS_MAX)
			interval_fault("find_points", "ranges grow without end", 0);
	return all;
}

static void check_finish(const struct point *p)
{
	enum { MANY = 200 }; /* more than a batch has groups */
	static struct fe z2[MANY], inverse[MANY];
	uint64_t words[4][FE_LANES];

	interval_place = "fe_invert_many";
	for (int i = 0; i < MANY; i++)
		z2[i] = fe_add(p->z, p->z);
	fe_invert_many(z2, MANY, inverse);
	SETTLE();
	interval_place = "finish_encode";
	for (int i = 0; i < MANY; i++)
		finish_encode(p->ymx, p->ypx, inverse[i], words);
	SETTLE();
}

static void check_within(const struct point *p, const struct contract *c)
{
	interval_place = "points within the contract of field.h";
	if (!WITHIN(p->ymx, c->ready) || !WITHIN(p->ypx, c->ready) || !WITHIN(p->z, c->carried) ||
	    !WITHIN(p->t, c->carried))
		interval_fault("check_within", "a coordinate is outside", 0);
}

/* ── output ── */

static void print_ranges(const char *name, const void *value, size_t bytes)
{
	const struct interval *limb = value;

	(void)printf("%-10s", name);
	for (size_t i = 0; i < bytes / sizeof(*limb); i++) {
		if (limb[i].lo < 0)
			(void)printf(" -%#llx…", (unsigned long long)-limb[i].lo);
		(void)printf(" %#llx", (unsigned long long)limb[i].hi);
	}
	(void)printf("\n");
}

int main(void)
{
	struct contract c;
	struct point p;

	interval_place = "the contract of field.h";
	c = find_contract();
	p = find_points();
	check_finish(&p);
	check_within(&p, &c);
	(void)printf(
	    "Largest value of each limb in any lane; where it can be negative, the least too\n");
	print_ranges("carried", &c.carried, sizeof(c.carried));
	print_ranges("ready", &c.ready, sizeof(c.ready));
	print_ranges("product", &c.product, sizeof(c.product));
	print_ranges("sum(4)", &c.sum4, sizeof(c.sum4));
	print_ranges("point Y-X", &p.ymx, sizeof(p.ymx));
	print_ranges("point Y+X", &p.ypx, sizeof(p.ypx));
	print_ranges("point Z", &p.z, sizeof(p.z));
	print_ranges("point T", &p.t, sizeof(p.t));
#ifdef BREAK
	(void)printf("NOT CAUGHT: the break went unnoticed\n");
	return 1;
#else
	return 0;
#endif
}
