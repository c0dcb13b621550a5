/*
 * explain.c: `tacet explain`: what would be done with a request and, where a response is given, with that, and which
 * line of the configuration says so. It asks the same decision and runs the same filters as the proxy.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "cli/args.h"
#include "cli/explain_consent.h"
#include "cli/verbs.h"
#include "core/dry.h"

#define ARENA_MAX ((size_t)256 << 20)
#define RESPONSE_MAX ((size_t)32 << 20)
#define DEEDS_MAX 4096
#define LINES_MAX 64

/* One thing that a filter did. */
struct deed {
	enum tc_action action;
	enum tc_class class;
	enum tc_pack pack;
	struct tc_str what;
};

struct explain {
	const char *file, *ip, *from, *method;
	struct tc_arena *arena;
	struct snapshot *snapshot;
	const struct config *config;
	const char *place_source;
	struct dry_request in;
	struct dry_result out;
	struct choice_key *key;
	struct deed *deeds;
	size_t deed_count, deeds_unkept;
};

static const struct tc_str CLASS_NAMES[] = {
#define X(e, name) [TC_##e] = TC_STR_INIT(name),
    TC_CLASSES(X)
#undef X
};

static const struct tc_str ACTION_NAMES[] = {
#define X(e, name) [TC_DID_##e] = TC_STR_INIT(name),
    TC_ACTIONS(X)
#undef X
};

static const struct tc_str PACK_NAMES[] = {
#define X(e, name) [TC_PACK_##e] = TC_STR_INIT(name),
    TC_PACKS(X)
#undef X
};

static const struct tc_str SOURCE_NAMES[] = {
#define X(e, name) [TC_SRC_##e] = TC_STR_INIT(name),
    TC_SOURCES(X)
#undef X
};

/* ---- what to explain ---- */

static int
wrong(const char *what, const char *value)
{
	return args_wrong("explain", "%s: %s", what, value);
}

/* The whole file in the arena; p = NULL: said why on standard error. */
static struct tc_str
file_read(const char *path, struct tc_arena *arena)
{
	FILE *f = fopen(path, "rb");
	char *p = f != NULL ? tc_alloc_bytes(arena, RESPONSE_MAX) : NULL;
	size_t n;

	if (p == NULL) {
		(void)fprintf(stderr, "tacet explain: %s: %s\n", path, f == NULL ? strerror(errno) : "no memory");
		if (f != NULL)
			(void)fclose(f);
		return (struct tc_str){NULL, 0};
	}
	n = fread(p, 1, RESPONSE_MAX, f);
	(void)fclose(f);
	return tc_str_of(p, n);
}

/* The next line without its end. */
static struct tc_str
line_cut(struct tc_str *text)
{
	size_t at = tc_find_byte(*text, '\n');
	struct tc_str line = tc_str_of(text->p, at);

	tc_skip(text, at < text->n ? at + 1 : at);
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* "HTTP/1.1 200 OK" -> 200; 0: it is no such line. */
static int
status_parse(struct tc_str line)
{
	int status = 0;

	(void)tc_next(&line, ' ');
	if (line.n < 3)
		return 0;
	for (size_t i = 0; i < 3; i++) {
		if (line.p[i] < '0' || line.p[i] > '9')
			return 0;
		status = status * 10 + (line.p[i] - '0');
	}
	return status;
}

/* A file of a response: status line, fields, an empty line, body. Anything else is the body of an HTML page. */
static bool
response_read(struct explain *e, struct tc_str text)
{
	static struct tc_str lines[LINES_MAX];
	size_t n = 0;

	e->in.has_response = true;
	e->in.status = 200;
	lines[0] = TC_STR("Content-Type: text/html; charset=utf-8");
	if (tc_starts(text, TC_STR("HTTP/"))) {
		e->in.status = status_parse(line_cut(&text));
		for (struct tc_str l = line_cut(&text); l.n > 0 && n < LINES_MAX; l = line_cut(&text))
			lines[n++] = l;
	} else {
		n = 1;
	}
	e->in.response_fields = (struct tc_strs){lines, n};
	e->in.body = text;
	return e->in.status >= 200 && e->in.status <= 599 && n < LINES_MAX;
}

/* --from, --ip, or what the configuration says of unknown places. -1: go on. */
static int
place_find(struct explain *e)
{
	struct tc_addr a;

	e->place_source = "geo.unknown";
	e->in.place = e->config->geo_unknown;
	if (e->from != NULL) {
		e->place_source = "given by --from";
		return place_parse(tc_str_from(e->from), &e->in.place) ? -1 : wrong("--from: no such place", e->from);
	}
	if (e->ip == NULL)
		return -1;
	if (!addr_parse(tc_str_from(e->ip), &a))
		return args_wrong("explain", "--ip: not an address");
	if (geo_lookup(e->snapshot->geo, &a, &e->in.place) == GEO_FOUND) {
		e->place_source = "found by --ip";
	} else {
		e->place_source = "--ip is in no database: geo.unknown";
		e->in.place = e->config->geo_unknown;
	}
	addr_wipe(&a);
	return -1;
}

/* Builds what run would build. -1: go on; else the exit code. */
static int
snapshot_make(struct explain *e)
{
	const struct config_overrides over = {.judge = true,
	    .origin = e->file == NULL ? TC_STR("http://127.0.0.1") : TC_STR("")};
	struct messages *m = messages_new();
	struct config *c = NULL;
	struct buf why;

	buf_init(&why, 1 << 16);
	if (config_load(e->file, &over, &c, m) == 0) {
		if (e->ip == NULL)
			c->geo_databases.n = 0; /* no address to look up */
		e->snapshot = snapshot_build(c, e->key, NULL, &why);
		(void)fwrite(buf_str(&why).p, 1, buf_str(&why).n, stderr);
	} else {
		messages_print(m, stderr);
	}
	buf_reset(&why);
	messages_destroy(&m);
	if (e->snapshot == NULL)
		return 78;
	e->config = e->snapshot->config;
	return -1;
}

/* ---- running it ---- */

static void
saw(void *ctx, enum tc_action action, enum tc_class class, enum tc_pack pack, struct tc_str what)
{
	struct explain *e = ctx;
	struct tc_str copy = tc_copy(e->arena, what);

	if (e->deed_count == DEEDS_MAX || (what.n > 0 && copy.p == NULL)) {
		e->deeds_unkept++;
		return;
	}
	e->deeds[e->deed_count++] = (struct deed){action, class, pack, copy};
}

/* What the filters do with it. */
static int
explain_filters(struct explain *e)
{
	const struct chain_watch watch = {.saw = saw, .ctx = e};

	return dry_run(e->snapshot, &e->in, &watch, e->arena, &e->out);
}

/* ---- where it was written ---- */

/* "site.yaml:39", or where the built-in default is. */
static void
where_text(const struct explain *e, struct tc_str file, int line, char *out, size_t room)
{
	if (line > 0 && file.n > 0)
		(void)snprintf(out, room, "%.*s:%d", (int)file.n, file.p, line);
	else
		(void)snprintf(out, room, "%s", e->config->file.n > 0 ? "default" : "built-in default");
}

static const char *
where_rule(const struct explain *e, const struct tc_rule_set *r, const char *way)
{
	static char text[512];
	struct tc_str file = {NULL, 0};
	int line = 0;

	(void)config_where(e->config, r, way, &file, &line);
	where_text(e, file, line, text, sizeof(text));
	return text;
}

static const char *
where_line(const struct explain *e, int line)
{
	static char text[512];

	where_text(e, e->config->file, line, text, sizeof(text));
	return text;
}

/* What one kind of deed is called, and which option asked for it; NULL: the decision itself. */
static const struct {
	const char *label, *way;
} KINDS[TC_DID_COUNT] = {
	[TC_DID_SCRIPT] = {"scripts", "scripts.remove"},
	[TC_DID_INLINE_SCRIPT] = {"scripts", "scripts.remove"},
	[TC_DID_IMAGE] = {"images", "scripts.remove"},
	[TC_DID_FRAME] = {"frames", "scripts.remove"},
	[TC_DID_LINK] = {"links", "scripts.remove"},
	[TC_DID_STYLE] = {"styles", "scripts.remove"},
	[TC_DID_MEDIA] = {"media", "scripts.remove"},
	[TC_DID_OBJECT] = {"objects", "scripts.remove"},
	[TC_DID_ATTRIBUTE] = {"attributes", "scripts.remove"},
	[TC_DID_NOSCRIPT] = {"noscript", "scripts.remove"},
	[TC_DID_META] = {"meta", "scripts.remove"},
	[TC_DID_REQUEST_COOKIE] = {"cookies", "cookies.request"},
	[TC_DID_RESPONSE_COOKIE] = {"set-cookie", "cookies.response"},
	[TC_DID_EXPIRED_COOKIE] = {"expired", "cookies.response"},
	[TC_DID_PARAMETER] = {"query", "query.strip"},
	[TC_DID_REQUEST_FIELD] = {"fields", NULL},
	[TC_DID_RESPONSE_FIELD] = {"fields", NULL},
	[TC_DID_ENDPOINT] = {"endpoint", "scripts.remove"},
	[TC_DID_STATUS] = {"shown", "status"},
	[TC_DID_DISAMBIGUATED] = {"made plain", NULL},
	[TC_DID_OVERFLOW] = {"overflow", NULL},
	[TC_DID_CONTAIN] = {"contained", "contain"},
	[TC_DID_BRIDGE] = {"told", "bridge"},
};

/* The text that a rule set shows (its option `status`), whichever filter owns the option. */
static struct tc_str
status_of(const struct tc_rule_set *r)
{
	for (size_t i = 0; tc_filters[i] != NULL; i++)
		for (size_t k = 0; k < tc_filters[i]->option_count; k++) {
			const struct tc_option *o = &tc_filters[i]->options[k];

			if (strcmp(o->path, "status") == 0 && o->type == TC_OPT_STR)
				return *(const struct tc_str *)((const char *)r->opts[i] + o->offset);
		}
	return (struct tc_str){NULL, 0};
}

/* ---- for people ---- */

static void
row(const char *label, const char *left, struct tc_str middle, const char *right)
{
	(void)printf("%-10s %s%.*s", label, left, (int)middle.n, middle.n > 0 ? middle.p : "");
	if (right[0] != '\0')
		(void)printf("%*s %s", (int)(middle.n + strlen(left) < 16 ? 16 - middle.n - strlen(left) : 0), "", right);
	(void)putchar('\n');
}

static void
print_place(const struct explain *e)
{
	const struct place *p = &e->in.place;

	if (p->country[0] == '\0')
		row("place", "", TC_STR("unknown"), "the strictest rules apply");
	else
		row("place", "", tc_str_from(p->region[0] != '\0' ? p->region : p->country), e->place_source);
}

static void
print_signals(const struct explain *e)
{
	const struct facts *f = &e->out.facts;

	if (f->gpc)
		row("signal", "", TC_STR("gpc"), "Sec-GPC: 1");
	if (f->dnt)
		row("signal", "", TC_STR("dnt"), "DNT: 1");
	if (f->choice != CHOICE_NONE)
		row("signal", "", TC_STR("choice"), f->choice == CHOICE_OUT ? "cookie: out" : "cookie: in");
	if (f->account != CHOICE_NONE)
		row("signal", "", TC_STR("account"), f->account == CHOICE_OUT ? "opt-out" : "opt-in");
	if (f->consent.out || f->consent.denied != 0 || f->consent.granted != 0)
		row("signal", "", TC_STR("consent"), "cookies of the site's consent tools");
	else if (!f->gpc && !f->dnt && f->choice == CHOICE_NONE && f->account == CHOICE_NONE)
		row("signal", "", TC_STR("none"), "");
}

/* The rule set that this one extends, or NULL. */
static const struct tc_rule_set *
parent_of(const struct explain *e, const struct tc_rule_set *r)
{
	struct tc_str name = config_extends(e->config, r);

	for (size_t i = 0; i < e->config->rule_set_count && name.n > 0; i++)
		if (tc_eq(e->config->rule_sets[i].name, name))
			return &e->config->rule_sets[i];
	return NULL;
}

static void
print_rule_set(const struct explain *e)
{
	const struct tc_rule_set *r = e->out.decision.rules, *parent = parent_of(e, r);
	char right[1200];
	int n = snprintf(right, sizeof(right), "%s", where_rule(e, r, ""));

	if (parent != NULL)
		(void)snprintf(right + n, sizeof(right) - (size_t)n, "  extends %.*s (%s)", (int)parent->name.n,
		    parent->name.p, where_rule(e, parent, ""));
	row("rule set", "", r->name, right);
}

/* The row of law, and what it wants a grant for; of an unknown place all rows count. */
static void
print_law(const struct explain *e)
{
	const struct config_law *l = config_law_of(e->config, &e->in.place, e->in.day);
	bool unknown = e->in.place.country[0] == '\0', sale = false, measurement = false;
	char right[600];

	config_law_any(e->config, e->in.day, &sale, &measurement);
	if (e->config->law_count == 0 || (l == NULL && !unknown))
		return;
	if (!unknown) {
		sale = l->opt_in_sale;
		measurement = l->opt_in_measurement;
	}
	(void)snprintf(right, sizeof(right), "sell_share %s, measurement %s", sale ? "opt-in" : "opt-out",
	    measurement ? "opt-in" : "opt-out");
	if (!unknown)
		(void)snprintf(right + strlen(right), sizeof(right) - strlen(right), ", %.*s:%d",
		    (int)(l->file.n < 400 ? l->file.n : 400), l->file.p, l->line);
	row("law", "", unknown ? TC_STR("all rows") : l->name, right);
}

static void
print_decision(const struct explain *e)
{
	const struct config_region *region = region_of(e->config, &e->in.place);
	const struct tc_decision *d = &e->out.decision;
	char text[256];
	int n;

	row("site", "", e->out.site->pub.hosts.v[0], where_line(e, e->out.site->pub.line));
	if (e->out.observed)
		row("mode", "", TC_STR("observe"), "nothing is changed: below stands what mode: filter would do");
	row("route", "", e->out.route->name, where_line(e, e->out.route->line));
	print_place(e);
	print_signals(e);
	explain_consent_text(e->config, &e->in, &e->out, e->arena);
	row("region", "", region->name, where_line(e, region->line));
	print_law(e);
	print_rule_set(e);
	n = snprintf(text, sizeof(text), "%s", d->src == TC_SRC_NONE ? "nobody said anything" : "by ");
	if (d->src != TC_SRC_NONE)
		(void)snprintf(text + n, sizeof(text) - (size_t)n, "%s", SOURCE_NAMES[d->src].p);
	row("decision", "", d->out ? TC_STR("out") : TC_STR("in"), text);
	(void)printf("%-10s ", "denied");
	for (int c = 0, any = 0; c < TC_CLASS_COUNT; c++)
		if ((d->denied & TC_CLASS_BIT(c)) != 0)
			(void)printf("%s%s", any++ > 0 ? ", " : "", CLASS_NAMES[c].p);
	(void)puts(d->denied == 0 ? "nothing" : "");
}

/* A frame whose class goes out to everyone was not removed by that, but by what becomes of embeds. */
static bool
is_embed(const struct explain *e, const struct deed *d)
{
	bool frame = d->action == TC_DID_FRAME || (d->action == TC_DID_NOSCRIPT && tc_starts(d->what, TC_STR("http")));

	return frame && (e->out.decision.denied & TC_CLASS_BIT(d->class)) == 0;
}

static void
print_deed(const struct explain *e, const struct deed *d)
{
	char right[800];

	if (d->action == TC_DID_STATUS)
		return; /* shown() says it */
	if (d->action == TC_DID_CONTAIN || d->action == TC_DID_BRIDGE) {
		row(KINDS[d->action].label, "", d->what, where_rule(e, e->out.decision.rules, KINDS[d->action].way));
		return;
	}
	if (is_embed(e, d))
		(void)snprintf(right, sizeof(right), "embed, %s", where_rule(e, e->out.decision.rules, "embeds"));
	else if (KINDS[d->action].way != NULL)
		(void)snprintf(right, sizeof(right), "%s, %s list, %s", CLASS_NAMES[d->class].p, PACK_NAMES[d->pack].p,
		    where_rule(e, e->out.decision.rules, KINDS[d->action].way));
	else
		(void)snprintf(right, sizeof(right), "%s", CLASS_NAMES[d->class].p);
	row(KINDS[d->action].label, "- ", d->what, right);
}

/* Calls for each cookie that is still there: name only, for its value is nobody's business. */
static void
each_kept(const struct tc_fields *fs, enum tc_fid id, void (*show)(struct tc_str name, bool first))
{
	bool first = true;

	for (size_t i = 0; i < fs->n; i++) {
		struct tc_str rest = fs->v[i].value;

		if (fs->v[i].id != id || fs->v[i].dropped || rest.n == 0)
			continue;
		do {
			struct tc_str pair = tc_next(&rest, ';');

			pair.n = tc_find_byte(pair, '=');
			if (pair.n > 0) {
				show(pair, first);
				first = false;
			}
		} while (rest.p != NULL && id == TC_F_COOKIE);
	}
}

static void
show_cookie(struct tc_str name, bool first)
{
	(void)printf("%s%.*s", first ? "cookies    keep " : ", ", (int)name.n, name.p);
}

static void
show_set_cookie(struct tc_str name, bool first)
{
	(void)printf("%s%.*s", first ? "set-cookie keep " : ", ", (int)name.n, name.p);
}

static bool
any_live(const struct tc_fields *fs, enum tc_fid id)
{
	return tc_field_value(fs, id).n > 0;
}

static void
print_kept(const struct explain *e)
{
	each_kept(&e->out.request.fields, TC_F_COOKIE, show_cookie);
	if (any_live(&e->out.request.fields, TC_F_COOKIE))
		(void)putchar('\n');
	if (!e->in.has_response)
		return;
	each_kept(&e->out.response.fields, TC_F_SET_COOKIE, show_set_cookie);
	if (any_live(&e->out.response.fields, TC_F_SET_COOKIE))
		(void)putchar('\n');
}

/* The fields that we write for the origin. */
static bool
field_is_ours(const struct tc_field *f)
{
	static const enum tc_fid IDS[] = {TC_F_SEC_GPC, TC_F_PRIVACY_DECISION, TC_F_TACET_GEO, TC_F_X_FORWARDED_FOR,
	    TC_F_X_FORWARDED_HOST, TC_F_X_FORWARDED_PROTO};

	for (size_t i = 0; i < sizeof(IDS) / sizeof(IDS[0]); i++)
		if (f->id == IDS[i] && !f->dropped)
			return true;
	return false;
}

static void
print_to_origin(const struct explain *e)
{
	const struct config_origin *o = config_route_of(e->out.site, e->out.route)->origin;
	const struct tc_request *r = &e->out.request;
	const char *label = "to origin";
	char where[300];
	int n = snprintf(where, sizeof(where), "%s", where_line(e, o->line));

	if (o->server_count > 1 && (size_t)n < sizeof(where))
		(void)snprintf(where + n, sizeof(where) - (size_t)n, "  and %zu more", o->server_count - 1);
	if (o->line > 0)
		row("origin", "", o->servers[0].url, where);

	(void)printf("%-10s %.*s %.*s", label, (int)r->method_text.n, r->method_text.p, (int)r->path.n, r->path.p);
	(void)printf(r->query.p != NULL ? "?%.*s\n" : "\n", (int)r->query.n, r->query.p);
	for (size_t i = 0; i < r->fields.n; i++) {
		const struct tc_field *f = &r->fields.v[i];

		if (field_is_ours(f))
			(void)printf("%-10s %.*s: %.*s\n", "", (int)f->name.n, f->name.p, (int)f->value.n, f->value.p);
	}
}

/* What the page says, if a person's no was acted on; of a page that is given it must be in there. */
static struct tc_str
shown(const struct explain *e)
{
	const struct tc_str none = {NULL, 0};

	if (e->out.observed || !e->out.decision.person || e->out.decision.pass_bodies || e->out.outcome != DRY_FORWARDED)
		return none;
	if (e->in.has_response && tc_find(e->out.body, TC_STR("data-tacet=\"status\"")) == e->out.body.n)
		return none;
	return status_of(e->out.decision.rules);
}

static void
print_outcome(const struct explain *e)
{
	char text[64];

	switch (e->out.outcome) {
	case DRY_PAGE:
		row("answer", "", TC_STR("a page of ours"), "never asked of the origin");
		return;
	case DRY_ANSWERED:
		(void)snprintf(text, sizeof(text), "status %d", e->out.status);
		row("answer", "", TC_STR("at the edge"), text);
		return;
	default:
		print_to_origin(e);
	}
	if (e->out.broken)
		row("response", "", TC_STR("cut"), "the body could not be filtered");
	else if (e->in.has_response)
		row("response", "", tc_eq(e->out.body, e->in.body) ? TC_STR("body unchanged") : TC_STR("body rewritten"),
		    "");
}

static void
print_text(const struct explain *e)
{
	struct tc_str text = shown(e);
	char quoted[256];

	(void)printf("%.*s %.*s\n", (int)e->in.method.n, e->in.method.p, (int)e->in.url.n, e->in.url.p);
	print_decision(e);
	for (size_t i = 0; i < e->deed_count; i++)
		print_deed(e, &e->deeds[i]);
	if (e->deeds_unkept > 0)
		(void)printf("%-10s %zu more\n", "", e->deeds_unkept);
	if (e->out.outcome == DRY_FORWARDED)
		print_kept(e);
	if (text.n > 0) {
		(void)snprintf(quoted, sizeof(quoted), "\"%.*s\"", (int)text.n, text.p);
		row("shown", "", tc_str_from(quoted), where_rule(e, e->out.decision.rules, "status"));
	}
	print_outcome(e);
}

/* ---- for programs ---- */

/* A JSON string; bytes that are no UTF-8 cannot come from the configuration, and in a field they are escaped. */
static void
json_text(struct tc_str s)
{
	(void)putchar('"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"' || c == '\\')
			(void)printf("\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			(void)printf("\\u%04x", c);
		else
			(void)putchar(c);
	}
	(void)putchar('"');
}

static void
json_member(const char *before, const char *key, struct tc_str value)
{
	(void)printf("%s\"%s\": ", before, key);
	if (value.p == NULL)
		(void)fputs("null", stdout);
	else
		json_text(value);
}

static void
json_where(struct tc_str file, int line)
{
	json_member(", ", "file", file.n > 0 ? file : (struct tc_str){NULL, 0});
	(void)printf(", \"line\": %d}", line);
}

static void
json_place(const struct explain *e)
{
	const struct place *p = &e->in.place;
	struct tc_str country = tc_str_from(p->country), region = tc_str_from(p->region);
	const struct tc_str none = {NULL, 0};

	json_member("  \"place\": {", "country", country.n > 0 ? country : none);
	json_member(", ", "region", region.n > 0 ? region : none);
	json_member(", ", "source", tc_str_from(e->place_source));
	(void)fputs("},\n", stdout);
}

static void
json_signals(const struct facts *f)
{
	const struct {
		bool seen;
		const char *name;
	} all[] = {{f->gpc, "gpc"}, {f->dnt, "dnt"}, {f->choice == CHOICE_OUT, "choice-out"},
	    {f->choice == CHOICE_IN, "choice-in"}, {f->account == CHOICE_OUT, "account-out"},
	    {f->account == CHOICE_IN, "account-in"}, {f->consent.out, "consent-out"}, {f->consent.denied != 0, "consent-refused"},
	    {f->consent.granted != 0, "consent-granted"}, {f->consent.bad, "consent-unreadable"}};
	const char *before = "";

	(void)fputs("  \"signals\": [", stdout);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].seen) {
			(void)printf("%s\"%s\"", before, all[i].name);
			before = ", ";
		}
	(void)fputs("],\n", stdout);
}

static void
json_law(const struct explain *e)
{
	const struct config_law *l = e->in.place.country[0] != '\0' ? config_law_of(e->config, &e->in.place, e->in.day) : NULL;

	if (l == NULL) {
		(void)fputs(",\n  \"law\": null", stdout);
		return;
	}
	json_member(",\n  \"law\": {", "name", l->name);
	json_where(l->file, l->line);
}

static void
json_decision(const struct explain *e)
{
	const struct config_region *region = region_of(e->config, &e->in.place);
	const struct tc_decision *d = &e->out.decision;
	struct tc_str file = {NULL, 0};
	const char *before = "";
	int line = 0;

	json_member("  \"region\": {", "name", region->name);
	json_where(e->config->file, region->line);
	json_law(e);
	(void)config_where(e->config, d->rules, "", &file, &line);
	json_member(",\n  \"rule_set\": {", "name", d->rules->name);
	json_member(", ", "hash", tc_str_from(d->rules->hash));
	json_where(file, line);
	(void)printf(",\n  \"decision\": {\"out\": %s, \"person\": %s", d->out ? "true" : "false",
	    d->person ? "true" : "false");
	json_member(", ", "src", d->src != TC_SRC_NONE ? SOURCE_NAMES[d->src] : (struct tc_str){NULL, 0});
	json_member(", ", "region", d->region);
	(void)fputs(", \"denied\": [", stdout);
	for (int c = 0; c < TC_CLASS_COUNT; c++)
		if ((d->denied & TC_CLASS_BIT(c)) != 0) {
			(void)printf("%s\"%s\"", before, CLASS_NAMES[c].p);
			before = ", ";
		}
	(void)fputs("]},\n", stdout);
}

static void
json_deeds(const struct explain *e)
{
	(void)fputs("  \"actions\": [", stdout);
	for (size_t i = 0; i < e->deed_count; i++) {
		const struct deed *d = &e->deeds[i];

		json_member(i > 0 ? ",\n    {" : "\n    {", "action", ACTION_NAMES[d->action]);
		json_member(", ", "class", CLASS_NAMES[d->class]);
		json_member(", ", "pack", PACK_NAMES[d->pack]);
		json_member(", ", "what", d->what);
		(void)putchar('}');
	}
	(void)printf("%s],\n  \"actions_not_listed\": %zu,\n", e->deed_count > 0 ? "\n  " : "", e->deeds_unkept);
}

static void
json_cookie(struct tc_str name, bool first)
{
	(void)fputs(first ? "" : ", ", stdout);
	json_text(name);
}

static void
json_to_origin(const struct explain *e)
{
	const struct tc_request *r = &e->out.request;
	const char *before = "";

	(void)fputs("  \"cookies\": [", stdout);
	each_kept(&r->fields, TC_F_COOKIE, json_cookie);
	json_member("],\n  \"to_origin\": {", "path", r->path);
	json_member(", ", "query", r->query);
	(void)fputs(", \"fields\": {", stdout);
	for (size_t i = 0; i < r->fields.n; i++)
		if (field_is_ours(&r->fields.v[i])) {
			(void)fputs(before, stdout);
			json_text(r->fields.v[i].name);
			(void)fputs(": ", stdout);
			json_text(r->fields.v[i].value);
			before = ", ";
		}
	(void)fputs("}},\n", stdout);
}

static void
json_response(const struct explain *e)
{
	const struct tc_fields *fs = &e->out.response.fields;
	const char *before = "";

	(void)printf("  \"response\": {\"status\": %d, \"cut\": %s, \"body_same\": %s, \"fields\": [",
	    e->out.response.status, e->out.broken ? "true" : "false",
	    tc_eq(e->out.body, e->in.body) ? "true" : "false");
	for (size_t i = 0; i < fs->n; i++) {
		if (fs->v[i].dropped)
			continue;
		(void)printf("%s[", before);
		json_text(fs->v[i].name);
		(void)fputs(", ", stdout);
		json_text(fs->v[i].value);
		(void)putchar(']');
		before = ", ";
	}
	(void)fputs("]},\n", stdout);
}

static void
print_json(const struct explain *e)
{
	static const struct tc_str OUTCOMES[] = {[DRY_FORWARDED] = TC_STR_INIT("forwarded"),
	    [DRY_PAGE] = TC_STR_INIT("page"),
	    [DRY_ANSWERED] = TC_STR_INIT("answered"),
	    [DRY_NO_SITE] = TC_STR_INIT("no-site")};

	json_member("{\n  ", "method", e->in.method);
	json_member(",\n  ", "url", e->in.url);
	json_member(",\n  ", "site", e->out.site->pub.hosts.v[0]);
	json_member(",\n  ", "mode", e->out.observed ? TC_STR("observe") : TC_STR("filter"));
	json_member(",\n  ", "route", e->out.route->name);
	(void)fputs(",\n", stdout);
	json_place(e);
	json_signals(&e->out.facts);
	explain_consent_json(e->config, &e->in, &e->out, e->arena);
	json_decision(e);
	json_deeds(e);
	if (e->out.outcome == DRY_FORWARDED)
		json_to_origin(e);
	if (e->out.outcome == DRY_FORWARDED && e->in.has_response)
		json_response(e);
	json_member("  ", "shown", shown(e));
	json_member(",\n  ", "outcome", OUTCOMES[e->out.outcome]);
	(void)printf(",\n  \"status\": %d\n}\n", e->out.status);
}

/* ---- the verb ---- */

static int
explain_run(struct explain *e, bool json)
{
	int code = place_find(e), r;

	if (code >= 0)
		return code;
	r = explain_filters(e);
	if (r != 0) {
		(void)fputs(r == 400 ? "tacet explain: the proxy would refuse this request: 400\n"
				     : "tacet explain: the request needs too much memory\n",
		    stderr);
		return r == 400 ? 2 : 1;
	}
	if (e->out.outcome == DRY_NO_SITE) {
		(void)fputs("tacet explain: no site of the configuration has this host: 421\n", stderr);
		return 1;
	}
	if (json)
		print_json(e);
	else
		print_text(e);
	return 0;
}

/* A request as the command line gives it. -1: go on. */
static int
request_take(struct explain *e, const struct arg_list *urls, const struct arg_list *fields, const char *response)
{
	struct tc_str *lines = tc_alloc(e->arena, (fields->n + 1) * sizeof(*lines));
	struct tc_str text;

	if (urls->n != 1)
		return args_wrong("explain", urls->n == 0 ? "say which URL" : "one URL at a time");
	if (lines == NULL)
		return 1;
	for (size_t i = 0; i < fields->n; i++)
		lines[i] = tc_str_from(fields->v[i]);
	e->in.url = tc_str_from(urls->v[0]);
	e->in.method = tc_str_from(e->method);
	e->in.fields = (struct tc_strs){lines, fields->n};
	if (response == NULL)
		return -1;
	text = file_read(response, e->arena);
	if (text.p == NULL)
		return 1;
	return response_read(e, text) ? -1 : wrong("--response: neither a page nor an HTTP response", response);
}

int
verb_explain(int argc, char **argv)
{
	struct explain e = {.method = "GET"};
	struct arg_list urls = {0}, fields = {0};
	const char *format = "text", *response = NULL, *at = NULL;
	const struct arg args[] = {
		{"config", 'c', ARG_TEXT, &e.file},
		{"url", 0, ARG_OTHER, &urls},
		{"ip", 0, ARG_TEXT, &e.ip},
		{"from", 0, ARG_TEXT, &e.from},
		{"header", 'H', ARG_MANY, &fields},
		{"method", 'X', ARG_TEXT, &e.method},
		{"response", 0, ARG_TEXT, &response},
		{"at", 0, ARG_TEXT, &at},
		{"format", 0, ARG_TEXT, &format},
		{0},
	};
	int code = args_parse("explain", args, argc, argv);

	if (code >= 0)
		return code;
	if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
		return args_wrong("explain", "--format is text or json");
	if (!args_day(at, &e.in.day))
		return args_wrong("explain", "--at is a day such as 2027-01-01");
	e.arena = arena_new(NULL, ARENA_MAX);
	e.deeds = tc_alloc(e.arena, DEEDS_MAX * sizeof(*e.deeds));
	code = e.deeds != NULL ? request_take(&e, &urls, &fields, response) : 1;
	e.key = choice_key_load((struct tc_str){NULL, 0}, NULL);
	if (code < 0)
		code = e.key != NULL ? snapshot_make(&e) : 1;
	if (code < 0)
		code = explain_run(&e, strcmp(format, "json") == 0);
	snapshot_unref(&e.snapshot);
	choice_key_destroy(&e.key);
	arena_destroy(&e.arena);
	return code;
}
