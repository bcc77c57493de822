/* SPDX-License-Identifier: BSD-3-Clause */
#include "lane.h"

#include "corpus.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_BUFFER_BYTES (8 << 20)
#define SEND_BUFFER_BYTES    (1 << 20)

struct socket_lane {
	struct load_lane base;
	struct sockaddr_in server; /* with the base port */
	uint32_t room_bytes;
	int epoll_fd;
	unsigned fd_cnt;
	int *fd; /* of owner o and source s at o · sources + s */
	struct mmsghdr msg[EG_BURST_MAX];
	struct iovec iov[EG_BURST_MAX];
	struct sockaddr_in peer[EG_BURST_MAX];
	uint8_t *tx, *rx; /* EG_BURST_MAX × room_bytes each */
};

static struct socket_lane *socket_lane(struct load_lane *lane)
{
	return (struct socket_lane *)lane;
}

static void set_message(struct socket_lane *l, unsigned i, uint8_t *data, size_t bytes)
{
	l->iov[i] = (struct iovec){data, bytes};
	l->msg[i].msg_hdr = (struct msghdr){
	    .msg_name = &l->peer[i],
	    .msg_namelen = sizeof(l->peer[i]),
	    .msg_iov = &l->iov[i],
	    .msg_iovlen = 1,
	};
}

/* ── out ── */

static unsigned take_slots(struct load_lane *lane, struct load_slot slot[], unsigned cnt)
{
	struct socket_lane *l = socket_lane(lane);

	for (unsigned i = 0; i < cnt; i++)
		slot[i].payload = l->tx + (size_t)i * l->room_bytes;
	return cnt;
}

static void address(struct load_lane *lane, struct load_slot *slot, const struct load_address *a,
    size_t bytes, uint32_t payload_sum)
{
	(void)payload_sum; /* the kernel's affair */
	slot->source = a->owner * lane->steer->sources + a->source;
	slot->server_port = a->server_port;
	slot->pkt = (struct eg_packet){.data = slot->payload, .len = (uint32_t)bytes};
}

/* How many from the front leave by one socket, in one system call. */
static unsigned set_run(struct socket_lane *l, const struct load_slot slot[], unsigned cnt)
{
	unsigned run;

	for (run = 0; run < cnt && slot[run].source == slot[0].source; run++) {
		l->peer[run] = l->server;
		l->peer[run].sin_port = htons(slot[run].server_port);
		set_message(l, run, slot[run].payload, slot[run].pkt.len);
	}
	return run;
}

/* ECONNREFUSED is an earlier packet's: it is told once, and then the call can be made again. */
static unsigned send_slots(struct load_lane *lane, struct load_slot slot[], unsigned cnt)
{
	struct socket_lane *l = socket_lane(lane);
	unsigned sent = 0, refused = 0;

	while (sent < cnt) {
		unsigned run = set_run(l, &slot[sent], cnt - sent);
		int n = sendmmsg(l->fd[slot[sent].source], l->msg, run, MSG_DONTWAIT);

		if (n < 0 && errno == ECONNREFUSED && refused++ < EG_BURST_MAX)
			continue;
		if (n <= 0)
			break;
		sent += (unsigned)n;
	}
	return sent;
}

/* ── in ── */

static bool is_servers(const struct socket_lane *l, unsigned i)
{
	return l->peer[i].sin_addr.s_addr == l->server.sin_addr.s_addr &&
	       (uint16_t)(ntohs(l->peer[i].sin_port) - ntohs(l->server.sin_port)) <
	           EG_EGT_PORT_CNT &&
	       (l->msg[i].msg_hdr.msg_flags & MSG_TRUNC) == 0;
}

static unsigned receive_from(
    struct socket_lane *l, int fd, unsigned from, struct eg_span payload[], unsigned *cnt)
{
	int n;

	for (unsigned i = from; i < EG_BURST_MAX; i++)
		set_message(l, i, l->rx + (size_t)i * l->room_bytes, l->room_bytes);
	n = recvmmsg(fd, &l->msg[from], EG_BURST_MAX - from, MSG_DONTWAIT, NULL);
	for (unsigned i = from; n > 0 && i < from + (unsigned)n; i++)
		if (is_servers(l, i))
			payload[(*cnt)++] = eg_span(l->iov[i].iov_base, l->msg[i].msg_len);
	return n > 0 ? (unsigned)n : 0;
}

static unsigned receive_payloads(struct load_lane *lane, struct eg_span payload[], unsigned *came)
{
	struct socket_lane *l = socket_lane(lane);
	struct epoll_event event[EG_BURST_MAX];
	int ready = epoll_wait(l->epoll_fd, event, EG_BURST_MAX, 0);
	unsigned cnt = 0;

	*came = 0;
	for (int i = 0; i < ready && *came < EG_BURST_MAX; i++)
		*came += receive_from(l, event[i].data.fd, *came, payload, &cnt);
	return cnt;
}

static void release(struct load_lane *lane)
{
	(void)lane; /* the next receive writes over them */
}

/* ── opening ── */

static void close_lane(struct load_lane *lane)
{
	struct socket_lane *l = socket_lane(lane);

	for (unsigned i = 0; i < l->fd_cnt; i++)
		(void)close(l->fd[i]);
	if (l->epoll_fd >= 0)
		(void)close(l->epoll_fd);
	free(l->fd);
	free(l->tx);
	free(l->rx);
	free(l);
}

static const struct load_lane_ops socket_lane_ops = {
    .take = take_slots,
    .address = address,
    .send = send_slots,
    .receive = receive_payloads,
    .release = release,
    .close = close_lane,
};

static void set_options(int fd)
{
	static const int options[][3] = {
	    {SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_BYTES},
	    {SOL_SOCKET, SO_SNDBUF, SEND_BUFFER_BYTES},
	    {IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		(void)setsockopt(fd, options[i][0], options[i][1], &options[i][2], sizeof(int));
}

/* A port that is not 0 may be another core's too: then an answer comes to one of the two. */
static int open_socket(
    struct socket_lane *l, const uint8_t ip[4], uint16_t port, struct eg_error *err)
{
	static const int on = 1;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
	struct sockaddr_in ours = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (fd < 0)
		return eg_error_set(err, EG_EIO,
		    "socket: %s; lower --sources, or raise the limit of open files (ulimit -n)",
		    strerror(errno));
	l->fd[l->fd_cnt++] = fd;
	set_options(fd);
	if (port != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	memcpy(&ours.sin_addr, ip, sizeof(ours.sin_addr));
	if (bind(fd, (const struct sockaddr *)&ours, sizeof(ours)) != 0)
		return eg_error_set(err, EG_EIO, "source %u.%u.%u.%u port %u: %s", ip[0], ip[1],
		    ip[2], ip[3], port, strerror(errno));
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		return eg_error_set(err, EG_EIO, "epoll: %s", strerror(errno));
	return 0;
}

static int open_sockets(struct socket_lane *l, const struct load_route *route, struct eg_error *err)
{
	const struct load_steer *steer = l->base.steer;
	bool fixed = steer->kind == LOAD_STEER_TOEPLITZ;
	int rc = 0;

	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd < 0)
		return eg_error_set(err, EG_EIO, "epoll: %s", strerror(errno));
	for (unsigned i = 0; rc == 0 && i < steer->owners * steer->sources; i++)
		rc = open_socket(l, route->ip,
		    fixed ? steer->source[i / steer->sources][i % steer->sources] : 0, err);
	return rc;
}

int load_lane_open_socket(struct load_lane **lane, const struct load_route *route,
    const struct load_steer *steer, uint32_t datagram_bytes, struct eg_error *err)
{
	struct socket_lane *l = calloc(1, sizeof(*l));
	int rc;

	if (l == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for a lane");
	l->base = (struct load_lane){.ops = &socket_lane_ops, .steer = steer};
	l->epoll_fd = -1;
	l->room_bytes = datagram_bytes + LOAD_COPY_BYTES;
	l->server =
	    (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(route->server_port)};
	memcpy(&l->server.sin_addr, route->server_ip, sizeof(l->server.sin_addr));
	l->fd = calloc((size_t)steer->owners * steer->sources, sizeof(*l->fd));
	l->tx = calloc(EG_BURST_MAX, l->room_bytes);
	l->rx = calloc(EG_BURST_MAX, l->room_bytes);
	rc = l->fd != NULL && l->tx != NULL && l->rx != NULL
	         ? open_sockets(l, route, err)
	         : eg_error_set(err, EG_ENOMEM, "no memory for a lane");
	if (rc != 0)
		close_lane(&l->base);
	else
		*lane = &l->base;
	return rc;
}
