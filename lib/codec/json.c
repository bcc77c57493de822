/* SPDX-License-Identifier: BSD-3-Clause */
#include "json_names.h"
#include "json_scan.h"

#include <limits.h>

/* ── names ── */

/* EG_JSON_WORD of a name in a text that ends at `end`. */
static inline uint64_t word_of(struct eg_span name, const uint8_t *end)
{
	static const uint64_t first_bytes[8] = {
	    0, 0xFF, 0xFFFF, 0xFFFFFF, 0xFFFFFFFF, 0xFFFFFFFFFF, 0xFFFFFFFFFFFF, 0xFFFFFFFFFFFFFF};
	const size_t cnt = name.len < 7 ? name.len : 7;
	const size_t len = name.len < UINT8_MAX - 1 ? name.len : UINT8_MAX - 1;
	uint64_t word = 0;

	if (end - name.ptr >= 8)
		word = eg_load_le64(name.ptr) & first_bytes[cnt];
	else
		for (size_t i = cnt; i-- > 0;)
			word = word << 8 | name.ptr[i];
	return word | (uint64_t)(len + 1) << 56;
}

static inline bool read_name(const struct eg_json_scanner *s, const struct eg_json_value *raw,
    struct eg_json_arena *arena, struct eg_json_name *out)
{
	const struct eg_span text = eg_json_string(raw, arena);

	if (text.ptr == NULL)
		return false;
	out->text = text;
	out->key[0] = word_of(text, raw->escaped ? text.ptr + text.len : s->end);
	out->key[1] = text.len < 8 ? 0 : eg_load_le64(text.ptr + text.len - 8);
	out->key[2] = text.len < 15 ? 0 : eg_load_le64(text.ptr + 7);
	return true;
}

/* ── reading what is known ── */

struct reading {
	const struct eg_json_shape *shape;
	struct eg_json_arena *arena;
	struct eg_json_known *out;
	struct eg_json_names *names; /* that are not known */
	bool has_twice;              /* the object that is being read */
};

static inline const struct eg_json_known_name *look_up(
    const struct eg_json_shape *shape, const struct eg_json_name *name)
{
	const struct eg_json_known_name *known = &shape->name[EG_JSON_PLACE(name->key[0])];

	if (known->word != name->key[0] ||
	    (known->text != NULL && !eg_span_eq_str(name->text, known->text)))
		return NULL;
	return known;
}

static const uint8_t *read_inner(struct eg_json_scanner *s, const uint8_t *p,
    const struct eg_json_known_name *known, const struct reading *outer);

static inline __attribute__((always_inline)) const uint8_t *read_member(
    struct eg_json_scanner *s, const uint8_t *p, const struct eg_json_value *raw, void *context)
{
	struct reading *r = context;
	const struct eg_json_known_name *known;
	struct eg_json_value unknown;
	struct eg_json_name name;

	if (!read_name(s, raw, r->arena, &name))
		return NULL;
	known = look_up(r->shape, &name);
	if (known == NULL) {
		if (!eg_json_names_add(r->names, &name))
			return NULL;
		return eg_json_scan_value(s, p, &unknown);
	}
	if (eg_json_has(r->out, known->slot))
		r->has_twice = true;
	r->out->present |= 1u << known->slot;
	if (known->inner != NULL && *p == '{')
		return read_inner(s, p, known, r);
	return eg_json_scan_value(s, p, &r->out->value[known->slot]);
}

static const uint8_t *read_object(struct eg_json_scanner *s, const uint8_t *p, struct reading *r)
{
	return eg_json_scan_object(s, p, read_member, r);
}

/* Recurses as deep as shapes are nested. */
static const uint8_t *read_inner(struct eg_json_scanner *s, const uint8_t *p,
    const struct eg_json_known_name *known, const struct reading *outer)
{
	const struct eg_json_names_outer covered = eg_json_names_begin(outer->names);
	struct eg_json_value *value = &outer->out->value[known->slot];
	struct reading r = *outer;
	const uint8_t *const start = p;

	r.shape = known->inner;
	r.has_twice = false;
	p = read_object(s, p, &r);
	if (p == NULL)
		return NULL;
	if (!eg_json_names_end(outer->names, covered) || r.has_twice)
		outer->out->twice |= 1u << known->slot;
	*value = (struct eg_json_value){EG_JSON_OBJECT, false, eg_span(start, (size_t)(p - start))};
	return p;
}

bool eg_json_read(struct eg_span text, const struct eg_json_shape *shape,
    struct eg_json_arena *arena, struct eg_json_known *out)
{
	struct eg_json_scanner s;
	struct eg_json_names names;
	struct eg_json_names_outer none;
	struct reading r = {.shape = shape, .arena = arena, .out = out, .names = &names};
	const uint8_t *p;

	out->present = out->twice = 0;
	if (!eg_json_scan_begin(&s, text, EG_JSON_MEMBERS_MAX))
		return false;
	eg_json_names_init(&names);
	none = eg_json_names_begin(&names);
	p = eg_json_skip_space(&s, text.ptr, false);
	return p < s.end && *p == '{' && eg_json_is_over(&s, read_object(&s, p, &r)) &&
	       eg_json_names_end(&names, none) && !r.has_twice;
}

/* ── listing everything ── */

struct listing {
	struct eg_json_arena *arena;
	struct eg_json_object *object;
	struct eg_json_names names;
};

static inline __attribute__((always_inline)) const uint8_t *list_member(
    struct eg_json_scanner *s, const uint8_t *p, const struct eg_json_value *raw, void *context)
{
	struct listing *listing = context;
	struct eg_json_member *member = &listing->object->member[listing->object->cnt];
	struct eg_json_name name;

	if (listing->object->cnt == EG_JSON_MEMBERS_MAX ||
	    !read_name(s, raw, listing->arena, &name) || !eg_json_names_add(&listing->names, &name))
		return NULL;
	listing->object->cnt++;
	member->name = name.text;
	return eg_json_scan_value(s, p, &member->value);
}

static bool list_object(struct eg_json_scanner *s, struct eg_span text, struct eg_json_arena *arena,
    struct eg_json_object *out)
{
	const uint8_t *p = eg_json_skip_space(s, text.ptr, false);
	struct eg_json_names_outer none;
	struct listing listing;

	listing.arena = arena;
	listing.object = out;
	eg_json_names_init(&listing.names);
	none = eg_json_names_begin(&listing.names);
	out->cnt = 0;
	return p < s->end && *p == '{' &&
	       eg_json_is_over(s, eg_json_scan_object(s, p, list_member, &listing)) &&
	       eg_json_names_end(&listing.names, none);
}

bool eg_json_parse_object(
    struct eg_span text, struct eg_json_arena *arena, struct eg_json_object *out)
{
	return eg_json_parse_large_object(text, EG_JSON_MEMBERS_MAX, arena, out);
}

bool eg_json_parse_large_object(struct eg_span text, unsigned member_max,
    struct eg_json_arena *arena, struct eg_json_object *out)
{
	struct eg_json_scanner s;

	return eg_json_scan_begin(&s, text, member_max) && list_object(&s, text, arena, out);
}

bool eg_json_open_object(
    const struct eg_json_value *value, struct eg_json_arena *arena, struct eg_json_object *out)
{
	struct eg_json_scanner s;

	eg_json_scan_init(&s, value->raw, EG_JSON_MEMBERS_MAX);
	return value->type == EG_JSON_OBJECT && list_object(&s, value->raw, arena, out);
}

bool eg_json_next_element(struct eg_span *rest, struct eg_json_value *out)
{
	struct eg_json_scanner s;
	const uint8_t *p;

	eg_json_scan_init(&s, *rest, UINT_MAX);
	s.window_max = 64; /* few bytes of a long array are one element's */
	p = eg_json_skip_space(&s, rest->ptr, false);
	if (p == s.end || (*p != '[' && *p != ','))
		return false;
	p = eg_json_skip_space(&s, p + 1, false);
	if (p == s.end)
		return false;
	p = eg_json_scan_value(&s, p, out); /* an empty array's "]" is no value */
	if (p == NULL)
		return false;
	*rest = eg_span(p, (size_t)(s.end - p));
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

/* ── strings ── */

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

struct eg_span eg_json_unescape(struct eg_span raw, struct eg_json_arena *arena)
{
	const uint8_t *p = raw.ptr, *const end = raw.ptr + raw.len;
	uint8_t *const start = arena->ptr, *out = start;
	uint32_t code_point;

	if (arena->left < raw.len) /* unescaping never makes a text longer */
		return eg_span(NULL, 0);
	while (p < end) {
		if (*p != '\\') {
			*out++ = *p++;
			continue;
		}
		p = eg_json_scan_escape(p + 1, end, &code_point);
		if (p == NULL)
			break;
		out = put_utf8(out, code_point);
	}
	arena->ptr = out;
	arena->left -= (size_t)(out - start);
	return eg_span(start, (size_t)(out - start));
}
