/* SPDX-License-Identifier: BSD-3-Clause */
/* Cycles by stage, with a counter that the test moves. */
#include "eg_test.h"

#include "world.h"

#define NEVER_NS      UINT64_MAX
#define ENGINE_CYCLES 1000u /* a signature of the engine below */
#define RX_CYCLES     70u
#define PAUSE_CYCLES  5000u
#define TURNS         500u
#define RECORDS_MAX   5u
#define READS_A_BURST 8u /* rx, house, parse, decode, signature, settle, tx, and pause */

static uint64_t counter, reads, step;

/* Each reading takes a while itself. */
static uint64_t read_counter(void)
{
	reads++;
	counter += step;
	return counter;
}

static void verify(const struct eg_ed25519_job jobs[], unsigned cnt, bool ok[])
{
	(void)jobs;
	memset(ok, true, cnt);
	counter += (uint64_t)cnt * ENGINE_CYCLES;
}

static const struct eg_ed25519_impl engine = {.name = "fake", .lanes = 4, .verify = verify};

static void measure(struct world *w)
{
	w->ticks = read_counter;
}

static struct world *new_world(uint64_t a_step, void (*adjust)(struct world *w))
{
	struct world *w;

	counter = 1000000;
	step = a_step;
	w = world_new(1, &engine, NEVER_NS, adjust);
	reads = 0;
	return w;
}

static const struct eg_stage_words *words(const struct world *w, enum eg_stage stage)
{
	return &w->stats.core[0].stage[stage];
}

static uint64_t cycles(const struct world *w, enum eg_stage stage)
{
	return eg_count_read(&words(w, stage)->cycles);
}

static uint64_t items(const struct world *w, enum eg_stage stage)
{
	return eg_count_read(&words(w, stage)->items);
}

static uint64_t bursts(const struct world *w, enum eg_stage stage)
{
	return eg_count_read(&words(w, stage)->bursts);
}

static uint64_t cycles_of_all(const struct world *w)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < EG_STAGE_COUNT; i++)
		sum += cycles(w, (enum eg_stage)i);
	return sum;
}

static void send(struct world *w, const struct world_token *token, unsigned cnt)
{
	struct eg_egt_record record[EG_EGT_RECORDS_MAX];

	for (unsigned i = 0; i < cnt; i++)
		record[i] = world_record(token, 0);
	(void)world_send(w, 0, 0, record, (uint8_t)cnt);
}

static void send_junk(struct world *w)
{
	struct eg_packet pkt = world_packet(w, 3);

	memset(pkt.data, 0, 3);
	world_deliver(w, pkt);
}

/* ── where cycles go ── */

static void each_stage_gets_its_own(void **state)
{
	struct world *w = new_world(1, measure);
	struct world_token good = world_good(w, "");

	send(w, &good, 3);
	counter += RX_CYCLES;
	world_turn(w); /* fewer than a batch: they stay in the queue */
	assert_int_equal(cycles(w, EG_STAGE_signature), 0);
	assert_int_equal(cycles(w, EG_STAGE_rx), RX_CYCLES + 1);
	counter += PAUSE_CYCLES;
	eg_pipeline_stage(w->cores[0].pipeline, EG_STAGE_idle, 1);
	world_idle(w);
	assert_int_equal(cycles(w, EG_STAGE_signature), 3 * ENGINE_CYCLES + 1);
	assert_int_equal(cycles(w, EG_STAGE_idle), PAUSE_CYCLES + 2);
	assert_int_equal(cycles(w, EG_STAGE_house), 1);
	assert_int_equal(cycles(w, EG_STAGE_parse), 1);
	assert_int_equal(cycles(w, EG_STAGE_decode), 1);
	assert_int_equal(cycles(w, EG_STAGE_settle), 1);
	world_free(w);
}

static void mail_is_no_signature(void **state)
{
	struct world *w = new_world(1, measure);
	struct world_token good = world_good(w, "");

	send(w, &good, 2);
	world_turn(w);
	world_mail_epoch(w, w->epoch + 1);
	send(w, &good, 1);
	world_turn(w);
	assert_int_equal(cycles(w, EG_STAGE_signature), 0);
	world_mail_snapshot(w, w->snapshot);
	send(w, &good, 1);
	world_turn(w); /* the queue is run dry before */
	assert_int_equal(cycles(w, EG_STAGE_signature), 3 * ENGINE_CYCLES + 1);
	assert_int_equal(cycles(w, EG_STAGE_house), 1 + 1 + 2);
	world_free(w);
}

static void items_are_those_of_the_counters(void **state)
{
	struct world *w = new_world(3, measure);
	struct world_token good = world_good(w, ""), junk = {.text = "x", .len = 1};

	for (unsigned i = 0; i < 8; i++)
		send(w, i % 2 ? &good : &junk, 4);
	send_junk(w);
	world_turn(w);
	world_idle(w);
	assert_int_equal(items(w, EG_STAGE_rx), 9);
	assert_int_equal(items(w, EG_STAGE_parse), 9);
	assert_int_equal(items(w, EG_STAGE_decode), 32);
	assert_int_equal(items(w, EG_STAGE_signature), 16);
	assert_int_equal(items(w, EG_STAGE_settle), 16);
	assert_int_equal(items(w, EG_STAGE_tx), 9);
	assert_int_equal(bursts(w, EG_STAGE_rx), 1);
	assert_int_equal(bursts(w, EG_STAGE_tx), 2);
	world_free(w);
}

/* ── all of them ── */

static void random_turn(struct world *w, const struct world_token *good)
{
	static const struct world_token junk = {.text = "a.b.c", .len = 5};
	unsigned cnt = (unsigned)(eg_test_random() % (EG_BURST_MAX + 1));

	if (eg_test_random() % 8 == 0)
		world_mail_epoch(w, w->epoch + 1);
	for (unsigned i = 0; i < cnt; i++) {
		uint64_t kind = eg_test_random() % 4;

		if (kind == 0)
			send_junk(w);
		else
			send(w, kind == 1 ? &junk : good,
			    1 + (unsigned)(eg_test_random() % RECORDS_MAX));
	}
	counter += eg_test_random() % 100;
	step = eg_test_random() % 10;
	world_turn(w);
	if (cnt == 0)
		eg_pipeline_stage(w->cores[0].pipeline, EG_STAGE_idle, 1);
}

static void every_cycle_is_in_one_stage(void **state)
{
	struct world *w = new_world(1, measure);
	struct world_token good = world_good(w, "");
	uint64_t first = counter;

	for (unsigned i = 0; i < TURNS; i++) {
		random_turn(w, &good);
		assert_int_equal(cycles_of_all(w), counter - first);
	}
	assert_true(cycles(w, EG_STAGE_signature) >=
	            ENGINE_CYCLES * world_counter(w, EG_COUNTER_signatures));
	world_free(w);
}

static void readings_do_not_grow_with_packets(void **state)
{
	struct world *w = new_world(1, measure);
	struct world_token good = world_good(w, "");

	for (unsigned cnt = 1; cnt <= EG_BURST_MAX; cnt++) {
		for (unsigned i = 0; i < cnt; i++)
			send(w, &good, 1);
		reads = 0;
		world_turn(w);
		assert_true(reads <= READS_A_BURST);
		world_idle(w);
	}
	world_free(w);
}

static void a_counter_that_steps_back_adds_nothing(void **state)
{
	struct world *w = new_world(1, measure);
	uint64_t before = cycles_of_all(w);

	counter -= 1000;
	world_idle(w);
	assert_int_equal(cycles_of_all(w), before + 1); /* what has passed after that */
	world_idle(w);
	assert_int_equal(cycles_of_all(w), before + 3);
	world_free(w);
}

static void without_a_counter_nothing_is_measured(void **state)
{
	struct world *w = new_world(1, NULL);
	struct world_token good = world_good(w, "");

	send(w, &good, 1);
	world_turn(w);
	world_idle(w);
	assert_int_equal(reads, 0);
	assert_int_equal(cycles_of_all(w) + items(w, EG_STAGE_rx), 0);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_stage_gets_its_own),
	    cmocka_unit_test(mail_is_no_signature),
	    cmocka_unit_test(items_are_those_of_the_counters),
	    cmocka_unit_test(every_cycle_is_in_one_stage),
	    cmocka_unit_test(readings_do_not_grow_with_packets),
	    cmocka_unit_test(a_counter_that_steps_back_adds_nothing),
	    cmocka_unit_test(without_a_counter_nothing_is_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
