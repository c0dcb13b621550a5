/*
 * counters.h: operations numbers (metrics.md 11, Tier A). Labels are closed: enums, and names from the
 * configuration. One lane of plain counters per thread, written by that thread alone; /metrics adds the lanes up.
 */
#ifndef STATS_COUNTERS_H
#define STATS_COUNTERS_H

#include "base/buf.h"
#include "base/handshake.h"
#include "http/h1.h"
#include "tacet/filter.h"

#define STATS_ROUTES 64 /* names of routes over the life of the process; more share "_other" */

/* X(ENUM, "label"): classes of answers; the exact codes are those of our own making */
#define STATS_CODES(X)                                                                               \
	X(1XX, "1xx")                                                                                \
	X(2XX, "2xx")                                                                                \
	X(3XX, "3xx")                                                                                \
	X(4XX, "4xx")                                                                                \
	X(5XX, "5xx")                                                                                \
	X(500, "500")                                                                                \
	X(502, "502")                                                                                \
	X(503, "503")                                                                                \
	X(504, "504")

enum stats_code {
#define X(e, label) STATS_CODE_##e,
	STATS_CODES(X)
#undef X
	STATS_CODE_COUNT
};

/* X(ENUM, "label"): what went wrong with an origin */
#define STATS_ORIGIN_ERRORS(X)                                                                       \
	X(CONNECT, "connect")                                                                        \
	X(TLS, "tls") /* no handshake */                                                             \
	X(RESOLVE, "resolve")                                                                        \
	X(TIMEOUT, "timeout")                                                                        \
	X(CLOSED, "closed") /* before a whole answer */                                              \
	X(BAD_MESSAGE, "bad_message")                                                                \
	X(BUSY, "busy") /* enough to do, and the line is full */                                     \
	X(DOWN, "down") /* none of its servers can be reached */

enum stats_origin_error {
#define X(e, label) STATS_ORIGIN_##e,
	STATS_ORIGIN_ERRORS(X)
#undef X
	STATS_ORIGIN_ERROR_COUNT
};

/* X(ENUM, "label"): why a connection was not served, or not at once */
#define STATS_AWAYS(X)                                                                               \
	X(LIMIT, "limit")             /* limits.connections: told 503 */                             \
	X(LIMIT_SILENT, "limit_silent") /* the same, without a word: too many to tell */             \
	X(DESCRIPTORS, "descriptors") /* none left to accept with: they wait in the queue */

enum stats_away {
#define X(e, label) STATS_AWAY_##e,
	STATS_AWAYS(X)
#undef X
	STATS_AWAY_COUNT
};

/* X(ENUM, "label"): directives of content security policies that reports name */
#define STATS_CSP_DIRECTIVES(X)                                                                      \
	X(DEFAULT, "default-src")                                                                    \
	X(SCRIPT, "script-src")                                                                      \
	X(STYLE, "style-src")                                                                        \
	X(CONNECT, "connect-src")                                                                    \
	X(IMG, "img-src")                                                                            \
	X(FONT, "font-src")                                                                          \
	X(MEDIA, "media-src")                                                                        \
	X(MANIFEST, "manifest-src")                                                                  \
	X(FRAME, "frame-src")                                                                        \
	X(CHILD, "child-src")                                                                        \
	X(WORKER, "worker-src")                                                                      \
	X(OBJECT, "object-src")                                                                      \
	X(PREFETCH, "prefetch-src")                                                                  \
	X(OTHER, "other")

enum stats_csp_directive {
#define X(e, label) STATS_CSP_##e,
	STATS_CSP_DIRECTIVES(X)
#undef X
	STATS_CSP_DIRECTIVE_COUNT
};

/* What is known of the host that a report names: its class, where a list has it; never its name. */
enum stats_csp_host {
	STATS_CSP_HOST_CLASSES, /* enum tc_class */
	STATS_CSP_HOST_OWN = TC_CLASS_COUNT,
	STATS_CSP_HOST_ALLOWED,
	STATS_CSP_HOST_UNLISTED,
	STATS_CSP_HOST_NONE, /* inline, eval, data: and the like */
	STATS_CSP_HOST_COUNT
};

#define STATS_METHODS (TC_M_CONNECT + 1)
#define STATS_BUCKETS 12

struct lane {
	uint64_t requests[STATS_ROUTES][STATS_METHODS][STATS_CODE_COUNT];
	uint64_t duration[STATS_BUCKETS + 1], duration_ms;
	uint64_t bytes_in, bytes_out;       /* of bodies, at the visitor's side */
	uint64_t refusals[REFUSAL_COUNT];   /* by stats_refuse() alone */
	uint64_t refused_at[REFUSAL_COUNT]; /* when last: seconds since 1970, of a whole minute */
	uint64_t turned_away[STATS_AWAY_COUNT];
	uint64_t handshakes[TLS_VERSION_COUNT][TLS_RESULT_COUNT];
	uint64_t actions[TC_DID_COUNT][TC_PACK_COUNT];
	uint64_t cookies[3][TC_CLASS_COUNT]; /* request, response, expired */
	uint64_t bypasses[TC_BYPASS_COUNT];
	uint64_t origin_errors[STATS_ORIGIN_ERROR_COUNT];
	uint64_t geo[3];
	uint64_t csp[STATS_CSP_DIRECTIVE_COUNT][STATS_CSP_HOST_COUNT], csp_unread;
	uint64_t accepted, shed;         /* connections */
	uint64_t open;                   /* gauge */
	uint64_t tunnels;                /* gauge */
	uint64_t observed, observed_not; /* responses of sites that only observe; of them: not to the end */
} __attribute__((aligned(64)));

/* Only the lane's own thread writes, so a relaxed store is enough. */
static inline void
stats_add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static inline void
stats_sub(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter - n, __ATOMIC_RELAXED);
}

/* Makes n lanes; once, before any thread starts. */
void stats_init(size_t lanes);
struct lane *stats_lane(size_t i);

/* The number of a route's name: the same name has the same number for the life of the process. Thread-safe. */
size_t stats_route(struct tc_str name);

/* Counts a refusal, and the minute of it (http.md 7). The only way to count one. */
void stats_refuse(struct lane *lane, enum refusal why);

enum stats_code stats_code(int status, bool ours);
void stats_duration(struct lane *lane, uint64_t ms);

/* What stands beside the counters. */
struct stats_extra {
	const char *version;
	bool reload_success;
	int64_t reload_time, start_time; /* seconds since 1970 */
	int64_t geo_built[2];            /* IPv4, IPv6; 0: none */
	uint64_t rules, rules_skipped;
};

/* Prometheus text format 0.0.4. */
int stats_write(struct buf *out, const struct stats_extra *extra);

#endif
