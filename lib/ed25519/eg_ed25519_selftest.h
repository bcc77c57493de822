/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Known answers: does an implementation, on this CPU, give the verdicts that it must?
 *
 * The signatures are compiled in: those of RFC 8032 7.1, and of the project's own frozen verdicts
 * (tests/vectors) one of each kind, most of which must be refused. A program that verifies asks
 * before it takes the first token and does not start on an error.
 */
#ifndef EG_ED25519_SELFTEST_H
#define EG_ED25519_SELFTEST_H

#include "eg_ed25519.h"

/* Verifies every known answer alone, and all of them together in every lane of a batch; then again
 * with comb tables for the keys that admit one. 0, or -EG_ECORRUPT naming the first that is wrong,
 * or -EG_ENOMEM. Takes some 50 ms. [control] */
int eg_ed25519_selftest(const struct eg_ed25519_impl *impl, struct eg_error *err);

#endif
