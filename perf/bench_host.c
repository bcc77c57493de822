/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_host.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define LINE_ROOM 256

/* The rest of the first line of a file that starts with `name`, behind ": "; "" where none does. */
static void read_line(const char *path, const char *name, char line[LINE_ROOM])
{
	FILE *f = fopen(path, "re");
	bool found = false;

	while (f != NULL && !found && fgets(line, LINE_ROOM, f) != NULL)
		found = strncmp(line, name, strlen(name)) == 0;
	if (f != NULL)
		(void)fclose(f);
	if (!found)
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

json_t *bench_host_json(const char *commit)
{
	char cpu[LINE_ROOM], governor[LINE_ROOM], load[LINE_ROOM];
	const char *model;
	struct utsname name = {0};

	read_line("/proc/cpuinfo", "model name", cpu);
	read_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "", governor);
	read_line("/proc/loadavg", "", load);
	model = strchr(cpu, ':');
	(void)uname(&name);
	return json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:s}", "cpu",
	    model != NULL ? model + 2 : name.machine, "cpus", (int)sysconf(_SC_NPROCESSORS_ONLN),
	    "governor", governor[0] != '\0' ? governor : "not readable", "load", load, "kernel",
	    name.release, "compiler", __VERSION__, "commit", commit != NULL ? commit : "not told");
}
