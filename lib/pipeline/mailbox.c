/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_mailbox.h"

#define SLOT(i) ((i) & (EG_MAILBOX_ENTRIES - 1))

_Static_assert((EG_MAILBOX_ENTRIES & (EG_MAILBOX_ENTRIES - 1)) == 0, "a power of two");

void eg_mailbox_init(struct eg_mailbox *box)
{
	atomic_init(&box->tail, 0);
	atomic_init(&box->head, 0);
}

bool eg_mailbox_put(struct eg_mailbox *box, const struct eg_mail *mail)
{
	uint32_t tail = atomic_load_explicit(&box->tail, memory_order_relaxed);
	/* Pairs with the release in eg_mailbox_done: the worker is done with what stood there. */
	uint32_t head = atomic_load_explicit(&box->head, memory_order_acquire);

	if (tail - head == EG_MAILBOX_ENTRIES)
		return false;
	box->entry[SLOT(tail)] = *mail;
	/* Pairs with the acquire in eg_mailbox_look. */
	atomic_store_explicit(&box->tail, tail + 1, memory_order_release);
	return true;
}

unsigned eg_mailbox_look(const struct eg_mailbox *box, const struct eg_mail **first, unsigned max)
{
	uint32_t head = atomic_load_explicit(&box->head, memory_order_relaxed);
	/* Pairs with the release in eg_mailbox_put: the entries are whole. */
	uint32_t cnt = atomic_load_explicit(&box->tail, memory_order_acquire) - head;
	uint32_t to_end = EG_MAILBOX_ENTRIES - SLOT(head);

	*first = &box->entry[SLOT(head)];
	if (cnt > to_end)
		cnt = to_end;
	return cnt < max ? cnt : max;
}

void eg_mailbox_done(struct eg_mailbox *box, unsigned cnt)
{
	uint32_t head = atomic_load_explicit(&box->head, memory_order_relaxed);

	/* Pairs with the acquires in eg_mailbox_put and eg_mailbox_has_passed. */
	atomic_store_explicit(&box->head, head + cnt, memory_order_release);
}

bool eg_mailbox_is_empty(const struct eg_mailbox *box)
{
	return atomic_load_explicit(&box->tail, memory_order_relaxed) ==
	       atomic_load_explicit(&box->head, memory_order_relaxed);
}

uint32_t eg_mailbox_sent(const struct eg_mailbox *box)
{
	return atomic_load_explicit(&box->tail, memory_order_relaxed);
}

bool eg_mailbox_has_passed(const struct eg_mailbox *box, uint32_t sent)
{
	/* Pairs with the release in eg_mailbox_done: what the worker read before is read. */
	uint32_t head = atomic_load_explicit(&box->head, memory_order_acquire);

	/* At most a whole ring is on its way; a head beyond `sent` makes this number large. */
	return sent - head - 1 >= EG_MAILBOX_ENTRIES;
}
