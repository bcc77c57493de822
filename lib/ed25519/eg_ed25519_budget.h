/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which keys get comb tables, and how wide, within a budget of bytes. Tables live in the cores'
 * last-level cache; what does not fit there costs more than it saves, so the bytes go to the keys
 * that verify most.
 *
 *   prime order   none ─▶ 6 ─▶ 7 ─▶ 9 ─▶ 12 bits      additions left   none ≈ 240   6: 42   12: 21
 *   mixed order   none ─▶ 8 ─▶ 10 ─▶ 11 bits          KB               0            129     4033
 *
 * Each step is worth heat × additions saved for each byte that it adds, and steps are bought by
 * worth, best first, as long as they fit. A step's worth is less than that of the step before it,
 * so this buys whole ladders without looking ahead.
 *
 * Hysteresis: what a key has counts twice, so that it changes only where another key is worth twice
 * as much; and a heat below 1/8192 of all heat is as good as none.
 *
 * Pure: the same input gives the same plan. Threads: [control]; allocates while it runs.
 */
#ifndef EG_ED25519_BUDGET_H
#define EG_ED25519_BUDGET_H

#include "eg_ed25519.h"

struct eg_ed25519_share {
	enum eg_ed25519_point point;
	uint64_t heat;       /* verifications in some time, the same for all; below 2^48 */
	uint8_t has_bits;    /* the width of its table today; 0: none */
	uint8_t window_bits; /* out: the width that it shall have; 0: none */
};

/* Fills window_bits. The tables of all keys together never take more than budget_bytes. Of two keys
 * of one kind (prime or mixed order) the hotter one never gets the narrower table, unless the other
 * has its table already and is more than half as hot; among equals the earlier one goes first. A
 * plan that is in force is the plan again, as long as the heat stays. Small order and no point:
 * none. -EG_ENOMEM: nothing is filled. */
int eg_ed25519_budget(
    struct eg_ed25519_share share[], uint32_t cnt, size_t budget_bytes, struct eg_error *err);

#endif
