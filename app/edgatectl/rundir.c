/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl.h"
#include "eg_clock.h"

#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define POLL_NS 200000L

static int only_run_dir(char *path, size_t room, struct eg_error *err)
{
	glob_t found = {0};
	int rc = 0;

	if (access(CTL_RUN_DEFAULT "/edgate/stats", F_OK) == 0) {
		(void)snprintf(path, room, "%s", CTL_RUN_DEFAULT "/edgate");
		return 0;
	}
	(void)glob(CTL_RUN_DEFAULT "/*/stats", 0, NULL, &found);
	if (found.gl_pathc == 1)
		(void)snprintf(path, room, "%.*s",
		    (int)(strlen(found.gl_pathv[0]) - strlen("/stats")), found.gl_pathv[0]);
	else
		rc = eg_error_set(err, EG_ENOENT,
		    "%zu run directories are in %s: say which edgate is meant with --run DIR",
		    found.gl_pathc, CTL_RUN_DEFAULT);
	globfree(&found);
	return rc;
}

int ctl_run_dir(const struct eg_cli *cli, char *path, size_t room, struct eg_error *err)
{
	const char *dir = eg_cli_get(cli, "run");

	if (dir == NULL)
		return only_run_dir(path, room, err);
	if ((size_t)snprintf(path, room, "%s", dir) >= room)
		return eg_error_set(err, EG_ELIMIT, "--run: the path is too long");
	return 0;
}

int ctl_open_stats(const struct eg_cli *cli, struct eg_stats *stats, struct eg_error *err)
{
	char dir[512], path[520];
	int rc = ctl_run_dir(cli, dir, sizeof(dir), err);

	if (rc != 0)
		return rc;
	(void)snprintf(path, sizeof(path), "%s/stats", dir);
	return eg_stats_open(stats, path, err);
}

static void poke(int fd, const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(addr.sun_path))
		return;
	memcpy(addr.sun_path, path, strlen(path));
	(void)sendto(fd, "poke", 4, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&addr,
	    sizeof(addr));
}

static void poke_all(int fd)
{
	glob_t found = {0};

	(void)glob(CTL_RUN_DEFAULT "/*/ctl.sock", 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++)
		poke(fd, found.gl_pathv[i]);
	globfree(&found);
}

void ctl_ring_doorbell(const struct eg_cli *cli)
{
	const char *dir = eg_cli_get(cli, "run");
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char path[512];

	if (fd < 0)
		return;
	if (dir == NULL)
		poke_all(fd);
	else if ((size_t)snprintf(path, sizeof(path), "%s/ctl.sock", dir) < sizeof(path))
		poke(fd, path);
	(void)close(fd);
}

bool ctl_is_running(const struct eg_stats *stats)
{
	return kill((pid_t)stats->header->pid, 0) == 0 || errno != ESRCH;
}

static int check_running(const struct eg_stats *stats, struct eg_error *err)
{
	if (ctl_is_running(stats))
		return 0;
	return eg_error_set(err, EG_ENOENT,
	    "there is no edgate to wait for: process %llu is gone; the next one starts with the "
	    "change",
	    (unsigned long long)stats->header->pid);
}

/* Cores that have applied the epoch. */
static unsigned applied_cnt(const struct eg_stats *stats, uint64_t epoch)
{
	unsigned cnt = 0;

	for (unsigned i = 0; i < stats->core_cnt; i++)
		cnt += atomic_load_explicit(&stats->core[i].applied_epoch, memory_order_relaxed) >=
		       epoch;
	return cnt;
}

static int wait_on(const struct eg_stats *stats, struct ctl_wait *wait, struct eg_error *err)
{
	uint64_t start_ns = eg_clock_mono_ns();
	uint64_t took_ns = 0;
	int rc = check_running(stats, err);

	while (rc == 0 && eg_stats_applied_epoch(stats) < wait->epoch) {
		const struct timespec pause = {0, POLL_NS};

		if (took_ns >= wait->timeout_ms * 1000000u)
			return eg_error_set(err, EG_EAGAIN,
			    "the running edgate has not applied it within %llu ms (see edgatectl "
			    "stats)",
			    (unsigned long long)wait->timeout_ms);
		ctl_progress(wait->progress, applied_cnt(stats, wait->epoch), stats->core_cnt,
		    "cores have applied it");
		(void)nanosleep(&pause, NULL);
		took_ns = eg_clock_mono_ns() - start_ns;
		rc = check_running(stats, err);
	}
	wait->took_ms = (double)took_ns / 1e6;
	return rc;
}

int ctl_wait_applied(const struct eg_cli *cli, struct ctl_wait *wait, struct eg_error *err)
{
	struct eg_stats stats;
	int rc = ctl_open_stats(cli, &stats, err);

	if (rc != 0)
		return rc;
	rc = wait_on(&stats, wait, err);
	eg_stats_close(&stats);
	return rc;
}
