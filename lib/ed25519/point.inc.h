/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Points of −x² + y² = 1 + d·x²·y², FE_LANES at a time, in extended coordinates (X : Y : Z : T),
 * x = X/Z, y = Y/Z, xy = T/Z (Hisil, Wong, Carter, Dawson, "Twisted Edwards Curves Revisited",
 * 2008, sections 3.1 and 3.3). −1 is a square mod p and d is not, so the addition law is complete:
 * right for every pair of points, and Z is never 0.
 *
 * A point is kept as (Y − X, Y + X, Z, T): those are what the next addition multiplies, and both
 * come from the same two products. Included after a backend's field (field.h).
 */
struct point {
	struct fe ymx, ypx, z, t; /* ready, ready, carried, carried */
};

/* A point to be added that has a Z of its own: Y + X, Y − X, 2Z, 2dT. All ready. */
struct cached {
	struct fe ypx, ymx, z2, t2d;
};

static const uint64_t point_one[4] = {1};
/* d = −121665/121666 */
static const uint64_t point_d[4] = {
    0x75eb4dca135978a3, 0x00700a4d4141d8ab, 0x8cc740797779e898, 0x52036cee2b6ffe73};
static const uint64_t point_2d[4] = {
    0xebd69b9426b2f159, 0x00e0149a8283b156, 0x198e80f2eef3d130, 0x2406d9dc56dffce7};
/* 1/(2d) */
static const uint64_t point_half_over_d[4] = {
    0x12f0793b66e4fc18, 0x05aeeb4c213caa17, 0x958b108a66dce7b3, 0x60483f690a6ae721};
/* A square root of −1: 2^((p − 1)/4) */
static const uint64_t point_sqrt_minus_one[4] = {
    0xc4ee1b274a0ea0b0, 0x2f431806ad2fe478, 0x2b4d00993dfbd7a7, 0x2b8324804fc1df0b};

/* X = E·F, Y = G·H, Z = F·G, T = E·H, with Y ∓ X from the unreduced products. The four are ready.
 */
FE_INLINE void point_finish(
    struct point *p, struct fe e, struct fe f, struct fe g, struct fe h, bool with_t)
{
	struct fe_wide x = fe_wide_mul(e, f), y = fe_wide_mul(g, h);

	p->ymx = fe_carry(fe_wide_sub(y, x));
	p->ypx = fe_carry(fe_wide_add(y, x));
	p->z = fe_mul(f, g);
	if (with_t)
		p->t = fe_mul(e, h);
}

/* E = B − A, F = D − C, G = D + C, H = B + A */
FE_INLINE void point_add_products(
    struct point *p, struct fe_wide a, struct fe_wide b, struct fe_wide c, struct fe_wide d)
{
	point_finish(p, fe_carry(fe_wide_sub(b, a)), fe_carry(fe_wide_sub(d, c)),
	    fe_carry(fe_wide_add(d, c)), fe_carry(fe_wide_add(b, a)), true);
}

/* p += n, 7 multiplications ("madd-2008-hwcd-3": Z of n is 1). */
FE_INLINE void point_add_niels(struct point *p, const struct niels *n)
{
	struct fe_wide a = fe_wide_mul(p->ymx, n->ymx), b = fe_wide_mul(p->ypx, n->ypx);
	struct fe_wide c = fe_wide_mul(p->t, n->t2d), d = fe_wide_twice(p->z);

	point_add_products(p, a, b, c, d);
}

/* p += q, 8 multiplications ("add-2008-hwcd-3"). */
FE_INLINE void point_add_cached(struct point *p, const struct cached *q)
{
	struct fe_wide a = fe_wide_mul(p->ymx, q->ymx), b = fe_wide_mul(p->ypx, q->ypx);
	struct fe_wide c = fe_wide_mul(p->t, q->t2d), d = fe_wide_mul(p->z, q->z2);

	point_add_products(p, a, b, c, d);
}

/* p = 2p. "dbl-2008-hwcd" with a = −1 says E = 2XY, G = Y² − X², F = G − 2Z², H = −(X² + Y²). Here
 * all four are doubled and the signs of F and H turned (which turns those of X, Y, Z and T: the
 * same point), and they are written in u = Y − X, v = Y + X: E = v² − u², G = 2uv, F = 4Z² − 2uv, H
 * = u² + v² p->t is not read; without with_t it is stale after, which only another doubling may
 * follow. */
FE_INLINE void point_double(struct point *p, bool with_t)
{
	struct fe_wide u2 = fe_wide_sq(p->ymx), v2 = fe_wide_sq(p->ypx), z2 = fe_wide_sq(p->z);
	struct fe_wide uv = fe_wide_mul(p->ymx, p->ypx);
	struct fe_wide g = fe_wide_add(uv, uv), z2_2 = fe_wide_add(z2, z2);

	point_finish(p, fe_carry(fe_wide_sub(v2, u2)),
	    fe_carry(fe_wide_sub(fe_wide_add(z2_2, z2_2), g)), fe_carry(g),
	    fe_carry(fe_wide_add(u2, v2)), with_t);
}

/* p = 2^n · p, n >= 1 */
FE_INLINE void point_double_times(struct point *p, unsigned n)
{
	for (; n > 0; n--)
		point_double(p, n == 1);
}

FE_INLINE struct point point_identity(void)
{
	const uint64_t zero[4] = {0};
	struct fe one = fe_broadcast(point_one);

	return (struct point){one, one, one, fe_broadcast(zero)};
}

/* The point of an entry, Z = 1: T = xy = 2dxy · 1/(2d). */
FE_INLINE struct point point_from_niels(const struct niels *n)
{
	return (struct point){n->ymx, n->ypx, fe_broadcast(point_one),
	    fe_mul(n->t2d, fe_broadcast(point_half_over_d))};
}

/* Affine x, y, both carried. */
static inline struct point point_from_affine(struct fe x, struct fe y)
{
	return (struct point){fe_sub(y, x), fe_add(y, x), fe_broadcast(point_one), fe_mul(x, y)};
}

FE_INLINE struct cached point_cache(const struct point *p)
{
	return (struct cached){
	    p->ypx, p->ymx, fe_add(p->z, p->z), fe_mul(p->t, fe_broadcast(point_2d))};
}
