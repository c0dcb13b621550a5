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
	int64_t connections, header_size, uri_size, fields, response_header_size;
	int64_t header_timeout_ms, idle_timeout_ms, write_timeout_ms, keepalive_requests, body_size, threads;
	int log_format;
};

struct raw_listen {
	struct tc_str address;
};

struct raw_site {
	struct tc_strs hosts, keep_cookies, allow, languages;
	struct tc_str origin_url, origin_host;
	int64_t timeout_ms;
	int client_ip, mode, downstream_cache, choices_link;
	uint32_t geo;
	struct tc_str choices_path, policy, limit_url;
};

struct raw_route {
	struct tc_str name, match;
	int filter, force;
	struct tc_strs allow;
};

struct raw_rules {
	uint32_t remove;
};

struct raw_region {
	struct tc_str name, initial, opted_out, opted_in, link_text;
	struct tc_strs where;
	uint32_t honour;
	int gpc_override;
};

/* ---- the table ---- */

/* Our rows and those of the filters, under "rule_sets.*.". Lives in the arena. */
const struct rows *schema_rows(struct loader *l);

/* "sites[].origin.url" -> "sites.origin.url": how people name an option. Returns out. */
const char *schema_topic(const char *path, char *out, size_t room);

/* ---- a tree against the table ---- */

/* Unknown keys, missing keys, types, bounds. Errors and hints go to l->messages. */
void schema_check(struct loader *l, const struct node *root);

/* Names what is checked but not in force, once. */
void schema_later(struct loader *l, const struct node *at, struct tc_str what);

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
