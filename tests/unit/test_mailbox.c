/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_test.h"

#include "eg_mailbox.h"

#include <pthread.h>
#include <sched.h>

#define RACE_ENTRIES 200000u

static struct eg_mailbox box;

static struct eg_mail mail_of(uint64_t epoch)
{
	return (struct eg_mail){.kind = EG_MAIL_EPOCH, .epoch = epoch};
}

static bool put(uint64_t epoch)
{
	struct eg_mail mail = mail_of(epoch);

	return eg_mailbox_put(&box, &mail);
}

static bool get(struct eg_mail *mail)
{
	const struct eg_mail *first;

	if (eg_mailbox_look(&box, &first, 1) == 0)
		return false;
	*mail = *first;
	eg_mailbox_done(&box, 1);
	return true;
}

static void assert_next(uint64_t epoch)
{
	struct eg_mail mail;

	assert_true(get(&mail));
	assert_int_equal(mail.kind, EG_MAIL_EPOCH);
	assert_int_equal(mail.epoch, epoch);
}

static int setup(void **state)
{
	eg_mailbox_init(&box);
	return 0;
}

static void says_what_was_passed(void **state)
{
	uint32_t sent;

	for (unsigned i = 0; i < 3 * EG_MAILBOX_ENTRIES; i++) {
		assert_true(eg_mailbox_has_passed(&box, eg_mailbox_sent(&box)));
		assert_true(put(i));
		sent = eg_mailbox_sent(&box);
		assert_false(eg_mailbox_has_passed(&box, sent));
		assert_true(put(i));
		assert_next(i);
		assert_true(eg_mailbox_has_passed(&box, sent));
		assert_false(eg_mailbox_has_passed(&box, sent + 1));
		assert_next(i);
	}
	for (sent = eg_mailbox_sent(&box); put(1);)
		;
	assert_true(eg_mailbox_has_passed(&box, sent));
	for (unsigned i = 1; i <= EG_MAILBOX_ENTRIES; i++)
		assert_false(eg_mailbox_has_passed(&box, sent + i));
}

static void starts_empty(void **state)
{
	struct eg_mail mail;

	assert_true(eg_mailbox_is_empty(&box));
	assert_false(get(&mail));
}

static void keeps_the_order_and_every_kind(void **state)
{
	struct eg_snapshot snapshot = {.epoch = 7};
	struct eg_mail op = {.kind = EG_MAIL_OP, .op = {.kind = EG_REVOKE_OP_ENTRY, .shard = 63}};
	struct eg_mail swap = {.kind = EG_MAIL_SNAPSHOT, .snapshot = &snapshot};
	struct eg_mail mail;

	assert_true(eg_mailbox_put(&box, &op));
	assert_true(eg_mailbox_put(&box, &swap));
	assert_true(put(7));
	assert_false(eg_mailbox_is_empty(&box));
	assert_true(get(&mail));
	assert_int_equal(mail.kind, EG_MAIL_OP);
	assert_int_equal(mail.op.shard, 63);
	assert_true(get(&mail));
	assert_int_equal(mail.kind, EG_MAIL_SNAPSHOT);
	assert_ptr_equal(mail.snapshot, &snapshot);
	assert_next(7);
	assert_true(eg_mailbox_is_empty(&box));
}

static void is_full_at_its_size_and_not_before(void **state)
{
	for (uint32_t i = 0; i < EG_MAILBOX_ENTRIES; i++)
		assert_true(put(i));
	assert_false(put(EG_MAILBOX_ENTRIES));
	assert_next(0);
	assert_true(put(EG_MAILBOX_ENTRIES));
	assert_false(put(EG_MAILBOX_ENTRIES + 1));
	for (uint32_t i = 1; i <= EG_MAILBOX_ENTRIES; i++)
		assert_next(i);
	assert_true(eg_mailbox_is_empty(&box));
}

/* The counters run on for ever: what happens where they pass 2^32. */
static void survives_the_wrap_of_its_counters(void **state)
{
	uint32_t start = UINT32_MAX - EG_MAILBOX_ENTRIES / 2;

	atomic_store(&box.head, start);
	atomic_store(&box.tail, start);
	assert_true(eg_mailbox_is_empty(&box));
	for (uint32_t i = 0; i < EG_MAILBOX_ENTRIES; i++)
		assert_true(put(i));
	assert_false(put(0));
	for (uint32_t i = 0; i < EG_MAILBOX_ENTRIES; i++)
		assert_next(i);
	assert_true(eg_mailbox_is_empty(&box));
}

static void *write_all(void *arg)
{
	for (uint64_t i = 0; i < RACE_ENTRIES; i++)
		while (!put(i))
			(void)sched_yield();
	return NULL;
}

/* Meant for ThreadSanitizer as much as for its assertions. */
static void passes_everything_between_two_threads(void **state)
{
	pthread_t writer;
	struct eg_mail mail;

	assert_int_equal(pthread_create(&writer, NULL, write_all, NULL), 0);
	for (uint64_t i = 0; i < RACE_ENTRIES; i++) {
		while (!get(&mail))
			(void)sched_yield();
		assert_int_equal(mail.epoch, i);
	}
	assert_int_equal(pthread_join(writer, NULL), 0);
	assert_true(eg_mailbox_is_empty(&box));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(says_what_was_passed, setup),
	    cmocka_unit_test_setup(starts_empty, setup),
	    cmocka_unit_test_setup(keeps_the_order_and_every_kind, setup),
	    cmocka_unit_test_setup(is_full_at_its_size_and_not_before, setup),
	    cmocka_unit_test_setup(survives_the_wrap_of_its_counters, setup),
	    cmocka_unit_test_setup(passes_everything_between_two_threads, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
