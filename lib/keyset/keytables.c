/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_keytables.h"
#include "eg_clock.h"
#include "eg_ed25519_budget.h"
#include "eg_log.h"
#include "table_builder.h"
#include "table_memory.h"

#include <assert.h>
#include <search.h>
#include <stdlib.h>

#define SAMPLE_NS      ((uint64_t)EG_NS_PER_S)
#define PUBLISH_NS     ((uint64_t)EG_NS_PER_S / 4) /* at most so often while more is being built */
#define HEAT_KEEP      7u                          /* of 8: half of it is gone after 5 s */
#define HEAT_PER_COUNT 1000u

/* A table of a key; more than one while sets that name the older ones are still read. */
struct held {
	struct held *next;
	struct eg_ed25519_table *table;
	uint32_t name_cnt; /* keys of attached sets that point at it */
};

struct slot {
	uint8_t public[EG_ED25519_PUBLIC_BYTES]; /* first: what the tree compares */
	uint32_t name_cnt;                       /* keys of attached sets; 0: the slot is free */
	uint32_t newest;                         /* the last set that named it */
	uint8_t point;
	uint8_t planned; /* width that it shall have */
	bool refused;    /* a table could not be built: not tried again */
	uint64_t counted, heat;
	struct held *current; /* what the next set names, or NULL */
	struct held *held;    /* all, current included */
};

struct eg_keytables {
	struct eg_keytables_config config;
	struct eg_table_builder *builder;
	struct eg_table_memory memory;
	void *tree; /* slots by public key (tsearch) */
	uint32_t set_cnt;
	uint32_t slot_end; /* no slot from here on was ever used */
	uint32_t tables;
	size_t table_bytes;
	bool plan_due;    /* the newest set is another than that of the plan */
	bool unpublished; /* tables that the newest set does not name */
	bool said_no_memory;
	uint64_t sampled_ns, published_ns;
	struct slot slot[EG_STATS_KEYS]; /* 0 is not used */
};

static int order_public(const void *a, const void *b)
{
	return memcmp(a, b, EG_ED25519_PUBLIC_BYTES);
}

/* ── what the run directory shows ── */

static void publish(eg_count_t *word, uint64_t value)
{
	atomic_store_explicit(word, value, memory_order_relaxed);
}

static bool is_served(const struct eg_keytables *kt, const struct slot *s)
{
	return s->name_cnt != 0 && s->newest == kt->set_cnt;
}

static unsigned width_of(const struct slot *s)
{
	return s->current != NULL ? s->current->table->window_bits : 0;
}

static void show(struct eg_keytables *kt, uint32_t i)
{
	struct eg_stats_key *row = &kt->config.stats->key[i];
	const struct slot *s = &kt->slot[i];
	enum eg_pages_kind pages = EG_PAGES_PLAIN;
	uint64_t words[4];

	if (s->current != NULL)
		pages = eg_table_pages(&kt->memory, s->current->table);
	memcpy(words, s->public, sizeof(words));
	for (int k = 0; k < 4; k++)
		publish(&row->public[k], words[k]);
	publish(&row->shape, EG_STATS_KEY_SHAPE(width_of(s), s->point, pages));
	publish(&row->heat, s->heat);
	publish(&row->used, is_served(kt, s));
}

static void show_bytes(struct eg_keytables *kt)
{
	publish(&kt->config.stats->header->table_bytes, kt->config.base_bytes + kt->table_bytes);
}

/* ── tables and who names them ── */

static void drop_unnamed(struct eg_keytables *kt, struct slot *s)
{
	struct held **at = &s->held;

	while (*at != NULL) {
		struct held *h = *at;

		if (h->name_cnt != 0 || h == s->current) {
			at = &h->next;
			continue;
		}
		*at = h->next;
		eg_table_give(&kt->memory, h->table);
		free(h);
	}
}

/* held NULL: none. The one of before stays for as long as a set names it. */
static void set_current(struct eg_keytables *kt, struct slot *s, struct held *held)
{
	if (s->current != NULL) {
		kt->table_bytes -= eg_ed25519_table_bytes(width_of(s));
		kt->tables--;
	}
	s->current = held;
	if (held != NULL) {
		kt->table_bytes += eg_ed25519_table_bytes(width_of(s));
		kt->tables++;
	}
	drop_unnamed(kt, s);
	kt->unpublished |= is_served(kt, s);
	show(kt, (uint32_t)(s - kt->slot));
	show_bytes(kt);
}

/* ── slots ── */

static uint32_t free_slot(const struct eg_keytables *kt)
{
	for (uint32_t i = 1; i < kt->slot_end; i++)
		if (kt->slot[i].name_cnt == 0)
			return i;
	return kt->slot_end < EG_STATS_KEYS ? kt->slot_end : EG_STATS_KEYLESS;
}

static uint32_t find_slot(const struct eg_keytables *kt, const uint8_t *public)
{
	struct slot *const *found = tfind(public, &kt->tree, order_public);

	return found != NULL ? (uint32_t)(*found - kt->slot) : EG_STATS_KEYLESS;
}

static uint32_t new_slot(struct eg_keytables *kt, const struct eg_ed25519_key *key)
{
	uint32_t i = free_slot(kt);
	struct slot *s = &kt->slot[i];

	if (i == EG_STATS_KEYLESS)
		return i;
	*s = (struct slot){.point = key->point};
	memcpy(s->public, key->bytes, sizeof(s->public));
	if (tsearch(s, &kt->tree, order_public) == NULL)
		return EG_STATS_KEYLESS;
	s->counted = eg_stats_key_signatures(kt->config.stats, i);
	publish(&kt->config.stats->key[i].first, s->counted);
	if (i == kt->slot_end)
		kt->slot_end++;
	return i;
}

static void release_slot(struct eg_keytables *kt, struct slot *s)
{
	set_current(kt, s, NULL);
	(void)tdelete(s, &kt->tree, order_public);
}

static void attach_key(struct eg_keytables *kt, struct eg_keyset *set, uint32_t key)
{
	const struct eg_ed25519_key *ed = &eg_keyset_key_at(set, key)->ed;
	uint32_t i = find_slot(kt, ed->bytes);
	struct slot *s;

	if (i == EG_STATS_KEYLESS)
		i = new_slot(kt, ed);
	if (i == EG_STATS_KEYLESS) {
		eg_keyset_bind(set, key, NULL, EG_STATS_KEYLESS);
		return;
	}
	s = &kt->slot[i];
	s->name_cnt++;
	s->newest = kt->set_cnt;
	if (s->current != NULL)
		s->current->name_cnt++;
	eg_keyset_bind(set, key, s->current != NULL ? s->current->table : NULL, i);
}

void eg_keytables_attach(struct eg_keytables *kt, struct eg_keyset *set)
{
	kt->set_cnt++;
	for (uint32_t key = 0; key < eg_keyset_key_cnt(set); key++)
		attach_key(kt, set, key);
	for (uint32_t i = 1; i < kt->slot_end; i++)
		show(kt, i);
	kt->plan_due = true;
	kt->unpublished = false;
}

static void detach_key(struct eg_keytables *kt, const struct eg_key *key)
{
	struct slot *s = &kt->slot[key->stats_slot];
	struct held *h = s->held;

	if (key->stats_slot == EG_STATS_KEYLESS)
		return;
	while (key->ed.table != NULL && h->table != key->ed.table)
		h = h->next;
	if (key->ed.table != NULL)
		h->name_cnt--;
	if (--s->name_cnt == 0)
		release_slot(kt, s);
	else
		drop_unnamed(kt, s);
}

void eg_keytables_detach(struct eg_keytables *kt, const struct eg_keyset *set)
{
	for (uint32_t key = 0; key < eg_keyset_key_cnt(set); key++)
		detach_key(kt, eg_keyset_key_at(set, key));
}

/* ── heat ── */

static void sample(struct eg_keytables *kt, uint64_t elapsed_ns)
{
	for (uint32_t i = 1; i < kt->slot_end; i++) {
		struct slot *s = &kt->slot[i];
		uint64_t counted, rate;

		if (s->name_cnt == 0)
			continue;
		counted = eg_stats_key_signatures(kt->config.stats, i);
		rate = (counted - s->counted) * HEAT_PER_COUNT * 1000000 / (elapsed_ns / 1000);
		s->counted = counted;
		s->heat = (s->heat * HEAT_KEEP + rate) / (HEAT_KEEP + 1);
		publish(&kt->config.stats->key[i].heat, s->heat);
	}
}

/* ── the plan ── */

static bool may_have_table(const struct eg_keytables *kt, const struct slot *s)
{
	return is_served(kt, s) && !s->refused;
}

static uint32_t list_shares(const struct eg_keytables *kt, struct eg_ed25519_share share[])
{
	uint32_t cnt = 0;

	for (uint32_t i = 1; i < kt->slot_end; i++) {
		const struct slot *s = &kt->slot[i];

		if (may_have_table(kt, s))
			share[cnt++] = (struct eg_ed25519_share){
			    .point = s->point, .heat = s->heat, .has_bits = (uint8_t)width_of(s)};
	}
	return cnt;
}

/* Tables that are planned no more go at once, others stay until the next one is built. */
static void put_in_force(struct eg_keytables *kt, const struct eg_ed25519_share share[])
{
	uint32_t k = 0;

	for (uint32_t i = 1; i < kt->slot_end; i++) {
		struct slot *s = &kt->slot[i];

		s->planned = may_have_table(kt, s) ? share[k++].window_bits : 0;
		if (s->planned == 0 && s->current != NULL)
			set_current(kt, s, NULL);
	}
}

static void plan(struct eg_keytables *kt)
{
	size_t base = kt->config.base_bytes, budget = kt->config.budget_bytes;
	struct eg_ed25519_share *share = calloc(kt->slot_end, sizeof(*share));
	uint32_t cnt;

	if (share == NULL)
		return; /* the plan of before stays; tried again in a second */
	cnt = list_shares(kt, share);
	if (eg_ed25519_budget(share, cnt, budget > base ? budget - base : 0, NULL) == 0) {
		put_in_force(kt, share);
		kt->plan_due = false;
	}
	free(share);
}

/* ── building ── */

static bool is_wanted(const struct eg_keytables *kt, const struct slot *s)
{
	return may_have_table(kt, s) && s->planned != 0 && s->planned != width_of(s);
}

/* What makes room goes first, then the hottest. */
static bool goes_before(const struct slot *a, const struct slot *b)
{
	bool a_shrinks = a->planned < width_of(a), b_shrinks = b->planned < width_of(b);

	return a_shrinks != b_shrinks ? a_shrinks : a->heat > b->heat;
}

static uint32_t next_wanted(const struct eg_keytables *kt)
{
	uint32_t best = EG_STATS_KEYLESS;

	for (uint32_t i = 1; i < kt->slot_end; i++)
		if (is_wanted(kt, &kt->slot[i]) &&
		    (best == EG_STATS_KEYLESS || goes_before(&kt->slot[i], &kt->slot[best])))
			best = i;
	return best;
}

static void note_no_memory(struct eg_keytables *kt)
{
	if (!kt->said_no_memory)
		eg_log(EG_LOG_WARNING,
		    "no memory for more Ed25519 tables: keys without one are verified, but slower");
	kt->said_no_memory = true;
}

/* True: a table is on its way. */
static bool ask_next(struct eg_keytables *kt)
{
	struct eg_table_job job = {.slot = next_wanted(kt)};
	uint32_t i = job.slot;

	if (!eg_table_builder_is_idle(kt->builder))
		return true;
	if (i == EG_STATS_KEYLESS)
		return false;
	memcpy(job.public, kt->slot[i].public, sizeof(job.public));
	job.window_bits = kt->slot[i].planned;
	job.table = eg_table_take(&kt->memory, job.window_bits);
	if (job.table == NULL) {
		note_no_memory(kt);
		return false;
	}
	eg_table_builder_ask(kt->builder, &job);
	return true;
}

static void adopt(struct eg_keytables *kt, struct slot *s, struct eg_ed25519_table *table)
{
	struct held *h = calloc(1, sizeof(*h));

	if (h == NULL) {
		note_no_memory(kt);
		eg_table_give(&kt->memory, table);
		return;
	}
	*h = (struct held){.next = s->held, .table = table};
	s->held = h;
	set_current(kt, s, h);
}

static void take_built(struct eg_keytables *kt)
{
	struct eg_table_job job;
	struct slot *s;

	if (!eg_table_builder_done(kt->builder, &job))
		return;
	s = &kt->slot[job.slot];
	if (job.rc == 0 && is_wanted(kt, s) && s->planned == job.window_bits &&
	    order_public(s->public, job.public) == 0) {
		adopt(kt, s, job.table);
		return;
	}
	eg_table_give(&kt->memory, job.table);
	if (job.rc == 0 || order_public(s->public, job.public) != 0)
		return;
	s->refused = true;
	eg_log(EG_LOG_ERROR, "a key goes without an Ed25519 table: %s", job.err.text);
}

bool eg_keytables_turn(struct eg_keytables *kt, uint64_t now_ns)
{
	uint64_t elapsed_ns = now_ns - kt->sampled_ns;
	bool more;

	take_built(kt);
	if (elapsed_ns >= SAMPLE_NS) {
		sample(kt, elapsed_ns);
		kt->sampled_ns = now_ns;
		kt->plan_due = true;
	}
	if (kt->plan_due)
		plan(kt);
	more = ask_next(kt);
	if (!kt->unpublished || (more && now_ns - kt->published_ns < PUBLISH_NS))
		return false;
	kt->published_ns = now_ns;
	return true;
}

/* ── life ── */

struct eg_keytables *eg_keytables_new(
    const struct eg_keytables_config *config, struct eg_error *err)
{
	struct eg_keytables *kt = calloc(1, sizeof(*kt));

	if (kt == NULL) {
		(void)eg_error_set(err, EG_ENOMEM, "no memory for the tables of keys");
		return NULL;
	}
	kt->config = *config;
	kt->slot_end = 1;
	kt->builder = eg_table_builder_start(config->build, config->with_thread, err);
	if (kt->builder == NULL) {
		free(kt);
		return NULL;
	}
	show_bytes(kt);
	return kt;
}

void eg_keytables_free(struct eg_keytables *kt)
{
	struct eg_table_job job;

	if (kt == NULL)
		return;
	if (eg_table_builder_stop(kt->builder, &job))
		eg_table_give(&kt->memory, job.table);
	for (uint32_t i = 1; i < kt->slot_end; i++) {
		struct slot *s = &kt->slot[i];

		for (struct held *h = s->held; h != NULL; h = h->next)
			h->name_cnt = 0;
		if (s->name_cnt != 0)
			release_slot(kt, s);
	}
	free(kt);
}

struct eg_keytables_summary eg_keytables_summary(const struct eg_keytables *kt)
{
	struct eg_keytables_summary sum = {
	    .tables = kt->tables,
	    .table_bytes = kt->config.base_bytes + kt->table_bytes,
	    .settled = next_wanted(kt) == EG_STATS_KEYLESS,
	};

	for (uint32_t i = 1; i < kt->slot_end; i++) {
		const struct slot *s = &kt->slot[i];

		sum.keys += is_served(kt, s);
		if (s->current != NULL)
			sum.on_pages[eg_table_pages(&kt->memory, s->current->table)]++;
	}
	return sum;
}
