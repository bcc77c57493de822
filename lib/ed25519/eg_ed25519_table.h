/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Comb tables: what makes the keys that an appliance knows cheap. A table of −A with window width w
 * holds d·2^(wi)·(−A) for each window i and digit d, so that k·(−A) is one addition a window and no
 * doubling (docs/ed25519.md).
 *
 *   entry     affine Niels (y+x, y−x, 2dxy), 3 × 32 bytes; entry 0 of a window is the identity
 *   window    2^(w−1) + 1 entries (digits 0 … 2^(w−1); the sign is applied when it is read)
 *   table     ⌈253/w⌉ windows (plain) or 252/w (centred)
 *
 * Which scalars a table may be used with is decided here and nowhere else: eg_ed25519_table_build
 * looks at the order of the point itself, and a table of a mixed-order point is a plain one. No
 * caller can ask for a centred one.
 *
 * One layout for every implementation. Threads: built on [control], immutable after, read by
 * [worker]; one copy serves all cores of an L3.
 */
#ifndef EG_ED25519_TABLE_H
#define EG_ED25519_TABLE_H

#include "eg_ed25519.h"

#define EG_ED25519_ENTRY_BYTES 96u

/* How the scalar is cut into digits; the width says which it is. */
enum eg_ed25519_recoding {
	/* k mod L, digits centred: points of order L only. w of 6, 7, 9, 12, 14 */
	EG_ED25519_CENTRED,
	/* k as the integer that it is: any point. w of 8, 10, 11, 13 */
	EG_ED25519_PLAIN,
};

struct eg_ed25519_table {
	uint8_t public[EG_ED25519_PUBLIC_BYTES]; /* whose table it is */
	uint8_t recoding;                        /* enum eg_ed25519_recoding */
	uint8_t window_bits, window_cnt;
	uint8_t zero_0;
	uint32_t window_entries;
	uint8_t zero_1[24];
	_Alignas(64) uint8_t entry[]; /* window_cnt × window_entries × EG_ED25519_ENTRY_BYTES */
};

/* May a table of this width be built for a point of this kind? Widths per kind as above. [any] */
bool eg_ed25519_table_allows(enum eg_ed25519_point kind, unsigned window_bits);

/* Bytes of a table of this width, header included; 0 for a width that no kind allows. [any] */
size_t eg_ed25519_table_bytes(unsigned window_bits);

/* Builds and validates the table of −A for a public key in mem (eg_ed25519_table_bytes of zeroed
 * memory, aligned to 64). Small order and bytes that are no point are refused, and widths that the
 * point's order does not allow: -EG_EINVAL. Cost: 30 ms at 12 bits, 40 KB of stack. [control] */
int eg_ed25519_table_build(struct eg_ed25519_table *mem,
    const uint8_t public[EG_ED25519_PUBLIC_BYTES], unsigned window_bits, struct eg_error *err);

/* Reads the whole table again: shape, every entry canonical and on the curve, entry d the sum of
 * entry d − 1 and entry 1, window i + 1 following from window i, and the first from the key.
 * -EG_ECORRUPT. No bit of the eg_ed25519_table_bytes can change without being found. [control] */
int eg_ed25519_table_validate(const struct eg_ed25519_table *table, struct eg_error *err);

#endif
