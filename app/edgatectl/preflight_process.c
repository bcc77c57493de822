/* SPDX-License-Identifier: BSD-3-Clause */
/* preflight: who edgate will be, and its directories. */
#include "ctl.h"
#include "preflight.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define SPACE_SPARE (UINT64_C(64) << 20) /* for the log between checkpoints */

static bool stat_of(const struct pf *pf, const char *path, struct stat *st)
{
	char full[PF_PATH];

	(void)snprintf(full, sizeof(full), "%s%s", pf->root, path);
	return stat(full, st) == 0;
}

/* ── the user ── */

static bool user_exists(const struct pf *pf, const char *user)
{
	char line[PF_TEXT], name[64];

	(void)snprintf(name, sizeof(name), "%s:", user);
	if (pf_field(pf, "/etc/passwd", name, line, sizeof(line)))
		return true;
	return pf->root[0] == '\0' && getpwnam(user) != NULL; /* from elsewhere */
}

static void check_user(struct pf *pf)
{
	const char *user = pf->config->user;

	if (pf_uid(pf) != 0)
		pf_green(pf, "user", "not root: edgate will stay uid %u", pf_uid(pf));
	else if (user_exists(pf, user))
		pf_green(pf, "user", "root becomes %s once ports and state are open", user);
	else
		pf_red(pf, "user", pf_fix(pf, "useradd --system --no-create-home %s", user),
		    "started as root edgate becomes %s, who does not exist", user);
}

/* ── the state directory ── */

/* As user with the directory's group, or as who it is. */
static bool may_use(const struct pf *pf, const struct stat *st)
{
	if (pf_uid(pf) == 0)
		return (st->st_mode & S_IRWXG) == S_IRWXG;
	if (st->st_uid == pf_uid(pf))
		return (st->st_mode & S_IRWXU) == S_IRWXU;
	return (st->st_mode & S_IRWXG) == S_IRWXG;
}

static void check_space(struct pf *pf, const char *dir)
{
	char full[PF_PATH], path[PF_PATH];
	struct statvfs fs;
	struct stat st;
	uint64_t want, have;

	(void)snprintf(full, sizeof(full), "%s%s", pf->root, dir);
	(void)snprintf(path, sizeof(path), "%s/edgate.db", dir);
	if (statvfs(full, &fs) != 0)
		return;
	/* A checkpoint that merges everything writes it once more. */
	want = SPACE_SPARE + (stat_of(pf, path, &st) ? (uint64_t)st.st_size : 0);
	have = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (have >= want)
		pf_green(pf, "space", "%s: %.0f MB are free", dir, (double)have / PF_MIB);
	else
		pf_red(pf, "space", pf_fix(pf, "du -xsh %s/* | sort -h | tail", pf->shell.state),
		    "%s: %.0f MB are free, a change may need %.0f: make room (the command shows "
		    "what takes it)",
		    dir, (double)have / PF_MIB, (double)want / PF_MIB);
}

static void check_state(struct pf *pf)
{
	const char *dir = pf->config->state, *sh = pf->shell.state;
	char db[PF_PATH];
	struct stat st;

	(void)snprintf(db, sizeof(db), "%s/edgate.db", dir);
	if (!stat_of(pf, dir, &st))
		pf_red(pf, "state",
		    pf_fix(pf, "edgatectl --state %s init --group %s", sh, pf->config->user),
		    "there is no state directory %s", dir);
	else if (!S_ISDIR(st.st_mode))
		pf_red(
		    pf, "state", pf_fix(pf, "mv %s %s.aside", sh, sh), "%s is no directory", dir);
	else if ((st.st_mode & S_IWOTH) != 0)
		pf_red(pf, "state", pf_fix(pf, "chmod o-rwx %s", sh),
		    "everybody may write in %s: the store is who says whose tokens pass", dir);
	else if (!may_use(pf, &st))
		pf_red(pf, "state",
		    pf_fix(pf, "chmod g+rwxs %s && chmod g+rw %s/edgate.db*", sh, sh),
		    "the group of %s may not use it, and that is what edgate will be", dir);
	else if (!stat_of(pf, db, &st))
		pf_red(pf, "state",
		    pf_fix(pf, "edgatectl --state %s init --group %s", sh, pf->config->user),
		    "there is no store in %s", dir);
	else
		pf_green(pf, "state", "%s is there, and may be used", db);
	if (stat_of(pf, dir, &st))
		check_space(pf, dir);
}

/* ── the run directory ── */

/* The deepest directory of `path` that is there; what lies below it has to be made. */
static void find_base(const struct pf *pf, const char *path, char base[PF_PATH], struct stat *st)
{
	(void)snprintf(base, PF_PATH, "%s", path);
	while (!stat_of(pf, base, st)) {
		char *slash = strrchr(base, '/');

		if (slash == NULL || slash == base) {
			(void)snprintf(base, PF_PATH, "/");
			(void)stat_of(pf, base, st);
			return;
		}
		*slash = '\0';
	}
}

static bool may_write(const struct pf *pf, const struct stat *st)
{
	unsigned uid = pf_uid(pf);

	return uid == 0 || (st->st_uid == uid && (st->st_mode & S_IWUSR) != 0) ||
	       (st->st_mode & S_IWOTH) != 0;
}

static void check_run(struct pf *pf)
{
	const char *dir = pf->config->run;
	char base[PF_PATH];
	struct stat st;

	find_base(pf, dir, base, &st);
	if (strcmp(base, dir) == 0 && (st.st_mode & S_IWOTH) != 0)
		pf_red(pf, "run", pf_fix(pf, "chmod o-w %s", pf->shell.run),
		    "everybody may write in %s", dir);
	else if (pf->is_running)
		pf_yellow(pf, "run", NULL, "an edgate of this name runs in %s: stop it first", dir);
	else if (!may_write(pf, &st))
		pf_red(pf, "run",
		    pf_fix(pf, "sudo install -d -m 750 -o \"$(id -un)\" %s", pf->shell.run),
		    "run directory %s: uid %u may not write in %s", dir, pf_uid(pf), base);
	else
		pf_green(
		    pf, "run", "%s %s", dir, strcmp(base, dir) == 0 ? "is there" : "can be made");
}

void pf_check_process(struct pf *pf)
{
	if (pf->config == NULL)
		return;
	check_user(pf);
	check_state(pf);
	check_run(pf);
}
