/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * preflight: what a configuration needs against what a host has. It reads, and never changes.
 *
 *   configuration, store ─▶ need ─┐
 *                                 ├─▶ one line for each thing: green, yellow or red, what is needed
 *   proc, sys (below root) ─▶ have┘   and what is there, and the one command that mends it
 *
 * All that it knows of the host it reads from files below `root`, so that tests can fake hosts by
 * directory trees; but whether sockets can be opened the kernel says, where `root` is this host.
 * Without a configuration it tells of the host alone. Threads: main alone.
 */
#ifndef PREFLIGHT_H
#define PREFLIGHT_H

#include "eg_config.h"

#include <jansson.h>
#include <sched.h>

#define PF_NODES_MAX 16u
#define PF_PATH      512
#define PF_TEXT      512
#define PF_MIB       1048576.0

enum pf_level {
	PF_GREEN,
	PF_YELLOW, /* it works, but slower or less surely than it could */
	PF_RED,    /* edgate will not start, or not do its work */
};

struct pf {
	const char *root; /* "": this host */
	const char *file; /* the configuration's; NULL: none */
	const struct eg_config *config;
	struct { /* names as a shell takes them, for commands */
		char file[PF_PATH], state[PF_PATH], run[PF_PATH];
	} shell;
	bool is_running; /* an edgate of this configuration: what it has taken is its own */
	json_t *lines;
	unsigned cnt[3];   /* by level */
	cpu_set_t offered; /* CPUs that a command has been given already */
	char fix[PF_TEXT];
};

/* ── lines (cmd_preflight.c) ── */

__attribute__((format(printf, 3, 4))) void pf_green(
    struct pf *pf, const char *topic, const char *fmt, ...);
/* fix: of pf_fix; NULL where no command can help. */
__attribute__((format(printf, 4, 5))) void pf_yellow(
    struct pf *pf, const char *topic, const char *fix, const char *fmt, ...);
/* fix is never NULL: a red line names the command that mends it. */
__attribute__((format(printf, 4, 5))) void pf_red(
    struct pf *pf, const char *topic, const char *fix, const char *fmt, ...);
/* A name as a shell takes it: "a b" → "'a b'"; most need nothing. */
void pf_quote(char out[PF_PATH], const char *name);
/* A command; valid until the next call. */
__attribute__((format(printf, 2, 3))) const char *pf_fix(struct pf *pf, const char *fmt, ...);

/* ── the host's files; a path is formatted and lies below root (preflight_host.c) ── */

__attribute__((format(printf, 2, 3))) bool pf_exists(const struct pf *pf, const char *fmt, ...);
/* Its first PF_TEXT - 1 bytes without the line's end; false where it cannot be read. */
__attribute__((format(printf, 3, 4))) bool pf_text(
    const struct pf *pf, char text[PF_TEXT], const char *fmt, ...);
__attribute__((format(printf, 3, 4))) bool pf_number(
    const struct pf *pf, long long *out, const char *fmt, ...);
/* "0-3,5" */
__attribute__((format(printf, 3, 4))) bool pf_cpus(
    const struct pf *pf, cpu_set_t *out, const char *fmt, ...);
/* Last part of what a link points at. */
__attribute__((format(printf, 3, 4))) bool pf_link(
    const struct pf *pf, char text[PF_TEXT], const char *fmt, ...);
/* Names in a directory that begin with `prefix`; the first is copied to `first` if not NULL. */
__attribute__((format(printf, 4, 5))) unsigned pf_names(
    const struct pf *pf, const char *prefix, char first[PF_TEXT], const char *fmt, ...);
/* What follows `name` in the first line of `path` that begins with it, without blanks around. */
bool pf_field(const struct pf *pf, const char *path, const char *name, char *text, size_t room);
/* Is a file system of this type mounted? */
bool pf_has_mount(const struct pf *pf, const char *type);
/* Does a word stand in a list of words? */
bool pf_has_word(const char *words, const char *word);
/* "0-3,5" again; returns text. */
const char *pf_cpu_list(const cpu_set_t *cpus, char text[PF_TEXT]);
/* Is a worker or control bound to it? */
bool pf_is_taken(const struct pf *pf, int cpu);
/* The command that gives one of `from`, to which nobody is bound and that was not offered before,
 * to who is bound to `cpu`; where there is none it takes the binding away. */
const char *pf_move_fix(struct pf *pf, int cpu, const cpu_set_t *from);
int pf_node_of_cpu(const struct pf *pf, int cpu);
/* -1 where the host does not tell */
int pf_node_of_device(const struct pf *pf, const char *device);
/* CPUs that the process may use. */
void pf_allowed_cpus(const struct pf *pf, cpu_set_t *cpus);
/* CPUs of the process' cgroup, which taskset cannot leave; false where the host does not tell. */
bool pf_cpuset(const struct pf *pf, cpu_set_t *cpus);
bool pf_has_capability(const struct pf *pf, unsigned cap);
unsigned pf_uid(const struct pf *pf);
/* Is `arg` among the configuration's EAL arguments? */
bool pf_has_eal(const struct pf *pf, const char *arg);
/* Has the configuration a port of kind dpdk; one that is a PCI device? */
bool pf_uses_dpdk(const struct pf *pf);
bool pf_is_pci(const struct eg_config_port *port);

/* ── the checks, each a file ── */

void pf_check_cpus(struct pf *pf);
void pf_check_memory(struct pf *pf);
void pf_check_devices(struct pf *pf);
void pf_check_process(struct pf *pf);
void pf_check_sockets(struct pf *pf);

#endif
