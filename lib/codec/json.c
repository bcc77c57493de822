/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_json.h"

#include <limits.h>

#define ONES      0x0101010101010101u
#define HIGH_BITS 0x8080808080808080u

struct scanner {
	const uint8_t *ptr, *end;
	unsigned depth; /* of the objects and arrays that are open */
	unsigned member_cnt, member_max;
};

/* Where the members of one object are listed. */
struct listing {
	struct eg_json_arena *arena;
	struct eg_json_object *object;
	uint32_t name_hash[EG_JSON_MEMBERS_MAX];
};

static struct scanner scanner_over(struct eg_span text)
{
	return (struct scanner){
	    .ptr = text.ptr, .end = text.ptr + text.len, .member_max = UINT_MAX};
}

static bool take(struct scanner *s, uint8_t c)
{
	if (s->ptr == s->end || *s->ptr != c)
		return false;
	s->ptr++;
	return true;
}

static void skip_space(struct scanner *s)
{
	while (s->ptr < s->end &&
	       (*s->ptr == ' ' || *s->ptr == '\t' || *s->ptr == '\n' || *s->ptr == '\r'))
		s->ptr++;
}

static bool is_plain(uint8_t c)
{
	return c >= 0x20 && c != '"' && c != '\\';
}

static uint64_t zero_bytes(uint64_t word)
{
	return (word - ONES) & ~word & HIGH_BITS;
}

/* Eight bytes at once: exact as a question about all of them. */
static bool all_plain(uint64_t word)
{
	uint64_t control = (word - ONES * 0x20) & ~word & HIGH_BITS;

	return (control | zero_bytes(word ^ ONES * '"') | zero_bytes(word ^ ONES * '\\')) == 0;
}

/* To the next quote, backslash or control character of a string, or to the end. */
static void skip_plain(struct scanner *s)
{
	uint64_t word;

	while ((size_t)(s->end - s->ptr) >= sizeof(word)) {
		memcpy(&word, s->ptr, sizeof(word));
		if (!all_plain(word))
			break;
		s->ptr += sizeof(word);
	}
	while (s->ptr < s->end && is_plain(*s->ptr))
		s->ptr++;
}

static bool scan_hex4(struct scanner *s, uint32_t *unit)
{
	*unit = 0;
	for (unsigned i = 0; i < 4; i++) {
		uint8_t c = s->ptr < s->end ? *s->ptr : 0;
		uint8_t letter = c | 0x20;

		if (c >= '0' && c <= '9')
			*unit = *unit << 4 | (uint32_t)(c - '0');
		else if (letter >= 'a' && letter <= 'f')
			*unit = *unit << 4 | (uint32_t)(letter - 'a' + 10);
		else
			return false;
		s->ptr++;
	}
	return true;
}

/* Behind "\u". A surrogate counts only as the first of a high-low pair. */
static bool scan_code_point(struct scanner *s, uint32_t *code_point)
{
	uint32_t low;

	if (!scan_hex4(s, code_point))
		return false;
	if (*code_point < 0xD800 || *code_point > 0xDFFF)
		return true;
	if (*code_point > 0xDBFF || !take(s, '\\') || !take(s, 'u') || !scan_hex4(s, &low) ||
	    low < 0xDC00 || low > 0xDFFF)
		return false;
	*code_point = 0x10000 + ((*code_point - 0xD800) << 10) + (low - 0xDC00);
	return true;
}

/* Behind a backslash. */
static bool scan_escape(struct scanner *s, uint32_t *code_point)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (take(s, 'u'))
		return scan_code_point(s, code_point);
	if (s->ptr == s->end)
		return false;
	found = memchr(letters, *s->ptr, sizeof(letters) - 1);
	if (found == NULL)
		return false;
	s->ptr++;
	*code_point = (uint8_t)meanings[found - letters];
	return true;
}

static bool scan_string(struct scanner *s, struct eg_json_value *out)
{
	const uint8_t *start;
	uint32_t code_point;

	if (!take(s, '"'))
		return false;
	out->type = EG_JSON_STRING;
	out->escaped = false;
	start = s->ptr;
	for (;;) {
		skip_plain(s);
		if (take(s, '"'))
			break;
		if (!take(s, '\\') || !scan_escape(s, &code_point))
			return false;
		out->escaped = true;
	}
	out->raw = eg_span(start, (size_t)(s->ptr - 1 - start));
	return true;
}

static bool scan_digits(struct scanner *s)
{
	const uint8_t *start = s->ptr;

	while (s->ptr < s->end && *s->ptr >= '0' && *s->ptr <= '9')
		s->ptr++;
	return s->ptr > start;
}

static bool scan_number(struct scanner *s)
{
	(void)take(s, '-');
	if (!take(s, '0') && !scan_digits(s))
		return false;
	if (take(s, '.') && !scan_digits(s))
		return false;
	if (!take(s, 'e') && !take(s, 'E'))
		return true;
	if (!take(s, '+'))
		(void)take(s, '-');
	return scan_digits(s);
}

static bool scan_word(struct scanner *s, const char *word)
{
	const size_t len = strlen(word);

	if ((size_t)(s->end - s->ptr) < len || memcmp(s->ptr, word, len) != 0)
		return false;
	s->ptr += len;
	return true;
}

static uint32_t hash_name(struct eg_span name)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ name.ptr[i]) * 16777619u;
	return h;
}

static bool list_member(
    struct listing *listing, const struct eg_json_value *name, const struct eg_json_value *value)
{
	struct eg_json_object *object = listing->object;
	struct eg_span text = eg_json_string(name, listing->arena);
	uint32_t hash;

	if (text.ptr == NULL || object->cnt == EG_JSON_MEMBERS_MAX)
		return false;
	hash = hash_name(text);
	for (unsigned i = 0; i < object->cnt; i++)
		if (listing->name_hash[i] == hash && eg_span_eq(object->member[i].name, text))
			return false;
	listing->name_hash[object->cnt] = hash;
	object->member[object->cnt++] = (struct eg_json_member){text, *value};
	return true;
}

static bool scan_value(struct scanner *s, struct eg_json_value *out);

static bool scan_member(struct scanner *s, struct listing *listing)
{
	struct eg_json_value name, value;

	if (++s->member_cnt > s->member_max || !scan_string(s, &name))
		return false;
	skip_space(s);
	if (!take(s, ':'))
		return false;
	skip_space(s);
	return scan_value(s, &value) && (listing == NULL || list_member(listing, &name, &value));
}

/* An object or array, by its first byte. Members of an object go into the listing where there is
 * one. With scan_value it recurses at most EG_JSON_DEPTH_MAX deep. */
static bool scan_container(struct scanner *s, struct listing *listing)
{
	const bool is_object = *s->ptr++ == '{';
	const uint8_t close = is_object ? '}' : ']';
	struct eg_json_value element;

	if (++s->depth > EG_JSON_DEPTH_MAX)
		return false;
	skip_space(s);
	if (!take(s, close)) {
		do {
			skip_space(s);
			if (!(is_object ? scan_member(s, listing) : scan_value(s, &element)))
				return false;
			skip_space(s);
		} while (take(s, ','));
		if (!take(s, close))
			return false;
	}
	s->depth--;
	return true;
}

static bool scan_unquoted(struct scanner *s, enum eg_json_type *type)
{
	switch (*s->ptr) {
	case '{':
		*type = EG_JSON_OBJECT;
		return scan_container(s, NULL);
	case '[':
		*type = EG_JSON_ARRAY;
		return scan_container(s, NULL);
	case 't':
		*type = EG_JSON_BOOL;
		return scan_word(s, "true");
	case 'f':
		*type = EG_JSON_BOOL;
		return scan_word(s, "false");
	case 'n':
		*type = EG_JSON_NULL;
		return scan_word(s, "null");
	default:
		*type = EG_JSON_NUMBER;
		return scan_number(s);
	}
}

static bool scan_value(struct scanner *s, struct eg_json_value *out)
{
	const uint8_t *start = s->ptr;

	if (s->ptr == s->end)
		return false;
	if (*s->ptr == '"')
		return scan_string(s, out);
	if (!scan_unquoted(s, &out->type))
		return false;
	out->escaped = false;
	out->raw = eg_span(start, (size_t)(s->ptr - start));
	return true;
}

static bool list_object(struct eg_span text, unsigned member_max, struct eg_json_arena *arena,
    struct eg_json_object *out)
{
	struct scanner s = scanner_over(text);
	struct listing listing;

	s.member_max = member_max;
	listing.arena = arena;
	listing.object = out;
	out->cnt = 0;
	skip_space(&s);
	if (s.ptr == s.end || *s.ptr != '{' || !scan_container(&s, &listing))
		return false;
	skip_space(&s);
	return s.ptr == s.end;
}

bool eg_json_parse_object(
    struct eg_span text, struct eg_json_arena *arena, struct eg_json_object *out)
{
	return eg_json_parse_large_object(text, EG_JSON_MEMBERS_MAX, arena, out);
}

bool eg_json_parse_large_object(struct eg_span text, unsigned member_max,
    struct eg_json_arena *arena, struct eg_json_object *out)
{
	return eg_utf8_valid(text) && list_object(text, member_max, arena, out);
}

bool eg_json_open_object(
    const struct eg_json_value *value, struct eg_json_arena *arena, struct eg_json_object *out)
{
	return value->type == EG_JSON_OBJECT &&
	       list_object(value->raw, EG_JSON_MEMBERS_MAX, arena, out);
}

bool eg_json_next_element(struct eg_span *rest, struct eg_json_value *out)
{
	struct scanner s = scanner_over(*rest);

	skip_space(&s);
	if (!take(&s, '[') && !take(&s, ','))
		return false;
	skip_space(&s);
	if (!scan_value(&s, out)) /* an empty array's "]" is no value */
		return false;
	*rest = eg_span(s.ptr, (size_t)(s.end - s.ptr));
	return true;
}

const struct eg_json_value *eg_json_find(const struct eg_json_object *object, const char *name)
{
	const struct eg_span wanted = eg_span_str(name);

	for (unsigned i = 0; i < object->cnt; i++)
		if (eg_span_eq(object->member[i].name, wanted))
			return &object->member[i].value;
	return NULL;
}

static uint8_t *put_utf8(uint8_t *out, uint32_t code_point)
{
	if (code_point < 0x80) {
		*out++ = (uint8_t)code_point;
		return out;
	}
	if (code_point < 0x800) {
		*out++ = (uint8_t)(0xC0 | code_point >> 6);
	} else {
		if (code_point < 0x10000) {
			*out++ = (uint8_t)(0xE0 | code_point >> 12);
		} else {
			*out++ = (uint8_t)(0xF0 | code_point >> 18);
			*out++ = (uint8_t)(0x80 | (code_point >> 12 & 0x3F));
		}
		*out++ = (uint8_t)(0x80 | (code_point >> 6 & 0x3F));
	}
	*out++ = (uint8_t)(0x80 | (code_point & 0x3F));
	return out;
}

struct eg_span eg_json_string(const struct eg_json_value *value, struct eg_json_arena *arena)
{
	struct scanner s = scanner_over(value->raw);
	uint8_t *start = arena->ptr, *out = start;
	uint32_t code_point;

	if (!value->escaped)
		return value->raw;
	if (arena->left < value->raw.len) /* unescaping never makes a text longer */
		return eg_span(NULL, 0);
	for (;;) {
		const uint8_t *run = s.ptr;

		skip_plain(&s);
		memcpy(out, run, (size_t)(s.ptr - run));
		out += s.ptr - run;
		if (!take(&s, '\\') || !scan_escape(&s, &code_point))
			break;
		out = put_utf8(out, code_point);
	}
	arena->ptr = out;
	arena->left -= (size_t)(out - start);
	return eg_span(start, (size_t)(out - start));
}
