/* SPDX-License-Identifier: BSD-3-Clause */
/* The bounds of the four-lane field (fe_avx2.h). */
#define EG_VEC4_HEADER "vec4_interval.h"
#include "comb.h"
#include "fe_avx2.h"

#include "bounds.inc.h"
