/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_recheck.h"

#include <sodium.h>
#include <stdio.h>

static bool sodium_accepts(const struct eg_sample *sample)
{
	return crypto_sign_verify_detached(
	           sample->signature, sample->msg, sample->msg_bytes, sample->public) == 0;
}

/* Without the table: that is the core's own reading of it. */
static bool engine_accepts(const struct eg_ed25519_impl *engine, const struct eg_sample *sample)
{
	struct eg_ed25519_key key = {.table = NULL};
	const struct eg_ed25519_job job = {
	    .key = &key,
	    .msg = sample->msg,
	    .sig = sample->signature,
	    .msg_bytes = sample->msg_bytes,
	};
	bool ok = false;

	memcpy(key.bytes, sample->public, sizeof(key.bytes));
	eg_ed25519_verify(engine, &job, 1, &ok);
	return ok;
}

static void collect(const struct eg_sample *sample, const struct eg_ed25519_impl *engine,
    struct eg_evidence *evidence)
{
	memcpy(evidence->public, sample->public, sizeof(evidence->public));
	memcpy(evidence->signature, sample->signature, sizeof(evidence->signature));
	(void)crypto_hash_sha256(evidence->msg_sha256, sample->msg, sample->msg_bytes);
	evidence->msg_bytes = sample->msg_bytes;
	evidence->accepted = sample->accepted;
	evidence->repeats = engine_accepts(engine, sample) == sample->accepted;
}

enum eg_recheck eg_recheck_next(
    struct eg_sample_ring *ring, const struct eg_ed25519_impl *engine, struct eg_evidence *evidence)
{
	const struct eg_sample *sample = eg_sample_peek(ring);
	bool agrees;

	if (sample == NULL)
		return EG_RECHECK_NONE;
	agrees = sodium_accepts(sample) == sample->accepted;
	if (!agrees)
		collect(sample, engine, evidence);
	eg_sample_drop(ring);
	return agrees ? EG_RECHECK_AGREES : EG_RECHECK_DISAGREES;
}

void eg_evidence_text(const struct eg_evidence *e, char text[EG_EVIDENCE_TEXT_BYTES])
{
	char key[2 * sizeof(e->public) + 1], sig[2 * sizeof(e->signature) + 1];
	char hash[2 * sizeof(e->msg_sha256) + 1];

	(void)sodium_bin2hex(key, sizeof(key), e->public, sizeof(e->public));
	(void)sodium_bin2hex(sig, sizeof(sig), e->signature, sizeof(e->signature));
	(void)sodium_bin2hex(hash, sizeof(hash), e->msg_sha256, sizeof(e->msg_sha256));
	(void)snprintf(text, EG_EVIDENCE_TEXT_BYTES,
	    "%s what libsodium %s%s: key %s, signature %s, SHA-256 of the %u message bytes %s",
	    e->accepted ? "accepted" : "refused", e->accepted ? "refuses" : "accepts",
	    e->repeats ? " (the control core repeats it)" : "", key, sig, e->msg_bytes, hash);
}
