/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * edgate-token: what its commands share. Private keys live in struct token_key and in jansson
 * values, whose memory is wiped when it is freed (secret.c); nothing else keeps a copy.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include "eg_cli.h"

#include <jansson.h>
#include <sodium.h>

#define TOKEN_FILE_MAX 262144u
#define TOKEN_KID_MAX  255u

/* ── keys (key.c) ── */

struct token_key {
	char kid[TOKEN_KID_MAX + 1];
	uint8_t public[crypto_sign_PUBLICKEYBYTES];
	uint8_t secret[crypto_sign_SECRETKEYBYTES]; /* seed ‖ public */
};

/* kid NULL: the RFC 7638 thumbprint. */
int token_key_from_seed(struct token_key *key, const uint8_t seed[crypto_sign_SEEDBYTES],
    const char *kid, struct eg_error *err);
/* An OpenSSL PKCS#8 private key of Ed25519, nothing else. */
int token_key_from_pem(
    struct token_key *key, const char *path, const char *kid, struct eg_error *err);
/* A private JWK, as keygen writes it. */
int token_key_load(struct token_key *key, const char *path, struct eg_error *err);
/* PREFIX.private.jwk (mode 0600) and PREFIX.jwks. An existing private key is replaced only with
 * force. */
int token_key_save(
    const struct token_key *key, const char *prefix, bool force, struct eg_error *err);
void token_key_wipe(struct token_key *key);

/* ── files and memory (secret.c) ── */

/* jansson from here on wipes what it frees. Call before anything else. */
int token_init(struct eg_error *err);
/* A new file with the text and a newline; an existing one is refused. */
int token_write_file(const char *path, const char *text, unsigned mode, struct eg_error *err);

/* ── tokens (jws.c) ── */

/* base64url(header).base64url(payload).base64url(signature), to be given to free(). NULL without
 * memory. */
char *token_sign(const struct token_key *key, const json_t *header, const json_t *payload);
/* The same from texts that need not be JSON. */
char *token_sign_text(const struct token_key *key, struct eg_span header, struct eg_span payload);
/* "header.payload." and any signature bytes. */
char *token_join(struct eg_span header, struct eg_span payload, struct eg_span signature);

/* The member of an array or object parameter: value parsed as any JSON. NULL with the reason. */
json_t *token_parse_json(const char *text, size_t len, const char *what, struct eg_error *err);

/* ── the commands ── */

int token_cmd_keygen(const struct eg_cli *cli);
int token_cmd_sign(const struct eg_cli *cli);
int token_cmd_inspect(const struct eg_cli *cli);
int token_cmd_corpus(const struct eg_cli *cli);

#endif
