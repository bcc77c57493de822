/* SPDX-License-Identifier: BSD-3-Clause */
/* A search as docs/edgate-load.md describes it, on stdout. [control] */
#ifndef LOAD_SEARCH_REPORT_H
#define LOAD_SEARCH_REPORT_H

#include "search.h"

void load_report_search(const struct load_session *session, const struct load_search *search);

#endif
