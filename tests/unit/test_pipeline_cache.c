/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pipeline with a verified cache. Single rules first; then a core with a cache beside one
 * without, over the same state, while time passes and everything changes: they must give the same
 * answers.
 */
#include "eg_test.h"

#include "world.h"

#include <sodium.h>

#define CACHE_BYTES (64u << 10)

#define SECONDS(n) ((uint64_t)(n) * (uint64_t)EG_NS_PER_S)

#define JKT        "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
#define KID1       "{\"alg\":\"EdDSA\",\"kid\":\"k1\"}"
#define STATUS(at) ",\"status\":{\"status_list\":{\"idx\":" at ",\"uri\":\"" WORLD_LIST "\"}}"

static void with_cache(struct world *w)
{
	w->cache_bytes = CACHE_BYTES;
}

static struct world *cached_world(void)
{
	return world_new(1, NULL, 0, with_cache);
}

static void expect(
    struct world *w, const struct world_token *token, enum eg_verdict status, uint16_t rflags)
{
	struct eg_egt_answer a = world_ask(w, token, 0, 0);

	assert_int_equal(a.status, status);
	assert_int_equal(a.rflags, rflags);
}

static struct world_token forged(const struct world *w, const char *members)
{
	struct world_token token = world_good(w, members);

	token.text[token.len - 10] = token.text[token.len - 10] == 'A' ? 'B' : 'A';
	return token;
}

static void swap(struct world *w, struct eg_snapshot **live)
{
	struct eg_snapshot *next = world_snapshot(w, w->epoch + 1);

	world_mail_snapshot(w, next);
	world_mail_epoch(w, w->epoch + 1);
	for (w->core = 0; w->core < w->core_cnt; w->core++)
		world_idle(w);
	w->core = 0;
	eg_snapshot_free(*live);
	*live = next;
}

/* ── hits ── */

static void a_token_is_verified_once(void **state)
{
	struct world *w = cached_world();
	struct world_token tokens[3] = {
	    world_good(w, ",\"jti\":\"j\""), world_cwt(w, 0, "c"), world_paseto(w, 0, "p")};

	for (unsigned i = 0; i < 3; i++) {
		struct eg_egt_answer first = world_ask(w, &tokens[i], 0, 0), next;

		assert_int_equal(first.status, EG_OK);
		assert_int_equal(first.rflags, EG_RFLAG_SIG_CHECKED);
		for (unsigned n = 0; n < 10; n++) {
			next = world_ask(w, &tokens[i], 0, 0);
			assert_int_equal(next.rflags, EG_RFLAG_CACHED);
			next.rflags = first.rflags;
			assert_memory_equal(&next, &first, sizeof(first));
		}
	}
	assert_int_equal(world_counter(w, EG_COUNTER_signatures), 3);
	assert_int_equal(world_counter(w, EG_COUNTER_cache_hits), 30);
	assert_int_equal(world_counter(w, EG_COUNTER_cache_misses), 3);
	assert_int_equal(world_counter(w, EG_COUNTER_cache_inserts), 3);
	assert_int_equal(world_counter(w, EG_COUNTER_cache_evictions), 0);
	world_free(w);
}

static void no_cache_neither_looks_nor_keeps(void **state)
{
	struct world *w = cached_world();
	struct world_token token = world_good(w, "");

	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(
		    world_ask(w, &token, 0, EG_EGT_NO_CACHE).rflags, EG_RFLAG_SIG_CHECKED);
	assert_int_equal(world_counter(w, EG_COUNTER_cache_inserts), 0);
	assert_int_equal(world_counter(w, EG_COUNTER_cache_misses), 0);
	expect(w, &token, EG_OK, EG_RFLAG_SIG_CHECKED);
	expect(w, &token, EG_OK, EG_RFLAG_CACHED);
	assert_int_equal(world_ask(w, &token, 0, EG_EGT_NO_CACHE).rflags, EG_RFLAG_SIG_CHECKED);
	world_free(w);
}

static void policy_and_format_are_part_of_the_question(void **state)
{
	struct world *w = cached_world();
	struct world_token token = world_good(w, "");
	struct eg_egt_record record = world_record(&token, WORLD_DEFAULT);
	uint64_t id;

	expect(w, &token, EG_OK, EG_RFLAG_SIG_CHECKED);
	assert_int_equal(world_ask(w, &token, WORLD_CLIENT_CACHE, 0).rflags, EG_RFLAG_SIG_CHECKED);
	record.fmt = EG_FMT_JWT;
	id = world_send(w, 0, 0, &record, 1);
	world_turn(w);
	world_idle(w);
	assert_int_equal(world_reply(w, id)->answers[0].rflags, EG_RFLAG_SIG_CHECKED);
	/* 0 is the default policy under another name. */
	assert_int_equal(world_ask(w, &token, WORLD_DEFAULT, 0).rflags, EG_RFLAG_CACHED);
	world_free(w);
}

static void no_other_bytes_hit(void **state)
{
	struct world *w = cached_world();
	struct world_token token = world_good(w, ""), other;

	expect(w, &token, EG_OK, EG_RFLAG_SIG_CHECKED);
	for (size_t i = 0; i < token.len; i++) {
		other = token;
		other.text[i] = (char)(other.text[i] ^ 1);
		assert_int_not_equal(world_ask(w, &other, 0, 0).status, EG_OK);
		other = token;
		other.len = i;
		assert_int_not_equal(world_ask(w, &other, 0, 0).status, EG_OK);
	}
	other = token;
	other.text[other.len++] = 'A';
	assert_int_not_equal(world_ask(w, &other, 0, 0).status, EG_OK);
	assert_int_equal(world_counter(w, EG_COUNTER_cache_hits), 0);
	world_free(w);
}

static void what_is_refused_is_not_kept(void **state)
{
	struct world *w = cached_world();
	struct eg_revoke_sink sink = world_direct(w);
	struct world_token tokens[] = {
	    world_sign(w, 0, KID1, "{\"iss\":\"" WORLD_ISS "\",\"aud\":\"x\",\"exp\":1800000300}"),
	    world_sign(
	        w, 0, KID1, "{\"iss\":\"" WORLD_ISS "\",\"aud\":\"" WORLD_AUD "\",\"exp\":5}"),
	    world_good(w, ",\"jti\":\"denied\""),
	    world_good(w, STATUS("20")),
	};

	assert_int_equal(eg_revoke_set_entry(w->revoke, world_hash(w, EG_REVOKE_JTI, "denied"),
	                     EG_REVOKE_JTI, WORLD_NOW_S + 300, &sink, NULL),
	    0);
	for (unsigned n = 0; n < 2; n++)
		for (unsigned i = 0; i < 4; i++)
			assert_int_not_equal(
			    world_ask(w, &tokens[i], 0, EG_EGT_STRICT_ORDER).status, EG_OK);
	assert_int_equal(world_counter(w, EG_COUNTER_cache_inserts), 0);
	assert_int_equal(world_counter(w, EG_COUNTER_cache_negative_inserts), 0);
	world_free(w);
}

/* Twice in one batch, before the first is verified. */
static void twins_in_a_batch(void **state)
{
	struct world *w = cached_world();
	struct world_token token = world_good(w, "");
	struct eg_egt_record records[4];
	uint64_t id;

	for (unsigned i = 0; i < 4; i++)
		records[i] = world_record(&token, 0);
	id = world_send(w, 0, 0, records, 4);
	world_turn(w);
	world_idle(w);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(world_reply(w, id)->answers[i].rflags, EG_RFLAG_SIG_CHECKED);
	id = world_send(w, 0, 0, records, 4);
	world_turn(w);
	assert_true(world_reply(w, id)->answered); /* without waiting for anybody */
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(world_reply(w, id)->answers[i].rflags, EG_RFLAG_CACHED);
	world_free(w);
}

static void another_engine_forgets_what_the_first_said(void **state)
{
	struct world *w = cached_world();
	struct world_token token = world_good(w, "");

	expect(w, &token, EG_OK, EG_RFLAG_SIG_CHECKED);
	expect(w, &token, EG_OK, EG_RFLAG_CACHED);
	world_mail_engine(w, 0, eg_ed25519_select("sodium", NULL));
	expect(w, &token, EG_OK, EG_RFLAG_SIG_CHECKED);
	world_free(w);
}

/* ── forged ── */

static void a_forgery_repeated_costs_no_signature(void **state)
{
	struct world *w = cached_world();
	struct world_token token = forged(w, "");

	expect(w, &token, EG_BAD_SIGNATURE, EG_RFLAG_SIG_CHECKED);
	for (unsigned i = 0; i < 10; i++)
		expect(w, &token, EG_BAD_SIGNATURE, EG_RFLAG_CACHED);
	assert_int_equal(world_counter(w, EG_COUNTER_signatures), 1);
	assert_int_equal(world_counter(w, EG_COUNTER_cache_negative_hits), 10);
	w->now_ns += SECONDS(300); /* what comes before the signature still does */
	expect(w, &token, EG_EXPIRED, 0);
	assert_int_equal(world_ask(w, &token, 0, EG_EGT_STRICT_ORDER).status, EG_BAD_SIGNATURE);
	assert_int_equal(world_counter(w, EG_COUNTER_signatures), 1);
	world_free(w);
}

static void a_forgery_is_remembered_by_sender(void **state)
{
	struct world *w = cached_world();
	struct world_token token = forged(w, ""), others;
	char members[32];

	w->sender = 1;
	expect(w, &token, EG_BAD_SIGNATURE, EG_RFLAG_SIG_CHECKED);
	for (unsigned i = 0; i < 3 * EG_VCACHE_FORGED_MAX; i++) {
		(void)snprintf(members, sizeof(members), ",\"sub\":\"%u\"", i);
		others = forged(w, members);
		expect(w, &others, EG_BAD_SIGNATURE, EG_RFLAG_SIG_CHECKED);
	}
	/* New ones that are asked about once displace each other; of one sender's 56 places. */
	assert_true(world_counter(w, EG_COUNTER_cache_evictions) >= 2 * EG_VCACHE_FORGED_MAX);
	expect(w, &others, EG_BAD_SIGNATURE, EG_RFLAG_CACHED);
	world_free(w);
}

static void a_new_key_of_that_name_may_make_it_good(void **state)
{
	struct world *w = cached_world();
	struct eg_snapshot *live = NULL;
	struct world_token token = world_sign(
	    w, 1, KID1, "{\"iss\":\"" WORLD_ISS "\",\"aud\":\"" WORLD_AUD "\",\"exp\":1800000300}");

	expect(w, &token, EG_BAD_SIGNATURE, EG_RFLAG_SIG_CHECKED);
	expect(w, &token, EG_BAD_SIGNATURE, EG_RFLAG_CACHED);
	w->key[0].ed = w->key[1].ed;
	w->key[0].generation++;
	swap(w, &live);
	expect(w, &token, EG_OK, EG_RFLAG_SIG_CHECKED);
	expect(w, &token, EG_OK, EG_RFLAG_CACHED);
	assert_int_equal(world_counter(w, EG_COUNTER_cache_stale), 1);
	world_free(w);
	eg_snapshot_free(live);
}

/* ── swaps ── */

/* What says the same of a token leaves it in the cache. */
static void a_swap_takes_only_what_it_changes(void **state)
{
	struct world *w = cached_world();
	struct eg_snapshot *live = NULL;
	struct world_token first = world_good(w, STATUS("3"));
	struct world_token second = world_sign(w, 1, "{\"alg\":\"EdDSA\",\"kid\":\"k2\"}",
	    "{\"iss\":\"" WORLD_ISS "\",\"aud\":\"" WORLD_AUD "\",\"exp\":1800000300}");

	expect(w, &first, EG_OK, EG_RFLAG_SIG_CHECKED);
	expect(w, &second, EG_OK, EG_RFLAG_SIG_CHECKED);
	w->list.exp_s = WORLD_NOW_S + 100; /* an import */
	w->list.stated = 16;
	w->policy[WORLD_STRICT - 1].generation++; /* another policy */
	w->policy[WORLD_STRICT - 1].skew_s = 7;
	swap(w, &live);
	expect(w, &first, EG_OK, EG_RFLAG_CACHED);
	expect(w, &second, EG_OK, EG_RFLAG_CACHED);
	w->key[1].generation++; /* another key */
	swap(w, &live);
	expect(w, &first, EG_OK, EG_RFLAG_CACHED);
	expect(w, &second, EG_OK, EG_RFLAG_SIG_CHECKED);
	w->policy[WORLD_DEFAULT - 1].generation++;
	swap(w, &live);
	expect(w, &first, EG_OK, EG_RFLAG_SIG_CHECKED);
	expect(w, &second, EG_OK, EG_RFLAG_SIG_CHECKED);
	w->has_no_list = true;
	swap(w, &live);
	expect(w, &first, EG_STATUS_UNKNOWN, EG_RFLAG_SIG_CHECKED);
	expect(w, &second, EG_OK, EG_RFLAG_CACHED);
	world_free(w);
	eg_snapshot_free(live);
}

/* The slot alone does not make it the same key, nor does its generation. */
static void keys_that_change_places_are_told_apart(void **state)
{
	struct world *w = cached_world();
	struct eg_snapshot *live = NULL;
	struct world_token token = world_good(w, "");
	struct eg_key first = w->key[0];

	expect(w, &token, EG_OK, EG_RFLAG_SIG_CHECKED);
	w->key[0] = w->key[1];
	w->key[1] = first;
	w->key[1].revoked = true;
	swap(w, &live);
	expect(w, &token, EG_REVOKED, EG_RFLAG_SIG_CHECKED);
	world_free(w);
	eg_snapshot_free(live);
}

static void without_a_kid_a_second_key_makes_it_unknown(void **state)
{
	struct world *w = cached_world();
	struct eg_snapshot *live = NULL;
	struct world_token token = world_sign(w, 0, "{\"alg\":\"EdDSA\"}",
	    "{\"iss\":\"" WORLD_ISS "\",\"aud\":\"" WORLD_AUD "\",\"exp\":1800000300}");

	w->key_cnt = 1;
	swap(w, &live);
	expect(w, &token, EG_OK, EG_RFLAG_SIG_CHECKED);
	expect(w, &token, EG_OK, EG_RFLAG_CACHED);
	w->key_cnt = 2;
	swap(w, &live);
	expect(w, &token, EG_UNKNOWN_KEY, 0);
	world_free(w);
	eg_snapshot_free(live);
}

/* By the same bitmap even: it is the uri that a token names. */
static void another_list_in_its_place_is_told_apart(void **state)
{
	struct world *w = cached_world();
	struct eg_snapshot *live = NULL;
	struct world_token token = world_good(w, STATUS("3"));

	expect(w, &token, EG_OK, EG_RFLAG_SIG_CHECKED);
	w->list.uri = eg_span_str("https://as.example.com/sl/2");
	swap(w, &live);
	expect(w, &token, EG_STATUS_UNKNOWN, EG_RFLAG_SIG_CHECKED);
	world_free(w);
	eg_snapshot_free(live);
}

/* Where policy ignores status it is OK all the same; but the list says whose shard it is. */
static void a_token_whose_list_may_come_is_not_kept(void **state)
{
	struct world *w = cached_world();
	struct eg_snapshot *live = NULL;
	struct world_token token = world_good(w, STATUS("3"));

	w->has_no_list = true;
	swap(w, &live);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(
		    world_ask(w, &token, WORLD_STATUS_IGNORED, 0).rflags, EG_RFLAG_SIG_CHECKED);
	assert_int_equal(world_counter(w, EG_COUNTER_cache_inserts), 0);
	world_free(w);
	eg_snapshot_free(live);
}

/* The restored store gives a generation that it gave before, for something else. */
static void a_restored_store_counts_anew(void **state)
{
	struct world *w = cached_world();
	struct eg_snapshot *live = NULL;
	struct world_token token = world_good(w, ",\"cnf\":{\"jkt\":\"" JKT "\"}");

	expect(w, &token, EG_OK, EG_RFLAG_SIG_CHECKED | EG_RFLAG_CNF_PRESENT);
	w->policy[WORLD_DEFAULT - 1].cnf = EG_CNF_REFUSE;
	w->epoch = EG_EPOCH(2, 0);
	swap(w, &live);
	expect(w, &token, EG_CNF_REFUSED, EG_RFLAG_CNF_PRESENT);
	world_free(w);
	eg_snapshot_free(live);
}

/* ── any order of events: with and without ── */

#define MODEL_ROUNDS 2500u
#define MODEL_TOKENS 32u

struct model {
	struct world *w;
	struct eg_snapshot *live;
	struct world_token token[MODEL_TOKENS];
	unsigned token_cnt;
	uint64_t random;
	struct eg_policy policy[WORLD_POLICIES]; /* as they were */
	struct eg_key key[WORLD_KEYS];
	uint64_t compared, accepted;
};

/* splitmix64 */
static unsigned below(struct model *m, unsigned n)
{
	uint64_t z = m->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (unsigned)((z ^ z >> 31) % n);
}

static void add(struct model *m, struct world_token token)
{
	assert_true(m->token_cnt < MODEL_TOKENS);
	m->token[m->token_cnt++] = token;
}

static struct world_token signed_by(
    const struct world *w, unsigned key, const char *header, unsigned lives_s, const char *members)
{
	char payload[512];

	(void)snprintf(payload, sizeof(payload),
	    "{\"iss\":\"" WORLD_ISS "\",\"aud\":\"" WORLD_AUD "\",\"exp\":%llu%s}",
	    WORLD_NOW_S + lives_s, members);
	return world_sign(w, key, header, payload);
}

static void make_tokens(struct model *m)
{
	static const char *const members[] = {"", ",\"jti\":\"j1\"",
	    ",\"jti\":\"j2\",\"sub\":\"s\"", ",\"sub\":\"s\",\"iat\":1800000010.5",
	    ",\"sub\":\"s\",\"iat\":1800000010", ",\"iat\":1799999990", ",\"nbf\":1800000200",
	    ",\"sid\":\"i\"", ",\"cnf\":{\"jkt\":\"" JKT "\"}", STATUS("1"), STATUS("2"),
	    STATUS("15"), STATUS("20"), ",\"status\":{}",
	    ",\"status\":{\"status_list\":{\"idx\":1,\"uri\":\"urn:none\"}}",
	    ",\"jti\":\"j1\",\"sub\":\"s\",\"sid\":\"i\",\"iat\":1800000000" STATUS("3")};
	const struct world *w = m->w;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		add(m, signed_by(w, 0, KID1, 4000 + 100 * below(m, 40), members[i]));
	add(m, signed_by(w, 0, KID1, 150, ",\"jti\":\"j1\""));
	add(m, signed_by(w, 0, "{\"alg\":\"EdDSA\"}", 9000, "")); /* no kid */
	add(m, signed_by(w, 1, "{\"alg\":\"EdDSA\",\"kid\":\"k2\"}", 9000, ""));
	add(m, signed_by(w, 1, KID1, 9000, "")); /* the other key's */
	add(m, signed_by(w, 2, KID1, 9000, "")); /* of a key that comes */
	add(m, forged(w, ""));
	add(m, forged(w, ",\"nbf\":1800000200"));
	add(m, forged(w, STATUS("1")));
	add(m, world_sign(w, 0, KID1, "{\"iss\":\"" WORLD_ISS "\",\"aud\":\"" WORLD_AUD "\"}"));
	add(m, world_sign(w, 0, KID1, "{\"iss\":\"" WORLD_ISS "\",\"exp\":1800009000}"));
	add(m, world_sign(w, 2, KID1, "{\"iss\":\"" WORLD_ISS "\",\"exp\":1800009000}"));
	add(m, world_cwt(w, 0, "c"));
	add(m, world_cwt(w, 1, "c"));
	add(m, world_paseto(w, 0, "p"));
}

/* ── events ── */

static void pass_time(struct model *m)
{
	m->w->now_ns += SECONDS(below(m, 4) == 0 ? below(m, 200) : below(m, 5));
}

static const struct {
	enum eg_revoke_kind kind;
	const char *value;
} entries[] = {{EG_REVOKE_JTI, "j1"}, {EG_REVOKE_JTI, "j2"}, {EG_REVOKE_JTI, "p"},
    {EG_REVOKE_CTI, "c"}, {EG_REVOKE_SID, "i"}, {EG_REVOKE_JKT, JKT}, {EG_REVOKE_SUBJECT, "s"},
    {EG_REVOKE_ISSUER, ""}};
#define ENTRY_CNT (sizeof(entries) / sizeof(entries[0]))

static void change_entry(struct model *m)
{
	const unsigned i = below(m, ENTRY_CNT);
	struct eg_revoke_sink sink = world_direct(m->w);
	const struct eg_hash128 hash = world_hash(m->w, entries[i].kind, entries[i].value);

	if (below(m, 3) != 0)
		eg_revoke_remove_entry(m->w->revoke, hash, &sink);
	else
		assert_int_equal(eg_revoke_set_entry(m->w->revoke, hash, entries[i].kind,
		                     WORLD_NOW_S + below(m, 20), &sink, NULL),
		    0);
}

static void change_status(struct model *m)
{
	struct eg_revoke_sink sink = world_direct(m->w);
	const unsigned idx = below(m, 4);

	assert_int_equal(eg_bitmap_set_range(m->w->bitmap, idx, idx,
	                     below(m, 2) != 0 ? 0 : below(m, 4), &sink, NULL),
	    0);
}

static void change_key(struct model *m)
{
	struct world *w = m->w;
	struct eg_key *key = &w->key[below(m, 2)];
	const uint64_t now_s = eg_utc_now_s(&w->utc, w->now_ns);
	const uint32_t generation = key->generation;

	switch (below(m, 6)) {
	case 0: /* its own public key again, in its window */
		*key = m->key[key - w->key];
		key->generation = generation + 1;
		break;
	case 1: /* another one under its name */
		assert_int_equal(eg_ed25519_key_init(&key->ed, w->secret[2] + 32, false, NULL), 0);
		key->generation++;
		break;
	case 2:
		key->revoked = !key->revoked; /* the store would count that: it need not */
		break;
	case 3:
		key->not_before_s = now_s + below(m, 10);
		break;
	case 4:
		key->not_after_s = now_s + below(m, 10);
		break;
	default:
		w->key_cnt = 1 + below(m, 2);
	}
}

static void change_policy(struct model *m)
{
	struct world *w = m->w;
	const unsigned i = below(m, WORLD_POLICIES);
	struct eg_policy *policy = &w->policy[i];
	const uint32_t generation = policy->generation + 1;

	*policy = m->policy[i];
	policy->generation = generation;
	switch (below(m, 8)) {
	case 0:
		policy->skew_s = (uint16_t)below(m, 100);
		break;
	case 1:
		policy->order = EG_ORDER_STRICT;
		break;
	case 2:
		policy->cnf = EG_CNF_REFUSE;
		break;
	case 3:
		policy->any_audience = true;
		policy->audience_cnt = 0;
		break;
	case 4:
		policy->max_token_bytes = 250;
		break;
	case 5:
		policy->status = (uint8_t)below(m, 3);
		break;
	case 6:
		policy->max_state_age_s = 30;
		policy->freshness = (uint8_t)below(m, 2);
		break;
	default:
		break;
	}
}

static void change_list(struct model *m)
{
	struct eg_list *list = &m->w->list;
	const uint64_t now_s = eg_utc_now_s(&m->w->utc, m->w->now_ns);

	switch (below(m, 5)) {
	case 0:
		list->exp_s = below(m, 2) * (now_s + below(m, 20));
		break;
	case 1:
		list->ttl_end_s = below(m, 2) * (now_s + below(m, 20));
		break;
	case 2:
		list->stated = below(m, 4);
		break;
	case 3:
		m->w->has_no_list = !m->w->has_no_list;
		break;
	default:
		m->w->is_behind_other = !m->w->is_behind_other; /* all slots move */
	}
}

/* Everything as it was at the start, so that tokens are good again. */
static void heal(struct model *m)
{
	struct eg_revoke_sink sink = world_direct(m->w);
	struct world *w = m->w;

	for (unsigned i = 0; i < ENTRY_CNT; i++)
		eg_revoke_remove_entry(
		    w->revoke, world_hash(w, entries[i].kind, entries[i].value), &sink);
	for (unsigned i = 0; i < WORLD_KEYS; i++) {
		m->key[i].generation = w->key[i].generation + 1;
		w->key[i] = m->key[i];
	}
	for (unsigned i = 0; i < WORLD_POLICIES; i++) {
		m->policy[i].generation = w->policy[i].generation + 1;
		w->policy[i] = m->policy[i];
	}
	w->key_cnt = WORLD_KEYS;
	w->has_no_list = w->is_behind_other = false;
	w->list.exp_s = w->list.ttl_end_s = w->list.stated = 0;
	swap(w, &m->live);
}

static void change_snapshot(struct model *m)
{
	const unsigned what = below(m, 5);

	if (what == 0)
		change_key(m);
	else if (what == 1)
		change_policy(m);
	else if (what == 2)
		change_list(m);
	if (below(m, 30) == 0) /* a restored store: nothing counts that was counted before */
		m->w->epoch += EG_EPOCH(1, 0);
	swap(m->w, &m->live);
}

/* Backwards too: the store was read, or was not for long. */
static void make_contact(struct model *m)
{
	atomic_store(&m->w->stats.header->state_read_utc_s,
	    eg_utc_now_s(&m->w->utc, m->w->now_ns) - below(m, 40));
}

static void forget(struct model *m)
{
	world_mail_engine(m->w, 0, eg_ed25519_select("sodium", NULL));
}

/* ── questions ── */

/* The second core has the complement of the first one's shards. */
static void compare(struct model *m, struct eg_egt_answer with, struct eg_egt_answer without)
{
	const bool cached = (with.rflags & EG_RFLAG_CACHED) != 0;

	assert_false(without.rflags & EG_RFLAG_CACHED);
	assert_false(cached && (with.rflags & EG_RFLAG_SIG_CHECKED) != 0);
	if (cached)
		with.rflags ^= EG_RFLAG_CACHED | EG_RFLAG_SIG_CHECKED;
	if (without.status != EG_NOT_READY)
		without.rflags ^= EG_RFLAG_STEER_MISS;
	assert_int_equal(with.status, without.status);
	assert_int_equal(with.detail, without.detail);
	assert_int_equal(with.rflags, without.rflags);
	assert_int_equal(with.exp, without.exp);
	assert_int_equal(with.cache_for, without.cache_for);
	m->compared++;
	m->accepted += with.status == EG_OK;
}

static uint64_t send_on(
    struct model *m, unsigned core, uint8_t flags, const struct eg_egt_record *records, uint8_t cnt)
{
	uint64_t id;

	m->w->core = core;
	m->w->sender = 1 + below(m, 3);
	id = world_send(m->w, flags, 0, records, cnt);
	world_turn(m->w);
	world_idle(m->w);
	return id;
}

static void ask(struct model *m)
{
	static const uint8_t flags[] = {0, 0, 0, EG_EGT_STRICT_ORDER, EG_EGT_NO_CACHE};
	struct eg_egt_record records[6];
	const uint8_t cnt = (uint8_t)(1 + below(m, 6)), with = flags[below(m, 5)];
	uint64_t id[2];

	for (unsigned i = 0; i < cnt; i++) {
		const struct world_token *token = &m->token[below(m, m->token_cnt)];

		records[i] = world_record(token, below(m, 3) != 0 ? 1 : below(m, 11));
		if (below(m, 8) == 0)
			records[i].fmt = (uint8_t)below(m, 4);
	}
	for (unsigned core = 0; core < 2; core++)
		id[core] = send_on(m, core, with, records, cnt);
	m->w->core = 0;
	for (unsigned i = 0; i < cnt; i++)
		compare(
		    m, world_reply(m->w, id[0])->answers[i], world_reply(m->w, id[1])->answers[i]);
}

static void step(struct model *m)
{
	static void (*const events[])(struct model *) = {pass_time, pass_time, change_entry,
	    change_entry, change_status, change_snapshot, change_snapshot, make_contact, heal,
	    heal};

	if (below(m, 10) != 0)
		ask(m);
	else if (below(m, 60) == 0)
		forget(m);
	else
		events[below(m, sizeof(events) / sizeof(events[0]))](m);
}

static void start_model(struct model *m, uint64_t seed)
{
	memset(m, 0, sizeof(*m));
	m->random = seed;
	m->w = world_new(2, NULL, 0, with_cache);
	memcpy(m->policy, m->w->policy, sizeof(m->policy));
	memcpy(m->key, m->w->key, sizeof(m->key));
	make_tokens(m);
	make_contact(m);
}

static void end_model(struct model *m)
{
	m->w->core = 0;
	print_message("    %llu answers, %llu OK, %llu hits, %llu known as forged, %llu stale\n",
	    (unsigned long long)m->compared, (unsigned long long)m->accepted,
	    (unsigned long long)world_counter(m->w, EG_COUNTER_cache_hits),
	    (unsigned long long)world_counter(m->w, EG_COUNTER_cache_negative_hits),
	    (unsigned long long)world_counter(m->w, EG_COUNTER_cache_stale));
	assert_true(m->compared > MODEL_ROUNDS * 2);
	assert_true(m->accepted > m->compared / 20);
	assert_true(world_counter(m->w, EG_COUNTER_cache_hits) > m->compared / 10);
	assert_true(world_counter(m->w, EG_COUNTER_cache_negative_hits) > 20);
	assert_true(world_counter(m->w, EG_COUNTER_cache_stale) > 20);
	world_free(m->w);
	eg_snapshot_free(m->live);
}

static void whatever_happens_the_answers_are_the_same(void **state)
{
	static struct model m;

	for (uint64_t seed = 1; seed <= 3; seed++) {
		start_model(&m, seed);
		for (unsigned i = 0; i < MODEL_ROUNDS; i++)
			step(&m);
		end_model(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_token_is_verified_once),
	    cmocka_unit_test(no_cache_neither_looks_nor_keeps),
	    cmocka_unit_test(policy_and_format_are_part_of_the_question),
	    cmocka_unit_test(no_other_bytes_hit),
	    cmocka_unit_test(what_is_refused_is_not_kept),
	    cmocka_unit_test(twins_in_a_batch),
	    cmocka_unit_test(another_engine_forgets_what_the_first_said),
	    cmocka_unit_test(a_forgery_repeated_costs_no_signature),
	    cmocka_unit_test(a_forgery_is_remembered_by_sender),
	    cmocka_unit_test(a_new_key_of_that_name_may_make_it_good),
	    cmocka_unit_test(a_swap_takes_only_what_it_changes),
	    cmocka_unit_test(keys_that_change_places_are_told_apart),
	    cmocka_unit_test(without_a_kid_a_second_key_makes_it_unknown),
	    cmocka_unit_test(another_list_in_its_place_is_told_apart),
	    cmocka_unit_test(a_token_whose_list_may_come_is_not_kept),
	    cmocka_unit_test(a_restored_store_counts_anew),
	    cmocka_unit_test(whatever_happens_the_answers_are_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
