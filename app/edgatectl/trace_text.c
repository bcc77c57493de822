/* SPDX-License-Identifier: BSD-3-Clause */
#include "trace.h"

#include "ctl.h"

#include <inttypes.h>
#include <time.h>

#define NS_PER_S  1000000000u
#define NS_PER_US 1000.0

static const char *fmt_name(uint8_t fmt)
{
	static const char *const names[] = {
	    [EG_FMT_JWT] = "JWT", [EG_FMT_CWT] = "CWT", [EG_FMT_PASETO] = "PASETO"};

	return fmt < sizeof(names) / sizeof(names[0]) && names[fmt] != NULL ? names[fmt] : "-";
}

static const char *name_or_dash(const char *name)
{
	return name != NULL ? name : "-";
}

static const char *end_name(const struct eg_traced *packet)
{
	return packet->dropped ? eg_drop_name(packet->number) : eg_answer_name(packet->number);
}

struct trace_times trace_times_of(const struct eg_traced *packet)
{
	const double ns_per_cycle =
	    packet->ticks_hz != 0 ? (double)NS_PER_S / (double)packet->ticks_hz : 0;
	struct trace_times times = {.all_ns = 0};
	uint64_t cycles = 0;

	for (unsigned i = 0; i < EG_STAGE_COUNT; i++) {
		uint64_t before_ns = times.all_ns;

		cycles += packet->cycles[i];
		times.all_ns = (uint64_t)((double)cycles * ns_per_cycle + 0.5);
		times.stage_ns[i] = times.all_ns - before_ns;
	}
	return times;
}

/* ── text ── */

static void print_record(unsigned i, const struct eg_traced_record *record)
{
	(void)printf("    record %u  %s", i, name_or_dash(eg_verdict_name(record->status)));
	if (record->detail != EG_DETAIL_NONE)
		(void)printf(" (%s)", name_or_dash(eg_detail_name(record->detail)));
	(void)printf("  %s of %u bytes  policy %" PRIu32 "  signature %s%s\n",
	    fmt_name(record->fmt), record->token_bytes, record->policy_id,
	    (record->rflags & EG_RFLAG_SIG_CHECKED) != 0 ? "checked" : "not checked",
	    (record->rflags & EG_RFLAG_CACHED) != 0 ? ", cached" : "");
}

static void print_time_of_day(uint64_t utc_ns)
{
	const time_t seconds = (time_t)(utc_ns / NS_PER_S);
	struct tm tm;
	char text[32] = "";

	if (gmtime_r(&seconds, &tm) != NULL)
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)printf("%s.%09" PRIu64 "Z", text, utc_ns % NS_PER_S);
}

void trace_print(const struct eg_traced *packet)
{
	const struct trace_times times = trace_times_of(packet);

	print_time_of_day(packet->utc_ns);
	(void)printf("  core %" PRIu32 "  %s %s  %" PRIu32 " bytes in, %" PRIu32
	             " out  burst of %" PRIu32 ", %" PRIu32 " turn%s\n",
	    packet->worker, packet->dropped ? "dropped:" : "ended:", end_name(packet),
	    packet->request_bytes, packet->reply_bytes, packet->burst, packet->turns,
	    packet->turns == 1 ? "" : "s");
	(void)printf("    %.3f us:", (double)times.all_ns / NS_PER_US);
	for (unsigned i = 0; i < EG_STAGE_COUNT; i++)
		if (packet->cycles[i] != 0)
			(void)printf(
			    "  %s %.3f", eg_stage_name(i), (double)times.stage_ns[i] / NS_PER_US);
	(void)printf("\n");
	for (unsigned i = 0; i < packet->record_cnt; i++)
		print_record(i + 1, &packet->record[i]);
}

/* ── JSON ── */

static json_t *json_of_record(const struct eg_traced_record *record)
{
	return json_pack("{s:s, s:s, s:s, s:i, s:I, s:o}", "status",
	    name_or_dash(eg_verdict_name(record->status)), "detail",
	    name_or_dash(eg_detail_name(record->detail)), "fmt", fmt_name(record->fmt),
	    "token_bytes", (int)record->token_bytes, "policy", (json_int_t)record->policy_id,
	    "flags", ctl_json_rflags(record->rflags));
}

json_t *trace_json(const struct eg_traced *packet)
{
	const struct trace_times times = trace_times_of(packet);
	json_t *stages = json_object(), *records = json_array();

	for (unsigned i = 0; i < EG_STAGE_COUNT; i++)
		(void)json_object_set_new(
		    stages, eg_stage_name(i), json_integer((json_int_t)times.stage_ns[i]));
	for (unsigned i = 0; i < packet->record_cnt; i++)
		(void)json_array_append_new(records, json_of_record(&packet->record[i]));
	return json_pack("{s:I, s:I, s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:I}", "utc_ns",
	    (json_int_t)packet->utc_ns, "worker", (json_int_t)packet->worker, "dropped",
	    packet->dropped, "end", end_name(packet), "request_bytes",
	    (json_int_t)packet->request_bytes, "reply_bytes", (json_int_t)packet->reply_bytes,
	    "burst", (json_int_t)packet->burst, "turns", (json_int_t)packet->turns, "ns",
	    (json_int_t)times.all_ns, "stages_ns", stages, "records", records, "lost",
	    (json_int_t)packet->lost);
}
