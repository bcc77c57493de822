/* SPDX-License-Identifier: BSD-3-Clause */
/* "ifma": the engine in eight lanes of AVX-512 with 52-bit multipliers. */
#include "eg_cpu.h"
#include "impl.h"

#include "fe_ifma.h"
#define FE_FLIGHT 2
#define FE_HAS_RECODE
#include "backend.h"
#include "scalar_ifma.h"
#include "sha512_x8.h"
#include "verify.inc.h"

static bool ifma_supported(void)
{
	return eg_cpu_has(EG_CPU_AVX512);
}

const struct eg_ed25519_impl eg_ed25519_ifma = {
    .name = "ifma",
    .lanes = FE_LANES,
    .supported = ifma_supported,
    .verify = engine_verify,
    .uses_tables = true,
};
