/* SPDX-License-Identifier: BSD-3-Clause */
/* What the targets of the three token formats share: S1–S5 and S7 of one token, without a key. */
#ifndef EG_FUZZ_DECODED_H
#define EG_FUZZ_DECODED_H

#include "eg_token.h"
#include "fuzz_world.h"

struct fuzz_decoded {
	struct eg_finding found, claims; /* claims: where found is EG_OK */
	struct eg_token token;
	struct eg_token_scratch scratch;
	struct eg_token_message message;
};

/* One format's way in. */
struct fuzz_format {
	struct eg_finding (*parse)(
	    struct eg_span text, const struct eg_policy *policy, struct fuzz_decoded *d);
	/* Of a token that was decoded: what this format says beyond the others. */
	void (*check)(
	    struct eg_span text, const struct eg_policy *policy, const struct fuzz_decoded *d);
};

/* The properties of a decoder: the same answer in every variant, at every alignment and whatever
 * the scratch held; views that stay inside; a policy that changes only what it speaks of; times
 * that pass in order. */
void fuzz_try_token(struct eg_span text, const struct fuzz_format *format,
    const struct eg_policy *policy, uint64_t now_s);

#endif
