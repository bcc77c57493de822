/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The same tag without the library, on CPUs that multiply two blocks at once (VPCLMULQDQ): half the
 * time of a token of 213 bytes. Internal; tag.c chooses. [worker] after init.
 */
#ifndef EG_VCACHE_TAG_WIDE_H
#define EG_VCACHE_TAG_WIDE_H

#include "eg_vcache.h"

#define EG_TAG_ROUND_WORDS 44u /* of AES-128's expanded key */
#define EG_TAG_POWERS      66u /* of the hash key: a token of up to 1 KiB is reduced once */

struct eg_tag_wide {
	_Alignas(64) uint8_t power[EG_TAG_POWERS][16]; /* the highest first */
	_Alignas(16) uint32_t mac[EG_TAG_ROUND_WORDS]; /* round keys */
	_Alignas(16) uint32_t cipher[EG_TAG_ROUND_WORDS];
	/* of the last tag: tokens of one policy come together */
	_Alignas(16) uint8_t counter[16], mask[16];
};

/* [control] From the round keys, which are there. */
void eg_tag_wide_init(struct eg_tag_wide *t);
/* counter: the nonce and 1 (SP 800-38D section 7.1, step 2). token: not empty. */
void eg_tag_wide_tag(struct eg_tag_wide *t, const uint8_t counter[16], struct eg_span token,
    struct eg_vcache_tag *tag);

#endif
