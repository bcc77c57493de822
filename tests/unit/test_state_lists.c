/* SPDX-License-Identifier: BSD-3-Clause */
/* Status lists in a store: order of imports, the operator's layer, growth, and a naive model. */
#include "state_test.h"
#include "statuslist_test.h"

#define NOW_S (T0_NS / 1000000000)

/* A list of these bytes, signed by k1, with `more` members. */
static int import_as(
    struct store *s, uint64_t iat_s, const char *more, struct eg_span plain, bool force)
{
	struct bytes payload = list_json(LIST, iat_s, more, 2, plain);
	struct bytes token = mint_jwt(JWT_HEADER, view(payload), 1);
	const struct eg_list_import import = {
	    .form = EG_LIST_JWT, .file = view(token), .force = force};
	int rc = eg_state_list_import(s->w, span(LIST), &import, T0_NS, &s->epoch, &s->err);

	free(payload.ptr);
	free(token.ptr);
	return rc;
}

static int import_at(struct store *s, uint64_t iat_s, uint8_t byte)
{
	const uint8_t plain[4] = {byte, 0, 0, 0};

	return import_as(s, iat_s, "", eg_span(plain, 4), false);
}

static const struct eg_list *list_of(const struct reader *r)
{
	const struct eg_list *l = eg_snapshot_list(r->snap, slot_of(r, ISS), span(LIST));

	assert_non_null(l);
	return l;
}

static void an_older_list_never_replaces_a_newer_one(void **state)
{
	struct store *s = *state;
	struct reader r;

	with_list(s, 2, 16);
	ok(s, import_at(s, NOW_S - 10, 0x01));
	refused(s, import_at(s, NOW_S - 11, 0x02), EG_EPERM, "older");
	refused(s, import_at(s, NOW_S - 10, 0x02), EG_EPERM, "something else");
	ok(s, import_at(s, NOW_S - 10, 0x01)); /* the same once more */
	refused(s, import_raw(s, LIST, span("abcd")), EG_EPERM, "raw");
	open_reader(s, &r);
	(void)follow(&r);
	assert_int_equal(entry_of(&r, LIST, 0), 1);
	assert_int_equal(import_as(s, NOW_S - 11, "", eg_span("\x02\x00\x00\x00", 4), true), 0);
	assert_int_equal(count(s, "SELECT count(*) FROM audit WHERE what LIKE '%forced'"), 1);
	(void)follow(&r);
	assert_int_equal(entry_of(&r, LIST, 0), 2);
	assert_int_equal(list_of(&r)->iat_s, NOW_S - 11);
	ok(s, import_at(s, NOW_S - 9, 0x03));
	close_reader(&r);
}

static void a_refused_list_changes_nothing(void **state)
{
	struct store *s = *state;
	const struct eg_list_import raw = {
	    .form = EG_LIST_JWT, .file = span("a.b.c"), .force = true};
	struct reader r;

	with_list(s, 2, 16);
	ok(s, import_at(s, NOW_S - 10, 0x01));
	open_reader(s, &r);
	(void)follow(&r);
	assert_int_equal(
	    eg_state_list_import(s->w, span(LIST), &raw, T0_NS, &s->epoch, &s->err), -EG_EINVAL);
	refused(s, import_at(s, NOW_S + 301, 0x02), EG_EINVAL, "future");
	assert_false(follow(&r));
	ok(s, eg_state_revoke_key(s->w, span(ISS), span("k1"), T0_NS, &s->epoch, &s->err));
	refused(s, import_at(s, NOW_S, 0x02), EG_EPERM, "revoked");
	ok(s, eg_state_issuer_remove(s->w, span(ISS), T0_NS, &s->epoch, &s->err));
	refused(s, import_at(s, NOW_S, 0x02), EG_ENOENT, "removed");
	close_reader(&r);
}

static void its_times_reach_the_workers(void **state)
{
	struct store *s = *state;
	struct reader r;

	with_list(s, 2, 100);
	open_reader(s, &r);
	(void)follow(&r);
	assert_int_equal(list_of(&r)->stated, 0);
	assert_int_equal(list_of(&r)->form, EG_LIST_NONE);
	ok(s, import_as(s, NOW_S - 5, "\"exp\":1800000000,\"ttl\":60,",
	          eg_span("\x01\x02\x00\x00", 4), false));
	(void)follow(&r);
	assert_int_equal(list_of(&r)->exp_s, 1800000000);
	assert_int_equal(list_of(&r)->ttl_end_s, NOW_S + 60);
	assert_int_equal(list_of(&r)->iat_s, NOW_S - 5);
	assert_int_equal(list_of(&r)->imported_s, NOW_S);
	assert_int_equal(list_of(&r)->stated, 16);
	assert_int_equal(list_of(&r)->form, EG_LIST_JWT);
	close_reader(&r);
	open_reader(s, &r); /* and after a restart */
	(void)follow(&r);
	assert_int_equal(list_of(&r)->ttl_end_s, NOW_S + 60);
	assert_int_equal(list_of(&r)->stated, 16);
	close_reader(&r);
}

/* ── growth ── */

static void a_list_grows_in_use(void **state)
{
	struct store *s = *state;
	const struct eg_bitmap *map;
	struct reader r;

	with_list(s, 2, 100);
	ok(s, revoke_range(s, LIST, 99, 99));
	open_reader(s, &r);
	(void)follow(&r);
	map = list_of(&r)->map;
	ok(s, eg_state_list_grow(s->w, span(LIST), 300000, T0_NS, &s->epoch, &s->err));
	ok(s, revoke_range(s, LIST, 100, 299999));
	(void)follow(&r);
	assert_ptr_equal(list_of(&r)->map, map);
	assert_int_equal(eg_bitmap_entries(map), 300000);
	assert_int_equal(entry_of(&r, LIST, 98), 0);
	assert_int_equal(entry_of(&r, LIST, 99), 1);
	assert_int_equal(entry_of(&r, LIST, 299999), 1);
	assert_int_equal(list_of(&r)->stated, 0); /* never imported: there is nothing to ask */
	refused(s, eg_state_list_grow(s->w, span(LIST), 300000, T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "only grow");
	refused(s, eg_state_list_grow(s->w, span(LIST), (1u << 30) + 1, T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "1073741824");
	refused(s, eg_state_list_grow(s->w, span("u"), 9, T0_NS, &s->epoch, &s->err), EG_ENOENT,
	    "list add");
	close_reader(&r);
	open_reader(s, &r);
	(void)follow(&r);
	assert_int_equal(entry_of(&r, LIST, 150000), 1);
	assert_int_equal(entry_of(&r, LIST, 98), 0);
	close_reader(&r);
}

static void an_imported_list_speaks_of_no_more_when_it_grows(void **state)
{
	struct store *s = *state;
	uint8_t plain[100] = {0};
	struct reader r;

	with_list(s, 2, 10);
	ok(s, import_raw(s, LIST, eg_span("\x00\x00\xff", 3))); /* bits behind the last entry */
	ok(s, eg_state_list_grow(s->w, span(LIST), 400, T0_NS, &s->epoch, &s->err));
	open_reader(s, &r);
	(void)follow(&r);
	assert_int_equal(list_of(&r)->stated, 10);
	assert_int_equal(entry_of(&r, LIST, 9), 3);
	assert_int_equal(entry_of(&r, LIST, 10), 0);
	ok(s, import_raw(s, LIST, eg_span(plain, 100)));
	(void)follow(&r);
	assert_int_equal(list_of(&r)->stated, 400);
	assert_int_equal(entry_of(&r, LIST, 9), 0);
	close_reader(&r);
}

/* ── random imports and revocations against two plain arrays ── */

#define ENTRIES 70000u

struct model {
	uint8_t imported[ENTRIES], operator[ENTRIES];
};

static void random_import(struct store *s, struct model *m, uint64_t iat_s)
{
	const uint32_t len = 1 + eg_test_below(ENTRIES / 4);
	uint8_t *plain = calloc(1, len);

	for (uint32_t i = eg_test_below(200); i-- > 0;)
		plain[eg_test_below(len)] = (uint8_t)eg_test_random();
	ok(s, import_as(s, iat_s, "", eg_span(plain, len), false));
	for (uint32_t i = 0; i < ENTRIES; i++)
		m->imported[i] = (uint8_t)(i / 4 < len ? plain[i / 4] >> i % 4 * 2 & 3 : 0);
	free(plain);
}

static void random_word(struct store *s, struct model *m)
{
	const uint32_t first = eg_test_below(ENTRIES - 500);
	const struct eg_index_range r = {first, first + eg_test_below(500)};
	const enum eg_index_value value = (enum eg_index_value)eg_test_below(3);

	ok(s, eg_state_set_index(s->w, span(LIST), value, &r, 1, T0_NS, &s->epoch, &s->err));
	for (uint32_t i = r.first; i <= r.last; i++)
		m->operator[i] =(uint8_t) value;
}

static void check_model(struct store *s, const struct reader *r, const struct model *m)
{
	struct eg_list_content content;

	ok(s, eg_state_list_read(s->w, span(LIST), &content, &s->err));
	assert_int_equal(content.entries, ENTRIES);
	for (uint32_t i = 0; i < ENTRIES; i++) {
		const unsigned wanted = m->operator[i] != 0 ? m->operator[i] : m->imported[i];

		assert_int_equal(entry_of(r, LIST, i), wanted);
		assert_int_equal(content.effective[i / 4] >> i % 4 * 2 & 3, wanted);
	}
	free(content.effective);
}

static void imports_are_exact_and_clear_nothing_of_the_operator(void **state)
{
	struct store *s = *state;
	struct model *m = calloc(1, sizeof(*m));
	struct reader along, fresh;

	with_list(s, 2, ENTRIES);
	eg_state_set_log_limits(s->w, 7, 1u << 20);
	open_reader(s, &along);
	for (unsigned round = 0; round < 60; round++) {
		if (eg_test_below(3) == 0)
			random_import(s, m, NOW_S - 100 + round);
		else
			random_word(s, m);
		if (eg_test_below(2) == 0)
			(void)follow(&along);
		if (round % 10 != 9)
			continue;
		(void)follow(&along);
		check_model(s, &along, m);
	}
	open_reader(s, &fresh);
	(void)follow(&fresh);
	check_model(s, &fresh, m);
	close_reader(&fresh);
	close_reader(&along);
	free(m);
}

/* An import is applied as a difference: no entry that is revoked before and after it is valid for
 * a moment. */
static void an_import_sends_only_what_differs(void **state)
{
	struct store *s = *state;
	uint8_t plain[250];
	struct reader r;

	memset(plain, 0x55, sizeof(plain));
	with_list(s, 2, 1000);
	ok(s, import_as(s, NOW_S - 9, "", eg_span(plain, 250), false));
	open_reader(s, &r);
	(void)follow(&r);
	r.ops = 0;
	r.cleared = false;
	plain[100] = 0x57; /* one more bit */
	ok(s, import_as(s, NOW_S - 8, "", eg_span(plain, 250), false));
	(void)follow(&r);
	assert_int_equal(r.ops, 1);
	close_reader(&r);
}

/* ── windows of keys ── */

static int add_small(struct store *s, const char *uri)
{
	return eg_state_list_add(s->w, span(uri), span(ISS), 1, 100, T0_NS, &s->epoch, &s->err);
}

/* A restore takes both lists away; the second comes back under the id of the first. */
static void a_list_that_a_restore_took_is_not_found_again(void **state)
{
	struct store *s = *state;
	struct reader r;
	char backup[128];

	(void)snprintf(backup, sizeof(backup), "%s/backup", s->root);
	ok(s, put_issuer(s, ISS, "k1", NULL));
	ok(s, eg_state_backup(s->w, backup, &s->err));
	ok(s, add_small(s, LIST "/other"));
	ok(s, add_small(s, LIST));
	ok(s, revoke_range(s, LIST, 3, 3));
	open_reader(s, &r);
	(void)follow(&r);
	assert_int_equal(entry_of(&r, LIST, 3), 1);
	ok(s, eg_state_restore(s->dir, backup, T0_NS, &s->epoch, &s->err));
	(void)follow(&r);
	ok(s, add_small(s, LIST));
	(void)follow(&r);
	assert_int_equal(entry_of(&r, LIST, 3), 0);
	ok(s, revoke_range(s, LIST, 5, 5));
	(void)follow(&r);
	assert_int_equal(entry_of(&r, LIST, 5), 1);
	close_reader(&r);
}

static void a_key_has_a_window(void **state)
{
	struct store *s = *state;
	const struct eg_key_window window = {100, 200}, wrong = {2, 1};
	struct reader r;

	ok(s, put_issuer(s, ISS, "k1", "k2"));
	ok(s, eg_state_key_window(s->w, span(ISS), span("k1"), window, T0_NS, &s->epoch, &s->err));
	refused(s,
	    eg_state_key_window(s->w, span(ISS), span("k1"), wrong, T0_NS, &s->epoch, &s->err),
	    EG_EINVAL, "before it begins");
	refused(s,
	    eg_state_key_window(s->w, span(ISS), span("k9"), window, T0_NS, &s->epoch, &s->err),
	    EG_ENOENT, "k9");
	ok(s, put_issuer(s, ISS, "k1", "k2")); /* it stays when keys are put again */
	open_reader(s, &r);
	(void)follow(&r);
	assert_int_equal(key_of(&r, ISS, "k1")->not_before_s, 100);
	assert_int_equal(key_of(&r, ISS, "k1")->not_after_s, 200);
	assert_int_equal(key_of(&r, ISS, "k2")->not_before_s, 0);
	assert_true(key_of(&r, ISS, "k2")->not_after_s == UINT64_MAX);
	close_reader(&r);
}

/* ── freshness of a policy ── */

static void a_policy_keeps_its_freshness(void **state)
{
	struct store *s = *state;
	struct eg_policy p = policy_of(1);
	struct reader r;

	p.freshness = EG_FRESH_STRICT;
	p.max_state_age_s = 90;
	ok(s, eg_state_policy_put(s->w, &p, true, T0_NS, &s->epoch, &s->err));
	open_reader(s, &r);
	(void)follow(&r);
	assert_int_equal(eg_snapshot_policy(r.snap, 1)->freshness, EG_FRESH_STRICT);
	assert_int_equal(eg_snapshot_policy(r.snap, 1)->max_state_age_s, 90);
	close_reader(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STATE_TEST(an_older_list_never_replaces_a_newer_one),
	    STATE_TEST(a_refused_list_changes_nothing),
	    STATE_TEST(its_times_reach_the_workers),
	    STATE_TEST(a_list_grows_in_use),
	    STATE_TEST(an_imported_list_speaks_of_no_more_when_it_grows),
	    STATE_TEST(imports_are_exact_and_clear_nothing_of_the_operator),
	    STATE_TEST(an_import_sends_only_what_differs),
	    STATE_TEST(a_list_that_a_restore_took_is_not_found_again),
	    STATE_TEST(a_key_has_a_window),
	    STATE_TEST(a_policy_keeps_its_freshness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
