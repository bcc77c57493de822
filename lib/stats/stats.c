/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_stats.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATS_MAGIC  0xE6A75747u
#define HEADER_BYTES (3 * (size_t)EG_CACHE_LINE_BYTES)

struct name_doc {
	const char *name, *doc;
};

static const struct name_doc verdicts[EG_VERDICT_SLOTS] = {
#define EG_VERDICT(number, name, doc) [number] = {#name, doc},
#include "counters.def"
};
static const struct name_doc details[] = {
#define EG_DETAIL(number, name, doc) [number] = {#name, doc},
#include "counters.def"
};
static const struct name_doc drops[] = {
#define EG_DROP(name, doc) {#name, doc},
#include "counters.def"
};
static const struct name_doc answers[] = {
#define EG_ANSWER(name, doc) {#name, doc},
#include "counters.def"
};
static const struct name_doc counters[] = {
#define EG_COUNTER(name, doc) {#name, doc},
#include "counters.def"
};

static const struct name_doc stages[] = {
#define EG_STAGE(name, doc) {#name, doc},
#include "counters.def"
};

static const struct name_doc devices[] = {
#define EG_DEVICE(name, doc) {#name, doc},
#include "counters.def"
};

#define DEFINE_LOOKUP(kind, table)                                                                 \
	const char *eg_##kind##_name(unsigned i)                                                   \
	{                                                                                          \
		return i < sizeof(table) / sizeof((table)[0]) ? (table)[i].name : NULL;            \
	}                                                                                          \
	const char *eg_##kind##_doc(unsigned i)                                                    \
	{                                                                                          \
		return i < sizeof(table) / sizeof((table)[0]) ? (table)[i].doc : NULL;             \
	}

DEFINE_LOOKUP(verdict, verdicts)
DEFINE_LOOKUP(detail, details)
DEFINE_LOOKUP(drop, drops)
DEFINE_LOOKUP(answer, answers)
DEFINE_LOOKUP(counter, counters)
DEFINE_LOOKUP(stage, stages)
DEFINE_LOOKUP(device, devices)

enum eg_verdict eg_verdict_by_name(const char *name)
{
	for (unsigned i = 0; i < EG_VERDICT_SLOTS; i++)
		if (verdicts[i].name != NULL && strcmp(verdicts[i].name, name) == 0)
			return (enum eg_verdict)i;
	return EG_VERDICT_NONE;
}

/* FNV-1a over the sizes and every name that is counted, in order: of two builds that agree each
 * reads the other's words by their names. */
static uint64_t layout_hash(void)
{
	static const char names[] =
#define EG_VERDICT(number, name, doc) #number #name ","
#define EG_DROP(name, doc)            #name ","
#define EG_ANSWER(name, doc)          #name ","
#define EG_COUNTER(name, doc)         #name ","
#define EG_STAGE(name, doc)           #name ","
#define EG_DEVICE(name, doc)          #name ","
#include "counters.def"
	    ;
	uint64_t h = 0xcbf29ce484222325u ^ sizeof(struct eg_stats_header) << 32 ^
	             sizeof(struct eg_core_stats) ^ sizeof(struct eg_stats_key) << 24 ^
	             sizeof(struct eg_stats_port) << 48;

	for (size_t i = 0; i < sizeof(names); i++)
		h = (h ^ (uint8_t)names[i]) * 0x100000001b3u;
	return h;
}

static size_t segment_bytes(uint32_t cores)
{
	_Static_assert(sizeof(struct eg_stats_header) <= HEADER_BYTES, "header fits");
	return HEADER_BYTES + cores * sizeof(struct eg_core_stats) +
	       EG_STATS_KEYS * sizeof(struct eg_stats_key) +
	       EG_PORTS_MAX * sizeof(struct eg_stats_port);
}

static void segment_attach(struct eg_stats *stats, void *mem, uint32_t cores, size_t bytes)
{
	stats->header = mem;
	stats->core = (struct eg_core_stats *)((uint8_t *)mem + HEADER_BYTES);
	stats->key = (struct eg_stats_key *)(stats->core + cores);
	stats->port = (struct eg_stats_port *)(stats->key + EG_STATS_KEYS);
	stats->core_cnt = cores;
	stats->map_bytes = bytes;
}

static int map_segment(struct eg_stats *stats, int fd, uint32_t cores, struct eg_error *err)
{
	size_t bytes = segment_bytes(cores);
	void *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    fd >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, fd, 0);

	if (mem == MAP_FAILED)
		return eg_error_set(
		    err, EG_ENOMEM, "statistics: mmap of %zu bytes: %s", bytes, strerror(errno));
	segment_attach(stats, mem, cores, bytes);
	return 0;
}

/* An open file of that size without a name that readers know. */
static int open_new(const char *tmp, size_t bytes, struct eg_error *err)
{
	int fd, rc;

	(void)unlink(tmp);
	fd = open(tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd < 0)
		return eg_error_set(err, EG_EIO, "%s: cannot create: %s", tmp, strerror(errno));
	rc = fchmod(fd, 0640) != 0 ? errno : posix_fallocate(fd, 0, (off_t)bytes);
	if (rc != 0) {
		(void)close(fd);
		(void)unlink(tmp);
		return eg_error_set(
		    err, EG_EIO, "%s: cannot make %zu bytes: %s", tmp, bytes, strerror(rc));
	}
	return fd;
}

static void fill_header(struct eg_stats_header *header, uint32_t cores, int64_t utc_ns)
{
	header->magic = STATS_MAGIC;
	header->cores = cores;
	header->layout = layout_hash();
	header->pid = (uint64_t)getpid();
	header->started_utc_ns = utc_ns;
}

/* A new file beside the old one, complete before its rename: a reader finds the old segment, which
 * it may keep mapped, or a whole new one. */
static int create_in_file(
    struct eg_stats *stats, const char *path, uint32_t cores, int64_t utc_ns, struct eg_error *err)
{
	char tmp[512];
	int fd, rc;

	if ((size_t)snprintf(tmp, sizeof(tmp), "%s.new", path) >= sizeof(tmp))
		return eg_error_set(err, EG_ELIMIT, "%s: path is too long", path);
	fd = open_new(tmp, segment_bytes(cores), err);
	if (fd < 0)
		return fd;
	rc = map_segment(stats, fd, cores, err);
	(void)close(fd);
	if (rc == 0) {
		fill_header(stats->header, cores, utc_ns);
		if (rename(tmp, path) == 0)
			return 0;
		rc = eg_error_set(
		    err, EG_EIO, "%s: cannot rename to %s: %s", tmp, path, strerror(errno));
		eg_stats_close(stats);
	}
	(void)unlink(tmp);
	return rc;
}

int eg_stats_create(
    struct eg_stats *stats, const char *path, uint32_t cores, int64_t utc_ns, struct eg_error *err)
{
	int rc;

	*stats = (struct eg_stats){0};
	if (cores == 0 || cores > EG_WORKERS_MAX)
		return eg_error_set(
		    err, EG_ELIMIT, "statistics: %u cores, not 1 to %u", cores, EG_WORKERS_MAX);
	if (path != NULL)
		return create_in_file(stats, path, cores, utc_ns, err);
	rc = map_segment(stats, -1, cores, err);
	if (rc == 0)
		fill_header(stats->header, cores, utc_ns);
	return rc;
}

static int refuse_damaged(const char *path, const char *why, struct eg_error *err)
{
	return eg_error_set(err, EG_ECORRUPT,
	    "%s: %s; restart the edgate of this run directory, which makes the file anew", path,
	    why);
}

/* *cores is how many the segment has room for. */
static int check_header(const struct eg_stats_header *h, size_t bytes, const char *path,
    uint32_t *cores, struct eg_error *err)
{
	*cores = *(const volatile uint32_t *)&h->cores; /* once: it may change */
	if (h->magic != STATS_MAGIC)
		return refuse_damaged(path, "not an edgate statistics segment", err);
	if (h->layout != layout_hash())
		return eg_error_set(err, EG_EVERSION,
		    "%s: written by another version of edgate; use the edgatectl beside it", path);
	if (*cores == 0 || *cores > EG_WORKERS_MAX || segment_bytes(*cores) != bytes)
		return refuse_damaged(path, "its size is not that of the cores it names", err);
	return 0;
}

int eg_stats_open(struct eg_stats *stats, const char *path, struct eg_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint32_t cores;
	void *mem;
	int rc;

	*stats = (struct eg_stats){0};
	if (fd < 0)
		return eg_error_set(err, errno == ENOENT ? EG_ENOENT : EG_EIO,
		    "%s: %s; is edgate running with this run directory?", path, strerror(errno));
	if (fstat(fd, &st) != 0 || (size_t)st.st_size < segment_bytes(0)) {
		(void)close(fd);
		return refuse_damaged(path, "too short for an edgate statistics segment", err);
	}
	mem = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (mem == MAP_FAILED)
		return eg_error_set(err, EG_EIO, "%s: mmap: %s", path, strerror(errno));
	rc = check_header(mem, (size_t)st.st_size, path, &cores, err);
	if (rc != 0) {
		(void)munmap(mem, (size_t)st.st_size);
		return rc;
	}
	segment_attach(stats, mem, cores, (size_t)st.st_size);
	return 0;
}

void eg_stats_close(struct eg_stats *stats)
{
	if (stats->header != NULL)
		(void)munmap(stats->header, stats->map_bytes);
	*stats = (struct eg_stats){0};
}

uint64_t eg_stats_applied_epoch(const struct eg_stats *stats)
{
	uint64_t lowest = UINT64_MAX;

	for (uint32_t i = 0; i < stats->core_cnt; i++) {
		/* Pairs with the release store of the core that owns block i. */
		uint64_t e =
		    atomic_load_explicit(&stats->core[i].applied_epoch, memory_order_acquire);

		lowest = e < lowest ? e : lowest;
	}
	return lowest;
}

uint64_t eg_stats_key_signatures(const struct eg_stats *stats, uint32_t slot)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < stats->core_cnt; i++)
		sum += eg_count_read(&stats->core[i].key_signatures[slot]);
	return sum;
}

const char *eg_stats_text(char *to, const char *text, size_t room)
{
	for (size_t n = 0; n < room; n++) {
		char c = ((const volatile char *)text)[n]; /* once: it may change */

		to[n] = (c >= ' ' && c <= '~') || c == '\0' ? c : '?';
	}
	to[room - 1] = '\0';
	return to;
}

void eg_stats_add_port(struct eg_stats *stats, const char *name)
{
	uint64_t cnt = atomic_load_explicit(&stats->header->port_cnt, memory_order_relaxed);

	if (cnt == EG_PORTS_MAX)
		return;
	(void)snprintf(stats->port[cnt].name, sizeof(stats->port[cnt].name), "%s", name);
	/* Pairs with eg_stats_port_cnt: who sees the port sees its name. */
	atomic_store_explicit(&stats->header->port_cnt, cnt + 1, memory_order_release);
}

unsigned eg_stats_port_cnt(const struct eg_stats *stats)
{
	uint64_t cnt = atomic_load_explicit(&stats->header->port_cnt, memory_order_acquire);

	return cnt < EG_PORTS_MAX ? (unsigned)cnt : EG_PORTS_MAX;
}

const struct eg_stats_group eg_stats_answers = {
    offsetof(struct eg_core_stats, answer), EG_ANSWER_COUNT, eg_answer_name, eg_answer_doc};
const struct eg_stats_group eg_stats_drops = {
    offsetof(struct eg_core_stats, drop), EG_DROP_COUNT, eg_drop_name, eg_drop_doc};
const struct eg_stats_group eg_stats_verdicts = {
    offsetof(struct eg_core_stats, verdict), EG_VERDICT_SLOTS, eg_verdict_name, eg_verdict_doc};
const struct eg_stats_group eg_stats_counters = {
    offsetof(struct eg_core_stats, counter), EG_COUNTER_COUNT, eg_counter_name, eg_counter_doc};

uint64_t eg_stats_sum(const struct eg_stats *stats, const struct eg_stats_group *group, unsigned i,
    unsigned first, unsigned core_cnt)
{
	uint64_t sum = 0;

	for (unsigned core = first; core < first + core_cnt; core++) {
		const char *block = (const char *)&stats->core[core];

		sum += eg_count_read((const eg_count_t *)(block + group->offset) + i);
	}
	return sum;
}
