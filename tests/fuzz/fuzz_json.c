/*
 * fuzz_json.c: JSON in memory. Properties: what is skipped and what is walked through member by member are the same
 * text, or both are refused; a second reader, recursive and written from the grammar, agrees; raw values are JSON
 * themselves; strings are inside the input or no longer than it.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "tests/fuzz/mutate.h"

static const struct mutate_piece pieces[] = {
	PIECE("{"),
	PIECE("}"),
	PIECE("["),
	PIECE("]"),
	PIECE(","),
	PIECE(":"),
	PIECE("\"a\":"),
	PIECE("\"\\ud83d\\ude00\""),
	PIECE("\"\\u0000\\n\\/\\\\\""),
	PIECE("-0.5e+10"),
	PIECE("true"),
	PIECE("null"),
	PIECE("{\"log\":{\"entries\":[{}]}}"),
	PIECE("\\"),
	PIECE("\""),
	PIECE(" \t\r\n"),
	PIECE("\xef\xbb\xbf"),
};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return mutate(data, size, max, seed, pieces, sizeof(pieces) / sizeof(pieces[0]));
}

static void
must(bool good)
{
	if (!good)
		abort();
}

/* ---- through the reader, value by value ---- */

static struct tc_arena *arena;
static const char *first, *end;

static void
walk(struct json *j, unsigned depth)
{
	struct json copy = *j;
	struct tc_str raw, key, text;

	if (!json_skip(&copy, &raw))
		raw.n = 0;
	must(raw.n == 0 || (raw.p >= first && raw.p + raw.n <= end));
	if (raw.n > 0 && raw.p[0] == '{' && depth < 64) {
		must(json_enter(j, '{'));
		while (json_member(j, &key))
			walk(j, depth + 1);
	} else if (raw.n > 0 && raw.p[0] == '[' && depth < 64) {
		must(json_enter(j, '['));
		while (json_item(j))
			walk(j, depth + 1);
	} else {
		text = json_string(j, arena);
		must(text.n <= (size_t)(end - first));
		must((raw.n > 0 && raw.p[0] == '"') == (text.p != NULL));
	}
	if (raw.n > 0)
		must(j->bad == NULL && j->rest.p == copy.rest.p && j->depth == copy.depth);
}

/* ---- the second reader ---- */

static const char *
blank(const char *p)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

static const char *
string_end(const char *p)
{
	for (p++; p < end && *p != '"'; p++) {
		if ((unsigned char)*p < 32)
			return NULL;
		if (*p != '\\')
			continue;
		if (++p == end || strchr("\"\\/bfnrtu", *p) == NULL || *p == '\0')
			return NULL;
		for (int i = 0; *p == 'u' && i < 4; i++)
			if (p + i + 1 >= end || strchr("0123456789abcdefABCDEF", p[i + 1]) == NULL || p[i + 1] == '\0')
				return NULL;
	}
	return p < end ? p + 1 : NULL;
}

static const char *
digits_end(const char *p)
{
	const char *from = p;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p > from ? p : NULL;
}

static const char *
number_end(const char *p)
{
	if (p < end && *p == '-')
		p++;
	p = p < end && *p == '0' ? p + 1 : digits_end(p);
	if (p != NULL && p < end && *p == '.')
		p = digits_end(p + 1);
	if (p != NULL && p < end && (*p == 'e' || *p == 'E'))
		p = digits_end(p + 1 + (p + 1 < end && (p[1] == '+' || p[1] == '-')));
	return p;
}

static const char *value_end(const char *p, unsigned depth);

static const char *
list_end(const char *p, char close, unsigned depth)
{
	bool any = false;

	for (p = blank(p + 1); p < end && *p != close; any = true) {
		if (any && *p++ != ',')
			return NULL;
		p = blank(p);
		if (close == '}') {
			p = p < end && *p == '"' ? string_end(p) : NULL;
			p = p != NULL ? blank(p) : NULL;
			if (p == NULL || p == end || *p++ != ':')
				return NULL;
		}
		p = value_end(blank(p), depth + 1);
		if (p == NULL)
			return NULL;
		p = blank(p);
	}
	return p < end ? p + 1 : NULL;
}

static const char *
value_end(const char *p, unsigned depth)
{
	static const char *const words[] = {"true", "false", "null"};

	if (p == end)
		return NULL;
	if (*p == '{' || *p == '[')
		return depth < JSON_DEPTH_MAX ? list_end(p, *p == '{' ? '}' : ']', depth) : NULL;
	if (*p == '"')
		return string_end(p);
	for (int i = 0; i < 3; i++)
		if ((size_t)(end - p) >= strlen(words[i]) && memcmp(p, words[i], strlen(words[i])) == 0)
			return p + strlen(words[i]);
	return number_end(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json skipped = json_of(tc_str_of((const char *)data, size)), walked = skipped;
	const char *second;
	bool good;

	first = skipped.rest.p;
	end = first + skipped.rest.n;
	arena = arena_new(NULL, size + (1 << 16));
	good = json_skip(&skipped, NULL) && json_end(&skipped);
	second = first != NULL ? value_end(blank(first), 0) : NULL;
	must(good == (second != NULL && blank(second) == end));
	walk(&walked, 0);
	must(json_end(&walked) == good);
	arena_destroy(&arena);
	return 0;
}
