/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Integers mod L = 2^252 + c, the order of B (RFC 8032 5.1), c of 125 bits, and their digits.
 * Words are 64 bits, least significant first. Nothing is secret: no constant time. [any]
 */
#ifndef EG_ED25519_SCALAR_H
#define EG_ED25519_SCALAR_H

#include <stdbool.h>
#include <stdint.h>

#define EG_SCALAR_WORDS 4

/* s < L? */
bool eg_scalar_is_canonical(const uint64_t s[EG_SCALAR_WORDS]);

/* The integer hash mod L in [0, L), as libsodium's sc25519_reduce gives it: which representative
 * matters where k multiplies a point of mixed order. */
void eg_scalar_reduce(const uint64_t hash[8], uint64_t k[EG_SCALAR_WORDS]);

/* u with s = sum of (window i of u − 2^(w−1))·2^(wi) mod L over all windows i < 252/w: the digits of
 * s are read from u (eg_scalar_digit). s < L; w divides 252. */
void eg_scalar_centre(const uint64_t s[EG_SCALAR_WORDS], unsigned w, uint64_t u[EG_SCALAR_WORDS]);

/* u with s = (top window of u)·2^(w(n−1)) + sum of (window i of u − 2^(w−1))·2^(wi) over i < n − 1,
 * as integers, n = ⌈253/w⌉. s < L. */
void eg_scalar_bias(const uint64_t s[EG_SCALAR_WORDS], unsigned w, uint64_t u[EG_SCALAR_WORDS]);

/* Bits at … at + w − 1 of u; the top window (the last) has all that is left above `at`. w < 16. */
uint32_t eg_scalar_window(const uint64_t u[EG_SCALAR_WORDS], unsigned at, unsigned w);

#endif
