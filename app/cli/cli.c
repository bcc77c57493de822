/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_cli.h"
#include "cli_help.h"
#include "eg_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define PARSED (-1) /* go on: no exit status yet */

struct cursor {
	char **argv;
	int at, cnt;
	bool only_operands; /* behind "--" */
};

static const struct eg_cli_option *find_option(
    const struct eg_cli_option *table, const char *name, size_t len)
{
	for (; table != NULL && table->name != NULL; table++) {
		if (strlen(table->name) == len && memcmp(table->name, name, len) == 0)
			return table;
	}
	return NULL;
}

static bool is_help(const char *arg)
{
	return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0;
}

static int add_given(struct eg_cli *cli, const struct eg_cli_option *option, const char *value)
{
	if (option->arity != EG_CLI_VALUES && eg_cli_has(cli, option->name))
		return eg_cli_usage(cli, "--%s is given twice", option->name);
	cli->given[cli->given_cnt++] = (struct eg_cli_given){option, value};
	return PARSED;
}

/* argv[at] starts with two dashes. */
static int parse_option(struct eg_cli *cli, struct cursor *cur)
{
	const char *name = cur->argv[cur->at++] + 2;
	const char *equals = strchr(name, '=');
	size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);
	const struct eg_cli_option *option = find_option(cli->program->globals, name, len);

	if (option == NULL && cli->command != NULL)
		option = find_option(cli->command->options, name, len);
	if (option == NULL)
		return eg_cli_usage(cli, "there is no option --%.*s here", (int)len, name);
	if (equals != NULL && option->arity == EG_CLI_SWITCH)
		return eg_cli_usage(cli, "--%s takes no value", option->name);
	if (equals != NULL)
		return add_given(cli, option, equals + 1);
	if (option->arity == EG_CLI_SWITCH || option->arity == EG_CLI_OPTIONAL)
		return add_given(cli, option, NULL);
	if (cur->at == cur->cnt)
		return eg_cli_usage(cli, "--%s needs a value (%s)", option->name, option->value);
	return add_given(cli, option, cur->argv[cur->at++]);
}

static int parse_globals(struct eg_cli *cli, struct cursor *cur)
{
	while (cur->at < cur->cnt && cur->argv[cur->at][0] == '-') {
		int rc;

		if (is_help(cur->argv[cur->at])) {
			eg_cli_help_program(cli->program);
			return EG_CLI_DONE;
		}
		if (strcmp(cur->argv[cur->at], "--version") == 0) {
			(void)printf("%s %s\n", cli->program->name, EDGATE_VERSION);
			return EG_CLI_DONE;
		}
		if (strncmp(cur->argv[cur->at], "--", 2) != 0)
			return eg_cli_usage(cli, "there is no option %s", cur->argv[cur->at]);
		rc = parse_option(cli, cur);
		if (rc != PARSED)
			return rc;
	}
	return PARSED;
}

/* The name within the group, where the group is no command by itself. */
static int parse_name(struct eg_cli *cli, struct cursor *cur, const struct eg_cli_command *first)
{
	const char *name = cur->at < cur->cnt ? cur->argv[cur->at++] : NULL;

	if (name != NULL && is_help(name)) {
		eg_cli_help_group(cli->program, first->group);
		return EG_CLI_DONE;
	}
	for (const struct eg_cli_command *c = first; name != NULL && c->group != NULL; c++) {
		if (strcmp(c->group, first->group) == 0 && strcmp(c->name, name) == 0) {
			cli->command = c;
			return PARSED;
		}
	}
	if (name == NULL)
		return eg_cli_usage(cli, "a command is missing behind '%s'", first->group);
	return eg_cli_usage(cli, "there is no command '%s %s'", first->group, name);
}

static int parse_command(struct eg_cli *cli, struct cursor *cur)
{
	const struct eg_cli_command *c = cli->program->commands;

	if (cur->at == cur->cnt)
		return eg_cli_usage(cli, "a command is missing");
	while (c->group != NULL && strcmp(c->group, cur->argv[cur->at]) != 0)
		c++;
	if (c->group == NULL)
		return eg_cli_usage(cli, "there is no command '%s'", cur->argv[cur->at]);
	cur->at++;
	if (c->name != NULL)
		return parse_name(cli, cur, c);
	cli->command = c;
	return PARSED;
}

static int parse_argument(struct eg_cli *cli, struct cursor *cur)
{
	const char *arg = cur->argv[cur->at];

	if (cur->only_operands || arg[0] != '-' || arg[1] == '\0') {
		cli->operand[cli->operand_cnt++] = arg;
		cur->at++;
		return PARSED;
	}
	if (is_help(arg)) {
		eg_cli_help_command(cli->program, cli->command);
		return EG_CLI_DONE;
	}
	if (strcmp(arg, "--") == 0) {
		cur->only_operands = true;
		cur->at++;
		return PARSED;
	}
	if (arg[1] != '-')
		return eg_cli_usage(cli, "there is no option %s here", arg);
	return parse_option(cli, cur);
}

static int parse_arguments(struct eg_cli *cli, struct cursor *cur)
{
	while (cur->at < cur->cnt) {
		int rc = parse_argument(cli, cur);

		if (rc != PARSED)
			return rc;
	}
	if (cli->operand_cnt < cli->command->operands_min)
		return eg_cli_usage(cli, "an operand is missing (%s)", cli->command->operands);
	if (cli->operand_cnt > cli->command->operands_max)
		return eg_cli_usage(
		    cli, "an operand too many: '%s'", cli->operand[cli->command->operands_max]);
	return PARSED;
}

static int parse_and_run(struct eg_cli *cli, struct cursor *cur)
{
	int rc = parse_globals(cli, cur);

	if (rc == PARSED)
		rc = parse_command(cli, cur);
	if (rc == PARSED)
		rc = parse_arguments(cli, cur);
	return rc == PARSED ? cli->command->run(cli) : rc;
}

/* What was printed counts only once it is written. */
static int finish_stdout(int rc)
{
	bool failed = ferror(stdout) != 0;

	if (fflush(stdout) == 0 && !failed)
		return rc;
	eg_log(EG_LOG_ERROR, "the output could not be written: %m");
	return rc == EG_CLI_DONE ? EG_CLI_REFUSED : rc;
}

int eg_cli_main(const struct eg_cli_program *program, int argc, char *argv[])
{
	size_t room = (size_t)argc + 1;
	struct cursor cur = {argv, 1, argc, false};
	struct eg_cli cli = {
	    .program = program,
	    .operand = calloc(room, sizeof(*cli.operand)),
	    .given = calloc(room, sizeof(*cli.given)),
	};
	int rc = EG_CLI_REFUSED;

	eg_log_init(program->name, EG_LOG_INFO);
	if (cli.operand != NULL && cli.given != NULL)
		rc = finish_stdout(parse_and_run(&cli, &cur));
	else
		eg_log(EG_LOG_ERROR, "out of memory");
	free(cli.operand);
	free(cli.given);
	return rc;
}

const char *eg_cli_next(const struct eg_cli *cli, const char *option, unsigned *at)
{
	while (*at < cli->given_cnt) {
		const struct eg_cli_given *g = &cli->given[(*at)++];

		if (strcmp(g->option->name, option) == 0)
			return g->value;
	}
	return NULL;
}

const char *eg_cli_get(const struct eg_cli *cli, const char *option)
{
	unsigned at = 0;

	return eg_cli_next(cli, option, &at);
}

bool eg_cli_has(const struct eg_cli *cli, const char *option)
{
	for (unsigned i = 0; i < cli->given_cnt; i++) {
		if (strcmp(cli->given[i].option->name, option) == 0)
			return true;
	}
	return false;
}

int eg_cli_get_number(const struct eg_cli *cli, const char *option, uint64_t max, uint64_t *out)
{
	const char *text = eg_cli_get(cli, option);

	if (text == NULL || eg_cli_number(text, max, out))
		return 0;
	return eg_cli_usage(cli, "--%s: '%s' is not a number from 0 to %llu", option, text,
	    (unsigned long long)max);
}

int eg_cli_get_time(const struct eg_cli *cli, const char *option, uint64_t now_s, uint64_t *out)
{
	const char *text = eg_cli_get(cli, option);

	if (text == NULL || eg_cli_time(text, now_s, out))
		return 0;
	return eg_cli_usage(cli,
	    "--%s: '%s' is not a time: seconds since 1970, now, +SECONDS, -SECONDS or "
	    "2027-01-15T08:00:00Z",
	    option, text);
}

int eg_cli_usage(const struct eg_cli *cli, const char *fmt, ...)
{
	const struct eg_cli_command *c = cli->command;
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	eg_log(EG_LOG_ERROR, "%s (see %s%s%s%s%s --help)", text, cli->program->name,
	    c != NULL ? " " : "", c != NULL ? c->group : "",
	    c != NULL && c->name != NULL ? " " : "", c != NULL && c->name != NULL ? c->name : "");
	return EG_CLI_USAGE;
}

int eg_cli_refuse(const struct eg_error *err)
{
	eg_log(EG_LOG_ERROR, "%s", err->text);
	return EG_CLI_REFUSED;
}
