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

/* ── tokens ── */

enum token_fmt { TOKEN_JWT, TOKEN_CWT, TOKEN_PASETO, TOKEN_FMTS };

/* What a token is made of: claims and header members by the names that JWTs have. In a CWT names
 * with a number become that number, as do names that are digits; in a PASETO the header is the
 * footer, and times become text. */
struct token_draft {
	enum token_fmt fmt;
	const json_t *header, *claims;
	const char *implicit_assertion; /* of a PASETO; NULL: none */
};

/* The format that --fmt names, or TOKEN_FMTS. */
enum token_fmt token_fmt_by_name(const char *name);
/* alg, typ and kid as the format has them. typ NULL: its default. NULL where a text is not UTF-8.
 */
json_t *token_header(enum token_fmt fmt, const char *typ, const char *kid);
/* The token as text, a CWT as hex, to be given to free(). NULL without memory. (mint.c) */
char *token_mint(const struct token_key *key, const struct token_draft *draft);

/* base64url(header).base64url(payload).base64url(signature), to be given to free(). NULL without
 * memory. (jws.c) */
char *token_sign(const struct token_key *key, const json_t *header, const json_t *payload);
/* The same from texts that need not be JSON. */
char *token_sign_text(const struct token_key *key, struct eg_span header, struct eg_span payload);
/* "header.payload." and any signature bytes. */
char *token_join(struct eg_span header, struct eg_span payload, struct eg_span signature);

/* COSE_Sign1 with tag 18 and all of the header protected, as hex. (cwt.c) */
char *token_sign_cwt(const struct token_key *key, const json_t *header, const json_t *claims);
/* The same, as bytes, of a payload that is CBOR already. NULL without memory. */
uint8_t *token_sign_cwt_payload(
    const struct token_key *key, const json_t *header, struct eg_span payload, size_t *len);
/* What the signature of a CWT covers, to be given to free(). */
uint8_t *token_cwt_message(struct eg_span protected, struct eg_span payload, size_t *len);

#define TOKEN_PASETO_PREFIX "v4.public."
/* (paseto.c) */
char *token_sign_paseto(const struct token_key *key, const json_t *footer, const json_t *claims,
    struct eg_span implicit);
/* What the signature of a PASETO covers, to be given to free(). */
uint8_t *token_paseto_message(
    struct eg_span payload, struct eg_span footer, struct eg_span implicit, size_t *len);

/* One item, or the head of one. (cbor.c) */
void token_cbor_head(struct eg_writer *w, unsigned major, uint64_t n);
void token_cbor_int(struct eg_writer *w, int64_t n);
void token_cbor_bytes(struct eg_writer *w, struct eg_span bytes);
void token_cbor_json(struct eg_writer *w, const json_t *value);

/* The member of an array or object parameter: value parsed as any JSON. NULL with the reason. */
json_t *token_parse_json(const char *text, size_t len, const char *what, struct eg_error *err);

/* ── inspecting ── */

/* Prints a CWT or a PASETO, whatever it is, so that a terminal is safe; verifies the signature with
 * a key of the JWKS at path, where that is not NULL. Returns the exit status. */
int token_inspect_cwt(struct eg_span token, const char *path);
int token_inspect_paseto(struct eg_span token, const char *path, const char *implicit_assertion);

/* A part of base64url as JSON, or as bytes where it is none. NULL where it is no JSON. */
json_t *token_print_part(const char *title, struct eg_span text);
/* Verifies and says so; kid.ptr NULL: the token has none. */
int token_check_signature(
    const char *path, struct eg_span kid, struct eg_span message, struct eg_span signature);

/* ── the commands ── */

int token_cmd_keygen(const struct eg_cli *cli);
int token_cmd_sign(const struct eg_cli *cli);
int token_cmd_inspect(const struct eg_cli *cli);
int token_cmd_corpus(const struct eg_cli *cli);

#endif
