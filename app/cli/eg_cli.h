/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line of edgatectl, edgate-token and edgate-load: commands and options as tables, one
 * parser, one help text, one set of exit codes.
 *
 *   program [global options] GROUP [NAME] [options and operands in any order] [-- operands]
 *
 * Every command takes --help (stdout, exit 0). `--option value` and `--option=value` are the same;
 * an option that may stand once and stands twice is a usage error. Threads: main alone.
 */
#ifndef EG_CLI_H
#define EG_CLI_H

#include "eg_err.h"
#include "eg_span.h"

enum eg_cli_exit {
	EG_CLI_DONE = 0,
	EG_CLI_REFUSED = 1, /* the command was refused or failed */
	EG_CLI_USAGE = 2,   /* the command line is wrong: nothing was tried */
};

enum eg_cli_arity {
	EG_CLI_SWITCH,   /* --json */
	EG_CLI_VALUE,    /* --now T */
	EG_CLI_VALUES,   /* the same, any number of times */
	EG_CLI_OPTIONAL, /* --wait or --wait=MS */
};

struct eg_cli_option {
	const char *name; /* without the dashes; NULL ends a table */
	enum eg_cli_arity arity;
	const char *value; /* what the help calls its value */
	const char *help;
};

struct eg_cli;

struct eg_cli_command {
	const char *group;    /* "issuer"; NULL ends a table */
	const char *name;     /* "add", or NULL where the group is the command */
	const char *operands; /* "URL", for the help */
	unsigned operands_min, operands_max;
	const struct eg_cli_option *options; /* NULL: none of its own */
	const char *help;                    /* one line */
	int (*run)(const struct eg_cli *cli);
};

struct eg_cli_program {
	const char *name;
	const char *about; /* a sentence for the help */
	const struct eg_cli_option *globals;
	const struct eg_cli_command *commands; /* those of one group together */
};

struct eg_cli_given {
	const struct eg_cli_option *option;
	const char *value; /* NULL where it has none */
};

struct eg_cli { /* a parsed command line; strings are argv's */
	const struct eg_cli_program *program;
	const struct eg_cli_command *command;
	unsigned operand_cnt, given_cnt;
	const char **operand;
	struct eg_cli_given *given;
};

/* Parses, runs the command, flushes stdout; returns the exit status. */
int eg_cli_main(const struct eg_cli_program *program, int argc, char *argv[]);

/* ── what was given ── */

bool eg_cli_has(const struct eg_cli *cli, const char *option);
/* The value, or NULL. */
const char *eg_cli_get(const struct eg_cli *cli, const char *option);
/* Value after value of an option of EG_CLI_VALUES: *at starts as 0. NULL after the last. */
const char *eg_cli_next(const struct eg_cli *cli, const char *option, unsigned *at);
/* Leave *out alone where the option was not given. 0, or EG_CLI_USAGE after the message. */
int eg_cli_get_number(const struct eg_cli *cli, const char *option, uint64_t max, uint64_t *out);
int eg_cli_get_time(const struct eg_cli *cli, const char *option, uint64_t now_s, uint64_t *out);

/* ── values ── */

#define EG_CLI_TIME_MAX 253402300799u /* 9999-12-31T23:59:59Z */

/* Digits alone, at most max. */
bool eg_cli_number(const char *text, uint64_t max, uint64_t *out);
/* Seconds since 1970, "now", "+300", "-300" (from now), or "2027-01-15T08:00:00Z". */
bool eg_cli_time(const char *text, uint64_t now_s, uint64_t *out);
/* Moves *rest past the next part of a comma-separated text; false after the last. */
bool eg_cli_next_part(const char **rest, struct eg_span *part);

/* ── messages (stderr) ── */

/* The message and where to read on; returns EG_CLI_USAGE. */
__attribute__((format(printf, 2, 3))) int eg_cli_usage(
    const struct eg_cli *cli, const char *fmt, ...);
/* The error's text; returns EG_CLI_REFUSED. */
int eg_cli_refuse(const struct eg_error *err);
/* Text from outside, safe for a terminal: control bytes as \xNN, cut to fit. Returns buf. */
const char *eg_cli_printable(struct eg_span text, char *buf, size_t room);
/* The same of a text in which \xNN stands for bytes already: backslashes stay. */
const char *eg_cli_printable_again(struct eg_span text, char *buf, size_t room);

/* ── files ── */

struct eg_cli_bytes {
	uint8_t *ptr; /* a NUL stands behind len */
	size_t len;
};

/* The whole file ("-": stdin) of at most max bytes. Freed with eg_cli_bytes_free. */
int eg_cli_read_file(const char *path, size_t max, struct eg_cli_bytes *out, struct eg_error *err);
/* Wipes the bytes before it gives them back: they may be a secret. */
void eg_cli_bytes_free(struct eg_cli_bytes *bytes);

#endif
