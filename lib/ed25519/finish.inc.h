/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a sum S·B − k·A to a verdict: R is never decoded, the sum is encoded (RFC 8032
 * section 5.1.2) and compared with R's bytes. Included after point.inc.h.
 */

/* The encodings of a point in each lane, half_inverse = 1/(2Z): y, with the parity of x above it.
 * With s = (Y + X)/(2Z) and r = (Y − X)/(2Z): y = s + r, x = s − r. */
FE_INLINE void finish_encode(
    struct fe ymx, struct fe ypx, struct fe half_inverse, uint64_t w[4][FE_LANES])
{
	struct fe s = fe_mul(ypx, half_inverse), r = fe_mul(ymx, half_inverse);
	uint64_t x[4][FE_LANES];

	fe_to_words(fe_add(s, r), w);
	fe_to_words(fe_sub(s, r), x);
	for (unsigned l = 0; l < FE_LANES; l++)
		w[3][l] |= x[0][l] << 63;
}

/* Does lane l hold these 32 bytes? */
static inline bool finish_matches(const uint64_t w[4][FE_LANES], unsigned l, const uint8_t *r)
{
	uint64_t expected[4];

	eg_encoding_words(r, expected);
	return ((w[0][l] ^ expected[0]) | (w[1][l] ^ expected[1]) | (w[2][l] ^ expected[2]) |
	           (w[3][l] ^ expected[3])) == 0;
}
