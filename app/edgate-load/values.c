/* SPDX-License-Identifier: BSD-3-Clause */
#include "values.h"

#include "eg_cli.h"
#include "eg_egt.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define CPU_MAX 1023u

bool load_value_unsigned(const char *text, unsigned min, unsigned max, unsigned *out)
{
	uint64_t value;

	if (!eg_cli_number(text, max, &value) || value < min)
		return false;
	*out = (unsigned)value;
	return true;
}

bool load_value_double(const char *text, double min, double max, double *out)
{
	char *end;

	*out = strtod(text, &end);
	return end != text && *end == '\0' && isfinite(*out) && *out >= min && *out <= max;
}

bool load_value_address(const char *text, uint8_t out[4])
{
	return inet_pton(AF_INET, text, out) == 1;
}

bool load_value_port(const char *text, uint16_t *out)
{
	unsigned value;

	if (!load_value_unsigned(text, 1, UINT16_MAX - (EG_EGT_PORT_CNT - 1), &value))
		return false;
	*out = (uint16_t)value;
	return true;
}

bool load_value_host_port(const char *text, uint8_t ip[4], uint16_t *port)
{
	const char *colon = strrchr(text, ':');
	char host[INET_ADDRSTRLEN];

	if (colon == NULL || (size_t)(colon - text) >= sizeof(host))
		return false;
	(void)snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	return load_value_address(host, ip) && load_value_port(colon + 1, port);
}

static bool add_cpu(int cpu[], unsigned max, unsigned *cnt, unsigned number)
{
	for (unsigned i = 0; i < *cnt; i++)
		if (cpu[i] == (int)number)
			return false;
	if (*cnt == max)
		return false;
	cpu[(*cnt)++] = (int)number;
	return true;
}

/* "4" or "4-5" */
static bool add_range(int cpu[], unsigned max, unsigned *cnt, struct eg_span part)
{
	unsigned from, to;
	char text[16], *dash;

	if (part.len >= sizeof(text))
		return false;
	memcpy(text, part.ptr, part.len);
	text[part.len] = '\0';
	dash = strchr(text, '-');
	if (dash != NULL)
		*dash = '\0';
	if (!load_value_unsigned(text, 0, CPU_MAX, &from))
		return false;
	to = from;
	if (dash != NULL && !load_value_unsigned(dash + 1, from, CPU_MAX, &to))
		return false;
	for (unsigned i = from; i <= to; i++)
		if (!add_cpu(cpu, max, cnt, i))
			return false;
	return true;
}

bool load_value_cpus(const char *text, int cpu[], unsigned max, unsigned *cnt)
{
	struct eg_span part;

	*cnt = 0;
	while (eg_cli_next_part(&text, &part))
		if (!add_range(cpu, max, cnt, part))
			return false;
	return *cnt != 0;
}
