/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_base64url.h"
#include "eg_json.h"
#include "eg_jwks.h"
#include "eg_test.h"

#include <sodium.h>

/* RFC 8037 appendix A.1 and A.2. */
#define RFC8037_D "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
#define RFC8037_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define OKP       "\"kty\":\"OKP\",\"crv\":\"Ed25519\""
#define GOOD      OKP ",\"x\":\"" RFC8037_X "\""
#define IDENTITY  "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static struct eg_jwks jwks; /* large */

static int parse(const char *text)
{
	struct eg_error err = {0};
	int rc = eg_jwks_parse(eg_span_str(text), false, &jwks, &err);

	assert_int_equal(rc, err.code);
	if (rc != 0) {
		assert_true(err.text[0] != '\0');
		assert_int_equal(jwks.cnt, 0);
		assert_int_equal(jwks.kept_cnt, 0);
	}
	return rc;
}

/* One key, given as a JWK alone and as the only one of a JWKS. */
static void assert_one(const char *jwk, enum eg_jwk_outcome outcome, const char *reason)
{
	char set[2048];

	(void)snprintf(set, sizeof(set), "{\"keys\":[%s]}", jwk);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(parse(i == 0 ? jwk : set), 0);
		assert_int_equal(jwks.cnt, 1);
		assert_int_equal(jwks.key[0].outcome, outcome);
		assert_int_equal(jwks.kept_cnt, outcome == EG_JWK_KEPT);
		if (strstr(jwks.key[0].reason, reason) == NULL)
			fail_msg("%s: reason is '%s'", jwk, jwks.key[0].reason);
		assert_true((outcome == EG_JWK_KEPT) == (jwks.key[0].reason[0] == '\0'));
	}
}

static void rfc8037(void **state)
{
	uint8_t x[32];

	assert_true(eg_base64url_decode(eg_span_str(RFC8037_X), x));
	assert_one("{" GOOD "}", EG_JWK_KEPT, "");
	assert_memory_equal(jwks.key[0].x, x, sizeof(x));
	assert_false(jwks.key[0].has_kid);
	assert_false(jwks.key[0].mixed_order);
	assert_one("{" GOOD ",\"d\":\"" RFC8037_D "\"}", EG_JWK_REFUSED, "private");
}

static void what_is_ours_is_kept(void **state)
{
	assert_one("{" GOOD ",\"use\":\"sig\"}", EG_JWK_KEPT, "");
	assert_one("{" GOOD ",\"alg\":\"EdDSA\"}", EG_JWK_KEPT, "");
	assert_one("{" GOOD ",\"alg\":\"Ed25519\"}", EG_JWK_KEPT, "");
	assert_one("{" GOOD ",\"key_ops\":[\"verify\"]}", EG_JWK_KEPT, "");
	assert_one("{" GOOD ",\"key_ops\":[\"sign\",\"\\u0076erify\"]}", EG_JWK_KEPT, "");
	assert_one("{" GOOD ",\"other\":{\"a\":[1,2,{}]},\"x5c\":[\"AA==\"]}", EG_JWK_KEPT, "");
	assert_one(" {\"\\u006bty\":\"O\\u004bP\",\"crv\":\"Ed25519\",\"x\":\"\\u00311qYAYKxCrfVS_"
	           "7TyWQHOg7hcvPapiMlrwIaaPcHURo\"} ",
	    EG_JWK_KEPT, "");
}

static void what_is_not_for_us_is_skipped(void **state)
{
	assert_one("{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", EG_JWK_SKIPPED, "kty");
	assert_one("{\"kty\":\"okp\",\"crv\":\"Ed25519\"}", EG_JWK_SKIPPED, "kty");
	assert_one("{\"kty\":1}", EG_JWK_SKIPPED, "kty");
	assert_one("{\"kty\":\"OKP\"}", EG_JWK_SKIPPED, "crv");
	assert_one("{\"kty\":\"OKP\",\"crv\":\"X25519\",\"d\":\"x\"}", EG_JWK_SKIPPED, "crv");
	assert_one("{\"kty\":\"OKP\",\"crv\":\"Ed448\"}", EG_JWK_SKIPPED, "crv");
	assert_one("{" GOOD ",\"use\":\"enc\"}", EG_JWK_SKIPPED, "use");
	assert_one("{" GOOD ",\"use\":null}", EG_JWK_SKIPPED, "use");
	assert_one("{" GOOD ",\"key_ops\":[]}", EG_JWK_SKIPPED, "key_ops");
	assert_one("{" GOOD ",\"key_ops\":\"verify\"}", EG_JWK_SKIPPED, "key_ops");
	assert_one(
	    "{" GOOD ",\"key_ops\":[\"sign\",{},1,[\"verify\"]]}", EG_JWK_SKIPPED, "key_ops");
	assert_one("{" GOOD ",\"alg\":\"ES256\"}", EG_JWK_SKIPPED, "alg");
	assert_one("{" GOOD ",\"alg\":\"eddsa\"}", EG_JWK_SKIPPED, "alg");
	assert_one("{" GOOD ",\"alg\":7}", EG_JWK_SKIPPED, "alg");
}

static void private_keys_are_refused_whatever_else_they_say(void **state)
{
	assert_one("{" GOOD ",\"d\":null}", EG_JWK_REFUSED, "private");
	assert_one("{" GOOD ",\"\\u0064\":\"\"}", EG_JWK_REFUSED, "private");
	assert_one("{" GOOD ",\"use\":\"enc\",\"d\":\"x\"}", EG_JWK_REFUSED, "private");
	assert_one("{" OKP ",\"d\":\"x\",\"kid\":1}", EG_JWK_REFUSED, "private");
}

static void bad_x_is_refused(void **state)
{
	assert_one("{" OKP "}", EG_JWK_REFUSED, "x is");
	assert_one("{" OKP ",\"x\":1}", EG_JWK_REFUSED, "x is");
	assert_one("{" OKP ",\"x\":\"\"}", EG_JWK_REFUSED, "x is");
	assert_one("{" OKP ",\"x\":\"" RFC8037_X "=\"}", EG_JWK_REFUSED, "x is");
	assert_one("{" OKP ",\"x\":\"" RFC8037_X "A\"}", EG_JWK_REFUSED, "x is");
	assert_one("{" OKP ",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUR\"}", EG_JWK_REFUSED,
	    "x is"); /* 31 bytes and more */
	assert_one("{" OKP ",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp\"}",
	    EG_JWK_REFUSED, "x is"); /* an unused bit is set */
	assert_one("{" OKP ",\"x\":\"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
	    EG_JWK_REFUSED, "x is"); /* the other alphabet */
}

static void bad_points_are_refused(void **state)
{
	assert_one("{" OKP ",\"x\":\"" IDENTITY "\"}", EG_JWK_REFUSED, "small order");
	assert_one("{" OKP ",\"x\":\"7v_______________________________________38\"}",
	    EG_JWK_REFUSED, "not a point"); /* y = p + 1, not canonical */
	assert_one("{" OKP ",\"x\":\"AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
	    EG_JWK_REFUSED, "not a point"); /* y = 2: not on the curve */
}

static void mixed_order_only_where_allowed(void **state)
{
	static const uint8_t order8[32] = {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45,
	    0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33,
	    0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05};
	uint8_t x[32], mixed[32];
	char text[128], b64[EG_BASE64URL_ENCODED_BYTES(32) + 1] = {0};

	assert_true(eg_base64url_decode(eg_span_str(RFC8037_X), x));
	assert_int_equal(crypto_core_ed25519_add(mixed, x, order8), 0);
	eg_base64url_encode(eg_span(mixed, 32), b64);
	(void)snprintf(text, sizeof(text), "{" OKP ",\"x\":\"%s\"}", b64);
	assert_one(text, EG_JWK_REFUSED, "mixed order");
	assert_int_equal(eg_jwks_parse(eg_span_str(text), true, &jwks, NULL), 0);
	assert_int_equal(jwks.kept_cnt, 1);
	assert_true(jwks.key[0].mixed_order);
	(void)snprintf(text, sizeof(text), "{" OKP ",\"x\":\"%s\"}", IDENTITY);
	assert_int_equal(eg_jwks_parse(eg_span_str(text), true, &jwks, NULL), 0);
	assert_int_equal(jwks.kept_cnt, 0);
}

static void assert_kid_of(size_t len, enum eg_jwk_outcome outcome)
{
	char text[600], kid[300];

	memset(kid, 'k', len);
	kid[len] = '\0';
	(void)snprintf(text, sizeof(text), "{" GOOD ",\"kid\":\"%s\"}", kid);
	assert_one(text, outcome, outcome == EG_JWK_KEPT ? "" : "kid");
	if (outcome == EG_JWK_KEPT) {
		assert_true(jwks.key[0].has_kid);
		assert_int_equal(jwks.key[0].kid_len, len);
		assert_string_equal((char *)jwks.key[0].kid, kid);
	}
}

static void kids(void **state)
{
	assert_kid_of(0, EG_JWK_KEPT);
	assert_kid_of(1, EG_JWK_KEPT);
	assert_kid_of(255, EG_JWK_KEPT);
	assert_kid_of(256, EG_JWK_REFUSED);
	assert_one("{" GOOD ",\"kid\":7}", EG_JWK_REFUSED, "kid");
	assert_one("{" GOOD ",\"kid\":null}", EG_JWK_REFUSED, "kid");
	assert_one("{" GOOD ",\"kid\":\"a\\u0000b\"}", EG_JWK_REFUSED, "kid");
	assert_one("{" GOOD ",\"kid\":\"\\u00e9\"}", EG_JWK_KEPT, "");
	assert_string_equal((char *)jwks.key[0].kid, "\xc3\xa9");
}

/* Outcomes of a set of several keys, one letter each: kept, skipped, refused. */
static void assert_set(const char *keys, const char *outcomes)
{
	char text[2048], got[EG_JWKS_KEYS_MAX + 1] = {0};

	(void)snprintf(text, sizeof(text), "{\"keys\":[%s]}", keys);
	assert_int_equal(parse(text), 0);
	for (uint32_t i = 0; i < jwks.cnt; i++)
		got[i] = "ksr"[jwks.key[i].outcome];
	assert_string_equal(got, outcomes);
}

#define KID(k) "{" GOOD ",\"kid\":\"" k "\"}"
#define NO_KID "{" GOOD "}"

static void duplicate_kids(void **state)
{
	assert_set(KID("a") "," KID("b"), "kk");
	assert_set(KID("a") "," KID("b") "," KID("a"), "rkr");
	assert_set(KID("a") "," KID("\\u0061") "," KID("a"), "rrr");
	assert_non_null(strstr(jwks.key[0].reason, "twice"));
	assert_set(NO_KID "," NO_KID, "rr");
	assert_non_null(strstr(jwks.key[0].reason, "without kid"));
	assert_set(NO_KID "," KID(""), "kk"); /* no kid is not the empty kid */
	assert_set(KID("") "," KID(""), "rr");
	/* A kid on a key that is not ours is no duplicate; on one of ours that is refused it is. */
	assert_set(KID("a") ",{\"kty\":\"RSA\",\"kid\":\"a\"}", "ks");
	assert_set(KID("a") ",{" GOOD ",\"use\":\"enc\",\"kid\":\"a\"}", "ks");
	assert_set(KID("a") ",{" GOOD ",\"d\":\"x\",\"kid\":\"a\"}", "rr");
	assert_set("{" OKP ",\"x\":\"\",\"kid\":\"a\"}," KID("a"), "rr");
	assert_set("{" GOOD ",\"kid\":7}," NO_KID, "rk"); /* a bad kid is not a missing one */
}

static void strange_elements(void **state)
{
	assert_set("", "");
	assert_set("{}", "s");
	assert_set("1,\"x\",null,[]," KID("a") ",{\"kty\":\"OKP\",\"kty\":\"OKP\"}", "rrrrkr");
}

static void not_a_jwks(void **state)
{
	static const char *const bad[] = {"", " ", "[]", "1", "{}", "{\"keys\":{}}",
	    "{\"keys\":null}", "{\"keys\":[}", "{\"keys\":[],\"keys\":[]}", "{\"keys\":[]} x",
	    "{\"keys\":[1,]}", "\xef\xbb\xbf{\"keys\":[]}", "{\"keys\":[\"\xff\"]}",
	    "{\"Keys\":[]}", "{" GOOD ",}"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(bad[i]), -EG_EINVAL);
	assert_int_equal(eg_jwks_parse(eg_span("{\0}", 3), false, &jwks, NULL), -EG_EINVAL);
}

/* Every truncation of a good text is refused, and reads nothing behind its end. */
static void truncations(void **state)
{
	static const char text[] = "{\"keys\":[" KID("a\\u0062") "]}";
	struct eg_error err;

	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		uint8_t *copy = malloc(len + 1);

		assert_non_null(copy);
		memcpy(copy + 1, text, len);
		assert_int_equal(
		    eg_jwks_parse(eg_span(copy + 1, len), false, &jwks, &err), -EG_EINVAL);
		free(copy);
	}
	assert_int_equal(parse(text), 0);
}

/* A real-life set: keys with certificate chains, which edgate does not read. */
static char *large_set(unsigned keys, unsigned members, size_t *len)
{
	static char text[EG_JWKS_BYTES_MAX + 4096];
	size_t at = (size_t)sprintf(text, "{\"keys\":[");
	for (unsigned k = 0; k < keys; k++) {
		at += (size_t)sprintf(text + at,
		    "%s{" GOOD ",\"kid\":\"kid-%u\",\"alg\":\"EdDSA\",\"use\":\"sig\","
		    "\"x5t\":\"abc\",\"x5c\":[\"",
		    k != 0 ? "," : "", k);
		memset(text + at, 'M', 1500);
		at += (size_t)sprintf(text + at + 1500, "\",\"MIIB\"]") + 1500;
		for (unsigned m = 8; m < members; m++)
			at += (size_t)sprintf(text + at, ",\"m%u\":%u", m, m);
		text[at++] = '}';
	}
	*len = at + (size_t)sprintf(text + at, "]}");
	return text;
}

static void limits(void **state)
{
	size_t len;
	char *text = large_set(EG_JWKS_KEYS_MAX, 8, &len);

	assert_int_equal(eg_jwks_parse(eg_span(text, len), false, &jwks, NULL), 0);
	assert_int_equal(jwks.kept_cnt, EG_JWKS_KEYS_MAX);
	assert_string_equal((char *)jwks.key[63].kid, "kid-63");

	text = large_set(EG_JWKS_KEYS_MAX + 1, 8, &len);
	assert_int_equal(eg_jwks_parse(eg_span(text, len), false, &jwks, NULL), -EG_ELIMIT);
	assert_int_equal(jwks.cnt, 0);

	text = large_set(3, EG_JSON_MEMBERS_MAX, &len);
	assert_int_equal(eg_jwks_parse(eg_span(text, len), false, &jwks, NULL), 0);
	assert_int_equal(jwks.kept_cnt, 3);

	text = large_set(3, EG_JSON_MEMBERS_MAX + 1, &len);
	assert_int_equal(eg_jwks_parse(eg_span(text, len), false, &jwks, NULL), 0);
	assert_int_equal(jwks.cnt, 3);
	assert_int_equal(jwks.key[2].outcome, EG_JWK_REFUSED);

	text = large_set(1, 8, &len);
	memset(text + len, ' ', EG_JWKS_BYTES_MAX + 1 - len);
	assert_int_equal(eg_jwks_parse(eg_span(text, EG_JWKS_BYTES_MAX), false, &jwks, NULL), 0);
	assert_int_equal(
	    eg_jwks_parse(eg_span(text, EG_JWKS_BYTES_MAX + 1), false, &jwks, NULL), -EG_ELIMIT);
}

/* Where a top-level member of a line starts and ends: the file is ours to trust. */
static struct eg_span member_of_line(char *line, const char *name)
{
	static uint8_t room[1 << 16];
	static struct eg_json_object object;
	struct eg_json_arena arena = {room, sizeof(room)};
	const struct eg_json_value *value;

	assert_true(eg_json_parse_object(eg_span_str(line), &arena, &object));
	value = eg_json_find(&object, name);
	return value != NULL ? value->raw : eg_span(NULL, 0);
}

static void wycheproof_keeps_nothing(void **state)
{
	FILE *f = eg_test_open_vectors("jwk-wycheproof.jsonl");
	static char line[65536];
	unsigned rows = 0;

	if (f == NULL)
		return;
	assert_non_null(fgets(line, sizeof(line), f));
	while (fgets(line, sizeof(line), f) != NULL) {
		struct eg_span key = member_of_line(line, "key");

		assert_non_null(key.ptr);
		assert_int_equal(eg_jwks_parse(key, true, &jwks, NULL), 0);
		assert_true(jwks.cnt > 0);
		assert_int_equal(jwks.kept_cnt, 0);
		rows++;
	}
	(void)fclose(f);
	assert_int_equal(rows, 26);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rfc8037),
	    cmocka_unit_test(what_is_ours_is_kept),
	    cmocka_unit_test(what_is_not_for_us_is_skipped),
	    cmocka_unit_test(private_keys_are_refused_whatever_else_they_say),
	    cmocka_unit_test(bad_x_is_refused),
	    cmocka_unit_test(bad_points_are_refused),
	    cmocka_unit_test(mixed_order_only_where_allowed),
	    cmocka_unit_test(kids),
	    cmocka_unit_test(duplicate_kids),
	    cmocka_unit_test(strange_elements),
	    cmocka_unit_test(not_a_jwks),
	    cmocka_unit_test(truncations),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(wycheproof_keeps_nothing),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
