/*
 * table.c: the filters, in the order in which request hooks run and rule sets keep their options. Response hooks and
 * bodies go by phase (tacet/filter.h).
 */
#include "bridge.h"
#include "coding/coding.h"
#include "contain.h"
#include "fields.h"
#include "match/match.h"
#include "status.h"
#include "surrogate.h"

extern const struct tc_filter filter_mail, filter_endpoint, filter_query, filter_cookies, filter_listfields, filter_html;

const struct tc_filter *const tc_filters[] = {
	&filter_lists,
	&filter_surrogate, /* our own names are no trackers */
	&filter_mail,      /* whoever asks */
	&filter_endpoint,
	&filter_query,
	&filter_cookies,
	&filter_listfields, /* its policies are edited as the site's are */
	&filter_fields,
	&filter_bridge,
	&filter_contain, /* what it adds, nobody edits */
	&filter_status,
	&filter_html,
	&filter_decode, /* asks what the rewriter expects */
	&filter_encode,
	NULL,
};
