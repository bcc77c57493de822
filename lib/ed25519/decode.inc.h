/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From words to points, FE_LANES at a time (RFC 8032 section 5.1.3). Included after point.inc.h and
 * encoding.h, by those who prepare keys: who verifies finds points decoded.
 */

/* Lanes in which two ready elements are the same. */
static inline uint32_t fe_equal(struct fe a, struct fe b)
{
	uint64_t x[4][FE_LANES], y[4][FE_LANES];
	uint32_t mask = 0;

	fe_to_words(a, x);
	fe_to_words(b, y);
	for (unsigned l = 0; l < FE_LANES; l++)
		mask |= (uint32_t)(((x[0][l] ^ y[0][l]) | (x[1][l] ^ y[1][l]) |
		                       (x[2][l] ^ y[2][l]) | (x[3][l] ^ y[3][l])) == 0)
		        << l;
	return mask;
}

/* Lanes in which a ready element is odd: what RFC 8032 calls negative. */
static inline uint32_t fe_is_odd(struct fe a)
{
	uint64_t w[4][FE_LANES];
	uint32_t mask = 0;

	fe_to_words(a, w);
	for (unsigned l = 0; l < FE_LANES; l++)
		mask |= (uint32_t)(w[0][l] & 1) << l;
	return mask;
}

/* a^((p − 5)/8) = a^(2^252 − 3): 251 squares. a^(2^n − 1) for n = 5, 10, 20, 40, 50, 100, 200, 250.
 */
static inline struct fe fe_pow_p58(struct fe a)
{
	struct fe a2 = fe_sq(a);
	struct fe a9 = fe_mul(fe_sqn(a2, 2), a);
	struct fe a11 = fe_mul(a9, a2);
	struct fe n5 = fe_mul(fe_sq(a11), a9);
	struct fe n10 = fe_mul(fe_sqn(n5, 5), n5);
	struct fe n20 = fe_mul(fe_sqn(n10, 10), n10);
	struct fe n40 = fe_mul(fe_sqn(n20, 20), n20);
	struct fe n50 = fe_mul(fe_sqn(n40, 10), n10);
	struct fe n100 = fe_mul(fe_sqn(n50, 50), n50);
	struct fe n200 = fe_mul(fe_sqn(n100, 100), n100);
	struct fe n250 = fe_mul(fe_sqn(n200, 50), n50);

	return fe_mul(fe_sqn(n250, 2), a);
}

/* *root with root² = u/v in the lanes of the returned mask; in the others there is none. With
 * w = u·v³·(u·v⁷)^((p−5)/8), v·w² is u, −u or ±√−1·u; where it is −u, w·√−1 is the root. */
static inline uint32_t fe_sqrt_ratio(struct fe u, struct fe v, struct fe *root)
{
	struct fe v3 = fe_mul(fe_sq(v), v);
	struct fe w = fe_mul(fe_mul(u, v3), fe_pow_p58(fe_mul(fe_mul(fe_sq(v3), v), u)));
	struct fe check = fe_mul(fe_sq(w), v);
	uint32_t is_root = fe_equal(check, u), is_turned = fe_equal(fe_neg(check), u);

	*root = fe_select(is_turned & ~is_root, fe_mul(w, fe_broadcast(point_sqrt_minus_one)), w);
	return is_root | is_turned;
}

/* p = minus the point that the words encode, in the lanes of the returned mask; in the others,
 * where y is on no point of the curve, p is the identity (never something off the curve: its Z
 * could become 0, and all share one inversion). x² = (y² − 1)/(d·y² + 1). y may be >= p. */
static inline uint32_t point_decode_negated(const uint64_t words[4][FE_LANES], struct point *p)
{
	const uint64_t zero[4] = {0};
	uint64_t y_words[4][FE_LANES];
	uint32_t sign = 0, on_curve;
	struct fe one = fe_broadcast(point_one), x, y, y2;

	memcpy(y_words, words, sizeof(y_words));
	for (unsigned l = 0; l < FE_LANES; l++) {
		sign |= (uint32_t)(words[3][l] >> 63) << l;
		y_words[3][l] &= UINT64_MAX >> 1;
	}
	y = fe_from_words(y_words);
	y2 = fe_sq(y);
	on_curve =
	    fe_sqrt_ratio(fe_sub(y2, one), fe_add(fe_mul(y2, fe_broadcast(point_d)), one), &x);
	/* x has the sign that is not asked for */
	x = fe_select(sign ^ fe_is_odd(x), x, fe_mul(fe_neg(x), one));
	*p = point_from_affine(
	    fe_select(on_curve, x, fe_broadcast(zero)), fe_select(on_curve, y, one));
	return on_curve;
}

#if FE_LANES == 1
/* −A; false where the 32 bytes are no point. */
static inline bool point_negated_key(const uint8_t public[32], struct point *p)
{
	uint64_t w[4], lane[4][1];

	eg_encoding_words(public, w);
	for (int i = 0; i < 4; i++)
		lane[i][0] = w[i];
	return eg_encoding_is_canonical(w) && point_decode_negated(lane, p) == 1;
}
#endif
