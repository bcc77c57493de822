/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests on their way: which are out, since when, and what became of each.
 *
 *   number   tail ─────────────────────── head        a ring: number n is at n mod size
 *            │ live │ answered │ live │ … │           tail: the oldest that may be live
 *
 *   empty ─▶ live ─▶ answered        an answer claims it
 *                └─▶ lost            nobody did until the time was over, or the ring came round
 *
 * So sent = answered + lost once nothing is out. The core that sends owns the ring and moves head
 * and tail; an answer may come to another core (a NIC that spreads answers over its queues), which
 * then claims there. Each request changes from live once: with one core by plain words, with
 * several by compare and exchange of the slot's own word. Nothing else is shared.
 */
#ifndef LOAD_FLIGHT_H
#define LOAD_FLIGHT_H

#include "eg_err.h"
#include "eg_pages.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define LOAD_FLIGHTS_MIN_LOG2 12u
#define LOAD_FLIGHTS_MAX_LOG2 24u

struct load_flight {
	uint64_t due_ns; /* from where its latency counts */
	uint32_t request;
	_Atomic uint32_t state; /* lap of the ring << 3 | enum load_flight_state */
};

enum load_flight_state {
	LOAD_FLIGHT_EMPTY = 0,
	LOAD_FLIGHT_LIVE = 1,
	LOAD_FLIGHT_ANSWERED = 2,
	LOAD_FLIGHT_LOST = 3,
	LOAD_FLIGHT_MEASURED = 4, /* with one of those: not part of the warm-up */
};

struct load_flights {
	struct load_flight *slot;
	struct eg_pages pages;
	unsigned log2;
	bool shared; /* answers may come to other cores */
	uint64_t timeout_ns;
	uint64_t head, tail;
	uint64_t claimed; /* by the owner */
	_Atomic uint64_t claimed_by_others;
	uint64_t given_up;
};

/* What a claim found. */
enum load_claim {
	LOAD_CLAIMED,   /* it was live and is the caller's answer */
	LOAD_LATE,      /* given up before */
	LOAD_DUPLICATE, /* answered before */
	LOAD_FOREIGN,   /* never sent */
};

/* [control] A ring for as many requests as can be out: -EG_ENOMEM. A rate that fills the largest
 * ring within timeout_ns shortens the wait. */
int load_flights_init(struct load_flights *f, double rate, unsigned window, uint64_t timeout_ns,
    bool shared, struct eg_error *err);
void load_flights_free(struct load_flights *f);

/* [owner] The next number is out: it is returned. One that is still live in its slot is lost, which
 * *lost counts where it was measured. */
uint64_t load_flights_open(
    struct load_flights *f, uint64_t due_ns, uint32_t request, bool measured, uint64_t *lost);
/* [owner] The last cnt were not sent after all. */
void load_flights_cancel(struct load_flights *f, unsigned cnt);
/* [owner] Gives up what was due timeout_ns ago; returns how many of them were measured. */
uint64_t load_flights_give_up(struct load_flights *f, uint64_t now_ns);

/* [owner] Still out. */
static inline uint64_t load_flights_out(const struct load_flights *f)
{
	return f->head - f->claimed - f->given_up -
	       (f->shared ? atomic_load_explicit(&f->claimed_by_others, memory_order_relaxed) : 0);
}

static inline struct load_flight *load_flight_at(const struct load_flights *f, uint64_t number)
{
	return &f->slot[number & ((UINT64_C(1) << f->log2) - 1)];
}

/* [any core] An answer to `number` came. For LOAD_CLAIMED *measured says whether it counts, and the
 * slot's due_ns and request hold until the owner opens its next lap. */
enum load_claim load_flights_claim(
    struct load_flights *f, uint64_t number, bool by_owner, bool *measured);

#endif
