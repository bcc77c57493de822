/* SPDX-License-Identifier: BSD-3-Clause */
#include "token.h"
#include "eg_base64url.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define B64_32 EG_BASE64URL_ENCODED_BYTES(32)

static void encode32(const uint8_t bytes[32], char text[B64_32 + 1])
{
	eg_base64url_encode(eg_span(bytes, 32), text);
	text[B64_32] = '\0';
}

/* RFC 7638: the hash of the required members in the order of their names. */
static void thumbprint(const uint8_t public[32], char text[B64_32 + 1])
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	char x[B64_32 + 1];
	char members[128];
	int len;

	encode32(public, x);
	len = snprintf(
	    members, sizeof(members), "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}", x);
	(void)crypto_hash_sha256(hash, (const uint8_t *)members, (unsigned long long)len);
	encode32(hash, text);
}

int token_key_from_seed(struct token_key *key, const uint8_t seed[crypto_sign_SEEDBYTES],
    const char *kid, struct eg_error *err)
{
	(void)crypto_sign_seed_keypair(key->public, key->secret, seed);
	if (kid == NULL) {
		thumbprint(key->public, key->kid);
		return 0;
	}
	if (*kid == '\0' || strlen(kid) > TOKEN_KID_MAX)
		return eg_error_set(err, EG_ELIMIT, "a kid has 1 to %u bytes, this has %zu",
		    TOKEN_KID_MAX, strlen(kid));
	memcpy(key->kid, kid, strlen(kid) + 1);
	return 0;
}

void token_key_wipe(struct token_key *key)
{
	sodium_memzero(key, sizeof(*key));
}

/* ── PEM ── */

static int decode_pem(const struct eg_cli_bytes *text, uint8_t der[], size_t room, size_t *len)
{
	static const char begin[] = "-----BEGIN PRIVATE KEY-----\n";
	static const char end[] = "-----END PRIVATE KEY-----";
	const char *start = (const char *)text->ptr;
	const char *stop;

	if (strncmp(start, begin, strlen(begin)) != 0)
		return -1;
	start += strlen(begin);
	stop = strstr(start, end);
	if (stop == NULL || stop[strlen(end) + strspn(stop + strlen(end), "\r\n")] != '\0')
		return -1;
	return sodium_base642bin(der, room, start, (size_t)(stop - start), "\r\n", len, NULL,
	    sodium_base64_VARIANT_ORIGINAL);
}

int token_key_from_pem(
    struct token_key *key, const char *path, const char *kid, struct eg_error *err)
{
	/* PrivateKeyInfo { version 0, { id-Ed25519 }, OCTET STRING { OCTET STRING of 32 } } */
	static const uint8_t prefix[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b,
	    0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
	uint8_t der[sizeof(prefix) + crypto_sign_SEEDBYTES];
	struct eg_cli_bytes text;
	size_t len = 0;
	int rc = eg_cli_read_file(path, TOKEN_FILE_MAX, &text, err);

	if (rc != 0)
		return rc;
	if (decode_pem(&text, der, sizeof(der), &len) == 0 && len == sizeof(der) &&
	    memcmp(der, prefix, sizeof(prefix)) == 0)
		rc = token_key_from_seed(key, der + sizeof(prefix), kid, err);
	else
		rc = eg_error_set(err, EG_EINVAL,
		    "%s: no Ed25519 private key in PKCS#8 PEM (openssl genpkey -algorithm ed25519)",
		    path);
	sodium_memzero(der, sizeof(der));
	eg_cli_bytes_free(&text);
	return rc;
}

/* ── JWK ── */

static bool member_is(const json_t *jwk, const char *name, const char *value)
{
	const char *text = json_string_value(json_object_get(jwk, name));

	return text != NULL && strcmp(text, value) == 0;
}

static bool member_bytes(const json_t *jwk, const char *name, uint8_t out[32])
{
	const json_t *value = json_object_get(jwk, name);

	return json_string_length(value) == B64_32 &&
	       eg_base64url_decode(eg_span(json_string_value(value), B64_32), out);
}

static int key_of_jwk(
    struct token_key *key, const json_t *jwk, const char *path, struct eg_error *err)
{
	uint8_t seed[crypto_sign_SEEDBYTES];
	uint8_t public[crypto_sign_PUBLICKEYBYTES];
	int rc;

	if (!member_is(jwk, "kty", "OKP") || !member_is(jwk, "crv", "Ed25519") ||
	    !member_bytes(jwk, "d", seed) || !member_bytes(jwk, "x", public))
		return eg_error_set(err, EG_EINVAL,
		    "%s: no private JWK of kty OKP, crv Ed25519 with d and x (edgate-token keygen "
		    "makes one)",
		    path);
	rc = token_key_from_seed(key, seed, json_string_value(json_object_get(jwk, "kid")), err);
	sodium_memzero(seed, sizeof(seed));
	if (rc == 0 && memcmp(public, key->public, sizeof(public)) != 0)
		rc = eg_error_set(err, EG_EINVAL, "%s: x is not the public key of d", path);
	return rc;
}

json_t *token_parse_json(const char *text, size_t len, const char *what, struct eg_error *err)
{
	json_error_t where;
	json_t *value = json_loadb(
	    text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &where);

	if (value == NULL)
		(void)eg_error_set(
		    err, EG_EINVAL, "%s, line %d: not JSON: %s", what, where.line, where.text);
	return value;
}

int token_key_load(struct token_key *key, const char *path, struct eg_error *err)
{
	struct eg_cli_bytes text;
	json_t *jwk;
	int rc = eg_cli_read_file(path, TOKEN_FILE_MAX, &text, err);

	if (rc != 0)
		return rc;
	jwk = token_parse_json((const char *)text.ptr, text.len, path, err);
	rc = jwk != NULL ? key_of_jwk(key, jwk, path, err) : err->code;
	json_decref(jwk);
	eg_cli_bytes_free(&text);
	return rc;
}

static json_t *public_jwk(const struct token_key *key)
{
	char x[B64_32 + 1];

	encode32(key->public, x);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "kty", "OKP", "crv", "Ed25519", "kid",
	    key->kid, "alg", "EdDSA", "use", "sig", "x", x);
}

static json_t *private_jwk(const struct token_key *key)
{
	json_t *jwk = public_jwk(key);
	char d[B64_32 + 1];

	encode32(key->secret, d);
	(void)json_object_set_new(jwk, "d", json_string(d));
	sodium_memzero(d, sizeof(d));
	return jwk;
}

static int save_json(
    const char *path, json_t *value, unsigned mode, bool replace, struct eg_error *err)
{
	char *text = json_dumps(value, JSON_INDENT(2));
	json_free_t wiping_free;
	json_malloc_t unused;
	int rc;

	json_decref(value);
	if (text == NULL)
		return eg_error_set(err, EG_EINVAL, "%s: the kid is not UTF-8", path);
	if (replace)
		(void)unlink(path);
	rc = token_write_file(path, text, mode, err);
	json_get_alloc_funcs(&unused, &wiping_free);
	wiping_free(text);
	return rc;
}

int token_key_save(
    const struct token_key *key, const char *prefix, bool force, struct eg_error *err)
{
	char path[PATH_MAX];
	json_t *jwks;
	int rc;

	if (strlen(prefix) + sizeof(".private.jwk") > sizeof(path))
		return eg_error_set(err, EG_ELIMIT, "%.64s...: the path is too long", prefix);
	(void)snprintf(path, sizeof(path), "%s.private.jwk", prefix);
	rc = save_json(path, private_jwk(key), 0600, force, err);
	if (rc != 0)
		return rc;
	(void)snprintf(path, sizeof(path), "%s.jwks", prefix);
	jwks = json_pack("{s:[o]}", "keys", public_jwk(key));
	return save_json(path, jwks, 0644, true, err);
}
