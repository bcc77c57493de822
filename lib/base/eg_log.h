/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Log lines of the control side, to stderr: "edgate: warning: text". Never called by a worker,
 * never given a token or a part of one. Threads: [control]; no allocation.
 */
#ifndef EG_LOG_H
#define EG_LOG_H

enum eg_log_level { EG_LOG_ERROR, EG_LOG_WARNING, EG_LOG_INFO, EG_LOG_DEBUG };

/* The program's name before each line, and the least urgent level that is written (default INFO).
 */
void eg_log_init(const char *program, enum eg_log_level level);

__attribute__((format(printf, 2, 3))) void eg_log(enum eg_log_level level, const char *fmt, ...);

#endif
