/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl.h"
#include "eg_stats.h"
#include "preflight.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const level_names[] = {
    [PF_GREEN] = "green", [PF_YELLOW] = "yellow", [PF_RED] = "red"};

const char *pf_fix(struct pf *pf, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(pf->fix, sizeof(pf->fix), fmt, ap);
	va_end(ap);
	return pf->fix;
}

static void add_line(
    struct pf *pf, enum pf_level level, const char *topic, const char *fix, const char *text)
{
	pf->cnt[level]++;
	(void)json_array_append_new(
	    pf->lines, json_pack("{s:s, s:s, s:s, s:s*}", "level", level_names[level], "topic",
	                   topic, "text", text, "fix", fix));
}

#define ADD_LINE(level, fix)                                                                       \
	char text[PF_TEXT];                                                                        \
	va_list ap;                                                                                \
	va_start(ap, fmt);                                                                         \
	(void)vsnprintf(text, sizeof(text), fmt, ap);                                              \
	va_end(ap);                                                                                \
	add_line(pf, level, topic, fix, text)

void pf_green(struct pf *pf, const char *topic, const char *fmt, ...)
{
	ADD_LINE(PF_GREEN, NULL);
}

void pf_yellow(struct pf *pf, const char *topic, const char *fix, const char *fmt, ...)
{
	ADD_LINE(PF_YELLOW, fix);
}

void pf_red(struct pf *pf, const char *topic, const char *fix, const char *fmt, ...)
{
	ADD_LINE(PF_RED, fix);
}

/* ── the whole ── */

void pf_quote(char out[PF_PATH], const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                            "0123456789_./-+@%:";
	size_t n = 0;

	if (name[0] != '\0' && strspn(name, plain) == strlen(name)) {
		(void)snprintf(out, PF_PATH, "%s", name);
		return;
	}
	out[n++] = '\'';
	for (const char *p = name; *p != '\0' && n < PF_PATH - 6; p++)
		n += (size_t)snprintf(out + n, PF_PATH - n, *p == '\'' ? "'\\''" : "%c", *p);
	(void)snprintf(out + n, PF_PATH - n, "'");
}

static bool is_running(const struct pf *pf)
{
	struct eg_stats stats;
	char path[PF_PATH];
	bool runs;

	(void)snprintf(path, sizeof(path), "%s%s/stats", pf->root, pf->config->run);
	if (eg_stats_open(&stats, path, NULL) != 0)
		return false;
	runs = ctl_is_running(&stats);
	eg_stats_close(&stats);
	return runs;
}

static void say_kernel(struct pf *pf)
{
	char cmdline[PF_TEXT];

	if (pf_text(pf, cmdline, "/proc/cmdline"))
		pf_green(pf, "kernel", "command line: %.400s", cmdline);
}

static void check_all(struct pf *pf)
{
	if (pf->config != NULL)
		pf->is_running = is_running(pf);
	say_kernel(pf);
	pf_check_cpus(pf);
	pf_check_memory(pf);
	pf_check_devices(pf);
	pf_check_sockets(pf);
	pf_check_process(pf);
}

/* As it is, since it is to be copied, but for bytes that a terminal would obey. */
static void print_text(const char *before, const char *text)
{
	(void)fputs(before, stdout);
	for (const char *p = text; *p != '\0'; p++)
		(void)putchar((unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p);
	(void)putchar('\n');
}

static void print_line(const json_t *line)
{
	const char *level, *topic, *text, *fix = NULL;

	if (json_unpack((json_t *)(uintptr_t)line, "{s:s, s:s, s:s, s?s}", "level", &level, "topic",
	        &topic, "text", &text, "fix", &fix) != 0)
		return;
	(void)printf("%-6s  %-10s ", level, topic);
	print_text("", text);
	if (fix != NULL)
		print_text("                   $ ", fix);
}

static int print_all(struct pf *pf, bool as_json)
{
	enum pf_level worst = pf->cnt[PF_RED] != 0      ? PF_RED
	                      : pf->cnt[PF_YELLOW] != 0 ? PF_YELLOW
	                                                : PF_GREEN;
	int rc = worst == PF_RED ? EG_CLI_REFUSED : EG_CLI_DONE;

	if (as_json) {
		int printed = ctl_print_json(
		    json_pack("{s:s, s:s*, s:i, s:i, s:i, s:O}", "result", level_names[worst],
		        "config", pf->file, "green", pf->cnt[PF_GREEN], "yellow",
		        pf->cnt[PF_YELLOW], "red", pf->cnt[PF_RED], "lines", pf->lines),
		    JSON_INDENT(2));

		return printed != EG_CLI_DONE ? printed : rc;
	}
	for (size_t i = 0; i < json_array_size(pf->lines); i++)
		print_line(json_array_get(pf->lines, i));
	(void)printf("preflight: %u green, %u yellow, %u red\n", pf->cnt[PF_GREEN],
	    pf->cnt[PF_YELLOW], pf->cnt[PF_RED]);
	return rc;
}

int ctl_preflight(const struct eg_cli *cli)
{
	const char *root = eg_cli_get(cli, "sysroot");
	struct eg_config config = {0};
	struct eg_error err = {0};
	struct pf pf = {.root = root != NULL ? root : "", .lines = json_array()};
	int rc;

	if (cli->operand_cnt != 0) {
		pf.file = cli->operand[0];
		if (eg_config_load(&config, pf.file, &err) != 0) {
			json_decref(pf.lines);
			return eg_cli_refuse(&err);
		}
		pf.config = &config;
		pf_quote(pf.shell.file, pf.file);
		pf_quote(pf.shell.state, config.state);
		pf_quote(pf.shell.run, config.run);
	}
	check_all(&pf);
	rc = print_all(&pf, eg_cli_has(cli, "json"));
	json_decref(pf.lines);
	eg_config_free(&config);
	return rc;
}
