/* SPDX-License-Identifier: BSD-3-Clause */
/* The pipeline while time passes and state changes under it. */
#include "eg_test.h"

#include "world.h"

#include <pthread.h>
#include <sched.h>

#define DEADLINE_NS 20000u
#define NEVER_NS    UINT64_MAX

#define STATUS(idx) ",\"status\":{\"status_list\":{\"idx\":" idx ",\"uri\":\"" WORLD_LIST "\"}}"

static uint64_t send_one(struct world *w, const struct world_token *token, uint64_t min_epoch)
{
	struct eg_egt_record record = world_record(token, 0);

	return world_send(w, 0, min_epoch, &record, 1);
}

static struct eg_egt_answer answer_of(const struct world *w, uint64_t id)
{
	assert_true(world_reply(w, id)->answered);
	return world_reply(w, id)->answers[0];
}

static void deny(struct world *w, enum eg_revoke_kind kind, const char *value, uint64_t until_s,
    const struct eg_revoke_sink *sink)
{
	assert_int_equal(
	    eg_revoke_set_entry(w->revoke, world_hash(w, kind, value), kind, until_s, sink, NULL),
	    0);
}

static void deny_by_mail(struct world *w, const char *jti)
{
	struct eg_revoke_sink sink = world_by_mail(w);

	deny(w, EG_REVOKE_JTI, jti, WORLD_NOW_S + 300, &sink);
}

/* ── time ── */

static void a_token_expires_between_two_packets(void **state)
{
	struct world *w = world_new(1, NULL, DEADLINE_NS, NULL);
	struct world_token token = world_good(w, "");
	uint64_t before, after;

	w->now_ns += 300 * EG_NS_PER_S - 1;
	before = send_one(w, &token, 0);
	world_turn(w);
	w->now_ns += 1;
	after = send_one(w, &token, 0);
	world_turn(w);
	world_idle(w);
	assert_int_equal(answer_of(w, before).status, EG_OK);
	assert_int_equal(answer_of(w, after).status, EG_EXPIRED);
	world_free(w);
}

static void a_clock_behind_the_log_is_not_ready(void **state)
{
	struct world *w = world_new(1, NULL, DEADLINE_NS, NULL);
	struct world_token token = world_good(w, "");

	w->now_ns -= 1; /* one nanosecond before the second that has begun */
	w->newest_event_s = WORLD_NOW_S;
	struct eg_snapshot *snap = world_snapshot(w, w->epoch);

	world_mail_snapshot(w, snap);
	assert_int_equal(world_ask(w, &token, 0, 0).status, EG_NOT_READY);
	w->now_ns += 1;
	assert_int_equal(world_ask(w, &token, 0, 0).status, EG_OK);
	world_free(w);
	eg_snapshot_free(snap);
}

static void without_a_snapshot_nothing_is_ready(void **state)
{
	struct world *w = world_new(1, NULL, DEADLINE_NS, NULL);
	struct world_token token = world_good(w, "");

	world_mail_snapshot(w, NULL);
	assert_int_equal(world_ask(w, &token, 0, 0).status, EG_NOT_READY);
	world_mail_snapshot(w, w->snapshot);
	assert_int_equal(world_ask(w, &token, 0, 0).status, EG_OK);
	world_free(w);
}

/* ── revocation ── */

static void adjust_key_windows(struct world *w)
{
	w->key[0].not_before_s = WORLD_NOW_S + 1;
	w->key[0].not_after_s = WORLD_NOW_S + 2;
}

static void a_key_counts_inside_its_window_only(void **state)
{
	static const uint8_t expect[] = {EG_REVOKED, EG_OK, EG_OK, EG_REVOKED};
	struct world *w = world_new(1, NULL, DEADLINE_NS, adjust_key_windows);
	struct world_token token = world_good(w, "");

	for (unsigned i = 0; i < sizeof(expect); i++) {
		struct eg_egt_answer a = world_ask(w, &token, 0, 0);

		assert_int_equal(a.status, expect[i]);
		assert_int_equal(
		    a.detail, expect[i] == EG_REVOKED ? EG_DETAIL_KEY : EG_DETAIL_NONE);
		w->now_ns += EG_NS_PER_S;
	}
	world_free(w);
}

static void assert_refused(
    struct world *w, const struct world_token *token, enum eg_verdict status, enum eg_detail detail)
{
	struct eg_egt_answer a = world_ask(w, token, 0, 0);

	assert_int_equal(a.status, status);
	assert_int_equal(a.detail, detail);
	assert_int_equal(a.rflags, EG_RFLAG_SIG_CHECKED);
	assert_int_equal(a.cache_for, 0);
}

/* Reasons are added from the last rule to the first: each hides the ones before. */
static void the_first_rule_that_hits_wins(void **state)
{
	struct world *w = world_new(1, NULL, DEADLINE_NS, NULL);
	struct eg_revoke_sink sink = world_direct(w);
	struct world_token token = world_good(w,
	    ",\"iat\":1799999000,\"sub\":\"s\",\"jti\":\"j\",\"sid\":\"i\",\"cnf\":{\"jkt\":"
	    "\"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I\"}" STATUS("20"));
	struct eg_snapshot *snap;

	assert_int_equal(world_ask(w, &token, 0, 0).status, EG_STATUS_UNKNOWN);
	deny(w, EG_REVOKE_JKT, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", WORLD_NOW_S, &sink);
	assert_int_equal(world_ask(w, &token, 0, 0).detail, EG_DETAIL_JKT);
	deny(w, EG_REVOKE_SID, "i", WORLD_NOW_S, &sink);
	assert_int_equal(world_ask(w, &token, 0, 0).detail, EG_DETAIL_SID);
	deny(w, EG_REVOKE_JTI, "j", WORLD_NOW_S, &sink);
	assert_int_equal(world_ask(w, &token, 0, 0).detail, EG_DETAIL_JTI);
	deny(w, EG_REVOKE_SUBJECT, "s", 1799999000, &sink);
	assert_int_equal(world_ask(w, &token, 0, 0).detail, EG_DETAIL_SUBJECT);
	deny(w, EG_REVOKE_ISSUER, "", 1799999000, &sink);
	assert_int_equal(world_ask(w, &token, 0, 0).detail, EG_DETAIL_ISSUER);
	w->key[0].revoked = true;
	snap = world_snapshot(w, w->epoch + 1);
	world_mail_snapshot(w, snap);
	assert_int_equal(world_ask(w, &token, 0, 0).detail, EG_DETAIL_KEY);
	world_free(w);
	eg_snapshot_free(snap);
}

static void cutoffs_take_what_is_not_younger(void **state)
{
	struct world *w = world_new(1, NULL, DEADLINE_NS, NULL);
	struct eg_revoke_sink sink = world_direct(w);
	struct world_token at = world_good(w, ",\"iat\":1799999000.9,\"sub\":\"s\"");
	struct world_token younger = world_good(w, ",\"iat\":1799999001,\"sub\":\"s\"");
	struct world_token undated = world_good(w, ",\"sub\":\"s\"");
	struct world_token other = world_good(w, ",\"sub\":\"t\"");

	deny(w, EG_REVOKE_SUBJECT, "s", 1799999000, &sink);
	assert_refused(w, &at, EG_REVOKED, EG_DETAIL_SUBJECT);
	assert_refused(w, &undated, EG_REVOKED, EG_DETAIL_SUBJECT);
	assert_int_equal(world_ask(w, &younger, 0, 0).status, EG_OK);
	assert_int_equal(world_ask(w, &other, 0, 0).status, EG_OK);
	world_free(w);
}

/* ── mail ── */

/* Operations and epochs are taken while tokens wait for their signatures. Those were asked about at
 * the old epoch and are answered so, judged by what is in force when their turn comes; the one that
 * comes with the mail is promised the new epoch. */
static void a_token_is_revoked_while_it_is_queued(void **state)
{
	struct world *w = world_new(1, NULL, NEVER_NS, NULL);
	struct world_token token = world_good(w, ",\"jti\":\"j\"");
	struct world_token neighbour = world_good(w, ",\"jti\":\"n\"");
	uint64_t old_epoch = w->epoch;
	uint64_t before = send_one(w, &token, 0), beside = send_one(w, &neighbour, 0), after;

	world_turn(w);
	assert_int_equal(eg_pipeline_in_flight(w->cores[0].pipeline), 2);
	deny_by_mail(w, "j");
	world_mail_epoch(w, old_epoch + 1);
	after = send_one(w, &token, old_epoch + 1);
	world_turn(w);
	assert_int_equal(eg_pipeline_in_flight(w->cores[0].pipeline), 3);
	assert_int_equal(world_counter(w, EG_COUNTER_signature_batches), 0);
	assert_int_equal(eg_stats_applied_epoch(&w->stats), old_epoch + 1);
	world_idle(w);
	assert_int_equal(answer_of(w, before).status, EG_REVOKED);
	assert_int_equal(world_reply(w, before)->epoch, old_epoch);
	assert_int_equal(answer_of(w, beside).status, EG_OK);
	assert_int_equal(world_reply(w, beside)->epoch, old_epoch);
	assert_int_equal(answer_of(w, after).status, EG_REVOKED);
	assert_int_equal(answer_of(w, after).detail, EG_DETAIL_JTI);
	assert_int_equal(world_reply(w, after)->epoch, old_epoch + 1);
	assert_true(world_counter(w, EG_COUNTER_revocations) >= 1);
	world_free(w);
}

/* A queued token points into its snapshot, so a swap, and it alone, runs the queue dry first: what
 * stands before the swap in the mail is in force by then. */
static void a_swap_runs_the_queue_dry(void **state)
{
	struct world *w = world_new(1, NULL, NEVER_NS, NULL);
	struct world_token denied = world_good(w, ",\"jti\":\"j\"");
	struct world_token good = world_good(w, ",\"jti\":\"n\"");
	uint64_t old_epoch = w->epoch;
	uint64_t first = send_one(w, &denied, 0), second = send_one(w, &good, 0);
	struct eg_snapshot *next;
	uint64_t with_mail;

	world_turn(w);
	w->key[0].revoked = true;
	next = world_snapshot(w, w->epoch + 1);
	deny_by_mail(w, "j");
	world_mail_snapshot(w, next);
	world_mail_epoch(w, w->epoch + 1);
	with_mail = send_one(w, &good, 0);
	world_turn(w);
	assert_int_equal(eg_pipeline_in_flight(w->cores[0].pipeline), 1);
	assert_int_equal(answer_of(w, first).status, EG_REVOKED);
	assert_int_equal(answer_of(w, first).detail, EG_DETAIL_JTI);
	assert_int_equal(answer_of(w, second).status, EG_OK); /* by the key as it was */
	assert_int_equal(world_reply(w, second)->epoch, old_epoch);
	assert_int_equal(eg_stats_applied_epoch(&w->stats), old_epoch + 1);
	world_idle(w);
	assert_int_equal(answer_of(w, with_mail).status, EG_REVOKED);
	assert_int_equal(answer_of(w, with_mail).detail, EG_DETAIL_KEY);
	world_free(w);
	eg_snapshot_free(next);
}

static void a_snapshot_is_swapped_under_load(void **state)
{
	struct world *w = world_new(1, NULL, NEVER_NS, NULL);
	struct world_token token = world_good(w, "");
	struct eg_snapshot *live = world_snapshot(w, w->epoch), *next;

	world_mail_snapshot(w, live);
	for (unsigned i = 0; i < 50; i++) {
		bool revoked = i % 2 != 0;
		uint64_t id = send_one(w, &token, 0), later;

		world_turn(w);
		w->key[0].revoked = !revoked;
		next = world_snapshot(w, w->epoch + 1);
		world_mail_snapshot(w, next);
		world_mail_epoch(w, w->epoch + 1);
		later = send_one(w, &token, w->epoch);
		world_turn(w);
		assert_int_equal(answer_of(w, id).status, revoked ? EG_REVOKED : EG_OK);
		/* All have passed the swap, so the old keys may go, with `later` in the queue. */
		assert_int_equal(eg_stats_applied_epoch(&w->stats), w->epoch);
		eg_snapshot_free(live);
		live = next;
		world_idle(w);
		assert_int_equal(answer_of(w, later).status, revoked ? EG_OK : EG_REVOKED);
	}
	assert_int_equal(world_counter(w, EG_COUNTER_snapshots), 51);
	world_free(w);
	eg_snapshot_free(live);
}

static void a_flood_of_mail_is_taken_in_portions(void **state)
{
	struct world *w = world_new(1, NULL, DEADLINE_NS, NULL);
	struct world_token token = world_good(w, "");
	uint64_t first, second, base = w->epoch;

	for (unsigned i = 1; i <= EG_PIPELINE_MAIL_MAX + 1; i++)
		world_mail_epoch(w, base + i);
	first = send_one(w, &token, 0);
	world_turn(w);
	assert_int_equal(world_counter(w, EG_COUNTER_mailbox_entries), EG_PIPELINE_MAIL_MAX);
	second = send_one(w, &token, 0);
	world_turn(w);
	world_idle(w);
	assert_int_equal(world_reply(w, first)->epoch, base + EG_PIPELINE_MAIL_MAX);
	assert_int_equal(world_reply(w, second)->epoch, base + EG_PIPELINE_MAIL_MAX + 1);
	world_free(w);
}

/* ── two cores ── */

static void turn_of(struct world *w, unsigned core)
{
	w->core = core;
	world_idle(w);
}

static uint64_t ask_on(
    struct world *w, unsigned core, const struct world_token *token, uint64_t min_epoch)
{
	uint64_t id;

	w->core = core;
	id = send_one(w, token, min_epoch);
	world_turn(w);
	world_idle(w);
	return id;
}

static void the_epoch_answered_is_the_lowest_of_all_cores(void **state)
{
	struct world *w = world_new(2, NULL, DEADLINE_NS, NULL);
	struct world_token token = world_good(w, ",\"jti\":\"j\"");
	uint64_t old_epoch = w->epoch, id;
	unsigned owner = eg_shard_owner(eg_shard_of_hash(world_hash(w, EG_REVOKE_JTI, "j")), 2);

	deny_by_mail(w, "j");
	world_mail_epoch(w, old_epoch + 1);
	turn_of(w, 1 - owner); /* has taken its mail, but does not own the entry */
	id = ask_on(w, 1 - owner, &token, 0);
	assert_int_equal(answer_of(w, id).status, EG_OK);
	assert_int_equal(world_reply(w, id)->epoch, old_epoch);
	id = ask_on(w, 1 - owner, &token, old_epoch + 1);
	assert_int_equal(answer_of(w, id).status, EG_STALE);
	turn_of(w, owner);
	id = ask_on(w, 1 - owner, &token, old_epoch + 1);
	assert_int_equal(answer_of(w, id).status, EG_REVOKED);
	assert_int_equal(world_reply(w, id)->epoch, old_epoch + 1);
	world_free(w);
}

/* ── two cores in threads, control beside them ── */

#define RACE_TOKENS 16u

struct race_core {
	struct world *w;
	unsigned core;
	const uint8_t *request;
	size_t request_bytes;
	uint64_t base_epoch;
	uint64_t answers, broken; /* broken: OK at an epoch that says revoked, or an epoch back */
	uint64_t last_epoch;
	struct eg_pipeline_out out;
	uint8_t data[WORLD_ROOM];
};

static _Atomic bool race_over;

/* Token i was revoked at epoch base + 1 + i. */
static void judge(struct race_core *r)
{
	struct eg_egt_response resp;

	if (r->out.tx_cnt != 1 ||
	    eg_egt_parse_response(eg_span(r->data, r->out.tx[0].len), &resp) != 0) {
		r->broken++;
		return;
	}
	r->broken += resp.epoch < r->last_epoch;
	r->last_epoch = resp.epoch;
	for (unsigned i = 0; i < resp.count; i++) {
		uint8_t status = eg_egt_answer_at(&resp, i).status;
		bool must = resp.epoch >= r->base_epoch + 1 + i;

		r->broken += status != EG_REVOKED && (must || status != EG_OK);
	}
	r->answers++;
}

static void *race(void *arg)
{
	struct race_core *r = arg;
	struct eg_pipeline *p = r->w->cores[r->core].pipeline;

	while (!atomic_load(&race_over) || r->last_epoch < r->base_epoch + RACE_TOKENS) {
		struct eg_packet pkt = {
		    .data = r->data,
		    .len = (uint32_t)r->request_bytes,
		    .room = WORLD_ROOM,
		    .flags = EG_PACKET_DATAGRAM,
		};

		memcpy(r->data, r->request, r->request_bytes);
		eg_pipeline_run(p, &pkt, 1, r->w->now_ns, &r->out);
		if (r->out.tx_cnt == 0)
			eg_pipeline_run(p, NULL, 0, r->w->now_ns, &r->out);
		eg_pipeline_sent(p, &r->out, r->out.tx_cnt);
		judge(r);
		(void)sched_yield();
	}
	return NULL;
}

static size_t race_request(const struct world *w, uint8_t *buf)
{
	struct eg_writer writer = eg_writer(buf, WORLD_ROOM);

	eg_egt_begin_request(&writer, EG_EGT_VERIFY, 0, RACE_TOKENS, 1, 0);
	for (unsigned i = 0; i < RACE_TOKENS; i++) {
		char members[32];
		struct world_token token;
		struct eg_egt_record record;

		(void)snprintf(members, sizeof(members), ",\"jti\":\"%u\"", i);
		token = world_good(w, members);
		record = world_record(&token, 0);
		eg_egt_put_record(&writer, &record);
	}
	return eg_egt_finish_request(&writer, buf, RACE_TOKENS);
}

/* Revokes one token after the other with a snapshot swap in between; frees what all have passed. */
static void control(struct world *w)
{
	struct eg_snapshot *live = NULL;

	for (unsigned i = 0; i < RACE_TOKENS; i++) {
		struct eg_snapshot *next = world_snapshot(w, w->epoch + 1);
		char jti[16];

		(void)snprintf(jti, sizeof(jti), "%u", i);
		deny_by_mail(w, jti);
		world_mail_snapshot(w, next);
		world_mail_epoch(w, w->epoch + 1);
		while (eg_stats_applied_epoch(&w->stats) < w->epoch)
			(void)sched_yield();
		eg_snapshot_free(live);
		eg_revoke_reclaim(w->revoke, w->epoch, w->epoch);
		live = next;
	}
	world_mail_snapshot(w, w->snapshot);
	world_mail_epoch(w, w->epoch + 1);
	while (eg_stats_applied_epoch(&w->stats) < w->epoch)
		(void)sched_yield();
	eg_snapshot_free(live);
}

static void two_cores_and_control_race(void **state)
{
	static uint8_t request[WORLD_ROOM];
	static struct race_core cores[WORLD_CORES];
	struct world *w = world_new(WORLD_CORES, NULL, DEADLINE_NS, NULL);
	size_t request_bytes = race_request(w, request);
	pthread_t thread[WORLD_CORES];

	atomic_store(&race_over, false);
	for (unsigned i = 0; i < WORLD_CORES; i++) {
		cores[i] = (struct race_core){.w = w,
		    .core = i,
		    .request = request,
		    .request_bytes = request_bytes,
		    .base_epoch = w->epoch};
		assert_int_equal(pthread_create(&thread[i], NULL, race, &cores[i]), 0);
	}
	control(w);
	atomic_store(&race_over, true);
	for (unsigned i = 0; i < WORLD_CORES; i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
		assert_int_equal(cores[i].broken, 0);
		assert_true(cores[i].answers > 0);
	}
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_token_expires_between_two_packets),
	    cmocka_unit_test(a_clock_behind_the_log_is_not_ready),
	    cmocka_unit_test(without_a_snapshot_nothing_is_ready),
	    cmocka_unit_test(a_key_counts_inside_its_window_only),
	    cmocka_unit_test(the_first_rule_that_hits_wins),
	    cmocka_unit_test(cutoffs_take_what_is_not_younger),
	    cmocka_unit_test(a_token_is_revoked_while_it_is_queued),
	    cmocka_unit_test(a_snapshot_is_swapped_under_load),
	    cmocka_unit_test(a_swap_runs_the_queue_dry),
	    cmocka_unit_test(a_flood_of_mail_is_taken_in_portions),
	    cmocka_unit_test(the_epoch_answered_is_the_lowest_of_all_cores),
	    cmocka_unit_test(two_cores_and_control_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
