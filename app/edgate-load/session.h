/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What stays open from run to run: the corpus, how popular its requests are, and a lane for each
 * core. Threads: [control].
 */
#ifndef LOAD_SESSION_H
#define LOAD_SESSION_H

#include "lane.h"
#include "options.h"

struct load_session {
	const struct load_options *options;
	struct load_corpus corpus;
	struct load_popularity popularity;
	struct eg_port *port; /* NULL: kernel sockets */
	bool eal;             /* has been started */
	struct load_route route;
	struct load_steer steer;
	unsigned lane_cnt; /* cores */
	struct load_lane *lane[EG_WORKERS_MAX];
};

/* Reads the corpus, opens the device or the sockets, and finds the edgate. On failure nothing stays
 * open. options are kept. Blocks; reads the clock. */
int load_session_open(
    struct load_session *session, const struct load_options *options, struct eg_error *err);
void load_session_close(struct load_session *session);

#endif
