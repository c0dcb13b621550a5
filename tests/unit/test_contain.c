/* test_contain.c: the second policy: on which answers, which hosts, and that the site's own stays as it is. */
#include "../../filters/contain.c"

#include "headfilter.h"

#define STRS(...) \
	(struct tc_strs){(const struct tc_str[]){__VA_ARGS__}, sizeof((const struct tc_str[]){__VA_ARGS__}) / sizeof(struct tc_str)}

/* The table has what the filter looks up in it: where the option `embeds` is. */
const struct tc_filter *const tc_filters[] = {&filter_contain, &filter_html, NULL};

static struct contain_opts report = {CONTAIN_REPORT}, enforce = {CONTAIN_ENFORCE}, none = {CONTAIN_NONE};
static struct html_opts embeds;
static const void *blocks[] = {NULL, &embeds};

static const char *
respond(struct fake_call *f, const struct contain_opts *o)
{
	f->rules.opts = blocks;
	f->call.opts = o;
	f->call.res = &f->res;
	assert_int_equal(filter_contain.response(&f->call), 0);
	return got(&f->res.fields, "Content-Security-Policy");
}

/* What a directive of the last policy says, without its name; "-" if it is not there. */
static const char *
directive(const struct fake_call *f, const char *name)
{
	static char text[8192];
	struct tc_str rest = z(got(&f->res.fields, "Content-Security-Policy"));

	while (rest.p != NULL) {
		struct tc_str d = tc_next(&rest, ';');
		size_t at = tc_find_byte(d, ' ');

		if (!tc_eq(tc_str_of(d.p, at), z(name)))
			continue;
		tc_skip(&d, at < d.n ? at + 1 : at);
		(void)snprintf(text, sizeof(text), "%.*s", (int)d.n, d.p);
		return text;
	}
	return "-";
}

static void
test_each_directive_is_named(void **state)
{
	struct fake_call *f = fake_new(&filter_contain);
	static const char *const same[] = {"default-src", "img-src", "font-src", "media-src", "frame-src"};

	(void)state;
	f->site.allow = STRS(TC_STR_INIT("fonts.gstatic.com"));
	f->route.allow = STRS(TC_STR_INIT("cdn.example.net"));
	(void)respond(f, &enforce);
#define HOSTS " www.example.com:* fonts.gstatic.com:* *.fonts.gstatic.com:* cdn.example.net:* *.cdn.example.net:*"
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		assert_string_equal(directive(f, same[i]), "'self' blob: data:" HOSTS);
	assert_string_equal(directive(f, "script-src"), "'self' 'unsafe-inline' 'unsafe-eval' blob: data:" HOSTS);
	assert_string_equal(directive(f, "style-src"), "'self' 'unsafe-inline' blob: data:" HOSTS);
	assert_string_equal(directive(f, "connect-src"), "'self' blob: data:" HOSTS " ws://www.example.com:* ws://fonts.gstatic.com:* ws://*.fonts.gstatic.com:* ws://cdn.example.net:*"
	    " ws://*.cdn.example.net:*");
	assert_string_equal(directive(f, "manifest-src"), "'self' data:" HOSTS);
	assert_string_equal(directive(f, "worker-src"), "'self' blob:");
	assert_string_equal(directive(f, "child-src"), "'self' blob:");
	assert_string_equal(directive(f, "object-src"), "'none'");
	assert_string_equal(directive(f, "webrtc"), "'block'");
	assert_string_equal(directive(f, "report-uri"), "/.well-known/tacet/csp-report");
	assert_string_equal(directive(f, "form-action"), "-"); /* a visitor's own act */
	assert_string_equal(directive(f, "upgrade-insecure-requests"), "-");
	assert_string_equal(got(&f->res.fields, "Content-Security-Policy-Report-Only"), "-");
	assert_int_equal(f->count[TC_DID_CONTAIN], 1);
	assert_false(f->differs); /* a page is private already */
	fake_free(&f);
}

static void
test_report(void **state)
{
	struct fake_call *f = fake_new(&filter_contain);
	char text[2048];

	(void)state;
	(void)snprintf(text, sizeof(text), "%s", respond(f, &enforce));
	fake_free(&f);
	f = fake_new(&filter_contain);
	assert_string_equal(respond(f, &report), "-");
	assert_string_equal(got(&f->res.fields, "Content-Security-Policy-Report-Only"), text);
	fake_free(&f);
}

/* Ours is one more; the site's are not read. */
static void
test_own_policies_stay(void **state)
{
	struct fake_call *f = fake_new(&filter_contain);
	const char *all;

	(void)state;
	put(&f->res.fields, "Content-Security-Policy", "default-src 'none'; script-src 'nonce-a' 'strict-dynamic'");
	put(&f->res.fields, "Content-Security-Policy-Report-Only", "default-src *");
	all = respond(f, &enforce);
	assert_non_null(strstr(all, "default-src 'none'; script-src 'nonce-a' 'strict-dynamic' | default-src 'self'"));
	assert_string_equal(got(&f->res.fields, "Content-Security-Policy-Report-Only"), "default-src *");
	fake_free(&f);
}

static void
test_hosts(void **state)
{
	static const struct tc_str name = TC_STR_INIT("cdn.cn.example");
	static const struct tc_strs residency = {&name, 1};
	struct fake_call *f = fake_new(&filter_contain);

	(void)state;
	f->site.hosts = STRS(TC_STR_INIT("*"), TC_STR_INIT("*.example.com"), TC_STR_INIT("example.com"));
	f->site.allow = STRS(TC_STR_INIT("a.example"));
	f->site.acts_for_us = STRS(TC_STR_INIT("stats.example"));
	(void)respond(f, &enforce);
	assert_string_equal(directive(f, "img-src"), "'self' blob: data: *.example.com:* example.com:* a.example:* *.a.example:*");
	f->res.fields.n = 0;
	f->decision.measurement = true;
	(void)respond(f, &enforce);
	assert_string_equal(directive(f, "img-src"), "'self' blob: data: *.example.com:* example.com:* a.example:* *.a.example:*"
	    " stats.example:* *.stats.example:*");
	f->res.fields.n = 0;
	f->decision.residency = &residency;
	(void)respond(f, &enforce);
	assert_string_equal(directive(f, "img-src"), "'self' blob: data: *.example.com:* example.com:* cdn.cn.example:*"
	    " *.cdn.cn.example:*");
	fake_free(&f);
}

/* Whatever a name holds, it is one source and no more. */
static void
test_odd_names_are_left_out(void **state)
{
	struct fake_call *f = fake_new(&filter_contain);

	(void)state;
	f->site.hosts = STRS(TC_STR_INIT("[::1]"), TC_STR_INIT(""));
	f->site.allow = STRS(TC_STR_INIT("a;script-src *"), TC_STR_INIT("a,b"), TC_STR_INIT("*"), TC_STR_INIT("*.b"), TC_STR_INIT("a b"));
	(void)respond(f, &enforce);
	assert_string_equal(directive(f, "img-src"), "'self' blob: data:");
	fake_free(&f);
}

static bool
contained(enum tc_dest dest, const char *type, int status, const char *accept)
{
	struct fake_call *f = fake_new(&filter_contain);
	bool yes;

	f->req.dest = dest;
	f->res.type = z(type);
	f->res.status = status;
	if (accept != NULL)
		put(&f->req.fields, "Accept", accept);
	yes = strcmp(respond(f, &enforce), "-") != 0;
	assert_int_equal(f->differs, yes && strcmp(type, "text/html") != 0);
	fake_free(&f);
	return yes;
}

static void
test_which_answers(void **state)
{
	(void)state;
	assert_true(contained(TC_DEST_DOCUMENT, "text/html", 200, NULL));
	assert_true(contained(TC_DEST_FRAME, "text/html", 404, NULL));
	assert_true(contained(TC_DEST_EMPTY, "text/html", 200, NULL)); /* a script may write it into the page, or a frame */
	assert_true(contained(TC_DEST_WORKER, "text/javascript", 200, NULL));
	assert_true(contained(TC_DEST_DOCUMENT, "image/svg+xml", 200, NULL));
	assert_true(contained(TC_DEST_ABSENT, "application/xml", 200, "text/html,*/*"));
	assert_true(contained(TC_DEST_DOCUMENT, "", 304, NULL));
	assert_false(contained(TC_DEST_IMAGE, "image/svg+xml", 200, NULL));
	assert_false(contained(TC_DEST_SCRIPT, "text/javascript", 200, NULL));
	assert_true(contained(TC_DEST_ABSENT, "application/x-javascript", 200, "*/*")); /* who knows what becomes of it */
	assert_false(contained(TC_DEST_ABSENT, "text/css", 200, "text/html"));
	assert_false(contained(TC_DEST_ABSENT, "application/rss+xml", 200, "*/*"));
	assert_false(contained(TC_DEST_IMAGE, "", 304, "image/*"));
	assert_false(contained(TC_DEST_DOCUMENT, "text/html", 103, NULL));
}

static void
test_for_whom(void **state)
{
	struct fake_call *f = fake_new(&filter_contain);

	(void)state;
	assert_string_equal(respond(f, &none), "-");
	f->decision.person = false; /* by law, without a word */
	f->decision.denied = TC_CLASS_BIT(TC_ADVERTISING);
	assert_string_not_equal(respond(f, &enforce), "-");
	f->res.fields.n = 0;
	f->decision.denied = 0;
	assert_string_equal(respond(f, &enforce), "-");
	assert_string_equal(respond(f, &report), "-");
	fake_free(&f);
}

/* Where bodies pass as they are, shared caches may keep pages: not this one. */
static void
test_bodies_that_pass(void **state)
{
	struct fake_call *f = fake_new(&filter_contain);

	(void)state;
	f->decision.pass_bodies = true;
	f->route.filter = TC_ROUTE_NONE;
	assert_string_not_equal(respond(f, &enforce), "-");
	assert_true(f->differs);
	fake_free(&f);
}

static void
test_embeds(void **state)
{
	struct fake_call *f = fake_new(&filter_contain);
	char before[8192];

	(void)state;
	embeds.embeds = EMBEDS_PRIVACY_MODE;
	f->site.allow = STRS(TC_STR_INIT("www.youtube.com"));
	(void)respond(f, &enforce);
	assert_non_null(strstr(directive(f, "frame-src"), " www.youtube-nocookie.com"));
	assert_non_null(strstr(directive(f, "frame-src"), " player.vimeo.com"));
	assert_null(strstr(directive(f, "frame-src"), " open.spotify.com")); /* it has no such mode */
	assert_null(strstr(directive(f, "img-src"), "nocookie"));
	(void)snprintf(before, sizeof(before), "%s", got(&f->res.fields, "Content-Security-Policy"));
	assert_int_equal(embed_policies(&f->call, EMBEDS_PRIVACY_MODE), 0); /* what the rewriter does next finds nothing to add */
	assert_string_equal(got(&f->res.fields, "Content-Security-Policy"), before);
	f->res.fields.n = 0;
	embeds.embeds = EMBEDS_CLICK_TO_LOAD;
	(void)respond(f, &enforce);
	assert_non_null(strstr(directive(f, "frame-src"), " open.spotify.com"));
	assert_non_null(strstr(directive(f, "frame-src"), " www.google.com"));
	assert_true(strlen(got(&f->res.fields, "Content-Security-Policy")) < 6144);
	f->res.fields.n = 0;
	embeds.embeds = EMBEDS_KEEP;
	(void)respond(f, &enforce);
	assert_null(strstr(directive(f, "frame-src"), "nocookie"));
	fake_free(&f);
}

/* A policy is made once for what it depends on, and is another one for anything else, however many there are. */
static void
test_made_once(void **state)
{
	enum { ROUTES = 2 * SLOTS };
	static struct tc_route routes[ROUTES];
	static struct tc_str hosts[ROUTES];
	static char names[ROUTES][24];
	static const struct tc_strs residency = {NULL, 0};
	void *conf = NULL;

	(void)state;
	assert_int_equal(filter_contain.load(NULL, &conf), 0);
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < ROUTES; i++) {
			struct fake_call *f = fake_new(&filter_contain);
			char want[32];

			(void)snprintf(names[i], sizeof(names[i]), "h%zu.example", i);
			hosts[i] = z(names[i]);
			routes[i].allow = (struct tc_strs){&hosts[i], 1};
			f->call.route = &routes[i];
			f->call.conf = conf;
			f->call.site = &(const struct tc_site){.hosts = STRS(TC_STR_INIT("www.example.com"))};
			f->decision.residency = NULL;
			(void)snprintf(want, sizeof(want), " %s:*", names[i]);
			(void)respond(f, &enforce);
			assert_non_null(strstr(directive(f, "img-src"), want));
			f->decision.residency = &residency;
			tc_field_drop(&f->res.fields, TC_F_CONTENT_SECURITY_POLICY);
			(void)respond(f, &enforce);
			assert_null(strstr(directive(f, "img-src"), want));
			fake_free(&f);
		}
	filter_contain.unload(conf);
}

static void
test_found_again(void **state)
{
	struct fake_call *f = fake_new(&filter_contain);
	const char *first;
	void *conf = NULL;

	(void)state;
	assert_int_equal(filter_contain.load(NULL, &conf), 0);
	f->call.conf = conf;
	(void)respond(f, &enforce); /* made, for this arena */
	(void)tc_field_drop(&f->res.fields, TC_F_CONTENT_SECURITY_POLICY);
	(void)respond(f, &enforce);
	first = tc_field_first(&f->res.fields, TC_F_CONTENT_SECURITY_POLICY)->value.p;
	(void)tc_field_drop(&f->res.fields, TC_F_CONTENT_SECURITY_POLICY);
	(void)respond(f, &enforce);
	assert_ptr_equal(tc_field_first(&f->res.fields, TC_F_CONTENT_SECURITY_POLICY)->value.p, first);
	fake_free(&f);
	filter_contain.unload(conf);
}

static void
test_arena_at_its_limit(void **state)
{
	(void)state;
	for (size_t max = 4096; max < 32768; max += 512) {
		struct fake_call *f = fake_new(&filter_contain);
		struct tc_arena *small = arena_new(NULL, max);
		int rc;

		f->call.arena = f->res.fields.arena = small;
		f->call.opts = &enforce;
		f->call.res = &f->res;
		rc = filter_contain.response(&f->call);
		assert_true(rc == 0 || rc == 502);
		arena_destroy(&small);
		fake_free(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_directive_is_named),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_own_policies_stay),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_odd_names_are_left_out),
		cmocka_unit_test(test_which_answers),
		cmocka_unit_test(test_for_whom),
		cmocka_unit_test(test_bodies_that_pass),
		cmocka_unit_test(test_embeds),
		cmocka_unit_test(test_made_once),
		cmocka_unit_test(test_found_again),
		cmocka_unit_test(test_arena_at_its_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
