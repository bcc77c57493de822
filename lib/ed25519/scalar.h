/* SPDX-License-Identifier: BSD-3-Clause */
/* Integers mod L = 2^252 + 27742317777372353535851937790883648493, the order of B (RFC 8032 5.1).
 * Words are 64 bits, least significant first. */
#ifndef EG_ED25519_SCALAR_H
#define EG_ED25519_SCALAR_H

#include <stdbool.h>
#include <stdint.h>

/* The integer hash mod L in [0, L), as libsodium's sc25519_reduce gives it: which representative
 * matters where k multiplies a point of mixed order. */
void eg_scalar_reduce(const uint64_t hash[8], uint64_t k[4]);

/* s < L? */
bool eg_scalar_is_canonical(const uint64_t s[4]);

/* (s + c) mod L in [0, L) for s, c < L. */
void eg_scalar_add(const uint64_t s[4], const uint64_t c[4], uint64_t sum[4]);

#endif
