/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int eg_error_set(struct eg_error *err, enum eg_err code, const char *fmt, ...)
{
	if (err != NULL) {
		va_list ap;

		va_start(ap, fmt);
		(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
		va_end(ap);
		err->code = -(int)code;
	}
	return -(int)code;
}

int eg_error_prefix(struct eg_error *err, const char *fmt, ...)
{
	char old[EG_ERROR_TEXT_BYTES];
	va_list ap;
	int n;

	memcpy(old, err->text, sizeof(old));
	va_start(ap, fmt);
	n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(err->text))
		(void)snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %s", old);
	return err->code;
}
