/* SPDX-License-Identifier: BSD-3-Clause */
#include "rundir.h"

#include "eg_stats.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATS_NAME      "stats"
#define SOCKET_NAME     "ctl.sock"
#define FILE_NAME_BYTES sizeof("/" SOCKET_NAME)

static int refuse(struct eg_error *err, const char *path, const char *what)
{
	return eg_error_set(err, EG_EIO, "run directory %s: %s: %s", path, what, strerror(errno));
}

static int make_path(const char *path, struct eg_error *err)
{
	char above[EG_RUNDIR_PATH_BYTES];

	for (const char *p = strchr(path + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
		(void)snprintf(above, sizeof(above), "%.*s", (int)(p - path), path);
		if (mkdir(above, 0755) != 0 && errno != EEXIST)
			return refuse(err, above, "cannot make it");
	}
	if (mkdir(path, 0750) != 0 && errno != EEXIST)
		return refuse(err, path,
		    errno == EACCES ? "cannot make it (run as root, or name another by `run`)"
		                    : "cannot make it");
	return 0;
}

/* A directory where others may put files is none to trust. */
static int check_directory(int fd, const char *path, struct eg_error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return refuse(err, path, "cannot read its mode");
	if ((st.st_mode & S_IWOTH) != 0)
		return eg_error_set(err, EG_EPERM,
		    "run directory %s: everybody may write there: name one of its own by `run`",
		    path);
	return 0;
}

static int lock(const struct eg_rundir *dir, const char *path, struct eg_error *err)
{
	struct eg_stats stats;
	int pid = 0;

	if (flock(dir->fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return refuse(err, path, "cannot lock it");
	if (eg_stats_open(&stats, dir->stats, NULL) == 0) {
		pid = (int)stats.header->pid;
		eg_stats_close(&stats);
	}
	return eg_error_set(err, EG_EEXIST,
	    "run directory in use: an edgate of this name runs in %s already (process %d): stop "
	    "it, or choose another name",
	    path, pid);
}

int eg_rundir_open(struct eg_rundir *dir, const char *path, struct eg_error *err)
{
	int rc;

	dir->fd = -1;
	if (path[0] == '\0')
		return eg_error_set(
		    err, EG_EINVAL, "run directory: the name is empty: give one by --run or `run`");
	if (strlen(path) + FILE_NAME_BYTES > EG_RUNDIR_PATH_BYTES)
		return eg_error_set(err, EG_ELIMIT, "run directory %s: path is too long", path);
	(void)snprintf(dir->stats, sizeof(dir->stats), "%s/" STATS_NAME, path);
	(void)snprintf(dir->socket, sizeof(dir->socket), "%s/" SOCKET_NAME, path);
	rc = make_path(path, err);
	if (rc != 0)
		return rc;
	dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir->fd < 0)
		return refuse(err, path, "cannot open it");
	rc = check_directory(dir->fd, path, err);
	if (rc == 0)
		rc = lock(dir, path, err);
	if (rc != 0) {
		(void)close(dir->fd);
		dir->fd = -1;
	}
	return rc;
}

int eg_rundir_give(const struct eg_rundir *dir, uid_t uid, gid_t gid, struct eg_error *err)
{
	if (fchown(dir->fd, uid, gid) != 0 || fchmod(dir->fd, 0750) != 0 ||
	    lchown(dir->stats, uid, gid) != 0 || lchown(dir->socket, uid, gid) != 0)
		return eg_error_set(err, EG_EIO, "run directory of %s: cannot give it away: %s",
		    dir->stats, strerror(errno));
	return 0;
}

void eg_rundir_close(struct eg_rundir *dir)
{
	if (dir->fd < 0)
		return;
	/* Not by path, where another edgate's may be by now. */
	(void)unlinkat(dir->fd, SOCKET_NAME, 0);
	(void)unlinkat(dir->fd, STATS_NAME, 0);
	(void)close(dir->fd);
	dir->fd = -1;
}
