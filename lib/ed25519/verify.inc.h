/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The engine: many jobs, one exact verdict each. Included once by each implementation, after its
 * backend (backend.h); it leaves engine_verify.
 *
 *   plan ─▶ SHA-512 ─▶ mod L, digits ─▶ sums S·B − k·A ─▶ one inversion ─▶ encode, compare with R
 *           by blocks  └──────────── by windows ───────┘   a batch          by lanes
 */
#include "encoding.h"
#include "invert.h"
#include "plan.h"
#include "scalar.h"

#include "point.inc.h"
#include "decode.inc.h"
#include "inverse.inc.h"
#include "walk.inc.h"
#include "generic.inc.h"
#include "finish.inc.h"

/* From here on time belongs to HASH, REDUCE, ADD, INVERT, COMPARE, or to none of them (DONE): a
 * benchmark that includes an implementation defines it. */
#ifndef ENGINE_PHASE
#define ENGINE_PHASE(name) ((void)0)
#endif

#define ENGINE_GROUPS_MAX ((PLAN_JOBS_MAX + 2 * PLAN_LANES_MAX) / FE_LANES)

/* One batch: at most PLAN_JOBS_MAX jobs. */
struct engine {
	const struct eg_ed25519_job *jobs;
	const struct eg_ed25519_table *base;
	struct eg_plan plan;
	uint64_t hash[PLAN_JOBS_MAX][8]; /* by job */
	/* Sums S·B − k·A by group of plan.point_order: Y − X, Y + X, 2Z. */
	struct fe ymx[ENGINE_GROUPS_MAX], ypx[ENGINE_GROUPS_MAX], z2[ENGINE_GROUPS_MAX];
	uint32_t valid[ENGINE_GROUPS_MAX]; /* lanes whose key decodes */
};

/* ── SHA-512 ── */

static void engine_hash(struct engine *e)
{
	const struct eg_ed25519_job *job[FE_LANES];
	uint64_t hash[FE_LANES][8];

	for (unsigned i = 0; i < e->plan.hash_cnt; i += FE_LANES) {
		const uint8_t *order = &e->plan.hash_order[i];

		for (unsigned l = 0; l < FE_LANES; l++)
			job[l] = &e->jobs[order[l]];
		sha512_lanes(job, hash);
		for (unsigned l = 0; l < FE_LANES; l++)
			memcpy(e->hash[order[l]], hash[l], sizeof(hash[l]));
	}
}

/* ── scalars ── */

#ifndef FE_HAS_RECODE
static inline void recode_lanes(const struct recode_in *in, uintptr_t (*look)[FE_LANES])
{
	for (unsigned l = 0; l < FE_LANES; l++) {
		unsigned row = in->b->window_cnt, end = row + in->a_rows;
		uint64_t scalar[4];

		eg_encoding_words(in->s[l], scalar);
		eg_comb_recode(in->b, scalar, &look[0][l], FE_LANES);
		eg_scalar_reduce(in->hash[l], scalar);
		eg_comb_recode(in->a[l], scalar, &look[row][l], FE_LANES);
		for (row += in->a[l]->window_cnt; row < end; row++)
			look[row][l] = (uintptr_t)in->a[l]->entry;
	}
}
#endif

/* The walk of one group whose keys have tables; a_rows: of the longest in flight. */
static void engine_recode(
    const struct engine *e, const uint8_t order[FE_LANES], unsigned a_rows, struct walk *walk)
{
	struct recode_in in = {.b = e->base, .a_rows = a_rows};

	for (unsigned l = 0; l < FE_LANES; l++) {
		const struct eg_ed25519_job *job = &e->jobs[order[l]];

		in.hash[l] = e->hash[order[l]];
		in.s[l] = job->sig + 32;
		in.a[l] = job->key->table;
	}
	walk->rows = e->base->window_cnt + a_rows;
	recode_lanes(&in, walk->look);
}

/* ── sums ── */

FE_INLINE void engine_keep(struct engine *e, unsigned group, const struct point *p, uint32_t valid)
{
	e->ymx[group] = p->ymx;
	e->ypx[group] = p->ypx;
	e->z2[group] = fe_add(p->z, p->z);
	e->valid[group] = valid;
}

/* Up to FE_FLIGHT groups with tables. Jobs come sorted by windows, so the last has the most. */
static void engine_add_flight(struct engine *e, unsigned group, unsigned groups)
{
	const uint8_t *order = &e->plan.point_order[group * FE_LANES];
	unsigned a_rows = e->plan.windows[order[groups * FE_LANES - 1]];
	struct point p[FE_FLIGHT];
	struct walk walk[FE_FLIGHT];

	ENGINE_PHASE(REDUCE);
	for (unsigned g = 0; g < groups; g++)
		engine_recode(e, &order[g * FE_LANES], a_rows, &walk[g]);
	ENGINE_PHASE(ADD);
	if (groups == FE_FLIGHT)
		walk_from_first(p, walk, FE_FLIGHT);
	else
		for (unsigned g = 0; g < groups; g++)
			walk_from_first(&p[g], &walk[g], 1);
	for (unsigned g = 0; g < groups; g++)
		engine_keep(e, group + g, &p[g], UINT32_MAX);
}

/* One group whose keys have no table. Lanes whose key is no point are not valid. */
static void engine_add_generic(struct engine *e, unsigned group)
{
	const uint8_t *order = &e->plan.point_order[group * FE_LANES];
	int16_t digit[GENERIC_WINDOWS][FE_LANES], one[GENERIC_WINDOWS];
	struct walk walk = {.rows = e->base->window_cnt};
	uint64_t key[4][FE_LANES], scalar[4];
	struct point minus_a, p;
	uint32_t valid;

	ENGINE_PHASE(REDUCE);
	for (unsigned l = 0; l < FE_LANES; l++) {
		const struct eg_ed25519_job *job = &e->jobs[order[l]];

		eg_encoding_words(job->sig + 32, scalar);
		eg_comb_recode(e->base, scalar, &walk.look[0][l], FE_LANES);
		eg_scalar_reduce(e->hash[order[l]], scalar);
		eg_scalar_recode(scalar, GENERIC_BITS, one);
		for (unsigned i = 0; i < GENERIC_WINDOWS; i++)
			digit[i][l] = one[i];
		eg_encoding_words(job->key->bytes, scalar);
		for (unsigned i = 0; i < 4; i++)
			key[i][l] = scalar[i];
	}
	ENGINE_PHASE(ADD);
	valid = point_decode_negated(key, &minus_a);
	p = generic_times(&minus_a, digit);
	walk_onto(&p, &walk);
	engine_keep(e, group, &p, valid);
}

static void engine_add(struct engine *e)
{
	unsigned group = 0, end = e->plan.point_cnt / FE_LANES;

	for (; group < e->plan.generic_cnt / FE_LANES; group++)
		engine_add_generic(e, group);
	for (unsigned groups; group < end; group += groups) {
		groups = end - group < FE_FLIGHT ? end - group : FE_FLIGHT;
		engine_add_flight(e, group, groups);
	}
}

/* ── verdicts ── */

static void engine_compare(const struct engine *e, bool ok[])
{
	unsigned groups = e->plan.point_cnt / FE_LANES;
	struct fe half_inverse[ENGINE_GROUPS_MAX];

	ENGINE_PHASE(INVERT);
	fe_invert_many(e->z2, groups, half_inverse);
	ENGINE_PHASE(COMPARE);
	for (unsigned g = 0; g < groups; g++) {
		const uint8_t *order = &e->plan.point_order[g * FE_LANES];
		uint64_t w[4][FE_LANES];

		finish_encode(e->ymx[g], e->ypx[g], half_inverse[g], w);
		for (unsigned l = 0; l < FE_LANES; l++)
			ok[order[l]] = (e->valid[g] >> l & 1) != 0 &&
			               finish_matches(w, l, e->jobs[order[l]].sig);
	}
}

static void engine_verify_batch(const struct eg_ed25519_job jobs[], unsigned job_cnt, bool ok[])
{
	struct engine e;

	memset(ok, 0, job_cnt * sizeof(*ok));
	e.jobs = jobs;
	e.base = eg_comb_base();
	eg_plan_make(jobs, job_cnt, FE_LANES, &e.plan);
	if (e.base == NULL || e.plan.point_cnt == 0)
		return;
	ENGINE_PHASE(HASH);
	engine_hash(&e);
	engine_add(&e);
	engine_compare(&e, ok);
	ENGINE_PHASE(DONE);
}

/* Batches of equal size, as far as whole groups allow: a small rest would cost a whole inversion.
 */
static void engine_verify(const struct eg_ed25519_job jobs[], unsigned job_cnt, bool ok[])
{
	unsigned batches = job_cnt / PLAN_JOBS_MAX + (job_cnt % PLAN_JOBS_MAX != 0);

	for (unsigned size; job_cnt > 0; jobs += size, ok += size, job_cnt -= size, batches--) {
		size = job_cnt / batches + (job_cnt % batches != 0);
		size = (size + FE_LANES - 1) / FE_LANES * FE_LANES;
		size = size < job_cnt ? size : job_cnt;
		engine_verify_batch(jobs, size, ok);
	}
}
