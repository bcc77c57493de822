/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AES-128-GMAC, then one block of AES-128: by intel-ipsec-mb, or where the CPU allows by
 * tag_wide.h. Internal. [worker] after init.
 */
#ifndef EG_VCACHE_TAG_H
#define EG_VCACHE_TAG_H

#include "tag_wide.h"

#include <intel-ipsec-mb.h>

struct eg_tagger {
	struct eg_tag_wide wide;              /* its round keys are the library's, too */
	_Alignas(64) struct gcm_key_data mac; /* as the library wants and its header may not say */
	struct gcm_context_data scratch;
	IMB_MGR *library;
	bool is_wide;
	uint8_t salt; /* part of every nonce */
};

/* [control] 0, -EG_ENOMEM or -EG_ENOTSUP. Allocates the library's state. */
int eg_tagger_init(struct eg_tagger *tagger, const struct eg_vcache_key *key, struct eg_error *err);
void eg_tagger_free(struct eg_tagger *tagger);
bool eg_tagger_tag(struct eg_tagger *tagger, const struct eg_vcache_domain *domain,
    struct eg_span token, struct eg_vcache_tag *tag);

#endif
