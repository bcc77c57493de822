/* SPDX-License-Identifier: BSD-3-Clause */
/* OpenSSL's Ed25519 by its EVP interface, for comparison. */
#include "bench_ed25519.h"

#include <openssl/evp.h>

void *bench_openssl_key(const uint8_t public[EG_ED25519_PUBLIC_BYTES])
{
	EVP_PKEY *key =
	    EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public, EG_ED25519_PUBLIC_BYTES);

	bench_need(key != NULL, "a key of OpenSSL");
	return key;
}

void bench_openssl_verify(const struct eg_ed25519_job jobs[], unsigned job_cnt, bool ok[])
{
	static EVP_MD_CTX *ctx;

	if (ctx == NULL)
		ctx = EVP_MD_CTX_new();
	bench_need(ctx != NULL, "a context of OpenSSL");
	for (unsigned i = 0; i < job_cnt; i++) {
		const struct bench_issuer *issuer = (const void *)jobs[i].key;

		ok[i] = EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, issuer->openssl) == 1 &&
		        EVP_DigestVerify(ctx, jobs[i].sig, EG_ED25519_SIGNATURE_BYTES, jobs[i].msg,
		            jobs[i].msg_bytes) == 1;
		(void)EVP_MD_CTX_reset(ctx);
	}
}
