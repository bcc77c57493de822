/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long a restart takes until it is ready to answer: one status list of 2^30 bits, half of them
 * set, 10 million denied ids and 1 million subject cutoffs, read from a store into the shards.
 */
#include "bench.h"
#include "eg_state.h"
#include "run.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ISSUER     "https://issuer.test"
#define URI        "https://issuer.test/statuslists/1"
#define DENIED     10000000u
#define CUTOFFS    1000000u
#define ROUNDS_MAX 101u

void bench_need(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "bench: failed: %s\n", what);
	exit(1);
}

static void need(int rc, const struct eg_error *err)
{
	bench_need(rc == 0, err->text);
}

static uint64_t wall_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * (uint64_t)EG_NS_PER_S + (uint64_t)t.tv_nsec;
}

/* Of all threads: what a host that is busy otherwise does not change. */
static double cpu_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ── the store ── */

static void add_issuer(struct eg_state *st, int64_t utc_ns)
{
	struct eg_jwks *jwks = calloc(1, sizeof(*jwks));
	struct eg_error err;
	uint64_t epoch;

	bench_need(jwks != NULL, "memory");
	need(eg_jwks_parse(eg_span_str("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"k\",\"x\":"
	                               "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"),
	         false, jwks, &err),
	    &err);
	need(eg_state_issuer_put(st, eg_span_str(ISSUER), jwks, utc_ns, &epoch, &err), &err);
	free(jwks);
}

static void add_list(struct eg_state *st, int64_t utc_ns)
{
	size_t bytes = EG_REVOKE_ENTRIES_MAX / 8;
	uint8_t *list = malloc(bytes);
	struct eg_list_import import;
	struct eg_error err;
	uint64_t epoch, z = 1;

	bench_need(list != NULL, "memory for a status list");
	for (size_t i = 0; i < bytes; i += 8) {
		z = z * 6364136223846793005u + 1442695040888963407u;
		memcpy(list + i, &z, 8);
	}
	need(eg_state_list_add(st, eg_span_str(URI), eg_span_str(ISSUER), 1, EG_REVOKE_ENTRIES_MAX,
	         utc_ns, &epoch, &err),
	    &err);
	import = (struct eg_list_import){.form = EG_LIST_RAW, .file = eg_span(list, bytes)};
	need(eg_state_list_import(st, eg_span_str(URI), &import, utc_ns, &epoch, &err), &err);
	free(list);
}

/* As checkpoints would leave them; by events it would take an hour. */
static void add_values(const char *dir)
{
	struct eg_records records = {0};
	struct eg_hash_key key = {{1}};
	struct eg_error err;
	struct eg_db db;
	char path[8192];

	(void)snprintf(path, sizeof(path), "%s/edgate.db", dir);
	for (uint64_t i = 0; i < DENIED + CUTOFFS; i++) {
		enum eg_revoke_kind kind = i < DENIED ? EG_REVOKE_JTI : EG_REVOKE_SUBJECT;
		struct eg_record record = {
		    .hash = eg_revoke_hash(&key, kind, eg_span(&i, sizeof(i))),
		    .kind = (uint8_t)kind,
		    .until_s = BENCH_NOW_S + 86400,
		};

		need(eg_records_add(&records, &record, &err), &err);
	}
	need(eg_db_open(&db, path, &err), &err);
	need(eg_db_script(&db, "BEGIN", &err), &err);
	need(eg_run_append(&db, &records, 0, &err), &err);
	need(eg_db_script(&db, "COMMIT", &err), &err);
	eg_db_close(&db);
	eg_records_free(&records);
}

static void make_store(const char *dir)
{
	int64_t utc_ns = (int64_t)BENCH_NOW_S * EG_NS_PER_S;
	struct eg_state *st;
	struct eg_error err;

	need(eg_state_create(dir, NULL, utc_ns, &err), &err);
	need(eg_state_open(&st, dir, EG_STATE_WRITE, &err), &err);
	add_issuer(st, utc_ns);
	add_list(st, utc_ns);
	eg_state_close(st);
	add_values(dir);
}

/* ── a restart ── */

static void take_snapshot(void *ctx, struct eg_snapshot *snapshot)
{
	struct eg_snapshot **kept = ctx;

	*kept = snapshot;
}

static void take_epoch(void *ctx, uint64_t epoch)
{
	(void)ctx;
	bench_need(epoch != 0, "an epoch");
}

static double restart_s(const char *dir)
{
	struct eg_revoke *rv = eg_revoke_new();
	struct eg_snapshot *snapshot = NULL;
	const struct eg_follower follower = {
	    &snapshot, eg_revoke_direct_sink(rv), take_snapshot, take_epoch};
	double start_cpu_s = cpu_s();
	uint64_t start_ns = wall_ns(), ns;
	struct eg_state *st;
	struct eg_error err;
	bool changed;

	need(eg_state_open(&st, dir, EG_STATE_READ, &err), &err);
	need(eg_state_follow(st, rv, &follower, &changed, &err), &err);
	ns = wall_ns() - start_ns;
	(void)printf("%.3f s, %.3f s of CPU, %.0f MB of tables\n", (double)ns / 1e9,
	    cpu_s() - start_cpu_s, (double)eg_revoke_memory(rv) / 1e6);
	eg_snapshot_free(snapshot);
	eg_revoke_free(rv);
	eg_state_close(st);
	return (double)ns / 1e9;
}

static const char usage_text[] =
    "usage: bench_restart [--rounds N] [--dir DIR]\n"
    "\n"
    "Makes a store with a status list of 2^30 bits, 10 million denied ids and 1 million cutoffs "
    "in\n"
    "DIR (a new directory under $TMPDIR, removed at the end) and measures how long reading it "
    "takes,\n"
    "with the file in the page cache. Needs 3 GB of memory and 600 MB of disk.\n"
    "\n"
    "  --rounds N  1 to 101 (5)\n"
    "  --dir DIR   keep the store in DIR; used as it is where it is there already\n"
    "  --help      this\n";

static void remove_store(const char *dir)
{
	static const char *const names[] = {"edgate.db", "edgate.db-wal", "edgate.db-shm"};
	char path[8192];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(dir);
}

static void run(const char *dir, unsigned rounds)
{
	char fresh[2048];
	double lowest = 0, highest = 0;

	bench_need(snprintf(fresh, sizeof(fresh), "%s/bench-restart-XXXXXX",
	               getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp") < (int)sizeof(fresh),
	    "a shorter $TMPDIR");
	if (dir == NULL)
		bench_need(mkdtemp(fresh) != NULL, "a directory for the store");
	if (dir == NULL || access(dir, F_OK) != 0)
		make_store(dir == NULL ? fresh : dir);
	for (unsigned i = 0; i < rounds; i++) {
		double s = restart_s(dir == NULL ? fresh : dir);

		lowest = i == 0 || s < lowest ? s : lowest;
		highest = s > highest ? s : highest;
	}
	(void)printf("ready after %.3f s (lowest) to %.3f s (highest)\n", lowest, highest);
	if (dir == NULL)
		remove_store(fresh);
}

int main(int argc, char *argv[])
{
	static const struct option options[] = {
	    {"rounds", required_argument, NULL, 'r'},
	    {"dir", required_argument, NULL, 'd'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	const char *dir = NULL;
	unsigned long rounds = 5;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'r')
			rounds = strtoul(optarg, NULL, 10);
		else if (option == 'd')
			dir = optarg;
		else
			rounds = 0;
		if (option == 'h') {
			(void)fputs(usage_text, stdout);
			return 0;
		}
	}
	if (optind != argc || rounds < 1 || rounds > ROUNDS_MAX) {
		(void)fputs(usage_text, stderr);
		return 2;
	}
	run(dir, (unsigned)rounds);
	return 0;
}
