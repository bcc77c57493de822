/* SPDX-License-Identifier: BSD-3-Clause */
/* The meaning of the v8_… operations: AVX-512 unless EG_VEC8_HEADER names another header. */
#ifndef EG_ED25519_VEC8_H
#define EG_ED25519_VEC8_H

#ifndef EG_VEC8_HEADER
#define EG_VEC8_HEADER "vec8_avx512.h"
#endif
#include EG_VEC8_HEADER

#ifndef V8_INLINE
#define V8_INLINE static inline
#endif

#endif
