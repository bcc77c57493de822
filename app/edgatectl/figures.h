/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The counters of some cores as figures that a person reads: what passed between two readings, and
 * what that says about the cores. Threads: main alone.
 */
#ifndef CTL_FIGURES_H
#define CTL_FIGURES_H

#include "eg_stats.h"

#include <stdbool.h>

#define CTL_FIGURE_WORDS                                                                           \
	((offsetof(struct eg_core_stats, key_signatures) -                                         \
	     offsetof(struct eg_core_stats, verdict)) /                                            \
	    sizeof(eg_count_t))

/* Every counter of a core but those by key, or the sum of several cores, or what was added since.
 */
struct ctl_figures {
	uint64_t word[CTL_FIGURE_WORDS];
};

void ctl_figures_read(
    struct ctl_figures *figures, const struct eg_stats *stats, unsigned first, unsigned core_cnt);
void ctl_figures_add(struct ctl_figures *figures, const struct ctl_figures *more);
void ctl_figures_subtract(struct ctl_figures *figures, const struct ctl_figures *before);

uint64_t ctl_figure(
    const struct ctl_figures *figures, const struct eg_stats_group *group, unsigned i);
uint64_t ctl_figure_sum(const struct ctl_figures *figures, const struct eg_stats_group *group);
uint64_t ctl_counter(const struct ctl_figures *figures, enum eg_counter counter);

struct ctl_stage {
	uint64_t cycles, items, bursts;
};
struct ctl_stage ctl_stage_of(const struct ctl_figures *figures, enum eg_stage stage);
/* Of all stages. */
uint64_t ctl_cycles(const struct ctl_figures *figures);

/* a / b, or a negative number where b is 0: nothing can be said. */
double ctl_ratio(uint64_t a, uint64_t b);

/* Ratio i by its name, as stats prints it; NULL behind the last. *value is negative where nothing
 * can be said. */
const char *ctl_figure_ratio(const struct ctl_figures *figures, unsigned i, double *value);
double ctl_figure_ratio_by_name(const struct ctl_figures *figures, const char *name);

/* "down", "up", or NULL where it cannot be told. */
const char *ctl_link_name(uint64_t link);

/* What the busiest of these cores received over what the mean one did: 1 where all are equal. */
double ctl_queue_skew(const struct ctl_figures core[], unsigned core_cnt);

#endif
