/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames that no client sends: a good request, made bad in one way of many. Each is something that
 * the protocol drops or refuses, so the one answer that it must never get is OK.
 *
 *   payload   another magic, version, type, flag, count or length; a record that is longer than its
 *             frame, of no format, with a reserved byte; padding that is not zero; a cut frame;
 * noise packet    a fragment, wrong lengths of IP or UDP, wrong addresses, source port 0, another
 *             protocol or Ethertype, a stump, noise
 *
 * Written apart from the code that it is thrown at. Threads: [core]; no allocation.
 */
#ifndef LOAD_HOSTILE_H
#define LOAD_HOSTILE_H

#include "random.h"

#include <stdbool.h>
#include <stddef.h>

unsigned load_hostile_kinds(void);
const char *load_hostile_name(unsigned kind);
/* Does this kind change the packet's headers? Then it cannot leave by a kernel socket. */
bool load_hostile_is_packet(unsigned kind);

/* Makes the UDP payload of a good request bad in place; returns its new length, at most `len`. The
 * lengths and checksums of the headers are to be written afterwards. */
size_t load_hostile_payload(unsigned kind, uint8_t *payload, size_t len, struct load_random *r);
/* Makes the whole frame bad in place; returns its new length, at most `len`. */
size_t load_hostile_packet(unsigned kind, uint8_t *frame, size_t len, struct load_random *r);

#endif
