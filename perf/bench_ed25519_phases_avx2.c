/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_ed25519_phases.h"

#define eg_ed25519_avx2 bench_phases_avx2
#include "../lib/ed25519/avx2.c"
