/*
 * embed.c: embed.h. A frame keeps its element, and with it its size, name and place: only where it leads is changed.
 *
 *	privacy-mode    https://www.youtube-nocookie.com/embed/ID
 *	click-to-load   /.well-known/tacet/embed?url=https%3A%2F%2Fwww.youtube-nocookie.com%2Fembed%2FID
 *	remove          about:blank
 */
#include "embed.h"

#include "../page.h"
#include "run.h"

static const struct tc_str blank = TC_STR_INIT("about:blank");

/* ---- which frames ---- */

/* Bytes as they stand, but for those that a browser would read in another way: these as %XX. False: no room. */
static bool
put_plain(struct tc_str s, char *out, size_t *n)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool odd = (uint8_t)c <= ' ' || (uint8_t)c >= 0x7f || memchr("\"<>\\", c, 4) != NULL;

		if (c == '\t' || c == '\n' || c == '\r')
			continue;
		if (TC_EMBED_URL_MAX - *n < 3)
			return false;
		if (odd)
			*n += tc_embed_encode(tc_str_of(&c, 1), out + *n);
		else
			out[(*n)++] = c;
	}
	return true;
}

/* What follows '#', without white space at the end. */
static struct tc_str
fragment_of(struct tc_str url)
{
	size_t at = tc_find_byte(url, '#');

	tc_skip(&url, at);
	while (url.n > 0 && (uint8_t)url.p[url.n - 1] <= ' ')
		url.n--;
	return url;
}

/* An embed on a page. */
struct frame {
	const struct tc_embed *embed;
	struct tc_embed_url url;     /* n = 0: too long or too odd to be carried */
	char text[TC_EMBED_URL_MAX]; /* what it points into */
};

/* Of another site, and not let through by the operator. */
static bool
of_others(const struct rewrite *rw, struct url u)
{
	u.relative = false;
	return !page_owns(&rw->env->page, &u);
}

/* Whether a frame's URL (decoded) is that of an embed. */
static bool
frame_read(const struct rewrite *rw, struct tc_str url, struct frame *f)
{
	char buf[URL_MAX + 64];
	struct url u;
	size_t n = 0;

	if (!judge_resolve(rw, url, &u, buf) || (u.scheme != URL_HTTP && u.scheme != URL_HTTPS) || u.port.n > 0)
		return false;
	f->embed = tc_embed_find(u.host, u.path);
	if (f->embed == NULL || !of_others(rw, u))
		return false;
	tc_skip(&u.text, tc_find_byte(u.text, ':'));
	f->url = (struct tc_embed_url){.text = {NULL, 0}};
	if (!put_plain(TC_STR("https"), f->text, &n) || !put_plain(u.text, f->text, &n) ||
	    !put_plain(fragment_of(url), f->text, &n) || tc_embed_read(tc_str_of(f->text, n), &f->url) != f->embed)
		f->url.text.n = 0;
	return true;
}

/* ---- what takes their place ---- */

/* The page that asks first, as far as it can be reached from here; n = 0: it cannot. */
static struct tc_str
asking_page(const struct rewrite *rw)
{
	static const struct tc_str noop = TC_STR_INIT("/.well-known/tacet/s/noop.js");
	struct tc_str site = rw->script;

	/* where the base element names another host, the path of scripts carries ours */
	if (!tc_ends(site, noop))
		return tc_str_of(NULL, 0);
	site.n -= noop.n;
	return site;
}

static struct tc_str
click_to_load(const struct rewrite *rw, const struct frame *f, char *out)
{
	static const struct tc_str path = TC_STR_INIT(TC_EMBED_PATH "?" TC_EMBED_QUERY);
	struct tc_str site = asking_page(rw);
	char soft[TC_EMBED_URL_MAX];
	size_t n = tc_embed_soften(f->embed, &f->url, soft), at = 0;

	if (site.p == NULL || n == 0 || site.n > EMBED_HREF_MAX - path.n - 3 * n)
		return blank;
	if (site.n > 0)
		memcpy(out, site.p, site.n);
	at += site.n;
	memcpy(out + at, path.p, path.n);
	at += path.n;
	at += tc_embed_encode(tc_str_of(soft, n), out + at);
	return tc_str_of(out, at);
}

/* As in an attribute. out holds 5 * s.n bytes. */
static size_t
escape(struct tc_str s, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		const char *with = s.p[i] == '&' ? "&amp;" : s.p[i] == '\'' ? "&#39;"
									    : NULL;

		if (with == NULL) {
			out[n++] = s.p[i];
			continue;
		}
		memcpy(out + n, with, 5);
		n += 5;
	}
	return n;
}

static struct tc_str
privacy_mode(struct rewrite *rw, const struct frame *f, char *out)
{
	char soft[TC_EMBED_URL_MAX];
	size_t n;

	if (judge_url(rw, f->url.text, MATCH_SUBDOCUMENT, TC_DID_FRAME))
		return blank;
	n = tc_embed_soften(f->embed, &f->url, soft);
	if (n == 0 || tc_eq(tc_str_of(soft, n), f->url.text))
		return tc_str_of(NULL, 0);
	if (judge_url(rw, tc_str_of(soft, n), MATCH_SUBDOCUMENT, TC_DID_FRAME))
		return blank;
	return tc_str_of(out, escape(tc_str_of(soft, n), out));
}

struct tc_str
embed_judge(struct rewrite *rw, struct tc_str url, char *out)
{
	enum embeds embeds = (enum embeds)rw->env->embeds;
	struct tc_str with = blank;
	struct frame f;

	if (embeds == EMBEDS_KEEP || !frame_read(rw, url, &f))
		return tc_str_of(NULL, 0);
	if (f.url.text.n == 0) {
		judge_did(rw, TC_DID_OVERFLOW, TC_UNKNOWN, TC_STR("an embed that cannot be carried"));
		return blank;
	}
	if (embeds == EMBEDS_PRIVACY_MODE)
		return privacy_mode(rw, &f, out);
	if (!judge_url(rw, f.url.text, MATCH_SUBDOCUMENT, TC_DID_FRAME))
		judge_did(rw, TC_DID_FRAME, TC_UNKNOWN, f.url.text);
	if (embeds == EMBEDS_CLICK_TO_LOAD)
		with = click_to_load(rw, &f, out);
	return with;
}

/* ---- allow ---- */

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v');
}

/* The next word of [*at, end) of s; n = 0: there is none. */
static struct tc_str
next_word(struct tc_str s, size_t *at, size_t end)
{
	size_t from;

	while (*at < end && is_space(s.p[*at]))
		++*at;
	from = *at;
	while (*at < end && !is_space(s.p[*at]))
		++*at;
	return tc_str_of(s.p + from, *at - from);
}

static void
add_edit(struct value_edits *edits, struct tc_str value, struct tc_str at, struct tc_str with)
{
	size_t from = (size_t)(at.p - value.p);

	if (edits->n < edits->cap)
		edits->v[edits->n++] = (struct value_edit){from, from + at.n, with};
}

/* "feature", or "feature 'src'": for whoever is in the frame at first. */
static void
allow_feature(struct tc_str value, size_t from, size_t end, struct tc_str origin, struct value_edits *edits)
{
	struct tc_str feature = next_word(value, &from, end), word = next_word(value, &from, end);

	if (feature.n == 0)
		return;
	if (word.n == 0)
		add_edit(edits, value, tc_str_of(feature.p + feature.n, 0), origin);
	for (; word.n > 0; word = next_word(value, &from, end))
		if (tc_ieq(word, TC_STR("'src'")))
			add_edit(edits, value, word, tc_str_of(origin.p + 1, origin.n - 1));
}

void
embed_allow(const struct rewrite *rw, struct tc_str url, struct tc_str value, char *out, struct value_edits *edits)
{
	struct tc_str origin, host;
	struct frame f;

	if (rw->env->embeds != EMBEDS_CLICK_TO_LOAD || !frame_read(rw, url, &f) || f.url.text.n == 0)
		return;
	host = f.embed->host.n > 0 ? f.embed->host : f.url.host;
	memcpy(out, " https://", 9);
	memcpy(out + 9, host.p, host.n);
	origin = tc_str_of(out, 9 + host.n);
	for (size_t at = 0; at < value.n;) {
		size_t end = at + tc_find_byte(tc_str_of(value.p + at, value.n - at), ';');

		allow_feature(value, at, end, origin, edits);
		at = end + 1;
	}
}

/* ---- content security policies ---- */

/* The sources of the first directive of this name; p = NULL: there is none. */
static struct tc_str
sources_of(struct tc_str policy, struct tc_str name)
{
	while (policy.p != NULL) {
		struct tc_str directive = tc_next(&policy, ';');
		size_t at = 0;

		if (tc_ieq(next_word(directive, &at, directive.n), name))
			return tc_str_of(directive.p + at, directive.n - at);
	}
	return tc_str_of(NULL, 0);
}

/* Whether one of the sources is this keyword, or a '*' for all. */
static bool
sources_have(struct tc_str sources, struct tc_str keyword)
{
	struct tc_str word;
	size_t at = 0;

	while ((word = next_word(sources, &at, sources.n)).n > 0)
		if (tc_ieq(word, keyword) || tc_eq(word, TC_STR("*")))
			return true;
	return false;
}

/* Whether a source, without its scheme and path, is this host. */
static bool
source_is(struct tc_str source, struct tc_str host)
{
	size_t slashes = tc_find(source, TC_STR("://"));

	if (slashes < source.n)
		tc_skip(&source, slashes + 3);
	source.n = tc_find_byte(source, '/');
	source.n = tc_find_byte(source, ':');
	if (!tc_starts(source, TC_STR("*.")))
		return tc_ieq(source, host);
	tc_skip(&source, 1);
	return host.n > source.n && tc_ieq(tc_str_of(host.p + host.n - source.n, source.n), source);
}

/* Whether a row is let through by name, and the host that takes its place is not. */
static bool
wants_host(struct tc_str sources, const struct tc_embed *e)
{
	bool old = false;
	struct tc_str word;
	size_t at = 0;

	if (e->host.n == 0 || sources_have(sources, TC_STR("https:")))
		return false;
	while ((word = next_word(sources, &at, sources.n)).n > 0) {
		struct tc_str hosts = e->hosts;

		if (source_is(word, e->host))
			return false;
		while (hosts.p != NULL)
			old |= source_is(word, tc_next(&hosts, ' '));
	}
	return old;
}

/* Rows with a host follow one another: each is named once. */
static struct tc_str
missing_hosts(struct tc_arena *arena, struct tc_str sources)
{
	struct tc_str text = {"", 0}, last = {NULL, 0};

	for (size_t i = 0; i < tc_embed_count && text.p != NULL; i++) {
		const struct tc_embed *e = &tc_embeds[i];

		if (!wants_host(sources, e) || tc_eq(e->host, last))
			continue;
		last = e->host;
		text = tc_join(arena, (struct tc_str[]){text, TC_STR(" https://"), e->host}, 3);
	}
	return text;
}

/*
 * Frames go by the first of frame-src, child-src and default-src. The first is added to; the others speak of more than
 * frames, so a frame-src is put beside them. Where no frame at all is allowed that stays so.
 */
bool
embed_policy(const struct tc_call *c, enum embeds embeds, struct tc_str policy, size_t *at, struct tc_str *text)
{
	struct tc_str sources = sources_of(policy, TC_STR("frame-src")), more;
	bool own = sources.p != NULL;

	if (embeds != EMBEDS_PRIVACY_MODE && embeds != EMBEDS_CLICK_TO_LOAD)
		return false;
	if (!own)
		sources = sources_of(policy, TC_STR("child-src"));
	if (sources.p == NULL)
		sources = sources_of(policy, TC_STR("default-src"));
	if (tc_trim(sources).n == 0 || sources_have(sources, TC_STR("'none'")))
		return false;
	more = missing_hosts(c->arena, sources);
	if (embeds == EMBEDS_CLICK_TO_LOAD && !sources_have(sources, TC_STR("'self'")))
		more = tc_join(c->arena, (struct tc_str[]){TC_STR(" 'self'"), more}, 2);
	if (more.n == 0)
		return false;
	*at = own ? (size_t)(sources.p + sources.n - policy.p) : policy.n;
	*text = own ? more : tc_join(c->arena, (struct tc_str[]){TC_STR("; frame-src "), tc_trim(sources), more}, 3);
	return text->n > 0;
}

/* All policies of one field, parted by commas. */
static int
edit_field(struct tc_call *c, enum embeds embeds, struct tc_field *f)
{
	struct tc_str rest = f->value, out = {"", 0};
	bool edited = false;

	while (rest.p != NULL && out.p != NULL) {
		struct tc_str policy = tc_next(&rest, ','), text = {NULL, 0};
		size_t at = policy.n;

		edited |= embed_policy(c, embeds, policy, &at, &text);
		out = tc_join(c->arena,
		    (struct tc_str[]){out, out.n > 0 ? TC_STR(", ") : TC_STR(""), tc_str_of(policy.p, at), text,
			tc_str_of(policy.p + at, policy.n - at)},
		    5);
	}
	if (out.p == NULL)
		return -1;
	if (edited)
		f->value = out;
	return 0;
}

int
embed_policies(struct tc_call *c, enum embeds embeds)
{
	struct tc_fields *fs = &c->res->fields;

	if (embeds == EMBEDS_KEEP || embeds == EMBEDS_REMOVE)
		return 0;
	for (size_t i = 0; i < fs->n; i++) {
		struct tc_field *f = &fs->v[i];
		bool policy = f->id == TC_F_CONTENT_SECURITY_POLICY || f->id == TC_F_CONTENT_SECURITY_POLICY_REPORT_ONLY;

		if (policy && !f->dropped && f->value.n > 0 && edit_field(c, embeds, f) < 0)
			return -1;
	}
	return 0;
}
