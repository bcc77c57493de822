/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading status lists: the draft's vectors, and everything that a hostile file may be. */
#include "statuslist.h"
#include "statuslist_test.h"

#include <jansson.h>

#define NOW_S 1700000000ull
#define ISS   "https://issuer.example"
#define URI   "https://issuer.example/list"

static struct eg_keyset *keys;
static struct eg_error err;
static struct eg_statuslist out;

/* ── the issuer: k1 is sound, k2 revoked, k3 over, k4 to come ── */

static void add_key(uint32_t slot, const char *kid, uint8_t seed_byte, struct eg_key key)
{
	uint8_t seed[32] = {seed_byte}, public[32], secret[64];

	(void)crypto_sign_seed_keypair(public, secret, seed);
	assert_int_equal(eg_ed25519_key_init(&key.ed, public, false, NULL), 0);
	key.has_kid = true;
	key.kid = eg_span_str(kid);
	assert_int_equal(eg_keyset_add_key(keys, slot, &key, NULL), 0);
}

static int set_up(void **state)
{
	static const struct eg_hash_key hash_key = {{1}};
	uint32_t slot;

	keys = eg_keyset_new(&hash_key);
	assert_int_equal(eg_keyset_add_issuer(keys, eg_span_str(ISS), &slot, NULL), 0);
	add_key(slot, "k1", 1, (struct eg_key){.not_after_s = UINT64_MAX});
	add_key(slot, "k2", 2, (struct eg_key){.revoked = true, .not_after_s = UINT64_MAX});
	add_key(slot, "k3", 3, (struct eg_key){.not_after_s = NOW_S - 1});
	add_key(
	    slot, "k4", 4, (struct eg_key){.not_before_s = NOW_S + 1, .not_after_s = UINT64_MAX});
	return 0;
}

static int tear_down(void **state)
{
	eg_keyset_free(keys);
	return 0;
}

static struct eg_statuslist_want want_of(const char *uri, unsigned bits, uint32_t entries)
{
	return (struct eg_statuslist_want){
	    .uri = eg_span_str(uri),
	    .issuer = eg_span_str(ISS),
	    .bits = bits,
	    .entries = entries,
	    .keys = keys,
	    .now_s = NOW_S,
	    .allow_unsigned = true,
	};
}

static int read_as(enum eg_list_form form, struct bytes file, const struct eg_statuslist_want *want)
{
	err = (struct eg_error){0};
	return eg_statuslist_read(form, view(file), want, &out, &err);
}

/* Reads and frees the file; it must pass. */
static void accept(enum eg_list_form form, struct bytes file, const struct eg_statuslist_want *want)
{
	if (read_as(form, file, want) != 0)
		fail_msg("%s", err.text);
	free(file.ptr);
}

static void refuse(enum eg_list_form form, struct bytes file, const struct eg_statuslist_want *want,
    enum eg_err code, const char *words)
{
	int rc = read_as(form, file, want);

	if (rc != -(int)code || strstr(err.text, words) == NULL)
		fail_msg("%d, not %d; %s: %s", rc, -(int)code, words, err.text);
	free(file.ptr);
}

static void done(void)
{
	free(out.raw.bytes);
	out = (struct eg_statuslist){0};
}

static unsigned value_at(unsigned bits, uint32_t i)
{
	return (unsigned)out.raw.bytes[(uint64_t)i * bits / 8] >> (i * bits % 8) &
	       ((1u << bits) - 1);
}

/* ── the vectors of the draft ── */

static unsigned number(const json_t *row, const char *name)
{
	return (unsigned)json_integer_value(json_object_get(row, name));
}

static const char *text(const json_t *row, const char *name)
{
	const char *value = json_string_value(json_object_get(row, name));

	return value != NULL ? value : "";
}

static struct bytes hex_bytes(const char *hex)
{
	struct bytes b = bytes_of(hex, strlen(hex));
	size_t len = 0;

	assert_int_equal(sodium_hex2bin(b.ptr, b.len, hex, strlen(hex), NULL, &len, NULL), 0);
	b.len = len;
	return b;
}

/* Exactly the entries of nonzero have a value, or all have those of statuses. */
static void check_values(const json_t *row, unsigned bits, uint32_t entries)
{
	const json_t *nonzero = json_object_get(row, "nonzero");
	const json_t *statuses = json_object_get(row, "statuses");
	const json_t *pair;
	uint32_t found = 0;
	size_t i;

	assert_int_equal(out.entries, entries);
	for (uint32_t k = 0; k < entries; k++)
		found += value_at(bits, k) != 0;
	json_array_foreach(nonzero, i, pair)
	    assert_int_equal(value_at(bits, (uint32_t)json_integer_value(json_array_get(pair, 0))),
	        json_integer_value(json_array_get(pair, 1)));
	if (nonzero != NULL)
		assert_int_equal(found, json_array_size(nonzero));
	json_array_foreach(statuses, i, pair)
	    assert_int_equal(value_at(bits, (uint32_t)i), json_integer_value(pair));
}

static struct bytes json_of_lst(unsigned bits, const char *lst)
{
	char head[256];
	struct bytes b;

	(void)snprintf(head, sizeof(head),
	    "{\"sub\":\"" URI "\",\"iat\":%llu,\"status_list\":{\"bits\":%u,\"lst\":\"", NOW_S,
	    bits);
	b = bytes_of(head, strlen(head));
	append(&b, eg_span_str(lst));
	append(&b, eg_span_str("\"}}"));
	return b;
}

static void read_row_json(const json_t *row, const char *lst, uint32_t entries)
{
	const unsigned bits = number(row, "bits");
	struct eg_statuslist_want want = want_of(URI, bits, entries);
	struct bytes payload = json_of_lst(bits, lst);

	accept(EG_LIST_JWT, mint_jwt(JWT_HEADER, view(payload), 1), &want);
	check_values(row, bits, entries);
	free(payload.ptr);
	done();
}

static void read_row_statuses(const json_t *row)
{
	struct bytes zlib = hex_bytes(text(row, "zlib_hex")), lst = base64url(view(zlib));

	if (json_object_get(row, "lst") != NULL)
		assert_string_equal((const char *)lst.ptr, text(row, "lst"));
	read_row_json(row, (const char *)lst.ptr,
	    (uint32_t)json_array_size(json_object_get(row, "statuses")));
	free(zlib.ptr);
	free(lst.ptr);
}

static void read_row_cbor(const json_t *row)
{
	const unsigned bits = number(row, "bits");
	const uint32_t entries = number(row, "entries");
	struct eg_statuslist_want want = want_of(URI, bits, entries);
	struct bytes list = hex_bytes(text(row, "cbor_hex"));
	struct bytes payload = list_cbor(URI, NOW_S, eg_span("", 0), 0, view(list));

	accept(EG_LIST_CWT, mint_cwt("application/statuslist+cwt", view(payload), 1), &want);
	check_values(row, bits, entries);
	free(payload.ptr);
	free(list.ptr);
	done();
}

/* ES256 is refused by its name; what it says is taken where a key of ours says it. */
static void read_row_jwt(const json_t *row)
{
	const char *token = text(row, "statuslist_jwt");
	const char *first = strchr(token, '.'), *second = strrchr(token, '.');
	struct eg_statuslist_want want = want_of("https://example.com/statuslists/1", 1, 16);
	const size_t chars = (size_t)(second - first - 1);
	struct bytes payload = {malloc(strlen(token)), EG_BASE64URL_DECODED_BYTES(chars)};

	refuse(EG_LIST_JWT, bytes_of(token, strlen(token)), &want, EG_EINVAL, "EdDSA");
	assert_true(eg_base64url_decode(eg_span(first + 1, chars), payload.ptr));
	refuse(EG_LIST_JWT, mint_jwt(JWT_HEADER, view(payload), 1), &want, EG_EINVAL, "issuer");
	want.issuer = eg_span_str("https://example.com");
	accept(EG_LIST_JWT, mint_jwt(JWT_HEADER, view(payload), 1), &want);
	assert_int_equal(out.iat_s, 1686920170);
	assert_int_equal(out.exp_s, 2291720170);
	assert_int_equal(out.ttl_s, 43200);
	assert_int_equal(value_at(1, 0), 1);
	assert_int_equal(value_at(1, 1), 0);
	free(payload.ptr);
	done();
}

static void read_row_cwt(const json_t *row)
{
	struct eg_statuslist_want want = want_of("https://example.com/statuslists/1", 1, 16);
	struct bytes token = hex_bytes(text(row, "statuslist_cwt_hex"));
	struct bytes payload;

	/* d2 84, protected 58 20 …, unprotected a1 04 42 31 32, payload 58 50 … */
	assert_int_equal(token.ptr[41], 0x58);
	payload = bytes_of(token.ptr + 43, token.ptr[42]);
	refuse(EG_LIST_CWT, token, &want, EG_EINVAL, "EdDSA");
	accept(EG_LIST_CWT, mint_cwt("application/statuslist+cwt", view(payload), 1), &want);
	assert_int_equal(out.iat_s, 1686920170);
	assert_int_equal(out.exp_s, 2291720170);
	assert_int_equal(out.ttl_s, 43200);
	assert_int_equal(out.raw.bytes[0], 0xb9);
	assert_int_equal(out.raw.bytes[1], 0xa3);
	free(payload.ptr);
	done();
}

/* A token that names a list: its claim is read. */
static void read_row_referenced(const json_t *row)
{
	static struct eg_token_message message;
	struct bytes token = hex_bytes(text(row, "cwt_hex"));
	struct eg_policy policy;
	struct eg_token parsed;
	struct bytes payload, again;

	eg_policy_init(&policy, 1);
	assert_int_equal(eg_cwt_parse(view(token), false, &policy, &message, &parsed).status,
	    EG_UNSUPPORTED_ALG);
	assert_int_equal(token.ptr[11], 0x58); /* d2 84 43 a10126 a1 04 42 3132 58 66 */
	payload = bytes_of(token.ptr + 13, token.ptr[12]);
	again = mint_cwt("application/cwt", view(payload), 1);
	assert_int_equal(
	    eg_cwt_parse(view(again), false, &policy, &message, &parsed).status, EG_OK);
	assert_int_equal(parsed.status_idx, number(row, "idx"));
	assert_true(eg_span_eq_str(parsed.status_uri, text(row, "uri")));
	free(token.ptr);
	free(payload.ptr);
	free(again.ptr);
}

static void read_row(const json_t *row)
{
	if (json_object_get(row, "json") != NULL)
		read_row_json(
		    row, text(json_object_get(row, "json"), "lst"), number(row, "entries"));
	else if (json_object_get(row, "cbor_hex") != NULL)
		read_row_cbor(row);
	else if (json_object_get(row, "statuses") != NULL)
		read_row_statuses(row);
	else if (json_object_get(row, "statuslist_jwt") != NULL)
		read_row_jwt(row);
	else if (json_object_get(row, "statuslist_cwt_hex") != NULL)
		read_row_cwt(row);
	else if (json_object_get(row, "cwt_hex") != NULL)
		read_row_referenced(row);
	else
		fail_msg("%s: a row of another kind", text(row, "id"));
}

static void vectors_of_the_draft(void **state)
{
	FILE *f = eg_test_open_vectors("status-list-ietf.jsonl");
	static char line[1 << 20];
	unsigned rows = 0, expected = 0;

	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		json_t *row = json_loads(line, 0, NULL);

		assert_non_null(row);
		if (json_object_get(row, "_count") != NULL) {
			expected = number(row, "_count");
		} else {
			read_row(row);
			rows++;
		}
		json_decref(row);
	}
	(void)fclose(f);
	assert_int_equal(rows, expected);
	assert_int_equal(rows, 13);
}

/* ── who signed it ── */

static struct bytes sound_payload(const char *more)
{
	static const uint8_t plain[2] = {0xb9, 0xa3};

	return list_json(URI, NOW_S, more, 1, eg_span(plain, 2));
}

static void refuse_header(
    const char *header, uint8_t seed_byte, enum eg_err code, const char *words)
{
	struct eg_statuslist_want want = want_of(URI, 1, 16);
	struct bytes payload = sound_payload("");

	refuse(EG_LIST_JWT, mint_jwt(header, view(payload), seed_byte), &want, code, words);
	free(payload.ptr);
}

#define HEADER(alg, typ, kid) "{\"alg\":\"" alg "\",\"typ\":\"" typ "\",\"kid\":\"" kid "\"}"

static void only_keys_of_the_issuer_count(void **state)
{
	refuse_header(HEADER("EdDSA", "statuslist+jwt", "k2"), 2, EG_EPERM, "revoked");
	refuse_header(HEADER("EdDSA", "statuslist+jwt", "k3"), 3, EG_EPERM, "window");
	refuse_header(HEADER("EdDSA", "statuslist+jwt", "k4"), 4, EG_EPERM, "window");
	refuse_header(HEADER("EdDSA", "statuslist+jwt", "k9"), 1, EG_EPERM, "kid");
	refuse_header("{\"alg\":\"EdDSA\",\"typ\":\"statuslist+jwt\"}", 1, EG_EPERM, "exactly one");
	refuse_header(JWT_HEADER, 2, EG_EPERM, "signature");
	refuse_header(HEADER("ES256", "statuslist+jwt", "k1"), 1, EG_EINVAL, "EdDSA");
	refuse_header(HEADER("EdDSA", "JWT", "k1"), 1, EG_EINVAL, "typ must be statuslist+jwt");
	refuse_header(
	    "{\"alg\":\"EdDSA\",\"kid\":\"k1\"}", 1, EG_EINVAL, "typ must be statuslist+jwt");
	refuse_header("{\"alg\":\"EdDSA\",\"typ\":\"statuslist+jwt\",\"kid\":\"k1\",\"crit\":[]}",
	    1, EG_EINVAL, "crit");
}

static void each_byte_is_covered_by_the_signature(void **state)
{
	struct eg_statuslist_want want = want_of(URI, 1, 16);
	struct bytes payload = sound_payload(""), good = mint_jwt(JWT_HEADER, view(payload), 1);

	for (size_t i = 0; i < good.len; i++) {
		struct bytes bad = bytes_of(good.ptr, good.len);

		bad.ptr[i] ^= 1;
		assert_true(read_as(EG_LIST_JWT, bad, &want) < 0);
		assert_string_not_equal(err.text, "");
		bad.len = i; /* and cut off there */
		assert_true(read_as(EG_LIST_JWT, bad, &want) < 0);
		free(bad.ptr);
	}
	accept(EG_LIST_JWT, good, &want);
	assert_int_equal(out.entries, 16);
	free(payload.ptr);
	done();
}

static void each_byte_of_a_cwt_is_covered(void **state)
{
	struct eg_statuslist_want want = want_of(URI, 1, 16);
	const uint8_t plain[2] = {0xb9, 0xa3};
	struct bytes zlib = packed(eg_span(plain, 2), 15), list = status_list_cbor(1, view(zlib));
	struct bytes payload = list_cbor(URI, NOW_S, eg_span("", 0), 0, view(list));
	struct bytes good = mint_cwt("statuslist+cwt", view(payload), 1);

	for (size_t i = 0; i < good.len; i++) {
		struct bytes bad = bytes_of(good.ptr, good.len);

		bad.ptr[i] ^= 1;
		assert_true(read_as(EG_LIST_CWT, bad, &want) < 0);
		bad.len = i;
		assert_true(read_as(EG_LIST_CWT, bad, &want) < 0);
		free(bad.ptr);
	}
	accept(EG_LIST_CWT, bytes_of(good.ptr + 1, good.len - 1), &want); /* untagged */
	done();
	refuse(EG_LIST_CWT, mint_cwt("application/cwt", view(payload), 1), &want, EG_EINVAL,
	    "typ must be statuslist+cwt");
	append(&good, eg_span("", 1));
	refuse(EG_LIST_CWT, good, &want, EG_EINVAL, "outer shape");
	free(zlib.ptr);
	free(list.ptr);
	free(payload.ptr);
}

/* ── what it says ── */

static void refuse_payload(const char *payload, enum eg_err code, const char *words)
{
	struct eg_statuslist_want want = want_of(URI, 1, 16);

	refuse(EG_LIST_JWT, mint_jwt(JWT_HEADER, eg_span_str(payload), 1), &want, code, words);
}

#define SUB  "\"sub\":\"" URI "\","
#define IAT  "\"iat\":1700000000,"
#define LST  "\"lst\":\"eNrbuRgAAhcBXQ\""
#define LIST "\"status_list\":{\"bits\":1," LST "}"

static void its_claims_must_fit(void **state)
{
	struct eg_statuslist_want want = want_of(URI, 1, 16);

	accept(EG_LIST_JWT, mint_jwt(JWT_HEADER, eg_span_str("{" SUB IAT LIST "}"), 1), &want);
	assert_int_equal(out.exp_s, 0);
	assert_int_equal(out.ttl_s, 0);
	done();
	refuse_payload("{" IAT LIST "}", EG_EINVAL, "which list");
	refuse_payload("{\"sub\":\"" URI "x\"," IAT LIST "}", EG_EINVAL, "another list");
	refuse_payload("{\"sub\":7," IAT LIST "}", EG_EINVAL, "sub");
	refuse_payload("{" SUB SUB IAT LIST "}", EG_EINVAL, "JSON");
	refuse_payload("{" SUB LIST "}", EG_EINVAL, "iat");
	refuse_payload("{" SUB "\"iat\":\"1\"," LIST "}", EG_EINVAL, "iat");
	refuse_payload("{" SUB "\"iat\":-1," LIST "}", EG_EINVAL, "iat");
	refuse_payload("{" SUB "\"iat\":1700000301," LIST "}", EG_EINVAL, "future");
	refuse_payload("{" SUB IAT "\"exp\":1700000000," LIST "}", EG_EINVAL, "expired");
	refuse_payload("{" SUB IAT "\"exp\":null," LIST "}", EG_EINVAL, "exp");
	refuse_payload("{" SUB IAT "\"ttl\":0," LIST "}", EG_EINVAL, "ttl");
	refuse_payload("{" SUB IAT "\"ttl\":-5," LIST "}", EG_EINVAL, "ttl");
	refuse_payload("{" SUB IAT "\"nbf\":1700000301," LIST "}", EG_EINVAL, "not valid for");
	refuse_payload("{" SUB IAT "\"nbf\":\"x\"," LIST "}", EG_EINVAL, "nbf");
	refuse_payload("{" SUB IAT "\"iss\":\"https://evil\"," LIST "}", EG_EINVAL, "issuer");
	refuse_payload("{" SUB IAT "\"x\":1}", EG_EINVAL, "no status list");
	refuse_payload("{" SUB IAT "\"status_list\":[]}", EG_EINVAL, "status_list");
	refuse_payload("{" SUB IAT "\"status_list\":{" LST "}}", EG_EINVAL, "bits");
	refuse_payload("{" SUB IAT "\"status_list\":{\"bits\":2," LST "}}", EG_EINVAL, "2 bits");
	refuse_payload("{" SUB IAT "\"status_list\":{\"bits\":16," LST "}}", EG_EINVAL, "bits");
	refuse_payload(
	    "{" SUB IAT "\"status_list\":{\"bits\":1," LST "," LST "}}", EG_EINVAL, "twice");
	refuse_payload("{" SUB IAT "\"status_list\":{\"bits\":1}}", EG_EINVAL, "lst");
	refuse_payload(
	    "{" SUB IAT "\"status_list\":{\"bits\":1,\"lst\":\"eN=\"}}", EG_EINVAL, "base64url");
	refuse_payload("[]", EG_EINVAL, "JSON");
}

static void times_at_their_edges(void **state)
{
	struct eg_statuslist_want want = want_of(URI, 1, 16);

	accept(EG_LIST_JWT,
	    mint_jwt(JWT_HEADER,
	        eg_span_str("{" SUB "\"iat\":1700000300.9,\"exp\":1700000001,\"ttl\":1," LIST "}"),
	        1),
	    &want);
	assert_int_equal(out.iat_s, 1700000300);
	assert_int_equal(out.exp_s, 1700000001);
	assert_int_equal(out.ttl_s, 1);
	done();
}

static void claims_of_a_cwt_must_fit(void **state)
{
	static const struct {
		const char *more;
		size_t len;
		const char *words;
	} cases[] = {
	    {"\x04\x01", 2, "expired"},
	    {"\x04\x60", 2, "exp"},
	    {"\x19\xff\xfe\x00", 4, "ttl"},
	    {"\x19\xff\xfe\x20", 4, "ttl"},
	    {"\x01\x63xyz", 5, "issuer"},
	    {"\x01\x43xyz", 5, "iss"},
	    {"\x06\x01", 2, "CBOR"}, /* twice */
	    {"\x05\x1a\x65\x53\xf2\x2d", 6, "not valid for"},
	    {"\x05\x60", 2, "nbf"},
	};
	struct eg_statuslist_want want = want_of(URI, 1, 16);
	const uint8_t plain[2] = {0xb9, 0xa3};
	struct bytes zlib = packed(eg_span(plain, 2), 15), list = status_list_cbor(1, view(zlib));

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes payload =
		    list_cbor(URI, NOW_S, eg_span(cases[i].more, cases[i].len), 1, view(list));

		refuse(EG_LIST_CWT, mint_cwt("statuslist+cwt", view(payload), 1), &want, EG_EINVAL,
		    cases[i].words);
		free(payload.ptr);
	}
	free(zlib.ptr);
	free(list.ptr);
}

static void refuse_status_list(const char *cbor, size_t len, const char *words)
{
	struct eg_statuslist_want want = want_of(URI, 1, 16);
	struct bytes payload = list_cbor(URI, NOW_S, eg_span("", 0), 0, eg_span(cbor, len));

	refuse(EG_LIST_CWT, mint_cwt("statuslist+cwt", view(payload), 1), &want, EG_EINVAL, words);
	free(payload.ptr);
}

static void a_status_list_in_cbor_must_fit(void **state)
{
	refuse_status_list("\x80", 1, "status_list must be a map");
	refuse_status_list("\xa0", 1, "bits");
	refuse_status_list("\xa1\x64"
	                   "bits\x01",
	    7, "lst");
	refuse_status_list("\xa2\x64"
	                   "bits\x01\x63lst\x61x",
	    13, "lst");
	refuse_status_list("\xa2\x64"
	                   "bits\x61x\x63lst\x41x",
	    14, "bits");
}

/* ── compressed bytes ── */

static void refuse_packed(
    struct eg_span zlib, uint32_t entries, enum eg_err code, const char *words)
{
	struct eg_statuslist_want want = want_of(URI, 1, entries);
	struct bytes list = status_list_cbor(1, zlib);
	struct bytes payload = list_cbor(URI, NOW_S, eg_span("", 0), 0, view(list));

	refuse(EG_LIST_CWT, mint_cwt("statuslist+cwt", view(payload), 1), &want, code, words);
	free(payload.ptr);
	free(list.ptr);
}

static void compressed_bytes_must_be_sound(void **state)
{
	uint8_t plain[4096];
	struct bytes zlib, gzip;

	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)eg_test_below(4);
	zlib = packed(eg_span(plain, sizeof(plain)), 15);
	gzip = packed(eg_span(plain, sizeof(plain)), 31);
	for (size_t cut = 1; cut < zlib.len; cut += 7)
		refuse_packed(eg_span(zlib.ptr, zlib.len - cut), 32768, EG_EINVAL, "cut off");
	refuse_packed(eg_span("", 0), 32768, EG_EINVAL, "cut off");
	refuse_packed(view(gzip), 32768, EG_EINVAL, "damaged");
	zlib.ptr[zlib.len - 1] ^= 1;
	refuse_packed(view(zlib), 32768, EG_EINVAL, "damaged");
	zlib.ptr[zlib.len - 1] ^= 1;
	append(&zlib, eg_span("x", 1));
	refuse_packed(view(zlib), 32768, EG_EINVAL, "1 bytes stand behind");
	free(zlib.ptr);
	free(gzip.ptr);
	zlib = packed(eg_span("", 0), 15);
	refuse_packed(view(zlib), 8, EG_EINVAL, "empty");
	free(zlib.ptr);
}

static void a_bomb_stops_at_the_entries_of_the_list(void **state)
{
	const size_t len = 64u << 20;
	uint8_t *zeros = calloc(1, len);
	struct bytes bomb = packed(eg_span(zeros, len), 15);

	assert_true(bomb.len < 70000);
	refuse_packed(view(bomb), 16, EG_ELIMIT, "more than the 16 entries");
	refuse_packed(view(bomb), (uint32_t)len * 8 - 8, EG_ELIMIT, "list grow");
	free(bomb.ptr);
	free(zeros);
}

static void fewer_entries_are_what_it_speaks_of(void **state)
{
	const uint8_t plain[3] = {1, 2, 0xff};
	struct eg_statuslist_want want = want_of(URI, 2, 100);
	struct bytes payload = list_json(URI, NOW_S, "", 2, eg_span(plain, 3));

	accept(EG_LIST_JWT, mint_jwt(JWT_HEADER, view(payload), 1), &want);
	assert_int_equal(out.entries, 12);
	assert_int_equal(out.raw.len, 3);
	done();
	/* Bits behind the last entry mean nothing. */
	want = want_of(URI, 2, 10);
	accept(EG_LIST_JWT, mint_jwt(JWT_HEADER, view(payload), 1), &want);
	assert_int_equal(out.entries, 10);
	assert_int_equal(out.raw.bytes[2], 0x0f);
	free(payload.ptr);
	done();
}

/* ── W3C ── */

#define W3C_TYPE    "\"type\":[\"VerifiableCredential\",\"BitstringStatusListCredential\"],"
#define W3C_ISSUER  "\"issuer\":\"" ISS "\","
#define W3C_FROM    "\"validFrom\":\"2023-11-14T22:13:20Z\","
#define W3C_ID      "\"id\":\"" URI "\","
#define W3C_PURPOSE "\"statusPurpose\":\"revocation\","

/* encodedList of two bytes 0x80 0x01: entries 0 and 15. */
static char *credential(const char *head, const char *subject)
{
	const uint8_t plain[2] = {0x80, 0x01};
	struct bytes gzip = packed(eg_span(plain, 2), 31), b64 = base64url(view(gzip));
	char *out_text = NULL;

	assert_true(asprintf(&out_text,
	                "{%s\"credentialSubject\":{\"type\":\"BitstringStatusList\",%s"
	                "\"encodedList\":\"u%s\"}}",
	                head, subject, (const char *)b64.ptr) > 0);
	free(gzip.ptr);
	free(b64.ptr);
	return out_text;
}

static void refuse_credential(const char *head, const char *subject, const char *words)
{
	struct eg_statuslist_want want = want_of(URI, 1, 16);
	char *json = credential(head, subject);

	refuse(EG_LIST_W3C, bytes_of(json, strlen(json)), &want, EG_EINVAL, words);
	free(json);
}

static void a_credential_is_converted(void **state)
{
	struct eg_statuslist_want want = want_of(URI, 1, 16);
	char *json = credential(W3C_ID W3C_TYPE W3C_ISSUER W3C_FROM
	    "\"validUntil\":\"2023-11-15T22:13:20+00:00\",",
	    W3C_PURPOSE "\"ttl\":60000,");

	accept(EG_LIST_W3C, bytes_of(json, strlen(json)), &want);
	assert_int_equal(out.raw.bytes[0], 0x01);
	assert_int_equal(out.raw.bytes[1], 0x80);
	assert_int_equal(out.iat_s, NOW_S);
	assert_int_equal(out.exp_s, NOW_S + 86400);
	assert_int_equal(out.ttl_s, 60);
	done();
	free(json);
}

static void a_credential_as_json_is_taken_where_the_caller_says_so(void **state)
{
	struct eg_statuslist_want want = want_of(URI, 1, 16);
	char *json = credential(W3C_ID W3C_TYPE W3C_ISSUER W3C_FROM, W3C_PURPOSE);

	want.allow_unsigned = false;
	refuse(EG_LIST_W3C, bytes_of(json, strlen(json)), &want, EG_EPERM, "--unsigned");
	accept(EG_LIST_W3C, mint_jwt(HEADER("EdDSA", "vc+jwt", "k1"), eg_span_str(json), 1), &want);
	done();
	free(json);
}

static void a_credential_in_a_jwt_is_verified(void **state)
{
	struct eg_statuslist_want want = want_of(URI, 1, 16);
	char *json = credential(W3C_ID W3C_TYPE W3C_ISSUER W3C_FROM, W3C_PURPOSE), *vc = NULL;

	accept(EG_LIST_W3C, mint_jwt(HEADER("EdDSA", "vc+jwt", "k1"), eg_span_str(json), 1), &want);
	done();
	refuse(EG_LIST_W3C, mint_jwt(HEADER("EdDSA", "vc+jwt", "k1"), eg_span_str(json), 2), &want,
	    EG_EPERM, "signature");
	refuse(EG_LIST_W3C, mint_jwt(HEADER("EdDSA", "at+jwt", "k1"), eg_span_str(json), 1), &want,
	    EG_EINVAL, "typ must be vc+jwt or vc+ld+json+jwt or jwt, or left out");
	assert_true(asprintf(&vc, "{\"iat\":1700000007,\"exp\":1700000100,\"vc\":%s}", json) > 0);
	accept(
	    EG_LIST_W3C, mint_jwt("{\"alg\":\"EdDSA\",\"kid\":\"k1\"}", eg_span_str(vc), 1), &want);
	assert_int_equal(out.iat_s, 1700000007);
	assert_int_equal(out.exp_s, 1700000100);
	done();
	free(json);
	free(vc);
}

/* A credential within the claims of a JWT. */
static struct bytes mint_vc(const char *claims, const char *head)
{
	char *json = credential(head, W3C_PURPOSE), *payload = NULL;
	struct bytes out_jwt;

	assert_true(asprintf(&payload, "{%s\"vc\":%s}", claims, json) > 0);
	out_jwt = mint_jwt(HEADER("EdDSA", "JWT", "k1"), eg_span_str(payload), 1);
	free(json);
	free(payload);
	return out_jwt;
}

static void a_credential_of_vc_1_1_is_taken(void **state)
{
	struct eg_statuslist_want want = want_of(URI, 1, 16);

	accept(EG_LIST_W3C,
	    mint_vc("\"iss\":\"" ISS "\",\"jti\":\"" URI "\",\"nbf\":1700000005,", W3C_TYPE),
	    &want);
	assert_int_equal(out.iat_s, 1700000005);
	done();
	accept(EG_LIST_W3C,
	    mint_vc("", W3C_ID W3C_TYPE W3C_ISSUER "\"issuanceDate\":\"2023-11-14T22:13:20Z\","
	                                           "\"expirationDate\":\"2023-11-15T22:13:20Z\","),
	    &want);
	assert_int_equal(out.iat_s, NOW_S);
	assert_int_equal(out.exp_s, NOW_S + 86400);
	done();
}

static void what_a_jwt_says_beside_a_credential_counts_too(void **state)
{
	static const struct {
		const char *claims, *head, *words;
	} cases[] = {
	    {"\"iss\":\"https://evil\",", W3C_ID W3C_TYPE W3C_ISSUER W3C_FROM, "iss"},
	    {"\"iss\":\"https://evil\",", W3C_ID W3C_TYPE W3C_FROM, "issuer"},
	    {"\"jti\":\"x\",", W3C_TYPE W3C_ISSUER W3C_FROM, "another list"},
	    {"\"jti\":1,", W3C_TYPE W3C_ISSUER W3C_FROM, "jti"},
	    {"\"nbf\":1700000301,", W3C_ID W3C_TYPE W3C_ISSUER W3C_FROM, "not valid for"},
	    {"\"iat\":1700000000,",
	        W3C_ID W3C_TYPE W3C_ISSUER "\"validFrom\":\"2023-11-14T22:19:20Z\",",
	        "not valid for"},
	    {"\"iat\":1700000000,",
	        W3C_ID W3C_TYPE W3C_ISSUER "\"expirationDate\":\"2023-11-14T22:13:20Z\",",
	        "expired"},
	};
	struct eg_statuslist_want want = want_of(URI, 1, 16);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refuse(EG_LIST_W3C, mint_vc(cases[i].claims, cases[i].head), &want, EG_EINVAL,
		    cases[i].words);
}

static void a_credential_of_another_kind_is_refused(void **state)
{
	const char *head = W3C_ID W3C_TYPE W3C_ISSUER W3C_FROM;

	refuse_credential(head, "\"statusPurpose\":\"suspension\",", "statusPurpose");
	refuse_credential(
	    head, "\"statusPurpose\":[\"revocation\",\"suspension\"],", "statusPurpose");
	refuse_credential(head, "", "statusPurpose");
	refuse_credential(W3C_TYPE W3C_ISSUER W3C_FROM, W3C_PURPOSE, "which list");
	refuse_credential(W3C_ID W3C_ISSUER W3C_FROM, W3C_PURPOSE, "type");
	refuse_credential(W3C_ID W3C_TYPE W3C_FROM, W3C_PURPOSE, "issuer");
	refuse_credential(W3C_ID W3C_TYPE W3C_ISSUER, W3C_PURPOSE, "validFrom");
	refuse_credential(W3C_ID W3C_TYPE "\"issuer\":{\"id\":\"https://evil\"}," W3C_FROM,
	    W3C_PURPOSE, "issuer");
	refuse_credential(W3C_ID W3C_TYPE W3C_ISSUER "\"validFrom\":\"2023-02-30T00:00:00Z\",",
	    W3C_PURPOSE, "validFrom");
	refuse_credential(W3C_ID W3C_TYPE W3C_ISSUER W3C_FROM "\"id\":\"x\",", W3C_PURPOSE, "JSON");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(vectors_of_the_draft),
	    cmocka_unit_test(only_keys_of_the_issuer_count),
	    cmocka_unit_test(each_byte_is_covered_by_the_signature),
	    cmocka_unit_test(each_byte_of_a_cwt_is_covered),
	    cmocka_unit_test(its_claims_must_fit),
	    cmocka_unit_test(times_at_their_edges),
	    cmocka_unit_test(claims_of_a_cwt_must_fit),
	    cmocka_unit_test(a_status_list_in_cbor_must_fit),
	    cmocka_unit_test(compressed_bytes_must_be_sound),
	    cmocka_unit_test(a_bomb_stops_at_the_entries_of_the_list),
	    cmocka_unit_test(fewer_entries_are_what_it_speaks_of),
	    cmocka_unit_test(a_credential_is_converted),
	    cmocka_unit_test(a_credential_as_json_is_taken_where_the_caller_says_so),
	    cmocka_unit_test(a_credential_in_a_jwt_is_verified),
	    cmocka_unit_test(a_credential_of_vc_1_1_is_taken),
	    cmocka_unit_test(what_a_jwt_says_beside_a_credential_counts_too),
	    cmocka_unit_test(a_credential_of_another_kind_is_refused),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
