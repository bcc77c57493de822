/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_snapshot.h"
#include "eg_test.h"

static const struct eg_hash_key hash_key = {{1, 2, 3}};

static struct eg_policy policy_of(uint32_t id, const char *issuer)
{
	struct eg_policy p;
	struct eg_error err = {0};

	eg_policy_init(&p, id);
	assert_int_equal(eg_policy_add_issuer(&p, eg_span_str(issuer), &err), 0);
	p.any_audience = true;
	return p;
}

static void add_policy(struct eg_snapshot *snap, uint32_t id, const char *issuer)
{
	struct eg_policy p = policy_of(id, issuer);

	assert_int_equal(eg_snapshot_add_policy(snap, &p, NULL), 0);
}

static void add_list(struct eg_snapshot *snap, uint32_t slot, const char *uri, uint64_t tag)
{
	struct eg_list list = {.issuer_slot = slot, .uri = eg_span_str(uri), .exp_s = tag};

	assert_int_equal(eg_snapshot_add_list(snap, &list, NULL), 0);
}

static void test_empty(void **state)
{
	struct eg_snapshot *snap = eg_snapshot_new(&hash_key);

	assert_non_null(snap);
	assert_int_equal(eg_snapshot_seal(snap, 0, NULL), 0);
	assert_null(eg_snapshot_policy(snap, 0));
	assert_null(eg_snapshot_policy(snap, 1));
	assert_null(eg_snapshot_list(snap, 0, eg_span_str("u")));
	eg_snapshot_free(snap);
	eg_snapshot_free(NULL);
}

/* Every number of policies from 0 to 40, and each id beside them misses. */
static void test_policy_search(void **state)
{
	for (uint32_t n = 0; n <= 40; n++) {
		struct eg_snapshot *snap = eg_snapshot_new(&hash_key);

		for (uint32_t i = 0; i < n; i++)
			add_policy(snap, 3 * ((i * 17) % 41) + 1, "https://a");
		assert_int_equal(eg_snapshot_seal(snap, 0, NULL), 0);
		for (uint32_t i = 0; i < n; i++) {
			uint32_t id = 3 * ((i * 17) % 41) + 1;

			assert_int_equal(eg_snapshot_policy(snap, id)->id, id);
			assert_null(eg_snapshot_policy(snap, id + 1));
			assert_null(eg_snapshot_policy(snap, id + 2));
		}
		assert_null(eg_snapshot_policy(snap, UINT32_MAX));
		eg_snapshot_free(snap);
	}
}

static void test_default_policy(void **state)
{
	struct eg_snapshot *snap = eg_snapshot_new(&hash_key);
	struct eg_error err = {0};

	add_policy(snap, UINT32_MAX, "https://a");
	add_policy(snap, 7, "https://a");
	assert_int_equal(eg_snapshot_seal(snap, 8, &err), -EG_ENOENT);
	assert_non_null(strstr(err.text, "8"));
	assert_int_equal(eg_snapshot_seal(snap, UINT32_MAX, NULL), 0);
	assert_int_equal(eg_snapshot_policy(snap, 0)->id, UINT32_MAX);
	assert_int_equal(eg_snapshot_policy(snap, 7)->id, 7);
	eg_snapshot_free(snap);
}

static void test_policies_are_bound(void **state)
{
	struct eg_snapshot *snap = eg_snapshot_new(&hash_key);
	uint32_t slot_a, slot_b;

	assert_int_equal(
	    eg_keyset_add_issuer(snap->keys, eg_span_str("https://a"), &slot_a, NULL), 0);
	assert_int_equal(
	    eg_keyset_add_issuer(snap->keys, eg_span_str("https://b"), &slot_b, NULL), 0);
	add_policy(snap, 1, "https://b");
	add_policy(snap, 2, "https://nobody");
	assert_int_equal(eg_snapshot_seal(snap, 0, NULL), 0);
	assert_int_equal(eg_snapshot_policy(snap, 1)->issuer_slot[0], slot_b);
	assert_int_equal(eg_snapshot_policy(snap, 2)->issuer_slot[0], EG_POLICY_NO_SLOT);
	eg_snapshot_free(snap);
}

/* Each issuer's own hash, by its slot; a seal that failed before leaves nothing behind. */
static void test_issuers_are_hashed(void **state)
{
	struct eg_snapshot *snap = eg_snapshot_new(&hash_key);
	const char *const names[] = {"https://a", "https://b", "https://c"};
	uint32_t slot[3];

	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(
		    eg_keyset_add_issuer(snap->keys, eg_span_str(names[i]), &slot[i], NULL), 0);
	assert_int_equal(eg_snapshot_seal(snap, 1, NULL), -EG_ENOENT);
	assert_int_equal(eg_snapshot_seal(snap, 0, NULL), 0);
	for (unsigned i = 0; i < 3; i++) {
		const struct eg_issuer *issuer = eg_keyset_issuer(snap->keys, slot[i]);
		struct eg_hash128 hash =
		    eg_revoke_hash(&issuer->hash_key, EG_REVOKE_ISSUER, eg_span(NULL, 0));

		assert_true(eg_hash128_eq(snap->issuer_hash[slot[i]], hash));
	}
	eg_snapshot_free(snap);
}

static void test_list_search(void **state)
{
	struct eg_snapshot *snap = eg_snapshot_new(&hash_key);

	add_list(snap, 2, "https://l/1", 21);
	add_list(snap, 1, "https://l/10", 110);
	add_list(snap, 1, "https://l/1", 11);
	add_list(snap, 1, "", 10);
	add_list(snap, 0, "https://l/2", 2);
	assert_int_equal(eg_snapshot_seal(snap, 0, NULL), 0);
	assert_int_equal(eg_snapshot_list(snap, 2, eg_span_str("https://l/1"))->exp_s, 21);
	assert_int_equal(eg_snapshot_list(snap, 1, eg_span_str("https://l/10"))->exp_s, 110);
	assert_int_equal(eg_snapshot_list(snap, 1, eg_span_str("https://l/1"))->exp_s, 11);
	assert_int_equal(eg_snapshot_list(snap, 1, eg_span(NULL, 0))->exp_s, 10);
	assert_null(eg_snapshot_list(snap, 0, eg_span_str("https://l/1")));
	assert_null(eg_snapshot_list(snap, 1, eg_span_str("https://l/")));
	assert_null(eg_snapshot_list(snap, 1, eg_span_str("https://l/100")));
	assert_null(eg_snapshot_list(snap, 3, eg_span_str("https://l/1")));
	eg_snapshot_free(snap);
}

static void test_twice_is_refused(void **state)
{
	struct eg_snapshot *snap = eg_snapshot_new(&hash_key);
	struct eg_error err = {0};

	add_policy(snap, 5, "https://a");
	add_policy(snap, 5, "https://b");
	assert_int_equal(eg_snapshot_seal(snap, 0, &err), -EG_EEXIST);
	eg_snapshot_free(snap);
	snap = eg_snapshot_new(&hash_key);
	add_list(snap, 1, "u", 0);
	add_list(snap, 1, "u", 1);
	assert_int_equal(eg_snapshot_seal(snap, 0, &err), -EG_EEXIST);
	eg_snapshot_free(snap);
}

static void test_copy(void **state)
{
	struct eg_snapshot *snap = eg_snapshot_new(&hash_key), *copy;
	struct eg_key key = {.index = 7, .has_kid = true, .kid = eg_span_str("k")};
	uint32_t slot;

	assert_int_equal(eg_snapshot_copy(snap, &copy, NULL), 0); /* of nothing */
	assert_null(eg_snapshot_policy(copy, 0));
	eg_snapshot_free(copy);
	snap->epoch = 5;
	snap->newest_event_s = 6;
	assert_int_equal(
	    eg_keyset_add_issuer(snap->keys, eg_span_str("https://a"), &slot, NULL), 0);
	assert_int_equal(eg_keyset_add_key(snap->keys, slot, &key, NULL), 0);
	add_policy(snap, 3, "https://a");
	add_policy(snap, 4, "https://a");
	add_list(snap, slot, "u", 8);
	add_list(snap, slot, "", 9);
	assert_int_equal(eg_snapshot_seal(snap, 4, NULL), 0);
	assert_int_equal(eg_snapshot_copy(snap, &copy, NULL), 0);
	eg_keyset_bind(snap->keys, 0, NULL, 77); /* not in the copy */
	eg_snapshot_free(snap);
	assert_int_equal(copy->epoch, 5);
	assert_int_equal(copy->newest_event_s, 6);
	assert_int_equal(eg_snapshot_policy(copy, 0)->id, 4);
	assert_int_equal(eg_snapshot_policy(copy, 3)->issuer_slot[0], slot);
	assert_int_equal(eg_snapshot_list(copy, slot, eg_span_str("u"))->exp_s, 8);
	assert_int_equal(eg_snapshot_list(copy, slot, eg_span_str(""))->exp_s, 9);
	assert_int_equal(eg_keyset_find_issuer(copy->keys, eg_span_str("https://a")), slot);
	assert_int_equal(eg_keyset_key_cnt(copy->keys), 1);
	assert_int_equal(eg_keyset_find(copy->keys, slot, true, eg_span_str("k"))->index, 7);
	assert_int_equal(eg_keyset_key_at(copy->keys, 0)->stats_slot, 0);
	eg_snapshot_free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_empty),
	    cmocka_unit_test(test_policy_search),
	    cmocka_unit_test(test_default_policy),
	    cmocka_unit_test(test_policies_are_bound),
	    cmocka_unit_test(test_issuers_are_hashed),
	    cmocka_unit_test(test_list_search),
	    cmocka_unit_test(test_twice_is_refused),
	    cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
