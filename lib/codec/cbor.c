/* SPDX-License-Identifier: BSD-3-Clause */
#include "cbor_pass.h"
#include "codec_impl.h"
#include "eg_json.h"
#include "json_mark.h"

_Static_assert(EG_CBOR_MEMBERS_MAX <= EG_CODEC_NAMES, "the keys of a map");

#define MAJOR_SIMPLE 7
#define PLAIN_MAX    128 /* bytes, up to which words are faster than a call */
/* RFC 8949 section 3.3: below it the two-byte form is not well-formed. */
#define SIMPLE_MIN_LONG 32

static bool fail(struct eg_cbor *r)
{
	r->failed = true;
	r->at = r->end;
	return false;
}

static size_t left(const struct eg_cbor *r)
{
	return (size_t)(r->end - r->at);
}

bool eg_cbor_done(const struct eg_cbor *r)
{
	return !r->failed && r->at == r->end;
}

/* ── heads ── */

/* 1, 2, 4 or 8 bytes, by one load where there are that many more behind them. */
static inline uint64_t load_be(const struct eg_cbor *r, unsigned bytes)
{
	uint64_t n = 0;

	if (left(r) >= sizeof(n))
		return eg_load_be64(r->at) >> (64 - 8 * bytes);
	for (unsigned i = 0; i < bytes; i++)
		n = n << 8 | r->at[i];
	return n;
}

static inline bool read_argument(struct eg_cbor *r, unsigned info, uint64_t *n)
{
	static const uint64_t least[] = {EG_CBOR_ARGUMENT_1, 1u << 8, 1u << 16, 1ull << 32};
	const unsigned log2_bytes = info - EG_CBOR_ARGUMENT_1;

	if (info > EG_CBOR_ARGUMENT_8 || left(r) < 1u << log2_bytes)
		return false;
	*n = load_be(r, 1u << log2_bytes);
	r->at += 1u << log2_bytes;
	return *n >= least[log2_bytes];
}

/* A float of fewer bits as the bits of the binary64 of the same value (IEEE 754). */
static uint64_t widen(uint32_t bits, unsigned exponent_bits, unsigned fraction_bits)
{
	const uint64_t sign = (uint64_t)(bits >> (exponent_bits + fraction_bits)) << 63;
	const uint32_t exponent = bits >> fraction_bits & ((1u << exponent_bits) - 1);
	const uint64_t fraction = bits & ((1u << fraction_bits) - 1);
	const uint64_t bias = 1023u - ((1u << (exponent_bits - 1)) - 1);
	unsigned shift;

	if (exponent == (1u << exponent_bits) - 1)
		return sign | 0x7FFull << 52 | fraction << (52 - fraction_bits);
	if (exponent != 0)
		return sign | (exponent + bias) << 52 | fraction << (52 - fraction_bits);
	if (fraction == 0)
		return sign;
	/* subnormal: the highest bit set becomes the hidden one */
	shift = (unsigned)__builtin_clzll(fraction) - 11;
	return sign | (bias + 1 + 52 - fraction_bits - shift) << 52 |
	       (fraction << shift & ((1ull << 52) - 1));
}

static bool read_long_simple(struct eg_cbor *r, unsigned info, struct eg_cbor_item *item)
{
	const unsigned bytes = 1u << (info - EG_CBOR_ARGUMENT_1);
	const uint8_t *p = r->at;

	if (info > EG_CBOR_ARGUMENT_8 || left(r) < bytes)
		return false;
	r->at += bytes;
	item->type = EG_CBOR_FLOAT;
	switch (info) {
	case EG_CBOR_ARGUMENT_1:
		item->type = EG_CBOR_SIMPLE;
		item->n = p[0];
		return p[0] >= SIMPLE_MIN_LONG;
	case EG_CBOR_ARGUMENT_2:
		item->n = widen(eg_load_be16(p), 5, 10);
		return true;
	case EG_CBOR_ARGUMENT_4:
		item->n = widen(eg_load_be32(p), 8, 23);
		return true;
	default:
		item->n = eg_load_be64(p);
		return true;
	}
}

/* Of 8 bytes: 0 iff each is 01 … 7f. */
static inline uint64_t not_plain(uint64_t word)
{
	return (word | (word - EG_ONES)) & EG_HIGH_BITS;
}

/* By words, of which the last two overlap. */
static inline bool is_plain(struct eg_span text, const uint8_t *end)
{
	uint64_t bits = 0;

	if (text.len > PLAIN_MAX)
		return false;
	if (text.len == 0)
		return true;
	if (text.len < sizeof(bits))
		return not_plain(eg_cbor_word(text.ptr, text.len, end) | EG_ONES >> 8 * text.len) ==
		       0;
	for (size_t i = 0; i + sizeof(bits) <= text.len; i += sizeof(bits))
		bits |= not_plain(eg_load_le64(text.ptr + i));
	return (bits | not_plain(eg_load_le64(text.ptr + text.len - sizeof(bits)))) == 0;
}

bool eg_cbor_check_text(struct eg_cbor_item *item, const uint8_t *end)
{
	const struct eg_span text = eg_cbor_span(item);

	item->is_plain = is_plain(text, end);
	return item->is_plain || eg_utf8_valid(text);
}

static bool read_content(struct eg_cbor *r, struct eg_cbor_item *item)
{
	if (item->n > left(r))
		return false;
	r->at += item->n;
	return item->type == EG_CBOR_BYTES || eg_cbor_check_text(item, r->end);
}

bool eg_cbor_read_any(struct eg_cbor *r, struct eg_cbor_item *item)
{
	unsigned info;

	if (r->at == r->end)
		return fail(r);
	info = *r->at & 0x1F;
	item->type = *r->at++ >> 5;
	item->n = info;
	item->content = r->at;
	if (info >= EG_CBOR_ARGUMENT_1) {
		if (item->type == MAJOR_SIMPLE)
			return read_long_simple(r, info, item) || fail(r);
		if (!read_argument(r, info, &item->n))
			return fail(r);
	}
	item->content = r->at;
	if (item->type == EG_CBOR_BYTES || item->type == EG_CBOR_TEXT)
		return read_content(r, item) || fail(r);
	return true;
}

/* ── what holds other items ── */

bool eg_cbor_enter(struct eg_cbor *r)
{
	if (r->failed || r->depth == EG_CBOR_DEPTH_MAX)
		return fail(r);
	r->depth++;
	return true;
}

void eg_cbor_leave(struct eg_cbor *r)
{
	r->depth--;
}

static bool skip_next(struct eg_cbor *r)
{
	struct eg_cbor_item item;

	return eg_cbor_read(r, &item) && eg_cbor_skip(r, &item);
}

static bool skip_array(struct eg_cbor *r, uint64_t cnt)
{
	if (!eg_cbor_enter(r))
		return false;
	while (cnt-- != 0)
		if (!skip_next(r))
			return false;
	eg_cbor_leave(r);
	return true;
}

static bool skip_map(struct eg_cbor *r, const struct eg_cbor_item *item)
{
	struct eg_cbor_item key;
	struct eg_cbor_map map;

	if (!eg_cbor_map_begin(r, item, &map))
		return false;
	while (eg_cbor_map_next(r, &map, &key))
		if (!skip_next(r))
			return false;
	return !r->failed;
}

/* Of what is too large for eg_cbor_pass. */
static bool skip_large(struct eg_cbor *r, const struct eg_cbor_item *item)
{
	struct eg_cbor_item inner = *item;

	while (inner.type == EG_CBOR_TAG) /* a loop: tags may be many */
		if (!eg_cbor_read(r, &inner))
			return false;
	if (inner.type == EG_CBOR_ARRAY)
		return skip_array(r, inner.n);
	if (inner.type == EG_CBOR_MAP)
		return skip_map(r, &inner);
	return !r->failed;
}

bool eg_cbor_skip_inside(struct eg_cbor *r, const struct eg_cbor_item *item)
{
	if (r->failed)
		return false;
	if (item->n == 0 && item->type != EG_CBOR_TAG) /* empty: there may be many of them */
		return r->depth < EG_CBOR_DEPTH_MAX || fail(r);
	if (left(r) <= EG_CBOR_PASS_BYTES_MAX)
		return eg_cbor_pass(r, item) || fail(r);
	return skip_large(r, item);
}

/* ── keys ── */

/* A bit for each integer of one byte: 00 … 17 and 20 … 37. */
#define SHORT_KEYS 0x00FFFFFF00FFFFFFu

bool eg_cbor_map_begin(struct eg_cbor *r, const struct eg_cbor_item *item, struct eg_cbor_map *map)
{
	if (!eg_cbor_enter(r))
		return false;
	if (item->n > r->members_left)
		return fail(r);
	r->members_left -= (unsigned)item->n;
	map->left = item->n;
	map->free_keys = SHORT_KEYS;
	map->base = r->at;
	map->long_cnt = 0;
	return true;
}

/* From `key` to where the walk is. */
static void add_long_key(const struct eg_cbor *r, struct eg_cbor_map *map, const uint8_t *key)
{
	const size_t len = (size_t)(r->at - key);

	map->long_word[map->long_cnt] = eg_cbor_word(key, len, r->end);
	map->long_key[map->long_cnt].off = (uint32_t)(key - map->base);
	map->long_key[map->long_cnt].len = (uint32_t)len;
	map->long_cnt++;
}

/* From number `first` on, at most `max` of them. Returns how many. */
static unsigned list_long_keys(
    const struct eg_cbor_map *map, unsigned first, unsigned max, struct eg_cbor_key *out)
{
	const unsigned cnt = map->long_cnt - first < max ? map->long_cnt - first : max;

	for (unsigned i = first; i < first + cnt; i++)
		*out++ = (struct eg_cbor_key){.ptr = map->base + map->long_key[i].off,
		    .len = map->long_key[i].len,
		    .word = map->long_word[i]};
	return cnt;
}

/* At the end of a map: whatever its keys are, it costs little to see that they differ. */
static bool has_long_key_twice(const struct eg_cbor_map *map)
{
	struct eg_cbor_key key[EG_CBOR_MEMBERS_MAX];

	if (map->long_cnt < 2)
		return false;
	return eg_cbor_keys_repeat(key, list_long_keys(map, 0, EG_CBOR_MEMBERS_MAX, key));
}

/* It was not free any more. */
static bool is_short_key(uint8_t head)
{
	return head < 64 && (SHORT_KEYS >> head & 1) != 0;
}

bool eg_cbor_map_next_any(struct eg_cbor *r, struct eg_cbor_map *map, struct eg_cbor_item *key)
{
	const uint8_t *start = r->at;

	if (r->failed)
		return false;
	if (map->left == 0) {
		eg_cbor_leave(r);
		return has_long_key_twice(map) && fail(r);
	}
	map->left--;
	if (!eg_cbor_read(r, key))
		return false;
	if (key->type > EG_CBOR_TEXT || is_short_key(*start))
		return fail(r);
	add_long_key(r, map, start);
	return true;
}

/* Each half of the one's keys beside each half of the other's. */
bool eg_cbor_maps_share(const struct eg_cbor_map *a, const struct eg_cbor_map *b)
{
	const unsigned half = EG_CODEC_NAMES / 2;
	struct eg_cbor_key key[EG_CODEC_NAMES];

	for (unsigned i = 0; i < a->long_cnt; i += half)
		for (unsigned k = 0; k < b->long_cnt; k += half) {
			unsigned cnt = list_long_keys(a, i, half, key);

			cnt += list_long_keys(b, k, half, key + cnt);
			if (eg_cbor_keys_repeat(key, cnt))
				return true;
		}
	return (~a->free_keys & ~b->free_keys & SHORT_KEYS) != 0;
}
