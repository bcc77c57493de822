/* SPDX-License-Identifier: BSD-3-Clause */
#include "figures.h"

#include <string.h>

#define FIRST_WORD offsetof(struct eg_core_stats, verdict)

void ctl_figures_read(
    struct ctl_figures *figures, const struct eg_stats *stats, unsigned first, unsigned core_cnt)
{
	*figures = (struct ctl_figures){{0}};
	for (unsigned core = first; core < first + core_cnt; core++) {
		const char *block = (const char *)&stats->core[core];
		const eg_count_t *word = (const eg_count_t *)(block + FIRST_WORD);

		for (size_t i = 0; i < CTL_FIGURE_WORDS; i++)
			figures->word[i] += eg_count_read(&word[i]);
	}
}

void ctl_figures_add(struct ctl_figures *figures, const struct ctl_figures *more)
{
	for (size_t i = 0; i < CTL_FIGURE_WORDS; i++)
		figures->word[i] += more->word[i];
}

void ctl_figures_subtract(struct ctl_figures *figures, const struct ctl_figures *before)
{
	for (size_t i = 0; i < CTL_FIGURE_WORDS; i++)
		figures->word[i] -= before->word[i];
}

uint64_t ctl_figure(
    const struct ctl_figures *figures, const struct eg_stats_group *group, unsigned i)
{
	return figures->word[(group->offset - FIRST_WORD) / sizeof(eg_count_t) + i];
}

uint64_t ctl_figure_sum(const struct ctl_figures *figures, const struct eg_stats_group *group)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < group->cnt; i++)
		sum += ctl_figure(figures, group, i);
	return sum;
}

uint64_t ctl_counter(const struct ctl_figures *figures, enum eg_counter counter)
{
	return ctl_figure(figures, &eg_stats_counters, counter);
}

struct ctl_stage ctl_stage_of(const struct ctl_figures *figures, enum eg_stage stage)
{
	const uint64_t *word =
	    &figures
	         ->word[(offsetof(struct eg_core_stats, stage) - FIRST_WORD) / sizeof(eg_count_t)];

	word += stage * sizeof(struct eg_stage_words) / sizeof(eg_count_t);
	return (struct ctl_stage){word[0], word[1], word[2]};
}

uint64_t ctl_cycles(const struct ctl_figures *figures)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < EG_STAGE_COUNT; i++)
		sum += ctl_stage_of(figures, (enum eg_stage)i).cycles;
	return sum;
}

/* ── ratios ── */

double ctl_ratio(uint64_t a, uint64_t b)
{
	return b != 0 ? (double)a / (double)b : -1;
}

static double busy(const struct ctl_figures *figures)
{
	uint64_t all = ctl_cycles(figures);

	return ctl_ratio(all - ctl_stage_of(figures, EG_STAGE_idle).cycles, all);
}

static double packets_per_burst(const struct ctl_figures *figures)
{
	struct ctl_stage rx = ctl_stage_of(figures, EG_STAGE_rx);

	return ctl_ratio(rx.items, rx.bursts);
}

static double steer_hits(const struct ctl_figures *figures)
{
	uint64_t hits = ctl_counter(figures, EG_COUNTER_steer_hit);

	return ctl_ratio(hits, hits + ctl_counter(figures, EG_COUNTER_steer_miss));
}

static double empty_polls(const struct ctl_figures *figures)
{
	return ctl_ratio(ctl_counter(figures, EG_COUNTER_rx_empty_polls),
	    ctl_counter(figures, EG_COUNTER_rx_polls));
}

static double signature_batch_fill(const struct ctl_figures *figures)
{
	return ctl_ratio(ctl_counter(figures, EG_COUNTER_signatures),
	    ctl_counter(figures, EG_COUNTER_signature_batches));
}

static double cache_hits(const struct ctl_figures *figures)
{
	uint64_t hits = ctl_counter(figures, EG_COUNTER_cache_hits) +
	                ctl_counter(figures, EG_COUNTER_cache_negative_hits);

	return ctl_ratio(hits, hits + ctl_counter(figures, EG_COUNTER_cache_misses));
}

static const struct {
	const char *name;
	double (*of)(const struct ctl_figures *figures);
} ratios[] = {
    {"busy", busy},
    {"cache_hits", cache_hits},
    {"empty_polls", empty_polls},
    {"packets_per_burst", packets_per_burst},
    {"signature_batch_fill", signature_batch_fill},
    {"steer_hits", steer_hits},
};
#define RATIO_CNT (sizeof(ratios) / sizeof(ratios[0]))

const char *ctl_figure_ratio(const struct ctl_figures *figures, unsigned i, double *value)
{
	if (i >= RATIO_CNT)
		return NULL;
	*value = ratios[i].of(figures);
	return ratios[i].name;
}

double ctl_figure_ratio_by_name(const struct ctl_figures *figures, const char *name)
{
	const char *found;
	double value;

	for (unsigned i = 0; (found = ctl_figure_ratio(figures, i, &value)) != NULL; i++)
		if (strcmp(found, name) == 0)
			return value;
	return -1;
}

const char *ctl_link_name(uint64_t link)
{
	static const char *const names[] = {[EG_LINK_DOWN] = "down", [EG_LINK_UP] = "up"};

	return link < sizeof(names) / sizeof(names[0]) ? names[link] : NULL;
}

double ctl_queue_skew(const struct ctl_figures core[], unsigned core_cnt)
{
	uint64_t most = 0, sum = 0;

	for (unsigned i = 0; i < core_cnt; i++) {
		uint64_t packets = ctl_counter(&core[i], EG_COUNTER_rx_packets);

		most = packets > most ? packets : most;
		sum += packets;
	}
	return ctl_ratio(most * core_cnt, sum);
}
