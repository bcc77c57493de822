/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_ed25519.h"
#include "eg_test.h"

#include <sodium.h>

#define ROWS_MAX 1100u
#define MSG_MAX  1200u

/* ── vectors ── */

struct row {
	uint8_t msg[MSG_MAX], sig[128];
	size_t sig_len;
	struct eg_ed25519_key key;
	bool is_key, expected;
	struct eg_ed25519_job job;
};

static struct row rows[ROWS_MAX];

static size_t unhex(const char *hex, uint8_t *out, size_t room)
{
	size_t len = 0;

	if (strcmp(hex, "-") == 0)
		return 0;
	assert_int_equal(sodium_hex2bin(out, room, hex, strlen(hex), NULL, &len, NULL), 0);
	return len;
}

/* id pk msg sig expect flags */
static void read_row(char *line, struct row *row)
{
	char *field[6], *next = line;
	uint8_t pk[64];

	for (int i = 0; i < 6; i++) {
		field[i] = strsep(&next, "\t\n");
		assert_non_null(field[i]);
	}
	memset(row, 0, sizeof(*row));
	row->is_key = unhex(field[1], pk, sizeof(pk)) == 32 &&
	              eg_ed25519_key_init(&row->key, pk, true, NULL) == 0;
	row->job.msg_bytes = (uint32_t)unhex(field[2], row->msg, sizeof(row->msg));
	row->sig_len = unhex(field[3], row->sig, sizeof(row->sig));
	row->expected = strcmp(field[4], "valid") == 0;
	assert_true(row->expected || strcmp(field[4], "invalid") == 0);
	row->job.key = &row->key;
	row->job.msg = row->msg;
	row->job.sig = row->sig;
}

static unsigned read_rows(const char *file)
{
	FILE *f = eg_test_open_vectors(file);
	static char line[8192];
	unsigned cnt = 0;

	if (f == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL)
		if (line[0] != '#') {
			assert_true(cnt < ROWS_MAX);
			read_row(line, &rows[cnt++]);
		}
	(void)fclose(f);
	return cnt;
}

/* All rows as one batch. A key that is not let in, or a signature of another length, never gets as
 * far as the engine: its row must expect a refusal. */
static void check_rows(const struct eg_ed25519_impl *impl, unsigned cnt)
{
	static struct eg_ed25519_job jobs[ROWS_MAX];
	static bool ok[ROWS_MAX];
	static unsigned row_of[ROWS_MAX];
	unsigned job_cnt = 0;

	for (unsigned i = 0; i < cnt; i++) {
		if (!rows[i].is_key || rows[i].sig_len != EG_ED25519_SIGNATURE_BYTES) {
			assert_false(rows[i].expected);
			continue;
		}
		row_of[job_cnt] = i;
		jobs[job_cnt++] = rows[i].job;
	}
	eg_ed25519_verify(impl, jobs, job_cnt, ok);
	for (unsigned j = 0; j < job_cnt; j++)
		if (ok[j] != rows[row_of[j]].expected)
			fail_msg("%s: row %u: got %d", impl->name, row_of[j], ok[j]);
}

static void check_file(const char *file, unsigned expected_cnt)
{
	unsigned cnt = read_rows(file);

	if (cnt == 0)
		return;
	assert_int_equal(cnt, expected_cnt);
	for (unsigned i = 0; eg_ed25519_impls[i] != NULL; i++)
		if (eg_ed25519_impls[i]->supported())
			check_rows(eg_ed25519_impls[i], cnt);
}

static void rfc8032(void **state)
{
	check_file("ed25519-rfc8032.tsv", 5);
}

static void wycheproof(void **state)
{
	check_file("ed25519-wycheproof.tsv", 151);
}

static void libsodium_kat(void **state)
{
	check_file("ed25519-libsodium-kat.tsv", 1024);
}

/* ── points ── */

static const uint8_t order8[32] = {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
    0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02,
    0x88, 0x6d, 0x53, 0xfc, 0x05};
static const uint8_t order8_negative[32] = {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba,
    0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e,
    0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a};
static const uint8_t group_order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c,
    0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10};

/* p + low - 0xed, for low from 0xe0 to 0xff. */
static void near_p(uint8_t y[32], uint8_t low)
{
	memset(y, 0xff, 32);
	y[0] = low;
	y[31] = 0x7f;
}

/* The key's bytes, and the error where it is not let in. */
static void assert_point(const uint8_t p[32], enum eg_ed25519_point expected)
{
	struct eg_ed25519_key key;
	struct eg_error err = {0};
	bool sound = expected == EG_ED25519_POINT_PRIME;
	bool mixed = expected == EG_ED25519_POINT_MIXED;

	assert_int_equal(eg_ed25519_classify(p), expected);
	assert_int_equal(eg_ed25519_key_init(&key, p, false, &err), sound ? 0 : -EG_EINVAL);
	assert_int_equal(err.code, sound ? 0 : -EG_EINVAL);
	assert_int_equal(eg_ed25519_key_init(&key, p, true, NULL), sound || mixed ? 0 : -EG_EINVAL);
	if (sound || mixed)
		assert_memory_equal(key.bytes, p, 32);
}

static void assert_point_and_negative(uint8_t p[32], enum eg_ed25519_point expected)
{
	assert_point(p, expected);
	p[31] ^= 0x80;
	assert_point(p, expected);
}

/* Seven y with either sign; two of the seven are not canonical. */
static void small_order_encodings(void **state)
{
	uint8_t p[32] = {0};

	assert_point_and_negative(p, EG_ED25519_POINT_SMALL);
	memset(p, 0, sizeof(p));
	p[0] = 1;
	assert_point_and_negative(p, EG_ED25519_POINT_SMALL);
	memcpy(p, order8, sizeof(p));
	assert_point_and_negative(p, EG_ED25519_POINT_SMALL);
	memcpy(p, order8_negative, sizeof(p));
	assert_point_and_negative(p, EG_ED25519_POINT_SMALL);
	near_p(p, 0xec);
	assert_point_and_negative(p, EG_ED25519_POINT_SMALL);
	near_p(p, 0xed);
	assert_point_and_negative(p, EG_ED25519_POINT_NOT_A_POINT);
	near_p(p, 0xee);
	assert_point_and_negative(p, EG_ED25519_POINT_NOT_A_POINT);
}

/* y from p up is refused even where y - p is on the curve. */
static void encodings_from_p_up(void **state)
{
	unsigned on_curve = 0;

	for (unsigned low = 0xed; low <= 0xff; low++) {
		uint8_t y[32], reduced[32] = {(uint8_t)(low - 0xed)};

		near_p(y, (uint8_t)low);
		assert_point_and_negative(y, EG_ED25519_POINT_NOT_A_POINT);
		on_curve += eg_ed25519_classify(reduced) != EG_ED25519_POINT_NOT_A_POINT;
	}
	assert_in_range(on_curve, 3, 18);
}

/* What libsodium up to 1.0.20 says of points of order 2L (CVE-2025-69277), whichever is here: no
 * decision may rest on it. */
int __wrap_crypto_core_ed25519_is_valid_point(const unsigned char *p);
int __wrap_crypto_core_ed25519_is_valid_point(const unsigned char *p)
{
	return 1;
}

static void prime_and_mixed_order(void **state)
{
	uint8_t pk[32], sk[64], mixed[32], torsion[32];

	for (int i = 0; i < 50; i++) {
		(void)crypto_sign_keypair(pk, sk);
		assert_point(pk, EG_ED25519_POINT_PRIME);
		memcpy(torsion, order8, sizeof(torsion));
		for (int order = 8; order > 1; order /= 2) {
			assert_int_equal(crypto_core_ed25519_add(mixed, pk, torsion), 0);
			assert_point(mixed, EG_ED25519_POINT_MIXED);
			assert_int_equal(crypto_core_ed25519_add(torsion, torsion, torsion), 0);
		}
	}
}

static void bytes_that_are_no_point(void **state)
{
	uint8_t y[32] = {2};
	unsigned refused = 0;

	assert_point_and_negative(y, EG_ED25519_POINT_NOT_A_POINT);
	for (int i = 0; i < 200; i++) { /* half of all y are on the curve */
		randombytes_buf(y, sizeof(y));
		y[31] &= 0x3f;
		refused += eg_ed25519_classify(y) == EG_ED25519_POINT_NOT_A_POINT;
	}
	assert_in_range(refused, 50, 150);
}

/* ── the rule, on signatures made from the equation itself ── */

struct signer {
	uint8_t seed[32], pk[32], sk[64];
	uint8_t a[32]; /* the secret scalar mod L */
};

static struct signer new_signer(void)
{
	struct signer s;
	uint8_t wide[64] = {0};

	randombytes_buf(s.seed, sizeof(s.seed));
	(void)crypto_sign_seed_keypair(s.pk, s.sk, s.seed);
	(void)crypto_sign_ed25519_sk_to_curve25519(wide, s.sk); /* the clamped scalar */
	crypto_core_ed25519_scalar_reduce(s.a, wide);
	return s;
}

/* k = SHA-512(R ‖ A ‖ M) mod L */
static void challenge(uint8_t k[32], const uint8_t r[32], const uint8_t pk[32], uint32_t msg)
{
	crypto_hash_sha512_state h;
	uint8_t wide[64];

	(void)crypto_hash_sha512_init(&h);
	(void)crypto_hash_sha512_update(&h, r, 32);
	(void)crypto_hash_sha512_update(&h, pk, 32);
	(void)crypto_hash_sha512_update(&h, (const uint8_t *)&msg, sizeof(msg));
	(void)crypto_hash_sha512_final(&h, wide);
	crypto_core_ed25519_scalar_reduce(k, wide);
}

static bool verify_one(
    const struct eg_ed25519_impl *impl, const uint8_t pk[32], const uint8_t sig[64], uint32_t msg)
{
	struct eg_ed25519_key key;
	struct eg_ed25519_job job = {&key, (const uint8_t *)&msg, sig, sizeof(msg)};
	bool ok = true;

	assert_int_equal(eg_ed25519_key_init(&key, pk, true, NULL), 0);
	eg_ed25519_verify(impl, &job, 1, &ok);
	return ok;
}

/* Signs for pk = a·B (+ torsion) with R = r·B; r NULL gives the identity. Returns k's low byte. */
static uint8_t sign_for(
    const struct signer *s, const uint8_t pk[32], const uint8_t *r, uint32_t msg, uint8_t sig[64])
{
	uint8_t k[32];

	memset(sig, 0, 64);
	sig[0] = 1;
	if (r != NULL)
		assert_int_equal(crypto_scalarmult_ed25519_base_noclamp(sig, r), 0);
	challenge(k, sig, pk, msg);
	crypto_core_ed25519_scalar_mul(sig + 32, k, s->a);
	if (r != NULL)
		crypto_core_ed25519_scalar_add(sig + 32, sig + 32, r);
	return k[0];
}

static void check_equation(const struct eg_ed25519_impl *impl)
{
	struct signer s = new_signer();
	uint8_t r[32], sig[64];
	unsigned carry = 0;

	crypto_core_ed25519_scalar_random(r);
	(void)sign_for(&s, s.pk, r, 1, sig);
	assert_true(verify_one(impl, s.pk, sig, 1));
	assert_false(verify_one(impl, s.pk, sig, 2));
	for (int i = 0; i < 32; i++) { /* S + L */
		carry += (unsigned)sig[32 + i] + group_order[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_false(verify_one(impl, s.pk, sig, 1));
	(void)sign_for(&s, s.pk, NULL, 1, sig); /* holds, but R is the identity */
	assert_false(verify_one(impl, s.pk, sig, 1));
}

/* Cofactorless, and k as an integer: the torsion of A + T8 cancels iff 8 divides k mod L. */
static void check_mixed_order_key(const struct eg_ed25519_impl *impl)
{
	struct signer s = new_signer();
	uint8_t mixed[32], r[32], sig[64];
	unsigned accepted = 0;

	assert_int_equal(crypto_core_ed25519_add(mixed, s.pk, order8), 0);
	for (uint32_t msg = 0; msg < 256; msg++) {
		bool cancels;

		crypto_core_ed25519_scalar_random(r);
		cancels = sign_for(&s, mixed, r, msg, sig) % 8 == 0;
		assert_int_equal(verify_one(impl, mixed, sig, msg), cancels);
		accepted += cancels;
	}
	assert_in_range(accepted, 5, 80);
}

static void the_equation(void **state)
{
	for (unsigned i = 0; eg_ed25519_impls[i] != NULL; i++)
		if (eg_ed25519_impls[i]->supported()) {
			check_equation(eg_ed25519_impls[i]);
			check_mixed_order_key(eg_ed25519_impls[i]);
		}
}

/* Any number of jobs, any of them bad: each verdict in its place, none behind the last. */
static void batches_keep_positions(void **state)
{
	enum { MAX = 40 };
	const struct eg_ed25519_impl *impl = eg_ed25519_select(NULL, NULL);
	static uint8_t msg[MAX][MAX], sig[MAX][64];
	struct eg_ed25519_key key[MAX];
	struct eg_ed25519_job jobs[MAX];
	bool good[MAX], ok[MAX + 1];

	assert_non_null(impl);
	for (unsigned cnt = 0; cnt <= MAX; cnt++) {
		for (unsigned i = 0; i < cnt; i++) {
			struct signer s = new_signer();

			randombytes_buf(msg[i], i);
			(void)crypto_sign_detached(sig[i], NULL, msg[i], i, s.sk);
			good[i] = randombytes_uniform(2) != 0;
			if (!good[i])
				sig[i][randombytes_uniform(64)] ^=
				    (uint8_t)(1u << randombytes_uniform(8));
			assert_int_equal(eg_ed25519_key_init(&key[i], s.pk, false, NULL), 0);
			jobs[i] = (struct eg_ed25519_job){&key[i], msg[i], sig[i], i};
			ok[i] = !good[i];
		}
		ok[cnt] = true;
		eg_ed25519_verify(impl, jobs, cnt, ok);
		for (unsigned i = 0; i < cnt; i++)
			assert_int_equal(ok[i], good[i]);
		assert_true(ok[cnt]);
	}
}

static void implementations_by_name(void **state)
{
	struct eg_error err = {0};

	assert_int_equal(unsetenv("EDGATE_ED25519"), 0);
	assert_non_null(eg_ed25519_select(NULL, &err));
	assert_string_equal(eg_ed25519_select("sodium", &err)->name, "sodium");
	assert_null(eg_ed25519_select("none", &err));
	assert_int_equal(err.code, -EG_ENOENT);
	assert_non_null(strstr(err.text, "none"));
	assert_int_equal(setenv("EDGATE_ED25519", "nope", 1), 0);
	assert_null(eg_ed25519_select(NULL, NULL));
	assert_non_null(eg_ed25519_select("sodium", NULL));
	assert_int_equal(setenv("EDGATE_ED25519", "", 1), 0);
	assert_non_null(eg_ed25519_select(NULL, NULL));
	assert_int_equal(unsetenv("EDGATE_ED25519"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rfc8032),
	    cmocka_unit_test(wycheproof),
	    cmocka_unit_test(libsodium_kat),
	    cmocka_unit_test(small_order_encodings),
	    cmocka_unit_test(encodings_from_p_up),
	    cmocka_unit_test(prime_and_mixed_order),
	    cmocka_unit_test(bytes_that_are_no_point),
	    cmocka_unit_test(the_equation),
	    cmocka_unit_test(batches_keep_positions),
	    cmocka_unit_test(implementations_by_name),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
