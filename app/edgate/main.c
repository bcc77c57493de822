/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_log.h"
#include "engine.h"
#include "report.h"
#include "run.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_DEFAULT "/etc/edgate/edgate.yaml"

enum exit_code { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

enum action { ACTION_RUN, ACTION_CHECK, ACTION_VERSION, ACTION_HELP };

struct command {
	enum action action;
	const char *config, *run; /* NULL: not given */
};

static const struct {
	struct option option;
	const char *argument, *help;
} options[] = {
    {{"config", required_argument, NULL, 'c'}, " FILE",
        "the configuration (default " CONFIG_DEFAULT ")"},
    {{"check", optional_argument, NULL, 'k'}, " [FILE]",
        "check the configuration, touch no hardware, and end"},
    {{"run", required_argument, NULL, 'r'}, " DIR",
        "run directory in place of the configuration's"},
    {{"version", no_argument, NULL, 'V'}, "", "print the version"},
    {{"help", no_argument, NULL, 'h'}, "", "print this"},
};
#define OPTION_CNT (sizeof(options) / sizeof(options[0]))

static void print_help(FILE *to)
{
	(void)fprintf(to, "usage: edgate [OPTION]... [FILE]\n"
	                  "Verifies tokens that arrive in packets, as FILE configures it.\n\n");
	for (size_t i = 0; i < OPTION_CNT; i++) {
		char left[32];

		(void)snprintf(
		    left, sizeof(left), "--%s%s", options[i].option.name, options[i].argument);
		(void)fprintf(to, "  %-16s %s\n", left, options[i].help);
	}
	(void)fprintf(to, "\nSIGTERM and SIGINT stop it; a second one at once.\n"
	                  "Exit status: 0 done, 1 failed, 2 usage.\n");
}

static bool take_option(struct command *command, int option)
{
	switch (option) {
	case 'c':
		command->config = optarg;
		return true;
	case 'k':
		command->action = ACTION_CHECK;
		if (optarg != NULL)
			command->config = optarg;
		return true;
	case 'r':
		command->run = optarg;
		return true;
	case 'V':
		command->action = ACTION_VERSION;
		return true;
	case 'h':
		command->action = ACTION_HELP;
		return true;
	default:
		return false;
	}
}

static bool parse_command(struct command *command, int argc, char **argv)
{
	struct option table[OPTION_CNT + 1] = {0};
	int option;

	for (size_t i = 0; i < OPTION_CNT; i++)
		table[i] = options[i].option;
	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1)
		if (!take_option(command, option))
			return false;
	if (argc - optind > (command->config == NULL ? 1 : 0)) {
		(void)fprintf(stderr, "edgate: unexpected argument: %s\n", argv[argc - 1]);
		return false;
	}
	if (optind < argc)
		command->config = argv[optind];
	if (command->config == NULL)
		command->config = CONFIG_DEFAULT;
	return true;
}

static int replace_run(struct eg_config *config, const char *run, struct eg_error *err)
{
	char *copy = strdup(run);

	if (copy == NULL)
		return eg_error_set(err, EG_ENOMEM, "out of memory");
	free(config->run);
	config->run = copy;
	return 0;
}

static int check(
    const struct command *command, const struct eg_config *config, struct eg_error *err)
{
	bool uses_tables;
	int rc = eg_engine_check(config, &uses_tables, err);

	if (rc != 0)
		return eg_error_prefix(err, "%s", command->config);
	(void)printf("%s: correct: %u port%s, %u worker%s\n", command->config, config->port_cnt,
	    config->port_cnt == 1 ? "" : "s", config->worker_cnt,
	    config->worker_cnt == 1 ? "" : "s");
	if (uses_tables)
		eg_report_need(config);
	return 0;
}

static int act(const struct command *command, struct eg_error *err)
{
	struct eg_config config;
	int rc = eg_config_load(&config, command->config, err);

	if (rc != 0)
		return rc;
	if (command->action == ACTION_CHECK)
		rc = check(command, &config, err);
	else if (command->run == NULL || (rc = replace_run(&config, command->run, err)) == 0)
		rc = edgate_run(&config, err);
	eg_config_free(&config);
	return rc;
}

int main(int argc, char **argv)
{
	struct command command = {0};
	struct eg_error err = {0};

	eg_log_init("edgate", EG_LOG_INFO);
	if (!parse_command(&command, argc, argv)) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (command.action == ACTION_HELP) {
		print_help(stdout);
		return EXIT_DONE;
	}
	if (command.action == ACTION_VERSION) {
		(void)printf("edgate %s\n", EG_VERSION);
		return EXIT_DONE;
	}
	if (act(&command, &err) != 0) {
		eg_log(EG_LOG_ERROR, "%s", err.text);
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}
