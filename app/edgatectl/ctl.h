/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * edgatectl: what its commands share. One file a group of commands; each command is one function
 * of the table in main.c and returns the exit status.
 */
#ifndef CTL_H
#define CTL_H

#include "eg_cli.h"
#include "eg_state.h"

#include <jansson.h>

#define CTL_STATE_DEFAULT "/var/lib/edgate"
#define CTL_RUN_DEFAULT   "/run/edgate"

/* ── progress of what takes long (progress.c): on stderr, where that is a terminal or --progress
 * was given ── */

struct ctl_progress {
	bool is_on, is_terminal;
	bool is_open; /* the cursor stands behind a line that will be written again */
	uint64_t next_ns;
};

void ctl_progress_begin(struct ctl_progress *p, const struct eg_cli *cli);
/* "3 of 7 WHAT", a few times a second and at the end; on a terminal always in the same line. */
void ctl_progress(struct ctl_progress *p, uint64_t done, uint64_t all, const char *what);
/* Before anything else is written. */
void ctl_progress_end(struct ctl_progress *p);

/* ── the store (change.c) ── */

const char *ctl_state_dir(const struct eg_cli *cli);

/* One change of the store: begin, one eg_state_… call into rc, end. */
struct ctl_change {
	const struct eg_cli *cli;
	struct eg_state *st; /* NULL where the store could not be opened: rc and err say why */
	int64_t utc_ns;
	uint64_t wait_ms; /* of --wait */
	int usage;        /* not 0: the command line is wrong, nothing was opened */
	uint64_t epoch;
	int rc;
	struct eg_error err;
	struct ctl_progress progress;
};

/* Opens the store for writing and reads the clock, once. False where that failed: go to end. */
bool ctl_change_begin(struct ctl_change *change, const struct eg_cli *cli);
/* Prints "done: epoch G.S", rings the doorbell and waits where --wait says so; or prints the error.
 * Closes the store. Returns the exit status. */
int ctl_change_end(struct ctl_change *change);
/* Writes out what was printed of a change that is stored; where that fails, stderr says that the
 * change stands. Returns the exit status. */
int ctl_end_stored(uint64_t epoch);

/* Rows of the store as they stand: fill appends an object for each to `out`. NULL with the reason
 * in err. */
json_t *ctl_read_rows(const struct eg_cli *cli,
    void (*fill)(const struct eg_snapshot *rows, json_t *out), struct eg_error *err);
/* Reads rows and prints them as a table of `columns`, or as --json says. Returns the exit status.
 */
int ctl_show_rows(const struct eg_cli *cli, const char *const columns[],
    void (*fill)(const struct eg_snapshot *rows, json_t *out));

/* ── --file: one on each line (bulk.c). An error names file and line ── */

#define CTL_VALUE_MAX 255u /* bytes of a jti, cti, sid, sub (docs/protocol.md, S5) */

struct ctl_values {
	struct eg_cli_bytes file; /* what value points into */
	struct eg_span *value;
	size_t cnt;
};

/* A value is the bytes of the line; with --hex, what they stand for. */
int ctl_read_values(const struct eg_cli *cli, struct ctl_values *out, struct eg_error *err);
void ctl_values_free(struct ctl_values *values);

/* "7" or "7-9" on each line, in any order; *ranges (to be freed) are in order and apart. */
int ctl_read_ranges(
    const struct eg_cli *cli, struct eg_index_range **ranges, size_t *cnt, struct eg_error *err);
bool ctl_parse_range(struct eg_span text, struct eg_index_range *out);

/* ── the run directory (rundir.c) ── */

/* The directory that --run says; else /run/edgate/edgate; else the only one below /run/edgate. */
int ctl_run_dir(const struct eg_cli *cli, char *path, size_t room, struct eg_error *err);
/* The statistics of that edgate. */
int ctl_open_stats(const struct eg_cli *cli, struct eg_stats *stats, struct eg_error *err);
/* Tells the running edgate, or all of this host, to look at the store now. Nobody need listen: its
 * 10 ms poll finds the change anyway. */
void ctl_ring_doorbell(const struct eg_cli *cli);
/* Does the process live that made these statistics? */
bool ctl_is_running(const struct eg_stats *stats);
/* Returns once every core of the running edgate has applied the epoch, with the time it took.
 * -EG_ENOENT at once where no edgate runs, or none any more. */
struct ctl_wait {
	uint64_t epoch, timeout_ms;
	double took_ms;
	struct ctl_progress *progress;
};
int ctl_wait_applied(const struct eg_cli *cli, struct ctl_wait *wait, struct eg_error *err);

/* ── output (output.c) ── */

/* Before a column's name: its texts come from the store with \xNN for what is not printable, so
 * their backslashes stay as they are. */
#define CTL_SHOWN "\\"
/* Prints and releases: an array of flat objects as JSON, or as a table of the named members. */
int ctl_print_rows(json_t *rows, const char *const columns[], bool as_json);
int ctl_print_json(json_t *value, size_t flags);
json_t *ctl_json_text(struct eg_span text);
json_t *ctl_json_epoch(uint64_t epoch);
/* ["SIG_CHECKED", …] */
json_t *ctl_json_rflags(uint16_t rflags);
/* "G.S" */
#define CTL_EPOCH_TEXT "%u.%llu"
#define CTL_EPOCH_ARGS(epoch)                                                                      \
	EG_EPOCH_GENERATION(epoch), (unsigned long long)EG_EPOCH_SEQUENCE(epoch)

/* ── tokens, one a line (lines.c) ── */

/* Header and record of the smallest request leave this much of the largest datagram. */
#define CTL_TOKEN_MAX (EG_EGT_DATAGRAM_MAX - EG_EGT_HEADER_BYTES - EG_EGT_RECORD_BYTES)

struct ctl_line { /* a token to ask about; points into the reader or at the text */
	struct eg_span token;
	uint8_t fmt;  /* enum eg_egt_fmt, for the record */
	bool too_big; /* fits no request: token is empty */
};

/* What the record of a line says where --fmt does not: CWT where the line is hex, else DETECT. */
#define CTL_FMT_BY_LINE UINT8_MAX
/* --fmt. 0, or EG_CLI_USAGE after the message. */
int ctl_get_fmt(const struct eg_cli *cli, uint8_t *fmt);

struct ctl_lines;
/* "-": stdin. NULL with the reason in err. */
struct ctl_lines *ctl_lines_open(const char *path, uint8_t fmt, struct eg_error *err);
void ctl_lines_close(struct ctl_lines *lines);
/* 1 a line, 0 the end, -EG_EIO. A line is the bytes before \n, or what the file ends with; where it
 * is hex throughout, and was not said to be a JWT or a PASETO, the bytes that it stands for. */
int ctl_lines_next(struct ctl_lines *lines, struct ctl_line *line, struct eg_error *err);
/* A token from an operand, by the same rule; lines is where hex is decoded to. */
struct ctl_line ctl_lines_of_text(struct ctl_lines *lines, struct eg_span text);

/* {"line", "status", "detail", "exp", "flags"[, "utc_ns"]} of one answer, compact, on one line. */
struct ctl_answer {
	uint64_t line;
	const char *status, *detail;
	uint32_t exp_s;
	uint16_t rflags;
	int64_t utc_ns; /* when it was answered; 0: not told */
};
int ctl_print_answer(const struct ctl_answer *answer, bool as_json);

/* ── status lists ── */

/* The one of --raw, --jwt, --cwt, --w3c that is given. 0, or EG_CLI_USAGE after the message. */
int ctl_list_form(const struct eg_cli *cli, enum eg_list_form *form);
const char *ctl_list_form_name(enum eg_list_form form);

/* ── the commands ── */

int ctl_init(const struct eg_cli *cli);
int ctl_issuer_add(const struct eg_cli *cli);
int ctl_issuer_remove(const struct eg_cli *cli);
int ctl_issuer_list(const struct eg_cli *cli);
int ctl_key_list(const struct eg_cli *cli);
int ctl_key_tables(const struct eg_cli *cli);
int ctl_key_window(const struct eg_cli *cli);
int ctl_policy_set(const struct eg_cli *cli);
int ctl_policy_remove(const struct eg_cli *cli);
int ctl_policy_list(const struct eg_cli *cli);
int ctl_list_add(const struct eg_cli *cli);
int ctl_list_import(const struct eg_cli *cli);
int ctl_list_grow(const struct eg_cli *cli);
int ctl_list_show(const struct eg_cli *cli);
int ctl_list_export(const struct eg_cli *cli);
int ctl_list_list(const struct eg_cli *cli);
int ctl_revoke_index(const struct eg_cli *cli);
int ctl_revoke_value(const struct eg_cli *cli);
int ctl_revoke_subject(const struct eg_cli *cli);
int ctl_revoke_issuer(const struct eg_cli *cli);
int ctl_revoke_key(const struct eg_cli *cli);
int ctl_unrevoke_index(const struct eg_cli *cli);
int ctl_suspend_index(const struct eg_cli *cli);
int ctl_unrevoke_value(const struct eg_cli *cli);
int ctl_state_verify(const struct eg_cli *cli);
int ctl_state_backup(const struct eg_cli *cli);
int ctl_state_restore(const struct eg_cli *cli);
int ctl_audit(const struct eg_cli *cli);
int ctl_decide(const struct eg_cli *cli);
int ctl_explain(const struct eg_cli *cli);
int ctl_verify(const struct eg_cli *cli);
int ctl_ping(const struct eg_cli *cli);
int ctl_selftest(const struct eg_cli *cli);
int ctl_preflight(const struct eg_cli *cli);
int ctl_stats(const struct eg_cli *cli);
int ctl_top(const struct eg_cli *cli);
int ctl_trace(const struct eg_cli *cli);
int ctl_counters(const struct eg_cli *cli);

#endif
