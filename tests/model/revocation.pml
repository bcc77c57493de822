/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hand-over of a revocation, as a model for spin: control publishes, owners apply, any core
 * reads. Shown for every interleaving and every order of memory that release and acquire allow:
 *
 *   no core answers OK for a token with an epoch at or above the one that revoked it.
 *
 * Memory is modelled by views, as in operational models of C11 release/acquire (Kang et al., "A
 * Promising Semantics for Relaxed-Memory Concurrency", POPL 2017, without its promises): a location
 * is its history of writes; a thread has for each location the oldest write that it may still read;
 * a release store carries the writer's view along, and an acquire load takes it over; a relaxed
 * load takes over nothing. x86 is stronger, arm64 is not.
 *
 *   lib/revoke/bitmap.c, table.c        word[i]: relaxed store by its owner, relaxed load by all
 *   lib/pipeline/pipeline.c             epoch[i]: release store by owner i, acquire load by all
 *   lib/pipeline/mailbox.c              mail[i]: in order, a release/acquire pair of its own
 *   lib/stats/stats.c                   the minimum over all owners is what is answered
 *
 * Built with one of these, it must find a counterexample: LOAD_EPOCH_LATE (the epoch is read after
 * the word), OWN_EPOCH_ONLY (no minimum over the owners), RELAXED_EPOCH (no acquire),
 * EPOCH_FIRST (the owner publishes before it applies).
 */
#define OWNERS  2
#define READERS 1 /* they do not meet: one stands for all */

/* Change i (sequence i + 1) sets word i, whose owner is i. */
#define REVOKED_AT(i) ((i) + 1)

/* Histories. word[i] is written once, by change i. epoch[i] takes the values 0, 1, 2 in order, so
 * the value is the position in its history; seen_by[] is the view that the release carried. */
byte word[OWNERS];               /* newest write: 0 or 1 */
byte epoch[OWNERS];              /* newest write */
byte released_view[OWNERS * 3];  /* of epoch[i] = e: the writer's oldest readable write of word[i] */

chan mail[OWNERS] = [4] of {bool, byte}; /* is it an epoch; which */

inline publish(owner, e)
{
	released_view[owner * 3 + e] = own_view;
	epoch[owner] = e;
}

proctype owner(byte me)
{
	byte own_view = 0;
	bool is_epoch;
	byte value;

end:	do
	:: mail[me]?is_epoch, value ->
		if
		:: is_epoch -> atomic { publish(me, value) }
		:: else ->
#ifdef EPOCH_FIRST
			atomic { publish(me, value + 1) }
#endif
			atomic { word[me] = 1; own_view = 1 }
		fi
	od
}

proctype control()
{
	byte change = 0;
	byte to;

	do
	:: change < OWNERS ->
		mail[change]!false, change;
		to = 0;
		do
		:: to < OWNERS -> mail[to]!true, REVOKED_AT(change); to++
		:: else -> break
		od;
		change++
	:: else -> break
	od
}

/* Any write of epoch[i] that is not older than what was read before. */
inline load_epoch(i)
{
	atomic {
		if
		:: epoch[i] >= 2 && epoch_view[i] <= 2 -> got = 2
		:: epoch[i] >= 1 && epoch_view[i] <= 1 -> got = 1
		:: epoch_view[i] == 0 -> got = 0
		fi;
		epoch_view[i] = got;
#ifndef RELAXED_EPOCH
		if
		:: released_view[i * 3 + got] > word_view[i] ->
			word_view[i] = released_view[i * 3 + got]
		:: else -> skip
		fi
#endif
	}
}

inline load_all_epochs()
{
#ifdef OWN_EPOCH_ONLY
	load_epoch(me);
	answered = got;
#else
	load_epoch(0);
	answered = got;
	load_epoch(1);
	if
	:: got < answered -> answered = got
	:: else -> skip
	fi
#endif
}

/* Any write of word[i] that its view allows. */
inline load_word(i)
{
	atomic {
		if
		:: word[i] == 1 -> revoked = true; word_view[i] = 1
		:: word_view[i] == 0 -> revoked = false
		fi
	}
}

proctype reader(byte me)
{
	byte epoch_view[OWNERS];
	byte word_view[OWNERS];
	byte got, answered, token;
	bool revoked;
	byte tokens = 0;

	do
	:: tokens < 2 ->
		tokens++;
		if
		:: token = 0
		:: token = 1
		fi;
#ifdef LOAD_EPOCH_LATE
		load_word(token);
		load_all_epochs();
#else
		load_all_epochs();
		load_word(token);
#endif
		assert(revoked || answered < REVOKED_AT(token))
	:: else -> break
	od
}

init
{
	atomic {
		byte i = 0;

		do
		:: i < OWNERS -> run owner(i); i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < READERS -> run reader(i); i++
		:: else -> break
		od;
		run control()
	}
}
