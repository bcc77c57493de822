/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_keyset.h"

#include <stdlib.h>

struct eg_keyset {
	struct eg_hash_key hash_key;
	struct eg_issuer *issuer;
	struct eg_key *key; /* of all issuers, one issuer's together */
	uint32_t issuer_cnt, issuer_room;
	uint32_t key_cnt, key_room;
};

struct eg_keyset *eg_keyset_new(const struct eg_hash_key *hash_key)
{
	struct eg_keyset *set = calloc(1, sizeof(*set));

	if (set != NULL)
		set->hash_key = *hash_key;
	return set;
}

void eg_keyset_free(struct eg_keyset *set)
{
	if (set == NULL)
		return;
	for (uint32_t i = 0; i < set->issuer_cnt; i++)
		free((void *)set->issuer[i].name.ptr);
	for (uint32_t i = 0; i < set->key_cnt; i++)
		free((void *)set->key[i].kid.ptr);
	free(set->issuer);
	free(set->key);
	free(set);
}

/* Makes room for one more of `size` bytes. False without memory: the array is as it was. */
static bool make_room(void **array, uint32_t cnt, uint32_t *room, size_t size)
{
	uint32_t wanted = *room != 0 ? *room * 2 : 8;
	void *larger;

	if (cnt < *room)
		return true;
	larger = realloc(*array, wanted * size);
	if (larger == NULL)
		return false;
	*array = larger;
	*room = wanted;
	return true;
}

/* A copy with memory of its own, also of an empty span. ptr NULL without memory. */
static struct eg_span copy_of(struct eg_span s)
{
	uint8_t *ptr = malloc(s.len + 1);

	if (ptr != NULL && s.len != 0)
		memcpy(ptr, s.ptr, s.len);
	return eg_span(ptr, s.len);
}

static int no_memory(struct eg_error *err)
{
	return eg_error_set(err, EG_ENOMEM, "no memory for the key set");
}

static int check_issuer(const struct eg_keyset *set, struct eg_span name, struct eg_error *err)
{
	if (name.len > EG_KEYSET_NAME_MAX)
		return eg_error_set(
		    err, EG_ELIMIT, "issuer: name of more than %u bytes", EG_KEYSET_NAME_MAX);
	if (set->issuer_cnt == EG_KEYSET_ISSUERS_MAX)
		return eg_error_set(err, EG_ELIMIT, "more than %u issuers", EG_KEYSET_ISSUERS_MAX);
	if (eg_keyset_find_issuer(set, name) != UINT32_MAX)
		return eg_error_set(err, EG_EEXIST, "issuer %.*s: stands twice", (int)name.len,
		    (const char *)name.ptr);
	return 0;
}

int eg_keyset_add_issuer(
    struct eg_keyset *set, struct eg_span name, uint32_t *slot, struct eg_error *err)
{
	void *array = set->issuer;
	int rc = check_issuer(set, name, err);
	struct eg_span copy;

	if (rc != 0)
		return rc;
	if (!make_room(&array, set->issuer_cnt, &set->issuer_room, sizeof(*set->issuer)))
		return no_memory(err);
	set->issuer = array;
	copy = copy_of(name);
	if (copy.ptr == NULL)
		return no_memory(err);
	*slot = set->issuer_cnt++;
	set->issuer[*slot] = (struct eg_issuer){
	    .name = copy,
	    .hash_key = eg_hash_derive(&set->hash_key, name),
	    .first_key = set->key_cnt,
	};
	return 0;
}

static const struct eg_key *find_kid(
    const struct eg_keyset *set, const struct eg_issuer *iss, bool has_kid, struct eg_span kid)
{
	for (uint32_t i = 0; i < iss->key_cnt; i++) {
		const struct eg_key *key = eg_keyset_key(set, iss, i);

		if (key->has_kid == has_kid && (!has_kid || eg_span_eq(key->kid, kid)))
			return key;
	}
	return NULL;
}

static int refuse_second(
    const struct eg_issuer *iss, const struct eg_key *key, struct eg_error *err)
{
	const int len = (int)iss->name.len;
	const char *const name = (const char *)iss->name.ptr;

	if (!key->has_kid)
		return eg_error_set(
		    err, EG_EEXIST, "two keys of issuer %.*s have no kid", len, name);
	return eg_error_set(err, EG_EEXIST, "the kid %.*s stands twice at issuer %.*s",
	    (int)key->kid.len, (const char *)key->kid.ptr, len, name);
}

static int check_key(
    const struct eg_keyset *set, uint32_t slot, const struct eg_key *key, struct eg_error *err)
{
	if (set->issuer_cnt == 0 || slot != set->issuer_cnt - 1)
		return eg_error_set(err, EG_EINVAL, "keys go to the issuer that was added last");
	if (key->has_kid && key->kid.len > EG_KEYSET_NAME_MAX)
		return eg_error_set(
		    err, EG_ELIMIT, "kid of more than %u bytes", EG_KEYSET_NAME_MAX);
	if (set->issuer[slot].key_cnt == EG_KEYSET_KEYS_MAX)
		return eg_error_set(
		    err, EG_ELIMIT, "more than %u keys of one issuer", EG_KEYSET_KEYS_MAX);
	if (find_kid(set, &set->issuer[slot], key->has_kid, key->kid) != NULL)
		return refuse_second(&set->issuer[slot], key, err);
	return 0;
}

int eg_keyset_add_key(
    struct eg_keyset *set, uint32_t slot, const struct eg_key *key, struct eg_error *err)
{
	void *array = set->key;
	int rc = check_key(set, slot, key, err);
	struct eg_span kid;

	if (rc != 0)
		return rc;
	if (!make_room(&array, set->key_cnt, &set->key_room, sizeof(*set->key)))
		return no_memory(err);
	set->key = array;
	kid = copy_of(key->has_kid ? key->kid : eg_span(NULL, 0));
	if (kid.ptr == NULL)
		return no_memory(err);
	set->key[set->key_cnt] = *key;
	set->key[set->key_cnt].kid = kid;
	set->key_cnt++;
	set->issuer[slot].key_cnt++;
	return 0;
}

void eg_keyset_bind(
    struct eg_keyset *set, uint32_t i, const struct eg_ed25519_table *table, uint32_t stats_slot)
{
	set->key[i].ed.table = table;
	set->key[i].stats_slot = stats_slot;
}

/* Arrays of their own; room for one more than needed, so that nothing is of no bytes. */
static bool copy_arrays(struct eg_keyset *to, const struct eg_keyset *from)
{
	to->issuer = calloc((size_t)from->issuer_cnt + 1, sizeof(*to->issuer));
	to->key = calloc((size_t)from->key_cnt + 1, sizeof(*to->key));
	if (to->issuer == NULL || to->key == NULL)
		return false;
	to->issuer_room = from->issuer_cnt + 1;
	to->key_room = from->key_cnt + 1;
	return true;
}

struct eg_keyset *eg_keyset_copy(const struct eg_keyset *set)
{
	struct eg_keyset *copy = eg_keyset_new(&set->hash_key);
	bool whole = copy != NULL && copy_arrays(copy, set);

	for (uint32_t i = 0; whole && i < set->issuer_cnt; i++) {
		copy->issuer[i] = set->issuer[i];
		copy->issuer[i].name = copy_of(set->issuer[i].name);
		copy->issuer_cnt++;
		whole = copy->issuer[i].name.ptr != NULL;
	}
	for (uint32_t i = 0; whole && i < set->key_cnt; i++) {
		copy->key[i] = set->key[i];
		copy->key[i].kid = copy_of(set->key[i].kid);
		copy->key_cnt++;
		whole = copy->key[i].kid.ptr != NULL;
	}
	if (whole)
		return copy;
	eg_keyset_free(copy);
	return NULL;
}

uint32_t eg_keyset_issuer_cnt(const struct eg_keyset *set)
{
	return set->issuer_cnt;
}

const struct eg_issuer *eg_keyset_issuer(const struct eg_keyset *set, uint32_t slot)
{
	return &set->issuer[slot];
}

uint32_t eg_keyset_find_issuer(const struct eg_keyset *set, struct eg_span name)
{
	for (uint32_t i = 0; i < set->issuer_cnt; i++)
		if (eg_span_eq(set->issuer[i].name, name))
			return i;
	return UINT32_MAX;
}

const struct eg_key *eg_keyset_key(
    const struct eg_keyset *set, const struct eg_issuer *iss, uint32_t i)
{
	return &set->key[iss->first_key + i];
}

const struct eg_key *eg_keyset_find(
    const struct eg_keyset *set, uint32_t slot, bool has_kid, struct eg_span kid)
{
	const struct eg_issuer *iss = &set->issuer[slot];

	if (has_kid)
		return find_kid(set, iss, true, kid);
	return iss->key_cnt == 1 ? eg_keyset_key(set, iss, 0) : NULL;
}

uint32_t eg_keyset_key_cnt(const struct eg_keyset *set)
{
	return set->key_cnt;
}

const struct eg_key *eg_keyset_key_at(const struct eg_keyset *set, uint32_t i)
{
	return &set->key[i];
}
