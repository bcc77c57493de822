/* SPDX-License-Identifier: BSD-3-Clause */
/* The run directory: names that are none, who may share it, and that nothing is left in it. */
#include "rundir.h"

#include "eg_stats.h"
#include "eg_test.h"

#include <sys/stat.h>
#include <unistd.h>

struct place {
	char root[32], run[48];
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	(void)strcpy(p->root, "/tmp/edgate-run-XXXXXX");
	if (mkdtemp(p->root) == NULL)
		return -1;
	(void)snprintf(p->run, sizeof(p->run), "%s/a/b", p->root);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char above[48];

	(void)rmdir(p->run);
	(void)snprintf(above, sizeof(above), "%s/a", p->root);
	(void)rmdir(above);
	(void)rmdir(p->root);
	free(p);
	return 0;
}

static void refused(const char *path, int code, const char *words)
{
	struct eg_error err = {0};
	struct eg_rundir dir;

	assert_int_equal(eg_rundir_open(&dir, path, &err), -code);
	assert_non_null(strstr(err.text, words));
	assert_int_equal(dir.fd, -1);
	eg_rundir_close(&dir);
}

static void names_that_are_none(void **state)
{
	char *empty = strdup(""); /* on the heap, where a sanitizer sees what is read behind it */
	char path[EG_RUNDIR_PATH_BYTES];

	refused(empty, EG_EINVAL, "--run");
	free(empty);
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	refused(path, EG_ELIMIT, "too long");
	refused("/dev/null/run", EG_EIO, "/dev/null");
}

static void one_edgate_at_a_time(void **state)
{
	const struct place *p = *state;
	struct eg_error err = {0};
	struct eg_stats stats;
	struct eg_rundir dir;
	char pid[32];

	assert_int_equal(eg_rundir_open(&dir, p->run, &err), 0);
	assert_int_equal(eg_stats_create(&stats, dir.stats, 1, 0, &err), 0);
	(void)snprintf(pid, sizeof(pid), "process %d", (int)getpid());
	refused(p->run, EG_EEXIST, pid);
	eg_stats_close(&stats);
	eg_rundir_close(&dir);
	assert_int_not_equal(access(dir.stats, F_OK), 0);
	assert_int_equal(eg_rundir_open(&dir, p->run, &err), 0);
	eg_rundir_close(&dir);
}

static void where_everybody_writes(void **state)
{
	const struct place *p = *state;
	struct eg_error err = {0};
	struct eg_rundir dir;

	assert_int_equal(eg_rundir_open(&dir, p->run, &err), 0);
	eg_rundir_close(&dir);
	assert_int_equal(chmod(p->run, 0777), 0);
	refused(p->run, EG_EPERM, "everybody");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_that_are_none),
	    cmocka_unit_test_setup_teardown(one_edgate_at_a_time, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(where_everybody_writes, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
