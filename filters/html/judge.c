/* judge.c: does this URL lead to a tracker? And what is said about it (run.h). */
#include "judge.h"
#include "../match/pack.h"
#include "../page.h"
#include "charset.h"
#include "run.h"

#define OWN_PATH TC_STR("/.well-known/tacet/")

static void
report(struct rewrite *rw, enum tc_action action, const struct match_result *m, struct tc_str what)
{
	if (!rw->quiet)
		tc_did(rw->env->call, rw->noscript ? TC_DID_NOSCRIPT : action, m->class, m->pack, what);
}

void
judge_did(struct rewrite *rw, enum tc_action action, enum tc_class class, struct tc_str what)
{
	report(rw, action, &(struct match_result){.class = class, .pack = TC_PACK_BUILT_IN}, what);
}

/* A host that no list names: it goes where the rule set denies unknown third parties. */
static bool
unknown_denied(const struct rewrite *rw, const struct url *u, struct match_result *m)
{
	const struct match_page *page = &rw->env->page;

	if ((page->denied & TC_CLASS_BIT(TC_UNKNOWN)) == 0 || page_owns(page, u))
		return false;
	*m = (struct match_result){.verdict = MATCH_BLOCK, .class = TC_UNKNOWN, .pack = TC_PACK_BUILT_IN};
	return true;
}

/* A tracker that the site serves itself, or passes on to (html.md H47). */
static bool
endpoint_denied(const struct rewrite *rw, const struct url *u, struct match_result *m)
{
	const struct pack_endpoint *e;

	if (!tc_eq(u->host, rw->env->page.host))
		return false;
	e = pack_endpoint(u->path, u->query, tc_str_of(NULL, 0));
	if (e == NULL || (rw->env->page.denied & TC_CLASS_BIT(e->class)) == 0)
		return false;
	*m = (struct match_result){.verdict = MATCH_BLOCK, .class = e->class, .pack = TC_PACK_BUILT_IN};
	return true;
}

/* Whether the lists deny it as one of these types. */
static bool
listed(const struct rewrite_env *env, const struct url *u, unsigned types, struct match_result *m)
{
	/* all types at once, as a rule for one of them counts; an exception counts only for its own */
	enum match_verdict v = match_url(env->db, &env->page, u, (enum match_type)types, m);

	if (v != MATCH_ALLOW || (types & (types - 1)) == 0)
		return v == MATCH_BLOCK;
	for (; types != 0; types &= types - 1)
		if (match_url(env->db, &env->page, u, (enum match_type)(types & -types), m) == MATCH_BLOCK)
			return true;
	m->verdict = MATCH_ALLOW;
	return false;
}

/* A resolved http URL. */
static bool
denied(const struct rewrite *rw, const struct url *u, unsigned types, struct match_result *m)
{
	const struct rewrite_env *env = rw->env;

	if (tc_starts(u->path, OWN_PATH) && tc_eq(u->host, env->page.host))
		return false;
	*m = (struct match_result){.verdict = MATCH_NONE};
	return listed(env, u, types, m) || endpoint_denied(rw, u, m) ||
	    (m->verdict == MATCH_NONE && unknown_denied(rw, u, m));
}

/*
 * The host of u has bytes beyond ASCII: they are what the page's encoding makes of them. Where that cannot be said (it has
 * several bytes for a letter, or browsers guess it) u stays unknown, and beyond ASCII.
 */
static bool
resolve_beyond(const struct rewrite *rw, struct tc_str url, const struct url *base, struct url *u, char *buf)
{
	enum charset charset = (enum charset)rw->env->charset;
	char text[3 * (URL_MAX + 1)];
	bool ok = u->scheme != URL_UNKNOWN;
	size_t n;

	url.n = url.n <= URL_MAX ? url.n : URL_MAX + 1; /* what comes after is cut all the same */
	if (charset != CHARSET_UTF_8 && !charset_to_utf8(charset, url, text, &n)) {
		*u = (struct url){.scheme = URL_UNKNOWN, .beyond = true};
		return false;
	}
	if (charset != CHARSET_UTF_8)
		ok = url_resolve(u, tc_str_of(text, n), base, buf);
	u->beyond = false;
	return ok;
}

/* base may be NULL. */
static bool
resolve(const struct rewrite *rw, struct tc_str url, const struct url *base, struct url *u, char *buf)
{
	bool ok = url_resolve(u, url, base, buf);

	return u->beyond ? resolve_beyond(rw, url, base, u, buf) : ok;
}

bool
judge_resolve(const struct rewrite *rw, struct tc_str url, struct url *u, char *buf)
{
	if (rw->base.scheme != URL_NONE)
		return resolve(rw, url, &rw->base, u, buf);
	/* a base that is no address: what needs one is read as the page's own scripts might */
	return resolve(rw, url, NULL, u, buf) ||
	    (rw->env->doc.scheme != URL_NONE && resolve(rw, url, &rw->env->doc, u, buf));
}

/* What can be seen at a glance to ask no one for anything. */
static bool
plainly_harmless(struct tc_str url)
{
	return url.n == 0 || url.p[0] == '#' || tc_starts(url, TC_STR("data:"));
}

/* A number that two different questions have in common about once in 2^64; never 0. */
static uint64_t
question(struct tc_str url, unsigned types)
{
	uint64_t h = types + 1, v;

	for (; url.n >= 8; tc_skip(&url, 8)) {
		memcpy(&v, url.p, 8);
		h = (h ^ v) * 0x9E3779B97F4A7C15u;
		h ^= h >> 32;
	}
	v = url.n;
	for (size_t i = 0; i < url.n; i++)
		v = v << 8 | (uint8_t)url.p[i];
	h = (h ^ v) * 0x9E3779B97F4A7C15u;
	h ^= h >> 29;
	return h != 0 ? h : 1;
}

enum { UNREAD_MAX = 2048 }; /* a longer URL that cannot be read is denied */

static bool
judge(struct rewrite *rw, struct tc_str url, unsigned types, struct match_result *m, struct url *u, char *buf)
{
	uint64_t key, *known;

	if (plainly_harmless(url))
		return false;
	key = question(url, types);
	known = &rw->env->known->key[key % REWRITE_KNOWN];
	if (*known == key)
		return false;
	if (!judge_resolve(rw, url, u, buf)) {
		u->text = url;
		*m = (struct match_result){.class = TC_UNKNOWN, .pack = TC_PACK_BUILT_IN};
		/* a host is not that long: it is hidden behind slashes, or a name for it; or an encoding hides it */
		return url.n > UNREAD_MAX || u->beyond || (rw->env->page.denied & TC_CLASS_BIT(TC_UNKNOWN)) != 0;
	}
	if (u->scheme >= URL_HTTP && u->scheme <= URL_WSS && denied(rw, u, types, m))
		return true;
	*known = key;
	return false;
}

bool
judge_url(struct rewrite *rw, struct tc_str url, unsigned types, enum tc_action action)
{
	char buf[URL_MAX + 64];
	struct match_result m;
	struct url u;

	if (!judge(rw, url, types, &m, &u, buf))
		return false;
	report(rw, action, &m, u.text);
	return true;
}

bool
judge_value(void *ctx, struct tc_str url, unsigned match_type)
{
	struct judge *j = ctx;
	char buf[URL_MAX + 64];
	struct match_result m;
	struct url u;

	if (match_type == MATCH_STYLESHEET && inner_sheet_denied(j->rw, url, j->action))
		return true;
	if (!judge(j->rw, url, match_type, &m, &u, buf) || (j->script && m.class == TC_UNKNOWN))
		return false;
	if (!j->script) {
		report(j->rw, j->action, &m, u.text);
	} else if (!j->hit) {
		j->hit = true;
		j->first = m;
		j->what_n = u.text.n < JUDGE_WHAT_MAX ? u.text.n : JUDGE_WHAT_MAX;
		memcpy(j->what, u.text.p, j->what_n);
	}
	return true;
}

void
judge_script_done(const struct judge *j, bool edited)
{
	if (edited && j->hit)
		report(j->rw, j->action, &j->first, tc_str_of(j->what, j->what_n));
}

/* ---- hints ---- */

enum { HINTS_MAX = 512 };

/* Rules of the pack about a path on a host: "||host/path". Filled once, before main(). */
static struct {
	struct tc_str host, path;
} hints[HINTS_MAX];
static size_t hint_count;

__attribute__((constructor)) static void
hints_init(void)
{
	struct tc_str rules = pack_rules;

	while (rules.p != NULL && hint_count < HINTS_MAX) {
		struct tc_str rule = tc_next(&rules, '\n');
		size_t n;

		if (!tc_starts(rule, TC_STR("||")))
			continue;
		tc_skip(&rule, 2);
		rule.n = tc_find_byte(rule, '$');
		for (n = 0; n < rule.n && rule.p[n] != '/' && rule.p[n] != '^' && rule.p[n] != '*'; n++)
			;
		if (n == 0 || n == rule.n || rule.p[n] == '*')
			continue;
		hints[hint_count].host = tc_str_of(rule.p, n);
		hints[hint_count++].path = tc_str_of(rule.p + n, rule.n - n);
	}
}

/* Asks about such a path on this host. */
static bool
hint_denied(const struct rewrite *rw, struct tc_str path, const struct url *host, struct match_result *m)
{
	char text[URL_MAX + 64], buf[URL_MAX + 64];
	struct url u;
	size_t k = (size_t)snprintf(text, sizeof(text), "https://%.*s", (int)host->host.n, host->host.p);

	for (size_t n = 0; n < path.n && k < URL_MAX; n++)
		text[k++] = path.p[n] == '*' ? 'x' : path.p[n] == '^' ? '/'
								      : path.p[n];
	return url_resolve(&u, tc_str_of(text, k), NULL, buf) &&
	    denied(rw, &u, MATCH_SCRIPT | MATCH_IMAGE | MATCH_XHR, m);
}

bool
judge_hint(struct rewrite *rw, struct tc_str url, enum tc_action action)
{
	char buf[URL_MAX + 64];
	struct match_result m;
	struct url u;

	if (plainly_harmless(url) || !judge_resolve(rw, url, &u, buf) || u.scheme < URL_HTTP || u.scheme > URL_WSS)
		return false; /* of a host that cannot be read judge_url() has said so */
	for (size_t i = 0; i < hint_count; i++)
		if (tc_ends(u.host, hints[i].host) && hint_denied(rw, hints[i].path, &u, &m)) {
			report(rw, action, &m, u.text);
			return true;
		}
	return false;
}

/* ---- base ---- */

bool
judge_keep_url(struct url *u, struct tc_arena *arena)
{
	struct tc_str *parts[] = {&u->host, &u->port, &u->path, &u->query};
	struct tc_str text = tc_copy(arena, u->text);

	if (text.p == NULL)
		return false;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (parts[i]->p != NULL)
			parts[i]->p = parts[i]->n > 0 ? text.p + (parts[i]->p - u->text.p) : "";
	u->text = text;
	return true;
}

/* Bytes that fit every way of quoting. */
static bool
quotable(struct tc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7f || memchr("\"'<>&=`\\", s.p[i], 8) != NULL)
			return false;
	return true;
}

bool
judge_base_moves(const struct rewrite *rw, struct tc_str url)
{
	const struct url *doc = &rw->env->doc;
	char buf[URL_MAX + 64];
	struct url u;

	return !resolve(rw, url, doc->scheme != URL_NONE ? doc : NULL, &u, buf) ||
	    (u.scheme <= URL_WSS && u.scheme != URL_NONE && !tc_eq(u.host, rw->base.host)) || u.scheme == URL_OPAQUE;
}

void
judge_base(struct rewrite *rw, struct tc_str url)
{
	const struct url *doc = &rw->env->doc;
	const struct tc_request *req = rw->env->call->req;
	char buf[URL_MAX + 64];
	struct tc_str text;
	struct url u;

	rw->has_base = true;
	if (!resolve(rw, url, doc->scheme != URL_NONE ? doc : NULL, &u, buf) || u.scheme == URL_NONE)
		return;
	if (u.scheme == URL_OPAQUE) {
		/* "http:t.example" is relative to http alone: here it is a host's address */
		rw->base = (struct url){.scheme = URL_NONE};
		*rw->env->known = (struct rewrite_known){{0}};
	}
	if (u.scheme > URL_WSS)
		return;
	if (!judge_keep_url(&u, rw->env->call->arena))
		return;
	rw->base = u;
	*rw->env->known = (struct rewrite_known){{0}}; /* they may have been relative */
	if (tc_eq(u.host, rw->env->page.host) && tc_eq(u.port, doc->port))
		return;
	/* our own path is on the site, not on the base's host */
	text = tc_join(rw->env->call->arena,
	    (struct tc_str[]){req->scheme, TC_STR("://"), req->host, req->port.n > 0 ? TC_STR(":") : TC_STR(""), req->port,
		rw->script},
	    6);
	rw->script = text.p != NULL && quotable(text) ? text : TC_STR("data:,");
}
