/* SPDX-License-Identifier: BSD-3-Clause */
/* The variants of eg_utf8_valid. Internal. */
#ifndef EG_UTF8_H
#define EG_UTF8_H

#include "eg_span.h"

/* The reference. */
bool eg_utf8_valid_plainly(struct eg_span text);

/* Needs AVX2. */
bool eg_utf8_valid_avx2(struct eg_span text);

#endif
