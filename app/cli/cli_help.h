/* SPDX-License-Identifier: BSD-3-Clause */
/* The help texts, made from the tables, on stdout. */
#ifndef EG_CLI_HELP_H
#define EG_CLI_HELP_H

#include "eg_cli.h"

void eg_cli_help_program(const struct eg_cli_program *program);
void eg_cli_help_group(const struct eg_cli_program *program, const char *group);
void eg_cli_help_command(
    const struct eg_cli_program *program, const struct eg_cli_command *command);

#endif
