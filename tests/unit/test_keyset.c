/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_keyset.h"
#include "eg_test.h"

static const struct eg_hash_key hash_key = {{9, 8, 7}};

static int setup(void **state)
{
	*state = eg_keyset_new(&hash_key);
	return *state != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	eg_keyset_free(*state);
	return 0;
}

static uint32_t add_issuer(struct eg_keyset *set, const char *name)
{
	uint32_t slot;

	assert_int_equal(eg_keyset_add_issuer(set, eg_span_str(name), &slot, NULL), 0);
	return slot;
}

static int add_key(struct eg_keyset *set, uint32_t slot, const char *kid, uint32_t index)
{
	struct eg_key key = {.index = index,
	    .has_kid = kid != NULL,
	    .not_after_s = UINT64_MAX,
	    .kid = kid != NULL ? eg_span_str(kid) : eg_span(NULL, 0)};

	return eg_keyset_add_key(set, slot, &key, NULL);
}

static const struct eg_key *find(const struct eg_keyset *set, uint32_t slot, const char *kid)
{
	return eg_keyset_find(
	    set, slot, kid != NULL, kid != NULL ? eg_span_str(kid) : eg_span(NULL, 0));
}

static void an_empty_set(void **state)
{
	struct eg_keyset *set = *state;
	uint32_t slot = add_issuer(set, "https://a.example");

	assert_int_equal(eg_keyset_find_issuer(set, eg_span_str("https://b.example")), UINT32_MAX);
	assert_null(find(set, slot, "k"));
	assert_null(find(set, slot, NULL));
	eg_keyset_free(NULL);
}

static void issuers_are_found_byte_for_byte(void **state)
{
	struct eg_keyset *set = *state;
	uint32_t a = add_issuer(set, "https://a.example");
	uint32_t b = add_issuer(set, "https://a.example/");
	uint32_t none = add_issuer(set, "");

	assert_int_equal(eg_keyset_issuer_cnt(set), 3);
	assert_int_equal(eg_keyset_find_issuer(set, eg_span_str("https://a.example")), a);
	assert_int_equal(eg_keyset_find_issuer(set, eg_span_str("https://a.example/")), b);
	assert_int_equal(eg_keyset_find_issuer(set, eg_span(NULL, 0)), none);
	assert_int_equal(eg_keyset_find_issuer(set, eg_span_str("https://A.example")), UINT32_MAX);
	assert_true(eg_span_eq_str(eg_keyset_issuer(set, b)->name, "https://a.example/"));
}

static void each_issuer_hashes_with_a_key_of_its_own(void **state)
{
	struct eg_keyset *set = *state;
	uint32_t a = add_issuer(set, "a"), b = add_issuer(set, "b");
	struct eg_hash_key expected = eg_hash_derive(&hash_key, eg_span_str("a"));

	assert_memory_equal(&eg_keyset_issuer(set, a)->hash_key, &expected, sizeof(expected));
	assert_memory_not_equal(&eg_keyset_issuer(set, b)->hash_key, &expected, sizeof(expected));
}

static void a_kid_counts_only_for_its_issuer(void **state)
{
	struct eg_keyset *set = *state;
	uint32_t a = add_issuer(set, "a"), b;

	assert_int_equal(add_key(set, a, "k1", 1), 0);
	assert_int_equal(add_key(set, a, "k2", 2), 0);
	b = add_issuer(set, "b");
	assert_int_equal(add_key(set, b, "k1", 3), 0);
	assert_int_equal(find(set, a, "k1")->index, 1);
	assert_int_equal(find(set, a, "k2")->index, 2);
	assert_int_equal(find(set, b, "k1")->index, 3);
	assert_null(find(set, b, "k2"));
	assert_null(find(set, a, "k"));
	assert_null(find(set, a, "k1 "));
	assert_null(find(set, a, ""));
}

static void without_kid_only_where_there_is_one_key(void **state)
{
	struct eg_keyset *set = *state;
	uint32_t a = add_issuer(set, "a");
	struct eg_key revoked = {.has_kid = true, .revoked = true, .kid = eg_span_str("old")};

	assert_int_equal(add_key(set, a, "k1", 1), 0);
	assert_int_equal(find(set, a, NULL)->index, 1);
	assert_int_equal(eg_keyset_add_key(set, a, &revoked, NULL), 0);
	assert_null(find(set, a, NULL)); /* a revoked key counts */
	assert_true(find(set, a, "old")->revoked);
}

static void a_key_without_kid_is_not_the_empty_kid(void **state)
{
	struct eg_keyset *set = *state;
	uint32_t a = add_issuer(set, "a");

	assert_int_equal(add_key(set, a, NULL, 1), 0);
	assert_null(find(set, a, ""));
	assert_int_equal(find(set, a, NULL)->index, 1);
	assert_int_equal(add_key(set, a, "", 2), 0);
	assert_int_equal(find(set, a, "")->index, 2);
	assert_null(find(set, a, NULL));
}

static void copies_names_and_kids(void **state)
{
	struct eg_keyset *set = *state;
	char name[] = "issuer", kid[] = "kid";
	uint32_t a = add_issuer(set, name);

	assert_int_equal(add_key(set, a, kid, 1), 0);
	memset(name, 'x', 6);
	memset(kid, 'x', 3);
	assert_int_equal(eg_keyset_find_issuer(set, eg_span_str("issuer")), a);
	assert_int_equal(find(set, a, "kid")->index, 1);
}

static void duplicates_and_wrong_order_are_refused(void **state)
{
	struct eg_keyset *set = *state;
	uint32_t a = add_issuer(set, "a"), slot = 77;
	struct eg_error err;

	assert_int_equal(eg_keyset_add_issuer(set, eg_span_str("a"), &slot, &err), -EG_EEXIST);
	assert_int_equal(add_key(set, a, "k", 1), 0);
	assert_int_equal(add_key(set, a, "k", 2), -EG_EEXIST);
	assert_int_equal(add_key(set, a, NULL, 3), 0);
	assert_int_equal(add_key(set, a, NULL, 4), -EG_EEXIST);
	assert_int_equal(eg_keyset_add_key(set, a,
	                     &(struct eg_key){.has_kid = true, .kid = eg_span_str("k")}, &err),
	    -EG_EEXIST);
	assert_string_equal(err.text, "the kid k stands twice at issuer a");
	assert_int_equal(
	    eg_keyset_add_key(set, a, &(struct eg_key){.has_kid = false}, &err), -EG_EEXIST);
	assert_string_equal(err.text, "two keys of issuer a have no kid");
	assert_int_equal(add_key(set, a + 1, "k2", 5), -EG_EINVAL);
	(void)add_issuer(set, "b");
	assert_int_equal(add_key(set, a, "k2", 6), -EG_EINVAL);
	assert_int_equal(eg_keyset_issuer(set, a)->key_cnt, 2);
}

static void limits_of_names(void **state)
{
	struct eg_keyset *set = *state;
	uint8_t text[256];
	struct eg_key key = {.has_kid = true, .kid = eg_span(text, 255)};
	uint32_t slot;

	memset(text, 'n', sizeof(text));
	assert_int_equal(eg_keyset_add_issuer(set, eg_span(text, 256), &slot, NULL), -EG_ELIMIT);
	assert_int_equal(eg_keyset_add_issuer(set, eg_span(text, 255), &slot, NULL), 0);
	assert_int_equal(eg_keyset_add_key(set, slot, &key, NULL), 0);
	assert_non_null(eg_keyset_find(set, slot, true, eg_span(text, 255)));
	assert_null(eg_keyset_find(set, slot, true, eg_span(text, 256)));
	key.kid.len = 256;
	assert_int_equal(eg_keyset_add_key(set, slot, &key, NULL), -EG_ELIMIT);
}

static void limits_of_counts(void **state)
{
	struct eg_keyset *set = *state;
	char name[32];
	uint32_t slot = 0;

	for (uint32_t i = 0; i < EG_KEYSET_ISSUERS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "issuer-%u", i);
		slot = add_issuer(set, name);
	}
	assert_int_equal(eg_keyset_add_issuer(set, eg_span_str("more"), &slot, NULL), -EG_ELIMIT);
	slot = EG_KEYSET_ISSUERS_MAX - 1;
	for (uint32_t i = 0; i < EG_KEYSET_KEYS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "kid-%u", i);
		assert_int_equal(add_key(set, slot, name, i), 0);
	}
	assert_int_equal(add_key(set, slot, "more", 0), -EG_ELIMIT);
	for (uint32_t i = 0; i < EG_KEYSET_KEYS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "kid-%u", i);
		assert_int_equal(find(set, slot, name)->index, i);
		assert_int_equal(eg_keyset_key(set, eg_keyset_issuer(set, slot), i)->index, i);
	}
}

#define WITH_SET(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_SET(an_empty_set),
	    WITH_SET(issuers_are_found_byte_for_byte),
	    WITH_SET(each_issuer_hashes_with_a_key_of_its_own),
	    WITH_SET(a_kid_counts_only_for_its_issuer),
	    WITH_SET(without_kid_only_where_there_is_one_key),
	    WITH_SET(a_key_without_kid_is_not_the_empty_kid),
	    WITH_SET(copies_names_and_kids),
	    WITH_SET(duplicates_and_wrong_order_are_refused),
	    WITH_SET(limits_of_names),
	    WITH_SET(limits_of_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
