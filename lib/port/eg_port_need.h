/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packet buffers that a DPDK port takes: enough that no queue can starve another, that is all
 * that descriptors, workers and caches can hold. Known without a device, so that an operator can
 * be told before. [any]; no allocation, no DPDK.
 */
#ifndef EG_PORT_NEED_H
#define EG_PORT_NEED_H

#include "eg_config.h"

#define EG_PORT_HEADROOM_BYTES 128u  /* in front of each packet, DPDK's standard */
#define EG_PORT_CACHE_CNT      256u  /* buffers that a thread keeps for itself */
#define EG_PORT_DESC_CNT       1024u /* of each queue and direction, where nothing is written */

struct eg_port_buffers {
	uint32_t cnt;
	uint32_t room_bytes; /* of one, with its headroom; what fits DPDK is at most UINT16_MAX */
};

/* rx_desc_cnt, tx_desc_cnt: of one queue. */
struct eg_port_buffers eg_port_need_buffers(
    unsigned queues, uint32_t max_datagram_bytes, uint32_t rx_desc_cnt, uint32_t tx_desc_cnt);
/* What they take, with what DPDK keeps about each: no buffer lies across two pages, so that on
 * small pages (--no-huge: 4096) much of each is empty. */
uint64_t eg_port_buffers_bytes(const struct eg_port_buffers *buffers, uint32_t page_bytes);

#endif
