/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * S4: the header of a JWT, and a memory of the last few headers.
 *
 * Issuers write one header for all tokens of a key. What S4 says about one depends on its bytes and
 * on the policy's list of typ alone, so a header that passed is remembered by its exact text and
 * only its typ is looked at again: no verdict can differ. What is remembered is bounded, and is
 * replaced in turn. Internal. Threads: [worker].
 */
#ifndef EG_JWT_HEADER_H
#define EG_JWT_HEADER_H

#include "eg_json.h"
#include "eg_token.h"

/* The header that the token begins with, dot included, or NULL. */
const struct eg_jwt_header *eg_jwt_header_recall(
    const struct eg_jwt_headers *headers, struct eg_span token);

/* S4 of a header that is remembered: views of it. */
struct eg_finding eg_jwt_header_apply(
    const struct eg_jwt_header *header, const struct eg_policy *policy, struct eg_token *out);

/* S4. `text` is the header decoded from `segment`, which is remembered where it passes and is not
 * unusual. */
struct eg_finding eg_jwt_header_read(struct eg_span segment, struct eg_span text,
    const struct eg_policy *policy, struct eg_token_scratch *scratch, struct eg_json_arena *arena,
    struct eg_token *out);

#endif
