/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Status lists as others publish them, to bytes as eg_bitmap has them:
 *
 *   JWT, CWT   IETF Token Status List, draft 21: typ statuslist+jwt / statuslist+cwt, zlib
 *   W3C        Bitstring Status List 1.0, gzip, the most significant bit first, one bit for each
 *              entry: the credential as a JWT (verified), or as JSON, whose proof is not looked at:
 *              taken alone where the caller says so, who answers for it
 *   raw        the bytes themselves, without any statement about them
 *
 *   file ─▶ envelope ─▶ key of the issuer, signature ─▶ claims ─▶ inflate, at most the list's bytes
 *
 * Every byte of a file is hostile, also when a key has signed it. Threads: [control]; allocates.
 */
#ifndef EG_STATE_STATUSLIST_H
#define EG_STATE_STATUSLIST_H

#include "eg_envelope.h"
#include "eg_json.h"
#include "eg_keyset.h"
#include "eg_state.h"
#include "inflate.h"

/* What the list must be. */
struct eg_statuslist_want {
	struct eg_span uri, issuer;
	unsigned bits;
	uint32_t entries;
	const struct eg_keyset *keys;
	uint32_t issuer_slot; /* in keys */
	uint64_t now_s;
	bool allow_unsigned; /* a W3C credential as JSON, whose proof nobody checks */
};

struct eg_statuslist {
	uint64_t iat_s;         /* rounded down; 0: raw */
	uint64_t exp_s, ttl_s;  /* 0: none */
	struct eg_inflated raw; /* at most the bytes of want; bits behind `entries` are zero */
	bool is_signed;         /* by a key of the issuer */
	uint32_t entries;       /* of which it speaks: at most want's */
};

/* -EG_EINVAL, -EG_EPERM (key or signature), -EG_ELIMIT or -EG_ENOMEM with the reason; then there is
 * nothing to free. Else the caller frees out->raw.bytes. */
int eg_statuslist_read(enum eg_list_form form, struct eg_span file,
    const struct eg_statuslist_want *want, struct eg_statuslist *out, struct eg_error *err);

/* ── between its files ── */

/* What a list of any form says, before it is inflated; spans point into the payload or
 * the arena. */
struct eg_statuslist_claims {
	bool has_sub, has_iss, has_iat, has_nbf, has_exp, has_ttl, has_list;
	struct eg_span sub, iss;
	int64_t iat_s, nbf_s, exp_s, ttl_s;
	uint64_t bits;
	struct eg_span packed;      /* compressed bytes */
	uint8_t *decoded;           /* where those are, to be freed; or NULL */
	struct eg_json_arena arena; /* room for unescaped text, as much as the payload has */
};

/* The claims of an IETF list into `out`, of which the caller has set the arena alone. -EG_EINVAL
 * names the member. */
int eg_statuslist_claims_jwt(
    struct eg_span payload, struct eg_statuslist_claims *out, struct eg_error *err);
int eg_statuslist_claims_cwt(
    struct eg_span payload, struct eg_statuslist_claims *out, struct eg_error *err);
/* Of a W3C credential, as the payload of a JWT or alone. */
int eg_statuslist_claims_w3c(
    struct eg_span payload, struct eg_statuslist_claims *out, struct eg_error *err);

/* "MEMBER must be WHAT". */
int eg_statuslist_fault(const char *member, const char *what, struct eg_error *err);
/* base64url into memory of its own, as claims->packed. */
int eg_statuslist_unpack_text(const struct eg_json_value *text, size_t skip, const char *member,
    struct eg_statuslist_claims *claims, struct eg_error *err);

#endif
