/* SPDX-License-Identifier: BSD-3-Clause */
/* The bounds of the one-lane field (field51.inc.h). */
#include "comb.h"
#include "word_interval.h"

#include "field51.inc.h"

#include "bounds.inc.h"
