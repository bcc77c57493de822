/* SPDX-License-Identifier: BSD-3-Clause */
/* decide: the real pipeline over a file of tokens. */
#include "decider.h"

static int decide_lines(const struct eg_cli *cli, struct decider *d, struct ctl_lines *lines)
{
	bool as_json = eg_cli_has(cli, "json");
	bool all_ok = true;
	struct eg_error err = {0};
	struct ctl_line line;
	uint64_t number = 0;
	int more;

	while ((more = ctl_lines_next(lines, &line, &err)) > 0) {
		struct eg_egt_answer answer;
		struct ctl_answer shown = {.line = ++number};

		if (decider_ask(d, &line, &answer, &err) != 0) {
			(void)eg_error_prefix(&err, "line %llu", (unsigned long long)number);
			return eg_cli_refuse(&err);
		}
		all_ok = all_ok && answer.status == EG_OK;
		shown.status = eg_verdict_name(answer.status);
		shown.detail = eg_detail_name(answer.detail);
		shown.exp_s = answer.exp;
		shown.rflags = answer.rflags;
		if (ctl_print_answer(&shown, as_json) != EG_CLI_DONE)
			return EG_CLI_REFUSED;
	}
	if (more < 0)
		return eg_cli_refuse(&err);
	return all_ok || !eg_cli_has(cli, "exit-status") ? EG_CLI_DONE : EG_CLI_REFUSED;
}

static int decide_file(const struct eg_cli *cli, const struct decider_config *config)
{
	struct eg_error err = {0};
	struct ctl_lines *lines;
	struct decider *d;
	uint8_t fmt;
	int rc = ctl_get_fmt(cli, &fmt);

	if (rc != 0)
		return rc;
	lines = ctl_lines_open(cli->operand[0], fmt, &err);
	if (lines == NULL)
		return eg_cli_refuse(&err);
	d = decider_open(config, &err);
	rc = d != NULL ? decide_lines(cli, d, lines) : eg_cli_refuse(&err);
	if (d != NULL)
		decider_close(d);
	ctl_lines_close(lines);
	return rc;
}

int ctl_decide(const struct eg_cli *cli)
{
	struct decider_config config;
	int rc = decider_configure(cli, &config);

	return rc == 0 ? decide_file(cli, &config) : rc;
}
