/*
 * judge.h: a value_judge for the tests of filters/html's value files, in place of the list matcher: knows a
 * few vendors by host suffix and beginning of the path, and counts how often it was asked.
 */
#ifndef TESTS_JUDGE_H
#define TESTS_JUDGE_H

#include "tacet/str.h"

struct judge_row {
	struct tc_str host, path;
};

static const struct judge_row judge_rows[] = {
	{TC_STR_INIT("t.example"), TC_STR_INIT("")},
	{TC_STR_INIT("googletagmanager.com"), TC_STR_INIT("/gtm.js")},
	{TC_STR_INIT("googletagmanager.com"), TC_STR_INIT("/ns.html")},
	{TC_STR_INIT("googletagmanager.com"), TC_STR_INIT("/gtag/")},
	{TC_STR_INIT("google-analytics.com"), TC_STR_INIT("")},
	{TC_STR_INIT("stats.g.doubleclick.net"), TC_STR_INIT("")},
	{TC_STR_INIT("connect.facebook.net"), TC_STR_INIT("/en_US/fbevents.js")},
	{TC_STR_INIT("facebook.com"), TC_STR_INIT("/tr")},
	{TC_STR_INIT("snap.licdn.com"), TC_STR_INIT("/li.lms-analytics/")},
	{TC_STR_INIT("bat.bing.com"), TC_STR_INIT("")},
	{TC_STR_INIT("clarity.ms"), TC_STR_INIT("")},
	{TC_STR_INIT("analytics.tiktok.com"), TC_STR_INIT("")},
	{TC_STR_INIT("s.pinimg.com"), TC_STR_INIT("/ct/")},
	{TC_STR_INIT("js.hs-scripts.com"), TC_STR_INIT("")},
	{TC_STR_INIT("hotjar.com"), TC_STR_INIT("")},
	{TC_STR_INIT("cdn.segment.com"), TC_STR_INIT("/analytics.js/")},
	{TC_STR_INIT("munchkin.marketo.net"), TC_STR_INIT("")},
	{TC_STR_INIT("cdn.optimizely.com"), TC_STR_INIT("")},
	{TC_STR_INIT("matomo.client.example"), TC_STR_INIT("")},
	{TC_STR_INIT("mc.yandex.ru"), TC_STR_INIT("")},
	{TC_STR_INIT("static.ads-twitter.com"), TC_STR_INIT("")},
	{TC_STR_INIT("quantserve.com"), TC_STR_INIT("")},
	{TC_STR_INIT("t.co"), TC_STR_INIT("/i/adsct")},
};

static unsigned judge_asked;

/* ctx: a bool that switches it off (no rules), or NULL. */
static bool
judge(void *ctx, struct tc_str url, unsigned match_type)
{
	size_t i = 0, end, userinfo;

	(void)match_type;
	judge_asked++;
	if (ctx != NULL)
		return false;
	while (i < url.n && (unsigned char)url.p[i] <= ' ')
		i++;
	if (tc_istarts(tc_str_of(url.p + i, url.n - i), TC_STR("http:")))
		i += 5;
	else if (tc_istarts(tc_str_of(url.p + i, url.n - i), TC_STR("https:")))
		i += 6;
	if (url.n - i < 2 || (url.p[i] != '/' && url.p[i] != '\\') || (url.p[i + 1] != '/' && url.p[i + 1] != '\\'))
		return false;
	while (i < url.n && (url.p[i] == '/' || url.p[i] == '\\'))
		i++;
	for (end = i; end < url.n && memchr("/\\?#:", url.p[end], 5) == NULL; end++)
		;
	userinfo = tc_find_byte(tc_str_of(url.p + i, end - i), '@');
	i += userinfo < end - i ? userinfo + 1 : 0;
	for (size_t k = 0; k < sizeof(judge_rows) / sizeof(judge_rows[0]); k++) {
		struct tc_str want = judge_rows[k].host;
		bool host = end - i >= want.n && tc_ieq(tc_str_of(url.p + end - want.n, want.n), want) &&
		    (end - i == want.n || url.p[end - want.n - 1] == '.');

		if (host && tc_starts(tc_str_of(url.p + end, url.n - end), judge_rows[k].path))
			return true;
	}
	return false;
}

/* src with the edits done, at dst; the length. dst has room for it. Checks their order on the way. */
static inline size_t
judge_apply(struct tc_str src, const struct value_edits *e, char *dst)
{
	size_t at = 0, n = 0;

	for (size_t i = 0; i < e->n; i++) {
		if (e->v[i].from < at || e->v[i].to < e->v[i].from || e->v[i].to > src.n)
			abort();
		memcpy(dst + n, src.p + at, e->v[i].from - at);
		n += e->v[i].from - at;
		memcpy(dst + n, e->v[i].with.p, e->v[i].with.n);
		n += e->v[i].with.n;
		at = e->v[i].to;
	}
	if (src.n > at)
		memcpy(dst + n, src.p + at, src.n - at);
	return n + src.n - at;
}

#endif
