/* SPDX-License-Identifier: BSD-3-Clause */
#include "impl.h"

#include <assert.h>

static struct eg_pending *entry_at(struct eg_signature_queue *queue, unsigned i)
{
	return &queue->entry[(queue->head + i) % EG_SIGNATURE_QUEUE_MAX];
}

struct eg_pending *eg_signature_queue_next(struct eg_signature_queue *queue)
{
	assert(queue->cnt < EG_SIGNATURE_QUEUE_MAX);
	return entry_at(queue, queue->cnt);
}

struct eg_token_message *eg_signature_queue_room(struct eg_signature_queue *queue)
{
	return &queue->message[(queue->head + queue->cnt) % EG_SIGNATURE_QUEUE_MAX];
}

void eg_signature_queue_push(struct eg_signature_queue *queue, uint64_t now_ns)
{
	eg_signature_queue_next(queue)->queued_ns = now_ns;
	queue->cnt++;
}

/* ── S9 ── */

/* end_s: 0 where there is none. */
static bool is_past(uint64_t end_s, uint64_t now_s)
{
	return end_s != 0 && now_s >= end_s;
}

static bool key_is_refused(const struct eg_key *key, uint64_t now_s)
{
	return key->revoked || now_s < key->not_before_s || now_s > key->not_after_s;
}

/* R1–R5, first hit wins. */
static struct eg_revoke_answer check_revocation(
    const struct eg_revoke *revoke, const struct eg_pending *e, uint64_t now_s)
{
	struct eg_revoke_query query = e->query;
	bool unknown = e->status_unknown;
	struct eg_revoke_answer found;

	if (key_is_refused(e->key, now_s))
		return (struct eg_revoke_answer){EG_REVOKED, EG_DETAIL_KEY};
	if (e->list != NULL && is_past(e->list->exp_s, now_s)) {
		query.has &= ~(uint32_t)EG_REVOKE_HAS_INDEX;
		unknown = true;
	}
	found = eg_revoke_check(revoke, &query);
	if (found.status == EG_OK && unknown)
		return (struct eg_revoke_answer){EG_STATUS_UNKNOWN, EG_DETAIL_NONE};
	return found;
}

/* ── the answer ── */

static uint64_t seconds_until(uint64_t end_s, uint64_t now_s)
{
	return end_s > now_s ? end_s - now_s : 0;
}

static uint64_t lower(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* What may not be answered from our memory must not be answered from a client's. */
static uint32_t cache_for(const struct eg_pipeline *p, const struct eg_pending *e)
{
	const uint64_t now_s = p->now_s;
	uint64_t left = lower(e->policy->client_cache_s, seconds_until(e->exp_s, now_s));

	if (e->policy->max_state_age_s != 0)
		left = lower(left, seconds_until(e->policy->max_state_age_s, p->state_age_s));
	if (e->list != NULL && e->list->exp_s != 0)
		left = lower(left, seconds_until(e->list->exp_s, now_s));
	if (e->list != NULL && e->list->ttl_end_s != 0)
		left = lower(left, seconds_until(e->list->ttl_end_s, now_s));
	return (uint32_t)left;
}

static void settle_verified(struct eg_pipeline *p, struct eg_pending *e)
{
	struct eg_revoke_answer found = check_revocation(p->config.revoke, e, p->now_s);

	e->answer.status = found.status;
	e->answer.detail = found.detail;
	if (e->list != NULL && is_past(e->list->ttl_end_s, p->now_s)) {
		e->answer.rflags |= EG_RFLAG_LIST_STALE;
		eg_pipeline_count(p, EG_COUNTER_list_stale, 1);
	}
	if (found.status == EG_OK)
		e->answer.cache_for = cache_for(p, e);
	eg_record_settle(p, e->ref, &e->answer);
}

static void settle(struct eg_pipeline *p, struct eg_pending *e, bool signature_ok)
{
	e->answer.rflags |= EG_RFLAG_SIG_CHECKED;
	if (signature_ok && e->deferred.status == EG_OK) {
		settle_verified(p, e);
		return;
	}
	e->answer.status = signature_ok ? (uint8_t)e->deferred.status : EG_BAD_SIGNATURE;
	e->answer.detail = signature_ok ? (uint8_t)e->deferred.detail : EG_DETAIL_NONE;
	eg_record_settle(p, e->ref, &e->answer);
}

/* ── runs ── */

/* Every sample_every-th verdict, whoever it belongs to, as the engine gave it. */
static void sample(struct eg_pipeline *p, unsigned cnt)
{
	const struct eg_signature_queue *queue = &p->queue;
	uint64_t next = p->unsampled; /* wider than the step, which may be 2^32 - 1 */

	if (p->config.samples == NULL)
		return;
	for (; next < cnt; next += p->config.sample_every) {
		bool put = eg_sample_put(p->config.samples, &queue->job[next], queue->ok[next]);

		eg_pipeline_count(p,
		    put ? EG_COUNTER_signature_samples : EG_COUNTER_signature_samples_skipped, 1);
	}
	p->unsampled = (uint32_t)(next - cnt);
}

static void settle_all(struct eg_pipeline *p, unsigned cnt)
{
	for (unsigned i = 0; i < cnt; i++) {
		struct eg_pending *e = entry_at(&p->queue, i);

		eg_count(&p->stats->key_signatures[e->key->stats_slot], 1);
		settle(p, e, p->queue.ok[i]);
	}
}

static void run(struct eg_pipeline *p, unsigned cnt, enum eg_counter reason)
{
	struct eg_signature_queue *queue = &p->queue;

	if (cnt == 0)
		return;
	for (unsigned i = 0; i < cnt; i++) {
		const struct eg_pending *e = entry_at(queue, i);

		queue->job[i] = (struct eg_ed25519_job){
		    .key = &e->key->ed,
		    .msg = e->message.ptr,
		    .sig = e->signature,
		    .msg_bytes = (uint32_t)e->message.len,
		};
	}
	eg_ed25519_verify(p->config.ed25519, queue->job, cnt, queue->ok);
	(void)eg_stage_end(&p->clock, EG_STAGE_signature, cnt);
	sample(p, cnt);
	settle_all(p, cnt);
	(void)eg_stage_end(&p->clock, EG_STAGE_settle, cnt);
	queue->head = (queue->head + cnt) % EG_SIGNATURE_QUEUE_MAX;
	queue->cnt -= cnt;
	eg_pipeline_count(p, EG_COUNTER_signatures, cnt);
	eg_pipeline_count(p, EG_COUNTER_signature_batches, 1);
	eg_pipeline_count(p, reason, 1);
}

static unsigned whole_groups(const struct eg_pipeline *p)
{
	return p->queue.cnt - p->queue.cnt % p->config.ed25519->lanes;
}

void eg_signature_queue_run_full(struct eg_pipeline *p)
{
	if (p->queue.cnt >= EG_BATCH_SLOTS)
		run(p, whole_groups(p), EG_COUNTER_signature_flush_full);
}

static bool is_due(struct eg_pipeline *p, unsigned i)
{
	return p->now_ns - entry_at(&p->queue, i)->queued_ns >= p->config.signature_deadline_ns;
}

/* A group that is not full costs as much as one that is: its records wait for company while they
 * may, and only what is due goes without. */
void eg_signature_queue_run_deadline(struct eg_pipeline *p)
{
	unsigned whole = whole_groups(p);

	if (p->queue.cnt == 0 || !is_due(p, 0))
		return;
	if (whole < p->queue.cnt && is_due(p, whole))
		whole = p->queue.cnt;
	run(p, whole, EG_COUNTER_signature_flush_deadline);
}

void eg_signature_queue_run_idle(struct eg_pipeline *p)
{
	run(p, p->queue.cnt, EG_COUNTER_signature_flush_idle);
}
