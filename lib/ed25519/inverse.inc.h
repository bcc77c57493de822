/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many inversions for one (Montgomery, "Speeding the Pollard and elliptic curve methods of
 * factorization", 1987, section 10.3.1): 1/a = b·(1/ab), along an array and across the lanes. One
 * element that is 0 would make all of the results 0. Included after a backend's field and invert.h.
 */

/* 1/a in each lane, a ready; → carried. Lanes fold to the product of all of them, level by level;
 * on the way back each half multiplies by the other half's part. */
static inline struct fe fe_invert(struct fe a)
{
	uint64_t w[4][FE_LANES], product[4], inverse[4];
#if FE_LANES > 1
	struct fe level[3];
	unsigned depth = 0;

	for (unsigned distance = FE_LANES / 2; distance > 0; distance /= 2) {
		level[depth++] = a;
		a = fe_mul(a, fe_swap_lanes(a, distance));
	}
#endif
	fe_to_words(a, w);
	for (int i = 0; i < 4; i++)
		product[i] = w[i][0];
	eg_field_invert(product, inverse);
	a = fe_broadcast(inverse);
#if FE_LANES > 1
	for (unsigned distance = 1; distance < FE_LANES; distance *= 2)
		a = fe_mul(a, fe_swap_lanes(level[--depth], distance));
#endif
	return a;
}

/* out[i] = 1/a[i], a[i] ready, i < cnt; → carried. On the way there out[i] holds the product of the
 * a before i. */
static inline void fe_invert_many(const struct fe a[], unsigned cnt, struct fe out[])
{
	const uint64_t one[4] = {1};
	struct fe product = fe_broadcast(one), inverse;

	for (unsigned i = 0; i < cnt; i++) {
		out[i] = product;
		product = fe_mul(product, a[i]);
	}
	inverse = fe_invert(product);
	for (unsigned i = cnt; i-- > 0;) {
		out[i] = fe_mul(out[i], inverse);
		inverse = fe_mul(inverse, a[i]);
	}
}
