/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A core of edgate-load over a wire that is an array in memory, in virtual time: whatever the wire
 * does with requests and answers, the counts add up, and no wrong answer is overlooked.
 */
#include "eg_test.h"

#include "core.h"
#include "revocations.h"

#include <pthread.h>
#include <unistd.h>

#define US 1000ull
#define MS 1000000ull

/* ── the wire ── */

#define WIRE_CNT (1u << 16)

struct wire_answer {
	uint64_t due_ns, id;
};

struct wire {
	struct load_lane base;
	uint64_t *clock_ns;
	uint64_t start_ns;
	/* What it does: each packet in so many is lost, answered late, answered twice. */
	unsigned lose_every, delay_every, double_every, wrong_every, retry_every;
	uint64_t delay_ns, late_ns;
	unsigned room;                         /* packets a turn; 0: any */
	uint64_t closed_from_ns, closed_to_ns; /* takes nothing */
	/* What it saw. */
	uint64_t sent, lost, doubled, wrong, retried;
	uint8_t status, wrong_status;
	uint64_t epoch;
	uint8_t slot[EG_BURST_MAX][2048];
	uint8_t answer[EG_BURST_MAX][EG_EGT_RESPONSE_BYTES(1)];
	struct wire_answer queue[WIRE_CNT];
	unsigned queue_cnt;
};

static struct wire *wire_of(struct load_lane *lane)
{
	return (struct wire *)lane;
}

static unsigned take_slots(struct load_lane *lane, struct load_slot slot[], unsigned cnt)
{
	for (unsigned i = 0; i < cnt; i++) {
		slot[i].pkt = (struct eg_packet){.data = wire_of(lane)->slot[i]};
		slot[i].payload = slot[i].pkt.data + LOAD_HEADERS_BYTES;
	}
	return cnt;
}

static void address(struct load_lane *lane, struct load_slot *slot, const struct load_address *a,
    size_t bytes, uint32_t payload_sum)
{
	assert_int_equal(
	    load_frame_sum(payload_sum, slot->payload, 0), load_frame_sum(0, slot->payload, bytes));
	assert_true(a->source < lane->steer->sources);
	slot->pkt.len = (uint32_t)bytes;
}

static void answer_at(struct wire *w, uint64_t due_ns, uint64_t id)
{
	assert_true(w->queue_cnt < WIRE_CNT);
	w->queue[w->queue_cnt++] = (struct wire_answer){due_ns, id};
}

static bool every(unsigned n, uint64_t i)
{
	return n != 0 && i % n == n - 1;
}

static void accept(struct wire *w, const uint8_t *payload)
{
	uint64_t id = eg_load_be64(payload + 8), i = w->sent++;
	uint64_t due_ns = *w->clock_ns + (every(w->delay_every, i) ? w->late_ns : w->delay_ns);

	if (every(w->lose_every, i)) {
		w->lost++;
		return;
	}
	answer_at(w, due_ns, id);
	if (every(w->double_every, i)) {
		w->doubled++;
		answer_at(w, due_ns, id);
	}
}

static unsigned send_slots(struct load_lane *lane, struct load_slot slot[], unsigned cnt)
{
	struct wire *w = wire_of(lane);
	uint64_t now_ns = *w->clock_ns - w->start_ns;

	if (now_ns >= w->closed_from_ns && now_ns < w->closed_to_ns)
		cnt = 0;
	if (w->room != 0 && cnt > w->room)
		cnt = w->room;
	for (unsigned i = 0; i < cnt; i++)
		accept(w, slot[i].payload);
	return cnt;
}

static uint8_t next_status(struct wire *w, uint64_t i)
{
	if (every(w->wrong_every, i)) {
		w->wrong++;
		return w->wrong_status;
	}
	if (every(w->retry_every, i)) {
		w->retried++;
		return EG_OVERLOADED;
	}
	return w->status;
}

static unsigned receive_payloads(struct load_lane *lane, struct eg_span payload[], unsigned *came)
{
	static uint64_t answers;
	struct wire *w = wire_of(lane);
	unsigned kept = 0;

	*came = 0;
	for (unsigned i = 0; i < w->queue_cnt; i++) {
		struct wire_answer a = w->queue[i];

		if (a.due_ns > *w->clock_ns || *came == EG_BURST_MAX) {
			w->queue[kept++] = a;
			continue;
		}
		(void)eg_egt_write_response(w->answer[*came], EG_EGT_VERIFY_R, a.id, w->epoch,
		    &(struct eg_egt_answer){.status = next_status(w, answers++)}, 1);
		payload[*came] = eg_span(w->answer[*came], sizeof(w->answer[*came]));
		(*came)++;
	}
	w->queue_cnt = kept;
	return *came;
}

static void release(struct load_lane *lane)
{
	(void)lane;
}

static const struct load_lane_ops wire_ops = {
    .take = take_slots,
    .address = address,
    .send = send_slots,
    .receive = receive_payloads,
    .release = release,
};

/* ── one core in virtual time ── */

static uint64_t now_ns, turn_ns = 2 * US, stall_at_ns, stall_ns;

static uint64_t clock_ns(void *clock)
{
	now_ns += turn_ns;
	if (stall_ns != 0 && now_ns >= stall_at_ns) {
		now_ns += stall_ns;
		stall_ns = 0;
	}
	return now_ns;
}

struct bench {
	struct load_corpus corpus;
	struct load_popularity popularity;
	struct load_timing timing;
	struct load_plan plan;
	struct load_core *core;
	struct wire wire;
};

static struct load_steer steer = {.owners = 1, .sources = 4};

static const char *write_file(const char *text)
{
	static char path[] = "/tmp/eg_load_core.XXXXXX";
	int fd;

	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
	return path;
}

static struct bench *bench_new(const char *profile)
{
	const struct load_corpus_wish wish = {.tokens_max = 1, .bytes_max = 1232, .list_bits = 1};
	struct bench *b = calloc(1, sizeof(*b));
	const char *path = write_file("a\tOK\tone\nb\tOK\ttwo\nc\tOK\tthree\n");
	struct eg_error err;

	assert_non_null(b);
	assert_int_equal(load_corpus_read(&b->corpus, path, &wish, &err), 0);
	(void)unlink(path);
	assert_int_equal(load_popularity_init(&b->popularity, LOAD_CYCLE, 0, 3, &err), 0);
	b->timing.burst = 1;
	if (profile != NULL)
		assert_true(load_profile_parse(&b->timing.profile, profile));
	b->plan = (struct load_plan){.corpus = &b->corpus,
	    .popularity = &b->popularity,
	    .timing = profile != NULL ? &b->timing : NULL,
	    .window = 64,
	    .end_ns = 100 * MS,
	    .patience_ns = 1 * MS,
	    .timeout_ns = 10 * MS,
	    .spin = true,
	    .core_cnt = 1,
	    .core = &b->core,
	    .clock_ns = clock_ns,
	    .id_base = 0xfffffffffffff000, /* ids wrap around */
	    .start_ns = now_ns,
	    .draining = 1};
	b->wire = (struct wire){.base = {.ops = &wire_ops, .steer = &steer},
	    .clock_ns = &now_ns,
	    .start_ns = now_ns,
	    .status = EG_OK,
	    .delay_ns = 20 * US};
	return b;
}

static void bench_run(struct bench *b)
{
	struct eg_error err;

	assert_int_equal(load_core_init(&b->core, &b->plan, &b->wire.base, 0, &err), 0);
	load_core_run(b->core);
}

static void bench_free(struct bench *b)
{
	load_core_free(b->core);
	load_popularity_free(&b->popularity);
	load_corpus_free(&b->corpus);
	free(b);
}

static void check_conservation(const struct bench *b)
{
	const struct load_counts *c = &b->core->counts;
	const struct load_judge *j = &b->core->judge;

	assert_true(c->due == c->sent + c->refused + c->skipped);
	assert_true(c->sent == c->answered + c->lost);
	assert_true(j->answered == c->answered);
	assert_true(j->answered == j->right + j->wrong + j->retryable);
	assert_true(b->core->latency.cnt == c->answered - j->retryable);
}

static void all_is_sent_when_it_is_due(void **state)
{
	struct bench *b = bench_new("hold:100000,0.1");

	bench_run(b);
	check_conservation(b);
	assert_int_equal(b->core->counts.due, 10000);
	assert_int_equal(b->core->counts.answered, 10000);
	assert_int_equal(b->core->judge.right, 10000);
	/* The wire's 20 us, and turns of the loop. */
	assert_true(b->core->latency.min_ns >= 20 * US && b->core->latency.max_ns <= 32 * US);
	bench_free(b);
}

static void every_request_ends_in_one_count(void **state)
{
	struct bench *b = bench_new("hold:200000,0.2");

	b->wire.lose_every = 7;
	b->wire.delay_every = 11;
	b->wire.late_ns = 30 * MS;
	b->wire.double_every = 13;
	b->wire.retry_every = 17;
	bench_run(b);
	check_conservation(b);
	assert_int_equal(b->core->counts.due, 40000);
	assert_int_equal(b->core->counts.sent, b->wire.sent);
	assert_true(b->core->counts.lost > b->wire.lost); /* the late ones too */
	assert_true(b->core->counts.late > 1000 && b->core->counts.duplicate > 1000);
	assert_int_equal(b->core->counts.foreign, 0);
	assert_true(b->core->judge.retryable > 0 && b->core->judge.wrong == 0);
	bench_free(b);
}

static void a_wrong_answer_is_shown(void **state)
{
	struct bench *b = bench_new("hold:100000,0.01");

	b->wire.wrong_every = 1000;
	b->wire.wrong_status = EG_EXPIRED;
	bench_run(b);
	check_conservation(b);
	assert_int_equal(b->core->judge.wrong, 1);
	assert_int_equal(b->core->judge.wrong_shown, 1);
	assert_int_equal(b->core->judge.wrong_first[0].status, EG_EXPIRED);
	assert_int_equal(b->core->judge.wrong_first[0].token->name[1], '\0');
	bench_free(b);
}

/* In the warm-up nothing counts, but a wrong answer is wrong. */
static void the_warm_up_counts_nothing_but_what_is_wrong(void **state)
{
	struct bench *b = bench_new("hold:100000,0.05+hold:100000,0.05");

	b->plan.warmup_ns = 50 * MS;
	b->wire.wrong_every = 2;
	b->wire.wrong_status = EG_MALFORMED;
	bench_run(b);
	assert_int_equal(b->core->counts.due, 5000);
	assert_int_equal(b->core->counts.answered, 5000);
	assert_int_equal(b->core->judge.wrong, 5000);
	assert_int_equal(b->core->judge.answered, 5000);
	bench_free(b);
}

static void a_full_wire_refuses(void **state)
{
	struct bench *b = bench_new("hold:1000000,0.1"); /* 1 a microsecond, a turn is 2 of those */

	turn_ns = 4 * US;
	b->wire.room = 2; /* half of them leave */
	bench_run(b);
	turn_ns = 2 * US;
	check_conservation(b);
	assert_int_equal(b->core->counts.due, 100000);
	assert_int_equal(b->core->counts.skipped, 0);
	assert_in_range(b->core->counts.refused, 48000, 51000);
	assert_int_equal(b->core->counts.lost, 0);
	bench_free(b);
}

/* The wire is closed for 20 ms of 100: what is due meanwhile is refused but for the last of it. */
static void a_wire_that_opens_again_gets_what_is_young(void **state)
{
	struct bench *b = bench_new("hold:100000,0.1");

	b->wire.closed_from_ns = 40 * MS;
	b->wire.closed_to_ns = 60 * MS;
	bench_run(b);
	check_conservation(b);
	assert_int_equal(b->core->counts.due, 10000);
	assert_int_equal(b->core->counts.skipped, 0);
	assert_in_range(b->core->counts.refused, 1850, 1910);
	assert_in_range(b->core->latency.max_ns, 900 * US, 1100 * US); /* from when it was due */
	bench_free(b);
}

/* This program stands still for 20 ms: that is its own fault, and is said to be. */
static void a_stall_of_the_generator_is_its_own(void **state)
{
	struct bench *b = bench_new("hold:100000,0.1");

	stall_at_ns = now_ns + 40 * MS;
	stall_ns = 20 * MS;
	bench_run(b);
	check_conservation(b);
	assert_int_equal(b->core->counts.refused, 0);
	assert_in_range(b->core->counts.skipped, 1850, 1910);
	assert_in_range(b->core->counts.behind, 50, 100);
	bench_free(b);
}

/* With patience nothing is skipped, and the stall is in the latency of all that were due in it:
 * coordinated omission would show one. */
static void a_stall_is_in_the_latency(void **state)
{
	struct bench *b = bench_new("hold:100000,0.1");

	b->plan.patience_ns = 50 * MS;
	b->plan.timeout_ns = 50 * MS;
	stall_at_ns = now_ns + 40 * MS;
	stall_ns = 20 * MS;
	bench_run(b);
	check_conservation(b);
	assert_int_equal(b->core->counts.answered, 10000);
	assert_true(load_histogram_quantile_ns(&b->core->latency, 0.85) > 4 * MS);
	assert_true(b->core->latency.max_ns > 19 * MS);
	bench_free(b);
}

static void a_closed_loop_keeps_its_window(void **state)
{
	struct bench *b = bench_new(NULL);

	b->wire.lose_every = 100;
	bench_run(b);
	check_conservation(b);
	assert_true(b->core->counts.sent > 10000);
	assert_int_equal(b->core->counts.lost, b->wire.lost);
	assert_true(b->wire.queue_cnt == 0);
	bench_free(b);
}

/* A ring that is too small for what is out gives up the oldest instead of forgetting it. */
static void a_ring_that_comes_round_loses_nothing_silently(void **state)
{
	struct bench *b = bench_new("hold:1000000,0.1");

	b->plan.timeout_ns = 1 * MS; /* a ring of 4096, and 20000 out */
	b->wire.delay_ns = 20 * MS;
	bench_run(b);
	check_conservation(b);
	assert_int_equal(b->core->counts.answered, 0);
	assert_int_equal(b->core->counts.lost, b->core->counts.sent);
	assert_true(b->core->counts.late > 0);
	assert_int_equal(b->core->counts.foreign, 0);
	bench_free(b);
}

static void answers_to_others_are_foreign(void **state)
{
	struct bench *b = bench_new("hold:1000,0.01");

	for (unsigned i = 0; i < 16; i++) /* of a number to come, of another core, of another run */
		answer_at(
		    &b->wire, now_ns, b->plan.id_base + (i == 0 ? 500 : (uint64_t)(i + 1) << 45));
	bench_run(b);
	check_conservation(b);
	assert_int_equal(b->core->counts.answered, 10);
	assert_int_equal(b->core->counts.foreign, 16);
	bench_free(b);
}

/* ── two cores, answers at the other one ── */

struct crossing {
	struct load_flights *flights;
	uint64_t number_cnt, claimed, refused;
	bool owner;
};

static void *claim_all(void *arg)
{
	struct crossing *x = arg;

	for (uint64_t n = 0; n < x->number_cnt; n++) {
		bool measured;

		if (load_flights_claim(x->flights, n, x->owner, &measured) == LOAD_CLAIMED)
			x->claimed++;
		else
			x->refused++;
	}
	return NULL;
}

static void each_flight_is_claimed_once(void **state)
{
	struct load_flights flights;
	struct crossing x[2] = {{&flights, 4096, 0, 0, true}, {&flights, 4096, 0, 0, false}};
	struct eg_error err;
	pthread_t thread[2];
	uint64_t lost = 0;

	assert_int_equal(load_flights_init(&flights, 0, 64, MS, true, &err), 0);
	for (unsigned i = 0; i < 4096; i++)
		(void)load_flights_open(&flights, i, i, true, &lost);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, claim_all, &x[i]), 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	assert_int_equal(x[0].claimed + x[1].claimed, 4096);
	assert_int_equal(load_flights_out(&flights), 0);
	assert_int_equal(load_flights_give_up(&flights, UINT64_MAX), 0);
	load_flights_free(&flights);
}

/* ── revocations ── */

static struct load_judge revoked_judge(const struct bench *b)
{
	struct load_judge judge;
	struct eg_error err;
	const struct {
		unsigned request;
		uint8_t status;
		uint64_t epoch;
	} answers[] = {{0, EG_OK, 4}, {0, EG_REVOKED, 4}, {1, EG_OK, 5}, {2, EG_REVOKED, 9}};

	assert_int_equal(load_judge_init(&judge, &b->corpus, true, &err), 0);
	for (unsigned i = 0; i < 4; i++) {
		uint8_t frame[EG_EGT_RESPONSE_BYTES(1)];
		struct eg_egt_response resp;

		(void)eg_egt_write_response(frame, EG_EGT_VERIFY_R, 1, answers[i].epoch,
		    &(struct eg_egt_answer){.status = answers[i].status}, 1);
		assert_int_equal(eg_egt_parse_response(eg_span(frame, sizeof(frame)), &resp), 0);
		assert_true(load_judge_response(
		    &judge, &b->corpus, &b->corpus.request[answers[i].request], &resp, true));
	}
	assert_int_equal(judge.wrong, 0);
	return judge;
}

/* a: OK in 4, revoked in 5: right, and REVOKED before its epoch is too. b: OK in 5 and revoked in
 * 5: wrong. c: REVOKED and never revoked: wrong. */
static void revocations_decide_at_the_end(void **state)
{
	struct bench *b = bench_new(NULL);
	struct load_judge judge = revoked_judge(b);
	struct load_revocations r;
	struct eg_error err;
	const char *path = write_file("a\t0.5\nb\t0.9\nb\t0.5\nend\n");

	assert_int_equal(load_revocations_read(&r, path, &b->corpus, 0, &err), 0);
	(void)unlink(path);
	assert_int_equal(r.cnt, 3);
	load_judge_revocations(&judge, &b->corpus, r.list, r.cnt);
	assert_int_equal(judge.wrong, 2);
	assert_int_equal(judge.right, 2);
	assert_string_equal(judge.wrong_first[0].token->name, "b");
	assert_int_equal(judge.wrong_first[0].status, EG_OK);
	assert_string_equal(judge.wrong_first[1].token->name, "c");
	assert_int_equal(judge.wrong_first[1].status, EG_REVOKED);
	load_revocations_free(&r);
	load_judge_free(&judge);
	bench_free(b);
}

static void a_file_without_its_end_is_not_believed(void **state)
{
	static const struct {
		const char *text;
		int code;
	} bad[] = {{"", EG_EAGAIN}, {"a\t0.5\n", EG_EAGAIN}, {"a\t0.5\nend", EG_EAGAIN},
	    {"a\t5\nend\n", EG_EINVAL}, {"z\t0.5\nend\n", EG_EINVAL}, {"a\nend\n", EG_EINVAL},
	    {"a\t0.5x\nend\n", EG_EINVAL}, {"a\t65536.1\nend\n", EG_EINVAL}};
	struct bench *b = bench_new(NULL);
	struct load_revocations r;
	struct eg_error err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *path = write_file(bad[i].text);

		assert_int_equal(
		    load_revocations_read(&r, path, &b->corpus, 0, &err), -bad[i].code);
		(void)unlink(path);
	}
	assert_int_equal(load_revocations_read(&r, "/nonexistent", &b->corpus, 0, &err), -EG_EIO);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_is_sent_when_it_is_due),
	    cmocka_unit_test(every_request_ends_in_one_count),
	    cmocka_unit_test(a_wrong_answer_is_shown),
	    cmocka_unit_test(the_warm_up_counts_nothing_but_what_is_wrong),
	    cmocka_unit_test(a_full_wire_refuses),
	    cmocka_unit_test(a_wire_that_opens_again_gets_what_is_young),
	    cmocka_unit_test(a_stall_of_the_generator_is_its_own),
	    cmocka_unit_test(a_stall_is_in_the_latency),
	    cmocka_unit_test(a_closed_loop_keeps_its_window),
	    cmocka_unit_test(a_ring_that_comes_round_loses_nothing_silently),
	    cmocka_unit_test(answers_to_others_are_foreign),
	    cmocka_unit_test(each_flight_is_claimed_once),
	    cmocka_unit_test(revocations_decide_at_the_end),
	    cmocka_unit_test(a_file_without_its_end_is_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
