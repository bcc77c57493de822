/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a core's cycles go. One reading of the counter at the end of each stage of a burst, never
 * of a packet: what has passed since the reading before belongs to the stage that ends.
 *
 *   ticks  ──┬──── rx ────┬─ house ─┬─── parse ───┬──── decode ────┬── signature ──┬─ … ─▶
 *            end        end(rx)  end(house)   end(parse)       end(decode)   end(signature)
 *
 * So every cycle is in exactly one stage, and all stages together are all the time since
 * eg_stage_start. Stages may come in any order and more than once in a turn. [worker, own block]
 */
#ifndef EG_STAGE_H
#define EG_STAGE_H

#include "eg_stats.h"

struct eg_stage_clock {
	uint64_t (*ticks)(void); /* eg_clock_ticks; NULL: nothing is measured */
	uint64_t last;
	struct eg_stage_words *words; /* EG_STAGE_COUNT of them */
};

static inline void eg_stage_start(
    struct eg_stage_clock *clock, uint64_t (*ticks)(void), struct eg_stage_words words[])
{
	*clock = (struct eg_stage_clock){ticks, ticks != NULL ? ticks() : 0, words};
}

/* This stage ends now; `items` (packets, records) passed it, 0 where it goes on later or had none.
 * A counter that has stepped back, on a host that does not keep those of its cores together, adds
 * nothing. Returns the cycles that were added. */
static inline uint64_t eg_stage_end(
    struct eg_stage_clock *clock, enum eg_stage stage, uint64_t items)
{
	struct eg_stage_words *words = &clock->words[stage];
	uint64_t now, passed;

	if (clock->ticks == NULL)
		return 0;
	now = clock->ticks();
	passed = now > clock->last ? now - clock->last : 0;
	eg_count(&words->cycles, passed);
	clock->last = now;
	if (items != 0) {
		eg_count(&words->items, items);
		eg_count(&words->bursts, 1);
	}
	return passed;
}

#endif
