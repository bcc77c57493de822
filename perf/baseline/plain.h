/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * plain_server: what edgate is compared with. The server that a good engineer writes in two days
 * with what everybody has: a kernel socket, libsodium, jansson.
 *
 *   recvmmsg of up to 64 ─▶ each record: base64url, JSON, claims, signature ─▶ sendmmsg
 *
 * It speaks EGT/1 and gives the same statuses for JWTs as edgate does, by the same rules in the
 * same order (docs/protocol.md section 2). What it leaves out: revocation (a token that names a
 * status list is STATUS_UNKNOWN), CWT and PASETO (UNSUPPORTED), exact decimal times (it reads
 * doubles), the limits on JSON's depth and members. All of that would make it slower.
 *
 * Of edgate it uses lib/proto alone, the shapes of frames. It is not part of the product. One
 * thread; a token costs it some allocations, as JSON libraries do.
 */
#ifndef PLAIN_H
#define PLAIN_H

#include "eg_egt.h"

#include <sodium.h>

#define PLAIN_ISSUERS_MAX   16u
#define PLAIN_KEYS_MAX      16u /* of an issuer */
#define PLAIN_AUDIENCES_MAX 16u
#define PLAIN_NAME_MAX      255u
#define PLAIN_TOKEN_MAX     4096u
#define PLAIN_HEADER_MAX    1024u
#define PLAIN_POLICY        1u /* the one policy, and the default */

struct plain_key {
	char kid[PLAIN_NAME_MAX + 1]; /* "": the JWKS names none */
	uint8_t public[crypto_sign_PUBLICKEYBYTES];
};

struct plain_issuer {
	const char *name;
	unsigned key_cnt;
	struct plain_key key[PLAIN_KEYS_MAX];
};

/* What may pass. Filled at the start, then read. */
struct plain_policy {
	unsigned issuer_cnt, audience_cnt;
	struct plain_issuer issuer[PLAIN_ISSUERS_MAX];
	const char *audience[PLAIN_AUDIENCES_MAX];
};

/* ── plain_keys.c ── */

/* Adds an issuer from "URL=FILE", FILE a JWKS. The text must outlive the policy; it is cut at the
 * last '='. False after a message on stderr. */
bool plain_policy_add_issuer(struct plain_policy *policy, char *text);

/* NULL where the policy has no such issuer. */
const struct plain_issuer *plain_policy_issuer(const struct plain_policy *policy, const char *name);

/* NULL where the issuer has no such key. Without a kid (NULL) only the one key of an issuer that
 * has one. */
const struct plain_key *plain_issuer_key(const struct plain_issuer *issuer, const char *kid);

/* ── plain_token.c ── */

/* The verdict on one record at a time in seconds since 1970; flags are the request's. */
struct eg_egt_answer plain_judge(const struct plain_policy *policy,
    const struct eg_egt_record *record, uint8_t flags, double now_s);

#endif
