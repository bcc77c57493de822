/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys that were seen are not looked at again, and what was refused stays refused. */
#include "eg_test.h"

#include "seen_keys.h"

#include <sodium.h>

static const uint8_t order8[32] = {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
    0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02,
    0x88, 0x6d, 0x53, 0xfc, 0x05};

static const struct eg_hash_key hash_key = {{1}};
static unsigned looked;

int __real_eg_ed25519_key_init(struct eg_ed25519_key *key,
    const uint8_t public[EG_ED25519_PUBLIC_BYTES], bool allow_mixed, struct eg_error *err);
int __wrap_eg_ed25519_key_init(struct eg_ed25519_key *key,
    const uint8_t public[EG_ED25519_PUBLIC_BYTES], bool allow_mixed, struct eg_error *err);

int __wrap_eg_ed25519_key_init(struct eg_ed25519_key *key,
    const uint8_t public[EG_ED25519_PUBLIC_BYTES], bool allow_mixed, struct eg_error *err)
{
	looked++;
	return __real_eg_ed25519_key_init(key, public, allow_mixed, err);
}

static void make_public(uint8_t public[32], int n)
{
	uint8_t secret[64], seed[32];

	memset(seed, n, sizeof(seed));
	assert_int_equal(crypto_sign_seed_keypair(public, secret, seed), 0);
}

static void add(const struct eg_seen_keys *seen, struct eg_keyset *set, const uint8_t *public)
{
	static char kid[8];
	struct eg_key key = {.has_kid = true};

	(void)snprintf(kid, sizeof(kid), "%u", eg_keyset_key_cnt(set));
	key.kid = eg_span_str(kid);
	assert_int_equal(eg_seen_keys_init(seen, &key.ed, public, true, NULL), 0);
	assert_int_equal(eg_keyset_add_key(set, 0, &key, NULL), 0);
}

static struct eg_keyset *new_set(void)
{
	struct eg_keyset *set = eg_keyset_new(&hash_key);
	uint32_t slot;

	assert_int_equal(eg_keyset_add_issuer(set, eg_span_str("https://a"), &slot, NULL), 0);
	return set;
}

static void each_key_is_looked_at_once(void **state)
{
	struct eg_seen_keys seen = {0};
	uint8_t public[32];

	looked = 0;
	for (int cnt = 1; cnt <= 20; cnt++) {
		struct eg_keyset *set = new_set();

		for (int i = 0; i < cnt; i++) {
			make_public(public, i);
			add(&seen, set, public);
			assert_memory_equal(
			    eg_keyset_key_at(set, (uint32_t)i)->ed.bytes, public, sizeof(public));
		}
		assert_int_equal(looked, cnt);
		eg_keyset_bind(set, 0, (const void *)&seen, 1); /* a table is not remembered */
		eg_seen_keys_replace(&seen, set);
		assert_null(seen.key[0].table);
		eg_keyset_free(set);
	}
	eg_seen_keys_free(&seen);
}

static void a_mixed_key_is_refused_where_it_is_not_allowed(void **state)
{
	struct eg_seen_keys seen = {0};
	struct eg_keyset *set = new_set();
	struct eg_ed25519_key key;
	uint8_t public[32], mixed[32];

	make_public(public, 1);
	assert_int_equal(crypto_core_ed25519_add(mixed, public, order8), 0);
	add(&seen, set, mixed);
	eg_seen_keys_replace(&seen, set);
	looked = 0;
	assert_int_equal(eg_seen_keys_init(&seen, &key, mixed, true, NULL), 0);
	assert_int_equal(key.point, EG_ED25519_POINT_MIXED);
	assert_int_equal(looked, 0);
	assert_int_equal(eg_seen_keys_init(&seen, &key, mixed, false, NULL), -EG_EINVAL);
	assert_int_equal(eg_seen_keys_init(&seen, &key, order8, true, NULL), -EG_EINVAL);
	eg_keyset_free(set);
	eg_seen_keys_free(&seen);
}

static void an_empty_set_is_seen_too(void **state)
{
	struct eg_seen_keys seen = {0};
	struct eg_keyset *set = new_set();
	uint8_t public[32];
	struct eg_ed25519_key key;

	eg_seen_keys_replace(&seen, set);
	make_public(public, 3);
	assert_int_equal(eg_seen_keys_init(&seen, &key, public, false, NULL), 0);
	eg_keyset_free(set);
	eg_seen_keys_free(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_key_is_looked_at_once),
	    cmocka_unit_test(a_mixed_key_is_refused_where_it_is_not_allowed),
	    cmocka_unit_test(an_empty_set_is_seen_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
