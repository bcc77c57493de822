/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_test.h"

#include "eg_token.h"

struct date_case {
	const char *text;
	bool ok;
	int64_t floor_s, ceil_s;
};

#define PAST EG_TOKEN_TIME_FAR_PAST
#define MAX  EG_TOKEN_TIME_MAX

static const struct date_case cases[] = {
    {"0", true, 0, 0},
    {"-0", true, 0, 0},
    {"-0.0e5", true, 0, 0},
    {"0e20", true, 0, 0},
    {"1800000000", true, 1800000000, 1800000000},
    {"1800000000.0", true, 1800000000, 1800000000},
    {"1800000000.5", true, 1800000000, 1800000001},
    {"1800000000.000000001", true, 1800000000, 1800000001},
    {"1.683061093e+09", true, 1683061093, 1683061093},
    {"1.6830610935e9", true, 1683061093, 1683061094},
    {"1.683061093E9", true, 1683061093, 1683061093},
    {"1.683061093e0000000000000000000000009", true, 1683061093, 1683061093},
    {"18000000000e-1", true, 1800000000, 1800000000},
    {"18000000001e-1", true, 1800000000, 1800000001},
    {"0.5", true, 0, 1},
    {"1e-20", true, 0, 1},
    {"99999999999999999999e-20", true, 0, 1},
    {"99999999999999999999e-19", true, 9, 10},
    {"0.00000000000000000000000000000000001", true, 0, 1},
    {"0.0000000000000000000018e20", true, 0, 1},
    {"0.00000000018e20", true, 18000000000, 18000000000},
    {"9e20", false, 0, 0},
    /* the last second, and beyond it */
    {"253402300799", true, MAX, MAX},
    {"253402300799.0", true, MAX, MAX},
    {"253402300798.5", true, MAX - 1, MAX},
    {"253402300799.00000001", false, 0, 0},
    {"253402300800", false, 0, 0},
    {"2.53402300799e11", true, MAX, MAX},
    {"1e11", true, 100000000000, 100000000000},
    {"1e12", false, 0, 0},
    {"18446744073709551616", false, 0, 0},
    {"18446744075509551616", false, 0, 0},
    {"99999999999999999999", false, 0, 0},
    {"99999999999999999999e20", false, 0, 0},
    {"99999999999999999999e11", false, 0, 0},
    {"18446744073709551616e-10", true, 1844674407, 1844674408},
    /* 20 significant digits, and 21 */
    {"1800000000.1234567890", true, 1800000000, 1800000001},
    {"1800000000.12345678901", false, 0, 0},
    {"1800000000.0000000000", true, 1800000000, 1800000000},
    {"1800000000.00000000000", false, 0, 0},
    {"0.00012345678901234567890", true, 0, 1},
    {"0.000123456789012345678901", false, 0, 0},
    {"100000000000000000000", false, 0, 0},
    {"-100000000000000000000", false, 0, 0},
    /* exponents of 20, and 21 */
    {"1e20", false, 0, 0},
    {"1e-21", false, 0, 0},
    {"0e21", false, 0, 0},
    {"0e-21", false, 0, 0},
    {"1e400", false, 0, 0},
    {"1e99999999999999999999999999", false, 0, 0},
    {"1e-99999999999999999999999999", false, 0, 0},
    /* negative: far past, however large */
    {"-1", true, PAST, PAST},
    {"-0.5", true, PAST, PAST},
    {"-1e-20", true, PAST, PAST},
    {"-99999999999999999999e20", true, PAST, PAST},
    {"-1e21", false, 0, 0},
};

static void check(const char *text, bool ok, int64_t floor_s, int64_t ceil_s)
{
	int64_t floor = 0, ceil = 0;

	if (eg_numeric_date(eg_span_str(text), &floor, &ceil) != ok)
		fail_msg("%s: %s", text, ok ? "refused" : "accepted");
	if (ok && (floor != floor_s || ceil != ceil_s))
		fail_msg("%s: %lld, %lld", text, (long long)floor, (long long)ceil);
}

static void test_cases(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(cases[i].text, cases[i].ok, cases[i].floor_s, cases[i].ceil_s);
}

static __int128 power(unsigned n)
{
	__int128 p = 1;

	while (n-- > 0)
		p *= 10;
	return p;
}

/* whole.fraction e exponent with 18 digits or fewer: everything fits in 128 bits, so that integer
 * arithmetic on a scale of 10^18 gives the answer in another way. */
static void check_random(void)
{
	const unsigned fraction_digits = 1 + eg_test_below(8);
	const int exponent = (int)eg_test_below(21) - 10;
	const uint64_t whole = eg_test_random() % (uint64_t)power(eg_test_below(11));
	const uint64_t fraction = eg_test_random() % (uint64_t)power(fraction_digits);
	const __int128 scale = power(18);
	__int128 scaled = (__int128)whole * scale + fraction * power(18 - fraction_digits);
	char text[64];

	(void)snprintf(text, sizeof(text), "%llu.%0*llue%+d", (unsigned long long)whole,
	    (int)fraction_digits, (unsigned long long)fraction, exponent);
	if (exponent >= 0)
		scaled *= power((unsigned)exponent);
	else if (scaled % power((unsigned)-exponent) == 0)
		scaled /= power((unsigned)-exponent);
	else /* finer than the scale: not whole, whatever the floor is */
		scaled = scaled / power((unsigned)-exponent) / scale * scale + 1;
	if (scaled > MAX * scale)
		check(text, false, 0, 0);
	else
		check(
		    text, true, (int64_t)(scaled / scale), (int64_t)((scaled + scale - 1) / scale));
}

static void test_random_against_integers(void **state)
{
	for (unsigned i = 0; i < 300000; i++)
		check_random();
}

/* One value written with every exponent that is allowed. */
static void test_same_value_in_every_form(void **state)
{
	for (int shift = 0; shift <= 10; shift++) {
		char text[64];

		(void)snprintf(text, sizeof(text), "18%.*se%d", 8 - (shift < 8 ? shift : 8),
		    "00000000", shift < 8 ? shift : 8);
		check(text, true, 1800000000, 1800000000);
		(void)snprintf(
		    text, sizeof(text), "1800000000%.*se-%d", shift, "0000000000", shift);
		check(text, true, 1800000000, 1800000000);
	}
}

/* Any bytes: no read outside, no undefined arithmetic, and only values of the range come out. */
static void test_any_bytes(void **state)
{
	static const char chars[] = "0123456789-+.eE0000099999\"x ";

	for (unsigned i = 0; i < 300000; i++) {
		const size_t len = eg_test_below(40);
		uint8_t *text = malloc(len + 1);
		int64_t floor, ceil;

		assert_non_null(text);
		for (size_t k = 0; k < len; k++)
			text[k] = (uint8_t)chars[eg_test_below(sizeof(chars) - 1)];
		text = realloc(text, len != 0 ? len : 1);
		if (eg_numeric_date(eg_span(text, len), &floor, &ceil)) {
			assert_true(floor == PAST || (floor >= 0 && floor <= MAX));
			assert_true(ceil == floor || ceil == floor + 1);
			assert_true(ceil <= MAX);
		}
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	    cmocka_unit_test(test_random_against_integers),
	    cmocka_unit_test(test_same_value_in_every_form),
	    cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
