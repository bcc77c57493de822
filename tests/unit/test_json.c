/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_test.h"

#include "eg_json.h"

#include <jansson.h>

#define TEXT_MAX 4096u

/* A document, its arena and its members, each in memory of the exact size that the contract says,
 * so that a sanitizer sees one byte too many. */
struct document {
	uint8_t *text, *room;
	struct eg_json_arena arena;
	struct eg_json_object object;
	bool accepted;
};

static void open_document(struct document *d, const void *text, size_t len)
{
	const size_t size = len != 0 ? len : 1;

	d->text = malloc(size);
	d->room = malloc(size);
	assert_non_null(d->text);
	assert_non_null(d->room);
	memcpy(d->text, text, len);
	d->arena = (struct eg_json_arena){d->room, len};
	d->accepted = eg_json_parse_object(eg_span(d->text, len), &d->arena, &d->object);
}

static void close_document(struct document *d)
{
	free(d->text);
	free(d->room);
}

static bool accepts_bytes(const void *text, size_t len)
{
	struct document d;

	open_document(&d, text, len);
	close_document(&d);
	return d.accepted;
}

static bool accepts(const char *text)
{
	return accepts_bytes(text, strlen(text));
}

/* Is `value` accepted as the value of a member? */
static bool accepts_value(const char *value)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "{\"a\":%s}", value);
	return accepts(text);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_documents(void **state)
{
	static const char *const good[] = {"{}", " \t\r\n{ } \n", "{\"a\":1}", "{\"\":\"\"}",
	    "{ \"a\" : [ ] , \"b\" : { } }", "{\"a\":{\"a\":{\"a\":1}}}", "{\"a\":[1,2,[3,{}]]}",
	    "{\"a\":true,\"b\":false,\"c\":null}", "{\"a\":{\"x\":1,\"x\":2}}"};
	static const char *const bad[] = {"", " ", "null", "[]", "\"a\"", "1", "{", "}", "{}}",
	    "{}{}", "{},", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{,\"a\":1}", "{a:1}",
	    "{'a':1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\":1;}", "{\"a\":1]", "{\"a\":[1}",
	    "{1:1}", "{\"a\":1}x", "{\"a\"::1}", "\xEF\xBB\xBF{}", "{}\xEF\xBB\xBF", "\v{}", "{\f}",
	    "{}\xC2\xA0", "/**/{}", "{}//", "{\"a\":1}\x1E"};

	for (size_t i = 0; i < COUNT(good); i++)
		if (!accepts(good[i]))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (accepts(bad[i]))
			fail_msg("accepted: %s", bad[i]);
	assert_false(accepts_bytes("{}\0", 3));
	assert_false(accepts_bytes("{\"a\":0\0,\"b\":1}", 14));
	assert_false(accepts_bytes("{\"a\0\":1}", 8));
}

static void test_values(void **state)
{
	static const char *const good[] = {"0", "-0", "10", "1.0", "1.5e3", "1E+3", "1e-03", "0.0",
	    "-1.25E-7", "true", "false", "null", "[]", "[[]]", "[1]", "[1, 2]", "\"\"",
	    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u00e9\\uD83D\\uDe00\"", "\"\x7F\"",
	    "\"\xC3\xA9\"", "\"\\u0000\""};
	static const char *const bad[] = {"", "01", "-", "+1", ".5", "1.", "1.e3", "1e", "1e+",
	    "0x1", "1_0", "00", "-01", "1.5.5", "1e1e1", "Infinity", "NaN", "True", "nul", "nulll",
	    "truefalse", "undefined", "[1,]", "[,1]", "[1 2]", "[", "]", "[1", "\"", "\"\\\"",
	    "\"\\x41\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\U0041\"", "\"\\uD800\"", "\"\\uD800x\"",
	    "\"\\uD800\\n\"", "\"\\uD800\\u0041\"", "\"\\uD800\\uD800\"", "\"\\uDC00\"",
	    "\"\\uDC00\\uDC00\"", "\"\\uDC00\\uD800\"", "\"\\uDBFF\\uE000\"", "\"\\'\"", "\"\\",
	    "\"\\u", "\"\n\"", "\"\t\"", "\"\x1F\"", "\"\x01\""};

	for (size_t i = 0; i < COUNT(good); i++)
		if (!accepts_value(good[i]))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (accepts_value(bad[i]))
			fail_msg("accepted: %s", bad[i]);
}

/* A control byte, a quote or a lone backslash is seen at every offset and every string length. */
static void test_special_bytes_at_every_offset(void **state)
{
	static const uint8_t special[] = {0x00, 0x01, 0x09, 0x1F, '"', '\\', 0x80, 0xFF};

	for (size_t len = 1; len <= 40; len++) {
		for (size_t at = 0; at < len; at++) {
			for (size_t i = 0; i < COUNT(special); i++) {
				uint8_t text[64] = "{\"k\":\"";

				memset(text + 6, 'z', len);
				memcpy(text + 6 + len, "\"}", 2);
				assert_true(accepts_bytes(text, 8 + len));
				text[6 + at] = special[i];
				assert_false(accepts_bytes(text, 8 + len));
			}
		}
	}
}

static void test_depth(void **state)
{
	char text[64];

	for (unsigned depth = 1; depth <= 12; depth++) {
		const bool ok = depth <= EG_JSON_DEPTH_MAX;
		size_t n = 0;

		for (unsigned i = 0; i < depth; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "{\"\":");
		text[n++] = '1';
		memset(text + n, '}', depth);
		assert_int_equal(accepts_bytes(text, n + depth), ok);

		n = (size_t)snprintf(text, sizeof(text), "{\"\":");
		memset(text + n, '[', depth - 1);
		memset(text + n + depth - 1, ']', depth - 1);
		if (depth > 1) {
			text[n + 2 * (depth - 1)] = '}';
			assert_int_equal(accepts_bytes(text, n + 2 * depth - 1), ok);
		}
	}
	assert_true(accepts("{\"a\":[[],[],[],[],[],[],[],[],[],[[]]]}")); /* siblings */
}

static size_t members_text(char *text, size_t room, unsigned cnt, bool nested)
{
	size_t n = (size_t)snprintf(text, room, nested ? "{\"x\":[{},{" : "{");

	for (unsigned i = 0; i < cnt; i++)
		n += (size_t)snprintf(text + n, room - n, "%s\"%u\":0", i != 0 ? "," : "", i);
	return n + (size_t)snprintf(text + n, room - n, nested ? "}]}" : "}");
}

static void test_members(void **state)
{
	char text[4096];

	assert_true(accepts_bytes(text, members_text(text, sizeof(text), 128, false)));
	assert_false(accepts_bytes(text, members_text(text, sizeof(text), 129, false)));
	assert_true(accepts_bytes(text, members_text(text, sizeof(text), 127, true)));
	assert_false(accepts_bytes(text, members_text(text, sizeof(text), 128, true)));
}

static void test_duplicates(void **state)
{
	static const char inner[] = "{\"o\":{\"x\":1,\"\\u0078\":2}}";
	struct document d;

	assert_false(accepts("{\"a\":1,\"a\":1}"));
	assert_false(accepts("{\"a\":1,\"b\":2,\"\\u0061\":1}"));
	assert_false(accepts("{\"\\/\":1,\"/\":1}"));
	assert_false(accepts("{\"\\ud83d\\ude00\":1,\"\xF0\x9F\x98\x80\":1}"));
	assert_false(accepts("{\"\":1,\"\":1}"));
	assert_true(accepts("{\"a\":1,\"A\":1,\"aa\":1,\"a\\u0000\":1,\"\":1}"));
	/* the names' 32-bit hashes are equal, the names are not */
	assert_true(accepts("{\"costarring\":1,\"liquid\":2}"));
	assert_false(accepts("{\"costarring\":1,\"liquid\":2,\"costarring\":3}"));

	open_document(&d, inner, sizeof(inner) - 1);
	assert_true(d.accepted);
	assert_false(eg_json_open_object(eg_json_find(&d.object, "o"), &d.arena, &d.object));
	close_document(&d);
}

static void assert_text(struct document *d, const char *name, const char *expected, size_t len)
{
	const struct eg_json_value *value = eg_json_find(&d->object, name);
	struct eg_span text;

	assert_non_null(value);
	assert_int_equal(value->type, EG_JSON_STRING);
	text = eg_json_string(value, &d->arena);
	assert_int_equal(text.len, len);
	assert_memory_equal(text.ptr, expected, len);
}

static void test_members_are_views(void **state)
{
	static const char text[] =
	    " {\"s\" : \"plain\", \"e\":\"a\\/\\u0000\\u00E9\\ud83d\\ude00\\n\","
	    "\"n\":-1.5e3 ,\"t\":true,\"z\":null,\"o\":{ \"i\" : 7 },"
	    "\"l\":[1, \"x\",[2,3], {}]} ";
	const struct eg_json_value *value;
	struct eg_json_object inner;
	struct eg_json_value element;
	struct eg_span rest;
	struct document d;

	open_document(&d, text, sizeof(text) - 1);
	assert_true(d.accepted);
	assert_int_equal(d.object.cnt, 7);
	assert_text(&d, "s", "plain", 5);
	assert_text(&d, "e", "a/\0\xC3\xA9\xF0\x9F\x98\x80\n", 10);
	assert_true(eg_span_eq_str(eg_json_find(&d.object, "n")->raw, "-1.5e3"));
	assert_int_equal(eg_json_find(&d.object, "t")->type, EG_JSON_BOOL);
	assert_int_equal(eg_json_find(&d.object, "z")->type, EG_JSON_NULL);
	assert_null(eg_json_find(&d.object, "S"));
	assert_null(eg_json_find(&d.object, ""));

	assert_true(eg_json_open_object(eg_json_find(&d.object, "o"), &d.arena, &inner));
	assert_int_equal(inner.cnt, 1);
	assert_true(eg_span_eq_str(eg_json_find(&inner, "i")->raw, "7"));

	value = eg_json_find(&d.object, "l");
	assert_false(eg_json_open_object(value, &d.arena, &inner));
	rest = value->raw;
	assert_true(eg_json_next_element(&rest, &element));
	assert_true(eg_span_eq_str(element.raw, "1"));
	assert_true(eg_json_next_element(&rest, &element));
	assert_int_equal(element.type, EG_JSON_STRING);
	assert_true(eg_json_next_element(&rest, &element));
	assert_true(eg_span_eq_str(element.raw, "[2,3]"));
	assert_true(eg_json_next_element(&rest, &element));
	assert_int_equal(element.type, EG_JSON_OBJECT);
	assert_false(eg_json_next_element(&rest, &element));
	assert_false(eg_json_next_element(&rest, &element));
	close_document(&d);
}

static void test_empty_arrays_have_no_element(void **state)
{
	static const char *const texts[] = {"[]", "[ ]", "", "1", "[[]", "{}"};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct eg_span rest = eg_span_str(texts[i]);
		struct eg_json_value element;
		unsigned n = 0;

		while (eg_json_next_element(&rest, &element))
			n++;
		assert_int_equal(n, strcmp(texts[i], "[[]") == 0 ? 1 : 0);
	}
}

static void test_full_arena(void **state)
{
	struct eg_json_value value = {EG_JSON_STRING, true, eg_span_str("\\n\\n")};
	uint8_t room[3];
	struct eg_json_arena arena = {room, sizeof(room)};

	assert_null(eg_json_string(&value, &arena).ptr);
	assert_int_equal(arena.left, sizeof(room));
	value.raw = eg_span_str("\\n");
	assert_ptr_equal(eg_json_string(&value, &arena).ptr, room);
	assert_ptr_equal(arena.ptr, room + 1);
	assert_int_equal(arena.left, sizeof(room) - 1);
}

/* Against the definition: decode every form, then compare with the shortest one. */
static bool utf8_by_definition(const uint8_t *p, size_t len)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

	for (size_t i = 0, n; i < len; i += n) {
		uint32_t c = p[i];

		n = c < 0x80 ? 1 : c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 : c >> 3 == 30 ? 4 : 0;
		if (n == 0 || n > len - i)
			return false;
		if (n > 1)
			c &= 0x7Fu >> n;
		for (size_t k = 1; k < n; k++) {
			if (p[i + k] >> 6 != 2)
				return false;
			c = c << 6 | (p[i + k] & 0x3F);
		}
		if (c < least[n] || (c >= 0xD800 && c <= 0xDFFF) || c > 0x10FFFF)
			return false;
	}
	return true;
}

static void check_utf8(const uint8_t *p, size_t len)
{
	if (eg_utf8_valid(eg_span(p, len)) != utf8_by_definition(p, len))
		fail_msg("%02X %02X … of %zu bytes", p[0], p[1], len);
}

static void test_utf8_exhaustively(void **state)
{
	static const uint8_t edges[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF};

	for (unsigned a = 0; a < 256; a++)
		for (unsigned b = 0; b < 256; b++)
			for (size_t c = 0; c < COUNT(edges); c++)
				for (size_t d = 0; d < COUNT(edges); d++)
					for (size_t len = 1; len <= 4; len++)
						check_utf8((uint8_t[]){(uint8_t)a, (uint8_t)b,
						               edges[c], edges[d]},
						    len);
}

static void test_utf8_at_every_offset(void **state)
{
	for (size_t len = 1; len <= 40; len++) {
		for (size_t at = 0; at < len; at++) {
			uint8_t *text = malloc(len);

			assert_non_null(text);
			memset(text, 'a', len);
			text[at] = 0xC3;
			check_utf8(text, len);
			if (at + 1 < len)
				text[at + 1] = 0xA9;
			check_utf8(text, len);
			free(text);
		}
	}
}

/* Random documents: a writer that mostly follows the grammar, and now and then a wrong byte. */
struct generator {
	char text[TEXT_MAX + 64];
	size_t len;
	unsigned depth_max, items_max;
};

static void put(struct generator *g, const char *piece)
{
	const size_t len = strlen(piece);

	if (g->len + len <= TEXT_MAX) {
		memcpy(g->text + g->len, piece, len);
		g->len += len;
	}
}

#define PICK(list) ((list)[eg_test_below((uint32_t)COUNT(list))])

static void put_space(struct generator *g)
{
	static const char *const spaces[] = {"", "", "", "", "", " ", "\n", "\t", "\r", "  "};

	put(g, PICK(spaces));
}

static void put_string(struct generator *g)
{
	static const char *const pieces[] = {"a", "b", "c", "iss", "plain text of some length",
	    "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00e9", "\\uD83D\\uDE00", "\\u0000",
	    "\xC3\xA9", "\xF0\x9F\x98\x80", "\xE2\x82\xAC", "~", "\x7F"};

	put(g, "\"");
	for (uint32_t n = eg_test_below(4) + 1; n > 0; n--)
		put(g, PICK(pieces));
	put(g, "\"");
}

static void put_value(struct generator *g, unsigned depth)
{
	static const char *const scalars[] = {"0", "-0", "1", "-12", "1.5", "1e3", "2E-2", "0.1e+7",
	    "true", "false", "null", "1800000000", "123456789012345678901234567890"};
	const uint32_t kind = eg_test_below(10);
	const bool is_object = depth == 1 || kind < 3;
	uint32_t items;

	if (depth > g->depth_max || g->len > TEXT_MAX / 2 || (depth > 1 && kind >= 5)) {
		if (kind % 2 == 0)
			put(g, PICK(scalars));
		else
			put_string(g);
		return;
	}
	items = eg_test_below(g->items_max);
	put(g, is_object ? "{" : "[");
	for (uint32_t i = 0; i < items; i++) {
		put_space(g);
		if (i > 0)
			put(g, ",");
		put_space(g);
		if (is_object) {
			put_string(g);
			put_space(g);
			put(g, ":");
			put_space(g);
		}
		put_value(g, depth + 1);
	}
	put_space(g);
	put(g, is_object ? "}" : "]");
}

/* No NUL: jansson overlooks one behind a number. */
static void corrupt(struct generator *g)
{
	static const char bytes[] = "{}[]\",:\\ eE.+-0123456789abfntru/\x80\xC3\xED\xF4\x1F";
	const size_t at = eg_test_below((uint32_t)g->len);
	char *p = g->text + at;

	switch (eg_test_below(4)) {
	case 0:
		*p = bytes[eg_test_below(sizeof(bytes) - 1)];
		break;
	case 1:
		*p = (char)(1 + eg_test_below(255));
		break;
	case 2:
		memmove(p, p + 1, g->len - at - 1);
		g->len--;
		break;
	default:
		memmove(p + 1, p, g->len - at);
		*p = bytes[eg_test_below(sizeof(bytes) - 1)];
		g->len++;
	}
}

static void generate(struct generator *g)
{
	g->len = 0;
	g->depth_max = 1 + eg_test_below(12);
	g->items_max = eg_test_below(8) == 0 ? 60 : 1 + eg_test_below(8);
	put_space(g);
	put_value(g, 1);
	put_space(g);
	for (uint32_t n = eg_test_below(3); n > 0 && g->len > 0; n--)
		corrupt(g);
}

static void measure(const json_t *value, unsigned depth, unsigned *depth_max, unsigned *members)
{
	const char *name;
	json_t *inner;
	size_t i;

	if (!json_is_object(value) && !json_is_array(value))
		return;
	*depth_max = depth > *depth_max ? depth : *depth_max;
	*members += (unsigned)json_object_size(value);
	json_object_foreach((json_t *)value, name, inner)
	    measure(inner, depth + 1, depth_max, members);
	json_array_foreach(value, i, inner) measure(inner, depth + 1, depth_max, members);
}

static void compare_members(struct document *d, const json_t *expected)
{
	assert_int_equal(d->object.cnt, json_object_size(expected));
	for (unsigned i = 0; i < d->object.cnt; i++) {
		const struct eg_json_member *m = &d->object.member[i];
		const json_t *value =
		    json_object_getn(expected, (const char *)m->name.ptr, m->name.len);
		struct eg_span text;

		assert_non_null(value);
		assert_int_equal(m->value.type == EG_JSON_STRING, json_is_string(value));
		assert_int_equal(m->value.type == EG_JSON_OBJECT, json_is_object(value));
		assert_int_equal(m->value.type == EG_JSON_NUMBER, json_is_number(value));
		if (m->value.type != EG_JSON_STRING)
			continue;
		text = eg_json_string(&m->value, &d->arena);
		assert_int_equal(text.len, json_string_length(value));
		assert_memory_equal(text.ptr, json_string_value(value), text.len);
	}
}

/* jansson's limits of its own, which say nothing about the grammar. */
static bool is_beyond_jansson(const json_error_t *error)
{
	return json_error_code(error) == json_error_numeric_overflow ||
	       json_error_code(error) == json_error_null_byte_in_key ||
	       json_error_code(error) == json_error_duplicate_key;
}

/* 1 both accept, 0 both refuse, -1 jansson cannot tell. */
static int compare_with_jansson(const struct generator *g)
{
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL;
	unsigned depth = 0, members = 0;
	struct document d;
	json_error_t error;
	json_t *root = json_loadb(g->text, g->len, flags, &error);
	bool expected;

	if (root == NULL && is_beyond_jansson(&error))
		return -1;
	measure(root, 1, &depth, &members);
	expected =
	    json_is_object(root) && depth <= EG_JSON_DEPTH_MAX && members <= EG_JSON_MEMBERS_MAX;
	open_document(&d, g->text, g->len);
	if (d.accepted != expected)
		fail_msg("%s: %.*s", expected ? "refused" : "accepted", (int)g->len, g->text);
	if (expected)
		compare_members(&d, root);
	close_document(&d);
	json_decref(root);
	return expected;
}

static void test_against_jansson(void **state)
{
	static struct generator g;
	unsigned accepted = 0, refused = 0;

	for (unsigned i = 0; i < 60000; i++) {
		int both;

		generate(&g);
		both = compare_with_jansson(&g);
		accepted += both == 1;
		refused += both == 0;
	}
	assert_true(accepted > 5000);
	assert_true(refused > 5000);
}

/* Raw bytes: total, and nothing is written behind the arena. */
static void test_any_bytes(void **state)
{
	for (unsigned i = 0; i < 50000; i++) {
		uint8_t text[48];
		const size_t len = eg_test_below(sizeof(text));

		eg_test_random_bytes(text, sizeof(text));
		text[0] = '{';
		text[1] = '"';
		(void)accepts_bytes(text, len);
	}
}

/* ---- Reading known members ---- */

enum slot { ISS, OUTER, INNER, IDX, LONG_NAME };

#define LONG_WORD  EG_JSON_WORD(11, 's', 't', 'a', 't', 'u', 's', '_')
#define INNER_WORD EG_JSON_WORD(5, 'i', 'n', 'n', 'e', 'r', 0, 0)
#define OUTER_WORD EG_JSON_WORD(5, 'o', 'u', 't', 'e', 'r', 0, 0)
#define ISS_WORD   EG_JSON_NAME3('i', 's', 's')
#define IDX_WORD   EG_JSON_NAME3('i', 'd', 'x')

static const struct eg_json_shape inner_shape = {
    {[EG_JSON_PLACE(IDX_WORD)] = {IDX_WORD, NULL, NULL, IDX}}};
static const struct eg_json_shape outer_shape = {
    {[EG_JSON_PLACE(INNER_WORD)] = {INNER_WORD, NULL, &inner_shape, INNER}}};
static const struct eg_json_shape shape = {{
    [EG_JSON_PLACE(ISS_WORD)] = {ISS_WORD, NULL, NULL, ISS},
    [EG_JSON_PLACE(OUTER_WORD)] = {OUTER_WORD, NULL, &outer_shape, OUTER},
    [EG_JSON_PLACE(LONG_WORD)] = {LONG_WORD, "status_list", NULL, LONG_NAME},
}};

static uint8_t read_room[TEXT_MAX * 4];

static bool reads_bytes(const void *text, size_t len, struct eg_json_known *known)
{
	struct eg_json_arena arena = {read_room, sizeof(read_room)};

	return eg_json_read(eg_span(text, len), &shape, &arena, known);
}

static bool reads(const char *text, struct eg_json_known *known)
{
	return reads_bytes(text, strlen(text), known);
}

static void test_read_known(void **state)
{
	struct eg_json_known known;

	assert_true(
	    reads("{\"iss\":\"x\",\"n\":[{\"iss\":7}],\"outer\":{\"idx\":1,\"inner\":{\"idx\":7}},"
	          "\"status_list\":null}",
	        &known));
	assert_int_equal(
	    known.present, 1 << ISS | 1 << OUTER | 1 << INNER | 1 << IDX | 1 << LONG_NAME);
	assert_int_equal(known.twice, 0);
	assert_true(eg_span_eq_str(known.value[ISS].raw, "x"));
	assert_true(eg_span_eq_str(known.value[OUTER].raw, "{\"idx\":1,\"inner\":{\"idx\":7}}"));
	assert_true(eg_span_eq_str(known.value[IDX].raw, "7"));
	assert_int_equal(known.value[LONG_NAME].type, EG_JSON_NULL);

	assert_true(reads("{\"\\u0069ss\":1,\"outer\":[{\"inner\":1}],\"inner\":2}", &known));
	assert_int_equal(known.present, 1 << ISS | 1 << OUTER);
}

/* Names that differ from a known one only behind its first bytes or in their length. */
static void test_read_similar_names(void **state)
{
	static const char *const names[] = {"is", "isss", "iss\\u0000", "ISS", "", "status_lost",
	    "status_lis", "status_list_", "status_", "\\u0000iss"};
	struct eg_json_known known;
	char text[600];

	for (size_t i = 0; i < COUNT(names); i++) {
		(void)snprintf(text, sizeof(text), "{\"%s\":1}", names[i]);
		assert_true(reads(text, &known));
		assert_int_equal(known.present, 0);
	}
	for (size_t len = 4; len < 300; len++) { /* "iss" and zeros: its length decides */
		size_t n = (size_t)snprintf(text, sizeof(text), "{\"a\":\"%*s\",\"iss", 8, "");

		for (size_t i = 3; i < len && n < 500; i += 6)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "\\u0000");
		(void)snprintf(text + n, sizeof(text) - n, "\":1}");
		assert_true(reads(text, &known));
		assert_int_equal(known.present, 0);
	}
}

static void test_read_duplicates(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		uint32_t twice;
	} cases[] = {
	    {"{\"iss\":1,\"iss\":1}", false, 0},
	    {"{\"iss\":1,\"\\u0069ss\":1}", false, 0},
	    {"{\"x\":1,\"x\":1}", false, 0},
	    {"{\"outer\":{\"x\":1,\"x\":1}}", true, 1 << OUTER},
	    {"{\"outer\":{\"inner\":1,\"inner\":1}}", true, 1 << OUTER},
	    {"{\"outer\":{\"inner\":{\"a\":1,\"b\":2,\"a\":1}}}", true, 1 << INNER},
	    {"{\"outer\":{\"inner\":{\"idx\":1,\"idx\":1},\"a\":1},\"a\":1}", true, 1 << INNER},
	    {"{\"a\":1,\"outer\":{\"a\":1,\"inner\":{\"a\":1}},\"b\":1}", true, 0},
	    {"{\"a\":1,\"outer\":{\"b\":1,\"inner\":{\"c\":1}},\"a\":1}", false, 0},
	    {"{\"n\":{\"x\":1,\"x\":1}}", true, 0},
	};
	struct eg_json_known known;

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(reads(cases[i].text, &known), cases[i].ok);
		if (cases[i].ok)
			assert_int_equal(known.twice, cases[i].twice);
	}
}

/* n names of which two, first and second, are the same; none where they are one. They differ only
 * where a comparison looks last. */
static size_t named_text(char *text, size_t room, unsigned cnt, unsigned first, unsigned second)
{
	size_t n = (size_t)snprintf(text, room, "{");

	for (unsigned i = 0; i < cnt; i++)
		n +=
		    (size_t)snprintf(text + n, room - n, "%s\"alike_at_start_%03u_alike_at_end\":0",
		        i != 0 ? "," : "", i == second ? first : i);
	return n + (size_t)snprintf(text + n, room - n, "}");
}

static void test_duplicates_among_many(void **state)
{
	static char text[TEXT_MAX * 2];
	struct eg_json_known known;

	for (unsigned cnt = 1; cnt <= EG_JSON_MEMBERS_MAX; cnt++) {
		assert_true(accepts_bytes(text, named_text(text, sizeof(text), cnt, 0, 0)));
		assert_true(reads_bytes(text, named_text(text, sizeof(text), cnt, 0, 0), &known));
		for (unsigned second = 1; second < cnt; second++) {
			const unsigned first = eg_test_below(second);
			const size_t len = named_text(text, sizeof(text), cnt, first, second);

			assert_false(accepts_bytes(text, len));
			assert_false(reads_bytes(text, len, &known));
		}
	}
}

/* ---- Documents of more than one window ---- */

/* A string with an escape, across every offset around the first 4096 bytes. */
static void test_window_edges(void **state)
{
	static char text[TEXT_MAX * 3];

	for (size_t pad = TEXT_MAX - 90; pad < TEXT_MAX + 10; pad++) {
		struct eg_json_object object;
		struct eg_json_arena arena = {read_room, sizeof(read_room)};
		const struct eg_json_value *value;
		struct eg_span text_of_a;
		size_t n;

		memset(text, ' ', pad);
		n = pad +
		    (size_t)snprintf(text + pad, sizeof(text) - pad,
		        "{\"a\":\"%040d\\ud83d\\ude00\\\"x\",\"b\":[\"\",\"y\"],\"c\":\"%05000d\"}",
		        0, 0);
		assert_true(eg_json_parse_object(eg_span(text, n), &arena, &object));
		value = eg_json_find(&object, "a");
		text_of_a = eg_json_string(value, &arena);
		assert_int_equal(text_of_a.len, 40 + 4 + 2);
		assert_memory_equal(text_of_a.ptr + 40, "\xF0\x9F\x98\x80\"x", 6);
		assert_int_equal(eg_json_find(&object, "c")->raw.len, 5000);
		for (size_t at = n - 5000; at < n; at += 97) { /* a fault in a later window */
			const char was = text[at];

			text[at] = '\x1F';
			assert_false(eg_json_parse_object(eg_span(text, n), &arena, &object));
			text[at] = '\xFF';
			assert_false(eg_json_parse_object(eg_span(text, n), &arena, &object));
			text[at] = was;
		}
	}
}

/* White space around members on both sides of the edges of windows: what is known of it in one says
 * nothing of the next. */
static void test_white_space_in_later_windows(void **state)
{
	static char text[TEXT_MAX * 3];

	(void)state;
	for (unsigned pad = TEXT_MAX - 40; pad < 2 * TEXT_MAX + 40; pad++) {
		struct eg_json_object object;
		struct eg_json_arena arena = {read_room, sizeof(read_room)};
		const size_t n = (size_t)snprintf(text, sizeof(text),
		    "{ \"a\" : \"\\n%0*d\" , \"b\"\t:\r\n0 , \"c\" : [ 1 , 2 ] } ", (int)pad, 0);
		char *const after = strstr(text, "\" , \"b\"") + 1;

		assert_true(eg_json_parse_object(eg_span(text, n), &arena, &object));
		assert_non_null(eg_json_find(&object, "b"));
		assert_non_null(eg_json_find(&object, "c"));
		for (char *at = after; at < &text[n]; at++) {
			const char was = *at;

			if (was != ' ')
				continue;
			*at = 'x';
			assert_false(eg_json_parse_object(eg_span(text, n), &arena, &object));
			*at = was;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_documents),
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_special_bytes_at_every_offset),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_members),
	    cmocka_unit_test(test_duplicates),
	    cmocka_unit_test(test_members_are_views),
	    cmocka_unit_test(test_empty_arrays_have_no_element),
	    cmocka_unit_test(test_full_arena),
	    cmocka_unit_test(test_utf8_exhaustively),
	    cmocka_unit_test(test_utf8_at_every_offset),
	    cmocka_unit_test(test_read_known),
	    cmocka_unit_test(test_read_similar_names),
	    cmocka_unit_test(test_read_duplicates),
	    cmocka_unit_test(test_duplicates_among_many),
	    cmocka_unit_test(test_window_edges),
	    cmocka_unit_test(test_white_space_in_later_windows),
	    cmocka_unit_test(test_against_jansson),
	    cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
