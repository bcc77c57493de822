/* SPDX-License-Identifier: BSD-3-Clause */
#include "impl.h"

#include <assert.h>

static const _Atomic uint64_t no_order;

size_t eg_pipeline_footprint(void)
{
	return sizeof(struct eg_pipeline);
}

/* Pairs with the acquire loads of eg_stats_applied_epoch: whoever reads this epoch sees all that
 * was applied before it, and that the snapshots before it are no longer in use here. */
static void publish_epoch(struct eg_pipeline *p, uint64_t epoch)
{
	atomic_store_explicit(&p->stats->applied_epoch, epoch, memory_order_release);
}

struct eg_pipeline *eg_pipeline_init(void *mem, const struct eg_pipeline_config *config)
{
	struct eg_pipeline *p = mem;

	assert(config->worker < config->worker_cnt && config->worker_cnt <= EG_WORKERS_MAX);
	assert(config->ed25519->lanes >= 1 && config->ed25519->lanes <= EG_BATCH_SLOTS);
	assert(config->samples == NULL || config->sample_phase < config->sample_every);
	memset(p, 0, sizeof(*p));
	p->config = *config;
	p->stats = &config->stats->core[config->worker];
	p->snapshot = config->snapshot;
	p->unsampled = config->sample_phase;
	p->order = config->trace != NULL ? eg_trace_order(config->trace) : &no_order;
	eg_stage_start(&p->clock, config->ticks, p->stats->stage);
	eg_frame_pool_init(&p->frames);
	publish_epoch(p, config->epoch);
	return p;
}

/* What is queued points into the snapshot, and its signatures are this engine's to judge. */
static void finish_queue(struct eg_pipeline *p)
{
	(void)eg_stage_end(&p->clock, EG_STAGE_house, 0);
	eg_signature_queue_run_idle(p);
}

/*
 * Operations and epochs are taken while records wait for their signatures. Such a record was
 * promised the epoch of its frame's admission, and is looked up after it: words and tables only get
 * newer, so it is judged by that epoch or a later one (docs/decisions/0002; the model in
 * tests/model/ has owners that apply and publish between the two, its own core among them).
 * Between turns it holds no pointer into a table or a bitmap's blocks: what control may free after
 * our epoch is not in use.
 */
static void take_entry(struct eg_pipeline *p, const struct eg_mail *mail)
{
	switch (mail->kind) {
	case EG_MAIL_OP:
		eg_revoke_apply(p->config.revoke, &mail->op);
		eg_pipeline_count(p, EG_COUNTER_revocations, 1);
		return;
	case EG_MAIL_SNAPSHOT:
		finish_queue(p);
		p->snapshot = mail->snapshot;
		eg_pipeline_count(p, EG_COUNTER_snapshots, 1);
		return;
	case EG_MAIL_ENGINE:
		finish_queue(p);
		p->config.ed25519 = mail->engine;
		if (p->config.vcache != NULL) /* what the other one called good */
			eg_vcache_forget(p->config.vcache);
		eg_pipeline_count(p, EG_COUNTER_signature_fallbacks, 1);
		return;
	case EG_MAIL_EPOCH:
		publish_epoch(p, mail->epoch);
		return;
	}
}

/* Applying an operation waits for a cache line that nobody else has touched lately: the lines of
 * those that follow are asked for meanwhile. */
#define PREFETCH_AHEAD 8u

static void prefetch_entry(const struct eg_pipeline *p, const struct eg_mail *mail)
{
	if (mail->kind == EG_MAIL_OP)
		eg_revoke_prefetch_op(p->config.revoke, &mail->op);
}

static void take_entries(struct eg_pipeline *p, const struct eg_mail mail[], unsigned cnt)
{
	for (unsigned i = 0; i < cnt && i < PREFETCH_AHEAD; i++)
		prefetch_entry(p, &mail[i]);
	for (unsigned i = 0; i < cnt; i++) {
		if (i + PREFETCH_AHEAD < cnt)
			prefetch_entry(p, &mail[i + PREFETCH_AHEAD]);
		take_entry(p, &mail[i]);
	}
}

/* True where there was some. */
static bool take_mail(struct eg_pipeline *p)
{
	struct eg_mailbox *box = p->config.mailbox;
	const struct eg_mail *mail;
	unsigned cnt;

	if (box == NULL || eg_mailbox_is_empty(box))
		return false;
	cnt = eg_mailbox_look(box, &mail, EG_PIPELINE_MAIL_MAX);
	take_entries(p, mail, cnt);
	eg_mailbox_done(box, cnt);
	eg_pipeline_count(p, EG_COUNTER_mailbox_entries, cnt);
	return true;
}

/* A clock that was set back makes the state fresh, not of the future. */
static uint64_t state_age(const struct eg_pipeline *p)
{
	const uint64_t contact_s =
	    atomic_load_explicit(&p->config.stats->header->state_read_utc_s, memory_order_relaxed);

	return p->now_s > contact_s ? p->now_s - contact_s : 0;
}

/* True where mail was taken. */
static bool begin_turn(struct eg_pipeline *p, struct eg_pipeline_out *out)
{
	bool had_mail;

	out->tx_cnt = 0;
	out->drop_cnt = 0;
	p->out = out;
	p->now_s = eg_utc_now_s(p->config.utc, p->now_ns);
	had_mail = take_mail(p);
	p->ready = p->snapshot != NULL && p->now_s >= p->snapshot->newest_event_s;
	p->epoch = eg_stats_applied_epoch(p->config.stats);
	p->state_age_s = state_age(p);
	return had_mail;
}

static void admit_burst(struct eg_pipeline *p, const struct eg_packet rx[], unsigned cnt)
{
	uint64_t rx_bytes = 0;

	for (unsigned i = 0; i < cnt; i++) {
		rx_bytes += rx[i].len;
		eg_frame_admit(p, &rx[i]);
	}
	(void)eg_stage_end(&p->clock, EG_STAGE_parse, cnt);
	eg_batch_run(p);
	eg_pipeline_count(p, EG_COUNTER_rx_packets, cnt);
	eg_pipeline_count(p, EG_COUNTER_rx_bytes, rx_bytes);
}

/* An order has come, is followed, or has gone. */
static void __attribute__((noinline)) follow_trace(struct eg_pipeline *p, uint64_t order,
    const struct eg_packet rx[], unsigned cnt, uint64_t rx_cycles)
{
	if (order != p->trace_order)
		eg_trace_switch(p, order);
	if (order != 0 && cnt != 0)
		eg_trace_arrive(p, rx, cnt, rx_cycles);
}

static void receive(struct eg_pipeline *p, const struct eg_packet rx[], unsigned cnt)
{
	/* Relaxed: the word says all that a trace needs to know. */
	const uint64_t order = atomic_load_explicit(p->order, memory_order_relaxed);
	const uint64_t rx_cycles = cnt != 0 ? eg_stage_end(&p->clock, EG_STAGE_rx, cnt) : 0;

	if ((order | p->trace_order) != 0)
		follow_trace(p, order, rx, cnt, rx_cycles);
}

void eg_pipeline_run(struct eg_pipeline *p, const struct eg_packet rx[], unsigned cnt,
    uint64_t now_ns, struct eg_pipeline_out *out)
{
	bool had_mail;

	assert(cnt <= EG_BURST_MAX);
	p->now_ns = now_ns;
	receive(p, rx, cnt);
	had_mail = begin_turn(p, out);
	(void)eg_stage_end(&p->clock, cnt != 0 || had_mail ? EG_STAGE_house : EG_STAGE_idle, 0);
	eg_pipeline_count(p, EG_COUNTER_rx_polls, 1);
	if (cnt == 0) {
		eg_pipeline_count(p, EG_COUNTER_rx_empty_polls, 1);
		eg_signature_queue_run_idle(p);
	} else {
		admit_burst(p, rx, cnt);
		eg_signature_queue_run_deadline(p);
	}
	if (p->trace_order != 0)
		eg_trace_depart(p);
	p->out = NULL;
}

void eg_pipeline_sent(struct eg_pipeline *p, const struct eg_pipeline_out *out, unsigned sent_cnt)
{
	uint64_t tx_bytes = 0;

	for (unsigned i = 0; i < sent_cnt; i++) {
		eg_count(&p->stats->answer[out->tx[i].answer], 1);
		tx_bytes += out->tx[i].len;
	}
	eg_pipeline_count(p, EG_COUNTER_tx_packets, sent_cnt);
	eg_pipeline_count(p, EG_COUNTER_tx_bytes, tx_bytes);
	if (sent_cnt < out->tx_cnt)
		eg_count(&p->stats->drop[EG_DROP_tx_full], out->tx_cnt - sent_cnt);
	(void)eg_stage_end(&p->clock, EG_STAGE_tx, (uint64_t)out->tx_cnt + out->drop_cnt);
	if (p->trace_order != 0)
		eg_trace_left(p, out, sent_cnt);
}

void eg_pipeline_stage(struct eg_pipeline *p, enum eg_stage stage, uint64_t items)
{
	(void)eg_stage_end(&p->clock, stage, items);
}

unsigned eg_pipeline_in_flight(const struct eg_pipeline *p)
{
	return EG_FRAMES_MAX - p->frames.free_cnt;
}
