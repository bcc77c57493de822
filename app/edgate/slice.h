/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long the thread that calls may keep its CPU where others want it too: 0.1 ms instead of some
 * milliseconds. Who asks for less at a time gets it sooner: when it wakes it takes the CPU from a
 * thread of the same priority at once, and its share stays the same (EEVDF, Linux 6.12 on;
 * sched(7), sched_setattr(2)). Needs no privilege. Threads that it starts afterwards inherit it.
 */
#ifndef EDGATE_SLICE_H
#define EDGATE_SLICE_H

/* Leaves a real-time or idle policy as it is; nothing happens where the kernel does not know it. */
void eg_slice_shorten(void);

#endif
