/*
 * test_html5lib.c: html5lib's tokenizer tests (../shared/tests/html5lib-tokenizer) on filters/html/tokenizer.c, each in all
 * its initial states: whole, cut in two at every position, and byte by byte. The tokenizer yields slices; what
 * the tests speak of (newlines, NUL, references, the parts of a DOCTYPE) is made of them here.
 * Left out: xmlViolation.test, which asks for names and text made fit for XML, what no browser does.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "filters/html/tokenizer.h"
#include "filters/html/value.h"

#define DIRECTORY "../shared/tests/html5lib-tokenizer"

/* ---- bytes that grow ---- */

struct bytes {
	char *p;
	size_t n, cap;
};

static void
add(struct bytes *b, const char *p, size_t n)
{
	if (b->n + n > b->cap) {
		b->cap = (b->n + n) * 2 + 64;
		b->p = realloc(b->p, b->cap);
		if (b->p == NULL)
			abort();
	}
	if (n > 0)
		memcpy(b->p + b->n, p, n);
	b->n += n;
}

static void
add_z(struct bytes *b, const char *z)
{
	add(b, z, strlen(z));
}

static struct tc_str
str_of(const struct bytes *b)
{
	return tc_str_of(b->n > 0 ? b->p : "", b->n);
}

static void
add_utf8(struct bytes *b, unsigned c)
{
	char u[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2
	    : c < 0x10000                   ? 3
					    : 4;

	if (n == 1)
		u[0] = (char)c;
	else
		u[0] = (char)((0xF00u >> n) | (c >> (6 * (n - 1))));
	for (size_t i = 1; i < n; i++)
		u[i] = (char)(0x80 | ((c >> (6 * (n - 1 - i))) & 0x3F));
	add(b, u, n);
}

/* ---- JSON, as much as the test files need ---- */

struct json {
	char kind; /* 's' string, 'a' array, 'o' object, 't' true, '-' other */
	struct tc_str s;
	struct tc_str *key;
	struct json *item;
	size_t n;
};

static const char *jp, *jend;

static void
json_space(void)
{
	while (jp < jend && strchr(" \t\r\n", *jp) != NULL)
		jp++;
}

static unsigned
hex4(const char *p)
{
	char z[5] = {p[0], p[1], p[2], p[3], 0};

	return (unsigned)strtoul(z, NULL, 16);
}

/* Reads \uXXXX at p (after "\u"), with its second half if it is half of a pair. Returns what it took. */
static size_t
unicode_escape(struct bytes *b, const char *p, const char *end)
{
	unsigned c = hex4(p), d;

	if (c >= 0xD800 && c < 0xDC00 && end - p >= 10 && p[4] == '\\' && p[5] == 'u') {
		d = hex4(p + 6);
		if (d >= 0xDC00 && d < 0xE000) {
			add_utf8(b, 0x10000 + ((c - 0xD800) << 10) + (d - 0xDC00));
			return 10;
		}
	}
	add_utf8(b, c);
	return 4;
}

static struct tc_str
json_string(void)
{
	struct bytes b = {0};

	for (jp++; jp < jend && *jp != '"';) {
		static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
		const char *at;

		if (*jp != '\\') {
			add(&b, jp++, 1);
			continue;
		}
		jp++;
		if (*jp == 'u') {
			jp++;
			jp += unicode_escape(&b, jp, jend);
			continue;
		}
		at = strchr(from, *jp);
		add(&b, at != NULL ? &to[at - from] : jp, 1);
		jp++;
	}
	jp++;
	return str_of(&b);
}

static struct json
json_value(void)
{
	struct json v = {.kind = '-'};

	json_space();
	if (*jp == '"') {
		v.kind = 's';
		v.s = json_string();
		return v;
	}
	if (*jp != '[' && *jp != '{') {
		v.kind = *jp;
		while (jp < jend && strchr(",]} \n\r\t", *jp) == NULL)
			jp++;
		return v;
	}
	v.kind = *jp == '[' ? 'a' : 'o';
	jp++;
	for (json_space(); *jp != ']' && *jp != '}'; json_space()) {
		v.item = realloc(v.item, (v.n + 1) * sizeof(*v.item));
		v.key = realloc(v.key, (v.n + 1) * sizeof(*v.key));
		if (v.item == NULL || v.key == NULL)
			abort();
		v.key[v.n] = TC_STR("");
		if (v.kind == 'o') {
			v.key[v.n] = json_string();
			json_space();
			jp++; /* ':' */
		}
		v.item[v.n] = json_value();
		v.n++;
		json_space();
		if (*jp == ',')
			jp++;
	}
	jp++;
	return v;
}

static void
json_free(struct json *v)
{
	for (size_t i = 0; i < v->n; i++) {
		if (v->key[i].n > 0)
			free((void *)(uintptr_t)v->key[i].p);
		json_free(&v->item[i]);
	}
	if (v->s.n > 0)
		free((void *)(uintptr_t)v->s.p);
	free(v->key);
	free(v->item);
}

static const struct json *
member(const struct json *v, const char *name)
{
	for (size_t i = 0; i < v->n; i++)
		if (tc_eq(v->key[i], tc_str_from(name)))
			return &v->item[i];
	return NULL;
}

/* ---- tokens as text, one line each: what is expected and what came are compared so ---- */

/* With \n for CR and CRLF, and U+FFFD for NUL where nul says so; lower: ASCII letters small. */
static void
add_normal(struct bytes *b, struct tc_str s, bool nul, bool lower)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = lower ? tc_lower(s.p[i]) : s.p[i];

		if (c == '\r') {
			add(b, "\n", 1);
			if (i + 1 < s.n && s.p[i + 1] == '\n')
				i++;
		} else if (c == '\0' && nul) {
			add(b, "\xEF\xBF\xBD", 3);
		} else {
			add(b, &c, 1);
		}
	}
}

/* s, with its length before it, so that no two lists of tokens look alike. */
static void
add_field(struct bytes *out, struct tc_str s)
{
	char n[32];

	(void)snprintf(n, sizeof(n), " %zu:", s.n);
	add_z(out, n);
	add(out, s.p, s.n);
}

static void
add_field_free(struct bytes *out, struct bytes *b)
{
	add_field(out, str_of(b));
	free(b->p);
	*b = (struct bytes){0};
}

struct pair {
	struct bytes name, value;
};

static int
by_name(const void *a, const void *b)
{
	struct tc_str x = str_of(&((const struct pair *)a)->name), y = str_of(&((const struct pair *)b)->name);
	int r = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);

	return r != 0 ? r : (x.n > y.n) - (x.n < y.n);
}

static void
add_pairs(struct bytes *out, struct pair *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_name);
	for (size_t i = 0; i < n; i++) {
		add_z(out, "\n  attribute");
		add_field_free(out, &v[i].name);
		add_field_free(out, &v[i].value);
	}
}

/* ---- what came ---- */

struct sink {
	struct bytes out;
	struct bytes pending; /* raw bytes of the text, comment or DOCTYPE under way */
	enum tok_kind kind;   /* of it; TOK_NOTHING: none */
	enum tok_mode mode;
};

static struct bytes
decoded(struct tc_str raw, bool attribute)
{
	struct bytes b = {0};

	b.cap = ENTITY_ROOM(raw.n);
	b.p = malloc(b.cap);
	if (b.p == NULL)
		abort();
	b.n = entity_decode(raw, attribute, b.p);
	return b;
}

static void
sink_text(struct sink *s)
{
	struct bytes plain = {0}, b = {0};
	bool data = s->mode == TOK_DATA, keep_nul = data || s->mode == TOK_CDATA;

	add_normal(&plain, str_of(&s->pending), !keep_nul, false);
	b = data || s->mode == TOK_RCDATA ? decoded(str_of(&plain), false) : plain;
	if (b.p != plain.p)
		free(plain.p);
	/* one line a byte, for text beside text is one token in the tests */
	for (size_t i = 0; i < b.n; i++) {
		add_z(&s->out, "\ncharacter");
		add_field(&s->out, tc_str_of(b.p + i, 1));
	}
	free(b.p);
}

/* What stands between "<!--" and the comment's end; the end of input may stand for that. */
static struct tc_str
comment_data(struct tc_str raw)
{
	static const char *const ends[] = {"--!>", "-->", "--!", "--", "-"};
	struct tc_str s = tc_str_of(raw.p + 4, raw.n - 4);

	if (tc_eq(s, TC_STR(">")) || tc_eq(s, TC_STR("->")))
		return TC_STR("");
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (tc_ends(s, tc_str_from(ends[i])))
			return tc_str_of(s.p, s.n - strlen(ends[i]));
	return s;
}

static void
sink_comment(struct sink *s)
{
	struct tc_str raw = str_of(&s->pending), data;
	struct bytes b = {0};

	if (s->kind == TOK_COMMENT) {
		data = comment_data(raw);
	} else {
		size_t skip = raw.p[1] == '?' ? 1 : 2;

		data = tc_str_of(raw.p + skip, raw.n - skip);
		if (tc_ends(data, TC_STR(">")))
			data.n--;
	}
	add_normal(&b, data, true, false);
	add_z(&s->out, "\ncomment");
	add_field_free(&s->out, &b);
}

/* The parts of a DOCTYPE (13.2.5.53 to 68): all that follows its keyword, without the '>'. */
struct doctype {
	struct bytes name, id[2]; /* public, system */
	bool has_name, has_id[2], quirks;
};

static bool
space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f';
}

static void
skip_space(struct tc_str *s)
{
	while (s->n > 0 && space(s->p[0]))
		tc_skip(s, 1);
}

/* A quoted identifier. False: there is none, or it is cut off; then nothing more counts. */
static bool
doctype_id(struct tc_str *s, struct doctype *d, int which)
{
	size_t at;

	if (s->n == 0 || (s->p[0] != '"' && s->p[0] != '\'')) {
		d->quirks = true;
		return false;
	}
	at = tc_find_byte(tc_str_of(s->p + 1, s->n - 1), s->p[0]);
	d->has_id[which] = true;
	add(&d->id[which], s->p + 1, at);
	if (at + 1 == s->n) {
		d->quirks = true;
		return false;
	}
	tc_skip(s, at + 2);
	skip_space(s);
	return true;
}

static void
doctype_parse(struct doctype *d, struct tc_str s, bool closed)
{
	size_t n = 0;

	skip_space(&s);
	while (n < s.n && !space(s.p[n]))
		n++;
	d->has_name = n > 0;
	d->quirks = n == 0 || !closed;
	for (size_t i = 0; i < n; i++)
		add(&d->name, &(char){tc_lower(s.p[i])}, 1);
	tc_skip(&s, n);
	skip_space(&s);
	if (s.n == 0)
		return;
	if (tc_istarts(s, TC_STR("public"))) {
		tc_skip(&s, 6);
		skip_space(&s);
		if (!doctype_id(&s, d, 0) || s.n == 0)
			return;
		if (doctype_id(&s, d, 1) && s.n > 0)
			d->quirks = false; /* what follows is skipped, the end of input too */
	} else if (tc_istarts(s, TC_STR("system"))) {
		tc_skip(&s, 6);
		skip_space(&s);
		if (doctype_id(&s, d, 1) && s.n > 0)
			d->quirks = false;
	} else {
		d->quirks = true;
	}
}

static void
add_doctype(struct bytes *out, struct doctype *d)
{
	add_z(out, "\ndoctype");
	add_z(out, d->has_name ? " name" : "");
	add_field_free(out, &d->name);
	for (int i = 0; i < 2; i++) {
		add_z(out, d->has_id[i] ? " id" : "");
		add_field_free(out, &d->id[i]);
	}
	add_z(out, d->quirks ? " quirks" : "");
}

static void
sink_doctype(struct sink *s)
{
	struct tc_str raw = str_of(&s->pending);
	bool closed = tc_ends(raw, TC_STR(">"));
	struct doctype d = {0};
	struct bytes b = {0};

	add_normal(&b, tc_str_of(raw.p + 9, raw.n - 9 - closed), true, false);
	doctype_parse(&d, str_of(&b), closed);
	free(b.p);
	add_doctype(&s->out, &d);
}

static void
sink_flush(struct sink *s)
{
	if (s->kind == TOK_TEXT)
		sink_text(s);
	else if (s->kind == TOK_COMMENT || s->kind == TOK_BOGUS)
		sink_comment(s);
	else if (s->kind == TOK_DOCTYPE)
		sink_doctype(s);
	s->pending.n = 0;
	s->kind = TOK_NOTHING;
}

static void
sink_start(struct sink *s, const char *base, const struct token *tk)
{
	struct pair v[TOK_ATTR_MAX];
	size_t n = 0;

	memset(v, 0, sizeof(v));
	for (size_t i = 0; i < tk->attr_n; i++) {
		const struct tok_attr *a = &tk->attr[i];
		struct bytes plain = {0};
		bool twice = false;

		add_normal(&v[n].name, tc_str_of(base + a->name, a->name_n), true, true);
		for (size_t k = 0; k < n; k++)
			twice |= tc_eq(str_of(&v[k].name), str_of(&v[n].name));
		if (twice) {
			v[n].name.n = 0;
			continue;
		}
		add_normal(&plain, tc_str_of(base + a->value, a->value_n), true, false);
		v[n].value = decoded(str_of(&plain), true);
		free(plain.p);
		n++;
	}
	if (n < TOK_ATTR_MAX)
		free(v[n].name.p);
	add_pairs(&s->out, v, n);
}

static void
sink_take(struct sink *s, const char *p, enum tok_kind kind, const struct token *tk, enum tok_mode mode)
{
	struct bytes b = {0};

	if (kind == TOK_TEXT || kind == TOK_COMMENT || kind == TOK_BOGUS || kind == TOK_DOCTYPE) {
		if (kind != s->kind || mode != s->mode || tk->begins)
			sink_flush(s);
		s->kind = kind;
		s->mode = mode;
		add(&s->pending, p, tk->n);
		if (tk->ends)
			sink_flush(s);
		return;
	}
	sink_flush(s);
	if (kind != TOK_START && kind != TOK_END)
		return;
	add_z(&s->out, kind == TOK_START ? "\nstart" : "\nend");
	add_normal(&b, tk->name, true, true);
	add_field_free(&s->out, &b);
	if (kind == TOK_END)
		return;
	add_z(&s->out, tk->self_closing ? " /" : "");
	sink_start(s, p, tk);
}

/* Tokenizes input given in pieces: before cut and behind it, or byte by byte for cut == SIZE_MAX. */
static struct bytes
tokens_of(struct tc_str input, size_t cut, enum tok_mode mode, struct tc_str last_start)
{
	static struct token tk;
	struct tok t = {.cdata = mode == TOK_CDATA};
	struct sink s = {.kind = TOK_NOTHING};
	size_t at = 0, have = cut == SIZE_MAX ? 0 : cut;

	tok_text_mode(&t, mode, last_start);
	while (at < input.n) {
		/* memory of its own, exactly as long as what is there */
		char *bytes = malloc(have - at > 0 ? have - at : 1);
		struct tc_str in = {bytes, have - at};
		bool last = have == input.n;

		if (bytes == NULL)
			abort();
		memcpy(bytes, input.p + at, in.n);
		while (in.n > 0) {
			enum tok_mode before = (enum tok_mode)t.mode;
			enum tok_kind kind = tok_next(&t, in, last, &tk);

			if (kind == TOK_MORE)
				break;
			assert_in_range(tk.n, 1, in.n);
			sink_take(&s, in.p, kind, &tk, before);
			tc_skip(&in, tk.n);
			at += tk.n;
		}
		free(bytes);
		assert_false(last && at < input.n);
		have = cut == SIZE_MAX ? have + 1 : input.n;
	}
	sink_flush(&s);
	free(s.pending.p);
	return s.out;
}

/* ---- what is expected ---- */

/* Undoes \uXXXX once more where a test says doubleEscaped. */
static struct bytes
text_of(const struct json *v, bool twice)
{
	struct bytes b = {0};

	for (size_t i = 0; v != NULL && i < v->s.n; i++) {
		if (twice && v->s.p[i] == '\\' && i + 5 < v->s.n && v->s.p[i + 1] == 'u')
			i += 1 + unicode_escape(&b, v->s.p + i + 2, v->s.p + v->s.n);
		else
			add(&b, v->s.p + i, 1);
	}
	return b;
}

static void
expect_token(struct bytes *out, const struct json *v, bool twice)
{
	struct tc_str kind = v->item[0].s;
	struct bytes b = text_of(&v->item[1], twice);

	if (tc_eq(kind, TC_STR("Character"))) {
		for (size_t i = 0; i < b.n; i++) {
			add_z(out, "\ncharacter");
			add_field(out, tc_str_of(b.p + i, 1));
		}
		free(b.p);
	} else if (tc_eq(kind, TC_STR("Comment"))) {
		add_z(out, "\ncomment");
		add_field_free(out, &b);
	} else if (tc_eq(kind, TC_STR("EndTag"))) {
		add_z(out, "\nend");
		add_field_free(out, &b);
	} else if (tc_eq(kind, TC_STR("DOCTYPE"))) {
		struct doctype d = {.name = b, .has_name = v->item[1].kind == 's', .quirks = v->item[4].kind != 't'};

		for (int i = 0; i < 2; i++) {
			d.has_id[i] = v->item[2 + i].kind == 's';
			d.id[i] = text_of(&v->item[2 + i], twice);
		}
		add_doctype(out, &d);
	} else {
		const struct json *attrs = &v->item[2];
		struct pair pairs[TOK_ATTR_MAX];

		assert_true(tc_eq(kind, TC_STR("StartTag")));
		add_z(out, "\nstart");
		add_field_free(out, &b);
		add_z(out, v->n > 3 && v->item[3].kind == 't' ? " /" : "");
		for (size_t i = 0; i < attrs->n; i++) {
			struct json key = {.s = attrs->key[i]};

			pairs[i].name = text_of(&key, twice);
			pairs[i].value = text_of(&attrs->item[i], twice);
		}
		add_pairs(out, pairs, attrs->n);
	}
}

/* ---- the runs ---- */

static size_t runs;

static enum tok_mode
mode_of(struct tc_str state)
{
	static const struct {
		const char *name;
		enum tok_mode mode;
	} rows[] = {
		{"Data state", TOK_DATA},
		{"RCDATA state", TOK_RCDATA},
		{"RAWTEXT state", TOK_RAWTEXT},
		{"Script data state", TOK_SCRIPT},
		{"PLAINTEXT state", TOK_PLAINTEXT},
		{"CDATA section state", TOK_CDATA},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (tc_eq(state, tc_str_from(rows[i].name)))
			return rows[i].mode;
	fail_msg("unknown state %.*s", (int)state.n, state.p);
	return TOK_DATA;
}

static void
check(struct tc_str about, struct tc_str input, struct tc_str want, size_t cut, enum tok_mode mode,
    struct tc_str last_start)
{
	struct bytes got = tokens_of(input, cut, mode, last_start);

	runs++;
	if (!tc_eq(str_of(&got), want))
		fail_msg("%.*s (state %d, cut at %zd)\ninput: %.*s\nwant:%.*s\ngot:%.*s", (int)about.n, about.p, (int)mode,
		    (ssize_t)cut, (int)input.n, input.p, (int)want.n, want.p, (int)got.n, got.p);
	free(got.p);
}

static void
run_case(const struct json *test)
{
	const struct json *states = member(test, "initialStates"), *last = member(test, "lastStartTag");
	const struct json *output = member(test, "output"), *twice_v = member(test, "doubleEscaped");
	struct json data = {.kind = 's', .s = TC_STR("Data state")}, only = {.item = &data, .n = 1};
	bool twice = twice_v != NULL && twice_v->kind == 't';
	struct bytes input = text_of(member(test, "input"), twice), want = {0};
	struct tc_str name = last != NULL ? last->s : TC_STR(""), about = member(test, "description")->s;

	for (size_t i = 0; i < output->n; i++)
		expect_token(&want, &output->item[i], twice);
	if (states == NULL)
		states = &only;
	for (size_t i = 0; i < states->n; i++) {
		enum tok_mode mode = mode_of(states->item[i].s);

		for (size_t cut = 0; cut <= input.n; cut++)
			check(about, str_of(&input), str_of(&want), cut, mode, name);
		check(about, str_of(&input), str_of(&want), SIZE_MAX, mode, name);
	}
	free(input.p);
	free(want.p);
}

static size_t
run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct bytes b = {0};
	char chunk[65536];
	struct json all;
	const struct json *tests;
	size_t n;

	assert_non_null(f);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		add(&b, chunk, n);
	(void)fclose(f);
	jp = b.p;
	jend = b.p + b.n;
	all = json_value();
	tests = member(&all, "tests");
	for (size_t i = 0; tests != NULL && i < tests->n; i++)
		run_case(&tests->item[i]);
	n = tests != NULL ? tests->n : 0;
	json_free(&all);
	free(b.p);
	return n;
}

static void
test_files(void **state)
{
	DIR *d = opendir(DIRECTORY);
	size_t n = 0;

	(void)state;
	if (d == NULL) {
		print_message("skipped: no " DIRECTORY "\n");
		skip();
	}
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		char path[512];

		if (strstr(e->d_name, ".test") == NULL)
			continue;
		(void)snprintf(path, sizeof(path), DIRECTORY "/%s", e->d_name);
		n += run_file(path);
	}
	(void)closedir(d);
	print_message("%zu tests, %zu runs\n", n, runs);
	assert_true(n > 6000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_files)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
