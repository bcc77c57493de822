/* SPDX-License-Identifier: BSD-3-Clause */
/* Arithmetic mod p = 2^255 − 19 that nobody can get wrong, bit by bit: what the fields are compared
 * with. Values are four words in [0, p). */
#ifndef ED25519_NAIVE_H
#define ED25519_NAIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct naive {
	uint64_t w[4];
};

static const struct naive naive_p = {{UINT64_MAX - 18, UINT64_MAX, UINT64_MAX, UINT64_MAX >> 1}};

static inline bool naive_less(struct naive a, struct naive b)
{
	for (int i = 3; i > 0; i--)
		if (a.w[i] != b.w[i])
			return a.w[i] < b.w[i];
	return a.w[0] < b.w[0];
}

static inline struct naive naive_minus(struct naive a, struct naive b)
{
	uint64_t borrow = 0;

	for (int i = 0; i < 4; i++) {
		uint64_t d = a.w[i] - b.w[i], out = d - borrow;

		borrow = (uint64_t)(a.w[i] < b.w[i]) + (uint64_t)(d < borrow);
		a.w[i] = out;
	}
	return a;
}

/* Any value < 2^256. */
static inline struct naive naive_reduce(struct naive a)
{
	while (!naive_less(a, naive_p))
		a = naive_minus(a, naive_p);
	return a;
}

static inline struct naive naive_add(struct naive a, struct naive b)
{
	uint64_t carry = 0;

	for (int i = 0; i < 4; i++) {
		uint64_t s = a.w[i] + b.w[i], out = s + carry;

		carry = (uint64_t)(s < a.w[i]) + (uint64_t)(out < s);
		a.w[i] = out;
	}
	return naive_reduce(a);
}

static inline struct naive naive_sub(struct naive a, struct naive b)
{
	return naive_less(a, b) ? naive_minus(naive_p, naive_minus(b, a)) : naive_minus(a, b);
}

static inline struct naive naive_mul(struct naive a, struct naive b)
{
	struct naive r = {{0}};

	for (int i = 255; i >= 0; i--) {
		r = naive_add(r, r);
		if ((b.w[i / 64] >> i % 64 & 1) != 0)
			r = naive_add(r, a);
	}
	return r;
}

/* Σ limb[i]·2^(bits·i), limbs of any size. */
static inline struct naive naive_from_limbs(const uint64_t limb[], int cnt, int bits)
{
	struct naive r = {{0}};

	for (int i = cnt - 1; i >= 0; i--) {
		for (int b = 0; b < bits; b++)
			r = naive_add(r, r);
		r = naive_add(r, (struct naive){{limb[i]}});
	}
	return r;
}

static inline bool naive_equal(struct naive a, struct naive b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

#endif
