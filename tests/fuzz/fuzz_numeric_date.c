/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NumericDate. Input = the text of a number. A number of JSON's grammar is compared with what
 * writing it out, digit by digit, gives.
 */
#include "fuzz.h"

#include "eg_token.h"

#define DIGITS_MAX   20u
#define EXPONENT_MAX 20
#define WIDE         4200u /* digits of any number here, written out */

static bool digits(const char **p)
{
	const char *start = *p;

	while (**p >= '0' && **p <= '9')
		(*p)++;
	return *p != start;
}

static bool is_json_number(const char *p)
{
	if (*p == '-')
		p++;
	if (*p == '0')
		p++;
	else if (!digits(&p))
		return false;
	if (*p == '.') {
		p++;
		if (!digits(&p))
			return false;
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		if (*p == '+' || *p == '-')
			p++;
		if (!digits(&p))
			return false;
	}
	return *p == '\0';
}

/* Of the exponent only what is in range matters. */
static bool read_exponent(const char *text, int *exponent)
{
	const char *e = strpbrk(text, "eE");
	bool negative;

	*exponent = 0;
	if (e == NULL)
		return true;
	negative = e[1] == '-';
	for (e += e[1] == '-' || e[1] == '+' ? 2 : 1; *e != '\0'; e++) {
		*exponent = *exponent * 10 + (*e - '0');
		if (*exponent > EXPONENT_MAX)
			return false;
	}
	if (negative)
		*exponent = -*exponent;
	return true;
}

struct written { /* every digit; the point stands in front of digit[point] */
	char digit[WIDE];
	size_t cnt;
	long point;
};

static bool write_out(const char *text, struct written *w)
{
	size_t significant = 0;
	bool behind = false;
	int exponent;

	if (!read_exponent(text, &exponent))
		return false;
	*w = (struct written){.cnt = 0};
	for (; *text != '\0' && *text != 'e' && *text != 'E'; text++) {
		if (*text == '.')
			behind = true;
		if (*text < '0' || *text > '9')
			continue;
		w->digit[w->cnt++] = *text;
		w->point += !behind;
		significant += significant != 0 || *text != '0';
	}
	w->point += exponent;
	return significant <= DIGITS_MAX;
}

/* floor and ceil, or false where it is over the limit. */
static bool seconds_of(const struct written *w, int64_t *floor_s, int64_t *ceil_s)
{
	bool fraction = false;
	__int128 whole = 0;

	for (long i = 0; i < w->point; i++) {
		whole = whole * 10 + (i < (long)w->cnt ? w->digit[i] - '0' : 0);
		if (whole > EG_TOKEN_TIME_MAX)
			return false;
	}
	for (long i = w->point < 0 ? 0 : w->point; i < (long)w->cnt; i++)
		fraction |= w->digit[i] != '0';
	*floor_s = (int64_t)whole;
	*ceil_s = (int64_t)whole + fraction;
	return *ceil_s <= EG_TOKEN_TIME_MAX;
}

static bool is_negative(const char *text, const struct written *w)
{
	if (text[0] != '-')
		return false;
	for (size_t i = 0; i < w->cnt; i++)
		if (w->digit[i] != '0')
			return true;
	return false;
}

static void compare(const char *text, bool ok, int64_t floor_s, int64_t ceil_s)
{
	int64_t wanted_floor = EG_TOKEN_TIME_FAR_PAST, wanted_ceil = EG_TOKEN_TIME_FAR_PAST;
	static struct written w;
	bool wanted = write_out(text, &w);

	if (wanted && !is_negative(text, &w))
		wanted = seconds_of(&w, &wanted_floor, &wanted_ceil);
	FUZZ_CHECK(ok == wanted);
	FUZZ_CHECK(!ok || (floor_s == wanted_floor && ceil_s == wanted_ceil));
	fuzz_mark("number", !ok                 ? "refused"
	                    : floor_s < 0       ? "negative"
	                    : floor_s == ceil_s ? "whole"
	                                        : "fraction");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_copy a = fuzz_copy(eg_span(data, size), 0), b = fuzz_copy(a.span, 1);
	int64_t floor_s = 0, ceil_s = 0, floor2_s = 0, ceil2_s = 0;
	const bool ok = eg_numeric_date(a.span, &floor_s, &ceil_s);
	char text[WIDE];

	FUZZ_CHECK(eg_numeric_date(b.span, &floor2_s, &ceil2_s) == ok);
	FUZZ_CHECK(!ok || (floor_s == floor2_s && ceil_s == ceil2_s));
	FUZZ_CHECK(!ok || (floor_s <= ceil_s && ceil_s <= floor_s + 1));
	if (size < sizeof(text) && memchr(data, 0, size) == NULL) {
		if (size != 0)
			memcpy(text, data, size);
		text[size] = '\0';
		if (is_json_number(text))
			compare(text, ok, floor_s, ceil_s);
	}
	fuzz_copy_free(&a);
	fuzz_copy_free(&b);
	return 0;
}
