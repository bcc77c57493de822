/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The field of 2^255 − 19 in four lanes of doubles (the functions of field.h).
 *
 * An element is five limbs of weight 2^51i, i = 0…4, each limb a vector of four integers in the
 * form of doubles. Two fused multiplications split a product exactly (v4_add_product):
 *
 *   a·b = lo + 2^51·hi, so lo belongs to column i + j and hi to column i + j + 1
 *
 * which is half of the instructions that four products of 25- and 26-bit halves and their additions
 * take (docs/decisions/0010). Columns are words; columns 5…9 come back as 19·column (2^255 = 19 mod
 * p). A sum of products is carried once, and becomes doubles again.
 *
 * Ranges, in u = 2^51:
 *
 *   ready       −2^16 <= limb < u + 2^16: products lie in −2^68 … u² + 2^69, which
 *               v4_add_product takes; hi in −2^17 … u + 2^18, |lo| <= u
 *   product     0 <= limb k < (302 − 36k)u. Column k sums k + 1 lo and k hi, column k + 5 sums
 *               4 − k lo and 5 − k hi; with 19 times the column five above, limb k has 77 − 18k lo
 *               and 95 − 18k hi: |lo part| <= (77 − 18k)u, −2^24 <= hi part < (96 − 18k)u. 128p on
 *               top, with limbs of 128u − 2432 at least, keeps all above zero
 *   sum(4)      limb < 1208u, limb 4 < 632u
 *   difference  sum(4) + 640p − sum(2): 640p has limbs of 640u − 12160 at least, sum(2) less than
 *               604u; limb < 1848u < 2^62, limb 4 < 1272u
 *   carried     0 <= limb < u + 2^15: each limb passes less than 1848 to the next, the last one 19
 *               times less than 1272, 24168 < 2^15, to the first
 */
#ifndef EG_ED25519_FE_AVX2_H
#define EG_ED25519_FE_AVX2_H

#include "comb.h"
#include "vec4.h"

#define FE_LANES 4
#ifndef __SANITIZE_ADDRESS__ /* with its checks the compiler would be at it for minutes */
#define FE_INLINE V4_INLINE
#endif

struct fe {
	v4d v[5];
};

struct fe_wide {
	v4 v[5];
};

#include "field.h"

#define FE_MASK51 ((UINT64_C(1) << 51) - 1)
/* Limb k of p */
#define FE_P(k) (FE_MASK51 - ((k) == 0 ? 18 : 0))

/* ── sums of products ── */

/* c[0…4] += the low and c[1…5] += the high halves of a times b's limbs. */
V4_INLINE void fe_add_row(v4 c[6], v4d a, const v4d b[5])
{
	v4_add_product(&c[1], &c[0], a, b[0]);
	v4_add_product(&c[2], &c[1], a, b[1]);
	v4_add_product(&c[3], &c[2], a, b[2]);
	v4_add_product(&c[4], &c[3], a, b[3]);
	v4_add_product(&c[5], &c[4], a, b[4]);
}

/* 128p, less what is in limb k of a product in excess. */
#define FE_PRODUCT_BASE(k)                                                                         \
	(128 * FE_P(k) - (uint64_t)(77 - 18 * (k)) * V4_LO_EXCESS -                                \
	    (uint64_t)(95 - 18 * (k)) * V4_HI_EXCESS)

/* Columns 0…9 → product. */
V4_INLINE struct fe_wide fe_fold(const v4 c[10])
{
	return (struct fe_wide){{
	    v4_add_mod64(v4_add_mod64(c[0], v4_set1(FE_PRODUCT_BASE(0))), v4_times19_mod64(c[5])),
	    v4_add_mod64(v4_add_mod64(c[1], v4_set1(FE_PRODUCT_BASE(1))), v4_times19_mod64(c[6])),
	    v4_add_mod64(v4_add_mod64(c[2], v4_set1(FE_PRODUCT_BASE(2))), v4_times19_mod64(c[7])),
	    v4_add_mod64(v4_add_mod64(c[3], v4_set1(FE_PRODUCT_BASE(3))), v4_times19_mod64(c[8])),
	    v4_add_mod64(v4_add_mod64(c[4], v4_set1(FE_PRODUCT_BASE(4))), v4_times19_mod64(c[9])),
	}};
}

V4_INLINE struct fe_wide fe_wide_mul(struct fe a, struct fe b)
{
	const v4 zero = v4_set1(0);
	v4 c[10] = {zero, zero, zero, zero, zero, zero, zero, zero, zero, zero};

	fe_add_row(&c[0], a.v[0], b.v);
	fe_add_row(&c[1], a.v[1], b.v);
	fe_add_row(&c[2], a.v[2], b.v);
	fe_add_row(&c[3], a.v[3], b.v);
	fe_add_row(&c[4], a.v[4], b.v);
	return fe_fold(c);
}

/* Products of unlike limbs count twice: they come first, and their columns are doubled. The numbers
 * of lo and hi are those of fe_wide_mul. */
V4_INLINE struct fe_wide fe_wide_sq(struct fe a)
{
	const v4 zero = v4_set1(0);
	v4 c[10] = {zero, zero, zero, zero, zero, zero, zero, zero, zero, zero};

	v4_add_product(&c[2], &c[1], a.v[0], a.v[1]);
	v4_add_product(&c[3], &c[2], a.v[0], a.v[2]);
	v4_add_product(&c[4], &c[3], a.v[0], a.v[3]);
	v4_add_product(&c[5], &c[4], a.v[0], a.v[4]);
	v4_add_product(&c[4], &c[3], a.v[1], a.v[2]);
	v4_add_product(&c[5], &c[4], a.v[1], a.v[3]);
	v4_add_product(&c[6], &c[5], a.v[1], a.v[4]);
	v4_add_product(&c[6], &c[5], a.v[2], a.v[3]);
	v4_add_product(&c[7], &c[6], a.v[2], a.v[4]);
	v4_add_product(&c[8], &c[7], a.v[3], a.v[4]);
	for (int k = 1; k < 9; k++)
		c[k] = v4_add_mod64(c[k], c[k]);
	v4_add_product(&c[1], &c[0], a.v[0], a.v[0]);
	v4_add_product(&c[3], &c[2], a.v[1], a.v[1]);
	v4_add_product(&c[5], &c[4], a.v[2], a.v[2]);
	v4_add_product(&c[7], &c[6], a.v[3], a.v[3]);
	v4_add_product(&c[9], &c[8], a.v[4], a.v[4]);
	return fe_fold(c);
}

/* The limbs as words. From carried: < u + 2^16, less than a product. From ready: mod 2^64. */
V4_INLINE struct fe_wide fe_words(struct fe a)
{
	return (struct fe_wide){{
	    v4d_to_words(a.v[0]),
	    v4d_to_words(a.v[1]),
	    v4d_to_words(a.v[2]),
	    v4d_to_words(a.v[3]),
	    v4d_to_words(a.v[4]),
	}};
}

V4_INLINE struct fe_wide fe_wide_add(struct fe_wide a, struct fe_wide b)
{
	return (struct fe_wide){{
	    v4_add(a.v[0], b.v[0]),
	    v4_add(a.v[1], b.v[1]),
	    v4_add(a.v[2], b.v[2]),
	    v4_add(a.v[3], b.v[3]),
	    v4_add(a.v[4], b.v[4]),
	}};
}

V4_INLINE struct fe_wide fe_wide_twice(struct fe a)
{
	struct fe_wide words = fe_words(a);

	return fe_wide_add(words, words);
}

V4_INLINE struct fe_wide fe_wide_sub(struct fe_wide a, struct fe_wide b)
{
	return (struct fe_wide){{
	    v4_add(a.v[0], v4_sub(v4_set1(640 * FE_P(0)), b.v[0])),
	    v4_add(a.v[1], v4_sub(v4_set1(640 * FE_P(1)), b.v[1])),
	    v4_add(a.v[2], v4_sub(v4_set1(640 * FE_P(2)), b.v[2])),
	    v4_add(a.v[3], v4_sub(v4_set1(640 * FE_P(3)), b.v[3])),
	    v4_add(a.v[4], v4_sub(v4_set1(640 * FE_P(4)), b.v[4])),
	}};
}

/* One pass for all limbs at once: each gives to the next what is above 51 bits. */
V4_INLINE struct fe_wide fe_carry_words(struct fe_wide a)
{
	const v4 mask = v4_set1(FE_MASK51);

	return (struct fe_wide){{
	    v4_add(v4_and(a.v[0], mask), v4_times19_short(v4_shr(a.v[4], 51))),
	    v4_add(v4_and(a.v[1], mask), v4_shr(a.v[0], 51)),
	    v4_add(v4_and(a.v[2], mask), v4_shr(a.v[1], 51)),
	    v4_add(v4_and(a.v[3], mask), v4_shr(a.v[2], 51)),
	    v4_add(v4_and(a.v[4], mask), v4_shr(a.v[3], 51)),
	}};
}

V4_INLINE struct fe fe_carry(struct fe_wide a)
{
	a = fe_carry_words(a);
	return (struct fe){{
	    v4d_from_words(a.v[0]),
	    v4d_from_words(a.v[1]),
	    v4d_from_words(a.v[2]),
	    v4d_from_words(a.v[3]),
	    v4d_from_words(a.v[4]),
	}};
}

/* ── elements ── */

V4_INLINE struct fe fe_mul(struct fe a, struct fe b)
{
	return fe_carry(fe_wide_mul(a, b));
}

V4_INLINE struct fe fe_sq(struct fe a)
{
	return fe_carry(fe_wide_sq(a));
}

static inline struct fe fe_sqn(struct fe a, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		a = fe_sq(a);
	return a;
}

/* Through words and a carry: a sum of two elements is too large for a product. */
V4_INLINE struct fe fe_add(struct fe a, struct fe b)
{
	return fe_carry(fe_wide_add(fe_words(a), fe_words(b)));
}

V4_INLINE struct fe fe_sub(struct fe a, struct fe b)
{
	return fe_carry(fe_wide_sub(fe_words(a), fe_words(b)));
}

/* p − carried: −18 − 2^15 <= limb < u */
V4_INLINE struct fe fe_neg(struct fe a)
{
	return (struct fe){{
	    v4d_sub(v4d_from_words(v4_set1(FE_P(0))), a.v[0]),
	    v4d_sub(v4d_from_words(v4_set1(FE_P(1))), a.v[1]),
	    v4d_sub(v4d_from_words(v4_set1(FE_P(2))), a.v[2]),
	    v4d_sub(v4d_from_words(v4_set1(FE_P(3))), a.v[3]),
	    v4d_sub(v4d_from_words(v4_set1(FE_P(4))), a.v[4]),
	}};
}

V4_INLINE struct fe fe_select(uint32_t mask, struct fe a, struct fe b)
{
	return (struct fe){{
	    v4d_select(mask, a.v[0], b.v[0]),
	    v4d_select(mask, a.v[1], b.v[1]),
	    v4d_select(mask, a.v[2], b.v[2]),
	    v4d_select(mask, a.v[3], b.v[3]),
	    v4d_select(mask, a.v[4], b.v[4]),
	}};
}

V4_INLINE struct fe fe_swap_lanes(struct fe a, unsigned distance)
{
	return (struct fe){{
	    v4d_swap_lanes(a.v[0], distance),
	    v4d_swap_lanes(a.v[1], distance),
	    v4d_swap_lanes(a.v[2], distance),
	    v4d_swap_lanes(a.v[3], distance),
	    v4d_swap_lanes(a.v[4], distance),
	}};
}

/* ── in and out ── */

/* Bits 51k … 51k + 50 of the words: limbs < u. */
static inline struct fe fe_from_words(const uint64_t words[4][4])
{
	const v4 mask = v4_set1(FE_MASK51);
	v4 w[4];

	for (int i = 0; i < 4; i++)
		w[i] = v4_load(words[i]);
	return (struct fe){{
	    v4d_from_words(v4_and(w[0], mask)),
	    v4d_from_words(v4_and(v4_or(v4_shr(w[0], 51), v4_shl(w[1], 13)), mask)),
	    v4d_from_words(v4_and(v4_or(v4_shr(w[1], 38), v4_shl(w[2], 26)), mask)),
	    v4d_from_words(v4_and(v4_or(v4_shr(w[2], 25), v4_shl(w[3], 39)), mask)),
	    v4d_from_words(v4_and(v4_shr(w[3], 12), mask)),
	}};
}

static inline struct fe fe_broadcast(const uint64_t w[4])
{
	const uint64_t lanes[4][4] = {{w[0], w[0], w[0], w[0]}, {w[1], w[1], w[1], w[1]},
	    {w[2], w[2], w[2], w[2]}, {w[3], w[3], w[3], w[3]}};

	return fe_from_words(lanes);
}

/* a = limbs < u + 76 with a value below 2p → its representative in [0, p), limbs < u. q = [value >=
 * p] is the carry out of value + 19, and value − q·p = value + 19q − q·2^255: the last carry is
 * dropped. */
V4_INLINE struct fe_wide fe_canonical(struct fe_wide a)
{
	const v4 mask = v4_set1(FE_MASK51);
	v4 q = v4_set1(19), c;

	for (int k = 0; k < 5; k++)
		q = v4_shr(v4_add(a.v[k], q), 51);
	c = v4_times19_short(q);
	for (int k = 0; k < 5; k++) {
		a.v[k] = v4_add(a.v[k], c);
		c = v4_shr(a.v[k], 51);
		a.v[k] = v4_and(a.v[k], mask);
	}
	return a;
}

/* Ready + 2p has limbs in u − 2^17 … 4u, not below zero; a carry passes at most 3, 19 times that at
 * the end: limbs < u + 57, value < 2^255 + 2^210 < 2p. */
static inline void fe_to_words(struct fe a, uint64_t w[4][4])
{
	struct fe_wide t = fe_words(a);

	for (int k = 0; k < 5; k++)
		t.v[k] = v4_add_mod64(t.v[k], v4_set1(2 * FE_P(k)));
	t = fe_canonical(fe_carry_words(t));
	v4_store(w[0], v4_or(t.v[0], v4_shl(t.v[1], 51)));
	v4_store(w[1], v4_or(v4_shr(t.v[1], 13), v4_shl(t.v[2], 38)));
	v4_store(w[2], v4_or(v4_shr(t.v[2], 26), v4_shl(t.v[3], 25)));
	v4_store(w[3], v4_or(v4_shr(t.v[3], 39), v4_shl(t.v[4], 12)));
}

/* ── look-ups ── */

/* Limb 4 of four words of an entry, from the bits above their limbs (comb.h): < u whatever the
 * words are. */
V4_INLINE v4 fe_unpack_top(const v4 w[4])
{
	const v4 high = v4_set1(~FE_MASK51), high12 = v4_set1(~FE_MASK51 << 1 >> 1);

	return v4_or(v4_or(v4_shr(w[0], 51), v4_shr(v4_and(w[1], high), 38)),
	    v4_or(v4_shr(v4_and(w[2], high), 25), v4_shr(v4_and(w[3], high12), 12)));
}

/* The 32 bytes of each lane's entry, with the bits of `flip` turned → limbs < u. A limb that is
 * turned is u − 1 − limb. */
V4_INLINE struct fe fe_unpack(const uint8_t *const packed[4], v4 flip)
{
	const v4 mask = v4_set1(FE_MASK51);
	v4 w[4];

	v4_load_columns(packed, w);
	w[0] = v4_xor(w[0], flip);
	w[1] = v4_xor(w[1], flip);
	w[2] = v4_xor(w[2], flip);
	w[3] = v4_xor(w[3], flip);
	return (struct fe){{
	    v4d_from_words(v4_and(w[0], mask)),
	    v4d_from_words(v4_and(w[1], mask)),
	    v4d_from_words(v4_and(w[2], mask)),
	    v4d_from_words(v4_and(w[3], mask)),
	    v4d_from_words(fe_unpack_top(w)),
	}};
}

/* −t = p − t is t with all bits turned, less 18 in limb 0, which may go down to −18. */
V4_INLINE struct niels niels_load(const uintptr_t look[4])
{
	const uint8_t *ypx[4], *ymx[4], *t2d[4];
	const v4 zero = v4_set1(0);
	uint64_t sign[4];
	struct niels n;
	v4 flip;

	for (int l = 0; l < 4; l++) {
		const uint64_t negative = look[l] & COMB_LOOK_NEGATIVE;
		const uint8_t *entry = (const uint8_t *)(look[l] - negative);

		sign[l] = negative;
		ypx[l] = entry + 32 * negative;
		ymx[l] = entry + 32 - 32 * negative;
		t2d[l] = entry + 64;
	}
	flip = v4_sub_mod64(zero, v4_load(sign));
	n.ypx = fe_unpack(ypx, zero);
	n.ymx = fe_unpack(ymx, zero);
	n.t2d = fe_unpack(t2d, flip);
	n.t2d.v[0] = v4d_sub(n.t2d.v[0], v4d_from_words(v4_and(flip, v4_set1(18))));
	return n;
}

static inline struct fe fe_pick(
    const struct fe *column, size_t stride, const uint32_t index[4], unsigned last)
{
	struct fe out;

	(void)last;
	for (int k = 0; k < 5; k++) {
		const v4d *row[4];

		for (int l = 0; l < 4; l++)
			row[l] = &column[stride * index[l]].v[k];
		out.v[k] = v4d_pick(row);
	}
	return out;
}

#endif
