/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ed25519 verification of many signatures at once, one exact verdict each.
 *
 * The rule is that of libsodium 1.0.18 crypto_sign_verify_detached (docs/protocol.md section 3):
 * accept iff S < L, y(A) < p, A decodes and is not of small order, R is not one of the small-order
 * encodings, and enc(S·B − k·A) = R bytewise. Cofactorless, and never a random linear combination
 * of several signatures.
 *
 * Implementations are chosen by name. "sodium" is libsodium itself; others must give the same
 * verdict for every input. Threads: verification [worker], reading only what it is given, no
 * allocation, no lock; keys are prepared on [control] and immutable after.
 */
#ifndef EG_ED25519_H
#define EG_ED25519_H

#include "eg_err.h"
#include "eg_span.h"

#define EG_ED25519_PUBLIC_BYTES    32
#define EG_ED25519_SIGNATURE_BYTES 64

struct eg_ed25519_table; /* eg_ed25519_table.h */

/* A public key, prepared for verification. */
struct eg_ed25519_key {
	uint8_t bytes[EG_ED25519_PUBLIC_BYTES];
	/* enum eg_ed25519_point, as eg_ed25519_key_init found it. Advice for who plans tables:
	 * nothing that verifies or builds a table trusts it. */
	uint8_t point;
	/* The comb table of this key, or NULL: then it goes the generic way. Not owned: it outlives
	 * every job that names the key. Implementations that use no tables ignore it. */
	const struct eg_ed25519_table *table;
};

enum eg_ed25519_point {
	EG_ED25519_POINT_PRIME,       /* of order L: a sound key */
	EG_ED25519_POINT_MIXED,       /* of order 2L, 4L or 8L */
	EG_ED25519_POINT_SMALL,       /* of order 1, 2, 4 or 8: everybody can sign for it */
	EG_ED25519_POINT_NOT_A_POINT, /* not canonical (y >= p), or not on the curve */
};

/* What 32 bytes are as a public key. [control] */
enum eg_ed25519_point eg_ed25519_classify(const uint8_t public[EG_ED25519_PUBLIC_BYTES]);

/* Prepares a key. Refused: small order and bytes that are no point, always; mixed order unless
 * allow_mixed. -EG_EINVAL with the reason in err. The key has no table yet. [control] */
int eg_ed25519_key_init(struct eg_ed25519_key *key, const uint8_t public[EG_ED25519_PUBLIC_BYTES],
    bool allow_mixed, struct eg_error *err);

/* One signature to verify: the key's owner keeps it and the message alive during the call. */
struct eg_ed25519_job {
	const struct eg_ed25519_key *key;
	const uint8_t *msg;
	const uint8_t *sig; /* 64 bytes */
	uint32_t msg_bytes;
};

struct eg_ed25519_impl {
	const char *name;
	unsigned lanes;          /* a multiple of this many jobs is cheapest */
	bool (*supported)(void); /* does this CPU have what it needs */
	void (*verify)(const struct eg_ed25519_job jobs[], unsigned job_cnt, bool ok[]);
	bool uses_tables; /* keys with a table cost it less */
};

/* All implementations of this build, best first, ended by NULL. */
extern const struct eg_ed25519_impl *const eg_ed25519_impls[];

/* By name, or where name is NULL: $EDGATE_ED25519, else the best that this CPU supports.
 * NULL with the reason in err where there is none of that name or the CPU lacks what it needs. The
 * first one that uses tables builds that of the base point (4 MB, 50 ms), or NULL without memory:
 * who checks a few signatures only asks for "sodium". [control] */
const struct eg_ed25519_impl *eg_ed25519_select(const char *name, struct eg_error *err);

/* ok[i] = verdict of jobs[i]; any job_cnt from 0 up. Takes up to 100 KB of stack. [worker] */
static inline void eg_ed25519_verify(const struct eg_ed25519_impl *impl,
    const struct eg_ed25519_job jobs[], unsigned job_cnt, bool ok[])
{
	impl->verify(jobs, job_cnt, ok);
}

#endif
