/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_port_need.h"
#include "port_impl.h"

#define FRAME_MIN_BYTES 2048u /* some devices refuse mbufs with less room */
#define ABOUT_BYTES     192u  /* header of a pool's object 64, of a packet buffer 128 */

struct eg_port_buffers eg_port_need_buffers(
    unsigned queues, uint32_t max_datagram_bytes, uint32_t rx_desc_cnt, uint32_t tx_desc_cnt)
{
	uint32_t frame = max_datagram_bytes + EG_PORT_HEADERS_BYTES;
	uint32_t each =
	    rx_desc_cnt + tx_desc_cnt + EG_PORT_PACKETS_OUT + EG_BURST_MAX + 2 * EG_PORT_CACHE_CNT;
	struct eg_port_buffers need;

	if (frame < FRAME_MIN_BYTES)
		frame = FRAME_MIN_BYTES;
	need.room_bytes = EG_PORT_HEADROOM_BYTES + (frame + 63) / 64 * 64;
	need.cnt = each * queues;
	return need;
}

uint64_t eg_port_buffers_bytes(const struct eg_port_buffers *buffers, uint32_t page_bytes)
{
	uint32_t each = buffers->room_bytes + ABOUT_BYTES;
	uint32_t in_page = page_bytes / each;

	if (in_page == 0)
		return (uint64_t)buffers->cnt * ((each + page_bytes - 1) / page_bytes) * page_bytes;
	return (uint64_t)((buffers->cnt + in_page - 1) / in_page) * page_bytes;
}
