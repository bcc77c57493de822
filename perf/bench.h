/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the benchmarks of this folder share.
 *
 *   state   issuers, keys, policy, 2^20 denied ids and a status list of 2^20 bits: built once
 *   corpus  signed tokens of one size, all of them valid
 *   frames  requests about a corpus and the memory of a virtual port, filled again before a pass
 *   run     one thing that is measured: rounds of passes, CPU time of the thread
 *
 * One thread. Whatever fails ends the program: there is nothing to measure then.
 */
#ifndef EDGATE_BENCH_H
#define EDGATE_BENCH_H

#include "eg_pipeline.h"
#include "eg_token.h"

#define BENCH_NOW_S        1800000000ull
#define BENCH_ISSUERS_MAX  4u
#define BENCH_DENIED       (1u << 20)
#define BENCH_LIST_ENTRIES (1u << 20)
#define BENCH_TOKENS       2048u /* of a corpus: with 570 bytes each more than L2 holds */
#define BENCH_QUERIES      4096u
#define BENCH_ROUNDS_MAX   1000u

/* Says what could not be done and ends the program where it is false. */
void bench_need(bool ok, const char *what);

/* ── bench_state.c ── */

struct bench_state {
	struct eg_key key[BENCH_ISSUERS_MAX];
	uint8_t secret[BENCH_ISSUERS_MAX][64];
	struct eg_snapshot *snapshot;
	struct eg_revoke *revoke;
	struct eg_bitmap *list; /* every other entry set */
	struct eg_stats stats;
	struct eg_utc utc;
	struct eg_revoke_query query[BENCH_QUERIES]; /* of which none is revoked */
};

void bench_state_init(struct bench_state *state);
void bench_state_free(struct bench_state *state);
/* "https://i<i>.test" */
struct eg_span bench_issuer_name(unsigned issuer, char *buf, size_t room);

/* ── bench_corpus.c ── */

enum bench_size {
	BENCH_MINIMAL, /* 213 bytes: iss, aud, exp, sub */
	BENCH_RFC9068, /* 570 bytes: an access token with client_id, jti, iat, nbf and scope */
};

struct bench_corpus {
	enum bench_size size;
	unsigned issuer_cnt;
	size_t token_bytes;
	uint8_t *text; /* BENCH_TOKENS × token_bytes */
	struct eg_ed25519_job job[BENCH_TOKENS];
	uint8_t signature[BENCH_TOKENS][EG_ED25519_SIGNATURE_BYTES];
};

void bench_corpus_init(struct bench_corpus *corpus, const struct bench_state *state,
    enum bench_size size, unsigned issuer_cnt);
void bench_corpus_free(struct bench_corpus *corpus);
struct eg_span bench_corpus_token(const struct bench_corpus *corpus, unsigned i);

/* ── bench_frames.c ── */

extern const struct eg_netif bench_netif;         /* checksums in software */
extern const struct eg_netif bench_netif_offload; /* the port fills them */

enum bench_link { BENCH_DATAGRAM, BENCH_ETHERNET };

struct bench_frames {
	unsigned cnt;
	unsigned tokens; /* of a frame */
	enum bench_link link;
	size_t bytes, stride;
	uint8_t *fresh, *port; /* cnt × stride: as they come, and where the pipeline gets them */
	struct eg_packet *packet;
};

/* All tokens of the corpus, `tokens` in a frame (a divisor of BENCH_TOKENS). */
void bench_frames_init(struct bench_frames *frames, const struct bench_corpus *corpus,
    unsigned tokens, enum bench_link link);
void bench_frames_free(struct bench_frames *frames);
/* What a NIC's DMA would do: every packet as it was sent. flags: as the port would set them. */
void bench_frames_receive(struct bench_frames *frames, uint32_t flags);

/* ── bench_pass.c ── */

struct bench_run {
	const char *part; /* what is measured */
	struct bench_state *state;
	const struct bench_corpus *corpus; /* NULL: no tokens */
	struct bench_frames *frames;       /* NULL: no packets */
	uint32_t rx_flags;                 /* of packets */
	/* what the pass needs of these */
	const struct eg_ed25519_impl *engine;
	const struct eg_netif *netif;
	struct eg_pipeline *pipeline;
	struct eg_vcache *vcache;
	void (*pass)(const struct bench_run *run);
	unsigned records; /* of a pass */
	unsigned passes;  /* of a round: so many that a round takes some milliseconds */
	double ns[BENCH_ROUNDS_MAX];
};

/* Every signature is good and costs nothing: only to see what everything else costs. */
extern const struct eg_ed25519_impl bench_null_engine;

/* To be given to free(). As edgate runs it: cycles are counted by stage. vcache: NULL for none. */
struct eg_pipeline *bench_pipeline_new(
    struct bench_state *state, const struct eg_ed25519_impl *engine, struct eg_vcache *vcache);
/* Without that count, for what it costs; nor a cache. */
struct eg_pipeline *bench_pipeline_unmeasured(
    struct bench_state *state, const struct eg_ed25519_impl *engine);
/* With room for some corpora. */
struct eg_vcache *bench_vcache_new(void);

/* Bursts of 32 packets, then an empty poll; virtual time of 1 µs a turn. */
void bench_pass_pipeline(const struct bench_run *run);
/* The tag of each token, and nothing else. */
void bench_pass_tag(const struct bench_run *run);
/* Jobs in batches of 64. */
void bench_pass_engine(const struct bench_run *run);
void bench_pass_jwt_parse(const struct bench_run *run);
/* eg_parse_packet and eg_parse_reply, without what the payload says. */
void bench_pass_parse_reply(const struct bench_run *run);
/* One keyed hash of a 36-byte id. */
void bench_pass_hash(const struct bench_run *run);
/* Issuer, subject, jti and list index: 64 are prefetched and then asked, as in the pipeline, but
 * with no signatures in between. */
void bench_pass_lookup(const struct bench_run *run);

/* ── bench_report.c ── */

struct bench_report {
	const char *json_path, *commit; /* may be NULL */
	const char *engine;
	unsigned rounds;
};

#define BENCH_NAME_ROOM 256

/* "pipeline, all cached; 570 B, 4 issuers, 16 in a packet"; returns text. */
const char *bench_run_name(const struct bench_run *run, char text[BENCH_NAME_ROOM]);

/* Sorts the rounds of each run, prints the table, writes the JSON. */
void bench_report(const struct bench_report *report, struct bench_run *runs, unsigned run_cnt);

#endif
