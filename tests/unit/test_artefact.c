/*
 * test_artefact.c: a block as bytes and back: the same verdicts, lists and places; what is cut, damaged or forged is refused;
 * opening the real lists costs little.
 */
#include "../../filters/match/artefact.c"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "match_run.h"

static const char rules[] =
    "! Title: Ours\n"
    "! Version: 7\n"
    "! License: none\n"
    "||t.example^\n"
    "||p.example/px.gif$image\n"
    "/collect?v=*&tid=\n"
    "/^https?:\\/\\/[a-z]+\\.re\\.example\\//$script\n"
    "@@||t.example/ok.js\n"
    "||imp.example^$important\n"
    "@@||imp.example^\n"
    "*$script,domain=site.example,to=to.example\n"
    "||m.example^$method=post|put\n"
    "*$removeparam=gone\n"
    "*$removeparam=/^x[0-9]+=/\n"
    "||c.example^$csp=script-src 'none'\n"
    "||bad.example^\n"
    "||bad.example^$badfilter\n"
    "||google.*^$domain=~news.*\n"
    "##.cosmetic\n"
    "##.other\n"
    "nonsense nonsense\n";

static const struct {
	const char *url;
	enum match_type type;
} asked[] = {
	{"https://t.example/a.js", MATCH_SCRIPT},
	{"https://a.t.example/ok.js", MATCH_SCRIPT},
	{"https://t.example/ok.js", MATCH_SCRIPT},
	{"https://p.example/px.gif?1", MATCH_IMAGE},
	{"https://p.example/px.gif?1", MATCH_SCRIPT},
	{"https://www.site.example/collect?v=2&x=1&tid=3", MATCH_XHR},
	{"https://abc.re.example/", MATCH_SCRIPT},
	{"https://ab1.re.example/", MATCH_SCRIPT},
	{"https://imp.example/", MATCH_SCRIPT},
	{"https://to.example/x", MATCH_SCRIPT},
	{"https://m.example/x", MATCH_SCRIPT},
	{"https://bad.example/x", MATCH_SCRIPT},
	{"https://www.google.de/x", MATCH_SCRIPT},
	{"https://none.example/x", MATCH_SCRIPT},
};

static void
digest(struct tc_str text, uint8_t out[MATCH_DIGEST_SIZE])
{
	memset(out, (int)(text.n & 0xff), MATCH_DIGEST_SIZE);
}

static struct match_db *
build_ours(void)
{
	const struct match_source source = {.name = TC_STR("ours.txt"), .digest = digest};
	struct match_db *db = match_new();

	assert_non_null(db);
	assert_int_equal(match_add_with(db, tc_str_from(rules), TC_PACK_OPERATOR, TC_ADVERTISING, &source), 0);
	assert_int_equal(match_build(db), 0);
	return db;
}

static struct match_db *
image_and_back(const struct match_db *db, struct tc_str *image)
{
	const char *why;
	struct match_db *again;

	assert_int_equal(match_image(db, image), 0);
	again = match_open(&(struct match_block){.p = image->p, .n = image->n}, &why);
	if (again == NULL)
		fail_msg("refused: %s", why);
	return again;
}

static void
drop(struct match_db *db, struct tc_str *image)
{
	match_destroy(&db);
	free((void *)(uintptr_t)image->p);
}

static void
assert_same(const struct match_db *a, const struct match_db *b)
{
	size_t blocked = 0;

	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		struct match_result first;
		enum match_verdict v = judge(a, asked[i].url, asked[i].type);

		first = result;
		assert_int_equal(judge(b, asked[i].url, asked[i].type), v);
		assert_true(tc_eq(first.rule, result.rule));
		assert_int_equal(first.class, result.class);
		blocked += v == MATCH_BLOCK;
	}
	assert_true(blocked >= 6);
}

static bool
removes(const struct match_db *db, const char *name)
{
	struct url u = url_of("https://www.site.example/?gone=1&x12=2");
	struct match_result r;

	return match_removes(db, &page, &u, MATCH_DOCUMENT, MATCH_REMOVEPARAM, tc_str_from(name), TC_STR("1"), &r) == MATCH_BLOCK;
}

static void
the_same_answers(void **state)
{
	struct match_db *db = build_ours(), *again;
	struct tc_str image;

	(void)state;
	again = image_and_back(db, &image);
	assert_same(db, again);
	assert_true(removes(again, "gone") && removes(again, "x12") && !removes(again, "stays"));
	assert_memory_equal(db->stats.rules, again->stats.rules, sizeof(db->stats.rules));
	assert_memory_equal(db->stats.changes, again->stats.changes, sizeof(db->stats.changes));
	assert_memory_equal(db->stats.skipped, again->stats.skipped, sizeof(db->stats.skipped));
	match_destroy(&db);
	drop(again, &image);
}

/* An image of what was opened from one is the same bytes: nothing is lost on the way. */
static void
the_same_bytes(void **state)
{
	struct match_db *db = build_ours(), *again;
	struct tc_str image, second;

	(void)state;
	again = image_and_back(db, &image);
	assert_int_equal(match_image(again, &second), 0);
	assert_true(tc_eq(image, second));
	free((void *)(uintptr_t)second.p);
	match_destroy(&db);
	drop(again, &image);
}

static void
lists_and_places(void **state)
{
	struct match_db *db = build_ours(), *again;
	struct tc_str image;
	struct match_place place;
	struct match_list list;

	(void)state;
	again = image_and_back(db, &image);
	assert_int_equal(match_list_count(again), 1);
	assert_true(match_list(again, 0, &list));
	assert_false(match_list(again, 1, &list));
	assert_true(tc_eq(list.name, TC_STR("ours.txt")) && tc_eq(list.title, TC_STR("Ours")));
	assert_true(tc_eq(list.version, TC_STR("7")) && tc_eq(list.licence, TC_STR("none")));
	assert_non_null(list.sha256);
	assert_int_equal(list.sha256[31], strlen(rules) & 0xff);
	assert_int_equal(list.lines, 22);                 /* behind the last line break is one more */
	assert_int_equal(list.kinds[MATCH_KIND_HOST], 3); /* t, imp, m */
	assert_int_equal(list.kinds[MATCH_KIND_REGEX], 1);
	assert_int_equal(list.kinds[MATCH_KIND_EXCEPTION], 2);
	assert_int_equal(list.kinds[MATCH_KIND_CHANGE + MATCH_REMOVEPARAM], 2);
	assert_int_equal(list.skipped[MATCH_SKIP_COSMETIC], 2);
	assert_int_equal(list.skipped[MATCH_SKIP_REMOVED], 1);
	assert_int_equal(list.skipped[MATCH_SKIP_MALFORMED], 1);
	assert_int_equal(list.bad_line, 21);
	assert_int_equal(judge(again, "https://t.example/a.js", MATCH_SCRIPT), MATCH_BLOCK);
	assert_true(match_place(again, result.rule, &place));
	assert_int_equal(place.line, 4);
	assert_string_equal(place.index, "host");
	assert_false(place.exception || place.important);
	assert_int_equal(judge(again, "https://t.example/ok.js", MATCH_SCRIPT), MATCH_ALLOW);
	assert_true(match_place(again, result.rule, &place) && place.exception && place.line == 8);
	assert_int_equal(judge(again, "https://imp.example/", MATCH_SCRIPT), MATCH_BLOCK);
	assert_true(match_place(again, result.rule, &place) && place.important);
	assert_int_equal(judge(again, "https://to.example/x", MATCH_SCRIPT), MATCH_BLOCK);
	assert_true(match_place(again, result.rule, &place));
	assert_string_equal(place.index, "site");
	assert_false(match_place(again, TC_STR("||t.example^"), &place)); /* the same letters elsewhere */
	match_destroy(&db);
	drop(again, &image);
}

/* What an exception frees is blocked without it. */
static void
blocked_but_for_exceptions(void **state)
{
	struct match_db *db = build_ours();
	struct url u = url_of("https://t.example/ok.js");
	struct match_result r;

	(void)state;
	assert_int_equal(match_url(db, &page, &u, MATCH_SCRIPT, &r), MATCH_ALLOW);
	assert_int_equal(match_blocked(db, &page, &u, MATCH_SCRIPT, &r), MATCH_BLOCK);
	assert_true(tc_eq(r.rule, TC_STR("||t.example^")));
	match_destroy(&db);
}

/* Its rules beside others: as if the lists had been read one after the other, badfilters too. */
static void
merged(void **state)
{
	struct match_db *db = build_ours(), *both = match_new();
	struct match_list list;

	(void)state;
	assert_int_equal(match_add(both, TC_STR("||more.example^\n||bad.example^\n"), TC_PACK_OPERATOR, TC_ADVERTISING), 0);
	assert_int_equal(match_merge(both, db), 0);
	assert_int_equal(match_build(both), 0);
	assert_same(db, both);
	assert_int_equal(judge(both, "https://more.example/", MATCH_SCRIPT), MATCH_BLOCK);
	assert_int_equal(match_list_count(both), 2);
	assert_true(match_list(both, 1, &list));
	assert_true(tc_eq(list.name, TC_STR("ours.txt")) && tc_eq(list.title, TC_STR("Ours")));
	assert_int_equal(list.kinds[MATCH_KIND_HOST], 3);
	assert_int_equal(list.skipped[MATCH_SKIP_REMOVED], 1);
	assert_int_equal(both->stats.skipped[MATCH_SKIP_REMOVED], 2);
	assert_int_equal(both->stats.skipped[MATCH_SKIP_COSMETIC], 2);
	match_destroy(&both);
	match_destroy(&db);
}

/* ---- damage ---- */

/* Opens a copy of n bytes of the image after change(); the copy ends at a page that cannot be read. */
static const char *
refused(struct tc_str image, size_t n, void (*change)(char *bytes, size_t n))
{
	size_t room = (n + 15) / 16 * 16;
	char *bytes = aligned_alloc(16, room > 0 ? room : 16);
	struct match_db *db;
	const char *why;

	memcpy(bytes, image.p, n);
	if (change != NULL)
		change(bytes, n);
	db = match_open(&(struct match_block){.p = bytes, .n = n}, &why);
	match_destroy(&db);
	free(bytes);
	return why;
}

static void
resum(char *bytes, size_t n)
{
	struct head *h = (struct head *)(void *)bytes;

	h->sum = block_sum(bytes + SUM_FROM, n - SUM_FROM);
}

static void
one_bit(char *bytes, size_t n)
{
	bytes[n - 40] ^= 1;
}

static void
other_order(char *bytes, size_t n)
{
	((struct head *)(void *)bytes)->order = 0x04030201;
	resum(bytes, n);
}

static void
other_version(char *bytes, size_t n)
{
	((struct head *)(void *)bytes)->version++;
	resum(bytes, n);
}

static void
other_shape(char *bytes, size_t n)
{
	((struct head *)(void *)bytes)->shape++;
	resum(bytes, n);
}

static void
cut_and_damaged(void **state)
{
	struct match_db *db = build_ours();
	struct tc_str image;

	(void)state;
	assert_int_equal(match_image(db, &image), 0);
	for (size_t n = 0; n < image.n; n += n < 2048 ? 1 : 97)
		assert_string_equal(refused(image, n, NULL), "it is cut short");
	assert_string_equal(refused(image, image.n, one_bit), "it is damaged: its checksum is wrong");
	assert_string_equal(refused(image, image.n, other_order), "it was compiled on a machine with another byte order");
	assert_string_equal(refused(image, image.n, other_version), "it was compiled by another version of tacet");
	assert_string_equal(refused(image, image.n, other_shape), "it was compiled by another version of tacet");
	assert_null(refused(image, image.n, NULL));
	match_destroy(&db);
	free((void *)(uintptr_t)image.p);
}

/* Every 32-bit word in turn becomes enormous, its checksum right: refused, or harmless. */
static void
forged(void **state)
{
	struct match_db *db = build_ours(), *again;
	struct tc_str image;
	size_t refusals = 0;
	const char *why;

	(void)state;
	assert_int_equal(match_image(db, &image), 0);
	match_destroy(&db);
	for (size_t at = sizeof(struct head) - sizeof(struct section) * SECTION_COUNT; at + 4 <= image.n; at += 4) {
		char *bytes = (char *)(uintptr_t)image.p;
		uint32_t was, wrong;

		memcpy(&was, bytes + at, 4);
		wrong = was ^ UINT32_C(0x3f80ff80);
		memcpy(bytes + at, &wrong, 4);
		resum(bytes, image.n);
		again = match_open(&(struct match_block){.p = bytes, .n = image.n}, &why);
		refusals += again == NULL;
		for (size_t i = 0; again != NULL && i < sizeof(asked) / sizeof(*asked); i++)
			(void)judge(again, asked[i].url, asked[i].type);
		if (again != NULL)
			(void)removes(again, "gone");
		match_destroy(&again);
		memcpy(bytes + at, &was, 4);
	}
	assert_true(refusals > 100);
	free((void *)(uintptr_t)image.p);
}

/* ---- the real lists ---- */

static double
cpu_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void
quiet(struct tc_loader *l, bool fatal, const char *code, const char *text)
{
	(void)l;
	(void)code;
	if (fatal)
		fail_msg("%s", text);
}

static struct match_db *
load(const char *name)
{
	struct tc_str use = tc_str_from(name);
	struct tc_loader l = {.lists = {&use, 1}, .say = quiet};
	void *conf = NULL;

	assert_int_equal(filter_lists.load(&l, &conf), 0);
	return conf;
}

static void
opens_fast(void **state)
{
	char path[] = "/tmp/tacet-artefact-XXXXXX";
	double build = cpu_ms(), best = 1e9;
	struct match_db *db = load("easyprivacy"), *again;
	struct tc_str image;
	int fd;

	(void)state;
	build = cpu_ms() - build;
	if (db->rule_count < 40000) {
		match_destroy(&db);
		print_message("skipped: easyprivacy is not installed\n");
		skip();
	}
	assert_int_equal(match_image(db, &image), 0);
	fd = mkstemp(path);
	assert_true(fd >= 0 && write(fd, image.p, image.n) == (ssize_t)image.n);
	(void)close(fd);
	for (int i = 0; i < 9; i++) {
		double begin = cpu_ms(), took;

		again = load(path);
		took = cpu_ms() - begin;
		best = took < best ? took : best;
		assert_int_equal(again->rule_count, db->rule_count);
		match_destroy(&again);
	}
	print_message("%u rules, %zu KiB: built in %.1f ms, opened in %.2f ms\n", db->rule_count, image.n / 1024, build, best);
	assert_true(best * 8 < build); /* a ratio: both are slow on a busy machine */
	(void)unlink(path);
	free((void *)(uintptr_t)image.p);
	match_destroy(&db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_answers),
		cmocka_unit_test(the_same_bytes),
		cmocka_unit_test(lists_and_places),
		cmocka_unit_test(blocked_but_for_exceptions),
		cmocka_unit_test(merged),
		cmocka_unit_test(cut_and_damaged),
		cmocka_unit_test(forged),
		cmocka_unit_test(opens_fast),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
