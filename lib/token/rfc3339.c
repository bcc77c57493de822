/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_token.h"

#define DAY_S    86400
#define HOUR_S   3600
#define MINUTE_S 60

#define DATE_TIME_BYTES 19 /* 2027-01-15T08:00:00, which ends where the fraction begins */

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* `cnt` digits, as a number; -1 where there are none. */
static int digits(const uint8_t *p, unsigned cnt)
{
	int n = 0;

	for (unsigned i = 0; i < cnt; i++) {
		if (!is_digit(p[i]))
			return -1;
		n = n * 10 + (p[i] - '0');
	}
	return n;
}

static int days_in_month(int year, int month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

/* Days from 1970-01-01. Years that begin in March put the leap day last; 719468 days lie between
 * 0000-03-01 and 1970-01-01. */
static int64_t days_of(int year, int month, int day)
{
	const int y = year - (month <= 2) + 400; /* of March, and positive */
	const int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return (int64_t)y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468 - 146097;
}

/* 2027-01-15 */
static bool read_date(const uint8_t *p, int64_t *seconds)
{
	const int year = digits(p, 4), month = digits(p + 5, 2), day = digits(p + 8, 2);

	if (p[4] != '-' || p[7] != '-' || year < 0 || month < 1 || month > 12 || day < 1 ||
	    day > days_in_month(year, month))
		return false;
	*seconds = days_of(year, month, day) * DAY_S;
	return true;
}

/* 08:00 */
static bool read_hour(const uint8_t *p, int *seconds)
{
	const int hour = digits(p, 2), minute = digits(p + 3, 2);

	*seconds = hour * HOUR_S + minute * MINUTE_S;
	return p[2] == ':' && hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59;
}

/* .5: one digit or more. */
static bool read_fraction(struct eg_reader *r, bool *is_zero)
{
	size_t cnt = 0;

	*is_zero = true;
	if (r->left == 0 || *r->ptr != '.')
		return true;
	for (r->ptr++, r->left--; r->left != 0 && is_digit(*r->ptr); r->ptr++, r->left--, cnt++)
		*is_zero = *is_zero && *r->ptr == '0';
	return cnt != 0;
}

/* Z, +01:00, -01:00; nothing behind it. */
static bool read_offset(const struct eg_reader *r, int *seconds)
{
	*seconds = 0;
	if (r->left == 1)
		return (*r->ptr | 0x20) == 'z';
	if (r->left != 6 || (r->ptr[0] != '+' && r->ptr[0] != '-') ||
	    !read_hour(r->ptr + 1, seconds))
		return false;
	if (r->ptr[0] == '-')
		*seconds = -*seconds;
	return true;
}

bool eg_rfc3339(struct eg_span text, int64_t *floor_s, int64_t *ceil_s)
{
	struct eg_reader r = eg_reader(text);
	const uint8_t *p = eg_read_bytes(&r, DATE_TIME_BYTES).ptr;
	int time, offset, second;
	bool is_whole;
	int64_t at;

	if (p == NULL || !read_date(p, &at) || (p[10] | 0x20) != 't' || !read_hour(p + 11, &time) ||
	    p[16] != ':' || (second = digits(p + 17, 2)) < 0 || second > 59 ||
	    !read_fraction(&r, &is_whole) || !read_offset(&r, &offset))
		return false;
	at += time + second - offset;
	if (at > EG_TOKEN_TIME_MAX || (at == EG_TOKEN_TIME_MAX && !is_whole))
		return false;
	*floor_s = at < 0 ? EG_TOKEN_TIME_FAR_PAST : at;
	*ceil_s = at < 0 ? EG_TOKEN_TIME_FAR_PAST : at + !is_whole;
	return true;
}
