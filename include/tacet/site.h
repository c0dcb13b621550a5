/* site.h: what filters may know of the configured site a request belongs to. Immutable, in the snapshot. */
#ifndef TACET_SITE_H
#define TACET_SITE_H

#include "tacet/str.h"

struct tc_strs {
	const struct tc_str *v;
	size_t n;
};

enum tc_route_filter { TC_ROUTE_AUTO, TC_ROUTE_NONE };
enum tc_choices_link { TC_LINK_MARKER, TC_LINK_AUTO, TC_LINK_NONE };

/* What a route is for. The two of e-mail are answered at the edge. */
enum tc_route_type { TC_ROUTE_PAGES, TC_ROUTE_OPEN, TC_ROUTE_CLICK };

struct tc_route {
	struct tc_str name;  /* label of counters */
	struct tc_str match; /* glob over the normalised path; '*' also matches '/' */
	enum tc_route_filter filter;
	bool force_out;       /* force: opt-out */
	struct tc_strs allow; /* hosts let through on this route, beside the site's */
	enum tc_route_type type;
	struct tc_str click_parameter; /* TC_ROUTE_CLICK: of the query; says where the link leads */
	struct tc_strs click_targets;  /* hosts, beside the site's own, to which it may */
	int line;
};

/* Content codings that the edge may apply: tc_site.compress. */
enum { TC_CODING_GZIP = 1, TC_CODING_BR = 2, TC_CODING_ZSTD = 4 };

struct tc_site {
	struct tc_strs hosts;        /* lower case; "*.example.com", "*" */
	struct tc_strs keep_cookies; /* names never touched */
	struct tc_strs allow;        /* third-party hosts let through past every list */
	struct tc_strs acts_for_us;  /* receivers of measurements that use them for this site alone */
	struct tc_str choices_path;  /* "/privacy-choices" */
	enum tc_choices_link choices_link;
	struct tc_strs languages; /* first = default */
	struct tc_str policy;     /* URL or path of the site's policy; n = 0: none */
	const struct tc_route *routes;
	size_t route_count;
	uint32_t compress; /* TC_CODING_* bits; 0: bodies pass as the origin coded them */
	int line;
};

#endif
