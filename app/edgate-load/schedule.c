/* SPDX-License-Identifier: BSD-3-Clause */
#include "schedule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_S     1e9
#define SPIKE_FACTOR 10

/* ── profile ── */

static bool within(double value, double max)
{
	return isfinite(value) && value >= 0 && value <= max;
}

bool load_profile_add(struct load_profile *profile, struct load_segment segment)
{
	if (profile->cnt == LOAD_SEGMENTS_MAX || !within(segment.seconds, LOAD_SECONDS_MAX) ||
	    !within(segment.from_rate, LOAD_RATE_MAX) || !within(segment.to_rate, LOAD_RATE_MAX) ||
	    load_profile_seconds(profile) + segment.seconds > LOAD_SECONDS_MAX)
		return false;
	profile->segment[profile->cnt++] = segment;
	return true;
}

/* Moves *text past "NAME:" or leaves it. */
static bool take_name(const char **text, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(*text, name, len) != 0)
		return false;
	*text += len;
	return true;
}

/* Moves *text past cnt numbers with commas between. */
static bool take_numbers(const char **text, double number[], unsigned cnt)
{
	for (unsigned i = 0; i < cnt; i++) {
		char *end;

		if (i != 0 && **text != ',')
			return false;
		*text += i != 0;
		number[i] = strtod(*text, &end);
		if (end == *text)
			return false;
		*text = end;
	}
	return true;
}

static bool parse_part(struct load_profile *profile, const char **text)
{
	double n[3];

	if (take_name(text, "hold:") && take_numbers(text, n, 2))
		return load_profile_add(profile, (struct load_segment){n[1], n[0], n[0]});
	if (take_name(text, "ramp:") && take_numbers(text, n, 3))
		return load_profile_add(profile, (struct load_segment){n[2], n[0], n[1]});
	if (take_name(text, "spike:") && take_numbers(text, n, 2))
		return load_profile_add(
		    profile, (struct load_segment){n[1], n[0] * SPIKE_FACTOR, n[0] * SPIKE_FACTOR});
	return false;
}

bool load_profile_parse(struct load_profile *profile, const char *text)
{
	profile->cnt = 0;
	do {
		if (!parse_part(profile, &text))
			return false;
	} while (*text++ == '+');
	return text[-1] == '\0';
}

double load_profile_seconds(const struct load_profile *profile)
{
	double seconds = 0;

	for (unsigned i = 0; i < profile->cnt; i++)
		seconds += profile->segment[i].seconds;
	return seconds;
}

double load_profile_rate_max(const struct load_profile *profile)
{
	double max = 0;

	for (unsigned i = 0; i < profile->cnt; i++)
		max = fmax(max, fmax(profile->segment[i].from_rate, profile->segment[i].to_rate));
	return max;
}

/* ── departures ── */

struct load_schedule load_schedule(const struct load_timing *timing, unsigned core, unsigned cores)
{
	return (struct load_schedule){
	    .timing = timing,
	    .random = load_random_of(timing->seed, core),
	    .core = core,
	    .cores = cores,
	};
}

static double next_area(struct load_schedule *s)
{
	uint64_t number = s->number++, burst = s->timing->burst;

	switch (s->timing->arrivals) {
	case LOAD_POISSON:
		s->area -= log(load_random_unit(&s->random)) * s->cores;
		return s->area;
	case LOAD_BURST:
		return (double)((number / burst * s->cores + s->core) * burst);
	case LOAD_CONSTANT:
		break;
	}
	return (double)(number * s->cores + s->core);
}

static double area_of(const struct load_segment *segment)
{
	return segment->seconds * (segment->from_rate + segment->to_rate) / 2;
}

/* How far into the segment its area is d: the root of d = from·x + slope·x²/2, in the form that
 * loses nothing where the slope is small. */
static double time_of(const struct load_segment *segment, double d)
{
	double from = segment->from_rate, slope = (segment->to_rate - from) / segment->seconds;

	if (slope == 0)
		return d / from;
	return 2 * d / (from + sqrt(fmax(0, from * from + 2 * slope * d)));
}

bool load_schedule_next(struct load_schedule *s, uint64_t *due_ns)
{
	const struct load_profile *profile = &s->timing->profile;
	double area = next_area(s);

	for (; s->segment < profile->cnt; s->segment++) {
		const struct load_segment *segment = &profile->segment[s->segment];
		double d = area - s->segment_area;

		if (d < area_of(segment)) {
			double seconds = d > 0 ? time_of(segment, d) : 0;

			*due_ns = (uint64_t)((s->segment_start_s + seconds) * NS_PER_S + 0.5);
			return true;
		}
		s->segment_area += area_of(segment);
		s->segment_start_s += segment->seconds;
	}
	return false;
}
