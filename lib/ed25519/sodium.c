/* SPDX-License-Identifier: BSD-3-Clause */
/* libsodium: the reference that every other implementation must equal. */
#include "impl.h"

#include <sodium.h>

_Static_assert(EG_ED25519_SIGNATURE_BYTES == crypto_sign_BYTES, "signature size");

static bool sodium_supported(void)
{
	return sodium_init() >= 0;
}

static void sodium_verify(const struct eg_ed25519_job jobs[], unsigned job_cnt, bool ok[])
{
	for (unsigned i = 0; i < job_cnt; i++)
		ok[i] = crypto_sign_verify_detached(
		            jobs[i].sig, jobs[i].msg, jobs[i].msg_bytes, jobs[i].key->bytes) == 0;
}

const struct eg_ed25519_impl eg_ed25519_sodium = {
    .name = "sodium",
    .lanes = 1,
    .supported = sodium_supported,
    .verify = sodium_verify,
};
