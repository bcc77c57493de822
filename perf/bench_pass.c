/* SPDX-License-Identifier: BSD-3-Clause */
/* What a pass does. Each checks its results: a fast wrong answer is no measurement. */
#include "bench.h"
#include "parse.h"

#include <stdlib.h>

#define BATCH   64u
#define TURN_NS 1000u

#define CACHE_BYTES (16u << 20)

/* Several tokens in a frame make datagrams that no Ethernet of 1500 bytes would carry. */
#define DATAGRAM_BYTES 16384u

/* ── engines ── */

static void null_verify(const struct eg_ed25519_job jobs[], unsigned job_cnt, bool ok[])
{
	(void)jobs;
	memset(ok, true, job_cnt);
}

const struct eg_ed25519_impl bench_null_engine = {
    .name = "null", .lanes = 1, .verify = null_verify};

void bench_pass_engine(const struct bench_run *run)
{
	bool ok[BATCH];

	for (unsigned at = 0; at < run->records; at += BATCH) {
		eg_ed25519_verify(run->engine, run->corpus->job + at, BATCH, ok);
		for (unsigned i = 0; i < BATCH; i++)
			bench_need(ok[i], "a good signature");
	}
}

/* ── the pipeline ── */

struct eg_vcache *bench_vcache_new(void)
{
	static const struct eg_vcache_key key = {.mac = {1}, .cipher = {2}, .senders = 3};
	struct eg_vcache *vcache = eg_vcache_new(CACHE_BYTES, &key, NULL);

	bench_need(vcache != NULL, "a verified cache");
	return vcache;
}

static struct eg_pipeline *new_pipeline(struct bench_state *state,
    const struct eg_ed25519_impl *engine, struct eg_vcache *vcache, uint64_t (*ticks)(void))
{
	const struct eg_pipeline_config config = {
	    .worker_cnt = 1,
	    .max_datagram_bytes = DATAGRAM_BYTES,
	    .signature_deadline_ns = EG_PIPELINE_DEADLINE_NS,
	    .netif = &bench_netif,
	    .ed25519 = engine,
	    .stats = &state->stats,
	    .revoke = state->revoke,
	    .utc = &state->utc,
	    .ticks = ticks,
	    .vcache = vcache,
	    .snapshot = state->snapshot,
	    .epoch = EG_EPOCH(1, 1),
	    .version = "bench",
	};
	void *mem = aligned_alloc(EG_CACHE_LINE_BYTES, eg_pipeline_footprint());

	bench_need(mem != NULL, "memory for a pipeline");
	return eg_pipeline_init(mem, &config);
}

struct eg_pipeline *bench_pipeline_new(
    struct bench_state *state, const struct eg_ed25519_impl *engine, struct eg_vcache *vcache)
{
	return new_pipeline(state, engine, vcache, eg_clock_ticks);
}

struct eg_pipeline *bench_pipeline_unmeasured(
    struct bench_state *state, const struct eg_ed25519_impl *engine)
{
	return new_pipeline(state, engine, NULL, NULL);
}

static uint64_t accepted_cnt(const struct bench_state *state)
{
	return atomic_load_explicit(&state->stats.core[0].verdict[EG_OK], memory_order_relaxed);
}

void bench_pass_pipeline(const struct bench_run *run)
{
	static struct eg_pipeline_out out;
	const struct bench_frames *frames = run->frames;
	uint64_t before = accepted_cnt(run->state), now_ns = 0;

	for (unsigned at = 0; at < frames->cnt; at += EG_BURST_MAX) {
		now_ns += TURN_NS;
		eg_pipeline_run(run->pipeline, frames->packet + at, EG_BURST_MAX, now_ns, &out);
		eg_pipeline_sent(run->pipeline, &out, out.tx_cnt);
	}
	eg_pipeline_run(run->pipeline, NULL, 0, now_ns, &out);
	eg_pipeline_sent(run->pipeline, &out, out.tx_cnt);
	bench_need(accepted_cnt(run->state) - before == run->records, "an OK for every token");
}

/* ── its parts ── */

void bench_pass_tag(const struct bench_run *run)
{
	const struct eg_vcache_domain domain = {.policy_id = 1};
	struct eg_vcache_tag tag;

	for (unsigned i = 0; i < run->records; i++)
		bench_need(
		    eg_vcache_tag(run->vcache, &domain, bench_corpus_token(run->corpus, i), &tag),
		    "a tag");
}

void bench_pass_jwt_parse(const struct bench_run *run)
{
	static struct eg_token_scratch scratch;
	const struct eg_policy *policy = eg_snapshot_policy(run->state->snapshot, 1);
	struct eg_token token;

	for (unsigned i = 0; i < run->records; i++)
		bench_need(
		    eg_jwt_parse(bench_corpus_token(run->corpus, i), policy, &scratch, &token)
		            .status == EG_OK,
		    "a sound token");
}

void bench_pass_parse_reply(const struct bench_run *run)
{
	uint32_t answer_bytes = (uint32_t)EG_EGT_RESPONSE_BYTES(run->frames->tokens);

	for (unsigned i = 0; i < run->frames->cnt; i++) {
		struct eg_packet *pkt = &run->frames->packet[i];
		struct eg_parsed parsed;

		eg_parse_packet(run->netif, DATAGRAM_BYTES, pkt, &parsed);
		bench_need(parsed.outcome == EG_PARSE_PAYLOAD, "a request in a packet");
		eg_parse_reply(run->netif, &parsed, pkt, answer_bytes);
	}
}

static void prefetch(const struct bench_state *state, const struct eg_revoke_query *q)
{
	__builtin_prefetch(eg_revoke_line(state->revoke, q->issuer));
	__builtin_prefetch(eg_revoke_line(state->revoke, q->sub));
	__builtin_prefetch(eg_revoke_line(state->revoke, q->jti));
	__builtin_prefetch(eg_bitmap_line(q->map, q->idx));
}

void bench_pass_lookup(const struct bench_run *run)
{
	const struct bench_state *state = run->state;

	for (unsigned at = 0; at < run->records; at += BATCH) {
		const struct eg_revoke_query *q = &state->query[at];

		for (unsigned i = 0; i < BATCH; i++)
			prefetch(state, &q[i]);
		for (unsigned i = 0; i < BATCH; i++)
			bench_need(eg_revoke_check(state->revoke, &q[i]).status == EG_OK,
			    "a token that is not revoked");
	}
}

void bench_pass_hash(const struct bench_run *run)
{
	const struct eg_issuer *issuer = eg_keyset_issuer(run->state->snapshot->keys, 0);
	uint8_t jti[36] = {0};

	for (unsigned i = 0; i < run->records; i++) {
		struct eg_hash128 hash;

		eg_store_be32(jti, i);
		hash = eg_revoke_hash(&issuer->hash_key, EG_REVOKE_JTI, eg_span(jti, sizeof(jti)));
		bench_need((hash.lo | hash.hi) != 0, "a hash");
	}
}
