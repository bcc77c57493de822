/* SPDX-License-Identifier: BSD-3-Clause */
#include "json_scan.h"

void eg_json_scan_init(struct eg_json_scanner *s, struct eg_span text, unsigned member_max)
{
	s->end = text.ptr + text.len;
	s->depth = s->member_cnt = 0;
	s->member_max = member_max;
	s->short_left = EG_JSON_SHORT_MAX;
	s->window = text.ptr;
	s->window_len = 0;
	s->window_max = EG_JSON_WINDOW;
	s->has_ink = false;
}

static void mark_ink(struct eg_json_scanner *s)
{
	const size_t last = s->window_len / 64;

	eg_codec_best()->json_mark_ink(eg_span(s->window, s->window_len), s->ink);
	s->ink[last] |= UINT64_MAX << s->window_len % 64;
	s->ink[last + 1] = UINT64_MAX;
	s->has_ink = true;
}

bool eg_json_mark_window(struct eg_json_scanner *s, const uint8_t *p)
{
	const size_t left = (size_t)(s->end - p);
	bool is_ascii;

	s->window = p;
	s->window_len = left < s->window_max ? left : s->window_max;
	is_ascii = !eg_codec_best()->json_mark(eg_span(p, s->window_len), s->marks);
	s->marks[s->window_len / 64] |= 1ull << s->window_len % 64;
	if (s->has_ink) /* who walks without guessing goes on so in the next window */
		mark_ink(s);
	return !is_ascii;
}

bool eg_json_scan_begin(struct eg_json_scanner *s, struct eg_span text, unsigned member_max)
{
	eg_json_scan_init(s, text, member_max);
	if (!eg_json_mark_window(s, text.ptr) && s->window_len == text.len)
		return true;
	return eg_utf8_valid(text);
}

const uint8_t *eg_json_skip_any_space(struct eg_json_scanner *s, const uint8_t *p)
{
	if (!s->has_ink && p < s->window + s->window_len)
		mark_ink(s);
	while (p < s->end && eg_json_is_space(*p))
		p++;
	return p;
}

/* A hexadecimal digit as its value and a mark; 0: it is none. */
#define HEX 0x10
#define HEX10(c)                                                                                   \
	[c] = HEX | 10, [c + 1] = HEX | 11, [c + 2] = HEX | 12, [c + 3] = HEX | 13,                \
	[c + 4] = HEX | 14, [c + 5] = HEX | 15

static const uint8_t hex[256] = {['0'] = HEX,
    ['1'] = HEX | 1,
    ['2'] = HEX | 2,
    ['3'] = HEX | 3,
    ['4'] = HEX | 4,
    ['5'] = HEX | 5,
    ['6'] = HEX | 6,
    ['7'] = HEX | 7,
    ['8'] = HEX | 8,
    ['9'] = HEX | 9,
    HEX10('A'),
    HEX10('a')};

static inline const uint8_t *scan_hex4(const uint8_t *p, const uint8_t *end, uint32_t *unit)
{
	uint32_t a, b, c, d;

	if (end - p < 4)
		return NULL;
	a = hex[p[0]];
	b = hex[p[1]];
	c = hex[p[2]];
	d = hex[p[3]];
	*unit = (a & 15) << 12 | (b & 15) << 8 | (c & 15) << 4 | (d & 15);
	return (a & b & c & d & HEX) != 0 ? p + 4 : NULL;
}

/* A surrogate counts only as the first of a high-low pair. */
const uint8_t *eg_json_scan_code_point(const uint8_t *p, const uint8_t *end, uint32_t *code_point)
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

const uint8_t eg_json_meaning[256] = {['"'] = '"',
    ['\\'] = '\\',
    ['/'] = '/',
    ['b'] = '\b',
    ['f'] = '\f',
    ['n'] = '\n',
    ['r'] = '\r',
    ['t'] = '\t'};

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
			if (p < s->end && (*p == '\\' || *p == '"'))
				continue; /* what is guessed right waits for no mark */
		}
		p = eg_json_next_mark(s, p);
	}
	return p < s->end ? p : NULL;
}

/* One digit or more. One at a time: how many there are is guessed well, and then nothing waits. */
static inline const uint8_t *scan_digits(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *const start = p;

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

static inline const uint8_t *scan_number(const uint8_t *p, const uint8_t *end)
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

static const uint8_t *scan_literal(const uint8_t *p, const uint8_t *end)
{
	if (*p == 't')
		return scan_word(p, end, "true", 4);
	return *p == 'f' ? scan_word(p, end, "false", 5) : scan_word(p, end, "null", 4);
}

static bool is_number_start(uint8_t c)
{
	return (c >= '0' && c <= '9') || c == '-';
}

static inline const uint8_t *pass_unquoted(
    struct eg_json_scanner *s, const uint8_t *p, enum eg_json_type *type)
{
	if (is_number_start(*p)) {
		*type = EG_JSON_NUMBER;
		return scan_number(p, s->end);
	}
	if (*p == '{' || *p == '[') {
		*type = *p == '{' ? EG_JSON_OBJECT : EG_JSON_ARRAY;
		return eg_json_pass_container(s, p);
	}
	*type = *p == 'n' ? EG_JSON_NULL : EG_JSON_BOOL;
	return scan_literal(p, s->end);
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
