/* SPDX-License-Identifier: BSD-3-Clause */
#include "impl.h"

#include <stdlib.h>

#define WORD_BITS   64u
#define BLOCK_WORDS (EG_SHARD_BLOCK_BITS / WORD_BITS)

struct bitmap_block {
	_Alignas(EG_CACHE_LINE_BYTES) _Atomic uint64_t word[BLOCK_WORDS];
	/* Operations applied: the owner release-stores it after the word, control acquire-loads. */
	_Atomic uint32_t applied_cnt;
};

/* Control's own view of a block. */
struct bitmap_sent {
	struct bitmap_block *block; /* NULL until some entry of it is to be set */
	uint32_t op_cnt;            /* 0: the block was not handed over yet */
};

struct eg_bitmap {
	uint32_t uri_crc;
	uint32_t entries;
	uint32_t blocks;
	uint8_t bits;
	struct bitmap_sent *sent;
	/* Owners release-store, readers acquire-load; NULL reads as all zero. */
	_Atomic(struct bitmap_block *) live[];
};

struct eg_bitmap *eg_bitmap_new(struct eg_span uri, unsigned bits, uint32_t entries)
{
	struct eg_bitmap *map;
	uint32_t words, blocks;

	if ((bits != 1 && bits != 2 && bits != 4 && bits != 8) || entries == 0 ||
	    entries > EG_REVOKE_ENTRIES_MAX)
		return NULL;
	words = (uint32_t)(((uint64_t)entries * bits + WORD_BITS - 1) / WORD_BITS);
	blocks = (words + BLOCK_WORDS - 1) / BLOCK_WORDS;
	map = calloc(1, sizeof(*map) + blocks * sizeof(map->live[0]));
	if (map == NULL)
		return NULL;
	map->sent = calloc(blocks, sizeof(map->sent[0]));
	if (map->sent == NULL) {
		free(map);
		return NULL;
	}
	map->uri_crc = eg_crc32c(uri);
	map->entries = entries;
	map->blocks = blocks;
	map->bits = (uint8_t)bits;
	return map;
}

void eg_bitmap_free(struct eg_bitmap *map)
{
	if (map == NULL)
		return;
	for (uint32_t i = 0; i < map->blocks; i++)
		free(map->sent[i].block);
	free(map->sent);
	free(map);
}

unsigned eg_bitmap_bits(const struct eg_bitmap *map)
{
	return map->bits;
}

uint32_t eg_bitmap_entries(const struct eg_bitmap *map)
{
	return map->entries;
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

/* The live word, or NULL where its block was never set. Pairs with the release in eg_bitmap_apply.
 */
static _Atomic uint64_t *live_word(const struct eg_bitmap *map, uint32_t word)
{
	struct bitmap_block *block =
	    atomic_load_explicit(&map->live[word / BLOCK_WORDS], memory_order_acquire);

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

	if (idx >= map->entries)
		return ones;
	return (unsigned)(live_value(map, (uint32_t)(bit / WORD_BITS)) >> bit % WORD_BITS) & ones;
}

void eg_bitmap_prefetch(const struct eg_bitmap *map, uint32_t idx)
{
	if (idx < map->entries)
		__builtin_prefetch(live_word(map, (uint32_t)(first_bit(map, idx) / WORD_BITS)));
}

/* ── owner ── */

void eg_bitmap_apply(const struct eg_revoke_op *op)
{
	_Atomic(struct bitmap_block *) *live = &op->word.map->live[op->word.word / BLOCK_WORDS];
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
	/* Pairs with the acquire in is_settled. */
	atomic_store_explicit(&block->applied_cnt,
	    atomic_load_explicit(&block->applied_cnt, memory_order_relaxed) + 1,
	    memory_order_release);
}

/* ── control ── */

/* Memory for a block that is to be set; kept where another allocation of the same change fails. */
static int provide_block(struct eg_bitmap *map, uint32_t block, struct eg_error *err)
{
	struct bitmap_sent *sent = &map->sent[block];

	if (sent->block != NULL)
		return 0;
	sent->block = aligned_alloc(EG_CACHE_LINE_BYTES, sizeof(*sent->block));
	if (sent->block == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for a block of a status list");
	memset(sent->block, 0, sizeof(*sent->block));
	return 0;
}

static void send_word(struct eg_bitmap *map, uint32_t word, uint64_t mask, uint64_t value,
    const struct eg_revoke_sink *sink)
{
	uint32_t block = word / BLOCK_WORDS;
	struct bitmap_sent *sent = &map->sent[block];
	struct eg_revoke_op op = {
	    .kind = EG_REVOKE_OP_WORD,
	    .shard = (uint8_t)eg_shard_of_block(map->uri_crc, block),
	    .word = {.map = map,
	        .fresh_block = sent->op_cnt == 0 ? sent->block : NULL,
	        .mask = mask,
	        .value = value,
	        .word = word},
	};

	sent->op_cnt++;
	sink->put(sink->ctx, &op);
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

	if (first > last || last >= map->entries || value >> map->bits != 0)
		return eg_error_set(err, EG_EINVAL,
		    "entries %u-%u, value %u: the status list has %u entries of %u bits", first,
		    last, value, map->entries, map->bits);
	for (uint32_t b = word_first / BLOCK_WORDS; value != 0 && b <= word_last / BLOCK_WORDS; b++)
		if (provide_block(map, b, err) != 0)
			return -EG_ENOMEM;
	for (uint32_t w = word_first; w <= word_last; w++)
		if (value != 0 || map->sent[w / BLOCK_WORDS].op_cnt != 0)
			send_word(map, w, mask_of_bits(w, bit_first, bit_last),
			    repeat(value, map->bits), sink);
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
	uint64_t value = 0;

	for (size_t i = 0; i < 8 && at + i < range->bytes.len; i++)
		value |= (uint64_t)range->bytes.ptr[at + i] << 8 * i;
	return value & mask_of_bits(word, range->first_byte * 8, range->bit_last);
}

/* Has the owner applied all that was sent for the block, so that its words are what was sent? */
static bool is_settled(const struct bitmap_sent *sent)
{
	/* Pairs with the release store in eg_bitmap_apply. */
	return sent->op_cnt == 0 || atomic_load_explicit(&sent->block->applied_cnt,
	                                memory_order_acquire) == sent->op_cnt;
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
	bool settled = false;

	for (uint32_t w = word_first; w <= word_last; w++) {
		uint64_t value = wire_word(range, w);

		/* Asked before the block's first word: this change sends each word once, so what
		 * it has on its way does not touch the words that are still to be compared. */
		if (w == word_first || w % BLOCK_WORDS == 0)
			settled = is_settled(&map->sent[w / BLOCK_WORDS]);
		if (!settled || value != live_value(map, w))
			send_word(map, w, mask_of_bits(w, range->first_byte * 8, range->bit_last),
			    value, sink);
	}
}

int eg_bitmap_set_bytes(struct eg_bitmap *map, uint64_t first_byte, struct eg_span bytes,
    const struct eg_revoke_sink *sink, struct eg_error *err)
{
	uint64_t list_bits = first_bit(map, map->entries - 1) + map->bits;
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
