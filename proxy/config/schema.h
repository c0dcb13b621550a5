/* schema.h: the rows of the configuration, the check of a tree against them, and what they fill. */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include "config/load.h"

/* A row with its whole path. owner: index of the filter whose block it fills, -1: ours. */
struct row {
	const struct tc_option *option;
	const char *path;
	int owner;
};

struct rows {
	const struct row *v;
	size_t n;
};

/* ---- what the rows fill: one struct for each list or map of the file ---- */

struct raw_root {
	int64_t version;
	struct tc_str state;
	struct tc_str admin_address, admin_socket, admin_token_file;
	struct tc_strs trusted_proxies;
	struct tc_strs geo_databases;
	int64_t geo_min_addresses;
	struct tc_str geo_unknown;
	struct tc_strs lists;
	struct tc_str list_directory;
	int64_t policy_version;
	struct tc_strs verify_pages;
	int64_t verify_every_ms;
	int64_t stats_keep_ms, stats_k;
	int stats_preset, stats_window;
	struct tc_str stats_delta;
	int64_t connections, header_size, uri_size, fields, response_header_size;
	int64_t header_timeout_ms, idle_timeout_ms, write_timeout_ms, tunnel_timeout_ms;
	int64_t keepalive_requests, body_size, memory, threads;
	int64_t drain_delay_ms, drain_timeout_ms;
	struct tc_strs resolvers;
	int log_format;
};

struct raw_acme {
	struct tc_strs domains, contact;
	struct tc_str directory, ca;
	bool agree;
	uint32_t challenge;
};

struct raw_listen {
	struct tc_str address;
	struct tc_strs proxy_protocol;
	int redirect;
	bool h2c;
	struct tc_str tls_cert, tls_key, tls_ticket_keys;
	int tls_minimum;
	uint32_t tls_protocols;
	struct raw_acme acme;
};

struct raw_certificate {
	struct tc_str cert, key;
};

struct raw_origin {
	struct tc_str url, host, check_path;
	struct tc_strs urls;
	int balance, overload;
	int64_t connect_timeout_ms, first_byte_timeout_ms, timeout_ms, total_timeout_ms, idle_timeout_ms, hold_ms;
	int64_t connections, requests, queue, queue_timeout_ms, retry_percent, eject_failures, eject_ms;
	int64_t check_interval_ms, check_timeout_ms, check_healthy, check_unhealthy;
	struct tc_str tls_ca, tls_cert, tls_key, tls_name;
	bool tls_verify;
};

struct raw_rate {
	int64_t requests, per_ms, burst;
};

struct raw_site {
	struct tc_strs hosts, keep_cookies, allow, acts_for_us, languages, remove;
	struct raw_origin origin;
	struct raw_rate rate;
	uint32_t compress;
	int client_ip, mode, downstream_cache, choices_link;
	uint32_t geo;
	struct tc_str choices_path, policy, limit_url, says, gpc_statement, dnt_policy_file;
	struct tc_strs dnt_policy_hashes;
	bool notice_on_change, dnt_status;
	int64_t hsts_ms;
	struct tc_str acme_challenges;
	struct tc_strs consent;
};

struct raw_reader {
	struct tc_strs cookies, out, undecided;
	struct tc_strs grant[4], refuse[4]; /* analytics, advertising, personalisation, social */
	struct tc_str separator, equals, list_key, list_separator, list_equals;
	int decode, syntax, missing;
	bool parts;
};

struct raw_route {
	struct tc_str name, match;
	int filter, force, type;
	struct tc_strs allow, remove, click_targets;
	struct tc_str click_parameter, says;
	struct raw_origin origin;
	struct raw_rate rate;
	int64_t body_size;
};

struct raw_rules {
	uint32_t remove;
	struct tc_str says;
};

struct raw_region {
	struct tc_str name, initial, opted_out, opted_in, link_text, says;
	struct tc_strs where, residency;
	uint32_t honour;
	int gpc_override;
};

struct raw_pack {
	struct tc_str name, version, disclaimer;
};

struct raw_law {
	struct tc_str name, from, until;
	struct tc_strs where;
	int sale, measurement;
	uint32_t binding;
};

struct raw_duty {
	struct tc_str what, from, source;
	int mark;
};

/* ---- the table ---- */

/* Our rows and those of the filters, under "rule_sets.*.". Lives in the arena. */
const struct rows *schema_rows(struct loader *l);

/* "sites[].origin.url" -> "sites.origin.url": how people name an option. Returns out. */
const char *schema_topic(const char *path, char *out, size_t room);

/* ---- a tree against the table ---- */

/* Unknown keys, missing keys, types, bounds. Errors and hints go to l->messages. */
void schema_check(struct loader *l, const struct node *root);

/* Written as nothing, null or ~. */
bool schema_missing(const struct node *n);

/* ---- values ---- */

/* FNV-1a over the effective content, mixed at the end: tells configurations apart, protects nothing. */
struct hash {
	uint64_t h;
};
void hash_begin(struct hash *h);
void hash_add(struct hash *h, struct tc_str s);                 /* with its length */
void hash_text(const struct hash *h, char *out, size_t digits); /* and a zero */

/*
 * Fills a block from a checked map (NULL: defaults only) for all rows of owner directly below prefix
 * ("sites[]"; "": the top), and adds each value to h.
 */
void schema_fill(struct loader *l, const char *prefix, int owner, const struct node *map, void *block, struct hash *h);

/* The node of "origin.url" below a map, or NULL. */
struct node *schema_node(const struct node *map, const char *way);

/* Lower case, digits and '-', at most 64: a label of counters. */
bool schema_name_ok(struct tc_str name);

#endif
