/* SPDX-License-Identifier: BSD-3-Clause */
/* The meaning of the v4_… operations: AVX2 unless EG_VEC4_HEADER names another header. */
#ifndef EG_ED25519_VEC4_H
#define EG_ED25519_VEC4_H

#ifndef EG_VEC4_HEADER
#define EG_VEC4_HEADER "vec4_avx2.h"
#endif
#include EG_VEC4_HEADER

#endif
