/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli_help.h"

#include <stdio.h>

#define TEXT_COLUMN 38

/* The help stands in a column of its own, on the next line where the left side is too long. */
static void print_line(const char *left, const char *help)
{
	if (strlen(left) + 2 < TEXT_COLUMN)
		(void)printf("  %-*s%s\n", TEXT_COLUMN - 2, left, help);
	else
		(void)printf("  %s\n%*s%s\n", left, TEXT_COLUMN, "", help);
}

static void print_option(const struct eg_cli_option *option)
{
	static const char *const between[] = {
	    [EG_CLI_VALUE] = " ", [EG_CLI_VALUES] = " ", [EG_CLI_OPTIONAL] = "[="};
	char left[128];

	if (option->arity == EG_CLI_SWITCH)
		(void)snprintf(left, sizeof(left), "--%s", option->name);
	else
		(void)snprintf(left, sizeof(left), "--%s%s%s%s", option->name,
		    between[option->arity], option->value,
		    option->arity == EG_CLI_OPTIONAL ? "]" : "");
	print_line(left, option->help);
}

static void print_options(const char *title, const struct eg_cli_option *options)
{
	(void)printf("\n%s:\n", title);
	for (; options->name != NULL; options++)
		print_option(options);
}

static void print_command(const struct eg_cli_command *command)
{
	char left[128];

	(void)snprintf(left, sizeof(left), "%s%s%s%s%s", command->group,
	    command->name != NULL ? " " : "", command->name != NULL ? command->name : "",
	    command->operands != NULL ? " " : "",
	    command->operands != NULL ? command->operands : "");
	print_line(left, command->help);
}

static void print_commands(const struct eg_cli_program *program, const char *group)
{
	(void)printf("\ncommands:\n");
	for (const struct eg_cli_command *c = program->commands; c->group != NULL; c++) {
		if (group == NULL || strcmp(c->group, group) == 0)
			print_command(c);
	}
}

static void print_global_options(const struct eg_cli_program *program)
{
	print_options("options of every command", program->globals);
	print_line("--help", "this text");
}

void eg_cli_help_program(const struct eg_cli_program *program)
{
	(void)printf("usage: %s [OPTIONS] COMMAND ...\n\n%s\n", program->name, program->about);
	print_commands(program, NULL);
	print_global_options(program);
	(void)printf("\nexit status: 0 done, 1 refused or failed, 2 usage. "
	             "%s COMMAND --help says more.\n",
	    program->name);
}

void eg_cli_help_group(const struct eg_cli_program *program, const char *group)
{
	(void)printf("usage: %s [OPTIONS] %s COMMAND ...\n", program->name, group);
	print_commands(program, group);
	print_global_options(program);
}

void eg_cli_help_command(const struct eg_cli_program *program, const struct eg_cli_command *command)
{
	(void)printf("usage: %s %s%s%s%s%s%s\n\n%s\n", program->name, command->group,
	    command->name != NULL ? " " : "", command->name != NULL ? command->name : "",
	    command->operands != NULL ? " " : "",
	    command->operands != NULL ? command->operands : "",
	    command->options != NULL ? " [OPTIONS]" : "", command->help);
	if (command->options != NULL)
		print_options("options", command->options);
	print_global_options(program);
}
