/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of `edgatectl top`: what is shown, and where. Threads: main alone. */
#ifndef CTL_TOP_H
#define CTL_TOP_H

#include "figures.h"

#include <stdio.h>

/* ── what is shown (top_table.c) ── */

struct top_view {
	const char *run_dir;
	const struct eg_stats *stats; /* for what is not a rate: epochs, tables, alarms */
	int64_t now_utc_s;
	double seconds; /* that the differences below are of */
	unsigned core_cnt;
	const struct ctl_figures *core; /* core_cnt of them */
	unsigned columns;
	bool live; /* somebody sits there */
};

/* Lines of ASCII that end in \n; those that do not fit `columns` are the terminal's to cut. */
void top_write(FILE *to, const struct top_view *view);

/* ── where: a terminal (top_screen.c) ── */

enum top_event { TOP_TICK, TOP_REDRAW, TOP_QUIT };

/* Takes the terminal: alternate screen, keys one by one, no echo. False where stdin or stdout is
 * none. */
bool top_screen_open(void);
/* Gives it back as it was. */
void top_screen_close(void);
/* Shows these lines, cut to its size. */
void top_screen_show(const char *text);
unsigned top_screen_columns(void);
/* Until now_ns + wait_ns has come (TICK), the size has changed (REDRAW), or q, ^C or a signal ends
 * it (QUIT). */
enum top_event top_screen_wait(uint64_t until_ns);

#endif
