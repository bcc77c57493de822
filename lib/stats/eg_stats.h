/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Verdicts, drops and counters, one block per core, in one segment that others may map read-only.
 *
 *   <run>/stats   ┌ header ┐┌ core 0 ┐┌ core 1 ┐ … ┌ key rows ┐┌ ports ┐   written by edgate alone,
 *                 └────────┘└────────┘└────────┘   └──────────┘└───────┘   read by edgatectl
 *
 * Each core writes its own block with relaxed stores of words that nobody else writes (no atomic
 * read-modify-write); readers load them relaxed. applied_epoch is the exception: release / acquire.
 * Threads: as above; the segment is one mapping, of fixed size, made by eg_stats_create [control].
 */
#ifndef EG_STATS_H
#define EG_STATS_H

#include "eg_err.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define EG_CACHE_LINE_BYTES 64
#define EG_WORKERS_MAX      64
#define EG_PORTS_MAX        16

enum eg_verdict {
	EG_VERDICT_NONE = 0, /* reserved: a zeroed answer never reads as accept */
#define EG_VERDICT(number, name, doc) EG_##name = (number),
#include "counters.def"
};
#define EG_VERDICT_SLOTS 70 /* verdicts are counted under their wire number */

enum eg_detail {
#define EG_DETAIL(number, name, doc) EG_DETAIL_##name = (number),
#include "counters.def"
};

enum eg_drop {
#define EG_DROP(name, doc) EG_DROP_##name,
#include "counters.def"
	EG_DROP_COUNT
};

enum eg_answer {
#define EG_ANSWER(name, doc) EG_ANSWER_##name,
#include "counters.def"
	EG_ANSWER_COUNT
};

enum eg_counter {
#define EG_COUNTER(name, doc) EG_COUNTER_##name,
#include "counters.def"
	EG_COUNTER_COUNT
};

enum eg_stage {
#define EG_STAGE(name, doc) EG_STAGE_##name,
#include "counters.def"
	EG_STAGE_COUNT
};

enum eg_device_word {
#define EG_DEVICE(name, doc) EG_DEVICE_##name,
#include "counters.def"
	EG_DEVICE_COUNT
};

enum eg_link { EG_LINK_UNKNOWN, EG_LINK_DOWN, EG_LINK_UP };

typedef _Atomic uint64_t eg_count_t; /* a word with one writer */

/* Keys have slots: each core counts the signatures that it verified under a slot, and control says
 * in the slot's row what the key has. Slot 0 is that of all keys that found none free. */
#define EG_STATS_KEYS    8192u
#define EG_STATS_KEYLESS 0u

/* Where cycles went (eg_stage.h): ticks of eg_clock_ticks; how many packets or records passed, and
 * in how many bursts. */
struct eg_stage_words {
	eg_count_t cycles, items, bursts;
};

struct eg_core_stats {
	/* Owner release-stores it after the words of its shards; the others acquire-load it. */
	_Alignas(EG_CACHE_LINE_BYTES) _Atomic uint64_t applied_epoch;
	_Alignas(EG_CACHE_LINE_BYTES) eg_count_t verdict[EG_VERDICT_SLOTS];
	eg_count_t drop[EG_DROP_COUNT];
	eg_count_t answer[EG_ANSWER_COUNT];
	eg_count_t counter[EG_COUNTER_COUNT];
	struct eg_stage_words stage[EG_STAGE_COUNT];
	eg_count_t key_signatures[EG_STATS_KEYS];
};

/* One key, as control sees it: words of its own, each whole; a row that control changes while it is
 * read may be half old. */
struct eg_stats_key {
	eg_count_t public[4]; /* the 32 bytes as they lie in memory; with `used` 0 they mean nothing
	                       */
	eg_count_t used;      /* 1: a key that is served */
	eg_count_t shape;     /* EG_STATS_KEY_SHAPE */
	eg_count_t heat;      /* signatures in 1000 s, of the last ones most */
	eg_count_t first;     /* what the cores had counted before this key had the slot */
};
/* Width of its table (0: none), enum eg_ed25519_point, enum eg_pages_kind. */
#define EG_STATS_KEY_SHAPE(window_bits, point, pages)                                              \
	((uint64_t)(window_bits) | (uint64_t)(point) << 8 | (uint64_t)(pages) << 16)
#define EG_STATS_KEY_WINDOW_BITS(shape) ((unsigned)((shape)&0xff))
#define EG_STATS_KEY_POINT(shape)       ((unsigned)((shape) >> 8 & 0xff))
#define EG_STATS_KEY_PAGES(shape)       ((unsigned)((shape) >> 16 & 0xff))

/* A port's device, as control sees it once a second: each word whole. Counters are the device's
 * own, which most begin anew when edgate opens it. */
struct eg_stats_port {
	char name[40];                    /* the configuration's; set before port_cnt */
	eg_count_t word[EG_DEVICE_COUNT]; /* link: enum eg_link */
};

struct eg_stats_header {
	uint32_t magic;
	uint32_t cores;
	uint64_t layout; /* hash of sizes and names: readers of another build refuse by name */
	uint64_t pid;
	int64_t started_utc_ns;
	_Atomic uint64_t ready;        /* 1 once the workers answer */
	_Atomic uint64_t clock_alarms; /* times the host's clock stepped back and was held */
	_Atomic uint64_t state_epoch;  /* last epoch that the control core has handed out */
	/* Last good contact with the authority, here the read of the store: control stores it
	 * relaxed, each worker loads it once a turn (freshness). */
	_Atomic uint64_t state_read_utc_s;
	_Atomic uint64_t state_errors; /* failed reads of the store */
	_Atomic uint64_t table_bytes;  /* comb tables of keys in use, and that of the base point */
	_Atomic uint64_t signature_checks;        /* verdicts that libsodium has looked at again */
	_Atomic uint64_t signature_disagreements; /* those that it found wrong */
	_Atomic uint64_t ticks_hz; /* of eg_clock_ticks, ever more exact; 0: not known yet */
	/* Ports that have a name; release-stored by control behind that, acquire-loaded by readers.
	 */
	_Atomic uint64_t port_cnt;
	uint64_t table_budget_bytes;
	char ed25519[16]; /* the implementation that the cores start with */
};

struct eg_stats {
	struct eg_stats_header *header;
	struct eg_core_stats *core; /* core_cnt of them */
	struct eg_stats_key *key;   /* EG_STATS_KEYS of them */
	struct eg_stats_port *port; /* EG_PORTS_MAX of them; eg_stats_port_cnt in use */
	/* header->cores as it was when the size was checked: root reads what another user may go
	 * on writing, and must not count by it. */
	uint32_t core_cnt;
	size_t map_bytes;
};

/* [worker, own block] count += n, without a read-modify-write instruction. */
static inline void eg_count(eg_count_t *word, uint64_t n)
{
	atomic_store_explicit(
	    word, atomic_load_explicit(word, memory_order_relaxed) + n, memory_order_relaxed);
}

/* [any] */
static inline uint64_t eg_count_read(const eg_count_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

/* [control] A segment of `cores` (1 … EG_WORKERS_MAX, else -EG_ELIMIT) zeroed blocks: in the file
 * `path` (mode 0640; replaces an old one at once, so that no reader sees half a header), or in
 * anonymous memory where path is NULL. After an error *stats is empty and may be closed. */
int eg_stats_create(
    struct eg_stats *stats, const char *path, uint32_t cores, int64_t utc_ns, struct eg_error *err);

/* [any] Maps an existing segment read-only. -EG_ENOENT no such file (not running?), -EG_EVERSION
 * another build's layout, -EG_ECORRUPT wrong size or magic. After an error *stats is empty and may
 * be closed. */
int eg_stats_open(struct eg_stats *stats, const char *path, struct eg_error *err);

void eg_stats_close(struct eg_stats *stats);

/* [any] The lowest epoch that all cores have applied: acquire loads, pairs with the owners' release
 * stores. What a worker answers and compares with MIN_EPOCH (protocol section 4). */
uint64_t eg_stats_applied_epoch(const struct eg_stats *stats);

/* [any] Signatures that all cores have counted under a key's slot. */
uint64_t eg_stats_key_signatures(const struct eg_stats *stats, uint32_t slot);

/* [any] The text of `room` bytes in a segment that another user may write: printable, and ended
 * within `to`, which has as many. */
const char *eg_stats_text(char *to, const char *text, size_t room);

/* [control] Names the next port; those beyond EG_PORTS_MAX have no row. */
void eg_stats_add_port(struct eg_stats *stats, const char *name);
/* [any] */
unsigned eg_stats_port_cnt(const struct eg_stats *stats);

/* Names as edgatectl prints them: "OK", "ip4_fragment". NULL for a number that is not in the list.
 */
const char *eg_verdict_name(unsigned verdict);
const char *eg_detail_name(unsigned detail);
const char *eg_drop_name(unsigned drop);
const char *eg_answer_name(unsigned answer);
const char *eg_counter_name(unsigned counter);
const char *eg_stage_name(unsigned stage);
const char *eg_device_name(unsigned word);
/* The number of a verdict's name, or EG_VERDICT_NONE. */
enum eg_verdict eg_verdict_by_name(const char *name);

/* The sentence of counters.def. */
const char *eg_verdict_doc(unsigned verdict);
const char *eg_detail_doc(unsigned detail);
const char *eg_drop_doc(unsigned drop);
const char *eg_answer_doc(unsigned answer);
const char *eg_counter_doc(unsigned counter);
const char *eg_stage_doc(unsigned stage);
const char *eg_device_doc(unsigned word);

/* One of the counted lists: where its words lie in a core's block, and what they are called. */
struct eg_stats_group {
	size_t offset; /* in struct eg_core_stats */
	unsigned cnt;  /* words; those of numbers that are not in the list have no name */
	const char *(*name)(unsigned i);
	const char *(*doc)(unsigned i);
};
extern const struct eg_stats_group eg_stats_answers, eg_stats_drops, eg_stats_verdicts,
    eg_stats_counters;

/* [any] Word i < group->cnt, summed over the cores first … first + core_cnt - 1. */
uint64_t eg_stats_sum(const struct eg_stats *stats, const struct eg_stats_group *group, unsigned i,
    unsigned first, unsigned core_cnt);

#endif
