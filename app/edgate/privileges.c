/* SPDX-License-Identifier: BSD-3-Clause */
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The leak check of a sanitizer build attaches to the process. */
#ifdef __SANITIZE_ADDRESS__
#define DUMPABLE 1UL
#else
#define DUMPABLE 0UL
#endif

int eg_privileges_resolve(
    struct eg_identity *who, const char *user, const char *state, struct eg_error *err)
{
	const struct passwd *pw;
	struct stat st;

	if (stat(state, &st) != 0)
		return eg_error_set(err, errno == ENOENT ? EG_ENOENT : EG_EIO,
		    "state directory %s: %s%s%s", state, strerror(errno),
		    errno == ENOENT ? ": make it with edgatectl init --state " : "",
		    errno == ENOENT ? state : "");
	*who = (struct eg_identity){.uid = geteuid(), .gid = st.st_gid, .change = geteuid() == 0};
	if (!who->change)
		return 0;
	pw = getpwnam(user);
	if (pw == NULL)
		return eg_error_set(err, EG_ENOENT,
		    "user %s does not exist: make it with useradd --system --no-create-home %s, or "
		    "name another by `user`",
		    user, user);
	who->uid = pw->pw_uid;
	return 0;
}

/* The bounding set first: it needs a capability that the rest takes away. */
static int drop_bounding_set(void)
{
	for (unsigned long cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap) != 0)
			return -1;
	return 0;
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	return (int)syscall(SYS_capset, &header, none);
}

int eg_privileges_limit(const struct eg_identity *who, struct eg_error *err)
{
	if ((who->change && drop_bounding_set() != 0) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) != 0)
		return eg_error_set(err, EG_EIO, "cannot limit privileges: %s", strerror(errno));
	return 0;
}

static int become(const struct eg_identity *who)
{
	if (setgroups(1, &who->gid) != 0 || setresgid(who->gid, who->gid, who->gid) != 0 ||
	    setresuid(who->uid, who->uid, who->uid) != 0)
		return -1;
	return 0;
}

int eg_privileges_drop(const struct eg_identity *who, struct eg_error *err)
{
	if ((who->change && become(who) != 0) || drop_capabilities() != 0 ||
	    prctl(PR_SET_DUMPABLE, DUMPABLE) != 0)
		return eg_error_set(err, EG_EIO, "cannot drop privileges: %s", strerror(errno));
	if (who->uid != 0 && setuid(0) == 0)
		return eg_error_set(err, EG_EIO, "cannot drop privileges: root came back");
	return 0;
}
