/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When requests leave: decided before anything is sent, by the profile and the arrivals alone, so
 * that nothing that the server does can move a departure.
 *
 *   rate ▲        ┌──┐ spike            The area under the profile counts departures. The n-th
 *        │    ___/│  │                  leaves where the area is
 *        │ __/    │  └────                 constant   n
 *        │/ ramp   hold                    burst:N    n, rounded down to a multiple of N
 *        └───────────────▶ time            poisson    a sum of n random steps of mean 1
 *
 * Several cores share one schedule: constant and burst in turn, poisson by steps as many times as
 * large. Time is in nanoseconds since the start; nothing here reads a clock. One schedule a core.
 */
#ifndef LOAD_SCHEDULE_H
#define LOAD_SCHEDULE_H

#include "random.h"

#include <stdbool.h>

#define LOAD_SEGMENTS_MAX 64u
#define LOAD_RATE_MAX     1e9
#define LOAD_SECONDS_MAX  86400.0

/* The rate goes in a straight line from one to the other. */
struct load_segment {
	double seconds, from_rate, to_rate;
};

struct load_profile {
	unsigned cnt;
	struct load_segment segment[LOAD_SEGMENTS_MAX];
};

enum load_arrivals { LOAD_CONSTANT, LOAD_POISSON, LOAD_BURST };

struct load_timing {
	struct load_profile profile;
	enum load_arrivals arrivals;
	unsigned burst; /* LOAD_BURST: requests that leave together */
	uint64_t seed;
};

/* Reads "hold:RATE,SECONDS", "ramp:FROM,TO,SECONDS" and "spike:RATE,SECONDS" (ten times RATE),
 * joined by '+'. False where it is anything else. */
bool load_profile_parse(struct load_profile *profile, const char *text);

/* One more segment; false where there is no room or it is out of bounds. */
bool load_profile_add(struct load_profile *profile, struct load_segment segment);
double load_profile_seconds(const struct load_profile *profile);
double load_profile_rate_max(const struct load_profile *profile);

struct load_schedule {
	const struct load_timing *timing;
	struct load_random random;
	unsigned core, cores;
	uint64_t number;  /* departures given out */
	double area;      /* of the last one, LOAD_POISSON */
	unsigned segment; /* where that is */
	double segment_area, segment_start_s;
};

/* Of core `core` of `cores`; timing is kept. */
struct load_schedule load_schedule(const struct load_timing *timing, unsigned core, unsigned cores);

/* The next departure, never earlier than the one before; false after the last. */
bool load_schedule_next(struct load_schedule *schedule, uint64_t *due_ns);

#endif
