/*
 * audit.c: `tacet audit`: which trackers a page, a recorded visit or a site carries, whose they are, and what would
 * become of them. There is no detector of its own: the page goes through the proxy's filters as for a visitor who said
 * no, under a rule set that denies all that can be denied, and what these did is the finding.
 */
#include "cli/audit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "cli/args.h"
#include "cli/verbs.h"
#include "tacet/embed.h"

#define ARENA_MAX ((size_t)512 << 20)
#define ENTRY_MAX ((size_t)256 << 20)
#define UNKNOWN_HOST "page.invalid" /* of a file, unless --site says it */

/* Denies all, and in one place third parties that no list names too, which makes them known: ELSEWHERE. */
static const struct tc_str rules = TC_STR_INIT(
    "version: 1\n"
    "lists: {use: [built-in, easyprivacy]}\n"
    "limits: {header_size: 1MiB, uri_size: 1MiB, fields: 10000}\n"
    "sites: [{hosts: [\"*\"], origin: {url: \"http://127.0.0.1\"}}]\n"
    "rule_sets:\n"
    "  all:\n"
    "    cookies: {request: drop-listed, response: drop-listed}\n"
    "    query: {strip: [click-ids, campaign, affiliate]}\n"
    "    scripts: {remove: [analytics, advertising, personalisation, social]}\n"
    "  others: {extends: all, scripts: {remove: [analytics, advertising, personalisation, social, unknown]}}\n"
    "regions:\n"
    "  - {name: others, where: [AQ], default: others, opted_out: others}\n"
    "  - {name: all, where: [\"*\"], default: all, opted_out: all}\n");

#define ELSEWHERE TC_STR("AQ")
#define ANYWHERE TC_STR("FR")

int
audit_failed(const char *what, const char *why)
{
	(void)fprintf(stderr, "tacet audit: %s: %s\n", what, why);
	return 1;
}

/* ---- findings ---- */

static bool
is_address(struct tc_str what)
{
	return tc_starts(what, TC_STR("http://")) || tc_starts(what, TC_STR("https://")) ||
	    tc_starts(what, TC_STR("ws://")) || tc_starts(what, TC_STR("wss://"));
}

/* Without what stands behind '?', which may be about a person. */
static struct tc_str
shown(struct tc_str what)
{
	what.n = tc_find_byte(what, '#');
	what.n = tc_find_byte(what, '?');
	what.n = what.n < 200 ? what.n : 200;
	return what;
}

static bool
is_like(const struct finding *x, const struct finding *y)
{
	return x->class == y->class && x->construct == y->construct && x->third_party == y->third_party &&
	    tc_eq(x->vendor, y->vendor);
}

static void
add(struct audit *a, const struct finding *f)
{
	struct finding *to;

	for (size_t i = 0; i < a->n; i++)
		if (is_like(&a->findings[i], f)) {
			a->findings[i].count++;
			return;
		}
	if (a->n == AUDIT_FINDINGS_MAX) {
		a->unkept++;
		return;
	}
	to = &a->findings[a->n++];
	*to = *f;
	to->count = 1;
	to->example = tc_copy(a->arena, shown(f->example));
	to->vendor = tc_copy(a->arena, f->vendor);
	if (to->example.p == NULL)
		to->example.n = 0;
	if (to->vendor.p == NULL)
		to->vendor.n = 0;
}

/* Whose an address is: a row of the pack, else the domain. */
static void
name_owner(const struct audit *a, struct finding *f, struct tc_str url)
{
	char buf[TC_ADDRESS_ROOM];
	struct tc_embed_url embed;
	const struct tc_embed *e;
	struct tc_vendor vendor;
	struct tc_address at;

	if (!tc_address_read(&at, url, buf))
		return;
	f->third_party = !tc_eq(tc_domain(at.host), a->domain);
	e = f->class == TC_UNKNOWN && f->construct == AUDIT_FRAME ? tc_embed_read(at.text, &embed) : NULL;
	if (e != NULL) {
		f->vendor = e->vendor;
		f->class = TC_FUNCTIONAL;
		f->construct = AUDIT_EMBED;
	} else if ((!f->third_party && tc_vendor_of_endpoint(at.text, &vendor)) ||
	    tc_vendor_of_url(a->vendors, at.text, &vendor)) {
		f->vendor = vendor.name;
		f->class = f->class != TC_UNKNOWN ? vendor.class : TC_UNKNOWN; /* known, and no list's business */
	} else {
		f->vendor = tc_copy(a->arena, f->third_party ? tc_domain(at.host) : at.host);
	}
}

/* "https://host:port", or the whole where it is no address. */
static struct tc_str
authority(struct tc_str what)
{
	size_t n = 0;

	for (size_t slashes = 0; n < what.n; n++)
		if (what.p[n] == '/' && ++slashes == 3)
			break;
	return tc_str_of(what.p, n);
}

/* Something was found there that a list names. */
static bool
is_known(const struct audit *a, struct tc_str what)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->findings[i].class != TC_UNKNOWN && tc_eq(authority(a->findings[i].example), authority(what)))
			return true;
	return false;
}

/* What filters report of which a page is to be told, and what it is called; -1: nothing. */
static int
construct_of(enum tc_action action, struct tc_str what)
{
	static const int constructs[TC_DID_COUNT] = {
		[TC_DID_SCRIPT] = AUDIT_SCRIPT,
		[TC_DID_INLINE_SCRIPT] = AUDIT_INLINE_SCRIPT,
		[TC_DID_IMAGE] = AUDIT_PIXEL,
		[TC_DID_FRAME] = AUDIT_FRAME,
		[TC_DID_LINK] = AUDIT_LINK,
		[TC_DID_STYLE] = AUDIT_STYLE,
		[TC_DID_MEDIA] = AUDIT_MEDIA,
		[TC_DID_OBJECT] = AUDIT_OBJECT,
		[TC_DID_ATTRIBUTE] = AUDIT_ATTRIBUTE,
		[TC_DID_NOSCRIPT] = AUDIT_NOSCRIPT,
		[TC_DID_META] = AUDIT_META,
		[TC_DID_REQUEST_COOKIE] = AUDIT_COOKIE,
		[TC_DID_RESPONSE_COOKIE] = AUDIT_SET_COOKIE,
		[TC_DID_EXPIRED_COOKIE] = -1, /* one of the request */
		[TC_DID_PARAMETER] = AUDIT_PARAMETER,
		[TC_DID_REQUEST_FIELD] = -1, /* the browser's own */
		[TC_DID_RESPONSE_FIELD] = AUDIT_FIELD,
		[TC_DID_ENDPOINT] = AUDIT_ENDPOINT,
		[TC_DID_STATUS] = -1,
		[TC_DID_DISAMBIGUATED] = -1,
		[TC_DID_OVERFLOW] = -1,
		[TC_DID_CONTAIN] = -1,
		[TC_DID_BRIDGE] = -1,
	};
	size_t slashes = 0;

	if (action != TC_DID_LINK || !is_address(what))
		return constructs[action];
	for (size_t i = 0; i < what.n; i++)
		slashes += what.p[i] == '/';
	return slashes == 3 && what.p[what.n - 1] == '/' ? AUDIT_PRECONNECT : AUDIT_LINK;
}

/* One thing that a filter did. */
static void
saw(void *ctx, enum tc_action action, enum tc_class class, enum tc_pack pack, struct tc_str what)
{
	struct audit *a = ctx;
	int construct = construct_of(action, what);
	struct finding f = {.class = class, .pack = pack, .example = what};
	struct tc_vendor vendor;

	if (construct < 0 || (class == TC_UNKNOWN && !is_address(what)) || (a->others && class != TC_UNKNOWN))
		return;
	if (a->others && construct == AUDIT_PRECONNECT && is_known(a, what))
		return;
	f.construct = (enum audit_construct)construct;
	if (action == TC_DID_ENDPOINT) {
		f.example = a->in->url;
		name_owner(a, &f, a->in->url);
		f.class = class;
		f.third_party = false;
		if (pack == TC_PACK_BUILT_IN && what.n > 0 && memchr("|/&*@", what.p[0], 5) == NULL)
			f.vendor = what; /* the tool; else a rule */
	} else if (is_address(what)) {
		name_owner(a, &f, what);
	} else if (((f.construct == AUDIT_COOKIE || f.construct == AUDIT_SET_COOKIE) && tc_vendor_of_cookie(what, &vendor)) ||
	    (f.construct == AUDIT_PARAMETER && tc_vendor_of_parameter(what, &vendor))) {
		f.vendor = vendor.name;
	} else {
		f.third_party = construct == AUDIT_FRAME || construct == AUDIT_PIXEL || construct == AUDIT_INLINE_SCRIPT; /* AMP's */
	}
	add(a, &f);
}

/* ---- entries ---- */

/* What the vendor sets on its own domain. */
static void
third_party_cookies(struct audit *a, const struct audit_entry *e, const struct finding *request)
{
	for (size_t i = 0; i < e->in.response_fields.n; i++) {
		struct tc_str value = e->in.response_fields.v[i], name = tc_next(&value, ':');
		struct finding f = *request;
		struct tc_vendor vendor;

		if (!tc_ieq(name, TC_STR("set-cookie")) || value.p == NULL)
			continue;
		name = tc_trim(tc_str_of(value.p, tc_find_byte(value, '=')));
		if (tc_vendor_of_cookie(name, &vendor)) {
			f.vendor = vendor.name;
			f.class = vendor.class;
		} else if (f.class == TC_UNKNOWN) {
			continue;
		}
		f.construct = AUDIT_SET_COOKIE;
		f.example = name;
		add(a, &f);
	}
}

static void
third_party_entry(struct audit *a, const struct audit_entry *e, const struct tc_address *at)
{
	struct finding f = {.class = TC_UNKNOWN, .construct = AUDIT_REQUEST, .example = at->text};
	struct tc_listed listed;
	enum tc_list_verdict verdict;

	verdict = tc_lists_ask(a->lists, a->host, at, e->as == TC_DEST_DOCUMENT ? TC_DEST_FRAME : e->as, &listed);
	if (verdict == TC_BLOCKED) {
		f.class = listed.class;
		f.pack = listed.pack;
	}
	name_owner(a, &f, at->text);
	if (verdict != TC_EXCEPTED) /* of those a vendor that is never blocked */
		add(a, &f);
	third_party_cookies(a, e, &f);
}

void
audit_entry(struct audit *a, const struct audit_entry *e, struct tc_arena *arena)
{
	const struct chain_watch watch = {.saw = saw, .ctx = a};
	struct dry_request in = e->in;
	char buf[TC_ADDRESS_ROOM];
	struct dry_result out;
	struct tc_address at;

	in.day = args_today();
	(void)place_parse(a->others ? ELSEWHERE : ANYWHERE, &in.place);
	if (!tc_address_read(&at, e->in.url, buf)) {
		a->unread += !tc_starts(e->in.url, TC_STR("data:")) && !tc_starts(e->in.url, TC_STR("blob:"));
		return;
	}
	if (!tc_eq(tc_domain(at.host), a->domain)) {
		third_party_entry(a, e, &at);
		a->read++;
		return;
	}
	in.url = at.text;
	if (tc_starts(in.url, TC_STR("ws"))) /* begins as a request of http does */
		in.url = tc_join(arena, (const struct tc_str[]){TC_STR("http"), tc_str_of(in.url.p + 2, in.url.n - 2)}, 2);
	a->in = &in;
	if (dry_run(a->snapshot, &in, &watch, arena, &out) == 0)
		a->read++;
	else
		a->unread++;
	a->in = NULL;
}

bool
audit_set_host(struct audit *a, struct tc_str host)
{
	char buf[TC_ADDRESS_ROOM], text[300];
	struct tc_address at;
	int n = snprintf(text, sizeof(text), "http://%.*s/", (int)(host.n < 280 ? host.n : 280), host.p);

	if (host.n == 0 || host.n > 255 || !tc_address_read(&at, tc_str_of(text, (size_t)n), buf) || at.path.n != 1)
		return false;
	a->host = tc_copy(a->arena, at.host);
	a->domain = tc_domain(a->host);
	return a->host.p != NULL;
}

/* ---- input ---- */

struct tc_str
audit_file_read(const char *path, struct tc_arena *arena)
{
	const struct tc_str none = {NULL, 0};
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
	struct buf b;
	char piece[1 << 16];
	struct tc_str text;
	size_t n;
	bool fits = true, fine;

	if (f == NULL) {
		(void)audit_failed(path, strerror(errno));
		return none;
	}
	buf_init(&b, AUDIT_FILE_MAX);
	errno = 0;
	while (fits && (n = fread(piece, 1, sizeof(piece), f)) > 0)
		fits = buf_add(&b, piece, n) == 0;
	fine = ferror(f) == 0;
	if (!fine)
		(void)audit_failed(path, errno != 0 ? strerror(errno) : "cannot be read");
	else if (!fits)
		(void)audit_failed(path, "larger than 64 MiB");
	if (f != stdin)
		(void)fclose(f);
	text = fine && fits ? tc_copy(arena, buf_str(&b)) : none;
	buf_reset(&b);
	if (fine && fits && text.p == NULL)
		text.p = ""; /* no bytes */
	return text;
}

/* A recorded visit is one JSON object; a page cannot begin so. */
static bool
is_har(struct tc_str text)
{
	if (tc_starts(text, TC_STR("\xef\xbb\xbf")))
		tc_skip(&text, 3);
	while (text.n > 0 && memchr(" \t\r\n", text.p[0], 4) != NULL)
		tc_skip(&text, 1);
	return text.n > 0 && text.p[0] == '{';
}

/* A page: for the trackers on it, and once more for the other sites. */
static void
audit_one(struct audit *a, struct audit_entry *e)
{
	static struct tc_str fields[] = {TC_STR_INIT("Accept: text/html"), TC_STR_INIT("Sec-Fetch-Dest: document"),
	    TC_STR_INIT("Sec-GPC: 1")};

	e->in.method = TC_STR("GET");
	e->in.has_response = true;
	e->as = TC_DEST_DOCUMENT;
	for (int pass = 0; pass < 2; pass++) {
		struct tc_arena *arena = arena_new(NULL, ENTRY_MAX);

		a->read = a->unread = 0;
		a->others = pass == 1;
		e->in.fields = (struct tc_strs){fields, sizeof(fields) / sizeof(fields[0])};
		audit_entry(a, e, arena);
		arena_destroy(&arena);
	}
}

static int
audit_page(struct audit *a, struct tc_str text)
{
	static struct tc_str type = TC_STR_INIT("Content-Type: text/html");
	struct audit_entry e = {.in = {.status = 200, .response_fields = {&type, 1}, .body = text}};

	e.in.url = tc_join(a->arena, (const struct tc_str[]){TC_STR("http://"), a->host, TC_STR("/")}, 3);
	audit_one(a, &e);
	return a->unread > 0 ? audit_failed(a->source.p, "the page cannot be read") : -1;
}

static int
audit_url(struct audit *a, struct tc_str url)
{
	char buf[TC_ADDRESS_ROOM];
	struct audit_entry e = {.as = TC_DEST_DOCUMENT};
	struct tc_address at;
	struct tc_str final;
	int code = audit_fetch(a, url, &e, &final);

	if (code >= 0)
		return code;
	if (!tc_address_read(&at, final, buf) || (!a->host_known && !audit_set_host(a, at.host)))
		return audit_failed("URL", "not the address of a site");
	a->host_known = true;
	a->origin = tc_copy(a->arena, tc_str_of(at.text.p, at.text.n - (size_t)(at.text.p + at.text.n - at.path.p)));
	e.in.url = final;
	audit_one(a, &e);
	return a->unread > 0 ? audit_failed("URL", "the page cannot be read") : -1;
}

/* ---- the verb ---- */

/* What run would build, of rules that deny all. -1: go on. */
static int
rules_make(struct audit *a, const struct choice_key *key)
{
	const struct config_overrides over = {.judge = true};
	struct messages *m = messages_new();
	struct config *c = NULL;
	struct buf why;

	buf_init(&why, 1 << 16);
	if (config_load_text(TC_STR("audit"), rules, &over, &c, m) == 0) {
		c->geo_databases.n = 0;
		a->snapshot = snapshot_build(c, key, NULL, &why);
		(void)fwrite(buf_str(&why).p, 1, buf_str(&why).n, stderr);
	} else {
		messages_print(m, stderr);
	}
	buf_reset(&why);
	messages_destroy(&m);
	for (size_t i = 0; a->snapshot != NULL && tc_filters[i] != NULL; i++)
		if (strcmp(tc_filters[i]->name, "lists") == 0)
			a->lists = a->snapshot->confs[i];
	a->vendors = tc_vendors_new();
	return a->snapshot != NULL && a->vendors != NULL ? -1 : 78;
}

static int
audit_source(struct audit *a, const char *what, const char *site)
{
	struct tc_str text = what != NULL ? tc_str_from(what) : tc_str_of(NULL, 0);

	if (what == NULL) {
		text = tc_join(a->arena, (const struct tc_str[]){TC_STR("http://"), a->host, TC_STR("/")}, 3);
		a->source = tc_str_from(site);
		return audit_url(a, text);
	}
	if (tc_istarts(text, TC_STR("http://")) || tc_istarts(text, TC_STR("https://")))
		return audit_url(a, text);
	text = audit_file_read(what, a->arena);
	if (text.p == NULL)
		return 1;
	return is_har(text) ? audit_har(a, text) : audit_page(a, text);
}

static int
audit_run(struct audit *a, const char *what, const char *site, const char *format)
{
	int code;

	if (site != NULL && !audit_set_host(a, tc_str_from(site)))
		return args_wrong("audit", "--site: not the name of a host");
	a->host_known = site != NULL;
	if (site == NULL)
		(void)audit_set_host(a, TC_STR(UNKNOWN_HOST));
	code = audit_source(a, what, site);
	if (code >= 0)
		return code;
	if (strcmp(format, "json") == 0)
		audit_print_json(a);
	else if (strcmp(format, "yaml") == 0)
		audit_print_config(a, stdout);
	else
		audit_print_text(a);
	for (size_t i = 0; i < a->n; i++)
		if (a->findings[i].class != TC_UNKNOWN && a->findings[i].class != TC_FUNCTIONAL)
			return 1;
	return 0;
}

/* Of a site that the running proxy observes. */
static int
ask_about(const struct audit_ask *q, const char *site, bool page)
{
	struct audit a = {.arena = arena_new(NULL, ARENA_MAX)};
	int code;

	if (page || site == NULL)
		code = args_wrong("audit", "the running proxy is asked about a site: --site HOST, and no page");
	else if (!audit_set_host(&a, tc_str_from(site)))
		code = args_wrong("audit", "--site: not the name of a host");
	else
		code = audit_ask(&a, q);
	arena_destroy(&a.arena);
	return code;
}

int
verb_audit(int argc, char **argv)
{
	const char *format = "text", *site = NULL, *cacert = "";
	struct audit_ask q = {0};
	struct arg_list what = {0};
	struct audit a = {0};
	struct choice_key *key;
	bool json = false;
	const struct arg args[] = {
		{"source", 0, ARG_OTHER, &what},
		{"site", 0, ARG_TEXT, &site},
		{"cacert", 0, ARG_TEXT, &cacert},
		{"format", 0, ARG_TEXT, &format},
		{"json", 0, ARG_FLAG, &json},
		{"config", 'c', ARG_TEXT, &q.file},
		{"socket", 0, ARG_TEXT, &q.socket},
		{"baseline", 0, ARG_TEXT, &q.baseline},
		{"save", 0, ARG_TEXT, &q.save},
		{0},
	};
	int code = args_parse("audit", args, argc, argv);

	if (code >= 0)
		return code;
	if (json)
		format = "json";
	if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0 && strcmp(format, "yaml") != 0)
		return args_wrong("audit", "--format is text, json or yaml");
	q.format = format;
	if (q.file != NULL || q.socket != NULL)
		return ask_about(&q, site, what.n > 0);
	if (q.baseline != NULL || q.save != NULL)
		return args_wrong("audit", "--baseline and --save are about the running proxy: -c FILE or --socket PATH");
	if (what.n > 1 || (what.n == 0 && site == NULL))
		return args_wrong("audit", what.n > 1 ? "one page at a time" : "say which page: FILE, HAR or URL");
	a.arena = arena_new(NULL, ARENA_MAX);
	a.findings = tc_alloc(a.arena, AUDIT_FINDINGS_MAX * sizeof(*a.findings));
	a.source = tc_str_from(what.n > 0 ? what.v[0] : site);
	a.ca_file = tc_str_from(cacert);
	key = choice_key_load((struct tc_str){NULL, 0}, NULL);
	code = a.findings != NULL && key != NULL ? rules_make(&a, key) : 1;
	if (code < 0)
		code = audit_run(&a, what.n > 0 ? what.v[0] : NULL, site, format);
	tc_vendors_destroy(&a.vendors);
	snapshot_unref(&a.snapshot);
	choice_key_destroy(&key);
	arena_destroy(&a.arena);
	return code;
}
