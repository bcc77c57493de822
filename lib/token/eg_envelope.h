/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A signed envelope whose payload may be of any size and says anything: how status lists come.
 *
 *   file ──eg_envelope_open_jwt──▶ kid, payload, what is signed ──▶ key, signature ──▶ payload
 *        ──eg_envelope_open_cwt──▶
 *
 * Header and form follow the rules of tokens (docs/protocol.md section 2, S2–S4), the policy being
 * asked for its types alone; nothing is believed of the payload before the signature has passed.
 * Threads: [control]; allocates what the payload needs.
 */
#ifndef EG_ENVELOPE_H
#define EG_ENVELOPE_H

#include "eg_err.h"
#include "eg_token.h"

struct eg_envelope {
	struct eg_token token;  /* has, kid and signature alone */
	struct eg_span payload; /* bytes */
	struct eg_span message; /* what the signature covers */
	void *mem;              /* its own; the spans point into it or into the file */
};

/* -EG_EINVAL with the rule that refused it, -EG_ENOMEM. The file outlives the envelope. */
int eg_envelope_open_jwt(struct eg_span file, const struct eg_policy *policy,
    struct eg_envelope *out, struct eg_error *err);
/* Tagged or not. */
int eg_envelope_open_cwt(struct eg_span file, const struct eg_policy *policy,
    struct eg_envelope *out, struct eg_error *err);
/* Also after an error. */
void eg_envelope_close(struct eg_envelope *envelope);

#endif
