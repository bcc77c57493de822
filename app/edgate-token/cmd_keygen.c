/* SPDX-License-Identifier: BSD-3-Clause */
#include "token.h"

#include <stdio.h>

static int make_key(const struct eg_cli *cli, struct token_key *key, struct eg_error *err)
{
	const char *kid = eg_cli_get(cli, "kid");
	const char *pem = eg_cli_get(cli, "from-pem");
	uint8_t seed[crypto_sign_SEEDBYTES];
	int rc;

	if (pem != NULL)
		return token_key_from_pem(key, pem, kid, err);
	randombytes_buf(seed, sizeof(seed));
	rc = token_key_from_seed(key, seed, kid, err);
	sodium_memzero(seed, sizeof(seed));
	return rc;
}

int token_cmd_keygen(const struct eg_cli *cli)
{
	const char *prefix = eg_cli_get(cli, "out");
	struct eg_error err = {0};
	struct token_key key;
	int rc = make_key(cli, &key, &err);

	if (prefix == NULL)
		prefix = "key";
	if (rc == 0)
		rc = token_key_save(&key, prefix, eg_cli_has(cli, "force"), &err);
	if (rc == 0)
		(void)printf("%s.private.jwk\n%s.jwks\n", prefix, prefix);
	token_key_wipe(&key);
	return rc == 0 ? EG_CLI_DONE : eg_cli_refuse(&err);
}
