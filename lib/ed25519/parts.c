/* SPDX-License-Identifier: BSD-3-Clause */
/* The points that a key has without a table: −A doubled on and on, with the one-lane field. */
#include "eg_ed25519.h"
#include "encoding.h"
#include "invert.h"
#include "word_plain.h"

#include "field51.inc.h"
#include "point.inc.h"
#include "decode.inc.h"
#include "inverse.inc.h"

static void store(struct fe a, uint64_t out[4])
{
	uint64_t w[4][1];

	fe_to_words(a, w);
	for (int i = 0; i < 4; i++)
		out[i] = w[i][0];
}

/* y ± x = (Y ± X)/Z, so 2x and 2y are their difference and sum. */
static void store_affine(const struct point *p, struct fe half_inverse, struct eg_ed25519_part *out)
{
	struct fe plus = fe_mul(p->ypx, half_inverse), minus = fe_mul(p->ymx, half_inverse);

	store(fe_sub(plus, minus), out->x);
	store(fe_add(plus, minus), out->y);
}

void eg_ed25519_key_set(struct eg_ed25519_key *key, const uint8_t public[EG_ED25519_PUBLIC_BYTES])
{
	struct point p[EG_ED25519_PARTS];
	struct fe z2[EG_ED25519_PARTS], half_inverse[EG_ED25519_PARTS];

	*key = (struct eg_ed25519_key){.point = EG_ED25519_POINT_NOT_A_POINT};
	memcpy(key->bytes, public, sizeof(key->bytes));
	key->on_curve = point_negated_key(public, &p[0]);
	if (!key->on_curve)
		return;
	for (unsigned i = 1; i < EG_ED25519_PARTS; i++) {
		p[i] = p[i - 1];
		point_double_times(&p[i], EG_ED25519_PART_BITS);
	}
	for (unsigned i = 0; i < EG_ED25519_PARTS; i++)
		z2[i] = fe_add(p[i].z, p[i].z);
	fe_invert_many(z2, EG_ED25519_PARTS, half_inverse);
	for (unsigned i = 0; i < EG_ED25519_PARTS; i++)
		store_affine(&p[i], half_inverse[i], &key->part[i]);
}
