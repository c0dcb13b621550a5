/*
 * verify_judge.c: what is wrong with the answer that a visitor got. Three judges that know nothing of each other:
 *
 *	filters   the answer goes through the filters once more, as for this visitor: what they still find should not be there
 *	text      addresses in the bytes of tags and scripts, looked up in the lists without any parser of ours
 *	promise   fields and the status text that an empty page would get must be on this one
 */
#include "core/verify.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "core/dry.h"
#include "tacet/vendor.h"

#define ARENA_MAX ((size_t)128 << 20)
#define LOOK_BACK 4096 /* bytes to the tag that an address stands in */
#define NAMED_MAX 3    /* survivors of one answer that are named */

static const struct tc_str CLASS_NAMES[TC_CLASS_COUNT] = {
#define X(e, name) [TC_##e] = TC_STR_INIT(name),
    TC_CLASSES(X)
#undef X
};

/* ---- what is wrong, in words ---- */

struct faults {
	struct buf *found;
	size_t n, named;
};

static void
fault(struct faults *f, struct tc_str what, const char *why)
{
	f->n++;
	if (f->named++ < NAMED_MAX)
		(void)buf_printf(
		    f->found, "%s%.*s%s", f->found->n > 0 ? "; " : "", (int)(what.n < 200 ? what.n : 200), what.p, why);
}

static struct tc_str
without_query(struct tc_str what)
{
	return tc_str_of(what.p, tc_find_byte(what, '?'));
}

/* ---- the filters, once more ---- */

struct second {
	struct faults *faults; /* NULL: only counted */
	size_t n;
};

/* What is about a page that has come, and about what it would make its visitor's browser do. */
static bool
is_of_answer(enum tc_action action)
{
	static const bool none[TC_DID_COUNT] = {
		[TC_DID_REQUEST_COOKIE] = true,
		[TC_DID_EXPIRED_COOKIE] = true,
		[TC_DID_PARAMETER] = true,
		[TC_DID_REQUEST_FIELD] = true,
		[TC_DID_ENDPOINT] = true,
		[TC_DID_STATUS] = true,
		[TC_DID_DISAMBIGUATED] = true,
		[TC_DID_OVERFLOW] = true,
		[TC_DID_CONTAIN] = true,
		[TC_DID_BRIDGE] = true,
	};

	return !none[action];
}

static void
saw(void *ctx, enum tc_action action, enum tc_class class, enum tc_pack pack, struct tc_str what)
{
	struct second *s = ctx;

	(void)pack;
	if (!is_of_answer(action))
		return;
	s->n++;
	if (s->faults != NULL) {
		char why[64];

		(void)snprintf(why, sizeof(why), " (%.*s) is there", (int)CLASS_NAMES[class].n, CLASS_NAMES[class].p);
		fault(s->faults, without_query(what), why);
	}
}

/* Runs an answer through the filters for somebody of these facts. What lives in the arena dies with it. */
static int
run_again(const struct verify_visit *at, const struct facts *facts, const struct fetch_answer *answer, struct second *s,
    struct tc_arena *arena, struct dry_result *out)
{
	static const struct tc_str fields[] = {TC_STR_INIT("Accept: text/html"), TC_STR_INIT("Sec-Fetch-Dest: document")};
	const struct chain_watch watch = {.saw = saw, .ctx = s};
	struct dry_request in = {
		.method = TC_STR("GET"),
		.url = verify_text(arena, "%s://%.*s%.*s", verify_scheme(at), (int)at->authority.n, at->authority.p,
		    (int)at->page.n, at->page.p),
		.fields = {fields, sizeof(fields) / sizeof(fields[0])},
		.facts = facts,
		.has_response = true,
		.status = answer->head.status,
		.body = answer->body,
	};

	if (!fetch_lines(answer, arena, &in.response_fields))
		return -1;
	return dry_run(at->v->s, &in, &watch, arena, out);
}

static void
judge_by_filters(const struct verify_visit *at, const struct fetch_answer *answer, struct faults *f)
{
	struct tc_arena *arena = arena_new(NULL, ARENA_MAX);
	struct second s = {.faults = f};
	struct dry_result *out = tc_alloc(arena, sizeof(*out));

	if (out == NULL || run_again(at, &at->facts, answer, &s, arena, out) != 0 || out->broken)
		fault(f, TC_STR("the answer"), " cannot be read");
	arena_destroy(&arena);
}

size_t
verify_loss(const struct verify_visit *at, const struct fetch_answer *answer)
{
	const struct facts no = {.gpc = true, .dnt = true, .choice = CHOICE_OUT, .day = at->v->day};
	struct tc_arena *arena = arena_new(NULL, ARENA_MAX);
	struct dry_result *out = tc_alloc(arena, sizeof(*out));
	struct second s = {.faults = NULL};

	if (out != NULL)
		(void)run_again(at, &no, answer, &s, arena, out);
	arena_destroy(&arena);
	return s.n;
}

/* ---- the text ---- */

/* The text with \/ as / and &amp; as &, as scripts and attributes mean it. p = NULL: no memory. */
static struct tc_str
plain_text(struct tc_arena *arena, struct tc_str body)
{
	char *out = tc_alloc_bytes(arena, body.n + 1);
	size_t n = 0;

	for (size_t i = 0; out != NULL && i < body.n; i++) {
		if (body.p[i] == '\\' && i + 1 < body.n && body.p[i + 1] == '/')
			continue;
		out[n++] = body.p[i];
		if (tc_istarts(tc_str_of(body.p + i, body.n - i), TC_STR("&amp;")))
			i += 4;
	}
	return tc_str_of(out, n);
}

/* Whether something at this place is asked for without a click: in a tag but of links, or in a script or a style. */
static bool
is_asked_for(struct tc_str text, size_t at)
{
	static const struct tc_str clicked[] = {TC_STR_INIT("a "), TC_STR_INIT("a\n"), TC_STR_INIT("area"),
	    TC_STR_INIT("base"), TC_STR_INIT("form"), TC_STR_INIT("!--")};
	static const struct tc_str raw[] = {TC_STR_INIT("script"), TC_STR_INIT("style"), TC_STR_INIT("noscript")};
	size_t stop = at > LOOK_BACK ? at - LOOK_BACK : 0, open = at;
	struct tc_str tag;

	while (open > stop && text.p[open] != '<')
		open--;
	if (text.p[open] != '<')
		return true; /* a long script */
	tag = tc_str_of(text.p + open + 1, at - open - 1);
	if (tc_find_byte(tag, '>') == tag.n) {
		for (size_t i = 0; i < sizeof(clicked) / sizeof(clicked[0]); i++)
			if (tc_istarts(tag, clicked[i]))
				return false;
		return true;
	}
	for (size_t i = 0; i < sizeof(raw) / sizeof(raw[0]); i++)
		if (tc_istarts(tag, raw[i]))
			return true;
	return false;
}

static bool
is_let_through(struct tc_strs hosts, struct tc_str host)
{
	for (size_t i = 0; i < hosts.n; i++) {
		struct tc_str h = hosts.v[i];

		if (tc_eq(h, host) || (tc_ends(host, h) && host.n > h.n && host.p[host.n - h.n - 1] == '.'))
			return true;
	}
	return false;
}

static const void *
lists_of(const struct snapshot *s)
{
	for (size_t i = 0; tc_filters[i] != NULL; i++)
		if (strcmp(tc_filters[i]->name, "lists") == 0)
			return s->confs[i];
	return NULL;
}

static void
judge_address(const struct verify_visit *at, struct tc_str url, const void *lists, struct faults *f)
{
	static const enum tc_dest as[] = {TC_DEST_SCRIPT, TC_DEST_IMAGE};
	char buf[TC_ADDRESS_ROOM];
	struct tc_address address;
	struct tc_listed listed;

	if (!tc_address_read(&address, url, buf) || is_let_through(at->site->pub.allow, address.host) ||
	    is_let_through(at->route->allow, address.host) || is_let_through(at->site->pub.acts_for_us, address.host))
		return;
	for (size_t i = 0; i < sizeof(as) / sizeof(as[0]); i++)
		if (tc_lists_ask(lists, at->authority, &address, as[i], &listed) == TC_BLOCKED &&
		    (at->decision.denied & TC_CLASS_BIT(listed.class)) != 0) {
			fault(f, without_query(address.text), " stands in the text");
			return;
		}
}

/* Where an address ends. */
static bool
ends_address(char c)
{
	return (unsigned char)c <= ' ' || strchr("\"'`<>\\()", c) != NULL;
}

static void
judge_by_text(const struct verify_visit *at, const struct fetch_answer *answer, struct faults *f)
{
	struct tc_arena *arena = arena_new(NULL, ARENA_MAX);
	struct tc_str text = plain_text(arena, answer->body);
	const void *lists = lists_of(at->v->s);

	for (size_t i = 1; text.p != NULL && i + 2 < text.n; i++) {
		struct tc_str rest = tc_str_of(text.p + i, text.n - i), url;
		size_t n = 2;

		if (!tc_starts(rest, TC_STR("//")) || text.p[i - 1] == '/')
			continue;
		while (n < rest.n && !ends_address(rest.p[n]))
			n++;
		url = tc_join(arena, (const struct tc_str[]){TC_STR("https:"), tc_str_of(rest.p, n)}, 2);
		if (url.p != NULL && n > 5 && is_asked_for(text, i))
			judge_address(at, url, lists, f);
		i += n - 1;
	}
	arena_destroy(&arena);
}

/* ---- what belongs to every page ---- */

static bool
is_policy(const struct tc_field *f)
{
	return f->id == TC_F_CONTENT_SECURITY_POLICY || f->id == TC_F_CONTENT_SECURITY_POLICY_REPORT_ONLY;
}

/* Each member of ours is among them. */
static bool
has_members(struct tc_str list, struct tc_str ours)
{
	while (ours.p != NULL) {
		struct tc_str member = tc_next(&ours, ',');

		if (tc_find(list, member) == list.n)
			return false;
	}
	return true;
}

/* Several policies add up, so ours has to be there word for word; a site may tell less of where visitors come from than we do. */
static bool
is_as_good(const struct tc_field *f, const struct tc_field *want)
{
	if (want->id == TC_F_PERMISSIONS_POLICY)
		return has_members(f->value, want->value);
	return tc_eq(f->value, want->value) || (want->id == TC_F_REFERRER_POLICY && tc_eq(f->value, TC_STR("no-referrer")));
}

static bool
has_like(const struct tc_fields *fs, const struct tc_field *want)
{
	for (size_t i = 0; i < fs->n; i++)
		if (!fs->v[i].dropped && tc_ieq(fs->v[i].name, want->name) && is_as_good(&fs->v[i], want))
			return true;
	return false;
}

/* What stands on the answer to an empty page has to stand on this one, too. */
static void
compare_fields(const struct tc_fields *want, const struct tc_fields *got, struct faults *f)
{
	for (size_t i = 0; i < want->n; i++) {
		const struct tc_field *w = &want->v[i];
		bool asked = is_policy(w) || w->id == TC_F_PERMISSIONS_POLICY || w->id == TC_F_REFERRER_POLICY ||
		    tc_ieq(w->name, TC_STR("Tk"));

		if (asked && !w->dropped && !has_like(got, w))
			fault(f, w->name, " of ours is not there");
	}
}

static void
judge_by_promise(const struct verify_visit *at, const struct fetch_answer *answer, struct faults *f)
{
	static const struct tc_str mark = TC_STR_INIT("data-tacet=\"status\"");
	struct tc_arena *arena = arena_new(NULL, ARENA_MAX);
	struct dry_result *out = tc_alloc(arena, sizeof(*out));
	struct fetch_answer empty = {.head = {.status = 200, .fields = {.arena = arena}},
	    .body = TC_STR("<!doctype html><html><head><title>x</title></head><body></body></html>")};
	struct second s = {.faults = NULL};

	if (out == NULL || tc_field_add(&empty.head.fields, TC_F_CONTENT_TYPE, TC_STR("text/html; charset=utf-8")) < 0 ||
	    run_again(at, &at->facts, &empty, &s, arena, out) != 0) {
		fault(f, TC_STR("the filters"), " do not run");
		arena_destroy(&arena);
		return;
	}
	compare_fields(&out->response.fields, &answer->head.fields, f);
	if (tc_find(out->body, mark) < out->body.n && tc_find(answer->body, mark) == answer->body.n)
		fault(f, TC_STR("the status text"), " is not there");
	arena_destroy(&arena);
}

/* ---- cookies that nobody knows ---- */

static bool
is_kept(const struct config_site *site, struct tc_str cookie)
{
	for (size_t i = 0; i < site->pub.keep_cookies.n; i++)
		if (tc_eq(site->pub.keep_cookies.v[i], cookie))
			return true;
	return false;
}

static void
judge_cookies(const struct verify_visit *at, const struct fetch_answer *answer, struct faults *f)
{
	const struct tc_fields *fs = &answer->head.fields;
	struct tc_vendor known;

	for (size_t i = 0; i < fs->n; i++) {
		struct tc_str value = fs->v[i].value, name = tc_trim(tc_str_of(value.p, tc_find_byte(value, '=')));

		if (fs->v[i].id == TC_F_SET_COOKIE && !tc_eq(name, TC_STR("tacet_choice")) && !is_kept(at->site, name) &&
		    !tc_cookie_known(name, &known) && tc_find(value, TC_STR("Max-Age=0")) == value.n)
			fault(f, name, ": a cookie that nobody knows");
	}
}

void
verify_judge(const struct verify_visit *at, const struct fetch_answer *answer, struct buf *found)
{
	struct faults f = {.found = found};
	bool html = tc_istarts(tc_field_value(&answer->head.fields, TC_F_CONTENT_TYPE), TC_STR("text/html"));

	if (at->decision.denied != 0) {
		judge_by_filters(at, answer, &f);
		if (!at->decision.pass_bodies)
			judge_by_text(at, answer, &f);
	}
	if (html)
		judge_by_promise(at, answer, &f);
	if (at->v->strict)
		judge_cookies(at, answer, &f);
	if (f.n > NAMED_MAX)
		(void)buf_printf(found, "; and %zu more", f.n - NAMED_MAX);
}
