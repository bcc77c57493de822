/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The field of 2^255 − 19 in eight lanes of 52-bit multipliers (the functions of field.h).
 *
 * An element is five limbs of weight 2^51i, i = 0…4, each limb a vector of eight lanes. A
 * multiplier gives the low or the high 52 bits of a product of two 52-bit numbers:
 *
 *   a·b = lo + 2^52·hi, so in radix 2^51 lo has the weight of column i + j
 *                       and 2·hi that of column i + j + 1
 *
 * The high halves of all products are added up first, doubled once, and the low halves go on top:
 * no operand needs to be doubled. Columns 5…9 come back as 19·column (2^255 = 19 mod p).
 *
 * Ranges. The multiplier ignores bit 52 and above of its operands, so what is multiplied must stay
 * below 2^52 in every limb: the sum of two elements does not, and goes through a carry.
 *
 *   carried, ready  limb < 2^51 + 2^16; also ready: a negated table element, limb < 2^52
 *   product         limb < P = 267·2^52 (2^60.07). Operands below 2^52 give lo, hi < 2^52. Column k
 *                   sums n(k) low and n(k − 1) doubled high halves, n(k) = 5 − |4 − k|: at most
 *                   1, 4, 7, 10, 13, 14, 11, 8, 5, 2 times 2^52 for k = 0…9; with 19 times the
 *                   column five above: 267, 213, 159, 105, 51 times 2^52
 *   sum(4)          limb < 4·P < 2^62.1
 *   difference      sum(4) + 1072·p − sum(2). A limb of 1072·p is at least 1072·2^51 − 2^15, and
 *                   one of sum(2) at most 2·267·2^52 = 1068·2^51, so no limb goes below zero;
 *                   limb < 4·P + 1072·2^51 = 3208·2^51 < 2^62.7
 *
 * A carry of limbs < 3208·2^51 passes at most 3208 to the next, the last one 19 times as much,
 * 60952 < 2^16, to the first: one pass in parallel gives limbs < 2^51 + 2^16.
 */
#ifndef EG_ED25519_FE_IFMA_H
#define EG_ED25519_FE_IFMA_H

#include "comb.h"
#include "vec8.h"

#define FE_LANES 8

struct fe {
	v8 l[5];
};

struct fe_wide {
	v8 l[5];
};

/* The point formulas of the engine, too, are inlined whatever their size (vec8_avx512.h). */
#ifndef __SANITIZE_ADDRESS__ /* with its checks the compiler would be at it for minutes */
#define FE_INLINE V8_INLINE
#endif
#include "field.h"

#define FE_LIMB_BITS 51
#define FE_LIMB_MASK (((uint64_t)1 << FE_LIMB_BITS) - 1)

/* ── sums of products ── */

/* c[0…4] += the high halves of a's limbs times b. */
V8_INLINE void fe_ifma_high_row(v8 c[5], const struct fe *a, v8 b)
{
	c[0] = v8_madd52hi(c[0], a->l[0], b);
	c[1] = v8_madd52hi(c[1], a->l[1], b);
	c[2] = v8_madd52hi(c[2], a->l[2], b);
	c[3] = v8_madd52hi(c[3], a->l[3], b);
	c[4] = v8_madd52hi(c[4], a->l[4], b);
}

/* c[0…4] += the low halves. */
V8_INLINE void fe_ifma_low_row(v8 c[5], const struct fe *a, v8 b)
{
	c[0] = v8_madd52lo(c[0], a->l[0], b);
	c[1] = v8_madd52lo(c[1], a->l[1], b);
	c[2] = v8_madd52lo(c[2], a->l[2], b);
	c[3] = v8_madd52lo(c[3], a->l[3], b);
	c[4] = v8_madd52lo(c[4], a->l[4], b);
}

V8_INLINE v8 fe_ifma_twice(v8 a)
{
	return v8_add(a, a);
}

/* Columns 0…9 → limbs: column k + 5 weighs 2^255 = 19 times column k. */
V8_INLINE struct fe_wide fe_ifma_fold(const v8 c[10])
{
	const v8 nineteen = v8_set1(19);

	return (struct fe_wide){{
	    v8_add(c[0], v8_mul(c[5], nineteen)),
	    v8_add(c[1], v8_mul(c[6], nineteen)),
	    v8_add(c[2], v8_mul(c[7], nineteen)),
	    v8_add(c[3], v8_mul(c[8], nineteen)),
	    v8_add(c[4], v8_mul(c[9], nineteen)),
	}};
}

/* Limbs < 2^52 each → limbs < P. */
V8_INLINE struct fe_wide fe_wide_mul(struct fe a, struct fe b)
{
	const v8 zero = v8_set1(0);
	v8 c[10] = {zero, zero, zero, zero, zero, zero, zero, zero, zero, zero};

	fe_ifma_high_row(&c[1], &a, b.l[0]);
	fe_ifma_high_row(&c[2], &a, b.l[1]);
	fe_ifma_high_row(&c[3], &a, b.l[2]);
	fe_ifma_high_row(&c[4], &a, b.l[3]);
	fe_ifma_high_row(&c[5], &a, b.l[4]);
	for (int k = 1; k < 10; k++)
		c[k] = fe_ifma_twice(c[k]);
	fe_ifma_low_row(&c[0], &a, b.l[0]);
	fe_ifma_low_row(&c[1], &a, b.l[1]);
	fe_ifma_low_row(&c[2], &a, b.l[2]);
	fe_ifma_low_row(&c[3], &a, b.l[3]);
	fe_ifma_low_row(&c[4], &a, b.l[4]);
	return fe_ifma_fold(c);
}

/* Products of unlike limbs count twice, so twice 2·hi or lo; those of like limbs once. */
V8_INLINE void fe_ifma_square_high(v8 c[10], const v8 a[5])
{
	c[2] = v8_madd52hi(c[2], a[0], a[1]);
	c[3] = v8_madd52hi(c[3], a[0], a[2]);
	c[4] = v8_madd52hi(c[4], a[0], a[3]);
	c[5] = v8_madd52hi(c[5], a[0], a[4]);
	c[6] = v8_madd52hi(c[6], a[1], a[4]);
	c[7] = v8_madd52hi(c[7], a[2], a[4]);
	c[8] = v8_madd52hi(c[8], a[3], a[4]);
	c[4] = v8_madd52hi(c[4], a[1], a[2]);
	c[5] = v8_madd52hi(c[5], a[1], a[3]);
	c[6] = v8_madd52hi(c[6], a[2], a[3]);
	for (int k = 2; k < 9; k++)
		c[k] = fe_ifma_twice(c[k]);
	c[1] = v8_madd52hi(c[1], a[0], a[0]);
	c[3] = v8_madd52hi(c[3], a[1], a[1]);
	c[5] = v8_madd52hi(c[5], a[2], a[2]);
	c[7] = v8_madd52hi(c[7], a[3], a[3]);
	c[9] = v8_madd52hi(c[9], a[4], a[4]);
}

V8_INLINE void fe_ifma_square_low(v8 c[10], const v8 a[5])
{
	c[1] = v8_madd52lo(c[1], a[0], a[1]);
	c[2] = v8_madd52lo(c[2], a[0], a[2]);
	c[3] = v8_madd52lo(c[3], a[0], a[3]);
	c[4] = v8_madd52lo(c[4], a[0], a[4]);
	c[5] = v8_madd52lo(c[5], a[1], a[4]);
	c[6] = v8_madd52lo(c[6], a[2], a[4]);
	c[7] = v8_madd52lo(c[7], a[3], a[4]);
	c[3] = v8_madd52lo(c[3], a[1], a[2]);
	c[4] = v8_madd52lo(c[4], a[1], a[3]);
	c[5] = v8_madd52lo(c[5], a[2], a[3]);
	for (int k = 1; k < 10; k++)
		c[k] = fe_ifma_twice(c[k]);
	c[0] = v8_madd52lo(c[0], a[0], a[0]);
	c[2] = v8_madd52lo(c[2], a[1], a[1]);
	c[4] = v8_madd52lo(c[4], a[2], a[2]);
	c[6] = v8_madd52lo(c[6], a[3], a[3]);
	c[8] = v8_madd52lo(c[8], a[4], a[4]);
}

/* Limbs < 2^52 → limbs < P: the columns of fe_wide_mul, added up in another order. */
V8_INLINE struct fe_wide fe_wide_sq(struct fe a)
{
	const v8 zero = v8_set1(0);
	v8 c[10] = {zero, zero, zero, zero, zero, zero, zero, zero, zero, zero};

	fe_ifma_square_high(c, a.l);
	fe_ifma_square_low(c, a.l);
	return fe_ifma_fold(c);
}

V8_INLINE struct fe_wide fe_wide_add(struct fe_wide a, struct fe_wide b)
{
	for (int i = 0; i < 5; i++)
		a.l[i] = v8_add(a.l[i], b.l[i]);
	return a;
}

/* a − b + 1072·p. */
V8_INLINE struct fe_wide fe_wide_sub(struct fe_wide a, struct fe_wide b)
{
	const v8 first = v8_set1(1072 * (FE_LIMB_MASK - 18)), other = v8_set1(1072 * FE_LIMB_MASK);

	for (int i = 0; i < 5; i++)
		a.l[i] = v8_add(a.l[i], v8_sub(i == 0 ? first : other, b.l[i]));
	return a;
}

/* Limbs < 3208·2^51 → < 2^51 + 2^16. */
V8_INLINE struct fe fe_carry(struct fe_wide a)
{
	const v8 mask = v8_set1(FE_LIMB_MASK), nineteen = v8_set1(19);
	struct fe out;

	out.l[0] = v8_and(a.l[0], mask);
	out.l[0] = v8_madd52lo(out.l[0], v8_shr(a.l[4], FE_LIMB_BITS), nineteen);
	for (int i = 1; i < 5; i++)
		out.l[i] = v8_add(v8_and(a.l[i], mask), v8_shr(a.l[i - 1], FE_LIMB_BITS));
	return out;
}

/* The limbs of an element as they are: < 2^52. */
V8_INLINE struct fe_wide fe_ifma_widen(struct fe a)
{
	return (struct fe_wide){{a.l[0], a.l[1], a.l[2], a.l[3], a.l[4]}};
}

V8_INLINE struct fe_wide fe_wide_twice(struct fe a)
{
	return fe_wide_add(fe_ifma_widen(a), fe_ifma_widen(a));
}

/* ── elements ── */

V8_INLINE struct fe fe_mul(struct fe a, struct fe b)
{
	return fe_carry(fe_wide_mul(a, b));
}

V8_INLINE struct fe fe_sq(struct fe a)
{
	return fe_carry(fe_wide_sq(a));
}

static inline struct fe fe_sqn(struct fe a, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		a = fe_sq(a);
	return a;
}

V8_INLINE struct fe fe_add(struct fe a, struct fe b)
{
	return fe_carry(fe_wide_add(fe_ifma_widen(a), fe_ifma_widen(b)));
}

V8_INLINE struct fe fe_sub(struct fe a, struct fe b)
{
	return fe_carry(fe_wide_sub(fe_ifma_widen(a), fe_ifma_widen(b)));
}

V8_INLINE struct fe fe_neg(struct fe a)
{
	const v8 zero = v8_set1(0);

	return fe_sub((struct fe){{zero, zero, zero, zero, zero}}, a);
}

V8_INLINE struct fe fe_select(uint32_t mask, struct fe a, struct fe b)
{
	for (int i = 0; i < 5; i++)
		a.l[i] = v8_select(mask, a.l[i], b.l[i]);
	return a;
}

/* ── in and out ── */

/* Four words each < 2^64 with bit 255 clear → limbs < 2^51. */
static inline struct fe fe_from_words(const uint64_t words[4][FE_LANES])
{
	const v8 mask = v8_set1(FE_LIMB_MASK);
	v8 w[4];

	for (int i = 0; i < 4; i++)
		w[i] = v8_load(words[i]);
	return (struct fe){{
	    v8_and(w[0], mask),
	    v8_and(v8_or(v8_shr(w[0], 51), v8_shl(w[1], 13)), mask),
	    v8_and(v8_or(v8_shr(w[1], 38), v8_shl(w[2], 26)), mask),
	    v8_and(v8_or(v8_shr(w[2], 25), v8_shl(w[3], 39)), mask),
	    v8_and(v8_shr(w[3], 12), mask),
	}};
}

static inline struct fe fe_broadcast(const uint64_t w[4])
{
	uint64_t lanes[4][FE_LANES];

	for (int i = 0; i < 4; i++)
		v8_store(lanes[i], v8_set1(w[i]));
	return fe_from_words(lanes);
}

/* Carries from limb to limb; returns what leaves the last one. */
static inline v8 fe_ifma_ripple(struct fe *a)
{
	const v8 mask = v8_set1(FE_LIMB_MASK);
	v8 carry = v8_shr(a->l[0], FE_LIMB_BITS);

	a->l[0] = v8_and(a->l[0], mask);
	for (int i = 1; i < 5; i++) {
		a->l[i] = v8_add(a->l[i], carry);
		carry = v8_shr(a->l[i], FE_LIMB_BITS);
		a->l[i] = v8_and(a->l[i], mask);
	}
	return carry;
}

/* The representative in [0, p), limbs < 2^51. After a pass of carries the value x is below
 * 2^255 + 2^221 < 2p, so that q = ⌊(x + 19) / 2^255⌋ is 1 exactly where x >= p, and
 * x − q·p = x + 19q − 2^255·q. */
static inline struct fe fe_ifma_canonical(struct fe a)
{
	struct fe low = fe_carry(fe_ifma_widen(a)), probe = low;

	probe.l[0] = v8_add(probe.l[0], v8_set1(19));
	low.l[0] = v8_madd52lo(low.l[0], fe_ifma_ripple(&probe), v8_set1(19));
	(void)fe_ifma_ripple(&low);
	return low;
}

static inline void fe_to_words(struct fe a, uint64_t w[4][FE_LANES])
{
	const struct fe c = fe_ifma_canonical(a);

	v8_store(w[0], v8_or(c.l[0], v8_shl(c.l[1], 51)));
	v8_store(w[1], v8_or(v8_shr(c.l[1], 13), v8_shl(c.l[2], 38)));
	v8_store(w[2], v8_or(v8_shr(c.l[2], 26), v8_shl(c.l[3], 25)));
	v8_store(w[3], v8_or(v8_shr(c.l[3], 39), v8_shl(c.l[4], 12)));
}

static inline struct fe fe_swap_lanes(struct fe a, unsigned distance)
{
	for (int i = 0; i < 5; i++)
		a.l[i] = v8_swap_lanes(a.l[i], distance);
	return a;
}

/* ── look-ups ── */

/* One element a lane from the 32 bytes at row[lane] (comb.h has the picture). Limbs < 2^51: three
 * of the four words have 13 bits of limb 4 above their own limb, the last one 12. */
V8_INLINE struct fe fe_ifma_unpack(const uint8_t *const row[FE_LANES])
{
	const v8 mask = v8_set1(FE_LIMB_MASK);
	v8 w[4], top;

	v8_columns4(row, w);
	top = v8_shr(w[0], 51);
	top = v8_or_and(top, v8_shr(w[1], 38), v8_set1((uint64_t)0x1FFF << 13));
	top = v8_or_and(top, v8_shr(w[2], 25), v8_set1((uint64_t)0x1FFF << 26));
	top = v8_or_and(top, v8_shr(w[3], 12), v8_set1((uint64_t)0x0FFF << 39));
	return (struct fe){
	    {v8_and(w[0], mask), v8_and(w[1], mask), v8_and(w[2], mask), v8_and(w[3], mask), top}};
}

/* 2p − a in the lanes of mask. Limbs of a < 2^51, so those of the result are above 0 and < 2^52:
 * ready without a carry. */
V8_INLINE struct fe fe_ifma_negate_where(v8m mask, struct fe a)
{
	const v8 first = v8_set1((FE_LIMB_MASK - 18) << 1), other = v8_set1(FE_LIMB_MASK << 1);

	for (int i = 0; i < 5; i++)
		a.l[i] = v8_sub_from_where(mask, i == 0 ? first : other, a.l[i]);
	return a;
}

/* Where the three elements of each lane's entry lie: the first two by the sign. */
V8_INLINE v8m fe_ifma_rows(const uintptr_t look[FE_LANES], const uint8_t *plus[FE_LANES],
    const uint8_t *minus[FE_LANES], const uint8_t *product[FE_LANES])
{
	const v8 looks = v8_load(look), sign = v8_set1(COMB_LOOK_NEGATIVE);
	const v8m negative = v8_eq(v8_and(looks, sign), sign);
	const v8 entry = v8_select(negative, v8_sub_mod64(looks, sign), looks);
	const v8 swap = v8_select(negative, v8_set1(32), v8_set1(0));

	_Static_assert(sizeof(uintptr_t) == sizeof(uint64_t), "a vector of addresses");
	v8_store(plus, v8_add_mod64(entry, swap));
	v8_store(minus, v8_add_mod64(entry, v8_sub(v8_set1(32), swap)));
	v8_store(product, v8_add_mod64(entry, v8_set1(64)));
	return negative;
}

/* y + x and y − x: limbs < 2^51. 2dxy: < 2^52. */
V8_INLINE struct niels niels_load(const uintptr_t look[FE_LANES])
{
	const uint8_t *plus[FE_LANES], *minus[FE_LANES], *product[FE_LANES];
	const v8m negative = fe_ifma_rows(look, plus, minus, product);

	return (struct niels){
	    .ypx = fe_ifma_unpack(plus),
	    .ymx = fe_ifma_unpack(minus),
	    .t2d = fe_ifma_negate_where(negative, fe_ifma_unpack(product)),
	};
}

/* The column is short (a handful of multiples of one point): reading it all under masks takes fewer
 * cycles than gathers, and stays in order. */
static inline struct fe fe_pick(
    const struct fe *column, size_t stride, const uint32_t index[FE_LANES], unsigned last)
{
	struct fe out = column[0];

	for (unsigned row = 1; row <= last; row++) {
		uint32_t lanes = 0;

		for (unsigned l = 0; l < FE_LANES; l++)
			lanes |= (uint32_t)(index[l] == row) << l;
		out = fe_select(lanes, column[stride * row], out);
	}
	return out;
}

#endif
