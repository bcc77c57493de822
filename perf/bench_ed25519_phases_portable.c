/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_ed25519_phases.h"

#define eg_ed25519_portable bench_phases_portable
#include "../lib/ed25519/portable.c"
