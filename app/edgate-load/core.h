/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One core of the generator: its turn of the loop, and what it counted.
 *
 *   schedule ─▶ due ─▶ pick ─▶ copy, patch id, forge ─▶ lane ═══▶ edgate
 *                                                        ║
 *   histogram ◀─ judge ◀─ claim the flight ◀── parse ◀── lane ◀═══╝
 *
 *   due  = sent + refused + skipped      sent = answered + lost      (of what is measured)
 *
 * A departure is decided by the schedule alone, and latency counts from it. One that cannot leave
 * waits, up to `patience`, and is then not sent any more: refused where the wire was full, skipped
 * where this core itself came too late. In a closed loop a request is due when there is room in the
 * window.
 *
 * The clock of the plan is read once a turn. No core writes what another one reads, but for the
 * word of a flight (flight.h) and the progress that main shows.
 */
#ifndef LOAD_CORE_H
#define LOAD_CORE_H

#include "flight.h"
#include "histogram.h"
#include "judge.h"
#include "lane.h"
#include "popularity.h"
#include "schedule.h"

#define LOAD_PICKS (2 * EG_BURST_MAX)

/* What all cores share: read-only while they run, but for the words marked so. */
struct load_plan {
	const struct load_corpus *corpus;
	const struct load_popularity *popularity;
	const struct load_timing *timing; /* open loop, with the warm-up in front; else NULL */
	unsigned window;                  /* closed loop: of all cores together */
	uint64_t warmup_ns, end_ns;       /* since the start */
	uint64_t patience_ns, timeout_ns;
	bool forge;       /* each token with a false signature of its own */
	unsigned hostile; /* hostile frames for each good one */
	bool sightings;   /* judge at the end, by revocations */
	bool spin;        /* the CPU is this core's own: never yield it */
	uint64_t seed;    /* of popularity and hostile frames */
	uint64_t id_base; /* ids are base + (core << 48) + number */
	unsigned core_cnt;
	struct load_core **core;
	uint64_t (*clock_ns)(void *clock); /* monotonic; tests have one of their own */
	void *clock;
	uint64_t start_ns;         /* on that clock */
	_Atomic bool stop;         /* main: send no more */
	_Atomic unsigned draining; /* cores that still wait for answers */
};

struct load_counts {
	uint64_t due, sent, refused, skipped, behind;
	uint64_t answered, lost, late, duplicate, foreign;
	uint64_t hostile_sent, hostile_answered, hostile_accepted;
};

/* For the line on the terminal: each word for itself. */
struct load_progress {
	_Atomic uint64_t sent, answered, wrong;
};

struct load_core {
	struct load_plan *plan;
	struct load_lane *lane;
	unsigned idx;
	uint64_t now_ns, last_answer_ns, last_send_ns; /* since the start */
	struct load_flights flights;
	struct load_picker picker;
	struct load_schedule schedule;
	struct load_random random;
	bool scheduled;       /* next_due_ns is there */
	uint64_t next_due_ns; /* of the schedule */
	uint64_t due_ns[EG_BURST_MAX];
	uint32_t pick[LOAD_PICKS]; /* the requests to come */
	unsigned due_cnt, pick_cnt;
	unsigned source; /* of this burst: a socket lane sends it in one call */
	bool blocked;    /* the wire was full, and not all has left since */
	struct load_counts counts;
	struct load_judge judge;
	struct load_progress progress;
	struct load_histogram latency;
};

/* [control] Allocates what the core needs; *core is then plan->core[idx]. */
int load_core_init(struct load_core **core, struct load_plan *plan, struct load_lane *lane,
    unsigned idx, struct eg_error *err);
void load_core_free(struct load_core *core);

/* [core] From plan->start_ns to the last answer of the last core. */
void load_core_run(struct load_core *core);

#endif
