/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_sample.h"
#include "eg_stats.h"

#define LINE    ((size_t)EG_CACHE_LINE_BYTES)
#define SLOT(i) ((i) & (EG_SAMPLE_ENTRIES - 1))

_Static_assert((EG_SAMPLE_ENTRIES & (EG_SAMPLE_ENTRIES - 1)) == 0, "a power of two");

struct eg_sample_ring {
	/* tail: the worker release-stores after the entry, control acquire-loads.
	 * head: control release-stores after reading, the worker acquire-loads. */
	_Alignas(EG_CACHE_LINE_BYTES) _Atomic uint32_t tail;
	_Alignas(EG_CACHE_LINE_BYTES) _Atomic uint32_t head;
	uint32_t msg_max;
	size_t entry_bytes;
	_Alignas(EG_CACHE_LINE_BYTES) uint8_t entry[];
};

static size_t entry_bytes(uint32_t msg_max)
{
	return (sizeof(struct eg_sample) + msg_max + LINE - 1) / LINE * LINE;
}

size_t eg_sample_ring_footprint(uint32_t msg_max)
{
	return sizeof(struct eg_sample_ring) + EG_SAMPLE_ENTRIES * entry_bytes(msg_max);
}

struct eg_sample_ring *eg_sample_ring_init(void *mem, uint32_t msg_max)
{
	struct eg_sample_ring *ring = mem;

	atomic_init(&ring->tail, 0);
	atomic_init(&ring->head, 0);
	ring->msg_max = msg_max;
	ring->entry_bytes = entry_bytes(msg_max);
	return ring;
}

static struct eg_sample *entry_at(const struct eg_sample_ring *ring, uint32_t i)
{
	return (void *)(uintptr_t)&ring->entry[SLOT(i) * ring->entry_bytes];
}

bool eg_sample_put(struct eg_sample_ring *ring, const struct eg_ed25519_job *job, bool accepted)
{
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	/* Pairs with the release in eg_sample_drop: control has read what stood in the slot. */
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
	struct eg_sample *entry = entry_at(ring, tail);

	if (tail - head == EG_SAMPLE_ENTRIES || job->msg_bytes > ring->msg_max)
		return false;
	memcpy(entry->public, job->key->bytes, sizeof(entry->public));
	memcpy(entry->signature, job->sig, sizeof(entry->signature));
	memcpy(entry->msg, job->msg, job->msg_bytes);
	entry->msg_bytes = job->msg_bytes;
	entry->accepted = accepted;
	/* Pairs with the acquire in eg_sample_peek. */
	atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
	return true;
}

const struct eg_sample *eg_sample_peek(const struct eg_sample_ring *ring)
{
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	/* Pairs with the release in eg_sample_put: the entry is whole. */
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);

	return tail != head ? entry_at(ring, head) : NULL;
}

void eg_sample_drop(struct eg_sample_ring *ring)
{
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	/* Pairs with the acquire in eg_sample_put. */
	atomic_store_explicit(&ring->head, head + 1, memory_order_release);
}
