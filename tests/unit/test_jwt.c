/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_test.h"

#include "eg_base64url.h"
#include "eg_token.h"

#include <jansson.h>
#include <sodium.h>

#define NOW          1800000000
#define ISSUER       "https://as.example.com"
#define AUDIENCE     "https://api.example.com"
#define HEADER       "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}"
#define TEXT_MAX     8192u
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct eg_policy policy;
static struct eg_token_scratch scratch;
static struct eg_token token;

static int set_up(void **state)
{
	eg_policy_init(&policy, 1);
	memset(&scratch, 0, sizeof(scratch));
	return eg_policy_add_issuer(&policy, eg_span_str(ISSUER), NULL) |
	       eg_policy_add_audience(&policy, eg_span_str(AUDIENCE), NULL);
}

/* The text of a token, in memory of its exact size. */
struct text {
	uint8_t *ptr;
	size_t len;
};

static struct text text_copy(const void *data, size_t len)
{
	struct text t = {malloc(len != 0 ? len : 1), len};

	assert_non_null(t.ptr);
	memcpy(t.ptr, data, len);
	return t;
}

static struct text encode3(struct eg_span header, struct eg_span payload, struct eg_span signature)
{
	const struct eg_span part[3] = {header, payload, signature};
	static char out[3 * TEXT_MAX];
	size_t n = 0;

	for (unsigned i = 0; i < 3; i++) {
		if (i > 0)
			out[n++] = '.';
		eg_base64url_encode(part[i], out + n);
		n += EG_BASE64URL_ENCODED_BYTES(part[i].len);
	}
	return text_copy(out, n);
}

static struct text mint(const char *header, const char *payload)
{
	static const uint8_t signature[64] = {1, 2, 3};

	return encode3(
	    eg_span_str(header), eg_span_str(payload), eg_span(signature, sizeof(signature)));
}

static struct eg_finding parse(struct text t)
{
	return eg_jwt_parse(eg_span(t.ptr, t.len), &policy, &scratch, &token);
}

static void check_finding(
    struct eg_finding f, const char *what, const char *status, unsigned detail)
{
	if (strcmp(eg_verdict_name(f.status), status) != 0 || (unsigned)f.detail != detail)
		fail_msg("%s: %s (%s), not %s (%s)", what, eg_verdict_name(f.status),
		    eg_detail_name(f.detail), status, eg_detail_name(detail));
}

static void check(const char *header, const char *payload, const char *status, unsigned detail)
{
	struct text t = mint(header, payload);

	check_finding(
	    parse(t), payload[0] == '{' && payload[1] != '}' ? payload : header, status, detail);
	free(t.ptr);
}

static void check_header(const char *header, const char *status, unsigned detail)
{
	check(header, "{}", status, detail);
}

static void check_payload(const char *payload, const char *status, unsigned detail)
{
	check(HEADER, payload, status, detail);
}

static void check_text(const char *text, const char *status, unsigned detail)
{
	struct text t = text_copy(text, strlen(text));

	check_finding(parse(t), text, status, detail);
	free(t.ptr);
}

/* ---- Vectors ---- */

struct vectors {
	json_t *first; /* the line about the file */
	json_t **row;
	size_t cnt;
};

static bool load_vectors(const char *name, struct vectors *v)
{
	FILE *f = eg_test_open_vectors(name);
	json_t *line;

	memset(v, 0, sizeof(*v));
	if (f == NULL)
		return false;
	v->first = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL);
	assert_non_null(v->first);
	v->cnt = (size_t)json_integer_value(json_object_get(v->first, "_count"));
	v->row = calloc(v->cnt, sizeof(*v->row));
	assert_non_null(v->row);
	for (size_t i = 0; i < v->cnt; i++) {
		v->row[i] = json_loadf(f, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL);
		assert_non_null(v->row[i]);
	}
	line = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL);
	assert_null(line); /* _count says how many there are */
	(void)fclose(f);
	return true;
}

static void free_vectors(struct vectors *v)
{
	for (size_t i = 0; i < v->cnt; i++)
		json_decref(v->row[i]);
	free(v->row);
	json_decref(v->first);
}

static struct text row_text(const json_t *row, const char *member)
{
	const json_t *value = json_object_get(row, member);

	return text_copy(json_string_value(value), json_string_length(value));
}

/* S1–S7 without the key: what this module and its caller decide before a key is looked for. */
static enum eg_verdict decide(struct text t)
{
	struct eg_finding f = parse(t);

	if (f.status != EG_OK)
		return f.status;
	if ((token.has & EG_HAS_ISS) == 0 || eg_policy_find_issuer(&policy, token.iss) < 0)
		return EG_BAD_ISS;
	return eg_claims_check(&token, &policy, NOW).status;
}

static bool is_decided_later(enum eg_verdict v)
{
	return v == EG_UNKNOWN_KEY || v == EG_BAD_SIGNATURE || v == EG_REVOKED ||
	       v == EG_STATUS_UNKNOWN;
}

/* Does the view verify under the key of the vectors that its kid names? */
static bool signature_verifies(const struct vectors *v)
{
	const json_t *key;
	size_t i;

	json_array_foreach(json_object_get(v->first, "_keys"), i, key)
	{
		const char *x = json_string_value(json_object_get(key, "x"));
		uint8_t public_key[32];

		if (!eg_span_eq_str(token.kid, json_string_value(json_object_get(key, "kid"))))
			continue;
		assert_true(eg_base64url_decode(eg_span_str(x), public_key));
		return crypto_sign_verify_detached(token.signature, token.signed_bytes.ptr,
		           token.signed_bytes.len, public_key) == 0;
	}
	return false;
}

static void test_edgate_vectors(void **state)
{
	struct vectors v;

	if (!load_vectors("jwt-edgate.jsonl", &v))
		return;
	assert_int_equal(v.cnt, 106);
	for (size_t i = 0; i < v.cnt; i++) {
		const char *id = json_string_value(json_object_get(v.row[i], "id"));
		const char *name = json_string_value(json_object_get(v.row[i], "expect"));
		const enum eg_verdict expected = eg_verdict_by_name(name);
		struct text t = row_text(v.row[i], "token");
		enum eg_verdict got;

		assert_int_not_equal(expected, EG_VERDICT_NONE);
		got = decide(t);
		if (got != (is_decided_later(expected) ? EG_OK : expected))
			fail_msg("%s: %s, not %s", id, eg_verdict_name(got), name);
		if (got == EG_OK && expected != EG_UNKNOWN_KEY)
			assert_int_equal(signature_verifies(&v), expected != EG_BAD_SIGNATURE);
		free(t.ptr);
	}
	free_vectors(&v);
}

static void test_wycheproof_is_refused(void **state)
{
	struct vectors v;

	if (!load_vectors("jws-wycheproof.jsonl", &v))
		return;
	assert_int_equal(v.cnt, 401);
	for (size_t i = 0; i < v.cnt; i++) {
		struct text t = row_text(v.row[i], "jws");

		if (parse(t).status == EG_OK)
			fail_msg("accepted: %s",
			    json_string_value(json_object_get(v.row[i], "comment")));
		free(t.ptr);
	}
	free_vectors(&v);
}

/* ---- S1–S3 ---- */

static void test_shape(void **state)
{
	static const char *const texts[] = {"", ".", "..", "...", "e30", "e30.e30", "e30..",
	    ".e30.", "..e30", "e30.e30.e30.", "e30.e30.e30.e30.e30", "e30 .e30.", "e30.e30.\n",
	    "e30=.e30.", "e3+.e30.", "e30.e3/.", "e30.e30.=", "e30A1.e30.", "e30.e30A1.",
	    "e30.e30.A", "e31.e30.", "e30.e31.", "e30.e30.AB"};

	for (size_t i = 0; i < COUNT(texts); i++)
		check_text(texts[i], "MALFORMED", EG_DETAIL_TOKEN);
	check_text("e30.e30.", "MALFORMED", EG_DETAIL_ALG); /* a good shape: {}.{}. */
}

static void test_length_limit(void **state)
{
	struct text t = mint(HEADER, "{}");

	policy.max_token_bytes = (uint32_t)t.len;
	check_finding(parse(t), "at the limit", "OK", EG_DETAIL_NONE);
	policy.max_token_bytes--;
	check_finding(parse(t), "one beyond", "MALFORMED", EG_DETAIL_TOKEN);
	free(t.ptr);
}

/* ---- S4 ---- */

static void test_alg(void **state)
{
	check_header("{\"alg\":\"EdDSA\"}", "OK", EG_DETAIL_NONE);
	check_header("{\"alg\":\"Ed25519\"}", "OK", EG_DETAIL_NONE);
	check_header("{\"\\u0061lg\":\"\\u0045dDSA\"}", "OK", EG_DETAIL_NONE);
	check_header("{}", "MALFORMED", EG_DETAIL_ALG);
	check_header("{\"alg\":null}", "MALFORMED", EG_DETAIL_ALG);
	check_header("{\"alg\":[\"EdDSA\"]}", "MALFORMED", EG_DETAIL_ALG);
	check_header("{\"alg\":\"Ed448\"}", "UNSUPPORTED_ALG", EG_DETAIL_NONE);
	check_header("{\"alg\":\"EdDSA\\u0000\"}", "UNSUPPORTED_ALG", EG_DETAIL_NONE);
	check_header("{\"ALG\":\"EdDSA\"}", "MALFORMED", EG_DETAIL_ALG);
	check_header("[]", "MALFORMED", EG_DETAIL_HEADER);
	check_header("{\"alg\":\"EdDSA\",\"alg\":\"EdDSA\"}", "MALFORMED", EG_DETAIL_HEADER);
}

#define WITH(member) "{\"alg\":\"EdDSA\"," member "}"

static void test_header_members(void **state)
{
	check_header(WITH("\"crit\":null"), "UNSUPPORTED_CRIT", EG_DETAIL_NONE);
	check_header(WITH("\"b64\":true"), "UNSUPPORTED_CRIT", EG_DETAIL_NONE);
	check_header(WITH("\"zip\":1"), "UNSUPPORTED", EG_DETAIL_NONE);
	check_header(WITH("\"enc\":\"\""), "UNSUPPORTED", EG_DETAIL_NONE);
	check_header(WITH("\"cty\":7"), "MALFORMED", EG_DETAIL_CTY);
	check_header(WITH("\"cty\":\"jWt\""), "UNSUPPORTED", EG_DETAIL_NONE);
	check_header(WITH("\"cty\":\"Application/JWT\""), "UNSUPPORTED", EG_DETAIL_NONE);
	check_header(WITH("\"cty\":\"json\""), "OK", EG_DETAIL_NONE);
	check_header(WITH("\"typ\":null"), "MALFORMED", EG_DETAIL_TYP);
	check_header(WITH("\"typ\":\"application\\/JWT\""), "OK", EG_DETAIL_NONE);
	check_header(WITH("\"typ\":\"JWT\\u0000\""), "BAD_TYP", EG_DETAIL_NONE);
	check_header(WITH("\"kid\":1"), "MALFORMED", EG_DETAIL_KID);
	check_header(WITH("\"kid\":\"a\\u0000\""), "MALFORMED", EG_DETAIL_KID);
	check_header(
	    WITH("\"jku\":1,\"jwk\":2,\"x5u\":3,\"x5c\":4,\"x5t\":5"), "OK", EG_DETAIL_NONE);
	check_header(WITH("\"kid\":\"\\u00e9\""), "OK", EG_DETAIL_NONE);
	assert_true(eg_span_eq_str(token.kid, "\xC3\xA9"));
	assert_int_equal(token.has, EG_HAS_KID);

	check_header("{\"alg\":\"EdDSA\"}", "OK", EG_DETAIL_NONE);
	policy.typ_required = true;
	check_header("{\"alg\":\"EdDSA\"}", "BAD_TYP", EG_DETAIL_NONE);
}

/* Everything is wrong; each rule is put right in turn and the next one answers. */
static void test_order_of_header_rules(void **state)
{
	static const struct {
		const char *header, *status;
		unsigned detail;
	} steps[] = {
	    {"{\"alg\":1,\"crit\":1,\"zip\":1,\"cty\":1,\"typ\":1,\"kid\":1}", "MALFORMED",
	        EG_DETAIL_ALG},
	    {"{\"alg\":\"x\",\"crit\":1,\"zip\":1,\"cty\":1,\"typ\":1,\"kid\":1}",
	        "UNSUPPORTED_ALG", EG_DETAIL_NONE},
	    {WITH("\"kid\":1,\"typ\":1,\"cty\":1,\"zip\":1,\"crit\":1"), "UNSUPPORTED_CRIT",
	        EG_DETAIL_NONE},
	    {WITH("\"kid\":1,\"typ\":1,\"cty\":1,\"zip\":1"), "UNSUPPORTED", EG_DETAIL_NONE},
	    {WITH("\"kid\":1,\"typ\":1,\"cty\":1"), "MALFORMED", EG_DETAIL_CTY},
	    {WITH("\"kid\":1,\"typ\":1,\"cty\":\"JWT\""), "UNSUPPORTED", EG_DETAIL_NONE},
	    {WITH("\"kid\":1,\"typ\":1"), "MALFORMED", EG_DETAIL_TYP},
	    {WITH("\"kid\":1,\"typ\":\"x\""), "BAD_TYP", EG_DETAIL_NONE},
	    {WITH("\"kid\":1"), "MALFORMED", EG_DETAIL_KID},
	    {WITH("\"kid\":\"k1\""), "MALFORMED", EG_DETAIL_SIGNATURE},
	};

	for (size_t i = 0; i < COUNT(steps); i++) {
		struct text t =
		    encode3(eg_span_str(steps[i].header), eg_span_str("["), eg_span("short", 5));

		check_finding(parse(t), steps[i].header, steps[i].status, steps[i].detail);
		free(t.ptr);
	}
}

static void test_signature_length(void **state)
{
	static const uint8_t bytes[80];

	for (size_t n = 0; n <= sizeof(bytes); n++) {
		struct text t = encode3(eg_span_str(HEADER), eg_span_str("{}"), eg_span(bytes, n));

		check_finding(parse(t), "signature", n == 64 ? "OK" : "MALFORMED",
		    n == 64 ? EG_DETAIL_NONE : EG_DETAIL_SIGNATURE);
		free(t.ptr);
	}
}

static void padded(char *out, const char *start, size_t len)
{
	memset(out, ' ', len);
	memcpy(out, start, strlen(start));
	out[len] = 0;
}

static void test_decoded_sizes(void **state)
{
	static char text[TEXT_MAX];

	policy.max_token_bytes = 65535;
	padded(text, HEADER, EG_TOKEN_HEADER_MAX);
	check_header(text, "OK", EG_DETAIL_NONE);
	padded(text, HEADER, EG_TOKEN_HEADER_MAX + 1);
	check_header(text, "MALFORMED", EG_DETAIL_HEADER);
	padded(text, "{}", EG_TOKEN_PAYLOAD_MAX);
	check_payload(text, "OK", EG_DETAIL_NONE);
	padded(text, "{}", EG_TOKEN_PAYLOAD_MAX + 1);
	check_payload(text, "MALFORMED", EG_DETAIL_PAYLOAD);
}

/* ---- S5 ---- */

static void test_views(void **state)
{
	check_payload("{\"iss\":\"https:\\/\\/as\",\"sub\":\"s\",\"jti\":\"j\",\"sid\":\"i\","
	              "\"exp\":10.5,\"nbf\":20.5,\"iat\":30.5,\"aud\":[\"a\",\"\\u0062\"],"
	              "\"cnf\":{\"jkt\":\"t\"},\"cti\":1,"
	              "\"status\":{\"status_list\":{\"idx\":4294967295,\"uri\":\"u\"}}}",
	    "OK", EG_DETAIL_NONE);
	assert_int_equal(token.fmt, EG_TOKEN_JWT);
	assert_true(eg_span_eq_str(token.iss, "https://as"));
	assert_true(eg_span_eq_str(token.sub, "s"));
	assert_true(eg_span_eq_str(token.jti, "j"));
	assert_true(eg_span_eq_str(token.sid, "i"));
	assert_true(eg_span_eq_str(token.jkt, "t"));
	assert_true(eg_span_eq_str(token.status_uri, "u"));
	assert_int_equal(token.status_idx, UINT32_MAX);
	assert_int_equal(token.exp_s, 10);
	assert_int_equal(token.nbf_s, 21);
	assert_int_equal(token.iat_s, 31);
	assert_int_equal(token.iat_floor_s, 30);
	assert_int_equal(token.aud_cnt, 2);
	assert_true(eg_span_eq_str(token.aud[1], "b"));
	assert_int_equal(token.signature[2], 3);
	assert_int_equal(token.has, EG_HAS_ISS | EG_HAS_SUB | EG_HAS_JTI | EG_HAS_SID | EG_HAS_EXP |
	                                EG_HAS_NBF | EG_HAS_IAT | EG_HAS_AUD | EG_HAS_CNF |
	                                EG_HAS_JKT | EG_HAS_STATUS | EG_HAS_STATUS_LIST |
	                                EG_HAS_TYP | EG_HAS_KID);
}

static void test_strings(void **state)
{
	static const struct {
		const char *name;
		unsigned detail;
	} names[] = {{"iss", EG_DETAIL_ISS}, {"sub", EG_DETAIL_SUB}, {"jti", EG_DETAIL_JTI},
	    {"sid", EG_DETAIL_SID}};
	static const char *const bad[] = {"1", "null", "[]", "{}", "true", "\"a\\u0000b\""};
	char text[1024];

	for (size_t i = 0; i < COUNT(names); i++) {
		for (size_t k = 0; k < COUNT(bad); k++) {
			(void)snprintf(text, sizeof(text), "{\"%s\":%s}", names[i].name, bad[k]);
			check_payload(text, "MALFORMED", names[i].detail);
		}
		(void)snprintf(text, sizeof(text), "{\"%s\":\"%0255d\"}", names[i].name, 0);
		check_payload(text, "OK", EG_DETAIL_NONE);
		(void)snprintf(text, sizeof(text), "{\"%s\":\"%0256d\"}", names[i].name, 0);
		check_payload(text, "MALFORMED", names[i].detail);
		/* 255 bytes after unescaping */
		(void)snprintf(text, sizeof(text), "{\"%s\":\"\\u0041%0254d\"}", names[i].name, 0);
		check_payload(text, "OK", EG_DETAIL_NONE);
		(void)snprintf(text, sizeof(text), "{\"%s\":\"\"}", names[i].name);
		check_payload(text, "OK", EG_DETAIL_NONE);
	}
}

static void test_times(void **state)
{
	static const struct {
		const char *name;
		unsigned detail;
	} names[] = {{"exp", EG_DETAIL_EXP}, {"nbf", EG_DETAIL_NBF}, {"iat", EG_DETAIL_IAT}};
	static const char *const bad[] = {"\"1\"", "null", "[1]", "{}", "false", "253402300800",
	    "1e21", "1.00000000000000000001"};
	static const char *const good[] = {"0", "-1", "253402300799", "1.683061093e+09"};
	char text[64];

	for (size_t i = 0; i < COUNT(names); i++) {
		for (size_t k = 0; k < COUNT(bad); k++) {
			(void)snprintf(text, sizeof(text), "{\"%s\":%s}", names[i].name, bad[k]);
			check_payload(text, "MALFORMED", names[i].detail);
		}
		for (size_t k = 0; k < COUNT(good); k++) {
			(void)snprintf(text, sizeof(text), "{\"%s\":%s}", names[i].name, good[k]);
			check_payload(text, "OK", EG_DETAIL_NONE);
		}
	}
}

#define FIVE_EMPTY "\"\",\"\",\"\",\"\",\"\","

static void test_aud(void **state)
{
	static const char *const bad[] = {"1", "null", "{}", "[1]", "[[]]", "[\"a\",null]",
	    "\"\\u0000\"", "[\"a\",\"b\\u0000\"]"};
	char text[256];

	for (size_t i = 0; i < COUNT(bad); i++) {
		(void)snprintf(text, sizeof(text), "{\"aud\":%s}", bad[i]);
		check_payload(text, "MALFORMED", EG_DETAIL_AUD);
	}
	check_payload(
	    "{\"aud\":[" FIVE_EMPTY FIVE_EMPTY FIVE_EMPTY "\"z\"]}", "OK", EG_DETAIL_NONE);
	assert_int_equal(token.aud_cnt, EG_TOKEN_AUD_MAX);
	assert_true(eg_span_eq_str(token.aud[15], "z"));
	check_payload("{\"aud\":[" FIVE_EMPTY FIVE_EMPTY FIVE_EMPTY "\"y\",\"z\"]}", "MALFORMED",
	    EG_DETAIL_AUD);
	check_payload("{\"aud\":\"one\"}", "OK", EG_DETAIL_NONE);
	assert_int_equal(token.aud_cnt, 1);
	check_payload("{\"aud\":[ ]}", "OK", EG_DETAIL_NONE);
	assert_int_equal(token.aud_cnt, 0);
	assert_int_equal(token.has & EG_HAS_AUD, EG_HAS_AUD);
}

static void test_cnf(void **state)
{
	check_payload("{\"cnf\":null}", "MALFORMED", EG_DETAIL_CNF);
	check_payload("{\"cnf\":[]}", "MALFORMED", EG_DETAIL_CNF);
	check_payload("{\"cnf\":{\"jkt\":\"a\",\"jkt\":\"b\"}}", "MALFORMED", EG_DETAIL_CNF);
	check_payload("{\"cnf\":{\"a\":1,\"\\u0061\":2}}", "MALFORMED", EG_DETAIL_CNF);
	check_payload("{\"cnf\":{\"jkt\":1}}", "OK", EG_DETAIL_NONE);
	assert_int_equal(token.has & (EG_HAS_CNF | EG_HAS_JKT), EG_HAS_CNF);
	check_payload("{\"cnf\":{}}", "OK", EG_DETAIL_NONE);
	check_payload("{\"other\":{\"a\":1,\"a\":2}}", "OK", EG_DETAIL_NONE); /* not read */
}

static void test_status(void **state)
{
	static const char *const bad[] = {"null", "[]", "\"x\"", "{\"status_list\":null}",
	    "{\"status_list\":[]}", "{\"status_list\":{}}", "{\"status_list\":{\"idx\":1}}",
	    "{\"status_list\":{\"uri\":\"u\"}}", "{\"status_list\":{\"idx\":\"1\",\"uri\":\"u\"}}",
	    "{\"status_list\":{\"idx\":1.0,\"uri\":\"u\"}}",
	    "{\"status_list\":{\"idx\":1e1,\"uri\":\"u\"}}",
	    "{\"status_list\":{\"idx\":-0,\"uri\":\"u\"}}",
	    "{\"status_list\":{\"idx\":4294967296,\"uri\":\"u\"}}",
	    "{\"status_list\":{\"idx\":18446744073709551617,\"uri\":\"u\"}}",
	    "{\"status_list\":{\"idx\":1,\"uri\":7}}",
	    "{\"status_list\":{\"idx\":1,\"idx\":1,\"uri\":\"u\"}}",
	    "{\"status_list\":{\"idx\":1,\"uri\":\"u\",\"ur\\u0069\":\"v\"}}", "{\"x\":1,\"x\":1}",
	    "{\"status_list\":{\"idx\":1,\"uri\":\"u\"},\"status_list\":{}}"};
	char text[512];

	for (size_t i = 0; i < COUNT(bad); i++) {
		(void)snprintf(text, sizeof(text), "{\"status\":%s}", bad[i]);
		check_payload(text, "MALFORMED", EG_DETAIL_STATUS);
	}
	check_payload("{\"status\":{\"other\":1}}", "OK", EG_DETAIL_NONE);
	assert_int_equal(token.has & (EG_HAS_STATUS | EG_HAS_STATUS_LIST), EG_HAS_STATUS);
	(void)snprintf(
	    text, sizeof(text), "{\"status\":{\"status_list\":{\"idx\":0,\"uri\":\"%0300d\"}}}", 0);
	check_payload(text, "OK", EG_DETAIL_NONE); /* a list that nobody can know */
	assert_int_equal(token.status_uri.len, 300);
}

/* Everything is wrong; each member is put right in turn and the next one is named. */
static void test_order_of_payload_rules(void **state)
{
	static const struct {
		const char *wrong, *right;
		unsigned detail;
	} members[] = {
	    {"\"iss\":1", "\"iss\":\"\"", EG_DETAIL_ISS},
	    {"\"sub\":1", "\"sub\":\"\"", EG_DETAIL_SUB},
	    {"\"jti\":1", "\"jti\":\"\"", EG_DETAIL_JTI},
	    {"\"sid\":1", "\"sid\":\"\"", EG_DETAIL_SID},
	    {"\"exp\":\"\"", "\"exp\":1", EG_DETAIL_EXP},
	    {"\"nbf\":\"\"", "\"nbf\":1", EG_DETAIL_NBF},
	    {"\"iat\":\"\"", "\"iat\":1", EG_DETAIL_IAT},
	    {"\"aud\":1", "\"aud\":[]", EG_DETAIL_AUD},
	    {"\"cnf\":1", "\"cnf\":{}", EG_DETAIL_CNF},
	    {"\"status\":1", "\"status\":{}", EG_DETAIL_STATUS},
	};

	for (size_t right = 0; right < COUNT(members); right++) {
		char text[512] = "{\"z\":0";

		for (size_t i = COUNT(members); i-- > 0;) { /* last rule first in the text */
			strcat(text, ",");
			strcat(text, i < right ? members[i].right : members[i].wrong);
		}
		strcat(text, "}");
		check_payload(text, "MALFORMED", members[right].detail);
	}
}

static void test_strict_payload(void **state)
{
	static const char *const bad[] = {"[]", "null", "{\"a\":1,\"a\":1}", "{} x",
	    "{\"a\":\"\xFF\"}", "{\"a\":[[[[[[[[1]]]]]]]]}", "{\"a\":{\"b\":\"\\ud800\"}}"};

	for (size_t i = 0; i < COUNT(bad); i++)
		check_payload(bad[i], "MALFORMED", EG_DETAIL_PAYLOAD);
}

/* ---- Limits: at each, and one beyond ---- */

static void check_repeated(const char *start, const char *piece, unsigned cnt, const char *end,
    const char *status, unsigned detail)
{
	static char text[TEXT_MAX];
	size_t n = (size_t)snprintf(text, sizeof(text), "%s", start);

	for (unsigned i = 0; i < cnt; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, piece, i);
	(void)snprintf(text + n, sizeof(text) - n, "%s", end);
	check_payload(text, status, detail);
}

static void test_limits_of_the_document(void **state)
{
	check_payload("{\"a\":[[[[[[[1]]]]]]]}", "OK", EG_DETAIL_NONE); /* depth 8 */
	check_payload("{\"a\":[[[[[[[{}]]]]]]]}", "MALFORMED", EG_DETAIL_PAYLOAD);
	check_payload("{\"a\":{\"b\":[{\"c\":[{\"d\":[{}]}]}]}}", "OK", EG_DETAIL_NONE);
	check_payload(
	    "{\"a\":{\"b\":[{\"c\":[{\"d\":[{\"e\":[]}]}]}]}}", "MALFORMED", EG_DETAIL_PAYLOAD);
	/* the members of read and of unread objects count together */
	check_repeated(
	    "{\"cnf\":{\"a\":1},\"x\":[{", "\"n%u\":1,", 124, "\"z\":1}]}", "OK", EG_DETAIL_NONE);
	check_repeated("{\"cnf\":{\"a\":1},\"x\":[{", "\"n%u\":1,", 125, "\"z\":1}]}", "MALFORMED",
	    EG_DETAIL_PAYLOAD);
	check_repeated("{\"iss\":\"i\"", ",\"n%u\":1", 127, "}", "OK", EG_DETAIL_NONE);
	check_repeated("{\"iss\":\"i\"", ",\"n%u\":1", 128, "}", "MALFORMED", EG_DETAIL_PAYLOAD);
	check_repeated(
	    "{\"iss\":\"i\"", ",\"n%u\":1", 126, ",\"n3\":1}", "MALFORMED", EG_DETAIL_PAYLOAD);
	check_repeated("{\"cnf\":{", "\"n%u\":1,", 100, "\"jkt\":\"\"}}", "OK", EG_DETAIL_NONE);
	check_repeated("{\"cnf\":{", "\"n%u\":1,", 100, "\"n7\":1}}", "MALFORMED", EG_DETAIL_CNF);
}

static void test_limits_of_strings(void **state)
{
	static const char *const names[] = {"iss", "sub", "jti", "sid"};
	static const unsigned details[] = {
	    EG_DETAIL_ISS, EG_DETAIL_SUB, EG_DETAIL_JTI, EG_DETAIL_SID};

	for (size_t i = 0; i < COUNT(names); i++) {
		char start[16];

		(void)snprintf(start, sizeof(start), "{\"%s\":\"", names[i]);
		check_repeated(start, "\\u0041", 255, "\"}", "OK", EG_DETAIL_NONE);
		check_repeated(start, "\\u0041", 256, "\"}", "MALFORMED", details[i]);
		check_repeated(start, "\\ud83d\\ude00", 63, "abc\"}", "OK", EG_DETAIL_NONE);
		check_repeated(start, "\\ud83d\\ude00", 64, "\"}", "MALFORMED", details[i]);
	}
	check_repeated("{\"aud\":[\"\"", ",\"%u\"", 15, "]}", "OK", EG_DETAIL_NONE);
	check_repeated("{\"aud\":[\"\"", ",\"%u\"", 16, "]}", "MALFORMED", EG_DETAIL_AUD);
}

static void test_limits_of_numbers(void **state)
{
	check_payload("{\"exp\":1.0000000000000000000}", "OK", EG_DETAIL_NONE); /* 20 digits */
	check_payload("{\"exp\":1.00000000000000000000}", "MALFORMED", EG_DETAIL_EXP);
	check_payload("{\"exp\":1e-20}", "OK", EG_DETAIL_NONE);
	check_payload("{\"exp\":1e-21}", "MALFORMED", EG_DETAIL_EXP);
	check_payload("{\"exp\":0e+20}", "OK", EG_DETAIL_NONE);
	check_payload("{\"exp\":0e+21}", "MALFORMED", EG_DETAIL_EXP);
	check_payload("{\"nbf\":253402300799}", "OK", EG_DETAIL_NONE);
	check_payload("{\"nbf\":253402300800}", "MALFORMED", EG_DETAIL_NBF);
	/* a number that nobody reads may be as long as it likes */
	check_repeated("{\"x\":1", "0", 2900, "e9}", "OK", EG_DETAIL_NONE);
	check_payload("{\"status\":{\"status_list\":{\"idx\":4294967295,\"uri\":\"u\"}}}", "OK",
	    EG_DETAIL_NONE);
	check_payload("{\"status\":{\"status_list\":{\"idx\":4294967296,\"uri\":\"u\"}}}",
	    "MALFORMED", EG_DETAIL_STATUS);
}

static void test_longest_token(void **state)
{
	/* 44 + 1 + 3964 + 1 + 86 characters */
	static char text[TEXT_MAX];
	struct text t;

	padded(text, "{}", 2973);
	t = mint("{\"alg\":\"EdDSA\",\"kid\":\"123456789\"}", text);
	assert_int_equal(t.len, EG_TOKEN_DEFAULT_MAX);
	check_finding(parse(t), "4096", "OK", EG_DETAIL_NONE);
	free(t.ptr);
	padded(text, "{}", 2974);
	t = mint("{\"alg\":\"EdDSA\",\"kid\":\"123456789\"}", text);
	assert_true(t.len > EG_TOKEN_DEFAULT_MAX);
	check_finding(parse(t), "4098", "MALFORMED", EG_DETAIL_TOKEN);
	free(t.ptr);
}

/* ---- Headers that are remembered ---- */

/* Headers and policies in any order: what is said of one depends on its bytes and the policy alone,
 * so a scratch that remembers nothing gives the same. */
static void test_remembered_headers(void **state)
{
	static const char long_header[] =
	    "{\"alg\":\"EdDSA\",\"x5t\":\"a header that is too long to be remembered, as it holds "
	    "what nobody looks at, such as a thumbprint and more\",\"kid\":\"k1\"}";
	static const char *const headers[] = {long_header, "{\"alg\":\"EdDSA\"}",
	    "{\"alg\":\"EdDSA\",\"kid\":\"\"}", "{\"alg\":\"EdDSA\",\"kid\":\"k1\"}",
	    "{\"alg\":\"EdDSA\",\"kid\":\"k2\"}", "{\"alg\":\"EdDSA\",\"typ\":\"JWT\"}",
	    "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}",
	    "{\"alg\":\"EdDSA\",\"typ\":\"other\",\"kid\":\"k1\"}",
	    "{\"alg\":\"EdDSA\",\"typ\":\"\\u004aWT\"}", "{\"alg\":\"EdDSA\",\"typ\":\"\"}",
	    "{\"alg\":\"EdDSA\",\"kid\":\"\\u006b1\"}", "{\"alg\":\"RS256\"}"};

	for (unsigned round = 0; round < 20000; round++) {
		static struct eg_token_scratch empty;
		struct text t = mint(headers[eg_test_below(COUNT(headers))], "{}");
		struct eg_token fresh;
		struct eg_finding f;

		policy.typ_required = eg_test_below(2) != 0;
		policy.typ_cnt = (uint8_t)eg_test_below(3);
		memset(&empty.headers, 0, sizeof(empty.headers));
		f = eg_jwt_parse(eg_span(t.ptr, t.len), &policy, &empty, &fresh);
		check_finding(parse(t), "remembered", eg_verdict_name(f.status), f.detail);
		if (f.status == EG_OK) {
			assert_int_equal(token.has, fresh.has);
			assert_true(eg_span_eq(token.kid, fresh.kid));
		}
		free(t.ptr);
	}
}

/* A remembered header with anything behind it. */
static void test_remembered_header_with_other_segments(void **state)
{
	static const char *const rest[] = {"", ".", ".e30", ".e30.", "..", ".e31.", ".e30.AB",
	    "x.e30.", "xe30.", ".e30.e30.", "=.e30."};
	const char *const header = "eyJhbGciOiJFZERTQSJ9"; /* {"alg":"EdDSA"} */
	char text[64];

	check_header("{\"alg\":\"EdDSA\"}", "OK", EG_DETAIL_NONE);
	assert_int_equal(scratch.headers.header[0].segment_len, strlen(header));
	for (size_t i = 0; i < COUNT(rest); i++) {
		const bool good = strcmp(rest[i], ".e30.") == 0;

		(void)snprintf(text, sizeof(text), "%s%s", header, rest[i]);
		check_text(text, "MALFORMED", good ? EG_DETAIL_SIGNATURE : EG_DETAIL_TOKEN);
	}
	for (size_t len = 0; len <= strlen(header); len++) {
		(void)snprintf(text, sizeof(text), "%.*s", (int)len, header);
		check_text(text, "MALFORMED", EG_DETAIL_TOKEN);
	}
}

/* ---- Properties ---- */

static struct text valid_token(void)
{
	return mint(HEADER,
	    "{\"iss\":\"" ISSUER "\",\"aud\":[\"x\",\"" AUDIENCE "\"],\"sub\":\"us\\u0065r\","
	    "\"exp\":1800000300,\"iat\":1.79999994e9,\"nbf\":1799999940,\"jti\":\"t\","
	    "\"status\":{\"status_list\":{\"idx\":7,\"uri\":\"u\"}},\"cnf\":{\"jkt\":\"k\"}}");
}

/* One signed token has one text: another text is another message or another signature. */
static void test_every_mutation_of_one_byte(void **state)
{
	struct text t = valid_token(), original = text_copy(t.ptr, t.len);
	uint8_t signature[64];
	size_t signed_len;
	unsigned accepted = 0;

	assert_int_equal(decide(t), EG_OK);
	signed_len = token.signed_bytes.len;
	memcpy(signature, token.signature, sizeof(signature));
	for (size_t at = 0; at < t.len; at++) {
		for (unsigned c = 0; c < 256; c++) {
			if (c == original.ptr[at])
				continue;
			t.ptr[at] = (uint8_t)c;
			if (parse(t).status != EG_OK)
				continue;
			accepted++;
			assert_ptr_equal(token.signed_bytes.ptr, t.ptr);
			assert_int_equal(token.signed_bytes.len, signed_len);
			assert_true(memcmp(t.ptr, original.ptr, signed_len) != 0 ||
			            memcmp(token.signature, signature, sizeof(signature)) != 0);
		}
		t.ptr[at] = original.ptr[at];
	}
	assert_true(accepted > 63 * 80); /* at least the signature's own texts */
	free(t.ptr);
	free(original.ptr);
}

static void test_every_cut(void **state)
{
	struct text t = valid_token();

	for (size_t len = 0; len < t.len; len++) {
		struct text cut = text_copy(t.ptr, len);

		assert_int_equal(parse(cut).status, EG_MALFORMED);
		free(cut.ptr);
		cut = text_copy(t.ptr + t.len - len, len);
		assert_int_equal(parse(cut).status, EG_MALFORMED);
		free(cut.ptr);
	}
	free(t.ptr);
}

/* Damage below the base64url: every byte of the payload, as any byte. */
static void test_every_mutation_of_the_payload(void **state)
{
	static const char payload[] = "{\"iss\":\"a\\u0062\",\"aud\":[\"x\"],\"exp\":1.5e9,"
	                              "\"cnf\":{\"jkt\":\"\"},"
	                              "\"status\":{\"status_list\":{\"idx\":7,\"uri\":\"u\"}}}";
	char text[sizeof(payload)];

	for (size_t at = 0; at < sizeof(payload) - 1; at++) {
		for (unsigned c = 1; c < 256; c++) {
			struct eg_finding f;
			struct text t;

			memcpy(text, payload, sizeof(payload));
			text[at] = (char)c;
			t = mint(HEADER, text);
			f = parse(t);
			assert_true(f.status == EG_OK || f.status == EG_MALFORMED);
			assert_int_equal(f.status == EG_OK, f.detail == EG_DETAIL_NONE);
			free(t.ptr);
		}
	}
}

static void test_any_bytes(void **state)
{
	static const uint8_t chars[] = {'e', 'y', 'J', '0', 'A', '-', '_', '.', '.', '.'};
	static const uint8_t bytes[64];

	for (unsigned i = 0; i < 100000; i++) {
		struct text t = text_copy(bytes, eg_test_below(sizeof(bytes)));

		eg_test_random_bytes(t.ptr, t.len);
		for (size_t k = 0; i % 2 == 0 && k < t.len; k++)
			t.ptr[k] = chars[t.ptr[k] % sizeof(chars)];
		assert_int_not_equal(parse(t).status, EG_OK);
		free(t.ptr);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_edgate_vectors, set_up),
	    cmocka_unit_test_setup(test_wycheproof_is_refused, set_up),
	    cmocka_unit_test_setup(test_shape, set_up),
	    cmocka_unit_test_setup(test_length_limit, set_up),
	    cmocka_unit_test_setup(test_alg, set_up),
	    cmocka_unit_test_setup(test_header_members, set_up),
	    cmocka_unit_test_setup(test_order_of_header_rules, set_up),
	    cmocka_unit_test_setup(test_signature_length, set_up),
	    cmocka_unit_test_setup(test_decoded_sizes, set_up),
	    cmocka_unit_test_setup(test_views, set_up),
	    cmocka_unit_test_setup(test_strings, set_up),
	    cmocka_unit_test_setup(test_times, set_up),
	    cmocka_unit_test_setup(test_aud, set_up),
	    cmocka_unit_test_setup(test_cnf, set_up),
	    cmocka_unit_test_setup(test_status, set_up),
	    cmocka_unit_test_setup(test_order_of_payload_rules, set_up),
	    cmocka_unit_test_setup(test_strict_payload, set_up),
	    cmocka_unit_test_setup(test_limits_of_the_document, set_up),
	    cmocka_unit_test_setup(test_limits_of_strings, set_up),
	    cmocka_unit_test_setup(test_limits_of_numbers, set_up),
	    cmocka_unit_test_setup(test_longest_token, set_up),
	    cmocka_unit_test_setup(test_remembered_headers, set_up),
	    cmocka_unit_test_setup(test_remembered_header_with_other_segments, set_up),
	    cmocka_unit_test_setup(test_every_mutation_of_one_byte, set_up),
	    cmocka_unit_test_setup(test_every_cut, set_up),
	    cmocka_unit_test_setup(test_every_mutation_of_the_payload, set_up),
	    cmocka_unit_test_setup(test_any_bytes, set_up),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
