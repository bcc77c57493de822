/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_pages.h"
#include "tag.h"

#include <stdlib.h>

#define WAYS         7u
#define ALL_WAYS     ((1u << WAYS) - 1)
#define SENDER_SETS  8u /* of one sender, in the table of forged tokens */
#define FORGED_SHARE 16u

_Static_assert(WAYS *SENDER_SETS == EG_VCACHE_FORGED_MAX, "as told");

struct set {
	_Alignas(64) uint64_t tag_lo[WAYS];
	uint8_t found;  /* a bit for each way: since the hand came by */
	uint8_t filled; /* ways that are in use, from the first */
	uint8_t hand;
	struct eg_vcache_entry entry[WAYS];
};

_Static_assert(offsetof(struct set, entry) == 64, "one line of tags");

struct eg_vcache {
	struct eg_tagger tagger;
	uint64_t senders; /* odd: spreads senders over the table in a way they do not know */
	struct eg_pages pages;
	struct set *verified, *forged;
	uint32_t verified_cnt; /* sets */
	uint32_t sender_cnt;   /* groups of SENDER_SETS sets */
};

static int allocate(struct eg_vcache *cache, uint64_t bytes, struct eg_error *err)
{
	const uint64_t sets = bytes / sizeof(struct set);
	const uint64_t share = sets / FORGED_SHARE / SENDER_SETS;

	if (bytes < EG_VCACHE_BYTES_MIN || sets > UINT32_MAX)
		return eg_error_set(err, EG_EINVAL, "verified cache: %llu bytes: not a size",
		    (unsigned long long)bytes);
	cache->pages = eg_pages_alloc(bytes);
	if (cache->pages.mem == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for a verified cache of %llu bytes",
		    (unsigned long long)bytes);
	cache->sender_cnt = share != 0 ? (uint32_t)share : 1;
	cache->verified_cnt = (uint32_t)sets - cache->sender_cnt * SENDER_SETS;
	cache->verified = cache->pages.mem;
	cache->forged = cache->verified + cache->verified_cnt;
	return 0;
}

struct eg_vcache *eg_vcache_new(
    uint64_t bytes, const struct eg_vcache_key *key, struct eg_error *err)
{
	struct eg_vcache *cache = aligned_alloc(_Alignof(struct eg_vcache), sizeof(*cache));

	if (cache == NULL) {
		(void)eg_error_set(err, EG_ENOMEM, "no memory for a verified cache");
		return NULL;
	}
	memset(cache, 0, sizeof(*cache));
	cache->senders = key->senders | 1;
	if (allocate(cache, bytes, err) == 0 && eg_tagger_init(&cache->tagger, key, err) == 0)
		return cache;
	eg_vcache_free(cache);
	return NULL;
}

void eg_vcache_free(struct eg_vcache *cache)
{
	if (cache == NULL)
		return;
	eg_tagger_free(&cache->tagger);
	eg_pages_free(&cache->pages);
	explicit_bzero(cache, sizeof(*cache));
	free(cache);
}

uint64_t eg_vcache_room(const struct eg_vcache *cache)
{
	return (uint64_t)cache->verified_cnt * WAYS;
}

bool eg_vcache_tag(struct eg_vcache *cache, const struct eg_vcache_domain *domain,
    struct eg_span token, struct eg_vcache_tag *tag)
{
	return eg_tagger_tag(&cache->tagger, domain, token, tag);
}

/* ── sets ── */

/* 0 … cnt - 1, as evenly as the upper half of `bits` is spread. */
static uint32_t scaled(uint64_t bits, uint32_t cnt)
{
	return (uint32_t)((bits >> 32) * cnt >> 32);
}

static struct set *verified_set(const struct eg_vcache *cache, struct eg_vcache_tag tag)
{
	return &cache->verified[scaled(tag.lo, cache->verified_cnt)];
}

static struct set *forged_set(
    const struct eg_vcache *cache, uint64_t sender, struct eg_vcache_tag tag)
{
	const uint32_t group = scaled((sender ^ sender >> 32) * cache->senders, cache->sender_cnt);

	return &cache->forged[(size_t)group * SENDER_SETS + tag.lo % SENDER_SETS];
}

/* A bit for each way whose half of the tag is this. */
static unsigned candidates(const struct set *set, struct eg_vcache_tag tag)
{
	unsigned ways = 0;

	for (unsigned way = 0; way < WAYS; way++)
		ways |= (unsigned)(set->tag_lo[way] == tag.lo) << way;
	return ways;
}

/* The way of this tag, or WAYS. */
static unsigned way_of(const struct set *set, struct eg_vcache_tag tag)
{
	for (unsigned ways = candidates(set, tag); ways != 0; ways &= ways - 1) {
		const unsigned way = (unsigned)__builtin_ctz(ways);

		if (set->entry[way].tag_hi == tag.hi &&
		    (set->entry[way].has & EG_VCACHE_IS_VALID) != 0)
			return way;
	}
	return WAYS;
}

static const struct eg_vcache_entry *find(struct set *set, struct eg_vcache_tag tag)
{
	const unsigned way = way_of(set, tag);

	if (way == WAYS)
		return NULL;
	if ((set->found >> way & 1) == 0) /* a line that is not written stays clean */
		set->found |= (uint8_t)(1u << way);
	return &set->entry[way];
}

/* The way that victim will choose, unless all have been found since. */
static unsigned next_victim(const struct set *set)
{
	const unsigned spared = set->found | (unsigned)set->found << WAYS;
	const unsigned from_hand = ~spared >> set->hand & ALL_WAYS;

	return (set->hand + (from_hand != 0 ? (unsigned)__builtin_ctz(from_hand) : 0)) % WAYS;
}

/* Second chance: the first way from the hand on that was not found since the hand passed it. */
static unsigned victim(struct set *set)
{
	for (;;) {
		const unsigned way = set->hand;

		set->hand = (uint8_t)((way + 1) % WAYS);
		if ((set->found >> way & 1) == 0)
			return way;
		set->found &= (uint8_t) ~(1u << way);
	}
}

static bool insert(struct set *set, struct eg_vcache_tag tag, const struct eg_vcache_entry *entry)
{
	unsigned way = way_of(set, tag);
	bool displaces = false;

	if (way == WAYS) {
		displaces = set->filled == WAYS;
		way = displaces ? victim(set) : set->filled++;
	}
	set->tag_lo[way] = tag.lo;
	set->entry[way] = *entry;
	set->entry[way].tag_hi = tag.hi;
	set->entry[way].has |= EG_VCACHE_IS_VALID;
	return displaces;
}

/* ── verified ── */

void eg_vcache_prefetch(const struct eg_vcache *cache, struct eg_vcache_tag tag)
{
	__builtin_prefetch(verified_set(cache, tag));
}

void eg_vcache_prefetch_entry(const struct eg_vcache *cache, struct eg_vcache_tag tag)
{
	const struct set *set = verified_set(cache, tag);
	const unsigned ways = candidates(set, tag);

	if (ways != 0) {
		const struct eg_vcache_entry *entry = &set->entry[__builtin_ctz(ways)];

		__builtin_prefetch(entry);
		__builtin_prefetch(&entry->sub);
	}
}

void eg_vcache_prefetch_insert(const struct eg_vcache *cache, struct eg_vcache_tag tag)
{
	const struct set *set = verified_set(cache, tag);
	const unsigned way = set->filled < WAYS ? set->filled : next_victim(set);

	__builtin_prefetch(&set->entry[way], 1);
	__builtin_prefetch(&set->entry[way].sub, 1);
}

const struct eg_vcache_entry *eg_vcache_find(struct eg_vcache *cache, struct eg_vcache_tag tag)
{
	return find(verified_set(cache, tag), tag);
}

bool eg_vcache_insert(
    struct eg_vcache *cache, struct eg_vcache_tag tag, const struct eg_vcache_entry *entry)
{
	return insert(verified_set(cache, tag), tag, entry);
}

/* ── forged ── */

const struct eg_vcache_entry *eg_vcache_find_forged(
    struct eg_vcache *cache, uint64_t sender, struct eg_vcache_tag tag)
{
	return find(forged_set(cache, sender, tag), tag);
}

bool eg_vcache_insert_forged(struct eg_vcache *cache, uint64_t sender, struct eg_vcache_tag tag,
    const struct eg_vcache_entry *entry)
{
	return insert(forged_set(cache, sender, tag), tag, entry);
}

/* ── both ── */

/* With another nonce for everything, what lies here is found by no tag; when the nonces have been
 * through, it is cleared. */
void eg_vcache_forget(struct eg_vcache *cache)
{
	if (++cache->tagger.salt == 0)
		memset(cache->pages.mem, 0, cache->pages.bytes);
}
