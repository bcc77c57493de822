/* SPDX-License-Identifier: BSD-3-Clause */
#include "plain.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static bool add_key(struct plain_issuer *issuer, json_t *jwk)
{
	struct plain_key *key = &issuer->key[issuer->key_cnt];
	const char *kid = "", *crv, *x;
	size_t len;

	if (issuer->key_cnt == PLAIN_KEYS_MAX ||
	    json_unpack(jwk, "{s:s, s:s, s?s}", "crv", &crv, "x", &x, "kid", &kid) != 0)
		return false;
	if (strcmp(crv, "Ed25519") != 0 || strlen(kid) > PLAIN_NAME_MAX ||
	    sodium_base642bin(key->public, sizeof(key->public), x, strlen(x), NULL, &len, NULL,
	        sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
	    len != sizeof(key->public))
		return false;
	(void)snprintf(key->kid, sizeof(key->kid), "%s", kid);
	issuer->key_cnt++;
	return true;
}

static bool read_jwks(struct plain_issuer *issuer, const char *path)
{
	json_error_t error;
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	json_t *keys = json_object_get(root, "keys"), *jwk;
	bool ok = json_array_size(keys) != 0;
	size_t i;

	json_array_foreach(keys, i, jwk) ok = ok && add_key(issuer, jwk);
	if (!ok)
		(void)fprintf(stderr, "plain_server: %s: %s\n", path,
		    root == NULL ? error.text : "no JWKS of 1 to 16 Ed25519 keys");
	json_decref(root);
	return ok;
}

bool plain_policy_add_issuer(struct plain_policy *policy, char *text)
{
	struct plain_issuer *issuer = &policy->issuer[policy->issuer_cnt];
	char *equals = strrchr(text, '=');

	if (equals == NULL || policy->issuer_cnt == PLAIN_ISSUERS_MAX) {
		(void)fprintf(stderr, "plain_server: --issuer URL=FILE, at most %u times\n",
		    PLAIN_ISSUERS_MAX);
		return false;
	}
	*equals = '\0';
	*issuer = (struct plain_issuer){.name = text};
	policy->issuer_cnt++;
	return read_jwks(issuer, equals + 1);
}

const struct plain_issuer *plain_policy_issuer(const struct plain_policy *policy, const char *name)
{
	for (unsigned i = 0; i < policy->issuer_cnt; i++)
		if (strcmp(policy->issuer[i].name, name) == 0)
			return &policy->issuer[i];
	return NULL;
}

const struct plain_key *plain_issuer_key(const struct plain_issuer *issuer, const char *kid)
{
	if (kid == NULL)
		return issuer->key_cnt == 1 ? &issuer->key[0] : NULL;
	for (unsigned i = 0; i < issuer->key_cnt; i++)
		if (kid[0] != '\0' && strcmp(issuer->key[i].kid, kid) == 0)
			return &issuer->key[i];
	return NULL;
}
