/* SPDX-License-Identifier: BSD-3-Clause */
/* "avx2": the engine in four lanes, for CPUs with AVX2 and FMA. */
#include "eg_cpu.h"
#include "impl.h"

#include "fe_avx2.h"
/* The additions of one group fill the four vector pipes; those of two do not fit in the cache of
 * decoded instructions, and are up to a fifth slower. */
#define FE_FLIGHT 1
#include "backend.h"
#include "sha512_x4.h"
#include "verify.inc.h"

static bool avx2_supported(void)
{
	return eg_cpu_has(EG_CPU_AVX2);
}

const struct eg_ed25519_impl eg_ed25519_avx2 = {
    .name = "avx2",
    .lanes = FE_LANES,
    .supported = avx2_supported,
    .verify = engine_verify,
    .uses_tables = true,
};
