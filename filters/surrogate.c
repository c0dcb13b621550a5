/*
 * surrogate.c: serves our own assets below /.well-known/tacet/. Scripts that were taken out of a page point
 * here, so that their load events fire and pages that wait for them go on.
 */
#include "surrogate.h"

#define FOREVER "public, max-age=31536000, immutable"

static const char gif[] = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00"
    ",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00;";
const struct tc_str surrogate_gif = {gif, sizeof(gif) - 1};

static struct tc_str
script_find(struct tc_str name)
{
	for (size_t i = 0; i < surrogate_count; i++)
		if (tc_eq(surrogates[i].name, name))
			return surrogates[i].text;
	return (struct tc_str){NULL, 0};
}

struct tc_str
surrogate_script(struct tc_str name)
{
	struct tc_str text = script_find(name);

	return text.p != NULL ? text : script_find(TC_STR("noop.js"));
}

/* "s/NAME.js", one segment. */
static bool
names_script(struct tc_str rest)
{
	return tc_starts(rest, TC_STR("s/")) && tc_ends(rest, TC_STR(".js")) && rest.n > 5 &&
	    tc_find_byte(tc_str_of(rest.p + 2, rest.n - 2), '/') == rest.n - 2;
}

static int
surrogate_request(struct tc_call *c)
{
	static const struct tc_str ours = TC_STR_INIT("/.well-known/tacet");
	struct tc_str rest = c->req->match;

	if (!tc_starts(rest, ours) || (rest.n > ours.n && rest.p[ours.n] != '/'))
		return tc_starts(c->req->path, TC_STR("/.well-known/tacet/")) ? 404 : 0; /* dot segments lead out of it */
	tc_skip(&rest, rest.n > ours.n ? ours.n + 1 : ours.n);
	if (tc_eq(rest, TC_STR("style.css"))) /* of the choices page; the core asks its pages first */
		return 0;
	if (c->req->method != TC_M_GET && c->req->method != TC_M_HEAD)
		return 405;
	if (names_script(rest))
		tc_answer(c, SURROGATE_SCRIPT_TYPE, surrogate_script(tc_str_of(rest.p + 2, rest.n - 2)), FOREVER);
	else if (tc_eq(rest, TC_STR("1x1.gif")))
		tc_answer(c, "image/gif", surrogate_gif, FOREVER);
	else
		return 404; /* never the origin's */
	return 200;
}

const struct tc_filter filter_surrogate = {
	.name = "surrogate",
	.help = "serve the scripts that stand in for removed tags",
	.phase = TC_GATE,
	.request = surrogate_request,
};
