/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_test.h"

#include "world.h"

#include "eg_base64url.h"

#include <sodium.h>

static const struct eg_hash_key hash_key = {
    {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

static const struct eg_vcache_key cache_key = {.mac = {1}, .cipher = {2}, .senders = 3};

static const struct eg_netif netif = {
    .mac = {2, 0, 0, 0, 0, 1},
    .base_port = EG_EGT_PORT,
    .ip4_cnt = 1,
    .ip4 = {{.addr = {10, 0, 0, 1}, .prefix_bits = 24}},
};

/* ── building ── */

static void make_keys(struct world *w)
{
	for (unsigned i = 0; i < WORLD_SECRETS; i++) {
		uint8_t seed[crypto_sign_SEEDBYTES], public[crypto_sign_PUBLICKEYBYTES];
		struct eg_key *key = &w->key[i];

		memset(seed, (int)i + 1, sizeof(seed));
		assert_int_equal(crypto_sign_seed_keypair(public, w->secret[i], seed), 0);
		if (i >= WORLD_KEYS)
			continue;
		assert_int_equal(eg_ed25519_key_init(&key->ed, public, false, NULL), 0);
		key->index = i;
		key->has_kid = true;
		key->kid = eg_span_str(i == 0 ? "k1" : "k2");
		key->not_after_s = UINT64_MAX;
	}
}

static void make_policies(struct world *w)
{
	for (unsigned i = 0; i < WORLD_POLICIES; i++) {
		struct eg_policy *policy = &w->policy[i];
		const char *iss = i + 1 == WORLD_NO_KEYS ? "https://other.example" : WORLD_ISS;

		eg_policy_init(policy, i + 1);
		assert_int_equal(eg_policy_add_issuer(policy, eg_span_str(iss), NULL), 0);
		assert_int_equal(eg_policy_add_audience(policy, eg_span_str(WORLD_AUD), NULL), 0);
	}
	w->policy[WORLD_STRICT - 1].order = EG_ORDER_STRICT;
	w->policy[WORLD_STATUS_REQUIRED - 1].status = EG_STATUS_REQUIRED;
	w->policy[WORLD_STATUS_IGNORED - 1].status = EG_STATUS_IGNORE;
	w->policy[WORLD_CNF_REFUSED - 1].cnf = EG_CNF_REFUSE;
	w->policy[WORLD_CLIENT_CACHE - 1].client_cache_s = 60;
	w->policy[WORLD_MAX_AGE - 1].max_age_s = 100;
	w->policy[WORLD_EXP_OPTIONAL - 1].exp_optional = true;
	w->policy[WORLD_EXP_OPTIONAL - 1].client_cache_s = 60;
}

struct eg_snapshot *world_snapshot(struct world *w, uint64_t epoch)
{
	struct eg_snapshot *snap = eg_snapshot_new(&hash_key);
	uint32_t slot;

	assert_non_null(snap);
	snap->epoch = epoch;
	snap->newest_event_s = w->newest_event_s;
	if (w->is_behind_other)
		assert_int_equal(eg_keyset_add_issuer(
		                     snap->keys, eg_span_str("https://front.example"), &slot, NULL),
		    0);
	assert_int_equal(eg_keyset_add_issuer(snap->keys, eg_span_str(WORLD_ISS), &slot, NULL), 0);
	for (unsigned i = 0; i < w->key_cnt; i++)
		assert_int_equal(eg_keyset_add_key(snap->keys, slot, &w->key[i], NULL), 0);
	for (unsigned i = 0; i < WORLD_POLICIES; i++)
		assert_int_equal(eg_snapshot_add_policy(snap, &w->policy[i], NULL), 0);
	w->list.issuer_slot = slot;
	if (!w->has_no_list)
		assert_int_equal(eg_snapshot_add_list(snap, &w->list, NULL), 0);
	assert_int_equal(eg_snapshot_seal(snap, WORLD_DEFAULT, NULL), 0);
	return snap;
}

static void start_core(
    struct world *w, unsigned i, const struct eg_ed25519_impl *ed25519, uint64_t deadline_ns)
{
	struct world_core *core = &w->cores[i];
	struct eg_pipeline_config config;

	if (w->sample_every != 0) {
		void *mem =
		    aligned_alloc(EG_CACHE_LINE_BYTES, eg_sample_ring_footprint(WORLD_TOKEN_MAX));

		assert_non_null(mem);
		core->samples = eg_sample_ring_init(mem, WORLD_TOKEN_MAX);
	}
	if (w->cache_bytes != 0 && i == 0) {
		core->vcache = eg_vcache_new(w->cache_bytes, &cache_key, NULL);
		assert_non_null(core->vcache);
	}
	if (w->traced) {
		void *mem = aligned_alloc(EG_CACHE_LINE_BYTES, eg_trace_footprint(WORLD_TOKEN_MAX));

		assert_non_null(mem);
		core->trace = eg_trace_init(mem, WORLD_TOKEN_MAX);
	}
	config = (struct eg_pipeline_config){
	    .worker = i,
	    .worker_cnt = w->core_cnt,
	    .max_datagram_bytes = WORLD_ROOM,
	    .signature_deadline_ns = deadline_ns,
	    .netif = &netif,
	    .ed25519 = ed25519 != NULL ? ed25519 : eg_ed25519_select("sodium", NULL),
	    .stats = &w->stats,
	    .revoke = w->revoke,
	    .utc = &w->utc,
	    .ticks = w->ticks,
	    .vcache = core->vcache,
	    .samples = core->samples,
	    .trace = core->trace,
	    .sample_every = w->sample_every,
	    .sample_phase = w->sample_phase,
	    .mailbox = &core->box,
	    .snapshot = w->snapshot,
	    .epoch = w->epoch,
	    .version = "test",
	};

	eg_mailbox_init(&core->box);
	core->mem = aligned_alloc(EG_CACHE_LINE_BYTES, eg_pipeline_footprint());
	assert_non_null(core->mem);
	core->pipeline = eg_pipeline_init(core->mem, &config);
}

struct world *world_new(unsigned cores, const struct eg_ed25519_impl *ed25519, uint64_t deadline_ns,
    void (*adjust)(struct world *w))
{
	struct world *w = aligned_alloc(EG_CACHE_LINE_BYTES, sizeof(*w));

	assert_non_null(w);
	assert_true(sodium_init() >= 0);
	memset(w, 0, sizeof(*w));
	w->core_cnt = cores;
	w->key_cnt = WORLD_KEYS;
	w->epoch = EG_EPOCH(1, 10);
	w->tx_max = UINT32_MAX;
	w->now_ns = 1000000000;
	eg_utc_init(&w->utc, w->now_ns, (int64_t)WORLD_NOW_S * EG_NS_PER_S);
	assert_int_equal(eg_stats_create(&w->stats, NULL, cores, 0, NULL), 0);
	w->revoke = eg_revoke_new();
	w->bitmap = eg_bitmap_new(eg_span_str(WORLD_LIST), 2, 16);
	w->list = (struct eg_list){.uri = eg_span_str(WORLD_LIST), .map = w->bitmap};
	w->buffer = calloc(WORLD_BUFFERS, sizeof(*w->buffer));
	w->reply = calloc(WORLD_REPLIES, sizeof(*w->reply));
	assert_true(w->revoke && w->bitmap && w->buffer && w->reply);
	make_keys(w);
	make_policies(w);
	if (adjust != NULL)
		adjust(w);
	w->snapshot = world_snapshot(w, w->epoch);
	w->issuer = *eg_keyset_issuer(w->snapshot->keys, 0);
	for (unsigned i = 0; i < cores; i++)
		start_core(w, i, ed25519, deadline_ns);
	return w;
}

void world_free(struct world *w)
{
	for (w->core = 0; w->core < w->core_cnt; w->core++) {
		world_idle(w);
		assert_int_equal(eg_pipeline_in_flight(w->cores[w->core].pipeline), 0);
		free(w->cores[w->core].mem);
		free(w->cores[w->core].samples);
		eg_vcache_free(w->cores[w->core].vcache);
		free(w->cores[w->core].trace);
	}
	for (unsigned i = 0; i < WORLD_BUFFERS; i++)
		assert_false(w->buffer[i].lent);
	eg_snapshot_free((struct eg_snapshot *)w->snapshot);
	eg_revoke_free(w->revoke);
	eg_bitmap_free(w->bitmap);
	eg_stats_close(&w->stats);
	free(w->buffer);
	free(w->reply);
	free(w);
}

/* ── tokens ── */

static void append(struct world_token *token, struct eg_span data)
{
	size_t n = EG_BASE64URL_ENCODED_BYTES(data.len);

	assert_true(token->len + n < sizeof(token->text));
	eg_base64url_encode(data, token->text + token->len);
	token->len += n;
}

struct world_token world_sign(
    const struct world *w, unsigned key, const char *header, const char *payload)
{
	struct world_token token = {.len = 0};
	uint8_t signature[crypto_sign_BYTES];

	append(&token, eg_span_str(header));
	token.text[token.len++] = '.';
	append(&token, eg_span_str(payload));
	(void)crypto_sign_detached(
	    signature, NULL, (const uint8_t *)token.text, token.len, w->secret[key]);
	token.text[token.len++] = '.';
	append(&token, eg_span(signature, sizeof(signature)));
	return token;
}

struct world_token world_good(const struct world *w, const char *members)
{
	char payload[1024];

	(void)snprintf(payload, sizeof(payload),
	    "{\"iss\":\"" WORLD_ISS "\",\"aud\":\"" WORLD_AUD "\",\"exp\":%llu%s}",
	    WORLD_NOW_S + 300, members);
	return world_sign(w, 0, "{\"alg\":\"EdDSA\",\"kid\":\"k1\"}", payload);
}

/* ── packets ── */

struct eg_egt_record world_record(const struct world_token *token, uint32_t policy_id)
{
	return (struct eg_egt_record){
	    .policy_id = policy_id, .token = eg_span(token->text, token->len)};
}

struct eg_packet world_packet(struct world *w, size_t len)
{
	struct world_buffer *b = w->buffer;

	assert_true(len <= WORLD_ROOM);
	while (b->lent)
		b++;
	assert_true(b < w->buffer + WORLD_BUFFERS);
	b->lent = true;
	b->request_id = 0;
	b->request_bytes = len;
	return (struct eg_packet){
	    .data = b->data,
	    .len = (uint32_t)len,
	    .room = WORLD_ROOM,
	    .flags = EG_PACKET_DATAGRAM,
	    .sender = w->sender,
	    .handle = b,
	};
}

void world_deliver(struct world *w, struct eg_packet pkt)
{
	struct world_core *core = &w->cores[w->core];

	assert_true(core->rx_cnt < EG_BURST_MAX);
	core->rx[core->rx_cnt++] = pkt;
}

uint64_t world_send(struct world *w, uint8_t flags, uint64_t min_epoch,
    const struct eg_egt_record records[], uint8_t cnt)
{
	struct eg_packet pkt = world_packet(w, 0);
	struct world_buffer *b = pkt.handle;
	struct eg_writer writer = eg_writer(b->data, WORLD_ROOM);

	b->request_id = ++w->last_id;
	assert_true(w->last_id < WORLD_REPLIES);
	if (min_epoch != 0)
		flags |= EG_EGT_MIN_EPOCH;
	eg_egt_begin_request(&writer, EG_EGT_VERIFY, flags, cnt, b->request_id, min_epoch);
	for (uint8_t i = 0; i < cnt; i++)
		eg_egt_put_record(&writer, &records[i]);
	b->request_bytes = eg_egt_finish_request(&writer, b->data, cnt);
	assert_true(b->request_bytes != 0);
	pkt.len = (uint32_t)b->request_bytes;
	world_deliver(w, pkt);
	return b->request_id;
}

static void give_back(struct world_buffer *b)
{
	assert_true(b->lent);
	b->lent = false;
}

static void take_answer(struct world *w, const struct eg_packet *pkt)
{
	struct world_buffer *b = pkt->handle;
	struct eg_egt_response resp;
	struct world_reply *reply;

	give_back(b);
	if (!(pkt->flags & EG_PACKET_DATAGRAM))
		return;
	assert_true(pkt->len <= b->request_bytes);
	assert_int_equal(eg_egt_parse_response(eg_span(pkt->data, pkt->len), &resp), 0);
	reply = &w->reply[b->request_id];
	assert_false(reply->answered && b->request_id != 0);
	reply->answered = true;
	reply->type = resp.type;
	reply->count = resp.count;
	reply->epoch = resp.epoch;
	for (unsigned i = 0; resp.type == EG_EGT_VERIFY_R && i < resp.count; i++)
		reply->answers[i] = eg_egt_answer_at(&resp, i);
}

static void take_drop(struct world *w, const struct eg_packet *pkt)
{
	struct world_buffer *b = pkt->handle;

	give_back(b);
	w->reply[b->request_id].dropped = true;
}

static const struct eg_core_stats *own_stats(const struct world *w)
{
	return &w->stats.core[w->core];
}

uint64_t world_counter(const struct world *w, enum eg_counter counter)
{
	return eg_count_read(&own_stats(w)->counter[counter]);
}

static uint64_t sum(const eg_count_t words[], unsigned cnt)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < cnt; i++)
		total += eg_count_read(&words[i]);
	return total;
}

uint64_t world_drops(const struct world *w)
{
	return sum(own_stats(w)->drop, EG_DROP_COUNT);
}

uint64_t world_verdicts(const struct world *w)
{
	return sum(own_stats(w)->verdict, EG_VERDICT_SLOTS);
}

static void assert_balance(const struct world *w)
{
	unsigned in_flight = eg_pipeline_in_flight(w->cores[w->core].pipeline);
	uint64_t answers = sum(own_stats(w)->answer, EG_ANSWER_COUNT);
	uint64_t records = world_counter(w, EG_COUNTER_records);

	assert_int_equal(
	    world_counter(w, EG_COUNTER_rx_packets), answers + world_drops(w) + in_flight);
	assert_int_equal(answers, world_counter(w, EG_COUNTER_tx_packets));
	assert_true(world_verdicts(w) <= records);
	assert_true(in_flight != 0 || world_verdicts(w) == records);
	assert_int_equal(eg_count_read(&own_stats(w)->verdict[EG_VERDICT_NONE]), 0);
}

static void run_turn(struct world *w, unsigned cnt)
{
	struct world_core *core = &w->cores[w->core];
	unsigned sent;

	eg_pipeline_run(core->pipeline, core->rx, cnt, w->now_ns, &w->out);
	core->rx_cnt = 0;
	sent = w->out.tx_cnt < w->tx_max ? w->out.tx_cnt : w->tx_max;
	eg_pipeline_sent(core->pipeline, &w->out, sent);
	for (unsigned i = 0; i < sent; i++)
		take_answer(w, &w->out.tx[i]);
	for (unsigned i = sent; i < w->out.tx_cnt; i++)
		take_drop(w, &w->out.tx[i]);
	for (unsigned i = 0; i < w->out.drop_cnt; i++)
		take_drop(w, &w->out.drop[i]);
	assert_balance(w);
}

void world_turn(struct world *w)
{
	run_turn(w, w->cores[w->core].rx_cnt);
}

void world_idle(struct world *w)
{
	assert_int_equal(w->cores[w->core].rx_cnt, 0);
	run_turn(w, 0);
	assert_int_equal(eg_pipeline_in_flight(w->cores[w->core].pipeline), 0);
}

const struct world_reply *world_reply(const struct world *w, uint64_t id)
{
	return &w->reply[id];
}

struct eg_egt_answer world_ask(
    struct world *w, const struct world_token *token, uint32_t policy_id, uint8_t flags)
{
	struct eg_egt_record record = world_record(token, policy_id);
	uint64_t id = world_send(w, flags, 0, &record, 1);

	world_turn(w);
	world_idle(w);
	assert_true(world_reply(w, id)->answered);
	assert_int_equal(world_reply(w, id)->count, 1);
	return world_reply(w, id)->answers[0];
}

/* ── state ── */

struct eg_revoke_sink world_direct(struct world *w)
{
	return eg_revoke_direct_sink(w->revoke);
}

static void mail_to(struct world *w, unsigned core, const struct eg_mail *mail)
{
	assert_true(eg_mailbox_put(&w->cores[core].box, mail));
}

static void mail_op(void *ctx, const struct eg_revoke_op *op)
{
	struct world *w = ctx;
	struct eg_mail mail = {.kind = EG_MAIL_OP, .op = *op};

	mail_to(w, eg_shard_owner(op->shard, w->core_cnt), &mail);
}

static void await_mail(void *ctx)
{
	struct world *w = ctx;

	for (unsigned i = 0; i < w->core_cnt; i++)
		assert_true(eg_mailbox_is_empty(&w->cores[i].box));
}

struct eg_revoke_sink world_by_mail(struct world *w)
{
	return (struct eg_revoke_sink){w, mail_op, await_mail};
}

void world_mail_snapshot(struct world *w, const struct eg_snapshot *snapshot)
{
	struct eg_mail mail = {.kind = EG_MAIL_SNAPSHOT, .snapshot = snapshot};

	for (unsigned i = 0; i < w->core_cnt; i++)
		mail_to(w, i, &mail);
}

void world_mail_engine(struct world *w, unsigned core, const struct eg_ed25519_impl *engine)
{
	mail_to(w, core, &(struct eg_mail){.kind = EG_MAIL_ENGINE, .engine = engine});
}

void world_mail_epoch(struct world *w, uint64_t epoch)
{
	struct eg_mail mail = {.kind = EG_MAIL_EPOCH, .epoch = epoch};

	w->epoch = epoch;
	for (unsigned i = 0; i < w->core_cnt; i++)
		mail_to(w, i, &mail);
}

struct eg_hash128 world_hash(const struct world *w, enum eg_revoke_kind kind, const char *value)
{
	return eg_revoke_hash(&w->issuer.hash_key, kind, eg_span_str(value));
}
