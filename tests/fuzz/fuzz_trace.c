/* SPDX-License-Identifier: BSD-3-Clause */
/* What a trace reads: asks, messages, and what a worker noted of packets that anybody sent. */
#include "fuzz.h"

#include "eg_pipeline.h"
#include "eg_trace_wire.h"

#define MAX_DATAGRAM 4096u
#define REQUEST_MAX  8192u
#define HIDDEN_FROM  66u /* behind Ethernet, IPv4, UDP and the headers of EGT and a record */

enum what { ASK, MESSAGE, ENTRY };
enum entry_flag { DROPPED = 1, DATAGRAM = 2, WITH_TOKENS = 4, CHECKSUMS_GOOD = 8, CUT = 16 };

static const struct eg_netif netif = {
    .mac = {2, 0, 0, 0, 0, 1},
    .base_port = EG_EGT_PORT,
    .ip4_cnt = 1,
    .ip4 = {{.addr = {10, 0, 0, 1}, .prefix_bits = 24}},
};

/* What is understood is written as it was read. */
static void check_ask(struct eg_span bytes)
{
	uint8_t again[EG_TRACE_ASK_BYTES];
	struct eg_trace_ask ask;

	if (!eg_trace_parse_ask(bytes, &ask)) {
		fuzz_mark("ask", "refused");
		return;
	}
	eg_trace_write_ask(again, &ask);
	FUZZ_CHECK(bytes.len == sizeof(again) && memcmp(again, bytes.ptr, sizeof(again)) == 0);
	fuzz_mark("ask", ask.filter.kind == EG_TRACE_ANY       ? "any"
	                 : ask.filter.kind == EG_TRACE_VERDICT ? "verdict"
	                                                       : "drop");
}

static void check_message(struct eg_span bytes)
{
	static const char *const kinds[] = {"", "armed", "refused", "packet"};
	static struct eg_trace_message message;
	uint8_t *again;

	if (!eg_trace_parse_message(bytes, &message)) {
		fuzz_mark("message", "none");
		return;
	}
	again = malloc(bytes.len);
	FUZZ_CHECK(again != NULL);
	FUZZ_CHECK(eg_trace_write_message(again, bytes.len, &message) == bytes.len);
	FUZZ_CHECK(memcmp(again, bytes.ptr, bytes.len) == 0);
	fuzz_mark("message", kinds[message.kind]);
	free(again);
}

static size_t count_hidden(struct eg_span bytes)
{
	size_t cnt = 0;

	for (size_t i = 0; i < bytes.len; i++)
		cnt += bytes.ptr[i] == 'x';
	return cnt;
}

static void check_hidden(const struct eg_traced *t)
{
	size_t token_bytes = 0;

	for (unsigned i = 0; i < t->record_cnt; i++)
		token_bytes += t->record[i].token_bytes;
	FUZZ_CHECK(count_hidden(t->request) >= token_bytes);
	for (size_t i = HIDDEN_FROM; t->record_cnt == 0 && i < t->request.len; i++)
		FUZZ_CHECK(t->request.ptr[i] == 'x');
}

/* It travels whole, however long it is. */
static void check_travels(const struct eg_traced *t)
{
	static uint8_t bytes[EG_TRACE_MESSAGE_BYTES(2 * REQUEST_MAX)];
	const struct eg_trace_message message = {.kind = EG_TRACE_PACKET, .packet = *t};
	size_t len = eg_trace_write_message(bytes, sizeof(bytes), &message);

	FUZZ_CHECK(len != 0);
	check_message(eg_span(bytes, len));
}

static void check_entry(struct eg_reader *r)
{
	const uint8_t flags = eg_read_u8(r), number = eg_read_u8(r);
	struct eg_trace_entry entry = {.dropped = (flags & DROPPED) != 0};
	const bool with_tokens = (flags & WITH_TOKENS) != 0;
	static struct eg_traced traced;
	struct fuzz_copy request, reply;

	entry.number = (uint8_t)(number % (entry.dropped ? EG_DROP_COUNT : EG_ANSWER_COUNT));
	entry.flags = (flags & DATAGRAM) != 0 ? EG_PACKET_DATAGRAM : 0;
	if ((flags & CHECKSUMS_GOOD) != 0)
		entry.flags |= EG_PACKET_IP_CKSUM_GOOD | EG_PACKET_L4_CKSUM_GOOD;
	entry.reply_payload_off = eg_read_be16(r);
	request = fuzz_copy(fuzz_take16(r), 2);
	reply = fuzz_copy(fuzz_take16(r), 0);
	entry.request = (uint8_t *)(uintptr_t)request.span.ptr;
	entry.request_kept = (uint32_t)request.span.len;
	entry.request_bytes = entry.request_kept + ((flags & CUT) != 0);
	entry.reply = (uint8_t *)(uintptr_t)reply.span.ptr;
	entry.reply_bytes = entry.reply_kept = (uint32_t)reply.span.len;
	eg_trace_read(&entry, &netif, MAX_DATAGRAM, with_tokens, &traced);
	FUZZ_CHECK(traced.record_cnt <= EG_EGT_RECORDS_MAX);
	if (!with_tokens && (entry.dropped || entry.number == EG_ANSWER_answered_verify))
		check_hidden(&traced);
	if (request.span.len <= REQUEST_MAX && reply.span.len <= REQUEST_MAX)
		check_travels(&traced);
	fuzz_mark("entry", traced.record_cnt != 0 ? "records" : "none");
	fuzz_copy_free(&request);
	fuzz_copy_free(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_copy copy = fuzz_copy(eg_span(data, size), 1);
	struct eg_reader r = eg_reader(copy.span);

	switch (eg_read_u8(&r) % 3) {
	case ASK:
		check_ask(eg_span(r.ptr, r.left));
		break;
	case MESSAGE:
		check_message(eg_span(r.ptr, r.left));
		break;
	case ENTRY:
		check_entry(&r);
		break;
	}
	fuzz_copy_free(&copy);
	return 0;
}
