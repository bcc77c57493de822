/* SPDX-License-Identifier: BSD-3-Clause */
/* The implementations, one file each. */
#ifndef EG_ED25519_IMPL_H
#define EG_ED25519_IMPL_H

#include "eg_ed25519.h"

extern const struct eg_ed25519_impl eg_ed25519_ifma; /* x86-64 only */
extern const struct eg_ed25519_impl eg_ed25519_portable;
extern const struct eg_ed25519_impl eg_ed25519_sodium;

#endif
