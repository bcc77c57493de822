/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The edgate client library: ask an edgate whether tokens may pass, over a kernel UDP socket.
 *
 * Fail closed: a status this library does not know, a reply that does not belong to the request, or
 * none at all never reads as accept. EDGATE_OK is the only accept.
 * Threads: one struct edgate_client per thread; memory is allocated by open alone. This header
 * needs nothing but the C library.
 */
#ifndef EDGATE_CLIENT_H
#define EDGATE_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#define EDGATE_OK         1
#define EDGATE_TOKENS_MAX 64

struct edgate_client;

struct edgate_options {
	uint32_t max_datagram_bytes; /* 0: 1232 */
	uint32_t timeout_ms;         /* of one try of one datagram; 0: 200 */
	uint32_t tries;              /* of each datagram; 0: 3 */
};

struct edgate_token {
	const void *bytes;
	size_t len;
	uint32_t policy_id; /* 0: the server's default */
	uint8_t fmt;        /* 0 detect, 1 JWT, 2 CWT, 3 PASETO */
};

struct edgate_answer {
	uint8_t status; /* 1 accepts; see docs/protocol.md */
	uint8_t detail;
	uint16_t flags;     /* the rflags of docs/protocol.md */
	uint32_t exp_s;     /* since 1970, at most 2^32 - 1; 0: not known */
	uint32_t cache_for; /* s; of statuses 64 and 65: ms after which to ask again */
};

struct edgate_info { /* of PING */
	int ready;
	uint16_t shards, base_port;
	uint64_t utc_s, epoch;
	char version[64];
};

/* host: name or address, IPv6 in brackets where a port follows ("h", "h:25519", "[::1]:25519").
 * NULL with a sentence in error (of error_len bytes). */
struct edgate_client *edgate_client_open(
    const char *host, const struct edgate_options *options, char *error, size_t error_len);
void edgate_client_close(struct edgate_client *client);

/* Asks about cnt ≤ 64 tokens; as many go into one datagram as fit, and a token that fits none is
 * answered TOO_BIG here. min_epoch 0: without. *epoch (may be NULL): the lowest answered. Returns 0
 * when every answer is there, else -1 with edgate_client_error; answers not received have status 0.
 * Blocks for up to tries · timeout_ms for each datagram. */
int edgate_client_verify(struct edgate_client *client, const struct edgate_token tokens[],
    unsigned cnt, uint64_t min_epoch, struct edgate_answer answers[], uint64_t *epoch);
int edgate_client_ping(struct edgate_client *client, struct edgate_info *info);
const char *edgate_client_error(const struct edgate_client *client);
/* "EXPIRED"; "UNKNOWN(77)" for a number that is not known (static or thread-local storage). */
const char *edgate_status_name(uint8_t status);
const char *edgate_detail_name(uint8_t detail);

#endif
