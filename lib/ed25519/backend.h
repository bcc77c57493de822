/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the engine needs of a field backend: arithmetic mod p = 2^255 − 19 in FE_LANES lanes, the
 * look-up of table entries, and SHA-512 in the same number of lanes. The engine (verify.inc.h and
 * what it includes) is written once over these names; portable.c, avx2.c and ifma.c each are
 *
 *   backend's own types   struct fe, struct fe_wide, FE_LANES, FE_FLIGHT
 *   #include "backend.h"      the prototypes below, so that the compiler checks the contract
 *   backend's functions
 *   #include "verify.inc.h"   the engine, and at its end one struct eg_ed25519_impl
 *
 * Types and macros, defined before this header is included:
 *   FE_LANES        1, 4 or 8
 *   FE_FLIGHT       groups of FE_LANES signatures that walk their tables together, so that one
 *                   group's latency is another's throughput (2 where there are lanes)
 *   struct fe       FE_LANES field elements
 *   struct fe_wide  FE_LANES sums of products, not yet brought back to the range of an element
 *
 * Ranges. What the limbs of a value may be is the backend's matter, as long as these words hold:
 *   carried   may be an operand of fe_add, fe_sub, fe_neg and fe_wide_twice, and is ready
 *   ready     may be an operand of a multiplication or square, fe_carry'd results, fe_to_words,
 *             fe_select; not of a sum
 *   product   a result of fe_wide_mul, fe_wide_sq or fe_wide_twice
 *   sum(n)    products added up, n at most 4
 * A backend with room in its limbs may carry inside fe_wide_mul and make fe_carry the identity (then
 * "product" is a carried element and a sum of them is ready); one without does the converse. Each
 * function says its limb bounds in its own comment, and tests/ propagates them through the formulas
 * as written.
 *
 * Nothing here is secret: keys, messages and signatures are public, so no operation needs to take
 * constant time and look-ups go by address.
 *
 * A lane mask has bit l for lane l. In groups that are not full the engine repeats a job, so every
 * lane always holds something valid to work on. Words are 64 bits, least significant first, by
 * lane: w[i][l] is word i of lane l.
 */
#ifndef EG_ED25519_BACKEND_H
#define EG_ED25519_BACKEND_H

#include "eg_ed25519.h"

/* ── sums of products ── */

/* ready × ready → product */
static inline struct fe_wide fe_wide_mul(struct fe a, struct fe b);
/* ready² → product */
static inline struct fe_wide fe_wide_sq(struct fe a);
/* 2·carried → product: the only way of an element into a sum */
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

/* One 96-byte table entry a lane (comb.h describes the packing: 51-bit limbs 0…3 with 13-bit pieces
 * of limb 4 above them), negated where bit l of `negative` is set: (y+x, y−x, 2dxy) becomes
 * (y−x, y+x, −2dxy). The swap is one of addresses. Entries are aligned to 32 and validated: their
 * elements are canonical. → three ready elements. */
static inline struct niels niels_load(const uint8_t *const entry[FE_LANES], uint32_t negative);

/* Lane l of column[stride · index[l]]: the generic path's small tables, made of whole struct fe.
 * index[l] <= last, the last row there is. Ready, and carried where the column is. */
static inline struct fe fe_pick(
    const struct fe *column, size_t stride, const uint32_t index[FE_LANES], unsigned last);

/* ── hashing ── */

/* hash[l] = SHA-512(R ‖ A ‖ M) of job[l], as eight words of the 64 bytes read little-endian: the
 * integer that is taken mod L. R is the first half of the signature, A the key's bytes. Messages may
 * differ in length; the engine sorts jobs so that the lanes of a group mostly have the same number
 * of blocks, and a lane that is done earlier keeps its result. job[l] may be the same pointer in
 * several lanes. */
static inline void sha512_lanes(
    const struct eg_ed25519_job *const job[FE_LANES], uint64_t hash[FE_LANES][8]);

/* ── scalars, optional ── */

#ifdef FE_HAS_RECODE
/* Where a backend has lanes for it: the look-ups of k·(−A) and S·B for one group, the result being
 * that of eg_scalar_reduce and eg_comb_recode (scalar.h, comb.h) in each lane. Rows of a_look past
 * the end of a lane's own table are zero (the identity). */
struct recode_in {
	const uint64_t *hash[FE_LANES];              /* 8 words: SHA-512 */
	const uint8_t *s[FE_LANES];                  /* 32 bytes, < L */
	const struct eg_ed25519_table *a[FE_LANES]; /* tables of the keys; widths may differ */
	const struct eg_ed25519_table *b;           /* the table of B */
	unsigned a_windows;                          /* rows of a_look: the most of any lane */
};
static inline void recode_lanes(
    const struct recode_in *in, uint32_t (*a_look)[FE_LANES], uint32_t (*b_look)[FE_LANES]);
#endif

#endif
