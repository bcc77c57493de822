/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_snapshot.h"

#include <stdlib.h>

struct eg_snapshot *eg_snapshot_new(const struct eg_hash_key *hash_key)
{
	struct eg_snapshot *snap = calloc(1, sizeof(*snap));

	if (snap == NULL)
		return NULL;
	snap->default_policy = UINT32_MAX;
	snap->keys = eg_keyset_new(hash_key);
	if (snap->keys == NULL) {
		free(snap);
		return NULL;
	}
	return snap;
}

void eg_snapshot_free(struct eg_snapshot *snap)
{
	if (snap == NULL)
		return;
	for (uint32_t i = 0; i < snap->list_cnt; i++)
		free((void *)(uintptr_t)snap->list[i].uri.ptr);
	free(snap->list);
	free(snap->policy);
	free(snap->issuer_hash);
	eg_keyset_free(snap->keys);
	free(snap);
}

/* Room for one more; capacity doubles whenever the count reaches a power of two. */
static void *grow(void *array, uint32_t cnt, size_t elem_bytes)
{
	if (cnt != 0 && (cnt & (cnt - 1)) != 0)
		return array;
	return reallocarray(array, cnt == 0 ? 1 : 2 * (size_t)cnt, elem_bytes);
}

int eg_snapshot_add_policy(
    struct eg_snapshot *snap, const struct eg_policy *policy, struct eg_error *err)
{
	struct eg_policy *array = grow(snap->policy, snap->policy_cnt, sizeof(*array));

	if (array == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for policy %u", policy->id);
	snap->policy = array;
	array[snap->policy_cnt++] = *policy;
	return 0;
}

int eg_snapshot_add_list(struct eg_snapshot *snap, const struct eg_list *list, struct eg_error *err)
{
	struct eg_list *array = grow(snap->list, snap->list_cnt, sizeof(*array));
	uint8_t *uri;

	if (array != NULL)
		snap->list = array;
	uri = malloc(list->uri.len + 1);
	if (array == NULL || uri == NULL) {
		free(uri);
		return eg_error_set(err, EG_ENOMEM, "no memory for a status list");
	}
	if (list->uri.len != 0)
		memcpy(uri, list->uri.ptr, list->uri.len);
	array[snap->list_cnt] = *list;
	array[snap->list_cnt++].uri = eg_span(uri, list->uri.len);
	return 0;
}

static int order_u32(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int order_span(struct eg_span a, struct eg_span b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int d = n != 0 ? memcmp(a.ptr, b.ptr, n) : 0;

	return d != 0 ? d : (a.len > b.len) - (a.len < b.len);
}

static int order_policy(const void *a, const void *b)
{
	return order_u32(((const struct eg_policy *)a)->id, ((const struct eg_policy *)b)->id);
}

static int order_list(const void *pa, const void *pb)
{
	const struct eg_list *a = pa, *b = pb;
	int d = order_u32(a->issuer_slot, b->issuer_slot);

	return d != 0 ? d : order_span(a->uri, b->uri);
}

static int refuse_duplicates(const struct eg_snapshot *snap, struct eg_error *err)
{
	for (uint32_t i = 1; i < snap->policy_cnt; i++) {
		if (order_policy(&snap->policy[i - 1], &snap->policy[i]) == 0)
			return eg_error_set(
			    err, EG_EEXIST, "policy %u stands twice", snap->policy[i].id);
	}
	for (uint32_t i = 1; i < snap->list_cnt; i++) {
		if (order_list(&snap->list[i - 1], &snap->list[i]) == 0)
			return eg_error_set(err, EG_EEXIST, "status list %.*s stands twice",
			    (int)snap->list[i].uri.len, (const char *)snap->list[i].uri.ptr);
	}
	return 0;
}

static void bind_issuers(const struct eg_keyset *keys, struct eg_policy *policy)
{
	for (unsigned i = 0; i < policy->issuer_cnt; i++) {
		uint32_t slot = eg_keyset_find_issuer(keys, eg_policy_span(&policy->issuer[i]));

		policy->issuer_slot[i] = slot != UINT32_MAX ? slot : EG_POLICY_NO_SLOT;
	}
}

static uint32_t find_policy(const struct eg_snapshot *snap, uint32_t id)
{
	uint32_t lo = 0, hi = snap->policy_cnt;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (snap->policy[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < snap->policy_cnt && snap->policy[lo].id == id ? lo : UINT32_MAX;
}

static int pick_default(struct eg_snapshot *snap, uint32_t id, struct eg_error *err)
{
	snap->default_policy = id != 0 ? find_policy(snap, id) : UINT32_MAX;
	if (id != 0 && snap->default_policy == UINT32_MAX)
		return eg_error_set(err, EG_ENOENT, "the default policy %u does not exist", id);
	return 0;
}

static int hash_issuers(struct eg_snapshot *snap, struct eg_error *err)
{
	uint32_t cnt = eg_keyset_issuer_cnt(snap->keys);

	if (cnt == 0)
		return 0;
	snap->issuer_hash = calloc(cnt, sizeof(*snap->issuer_hash));
	if (snap->issuer_hash == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for the issuers of a snapshot");
	for (uint32_t slot = 0; slot < cnt; slot++)
		snap->issuer_hash[slot] =
		    eg_revoke_hash(&eg_keyset_issuer(snap->keys, slot)->hash_key, EG_REVOKE_ISSUER,
		        eg_span(NULL, 0));
	return 0;
}

static void mark_lists(struct eg_snapshot *snap)
{
	for (uint32_t i = 0; i < snap->list_cnt; i++) {
		struct eg_list *list = &snap->list[i];
		const struct eg_issuer *issuer;

		if (list->issuer_slot >= eg_keyset_issuer_cnt(snap->keys))
			continue; /* nobody can name it */
		issuer = eg_keyset_issuer(snap->keys, list->issuer_slot);
		list->mark = eg_hash128(&issuer->hash_key, list->uri).lo;
	}
}

int eg_snapshot_seal(struct eg_snapshot *snap, uint32_t default_policy_id, struct eg_error *err)
{
	int rc;

	if (snap->policy_cnt != 0)
		qsort(snap->policy, snap->policy_cnt, sizeof(*snap->policy), order_policy);
	if (snap->list_cnt != 0)
		qsort(snap->list, snap->list_cnt, sizeof(*snap->list), order_list);
	rc = refuse_duplicates(snap, err);
	if (rc != 0)
		return rc;
	mark_lists(snap);
	for (uint32_t i = 0; i < snap->policy_cnt; i++)
		bind_issuers(snap->keys, &snap->policy[i]);
	rc = pick_default(snap, default_policy_id, err);
	return rc == 0 ? hash_issuers(snap, err) : rc;
}

/* NULL without memory; never for nothing. */
static void *copy_array(const void *from, uint32_t cnt, size_t elem_bytes)
{
	void *to = calloc((size_t)cnt + 1, elem_bytes);

	if (to != NULL && cnt != 0)
		memcpy(to, from, cnt * elem_bytes);
	return to;
}

static bool copy_lists(struct eg_snapshot *to, const struct eg_snapshot *from)
{
	to->list = copy_array(from->list, from->list_cnt, sizeof(*from->list));
	for (uint32_t i = 0; to->list != NULL && i < from->list_cnt; i++) {
		struct eg_span uri = from->list[i].uri;
		uint8_t *own = copy_array(uri.ptr, (uint32_t)uri.len, 1);

		to->list[i].uri = eg_span(own, uri.len);
		to->list_cnt = i + 1;
		if (own == NULL)
			return false;
	}
	return to->list != NULL;
}

int eg_snapshot_copy(const struct eg_snapshot *snap, struct eg_snapshot **out, struct eg_error *err)
{
	struct eg_snapshot *copy = calloc(1, sizeof(*copy));

	*out = copy;
	if (copy != NULL) {
		copy->epoch = snap->epoch;
		copy->newest_event_s = snap->newest_event_s;
		copy->policy_cnt = snap->policy_cnt;
		copy->default_policy = snap->default_policy;
		copy->keys = eg_keyset_copy(snap->keys);
		copy->policy = copy_array(snap->policy, snap->policy_cnt, sizeof(*snap->policy));
		copy->issuer_hash = copy_array(snap->issuer_hash, eg_keyset_issuer_cnt(snap->keys),
		    sizeof(*snap->issuer_hash));
		if (copy_lists(copy, snap) && copy->keys != NULL && copy->policy != NULL &&
		    copy->issuer_hash != NULL)
			return 0;
	}
	eg_snapshot_free(copy);
	*out = NULL;
	return eg_error_set(err, EG_ENOMEM, "no memory for a copy of the snapshot");
}

const struct eg_policy *eg_snapshot_policy(const struct eg_snapshot *snap, uint32_t id)
{
	uint32_t i = id == 0 ? snap->default_policy : find_policy(snap, id);

	return i != UINT32_MAX ? &snap->policy[i] : NULL;
}

const struct eg_list *eg_snapshot_list(
    const struct eg_snapshot *snap, uint32_t issuer_slot, struct eg_span uri)
{
	const struct eg_list key = {.issuer_slot = issuer_slot, .uri = uri};

	if (snap->list_cnt == 0)
		return NULL;
	return bsearch(&key, snap->list, snap->list_cnt, sizeof(key), order_list);
}
