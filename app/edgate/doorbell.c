/* SPDX-License-Identifier: BSD-3-Clause */
#include "doorbell.h"

#include "eg_clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define POKE      "poke"
#define NS_PER_MS 1000000u

/* By umask, not by chmod afterwards: the run directory is another user's when root starts edgate
 * again, and what is at the path by then may be a link to anything. */
static int bind_to(int fd, const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int on = 1, rc;
	mode_t before;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(addr.sun_path, path);
	(void)unlink(path);
	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) != 0)
		return -1;
	before = umask(0117);
	rc = bind(fd, (const struct sockaddr *)&addr, sizeof(addr));
	(void)umask(before);
	return rc;
}

int eg_doorbell_open(
    struct eg_doorbell *bell, const char *path, uid_t uid, gid_t gid, struct eg_error *err)
{
	bell->uid = uid;
	bell->gid = gid;
	bell->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bell->fd >= 0 && bind_to(bell->fd, path) == 0)
		return 0;
	(void)eg_error_set(err, EG_EIO, "%s: cannot make the socket: %s", path, strerror(errno));
	eg_doorbell_close(bell);
	return -EG_EIO;
}

static bool may_ring(const struct eg_doorbell *bell, const struct ucred *peer)
{
	return peer->uid == 0 || peer->uid == bell->uid || peer->gid == bell->gid;
}

/* True where a peer who may said "poke". */
static bool take_ring(const struct eg_doorbell *bell)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))];
	char text[sizeof(POKE)];
	struct iovec iov = {text, sizeof(text)};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control,
	    .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(bell->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *c = n >= 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	struct ucred peer;

	if (c == NULL || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
		return false;
	memcpy(&peer, CMSG_DATA(c), sizeof(peer));
	return n == sizeof(POKE) - 1 && memcmp(text, POKE, sizeof(POKE) - 1) == 0 &&
	       may_ring(bell, &peer);
}

void eg_doorbell_wait(struct eg_doorbell *bell, int wait_ms)
{
	struct pollfd p = {.fd = bell->fd, .events = POLLIN};
	uint64_t now_ns = eg_clock_mono_ns();
	uint64_t end_ns = now_ns + (uint64_t)wait_ms * NS_PER_MS;

	do {
		int left_ms = (int)((end_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS);

		if (poll(&p, 1, left_ms) <= 0 || take_ring(bell))
			return;
		now_ns = eg_clock_mono_ns();
	} while (now_ns < end_ns);
}

void eg_doorbell_close(struct eg_doorbell *bell)
{
	if (bell->fd >= 0)
		(void)close(bell->fd);
	bell->fd = -1;
}
