/*
 * placeholder.c: the site on which a file without sites is judged, such as a profile (promises.md 1): the built-in one,
 * with what its promises ask of a site. A real site has to write that itself, and check says what is missing.
 */
#include "config/compile.h"

struct text {
	struct loader *l;
	struct tc_str s;
};

static void
add(struct text *t, const char *before, struct tc_str word, const char *after)
{
	t->s = load_printf(t->l, "%.*s%s%.*s%s", (int)t->s.n, t->s.p, before, STR_ALL(word), after);
}

/* Nothing that could end a quoted word. */
static bool
plain(struct tc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == '"' || s.p[i] == '\\' || s.p[i] == '$')
			return false;
	return s.n > 0;
}

/* One route for each path; a name that stands for a route of the site gets a path of its own. */
static void
add_routes(struct text *t, const struct node *paths, const char *name, const char *rest)
{
	for (size_t i = 0; paths != NULL && paths->kind == NODE_LIST && i < paths->n; i++) {
		struct tc_str path = paths->entries[i].value->text;

		if (!plain(path))
			continue;
		t->s = load_printf(t->l, "%.*s      - {name: %s-%zu, match: \"%s%.*s\", %s}\n", (int)t->s.n, t->s.p, name, i,
		    path.p[0] == '/' ? "" : "/", STR_ALL(path), rest);
	}
}

static void
add_words(struct text *t, const char *key, const struct node *words)
{
	add(t, "    ", tc_str_from(key), ": [");
	for (size_t i = 0; words != NULL && words->kind == NODE_LIST && i < words->n; i++)
		if (plain(words->entries[i].value->text))
			add(t, i > 0 ? ", \"" : "\"", words->entries[i].value->text, "\"");
	add(t, "]", TC_STR(""), "\n");
}

/* The parameters of the first promise with this name; NULL: there is none. */
static const struct node *
promise(const struct node *keep, const char *name)
{
	for (size_t i = 0; keep != NULL && keep->kind == NODE_LIST && i < keep->n; i++) {
		const struct node *p = node_get(keep->entries[i].value, tc_str_from(name));

		if (p != NULL)
			return p;
	}
	return NULL;
}

static const struct node *
parameter(const struct node *params, const char *name)
{
	return params != NULL ? node_get(params, tc_str_from(name)) : NULL;
}

static void
add_geo(struct text *t, const struct node *params)
{
	const struct node *level = parameter(params, "level");
	struct tc_str finest = level != NULL ? level->text : TC_STR("city");

	if (tc_eq(finest, TC_STR("country")))
		add(t, "    forward: {client_ip: none, geo: [country]}", TC_STR(""), "\n");
	else
		add(t, "    forward: {client_ip: none, geo: [country, region]}", TC_STR(""), "\n");
}

const struct node *
placeholder_root(struct compile *c)
{
	const struct node *keep = schema_node(c->root, "promises.keep"), *mail = promise(keep, "email_pixels_anonymous");
	struct text t = {.l = c->l, .s = TC_STR("")};

	if (promise(keep, "https_only") != NULL)
		add(&t, "listen: [{address: \"0.0.0.0:80\", redirect: https}]\n", TC_STR(""), "");
	add(&t, "sites:\n  - hosts: [\"www.example.com\"]\n    origin: {url: \"http://127.0.0.1\"}\n", TC_STR(""), "");
	add(&t, "    choices: {link: auto, notice_on_change: true}\n    dnt: {status: true}\n", TC_STR(""), "");
	add(&t, "    hsts: 1 year\n", TC_STR(""), "");
	add_geo(&t, promise(keep, "city_only"));
	add_words(&t, "keep_cookies", parameter(promise(keep, "cookies_inventoried"), "keep"));
	add(&t, "    routes:\n", TC_STR(""), "");
	add_routes(&t, parameter(promise(keep, "minors_off"), "routes"), "minors", "force: opt-out");
	add_routes(&t, parameter(mail, "open"), "mail-open", "type: open");
	add_routes(&t, parameter(mail, "click"), "mail-click", "type: click");
	add(&t, "      - {name: pages, match: \"/*\"}\n", TC_STR(""), "");
	return include_text(c->l, TC_STR("placeholder"), t.s, true);
}
