/* match_run.h: a list and a URL for the tests of the list matcher. */
#ifndef TACET_TESTS_MATCH_RUN_H
#define TACET_TESTS_MATCH_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "filters/match/match.h"
#include "filters/match/url.h"

#include "edge.h"

#define RUN_UNUSED __attribute__((unused))

static struct match_page page = {
	.host = {"www.site.example", 16},
	.domain = {"site.example", 12},
	.denied = TC_CLASS_BIT(TC_ADVERTISING),
};
static struct match_result result;

RUN_UNUSED static struct match_db *
build(const char *list)
{
	struct match_db *db = match_new();
	char *edge = edge_copy(list, strlen(list));

	assert_non_null(db);
	assert_int_equal(match_add(db, tc_str_of(edge, strlen(list)), TC_PACK_OPERATOR, TC_ADVERTISING), 0);
	edge_free(edge, strlen(list));
	assert_int_equal(match_build(db), 0);
	return db;
}

RUN_UNUSED static struct url
url_of(const char *text)
{
	static char buf[URL_MAX + 64];
	struct url u;

	assert_true(url_resolve(&u, tc_str_from(text), NULL, buf));
	return u;
}

RUN_UNUSED static enum match_verdict
judge(const struct match_db *db, const char *url, enum match_type type)
{
	struct url u = url_of(url);

	return match_url(db, &page, &u, type, &result);
}

#endif
