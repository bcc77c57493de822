/* SPDX-License-Identifier: BSD-3-Clause */
/* Each token once, in a request of its own; one line (or JSON object) for each. */
#ifndef LOAD_TABLE_H
#define LOAD_TABLE_H

#include "session.h"

/* Over the session's first lane. True where every answer was the expected one. Reads the clock. */
bool load_table(struct load_session *session);

#endif
