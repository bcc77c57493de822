/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tables deny and cutoff: revoked values, folded from the log at a checkpoint. The two have one
 * shape and differ in what may be forgotten: a denied id after its exp, a cutoff never.
 */
#ifndef EG_STATE_ENTRY_H
#define EG_STATE_ENTRY_H

#include "event.h"

struct eg_entry {
	enum eg_revoke_kind kind;
	struct eg_span issuer, value;
	uint64_t until_s; /* exp of a denied id, last refused iat of a cutoff */
};

/* False: the event revokes no value. */
bool eg_entry_of_event(const Eg__Pb__Event *event, struct eg_entry *entry);
/* The later until_s wins. */
int eg_entry_save(struct eg_db *db, const struct eg_entry *entry, struct eg_error *err);
/* Both tables. */
int eg_entry_each(struct eg_db *db,
    int (*visit)(void *ctx, const struct eg_entry *entry, struct eg_error *err), void *ctx,
    struct eg_error *err);
/* Drops denied ids whose exp lies more than EG_REVOKE_GRACE_S before now_s. */
int eg_entry_expire(struct eg_db *db, uint64_t now_s, struct eg_error *err);

#endif
