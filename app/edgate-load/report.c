/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>

#define NS_PER_US 1e3
#define DIGITS    9

static json_t *integer(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static void add(json_t *object, const char *name, json_t *value)
{
	(void)json_object_set_new(object, name, value);
}

static const char *status_name(unsigned status)
{
	const char *name = eg_verdict_name(status);

	return name != NULL ? name : "none";
}

/* ── conditions ── */

static json_t *cpus_of(const struct load_options *o)
{
	json_t *list = json_array();

	if (o->cpu_cnt == 0) {
		json_decref(list);
		return json_null();
	}
	for (unsigned i = 0; i < o->cpu_cnt; i++)
		(void)json_array_append_new(list, json_integer(o->cpu[i]));
	return list;
}

static json_t *popularity_of(const struct load_options *o)
{
	switch (o->popularity) {
	case LOAD_ZIPF:
		return json_sprintf("zipf:%g", o->zipf_s);
	case LOAD_UNIFORM:
		return json_string("uniform");
	case LOAD_CYCLE:
		break;
	}
	return json_string("cycle");
}

static json_t *arrivals_of(const struct load_options *o)
{
	switch (o->timing.arrivals) {
	case LOAD_BURST:
		return json_sprintf("burst:%u", o->timing.burst);
	case LOAD_POISSON:
		return json_string("poisson");
	case LOAD_CONSTANT:
		break;
	}
	return json_string("constant");
}

static json_t *device_of(const struct load_options *o)
{
	const char *name = o->port.device != NULL ? o->port.device : o->port.vdev;

	if (o->udp)
		return json_sprintf("%u.%u.%u.%u:%u", o->server[0], o->server[1], o->server[2],
		    o->server[3], o->server_port);
	return json_stringn(name, strcspn(name, ","));
}

static void add_schedule(json_t *c, const struct load_options *o)
{
	bool open = o->search || o->timing.profile.cnt != 0;

	add(c, "rate", o->rate > 0 ? json_real(o->rate) : json_null());
	add(c, "window", open ? json_null() : integer(o->window));
	add(c, "arrivals", open ? arrivals_of(o) : json_null());
	add(c, "profile", o->profile_text != NULL ? json_string(o->profile_text) : json_null());
	add(c, "warmup_s", json_real(o->warmup_s));
	add(c, "timeout_ms", integer(o->timeout_ms));
	add(c, "patience_us", integer(o->patience_us));
}

json_t *load_report_conditions(const struct load_session *session)
{
	static const char *const steers[] = {"none", "port", "toeplitz"};
	const struct load_options *o = session->options;
	const struct load_corpus *corpus = &session->corpus;
	const char *mix = load_mix_name(o->mix);
	json_t *c = json_object();

	add(c, "wire", json_string(o->udp ? "socket" : "dpdk"));
	add(c, "device", device_of(o));
	add(c, "cores", integer(session->lane_cnt));
	add(c, "cpus", cpus_of(o));
	add(c, "queues", o->udp ? json_null() : integer(o->port.queues));
	add(c, "corpus_tokens", integer(corpus->token_cnt));
	add(c, "requests", integer(corpus->request_cnt));
	add(c, "request_bytes",
	    json_real((double)corpus->request_bytes / (double)corpus->request_cnt));
	add(c, "frame_tokens", integer(o->wish.tokens_max));
	add(c, "mix", mix != NULL ? json_string(mix) : json_null());
	add(c, "popularity", popularity_of(o));
	add(c, "steer", json_string(steers[o->steer.kind]));
	add_schedule(c, o);
	add(c, "seed", integer(o->seed));
	return c;
}

/* ── parts of a result ── */

static double us(uint64_t ns)
{
	return (double)ns / NS_PER_US;
}

static const struct {
	const char *name;
	double fraction;
} quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}, {"p9999", 0.9999}};

json_t *load_report_latency(const struct load_histogram *h)
{
	json_t *l = json_object();

	add(l, "count", integer(h->cnt));
	add(l, "min", json_real(h->cnt != 0 ? us(h->min_ns) : 0));
	add(l, "mean", json_real(h->cnt != 0 ? us(h->sum_ns) / (double)h->cnt : 0));
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
		add(l, quantiles[i].name,
		    json_real(us(load_histogram_quantile_ns(h, quantiles[i].fraction))));
	add(l, "max", json_real(h->cnt != 0 ? us(h->max_ns) : 0));
	return l;
}

static json_t *buckets_of(const struct load_histogram *h)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < LOAD_HISTOGRAM_BUCKETS; i++)
		if (h->bucket[i] != 0)
			(void)json_array_append_new(
			    list, json_pack("[f,I]", us(load_histogram_edge_ns(i)),
			              (json_int_t)h->bucket[i]));
	return list;
}

json_t *load_report_wrong(const struct load_judge *judge)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < judge->wrong_shown; i++) {
		const struct load_wrong *wrong = &judge->wrong_first[i];

		(void)json_array_append_new(
		    list, json_pack("{s:s,s:s,s:s,s:I}", "name", wrong->token->name, "expected",
		              status_name(wrong->token->expected), "answered",
		              status_name(wrong->status), "count", (json_int_t)wrong->cnt));
	}
	return list;
}

static json_t *requests_of(const struct load_result *r)
{
	const struct load_counts *c = &r->counts;
	json_t *o = json_object();

	add(o, "due", integer(c->due));
	add(o, "sent", integer(c->sent));
	add(o, "refused", integer(c->refused));
	add(o, "skipped", integer(c->skipped));
	add(o, "behind", integer(c->behind));
	add(o, "answered", integer(c->answered));
	add(o, "lost", integer(c->lost));
	add(o, "late", integer(c->late));
	add(o, "duplicate", integer(c->duplicate));
	add(o, "foreign", integer(c->foreign));
	add(o, "bad_frames", integer(r->bad_frames));
	return o;
}

static json_t *tokens_of(const struct load_judge *j)
{
	json_t *o = json_object();

	add(o, "answered", integer(j->answered));
	add(o, "right", integer(j->right));
	add(o, "wrong", integer(j->wrong));
	add(o, "retryable", integer(j->retryable));
	add(o, "cached", integer(j->cached));
	add(o, "sig_checked", integer(j->sig_checked));
	add(o, "steer_miss", integer(j->steer_miss));
	return o;
}

static json_t *statuses_of(const struct load_judge *j)
{
	json_t *o = json_object();

	for (unsigned i = 0; i < 256; i++)
		if (j->status[i] != 0)
			add(o, status_name(i), integer(j->status[i]));
	return o;
}

static double per_second(const struct load_result *r, uint64_t cnt)
{
	return r->seconds > 0 ? (double)cnt / r->seconds : 0;
}

static json_t *rates_of(const struct load_result *r)
{
	json_t *o = json_object();

	add(o, "due", json_real(per_second(r, r->counts.due)));
	add(o, "sent", json_real(per_second(r, r->counts.sent)));
	add(o, "answered", json_real(per_second(r, r->counts.answered)));
	add(o, "tokens", json_real(per_second(r, r->judge.answered)));
	add(o, "goodput", json_real(per_second(r, r->judge.right)));
	return o;
}

/* ── a run ── */

static void print_json(const struct load_session *session, const struct load_result *r)
{
	json_t *root = json_object();

	add(root, "format", json_string("edgate-load run"));
	add(root, "version", json_integer(LOAD_REPORT_VERSION));
	add(root, "conditions", load_report_conditions(session));
	add(root, "seconds", json_real(r->seconds));
	add(root, "requests", requests_of(r));
	add(root, "tokens", tokens_of(&r->judge));
	add(root, "statuses", statuses_of(&r->judge));
	add(root, "hostile",
	    json_pack("{s:I,s:I,s:I}", "sent", (json_int_t)r->counts.hostile_sent, "answered",
	        (json_int_t)r->counts.hostile_answered, "accepted",
	        (json_int_t)r->counts.hostile_accepted));
	add(root, "rates", rates_of(r));
	add(root, "latency_from",
	    json_string(session->options->timing.profile.cnt != 0 ? "due" : "sent"));
	add(root, "latency_us", load_report_latency(&r->latency));
	if (session->options->histogram)
		add(root, "histogram_us", buckets_of(&r->latency));
	add(root, "wrong_first", load_report_wrong(&r->judge));
	add(root, "next", integer(session->popularity.first));
	add(root, "good", json_boolean(load_result_is_good(r)));
	load_report_print_json(root);
}

void load_report_print_json(json_t *root)
{
	(void)json_dumpf(root, stdout, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
	(void)putchar('\n');
	json_decref(root);
}

static void print_text(const struct load_result *r)
{
	const struct load_counts *c = &r->counts;

	(void)printf("requests  due %" PRIu64 ": sent %" PRIu64 ", refused %" PRIu64
	             ", skipped %" PRIu64 "; answered %" PRIu64 ", lost %" PRIu64 "\n",
	    c->due, c->sent, c->refused, c->skipped, c->answered, c->lost);
	if ((c->late | c->duplicate | c->foreign | r->bad_frames | c->behind) != 0)
		(void)printf("          behind %" PRIu64 ", late %" PRIu64 ", duplicate %" PRIu64
		             ", foreign %" PRIu64 ", bad frames %" PRIu64 "\n",
		    c->behind, c->late, c->duplicate, c->foreign, r->bad_frames);
	(void)printf("tokens    answered %" PRIu64 ": right %" PRIu64 ", retryable %" PRIu64
	             ", wrong %" PRIu64 "; %" PRIu64 " cached\n",
	    r->judge.answered, r->judge.right, r->judge.retryable, r->judge.wrong, r->judge.cached);
	if (c->hostile_sent != 0)
		(void)printf("hostile   sent %" PRIu64 ", answered %" PRIu64 ", accepted %" PRIu64
		             "\n",
		    c->hostile_sent, c->hostile_answered, c->hostile_accepted);
	(void)printf("rate      %.0f answers/s, %.0f right tokens/s over %.2f s\n",
	    per_second(r, c->answered), per_second(r, r->judge.right), r->seconds);
	(void)printf("latency  ");
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
		(void)printf(" %s %.1f,", quantiles[i].name,
		    us(load_histogram_quantile_ns(&r->latency, quantiles[i].fraction)));
	(void)printf(" max %.1f us\n", r->latency.cnt != 0 ? us(r->latency.max_ns) : 0);
}

void load_report_print_wrong(const struct load_judge *judge)
{
	uint64_t rest = judge->wrong;

	for (unsigned i = 0; i < judge->wrong_shown; i++) {
		const struct load_wrong *wrong = &judge->wrong_first[i];

		(void)fprintf(stderr, "wrong: %s: expected %s, answered %s (%" PRIu64 " times)\n",
		    wrong->token->name, status_name(wrong->token->expected),
		    status_name(wrong->status), wrong->cnt);
		rest -= wrong->cnt;
	}
	if (rest != 0)
		(void)fprintf(stderr, "wrong: others (%" PRIu64 " times)\n", rest);
}

void load_report_run(const struct load_session *session, const struct load_result *result)
{
	if (session->options->json)
		print_json(session, result);
	else
		print_text(result);
	load_report_print_wrong(&result->judge);
	if (result->judge.answered == 0)
		(void)fprintf(stderr, "none: no answer came; was anything sent, and does edgate "
		                      "listen there?\n");
}
