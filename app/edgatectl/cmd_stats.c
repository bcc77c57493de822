/* SPDX-License-Identifier: BSD-3-Clause */
/* stats, counters: what the running edgate has counted, and what the names mean. */
#include "ctl.h"
#include "eg_clock.h"
#include "figures.h"

#include <stdio.h>

/* Details are not counted, and a stage is more than one number: here they have names alone. */
static const struct eg_stats_group details = {
    .cnt = UINT8_MAX + 1, .name = eg_detail_name, .doc = eg_detail_doc};
static const struct eg_stats_group stages = {
    .cnt = EG_STAGE_COUNT, .name = eg_stage_name, .doc = eg_stage_doc};
/* Each port has these, and no core. */
static const struct eg_stats_group devices = {
    .cnt = EG_DEVICE_COUNT, .name = eg_device_name, .doc = eg_device_doc};

struct group {
	const char *title, *plural, *key_title;
	const struct eg_stats_group *words;
	bool numbered; /* the number is part of the contract */
	bool counted;
};

static const struct group groups[] = {
    {"Answered packets", "answers", "counter", &eg_stats_answers, false, true},
    {"Dropped packets", "drops", "counter", &eg_stats_drops, false, true},
    {"Statuses", "verdicts", "status", &eg_stats_verdicts, true, true},
    {"Other counters", "counters", "counter", &eg_stats_counters, false, true},
    {"Stages", "stages", "stage", &stages, false, false},
    {"Ports", "ports", "figure", &devices, false, false},
    {"Details", "details", "detail", &details, true, false},
};
#define GROUP_CNT (sizeof(groups) / sizeof(groups[0]))

/* {"ip4_fragment": 3, …} of cores first … first + cnt - 1 together. */
static json_t *json_of_group(
    const struct eg_stats *stats, const struct eg_stats_group *group, unsigned first, unsigned cnt)
{
	json_t *out = json_object();

	for (unsigned n = 0; n < group->cnt; n++) {
		uint64_t sum;

		if (group->name(n) == NULL)
			continue;
		sum = eg_stats_sum(stats, group, n, first, cnt);
		(void)json_object_set_new(out, group->name(n), json_integer((json_int_t)sum));
	}
	return out;
}

static json_int_t sum_of(const json_t *words)
{
	json_int_t sum = 0;
	const char *name;
	json_t *word;

	json_object_foreach((json_t *)words, name, word) sum += json_integer_value(word);
	return sum;
}

static void add_groups(json_t *out, const struct eg_stats *stats, unsigned first, unsigned cnt)
{
	for (unsigned g = 0; g < GROUP_CNT; g++) {
		if (groups[g].counted)
			(void)json_object_set_new(out, groups[g].plural,
			    json_of_group(stats, groups[g].words, first, cnt));
	}
}

/* A number that cannot be told is null. */
static json_t *json_of_ratio(double value)
{
	return value < 0 ? json_null() : json_real(value);
}

static json_t *json_of_stage(const struct ctl_figures *figures, enum eg_stage stage)
{
	const struct ctl_stage of = ctl_stage_of(figures, stage);
	const uint64_t packets = ctl_counter(figures, EG_COUNTER_rx_packets);

	return json_pack("{s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "cycles", (json_int_t)of.cycles,
	    "items", (json_int_t)of.items, "bursts", (json_int_t)of.bursts, "share",
	    json_of_ratio(ctl_ratio(of.cycles, ctl_cycles(figures))), "cycles_per_packet",
	    json_of_ratio(ctl_ratio(of.cycles, packets)), "cycles_per_item",
	    json_of_ratio(ctl_ratio(of.cycles, of.items)), "items_per_burst",
	    json_of_ratio(ctl_ratio(of.items, of.bursts)));
}

static void add_stages(json_t *out, const struct eg_stats *stats, unsigned first, unsigned cnt)
{
	json_t *of_stages = json_object(), *ratios = json_object();
	struct ctl_figures figures;
	const char *name;
	double value;

	ctl_figures_read(&figures, stats, first, cnt);
	for (unsigned i = 0; i < EG_STAGE_COUNT; i++)
		(void)json_object_set_new(
		    of_stages, eg_stage_name(i), json_of_stage(&figures, (enum eg_stage)i));
	for (unsigned i = 0; (name = ctl_figure_ratio(&figures, i, &value)) != NULL; i++)
		(void)json_object_set_new(ratios, name, json_of_ratio(value));
	(void)json_object_set_new(out, "stages", of_stages);
	(void)json_object_set_new(out, "ratios", ratios);
}

static double queue_skew(const struct eg_stats *stats)
{
	static struct ctl_figures core[EG_WORKERS_MAX];

	for (unsigned i = 0; i < stats->core_cnt; i++)
		ctl_figures_read(&core[i], stats, i, 1);
	return ctl_queue_skew(core, stats->core_cnt);
}

static json_t *json_of_totals(const json_t *all)
{
	const json_t *counters = json_object_get(all, "counters");
	json_int_t received = json_integer_value(json_object_get(counters, "rx_packets"));
	json_int_t records = json_integer_value(json_object_get(counters, "records"));
	json_int_t answered = sum_of(json_object_get(all, "answers"));
	json_int_t dropped = sum_of(json_object_get(all, "drops"));

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "received", received, "answered",
	    answered, "dropped", dropped, "in_flight", received - answered - dropped, "records",
	    records, "verdicts", sum_of(json_object_get(all, "verdicts")));
}

static uint64_t load(const _Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

static json_t *json_of_state(const struct eg_stats *stats)
{
	const struct eg_stats_header *h = stats->header;
	bool running = ctl_is_running(stats);
	json_int_t now_s = eg_clock_utc_ns() / EG_NS_PER_S;
	uint64_t read_s = load(&h->state_read_utc_s);
	char engine[sizeof(h->ed25519)];

	return json_pack(
	    "{s:b, s:b, s:I, s:I, s:o, s:o, s:o, s:I, s:I, s:I, s:s, s:I, s:I, s:I, s:I, s:I}",
	    "running", running, "ready", running && load(&h->ready) != 0, "pid", (json_int_t)h->pid,
	    "started", (json_int_t)(h->started_utc_ns / EG_NS_PER_S), "epoch",
	    ctl_json_epoch(eg_stats_applied_epoch(stats)), "epoch_sent",
	    ctl_json_epoch(load(&h->state_epoch)), "state_age",
	    read_s != 0 ? json_integer(now_s - (json_int_t)read_s) : json_null(), "state_errors",
	    (json_int_t)load(&h->state_errors), "clock_alarms", (json_int_t)load(&h->clock_alarms),
	    "workers", (json_int_t)stats->core_cnt, "ed25519",
	    eg_stats_text(engine, h->ed25519, sizeof(engine)), "table_bytes",
	    (json_int_t)load(&h->table_bytes), "table_budget", (json_int_t)h->table_budget_bytes,
	    "signature_checks", (json_int_t)load(&h->signature_checks), "signature_disagreements",
	    (json_int_t)load(&h->signature_disagreements), "ticks_hz",
	    (json_int_t)load(&h->ticks_hz));
}

static json_t *json_of_core(const struct eg_stats *stats, unsigned core)
{
	uint64_t epoch =
	    atomic_load_explicit(&stats->core[core].applied_epoch, memory_order_acquire);
	bool fell = eg_count_read(&stats->core[core].counter[EG_COUNTER_signature_fallbacks]) != 0;
	char engine[sizeof(stats->header->ed25519)];
	json_t *out = json_pack("{s:i, s:o, s:s}", "worker", (int)core, "epoch",
	    ctl_json_epoch(epoch), "ed25519",
	    fell ? "sodium" : eg_stats_text(engine, stats->header->ed25519, sizeof(engine)));

	add_groups(out, stats, core, 1);
	add_stages(out, stats, core, 1);
	return out;
}

static json_t *json_of_device(enum eg_device_word i, uint64_t word)
{
	if (i == EG_DEVICE_link)
		return ctl_link_name(word) != NULL ? json_string(ctl_link_name(word)) : json_null();
	return i == EG_DEVICE_link_mbps && word == 0 ? json_null() : json_integer((json_int_t)word);
}

static json_t *json_of_ports(const struct eg_stats *stats)
{
	json_t *out = json_object();

	for (unsigned p = 0; p < eg_stats_port_cnt(stats); p++) {
		const struct eg_stats_port *port = &stats->port[p];
		json_t *words = json_object();
		char name[sizeof(port->name)];

		for (unsigned i = 0; i < EG_DEVICE_COUNT; i++)
			(void)json_object_set_new(words, eg_device_name(i),
			    json_of_device((enum eg_device_word)i, eg_count_read(&port->word[i])));
		(void)json_object_set_new(
		    out, eg_stats_text(name, port->name, sizeof(name)), words);
	}
	return out;
}

static json_t *json_of_stats(const struct eg_stats *stats, const char *run_dir)
{
	json_t *out = json_pack("{s:s, s:o}", "run", run_dir, "state", json_of_state(stats));
	json_t *workers = json_array();

	add_groups(out, stats, 0, stats->core_cnt);
	add_stages(out, stats, 0, stats->core_cnt);
	(void)json_object_set_new(
	    json_object_get(out, "ratios"), "queue_skew", json_of_ratio(queue_skew(stats)));
	(void)json_object_set_new(out, "totals", json_of_totals(out));
	(void)json_object_set_new(out, "ports", json_of_ports(stats));
	for (unsigned core = 0; core < stats->core_cnt; core++)
		(void)json_array_append_new(workers, json_of_core(stats, core));
	(void)json_object_set_new(out, "per_worker", workers);
	return out;
}

static void print_value(const char *name, const json_t *value)
{
	if (json_is_string(value))
		(void)printf("  %-26s %s\n", name, json_string_value(value));
	else if (json_is_real(value))
		(void)printf("  %-26s %.4f\n", name, json_real_value(value));
	else if (json_is_integer(value))
		(void)printf("  %-26s %lld\n", name, (long long)json_integer_value(value));
	else
		(void)printf("  %-26s %s\n", name,
		    json_is_true(value)    ? "yes"
		    : json_is_false(value) ? "no"
		                           : "-");
}

static void print_section(const char *title, const json_t *members, bool with_zero)
{
	const char *name;
	json_t *value;

	(void)printf("%s\n", title);
	json_object_foreach((json_t *)members, name, value)
	{
		if (with_zero || !json_is_integer(value) || json_integer_value(value) != 0)
			print_value(name, value);
	}
}

static void print_number(const json_t *stage, const char *member, double factor, int width)
{
	const json_t *value = json_object_get(stage, member);

	if (json_is_real(value))
		(void)printf(" %*.1f", width, factor * json_real_value(value));
	else
		(void)printf(" %*s", width, "-");
}

static void print_stages(const json_t *of)
{
	const json_t *of_stages = json_object_get(of, "stages");
	const char *name;
	json_t *stage;

	(void)printf("%-18s %8s %13s %12s %12s\n", "stages", "share %", "cycles/packet",
	    "cycles/item", "items/burst");
	json_object_foreach((json_t *)of_stages, name, stage)
	{
		(void)printf("  %-16s", name);
		print_number(stage, "share", 100, 8);
		print_number(stage, "cycles_per_packet", 1, 13);
		print_number(stage, "cycles_per_item", 1, 12);
		print_number(stage, "items_per_burst", 1, 12);
		(void)printf("\n");
	}
	print_section("ratios", json_object_get(of, "ratios"), true);
}

static void print_groups(const json_t *of, bool with_zero)
{
	for (unsigned g = 0; g < GROUP_CNT; g++) {
		if (groups[g].counted)
			print_section(
			    groups[g].plural, json_object_get(of, groups[g].plural), with_zero);
	}
	print_stages(of);
}

static void print_ports(const json_t *ports)
{
	const char *name;
	json_t *port;
	char title[64];

	json_object_foreach((json_t *)ports, name, port)
	{
		(void)snprintf(title, sizeof(title), "port %s", name);
		print_section(title, port, true);
	}
}

static void print_text(const json_t *stats, bool with_zero)
{
	const json_t *state = json_object_get(stats, "state");
	const json_t *workers = json_object_get(stats, "per_worker");
	char title[32];

	(void)printf("%s\n", json_string_value(json_object_get(stats, "run")));
	if (!json_is_true(json_object_get(state, "running")))
		(void)printf("the process is gone: these are its last counters\n");
	print_section("state", state, true);
	if (json_integer_value(json_object_get(state, "signature_disagreements")) != 0)
		(void)printf("ALARM: a core gave wrong verdicts and verifies by libsodium now: see "
		             "the log of edgate\n");
	print_section("totals", json_object_get(stats, "totals"), true);
	print_ports(json_object_get(stats, "ports"));
	print_groups(stats, with_zero);
	for (size_t i = 0; json_array_size(workers) > 1 && i < json_array_size(workers); i++) {
		(void)snprintf(title, sizeof(title), "\nworker %zu", i);
		(void)printf("%s, epoch %s, ed25519 %s\n", title,
		    json_string_value(json_object_get(json_array_get(workers, i), "epoch")),
		    json_string_value(json_object_get(json_array_get(workers, i), "ed25519")));
		print_groups(json_array_get(workers, i), with_zero);
	}
}

static int print_stats(const struct eg_cli *cli, json_t *stats)
{
	if (stats == NULL || eg_cli_has(cli, "json"))
		return ctl_print_json(stats, JSON_INDENT(2));
	print_text(stats, eg_cli_has(cli, "all"));
	json_decref(stats);
	return EG_CLI_DONE;
}

int ctl_stats(const struct eg_cli *cli)
{
	char dir[512];
	struct eg_stats stats;
	struct eg_error err = {0};
	int rc;

	if (ctl_run_dir(cli, dir, sizeof(dir), &err) != 0 || ctl_open_stats(cli, &stats, &err) != 0)
		return eg_cli_refuse(&err);
	rc = print_stats(cli, json_of_stats(&stats, dir));
	eg_stats_close(&stats);
	return rc;
}

static void print_markdown(const struct group *group)
{
	(void)printf("\n## %s\n\n", group->title);
	(void)printf(group->numbered ? "| number | %s | meaning |\n|---|---|---|\n"
	                             : "| %s | meaning |\n|---|---|\n",
	    group->key_title);
	for (unsigned n = 0; n < group->words->cnt; n++) {
		if (group->words->name(n) == NULL)
			continue;
		if (group->numbered)
			(void)printf("| %u ", n);
		(void)printf("| `%s` | %s |\n", group->words->name(n), group->words->doc(n));
	}
}

static void print_meanings(const struct group *group)
{
	(void)printf("%s\n", group->plural);
	for (unsigned n = 0; n < group->words->cnt; n++) {
		if (group->words->name(n) != NULL)
			(void)printf("  %-26s %s\n", group->words->name(n), group->words->doc(n));
	}
}

int ctl_counters(const struct eg_cli *cli)
{
	bool markdown = eg_cli_has(cli, "markdown");

	if (markdown)
		(void)printf("# Statuses and counters\n\n"
		             "Made by `edgatectl counters --markdown` from "
		             "`lib/stats/counters.def`; a test compares the two.\n");
	for (unsigned g = 0; g < GROUP_CNT; g++) {
		if (markdown)
			print_markdown(&groups[g]);
		else
			print_meanings(&groups[g]);
	}
	return EG_CLI_DONE;
}
