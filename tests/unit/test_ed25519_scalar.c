/* SPDX-License-Identifier: BSD-3-Clause */
/* Scalars mod L against libsodium's, and that digits add up to what they were cut from. */
#include "eg_test.h"
#include "scalar.h"

#include <sodium.h>

#define PARTS_BITS     3u /* of keys without a table */
#define TABLE_BITS_MIN 6u
#define WINDOWS_MAX    85u

static const uint64_t order[4] = {0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, UINT64_C(1) << 60};

/* a += b as numbers of 256 bits */
static void add_256(uint64_t a[4], const uint64_t b[4])
{
	uint64_t carry = 0;

	for (int i = 0; i < 4; i++) {
		unsigned __int128 t = (unsigned __int128)a[i] + b[i] + carry;

		a[i] = (uint64_t)t;
		carry = (uint64_t)(t >> 64);
	}
}

static void negate_256(uint64_t a[4])
{
	static const uint64_t one[4] = {1};

	for (int i = 0; i < 4; i++)
		a[i] = ~a[i];
	add_256(a, one);
}

static void sodium_reduce(const uint64_t hash[8], uint64_t out[4])
{
	crypto_core_ed25519_scalar_reduce((uint8_t *)out, (const uint8_t *)hash);
}

/* ── mod L ── */

static void assert_reduces(const uint64_t hash[8])
{
	uint64_t k[4], expected[4];

	eg_scalar_reduce(hash, k);
	sodium_reduce(hash, expected);
	assert_memory_equal(k, expected, sizeof(k));
	assert_true(eg_scalar_is_canonical(k));
}

/* m·L + low at word `at`: where quotients change. */
static void reduce_near_multiples(void **state)
{
	for (unsigned at = 0; at <= 4; at++)
		for (uint64_t m = 0; m < 16; m++)
			for (uint64_t low = 0; low < 3; low++) {
				uint64_t hash[8] = {0}, x[4] = {0}, minus_one[4];

				for (uint64_t i = 0; i < m; i++)
					add_256(x, order);
				memset(minus_one, 0xff, sizeof(minus_one));
				x[0] += low;
				if (m > 0)
					add_256(x, minus_one);
				memcpy(&hash[at], x, sizeof(x));
				assert_reduces(hash);
			}
}

static void reduce_extremes(void **state)
{
	uint64_t hash[8] = {0};

	assert_reduces(hash);
	for (unsigned bit = 0; bit < 512; bit++) {
		memset(hash, 0, sizeof(hash));
		hash[bit / 64] = UINT64_C(1) << bit % 64;
		assert_reduces(hash); /* 2^bit */
		for (unsigned i = 0; i < bit / 64; i++)
			hash[i] = UINT64_MAX;
		hash[bit / 64] |= hash[bit / 64] - 1;
		assert_reduces(hash); /* 2^(bit + 1) − 1 */
	}
}

static void reduce_random(void **state)
{
	uint64_t hash[8];

	for (int i = 0; i < 20000; i++) {
		eg_test_random_bytes((uint8_t *)hash, sizeof(hash));
		for (int j = 0; j < 8; j++) /* words of all ones and zeros now and then */
			if (eg_test_below(6) == 0)
				hash[j] = eg_test_below(2) != 0 ? UINT64_MAX : 0;
		assert_reduces(hash);
	}
}

static void canonical(void **state)
{
	for (unsigned word = 0; word < 4; word++) {
		uint64_t s[4];

		memcpy(s, order, sizeof(s));
		assert_false(eg_scalar_is_canonical(s));
		s[word]++;
		assert_false(eg_scalar_is_canonical(s));
		s[word] -= 2;
		assert_int_equal(
		    eg_scalar_is_canonical(s), word != 2); /* word 2 is 0: it wrapped */
	}
}

/* ── digits ── */

/* Σ digit[i]·2^(wi) mod 2^256, from the top */
static void add_up(const int16_t digit[], unsigned w, uint64_t sum[4])
{
	memset(sum, 0, 4 * sizeof(*sum));
	for (unsigned i = eg_recodings[w].window_cnt; i-- > 0;) {
		uint64_t d[4] = {(uint64_t)(digit[i] < 0 ? -digit[i] : digit[i])};

		for (unsigned b = 0; b < w; b++)
			add_256(sum, sum);
		if (digit[i] < 0)
			negate_256(d);
		add_256(sum, d);
	}
}

/* The sum may be below zero or above L where digits are centred: |sum| < 2^253. */
static void to_scalar(uint64_t sum[4], uint64_t out[4])
{
	uint64_t hash[8] = {0};

	if (sum[3] >> 63 != 0) {
		add_256(sum, order);
		add_256(sum, order);
	}
	memcpy(hash, sum, 4 * sizeof(*sum));
	sodium_reduce(hash, out);
}

static void assert_recodes(const uint64_t s[4], unsigned w)
{
	int16_t digit[WINDOWS_MAX];
	uint64_t sum[4], reduced[4];

	eg_scalar_recode(s, w, digit);
	for (unsigned i = 0; i < eg_recodings[w].window_cnt; i++)
		assert_true(abs(digit[i]) <= 1 << (w - 1));
	add_up(digit, w, sum);
	if (!eg_recodings[w].centred) {
		assert_memory_equal(sum, s, sizeof(sum));
		return;
	}
	to_scalar(sum, reduced);
	assert_memory_equal(reduced, s, sizeof(reduced));
}

static unsigned next_width(unsigned w)
{
	return w == PARTS_BITS ? TABLE_BITS_MIN : w + 1;
}

/* As scalar.h defines them. */
static void recodings_as_defined(void **state)
{
	for (unsigned w = 0; w <= EG_RECODING_BITS_MAX; w++) {
		const struct eg_recoding *r = &eg_recodings[w];
		unsigned biased = r->centred ? r->window_cnt : r->window_cnt - 1u;
		uint64_t bias[4] = {0};

		assert_int_equal(r->window_cnt != 0, w == PARTS_BITS || w >= TABLE_BITS_MIN);
		if (r->window_cnt == 0)
			continue;
		assert_int_equal(r->centred, w >= TABLE_BITS_MIN && 252 % w == 0);
		assert_int_equal(r->window_cnt, r->centred ? 252 / w : (253 + w - 1) / w);
		for (unsigned i = 0; i < biased; i++) {
			unsigned bit = w * i + w - 1;

			bias[bit / 64] |= UINT64_C(1) << bit % 64;
		}
		assert_memory_equal(bias, r->bias, sizeof(bias));
	}
}

static void recode_random(void **state)
{
	uint64_t hash[8], s[4];

	for (unsigned w = PARTS_BITS; w <= EG_RECODING_BITS_MAX; w = next_width(w))
		for (int i = 0; i < 3000; i++) {
			eg_test_random_bytes((uint8_t *)hash, sizeof(hash));
			eg_scalar_reduce(hash, s);
			assert_recodes(s, w);
		}
}

/* L − 1 − i, i, and where s + bias comes out at 2^252 ± i: the top window's limits. */
static void recode_extremes(void **state)
{
	for (unsigned w = PARTS_BITS; w <= EG_RECODING_BITS_MAX; w = next_width(w))
		for (uint64_t i = 0; i < 64; i++) {
			uint64_t small[4] = {i}, large[4] = {i + 1}, edge[4], back[4],
			         hash[8] = {0};

			negate_256(large);
			add_256(large, order);
			assert_recodes(small, w);
			assert_recodes(large, w);
			memcpy(edge, eg_recodings[w].bias, sizeof(edge));
			negate_256(edge);
			for (int j = 0; j < 4; j++)
				back[j] = order[j];
			add_256(edge, back); /* L − bias */
			back[0] = i - 32, back[1] = back[2] = i < 32 ? UINT64_MAX : 0;
			back[3] = (UINT64_C(1) << 60) - (i < 32);
			add_256(edge, back); /* + 2^252 + i − 32 */
			memcpy(hash, edge, sizeof(edge));
			sodium_reduce(hash, edge);
			assert_recodes(edge, w);
		}
}

/* u = s + bias mod L is 2^252 and more for one s in 2^127: then the top digit is 2^(w−1), the last
 * entry of the table. */
static void recode_reaches_last_entry(void **state)
{
	for (unsigned w = PARTS_BITS; w <= EG_RECODING_BITS_MAX; w = next_width(w)) {
		uint64_t s[4] = {0, 0, 0, UINT64_C(1) << 60}, minus_bias[4];
		int16_t digit[WINDOWS_MAX];

		if (!eg_recodings[w].centred)
			continue;
		memcpy(minus_bias, eg_recodings[w].bias, sizeof(minus_bias));
		negate_256(minus_bias);
		add_256(s, minus_bias); /* 2^252 − bias: below L, and nothing wraps */
		assert_recodes(s, w);
		eg_scalar_recode(s, w, digit);
		assert_int_equal(digit[252 / w - 1], 1 << (w - 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reduce_near_multiples),
	    cmocka_unit_test(reduce_extremes),
	    cmocka_unit_test(reduce_random),
	    cmocka_unit_test(canonical),
	    cmocka_unit_test(recodings_as_defined),
	    cmocka_unit_test(recode_random),
	    cmocka_unit_test(recode_extremes),
	    cmocka_unit_test(recode_reaches_last_entry),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
