/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tokens with a false signature, each of them another: six low bytes of S are changed in the
 * packet.
 *
 *   signature   R (32 bytes) │ S, lowest byte first │
 *                             ···XXXXXX············    S stays below the group order, so the
 *                                                      signature must be computed to be refused
 *
 * In a JWT and a PASETO those are eight whole characters of base64url, in a CWT bytes. Threads:
 * [any]; no allocation.
 */
#ifndef LOAD_FORGE_H
#define LOAD_FORGE_H

#include "corpus.h"

#define LOAD_FORGE_BITS 48u /* so many tokens, as a power of two, can be made of one */

/* Before the first load_forge. [control] */
void load_forge_init(void);

/* Where S is in the token's own bytes; at 0 where it has none. */
struct load_forge_place load_forge_place(const struct load_token *token);

/* Makes the signature false in `copy`, which holds `request`. Two numbers that differ in their
 * LOAD_FORGE_BITS give two tokens; none gives the token itself, for numbers that are not 0. Returns
 * the sum with what the change adds to it. */
uint32_t load_forge(uint8_t *copy, const uint8_t *request, const struct load_forge_place *place,
    uint64_t number, uint32_t sum);

#endif
