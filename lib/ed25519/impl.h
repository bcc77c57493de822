/* SPDX-License-Identifier: BSD-3-Clause */
/* The implementations, one file each. */
#ifndef EG_ED25519_IMPL_H
#define EG_ED25519_IMPL_H

#include "eg_ed25519.h"

#ifdef __x86_64__
extern const struct eg_ed25519_impl eg_ed25519_ifma;
extern const struct eg_ed25519_impl eg_ed25519_avx2;
#endif
extern const struct eg_ed25519_impl eg_ed25519_portable;
extern const struct eg_ed25519_impl eg_ed25519_sodium;

#endif
