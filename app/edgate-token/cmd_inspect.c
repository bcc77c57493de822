/* SPDX-License-Identifier: BSD-3-Clause */
#include "token.h"
#include "eg_base64url.h"
#include "eg_hex.h"
#include "eg_jwks.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct parts { /* of a compact JWS, as text */
	struct eg_span header, payload, signature, signed_text;
};

static bool split(struct eg_span token, struct parts *out)
{
	const uint8_t *end = token.ptr + token.len;
	const uint8_t *first = memchr(token.ptr, '.', token.len);
	const uint8_t *second;

	if (first == NULL)
		return false;
	second = memchr(first + 1, '.', (size_t)(end - first) - 1);
	if (second == NULL)
		return false;
	out->header = eg_span(token.ptr, (size_t)(first - token.ptr));
	out->payload = eg_span(first + 1, (size_t)(second - first) - 1);
	out->signature = eg_span(second + 1, (size_t)(end - second) - 1);
	out->signed_text = eg_span(token.ptr, (size_t)(second - token.ptr));
	return true;
}

/* To be given to free(). NULL where the text is not canonical base64url. */
static uint8_t *decode(struct eg_span text, size_t *len)
{
	uint8_t *bytes = malloc(text.len + 1);

	if (bytes != NULL && !eg_base64url_decode(text, bytes)) {
		free(bytes);
		bytes = NULL;
	}
	*len = EG_BASE64URL_DECODED_BYTES(text.len);
	return bytes;
}

static void print_bytes(const uint8_t *bytes, size_t len)
{
	size_t room = 4 * len + 5;
	char *text = malloc(room);

	if (text != NULL)
		(void)printf("(not JSON) %s\n", eg_cli_printable(eg_span(bytes, len), text, room));
	free(text);
}

json_t *token_print_part(const char *title, struct eg_span text)
{
	struct eg_error err = {0};
	size_t len;
	uint8_t *bytes = decode(text, &len);
	json_t *value = NULL;

	(void)printf("%s: ", title);
	if (bytes == NULL) {
		(void)printf("(not canonical base64url)\n");
		return NULL;
	}
	value = token_parse_json((const char *)bytes, len, title, &err);
	if (value != NULL) {
		(void)json_dumpf(
		    value, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
		(void)putchar('\n');
	} else {
		print_bytes(bytes, len);
	}
	free(bytes);
	return value;
}

static void print_times(const json_t *payload)
{
	static const char *const names[] = {"iat", "nbf", "exp"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const json_t *value = json_object_get(payload, names[i]);
		double number = json_number_value(value);
		time_t t = 0;
		struct tm tm;
		char text[64];

		if (!json_is_number(value) || number < 0 || number > EG_CLI_TIME_MAX)
			continue;
		t = (time_t)number;
		if (gmtime_r(&t, &tm) != NULL &&
		    strftime(text, sizeof(text), "%A, %-d %B %Y, %H:%M:%S UTC", &tm) != 0)
			(void)printf("%s: %s\n", names[i], text);
	}
}

/* By kid, or the only key where the token has none. */
static const struct eg_jwk *pick_key(const struct eg_jwks *jwks, struct eg_span kid)
{
	const struct eg_jwk *found = NULL;

	for (uint32_t i = 0; i < jwks->cnt; i++) {
		const struct eg_jwk *key = &jwks->key[i];

		if (key->outcome != EG_JWK_KEPT)
			continue;
		if (kid.ptr == NULL && jwks->kept_cnt == 1)
			return key;
		if (kid.ptr != NULL && key->has_kid &&
		    eg_span_eq(kid, eg_span(key->kid, key->kid_len)))
			found = key;
	}
	return found;
}

static int load_jwks(const char *path, struct eg_jwks *jwks, struct eg_error *err)
{
	struct eg_cli_bytes text;
	int rc = eg_cli_read_file(path, EG_JWKS_BYTES_MAX, &text, err);

	if (rc != 0)
		return rc;
	rc = eg_jwks_parse(eg_span(text.ptr, text.len), true, jwks, err);
	eg_cli_bytes_free(&text);
	return rc == 0 ? 0 : eg_error_prefix(err, "%s", path);
}

/* The rule of edgate itself (protocol section 3); one signature is worth no table. */
static bool signature_holds(
    struct eg_span message, struct eg_span signature, const struct eg_jwk *jwk)
{
	const struct eg_ed25519_impl *impl = eg_ed25519_select("sodium", NULL);
	struct eg_ed25519_key key;
	struct eg_ed25519_job job = {&key, message.ptr, signature.ptr, (uint32_t)message.len};
	bool ok = false;

	if (impl == NULL || signature.len != EG_ED25519_SIGNATURE_BYTES ||
	    eg_ed25519_key_init(&key, jwk->x, true, NULL) != 0)
		return false;
	eg_ed25519_verify(impl, &job, 1, &ok);
	return ok;
}

static int check_with(
    const char *path, const struct eg_jwk *key, struct eg_span message, struct eg_span signature)
{
	if (key == NULL) {
		(void)printf("signature: NOT VERIFIED: no key of %s fits\n", path);
		return EG_CLI_REFUSED;
	}
	if (!signature_holds(message, signature, key)) {
		(void)printf("signature: BAD: it does not verify with the key of %s\n", path);
		return EG_CLI_REFUSED;
	}
	(void)printf("signature: verified with the key of %s (claims and revocation: ask edgatectl "
	             "decide)\n",
	    path);
	return EG_CLI_DONE;
}

int token_check_signature(
    const char *path, struct eg_span kid, struct eg_span message, struct eg_span signature)
{
	struct eg_jwks *jwks;
	struct eg_error err = {0};
	int rc;

	if (path == NULL) {
		(void)printf("signature: NOT VERIFIED: anybody can write such a token "
		             "(--jwks FILE verifies)\n");
		return EG_CLI_DONE;
	}
	jwks = calloc(1, sizeof(*jwks));
	if (jwks == NULL)
		(void)eg_error_set(&err, EG_ENOMEM, "no memory for the keys");
	if (jwks == NULL || load_jwks(path, jwks, &err) != 0)
		rc = eg_cli_refuse(&err);
	else
		rc = check_with(path, pick_key(jwks, kid), message, signature);
	free(jwks);
	return rc;
}

static int inspect_jwt(struct eg_span token, const char *path)
{
	struct eg_error err = {0};
	const json_t *kid;
	struct parts parts;
	json_t *header, *payload;
	uint8_t *signature;
	size_t len;
	int rc;

	if (!split(token, &parts)) {
		(void)eg_error_set(&err, EG_EINVAL, "no JWT: two dots are missing");
		return eg_cli_refuse(&err);
	}
	header = token_print_part("header", parts.header);
	payload = token_print_part("payload", parts.payload);
	print_times(payload);
	signature = decode(parts.signature, &len);
	kid = json_object_get(header, "kid");
	rc = token_check_signature(path, eg_span(json_string_value(kid), json_string_length(kid)),
	    parts.signed_text, eg_span(signature, signature != NULL ? len : 0));
	free(signature);
	json_decref(header);
	json_decref(payload);
	return rc;
}

/* Hex is a CWT: the other two have a dot. */
static int inspect(const struct eg_cli *cli, struct eg_span token)
{
	const char *path = eg_cli_get(cli, "jwks");
	uint8_t *bytes = malloc(token.len / 2 + 1);
	int rc;

	if (bytes != NULL && eg_hex_decode(token, bytes))
		rc = token_inspect_cwt(eg_span(bytes, token.len / 2), path);
	else if (token.len >= 3 && token.ptr[0] == 'v' && token.ptr[2] == '.')
		rc = token_inspect_paseto(token, path, eg_cli_get(cli, "implicit-assertion"));
	else
		rc = inspect_jwt(token, path);
	free(bytes);
	return rc;
}

int token_cmd_inspect(const struct eg_cli *cli)
{
	struct eg_cli_bytes text;
	struct eg_error err = {0};
	int rc;

	if (strcmp(cli->operand[0], "-") != 0)
		return inspect(cli, eg_span_str(cli->operand[0]));
	if (eg_cli_read_file("-", TOKEN_FILE_MAX, &text, &err) != 0)
		return eg_cli_refuse(&err);
	while (text.len > 0 && text.ptr[text.len - 1] == '\n')
		text.len--;
	rc = inspect(cli, eg_span(text.ptr, text.len));
	eg_cli_bytes_free(&text);
	return rc;
}
