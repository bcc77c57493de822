/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the point formulas need of a field backend: arithmetic mod p = 2^255 − 19 in FE_LANES lanes,
 * and the look-up of table entries. Prototypes, so that the compiler checks the contract; each
 * backend defines them.
 *
 * Types and macros, defined before this header is included:
 *   FE_LANES        1, 4 or 8
 *   struct fe       FE_LANES field elements
 *   struct fe_wide  FE_LANES sums of products, not yet brought back to the range of an element
 *
 * Ranges. What the limbs of a value may be is the backend's matter, as long as these words hold:
 *   carried   may be an operand of fe_add, fe_sub, fe_neg and fe_wide_twice, and is ready
 *   ready     may be an operand of a multiplication or a square, of fe_select and fe_to_words; not
 *             of a sum
 *   product   a result of fe_wide_mul or fe_wide_sq, which is a sum(1)
 *   sum(n)    products added up, n at most 4
 * A backend with room in its limbs may carry inside fe_wide_mul and make fe_carry the identity
 * (then "product" is a carried element and a sum of them is ready); one without does the converse.
 * Each function says its limb bounds in its own comment, and tests/ propagates them through the
 * formulas as written.
 *
 * Nothing here is secret: keys, messages and signatures are public, so no operation needs to take
 * constant time and look-ups go by address.
 *
 * A lane mask has bit l for lane l. Words are 64 bits, least significant first, by
 * lane: w[i][l] is word i of lane l.
 */
#ifndef EG_ED25519_FIELD_H
#define EG_ED25519_FIELD_H

#include <stddef.h>
#include <stdint.h>

/* How formulas over elements are defined that run once an addition or more. A backend of vectors
 * inlines them by force, whatever their size: an element that is handed to a call goes through
 * memory, and is often stored in smaller pieces than it is loaded in, which stalls. */
#ifndef FE_INLINE
#define FE_INLINE static inline
#endif

/* ── sums of products ── */

/* ready × ready → product */
static inline struct fe_wide fe_wide_mul(struct fe a, struct fe b);
/* ready² → product */
static inline struct fe_wide fe_wide_sq(struct fe a);
/* 2·carried → sum(2): the only way of an element into a sum */
static inline struct fe_wide fe_wide_twice(struct fe a);
/* sum(m) + sum(n) → sum(m + n), m + n <= 4 */
static inline struct fe_wide fe_wide_add(struct fe_wide a, struct fe_wide b);
/* sum(m) − sum(n), m <= 4, n <= 2; goes into fe_carry and nowhere else. Adds a multiple of p that
 * keeps every limb from going below zero where limbs are unsigned. */
static inline struct fe_wide fe_wide_sub(struct fe_wide a, struct fe_wide b);
/* a sum or difference → ready */
static inline struct fe fe_carry(struct fe_wide a);

/* ── elements ── */

static inline struct fe fe_mul(struct fe a, struct fe b); /* ready × ready → carried */
static inline struct fe fe_sq(struct fe a);               /* ready² → carried */
static inline struct fe fe_sqn(struct fe a, unsigned n);  /* ready^(2^n), n >= 1 → carried */
static inline struct fe fe_add(struct fe a, struct fe b); /* carried + carried → ready */
static inline struct fe fe_sub(struct fe a, struct fe b); /* carried − carried → ready */
static inline struct fe fe_neg(struct fe a);              /* −carried → ready */
/* Lane l: of a where bit l of mask is set, else of b. Ready, and carried where both are. */
static inline struct fe fe_select(uint32_t mask, struct fe a, struct fe b);

/* ── in and out ── */

/* Any values < 2^255 → carried. Bit 255 must have been cleared. */
static inline struct fe fe_from_words(const uint64_t w[4][FE_LANES]);
/* The same value < 2^255 in every lane → carried. */
static inline struct fe fe_broadcast(const uint64_t w[4]);
/* The one representative in [0, p) of each lane; of ready. */
static inline void fe_to_words(struct fe a, uint64_t w[4][FE_LANES]);
#if FE_LANES > 1
/* Lane l gets lane l ^ distance, distance a power of two < FE_LANES; carried stays carried. */
static inline struct fe fe_swap_lanes(struct fe a, unsigned distance);
#endif

/* ── look-ups ── */

/* A point in affine Niels form: y + x, y − x, 2dxy. */
struct niels {
	struct fe ypx, ymx, t2d;
};

/* One table entry a lane: look[l] is its address with the sign in bit 0, and comb.h describes the
 * 96 bytes. Where the sign is set the point is negated: (y+x, y−x, 2dxy) becomes (y−x, y+x, −2dxy),
 * a swap of addresses and one negation. Tables are validated: the elements are canonical. → three
 * ready elements */
static inline struct niels niels_load(const uintptr_t look[FE_LANES]);

/* Lane l of column[stride · index[l]]: the generic path's small tables, made of whole struct fe.
 * index[l] <= last, the last row there is. Ready, and carried where the column is. */
static inline struct fe fe_pick(
    const struct fe *column, size_t stride, const uint32_t index[FE_LANES], unsigned last);

#endif
