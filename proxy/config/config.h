/*
 * config.h: the checked configuration. Everything in it is immutable once config_load() has returned it,
 * and lives in its arena.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/addr.h"
#include "base/place.h"
#include "config/messages.h"
#include "consent/reader.h"
#include "tacet/decision.h"
#include "tacet/filter.h"
#include "tacet/site.h"

struct node; /* of the file: where something was written */

enum { CONFIG_ACME_TLS_ALPN = 1,
	CONFIG_ACME_HTTP = 2 }; /* bits of config_acme.challenge */

/* A certificate that we get ourselves. */
struct config_acme {
	struct tc_str name;     /* its first domain: the directory it is kept in */
	struct tc_strs domains; /* lower case */
	struct tc_strs contact;
	struct tc_str directory, ca_file; /* ca_file n = 0: whom the system trusts */
	uint32_t challenge;
	struct tc_str order; /* all of it as one text: tells it from others */
	const struct node *at;
};

/* A certificate and its key: paths, and where they are written. */
struct config_certificate {
	struct tc_str cert, key;
	const struct node *cert_at, *key_at;
	const struct config_acme *acme; /* NULL: others make it */
};

struct config_tls {
	const struct config_certificate *certificates; /* the first is the default */
	size_t certificate_count;
	bool only_13;            /* minimum: 1.3 */
	bool h1, h2;             /* protocols */
	struct tc_str keys_file; /* ticket_keys; n = 0: our own */
	const struct node *keys_at;
};

struct config_listen {
	struct tc_str text;             /* "127.0.0.1:8080" as written */
	struct sockaddr_storage addr;   /* AF_INET, AF_INET6 or AF_UNIX */
	const struct config_tls *tls;   /* NULL: it speaks in clear */
	bool redirect_https;            /* every request is answered with a redirect */
	bool h2c;                       /* HTTP/2 in clear is taken, too */
	const struct cidr *proxy_peers; /* who begins each connection with a PROXY header, and must */
	size_t proxy_peer_count;
	bool proxy_unix; /* proxy_protocol names `unix`: the same for every peer of a Unix socket */
	int line;
};

enum client_ip { CLIENT_IP_NONE,
	CLIENT_IP_PREFIX,
	CLIENT_IP_FULL };
enum { GEO_COUNTRY = 1,
	GEO_REGION = 2,
	GEO_CITY = 4 }; /* forward.geo */
enum downstream_cache { CACHE_PRIVATE,
	CACHE_NONE,
	CACHE_KEYED };
enum site_mode { MODE_FILTER,
	MODE_OBSERVE };
enum origin_host { ORIGIN_HOST_KEEP,
	ORIGIN_HOST_ORIGIN,
	ORIGIN_HOST_NAME };

enum balance { BALANCE_ROUND_ROBIN,
	BALANCE_LEAST_CONNECTIONS };

/* One server of an origin. */
struct config_server {
	struct tc_str url;
	struct tc_str host; /* lower case, without brackets; n = 0 for a Unix socket */
	uint16_t port;
	struct tc_str path; /* of a Unix socket; n = 0: TCP */
	bool https;
	struct tc_str authority; /* what Host says with host: origin; "localhost" for a Unix socket */
};

/* How an origin is asked by https: paths; n = 0: not given. */
struct config_origin_tls {
	struct tc_str ca, cert, key, name;
	bool verify;
	const struct node *at; /* NULL: not written */
};

/* Where requests go: one server or several that answer alike. Times in ms; 0: none, unless said otherwise. */
struct config_origin {
	size_t id;                           /* in config.origins */
	const struct config_server *servers; /* in the order of the file, at least one */
	size_t server_count;
	bool https; /* at least one server is */
	struct config_origin_tls tls;
	struct tc_str host_name; /* ORIGIN_HOST_NAME: the name */
	enum origin_host host_mode;
	enum balance balance;
	int64_t connect_timeout_ms;
	int64_t first_byte_timeout_ms; /* never 0 */
	int64_t timeout_ms;            /* longest silence between bytes; never 0 */
	int64_t total_timeout_ms;      /* of the whole response */
	int64_t idle_timeout_ms;       /* of a kept connection */
	int64_t hold_ms;               /* requests wait so long for a server that can be reached */
	int64_t connections;           /* to each server, all loops together; 0: no cap */
	int64_t requests;              /* under way at all servers together; 0: no cap */
	int64_t queue;                 /* requests that may wait for one of both */
	int64_t queue_timeout_ms;
	int64_t retry_percent;  /* requests sent again, of all requests */
	int64_t eject_failures; /* in a row */
	int64_t eject_ms;       /* at least */
	bool adaptive;          /* overload: adaptive */
	struct {
		struct tc_str path; /* n = 0: no active checks */
		int64_t interval_ms, timeout_ms, healthy, unhealthy;
	} check;
	struct tc_str way; /* where it is from: "sites[0].routes[1].origin", or "--origin" */
	int line;
};

/* A bucket that holds burst requests and gets `requests` new ones per `per_ms`. requests 0: no limit. */
struct config_rate {
	int64_t requests, per_ms, burst;
};

/* One response field that is set; its name is a token and its value has no control bytes. */
struct config_field {
	struct tc_str name, value;
};

/* What the core, but no filter, has to know of a route. A key that the route lacks is the site's. */
struct config_route {
	const struct config_origin *origin; /* never NULL */
	struct config_rate rate;
	const struct config_rate *rate_key; /* requests that share a bucket have the same: the site's or this route's */
	const struct config_field *set;     /* response.set: the site's, then the route's */
	size_t set_count;
	struct tc_strs remove;   /* response.remove, the same way; lower case */
	struct tc_str says;      /* the sentence of the policy behind it */
	const struct node *node; /* NULL: the one that takes the rest */
	int64_t body_max;        /* bytes of a request's body; 0: no limit */
};

struct config_site {
	struct tc_site pub; /* what filters see; pub.routes always ends with a catch-all */
	struct config_origin origin;
	const struct config_route *routes; /* one for each of pub.routes */
	enum client_ip client_ip;
	uint32_t geo; /* GEO_* bits */
	enum downstream_cache downstream_cache;
	enum site_mode mode;
	struct tc_str choices_limit_url;
	struct tc_str hsts;            /* value of Strict-Transport-Security by https; n = 0: none of ours */
	int64_t hsts_s;                /* what it says */
	struct tc_str acme_challenges; /* directory; n = 0: the origin answers */
	struct tc_str says;
	const struct node *node;
	bool notice_on_change;       /* who chose under an older version of the policy is told so once */
	struct tc_str gpc_statement; /* lastUpdate of gpc.json: 2026-11-21 */
	bool dnt_status;             /* Tk, and the resources that it names */
	struct tc_str dnt_policy_file;
	struct tc_strs dnt_policy_hashes; /* SHA-1, in hex, of texts that it may be beside the known one */
	const bool *consent;              /* for each of config.readers: its grants count here */
};

/* honour: one bit each */
enum { HONOUR_GPC = 1,
	HONOUR_DNT = 2,
	HONOUR_CHOICE = 4,
	HONOUR_CONSENT = 8 };

struct config_region {
	struct tc_str name;
	struct tc_strs where; /* upper case: "US", "US-CA", "EU", "EEA", "*" */
	uint32_t honour;
	const struct tc_rule_set *initial; /* key `default` */
	const struct tc_rule_set *opted_out;
	const struct tc_rule_set *opted_in; /* NULL: see decide() */
	struct tc_str link_text;
	bool gpc_override_opt_in; /* gpc_override: explicit-opt-in */
	struct tc_strs residency; /* hosts that may be asked without the visitor's separate consent; see has_residency */
	bool has_residency;
	struct tc_str says; /* the sentence of the policy behind it */
	const struct node *node;
	int line;
};

/*
 * A row of law by place, of a region pack (signals.md 3). It can only add denials. Several rows may stand for one place
 * with days that do not overlap.
 */
struct config_law {
	struct tc_str name;
	struct tc_strs where;    /* upper case, as of a region */
	bool opt_in_sale;        /* the group sell_share needs a grant */
	bool opt_in_measurement; /* the group measurement needs one */
	uint32_t binding;        /* HONOUR_GPC, HONOUR_DNT: signals that bind by law */
	int32_t from, until;     /* in force on these days since 1970-01-01: from <= day < until */
	const struct config_duty *duties;
	size_t duty_count;
	struct tc_str pack; /* its name */
	struct tc_str file;
	int line;
};

/* What the law asks for, for people to read: `tacet check --regions`. */
struct config_duty {
	struct tc_str what, mark, source;
	int32_t from; /* INT32_MIN: not dated */
};

/* A region pack: a dated file of rows of law. */
struct config_pack {
	struct tc_str name, disclaimer;
	int32_t version; /* a day */
	struct tc_str file;
	int line;
};

struct config_limits {
	int64_t connections; /* visitor connections, all loops together */
	int64_t header_size; /* request head, bytes */
	int64_t uri_size;    /* request line */
	int64_t fields;      /* request fields */
	int64_t response_header_size;
	int64_t header_timeout_ms, idle_timeout_ms, write_timeout_ms;
	int64_t tunnel_timeout_ms; /* silence of a WebSocket, both ways */
	int64_t keepalive_requests;
	int64_t body_size;                        /* of a request; 0: no limit */
	int64_t memory;                           /* of the process; 0: what the control group allows, if it says */
	int64_t threads;                          /* 0: one per core */
	int64_t drain_delay_ms, drain_timeout_ms; /* from SIGTERM on: served as ever; then, at most, the rest */
};

/* ---- promises (promises.md 5) ---- */

/* X(ENUM, "name") */
#define CONFIG_PROMISES(X) \
	X(GPC_EVERYWHERE, "gpc_everywhere") \
	X(DNT_HONOURED, "dnt_honoured") \
	X(NO_SALE, "no_sale") \
	X(NO_THIRD_PARTY, "no_third_party_before_consent") \
	X(STICKY_OPT_OUT, "sticky_opt_out") \
	X(CHOICES_PAGE, "choices_page") \
	X(MINORS_OFF, "minors_off") \
	X(CITY_ONLY, "city_only") \
	X(NO_CLIENT_IP, "no_client_ip_to_origin") \
	X(MINIMISED, "third_party_minimised") \
	X(COOKIES_INVENTORIED, "cookies_inventoried") \
	X(EMAIL_ANONYMOUS, "email_pixels_anonymous") \
	X(RESIDENCY, "residency") \
	X(AGGREGATE_ONLY, "aggregate_metrics_only") \
	X(RETENTION, "retention") \
	X(HTTPS_ONLY, "https_only")

enum config_promise_kind {
#define X(e, name) PROMISE_##e,
	CONFIG_PROMISES(X)
#undef X
	PROMISE_COUNT
};

/* Bits of config_promise.groups behind those of the classes. */
enum { GROUP_SELL_SHARE = 1 << 8,
	GROUP_MEASUREMENT = 1 << 9,
	GROUP_ESSENTIAL = 1 << 10,
	GROUP_LOCATION = 1 << 11,
	GROUP_EXPORT = 1 << 12 };

/* One item of promises.keep. Which members have a meaning goes by kind; the rest is zero. */
struct config_promise {
	enum config_promise_kind kind;
	const struct node *at; /* its name */
	struct tc_str says;
	uint32_t groups;               /* classes, GROUP_* */
	bool everywhere;               /* regions: all, or not given */
	struct tc_strs places;         /* upper case: regions, region */
	struct tc_strs hosts;          /* hosts, targets; of no_third_party_before_consent: keep */
	struct tc_strs routes, clicks; /* routes, open; click */
	struct tc_strs keep, languages, stores;
	struct tc_str link, epsilon;    /* n = 0: not given */
	int unless;                     /* 0 none, 1 consent or export */
	int level, form, when, unknown; /* index into the row's words */
	bool tk, account_bridge, notice_on_change, notices;
	int64_t days, k, max_ms, hsts_ms;
};

/* A sentence of the policy that no promise holds, and why. */
struct config_uncovered {
	struct tc_str says, why;
};

enum stats_preset { STATS_STRICT,
	STATS_STANDARD,
	STATS_RELAXED };

struct config_trace; /* where the values of a rule set were written */

struct config {
	struct tc_arena *arena;
	struct tc_str file;      /* "" for the built-in default */
	struct tc_str directory; /* of the file, for relative paths */
	char hash[17];           /* 16 hex digits over the effective content; no secret, protects nothing */
	const struct config_listen *listen;
	size_t listen_count;
	const struct config_acme *const *acmes; /* of all listeners, each once */
	size_t acme_count;
	struct config_listen admin;
	struct tc_str admin_socket, admin_token_file;
	const struct cidr *trusted_proxies;
	size_t trusted_proxy_count;
	struct tc_strs geo_databases;
	bool geo_named; /* someone named them: a missing one is a fault in check */
	int64_t geo_min_addresses;
	struct place geo_unknown; /* country "": strictest */
	struct tc_strs lists;
	struct tc_str list_directory;
	struct tc_str state; /* directory; n = 0: none */
	const struct config_site *sites;
	size_t site_count;
	const struct config_origin *const *origins; /* of all sites and routes; origins[o->id] == o */
	size_t origin_count;
	struct tc_strs resolvers;            /* "192.0.2.53", "[2001:db8::53]:5353"; n = 0: those of the system */
	const struct tc_rule_set *rule_sets; /* rule_set_count of them, and behind them the empty one, named "none" */
	size_t rule_set_count;
	const struct tc_rule_set *empty_rule_set;
	const struct config_region *regions;
	size_t region_count;
	const struct config_region *strictest; /* row whose default removes most classes; ties: first */
	bool has_residency;                    /* of any row */
	struct tc_strs residency;              /* for an unknown place: hosts that every such row has */
	const struct config_law *laws;         /* rows of all packs, in the order of the files */
	size_t law_count;
	const struct law_key *law_keys; /* packs.c: each place of each row, most specific first */
	size_t law_key_count;
	const struct config_found *found; /* places.c: by place_number(); NULL: nothing has been found yet */
	const struct config_pack *packs;
	size_t pack_count;
	const struct config_promise *promises;
	size_t promise_count;
	const struct config_test *tests;
	size_t test_count;
	struct tc_str policy_name, policy_page; /* promises.policy; n = 0: not given */
	const struct config_uncovered *uncovered;
	size_t uncovered_count;
	int64_t stats_keep_ms, stats_k; /* these and the next three are not in force yet; promises speak of them */
	enum stats_preset stats_preset;
	bool stats_weekly;
	struct tc_str stats_delta;             /* as written */
	bool https_only;                       /* promised: cookies leave Secure, pages name nothing by http */
	bool cookies_listed;                   /* cookies_inventoried is promised: the choices page names them */
	int64_t verify_every_ms;               /* 0: never */
	struct tc_strs verify_pages;           /* paths that verify visits */
	const struct consent_readers *readers; /* of consent cookies: built-in ones and the file's */
	bool consent_honoured;                 /* some region honours them: else nobody reads any */
	int64_t policy_version;                /* promises.policy.version, 1 if not given */
	struct config_limits limits;
	bool log_json;
	const struct config_trace *trace;
};

/* run --domain: listeners for https, with a certificate that we get ourselves, and for http. */
struct config_domains {
	struct tc_strs names, contact;
	struct tc_str directory, ca_file; /* n = 0: the default */
	struct tc_str http;               /* address of the listener for http; config_overrides.listen is the other's */
};

/* What the command line says on top of (or, without a file, in place of) the file. n = 0: not given. */
struct config_overrides {
	struct tc_str origin, listen, admin, region, geo_directory, state;
	const struct config_domains *domains; /* NULL: none; only without a file */
	/* The file is judged, not run: without sites it gets a placeholder (a profile is checked that way). */
	bool judge;
};

/*
 * Reads, checks and compiles. file NULL: the built-in default configuration (conf/tacet.yaml spells it out).
 * 0 and *out; or -1 and *out = NULL with at least one error in m. Reads files, opens no socket, starts nothing.
 * over may be NULL.
 */
int config_load(const char *file, const struct config_overrides *over, struct config **out,
    struct messages *m);
void config_destroy(struct config **c);

/*
 * The same for a text in memory, which includes nothing but what is compiled in (shipped.h). name stands in messages in
 * place of a file.
 */
int config_load_text(struct tc_str name, struct tc_str text, const struct config_overrides *over,
    struct config **out, struct messages *m);

/* The built-in default configuration, as YAML; own: without the packs that it includes. */
struct tc_str config_default_text(void);
struct tc_str config_default_own_text(void);

/*
 * Where a value of a rule set was written, for explain: way is "cookies.request", or "" for the rule set itself.
 * false: nowhere, it is a default. extends: name of the parent; n = 0: none.
 */
bool config_where(const struct config *c, const struct tc_rule_set *r, const char *way, struct tc_str *file,
    int *line);
struct tc_str config_extends(const struct config *c, const struct tc_rule_set *r);

/* The first row of regions that covers a known place, by its number; region_count: none does. */
size_t config_region_at(const struct config *c, const struct place *p);

/*
 * The most specific row of law that is in force on that day for a known place: its state, then its country, then EU or
 * EEA, then "*"; of several the first. NULL: none.
 */
const struct config_law *config_law_of(const struct config *c, const struct place *p, int32_t day);

/* For unknown places: what any row in force that day makes opt-in. */
void config_law_any(const struct config *c, int32_t day, bool *opt_in_sale, bool *opt_in_measurement);

/* ---- tests (ux.md 5) ---- */

enum config_expect_kind {
	EXPECT_REGION,
	EXPECT_RULE_SET,
	EXPECT_DECISION,
	EXPECT_SRC,
	EXPECT_QUERY,
	EXPECT_STATUS,
	EXPECT_COOKIES,     /* names, in any order */
	EXPECT_SENT_HEADER, /* key: the field */
	EXPECT_HEADER,
	EXPECT_BODY_HAS,
	EXPECT_BODY_LACKS,
	EXPECT_BODY_SAME,
};

/* One thing that a test expects. */
struct config_expect {
	enum config_expect_kind kind;
	struct tc_str key, text;
	bool absent;           /* of a field: null, it must not be there */
	struct tc_strs words;  /* EXPECT_COOKIES */
	const struct node *at; /* what was written */
};

struct config_test {
	struct tc_str name;
	const struct node *at;
	struct tc_str url, method, from, ip;
	struct tc_strs fields; /* "Name: value" each, Cookie among them */
	int32_t day;           /* at; INT32_MIN: not given */
	bool has_response;
	int status;
	struct tc_strs response_fields;
	struct tc_str body;
	const struct config_expect *expect;
	size_t expect_count;
};

/*
 * Where a node stands, into a message: file, line, columns, source line. config_entry(): the value at a key ("allow") below a
 * map, or of a list there the item with this text; NULL: it is not written.
 */
void config_point(const struct node *at, struct message *m);
const struct node *config_entry(const struct node *map, const char *way, struct tc_str item);
/* The effective map of a rule set, its parents' keys included. */
const struct node *config_rules_node(const struct config *c, const struct tc_rule_set *r);

/* What the core has to know of a route of a site. */
static inline const struct config_route *
config_route_of(const struct config_site *s, const struct tc_route *r)
{
	return &s->routes[r - s->pub.routes];
}

/* The rows of the schema, filters' rows included: for help, man page and lint. */
size_t config_option_count(void);
/* *path_prefix: "" or "rule_sets.*."; it comes before the row's path. */
const struct tc_option *config_option(size_t i, const char **path_prefix);

#endif
