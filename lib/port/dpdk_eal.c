/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_port.h"

#include <errno.h>
#include <rte_cpuflags.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>

static const char *eal_remedy(int error)
{
	switch (error) {
	case EACCES:
		return "it needs rights or hugepages that this process does not have: run as root, "
		       "reserve hugepages (sysctl vm.nr_hugepages=256) and mount hugetlbfs or use "
		       "--in-memory, or use --no-huge";
	case ENOMEM:
		return "not enough memory: reserve hugepages (sysctl vm.nr_hugepages=256), or use "
		       "--no-huge with -m MEGABYTES";
	case EINVAL:
		return "an argument in `eal` is not understood, or two do not go together "
		       "(--no-huge goes with --no-shconf, not with --in-memory)";
	case EAGAIN:
		return "a bus or a file is busy: another DPDK process may have the same "
		       "--file-prefix";
	case EALREADY:
		return "it has been started before in this process";
	case ENOTSUP: /* also left behind by whatever a device cannot do */
		return rte_cpu_is_supported() ? "the messages above say more"
		                              : "this CPU is older than the one that the DPDK "
		                                "build needs";
	default:
		return "the messages above say more";
	}
}

int eg_port_eal_init(int argc, char **argv, struct eg_error *err)
{
	static char program[] = "edgate";
	char *args[EG_PORT_EAL_ARGS_MAX + 2];

	if (argc < 0 || argc > EG_PORT_EAL_ARGS_MAX)
		return eg_error_set(
		    err, EG_ELIMIT, "more than %d EAL arguments", EG_PORT_EAL_ARGS_MAX);
	args[0] = program;
	for (int i = 0; i < argc; i++)
		args[i + 1] = argv[i];
	args[argc + 1] = NULL;
	if (rte_eal_init(argc + 1, args) < 0)
		return eg_error_set(err, EG_EIO, "DPDK does not start (%s): %s",
		    rte_strerror(rte_errno), eal_remedy(rte_errno));
	return 0;
}

void eg_port_eal_cleanup(void)
{
	(void)rte_eal_cleanup();
}

bool eg_port_have_dpdk(void)
{
	return true;
}

void eg_port_thread_enter(void)
{
	(void)rte_thread_register();
}

void eg_port_thread_leave(void)
{
	rte_thread_unregister();
}
