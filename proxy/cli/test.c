/*
 * test.c: `tacet test`: the tests of a configuration, in-process through the real decision and filters (ux.md 5). TAP lines;
 * what differs is said as check says it, with the command that repeats it.
 */
#include <regex.h>
#include <stdio.h>

#include "base/arena.h"
#include "cli/args.h"
#include "cli/verbs.h"
#include "core/dry.h"

#define ARENA_MAX ((size_t)128 << 20)

struct test {
	struct arg_list files;
	const char *filter;
	bool json;
	size_t number, failed;
};

/* One test under way. */
struct trial {
	const struct snapshot *s;
	const struct config_test *t;
	struct tc_arena *arena;
	struct dry_result *out;
	struct messages *m;
};

static const struct tc_str SOURCE_NAMES[] = {
#define X(e, name) [TC_SRC_##e] = TC_STR_INIT(name),
    TC_SOURCES(X)
#undef X
};

/* ---- what came out ---- */

/* All values of a field, joined; p = NULL: it is not there. */
static struct tc_str
value_of(struct trial *r, const struct tc_fields *fs, struct tc_str name)
{
	struct tc_str all = {NULL, 0};

	for (size_t i = 0; i < fs->n; i++) {
		const struct tc_field *f = &fs->v[i];

		if (f->dropped || !tc_ieq(f->id != TC_F_OTHER ? tc_field_name((enum tc_fid)f->id) : f->name, name))
			continue;
		all = all.p == NULL ? f->value : tc_join(r->arena, (const struct tc_str[]){all, TC_STR(", "), f->value}, 3);
	}
	return all;
}

/* Names of the cookies that survive: those sent to the origin, and those set. */
static bool
has_cookie(struct trial *r, struct tc_str name)
{
	const struct tc_fields *sent = &r->out->request.fields, *set = &r->out->response.fields;

	for (size_t i = 0; i < sent->n; i++) {
		struct tc_str rest = sent->v[i].value;

		while (sent->v[i].id == TC_F_COOKIE && !sent->v[i].dropped && rest.p != NULL) {
			struct tc_str pair = tc_trim(tc_next(&rest, ';'));

			if (tc_eq(tc_str_of(pair.p, tc_find_byte(pair, '=')), name))
				return true;
		}
	}
	for (size_t i = 0; i < set->n; i++)
		if (set->v[i].id == TC_F_SET_COOKIE && !set->v[i].dropped &&
		    tc_eq(tc_str_of(set->v[i].value.p, tc_find_byte(set->v[i].value, '=')), name) &&
		    tc_find(set->v[i].value, TC_STR("Max-Age=0")) == set->v[i].value.n)
			return true;
	return false;
}

/* The names that the test's own request and response bring, of which some may be gone. */
static void
each_cookie(struct trial *r, void (*see)(struct trial *r, struct tc_str name, void *ctx), void *ctx)
{
	const struct tc_strs *lists[] = {&r->t->fields, &r->t->response_fields};

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < lists[k]->n; i++) {
			struct tc_str value = lists[k]->v[i], name = tc_next(&value, ':');
			bool set = tc_ieq(name, TC_STR("Set-Cookie"));

			if (!set && !tc_ieq(name, TC_STR("Cookie")))
				continue;
			while (value.p != NULL) {
				struct tc_str pair = tc_trim(tc_next(&value, ';'));

				see(r, tc_str_of(pair.p, tc_find_byte(pair, '=')), ctx);
				if (set)
					break;
			}
		}
}

struct survivors {
	const struct tc_strs *expected;
	struct buf text;
	size_t n;
	bool differs;
};

static bool
among(const struct tc_strs *names, struct tc_str name)
{
	for (size_t i = 0; i < names->n; i++)
		if (tc_eq(names->v[i], name))
			return true;
	return false;
}

static void
see_cookie(struct trial *r, struct tc_str name, void *ctx)
{
	struct survivors *s = ctx;

	if (!has_cookie(r, name))
		return;
	s->differs |= !among(s->expected, name);
	(void)buf_printf(&s->text, "%s%.*s", s->n++ > 0 ? ", " : "", (int)name.n, name.p);
}

/* true: the same set; else *got says which survived. */
static bool
cookies_same(struct trial *r, const struct config_expect *e, struct tc_str *got)
{
	struct survivors s = {.expected = &e->words};

	buf_init(&s.text, 1 << 16);
	each_cookie(r, see_cookie, &s);
	for (size_t i = 0; i < e->words.n; i++)
		s.differs |= !has_cookie(r, e->words.v[i]);
	*got = tc_copy(r->arena, buf_str(&s.text));
	buf_reset(&s.text);
	return !s.differs;
}

static struct tc_str
number(struct trial *r, int n)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", n);

	return tc_copy(r->arena, tc_str_of(text, (size_t)length));
}

static int
status_of(const struct dry_result *out, const struct config_test *t)
{
	if (out->outcome == DRY_ANSWERED || out->outcome == DRY_NO_SITE)
		return out->status;
	return out->outcome == DRY_FORWARDED && t->has_response ? out->response.status : 200;
}

/* ---- one expectation ---- */

/* Whether it came true; *got: what came instead. */
static bool
holds(struct trial *r, const struct config_expect *e, struct tc_str *got)
{
	const struct dry_result *out = r->out;
	bool there;

	switch (e->kind) {
	case EXPECT_REGION: *got = out->decision.region; return tc_eq(*got, e->text);
	case EXPECT_RULE_SET: *got = out->decision.rules->name; return tc_eq(*got, e->text);
	case EXPECT_DECISION: *got = out->decision.out ? TC_STR("out") : TC_STR("in"); return tc_eq(*got, e->text);
	case EXPECT_SRC:
		*got = out->decision.src == TC_SRC_NONE ? TC_STR("none") : SOURCE_NAMES[out->decision.src];
		return tc_eq(*got, e->text);
	case EXPECT_QUERY:
		*got = out->request.query.p != NULL ? out->request.query : TC_STR("");
		return tc_eq(*got, e->text);
	case EXPECT_STATUS: *got = number(r, status_of(out, r->t)); return tc_eq(*got, e->text);
	case EXPECT_COOKIES: return cookies_same(r, e, got);
	case EXPECT_SENT_HEADER:
	case EXPECT_HEADER:
		*got = value_of(r, e->kind == EXPECT_HEADER ? &out->response.fields : &out->request.fields, e->key);
		there = got->p != NULL;
		return e->absent ? !there : there && tc_eq(*got, e->text);
	case EXPECT_BODY_HAS:
	case EXPECT_BODY_LACKS:
		there = tc_find(out->body, e->text) < out->body.n;
		*got = there ? TC_STR("it is there") : TC_STR("it is not there");
		return there == (e->kind == EXPECT_BODY_HAS);
	case EXPECT_BODY_SAME:
		there = tc_eq(out->body, r->t->body);
		*got = there ? TC_STR("true") : TC_STR("false");
		return tc_eq(e->text, *got);
	}
	return false;
}

/* The command that shows how it came about. */
static struct tc_str
repeat(struct trial *r)
{
	struct tc_str file = r->s->config->file, from = r->t->from;
	struct buf b;
	struct tc_str copy;

	buf_init(&b, 1 << 16);
	(void)buf_printf(&b, "tacet explain -c %.*s '%.*s'", (int)file.n, file.p, (int)r->t->url.n, r->t->url.p);
	if (from.n > 0)
		(void)buf_printf(&b, " --from %.*s", (int)from.n, from.p);
	for (size_t i = 0; i < r->t->fields.n; i++)
		(void)buf_printf(&b, " -H '%.*s'", (int)r->t->fields.v[i].n, r->t->fields.v[i].p);
	copy = tc_copy(r->arena, buf_str(&b));
	buf_reset(&b);
	return copy;
}

static void
say_differs(struct trial *r, const struct config_expect *e, struct tc_str got)
{
	struct message msg = {.severity = SEVERITY_ERROR, .code = "test-failed", .path = TC_STR("tests.expect")};
	char text[400];
	int n;

	if (got.p == NULL)
		got = TC_STR("nothing");
	config_point(e->at, &msg);
	n = snprintf(text, sizeof(text), "%.*s: expected %s%.*s, got %.*s", (int)r->t->name.n, r->t->name.p,
	    e->absent ? "nothing" : "", e->absent ? 0 : (int)e->text.n, e->text.p, (int)got.n, got.p);
	msg.text = tc_str_of(text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
	msg.hint = repeat(r);
	messages_add(r->m, &msg);
}

static bool
say_impossible(struct trial *r, const char *why, const char *hint)
{
	struct message msg = {.severity = SEVERITY_ERROR, .code = "test-impossible", .path = TC_STR("tests.request")};

	config_point(r->t->at, &msg);
	msg.text = tc_join(r->arena, (const struct tc_str[]){r->t->name, TC_STR(": "), tc_str_from(why)}, 3);
	msg.hint = tc_str_from(hint);
	messages_add(r->m, &msg);
	return false;
}

/* ---- one test ---- */

static void
find_place(const struct snapshot *s, const struct config_test *t, struct place *out)
{
	struct tc_addr a;

	*out = s->config->geo_unknown;
	if (t->from.n > 0) {
		(void)place_parse(t->from, out);
	} else if (t->ip.n > 0 && addr_parse(t->ip, &a)) {
		if (geo_lookup(s->geo, &a, out) != GEO_FOUND)
			*out = s->config->geo_unknown;
		addr_wipe(&a);
	}
}

static bool
run_trial(struct trial *r)
{
	const struct config_test *t = r->t;
	struct dry_request in = {.method = t->method,
	    .url = t->url,
	    .fields = t->fields,
	    .has_response = t->has_response,
	    .status = t->status,
	    .response_fields = t->response_fields,
	    .body = t->body,
	    .day = t->day != INT32_MIN ? t->day : args_today()};
	bool passed = true;
	int code;

	find_place(r->s, t, &in.place);
	r->out = tc_alloc(r->arena, sizeof(*r->out));
	if (r->out == NULL)
		abort();
	code = dry_run(r->s, &in, NULL, r->arena, r->out);
	if (code != 0)
		return say_impossible(r, "this is no request that a browser could send",
		    "write url: \"https://host/path\", and fields as they stand on the wire");
	if (r->out->outcome == DRY_NO_SITE)
		return say_impossible(r, "no site has this host", "name the host under sites.hosts, or another one in url");
	for (size_t i = 0; i < t->expect_count; i++) {
		struct tc_str got = {NULL, 0};

		if (holds(r, &t->expect[i], &got))
			continue;
		say_differs(r, &t->expect[i], got);
		passed = false;
	}
	return passed;
}

static void
run_test(struct test *v, const struct snapshot *s, const struct config_test *t, struct messages *m)
{
	struct trial r = {.s = s, .t = t, .arena = arena_new(NULL, ARENA_MAX), .m = m};
	bool passed;

	if (r.arena == NULL)
		abort();
	passed = run_trial(&r);
	v->number++;
	v->failed += !passed;
	if (!v->json)
		(void)printf("%s %zu - %.*s\n", passed ? "ok" : "not ok", v->number, (int)t->name.n, t->name.p);
	arena_destroy(&r.arena);
}

/* ---- files ---- */

static bool
chosen(const regex_t *filter, struct tc_str name)
{
	char text[512];

	if (filter == NULL)
		return true;
	(void)snprintf(text, sizeof(text), "%.*s", (int)name.n, name.p);
	return regexec(filter, text, 0, NULL, 0) == 0;
}

/* What run would build; NULL: standard error says why. Warnings are for check to give. */
static struct snapshot *
build(const char *file, struct choice_key *key)
{
	static const struct config_overrides judge = {.judge = true};
	struct messages *m = messages_new();
	struct config *c = NULL;
	struct snapshot *s = NULL;
	struct buf why;

	buf_init(&why, 1 << 16);
	if (config_load(file, &judge, &c, m) == 0)
		s = snapshot_build(c, key, NULL, &why);
	else
		messages_print(m, stderr);
	if (s == NULL)
		(void)fwrite(buf_str(&why).p, 1, why.n, stderr);
	buf_reset(&why);
	messages_destroy(&m);
	return s;
}

static int
test_file(struct test *v, const char *file, struct choice_key *key, const regex_t *filter, struct messages *m)
{
	struct snapshot *s = build(file, key);

	if (s == NULL)
		return 78;
	for (size_t i = 0; i < s->config->test_count; i++)
		if (chosen(filter, s->config->tests[i].name))
			run_test(v, s, &s->config->tests[i], m);
	snapshot_unref(&s);
	return 0;
}

static int
test_files(struct test *v, const regex_t *filter)
{
	struct choice_key *key = choice_key_load(TC_STR(""), NULL);
	struct messages *m = messages_new();
	int code = 0;

	if (key == NULL)
		abort();
	for (size_t i = 0; i < v->files.n && code == 0; i++)
		code = test_file(v, v->files.v[i], key, filter, m);
	if (v->json) {
		messages_print_json(m, stdout);
	} else {
		messages_print(m, stderr);
		(void)printf("1..%zu\n# %zu passed, %zu failed\n", v->number, v->number - v->failed, v->failed);
	}
	messages_destroy(&m);
	choice_key_destroy(&key);
	return code != 0 ? code : v->failed > 0;
}

int
verb_test(int argc, char **argv)
{
	struct test v = {0};
	const char *format = "text";
	const struct arg args[] = {
		{"config", 'c', ARG_MANY, &v.files},
		{"files", 0, ARG_OTHER, &v.files},
		{"filter", 0, ARG_TEXT, &v.filter},
		{"format", 0, ARG_TEXT, &format},
		{0},
	};
	int code = args_parse("test", args, argc, argv);
	regex_t filter;

	if (code >= 0)
		return code;
	v.json = strcmp(format, "json") == 0;
	if (!v.json && strcmp(format, "text") != 0)
		return args_wrong("test", "--format is text or json");
	if (v.files.n == 0)
		return args_wrong("test", "say which file: -c FILE");
	if (v.filter != NULL && regcomp(&filter, v.filter, REG_EXTENDED | REG_NOSUB) != 0)
		return args_wrong("test", "--filter: no regular expression");
	code = test_files(&v, v.filter != NULL ? &filter : NULL);
	if (v.filter != NULL)
		regfree(&filter);
	return code;
}
