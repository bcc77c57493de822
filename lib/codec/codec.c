/* SPDX-License-Identifier: BSD-3-Clause */
#include "codec_impl.h"

#include "eg_cpu.h"

#include <stdatomic.h>

static const struct eg_codec_impl *const impls[] = {
    &eg_codec_scalar,
#ifdef __x86_64__
    &eg_codec_avx2,
    &eg_codec_avx512,
#endif
};

#define IMPL_CNT (sizeof(impls) / sizeof(impls[0]))

const struct eg_codec_impl *eg_codec_supported(unsigned i)
{
	for (unsigned k = 0; k < IMPL_CNT; k++)
		if (eg_cpu_has(impls[k]->cpu) && i-- == 0)
			return impls[k];
	return NULL;
}

static const struct eg_codec_impl *select_best(void)
{
	const struct eg_codec_impl *best = &eg_codec_scalar;

	for (unsigned k = 0; k < IMPL_CNT; k++)
		if (eg_cpu_has(impls[k]->cpu))
			best = impls[k];
	return best;
}

const struct eg_codec_impl *eg_codec_best(void)
{
	/* Relaxed: it points to constants, and every thread finds the same. */
	static const struct eg_codec_impl *_Atomic best;
	const struct eg_codec_impl *known = atomic_load_explicit(&best, memory_order_relaxed);

	if (known == NULL) {
		known = select_best();
		atomic_store_explicit(&best, known, memory_order_relaxed);
	}
	return known;
}
