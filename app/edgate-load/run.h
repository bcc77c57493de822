/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The load: requests out, every answer checked against the corpus.
 *
 *   sent = answered + lost       late and foreign datagrams are counted apart
 *
 * With a rate the loop is open: request n is due at start + n / rate and its latency counts from
 * then, so a server (or this program) that stalls cannot hide it; what could not be sent by the end
 * is told as unsent. Without, a window of requests is
 * kept in flight and latency counts from the send.
 */
#ifndef LOAD_RUN_H
#define LOAD_RUN_H

#include "corpus.h"
#include "histogram.h"
#include "link.h"
#include "options.h"

#include <signal.h>

#define LOAD_WRONG_SHOWN 10u /* different ones, the first that came */

struct load_wrong {
	const struct load_token *token;
	uint8_t status; /* what was answered */
	uint64_t cnt;
};

struct load_result {
	uint64_t sent, answered, lost; /* requests */
	uint64_t unsent;               /* were due, but the wire did not take them */
	uint64_t stray;                /* answers to nothing: late, twice, or not EGT */
	uint64_t tokens, wrong;        /* token answers, and those with another status */
	uint64_t elapsed_ns;           /* first send to last answer */
	unsigned wrong_shown;
	struct load_wrong wrong_first[LOAD_WRONG_SHOWN];
	struct load_histogram latency;
};

/* Sends for options->seconds, or until *stop, and waits for what is in flight. Reads the clock. */
int load_run(struct load_link *link, const struct load_corpus *corpus,
    const struct load_options *options, const volatile sig_atomic_t *stop,
    struct load_result *result, struct eg_error *err);

/* True where every answer was right and there was one. */
bool load_result_is_good(const struct load_result *result);
void load_result_print(const struct load_result *result, const struct load_link *link, bool json);

#endif
