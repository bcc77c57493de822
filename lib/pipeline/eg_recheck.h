/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The second look at sampled verdicts, by libsodium: a core that computes wrongly, or an engine
 * that has an error no test met, must not go on unseen. [control]
 */
#ifndef EG_RECHECK_H
#define EG_RECHECK_H

#include "eg_sample.h"

enum eg_recheck {
	EG_RECHECK_NONE, /* no sample there */
	EG_RECHECK_AGREES,
	EG_RECHECK_DISAGREES,
};

/* What may be kept and shown of a verdict that was wrong: neither a token nor what would make one,
 * since the message is here as a hash alone. */
struct eg_evidence {
	uint8_t public[EG_ED25519_PUBLIC_BYTES];
	uint8_t signature[EG_ED25519_SIGNATURE_BYTES];
	uint8_t msg_sha256[32];
	uint32_t msg_bytes;
	bool accepted; /* the verdict of the core; libsodium says the other */
	bool repeats;  /* the accused engine says it here too: then it is not that core alone */
};

/* Takes one sample from a ring; `engine` is the implementation that gave the verdict. *evidence is
 * filled where libsodium disagrees. Cost: one libsodium verification. */
enum eg_recheck eg_recheck_next(struct eg_sample_ring *ring, const struct eg_ed25519_impl *engine,
    struct eg_evidence *evidence);

/* The longest text of eg_evidence_text, with its NUL. */
#define EG_EVIDENCE_TEXT_BYTES 512
/* One line: "accepted what libsodium refuses: key … signature … SHA-256 of the 123 message bytes
 * …". */
void eg_evidence_text(const struct eg_evidence *evidence, char text[EG_EVIDENCE_TEXT_BYTES]);

#endif
