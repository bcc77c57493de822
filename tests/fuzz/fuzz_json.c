/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Strict JSON. Input = a document. What is accepted is written again from what was read, and read
 * again: the same text. Against jansson: what one accepts, the other must, but for limits.
 */
#include "fuzz.h"

#include "eg_cpu.h"
#include "eg_json.h"

#include <jansson.h>

#define LARGE_MEMBERS_MAX 4096u

struct text {
	size_t len, room;
	uint8_t *bytes;
};

static void put(struct text *t, struct eg_span s)
{
	FUZZ_CHECK(t->len + s.len <= t->room);
	if (s.len != 0)
		memcpy(t->bytes + t->len, s.ptr, s.len);
	t->len += s.len;
}

static void put_char(struct text *t, char c)
{
	put(t, eg_span(&c, 1));
}

/* ── what was read, written again ── */

static void put_string(struct text *t, struct eg_span s)
{
	put_char(t, '"');
	for (size_t i = 0; i < s.len; i++) {
		const uint8_t c = s.ptr[i];
		char escaped[8];

		if (c == '"' || c == '\\') {
			put_char(t, '\\');
			put_char(t, (char)c);
		} else if (c < 0x20) {
			int n = snprintf(escaped, sizeof(escaped), "\\u%04x", c);

			put(t, eg_span(escaped, (size_t)n));
		} else {
			put_char(t, (char)c);
		}
	}
	put_char(t, '"');
}

static void put_value(struct text *t, const struct eg_json_value *v, struct eg_span document,
    struct eg_json_arena *arena);

/* By its name each member is found, but a name with a NUL in it, which no C string is. */
static void check_find(const struct eg_json_object *object, unsigned i)
{
	const struct eg_span name = object->member[i].name;
	char *text;

	if (name.len != 0 && memchr(name.ptr, 0, name.len) != NULL)
		return;
	text = strndup((const char *)name.ptr, name.len);
	FUZZ_CHECK(text != NULL && eg_json_find(object, text) == &object->member[i].value);
	free(text);
}

static void put_object(struct text *t, const struct eg_json_object *object, struct eg_span document,
    struct eg_json_arena *arena)
{
	put_char(t, '{');
	for (unsigned i = 0; i < object->cnt; i++) {
		if (i > 0)
			put_char(t, ',');
		FUZZ_CHECK(eg_utf8_valid(object->member[i].name));
		check_find(object, i);
		put_string(t, object->member[i].name);
		put_char(t, ':');
		put_value(t, &object->member[i].value, document, arena);
	}
	put_char(t, '}');
}

static void put_array(struct text *t, const struct eg_json_value *v, struct eg_span document,
    struct eg_json_arena *arena)
{
	struct eg_span rest = v->raw;
	struct eg_json_value element;
	bool first = true;

	put_char(t, '[');
	while (eg_json_next_element(&rest, &element)) {
		if (!first)
			put_char(t, ',');
		first = false;
		put_value(t, &element, document, arena);
	}
	put_char(t, ']');
}

static void put_value(struct text *t, const struct eg_json_value *v, struct eg_span document,
    struct eg_json_arena *arena)
{
	struct eg_json_object *inside;
	struct eg_span s;

	FUZZ_CHECK(
	    v->raw.ptr >= document.ptr && v->raw.ptr + v->raw.len <= document.ptr + document.len);
	switch (v->type) {
	case EG_JSON_STRING:
		s = eg_json_string(v, arena);
		FUZZ_CHECK(s.ptr != NULL && eg_utf8_valid(s));
		FUZZ_CHECK(v->escaped || eg_span_eq(s, v->raw));
		put_string(t, s);
		return;
	case EG_JSON_ARRAY:
		put_array(t, v, document, arena);
		return;
	case EG_JSON_OBJECT:
		inside = malloc(sizeof(*inside));
		FUZZ_CHECK(inside != NULL);
		/* one with a name twice is only refused where it is opened */
		if (eg_json_open_object(v, arena, inside))
			put_object(t, inside, document, arena);
		else
			put(t, eg_span_str("{}"));
		free(inside);
		return;
	default:
		FUZZ_CHECK(v->raw.len > 0);
		put(t, v->raw);
	}
}

/* Parses and writes again; false where it is refused. */
static bool rewrite(struct eg_span document, unsigned member_max, struct text *out)
{
	struct eg_json_object *object = malloc(sizeof(*object));
	uint8_t *first = malloc(document.len), *rest = malloc(2 * document.len);
	struct eg_json_arena arena = {first, document.len};
	bool ok;

	/* as small as is allowed: what goes over is seen */
	*out = (struct text){.room = 6 * document.len + 2, .bytes = malloc(6 * document.len + 2)};
	FUZZ_CHECK(object != NULL && out->bytes != NULL);
	if (member_max == 0)
		ok = eg_json_parse_object(document, &arena, object);
	else
		ok = eg_json_parse_large_object(document, member_max, &arena, object);
	if (ok) {
		/* names of objects inside are unescaped once more by each opening */
		struct eg_json_arena wide = {rest, 2 * document.len};

		put_object(out, object, document, &wide);
	}
	free(object);
	free(first);
	free(rest);
	return ok;
}

/* ── jansson ── */

struct measure {
	unsigned depth, members;
};

static void measure(const json_t *v, unsigned depth, struct measure *m)
{
	void *iter;

	if (!json_is_object(v) && !json_is_array(v))
		return;
	if (depth > m->depth)
		m->depth = depth;
	for (size_t i = 0; i < json_array_size(v); i++)
		measure(json_array_get(v, i), depth + 1, m);
	for (iter = json_object_iter((json_t *)(uintptr_t)v); iter != NULL;
	     iter = json_object_iter_next((json_t *)(uintptr_t)v, iter)) {
		m->members++;
		measure(json_object_iter_value(iter), depth + 1, m);
	}
}

static bool is_other_limit(const json_error_t *why)
{
	switch (json_error_code(why)) {
	case json_error_numeric_overflow:
	case json_error_duplicate_key:    /* inside: refused only where it is opened */
	case json_error_null_byte_in_key: /* a limit of C strings */
	case json_error_null_character:   /* a limit of C strings */
	case json_error_stack_overflow:
		return true;
	default:
		return false;
	}
}

static void compare_with_jansson(struct eg_span document, bool accepted)
{
	struct measure m = {0};
	json_error_t why;
	json_t *root = json_loadb((const char *)document.ptr, document.len,
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);

	measure(root, 1, &m);
	if (accepted) {
		FUZZ_CHECK(root != NULL || is_other_limit(&why));
		FUZZ_CHECK(m.depth <= EG_JSON_DEPTH_MAX && m.members <= EG_JSON_MEMBERS_MAX);
	} else if (root != NULL && memchr(document.ptr, 0, document.len) == NULL) {
		/* but jansson passes over a raw NUL */
		FUZZ_CHECK(!json_is_object(root) || m.depth > EG_JSON_DEPTH_MAX ||
		           m.members > EG_JSON_MEMBERS_MAX);
	}
	json_decref(root);
}

/* ── properties ── */

/* What was cut at its end is not a document. */
static void check_prefix(struct eg_span document)
{
	struct eg_json_object *object = malloc(sizeof(*object));
	uint8_t *room = malloc(document.len);
	struct eg_json_arena arena = {room, document.len};

	FUZZ_CHECK(object != NULL);
	while (document.len > 0 && document.ptr[document.len - 1] != '}')
		document.len--;
	FUZZ_CHECK(document.len >= 2);
	document.len--;
	FUZZ_CHECK(!eg_json_parse_object(document, &arena, object));
	free(object);
	free(room);
}

static void check_again(struct eg_span document, const struct text *once)
{
	struct fuzz_copy copy = fuzz_copy(eg_span(once->bytes, once->len), 0);
	struct text twice;

	FUZZ_CHECK(rewrite(copy.span, 0, &twice));
	FUZZ_CHECK(twice.len == once->len && memcmp(twice.bytes, once->bytes, once->len) == 0);
	check_prefix(document);
	fuzz_copy_free(&copy);
	free(twice.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_copy reference = fuzz_copy(eg_span(data, size), 0);
	struct text once, other;
	unsigned variant = 0;
	bool accepted;

	eg_cpu_limit(0);
	accepted = rewrite(reference.span, 0, &once);
	while (fuzz_next_cpu(&variant)) {
		struct fuzz_copy copy = fuzz_copy(eg_span(data, size), variant);

		FUZZ_CHECK(rewrite(copy.span, 0, &other) == accepted);
		FUZZ_CHECK(other.len == once.len && memcmp(other.bytes, once.bytes, once.len) == 0);
		FUZZ_CHECK(eg_utf8_valid(copy.span) || !accepted);
		free(other.bytes);
		fuzz_copy_free(&copy);
	}
	FUZZ_CHECK(rewrite(reference.span, LARGE_MEMBERS_MAX, &other) || !accepted);
	free(other.bytes);
	fuzz_mark("json", accepted ? "accepted" : "refused");
	compare_with_jansson(reference.span, accepted);
	if (accepted)
		check_again(reference.span, &once);
	free(once.bytes);
	fuzz_copy_free(&reference);
	return 0;
}
