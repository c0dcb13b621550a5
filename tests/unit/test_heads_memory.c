/*
 * test_heads_memory.c: the decision and the head filters ask nobody but the request's arena for memory. The requests are
 * those of the benchmark; what a snapshot makes once (a policy) has been made before.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define main bench_main
#include "bench/micro/bench_heads.c"
#undef main

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_MALLOC 0 /* it is the sanitizer's */
#else
#define OWN_MALLOC 1
#endif

static size_t asked;

#if OWN_MALLOC
/* All libraries of the process ask these, as they are the program's. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

void *
malloc(size_t n)
{
	asked++;
	return __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	asked++;
	return __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	asked++;
	return __libc_realloc(p, n);
}
#endif

static struct bench b;
static struct tc_arena *heads;
static struct config *config;
static struct messages *messages;
static struct arena_cache *cache;

static int
setup(void **state)
{
	struct config_overrides over = {.origin = TC_STR("http://127.0.0.1:3000")};

	(void)state;
	b = (struct bench){.f = fake_new(NULL), .db = match_new()};
	heads = arena_new(NULL, (size_t)1 << 20);
	messages = messages_new();
	cache = arena_cache_new(64);
	if (config_load(NULL, &over, &config, messages) < 0 || begin(&b, heads) < 0)
		return -1;
	b.config = config;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_destroy(&b.f->arena);
	b.f->arena = arena_new(NULL, FAKE_ARENA_MAX);
	end(&b);
	arena_cache_destroy(&cache);
	config_destroy(&config);
	messages_destroy(&messages);
	arena_destroy(&heads);
	return 0;
}

/* How often somebody was asked for memory in a hundred requests like this one. */
static size_t
asked_for(struct tc_str cookies, const char *path, const char *query)
{
	size_t sum = 0;

	carry(&b, cookies);
	for (int i = -1; i < 100; i++) {
		size_t before;

		renew(&b, cache, path, query);
		before = asked;
		decide_first(&b);
		hooks(&b);
		sum += i >= 0 ? asked - before : 0; /* not the first one */
	}
	return sum;
}

#define FIRST "sid=8f14; _ga=GA1.1.1; _gid=GA1.1.2; _fbp=fb.1.1.1; cart=3"

static void
test_arena_alone(void **state)
{
	struct tc_str sent = b.response.v[7].value;

	(void)state;
	if (!OWN_MALLOC)
		skip();
	assert_int_equal(b.response.v[7].id, TC_F_LINK);
	assert_int_equal(asked_for(TC_STR(FIRST), "/products/chair", NULL), 0);
	assert_true(b.f->count[TC_DID_EXPIRED_COOKIE] >= 300);
	assert_int_equal(asked_for(TC_STR(AFTERWARDS), "/products/chair", NULL), 0);
	assert_int_equal(asked_for(TC_STR(AFTERWARDS CONSENT), "/products/chair", NULL), 0);
	assert_int_equal(asked_for(TC_STR(AFTERWARDS), "/products/chair", CLICK_ID), 0);
	assert_true(b.f->count[TC_DID_PARAMETER] >= 100);
	b.response.v[7].value = TC_STR("<https://www.google-analytics.com/analytics.js>; rel=preload; as=script, </a.css>; rel=preload; as=style");
	assert_int_equal(asked_for(TC_STR(FIRST), "/products/chair", NULL), 0);
	assert_true(b.f->count[TC_DID_LINK] >= 100);
	b.response.v[7].value = sent;
	ask_for(&b, TC_DEST_IMAGE, TC_STR("image/png"));
	assert_int_equal(asked_for(TC_STR(AFTERWARDS), "/img/chair.png", NULL), 0);
	ask_for(&b, TC_DEST_DOCUMENT, TC_STR("text/html"));
}

/* A site of any host: each request names another one, whose domain nobody remembers. */
static void
test_new_hosts(void **state)
{
	struct tc_str was = b.f->req.host;
	char host[64];
	size_t sum = 0;

	(void)state;
	if (!OWN_MALLOC)
		skip();
	(void)asked_for(TC_STR(FIRST), "/", NULL);
	for (int i = 0; i < 500; i++) {
		size_t before;

		b.f->req.host = tc_str_of(host, (size_t)snprintf(host, sizeof(host), "h%d.example.co.uk", i));
		renew(&b, cache, "/", NULL);
		before = asked;
		decide_first(&b);
		hooks(&b);
		sum += asked - before;
	}
	b.f->req.host = was;
	assert_int_equal(sum, 0);
}

/* The count counts. */
static void
test_somebody_asks(void **state)
{
	size_t before = asked;
	void *volatile p;

	(void)state;
	if (!OWN_MALLOC)
		skip();
	p = malloc(10);
	free(p);
	p = calloc(1, 10);
	p = realloc(p, 100);
	free(p);
	assert_int_equal(asked - before, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_somebody_asks),
		cmocka_unit_test(test_arena_alone),
		cmocka_unit_test(test_new_hosts),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
