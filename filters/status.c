/* status.c: the option that names the status text. The rewriter puts it into the page. */
#include "status.h"

/* Weak, so that a test of one filter can be linked without the table and with it all filters. */
#pragma weak tc_filters

struct status_opts {
	struct tc_str status;
};

static const struct tc_option status_options[] = {
	{"status", TC_OPT_STR, NULL, NULL, "text shown in the page when a person's opt-out was acted on",
	    offsetof(struct status_opts, status), false},
};

/* This filter's option block; NULL: the table is not there. */
static const struct status_opts *
status_opts_of(const struct tc_rule_set *rules)
{
	if (tc_filters == NULL || rules->opts == NULL)
		return NULL;
	for (size_t i = 0; tc_filters[i] != NULL; i++)
		if (tc_filters[i] == &filter_status)
			return rules->opts[i];
	return NULL;
}

struct tc_str
status_text(const struct tc_call *c)
{
	const struct status_opts *o;

	if (!c->decision->person || !tc_body_wanted(c))
		return (struct tc_str){NULL, 0};
	o = status_opts_of(c->decision->rules);
	return o != NULL ? o->status : (struct tc_str){NULL, 0};
}

const struct tc_filter filter_status = {
	.name = "status",
	.help = "say in the page that the opt-out was honoured",
	.phase = TC_HEAD,
	.options = status_options,
	.option_count = sizeof(status_options) / sizeof(*status_options),
	.options_size = sizeof(struct status_opts),
};
