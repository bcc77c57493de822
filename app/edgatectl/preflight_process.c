/* SPDX-License-Identifier: BSD-3-Clause */
/* preflight: who edgate will be, and its directories. */
#include "ctl.h"
#include "preflight.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#define SPACE_SPARE (UINT64_C(64) << 20) /* for the log between checkpoints */

#define MAY_READ  4u
#define MAY_WRITE 2u
#define MAY_PASS  1u /* through a directory */

/* Who edgate is: as it starts, or once it has become `user`. */
struct identity {
	unsigned uid, gid;
	char groups[PF_TEXT]; /* the other ones: "4 24 27" */
};

static bool stat_of(const struct pf *pf, const char *path, struct stat *st)
{
	char full[PF_PATH];

	(void)snprintf(full, sizeof(full), "%s%s", pf->root, path);
	return stat(full, st) == 0;
}

/* ── the user ── */

static bool find_user(const struct pf *pf, const char *user, unsigned *uid)
{
	const struct passwd *pw = pf->root[0] == '\0' ? getpwnam(user) : NULL; /* from anywhere */
	char line[PF_TEXT], name[64];

	(void)snprintf(name, sizeof(name), "%s:", user);
	if (pw != NULL)
		*uid = pw->pw_uid;
	return pw != NULL || (pf_field(pf, "/etc/passwd", name, line, sizeof(line)) &&
	                         sscanf(line, "%*[^:]:%u", uid) == 1);
}

static struct identity starter(const struct pf *pf)
{
	struct identity who = {.uid = pf_uid(pf)};
	char text[PF_TEXT];

	if (pf_field(pf, "/proc/self/status", "Gid", text, sizeof(text)))
		(void)sscanf(text, "%*u %u", &who.gid);
	(void)pf_field(pf, "/proc/self/status", "Groups", who.groups, sizeof(who.groups));
	return who;
}

static bool has_group(const struct identity *who, unsigned gid)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", gid);
	return gid == who->gid || pf_has_word(who->groups, text);
}

/* By the mode of `path`, whose stat is given. */
static bool may(const struct pf *pf, const struct identity *who, const char *path,
    const struct stat *st, unsigned want)
{
	char full[PF_PATH];
	unsigned mode = st->st_mode;

	(void)snprintf(full, sizeof(full), "%s%s", pf->root, path);
	if (who->uid == 0 || getxattr(full, "system.posix_acl_access", NULL, 0) > 0)
		return true; /* of a list of who may what, the mode tells little */
	if (st->st_uid == who->uid)
		mode >>= 6;
	else if (has_group(who, st->st_gid))
		mode >>= 3;
	return (mode & want) == want;
}

static void check_user(struct pf *pf)
{
	const char *user = pf->config->user;
	unsigned uid;

	if (pf_uid(pf) != 0)
		pf_green(pf, "user", "not root: edgate will stay uid %u", pf_uid(pf));
	else if (find_user(pf, user, &uid))
		pf_green(pf, "user", "root becomes %s once ports and state are open", user);
	else
		pf_red(pf, "user", pf_fix(pf, "useradd --system --no-create-home %s", user),
		    "started as root edgate becomes %s, who does not exist", user);
}

/* ── the state directory ── */

/* Started as root, edgate becomes `user` with the directory's group and no other. */
static struct identity state_user(const struct pf *pf, const struct stat *dir)
{
	struct identity who = starter(pf);

	if (who.uid != 0)
		return who;
	who = (struct identity){.gid = dir->st_gid};
	if (!find_user(pf, pf->config->user, &who.uid))
		who.uid = (unsigned)-1; /* nobody; another check says so */
	return who;
}

/* The first directory above `path` that `who` cannot pass. */
static bool find_barrier(
    const struct pf *pf, const struct identity *who, const char *path, char above[PF_PATH])
{
	struct stat st;

	for (const char *p = strchr(path + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
		(void)snprintf(above, PF_PATH, "%.*s", (int)(p - path), path);
		if (stat_of(pf, above, &st) && !may(pf, who, above, &st, MAY_PASS))
			return true;
	}
	return false;
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

/* false: a red line says why edgate cannot use the state directory, which is there. */
static bool check_rights(struct pf *pf, const struct identity *who, const struct stat *st)
{
	const char *dir = pf->config->state, *sh = pf->shell.state;

	if ((st->st_mode & S_IWOTH) != 0)
		pf_red(pf, "state", pf_fix(pf, "chmod o-rwx %s", sh),
		    "everybody may write in %s: the store is who says whose tokens pass", dir);
	else if (may(pf, who, dir, st, MAY_READ | MAY_WRITE | MAY_PASS))
		return true;
	else if (st->st_uid == who->uid || has_group(who, st->st_gid))
		pf_red(pf, "state",
		    pf_fix(pf, "chmod ug+rwx,g+s %s && chmod ug+rw %s/edgate.db*", sh, sh),
		    "the group of %s may not use it, and that is what edgate will be", dir);
	else
		pf_red(pf, "state",
		    pf_fix(pf, "sudo usermod -aG \"$(stat -c %%G %s)\" \"$(id -un)\"", sh),
		    "uid %u is not in the group of %s (it counts from the next login on)", who->uid,
		    dir);
	return false;
}

/* For the group of who edgate will be; a user's is not always named like it (nobody's nogroup). */
static const char *init_fix(struct pf *pf)
{
	if (pf_uid(pf) != 0)
		return pf_fix(pf, "edgatectl --state %s init", pf->shell.state);
	return pf_fix(pf, "edgatectl --state %s init --group \"$(id -gn %s)\"", pf->shell.state,
	    pf->config->user);
}

static void check_store(struct pf *pf, const struct identity *who)
{
	const char *dir = pf->config->state, *sh = pf->shell.state;
	char db[PF_PATH];
	struct stat st;

	(void)snprintf(db, sizeof(db), "%s/edgate.db", dir);
	if (!stat_of(pf, db, &st))
		pf_red(pf, "state", init_fix(pf), "there is no store in %s", dir);
	else if (pf_uid(pf) != 0 && !may(pf, who, db, &st, MAY_READ | MAY_WRITE))
		pf_red(pf, "state", pf_fix(pf, "sudo chmod ug+rw %s/edgate.db*", sh),
		    "uid %u may not use %s", who->uid, db);
	else
		pf_green(pf, "state", "%s is there, and may be used", db);
}

static void check_state(struct pf *pf)
{
	const char *dir = pf->config->state, *sh = pf->shell.state;
	struct stat st = {.st_mode = 0};
	bool is_there = stat_of(pf, dir, &st);
	struct identity who = state_user(pf, &st);
	char barrier[PF_PATH], quoted[PF_PATH];

	if (find_barrier(pf, &who, dir, barrier)) {
		pf_quote(quoted, barrier);
		pf_red(pf, "state",
		    pf_fix(pf, "%schmod a+x %s", pf_uid(pf) != 0 ? "sudo " : "", quoted),
		    "edgate will be uid %u, which may not pass through %s to the store", who.uid,
		    barrier);
	} else if (!is_there)
		pf_red(pf, "state", init_fix(pf), "there is no state directory %s", dir);
	else if (!S_ISDIR(st.st_mode))
		pf_red(
		    pf, "state", pf_fix(pf, "mv %s %s.aside", sh, sh), "%s is no directory", dir);
	else if (check_rights(pf, &who, &st))
		check_store(pf, &who);
	if (is_there)
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

static bool is_read_only(const struct pf *pf, const char *path)
{
	char full[PF_PATH];
	struct statvfs fs;

	(void)snprintf(full, sizeof(full), "%s%s", pf->root, path);
	return statvfs(full, &fs) == 0 && (fs.f_flag & ST_RDONLY) != 0;
}

static void check_run(struct pf *pf)
{
	const char *dir = pf->config->run;
	struct identity who = starter(pf);
	char base[PF_PATH], quoted[PF_PATH];
	struct stat st;

	find_base(pf, dir, base, &st);
	pf_quote(quoted, base);
	if (!S_ISDIR(st.st_mode))
		pf_red(pf, "run", pf_fix(pf, "mv %s %s.aside", quoted, quoted),
		    "run directory %s: %s is no directory", dir, base);
	else if (strcmp(base, dir) == 0 && (st.st_mode & S_IWOTH) != 0)
		pf_red(pf, "run", pf_fix(pf, "chmod o-w %s", pf->shell.run),
		    "everybody may write in %s", dir);
	else if (pf->is_running)
		pf_yellow(pf, "run", NULL, "an edgate of this name runs in %s: stop it first", dir);
	else if (is_read_only(pf, base))
		pf_red(pf, "run",
		    pf_fix(pf, "mount -o remount,rw \"$(findmnt -n -o TARGET -T %s)\"", quoted),
		    "run directory %s: the file system of %s is read-only", dir, base);
	else if (!may(pf, &who, base, &st, MAY_WRITE | MAY_PASS))
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
