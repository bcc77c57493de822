/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_ed25519.h"
#include "impl.h"

#include <stdlib.h>

const struct eg_ed25519_impl *const eg_ed25519_impls[] = {
    &eg_ed25519_portable,
    &eg_ed25519_sodium,
    NULL,
};

static const struct eg_ed25519_impl *best_impl(struct eg_error *err)
{
	for (unsigned i = 0; eg_ed25519_impls[i] != NULL; i++)
		if (eg_ed25519_impls[i]->supported())
			return eg_ed25519_impls[i];
	(void)eg_error_set(err, EG_ENOTSUP, "Ed25519: no implementation runs on this CPU");
	return NULL;
}

const struct eg_ed25519_impl *eg_ed25519_select(const char *name, struct eg_error *err)
{
	if (name == NULL)
		name = getenv("EDGATE_ED25519");
	if (name == NULL || name[0] == '\0')
		return best_impl(err);
	for (unsigned i = 0; eg_ed25519_impls[i] != NULL; i++) {
		const struct eg_ed25519_impl *impl = eg_ed25519_impls[i];

		if (strcmp(impl->name, name) != 0)
			continue;
		if (impl->supported())
			return impl;
		(void)eg_error_set(
		    err, EG_ENOTSUP, "Ed25519 '%s': this CPU lacks what it needs", name);
		return NULL;
	}
	(void)eg_error_set(err, EG_ENOENT, "Ed25519 '%s': no implementation of that name", name);
	return NULL;
}
