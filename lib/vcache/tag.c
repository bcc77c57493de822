/* SPDX-License-Identifier: BSD-3-Clause */
#include "tag.h"

#define NONCE_BYTES 12u
#define TAG_BYTES   16u

int eg_tagger_init(struct eg_tagger *tagger, const struct eg_vcache_key *key, struct eg_error *err)
{
	IMB_ARCH arch;

	tagger->salt = 0;
	tagger->library = alloc_mb_mgr(0);
	if (tagger->library == NULL)
		return eg_error_set(err, EG_ENOMEM, "verified cache: no memory for intel-ipsec-mb");
	init_mb_mgr_auto(tagger->library, &arch);
	if (arch != IMB_ARCH_NONE) {
		IMB_AES128_GCM_PRE(tagger->library, key->mac, &tagger->mac);
		IMB_AES_KEYEXP_128(tagger->library, key->cipher, tagger->cipher, tagger->unused);
	}
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

/* In whole words: who reads it at once would wait for smaller ones. */
static void put_nonce(
    const struct eg_vcache_domain *domain, uint8_t salt, uint8_t nonce[NONCE_BYTES])
{
	eg_store_be64(nonce, (uint64_t)domain->policy_id << 32 | domain->policy_generation);
	eg_store_be32(nonce + 8,
	    (uint32_t)domain->store_generation << 16 | (uint32_t)domain->fmt << 8 | salt);
}

/* GMAC is GCM without a text (SP 800-38D section 3). One block of CFB over zeros is the block
 * cipher of its initial vector. */
bool eg_tagger_tag(struct eg_tagger *tagger, const struct eg_vcache_domain *domain,
    struct eg_span token, struct eg_vcache_tag *tag)
{
	static const uint8_t zeros[TAG_BYTES];
	uint8_t nonce[NONCE_BYTES], mac[TAG_BYTES];

	put_nonce(domain, tagger->salt, nonce);
	if (token.len == 0)
		return false;
	IMB_AES128_GCM_ENC(tagger->library, &tagger->mac, &tagger->scratch, NULL, NULL, 0, nonce,
	    token.ptr, token.len, mac, sizeof(mac));
	if (imb_get_errno(tagger->library) != 0)
		return false;
	IMB_AES128_CFB_ONE(tagger->library, tag, zeros, mac, tagger->cipher, sizeof(mac));
	return imb_get_errno(tagger->library) == 0;
}
