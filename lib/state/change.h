/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frame of every change:
 *
 *   eg_change_begin   BEGIN IMMEDIATE, takes the next sequence
 *   …                 checks and rows, by the change itself
 *   eg_change_log     its event and its line in the audit
 *   eg_change_end     COMMIT, or ROLLBACK where anything failed; then folds the log where it is
 * long
 *
 * Threads: [control].
 */
#ifndef EG_STATE_CHANGE_H
#define EG_STATE_CHANGE_H

#include "event.h"

struct eg_change {
	struct eg_state *st;
	struct eg_error *err;
	struct eg_meta meta; /* sequence is this change's own */
	uint64_t utc_ns;
};

int eg_change_begin(struct eg_change *c, struct eg_state *st, int64_t utc_ns, struct eg_error *err);
/* Sets the event's time. The words say what was done, never a token. */
__attribute__((format(printf, 3, 4))) int eg_change_log(
    struct eg_change *c, Eg__Pb__Event *event, const char *words, ...);
/* One more event of the same transaction: takes the sequence behind the last. */
int eg_change_next(struct eg_change *c);
int eg_change_end(struct eg_change *c, int rc, uint64_t *epoch);

/* -EG_EINVAL where the name is empty or longer than max. */
int eg_change_check_name(
    const struct eg_change *c, const char *what, struct eg_span name, size_t max);
/* Row id of an issuer that is present; -EG_ENOENT with the remedy. */
int eg_change_find_issuer(const struct eg_change *c, struct eg_span issuer, uint64_t *id);
/* -EG_ENOENT with the remedy. The row is st->lists'. */
int eg_change_find_list(const struct eg_change *c, struct eg_span uri, struct eg_list_row **list);

/* Folds the log up to meta's sequence into the tables and trims it. One transaction of its own. */
int eg_checkpoint(struct eg_state *st, struct eg_error *err);

#endif
