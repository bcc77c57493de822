/* SPDX-License-Identifier: BSD-3-Clause */
#include "state_test.h"

/* ── checkpoints ── */

static void test_checkpoint_folds_and_trims(void **state)
{
	struct store *s = *state;
	struct reader r, behind;
	char jti[16];

	with_list(s, 4, 200000);
	open_reader(s, &behind);
	(void)follow(&behind);
	eg_state_set_log_limits(s->w, 10, UINT64_MAX);
	for (unsigned i = 0; i < 40; i++) {
		(void)snprintf(jti, sizeof(jti), "j%u", i);
		ok(s, revoke_value(s, EG_REVOKE_JTI, span(ISS), span(jti), FAR_S));
		ok(s, revoke_range(s, LIST, i * 5000, i * 5000 + i));
	}
	assert_true(count(s, "SELECT count(*) FROM event") <= 22);
	assert_int_equal(count(s, "SELECT count(*) FROM audit"), 83);
	assert_true(count(s, "SELECT sum(length(bytes)) FROM run") >= 35 * 32);
	assert_true(count(s, "SELECT trimmed FROM meta") > EG_EPOCH_SEQUENCE(behind.epoch));
	open_reader(s, &r);
	(void)follow(&r);
	(void)follow(&behind);
	for (unsigned i = 0; i < 40; i++) {
		(void)snprintf(jti, sizeof(jti), "j%u", i);
		assert_int_equal(until_of(&r, EG_REVOKE_JTI, ISS, jti), FAR_S);
		assert_int_equal(until_of(&behind, EG_REVOKE_JTI, ISS, jti), FAR_S);
		assert_int_equal(entry_of(&r, LIST, i * 5000 + i), 1);
		assert_int_equal(entry_of(&behind, LIST, i * 5000 + i), 1);
		assert_int_equal(entry_of(&r, LIST, i * 5000 + i + 1), 0);
	}
	close_reader(&r);
	close_reader(&behind);
}

static void test_checkpoint_by_indices(void **state)
{
	struct store *s = *state;

	with_list(s, 1, 100000);
	eg_state_set_log_limits(s->w, UINT64_MAX, 1000);
	ok(s, revoke_range(s, LIST, 0, 998));
	assert_int_equal(
	    count(s, "SELECT count(*) FROM audit WHERE what LIKE '% 0-998 (999 indices)'"), 1);
	ok(s, revoke_range(s, LIST, 0, 0));
	assert_int_equal(count(s, "SELECT checkpoint FROM meta"), 0);
	ok(s, revoke_range(s, LIST, 0, 0));
	assert_int_equal(count(s, "SELECT checkpoint FROM meta"), 5);
	assert_int_equal(count(s, "SELECT tail_indices FROM meta"), 0);
}

static void test_expired_denials_are_dropped(void **state)
{
	struct store *s = *state;
	const uint64_t now_s = T0_NS / 1000000000;
	struct reader r;

	ok(s, put_issuer(s, ISS, "k1", NULL));
	eg_state_set_log_limits(s->w, 0, 0);
	ok(s,
	    revoke_value(s, EG_REVOKE_JTI, span(ISS), span("old"), now_s - EG_REVOKE_GRACE_S - 1));
	ok(s, revoke_value(s, EG_REVOKE_JTI, span(ISS), span("edge"), now_s - EG_REVOKE_GRACE_S));
	ok(s, eg_state_revoke_issuer(s->w, span(ISS), 1, T0_NS, &s->epoch, &s->err));
	open_reader(s, &r);
	(void)follow(&r);
	assert_int_equal(until_of(&r, EG_REVOKE_JTI, ISS, "old"), 0);
	assert_int_equal(until_of(&r, EG_REVOKE_JTI, ISS, "edge"), now_s - EG_REVOKE_GRACE_S);
	assert_int_equal(until_of(&r, EG_REVOKE_ISSUER, ISS, ""), 1);
	close_reader(&r);
}

/* One change by a clock that stood a year ahead must not undo what is revoked after it. */
static void test_denials_count_after_a_clock_stood_ahead(void **state)
{
	struct store *s = *state;
	const uint64_t now_s = T0_NS / 1000000000, year_s = 365 * 86400;
	const int64_t ahead_ns = T0_NS + (int64_t)year_s * 1000000000;
	struct reader r;

	ok(s, put_issuer(s, ISS, "k1", NULL));
	ok(s, eg_state_revoke_issuer(s->w, span(ISS), 1, ahead_ns, &s->epoch, &s->err));
	ok(s, revoke_value(s, EG_REVOKE_JTI, span(ISS), span("soon"), now_s + 60));
	ok(s, revoke_value(s, EG_REVOKE_JTI, span(ISS), span("late"), FAR_S));
	ok(s,
	    revoke_value(s, EG_REVOKE_JTI, span(ISS), span("past"), now_s - EG_REVOKE_GRACE_S - 1));
	open_reader(s, &r);
	(void)follow(&r);
	assert_int_equal(until_of(&r, EG_REVOKE_JTI, ISS, "soon"), now_s + year_s);
	assert_int_equal(until_of(&r, EG_REVOKE_JTI, ISS, "late"), FAR_S);
	assert_int_equal(until_of(&r, EG_REVOKE_JTI, ISS, "past"), 0);
	close_reader(&r);
}

static void test_new_generation_reloads(void **state)
{
	struct store *s = *state;
	struct reader r;

	with_list(s, 1, 100);
	ok(s, revoke_range(s, LIST, 1, 1));
	open_reader(s, &r);
	(void)follow(&r);
	tamper_sealed(s,
	    "UPDATE meta SET generation = 2, sequence = 2; DELETE FROM event WHERE sequence=3;"
	    "UPDATE list SET entries = 200");
	assert_true(follow(&r));
	assert_int_equal(r.epoch, EG_EPOCH(2, 2));
	assert_int_equal(entry_of(&r, LIST, 1), 0);
	assert_int_equal(entry_of(&r, LIST, 199), 0);
	close_reader(&r);
}

/* ── random changes: a fresh reader and one that followed along are of one mind ── */

struct mix {
	struct store *s;
	uint64_t seed;
};

static uint32_t rnd(struct mix *m, uint32_t n)
{
	m->seed = m->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(m->seed >> 33) % n;
}

static const char *const uris[] = {"https://l/1", "https://l/2", "https://l/3"};
static const unsigned uri_bits[] = {1, 2, 8};
static const uint32_t uri_entries[] = {300001, 150000, 40000};
static const char *const kids[] = {"k1", "k2"};
static const char *const subs[] = {"a", "b", "c", "d"};

static int import_random(struct mix *m, unsigned list)
{
	size_t len = ((size_t)uri_entries[list] * uri_bits[list] + 7) / 8;
	uint8_t *bytes = calloc(1, len);
	int rc;

	for (unsigned i = 0; i < 200; i++)
		bytes[rnd(m, (uint32_t)len)] = (uint8_t)rnd(m, 256);
	rc = import_raw(m->s, uris[list], eg_span(bytes, len));
	free(bytes);
	return rc;
}

static int revoke_random(struct mix *m, unsigned list)
{
	uint32_t first = rnd(m, uri_entries[list]), width = rnd(m, 3) == 0 ? 40000 : 20;
	uint32_t last = first + rnd(m, width);

	if (last >= uri_entries[list])
		last = uri_entries[list] - 1;
	return revoke_range(m->s, uris[list], first, last);
}

static int change_random(struct mix *m)
{
	struct store *s = m->s;
	const char *sub = subs[rnd(m, 4)];

	switch (rnd(m, 10)) {
	case 0:
		return import_random(m, rnd(m, 3));
	case 1:
		return revoke_value(s, EG_REVOKE_SUBJECT, span(ISS), span(sub), 1 + rnd(m, 99));
	case 2:
		return eg_state_revoke_issuer(
		    s->w, span(ISS), 1 + rnd(m, 99), T0_NS, &s->epoch, &s->err);
	case 3:
		return revoke_value(
		    s, EG_REVOKE_JTI + rnd(m, 4), span(ISS), span(sub), FAR_S + rnd(m, 99));
	case 4:
		return put_issuer(s, ISS, "k1", rnd(m, 2) == 0 ? "k2" : NULL);
	case 5:
		return put_policy(s, 1 + rnd(m, 4), rnd(m, 2) == 0);
	case 6:
		if (rnd(m, 8) == 0)
			return eg_state_revoke_key(
			    s->w, span(ISS), span("k2"), T0_NS, &s->epoch, &s->err);
		return 0;
	default:
		return revoke_random(m, rnd(m, 3));
	}
}

static void same_key(const struct reader *a, const struct reader *b, const char *kid)
{
	const struct eg_key *ka = key_of(a, ISS, kid), *kb = key_of(b, ISS, kid);

	assert_int_equal(ka == NULL, kb == NULL);
	if (ka == NULL)
		return;
	assert_int_equal(ka->index, kb->index);
	assert_int_equal(ka->generation, kb->generation);
	assert_int_equal(ka->revoked, kb->revoked);
}

static void same_mind(const struct reader *a, const struct reader *b)
{
	assert_int_equal(a->epoch, b->epoch);
	for (unsigned l = 0; l < 3; l++)
		for (uint32_t i = 0; i < uri_entries[l]; i++)
			if (eg_bitmap_get(a->snap->list[l].map, i) !=
			    eg_bitmap_get(b->snap->list[l].map, i))
				fail_msg("list %u, entry %u", l, i);
	for (unsigned v = 0; v < 4; v++)
		for (unsigned k = EG_REVOKE_JTI; k <= EG_REVOKE_SUBJECT; k++)
			assert_int_equal(
			    until_of(a, k, ISS, subs[v]), until_of(b, k, ISS, subs[v]));
	assert_int_equal(
	    until_of(a, EG_REVOKE_ISSUER, ISS, ""), until_of(b, EG_REVOKE_ISSUER, ISS, ""));
	for (unsigned k = 0; k < 2; k++)
		same_key(a, b, kids[k]);
	assert_int_equal(a->snap->policy_cnt, b->snap->policy_cnt);
	assert_int_equal(a->snap->default_policy, b->snap->default_policy);
	for (uint32_t p = 0; p < a->snap->policy_cnt; p++)
		assert_memory_equal(
		    &a->snap->policy[p], &b->snap->policy[p], sizeof(a->snap->policy[p]));
}

static void test_fresh_equals_incremental(void **state)
{
	struct mix m = {*state, 42};
	struct reader often, seldom;

	ok(m.s, put_issuer(m.s, ISS, "k1", "k2"));
	for (unsigned l = 0; l < 3; l++)
		ok(m.s, eg_state_list_add(m.s->w, span(uris[l]), span(ISS), uri_bits[l],
		            uri_entries[l], T0_NS, &m.s->epoch, &m.s->err));
	eg_state_set_log_limits(m.s->w, 15, 100000);
	open_reader(m.s, &often);
	open_reader(m.s, &seldom);
	for (unsigned round = 0; round < 40; round++) {
		struct reader fresh;

		for (unsigned i = 0; i <= rnd(&m, 12); i++) {
			ok(m.s, change_random(&m));
			(void)follow(&often);
		}
		if (round % 5 == 0)
			(void)follow(&seldom);
		open_reader(m.s, &fresh);
		(void)follow(&fresh);
		same_mind(&often, &fresh);
		if (round % 5 == 0)
			same_mind(&seldom, &fresh);
		close_reader(&fresh);
	}
	close_reader(&often);
	close_reader(&seldom);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STATE_TEST(test_checkpoint_folds_and_trims),
	    STATE_TEST(test_checkpoint_by_indices),
	    STATE_TEST(test_expired_denials_are_dropped),
	    STATE_TEST(test_denials_count_after_a_clock_stood_ahead),
	    STATE_TEST(test_new_generation_reloads),
	    STATE_TEST(test_fresh_equals_incremental),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
