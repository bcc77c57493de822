/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A store file that something has damaged. Input: patches of a sound store: u8 make, u24 offset,
 * bytes. What opens and follows has passed all checksums; nothing that is read may crash.
 *
 *   make 0 overwrite   1 cut there   2 and all bytes after it become these   3 again every 4096
 */
#include "fuzz_store_dir.h"

#include <sodium.h>

#define ISS  "https://a.example"
#define LIST "https://a.example/1"

static void fill(struct eg_state *st)
{
	static struct eg_jwks jwks;
	const struct eg_span iss = eg_span_str(ISS), uri = eg_span_str(LIST);
	const struct eg_span a = eg_span_str("a"), s = eg_span_str("s");
	const struct eg_state_values jti = fuzz_one_value(EG_REVOKE_JTI, iss, &a, 1800000000);
	const struct eg_state_values subject =
	    fuzz_one_value(EG_REVOKE_SUBJECT, iss, &s, 1700000000);
	uint8_t seed[32] = {1}, secret[64], bytes[300] = {1, 2, 3, [299] = 7};
	struct eg_index_range range = {100, 120};
	struct eg_policy policy;
	uint64_t epoch;

	(void)crypto_sign_seed_keypair(jwks.key[0].x, secret, seed);
	jwks.cnt = jwks.kept_cnt = 1;
	eg_policy_init(&policy, 1);
	policy.any_audience = true;
	FUZZ_CHECK(eg_policy_add_issuer(&policy, iss, NULL) == 0);
	FUZZ_CHECK(eg_state_issuer_put(st, iss, &jwks, FUZZ_T0_NS, &epoch, NULL) == 0);
	FUZZ_CHECK(eg_state_policy_put(st, &policy, true, FUZZ_T0_NS, &epoch, NULL) == 0);
	FUZZ_CHECK(eg_state_list_add(st, uri, iss, 2, 1200, FUZZ_T0_NS, &epoch, NULL) == 0);
	FUZZ_CHECK(eg_state_list_import(st, uri,
	               &(struct eg_list_import){
	                   .form = EG_LIST_RAW, .file = eg_span(bytes, sizeof(bytes))},
	               FUZZ_T0_NS, &epoch, NULL) == 0);
	FUZZ_CHECK(eg_state_set_index(
	               st, uri, EG_INDEX_REVOKED, &range, 1, FUZZ_T0_NS, &epoch, NULL) == 0);
	FUZZ_CHECK(eg_state_revoke_values(st, &jti, FUZZ_T0_NS, &epoch, NULL) == 0);
	eg_state_set_log_limits(st, 0, 0); /* what is there goes into the tables */
	FUZZ_CHECK(eg_state_revoke_values(st, &subject, FUZZ_T0_NS, &epoch, NULL) == 0);
	eg_state_set_log_limits(st, 4096, 4096);
	range = (struct eg_index_range){700, 1199};
	FUZZ_CHECK(eg_state_set_index(
	               st, uri, EG_INDEX_REVOKED, &range, 1, FUZZ_T0_NS, &epoch, NULL) == 0);
	FUZZ_CHECK(eg_state_revoke_key(st, iss, eg_span_str("k"), FUZZ_T0_NS, &epoch, NULL) != 0);
}

static size_t patch(uint8_t *image, size_t size, struct eg_reader *r)
{
	const uint8_t make = eg_read_u8(r);
	const size_t high = eg_read_u8(r);
	size_t at = size != 0 ? (high << 16 | eg_read_be16(r)) % size : 0;
	const struct eg_span bytes = fuzz_take8(r);

	if (make % 4 == 1)
		return at;
	do {
		const size_t len = bytes.len < size - at ? bytes.len : size - at;

		if (len == 0)
			break;
		memcpy(image + at, bytes.ptr, len);
		at += make % 4 == 2 ? len : 4096;
	} while (make % 4 >= 2 && at < size);
	return size;
}

static void change(const char *dir)
{
	const struct eg_span x = eg_span_str("x");
	const struct eg_state_values sid =
	    fuzz_one_value(EG_REVOKE_SID, eg_span_str(ISS), &x, 1800000000);
	struct eg_error err = {0};
	struct eg_state *st;
	uint64_t epoch;
	int rc = eg_state_open(&st, dir, EG_STATE_WRITE, &err);

	if (rc == 0) {
		eg_state_set_log_limits(st, 0, 0);
		rc = eg_state_revoke_values(st, &sid, FUZZ_T0_NS, &epoch, &err);
		eg_state_close(st);
	}
	fuzz_mark("change", rc == 0 ? "made" : "refused");
	if (rc != 0)
		fuzz_check_failure(rc, &err);
}

static void read_store(const char *dir)
{
	static struct fuzz_reader reader;
	struct eg_snapshot *snapshot = NULL;
	struct eg_error err = {0};
	bool changed;
	int rc = fuzz_reader_open(&reader, dir);

	fuzz_mark("open", rc == 0 ? "opened" : "refused");
	if (rc != 0)
		return;
	rc = fuzz_reader_follow(&reader, &changed, &err);
	fuzz_mark("follow", rc == 0 ? "followed" : "refused");
	if (rc != 0)
		fuzz_check_failure(rc, &err);
	err = (struct eg_error){0};
	rc = eg_state_snapshot(reader.st, &snapshot, &err);
	if (rc != 0)
		fuzz_check_failure(rc, &err);
	eg_snapshot_free(snapshot);
	fuzz_reader_close(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_store_dir *d = fuzz_store_dir(fill);
	struct eg_reader r = eg_reader(eg_span(data, size));
	uint8_t *image = malloc(d->image_bytes);
	size_t len = d->image_bytes;

	FUZZ_CHECK(image != NULL);
	memcpy(image, d->image, len);
	for (unsigned i = 0; i < 16 && r.left > 0; i++)
		len = patch(image, len, &r);
	fuzz_store_write(d, eg_span(image, len));
	read_store(d->dir);
	change(d->dir);
	free(image);
	return 0;
}
