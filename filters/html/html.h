/* html.h: the filter that rewrites pages. */
#ifndef TACET_HTML_H
#define TACET_HTML_H

#include "tacet/filter.h"

extern const struct tc_filter filter_html;

/* What a rule set says: embeds, query.links. */
struct html_opts {
	int embeds; /* enum embeds */
	bool links; /* ids are taken out of the queries of links */
};

#endif
