/* SPDX-License-Identifier: BSD-3-Clause */
#include "comb.h"
#include "eg_pages.h"
#include "scalar.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

void eg_comb_recode(const struct eg_ed25519_table *table, const uint64_t scalar[4], uintptr_t *look,
    unsigned stride)
{
	int16_t digit[COMB_WINDOWS_MAX];
	uintptr_t window = (uintptr_t)table->entry;
	size_t window_bytes = (size_t)table->window_entries * EG_ED25519_ENTRY_BYTES;

	eg_scalar_recode(scalar, table->window_bits, digit);
	for (unsigned i = 0; i < table->window_cnt; i++) {
		uintptr_t negative = digit[i] < 0;
		uintptr_t size = (uintptr_t)abs(digit[i]);

		look[(size_t)i * stride] = window + size * EG_ED25519_ENTRY_BYTES + negative;
		window += window_bytes;
	}
}

/* ── the table of B ── */

static const struct eg_ed25519_table *_Atomic base_table;

/* Never freed: it serves until the process ends. */
static void build_base(void)
{
	/* −B: a table holds multiples of minus its key (RFC 8032 section 5.1: B has y = 4/5). */
	static const uint8_t minus_base[EG_ED25519_PUBLIC_BYTES] = {0x58, 0x66, 0x66, 0x66, 0x66,
	    0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
	    0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0xe6};
	struct eg_pages pages = eg_pages_alloc(eg_ed25519_table_bytes(EG_COMB_BASE_BITS));
	struct eg_ed25519_table *table = pages.mem;

	if (table == NULL)
		return;
	if (eg_ed25519_table_build(table, minus_base, EG_COMB_BASE_BITS, NULL) != 0) {
		eg_pages_free(&pages);
		return;
	}
	/* release: pairs with the acquire in eg_comb_base */
	atomic_store_explicit(&base_table, table, memory_order_release);
}

const struct eg_ed25519_table *eg_comb_base(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	/* acquire: pairs with the release in build_base */
	const struct eg_ed25519_table *table =
	    atomic_load_explicit(&base_table, memory_order_acquire);

	if (table != NULL)
		return table;
	(void)pthread_once(&once, build_base);
	return atomic_load_explicit(&base_table, memory_order_acquire);
}
