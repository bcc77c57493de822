/* SPDX-License-Identifier: BSD-3-Clause */
/* One inversion mod p = 2^255 − 19. All that a batch needs: the engine folds groups and lanes into
 * one product first (Montgomery's trick). [any] */
#ifndef EG_ED25519_INVERT_H
#define EG_ED25519_INVERT_H

#include <stdint.h>

/* out = 1/a mod p, canonical, for a in [0, p); 0 for a = 0. Time depends on a. */
void eg_field_invert(const uint64_t a[4], uint64_t out[4]);

#endif
