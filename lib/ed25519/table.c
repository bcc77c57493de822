/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Building and checking comb tables, with the one-lane field. A window is built by adding its first
 * point again and again, and brought to Z = 1 a block at a time with one inversion.
 */
#include "eg_ed25519_table.h"
#include "encoding.h"
#include "invert.h"
#include "scalar.h"
#include "word_plain.h"

#include "field51.inc.h"
#include "point.inc.h"
#include "decode.inc.h"
#include "inverse.inc.h"

#define TABLE_BITS_MIN 6u
#define BLOCK          128u /* points that share an inversion */
#define LOW_51         ((UINT64_C(1) << 51) - 1)

_Static_assert(offsetof(struct eg_ed25519_table, entry) == 64, "no padding that means nothing");

/* As it lies in a table: y + x, y − x, 2dxy. */
struct packed {
	uint64_t element[3][4];
};
_Static_assert(sizeof(struct packed) == EG_ED25519_ENTRY_BYTES, "size of an entry");

static const struct packed identity_entry = {{{1}, {1}, {0}}};

static struct packed *entry_at(const struct eg_ed25519_table *table, unsigned window, unsigned d)
{
	size_t index = (size_t)window * table->window_entries + d;

	return (struct packed *)(void *)(uintptr_t)&table->entry[index * EG_ED25519_ENTRY_BYTES];
}

/* ── shape ── */

static const struct eg_recoding *recoding_of(unsigned window_bits)
{
	const struct eg_recoding *r;

	if (window_bits < TABLE_BITS_MIN || window_bits > EG_RECODING_BITS_MAX)
		return NULL;
	r = &eg_recodings[window_bits];
	return r->window_cnt != 0 ? r : NULL;
}

bool eg_ed25519_table_allows(enum eg_ed25519_point kind, unsigned window_bits)
{
	const struct eg_recoding *r = recoding_of(window_bits);

	if (r == NULL)
		return false;
	return kind == EG_ED25519_POINT_PRIME || (kind == EG_ED25519_POINT_MIXED && !r->centred);
}

static uint32_t entries_of(unsigned window_bits)
{
	return (1u << (window_bits - 1)) + 1;
}

size_t eg_ed25519_table_bytes(unsigned window_bits)
{
	const struct eg_recoding *r = recoding_of(window_bits);

	if (r == NULL)
		return 0;
	return sizeof(struct eg_ed25519_table) +
	       (size_t)r->window_cnt * entries_of(window_bits) * EG_ED25519_ENTRY_BYTES;
}

/* ── building ── */

/* Canonical words → 51-bit limbs, those of limb 4 spread over the tops of the others (comb.h). */
static void pack(struct fe a, uint64_t out[4])
{
	uint64_t w[4][1], top;

	fe_to_words(a, w);
	top = w[3][0] >> 12;
	out[0] = (w[0][0] & LOW_51) | (top & 0x1fff) << 51;
	out[1] = ((w[0][0] >> 51 | w[1][0] << 13) & LOW_51) | (top >> 13 & 0x1fff) << 51;
	out[2] = ((w[1][0] >> 38 | w[2][0] << 26) & LOW_51) | (top >> 26 & 0x1fff) << 51;
	out[3] = ((w[2][0] >> 25 | w[3][0] << 39) & LOW_51) | top >> 39 << 51;
}

/* cnt <= BLOCK points → entries. */
static void pack_block(const struct point p[], unsigned cnt, struct packed out[])
{
	struct fe z[BLOCK], inverse[BLOCK], d2 = fe_broadcast(point_2d);

	for (unsigned i = 0; i < cnt; i++)
		z[i] = p[i].z;
	fe_invert_many(z, cnt, inverse);
	for (unsigned i = 0; i < cnt; i++) {
		pack(fe_mul(p[i].ypx, inverse[i]), out[i].element[0]);
		pack(fe_mul(p[i].ymx, inverse[i]), out[i].element[1]);
		pack(fe_mul(fe_mul(p[i].t, inverse[i]), d2), out[i].element[2]);
	}
}

/* The entry itself as a look-up: not negated. */
static struct niels load(const struct packed *entry)
{
	const uintptr_t look[1] = {(uintptr_t)entry};

	return niels_load(look);
}

/* Window i: 0, P, 2P, … for P = first. */
static void fill_window(struct eg_ed25519_table *table, unsigned i, const struct point *first)
{
	struct packed *out = entry_at(table, i, 0);
	struct point block[BLOCK], p = *first;
	struct niels step;

	out[0] = identity_entry;
	pack_block(&p, 1, &out[1]);
	step = load(&out[1]);
	for (unsigned d = 2, cnt; d < table->window_entries; d += cnt) {
		for (cnt = 0; cnt < BLOCK && d + cnt < table->window_entries; cnt++) {
			point_add_niels(&p, &step);
			block[cnt] = p;
		}
		pack_block(block, cnt, &out[d]);
	}
}

/* The order of the point is looked at here, whoever asks: nothing else makes a table. */
int eg_ed25519_table_build(struct eg_ed25519_table *mem,
    const uint8_t public[EG_ED25519_PUBLIC_BYTES], unsigned window_bits, struct eg_error *err)
{
	struct point p;

	if (!eg_ed25519_table_allows(eg_ed25519_classify(public), window_bits))
		return eg_error_set(err, EG_EINVAL,
		    "no table of %u bits can be built for a point of this kind", window_bits);
	if (!point_negated_key(public, &p))
		return eg_error_set(err, EG_EINVAL, "the bytes are not a point of the curve");
	memcpy(mem->public, public, sizeof(mem->public));
	mem->window_bits = (uint8_t)window_bits;
	mem->window_cnt = eg_recodings[window_bits].window_cnt;
	mem->window_entries = entries_of(window_bits);
	mem->recoding = eg_recodings[window_bits].centred ? EG_ED25519_CENTRED : EG_ED25519_PLAIN;
	for (unsigned i = 0; i < mem->window_cnt; i++) {
		fill_window(mem, i, &p);
		point_double_times(&p, window_bits);
	}
	return eg_ed25519_table_validate(mem, err);
}

/* ── checking ── */

static bool is_shape_sound(const struct eg_ed25519_table *table)
{
	static const uint8_t zero[sizeof(table->zero_1)];
	const struct eg_recoding *r = recoding_of(table->window_bits);

	return r != NULL && table->window_cnt == r->window_cnt &&
	       table->recoding == (r->centred ? EG_ED25519_CENTRED : EG_ED25519_PLAIN) &&
	       table->window_entries == entries_of(table->window_bits) && table->zero_0 == 0 &&
	       memcmp(table->zero_1, zero, sizeof(zero)) == 0 &&
	       eg_ed25519_table_allows(eg_ed25519_classify(table->public), table->window_bits);
}

/* The packed words are those of a value in [0, p): not p … 2^255 − 1, and bit 63 of the last is 0.
 */
static bool is_packed_canonical(const uint64_t w[4])
{
	bool ones = (w[1] & w[2]) == UINT64_MAX && w[3] == UINT64_MAX >> 1 && w[0] >> 51 == 0x1fff;

	return w[3] >> 63 == 0 && !(ones && (w[0] & LOW_51) >= LOW_51 - 18);
}

/* Is the entry the affine Niels form of p? x·Z = X and so on: Z is not 0. */
static bool is_entry_of(const struct packed *entry, const struct point *p)
{
	struct niels n = load(entry);

	for (int i = 0; i < 3; i++)
		if (!is_packed_canonical(entry->element[i]))
			return false;
	return fe_equal(fe_mul(n.ypx, p->z), p->ypx) != 0 &&
	       fe_equal(fe_mul(n.ymx, p->z), p->ymx) != 0 &&
	       fe_equal(fe_mul(n.t2d, p->z), fe_mul(p->t, fe_broadcast(point_2d))) != 0;
}

/* Entry 0 the identity, entry 1 = first, entry d = entry d − 1 + entry 1. `first` becomes the first
 * of the next window: twice the last of this. */
static bool is_window_sound(
    const struct eg_ed25519_table *table, unsigned window, struct point *first)
{
	const struct packed *entry = entry_at(table, window, 0);
	struct niels step = load(&entry[1]), last;

	if (memcmp(&entry[0], &identity_entry, sizeof(entry[0])) != 0 ||
	    !is_entry_of(&entry[1], first))
		return false;
	for (unsigned d = 2; d < table->window_entries; d++) {
		struct niels before = load(&entry[d - 1]);
		struct point p = point_from_niels(&before);

		point_add_niels(&p, &step);
		if (!is_entry_of(&entry[d], &p))
			return false;
	}
	last = load(&entry[table->window_entries - 1]);
	*first = point_from_niels(&last);
	point_double(first, true);
	return true;
}

int eg_ed25519_table_validate(const struct eg_ed25519_table *table, struct eg_error *err)
{
	struct point first;

	if (!is_shape_sound(table) || !point_negated_key(table->public, &first))
		return eg_error_set(err, EG_ECORRUPT, "comb table: its head is damaged");
	for (unsigned i = 0; i < table->window_cnt; i++)
		if (!is_window_sound(table, i, &first))
			return eg_error_set(
			    err, EG_ECORRUPT, "comb table: window %u is damaged", i);
	return 0;
}
