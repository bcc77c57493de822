/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Older schemas. Each is read as it is, and becomes the newest when a program that may write opens
 * the store.
 *
 *   1  edgate 0.1   revoked values in plain text, a row each (schema1.h)
 *   2  edgate 0.2   rows of meta, issuer, key and list without a checksum
 *   3               with one (sealed.h)
 *
 * Threads: [control].
 */
#ifndef EG_STATE_UPGRADE_H
#define EG_STATE_UPGRADE_H

#include "store.h"

/* One transaction: all of it, or nothing. Of two programs at once, the second finds it done. */
int eg_upgrade(struct eg_state *st, struct eg_error *err);

#endif
