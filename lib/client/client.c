/* SPDX-License-Identifier: BSD-3-Clause */
#include "edgate_client.h"

#include "eg_clock.h"
#include "eg_egt.h"
#include "eg_stats.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEFAULT_TIMEOUT_MS 200u
#define DEFAULT_TRIES      3u
#define NAME_BYTES         256u
#define ERROR_BYTES        512u
#define PING_BYTES         128u /* room for the whole answer */
#define NS_PER_MS          1000000ull

_Static_assert(EDGATE_OK == EG_OK, "the one accept");
_Static_assert(EDGATE_TOKENS_MAX == EG_EGT_RECORDS_MAX, "one call, one frame at best");

struct edgate_client {
	int fd;
	struct addrinfo *addresses;
	const struct addrinfo *next; /* to be tried when the current one refuses */
	struct edgate_options options;
	char host[NAME_BYTES]; /* as given, for sentences */
	char error[ERROR_BYTES];
	uint8_t *request, *reply; /* max_datagram_bytes each */
};

/* The tokens of one datagram: which of the caller's they are. */
struct batch {
	unsigned idx[EDGATE_TOKENS_MAX];
	unsigned cnt;
	size_t bytes; /* before padding */
};

__attribute__((format(printf, 2, 3))) static int fail(
    struct edgate_client *client, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(client->error, sizeof(client->error), fmt, args);
	va_end(args);
	return -1;
}

/* "h", "h:port", "[a]", "[a]:port"; a bare IPv6 address has several colons and no port. */
static bool split_host(const char *host, char name[NAME_BYTES], const char **port)
{
	const char *colon = strrchr(host, ':');
	const char *start = host;
	size_t len = strlen(host);

	*port = NULL;
	if (host[0] == '[') {
		const char *end = strchr(host, ']');

		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		start = host + 1;
		len = (size_t)(end - start);
		*port = end[1] == ':' ? end + 2 : NULL;
	} else if (colon != NULL && colon == strchr(host, ':')) {
		len = (size_t)(colon - host);
		*port = colon + 1;
	}
	if (len == 0 || len >= NAME_BYTES)
		return false;
	memcpy(name, start, len);
	name[len] = '\0';
	return true;
}

static bool port_is_valid(const char *port)
{
	char *end;
	unsigned long value;

	if (port[0] < '0' || port[0] > '9')
		return false;
	value = strtoul(port, &end, 10);
	return *end == '\0' && value >= 1 && value <= UINT16_MAX;
}

static int resolve(struct edgate_client *client, const char *host)
{
	struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_protocol = IPPROTO_UDP};
	char name[NAME_BYTES], default_port[8];
	const char *port;
	int error;

	if (strlen(host) >= sizeof(client->host))
		return fail(client, "the host name is longer than %u characters", NAME_BYTES - 1);
	(void)strcpy(client->host, host);
	if (!split_host(client->host, name, &port))
		return fail(client, "%s: not HOST, HOST:PORT or [IPV6]:PORT", client->host);
	if (port == NULL) {
		(void)snprintf(default_port, sizeof(default_port), "%u", EG_EGT_PORT);
		port = default_port;
	}
	if (!port_is_valid(port))
		return fail(client, "%s: the port must be a number from 1 to 65535", client->host);
	error = getaddrinfo(name, port, &hints, &client->addresses);
	if (error != 0)
		return fail(client, "%s: %s", client->host, gai_strerror(error));
	client->next = client->addresses;
	return 0;
}

/* The server drops fragments, so none may arise: too long a datagram fails here, with EMSGSIZE. */
static int forbid_fragments(int fd, int family)
{
	int value = IP_PMTUDISC_DO;

	if (family == AF_INET6) {
		value = IPV6_PMTUDISC_DO;
		return setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &value, sizeof(value));
	}
	return setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &value, sizeof(value));
}

static int open_socket(const struct addrinfo *address)
{
	int fd =
	    socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
	int saved;

	if (fd < 0)
		return -1;
	if (forbid_fragments(fd, address->ai_family) == 0 &&
	    connect(fd, address->ai_addr, address->ai_addrlen) == 0)
		return fd;
	saved = errno;
	(void)close(fd);
	errno = saved;
	return -1;
}

/* Connects to the next address of the host that takes a socket. A name such as localhost has
 * several, and the server may listen on one alone. */
static int connect_next(struct edgate_client *client)
{
	int error = ECONNREFUSED;

	if (client->fd >= 0)
		(void)close(client->fd);
	client->fd = -1;
	while (client->next != NULL) {
		client->fd = open_socket(client->next);
		client->next = client->next->ai_next;
		if (client->fd >= 0)
			return 0;
		error = errno;
	}
	client->next = client->addresses;
	if (error == ECONNREFUSED)
		return fail(
		    client, "%s: connection refused: no edgate listens there", client->host);
	return fail(client, "%s: %s", client->host, strerror(error));
}

static int set_options(struct edgate_client *client, const struct edgate_options *options)
{
	struct edgate_options *o = &client->options;

	if (options != NULL)
		*o = *options;
	if (o->max_datagram_bytes == 0)
		o->max_datagram_bytes = EG_EGT_DATAGRAM_BYTES;
	if (o->timeout_ms == 0)
		o->timeout_ms = DEFAULT_TIMEOUT_MS;
	if (o->tries == 0)
		o->tries = DEFAULT_TRIES;
	if (o->max_datagram_bytes < EG_EGT_PONG_BYTES ||
	    o->max_datagram_bytes > EG_EGT_DATAGRAM_MAX)
		return fail(client, "max_datagram_bytes must be from %u to %u", EG_EGT_PONG_BYTES,
		    EG_EGT_DATAGRAM_MAX);
	client->request = malloc(o->max_datagram_bytes);
	client->reply = malloc(o->max_datagram_bytes);
	if (client->request == NULL || client->reply == NULL)
		return fail(client, "out of memory");
	return 0;
}

struct edgate_client *edgate_client_open(
    const char *host, const struct edgate_options *options, char *error, size_t error_len)
{
	struct edgate_client *client = calloc(1, sizeof(*client));

	if (client == NULL || sodium_init() < 0) {
		(void)snprintf(error, error_len, "out of memory or of randomness");
		free(client);
		return NULL;
	}
	client->fd = -1;
	if (set_options(client, options) != 0 || resolve(client, host) != 0 ||
	    connect_next(client) != 0) {
		(void)snprintf(error, error_len, "%s", client->error);
		edgate_client_close(client);
		return NULL;
	}
	return client;
}

void edgate_client_close(struct edgate_client *client)
{
	if (client == NULL)
		return;
	if (client->fd >= 0)
		(void)close(client->fd);
	if (client->addresses != NULL)
		freeaddrinfo(client->addresses);
	free(client->request);
	free(client->reply);
	free(client);
}

const char *edgate_client_error(const struct edgate_client *client)
{
	return client->error;
}

/* Rounded up, so that a poll never spins through the last millisecond; -1 past the deadline. */
static int left_ms(uint64_t deadline_ns)
{
	uint64_t now_ns = eg_clock_mono_ns();
	uint64_t ms;

	if (now_ns >= deadline_ns)
		return -1;
	ms = (deadline_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS;
	return ms < INT_MAX ? (int)ms : INT_MAX;
}

enum wait { WAIT_ANSWERED, WAIT_TIMEOUT, WAIT_ERROR /* errno */ };

/* Whether the reply of `bytes` answers the request. No answer is longer than its question. */
static bool is_answer(const struct edgate_client *client, size_t request_bytes, size_t bytes,
    struct eg_egt_response *resp)
{
	const uint8_t *request = client->request;

	return bytes <= request_bytes &&
	       eg_egt_parse_response(eg_span(client->reply, bytes), resp) == 0 &&
	       resp->request_id == eg_load_be64(request + 8) && resp->type == request[3] + 1 &&
	       resp->count == request[5];
}

/* Anything that is not the answer is passed over: it must not end the wait. */
static enum wait wait_answer(
    struct edgate_client *client, size_t request_bytes, struct eg_egt_response *resp)
{
	uint64_t deadline_ns = eg_clock_mono_ns() + client->options.timeout_ms * NS_PER_MS;
	int ms;

	while ((ms = left_ms(deadline_ns)) >= 0) {
		struct pollfd pfd = {.fd = client->fd, .events = POLLIN};
		ssize_t n;

		if (poll(&pfd, 1, ms) < 0 && errno != EINTR)
			return WAIT_ERROR;
		n = recv(client->fd, client->reply, client->options.max_datagram_bytes,
		    MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return WAIT_ERROR;
		if (n >= 0 && is_answer(client, request_bytes, (size_t)n, resp))
			return WAIT_ANSWERED;
	}
	return WAIT_TIMEOUT;
}

/* One try, under an id of its own. */
static enum wait ask_once(
    struct edgate_client *client, size_t request_bytes, struct eg_egt_response *resp)
{
	uint64_t id;
	ssize_t n;

	randombytes_buf(&id, sizeof(id));
	eg_egt_set_request_id(client->request, id);
	do
		n = send(client->fd, client->request, request_bytes, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? WAIT_ERROR : wait_answer(client, request_bytes, resp);
}

static int ask_failed(struct edgate_client *client, size_t request_bytes)
{
	if (errno == EMSGSIZE)
		return fail(client, "%s: a datagram of %zu bytes is too long for the way there",
		    client->host, request_bytes);
	return fail(client, "%s: %s", client->host, strerror(errno));
}

/* Sends the request until it is answered. A refusal moves on to the host's next address and is no
 * try. */
static int ask(struct edgate_client *client, size_t request_bytes, struct eg_egt_response *resp)
{
	unsigned tries = 0;

	if (client->fd < 0 && connect_next(client) != 0)
		return -1;
	while (tries < client->options.tries) {
		switch (ask_once(client, request_bytes, resp)) {
		case WAIT_ANSWERED:
			return 0;
		case WAIT_TIMEOUT:
			tries++;
			break;
		case WAIT_ERROR:
			if (errno != ECONNREFUSED)
				return ask_failed(client, request_bytes);
			if (connect_next(client) != 0)
				return -1;
			break;
		}
	}
	return fail(client, "%s: no answer within %u tries of %u ms", client->host,
	    client->options.tries, client->options.timeout_ms);
}

static size_t header_bytes(uint64_t min_epoch)
{
	return EG_EGT_HEADER_BYTES + (min_epoch != 0 ? sizeof(min_epoch) : 0);
}

static bool fits(const struct edgate_client *client, size_t bytes, unsigned cnt)
{
	return bytes <= client->options.max_datagram_bytes &&
	       EG_EGT_RESPONSE_BYTES(cnt) <= client->options.max_datagram_bytes;
}

/* Takes tokens from *first on while they fit one datagram. One that fits none is answered here. */
static struct batch next_batch(const struct edgate_client *client,
    const struct edgate_token tokens[], unsigned cnt, size_t empty_bytes,
    struct edgate_answer answers[], unsigned *first)
{
	struct batch b = {.bytes = empty_bytes};

	for (; *first < cnt; (*first)++) {
		size_t len = tokens[*first].len;
		bool too_big =
		    len > UINT16_MAX || !fits(client, empty_bytes + EG_EGT_RECORD_BYTES + len, 1);

		if (too_big) {
			answers[*first].status = EG_TOO_BIG;
			continue;
		}
		if (!fits(client, b.bytes + EG_EGT_RECORD_BYTES + len, b.cnt + 1))
			break;
		b.bytes += EG_EGT_RECORD_BYTES + len;
		b.idx[b.cnt++] = *first;
	}
	return b;
}

static size_t write_request(struct edgate_client *client, const struct edgate_token tokens[],
    const struct batch *b, uint64_t min_epoch)
{
	struct eg_writer w = eg_writer(client->request, client->options.max_datagram_bytes);

	eg_egt_begin_request(&w, EG_EGT_VERIFY, 0, (uint8_t)b->cnt, 0, min_epoch);
	for (unsigned i = 0; i < b->cnt; i++) {
		const struct edgate_token *t = &tokens[b->idx[i]];

		eg_egt_put_record(&w, &(struct eg_egt_record){.fmt = t->fmt,
		                          .policy_id = t->policy_id,
		                          .token = eg_span(t->bytes, t->len)});
	}
	return eg_egt_finish_request(&w, client->request, (uint8_t)b->cnt);
}

/* A server that says OK before it has applied what was asked for is not believed. */
static struct edgate_answer answer_of(
    const struct eg_egt_response *resp, unsigned i, uint64_t min_epoch)
{
	struct eg_egt_answer a = eg_egt_answer_at(resp, i);

	if (a.status == EG_OK && resp->epoch < min_epoch)
		a.status = EG_STALE;
	return (struct edgate_answer){.status = a.status,
	    .detail = a.detail,
	    .flags = a.rflags,
	    .exp_s = a.exp,
	    .cache_for = a.cache_for};
}

int edgate_client_verify(struct edgate_client *client, const struct edgate_token tokens[],
    unsigned cnt, uint64_t min_epoch, struct edgate_answer answers[], uint64_t *epoch)
{
	uint64_t lowest = UINT64_MAX;
	unsigned next = 0;

	if (epoch != NULL)
		*epoch = 0;
	if (cnt < 1 || cnt > EDGATE_TOKENS_MAX)
		return fail(client, "%u tokens: one call takes 1 to %u", cnt, EDGATE_TOKENS_MAX);
	memset(answers, 0, cnt * sizeof(answers[0]));
	for (unsigned i = 0; i < cnt; i++)
		if (tokens[i].fmt > EG_FMT_PASETO)
			return fail(client, "token %u: format %u does not exist", i, tokens[i].fmt);
	while (next < cnt) {
		struct batch b =
		    next_batch(client, tokens, cnt, header_bytes(min_epoch), answers, &next);
		struct eg_egt_response resp;

		if (b.cnt == 0)
			break;
		if (ask(client, write_request(client, tokens, &b, min_epoch), &resp) != 0)
			return -1;
		for (unsigned i = 0; i < b.cnt; i++)
			answers[b.idx[i]] = answer_of(&resp, i, min_epoch);
		if (resp.epoch < lowest)
			lowest = resp.epoch;
	}
	if (epoch != NULL && lowest != UINT64_MAX)
		*epoch = lowest;
	return 0;
}

int edgate_client_ping(struct edgate_client *client, struct edgate_info *info)
{
	size_t bytes = client->options.max_datagram_bytes < PING_BYTES
	                   ? client->options.max_datagram_bytes
	                   : PING_BYTES;
	struct eg_writer w = eg_writer(client->request, bytes);
	struct eg_egt_response resp;
	struct eg_egt_pong pong;

	memset(info, 0, sizeof(*info));
	eg_egt_begin_request(&w, EG_EGT_PING, 0, 1, 0, 0);
	eg_egt_put_record(&w, &(struct eg_egt_record){.fmt = EG_FMT_DETECT});
	eg_egt_pad_request(&w, client->request, bytes);
	if (ask(client, eg_egt_finish_request(&w, client->request, 1), &resp) != 0)
		return -1;
	if (eg_egt_parse_pong(&resp, &pong) != 0)
		return fail(client, "%s: the answer to PING is malformed", client->host);
	info->ready = pong.ready != 0;
	info->shards = pong.shards;
	info->base_port = pong.base_port;
	info->utc_s = pong.utc_s;
	info->epoch = resp.epoch;
	if (pong.version.len > 0)
		memcpy(info->version, pong.version.ptr, pong.version.len);
	return 0;
}

static const char *name_or_number(const char *name, uint8_t number)
{
	static _Thread_local char text[sizeof("UNKNOWN(255)")];

	if (name != NULL)
		return name;
	(void)snprintf(text, sizeof(text), "UNKNOWN(%u)", number);
	return text;
}

const char *edgate_status_name(uint8_t status)
{
	return name_or_number(eg_verdict_name(status), status);
}

const char *edgate_detail_name(uint8_t detail)
{
	return name_or_number(eg_detail_name(detail), detail);
}
