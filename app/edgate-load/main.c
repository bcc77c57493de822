/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of edgate-load, as one table. */
#include "eg_log.h"
#include "report.h"
#include "search_report.h"
#include "table.h"

#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum load_exit {
	LOAD_EXIT_GOOD = 0,
	LOAD_EXIT_WRONG = 1, /* an answer was wrong, or none came */
	LOAD_EXIT_USAGE = EG_CLI_USAGE,
	LOAD_EXIT_ENVIRONMENT = 3, /* no corpus, device, edgate, memory: nothing was measured */
};

static int fail(const struct eg_error *err)
{
	eg_log(EG_LOG_ERROR, "%s", err->text);
	return LOAD_EXIT_ENVIRONMENT;
}

/* ── run ── */

static int run(struct load_session *session)
{
	const struct load_options *o = session->options;
	const struct load_trial trial = {&o->timing, o->seconds, o->warmup_s};
	struct load_result *result = calloc(1, sizeof(*result));
	struct eg_error err;
	int status;

	if (result == NULL)
		return LOAD_EXIT_ENVIRONMENT;
	if (load_run(session, &trial, result, &err) != 0) {
		status = fail(&err);
	} else {
		load_report_run(session, result);
		status = load_result_is_good(result) ? LOAD_EXIT_GOOD : LOAD_EXIT_WRONG;
	}
	load_result_free(result);
	free(result);
	return status;
}

/* ── search ── */

static int run_trial(
    void *ctx, double rate, double seconds, struct load_result *result, struct eg_error *err)
{
	struct load_session *session = ctx;
	struct load_timing timing = session->options->timing;
	const struct load_trial trial = {&timing, seconds, session->options->warmup_s};
	int rc;

	timing.profile = (struct load_profile){1, {{seconds, rate, rate}}};
	rc = load_run(session, &trial, result, err);
	if (rc == 0 && load_run_stopped())
		rc = eg_error_set(err, EG_EAGAIN, "interrupted");
	if (rc == 0 && !session->options->quiet && isatty(STDERR_FILENO) != 0)
		(void)fprintf(
		    stderr, "%10.0f/s: loss %.4f %%\n", rate, load_loss_ratio(result) * 100);
	return rc;
}

static int search(struct load_session *session)
{
	const struct load_options *o = session->options;
	struct load_search *s = calloc(1, sizeof(*s));
	int status = LOAD_EXIT_GOOD, rc;
	struct eg_error err;

	if (s == NULL)
		return LOAD_EXIT_ENVIRONMENT;
	s->wish = (struct load_search_wish){
	    .rate_min = o->rate_min,
	    .rate_max = o->rate_max,
	    .precision = o->precision,
	    .seconds = o->seconds,
	    .repetitions = o->repetitions,
	    .no_pdr = o->no_pdr,
	    .ctx = session,
	    .run = run_trial,
	};
	rc = load_search_run(s, &err);
	if (rc == 0 || s->wrong.wrong != 0)
		load_report_search(session, s);
	if (rc != 0)
		status = fail(&err);
	if (s->wrong.wrong != 0 || (rc == 0 && s->ndr.median == 0))
		status = LOAD_EXIT_WRONG;
	free(s);
	return status;
}

/* ── table ── */

static int table(struct load_session *session)
{
	return load_table(session) ? LOAD_EXIT_GOOD : LOAD_EXIT_WRONG;
}

/* ── commands ── */

static int with_session(
    const struct load_options *options, int (*what)(struct load_session *session))
{
	struct load_session session;
	struct eg_error err;
	int status;

	if (load_session_open(&session, options, &err) != 0)
		return fail(&err);
	status = what(&session);
	load_session_close(&session);
	return status;
}

static int cmd_run(const struct eg_cli *cli)
{
	struct load_options options;
	int status = load_options_parse(&options, cli);

	if (status != 0)
		return status;
	return with_session(&options, options.table ? table : run);
}

static int cmd_table(const struct eg_cli *cli)
{
	struct load_options options;
	int status = load_options_parse(&options, cli);

	if (status != 0)
		return status;
	options.table = true;
	return with_session(&options, table);
}

static int cmd_search(const struct eg_cli *cli)
{
	struct load_options options;
	int status = load_options_parse(&options, cli);

	return status != 0 ? status : with_session(&options, search);
}

static const struct eg_cli_command commands[] = {
    {"run", NULL, NULL, 0, 0, load_run_options,
        "send requests on a schedule, check every answer (this is meant where no command is "
        "named)",
        cmd_run},
    {"search", NULL, NULL, 0, 0, load_search_options,
        "find the highest rates without loss (NDR) and with little (PDR), and latencies below",
        cmd_search},
    {"table", NULL, NULL, 0, 0, NULL, "ask about each token once; print name, expected, answered",
        cmd_table},
    {0},
};

static const struct eg_cli_program program = {
    .name = "edgate-load",
    .about = "Load for an edgate, with every answer checked against the corpus.\n"
             "exit status: 0 all answers were right, 1 one was wrong or none came, 2 usage,\n"
             "3 nothing could be measured (corpus, device, edgate not found)",
    .globals = load_common_options,
    .commands = commands,
};

static void on_signal(int number)
{
	(void)number;
	load_run_stop();
}

/* Without a command the first argument is an option, and run is meant. */
static bool names_a_command(int argc, char *argv[])
{
	return argc < 2 || argv[1][0] != '-' || strcmp(argv[1], "--help") == 0 ||
	       strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--version") == 0;
}

static int with_run(int argc, char *argv[])
{
	static char word[] = "run";
	char **longer = calloc((size_t)argc + 2, sizeof(*longer));
	int status;

	if (longer == NULL)
		return LOAD_EXIT_ENVIRONMENT;
	longer[0] = argv[0];
	longer[1] = word;
	memcpy(&longer[2], &argv[1], (size_t)(argc - 1) * sizeof(*longer));
	status = eg_cli_main(&program, argc + 1, longer);
	free(longer);
	return status;
}

int main(int argc, char *argv[])
{
	eg_log_init("edgate-load", EG_LOG_INFO);
	if (sodium_init() < 0)
		return LOAD_EXIT_ENVIRONMENT;
	(void)signal(SIGPIPE, SIG_IGN); /* of virtio_user's socket, when the edgate has gone */
	(void)signal(SIGINT, on_signal);
	(void)signal(SIGTERM, on_signal);
	return names_a_command(argc, argv) ? eg_cli_main(&program, argc, argv)
	                                   : with_run(argc, argv);
}
