/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every implementation against libsodium on signatures that are made on the way: keys of prime and
 * of mixed order, R with and without torsion, half of them then corrupted.
 *
 * EDGATE_ED25519_RANDOM=N: so many (default 100000); EDGATE_ED25519_SEED=S: others (tests/soak).
 */
#include "ed25519_cases.h"

#include <sodium.h>

#define BATCH_MAX 130u
#define SIGNERS   48u
#define MSG_ROOM  640u
#define DRAW_MADE 256u

struct signer {
	struct ed_key key;
	uint8_t a[32]; /* A = a·B + torsion */
};

struct made { /* a case and its bytes */
	struct ed_case c;
	uint8_t msg[MSG_ROOM], sig[64];
};

static uint64_t seed;

/* eg_test_random, of which every seed makes something else. */
static uint32_t below(uint32_t n)
{
	uint64_t z = (eg_test_random() ^ seed) * 0xD6E8FEB86659FD93u;

	z = (z ^ z >> 32) * 0xD6E8FEB86659FD93u;
	return (uint32_t)((z ^ z >> 32) % n);
}

static void random_bytes(uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)below(256);
}

static struct signer signers[SIGNERS];
static uint8_t torsion[8][32]; /* the points of small order, i times one of order 8 */

static const uint8_t order8[32] = {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
    0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02,
    0x88, 0x6d, 0x53, 0xfc, 0x05};
static const uint8_t group_order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c,
    0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10};

/* n·B + torsion[i] */
static void point(uint8_t out[32], const uint8_t n[32], unsigned i)
{
	assert_int_equal(crypto_scalarmult_ed25519_base_noclamp(out, n), 0);
	assert_int_equal(crypto_core_ed25519_add(out, out, torsion[i]), 0);
}

static void random_scalar(uint8_t n[32])
{
	uint8_t wide[64];

	random_bytes(wide, sizeof(wide));
	crypto_core_ed25519_scalar_reduce(n, wide);
}

/* Half of them of mixed order; a third of all without a table. */
static void make_signers(void)
{
	torsion[0][0] = 1;
	for (unsigned i = 1; i < 8; i++)
		assert_int_equal(crypto_core_ed25519_add(torsion[i], torsion[i - 1], order8), 0);
	for (unsigned i = 0; i < SIGNERS; i++) {
		uint8_t pk[32];

		random_scalar(signers[i].a);
		point(pk, signers[i].a, i % 2 != 0 ? i / 2 % 8 : 0);
		ed_key_init(&signers[i].key, pk);
		if (i % 3 == 0)
			continue;
		ed_key_add_table(&signers[i].key, i % 12 < 6 ? 6 : 7);
		ed_key_add_table(&signers[i].key, i % 12 < 6 ? 8 : 9);
	}
}

/* k = SHA-512(R ‖ A ‖ M) mod L */
static void challenge(uint8_t k[32], const struct made *m)
{
	crypto_hash_sha512_state h;
	uint8_t wide[64];

	(void)crypto_hash_sha512_init(&h);
	(void)crypto_hash_sha512_update(&h, m->sig, 32);
	(void)crypto_hash_sha512_update(&h, m->c.key->form[0].bytes, 32);
	(void)crypto_hash_sha512_update(&h, m->msg, m->c.msg_bytes);
	(void)crypto_hash_sha512_final(&h, wide);
	crypto_core_ed25519_scalar_reduce(k, wide);
}

/* R = r·B + T, S = r + k·a */
static void sign(struct made *m, struct signer *signer)
{
	uint8_t k[32], r[32];

	m->c.key = &signer->key;
	m->c.msg_bytes = below(4) != 0 ? below(140) : below(MSG_ROOM);
	random_bytes(m->msg, m->c.msg_bytes);
	random_scalar(r);
	point(m->sig, r,
	    below(signer->key.kind == EG_ED25519_POINT_MIXED ? 2 : 8) == 0 ? below(8) : 0);
	challenge(k, m);
	crypto_core_ed25519_scalar_mul(m->sig + 32, k, signer->a);
	crypto_core_ed25519_scalar_add(m->sig + 32, m->sig + 32, r);
}

static void add_group_order(uint8_t s[32])
{
	unsigned carry = 0;

	for (int i = 0; i < 32; i++) {
		carry += (unsigned)s[i] + group_order[i];
		s[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

static void flip_bit(uint8_t *bytes, uint32_t len)
{
	if (len > 0)
		bytes[below(len)] ^= (uint8_t)(1u << below(8));
}

static void corrupt(struct made *m)
{
	switch (below(16)) {
	case 0:
	case 1:
		flip_bit(m->sig, 32);
		break;
	case 2:
		flip_bit(m->sig + 32, 32);
		break;
	case 3:
		flip_bit(m->msg, m->c.msg_bytes);
		break;
	case 4:
		add_group_order(m->sig + 32);
		break;
	case 5:
		m->c.key = &signers[below(SIGNERS)].key;
		break;
	case 6:
		memcpy(m->sig, torsion[below(8)], 32);
		break;
	case 7:
		random_bytes(m->sig, 64);
		break;
	default: /* as it is */
		break;
	}
}

static void make(struct made *m, unsigned long number)
{
	sign(m, &signers[below(SIGNERS)]);
	corrupt(m);
	m->c.msg = m->msg;
	m->c.sig = m->sig;
	m->c.valid = crypto_sign_verify_detached(
	                 m->sig, m->msg, m->c.msg_bytes, m->c.key->form[0].bytes) == 0;
	(void)snprintf(m->c.id, sizeof(m->c.id), "r%lu", number);
}

static unsigned long number_of(const char *variable, unsigned long otherwise)
{
	const char *text = getenv(variable);

	return text != NULL ? strtoul(text, NULL, 10) : otherwise;
}

/* Batches of any size over what was drawn, each drawn case once. */
static void check_made(const struct eg_ed25519_impl *impl, const struct made made[DRAW_MADE])
{
	struct ed_pick picks[DRAW_MADE];
	unsigned at = 0;

	while (at < DRAW_MADE) {
		unsigned cnt = 1 + below(BATCH_MAX);

		if (cnt > DRAW_MADE - at)
			cnt = DRAW_MADE - at;
		for (unsigned i = 0; i < cnt; i++) {
			picks[i].c = &made[at + i].c;
			picks[i].form = below(picks[i].c->key->form_cnt);
		}
		ed_check(impl, picks, cnt, "against libsodium");
		at += cnt;
	}
}

static void random_against_libsodium(void **state)
{
	static struct made made[DRAW_MADE];
	unsigned long total = number_of("EDGATE_ED25519_RANDOM", 100000);
	unsigned long valid = 0, done = 0;

	seed = number_of("EDGATE_ED25519_SEED", 0);
	make_signers();
	while (done < total) {
		bool with_plain = done % (16 * DRAW_MADE) == 0; /* they take their time */
		const struct eg_ed25519_impl *const *impl =
		    with_plain ? ed_impls_and_plain() : ed_impls();

		for (unsigned i = 0; i < DRAW_MADE; i++) {
			make(&made[i], done++);
			valid += made[i].c.valid;
		}
		for (; *impl != NULL; impl++)
			if (strcmp((*impl)->name, "sodium") != 0)
				check_made(*impl, made);
	}
	assert_in_range(valid, done / 5, done / 2);
	print_message("%lu signatures, %lu of them valid\n", done, valid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_against_libsodium),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
