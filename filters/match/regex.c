/*
 * regex.c: regular expressions of filter lists. The only user of PCRE2.
 *
 * A list's author is a stranger, and so is who makes a URL: length, nesting and the steps of one match are bounded. An
 * expression is tried only where a text that it requires (regex_literal()), or the page, led to its rule. It is checked when
 * the list is read and compiled when it is first asked; threads that do so at once agree on one result.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <assert.h>
#include <pcre2.h>

#include "db.h"

enum {
	SOURCE_MAX = 2048,
	REGEXES_MAX = 4096,
	NESTING_MAX = 32,
	STEPS_MAX = 20 * 1000,
	DEPTH_MAX = 2000,
	HEAP_MAX_KIB = 1024
};

/* ---- the text that it requires ---- */

/* What stands for itself behind a backslash; the other escapes of JavaScript are classes, places or numbers. */
static bool
is_plain_escape(char c)
{
	return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'));
}

/* Bytes of the group or class at the front of s, brackets included; s.n if it does not end. */
static size_t
bracket_length(struct tc_str s)
{
	unsigned depth = 0;
	bool class = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '\\')
			i++;
		else if (class)
			class = c != ']';
		else if (c == '[')
			class = true;
		else if (c == '(')
			depth++;
		else if (c == ')')
			depth--;
		if (!class && depth == 0)
			return i + 1;
	}
	return s.n;
}

/* Bytes of the quantifier at the front of s; *none: it allows for nothing at all. */
static size_t
quantifier_length(struct tc_str s, bool *none)
{
	size_t n;

	*none = false;
	if (s.n == 0 || strchr("*+?{", s.p[0]) == NULL || s.p[0] == '\0')
		return 0;
	*none = s.p[0] == '*' || s.p[0] == '?' || (s.p[0] == '{' && (s.n < 2 || s.p[1] == '0' || s.p[1] == ','));
	n = s.p[0] == '{' ? tc_find_byte(s, '}') + 1 : 1;
	if (n > s.n)
		return s.n;
	return n + (n < s.n && s.p[n] == '?');
}

/* Runs of text on the way through an expression; the longest is kept. */
struct runs {
	char now[REGEX_LITERAL_MAX], best[REGEX_LITERAL_MAX];
	size_t now_n, best_n;
};

static void
run_ends(struct runs *r)
{
	if (r->now_n > r->best_n) {
		memcpy(r->best, r->now, r->now_n);
		r->best_n = r->now_n;
	}
	r->now_n = 0;
}

static void
run_takes(struct runs *r, char c)
{
	if (r->now_n == sizeof(r->now))
		run_ends(r);
	r->now[r->now_n++] = tc_lower(c);
}

/* Takes one step through s; false at a '|': what is on one side of it is not required. */
static bool
step(struct runs *r, struct tc_str *s)
{
	char c = s->p[0];
	size_t n = 1, more;
	bool none, text = false;

	if (c == '|')
		return false;
	if (c == '(' || c == '[') {
		n = bracket_length(*s);
	} else if (c == '\\' && s->n > 1) {
		n = 2;
		c = s->p[1];
		text = is_plain_escape(c);
		if (c == 'x' || c == 'u') /* its number is not text */
			n = s->n < (c == 'x' ? 4u : 6u) ? s->n : (c == 'x' ? 4u : 6u);
	} else {
		text = strchr(".^$)]}*+?{", c) == NULL;
	}
	tc_skip(s, n);
	more = quantifier_length(*s, &none);
	tc_skip(s, more);
	if (!text || none)
		run_ends(r);
	else
		run_takes(r, c);
	if (more > 0)
		run_ends(r);
	return true;
}

/* Writes the longest text that every match holds, in lower case, to `to`; its length, 0 if there is none. */
size_t
regex_literal(struct tc_str source, char to[REGEX_LITERAL_MAX])
{
	struct runs r = {.now_n = 0};

	while (source.n > 0)
		if (!step(&r, &source))
			return 0;
	run_ends(&r);
	memcpy(to, r.best, r.best_n);
	return r.best_n;
}

/* ---- compiling ---- */

bool
regex_is_known(struct tc_str s)
{
	if (s.n == 0 || s.n > SOURCE_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if ((uint8_t)s.p[i] < ' ' || (uint8_t)s.p[i] >= 0x7f)
			return false;
		if (s.p[i] == '\\' && ++i < s.n && !is_plain_escape(s.p[i]) && strchr("dDwWsSbBtnrfvxu123456789", s.p[i]) == NULL)
			return false;
		/* Of "(?" only groups and looks; no verbs, no settings, no code. */
		if (s.p[i] == '(' && i + 1 < s.n && s.p[i + 1] == '*')
			return false;
		if (s.p[i] == '(' && i + 2 < s.n && s.p[i + 1] == '?' && strchr(":=!<", s.p[i + 2]) == NULL)
			return false;
	}
	return true;
}

/* NULL: it cannot be compiled, or memory ends. */
static pcre2_code *
compile(struct tc_str s, bool cased)
{
	const uint32_t options = PCRE2_ALT_BSUX | PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF | PCRE2_DOLLAR_ENDONLY |
	    PCRE2_NEVER_UTF | PCRE2_NEVER_BACKSLASH_C;
	pcre2_compile_context *limits = pcre2_compile_context_create(NULL);
	pcre2_code *code = NULL;
	PCRE2_SIZE where;
	int why;

	if (limits == NULL)
		return NULL;
	(void)pcre2_set_parens_nest_limit(limits, NESTING_MAX);
	code = pcre2_compile((PCRE2_SPTR)s.p, s.n, options | (cased ? 0 : PCRE2_CASELESS), &why, &where, limits);
	pcre2_compile_context_free(limits);
	return code;
}

int
regex_add(struct match_db *db, uint32_t key, uint32_t source, size_t n, bool cased)
{
	struct tc_str text = tc_str_of(db->pool + source, n);
	struct regex *r = &db->regexes[db->regex_count];
	pcre2_code *code;

	assert(db->regex_count < db->regex_room);
	assert(db->regex_count == 0 || r[-1].key < key);
	if (db->regex_count >= REGEXES_MAX || !regex_is_known(text) || (code = compile(text, cased)) == NULL)
		return -1;
	pcre2_code_free(code);
	*r = (struct regex){.key = key, .source = source, .n = (uint16_t)n, .cased = cased};
	db->regex_count++;
	return 0;
}

int
regex_ready(struct match_db *db)
{
	if (db->regex_count == 0)
		return 0;
	db->codes = calloc(db->regex_count, sizeof(*db->codes));
	return db->codes != NULL ? 0 : -1;
}

void
regex_free(struct match_db *db)
{
	for (uint32_t i = 0; db->codes != NULL && i < db->regex_count; i++)
		pcre2_code_free(atomic_load(&db->codes[i]));
	free((void *)(uintptr_t)db->codes);
	db->codes = NULL;
}

/* ---- matching ---- */

/* The compiled form, made now if nobody asked before. */
static const pcre2_code *
code_of(const struct match_db *db, const struct regex *r)
{
	_Atomic(void *) *place = &db->codes[r - db->regexes];
	void *code = atomic_load_explicit(place, memory_order_acquire), *none = NULL;

	if (code != NULL)
		return code;
	code = compile(tc_str_of(db->pool + r->source, r->n), r->cased);
	if (code == NULL)
		return NULL;
	(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* without it: slower */
	if (atomic_compare_exchange_strong(place, &none, code))
		return code;
	pcre2_code_free(code);
	return none;
}

static const struct regex *
regex_find(const struct match_db *db, uint32_t key)
{
	uint32_t from = 0, to = db->regex_count;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (db->regexes[middle].key < key)
			from = middle + 1;
		else
			to = middle;
	}
	assert(from < db->regex_count && db->regexes[from].key == key);
	return &db->regexes[from];
}

/* What one match needs beside the text, on the stack: asking the allocator would take longer than most matches do. */
struct scratch {
	_Alignas(max_align_t) char bytes[1024];
	size_t n;
};

static void *
scratch_take(PCRE2_SIZE n, void *arg)
{
	struct scratch *s = arg;
	size_t whole = (n + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);

	if (whole < n || whole > sizeof(s->bytes) - s->n)
		return malloc(n);
	s->n += whole;
	return s->bytes + s->n - whole;
}

static void
scratch_give(void *p, void *arg)
{
	const struct scratch *s = arg;

	if ((char *)p < s->bytes || (char *)p >= s->bytes + sizeof(s->bytes))
		free(p);
}

bool
regex_matches(const struct match_db *db, uint32_t key, struct tc_str subject, bool undecided)
{
	const pcre2_code *code = code_of(db, regex_find(db, key));
	struct scratch scratch; /* not zeroed */
	pcre2_general_context *memory;
	pcre2_match_data *data;
	pcre2_match_context *limits;
	int found = PCRE2_ERROR_NOMEMORY;

	scratch.n = 0;
	memory = pcre2_general_context_create(scratch_take, scratch_give, &scratch);
	data = pcre2_match_data_create(1, memory);
	limits = pcre2_match_context_create(memory);
	if (code != NULL && memory != NULL && data != NULL && limits != NULL) {
		(void)pcre2_set_match_limit(limits, STEPS_MAX);
		(void)pcre2_set_depth_limit(limits, DEPTH_MAX);
		(void)pcre2_set_heap_limit(limits, HEAP_MAX_KIB);
		found = pcre2_match(code, (PCRE2_SPTR)subject.p, subject.n, 0, PCRE2_NO_UTF_CHECK, data, limits);
	}
	pcre2_match_context_free(limits);
	pcre2_match_data_free(data);
	pcre2_general_context_free(memory);
	return found >= 0 || (found != PCRE2_ERROR_NOMATCH && undecided);
}
