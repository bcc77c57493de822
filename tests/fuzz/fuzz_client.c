/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The client library: what it makes of datagrams that claim to answer it. The socket's calls are
 * replaced (--wrap), so that no packet leaves. Input: u8 tokens, u8 MIN_EPOCH or none, then
 * replies: u8 make, bytes.
 *
 *   make bit 0  the request's id       bit 1  header and length that fit the request
 */
#include "fuzz.h"

#include "eg_egt.h"
#include "edgate_client.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#define TOKENS_MAX 8u

/* Between the library's calls and the input. */
static struct {
	struct eg_reader in;
	uint8_t request[EG_EGT_DATAGRAM_BYTES], reply[EG_EGT_DATAGRAM_MAX];
	size_t request_bytes, reply_bytes;
} wire;

ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
int __wrap_poll(struct pollfd *fds, nfds_t cnt, int timeout_ms);

ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags)
{
	(void)fd;
	(void)flags;
	FUZZ_CHECK(len <= sizeof(wire.request));
	memcpy(wire.request, buf, len);
	wire.request_bytes = len;
	return (ssize_t)len;
}

int __wrap_poll(struct pollfd *fds, nfds_t cnt, int timeout_ms)
{
	(void)fds;
	(void)cnt;
	(void)timeout_ms;
	return 1;
}

static void make_reply(uint8_t make, struct eg_span bytes)
{
	uint8_t *p = wire.reply;

	wire.reply_bytes = bytes.len < sizeof(wire.reply) ? bytes.len : sizeof(wire.reply);
	if (wire.reply_bytes != 0)
		memcpy(p, bytes.ptr, wire.reply_bytes);
	if (wire.reply_bytes < EG_EGT_HEADER_BYTES)
		return;
	if ((make & 1) != 0)
		memcpy(p + 8, wire.request + 8, 8);
	if ((make & 2) != 0) {
		memcpy(p, wire.request, 3);
		p[3] = (uint8_t)(wire.request[3] + 1);
		p[4] = 0;
		p[5] = wire.request[5];
		eg_store_be16(p + 6, (uint16_t)wire.reply_bytes);
	}
}

/* A refusal, and at the end of the input an error: nothing waits for the clock. */
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
	uint8_t make;

	(void)fd;
	FUZZ_CHECK((flags & MSG_TRUNC) != 0);
	if (wire.in.left == 0) {
		errno = ECONNRESET;
		return -1;
	}
	make = eg_read_u8(&wire.in);
	if ((make & 0xf0) == 0xf0) {
		errno = make & 1 ? EAGAIN : EINTR;
		return -1;
	}
	make_reply(make, fuzz_take16(&wire.in));
	memcpy(buf, wire.reply, wire.reply_bytes < len ? wire.reply_bytes : len);
	return (ssize_t)wire.reply_bytes;
}

/* Does the last reply say OK to token i? Read by hand. */
static bool reply_says_ok(unsigned i, unsigned cnt, uint64_t min_epoch)
{
	const uint8_t *p = wire.reply;

	return wire.reply_bytes <= wire.request_bytes &&
	       wire.reply_bytes >= EG_EGT_RESPONSE_BYTES(cnt) &&
	       memcmp(p, "\xe6\xa7\x01\x02\x00", 5) == 0 && p[5] == cnt &&
	       eg_load_be16(p + 6) == wire.reply_bytes && memcmp(p + 8, wire.request + 8, 8) == 0 &&
	       eg_load_be64(p + 16) >= min_epoch && p[24 + 12 * i] == EDGATE_OK;
}

static struct edgate_client *client(void)
{
	static struct edgate_client *one;
	char why[256];

	if (one == NULL)
		one = edgate_client_open("127.0.0.1", NULL, why, sizeof(why));
	FUZZ_CHECK(one != NULL);
	return one;
}

static void verify(unsigned cnt, uint64_t min_epoch)
{
	struct edgate_token tokens[TOKENS_MAX];
	struct edgate_answer answers[TOKENS_MAX];
	uint64_t epoch = 0;
	int rc;

	for (unsigned i = 0; i < cnt; i++)
		tokens[i] = (struct edgate_token){.bytes = "a.b.c", .len = 5};
	rc = edgate_client_verify(client(), tokens, cnt, min_epoch, answers, &epoch);
	fuzz_mark("verify", rc == 0 ? "answered" : "failed");
	for (unsigned i = 0; i < cnt; i++) {
		FUZZ_CHECK(rc == 0 || answers[i].status == 0);
		if (answers[i].status == EDGATE_OK)
			FUZZ_CHECK(reply_says_ok(i, cnt, min_epoch));
		FUZZ_CHECK(edgate_status_name(answers[i].status) != NULL);
		FUZZ_CHECK(edgate_detail_name(answers[i].detail) != NULL);
		fuzz_mark("status", answers[i].status == EDGATE_OK  ? "ok"
		                    : answers[i].status == EG_STALE ? "stale"
		                                                    : "other");
	}
	FUZZ_CHECK(rc == 0 || edgate_client_error(client())[0] != '\0');
}

static void ping(void)
{
	struct edgate_info info;
	const int rc = edgate_client_ping(client(), &info);

	fuzz_mark("ping", rc == 0 ? "answered" : "failed");
	FUZZ_CHECK(memchr(info.version, 0, sizeof(info.version)) != NULL);
	FUZZ_CHECK(rc == 0 || edgate_client_error(client())[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t tokens, epoch;

	wire.in = eg_reader(eg_span(data, size));
	wire.reply_bytes = 0;
	tokens = eg_read_u8(&wire.in);
	epoch = eg_read_u8(&wire.in);
	if (tokens >= 0xf0)
		ping();
	else
		verify(tokens % TOKENS_MAX + 1, epoch);
	return 0;
}
