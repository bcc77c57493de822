/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_token.h"

#include <endian.h>

#define DIGITS_MAX   20
#define EXPONENT_MAX 20
/* Any digits with a larger exponent are over EG_TOKEN_TIME_MAX. */
#define OVERFLOW_EXPONENT 11

#define PLAIN_DIGITS_MAX 12 /* of EG_TOKEN_TIME_MAX */

/* digits × 10^exponent, digits < 10^20 */
struct decimal {
	bool negative;
	unsigned __int128 digits;
	int exponent;
};

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static uint8_t peek(const struct eg_reader *r)
{
	return r->left > 0 ? *r->ptr : 0;
}

static bool take(struct eg_reader *r, uint8_t c)
{
	if (peek(r) != c)
		return false;
	(void)eg_read_u8(r);
	return true;
}

/* A run of digits behind those already in d. Leading zeros are not significant. False where there
 * are more significant digits than docs/protocol.md section 2 allows. */
static bool read_digits(struct eg_reader *r, struct decimal *d, int *significant)
{
	while (is_digit(peek(r))) {
		d->digits = d->digits * 10 + (unsigned)(eg_read_u8(r) - '0');
		if (d->digits != 0 && ++*significant > DIGITS_MAX)
			return false;
	}
	return true;
}

static bool read_exponent(struct eg_reader *r, int *exponent)
{
	const bool negative = take(r, '-');

	(void)take(r, '+');
	*exponent = 0;
	while (is_digit(peek(r))) {
		*exponent = *exponent * 10 + (eg_read_u8(r) - '0');
		if (*exponent > EXPONENT_MAX)
			return false;
	}
	if (negative)
		*exponent = -*exponent;
	return true;
}

static bool read_decimal(struct eg_span number, struct decimal *d)
{
	struct eg_reader r = eg_reader(number);
	int significant = 0, fraction = 0;

	*d = (struct decimal){.negative = take(&r, '-')};
	if (!read_digits(&r, d, &significant))
		return false;
	if (take(&r, '.')) {
		size_t before = r.left;

		if (!read_digits(&r, d, &significant))
			return false;
		fraction = (int)(before - r.left);
	}
	if ((take(&r, 'e') || take(&r, 'E')) && !read_exponent(&r, &d->exponent))
		return false;
	d->exponent -= fraction;
	return true;
}

static unsigned __int128 power_of_ten(int n)
{
	unsigned __int128 p = 1;

	while (n-- > 0)
		p *= 10;
	return p;
}

/* The whole seconds of |d|, and whether nothing is left over. */
static uint64_t whole_seconds(const struct decimal *d, bool *exact)
{
	unsigned __int128 whole;

	*exact = true;
	if (d->digits == 0)
		return 0;
	if (d->exponent > OVERFLOW_EXPONENT)
		return UINT64_MAX;
	if (d->exponent <= -DIGITS_MAX) {
		*exact = false;
		return 0;
	}
	if (d->exponent >= 0) {
		whole = d->digits * power_of_ten(d->exponent);
	} else {
		whole = d->digits / power_of_ten(-d->exponent);
		*exact = d->digits % power_of_ten(-d->exponent) == 0;
	}
	return whole < UINT64_MAX ? (uint64_t)whole : UINT64_MAX;
}

/* Eight digits, the first one lowest in the word: neighbours are joined, then pairs, then fours. */
static uint64_t join_eight(uint64_t digits)
{
	digits = digits * 10 + (digits >> 8);
	digits = (digits & 0x00FF00FF00FF00FFu) * 100 + (digits >> 16 & 0x00FF00FF00FF00FFu);
	digits = (digits & 0x0000FFFF0000FFFFu) * 10000 + (digits >> 32 & 0x0000FFFF0000FFFFu);
	return digits & 0xFFFFFFFFu;
}

/* Nearly every date is this: 8 to 12 digits and nothing else. */
static bool read_plain(struct eg_span number, uint64_t *value)
{
	uint64_t word;

	if (number.len < sizeof(word) || number.len > PLAIN_DIGITS_MAX)
		return false;
	memcpy(&word, number.ptr, sizeof(word));
	word = le64toh(word) ^ 0x3030303030303030u; /* each digit's value, 10 and more for others */
	if (((word | (word + 0x7676767676767676u)) & 0x8080808080808080u) != 0)
		return false;
	*value = join_eight(word);
	for (size_t i = sizeof(word); i < number.len; i++) {
		if (!is_digit(number.ptr[i]))
			return false;
		*value = *value * 10 + (unsigned)(number.ptr[i] - '0');
	}
	return true;
}

bool eg_numeric_date(struct eg_span number, int64_t *floor_s, int64_t *ceil_s)
{
	struct decimal d;
	uint64_t whole;
	bool exact;

	if (read_plain(number, &whole)) {
		*floor_s = *ceil_s = (int64_t)whole;
		return whole <= EG_TOKEN_TIME_MAX;
	}
	if (!read_decimal(number, &d))
		return false;
	if (d.negative && d.digits != 0) {
		*floor_s = *ceil_s = EG_TOKEN_TIME_FAR_PAST;
		return true;
	}
	whole = whole_seconds(&d, &exact);
	if (whole > EG_TOKEN_TIME_MAX || (whole == EG_TOKEN_TIME_MAX && !exact))
		return false;
	*floor_s = (int64_t)whole;
	*ceil_s = (int64_t)whole + !exact;
	return true;
}
