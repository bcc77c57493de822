/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JWK and JWKS files (RFC 7517, RFC 8037): a total parser of attacker-chosen text. [control];
 * allocates while it parses, keeps nothing.
 *
 * A key stays, is skipped (another kty, crv, use, key_ops or alg: not for us) or is refused by name
 * (a private member d, whatever use says; bad x; a point of small or mixed order; a kid that is no
 * string, too long or has a NUL). Of keys that are not skipped, two with the same kid are both
 * refused, and so are two without; the empty kid is a kid. Reasons quote nothing from the text.
 */
#ifndef EG_JWKS_H
#define EG_JWKS_H

#include "eg_ed25519.h"
#include "eg_err.h"
#include "eg_span.h"

#define EG_JWKS_KEYS_MAX  64u
#define EG_JWKS_BYTES_MAX 262144u
#define EG_JWKS_KID_MAX   255u

enum eg_jwk_outcome { EG_JWK_KEPT, EG_JWK_SKIPPED, EG_JWK_REFUSED };

struct eg_jwk {
	enum eg_jwk_outcome outcome;
	bool has_kid;
	uint16_t kid_len;
	uint8_t kid[EG_JWKS_KID_MAX + 1]; /* NUL behind kid_len, for messages */
	uint8_t x[EG_ED25519_PUBLIC_BYTES];
	bool mixed_order; /* kept only under allow_mixed */
	char reason[128]; /* why it was skipped or refused */
};

struct eg_jwks {
	uint32_t cnt, kept_cnt;
	struct eg_jwk key[EG_JWKS_KEYS_MAX];
};

/* A JWKS, or one JWK alone. 0 also where no key stays (see kept_cnt); -EG_EINVAL where the text is
 * not strict JSON of that shape, with the reason in err; -EG_ELIMIT over a limit; -EG_ENOMEM. `out`
 * is empty after an error. Needs memory of the text's size while it runs. */
int eg_jwks_parse(struct eg_span text, bool allow_mixed, struct eg_jwks *out, struct eg_error *err);

#endif
