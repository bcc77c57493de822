/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz_world.h"

#include <sodium.h>

#define LIST_ENTRIES 64u
#define LIST_STATED  2u   /* of the short list */
#define SAMPLE_BYTES 240u /* the longest message that is sampled */
#define STATE_AGE_S  10u
#define CORES        2u /* core 0 runs; core 1 applies at once what it is sent */

static const struct eg_hash_key hash_key = {
    {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

static const struct eg_vcache_key cache_key = {.mac = {1}, .cipher = {2}, .senders = 3};

/* ── made once ── */

static void make_keys(struct fuzz_world *w)
{
	static const char *const kids[FUZZ_KEYS] = {"k1", "k2", "old", "late"};

	for (unsigned i = 0; i < FUZZ_KEYS; i++) {
		uint8_t seed[crypto_sign_SEEDBYTES], public[crypto_sign_PUBLICKEYBYTES];

		memset(seed, (int)i + 1, sizeof(seed));
		(void)crypto_sign_seed_keypair(public, w->secret[i], seed);
		w->key[i] = (struct eg_key){.index = i,
		    .has_kid = true,
		    .kid = eg_span_str(kids[i]),
		    .revoked = i == FUZZ_OLD,
		    .not_before_s = i == FUZZ_LATE ? FUZZ_NOW_S + 1000 : 0,
		    .not_after_s = UINT64_MAX};
		FUZZ_CHECK(eg_ed25519_key_init(&w->key[i].ed, public, false, NULL) == 0);
	}
}

static void make_policies(struct fuzz_world *w)
{
	for (unsigned id = 1; id <= FUZZ_POLICIES; id++) {
		struct eg_policy *policy = &w->policy[id - 1];
		const char *iss = id == FUZZ_NO_KEYS ? "https://other.example" : FUZZ_ISS;

		eg_policy_init(policy, id);
		FUZZ_CHECK(eg_policy_add_issuer(policy, eg_span_str(iss), NULL) == 0);
		FUZZ_CHECK(
		    eg_policy_add_issuer(policy, eg_span_str("https://cut.example"), NULL) == 0);
		if (id != FUZZ_ANY_AUDIENCE)
			FUZZ_CHECK(
			    eg_policy_add_audience(policy, eg_span_str(FUZZ_AUD), NULL) == 0);
	}
	w->policy[FUZZ_STRICT - 1].order = EG_ORDER_STRICT;
	w->policy[FUZZ_STATUS_REQUIRED - 1].status = EG_STATUS_REQUIRED;
	w->policy[FUZZ_STATUS_IGNORED - 1].status = EG_STATUS_IGNORE;
	w->policy[FUZZ_CNF_REFUSED - 1].cnf = EG_CNF_REFUSE;
	w->policy[FUZZ_CNF_REQUIRED - 1].cnf = EG_CNF_REQUIRE;
	w->policy[FUZZ_CLIENT_CACHE - 1].client_cache_s = 60;
	w->policy[FUZZ_MAX_AGE - 1].max_age_s = 100;
	w->policy[FUZZ_MAX_LIFETIME - 1].max_lifetime_s = 500;
	w->policy[FUZZ_EXP_OPTIONAL - 1].exp_optional = true;
	w->policy[FUZZ_EXP_OPTIONAL - 1].client_cache_s = 60;
	w->policy[FUZZ_TYP_REQUIRED - 1].typ_required = true;
	w->policy[FUZZ_ANY_AUDIENCE - 1].any_audience = true;
	w->policy[FUZZ_ANY_AUDIENCE - 1].skew_s = 30;
	w->policy[FUZZ_SHORT - 1].max_token_bytes = 400;
	w->policy[FUZZ_LONG - 1].max_token_bytes = 9000;
	w->policy[FUZZ_FRESH_STRICT - 1].max_state_age_s = STATE_AGE_S - 1;
	w->policy[FUZZ_FRESH_STRICT - 1].freshness = EG_FRESH_STRICT;
	w->policy[FUZZ_FRESH_BOUNDED - 1].max_state_age_s = STATE_AGE_S - 1;
	w->policy[FUZZ_FRESH_BOUNDED - 1].freshness = EG_FRESH_BOUNDED;
	w->policy[FUZZ_FRESH_ENOUGH - 1].max_state_age_s = 6 * STATE_AGE_S;
	w->policy[FUZZ_FRESH_ENOUGH - 1].client_cache_s = 60;
	FUZZ_CHECK(eg_policy_str_set(&w->policy[FUZZ_ASSERTION - 1].implicit_assertion,
	               eg_span_str("assertion"), "it", NULL) == 0);
	for (unsigned i = 0; i < FUZZ_POLICIES; i++)
		FUZZ_CHECK(eg_policy_check(&w->policy[i], NULL) == 0);
}

static void add_list(struct fuzz_world *w, struct eg_snapshot *snap, uint32_t slot, const char *uri,
    uint64_t exp_s, uint64_t ttl_end_s)
{
	struct eg_list list = {.issuer_slot = slot,
	    .uri = eg_span_str(uri),
	    .map = w->bitmap,
	    .stated = strcmp(uri, "urn:short") == 0 ? LIST_STATED : 0,
	    .exp_s = exp_s,
	    .ttl_end_s = ttl_end_s};

	FUZZ_CHECK(eg_snapshot_add_list(snap, &list, NULL) == 0);
}

static struct eg_snapshot *make_snapshot(struct fuzz_world *w)
{
	struct eg_snapshot *snap = eg_snapshot_new(&hash_key);
	struct eg_key lone = w->key[FUZZ_K1];
	uint32_t slot, cut;

	FUZZ_CHECK(snap != NULL);
	snap->epoch = FUZZ_EPOCH;
	snap->newest_event_s = FUZZ_NOW_S;
	FUZZ_CHECK(eg_keyset_add_issuer(snap->keys, eg_span_str(FUZZ_ISS), &slot, NULL) == 0);
	for (unsigned i = 0; i < FUZZ_KEYS; i++)
		FUZZ_CHECK(eg_keyset_add_key(snap->keys, slot, &w->key[i], NULL) == 0);
	FUZZ_CHECK(
	    eg_keyset_add_issuer(snap->keys, eg_span_str("https://cut.example"), &cut, NULL) == 0);
	lone.has_kid = false;
	FUZZ_CHECK(eg_keyset_add_key(snap->keys, cut, &lone, NULL) == 0);
	for (unsigned i = 0; i < FUZZ_POLICIES; i++)
		FUZZ_CHECK(eg_snapshot_add_policy(snap, &w->policy[i], NULL) == 0);
	add_list(w, snap, slot, FUZZ_LIST, 0, 0);
	add_list(w, snap, slot, "urn:exp", FUZZ_NOW_S - 1, 0);
	add_list(w, snap, slot, "urn:ttl", FUZZ_NOW_S + 50, FUZZ_NOW_S - 1);
	add_list(w, snap, slot, "urn:live", FUZZ_NOW_S + 50, FUZZ_NOW_S + 20);
	add_list(w, snap, slot, "urn:short", 0, 0);
	add_list(w, snap, cut, "urn:cut", 0, 0);
	FUZZ_CHECK(eg_snapshot_seal(snap, FUZZ_DEFAULT, NULL) == 0);
	return snap;
}

static void make_bitmap(struct fuzz_world *w, struct eg_revoke *revoke)
{
	const struct eg_revoke_sink sink = eg_revoke_direct_sink(revoke);

	w->bitmap = eg_bitmap_new(eg_span_str(FUZZ_LIST), 2, LIST_ENTRIES);
	FUZZ_CHECK(w->bitmap != NULL);
	for (unsigned value = 1; value <= 3; value++)
		FUZZ_CHECK(eg_bitmap_set_range(w->bitmap, value, value, value, &sink, NULL) == 0);
}

struct fuzz_world *fuzz_world(void)
{
	static struct fuzz_world *w;
	struct eg_revoke *revoke;

	if (w != NULL)
		return w;
	FUZZ_CHECK(sodium_init() >= 0);
	w = aligned_alloc(EG_CACHE_LINE_BYTES, sizeof(*w));
	FUZZ_CHECK(w != NULL);
	memset(w, 0, sizeof(*w));
	make_keys(w);
	make_policies(w);
	revoke = eg_revoke_new();
	FUZZ_CHECK(revoke != NULL);
	make_bitmap(w, revoke);
	eg_revoke_free(revoke);
	w->snapshot = make_snapshot(w);
	FUZZ_CHECK(eg_stats_create(&w->stats, NULL, CORES, 0, NULL) == 0);
	w->mem =
	    aligned_alloc(EG_CACHE_LINE_BYTES, (eg_pipeline_footprint() + EG_CACHE_LINE_BYTES - 1) /
	                                           EG_CACHE_LINE_BYTES * EG_CACHE_LINE_BYTES);
	w->samples = aligned_alloc(EG_CACHE_LINE_BYTES, eg_sample_ring_footprint(SAMPLE_BYTES));
	w->vcache = eg_vcache_new(EG_VCACHE_BYTES_MIN, &cache_key, NULL);
	FUZZ_CHECK(w->mem != NULL && w->samples != NULL && w->vcache != NULL);
	return w;
}

/* ── a run ── */

static const struct eg_netif netif_template = {
    .mac = {2, 0, 0, 0, 0, 1},
    .vlan_id = 100,
    .service_vlan_id = 200,
    .base_port = EG_EGT_PORT,
    .ip4_cnt = 1,
    .ip4 = {{.addr = {10, 0, 0, 1}, .prefix_bits = 24}},
    .ip6_cnt = 1,
    .ip6 = {{.addr = {0xfd, [15] = 1}, .prefix_bits = 64}},
};

static void deny(struct fuzz_world *w, unsigned slot, enum eg_revoke_kind kind, const char *value,
    uint64_t until_s, const struct eg_revoke_sink *sink)
{
	const struct eg_issuer *issuer = eg_keyset_issuer(w->snapshot->keys, slot);

	FUZZ_CHECK(eg_revoke_set_entry(w->revoke,
	               eg_revoke_hash(&issuer->hash_key, kind, eg_span_str(value)), kind, until_s,
	               sink, NULL) == 0);
}

static void make_revocations(struct fuzz_world *w)
{
	struct eg_revoke_sink direct;

	w->revoke = eg_revoke_new();
	FUZZ_CHECK(w->revoke != NULL);
	direct = eg_revoke_direct_sink(w->revoke);
	deny(w, 0, EG_REVOKE_JTI, "denied", FUZZ_NOW_S + 1000, &direct);
	deny(w, 0, EG_REVOKE_CTI, "denied", FUZZ_NOW_S + 1000, &direct);
	deny(w, 0, EG_REVOKE_SID, "denied", FUZZ_NOW_S + 1000, &direct);
	deny(w, 0, EG_REVOKE_JKT, "denied", FUZZ_NOW_S + 1000, &direct);
	deny(w, 0, EG_REVOKE_SUBJECT, "cut", FUZZ_NOW_S - 10, &direct);
	deny(w, 1, EG_REVOKE_ISSUER, "", FUZZ_NOW_S - 10, &direct);
}

/* libsodium, with as many lanes as a run asks for, so that the queue fills in every way. */
static const struct eg_ed25519_impl *engine(unsigned lanes)
{
	static struct eg_ed25519_impl impl;
	const struct eg_ed25519_impl *sodium = eg_ed25519_select("sodium", NULL);

	FUZZ_CHECK(sodium != NULL);
	impl = *sodium;
	impl.lanes = lanes;
	return &impl;
}

void fuzz_world_start(struct fuzz_world *w, const struct fuzz_setup *setup)
{
	struct eg_pipeline_config config = {
	    .worker_cnt = CORES,
	    .max_datagram_bytes =
	        setup->datagram_max != 0 ? setup->datagram_max : EG_EGT_DATAGRAM_MAX,
	    .signature_deadline_ns = setup->deadline_ns,
	    .netif = &w->netif,
	    .ed25519 = engine(setup->lanes != 0 ? setup->lanes : 1),
	    .stats = &w->stats,
	    .vcache = setup->cached ? w->vcache : NULL,
	    .utc = &w->utc,
	    .mailbox = &w->box,
	    .snapshot = setup->no_snapshot ? NULL : w->snapshot,
	    .epoch = FUZZ_EPOCH,
	    .version = "fuzz",
	};

	w->now_ns = 1000000000;
	eg_utc_init(
	    &w->utc, w->now_ns, (int64_t)(FUZZ_NOW_S - (setup->not_ready ? 1 : 0)) * EG_NS_PER_S);
	w->netif = netif_template;
	w->netif.tagged = setup->tagged;
	w->netif.qinq = setup->tagged && setup->qinq;
	w->netif.tx_ip_cksum = setup->offload;
	w->netif.tx_udp_cksum = setup->offload;
	make_revocations(w);
	for (unsigned i = 0; i < 256; i++) /* which leaves it as it was made */
		eg_vcache_forget(w->vcache);
	config.revoke = w->revoke;
	if (setup->sampled) {
		config.samples = eg_sample_ring_init(w->samples, SAMPLE_BYTES);
		config.sample_every = 1;
	}
	atomic_store(
	    &w->stats.header->state_read_utc_s, FUZZ_NOW_S - (setup->not_ready ? 0 : STATE_AGE_S));
	eg_mailbox_init(&w->box);
	memset(w->stats.core, 0, CORES * sizeof(*w->stats.core));
	atomic_store(&w->stats.core[1].applied_epoch, FUZZ_EPOCH);
	w->rx_cnt = 0;
	w->lent_cnt = 0;
	w->delivered = 0;
	w->pipeline = eg_pipeline_init(w->mem, &config);
}

void fuzz_world_stop(struct fuzz_world *w)
{
	fuzz_world_turn(w, UINT32_MAX);
	if (eg_pipeline_in_flight(w->pipeline) != 0)
		fuzz_world_turn(w, UINT32_MAX);
	FUZZ_CHECK(eg_pipeline_in_flight(w->pipeline) == 0);
	for (unsigned i = 0; i < w->lent_cnt; i++)
		FUZZ_CHECK(!w->lent[i].is_out && w->lent[i].mem == NULL);
	eg_revoke_free(w->revoke);
	w->revoke = NULL;
}

void fuzz_world_deliver(
    struct fuzz_world *w, struct eg_span bytes, uint32_t flags, uint32_t room, size_t shift)
{
	struct fuzz_lent *lent;

	if (w->rx_cnt == EG_BURST_MAX)
		fuzz_world_turn(w, UINT32_MAX);
	if (w->lent_cnt == FUZZ_LENT_MAX)
		return;
	lent = &w->lent[w->lent_cnt];
	*lent = (struct fuzz_lent){.asked = fuzz_copy(bytes, 0),
	    .asked_flags = flags,
	    .mem = malloc(shift + bytes.len + room),
	    .is_out = true,
	    .data_off = (uint32_t)shift};
	FUZZ_CHECK(lent->mem != NULL || shift + bytes.len + room == 0);
	if (bytes.len != 0)
		memcpy(lent->mem + shift, bytes.ptr, bytes.len);
	w->rx[w->rx_cnt++] = (struct eg_packet){.data = lent->mem + shift,
	    .len = (uint32_t)bytes.len,
	    .room = (uint32_t)bytes.len + room,
	    .flags = flags,
	    .handle = lent};
	w->lent_cnt++;
	w->delivered++;
}

static void give_back(struct fuzz_lent *lent)
{
	FUZZ_CHECK(lent->is_out);
	lent->is_out = false;
	fuzz_copy_free(&lent->asked);
	free(lent->mem);
	lent->mem = NULL;
}

/* An advertisement may be up to 8 bytes longer than its solicitation, where there is room. */
static void check_answer(const struct eg_packet *pkt)
{
	const struct fuzz_lent *lent = pkt->handle;
	uint32_t grows = pkt->answer == EG_ANSWER_answered_nd ? 8 : 0;

	FUZZ_CHECK(pkt->len <= lent->asked.span.len + grows);
	FUZZ_CHECK(pkt->data >= lent->mem + lent->data_off);
	FUZZ_CHECK(pkt->len <= pkt->room);
	FUZZ_CHECK(pkt->answer < EG_ANSWER_COUNT);
}

static uint64_t sum(const eg_count_t words[], unsigned cnt)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < cnt; i++)
		total += eg_count_read(&words[i]);
	return total;
}

static void check_balance(const struct fuzz_world *w)
{
	const struct eg_core_stats *stats = w->stats.core;
	const unsigned in_flight = eg_pipeline_in_flight(w->pipeline);
	const uint64_t answers = sum(stats->answer, EG_ANSWER_COUNT);
	const uint64_t drops = sum(stats->drop, EG_DROP_COUNT);
	const uint64_t verdicts = sum(stats->verdict, EG_VERDICT_SLOTS);
	const uint64_t records = eg_count_read(&stats->counter[EG_COUNTER_records]);

	FUZZ_CHECK(eg_count_read(&stats->counter[EG_COUNTER_rx_packets]) == w->delivered);
	FUZZ_CHECK(w->delivered == answers + drops + in_flight);
	FUZZ_CHECK(eg_count_read(&stats->counter[EG_COUNTER_tx_packets]) == answers);
	FUZZ_CHECK(verdicts <= records && (in_flight != 0 || verdicts == records));
	FUZZ_CHECK(eg_count_read(&stats->verdict[EG_VERDICT_NONE]) == 0);
}

void fuzz_world_turn(struct fuzz_world *w, unsigned tx_max)
{
	const unsigned cnt = w->rx_cnt;
	unsigned sent;

	w->rx_cnt = 0;
	eg_pipeline_run(w->pipeline, w->rx, cnt, w->now_ns, &w->out);
	FUZZ_CHECK(cnt != 0 || eg_pipeline_in_flight(w->pipeline) == 0);
	sent = w->out.tx_cnt < tx_max ? w->out.tx_cnt : tx_max;
	eg_pipeline_sent(w->pipeline, &w->out, sent);
	for (unsigned i = 0; i < w->out.tx_cnt; i++) {
		struct fuzz_lent *lent = w->out.tx[i].handle;

		check_answer(&w->out.tx[i]);
		if (w->answered != NULL)
			w->answered(w->ctx, &w->out.tx[i], lent);
		give_back(lent);
	}
	for (unsigned i = 0; i < w->out.drop_cnt; i++)
		give_back(w->out.drop[i].handle);
	check_balance(w);
}

void fuzz_world_mail(struct fuzz_world *w, const struct eg_mail *mail)
{
	FUZZ_CHECK(eg_mailbox_put(&w->box, mail));
}

void fuzz_world_fall_back(struct fuzz_world *w)
{
	const struct eg_mail mail = {
	    .kind = EG_MAIL_ENGINE, .engine = eg_ed25519_select("sodium", NULL)};

	fuzz_world_mail(w, &mail);
}

static void mail_op(void *ctx, const struct eg_revoke_op *op)
{
	struct fuzz_world *w = ctx;

	if (eg_shard_owner(op->shard, CORES) != 0)
		eg_revoke_apply(w->revoke, op);
	else
		fuzz_world_mail(w, &(struct eg_mail){.kind = EG_MAIL_OP, .op = *op});
}

static void await_mail(void *ctx)
{
	struct fuzz_world *w = ctx;

	while (!eg_mailbox_is_empty(&w->box))
		fuzz_world_turn(w, UINT32_MAX);
}

void fuzz_world_deny(struct fuzz_world *w, struct eg_span jti, uint64_t epoch)
{
	const struct eg_issuer *issuer = eg_keyset_issuer(w->snapshot->keys, 0);
	const struct eg_hash128 hash = eg_revoke_hash(&issuer->hash_key, EG_REVOKE_JTI, jti);
	const struct eg_revoke_sink by_mail = {w, mail_op, await_mail};

	FUZZ_CHECK(eg_revoke_set_entry(
	               w->revoke, hash, EG_REVOKE_JTI, FUZZ_NOW_S + 5000, &by_mail, NULL) == 0);
	fuzz_world_mail(w, &(struct eg_mail){.kind = EG_MAIL_EPOCH, .epoch = epoch});
	atomic_store(&w->stats.core[1].applied_epoch, epoch);
}
