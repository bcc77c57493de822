/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small world for tests of the pipeline: one issuer with two keys, one status list, policies, one
 * or two cores, virtual time, packets without headers (DATAGRAM) by default; the cores are
 * 02:00:00:00:00:01, 10.0.0.1/24, without a VLAN. Tokens are signed here.
 *
 * Of two cores only the first has a verified cache, where cache_bytes asks for one.
 *
 *   world_send ─▶ rx of w->core ─▶ world_turn ─▶ world_reply(id): answered, dropped or in flight
 *
 * Every turn checks what must always hold: a packet comes back once, an answer is no longer than
 * its request, and the counters balance.
 */
#ifndef EG_TEST_WORLD_H
#define EG_TEST_WORLD_H

#include "eg_pipeline.h"

#define WORLD_NOW_S     1800000000ull
#define WORLD_ISS       "https://as.example.com"
#define WORLD_AUD       "https://api.example.com"
#define WORLD_LIST      "https://as.example.com/sl/1"
#define WORLD_CORES     2u
#define WORLD_KEYS      2u
#define WORLD_SECRETS   3u /* the last one's key is in no snapshot */
#define WORLD_POLICIES  9u
#define WORLD_BUFFERS   256u
#define WORLD_ROOM      32768u
#define WORLD_REPLIES   16384u
#define WORLD_TOKEN_MAX 2048u

/* Ids of the policies that stand in a fresh world. */
enum world_policy {
	WORLD_DEFAULT = 1,
	WORLD_STRICT,
	WORLD_STATUS_REQUIRED,
	WORLD_STATUS_IGNORED,
	WORLD_CNF_REFUSED,
	WORLD_CLIENT_CACHE, /* 60 s */
	WORLD_MAX_AGE,      /* 100 s */
	WORLD_NO_KEYS,      /* an issuer that the key set does not have */
	WORLD_EXP_OPTIONAL, /* with client cache, 60 s */
};

struct world_token {
	char text[WORLD_TOKEN_MAX];
	size_t len;
};

struct world_reply {
	bool answered, dropped;
	uint8_t type, count;
	uint64_t epoch;
	struct eg_egt_answer answers[EG_EGT_RECORDS_MAX];
};

struct world_buffer {
	bool lent;
	size_t request_bytes;
	uint64_t request_id;
	uint8_t data[WORLD_ROOM];
};

struct world_core {
	void *mem;
	struct eg_pipeline *pipeline;
	struct eg_mailbox box;
	struct eg_vcache *vcache;       /* with world.cache_bytes */
	struct eg_sample_ring *samples; /* with world.sample_every */
	struct eg_trace *trace;         /* with world.traced */
	struct eg_packet rx[EG_BURST_MAX];
	unsigned rx_cnt;
};

struct world {
	uint64_t now_ns;
	uint64_t epoch; /* last one sent */
	unsigned core_cnt;
	unsigned core;   /* the one that world_send and world_turn mean */
	unsigned tx_max; /* answers that the port takes in a turn */
	struct eg_utc utc;
	struct eg_stats stats;
	struct eg_revoke *revoke;
	struct eg_bitmap *bitmap; /* 16 entries of 2 bits */
	/* what the next world_snapshot is made of */
	struct eg_key key[WORLD_KEYS];
	uint8_t secret[WORLD_SECRETS][64];
	struct eg_policy policy[WORLD_POLICIES];
	struct eg_list list;
	unsigned key_cnt;     /* of key, from the first; WORLD_KEYS at the start */
	bool is_behind_other; /* an issuer without keys comes first */
	bool has_no_list;
	uint64_t newest_event_s;
	uint64_t cache_bytes;  /* of the verified cache of core 0; 0: none */
	uint64_t sender;       /* of the packets that world_packet makes */
	uint32_t sample_every; /* 0: no samples */
	uint32_t sample_phase;
	uint64_t (*ticks)(void);            /* NULL: cycles are not measured */
	bool traced;                        /* each core has a trace */
	const struct eg_snapshot *snapshot; /* owned by the world: the first one */
	struct eg_issuer issuer;            /* of the first snapshot, for hashes */

	struct world_core cores[WORLD_CORES];
	struct eg_pipeline_out out;
	struct world_buffer *buffer;
	struct world_reply *reply;
	uint64_t last_id;
};

/* ed25519 NULL: libsodium. adjust (may be NULL) changes parts before the first snapshot. */
struct world *world_new(unsigned cores, const struct eg_ed25519_impl *ed25519, uint64_t deadline_ns,
    void (*adjust)(struct world *w));
/* Finishes what is queued, checks that nothing is in flight, frees everything. */
void world_free(struct world *w);

/* A snapshot of the parts as they stand, at this epoch. */
struct eg_snapshot *world_snapshot(struct world *w, uint64_t epoch);

/* ── tokens ── */

/* Signs header.payload with key `key`; k1 is 0. */
struct world_token world_sign(
    const struct world *w, unsigned key, const char *header, const char *payload);
/* A sound token of k1 that ends in 300 s, with `members` (",\"jti\":…" or "") behind the others. */
struct world_token world_good(const struct world *w, const char *members);

/* The same as a CWT and as a PASETO, signed with key `key`, with this cti or jti. (world_formats.c)
 */
struct world_token world_cwt(const struct world *w, unsigned key, const char *cti);
struct world_token world_paseto(const struct world *w, unsigned key, const char *jti);

/* ── packets ── */

struct eg_egt_record world_record(const struct world_token *token, uint32_t policy_id);
/* A free buffer, as a DATAGRAM packet of `len` bytes yet to be written. */
struct eg_packet world_packet(struct world *w, size_t len);
/* Puts a packet into the next turn of w->core. */
void world_deliver(struct world *w, struct eg_packet pkt);
/* A VERIFY of these records in the next turn; returns its id. */
uint64_t world_send(struct world *w, uint8_t flags, uint64_t min_epoch,
    const struct eg_egt_record records[], uint8_t cnt);
/* One turn of w->core with what was sent, none for an empty poll. */
void world_turn(struct world *w);
void world_idle(struct world *w);
const struct world_reply *world_reply(const struct world *w, uint64_t id);

/* Sends one token alone, finishes it, and returns the answer. */
struct eg_egt_answer world_ask(
    struct world *w, const struct world_token *token, uint32_t policy_id, uint8_t flags);

/* ── state ── */

/* Where operations go at once, for state that stands before the first packet. */
struct eg_revoke_sink world_direct(struct world *w);
/* The same by mail to their owners. */
struct eg_revoke_sink world_by_mail(struct world *w);
void world_mail_snapshot(struct world *w, const struct eg_snapshot *snapshot);
void world_mail_engine(struct world *w, unsigned core, const struct eg_ed25519_impl *engine);
void world_mail_epoch(struct world *w, uint64_t epoch);
struct eg_hash128 world_hash(const struct world *w, enum eg_revoke_kind kind, const char *value);

/* ── counters ── */

uint64_t world_counter(const struct world *w, enum eg_counter counter);
uint64_t world_drops(const struct world *w);
uint64_t world_verdicts(const struct world *w);

#endif
