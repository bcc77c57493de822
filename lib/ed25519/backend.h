/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the engine needs of a backend beside field.h: SHA-512 in FE_LANES lanes, and where it pays
 * the scalars. The engine (verify.inc.h and what it includes) is written once; portable.c, avx2.c
 * and ifma.c each are
 *
 *   FE_LANES, FE_FLIGHT, struct fe, struct fe_wide
 *   #include "field.h"        the backend's field functions after it
 *   #include "backend.h"      the backend's sha512_lanes after it
 *   #include "verify.inc.h"   the engine: engine_verify(jobs, job_cnt, ok)
 *   and one struct eg_ed25519_impl
 *
 * FE_FLIGHT is how many groups of FE_LANES signatures walk their tables together, so that one
 * group's latency is another's throughput. 1 was best in plain C, 2 where there are lanes.
 *
 * In groups that are not full the engine repeats a job: every lane always holds something valid to
 * work on, and several lanes may name the same job.
 */
#ifndef EG_ED25519_BACKEND_H
#define EG_ED25519_BACKEND_H

#include "comb.h"
#include "eg_ed25519.h"
#include "field.h"

/* hash[l] = SHA-512(R ‖ A ‖ M) of job[l], as eight words of the 64 bytes read little-endian: the
 * integer that is taken mod L. R is the first half of the signature, A the key's bytes. Messages
 * may differ in length; the engine sorts jobs so that the lanes of a group mostly have the same
 * number of blocks, and a lane that is done earlier keeps its result. */
static inline void sha512_lanes(
    const struct eg_ed25519_job *const job[FE_LANES], uint64_t hash[FE_LANES][8]);

/* The scalars of one group. */
struct recode_in {
	const uint64_t *hash[FE_LANES];             /* 8 words: SHA-512 */
	const uint8_t *s[FE_LANES];                 /* 32 bytes, < L */
	const struct eg_ed25519_table *a[FE_LANES]; /* tables of the keys; widths may differ */
	const struct eg_ed25519_table *b;           /* the table of B: 12 bits, centred */
	unsigned a_rows;                            /* the most windows of any lane's a */
};
/* look[0 … b->window_cnt − 1] for S·B, then a_rows for k·(−A), k = hash mod L; lanes with fewer
 * windows get the identity, which is entry 0 of their table. The engine has one that calls
 * eg_scalar_reduce and eg_comb_recode for each lane; a backend that does it in its lanes, with the
 * same result, defines FE_HAS_RECODE. */
static inline void recode_lanes(const struct recode_in *in, uintptr_t (*look)[FE_LANES]);

#endif
