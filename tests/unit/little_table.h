/* little_table.h: a filter table for tests of the configuration: the rows the design names, and nothing behind them. */
#ifndef TESTS_LITTLE_TABLE_H
#define TESTS_LITTLE_TABLE_H

#include "tacet/filter.h"

enum { COOKIES_PASS,
	COOKIES_DROP_LISTED,
	COOKIES_KEEP_LISTED };
enum { LITTLE_LISTS,
	LITTLE_COOKIES,
	LITTLE_QUERY,
	LITTLE_FIELDS,
	LITTLE_STATUS,
	LITTLE_HTML,
	LITTLE_CONTAIN,
	LITTLE_BRIDGE,
	LITTLE_COUNT };

struct little_cookies {
	int request, response;
};
struct little_query {
	struct tc_strs strip;
};
struct little_fields {
	int referrer;
};
struct little_status {
	struct tc_str status;
};
struct little_html {
	int embeds;
};
struct little_contain {
	int contain;
};
struct little_bridge {
	uint32_t formats;
};

#define COOKIES_BOUNDS "pass|drop-listed|keep-listed"

static const struct tc_option little_cookies_rows[] = {
    {"cookies.request", TC_OPT_ENUM, "pass", COOKIES_BOUNDS, "cookies sent", offsetof(struct little_cookies, request), false},
    {"cookies.response", TC_OPT_ENUM, "pass", COOKIES_BOUNDS, "cookies set", offsetof(struct little_cookies, response), false},
};
static const struct tc_option little_query_rows[] = {
    {"query.strip", TC_OPT_WORDS, NULL, "click-ids|campaign|affiliate", "parameters", offsetof(struct little_query, strip), false},
};
static const struct tc_option little_fields_rows[] = {
    {"referrer", TC_OPT_ENUM, "keep", "keep|origin|none", "Referer", offsetof(struct little_fields, referrer), false},
};
static const struct tc_option little_status_rows[] = {
    {"status", TC_OPT_STR, NULL, NULL, "text shown", offsetof(struct little_status, status), false},
};
static const struct tc_option little_html_rows[] = {
    {"embeds", TC_OPT_ENUM, "keep", "keep|privacy-mode|click-to-load|remove", "embeds", offsetof(struct little_html, embeds), false},
};
static const struct tc_option little_contain_rows[] = {
    {"contain", TC_OPT_ENUM, "none", "none|report|enforce", "a second CSP", offsetof(struct little_contain, contain), false},
};
static const struct tc_option little_bridge_rows[] = {
    {"bridge", TC_OPT_FLAGS, "[]", "usprivacy|gpp|cmp", "formats", offsetof(struct little_bridge, formats), false},
};

static const struct tc_filter little_filters[LITTLE_COUNT] = {
    {.name = "lists", .phase = TC_GATE},
    {.name = "cookies", .phase = TC_HEAD, .options = little_cookies_rows, .option_count = 2, .options_size = sizeof(struct little_cookies)},
    {.name = "query", .phase = TC_HEAD, .options = little_query_rows, .option_count = 1, .options_size = sizeof(struct little_query)},
    {.name = "fields", .phase = TC_HEAD, .options = little_fields_rows, .option_count = 1, .options_size = sizeof(struct little_fields)},
    {.name = "status", .phase = TC_HEAD, .options = little_status_rows, .option_count = 1, .options_size = sizeof(struct little_status)},
    {.name = "html", .phase = TC_REWRITE, .options = little_html_rows, .option_count = 1, .options_size = sizeof(struct little_html)},
    {.name = "contain", .phase = TC_HEAD, .options = little_contain_rows, .option_count = 1, .options_size = sizeof(struct little_contain)},
    {.name = "bridge", .phase = TC_HEAD, .options = little_bridge_rows, .option_count = 1, .options_size = sizeof(struct little_bridge)},
};

const struct tc_filter *const tc_filters[] = {&little_filters[0], &little_filters[1], &little_filters[2], &little_filters[3],
    &little_filters[4], &little_filters[5], &little_filters[6], &little_filters[7], NULL};

#endif
