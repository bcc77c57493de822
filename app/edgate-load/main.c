/* SPDX-License-Identifier: BSD-3-Clause */
#include "corpus.h"
#include "eg_log.h"
#include "link.h"
#include "options.h"
#include "run.h"
#include "table.h"

#include <signal.h>
#include <sodium.h>

#define RESOLVE_NS (5 * 1000 * 1000 * 1000ull)

enum { EXIT_GOOD = 0, EXIT_WRONG = 1, EXIT_USAGE = 2 };

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static int fail(const struct eg_error *err)
{
	eg_log(EG_LOG_ERROR, "%s", err->text);
	return EXIT_WRONG;
}

static int measure(
    struct load_link *link, const struct load_corpus *corpus, const struct load_options *options)
{
	static struct load_result result;
	struct eg_error err;

	if (load_run(link, corpus, options, &stop, &result, &err) != 0)
		return fail(&err);
	load_result_print(&result, link, options->json);
	return load_result_is_good(&result) ? EXIT_GOOD : EXIT_WRONG;
}

static int talk(
    struct eg_port *port, const struct load_corpus *corpus, const struct load_options *options)
{
	struct load_link link = {.port = port, .route.server_port = options->server_port};
	struct eg_error err;

	memcpy(link.route.mac, port->netif.mac, sizeof(link.route.mac));
	memcpy(link.route.ip, options->port.addr[0].bytes, sizeof(link.route.ip));
	memcpy(link.route.server_ip, options->server, sizeof(link.route.server_ip));
	if (load_link_resolve(&link, RESOLVE_NS, &err) != 0)
		return fail(&err);
	if (options->table)
		return load_table(&link, corpus, options->json) ? EXIT_GOOD : EXIT_WRONG;
	return measure(&link, corpus, options);
}

static int run_on_port(struct load_options *options, const struct load_corpus *corpus)
{
	struct eg_port *port;
	struct eg_error err;
	int status;

	if (eg_port_eal_init(options->eal_cnt, options->eal, &err) != 0)
		return fail(&err);
	if (eg_port_open(&port, &options->port, options->datagram_bytes, LOAD_SOURCE_PORT, &err) !=
	    0) {
		status = fail(&err);
	} else {
		status = talk(port, corpus, options);
		(void)port->ops->close(port);
	}
	eg_port_eal_cleanup();
	return status;
}

int main(int argc, char **argv)
{
	struct load_options options;
	struct load_corpus corpus;
	struct eg_error err;
	int status;

	eg_log_init("edgate-load", EG_LOG_INFO);
	switch (load_options_parse(&options, argc, argv)) {
	case LOAD_PARSE_HELP:
		load_options_help();
		return EXIT_GOOD;
	case LOAD_PARSE_USAGE:
		return EXIT_USAGE;
	case LOAD_PARSE_OK:
		break;
	}
	if (sodium_init() < 0 ||
	    load_corpus_read(&corpus, options.corpus, options.table ? 1 : options.frame_tokens,
	        options.datagram_bytes, &err) != 0)
		return fail(&err);
	(void)signal(SIGINT, on_signal);
	(void)signal(SIGTERM, on_signal);
	status = run_on_port(&options, &corpus);
	load_corpus_free(&corpus);
	return status;
}
