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

/* What an escape of one letter means; 0: there is none. */
static const uint8_t meaning[256] = {['"'] = '"',
    ['\\'] = '\\',
    ['/'] = '/',
    ['b'] = '\b',
    ['f'] = '\f',
    ['n'] = '\n',
    ['r'] = '\r',
    ['t'] = '\t'};

const uint8_t *eg_json_scan_escape(const uint8_t *p, const uint8_t *end, uint32_t *code_point)
{
	if (p == end)
		return NULL;
	*code_point = meaning[*p];
	if (*code_point != 0)
		return p + 1;
	return *p == 'u' ? scan_code_point(p + 1, end, code_point) : NULL;
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

/* ── objects and arrays that nobody reads ── */

static inline const uint8_t *pass_string(struct eg_json_scanner *s, const uint8_t *p)
{
	struct eg_json_value unused;

	return eg_json_scan_string(s, p, &unused);
}

/* At the first byte of a member or of what should be one: to the first byte of its value. */
static inline const uint8_t *pass_name(struct eg_json_scanner *s, const uint8_t *p)
{
	if (*p != '"' || s->member_cnt++ == s->member_max)
		return NULL;
	p = pass_string(s, p);
	if (p == NULL || (p = eg_json_expect(p, s->end, ':')) == NULL)
		return NULL;
	p = eg_json_skip_space(p + 1, s->end);
	return p < s->end ? p : NULL;
}

/* What is no object and no array. */
static inline const uint8_t *pass_scalar(struct eg_json_scanner *s, const uint8_t *p)
{
	if (*p == '"')
		return pass_string(s, p);
	return is_number_start(*p) ? scan_number(p, s->end) : scan_literal(p, s->end);
}

/* The objects and arrays that are open: a bit for each, the innermost lowest. */
struct nest {
	unsigned cnt;
	unsigned objects; /* is it an object? */
};

static inline uint8_t closing(const struct nest *nest)
{
	return (nest->objects & 1) != 0 ? '}' : ']';
}

/* Behind a value: closes what ends here, and goes to the first byte of the next member or element
 * where there is one (nest->cnt is not 0 then). */
static inline const uint8_t *pass_closing(
    struct eg_json_scanner *s, const uint8_t *p, struct nest *nest)
{
	while (nest->cnt > 0) {
		p = eg_json_skip_space(p, s->end);
		if (p == s->end)
			return NULL;
		if (*p == ',') {
			p = eg_json_skip_space(p + 1, s->end);
			return p < s->end ? p : NULL;
		}
		if (*p != closing(nest))
			return NULL;
		p++;
		nest->cnt--;
		nest->objects >>= 1;
	}
	return p;
}

/* A whole object or array, at its first byte; no recursion. */
static const uint8_t *pass_container(struct eg_json_scanner *s, const uint8_t *p)
{
	struct nest nest = {0, 0};

	for (;;) {
		if (*p == '{' || *p == '[') {
			if (s->depth + nest.cnt++ == EG_JSON_DEPTH_MAX)
				return NULL;
			nest.objects = nest.objects << 1 | (*p == '{');
			p = eg_json_skip_space(p + 1, s->end);
			if (p == s->end)
				return NULL;
			if (*p == closing(&nest))
				p = pass_closing(s, p, &nest);
			/* else the first member or element begins here */
		} else {
			p = pass_scalar(s, p);
			p = p != NULL ? pass_closing(s, p, &nest) : NULL;
		}
		if (p == NULL || nest.cnt == 0)
			return p;
		if ((nest.objects & 1) != 0 && (p = pass_name(s, p)) == NULL)
			return NULL;
	}
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
		return pass_container(s, p);
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
