/* SPDX-License-Identifier: BSD-3-Clause */
/* The eight-lane implementation over plain arrays, under another name: runs on any CPU. */
#define EG_VEC8_HEADER  "vec8_plain.h"
#define eg_ed25519_ifma fuzz_ed25519_ifma
#include "../../lib/ed25519/ifma.c"
