/* SPDX-License-Identifier: BSD-3-Clause */
/* "portable": the engine in one lane and plain C, for any CPU. SHA-512 is libsodium's. */
#include "impl.h"
#include "word_plain.h"

#include <sodium.h>

#include "field51.inc.h"
#define FE_FLIGHT 1
#include "backend.h"

static inline void sha512_lanes(const struct eg_ed25519_job *const job[1], uint64_t hash[1][8])
{
	crypto_hash_sha512_state state;

	(void)crypto_hash_sha512_init(&state);
	(void)crypto_hash_sha512_update(&state, job[0]->sig, 32);
	(void)crypto_hash_sha512_update(&state, job[0]->key->bytes, EG_ED25519_PUBLIC_BYTES);
	(void)crypto_hash_sha512_update(&state, job[0]->msg, job[0]->msg_bytes);
	(void)crypto_hash_sha512_final(&state, (uint8_t *)hash[0]);
}

#include "verify.inc.h"

static bool portable_supported(void)
{
	return sodium_init() >= 0;
}

const struct eg_ed25519_impl eg_ed25519_portable = {
    .name = "portable",
    .lanes = 1,
    .supported = portable_supported,
    .verify = engine_verify,
    .uses_tables = true,
};
