/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_codec.h"

#include "eg_base64url.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CLAIMS_ROOM     8192u
#define SIGNATURE_BYTES 64u
#define MINIMAL_HEADER  "{\"alg\":\"EdDSA\",\"kid\":\"k\"}"
#define KIDS            8u /* more than there are headers that are remembered */
#define KIDS_HEADER     "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"2026-0%u\"}"
#define ACCESS_HEADER   "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"2026-01\"}"
#define STATUS_LIST                                                                                \
	"\"status\":{\"status_list\":{\"idx\":%u,\"uri\":\"https://issuer.test/lists/7\"}},"

/* ── one token ── */

static char *put_segment(char *at, const void *data, size_t len)
{
	eg_base64url_encode(eg_span(data, len), at);
	return at + EG_BASE64URL_ENCODED_BYTES(len);
}

static size_t token_bytes(size_t header_bytes, size_t claims_bytes)
{
	return EG_BASE64URL_ENCODED_BYTES(header_bytes) + EG_BASE64URL_ENCODED_BYTES(claims_bytes) +
	       EG_BASE64URL_ENCODED_BYTES(SIGNATURE_BYTES) + 2;
}

void codec_set_add_jwt(
    struct codec_set *set, unsigned n, const char *header, const char *claims, size_t claims_bytes)
{
	struct codec_token *token = &set->token[n];
	uint8_t signature[SIGNATURE_BYTES], *json = malloc(claims_bytes);
	char *text = malloc(token_bytes(strlen(header), claims_bytes)), *dot, *end;

	codec_need(text != NULL && json != NULL, "memory for a token");
	for (unsigned i = 0; i < SIGNATURE_BYTES; i++)
		signature[i] = (uint8_t)random();
	dot = put_segment(text, header, strlen(header));
	*dot = '.';
	end = put_segment(dot + 1, claims, claims_bytes);
	token->header = eg_span(text, (size_t)(dot - text));
	token->payload = eg_span(dot + 1, (size_t)(end - dot - 1));
	*end = '.';
	end = put_segment(end + 1, signature, sizeof(signature));
	token->text = eg_span(text, (size_t)(end - text));
	memcpy(json, claims, claims_bytes);
	token->json = eg_span(json, claims_bytes);
	set->bytes += token->text.len;
	set->parse = eg_jwt_parse;
	set->is_jwt = true;
}

/* ── what issuers mint ── */

/* Claims number n with `fill` characters that bring the token to its size. */
typedef size_t claims_fn(char *out, unsigned n, unsigned fill);

static size_t print(char *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static size_t print(char *out, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(out, CLAIMS_ROOM, format, args);
	va_end(args);
	codec_need(len > 0 && len < (int)CLAIMS_ROOM, "room for claims");
	return (size_t)len;
}

static size_t minimal_claims(char *out, unsigned n, unsigned fill)
{
	return print(out,
	    "{\"iss\":\"" CODEC_ISSUER "\",\"aud\":\"api\",\"exp\":%llu,\"sub\":\"%0*u\"}",
	    CODEC_NOW_S + 60 + n, (int)fill, n);
}

static size_t rfc9068_claims(char *out, unsigned n, unsigned fill)
{
	return print(out,
	    "{\"iss\":\"" CODEC_ISSUER "\",\"aud\":\"api\",\"exp\":%llu,\"sub\":\"5ba552d67-%04u\","
	    "\"client_id\":\"s6BhdRkqt3\",\"iat\":%llu,\"nbf\":%llu,\"auth_time\":%llu,"
	    "\"jti\":\"dbe39bf3a3ba4238a513f51d6e1691c4-%04u\",\"scope\":\"openid profile %0*u\"}",
	    CODEC_NOW_S + 3600 + n, n, CODEC_NOW_S - n, CODEC_NOW_S - n, CODEC_NOW_S - 65 - n, n,
	    (int)fill, n);
}

static size_t status_claims(char *out, unsigned n, unsigned fill)
{
	return print(out,
	    "{\"iss\":\"" CODEC_ISSUER "\",\"aud\":[\"api\",\"https://other.test\"],"
	    "\"exp\":%llu,\"sub\":\"5ba552d67-%04u\",\"client_id\":\"s6BhdRkqt3\",\"iat\":%llu,"
	    "\"nbf\":%llu," STATUS_LIST "\"jti\":\"dbe39bf3a3ba4238a513f51d6e1691c4-%04u\","
	    "\"scope\":\"openid profile %0*u\"}",
	    CODEC_NOW_S + 3600 + n, n, CODEC_NOW_S - n, CODEC_NOW_S - n, n * 977 + 3, n, (int)fill,
	    n);
}

static size_t keycloak_claims(char *out, unsigned n, unsigned fill)
{
	return print(out,
	    "{\"exp\":%llu,\"iat\":%llu,\"auth_time\":%llu,"
	    "\"jti\":\"3f1c2b64-5a9e-4a53-9d4e-6f04cf43%04u\",\"iss\":\"" CODEC_ISSUER "\","
	    "\"aud\":[\"api\",\"account\"],\"sub\":\"9b0f3a7c-1c6d-4f05-8a43-22b8cf5b%04u\","
	    "\"typ\":\"Bearer\",\"azp\":\"portal-web\",\"nonce\":\"b7c5a9d0-6f3e-4e0c-9f52\","
	    "\"session_state\":\"5d1e7cb2-91a4-4b8f-b0b4-8c60e9d2%04u\",\"acr\":\"1\","
	    "\"allowed-origins\":[\"https://portal.test\",\"https://admin.portal.test\"],"
	    "\"realm_access\":{\"roles\":[\"default-roles-main\",\"offline_access\","
	    "\"uma_authorization\",\"auditor\"]},"
	    "\"resource_access\":{\"portal-web\":{\"roles\":[\"editor\",\"viewer\"]},"
	    "\"account\":{\"roles\":[\"manage-account\",\"manage-account-links\","
	    "\"view-profile\"]}},\"scope\":\"openid email profile\","
	    "\"sid\":\"5d1e7cb2-91a4-4b8f-b0b4-8c60e9d2%04u\",\"email_verified\":true,"
	    "\"name\":\"Zo\xC3\xAB Example\",\"preferred_username\":\"zoe%04u\","
	    "\"given_name\":\"Zo\xC3\xAB\",\"family_name\":\"Example\","
	    "\"email\":\"zoe%0*u@example.test\"}",
	    CODEC_NOW_S + 300 + n, CODEC_NOW_S - n, CODEC_NOW_S - 30 - n, n, n, n, n, n, (int)fill,
	    n);
}

/* The members of an access token in an order of its own, other times written otherwise: what a
 * mix of many issuers is to the branch predictor. */
static size_t shuffled_claims(char *out, unsigned n, unsigned fill)
{
	char member[10][256], *at = out;
	unsigned cnt = 0;

	(void)print(member[cnt++], "\"iss\":\"" CODEC_ISSUER "\"");
	(void)print(member[cnt++], n % 2 != 0 ? "\"aud\":\"api\"" : "\"aud\":[\"a\",\"api\"]");
	(void)print(member[cnt++], "\"exp\":%llu", CODEC_NOW_S + 3600 + n);
	(void)print(member[cnt++], "\"sub\":\"%0*u\"", 5 + (int)(n * 7 % 30), n);
	(void)print(member[cnt++], "\"client_id\":\"%0*u\"", 5 + (int)(n * 3 % 16), n);
	(void)print(member[cnt++], "\"iat\":%llu%s", CODEC_NOW_S - 1 - n, n % 3 == 0 ? ".25" : "");
	(void)print(member[cnt++], "\"nbf\":%llu", CODEC_NOW_S - n);
	(void)print(member[cnt++], "\"auth_time\":%llu", CODEC_NOW_S - 65 - n);
	(void)print(member[cnt++], "\"jti\":\"dbe39bf3a3ba4238a513f51d6e1691c4-%04u\"", n);
	(void)print(member[cnt++], "\"scope\":\"openid profile %0*u\"", (int)fill, n);
	for (; cnt > 0; cnt--) {
		const unsigned i = (unsigned)random() % cnt;

		at += print(at, "%c%s", at == out ? '{' : ',', member[i]);
		memmove(member[i], member[cnt - 1], sizeof(member[i]));
	}
	return (size_t)(at - out) + print(at, "}");
}

static const struct {
	const char *name, *header;
	claims_fn *claims;
	size_t bytes;
} typical[] = {
    {"JWT 213, minimal", MINIMAL_HEADER, minimal_claims, 213},
    {"JWT 570, RFC 9068", ACCESS_HEADER, rfc9068_claims, 570},
    {"JWT 570, 8 headers in turn", KIDS_HEADER, rfc9068_claims, 570},
    {"JWT 570, shuffled", ACCESS_HEADER, shuffled_claims, 570},
    {"JWT 690, status list", ACCESS_HEADER, status_claims, 690},
    {"JWT 1520, Keycloak", ACCESS_HEADER, keycloak_claims, 1520},
};

static void add_typical(struct codec_set *set, unsigned which, unsigned n)
{
	char header[128], claims[CLAIMS_ROOM];
	size_t len = 0, bytes = 0;

	codec_need(
	    snprintf(header, sizeof(header), typical[which].header, n % KIDS) < (int)sizeof(header),
	    "room for a header");

	for (unsigned fill = 4; fill < CLAIMS_ROOM / 2 && bytes < typical[which].bytes; fill++) {
		srandom(n);
		len = typical[which].claims(claims, n, fill);
		bytes = token_bytes(strlen(header), len);
	}
	codec_set_add_jwt(set, n, header, claims, len);
}

struct codec_set *codec_typical_set(unsigned i)
{
	struct codec_set *set;

	if (i >= sizeof(typical) / sizeof(typical[0]))
		return codec_format_set(i - (unsigned)(sizeof(typical) / sizeof(typical[0])));
	set = calloc(1, sizeof(*set));
	codec_need(set != NULL, "memory for tokens");
	set->name = typical[i].name;
	for (unsigned n = 0; n < CODEC_TOKENS; n++)
		add_typical(set, i, n);
	return set;
}
