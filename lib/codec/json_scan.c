/* SPDX-License-Identifier: BSD-3-Clause */
#include "json_scan.h"

void eg_json_scan_init(struct eg_json_scanner *s, struct eg_span text, unsigned member_max)
{
	s->end = text.ptr + text.len;
	s->depth = s->member_cnt = 0;
	s->member_max = member_max;
	s->window = text.ptr;
	s->window_len = 0;
	s->window_max = EG_JSON_WINDOW;
}

bool eg_json_mark_window(struct eg_json_scanner *s, const uint8_t *p)
{
	const size_t left = (size_t)(s->end - p);
	bool is_ascii;

	s->window = p;
	s->window_len = left < s->window_max ? left : s->window_max;
	is_ascii = !eg_codec_best()->json_mark(eg_span(p, s->window_len), s->marks);
	s->marks[s->window_len / 64] |= 1ull << s->window_len % 64;
	return !is_ascii;
}

bool eg_json_scan_begin(struct eg_json_scanner *s, struct eg_span text, unsigned member_max)
{
	eg_json_scan_init(s, text, member_max);
	if (!eg_json_mark_window(s, text.ptr) && s->window_len == text.len)
		return true;
	return eg_utf8_valid(text);
}

static const uint8_t *scan_hex4(const uint8_t *p, const uint8_t *end, uint32_t *unit)
{
	if (end - p < 4)
		return NULL;
	*unit = 0;
	for (unsigned i = 0; i < 4; i++, p++) {
		const uint8_t letter = *p | 0x20;

		if (*p >= '0' && *p <= '9')
			*unit = *unit << 4 | (uint32_t)(*p - '0');
		else if (letter >= 'a' && letter <= 'f')
			*unit = *unit << 4 | (uint32_t)(letter - 'a' + 10);
		else
			return NULL;
	}
	return p;
}

/* Behind "\u". A surrogate counts only as the first of a high-low pair. */
static const uint8_t *scan_code_point(const uint8_t *p, const uint8_t *end, uint32_t *code_point)
{
	uint32_t low;

	p = scan_hex4(p, end, code_point);
	if (p == NULL || *code_point < 0xD800 || *code_point > 0xDFFF)
		return p;
	if (*code_point > 0xDBFF || end - p < 2 || p[0] != '\\' || p[1] != 'u')
		return NULL;
	p = scan_hex4(p + 2, end, &low);
	if (p == NULL || low < 0xDC00 || low > 0xDFFF)
		return NULL;
	*code_point = 0x10000 + ((*code_point - 0xD800) << 10) + (low - 0xDC00);
	return p;
}

const uint8_t *eg_json_scan_escape(const uint8_t *p, const uint8_t *end, uint32_t *code_point)
{
	/* 0: no escape. */
	static const uint8_t meaning[128] = {['"'] = '"',
	    ['\\'] = '\\',
	    ['/'] = '/',
	    ['b'] = '\b',
	    ['f'] = '\f',
	    ['n'] = '\n',
	    ['r'] = '\r',
	    ['t'] = '\t'};

	if (p == end)
		return NULL;
	if (*p == 'u')
		return scan_code_point(p + 1, end, code_point);
	if (*p >= sizeof(meaning) || meaning[*p] == 0)
		return NULL;
	*code_point = meaning[*p];
	return p + 1;
}

const uint8_t *eg_json_scan_rest(struct eg_json_scanner *s, const uint8_t *p, bool *escaped)
{
	uint32_t code_point;

	while (p < s->end && *p != '"') {
		if (p >= s->window + s->window_len) {
			(void)eg_json_mark_window(s, p);
		} else {
			if (*p != '\\' ||
			    (p = eg_json_scan_escape(p + 1, s->end, &code_point)) == NULL)
				return NULL;
			*escaped = true;
		}
		p = eg_json_next_mark(s, p);
	}
	return p < s->end ? p : NULL;
}

/* The high bit of each byte that is no digit, exact up to the first of them. */
static uint64_t non_digit_bytes(uint64_t word)
{
	word ^= EG_ONES * '0';
	return ((word + EG_ONES * (0x80 - 10)) | word) & EG_HIGH_BITS;
}

/* One digit or more. */
static const uint8_t *scan_digits(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *const start = p;

	while (end - p >= 8) {
		const uint64_t others = non_digit_bytes(eg_load_le64(p));

		if (others != 0) {
			p += __builtin_ctzll(others) / 8;
			return p > start ? p : NULL;
		}
		p += 8;
	}
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p > start ? p : NULL;
}

/* From the point or the exponent on. */
static const uint8_t *scan_fraction(const uint8_t *p, const uint8_t *end)
{
	if (p < end && *p == '.') {
		p = scan_digits(p + 1, end);
		if (p == NULL)
			return NULL;
	}
	if (p == end || (*p | 0x20) != 'e')
		return p;
	p++;
	if (p < end && (*p == '+' || *p == '-'))
		p++;
	return scan_digits(p, end);
}

static const uint8_t *scan_number(const uint8_t *p, const uint8_t *end)
{
	if (*p == '-')
		p++;
	if (p < end && *p == '0')
		p++;
	else
		p = scan_digits(p, end);
	if (p == NULL || p == end || (*p != '.' && (*p | 0x20) != 'e'))
		return p;
	return scan_fraction(p, end);
}

static const uint8_t *scan_word(
    const uint8_t *p, const uint8_t *end, const char *word, size_t word_len)
{
	if ((size_t)(end - p) < word_len || memcmp(p, word, word_len) != 0)
		return NULL;
	return p + word_len;
}

static const uint8_t *pass_member(
    struct eg_json_scanner *s, const uint8_t *p, const struct eg_json_value *name, void *context)
{
	struct eg_json_value value;

	(void)name;
	(void)context;
	return eg_json_scan_value(s, p, &value);
}

/* With eg_json_scan_unquoted these two recurse at most EG_JSON_DEPTH_MAX deep. */
static const uint8_t *pass_object(struct eg_json_scanner *s, const uint8_t *p)
{
	return eg_json_scan_object(s, p, pass_member, NULL);
}

static const uint8_t *pass_array(struct eg_json_scanner *s, const uint8_t *p)
{
	struct eg_json_value element;
	const uint8_t *close, *comma;

	if (s->depth++ == EG_JSON_DEPTH_MAX)
		return NULL;
	close = eg_json_expect(p + 1, s->end, ']');
	while (close == NULL) {
		p = eg_json_skip_space(p + 1, s->end);
		if (p == s->end || (p = eg_json_scan_value(s, p, &element)) == NULL)
			return NULL;
		comma = eg_json_expect(p, s->end, ',');
		if (comma == NULL) {
			close = eg_json_expect(p, s->end, ']');
			if (close == NULL)
				return NULL;
		}
		p = comma;
	}
	s->depth--;
	return close + 1;
}

static const uint8_t *pass_unquoted(
    struct eg_json_scanner *s, const uint8_t *p, enum eg_json_type *type)
{
	switch (*p) {
	case '{':
		*type = EG_JSON_OBJECT;
		return pass_object(s, p);
	case '[':
		*type = EG_JSON_ARRAY;
		return pass_array(s, p);
	case 't':
		*type = EG_JSON_BOOL;
		return scan_word(p, s->end, "true", 4);
	case 'f':
		*type = EG_JSON_BOOL;
		return scan_word(p, s->end, "false", 5);
	case 'n':
		*type = EG_JSON_NULL;
		return scan_word(p, s->end, "null", 4);
	default:
		*type = EG_JSON_NUMBER;
		return scan_number(p, s->end);
	}
}

const uint8_t *eg_json_scan_unquoted(
    struct eg_json_scanner *s, const uint8_t *p, struct eg_json_value *out)
{
	const uint8_t *const start = p;

	p = pass_unquoted(s, p, &out->type);
	if (p == NULL)
		return NULL;
	out->escaped = false;
	out->raw = eg_span(start, (size_t)(p - start));
	return p;
}
