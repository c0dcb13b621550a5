/*
 * rows.c: the options of tacet, one row each: path, type, default, bounds, help. Everything that knows an option by
 * name knows it from here: the checker, the defaults, `tacet help`, and the test that the manual mentions it.
 */
#include "config/rows.h"

#include "config/config.h"
#include "config/schema.h"
#include "tacet/class.h"
#include "tacet/site.h"

/* A value that is stored in a member of one of the structs of schema.h; one that is only checked. */
#define ROW(path, type, value, bounds, help, s, member) \
	{ \
		path, TC_OPT_##type, value, bounds, help, offsetof(struct s, member), false \
	}
#define STORED_LATER(path, type, value, bounds, help, s, member) \
	{ \
		path, TC_OPT_##type, value, bounds, help, offsetof(struct s, member), true \
	}
#define CHECKED(path, type, value, bounds, help) \
	{ \
		path, TC_OPT_##type, value, bounds, help, ROW_NOWHERE, false \
	}
#define LATER(path, type, value, bounds, help) \
	{ \
		path, TC_OPT_##type, value, bounds, help, ROW_NOWHERE, true \
	}

#define CLASSES "analytics|advertising|personalisation|social|functional|security|consent|unknown"
#define REMOVABLE CLASSES "|sell_share|measurement"
#define GROUPS REMOVABLE "|essential|location|export"
#define PROMISE(name, param, type, value, bounds, help, member) \
	ROW("promises.keep[]." name "." param, type, value, bounds, help, config_promise, member)
#define SAYS(name) PROMISE(name, "says", STR, NULL, NULL, "the sentence of the policy that this line keeps", says)

/* What a site says and a route may say in its place; both structs have the members. */
#define ORIGIN(at, s) \
	ROW(at "url", URL, NULL, "http|https|unix", "where requests go: http://host:port, https://host, or unix:/path", s, \
	    origin.url), \
	    ROW(at "urls", STRS, NULL, NULL, "several servers that answer alike, in place of url", s, origin.urls), \
	    ROW(at "host", STR, "keep", NULL, "Host sent to the origin: keep, origin, or a name; https: origin", s, origin.host), \
	    ROW(at "balance", ENUM, "round-robin", "round-robin|least-connections", "which of several servers is asked", s, \
		origin.balance), \
	    ROW(at "connect_timeout", DURATION, "5s", "10ms..5 min", "time for a connection to a server", s, \
		origin.connect_timeout_ms), \
	    ROW(at "first_byte_timeout", DURATION, NULL, "10ms..1 h", \
		"time for the head of the answer; default: what timeout says", s, origin.first_byte_timeout_ms), \
	    ROW(at "timeout", DURATION, "30s", "10ms..1 h", "longest silence of the origin", s, origin.timeout_ms), \
	    ROW(at "total_timeout", DURATION, NULL, "1s..24 h", "time for the whole answer; default: no end", s, \
		origin.total_timeout_ms), \
	    ROW(at "idle_timeout", DURATION, "20s", "1s..1 h", \
		"how long a connection is kept for the next request; below the origin's own", s, origin.idle_timeout_ms), \
	    ROW(at "hold", DURATION, NULL, "100ms..5 min", \
		"how long requests wait for a server that can be reached; default: not at all", s, origin.hold_ms), \
	    ROW(at "connections", INT, NULL, "1..100000", "connections to each server; default: no cap", s, \
		origin.connections), \
	    ROW(at "requests", INT, NULL, "1..1000000", "requests under way at all its servers; default: no cap", s, \
		origin.requests), \
	    ROW(at "queue", INT, "100", "0..100000", "requests that may wait for one of both", s, origin.queue), \
	    ROW(at "queue_timeout", DURATION, "1s", "10ms..5 min", "how long they wait", s, origin.queue_timeout_ms), \
	    ROW(at "retry_budget", INT, "20", "0..100", "requests that may be sent again, in percent of all", s, \
		origin.retry_percent), \
	    ROW(at "eject.failures", INT, "3", "1..1000", "failures in a row that take a server out", s, \
		origin.eject_failures), \
	    ROW(at "eject.time", DURATION, "1s", "100ms..1 h", "for how long at least", s, origin.eject_ms), \
	    ROW(at "overload", ENUM, "adaptive", "adaptive|none", \
		"adaptive: requests that an overloaded origin would answer too late are refused at once", s, origin.overload), \
	    ROW(at "check.path", STR, NULL, NULL, "path asked of every server; default: servers are not checked", s, \
		origin.check_path), \
	    ROW(at "check.interval", DURATION, "2s", "100ms..1 h", "how often", s, origin.check_interval_ms), \
	    ROW(at "check.timeout", DURATION, "1s", "10ms..5 min", "time for the answer to a check", s, \
		origin.check_timeout_ms), \
	    ROW(at "check.healthy", INT, "2", "1..100", "good answers in a row that bring a server back", s, \
		origin.check_healthy), \
	    ROW(at "check.unhealthy", INT, "2", "1..100", "bad ones in a row that take it out", s, origin.check_unhealthy), \
	    ROW(at "tls.ca", STR, NULL, NULL, "who may vouch for an https origin, PEM; default: whom the system trusts", s, \
		origin.tls_ca), \
	    ROW(at "tls.cert", STR, NULL, NULL, "certificate that we show to it, PEM; default: none", s, origin.tls_cert), \
	    ROW(at "tls.key", STR, NULL, NULL, "its private key, PEM", s, origin.tls_key), \
	    ROW(at "tls.name", STR, NULL, NULL, "name that is asked for and verified; default: the host of url", s, \
		origin.tls_name), \
	    ROW(at "tls.verify", BOOL, "true", NULL, "false: anybody in between may read and change everything", s, \
		origin.tls_verify)

#define EDGE(at, s) \
	ROW(at "rate_limit.requests", INT, NULL, "1..1000000", "requests that each visitor may make", s, rate.requests), \
	    ROW(at "rate_limit.per", DURATION, "1s", "1s..1 day", "in how much time", s, rate.per_ms), \
	    ROW(at "rate_limit.burst", INT, NULL, "1..1000000", "how many of them at once; default: requests", s, rate.burst), \
	    CHECKED(at "response.set", ANY, NULL, NULL, "fields of every answer: a map of names and texts"), \
	    ROW(at "response.remove", STRS, "[]", NULL, "fields that no answer has", s, remove)

#define READER_CLASS(of, help, member, class, i) \
	ROW("consent.readers.*." of "." class, STRS, "[]", NULL, "entries KEY=VALUE that are " help, raw_reader, member[i])
#define READER_CLASSES(of, help, member) \
	READER_CLASS(of, help, member, "analytics", 0), \
	    READER_CLASS(of, help, member, "advertising", 1), \
	    READER_CLASS(of, help, member, "personalisation", 2), \
	    READER_CLASS(of, help, member, "social", 3)

#define ACME_DIRECTORY "https://acme-v02.api.letsencrypt.org/directory"

const struct tc_option row_table[] = {
	ROW("version", INT, NULL, NULL, "version of this format: 1", raw_root, version),
	CHECKED("include", ANY, NULL, NULL, "files to merge in: a name, a glob or a list of them"),
	ROW("state", STR, NULL, NULL,
	    "directory for the choice key and for ACME; default $STATE_DIRECTORY, else nothing is written", raw_root, state),

	ROW("listen[].address", ADDRESS, NULL, "unix", "where visitors connect: 0.0.0.0:8080, or unix:/path", raw_listen,
	    address),
	ROW("listen[].proxy_protocol", STRS, "[]", NULL,
	    "networks whose connections begin with a PROXY header; unix: those of a Unix socket", raw_listen, proxy_protocol),
	ROW("listen[].tls.cert", STR, NULL, NULL, "file with a certificate and its chain, PEM", raw_listen, tls_cert),
	ROW("listen[].tls.key", STR, NULL, NULL, "file with its private key, PEM; readable by its owner only", raw_listen,
	    tls_key),
	ROW("listen[].tls.certificates[].cert", STR, NULL, NULL, "one of more certificates, chosen by the name asked for",
	    raw_certificate, cert),
	ROW("listen[].tls.certificates[].key", STR, NULL, NULL, "its private key", raw_certificate, key),
	ROW("listen[].tls.minimum", ENUM, "1.2", "1.2|1.3", "lowest version of TLS", raw_listen, tls_minimum),
	ROW("listen[].tls.protocols", FLAGS, "[h2, http/1.1]", "h2|http/1.1", "what is offered to visitors", raw_listen,
	    tls_protocols),
	ROW("listen[].tls.ticket_keys", STR, NULL, NULL,
	    "file with the keys of session tickets that a fleet shares, 80 bytes each; default: our own", raw_listen,
	    tls_ticket_keys),
	ROW("listen[].h2c", BOOL, "false", NULL, "take HTTP/2 in clear too, from who begins with it", raw_listen, h2c),
	ROW("listen[].tls.acme.domains", STRS, "[]", NULL, "names to get a certificate for, and to renew it, by ACME",
	    raw_listen, acme.domains),
	ROW("listen[].tls.acme.directory", STR, ACME_DIRECTORY, NULL, "the authority's directory", raw_listen, acme.directory),
	ROW("listen[].tls.acme.agree", BOOL, "false", NULL, "true: you agree to the authority's terms of service", raw_listen,
	    acme.agree),
	ROW("listen[].tls.acme.contact", STRS, "[]", NULL, "addresses that the authority may write to: mailto:ops@example.com",
	    raw_listen, acme.contact),
	ROW("listen[].tls.acme.ca", STR, NULL, NULL,
	    "file with whom to trust for the directory's own https, PEM; default: the system's", raw_listen, acme.ca),
	ROW("listen[].tls.acme.challenge", FLAGS, "[tls-alpn-01, http-01]", "tls-alpn-01|http-01",
	    "how names are proven; the other one is tried after a failure", raw_listen, acme.challenge),
	ROW("listen[].redirect", ENUM, "none", "none|https", "answer every request with a redirect", raw_listen, redirect),

	ROW("admin.address", ADDRESS, "127.0.0.1:9180", NULL, "where /metrics, the probes and the dashboard are",
	    raw_root, admin_address),
	ROW("admin.socket", STR, NULL, NULL, "Unix socket for tacet reload and status", raw_root, admin_socket),
	ROW("admin.token_file", STR, NULL, NULL, "file with the bearer token; needed where admin is not on loopback",
	    raw_root, admin_token_file),

	ROW("client_address.trusted_proxies", STRS, "[]", NULL,
	    "networks whose X-Forwarded-For says who the visitor is", raw_root, trusted_proxies),

	ROW("geo.databases", STRS, NULL, NULL, "files with places of addresses (mmdb)", raw_root, geo_databases),
	ROW("geo.city.min_addresses", INT, "4096", "1024..1048576", "smaller places become their region", raw_root,
	    geo_min_addresses),
	ROW("geo.unknown", STR, "strictest", NULL, "rules where the place is not known: strictest, or a place such as US-CA",
	    raw_root, geo_unknown),

	ROW("lists.use", WORDS, "[built-in, easyprivacy]", "built-in|easyprivacy|easylist",
	    "lists of trackers: these, or names of files", raw_root, lists),
	ROW("lists.directory", STR, NULL, NULL, "where list files named without / are", raw_root, list_directory),

	LATER("stats.database", STR, NULL, NULL, "file for released numbers"),
	LATER("stats.timezone", STR, "UTC", NULL, "when a day begins"),
	STORED_LATER("stats.keep", DURATION, "25 months", "1 day..120 months", "how long released numbers stay", raw_root,
	    stats_keep_ms),
	STORED_LATER("stats.window", ENUM, "day", "day|week", "how much time one release covers", raw_root, stats_window),
	LATER("stats.visitors_max", INT, "200000", "1000..10000000", "visitors counted for a site and day"),
	STORED_LATER("stats.privacy.preset", ENUM, "standard", "strict|standard|relaxed", "how much noise", raw_root,
	    stats_preset),
	STORED_LATER("stats.privacy.k", INT, "10", "5..1000", "smallest crowd that may be published", raw_root, stats_k),
	STORED_LATER("stats.privacy.delta", DECIMAL, "1e-6", "0..1e-5", "chance that a smaller crowd is shown, for each cell",
	    raw_root, stats_delta),
	LATER("stats.count_opted_out", ENUM, "totals", "totals", "visitors who said no are in totals and never hashed"),
	LATER("stats.campaigns", STRS, "[]", NULL, "campaign names that are counted; others are one"),
	LATER("stats.pages", STRS, "[]", NULL, "globs that are counted as one page each"),

	LATER("fleet.redis", URL, NULL, "unix|redis|rediss", "Redis that several proxies count in"),
	LATER("fleet.node", STR, NULL, NULL, "name of this proxy"),
	LATER("fleet.secret_file", STR, NULL, NULL, "file with the secret that all share"),
	LATER("fleet.spread", INT, "3", "1..100", "nodes that each visitor may reach"),

	ROW("sites[].hosts", STRS, NULL, NULL, "host names of the site; \"*.example.com\", or \"*\" for any", raw_site, hosts),
	ORIGIN("sites[].origin.", raw_site),
	EDGE("sites[].", raw_site),
	ROW("sites[].compress", FLAGS, "[]", "gzip|br|zstd", "codings that bodies are sent in, if the origin sent them plain",
	    raw_site, compress),
	ROW("sites[].forward.client_ip", ENUM, "none", "none|prefix|full", "address of the visitor told to the origin",
	    raw_site, client_ip),
	ROW("sites[].forward.geo", FLAGS, "[country, region]", "country|region|city", "place of the visitor told to the origin",
	    raw_site, geo),
	LATER("sites[].forward.style", ENUM, "none", "none|cloudflare|cloudfront|vercel|appengine",
	    "more names for the same place"),
	ROW("sites[].choices.path", STR, "/privacy-choices", NULL, "where the choices page is", raw_site, choices_path),
	ROW("sites[].choices.link", ENUM, "marker", "marker|auto|none",
	    "link to the choices page: where the page has a marker, on every page, nowhere", raw_site, choices_link),
	ROW("sites[].choices.languages", STRS, "[en, es, fr, de, nl, it, pt, zh-Hans, ja, ar]", NULL,
	    "languages of the choices page; the first is the default", raw_site, languages),
	ROW("sites[].choices.policy", STR, NULL, NULL, "the site's privacy policy: a path or URL", raw_site, policy),
	ROW("sites[].choices.limit_url", STR, NULL, NULL, "the site's form to limit the use of sensitive data", raw_site, limit_url),
	ROW("sites[].choices.notice_on_change", BOOL, "false", NULL,
	    "who chose under an older promises.policy.version is told once that the policy changed", raw_site, notice_on_change),
	ROW("sites[].gpc.statement", STR, "2026-11-21", NULL, "day of the site's statement about GPC: lastUpdate of gpc.json",
	    raw_site, gpc_statement),
	ROW("sites[].dnt.status", BOOL, "false", NULL,
	    "responses say in Tk whether they track; /.well-known/dnt/ says what that means",
	    raw_site, dnt_status),
	ROW("sites[].dnt.policy_file", STR, NULL, NULL, "file served as /.well-known/dnt-policy.txt, if it is a known text", raw_site,
	    dnt_policy_file),
	ROW("sites[].dnt.policy_hashes", STRS, "[]", NULL, "SHA-1 of more texts of it that are known", raw_site, dnt_policy_hashes),
	ROW("sites[].keep_cookies", STRS, "[]", NULL, "cookies that are never touched", raw_site, keep_cookies),
	ROW("sites[].allow", STRS, "[]", NULL, "third-party hosts let through past every list", raw_site, allow),
	ROW("sites[].acts_for_us", STRS, "[]", NULL,
	    "receivers of measurements that use them for this site alone: sell_share leaves them", raw_site, acts_for_us),
	ROW("sites[].hsts", DURATION, NULL, "0s..10 years",
	    "how long browsers ask for the site by https only (Strict-Transport-Security); default: what the origin says", raw_site,
	    hsts_ms),
	ROW("sites[].acme_challenges", STR, NULL, NULL,
	    "directory for /.well-known/acme-challenge/; default: the origin answers", raw_site, acme_challenges),
	ROW("sites[].mode", ENUM, "filter", "filter|observe", "observe: count what would be done, change nothing", raw_site, mode),
	ROW("sites[].downstream_cache", ENUM, "private", "private|none|keyed", "what caches between us and visitors may keep",
	    raw_site, downstream_cache),
	ROW("sites[].says", STR, NULL, NULL, "the sentence of the policy behind this site's rules", raw_site, says),
	ROW("sites[].consent", STRS, "[]", NULL, "readers of consent cookies whose yes counts; a no counts from all", raw_site,
	    consent),

	ROW("sites[].routes[].name", STR, NULL, NULL, "label of counters: lower case, digits and -", raw_route, name),
	ROW("sites[].routes[].match", STR, NULL, NULL, "glob over the path; * also matches /", raw_route, match),
	ROW("sites[].routes[].filter", ENUM, "auto", "auto|none", "none: bodies pass as they are", raw_route, filter),
	ROW("sites[].routes[].force", ENUM, "none", "none|opt-out", "opt-out: everyone is opted out here", raw_route, force),
	ROW("sites[].routes[].allow", STRS, "[]", NULL, "third-party hosts let through here", raw_route, allow),
	ROW("sites[].routes[].type", ENUM, "pages", "pages|open|click", "open, click: e-mail's pixels and links, answered here",
	    raw_route, type),
	ROW("sites[].routes[].click.parameter", STR, "url", NULL, "parameter that says where a link of e-mail leads", raw_route,
	    click_parameter),
	ROW("sites[].routes[].click.targets", STRS, "[]", NULL, "other hosts to which links of e-mail may lead", raw_route,
	    click_targets),
	ORIGIN("sites[].routes[].origin.", raw_route),
	EDGE("sites[].routes[].", raw_route),
	ROW("sites[].routes[].body_size", SIZE, NULL, "1KiB..1TiB", "body of a request; default: limits.body_size", raw_route,
	    body_size),
	ROW("sites[].routes[].says", STR, NULL, NULL, "the sentence of the policy behind this route", raw_route, says),

	CHECKED("rule_sets.*.extends", STR, NULL, NULL, "rule set whose keys are taken where this one has none"),
	ROW("rule_sets.*.scripts.remove", FLAGS, "[]", REMOVABLE,
	    "classes of trackers that go, with all their constructs; sell_share: all of them but acts_for_us; measurement: analytics",
	    raw_rules, remove),
	ROW("rule_sets.*.says", STR, NULL, NULL, "the sentence of the policy behind this rule set", raw_rules, says),

	ROW("regions[].name", STR, NULL, NULL, "label of counters: lower case, digits and -", raw_region, name),
	ROW("regions[].where", STRS, NULL, NULL, "places: DE, US-CA, EU, EEA, or \"*\"", raw_region, where),
	ROW("regions[].honour", FLAGS, "[gpc, dnt, choice]", "gpc|dnt|choice|consent", "signals that opt a visitor out",
	    raw_region, honour),
	ROW("regions[].default", STR, NULL, NULL, "rule set for visitors who said nothing", raw_region, initial),
	ROW("regions[].opted_out", STR, NULL, NULL, "rule set for visitors who said no", raw_region, opted_out),
	ROW("regions[].opted_in", STR, NULL, NULL, "rule set for visitors who said yes", raw_region, opted_in),
	ROW("regions[].link_text", STR, NULL, NULL, "text of the link to the choices page; california: the legal title and icon",
	    raw_region, link_text),
	ROW("regions[].gpc_override", ENUM, "never", "never|explicit-opt-in", "whether a later yes beats a live GPC", raw_region,
	    gpc_override),
	ROW("regions[].residency", STRS, NULL, NULL,
	    "the only third parties that visitors may be sent to, until they grant export; default: any", raw_region, residency),
	LATER("regions[].visitors", ENUM, "keyed-day", "keyed-day|referrer|none", "how visitors are counted"),
	ROW("regions[].says", STR, NULL, NULL, "the sentence of the policy behind this row", raw_region, says),

	CHECKED("promises.policy.name", STR, NULL, NULL, "name of the policy"),
	ROW("promises.policy.version", INT, "1", "1..99999", "raised when the policy changes; part of the choice cookie",
	    raw_root, policy_version),
	CHECKED("promises.policy.page", STR, NULL, NULL, "where the policy is: a path or URL"),
	ROW("promises.verify.every", DURATION, NULL, "1s..31 days", "how often the running proxy sends them itself; default: never",
	    raw_root, verify_every_ms),
	ROW("promises.verify.pages", STRS, "[]", NULL, "pages that tacet verify visits", raw_root, verify_pages),
	CHECKED("promises.not_covered[].says", STR, NULL, NULL, "a sentence of the policy that a proxy cannot prove"),
	CHECKED("promises.not_covered[].why", STR, NULL, NULL, "why it cannot"),

	SAYS("gpc_everywhere"),
	PROMISE("gpc_everywhere", "classes", FLAGS, "[sell_share]", GROUPS, "what a live GPC removes, everywhere", groups),
	SAYS("dnt_honoured"),
	PROMISE("dnt_honoured", "classes", FLAGS, "[sell_share]", GROUPS, "what DNT removes", groups),
	CHECKED("promises.keep[].dnt_honoured.regions", ANY, NULL, NULL, "where: all, or a list of places"),
	PROMISE("dnt_honoured", "tk", BOOL, "false", NULL, "responses say so in Tk", tk),
	SAYS("no_sale"),
	PROMISE("no_sale", "unless", ENUM, "none", "none|consent", "what allows it all the same", unless),
	PROMISE("no_sale", "classes", FLAGS, "[sell_share]", GROUPS, "what counts as a sale", groups),
	SAYS("no_third_party_before_consent"),
	CHECKED("promises.keep[].no_third_party_before_consent.regions", ANY, NULL, NULL, "where: all, or a list of places"),
	CHECKED("promises.keep[].no_third_party_before_consent.keep", ANY, NULL, NULL, "hosts let through, each with a reason"),
	SAYS("sticky_opt_out"),
	PROMISE("sticky_opt_out", "account_bridge", BOOL, "false", NULL, "a login brings the choice to another device",
	    account_bridge),
	PROMISE("sticky_opt_out", "days", INT, "395", "1..400", "how long a no is remembered at least", days),
	SAYS("choices_page"),
	PROMISE("choices_page", "link", STR, NULL, NULL, "text of the link that every page has", link),
	PROMISE("choices_page", "classes", FLAGS, "[]", GROUPS, "switches on the page", groups),
	PROMISE("choices_page", "notice_on_change", BOOL, "false", NULL, "a new policy version is announced once", notice_on_change),
	PROMISE("choices_page", "notices", BOOL, "false", NULL, "each region has its notice", notices),
	PROMISE("choices_page", "languages", STRS, "[]", NULL, "languages of the page", languages),
	SAYS("minors_off"),
	PROMISE("minors_off", "routes", STRS, "[]", NULL, "routes or paths without any tracking", routes),
	PROMISE("minors_off", "hosts", STRS, "[]", NULL, "hosts without any tracking", hosts),
	SAYS("city_only"),
	PROMISE("city_only", "level", ENUM, "city", "city|region|country", "the finest place anyone gets", level),
	SAYS("no_client_ip_to_origin"),
	PROMISE("no_client_ip_to_origin", "form", ENUM, "none", "none|prefix", "what the origin gets instead", form),
	PROMISE("no_client_ip_to_origin", "when", ENUM, "always", "always|out", "for everyone, or who said no", when),
	SAYS("third_party_minimised"),
	PROMISE("third_party_minimised", "hosts", STRS, "[]", NULL, "the third parties that stay", hosts),
	SAYS("cookies_inventoried"),
	PROMISE("cookies_inventoried", "keep", STRS, "[]", NULL, "cookies that always pass", keep),
	PROMISE("cookies_inventoried", "unknown", ENUM, "strip", "strip|flag", "what happens to cookies without a class", unknown),
	SAYS("email_pixels_anonymous"),
	PROMISE("email_pixels_anonymous", "open", STRS, "[]", NULL, "routes of open pixels", routes),
	PROMISE("email_pixels_anonymous", "click", STRS, "[]", NULL, "routes of click links", clicks),
	PROMISE("email_pixels_anonymous", "targets", STRS, "[]", NULL, "hosts that click links may lead to", hosts),
	SAYS("residency"),
	CHECKED("promises.keep[].residency.region", ANY, NULL, NULL, "visitors of this place, or of a list of places"),
	PROMISE("residency", "hosts", STRS, "[]", NULL, "hosts that may be asked", hosts),
	PROMISE("residency", "unless", ENUM, "none", "none|export", "what allows others all the same", unless),
	SAYS("aggregate_metrics_only"),
	PROMISE("aggregate_metrics_only", "k", INT, "10", "5..1000", "smallest crowd in any number", k),
	PROMISE("aggregate_metrics_only", "epsilon", DECIMAL, NULL, "0..100", "privacy loss of a visitor and day at most", epsilon),
	SAYS("retention"),
	PROMISE("retention", "max", DURATION, NULL, "1 day..1000 months", "how long anything is kept at most", max_ms),
	PROMISE("retention", "stores", STRS, "[]", NULL, "which stores; none named: all", stores),
	SAYS("https_only"),
	PROMISE("https_only", "hsts", DURATION, "1 year", "1 day..10 years", "how long browsers remember it at least", hsts_ms),

	CHECKED("tests[].name", STR, NULL, NULL, "what the test shows"),
	CHECKED("tests[].request.url", STR, NULL, NULL, "what the visitor asks for"),
	CHECKED("tests[].request.method", STR, "GET", NULL, "method of the request"),
	CHECKED("tests[].request.from", STR, NULL, NULL, "place of the visitor, such as US-CA"),
	CHECKED("tests[].request.ip", STR, NULL, NULL, "address of the visitor, in place of from"),
	CHECKED("tests[].request.headers", ANY, NULL, NULL, "fields of the request"),
	CHECKED("tests[].request.cookies", ANY, NULL, NULL, "cookies of the request"),
	CHECKED("tests[].request.at", STR, NULL, NULL, "date of the request"),
	CHECKED("tests[].response.status", INT, "200", "200..599", "status of the origin's answer"),
	CHECKED("tests[].response.headers", ANY, NULL, NULL, "fields of the origin's answer"),
	CHECKED("tests[].response.set_cookie", ANY, NULL, NULL, "cookies of the origin's answer"),
	CHECKED("tests[].response.body", ANY, NULL, NULL, "body of the origin's answer"),
	CHECKED("tests[].response.body_file", STR, NULL, NULL, "file with the body"),
	CHECKED("tests[].expect.region", STR, NULL, NULL, "row of regions that decides, or unknown"),
	CHECKED("tests[].expect.rule_set", STR, NULL, NULL, "rule set in force"),
	CHECKED("tests[].expect.decision", ENUM, NULL, "out|in", "the decision"),
	CHECKED("tests[].expect.src", ENUM, NULL, "none|gpc|dnt|account|choice|consent|region|route", "who said so"),
	CHECKED("tests[].expect.query", ANY, NULL, NULL, "query sent to the origin"),
	CHECKED("tests[].expect.status", INT, NULL, "200..599", "status of the answer"),
	CHECKED("tests[].expect.cookies", ANY, NULL, NULL, "names of the cookies that survive"),
	CHECKED("tests[].expect.sent_headers", ANY, NULL, NULL, "fields sent to the origin"),
	CHECKED("tests[].expect.headers", ANY, NULL, NULL, "fields of the answer"),
	CHECKED("tests[].expect.body_has", ANY, NULL, NULL, "text in the body"),
	CHECKED("tests[].expect.body_lacks", ANY, NULL, NULL, "text not in the body"),
	CHECKED("tests[].expect.body_same", BOOL, NULL, NULL, "whether the body is the origin's, byte for byte"),

	ROW("consent.readers.*.cookies", STRS, NULL, NULL, "names of the cookies that it reads; * at the end: names that begin so",
	    raw_reader, cookies),
	ROW("consent.readers.*.decode", ENUM, "none", "none|url|url2|base64", "how the cookie is encoded; url2: perhaps twice",
	    raw_reader, decode),
	ROW("consent.readers.*.syntax", ENUM, NULL, "json|kv|value|tcf|gpp|usp",
	    "JSON, pairs of keys and values, the cookie as it is, or a format of the IAB", raw_reader, syntax),
	ROW("consent.readers.*.separator", STR, "&", NULL, "kv: what divides pairs; any of these characters", raw_reader,
	    separator),
	ROW("consent.readers.*.equals", STR, "=", NULL, "kv: what divides a key from its value", raw_reader, equals),
	ROW("consent.readers.*.list.key", STR, NULL, NULL, "kv: the member that holds pairs itself", raw_reader, list_key),
	ROW("consent.readers.*.list.separator", STR, ",", NULL, "what divides these", raw_reader, list_separator),
	ROW("consent.readers.*.list.equals", STR, ":", NULL, "what divides a key from its value there", raw_reader, list_equals),
	READER_CLASSES("grant", "a yes to this class", grant),
	READER_CLASSES("refuse", "a no to this class", refuse),
	ROW("consent.readers.*.out", STRS, "[]", NULL, "entries that are an opt-out of all", raw_reader, out),
	ROW("consent.readers.*.undecided", STRS, "[]", NULL, "entries that say that nobody was asked yet", raw_reader, undecided),
	ROW("consent.readers.*.missing", ENUM, "nothing", "nothing|refuse", "what it means that a yes is not there", raw_reader,
	    missing),
	ROW("consent.readers.*.parts", BOOL, "false", NULL, "NAME, NAME2, NAME3 and so on are one text", raw_reader, parts),

	ROW("limits.connections", INT, "50000", "1..10000000", "visitor connections, all together", raw_root, connections),
	ROW("limits.header_size", SIZE, "32KiB", "1KiB..1MiB", "head of a request", raw_root, header_size),
	ROW("limits.uri_size", SIZE, "8KiB", "256..1MiB", "first line of a request", raw_root, uri_size),
	ROW("limits.fields", INT, "100", "10..10000", "fields of a request", raw_root, fields),
	ROW("limits.response_header_size", SIZE, "32KiB", "1KiB..1MiB", "head of an origin's answer", raw_root,
	    response_header_size),
	ROW("limits.header_timeout", DURATION, "10s", "10ms..1 h", "time for the head of a request", raw_root,
	    header_timeout_ms),
	ROW("limits.idle_timeout", DURATION, "75s", "10ms..1 h", "silence between two requests", raw_root, idle_timeout_ms),
	ROW("limits.write_timeout", DURATION, "30s", "10ms..1 h", "a visitor who takes no bytes", raw_root, write_timeout_ms),
	ROW("limits.tunnel_timeout", DURATION, "10 min", "1s..24 h", "a WebSocket on which nothing moves", raw_root,
	    tunnel_timeout_ms),
	ROW("limits.keepalive_requests", INT, "1000", "1..1000000000", "requests of one connection", raw_root,
	    keepalive_requests),
	ROW("limits.body_size", SIZE, NULL, "1KiB..1TiB", "body of a request; default: no limit", raw_root, body_size),
	ROW("limits.memory", SIZE, NULL, "16MiB..1TiB",
	    "memory of the process, near which new visitors are refused; default: the control group's", raw_root, memory),
	ROW("limits.threads", INT, "0", "0..256", "threads that serve; 0: one for each core", raw_root, threads),
	ROW("limits.drain_delay", DURATION, "0s", "0s..5 min", "at the end: not ready any more, and served as ever", raw_root,
	    drain_delay_ms),
	ROW("limits.drain_timeout", DURATION, "30s", "1s..1 h", "after that: what has begun may end", raw_root,
	    drain_timeout_ms),

	ROW("resolver.servers", STRS, "[]", NULL, "DNS servers that know the origins; default: those of the system", raw_root,
	    resolvers),

	STORED_LATER("log.format", ENUM, "text", "text|json", "lines about start, reload and stop", raw_root, log_format),

	ROW("pack.name", STR, NULL, NULL, "in an included pack: its name", raw_pack, name),
	ROW("pack.version", STR, NULL, NULL, "date of the pack", raw_pack, version),
	ROW("pack.disclaimer", STR, NULL, NULL, "what the pack is not", raw_pack, disclaimer),
	ROW("rows[].name", STR, NULL, NULL, "in an included pack: a row of the law by place", raw_law, name),
	ROW("rows[].where", STRS, NULL, NULL, "places of the row: DE, US-CA, EU, EEA, or \"*\"", raw_law, where),
	ROW("rows[].default.sell_share", ENUM, "opt-out", "opt-out|opt-in",
	    "opt-in: advertising, personalisation and social need a grant", raw_law, sale),
	ROW("rows[].default.measurement", ENUM, "opt-out", "opt-out|opt-in", "opt-in: analytics need a grant", raw_law,
	    measurement),
	ROW("rows[].binding", FLAGS, "[]", "gpc|dnt", "signals that bind by law", raw_law, binding),
	ROW("rows[].from", STR, NULL, NULL, "first day on which the row is in force, UTC; default: always was", raw_law, from),
	ROW("rows[].until", STR, NULL, NULL, "first day on which it is not any more; default: no end", raw_law, until),
	ROW("rows[].duties[].what", STR, NULL, NULL, "a duty", raw_duty, what),
	ROW("rows[].duties[].from", STR, NULL, NULL, "the day it begins", raw_duty, from),
	ROW("rows[].duties[].mark", ENUM, NULL, "primary|secondary|unverified", "how sure we are", raw_duty, mark),
	ROW("rows[].duties[].source", STR, NULL, NULL, "who says so", raw_duty, source),
};

const size_t row_table_count = sizeof(row_table) / sizeof(row_table[0]);

/* FLAGS of classes are used as sets of classes: the words stand in the order of the enum. */
_Static_assert(TC_ANALYTICS == 0 && TC_UNKNOWN == 7 && TC_CLASS_COUNT == 8, "CLASSES follows class.h");
_Static_assert(TC_ANALYTICS == 0 && TC_ADVERTISING == 1 && TC_PERSONALISATION == 2 && TC_SOCIAL == 3, "READER_CLASSES");
_Static_assert(TC_CODING_GZIP == 1 && TC_CODING_BR == 2 && TC_CODING_ZSTD == 4, "sites[].compress follows site.h");
