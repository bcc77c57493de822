/* SPDX-License-Identifier: BSD-3-Clause */
#include "session.h"

#include "forge.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define RESOLVE_NS  (5 * 1000 * 1000 * 1000ull)
#define COLD_FACTOR 4u

static int check_corpus(const struct load_session *s, struct eg_error *err)
{
	const struct load_options *o = s->options;

	if (s->corpus.request_cnt == 0)
		return eg_error_set(
		    err, EG_EINVAL, "no token of the corpus fits %u bytes", o->datagram_bytes);
	if (o->mix == LOAD_MIX_COLD && s->corpus.token_cnt < COLD_FACTOR * o->cache_entries)
		return eg_error_set(err, EG_EINVAL,
		    "W2 wants %llu valid tokens, %u for each of the cache's entries, so that none "
		    "is still there when it comes again; the corpus has %zu",
		    (unsigned long long)(COLD_FACTOR * o->cache_entries), COLD_FACTOR,
		    s->corpus.token_cnt);
	return 0;
}

static int open_corpus(struct load_session *s, struct eg_error *err)
{
	struct load_corpus_wish wish = s->options->wish;
	int rc;

	load_forge_init();
	wish.tokens_max = s->options->table ? 1 : wish.tokens_max;
	rc = load_corpus_read(&s->corpus, s->options->corpus, &wish, err);
	if (rc == 0 && !s->options->table)
		rc = check_corpus(s, err);
	if (rc == 0 && s->corpus.request_cnt != 0)
		rc = load_popularity_init(&s->popularity, s->options->popularity,
		    s->options->zipf_s, (uint32_t)s->corpus.request_cnt, err);
	if (rc == 0 && s->popularity.cnt != 0)
		s->popularity.first = s->options->first % s->popularity.cnt;
	return rc;
}

/* The address that the kernel would send from. */
static int find_own_address(struct load_route *route, struct eg_error *err)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(route->server_port)};
	socklen_t bytes = sizeof(sa);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP), rc = 0;

	memcpy(&sa.sin_addr, route->server_ip, sizeof(sa.sin_addr));
	if (fd < 0 || connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &bytes) != 0)
		rc = eg_error_set(err, EG_EIO, "no way to the edgate: %s", strerror(errno));
	else
		memcpy(route->ip, &sa.sin_addr, sizeof(route->ip));
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

static int steer(struct load_session *s, struct eg_error *err)
{
	return load_steer_init(&s->steer, &s->options->steer, s->route.ip, s->route.server_ip,
	    s->route.server_port, err);
}

static int open_sockets(struct load_session *s, struct eg_error *err)
{
	int rc = find_own_address(&s->route, err);

	if (rc == 0)
		rc = steer(s, err);
	for (unsigned i = 0; rc == 0 && i < s->lane_cnt; i++)
		rc = load_lane_open_socket(
		    &s->lane[i], &s->route, &s->steer, s->options->datagram_bytes, err);
	return rc;
}

static int open_port(struct load_session *s, struct eg_error *err)
{
	const struct load_options *o = s->options;
	char *eal[EG_CONFIG_ARGS_MAX];
	int rc;

	memcpy(eal, o->eal, sizeof(eal));
	rc = eg_port_eal_init(o->eal_cnt, eal, err);
	if (rc != 0)
		return rc;
	s->eal = true;
	rc = eg_port_open(&s->port, &o->port, o->datagram_bytes, LOAD_SOURCE_PORT, err);
	if (rc != 0)
		return rc;
	memcpy(s->route.mac, s->port->netif.mac, sizeof(s->route.mac));
	memcpy(s->route.ip, o->port.addr[0].bytes, sizeof(s->route.ip));
	rc = load_resolve(s->port, &s->route, RESOLVE_NS, err);
	if (rc == 0)
		rc = steer(s, err);
	for (unsigned i = 0; rc == 0 && i < s->lane_cnt; i++) {
		const struct load_queues queues = {s->port, i, s->lane_cnt};

		rc = load_lane_open_port(&s->lane[i], &queues, &s->route, &s->steer, err);
	}
	return rc;
}

int load_session_open(
    struct load_session *session, const struct load_options *options, struct eg_error *err)
{
	int rc;

	*session = (struct load_session){
	    .options = options, .lane_cnt = options->cpu_cnt != 0 ? options->cpu_cnt : 1};
	memcpy(session->route.server_ip, options->server, sizeof(session->route.server_ip));
	session->route.server_port = options->server_port;
	rc = open_corpus(session, err);
	if (rc == 0)
		rc = options->udp ? open_sockets(session, err) : open_port(session, err);
	if (rc != 0)
		load_session_close(session);
	return rc;
}

void load_session_close(struct load_session *session)
{
	for (unsigned i = 0; i < session->lane_cnt; i++)
		if (session->lane[i] != NULL)
			session->lane[i]->ops->close(session->lane[i]);
	if (session->port != NULL)
		(void)session->port->ops->close(session->port);
	if (session->eal)
		eg_port_eal_cleanup();
	load_popularity_free(&session->popularity);
	load_corpus_free(&session->corpus);
	*session = (struct load_session){.options = NULL};
}
