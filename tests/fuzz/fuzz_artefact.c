/*
 * fuzz_artefact.c: any bytes as a compiled list. Input: bytes that begin with the magic, as they are; or list text, a zero
 * byte, and changes to what it compiles to: each a place (4 bytes) and what is added to the 32 bits there (4 bytes).
 *
 * The checksum and the size are made right, so that changes get behind them. Asserted: it is refused, or every question is
 * answered within the block, in time, and the same way twice; without changes it is not refused.
 */
#include <assert.h>
#include <stdint.h>

#include "../../filters/match/artefact.c"
#include "filters/match/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ask(const struct match_db *db, const char *text)
{
	static char buf[URL_MAX + 64];
	struct match_page page = {.host = TC_STR("www.site.example"), .domain = TC_STR("site.example"), .denied = 0xff};
	struct match_result r, again, why[4];
	struct match_scripts scripts;
	struct match_place place;
	struct tc_str values[4];
	enum tc_class class;
	struct url url;

	if (!url_resolve(&url, tc_str_from(text), NULL, buf))
		return;
	(void)match_url(db, &page, &url, MATCH_SCRIPT, &r);
	if (r.verdict != MATCH_NONE && db->rule_count < 1000)
		(void)match_place(db, r.rule, &place);
	match_page_ready(&page, db);
	assert(match_url(db, &page, &url, MATCH_SCRIPT, &again) != MATCH_BLOCK || again.rule.n <= db->pool_n);
	match_scripts(db, &page, &url, &scripts);
	(void)match_script(db, &scripts, TC_STR("var track = 1;"), &class);
	for (enum match_change kind = 0; kind < MATCH_CHANGE_COUNT; kind++) {
		(void)match_removes(db, &page, &url, MATCH_DOCUMENT, kind, TC_STR("a"), TC_STR("1"), &r);
		(void)match_removes(db, &page, &url, MATCH_DOCUMENT, kind, TC_STR("a"), TC_STR("1"), &again);
		assert(r.verdict == again.verdict && tc_eq(r.rule, again.rule));
		(void)match_values(db, &page, &url, MATCH_DOCUMENT, kind, why, values, 4);
	}
}

/* All of it again: where the rules of a forged block come from does not matter either. */
static void
merge(const struct match_db *from)
{
	struct match_db *db = match_new();

	assert(db != NULL);
	if (match_merge(db, from) == 0 && match_build(db) == 0)
		ask(db, "https://cdn.t.example/track/px.js?a=1&b");
	match_destroy(&db);
}

static void
ask_all(const struct match_db *db)
{
	struct match_list list;

	for (size_t i = 0; match_list(db, i, &list); i++)
		assert(list.name.n <= db->pool_n);
	ask(db, "https://cdn.t.example/track/px.js?a=1&b");
	ask(db, "http://a.b.www.site.example/collect?v=2&tid=G-1");
	ask(db, "https://www.google.de/x");
	if (db->rule_count < 1000 && db->pool_n < 1 << 20)
		merge(db);
}

/* The bytes are the caller's. */
static bool
open_and_ask(char *bytes, size_t n)
{
	struct head *h = (struct head *)(void *)bytes;
	struct match_db *db;
	const char *why;

	if (n >= sizeof(*h)) {
		h->size = n;
		h->sum = block_sum(bytes + SUM_FROM, n - SUM_FROM);
	}
	db = match_open(&(struct match_block){.p = bytes, .n = n}, &why);
	if (db != NULL)
		ask_all(db);
	match_destroy(&db);
	return why == NULL;
}

static void
try_bytes(const uint8_t *data, size_t size)
{
	char *bytes = malloc(size);

	if (bytes == NULL)
		abort();
	memcpy(bytes, data, size);
	(void)open_and_ask(bytes, size);
	free(bytes);
}

static void
try_changes(struct tc_str text, const uint8_t *changes, size_t n)
{
	struct match_db *db = match_new();
	struct tc_str image;
	char *bytes;

	if (db == NULL || match_add(db, text, TC_PACK_OPERATOR, TC_ADVERTISING) == -1 || match_build(db) == -1 ||
	    match_image(db, &image) == -1)
		abort();
	match_destroy(&db);
	bytes = (char *)(uintptr_t)image.p;
	for (size_t i = 0; i + 8 <= n; i += 8) {
		uint32_t at, add, was;

		memcpy(&at, changes + i, 4);
		memcpy(&add, changes + i + 4, 4);
		at %= (uint32_t)image.n - 4;
		memcpy(&was, bytes + at, 4);
		was += add;
		memcpy(bytes + at, &was, 4);
	}
	assert(open_and_ask(bytes, image.n) || n >= 8);
	free(bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tc_str all = tc_str_of((const char *)data, size);
	size_t text_n = tc_find_byte(all, '\0');

	if (tc_starts(all, TC_STR(MATCH_MAGIC)))
		try_bytes(data, size);
	else if (text_n <= 4096)
		try_changes(tc_str_of(all.p, text_n), data + text_n + (text_n < size), size - text_n - (text_n < size));
	return 0;
}
