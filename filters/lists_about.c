/* lists_about.c: what the lists hold and say, for `tacet lists`. See tacet/lists.h. */
#include "tacet/lists.h"

#include "match/match.h"
#include "match/url.h"

static const struct tc_str class_names[TC_CLASS_COUNT] = {
#define X(e, name) TC_STR_INIT(name),
    TC_CLASSES(X)
#undef X
};

static const struct tc_str pack_names[TC_PACK_COUNT] = {
#define X(e, name) TC_STR_INIT(name),
    TC_PACKS(X)
#undef X
};

_Static_assert((int)MATCH_KIND_COUNT < (int)TC_LIST_KINDS_MAX, "room for all and an end");
_Static_assert((int)MATCH_SKIP_COUNT < (int)TC_LIST_SKIPS_MAX, "room for all and an end");

bool
tc_list(const void *conf, size_t i, struct tc_list *out)
{
	struct match_list list;

	if (!match_list(conf, i, &list))
		return false;
	*out = (struct tc_list){
		.name = list.name,
		.title = list.title,
		.version = list.version,
		.licence = list.licence,
		.pack = pack_names[list.pack],
		.classes = list.classes,
		.within = list.within,
		.lines = list.lines,
		.bad_line = list.bad_line,
		.sha256 = list.sha256,
	};
	for (size_t kind = 0; kind < MATCH_KIND_COUNT; kind++)
		out->kinds[kind] = (struct tc_count){match_kind_names[kind], list.kinds[kind]};
	for (size_t why = 0; why < MATCH_SKIP_COUNT; why++)
		out->skipped[why] = (struct tc_count){match_skip_names[why], list.skipped[why]};
	return true;
}

int
tc_list_image(const void *conf, struct tc_str *out)
{
	return match_image(conf, out);
}

struct tc_str
tc_list_domain(struct tc_str host)
{
	return psl_domain(host);
}

/* ---- one URL ---- */

static const struct {
	const char *name;
	enum match_type type;
} types[] = {
	{"script", MATCH_SCRIPT},
	{"image", MATCH_IMAGE},
	{"subdocument", MATCH_SUBDOCUMENT},
	{"stylesheet", MATCH_STYLESHEET},
	{"xmlhttprequest", MATCH_XHR},
	{"ping", MATCH_PING},
	{"font", MATCH_FONT},
	{"media", MATCH_MEDIA},
	{"object", MATCH_OBJECT},
	{"websocket", MATCH_WEBSOCKET},
	{"other", MATCH_OTHER},
	{"document", MATCH_DOCUMENT},
};

static const char *const methods[MATCH_METHOD_COUNT] = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT"};

const char *
tc_list_type(size_t i)
{
	return i < sizeof(types) / sizeof(*types) ? types[i].name : NULL;
}

const char *
tc_list_method(size_t i)
{
	return i < MATCH_METHOD_COUNT ? methods[i] : NULL;
}

/* Reads a URL as it is typed: what has no scheme is https. */
static bool
read_url(struct tc_str typed, char room[TC_LIST_URL_MAX], struct url *out)
{
	char text[URL_MAX];
	size_t n = 0, mark = tc_find(typed, TC_STR("://"));

	typed = tc_trim(typed);
	if (typed.n == 0 || typed.n + 8 > sizeof(text))
		return false;
	if (tc_starts(typed, TC_STR("//")))
		memcpy(text, "https:", n = 6);
	else if (mark == typed.n || mark > tc_find_byte(typed, '/'))
		memcpy(text, "https://", n = 8);
	memcpy(text + n, typed.p, typed.n);
	return url_resolve(out, tc_str_of(text, n + typed.n), NULL, room) && out->scheme >= URL_HTTP && out->scheme <= URL_WSS &&
	    out->host.n > 0;
}

static struct tc_list_rule
rule_of(const struct match_db *db, struct tc_str text)
{
	struct tc_list_rule rule = {.text = text};
	struct match_place place;

	if (match_place(db, text, &place)) {
		rule.list = place.list;
		rule.line = place.line;
		rule.exception = place.exception;
		rule.important = place.important;
		rule.index = place.index;
	}
	return rule;
}

static void
judge(const struct match_db *db, const struct match_page *page, const struct url *url, enum match_type type,
    struct tc_list_answer *out)
{
	struct match_result r, without;
	enum match_verdict v = match_url(db, page, url, type, &r);

	out->verdict = v == MATCH_BLOCK ? TC_LIST_BLOCKED : v == MATCH_ALLOW ? TC_LIST_ALLOWED
									     : TC_LIST_PASSES;
	if (v == MATCH_NONE)
		return;
	out->class = class_names[r.class];
	out->rule = rule_of(db, r.rule);
	if (v == MATCH_ALLOW && match_blocked(db, page, url, type, &without) == MATCH_BLOCK)
		out->instead = rule_of(db, without.rule);
}

static bool
is_named(struct tc_str word, const char *name)
{
	return word.n == 0 || tc_ieq(word, tc_str_from(name));
}

/* The method, or MATCH_METHOD_COUNT. */
static enum match_method
method_of(struct tc_str word)
{
	unsigned i = 0;

	while (i < MATCH_METHOD_COUNT && !is_named(word, methods[i]))
		i++;
	return (enum match_method)i;
}

const char *
tc_list_judge(const void *conf, const struct tc_list_question *q, struct tc_list_judged *out)
{
	struct match_page page = {.denied = (1u << TC_CLASS_COUNT) - 1, .method = method_of(q->method)};
	struct url url, from;

	if (page.method == MATCH_METHOD_COUNT)
		return "there is no such method";
	if (!read_url(q->url, out->room[0], &url))
		return "this is no URL of the web";
	if (!read_url(q->from.n > 0 ? q->from : TC_STR("another-site.invalid"), out->room[1], &from))
		return "--from is no site";
	page.host = from.host;
	page.domain = psl_domain(from.host);
	if (page.domain.n == 0)
		page.domain = from.host;
	out->url = url.text;
	out->from = from.host;
	out->third_party = !tc_eq(url.host, page.domain) &&
	    !(tc_ends(url.host, page.domain) && url.host.p[url.host.n - page.domain.n - 1] == '.');
	out->n = 0;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (!is_named(q->type, types[i].name))
			continue;
		out->answers[out->n] = (struct tc_list_answer){.type = types[i].name};
		judge(conf, &page, &url, types[i].type, &out->answers[out->n++]);
	}
	return out->n > 0 ? NULL : "there is no such type";
}
