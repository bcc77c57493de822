/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_trace_wire.h"

#define MAGIC     "EGTR"
#define VERSION   1u
#define ASK_FLAGS (EG_TRACE_WITH_PACKETS | EG_TRACE_WITH_TOKENS)

/* ── ask ── */

void eg_trace_write_ask(uint8_t bytes[EG_TRACE_ASK_BYTES], const struct eg_trace_ask *ask)
{
	memcpy(bytes, MAGIC, 4);
	bytes[4] = VERSION;
	bytes[5] = ask->flags;
	bytes[6] = ask->filter.kind;
	bytes[7] = ask->filter.number;
}

static bool filter_is_one(struct eg_trace_filter filter)
{
	switch ((enum eg_trace_kind)filter.kind) {
	case EG_TRACE_ANY:
		return filter.number == 0;
	case EG_TRACE_VERDICT:
		return eg_verdict_name(filter.number) != NULL;
	case EG_TRACE_DROP:
		return eg_drop_name(filter.number) != NULL;
	}
	return false;
}

bool eg_trace_parse_ask(struct eg_span bytes, struct eg_trace_ask *ask)
{
	if (bytes.len != EG_TRACE_ASK_BYTES || memcmp(bytes.ptr, MAGIC, 4) != 0 ||
	    bytes.ptr[4] != VERSION)
		return false;
	*ask = (struct eg_trace_ask){bytes.ptr[5], {bytes.ptr[6], bytes.ptr[7]}};
	return (ask->flags & ~ASK_FLAGS) == 0 && filter_is_one(ask->filter);
}

/* ── messages ── */

static void write_record(struct eg_writer *w, const struct eg_traced_record *record)
{
	eg_write_be16(w, record->token_bytes);
	eg_write_u8(w, record->fmt);
	eg_write_u8(w, record->status);
	eg_write_u8(w, record->detail);
	eg_write_be16(w, record->rflags);
	eg_write_be32(w, record->policy_id);
}

static void write_span(struct eg_writer *w, struct eg_span span)
{
	eg_write_be32(w, (uint32_t)span.len);
	eg_write_bytes(w, span);
}

static void write_packet(struct eg_writer *w, const struct eg_traced *t)
{
	eg_write_be32(w, t->worker);
	eg_write_be64(w, t->lost);
	eg_write_be64(w, t->ticks_hz);
	eg_write_be64(w, t->utc_ns);
	eg_write_u8(w, t->dropped);
	eg_write_u8(w, t->datagram);
	eg_write_u8(w, t->number);
	eg_write_be16(w, t->base_port);
	eg_write_be32(w, t->burst);
	eg_write_be32(w, t->turns);
	eg_write_u8(w, EG_STAGE_COUNT);
	for (unsigned i = 0; i < EG_STAGE_COUNT; i++)
		eg_write_be64(w, t->cycles[i]);
	eg_write_be32(w, t->request_bytes);
	eg_write_be32(w, t->reply_bytes);
	write_span(w, t->request);
	write_span(w, t->reply);
	eg_write_u8(w, t->record_cnt);
	for (unsigned i = 0; i < t->record_cnt; i++)
		write_record(w, &t->record[i]);
}

size_t eg_trace_write_message(uint8_t *bytes, size_t room, const struct eg_trace_message *message)
{
	struct eg_writer w = eg_writer(bytes, room);

	eg_write_u8(&w, VERSION);
	eg_write_u8(&w, message->kind);
	if (message->kind == EG_TRACE_REFUSED)
		eg_write_bytes(&w, message->text);
	if (message->kind == EG_TRACE_PACKET)
		write_packet(&w, &message->packet);
	return w.failed ? 0 : room - w.left;
}

static struct eg_traced_record read_record(struct eg_reader *r)
{
	struct eg_traced_record record;

	record.token_bytes = eg_read_be16(r);
	record.fmt = eg_read_u8(r);
	record.status = eg_read_u8(r);
	record.detail = eg_read_u8(r);
	record.rflags = eg_read_be16(r);
	record.policy_id = eg_read_be32(r);
	return record;
}

static bool read_bool(struct eg_reader *r)
{
	uint8_t value = eg_read_u8(r);

	r->failed = r->failed || value > 1;
	return value == 1;
}

static void read_head(struct eg_reader *r, struct eg_traced *t)
{
	t->worker = eg_read_be32(r);
	t->lost = eg_read_be64(r);
	t->ticks_hz = eg_read_be64(r);
	t->utc_ns = eg_read_be64(r);
	t->dropped = read_bool(r);
	t->datagram = read_bool(r);
	t->number = eg_read_u8(r);
	t->base_port = eg_read_be16(r);
	t->burst = eg_read_be32(r);
	t->turns = eg_read_be32(r);
}

static bool read_packet(struct eg_reader *r, struct eg_traced *t)
{
	read_head(r, t);
	if (eg_read_u8(r) != EG_STAGE_COUNT)
		return false;
	for (unsigned i = 0; i < EG_STAGE_COUNT; i++)
		t->cycles[i] = eg_read_be64(r);
	t->request_bytes = eg_read_be32(r);
	t->reply_bytes = eg_read_be32(r);
	t->request = eg_read_bytes(r, eg_read_be32(r));
	t->reply = eg_read_bytes(r, eg_read_be32(r));
	t->record_cnt = eg_read_u8(r);
	if (t->record_cnt > EG_EGT_RECORDS_MAX)
		return false;
	for (unsigned i = 0; i < t->record_cnt; i++)
		t->record[i] = read_record(r);
	return (t->dropped ? eg_drop_name(t->number) : eg_answer_name(t->number)) != NULL;
}

bool eg_trace_parse_message(struct eg_span bytes, struct eg_trace_message *message)
{
	struct eg_reader r = eg_reader(bytes);
	uint8_t version = eg_read_u8(&r);

	*message = (struct eg_trace_message){.kind = eg_read_u8(&r)};
	if (r.failed || version != VERSION)
		return false;
	if (message->kind == EG_TRACE_REFUSED)
		message->text = eg_read_bytes(&r, r.left);
	else if (message->kind == EG_TRACE_PACKET && !read_packet(&r, &message->packet))
		return false;
	else if (message->kind < EG_TRACE_ARMED || message->kind > EG_TRACE_PACKET)
		return false;
	return !r.failed && r.left == 0;
}
