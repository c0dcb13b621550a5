/*
 * bridge.c: bridge.h. The script is first in the head, so code of the page and policies in meta elements, which govern
 * what follows them, come after it. Its text is one of a few constants: no visitor can be told by it, and a policy lets it
 * run by its hash.
 *
 *	<head><script data-tacet="bridge">...</script>
 */
#include "bridge.h"

#include "bridge_cookies.h"
#include "csp.h"
#include "page.h"

/* Weak, so that a test of one filter can be linked without the table and with it all filters. */
#pragma weak tc_filters

struct bridge_opts {
	uint32_t formats; /* BRIDGE_USPRIVACY, BRIDGE_GPP, BRIDGE_CMP */
};

static const struct tc_option bridge_options[] = {
	{"bridge", TC_OPT_FLAGS, "[]", "usprivacy|gpp|cmp", "consent formats of the site that are told about a no",
	    offsetof(struct bridge_opts, formats), false},
};

/* Of this filter, whoever asks; 0: none, or the table is not there. */
static uint32_t
formats_of(const struct tc_rule_set *rules)
{
	if (tc_filters == NULL || rules->opts == NULL)
		return 0;
	for (size_t i = 0; tc_filters[i] != NULL; i++)
		if (tc_filters[i] == &filter_bridge && rules->opts[i] != NULL)
			return ((const struct bridge_opts *)rules->opts[i])->formats;
	return 0;
}

/* Only a person's no is told, not what a law or a route says. */
static bool
is_told(const struct tc_decision *d)
{
	return d->person && d->out;
}

static bool
is_analytics_refused(const struct tc_decision *d)
{
	return (d->denied & TC_CLASS_BIT(TC_ANALYTICS)) != 0 && !d->measurement;
}

/* ---- the script ---- */

/* What a browser shows as a document; a fragment that a script asks for is none. */
static bool
is_document(const struct tc_request *req)
{
	return req->dest == TC_DEST_DOCUMENT || req->dest == TC_DEST_FRAME || req->dest == TC_DEST_ABSENT;
}

static struct tc_str
element(struct tc_arena *arena, struct tc_str text, struct tc_str nonce)
{
	struct tc_str none = {"", 0};

	return tc_join(arena,
	    (struct tc_str[]){TC_STR("<script data-tacet=\"" BRIDGE_MARK "\""), nonce.n > 0 ? TC_STR(" nonce=\"") : none, nonce,
		nonce.n > 0 ? TC_STR("\"") : none, TC_STR(">"), text, TC_STR("</script>")},
	    7);
}

int
bridge_element(struct tc_call *c, struct tc_str *out)
{
	uint32_t set = formats_of(c->decision->rules);
	const struct bridge_script *s;
	struct csp_inline how;

	*out = tc_str_of("", 0);
	if (set == 0 || !is_told(c->decision) || !is_document(c->req))
		return 0;
	set &= BRIDGE_USPRIVACY | BRIDGE_GPP;
	s = &bridge_scripts[set | (is_analytics_refused(c->decision) ? BRIDGE_ANALYTICS : 0)];
	if (csp_admit(&c->res->fields, s->hash, &how) < 0)
		return -1;
	if (how.never)
		return 0;
	*out = element(c->arena, s->text, how.nonce);
	if (out->p == NULL)
		return -1;
	tc_did(c, TC_DID_BRIDGE, TC_CONSENT, TC_PACK_BUILT_IN, TC_STR("a script first in the head"));
	return 0;
}

/* ---- cookies ---- */

static int
bridge_response(struct tc_call *c)
{
	const struct bridge_opts *o = c->opts;
	struct bridge_cookies refused = {.formats = o->formats};

	if (o->formats == 0 || !is_told(c->decision) || page_kind(c->res) != PAGE_HTML || c->route->filter == TC_ROUTE_NONE)
		return 0;
	refused.classes = c->decision->denied;
	if (!is_analytics_refused(c->decision))
		refused.classes &= (tc_classes)~TC_CLASS_BIT(TC_ANALYTICS);
	return bridge_cookies(c, &refused) < 0 ? 502 : 0;
}

const struct tc_filter filter_bridge = {
	.name = "bridge",
	.help = "tell pages of a no in the formats that they read",
	.phase = TC_HEAD,
	.options = bridge_options,
	.option_count = sizeof(bridge_options) / sizeof(*bridge_options),
	.options_size = sizeof(struct bridge_opts),
	.response = bridge_response,
};
