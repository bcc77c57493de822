/* SPDX-License-Identifier: BSD-3-Clause */
/* The bounds of the eight-lane field (fe_ifma.h). */
#define EG_VEC8_HEADER "vec8_interval.h"
#include "comb.h"
#include "fe_ifma.h"

#define SETTLE() halves_settle()
#include "bounds.inc.h"
