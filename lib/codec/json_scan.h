/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The grammar of JSON: functions that take where a thing starts and return where it has ended, NULL
 * where it is none (or over a limit). Internal.
 */
#ifndef EG_JSON_SCAN_H
#define EG_JSON_SCAN_H

#include "codec_impl.h"
#include "eg_json.h"
#include "json_mark.h"

#define EG_JSON_SHORT_MAX 16    /* in what nobody reads; further ones go byte by byte */
#define EG_JSON_WINDOW    4096u /* a token's payload fits */

struct eg_json_scanner {
	const uint8_t *end;
	unsigned depth; /* of the objects and arrays that are open */
	unsigned member_cnt, member_max;
	int short_left; /* of strings that are passed as a whole: how many more may be short */
	/* marks (struct eg_codec_impl) are about `window_len` bytes from `window` on, with one more
	 * mark behind the last of them. */
	const uint8_t *window;
	size_t window_len, window_max;
	uint64_t marks[EG_JSON_WINDOW / 64 + 1];
	/* What is no white space, from the first white space on that stood between two things. */
	bool has_ink;
	uint64_t ink[EG_JSON_WINDOW / 64 + 2]; /* one more word: all that is behind is marked */
};

/* Over a text of which nothing is marked yet. */
void eg_json_scan_init(struct eg_json_scanner *s, struct eg_span text, unsigned member_max);

/* The same, with the first window marked. False where the text is not UTF-8. */
bool eg_json_scan_begin(struct eg_json_scanner *s, struct eg_span text, unsigned member_max);

/* What an escape of one letter means; 0: there is none. */
extern const uint8_t eg_json_meaning[256];

/* Behind "\u": the code point, of a surrogate pair with its other half. */
const uint8_t *eg_json_scan_code_point(const uint8_t *p, const uint8_t *end, uint32_t *code_point);

/* Behind a backslash: the escape sequence with both halves of a surrogate pair. */
static inline const uint8_t *eg_json_scan_escape(
    const uint8_t *p, const uint8_t *end, uint32_t *code_point)
{
	if (p == end)
		return NULL;
	*code_point = eg_json_meaning[*p];
	if (*code_point != 0)
		return p + 1;
	return *p == 'u' ? eg_json_scan_code_point(p + 1, end, code_point) : NULL;
}

/* Moves the window to p, which is inside the text. Returns whether a byte in it is not ASCII. */
bool eg_json_mark_window(struct eg_json_scanner *s, const uint8_t *p);

/* Issuers write no white space between things: then `spaced` is false, and a branch asks for it.
 * Once a sender has written some, how much there is cannot be guessed, and no branch asks. */
const uint8_t *eg_json_skip_any_space(struct eg_json_scanner *s, const uint8_t *p);

static inline const uint8_t *eg_json_skip_ink_gap(struct eg_json_scanner *s, const uint8_t *p)
{
	const size_t at = (size_t)(p - s->window);
	uint64_t bits = 0;

	if (at < s->window_len)
		bits = s->ink[at / 64] >> at % 64 | s->ink[at / 64 + 1] << 1 << (63 - at % 64);
	if (bits != 0)
		p += __builtin_ctzll(bits);
	/* Of what is behind the window nothing is known: it may be white space as well. */
	if (bits == 0 || p >= s->window + s->window_len)
		return eg_json_skip_any_space(s, p);
	return p;
}

static inline const uint8_t *eg_json_skip_space(
    struct eg_json_scanner *s, const uint8_t *p, bool spaced)
{
	if (spaced)
		return eg_json_skip_ink_gap(s, p);
	return p < s->end && *p <= ' ' ? eg_json_skip_any_space(s, p) : p;
}

/* Where `c` stands behind white space, if any, or NULL. */
static inline const uint8_t *eg_json_expect(
    struct eg_json_scanner *s, const uint8_t *p, uint8_t c, bool spaced)
{
	if (!spaced && p < s->end && *p == c)
		return p;
	p = eg_json_skip_space(s, p, spaced);
	return p < s->end && *p == c ? p : NULL;
}

/* The first marked byte from p on, or the end of the window (or of the text, which is less). */
static inline const uint8_t *eg_json_next_mark(const struct eg_json_scanner *s, const uint8_t *p)
{
	const size_t at = (size_t)(p - s->window);
	const uint64_t *word;
	uint64_t bits;

	if (at >= s->window_len)
		return p;
	word = &s->marks[at / 64];
	bits = *word >> at % 64;
	if (bits != 0)
		return p + __builtin_ctzll(bits);
	while (*++word == 0) /* the mark behind the last byte ends this */
		;
	return s->window + (word - s->marks) * 64 + __builtin_ctzll(*word);
}

/* At the closing quote of a string in which p is at a marked byte that is none, or at the end of
 * the window. */
const uint8_t *eg_json_scan_rest(struct eg_json_scanner *s, const uint8_t *p, bool *escaped);

/* At the opening quote. */
static inline const uint8_t *eg_json_scan_string(
    struct eg_json_scanner *s, const uint8_t *p, struct eg_json_value *out)
{
	const uint8_t *const start = p + 1;
	bool escaped = false;

	p = eg_json_next_mark(s, start);
	if (p == s->end)
		return NULL;
	if (*p != '"') {
		p = eg_json_scan_rest(s, p, &escaped);
		if (p == NULL)
			return NULL;
	}
	out->type = EG_JSON_STRING;
	out->escaped = escaped;
	out->raw = eg_span(start, (size_t)(p - start));
	return p + 1;
}

/* An object or array that nobody reads: at its first byte. Its names may stand twice. */
const uint8_t *eg_json_pass_container(struct eg_json_scanner *s, const uint8_t *p);

/* A value that is no string: at its first byte, which is inside the text. */
const uint8_t *eg_json_scan_unquoted(
    struct eg_json_scanner *s, const uint8_t *p, struct eg_json_value *out);

/* Any value: at its first byte, which is inside the text. */
static inline const uint8_t *eg_json_scan_value(
    struct eg_json_scanner *s, const uint8_t *p, struct eg_json_value *out)
{
	return *p == '"' ? eg_json_scan_string(s, p, out) : eg_json_scan_unquoted(s, p, out);
}

/* What is done with a member: at the first byte of its value. */
typedef const uint8_t *eg_json_member_fn(
    struct eg_json_scanner *s, const uint8_t *p, const struct eg_json_value *name, void *context);

/* From before a member, at a brace or comma, to behind it, at a comma or the closing brace. */
static inline __attribute__((always_inline)) const uint8_t *eg_json_scan_member(
    struct eg_json_scanner *s, const uint8_t *p, bool spaced, eg_json_member_fn *member,
    void *context)
{
	struct eg_json_value name;

	p = eg_json_expect(s, p + 1, '"', spaced);
	if (p == NULL || s->member_cnt++ == s->member_max)
		return NULL;
	p = eg_json_scan_string(s, p, &name);
	if (p == NULL)
		return NULL;
	p = eg_json_expect(s, p, ':', spaced);
	if (p == NULL)
		return NULL;
	p = eg_json_skip_space(s, p + 1, spaced);
	p = p < s->end ? member(s, p, &name, context) : NULL;
	if (p == NULL || (!spaced && p < s->end && *p == ','))
		return p;
	p = eg_json_skip_space(s, p, spaced);
	return p < s->end && (*p == ',' || *p == '}') ? p : NULL;
}

/* At the brace. Inlined, so that `member` is no call through a pointer. */
static inline __attribute__((always_inline)) const uint8_t *eg_json_scan_object(
    struct eg_json_scanner *s, const uint8_t *p, eg_json_member_fn *member, void *context)
{
	const uint8_t *close;

	if (s->depth++ == EG_JSON_DEPTH_MAX)
		return NULL;
	close = eg_json_expect(s, p + 1, '}', false);
	if (close == NULL) {
		do
			p = eg_json_scan_member(s, p, false, member, context);
		while (p != NULL && *p != '}' && !s->has_ink);
		while (p != NULL && *p != '}')
			p = eg_json_scan_member(s, p, true, member, context);
		close = p;
	}
	s->depth--;
	return close != NULL ? close + 1 : NULL;
}

/* Is the text from p on white space? */
static inline bool eg_json_is_over(struct eg_json_scanner *s, const uint8_t *p)
{
	return p != NULL && eg_json_skip_space(s, p, false) == s->end;
}

#endif
