/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The division steps of Bernstein and Yang, "Fast constant-time gcd computation and modular
 * inversion" (2019), 62 at a time; nothing is secret, so halvings are taken in runs and the loop
 * ends when it is done.
 *
 * One step maps (delta, f, g), f odd, to
 *   (1 − delta, g, (g − f)/2)                where delta > 0 and g is odd
 *   (1 + delta, f, (g + (g mod 2)·f)/2)      else
 * From f = p, g = a it reaches g = 0 within 738 steps (their theorem 11.2), and f = ±gcd = ±1 then.
 * 62 steps depend on the low 62 bits of f and g only and are one matrix of integers over 2^62.
 * d and e go along so that d·a = f and e·a = g (mod p) hold throughout: at the end d·a = ±1.
 */
#include "invert.h"

#include <stdbool.h>

typedef __int128 wide;

#define STEPS   62
#define LOW_62  (UINT64_MAX >> 2)
#define LIMB(x) ((int64_t)((uint64_t)(x)&LOW_62))
#define SIGN(x) ((x) >> 63) /* −1 or 0 */

/* Σ v[i]·2^(62i); limbs 0…3 in [0, 2^62), the top one signed. */
struct signed62 {
	int64_t v[5];
};

/* (f, g) → (u·f + v·g, q·f + r·g)/2^62; |u| + |v| and |q| + |r| are at most 2^62. */
struct matrix {
	int64_t u, v, q, r;
};

/* p = −19 + 128·2^248 */
#define PRIME_LOW     (-19)
#define PRIME_HIGH    128
#define PRIME_INVERSE UINT64_C(0x39435e50d79435e5) /* 1/p mod 2^62 */
static const struct signed62 prime = {
    {(int64_t)LOW_62 - 18, (int64_t)LOW_62, (int64_t)LOW_62, (int64_t)LOW_62, PRIME_HIGH - 1}};

/* 62 steps on the low words; the new delta. After g += f, which is even, it is the next round's
 * halvings that complete the step. */
static int64_t divide_steps(int64_t delta, uint64_t f, uint64_t g, struct matrix *t)
{
	uint64_t u = 1, v = 0, q = 0, r = 1, f0, u0, v0;
	int left = STEPS;

	for (;;) {
		int zeros = __builtin_ctzll(g | UINT64_MAX << left);
		bool swap;

		g >>= zeros;
		u <<= zeros;
		v <<= zeros;
		delta += zeros;
		left -= zeros;
		if (left == 0)
			break;
		/* Both are odd. Swapping or not is a coin toss: choose by conditional moves. */
		swap = delta > 0;
		delta = swap ? -delta : delta;
		f0 = f, u0 = u, v0 = v;
		f = swap ? g : f;
		u = swap ? q : u;
		v = swap ? r : v;
		g += swap ? -f0 : f0;
		q += swap ? -u0 : u0;
		r += swap ? -v0 : v0;
	}
	*t = (struct matrix){(int64_t)u, (int64_t)v, (int64_t)q, (int64_t)r};
	return delta;
}

/* (f, g) = t·(f, g)/2^62, exactly. */
static void update_fg(struct signed62 *f, struct signed62 *g, const struct matrix *t)
{
	wide cf = (wide)t->u * f->v[0] + (wide)t->v * g->v[0];
	wide cg = (wide)t->q * f->v[0] + (wide)t->r * g->v[0];

	for (int i = 1; i < 5; i++) {
		cf = (cf >> STEPS) + (wide)t->u * f->v[i] + (wide)t->v * g->v[i];
		cg = (cg >> STEPS) + (wide)t->q * f->v[i] + (wide)t->r * g->v[i];
		f->v[i - 1] = LIMB(cf);
		g->v[i - 1] = LIMB(cg);
	}
	f->v[4] = (int64_t)(cf >> STEPS);
	g->v[4] = (int64_t)(cg >> STEPS);
}

/* (a·d + b·e + m·p)/2^62 for the m that makes it exact and keeps it in (−2p, p) where d and e were:
 * counting p in where d or e is below zero brings a·d + b·e within ±p·2^62, and then at most
 * 2^62 − 1 times p goes off. */
static struct signed62 combine(
    const struct signed62 *d, const struct signed62 *e, int64_t a, int64_t b)
{
	int64_t m = (SIGN(d->v[4]) & a) + (SIGN(e->v[4]) & b);
	wide c = (wide)a * d->v[0] + (wide)b * e->v[0];
	struct signed62 out;

	m -= LIMB(PRIME_INVERSE * (uint64_t)c + (uint64_t)m);
	c += (wide)m * PRIME_LOW;
	for (int i = 1; i < 4; i++) {
		c = (c >> STEPS) + (wide)a * d->v[i] + (wide)b * e->v[i];
		out.v[i - 1] = LIMB(c);
	}
	c = (c >> STEPS) + (wide)a * d->v[4] + (wide)b * e->v[4] + (wide)m * PRIME_HIGH;
	out.v[3] = LIMB(c);
	out.v[4] = (int64_t)(c >> STEPS);
	return out;
}

/* d += p where d < 0 */
static void lift(struct signed62 *d)
{
	int64_t mask = SIGN(d->v[4]), c = 0;

	for (int i = 0; i < 5; i++) {
		c += d->v[i] + (prime.v[i] & mask);
		d->v[i] = i < 4 ? LIMB(c) : c;
		c >>= STEPS;
	}
}

static void negate(struct signed62 *d)
{
	int64_t c = 0;

	for (int i = 0; i < 5; i++) {
		c -= d->v[i];
		d->v[i] = i < 4 ? LIMB(c) : c;
		c >>= STEPS;
	}
}

static bool is_zero(const struct signed62 *a)
{
	return (a->v[0] | a->v[1] | a->v[2] | a->v[3] | a->v[4]) == 0;
}

void eg_field_invert(const uint64_t a[4], uint64_t out[4])
{
	struct signed62 f = prime, d = {{0}}, e = {{1}};
	struct signed62 g = {{LIMB(a[0]), LIMB(a[0] >> 62 | a[1] << 2),
	    LIMB(a[1] >> 60 | a[2] << 4), LIMB(a[2] >> 58 | a[3] << 6), (int64_t)(a[3] >> 56)}};
	int64_t delta = 1;
	struct matrix t;

	while (!is_zero(&g)) {
		struct signed62 old = d;

		delta = divide_steps(delta, (uint64_t)f.v[0] | (uint64_t)f.v[1] << 62,
		    (uint64_t)g.v[0] | (uint64_t)g.v[1] << 62, &t);
		update_fg(&f, &g, &t);
		d = combine(&old, &e, t.u, t.v);
		e = combine(&old, &e, t.q, t.r);
	}
	lift(&d); /* (−p, p) */
	if (f.v[4] < 0)
		negate(&d);
	lift(&d);
	for (int i = 0; i < 4; i++)
		out[i] = (uint64_t)d.v[i] >> 2 * i | (uint64_t)d.v[i + 1] << (62 - 2 * i);
}
