/*
 * bench_match.c: what does judging one URL cost, with the built-in pack alone and with EasyPrivacy and EasyList?
 *
 * URLs are those of script, img, iframe and link elements of real pages (a directory of .html files; default
 * ../shared/corpus/pages), each different one once. Printed: time and memory to load, then per URL the mean of
 * resolving, of judging, and the 99th percentile of judging (from single timings, less the clock's own cost).
 *
 *	build/bench/bench_match [DIRECTORY]
 *	build/bench/bench_match --rows FILE ROUNDS LIST...
 *
 * The second form is for bench/load/lists.py: requests that others judge too, one a line (type, host of the page, URL; a tab
 * between). Printed: rules, ms to load, bytes, and ns a request, resolving and judging together.
 */
#include <dirent.h>
#include <stdio.h>
#include <time.h>

#include "filters/match/match.h"
#include "filters/match/url.h"

enum { URLS_MAX = 65536, ROUNDS = 20 };

struct sample {
	struct tc_str raw;
	enum match_type type;
	struct url url;
};

static struct sample samples[URLS_MAX];
static size_t sample_count;

/* clock: CLOCK_THREAD_CPUTIME_ID for means, as others may be working beside us. */
static uint64_t
now_ns(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- URLs of pages ---- */

static const struct {
	struct tc_str tag, attribute;
	enum match_type type;
} elements[] = {
	{TC_STR_INIT("<script"), TC_STR_INIT("src=\""), MATCH_SCRIPT},
	{TC_STR_INIT("<img"), TC_STR_INIT("src=\""), MATCH_IMAGE},
	{TC_STR_INIT("<iframe"), TC_STR_INIT("src=\""), MATCH_SUBDOCUMENT},
	{TC_STR_INIT("<link"), TC_STR_INIT("href=\""), MATCH_STYLESHEET},
};

static bool
is_known(struct tc_str raw)
{
	for (size_t i = 0; i < sample_count; i++)
		if (tc_eq(samples[i].raw, raw))
			return true;
	return false;
}

static void
add_sample(struct tc_str raw, enum match_type type, const struct url *base)
{
	struct sample *s = &samples[sample_count];
	char *buf;

	if (sample_count == URLS_MAX || is_known(raw))
		return;
	buf = malloc(URL_MAX + 64);
	*s = (struct sample){.raw = raw, .type = type};
	if (buf != NULL && url_resolve(&s->url, raw, base, buf) && s->url.scheme >= URL_HTTP && s->url.scheme <= URL_WSS)
		sample_count++;
}

static void
add_page(struct tc_str page, const struct url *base)
{
	for (size_t at = tc_find_byte(page, '<'); at < page.n; at = tc_find_byte(page, '<')) {
		tc_skip(&page, at);
		for (size_t i = 0; i < sizeof(elements) / sizeof(*elements); i++) {
			struct tc_str tag = tc_str_of(page.p, tc_find_byte(page, '>'));
			size_t value = tc_find(tag, elements[i].attribute);

			if (!tc_istarts(tag, elements[i].tag) || value == tag.n)
				continue;
			tc_skip(&tag, value + elements[i].attribute.n);
			add_sample(tc_str_of(tag.p, tc_find_byte(tag, '"')), elements[i].type, base);
		}
		tc_skip(&page, 1);
	}
}

static void
add_file(const char *path, const struct url *base)
{
	FILE *in = fopen(path, "r");
	char *text = malloc(4 << 20);
	size_t n = 0;

	if (in != NULL && text != NULL)
		n = fread(text, 1, 4 << 20, in);
	if (in != NULL)
		(void)fclose(in);
	add_page(tc_str_of(text, n), base); /* the samples point into text */
}

static int
add_directory(const char *path, const struct url *base)
{
	DIR *d = opendir(path);
	struct dirent *e;
	char file[4096];

	if (d == NULL)
		return -1;
	while ((e = readdir(d)) != NULL) {
		(void)snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		if (tc_ends(tc_str_from(e->d_name), TC_STR(".html")))
			add_file(file, base);
	}
	(void)closedir(d);
	return 0;
}

/* ---- measuring ---- */

static void
say(struct tc_loader *l, bool fatal, const char *code, const char *text)
{
	(void)l, (void)fatal, (void)code;
	printf("  %s\n", text);
}

static int
by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static uint32_t
percentile_99(const struct match_db *db, const struct match_page *page)
{
	static uint32_t times[URLS_MAX];
	struct match_result r;
	uint64_t clock = UINT64_MAX;

	for (size_t i = 0; i < sample_count; i++) {
		uint64_t start = now_ns(CLOCK_MONOTONIC), middle = now_ns(CLOCK_MONOTONIC), end;

		(void)match_url(db, page, &samples[i].url, samples[i].type, &r);
		end = now_ns(CLOCK_MONOTONIC);
		clock = middle - start < clock ? middle - start : clock;
		times[i] = (uint32_t)(end - middle);
	}
	qsort(times, sample_count, sizeof(*times), by_value);
	return times[sample_count * 99 / 100] - (uint32_t)clock;
}

static double
mean_match(const struct match_db *db, const struct match_page *page, size_t *blocked)
{
	struct match_result r;
	uint64_t start = now_ns(CLOCK_THREAD_CPUTIME_ID);

	*blocked = 0;
	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < sample_count; i++)
			*blocked += match_url(db, page, &samples[i].url, samples[i].type, &r) == MATCH_BLOCK;
	*blocked /= ROUNDS;
	return (double)(now_ns(CLOCK_THREAD_CPUTIME_ID) - start) / (double)ROUNDS / (double)sample_count;
}

static double
mean_resolve(const struct url *base)
{
	static char buf[URL_MAX + 64];
	uint64_t start = now_ns(CLOCK_THREAD_CPUTIME_ID);
	struct url u;

	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < sample_count; i++)
			(void)url_resolve(&u, samples[i].raw, base, buf);
	return (double)(now_ns(CLOCK_THREAD_CPUTIME_ID) - start) / (double)ROUNDS / (double)sample_count;
}

static void
measure(const struct match_page *page, const struct tc_str *use, size_t n)
{
	struct tc_loader l = {.lists = {use, n}, .say = say};
	uint64_t start = now_ns(CLOCK_THREAD_CPUTIME_ID);
	const struct match_db *db;
	size_t blocked;
	void *conf;
	double mean;

	if (filter_lists.load(&l, &conf) != 0)
		exit(1);
	db = conf;
	printf("%.*s (%zu lists): load %.1f ms, %.2f MiB\n", (int)use[n - 1].n, use[n - 1].p, n,
	    (double)(now_ns(CLOCK_THREAD_CPUTIME_ID) - start) / 1e6, (double)match_stats(db)->bytes / (1 << 20));
	mean = mean_match(db, page, &blocked);
	printf("  match: mean %.0f ns, p99 %u ns a URL; %zu of %zu blocked\n", mean, percentile_99(db, page), blocked,
	    sample_count);
	filter_lists.unload(conf);
}

/* ---- requests that others judge too ---- */

struct row {
	struct match_page page;
	struct tc_str raw;
	enum match_type type;
};

static struct row rows[URLS_MAX];
static size_t row_count;

static enum match_type
type_named(struct tc_str name)
{
	static const struct {
		struct tc_str name;
		enum match_type type;
	} types[] = {
		{TC_STR_INIT("script"), MATCH_SCRIPT},
		{TC_STR_INIT("image"), MATCH_IMAGE},
		{TC_STR_INIT("subdocument"), MATCH_SUBDOCUMENT},
		{TC_STR_INIT("stylesheet"), MATCH_STYLESHEET},
		{TC_STR_INIT("media"), MATCH_MEDIA},
		{TC_STR_INIT("object"), MATCH_OBJECT},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (tc_eq(types[i].name, name))
			return types[i].type;
	return MATCH_OTHER;
}

static void
read_rows(const char *path)
{
	FILE *in = fopen(path, "r");
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	while (in != NULL && row_count < URLS_MAX && (n = getline(&line, &room, in)) > 0) {
		struct tc_str rest = tc_str_of(line, (size_t)n - 1), type = tc_next(&rest, '\t'), page = tc_next(&rest, '\t');
		struct row *r = &rows[row_count++];

		r->type = type_named(type);
		r->page.host = page;
		r->page.domain = psl_domain(page);
		r->page.denied = (1u << TC_CLASS_COUNT) - 1;
		r->raw = rest;
		line = NULL; /* the row points into it */
		room = 0;
	}
	if (in != NULL)
		(void)fclose(in);
}

static size_t
judge_rows(const struct match_db *db)
{
	static char buf[URL_MAX + 64];
	struct match_page page = {.host = {NULL, 0}};
	struct match_result result;
	size_t blocked = 0;
	struct url u;

	for (size_t i = 0; i < row_count; i++) {
		if (!tc_eq(page.host, rows[i].page.host)) { /* as filter_html does, once for each page */
			page = rows[i].page;
			match_page_ready(&page, db);
		}
		if (url_resolve(&u, rows[i].raw, NULL, buf))
			blocked += match_url(db, &page, &u, rows[i].type, &result) == MATCH_BLOCK;
	}
	return blocked;
}

static int
measure_rows(const char *path, int rounds, const struct tc_str *use, size_t n)
{
	struct tc_loader l = {.lists = {use, n}, .say = say};
	const struct match_stats *stats;
	uint64_t start, loaded;
	size_t blocked, all = 0;
	void *conf;

	read_rows(path);
	start = now_ns(CLOCK_THREAD_CPUTIME_ID);
	if (rounds < 1 || row_count == 0 || filter_lists.load(&l, &conf) != 0)
		return 1;
	loaded = now_ns(CLOCK_THREAD_CPUTIME_ID);
	blocked = judge_rows(conf);
	stats = match_stats(conf);
	for (int pack = 0; pack < TC_PACK_COUNT; pack++)
		all += stats->rules[pack];
	start = loaded - start;
	loaded = now_ns(CLOCK_THREAD_CPUTIME_ID);
	for (int round = 0; round < rounds; round++)
		blocked = judge_rows(conf);
	printf("{\"rules\": %zu, \"load_ms\": %.1f, \"bytes\": %zu, \"ns\": %.0f, \"blocked\": %zu, \"requests\": %zu}\n", all,
	    (double)start / 1e6, stats->bytes, (double)(now_ns(CLOCK_THREAD_CPUTIME_ID) - loaded) / rounds / (double)row_count,
	    blocked, row_count);
	filter_lists.unload(conf);
	return 0;
}

int
main(int argc, char **argv)
{
	struct tc_str paths[16];
	static char buf[URL_MAX + 64];
	static const struct tc_str use[] = {TC_STR_INIT("built-in"), TC_STR_INIT("easyprivacy"), TC_STR_INIT("easylist")};
	struct match_page page = {
		.host = TC_STR("www.example.com"),
		.domain = TC_STR("example.com"),
		.denied = TC_CLASS_BIT(TC_ANALYTICS) | TC_CLASS_BIT(TC_ADVERTISING) | TC_CLASS_BIT(TC_PERSONALISATION) |
		    TC_CLASS_BIT(TC_SOCIAL),
	};
	const char *directory = argc > 1 ? argv[1] : "../shared/corpus/pages";
	size_t bytes = 0;
	struct url base;

	if (argc > 4 && argc <= 4 + 16 && strcmp(argv[1], "--rows") == 0) {
		for (int i = 4; i < argc; i++)
			paths[i - 4] = tc_str_from(argv[i]);
		return measure_rows(argv[2], (int)strtol(argv[3], NULL, 10), paths, (size_t)argc - 4);
	}
	(void)url_resolve(&base, TC_STR("https://www.example.com/blog/page"), NULL, buf);
	if (add_directory(directory, &base) == -1 || sample_count == 0) {
		printf("skipped: no pages in %s\n", directory);
		return 0;
	}
	for (size_t i = 0; i < sample_count; i++)
		bytes += samples[i].url.text.n;
	printf("%zu different URLs, mean %zu bytes\n", sample_count, bytes / sample_count);
	printf("resolve: mean %.0f ns a URL\n", mean_resolve(&base));
	for (size_t n = 1; n <= sizeof(use) / sizeof(*use); n++)
		measure(&page, use, n);
	return 0;
}
