/* SPDX-License-Identifier: BSD-3-Clause */
#include "hex.h"

#include "eg_token.h"

#include <jansson.h>
#include <sodium.h>

#define NOW          1800000000
#define ROOM         8192u
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define PROTECTED   "a1 01 27"
#define UNPROTECTED "a1 04 42 6b31"
/* {1: "as", 3: "api", 4: NOW + 300} */
#define PAYLOAD "a3 01 62 6173 03 63 617069 04 1a 6b49d32c"

static struct eg_policy policy;
static struct eg_token_message message;
static struct eg_token token;

static int set_up(void **state)
{
	eg_policy_init(&policy, 1);
	return eg_policy_add_issuer(&policy, eg_span_str("as"), NULL) |
	       eg_policy_add_audience(&policy, eg_span_str("api"), NULL);
}

/* Parses a copy in memory of its exact size. */
static struct eg_finding parse(const uint8_t *bytes, size_t len, bool may_be_untagged)
{
	uint8_t *copy = malloc(len != 0 ? len : 1);
	struct eg_finding f;

	assert_non_null(copy);
	if (len != 0)
		memcpy(copy, bytes, len);
	f = eg_cwt_parse(eg_span(copy, len), may_be_untagged, &policy, &message, &token);
	if (f.status == EG_OK)
		assert_ptr_equal(token.signed_bytes.ptr, message.bytes);
	free(copy);
	return f;
}

static size_t put_bytes(uint8_t *out, size_t n, const uint8_t *bytes, size_t len)
{
	assert_true(len < 65536);
	if (len < 24) {
		out[n++] = (uint8_t)(0x40 | len);
	} else if (len < 256) {
		out[n++] = 0x58;
		out[n++] = (uint8_t)len;
	} else {
		out[n++] = 0x59;
		eg_store_be16(out + n, (uint16_t)len);
		n += 2;
	}
	if (len != 0)
		memcpy(out + n, bytes, len);
	return n + len;
}

/* Tagged 18, from the bytes of its parts. */
static size_t mint(uint8_t *out, struct eg_span protected, struct eg_span unprotected,
    struct eg_span payload, size_t signature_bytes)
{
	static const uint8_t signature[256] = {7, 8, 9};
	size_t n = hex_append(out, 0, ROOM, "d2 84");

	n = put_bytes(out, n, protected.ptr, protected.len);
	memcpy(out + n, unprotected.ptr, unprotected.len);
	n = put_bytes(out, n + unprotected.len, payload.ptr, payload.len);
	return put_bytes(out, n, signature, signature_bytes);
}

static size_t mint_hex(uint8_t *out, const char *protected, const char *unprotected,
    const char *payload, size_t signature_bytes)
{
	uint8_t part[3][ROOM / 4];
	const char *hex[3] = {protected, unprotected, payload};
	struct eg_span span[3];

	for (unsigned i = 0; i < 3; i++)
		span[i] = eg_span(part[i], hex_append(part[i], 0, sizeof(part[i]), hex[i]));
	return mint(out, span[0], span[1], span[2], signature_bytes);
}

static void check_finding(
    struct eg_finding f, const char *what, enum eg_verdict status, enum eg_detail detail)
{
	if (f.status != status || f.detail != detail)
		fail_msg("%s: %s (%s), not %s (%s)", what, eg_verdict_name(f.status),
		    eg_detail_name(f.detail), eg_verdict_name(status), eg_detail_name(detail));
}

static void check_header(
    const char *protected, const char *unprotected, enum eg_verdict status, enum eg_detail detail)
{
	uint8_t out[ROOM];
	size_t len = mint_hex(out, protected, unprotected, PAYLOAD, 64);

	check_finding(parse(out, len, false), protected, status, detail);
}

static void check_payload(const char *payload, enum eg_verdict status, enum eg_detail detail)
{
	uint8_t out[ROOM];
	size_t len = mint_hex(out, PROTECTED, UNPROTECTED, payload, 64);

	check_finding(parse(out, len, false), payload, status, detail);
}

/* ── the outer shape ── */

static void test_a_good_one(void **state)
{
	/* RFC 9052 section 4.4 */
	static const char wanted[] = "84 6a 5369676e617475726531 43 a10127 40 50 " PAYLOAD;
	uint8_t out[ROOM], expected[ROOM];
	size_t len = mint_hex(out, PROTECTED, UNPROTECTED, PAYLOAD, 64);
	size_t expected_len = hex_append(expected, 0, ROOM, wanted);

	check_finding(parse(out, len, false), "good", EG_OK, EG_DETAIL_NONE);
	assert_int_equal(token.fmt, EG_TOKEN_CWT);
	assert_int_equal(token.has, EG_HAS_ISS | EG_HAS_AUD | EG_HAS_EXP | EG_HAS_KID);
	assert_int_equal(token.exp_s, NOW + 300);
	assert_int_equal(token.signature[2], 9);
	assert_int_equal(token.aud_cnt, 1);
	assert_int_equal(token.signed_bytes.len, expected_len);
	assert_memory_equal(message.bytes, expected, expected_len);
}

static void test_tags(void **state)
{
	static const struct {
		const char *tags;
		bool tagged, said; /* ok where detected, and where the sender said CWT */
	} cases[] = {
	    {"d2", true, true},
	    {"d83d d2", true, true},
	    {"", false, true},
	    {"d83d", false, false}, /* tag 61 is followed by a COSE tag */
	    {"d2 d2", false, false},
	    {"d83d d83d d2", false, false},
	    {"d2 d83d", false, false},
	    {"d1", false, false},    /* COSE_Mac0 */
	    {"d0", false, false},    /* COSE_Encrypt0 */
	    {"d8 62", false, false}, /* COSE_Sign */
	    {"d8 12", false, false}, /* 18, but not the shortest */
	    {"d9 003d d2", false, false},
	    {"d83d d1", false, false},
	};
	uint8_t good[ROOM], out[ROOM];
	size_t len = mint_hex(good, PROTECTED, UNPROTECTED, PAYLOAD, 64) - 1;

	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = hex_append(out, 0, ROOM, cases[i].tags);

		memcpy(out + n, good + 1, len);
		assert_int_equal(
		    parse(out, n + len, false).status, cases[i].tagged ? EG_OK : EG_MALFORMED);
		assert_int_equal(
		    parse(out, n + len, true).status, cases[i].said ? EG_OK : EG_MALFORMED);
	}
}

static void test_shapes(void **state)
{
	static const char *const bad[] = {"", "d2", "d284", "d280", "d283 43a10127 a0 40",
	    "d285 43a10127 a0 40 40 40", "d284 a10127 a0 40 40", "d284 43a10127 40 40 40",
	    "d284 43a10127 a0 f6 40", /* a detached payload */
	    "d284 43a10127 a0 40 f6", "d284 43a10127 a0 6161 40", "d29f 43a10127 a0 40 40 ff",
	    "d284 5f43a10127ff a0 40 40", "d2a2 01 02 03 04", "f6", "ff"};

	for (size_t i = 0; i < COUNT(bad); i++) {
		uint8_t out[ROOM];
		size_t len = hex_append(out, 0, ROOM, bad[i]);

		check_finding(parse(out, len, true), bad[i], EG_MALFORMED, EG_DETAIL_TOKEN);
	}
}

static void test_length(void **state)
{
	uint8_t out[ROOM];
	size_t len = mint_hex(out, PROTECTED, UNPROTECTED, PAYLOAD, 64);

	out[len] = 0; /* a byte behind it */
	check_finding(parse(out, len + 1, false), "long", EG_MALFORMED, EG_DETAIL_TOKEN);
	policy.max_token_bytes = (uint32_t)len;
	check_finding(parse(out, len, false), "limit", EG_OK, EG_DETAIL_NONE);
	policy.max_token_bytes--;
	check_finding(parse(out, len, false), "over", EG_MALFORMED, EG_DETAIL_TOKEN);
}

static void test_signature_bytes(void **state)
{
	static const size_t wrong[] = {0, 63, 65, 114, 132};
	uint8_t out[ROOM];

	for (size_t i = 0; i < COUNT(wrong); i++) {
		size_t len = mint_hex(out, PROTECTED, UNPROTECTED, PAYLOAD, wrong[i]);

		check_finding(
		    parse(out, len, false), "signature", EG_MALFORMED, EG_DETAIL_SIGNATURE);
		len = mint_hex(out, "a1 01 26", UNPROTECTED, PAYLOAD, wrong[i]);
		check_finding(
		    parse(out, len, false), "alg first", EG_UNSUPPORTED_ALG, EG_DETAIL_NONE);
		len = mint_hex(out, PROTECTED, UNPROTECTED, "00", wrong[i]);
		check_finding(parse(out, len, false), "before the payload", EG_MALFORMED,
		    EG_DETAIL_SIGNATURE);
	}
}

/* ── S4 ── */

static void test_alg(void **state)
{
	check_header("a1 01 32", "a0", EG_OK, EG_DETAIL_NONE); /* -19 */
	check_header("a0", "a0", EG_MALFORMED, EG_DETAIL_ALG);
	check_header("", "a0", EG_MALFORMED, EG_DETAIL_ALG);
	check_header("a0", "a1 01 27", EG_MALFORMED, EG_DETAIL_ALG); /* not protected */
	check_header("", "a1 01 27", EG_MALFORMED, EG_DETAIL_ALG);
	check_header(PROTECTED, "a1 01 27", EG_MALFORMED, EG_DETAIL_HEADER); /* in both */
	check_header("a1 01 32", "a1 01 27", EG_MALFORMED, EG_DETAIL_HEADER);
	check_header(PROTECTED, "a2 21 00 01 f6", EG_MALFORMED, EG_DETAIL_HEADER);
	check_header(PROTECTED, "a1 61 31 27", EG_OK, EG_DETAIL_NONE);
	check_header("a1 01 26", "a0", EG_UNSUPPORTED_ALG, EG_DETAIL_NONE);
	check_header("a1 01 07", "a0", EG_UNSUPPORTED_ALG, EG_DETAIL_NONE); /* 7 is not -8 */
	check_header("a1 01 12", "a0", EG_UNSUPPORTED_ALG, EG_DETAIL_NONE);
	check_header("a1 01 65 4564445341", "a0", EG_UNSUPPORTED_ALG, EG_DETAIL_NONE);
	check_header("a1 01 41 27", "a0", EG_UNSUPPORTED_ALG, EG_DETAIL_NONE);
	check_header("a1 01 f9c800", "a0", EG_UNSUPPORTED_ALG, EG_DETAIL_NONE); /* -8.0 */
	check_header("a1 01 c1 27", "a0", EG_UNSUPPORTED_ALG, EG_DETAIL_NONE);
	check_header("a1 61 31 27", "a0", EG_MALFORMED, EG_DETAIL_ALG);    /* "1" is not 1 */
	check_header("a1 01 38 07", "a0", EG_MALFORMED, EG_DETAIL_HEADER); /* not the shortest */
}

static void test_header_shapes(void **state)
{
	check_header("80", "a0", EG_MALFORMED, EG_DETAIL_HEADER);
	check_header("a1 01 27 00", "a0", EG_MALFORMED, EG_DETAIL_HEADER);
	check_header("a2 01 27 01 27", "a0", EG_MALFORMED, EG_DETAIL_HEADER);
	check_header("bf 01 27 ff", "a0", EG_MALFORMED, EG_DETAIL_HEADER);
	check_header("a2 01 27 61 78 81818180", "a0", EG_MALFORMED, EG_DETAIL_HEADER);
	check_header("a2 01 27 61 78 818180", "a0", EG_OK, EG_DETAIL_NONE);
	check_header("a2 01 27 19 0100 00", "a1 19 0100 00", EG_MALFORMED, EG_DETAIL_HEADER);
	check_header("a2 01 27 19 0100 00", "a1 19 0101 00", EG_OK, EG_DETAIL_NONE);
	/* the unprotected map is part of the outer document, a level deeper */
	check_header(PROTECTED, "a1 61 78 818100", EG_OK, EG_DETAIL_NONE);
	check_header(PROTECTED, "a1 61 78 81818100", EG_MALFORMED, EG_DETAIL_TOKEN);
	check_header(PROTECTED, "a2 04 40 04 40", EG_MALFORMED, EG_DETAIL_TOKEN);
	check_header(PROTECTED, "80", EG_MALFORMED, EG_DETAIL_TOKEN);
}

/* A map of one text of so many bytes, beside alg where it is protected. */
static size_t filled_map(uint8_t *out, const char *start, size_t total)
{
	size_t n = hex_append(out, 0, ROOM, start);

	out[n++] = 0x79;
	eg_store_be16(out + n, (uint16_t)(total - n - 2));
	memset(out + n + 2, 'x', total - n - 2);
	return total;
}

static void test_header_limits(void **state)
{
	uint8_t bucket[ROOM], out[ROOM], payload[64], alg[3];
	struct eg_span p = eg_span(payload, hex_append(payload, 0, sizeof(payload), PAYLOAD));
	struct eg_span a = eg_span(alg, hex_append(alg, 0, sizeof(alg), PROTECTED));

	for (unsigned over = 0; over < 2; over++) {
		struct eg_span full = eg_span(
		    bucket, filled_map(bucket, "a2 01 27 61 78", EG_TOKEN_HEADER_MAX + over));
		size_t len = mint(out, full, eg_span("\xa0", 1), p, 64);

		assert_int_equal(parse(out, len, false).status, over ? EG_MALFORMED : EG_OK);
		full = eg_span(bucket, filled_map(bucket, "a1 61 78", EG_TOKEN_HEADER_MAX + over));
		len = mint(out, a, full, p, 64);
		assert_int_equal(parse(out, len, false).status, over ? EG_MALFORMED : EG_OK);
	}
}

static void test_order_of_header_rules(void **state)
{
	/* alg, crit, typ, kid: each with all later ones wrong too */
	check_header("a4 01 26 02 80 10 40 04 60", "a0", EG_UNSUPPORTED_ALG, EG_DETAIL_NONE);
	check_header("a4 01 27 02 80 10 40 04 60", "a0", EG_UNSUPPORTED_CRIT, EG_DETAIL_NONE);
	check_header("a3 01 27 10 40 04 60", "a0", EG_MALFORMED, EG_DETAIL_TYP);
	check_header("a3 01 27 10 00 04 60", "a0", EG_BAD_TYP, EG_DETAIL_NONE);
	check_header("a2 01 27 04 60", "a0", EG_MALFORMED, EG_DETAIL_KID);
	check_header(PROTECTED, "a1 02 80", EG_UNSUPPORTED_CRIT, EG_DETAIL_NONE);
	check_header(PROTECTED, "a1 10 40", EG_MALFORMED, EG_DETAIL_TYP);
	check_header(PROTECTED, "a1 04 00", EG_MALFORMED, EG_DETAIL_KID);
}

static void test_typ(void **state)
{
	check_header(PROTECTED, "a1 10 18 3d", EG_OK, EG_DETAIL_NONE);
	assert_true(token.has & EG_HAS_TYP);
	check_header(PROTECTED, "a1 10 6f 6170706c69636174696f6e2f637774", EG_OK, EG_DETAIL_NONE);
	check_header(PROTECTED, "a1 10 6f 4170706c69636174696f6e2f435754", EG_OK, EG_DETAIL_NONE);
	check_header(PROTECTED, "a1 10 63 637774", EG_OK, EG_DETAIL_NONE); /* cwt */
	check_header("a2 01 27 10 18 3d", "a0", EG_OK, EG_DETAIL_NONE);
	check_header(PROTECTED, "a1 10 18 3c", EG_BAD_TYP, EG_DETAIL_NONE);
	check_header(PROTECTED, "a1 10 62 3631", EG_BAD_TYP, EG_DETAIL_NONE); /* "61" is no 61 */
	check_header(PROTECTED, "a1 10 63 6a7774", EG_BAD_TYP, EG_DETAIL_NONE);
	check_header(PROTECTED, "a1 10 1b ffffffffffffffff", EG_BAD_TYP, EG_DETAIL_NONE);
	check_header(PROTECTED, "a1 10 38 3c", EG_MALFORMED, EG_DETAIL_TYP); /* -61 */
	check_header(PROTECTED, "a1 10 f95390", EG_MALFORMED, EG_DETAIL_TYP);
	policy.typ_required = true;
	check_header(PROTECTED, "a0", EG_BAD_TYP, EG_DETAIL_NONE);
	check_header(PROTECTED, "a1 10 18 3d", EG_OK, EG_DETAIL_NONE);
	eg_policy_clear_cwt_typs(&policy);
	assert_int_equal(eg_policy_add_cwt_typ(&policy, eg_span_str("own+cwt"), NULL), 0);
	check_header(PROTECTED, "a1 10 18 3d", EG_BAD_TYP, EG_DETAIL_NONE);
	check_header(PROTECTED, "a1 10 67 6f776e2b637774", EG_OK, EG_DETAIL_NONE);
}

static void test_kid(void **state)
{
	check_header("a2 01 27 04 42 6b00", "a0", EG_OK, EG_DETAIL_NONE);
	assert_true(token.has & EG_HAS_KID);
	assert_int_equal(token.kid.len, 2); /* any byte is allowed */
	check_header(PROTECTED, "a1 04 40", EG_OK, EG_DETAIL_NONE);
	assert_true(token.has & EG_HAS_KID);
	check_header(PROTECTED, "a0", EG_OK, EG_DETAIL_NONE);
	assert_false(token.has & EG_HAS_KID);
}

/* ── S5 ── */

static void test_claim_types(void **state)
{
	static const struct {
		const char *payload;
		enum eg_detail detail;
	} bad[] = {
	    {"a1 01 42 6173", EG_DETAIL_ISS},
	    {"a1 01 00", EG_DETAIL_ISS},
	    {"a1 01 62 6100", EG_DETAIL_ISS},
	    {"a1 02 f6", EG_DETAIL_SUB},
	    {"a1 02 61 00", EG_DETAIL_SUB},
	    {"a1 07 61 61", EG_DETAIL_CTI},
	    {"a1 07 00", EG_DETAIL_CTI},
	    {"a1 04 61 31", EG_DETAIL_EXP},
	    {"a1 04 f6", EG_DETAIL_EXP},
	    {"a1 04 f97e00", EG_DETAIL_EXP},
	    {"a1 04 f97c00", EG_DETAIL_EXP},
	    {"a1 04 f9fc00", EG_DETAIL_EXP},
	    {"a1 04 c1 1a 6b49d32c", EG_DETAIL_EXP},
	    {"a1 04 c2 41 01", EG_DETAIL_EXP},
	    {"a1 04 1b 0000003afff44180", EG_DETAIL_EXP}, /* a second over the limit */
	    {"a1 04 fb 424d7ffa20bff900", EG_DETAIL_EXP},
	    {"a1 05 61 31", EG_DETAIL_NBF},
	    {"a1 06 80", EG_DETAIL_IAT},
	    {"a1 03 00", EG_DETAIL_AUD},
	    {"a1 03 41 61", EG_DETAIL_AUD},
	    {"a1 03 82 61 61 00", EG_DETAIL_AUD},
	    {"a1 03 81 80", EG_DETAIL_AUD},
	    {"a1 03 81 61 00", EG_DETAIL_AUD},
	    {"a1 08 00", EG_DETAIL_CNF},
	    {"a1 08 80", EG_DETAIL_CNF},
	    {"a1 19ffff 00", EG_DETAIL_STATUS},
	    {"a1 19ffff 81 a0", EG_DETAIL_STATUS},
	};

	for (size_t i = 0; i < COUNT(bad); i++)
		check_payload(bad[i].payload, EG_MALFORMED, bad[i].detail);
}

static void test_payload_shapes(void **state)
{
	static const char *const bad[] = {"", "00", "80", "a1", "a0 00", "a1 01", "bf ff",
	    "a2 01 61 61 01 61 61", "a1 01 7f 61 61 ff", "a1 01 78 01 61", "a1 01 61 ff",
	    "a1 18 01 61 61", "a1 19 00ff 00", "a1 09 81818180", "a1 09 c1", "a1 08 a2 01 00 01 00",
	    "a1 09 a2 01 00 01 00", "a1 80 00"};

	for (size_t i = 0; i < COUNT(bad); i++)
		check_payload(bad[i], EG_MALFORMED, EG_DETAIL_PAYLOAD);
	check_payload("a0", EG_OK, EG_DETAIL_NONE);
	check_payload("a1 09 818180", EG_OK, EG_DETAIL_NONE);
	check_payload("a1 63 657870 61 61", EG_OK, EG_DETAIL_NONE); /* "exp" is not 4 */
	assert_int_equal(token.has, EG_HAS_KID);
	check_payload("a1 23 61 61", EG_OK, EG_DETAIL_NONE); /* nor is -4 */
	check_payload("a1 00 f6", EG_OK, EG_DETAIL_NONE);
}

/* The faults in the order in which they are told, all in one payload, taken away one by one. */
static void test_order_of_faults(void **state)
{
	static const struct {
		const char *member;
		enum eg_detail detail;
	} faults[] = {{"01 00", EG_DETAIL_ISS}, {"02 00", EG_DETAIL_SUB}, {"07 00", EG_DETAIL_CTI},
	    {"04 60", EG_DETAIL_EXP}, {"05 60", EG_DETAIL_NBF}, {"06 60", EG_DETAIL_IAT},
	    {"03 00", EG_DETAIL_AUD}, {"08 00", EG_DETAIL_CNF}, {"19ffff 00", EG_DETAIL_STATUS}};
	char payload[256];

	for (size_t first = 0; first < COUNT(faults); first++) {
		size_t n =
		    (size_t)snprintf(payload, sizeof(payload), "a%zu ", COUNT(faults) - first);

		for (size_t i = COUNT(faults); i-- > first;) /* backwards in the map */
			n += (size_t)snprintf(
			    payload + n, sizeof(payload) - n, "%s ", faults[i].member);
		check_payload(payload, EG_MALFORMED, faults[first].detail);
		payload[n - 2] = '9'; /* and broken CBOR is told before all of them */
		payload[n - 3] = '1';
		check_payload(payload, EG_MALFORMED, EG_DETAIL_PAYLOAD);
	}
}

static void test_times(void **state)
{
	static const struct {
		const char *value;
		int64_t floor_s, ceil_s;
	} cases[] = {
	    {"00", 0, 0},
	    {"1a 6b49d200", NOW, NOW},
	    {"1b 0000003afff4417f", EG_TOKEN_TIME_MAX, EG_TOKEN_TIME_MAX},
	    {"20", EG_TOKEN_TIME_FAR_PAST, EG_TOKEN_TIME_FAR_PAST},
	    {"3b ffffffffffffffff", EG_TOKEN_TIME_FAR_PAST, EG_TOKEN_TIME_FAR_PAST},
	    {"f98000", 0, 0}, /* -0.0 */
	    {"f93800", 0, 1}, /* 0.5 */
	    {"f90001", 0, 1}, /* the smallest half */
	    {"f98001", EG_TOKEN_TIME_FAR_PAST, EG_TOKEN_TIME_FAR_PAST},
	    {"fa 4ed693a4", NOW, NOW}, /* a binary32 that is whole */
	    {"fb 41dad27480000000", NOW, NOW},
	    {"fb 41dad27480100000", NOW, NOW + 1},
	    {"fb 41dad27480000001", NOW, NOW + 1},
	    {"fb 424d7ffa20bf8000", EG_TOKEN_TIME_MAX, EG_TOKEN_TIME_MAX},
	    {"fb ffefffffffffffff", EG_TOKEN_TIME_FAR_PAST, EG_TOKEN_TIME_FAR_PAST},
	};
	char payload[128];

	for (size_t i = 0; i < COUNT(cases); i++) {
		(void)snprintf(payload, sizeof(payload), "a3 04 %s 05 %s 06 %s", cases[i].value,
		    cases[i].value, cases[i].value);
		check_payload(payload, EG_OK, EG_DETAIL_NONE);
		assert_int_equal(token.exp_s, cases[i].floor_s);
		assert_int_equal(token.nbf_s, cases[i].ceil_s);
		assert_int_equal(token.iat_s, cases[i].ceil_s);
		assert_int_equal(token.iat_floor_s, cases[i].floor_s);
	}
	check_payload("a1 04 fb 424d7ffa20bf8001", EG_MALFORMED, EG_DETAIL_EXP);
}

/* {key: text or bytes of len} */
static void check_string(unsigned key, unsigned major, size_t len, enum eg_verdict status)
{
	uint8_t payload[1024] = {0xa1, (uint8_t)key, (uint8_t)(major << 5 | 25)}, out[ROOM];
	struct eg_span header = eg_span("\xa1\x01\x27", 3);
	size_t n = 5;

	eg_store_be16(payload + 3, (uint16_t)len);
	if (len < 256) {
		payload[2] = (uint8_t)(major << 5 | 24);
		payload[3] = (uint8_t)len;
		n = 4;
	}
	memset(payload + n, 'a', len);
	n = mint(out, header, eg_span("\xa0", 1), eg_span(payload, n + len), 64);
	assert_int_equal(parse(out, n, false).status, status);
}

static void test_string_limits(void **state)
{
	check_string(1, 3, EG_TOKEN_STRING_MAX, EG_OK);
	check_string(1, 3, EG_TOKEN_STRING_MAX + 1, EG_MALFORMED);
	check_string(2, 3, EG_TOKEN_STRING_MAX, EG_OK);
	check_string(2, 3, EG_TOKEN_STRING_MAX + 1, EG_MALFORMED);
	check_string(7, 2, EG_TOKEN_STRING_MAX, EG_OK);
	check_string(7, 2, EG_TOKEN_STRING_MAX + 1, EG_MALFORMED);
	check_string(3, 3, EG_TOKEN_STRING_MAX + 1, EG_OK); /* an audience has no limit */
	check_string(9, 3, EG_TOKEN_STRING_MAX + 1, EG_OK);
}

/* A name of len bytes in which a NUL stands at `at`, or nowhere. */
static void check_name(unsigned key, size_t len, size_t at, enum eg_verdict status)
{
	uint8_t payload[512] = {0xa1, (uint8_t)key, 0x78, (uint8_t)len}, out[ROOM];
	size_t n;

	memset(payload + 4, 'a', len);
	if (at < len)
		payload[4 + at] = 0;
	n = mint(
	    out, eg_span("\xa1\x01\x27", 3), eg_span("\xa0", 1), eg_span(payload, 4 + len), 64);
	assert_int_equal(parse(out, n, false).status, status);
}

static void test_names(void **state)
{
	for (unsigned key = 1; key <= 3; key++)
		for (size_t len = 24; len < 256; len += 7) {
			check_name(key, len, len, EG_OK);
			check_name(key, len, 0, EG_MALFORMED);
			check_name(key, len, len / 2, EG_MALFORMED);
			check_name(key, len, len - 1, EG_MALFORMED);
		}
	check_payload("a1 01 62 c3a9", EG_OK, EG_DETAIL_NONE);
	check_payload("a1 01 63 c3a900", EG_MALFORMED, EG_DETAIL_ISS);
}

static void test_audiences(void **state)
{
	check_payload("a1 03 80", EG_OK, EG_DETAIL_NONE);
	assert_int_equal(token.aud_cnt, 0);
	check_payload(
	    "a1 03 90 60 60 60 60 60 60 60 60 60 60 60 60 60 60 60 61 61", EG_OK, EG_DETAIL_NONE);
	assert_int_equal(token.aud_cnt, EG_TOKEN_AUD_MAX);
	assert_int_equal(token.aud[15].len, 1);
	check_payload("a1 03 91 60 60 60 60 60 60 60 60 60 60 60 60 60 60 60 60 60", EG_MALFORMED,
	    EG_DETAIL_AUD);
	check_payload("a1 03 9b ffffffffffffffff 60", EG_MALFORMED, EG_DETAIL_PAYLOAD);
}

#define IDX  "63 696478 "
#define URI  "63 757269 "
#define LIST "a1 19ffff a1 6b 7374617475735f6c697374 "

static void test_status(void **state)
{
	static const char *const bad[] = {LIST "00", LIST "80", LIST "a0", LIST "a1 " IDX "00",
	    LIST "a1 " URI "61 75", LIST "a2 " IDX "20 " URI "61 75",
	    LIST "a2 " IDX "f90000 " URI "61 75", LIST "a2 " IDX "1b 0000000100000000 " URI "61 75",
	    LIST "a2 " IDX "00 " URI "41 75", LIST "a2 " IDX "00 01 61 75"};

	for (size_t i = 0; i < COUNT(bad); i++)
		check_payload(bad[i], EG_MALFORMED, EG_DETAIL_STATUS);
	check_payload(LIST "a2 " IDX "1a ffffffff " URI "61 75", EG_OK, EG_DETAIL_NONE);
	assert_int_equal(token.has, EG_HAS_KID | EG_HAS_STATUS | EG_HAS_STATUS_LIST);
	assert_int_equal(token.status_idx, UINT32_MAX);
	check_payload(LIST "a3 " URI "61 75 01 8100 " IDX "05", EG_OK, EG_DETAIL_NONE);
	assert_int_equal(token.status_idx, 5);
	check_payload("a1 19ffff a0", EG_OK, EG_DETAIL_NONE);
	assert_int_equal(token.has, EG_HAS_KID | EG_HAS_STATUS);
	check_payload("a1 19ffff a1 01 a2 " IDX "00 " URI "61 75", EG_OK, EG_DETAIL_NONE);
	assert_int_equal(token.has, EG_HAS_KID | EG_HAS_STATUS);
	check_payload(LIST "a2 " IDX "00 " IDX "00", EG_MALFORMED, EG_DETAIL_PAYLOAD);
}

static void test_cnf(void **state)
{
	check_payload("a1 08 a1 03 41 01", EG_OK, EG_DETAIL_NONE);
	assert_int_equal(token.has, EG_HAS_KID | EG_HAS_CNF);
}

static void test_payload_limit(void **state)
{
	uint8_t payload[ROOM], out[ROOM];
	struct eg_span header = eg_span("\xa1\x01\x27", 3);

	policy.max_token_bytes = UINT16_MAX;
	for (unsigned over = 0; over < 2; over++) {
		size_t len = filled_map(payload, "a1 61 78", EG_TOKEN_PAYLOAD_MAX + over);

		len = mint(out, header, eg_span("\xa0", 1), eg_span(payload, len), 64);
		check_finding(parse(out, len, false), "payload", over ? EG_MALFORMED : EG_OK,
		    over ? EG_DETAIL_PAYLOAD : EG_DETAIL_NONE);
	}
}

/* Both at their limits: the largest message there is. */
static void test_largest_message(void **state)
{
	uint8_t header[ROOM], payload[ROOM], out[ROOM];
	struct eg_span h =
	    eg_span(header, filled_map(header, "a2 01 27 61 78", EG_TOKEN_HEADER_MAX));
	struct eg_span p = eg_span(payload, filled_map(payload, "a1 61 78", EG_TOKEN_PAYLOAD_MAX));
	size_t len = mint(out, h, eg_span("\xa0", 1), p, 64);

	policy.max_token_bytes = UINT16_MAX;
	assert_int_equal(parse(out, len, false).status, EG_OK);
	assert_int_equal(
	    token.signed_bytes.len, 13 + 6 + EG_TOKEN_HEADER_MAX + EG_TOKEN_PAYLOAD_MAX);
	assert_memory_equal(message.bytes + token.signed_bytes.len - p.len, p.ptr, p.len);
}

/* ── any bytes ── */

static void test_prefixes_and_changes(void **state)
{
	uint8_t out[ROOM];
	size_t len = mint_hex(out, "a2 01 27 10 18 3d", UNPROTECTED,
	    "a6 01 62 6173 03 81 63 617069 04 1a 6b49d32c 06 fb 41dad27480000000 07 41 61 "
	    "19ffff a1 6b 7374617475735f6c697374 a2 " IDX "03 " URI "61 75",
	    64);

	assert_int_equal(parse(out, len, false).status, EG_OK);
	for (size_t n = 0; n < len; n++)
		check_finding(parse(out, n, true), "prefix", EG_MALFORMED, EG_DETAIL_TOKEN);
	for (size_t i = 0; i < len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct eg_finding f;

			out[i] ^= (uint8_t)(1u << bit);
			f = parse(out, len, bit & 1);
			assert_true(f.status == EG_OK || f.status == EG_MALFORMED ||
			            f.status == EG_UNSUPPORTED_ALG ||
			            f.status == EG_UNSUPPORTED_CRIT || f.status == EG_BAD_TYP);
			out[i] ^= (uint8_t)(1u << bit);
		}
	}
}

/* ── vectors: what is signed is what others signed ── */

static void check_vector(json_t *row, const uint8_t public[32])
{
	const char *hex = json_string_value(json_object_get(row, "cwt_hex"));
	const char *expect = json_string_value(json_object_get(row, "expect"));
	uint8_t out[ROOM];
	size_t len = hex_append(out, 0, ROOM, hex);
	struct eg_finding f = parse(out, len, true);
	bool verifies;

	if (f.status != EG_OK) {
		assert_string_equal(eg_verdict_name(f.status), expect);
		return;
	}
	verifies = crypto_sign_verify_detached(token.signature, token.signed_bytes.ptr,
	               token.signed_bytes.len, public) == 0;
	assert_int_equal(verifies, strcmp(expect, "BAD_SIGNATURE") != 0);
}

static void test_vectors(void **state)
{
	/* RFC 8037 appendix A.2: k1 of the vectors */
	static const char public_hex[] =
	    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
	FILE *f = eg_test_open_vectors("cwt-edgate.jsonl");
	uint8_t public[32];
	json_t *row;

	if (f == NULL)
		skip();
	(void)hex_append(public, 0, sizeof(public), public_hex);
	row = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL); /* about the file */
	for (json_int_t cnt = json_integer_value(json_object_get(row, "_count")); cnt > 0; cnt--) {
		json_decref(row);
		row = json_loadf(f, JSON_DISABLE_EOF_CHECK, NULL);
		assert_non_null(row);
		check_vector(row, public);
	}
	json_decref(row);
	(void)fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_a_good_one, set_up),
	    cmocka_unit_test_setup(test_tags, set_up),
	    cmocka_unit_test_setup(test_shapes, set_up),
	    cmocka_unit_test_setup(test_length, set_up),
	    cmocka_unit_test_setup(test_signature_bytes, set_up),
	    cmocka_unit_test_setup(test_alg, set_up),
	    cmocka_unit_test_setup(test_header_shapes, set_up),
	    cmocka_unit_test_setup(test_header_limits, set_up),
	    cmocka_unit_test_setup(test_order_of_header_rules, set_up),
	    cmocka_unit_test_setup(test_typ, set_up),
	    cmocka_unit_test_setup(test_kid, set_up),
	    cmocka_unit_test_setup(test_claim_types, set_up),
	    cmocka_unit_test_setup(test_payload_shapes, set_up),
	    cmocka_unit_test_setup(test_order_of_faults, set_up),
	    cmocka_unit_test_setup(test_times, set_up),
	    cmocka_unit_test_setup(test_string_limits, set_up),
	    cmocka_unit_test_setup(test_names, set_up),
	    cmocka_unit_test_setup(test_audiences, set_up),
	    cmocka_unit_test_setup(test_status, set_up),
	    cmocka_unit_test_setup(test_cnf, set_up),
	    cmocka_unit_test_setup(test_payload_limit, set_up),
	    cmocka_unit_test_setup(test_largest_message, set_up),
	    cmocka_unit_test_setup(test_prefixes_and_changes, set_up),
	    cmocka_unit_test_setup(test_vectors, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
