/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Verdicts on their way to a second look: a ring of one worker, one writer (it) and one reader
 * (control). The worker copies what it verified and what came of it; where control has not caught
 * up the sample is not taken. Fixed size, no allocation.
 *
 *   signature queue ── one verdict in N ──▶ ring ──▶ control (eg_recheck.h): libsodium agrees?
 */
#ifndef EG_SAMPLE_H
#define EG_SAMPLE_H

#include "eg_ed25519.h"

#define EG_SAMPLE_ENTRIES 16u /* a power of two */

struct eg_sample {
	uint8_t public[EG_ED25519_PUBLIC_BYTES];
	uint8_t signature[EG_ED25519_SIGNATURE_BYTES];
	bool accepted; /* the verdict */
	uint32_t msg_bytes;
	uint8_t msg[];
};

struct eg_sample_ring;

/* For messages of up to msg_max bytes; a multiple of a cache line. */
size_t eg_sample_ring_footprint(uint32_t msg_max);
/* mem: footprint bytes, aligned to a cache line, owned by the caller. [control] */
struct eg_sample_ring *eg_sample_ring_init(void *mem, uint32_t msg_max);
/* [worker] False where the ring is full or the message too long: then nothing is taken. */
bool eg_sample_put(struct eg_sample_ring *ring, const struct eg_ed25519_job *job, bool accepted);
/* [control] The oldest sample, in place until it is dropped; NULL where there is none. */
const struct eg_sample *eg_sample_peek(const struct eg_sample_ring *ring);
void eg_sample_drop(struct eg_sample_ring *ring);

#endif
