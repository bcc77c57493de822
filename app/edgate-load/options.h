/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of edgate-load. */
#ifndef LOAD_OPTIONS_H
#define LOAD_OPTIONS_H

#include "eg_config.h"

struct load_options {
	const char *corpus;
	struct eg_config_port port; /* kind dpdk: device or vdev, our address, queues */
	int eal_cnt;
	char *eal[EG_CONFIG_ARGS_MAX];
	uint8_t server[4];
	uint16_t server_port;
	double seconds;
	double rate;           /* requests a second; 0: windowed */
	unsigned window;       /* requests in flight, where windowed */
	unsigned frame_tokens; /* at most so many tokens a request */
	unsigned datagram_bytes;
	bool table, json;
};

enum load_parse { LOAD_PARSE_OK, LOAD_PARSE_HELP, LOAD_PARSE_USAGE };

/* On LOAD_PARSE_USAGE the reason is on stderr already. */
enum load_parse load_options_parse(struct load_options *options, int argc, char **argv);

void load_options_help(void);

#endif
