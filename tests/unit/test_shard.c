/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_shard.h"
#include "eg_test.h"

#define LEN_MAX 300u

struct crc_vector {
	const char *name;
	uint8_t first;
	int step;
	size_t len;
	uint32_t crc;
};

/* RFC 3720 appendix B.4 (as numbers; the RFC prints them byte by byte). */
static const struct crc_vector rfc3720[] = {
    {"zeros", 0x00, 0, 32, 0x8A9136AAu},
    {"ones", 0xff, 0, 32, 0x62A8AB43u},
    {"incrementing", 0x00, 1, 32, 0x46DD794Eu},
    {"decrementing", 0x1f, -1, 32, 0x113FDB5Cu},
};

static const uint8_t scsi_read_pdu[48] = {0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0x14, 0, 0, 0, 0, 0, 0x04, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02};

static void check_all(struct eg_span data, uint32_t expected)
{
	assert_int_equal(eg_crc32c_portable(data), expected);
	assert_int_equal(eg_crc32c(data), expected);
	if (eg_crc32c_sse42_supported())
		assert_int_equal(eg_crc32c_sse42(data), expected);
}

static void crc_rfc3720(void **state)
{
	for (size_t v = 0; v < sizeof(rfc3720) / sizeof(rfc3720[0]); v++) {
		uint8_t data[32];

		for (size_t i = 0; i < rfc3720[v].len; i++)
			data[i] = (uint8_t)(rfc3720[v].first + rfc3720[v].step * (int)i);
		check_all(eg_span(data, rfc3720[v].len), rfc3720[v].crc);
	}
	check_all(eg_span(scsi_read_pdu, sizeof(scsi_read_pdu)), 0xD9963A56u);
	check_all(eg_span_str("123456789"), 0xE3069283u);
	check_all(eg_span(NULL, 0), 0);
}

/* Bit by bit, from the definition. */
static uint32_t naive_crc(struct eg_span data)
{
	uint32_t crc = ~0u;

	for (size_t i = 0; i < data.len; i++) {
		crc ^= data.ptr[i];
		for (int b = 0; b < 8; b++)
			crc = crc >> 1 ^ (crc & 1u ? 0x82F63B78u : 0);
	}
	return ~crc;
}

static void crc_every_length_and_alignment(void **state)
{
	_Alignas(16) uint8_t data[LEN_MAX + 16];
	uint32_t seed = 12345;

	for (size_t i = 0; i < sizeof(data); i++) {
		seed = seed * 1664525u + 1013904223u;
		data[i] = (uint8_t)(seed >> 24);
	}
	for (size_t offset = 0; offset < 16; offset++)
		for (size_t len = 0; len <= LEN_MAX; len++) {
			struct eg_span s = eg_span(data + offset, len);

			check_all(s, naive_crc(s));
		}
}

static void shard_of_token_is_its_tail(void **state)
{
	uint8_t token[200];
	struct eg_span tail = eg_span(token + 200 - EG_SHARD_TAIL_BYTES, EG_SHARD_TAIL_BYTES);

	memset(token, 'a', sizeof(token));
	memcpy(token + 190, "0123456789", 10);
	assert_int_equal(eg_shard_of_token(eg_span(token, sizeof(token))), naive_crc(tail) & 63u);
	assert_int_equal(eg_shard_of_token(tail), naive_crc(tail) & 63u);
	token[200 - EG_SHARD_TAIL_BYTES - 1] ^= 1; /* one byte before the tail */
	assert_int_equal(eg_shard_of_token(eg_span(token, sizeof(token))), naive_crc(tail) & 63u);
	assert_int_equal(
	    eg_shard_of_token(eg_span(token, 15)), naive_crc(eg_span(token, 15)) & 63u);
	assert_int_equal(eg_shard_of_token(eg_span(NULL, 0)), 0);
}

static void shard_of_token_reaches_every_shard(void **state)
{
	bool seen[EG_SHARDS] = {false};
	unsigned seen_cnt = 0;

	for (unsigned i = 0; i < 2000; i++) {
		char token[32];
		int n = snprintf(token, sizeof(token), "token-number-%08u", i);
		unsigned shard = eg_shard_of_token(eg_span(token, (size_t)n));

		assert_in_range(shard, 0, EG_SHARDS - 1);
		seen_cnt += !seen[shard];
		seen[shard] = true;
	}
	assert_int_equal(seen_cnt, EG_SHARDS);
}

/* Values worked out by hand from docs/protocol.md section 6: the map is a contract with clients. */
static void shard_formulas(void **state)
{
	assert_int_equal(eg_shard_of_block(0, 0), 0);
	assert_int_equal(eg_shard_of_block(1, 0), 0x9E3779B1u >> 26);
	assert_int_equal(eg_shard_of_block(0, 1), 0x85EBCA6Bu >> 26);
	assert_int_equal(eg_shard_of_block(1, 1), 0x2423441Cu >> 26); /* the sum wraps */
	assert_int_equal(
	    eg_shard_of_hash((struct eg_hash128){.lo = UINT64_MAX, .hi = 0x03ffffffffffffffu}), 0);
	assert_int_equal(eg_shard_of_hash((struct eg_hash128){.lo = 0, .hi = UINT64_MAX}), 63);
	for (unsigned workers = 1; workers <= 64; workers++)
		for (unsigned shard = 0; shard < EG_SHARDS; shard++)
			assert_true(eg_shard_owner(shard, workers) < workers);
	assert_int_equal(eg_shard_owner(63, 2), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(crc_rfc3720),
	    cmocka_unit_test(crc_every_length_and_alignment),
	    cmocka_unit_test(shard_of_token_is_its_tail),
	    cmocka_unit_test(shard_of_token_reaches_every_shard),
	    cmocka_unit_test(shard_formulas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
