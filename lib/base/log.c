/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_log.h"

#include <stdarg.h>
#include <stdio.h>

static const char *log_program = "edgate";
static enum eg_log_level log_level = EG_LOG_INFO;

void eg_log_init(const char *program, enum eg_log_level level)
{
	log_program = program;
	log_level = level;
}

void eg_log(enum eg_log_level level, const char *fmt, ...)
{
	static const char *const names[] = {"error: ", "warning: ", "", "debug: "};
	char line[1024];
	va_list ap;

	if (level > log_level)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	(void)fprintf(stderr, "%s: %s%s\n", log_program, names[level], line);
}
