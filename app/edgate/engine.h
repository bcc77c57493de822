/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The signature engine of one edgate: chosen and tested at start, and watched while it runs.
 *
 *   worker ── sampled verdicts ──▶ eg_engine_turn: libsodium agrees?
 *     ▲                                                   │ no
 *     └────────────── that core to "sodium" ◀─────────────┘
 *
 * A core that was switched stays so until edgate is started again: what made it wrong once (a
 * defect of the core, an error of ours) is still there. [control]
 */
#ifndef EDGATE_ENGINE_H
#define EDGATE_ENGINE_H

#include "feed.h"

struct eg_engine {
	const struct eg_ed25519_impl *impl;
	const struct eg_ed25519_impl *fallback; /* "sodium" */
	unsigned next;                          /* the worker whose samples come first next time */
	bool has_fallen[EG_WORKERS_MAX];
};

/* Does this build have what the configuration names? Whether this CPU can run it is not asked: a
 * file may be checked elsewhere. -EG_EINVAL. */
int eg_engine_check(const struct eg_config *config, bool *uses_tables, struct eg_error *err);
/* By the configuration's name, or the best of this CPU. -EG_ECORRUPT: it gave a wrong answer to a
 * known question, and must not be used. */
int eg_engine_choose(
    struct eg_engine *engine, const struct eg_config *config, struct eg_error *err);
/* The comb tables, and the thread that builds them: on the CPUs and with the rights of the caller.
 * NULL with the reason in err. */
struct eg_keytables *eg_engine_start_tables(const struct eg_engine *engine,
    const struct eg_config *config, struct eg_stats *stats, struct eg_error *err);
/* One round: a bounded number of samples of all workers. Disagreement is counted, logged with the
 * evidence, and switches the core. */
void eg_engine_turn(struct eg_engine *engine, struct eg_feed *feed);

#endif
