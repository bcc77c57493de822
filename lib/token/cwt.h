/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parts of a CWT, for those who take its payload otherwise than eg_cwt_parse does. Internal.
 * Threads: [any]; no allocation.
 */
#ifndef EG_CWT_H
#define EG_CWT_H

#include "eg_cbor.h"
#include "eg_token.h"

/* Spans are what the byte strings hold, _item with their heads: views of the token. */
struct eg_cwt_parts {
	struct eg_span protected, payload, signature;
	struct eg_span protected_item, payload_item;
};

/* Moves *rest past tag 61 or not, tag 18; without tags only where may_be_untagged. */
bool eg_cwt_take_tags(struct eg_span *rest, bool may_be_untagged);
/* S1–S4 of the array of 4, of at most bytes_max. On EG_OK the parts are set, and of `out`, which
 * the caller has cleared, kid, typ and signature. */
struct eg_finding eg_cwt_open(struct eg_span array, size_t bytes_max,
    const struct eg_policy *policy, struct eg_cwt_parts *parts, struct eg_token *out);
/* ["Signature1", protected, h'', payload] (RFC 9052 section 4.4). */
void eg_cwt_write_message(const struct eg_cwt_parts *parts, struct eg_writer *w);

#endif
