/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which request comes next: all in turn, each as likely as the other, or few of them most of the
 * time (Zipf: the i-th with a weight of 1 / i^s).
 *
 *   Zipf by the alias method (Walker 1977; tables as Vose 1991):
 *
 *        column     0      1      2      3        a column at random, then a coin that the
 *                 ┌────┐ ┌────┐ ┌────┐ ┌────┐     column weighs: itself or its alias
 *                 │ 0  │ │ 0  │ │ 0  │ │ 1  │     O(1) for any distribution
 *                 │    │ ├────┤ ├────┤ ├────┤
 *                 │    │ │ 1  │ │ 2  │ │ 3  │
 *                 └────┘ └────┘ └────┘ └────┘
 *
 * A popularity is shared and read-only after init; each core has a picker of its own.
 */
#ifndef LOAD_POPULARITY_H
#define LOAD_POPULARITY_H

#include "eg_err.h"
#include "eg_packet.h"
#include "random.h"

enum load_popularity_kind { LOAD_CYCLE, LOAD_UNIFORM, LOAD_ZIPF };

struct load_alias_column {
	uint32_t keep; /* of 2^32 coins, how many keep the column itself */
	uint32_t alias;
};

struct load_popularity {
	enum load_popularity_kind kind;
	uint32_t cnt;
	uint32_t first; /* LOAD_CYCLE: where the next run begins, below cnt; set between runs */
	struct load_alias_column *column; /* LOAD_ZIPF: cnt of them */
};

/* [control] cnt > 0; s ≥ 0, used by LOAD_ZIPF alone. Allocates: -EG_ENOMEM. */
int load_popularity_init(struct load_popularity *p, enum load_popularity_kind kind, double s,
    uint32_t cnt, struct eg_error *err);
void load_popularity_free(struct load_popularity *p);

struct load_picker {
	const struct load_popularity *popularity;
	struct load_random random;
	uint64_t next, step; /* LOAD_CYCLE */
};

/* The picker of core `core` of `cores`: in turn, the cores together pass over each request once a
 * round. */
struct load_picker load_picker(
    const struct load_popularity *p, uint64_t seed, unsigned core, unsigned cores);

/* [core] The next cnt ≤ EG_BURST_MAX requests. */
void load_pick(struct load_picker *picker, uint32_t out[], unsigned cnt);

#endif
