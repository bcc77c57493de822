/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AES-128-GMAC by intel-ipsec-mb, then one block of AES-128. Internal. [worker] after init.
 */
#ifndef EG_VCACHE_TAG_H
#define EG_VCACHE_TAG_H

#include "eg_vcache.h"

#include <intel-ipsec-mb.h>

struct eg_tagger {
	_Alignas(64) struct gcm_key_data mac; /* as the library wants and its header may not say */
	struct gcm_context_data scratch;
	_Alignas(16) uint32_t cipher[11 * 4]; /* the round keys */
	_Alignas(16) uint32_t unused[11 * 4]; /* of deciphering */
	IMB_MGR *library;
	uint8_t salt; /* part of every nonce */
};

/* [control] 0, -EG_ENOMEM or -EG_ENOTSUP. Allocates the library's state. */
int eg_tagger_init(struct eg_tagger *tagger, const struct eg_vcache_key *key, struct eg_error *err);
void eg_tagger_free(struct eg_tagger *tagger);
bool eg_tagger_tag(struct eg_tagger *tagger, const struct eg_vcache_domain *domain,
    struct eg_span token, struct eg_vcache_tag *tag);

#endif
