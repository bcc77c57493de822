/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include "eg_cpu.h"
#include "eg_log.h"
#include "eg_snapshot.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define NS_PER_S  1000000000u
#define NS_PER_MS 1000000u

struct text {
	char bytes[640];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
	size_t room = sizeof(t->bytes) - t->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->bytes + t->len, room, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len += (size_t)n < room ? (size_t)n : room - 1;
}

static void add_cpu(struct text *t, int cpu)
{
	if (cpu < 0)
		add(t, " any");
	else
		add(t, " %d", cpu);
}

static void add_idle(struct text *t, const struct eg_config *config)
{
	static const char *const names[] = {
	    [EG_IDLE_SPIN] = "spin", [EG_IDLE_PAUSE] = "pause", [EG_IDLE_SLEEP] = "sleep"};

	add(t, "; idle %s", names[config->idle]);
	if (config->idle == EG_IDLE_SLEEP)
		add(t, ":%" PRIu32, config->idle_sleep_us);
}

void eg_report_ready(const struct eg_config *config, const char *ed25519, uint64_t epoch)
{
	struct text t = {.len = 0};

	for (unsigned i = 0; i < config->port_cnt; i++)
		add(&t, "%s%s (%s, queues %u)", i != 0 ? ", " : "", config->port[i].name,
		    eg_config_port_kind_name(config->port[i].kind), config->port[i].queues);
	add(&t, "; workers on CPU");
	for (unsigned i = 0; i < config->worker_cnt; i++)
		add_cpu(&t, config->worker[i].cpu);
	add(&t, ", control on");
	add_cpu(&t, config->control_cpu);
	add_idle(&t, config);
	eg_log(EG_LOG_INFO, "%s: ready: version %s; ed25519 %s; ports %s; epoch %u.%" PRIu64,
	    config->name, EG_VERSION, ed25519, t.bytes, EG_EPOCH_GENERATION(epoch),
	    (uint64_t)EG_EPOCH_SEQUENCE(epoch));
}

#define MIB 1048576.0

void eg_report_need(const struct eg_config *config)
{
	uint64_t most = 2 * config->table_budget_bytes;
	size_t l3 = eg_cpu_l3_bytes();

	(void)printf("Ed25519: tables of %.1f MB in use", (double)config->table_budget_bytes / MIB);
	if (l3 != 0)
		(void)printf(" (the last-level cache has %.1f)", (double)l3 / MIB);
	(void)printf(", at most %.1f MB while they are exchanged: %" PRIu64
	             " huge pages of 2 MB hold all\n",
	    (double)most / MIB, (most + EG_PAGES_HUGE_BYTES - 1) / EG_PAGES_HUGE_BYTES);
	if (config->cache_bytes != 0)
		(void)printf("Verified cache: %.1f MB for each worker, %.1f MB for all\n",
		    (double)config->cache_bytes / MIB,
		    (double)(config->cache_bytes * config->worker_cnt) / MIB);
}

/* "3 on transparent pages (...)" */
static void add_pages(struct text *t, const struct eg_keytables_summary *sum)
{
	for (unsigned kind = 0; kind <= EG_PAGES_PLAIN; kind++)
		if (sum->on_pages[kind] != 0)
			add(t, "%s%u on %s pages", t->len != 0 ? ", " : "", sum->on_pages[kind],
			    eg_pages_kind_name(kind));
	if (sum->tables != sum->on_pages[EG_PAGES_HUGE])
		add(t, " (not enough reserved huge pages are free)");
}

void eg_report_tables(const struct eg_keytables_summary *sum, uint64_t budget_bytes)
{
	struct text t = {.len = 0};

	add_pages(&t, sum);
	eg_log(EG_LOG_INFO, "Ed25519 tables: %u of %u keys have one%s%s; %.1f MB in use of %.1f",
	    sum->tables, sum->keys, t.len != 0 ? ", " : "", t.bytes, (double)sum->table_bytes / MIB,
	    (double)budget_bytes / MIB);
}

static uint64_t total_of(
    const struct eg_stats *stats, const struct eg_stats_group *group, unsigned i)
{
	return eg_stats_sum(stats, group, i, 0, stats->core_cnt);
}

static uint64_t print_group(const struct eg_stats *stats, const struct eg_stats_group *group)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < group->cnt; i++) {
		uint64_t total = total_of(stats, group, i);

		if (total != 0)
			(void)printf("%-26s %" PRIu64 "\n", group->name(i), total);
		sum += total;
	}
	return sum;
}

void eg_report_final(const struct eg_stats *stats, uint64_t run_ns)
{
	uint64_t answered, dropped, ended;

	(void)printf("stopped after %" PRIu64 ".%03" PRIu64 " s\n", run_ns / NS_PER_S,
	    run_ns % NS_PER_S / NS_PER_MS);
	(void)print_group(stats, &eg_stats_counters);
	answered = print_group(stats, &eg_stats_answers);
	dropped = print_group(stats, &eg_stats_drops);
	ended = print_group(stats, &eg_stats_verdicts);
	(void)printf("balance: packets %" PRIu64 " = answered %" PRIu64 " + dropped %" PRIu64
	             "; records %" PRIu64 " = verdicts %" PRIu64 "\n",
	    total_of(stats, &eg_stats_counters, EG_COUNTER_rx_packets), answered, dropped,
	    total_of(stats, &eg_stats_counters, EG_COUNTER_records), ended);
	(void)fflush(stdout);
}
