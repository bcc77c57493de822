/* SPDX-License-Identifier: BSD-3-Clause */
#include "tracing.h"

#include "eg_log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* Control's alone, and it has one thread. */
static uint8_t buffer[EG_TRACE_MESSAGE_BYTES(EG_EGT_DATAGRAM_MAX + EG_PORT_HEADERS_BYTES)];
static struct eg_trace_message message;

static bool send_message(int fd)
{
	size_t len = eg_trace_write_message(buffer, sizeof(buffer), &message);

	return len != 0 && send(fd, buffer, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}

static void refuse(int fd, const char *why)
{
	message = (struct eg_trace_message){.kind = EG_TRACE_REFUSED, .text = eg_span_str(why)};
	(void)send_message(fd);
	(void)close(fd);
}

static uint64_t lost_by_workers(const struct eg_tracing *t)
{
	return eg_stats_sum(
	    t->stats, &eg_stats_counters, EG_COUNTER_trace_lost, 0, t->stats->core_cnt);
}

static bool is_gone(const struct eg_tracing *t)
{
	struct pollfd p = {.fd = t->fd, .events = POLLIN};

	/* Nothing is expected of the other end: what it says, or that it hangs up, ends the trace.
	 */
	return poll(&p, 1, 0) != 0;
}

void eg_tracing_begin(struct eg_tracing *t, const struct eg_doorbell_ask *ask)
{
	char text[96];

	if (t->fd >= 0 && is_gone(t))
		eg_tracing_end(t);
	if (t->fd >= 0) {
		(void)snprintf(text, sizeof(text), "process %d is tracing already: one at a time",
		    (int)t->pid);
		refuse(ask->fd, text);
		return;
	}
	if ((ask->ask.flags & EG_TRACE_WITH_TOKENS) != 0 && !ask->may_see_tokens) {
		refuse(ask->fd, "tokens are shown to root and to edgate's own user alone");
		return;
	}
	t->fd = ask->fd;
	t->pid = ask->pid;
	t->flags = ask->ask.flags;
	if (++t->session == 0)
		t->session = 1;
	t->lost = 0;
	t->lost_before = lost_by_workers(t);
	for (unsigned i = 0; i < t->worker_cnt; i++)
		eg_trace_start(t->worker[i].trace, t->session, ask->ask.filter);
	message = (struct eg_trace_message){.kind = EG_TRACE_ARMED};
	(void)send_message(t->fd);
	eg_log(EG_LOG_INFO, "trace begun by process %d%s", (int)t->pid,
	    (t->flags & EG_TRACE_WITH_TOKENS) != 0 ? ", with tokens" : "");
}

static void send_entry(struct eg_tracing *t, struct eg_worker *w, struct eg_trace_entry *entry)
{
	struct eg_traced *packet = &message.packet;

	message.kind = EG_TRACE_PACKET;
	eg_trace_read(entry, &w->port->netif, t->max_datagram_bytes,
	    (t->flags & EG_TRACE_WITH_TOKENS) != 0, packet);
	packet->worker = w->idx;
	packet->lost = t->lost + lost_by_workers(t) - t->lost_before;
	packet->ticks_hz = atomic_load_explicit(&t->stats->header->ticks_hz, memory_order_relaxed);
	if ((t->flags & EG_TRACE_WITH_PACKETS) == 0)
		packet->request = packet->reply = eg_span(NULL, 0);
	if (!send_message(t->fd))
		t->lost++;
}

/* What an older session has left is thrown away: the filter was another. */
static void send_ring(struct eg_tracing *t, struct eg_worker *w)
{
	struct eg_trace_entry *entry;

	for (unsigned i = 0; i < EG_TRACE_ENTRIES; i++) {
		entry = eg_trace_peek(w->trace);
		if (entry == NULL)
			return;
		if (entry->session == t->session)
			send_entry(t, w, entry);
		eg_trace_drop(w->trace);
	}
}

void eg_tracing_turn(struct eg_tracing *t)
{
	if (t->fd < 0)
		return;
	for (unsigned i = 0; i < t->worker_cnt; i++)
		send_ring(t, &t->worker[i]);
	if (is_gone(t))
		eg_tracing_end(t);
}

void eg_tracing_end(struct eg_tracing *t)
{
	if (t->fd < 0)
		return;
	for (unsigned i = 0; i < t->worker_cnt; i++)
		eg_trace_stop(t->worker[i].trace);
	(void)close(t->fd);
	t->fd = -1;
	eg_log(EG_LOG_INFO, "trace of process %d ended", (int)t->pid);
}
