/* SPDX-License-Identifier: BSD-3-Clause */
/* `include`: what comes in, what wins, what is refused and where the refusal points. */
#include "eg_test.h"

#include "eg_config.h"
#include "include.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static struct eg_error err;
static struct eg_config config;

static int make_dir(void **state)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/edgate-test-include-XXXXXX");
	(void)state;
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static const char *path_of(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void load(const char *name)
{
	memset(&err, 0, sizeof(err));
	if (eg_config_load(&config, path_of(name), &err) != 0)
		fail_msg("%s", err.text);
}

/* `refusal` is the message behind the directory. */
static void expect_refusal(const char *name, const char *refusal)
{
	memset(&err, 0, sizeof(err));
	assert_int_not_equal(eg_config_load(&config, path_of(name), &err), 0);
	assert_memory_equal(err.text, dir, strlen(dir));
	assert_string_equal(err.text + strlen(dir) + 1, refusal);
}

#define HEAD "name: d\nstate: s\nmode: plain\n"

static void keys_come_in_and_own_keys_win(void **state)
{
	const struct eg_config_port *port = &config.port[0];

	assert_int_equal(mkdir(path_of("drivers"), 0700), 0);
	write_file("drivers/nic.yaml", "kind: dpdk\nrx_descriptors: 2048\ntx_descriptors: 512\n"
	                               "addresses: [198.51.100.1/24, 198.51.100.2/24]\n");
	write_file("a.yaml", HEAD "ports:\n  - name: p\n    tx_descriptors: 64\n"
	                          "    include: drivers/nic.yaml\n    device: 0000:3b:00.0\n"
	                          "    addresses: [192.0.2.1/24]\n");
	load("a.yaml");
	assert_int_equal(port->kind, EG_PORT_DPDK);
	assert_int_equal(port->dpdk.rx_desc_cnt, 2048);
	assert_int_equal(port->dpdk.tx_desc_cnt, 64);
	assert_int_equal(port->addr_cnt, 1); /* lists are not merged */
	assert_string_equal(port->device, "0000:3b:00.0");
	eg_config_free(&config);
}

/* The path is the including file's, three levels down, and the file above wins at each. */
static void files_in_files(void **state)
{
	assert_int_equal(mkdir(path_of("sub"), 0700), 0);
	write_file("top.yaml", "include: sub/one.yaml\nidle: spin\n");
	write_file("sub/one.yaml", "idle: pause\nname: one\ninclude: two.yaml\n");
	write_file("sub/two.yaml", "include: ../three.yaml\nname: two\nstate: two\n");
	write_file("three.yaml", "idle: sleep:1\nname: three\nstate: three\nbase_port: 3\n"
	                         "ports: [{name: s, kind: socket, addresses: [127.0.0.1]}]\n");
	load("top.yaml");
	assert_int_equal(config.idle, EG_IDLE_SPIN);
	assert_string_equal(config.name, "one");
	assert_string_equal(config.state, "two");
	assert_int_equal(config.base_port, 3);
	eg_config_free(&config);
}

static void the_same_file_twice_side_by_side(void **state)
{
	write_file("s.yaml", "kind: socket\nqueues: 2\n");
	write_file("b.yaml", HEAD "ports:\n  - {name: p, include: s.yaml, addresses: [127.0.0.1]}\n"
	                          "  - {name: q, include: s.yaml, addresses: [127.0.0.2]}\n"
	                          "ed25519: {include: e.yaml}\n");
	write_file("e.yaml", "impl: portable\nsample: 5\n");
	load("b.yaml");
	assert_int_equal(config.port_cnt, 2);
	assert_int_equal(config.port[1].queues, 2);
	assert_string_equal(config.ed25519, "portable");
	assert_int_equal(config.sample_every, 5);
	eg_config_free(&config);
}

/* Every byte of a value survives, whatever YAML would make of it in another place. */
static void values_are_kept_as_they_are(void **state)
{
	write_file("odd.yaml", "state: \"a\\\"b\\\\c\\td: {e}, # \xc3\xa4\\u0085\\U0001F600\"\n");
	write_file("c.yaml", "name: d\ninclude: odd.yaml\nuser: 'it''s'\n"
	                     "ports: [{name: s, kind: socket, addresses: [127.0.0.1]}]\n");
	load("c.yaml");
	assert_string_equal(config.state, "a\"b\\c\td: {e}, # \xc3\xa4\xc2\x85\xf0\x9f\x98\x80");
	assert_string_equal(config.user, "it's");
	eg_config_free(&config);
}

static void refusals_name_file_and_line(void **state)
{
	static const struct {
		const char *included, *refusal;
	} cases[] = {
	    {"\n\nbase_port: 0\n", "x.yaml:3: base_port: must be 1 to 65472, not 0"},
	    {"colour: red\n", "x.yaml:1: colour: unknown key"},
	    {"user: a\nuser: b\n", "x.yaml:2: user: is given twice"},
	    {"user: [a]\n", "x.yaml:1: user: must be a single value"},
	    {"a\n", "x.yaml:1: a configuration is keys with their values"},
	    {"[a]\n", "x.yaml:1: a configuration is keys with their values"},
	    {"", "x.yaml: is empty"},
	    {"user: {\n", "x.yaml:2: user: did not find expected node content"},
	    {"user: *a\n", "x.yaml:1: user: an alias: write the value out"},
	    {"user: [[[[[[[[[[1]]]]]]]]]]\n",
	        "x.yaml:1: user[0][0][0][0][0][0][0][0]: nested too deep"},
	    {"a: 1\n---\nb: 1\n", "x.yaml:2: a second document begins here"},
	    {"ports:\n  - name: q\n    kind: dpdk\n    vlan: 5000\n", NULL}, /* overridden */
	};

	write_file("d.yaml", HEAD "include: x.yaml\n"
	                          "ports: [{name: s, kind: socket, addresses: [127.0.0.1]}]\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_file("x.yaml", cases[i].included);
		if (cases[i].refusal != NULL) {
			expect_refusal("d.yaml", cases[i].refusal);
			continue;
		}
		load("d.yaml");
		eg_config_free(&config);
	}
	/* what is missing is missing in the file that includes */
	write_file("x.yaml", "user: u\n");
	write_file("d.yaml", "\nname: d\ninclude: x.yaml\nports:\n  - name: p\n    kind: pcap\n");
	expect_refusal("d.yaml", "d.yaml:2: state: is required");
}

static void what_cannot_be_included(void **state)
{
	static const struct {
		const char *text, *refusal;
	} cases[] = {
	    {HEAD "include: none.yaml\n", "No such file or directory"},
	    {HEAD "include: .\n", "not a file"},
	    {HEAD "include: /dev/zero\n", NULL},
	    {HEAD "include: [a.yaml]\n", "f.yaml:4: include: must be the name of one file"},
	    {HEAD "include: \"\"\n", "f.yaml:4: include: must be the name of one file"},
	    {HEAD "include: x.yaml\ninclude: x.yaml\n", "f.yaml:5: include: is given twice"},
	    {HEAD "include: f.yaml\n", "f.yaml: includes itself"},
	    {HEAD "include: g.yaml\n", "g.yaml:1: include: "},
	};

	write_file("x.yaml", "user: u\n");
	write_file("g.yaml", "include: f.yaml\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_file("f.yaml", cases[i].text);
		assert_int_not_equal(eg_config_load(&config, path_of("f.yaml"), &err), 0);
		if (cases[i].refusal == NULL)
			assert_non_null(strstr(err.text, "/dev/zero: not a file"));
		else if (strstr(err.text, cases[i].refusal) == NULL)
			fail_msg("%s: %s", cases[i].text, err.text);
	}
}

/* A cycle is one whatever the file is called by. */
static void a_cycle_through_another_name(void **state)
{
	write_file("cycle.yaml", HEAD "include: link.yaml\n");
	assert_int_equal(symlink("cycle.yaml", path_of("link.yaml")), 0);
	assert_int_not_equal(eg_config_load(&config, path_of("cycle.yaml"), &err), 0);
	assert_non_null(strstr(err.text, "cycle.yaml:4: include: "));
	assert_non_null(strstr(err.text, "link.yaml: includes itself"));
}

static void no_deeper_than_the_limit(void **state)
{
	char name[32], text[64];

	for (unsigned i = 0; i <= EG_INCLUDE_DEPTH_MAX + 1; i++) {
		(void)snprintf(name, sizeof(name), "deep%u.yaml", i);
		(void)snprintf(text, sizeof(text), "include: deep%u.yaml\n", i + 1);
		write_file(name, text);
	}
	expect_refusal("deep0.yaml",
	    "deep4.yaml:1: include: deep5.yaml: files in files in files: at most 4 deep");
	write_file("deep4.yaml", "name: d\nstate: s\n"
	                         "ports: [{name: s, kind: socket, addresses: [127.0.0.1]}]\n");
	load("deep0.yaml");
	eg_config_free(&config);
}

static void no_more_than_the_limit(void **state)
{
	char text[4096] = "name: d\nstate: s\nlist:\n";

	write_file("x.yaml", "user: u\n");
	for (unsigned i = 0; i < EG_INCLUDE_FILES_MAX; i++)
		(void)strcat(text, "  - include: x.yaml\n");
	write_file("many.yaml", text);
	expect_refusal("many.yaml", "many.yaml:35: include: x.yaml: more than 32 files");
}

static void write_long(const char *name, size_t bytes)
{
	FILE *f = fopen(path_of(name), "we");

	assert_non_null(f);
	assert_true(fputs("user: ", f) >= 0);
	for (size_t i = 0; i < bytes; i++)
		assert_int_equal(fputc('u', f), 'u');
	assert_int_equal(fclose(f), 0);
}

static void no_longer_than_the_limit(void **state)
{
	write_file("e.yaml",
	    HEAD "list:\n  - include: x.yaml\n  - include: x.yaml\n"
	         "  - include: x.yaml\n  - include: x.yaml\n  - include: x.yaml\n");
	write_long("x.yaml", EG_CONFIG_FILE_BYTES);
	expect_refusal("e.yaml", "x.yaml: longer than 262144 bytes");
	write_long("x.yaml", EG_CONFIG_FILE_BYTES - 100);
	expect_refusal("e.yaml", "e.yaml: longer than 1048576 bytes with all that it includes");
}

static void no_more_keys_than_the_limit(void **state)
{
	char text[1024] = "";

	for (unsigned i = 0; i <= 64; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "k%u: 1\n", i);
	write_file("x.yaml", text);
	write_file("h.yaml", HEAD "include: x.yaml\n");
	expect_refusal("h.yaml", "x.yaml:65: include: more than 64 keys in one place");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_come_in_and_own_keys_win),
	    cmocka_unit_test(files_in_files),
	    cmocka_unit_test(the_same_file_twice_side_by_side),
	    cmocka_unit_test(values_are_kept_as_they_are),
	    cmocka_unit_test(refusals_name_file_and_line),
	    cmocka_unit_test(what_cannot_be_included),
	    cmocka_unit_test(a_cycle_through_another_name),
	    cmocka_unit_test(no_deeper_than_the_limit),
	    cmocka_unit_test(no_more_than_the_limit),
	    cmocka_unit_test(no_longer_than_the_limit),
	    cmocka_unit_test(no_more_keys_than_the_limit),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
