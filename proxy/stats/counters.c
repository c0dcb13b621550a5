/* counters.c: see counters.h. */
#include "stats/counters.h"

#include <assert.h>
#include <pthread.h>
#include <time.h>

static struct lane *lanes;
static size_t lane_count;

static struct {
	pthread_mutex_t lock;
	char names[STATS_ROUTES][64];
	size_t n;
} routes = {.lock = PTHREAD_MUTEX_INITIALIZER, .names = {"_other"}, .n = 1};

static const uint64_t bucket_ms[STATS_BUCKETS] = {5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 7500, 10000};

void
stats_init(size_t n)
{
	lanes = aligned_alloc(64, n * sizeof(*lanes));
	if (lanes == NULL)
		abort();
	memset(lanes, 0, n * sizeof(*lanes));
	lane_count = n;
}

struct lane *
stats_lane(size_t i)
{
	return &lanes[i];
}

size_t
stats_route(struct tc_str name)
{
	size_t i;

	(void)pthread_mutex_lock(&routes.lock);
	for (i = 0; i < routes.n; i++)
		if (tc_eq(name, tc_str_from(routes.names[i])))
			break;
	if (i == routes.n && routes.n < STATS_ROUTES && name.n < sizeof(routes.names[0])) {
		memcpy(routes.names[i], name.p, name.n);
		__atomic_store_n(&routes.n, routes.n + 1, __ATOMIC_RELEASE);
	} else if (i == routes.n) {
		i = 0;
	}
	(void)pthread_mutex_unlock(&routes.lock);
	return i;
}

enum stats_code
stats_code(int status, bool ours)
{
	if (ours) {
		switch (status) {
		case 500: return STATS_CODE_500;
		case 502: return STATS_CODE_502;
		case 503: return STATS_CODE_503;
		case 504: return STATS_CODE_504;
		}
	}
	if (status < 100 || status > 599)
		return STATS_CODE_5XX;
	return (enum stats_code)(STATS_CODE_1XX + status / 100 - 1);
}

void
stats_duration(struct lane *lane, uint64_t ms)
{
	size_t i = 0;

	while (i < STATS_BUCKETS && ms > bucket_ms[i])
		i++;
	stats_add(&lane->duration[i], 1);
	stats_add(&lane->duration_ms, ms);
}

void
stats_refuse(struct lane *lane, enum refusal why)
{
	uint64_t now = (uint64_t)time(NULL);

	assert(why > REFUSAL_NONE && why < REFUSAL_COUNT);
	stats_add(&lane->refusals[why], 1);
	__atomic_store_n(&lane->refused_at[why], now - now % 60, __ATOMIC_RELAXED);
}

/* ---- the text ---- */

static const char *const method_names[STATS_METHODS] = {
	[TC_M_OTHER] = "other",
	[TC_M_GET] = "GET",
	[TC_M_HEAD] = "HEAD",
	[TC_M_POST] = "POST",
	[TC_M_OPTIONS] = "OPTIONS",
	[TC_M_CONNECT] = "CONNECT",
};
static const char *const code_names[] = {
#define X(e, label) label,
    STATS_CODES(X)
#undef X
};
static const char *const action_names[] = {
#define X(e, label) label,
    TC_ACTIONS(X)
#undef X
};
static const char *const pack_names[] = {
#define X(e, label) label,
    TC_PACKS(X)
#undef X
};
static const char *const class_names[] = {
#define X(e, label) label,
    TC_CLASSES(X)
#undef X
};
static const char *const bypass_names[] = {
#define X(e, label) label,
    TC_BYPASSES(X)
#undef X
};
static const char *const origin_error_names[] = {
#define X(e, label) label,
    STATS_ORIGIN_ERRORS(X)
#undef X
};
static const char *const away_names[] = {
#define X(e, label) label,
    STATS_AWAYS(X)
#undef X
};
static const char *const tls_version_names[] = {
#define X(e, label) label,
    TLS_VERSIONS(X)
#undef X
};
static const char *const tls_result_names[] = {
#define X(e, label) label,
    TLS_RESULTS(X)
#undef X
};
static const char *const cookie_actions[3] = {"request_dropped", "response_dropped", "expired"};
static const char *const geo_names[3] = {"found", "unknown", "error"};

/* The sum over all lanes of the counter that stands `offset` bytes into a lane. */
static uint64_t
sum_at(size_t offset)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < lane_count; i++)
		sum += __atomic_load_n((const uint64_t *)((const char *)&lanes[i] + offset), __ATOMIC_RELAXED);
	return sum;
}

/* The latest over all lanes of a time that stands there. */
static uint64_t
latest_at(size_t offset)
{
	uint64_t latest = 0;

	for (size_t i = 0; i < lane_count; i++) {
		uint64_t v = __atomic_load_n((const uint64_t *)((const char *)&lanes[i] + offset), __ATOMIC_RELAXED);

		latest = v > latest ? v : latest;
	}
	return latest;
}

#define SUM(member) sum_at(offsetof(struct lane, member))

static int
head(struct buf *b, const char *name, const char *type, const char *help)
{
	return buf_printf(b, "# HELP tacet_%s %s\n# TYPE tacet_%s %s\n", name, help, name, type);
}

static int
write_requests(struct buf *b)
{
	size_t n = __atomic_load_n(&routes.n, __ATOMIC_ACQUIRE);
	int r = head(b, "http_requests_total", "counter", "Requests by route, method and class of the answer.");

	for (size_t i = 0; i < n; i++)
		for (size_t m = 0; m < STATS_METHODS; m++)
			for (size_t c = 0; c < STATS_CODE_COUNT; c++) {
				uint64_t v = SUM(requests[i][m][c]);

				if (v > 0)
					r |= buf_printf(b,
					    "tacet_http_requests_total{route=\"%s\",method=\"%s\",code_class=\"%s\"} %llu\n",
					    routes.names[i], method_names[m], code_names[c], (unsigned long long)v);
			}
	return r;
}

static int
write_duration(struct buf *b)
{
	uint64_t total = 0;
	int r = head(b, "http_request_duration_seconds", "histogram", "Time from a request's head to the end of its answer.");

	for (size_t i = 0; i < STATS_BUCKETS; i++) {
		total += SUM(duration[i]);
		r |= buf_printf(b, "tacet_http_request_duration_seconds_bucket{le=\"%g\"} %llu\n",
		    (double)bucket_ms[i] / 1000, (unsigned long long)total);
	}
	total += SUM(duration[STATS_BUCKETS]);
	r |= buf_printf(b, "tacet_http_request_duration_seconds_bucket{le=\"+Inf\"} %llu\n", (unsigned long long)total);
	r |= buf_printf(b, "tacet_http_request_duration_seconds_sum %.3f\n", (double)SUM(duration_ms) / 1000);
	r |= buf_printf(b, "tacet_http_request_duration_seconds_count %llu\n", (unsigned long long)total);
	return r;
}

/* One family with one closed label: every value is printed, zeros too. */
static int
write_family(struct buf *b, const char *name, const char *type, const char *help, const char *label,
    const char *const *values, size_t n, size_t offset)
{
	int r = head(b, name, type, help);

	for (size_t i = 0; i < n; i++)
		r |= buf_printf(b, "tacet_%s{%s=\"%s\"} %llu\n", name, label, values[i],
		    (unsigned long long)sum_at(offset + i * sizeof(uint64_t)));
	return r;
}

static int
write_refusals(struct buf *b)
{
	int r = head(b, "http_refusals_total", "counter", "Messages refused, by reason.");

	for (int i = REFUSAL_NONE + 1; i < REFUSAL_COUNT; i++)
		r |= buf_printf(b, "tacet_http_refusals_total{reason=\"%s\"} %llu\n", refusal_label((enum refusal)i),
		    (unsigned long long)SUM(refusals[i]));
	r |= head(b, "http_refusals_last_seen_timestamp_seconds", "gauge", "The minute of the last refusal, by reason.");
	for (int i = REFUSAL_NONE + 1; i < REFUSAL_COUNT; i++) {
		uint64_t at = latest_at(offsetof(struct lane, refused_at) + (size_t)i * sizeof(uint64_t));

		if (at > 0) /* a time that never was is no time */
			r |= buf_printf(b, "tacet_http_refusals_last_seen_timestamp_seconds{reason=\"%s\"} %llu\n",
			    refusal_label((enum refusal)i), (unsigned long long)at);
	}
	return r;
}

static int
write_handshakes(struct buf *b)
{
	int r = head(b, "tls_handshakes_total", "counter", "TLS handshakes of visitors, by version and how they ended.");

	for (size_t v = 0; v < TLS_VERSION_COUNT; v++)
		for (size_t i = 0; i < TLS_RESULT_COUNT; i++)
			if (v != TLS_VERSION_NONE || i > TLS_RESUMED) /* a version goes with success */
				r |= buf_printf(b, "tacet_tls_handshakes_total{version=\"%s\",result=\"%s\"} %llu\n",
				    tls_version_names[v], tls_result_names[i], (unsigned long long)SUM(handshakes[v][i]));
	return r;
}

static int
write_actions(struct buf *b)
{
	int r = head(b, "filter_actions_total", "counter", "What filters did, by kind and by the pack whose rule it was.");

	for (size_t a = 0; a < TC_DID_COUNT; a++)
		for (size_t p = 0; p < TC_PACK_COUNT; p++)
			r |= buf_printf(b, "tacet_filter_actions_total{action=\"%s\",pack=\"%s\"} %llu\n",
			    action_names[a], pack_names[p], (unsigned long long)SUM(actions[a][p]));
	r |= head(b, "cookies_total", "counter", "Cookies dropped or expired, by class.");
	for (size_t a = 0; a < 3; a++)
		for (size_t c = 0; c < TC_CLASS_COUNT; c++)
			r |= buf_printf(b, "tacet_cookies_total{action=\"%s\",class=\"%s\"} %llu\n", cookie_actions[a],
			    class_names[c], (unsigned long long)SUM(cookies[a][c]));
	return r;
}

static int
write_single(struct buf *b, const char *name, const char *type, const char *help, uint64_t value)
{
	return head(b, name, type, help) | buf_printf(b, "tacet_%s %llu\n", name, (unsigned long long)value);
}

static int
write_extra(struct buf *b, const struct stats_extra *e)
{
	int r = head(b, "build_info", "gauge", "Always 1; the label says which version runs.");

	r |= buf_printf(b, "tacet_build_info{version=\"%s\"} 1\n", e->version);
	r |= write_single(b, "config_reload_success", "gauge", "1 if the last reload, or the start, took the configuration.",
	    e->reload_success);
	r |= write_single(b, "config_reload_success_timestamp_seconds", "gauge", "When a configuration was last taken.",
	    (uint64_t)e->reload_time);
	r |= head(b, "geo_database_build_timestamp_seconds", "gauge", "Build time of the geo database in use; 0: none.");
	r |= buf_printf(b, "tacet_geo_database_build_timestamp_seconds{family=\"ipv4\"} %lld\n", (long long)e->geo_built[0]);
	r |= buf_printf(b, "tacet_geo_database_build_timestamp_seconds{family=\"ipv6\"} %lld\n", (long long)e->geo_built[1]);
	r |= buf_printf(b, "# HELP process_start_time_seconds When the process started.\n"
	    "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %lld\n",
	    (long long)e->start_time);
	return r;
}

static int
write_csp(struct buf *b)
{
	static const char *const directives[] = {
#define X(e, label) label,
	    STATS_CSP_DIRECTIVES(X)
#undef X
	};
	static const char *const others[] = {"own", "allowed", "unlisted", "none"};
	int r = head(b, "csp_reports_total", "counter", "What policies held back, by directive and by what is known of the host.");

	for (size_t d = 0; d < STATS_CSP_DIRECTIVE_COUNT; d++)
		for (size_t h = 0; h < STATS_CSP_HOST_COUNT; h++)
			r |= buf_printf(b, "tacet_csp_reports_total{directive=\"%s\",host=\"%s\"} %llu\n", directives[d],
			    h < TC_CLASS_COUNT ? class_names[h] : others[h - TC_CLASS_COUNT], (unsigned long long)SUM(csp[d][h]));
	return r | write_single(b, "csp_reports_unread_total", "counter", "Reports of policies that came too fast.", SUM(csp_unread));
}

int
stats_write(struct buf *b, const struct stats_extra *extra)
{
	static const char *const directions[] = {"in", "out"};
	static const char *const results[] = {"accepted", "shed"};
	static const char *const states[] = {"open", "tunnel"};
	int r = write_extra(b, extra);

	r |= write_requests(b);
	r |= write_duration(b);
	r |= write_family(b, "http_bytes_total", "counter", "Bytes of bodies, at the visitor's side.", "direction",
	    directions, 2, offsetof(struct lane, bytes_in));
	r |= write_family(b, "connections_total", "counter", "Connections of visitors.", "result", results, 2,
	    offsetof(struct lane, accepted));
	r |= write_family(b, "connections", "gauge", "Connections of visitors now.", "state", states, 2,
	    offsetof(struct lane, open));
	r |= write_family(b, "connections_refused_total", "counter",
	    "Connections of visitors not served for want of room, by reason.", "reason", away_names, STATS_AWAY_COUNT,
	    offsetof(struct lane, turned_away));
	r |= write_handshakes(b);
	r |= write_refusals(b);
	r |= write_actions(b);
	r |= write_family(b, "filter_bypass_total", "counter", "Bodies that had to be filtered and could not be read.",
	    "reason", bypass_names, TC_BYPASS_COUNT, offsetof(struct lane, bypasses));
	r |= write_csp(b);
	r |= write_single(b, "observed_responses_total", "counter", "Responses of sites that only observe.", SUM(observed));
	r |= write_single(b, "observed_responses_given_up_total", "counter",
	    "Of those: not looked through to the end.", SUM(observed_not));
	r |= write_family(b, "gateway_errors_total", "counter", "Requests that no origin answered whole, by what went wrong.",
	    "class", origin_error_names, STATS_ORIGIN_ERROR_COUNT, offsetof(struct lane, origin_errors));
	r |= write_family(b, "geo_lookups_total", "counter", "Look-ups of places, by outcome; never the place.", "result",
	    geo_names, 3, offsetof(struct lane, geo));
	return r < 0 ? -1 : 0;
}
