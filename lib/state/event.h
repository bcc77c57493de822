/* SPDX-License-Identifier: BSD-3-Clause */
/* Table event: the log, one protobuf a change, each with a checksum. Threads: [control]. */
#ifndef EG_STATE_EVENT_H
#define EG_STATE_EVENT_H

#include "event.pb-c.h"
#include "store.h"

static inline struct eg_span eg_pb_span(ProtobufCBinaryData b)
{
	return eg_span(b.data, b.len);
}

/* Borrows; protobuf-c does not write through it. */
static inline ProtobufCBinaryData eg_pb_bytes(struct eg_span s)
{
	return (ProtobufCBinaryData){s.len, (uint8_t *)(uintptr_t)s.ptr};
}

int eg_event_append(
    struct eg_db *db, uint64_t sequence, const Eg__Pb__Event *event, struct eg_error *err);

/* Calls visit for the events after … upto in order, and stops at its first error. -EG_ECORRUPT
 * where one is missing or damaged, -EG_EVERSION where a newer edgate wrote it, by sequence. */
int eg_event_each(struct eg_db *db, uint64_t after, uint64_t upto,
    int (*visit)(void *ctx, const Eg__Pb__Event *event, struct eg_error *err), void *ctx,
    struct eg_error *err);

struct eg_index_event { /* what a RevokeIndex or UnrevokeIndex says; borrowed */
	struct eg_span uri;
	const uint32_t *bound; /* pairs */
	size_t bound_cnt;
	uint8_t value; /* 0: taken back */
};

/* False: the event is neither. */
bool eg_index_event_of(const Eg__Pb__Event *event, struct eg_index_event *out);
/* Adds its indices to the marks of its list, if that is there. */
int eg_event_mark(struct eg_lists *lists, const struct eg_index_event *event, struct eg_error *err);

#endif
