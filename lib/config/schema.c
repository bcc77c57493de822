/* SPDX-License-Identifier: BSD-3-Clause */
#include "schema.h"
#include "eg_config.h"

#include <cyaml/cyaml.h>
#include <stdio.h>

/* Every field may be left out here: what is required depends on others and is checked after. */
#define TEXT(type, key)                                                                            \
	CYAML_FIELD_STRING_PTR(                                                                    \
	    #key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct type, key, 0, CYAML_UNLIMITED)
#define LIST(type, key, entry, max)                                                                \
	CYAML_FIELD_SEQUENCE(                                                                      \
	    #key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct type, key, entry, 0, max)

static const cyaml_schema_value_t word = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED)};

static const cyaml_schema_field_t port_fields[] = {
    TEXT(eg_raw_port, name),
    TEXT(eg_raw_port, kind),
    TEXT(eg_raw_port, device),
    TEXT(eg_raw_port, vdev),
    TEXT(eg_raw_port, mac),
    TEXT(eg_raw_port, pcap_in),
    TEXT(eg_raw_port, pcap_out),
    TEXT(eg_raw_port, clock),
    TEXT(eg_raw_port, queues),
    TEXT(eg_raw_port, vlan),
    TEXT(eg_raw_port, service_vlan),
    TEXT(eg_raw_port, devargs),
    TEXT(eg_raw_port, rx_descriptors),
    TEXT(eg_raw_port, tx_descriptors),
    TEXT(eg_raw_port, rx_checksum),
    TEXT(eg_raw_port, tx_checksum),
    TEXT(eg_raw_port, fast_free),
    CYAML_FIELD_SEQUENCE("rss", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct eg_raw_port, rss,
        &word, 1, EG_CONFIG_RSS_MAX),
    LIST(eg_raw_port, addresses, &word, EG_CONFIG_ADDRS_MAX),
    LIST(eg_raw_port, gateway, &word, EG_CONFIG_ADDRS_MAX),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t port = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct eg_raw_port, port_fields)};

static const cyaml_schema_field_t worker_fields[] = {
    TEXT(eg_raw_worker, port),
    TEXT(eg_raw_worker, queue),
    TEXT(eg_raw_worker, cpu),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t worker = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct eg_raw_worker, worker_fields)};

static const cyaml_schema_field_t ed25519_fields[] = {
    TEXT(eg_raw_ed25519, impl),
    TEXT(eg_raw_ed25519, table_budget),
    TEXT(eg_raw_ed25519, sample),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t cache_fields[] = {
    TEXT(eg_raw_cache, memory),
    CYAML_FIELD_END,
};

/* clang-format off */
#define FILE_FIELDS(ed25519_field) {                                                               \
	TEXT(eg_raw, name),                                                                        \
	TEXT(eg_raw, state),                                                                       \
	TEXT(eg_raw, run),                                                                         \
	TEXT(eg_raw, user),                                                                        \
	TEXT(eg_raw, mode),                                                                        \
	TEXT(eg_raw, idle),                                                                        \
	ed25519_field,                                                                             \
	CYAML_FIELD_MAPPING("cache", CYAML_FLAG_OPTIONAL, struct eg_raw, cache, cache_fields),      \
	TEXT(eg_raw, base_port),                                                                   \
	TEXT(eg_raw, max_datagram),                                                                \
	TEXT(eg_raw, signature_deadline_us),                                                       \
	TEXT(eg_raw, control_cpu),                                                                 \
	LIST(eg_raw, eal, &word, EG_CONFIG_ARGS_MAX),                                              \
	LIST(eg_raw, ports, &port, EG_CONFIG_PORTS_MAX),                                           \
	LIST(eg_raw, workers, &worker, EG_WORKERS_MAX),                                            \
	CYAML_FIELD_END,                                                                           \
}
/* clang-format on */

/* libcyaml has no field of two kinds: the file's shape is chosen by what stands in it. */
static const cyaml_schema_field_t fields_with_name[] = FILE_FIELDS(CYAML_FIELD_STRING_PTR("ed25519",
    CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct eg_raw, ed25519.impl, 0, CYAML_UNLIMITED));
static const cyaml_schema_field_t fields_with_mapping[] = FILE_FIELDS(
    CYAML_FIELD_MAPPING("ed25519", CYAML_FLAG_OPTIONAL, struct eg_raw, ed25519, ed25519_fields));
static const cyaml_schema_value_t file[] = {
    {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct eg_raw, fields_with_name)},
    {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct eg_raw, fields_with_mapping)},
};

/* What libcyaml logs about a refusal: one cause, then where, from the inside out. */
struct report {
	char cause[256];
	char path[EG_SOURCE_PATH_BYTES];
};

static void put_before(struct report *r, const char *step)
{
	char inner[EG_SOURCE_PATH_BYTES];
	bool joined = r->path[0] != '\0' && r->path[0] != '[';

	memcpy(inner, r->path, sizeof(inner));
	(void)snprintf(r->path, sizeof(r->path), "%s%s%.96s", step, joined ? "." : "", inner);
}

static void on_log(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
	struct report *r = ctx;
	char line[sizeof(r->cause)], step[24];
	unsigned entry;

	(void)level;
	(void)vsnprintf(line, sizeof(line), fmt, args);
	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, " in mapping field '%22[^']", step) == 1) {
		put_before(r, step);
	} else if (sscanf(line, " in sequence entry '%u'", &entry) == 1) {
		(void)snprintf(step, sizeof(step), "[%u]", entry - 1);
		put_before(r, step);
	} else if (strncmp(line, "Load: ", 6) == 0 && r->cause[0] == '\0') {
		(void)snprintf(r->cause, sizeof(r->cause), "%s", line + 6);
	}
}

static const struct {
	const char *cause, *text;
} words_for[] = {
    {"Mapping field already seen", "is given twice"},
    {"Insufficient entries", "is empty"},
    {"Expecting STRING", "must be a single value"},
    {"Expecting SEQUENCE", "must be a list: [a, b]"},
    {"Expecting MAPPING", "must be keys with their values"},
};

static int refuse_report(const struct eg_source *src, struct report *r)
{
	char key[64], path[EG_SOURCE_PATH_BYTES + sizeof(key)];
	unsigned max;

	if (sscanf(r->cause, "Unexpected key: %63s", key) == 1) {
		(void)snprintf(
		    path, sizeof(path), "%s%s%s", r->path, r->path[0] != '\0' ? "." : "", key);
		return eg_source_refuse(src, path, "unknown key");
	}
	if (strstr(r->cause, " entries (") != NULL) { /* said of the list's last entry */
		char *last = strrchr(r->path, '[');

		if (last != NULL)
			*last = '\0';
	}
	if (sscanf(r->cause, "Excessive entries (%u", &max) == 1)
		return eg_source_refuse(src, r->path, "more than %u entries", max);
	for (size_t i = 0; i < sizeof(words_for) / sizeof(words_for[0]); i++)
		if (strncmp(r->cause, words_for[i].cause, strlen(words_for[i].cause)) == 0)
			return eg_source_refuse(src, r->path, "%s", words_for[i].text);
	return eg_source_refuse(src, r->path, "%s", r->cause);
}

int eg_raw_load(struct eg_raw **raw, const struct eg_source *src)
{
	struct report report = {0};
	bool has_mapping = eg_source_is_mapping(src, "ed25519");
	const cyaml_config_t config = {
	    .log_fn = on_log,
	    .log_ctx = &report,
	    .log_level = CYAML_LOG_WARNING,
	    .mem_fn = cyaml_mem,
	};
	cyaml_err_t rc;

	*raw = NULL;
	rc = cyaml_load_data(
	    src->text.ptr, src->text.len, &config, &file[has_mapping], (cyaml_data_t **)raw, NULL);
	if (rc == CYAML_OK && *raw != NULL) {
		(*raw)->has_ed25519_mapping = has_mapping;
		return 0;
	}
	if (rc == CYAML_OK)
		return eg_error_set(src->err, EG_EINVAL, "%s: is empty", src->name);
	if (rc == CYAML_ERR_OOM)
		return eg_error_set(src->err, EG_ENOMEM, "%s: out of memory", src->name);
	if (report.cause[0] == '\0')
		(void)snprintf(report.cause, sizeof(report.cause), "%s", cyaml_strerror(rc));
	return refuse_report(src, &report);
}

void eg_raw_free(struct eg_raw *raw)
{
	const cyaml_config_t config = {.mem_fn = cyaml_mem};

	(void)cyaml_free(&config, &file[raw->has_ed25519_mapping], raw, 0);
}
