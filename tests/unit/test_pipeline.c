/* SPDX-License-Identifier: BSD-3-Clause */
/* What the pipeline answers, and that it accounts for every packet and record. */
#include "eg_test.h"

#include "world.h"

#include "eg_base64url.h"

#include <jansson.h>

#define DEADLINE_NS 20000u
#define NEVER_NS    UINT64_MAX

#define HEADER           "{\"alg\":\"EdDSA\",\"kid\":\"k1\"}"
#define ISS              "\"iss\":\"" WORLD_ISS "\""
#define AUD              ",\"aud\":\"" WORLD_AUD "\""
#define EXP              ",\"exp\":1800000300"
#define STATUS(idx, uri) ",\"status\":{\"status_list\":{\"idx\":" idx ",\"uri\":\"" uri "\"}}"

/* Index 1 is revoked, index 2 suspended. */
static struct world *world_with_list(
    unsigned cores, const struct eg_ed25519_impl *ed25519, uint64_t deadline_ns)
{
	struct world *w = world_new(cores, ed25519, deadline_ns, NULL);
	struct eg_revoke_sink sink = world_direct(w);

	assert_int_equal(eg_bitmap_set_range(w->bitmap, 1, 1, 1, &sink, NULL), 0);
	assert_int_equal(eg_bitmap_set_range(w->bitmap, 2, 2, 2, &sink, NULL), 0);
	return w;
}

/* ── verdicts ── */

struct verdict_case {
	const char *header, *payload;
	unsigned key, policy;
	uint8_t flags, status, detail;
	uint16_t rflags;
};

static const struct verdict_case verdict_cases[] = {
    {HEADER, "{" ISS AUD EXP "}", 0, 0, 0, EG_OK, 0, EG_RFLAG_SIG_CHECKED},
    {HEADER, "{" ISS AUD EXP "}", 0, WORLD_DEFAULT, 0, EG_OK, 0, EG_RFLAG_SIG_CHECKED},
    {HEADER, "{" ISS AUD EXP "}", 0, WORLD_STRICT, 0, EG_OK, 0, EG_RFLAG_SIG_CHECKED},
    {HEADER, "{" ISS AUD EXP STATUS("0", WORLD_LIST) "}", 0, WORLD_STATUS_REQUIRED, 0, EG_OK, 0,
        EG_RFLAG_SIG_CHECKED},
    {HEADER, "{" ISS AUD EXP ",\"cnf\":{\"jkt\":\"x\"}}", 0, 0, 0, EG_OK, 0,
        EG_RFLAG_SIG_CHECKED | EG_RFLAG_CNF_PRESENT},
    {"{\"alg\"}", "{}", 0, 0, 0, EG_MALFORMED, EG_DETAIL_HEADER, 0},
    {HEADER, "{" ISS AUD ",\"exp\":\"x\"}", 0, 0, 0, EG_MALFORMED, EG_DETAIL_EXP, 0},
    {"{\"alg\":\"EdDSA\",\"zip\":\"DEF\"}", "{}", 0, 0, 0, EG_UNSUPPORTED, 0, 0},
    {"{\"alg\":\"none\"}", "{}", 0, 0, 0, EG_UNSUPPORTED_ALG, 0, 0},
    {"{\"alg\":\"EdDSA\",\"crit\":[]}", "{}", 0, 0, 0, EG_UNSUPPORTED_CRIT, 0, 0},
    {"{\"alg\":\"EdDSA\",\"typ\":\"x\"}", "{}", 0, 0, 0, EG_BAD_TYP, 0, 0},
    {"{\"alg\":\"EdDSA\",\"kid\":\"k3\"}", "{" ISS AUD EXP "}", 0, 0, 0, EG_UNKNOWN_KEY, 0, 0},
    {"{\"alg\":\"EdDSA\"}", "{" ISS AUD EXP "}", 0, 0, 0, EG_UNKNOWN_KEY, 0, 0},
    {HEADER, "{\"iss\":\"https://other.example\"" AUD EXP "}", 0, WORLD_NO_KEYS, 0, EG_UNKNOWN_KEY,
        0, 0},
    {HEADER, "{" ISS AUD EXP "}", 1, 0, 0, EG_BAD_SIGNATURE, 0, EG_RFLAG_SIG_CHECKED},
    {HEADER, "{" ISS AUD ",\"exp\":1800000000}", 0, 0, 0, EG_EXPIRED, 0, 0},
    {HEADER, "{" ISS AUD ",\"exp\":1800000001}", 0, 0, 0, EG_OK, 0, EG_RFLAG_SIG_CHECKED},
    {HEADER, "{" ISS AUD EXP ",\"nbf\":1800000001}", 0, 0, 0, EG_NOT_YET_VALID, 0, 0},
    {HEADER, "{" ISS AUD EXP ",\"iat\":1800000001}", 0, 0, 0, EG_ISSUED_IN_FUTURE, 0, 0},
    {HEADER, "{" ISS AUD "}", 0, 0, 0, EG_NO_EXP, EG_DETAIL_EXP, 0},
    {HEADER, "{" ISS AUD "}", 0, WORLD_EXP_OPTIONAL, 0, EG_OK, 0, EG_RFLAG_SIG_CHECKED},
    {HEADER, "{\"iss\":\"https://as.example.co\"" AUD EXP "}", 0, 0, 0, EG_BAD_ISS, 0, 0},
    {HEADER, "{\"sub\":\"x\"" AUD EXP "}", 0, 0, 0, EG_BAD_ISS, 0, 0},
    {HEADER, "{" ISS EXP "}", 0, 0, 0, EG_BAD_AUD, 0, 0},
    {HEADER, "{" ISS AUD EXP ",\"iat\":1799999899}", 0, WORLD_MAX_AGE, 0, EG_TOO_OLD, 0, 0},
    {HEADER, "{" ISS AUD EXP ",\"cnf\":{}}", 0, WORLD_CNF_REFUSED, 0, EG_CNF_REFUSED, 0,
        EG_RFLAG_CNF_PRESENT},
    {HEADER, "{" ISS AUD EXP "}", 0, 99, 0, EG_UNKNOWN_POLICY, 0, 0},
    /* R5 */
    {HEADER, "{" ISS AUD EXP STATUS("1", WORLD_LIST) "}", 0, 0, 0, EG_REVOKED, EG_DETAIL_LIST,
        EG_RFLAG_SIG_CHECKED},
    {HEADER, "{" ISS AUD EXP STATUS("2", WORLD_LIST) "}", 0, 0, 0, EG_SUSPENDED, 0,
        EG_RFLAG_SIG_CHECKED},
    {HEADER, "{" ISS AUD EXP STATUS("15", WORLD_LIST) "}", 0, 0, 0, EG_OK, 0, EG_RFLAG_SIG_CHECKED},
    {HEADER, "{" ISS AUD EXP STATUS("16", WORLD_LIST) "}", 0, 0, 0, EG_STATUS_UNKNOWN, 0,
        EG_RFLAG_SIG_CHECKED},
    {HEADER, "{" ISS AUD EXP STATUS("0", "https://x") "}", 0, 0, 0, EG_STATUS_UNKNOWN, 0,
        EG_RFLAG_SIG_CHECKED},
    {HEADER, "{" ISS AUD EXP ",\"status\":{}}", 0, 0, 0, EG_STATUS_UNKNOWN, 0,
        EG_RFLAG_SIG_CHECKED},
    {HEADER, "{" ISS AUD EXP "}", 0, WORLD_STATUS_REQUIRED, 0, EG_STATUS_UNKNOWN, 0,
        EG_RFLAG_SIG_CHECKED},
    {HEADER, "{" ISS AUD EXP STATUS("1", WORLD_LIST) "}", 0, WORLD_STATUS_IGNORED, 0, EG_OK, 0,
        EG_RFLAG_SIG_CHECKED},
    {HEADER, "{" ISS AUD EXP ",\"status\":{}}", 0, WORLD_STATUS_IGNORED, 0, EG_OK, 0,
        EG_RFLAG_SIG_CHECKED},
    /* order: a forged and expired token, a sound and expired one, an expired and revoked one */
    {HEADER, "{" ISS AUD ",\"exp\":1}", 1, 0, 0, EG_EXPIRED, 0, 0},
    {HEADER, "{" ISS AUD ",\"exp\":1}", 1, WORLD_STRICT, 0, EG_BAD_SIGNATURE, 0,
        EG_RFLAG_SIG_CHECKED},
    {HEADER, "{" ISS AUD ",\"exp\":1}", 1, 0, EG_EGT_STRICT_ORDER, EG_BAD_SIGNATURE, 0,
        EG_RFLAG_SIG_CHECKED},
    {HEADER, "{" ISS AUD ",\"exp\":1}", 0, WORLD_STRICT, 0, EG_EXPIRED, 0, EG_RFLAG_SIG_CHECKED},
    {HEADER, "{" ISS AUD "}", 0, WORLD_STRICT, 0, EG_NO_EXP, EG_DETAIL_EXP, EG_RFLAG_SIG_CHECKED},
    {HEADER, "{" ISS AUD ",\"exp\":1" STATUS("1", WORLD_LIST) "}", 0, WORLD_STRICT, 0, EG_EXPIRED,
        0, EG_RFLAG_SIG_CHECKED},
};

static void check_case(struct world *w, size_t i)
{
	const struct verdict_case *c = &verdict_cases[i];
	struct world_token token = world_sign(w, c->key, c->header, c->payload);
	struct eg_egt_answer a = world_ask(w, &token, c->policy, c->flags);

	if (a.status != c->status || a.detail != c->detail || a.rflags != c->rflags)
		fail_msg("case %zu %s: %s, detail %u, rflags %u", i, c->payload,
		    eg_verdict_name(a.status), a.detail, a.rflags);
}

static void ask_unready(struct world *w)
{
	struct world_token token = world_good(w, "");
	struct eg_snapshot *later;

	w->newest_event_s = WORLD_NOW_S + 1;
	later = world_snapshot(w, w->epoch + 1);
	world_mail_snapshot(w, later);
	assert_int_equal(world_ask(w, &token, 99, 0).status, EG_NOT_READY);
	w->now_ns += EG_NS_PER_S;
	assert_int_equal(world_ask(w, &token, 0, 0).status, EG_OK);
	world_mail_snapshot(w, w->snapshot);
	world_idle(w);
	eg_snapshot_free(later);
}

static void ask_stale(struct world *w)
{
	struct world_token token = world_good(w, "");
	struct eg_egt_record records[] = {world_record(&token, 0), world_record(&token, 99)};
	uint64_t at_id = world_send(w, 0, w->epoch, records, 2);
	uint64_t beyond_id = world_send(w, 0, w->epoch + 1, records, 2);

	world_turn(w);
	world_idle(w);
	assert_int_equal(world_reply(w, at_id)->answers[0].status, EG_OK);
	assert_int_equal(world_reply(w, at_id)->answers[1].status, EG_UNKNOWN_POLICY);
	assert_int_equal(world_reply(w, at_id)->epoch, w->epoch);
	assert_int_equal(world_reply(w, beyond_id)->answers[0].status, EG_STALE);
	assert_int_equal(world_reply(w, beyond_id)->answers[1].status, EG_STALE);
	assert_int_equal(world_reply(w, beyond_id)->epoch, w->epoch);
}

static void ask_in_another_version(struct world *w)
{
	struct eg_packet pkt = world_packet(w, 100);
	struct world_buffer *b = pkt.handle;

	memset(pkt.data, 0xff, pkt.len);
	memcpy(pkt.data, (uint8_t[]){0xe6, 0xa7, 2, EG_EGT_VERIFY}, 4);
	b->request_id = ++w->last_id;
	eg_store_be64(pkt.data + 8, b->request_id);
	world_deliver(w, pkt);
	world_turn(w);
	assert_int_equal(world_reply(w, b->request_id)->count, 1);
	assert_int_equal(world_reply(w, b->request_id)->answers[0].status, EG_BAD_VERSION);
}

static void gives_every_verdict_that_is_possible(void **state)
{
	static const uint8_t later[] = {EG_TOO_BIG, EG_RISK_DENIED, EG_OVERLOADED, EG_RATE_LIMITED};
	struct world *w = world_with_list(1, NULL, DEADLINE_NS);

	for (size_t i = 0; i < sizeof(verdict_cases) / sizeof(verdict_cases[0]); i++)
		check_case(w, i);
	ask_unready(w);
	ask_stale(w);
	ask_in_another_version(w);
	for (unsigned v = 1; v < EG_VERDICT_SLOTS; v++)
		if (eg_verdict_name(v) != NULL && memchr(later, (int)v, sizeof(later)) == NULL)
			assert_true(eg_count_read(&w->stats.core[0].verdict[v]) > 0);
	world_free(w);
}

/* What the record says counts; what it leaves open is told by the first bytes. */
static void takes_the_format_that_the_record_names(void **state)
{
	struct world *w = world_with_list(1, NULL, DEADLINE_NS);
	struct world_token token = world_good(w, "");
	struct world_token cwt = world_cwt(w, 0, ""), paseto = world_paseto(w, 0, "");
	struct eg_span jwt_text = eg_span(token.text, token.len);
	struct eg_span cwt_bytes = eg_span(cwt.text, cwt.len);
	struct eg_span untagged = eg_span(cwt.text + 1, cwt.len - 1);
	struct eg_span paseto_text = eg_span(paseto.text, paseto.len);
	const struct {
		struct eg_egt_record record;
		enum eg_verdict status;
	} cases[] = {
	    {{.token = jwt_text}, EG_OK},
	    {{.token = cwt_bytes}, EG_OK},
	    {{.token = untagged}, EG_MALFORMED},
	    {{.token = paseto_text}, EG_OK},
	    {{.fmt = EG_FMT_JWT, .token = jwt_text}, EG_OK},
	    {{.fmt = EG_FMT_JWT, .token = cwt_bytes}, EG_MALFORMED},
	    {{.fmt = EG_FMT_JWT, .token = paseto_text}, EG_MALFORMED},
	    {{.fmt = EG_FMT_CWT, .token = jwt_text}, EG_MALFORMED},
	    {{.fmt = EG_FMT_CWT, .token = cwt_bytes}, EG_OK},
	    {{.fmt = EG_FMT_CWT, .token = untagged}, EG_OK},
	    {{.fmt = EG_FMT_CWT, .token = paseto_text}, EG_MALFORMED},
	    {{.fmt = EG_FMT_PASETO, .token = jwt_text}, EG_MALFORMED},
	    {{.fmt = EG_FMT_PASETO, .token = cwt_bytes}, EG_MALFORMED},
	    {{.fmt = EG_FMT_PASETO, .token = paseto_text}, EG_OK},
	    {{.fmt = EG_FMT_CWT, .token = eg_span(NULL, 0)}, EG_MALFORMED},
	    {{.fmt = EG_FMT_PASETO, .token = eg_span(NULL, 0)}, EG_MALFORMED},
	    {{.token = eg_span("v2.public.AA", 12)}, EG_UNSUPPORTED_ALG},
	    {{.token = eg_span("\xef\xbb\xbf", 3)}, EG_MALFORMED},
	    {{.token = eg_span(NULL, 0)}, EG_MALFORMED},
	};
	const uint8_t cnt = sizeof(cases) / sizeof(cases[0]);
	struct eg_egt_record records[sizeof(cases) / sizeof(cases[0])];
	uint64_t id;

	for (unsigned i = 0; i < cnt; i++)
		records[i] = cases[i].record;
	id = world_send(w, 0, 0, records, cnt);
	world_turn(w);
	world_idle(w);
	for (unsigned i = 0; i < cnt; i++)
		assert_int_equal(world_reply(w, id)->answers[i].status, cases[i].status);
	world_free(w);
}

/* What a CWT or a PASETO signs is kept beside the queue until the signature is looked at, turns
 * later and with the buffers of others in between. */
static void keeps_messages_while_records_wait(void **state)
{
	struct world *w = world_with_list(1, NULL, DEADLINE_NS);
	uint64_t id[300];

	for (unsigned i = 0; i < 300; i++) {
		char name[16];
		struct world_token token;
		struct eg_egt_record record;

		(void)snprintf(name, sizeof(name), "n-%u", i);
		token = i % 3 == 0   ? world_cwt(w, i & 1, name)
		        : i % 3 == 1 ? world_paseto(w, i & 1, name)
		                     : world_good(w, "");
		if (i % 7 == 0)
			token.text[token.len - (i % 3 == 1 ? 40 : 5)] ^= 1; /* forged, or worse */
		record = world_record(&token, WORLD_DEFAULT);
		id[i] = world_send(w, 0, 0, &record, 1);
		world_turn(w);
	}
	world_idle(w);
	for (unsigned i = 0; i < 300; i++) {
		const uint8_t status = world_reply(w, id[i])->answers[0].status;

		assert_int_equal(status == EG_OK, i % 7 != 0);
	}
	world_free(w);
}

/* ── the project's own vectors ── */

static json_t *vector_keys;

static void take_vector_key(struct eg_key *key, json_t *jwk)
{
	const char *x = json_string_value(json_object_get(jwk, "x"));
	uint8_t public[EG_ED25519_PUBLIC_BYTES];

	assert_int_equal(strlen(x), EG_BASE64URL_ENCODED_BYTES(sizeof(public)));
	assert_true(eg_base64url_decode(eg_span_str(x), public));
	assert_int_equal(eg_ed25519_key_init(&key->ed, public, false, NULL), 0);
	key->kid = eg_span_str(json_string_value(json_object_get(jwk, "kid")));
}

static void adjust_to_vectors(struct world *w)
{
	assert_int_equal(json_array_size(vector_keys), WORLD_KEYS);
	for (unsigned i = 0; i < WORLD_KEYS; i++)
		take_vector_key(&w->key[i], json_array_get(vector_keys, i));
	eg_bitmap_free(w->bitmap);
	w->bitmap = eg_bitmap_new(eg_span_str(WORLD_LIST), 1, 16);
	w->list.map = w->bitmap;
}

static struct world *vector_world(void)
{
	struct world *w = world_new(1, NULL, DEADLINE_NS, adjust_to_vectors);
	struct eg_revoke_sink sink = world_direct(w);

	assert_int_equal(eg_bitmap_set_bytes(w->bitmap, 0, eg_span("\xb9\xa3", 2), &sink, NULL), 0);
	assert_int_equal(eg_revoke_set_entry(w->revoke, world_hash(w, EG_REVOKE_JTI, "t-dead"),
	                     EG_REVOKE_JTI, WORLD_NOW_S + 300, &sink, NULL),
	    0);
	assert_int_equal(eg_revoke_set_entry(w->revoke, world_hash(w, EG_REVOKE_SUBJECT, "user-9"),
	                     EG_REVOKE_SUBJECT, 1799999970, &sink, NULL),
	    0);
	return w;
}

static void check_vector(struct world *w, json_t *row)
{
	json_t *text = json_object_get(row, "token");
	const char *expect = json_string_value(json_object_get(row, "expect"));
	struct world_token token = {.len = json_string_length(text)};
	struct eg_egt_answer a;

	assert_true(token.len <= sizeof(token.text));
	memcpy(token.text, json_string_value(text), token.len);
	a = world_ask(w, &token, 0, 0);
	if (a.status != eg_verdict_by_name(expect))
		fail_msg("%s: %s instead of %s", json_string_value(json_object_get(row, "id")),
		    eg_verdict_name(a.status), expect);
}

static void agrees_with_the_vectors(void **state)
{
	FILE *f = eg_test_open_vectors("jwt-edgate.jsonl");
	struct world *w;
	json_t *first, *row;
	size_t cnt = 0;

	if (f == NULL)
		return;
	first = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL);
	vector_keys = json_object_get(first, "_keys");
	w = vector_world();
	while ((row = json_loadf(f, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL)) != NULL) {
		check_vector(w, row);
		json_decref(row);
		cnt++;
	}
	assert_int_equal(cnt, json_integer_value(json_object_get(first, "_count")));
	json_decref(first);
	world_free(w);
	(void)fclose(f);
}

/* ── answer fields ── */

static struct eg_egt_answer ask_good(struct world *w, const char *members, uint32_t policy)
{
	struct world_token token = world_good(w, members);

	return world_ask(w, &token, policy, 0);
}

static struct eg_egt_answer ask_exp(struct world *w, const char *exp, uint32_t policy)
{
	char payload[256];
	struct world_token token;

	(void)snprintf(payload, sizeof(payload), "{" ISS AUD "%s}", exp);
	token = world_sign(w, 0, HEADER, payload);
	return world_ask(w, &token, policy, 0);
}

static void tells_exp_saturating(void **state)
{
	struct world *w = world_with_list(1, NULL, DEADLINE_NS);

	assert_int_equal(ask_good(w, "", 0).exp, WORLD_NOW_S + 300);
	assert_int_equal(ask_exp(w, ",\"exp\":4294967294", 0).exp, UINT32_MAX - 1);
	assert_int_equal(ask_exp(w, ",\"exp\":4294967296", 0).exp, UINT32_MAX);
	assert_int_equal(ask_exp(w, ",\"exp\":253402300799", 0).exp, UINT32_MAX);
	assert_int_equal(ask_exp(w, "", WORLD_EXP_OPTIONAL).exp, 0);
	assert_int_equal(ask_exp(w, ",\"exp\":-5", 0).exp, 0);
	assert_int_equal(ask_exp(w, ",\"exp\":5", 0).exp, 5); /* of a refused token too */
	world_free(w);
}

static void tells_how_long_to_cache(void **state)
{
	struct world *w = world_with_list(1, NULL, DEADLINE_NS);

	assert_int_equal(ask_good(w, "", 0).cache_for, 0);
	assert_int_equal(ask_good(w, "", WORLD_CLIENT_CACHE).cache_for, 60);
	assert_int_equal(ask_exp(w, ",\"exp\":1800000059", WORLD_CLIENT_CACHE).cache_for, 59);
	assert_int_equal(ask_exp(w, "", WORLD_EXP_OPTIONAL).cache_for, 60);
	assert_int_equal(
	    ask_good(w, STATUS("1", WORLD_LIST), WORLD_CLIENT_CACHE).status, EG_REVOKED);
	assert_int_equal(ask_good(w, STATUS("1", WORLD_LIST), WORLD_CLIENT_CACHE).cache_for, 0);
	world_free(w);
}

static void adjust_list_times(struct world *w)
{
	w->list.ttl_end_s = WORLD_NOW_S + 10;
	w->list.exp_s = WORLD_NOW_S + 20;
}

static void heeds_the_times_of_a_list(void **state)
{
	struct world *w = world_new(1, NULL, DEADLINE_NS, adjust_list_times);
	struct eg_revoke_sink sink = world_direct(w);
	struct eg_egt_answer a = ask_good(w, STATUS("0", WORLD_LIST), WORLD_CLIENT_CACHE);

	assert_int_equal(a.status, EG_OK);
	assert_int_equal(a.cache_for, 10);
	assert_int_equal(eg_bitmap_set_range(w->bitmap, 1, 1, 1, &sink, NULL), 0);
	w->now_ns += 10 * EG_NS_PER_S - 1;
	assert_false(ask_good(w, STATUS("0", WORLD_LIST), 0).rflags & EG_RFLAG_LIST_STALE);
	w->now_ns += 1;
	a = ask_good(w, STATUS("0", WORLD_LIST), WORLD_CLIENT_CACHE);
	assert_int_equal(a.status, EG_OK);
	assert_int_equal(a.rflags, EG_RFLAG_SIG_CHECKED | EG_RFLAG_LIST_STALE);
	assert_int_equal(world_counter(w, EG_COUNTER_list_stale), 1);
	assert_int_equal(a.cache_for, 0);
	w->now_ns += 10 * EG_NS_PER_S - 1;
	assert_int_equal(ask_good(w, STATUS("0", WORLD_LIST), 0).status, EG_OK);
	w->now_ns += 1;
	assert_int_equal(ask_good(w, STATUS("0", WORLD_LIST), 0).status, EG_STATUS_UNKNOWN);
	assert_int_equal(ask_good(w, STATUS("1", WORLD_LIST), 0).status, EG_STATUS_UNKNOWN);
	a = ask_good(w, STATUS("0", WORLD_LIST), WORLD_STATUS_IGNORED);
	assert_int_equal(a.status, EG_OK);
	assert_int_equal(a.rflags, EG_RFLAG_SIG_CHECKED);
	world_free(w);
}

static void adjust_stated(struct world *w)
{
	w->list.stated = 8;
}

static void an_entry_that_the_list_does_not_speak_of_is_unknown(void **state)
{
	struct world *w = world_new(1, NULL, DEADLINE_NS, adjust_stated);
	struct eg_revoke_sink sink = world_direct(w);

	assert_int_equal(ask_good(w, STATUS("7", WORLD_LIST), 0).status, EG_OK);
	assert_int_equal(ask_good(w, STATUS("8", WORLD_LIST), 0).status, EG_STATUS_UNKNOWN);
	assert_int_equal(ask_good(w, STATUS("8", WORLD_LIST), WORLD_STATUS_IGNORED).status, EG_OK);
	assert_int_equal(eg_bitmap_set_range(w->bitmap, 8, 8, 1, &sink, NULL), 0);
	assert_int_equal(ask_good(w, STATUS("8", WORLD_LIST), 0).status, EG_REVOKED);
	world_free(w);
}

/* ── freshness ── */

static void set_contact(struct world *w, uint64_t utc_s)
{
	atomic_store_explicit(&w->stats.header->state_read_utc_s, utc_s, memory_order_relaxed);
}

static void adjust_freshness(struct world *w)
{
	struct eg_policy *strict = &w->policy[WORLD_DEFAULT - 1];
	struct eg_policy *bounded = &w->policy[WORLD_CLIENT_CACHE - 1];

	strict->freshness = EG_FRESH_STRICT;
	strict->max_state_age_s = bounded->max_state_age_s = 10;
}

static void an_old_state_is_refused_or_flagged(void **state)
{
	struct world *w = world_new(1, NULL, DEADLINE_NS, adjust_freshness);
	struct eg_egt_answer a;

	set_contact(w, WORLD_NOW_S - 10);
	assert_int_equal(ask_good(w, "", WORLD_DEFAULT).status, EG_OK);
	a = ask_good(w, "", WORLD_CLIENT_CACHE);
	assert_int_equal(a.rflags, EG_RFLAG_SIG_CHECKED);
	assert_int_equal(a.cache_for, 0);
	assert_int_equal(world_counter(w, EG_COUNTER_state_stale), 0);
	w->now_ns += EG_NS_PER_S;
	a = ask_good(w, "", WORLD_DEFAULT);
	assert_int_equal(a.status, EG_STALE);
	assert_int_equal(a.rflags, EG_RFLAG_STATE_STALE); /* nothing was decoded */
	a = ask_good(w, "", WORLD_CLIENT_CACHE);
	assert_int_equal(a.status, EG_OK);
	assert_int_equal(a.rflags, EG_RFLAG_SIG_CHECKED | EG_RFLAG_STATE_STALE);
	assert_int_equal(a.cache_for, 0);
	assert_int_equal(ask_good(w, "", WORLD_EXP_OPTIONAL).rflags, EG_RFLAG_SIG_CHECKED);
	assert_int_equal(world_counter(w, EG_COUNTER_state_stale), 2);
	world_free(w);
}

static void contact_makes_the_state_fresh_again(void **state)
{
	struct world *w = world_new(1, NULL, DEADLINE_NS, adjust_freshness);

	assert_int_equal(ask_good(w, "", WORLD_DEFAULT).status, EG_STALE); /* there was none yet */
	set_contact(w, WORLD_NOW_S - 4);
	assert_int_equal(ask_good(w, "", WORLD_DEFAULT).status, EG_OK);
	assert_int_equal(ask_good(w, "", WORLD_CLIENT_CACHE).cache_for, 6);
	set_contact(w, WORLD_NOW_S + 1000); /* the clock was set back */
	assert_int_equal(ask_good(w, "", WORLD_DEFAULT).status, EG_OK);
	assert_int_equal(ask_good(w, "", WORLD_CLIENT_CACHE).cache_for, 10);
	world_free(w);
}

static void check_steering(struct world *w, const struct world_token *token, unsigned shard)
{
	for (w->core = 0; w->core < 2; w->core++) {
		bool miss = world_ask(w, token, 0, 0).rflags & EG_RFLAG_STEER_MISS;

		assert_int_equal(miss, eg_shard_owner(shard, 2) != w->core);
	}
	w->core = 0;
}

static void says_whose_shard_it_was(void **state)
{
	struct world *w = world_with_list(2, NULL, DEADLINE_NS);
	struct world_token token;
	char members[128];

	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(members, sizeof(members), ",\"jti\":\"%u\"", i);
		token = world_good(w, members);
		check_steering(w, &token, eg_shard_of_token(eg_span(token.text, token.len)));
	}
	for (unsigned i = 0; i < 20; i++) {
		(void)snprintf(
		    members, sizeof(members), ",\"jti\":\"%u\"%s", i, STATUS("3", WORLD_LIST));
		token = world_good(w, members);
		check_steering(w, &token, eg_bitmap_shard(w->bitmap, 3));
	}
	assert_int_equal(
	    world_counter(w, EG_COUNTER_steer_hit) + world_counter(w, EG_COUNTER_steer_miss), 40);
	assert_true(world_counter(w, EG_COUNTER_steer_miss) > 0);
	world_free(w);
}

/* ── packets that are no VERIFY ── */

static void answers_ping(void **state)
{
	struct world *w = world_with_list(1, NULL, DEADLINE_NS);
	struct eg_packet pkt = world_packet(w, 100);
	struct eg_writer writer = eg_writer(pkt.data, pkt.room);
	struct eg_egt_record empty = {0};
	struct eg_egt_response resp;
	struct eg_egt_pong pong;

	eg_egt_begin_request(&writer, EG_EGT_PING, 0, 1, 77, 0);
	eg_egt_put_record(&writer, &empty);
	eg_egt_pad_request(&writer, pkt.data, pkt.len);
	assert_int_equal(eg_egt_finish_request(&writer, pkt.data, 1), pkt.len);
	world_deliver(w, pkt);
	world_turn(w);
	assert_int_equal(eg_count_read(&w->stats.core[0].answer[EG_ANSWER_answered_ping]), 1);
	assert_int_equal(world_counter(w, EG_COUNTER_records), 0);
	pkt = w->out.tx[0];
	assert_int_equal(eg_egt_parse_response(eg_span(pkt.data, pkt.len), &resp), 0);
	assert_int_equal(resp.request_id, 77);
	assert_int_equal(resp.epoch, w->epoch);
	assert_int_equal(eg_egt_parse_pong(&resp, &pong), 0);
	assert_int_equal(pong.ready, 1);
	assert_int_equal(pong.shards, 64);
	assert_int_equal(pong.steering, 1);
	assert_int_equal(pong.base_port, EG_EGT_PORT);
	assert_int_equal(pong.utc_s, WORLD_NOW_S);
	assert_true(eg_span_eq_str(pong.version, "test"));
	world_free(w);
}

static void answers_a_whole_frame_in_place(void **state)
{
	static const uint8_t headers[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 8, 0, /* Ethernet */
	    0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 9, 10, 0, 0, 1,      /* IPv4 */
	    0x9c, 0x40, 0x63, 0xaf, 0, 0, 0, 0};                                    /* UDP */
	struct world *w = world_with_list(1, NULL, 0);
	struct world_token token = world_good(w, "");
	struct eg_egt_record record = world_record(&token, 0);
	struct eg_packet pkt = world_packet(w, 0);
	struct eg_writer writer = eg_writer(pkt.data + sizeof(headers), 1000);
	uint8_t *payload = writer.ptr;
	uint16_t bytes;
	struct eg_egt_response resp;

	eg_egt_begin_request(&writer, EG_EGT_VERIFY, 0, 1, 5, 0);
	eg_egt_put_record(&writer, &record);
	bytes = (uint16_t)eg_egt_finish_request(&writer, payload, 1);
	memcpy(pkt.data, headers, sizeof(headers));
	eg_store_be16(pkt.data + 16, (uint16_t)(20 + 8 + bytes));
	eg_store_be16(pkt.data + 38, (uint16_t)(8 + bytes));
	pkt.len = (uint32_t)sizeof(headers) + bytes;
	pkt.flags = EG_PACKET_IP_CKSUM_GOOD;
	world_deliver(w, pkt);
	world_turn(w);
	assert_int_equal(w->out.tx_cnt, 1);
	pkt = w->out.tx[0];
	assert_int_equal(pkt.len, sizeof(headers) + EG_EGT_RESPONSE_BYTES(1));
	assert_memory_equal(pkt.data, headers + 6, 6);
	assert_memory_equal(pkt.data + 6, headers, 6);
	assert_memory_equal(pkt.data + 34, headers + 36, 2);
	assert_memory_equal(pkt.data + 36, headers + 34, 2);
	assert_int_equal(eg_egt_parse_response(eg_span(pkt.data + 42, pkt.len - 42), &resp), 0);
	assert_int_equal(eg_egt_answer_at(&resp, 0).status, EG_OK);
	world_free(w);
}

static void drops_by_name(void **state)
{
	static const struct {
		uint32_t flags;
		uint8_t bytes[4];
		enum eg_drop drop;
	} cases[] = {
	    {EG_PACKET_MULTI_SEGMENT, {0xe6, 0xa7, 1, 1}, EG_DROP_rx_multi_segment},
	    {EG_PACKET_TRUNCATED, {0xe6, 0xa7, 1, 1}, EG_DROP_too_big},
	    {EG_PACKET_SOURCE_BAD, {0xe6, 0xa7, 1, 1}, EG_DROP_udp_source_port},
	    {0, {0xe6, 0xa8, 1, 1}, EG_DROP_egt_magic},
	    {0, {0xe6, 0xa7, 1, 2}, EG_DROP_egt_type},
	    {0, {0xe6, 0xa7, 1, 1}, EG_DROP_egt_count},
	};
	struct world *w = world_with_list(1, NULL, DEADLINE_NS);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct eg_packet pkt = world_packet(w, 40);

		memset(pkt.data, 0, pkt.len);
		memcpy(pkt.data, cases[i].bytes, sizeof(cases[i].bytes));
		pkt.flags |= cases[i].flags;
		world_deliver(w, pkt);
		world_turn(w);
		assert_int_equal(w->out.drop_cnt, 1);
		assert_int_equal(eg_count_read(&w->stats.core[0].drop[cases[i].drop]), 1);
	}
	world_free(w);
}

static void counts_what_the_port_refuses_as_drops(void **state)
{
	struct world *w = world_with_list(1, NULL, 0);
	struct world_token token = world_good(w, "");
	struct eg_egt_record record = world_record(&token, 0);

	w->tx_max = 3;
	for (unsigned i = 0; i < 8; i++)
		(void)world_send(w, 0, 0, &record, 1);
	world_turn(w);
	assert_int_equal(eg_count_read(&w->stats.core[0].drop[EG_DROP_tx_full]), 5);
	assert_int_equal(eg_count_read(&w->stats.core[0].answer[EG_ANSWER_answered_verify]), 3);
	assert_int_equal(world_counter(w, EG_COUNTER_tx_bytes), 3 * EG_EGT_RESPONSE_BYTES(1));
	world_free(w);
}

/* ── the signature queue ── */

static unsigned largest_run, ragged_runs;

static void verify_in_eights(const struct eg_ed25519_job jobs[], unsigned job_cnt, bool ok[])
{
	largest_run = job_cnt > largest_run ? job_cnt : largest_run;
	ragged_runs += job_cnt % 8 != 0;
	eg_ed25519_select("sodium", NULL)->verify(jobs, job_cnt, ok);
}

static const struct eg_ed25519_impl eights = {
    .name = "eights", .lanes = 8, .verify = verify_in_eights};

static void send_records(struct world *w, unsigned cnt)
{
	struct world_token token = world_good(w, "");
	struct eg_egt_record records[EG_EGT_RECORDS_MAX];

	for (unsigned i = 0; i < cnt; i++)
		records[i] = world_record(&token, 0);
	(void)world_send(w, 0, 0, records, (uint8_t)cnt);
}

static unsigned in_flight(const struct world *w)
{
	return eg_pipeline_in_flight(w->cores[w->core].pipeline);
}

static void runs_when_the_deadline_is_reached(void **state)
{
	struct world *w = world_with_list(1, NULL, DEADLINE_NS);

	send_records(w, 1);
	world_turn(w);
	w->now_ns += DEADLINE_NS - 1;
	send_records(w, 1);
	world_turn(w);
	assert_int_equal(in_flight(w), 2);
	w->now_ns += 1;
	send_records(w, 1);
	world_turn(w);
	assert_int_equal(in_flight(w), 0);
	assert_int_equal(world_counter(w, EG_COUNTER_signature_flush_deadline), 1);
	assert_int_equal(world_counter(w, EG_COUNTER_signature_batches), 1);
	assert_int_equal(world_counter(w, EG_COUNTER_signatures), 3);
	world_free(w);
}

static void runs_when_rx_is_empty(void **state)
{
	struct world *w = world_with_list(1, NULL, NEVER_NS);

	send_records(w, 5);
	world_turn(w);
	assert_int_equal(in_flight(w), 1);
	world_idle(w);
	assert_int_equal(world_counter(w, EG_COUNTER_signature_flush_idle), 1);
	world_idle(w);
	assert_int_equal(world_counter(w, EG_COUNTER_signature_flush_idle), 1);
	assert_int_equal(world_counter(w, EG_COUNTER_rx_polls), 3);
	assert_int_equal(world_counter(w, EG_COUNTER_rx_empty_polls), 2);
	world_free(w);
}

static void runs_at_once_without_a_deadline(void **state)
{
	struct world *w = world_with_list(1, NULL, 0);

	send_records(w, 1);
	world_turn(w);
	assert_int_equal(in_flight(w), 0);
	world_free(w);
}

static void runs_when_a_batch_waits_and_not_before(void **state)
{
	struct world *w = world_with_list(1, NULL, NEVER_NS);

	send_records(w, EG_EGT_RECORDS_MAX - 1);
	world_turn(w);
	assert_int_equal(in_flight(w), 1);
	send_records(w, 1);
	world_turn(w);
	assert_int_equal(in_flight(w), 0);
	assert_int_equal(world_counter(w, EG_COUNTER_signature_flush_full), 1);
	world_free(w);
}

static void runs_whole_lanes_when_a_batch_waits(void **state)
{
	struct world *w = world_with_list(1, &eights, NEVER_NS);

	largest_run = ragged_runs = 0;
	send_records(w, 63);
	world_turn(w);
	assert_int_equal(world_counter(w, EG_COUNTER_signature_batches), 0);
	send_records(w, 10);
	world_turn(w);
	assert_int_equal(world_counter(w, EG_COUNTER_signature_flush_full), 1);
	assert_int_equal(world_counter(w, EG_COUNTER_signatures), 72);
	assert_int_equal(ragged_runs, 0);
	assert_int_equal(in_flight(w), 1); /* one record of the second frame is left over */
	world_idle(w);
	assert_int_equal(world_counter(w, EG_COUNTER_signatures), 73);
	world_free(w);
}

/* Of what the deadline does not force to go, only whole groups go. */
static void a_group_that_is_not_full_waits_while_it_may(void **state)
{
	struct world *w = world_with_list(1, &eights, DEADLINE_NS);

	largest_run = ragged_runs = 0;
	send_records(w, 8);
	world_turn(w);
	w->now_ns += DEADLINE_NS;
	send_records(w, 9);
	world_turn(w); /* 8 are due, 16 make groups, 1 stays */
	assert_int_equal(world_counter(w, EG_COUNTER_signatures), 16);
	assert_int_equal(ragged_runs, 0);
	w->now_ns += DEADLINE_NS;
	send_records(w, 9);
	world_turn(w); /* 1 is due, 8 make a group, 2 stay */
	assert_int_equal(world_counter(w, EG_COUNTER_signatures), 24);
	assert_int_equal(ragged_runs, 0);
	w->now_ns += DEADLINE_NS;
	send_records(w, 1);
	world_turn(w); /* 2 are due, and with the last one are no group: all go */
	assert_int_equal(world_counter(w, EG_COUNTER_signatures), 27);
	assert_int_equal(in_flight(w), 0);
	assert_int_equal(world_counter(w, EG_COUNTER_signature_flush_deadline), 3);
	world_free(w);
}

/* Goes once round the queue with one token, and checks every answer. */
static void ask_round(struct world *w, const char *members, struct eg_egt_answer expect)
{
	struct world_token token = world_good(w, members);
	struct eg_egt_record record = world_record(&token, WORLD_CLIENT_CACHE);

	for (unsigned i = 0; i < EG_SIGNATURE_QUEUE_MAX; i++) {
		(void)world_send(w, 0, 0, &record, 1);
		world_turn(w);
	}
	world_idle(w);
	for (unsigned i = 0; i < EG_SIGNATURE_QUEUE_MAX; i++) {
		const struct eg_egt_answer *a = world_reply(w, w->last_id - i)->answers;

		assert_int_equal(a->status, expect.status);
		assert_int_equal(a->rflags, expect.rflags);
		assert_int_equal(a->cache_for, expect.cache_for);
	}
}

static void an_entry_forgets_its_last_record(void **state)
{
	struct world *w = world_new(1, NULL, NEVER_NS, adjust_list_times);
	const uint16_t checked = EG_RFLAG_SIG_CHECKED, cnf = checked | EG_RFLAG_CNF_PRESENT;

	ask_round(w, ",\"status\":{},\"cnf\":{}",
	    (struct eg_egt_answer){.status = EG_STATUS_UNKNOWN, .rflags = cnf});
	ask_round(w, STATUS("0", WORLD_LIST),
	    (struct eg_egt_answer){.status = EG_OK, .rflags = checked, .cache_for = 10});
	ask_round(
	    w, "", (struct eg_egt_answer){.status = EG_OK, .rflags = checked, .cache_for = 60});
	ask_round(w, ",\"status\":{}",
	    (struct eg_egt_answer){.status = EG_STATUS_UNKNOWN, .rflags = checked});
	ask_round(
	    w, "", (struct eg_egt_answer){.status = EG_OK, .rflags = checked, .cache_for = 60});
	world_free(w);
}

/* The most that can wait: 63 queued, a batch of 64 on top of it. */
static void holds_the_longest_queue(void **state)
{
	struct world *w = world_with_list(1, &eights, NEVER_NS);

	largest_run = 0;
	for (unsigned turn = 0; turn < 40; turn++) {
		for (unsigned i = 0; i < 63; i++)
			if (w->cores[0].rx_cnt < 31)
				send_records(w, 1);
		world_turn(w);
		send_records(w, 64);
		world_turn(w);
		assert_true(in_flight(w) < 64);
	}
	assert_true(largest_run > 64 && largest_run < EG_SIGNATURE_QUEUE_MAX);
	world_free(w);
}

/* ── frames and batches ── */

/* Record i of every frame: which token, and what it must read. */
struct mixed {
	struct eg_egt_record record[4];
	struct world_token good, forged, expired;
};

static const uint8_t mixed_status[4] = {EG_OK, EG_BAD_SIGNATURE, EG_EXPIRED, EG_UNKNOWN_POLICY};

static void make_mixed(const struct world *w, struct mixed *m)
{
	m->good = world_good(w, "");
	m->forged = world_sign(w, 1, HEADER, "{" ISS AUD EXP "}");
	m->expired = world_sign(w, 0, HEADER, "{" ISS AUD ",\"exp\":1}");
	m->record[0] = world_record(&m->good, 0);
	m->record[1] = world_record(&m->forged, 0);
	m->record[2] = world_record(&m->expired, 0);
	m->record[3] = world_record(&m->good, 99);
}

/* Frame f starts its round of four at f, so that neighbours differ. */
static uint64_t send_mixed(struct world *w, const struct mixed *m, unsigned f, uint8_t cnt)
{
	struct eg_egt_record records[EG_EGT_RECORDS_MAX];

	for (unsigned i = 0; i < cnt; i++)
		records[i] = m->record[(f + i) % 4];
	return world_send(w, 0, 0, records, cnt);
}

static void assert_mixed(const struct world *w, uint64_t id, unsigned f, uint8_t cnt)
{
	assert_true(world_reply(w, id)->answered);
	assert_int_equal(world_reply(w, id)->count, cnt);
	for (unsigned i = 0; i < cnt; i++)
		assert_int_equal(world_reply(w, id)->answers[i].status, mixed_status[(f + i) % 4]);
}

static void answers_bursts_of(unsigned frames, uint8_t records)
{
	struct world *w = world_with_list(1, NULL, NEVER_NS);
	struct mixed m;

	make_mixed(w, &m);
	for (unsigned f = 0; f < frames; f++)
		assert_int_equal(send_mixed(w, &m, f, records), f + 1);
	world_turn(w);
	world_idle(w);
	for (unsigned f = 0; f < frames; f++)
		assert_mixed(w, f + 1, f, records);
	assert_int_equal(world_counter(w, EG_COUNTER_records), frames * records);
	world_free(w);
}

static void answers_frames_that_span_batches(void **state)
{
	static const uint8_t sizes[] = {1, 2, 31, 40, 63, 64};

	for (size_t i = 0; i < sizeof(sizes); i++)
		answers_bursts_of(5, sizes[i]);
}

static void answers_the_largest_burst(void **state)
{
	answers_bursts_of(EG_BURST_MAX, EG_EGT_RECORDS_MAX);
}

/* ── anything at all ── */

struct random {
	uint64_t s;
};

static uint32_t random_below(struct random *r, uint32_t bound)
{
	r->s = r->s * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(r->s >> 33) % bound;
}

static void spoil(struct random *r, struct eg_packet *pkt)
{
	unsigned flips = 1 + random_below(r, 3);

	for (unsigned i = 0; i < flips; i++)
		pkt->data[random_below(r, pkt->len)] ^= (uint8_t)(1u << random_below(r, 8));
	if (random_below(r, 8) == 0)
		pkt->len = random_below(r, pkt->len + 1);
	if (random_below(r, 16) == 0)
		pkt->flags |= 1u << (5 + random_below(r, 4));
	((struct world_buffer *)pkt->handle)->request_bytes = pkt->len;
	((struct world_buffer *)pkt->handle)->request_id = 0;
}

static void send_random(struct world *w, const struct mixed *m, struct random *r)
{
	uint8_t cnt = (uint8_t)(1 + random_below(r, random_below(r, 4) == 0 ? 64 : 4));
	struct world_core *core = &w->cores[w->core];

	(void)send_mixed(w, m, random_below(r, 4), cnt);
	if (random_below(r, 2) == 0)
		spoil(r, &core->rx[core->rx_cnt - 1]);
}

/* Runs the same mix of sound and hostile frames; the world checks every turn. */
static void run_random(uint64_t seed, struct world *w)
{
	struct random r = {seed};
	struct mixed m;

	make_mixed(w, &m);
	for (unsigned turn = 0; turn < 150; turn++) {
		unsigned cnt = random_below(&r, 3) == 0 ? 0 : random_below(&r, EG_BURST_MAX + 1);

		for (unsigned i = 0; i < cnt; i++)
			send_random(w, &m, &r);
		w->now_ns += random_below(&r, 2 * DEADLINE_NS);
		world_turn(w);
	}
	world_idle(w);
}

static void accounts_for_everything_and_repeats_itself(void **state)
{
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct world *a = world_with_list(1, NULL, DEADLINE_NS);
		struct world *b = world_with_list(1, &eights, 0);

		run_random(seed, a);
		run_random(seed, b);
		assert_true(world_drops(a) > 0);
		assert_int_equal(world_verdicts(a), world_counter(a, EG_COUNTER_records));
		assert_int_equal(a->last_id, b->last_id);
		assert_memory_equal(a->stats.core[0].verdict, b->stats.core[0].verdict,
		    sizeof(a->stats.core[0].verdict));
		assert_memory_equal(
		    a->stats.core[0].drop, b->stats.core[0].drop, sizeof(a->stats.core[0].drop));
		/* reply 0 is that of the last spoilt frame */
		assert_memory_equal(
		    a->reply + 1, b->reply + 1, a->last_id * sizeof(struct world_reply));
		world_free(a);
		world_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gives_every_verdict_that_is_possible),
	    cmocka_unit_test(takes_the_format_that_the_record_names),
	    cmocka_unit_test(keeps_messages_while_records_wait),
	    cmocka_unit_test(agrees_with_the_vectors),
	    cmocka_unit_test(an_entry_that_the_list_does_not_speak_of_is_unknown),
	    cmocka_unit_test(an_old_state_is_refused_or_flagged),
	    cmocka_unit_test(contact_makes_the_state_fresh_again),
	    cmocka_unit_test(tells_exp_saturating),
	    cmocka_unit_test(tells_how_long_to_cache),
	    cmocka_unit_test(heeds_the_times_of_a_list),
	    cmocka_unit_test(says_whose_shard_it_was),
	    cmocka_unit_test(answers_ping),
	    cmocka_unit_test(answers_a_whole_frame_in_place),
	    cmocka_unit_test(drops_by_name),
	    cmocka_unit_test(counts_what_the_port_refuses_as_drops),
	    cmocka_unit_test(runs_when_the_deadline_is_reached),
	    cmocka_unit_test(runs_when_rx_is_empty),
	    cmocka_unit_test(runs_at_once_without_a_deadline),
	    cmocka_unit_test(runs_when_a_batch_waits_and_not_before),
	    cmocka_unit_test(an_entry_forgets_its_last_record),
	    cmocka_unit_test(runs_whole_lanes_when_a_batch_waits),
	    cmocka_unit_test(a_group_that_is_not_full_waits_while_it_may),
	    cmocka_unit_test(holds_the_longest_queue),
	    cmocka_unit_test(answers_frames_that_span_batches),
	    cmocka_unit_test(answers_the_largest_burst),
	    cmocka_unit_test(accounts_for_everything_and_repeats_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
