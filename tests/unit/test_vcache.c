/* SPDX-License-Identifier: BSD-3-Clause */
/* The verified cache by itself: tags against another implementation, sets under attack. */
#include "eg_test.h"

#include "eg_vcache.h"

#include <string.h>

#define BYTES    EG_VCACHE_BYTES_MIN
#define WAYS     7u
#define SENDER   7u
#define TOKENS   4096u
#define COLLIDED 200u

static const struct eg_vcache_key key = {
    .mac = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    .cipher = {16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31},
    .senders = 0x9e3779b97f4a7c15,
};

static const struct eg_vcache_domain domain = {7, 9, 3, 1};

static struct eg_vcache *new_cache(void)
{
	struct eg_vcache *cache = eg_vcache_new(BYTES, &key, NULL);

	assert_non_null(cache);
	return cache;
}

static struct eg_vcache_tag tag_of(
    struct eg_vcache *cache, const struct eg_vcache_domain *in, const void *token, size_t len)
{
	struct eg_vcache_tag tag;

	assert_true(eg_vcache_tag(cache, in, eg_span(token, len), &tag));
	return tag;
}

static bool same(struct eg_vcache_tag a, struct eg_vcache_tag b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

static struct eg_vcache_entry entry_of(uint32_t number)
{
	return (struct eg_vcache_entry){.list_idx = number};
}

static void put(struct eg_vcache *cache, struct eg_vcache_tag tag, uint32_t number)
{
	struct eg_vcache_entry entry = entry_of(number);

	(void)eg_vcache_insert(cache, tag, &entry);
}

static void put_forged(
    struct eg_vcache *cache, uint64_t sender, struct eg_vcache_tag tag, uint32_t number)
{
	struct eg_vcache_entry entry = entry_of(number);

	(void)eg_vcache_insert_forged(cache, sender, tag, &entry);
}

/* ── tags ── */

/* By another implementation (pyca/cryptography, OpenSSL). */
static const struct {
	size_t len;
	uint8_t tag[16];
} answers[] = {
    {1, {0x0b, 0xe2, 0x7c, 0x0b, 0x3f, 0x87, 0x0d, 0x1f, 0x0e, 0xc5, 0xef, 0x54, 0x43, 0x67, 0x41,
            0x0e}},
    {15, {0x13, 0x6b, 0x59, 0xa3, 0xa7, 0x85, 0x04, 0x2c, 0x21, 0x6e, 0xa1, 0xc5, 0x00, 0x8a, 0xae,
             0x2d}},
    {16, {0x27, 0xa6, 0x1b, 0x50, 0x92, 0x3b, 0xd6, 0x5b, 0x88, 0xb3, 0xee, 0xca, 0xdd, 0x00, 0x3d,
             0x3e}},
    {17, {0x77, 0x46, 0xad, 0x14, 0x7c, 0x36, 0x9f, 0x43, 0x52, 0xba, 0x24, 0xe7, 0xf4, 0x04, 0x50,
             0x3f}},
    {31, {0x22, 0x2c, 0x1b, 0x7a, 0x82, 0x43, 0x69, 0xcd, 0x74, 0x38, 0x93, 0x15, 0x53, 0xff, 0x07,
             0x23}},
    {32, {0x1e, 0x87, 0x93, 0x92, 0x52, 0xc5, 0x96, 0x21, 0x71, 0x4c, 0x50, 0x27, 0x00, 0xa7, 0x50,
             0x68}},
    {114, {0x28, 0xfa, 0x38, 0x63, 0x2b, 0x72, 0xee, 0x47, 0xab, 0x59, 0x0e, 0xe2, 0x33, 0x96, 0xf5,
              0x9a}},
    {127, {0xb5, 0x35, 0x0d, 0xfd, 0xba, 0x3f, 0x6c, 0xa5, 0xb3, 0x8c, 0x25, 0xf3, 0x35, 0x93, 0xba,
              0xa7}},
    {128, {0x0f, 0x24, 0x62, 0xe2, 0xbc, 0x89, 0xaf, 0x94, 0xf7, 0xa4, 0x7c, 0xeb, 0x46, 0xe1, 0x18,
              0xd0}},
    {129, {0x61, 0x4f, 0x21, 0xa1, 0xe7, 0xb9, 0xc0, 0x28, 0x87, 0xc9, 0x73, 0x36, 0x6d, 0x0c, 0x0e,
              0xe7}},
    {213, {0xb5, 0x09, 0x19, 0xef, 0xd1, 0xb1, 0xe6, 0x2f, 0x5b, 0x31, 0xe5, 0x9e, 0x77, 0xdb, 0x00,
              0x97}},
    {256, {0x65, 0x3e, 0xf9, 0xe4, 0x7c, 0x33, 0x2b, 0x4a, 0xf2, 0x04, 0x48, 0x6a, 0x9f, 0x2a, 0x68,
              0xfd}},
    {570, {0x90, 0x05, 0xb7, 0xe2, 0x8e, 0x4c, 0x3d, 0x50, 0xd5, 0xc4, 0x3c, 0x6f, 0xe2, 0xb7, 0x5c,
              0x46}},
    {1520, {0xd2, 0x60, 0x60, 0x9d, 0x19, 0x8d, 0x4b, 0x84, 0x34, 0x9c, 0x94, 0xe6, 0x62, 0xa1,
               0x18, 0x05}},
};

static void tags_are_gmac_and_one_block_of_aes(void **state)
{
	struct eg_vcache *cache = new_cache();
	uint8_t token[1520];

	for (size_t i = 0; i < sizeof(token); i++)
		token[i] = (uint8_t)(i * 7 + 1);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct eg_vcache_tag tag = tag_of(cache, &domain, token, answers[i].len);

		assert_memory_equal(&tag, answers[i].tag, sizeof(tag));
	}
	eg_vcache_free(cache);
}

static void an_empty_token_has_no_tag(void **state)
{
	struct eg_vcache *cache = new_cache();
	struct eg_vcache_tag tag;

	assert_false(eg_vcache_tag(cache, &domain, eg_span("x", 0), &tag));
	assert_false(eg_vcache_tag(cache, &domain, eg_span(NULL, 0), &tag));
	eg_vcache_free(cache);
}

static void every_byte_and_the_length_count(void **state)
{
	struct eg_vcache *cache = new_cache();
	uint8_t token[301] = {0};
	struct eg_vcache_tag whole = tag_of(cache, &domain, token, 300);

	assert_true(same(whole, tag_of(cache, &domain, token, 300)));
	assert_false(same(whole, tag_of(cache, &domain, token, 299)));
	assert_false(same(whole, tag_of(cache, &domain, token, 301)));
	for (size_t i = 0; i < 300; i++) {
		token[i] ^= (uint8_t)(1u << i % 8);
		assert_false(same(whole, tag_of(cache, &domain, token, 300)));
		token[i] ^= (uint8_t)(1u << i % 8);
	}
	eg_vcache_free(cache);
}

static void policy_store_and_format_count(void **state)
{
	static const struct eg_vcache_domain others[] = {
	    {8, 9, 3, 1}, {7, 10, 3, 1}, {7, 9, 4, 1}, {7, 9, 3, 0}};
	struct eg_vcache *cache = new_cache();
	struct eg_vcache_tag tag = tag_of(cache, &domain, "token", 5);

	put(cache, tag, 1);
	assert_non_null(eg_vcache_find(cache, tag));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_null(eg_vcache_find(cache, tag_of(cache, &others[i], "token", 5)));
	eg_vcache_free(cache);
}

static void another_key_is_another_tag(void **state)
{
	struct eg_vcache *a = new_cache(), *b;
	struct eg_vcache_key other = key;

	for (unsigned i = 0; i < 2; i++) {
		other = key;
		(i == 0 ? other.mac : other.cipher)[5] ^= 1;
		b = eg_vcache_new(BYTES, &other, NULL);
		assert_non_null(b);
		assert_false(same(tag_of(a, &domain, "token", 5), tag_of(b, &domain, "token", 5)));
		eg_vcache_free(b);
	}
	eg_vcache_free(a);
}

/* ── sets ── */

static void all_of_the_tag_is_compared(void **state)
{
	struct eg_vcache *cache = new_cache();

	assert_null(eg_vcache_find(cache, (struct eg_vcache_tag){0, 0}));
	put(cache, (struct eg_vcache_tag){5, 1}, 1);
	assert_null(eg_vcache_find(cache, (struct eg_vcache_tag){5, 0}));
	assert_null(eg_vcache_find(cache, (struct eg_vcache_tag){5, 1ull << 63 | 1}));
	assert_null(eg_vcache_find(cache, (struct eg_vcache_tag){4, 1}));
	put(cache, (struct eg_vcache_tag){5, 2}, 2);
	assert_int_equal(eg_vcache_find(cache, (struct eg_vcache_tag){5, 1})->list_idx, 1);
	assert_int_equal(eg_vcache_find(cache, (struct eg_vcache_tag){5, 2})->list_idx, 2);
	eg_vcache_free(cache);
}

static void the_same_tag_is_put_in_once(void **state)
{
	struct eg_vcache *cache = new_cache();
	struct eg_vcache_tag tag = {5, 1};
	struct eg_vcache_entry entry = entry_of(1);

	for (unsigned i = 0; i < 3 * WAYS; i++)
		assert_false(eg_vcache_insert(cache, tag, &entry));
	put(cache, tag, 2);
	assert_int_equal(eg_vcache_find(cache, tag)->list_idx, 2);
	eg_vcache_free(cache);
}

/* Tokens that an attacker who knew the key would choose: all of one set. */
static unsigned colliding(struct eg_vcache *cache, struct eg_vcache_tag tags[COLLIDED])
{
	const uint64_t sets = eg_vcache_room(cache) / WAYS;
	unsigned cnt = 0;

	for (uint32_t i = 0; cnt < COLLIDED; i++) {
		struct eg_vcache_tag tag = tag_of(cache, &domain, &i, sizeof(i));

		if ((tag.lo >> 32) * sets >> 32 == 0)
			tags[cnt++] = tag;
	}
	return cnt;
}

static void tokens_of_one_set_displace_only_each_other(void **state)
{
	struct eg_vcache *cache = new_cache();
	struct eg_vcache_tag tags[COLLIDED], outside = {~0ull, 1};
	unsigned displaced = 0, kept = 0;

	put(cache, outside, 99999);
	(void)colliding(cache, tags);
	for (uint32_t i = 0; i < COLLIDED; i++) {
		struct eg_vcache_entry entry = entry_of(i);

		assert_null(eg_vcache_find(cache, tags[i]));
		displaced += eg_vcache_insert(cache, tags[i], &entry);
	}
	assert_int_equal(displaced, COLLIDED - WAYS);
	for (uint32_t i = 0; i < COLLIDED; i++) {
		const struct eg_vcache_entry *found = eg_vcache_find(cache, tags[i]);

		assert_true(found == NULL || found->list_idx == i);
		kept += found != NULL;
	}
	assert_int_equal(kept, WAYS);
	assert_int_equal(eg_vcache_find(cache, outside)->list_idx, 99999);
	eg_vcache_free(cache);
}

static void what_is_asked_for_outlives_what_comes_once(void **state)
{
	struct eg_vcache *cache = new_cache();
	struct eg_vcache_tag tags[COLLIDED];

	(void)colliding(cache, tags);
	put(cache, tags[0], 0);
	for (uint32_t i = 1; i < COLLIDED; i++) {
		assert_non_null(eg_vcache_find(cache, tags[0]));
		put(cache, tags[i], i);
	}
	assert_int_equal(eg_vcache_find(cache, tags[0])->list_idx, 0);
	eg_vcache_free(cache);
}

static void tokens_fill_all_of_the_memory(void **state)
{
	struct eg_vcache *cache = new_cache();
	unsigned kept = 0;

	for (uint32_t i = 0; i < TOKENS; i++)
		put(cache, tag_of(cache, &domain, &i, sizeof(i)), i);
	for (uint32_t i = 0; i < TOKENS; i++)
		kept += eg_vcache_find(cache, tag_of(cache, &domain, &i, sizeof(i))) != NULL;
	assert_int_equal(kept, eg_vcache_room(cache)); /* ten times as many as it holds */
	eg_vcache_free(cache);
}

/* ── forged ── */

static void the_tables_are_apart(void **state)
{
	struct eg_vcache *cache = new_cache();
	struct eg_vcache_tag good = {5, 1}, forged = {5, 2};

	put(cache, good, 1);
	put_forged(cache, SENDER, forged, 2);
	assert_null(eg_vcache_find(cache, forged));
	assert_null(eg_vcache_find_forged(cache, SENDER, good));
	assert_int_equal(eg_vcache_find_forged(cache, SENDER, forged)->list_idx, 2);
	eg_vcache_free(cache);
}

static void a_sender_displaces_only_its_own(void **state)
{
	struct eg_vcache *cache = eg_vcache_new(16u << 20, &key, NULL);
	struct eg_vcache_tag victim = {0xabcdef, 1};
	unsigned kept = 0;

	assert_non_null(cache);
	put(cache, victim, 1);
	put_forged(cache, 0x0a000001, victim, 2);
	for (uint32_t i = 0; i < TOKENS; i++)
		put_forged(cache, 0x0a000002, tag_of(cache, &domain, &i, sizeof(i)), i);
	for (uint32_t i = 0; i < TOKENS; i++)
		kept += eg_vcache_find_forged(
		            cache, 0x0a000002, tag_of(cache, &domain, &i, sizeof(i))) != NULL;
	assert_int_equal(kept, EG_VCACHE_FORGED_MAX);
	assert_non_null(eg_vcache_find_forged(cache, 0x0a000001, victim));
	assert_non_null(eg_vcache_find(cache, victim));
	eg_vcache_free(cache);
}

/* ── the whole ── */

static void what_is_forgotten_is_not_found(void **state)
{
	struct eg_vcache *cache = new_cache();

	for (unsigned round = 0; round < 600; round++) {
		struct eg_vcache_tag tag = tag_of(cache, &domain, "token", 5);

		assert_null(eg_vcache_find(cache, tag));
		assert_null(eg_vcache_find_forged(cache, SENDER, tag));
		put(cache, tag, round);
		put_forged(cache, SENDER, tag, round);
		assert_int_equal(eg_vcache_find(cache, tag)->list_idx, round);
		assert_non_null(eg_vcache_find_forged(cache, SENDER, tag));
		eg_vcache_forget(cache);
	}
	eg_vcache_free(cache);
}

static void sizes_that_are_none_are_refused(void **state)
{
	struct eg_error err = {0};

	assert_null(eg_vcache_new(BYTES - 1, &key, &err));
	assert_int_equal(err.code, -EG_EINVAL);
	assert_null(eg_vcache_new(UINT64_MAX, &key, &err));
	assert_int_equal(err.code, -EG_EINVAL);
	eg_vcache_free(NULL);
}

static void room_is_what_memory_allows(void **state)
{
	static const uint64_t sizes[] = {BYTES, 1u << 20, 16u << 20, 17u << 20};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct eg_vcache *cache = eg_vcache_new(sizes[i], &key, NULL);

		assert_non_null(cache);
		assert_true(eg_vcache_room(cache) * 128 <= sizes[i]);
		assert_true(eg_vcache_room(cache) * 128 >= sizes[i] * 3 / 4);
		eg_vcache_free(cache);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tags_are_gmac_and_one_block_of_aes),
	    cmocka_unit_test(an_empty_token_has_no_tag),
	    cmocka_unit_test(every_byte_and_the_length_count),
	    cmocka_unit_test(policy_store_and_format_count),
	    cmocka_unit_test(another_key_is_another_tag),
	    cmocka_unit_test(all_of_the_tag_is_compared),
	    cmocka_unit_test(the_same_tag_is_put_in_once),
	    cmocka_unit_test(tokens_of_one_set_displace_only_each_other),
	    cmocka_unit_test(what_is_asked_for_outlives_what_comes_once),
	    cmocka_unit_test(tokens_fill_all_of_the_memory),
	    cmocka_unit_test(the_tables_are_apart),
	    cmocka_unit_test(a_sender_displaces_only_its_own),
	    cmocka_unit_test(what_is_forgotten_is_not_found),
	    cmocka_unit_test(sizes_that_are_none_are_refused),
	    cmocka_unit_test(room_is_what_memory_allows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
