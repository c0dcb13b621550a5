/*
 * fuzz_list.c: any bytes as a filter list, then a URL judged by it. Input: list text, a zero byte, a URL.
 *
 * Asserted: it ends; a verdict other than "none" names a rule that is in the list; an allowed host is never
 * blocked; with no class denied nothing happens; and the same question has the same answer.
 */
#include <assert.h>
#include <stdint.h>

#include "filters/match/match.h"
#include "filters/match/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum match_verdict
judge(const struct match_db *db, struct match_page *page, const struct url *url, struct match_result *r)
{
	enum match_verdict v = match_url(db, page, url, MATCH_SCRIPT, r);

	assert(v == r->verdict);
	return v;
}

static void
ask(const struct match_db *db, struct tc_str list, const struct url *url)
{
	struct match_page page = {.host = TC_STR("www.site.example"), .domain = TC_STR("site.example"), .denied = 0xff};
	struct match_result first, again;

	if (judge(db, &page, url, &first) != MATCH_NONE && first.rule.n > 0)
		assert(tc_find(list, first.rule) < list.n || first.rule.p[0] == '|'); /* "||host^" of a hosts line */
	assert(judge(db, &page, url, &again) == first.verdict && tc_eq(first.rule, again.rule));
	if (first.verdict == MATCH_BLOCK) {
		page.allow[1] = (struct tc_strs){&url->host, 1};
		assert(judge(db, &page, url, &again) == MATCH_ALLOW);
	}
	page.denied = 0;
	assert(judge(db, &page, url, &again) == MATCH_NONE);
}

/* What takes something off: the same twice, and nothing if no class is denied. */
static void
ask_changes(const struct match_db *db, const struct url *url)
{
	struct match_page page = {.host = TC_STR("www.site.example"), .domain = TC_STR("site.example"), .denied = 0xff};
	struct match_result first, again, why[4];
	struct tc_str values[4];

	for (enum match_change kind = 0; kind < MATCH_CHANGE_COUNT; kind++) {
		enum match_verdict v = match_removes(db, &page, url, MATCH_DOCUMENT, kind, TC_STR("a"), TC_STR("1"), &first);
		size_t n = match_values(db, &page, url, MATCH_DOCUMENT, kind, why, values, 4);

		assert(match_removes(db, &page, url, MATCH_DOCUMENT, kind, TC_STR("a"), TC_STR("1"), &again) == v);
		assert(v == first.verdict && tc_eq(first.rule, again.rule));
		for (size_t i = 1; i < n; i++)
			assert(!tc_eq(values[i], values[i - 1]));
	}
	page.denied = 0;
	assert(match_removes(db, &page, url, MATCH_DOCUMENT, MATCH_REMOVEPARAM, TC_STR("a"), TC_STR("1"), &again) == MATCH_NONE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char buf[URL_MAX + 64], base_buf[URL_MAX + 64];
	struct tc_str all = tc_str_of((const char *)data, size);
	struct tc_str list = tc_str_of(all.p, tc_find_byte(all, '\0')), raw = all;
	struct match_db *db = match_new();
	struct url base, url;

	tc_skip(&raw, list.n < all.n ? list.n + 1 : list.n);
	(void)url_resolve(&base, TC_STR("https://www.site.example/a/b"), NULL, base_buf);
	if (db == NULL || match_add(db, list, TC_PACK_OPERATOR, TC_ADVERTISING) == -1 || match_build(db) == -1)
		abort();
	if (url_resolve(&url, raw, &base, buf))
		ask(db, list, &url);
	if (url_resolve(&url, TC_STR("https://cdn.t.example/track/px.js?a=1&b"), NULL, buf)) {
		ask(db, list, &url);
		ask_changes(db, &url);
	}
	match_destroy(&db);
	return 0;
}
