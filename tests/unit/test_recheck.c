/* SPDX-License-Identifier: BSD-3-Clause */
/* Samples of verdicts, the second look at them, and the switch of a core whose engine lies. */
#include "eg_test.h"

#include "eg_recheck.h"
#include "world.h"

#include <pthread.h>
#include <sched.h>
#include <sodium.h>

#define MSG_MAX      100u
#define RACE_SAMPLES 50000u
#define EVERY        5u

/* ── the ring ── */

static struct eg_sample_ring *ring;

static int setup_ring(void **state)
{
	void *mem = aligned_alloc(EG_CACHE_LINE_BYTES, eg_sample_ring_footprint(MSG_MAX));

	ring = mem != NULL ? eg_sample_ring_init(mem, MSG_MAX) : NULL;
	return ring != NULL ? 0 : -1;
}

static int free_ring(void **state)
{
	free(ring);
	return 0;
}

/* A sample whose every byte follows from n. */
static bool put(uint32_t n)
{
	struct eg_ed25519_key key;
	uint8_t sig[64], msg[MSG_MAX];

	memset(key.bytes, (int)(n & 0xff), sizeof(key.bytes));
	memset(sig, (int)((n + 1) & 0xff), sizeof(sig));
	memset(msg, (int)((n + 2) & 0xff), sizeof(msg));
	return eg_sample_put(
	    ring, &(struct eg_ed25519_job){&key, msg, sig, n % (MSG_MAX + 1)}, n % 2 != 0);
}

static bool holds(const uint8_t *bytes, size_t len, uint32_t value)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != (value & 0xff))
			return false;
	return true;
}

static bool is_whole(const struct eg_sample *s, uint32_t n)
{
	return holds(s->public, sizeof(s->public), n) &&
	       holds(s->signature, sizeof(s->signature), n + 1) &&
	       s->msg_bytes == n % (MSG_MAX + 1) && holds(s->msg, s->msg_bytes, n + 2) &&
	       s->accepted == (n % 2 != 0);
}

static void keeps_order_and_says_when_it_is_full(void **state)
{
	uint32_t in = 0, out = 0;

	assert_null(eg_sample_peek(ring));
	for (unsigned round = 0; round < 10; round++) {
		while (put(in))
			in++;
		assert_int_equal(in - out, EG_SAMPLE_ENTRIES);
		for (; out < in - round; out++) {
			assert_true(is_whole(eg_sample_peek(ring), out));
			eg_sample_drop(ring);
		}
	}
}

static void a_message_too_long_is_not_taken(void **state)
{
	struct eg_ed25519_key key = {.table = NULL};
	uint8_t sig[64] = {0}, msg[MSG_MAX + 1] = {0};

	assert_false(
	    eg_sample_put(ring, &(struct eg_ed25519_job){&key, msg, sig, MSG_MAX + 1}, true));
	assert_null(eg_sample_peek(ring));
	assert_true(eg_sample_put(ring, &(struct eg_ed25519_job){&key, msg, sig, MSG_MAX}, true));
}

static void *put_all(void *arg)
{
	for (uint32_t n = 0; n < RACE_SAMPLES;)
		if (put(n))
			n++;
		else
			(void)sched_yield();
	return NULL;
}

static void writer_and_reader_race(void **state)
{
	pthread_t writer;

	assert_int_equal(pthread_create(&writer, NULL, put_all, NULL), 0);
	for (uint32_t n = 0; n < RACE_SAMPLES;) {
		const struct eg_sample *s = eg_sample_peek(ring);

		if (s == NULL) {
			(void)sched_yield();
			continue;
		}
		assert_true(is_whole(s, n));
		eg_sample_drop(ring);
		n++;
	}
	assert_int_equal(pthread_join(writer, NULL), 0);
}

/* ── the second look ── */

static const struct eg_ed25519_impl *sodium;
static unsigned lie_from, verified; /* the engine lies about verdict lie_from and all after it */

static void lie(const struct eg_ed25519_job jobs[], unsigned job_cnt, bool ok[])
{
	sodium->verify(jobs, job_cnt, ok);
	for (unsigned i = 0; i < job_cnt; i++)
		ok[i] ^= verified++ >= lie_from;
}

static const struct eg_ed25519_impl liar = {.name = "liar", .lanes = 4, .verify = lie};

static void sample_often(struct world *w)
{
	w->sample_every = EVERY;
}

static void sample_as_rarely_as_can_be(struct world *w)
{
	w->sample_every = UINT32_MAX;
	w->sample_phase = 3;
}

static struct world *world_with_liar(unsigned from, void (*prepare)(struct world *w))
{
	sodium = eg_ed25519_select("sodium", NULL);
	lie_from = from;
	verified = 0;
	return world_new(1, &liar, 0, prepare);
}

static struct world *world_that_samples(unsigned from)
{
	return world_with_liar(from, sample_often);
}

static enum eg_recheck look(struct world *w, struct eg_evidence *evidence)
{
	return eg_recheck_next(w->cores[0].samples, &liar, evidence);
}

static void sound_verdicts_agree(void **state)
{
	struct world *w = world_that_samples(UINT32_MAX);
	struct world_token good = world_good(w, ""), bad = good;
	struct eg_evidence evidence;
	unsigned agreed = 0;

	bad.text[bad.len - 20] ^= 1;
	for (unsigned i = 0; i < 10 * EVERY; i++) {
		bool is_bad = i % 3 == 0;

		assert_int_equal(world_ask(w, is_bad ? &bad : &good, 0, 0).status,
		    is_bad ? EG_BAD_SIGNATURE : EG_OK);
		while (look(w, &evidence) == EG_RECHECK_AGREES)
			agreed++;
		assert_int_equal(look(w, &evidence), EG_RECHECK_NONE);
	}
	assert_int_equal(agreed, 10);
	assert_int_equal(world_counter(w, EG_COUNTER_signature_samples), 10);
	assert_int_equal(world_counter(w, EG_COUNTER_signature_samples_skipped), 0);
	world_free(w);
}

/* From the fourth verdict on, the next sample is further away than 32 bits can say. */
static void the_longest_step_is_not_cut(void **state)
{
	struct world *w = world_with_liar(UINT32_MAX, sample_as_rarely_as_can_be);
	const struct world_token good = world_good(w, "");
	struct eg_egt_record records[8];

	for (unsigned i = 0; i < 8; i++)
		records[i] = world_record(&good, 0);
	(void)world_send(w, 0, 0, records, 8);
	world_turn(w);
	assert_int_equal(world_verdicts(w), 8);
	assert_int_equal(world_counter(w, EG_COUNTER_signature_samples), 1);
	world_free(w);
}

/* What nobody looks at is counted as skipped, and no answer waits for it. */
static void without_a_reader_samples_are_skipped(void **state)
{
	struct world *w = world_that_samples(UINT32_MAX);
	struct world_token good = world_good(w, "");
	unsigned asked = EVERY * (EG_SAMPLE_ENTRIES + 3);

	for (unsigned i = 0; i < asked; i++)
		assert_int_equal(world_ask(w, &good, 0, 0).status, EG_OK);
	assert_int_equal(world_counter(w, EG_COUNTER_signature_samples), EG_SAMPLE_ENTRIES);
	assert_int_equal(world_counter(w, EG_COUNTER_signature_samples_skipped), 3);
	world_free(w);
}

static unsigned ask_until_found(
    struct world *w, const struct world_token *token, struct eg_evidence *evidence)
{
	unsigned asked = 0;
	enum eg_recheck found = EG_RECHECK_NONE;

	while (found != EG_RECHECK_DISAGREES) {
		(void)world_ask(w, token, 0, 0);
		assert_true(++asked < 1000);
		while ((found = look(w, evidence)) == EG_RECHECK_AGREES)
			;
	}
	return asked;
}

static void a_core_whose_engine_lies_is_switched(void **state)
{
	struct world *w = world_that_samples(12);
	struct world_token forged = world_good(w, "");
	struct eg_evidence evidence;
	char text[EG_EVIDENCE_TEXT_BYTES];

	forged.text[forged.len - 20] ^= 1;
	assert_int_equal(
	    ask_until_found(w, &forged, &evidence), 16); /* 12 … are wrong, 15 sampled */
	assert_int_equal(world_ask(w, &forged, 0, 0).status, EG_OK); /* what the switch is for */
	world_mail_engine(w, 0, sodium);
	assert_int_equal(world_ask(w, &forged, 0, 0).status, EG_BAD_SIGNATURE);
	assert_int_equal(world_counter(w, EG_COUNTER_signature_fallbacks), 1);
	assert_true(evidence.accepted);
	assert_true(evidence.repeats);
	assert_memory_equal(evidence.public, w->key[0].ed.bytes, sizeof(evidence.public));
	eg_evidence_text(&evidence, text);
	assert_non_null(strstr(text, "accepted what libsodium refuses"));
	assert_non_null(strstr(text, "repeats"));
	assert_null(strstr(text, "eyJ")); /* no part of a token */
	assert_true(strlen(text) < sizeof(text) - 20);
	world_free(w);
}

static void a_core_that_refuses_wrongly_is_found_too(void **state)
{
	struct world *w = world_that_samples(0);
	struct world_token good = world_good(w, "");
	struct eg_evidence evidence;
	uint8_t hash[32];
	size_t signed_bytes = good.len - 87; /* '.' and 86 characters of signature */

	assert_int_equal(ask_until_found(w, &good, &evidence), 1);
	assert_false(evidence.accepted);
	assert_int_equal(evidence.msg_bytes, signed_bytes);
	(void)crypto_hash_sha256(hash, (const uint8_t *)good.text, signed_bytes);
	assert_memory_equal(evidence.msg_sha256, hash, sizeof(hash));
	world_free(w);
}

static void signatures_are_counted_by_key(void **state)
{
	struct world *w = world_that_samples(UINT32_MAX);
	struct world_token first = world_good(w, "");
	struct eg_snapshot *bound = world_snapshot(w, w->epoch);

	eg_keyset_bind(bound->keys, 0, NULL, 7);
	eg_keyset_bind(bound->keys, 1, NULL, 8);
	world_mail_snapshot(w, bound);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(world_ask(w, &first, 0, 0).status, EG_OK);
	assert_int_equal(eg_stats_key_signatures(&w->stats, 7), 3);
	assert_int_equal(eg_stats_key_signatures(&w->stats, 8), 0);
	world_free(w);
	eg_snapshot_free(bound);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
	        keeps_order_and_says_when_it_is_full, setup_ring, free_ring),
	    cmocka_unit_test_setup_teardown(a_message_too_long_is_not_taken, setup_ring, free_ring),
	    cmocka_unit_test_setup_teardown(writer_and_reader_race, setup_ring, free_ring),
	    cmocka_unit_test(sound_verdicts_agree),
	    cmocka_unit_test(the_longest_step_is_not_cut),
	    cmocka_unit_test(without_a_reader_samples_are_skipped),
	    cmocka_unit_test(a_core_whose_engine_lies_is_switched),
	    cmocka_unit_test(a_core_that_refuses_wrongly_is_found_too),
	    cmocka_unit_test(signatures_are_counted_by_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
