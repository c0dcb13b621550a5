/*
 * listed.h: what the loaded lists say about the parts of one request: its cookies, parameters and fields. Rules of
 * this kind block nothing; they take something off ($cookie, $removeparam, $removeheader) or add a policy ($csp).
 */
#ifndef TACET_LISTED_H
#define TACET_LISTED_H

#include "match/match.h"
#include "match/url.h"

/* Begun zeroed but for c; made ready when it is first asked something that a list has rules about. */
struct listed {
	struct tc_call *c; /* its conf is what filter_lists made, or NULL */
	struct match_page page;
	struct url url;
	enum match_type type;
	unsigned asked;
	bool ready, failed;
};

/* More names of one request are not looked up: as much as no browser and no form sends. They go. */
enum { LISTED_ASK_MAX = 256 };

/* For load() of those who ask. */
int listed_load(struct tc_loader *l, void **conf);

/* Whether a list has rules of this kind, and something is denied to this visitor: nothing else is worth a question. */
bool listed_any(const struct tc_call *c, enum match_change kind);

/*
 * Whether a list takes this name off; then why says which. What cannot be looked up goes. value: of a parameter, else
 * p NULL.
 */
bool listed_goes(struct listed *l, enum match_change kind, struct tc_str name, struct tc_str value,
    struct match_result *why);

/* The same for another URL than the request's, such as the page it came from; as a document. */
void listed_about(struct listed *l, struct tc_str url);

/* Whether there is a URL to ask about. */
bool listed_ready(struct listed *l);

#endif
