/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one way from control to a worker: a bounded ring, strictly in log order, one writer (control)
 * and one reader (the worker). Operations on shards, snapshot swaps, the signature engine and
 * epochs travel in it, so that a worker that has read epoch N has taken everything up to N. Threads
 * as marked; fixed size, no allocation.
 */
#ifndef EG_MAILBOX_H
#define EG_MAILBOX_H

#include "eg_revoke.h"
#include "eg_snapshot.h"

#define EG_MAILBOX_ENTRIES 4096u /* a power of two */

enum eg_mail_kind { EG_MAIL_OP, EG_MAIL_SNAPSHOT, EG_MAIL_ENGINE, EG_MAIL_EPOCH };

struct eg_mail {
	enum eg_mail_kind kind;
	union {
		struct eg_revoke_op op;
		const struct eg_snapshot *snapshot; /* control frees it, after all have passed it */
		const struct eg_ed25519_impl *engine; /* from now on, for good */
		uint64_t epoch;
	};
};

struct eg_mailbox {
	/* tail: control release-stores after the entry, the worker acquire-loads.
	 * head: the worker release-stores after applying, control acquire-loads. */
	_Alignas(EG_CACHE_LINE_BYTES) _Atomic uint32_t tail;
	_Alignas(EG_CACHE_LINE_BYTES) _Atomic uint32_t head;
	_Alignas(EG_CACHE_LINE_BYTES) struct eg_mail entry[EG_MAILBOX_ENTRIES];
};

void eg_mailbox_init(struct eg_mailbox *box);
/* [control] False where it is full: try again later. */
bool eg_mailbox_put(struct eg_mailbox *box, const struct eg_mail *mail);
/* [control] How many entries were put in so far (mod 2^32). */
uint32_t eg_mailbox_sent(const struct eg_mailbox *box);
/* [control] Is the worker done with the first `sent` of them (acquire: control sees its effect)?
 * Then it reads nothing any more that an entry among them replaced. */
bool eg_mailbox_has_passed(const struct eg_mailbox *box, uint32_t sent);
/* [worker] The oldest entries in place, as many as lie side by side (at most max); 0 where it is
 * empty. They stay until eg_mailbox_done. */
unsigned eg_mailbox_look(const struct eg_mailbox *box, const struct eg_mail **first, unsigned max);
/* [worker] The oldest cnt entries were taken, and what they ask for is done: what they replace is
 * not in use. */
void eg_mailbox_done(struct eg_mailbox *box, unsigned cnt);
/* [worker] Anything there? One load. */
bool eg_mailbox_is_empty(const struct eg_mailbox *box);

#endif
