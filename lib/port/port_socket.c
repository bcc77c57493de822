/* SPDX-License-Identifier: BSD-3-Clause */
#include "pool.h"
#include "port_impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKETS_MAX          (EG_CONFIG_ADDRS_MAX * EG_EGT_PORT_CNT)
#define RECEIVE_BUFFER_BYTES (4 << 20)

struct slot {
	struct sockaddr_storage peer;
	socklen_t peer_bytes;
	int fd; /* where it came in, and so where its answer goes out */
	uint8_t data[];
};

struct socket_queue {
	int epoll_fd;
	unsigned fd_cnt;
	int fd[SOCKETS_MAX];
	struct eg_pool pool;
	struct mmsghdr msg[EG_BURST_MAX];
	struct iovec iov[EG_BURST_MAX];
};

struct socket_port {
	struct eg_port base;
	uint32_t room_bytes;
	struct socket_queue queue[];
};

static struct socket_port *socket_port(struct eg_port *port)
{
	return (struct socket_port *)port;
}

static void set_message(struct socket_queue *q, unsigned i, struct slot *slot, size_t bytes)
{
	q->iov[i] = (struct iovec){slot->data, bytes};
	q->msg[i].msg_hdr = (struct msghdr){
	    .msg_name = &slot->peer,
	    .msg_namelen = slot->peer_bytes,
	    .msg_iov = &q->iov[i],
	    .msg_iovlen = 1,
	};
}

static uint16_t peer_port(const struct slot *slot)
{
	if (slot->peer.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&slot->peer)->sin6_port);
	return ntohs(((const struct sockaddr_in *)&slot->peer)->sin_port);
}

/* Two servers must not be made to answer each other. */
static bool source_is_bad(const struct socket_port *p, const struct slot *slot)
{
	uint16_t port = peer_port(slot);
	uint16_t base = p->base.netif.base_port;

	return port == 0 || (port >= base && port - base < (int)EG_EGT_PORT_CNT);
}

static uint64_t sender(const struct slot *slot)
{
	const struct sockaddr_in6 *ip6 = (const struct sockaddr_in6 *)&slot->peer;
	const struct sockaddr_in *ip4 = (const struct sockaddr_in *)&slot->peer;

	return slot->peer.ss_family == AF_INET6 ? eg_load_be64(ip6->sin6_addr.s6_addr)
	                                        : ntohl(ip4->sin_addr.s_addr);
}

static void fill_packet(const struct socket_port *p, const struct mmsghdr *msg, struct slot *slot,
    struct eg_packet *pkt)
{
	slot->peer_bytes = msg->msg_hdr.msg_namelen;
	*pkt = (struct eg_packet){
	    .data = slot->data,
	    .len = msg->msg_len,
	    .room = p->room_bytes,
	    .flags = EG_PACKET_DATAGRAM,
	    .sender = sender(slot),
	    .handle = slot,
	};
	if ((msg->msg_hdr.msg_flags & MSG_TRUNC) != 0)
		pkt->flags |= EG_PACKET_TRUNCATED;
	if (source_is_bad(p, slot))
		pkt->flags |= EG_PACKET_SOURCE_BAD;
}

static unsigned lend_slots(
    const struct socket_port *p, struct socket_queue *q, int fd, struct slot *slot[], unsigned max)
{
	unsigned cnt;

	for (cnt = 0; cnt < max; cnt++) {
		slot[cnt] = eg_pool_get(&q->pool);
		if (slot[cnt] == NULL)
			break;
		slot[cnt]->fd = fd;
		slot[cnt]->peer_bytes = sizeof(slot[cnt]->peer);
		set_message(q, cnt, slot[cnt], p->room_bytes);
	}
	return cnt;
}

static unsigned receive(const struct socket_port *p, struct socket_queue *q, int fd,
    struct eg_packet pkts[], unsigned max)
{
	struct slot *slot[EG_BURST_MAX];
	unsigned lent = lend_slots(p, q, fd, slot, max);
	int n = lent != 0 ? recvmmsg(fd, q->msg, lent, MSG_DONTWAIT, NULL) : 0;
	unsigned cnt = n > 0 ? (unsigned)n : 0;

	for (unsigned i = 0; i < cnt; i++)
		fill_packet(p, &q->msg[i], slot[i], &pkts[i]);
	for (unsigned i = lent; i > cnt; i--)
		eg_pool_put(&q->pool, slot[i - 1]);
	return cnt;
}

static unsigned socket_rx(
    struct eg_port *port, unsigned queue, struct eg_packet pkts[], unsigned max)
{
	struct socket_port *p = socket_port(port);
	struct socket_queue *q = &p->queue[queue];
	struct epoll_event event[EG_BURST_MAX];
	unsigned cnt = 0;
	int ready;

	if (max > EG_BURST_MAX)
		max = EG_BURST_MAX;
	ready = max != 0 ? epoll_wait(q->epoll_fd, event, (int)max, 0) : 0;
	for (int i = 0; i < ready && cnt < max; i++)
		cnt += receive(p, q, event[i].data.fd, &pkts[cnt], max - cnt);
	return cnt;
}

static void socket_drop(struct eg_port *port, unsigned queue, struct eg_packet pkts[], unsigned cnt)
{
	for (unsigned i = 0; i < cnt; i++)
		eg_pool_put(&socket_port(port)->queue[queue].pool, pkts[i].handle);
}

/* How many from the front leave by one socket, in one system call. */
static unsigned set_run(struct socket_queue *q, const struct eg_packet pkts[], unsigned cnt)
{
	const struct slot *first = pkts[0].handle;
	unsigned run;

	for (run = 0; run < cnt && run < EG_BURST_MAX; run++) {
		struct slot *slot = pkts[run].handle;

		if (slot->fd != first->fd)
			break;
		set_message(q, run, slot, pkts[run].len);
		q->iov[run].iov_base = pkts[run].data;
	}
	return run;
}

/* A packet that the kernel refuses (no route, too long for the link) goes to the end, so that it
 * holds up nobody else's answer. */
static unsigned socket_tx(
    struct eg_port *port, unsigned queue, struct eg_packet pkts[], unsigned cnt)
{
	struct socket_queue *q = &socket_port(port)->queue[queue];
	unsigned sent = 0;

	while (sent < cnt) {
		const struct slot *slot = pkts[sent].handle;
		unsigned run = set_run(q, &pkts[sent], cnt - sent);
		int n = sendmmsg(slot->fd, q->msg, run, MSG_DONTWAIT);

		if (n > 0) {
			socket_drop(port, queue, &pkts[sent], (unsigned)n);
			sent += (unsigned)n;
		} else {
			struct eg_packet refused = pkts[sent];

			pkts[sent] = pkts[--cnt];
			pkts[cnt] = refused;
		}
	}
	return sent;
}

static bool socket_alloc(
    struct eg_port *port, unsigned queue, struct eg_packet pkts[], unsigned cnt)
{
	(void)port;
	(void)queue;
	(void)pkts;
	(void)cnt;
	return false; /* the kernel makes its neighbours' acquaintance itself */
}

/* The kernel counts what finds a socket's buffer full. */
static uint32_t dropped_by_kernel(int fd)
{
	uint32_t memory[SK_MEMINFO_VARS] = {0};
	socklen_t bytes = sizeof(memory);

	return getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &bytes) == 0
	           ? memory[SK_MEMINFO_DROPS]
	           : 0;
}

static void socket_look(const struct eg_port *port, uint64_t word[])
{
	const struct socket_port *p = (const struct socket_port *)port;

	for (unsigned i = 0; i < port->queue_cnt; i++)
		for (unsigned k = 0; k < p->queue[i].fd_cnt; k++)
			word[EG_DEVICE_rx_missed] += dropped_by_kernel(p->queue[i].fd[k]);
}

static void close_queue(struct socket_queue *q)
{
	for (unsigned i = 0; i < q->fd_cnt; i++)
		(void)close(q->fd[i]);
	if (q->epoll_fd >= 0)
		(void)close(q->epoll_fd);
	eg_pool_free(&q->pool);
}

static int socket_close(struct eg_port *port)
{
	struct socket_port *p = socket_port(port);

	for (unsigned i = 0; i < port->queue_cnt; i++)
		close_queue(&p->queue[i]);
	free(p);
	return 0;
}

static const struct eg_port_ops socket_ops = {
    .kind = "socket",
    .rx = socket_rx,
    .tx = socket_tx,
    .drop = socket_drop,
    .alloc = socket_alloc,
    .look = socket_look,
    .close = socket_close,
};

static const char *remedy(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "another process listens there (ss -lunp shows it): stop it or choose "
		       "another base_port";
	case EADDRNOTAVAIL:
		return "no interface of this host has the address: ip addr add it, or correct "
		       "`addresses`";
	case EACCES:
		return "give the process CAP_NET_BIND_SERVICE or choose a base_port over 1023";
	case EMFILE:
	case ENFILE:
		return "each queue opens 64 sockets for each address: raise the limit of open "
		       "files "
		       "(ulimit -n, LimitNOFILE=)";
	case EAFNOSUPPORT:
		return "this host has no such address family: take the address out of `addresses`";
	default:
		return "see `addresses` and base_port";
	}
}

static int refuse(const struct eg_config_addr *addr, uint16_t port, int error, struct eg_error *err)
{
	char text[INET6_ADDRSTRLEN] = "?";

	(void)inet_ntop(addr->family == 4 ? AF_INET : AF_INET6, addr->bytes, text, sizeof(text));
	return eg_error_set(err, error == EACCES ? EG_EPERM : EG_EIO, "%s port %u: %s; %s", text,
	    port, strerror(error), remedy(error));
}

static socklen_t set_sockaddr(
    struct sockaddr_storage *sa, const struct eg_config_addr *addr, uint16_t port)
{
	memset(sa, 0, sizeof(*sa));
	if (addr->family == 4) {
		struct sockaddr_in *in = (struct sockaddr_in *)sa;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, addr->bytes, sizeof(in->sin_addr));
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)sa;

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, addr->bytes, sizeof(in6->sin6_addr));
	return sizeof(*in6);
}

static bool set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

/* PROBE: the DF bit is set, and no ICMP message can talk us into another size. */
static bool set_options(int fd, uint8_t family)
{
	(void)set_int(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_BYTES);
	if (family == 4)
		return set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
	return set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
	       set_int(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
}

/* The first queue's socket is bound alone, and is opened to the other queues only then: a second
 * edgate on the same ports is told so, and does not quietly take half of the packets. */
static bool bind_socket(int fd, const struct eg_config_addr *addr, uint16_t port, bool first_queue)
{
	struct sockaddr_storage sa;
	socklen_t bytes = set_sockaddr(&sa, addr, port);

	if (!first_queue && !set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1))
		return false;
	if (bind(fd, (const struct sockaddr *)&sa, bytes) != 0)
		return false;
	return !first_queue || set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
}

static int add_socket(struct socket_queue *q, const struct eg_config_addr *addr, uint16_t port,
    bool first_queue, struct eg_error *err)
{
	int fd = socket(addr->family == 4 ? AF_INET : AF_INET6,
	    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (fd < 0)
		return refuse(addr, port, errno, err);
	q->fd[q->fd_cnt++] = fd;
	if (!set_options(fd, addr->family) || !bind_socket(fd, addr, port, first_queue) ||
	    epoll_ctl(q->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		return refuse(addr, port, errno, err);
	return 0;
}

static int open_queue(struct socket_queue *q, const struct eg_port_params *params, bool first_queue,
    struct eg_error *err)
{
	const struct eg_config_port *config = params->config;
	int rc;

	q->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (q->epoll_fd < 0)
		return eg_error_set(err, EG_EIO, "epoll: %s; %s", strerror(errno), remedy(errno));
	rc = eg_pool_init(
	    &q->pool, EG_PORT_PACKETS_OUT, sizeof(struct slot) + params->max_datagram_bytes, err);
	for (unsigned a = 0; rc == 0 && a < config->addr_cnt; a++)
		for (unsigned i = 0; rc == 0 && i < EG_EGT_PORT_CNT; i++)
			rc = add_socket(q, &config->addr[a], (uint16_t)(params->base_port + i),
			    first_queue, err);
	return rc;
}

/* An answer must leave from the address that was asked, which a wildcard does not know. */
static int check_addresses(const struct eg_config_port *config, struct eg_error *err)
{
	static const uint8_t any[16];

	if (config->addr_cnt == 0)
		return eg_error_set(err, EG_EINVAL, "no addresses to listen on");
	for (unsigned i = 0; i < config->addr_cnt; i++)
		if (memcmp(config->addr[i].bytes, any, config->addr[i].family == 4 ? 4 : 16) == 0)
			return eg_error_set(err, EG_EINVAL,
			    "the unspecified address cannot be listened on: list the host's "
			    "addresses");
	return 0;
}

int eg_port_open_socket(
    struct eg_port **port, const struct eg_port_params *params, struct eg_error *err)
{
	unsigned queues = params->config->queues;
	struct socket_port *p;
	int rc = check_addresses(params->config, err);

	if (rc != 0)
		return rc;
	p = calloc(1, sizeof(*p) + queues * sizeof(p->queue[0]));
	if (p == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for %u queues", queues);
	p->base.ops = &socket_ops;
	p->base.netif = params->netif;
	p->room_bytes = params->max_datagram_bytes;
	while (rc == 0 && p->base.queue_cnt < queues) {
		unsigned i = p->base.queue_cnt++;

		rc = open_queue(&p->queue[i], params, i == 0, err);
	}
	if (rc != 0) {
		(void)socket_close(&p->base);
		return rc;
	}
	*port = &p->base;
	return 0;
}
