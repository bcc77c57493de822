/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The keys of the last snapshot, so that the next one need not look again at what kind of point
 * each key is: that costs 0.2 ms a key, and control follows no revocation meanwhile. Private to
 * lib/state. [control]; allocates.
 */
#ifndef EG_STATE_SEEN_KEYS_H
#define EG_STATE_SEEN_KEYS_H

#include "eg_keyset.h"

struct eg_seen_keys {
	struct eg_ed25519_key *key; /* sorted by their bytes, without tables; NULL: none */
	uint32_t cnt;
};

/* As eg_ed25519_key_init, which it asks about keys that it has not seen. */
int eg_seen_keys_init(const struct eg_seen_keys *seen, struct eg_ed25519_key *key,
    const uint8_t public[EG_ED25519_PUBLIC_BYTES], bool allow_mixed, struct eg_error *err);
/* From now on the keys of this set are those seen; without memory, none are. */
void eg_seen_keys_replace(struct eg_seen_keys *seen, const struct eg_keyset *set);
void eg_seen_keys_free(struct eg_seen_keys *seen);

#endif
