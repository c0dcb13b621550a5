/*
 * reports.h: what browsers report of content security policies (html.md 4.3). A report says where a visitor was and what the
 * page asked for; of all that the registrable domain that was asked, the directive and a number are kept, in memory.
 */
#ifndef CORE_REPORTS_H
#define CORE_REPORTS_H

#include "base/buf.h"
#include "config/config.h"
#include "stats/counters.h"

#define REPORTS_BODY_MAX ((size_t)16 << 10) /* bytes of a POST that are read; more is 413 */

enum {
	REPORTS_ROWS = 1024,     /* domain and directive; beyond, the smallest goes */
	REPORTS_DOMAIN_MAX = 64, /* longer ones are not kept */
	REPORTS_OF_POST = 32,    /* reports of one POST that are looked at */
	REPORTS_A_SECOND = 50,   /* POSTs of one thread that are read */
};

struct reports_ctx {
	const struct config_site *site;
	struct tc_str host; /* the site's, of the request */
	const void *lists;  /* what the filter "lists" has loaded; NULL: none */
	struct lane *lane;  /* where they are counted */
	struct tc_arena *arena;
};

/* Counts what a POST reports. type: its Content-Type. */
void reports_take(const struct reports_ctx *ctx, struct tc_str type, struct tc_str body);

/* Whether this thread reads another POST in this second; if not, that is counted. */
bool reports_due(struct lane *lane, uint64_t now_ms);

/* As JSON: each domain and directive of which there are k reports at least, most first. -1: no room. */
int reports_write(struct buf *out, int64_t k);

#endif
