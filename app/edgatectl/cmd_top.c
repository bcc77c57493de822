/* SPDX-License-Identifier: BSD-3-Clause */
/* top: the counters of the running edgate as rates, again and again. */
#include "ctl.h"
#include "eg_clock.h"
#include "top.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define INTERVAL_MS     1000u
#define INTERVAL_MS_MIN 50u
#define INTERVAL_MS_MAX 60000u
#define FIRST_MS        250u /* so that a terminal is not empty for long */
#define PAPER_COLUMNS   120u
#define NS_PER_MS       1000000u

struct reading {
	uint64_t now_ns;
	struct ctl_figures core[EG_WORKERS_MAX];
};

struct top {
	char run_dir[512];
	struct eg_stats stats;
	uint64_t interval_ns, batch; /* batch 0: a terminal, until it ends */
	struct reading last;
	struct reading since; /* what the last interval added; now_ns is its length */
};

static void read_cores(struct top *t, struct reading *reading)
{
	reading->now_ns = eg_clock_mono_ns();
	for (unsigned i = 0; i < t->stats.core_cnt; i++)
		ctl_figures_read(&reading->core[i], &t->stats, i, 1);
}

static void take_interval(struct top *t)
{
	static struct reading now;

	read_cores(t, &now);
	t->since = now;
	t->since.now_ns -= t->last.now_ns;
	for (unsigned i = 0; i < t->stats.core_cnt; i++)
		ctl_figures_subtract(&t->since.core[i], &t->last.core[i]);
	t->last = now;
}

static void write_view(struct top *t, FILE *to, unsigned columns)
{
	const struct top_view view = {
	    .run_dir = t->run_dir,
	    .stats = &t->stats,
	    .now_utc_s = eg_clock_utc_ns() / EG_NS_PER_S,
	    .seconds = (double)t->since.now_ns / (double)EG_NS_PER_S,
	    .core_cnt = t->stats.core_cnt,
	    .core = t->since.core,
	    .columns = columns,
	    .live = t->batch == 0,
	};

	top_write(to, &view);
}

static int check_running(const struct top *t, struct eg_error *err)
{
	if (ctl_is_running(&t->stats))
		return 0;
	return eg_error_set(err, EG_ENOENT,
	    "no edgate runs in %s: process %llu is gone (edgatectl stats shows its last counters)",
	    t->run_dir, (unsigned long long)t->stats.header->pid);
}

/* ── on a terminal ── */

static void show(struct top *t)
{
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	if (to == NULL)
		return;
	write_view(t, to, top_screen_columns());
	if (fclose(to) == 0)
		top_screen_show(text);
	free(text);
}

static int run_on_screen(struct top *t, struct eg_error *err)
{
	uint64_t next_ns = t->last.now_ns + FIRST_MS * NS_PER_MS;
	enum top_event event = TOP_REDRAW;
	int rc = 0;

	while (rc == 0 && (event = top_screen_wait(next_ns)) != TOP_QUIT) {
		if (event == TOP_TICK) {
			take_interval(t);
			next_ns = t->last.now_ns + t->interval_ns;
		}
		if (t->since.now_ns != 0)
			show(t);
		rc = check_running(t, err);
	}
	return rc;
}

/* ── on paper ── */

static void pause_ns(uint64_t ns)
{
	struct timespec left = {.tv_sec = (time_t)(ns / (uint64_t)EG_NS_PER_S),
	    .tv_nsec = (long)(ns % (uint64_t)EG_NS_PER_S)};

	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

static int run_on_paper(struct top *t, struct eg_error *err)
{
	int rc = 0;

	for (uint64_t i = 0; rc == 0 && i < t->batch; i++) {
		pause_ns(t->interval_ns);
		rc = check_running(t, err);
		take_interval(t);
		if (rc == 0) {
			(void)printf("%s", i != 0 ? "\n" : "");
			write_view(t, stdout, PAPER_COLUMNS);
			(void)fflush(stdout);
		}
	}
	return rc;
}

/* ── the command ── */

static int get_options(const struct eg_cli *cli, struct top *t)
{
	uint64_t interval_ms = INTERVAL_MS;
	int rc = eg_cli_get_number(cli, "interval", INTERVAL_MS_MAX, &interval_ms);

	if (rc == 0)
		rc = eg_cli_get_number(cli, "batch", UINT32_MAX, &t->batch);
	if (rc != 0)
		return rc;
	if (interval_ms < INTERVAL_MS_MIN)
		return eg_cli_usage(cli, "--interval: at least %u ms", INTERVAL_MS_MIN);
	if (eg_cli_has(cli, "batch") && (t->batch == 0 || eg_cli_has(cli, "once")))
		return eg_cli_usage(cli, "--batch: at least one table, and not with --once");
	if (eg_cli_has(cli, "once"))
		t->batch = 1;
	t->interval_ns = interval_ms * NS_PER_MS;
	return 0;
}

static int run(const struct eg_cli *cli, struct top *t, struct eg_error *err)
{
	int rc = check_running(t, err);

	if (rc != 0)
		return eg_cli_refuse(err);
	read_cores(t, &t->last);
	if (t->batch != 0) {
		rc = run_on_paper(t, err);
	} else {
		if (!top_screen_open())
			return eg_cli_usage(cli, "this is no terminal: give --once or --batch N");
		rc = run_on_screen(t, err);
		top_screen_close();
	}
	return rc == 0 ? EG_CLI_DONE : eg_cli_refuse(err);
}

int ctl_top(const struct eg_cli *cli)
{
	static struct top t;
	struct eg_error err = {0};
	int rc = get_options(cli, &t);

	if (rc != 0)
		return rc;
	if (ctl_run_dir(cli, t.run_dir, sizeof(t.run_dir), &err) != 0 ||
	    ctl_open_stats(cli, &t.stats, &err) != 0)
		return eg_cli_refuse(&err);
	rc = run(cli, &t, &err);
	eg_stats_close(&t.stats);
	return rc;
}
