/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arrays, maps and tags that nobody reads. What is short is taken in the same way whatever it is: a
 * sender chooses what comes next, and a wrong guess costs as much as three items. All else goes
 * through eg_cbor_read: strings and arrays of a long head have many bytes.
 *
 *   bytes ─▶ size[]: of each byte, as if an item began there (vectors; in a map, one by one)
 *               │
 *               ├─▶ next item
 *               └─▶ quick[first byte] ─▶ how many items are to come, in each container that is open
 *                            └─▶ a text: its place is kept, and all are checked at once
 *
 * Keys are kept, and told apart at the end.
 */
#include "cbor_pass.h"

#include "cbor_size.h"
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

/* Closes what has no more items to come. False where nothing has: that is the end of all. */
static inline bool close_lanes(struct open *o)
{
	unsigned lanes;

	if (o->items == 0)
		return false;
	lanes = (unsigned)__builtin_ctzll(o->items) & (unsigned)-LANE_BITS;
	o->items >>= lanes;
	o->map >>= lanes;
	return true;
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

/* ── short items ── */

/* What the first byte of a short item says beside its size (cbor_sizes), for take(). */
struct quick {
	int32_t items;
	uint16_t lane;
	uint16_t is_text; /* and not empty */
};

/* clang-format off */
#define ITEM       {-1, 0, 0}
#define ITEM8      ITEM, ITEM, ITEM, ITEM, ITEM, ITEM, ITEM, ITEM
#define ITEM32     ITEM8, ITEM8, ITEM8, ITEM8
#define TEXT       {-1, 0, 1}
#define TEXT8      TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT
#define TAG        {0, 0, 0}
#define TAG8       TAG, TAG, TAG, TAG, TAG, TAG, TAG, TAG
#define TAG32      TAG8, TAG8, TAG8, TAG8
#define ARRAY(n)   {(n) - ONE, LANE_BITS, 0}
#define ARRAY7(n)  ARRAY(n), ARRAY((n) + 1), ARRAY((n) + 2), ARRAY((n) + 3), ARRAY((n) + 4),       \
		   ARRAY((n) + 5), ARRAY((n) + 6)

/* What has no size is as an item. */
static const struct quick quick[256] = {
    ITEM32, ITEM32, ITEM32,
    ITEM, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT8, ITEM8, ITEM8,
    ARRAY7(0), ARRAY7(7), ARRAY7(14), ARRAY(21), ARRAY(22), ARRAY(23), ITEM8,
    ARRAY(0), ITEM, ITEM, ITEM, ITEM, ITEM, ITEM, ITEM, ITEM8, ITEM8, ITEM8,
    TAG32, ITEM32,
};
/* clang-format on */

#define SIZES       2048u
#define SIZES_FIRST 32u

/* Sizes of the items that begin, or would, at `cnt` bytes from `base` on. */
struct sizes {
	const uint8_t *base;
	size_t cnt, max;
	uint8_t size[SIZES + EG_CODEC_CBOR_BYTES]; /* 0 behind the last of them */
};

_Static_assert(EG_CBOR_PASS_BYTES_MAX <= UINT16_MAX, "a place has 16 bits");

/* Short texts that have not been checked yet. Each is kept in the next place, which goes on only
 * where it is one: no branch. There is at most one for two sizes, and those of all maps. */
#define TEXTS (SIZES / 2 + 2 * EG_CBOR_MEMBERS_MAX)

struct texts {
	uint16_t at[TEXTS + 1]; /* from sizes.base on; what is behind `cnt` is none */
	unsigned cnt;
};

/* What is open, and what has been met on the way. */
struct pass {
	struct open open;
	struct texts texts;
	struct sizes sizes;
	struct keys keys;
};

#define TEXT_BYTES 16u

_Static_assert(EG_CODEC_CBOR_BYTES == 1 + TEXT_BYTES, "a short text's copy reads no byte more");

/* The text at p, with zeros behind it, of which there is at least one. Returns what has all bits
 * that its bytes have. */
static inline uint64_t copy_text(const uint8_t *p, uint8_t out[TEXT_BYTES])
{
	static const uint8_t mask[2 * TEXT_BYTES] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
	    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
	uint64_t word[2], ones[2];

	memcpy(word, p + 1, sizeof(word));
	memcpy(ones, mask + TEXT_BYTES - *p % TEXT_BYTES, sizeof(ones));
	word[0] &= ones[0];
	word[1] &= ones[1];
	memcpy(out, word, sizeof(word));
	return word[0] | word[1];
}

/* As one text, with zeros between them, they are UTF-8 iff each is. */
static bool texts_valid(struct pass *pass)
{
	const unsigned cnt = pass->texts.cnt;
	uint8_t text[TEXTS * TEXT_BYTES];
	uint64_t all = 0;

	for (unsigned i = 0; i < cnt; i++)
		all |=
		    copy_text(pass->sizes.base + pass->texts.at[i], text + (size_t)TEXT_BYTES * i);
	pass->texts.cnt = 0;
	return (all & EG_HIGH_BITS) == 0 || eg_utf8_valid(eg_span(text, (size_t)TEXT_BYTES * cnt));
}

/* Has the document enough bytes for a short item? */
static inline bool has_room(const uint8_t *p, const uint8_t *end)
{
	return end - p >= (ptrdiff_t)EG_CODEC_CBOR_BYTES;
}

static inline bool has_size(const struct eg_cbor *r, const struct sizes *sizes)
{
	return (size_t)(r->at - sizes->base) < sizes->cnt;
}

/* Makes sizes from the next byte on, of more bytes each time: what is passed may end before them.
 */
static bool find_sizes(const struct eg_cbor *r, struct pass *pass)
{
	struct sizes *sizes = &pass->sizes;

	if (!texts_valid(pass))
		return false;
	sizes->base = r->at;
	sizes->cnt = (size_t)(r->end - r->at) - (EG_CODEC_CBOR_BYTES - 1);
	if (sizes->cnt > sizes->max)
		sizes->cnt = sizes->max;
	sizes->max = sizes->max < SIZES / 4 ? 4 * sizes->max : SIZES;
	eg_codec_best()->cbor_sizes(r->at, sizes->cnt, sizes->size);
	memset(sizes->size + sizes->cnt, 0, EG_CODEC_CBOR_BYTES);
	return true;
}

/* Items of arrays, up to one that is not for here, the last size, the end of all or an item of a
 * map. */
static void pass_arrays(struct eg_cbor *r, struct pass *pass)
{
	const uint8_t *p = r->at, *size = pass->sizes.size + (r->at - pass->sizes.base);
	struct open o = pass->open;
	unsigned texts = pass->texts.cnt;

	while (map_of(&o) == 0) {
		const struct quick *q = &quick[*p];
		const size_t bytes = *size;

		if (bytes == 0)
			break;
		pass->texts.at[texts] = (uint16_t)(p - pass->sizes.base);
		texts += q->is_text;
		p += bytes;
		size += bytes;
		take(&o, q->lane, q->items);
		if (!close_lanes(&o))
			break;
	}
	r->at = p;
	pass->open = o;
	pass->texts.cnt = texts;
}

/* Items of maps, up to one that is not for here, the end of all or an item of an array. Keys have
 * an even number of items before the end of their map. */
static void pass_maps(struct eg_cbor *r, struct pass *pass)
{
	const uint8_t *p = r->at;
	struct open o = pass->open;
	unsigned keys = pass->keys.cnt, texts = pass->texts.cnt;

	while (map_of(&o) != 0 && has_room(p, r->end)) {
		const struct quick *q = &quick[*p];
		const unsigned bytes = eg_cbor_size(p);
		const bool is_key = o.items % 2 == 0;

		if (bytes == 0 || (is_key && *p >> 5 > EG_CBOR_TEXT))
			break;
		if (is_key)
			pass->keys.key[keys++] = (struct eg_cbor_key){
			    p, bytes, map_of(&o), eg_cbor_word(p, bytes, r->end)};
		pass->texts.at[texts] = (uint16_t)(p - pass->sizes.base);
		texts += q->is_text;
		p += bytes;
		take(&o, q->lane, q->items);
		if (!close_lanes(&o))
			break;
	}
	r->at = p;
	pass->open = o;
	pass->keys.cnt = keys;
	pass->texts.cnt = texts;
}

/* ── all others ── */

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
	(void)close_lanes(&pass->open);
	return true;
}

/* A map with pairs that has a short head, as an item of an array; where false, nothing is. */
static bool take_short_map(struct eg_cbor *r, struct pass *pass)
{
	const uint8_t head = *r->at;

	if (head <= 0xA0 || head > 0xB7 || !take_map(r, head & 31, pass))
		return false;
	r->at++;
	return true;
}

static bool pass_in_array(struct eg_cbor *r, struct pass *pass)
{
	const struct open *o = &pass->open;

	if (has_room(r->at, r->end)) {
		if (!has_size(r, &pass->sizes) && !find_sizes(r, pass))
			return false;
		pass_arrays(r, pass);
		if (o->items == 0 || map_of(o) != 0 || take_short_map(r, pass))
			return true;
	}
	return pass_item(r, pass);
}

static bool pass_in_map(struct eg_cbor *r, struct pass *pass)
{
	const struct open *o = &pass->open;

	pass_maps(r, pass);
	return o->items == 0 || map_of(o) == 0 || pass_item(r, pass);
}

static bool pass_all(struct eg_cbor *r, struct pass *pass)
{
	const struct open *o = &pass->open;

	while (o->items != 0)
		if (!(map_of(o) == 0 ? pass_in_array(r, pass) : pass_in_map(r, pass)))
			return false;
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
	return pass_all(r, &pass) && (pass.open.map & DEPTH_BITS) != 0 && texts_valid(&pass) &&
	       !eg_cbor_keys_repeat(pass.keys.key, pass.keys.cnt);
}
