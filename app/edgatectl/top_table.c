/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl.h"
#include "top.h"

#define MIB        1048576.0
#define LABEL      "%-7s"
#define LABEL_WIDE 7u
#define BAR_MIN    10u
#define BAR_MAX    200u
#define CELL_BYTES 32

struct cell {
	char text[CELL_BYTES];
};

/* ── numbers ── */

/* "950", "12.3k", "1.23M" */
static struct cell rate_text(double rate)
{
	struct cell cell;

	if (rate < 1e4)
		(void)snprintf(cell.text, sizeof(cell.text), "%.0f", rate);
	else if (rate < 1e6)
		(void)snprintf(cell.text, sizeof(cell.text), "%.1fk", rate / 1e3);
	else
		(void)snprintf(cell.text, sizeof(cell.text), "%.2fM", rate / 1e6);
	return cell;
}

/* "-" where it cannot be told. */
static struct cell ratio_text(double ratio, double factor)
{
	struct cell cell = {"-"};

	if (ratio >= 0)
		(void)snprintf(
		    cell.text, sizeof(cell.text), "%.*f", factor > 1 ? 1 : 2, ratio * factor);
	return cell;
}

/* ── columns: one line a core ── */

static struct cell per_second(const struct top_view *v, uint64_t cnt)
{
	return rate_text((double)cnt / v->seconds);
}

static struct cell received(const struct top_view *v, const struct ctl_figures *f)
{
	return per_second(v, ctl_counter(f, EG_COUNTER_rx_packets));
}

static struct cell answered(const struct top_view *v, const struct ctl_figures *f)
{
	return per_second(v, ctl_figure_sum(f, &eg_stats_answers));
}

static struct cell dropped(const struct top_view *v, const struct ctl_figures *f)
{
	return per_second(v, ctl_figure_sum(f, &eg_stats_drops));
}

static struct cell tokens(const struct top_view *v, const struct ctl_figures *f)
{
	return per_second(v, ctl_counter(f, EG_COUNTER_records));
}

static struct cell signatures(const struct top_view *v, const struct ctl_figures *f)
{
	return per_second(v, ctl_counter(f, EG_COUNTER_signatures));
}

static struct cell verdict_share(const struct ctl_figures *f, unsigned first, unsigned end)
{
	uint64_t sum = 0;

	for (unsigned i = first; i < end; i++)
		sum += ctl_figure(f, &eg_stats_verdicts, i);
	return ratio_text(ctl_ratio(sum, ctl_figure_sum(f, &eg_stats_verdicts)), 100);
}

static struct cell accepted(const struct top_view *v, const struct ctl_figures *f)
{
	(void)v;
	return verdict_share(f, EG_OK, EG_OK + 1);
}

static struct cell refused(const struct top_view *v, const struct ctl_figures *f)
{
	(void)v;
	return verdict_share(f, EG_OK + 1, EG_OVERLOADED);
}

static struct cell retried(const struct top_view *v, const struct ctl_figures *f)
{
	(void)v;
	return verdict_share(f, EG_OVERLOADED, EG_VERDICT_SLOTS);
}

static struct cell share_of(const struct ctl_figures *f, const char *ratio)
{
	return ratio_text(ctl_figure_ratio_by_name(f, ratio), 100);
}

static struct cell busy(const struct top_view *v, const struct ctl_figures *f)
{
	(void)v;
	return share_of(f, "busy");
}

static struct cell empty_polls(const struct top_view *v, const struct ctl_figures *f)
{
	(void)v;
	return share_of(f, "empty_polls");
}

static struct cell steered(const struct top_view *v, const struct ctl_figures *f)
{
	(void)v;
	return share_of(f, "steer_hits");
}

static struct cell burst(const struct top_view *v, const struct ctl_figures *f)
{
	(void)v;
	return ratio_text(ctl_figure_ratio_by_name(f, "packets_per_burst"), 1);
}

static struct cell batch(const struct top_view *v, const struct ctl_figures *f)
{
	(void)v;
	return ratio_text(ctl_figure_ratio_by_name(f, "signature_batch_fill"), 1);
}

static const struct column {
	const char *title;
	int width;
	struct cell (*of)(const struct top_view *v, const struct ctl_figures *f);
} columns[] = {
    {"in/s", 7, received},
    {"out/s", 7, answered},
    {"drops/s", 7, dropped},
    {"tokens/s", 8, tokens},
    {"OK %", 6, accepted},
    {"refused %", 9, refused},
    {"retry %", 7, retried},
    {"sigs/s", 7, signatures},
    {"batch", 6, batch},
    {"burst", 6, burst},
    {"empty %", 7, empty_polls},
    {"steer %", 7, steered},
    {"busy %", 6, busy},
};
#define COLUMN_CNT (sizeof(columns) / sizeof(columns[0]))

static void write_row(
    FILE *to, const struct top_view *v, const char *label, const struct ctl_figures *f)
{
	(void)fprintf(to, LABEL, label);
	for (unsigned i = 0; i < COLUMN_CNT; i++)
		(void)fprintf(to, " %*s", columns[i].width, columns[i].of(v, f).text);
}

static const char *core_label(unsigned core, struct cell *cell)
{
	(void)snprintf(cell->text, sizeof(cell->text), "core %u", core);
	return cell->text;
}

static void write_cores(FILE *to, const struct top_view *v, const struct ctl_figures *all)
{
	(void)fprintf(to, LABEL, "");
	for (unsigned i = 0; i < COLUMN_CNT; i++)
		(void)fprintf(to, " %*s", columns[i].width, columns[i].title);
	(void)fprintf(to, "  epoch\n");
	write_row(to, v, "all", all);
	(void)fprintf(
	    to, "  " CTL_EPOCH_TEXT "\n", CTL_EPOCH_ARGS(eg_stats_applied_epoch(v->stats)));
	for (unsigned i = 0; i < v->core_cnt; i++) {
		uint64_t epoch =
		    atomic_load_explicit(&v->stats->core[i].applied_epoch, memory_order_acquire);
		struct cell label;

		write_row(to, v, core_label(i, &label), &v->core[i]);
		(void)fprintf(to, "  " CTL_EPOCH_TEXT "\n", CTL_EPOCH_ARGS(epoch));
	}
	(void)fprintf(to,
	    "queue skew %s (packets of the busiest core over those of the mean one)\n",
	    ratio_text(ctl_queue_skew(v->core, v->core_cnt), 1).text);
}

/* ── cycles by stage ── */

/* The first letter of its name that no stage before it has taken; idle is a dot. */
static void stage_letters(char letter[EG_STAGE_COUNT])
{
	for (unsigned i = 0; i < EG_STAGE_COUNT; i++) {
		const char *name = eg_stage_name(i);

		while (name[1] != '\0' && memchr(letter, *name, i) != NULL)
			name++;
		letter[i] = i == EG_STAGE_idle ? '.' : *name;
	}
}

static unsigned bar_width(const struct top_view *v)
{
	const unsigned around = LABEL_WIDE + 3;

	if (v->columns < around + BAR_MIN)
		return BAR_MIN;
	return v->columns - around < BAR_MAX ? v->columns - around : BAR_MAX;
}

/* Each stage ends where all up to it end, so that the bar is as wide as it should be. */
static void write_bar(FILE *to, const char *letter, const struct ctl_figures *f, unsigned width)
{
	const double all = (double)ctl_cycles(f);
	double cycles = 0;
	unsigned at = 0;

	for (unsigned i = 0; all > 0 && i < EG_STAGE_COUNT; i++) {
		cycles += (double)ctl_stage_of(f, (enum eg_stage)i).cycles;
		for (; at < (unsigned)(cycles / all * width + 0.5); at++)
			(void)fputc(letter[i], to);
	}
	for (; at < width; at++)
		(void)fputc(' ', to);
}

static void write_stages(FILE *to, const struct top_view *v, const struct ctl_figures *all)
{
	const uint64_t packets = ctl_counter(all, EG_COUNTER_rx_packets);
	char letter[EG_STAGE_COUNT];
	struct cell label;

	stage_letters(letter);
	for (unsigned i = 0; i < v->core_cnt; i++) {
		(void)fprintf(to, LABEL " [", core_label(i, &label));
		write_bar(to, letter, &v->core[i], bar_width(v));
		(void)fprintf(to, "]\n");
	}
	(void)fprintf(
	    to, "%-14s %8s %14s %12s\n", "stage", "share %", "cycles/packet", "items/burst");
	for (unsigned i = 0; i < EG_STAGE_COUNT; i++) {
		const struct ctl_stage stage = ctl_stage_of(all, (enum eg_stage)i);

		(void)fprintf(to, "%c %-12s %8s %14s %12s\n", letter[i], eg_stage_name(i),
		    ratio_text(ctl_ratio(stage.cycles, ctl_cycles(all)), 100).text,
		    ratio_text(ctl_ratio(stage.cycles, packets), 1).text,
		    ratio_text(ctl_ratio(stage.items, stage.bursts), 1).text);
	}
}

/* ── names with their rates ── */

static void write_rates(FILE *to, const struct top_view *v, const char *title,
    const struct eg_stats_group *group, const struct ctl_figures *all)
{
	(void)fprintf(to, "%s", title);
	for (unsigned i = 0; i < group->cnt; i++) {
		uint64_t cnt = ctl_figure(all, group, i);

		if (cnt != 0)
			(void)fprintf(to, "  %s %s", group->name(i), per_second(v, cnt).text);
	}
	(void)fprintf(to, "\n");
}

/* ── ports ── */

/* Since edgate began: what a device lost in a second is gone from a rate when somebody looks. */
static void write_ports(FILE *to, const struct eg_stats *stats)
{
	for (unsigned p = 0; p < eg_stats_port_cnt(stats); p++) {
		const struct eg_stats_port *port = &stats->port[p];
		const char *link = ctl_link_name(eg_count_read(&port->word[EG_DEVICE_link]));
		char name[sizeof(port->name)];

		(void)fprintf(to, "port %s  link %s", eg_stats_text(name, port->name, sizeof(name)),
		    link != NULL ? link : "-");
		for (unsigned i = EG_DEVICE_rx_missed; i < EG_DEVICE_COUNT; i++)
			(void)fprintf(to, "  %s %llu", eg_device_name(i),
			    (unsigned long long)eg_count_read(&port->word[i]));
		(void)fprintf(to, "\n");
	}
}

/* ── the head ── */

static uint64_t load(const _Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

static void write_head(FILE *to, const struct top_view *v)
{
	const struct eg_stats_header *h = v->stats->header;
	int64_t up_s = v->now_utc_s - h->started_utc_ns / 1000000000;
	int64_t age_s = v->now_utc_s - (int64_t)load(&h->state_read_utc_s);
	char engine[sizeof(h->ed25519)];

	(void)fprintf(to, "%s  pid %llu  %s  up %lld:%02lld:%02lld  ed25519 %s  over %.2f s%s\n",
	    v->run_dir, (unsigned long long)h->pid, load(&h->ready) != 0 ? "ready" : "NOT READY",
	    (long long)(up_s / 3600), (long long)(up_s / 60 % 60), (long long)(up_s % 60),
	    eg_stats_text(engine, h->ed25519, sizeof(engine)), v->seconds,
	    v->live ? "  (q quits)" : "");
	(void)fprintf(to,
	    "epoch sent " CTL_EPOCH_TEXT "  state read %lld s ago  tables %.1f of %.1f MB  "
	    "clock alarms %llu  state errors %llu  wrong verdicts %llu\n\n",
	    CTL_EPOCH_ARGS(load(&h->state_epoch)), (long long)age_s,
	    (double)load(&h->table_bytes) / MIB, (double)h->table_budget_bytes / MIB,
	    (unsigned long long)load(&h->clock_alarms), (unsigned long long)load(&h->state_errors),
	    (unsigned long long)load(&h->signature_disagreements));
}

void top_write(FILE *to, const struct top_view *v)
{
	struct ctl_figures all = {{0}};

	for (unsigned i = 0; i < v->core_cnt; i++)
		ctl_figures_add(&all, &v->core[i]);
	write_head(to, v);
	write_cores(to, v, &all);
	(void)fprintf(to, "\n");
	write_stages(to, v, &all);
	(void)fprintf(to, "\n");
	write_rates(to, v, "verdicts/s", &eg_stats_verdicts, &all);
	write_rates(to, v, "drops/s   ", &eg_stats_drops, &all);
	write_ports(to, v->stats);
}
