/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time. No module reads a clock by itself: now_ns (monotonic) is an argument, and UTC is derived
 * from it through one published word.
 *
 *     control: every 10 ms   utc_ns - mono_ns ──relaxed──▶ eg_utc.offset_ns
 *     worker:                now_ns + offset_ns ◀─relaxed── (no system call, no seqlock)
 *
 * Forward steps of the host's clock count at once. A step back of more than 1 s does not: the
 * published time then stands at the highest time seen until the host's clock is there again, and
 * the control side is told to raise an alarm (docs/architecture.md, Time). Threads as marked at
 * each function.
 */
#ifndef EG_CLOCK_H
#define EG_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define EG_NS_PER_S 1000000000LL

/* [any] CLOCK_MONOTONIC and CLOCK_REALTIME (vDSO: no system call). For loops and mains only. */
uint64_t eg_clock_mono_ns(void);
int64_t eg_clock_utc_ns(void);

/* [any] The CPU's counter of constant rate (TSC; the generic timer of arm64), else the monotonic
 * clock: for measuring where cycles go, never for time. Not ordered with what stands around it. */
static inline uint64_t eg_clock_ticks(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
#else
	return eg_clock_mono_ns();
#endif
}

/* How fast a counter runs: compared with the monotonic clock since a first reading of both. */
struct eg_tick_rate {
	uint64_t first_ticks, first_ns;
};

/* [any] Ticks in a second; 0 while the two readings are the same. */
uint64_t eg_tick_rate_hz(const struct eg_tick_rate *rate, uint64_t ticks, uint64_t now_ns);

struct eg_utc {
	/* Control writes, workers read: one word, so relaxed is enough. */
	_Atomic int64_t offset_ns;
	/* Control's own. */
	int64_t highest_utc_ns;
	bool is_held;
};

/* [control] Before the workers start. */
void eg_utc_init(struct eg_utc *utc, uint64_t now_ns, int64_t utc_ns);

/* [control] Publishes a new reading. False while a step back is being held: raise an alarm. */
bool eg_utc_publish(struct eg_utc *utc, uint64_t now_ns, int64_t utc_ns);

/* [worker] Since 1970 at now_ns; never negative. Seconds are rounded down. */
static inline uint64_t eg_utc_now_ns(const struct eg_utc *utc, uint64_t now_ns)
{
	int64_t t = (int64_t)now_ns + atomic_load_explicit(&utc->offset_ns, memory_order_relaxed);

	return t > 0 ? (uint64_t)t : 0;
}

static inline uint64_t eg_utc_now_s(const struct eg_utc *utc, uint64_t now_ns)
{
	return eg_utc_now_ns(utc, now_ns) / (uint64_t)EG_NS_PER_S;
}

#endif
