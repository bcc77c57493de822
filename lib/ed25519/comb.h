/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a comb table is read (docs/ed25519.md; the layout's owner is eg_ed25519_table.h).
 *
 * An element of an entry is four words: bits 0…50 of word i are limb i of the canonical value in
 * radix 2^51, and bits 51…63 are bits 13i … 13i+12 of limb 4:
 *
 *   word 0   | limb 4 bits  0…12 | limb 0 |
 *   word 1   | limb 4 bits 13…25 | limb 1 |
 *   word 2   | limb 4 bits 26…38 | limb 2 |
 *   word 3   | limb 4 bits 39…50 | limb 3 |      (bit 63 is zero)
 *
 * A look-up is one number: the address of the entry (a multiple of 32), with the sign of the digit
 * in bit 0.
 */
#ifndef EG_ED25519_COMB_H
#define EG_ED25519_COMB_H

#include "eg_ed25519_table.h"

#define COMB_WINDOWS_MAX   42u /* width 6 */
#define COMB_LOOK_NEGATIVE ((uintptr_t)1)

/* The look-ups of scalar·(the table's point), window i in look[i · stride]: table->window_cnt of
 * them. scalar < L, least significant word first. [any] */
void eg_comb_recode(const struct eg_ed25519_table *table, const uint64_t scalar[4], uintptr_t *look,
    unsigned stride);

/* The table of B itself, 12 bits wide and centred, on huge pages where there are some: built and
 * validated by the first call (tens of ms), which must not be a worker's; later calls cost one
 * load. NULL where there is no memory. [any] */
#define EG_COMB_BASE_BITS    12u
#define EG_COMB_BASE_WINDOWS (252u / EG_COMB_BASE_BITS)
const struct eg_ed25519_table *eg_comb_base(void);

#endif
