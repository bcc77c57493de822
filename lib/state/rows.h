/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables issuer, key, policy and list, as a snapshot. Threads: [control]; allocates. */
#ifndef EG_STATE_ROWS_H
#define EG_STATE_ROWS_H

#include "event.h"

/* A policy as protobuf, borrowing the policy's strings. */
struct eg_policy_pb {
	Eg__Pb__Policy msg;
	ProtobufCBinaryData issuer[EG_POLICY_ISSUERS_MAX];
	ProtobufCBinaryData audience[EG_POLICY_AUDS_MAX];
	ProtobufCBinaryData typ[EG_POLICY_TYPS_MAX];
	ProtobufCBinaryData cwt_typ[EG_POLICY_TYPS_MAX];
	uint32_t cwt_format[EG_POLICY_TYPS_MAX];
};

void eg_policy_pb_fill(struct eg_policy_pb *pb, const struct eg_policy *policy);
int eg_policy_row_save(struct eg_db *db, const struct eg_policy_pb *pb, struct eg_error *err);
int eg_policy_rows_load(struct eg_db *db, struct eg_snapshot *snap, struct eg_error *err);

/* The snapshot at meta's sequence; st->lists must be in step with the tables. Precondition: inside
 * a transaction. */
int eg_rows_snapshot(struct eg_state *st, const struct eg_meta *meta, struct eg_snapshot **out,
    struct eg_error *err);

#endif
