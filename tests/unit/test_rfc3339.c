/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_test.h"

#include "eg_token.h"

#include <time.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Reads a copy in memory of its exact size. */
static bool read_time(const void *text, size_t len, int64_t *floor_s, int64_t *ceil_s)
{
	uint8_t *copy = malloc(len != 0 ? len : 1);
	bool ok;

	assert_non_null(copy);
	if (len != 0)
		memcpy(copy, text, len);
	ok = eg_rfc3339(eg_span(copy, len), floor_s, ceil_s);
	free(copy);
	return ok;
}

static void test_good(void **state)
{
	static const struct {
		const char *text;
		int64_t floor_s, ceil_s;
	} cases[] = {
	    {"1970-01-01T00:00:00Z", 0, 0},
	    {"2027-01-15T08:00:00Z", 1800000000, 1800000000},
	    {"2027-01-15t08:00:00z", 1800000000, 1800000000}, /* ABNF ignores case */
	    {"2027-01-15T08:00:00+00:00", 1800000000, 1800000000},
	    {"2027-01-15T08:00:00-00:00", 1800000000, 1800000000},
	    {"2027-01-15T09:30:00+01:30", 1800000000, 1800000000},
	    {"2027-01-15T06:59:00-01:01", 1800000000, 1800000000},
	    {"2027-01-16T07:59:00+23:59", 1800000000, 1800000000},
	    {"2027-01-15T08:00:00.0Z", 1800000000, 1800000000},
	    {"2027-01-15T08:00:00.000000000Z", 1800000000, 1800000000},
	    {"2027-01-15T08:00:00.1Z", 1800000000, 1800000001},
	    {"2027-01-15T08:00:00.999999999999Z", 1800000000, 1800000001},
	    {"2027-01-15T08:00:00.0000000000000000000000001+00:00", 1800000000, 1800000001},
	    {"2024-02-29T00:00:00Z", 1709164800, 1709164800},
	    {"2000-02-29T23:59:59Z", 951868799, 951868799},
	    {"9999-12-31T23:59:59Z", EG_TOKEN_TIME_MAX, EG_TOKEN_TIME_MAX},
	    {"9999-12-31T23:59:59.000Z", EG_TOKEN_TIME_MAX, EG_TOKEN_TIME_MAX},
	    {"1969-12-31T23:59:59Z", EG_TOKEN_TIME_FAR_PAST, EG_TOKEN_TIME_FAR_PAST},
	    {"1969-12-31T23:59:59.999Z", EG_TOKEN_TIME_FAR_PAST, EG_TOKEN_TIME_FAR_PAST},
	    {"1970-01-01T00:00:00+00:01", EG_TOKEN_TIME_FAR_PAST, EG_TOKEN_TIME_FAR_PAST},
	    {"1969-12-31T23:59:00-00:01", 0, 0},
	    {"0000-01-01T00:00:00Z", EG_TOKEN_TIME_FAR_PAST, EG_TOKEN_TIME_FAR_PAST},
	    {"0000-02-29T00:00:00Z", EG_TOKEN_TIME_FAR_PAST, EG_TOKEN_TIME_FAR_PAST},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t floor_s, ceil_s;

		if (!read_time(cases[i].text, strlen(cases[i].text), &floor_s, &ceil_s))
			fail_msg("%s is refused", cases[i].text);
		if (floor_s != cases[i].floor_s || ceil_s != cases[i].ceil_s)
			fail_msg("%s is %lld, %lld", cases[i].text, (long long)floor_s,
			    (long long)ceil_s);
	}
}

static void test_bad(void **state)
{
	static const char *const cases[] = {"", "Z", "2027", "2027-01-15", "2027-01-15T08:00:00",
	    "2027-01-15T08:00:00.5", "2027-01-15T08:00Z", "2027-01-15 08:00:00Z",
	    "2027-01-15T08:00:60Z", "2016-12-31T23:59:60Z", /* leap seconds, a true one too */
	    "2027-01-15T24:00:00Z", "2027-01-15T08:60:00Z", "2027-01-15T08:00:00.Z",
	    "2027-01-15T08:00:00,5Z", "2027-01-15T08:00:00.5.5Z", "2027-01-15T08:00:00ZZ",
	    "2027-01-15T08:00:00Z ", " 2027-01-15T08:00:00Z", "2027-01-15T08:00:00+01",
	    "2027-01-15T08:00:00+0100", "2027-01-15T08:00:00+24:00", "2027-01-15T08:00:00+00:60",
	    "2027-01-15T08:00:00 00:00", "2027-01-15T08:00:00+01:00Z", "2027-01-15T08:00:00+01:0",
	    "2027-00-15T08:00:00Z", "2027-13-15T08:00:00Z", "2027-01-00T08:00:00Z",
	    "2027-01-32T08:00:00Z", "2027-02-29T08:00:00Z", "2100-02-29T08:00:00Z",
	    "2024-02-30T08:00:00Z", "2027-04-31T08:00:00Z", "20270115T080000Z",
	    "2027/01/15T08:00:00Z", "2027-01-15T08.00:00Z", "2027-01-15T08:00.00Z",
	    "2027-1-15T08:00:00ZZ", "+027-01-15T08:00:00Z", "2027-01-15T-8:00:00Z",
	    "2027-01-15T08:00:-1Z", "10000-01-01T00:00:00Z", "1800000000", "9999-12-31T23:59:59.1Z",
	    "9999-12-31T23:59:59-00:01", "2027-01-15T08:00:00\xb2Z"};

	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t unused;

		if (read_time(cases[i], strlen(cases[i]), &unused, &unused))
			fail_msg("%s is taken", cases[i]);
	}
}

/* Every day of ten thousand years, by libc's calendar. */
static void test_calendar(void **state)
{
	char text[32];

	for (int64_t day = 0; day * 86400 <= EG_TOKEN_TIME_MAX; day++) {
		const time_t t = (time_t)(day * 86400);
		int64_t floor_s, ceil_s;
		struct tm tm;

		assert_non_null(gmtime_r(&t, &tm));
		(void)snprintf(text, sizeof(text), "%04u-%02u-%02uT00:00:00Z",
		    (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)(tm.tm_mon + 1) % 100,
		    (unsigned)tm.tm_mday % 100);
		assert_true(eg_rfc3339(eg_span_str(text), &floor_s, &ceil_s));
		assert_int_equal(floor_s, t);
		assert_int_equal(ceil_s, t);
	}
}

static void test_prefixes_and_changes(void **state)
{
	static const char good[] = "2027-01-15T08:00:00.25+01:00";
	int64_t unused;

	for (size_t len = 0; len < strlen(good); len++)
		assert_false(read_time(good, len, &unused, &unused));
	for (size_t i = 0; i < strlen(good); i++) {
		char text[sizeof(good)];

		memcpy(text, good, sizeof(good));
		for (unsigned c = 0; c < 256; c++) {
			text[i] = (char)c;
			(void)read_time(text, strlen(good), &unused, &unused);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_calendar),
	    cmocka_unit_test(test_prefixes_and_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
