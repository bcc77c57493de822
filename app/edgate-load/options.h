/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command lines of edgate-load: run, search and table share most of their options.
 */
#ifndef LOAD_OPTIONS_H
#define LOAD_OPTIONS_H

#include "corpus.h"
#include "eg_cli.h"
#include "eg_config.h"
#include "popularity.h"
#include "schedule.h"
#include "steer.h"

/* What is asked about, and what must come back. W1 … W6 are numbers 1 … 6. */
enum load_mix {
	LOAD_MIX_CORPUS, /* all of it, in turn */
	LOAD_MIX_CACHED, /* few valid tokens, again and again */
	LOAD_MIX_COLD,   /* valid tokens, more than the cache holds, in turn */
	LOAD_MIX_FORGED, /* each with a false signature of its own */
	LOAD_MIX_ZIPF,   /* all of it, as often as the world asks */
	LOAD_MIX_CHURN,  /* the same while tokens are revoked */
	LOAD_MIX_HOSTILE /* frames that no client sends among good ones */
};

struct load_options {
	const char *corpus;
	struct eg_config_port port; /* kind dpdk: device or vdev, our address, queues */
	int eal_cnt;
	char *eal[EG_CONFIG_ARGS_MAX];
	bool udp; /* kernel sockets in place of the port */
	uint8_t server[4];
	uint16_t server_port;
	unsigned cpu_cnt; /* cores of the generator; 0: one that is not pinned */
	int cpu[EG_WORKERS_MAX];
	struct load_steer_wish steer;

	double seconds, warmup_s;
	double rate;     /* requests a second; 0: windowed, where there is no profile either */
	unsigned window; /* requests in flight, where windowed */
	const char *profile_text;
	struct load_timing timing; /* profile and arrivals, without the warm-up */
	unsigned timeout_ms, patience_us;

	enum load_mix mix;
	enum load_popularity_kind popularity;
	unsigned first;
	double zipf_s;
	uint64_t seed;
	uint64_t cache_entries; /* of the server, for W2 */
	unsigned hostile;       /* hostile frames for each good one */
	const char *revocations;
	unsigned datagram_bytes;
	struct load_corpus_wish wish;

	double rate_min, rate_max, precision; /* search */
	unsigned repetitions;
	bool no_pdr;
	bool search, table, json, histogram, quiet;
};

/* Tables for eg_cli: of every command, and of each. */
extern const struct eg_cli_option load_common_options[], load_run_options[], load_search_options[];

/* 0, or EG_CLI_USAGE after the reason. */
int load_options_parse(struct load_options *options, const struct eg_cli *cli);

/* "W1" … "W6", or NULL for the plain corpus. */
const char *load_mix_name(enum load_mix mix);

#endif
