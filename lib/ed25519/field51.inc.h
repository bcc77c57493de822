/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The field in one lane: 5 limbs of 51 bits in 64-bit words, value = Σ v[i]·2^(51i) mod 2^255 − 19
 * (the radix of Bernstein, Duif, Lange, Schwabe, Yang, "High-speed high-security signatures",
 * 2011). Limbs have 13 bits to spare, so products are carried at once and sums never: struct
 * fe_wide is a carried product or a sum of such, and fe_carry does nothing.
 *
 *   carried   v[1] < 2^51 + 2^13, the others < 2^51
 *   product   the same;  sum(n): every limb < n·(2^51 + 2^13)
 *   ready     every limb < 2^54 + 2^16
 *
 * Included after the words (word_plain.h, or intervals in tests/).
 */
#define FE_LANES 1

struct fe {
	w64 v[5];
};

struct fe_wide {
	struct fe sum;
};

#include "field.h"

/* 2p and 4p, limb by limb: what keeps a difference from going below zero. */
static const uint64_t fe_2p[5] = {
    0xfffffffffffda, 0xffffffffffffe, 0xffffffffffffe, 0xffffffffffffe, 0xffffffffffffe};
static const uint64_t fe_4p[5] = {
    0x1fffffffffffb4, 0x1ffffffffffffc, 0x1ffffffffffffc, 0x1ffffffffffffc, 0x1ffffffffffffc};

/* Each r[i] < 2^114.4 → carried. The carry out of r[i] is < 2^63.4 for i < 4. r[4] has no term
 * times 19, so it is < 2^110.5 with its carry in, its carry out < 2^59.5, and 19 times that <
 * 2^63.8; with limb 0 below 2^51 that fits a word, and what goes on into limb 1 is < 2^13. */
static inline struct fe fe_reduce(const w128 r[5])
{
	struct fe out;
	w128 t = r[0];
	w64 c;

	for (int i = 0; i < 4; i++) {
		out.v[i] = w128_low(t, 51);
		t = w128_add64(r[i + 1], w128_shr(t, 51));
	}
	out.v[4] = w128_low(t, 51);
	c = w64_add(out.v[0], w64_times(w128_shr(t, 51), 19));
	out.v[0] = w64_low(c, 51);
	out.v[1] = w64_add(out.v[1], w64_shr(c, 51));
	return out;
}

/* Schoolbook; 2^255 = 19, so limb i + j >= 5 comes back times 19 at i + j − 5. Factors are
 * < 2^54.01 and 19 times that is < 2^58.3: r[i] < (1 + 4·19)·2^108.02 < 2^114.4. */
static inline struct fe fe_mul(struct fe a, struct fe b)
{
	w64 b19[5];
	w128 r[5];

	for (int j = 1; j < 5; j++)
		b19[j] = w64_times(b.v[j], 19);
	for (int i = 0; i < 5; i++) {
		r[i] = w128_mul(a.v[0], b.v[i]);
		for (int j = 1; j < 5; j++)
			r[i] =
			    w128_add(r[i], w128_mul(a.v[j], j <= i ? b.v[i - j] : b19[5 + i - j]));
	}
	return fe_reduce(r);
}

/* The same with equal terms taken once, doubled: 2·a < 2^55.01, 19·a < 2^58.3; sums as in fe_mul.
 */
static inline struct fe fe_sq(struct fe a)
{
	const w64 *v = a.v;
	w64 d0 = w64_times(v[0], 2), d1 = w64_times(v[1], 2), d2 = w64_times(v[2], 2);
	w64 v3_19 = w64_times(v[3], 19), v4_19 = w64_times(v[4], 19);
	w64 d3 = w64_times(v[3], 2);
	w128 r[5];

	r[0] = w128_add(w128_mul(v[0], v[0]), w128_add(w128_mul(d1, v4_19), w128_mul(d2, v3_19)));
	r[1] = w128_add(w128_mul(d0, v[1]), w128_add(w128_mul(d2, v4_19), w128_mul(v[3], v3_19)));
	r[2] = w128_add(w128_mul(d0, v[2]), w128_add(w128_mul(v[1], v[1]), w128_mul(d3, v4_19)));
	r[3] = w128_add(w128_mul(d0, v[3]), w128_add(w128_mul(d1, v[2]), w128_mul(v[4], v4_19)));
	r[4] = w128_add(w128_mul(d0, v[4]), w128_add(w128_mul(d1, v[3]), w128_mul(v[2], v[2])));
	return fe_reduce(r);
}

static inline struct fe fe_sqn(struct fe a, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		a = fe_sq(a);
	return a;
}

/* carried + carried < 2^52 + 2^14 */
static inline struct fe fe_add(struct fe a, struct fe b)
{
	for (int i = 0; i < 5; i++)
		a.v[i] = w64_add(a.v[i], b.v[i]);
	return a;
}

/* carried − carried + 2p < 2^53 + 2^13; not below zero: 2p has limbs >= 2^52 − 38 > 2^51 + 2^13. */
static inline struct fe fe_sub(struct fe a, struct fe b)
{
	for (int i = 0; i < 5; i++)
		a.v[i] = w64_sub(w64_add(a.v[i], w64_set(fe_2p[i])), b.v[i]);
	return a;
}

/* 2p − carried < 2^52 */
static inline struct fe fe_neg(struct fe a)
{
	for (int i = 0; i < 5; i++)
		a.v[i] = w64_sub(w64_set(fe_2p[i]), a.v[i]);
	return a;
}

static inline struct fe fe_select(uint32_t mask, struct fe a, struct fe b)
{
	return (mask & 1) != 0 ? a : b;
}

/* ── sums of products: nothing is left to carry ── */

static inline struct fe_wide fe_wide_mul(struct fe a, struct fe b)
{
	return (struct fe_wide){fe_mul(a, b)};
}

static inline struct fe_wide fe_wide_sq(struct fe a)
{
	return (struct fe_wide){fe_sq(a)};
}

static inline struct fe_wide fe_wide_twice(struct fe a)
{
	return (struct fe_wide){fe_add(a, a)};
}

/* sum(m + n) <= sum(4) < 2^53 + 2^15 */
static inline struct fe_wide fe_wide_add(struct fe_wide a, struct fe_wide b)
{
	return (struct fe_wide){fe_add(a.sum, b.sum)};
}

/* sum(4) − sum(2) + 4p < 2^54 + 2^15; not below zero: 4p has limbs >= 2^53 − 76 > 2^52 + 2^14. */
static inline struct fe_wide fe_wide_sub(struct fe_wide a, struct fe_wide b)
{
	for (int i = 0; i < 5; i++)
		a.sum.v[i] = w64_sub(w64_add(a.sum.v[i], w64_set(fe_4p[i])), b.sum.v[i]);
	return a;
}

static inline struct fe fe_carry(struct fe_wide a)
{
	return a.sum;
}

/* ── in and out ── */

static inline struct fe fe_from_words(const uint64_t w[4][1])
{
	w64 w0 = w64_load(w[0]), w1 = w64_load(w[1]), w2 = w64_load(w[2]), w3 = w64_load(w[3]);
	struct fe a;

	a.v[0] = w64_low(w0, 51);
	a.v[1] = w64_low(w64_or(w64_shr(w0, 51), w64_shl(w1, 13)), 51);
	a.v[2] = w64_low(w64_or(w64_shr(w1, 38), w64_shl(w2, 26)), 51);
	a.v[3] = w64_low(w64_or(w64_shr(w2, 25), w64_shl(w3, 39)), 51);
	a.v[4] = w64_low(w64_shr(w3, 12), 51);
	return a;
}

static inline struct fe fe_broadcast(const uint64_t w[4])
{
	const uint64_t lane[4][1] = {{w[0]}, {w[1]}, {w[2]}, {w[3]}};

	return fe_from_words(lane);
}

/* One pass of carries: ready limbs → limbs 1…4 < 2^51 + 9, limb 0 < 2^51 + 171: a carry
 * out is at most 8, the one that comes back counts 19 times. */
static inline struct fe fe_carry_once(struct fe a)
{
	w64 c[5];

	for (int i = 0; i < 5; i++) {
		c[i] = w64_shr(a.v[i], 51);
		a.v[i] = w64_low(a.v[i], 51);
	}
	a.v[0] = w64_add(a.v[0], w64_times(c[4], 19));
	for (int i = 1; i < 5; i++)
		a.v[i] = w64_add(a.v[i], c[i - 1]);
	return a;
}

/* After one pass the value is < 2^255 + 2^210 < 2p, so q = [value >= p] is the carry out of
 * value + 19, and value − q·p = value + 19q − q·2^255: the last carry is dropped. */
static inline void fe_to_words(struct fe a, uint64_t w[4][1])
{
	w64 q, c;

	a = fe_carry_once(a);
	q = w64_shr(w64_add(a.v[0], w64_set(19)), 51);
	for (int i = 1; i < 5; i++)
		q = w64_shr(w64_add(a.v[i], q), 51);
	c = w64_times(q, 19);
	for (int i = 0; i < 5; i++) {
		a.v[i] = w64_add(a.v[i], c);
		c = w64_shr(a.v[i], 51);
		a.v[i] = w64_low(a.v[i], 51);
	}
	w64_store(w[0], w64_or(a.v[0], w64_shl(a.v[1], 51)));
	w64_store(w[1], w64_or(w64_shr(a.v[1], 13), w64_shl(a.v[2], 38)));
	w64_store(w[2], w64_or(w64_shr(a.v[2], 26), w64_shl(a.v[3], 25)));
	w64_store(w[3], w64_or(w64_shr(a.v[3], 39), w64_shl(a.v[4], 12)));
}

/* ── look-ups ── */

/* 32 bytes of an entry (comb.h) → limbs < 2^51, whatever the bytes are. */
static inline struct fe fe_unpack(const uint8_t *packed)
{
	const uint64_t *w = (const uint64_t *)(const void *)packed;
	struct fe a;

	a.v[4] = w64_set(0);
	for (unsigned i = 0; i < 4; i++) {
		w64 word = w64_load(&w[i]);

		a.v[i] = w64_low(word, 51);
		a.v[4] = w64_or(a.v[4], w64_shl(w64_shr(word, 51), 13 * i));
	}
	a.v[4] = w64_low(a.v[4], 51);
	return a;
}

/* ypx, ymx carried; t2d carried or 2p − carried < 2^52. */
static inline struct niels niels_load(const uintptr_t look[1])
{
	uintptr_t negative = look[0] & 1;
	const uint8_t *entry = (const uint8_t *)(look[0] - negative);
	struct niels n = {fe_unpack(entry + 32 * negative), fe_unpack(entry + 32 - 32 * negative),
	    fe_unpack(entry + 64)};

	if (negative != 0)
		n.t2d = fe_neg(n.t2d);
	return n;
}

static inline struct fe fe_pick(
    const struct fe *column, size_t stride, const uint32_t index[1], unsigned last)
{
	(void)last;
	return column[stride * index[0]];
}
