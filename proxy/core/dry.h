/*
 * dry.h: one request, and the response to it where one is given, through the real decision and the real filters, but
 * without sockets, an origin or a clock. What explain prints and tests assert.
 */
#ifndef CORE_DRY_H
#define CORE_DRY_H

#include "core/snapshot.h"

struct dry_request {
	struct tc_str method;       /* "GET" */
	struct tc_str url;          /* absolute, http or https */
	struct tc_strs fields;      /* "Name: value" each; Host comes from the URL */
	struct tc_str request_body; /* only filters look at it; its beginning is enough */
	struct place place;         /* country "": unknown */
	int32_t day;                /* since 1970-01-01, UTC */
	const struct facts *facts;  /* in place of what fields, place and day say; NULL: those */
	bool has_response;          /* the rest stands for the origin's */
	int status;
	struct tc_strs response_fields;
	struct tc_str body;
};

enum dry_outcome {
	DRY_FORWARDED, /* to the origin */
	DRY_PAGE,      /* a page of ours (pages.h) */
	DRY_ANSWERED,  /* by a filter, or an error: status */
	DRY_NO_SITE,   /* 421; nothing below is set */
};

/* Filters keep pointers into it: it must not move until the arena ends. */
struct dry_result {
	enum dry_outcome outcome;
	int status;
	const struct config_site *site;
	const struct tc_route *route;
	struct facts facts;
	struct tc_decision decision;
	struct tc_request request;   /* as the origin gets it, where it is forwarded */
	bool broken;                 /* the response's body could not be filtered: it would be cut */
	struct tc_response response; /* head as the filters leave it */
	struct tc_str body;
	bool observed; /* the site has mode: observe: what filters did, they did to a copy; nothing of it is in here */
};

/*
 * watch: told of everything that filters do; may be NULL. Returns 0; 400 when method, URL or a field is not one
 * that the proxy would accept; or -1 at the arena's limit.
 */
int dry_run(const struct snapshot *s, const struct dry_request *in, const struct chain_watch *watch,
    struct tc_arena *arena, struct dry_result *out);

#endif
