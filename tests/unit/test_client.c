/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_test.h"

#include "edgate_client.h"
#include "eg_egt.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#define EPOCH 0x0001000000000042ULL

/* How the server on 127.0.0.1 misbehaves. The first `bad_cnt` requests get the bad treatment, the
 * others the right answer. */
enum behaviour {
	RIGHT,
	SILENT,
	WRONG_ID,
	TRUNCATED,
	FEWER_ANSWERS,
	MORE_ANSWERS,
	WRONG_TYPE,
	GARBAGE,
	EMPTY,
	TOO_LONG,
	OTHER_VERSION,
	FLAGGED,
	STATUS_ZERO,
};

struct server {
	pthread_t thread;
	int fd;
	uint16_t port;
	enum behaviour behaviour;
	unsigned bad_cnt;
	/* written by the thread, read after the join */
	unsigned requests, malformed;
	uint64_t ids[256];
	uint8_t counts[256];
	size_t longest;
	uint64_t min_epoch;
	unsigned tokens_seen;
};

/* Says OK to a token that starts with 'a', EXPIRED to others. */
static size_t right_answer(
    struct server *s, const struct eg_egt_request *req, uint8_t *frame, size_t len)
{
	struct eg_egt_answer answers[EG_EGT_RECORDS_MAX] = {{0}};
	struct eg_span rest = req->records;
	struct eg_egt_pong pong = {.ready = 1,
	    .steering = 1,
	    .shards = 64,
	    .base_port = 25519,
	    .utc_s = 1700000000,
	    .version = eg_span_str("0.1.0-test")};

	if (req->type == EG_EGT_PING)
		return eg_egt_write_pong(frame, len, req->request_id, EPOCH, &pong);
	for (unsigned i = 0; i < req->count; i++) {
		struct eg_egt_record r = eg_egt_next_record(&rest);
		bool good = r.token.len > 0 && r.token.ptr[0] == 'a';

		answers[i] = (struct eg_egt_answer){.status = good ? EG_OK : EG_EXPIRED,
		    .detail = r.fmt,
		    .rflags = EG_RFLAG_SIG_CHECKED,
		    .exp = r.policy_id,
		    .cache_for = (uint32_t)r.token.len};
		s->tokens_seen++;
	}
	return eg_egt_write_response(
	    frame, EG_EGT_VERIFY_R, req->request_id, EPOCH + s->requests, answers, req->count);
}

static size_t misbehave(enum behaviour behaviour, uint8_t *frame, size_t len)
{
	switch (behaviour) {
	case WRONG_ID:
		frame[15] ^= 1;
		break;
	case TRUNCATED:
		len--;
		break;
	case FEWER_ANSWERS:
		frame[5]--;
		len -= EG_EGT_ANSWER_BYTES;
		eg_store_be16(frame + 6, (uint16_t)len);
		break;
	case MORE_ANSWERS:
		frame[5]++;
		len += EG_EGT_ANSWER_BYTES;
		eg_store_be16(frame + 6, (uint16_t)len);
		break;
	case WRONG_TYPE:
		frame[3] = frame[3] == EG_EGT_VERIFY_R ? EG_EGT_PING_R : EG_EGT_VERIFY_R;
		break;
	case GARBAGE:
		memset(frame, 0xa5, len);
		break;
	case EMPTY:
		len = 0;
		break;
	case TOO_LONG:
		memset(frame + len, 0, 5000);
		len += 5000;
		break;
	case OTHER_VERSION:
		frame[2] = 2;
		break;
	case FLAGGED:
		frame[4] = EG_EGT_SEALED;
		break;
	case STATUS_ZERO:
		memset(frame + 24, 0, len - 24);
		break;
	default:
		break;
	}
	return len;
}

static void *serve(void *arg)
{
	static uint8_t frame[EG_EGT_DATAGRAM_MAX];
	struct server *s = arg;

	for (;;) {
		struct sockaddr_in from;
		socklen_t from_len = sizeof(from);
		ssize_t n =
		    recvfrom(s->fd, frame, sizeof(frame), 0, (struct sockaddr *)&from, &from_len);
		struct eg_egt_request req;
		bool bad;
		size_t len;

		if (n == 1)
			return NULL;
		if (n < 0 || s->requests == 256 ||
		    eg_egt_parse_request(eg_span(frame, (size_t)n), &req) != EG_DROP_COUNT) {
			s->malformed++;
			continue;
		}
		bad = s->requests < s->bad_cnt;
		s->ids[s->requests] = req.request_id;
		s->counts[s->requests] = req.count;
		s->min_epoch = req.min_epoch;
		s->longest = (size_t)n > s->longest ? (size_t)n : s->longest;
		len = right_answer(s, &req, frame, (size_t)n);
		s->requests++;
		if (bad && s->behaviour == SILENT)
			continue;
		if (bad)
			len = misbehave(s->behaviour, frame, len);
		(void)sendto(s->fd, frame, len, 0, (struct sockaddr *)&from, from_len);
	}
}

static uint16_t bind_loopback(int fd)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	return ntohs(at.sin_port);
}

static void start(struct server *s, enum behaviour behaviour, unsigned bad_cnt)
{
	*s = (struct server){.behaviour = behaviour, .bad_cnt = bad_cnt};
	s->fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_true(s->fd >= 0);
	s->port = bind_loopback(s->fd);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void stop(struct server *s)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
	    .sin_port = htons(s->port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(sendto(fd, "", 1, 0, (struct sockaddr *)&at, sizeof(at)), 1);
	assert_int_equal(pthread_join(s->thread, NULL), 0);
	(void)close(fd);
	(void)close(s->fd);
	assert_int_equal(s->malformed, 0);
}

static struct edgate_client *open_client(
    const char *host, uint16_t port, const struct edgate_options *options)
{
	char text[64], error[256] = "";
	struct edgate_client *c;

	(void)snprintf(text, sizeof(text), "%s:%u", host, port);
	c = edgate_client_open(text, options, error, sizeof(error));
	if (c == NULL)
		fail_msg("%s: %s", text, error);
	return c;
}

static const struct edgate_options patient = {.timeout_ms = 2000, .tries = 1};
static const struct edgate_options retrying = {.timeout_ms = 150, .tries = 20};
static const struct edgate_options hasty = {.timeout_ms = 40, .tries = 3}; /* where all must fail */

static const struct edgate_token two[] = {
    {.bytes = "abc", .len = 3, .policy_id = 7, .fmt = 1},
    {.bytes = "xyz", .len = 3, .policy_id = 8, .fmt = 2},
};

static void right_answers_arrive(void **state)
{
	struct server s;
	struct edgate_client *c;
	struct edgate_answer a[2];
	uint64_t epoch;

	start(&s, RIGHT, 0);
	c = open_client("127.0.0.1", s.port, &patient);
	assert_int_equal(edgate_client_verify(c, two, 2, 0, a, &epoch), 0);
	assert_int_equal(a[0].status, EDGATE_OK);
	assert_int_equal(a[0].detail, 1);
	assert_int_equal(a[0].flags, EG_RFLAG_SIG_CHECKED);
	assert_int_equal(a[0].exp_s, 7);
	assert_int_equal(a[0].cache_for, 3);
	assert_int_equal(a[1].status, EG_EXPIRED);
	assert_int_equal(a[1].exp_s, 8);
	assert_true(epoch == EPOCH);
	assert_int_equal(edgate_client_verify(c, two, 2, 0, a, NULL), 0);
	edgate_client_close(c);
	stop(&s);
	assert_int_equal(s.requests, 2);
	assert_true(s.ids[0] != s.ids[1]);
	assert_int_equal(s.longest, 48); /* padded up to its answer */
}

/* Whatever comes first, the right answer to the second try is taken; and where nothing else comes,
 * nothing is accepted. */
static void wrong_answers_are_passed_over(void **state)
{
	for (enum behaviour b = SILENT; b <= FLAGGED; b++) {
		struct server s;
		struct edgate_client *c;
		struct edgate_answer a[2];

		start(&s, b, 1);
		c = open_client("127.0.0.1", s.port, &retrying);
		assert_int_equal(edgate_client_verify(c, two, 2, 0, a, NULL), 0);
		assert_int_equal(a[0].status, EDGATE_OK);
		edgate_client_close(c);
		stop(&s);
		assert_in_range(s.requests, 2, 20);
		assert_true(s.ids[0] != s.ids[1]);

		start(&s, b, 256);
		c = open_client("127.0.0.1", s.port, &hasty);
		memset(a, EDGATE_OK, sizeof(a));
		assert_int_equal(edgate_client_verify(c, two, 2, 0, a, NULL), -1);
		assert_int_equal(a[0].status, 0);
		assert_int_equal(a[1].status, 0);
		assert_non_null(
		    strstr(edgate_client_error(c), "no answer within 3 tries of 40 ms"));
		edgate_client_close(c);
		stop(&s);
		assert_int_equal(s.requests, 3);
	}
}

static void status_zero_is_no_accept(void **state)
{
	struct server s;
	struct edgate_client *c;
	struct edgate_answer a[2];

	start(&s, STATUS_ZERO, 256);
	c = open_client("127.0.0.1", s.port, &patient);
	assert_int_equal(edgate_client_verify(c, two, 2, 0, a, NULL), 0);
	assert_int_equal(a[0].status, 0);
	edgate_client_close(c);
	stop(&s);
}

/* A pong to one token would read "ready" as a status of 1. */
static void pong_is_no_accept(void **state)
{
	struct server s;
	struct edgate_client *c;
	struct edgate_answer a;

	start(&s, WRONG_TYPE, 256);
	c = open_client("127.0.0.1", s.port, &hasty);
	assert_int_equal(edgate_client_verify(c, two, 1, 0, &a, NULL), -1);
	assert_int_equal(a.status, 0);
	edgate_client_close(c);
	stop(&s);
}

/* An answer that comes after its try is over does not answer the next one. */
static void late_answer_is_not_taken(void **state)
{
	struct edgate_options options = {.timeout_ms = 30, .tries = 1};
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	struct edgate_answer a[2];
	struct edgate_client *c;
	struct server s = {.fd = socket(AF_INET, SOCK_DGRAM, 0)};
	struct eg_egt_request req;
	uint8_t frame[2048];
	ssize_t n;
	size_t len;

	c = open_client("127.0.0.1", bind_loopback(s.fd), &options);
	assert_int_equal(edgate_client_verify(c, two, 2, 0, a, NULL), -1);
	n = recvfrom(s.fd, frame, sizeof(frame), 0, (struct sockaddr *)&from, &from_len);
	assert_int_equal(eg_egt_parse_request(eg_span(frame, (size_t)n), &req), EG_DROP_COUNT);
	len = right_answer(&s, &req, frame, (size_t)n);
	assert_int_equal(
	    sendto(s.fd, frame, len, 0, (struct sockaddr *)&from, from_len), (ssize_t)len);
	assert_int_equal(edgate_client_verify(c, two, 2, 0, a, NULL), -1);
	assert_int_equal(a[0].status, 0);
	edgate_client_close(c);
	(void)close(s.fd);
}

static void nobody_listening_is_said(void **state)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	uint16_t port = bind_loopback(fd);
	struct edgate_answer a[2];
	struct edgate_client *c;

	(void)close(fd);
	c = open_client("127.0.0.1", port, &patient);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(edgate_client_verify(c, two, 2, 0, a, NULL), -1);
		assert_int_equal(a[0].status, 0);
		assert_non_null(strstr(edgate_client_error(c), "connection refused"));
	}
	edgate_client_close(c);
}

/* localhost is ::1 first on most hosts; the server listens on 127.0.0.1 alone. */
static void next_address_is_tried(void **state)
{
	struct server s;
	struct edgate_client *c;
	struct edgate_answer a[2];

	start(&s, RIGHT, 0);
	c = open_client("localhost", s.port, &patient);
	assert_int_equal(edgate_client_verify(c, two, 2, 0, a, NULL), 0);
	assert_int_equal(a[0].status, EDGATE_OK);
	edgate_client_close(c);
	stop(&s);
}

static void token_that_fits_nothing_is_too_big(void **state)
{
	static char big[70000];
	struct edgate_token tokens[] = {
	    {.bytes = big, .len = 1232 - 24 + 1},
	    {.bytes = "abc", .len = 3},
	    {.bytes = big, .len = 1232 - 24},
	    {.bytes = big, .len = 65536},
	};
	struct server s;
	struct edgate_client *c;
	struct edgate_answer a[4];
	uint64_t epoch = 1;

	memset(big, 'a', sizeof(big));
	start(&s, RIGHT, 0);
	c = open_client("127.0.0.1", s.port, &patient);
	assert_int_equal(edgate_client_verify(c, tokens, 4, 0, a, NULL), 0);
	assert_int_equal(a[0].status, EG_TOO_BIG);
	assert_int_equal(a[1].status, EDGATE_OK);
	assert_int_equal(a[2].status, EDGATE_OK);
	assert_int_equal(a[3].status, EG_TOO_BIG);
	/* with MIN_EPOCH there are 8 bytes less */
	assert_int_equal(edgate_client_verify(c, tokens + 2, 1, 1, a, &epoch), 0);
	assert_int_equal(a[0].status, EG_TOO_BIG);
	assert_true(epoch == 0); /* nobody was asked */
	tokens[2].len -= 8;
	assert_int_equal(edgate_client_verify(c, tokens + 2, 1, 1, a, &epoch), 0);
	assert_int_equal(a[0].status, EDGATE_OK);
	edgate_client_close(c);
	stop(&s);
	assert_int_equal(s.requests, 3);
	assert_int_equal(s.longest, 1232);
}

static void tokens_are_split_over_datagrams(void **state)
{
	static char text[EDGATE_TOKENS_MAX][700];
	struct edgate_token tokens[EDGATE_TOKENS_MAX];
	struct edgate_answer a[EDGATE_TOKENS_MAX];
	struct edgate_client *c;
	struct server s;
	uint64_t epoch;

	for (unsigned i = 0; i < EDGATE_TOKENS_MAX; i++) {
		memset(text[i], i % 3 == 0 ? 'a' : 'x', sizeof(text[i]));
		tokens[i] =
		    (struct edgate_token){.bytes = text[i], .len = 1 + i * 10, .policy_id = i};
	}
	start(&s, RIGHT, 0);
	c = open_client("127.0.0.1", s.port, &patient);
	assert_int_equal(edgate_client_verify(c, tokens, EDGATE_TOKENS_MAX, 0, a, &epoch), 0);
	for (unsigned i = 0; i < EDGATE_TOKENS_MAX; i++) {
		assert_int_equal(a[i].status, i % 3 == 0 ? EDGATE_OK : EG_EXPIRED);
		assert_int_equal(a[i].exp_s, i);
		assert_int_equal(a[i].cache_for, 1 + i * 10);
	}
	assert_true(epoch == EPOCH); /* the lowest of those answered */
	edgate_client_close(c);
	stop(&s);
	assert_int_equal(s.tokens_seen, EDGATE_TOKENS_MAX);
	assert_in_range(s.requests, 18, 63);
	assert_true(s.longest <= 1232);
}

/* Empty tokens are short questions with long answers: the answers too must fit. */
static void answers_limit_the_datagram(void **state)
{
	struct edgate_options options = {.max_datagram_bytes = 100, .timeout_ms = 2000, .tries = 1};
	struct edgate_token tokens[EDGATE_TOKENS_MAX] = {{0}};
	struct edgate_answer a[EDGATE_TOKENS_MAX];
	struct edgate_client *c;
	struct server s;

	start(&s, RIGHT, 0);
	c = open_client("127.0.0.1", s.port, &options);
	assert_int_equal(edgate_client_verify(c, tokens, EDGATE_TOKENS_MAX, 0, a, NULL), 0);
	edgate_client_close(c);
	stop(&s);
	assert_int_equal(s.counts[0], 6); /* 24 + 6 * 12 <= 100 */
	assert_int_equal(s.requests, 11);
	assert_int_equal(s.longest, 96);
}

static void min_epoch_is_asked_and_enforced(void **state)
{
	struct server s;
	struct edgate_client *c;
	struct edgate_answer a[2];

	start(&s, RIGHT, 0);
	c = open_client("127.0.0.1", s.port, &patient);
	assert_int_equal(edgate_client_verify(c, two, 2, EPOCH, a, NULL), 0);
	assert_int_equal(a[0].status, EDGATE_OK);
	/* The server answers OK under EPOCH + 1: not what was asked for. */
	assert_int_equal(edgate_client_verify(c, two, 2, EPOCH + 2, a, NULL), 0);
	assert_int_equal(a[0].status, EG_STALE);
	assert_int_equal(a[1].status, EG_EXPIRED);
	edgate_client_close(c);
	stop(&s);
	assert_true(s.min_epoch == EPOCH + 2);
}

static void wrong_calls_are_refused(void **state)
{
	static const struct edgate_token strange = {.bytes = "a", .len = 1, .fmt = 4};
	struct edgate_answer a[2];
	struct edgate_client *c = open_client("127.0.0.1", 9, &hasty);

	assert_int_equal(edgate_client_verify(c, two, 0, 0, a, NULL), -1);
	assert_int_equal(edgate_client_verify(c, two, 65, 0, a, NULL), -1);
	assert_int_equal(edgate_client_verify(c, &strange, 1, 0, a, NULL), -1);
	assert_non_null(strstr(edgate_client_error(c), "format 4"));
	edgate_client_close(c);
	edgate_client_close(NULL);
}

static void ping_tells_what_it_knows(void **state)
{
	struct server s;
	struct edgate_client *c;
	struct edgate_info info;
	struct edgate_options small = {.max_datagram_bytes = 40, .timeout_ms = 2000, .tries = 1};

	start(&s, RIGHT, 0);
	c = open_client("127.0.0.1", s.port, &patient);
	assert_int_equal(edgate_client_ping(c, &info), 0);
	assert_int_equal(info.ready, 1);
	assert_int_equal(info.shards, 64);
	assert_int_equal(info.base_port, 25519);
	assert_true(info.utc_s == 1700000000 && info.epoch == EPOCH);
	assert_string_equal(info.version, "0.1.0-test");
	edgate_client_close(c);
	c = open_client("127.0.0.1", s.port, &small);
	assert_int_equal(edgate_client_ping(c, &info), 0);
	assert_string_equal(info.version, "");
	edgate_client_close(c);
	stop(&s);

	start(&s, WRONG_TYPE, 256);
	c = open_client("127.0.0.1", s.port, &hasty);
	assert_int_equal(edgate_client_ping(c, &info), -1);
	assert_int_equal(info.ready, 0);
	edgate_client_close(c);
	stop(&s);
}

static void hosts_are_read_in_every_form(void **state)
{
	static const char *const good[] = {
	    "127.0.0.1", "127.0.0.1:1", "127.0.0.1:65535", "[127.0.0.1]:25519"};
	static const char *const bad[] = {"", ":", ":25519", "127.0.0.1:", "127.0.0.1:0",
	    "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1: 1", "127.0.0.1:1x", "127.0.0.1:http",
	    "[::1", "[::1]25519", "[]:25519", "[::1]:", "[::1]:x"};
	static const char *const v6[] = {"::1", "[::1]", "[::1]:25519"};
	char error[256], longest[300];
	struct edgate_client *c;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		c = edgate_client_open(good[i], NULL, error, sizeof(error));
		assert_non_null(c);
		edgate_client_close(c);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		error[0] = '\0';
		assert_null(edgate_client_open(bad[i], NULL, error, sizeof(error)));
		assert_string_not_equal(error, "");
	}
	for (size_t i = 0; i < sizeof(v6) / sizeof(v6[0]); i++) {
		error[0] = '\0';
		c = edgate_client_open(v6[i], NULL, error, sizeof(error));
		if (c == NULL) /* a host without IPv6 may say so, but it has read the address */
			assert_null(strstr(error, "port"));
		edgate_client_close(c);
	}
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_null(edgate_client_open(longest, NULL, error, sizeof(error)));
	assert_non_null(strstr(error, "longer than"));
}

static void options_have_limits(void **state)
{
	static const struct {
		uint32_t bytes;
		bool good;
	} rows[] = {{0, true}, {39, false}, {40, true}, {65507, true}, {65508, false}};
	char error[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct edgate_options o = {.max_datagram_bytes = rows[i].bytes};
		struct edgate_client *c = edgate_client_open("127.0.0.1", &o, error, sizeof(error));

		assert_int_equal(c != NULL, rows[i].good);
		edgate_client_close(c);
	}
}

static void names_are_known_or_numbers(void **state)
{
	assert_string_equal(edgate_status_name(1), "OK");
	assert_string_equal(edgate_status_name(9), "EXPIRED");
	assert_string_equal(edgate_status_name(77), "UNKNOWN(77)");
	assert_string_equal(edgate_status_name(255), "UNKNOWN(255)");
	assert_string_equal(edgate_detail_name(8), "LIST");
	assert_string_equal(edgate_detail_name(200), "UNKNOWN(200)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(right_answers_arrive),
	    cmocka_unit_test(wrong_answers_are_passed_over),
	    cmocka_unit_test(status_zero_is_no_accept),
	    cmocka_unit_test(pong_is_no_accept),
	    cmocka_unit_test(late_answer_is_not_taken),
	    cmocka_unit_test(nobody_listening_is_said),
	    cmocka_unit_test(next_address_is_tried),
	    cmocka_unit_test(token_that_fits_nothing_is_too_big),
	    cmocka_unit_test(tokens_are_split_over_datagrams),
	    cmocka_unit_test(answers_limit_the_datagram),
	    cmocka_unit_test(min_epoch_is_asked_and_enforced),
	    cmocka_unit_test(wrong_calls_are_refused),
	    cmocka_unit_test(ping_tells_what_it_knows),
	    cmocka_unit_test(hosts_are_read_in_every_form),
	    cmocka_unit_test(options_have_limits),
	    cmocka_unit_test(names_are_known_or_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
