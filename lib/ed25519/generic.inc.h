/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys without a table: k·(−A) from the four points of the key (eg_ed25519_part). k is cut into
 * windows of 3 bits, and the windows into four parts of 22, which are worked off side by side, most
 * significant first:
 *
 *   windows   84 … 66     65 … 44     43 … 22     21 … 0
 *   times     2^198·(−A)  2^132·(−A)  2^66·(−A)   −A        0 … 4 times each, of either sign
 *
 * The digits are plain, right for points of any order. Smaller windows than one would take for a
 * single point: the multiples of four must stay in the L1 cache. S·B comes after it from the comb
 * of B, which needs no doubling. Included after walk.inc.h.
 */
#define GENERIC_BITS     3u
#define GENERIC_WINDOWS  85u                                   /* ⌈253/3⌉ */
#define GENERIC_ROUNDS   (EG_ED25519_PART_BITS / GENERIC_BITS) /* windows of a part */
#define GENERIC_MULTIPLE 4u                                    /* the largest |digit| */

_Static_assert(GENERIC_ROUNDS *GENERIC_BITS == EG_ED25519_PART_BITS &&
                   GENERIC_ROUNDS * EG_ED25519_PARTS >= GENERIC_WINDOWS,
    "the parts cover the scalar");

/* Of every lane's scalar, by window; the last part has windows that are 0 always. */
struct generic_digits {
	int16_t of[GENERIC_ROUNDS * EG_ED25519_PARTS][FE_LANES];
};

/* Row d: d times a point, a struct cached in each. */
struct multiples {
	struct cached row[GENERIC_MULTIPLE + 1];
};

static inline void generic_multiples(struct multiples *m, const struct point *first)
{
	struct point p = point_identity();

	m->row[0] = point_cache(&p);
	m->row[1] = point_cache(first);
	p = *first;
	for (unsigned d = 2; d <= GENERIC_MULTIPLE; d++) {
		point_add_cached(&p, &m->row[1]);
		m->row[d] = point_cache(&p);
	}
}

/* Lane l: digit[l] times the point. */
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

/* Part i of each lane's key; of a key that is no point the identity, never something off the curve:
 * its Z could become 0, and all share one inversion. */
static inline struct point generic_part(
    const struct eg_ed25519_key *const key[FE_LANES], unsigned i)
{
	static const struct eg_ed25519_part identity = {.y = {1}};
	uint64_t x[4][FE_LANES], y[4][FE_LANES];

	for (unsigned l = 0; l < FE_LANES; l++) {
		const struct eg_ed25519_part *part =
		    key[l]->on_curve ? &key[l]->part[i] : &identity;

		for (unsigned w = 0; w < 4; w++) {
			x[w][l] = part->x[w];
			y[w][l] = part->y[w];
		}
	}
	return point_from_affine(fe_from_words(x), fe_from_words(y));
}

/* k·(−A): 63 doublings, 88 additions, and 12 for the multiples. */
static inline struct point generic_times(
    const struct eg_ed25519_key *const key[FE_LANES], const struct generic_digits *digits)
{
	struct multiples m[EG_ED25519_PARTS];
	struct point p;
	struct cached q;

	for (unsigned i = 0; i < EG_ED25519_PARTS; i++) {
		p = generic_part(key, i);
		generic_multiples(&m[i], &p);
	}
	p = point_identity();
	for (unsigned round = GENERIC_ROUNDS; round-- > 0;) {
		for (unsigned i = 0; i < EG_ED25519_PARTS; i++) {
			q = generic_pick(&m[i], digits->of[i * GENERIC_ROUNDS + round]);
			point_add_cached(&p, &q);
		}
		if (round > 0)
			point_double_times(&p, GENERIC_BITS);
	}
	return p;
}
