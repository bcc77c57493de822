/* SPDX-License-Identifier: BSD-3-Clause */
/* preflight: cores, their neighbours, and what else runs at their pace. */
#include "eg_ed25519.h"
#include "preflight.h"

#include <stdio.h>
#include <string.h>

#define CPU_DIR   "/sys/devices/system/cpu"
#define CLOCK_DIR "/sys/devices/system/clocksource/clocksource0"

/* Who is bound to a CPU: the workers in their order, control last. */
struct bound {
	char what[24];
	int cpu; /* -1: nowhere */
	bool polls;
};

static unsigned list_bound(const struct pf *pf, struct bound bound[EG_WORKERS_MAX + 1])
{
	const struct eg_config *config = pf->config;
	bool spins = config->idle != EG_IDLE_SLEEP;

	for (unsigned i = 0; i < config->worker_cnt; i++) {
		bound[i] = (struct bound){.cpu = config->worker[i].cpu, .polls = spins};
		(void)snprintf(bound[i].what, sizeof(bound[i].what), "worker %u", i);
	}
	bound[config->worker_cnt] =
	    (struct bound){.what = "control", .cpu = config->control_cpu, .polls = false};
	return config->worker_cnt + 1;
}

/* ── may it run there ── */

static void check_place(struct pf *pf, const struct bound *b, const cpu_set_t *online)
{
	cpu_set_t allowed, usable, cpuset;
	char list[PF_TEXT];

	pf_allowed_cpus(pf, &allowed);
	CPU_AND(&usable, &allowed, online);
	if (!pf_exists(pf, CPU_DIR "/cpu%d", b->cpu))
		pf_red(pf, "cpu", pf_move_fix(pf, b->cpu, &usable),
		    "%s wants CPU %d, which does not exist: there are %s", b->what, b->cpu,
		    pf_cpu_list(online, list));
	else if (!CPU_ISSET((size_t)b->cpu, online))
		pf_red(pf, "cpu", pf_fix(pf, "echo 1 > " CPU_DIR "/cpu%d/online", b->cpu),
		    "%s wants CPU %d, which is offline", b->what, b->cpu);
	else if (pf_cpuset(pf, &cpuset) && !CPU_ISSET((size_t)b->cpu, &cpuset))
		pf_red(pf, "cpu", pf_move_fix(pf, b->cpu, &usable),
		    "%s wants CPU %d, which is not in the cpuset of its cgroup: there are %s",
		    b->what, b->cpu, pf_cpu_list(&cpuset, list));
	else if (!CPU_ISSET((size_t)b->cpu, &allowed))
		pf_red(pf, "cpu", pf_fix(pf, "taskset -cp %s $$", pf_cpu_list(online, list)),
		    "%s wants CPU %d, where this process may not run (taskset)", b->what, b->cpu);
	else
		pf_green(pf, "cpu", "%s on CPU %d, node %d", b->what, b->cpu,
		    pf_node_of_cpu(pf, b->cpu));
}

static void check_places(struct pf *pf, const struct bound bound[], unsigned cnt)
{
	cpu_set_t online, allowed;
	unsigned pollers = 0;

	pf_allowed_cpus(pf, &allowed);
	if (!pf_cpus(pf, &online, CPU_DIR "/online"))
		online = allowed;
	for (unsigned i = 0; i < cnt; i++) {
		pollers += bound[i].polls;
		if (bound[i].cpu >= 0)
			check_place(pf, &bound[i], &online);
		else if (bound[i].polls)
			pf_yellow(pf, "cpu", NULL,
			    "%s polls without a CPU of its own: give it one in `workers`",
			    bound[i].what);
	}
	if (pollers > (unsigned)CPU_COUNT(&allowed))
		pf_red(pf, "cpu",
		    pf_fix(pf, "sed -i 's/^idle:.*/idle: sleep:50/' %s", pf->shell.file),
		    "%u workers poll without a pause on %d CPUs: they take turns of milliseconds",
		    pollers, CPU_COUNT(&allowed));
}

/* ── whom it has beside it ── */

static void check_same_cpu(struct pf *pf, const struct bound *a, const struct bound *b)
{
	if (a->polls && b->polls)
		pf_red(pf, "cpu",
		    pf_fix(pf, "sed -i 's/^idle:.*/idle: sleep:50/' %s", pf->shell.file),
		    "%s and %s poll on the same CPU %d: they take turns of milliseconds", a->what,
		    b->what, a->cpu);
	else if (a->polls || b->polls)
		pf_yellow(pf, "cpu", NULL,
		    "%s and %s share CPU %d, and one of them polls without a pause", a->what,
		    b->what, a->cpu);
	else
		pf_green(pf, "cpu", "%s and %s share CPU %d, and sleep while idle", a->what,
		    b->what, a->cpu);
}

/* CPUs of cores of which no thread is bound to anybody. */
static void find_free_cores(const struct pf *pf, cpu_set_t *cores)
{
	cpu_set_t allowed, siblings;

	pf_allowed_cpus(pf, &allowed);
	CPU_ZERO(cores);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		bool is_free =
		    CPU_ISSET((size_t)cpu, &allowed) &&
		    pf_cpus(pf, &siblings, CPU_DIR "/cpu%d/topology/thread_siblings_list", cpu);

		for (int other = 0; is_free && other < CPU_SETSIZE; other++)
			if (CPU_ISSET((size_t)other, &siblings))
				is_free = !pf_is_taken(pf, other);
		if (is_free)
			CPU_SET((size_t)cpu, cores);
	}
}

static void check_siblings(struct pf *pf, const struct bound *a, const struct bound *b)
{
	cpu_set_t siblings, cores;

	if (!pf_cpus(pf, &siblings, CPU_DIR "/cpu%d/topology/thread_siblings_list", a->cpu) ||
	    !CPU_ISSET((size_t)b->cpu, &siblings))
		return;
	find_free_cores(pf, &cores);
	pf_yellow(pf, "smt", CPU_COUNT(&cores) != 0 ? pf_move_fix(pf, b->cpu, &cores) : NULL,
	    "%s on CPU %d and %s on CPU %d are threads of one core: each has about half of it",
	    a->what, a->cpu, b->what, b->cpu);
}

static void check_neighbours(struct pf *pf, const struct bound bound[], unsigned cnt)
{
	size_t before = json_array_size(pf->lines);

	for (unsigned i = 0; i < cnt; i++)
		for (unsigned k = i + 1; k < cnt; k++) {
			if (bound[i].cpu < 0 || bound[k].cpu < 0)
				continue;
			if (bound[i].cpu == bound[k].cpu)
				check_same_cpu(pf, &bound[i], &bound[k]);
			else
				check_siblings(pf, &bound[i], &bound[k]);
		}
	if (json_array_size(pf->lines) == before)
		pf_green(pf, "smt", "no two of them share a core");
}

/* ── what disturbs it ── */

static void check_isolation(struct pf *pf, const struct bound bound[], unsigned cnt)
{
	cpu_set_t isolated, online, busy;
	char list[PF_TEXT];

	(void)pf_cpus(pf, &isolated, CPU_DIR "/isolated");
	if (!pf_cpus(pf, &online, CPU_DIR "/online"))
		pf_allowed_cpus(pf, &online);
	CPU_ZERO(&busy);
	for (unsigned i = 0; i < cnt; i++)
		if (bound[i].polls && bound[i].cpu >= 0 &&
		    CPU_ISSET((size_t)bound[i].cpu, &online) &&
		    !CPU_ISSET((size_t)bound[i].cpu, &isolated))
			CPU_SET((size_t)bound[i].cpu, &busy);
	if (CPU_EQUAL(&busy, &online))
		pf_yellow(pf, "isolation", NULL,
		    "CPUs %s poll, and no other is left for the kernel's threads",
		    pf_cpu_list(&busy, list));
	else if (CPU_COUNT(&busy) != 0)
		pf_yellow(pf, "isolation",
		    pf_fix(pf,
		        "sed -i 's/^GRUB_CMDLINE_LINUX=\"/&isolcpus=%1$s nohz_full=%1$s "
		        "rcu_nocbs=%1$s /' /etc/default/grub && update-grub && reboot",
		        pf_cpu_list(&busy, list)),
		    "CPUs %s poll, and the kernel still puts other threads there",
		    pf_cpu_list(&busy, list));
	else if (pf->config->idle != EG_IDLE_SLEEP)
		pf_green(pf, "isolation", "polling CPUs are isolated");
}

static void check_governor(struct pf *pf, const cpu_set_t *cpus)
{
	char governor[PF_TEXT], list[PF_TEXT], wrong[PF_TEXT] = "";
	cpu_set_t slow;

	CPU_ZERO(&slow);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET((size_t)cpu, cpus) &&
		    pf_text(pf, governor, CPU_DIR "/cpu%d/cpufreq/scaling_governor", cpu) &&
		    strcmp(governor, "performance") != 0) {
			CPU_SET((size_t)cpu, &slow);
			(void)snprintf(wrong, sizeof(wrong), "%s", governor);
		}
	if (CPU_COUNT(&slow) != 0)
		pf_yellow(pf, "governor",
		    pf_fix(pf, "cpupower -c %s frequency-set -g performance",
		        pf_cpu_list(&slow, list)),
		    "CPUs %s have the governor %s: they slow down while they wait",
		    pf_cpu_list(&slow, list), wrong);
	else
		pf_green(pf, "governor", "no CPU slows down to save power, as far as is shown");
}

/* ── the clock and the instructions ── */

static void check_clock(struct pf *pf, const char *flags)
{
	char now[PF_TEXT] = "unknown", all[PF_TEXT] = "";
	bool invariant = pf_has_word(flags, "constant_tsc") && pf_has_word(flags, "nonstop_tsc");

	(void)pf_text(pf, now, CLOCK_DIR "/current_clocksource");
	(void)pf_text(pf, all, CLOCK_DIR "/available_clocksource");
	if (strcmp(now, "tsc") == 0 || strcmp(now, "kvm-clock") == 0 ||
	    strncmp(now, "hyperv_clocksource_tsc", 22) == 0)
		pf_green(pf, "clock", "%s, read without a system call%s", now,
		    invariant ? "; the TSC is invariant" : "");
	else if (pf_has_word(all, "tsc"))
		pf_yellow(pf, "clock", pf_fix(pf, "echo tsc > " CLOCK_DIR "/current_clocksource"),
		    "%s: each look at the clock is a system call or slower", now);
	else
		pf_yellow(pf, "clock",
		    pf_fix(pf, "sed -i 's/^GRUB_CMDLINE_LINUX=\"/&tsc=reliable /' "
		               "/etc/default/grub && update-grub && reboot"),
		    "%s, and the kernel does not offer tsc (%s): each look at the clock is slow",
		    now, invariant ? "it found it unstable" : "the CPU's is not invariant");
}

/* What each implementation's instructions are called in /proc/cpuinfo: eg_cpu.h. */
static const struct {
	const char *impl;
	const char *flags[12];
} engines[] = {
    {"ifma", {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512vbmi", "avx512ifma", "bmi2"}},
    {"avx2", {"avx2", "fma", "bmi2"}},
    {"portable", {NULL}},
    {"sodium", {NULL}},
};
#define ENGINE_CNT (sizeof(engines) / sizeof(engines[0]))

/* The first that the CPU has not, or NULL. */
static const char *missing_flag(const char *flags, unsigned engine)
{
	for (unsigned i = 0; engines[engine].flags[i] != NULL; i++)
		if (!pf_has_word(flags, engines[engine].flags[i]))
			return engines[engine].flags[i];
	return NULL;
}

static void check_engine(struct pf *pf, const char *flags)
{
	const char *wanted = pf->config != NULL ? pf->config->ed25519 : NULL;
	unsigned best = 0, named = ENGINE_CNT;

	while (missing_flag(flags, best) != NULL)
		best++;
	for (unsigned i = 0; wanted != NULL && i < ENGINE_CNT; i++)
		if (strcmp(engines[i].impl, wanted) == 0)
			named = i;
	if (wanted != NULL && named == ENGINE_CNT)
		pf_red(pf, "engine",
		    pf_fix(pf, "sed -i 's/\\b%s\\b/%s/' %s", wanted, engines[best].impl,
		        pf->shell.file),
		    "there is no Ed25519 implementation '%s'", wanted);
	else if (wanted != NULL && missing_flag(flags, named) != NULL)
		pf_red(pf, "engine",
		    pf_fix(pf, "sed -i 's/\\b%s\\b/%s/' %s", wanted, engines[best].impl,
		        pf->shell.file),
		    "the CPU has no %s, which Ed25519 '%s' needs", missing_flag(flags, named),
		    wanted);
	else if (best >= 2)
		pf_yellow(pf, "engine", NULL,
		    "the CPU has no avx2: signatures take several times longer");
	else
		pf_green(pf, "engine", "Ed25519 '%s'%s",
		    wanted != NULL ? wanted : engines[best].impl,
		    wanted != NULL ? "" : ", the best of this CPU");
}

void pf_check_cpus(struct pf *pf)
{
	struct bound bound[EG_WORKERS_MAX + 1];
	char flags[8192] = "";
	cpu_set_t cpus;

	pf_allowed_cpus(pf, &cpus);
	if (pf->config != NULL) {
		unsigned cnt = list_bound(pf, bound);

		check_places(pf, bound, cnt);
		check_neighbours(pf, bound, cnt);
		check_isolation(pf, bound, cnt);
		for (unsigned i = 0; i < cnt; i++) {
			if (i == 0 && bound[0].cpu >= 0)
				CPU_ZERO(&cpus);
			if (bound[i].cpu >= 0)
				CPU_SET((size_t)bound[i].cpu, &cpus);
		}
	}
	check_governor(pf, &cpus);
	(void)pf_field(pf, "/proc/cpuinfo", "flags", flags, sizeof(flags));
	check_clock(pf, flags);
	check_engine(pf, flags);
}
