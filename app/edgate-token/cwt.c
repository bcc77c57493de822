/* SPDX-License-Identifier: BSD-3-Clause */
/* CWTs: claims and headers by the names that JWTs have, as numbers where the registries have any.
 */
#include "token.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAJOR_TEXT = 3, MAJOR_ARRAY = 4, MAJOR_MAP = 5, MAJOR_TAG = 6 };

#define TAG_COSE_SIGN1 18
#define SIGN1_ITEMS    4
#define BYTES_EXTRA    512u /* of a token beside its header and claims */

struct label {
	const char *name;
	int64_t number;
	bool is_bytes; /* its text stands for the same bytes */
};

/* RFC 9052 section 3.1, RFC 9596 */
static const struct label header_labels[] = {
    {"alg", 1, false}, {"crit", 2, false}, {"cty", 3, false}, {"kid", 4, true}, {"typ", 16, false}};
/* RFC 8392 section 4, RFC 8747, the IETF token status list */
static const struct label claim_labels[] = {{"iss", 1, false}, {"sub", 2, false}, {"aud", 3, false},
    {"exp", 4, false}, {"nbf", 5, false}, {"iat", 6, false}, {"cti", 7, true}, {"jti", 7, true},
    {"cnf", 8, false}, {"status", 65535, false}};

struct labels {
	const struct label *list;
	size_t cnt;
};
#define LABELS(array)                                                                              \
	(struct labels)                                                                            \
	{                                                                                          \
		(array), sizeof(array) / sizeof((array)[0])                                        \
	}

/* Digits, with or without a minus, are that number. */
static bool is_number(const char *name, int64_t *number)
{
	char *end;

	if (strspn(name, "-0123456789") != strlen(name) || *name == '\0')
		return false;
	*number = strtoll(name, &end, 10);
	return *end == '\0';
}

static const struct label *find_label(struct labels labels, const char *name)
{
	for (size_t i = 0; i < labels.cnt; i++)
		if (strcmp(labels.list[i].name, name) == 0)
			return &labels.list[i];
	return NULL;
}

/* EdDSA and Ed25519 are names of numbers; what else is said is written as it is. */
static bool put_alg(struct eg_writer *w, const json_t *value)
{
	const char *name = json_string_value(value);

	if (name != NULL && strcmp(name, "EdDSA") == 0)
		token_cbor_int(w, -8);
	else if (name != NULL && strcmp(name, "Ed25519") == 0)
		token_cbor_int(w, -19);
	else
		return false;
	return true;
}

static void put_member(
    struct eg_writer *w, struct labels labels, const char *name, const json_t *value)
{
	const struct label *label = find_label(labels, name);
	int64_t number;

	if (label != NULL) {
		token_cbor_int(w, label->number);
	} else if (is_number(name, &number)) {
		token_cbor_int(w, number);
	} else {
		token_cbor_head(w, MAJOR_TEXT, strlen(name));
		eg_write_bytes(w, eg_span_str(name));
	}
	if (label != NULL && label->is_bytes && json_is_string(value))
		token_cbor_bytes(w, eg_span(json_string_value(value), json_string_length(value)));
	else if (strcmp(name, "alg") != 0 || !put_alg(w, value))
		token_cbor_json(w, value);
}

/* The map, in memory to be given to free(). */
static uint8_t *encode(const json_t *object, struct labels labels, size_t *len)
{
	json_t *walked = (json_t *)(uintptr_t)object; /* to walk it, jansson wants it so */
	char *text = json_dumps(object, JSON_COMPACT);
	size_t room = text != NULL ? 4 * strlen(text) + BYTES_EXTRA : 0;
	uint8_t *out = text != NULL ? malloc(room) : NULL;
	struct eg_writer w = eg_writer(out, room);
	json_malloc_t unused;
	json_free_t free_text;
	const char *name;
	json_t *value;

	json_get_alloc_funcs(&unused, &free_text);
	free_text(text);
	if (out == NULL)
		return NULL;
	token_cbor_head(&w, MAJOR_MAP, json_object_size(object));
	json_object_foreach(walked, name, value) put_member(&w, labels, name, value);
	*len = room - w.left;
	return out;
}

uint8_t *token_cwt_message(struct eg_span protected, struct eg_span payload, size_t *len)
{
	static const char context[] = "Signature1";
	size_t room = protected.len + payload.len + BYTES_EXTRA;
	uint8_t *out = malloc(room);
	struct eg_writer w = eg_writer(out, room);

	if (out == NULL)
		return NULL;
	token_cbor_head(&w, MAJOR_ARRAY, SIGN1_ITEMS);
	token_cbor_head(&w, MAJOR_TEXT, strlen(context));
	eg_write_bytes(&w, eg_span_str(context));
	token_cbor_bytes(&w, protected);
	token_cbor_bytes(&w, eg_span("", 0));
	token_cbor_bytes(&w, payload);
	*len = room - w.left;
	return out;
}

static char *hex_of(struct eg_span bytes)
{
	char *out = malloc(2 * bytes.len + 1);

	if (out != NULL)
		(void)sodium_bin2hex(out, 2 * bytes.len + 1, bytes.ptr, bytes.len);
	return out;
}

/* To be given to free(). */
static uint8_t *sign(
    const struct token_key *key, struct eg_span protected, struct eg_span payload, size_t *out_len)
{
	uint8_t signature[crypto_sign_BYTES];
	size_t room = protected.len + payload.len + BYTES_EXTRA, len;
	uint8_t *message = token_cwt_message(protected, payload, &len), *out = malloc(room);
	struct eg_writer w = eg_writer(out, room);

	if (message == NULL || out == NULL) {
		free(message);
		free(out);
		return NULL;
	}
	(void)crypto_sign_detached(signature, NULL, message, len, key->secret);
	free(message);
	token_cbor_head(&w, MAJOR_TAG, TAG_COSE_SIGN1);
	token_cbor_head(&w, MAJOR_ARRAY, SIGN1_ITEMS);
	token_cbor_bytes(&w, protected);
	token_cbor_head(&w, MAJOR_MAP, 0);
	token_cbor_bytes(&w, payload);
	token_cbor_bytes(&w, eg_span(signature, sizeof(signature)));
	*out_len = room - w.left;
	return out;
}

uint8_t *token_sign_cwt_payload(
    const struct token_key *key, const json_t *header, struct eg_span payload, size_t *len)
{
	size_t protected_len = 0;
	uint8_t *protected = encode(header, LABELS(header_labels), &protected_len);
	uint8_t *token = NULL;

	if (protected != NULL)
		token = sign(key, eg_span(protected, protected_len), payload, len);
	free(protected);
	return token;
}

char *token_sign_cwt(const struct token_key *key, const json_t *header, const json_t *claims)
{
	size_t payload_len = 0, len = 0;
	uint8_t *payload = encode(claims, LABELS(claim_labels), &payload_len);
	uint8_t *token = NULL;
	char *hex = NULL;

	if (payload != NULL)
		token = token_sign_cwt_payload(key, header, eg_span(payload, payload_len), &len);
	if (token != NULL)
		hex = hex_of(eg_span(token, len));
	free(token);
	free(payload);
	return hex;
}
