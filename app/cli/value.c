/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_cli.h"

#include <stdio.h>
#include <time.h>

bool eg_cli_number(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		uint64_t digit = (uint64_t)(*text - '0');

		if (*text < '0' || *text > '9' || n > (max - digit) / 10 || digit > max)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return true;
}

static bool time_from_now(const char *text, uint64_t now_s, uint64_t *out)
{
	uint64_t n;

	if (!eg_cli_number(text + 1, EG_CLI_TIME_MAX, &n))
		return false;
	if (text[0] == '-' ? n > now_s : n > EG_CLI_TIME_MAX - now_s)
		return false;
	*out = text[0] == '-' ? now_s - n : now_s + n;
	return true;
}

/* Writing it back must give the same text: strptime alone takes the 31st of February. */
static bool time_of_calendar(const char *text, uint64_t *out)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	char again[32];
	time_t t;

	if (end == NULL || *end != '\0')
		return false;
	t = timegm(&tm);
	if (t < 0 || strftime(again, sizeof(again), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return false;
	*out = (uint64_t)t;
	return strcmp(again, text) == 0;
}

bool eg_cli_time(const char *text, uint64_t now_s, uint64_t *out)
{
	if (strcmp(text, "now") == 0) {
		*out = now_s;
		return true;
	}
	if (text[0] == '+' || text[0] == '-')
		return time_from_now(text, now_s, out);
	return eg_cli_number(text, EG_CLI_TIME_MAX, out) || time_of_calendar(text, out);
}

bool eg_cli_next_part(const char **rest, struct eg_span *part)
{
	const char *comma;

	if (*rest == NULL)
		return false;
	comma = strchr(*rest, ',');
	*part = eg_span(*rest, comma != NULL ? (size_t)(comma - *rest) : strlen(*rest));
	*rest = comma != NULL ? comma + 1 : NULL;
	return true;
}

static const char *printable(struct eg_span text, bool keep_backslash, char *buf, size_t room)
{
	size_t used = 0;

	for (size_t i = 0; i < text.len && used + 5 <= room; i++) {
		if (text.ptr[i] < 0x20 || text.ptr[i] == 0x7f ||
		    (text.ptr[i] == '\\' && !keep_backslash))
			used += (size_t)snprintf(buf + used, room - used, "\\x%02x", text.ptr[i]);
		else
			buf[used++] = (char)text.ptr[i];
	}
	buf[used] = '\0';
	return buf;
}

const char *eg_cli_printable(struct eg_span text, char *buf, size_t room)
{
	return printable(text, false, buf, room);
}

const char *eg_cli_printable_again(struct eg_span text, char *buf, size_t room)
{
	return printable(text, true, buf, room);
}
