/* SPDX-License-Identifier: BSD-3-Clause */
#include "comb.h"
#include "eg_ed25519.h"
#include "impl.h"

#include <stdlib.h>

const struct eg_ed25519_impl *const eg_ed25519_impls[] = {
#ifdef __x86_64__
    &eg_ed25519_ifma,
    &eg_ed25519_avx2,
#endif
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

static const struct eg_ed25519_impl *impl_by_name(const char *name, struct eg_error *err)
{
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

const struct eg_ed25519_impl *eg_ed25519_select(const char *name, struct eg_error *err)
{
	const struct eg_ed25519_impl *impl;

	if (name == NULL)
		name = getenv("EDGATE_ED25519");
	impl = name == NULL || name[0] == '\0' ? best_impl(err) : impl_by_name(name, err);
	if (impl == NULL || !impl->uses_tables || eg_comb_base() != NULL)
		return impl;
	(void)eg_error_set(
	    err, EG_ENOMEM, "Ed25519 '%s': no memory for the base point's table", impl->name);
	return NULL;
}
