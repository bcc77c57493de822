/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_ed25519.h"
#include "bench_host.h"

#include <stdlib.h>

/* ── figures ── */

static int order(const void *pa, const void *pb)
{
	double a = *(const double *)pa, b = *(const double *)pb;

	return (a > b) - (a < b);
}

static double median(const double sorted[], unsigned cnt)
{
	return (sorted[(cnt - 1) / 2] + sorted[cnt / 2]) / 2;
}

/* The median of the rounds' ratios: what changed between rounds met both of a pair. */
static double ratio(const struct bench_case *c, unsigned rounds)
{
	double ratios[BENCH_ROUNDS_MAX];

	for (unsigned i = 0; i < rounds; i++)
		ratios[i] = c->sodium_ns[i] / c->ns[i];
	qsort(ratios, rounds, sizeof(ratios[0]), order);
	return median(ratios, rounds);
}

/* ── JSON ── */

static json_t *case_json(const struct bench_case *c, const double sorted[], unsigned rounds)
{
	const struct bench_issuers *issuers = c->corpus->issuers;

	return json_pack("{s:s, s:i, s:b, s:i, s:i, s:f, s:f, s:f, s:f}", "impl", c->impl,
	    "issuers", (int)issuers->cnt, "tables", issuers->tables, "msg_bytes",
	    (int)c->corpus->msg_bytes, "batch", (int)c->batch, "ns_median", median(sorted, rounds),
	    "ns_min", sorted[0], "ns_max", sorted[rounds - 1], "ratio_libsodium", ratio(c, rounds));
}

static json_t *phases_json(const struct bench_phases *p)
{
	json_t *tsc = json_object();

	for (unsigned i = 0; i < BENCH_PHASE_CNT; i++)
		(void)json_object_set_new(tsc, bench_phase_names[i], json_real(p->tsc[i]));
	return json_pack("{s:s, s:i, s:b, s:i, s:i, s:o}", "impl", p->impl, "issuers",
	    (int)p->corpus->issuers->cnt, "tables", p->corpus->issuers->tables, "msg_bytes",
	    (int)p->corpus->msg_bytes, "batch", (int)p->batch, "tsc", tsc);
}

static json_t *tables_json(const struct bench_issuers *issuers)
{
	return json_pack("{s:i, s:b, s:i, s:i, s:I, s:s}", "issuers", (int)issuers->cnt, "tables",
	    issuers->tables, "window_bits", (int)issuers->window_bits, "keys_with_table",
	    (int)issuers->table_cnt, "bytes", (json_int_t)bench_issuers_table_bytes(issuers),
	    "pages", issuers->table_cnt > 0 ? eg_pages_kind_name(issuers->mem.kind) : "-");
}

static void write_json(const struct bench_results *r, json_t *results)
{
	json_t *phases = json_array(), *tables = json_array(), *all;

	for (unsigned i = 0; i < r->phases_cnt; i++)
		(void)json_array_append_new(phases, phases_json(&r->phases[i]));
	for (unsigned i = 0; i < r->issuers_cnt; i++)
		(void)json_array_append_new(tables, tables_json(&r->issuers[i]));
	all = json_pack("{s:O, s:o, s:o, s:o, s:i, s:s}", "results", results, "host",
	    bench_host_json(r->commit), "phases", phases, "table_memory", tables, "rounds",
	    (int)r->rounds, "clock", "CLOCK_THREAD_CPUTIME_ID");
	bench_need(all != NULL && json_dump_file(all, r->json_path,
	                              JSON_INDENT(1) | JSON_REAL_PRECISION(6)) == 0,
	    "to write the JSON");
	json_decref(all);
}

/* ── text ── */

static void print_case(const struct bench_case *c, const double sorted[], unsigned rounds)
{
	(void)printf("%-10s %7u %-6s %5u %6u %10.0f %10.0f %10.0f %8.2f\n", c->impl,
	    c->corpus->issuers->cnt, c->corpus->issuers->tables ? "tables" : "none",
	    c->corpus->msg_bytes, c->batch, median(sorted, rounds), sorted[0], sorted[rounds - 1],
	    ratio(c, rounds));
}

static void print_phases(const struct bench_results *r)
{
	(void)printf("\nTime stamp counter ticks a verification, by phase\n%-10s %7s %-6s %5s %6s",
	    "", "issuers", "", "bytes", "batch");
	for (unsigned i = 0; i < BENCH_PHASE_CNT; i++)
		(void)printf(" %8s", bench_phase_names[i]);
	(void)printf("\n");
	for (unsigned i = 0; i < r->phases_cnt; i++) {
		const struct bench_phases *p = &r->phases[i];

		(void)printf("%-10s %7u %-6s %5u %6u", p->impl, p->corpus->issuers->cnt,
		    p->corpus->issuers->tables ? "tables" : "none", p->corpus->msg_bytes, p->batch);
		for (unsigned j = 0; j < BENCH_PHASE_CNT; j++)
			(void)printf(" %8.0f", p->tsc[j]);
		(void)printf("\n");
	}
}

static void print_tables(const struct bench_results *r)
{
	(void)printf("\nTable memory, the 12-bit table of B included\n");
	for (unsigned i = 0; i < r->issuers_cnt; i++) {
		const struct bench_issuers *issuers = &r->issuers[i];

		(void)printf("%7u issuers: %3u tables of %2u bits, %6.1f MiB\n", issuers->cnt,
		    issuers->table_cnt, issuers->window_bits,
		    (double)bench_issuers_table_bytes(issuers) / (1 << 20));
	}
}

void bench_results_report(struct bench_results *r)
{
	json_t *list = json_array();

	(void)printf(
	    "%u rounds, CPU time of one thread\n\n%-10s %7s %-6s %5s %6s %10s %10s %10s %8s\n",
	    r->rounds, "", "issuers", "", "bytes", "batch", "ns", "lowest", "highest", "x sodium");
	for (unsigned i = 0; i < r->case_cnt; i++) {
		double sorted[BENCH_ROUNDS_MAX];

		memcpy(sorted, r->cases[i].ns, sizeof(sorted));
		qsort(sorted, r->rounds, sizeof(sorted[0]), order);
		print_case(&r->cases[i], sorted, r->rounds);
		(void)json_array_append_new(list, case_json(&r->cases[i], sorted, r->rounds));
	}
	print_phases(r);
	print_tables(r);
	if (r->json_path != NULL)
		write_json(r, list);
	json_decref(list);
}
