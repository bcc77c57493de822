/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_ed25519_phases.h"

#define eg_ed25519_ifma bench_phases_ifma
#include "../lib/ed25519/ifma.c"
