/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_clock.h"

#include <time.h>

static int64_t read_clock_ns(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * EG_NS_PER_S + ts.tv_nsec;
}

uint64_t eg_clock_mono_ns(void)
{
	return (uint64_t)read_clock_ns(CLOCK_MONOTONIC);
}

int64_t eg_clock_utc_ns(void)
{
	return read_clock_ns(CLOCK_REALTIME);
}

uint64_t eg_tick_rate_hz(const struct eg_tick_rate *rate, uint64_t ticks, uint64_t now_ns)
{
	if (now_ns <= rate->first_ns || ticks <= rate->first_ticks)
		return 0;
	return (uint64_t)((double)(ticks - rate->first_ticks) * (double)EG_NS_PER_S /
	                  (double)(now_ns - rate->first_ns));
}

static void publish(struct eg_utc *utc, uint64_t now_ns, int64_t utc_ns)
{
	atomic_store_explicit(&utc->offset_ns, utc_ns - (int64_t)now_ns, memory_order_relaxed);
}

void eg_utc_init(struct eg_utc *utc, uint64_t now_ns, int64_t utc_ns)
{
	utc->highest_utc_ns = utc_ns;
	utc->is_held = false;
	publish(utc, now_ns, utc_ns);
}

bool eg_utc_publish(struct eg_utc *utc, uint64_t now_ns, int64_t utc_ns)
{
	/* Once held, time stands until the host's clock has caught up altogether: to let go within
	 * the second that is forgiven would be a step back of its own. */
	int64_t forgiven_ns = utc->is_held ? 0 : EG_NS_PER_S;

	utc->is_held = utc_ns < utc->highest_utc_ns - forgiven_ns;
	if (utc_ns > utc->highest_utc_ns)
		utc->highest_utc_ns = utc_ns;
	publish(utc, now_ns, utc->is_held ? utc->highest_utc_ns : utc_ns);
	return !utc->is_held;
}
