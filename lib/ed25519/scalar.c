/* SPDX-License-Identifier: BSD-3-Clause */
#include "scalar.h"

#include <string.h>

typedef unsigned __int128 wide;

/* L = 2^252 + c */
static const uint64_t order[4] = {
    0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0x0000000000000000, 0x1000000000000000};
static const uint64_t order_c[2] = {0x5812631a5cf5d3ed, 0x14def9dea2f79cd6};
#define LOW_252 ((UINT64_C(1) << 60) - 1) /* of the top word */

/* ── words ── */

/* a += b; the carry out */
static uint64_t add(uint64_t a[4], const uint64_t b[4])
{
	wide t = 0;

	for (int i = 0; i < 4; i++) {
		t = (t >> 64) + a[i] + b[i];
		a[i] = (uint64_t)t;
	}
	return (uint64_t)(t >> 64);
}

/* a −= b; 1 where it borrowed: a < b */
static uint64_t subtract(uint64_t a[4], const uint64_t b[4])
{
	uint64_t borrow = 0;

	for (int i = 0; i < 4; i++) {
		wide t = (wide)a[i] - b[i] - borrow;

		a[i] = (uint64_t)t;
		borrow = (uint64_t)(t >> 64) & 1;
	}
	return borrow;
}

/* out = c·a, of n + 2 words */
static inline void times_c(const uint64_t *a, int n, uint64_t *out)
{
	memset(out, 0, (size_t)(n + 2) * sizeof(*out));
	for (int i = 0; i < n; i++) {
		wide t = (wide)a[i] * order_c[0] + out[i];

		out[i] = (uint64_t)t;
		t = (wide)a[i] * order_c[1] + out[i + 1] + (t >> 64);
		out[i + 1] = (uint64_t)t;
		out[i + 2] = (uint64_t)(t >> 64);
	}
}

/* x = high·2^252 + low, x of 3 + n words, high of n */
static inline void split(const uint64_t *x, int n, uint64_t low[4], uint64_t *high)
{
	memcpy(low, x, 4 * sizeof(*low));
	low[3] &= LOW_252;
	for (int i = 0; i < n; i++)
		high[i] = x[3 + i] >> 60 | (i + 1 < n ? x[4 + i] << 4 : 0);
}

/* ── mod L ── */

bool eg_scalar_is_canonical(const uint64_t s[4])
{
	uint64_t t[4];

	memcpy(t, s, sizeof(t));
	return subtract(t, order) == 1;
}

/* v < 2^256 → v mod L: with q = ⌊v/2^252⌋ < 16, v − q·L = (v mod 2^252) − q·c lies above −16·c > −L
 * and below 2^252 < L. */
static void reduce_once(uint64_t v[4])
{
	uint64_t q = v[3] >> 60, qc[4] = {0};

	times_c(&q, 1, qc);
	v[3] &= LOW_252;
	if (subtract(v, qc) != 0)
		(void)add(v, order);
}

/* 2^252 = −c (mod L), three times over:
 *   hash = h1·2^252 + h0 = h0 − c·h1              h1 < 2^260
 *   c·h1 = g1·2^252 + g0 = g0 − c·g1              g1 < 2^133
 *   c·g1 = e1·2^252 + e0 = e0 − c·e1              e1 < 2^6
 * so hash = h0 − g0 + e0 − c·e1, which 2L keeps above zero (2L > 2^253 > g0 + c·e1) and below
 * 2^252 + 2^252 + 2L < 2^255. */
void eg_scalar_reduce(const uint64_t hash[8], uint64_t k[4])
{
	uint64_t h1[5], g0[4], g1[4], e0[4], e1[2], product[7], ce1[4] = {0};

	split(hash, 5, k, h1);
	times_c(h1, 5, product);
	split(product, 4, g0, g1);
	times_c(g1, 3, product);
	split(product, 2, e0, e1);
	times_c(e1, 1, ce1);
	(void)add(k, order);
	(void)add(k, order);
	(void)add(k, e0);
	(void)subtract(k, g0);
	(void)subtract(k, ce1);
	reduce_once(k);
}

/* ── digits ── */

const struct eg_recoding eg_recodings[EG_RECODING_BITS_MAX + 1] = {
    [3] = {{0x4924924924924924, 0x2492492492492492, 0x9249249249249249, 0x0924924924924924}, 85,
        false},
    [6] = {{0x0820820820820820, 0x2082082082082082, 0x8208208208208208, 0x0820820820820820}, 42,
        true},
    [7] = {{0x4081020408102040, 0x2040810204081020, 0x1020408102040810, 0x0810204081020408}, 36,
        true},
    [8] = {{0x8080808080808080, 0x8080808080808080, 0x8080808080808080, 0x0080808080808080}, 32,
        false},
    [9] = {{0x4020100804020100, 0x2010080402010080, 0x1008040201008040, 0x0804020100804020}, 28,
        true},
    [10] = {{0x0802008020080200, 0x0080200802008020, 0x2008020080200802, 0x0200802008020080}, 26,
        false},
    [11] = {{0x0040080100200400, 0x0100200400801002, 0x0400801002004008, 0x0002004008010020}, 23,
        false},
    [12] = {{0x0800800800800800, 0x0080080080080080, 0x8008008008008008, 0x0800800800800800}, 21,
        true},
    [13] = {{0x0008004002001000, 0x0010008004002001, 0x0020010008004002, 0x0040020010008004}, 20,
        false},
    [14] = {{0x0080020008002000, 0x2000800200080020, 0x0020008002000800, 0x0800200080020008}, 18,
        true},
};

/* A window of at most 14 bits lies within 8 bytes from the byte that it begins in. The top window
 * is not masked: centred, u may reach L − 1 >= 2^252, which makes its digit 2^(w−1) and not one
 * less. */
void eg_scalar_recode(const uint64_t s[4], unsigned w, int16_t digit[])
{
	const struct eg_recoding *r = &eg_recodings[w];
	int half = 1 << (w - 1), mask = (1 << w) - 1;
	uint64_t u[5] = {s[0], s[1], s[2], s[3], 0}, bytes;
	unsigned top = r->window_cnt - 1u;

	(void)add(u, r->bias);
	if (r->centred)
		reduce_once(u);
	for (unsigned i = 0, at = 0; i < top; i++, at += w) {
		memcpy(&bytes, (const uint8_t *)u + at / 8, sizeof(bytes));
		digit[i] = (int16_t)(((int)(bytes >> at % 8) & mask) - half);
	}
	digit[top] = (int16_t)((int)(u[3] >> (top * w - 192)) - (r->centred ? half : 0));
}
