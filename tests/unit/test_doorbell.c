/* SPDX-License-Identifier: BSD-3-Clause */
/* What comes to ctl.sock: who rings, and that no descriptor of a stranger stays open. */
#include "doorbell.h"

#include "eg_test.h"

#include <dirent.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FDS_MAX 8u
#define WAIT_MS 1000

struct door {
	char dir[32], path[48];
	struct eg_doorbell bell;
	int ringer;
};

static int set_up(void **state)
{
	struct door *d = calloc(1, sizeof(*d));
	struct eg_error err = {0};

	(void)strcpy(d->dir, "/tmp/edgate-bell-XXXXXX");
	if (mkdtemp(d->dir) == NULL)
		return -1;
	(void)snprintf(d->path, sizeof(d->path), "%s/ctl.sock", d->dir);
	d->ringer = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	*state = d;
	return eg_doorbell_open(&d->bell, d->path, getuid(), getgid(), &err);
}

static int tear_down(void **state)
{
	struct door *d = *state;

	eg_doorbell_close(&d->bell);
	(void)close(d->ringer);
	(void)unlink(d->path);
	(void)rmdir(d->dir);
	free(d);
	return 0;
}

static unsigned open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned cnt = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		cnt++;
	(void)closedir(dir);
	return cnt;
}

static void ring(const struct door *d, struct eg_span bytes, const int fds[], unsigned fd_cnt)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(FDS_MAX * sizeof(int))] = {0};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct iovec iov = {(void *)(uintptr_t)bytes.ptr, bytes.len};
	struct msghdr msg = {
	    .msg_name = &addr, .msg_namelen = sizeof(addr), .msg_iov = &iov, .msg_iovlen = 1};

	memcpy(addr.sun_path, d->path, strlen(d->path));
	if (fd_cnt != 0) {
		struct cmsghdr *c = (struct cmsghdr *)control;

		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(fd_cnt * sizeof(int));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(fd_cnt * sizeof(int));
		memcpy(CMSG_DATA(c), fds, fd_cnt * sizeof(int));
	}
	assert_int_equal(sendmsg(d->ringer, &msg, 0), bytes.len);
}

static void a_poke_wakes(void **state)
{
	struct door *d = *state;
	struct eg_doorbell_ask ask;

	ring(d, eg_span_str("poke"), NULL, 0);
	assert_int_equal(eg_doorbell_wait(&d->bell, WAIT_MS, &ask), EG_RING_POKE);
	ring(d, eg_span_str("pok"), NULL, 0);
	ring(d, eg_span_str("poke, and more"), NULL, 0);
	assert_int_equal(eg_doorbell_wait(&d->bell, 1, &ask), EG_RING_NONE);
}

/* However many come, with whatever words. */
static void descriptors_do_not_stay_open(void **state)
{
	struct door *d = *state;
	struct eg_doorbell_ask ask;
	int fds[FDS_MAX];
	unsigned before;

	for (unsigned i = 0; i < FDS_MAX; i++)
		fds[i] = d->ringer;
	before = open_fds();
	for (unsigned cnt = 0; cnt <= FDS_MAX; cnt++) {
		ring(d, eg_span_str("poke"), fds, cnt);
		assert_int_equal(eg_doorbell_wait(&d->bell, WAIT_MS, &ask), EG_RING_POKE);
		ring(d, eg_span_str("?"), fds, cnt);
		assert_int_equal(eg_doorbell_wait(&d->bell, 1, &ask), EG_RING_NONE);
		assert_int_equal(open_fds(), before);
	}
}

/* The first one is the end of its pair; others beside it are not kept. */
static void an_ask_brings_one_end_of_a_pair(void **state)
{
	const struct eg_trace_ask asked = {.flags = EG_TRACE_WITH_PACKETS};
	uint8_t bytes[EG_TRACE_ASK_BYTES];
	struct door *d = *state;
	struct eg_doorbell_ask ask;

	eg_trace_write_ask(bytes, &asked);
	for (unsigned cnt = 1; cnt <= FDS_MAX; cnt++) {
		int pair[2], fds[FDS_MAX];
		unsigned before = open_fds();
		char got;

		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
		for (unsigned i = 0; i < cnt; i++)
			fds[i] = i == 0 ? pair[1] : d->ringer;
		ring(d, eg_span(bytes, sizeof(bytes)), fds, cnt);
		assert_int_equal(eg_doorbell_wait(&d->bell, WAIT_MS, &ask), EG_RING_TRACE);
		assert_int_equal(ask.ask.flags, EG_TRACE_WITH_PACKETS);
		assert_int_equal(ask.pid, getpid());
		assert_int_equal(send(ask.fd, "x", 1, MSG_NOSIGNAL), 1);
		assert_int_equal(recv(pair[0], &got, 1, MSG_DONTWAIT), 1);
		(void)close(ask.fd);
		(void)close(pair[0]);
		(void)close(pair[1]);
		assert_int_equal(open_fds(), before);
	}
	ring(d, eg_span(bytes, sizeof(bytes)), &d->ringer, 1); /* of no pair */
	assert_int_equal(eg_doorbell_wait(&d->bell, 1, &ask), EG_RING_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_poke_wakes, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(descriptors_do_not_stay_open, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(an_ask_brings_one_end_of_a_pair, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
