/*
 * surrogate.c: serves our own assets below /.well-known/tacet/. Scripts that were taken out of a page point
 * here, so that their load events fire and pages that wait for them go on.
 */
#include <assert.h>

#include "surrogate.h"

#define FOREVER "public, max-age=31536000, immutable"

/*
 * Names of scripts stay the same from version to version, since pages in caches name them; so a browser asks again
 * after a day, and hears 304 unless the script is another one.
 */
#define A_DAY "public, max-age=86400"

static const char gif[] = "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00"
    ",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00;";
const struct tc_str surrogate_gif = {gif, sizeof(gif) - 1};

const struct surrogate *
surrogate_script(struct tc_str name)
{
	const struct surrogate *noop = NULL;

	for (size_t i = 0; i < surrogate_count; i++) {
		if (tc_eq(surrogates[i].name, name))
			return &surrogates[i];
		if (tc_eq(surrogates[i].name, TC_STR("noop.js")))
			noop = &surrogates[i];
	}
	assert(noop != NULL);
	return noop;
}

/* "s/NAME.js", one segment. */
static bool
names_script(struct tc_str rest)
{
	return tc_starts(rest, TC_STR("s/")) && tc_ends(rest, TC_STR(".js")) && rest.n > 5 &&
	    tc_find_byte(tc_str_of(rest.p + 2, rest.n - 2), '/') == rest.n - 2;
}

/* Whether If-None-Match names this tag; it is compared as a weak one (RFC 9110, 13.1.2). */
static bool
is_held(const struct tc_request *req, const char *tag)
{
	for (size_t i = 0; i < req->fields.n; i++) {
		const struct tc_field *f = &req->fields.v[i];

		if (!f->dropped && f->id == TC_F_IF_NONE_MATCH &&
		    (tc_eq(f->value, TC_STR("*")) || tc_find(f->value, tc_str_from(tag)) < f->value.n))
			return true;
	}
	return false;
}

static int
script_answer(struct tc_call *c, const struct surrogate *s)
{
	bool held = is_held(c->req, s->tag);

	if (held)
		tc_answer(c, NULL, (struct tc_str){NULL, 0}, A_DAY);
	else
		tc_answer(c, SURROGATE_SCRIPT_TYPE, s->text, A_DAY);
	tc_answer_tag(c, s->tag);
	return held ? 304 : 200;
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
		return script_answer(c, surrogate_script(tc_str_of(rest.p + 2, rest.n - 2)));
	if (tc_eq(rest, TC_STR("1x1.gif")))
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
