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

void eg_signature_queue_prefetch(struct eg_pipeline *p)
{
	struct eg_case_lines lines;

	lines.cnt = 0;
	for (; p->queue.asked < p->queue.cnt; p->queue.asked++)
		eg_case_add_lines(p, &entry_at(&p->queue, p->queue.asked)->of, &lines);
	eg_case_prefetch(&lines);
}

/* So many in a row that their page walks overlap, and so few that the core can wait for all their
 * lines at once while it decodes the next ones. */
#define ASK_AT_ONCE 8u

void eg_signature_queue_push(struct eg_pipeline *p)
{
	eg_signature_queue_next(&p->queue)->queued_ns = p->now_ns;
	p->queue.cnt++;
	if (p->queue.cnt - p->queue.asked == ASK_AT_ONCE)
		eg_signature_queue_prefetch(p);
}

/* ── verdicts ── */

static enum eg_verdict settle(struct eg_pipeline *p, struct eg_pending *e, bool signature_ok)
{
	struct eg_finding found = e->deferred;

	e->of.answer.rflags |= EG_RFLAG_SIG_CHECKED;
	if (signature_ok && found.status == EG_OK)
		return eg_case_settle(p, &e->of);
	if (!signature_ok)
		found = eg_finding(EG_BAD_SIGNATURE, EG_DETAIL_NONE);
	eg_case_refuse(p, &e->of, found);
	return found.status;
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
	for (unsigned i = 0; i < cnt; i++)
		eg_lookup_expect(p, entry_at(&p->queue, i));
	for (unsigned i = 0; i < cnt; i++)
		eg_lookup_expect_entry(p, entry_at(&p->queue, i));
	for (unsigned i = 0; i < cnt; i++) {
		struct eg_pending *e = entry_at(&p->queue, i);

		eg_count(&p->stats->key_signatures[e->of.key->stats_slot], 1);
		eg_lookup_keep(p, e, settle(p, e, p->queue.ok[i]));
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
		    .key = &e->of.key->ed,
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
	queue->asked -= cnt;
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
