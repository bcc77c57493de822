/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Status lists as files. Input: u8 form (enum eg_list_form, mod 4, + 1), u8 entries in units of 8
 * less one, u8 log2 of bits, u8 how:
 *
 *   0  the rest is the file
 *   1  the rest is the payload: it is signed here, as JWT or CWT, so that mutations get behind the
 *      signature
 *   2  the rest is the plain list: it is packed, put into a sound payload and signed; then it must
 *      come out as it went in, or be refused for its length alone
 */
#include "fuzz.h"

#include "eg_base64url.h"
#include "statuslist.h"

#include <sodium.h>
#include <zlib.h>

#define NOW_S 1800000000u
#define ISS   "https://as.example.com"
#define URI   "https://as.example.com/sl/1"

enum how { AS_FILE, AS_PAYLOAD, AS_LIST, HOWS };

static const char *const forms[] = {
    [EG_LIST_RAW] = "raw", [EG_LIST_JWT] = "jwt", [EG_LIST_CWT] = "cwt", [EG_LIST_W3C] = "w3c"};

static struct eg_keyset *keys;
static uint8_t secret[64];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct eg_hash_key hash_key;
	const uint8_t seed[32] = {1};
	struct eg_key key = {.has_kid = true, .kid = eg_span_str("k1"), .not_after_s = UINT64_MAX};
	uint8_t public[32];
	uint32_t slot;

	(void)argc;
	(void)argv;
	FUZZ_CHECK(sodium_init() >= 0);
	(void)crypto_sign_seed_keypair(public, secret, seed);
	keys = eg_keyset_new(&hash_key);
	FUZZ_CHECK(eg_keyset_add_issuer(keys, eg_span_str(ISS), &slot, NULL) == 0);
	FUZZ_CHECK(eg_ed25519_key_init(&key.ed, public, false, NULL) == 0);
	FUZZ_CHECK(eg_keyset_add_key(keys, slot, &key, NULL) == 0);
	return 0;
}

/* ── files that are signed ── */

struct buffer { /* grows; never freed twice: one input, one buffer */
	uint8_t *ptr;
	size_t len;
};

static void append(struct buffer *b, struct eg_span s)
{
	b->ptr = realloc(b->ptr, b->len + s.len + 1);
	FUZZ_CHECK(b->ptr != NULL);
	if (s.len != 0)
		memcpy(b->ptr + b->len, s.ptr, s.len);
	b->len += s.len;
}

static void append_base64url(struct buffer *b, struct eg_span s)
{
	char *text = malloc(EG_BASE64URL_ENCODED_BYTES(s.len) + 1);

	FUZZ_CHECK(text != NULL);
	eg_base64url_encode(s, text);
	append(b, eg_span(text, EG_BASE64URL_ENCODED_BYTES(s.len)));
	free(text);
}

static void append_head(struct buffer *b, unsigned major, size_t n)
{
	const uint8_t shortest[] = {(uint8_t)(major << 5 | n)};
	const uint8_t longer[] = {(uint8_t)(major << 5 | 26), (uint8_t)(n >> 24),
	    (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
	const uint8_t byte[] = {(uint8_t)(major << 5 | 24), (uint8_t)n};
	const uint8_t two[] = {(uint8_t)(major << 5 | 25), (uint8_t)(n >> 8), (uint8_t)n};

	if (n < 24)
		append(b, eg_span(shortest, sizeof(shortest)));
	else if (n < 256)
		append(b, eg_span(byte, sizeof(byte)));
	else if (n < 65536)
		append(b, eg_span(two, sizeof(two)));
	else
		append(b, eg_span(longer, sizeof(longer)));
}

static void append_string(struct buffer *b, unsigned major, struct eg_span s)
{
	append_head(b, major, s.len);
	append(b, s);
}

static struct buffer signed_jwt(enum eg_list_form form, struct eg_span payload)
{
	const char *header = form == EG_LIST_W3C
	                         ? "{\"alg\":\"EdDSA\",\"kid\":\"k1\",\"typ\":\"vc+jwt\"}"
	                         : "{\"alg\":\"EdDSA\",\"kid\":\"k1\",\"typ\":\"statuslist+jwt\"}";
	struct buffer out = {NULL, 0};
	uint8_t signature[64];

	append_base64url(&out, eg_span_str(header));
	append(&out, eg_span_str("."));
	append_base64url(&out, payload);
	(void)crypto_sign_detached(signature, NULL, out.ptr, out.len, secret);
	append(&out, eg_span_str("."));
	append_base64url(&out, eg_span(signature, sizeof(signature)));
	return out;
}

static struct buffer signed_cwt(struct eg_span payload)
{
	static const char header[] = "\xa3\x01\x27\x04\x42k1\x10\x6estatuslist+cwt";
	const struct eg_span protected = eg_span(header, sizeof(header) - 1);
	struct buffer out = {NULL, 0}, message = {NULL, 0};
	uint8_t signature[64];

	append(&message, eg_span("\x84\x6aSignature1", 12));
	append_string(&message, 2, protected);
	append_head(&message, 2, 0);
	append_string(&message, 2, payload);
	(void)crypto_sign_detached(signature, NULL, message.ptr, message.len, secret);
	append(&out, eg_span("\xd2\x84", 2));
	append_string(&out, 2, protected);
	append_head(&out, 5, 0);
	append_string(&out, 2, payload);
	append_string(&out, 2, eg_span(signature, sizeof(signature)));
	free(message.ptr);
	return out;
}

static struct buffer signed_file(enum eg_list_form form, struct eg_span payload)
{
	struct buffer raw = {NULL, 0};

	if (form == EG_LIST_CWT)
		return signed_cwt(payload);
	if (form != EG_LIST_RAW)
		return signed_jwt(form, payload);
	append(&raw, payload);
	return raw;
}

/* A sound IETF payload around plain bytes. */
static struct buffer payload_of(
    enum eg_list_form form, const struct eg_statuslist_want *want, struct eg_span plain)
{
	uLongf len = compressBound(plain.len);
	uint8_t *zlib = malloc(len);
	struct buffer out = {NULL, 0};
	char bits[] = {(char)('0' + want->bits), 0};

	FUZZ_CHECK(zlib != NULL && compress(zlib, &len, plain.ptr, plain.len) == Z_OK);
	if (form == EG_LIST_JWT) {
		append(&out, eg_span_str("{\"sub\":\"" URI "\",\"iat\":1800000000,"
		                         "\"status_list\":{\"bits\":"));
		append(&out, eg_span_str(bits));
		append(&out, eg_span_str(",\"lst\":\""));
		append_base64url(&out, eg_span(zlib, len));
		append(&out, eg_span_str("\"}}"));
	} else {
		append(&out, eg_span("\xa3\x02", 2));
		append_string(&out, 3, eg_span_str(URI));
		append(&out, eg_span("\x06\x1a\x6b\x49\xd2\x00\x19\xff\xfd\xa2\x64"
		                     "bits",
		                 15));
		append_head(&out, 0, want->bits);
		append(&out, eg_span("\x63lst", 4));
		append_string(&out, 2, eg_span(zlib, len));
	}
	free(zlib);
	return out;
}

/* ── what must hold ── */

static size_t bytes_of(const struct eg_statuslist_want *want)
{
	return ((size_t)want->entries * want->bits + 7) / 8;
}

static void check_read(const struct eg_statuslist_want *want, const struct eg_statuslist *out)
{
	FUZZ_CHECK(out->raw.len != 0 && out->raw.len <= bytes_of(want));
	FUZZ_CHECK(out->entries != 0 && out->entries <= want->entries);
	FUZZ_CHECK((uint64_t)out->entries * want->bits <= out->raw.len * 8);
	FUZZ_CHECK(out->iat_s <= want->now_s + EG_POLICY_SKEW_MAX_S);
	FUZZ_CHECK(out->exp_s == 0 || out->exp_s > want->now_s);
}

static int read_file(enum eg_list_form form, struct eg_span file,
    const struct eg_statuslist_want *want, struct eg_statuslist *out)
{
	struct fuzz_copy at0 = fuzz_copy(file, 0), at3 = fuzz_copy(file, 3);
	struct eg_statuslist again;
	struct eg_error err = {0};
	int rc = eg_statuslist_read(form, at0.span, want, out, &err);

	FUZZ_CHECK(eg_statuslist_read(form, at3.span, want, &again, NULL) == rc);
	FUZZ_CHECK((rc == 0) == (err.text[0] == '\0'));
	if (rc == 0) {
		check_read(want, out);
		FUZZ_CHECK(eg_span_eq(eg_span(out->raw.bytes, out->raw.len),
		    eg_span(again.raw.bytes, again.raw.len)));
		free(again.raw.bytes);
	}
	fuzz_mark(forms[form], rc == 0            ? "taken"
	                       : rc == -EG_EPERM  ? "key"
	                       : rc == -EG_ELIMIT ? "limit"
	                                          : "refused");
	fuzz_copy_free(&at0);
	fuzz_copy_free(&at3);
	return rc;
}

static void check_list(
    enum eg_list_form form, struct eg_span plain, const struct eg_statuslist_want *want)
{
	struct buffer payload = payload_of(form, want, plain);
	struct buffer file = signed_file(form, eg_span(payload.ptr, payload.len));
	struct eg_statuslist out;
	int rc = read_file(form, eg_span(file.ptr, file.len), want, &out);

	if (rc == 0) {
		FUZZ_CHECK(eg_span_eq(eg_span(out.raw.bytes, out.raw.len), plain));
		free(out.raw.bytes);
	} else {
		FUZZ_CHECK(plain.len == 0 ? rc == -EG_EINVAL : rc == -EG_ELIMIT);
		FUZZ_CHECK(plain.len == 0 || plain.len > bytes_of(want));
	}
	free(payload.ptr);
	free(file.ptr);
}

static void check_file(
    enum eg_list_form form, struct eg_span file, const struct eg_statuslist_want *want)
{
	struct eg_statuslist out;

	if (read_file(form, file, want, &out) == 0)
		free(out.raw.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct eg_reader r = eg_reader(eg_span(data, size));
	const enum eg_list_form form = (enum eg_list_form)(eg_read_u8(&r) % 4 + EG_LIST_RAW);
	const uint32_t entries = (eg_read_u8(&r) + 1u) * 8;
	const unsigned bits = 1u << eg_read_u8(&r) % 4;
	const struct eg_statuslist_want want = {
	    .uri = eg_span_str(URI),
	    .issuer = eg_span_str(ISS),
	    .bits = bits,
	    .entries = entries,
	    .keys = keys,
	    .now_s = NOW_S,
	    .allow_unsigned = true,
	};
	const enum how how = (enum how)(eg_read_u8(&r) % HOWS);
	const struct eg_span rest = eg_span(r.ptr, r.left);
	struct buffer file;

	if (how == AS_LIST && (form == EG_LIST_JWT || form == EG_LIST_CWT)) {
		check_list(form, rest, &want);
		return 0;
	}
	if (how == AS_FILE) {
		check_file(form, rest, &want);
		return 0;
	}
	file = signed_file(form, rest);
	check_file(form, eg_span(file.ptr, file.len), &want);
	free(file.ptr);
	return 0;
}
