/* SPDX-License-Identifier: BSD-3-Clause */
/* Results as docs/edgate-load.md describes them, on stdout; wrong answers on stderr too. [control]
 */
#ifndef LOAD_REPORT_H
#define LOAD_REPORT_H

#include "run.h"

#include <jansson.h>

#define LOAD_REPORT_VERSION 1

void load_report_run(const struct load_session *session, const struct load_result *result);

/* Parts that the search's report has too. */
json_t *load_report_conditions(const struct load_session *session);
json_t *load_report_latency(const struct load_histogram *latency);
json_t *load_report_wrong(const struct load_judge *judge);
void load_report_print_wrong(const struct load_judge *judge);
void load_report_print_json(json_t *root); /* which it frees */

#endif
