/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Payloads that fill a token of 4096 bytes with one thing, over and over, and are accepted as far
 * as the signature. Where a branch can be guessed wrongly, each token goes its own way at random.
 */
#include "bench_codec.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define HEADER       "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"k\"}"
#define CLAIMS_BYTES 2964u /* with that header a token of 4095 bytes */
#define MEMBERS      120u  /* beside the claims every payload has */
#define CLAIMS       "{\"iss\":\"" CODEC_ISSUER "\",\"aud\":\"api\",\"exp\":1800003600"

struct text {
	char bytes[CLAIMS_BYTES + 1];
	size_t len;
	unsigned members;
};

/* Appends unless the end, with `reserve` bytes behind it, would not fit. */
static bool put(struct text *t, size_t reserve, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool put(struct text *t, size_t reserve, const char *format, ...)
{
	const size_t room = sizeof(t->bytes) - t->len;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(t->bytes + t->len, room, format, args);
	va_end(args);
	if (len < 0 || (size_t)len + reserve >= room)
		return false;
	t->len += (size_t)len;
	return true;
}

static unsigned below(unsigned n)
{
	return (unsigned)random() % n;
}

/* ── shapes ── */

/* The pieces of a list, in turn or at random, between what opens and what closes a member. */
struct shape {
	const char *name;
	const char *open, *close;
	const char *pieces[6];
	bool at_random;
};

#define STRING .open = ",\"x\":\"", .close = "\"}"
#define ARRAY  .open = ",\"x\":[0", .close = "]}"

static const struct shape shapes[] = {
    {"plain string", STRING, .pieces = {"a"}},
    {"escapes \\n", STRING, .pieces = {"\\n"}},
    {"escapes \\u, ASCII", STRING, .pieces = {"\\u0041"}},
    {"escapes \\u, pairs", STRING, .pieces = {"\\ud83d\\uDE00"}},
    {"escapes, mixed at random", STRING,
        .pieces = {"\\n", "\\u00e9", "\\ud83d\\uDE00", "a", "bc", "\\\\"}, .at_random = true},
    {"escapes or not, at random", STRING, .pieces = {"\\n", "a"}, .at_random = true},
    {"UTF-8, 2 bytes", STRING, .pieces = {"\xC3\xA9"}},
    {"UTF-8, 3 bytes", STRING, .pieces = {"\xE2\x82\xAC"}},
    {"UTF-8, mixed at random", STRING,
        .pieces = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "a", "ab"}, .at_random = true},
    {"empty strings", ARRAY, .pieces = {",\"\""}},
    {"short strings, at random", ARRAY, .pieces = {",\"\"", ",\"a\"", ",\"\\n\"", ",\"abcdef\""},
        .at_random = true},
    {"empty arrays", ARRAY, .pieces = {",[]"}},
    {"deep arrays", ARRAY, .pieces = {",[[[[[[]]]]]]"}},
    {"deep and flat, at random", ARRAY,
        .pieces = {",[[[[[[]]]]]]", ",[]", ",[[]]", ",{}", ",[[[{}]]]", ",0"}, .at_random = true},
    {"digits", ARRAY, .pieces = {",1"}},
    {"numbers, at random", ARRAY,
        .pieces = {",1", ",-0.5e+7", ",123456789", ",0.1", ",10E2", ",12345"}, .at_random = true},
    {"one long number", .open = ",\"x\":1", .close = "}", .pieces = {"0"}},
    {"words, at random", ARRAY, .pieces = {",true", ",false", ",null"}, .at_random = true},
    {"any value, at random", ARRAY, .pieces = {",1", ",\"\"", ",[]", ",{}", ",null", ",\"\\n\""},
        .at_random = true},
    {"\"\" or 1, at random", ARRAY, .pieces = {",\"\"", ",1"}, .at_random = true},
    {"8 letters or 1, at random", ARRAY, .pieces = {",\"abcdefgh\"", ",1"}, .at_random = true},
    {"white space", .open = ",\"x\":0", .close = "}", .pieces = {" ", "\n"}},
    {"white space, at random", ARRAY, .pieces = {",1", " ,1", ", 1", " ,\t1", ",1\n", "\r,1"},
        .at_random = true},
};

static void fill(struct text *t, const struct shape *shape)
{
	unsigned cnt = 0;

	while (cnt < 6 && shape->pieces[cnt] != NULL)
		cnt++;
	codec_need(put(t, 0, "%s", shape->open), "room for a shape");
	for (unsigned i = 0; put(t, strlen(shape->close), "%s",
	         shape->pieces[shape->at_random ? below(cnt) : i % cnt]);
	     i++)
		;
	codec_need(put(t, 0, "%s", shape->close), "room for a shape");
}

/* ── shapes that are members ── */

typedef void members_fn(struct text *t, unsigned n);

static void put_members(struct text *t, unsigned cnt, const char *format)
{
	for (unsigned i = 0; i < cnt; i++)
		codec_need(put(t, 1, format, i * 7919u % 1000u), "room for members");
	codec_need(put(t, 0, "}"), "room for members");
}

static void short_members(struct text *t, unsigned n)
{
	(void)n;
	put_members(t, MEMBERS, ",\"%03u\":0");
}

static void alike_members(struct text *t, unsigned n)
{
	(void)n;
	put_members(t, MEMBERS, ",\"alike__%03u__alike\":0");
}

static void long_alike_members(struct text *t, unsigned n)
{
	(void)n;
	put_members(t, 80, ",\"alike_at_start_%03u_alike_end\":0");
}

static void escaped_members(struct text *t, unsigned n)
{
	(void)n;
	put_members(t, MEMBERS, ",\"\\u0061\\n%03u\\\\\\\"\":0");
}

static void random_members(struct text *t, unsigned n)
{
	(void)n;
	for (unsigned i = 0; i < MEMBERS; i++)
		codec_need(put(t, 1, ",\"%x%.*s\":0", i, (int)below(14), "longer_and_longer"),
		    "room for members");
	codec_need(put(t, 0, "}"), "room for members");
}

/* The dearest names, and behind them the dearest of what may follow. */
static void filled_members(struct text *t, unsigned n)
{
	static const char *const pieces[] = {",1", ",\"\"", ",[]", ",{}", ",null", ",\"\\n\""};

	(void)n;
	for (unsigned i = 0; i < MEMBERS; i++)
		codec_need(put(t, 1, ",\"\\n%03u\":0", i * 7919u % 1000u), "room for members");
	codec_need(put(t, 2, ",\"x\":[0"), "room for members");
	while (put(t, 2, "%s", pieces[below(6)]))
		;
	codec_need(put(t, 0, "]}"), "room for members");
}

/* White space around 120 members, where it is stepped over by branches. */
static void spaced_members(struct text *t, unsigned n)
{
	static const char *const space[] = {"", " ", "\n ", "\t\t\t"};

	(void)n;
	for (unsigned i = 0; i < MEMBERS; i++)
		codec_need(put(t, 1, "%s,%s\"%03u\"%s:%s0%s", space[below(4)], space[below(4)], i,
		               space[below(4)], space[below(4)], space[below(4)]),
		    "room for members");
	codec_need(put(t, 0, "}"), "room for members");
}

static void valued_members(struct text *t, unsigned n)
{
	static const char *const values[] = {"0", "\"\"", "[]", "{}", "null", "\"\\n\"", "-0.5"};

	(void)n;
	for (unsigned i = 0; i < MEMBERS; i++)
		codec_need(put(t, 1, ",\"%03u\":%s", i, values[below(7)]), "room for members");
	codec_need(put(t, 0, "}"), "room for members");
}

/* All members that are read, as long as they may be and as slow to read. */
static void dear_claims(struct text *t, unsigned n)
{
	(void)put(
	    t, 0, ",\"nbf\":%u.%010ue-%u,\"iat\":1.%010u%08ue-%u", n % 10, n, n % 20, n, n, n % 20);
	(void)put(t, 0, ",\"cnf\":{\"jkt\":\"\\u0061\"},\"sub\":\"");
	for (unsigned i = 0; i < 127; i++)
		(void)put(t, 0, "\\u00e9");
	(void)put(t, 0, "\",\"jti\":\"");
	for (unsigned i = 0; i < 127; i++)
		(void)put(t, 0, "\\u00e9");
	(void)put(t, 0, "\",\"sid\":\"");
	for (unsigned i = 0; i < 127; i++)
		(void)put(t, 0, "\\u00e9");
	codec_need(put(t, 0, "\"}"), "room for claims");
}

static const struct {
	const char *name;
	members_fn *put;
} member_shapes[] = {
    {"120 short names", short_members},
    {"120 names alike at both ends", alike_members},
    {"80 long names, hardly different", long_alike_members},
    {"120 escaped names", escaped_members},
    {"120 names of any length", random_members},
    {"120 escaped names, then any value", filled_members},
    {"120 names, spaced at random", spaced_members},
    {"120 names, any value at random", valued_members},
    {"claims, all escaped", dear_claims},
};

/* ── sets ── */

#define SHAPES        (sizeof(shapes) / sizeof(shapes[0]))
#define MEMBER_SHAPES (sizeof(member_shapes) / sizeof(member_shapes[0]))

static void add(struct codec_set *set, unsigned which, unsigned n)
{
	struct text t = {.len = 0};

	srandom(n);
	codec_need(put(&t, 0, CLAIMS), "room for claims");
	if (which < SHAPES)
		fill(&t, &shapes[which]);
	else
		member_shapes[which - SHAPES].put(&t, n);
	codec_set_add_jwt(set, n, HEADER, t.bytes, t.len);
}

struct codec_set *codec_shape_set(unsigned i)
{
	struct codec_set *set;

	if (i >= SHAPES + MEMBER_SHAPES)
		return codec_format_shape_set(i - (unsigned)(SHAPES + MEMBER_SHAPES));
	set = calloc(1, sizeof(*set));
	codec_need(set != NULL, "memory for tokens");
	set->name = i < SHAPES ? shapes[i].name : member_shapes[i - SHAPES].name;
	for (unsigned n = 0; n < CODEC_TOKENS; n++)
		add(set, i, n);
	return set;
}
