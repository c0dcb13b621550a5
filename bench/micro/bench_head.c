/*
 * bench_head.c: what does the head of an ordinary request cost? A browser's head of about 800 bytes is scanned,
 * parsed and judged, and then written anew. Prints the best of several rounds, in nanoseconds.
 */
#include <stdio.h>
#include <time.h>

#include "base/arena.h"
#include "http/h1.h"

#define ROUNDS 15
#define LOOPS 20000

static const char browser[] =
    "GET /products/privacy-proxy/index.html?utm_source=newsletter&utm_medium=email&id=42 HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "Connection: keep-alive\r\n"
    "Cache-Control: max-age=0\r\n"
    "sec-ch-ua: \"Chromium\";v=\"120\", \"Not?A_Brand\";v=\"8\"\r\n"
    "sec-ch-ua-mobile: ?0\r\n"
    "sec-ch-ua-platform: \"Linux\"\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 "
    "Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    "Sec-GPC: 1\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "Sec-Fetch-Dest: document\r\n"
    "Referer: https://www.example.com/products/\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-US,en;q=0.9\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=yes\r\n"
    "\r\n";

static const struct h1_limits limits = {8192, 32768, 100};

static double
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void
must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench_head: %s failed\n", what);
	exit(1);
}

static void
read_head(struct tc_arena *arena, struct tc_request *req, bool judge)
{
	struct tc_str in = {browser, sizeof(browser) - 1};
	struct h1_scan scan = {0};
	struct framing framing;
	struct head h;
	long n = h1_scan(&scan, in, &limits);

	must(n == (long)in.n, "scan");
	must(h1_parse_request(in, &limits, arena, &h) == REFUSAL_NONE, "parse");
	if (!judge)
		return;
	must(framing_request(&h, &framing) == REFUSAL_NONE, "framing");
	must(h1_request_of(&h, arena, req) == REFUSAL_NONE, "request");
	fields_strip_hop_by_hop(&req->fields);
}

static double
time_parse(struct arena_cache *cache, bool judge)
{
	double begin = now_ns();

	for (int i = 0; i < LOOPS; i++) {
		struct tc_arena *arena = arena_new(cache, 1 << 20);
		struct tc_request req = {.scheme = TC_STR_INIT("http")};

		read_head(arena, &req, judge);
		arena_destroy(&arena);
	}
	return (now_ns() - begin) / LOOPS;
}

static double
time_scan(void)
{
	struct tc_str in = {browser, sizeof(browser) - 1};
	double begin = now_ns();

	for (int i = 0; i < LOOPS; i++) {
		struct h1_scan scan = {0};

		must(h1_scan(&scan, in, &limits) > 0, "scan");
	}
	return (now_ns() - begin) / LOOPS;
}

static double
time_write(struct arena_cache *cache)
{
	enum { BATCH = 10 };
	struct tc_arena *arena = arena_new(cache, 1 << 20);
	struct tc_request req = {.scheme = TC_STR_INIT("http")};
	struct h1_out o = {.framing = {.kind = BODY_NONE}};
	double spent = 0;

	read_head(arena, &req, true);
	for (int i = 0; i < LOOPS / BATCH; i++) {
		struct tc_arena *out = arena_new(cache, 1 << 20);
		double begin = now_ns();

		for (int k = 0; k < BATCH; k++)
			must(h1_write_request(&req, &o, out).p != NULL, "write");
		spent += now_ns() - begin;
		arena_destroy(&out);
	}
	arena_destroy(&arena);
	return spent / LOOPS;
}

int
main(void)
{
	struct arena_cache *cache = arena_cache_new(64);
	double scan = 1e9, parse = 1e9, whole = 1e9, write = 1e9;

	for (int i = 0; i < ROUNDS; i++) {
		double s = time_scan(), p = time_parse(cache, false), a = time_parse(cache, true), w = time_write(cache);

		scan = s < scan ? s : scan;
		parse = p < parse ? p : parse;
		whole = a < whole ? a : whole;
		write = w < write ? w : write;
	}
	arena_cache_destroy(&cache);
	printf("head: %zu bytes, scan alone %.0f ns\n", sizeof(browser) - 1, scan);
	printf("head parse: %.0f ns/op (scan, parse)\n", parse);
	printf("head judge: %.0f ns/op (the same, framing, target, Host, hop-by-hop)\n", whole);
	printf("head write: %.0f ns/op\n", write);
	return 0;
}
