/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small world for targets that run the whole pipeline: issuers, keys, lists and policies such
 * that every verdict can be had; one core of two, virtual time; packets in memory of exactly their
 * size. Nothing of it depends on anything but the calls below.
 *
 *   fuzz_world_start ─▶ fuzz_world_deliver … fuzz_world_turn ─▶ fuzz_world_take(answer) ─▶ …_stop
 *
 * A turn checks what must always hold: a packet comes back once, an answer is no longer than its
 * request, the counters balance, records of an answer each have a verdict.
 */
#ifndef EG_FUZZ_WORLD_H
#define EG_FUZZ_WORLD_H

#include "eg_pipeline.h"
#include "fuzz.h"

#define FUZZ_NOW_S    1800000000ull
#define FUZZ_ISS      "https://as.example.com"
#define FUZZ_AUD      "https://api.example.com"
#define FUZZ_LIST     "https://as.example.com/sl/1"
#define FUZZ_LENT_MAX 512u
#define FUZZ_EPOCH    EG_EPOCH(1, 10)

/* Keys of FUZZ_ISS: "k1" and "k2" are sound, "old" is revoked, "late" is not valid yet. */
enum fuzz_key { FUZZ_K1, FUZZ_K2, FUZZ_OLD, FUZZ_LATE, FUZZ_KEYS };

/* Policies by id; an id that is none of them is UNKNOWN_POLICY. 0 is FUZZ_DEFAULT. */
enum fuzz_policy {
	FUZZ_DEFAULT = 1,
	FUZZ_STRICT, /* order */
	FUZZ_STATUS_REQUIRED,
	FUZZ_STATUS_IGNORED,
	FUZZ_CNF_REFUSED,
	FUZZ_CNF_REQUIRED,
	FUZZ_CLIENT_CACHE,
	FUZZ_MAX_AGE,
	FUZZ_MAX_LIFETIME,
	FUZZ_NO_KEYS, /* an issuer without keys */
	FUZZ_EXP_OPTIONAL,
	FUZZ_TYP_REQUIRED,
	FUZZ_ANY_AUDIENCE, /* with skew */
	FUZZ_SHORT,        /* tokens of 400 bytes at most */
	FUZZ_ASSERTION,    /* implicit assertion of PASETO */
	FUZZ_LONG,         /* tokens of 9000 bytes, so that a payload can be too long */
	FUZZ_FRESH_STRICT, /* the state is too old for it */
	FUZZ_FRESH_BOUNDED,
	FUZZ_FRESH_ENOUGH, /* with client_cache */
	FUZZ_POLICIES = FUZZ_FRESH_ENOUGH,
};

struct fuzz_lent {              /* a packet's memory */
	struct fuzz_copy asked; /* the packet as it was delivered */
	uint32_t asked_flags;
	uint8_t *mem;
	bool is_out;       /* the pipeline has it */
	uint32_t data_off; /* of the packet in mem */
};

struct fuzz_world {
	/* made once */
	const struct eg_snapshot *snapshot;
	uint8_t secret[FUZZ_KEYS][64];
	struct eg_key key[FUZZ_KEYS];
	struct eg_policy policy[FUZZ_POLICIES];
	struct eg_bitmap *bitmap, *other_bitmap;
	struct eg_stats stats;
	void *mem;     /* of the pipeline */
	void *samples; /* of its ring */
	struct eg_vcache *vcache;
	/* of one run */
	struct eg_utc utc;
	uint64_t now_ns;
	struct eg_netif netif;
	struct eg_revoke *revoke;
	struct eg_mailbox box;
	struct eg_pipeline *pipeline;
	struct eg_packet rx[EG_BURST_MAX];
	unsigned rx_cnt;
	struct eg_pipeline_out out;
	struct fuzz_lent lent[FUZZ_LENT_MAX];
	unsigned lent_cnt;
	uint64_t delivered;
	/* called with each answer: its packet, and the request it was made of */
	void (*answered)(void *ctx, const struct eg_packet *pkt, const struct fuzz_lent *lent);
	void *ctx;
};

/* The one world of the process, made at the first call. */
struct fuzz_world *fuzz_world(void);

struct fuzz_setup {
	bool tagged, qinq, offload;
	bool not_ready;   /* the clock is behind the log */
	bool no_snapshot; /* before one comes by mail */
	bool sampled;     /* every verdict of a short message goes to a ring that nobody reads */
	bool cached;      /* with a verified cache */
	uint64_t deadline_ns;  /* of the signature queue */
	unsigned lanes;        /* of the signature engine */
	uint32_t datagram_max; /* 0: the largest there is */
};

/* A run begins: everything as it was at the first one. */
void fuzz_world_start(struct fuzz_world *w, const struct fuzz_setup *setup);
/* Finishes what is queued and checks that nothing is left. */
void fuzz_world_stop(struct fuzz_world *w);

/* A packet of these bytes into the next turn; `room` bytes of memory behind it, `shift` bytes off
 * alignment. A turn is taken where the burst is full. */
void fuzz_world_deliver(
    struct fuzz_world *w, struct eg_span bytes, uint32_t flags, uint32_t room, size_t shift);
/* One turn with what was delivered; the port takes tx_max answers. */
void fuzz_world_turn(struct fuzz_world *w, unsigned tx_max);

/* Denies a jti from now on, by mail, and lets the epoch pass. */
void fuzz_world_deny(struct fuzz_world *w, struct eg_span jti, uint64_t epoch);
void fuzz_world_mail(struct fuzz_world *w, const struct eg_mail *mail);
/* From the next turn on libsodium itself verifies. */
void fuzz_world_fall_back(struct fuzz_world *w);

#endif
