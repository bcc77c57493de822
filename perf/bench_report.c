/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"
#include "bench_host.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* ── figures ── */

static int order(const void *pa, const void *pb)
{
	double a = *(const double *)pa, b = *(const double *)pb;

	return (a > b) - (a < b);
}

static double median(const struct bench_run *run, unsigned rounds)
{
	return (run->ns[(rounds - 1) / 2] + run->ns[rounds / 2]) / 2;
}

static json_t *run_json(const struct bench_run *run, unsigned rounds)
{
	const struct bench_corpus *corpus = run->corpus;
	const struct bench_frames *frames = run->frames;
	json_t *sorted = json_array();

	for (unsigned i = 0; i < rounds; i++)
		(void)json_array_append_new(sorted, json_real(run->ns[i]));
	return json_pack("{s:s, s:i, s:i, s:i, s:b, s:f, s:f, s:f, s:f, s:o}", "part", run->part,
	    "token_bytes", corpus != NULL ? (int)corpus->token_bytes : 0, "issuers",
	    corpus != NULL ? (int)corpus->issuer_cnt : 0, "tokens_in_frame",
	    frames != NULL ? (int)frames->tokens : 0, "ethernet",
	    frames != NULL && frames->link == BENCH_ETHERNET, "median_ns", median(run, rounds),
	    "min_ns", run->ns[0], "max_ns", run->ns[rounds - 1], "records_per_s",
	    1e9 / median(run, rounds), "sorted_ns", sorted);
}

static void write_json(
    const struct bench_report *report, const struct bench_run *runs, unsigned run_cnt)
{
	json_t *list = json_array();
	json_t *all;

	for (unsigned i = 0; i < run_cnt; i++)
		(void)json_array_append_new(list, run_json(&runs[i], report->rounds));
	all = json_pack("{s:s, s:o, s:s, s:s, s:i, s:o}", "bench", "pipeline", "host",
	    bench_host_json(report->commit), "engine", report->engine, "clock",
	    "CLOCK_THREAD_CPUTIME_ID", "rounds", (int)report->rounds, "runs", list);
	bench_need(all != NULL && json_dump_file(all, report->json_path,
	                              JSON_INDENT(2) | JSON_REAL_PRECISION(6)) == 0,
	    "to write the JSON");
	json_decref(all);
}

const char *bench_run_name(const struct bench_run *run, char text[BENCH_NAME_ROOM])
{
	const struct bench_corpus *corpus = run->corpus;
	int len = snprintf(text, BENCH_NAME_ROOM, "%s", run->part);

	if (corpus != NULL)
		len += snprintf(text + len, BENCH_NAME_ROOM - (size_t)len, "; %zu B, %u issuer%s",
		    corpus->token_bytes, corpus->issuer_cnt, corpus->issuer_cnt == 1 ? "" : "s");
	if (run->frames != NULL)
		(void)snprintf(text + len, BENCH_NAME_ROOM - (size_t)len, ", %u in a %s",
		    run->frames->tokens,
		    run->frames->link == BENCH_ETHERNET ? "packet" : "datagram");
	return text;
}

static void print_run(const struct bench_run *run, unsigned rounds)
{
	char text[BENCH_NAME_ROOM];
	double ns = median(run, rounds);

	(void)printf("%-64s %10.1f %10.1f %10.1f %12.0f\n", bench_run_name(run, text), ns,
	    run->ns[0], run->ns[rounds - 1], 1e9 / ns);
}

void bench_report(const struct bench_report *report, struct bench_run *runs, unsigned run_cnt)
{
	(void)printf("engine %s, %u rounds, CPU time of one thread\n\n%-64s %10s %10s %10s %12s\n",
	    report->engine, report->rounds, "", "ns/record", "lowest", "highest", "records/s");
	for (unsigned i = 0; i < run_cnt; i++) {
		qsort(runs[i].ns, report->rounds, sizeof(runs[i].ns[0]), order);
		print_run(&runs[i], report->rounds);
	}
	if (report->json_path != NULL)
		write_json(report, runs, run_cnt);
}
