/* stub.c: which of our scripts takes the place of a tracker's (html.md D5). Asked only about what goes: rare. */
#include "../match/pack.h"
#include "run.h"

enum {
	STUB_RAW_MAX = 2048, /* more of a URL is not needed to know whose it is */
	STUB_JOINS_MAX = 32, /* for a page whose base is elsewhere; then it is noop.js for all */
};

static size_t
number_of(const struct rewrite *rw, struct tc_str raw)
{
	char text[ENTITY_ROOM(STUB_RAW_MAX)], buf[URL_MAX + 64];
	struct url u;

	if (raw.n > STUB_RAW_MAX)
		raw.n = STUB_RAW_MAX;
	raw = tc_str_of(text, entity_decode(raw, true, text));
	if (!judge_resolve(rw, raw, &u, buf) || u.host.n == 0)
		return 0;
	return pack_surrogate(u.host, tc_str_of(u.path.p, (size_t)(u.text.p + u.text.n - u.path.p)));
}

struct tc_str
surrogate_for(struct rewrite *rw, struct tc_str raw)
{
	struct tc_str noop = pack_surrogate_url(0, false), own = pack_surrogate_url(number_of(rw, raw), false), text;

	if (!tc_ends(rw->script, noop) || own.p == noop.p) /* "data:,", where the page's own address cannot be written */
		return rw->script;
	if (rw->script.n == noop.n)
		return own;
	if (rw->joined == STUB_JOINS_MAX)
		return rw->script;
	rw->joined++;
	text = tc_join(rw->env->call->arena,
	    (struct tc_str[]){tc_str_of(rw->script.p, rw->script.n - noop.n), own}, 2);
	return text.p != NULL ? text : rw->script;
}
