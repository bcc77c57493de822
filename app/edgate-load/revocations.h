/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What was revoked while the load ran, told by whoever did it:
 *
 *   name<TAB>epoch      the corpus' name of the token; the epoch as edgatectl prints it, 1.234
 *   end                 the last line: no more will come
 *
 * The file grows while the load runs and is read once, after the last answer. Until it has its last
 * line it is waited for: an answer cannot be judged by half of the truth. Threads: [control].
 */
#ifndef LOAD_REVOCATIONS_H
#define LOAD_REVOCATIONS_H

#include "judge.h"

struct load_revocations {
	struct load_revocation *list;
	size_t cnt;
};

/* Waits up to timeout_ns for the last line (reads the clock). -EG_EAGAIN it did not come,
 * -EG_EINVAL a line is not as above or names no token, -EG_EIO, -EG_ENOMEM. */
int load_revocations_read(struct load_revocations *r, const char *path,
    const struct load_corpus *corpus, uint64_t timeout_ns, struct eg_error *err);
void load_revocations_free(struct load_revocations *r);

#endif
