/* SPDX-License-Identifier: BSD-3-Clause */
#include "seen_keys.h"

#include <stdlib.h>

static int order_bytes(const void *a, const void *b)
{
	return memcmp(((const struct eg_ed25519_key *)a)->bytes,
	    ((const struct eg_ed25519_key *)b)->bytes, EG_ED25519_PUBLIC_BYTES);
}

int eg_seen_keys_init(const struct eg_seen_keys *seen, struct eg_ed25519_key *key,
    const uint8_t public[EG_ED25519_PUBLIC_BYTES], bool allow_mixed, struct eg_error *err)
{
	struct eg_ed25519_key wanted = {.table = NULL};
	const struct eg_ed25519_key *found = NULL;

	memcpy(wanted.bytes, public, sizeof(wanted.bytes));
	if (seen->cnt != 0)
		found = bsearch(&wanted, seen->key, seen->cnt, sizeof(*seen->key), order_bytes);
	/* A mixed one may have been seen where it was allowed. */
	if (found == NULL || (found->point != EG_ED25519_POINT_PRIME && !allow_mixed))
		return eg_ed25519_key_init(key, public, allow_mixed, err);
	*key = *found;
	return 0;
}

void eg_seen_keys_replace(struct eg_seen_keys *seen, const struct eg_keyset *set)
{
	uint32_t cnt = eg_keyset_key_cnt(set);

	eg_seen_keys_free(seen);
	seen->key = cnt != 0 ? calloc(cnt, sizeof(*seen->key)) : NULL;
	if (seen->key == NULL)
		return;
	for (uint32_t i = 0; i < cnt; i++) {
		seen->key[i] = eg_keyset_key_at(set, i)->ed;
		seen->key[i].table = NULL;
	}
	seen->cnt = cnt;
	qsort(seen->key, cnt, sizeof(*seen->key), order_bytes);
}

void eg_seen_keys_free(struct eg_seen_keys *seen)
{
	free(seen->key);
	*seen = (struct eg_seen_keys){0};
}
