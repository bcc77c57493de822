/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl.h"
#include "eg_clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define EVERY_NS 100000000u /* ten lines a second are read as movement */

void ctl_progress_begin(struct ctl_progress *p, const struct eg_cli *cli)
{
	*p = (struct ctl_progress){.is_terminal = isatty(STDERR_FILENO) == 1};
	p->is_on = p->is_terminal || eg_cli_has(cli, "progress");
}

void ctl_progress(struct ctl_progress *p, uint64_t done, uint64_t all, const char *what)
{
	uint64_t now_ns;

	if (!p->is_on)
		return;
	now_ns = eg_clock_mono_ns();
	if (done != all && now_ns < p->next_ns)
		return;
	p->next_ns = now_ns + EVERY_NS;
	(void)fprintf(stderr, "%s%llu of %llu %s%s", p->is_terminal ? "\r" : "",
	    (unsigned long long)done, (unsigned long long)all, what,
	    p->is_terminal ? "\033[K" : "\n");
	p->is_open = p->is_terminal;
	if (done == all)
		ctl_progress_end(p);
}

void ctl_progress_end(struct ctl_progress *p)
{
	if (p->is_open)
		(void)fputc('\n', stderr);
	p->is_open = false;
}
