/*
 * fields.h: what the files of filter_fields share: fields.c (hooks, table, policies), fields_link.c (Link, Refresh),
 * fields_report.c (reporting), fields_policy.c (syntax of Permissions-Policy).
 */
#ifndef TACET_FIELDS_FILTER_H
#define TACET_FIELDS_FILTER_H

#include "page.h"

extern const struct tc_filter filter_fields;

/* One message being looked at. The page is worked out when the first URL has to be judged. */
struct field_work {
	struct tc_call *c;
	const struct match_db *db;
	bool hint; /* an interim response: only what is the site's own is left */
	bool ready, failed;
	struct match_page page;
	struct url base;
	char *buf; /* for one URL */
};

/* Whether the matcher blocks a URL. What cannot be read is blocked. */
bool work_blocks(struct field_work *w, struct tc_str raw, enum match_type type, struct match_result *why);

/* Whether a URL is of the page's own site, or let through by the operator. */
bool work_owns(struct field_work *w, struct tc_str raw);

/* Counts a removed or edited response field. */
void work_did(struct field_work *w, enum tc_class class, struct tc_str name);

/* Editors of one field: 0, or -1 at the arena's limit. They drop it when nothing is left. */
int fields_link(struct field_work *w, struct tc_field *f);
int fields_refresh(struct field_work *w, struct tc_field *f);
int fields_endpoints(struct field_work *w, struct tc_field *f); /* Report-To, Reporting-Endpoints */
int fields_nel(struct field_work *w, struct tc_field *f);
int fields_report_parts(struct field_work *w, struct tc_field *f); /* report-uri and report-to in policies */

/* Whether a value is a Dictionary (RFC 8941 3.2, 4.2.2): browsers ignore Permissions-Policy otherwise. */
bool dictionary_valid(struct tc_str value);

#endif
