/* SPDX-License-Identifier: BSD-3-Clause */
/* Issuers, their tables, and what they signed: the same in every run. */
#include "bench_ed25519.h"

#include <stdlib.h>

#include <sodium.h>

#define BASE_BITS 12u /* the table of B */

static const uint8_t seed_key[randombytes_SEEDBYTES] = "bench_ed25519";

/* Bytes that look random, by number. */
static void fill(uint8_t *out, size_t len, uint32_t number)
{
	uint8_t seed[randombytes_SEEDBYTES];

	memcpy(seed, seed_key, sizeof(seed));
	memcpy(seed + sizeof(seed) - sizeof(number), &number, sizeof(number));
	randombytes_buf_deterministic(out, len, seed);
}

static void add_issuer(struct bench_issuers *issuers, unsigned i)
{
	struct bench_issuer *issuer = &issuers->issuer[i];
	uint8_t seed[crypto_sign_SEEDBYTES], public[EG_ED25519_PUBLIC_BYTES];

	fill(seed, sizeof(seed), i);
	(void)crypto_sign_seed_keypair(public, issuer->secret, seed);
	bench_need(eg_ed25519_key_init(&issuer->key, public, false, NULL) == 0, "to prepare a key");
	issuer->openssl = bench_openssl_key(public);
}

/* One block of memory for all, as the product has it. Table headers are aligned to 64. */
static void add_tables(struct bench_issuers *issuers)
{
	size_t stride = eg_ed25519_table_bytes(issuers->window_bits);
	struct eg_error err = {0};

	issuers->mem = eg_pages_alloc(issuers->table_cnt * stride);
	bench_need(issuers->mem.mem != NULL, "memory for tables");
	for (unsigned i = 0; i < issuers->table_cnt; i++) {
		struct eg_ed25519_key *key = &issuers->issuer[i].key;
		void *at = (uint8_t *)issuers->mem.mem + i * stride;

		bench_need(eg_ed25519_table_build(at, key->bytes, issuers->window_bits, &err) == 0,
		    err.text);
		key->table = at;
	}
}

void bench_issuers_init(
    struct bench_issuers *issuers, unsigned cnt, bool tables, size_t budget_bytes)
{
	static const unsigned widths[] = {12, 9, 7, 6};
	size_t left = budget_bytes - eg_ed25519_table_bytes(BASE_BITS);

	bench_need(budget_bytes > eg_ed25519_table_bytes(BASE_BITS), "a budget for B's table");
	*issuers = (struct bench_issuers){.cnt = cnt, .tables = tables};
	for (unsigned i = 0; i < cnt; i++)
		add_issuer(issuers, i);
	for (unsigned w = 0; w < 4 && tables; w++) {
		size_t bytes = eg_ed25519_table_bytes(widths[w]);

		issuers->window_bits = widths[w];
		issuers->table_cnt = left / bytes < cnt ? (unsigned)(left / bytes) : cnt;
		if (issuers->table_cnt == cnt)
			break;
	}
	if (issuers->table_cnt > 0)
		add_tables(issuers);
}

size_t bench_issuers_table_bytes(const struct bench_issuers *issuers)
{
	return eg_ed25519_table_bytes(BASE_BITS) +
	       issuers->table_cnt * eg_ed25519_table_bytes(issuers->window_bits);
}

void bench_corpus_init(
    struct bench_corpus *corpus, const struct bench_issuers *issuers, unsigned msg_bytes)
{
	uint32_t pick[BENCH_JOBS];

	*corpus = (struct bench_corpus){.issuers = issuers, .msg_bytes = msg_bytes};
	corpus->msg = malloc((size_t)BENCH_JOBS * msg_bytes);
	bench_need(corpus->msg != NULL, "memory for messages");
	fill(corpus->msg, (size_t)BENCH_JOBS * msg_bytes, 1000 + msg_bytes);
	fill((uint8_t *)pick, sizeof(pick), 2000 + issuers->cnt);
	for (unsigned i = 0; i < BENCH_JOBS; i++) {
		const struct bench_issuer *issuer = &issuers->issuer[pick[i] % issuers->cnt];
		uint8_t *msg = corpus->msg + (size_t)i * msg_bytes;

		(void)crypto_sign_detached(corpus->sig[i], NULL, msg, msg_bytes, issuer->secret);
		corpus->job[i] =
		    (struct eg_ed25519_job){&issuer->key, msg, corpus->sig[i], msg_bytes};
	}
}
