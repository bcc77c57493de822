/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Strict CBOR. Input = a document. It is walked item by item and passed over as a whole, which must
 * agree; what was read is encoded to the same bytes; and a validator that is as plain as can be
 * says the same.
 */
#include "fuzz.h"

#include "eg_cbor.h"
#include "eg_cpu.h"
#include "eg_json.h"

/* ── the plain validator ── */

struct plain {
	struct eg_reader in;
	unsigned pairs;
};

/* A head: its major type, its argument, and whether it is the shortest and definite. */
static bool plain_head(struct plain *p, unsigned *major, unsigned *info, uint64_t *n)
{
	static const uint64_t least[] = {24, 0x100, 0x10000, 0x100000000};
	const uint8_t first = eg_read_u8(&p->in);

	*major = first >> 5;
	*info = first & 31;
	*n = *info;
	if (*info > 27)
		return false;
	if (*info == 24)
		*n = eg_read_u8(&p->in);
	else if (*info == 25)
		*n = eg_read_be16(&p->in);
	else if (*info == 26)
		*n = eg_read_be32(&p->in);
	else if (*info == 27)
		*n = eg_read_be64(&p->in);
	if (p->in.failed)
		return false;
	if (*major == 7) /* a float has any width */
		return *info != 24 || *n >= 32;
	return *info < 24 || *n >= least[*info - 24];
}

static bool plain_item(struct plain *p, unsigned depth);

static bool plain_string(struct plain *p, unsigned major, uint64_t n)
{
	const struct eg_span text = eg_read_bytes(&p->in, n);

	return !p->in.failed && (major == 2 || eg_utf8_valid(text));
}

static bool plain_map(struct plain *p, uint64_t pairs, unsigned depth)
{
	struct eg_span *keys;
	bool ok = true;

	if (depth == EG_CBOR_DEPTH_MAX || pairs > EG_CBOR_MEMBERS_MAX - p->pairs)
		return false;
	p->pairs += (unsigned)pairs;
	keys = calloc(pairs + 1, sizeof(*keys));
	for (uint64_t i = 0; ok && i < pairs; i++) {
		const uint8_t *start = p->in.ptr;

		ok = p->in.left > 0 && start[0] >> 5 <= 3 && plain_item(p, depth + 1);
		keys[i] = eg_span(start, (size_t)(p->in.ptr - start));
		for (uint64_t k = 0; ok && k < i; k++)
			ok = !eg_span_eq(keys[k], keys[i]);
		ok = ok && plain_item(p, depth + 1);
	}
	free(keys);
	return ok;
}

static bool plain_item(struct plain *p, unsigned depth)
{
	unsigned major = 6, info;
	uint64_t n;

	while (major == 6)
		if (!plain_head(p, &major, &info, &n))
			return false;
	if (major == 2 || major == 3)
		return plain_string(p, major, n);
	if (major == 5)
		return plain_map(p, n, depth);
	if (major != 4)
		return true;
	if (depth == EG_CBOR_DEPTH_MAX)
		return false;
	for (uint64_t i = 0; i < n; i++)
		if (!plain_item(p, depth + 1))
			return false;
	return true;
}

static bool plain_valid(struct eg_span document)
{
	struct plain p = {.in = eg_reader(document)};

	return document.len <= EG_CBOR_BYTES_MAX && plain_item(&p, 0) && p.in.left == 0;
}

/* ── the walk ── */

static void put_head(struct eg_writer *w, unsigned major, uint64_t n)
{
	const uint8_t top = (uint8_t)(major << 5);

	if (n < 24) {
		eg_write_u8(w, (uint8_t)(top | n));
	} else if (n < 0x100) {
		eg_write_u8(w, top | 24);
		eg_write_u8(w, (uint8_t)n);
	} else if (n < 0x10000) {
		eg_write_u8(w, top | 25);
		eg_write_be16(w, (uint16_t)n);
	} else if (n <= UINT32_MAX) {
		eg_write_u8(w, top | 26);
		eg_write_be32(w, (uint32_t)n);
	} else {
		eg_write_u8(w, top | 27);
		eg_write_be64(w, n);
	}
}

/* Of a float the value, in the width that it had. */
static void put_float(struct eg_writer *w, uint64_t bits, const uint8_t *start, size_t len)
{
	double value;
	float narrow;
	uint32_t single;

	if (len == 9)
		FUZZ_CHECK(bits == eg_load_be64(start + 1));
	memcpy(&value, &bits, sizeof(value));
	if (len == 5 && value == value) {
		narrow = (float)value;
		memcpy(&single, &narrow, sizeof(single));
		FUZZ_CHECK(single == eg_load_be32(start + 1));
	}
	if (len == 3 && value == value && value != value * 2) /* finite, not 0 */
		FUZZ_CHECK(value >= -65504 && value <= 65504);
	eg_write_bytes(w, eg_span(start, len));
}

static bool walk_value(struct eg_cbor *r, struct eg_writer *w);

static bool walk_array(struct eg_cbor *r, struct eg_writer *w, uint64_t cnt)
{
	put_head(w, 4, cnt);
	if (!eg_cbor_enter(r))
		return false;
	for (; cnt != 0; cnt--)
		if (!walk_value(r, w))
			return false;
	eg_cbor_leave(r);
	return true;
}

static void put_plain(struct eg_writer *w, const struct eg_cbor_item *item)
{
	put_head(w, item->type, item->n);
	if (item->type == EG_CBOR_BYTES || item->type == EG_CBOR_TEXT)
		eg_write_bytes(w, eg_cbor_span(item));
}

static bool walk_map(struct eg_cbor *r, struct eg_writer *w, const struct eg_cbor_item *item)
{
	struct eg_cbor_item key;
	struct eg_cbor_map map;

	put_head(w, 5, item->n);
	if (!eg_cbor_map_begin(r, item, &map))
		return false;
	while (eg_cbor_map_next(r, &map, &key)) {
		FUZZ_CHECK(key.type <= EG_CBOR_TEXT);
		put_plain(w, &key);
		if (!walk_value(r, w))
			return false;
	}
	if (!r->failed && item->n != 0)
		FUZZ_CHECK(eg_cbor_maps_share(&map, &map));
	return !r->failed;
}

static bool walk_value(struct eg_cbor *r, struct eg_writer *w)
{
	const uint8_t *start = r->at;
	struct eg_cbor_item item;

	if (!eg_cbor_read(r, &item))
		return false;
	while (item.type == EG_CBOR_TAG) {
		put_head(w, 6, item.n);
		start = r->at;
		if (!eg_cbor_read(r, &item))
			return false;
	}
	if (item.type == EG_CBOR_ARRAY)
		return walk_array(r, w, item.n);
	if (item.type == EG_CBOR_MAP)
		return walk_map(r, w, &item);
	if (item.type == EG_CBOR_FLOAT)
		put_float(w, item.n, start, (size_t)(r->at - start));
	else
		put_head(w, item.type == EG_CBOR_SIMPLE ? 7 : item.type, item.n);
	if (item.type == EG_CBOR_BYTES || item.type == EG_CBOR_TEXT)
		eg_write_bytes(w, eg_cbor_span(&item));
	return true;
}

static bool walk(struct eg_span document)
{
	uint8_t *again = malloc(document.len);
	struct eg_writer w = eg_writer(again, document.len);
	struct eg_cbor r = eg_cbor(document);
	const bool ok = walk_value(&r, &w) && eg_cbor_done(&r);

	if (ok) {
		FUZZ_CHECK(!w.failed && w.left == 0);
		FUZZ_CHECK(memcmp(again, document.ptr, document.len) == 0);
	}
	free(again);
	return ok;
}

static bool pass_over(struct eg_span document)
{
	struct eg_cbor r = eg_cbor(document);
	struct eg_cbor_item item;
	bool ok = eg_cbor_read(&r, &item);

	ok = eg_cbor_skip(&r, &item) && ok;
	if (!ok) /* faults are sticky */
		FUZZ_CHECK(!eg_cbor_read(&r, &item) && !eg_cbor_enter(&r) && !eg_cbor_done(&r));
	return ok && eg_cbor_done(&r);
}

/* ── two maps ── */

static bool read_map(struct eg_cbor *r, struct eg_cbor_map *map, struct eg_span keys[])
{
	struct eg_cbor_item item, key;
	unsigned cnt = 0;

	if (!eg_cbor_read(r, &item) || item.type != EG_CBOR_MAP ||
	    !eg_cbor_map_begin(r, &item, map))
		return false;
	for (const uint8_t *start = r->at; eg_cbor_map_next(r, map, &key); start = r->at) {
		keys[cnt++] = eg_span(start, (size_t)(r->at - start));
		if (!eg_cbor_read(r, &item) || !eg_cbor_skip(r, &item))
			return false;
	}
	keys[cnt] = eg_span(NULL, 0);
	return !r->failed;
}

static bool has_key(const struct eg_span keys[], struct eg_span key)
{
	for (unsigned i = 0; keys[i].len != 0; i++)
		if (eg_span_eq(keys[i], key))
			return true;
	return false;
}

/* Of two maps, one behind the other: a key that stands in both, found one by one. */
static void check_share(struct eg_span document)
{
	static struct eg_span a_keys[EG_CBOR_MEMBERS_MAX + 1], b_keys[EG_CBOR_MEMBERS_MAX + 1];
	struct eg_cbor r = eg_cbor(document);
	struct eg_cbor_map a, b;
	bool share = false;

	if (!read_map(&r, &a, a_keys) || !read_map(&r, &b, b_keys))
		return;
	for (unsigned i = 0; a_keys[i].len != 0; i++)
		share |= has_key(b_keys, a_keys[i]);
	FUZZ_CHECK(eg_cbor_maps_share(&a, &b) == share);
	FUZZ_CHECK(eg_cbor_maps_share(&b, &a) == share);
	fuzz_mark("maps", share ? "share" : "differ");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const bool wanted = plain_valid(eg_span(data, size));
	unsigned variant = 0;

	while (fuzz_next_cpu(&variant)) {
		struct fuzz_copy copy = fuzz_copy(eg_span(data, size), variant - 1);

		FUZZ_CHECK(walk(copy.span) == wanted);
		FUZZ_CHECK(pass_over(copy.span) == wanted);
		check_share(copy.span);
		fuzz_copy_free(&copy);
	}
	fuzz_mark("cbor", wanted ? "accepted" : "refused");
	return 0;
}
