/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys without a table: k·(−A) by windows of 5 bits, most significant first, over the multiples
 * 0 … 16 of −A; the digits are plain, right for points of any order. S·B comes after it from the
 * comb of B, which needs no doubling. Included after walk.inc.h and decode.inc.h.
 */
#define GENERIC_BITS     5u
#define GENERIC_WINDOWS  51u /* ⌈253/5⌉ */
#define GENERIC_MULTIPLE 16u /* the largest |digit| */

/* Row d: d·(−A), a struct cached in each. */
struct multiples {
	struct cached row[GENERIC_MULTIPLE + 1];
};

static inline void generic_multiples(struct multiples *m, const struct point *minus_a)
{
	struct point p = point_identity();

	m->row[0] = point_cache(&p);
	m->row[1] = point_cache(minus_a);
	p = *minus_a;
	for (unsigned d = 2; d <= GENERIC_MULTIPLE; d++) {
		point_add_cached(&p, &m->row[1]);
		m->row[d] = point_cache(&p);
	}
}

/* Lane l: digit[l]·(−A). */
FE_INLINE struct cached generic_pick(const struct multiples *m, const int16_t digit[FE_LANES])
{
	const size_t stride = sizeof(struct cached) / sizeof(struct fe);
	uint32_t index[FE_LANES], negative = 0;
	const struct cached *row = m->row;
	struct fe ypx, ymx, z2, t2d;

	for (unsigned l = 0; l < FE_LANES; l++) {
		negative |= (uint32_t)(digit[l] < 0) << l;
		index[l] = (uint32_t)(digit[l] < 0 ? -digit[l] : digit[l]);
	}
	ypx = fe_pick(&row->ypx, stride, index, GENERIC_MULTIPLE);
	ymx = fe_pick(&row->ymx, stride, index, GENERIC_MULTIPLE);
	z2 = fe_pick(&row->z2, stride, index, GENERIC_MULTIPLE);
	t2d = fe_pick(&row->t2d, stride, index, GENERIC_MULTIPLE);
	return (struct cached){fe_select(negative, ymx, ypx), fe_select(negative, ypx, ymx), z2,
	    fe_select(negative, fe_neg(t2d), t2d)};
}

/* k·(−A): 250 doublings, 51 additions. digit[i][l]: of window i in lane l. */
static inline struct point generic_times(
    const struct point *minus_a, const int16_t digit[GENERIC_WINDOWS][FE_LANES])
{
	struct point p = point_identity();
	struct multiples m;
	struct cached q;

	generic_multiples(&m, minus_a);
	for (unsigned i = GENERIC_WINDOWS; i-- > 0;) {
		q = generic_pick(&m, digit[i]);
		point_add_cached(&p, &q);
		if (i > 0)
			point_double_times(&p, GENERIC_BITS);
	}
	return p;
}
