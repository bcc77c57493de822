/* SPDX-License-Identifier: BSD-3-Clause */
#include "tag.h"

#include "eg_cpu.h"

#define NONCE_BYTES 12u
#define TAG_BYTES   16u

static void expand_keys(struct eg_tagger *tagger, const struct eg_vcache_key *key)
{
	_Alignas(16) uint32_t unused[EG_TAG_ROUND_WORDS]; /* of deciphering */

	IMB_AES128_GCM_PRE(tagger->library, key->mac, &tagger->mac);
	IMB_AES_KEYEXP_128(tagger->library, key->mac, tagger->wide.mac, unused);
	IMB_AES_KEYEXP_128(tagger->library, key->cipher, tagger->wide.cipher, unused);
	explicit_bzero(unused, sizeof(unused));
	if (tagger->is_wide)
		eg_tag_wide_init(&tagger->wide);
}

int eg_tagger_init(struct eg_tagger *tagger, const struct eg_vcache_key *key, struct eg_error *err)
{
	IMB_ARCH arch;

	tagger->salt = 0;
	tagger->is_wide = eg_cpu_has(EG_CPU_VPCLMUL);
	tagger->library = alloc_mb_mgr(0);
	if (tagger->library == NULL)
		return eg_error_set(err, EG_ENOMEM, "verified cache: no memory for intel-ipsec-mb");
	init_mb_mgr_auto(tagger->library, &arch);
	if (arch != IMB_ARCH_NONE)
		expand_keys(tagger, key);
	if (arch != IMB_ARCH_NONE && imb_get_errno(tagger->library) == 0)
		return 0;
	eg_tagger_free(tagger);
	return eg_error_set(
	    err, EG_ENOTSUP, "verified cache: intel-ipsec-mb cannot run on this CPU");
}

void eg_tagger_free(struct eg_tagger *tagger)
{
	if (tagger->library != NULL)
		free_mb_mgr(tagger->library);
	tagger->library = NULL;
}

/* The nonce, and behind it the 1 that GCM counts from. */
static void put_counter(
    const struct eg_vcache_domain *domain, uint8_t salt, uint8_t counter[TAG_BYTES])
{
	eg_store_be64(counter, (uint64_t)domain->policy_id << 32 | domain->policy_generation);
	eg_store_be64(counter + 8, (uint64_t)domain->store_generation << 48 |
	                               (uint64_t)domain->fmt << 40 | (uint64_t)salt << 32 | 1);
}

/* GMAC is GCM without a text (SP 800-38D section 3). One block of CFB over zeros is the block
 * cipher of its initial vector. */
static bool tag_by_library(struct eg_tagger *tagger, const uint8_t nonce[NONCE_BYTES],
    struct eg_span token, struct eg_vcache_tag *tag)
{
	static const uint8_t zeros[TAG_BYTES];
	uint8_t mac[TAG_BYTES];

	IMB_AES128_GCM_ENC(tagger->library, &tagger->mac, &tagger->scratch, NULL, NULL, 0, nonce,
	    token.ptr, token.len, mac, sizeof(mac));
	if (imb_get_errno(tagger->library) != 0)
		return false;
	IMB_AES128_CFB_ONE(tagger->library, tag, zeros, mac, tagger->wide.cipher, sizeof(mac));
	return imb_get_errno(tagger->library) == 0;
}

bool eg_tagger_tag(struct eg_tagger *tagger, const struct eg_vcache_domain *domain,
    struct eg_span token, struct eg_vcache_tag *tag)
{
	uint8_t counter[TAG_BYTES];

	if (token.len == 0)
		return false;
	put_counter(domain, tagger->salt, counter);
	if (!tagger->is_wide)
		return tag_by_library(tagger, counter, token, tag);
	eg_tag_wide_tag(&tagger->wide, counter, token, tag);
	return true;
}
