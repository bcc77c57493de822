/* SPDX-License-Identifier: BSD-3-Clause */
/* plain_server: the socket, its loop, the command line. */
#include "plain.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define BATCH         64u
#define SOCKET_BYTES  (8 * 1024 * 1024) /* of receive and send buffer; the kernel may give less */
#define WAKE_US       100000            /* how long a signal may wait */
#define DATAGRAM_ROOM EG_EGT_DATAGRAM_BYTES

struct options {
	const char *address;
	unsigned port, busy_poll_us;
	int cpu; /* -1: any */
};

struct server {
	struct plain_policy policy;
	struct options options;
	int fd;
	uint64_t received, dropped, answered, records;
	/* One batch: what was received, and over it what is answered. */
	uint8_t bytes[BATCH][DATAGRAM_ROOM];
	struct sockaddr_in peer[BATCH];
	struct iovec iov[BATCH];
	struct mmsghdr in[BATCH], out[BATCH];
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static bool complain(const char *what)
{
	(void)fprintf(stderr, "plain_server: %s: %s\n", what, strerror(errno));
	return false;
}

/* ── one datagram ── */

static size_t pong(uint8_t *frame, size_t len, uint64_t request_id, double now_s)
{
	const struct eg_egt_pong pong = {
	    .ready = 1,
	    .base_port = EG_EGT_PORT,
	    .utc_s = (uint64_t)now_s,
	    .version = eg_span_str("plain"),
	};

	return eg_egt_write_pong(frame, len, request_id, 0, &pong);
}

static size_t refuse_version(uint8_t *frame, const struct eg_egt_request *req)
{
	const struct eg_egt_answer answer = {.status = EG_BAD_VERSION};

	return eg_egt_write_response(frame, EG_EGT_VERIFY_R, req->request_id, 0, &answer, 1);
}

/* Writes the answer over the request and returns its length; 0: there is none. No state ever
 * changes here, so no epoch but 0 is in force. */
static size_t answer(struct server *s, uint8_t *frame, size_t len, double now_s)
{
	struct eg_egt_answer answers[EG_EGT_RECORDS_MAX];
	struct eg_egt_request req;
	struct eg_span rest;

	if (eg_egt_parse_request(eg_span(frame, len), &req) != EG_DROP_COUNT)
		return 0;
	if (req.bad_version)
		return refuse_version(frame, &req);
	if (req.type == EG_EGT_PING)
		return pong(frame, len, req.request_id, now_s);
	rest = req.records;
	for (unsigned i = 0; i < req.count; i++) {
		struct eg_egt_record record = eg_egt_next_record(&rest);

		answers[i] = req.min_epoch != 0
		                 ? (struct eg_egt_answer){.status = EG_STALE}
		                 : plain_judge(&s->policy, &record, req.flags, now_s);
	}
	s->records += req.count;
	return eg_egt_write_response(frame, EG_EGT_VERIFY_R, req.request_id, 0, answers, req.count);
}

/* ── batches ── */

static void prepare(struct server *s)
{
	for (unsigned i = 0; i < BATCH; i++) {
		s->iov[i] = (struct iovec){s->bytes[i], DATAGRAM_ROOM};
		s->in[i].msg_hdr = (struct msghdr){
		    .msg_name = &s->peer[i],
		    .msg_namelen = sizeof(s->peer[i]),
		    .msg_iov = &s->iov[i],
		    .msg_iovlen = 1,
		};
	}
}

static bool may_be_answered(const struct server *s, unsigned i)
{
	unsigned port = ntohs(s->peer[i].sin_port);

	return (s->in[i].msg_hdr.msg_flags & MSG_TRUNC) == 0 && port != 0 &&
	       port != s->options.port; /* no two servers in a loop */
}

static unsigned answer_batch(struct server *s, unsigned cnt)
{
	struct timespec now;
	unsigned out_cnt = 0;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	for (unsigned i = 0; i < cnt; i++) {
		size_t len = may_be_answered(s, i)
		                 ? answer(s, s->bytes[i], s->in[i].msg_len, (double)now.tv_sec)
		                 : 0;

		s->dropped += len == 0;
		s->iov[i].iov_len = len;
		if (len != 0)
			s->out[out_cnt++] = s->in[i];
	}
	return out_cnt;
}

static void send_batch(struct server *s, unsigned cnt)
{
	unsigned at = 0;

	while (at < cnt) {
		int sent = sendmmsg(s->fd, s->out + at, cnt - at, 0);

		if (sent > 0)
			s->answered += (unsigned)sent;
		else if (errno == EINTR)
			continue;
		at += sent > 0 ? (unsigned)sent : 1; /* what cannot be sent is left out */
	}
}

static bool serve(struct server *s)
{
	while (!stop) {
		int cnt;

		prepare(s);
		cnt = recvmmsg(s->fd, s->in, BATCH, MSG_WAITFORONE, NULL);
		if (cnt < 0 && errno != EAGAIN && errno != EINTR)
			return complain("recvmmsg");
		if (cnt <= 0)
			continue;
		s->received += (unsigned)cnt;
		send_batch(s, answer_batch(s, (unsigned)cnt));
	}
	return true;
}

/* ── start ── */

static bool set_option(int fd, int name, int value)
{
	return setsockopt(fd, SOL_SOCKET, name, &value, sizeof(value)) == 0;
}

static bool open_socket(struct server *s)
{
	const struct timeval wake = {.tv_usec = WAKE_US};
	struct sockaddr_in local = {
	    .sin_family = AF_INET, .sin_port = htons((uint16_t)s->options.port)};

	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return complain("socket");
	/* As root past the host's limit, else as much as it allows. */
	if (!set_option(s->fd, SO_RCVBUFFORCE, SOCKET_BYTES))
		(void)set_option(s->fd, SO_RCVBUF, SOCKET_BYTES);
	if (!set_option(s->fd, SO_SNDBUFFORCE, SOCKET_BYTES))
		(void)set_option(s->fd, SO_SNDBUF, SOCKET_BYTES);
	if (setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &wake, sizeof(wake)) != 0)
		return complain("SO_RCVTIMEO");
	if (s->options.busy_poll_us != 0 &&
	    !set_option(s->fd, SO_BUSY_POLL, (int)s->options.busy_poll_us))
		return complain("SO_BUSY_POLL");
	if (inet_pton(AF_INET, s->options.address, &local.sin_addr) != 1 ||
	    bind(s->fd, (const struct sockaddr *)&local, sizeof(local)) != 0)
		return complain(s->options.address);
	return true;
}

static bool pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return true;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0 || complain("--cpu");
}

static bool start(struct server *s)
{
	struct sigaction action = {.sa_handler = on_signal}; /* without SA_RESTART */

	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	return sodium_init() >= 0 && pin(s->options.cpu) && open_socket(s);
}

/* ── command line ── */

static const char usage_text[] =
    "usage: plain_server --issuer URL=JWKS… --audience A… [option…]\n"
    "\n"
    "A server of EGT/1 over a kernel socket with libsodium and jansson, to compare edgate with.\n"
    "\n"
    "  --issuer URL=JWKS  an issuer and the file of its keys (again for more, up to 16)\n"
    "  --audience A       an audience that passes (again for more, up to 16)\n"
    "  --address IP       where to listen (127.0.0.1)\n"
    "  --port P           UDP port (25519)\n"
    "  --cpu N            run on this CPU only\n"
    "  --busy-poll US     SO_BUSY_POLL: let the kernel poll the NIC so long before it sleeps\n"
    "  --help             this\n";

static bool read_number(const char *text, unsigned long max, unsigned *out)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	*out = (unsigned)value;
	return end != text && *end == '\0' && value <= max;
}

static bool add_audience(struct plain_policy *policy, const char *text)
{
	if (policy->audience_cnt == PLAIN_AUDIENCES_MAX)
		return false;
	policy->audience[policy->audience_cnt++] = text;
	return true;
}

static bool take_option(struct server *s, int option)
{
	struct options *o = &s->options;
	unsigned cpu;

	switch (option) {
	case 'i':
		return plain_policy_add_issuer(&s->policy, optarg);
	case 'a':
		return add_audience(&s->policy, optarg);
	case 'A':
		o->address = optarg;
		return true;
	case 'p':
		return read_number(optarg, 65535, &o->port) && o->port != 0;
	case 'c':
		o->cpu = read_number(optarg, CPU_SETSIZE - 1, &cpu) ? (int)cpu : -1;
		return o->cpu >= 0;
	case 'b':
		return read_number(optarg, 1000000, &o->busy_poll_us);
	default:
		return false;
	}
}

/* 0, or the option where it stopped: h (help) or ?. */
static int read_options(struct server *s, int argc, char *argv[])
{
	static const struct option options[] = {
	    {"issuer", required_argument, NULL, 'i'},
	    {"audience", required_argument, NULL, 'a'},
	    {"address", required_argument, NULL, 'A'},
	    {"port", required_argument, NULL, 'p'},
	    {"cpu", required_argument, NULL, 'c'},
	    {"busy-poll", required_argument, NULL, 'b'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h')
			return 'h';
		if (!take_option(s, option))
			return '?';
	}
	return optind == argc && s->policy.issuer_cnt != 0 && s->policy.audience_cnt != 0 ? 0 : '?';
}

int main(int argc, char *argv[])
{
	static struct server server = {
	    .options = {.address = "127.0.0.1", .port = EG_EGT_PORT, .cpu = -1}};
	int option = read_options(&server, argc, argv);
	bool ok;

	if (option != 0) {
		(void)fputs(usage_text, option == 'h' ? stdout : stderr);
		return option == 'h' ? 0 : 2;
	}
	if (!start(&server))
		return 1;
	(void)printf("ready\n");
	(void)fflush(stdout);
	ok = serve(&server);
	(void)printf("received %llu\nanswered %llu\ndropped %llu\nrecords %llu\n",
	    (unsigned long long)server.received, (unsigned long long)server.answered,
	    (unsigned long long)server.dropped, (unsigned long long)server.records);
	(void)close(server.fd);
	return ok ? 0 : 1;
}
