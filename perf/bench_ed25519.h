/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bench_ed25519: what its parts share.
 *
 *   issuers   keys with or without tables, as many bytes of tables as the product would have
 *   corpus    valid signatures by some issuers, all messages of one length
 *   case      an implementation on a corpus in batches of one size
 *   engine    an implementation as the benchmark sees it, OpenSSL and libsodium among them
 *
 * One thread. Whatever fails ends the program: there is nothing to measure then.
 */
#ifndef BENCH_ED25519_H
#define BENCH_ED25519_H

#include "eg_ed25519_table.h"
#include "eg_pages.h"

#include <stdio.h>

#define BENCH_ISSUERS_MAX 256u
#define BENCH_JOBS        2048u
#define BENCH_ROUNDS_MAX  100u

/* Says what could not be done and ends the program where it is false. */
void bench_need(bool ok, const char *what);

/* ── bench_ed25519_corpus.c ── */

struct bench_issuer {
	struct eg_ed25519_key key; /* first: a job names it, and OpenSSL's key is found by it */
	uint8_t secret[64];
	void *openssl; /* EVP_PKEY */
};

struct bench_issuers {
	unsigned cnt;
	bool tables;          /* wanted */
	unsigned window_bits; /* of the tables; 0: none */
	unsigned table_cnt;   /* keys beyond them have none */
	struct eg_pages mem;
	struct bench_issuer issuer[BENCH_ISSUERS_MAX];
};

/* The widest tables that fit in budget_bytes beside that of B; where the narrowest do not fit for
 * all, as many of them as fit. */
void bench_issuers_init(
    struct bench_issuers *issuers, unsigned cnt, bool tables, size_t budget_bytes);
/* Bytes of tables that verification by these keys reads, that of B included. */
size_t bench_issuers_table_bytes(const struct bench_issuers *issuers);

struct bench_corpus {
	const struct bench_issuers *issuers;
	unsigned msg_bytes;
	uint8_t *msg; /* BENCH_JOBS × msg_bytes */
	uint8_t sig[BENCH_JOBS][EG_ED25519_SIGNATURE_BYTES];
	struct eg_ed25519_job job[BENCH_JOBS];
};

void bench_corpus_init(
    struct bench_corpus *corpus, const struct bench_issuers *issuers, unsigned msg_bytes);

/* ── bench_ed25519_openssl.c ── */

void *bench_openssl_key(const uint8_t public[EG_ED25519_PUBLIC_BYTES]);
/* One after the other by EVP_DigestVerify; jobs' keys are of struct bench_issuer. */
void bench_openssl_verify(const struct eg_ed25519_job jobs[], unsigned job_cnt, bool ok[]);

/* ── bench_ed25519_phases.c, and once for each implementation ── */

enum bench_phase {
	BENCH_PHASE_HASH,
	BENCH_PHASE_REDUCE,
	BENCH_PHASE_ADD,
	BENCH_PHASE_INVERT,
	BENCH_PHASE_COMPARE,
	BENCH_PHASE_DONE, /* none of them: planning and what stands around */
	BENCH_PHASE_CNT,
};

extern const char *const bench_phase_names[BENCH_PHASE_CNT];

/* From here on time belongs to this phase. */
void bench_phase(enum bench_phase phase);
/* Starts anew with DONE. */
void bench_phases_reset(void);
/* Ticks of the time stamp counter by phase since the reset. */
const uint64_t *bench_phases_tsc(void);
/* The same source as the implementation of that name, compiled with a probe at each phase; NULL
 * where there is none. */
const struct eg_ed25519_impl *bench_phases_impl(const char *name);

/* ── bench_ed25519_report.c ── */

struct bench_case {
	const char *impl;
	const struct bench_corpus *corpus;
	unsigned batch;
	void (*verify)(const struct eg_ed25519_job jobs[], unsigned job_cnt, bool ok[]);
	unsigned at;                        /* the job that comes next */
	double ns[BENCH_ROUNDS_MAX];        /* a verification, by round */
	double sodium_ns[BENCH_ROUNDS_MAX]; /* libsodium's, in the same round just before */
};

struct bench_phases {
	const char *impl;
	const struct bench_corpus *corpus;
	unsigned batch;
	double tsc[BENCH_PHASE_CNT]; /* a verification */
};

struct bench_results {
	struct bench_case *cases;
	unsigned case_cnt, rounds;
	const struct bench_phases *phases;
	unsigned phases_cnt;
	const struct bench_issuers *issuers;
	unsigned issuers_cnt;
	const char *commit, *json_path;
};

/* Sorts what was measured, prints it and writes the JSON. */
void bench_results_report(struct bench_results *results);

#endif
