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

/* What came with a datagram. */
struct letter {
	uint8_t bytes[EG_TRACE_ASK_BYTES + 1]; /* one more than the longest that is understood */
	size_t len;
	bool signed_by_kernel;
	struct ucred peer;
	int fd; /* -1: none */
};

/* Keeps the first descriptor: the kernel fits two into the room of one, which is rounded up. */
static void take_fds(struct letter *letter, const struct cmsghdr *c)
{
	const unsigned char *end = (const unsigned char *)c + c->cmsg_len;
	int fd;

	for (const unsigned char *at = CMSG_DATA(c); at + sizeof(fd) <= end; at += sizeof(fd)) {
		memcpy(&fd, at, sizeof(fd));
		if (letter->fd < 0)
			letter->fd = fd;
		else
			(void)close(fd);
	}
}

static void take_control(struct letter *letter, const struct cmsghdr *c)
{
	if (c->cmsg_level != SOL_SOCKET)
		return;
	if (c->cmsg_type == SCM_CREDENTIALS && c->cmsg_len == CMSG_LEN(sizeof(letter->peer))) {
		memcpy(&letter->peer, CMSG_DATA(c), sizeof(letter->peer));
		letter->signed_by_kernel = true;
	}
	if (c->cmsg_type == SCM_RIGHTS)
		take_fds(letter, c);
}

/* There is room for credentials and a descriptor or two; the kernel closes any more. */
static struct letter receive(const struct eg_doorbell *bell)
{
	_Alignas(struct cmsghdr) char
	    control[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
	struct letter letter = {.fd = -1};
	struct iovec iov = {letter.bytes, sizeof(letter.bytes)};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control,
	    .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(bell->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return letter;
	letter.len = (size_t)n;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c))
		take_control(&letter, c);
	return letter;
}

/* Whatever else a peer may send as its end, nothing is ever read from or written to it. */
static bool is_pair_end(int fd)
{
	int domain = 0, type = 0;
	socklen_t len = sizeof(int);

	return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && domain == AF_UNIX &&
	       type == SOCK_SEQPACKET;
}

static enum eg_ring take_ring(const struct eg_doorbell *bell, struct eg_doorbell_ask *ask)
{
	const struct letter letter = receive(bell);
	const struct eg_span bytes = eg_span(letter.bytes, letter.len);
	const bool may = letter.signed_by_kernel && may_ring(bell, &letter.peer);

	if (may && is_pair_end(letter.fd) && eg_trace_parse_ask(bytes, &ask->ask)) {
		ask->pid = letter.peer.pid;
		ask->may_see_tokens = letter.peer.uid == 0 || letter.peer.uid == bell->uid;
		ask->fd = letter.fd;
		return EG_RING_TRACE;
	}
	if (letter.fd >= 0)
		(void)close(letter.fd);
	return may && eg_span_eq_str(bytes, POKE) ? EG_RING_POKE : EG_RING_NONE;
}

enum eg_ring eg_doorbell_wait(struct eg_doorbell *bell, int wait_ms, struct eg_doorbell_ask *ask)
{
	struct pollfd p = {.fd = bell->fd, .events = POLLIN};
	uint64_t now_ns = eg_clock_mono_ns();
	uint64_t end_ns = now_ns + (uint64_t)wait_ms * NS_PER_MS;
	enum eg_ring ring = EG_RING_NONE;

	do {
		int left_ms = (int)((end_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS);

		if (poll(&p, 1, left_ms) <= 0)
			return EG_RING_NONE;
		ring = take_ring(bell, ask);
		now_ns = eg_clock_mono_ns();
	} while (ring == EG_RING_NONE && now_ns < end_ns);
	return ring;
}

void eg_doorbell_close(struct eg_doorbell *bell)
{
	if (bell->fd >= 0)
		(void)close(bell->fd);
	bell->fd = -1;
}
