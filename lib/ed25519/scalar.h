/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Integers mod L = 2^252 + c, the order of B (RFC 8032 section 5.1; c has 125 bits), and how they
 * are cut into signed digits. Words are 64 bits, least significant first. Nothing is secret: no
 * constant time. [any]
 */
#ifndef EG_ED25519_SCALAR_H
#define EG_ED25519_SCALAR_H

#include <stdbool.h>
#include <stdint.h>

/* s < L? */
bool eg_scalar_is_canonical(const uint64_t s[4]);

/* The integer hash mod L in [0, L), as libsodium's sc25519_reduce gives it: which representative
 * matters where k multiplies a point of mixed order. */
void eg_scalar_reduce(const uint64_t hash[8], uint64_t k[4]);

/*
 * Recodings. With w bits a window, n windows and a bias of 2^(w−1) in each window (all of them, or
 * all but the top one), u = s + bias has windows u_i, and s is the sum of d_i·2^(wi):
 *
 *   centred   n = 252/w, d_i = u_i − 2^(w−1); s + bias is taken mod L, so the sum is s mod L only:
 *             right for points of order L. w of 6, 7, 9, 12, 14
 *   plain     n = ⌈253/w⌉, the same but d_(n−1) = u_(n−1), and the sum is the integer s: right for
 *             every point. w of 3, 8, 10, 11, 13
 *
 * |d_i| <= 2^(w−1) in all of them (docs/ed25519.md has the proof). The width says which it is.
 */
struct eg_recoding {
	uint64_t bias[4];
	uint8_t window_cnt; /* 0: no recoding has this width */
	bool centred;
};

#define EG_RECODING_BITS_MAX 14u
extern const struct eg_recoding eg_recodings[EG_RECODING_BITS_MAX + 1];

/* digit[i] of s < L for i < window_cnt. w: a width that has a recoding. */
void eg_scalar_recode(const uint64_t s[4], unsigned w, int16_t digit[]);

#endif
