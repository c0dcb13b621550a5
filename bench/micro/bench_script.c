/*
 * bench_script.c: how fast inline scripts and style sheets are judged when nothing in them is a tracker (the usual
 * case), and how often the judge is asked. Three texts: code without URLs, code in the shape of real pages, CSS.
 * Real pages are added when ../shared/corpus/pages is there. Prints GB/s, best of five.
 */
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../filters/html/value.h"
#include "../../tests/unit/judge.h"

#define TEXT_MAX ((size_t)32 << 20)

static const char no_urls[] =
    "function next(e,t){var n=e.length,r=[];for(var i=0;i<n;i++){if(t(e[i],i)){r.push({index:i,value:e[i]})}}"
    "return r.sort(function(a,b){return a.index-b.index})}var state={open:!1,count:0,name:\"menu\"};"
    "document.addEventListener('click',function(e){var t=e.target;while(t&&t!==this){if(t.className==='toggle'){"
    "state.open=!state.open;state.count+=1;t.setAttribute(\"aria-expanded\",state.open?\"true\":\"false\")}"
    "t=t.parentNode}},false);";

static const char usual[] =
    "window.config={\"api\":\"https:\\/\\/www.example.com\\/api\\/v2\",\"cdn\":\"https:\\/\\/cdn.example.com\\/\","
    "\"locale\":\"en_US\",\"user\":null,\"flags\":[\"a\",\"b\"],\"page\":{\"type\":\"product\",\"id\":12345}};"
    "(function(d,s){var e=d.createElement(s);e.async=!0;e.src='/static/js/app.min.js?v=20240101';"
    "d.getElementsByTagName('head')[0].appendChild(e)})(document,'script');"
    "dataLayer.push({'event':'pageview','category':\"shop/shoes\",'value':1});"
    "$('.menu .item').on('click',function(){$(this).toggleClass('is-open');return false});";

static const char sheet[] =
    ".nav>.item:hover{background:#fff url(/img/arrow.svg) no-repeat;padding:0 12px;margin:-1px auto}"
    "@media (max-width:640px){.nav{display:none}.hero{background-image:url('https://cdn.example.com/hero.jpg')}}"
    ".btn::after{content:\"\\2192\";font:700 1rem/1.5 Inter,sans-serif;transition:opacity .2s ease-in-out}";

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

enum how { WHOLE, STREAM, CSS };

/* Judges the n bytes, piece by piece; the edits found. */
static size_t
judge_all(enum how how, struct tc_str text, size_t piece)
{
	const struct script_ctx ctx = {judge, NULL, false};
	struct value_edit v[64];
	struct script_sub sub = {.n = 0};
	struct css css = {0};
	size_t edits = 0;

	while (text.n > 0) {
		struct value_edits e = {.v = v, .cap = 64};
		struct tc_str in = tc_str_of(text.p, text.n < piece ? text.n : piece);
		size_t took = in.n;

		if (how == WHOLE)
			script_judge(&ctx, in, &e);
		else if (how == STREAM)
			took = script_sub(&sub, &ctx, in, in.n == text.n, &e);
		else
			took = css_judge(&css, in, in.n == text.n, judge, NULL, &e);
		edits += e.n;
		tc_skip(&text, took);
	}
	return edits;
}

static void
measure(const char *name, enum how how, struct tc_str text, size_t piece)
{
	double best = 1e9;
	size_t edits = 0;

	for (int i = 0; i < 5; i++) {
		double from = seconds();

		judge_asked = 0;
		edits = judge_all(how, text, piece);
		if (seconds() - from < best)
			best = seconds() - from;
	}
	printf("%-44s %6.2f GB/s  %7.1f questions/MB  %zu edits\n", name, (double)text.n / best / 1e9,
	    (double)judge_asked / ((double)text.n / 1e6), edits);
}

/* Fills buf with copies of unit. */
static struct tc_str
repeat(char *buf, const char *unit, size_t n)
{
	size_t at = 0;

	while (at + n <= TEXT_MAX / 4) {
		memcpy(buf + at, unit, n);
		at += n;
	}
	return tc_str_of(buf, at);
}

/* The texts of all elements `open`...`close` of the page, added at buf; their length. */
static size_t
collect(struct tc_str page, const char *open, const char *close, char *buf, size_t room)
{
	size_t n = 0;

	while (page.n > 0) {
		size_t len;

		tc_skip(&page, tc_find(page, tc_str_from(open)));
		tc_skip(&page, tc_find_byte(page, '>'));
		len = tc_find(page, tc_str_from(close));
		if (len > room - n)
			break;
		memcpy(buf + n, page.p, len);
		n += len;
		tc_skip(&page, len);
	}
	return n;
}

static void
real_pages(char *buf)
{
	const char *what[2][3] = {{"<script", "</script", "scripts of real pages"}, {"<style", "</style", "styles of real pages"}};
	static char page[4 << 20];
	glob_t g;

	if (glob("../shared/corpus/pages/*.html", 0, NULL, &g) != 0) {
		printf("(no ../shared/corpus/pages: real pages are left out)\n");
		return;
	}
	for (int k = 0; k < 2; k++) {
		size_t n = 0;

		for (size_t i = 0; i < g.gl_pathc; i++) {
			FILE *f = fopen(g.gl_pathv[i], "rb");

			if (f == NULL)
				continue;
			n += collect(tc_str_of(page, fread(page, 1, sizeof(page), f)), what[k][0], what[k][1], buf + n,
			    TEXT_MAX - n);
			fclose(f);
		}
		measure(what[k][2], k == 0 ? STREAM : CSS, tc_str_of(buf, n), 16384);
	}
	globfree(&g);
}

int
main(void)
{
	char *buf = malloc(TEXT_MAX);

	if (buf == NULL)
		return 1;
	measure("script without URLs, 2 kB each", WHOLE, repeat(buf, no_urls, sizeof(no_urls) - 1), 2048);
	measure("script without URLs, streamed", STREAM, repeat(buf, no_urls, sizeof(no_urls) - 1), 16384);
	measure("usual script, 2 kB each", WHOLE, repeat(buf, usual, sizeof(usual) - 1), 2048);
	measure("usual script, streamed", STREAM, repeat(buf, usual, sizeof(usual) - 1), 16384);
	measure("style sheet, streamed", CSS, repeat(buf, sheet, sizeof(sheet) - 1), 16384);
	real_pages(buf);
	free(buf);
	return 0;
}
