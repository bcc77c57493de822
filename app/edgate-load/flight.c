/* SPDX-License-Identifier: BSD-3-Clause */
#include "flight.h"

#include <string.h>

#define LAP_SHIFT 3u
#define LAP_BITS  (32u - LAP_SHIFT) /* with the smallest ring enough for days at 10 M/s */
#define STATE(s)  ((s)&3u)

#define OPEN_AHEAD 32u /* slots: a burst; the ring is larger than a cache */

static uint32_t lap_of(const struct load_flights *f, uint64_t number)
{
	return (uint32_t)(number >> f->log2) << LAP_SHIFT;
}

static unsigned log2_for(double requests)
{
	unsigned log2 = LOAD_FLIGHTS_MIN_LOG2;

	while (log2 < LOAD_FLIGHTS_MAX_LOG2 && (double)(UINT64_C(1) << log2) < requests)
		log2++;
	return log2;
}

/* A closed loop may lose one request and go on with the rest of its window for all of the timeout:
 * how many that are nobody knows, so its ring is long. */
#define LAPS_OF_WINDOW 64.0

int load_flights_init(struct load_flights *f, double rate, unsigned window, uint64_t timeout_ns,
    bool shared, struct eg_error *err)
{
	double requests =
	    rate > 0 ? 1.25 * rate * (double)timeout_ns / 1e9 : window * LAPS_OF_WINDOW;

	*f = (struct load_flights){
	    .log2 = log2_for(requests), .shared = shared, .timeout_ns = timeout_ns};
	f->pages = eg_pages_alloc(sizeof(*f->slot) << f->log2);
	f->slot = f->pages.mem;
	if (f->slot == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for requests in flight (%zu MB)",
		    (sizeof(*f->slot) << f->log2) >> 20);
	memset(f->slot, 0, sizeof(*f->slot) << f->log2); /* the first lap must not fault pages in */
	return 0;
}

void load_flights_free(struct load_flights *f)
{
	eg_pages_free(&f->pages);
	f->slot = NULL;
}

/* Live in the lap of `number` becomes `next`. False where it is anything else; *was tells. */
static bool change(const struct load_flights *f, struct load_flight *slot, uint64_t number,
    enum load_flight_state next, uint32_t *was)
{
	/* Acquire pairs with the release in load_flights_open: due_ns and request are there. */
	*was = atomic_load_explicit(&slot->state, memory_order_acquire);
	while (*was == ((*was & LOAD_FLIGHT_MEASURED) | lap_of(f, number) | LOAD_FLIGHT_LIVE)) {
		uint32_t to = (*was & ~3u) | next;

		if (!f->shared) {
			atomic_store_explicit(&slot->state, to, memory_order_relaxed);
			return true;
		}
		if (atomic_compare_exchange_weak_explicit(
		        &slot->state, was, to, memory_order_acq_rel, memory_order_acquire))
			return true;
	}
	return false;
}

static uint64_t give_up_tail(struct load_flights *f)
{
	uint32_t was;

	if (!change(f, load_flight_at(f, f->tail), f->tail, LOAD_FLIGHT_LOST, &was))
		was = 0;
	f->given_up += was != 0;
	f->tail++;
	return (was & LOAD_FLIGHT_MEASURED) != 0;
}

uint64_t load_flights_open(
    struct load_flights *f, uint64_t due_ns, uint32_t request, bool measured, uint64_t *lost)
{
	struct load_flight *slot = load_flight_at(f, f->head);

	__builtin_prefetch(load_flight_at(f, f->head + OPEN_AHEAD), 1);
	if (f->head - f->tail == UINT64_C(1) << f->log2)
		*lost += give_up_tail(f);
	slot->due_ns = due_ns;
	slot->request = request;
	atomic_store_explicit(&slot->state,
	    lap_of(f, f->head) | LOAD_FLIGHT_LIVE | (measured ? LOAD_FLIGHT_MEASURED : 0u),
	    memory_order_release);
	return f->head++;
}

void load_flights_cancel(struct load_flights *f, unsigned cnt)
{
	for (; cnt != 0; cnt--)
		atomic_store_explicit(
		    &load_flight_at(f, --f->head)->state, LOAD_FLIGHT_EMPTY, memory_order_relaxed);
}

uint64_t load_flights_give_up(struct load_flights *f, uint64_t now_ns)
{
	uint64_t lost = 0;

	while (f->tail < f->head) {
		const struct load_flight *slot = load_flight_at(f, f->tail);
		uint32_t state = atomic_load_explicit(&slot->state, memory_order_relaxed);

		if (STATE(state) == LOAD_FLIGHT_LIVE && now_ns - slot->due_ns < f->timeout_ns)
			break;
		lost += give_up_tail(f);
	}
	return lost;
}

static enum load_claim refuse(const struct load_flights *f, uint32_t was, uint64_t number)
{
	uint32_t behind = (was & ~7u) - lap_of(f, number);

	if (STATE(was) == LOAD_FLIGHT_EMPTY)
		return LOAD_FOREIGN;
	if (behind != 0) /* the ring has come round since, or the number is yet to come */
		return behind < UINT32_MAX / 2 ? LOAD_LATE : LOAD_FOREIGN;
	return STATE(was) == LOAD_FLIGHT_LOST ? LOAD_LATE : LOAD_DUPLICATE;
}

enum load_claim load_flights_claim(
    struct load_flights *f, uint64_t number, bool by_owner, bool *measured)
{
	uint32_t was;

	if (number >> LAP_BITS >> f->log2 != 0)
		return LOAD_FOREIGN;
	if (!change(f, load_flight_at(f, number), number, LOAD_FLIGHT_ANSWERED, &was))
		return refuse(f, was, number);
	*measured = (was & LOAD_FLIGHT_MEASURED) != 0;
	if (by_owner)
		f->claimed++;
	else
		atomic_fetch_add_explicit(&f->claimed_by_others, 1, memory_order_relaxed);
	return LOAD_CLAIMED;
}
