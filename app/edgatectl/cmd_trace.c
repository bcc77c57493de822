/* SPDX-License-Identifier: BSD-3-Clause */
/* trace: asks the running edgate what becomes of its packets. */
#include "ctl.h"
#include "eg_clock.h"
#include "eg_trace_wire.h"
#include "trace.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define COUNT_DEFAULT 10u
#define TIMEOUT_MAX_S 86400u
#define NS_PER_MS     1000000u
#define ANSWER_MS     2000u /* edgate looks every 10 ms */

struct trace {
	struct eg_trace_ask ask;
	uint64_t count, timeout_s; /* 0: never */
	const char *pcap_path;     /* NULL: no file */
	struct trace_pcap *pcap;
	bool as_json;
	int fd; /* our end of the pair */
	uint64_t seen, lost;
};

static uint8_t buffer[EG_TRACE_MESSAGE_BYTES(1u << 17)];

/* ── the command line ── */

static bool find_filter(const char *name, struct eg_trace_filter *filter)
{
	enum eg_verdict verdict = eg_verdict_by_name(name);

	if (verdict != EG_VERDICT_NONE) {
		*filter = (struct eg_trace_filter){EG_TRACE_VERDICT, (uint8_t)verdict};
		return true;
	}
	for (unsigned i = 0; i < EG_DROP_COUNT; i++) {
		if (strcmp(eg_drop_name(i), name) == 0) {
			*filter = (struct eg_trace_filter){EG_TRACE_DROP, (uint8_t)i};
			return true;
		}
	}
	return false;
}

static int get_options(const struct eg_cli *cli, struct trace *t)
{
	const char *status = eg_cli_get(cli, "status");
	int rc = eg_cli_get_number(cli, "count", UINT32_MAX, &t->count);

	if (rc == 0)
		rc = eg_cli_get_number(cli, "timeout", TIMEOUT_MAX_S, &t->timeout_s);
	if (rc != 0)
		return rc;
	if (t->count == 0 || (eg_cli_has(cli, "timeout") && t->timeout_s == 0))
		return eg_cli_usage(cli, "--count and --timeout: at least 1");
	if (status != NULL && !find_filter(status, &t->ask.filter))
		return eg_cli_usage(cli,
		    "--status: '%s' is neither a status nor a drop: see edgatectl counters",
		    status);
	t->pcap_path = eg_cli_get(cli, "pcap");
	t->as_json = eg_cli_has(cli, "json");
	if (t->pcap_path != NULL)
		t->ask.flags |= EG_TRACE_WITH_PACKETS;
	if (eg_cli_has(cli, "with-tokens")) {
		if (t->pcap_path == NULL)
			return eg_cli_usage(cli, "--with-tokens is about the file of --pcap");
		t->ask.flags |= EG_TRACE_WITH_TOKENS;
	}
	return 0;
}

/* ── the connection ── */

/* The ask, with the other end of the pair. */
static int send_ask(const struct trace *t, int fd, const char *path, int their_end)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	uint8_t bytes[EG_TRACE_ASK_BYTES];
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct iovec iov = {bytes, sizeof(bytes)};
	struct msghdr msg = {.msg_name = &addr,
	    .msg_namelen = sizeof(addr),
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control,
	    .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(addr.sun_path, path, strlen(path));
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &their_end, sizeof(int));
	eg_trace_write_ask(bytes, &t->ask);
	return sendmsg(fd, &msg, MSG_NOSIGNAL) == (ssize_t)sizeof(bytes) ? 0 : -1;
}

static int ask_at(struct trace *t, const char *path, struct eg_error *err)
{
	int pair[2] = {-1, -1}, fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = -1;

	if (fd >= 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0)
		rc = send_ask(t, fd, path, pair[1]);
	if (rc != 0)
		rc = eg_error_set(err, EG_EIO, "%s: %s%s", path, strerror(errno),
		    errno == EACCES ? ": root, edgate's user and its group may trace" : "");
	if (fd >= 0)
		(void)close(fd);
	if (pair[1] >= 0)
		(void)close(pair[1]);
	t->fd = pair[0];
	return rc;
}

static int ask_edgate(const struct eg_cli *cli, struct trace *t, struct eg_error *err)
{
	char dir[512], path[sizeof(dir) + 16];
	struct eg_stats stats;
	int rc = ctl_run_dir(cli, dir, sizeof(dir), err);

	if (rc == 0)
		rc = ctl_open_stats(cli, &stats, err);
	if (rc != 0)
		return rc;
	if (!ctl_is_running(&stats))
		rc = eg_error_set(err, EG_ENOENT, "no edgate runs in %s: process %llu is gone", dir,
		    (unsigned long long)stats.header->pid);
	eg_stats_close(&stats);
	(void)snprintf(path, sizeof(path), "%s/ctl.sock", dir);
	return rc == 0 ? ask_at(t, path, err) : rc;
}

/* 1 a message, 0 none until then, or a negative code. */
static int next_message(const struct trace *t, uint64_t until_ns, struct eg_trace_message *message,
    struct eg_error *err)
{
	struct pollfd p = {.fd = t->fd, .events = POLLIN};
	uint64_t now_ns = eg_clock_mono_ns();
	ssize_t n;

	while (
	    poll(&p, 1, until_ns > now_ns ? (int)((until_ns - now_ns) / NS_PER_MS + 1) : 0) <= 0) {
		now_ns = eg_clock_mono_ns();
		if (now_ns >= until_ns)
			return 0;
	}
	n = recv(t->fd, buffer, sizeof(buffer), 0);
	if (n <= 0)
		return eg_error_set(err, EG_EIO,
		    "edgate has closed the trace: it has ended, or you are neither root nor in its "
		    "group");
	if (!eg_trace_parse_message(eg_span(buffer, (size_t)n), message))
		return eg_error_set(err, EG_EVERSION,
		    "edgate speaks another version of this: use the edgatectl beside it");
	return 1;
}

/* ── the trace ── */

static uint64_t deadline_ns(uint64_t wait_ms)
{
	return eg_clock_mono_ns() + wait_ms * NS_PER_MS;
}

static int begin(struct trace *t, struct eg_trace_message *message, struct eg_error *err)
{
	int rc = next_message(t, deadline_ns(ANSWER_MS), message, err);

	if (rc < 0)
		return rc;
	if (rc == 0)
		return eg_error_set(err, EG_EAGAIN, "edgate does not answer");
	if (message->kind == EG_TRACE_REFUSED)
		return eg_error_set(err, EG_EPERM, "edgate does not trace: %.*s",
		    (int)message->text.len, (const char *)message->text.ptr);
	return 0;
}

static int show(struct trace *t, const struct eg_traced *packet, struct eg_error *err)
{
	t->seen++;
	t->lost = packet->lost;
	if (t->as_json)
		(void)ctl_print_json(trace_json(packet), JSON_COMPACT);
	else
		trace_print(packet);
	(void)fflush(stdout);
	return t->pcap != NULL ? trace_pcap_put(t->pcap, packet, err) : 0;
}

static int follow(struct trace *t, struct eg_trace_message *message, struct eg_error *err)
{
	uint64_t wait_ms = t->timeout_s != 0 ? t->timeout_s * 1000 : TIMEOUT_MAX_S * 1000ull;
	uint64_t until_ns = deadline_ns(wait_ms);
	int rc = 1;

	while (rc > 0 && t->seen < t->count) {
		rc = next_message(t, until_ns, message, err);
		if (rc == 0 && t->timeout_s == 0) {
			until_ns = deadline_ns(wait_ms);
			rc = 1;
		} else if (rc > 0 && message->kind == EG_TRACE_PACKET) {
			int shown = show(t, &message->packet, err);

			rc = shown != 0 ? shown : 1;
		}
	}
	if (rc == 0)
		return eg_error_set(err, EG_EAGAIN, "%llu of %llu packets within %llu s",
		    (unsigned long long)t->seen, (unsigned long long)t->count,
		    (unsigned long long)t->timeout_s);
	return rc < 0 ? rc : 0;
}

/* The file is made once there is something to trace: a refusal leaves none behind. */
static int run(const struct eg_cli *cli, struct trace *t, struct eg_error *err)
{
	static struct eg_trace_message message;
	int rc = ask_edgate(cli, t, err);

	if (rc == 0)
		rc = begin(t, &message, err);
	if (rc == 0 && t->pcap_path != NULL) {
		t->pcap = trace_pcap_open(t->pcap_path, err);
		rc = t->pcap != NULL ? 0 : err->code;
	}
	if (rc == 0)
		rc = follow(t, &message, err);
	if (t->fd >= 0)
		(void)close(t->fd);
	if (t->pcap != NULL)
		trace_pcap_close(t->pcap);
	return rc;
}

int ctl_trace(const struct eg_cli *cli)
{
	struct trace t = {.count = COUNT_DEFAULT, .fd = -1};
	struct eg_error err = {0};
	int rc = get_options(cli, &t);

	if (rc != 0)
		return rc;
	rc = run(cli, &t, &err);
	if (t.lost != 0)
		(void)fprintf(stderr, "%llu packets came too fast to be traced\n",
		    (unsigned long long)t.lost);
	return rc == 0 ? EG_CLI_DONE : eg_cli_refuse(&err);
}
