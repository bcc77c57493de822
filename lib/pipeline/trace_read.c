/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_token.h"
#include "impl.h"
#include "parse_impl.h"

#define HIDDEN 'x'

/* The shortest headers of a frame, and those of EGT with its first record: no token starts before.
 */
#define FRAME_HEADERS_BYTES (EG_ETH_BYTES + EG_IP4_BYTES + EG_UDP_BYTES)
#define EGT_HEADERS_BYTES   (EG_EGT_HEADER_BYTES + EG_EGT_RECORD_BYTES)

static void hide(uint8_t *from, size_t bytes)
{
	memset(from, HIDDEN, bytes);
}

/* Of what is not understood, or was never meant to be, nobody knows where a token may stand: what
 * is not EGT may be nothing else. */
static void hide_behind_headers(const struct eg_trace_entry *entry)
{
	uint32_t open = (entry->flags & EG_PACKET_DATAGRAM) != 0 ? 0 : FRAME_HEADERS_BYTES;

	if (open + 2 <= entry->request_kept && eg_load_be16(entry->request + open) == EG_EGT_MAGIC)
		open += EGT_HEADERS_BYTES;
	if (entry->request_kept > open)
		hide(entry->request + open, entry->request_kept - open);
}

/* The request once more, as the pipeline has read it; empty where it would read it otherwise. */
static struct eg_span find_payload(
    const struct eg_trace_entry *entry, const struct eg_netif *netif, uint32_t max_datagram_bytes)
{
	struct eg_packet pkt = {
	    .data = entry->request,
	    .len = entry->request_kept,
	    .room = entry->request_kept,
	    .flags = entry->flags,
	};
	struct eg_parsed parsed;

	if (entry->request_kept != entry->request_bytes)
		return eg_span(NULL, 0);
	eg_parse_packet(netif, max_datagram_bytes, &pkt, &parsed);
	if (parsed.outcome != EG_PARSE_PAYLOAD)
		return eg_span(NULL, 0);
	return eg_span(entry->request + parsed.payload_off, parsed.payload_bytes);
}

static uint8_t shown_fmt(const struct eg_egt_record *record)
{
	if (record->fmt != EG_FMT_DETECT || record->token.len == 0)
		return record->fmt;
	return (uint8_t)eg_token_detect(record->token);
}

/* Of each record what the answer says, and where its token is, so that it can be hidden. */
static void read_records(const struct eg_egt_request *req, const struct eg_egt_response *resp,
    bool with_tokens, struct eg_traced *traced)
{
	struct eg_span rest = req->records;

	for (unsigned i = 0; i < req->count; i++) {
		struct eg_egt_record record = eg_egt_next_record(&rest);
		struct eg_egt_answer answer = eg_egt_answer_at(resp, i);

		traced->record[i] = (struct eg_traced_record){
		    .token_bytes = (uint16_t)record.token.len,
		    .fmt = shown_fmt(&record),
		    .status = answer.status,
		    .detail = answer.detail,
		    .rflags = answer.rflags,
		    .policy_id = record.policy_id,
		};
		if (!with_tokens)
			hide((uint8_t *)(uintptr_t)record.token.ptr, record.token.len);
	}
	traced->record_cnt = req->count;
}

static bool read_verify(const struct eg_trace_entry *entry, struct eg_span payload,
    bool with_tokens, struct eg_traced *traced)
{
	struct eg_egt_request req;
	struct eg_egt_response resp;
	uint32_t off = entry->reply_payload_off;
	size_t bytes;

	if (eg_egt_parse_request(payload, &req) != EG_DROP_COUNT || req.bad_version)
		return false;
	bytes = EG_EGT_RESPONSE_BYTES(req.count);
	if (off + bytes > entry->reply_kept ||
	    eg_egt_parse_response(eg_span(entry->reply + off, bytes), &resp) != 0 ||
	    resp.type != EG_EGT_VERIFY_R || resp.count != req.count)
		return false;
	read_records(&req, &resp, with_tokens, traced);
	if (!with_tokens) /* what the link has put behind the datagram */
		hide((uint8_t *)(uintptr_t)(payload.ptr + payload.len),
		    (size_t)(entry->request + entry->request_kept - (payload.ptr + payload.len)));
	return true;
}

static bool may_hold_token(const struct eg_trace_entry *entry)
{
	return entry->dropped || entry->number == EG_ANSWER_answered_verify;
}

void eg_trace_read(struct eg_trace_entry *entry, const struct eg_netif *netif,
    uint32_t max_datagram_bytes, bool with_tokens, struct eg_traced *traced)
{
	bool understood = false;

	*traced = (struct eg_traced){
	    .utc_ns = entry->utc_ns,
	    .dropped = entry->dropped,
	    .datagram = (entry->flags & EG_PACKET_DATAGRAM) != 0,
	    .number = entry->number,
	    .base_port = netif->base_port,
	    .burst = entry->burst,
	    .turns = entry->turns,
	    .request_bytes = entry->request_bytes,
	    .reply_bytes = entry->reply_bytes,
	    .request = eg_span(entry->request, entry->request_kept),
	    .reply = eg_span(entry->reply, entry->reply_kept),
	};
	memcpy(traced->cycles, entry->cycles, sizeof(traced->cycles));
	if (!entry->dropped && entry->number == EG_ANSWER_answered_verify)
		understood = read_verify(
		    entry, find_payload(entry, netif, max_datagram_bytes), with_tokens, traced);
	if (!understood && !with_tokens && may_hold_token(entry))
		hide_behind_headers(entry);
}
