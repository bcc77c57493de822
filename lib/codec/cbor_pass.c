/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arrays, maps and tags that nobody reads. What is short and stands in an array is taken in the
 * same way whatever it is: a sender chooses what comes next, and a wrong guess costs as much as two
 * items. All else goes through eg_cbor_read: there are at most EG_CBOR_MEMBERS_MAX pairs in maps,
 * and strings and arrays of a long head have many bytes.
 *
 *   first byte ─▶ quick[] ─▶ its size ─▶ next item
 *                    │
 *                    ├─▶ how many items are to come, in each container that is open
 *                    └─▶ a text that is not ASCII: kept, and checked with others
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
	struct key {
		const uint8_t *ptr;
		uint32_t len, map; /* as encoded; the number of the map that it stands in */
	} key[EG_CBOR_MEMBERS_MAX];
	unsigned cnt;
};

/* Eight bytes of a key from `at` on, with zeros behind its end. */
static uint64_t word_at(const struct key *key, size_t at)
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
static bool split(
    const struct keys *keys, size_t at, uint64_t class[EG_CODEC_NAMES], struct eg_codec_keys *words)
{
	const struct eg_codec_impl *impl = eg_codec_best();
	bool has_pair = false;

	for (unsigned i = 0; i < keys->cnt; i++) {
		const uint64_t wanted[EG_CODEC_KEYS] = {
		    class[i], word_at(&keys->key[i], at), word_at(&keys->key[i], at + 8)};

		for (unsigned k = 0; k < EG_CODEC_KEYS; k++)
			words->key[k][i] = wanted[k];
		class[i] = impl->json_alike(words, 0, i, wanted);
		has_pair = has_pair || class[i] != i;
	}
	return has_pair;
}

/* Does a map have a key twice? Of one class all keys have the same length and map. No order, no
 * hash: no choice of keys makes it dear (json_names.c does it so with names). */
static bool has_repeat(const struct keys *keys)
{
	uint64_t class[EG_CODEC_NAMES];
	struct eg_codec_keys words;

	if (keys->cnt < 2)
		return false;
	for (unsigned i = 0; i < keys->cnt; i++)
		class[i] = (uint64_t)keys->key[i].map << 32 | keys->key[i].len;
	for (size_t at = 0; split(keys, at, class, &words); at += KEY_STEP)
		for (unsigned i = 0; i < keys->cnt; i++)
			if (class[i] != i && keys->key[i].len <= at + KEY_STEP)
				return true;
	return false;
}

/* ── short texts ── */

#define TEXTS 64u

_Static_assert(EG_CODEC_NAMES == EG_CBOR_MEMBERS_MAX, "room for all keys of a document");

/* Each has at most 7 bytes, and zeros around them: as one text they are UTF-8 iff each is. */
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

/* What the first byte of an item says, where all is to be had from it and the 8 bytes behind,
 * which hold the first byte of the next item, too. */
struct quick {
	int32_t items; /* for take() */
	uint8_t next;  /* bits of these 8 bytes before the next item */
	uint8_t shift; /* brings a text from the first bytes of a word to before its last one */
	uint8_t lane;  /* and HERE; 0: not for here */
	uint8_t least; /* place in least[] */
};

#define HERE 64 /* more than a shift can be by: a shift takes the rest */

/* Of the first 4 bytes behind: else the form is not the shortest. */
enum { ANY, OF_1_BYTE, OF_2_BYTES, OF_4_BYTES, OF_SIMPLE };
static const uint32_t least[] = {0, 24u << 24, 1u << 24, 1u << 16, 32u << 24};

#define NO_TEXT     56
#define NEXT(bytes) (8 * (bytes)-8)
#define ITEM(bytes)                                                                                \
	{                                                                                          \
		-1, NEXT(bytes), NO_TEXT, HERE, ANY                                                \
	}
#define HEAD(bytes, from, is)                                                                      \
	{                                                                                          \
		-(is), NEXT(bytes), NO_TEXT, HERE, from                                            \
	}
#define ARRAY_OF(n) [0x80 + (n)] = {(n)-ONE, 0, NO_TEXT, HERE | LANE_BITS, ANY}
#define BYTES_OF(n) [0x40 + (n)] = ITEM(1 + (n))
#define TEXT_OF(n)  [0x60 + (n)] = {-1, NEXT(1 + (n)), NO_TEXT - 8 * (n), HERE, ANY}
#define PLAIN(n)    [n] = ITEM(1)
#define TAG(n)      [n] = HEAD(1, ANY, 0)

#define FOUR(what, n) what(n), what((n) + 1), what((n) + 2), what((n) + 3)
#define TWENTY_FOUR(what, n)                                                                       \
	FOUR(what, n), FOUR(what, (n) + 4), FOUR(what, (n) + 8), FOUR(what, (n) + 12),             \
	    FOUR(what, (n) + 16), FOUR(what, (n) + 20)

/* Arguments of 1, 2 and 4 bytes. */
#define OUTSIDE(first, is)                                                                         \
	[(first) + 24] = HEAD(2, OF_1_BYTE, is), [(first) + 25] = HEAD(3, OF_2_BYTES, is),         \
	           [(first) + 26] = HEAD(5, OF_4_BYTES, is)

static const struct quick quick[256] = {
    TWENTY_FOUR(PLAIN, 0x00),
    OUTSIDE(0x00, 1),
    TWENTY_FOUR(PLAIN, 0x20),
    OUTSIDE(0x20, 1),
    FOUR(BYTES_OF, 0),
    FOUR(BYTES_OF, 4),
    FOUR(TEXT_OF, 0),
    FOUR(TEXT_OF, 4),
    TWENTY_FOUR(ARRAY_OF, 0),
    [0xA0] = {-ONE, 0, NO_TEXT, HERE | LANE_BITS, ANY}, /* an empty map is as an empty array */
    TWENTY_FOUR(TAG, 0xC0),
    OUTSIDE(0xC0, 0),
    TWENTY_FOUR(PLAIN, 0xE0),
    [0xF8] = HEAD(2, OF_SIMPLE, 1),
    [0xF9] = ITEM(3),
    [0xFA] = ITEM(5),
};

#define QUICK_BYTES 9 /* that a step reads */

/* Up to an item that is not for here, the end of all or an item of a map. */
static bool pass_short(struct eg_cbor *r, struct open *open, struct texts *texts)
{
	const uint8_t *at = r->at, *const last = r->end - QUICK_BYTES;
	struct open o = *open;
	uint8_t first = *at;

	while (at <= last && map_of(&o) == 0) {
		const struct quick *q = &quick[first];
		const uint64_t word = eg_load_le64(at + 1);
		const uint64_t text = word << q->shift & UINT64_MAX >> 8;

		if (q->lane == 0)
			break;
		if (eg_load_be32(at + 1) < least[q->least])
			return false;
		if ((text & EG_HIGH_BITS) != 0 && !keep_text(texts, text))
			return false;
		first = (uint8_t)(word >> q->next);
		at += q->next / 8 + 1;
		take(&o, q->lane % HERE, q->items);
		if (o.items == 0)
			break;
		close_lanes(&o);
	}
	r->at = at;
	*open = o;
	return true;
}

/* ── all others ── */

/* Keys have an even number of items before the end of their map. */
static bool keep_key(
    struct keys *keys, const struct open *o, const uint8_t *start, const struct eg_cbor *r)
{
	const unsigned map = map_of(o);

	if (map == 0 || o->items % 2 != 0)
		return true;
	keys->key[keys->cnt++] = (struct key){start, (uint32_t)(r->at - start), map};
	return *start >> 5 <= EG_CBOR_TEXT;
}

/* Takes an item that has been read: of a container, its head. An array has no more items than the
 * document has bytes. */
static bool take_read(
    struct eg_cbor *r, struct open *o, const struct eg_cbor_item *item, const struct keys *keys)
{
	if (item->type == EG_CBOR_ARRAY) {
		if (item->n > (size_t)(r->end - r->at))
			return false;
		take(o, LANE_BITS, (int64_t)item->n - ONE);
		return true;
	}
	if (item->type != EG_CBOR_MAP) {
		take(o, 0, -(item->type != EG_CBOR_TAG));
		return true;
	}
	if (item->n > r->members_left)
		return false;
	r->members_left -= (unsigned)item->n;
	take(o, LANE_BITS, 2 * (int64_t)item->n - ONE);
	o->map |= keys->cnt + 1; /* no other map with keys has this number */
	return true;
}

static bool pass_item(struct eg_cbor *r, struct open *o, struct keys *keys)
{
	const uint8_t *const start = r->at;
	struct eg_cbor_item item;

	if (!eg_cbor_read(r, &item) || !keep_key(keys, o, start, r) ||
	    !take_read(r, o, &item, keys))
		return false;
	if (o->items != 0)
		close_lanes(o);
	return true;
}

static bool pass_all(struct eg_cbor *r, struct open *o, struct texts *texts, struct keys *keys)
{
	while (o->items != 0) {
		if (r->end - r->at >= QUICK_BYTES && !pass_short(r, o, texts))
			return false;
		if (o->items != 0 && !pass_item(r, o, keys))
			return false;
	}
	return true;
}

bool eg_cbor_pass(struct eg_cbor *r, const struct eg_cbor_item *item)
{
	struct eg_cbor_item inner = *item;
	struct open o = {.items = 1}; /* as if it were not taken yet */
	struct keys keys;
	struct texts texts;
	unsigned depth;

	while (r->depth == 0 && inner.type == EG_CBOR_TAG) /* no container, no lane */
		if (!eg_cbor_read(r, &inner))
			return false;
	depth = inner.type == EG_CBOR_TAG ? r->depth : r->depth + 1u;
	keys.cnt = texts.cnt = 0;
	if (depth > EG_CBOR_DEPTH_MAX || !take_read(r, &o, &inner, &keys))
		return false;
	o.map |= DEPTH_BIT(depth);
	return pass_all(r, &o, &texts, &keys) && (o.map & DEPTH_BITS) != 0 && texts_valid(&texts) &&
	       !has_repeat(&keys);
}
