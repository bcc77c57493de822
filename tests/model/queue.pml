/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One core's mail and its signature queue, as a model for spin. Records wait for their signatures
 * while mail is taken; shown for every order of mail, admissions and verdicts:
 *
 *   no OK for a token with a promised epoch at or above the one that revoked it, be it by a word
 *   of the core's own shard or by a key in a snapshot;
 *   nothing that is queued points into a snapshot that control has freed.
 *
 *   lib/pipeline/pipeline.c             take_entry: operations and epochs at once, a swap when dry
 *   lib/pipeline/mailbox.c              mail: in order; `passed` is what control sees of it
 *   lib/pipeline/signature_queue.c      queue: oldest first
 *
 * What other cores do, and orders of memory, are revocation.pml's. Built with one of these, it must
 * find a counterexample: SWAP_WET (the queue is not run dry before a swap), EPOCH_BEFORE_WORD and
 * EPOCH_BEFORE_SWAP (control sends them the other way round).
 */
#define ROOM   2
#define TOKENS 4

/* A token of kind 0 is revoked by the word, one of kind 1 by its key. */
#define REVOKED_AT(kind) ((kind) + 1)

mtype = {WORD, SWAP, EPOCH};

chan mail = [4] of {mtype, byte};
byte passed; /* entries of mail that the core is done with */
bool freed;  /* the first snapshot */

proctype control()
{
#ifdef EPOCH_BEFORE_WORD
	mail!EPOCH, 1;
	mail!WORD, 0;
#else
	mail!WORD, 0;
	mail!EPOCH, 1;
#endif
#ifdef EPOCH_BEFORE_SWAP
	mail!EPOCH, 2;
	mail!SWAP, 0;
#else
	mail!SWAP, 0;
	mail!EPOCH, 2;
#endif
	passed == 4 -> freed = true
}

inline admit()
{
	if
	:: kind = 0
	:: kind = 1
	fi;
	queue!kind, applied, snapshot;
	tokens++
}

inline judge()
{
	queue?kind, promised, held;
	assert(held == snapshot && !(held == 0 && freed));
	assert((kind == 0 && word == 1) || (kind == 1 && held == 1) ||
	       promised < REVOKED_AT(kind))
}

proctype core()
{
	chan queue = [ROOM] of {byte, byte, byte}; /* kind, promised epoch, snapshot */
	byte word, applied, snapshot, tokens, kind, promised, held;
	mtype what;

	/* Between two of these, the others may take steps. */
end:	do
	:: atomic { mail?what, kind ->
		if
		:: what == WORD -> word = 1
		:: what == EPOCH -> applied = kind
		:: what == SWAP ->
#ifndef SWAP_WET
			do
			:: nempty(queue) -> judge()
			:: empty(queue) -> break
			od;
#endif
			snapshot = 1
		fi;
		passed++ }
	:: atomic { nfull(queue) && tokens < TOKENS -> admit() }
	:: atomic { nempty(queue) -> judge() }
	od
}

init
{
	atomic {
		run core();
		run control()
	}
}
