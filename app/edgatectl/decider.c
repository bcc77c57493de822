/* SPDX-License-Identifier: BSD-3-Clause */
#include "decider.h"

#include <stdlib.h>

struct decider {
	struct eg_state *st;
	struct eg_snapshot *snapshot;
	uint64_t epoch;
	struct eg_revoke *revoke;
	struct eg_stats stats;
	struct eg_utc utc;
	void *memory;
	struct eg_pipeline *pipeline;
	struct eg_pipeline_out *out;
	uint32_t policy_id;
	uint64_t request_id;
	uint8_t frame[EG_EGT_DATAGRAM_MAX];
};

int decider_configure(const struct eg_cli *cli, struct decider_config *config)
{
	uint64_t clock_s = (uint64_t)(eg_clock_utc_ns() / EG_NS_PER_S);
	uint64_t policy_id = 0;
	int rc;

	*config = (struct decider_config){
	    .state_dir = ctl_state_dir(cli),
	    .now_s = clock_s,
	    .now_is_chosen = eg_cli_has(cli, "now"),
	};
	rc = eg_cli_get_time(cli, "now", clock_s, &config->now_s);
	if (rc == 0)
		rc = eg_cli_get_number(cli, "policy", UINT32_MAX, &policy_id);
	if (rc != 0)
		return rc;
	if (config->now_s > DECIDER_NOW_MAX)
		return eg_cli_usage(cli, "--now: the clock ends at %llu, in the year 2262",
		    (unsigned long long)DECIDER_NOW_MAX);
	config->policy_id = (uint32_t)policy_id;
	return 0;
}

static void take_snapshot(void *ctx, struct eg_snapshot *snapshot)
{
	struct decider *d = ctx;

	eg_snapshot_free(d->snapshot);
	d->snapshot = snapshot;
}

static void take_epoch(void *ctx, uint64_t epoch)
{
	struct decider *d = ctx;

	d->epoch = epoch;
}

static int load_state(struct decider *d, const char *dir, struct eg_error *err)
{
	const struct eg_follower follower = {
	    .ctx = d,
	    .sink = eg_revoke_direct_sink(d->revoke),
	    .snapshot = take_snapshot,
	    .epoch = take_epoch,
	};
	bool changed;
	int rc = eg_state_open(&d->st, dir, EG_STATE_READ, err);

	return rc == 0 ? eg_state_follow(d->st, d->revoke, &follower, &changed, err) : rc;
}

/* A few signatures of keys without tables: the table of the base point would cost more than all. */
static const struct eg_ed25519_impl *engine(struct eg_error *err)
{
	return eg_ed25519_select(getenv("EDGATE_ED25519") == NULL ? "sodium" : NULL, err);
}

static int start_pipeline(struct decider *d, struct eg_error *err)
{
	const struct eg_pipeline_config config = {
	    .worker_cnt = 1,
	    .signature_deadline_ns = 0, /* one token a turn: nothing waits */
	    .max_datagram_bytes = EG_EGT_DATAGRAM_MAX,
	    .ed25519 = engine(err),
	    .stats = &d->stats,
	    .revoke = d->revoke,
	    .utc = &d->utc,
	    .snapshot = d->snapshot,
	    .epoch = d->epoch,
	    .version = "",
	};

	if (config.ed25519 == NULL)
		return err->code;
	d->pipeline = eg_pipeline_init(d->memory, &config);
	return 0;
}

static int allocate(struct decider *d, struct eg_error *err)
{
	size_t bytes = (eg_pipeline_footprint() + EG_CACHE_LINE_BYTES - 1) &
	               ~(size_t)(EG_CACHE_LINE_BYTES - 1);

	d->memory = aligned_alloc(EG_CACHE_LINE_BYTES, bytes);
	d->out = calloc(1, sizeof(*d->out));
	d->revoke = eg_revoke_new();
	if (d->memory == NULL || d->out == NULL || d->revoke == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for the pipeline");
	return 0;
}

static int start(struct decider *d, const struct decider_config *config, struct eg_error *err)
{
	int64_t utc_ns = (int64_t)config->now_s * EG_NS_PER_S;
	int rc = allocate(d, err);

	if (rc == 0)
		rc = eg_stats_create(&d->stats, NULL, 1, utc_ns, err);
	if (rc == 0)
		rc = load_state(d, config->state_dir, err);
	if (rc != 0)
		return rc;
	if (config->now_is_chosen && d->snapshot != NULL)
		d->snapshot->newest_event_s = 0;
	/* The store was read just now, whatever time is asked about. */
	atomic_store_explicit(
	    &d->stats.header->state_read_utc_s, config->now_s, memory_order_relaxed);
	d->policy_id = config->policy_id;
	eg_utc_init(&d->utc, 0, utc_ns);
	return start_pipeline(d, err);
}

struct decider *decider_open(const struct decider_config *config, struct eg_error *err)
{
	struct decider *d = calloc(1, sizeof(*d));

	if (d == NULL) {
		(void)eg_error_set(err, EG_ENOMEM, "no memory for the pipeline");
		return NULL;
	}
	if (start(d, config, err) != 0) {
		decider_close(d);
		return NULL;
	}
	return d;
}

void decider_close(struct decider *d)
{
	if (d->stats.header != NULL)
		eg_stats_close(&d->stats);
	eg_snapshot_free(d->snapshot);
	if (d->st != NULL)
		eg_state_close(d->st);
	if (d->revoke != NULL)
		eg_revoke_free(d->revoke);
	free(d->out);
	free(d->memory);
	free(d);
}

static size_t write_request(struct decider *d, const struct ctl_line *line)
{
	const struct eg_egt_record record = {line->fmt, d->policy_id, line->token};
	struct eg_writer w = eg_writer(d->frame, sizeof(d->frame));

	eg_egt_begin_request(&w, EG_EGT_VERIFY, 0, 1, ++d->request_id, 0);
	eg_egt_put_record(&w, &record);
	return eg_egt_finish_request(&w, d->frame, 1);
}

/* Nothing tells why but the counters: the first drop that is not zero is the one. */
static int no_answer(const struct decider *d, struct eg_error *err)
{
	const struct eg_core_stats *core = &d->stats.core[0];
	unsigned drop = 0;

	while (drop < EG_DROP_COUNT && eg_count_read(&core->drop[drop]) == 0)
		drop++;
	return eg_error_set(err, EG_EIO, "the pipeline gave no answer (%s)",
	    drop < EG_DROP_COUNT ? eg_drop_name(drop) : "and counted no drop");
}

static int read_answer(struct decider *d, struct eg_egt_answer *answer, struct eg_error *err)
{
	struct eg_egt_response response;

	if (d->out->tx_cnt != 1 ||
	    eg_egt_parse_response(eg_span(d->out->tx[0].data, d->out->tx[0].len), &response) != 0 ||
	    response.type != EG_EGT_VERIFY_R || response.count != 1 ||
	    response.request_id != d->request_id)
		return no_answer(d, err);
	*answer = eg_egt_answer_at(&response, 0);
	return 0;
}

int decider_ask(struct decider *d, const struct ctl_line *line, struct eg_egt_answer *answer,
    struct eg_error *err)
{
	struct eg_packet packet = {
	    .data = d->frame, .room = sizeof(d->frame), .flags = EG_PACKET_DATAGRAM};

	if (line->too_big) {
		*answer = (struct eg_egt_answer){.status = EG_TOO_BIG};
		return 0;
	}
	packet.len = (uint32_t)write_request(d, line);
	eg_pipeline_run(d->pipeline, &packet, 1, 0, d->out);
	eg_pipeline_sent(d->pipeline, d->out, d->out->tx_cnt);
	return read_answer(d, answer, err);
}

struct eg_state *decider_state(const struct decider *d)
{
	return d->st;
}

const struct eg_snapshot *decider_snapshot(const struct decider *d)
{
	return d->snapshot;
}
