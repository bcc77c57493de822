/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_test.h"

#include "eg_base64url.h"

#include <sodium.h>

#define BYTES_MAX 1024u
#define TEXT_MAX  EG_BASE64URL_ENCODED_BYTES(BYTES_MAX)

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* A copy that ends where its allocation ends, so that a sanitizer sees one byte too many. */
static uint8_t *exact(const void *data, size_t len)
{
	uint8_t *p = malloc(len != 0 ? len : 1);

	assert_non_null(p);
	memcpy(p, data, len);
	return p;
}

static void test_lengths(void **state)
{
	for (size_t n = 0; n < 100; n++) {
		size_t chars =
		    sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING) - 1;

		assert_int_equal(EG_BASE64URL_ENCODED_BYTES(n), chars);
		assert_int_equal(EG_BASE64URL_DECODED_BYTES(chars), n);
	}
}

static void test_round_trip_and_libsodium(void **state)
{
	for (size_t n = 0; n <= BYTES_MAX; n++) {
		const size_t chars = EG_BASE64URL_ENCODED_BYTES(n);
		uint8_t data[BYTES_MAX];
		char expected[TEXT_MAX + 1];
		uint8_t *text, *back;

		eg_test_random_bytes(data, n);
		sodium_bin2base64(
		    expected, sizeof(expected), data, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
		text = exact(expected, chars);
		memset(text, 0, chars);
		eg_base64url_encode(eg_span(data, n), (char *)text);
		assert_memory_equal(text, expected, chars);

		back = exact(data, n);
		memset(back, 0, n);
		assert_true(eg_base64url_valid(eg_span(text, chars)));
		assert_true(eg_base64url_decode(eg_span(text, chars), back));
		assert_memory_equal(back, data, n);
		free(text);
		free(back);
	}
}

static void test_each_byte_at_each_position(void **state)
{
	for (size_t len = 61; len <= 64; len++) {
		for (size_t at = 0; at < len; at++) {
			for (unsigned c = 0; c < 256; c++) {
				const bool valid = c != 0 && strchr(alphabet, (int)c) != NULL;
				uint8_t text[64], out[48];

				memset(text, 'A', sizeof(text));
				text[at] = (uint8_t)c;
				if (!valid || len % 4 == 1)
					assert_false(eg_base64url_decode(eg_span(text, len), out));
				else if (at != len - 1)
					assert_true(eg_base64url_decode(eg_span(text, len), out));
			}
		}
	}
}

/* Of the 64 last characters those with zero unused bits pass: 4 of length 2 mod 4, 16 of 3. */
static void test_unused_bits(void **state)
{
	static const unsigned step[4] = {1, 0, 16, 4};

	for (size_t len = 2; len <= 12; len++) {
		for (unsigned last = 0; last < 64; last++) {
			const bool canonical = len % 4 != 1 && last % step[len % 4] == 0;
			uint8_t text[12], out[9];

			memset(text, '_', sizeof(text));
			text[len - 1] = (uint8_t)alphabet[last];
			assert_int_equal(eg_base64url_valid(eg_span(text, len)), canonical);
			assert_int_equal(eg_base64url_decode(eg_span(text, len), out), canonical);
		}
	}
}

static void test_length_one_mod_four(void **state)
{
	uint8_t text[TEXT_MAX], out[BYTES_MAX];

	memset(text, 'A', sizeof(text));
	for (size_t len = 1; len < TEXT_MAX; len += 4) {
		assert_false(eg_base64url_valid(eg_span(text, len)));
		assert_false(eg_base64url_decode(eg_span(text, len), out));
	}
}

static void test_padding_and_space_are_refused(void **state)
{
	static const char *const texts[] = {
	    "QQ==", "QUI=", "QUJD=", " QUJD", "QUJD\n", "QU JD", "+/+/"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		uint8_t out[8];

		assert_false(eg_base64url_decode(eg_span_str(texts[i]), out));
	}
}

/* Random texts: accepted exactly where encoding gives the same text again. */
static void test_decode_is_injective(void **state)
{
	for (unsigned round = 0; round < 100000; round++) {
		const size_t len = eg_test_below(13);
		uint8_t text[12], data[9];
		char again[12];

		for (size_t i = 0; i < len; i++)
			text[i] = (uint8_t)alphabet[eg_test_below(64)];
		if (!eg_base64url_decode(eg_span(text, len), data)) {
			assert_true(len % 4 != 0);
			continue;
		}
		eg_base64url_encode(eg_span(data, EG_BASE64URL_DECODED_BYTES(len)), again);
		assert_memory_equal(again, text, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_round_trip_and_libsodium),
	    cmocka_unit_test(test_each_byte_at_each_position),
	    cmocka_unit_test(test_unused_bits),
	    cmocka_unit_test(test_length_one_mod_four),
	    cmocka_unit_test(test_padding_and_space_are_refused),
	    cmocka_unit_test(test_decode_is_injective),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
