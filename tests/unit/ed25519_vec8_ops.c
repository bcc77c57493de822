/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each operation of the eight-lane layer behind one function, to be compared by test_ed25519_vec8:
 * built over instructions and over arrays, under a name for each.
 */
#include "ed25519_vec8_ops.h"

#include "vec8.h"

static v8m mask_of(const struct vec8_in *in)
{
	return in->bytes & 0xFF;
}

static v8 bits(v8m mask)
{
	return v8_set1(mask & 0xFF);
}

static unsigned arithmetic(const struct vec8_in *in, v8 a, v8 b, v8 c, v8 out[])
{
	const v8 half = v8_set1(UINT64_MAX >> 1), low = v8_and(a, half), less = v8_and(b, half);
	unsigned n = 0;

	out[n++] = v8_set1(in->word[0][0]);
	out[n++] = v8_add(low, less);
	out[n++] = v8_sub(v8_or(a, v8_set1(UINT64_MAX / 2 + 1)), less);
	out[n++] = v8_add_mod64(a, b);
	out[n++] = v8_sub_mod64(a, b);
	out[n++] = v8_add_mod64_where(mask_of(in), a, b);
	out[n++] = v8_sub_from_where(mask_of(in), v8_set1(UINT64_MAX), b);
	out[n++] = v8_and(a, b);
	out[n++] = v8_or(a, b);
	out[n++] = v8_abs(a);
	out[n++] = v8_mul(a, b);
	out[n++] = v8_madd52lo(a, b, c);
	out[n++] = v8_madd52hi(a, b, c);
	out[n++] = v8_xor3(a, b, c);
	out[n++] = v8_choose(a, b, c);
	out[n++] = v8_majority(a, b, c);
	out[n++] = v8_or_and(a, b, c);
	out[n++] = v8_bswap(a);
	out[n++] = bits(v8_eq(a, b));
	out[n++] = bits(v8_less(a, b));
	out[n++] = v8_select(mask_of(in), a, b);
	return n;
}

static unsigned shifts(const struct vec8_in *in, v8 a, v8 out[])
{
	unsigned n = 0;

	out[n++] = v8_shl(a, 13);
	out[n++] = v8_shr(a, 51);
	out[n++] = v8_sar(a, 52);
	out[n++] = v8_ror(a, 1);
	out[n++] = v8_ror(a, 61);
	out[n++] = v8_shl_by(a, in->bytes);
	out[n++] = v8_shr_by(a, in->bytes % 64); /* Bochs 2.7 takes 64 for 0; nothing asks that */
	return n;
}

static unsigned memory(const struct vec8_in *in, v8 a, v8 out[])
{
	const uint8_t *bytes = (const uint8_t *)in->word, *row[8];
	unsigned n = 0;
	v8 rows[8];

	for (unsigned l = 0; l < 8; l++) {
		rows[l] = v8_load(bytes + 64 * l + 1);
		row[l] = bytes + (in->word[8][l] & 255);
	}
	v8_columns4(row, out);
	v8_transpose(rows, out + 4);
	n = 12;
	out[n++] = v8_load_bytes(in->end - in->bytes, in->bytes);
	for (unsigned distance = 1; distance < 8; distance *= 2)
		out[n++] = v8_swap_lanes(a, distance);
	return n;
}

unsigned VEC8_OPS(const struct vec8_in *in, uint64_t out[VEC8_OPS_MAX][8])
{
	const v8 a = v8_load(in->word[0]), b = v8_load(in->word[1]), c = v8_load(in->word[2]);
	v8 result[VEC8_OPS_MAX];
	unsigned n = arithmetic(in, a, b, c, result);

	n += shifts(in, a, result + n);
	n += memory(in, a, result + n);
	for (unsigned i = 0; i < n; i++)
		v8_store(out[i], result[i]);
	return n;
}
