/* SPDX-License-Identifier: BSD-3-Clause */
/* preflight: memory, by NUMA node. */
#include "ctl.h"
#include "eg_ed25519.h"
#include "eg_mailbox.h"
#include "eg_pages.h"
#include "eg_pipeline.h"
#include "eg_port_need.h"
#include "eg_revoke.h"
#include "preflight.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HUGE_DIR  "hugepages/hugepages-2048kB"
#define GIANT_DIR "hugepages/hugepages-1048576kB"
#define PAGE_KIB  2048ull
#define GIANT_KIB 1048576ull
#define EAL_BYTES (UINT64_C(6) << 20) /* measured: 2.5 to 5 MB */
#define QUEUE_BYTES                                                                                \
	(UINT64_C(512) << 10) /* rings of a queue: 4096 descriptors of 64 bytes, twice */
#define SMALL_PAGE_BYTES 4096u
#define EAL_MB_DEFAULT   64 /* of --no-huge without -m */
#define CAP_IPC_LOCK     14u
#define WORKER_BYTES     (UINT64_C(1) << 20)

/* Bytes that are wanted on a node: from DPDK's pages, and from others where none are left. */
struct node {
	uint64_t dpdk, tables, state, workers;
};

struct need {
	struct node node[PF_NODES_MAX];
	uint64_t lists_cnt, lists_bytes;
	uint64_t values_cnt, values_bytes; /* once, though a restore needs them twice */
};

static uint64_t all_of(const struct node *n)
{
	return n->dpdk + n->tables + n->state + n->workers;
}

/* ── the need ── */

static int home_node(const struct pf *pf)
{
	cpu_set_t allowed;

	if (pf->config->control_cpu >= 0)
		return pf_node_of_cpu(pf, pf->config->control_cpu);
	pf_allowed_cpus(pf, &allowed);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET((size_t)cpu, &allowed))
			return pf_node_of_cpu(pf, cpu);
	return 0;
}

static uint64_t port_bytes(const struct pf *pf, const struct eg_config_port *port)
{
	uint32_t rx = port->dpdk.rx_desc_cnt, tx = port->dpdk.tx_desc_cnt;
	struct eg_port_buffers buffers =
	    eg_port_need_buffers(port->queues, pf->config->max_datagram_bytes,
	        rx != 0 ? rx : EG_PORT_DESC_CNT, tx != 0 ? tx : EG_PORT_DESC_CNT);
	uint32_t page = pf_has_eal(pf, "--no-huge") ? SMALL_PAGE_BYTES : EG_PAGES_HUGE_BYTES;

	return eg_port_buffers_bytes(&buffers, page) + port->queues * QUEUE_BYTES;
}

static void add_ports(const struct pf *pf, struct need *need, int home)
{
	for (unsigned i = 0; i < pf->config->port_cnt; i++) {
		const struct eg_config_port *port = &pf->config->port[i];
		int node = pf_is_pci(port) ? pf_node_of_device(pf, port->device) : -1;

		if (port->kind == EG_PORT_DPDK)
			need->node[node >= 0 ? node : home].dpdk += port_bytes(pf, port);
	}
	if (pf_uses_dpdk(pf))
		need->node[home].dpdk += EAL_BYTES;
}

static void add_workers(const struct pf *pf, struct need *need)
{
	uint64_t each = eg_pipeline_footprint() + sizeof(struct eg_mailbox) + WORKER_BYTES +
	                pf->config->cache_bytes;

	for (unsigned i = 0; i < pf->config->worker_cnt; i++)
		need->node[pf_node_of_cpu(pf, pf->config->worker[i].cpu)].workers += each;
}

static bool uses_tables(const struct eg_config *config)
{
	for (unsigned i = 0; config->ed25519 != NULL && eg_ed25519_impls[i] != NULL; i++)
		if (strcmp(eg_ed25519_impls[i]->name, config->ed25519) == 0)
			return eg_ed25519_impls[i]->uses_tables;
	return true;
}

/* Lists as if every block had a bit set, values as if none had expired. Lists that a restore finds
 * again stay as they are; values are read anew beside those in force, which go two epochs later. */
static int read_state(const struct pf *pf, struct need *need, struct eg_error *err)
{
	struct eg_state *st = NULL;
	struct eg_snapshot *rows = NULL;
	char dir[PF_PATH];
	int rc;

	(void)snprintf(dir, sizeof(dir), "%s%s", pf->root, pf->config->state);
	rc = eg_state_open(&st, dir, EG_STATE_READ, err);
	if (rc == 0)
		rc = eg_state_snapshot(st, &rows, err);
	if (rc == 0)
		rc = eg_state_count_values(st, &need->values_cnt, err);
	for (uint32_t i = 0; rc == 0 && i < rows->list_cnt; i++) {
		const struct eg_bitmap *map = rows->list[i].map;

		need->lists_bytes +=
		    eg_bitmap_memory_max(eg_bitmap_bits(map), eg_bitmap_entries(map));
		need->lists_cnt++;
	}
	need->values_bytes = eg_revoke_memory_max(need->values_cnt);
	eg_snapshot_free(rows);
	eg_state_close(st);
	return rc;
}

static void add_state(struct pf *pf, struct need *need, int home)
{
	struct eg_error err = {0};

	if (!pf_exists(pf, "%s/edgate.db", pf->config->state))
		return; /* the process's checks say so */
	if (read_state(pf, need, &err) != 0)
		pf_red(pf, "state",
		    pf_fix(pf, "edgatectl --state %s state verify", pf->shell.state), "%s",
		    err.text);
	else
		pf_green(pf, "state",
		    "%" PRIu64 " status lists, %" PRIu64
		    " revoked values: at most %.1f MB, and %.1f more from a restore until "
		    "two changes follow",
		    need->lists_cnt, need->values_cnt,
		    (double)(need->lists_bytes + need->values_bytes) / PF_MIB,
		    (double)need->values_bytes / PF_MIB);
	need->node[home].state += need->lists_bytes + 2 * need->values_bytes;
}

/* ── the host ── */

/* In KiB; without NUMA directories everything is node 0's. */
static uint64_t pages_kib(const struct pf *pf, unsigned node, const char *what)
{
	const char *dirs[] = {HUGE_DIR, GIANT_DIR};
	const uint64_t kib[] = {PAGE_KIB, GIANT_KIB};
	bool has_nodes = pf_exists(pf, "/sys/devices/system/node/node0/hugepages");
	uint64_t sum = 0;
	long long cnt;

	for (unsigned i = 0; i < 2; i++) {
		bool known =
		    has_nodes
		        ? pf_number(pf, &cnt, "/sys/devices/system/node/node%u/%s/%s_hugepages",
		              node, dirs[i], what)
		        : node == 0 &&
		              pf_number(pf, &cnt, "/sys/kernel/mm/%s/%s_hugepages", dirs[i], what);

		sum += known && cnt > 0 ? (uint64_t)cnt * kib[i] : 0;
	}
	return sum;
}

static const char *reserve_fix(struct pf *pf, unsigned node, uint64_t missing_bytes)
{
	uint64_t pages = (missing_bytes + EG_PAGES_HUGE_BYTES - 1) / EG_PAGES_HUGE_BYTES;
	long long now = 0;
	bool has_nodes = pf_exists(pf, "/sys/devices/system/node/node0/hugepages");
	char path[PF_TEXT];

	(void)snprintf(path, sizeof(path),
	    has_nodes ? "/sys/devices/system/node/node%u/" HUGE_DIR : "/sys/kernel/mm/" HUGE_DIR,
	    node);
	(void)pf_number(pf, &now, "%s/nr_hugepages", path);
	return pf_fix(pf, "echo %" PRIu64 " > %s/nr_hugepages", (uint64_t)now + pages, path);
}

/* Short of DPDK's part it will not start; short of the rest it is slower. An edgate that runs has
 * what it needs, and holds it: then what is free says nothing. */
static void check_node(struct pf *pf, unsigned node, const struct node *n)
{
	uint64_t have = pages_kib(pf, node, "free") << 10;
	uint64_t dpdk = pf_has_eal(pf, "--no-huge") ? 0 : n->dpdk;
	uint64_t want = dpdk + n->tables + n->state;

	if (pf->is_running)
		pf_green(pf, "hugepages", "node %u: %.0f MB free beside the edgate that runs", node,
		    (double)have / PF_MIB);
	else if (have < dpdk)
		pf_red(pf, "hugepages", reserve_fix(pf, node, want - have),
		    "node %u: packet buffers and drivers need %.0f MB of huge pages, %.0f are free",
		    node, (double)dpdk / PF_MIB, (double)have / PF_MIB);
	else if (have < want)
		pf_yellow(pf, "hugepages", reserve_fix(pf, node, want - have),
		    "node %u: %.0f MB of huge pages are free; with tables (%.0f MB) and revocation "
		    "(%.0f MB) on them too it would be %.0f",
		    node, (double)have / PF_MIB, (double)n->tables / PF_MIB,
		    (double)n->state / PF_MIB, (double)want / PF_MIB);
	else
		pf_green(pf, "hugepages", "node %u: %.0f MB are free, %.0f are needed", node,
		    (double)have / PF_MIB, (double)want / PF_MIB);
}

static uint64_t free_kib(const struct pf *pf, unsigned node)
{
	char path[64], name[32], text[64];
	unsigned long long kib = 0, cache = 0;

	(void)snprintf(path, sizeof(path), "/sys/devices/system/node/node%u/meminfo", node);
	(void)snprintf(name, sizeof(name), "Node %u MemFree", node);
	if (pf_field(pf, path, name, text, sizeof(text)) && sscanf(text, "%llu", &kib) == 1) {
		(void)snprintf(name, sizeof(name), "Node %u Inactive(file)", node);
		if (pf_field(pf, path, name, text, sizeof(text)))
			(void)sscanf(text, "%llu", &cache);
		return kib + cache;
	}
	if (node == 0 && pf_field(pf, "/proc/meminfo", "MemAvailable", text, sizeof(text)))
		(void)sscanf(text, "%llu", &kib);
	return kib;
}

/* What must come from small pages, once the free huge ones are full: DPDK's part is never there,
 * unless it is told to do without huge pages. */
static uint64_t small_bytes(const struct pf *pf, unsigned node, const struct node *n)
{
	uint64_t huge = pages_kib(pf, node, "free") << 10;
	uint64_t dpdk = pf_has_eal(pf, "--no-huge") ? 0 : n->dpdk;
	uint64_t left = huge > dpdk ? huge - dpdk : 0, tables = n->tables + n->state;

	return n->workers + n->dpdk - dpdk + (tables > left ? tables - left : 0);
}

static void check_total(struct pf *pf, unsigned node, const struct node *n)
{
	uint64_t have = free_kib(pf, node) << 10, want = small_bytes(pf, node, n);

	if (pf->is_running || have >= want)
		pf_green(pf, "memory",
		    "node %u: %.0f MB: buffers and drivers %.1f, tables %.1f, revocation %.1f, "
		    "workers %.1f",
		    node, (double)all_of(n) / PF_MIB, (double)n->dpdk / PF_MIB,
		    (double)n->tables / PF_MIB, (double)n->state / PF_MIB,
		    (double)n->workers / PF_MIB);
	else
		pf_red(pf, "memory", pf_fix(pf, "ps -eo rss,pid,args --sort=-rss | head -n 12"),
		    "node %u needs %.0f MB beside its huge pages (buffers and drivers %.0f in all, "
		    "tables %.0f, revocation %.0f), and has %.0f: stop what takes it (the command "
		    "shows it), or ask for fewer queues or descriptors",
		    node, (double)want / PF_MIB, (double)n->dpdk / PF_MIB,
		    (double)n->tables / PF_MIB, (double)n->state / PF_MIB, (double)have / PF_MIB);
}

/* -m of `eal`, in MB */
static long eal_memory_mb(const struct eg_config *config)
{
	for (unsigned i = 0; i < config->eal_cnt; i++) {
		const char *arg = config->eal[i];

		if (strcmp(arg, "-m") == 0 && i + 1 < config->eal_cnt)
			return strtol(config->eal[i + 1], NULL, 10);
		if (strncmp(arg, "-m", 2) == 0 && arg[2] != '\0')
			return strtol(arg + 2, NULL, 10);
	}
	return -1;
}

static void check_no_huge(struct pf *pf, const struct need *need)
{
	long mb = eal_memory_mb(pf->config);
	uint64_t want = 0;
	long want_mb;

	for (unsigned i = 0; i < PF_NODES_MAX; i++)
		want += need->node[i].dpdk;
	want_mb = (long)(want >> 20) + 1;
	if ((mb >= 0 ? mb : EAL_MB_DEFAULT) >= want_mb)
		pf_green(pf, "eal", "--no-huge with %ld MB; %ld are needed",
		    mb >= 0 ? mb : EAL_MB_DEFAULT, want_mb);
	else if (mb >= 0)
		pf_red(pf, "eal",
		    pf_fix(pf, "sed -i -E 's/(\"?-m\"?, *\"?)%ld/\\1%ld/' %s", mb, want_mb,
		        pf->shell.file),
		    "--no-huge with %ld MB, but %ld are needed", mb, want_mb);
	else
		pf_red(pf, "eal",
		    pf_fix(pf, "sed -i 's/\"--no-huge\"/&, \"-m\", \"%ld\"/' %s", want_mb,
		        pf->shell.file),
		    "--no-huge without -m means %d MB, but %ld are needed", EAL_MB_DEFAULT,
		    want_mb);
}

/* ── other things about pages ── */

static void check_mount(struct pf *pf)
{
	if (!pf_uses_dpdk(pf) || pf_has_eal(pf, "--no-huge") || pf_has_eal(pf, "--in-memory"))
		return;
	if (pf_has_mount(pf, "hugetlbfs"))
		pf_green(pf, "hugetlbfs", "mounted");
	else
		pf_red(pf, "hugetlbfs",
		    pf_fix(pf,
		        "mkdir -p /dev/hugepages && mount -t hugetlbfs hugetlbfs /dev/hugepages"),
		    "no hugetlbfs is mounted (or put --in-memory into `eal`)");
}

static void check_transparent(struct pf *pf)
{
	char text[PF_TEXT];

	if (!pf_text(pf, text, "/sys/kernel/mm/transparent_hugepage/enabled"))
		return;
	if (strstr(text, "[never]") != NULL)
		pf_yellow(pf, "thp",
		    pf_fix(pf, "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"),
		    "transparent huge pages are off: tables that find no reserved page are slower");
	else
		pf_green(pf, "thp", "transparent huge pages are there for tables that ask");
}

/* Devices that reach memory by themselves need it locked: VFIO, mlx5, af_xdp. */
static bool locks_memory(const struct eg_config_port *port)
{
	return pf_is_pci(port) || (port->kind == EG_PORT_DPDK && port->vdev != NULL &&
	                              strncmp(port->vdev, "net_af_xdp", 10) == 0);
}

static void check_locked(struct pf *pf, const struct need *need)
{
	char limit[PF_TEXT] = "";
	uint64_t want = 0;
	bool locks = false;

	for (unsigned i = 0; i < pf->config->port_cnt; i++)
		locks = locks || locks_memory(&pf->config->port[i]);
	for (unsigned i = 0; i < PF_NODES_MAX; i++)
		want += need->node[i].dpdk;
	if (!locks)
		return;
	(void)pf_field(pf, "/proc/self/limits", "Max locked memory", limit, sizeof(limit));
	if (pf_has_capability(pf, CAP_IPC_LOCK) || strncmp(limit, "unlimited", 9) == 0 ||
	    strtoull(limit, NULL, 10) >= want)
		pf_green(
		    pf, "memlock", "%.0f MB may be locked for the device", (double)want / PF_MIB);
	else
		pf_red(pf, "memlock", pf_fix(pf, "ulimit -l unlimited"),
		    "the device needs %.0f MB of locked memory, the limit is %.1f (a service: "
		    "LimitMEMLOCK=infinity)",
		    (double)want / PF_MIB, (double)strtoull(limit, NULL, 10) / PF_MIB);
}

static void check_host_alone(struct pf *pf)
{
	for (unsigned node = 0; node < PF_NODES_MAX; node++)
		if (node == 0 || pf_exists(pf, "/sys/devices/system/node/node%u", node))
			pf_green(pf, "memory",
			    "node %u: %.0f MB are free, %.0f of %.0f MB of huge pages", node,
			    (double)free_kib(pf, node) / 1024,
			    (double)pages_kib(pf, node, "free") / 1024,
			    (double)pages_kib(pf, node, "nr") / 1024);
}

void pf_check_memory(struct pf *pf)
{
	struct need need = {.lists_cnt = 0};
	int home;

	check_transparent(pf);
	if (pf->config == NULL) {
		check_host_alone(pf);
		return;
	}
	home = home_node(pf);
	add_ports(pf, &need, home);
	add_workers(pf, &need);
	add_state(pf, &need, home);
	if (uses_tables(pf->config)) /* twice, while they are exchanged */
		need.node[home].tables = 2 * pf->config->table_budget_bytes;
	for (unsigned node = 0; node < PF_NODES_MAX; node++) {
		if (all_of(&need.node[node]) == 0)
			continue;
		check_total(pf, node, &need.node[node]);
		check_node(pf, node, &need.node[node]);
	}
	if (pf_uses_dpdk(pf) && pf_has_eal(pf, "--no-huge"))
		check_no_huge(pf, &need);
	check_mount(pf);
	check_locked(pf, &need);
}
