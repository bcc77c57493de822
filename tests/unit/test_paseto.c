/* SPDX-License-Identifier: BSD-3-Clause */
#include "hex.h"

#include "eg_base64url.h"
#include "eg_token.h"

#include <jansson.h>
#include <sodium.h>

#define PREFIX       "v4.public."
#define FOOTER       "{\"kid\":\"k1\"}"
#define EXP_S        1800000300
#define EXP          "\"exp\":\"2027-01-15T08:05:00Z\""
#define PAYLOAD      "{\"iss\":\"as\",\"aud\":\"api\"," EXP "}"
#define ROOM         16384u
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct eg_policy policy;
static struct eg_token_scratch scratch;
static struct eg_token_message message;
static struct eg_token token;
static uint8_t public_key[crypto_sign_PUBLICKEYBYTES], secret_key[crypto_sign_SECRETKEYBYTES];

static int set_up(void **state)
{
	static const uint8_t seed[crypto_sign_SEEDBYTES] = {1};

	eg_policy_init(&policy, 1);
	return crypto_sign_seed_keypair(public_key, secret_key, seed) |
	       eg_policy_add_issuer(&policy, eg_span_str("as"), NULL) |
	       eg_policy_add_audience(&policy, eg_span_str("api"), NULL);
}

/* Parses a copy in memory of its exact size. */
static struct eg_finding parse(const void *text, size_t len)
{
	uint8_t *copy = malloc(len != 0 ? len : 1);
	struct eg_finding f;

	assert_non_null(copy);
	if (len != 0)
		memcpy(copy, text, len);
	f = eg_paseto_parse(eg_span(copy, len), &policy, &scratch, &message, &token);
	if (f.status == EG_OK)
		assert_ptr_equal(token.signed_bytes.ptr, message.bytes);
	free(copy);
	return f;
}

static size_t encode(char *out, size_t n, struct eg_span bytes)
{
	eg_base64url_encode(bytes, out + n);
	return n + EG_BASE64URL_ENCODED_BYTES(bytes.len);
}

static size_t put_piece(uint8_t *out, size_t n, struct eg_span piece)
{
	for (unsigned i = 0; i < 8; i++)
		out[n++] = (uint8_t)((uint64_t)piece.len >> 8 * i);
	if (piece.len != 0)
		memcpy(out + n, piece.ptr, piece.len);
	return n + piece.len;
}

/* PAE of the PASETO specification, "Common implementation details". */
static size_t pae(uint8_t *out, const struct eg_span piece[], unsigned cnt)
{
	size_t n = put_piece(out, 0, eg_span(NULL, 0));

	out[0] = (uint8_t)cnt;
	for (unsigned i = 0; i < cnt; i++)
		n = put_piece(out, n, piece[i]);
	return n;
}

/* A signed token; footer NULL: none. */
static size_t mint(char *out, struct eg_span payload, const char *footer, const char *implicit)
{
	const struct eg_span pieces[] = {eg_span_str(PREFIX), payload,
	    eg_span_str(footer != NULL ? footer : ""), eg_span_str(implicit)};
	static uint8_t body[ROOM], pre[ROOM];
	size_t n = strlen(PREFIX);

	memcpy(body, payload.ptr, payload.len);
	(void)crypto_sign_detached(
	    body + payload.len, NULL, pre, pae(pre, pieces, COUNT(pieces)), secret_key);
	memcpy(out, PREFIX, n);
	n = encode(out, n, eg_span(body, payload.len + crypto_sign_BYTES));
	if (footer != NULL) {
		out[n++] = '.';
		n = encode(out, n, eg_span_str(footer));
	}
	return n;
}

static void check_finding(
    struct eg_finding f, const char *what, enum eg_verdict status, enum eg_detail detail)
{
	if (f.status != status || f.detail != detail)
		fail_msg("%s: %s (%s), not %s (%s)", what, eg_verdict_name(f.status),
		    eg_detail_name(f.detail), eg_verdict_name(status), eg_detail_name(detail));
}

static void check_text(const char *text, enum eg_verdict status, enum eg_detail detail)
{
	check_finding(parse(text, strlen(text)), text, status, detail);
}

static void check_payload(const char *payload, enum eg_verdict status, enum eg_detail detail)
{
	char out[ROOM];
	size_t len = mint(out, eg_span_str(payload), FOOTER, "");

	check_finding(parse(out, len), payload, status, detail);
}

static void check_footer(const char *footer, enum eg_verdict status, enum eg_detail detail)
{
	char out[ROOM];
	size_t len = mint(out, eg_span_str(PAYLOAD), footer, "");

	check_finding(parse(out, len), footer, status, detail);
}

static bool verifies(void)
{
	return crypto_sign_verify_detached(token.signature, token.signed_bytes.ptr,
	           token.signed_bytes.len, public_key) == 0;
}

static void test_a_good_one(void **state)
{
	check_payload(PAYLOAD, EG_OK, EG_DETAIL_NONE);
	assert_int_equal(token.fmt, EG_TOKEN_PASETO);
	assert_int_equal(token.has, EG_HAS_ISS | EG_HAS_AUD | EG_HAS_EXP | EG_HAS_KID);
	assert_int_equal(token.exp_s, EXP_S);
	assert_true(eg_span_eq_str(token.iss, "as"));
	assert_true(eg_span_eq_str(token.kid, "k1"));
	assert_true(verifies());
	check_footer(NULL, EG_OK, EG_DETAIL_NONE);
	assert_false(token.has & EG_HAS_KID);
	assert_true(verifies());
}

static void test_prefix(void **state)
{
	static const char *const other[] = {"v1.public.AAAA", "v2.public.AAAA", "v2.",
	    "v3.public.x", "v4.local.AAAA", "v4.local", "v4.", "v4..AAAA", "v4.Public.AAAA",
	    "v4.publi.c", "v4.public2.AAAA", "v0.!", "v9.public.AAAA", "v4.pid.AAAA"};
	static const char *const none[] = {"v4public.AAAA", "V4.public.AAAA", "v4", "v", "",
	    "v44.public.AAAA", " v4.public.AAAA", "vx.public.AAAA", "k4.pid.AAAA", "e30.e30.AA"};

	for (size_t i = 0; i < COUNT(other); i++)
		check_text(other[i], EG_UNSUPPORTED_ALG, EG_DETAIL_NONE);
	for (size_t i = 0; i < COUNT(none); i++)
		check_text(none[i], EG_MALFORMED, EG_DETAIL_TOKEN);
}

static void test_segments(void **state)
{
	static const char *const bad[] = {"v4.public", "v4.public.", "v4.public..",
	    "v4.public..e30", "v4.public.AAAA.", "v4.public.AAAA.e30.", "v4.public.AAAA.e30.e30",
	    "v4.public.AAAAA", "v4.public.AB", "v4.public.AAAA=", "v4.public.AAA+",
	    "v4.public.AA A", "v4.public.AAAA.AB", "v4.public.AAAA.A",
	    "v4.public.AAAA.e30=", "v4.public.AAAA\n"};

	for (size_t i = 0; i < COUNT(bad); i++)
		check_text(bad[i], EG_MALFORMED, EG_DETAIL_TOKEN);
}

static void test_length(void **state)
{
	char out[ROOM];
	size_t len = mint(out, eg_span_str(PAYLOAD), FOOTER, "");

	policy.max_token_bytes = (uint32_t)len;
	assert_int_equal(parse(out, len).status, EG_OK);
	policy.max_token_bytes--;
	check_finding(parse(out, len), "over", EG_MALFORMED, EG_DETAIL_TOKEN);
	memcpy(out, "v2", 2); /* the length is looked at first */
	check_finding(parse(out, len), "over", EG_MALFORMED, EG_DETAIL_TOKEN);
}

static void test_body_bytes(void **state)
{
	static const uint8_t zero[64];
	char out[ROOM];
	size_t n = strlen(PREFIX);

	memcpy(out, PREFIX, n);
	check_finding(parse(out, encode(out, n, eg_span(zero, 63))), "63 bytes", EG_MALFORMED,
	    EG_DETAIL_SIGNATURE);
	check_finding(parse(out, encode(out, n, eg_span(zero, 64))), "no payload", EG_MALFORMED,
	    EG_DETAIL_PAYLOAD);
}

static void test_footer(void **state)
{
	check_footer("{\"kid\":\"\\u006b1\"}", EG_OK, EG_DETAIL_NONE);
	assert_true(eg_span_eq_str(token.kid, "k1"));
	check_footer("{\"wpk\":\"x\",\"kid\":\"k4.pid.x\"}", EG_OK, EG_DETAIL_NONE);
	assert_true(eg_span_eq_str(token.kid, "k4.pid.x"));
	check_footer("{\"kid\":\"\"}", EG_OK, EG_DETAIL_NONE);
	assert_true(token.has & EG_HAS_KID);
	check_footer("{}", EG_MALFORMED, EG_DETAIL_KID);
	check_footer("{\"KID\":\"k1\"}", EG_MALFORMED, EG_DETAIL_KID);
	check_footer("{\"kid\":1}", EG_MALFORMED, EG_DETAIL_KID);
	check_footer("{\"kid\":null}", EG_MALFORMED, EG_DETAIL_KID);
	check_footer("{\"kid\":\"k\\u0000\"}", EG_MALFORMED, EG_DETAIL_KID);
	check_footer("{\"kid\":\"k1\",\"k\\u0069d\":\"k1\"}", EG_MALFORMED, EG_DETAIL_HEADER);
	check_footer("k1", EG_MALFORMED, EG_DETAIL_HEADER);
	check_footer("[]", EG_MALFORMED, EG_DETAIL_HEADER);
	check_footer("{\"kid\":\"k1\"} x", EG_MALFORMED, EG_DETAIL_HEADER);
	check_footer("{\"kid\":\"\xff\"}", EG_MALFORMED, EG_DETAIL_HEADER);
}

/* {"<name>":"xx…"} of `total` bytes, and what `rest` adds */
static const char *filled(const char *name, size_t total, const char *rest)
{
	static char out[ROOM];
	size_t n = (size_t)snprintf(out, sizeof(out), "{\"%s\":\"", name);
	size_t fill = total - n - 2 - strlen(rest);

	memset(out + n, 'x', fill);
	(void)snprintf(out + n + fill, sizeof(out) - n - fill, "\"%s}", rest);
	assert_int_equal(strlen(out), total);
	return out;
}

static void test_limits(void **state)
{
	char out[ROOM];

	policy.max_token_bytes = UINT16_MAX;
	check_footer(filled("kid", EG_TOKEN_FOOTER_MAX, ""), EG_OK, EG_DETAIL_NONE);
	assert_true(verifies());
	check_footer(filled("kid", EG_TOKEN_FOOTER_MAX + 1, ""), EG_MALFORMED, EG_DETAIL_HEADER);
	check_payload(filled("x", EG_TOKEN_PAYLOAD_MAX, ""), EG_OK, EG_DETAIL_NONE);
	check_payload(filled("x", EG_TOKEN_PAYLOAD_MAX + 1, ""), EG_MALFORMED, EG_DETAIL_PAYLOAD);
	check_payload(filled("x", ROOM / 2, ""), EG_MALFORMED, EG_DETAIL_PAYLOAD);
	for (unsigned over = 0; over < 2; over++) {
		const enum eg_verdict status = over ? EG_MALFORMED : EG_OK;

		check_payload(filled("iss", 10 + EG_TOKEN_STRING_MAX + over, ""), status,
		    over ? EG_DETAIL_ISS : EG_DETAIL_NONE);
		check_payload(filled("sid", 10 + EG_TOKEN_STRING_MAX + over, ""), status,
		    over ? EG_DETAIL_SID : EG_DETAIL_NONE);
	}
	/* all at once: the largest message there is */
	memset(policy.implicit_assertion.bytes, 'i', EG_POLICY_NAME_MAX);
	policy.implicit_assertion.len = EG_POLICY_NAME_MAX;
	{
		char footer[EG_TOKEN_FOOTER_MAX + 1];
		size_t len;

		(void)snprintf(
		    footer, sizeof(footer), "%s", filled("kid", EG_TOKEN_FOOTER_MAX, ""));
		len = mint(out, eg_span_str(filled("x", EG_TOKEN_PAYLOAD_MAX, "")), footer,
		    (const char *)policy.implicit_assertion.bytes);
		check_finding(parse(out, len), "largest", EG_OK, EG_DETAIL_NONE);
		assert_true(verifies());
	}
}

static void test_claim_types(void **state)
{
	static const struct {
		const char *payload;
		enum eg_detail detail;
	} bad[] = {
	    {"{\"iss\":1}", EG_DETAIL_ISS},
	    {"{\"iss\":\"a\\u0000\"}", EG_DETAIL_ISS},
	    {"{\"sub\":[]}", EG_DETAIL_SUB},
	    {"{\"jti\":1}", EG_DETAIL_JTI},
	    {"{\"sid\":null}", EG_DETAIL_SID},
	    {"{\"exp\":1800000300}", EG_DETAIL_EXP},
	    {"{\"exp\":\"2027-01-15T08:05:00\"}", EG_DETAIL_EXP},
	    {"{\"exp\":null}", EG_DETAIL_EXP},
	    {"{\"nbf\":\"\"}", EG_DETAIL_NBF},
	    {"{\"iat\":\"2027-02-29T00:00:00Z\"}", EG_DETAIL_IAT},
	    {"{\"aud\":[\"api\"]}", EG_DETAIL_AUD},
	    {"{\"aud\":1}", EG_DETAIL_AUD},
	    {"{\"aud\":\"a\\u0000\"}", EG_DETAIL_AUD},
	    {"{\"cnf\":\"x\"}", EG_DETAIL_CNF},
	    {"{\"cnf\":{\"a\":1,\"a\":1}}", EG_DETAIL_CNF},
	    {"{\"status\":1}", EG_DETAIL_STATUS},
	    {"{\"status\":{\"status_list\":1}}", EG_DETAIL_STATUS},
	    {"{\"status\":{\"status_list\":{\"idx\":1}}}", EG_DETAIL_STATUS},
	    {"{\"status\":{\"status_list\":{\"idx\":4294967296,\"uri\":\"u\"}}}", EG_DETAIL_STATUS},
	    {"{\"status\":{\"status_list\":{\"idx\":1.0,\"uri\":\"u\"}}}", EG_DETAIL_STATUS},
	    {"{\"status\":{\"status_list\":{\"idx\":1,\"uri\":1}}}", EG_DETAIL_STATUS},
	    {"{\"status\":{\"a\":1,\"a\":1}}", EG_DETAIL_STATUS},
	    {"{\"exp\":\"x\",\"iss\":1}", EG_DETAIL_ISS}, /* in the fixed order */
	    {"{\"status\":1,\"cnf\":1,\"aud\":1,\"iat\":1}", EG_DETAIL_IAT},
	    {"[]", EG_DETAIL_PAYLOAD},
	    {"{\"a\":1,\"a\":1}", EG_DETAIL_PAYLOAD},
	    {"{} ", EG_DETAIL_NONE},
	    {"{}x", EG_DETAIL_PAYLOAD},
	};

	for (size_t i = 0; i < COUNT(bad); i++)
		check_payload(bad[i].payload,
		    bad[i].detail == EG_DETAIL_NONE ? EG_OK : EG_MALFORMED, bad[i].detail);
}

static void test_claims(void **state)
{
	check_payload("{\"sub\":\"s\",\"jti\":\"j\",\"sid\":\"d\",\"aud\":\"\\u0061pi\","
	              "\"exp\":\"2027-01-15T08:05:00.5Z\",\"nbf\":\"2027-01-15T08:05:00.5Z\","
	              "\"iat\":\"2027-01-15T09:05:00.5+01:00\",\"cnf\":{\"jkt\":\"t\"},"
	              "\"status\":{\"status_list\":{\"idx\":4294967295,\"uri\":\"u\"}}}",
	    EG_OK, EG_DETAIL_NONE);
	assert_int_equal(token.exp_s, EXP_S);
	assert_int_equal(token.nbf_s, EXP_S + 1);
	assert_int_equal(token.iat_s, EXP_S + 1);
	assert_int_equal(token.iat_floor_s, EXP_S);
	assert_true(eg_span_eq_str(token.aud[0], "api"));
	assert_true(eg_span_eq_str(token.jkt, "t"));
	assert_true(eg_span_eq_str(token.status_uri, "u"));
	assert_int_equal(token.status_idx, UINT32_MAX);
	assert_true(token.has & EG_HAS_STATUS_LIST);
}

static void test_implicit_assertion(void **state)
{
	char out[ROOM];
	size_t len = mint(out, eg_span_str(PAYLOAD), FOOTER, "tenant-7");

	assert_int_equal(parse(out, len).status, EG_OK);
	assert_false(verifies());
	assert_int_equal(eg_policy_str_set(&policy.implicit_assertion, eg_span_str("tenant-7"),
	                     "implicit assertion", NULL),
	    0);
	assert_int_equal(parse(out, len).status, EG_OK);
	assert_true(verifies());
}

static void test_prefixes_and_changes(void **state)
{
	char out[ROOM];
	size_t len = mint(out, eg_span_str(PAYLOAD), FOOTER, "");

	for (size_t n = 0; n < len; n++)
		if (parse(out, n).status == EG_OK) /* without its footer it is whole */
			assert_null(memchr(out + strlen(PREFIX), '.', n - strlen(PREFIX)));
	for (size_t i = 0; i < len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct eg_finding f;

			out[i] ^= (char)(1u << bit);
			f = parse(out, len);
			assert_true(f.status == EG_MALFORMED || f.status == EG_UNSUPPORTED_ALG ||
			            (f.status == EG_OK && !verifies()));
			out[i] ^= (char)(1u << bit);
		}
	}
}

/* ── vectors: what is signed is what others signed ── */

static json_t *next_row(FILE *f)
{
	json_t *row = json_loadf(f, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL);

	assert_non_null(row);
	return row;
}

static const char *text_of(json_t *row, const char *name)
{
	return json_string_value(json_object_get(row, name));
}

/* The signed tokens of the specification have a payload without iss: the parser has no rule for
 * that. Some footers are no JSON. */
static unsigned check_official(json_t *row)
{
	const char *key = text_of(row, "public-key"), *text = text_of(row, "token");
	struct eg_finding f;

	assert_int_equal(
	    eg_policy_str_set(&policy.implicit_assertion,
	        eg_span_str(text_of(row, "implicit-assertion")), "implicit assertion", NULL),
	    0);
	f = parse(text, strlen(text));
	if (strncmp(text, PREFIX, strlen(PREFIX)) != 0) {
		assert_int_equal(f.status, EG_UNSUPPORTED_ALG);
		return 0;
	}
	assert_int_equal(f.status, EG_OK);
	if (key == NULL) /* 4-F-2: a v4.public token where v4.local was expected */
		return 0;
	(void)hex_append(public_key, 0, sizeof(public_key), key);
	assert_true(verifies());
	return 1;
}

static void test_official_vectors(void **state)
{
	FILE *f = eg_test_open_vectors("paseto-v4.jsonl");
	json_t *row = f != NULL ? next_row(f) : NULL;
	unsigned verified = 0;

	if (f == NULL)
		skip();
	for (json_int_t cnt = json_integer_value(json_object_get(row, "_count")); cnt > 0; cnt--) {
		json_decref(row);
		row = next_row(f);
		verified += check_official(row);
	}
	assert_int_equal(verified, 3);
	json_decref(row);
	(void)fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_a_good_one, set_up),
	    cmocka_unit_test_setup(test_prefix, set_up),
	    cmocka_unit_test_setup(test_segments, set_up),
	    cmocka_unit_test_setup(test_length, set_up),
	    cmocka_unit_test_setup(test_body_bytes, set_up),
	    cmocka_unit_test_setup(test_footer, set_up),
	    cmocka_unit_test_setup(test_limits, set_up),
	    cmocka_unit_test_setup(test_claim_types, set_up),
	    cmocka_unit_test_setup(test_claims, set_up),
	    cmocka_unit_test_setup(test_implicit_assertion, set_up),
	    cmocka_unit_test_setup(test_prefixes_and_changes, set_up),
	    cmocka_unit_test_setup(test_official_vectors, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
