/* SPDX-License-Identifier: BSD-3-Clause */
#include "impl.h"

#include <endian.h>
#include <stdlib.h>

#define WORD_BITS   64u
#define BLOCK_WORDS (EG_SHARD_BLOCK_BITS / WORD_BITS)

struct bitmap_block {
	_Alignas(EG_CACHE_LINE_BYTES) _Atomic uint64_t word[BLOCK_WORDS];
};

/* Memory for blocks, taken by control: on the heap while a list is small, then 2 MiB at a time. */
struct arena {
	struct arena *older;
	struct eg_pages pages; /* mem NULL: block is on the heap */
	struct bitmap_block *block;
	uint32_t used_cnt, cnt;
};

#define ARENA_BLOCKS_MAX ((uint32_t)(EG_PAGES_HUGE_BYTES / sizeof(struct bitmap_block)))

/* Which block is where, for readers. A list that grows gets a larger index. */
struct bitmap_index {
	struct bitmap_index *older; /* control's own: a reader may still be in it */
	/* Owners release-store, readers acquire-load; NULL reads as all zero. */
	_Atomic(struct bitmap_block *) block[];
};

/* Control's own view of a block. */
struct bitmap_sent {
	struct bitmap_block *block; /* NULL until some entry of it is to be set */
	uint32_t settle_cnt;        /* of the map when an operation was last sent */
	bool handed_over;
};

struct eg_bitmap {
	uint32_t uri_crc;
	uint8_t bits;
	/* Control release-stores them in this order when the list grows, readers acquire-load
	 * entries first: who takes an index of an entry for valid finds its block. */
	_Atomic(struct bitmap_index *) index;
	_Atomic uint32_t entries;
	/* Control's own. */
	uint32_t block_cnt;
	uint32_t settle_cnt; /* how often control has waited for this list's operations */
	struct bitmap_sent *sent;
	struct arena *arena;
};

/* ── making ── */

static uint32_t blocks_of(uint32_t entries, unsigned bits)
{
	return (
	    uint32_t)(((uint64_t)entries * bits + EG_SHARD_BLOCK_BITS - 1) / EG_SHARD_BLOCK_BITS);
}

static struct bitmap_index *new_index(uint32_t block_cnt)
{
	return calloc(1, sizeof(struct bitmap_index) + block_cnt * sizeof(struct bitmap_block *));
}

struct eg_bitmap *eg_bitmap_new(struct eg_span uri, unsigned bits, uint32_t entries)
{
	struct eg_bitmap *map;
	uint32_t blocks;

	if ((bits != 1 && bits != 2 && bits != 4 && bits != 8) || entries == 0 ||
	    entries > EG_REVOKE_ENTRIES_MAX)
		return NULL;
	map = calloc(1, sizeof(*map));
	if (map == NULL)
		return NULL;
	blocks = blocks_of(entries, bits);
	map->sent = calloc(blocks, sizeof(map->sent[0]));
	atomic_init(&map->index, new_index(blocks));
	map->uri_crc = eg_crc32c(uri);
	map->bits = (uint8_t)bits;
	atomic_init(&map->entries, entries);
	map->block_cnt = blocks;
	if (map->sent == NULL || map->index == NULL) {
		eg_bitmap_free(map);
		return NULL;
	}
	return map;
}

static void free_arenas(struct arena *arena)
{
	while (arena != NULL) {
		struct arena *older = arena->older;

		if (arena->pages.mem != NULL)
			eg_pages_free(&arena->pages);
		else
			free(arena->block);
		free(arena);
		arena = older;
	}
}

void eg_bitmap_free(struct eg_bitmap *map)
{
	struct bitmap_index *index;

	if (map == NULL)
		return;
	index = atomic_load_explicit(&map->index, memory_order_relaxed);
	while (index != NULL) {
		struct bitmap_index *older = index->older;

		free(index);
		index = older;
	}
	free_arenas(map->arena);
	free(map->sent);
	free(map);
}

uint64_t eg_bitmap_memory(const struct eg_bitmap *map)
{
	uint64_t bytes = 0;

	for (const struct arena *a = map->arena; a != NULL; a = a->older)
		bytes += (uint64_t)a->cnt * sizeof(struct bitmap_block);
	return bytes;
}

unsigned eg_bitmap_bits(const struct eg_bitmap *map)
{
	return map->bits;
}

uint32_t eg_bitmap_entries(const struct eg_bitmap *map)
{
	return atomic_load_explicit(&map->entries, memory_order_acquire);
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

/* The live word, or NULL where its block was never set. Pairs with the releases in eg_bitmap_apply
 * and eg_bitmap_grow. */
static _Atomic uint64_t *live_word(const struct eg_bitmap *map, uint32_t word)
{
	struct bitmap_index *index = atomic_load_explicit(&map->index, memory_order_acquire);
	struct bitmap_block *block =
	    atomic_load_explicit(&index->block[word / BLOCK_WORDS], memory_order_acquire);

	return block != NULL ? &block->word[word % BLOCK_WORDS] : NULL;
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

	if (idx >= eg_bitmap_entries(map))
		return ones;
	return (unsigned)(live_value(map, (uint32_t)(bit / WORD_BITS)) >> bit % WORD_BITS) & ones;
}

void eg_bitmap_prefetch(const struct eg_bitmap *map, uint32_t idx)
{
	if (idx < eg_bitmap_entries(map))
		__builtin_prefetch(live_word(map, (uint32_t)(first_bit(map, idx) / WORD_BITS)));
}

/* ── owner ── */

void eg_bitmap_apply(const struct eg_revoke_op *op)
{
	struct bitmap_index *index =
	    atomic_load_explicit(&op->word.map->index, memory_order_relaxed);
	_Atomic(struct bitmap_block *) *live = &index->block[op->word.word / BLOCK_WORDS];
	struct bitmap_block *block = op->word.fresh_block;
	_Atomic uint64_t *word;
	uint64_t old;

	if (block == NULL)
		block = atomic_load_explicit(live, memory_order_relaxed);
	word = &block->word[op->word.word % BLOCK_WORDS];
	old = atomic_load_explicit(word, memory_order_relaxed);
	atomic_store_explicit(
	    word, (old & ~op->word.mask) | (op->word.value & op->word.mask), memory_order_relaxed);
	if (op->word.fresh_block != NULL)
		/* Pairs with the acquire in live_word: who sees the block sees it zeroed. */
		atomic_store_explicit(live, block, memory_order_release);
}

void eg_bitmap_prefetch_op(const struct eg_revoke_op *op)
{
	const _Atomic uint64_t *word = live_word(op->word.map, op->word.word);

	if (word != NULL)
		__builtin_prefetch((const void *)word, 1);
}

/* ── control: memory ── */

/* As many blocks again as the list has already, up to a huge page's worth. */
static struct arena *add_arena(struct eg_bitmap *map)
{
	uint64_t has = eg_bitmap_memory(map) / sizeof(struct bitmap_block);
	uint32_t cnt = has < ARENA_BLOCKS_MAX ? (uint32_t)has : ARENA_BLOCKS_MAX;
	struct arena *arena = calloc(1, sizeof(*arena));

	if (arena == NULL)
		return NULL;
	arena->cnt = cnt != 0 ? cnt : 1;
	if (cnt == ARENA_BLOCKS_MAX) {
		arena->pages = eg_pages_alloc(EG_PAGES_HUGE_BYTES);
		arena->block = arena->pages.mem;
	} else {
		arena->block =
		    aligned_alloc(EG_CACHE_LINE_BYTES, arena->cnt * sizeof(*arena->block));
	}
	if (arena->block == NULL) {
		free(arena);
		return NULL;
	}
	arena->older = map->arena;
	map->arena = arena;
	return arena;
}

/* Memory for a block that is to be set; kept where another allocation of the same change fails. */
static int provide_block(struct eg_bitmap *map, uint32_t block, struct eg_error *err)
{
	struct bitmap_sent *sent = &map->sent[block];
	struct arena *arena = map->arena;

	if (sent->block != NULL)
		return 0;
	if (arena == NULL || arena->used_cnt == arena->cnt)
		arena = add_arena(map);
	if (arena == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for a block of a status list");
	sent->block = &arena->block[arena->used_cnt++];
	/* Faults the page in here, and not on a worker. */
	memset(sent->block, 0, sizeof(*sent->block));
	return 0;
}

/* A list that grows may move nothing that readers or owners hold: the old index stays until the
 * list goes. Each is at least twice the one before, so together they are small. */
static int enlarge_index(struct eg_bitmap *map, uint32_t blocks, struct eg_error *err)
{
	struct bitmap_index *old = atomic_load_explicit(&map->index, memory_order_relaxed);
	uint32_t cnt = blocks > 2 * map->block_cnt ? blocks : 2 * map->block_cnt;
	struct bitmap_index *index = new_index(cnt);
	struct bitmap_sent *sent = calloc(cnt, sizeof(*sent));

	if (index == NULL || sent == NULL) {
		free(index);
		free(sent);
		return eg_error_set(err, EG_ENOMEM, "no memory for a status list");
	}
	for (uint32_t i = 0; i < map->block_cnt; i++)
		atomic_init(
		    &index->block[i], atomic_load_explicit(&old->block[i], memory_order_relaxed));
	memcpy(sent, map->sent, map->block_cnt * sizeof(*sent));
	free(map->sent);
	map->sent = sent;
	map->block_cnt = cnt;
	index->older = old;
	/* Pairs with the acquire in live_word. */
	atomic_store_explicit(&map->index, index, memory_order_release);
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
	uint32_t blocks = blocks_of(entries, map->bits);
	int rc = 0;

	if (entries < eg_bitmap_entries(map) || entries > EG_REVOKE_ENTRIES_MAX)
		return eg_error_set(err, EG_EINVAL,
		    "%u entries: the status list has %u, and can grow to %u", entries,
		    eg_bitmap_entries(map), EG_REVOKE_ENTRIES_MAX);
	if (blocks > map->block_cnt) {
		settle(map, sink); /* a block on its way would go into the old index */
		rc = enlarge_index(map, blocks, err);
	}
	if (rc == 0)
		/* Pairs with the acquire in eg_bitmap_entries. */
		atomic_store_explicit(&map->entries, entries, memory_order_release);
	return rc;
}

/* ── control: changes ── */

/* A block that nobody has yet is control's own: it is filled in place and handed over once. */
static void fill_word(struct bitmap_block *block, uint32_t word, uint64_t mask, uint64_t value)
{
	_Atomic uint64_t *at = &block->word[word % BLOCK_WORDS];
	uint64_t old = atomic_load_explicit(at, memory_order_relaxed);

	atomic_store_explicit(at, (old & ~mask) | (value & mask), memory_order_relaxed);
}

static void send_op(struct eg_bitmap *map, uint32_t word, uint64_t mask, uint64_t value,
    const struct eg_revoke_sink *sink)
{
	uint32_t block = word / BLOCK_WORDS;
	struct bitmap_sent *sent = &map->sent[block];
	struct eg_revoke_op op = {
	    .kind = EG_REVOKE_OP_WORD,
	    .shard = (uint8_t)eg_shard_of_block(map->uri_crc, block),
	    .word = {.map = map,
	        .fresh_block = sent->handed_over ? NULL : sent->block,
	        .mask = mask,
	        .value = value,
	        .word = word},
	};

	sent->handed_over = true;
	sent->settle_cnt = map->settle_cnt;
	sink->put(sink->ctx, &op);
}

static void set_word(struct eg_bitmap *map, uint32_t word, uint64_t mask, uint64_t value,
    const struct eg_revoke_sink *sink)
{
	const struct bitmap_sent *sent = &map->sent[word / BLOCK_WORDS];

	if (sent->handed_over)
		send_op(map, word, mask, value, sink);
	else if (sent->block != NULL)
		fill_word(sent->block, word, mask, value);
}

/* The end of a change: blocks that it has made go to their owners. */
static void hand_over(struct eg_bitmap *map, uint32_t word_first, uint32_t word_last,
    const struct eg_revoke_sink *sink)
{
	for (uint32_t b = word_first / BLOCK_WORDS; b <= word_last / BLOCK_WORDS; b++)
		if (map->sent[b].block != NULL && !map->sent[b].handed_over)
			send_op(map, b * BLOCK_WORDS, 0, 0, sink);
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
	for (uint32_t b = word_first / BLOCK_WORDS; value != 0 && b <= word_last / BLOCK_WORDS; b++)
		if (provide_block(map, b, err) != 0)
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
	const struct bitmap_sent *sent = &map->sent[block];

	if (sent->handed_over && sent->settle_cnt == map->settle_cnt)
		settle(map, sink);
}

static int provide_blocks(struct eg_bitmap *map, const struct byte_range *range,
    uint32_t word_first, uint32_t word_last, struct eg_error *err)
{
	for (uint32_t w = word_first; w <= word_last; w++)
		if (wire_word(range, w) != 0 && provide_block(map, w / BLOCK_WORDS, err) != 0)
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
	if (provide_blocks(map, &range, word_first, word_last, err) != 0)
		return -EG_ENOMEM;
	send_bytes(map, &range, word_first, word_last, sink);
	return 0;
}
