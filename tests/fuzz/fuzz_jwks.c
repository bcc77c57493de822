/* SPDX-License-Identifier: BSD-3-Clause */
/* JWK and JWKS files. Input: u8 (bit 0: mixed-order keys are allowed), then the text. */
#include "fuzz.h"

#include "eg_jwks.h"
#include "eg_keyset.h"

static const char *const outcomes[] = {
    [EG_JWK_KEPT] = "kept", [EG_JWK_SKIPPED] = "skipped", [EG_JWK_REFUSED] = "refused"};

static void check_kept(const struct eg_jwk *jwk, bool allow_mixed)
{
	struct eg_ed25519_key key;

	FUZZ_CHECK(eg_ed25519_key_init(&key, jwk->x, allow_mixed, NULL) == 0);
	FUZZ_CHECK(memcmp(key.bytes, jwk->x, sizeof(key.bytes)) == 0);
	FUZZ_CHECK(allow_mixed || !jwk->mixed_order);
	FUZZ_CHECK(memchr(jwk->kid, 0, jwk->kid_len) == NULL);
}

/* Keys that are kept go into a key set together: no kid stands twice. */
static void check_keyset(const struct eg_jwks *jwks, bool allow_mixed)
{
	static const struct eg_hash_key hash_key;
	struct eg_keyset *set = eg_keyset_new(&hash_key);
	uint32_t slot;

	FUZZ_CHECK(set != NULL);
	FUZZ_CHECK(eg_keyset_add_issuer(set, eg_span_str("i"), &slot, NULL) == 0);
	for (unsigned i = 0; i < jwks->cnt; i++) {
		const struct eg_jwk *jwk = &jwks->key[i];
		struct eg_key key = {
		    .index = i, .has_kid = jwk->has_kid, .kid = eg_span(jwk->kid, jwk->kid_len)};

		if (jwk->outcome != EG_JWK_KEPT)
			continue;
		FUZZ_CHECK(eg_ed25519_key_init(&key.ed, jwk->x, allow_mixed, NULL) == 0);
		FUZZ_CHECK(eg_keyset_add_key(set, slot, &key, NULL) == 0);
	}
	eg_keyset_free(set);
}

static void check(const struct eg_jwks *jwks, bool allow_mixed)
{
	unsigned kept = 0;

	FUZZ_CHECK(jwks->cnt <= EG_JWKS_KEYS_MAX);
	for (unsigned i = 0; i < jwks->cnt; i++) {
		const struct eg_jwk *jwk = &jwks->key[i];

		fuzz_mark("key", outcomes[jwk->outcome]);
		FUZZ_CHECK(memchr(jwk->reason, 0, sizeof(jwk->reason)) != NULL);
		FUZZ_CHECK((jwk->outcome == EG_JWK_KEPT) == (jwk->reason[0] == '\0'));
		FUZZ_CHECK(jwk->kid_len <= EG_JWKS_KID_MAX && jwk->kid[jwk->kid_len] == 0);
		kept += jwk->outcome == EG_JWK_KEPT;
		if (jwk->outcome == EG_JWK_KEPT)
			check_kept(jwk, allow_mixed);
	}
	FUZZ_CHECK(kept == jwks->kept_cnt);
	check_keyset(jwks, allow_mixed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct eg_jwks a, b;
	struct eg_reader r = eg_reader(eg_span(data, size));
	const bool allow_mixed = eg_read_u8(&r) & 1;
	struct fuzz_copy at0 = fuzz_copy(eg_span(r.ptr, r.left), 0);
	struct fuzz_copy at3 = fuzz_copy(eg_span(r.ptr, r.left), 3);
	struct eg_error err = {0};
	const int rc = eg_jwks_parse(at0.span, allow_mixed, &a, &err);

	FUZZ_CHECK(eg_jwks_parse(at3.span, allow_mixed, &b, NULL) == rc);
	FUZZ_CHECK((rc == 0) == (err.text[0] == '\0'));
	fuzz_mark("text", rc == 0 ? "taken" : rc == -EG_ELIMIT ? "limit" : "refused");
	if (rc != 0)
		FUZZ_CHECK(a.cnt == 0 && a.kept_cnt == 0);
	else
		check(&a, allow_mixed);
	FUZZ_CHECK(a.cnt == b.cnt && a.kept_cnt == b.kept_cnt);
	FUZZ_CHECK(memcmp(a.key, b.key, a.cnt * sizeof(a.key[0])) == 0);
	fuzz_copy_free(&at0);
	fuzz_copy_free(&at3);
	return 0;
}
