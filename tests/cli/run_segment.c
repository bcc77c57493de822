/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * run_segment DIR [deaf]: the run directory of an edgate that does nothing but count to known
 * numbers and apply everything at the first poke (never, when deaf). Ends with its stdin. A line on
 * stdin: core 1 receives 30 packets and 60 records more, in 1000 cycles of parse.
 */
#include "eg_clock.h"
#include "eg_stats.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CORES 2u

static void apply(struct eg_stats *stats, unsigned core, uint64_t epoch)
{
	atomic_store_explicit(&stats->core[core].applied_epoch, epoch, memory_order_release);
}

static void spend(struct eg_core_stats *core, enum eg_stage stage, uint64_t cycles, uint64_t items)
{
	eg_count(&core->stage[stage].cycles, cycles);
	eg_count(&core->stage[stage].items, items);
	eg_count(&core->stage[stage].bursts, 1);
}

static void fill(struct eg_stats *stats)
{
	for (unsigned i = 0; i < CORES; i++) {
		struct eg_core_stats *core = &stats->core[i];

		eg_count(&core->counter[EG_COUNTER_rx_packets], 20);
		eg_count(&core->counter[EG_COUNTER_records], 10 * (i + 1));
		eg_count(&core->verdict[EG_OK], 10 * (i + 1));
		eg_count(&core->counter[EG_COUNTER_cache_hits], 5 * (i + 1));
		eg_count(&core->counter[EG_COUNTER_cache_misses], 5 * i);
		eg_count(&core->answer[EG_ANSWER_answered_verify], 15);
		eg_count(&core->counter[EG_COUNTER_rx_polls], 8);
		eg_count(&core->counter[EG_COUNTER_rx_empty_polls], 6);
		eg_count(&core->counter[EG_COUNTER_signatures], 60);
		eg_count(&core->counter[EG_COUNTER_signature_batches], 4);
		eg_count(&core->counter[EG_COUNTER_steer_hit], 3 - 2 * i);
		eg_count(&core->counter[EG_COUNTER_steer_miss], 1);
		spend(core, EG_STAGE_rx, 100 * (i + 1), 20);
		spend(core, EG_STAGE_decode, 300, 10);
		spend(core, EG_STAGE_idle, 500, 1);
		apply(stats, i, (1ull << 48) + 3 - i);
	}
	eg_count(&stats->core[0].drop[EG_DROP_ip4_fragment], 3);
	eg_stats_add_port(stats, "p0");
	eg_count(&stats->port[0].word[EG_DEVICE_link], EG_LINK_UP);
	eg_count(&stats->port[0].word[EG_DEVICE_rx_missed], 9);
	atomic_store(&stats->header->ready, 1);
}

static int listen_at(const char *dir)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	int len = snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/ctl.sock", dir);

	if (fd < 0 || len < 0 || (size_t)len >= sizeof(addr.sun_path) ||
	    bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0)
		return -1;
	return fd;
}

static void receive_more(struct eg_core_stats *core)
{
	eg_count(&core->counter[EG_COUNTER_rx_packets], 30);
	eg_count(&core->counter[EG_COUNTER_records], 60);
	eg_count(&core->verdict[EG_EXPIRED], 60);
	spend(core, EG_STAGE_parse, 1000, 30);
}

static void serve(struct eg_stats *stats, int bell, bool deaf)
{
	struct pollfd fds[] = {
	    {.fd = STDIN_FILENO, .events = POLLIN}, {.fd = bell, .events = POLLIN}};
	char buf[8];

	while (poll(fds, 2, -1) > 0) {
		if (fds[0].revents != 0) {
			if (read(STDIN_FILENO, buf, 1) <= 0)
				return;
			receive_more(&stats->core[1]);
			continue;
		}
		if (recv(bell, buf, sizeof(buf), 0) != 4 || deaf)
			continue;
		for (unsigned i = 0; i < CORES; i++)
			apply(stats, i, UINT64_MAX);
	}
}

int main(int argc, char *argv[])
{
	struct eg_error err = {0};
	struct eg_stats stats;
	char path[512];
	int bell;

	if (argc < 2)
		return 2;
	(void)snprintf(path, sizeof(path), "%s/stats", argv[1]);
	bell = listen_at(argv[1]);
	if (bell < 0 || eg_stats_create(&stats, path, CORES, eg_clock_utc_ns(), &err) != 0) {
		(void)fprintf(stderr, "run_segment: %s: %s\n", path, err.text);
		return 1;
	}
	fill(&stats);
	(void)puts("ready");
	(void)fflush(stdout);
	serve(&stats, bell, argc > 2 && strcmp(argv[2], "deaf") == 0);
	eg_stats_close(&stats);
	return 0;
}
