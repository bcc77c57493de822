/* SPDX-License-Identifier: BSD-3-Clause */
#include "impl.h"

#include <endian.h>
#include <stdlib.h>

#define WORD_BITS   64u
#define BLOCK_WORDS (EG_SHARD_BLOCK_BITS / WORD_BITS)

struct bitmap_block {
	_Alignas(EG_CACHE_LINE_BYTES) _Atomic uint64_t word[BLOCK_WORDS];
};

/* Words lie in chunks of a huge page, so that a look-up is one load of a pointer that is hot, and
 * one of the word. A list that is smaller than a chunk has a smaller one. */
#define CHUNK_BLOCKS ((uint32_t)(EG_PAGES_HUGE_BYTES / sizeof(struct bitmap_block)))
#define CHUNK_WORDS  (CHUNK_BLOCKS * BLOCK_WORDS)

/* What control has done with a block. */
struct bitmap_sent {
	uint32_t settle_cnt; /* of the map when an operation was last sent */
	bool filled;         /* some entry of it was set */
	bool handed_over;    /* its owner alone writes it */
};

/* Control's own view of a chunk. */
struct bitmap_chunk {
	struct bitmap_chunk *smaller; /* whose place it took: a reader may still be in it */
	struct eg_place place;
	uint32_t block_cnt;
	struct bitmap_sent sent[];
};

struct eg_bitmap {
	uint32_t uri_crc;
	uint8_t bits;
	/* Control release-stores it after the list has grown, readers acquire-load it first: who
	 * takes an index of an entry for valid finds its chunk. */
	_Atomic uint32_t entries;
	/* Control's own. */
	uint32_t settle_cnt;         /* how often control has waited for this list's operations */
	struct bitmap_chunk **chunk; /* as many as live[] */
	/* As many as the largest list of so many bits has. Control release-stores, readers and
	 * owners acquire-load; NULL reads as all zero. */
	_Atomic(struct bitmap_block *) live[];
};

/* ── making ── */

static uint32_t blocks_of(uint32_t entries, unsigned bits)
{
	return (
	    uint32_t)(((uint64_t)entries * bits + EG_SHARD_BLOCK_BITS - 1) / EG_SHARD_BLOCK_BITS);
}

static uint32_t chunks_max(unsigned bits)
{
	return blocks_of(EG_REVOKE_ENTRIES_MAX, bits) / CHUNK_BLOCKS;
}

static size_t map_bytes(unsigned bits)
{
	return sizeof(struct eg_bitmap) + chunks_max(bits) * sizeof(_Atomic(struct bitmap_block *));
}

struct eg_bitmap *eg_bitmap_new(struct eg_span uri, unsigned bits, uint32_t entries)
{
	struct eg_bitmap *map;

	if ((bits != 1 && bits != 2 && bits != 4 && bits != 8) || entries == 0 ||
	    entries > EG_REVOKE_ENTRIES_MAX)
		return NULL;
	map = calloc(1, map_bytes(bits));
	if (map == NULL)
		return NULL;
	map->chunk = calloc(chunks_max(bits), sizeof(struct bitmap_chunk *));
	map->uri_crc = eg_crc32c(uri);
	map->bits = (uint8_t)bits;
	atomic_init(&map->entries, entries);
	if (map->chunk == NULL) {
		free(map);
		return NULL;
	}
	return map;
}

static void free_chunk(struct bitmap_chunk *chunk)
{
	while (chunk != NULL) {
		struct bitmap_chunk *smaller = chunk->smaller;

		eg_place_free(&chunk->place);
		free(chunk);
		chunk = smaller;
	}
}

void eg_bitmap_free(struct eg_bitmap *map)
{
	if (map == NULL)
		return;
	for (uint32_t i = 0; i < chunks_max(map->bits); i++)
		free_chunk(map->chunk[i]);
	free(map->chunk);
	free(map);
}

uint64_t eg_bitmap_memory(const struct eg_bitmap *map)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < chunks_max(map->bits); i++)
		for (const struct bitmap_chunk *c = map->chunk[i]; c != NULL; c = c->smaller)
			bytes += c->place.bytes;
	return bytes;
}

unsigned eg_bitmap_bits(const struct eg_bitmap *map)
{
	return map->bits;
}

/* Within this file by a name that is called in place. */
static inline uint32_t entries_of(const struct eg_bitmap *map)
{
	return atomic_load_explicit(&map->entries, memory_order_acquire);
}

uint32_t eg_bitmap_entries(const struct eg_bitmap *map)
{
	return entries_of(map);
}

static uint64_t first_bit(const struct eg_bitmap *map, uint32_t idx)
{
	return (uint64_t)idx * map->bits;
}

unsigned eg_bitmap_shard(const struct eg_bitmap *map, uint32_t idx)
{
	return eg_shard_of_block(
	    map->uri_crc, (uint32_t)(first_bit(map, idx) / EG_SHARD_BLOCK_BITS));
}

/* The live word, or NULL where its chunk was never set. Pairs with the release in publish. */
static _Atomic uint64_t *live_word(const struct eg_bitmap *map, uint32_t word)
{
	struct bitmap_block *chunk =
	    atomic_load_explicit(&map->live[word / CHUNK_WORDS], memory_order_acquire);

	if (chunk == NULL)
		return NULL;
	return &chunk[word % CHUNK_WORDS / BLOCK_WORDS].word[word % BLOCK_WORDS];
}

static uint64_t live_value(const struct eg_bitmap *map, uint32_t word)
{
	const _Atomic uint64_t *at = live_word(map, word);

	return at != NULL ? atomic_load_explicit(at, memory_order_relaxed) : 0;
}

unsigned eg_bitmap_get(const struct eg_bitmap *map, uint32_t idx)
{
	unsigned ones = (1u << map->bits) - 1;
	uint64_t bit = first_bit(map, idx);

	if (idx >= entries_of(map))
		return ones;
	return (unsigned)(live_value(map, (uint32_t)(bit / WORD_BITS)) >> bit % WORD_BITS) & ones;
}

const void *eg_bitmap_line(const struct eg_bitmap *map, uint32_t idx)
{
	const _Atomic uint64_t *at = NULL;

	if (idx < entries_of(map))
		at = live_word(map, (uint32_t)(first_bit(map, idx) / WORD_BITS));
	return at != NULL ? (const void *)at : map;
}

/* ── owner ── */

static void write_word(_Atomic uint64_t *at, uint64_t mask, uint64_t value)
{
	uint64_t old = atomic_load_explicit(at, memory_order_relaxed);

	atomic_store_explicit(at, (old & ~mask) | (value & mask), memory_order_relaxed);
}

void eg_bitmap_apply(const struct eg_revoke_op *op)
{
	write_word(live_word(op->word.map, op->word.word), op->word.mask, op->word.value);
}

void eg_bitmap_prefetch_op(const struct eg_revoke_op *op)
{
	__builtin_prefetch((const void *)live_word(op->word.map, op->word.word), 1);
}

/* ── control: memory ── */

static uint32_t lower(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static size_t head_bytes(uint32_t block_cnt)
{
	return sizeof(struct bitmap_chunk) + block_cnt * sizeof(struct bitmap_sent);
}

static struct bitmap_chunk *new_chunk(uint32_t block_cnt, struct eg_error *err)
{
	struct bitmap_chunk *chunk = calloc(1, head_bytes(block_cnt));

	if (chunk != NULL)
		chunk->place = eg_place_new(block_cnt * sizeof(struct bitmap_block));
	if (chunk == NULL || chunk->place.mem == NULL) {
		free(chunk);
		(void)eg_error_set(err, EG_ENOMEM, "no memory for a block of a status list");
		return NULL;
	}
	chunk->block_cnt = block_cnt;
	return chunk;
}

static void publish(struct eg_bitmap *map, uint32_t at, struct bitmap_chunk *chunk)
{
	chunk->smaller = map->chunk[at];
	map->chunk[at] = chunk;
	/* Pairs with the acquire in live_word: who sees it sees its words. */
	atomic_store_explicit(&map->live[at], chunk->place.mem, memory_order_release);
}

/* What chunk number `at` of a list of `blocks` is made with. Behind the first one a list is large:
 * whole huge pages serve it best. */
static uint32_t new_blocks(uint32_t blocks, uint32_t at)
{
	return at == 0 ? lower(blocks, CHUNK_BLOCKS) : CHUNK_BLOCKS;
}

uint64_t eg_bitmap_memory_max(unsigned bits, uint32_t entries)
{
	uint32_t blocks = blocks_of(entries, bits);
	uint64_t bytes = eg_place_bytes_max(map_bytes(bits)) +
	                 eg_place_bytes_max(chunks_max(bits) * sizeof(struct bitmap_chunk *));

	for (uint32_t at = 0; at * CHUNK_BLOCKS < blocks; at++)
		bytes += eg_place_bytes_max(head_bytes(new_blocks(blocks, at))) +
		         eg_place_bytes_max(new_blocks(blocks, at) * sizeof(struct bitmap_block));
	return bytes;
}

/* Memory for a chunk that is to be set, at once for readers: zero is what they read without it. */
static int provide_chunk(struct eg_bitmap *map, uint32_t at, struct eg_error *err)
{
	uint32_t blocks = blocks_of(eg_bitmap_entries(map), map->bits);
	struct bitmap_chunk *chunk;

	if (map->chunk[at] != NULL)
		return 0;
	chunk = new_chunk(new_blocks(blocks, at), err);
	if (chunk == NULL)
		return -EG_ENOMEM;
	publish(map, at, chunk);
	return 0;
}

/* The first chunk of a list that was small, with its content: control has settled, so nobody writes
 * it. The old one stays until the list goes, since a reader may be in it: each is at least twice
 * the one before, so together they are small. */
static int enlarge_chunk(struct eg_bitmap *map, uint32_t blocks, struct eg_error *err)
{
	const struct bitmap_chunk *old = map->chunk[0];
	uint32_t twice = lower(2 * old->block_cnt, CHUNK_BLOCKS);
	struct bitmap_chunk *chunk = new_chunk(blocks > twice ? blocks : twice, err);

	if (chunk == NULL)
		return -EG_ENOMEM;
	memcpy(chunk->place.mem, old->place.mem, old->block_cnt * sizeof(struct bitmap_block));
	memcpy(chunk->sent, old->sent, old->block_cnt * sizeof(old->sent[0]));
	publish(map, 0, chunk);
	return 0;
}

static void settle(struct eg_bitmap *map, const struct eg_revoke_sink *sink)
{
	sink->settle(sink->ctx);
	map->settle_cnt++;
}

int eg_bitmap_grow(struct eg_bitmap *map, uint32_t entries, const struct eg_revoke_sink *sink,
    struct eg_error *err)
{
	uint32_t blocks = new_blocks(blocks_of(entries, map->bits), 0);
	int rc = 0;

	if (entries < eg_bitmap_entries(map) || entries > EG_REVOKE_ENTRIES_MAX)
		return eg_error_set(err, EG_EINVAL,
		    "%u entries: the status list has %u, and can grow to %u", entries,
		    eg_bitmap_entries(map), EG_REVOKE_ENTRIES_MAX);
	if (map->chunk[0] != NULL && blocks > map->chunk[0]->block_cnt) {
		settle(map, sink); /* a word on its way would go into the old chunk */
		rc = enlarge_chunk(map, blocks, err);
	}
	if (rc == 0)
		/* Pairs with the acquire in eg_bitmap_entries. */
		atomic_store_explicit(&map->entries, entries, memory_order_release);
	return rc;
}

/* ── control: changes ── */

/* NULL where its chunk was never set. */
static struct bitmap_sent *sent_of(const struct eg_bitmap *map, uint32_t block)
{
	struct bitmap_chunk *chunk = map->chunk[block / CHUNK_BLOCKS];

	return chunk != NULL ? &chunk->sent[block % CHUNK_BLOCKS] : NULL;
}

static void send_op(struct eg_bitmap *map, uint32_t word, uint64_t mask, uint64_t value,
    const struct eg_revoke_sink *sink)
{
	uint32_t block = word / BLOCK_WORDS;
	struct bitmap_sent *sent = sent_of(map, block);
	struct eg_revoke_op op = {
	    .kind = EG_REVOKE_OP_WORD,
	    .shard = (uint8_t)eg_shard_of_block(map->uri_crc, block),
	    .word = {.map = map, .mask = mask, .value = value, .word = word},
	};

	sent->handed_over = true;
	sent->settle_cnt = map->settle_cnt;
	sink->put(sink->ctx, &op);
}

/* A block that no operation has named yet is control's to write: no owner does, and whoever takes
 * the epoch of the change from its mail sees it. */
static void set_word(struct eg_bitmap *map, uint32_t word, uint64_t mask, uint64_t value,
    const struct eg_revoke_sink *sink)
{
	struct bitmap_sent *sent = sent_of(map, word / BLOCK_WORDS);

	if (sent == NULL || (!sent->filled && (value & mask) == 0))
		return; /* zeros into zeros */
	sent->filled = true;
	if (sent->handed_over)
		send_op(map, word, mask, value, sink);
	else
		write_word(live_word(map, word), mask, value);
}

/* The end of a change: blocks that it was the first to write go to their owners. */
static void hand_over(struct eg_bitmap *map, uint32_t word_first, uint32_t word_last,
    const struct eg_revoke_sink *sink)
{
	for (uint32_t b = word_first / BLOCK_WORDS; b <= word_last / BLOCK_WORDS; b++) {
		const struct bitmap_sent *sent = sent_of(map, b);

		if (sent != NULL && sent->filled && !sent->handed_over)
			send_op(map, b * BLOCK_WORDS, 0, 0, sink);
	}
}

/* The value in every entry of a word. */
static uint64_t repeat(unsigned value, unsigned bits)
{
	uint64_t word = value;

	for (; bits < WORD_BITS; bits *= 2)
		word |= word << bits;
	return word;
}

/* The bits of one word that lie in first … last, both counted from the start of the bitmap. */
static uint64_t mask_of_bits(uint32_t word, uint64_t first, uint64_t last)
{
	uint64_t base = (uint64_t)word * WORD_BITS;
	uint64_t mask = UINT64_MAX;

	if (first > base)
		mask &= UINT64_MAX << (first - base);
	if (last < base + WORD_BITS - 1)
		mask &= UINT64_MAX >> (base + WORD_BITS - 1 - last);
	return mask;
}

int eg_bitmap_set_range(struct eg_bitmap *map, uint32_t first, uint32_t last, unsigned value,
    const struct eg_revoke_sink *sink, struct eg_error *err)
{
	uint64_t bit_first = first_bit(map, first);
	uint64_t bit_last = first_bit(map, last) + map->bits - 1;
	uint32_t word_first = (uint32_t)(bit_first / WORD_BITS);
	uint32_t word_last = (uint32_t)(bit_last / WORD_BITS);

	if (first > last || last >= eg_bitmap_entries(map) || value >> map->bits != 0)
		return eg_error_set(err, EG_EINVAL,
		    "entries %u-%u, value %u: the status list has %u entries of %u bits", first,
		    last, value, eg_bitmap_entries(map), map->bits);
	for (uint32_t c = word_first / CHUNK_WORDS; value != 0 && c <= word_last / CHUNK_WORDS; c++)
		if (provide_chunk(map, c, err) != 0)
			return -EG_ENOMEM;
	for (uint32_t w = word_first; w <= word_last; w++)
		set_word(
		    map, w, mask_of_bits(w, bit_first, bit_last), repeat(value, map->bits), sink);
	hand_over(map, word_first, word_last, sink);
	return 0;
}

/* A list's bytes, seen as words of the bitmap. */
struct byte_range {
	uint64_t first_byte;
	struct eg_span bytes;
	uint64_t bit_last; /* of the range, and of the list */
};

static uint64_t wire_word(const struct byte_range *range, uint32_t word)
{
	size_t at = (size_t)((uint64_t)word * 8 - range->first_byte);
	size_t left = range->bytes.len - at;
	uint64_t value = 0;

	memcpy(&value, range->bytes.ptr + at, left < 8 ? left : 8);
	return le64toh(value) & mask_of_bits(word, range->first_byte * 8, range->bit_last);
}

/* After it the block's words are what was sent. */
static void settle_block(struct eg_bitmap *map, uint32_t block, const struct eg_revoke_sink *sink)
{
	const struct bitmap_sent *sent = sent_of(map, block);

	if (sent != NULL && sent->handed_over && sent->settle_cnt == map->settle_cnt)
		settle(map, sink);
}

static int provide_chunks(struct eg_bitmap *map, const struct byte_range *range,
    uint32_t word_first, uint32_t word_last, struct eg_error *err)
{
	for (uint32_t w = word_first; w <= word_last; w++)
		if (wire_word(range, w) != 0 && provide_chunk(map, w / CHUNK_WORDS, err) != 0)
			return -EG_ENOMEM;
	return 0;
}

static void send_bytes(struct eg_bitmap *map, const struct byte_range *range, uint32_t word_first,
    uint32_t word_last, const struct eg_revoke_sink *sink)
{
	for (uint32_t w = word_first; w <= word_last; w++) {
		uint64_t value = wire_word(range, w);

		/* Before the block's first word: this change sends each word once, so what it has
		 * on its way does not touch the words that are still to be compared. */
		if (w == word_first || w % BLOCK_WORDS == 0)
			settle_block(map, w / BLOCK_WORDS, sink);
		if (value != live_value(map, w))
			set_word(map, w, mask_of_bits(w, range->first_byte * 8, range->bit_last),
			    value, sink);
	}
	hand_over(map, word_first, word_last, sink);
}

int eg_bitmap_set_bytes(struct eg_bitmap *map, uint64_t first_byte, struct eg_span bytes,
    const struct eg_revoke_sink *sink, struct eg_error *err)
{
	uint64_t list_bits = (uint64_t)eg_bitmap_entries(map) * map->bits;
	uint64_t list_bytes = (list_bits + 7) / 8;
	struct byte_range range = {first_byte, bytes, 0};
	uint32_t word_first, word_last;

	if (first_byte % 8 != 0 || first_byte > list_bytes || bytes.len > list_bytes - first_byte ||
	    (bytes.len % 8 != 0 && first_byte + bytes.len != list_bytes))
		return eg_error_set(err, EG_EINVAL,
		    "bytes %llu+%zu: the status list has %llu bytes, in words of 8",
		    (unsigned long long)first_byte, bytes.len, (unsigned long long)list_bytes);
	if (bytes.len == 0)
		return 0;
	range.bit_last = (first_byte + bytes.len) * 8 - 1;
	if (range.bit_last >= list_bits)
		range.bit_last = list_bits - 1;
	word_first = (uint32_t)(first_byte / 8);
	word_last = (uint32_t)(range.bit_last / WORD_BITS);
	if (provide_chunks(map, &range, word_first, word_last, err) != 0)
		return -EG_ENOMEM;
	send_bytes(map, &range, word_first, word_last, sink);
	return 0;
}
