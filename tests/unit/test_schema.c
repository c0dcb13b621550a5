/* test_schema.c: scalars, did-you-mean, and what every row of the real option table owes its readers. */
#include "../../proxy/config/schema.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cli/topics.h"
#include "cli/verbs.h"
#include "config/config.h"

static struct scalar_fault fault;

static bool
reads(enum tc_option_type type, const char *bounds, const char *text, void *out)
{
	struct tc_option row = {.path = "a", .type = type, .bounds = bounds, .help = "a"};
	bool ok = scalar_read(&row, tc_str_from(text), tc_str_from(text), "value", out, &fault);

	if (!ok) {
		assert_non_null(fault.code);
		assert_true(fault.text[0] != '\0');
		assert_true(fault.hint[0] != '\0');
	}
	return ok;
}

static void
number_is(enum tc_option_type type, const char *text, int64_t expected)
{
	int64_t n = -1;

	assert_true(reads(type, NULL, text, &n));
	assert_true(n == expected);
}

static void
refuses(enum tc_option_type type, const char *bounds, const char *text, const char *code)
{
	union scratch s = {0};

	assert_false(reads(type, bounds, text, &s));
	assert_string_equal(fault.code, code);
}

static void
test_numbers(void **state)
{
	static const char *const bad[] = {"", "NO", "1_000", "0x10", "010", "00", "12:30", "-1", "+1", "1.0", "1e3", " 1", "1 ", "1000000000000000"};

	(void)state;
	number_is(TC_OPT_INT, "0", 0);
	number_is(TC_OPT_INT, "20000", 20000);
	number_is(TC_OPT_INT, "999999999999999", INT64_C(999999999999999));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuses(TC_OPT_INT, NULL, bad[i], "bad-integer");
	refuses(TC_OPT_INT, "5..1000", "4", "out-of-range");
	refuses(TC_OPT_INT, "5..1000", "1001", "out-of-range");
}

static void
test_durations_and_sizes(void **state)
{
	(void)state;
	number_is(TC_OPT_DURATION, "500ms", 500);
	number_is(TC_OPT_DURATION, "10s", 10000);
	number_is(TC_OPT_DURATION, "5 min", 300000);
	number_is(TC_OPT_DURATION, "2 h", 7200000);
	number_is(TC_OPT_DURATION, "30 days", INT64_C(2592000000));
	number_is(TC_OPT_DURATION, "25 months", 25 * INT64_C(2629800000));
	refuses(TC_OPT_DURATION, NULL, "10", "bad-duration");
	refuses(TC_OPT_DURATION, NULL, "10 ", "bad-duration");
	refuses(TC_OPT_DURATION, NULL, "10  s", "bad-duration");
	refuses(TC_OPT_DURATION, NULL, "s", "bad-duration");
	refuses(TC_OPT_DURATION, NULL, "10S", "bad-duration");
	refuses(TC_OPT_DURATION, NULL, "999999999999999 years", "bad-duration"); /* does not fit */
	refuses(TC_OPT_DURATION, "1s..1 h", "2 h", "out-of-range");
	number_is(TC_OPT_SIZE, "512", 512);
	number_is(TC_OPT_SIZE, "512B", 512);
	number_is(TC_OPT_SIZE, "32KiB", 32768);
	number_is(TC_OPT_SIZE, "2 MiB", 2097152);
	number_is(TC_OPT_SIZE, "1TiB", INT64_C(1) << 40);
	refuses(TC_OPT_SIZE, NULL, "999999999999999TiB", "bad-size"); /* does not fit */
	refuses(TC_OPT_SIZE, NULL, "32KB", "bad-size");
	refuses(TC_OPT_SIZE, NULL, "32k", "bad-size");
	refuses(TC_OPT_SIZE, "1KiB..1MiB", "2MiB", "out-of-range");
}

static void
test_other_scalars(void **state)
{
	static const char *const not_bool[] = {"NO", "no", "yes", "on", "off", "True", "TRUE", "1", "y"};
	static const char *const not_decimal[] = {"", "1.", ".5", "1e", "0x1", "nan", "inf", "-1", "1,5", "1 "};
	struct tc_str s;
	uint32_t flags = 0;
	bool b = false;
	int i = -1;

	(void)state;
	assert_true(reads(TC_OPT_BOOL, NULL, "true", &b) && b);
	assert_true(reads(TC_OPT_BOOL, NULL, "false", &b) && !b);
	for (size_t k = 0; k < sizeof(not_bool) / sizeof(not_bool[0]); k++)
		refuses(TC_OPT_BOOL, NULL, not_bool[k], "bad-bool");
	assert_true(reads(TC_OPT_ENUM, "a|bc|d", "bc", &i));
	assert_int_equal(i, 1);
	refuses(TC_OPT_ENUM, "a|bc|d", "b", "unknown-value");
	refuses(TC_OPT_ENUM, "a|bc|d", "A", "unknown-value");
	assert_true(reads(TC_OPT_FLAGS, "a|b|c", "c", &flags));
	assert_true(reads(TC_OPT_FLAGS, "a|b|c", "a", &flags));
	assert_int_equal(flags, 5);
	for (size_t k = 0; k < sizeof(not_decimal) / sizeof(not_decimal[0]); k++)
		refuses(TC_OPT_DECIMAL, NULL, not_decimal[k], "bad-decimal");
	assert_true(reads(TC_OPT_DECIMAL, "0..1e-5", "1e-6", &s));
	assert_true(reads(TC_OPT_DECIMAL, NULL, "0.25", &s));
	refuses(TC_OPT_DECIMAL, "0..1e-5", "0.1", "out-of-range");
	assert_true(reads(TC_OPT_STR, NULL, "any text, \xC3\xA9", &s));
	refuses(TC_OPT_STR, NULL, "", "missing-value");
	refuses(TC_OPT_STR, NULL, "a\nb", "control-character");
	refuses(TC_OPT_STR, NULL, "a\tb", "control-character");
}

static void
test_addresses_and_urls(void **state)
{
	static const char *const addresses[] = {"127.0.0.1:8080", "0.0.0.0:0", "[::]:443", "[::1]:65535", "[2001:db8::1]:80"};
	static const char *const not_addresses[] = {"", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:080",
	    "127.1:80", "localhost:80", "::1:80", "[::1]", "[127.0.0.1]:80", "[::1:80", "127.0.0.1:80x", "*:80"};
	static const char *const urls[] = {"http://a", "http://a.example:8080", "https://[::1]:1", "http://127.0.0.1/", "http://a_b.example"};
	static const char *const not_urls[] = {"", "a", "//a", "http://", "http:///x", "ftp://a", "HTTP://a", "http://a:0", "http://a:65536",
	    "http://a:", "http://u@a", "http://a b", "http://[::1", "http://[a]:80", "http://.a", "http://a..b", "http://a:80:80"};
	struct tc_str s;

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		assert_true(reads(TC_OPT_ADDRESS, NULL, addresses[i], &s));
	for (size_t i = 0; i < sizeof(not_addresses) / sizeof(not_addresses[0]); i++)
		refuses(TC_OPT_ADDRESS, NULL, not_addresses[i], "bad-address");
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		assert_true(reads(TC_OPT_URL, "http|https", urls[i], &s));
	for (size_t i = 0; i < sizeof(not_urls) / sizeof(not_urls[0]); i++)
		refuses(TC_OPT_URL, "http|https", not_urls[i], "bad-url");
	assert_true(reads(TC_OPT_URL, "unix|redis", "unix:/run/x.sock", &s));
	refuses(TC_OPT_URL, "http|https", "unix:/run/x.sock", "bad-url");
	assert_true(reads(TC_OPT_URL, "http|https|unix", "unix:x.sock", &s));
	assert_true(reads(TC_OPT_URL, "http|https|unix", "http://a", &s));
	refuses(TC_OPT_URL, "http|https|unix", "unix:", "bad-url");
	refuses(TC_OPT_URL, "http|https|unix", "unix://", "bad-url");
	assert_true(reads(TC_OPT_ADDRESS, "unix", "unix:/run/x.sock", &s));
	assert_true(reads(TC_OPT_ADDRESS, "unix", "127.0.0.1:80", &s));
	refuses(TC_OPT_ADDRESS, "unix", "unix:", "bad-address");
	refuses(TC_OPT_ADDRESS, "unix", "Unix:/run/x.sock", "bad-address");
	refuses(TC_OPT_ADDRESS, NULL, "unix:/run/x.sock", "bad-address");
}

/* ---- did you mean ---- */

static const char *
meant(const char *word, const char *candidates)
{
	static char out[64];
	struct suggest s = {.word = tc_str_from(word)};
	struct tc_str best;

	suggest_offer_words(&s, candidates);
	best = suggest_result(&s);
	(void)snprintf(out, sizeof(out), "%.*s", (int)best.n, best.p);
	return out;
}

static void
test_did_you_mean(void **state)
{
	(void)state;
	assert_string_equal(meant("gcp", "gpc|dnt|choice"), "gpc"); /* two neighbours swapped: one edit */
	assert_string_equal(meant("GPC", "gpc|dnt|choice"), "gpc");
	assert_string_equal(meant("xyz", "gpc|dnt|choice"), "");
	assert_string_equal(meant("gxx", "gpc|dnt"), ""); /* two edits are too many for a short word */
	assert_string_equal(meant("analytiks", "analytics|advertising"), "analytics");
	assert_string_equal(meant("annalytcis", "analytics|advertising"), "analytics");
	assert_string_equal(meant("annnalytcis", "analytics|advertising"), "");
	assert_string_equal(meant("rate", "rates|rater"), ""); /* two are as near */
	assert_string_equal(meant("rate", "rates|rates"), "rates");
	assert_string_equal(meant("rate", "rates|rater|rate"), "rate");
	assert_string_equal(meant("UK", "GB|GR|EU"), "GB");
	assert_string_equal(meant("ads", "analytics|advertising"), "advertising");
	assert_string_equal(meant("off", "marker|auto|none"), "none");
	assert_string_equal(meant("brotli", "gzip|br|zstd"), "br");
	assert_string_equal(meant("least-conn", "round-robin|least-connections"), "least-connections");
	assert_string_equal(meant("", "a|b"), "");
	assert_string_equal(meant("a", "b|c"), ""); /* everything is one edit from a letter */
}

/* Equal to the textbook's recursion on every pair of short words. */
static size_t
slow_distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t d, best;

	if (n == 0 || m == 0)
		return n + m;
	best = slow_distance(a, n - 1, b, m - 1) + (a[n - 1] != b[m - 1]);
	d = slow_distance(a, n - 1, b, m) + 1;
	best = d < best ? d : best;
	d = slow_distance(a, n, b, m - 1) + 1;
	best = d < best ? d : best;
	if (n > 1 && m > 1 && a[n - 1] == b[m - 2] && a[n - 2] == b[m - 1]) {
		d = slow_distance(a, n - 2, b, m - 2) + 1;
		best = d < best ? d : best;
	}
	return best;
}

static void
test_distance(void **state)
{
	char words[121][6];
	size_t n = 0;

	(void)state;
	for (int length = 1; length <= 4; length++)
		for (int k = 0; k < (1 << length) && n < 121; k++, n++) {
			for (int i = 0; i < length; i++)
				words[n][i] = (k >> i) & 1 ? 'a' : (char)('b' + i % 2);
			words[n][length] = '\0';
		}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			/* with "zzzz" in front both words are long enough for two edits */
			char a[12], b[12];
			size_t d = slow_distance(words[i], strlen(words[i]), words[k], strlen(words[k]));

			(void)snprintf(a, sizeof(a), "zzzz%s", words[i]);
			(void)snprintf(b, sizeof(b), "zzzz%s", words[k]);
			assert_int_equal(meant(a, b)[0] != '\0', d <= 2);
		}
}

/* ---- every row ---- */

struct each {
	char path[160], topic[160];
	const struct tc_option *option;
};

static struct each
row_at(size_t i)
{
	struct each e;
	const char *prefix;

	e.option = config_option(i, &prefix);
	assert_non_null(e.option);
	(void)snprintf(e.path, sizeof(e.path), "%s%s", prefix, e.option->path);
	(void)schema_topic(e.path, e.topic, sizeof(e.topic));
	return e;
}

static struct loader
new_loader(void)
{
	struct loader l = {.arena = arena_new(NULL, LOAD_ARENA_MAX), .messages = messages_new()};

	l.rows = schema_rows(&l);
	return l;
}

static void
end_loader(struct loader *l)
{
	arena_destroy(&l->arena);
	messages_destroy(&l->messages);
}

static void
test_rows_are_complete(void **state)
{
	size_t n = config_option_count();
	const char *prefix;

	(void)state;
	assert_true(n > 130);
	assert_null(config_option(n, &prefix));
	for (size_t i = 0; i < n; i++) {
		struct each e = row_at(i);

		assert_true(strlen(e.path) < sizeof(((struct way *)NULL)->schema) - 1);
		assert_non_null(e.option->help);
		assert_true(strlen(e.option->help) > 3);
		assert_false(e.option->help[0] >= 'A' && e.option->help[0] <= 'Z' && e.option->help[1] >= 'a' && e.option->help[1] <= 'z' &&
		    e.option->help[strlen(e.option->help) - 1] == '.');
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(e.path, row_at(k).path);
	}
}

/* A default is what a user could have written. */
static void
test_defaults_are_right(void **state)
{
	struct loader l = new_loader();

	(void)state;
	for (size_t i = 0; i < l.rows->n; i++) {
		union {
			union scratch s;
			struct tc_strs strs;
		} out;

		if (l.rows->v[i].option->type != TC_OPT_ANY)
			read_default(&l, &l.rows->v[i], &out); /* asserts */
	}
	assert_int_equal(l.messages->n, 0);
	end_loader(&l);
}

/* "sites[].origin.url" with a value: sites: [{origin: {url: VALUE}}] */
static char *
nest(const char *path, const char *value)
{
	char closing[64] = "", *out = NULL;
	size_t n = 0, depth = 0;
	FILE *f = open_memstream(&out, &n);

	assert_non_null(f);
	(void)fputc('{', f);
	for (const char *p = path; *p != '\0'; p++) {
		if (p[0] == '[') {
			(void)fputs(": [{", f);
			closing[depth++] = ']';
			closing[depth++] = '}';
			p += 2; /* "[]." */
		} else if (p[0] == '.') {
			(void)fputs(": {", f);
			closing[depth++] = '}';
		} else if (p[0] == '*') {
			(void)fputs("name", f);
		} else {
			(void)fputc(p[0], f);
		}
	}
	(void)fprintf(f, ": %s", value);
	while (depth > 0)
		(void)fputc(closing[--depth], f);
	(void)fputs("}\n", f);
	(void)fclose(f);
	return out;
}

static bool
said(const struct messages *m, const char *code, const char *topic)
{
	char want[200], have[700];

	(void)snprintf(want, sizeof(want), "tacet help %s)", topic);
	for (size_t i = 0; i < m->n; i++) {
		(void)snprintf(have, sizeof(have), "%.*s", (int)m->v[i].hint.n, m->v[i].hint.p);
		if (strcmp(m->v[i].code, code) == 0 && (strstr(have, want) != NULL || strcmp(code, "wrong-type") == 0))
			return true;
	}
	return false;
}

/* Each row is reached by the walk, refuses a map, and refuses what its type cannot be. */
static void
test_rows_are_enforced(void **state)
{
	static const char *const codes[] = {
		[TC_OPT_BOOL] = "bad-bool",
		[TC_OPT_INT] = "bad-integer",
		[TC_OPT_DURATION] = "bad-duration",
		[TC_OPT_SIZE] = "bad-size",
		[TC_OPT_ENUM] = "unknown-value",
		[TC_OPT_FLAGS] = "unknown-value",
		[TC_OPT_DECIMAL] = "bad-decimal",
		[TC_OPT_URL] = "bad-url",
		[TC_OPT_ADDRESS] = "bad-address",
		[TC_OPT_WORDS] = "missing-value",
		[TC_OPT_STRS] = "missing-value",
		[TC_OPT_STR] = "missing-value",
	};

	(void)state;
	for (size_t i = 0; i < config_option_count(); i++) {
		struct each e = row_at(i);
		bool pack = strncmp(e.path, "pack", 4) == 0 || strncmp(e.path, "rows", 4) == 0;
		bool empty = e.option->type == TC_OPT_STR || e.option->type == TC_OPT_STRS || e.option->type == TC_OPT_WORDS;
		const char *value = scalar_is_list(e.option->type) ? empty ? "[\"\"]" : "[?]" : empty ? "\"\""
												      : "\"?\"";
		const char *wrong[] = {"{a: b}", scalar_is_list(e.option->type) && !empty ? "[\"?\"]" : value};

		if (e.option->type == TC_OPT_ANY || pack)
			continue;
		for (size_t k = 0; k < 2; k++) {
			struct messages *m = messages_new();
			char *text = nest(e.path, wrong[k]);
			struct config *c;

			assert_int_equal(config_load_text(TC_STR("t.yaml"), tc_str_from(text), NULL, &c, m), -1);
			if (!said(m, k == 0 ? e.option->type == TC_OPT_ADDRESS ? "wrong-type" : "wrong-type" : codes[e.option->type], e.topic)) {
				(void)printf("%s", text);
				messages_print(m, stdout);
				fail();
			}
			free(text);
			messages_destroy(&m);
		}
	}
}

/* ---- help ---- */

static void
test_help_reaches_every_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < config_option_count(); i++) {
		struct each e = row_at(i);
		struct tc_str nearest;
		char *text = NULL, top[160];
		size_t n = 0;
		FILE *f = open_memstream(&text, &n);

		assert_non_null(f);
		(void)snprintf(top, sizeof(top), "%.*s", (int)strcspn(e.topic, "."), e.topic);
		assert_int_equal(topic_print(e.topic, f, &nearest), 1);
		assert_true(topic_print(e.path, f, &nearest) == 1);
		assert_true(topic_print(top, f, &nearest) >= 1);
		(void)fclose(f);
		assert_true(strncmp(text, e.topic, strlen(e.topic)) == 0);
		assert_non_null(strstr(text, e.option->help));
		free(text);
	}
}

static void
test_help_for_a_slip(void **state)
{
	FILE *f = fopen("/dev/null", "we");
	struct tc_str nearest;

	(void)state;
	assert_non_null(f);
	assert_int_equal(topic_print("honour", f, &nearest), 0);
	assert_true(tc_eq(nearest, TC_STR("regions.honour")));
	assert_int_equal(topic_print("region.honour", f, &nearest), 0);
	assert_true(tc_eq(nearest, TC_STR("regions.honour")));
	assert_int_equal(topic_print("limtis", f, &nearest), 0);
	assert_true(tc_eq(nearest, TC_STR("limits")));
	assert_int_equal(topic_print("nothing-like-it", f, &nearest), 0);
	assert_int_equal(nearest.n, 0);
	assert_int_equal(topic_print("", f, &nearest), 0);
	(void)fclose(f);
}

/* ---- what is written for people keeps up ---- */

static char *
contents(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = malloc(1 << 18);
	size_t n;

	assert_non_null(f);
	assert_non_null(text);
	n = fread(text, 1, (1 << 18) - 1, f);
	(void)fclose(f);
	text[n] = '\0';
	return text;
}

/* As a word of its own; scdoc writes _ as \_. */
static bool
has_word(const char *text, const char *word)
{
	char escaped[200];
	size_t n = 0;

	for (const char *p = word; *p != '\0'; p++) {
		if (*p == '_')
			escaped[n++] = '\\';
		escaped[n++] = *p;
	}
	escaped[n] = '\0';
	for (int k = 0; k < 2; k++) {
		const char *w = k == 0 ? word : escaped, *at = text;

		while ((at = strstr(at, w)) != NULL) {
			char before = at > text ? at[-1] : ' ', after = at[strlen(w)];

			if (strchr(" .*[{(\n_\\\t,", before) != NULL && strchr(" .:*[,)\n\\_}", after) != NULL)
				return true;
			at++;
		}
	}
	return false;
}

static void
mentions_every_option(const char *path)
{
	char *text = contents(path);

	for (size_t i = 0; i < config_option_count(); i++) {
		struct each e = row_at(i);
		const char *last = strrchr(e.topic, '.');

		last = last != NULL ? last + 1 : e.topic;
		if (!has_word(text, last)) {
			(void)printf("%s does not mention %s\n", path, e.topic);
			fail();
		}
	}
	free(text);
}

static void
test_sample_mentions_every_option(void **state)
{
	(void)state;
	mentions_every_option("conf/tacet.yaml");
}

static void
test_manual_mentions_every_option_and_verb(void **state)
{
	static const char *const pages[] = {"docs/tacet.8.scd"};

	(void)state;
	mentions_every_option("docs/tacet.conf.5.scd");
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		char *text = contents(pages[i]);

		for (const struct verb *v = verbs; v->name != NULL; v++)
			assert_true(has_word(text, v->name));
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_durations_and_sizes),
		cmocka_unit_test(test_other_scalars),
		cmocka_unit_test(test_addresses_and_urls),
		cmocka_unit_test(test_did_you_mean),
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_rows_are_complete),
		cmocka_unit_test(test_defaults_are_right),
		cmocka_unit_test(test_rows_are_enforced),
		cmocka_unit_test(test_help_reaches_every_row),
		cmocka_unit_test(test_help_for_a_slip),
		cmocka_unit_test(test_sample_mentions_every_option),
		cmocka_unit_test(test_manual_mentions_every_option_and_verb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
