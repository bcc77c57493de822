/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_pages.h"
#include "revoke_test.h"

#define URI "https://issuer.example/lists/1"

static const unsigned widths[] = {1, 2, 4, 8};

static struct eg_bitmap *new_map(unsigned bits, uint32_t entries)
{
	struct eg_bitmap *map = eg_bitmap_new(eg_span_str(URI), bits, entries);

	assert_non_null(map);
	return map;
}

static void limits(void **state)
{
	struct eg_span uri = eg_span_str(URI);

	assert_null(eg_bitmap_new(uri, 0, 8));
	assert_null(eg_bitmap_new(uri, 3, 8));
	assert_null(eg_bitmap_new(uri, 16, 8));
	assert_null(eg_bitmap_new(uri, 1, 0));
	assert_null(eg_bitmap_new(uri, 1, EG_REVOKE_ENTRIES_MAX + 1));
	for (size_t i = 0; i < 4; i++) {
		struct eg_bitmap *map = new_map(widths[i], EG_REVOKE_ENTRIES_MAX);

		assert_int_equal(eg_bitmap_get(map, EG_REVOKE_ENTRIES_MAX - 1), 0);
		eg_bitmap_free(map);
	}
	eg_bitmap_free(NULL);
}

static void out_of_range_is_all_ones(void **state)
{
	for (size_t i = 0; i < 4; i++) {
		struct eg_bitmap *map = new_map(widths[i], 9);

		assert_int_equal(eg_bitmap_bits(map), widths[i]);
		assert_int_equal(eg_bitmap_entries(map), 9);
		assert_int_equal(eg_bitmap_get(map, 8), 0);
		assert_int_equal(eg_bitmap_get(map, 9), (1u << widths[i]) - 1);
		assert_int_equal(eg_bitmap_get(map, UINT32_MAX), (1u << widths[i]) - 1);
		__builtin_prefetch(eg_bitmap_line(map, 8));
		__builtin_prefetch(eg_bitmap_line(map, UINT32_MAX));
		eg_bitmap_free(map);
	}
}

/* The examples of draft-ietf-oauth-status-list, section "Compressed Byte Array". */
static void wire_order(void **state)
{
	static const uint8_t one_bit[] = {0xb9, 0xa3};
	static const uint8_t one_bit_values[] = {1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1};
	static const uint8_t two_bit[] = {0xc9, 0x44, 0xf9};
	static const uint8_t two_bit_values[] = {1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3};
	struct test_workers *all = *state;
	struct eg_bitmap *map = new_map(1, 16);

	assert_int_equal(eg_bitmap_set_bytes(map, 0, eg_span(one_bit, 2), &all->sink, NULL), 0);
	test_deliver_all(all);
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(eg_bitmap_get(map, i), one_bit_values[i]);
	eg_bitmap_free(map);

	map = new_map(2, 12);
	assert_int_equal(eg_bitmap_set_bytes(map, 0, eg_span(two_bit, 3), &all->sink, NULL), 0);
	test_deliver_all(all);
	for (uint32_t i = 0; i < 12; i++)
		assert_int_equal(eg_bitmap_get(map, i), two_bit_values[i]);
	eg_bitmap_free(map);
}

static void range_costs_one_operation_a_word(void **state)
{
	struct test_workers *all = *state;
	struct eg_bitmap *map = new_map(1, 100000);

	assert_int_equal(eg_bitmap_set_range(map, 2, 99999, 1, &all->sink, NULL), 0);
	assert_int_equal(all->sent_cnt, 4); /* blocks that the list did not have */
	assert_int_equal(eg_bitmap_set_range(map, 1, 99998, 1, &all->sink, NULL), 0);
	assert_int_equal(all->sent_cnt, 4 + (99998 / 64) + 1);
	assert_int_equal(eg_bitmap_set_range(map, 99999, 99999, 0, &all->sink, NULL), 0);
	test_deliver_all(all);
	for (uint32_t i = 0; i < 100000; i++)
		assert_int_equal(eg_bitmap_get(map, i), i >= 1 && i <= 99998);
	eg_bitmap_free(map);
}

static void zero_into_untouched_blocks_costs_nothing(void **state)
{
	static const uint8_t zeros[12504];
	struct test_workers *all = *state;
	struct eg_bitmap *map = new_map(1, 100000);

	assert_int_equal(eg_bitmap_set_range(map, 0, 99999, 0, &all->sink, NULL), 0);
	assert_int_equal(eg_bitmap_set_bytes(map, 0, eg_span(zeros, 12500), &all->sink, NULL), 0);
	assert_int_equal(all->sent_cnt, 0);
	eg_bitmap_free(map);
}

static void bad_ranges_are_refused(void **state)
{
	static const uint8_t ones[32] = {0xff};
	struct test_workers *all = *state;
	struct eg_bitmap *map = new_map(2, 50); /* 13 bytes */
	struct eg_error err;

	assert_int_equal(eg_bitmap_set_range(map, 0, 50, 1, &all->sink, &err), -EG_EINVAL);
	assert_int_equal(eg_bitmap_set_range(map, 3, 2, 1, &all->sink, &err), -EG_EINVAL);
	assert_int_equal(eg_bitmap_set_range(map, 0, 1, 4, &all->sink, &err), -EG_EINVAL);
	assert_int_equal(
	    eg_bitmap_set_range(map, UINT32_MAX, UINT32_MAX, 1, &all->sink, NULL), -EG_EINVAL);
	assert_int_equal(
	    eg_bitmap_set_bytes(map, 1, eg_span(ones, 8), &all->sink, &err), -EG_EINVAL);
	assert_int_equal(
	    eg_bitmap_set_bytes(map, 0, eg_span(ones, 14), &all->sink, &err), -EG_EINVAL);
	assert_int_equal(
	    eg_bitmap_set_bytes(map, 0, eg_span(ones, 12), &all->sink, &err), -EG_EINVAL);
	assert_int_equal(
	    eg_bitmap_set_bytes(map, 16, eg_span(ones, 0), &all->sink, &err), -EG_EINVAL);
	assert_int_equal(
	    eg_bitmap_set_bytes(map, UINT64_MAX - 7, eg_span(ones, 8), &all->sink, &err),
	    -EG_EINVAL);
	assert_int_equal(all->sent_cnt, 0);
	assert_int_equal(eg_bitmap_set_bytes(map, 8, eg_span(ones, 5), &all->sink, &err), 0);
	assert_int_equal(all->sent_cnt, 1);
	test_deliver_all(all);
	eg_bitmap_free(map);
}

static void bits_behind_the_last_entry_are_ignored(void **state)
{
	static const uint8_t ones[2] = {0xff, 0xff};
	struct test_workers *all = *state;
	struct eg_bitmap *map = new_map(1, 9);

	assert_int_equal(eg_bitmap_set_bytes(map, 0, eg_span(ones, 2), &all->sink, NULL), 0);
	assert_int_equal(all->sent_cnt, 1);
	test_deliver_all(all);
	assert_int_equal(eg_bitmap_grow(map, 16, &all->sink, NULL), 0);
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(eg_bitmap_get(map, i), i < 9);
	eg_bitmap_free(map);
}

static void only_differing_words_are_sent(void **state)
{
	struct test_workers *all = *state;
	struct eg_bitmap *map = new_map(1, 8 * 8192);
	uint8_t bytes[8192] = {0};

	bytes[5] = 1;
	bytes[4096] = 0x80;
	bytes[8191] = 0x80;
	assert_int_equal(
	    eg_bitmap_set_bytes(map, 0, eg_span(bytes, sizeof(bytes)), &all->sink, NULL), 0);
	assert_int_equal(all->sent_cnt, 2); /* both blocks are new */
	test_deliver_all(all);
	bytes[4096] = 0;
	bytes[4097] = 4; /* the same word */
	assert_int_equal(
	    eg_bitmap_set_bytes(map, 0, eg_span(bytes, sizeof(bytes)), &all->sink, NULL), 0);
	assert_int_equal(all->sent_cnt, 3);
	test_deliver_all(all);
	assert_int_equal(
	    eg_bitmap_set_bytes(map, 0, eg_span(bytes, sizeof(bytes)), &all->sink, NULL), 0);
	assert_int_equal(all->sent_cnt, 3);
	assert_int_equal(eg_bitmap_get(map, 8 * 4097 + 2), 1);
	assert_int_equal(eg_bitmap_get(map, 8 * 4096 + 7), 0);
	eg_bitmap_free(map);
}

/* The live words are old while operations wait: comparing with them would lose the second change,
 * so what waits is settled first, once. */
static void a_change_behind_waiting_mail_is_not_lost(void **state)
{
	static const uint8_t zeros[8192];
	struct test_workers *all = *state;
	struct eg_bitmap *map = new_map(1, 8 * 8192);

	assert_int_equal(eg_bitmap_set_range(map, 100, 100, 1, &all->sink, NULL), 0);
	assert_int_equal(
	    eg_bitmap_set_bytes(map, 0, eg_span(zeros, sizeof(zeros)), &all->sink, NULL), 0);
	test_deliver_all(all);
	assert_int_equal(eg_bitmap_get(map, 100), 0);
	assert_int_equal(all->sent_cnt, 2);
	assert_int_equal(all->settled_cnt, 1);
	eg_bitmap_free(map);
}

static void operations_go_to_the_shard_of_their_block(void **state)
{
	struct test_workers *all = *state;
	struct eg_bitmap *map = new_map(4, 5 * 8192);
	uint32_t crc = eg_crc32c(eg_span_str(URI));

	for (uint32_t block = 0; block < 5; block++) {
		unsigned shard = eg_shard_of_block(crc, block);
		unsigned before = all->sent_to_shard[shard];

		assert_int_equal(eg_bitmap_shard(map, block * 8192), shard);
		assert_int_equal(eg_bitmap_shard(map, block * 8192 + 8191), shard);
		assert_int_equal(eg_bitmap_set_range(map, block * 8192 + 8191, block * 8192 + 8191,
		                     15, &all->sink, NULL),
		    0);
		assert_int_equal(all->sent_to_shard[shard], before + 1);
	}
	test_deliver_all(all);
	eg_bitmap_free(map);
}

static void a_block_is_handed_over_once(void **state)
{
	struct test_workers *all = *state;
	struct eg_bitmap *map = new_map(1, 2 * EG_SHARD_BLOCK_BITS);
	unsigned fresh = 0;

	for (int i = 0; i < 3; i++)
		assert_int_equal(eg_bitmap_set_range(map, EG_SHARD_BLOCK_BITS - 1,
		                     EG_SHARD_BLOCK_BITS, 1, &all->sink, NULL),
		    0);
	assert_int_equal(all->sent_cnt, 6);
	for (unsigned w = 0; w < TEST_WORKERS; w++)
		for (unsigned i = 0; i < all->worker[w].tail; i++)
			fresh += all->worker[w].mail[i].word.mask == 0;
	assert_int_equal(fresh, 2);
	test_deliver_all(all);
	eg_bitmap_free(map);
}

static void without_memory_nothing_is_sent(void **state)
{
	struct test_workers *all = *state;
	struct eg_bitmap *map = new_map(1, 4 * EG_SHARD_BLOCK_BITS);
	uint8_t bytes[4 * 4096];
	struct eg_error err;

	memset(bytes, 0xff, sizeof(bytes));
	allocs_left = 0;
	assert_int_equal(
	    eg_bitmap_set_bytes(map, 0, eg_span(bytes, sizeof(bytes)), &all->sink, &err),
	    -EG_ENOMEM);
	assert_int_equal(err.code, -EG_ENOMEM);
	assert_int_equal(
	    eg_bitmap_set_range(map, 0, 4 * EG_SHARD_BLOCK_BITS - 1, 1, &all->sink, &err),
	    -EG_ENOMEM);
	assert_int_equal(all->sent_cnt, 0);
	allocs_left = 1; /* the whole list */
	assert_int_equal(
	    eg_bitmap_set_bytes(map, 0, eg_span(bytes, sizeof(bytes)), &all->sink, &err), 0);
	test_deliver_all(all);
	for (uint32_t i = 0; i < 4 * EG_SHARD_BLOCK_BITS; i += 1000)
		assert_int_equal(eg_bitmap_get(map, i), 1);
	assert_int_equal(
	    eg_bitmap_grow(map, 8 * EG_SHARD_BLOCK_BITS, &all->sink, &err), -EG_ENOMEM);
	assert_int_equal(eg_bitmap_entries(map), 4 * EG_SHARD_BLOCK_BITS);
	assert_int_equal(eg_bitmap_get(map, 0), 1);
	eg_bitmap_free(map);
}

/* ── growth ── */

static void a_list_grows_and_never_shrinks(void **state)
{
	struct test_workers *all = *state;
	struct eg_bitmap *map = new_map(2, 9);
	struct eg_error err;

	assert_int_equal(eg_bitmap_set_range(map, 8, 8, 2, &all->sink, NULL), 0);
	assert_int_equal(eg_bitmap_grow(map, 100, &all->sink, &err), 0);
	assert_int_equal(all->settled_cnt, 0); /* no new block: nothing can go astray */
	assert_int_equal(eg_bitmap_grow(map, 10 * EG_SHARD_BLOCK_BITS, &all->sink, &err), 0);
	assert_int_equal(all->settled_cnt, 1);
	assert_int_equal(eg_bitmap_entries(map), 10 * EG_SHARD_BLOCK_BITS);
	assert_int_equal(eg_bitmap_get(map, 8), 2);
	assert_int_equal(eg_bitmap_get(map, 9), 0);
	assert_int_equal(eg_bitmap_set_range(map, 10 * EG_SHARD_BLOCK_BITS - 1,
	                     10 * EG_SHARD_BLOCK_BITS - 1, 3, &all->sink, NULL),
	    0);
	test_deliver_all(all);
	assert_int_equal(eg_bitmap_get(map, 10 * EG_SHARD_BLOCK_BITS - 1), 3);
	assert_int_equal(eg_bitmap_grow(map, 10, &all->sink, &err), -EG_EINVAL);
	assert_int_equal(
	    eg_bitmap_grow(map, EG_REVOKE_ENTRIES_MAX + 1, &all->sink, &err), -EG_EINVAL);
	assert_int_equal(eg_bitmap_entries(map), 10 * EG_SHARD_BLOCK_BITS);
	eg_bitmap_free(map);
}

static void set_first_of(struct eg_bitmap *map, uint32_t block, struct test_workers *all)
{
	uint32_t idx = block * EG_SHARD_BLOCK_BITS;

	assert_int_equal(eg_bitmap_set_range(map, idx, idx, 1, &all->sink, NULL), 0);
}

static void an_empty_list_has_no_chunk_and_a_full_one_no_more_than_it_needs(void **state)
{
	struct test_workers *all = *state;
	struct eg_bitmap *map = new_map(1, EG_REVOKE_ENTRIES_MAX);
	struct eg_bitmap *small = new_map(1, 3 * EG_SHARD_BLOCK_BITS);

	assert_int_equal(eg_bitmap_memory(map), 0);
	set_first_of(map, 0, all);
	set_first_of(map, 511, all);
	assert_int_equal(eg_bitmap_memory(map), EG_PAGES_HUGE_BYTES);
	for (uint32_t block = 0; block < 2048; block++)
		set_first_of(map, block, all);
	assert_int_equal(eg_bitmap_memory(map), 4 * EG_PAGES_HUGE_BYTES);
	set_first_of(small, 1, all);
	assert_int_equal(eg_bitmap_memory(small), 3 * 4096);
	test_deliver_all(all);
	for (uint32_t block = 0; block < 2048; block++)
		assert_int_equal(eg_bitmap_get(map, block * EG_SHARD_BLOCK_BITS), 1);
	assert_int_equal(eg_bitmap_get(map, 2048 * EG_SHARD_BLOCK_BITS), 0);
	eg_bitmap_free(map);
	eg_bitmap_free(small);
}

/* Block by block, past the first chunk: old chunks stay for readers, and are few. */
static void a_small_list_grows_into_chunks(void **state)
{
	struct test_workers *all = *state;
	struct eg_bitmap *map = new_map(1, EG_SHARD_BLOCK_BITS);

	for (uint32_t block = 0; block < 600; block++) {
		assert_int_equal(
		    eg_bitmap_grow(map, (block + 1) * EG_SHARD_BLOCK_BITS, &all->sink, NULL), 0);
		set_first_of(map, block, all);
		assert_true(
		    eg_bitmap_memory(map) <= (block < 512 ? 4 * 4096 * (uint64_t)(block + 1)
		                                          : 3 * (uint64_t)EG_PAGES_HUGE_BYTES));
		assert_true(eg_bitmap_memory(map) <=
		            eg_bitmap_memory_max(1, (block + 1) * EG_SHARD_BLOCK_BITS) + (4 << 20));
	}
	assert_true(all->settled_cnt <= 10);
	test_deliver_all(all);
	for (uint32_t block = 0; block < 600; block++) {
		assert_int_equal(eg_bitmap_get(map, block * EG_SHARD_BLOCK_BITS), 1);
		assert_int_equal(eg_bitmap_get(map, block * EG_SHARD_BLOCK_BITS + 1), 0);
	}
	eg_bitmap_free(map);
}

/* Every block set, so that every chunk is there. */
static void check_memory_max(struct test_workers *all, unsigned bits, uint32_t blocks)
{
	uint32_t entries = blocks * (EG_SHARD_BLOCK_BITS / bits) - 1;
	uint64_t most = eg_bitmap_memory_max(bits, entries), memory;
	struct eg_bitmap *map = new_map(bits, entries);

	assert_int_equal(eg_bitmap_set_range(map, 0, entries - 1, 1, &all->sink, NULL), 0);
	test_deliver_all(all);
	memory = eg_bitmap_memory(map);
	assert_true(memory + 1024 * bits <= most);
	assert_true(most < memory + memory / 100 * 13 + 3072 * bits);
	eg_bitmap_free(map);
}

static void no_list_takes_more_than_its_most(void **state)
{
	static const uint32_t blocks[] = {1, 2, 3, 33, 255, 511, 512, 513, 640, 1024, 1025, 5121};

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		for (size_t w = 0; w < 4; w++)
			check_memory_max(*state, widths[w], blocks[i]);
	assert_int_equal(eg_bitmap_memory_max(1, 20u << 20) / EG_PAGES_HUGE_BYTES, 2);
}

/* ── against a model ── */

struct model {
	struct eg_bitmap *map;
	uint8_t *value;
	unsigned bits;
	uint32_t entries;
};

static void model_range(struct model *m, struct test_workers *all, uint64_t *seed)
{
	uint32_t first = rnd_below(seed, m->entries);
	uint32_t len = 1 + rnd_below(seed, rnd_below(seed, 4) != 0 ? 40 : m->entries);
	uint32_t last = len > m->entries - first ? m->entries - 1 : first + len - 1;
	unsigned value = rnd_below(seed, 1u << m->bits);

	assert_int_equal(eg_bitmap_set_range(m->map, first, last, value, &all->sink, NULL), 0);
	memset(m->value + first, (int)value, last - first + 1);
}

static void model_grow(struct model *m, struct test_workers *all, uint64_t *seed)
{
	uint32_t entries = m->entries + rnd_below(seed, EG_SHARD_BLOCK_BITS / 4);

	m->value = realloc(m->value, entries);
	assert_non_null(m->value);
	memset(m->value + m->entries, 0, entries - m->entries);
	assert_int_equal(eg_bitmap_grow(m->map, entries, &all->sink, NULL), 0);
	m->entries = entries;
}

static void model_bytes(struct model *m, struct test_workers *all, uint64_t *seed)
{
	uint32_t list_bytes = (m->entries * m->bits + 7) / 8;
	uint32_t first = rnd_below(seed, (list_bytes + 7) / 8) * 8;
	uint32_t len = (1 + rnd_below(seed, 900)) * 8;
	uint8_t *bytes;

	if (first + len > list_bytes)
		len = list_bytes - first;
	bytes = calloc(1, len);
	assert_non_null(bytes);
	for (uint32_t i = 0; i < len; i++)
		bytes[i] = rnd_below(seed, 8) == 0 ? (uint8_t)rnd(seed) : 0;
	assert_int_equal(
	    eg_bitmap_set_bytes(m->map, first, eg_span(bytes, len), &all->sink, NULL), 0);
	for (uint32_t i = 0; i < len * 8 / m->bits; i++) {
		uint32_t idx = first * 8 / m->bits + i;
		unsigned byte = bytes[i * m->bits / 8];

		if (idx < m->entries)
			m->value[idx] = (uint8_t)(byte >> i * m->bits % 8 & ((1u << m->bits) - 1));
	}
	free(bytes);
}

/* What an idle worker owns is exactly what was sent, whatever still waits for the others. */
static void model_check(const struct model *m, const struct test_workers *all)
{
	for (uint32_t i = 0; i < m->entries; i++)
		if (test_is_idle(all, eg_shard_owner(eg_bitmap_shard(m->map, i), TEST_WORKERS)))
			assert_int_equal(eg_bitmap_get(m->map, i), m->value[i]);
}

static void model_run(struct test_workers *all, unsigned bits, uint32_t entries, uint64_t seed)
{
	struct model m = {new_map(bits, entries), calloc(1, entries), bits, entries};

	assert_non_null(m.value);
	for (unsigned step = 0; step < 400; step++) {
		if (step % 40 == 39)
			model_grow(&m, all, &seed);
		else if (rnd_below(&seed, 3) == 0)
			model_bytes(&m, all, &seed);
		else
			model_range(&m, all, &seed);
		test_deliver(
		    all, rnd_below(&seed, TEST_WORKERS), rnd_below(&seed, 2) ? 50 : UINT32_MAX);
		if (step % 20 == 0)
			model_check(&m, all);
		if (step % 20 == 10)
			test_deliver_all(all);
	}
	test_deliver_all(all);
	model_check(&m, all);
	eg_bitmap_free(m.map);
	free(m.value);
}

static void random_changes_equal_a_model(void **state)
{
	for (size_t i = 0; i < 4; i++) {
		model_run(*state, widths[i], 5 * EG_SHARD_BLOCK_BITS / widths[i] + 77, 1 + i);
		model_run(*state, widths[i], 1, 10 + i);
		model_run(*state, widths[i], 63, 20 + i);
	}
}

#define WITH_WORKERS(test) cmocka_unit_test_setup_teardown(test, test_setup, test_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(limits),
	    cmocka_unit_test(out_of_range_is_all_ones),
	    WITH_WORKERS(wire_order),
	    WITH_WORKERS(range_costs_one_operation_a_word),
	    WITH_WORKERS(zero_into_untouched_blocks_costs_nothing),
	    WITH_WORKERS(bad_ranges_are_refused),
	    WITH_WORKERS(bits_behind_the_last_entry_are_ignored),
	    WITH_WORKERS(only_differing_words_are_sent),
	    WITH_WORKERS(a_change_behind_waiting_mail_is_not_lost),
	    WITH_WORKERS(operations_go_to_the_shard_of_their_block),
	    WITH_WORKERS(a_block_is_handed_over_once),
	    WITH_WORKERS(without_memory_nothing_is_sent),
	    WITH_WORKERS(a_list_grows_and_never_shrinks),
	    WITH_WORKERS(an_empty_list_has_no_chunk_and_a_full_one_no_more_than_it_needs),
	    WITH_WORKERS(a_small_list_grows_into_chunks),
	    WITH_WORKERS(no_list_takes_more_than_its_most),
	    WITH_WORKERS(random_changes_equal_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
