/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine's phases (lib/ed25519/verify.inc.h) read the time stamp counter. Included before an
 * implementation's source, whose name is another one here. */
#ifndef BENCH_ED25519_PHASES_H
#define BENCH_ED25519_PHASES_H

#include "bench_ed25519.h"

#define ENGINE_PHASE(name) bench_phase(BENCH_PHASE_##name)

extern const struct eg_ed25519_impl bench_phases_portable, bench_phases_avx2, bench_phases_ifma;

#endif
