/*
 * bench_heads.c: what do the head filters cost for one page request and its response? Goal: under 1.5 us for a visitor
 * who opted out, with a browser's usual fields and five cookies (decision not included).
 *
 * Each case runs all head hooks in the order of the table, with the built-in pack loaded. Min and median of several
 * rounds; the heads are made anew for each run, which is measured apart and taken off.
 */
#include <time.h>

#include "../../tests/unit/call.h"
#include "filters/match/match.h"
#include "filters/match/pack.h"

extern const struct tc_filter filter_endpoint, filter_surrogate, filter_query, filter_cookies, filter_fields,
    filter_contain, filter_decode, filter_encode;

enum { ROUNDS = 15,
	RUNS = 20000,
	FIELDS_MAX = 40 };

static const struct tc_filter *const order[] = {&filter_endpoint, &filter_surrogate, &filter_query, &filter_cookies,
    &filter_fields, &filter_contain, &filter_decode, &filter_encode};
enum { COUNT = sizeof(order) / sizeof(*order) };

struct head {
	const char *name, *value;
};

static const struct head browser[] = {
	{"Host", "www.example.com"},
	{"Connection", "keep-alive"},
	{"sec-ch-ua", "\"Chromium\";v=\"130\", \"Not?A_Brand\";v=\"99\""},
	{"sec-ch-ua-mobile", "?0"},
	{"sec-ch-ua-platform", "\"Linux\""},
	{"Upgrade-Insecure-Requests", "1"},
	{"User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"},
	{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
	    "application/signed-exchange;v=b3;q=0.7"},
	{"Sec-GPC", "1"},
	{"Sec-Fetch-Site", "same-origin"},
	{"Sec-Fetch-Mode", "navigate"},
	{"Sec-Fetch-User", "?1"},
	{"Sec-Fetch-Dest", "document"},
	{"Referer", "https://www.example.com/products"},
	{"Accept-Encoding", "gzip, deflate, br, zstd"},
	{"Accept-Language", "en-GB,en;q=0.9"},
	{"Cookie", "sid=8f14e45fceea167a; _ga=GA1.1.1234567890.1700000000; _gid=GA1.1.987654321.1700000000; "
	    "_fbp=fb.1.1700000000000.1234567890; cart=3"},
};

static const struct head page[] = {
	{"Server", "nginx"},
	{"Date", "Thu, 21 Nov 2024 10:00:00 GMT"},
	{"Content-Type", "text/html; charset=UTF-8"},
	{"Transfer-Encoding", "chunked"},
	{"Connection", "keep-alive"},
	{"Vary", "Accept-Encoding"},
	{"X-Powered-By", "PHP/8.2"},
	{"Link", "<https://www.example.com/wp-json/>; rel=\"https://api.w.org/\""},
	{"Cache-Control", "max-age=0, must-revalidate"},
	{"Set-Cookie", "sid=8f14e45fceea167a; Path=/; HttpOnly; Secure; SameSite=Lax"},
	{"Strict-Transport-Security", "max-age=31536000"},
	{"X-Frame-Options", "SAMEORIGIN"},
	{"X-Content-Type-Options", "nosniff"},
	{"Content-Encoding", "gzip"},
};

/* Option blocks as the built-in default has them; the order of members is that of the option rows. */
static const struct tc_str click_ids[] = {TC_STR_INIT("click-ids")};
static struct {
	struct tc_strs strip;
} query_opts = {{click_ids, 1}};
static struct {
	int request, response;
} cookie_opts = {1, 1};
static struct {
	int referrer;
} fields_opts = {0};
static struct {
	int contain;
} contain_opts = {2};

/* Third parties of a site that contains the others. */
static const struct tc_str allowed[] = {TC_STR_INIT("fonts.gstatic.com"), TC_STR_INIT("fonts.googleapis.com"),
    TC_STR_INIT("cdn.jsdelivr.net"), TC_STR_INIT("js.stripe.com")};

struct bench {
	struct fake_call *f;
	struct match_db *db;
	void *contain;
	void *states[COUNT];
	struct tc_fields request, response;
	const struct tc_filter *only; /* NULL: all filters */
};

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int
parse(struct tc_fields *out, struct tc_arena *arena, const struct head *heads, size_t n)
{
	*out = (struct tc_fields){.arena = arena};
	for (size_t i = 0; i < n; i++)
		if (tc_field_add_named(out, tc_str_from(heads[i].name), tc_str_from(heads[i].value)) < 0)
			return -1;
	return 0;
}

/* The head, with rows of its own. */
static struct tc_fields
fresh(const struct tc_fields *of, struct tc_arena *arena)
{
	struct tc_fields fs = *of;

	fs.arena = arena;
	fs.cap = FIELDS_MAX;
	fs.v = tc_alloc(arena, FIELDS_MAX * sizeof(*fs.v));
	memcpy(fs.v, of->v, of->n * sizeof(*fs.v));
	return fs;
}

/* A fresh arena and fresh heads, as a new request has them. */
static void
renew(struct bench *b, struct arena_cache *cache, const char *path, const char *query)
{
	struct fake_call *f = b->f;

	arena_destroy(&f->arena);
	f->arena = f->call.arena = arena_new(cache, (size_t)1 << 20);
	f->req.fields = fresh(&b->request, f->arena);
	f->res.fields = fresh(&b->response, f->arena);
	for (size_t i = 0; i < COUNT; i++)
		if (order[i]->state_size > 0)
			b->states[i] = tc_alloc(f->arena, order[i]->state_size);
	f->req.path = f->req.match = tc_str_from(path);
	f->req.query = query != NULL ? tc_str_from(query) : (struct tc_str){NULL, 0};
	f->want_body = f->decision.denied != 0;
	f->expect_page = f->decision.denied != 0;
}

static void
hooks(struct bench *b)
{
	const void *opts[COUNT] = {NULL, NULL, &query_opts, &cookie_opts, &fields_opts, &contain_opts, NULL, NULL};
	struct fake_call *f = b->f;

	f->call.res = NULL;
	for (int response = 0; response < 2; response++) {
		for (size_t i = 0; i < COUNT; i++) {
			int (*hook)(struct tc_call *) = response ? order[i]->response : order[i]->request;

			f->call.state = b->states[i];
			f->call.opts = opts[i];
			f->call.conf = order[i] == &filter_contain ? b->contain : b->db;
			if (hook == NULL || (b->only != NULL && b->only != order[i]))
				continue;
			if (hook(&f->call) != 0)
				return;
		}
		f->call.res = &f->res;
	}
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
measure(struct bench *b, const char *name, const char *path, const char *query)
{
	struct arena_cache *cache = arena_cache_new(64);
	double whole[ROUNDS], empty[ROUNDS];

	for (size_t r = 0; r < ROUNDS; r++) {
		double start = now();

		for (size_t i = 0; i < RUNS; i++)
			renew(b, cache, path, query);
		empty[r] = (now() - start) / RUNS;
		start = now();
		for (size_t i = 0; i < RUNS; i++) {
			renew(b, cache, path, query);
			hooks(b);
		}
		whole[r] = (now() - start) / RUNS;
	}
	qsort(whole, ROUNDS, sizeof(*whole), by_value);
	qsort(empty, ROUNDS, sizeof(*empty), by_value);
	printf("%-44s %6.0f ns (median %.0f)\n", name, whole[0] - empty[0], whole[ROUNDS / 2] - empty[ROUNDS / 2]);
	arena_destroy(&b->f->arena);
	b->f->arena = arena_new(NULL, FAKE_ARENA_MAX);
	arena_cache_destroy(&cache);
}

int
main(void)
{
	struct bench b = {.f = fake_new(NULL), .db = match_new()};
	struct tc_arena *heads = arena_new(NULL, (size_t)1 << 20);

	if (b.db == NULL || match_add(b.db, pack_rules, TC_PACK_BUILT_IN, TC_ADVERTISING) < 0 || match_build(b.db) < 0)
		return 1;
	b.f->discard = true;
	if (filter_contain.load(NULL, &b.contain) < 0)
		return 1;
	b.f->site.allow = (struct tc_strs){allowed, sizeof(allowed) / sizeof(*allowed)};
	if (parse(&b.request, heads, browser, sizeof(browser) / sizeof(*browser)) < 0 ||
	    parse(&b.response, heads, page, sizeof(page) / sizeof(*page)) < 0)
		return 1;
	(void)psl_domain(TC_STR("www.example.com")); /* loads its list */

	measure(&b, "opted out, page, 5 cookies, 3 expired", "/products/chair", NULL);
	for (size_t i = 0; i < COUNT; i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "  of this %s", order[i]->name);
		b.only = order[i];
		measure(&b, name, "/products/chair", NULL);
	}
	b.only = NULL;
	b.request.v[b.request.n - 1].value = TC_STR("sid=8f14e45fceea167a; theme=dark; lang=en; seen=1; cart=3");
	measure(&b, "opted out, page, 5 cookies, as afterwards", "/products/chair", NULL);
	measure(&b, "opted out, page, with a click id", "/products/chair", "color=red&gclid=abc&size=2");
	b.f->req.dest = TC_DEST_IMAGE;
	b.f->res.type = TC_STR("image/png");
	measure(&b, "opted out, image (own URL judged)", "/img/chair.png", NULL);
	b.f->req.dest = TC_DEST_DOCUMENT;
	b.f->res.type = TC_STR("text/html");
	b.f->decision.denied = 0;
	measure(&b, "nothing denied, page", "/products/chair", NULL);
	measure(&b, "nothing denied, page, with a click id", "/products/chair", "color=red&gclid=abc&size=2");
	b.f->call.state = NULL; /* it was the arena's */
	filter_contain.unload(b.contain);
	match_destroy(&b.db);
	arena_destroy(&heads);
	fake_free(&b.f);
	return 0;
}
