/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_stats.h"
#include "eg_test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define UTC 1800000000000000000LL

struct place {
	char dir[64];
	char path[96];
	char tmp[112];
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	strcpy(p->dir, "/tmp/edgate-test-stats-XXXXXX");
	if (mkdtemp(p->dir) == NULL)
		return -1;
	(void)snprintf(p->path, sizeof(p->path), "%s/stats", p->dir);
	(void)snprintf(p->tmp, sizeof(p->tmp), "%s.new", p->path);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	(void)unlink(p->path);
	(void)unlink(p->tmp);
	(void)rmdir(p->dir);
	free(p);
	return 0;
}

/* ── segments ── */

static void assert_no_open(const char *path, int code)
{
	struct eg_stats stats;
	struct eg_error err = {0};

	assert_int_equal(eg_stats_open(&stats, path, &err), -code);
	assert_int_equal(err.code, -code);
	assert_non_null(strstr(err.text, path));
	assert_true(code != EG_ECORRUPT || strstr(err.text, "restart the edgate") != NULL);
	assert_null(stats.header);
	eg_stats_close(&stats);
}

static void a_reader_sees_what_cores_count(void **state)
{
	struct place *p = *state;
	struct eg_stats writer, reader;
	struct stat st;

	assert_int_equal(eg_stats_create(&writer, p->path, 3, UTC, NULL), 0);
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_not_equal(access(p->tmp, F_OK), 0);
	assert_int_equal(eg_stats_open(&reader, p->path, NULL), 0);
	assert_int_equal(reader.header->cores, 3);
	assert_int_equal(reader.header->pid, getpid());
	assert_int_equal(reader.header->started_utc_ns, UTC);
	eg_count(&writer.core[2].verdict[EG_STALE], 1);
	eg_count(&writer.core[2].verdict[EG_STALE], 2);
	eg_count(&writer.core[0].drop[EG_DROP_COUNT - 1], 5);
	eg_count(&writer.core[1].counter[EG_COUNTER_COUNT - 1], 7);
	assert_int_equal(eg_count_read(&reader.core[2].verdict[EG_STALE]), 3);
	assert_int_equal(eg_count_read(&reader.core[0].drop[EG_DROP_COUNT - 1]), 5);
	assert_int_equal(eg_count_read(&reader.core[1].counter[EG_COUNTER_COUNT - 1]), 7);
	assert_int_equal(eg_count_read(&reader.core[0].verdict[EG_STALE]), 0);
	eg_count(&writer.core[0].verdict[EG_STALE], 4);
	assert_int_equal(eg_stats_sum(&reader, &eg_stats_verdicts, EG_STALE, 0, 3), 7);
	assert_int_equal(eg_stats_sum(&reader, &eg_stats_verdicts, EG_STALE, 1, 2), 3);
	assert_int_equal(eg_stats_sum(&reader, &eg_stats_drops, EG_DROP_COUNT - 1, 0, 3), 5);
	assert_int_equal(eg_stats_sum(&reader, &eg_stats_counters, EG_COUNTER_COUNT - 1, 1, 1), 7);
	assert_int_equal(eg_stats_sum(&reader, &eg_stats_answers, 0, 0, 3), 0);
	eg_stats_close(&reader);
	eg_stats_close(&writer);
	eg_stats_close(&writer);
}

static void a_reader_sees_what_devices_say(void **state)
{
	struct place *p = *state;
	struct eg_stats writer, reader;

	assert_int_equal(eg_stats_create(&writer, p->path, 2, UTC, NULL), 0);
	assert_int_equal(eg_stats_open(&reader, p->path, NULL), 0);
	assert_int_equal(eg_stats_port_cnt(&reader), 0);
	eg_stats_add_port(&writer, "p0");
	eg_stats_add_port(&writer, "a-name-that-is-as-long-as-may-be");
	assert_int_equal(eg_stats_port_cnt(&reader), 2);
	assert_string_equal(reader.port[0].name, "p0");
	assert_string_equal(reader.port[1].name, "a-name-that-is-as-long-as-may-be");
	eg_count(&writer.port[1].word[EG_DEVICE_COUNT - 1], 7);
	assert_int_equal(eg_count_read(&reader.port[1].word[EG_DEVICE_COUNT - 1]), 7);
	assert_int_equal(eg_count_read(&reader.port[0].word[EG_DEVICE_COUNT - 1]), 0);
	for (unsigned i = 2; i <= EG_PORTS_MAX; i++)
		eg_stats_add_port(&writer, "more");
	assert_int_equal(eg_stats_port_cnt(&reader), EG_PORTS_MAX);
	eg_stats_close(&reader);
	eg_stats_close(&writer);
}

/* The file is edgate's user's, and root reads it. */
static void a_count_that_changes_later_is_not_believed(void **state)
{
	struct place *p = *state;
	struct eg_stats writer, reader;

	assert_int_equal(eg_stats_create(&writer, p->path, 2, UTC, NULL), 0);
	assert_int_equal(eg_stats_open(&reader, p->path, NULL), 0);
	atomic_store(&writer.core[0].applied_epoch, 5);
	atomic_store(&writer.core[1].applied_epoch, 6);
	writer.header->cores = UINT32_MAX;
	assert_int_equal(reader.core_cnt, 2);
	assert_int_equal(eg_stats_applied_epoch(&reader), 5);
	assert_int_equal(eg_stats_key_signatures(&reader, 1), 0);
	eg_stats_close(&reader);
	eg_stats_close(&writer);
}

static void a_text_ends_and_is_printable(void **state)
{
	const char wild[4] = {'a', '\n', '\xff', 'b'};
	char text[4];

	(void)state;
	assert_string_equal(eg_stats_text(text, "avx", sizeof(text)), "avx");
	assert_string_equal(eg_stats_text(text, wild, sizeof(text)), "a??");
}

static void an_anonymous_segment(void **state)
{
	struct eg_stats stats;

	assert_int_equal(eg_stats_create(&stats, NULL, EG_WORKERS_MAX, UTC, NULL), 0);
	assert_int_equal(stats.header->cores, EG_WORKERS_MAX);
	assert_int_equal(stats.core_cnt, EG_WORKERS_MAX);
	for (unsigned i = 0; i < EG_WORKERS_MAX; i++)
		assert_int_equal((uintptr_t)&stats.core[i] % EG_CACHE_LINE_BYTES, 0);
	eg_count(&stats.core[EG_WORKERS_MAX - 1].counter[EG_COUNTER_COUNT - 1], 1);
	eg_stats_close(&stats);
}

static void no_cores_and_too_many_are_refused(void **state)
{
	struct eg_stats stats;
	struct eg_error err;

	assert_int_equal(eg_stats_create(&stats, NULL, 0, UTC, &err), -EG_ELIMIT);
	assert_int_equal(eg_stats_create(&stats, NULL, EG_WORKERS_MAX + 1, UTC, &err), -EG_ELIMIT);
	assert_null(stats.header);
}

static void a_new_segment_replaces_the_old_one_aside(void **state)
{
	struct place *p = *state;
	struct eg_stats first, second, reader;

	assert_int_equal(eg_stats_create(&first, p->path, 1, UTC, NULL), 0);
	assert_int_equal(eg_stats_open(&reader, p->path, NULL), 0);
	close(open(p->tmp, O_CREAT | O_WRONLY, 0600)); /* left behind by a crash */
	assert_int_equal(eg_stats_create(&second, p->path, 2, UTC + 1, NULL), 0);
	eg_count(&first.core[0].verdict[EG_OK], 4);
	assert_int_equal(eg_count_read(&reader.core[0].verdict[EG_OK]), 4);
	assert_int_equal(eg_count_read(&second.core[0].verdict[EG_OK]), 0);
	eg_stats_close(&reader);
	assert_int_equal(eg_stats_open(&reader, p->path, NULL), 0);
	assert_int_equal(reader.header->cores, 2);
	eg_stats_close(&reader);
	eg_stats_close(&first);
	eg_stats_close(&second);
}

static void where_nothing_can_be_created(void **state)
{
	struct place *p = *state;
	struct eg_stats stats;
	struct eg_error err;
	char path[600];

	(void)snprintf(path, sizeof(path), "%s/none/stats", p->dir);
	assert_int_equal(eg_stats_create(&stats, path, 1, UTC, &err), -EG_EIO);
	memset(path, 'p', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(eg_stats_create(&stats, path, 1, UTC, &err), -EG_ELIMIT);
	assert_int_equal(mkdir(p->path, 0700), 0); /* rename cannot replace a directory */
	assert_int_equal(eg_stats_create(&stats, p->path, 1, UTC, &err), -EG_EIO);
	assert_null(stats.header);
	assert_int_not_equal(access(p->tmp, F_OK), 0);
	assert_int_equal(rmdir(p->path), 0);
}

/* Writes one value over the segment's file, and looks how it is refused. */
static void assert_refused_with(
    const struct place *p, size_t offset, uint64_t value, size_t bytes, int code)
{
	struct eg_stats stats;
	int fd;

	assert_int_equal(eg_stats_create(&stats, p->path, 2, UTC, NULL), 0);
	eg_stats_close(&stats);
	fd = open(p->path, O_WRONLY);
	assert_int_equal(pwrite(fd, &value, bytes, (off_t)offset), bytes);
	(void)close(fd);
	assert_no_open(p->path, code);
}

static void foreign_segments_are_refused(void **state)
{
	struct place *p = *state;
	struct eg_stats stats;
	struct stat st;

	assert_no_open(p->path, EG_ENOENT);
	assert_refused_with(p, offsetof(struct eg_stats_header, magic), 0, 4, EG_ECORRUPT);
	assert_refused_with(p, offsetof(struct eg_stats_header, layout), 1, 8, EG_EVERSION);
	assert_refused_with(p, offsetof(struct eg_stats_header, cores), 0, 4, EG_ECORRUPT);
	assert_refused_with(p, offsetof(struct eg_stats_header, cores), 3, 4, EG_ECORRUPT);
	assert_refused_with(p, offsetof(struct eg_stats_header, cores), 65, 4, EG_ECORRUPT);
	assert_refused_with(p, offsetof(struct eg_stats_header, cores), UINT32_MAX, 4, EG_ECORRUPT);

	assert_int_equal(eg_stats_create(&stats, p->path, 2, UTC, NULL), 0);
	eg_stats_close(&stats);
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(truncate(p->path, st.st_size - 1), 0);
	assert_no_open(p->path, EG_ECORRUPT);
	assert_int_equal(truncate(p->path, st.st_size + 1), 0);
	assert_no_open(p->path, EG_ECORRUPT);
	assert_int_equal(truncate(p->path, 127), 0);
	assert_no_open(p->path, EG_ECORRUPT);
	assert_int_equal(truncate(p->path, 0), 0);
	assert_no_open(p->path, EG_ECORRUPT);
	/* A segment without cores, of the right size: it would have applied every epoch. */
	assert_int_equal(eg_stats_create(&stats, p->path, 1, UTC, NULL), 0);
	stats.header->cores = 0;
	eg_stats_close(&stats);
	assert_int_equal(
	    truncate(p->path, st.st_size - 2 * (off_t)sizeof(struct eg_core_stats)), 0);
	assert_no_open(p->path, EG_ECORRUPT);
}

static void the_applied_epoch_is_the_lowest(void **state)
{
	struct eg_stats stats;

	assert_int_equal(eg_stats_create(&stats, NULL, 3, UTC, NULL), 0);
	assert_int_equal(eg_stats_applied_epoch(&stats), 0);
	atomic_store(&stats.core[0].applied_epoch, 9);
	atomic_store(&stats.core[1].applied_epoch, 7);
	assert_int_equal(eg_stats_applied_epoch(&stats), 0);
	atomic_store(&stats.core[2].applied_epoch, 8);
	assert_int_equal(eg_stats_applied_epoch(&stats), 7);
	eg_stats_close(&stats);
}

/* ── names and numbers ── */

/* Status numbers are the wire's: protocol section 5.4, copied by hand. */
static void verdicts_have_the_numbers_of_the_protocol(void **state)
{
	static const struct {
		unsigned number;
		const char *name;
	} wire[] = {{1, "OK"}, {2, "MALFORMED"}, {3, "UNSUPPORTED"}, {4, "UNSUPPORTED_ALG"},
	    {5, "UNSUPPORTED_CRIT"}, {6, "BAD_TYP"}, {7, "UNKNOWN_KEY"}, {8, "BAD_SIGNATURE"},
	    {9, "EXPIRED"}, {10, "NOT_YET_VALID"}, {11, "ISSUED_IN_FUTURE"}, {12, "NO_EXP"},
	    {13, "BAD_ISS"}, {14, "BAD_AUD"}, {15, "REVOKED"}, {16, "SUSPENDED"},
	    {17, "STATUS_UNKNOWN"}, {18, "TOO_OLD"}, {19, "CNF_REFUSED"}, {20, "TOO_BIG"},
	    {21, "RISK_DENIED"}, {64, "OVERLOADED"}, {65, "RATE_LIMITED"}, {66, "NOT_READY"},
	    {67, "UNKNOWN_POLICY"}, {68, "BAD_VERSION"}, {69, "STALE"}};
	const size_t wire_cnt = sizeof(wire) / sizeof(wire[0]);
	size_t named = 0;

	for (size_t i = 0; i < wire_cnt; i++) {
		assert_string_equal(eg_verdict_name(wire[i].number), wire[i].name);
		assert_int_equal(eg_verdict_by_name(wire[i].name), wire[i].number);
		assert_true(strlen(eg_verdict_doc(wire[i].number)) > 0);
	}
	for (unsigned i = 0; i < 300; i++)
		named += eg_verdict_name(i) != NULL;
	assert_int_equal(named, wire_cnt);
	assert_null(eg_verdict_name(0)); /* a zeroed answer has no name */
	assert_null(eg_verdict_doc(UINT32_MAX));
	assert_int_equal(eg_verdict_by_name("ok"), EG_VERDICT_NONE);
	assert_int_equal(eg_verdict_by_name(""), EG_VERDICT_NONE);
}

static void details_have_the_numbers_of_the_protocol(void **state)
{
	static const char *const revoked[] = {
	    "NONE", "KEY", "ISSUER", "SUBJECT", "JTI", "CTI", "SID", "JKT", "LIST"};

	for (unsigned i = 0; i < 9; i++)
		assert_string_equal(eg_detail_name(i), revoked[i]);
	assert_null(eg_detail_name(9));
	assert_string_equal(eg_detail_name(EG_DETAIL_STATUS), "STATUS");
	assert_null(eg_detail_name(EG_DETAIL_STATUS + 1));
	assert_true(strlen(eg_detail_doc(EG_DETAIL_TOKEN)) > 0);
}

static void assert_names(const char *(*name)(unsigned), const char *(*doc)(unsigned), unsigned cnt)
{
	for (unsigned i = 0; i < cnt; i++) {
		assert_true(strlen(doc(i)) > 0);
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(name(i), name(k));
	}
	assert_null(name(cnt));
	assert_null(doc(cnt));
	assert_null(name(UINT32_MAX));
}

static void every_counter_has_one_name(void **state)
{
	assert_names(eg_drop_name, eg_drop_doc, EG_DROP_COUNT);
	assert_names(eg_answer_name, eg_answer_doc, EG_ANSWER_COUNT);
	assert_names(eg_counter_name, eg_counter_doc, EG_COUNTER_COUNT);
	assert_string_equal(eg_drop_name(EG_DROP_ip4_fragment), "ip4_fragment");
	assert_string_equal(eg_answer_name(EG_ANSWER_answered_ping), "answered_ping");
	assert_string_equal(eg_counter_name(EG_COUNTER_steer_miss), "steer_miss");
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_PLACE(a_reader_sees_what_cores_count),
	    IN_PLACE(a_reader_sees_what_devices_say),
	    IN_PLACE(a_count_that_changes_later_is_not_believed),
	    cmocka_unit_test(a_text_ends_and_is_printable),
	    cmocka_unit_test(an_anonymous_segment),
	    cmocka_unit_test(no_cores_and_too_many_are_refused),
	    IN_PLACE(a_new_segment_replaces_the_old_one_aside),
	    IN_PLACE(where_nothing_can_be_created),
	    IN_PLACE(foreign_segments_are_refused),
	    cmocka_unit_test(the_applied_epoch_is_the_lowest),
	    cmocka_unit_test(verdicts_have_the_numbers_of_the_protocol),
	    cmocka_unit_test(details_have_the_numbers_of_the_protocol),
	    cmocka_unit_test(every_counter_has_one_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
