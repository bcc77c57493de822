/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The batch's stage of the verified cache. A hit skips decoding and the signature and nothing else:
 * its answer is the one that the long way would give, with CACHED where that says SIG_CHECKED.
 */
#include "impl.h"

/* ── tags ── */

/* A token that S1 refuses by its length is not worth a tag. */
static bool is_wanted(const struct eg_pipeline *p, unsigned slot)
{
	const struct eg_batch *b = &p->batch;

	return (b->ref[slot].frame->flags & EG_EGT_NO_CACHE) == 0 &&
	       b->record[slot].token.len <= b->policy[slot]->max_token_bytes;
}

static bool make_tag(struct eg_pipeline *p, unsigned slot)
{
	const struct eg_batch *b = &p->batch;
	const struct eg_vcache_domain domain = {
	    .policy_id = b->policy[slot]->id,
	    .policy_generation = b->policy[slot]->generation,
	    .store_generation = (uint16_t)EG_EPOCH_GENERATION(p->snapshot->epoch),
	    .fmt = b->record[slot].fmt,
	};

	return eg_vcache_tag(
	    p->config.vcache, &domain, b->record[slot].token, &p->lookups.tag[slot]);
}

/* Tags of all, then what they lead to, one loop after the other: a prefetch that waits for its page
 * walk holds back what is behind it, and those in a row wait together. */
static void make_tags(struct eg_pipeline *p)
{
	const struct eg_batch *b = &p->batch;
	struct eg_lookups *l = &p->lookups;

	for (unsigned n = 0; n < b->live_cnt; n++) {
		const unsigned slot = b->live[n];

		l->is_tagged[slot] = is_wanted(p, slot) && make_tag(p, slot);
	}
	for (unsigned n = 0; n < b->live_cnt; n++)
		if (l->is_tagged[b->live[n]])
			eg_vcache_prefetch(p->config.vcache, l->tag[b->live[n]]);
	for (unsigned n = 0; n < b->live_cnt; n++)
		if (l->is_tagged[b->live[n]])
			eg_vcache_prefetch_entry(p->config.vcache, l->tag[b->live[n]]);
}

/* ── what an entry says, by the snapshot in force ── */

/* S6 again: the same key of the same issuer, and without a kid still its only one. */
static bool find_key(const struct eg_pipeline *p, struct eg_case *c)
{
	const struct eg_vcache_entry *token = c->token;
	const struct eg_keyset *keys = p->snapshot->keys;
	const struct eg_issuer *issuer;

	if (token->issuer_slot >= eg_keyset_issuer_cnt(keys))
		return false;
	issuer = eg_keyset_issuer(keys, token->issuer_slot);
	if (token->key_slot >= issuer->key_cnt ||
	    (!(token->has & EG_VCACHE_HAS_KID) && issuer->key_cnt != 1))
		return false;
	c->key = eg_keyset_key(keys, issuer, token->key_slot);
	return c->key->index == token->key_index && c->key->generation == token->key_generation;
}

/* The list that the token names, NULL where it names none. False: it is elsewhere, or gone. */
static bool find_list(
    const struct eg_pipeline *p, const struct eg_vcache_entry *token, const struct eg_list **list)
{
	*list = NULL;
	if (!(token->has & EG_VCACHE_HAS_LIST))
		return true;
	if (token->list_slot >= p->snapshot->list_cnt)
		return false;
	*list = &p->snapshot->list[token->list_slot];
	return (*list)->mark == token->list_mark;
}

static struct eg_finding check_times(const struct eg_pipeline *p, const struct eg_case *c)
{
	const struct eg_vcache_entry *token = c->token;
	struct eg_token_times times = {0, token->exp_s, token->nbf_s, token->iat_s};

	if (token->has & EG_VCACHE_HAS_EXP)
		times.has |= EG_HAS_EXP;
	if (token->has & EG_VCACHE_HAS_NBF)
		times.has |= EG_HAS_NBF;
	if (token->has & EG_VCACHE_HAS_IAT)
		times.has |= EG_HAS_IAT;
	return eg_claims_check_times(&times, c->policy, p->now_s);
}

/* ── look-up ── */

static void begin_case(const struct eg_pipeline *p, unsigned slot,
    const struct eg_vcache_entry *token, struct eg_case *c)
{
	c->ref = p->batch.ref[slot];
	c->policy = p->batch.policy[slot];
	c->answer = p->batch.answer[slot];
	c->token = token;
	c->answer.exp = eg_saturated_exp(token->has & EG_VCACHE_HAS_EXP, token->exp_s);
	if (token->has & EG_VCACHE_HAS_CNF)
		c->answer.rflags |= EG_RFLAG_CNF_PRESENT;
}

/* S7, and what the signature was, in the order that was asked for. What passes waits in hit[] for
 * its words of revocation. */
static void judge(struct eg_pipeline *p, struct eg_case *c, const struct eg_list *list, bool forged)
{
	const bool strict = eg_is_strict(c->policy, c->ref.frame);
	const struct eg_finding found = check_times(p, c);

	if (!strict && found.status != EG_OK) {
		eg_case_refuse(p, c, found);
		return;
	}
	c->answer.rflags |= EG_RFLAG_CACHED;
	eg_case_set_list(p, c, list, list != NULL);
	if (forged) {
		eg_case_refuse(p, c, eg_finding(EG_BAD_SIGNATURE, EG_DETAIL_NONE));
	} else if (found.status != EG_OK) {
		eg_case_refuse(p, c, found);
	} else {
		p->lookups.hit_cnt++;
	}
}

/* True: it was there, and is settled or waits in hit[]. */
static bool look_up(struct eg_pipeline *p, unsigned slot)
{
	struct eg_lookups *l = &p->lookups;
	struct eg_case *c = &l->hit[l->hit_cnt];
	const struct eg_vcache_entry *token = eg_vcache_find(p->config.vcache, l->tag[slot]);
	const bool forged = token == NULL;
	const struct eg_list *list;

	if (forged)
		token = eg_vcache_find_forged(
		    p->config.vcache, p->batch.ref[slot].frame->sender, l->tag[slot]);
	if (token == NULL)
		return false;
	begin_case(p, slot, token, c);
	if (!find_key(p, c) || !find_list(p, token, &list)) {
		eg_pipeline_count(p, EG_COUNTER_cache_stale, 1);
		return false;
	}
	eg_pipeline_count(p, forged ? EG_COUNTER_cache_negative_hits : EG_COUNTER_cache_hits, 1);
	judge(p, c, list, forged);
	return true;
}

static void look_up_all(struct eg_pipeline *p)
{
	struct eg_batch *b = &p->batch;
	unsigned kept = 0, missed = 0;

	for (unsigned n = 0; n < b->live_cnt; n++) {
		const unsigned slot = b->live[n];
		const bool tagged = p->lookups.is_tagged[slot];

		if (tagged && look_up(p, slot))
			continue;
		missed += tagged;
		b->live[kept++] = (uint8_t)slot;
	}
	b->live_cnt = kept;
	eg_pipeline_count(p, EG_COUNTER_cache_misses, missed);
}

void eg_lookup_batch(struct eg_pipeline *p)
{
	struct eg_lookups *l = &p->lookups;
	struct eg_case_lines lines;

	if (p->config.vcache == NULL)
		return;
	l->hit_cnt = 0;
	make_tags(p);
	look_up_all(p);
	lines.cnt = 0;
	for (unsigned i = 0; i < l->hit_cnt; i++)
		eg_case_add_lines(p, &l->hit[i], &lines);
	eg_case_prefetch(&lines);
	for (unsigned i = 0; i < l->hit_cnt; i++)
		(void)eg_case_settle(p, &l->hit[i]);
}

/* ── keeping ── */

void eg_lookup_expect(const struct eg_pipeline *p, const struct eg_pending *e)
{
	if (e->is_cacheable)
		eg_vcache_prefetch(p->config.vcache, e->tag);
}

void eg_lookup_expect_entry(const struct eg_pipeline *p, const struct eg_pending *e)
{
	if (e->is_cacheable)
		eg_vcache_prefetch_insert(p->config.vcache, e->tag);
}

/* A forged token only where every rule before the signature has passed: what refused it under
 * strict order is not in the entry, and would come first under the other. */
void eg_lookup_keep(struct eg_pipeline *p, const struct eg_pending *e, enum eg_verdict status)
{
	struct eg_vcache *vcache = p->config.vcache;
	bool evicts;

	if (!e->is_cacheable || e->deferred.status != EG_OK)
		return;
	if (status == EG_OK) {
		evicts = eg_vcache_insert(vcache, e->tag, &e->token);
		eg_pipeline_count(p, EG_COUNTER_cache_inserts, 1);
	} else if (status == EG_BAD_SIGNATURE) {
		evicts = eg_vcache_insert_forged(vcache, e->sender, e->tag, &e->token);
		eg_pipeline_count(p, EG_COUNTER_cache_negative_inserts, 1);
	} else {
		return;
	}
	eg_pipeline_count(p, EG_COUNTER_cache_evictions, evicts);
}
