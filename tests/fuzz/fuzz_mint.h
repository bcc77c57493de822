/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tokens of the world's keys, whatever stands in them, and what their signatures cover: written
 * apart from lib/token, so that the one checks the other. False where a token grows over
 * FUZZ_TOKEN_MAX.
 */
#ifndef EG_FUZZ_MINT_H
#define EG_FUZZ_MINT_H

#include "fuzz_world.h"

#define FUZZ_TOKEN_MAX 16384u

struct fuzz_token {
	size_t len;
	uint8_t bytes[FUZZ_TOKEN_MAX];
};

/* header.payload.signature. */
bool fuzz_mint_jwt(const struct fuzz_world *w, enum fuzz_key key, struct eg_span header,
    struct eg_span payload, struct fuzz_token *out);

struct fuzz_cwt {
	struct eg_span protected, payload; /* what the byte strings hold */
	struct eg_span unprotected;        /* any CBOR; empty: an empty map */
	unsigned tags;                     /* bit 0: not 18, bit 1: 61 in front */
	unsigned signature_cut;            /* bytes that its end lacks */
};
bool fuzz_mint_cwt(const struct fuzz_world *w, enum fuzz_key key, const struct fuzz_cwt *parts,
    struct fuzz_token *out);

bool fuzz_mint_paseto(const struct fuzz_world *w, enum fuzz_key key, struct eg_span payload,
    struct eg_span footer, struct eg_span assertion, struct fuzz_token *out);

/* What the signature of a sound CWT or PASETO covers. False where it is none. */
bool fuzz_cwt_message(struct eg_span token, struct fuzz_token *message);
bool fuzz_paseto_message(struct eg_span token, struct eg_span assertion, struct fuzz_token *message,
    uint8_t signature[64]);

/* Did a key of this world make the token? Ed25519 as minted here is deterministic: who signs the
 * same bytes again gets the same token, and nobody else can. */
bool fuzz_is_minted(const struct fuzz_world *w, struct eg_span token);

#endif
