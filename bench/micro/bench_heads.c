/*
 * bench_heads.c: what do the decision and the head filters cost for one page request and its response? Goal: at most
 * 1.5 us for a visitor who opted out, with a browser's usual fields and five cookies.
 *
 * Each case runs all head hooks in the order of the table, with the built-in pack loaded. Min and median of several
 * rounds; the heads are made anew for each run, which is measured apart and taken off. The last cases decide first, under
 * the built-in configuration: signals and consent cookies are read (the place and our own cookie are not).
 */
#include <time.h>

#include "../../tests/unit/call.h"
#include "core/decide.h"
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

/* One hook, and what it is called with. */
struct step {
	int (*hook)(struct tc_call *c);
	const void *opts, *conf;
	size_t filter;
};

struct bench {
	struct fake_call *f;
	struct match_db *db;
	void *contain;
	void *states[COUNT];
	struct step steps[2][COUNT]; /* of the request, of the response */
	size_t step_n[2];
	struct tc_fields request, response;
	const struct config *config; /* NULL: the decision is given */
	double dearest;
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

/* The hooks of one filter, or of all. */
static void
choose(struct bench *b, const struct tc_filter *only)
{
	const void *opts[COUNT] = {NULL, NULL, &query_opts, &cookie_opts, &fields_opts, &contain_opts, NULL, NULL};

	for (int response = 0; response < 2; response++) {
		b->step_n[response] = 0;
		for (size_t i = 0; i < COUNT; i++) {
			int (*hook)(struct tc_call *) = response ? order[i]->response : order[i]->request;
			const void *conf = order[i] == &filter_contain ? b->contain : b->db;

			if (hook != NULL && (only == NULL || only == order[i]))
				b->steps[response][b->step_n[response]++] = (struct step){hook, opts[i], conf, i};
		}
	}
}

static void
decide_first(struct bench *b)
{
	const struct config *c = b->config;
	const struct tc_fields *request = &b->f->req.fields;
	struct facts facts = {
		.gpc = signal_gpc(request),
		.dnt = signal_dnt(request),
		.day = 20410,
		.place = {.country = "US", .region = "US-TX"},
		.site = &c->sites[0],
		.route = &c->sites[0].pub.routes[0],
	};

	(void)consent_read(c->readers, c->sites[0].consent, request, facts.day, NULL, &facts.consent);
	decide(c, &facts, &b->f->decision);
}

static void
hooks(struct bench *b)
{
	struct fake_call *f = b->f;

	f->call.res = NULL;
	for (int response = 0; response < 2; response++) {
		for (size_t i = 0; i < b->step_n[response]; i++) {
			const struct step *s = &b->steps[response][i];

			f->call.state = b->states[s->filter];
			f->call.opts = s->opts;
			f->call.conf = s->conf;
			if (s->hook(&f->call) != 0)
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
			if (b->config != NULL)
				decide_first(b);
			hooks(b);
		}
		whole[r] = (now() - start) / RUNS;
	}
	qsort(whole, ROUNDS, sizeof(*whole), by_value);
	qsort(empty, ROUNDS, sizeof(*empty), by_value);
	printf("%-44s %6.0f ns (median %.0f)\n", name, whole[0] - empty[0], whole[ROUNDS / 2] - empty[ROUNDS / 2]);
	if (b->dearest < whole[0] - empty[0])
		b->dearest = whole[0] - empty[0];
	arena_destroy(&b->f->arena);
	b->f->arena = arena_new(NULL, FAKE_ARENA_MAX);
	arena_cache_destroy(&cache);
}

#define AFTERWARDS "sid=8f14e45fceea167a; theme=dark; lang=en; seen=1; cart=3"
#define CONSENT \
	"; usprivacy=1YNN; OptanonConsent=isGpcEnabled=0&datestamp=Tue+Nov+18+2025+10%3A00%3A00&version=202601.1.0&" \
	"browserGpcFlag=0&isIABGlobal=false&hosts=&consentId=0123&interactionCount=1&landingPath=NotLandingPage&" \
	"groups=C0001%3A1%2CC0002%3A1%2CC0003%3A1%2CC0004%3A0&geolocation=US%3BCA"
#define CLICK_ID "color=red&gclid=abc&size=2"

/* Cookies: the browser's last field. */
static void
carry(struct bench *b, struct tc_str cookies)
{
	b->request.v[b->request.n - 1].value = cookies;
}

static void
ask_for(struct bench *b, enum tc_dest dest, struct tc_str type)
{
	b->f->req.dest = dest;
	b->f->res.type = type;
}

/* The head filters alone, for visitors on whom somebody has decided. */
static void
measure_filters(struct bench *b)
{
	tc_classes denied = b->f->decision.denied;

	measure(b, "opted out, page, 5 cookies, 3 expired", "/products/chair", NULL);
	for (size_t i = 0; i < COUNT; i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "  of this %s", order[i]->name);
		choose(b, order[i]);
		measure(b, name, "/products/chair", NULL);
	}
	choose(b, NULL);
	carry(b, TC_STR(AFTERWARDS));
	measure(b, "opted out, page, 5 cookies, as afterwards", "/products/chair", NULL);
	measure(b, "opted out, page, with a click id", "/products/chair", CLICK_ID);
	ask_for(b, TC_DEST_IMAGE, TC_STR("image/png"));
	measure(b, "opted out, image (own URL judged)", "/img/chair.png", NULL);
	ask_for(b, TC_DEST_DOCUMENT, TC_STR("text/html"));
	b->f->decision.denied = 0;
	measure(b, "nothing denied, page", "/products/chair", NULL);
	measure(b, "nothing denied, page, with a click id", "/products/chair", CLICK_ID);
	b->f->decision.denied = denied;
}

/* What one request costs, from its signals to the head that goes out. */
static void
measure_all(struct bench *b, const struct config *c, struct tc_str first_cookies)
{
	printf("decision + head filters:\n");
	b->config = c;
	b->dearest = 0;
	carry(b, first_cookies);
	measure(b, "  GPC, page, 5 cookies, 3 expired", "/products/chair", NULL);
	carry(b, TC_STR(AFTERWARDS));
	measure(b, "  GPC, page, 5 cookies, as afterwards", "/products/chair", NULL);
	carry(b, TC_STR(AFTERWARDS CONSENT));
	measure(b, "  GPC, page, 5 cookies, 2 consent tools'", "/products/chair", NULL);
	carry(b, TC_STR(AFTERWARDS));
	measure(b, "  GPC, page, with a click id", "/products/chair", CLICK_ID);
	ask_for(b, TC_DEST_IMAGE, TC_STR("image/png"));
	measure(b, "  GPC, image (own URL judged)", "/img/chair.png", NULL);
	printf("%-44s %6.0f ns (at most 1500)\n", "decision + head filters, the dearest", b->dearest);
}

/* -1: something could not be loaded. */
static int
begin(struct bench *b, struct tc_arena *heads)
{
	if (b->db == NULL || match_add(b->db, pack_rules, TC_PACK_BUILT_IN, TC_ADVERTISING) < 0 || match_build(b->db) < 0 ||
	    filter_contain.load(NULL, &b->contain) < 0)
		return -1;
	b->f->discard = true;
	b->f->site.allow = (struct tc_strs){allowed, sizeof(allowed) / sizeof(*allowed)};
	(void)psl_domain(TC_STR("www.example.com")); /* loads its list */
	choose(b, NULL);
	if (parse(&b->request, heads, browser, sizeof(browser) / sizeof(*browser)) < 0)
		return -1;
	return parse(&b->response, heads, page, sizeof(page) / sizeof(*page));
}

static void
end(struct bench *b)
{
	b->f->call.state = NULL; /* it was the arena's */
	filter_contain.unload(b->contain);
	match_destroy(&b->db);
	fake_free(&b->f);
}

int
main(void)
{
	struct bench b = {.f = fake_new(NULL), .db = match_new()};
	struct tc_arena *heads = arena_new(NULL, (size_t)1 << 20);
	struct config_overrides over = {.origin = TC_STR("http://127.0.0.1:3000")};
	struct messages *m = messages_new();
	struct config *c;

	if (config_load(NULL, &over, &c, m) < 0 || begin(&b, heads) < 0)
		return 1;
	measure_filters(&b);
	measure_all(&b, c, tc_str_from(browser[sizeof(browser) / sizeof(*browser) - 1].value));
	end(&b);
	config_destroy(&c);
	messages_destroy(&m);
	arena_destroy(&heads);
	return 0;
}
