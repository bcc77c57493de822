/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The walk over comb tables: one addition a row, no doubling. A row is one look-up for each lane;
 * rows of B's table and of the keys' tables follow each other. Included after point.inc.h.
 */
#define WALK_ROWS_MAX (EG_COMB_BASE_WINDOWS + COMB_WINDOWS_MAX)

/* Entries are fetched this many rows ahead: the tables lie in the L2 or L3 cache. */
#define WALK_AHEAD 2u

/* What one group of lanes looks up. */
struct walk {
	unsigned rows; /* >= 1 */
	uintptr_t look[WALK_ROWS_MAX][FE_LANES];
};

/* An entry is 96 bytes at a multiple of 32: always two cache lines. always_inline: gcc 12 takes a
 * function that only prefetches for one without effect, and drops the calls. */
__attribute__((always_inline)) static inline void walk_prefetch(
    const struct walk *walk, unsigned row)
{
	if (row >= walk->rows)
		return;
	for (unsigned l = 0; l < FE_LANES; l++) {
		const char *entry = (const char *)walk->look[row][l];

		__builtin_prefetch(entry);
		__builtin_prefetch(entry + 64);
	}
}

/* p += the row's entries. Lanes whose table has fewer windows than the group's longest find the
 * identity there. */
FE_INLINE void walk_step(struct point *p, const struct walk *walk, unsigned row)
{
	struct niels n = niels_load(walk->look[row]);

	point_add_niels(p, &n);
}

/* p[g] = the sum of group g's rows, for `groups` groups with the same number of rows: their
 * additions do not depend on each other, so one's latency is the other's throughput. */
FE_INLINE void walk_from_first(struct point p[], const struct walk walk[], unsigned groups)
{
	for (unsigned g = 0; g < groups; g++) {
		struct niels n = niels_load(walk[g].look[0]);

		p[g] = point_from_niels(&n);
		for (unsigned ahead = 1; ahead <= WALK_AHEAD; ahead++)
			walk_prefetch(&walk[g], ahead);
	}
	for (unsigned row = 1; row < walk[0].rows; row++)
		for (unsigned g = 0; g < groups; g++) {
			walk_prefetch(&walk[g], row + WALK_AHEAD);
			walk_step(&p[g], &walk[g], row);
		}
}

/* p += the sum of the rows, where p has a beginning already. */
FE_INLINE void walk_onto(struct point *p, const struct walk *walk)
{
	for (unsigned row = 0; row < walk->rows; row++) {
		walk_prefetch(walk, row + WALK_AHEAD);
		walk_step(p, walk, row);
	}
}
