/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What nobody reads (lib/codec/json_pass.c), against a checker that is written from the grammar of
 * RFC 8259 and nothing else: random texts, most nearly right, with strings as a whole and byte by
 * byte.
 */
#include "eg_json.h"
#include "eg_test.h"

#define TEXT_ROOM 512u
#define ROUNDS    200000u

/* ── the grammar, for texts that end with a NUL ── */

struct naive {
	const char *p;
	unsigned depth, members;
};

static bool naive_value(struct naive *n);

static void naive_space(struct naive *n)
{
	n->p += strspn(n->p, " \t\n\r");
}

static bool naive_take(struct naive *n, char c)
{
	if (*n->p != c)
		return false;
	n->p++;
	return true;
}

static bool naive_hex4(struct naive *n, unsigned *unit)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";

	*unit = 0;
	for (unsigned i = 0; i < 4; i++, n->p++) {
		const char *digit = *n->p != '\0' ? strchr(digits, *n->p) : NULL;

		if (digit == NULL)
			return false;
		*unit = *unit * 16 + (unsigned)(digit - digits) % 16;
	}
	return true;
}

static bool naive_escape(struct naive *n)
{
	unsigned high, low;

	if (*n->p != '\0' && strchr("\"\\/bfnrt", *n->p) != NULL) {
		n->p++;
		return true;
	}
	if (!naive_take(n, 'u') || !naive_hex4(n, &high))
		return false;
	if (high < 0xD800 || high > 0xDFFF)
		return true;
	return high < 0xDC00 && naive_take(n, '\\') && naive_take(n, 'u') && naive_hex4(n, &low) &&
	       low >= 0xDC00 && low <= 0xDFFF;
}

static bool naive_string(struct naive *n)
{
	if (!naive_take(n, '"'))
		return false;
	while (!naive_take(n, '"')) {
		if ((unsigned char)*n->p < 0x20)
			return false;
		if (*n->p++ == '\\' && !naive_escape(n))
			return false;
	}
	return true;
}

static bool naive_digits(struct naive *n)
{
	const size_t cnt = strspn(n->p, "0123456789");

	n->p += cnt;
	return cnt != 0;
}

static bool naive_number(struct naive *n)
{
	(void)naive_take(n, '-');
	if (!naive_take(n, '0') && !naive_digits(n))
		return false;
	if (naive_take(n, '.') && !naive_digits(n))
		return false;
	if (!naive_take(n, 'e') && !naive_take(n, 'E'))
		return true;
	if (!naive_take(n, '+'))
		(void)naive_take(n, '-');
	return naive_digits(n);
}

static bool naive_word(struct naive *n, const char *word)
{
	if (strncmp(n->p, word, strlen(word)) != 0)
		return false;
	n->p += strlen(word);
	return true;
}

static bool naive_member(struct naive *n)
{
	naive_space(n);
	if (n->members++ == EG_JSON_MEMBERS_MAX || !naive_string(n))
		return false;
	naive_space(n);
	return naive_take(n, ':');
}

/* Behind the opening bracket. */
static bool naive_container(struct naive *n, char close)
{
	bool ok = true;

	if (n->depth++ == EG_JSON_DEPTH_MAX)
		return false;
	naive_space(n);
	if (!naive_take(n, close)) {
		do
			ok = (close == ']' || naive_member(n)) && naive_value(n);
		while (ok && naive_take(n, ','));
		ok = ok && naive_take(n, close);
	}
	n->depth--;
	return ok;
}

/* With white space around it. */
static bool naive_value(struct naive *n)
{
	bool ok;

	naive_space(n);
	if (*n->p == '"')
		ok = naive_string(n);
	else if (naive_take(n, '['))
		ok = naive_container(n, ']');
	else if (naive_take(n, '{'))
		ok = naive_container(n, '}');
	else
		ok = naive_word(n, "true") || naive_word(n, "false") || naive_word(n, "null") ||
		     naive_number(n);
	naive_space(n);
	return ok;
}

static bool naive_accepts(const char *text)
{
	struct naive n = {.p = text};

	return naive_value(&n) && *n.p == '\0';
}

/* ── random texts ── */

static const char *const pieces[] = {",", ",", ":", "[", "]", "[", "]", "{", "}",
    "{\"a\":", "\"b\":", "\"\"", "\"c", "\"", "\\", "\\n", "\\u00e9", "\\uD83d\\uDe00", "\\ud800",
    "\\uDfff", "\\u12", "\\u", "0", "1", "90", "-", "+", ".", "e", "E", "1e5", "-0.1", "true",
    "false", "null", "t", "r", "u", "f", "a", "l", "s", "n", " ", "\n", "\t", "\r", "\x01",
    "\xC3\xA9", "long enough to jump"};

static const char *const values[] = {"1", "-0.5e+7", "[]", "{}", "[[1]]", "\"\"", "\"x\\n\"",
    "\"\\\"\"", "\"\\\\\"", "{\"a\":[]}", "true", "false", "null", "{\"\\u00e9\":0,\"b\":{}}",
    "\"\\uD83d\\uDe00\"", " [ 1 , 2 ] ", "\"[{,:\"", "0E1", "10", "{ \"k\" : \"\\u0041\" }"};

static unsigned below(unsigned n)
{
	return (unsigned)random() % n;
}

static void append(char *text, const char *piece)
{
	if (strlen(text) + strlen(piece) < TEXT_ROOM)
		(void)strcat(text, piece);
}

/* Values in an array, of which one byte may be changed, left out, or replaced by a piece. */
static void random_list(char *text)
{
	char tail[TEXT_ROOM];
	size_t at;

	(void)strcpy(text, "[");
	for (unsigned i = below(6) + 1; i-- > 0;) {
		append(text, values[below(sizeof(values) / sizeof(values[0]))]);
		append(text, i != 0 ? "," : "]");
	}
	at = below((unsigned)strlen(text));
	(void)strcpy(tail, text + at + below(2));
	if (below(3) == 0)
		return;
	text[at] = '\0';
	if (below(3) != 0)
		append(text, pieces[below(sizeof(pieces) / sizeof(pieces[0]))]);
	append(text, tail);
}

/* In a document behind `cnt` short strings, which set the way in which the text is passed. */
static void check_one(const char *text, unsigned cnt)
{
	static struct eg_json_object object;
	char document[4 * TEXT_ROOM] = "{\"x\":[";
	uint8_t room[4 * TEXT_ROOM];
	struct eg_json_arena arena = {room, sizeof(room)};
	bool accepted;

	for (unsigned i = 0; i < cnt; i++)
		(void)strcat(document, i % 2 != 0 ? "\"\\t\"," : "\"ab\",");
	(void)strcat(strcat(document, text), "]}");
	accepted = eg_json_parse_object(eg_span_str(document), &arena, &object);
	if (accepted != naive_accepts(document))
		fail_msg("%s: %d", document, accepted);
}

static void test_random_texts(void **state)
{
	char text[TEXT_ROOM];

	(void)state;
	srandom(1);
	for (unsigned i = 0; i < ROUNDS; i++) {
		random_list(text);
		check_one(text, 0);
		check_one(text, 15);
		check_one(text, 40);
	}
}

/* Each two or three pieces in a row. */
static void test_all_pieces(void **state)
{
	const unsigned cnt = sizeof(pieces) / sizeof(pieces[0]);
	char text[TEXT_ROOM];

	(void)state;
	for (unsigned i = 0; i < cnt * cnt * cnt; i++) {
		(void)strcpy(text, pieces[i % cnt]);
		append(text, pieces[i / cnt % cnt]);
		append(text, pieces[i / cnt / cnt]);
		check_one(text, 0);
		check_one(text, 40);
	}
}

/* Every byte alone, in a string, and behind a backslash. */
static void test_each_byte(void **state)
{
	static const char *const frames[] = {"%c", "1%c", "\"%c\"", "\"\\%c\"", "\"\\u%c000\"",
	    "\"\\u0%c00\"", "\"\\uD%c00\\uDC00\"", "\"\\ud8%c0\\udfff\"", "\"\\uDBF%c\\uDFFF\"",
	    "\"\\uD800%cuDC00\"", "\"\\uD800\\%cDC00\"", "\"\\uD800\\u%cC00\"",
	    "\"\\uD800\\uD%c00\"", "\"\\uD800\\uDC0%c\"", "{\"\\%c\":1}", "{\"%c\":1}",
	    "{\"\\ud8%c0\\udfff\":1}"};
	char text[TEXT_ROOM];

	(void)state;
	for (unsigned i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
		for (int c = 1; c < 128; c++) {
			char *at;

			(void)strcpy(text, frames[i]);
			at = strstr(text, "%c");
			*at = (char)c;
			(void)memmove(at + 1, at + 2, strlen(at + 2) + 1);
			check_one(text, 0);
			check_one(text, 40);
		}
}

/* Nested `depth` deep inside what is open already, and `cnt` members. */
static void test_limits(void **state)
{
	char text[4 * TEXT_ROOM];

	(void)state;
	for (unsigned depth = 1; depth < 12; depth++) {
		memset(text, 0, sizeof(text));
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		check_one(text, 0);
		check_one(text, 40);
		memset(text, '[', 2 * depth);
		check_one(text, 40);
	}
	for (unsigned cnt = 125; cnt < 130; cnt++) {
		(void)strcpy(text, "{");
		for (unsigned i = 0; i < cnt; i++)
			(void)strcat(text, i == 0 ? "\"\":0" : ",\"\":0");
		(void)strcat(text, "}");
		check_one(text, 0);
		check_one(text, 40);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_random_texts),
	    cmocka_unit_test(test_all_pieces),
	    cmocka_unit_test(test_each_byte),
	    cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
