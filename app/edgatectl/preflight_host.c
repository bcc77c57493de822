/* SPDX-License-Identifier: BSD-3-Clause */
/* preflight: what the files of a host say. */
#include "preflight.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES 8192 /* the flags of /proc/cpuinfo are long */

static void format_path(const struct pf *pf, char path[PF_PATH], const char *fmt, va_list ap)
{
	size_t n = (size_t)snprintf(path, PF_PATH, "%s", pf->root);

	if (n < PF_PATH)
		(void)vsnprintf(path + n, PF_PATH - n, fmt, ap);
}

#define FORMAT_PATH(path)                                                                          \
	char path[PF_PATH];                                                                        \
	va_list ap;                                                                                \
	va_start(ap, fmt);                                                                         \
	format_path(pf, path, fmt, ap);                                                            \
	va_end(ap)

bool pf_exists(const struct pf *pf, const char *fmt, ...)
{
	FORMAT_PATH(path);
	return access(path, F_OK) == 0;
}

static bool read_text(const char *path, char text[PF_TEXT])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd >= 0 ? read(fd, text, PF_TEXT - 1) : -1;

	if (fd >= 0)
		(void)close(fd);
	if (n < 0)
		return false;
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
		n--;
	text[n] = '\0';
	return true;
}

bool pf_text(const struct pf *pf, char text[PF_TEXT], const char *fmt, ...)
{
	FORMAT_PATH(path);
	return read_text(path, text);
}

bool pf_number(const struct pf *pf, long long *out, const char *fmt, ...)
{
	char text[PF_TEXT], *end;

	FORMAT_PATH(path);
	if (!read_text(path, text))
		return false;
	*out = strtoll(text, &end, 10);
	return end != text && *end == '\0';
}

static bool parse_cpus(const char *text, cpu_set_t *out)
{
	CPU_ZERO(out);
	for (const char *p = text; *p != '\0'; p += *p == ',') {
		char *end;
		unsigned long first = strtoul(p, &end, 10), last = first;

		if (end == p)
			return false;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (unsigned long cpu = first; cpu <= last && cpu < CPU_SETSIZE; cpu++)
			CPU_SET(cpu, out);
		if (*end != '\0' && *end != ',')
			return false;
		p = end;
	}
	return true;
}

bool pf_cpus(const struct pf *pf, cpu_set_t *out, const char *fmt, ...)
{
	char text[PF_TEXT];

	FORMAT_PATH(path);
	CPU_ZERO(out);
	return read_text(path, text) && parse_cpus(text, out);
}

bool pf_link(const struct pf *pf, char text[PF_TEXT], const char *fmt, ...)
{
	char target[PF_PATH], *slash;
	ssize_t n;

	FORMAT_PATH(path);
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return false;
	target[n] = '\0';
	slash = strrchr(target, '/');
	(void)snprintf(text, PF_TEXT, "%s", slash != NULL ? slash + 1 : target);
	return true;
}

unsigned pf_names(
    const struct pf *pf, const char *prefix, char first[PF_TEXT], const char *fmt, ...)
{
	unsigned cnt = 0;
	struct dirent *entry;
	DIR *dir;

	FORMAT_PATH(path);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' || strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		if (cnt++ == 0 && first != NULL)
			(void)snprintf(first, PF_TEXT, "%s", entry->d_name);
	}
	if (dir != NULL)
		(void)closedir(dir);
	return cnt;
}

bool pf_field(const struct pf *pf, const char *path, const char *name, char *text, size_t room)
{
	char full[PF_PATH], line[LINE_BYTES];
	bool found = false;
	FILE *f;

	(void)snprintf(full, sizeof(full), "%s%s", pf->root, path);
	f = fopen(full, "re");
	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL) {
		const char *value = line + strlen(name);

		found = strncmp(line, name, strlen(name)) == 0;
		if (!found)
			continue;
		line[strcspn(line, "\n")] = '\0';
		value += strspn(value, " \t:");
		(void)snprintf(text, room, "%s", value);
	}
	if (f != NULL)
		(void)fclose(f);
	return found;
}

bool pf_has_mount(const struct pf *pf, const char *type)
{
	char full[PF_PATH], line[LINE_BYTES], found[64] = "";
	FILE *f;

	(void)snprintf(full, sizeof(full), "%s/proc/self/mounts", pf->root);
	f = fopen(full, "re");
	while (f != NULL && strcmp(found, type) != 0 && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "%*s %*s %63s", found) != 1)
			found[0] = '\0';
	if (f != NULL)
		(void)fclose(f);
	return strcmp(found, type) == 0;
}

bool pf_has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = strstr(words, word); p != NULL; p = strstr(p + 1, word)) {
		bool begins = p == words || p[-1] == ' ' || p[-1] == ',';

		if (begins && (p[n] == '\0' || p[n] == ' ' || p[n] == ',' || p[n] == '\n'))
			return true;
	}
	return false;
}

const char *pf_cpu_list(const cpu_set_t *cpus, char text[PF_TEXT])
{
	size_t n = 0;

	text[0] = '\0';
	for (unsigned cpu = 0; cpu < CPU_SETSIZE && n < PF_TEXT - 16; cpu++) {
		unsigned last = cpu;

		if (!CPU_ISSET(cpu, cpus))
			continue;
		while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, cpus))
			last++;
		n += (size_t)snprintf(text + n, PF_TEXT - n, last == cpu ? "%s%u" : "%s%u-%u",
		    n != 0 ? "," : "", cpu, last);
		cpu = last;
	}
	return text;
}

bool pf_is_taken(const struct pf *pf, int cpu)
{
	const struct eg_config *config = pf->config;

	if (config == NULL)
		return false;
	for (unsigned i = 0; i < config->worker_cnt; i++)
		if (config->worker[i].cpu == cpu)
			return true;
	return config->control_cpu == cpu;
}

/* -1: none. */
static int offer_cpu(struct pf *pf, const cpu_set_t *from)
{
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET((size_t)cpu, from) && !pf_is_taken(pf, cpu) &&
		    !CPU_ISSET((size_t)cpu, &pf->offered)) {
			CPU_SET((size_t)cpu, &pf->offered);
			return cpu;
		}
	return -1;
}

const char *pf_move_fix(struct pf *pf, int cpu, const cpu_set_t *from)
{
	int other = offer_cpu(pf, from);

	if (other >= 0)
		return pf_fix(
		    pf, "sed -i -E 's/cpu: *%d\\b/cpu: %d/g' %s", cpu, other, pf->shell.file);
	return pf_fix(pf,
	    "sed -i -E 's/, *cpu: *%1$d\\b//g; s/\\bcpu: *%1$d *, *//g; "
	    "/^( *|control_)cpu: *%1$d\\b/d' %2$s",
	    cpu, pf->shell.file);
}

int pf_node_of_cpu(const struct pf *pf, int cpu)
{
	cpu_set_t cpus;

	for (int node = 0; cpu >= 0 && node < (int)PF_NODES_MAX; node++)
		if (pf_cpus(pf, &cpus, "/sys/devices/system/node/node%d/cpulist", node) &&
		    CPU_ISSET((size_t)cpu, &cpus))
			return node;
	return 0;
}

int pf_node_of_device(const struct pf *pf, const char *device)
{
	long long node;

	if (!pf_number(pf, &node, "/sys/bus/pci/devices/%s/numa_node", device) || node < 0 ||
	    node >= PF_NODES_MAX)
		return -1;
	return (int)node;
}

void pf_allowed_cpus(const struct pf *pf, cpu_set_t *cpus)
{
	char list[PF_TEXT];

	CPU_ZERO(cpus);
	if (pf_field(pf, "/proc/self/status", "Cpus_allowed_list", list, sizeof(list)))
		(void)parse_cpus(list, cpus);
}

bool pf_cpuset(const struct pf *pf, cpu_set_t *cpus)
{
	char group[PF_TEXT];

	return pf_text(pf, group, "/proc/self/cpuset") &&
	       (pf_cpus(pf, cpus, "/sys/fs/cgroup%s/cpuset.cpus.effective", group) ||
	           pf_cpus(pf, cpus, "/sys/fs/cgroup/cpuset%s/cpuset.effective_cpus", group));
}

bool pf_has_capability(const struct pf *pf, unsigned cap)
{
	char text[PF_TEXT];

	return pf_field(pf, "/proc/self/status", "CapEff", text, sizeof(text)) &&
	       (strtoull(text, NULL, 16) >> cap & 1) != 0;
}

/* "real effective saved fs" */
unsigned pf_uid(const struct pf *pf)
{
	char text[PF_TEXT];
	unsigned uid = 0;

	if (pf_field(pf, "/proc/self/status", "Uid", text, sizeof(text)))
		(void)sscanf(text, "%*u %u", &uid);
	return uid;
}

bool pf_has_eal(const struct pf *pf, const char *arg)
{
	for (unsigned i = 0; pf->config != NULL && i < pf->config->eal_cnt; i++)
		if (strcmp(pf->config->eal[i], arg) == 0)
			return true;
	return false;
}

bool pf_uses_dpdk(const struct pf *pf)
{
	for (unsigned i = 0; pf->config != NULL && i < pf->config->port_cnt; i++)
		if (pf->config->port[i].kind == EG_PORT_DPDK)
			return true;
	return false;
}

bool pf_is_pci(const struct eg_config_port *port)
{
	return port->kind == EG_PORT_DPDK && port->vdev == NULL &&
	       eg_config_is_pci_address(port->device);
}
