/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of one edgate, in order:
 *
 *   engine: self-test ▸ run directory ▸ state: first load ▸ EAL, ports ▸ privileges dropped
 *     ▸ builder of tables ▸ state read once more ▸ workers ▸ ready
 *     ▸ control loop, every 10 ms: clock, doorbell, state, tables, old memory, sampled verdicts
 *     ▸ SIGTERM, or all files read
 *     ▸ workers finish ▸ final counters ▸ ports closed, run directory emptied
 */
#ifndef EDGATE_RUN_H
#define EDGATE_RUN_H

#include "eg_config.h"

/* Returns after a clean stop: 0, or a negative EG_E… with the reason in err. */
int edgate_run(const struct eg_config *config, struct eg_error *err);

#endif
