/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hashes mod L and the look-ups of eight signatures at once: recode_lanes of backend.h.
 *
 * L = 2^252 + c, c of 125 bits. The hash is cut into limbs of 52 bits, and its upper part comes
 * down by 2^260 = −2^8·c (mod L), twice, then once more by 2^252 = −c:
 *
 *   x < 2^512          x = x1·2^260 + x0,  y = x0 − x1·2^8·c + 2^134·L,   0 < y < 2^387
 *                      for x1·2^8·c < 2^252 · 2^133 = 2^385
 *   y                  y = y1·2^260 + y0,  z = y0 − y1·2^8·c + 2^9·L,     0 < z < 2^262
 *                      for y1·2^8·c < 2^127 · 2^133 = 2^260
 *   z                  z = q·2^252 + z0,   r = z0 − q·c,          −2^135 < r < 2^252 < L
 *   r                  + L where it is negative: 0 <= r < L
 *
 * Columns of limbs are signed words: at most six halves of products, each below 2^52, are taken
 * off, so they stay within ±2^55 until the carries are made.
 */
#ifndef EG_ED25519_SCALAR_IFMA_H
#define EG_ED25519_SCALAR_IFMA_H

#include "backend.h"
#include "scalar.h"
#include "vec8.h"

#define SCALAR_LIMB_MASK (((uint64_t)1 << 52) - 1)

static const uint64_t scalar_c[3] = {0x2631a5cf5d3ed, 0xdea2f79cd6581, 0x000000014def9};
static const uint64_t scalar_c_256[3] = {0x31a5cf5d3ed00, 0xa2f79cd658126, 0x0000014def9de};
static const uint64_t scalar_order[5] = {
    0x2631a5cf5d3ed, 0xdea2f79cd6581, 0x000000014def9, 0, 0x0100000000000};
static const uint64_t scalar_order_2_9[6] = {
    0x634b9eba7da00, 0x45ef39acb024c, 0x0000029bdf3bd, 0, 0, 0x0000000000002};
static const uint64_t scalar_order_2_134[8] = {
    0, 0, 0xd74fb40000000, 0x35960498c6973, 0x537be77a8bde7, 0, 0, 0x0000000400000};

/* ── mod L ── */

/* column −= a·c, a of n limbs, c of 3, column of n + 3. The multiplier adds, so the sum of the
 * products is made first: at most 3 low and 3 high halves a column. */
static inline void scalar_take_off(v8 *column, const v8 *a, int n, const uint64_t c[3])
{
	for (int k = 0; k < n + 3; k++) {
		v8 sum = v8_set1(0);

		for (int j = 0; j < 3; j++) {
			if (k - j >= 0 && k - j < n)
				sum = v8_madd52lo(sum, a[k - j], v8_set1(c[j]));
			if (k - j >= 1 && k - j <= n)
				sum = v8_madd52hi(sum, a[k - j - 1], v8_set1(c[j]));
		}
		column[k] = v8_sub_mod64(column[k], sum);
	}
}

/* Signed columns → limbs 0 … n − 2 of 52 bits; what is left above them, and the sign, in the last.
 */
static inline void scalar_carry(v8 *column, int n)
{
	for (int k = 0; k + 1 < n; k++) {
		column[k + 1] = v8_add_mod64(column[k + 1], v8_sar(column[k], 52));
		column[k] = v8_and(column[k], v8_set1(SCALAR_LIMB_MASK));
	}
}

/* 512 bits → 10 limbs of 52 bits, the last of 44. */
static inline void scalar_limbs(const v8 w[8], v8 x[10])
{
	x[0] = w[0];
	x[1] = v8_or(v8_shr(w[0], 52), v8_shl(w[1], 12));
	x[2] = v8_or(v8_shr(w[1], 40), v8_shl(w[2], 24));
	x[3] = v8_or(v8_shr(w[2], 28), v8_shl(w[3], 36));
	x[4] = v8_or(v8_shr(w[3], 16), v8_shl(w[4], 48));
	x[5] = v8_shr(w[4], 4);
	x[6] = v8_or(v8_shr(w[4], 56), v8_shl(w[5], 8));
	x[7] = v8_or(v8_shr(w[5], 44), v8_shl(w[6], 20));
	x[8] = v8_or(v8_shr(w[6], 32), v8_shl(w[7], 32));
	x[9] = v8_shr(w[7], 20);
	for (int i = 0; i < 9; i++)
		x[i] = v8_and(x[i], v8_set1(SCALAR_LIMB_MASK));
}

/* z of 6 limbs, < 2^262 → r of 5 limbs, the last one signed: the third and the last step. */
static inline void scalar_last(const v8 z[6], v8 r[5])
{
	const v8 q = v8_or(v8_shr(z[4], 44), v8_shl(z[5], 8));
	v8m negative;

	for (int i = 0; i < 4; i++)
		r[i] = z[i];
	r[4] = v8_and(z[4], v8_set1(SCALAR_LIMB_MASK >> 8));
	scalar_take_off(r, &q, 1, scalar_c);
	scalar_carry(r, 5);
	negative = v8_less(v8_set1(UINT64_MAX >> 1), r[4]);
	for (int i = 0; i < 5; i++)
		r[i] = v8_add_mod64_where(negative, r[i], v8_set1(scalar_order[i]));
	scalar_carry(r, 5);
}

/* k = hash mod L in [0, L), as words of 64 bits; hash[i] is word i of every lane. */
static inline void scalar_reduce_lanes(const v8 hash[8], v8 k[4])
{
	v8 x[10], y[8], z[6], r[5];

	scalar_limbs(hash, x);
	for (int i = 0; i < 8; i++)
		y[i] = v8_add_mod64(i < 5 ? x[i] : v8_set1(0), v8_set1(scalar_order_2_134[i]));
	scalar_take_off(y, x + 5, 5, scalar_c_256);
	scalar_carry(y, 8);
	for (int i = 0; i < 6; i++)
		z[i] = v8_add_mod64(i < 5 ? y[i] : v8_set1(0), v8_set1(scalar_order_2_9[i]));
	scalar_take_off(z, y + 5, 3, scalar_c_256);
	scalar_carry(z, 6);
	scalar_last(z, r);
	k[0] = v8_or(r[0], v8_shl(r[1], 52));
	k[1] = v8_or(v8_shr(r[1], 12), v8_shl(r[2], 40));
	k[2] = v8_or(v8_shr(r[2], 24), v8_shl(r[3], 28));
	k[3] = v8_or(v8_shr(r[3], 36), v8_shl(r[4], 16));
}

/* ── digits ── */

/* a += b, words of 64 bits; no carry leaves the last one. */
static inline void scalar_add_words(v8 a[4], const uint64_t b[4])
{
	const v8 one = v8_set1(1);
	v8m carry = 0;

	for (int i = 0; i < 4; i++) {
		const v8 sum = v8_add_mod64(a[i], v8_set1(b[i]));
		const v8 more = v8_add_mod64_where(carry, sum, one);

		carry = v8_less(sum, a[i]) | v8_less(more, sum);
		a[i] = more;
	}
}

/* a − L where a >= L; a < 2L. */
static inline void scalar_below_order(v8 a[4])
{
	static const uint64_t minus_order[4] = {0xA7ED9CE5A30A2C13, 0xEB2106215D086329,
	    0xFFFFFFFFFFFFFFFF, 0xEFFFFFFFFFFFFFFF}; /* 2^256 − L */
	v8 less[4] = {a[0], a[1], a[2], a[3]};
	v8m fits;

	/* a − L mod 2^256, with bit 255 for its sign: a and L are below 2^255. */
	scalar_add_words(less, minus_order);
	fits = v8_less(less[3], v8_set1((uint64_t)1 << 63));
	for (int i = 0; i < 4; i++)
		a[i] = v8_select(fits, less[i], a[i]);
}

/* How the lanes of a group are cut into digits: one table's shape for all. */
struct scalar_digits {
	const struct eg_recoding *recoding;
	unsigned width;
	uint64_t window_bytes;
};

/* Window at … at + width − 1 of u; the last one has all that is left above. */
static inline v8 scalar_window(const v8 u[5], unsigned at, unsigned width, bool last)
{
	const v8 low = v8_shr_by(u[at / 64], at % 64);
	const v8 high = v8_shl_by(u[at / 64 + 1], 64 - at % 64); /* nothing where at % 64 is 0 */

	return v8_and(v8_or(low, high), v8_set1(last ? UINT64_MAX : ((uint64_t)1 << width) - 1));
}

/* The look-ups of one scalar a lane (eg_scalar_recode and eg_comb_recode say what they are): entry
 * |digit| of each window, the sign in bit 0. first[l]: the address of lane l's entry 0. Returns how
 * many rows it wrote. */
static inline unsigned scalar_looks(
    const struct scalar_digits *how, const v8 s[4], v8 first, uintptr_t (*look)[8])
{
	const unsigned top = how->recoding->window_cnt - 1u;
	v8 u[5] = {s[0], s[1], s[2], s[3], v8_set1(0)};

	scalar_add_words(u, how->recoding->bias);
	if (how->recoding->centred)
		scalar_below_order(u);
	for (unsigned i = 0; i <= top; i++) {
		const bool biased = i < top || how->recoding->centred;
		const v8 half = v8_set1(biased ? (uint64_t)1 << (how->width - 1) : 0);
		const v8 window = scalar_window(u, i * how->width, how->width, i == top);
		const v8 digit = v8_sub_mod64(window, half);
		const v8 entry = v8_madd52lo(first, v8_abs(digit), v8_set1(EG_ED25519_ENTRY_BYTES));

		v8_store(look[i], v8_or(entry, v8_shr(digit, 63)));
		first = v8_add_mod64(first, v8_set1(how->window_bytes));
	}
	return top + 1;
}

/* ── the whole ── */

static inline struct scalar_digits scalar_shape(const struct eg_ed25519_table *table)
{
	return (struct scalar_digits){
	    .recoding = &eg_recodings[table->window_bits],
	    .width = table->window_bits,
	    .window_bytes = (uint64_t)table->window_entries * EG_ED25519_ENTRY_BYTES,
	};
}

static inline v8 scalar_first_entries(const struct eg_ed25519_table *const table[8])
{
	uint64_t first[8];

	for (int l = 0; l < 8; l++)
		first[l] = (uintptr_t)table[l]->entry;
	return v8_load(first);
}

static inline bool scalar_one_shape(const struct eg_ed25519_table *const table[8])
{
	unsigned same = 1;

	for (int l = 1; l < 8; l++)
		same &= table[l]->window_bits == table[0]->window_bits;
	return same != 0;
}

/* Lanes of several widths: one by one. */
static inline void scalar_ragged_looks(
    const struct recode_in *in, const v8 k[4], uintptr_t (*look)[8])
{
	uint64_t words[4][8];

	for (int i = 0; i < 4; i++)
		v8_store(words[i], k[i]);
	for (unsigned l = 0; l < 8; l++) {
		const uint64_t scalar[4] = {words[0][l], words[1][l], words[2][l], words[3][l]};

		eg_comb_recode(in->a[l], scalar, &look[0][l], 8);
		for (unsigned i = in->a[l]->window_cnt; i < in->a_rows; i++)
			look[i][l] = (uintptr_t)in->a[l]->entry;
	}
}

static inline void recode_lanes(const struct recode_in *in, uintptr_t (*look)[FE_LANES])
{
	const struct scalar_digits b = scalar_shape(in->b), a = scalar_shape(in->a[0]);
	v8 row[8], hash[8], s[4], k[4];

	for (int l = 0; l < 8; l++)
		row[l] = v8_load(in->hash[l]);
	v8_transpose(row, hash);
	scalar_reduce_lanes(hash, k);
	v8_columns4(in->s, s);
	look += scalar_looks(&b, s, v8_set1((uintptr_t)in->b->entry), look);
	if (!scalar_one_shape(in->a)) {
		scalar_ragged_looks(in, k, look);
		return;
	}
	for (unsigned i = scalar_looks(&a, k, scalar_first_entries(in->a), look); i < in->a_rows;
	     i++)
		v8_store(look[i], scalar_first_entries(in->a));
}

#endif
