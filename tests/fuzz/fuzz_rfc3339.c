/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RFC 3339 date-times. Input: a text; or (first byte 0x01) numbers, which are written as one. What
 * is accepted is compared with the C library's calendar, and written again.
 */
#include "fuzz.h"

#include "eg_token.h"

#include <stdio.h>
#include <time.h>

struct parts {
	int year, month, day, hour, minute, second, offset_s;
	bool fraction; /* one that is not 0 */
};

static int number(const char *p, unsigned digits)
{
	int n = 0;

	while (digits-- > 0) {
		FUZZ_CHECK(*p >= '0' && *p <= '9');
		n = n * 10 + (*p++ - '0');
	}
	return n;
}

/* Of an accepted text: its grammar is checked on the way. */
static struct parts read_parts(const char *text, size_t len)
{
	struct parts p = {.year = number(text, 4),
	    .month = number(text + 5, 2),
	    .day = number(text + 8, 2),
	    .hour = number(text + 11, 2),
	    .minute = number(text + 14, 2),
	    .second = number(text + 17, 2)};
	const char *at = text + 19;

	FUZZ_CHECK(text[4] == '-' && text[7] == '-' && text[13] == ':' && text[16] == ':');
	FUZZ_CHECK(text[10] == 'T' || text[10] == 't');
	if (*at == '.') {
		FUZZ_CHECK(at[1] >= '0' && at[1] <= '9');
		for (at++; *at >= '0' && *at <= '9'; at++)
			p.fraction |= *at != '0';
	}
	if (*at == 'Z' || *at == 'z') {
		FUZZ_CHECK(at + 1 == text + len);
		return p;
	}
	FUZZ_CHECK((*at == '+' || *at == '-') && at + 6 == text + len && at[3] == ':');
	p.offset_s = (number(at + 1, 2) * 60 + number(at + 4, 2)) * 60;
	FUZZ_CHECK(number(at + 1, 2) < 24 && number(at + 4, 2) < 60);
	if (*at == '-')
		p.offset_s = -p.offset_s;
	return p;
}

static void compare(const char *text, size_t len, int64_t floor_s, int64_t ceil_s)
{
	const struct parts p = read_parts(text, len);
	struct tm tm = {.tm_year = p.year - 1900,
	    .tm_mon = p.month - 1,
	    .tm_mday = p.day,
	    .tm_hour = p.hour,
	    .tm_min = p.minute,
	    .tm_sec = p.second};
	const struct tm asked = tm;
	const int64_t at = (int64_t)timegm(&tm) - p.offset_s;

	/* a date that is none is moved by timegm */
	FUZZ_CHECK(tm.tm_mday == asked.tm_mday && tm.tm_mon == asked.tm_mon);
	FUZZ_CHECK(tm.tm_hour == asked.tm_hour && tm.tm_sec == asked.tm_sec && p.second < 60);
	if (at < 0)
		FUZZ_CHECK(floor_s == EG_TOKEN_TIME_FAR_PAST && ceil_s == EG_TOKEN_TIME_FAR_PAST);
	else
		FUZZ_CHECK(floor_s == at && ceil_s == at + p.fraction);
	FUZZ_CHECK(ceil_s <= EG_TOKEN_TIME_MAX);
	fuzz_mark("time", at < 0 ? "past" : p.fraction ? "fraction" : "whole");
}

static void try_text(const char *text, size_t len, bool is_valid)
{
	struct fuzz_copy a = fuzz_copy(eg_span(text, len), 0), b = fuzz_copy(a.span, 1);
	int64_t floor_s = 0, ceil_s = 0, floor2_s = 0, ceil2_s = 0;
	const bool ok = eg_rfc3339(a.span, &floor_s, &ceil_s);

	FUZZ_CHECK(eg_rfc3339(b.span, &floor2_s, &ceil2_s) == ok);
	FUZZ_CHECK(!ok || (floor_s == floor2_s && ceil_s == ceil2_s));
	FUZZ_CHECK(ok || !is_valid);
	if (ok)
		compare(text, len, floor_s, ceil_s);
	else
		fuzz_mark("time", "refused");
	fuzz_copy_free(&a);
	fuzz_copy_free(&b);
}

/* Numbers of an input as a date-time of this millennium and the last, which must be taken. */
static void try_numbers(struct eg_reader *r)
{
	const unsigned year = eg_read_be16(r) % 2000 + 1000, month = eg_read_u8(r) % 12 + 1;
	const unsigned day = eg_read_u8(r) % 28 + 1, hour = eg_read_u8(r) % 24;
	const unsigned minute = eg_read_u8(r) % 60, second = eg_read_u8(r) % 60;
	const unsigned fraction = eg_read_u8(r);
	char text[64];
	int n = snprintf(text, sizeof(text), "%04u-%02u-%02uT%02u:%02u:%02u.%u%c%02u:%02u", year,
	    month, day, hour, minute, second, fraction, fraction % 2 ? '+' : '-', hour, minute);

	try_text(text, (size_t)n, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct eg_reader r = eg_reader(eg_span(data, size));
	char text[128];

	if (size != 0 && data[0] == 1) {
		(void)eg_read_u8(&r);
		try_numbers(&r);
		return 0;
	}
	if (size >= sizeof(text))
		return 0;
	if (size != 0)
		memcpy(text, data, size);
	text[size] = '\0';
	try_text(text, size, false);
	return 0;
}
