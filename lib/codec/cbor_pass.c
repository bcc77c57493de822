/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arrays, maps and tags that nobody reads. What is short and stands in an array is taken in the
 * same way whatever it is: a sender chooses what comes next, and a wrong guess costs as much as two
 * items. All else goes through eg_cbor_read: there are at most EG_CBOR_MEMBERS_MAX pairs in maps,
 * and strings and arrays of a long head have many bytes.
 *
 *   bytes ─▶ size[]: of each byte, as if an item began there (vectors)
 *               │
 *               ├─▶ next item
 *               ├─▶ a text that is not ASCII: kept, and checked with others
 *               └─▶ quick[first byte] ─▶ how many items are to come, in each container that is open
 *
 * Keys are kept, and told apart at the end.
 */
#include "cbor_pass.h"

#include "eg_json.h"
#include "json_mark.h"

/* ── containers that are open ── */

#define LANE_BITS 16 /* of a count of items */
#define ONE       (1 << LANE_BITS)

_Static_assert(EG_CBOR_PASS_BYTES_MAX >> LANE_BITS == 0, "no more items than bytes: a lane's room");
_Static_assert(EG_CBOR_DEPTH_MAX *LANE_BITS == 64, "a lane for each container");
_Static_assert(EG_CBOR_MEMBERS_MAX <= UINT8_MAX, "a byte for the number of a map");

struct open {
	/* Items to come, a lane each, the innermost lowest. A lane stays, with 0 in it, until the
	 * last of its items is over. */
	uint64_t items;
	/* In the same lanes, the numbers of those that are maps, 0 of arrays; and one bit that is
	 * shifted out, and so is missing at the end, where too many were open at once. */
	uint64_t map;
};

/* As many may be opened in what is open, at the depth, as it has lanes before it. */
#define DEPTH_BIT(depth) (1ull << 63 >> LANE_BITS * (EG_CBOR_DEPTH_MAX - (depth)))
#define DEPTH_BITS       0x8000800080008000u

/* The number of the map that the next item stands in, 0 for an array. */
static inline unsigned map_of(const struct open *o)
{
	return (uint8_t)o->map;
}

/* Takes an item, or a tag, which is none. Where it is a container, `lane` is LANE_BITS, and ONE is
 * taken from its own items for the one that it is itself. */
static inline void take(struct open *o, unsigned lane, int64_t items)
{
	o->items = (o->items << lane) + (uint64_t)items;
	o->map <<= lane;
}

/* Closes what has no more items to come; one has. */
static inline void close_lanes(struct open *o)
{
	const unsigned lanes = (unsigned)__builtin_ctzll(o->items) & (unsigned)-LANE_BITS;

	o->items >>= lanes;
	o->map >>= lanes;
}

/* ── keys ── */

#define KEY_STEP 16u

struct keys {
	struct eg_cbor_key key[EG_CBOR_MEMBERS_MAX];
	unsigned cnt;
};

/* Eight bytes of a key from `at` on, with zeros behind its end. */
static uint64_t word_at(const struct eg_cbor_key *key, size_t at)
{
	uint64_t word = 0;

	if (at + sizeof(word) <= key->len)
		return eg_load_le64(key->ptr + at);
	for (size_t i = key->len; i-- > at;)
		word = word << 8 | key->ptr[i];
	return word;
}

/* Keys of one class were alike up to `at`: splits the classes by the bytes that follow. The number
 * of a class is that of its first key. False where none has a second one. */
static bool split(const struct eg_cbor_key *key, unsigned cnt, size_t at,
    uint64_t class[EG_CODEC_NAMES], struct eg_codec_keys *words)
{
	const struct eg_codec_impl *impl = eg_codec_best();
	bool has_pair = false;

	for (unsigned i = 0; i < cnt; i++) {
		const uint64_t wanted[EG_CODEC_KEYS] = {
		    class[i], word_at(&key[i], at), word_at(&key[i], at + 8)};

		for (unsigned k = 0; k < EG_CODEC_KEYS; k++)
			words->key[k][i] = wanted[k];
		class[i] = impl->json_alike(words, 0, i, wanted);
		has_pair = has_pair || class[i] != i;
	}
	return has_pair;
}

/* Of one class all keys have the same length and map. No order, no hash: no choice of keys makes it
 * dear (json_names.c does it so with names). */
static bool repeat_by_bytes(const struct eg_cbor_key *key, unsigned cnt)
{
	uint64_t class[EG_CODEC_NAMES];
	struct eg_codec_keys words;

	for (unsigned i = 0; i < cnt; i++)
		class[i] = (uint64_t)key[i].map << 32 | key[i].len;
	for (size_t at = 0; split(key, cnt, at, class, &words); at += KEY_STEP)
		for (unsigned i = 0; i < cnt; i++)
			if (class[i] != i && key[i].len <= at + KEY_STEP)
				return true;
	return false;
}

/* The words of different maps are moved apart, as far as that goes. */
bool eg_cbor_keys_repeat(const struct eg_cbor_key *key, unsigned cnt)
{
	uint64_t word[EG_CODEC_NAMES];

	for (unsigned i = 0; i < cnt; i++)
		word[i] = key[i].word + key[i].map * 0x9E3779B97F4A7C15u;
	return eg_codec_best()->json_twice(word, cnt) && repeat_by_bytes(key, cnt);
}

/* ── short texts ── */

#define TEXTS 64u

/* Each has at most 6 bytes, and zeros around them: as one text they are UTF-8 iff each is. */
struct texts {
	uint64_t text[TEXTS];
	unsigned cnt;
};

static bool texts_valid(struct texts *texts)
{
	const struct eg_span all = eg_span(texts->text, texts->cnt * sizeof(texts->text[0]));

	texts->cnt = 0;
	return eg_utf8_valid(all);
}

/* The text with zeros before and behind it, in any place of the word. */
static bool keep_text(struct texts *texts, uint64_t word)
{
	texts->text[texts->cnt++] = htole64(word);
	return texts->cnt < TEXTS || texts_valid(texts);
}

/* ── short items ── */

/* What the first byte of a short item says beside its size (cbor_sizes), for take(). */
struct quick {
	int32_t items;
	uint32_t lane;
};

/* clang-format off */
#define ITEM       {-1, 0}
#define ITEM8      ITEM, ITEM, ITEM, ITEM, ITEM, ITEM, ITEM, ITEM
#define ITEM32     ITEM8, ITEM8, ITEM8, ITEM8
#define TAG        {0, 0}
#define TAG8       TAG, TAG, TAG, TAG, TAG, TAG, TAG, TAG
#define TAG32      TAG8, TAG8, TAG8, TAG8
#define ARRAY(n)   {(n) - ONE, LANE_BITS}
#define ARRAY8(n)  ARRAY(n), ARRAY((n) + 1), ARRAY((n) + 2), ARRAY((n) + 3), ARRAY((n) + 4),       \
		   ARRAY((n) + 5), ARRAY((n) + 6), ARRAY((n) + 7)

/* An empty map is as an empty array; what has no size is as an item. */
static const struct quick quick[256] = {
    ITEM32, ITEM32, ITEM32, ITEM32,
    ARRAY8(0), ARRAY8(8), ARRAY8(16), ITEM8,
    ARRAY(0), ITEM, ITEM, ITEM, ITEM, ITEM, ITEM, ITEM, ITEM8, ITEM8, ITEM8,
    TAG32, ITEM32,
};
/* clang-format on */

#define SIZES       512u
#define SIZES_FIRST 32u /* what is passed may be short */

/* Sizes of the items that begin, or would, at `cnt` bytes from `base` on. */
struct sizes {
	const uint8_t *base;
	size_t cnt, max;
	uint8_t size[SIZES + EG_CODEC_CBOR_BYTES]; /* 0 behind the last of them */
};

/* Is there a size for the next byte? */
static bool find_size(const struct eg_cbor *r, struct sizes *sizes)
{
	const size_t left = (size_t)(r->end - r->at);

	if ((size_t)(r->at - sizes->base) < sizes->cnt)
		return true;
	if (left < EG_CODEC_CBOR_BYTES)
		return false;
	sizes->base = r->at;
	sizes->cnt = left - (EG_CODEC_CBOR_BYTES - 1);
	if (sizes->cnt > sizes->max)
		sizes->cnt = sizes->max;
	sizes->max = SIZES;
	eg_codec_best()->cbor_sizes(r->at, sizes->cnt, sizes->size);
	memset(sizes->size + sizes->cnt, 0, EG_CODEC_CBOR_BYTES);
	return true;
}

/* What is open, and what has been met on the way. */
struct pass {
	struct open open;
	struct texts texts;
	struct sizes sizes;
	struct keys keys;
};

/* Keeps the text at p where that is what the size says. */
static bool keep_short_text(struct texts *texts, const uint8_t *p, unsigned size)
{
	const unsigned bytes = size - EG_CODEC_CBOR_NOT_ASCII - 1;

	return keep_text(texts, eg_load_le64(p + 1) << 8 * (7 - bytes) & UINT64_MAX >> 8);
}

/* Items of arrays, up to one that is not for here, the last size, the end of all or an item of a
 * map. */
static bool pass_short(struct eg_cbor *r, struct pass *pass)
{
	const uint8_t *p = r->at, *size = pass->sizes.size + (r->at - pass->sizes.base);
	struct open o = pass->open;

	while (map_of(&o) == 0) {
		const struct quick *q = &quick[*p];
		size_t bytes = *size;

		if ((int8_t)bytes <= 0) {
			if (bytes == 0)
				break;
			if (!keep_short_text(&pass->texts, p, (unsigned)bytes))
				return false;
			bytes -= EG_CODEC_CBOR_NOT_ASCII;
		}
		p += bytes;
		size += bytes;
		take(&o, q->lane, q->items);
		if (o.items == 0)
			break;
		close_lanes(&o);
	}
	r->at = p;
	pass->open = o;
	return true;
}

/* ── all others ── */

/* Keys have an even number of items before the end of their map. */
static bool keep_key(struct pass *pass, const uint8_t *start, const struct eg_cbor *r)
{
	const unsigned map = map_of(&pass->open);
	const uint32_t len = (uint32_t)(r->at - start);

	if (map == 0 || pass->open.items % 2 != 0)
		return true;
	pass->keys.key[pass->keys.cnt++] =
	    (struct eg_cbor_key){start, len, map, eg_cbor_word(start, len, r->end)};
	return *start >> 5 <= EG_CBOR_TEXT;
}

static bool take_map(struct eg_cbor *r, uint64_t pairs, struct pass *pass)
{
	if (pairs > r->members_left)
		return false;
	r->members_left -= (unsigned)pairs;
	take(&pass->open, LANE_BITS, 2 * (int64_t)pairs - ONE);
	if (pairs != 0) /* no other map with keys has this number */
		pass->open.map |= pass->keys.cnt + 1;
	return true;
}

/* Takes an item that has been read: of a container, its head. An array has no more items than the
 * document has bytes. */
static bool take_read(struct eg_cbor *r, const struct eg_cbor_item *item, struct pass *pass)
{
	if (item->type == EG_CBOR_MAP)
		return take_map(r, item->n, pass);
	if (item->type != EG_CBOR_ARRAY) {
		take(&pass->open, 0, -(item->type != EG_CBOR_TAG));
		return true;
	}
	if (item->n > (size_t)(r->end - r->at))
		return false;
	take(&pass->open, LANE_BITS, (int64_t)item->n - ONE);
	return true;
}

static bool pass_item(struct eg_cbor *r, struct pass *pass)
{
	const uint8_t *const start = r->at;
	struct eg_cbor_item item;

	if (!eg_cbor_read(r, &item) || !keep_key(pass, start, r) || !take_read(r, &item, pass))
		return false;
	if (pass->open.items != 0)
		close_lanes(&pass->open);
	return true;
}

static bool pass_all(struct eg_cbor *r, struct pass *pass)
{
	while (pass->open.items != 0) {
		if (map_of(&pass->open) == 0 && find_size(r, &pass->sizes) && !pass_short(r, pass))
			return false;
		if (pass->open.items != 0 && !pass_item(r, pass))
			return false;
	}
	return true;
}

bool eg_cbor_pass(struct eg_cbor *r, const struct eg_cbor_item *item)
{
	struct eg_cbor_item inner = *item;
	struct pass pass;
	unsigned depth;

	while (r->depth == 0 && inner.type == EG_CBOR_TAG) /* no container, no lane */
		if (!eg_cbor_read(r, &inner))
			return false;
	depth = inner.type == EG_CBOR_TAG ? r->depth : r->depth + 1u;
	pass.open = (struct open){.items = 1}; /* as if it were not taken yet */
	pass.keys.cnt = pass.texts.cnt = 0;
	pass.sizes.base = r->at;
	pass.sizes.cnt = 0;
	pass.sizes.max = SIZES_FIRST;
	if (depth > EG_CBOR_DEPTH_MAX || !take_read(r, &inner, &pass))
		return false;
	pass.open.map |= DEPTH_BIT(depth);
	return pass_all(r, &pass) && (pass.open.map & DEPTH_BITS) != 0 &&
	       texts_valid(&pass.texts) && !eg_cbor_keys_repeat(pass.keys.key, pass.keys.cnt);
}
