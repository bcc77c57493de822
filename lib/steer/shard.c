/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_shard.h"

unsigned eg_shard_of_token(struct eg_span token)
{
	size_t tail = token.len < EG_SHARD_TAIL_BYTES ? token.len : EG_SHARD_TAIL_BYTES;

	if (tail == 0)
		return 0;
	return eg_crc32c(eg_span(token.ptr + (token.len - tail), tail)) % EG_SHARDS;
}
