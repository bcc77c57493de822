/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operations of vec8_avx512.h over an array of eight words: what they mean, in C. For tests,
 * which run the 8-lane code with it on CPUs that have no AVX-512; nothing that ships includes it.
 */
#ifndef EG_ED25519_VEC8_PLAIN_H
#define EG_ED25519_VEC8_PLAIN_H

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* Functions to call: speed is no matter here, and the engine is made of thousands of them. */
#define V8_PLAIN static __attribute__((noinline, unused))

typedef struct {
	uint64_t lane[8];
} v8;

#define V8_PLAIN_EACH(expression)                                                                  \
	v8 out;                                                                                    \
	for (int i = 0; i < 8; i++)                                                                \
		out.lane[i] = (expression);                                                        \
	return out

#define V8_PLAIN_MASK(expression)                                                                  \
	v8m mask = 0;                                                                              \
	for (int i = 0; i < 8; i++)                                                                \
		mask |= (v8m)(expression) << i;                                                    \
	return mask

typedef uint32_t v8m;

/* ── lanes of a 64-bit word ── */

V8_PLAIN v8 v8_set1(uint64_t a)
{
	V8_PLAIN_EACH(a);
}

V8_PLAIN v8 v8_add_mod64(v8 a, v8 b)
{
	V8_PLAIN_EACH(a.lane[i] + b.lane[i]);
}

V8_PLAIN v8 v8_sub_mod64(v8 a, v8 b)
{
	V8_PLAIN_EACH(a.lane[i] - b.lane[i]);
}

/* These two must not wrap, and stop the program where they would. */
V8_PLAIN v8 v8_add(v8 a, v8 b)
{
	for (int i = 0; i < 8; i++)
		assert(a.lane[i] <= UINT64_MAX - b.lane[i]);
	return v8_add_mod64(a, b);
}

V8_PLAIN v8 v8_sub(v8 a, v8 b)
{
	for (int i = 0; i < 8; i++)
		assert(a.lane[i] >= b.lane[i]);
	return v8_sub_mod64(a, b);
}

V8_PLAIN v8 v8_add_mod64_where(v8m mask, v8 a, v8 b)
{
	V8_PLAIN_EACH(a.lane[i] + (mask >> i & 1 ? b.lane[i] : 0));
}

V8_PLAIN v8 v8_sub_from_where(v8m mask, v8 a, v8 b)
{
	for (int i = 0; i < 8; i++)
		assert((mask >> i & 1) == 0 || a.lane[i] >= b.lane[i]);
	V8_PLAIN_EACH(mask >> i & 1 ? a.lane[i] - b.lane[i] : b.lane[i]);
}

V8_PLAIN v8 v8_and(v8 a, v8 b)
{
	V8_PLAIN_EACH(a.lane[i] & b.lane[i]);
}

V8_PLAIN v8 v8_or(v8 a, v8 b)
{
	V8_PLAIN_EACH(a.lane[i] | b.lane[i]);
}

V8_PLAIN v8 v8_shl(v8 a, unsigned n)
{
	V8_PLAIN_EACH(a.lane[i] << n);
}

V8_PLAIN v8 v8_shr(v8 a, unsigned n)
{
	V8_PLAIN_EACH(a.lane[i] >> n);
}

V8_PLAIN v8 v8_sar(v8 a, unsigned n)
{
	V8_PLAIN_EACH((uint64_t)((int64_t)a.lane[i] >> n));
}

V8_PLAIN v8 v8_ror(v8 a, unsigned n)
{
	V8_PLAIN_EACH(a.lane[i] >> n | a.lane[i] << (64 - n));
}

V8_PLAIN v8 v8_shl_by(v8 a, unsigned n)
{
	V8_PLAIN_EACH(n < 64 ? a.lane[i] << n : 0);
}

V8_PLAIN v8 v8_shr_by(v8 a, unsigned n)
{
	V8_PLAIN_EACH(n < 64 ? a.lane[i] >> n : 0);
}

V8_PLAIN v8 v8_abs(v8 a)
{
	V8_PLAIN_EACH(a.lane[i] >> 63 ? 0 - a.lane[i] : a.lane[i]);
}

V8_PLAIN v8 v8_mul(v8 a, v8 b)
{
	V8_PLAIN_EACH(a.lane[i] * b.lane[i]);
}

V8_PLAIN unsigned __int128 v8_plain_product52(uint64_t a, uint64_t b)
{
	const uint64_t low52 = ((uint64_t)1 << 52) - 1;

	return (unsigned __int128)(a & low52) * (b & low52);
}

V8_PLAIN v8 v8_madd52lo(v8 acc, v8 a, v8 b)
{
	V8_PLAIN_EACH(acc.lane[i] +
	              ((uint64_t)v8_plain_product52(a.lane[i], b.lane[i]) & ~(uint64_t)0 >> 12));
}

V8_PLAIN v8 v8_madd52hi(v8 acc, v8 a, v8 b)
{
	V8_PLAIN_EACH(acc.lane[i] + (uint64_t)(v8_plain_product52(a.lane[i], b.lane[i]) >> 52));
}

/* ── bits ── */

V8_PLAIN v8 v8_xor3(v8 a, v8 b, v8 c)
{
	V8_PLAIN_EACH(a.lane[i] ^ b.lane[i] ^ c.lane[i]);
}

V8_PLAIN v8 v8_choose(v8 a, v8 b, v8 c)
{
	V8_PLAIN_EACH((a.lane[i] & b.lane[i]) | (~a.lane[i] & c.lane[i]));
}

V8_PLAIN v8 v8_majority(v8 a, v8 b, v8 c)
{
	V8_PLAIN_EACH((a.lane[i] & b.lane[i]) | (c.lane[i] & (a.lane[i] | b.lane[i])));
}

V8_PLAIN v8 v8_or_and(v8 a, v8 b, v8 c)
{
	V8_PLAIN_EACH(a.lane[i] | (b.lane[i] & c.lane[i]));
}

V8_PLAIN v8 v8_bswap(v8 a)
{
	V8_PLAIN_EACH(__builtin_bswap64(a.lane[i]));
}

/* ── masks ── */

V8_PLAIN v8m v8_eq(v8 a, v8 b)
{
	V8_PLAIN_MASK(a.lane[i] == b.lane[i]);
}

V8_PLAIN v8m v8_less(v8 a, v8 b)
{
	V8_PLAIN_MASK(a.lane[i] < b.lane[i]);
}

V8_PLAIN v8 v8_select(v8m mask, v8 a, v8 b)
{
	V8_PLAIN_EACH(mask >> i & 1 ? a.lane[i] : b.lane[i]);
}

/* ── memory and order ── */

V8_PLAIN v8 v8_load(const void *p)
{
	v8 out;

	memcpy(&out, p, sizeof(out));
	return out;
}

V8_PLAIN void v8_store(void *p, v8 a)
{
	memcpy(p, &a, sizeof(a));
}

V8_PLAIN v8 v8_load_bytes(const uint8_t *p, unsigned n)
{
	v8 out = {{0}};

	if (n > 0)
		memcpy(&out, p, n);
	return out;
}

V8_PLAIN v8 v8_swap_lanes(v8 a, unsigned distance)
{
	V8_PLAIN_EACH(a.lane[(unsigned)i ^ distance]);
}

V8_PLAIN void v8_columns4(const uint8_t *const row[8], v8 out[4])
{
	for (int lane = 0; lane < 8; lane++)
		for (int k = 0; k < 4; k++)
			memcpy(&out[k].lane[lane], row[lane] + 8 * k, 8);
}

V8_PLAIN void v8_transpose(const v8 row[8], v8 out[8])
{
	for (int lane = 0; lane < 8; lane++)
		for (int k = 0; k < 8; k++)
			out[k].lane[lane] = row[lane].lane[k];
}

#undef V8_PLAIN
#undef V8_PLAIN_EACH
#undef V8_PLAIN_MASK

#endif
