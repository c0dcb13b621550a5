/*
 * fuzz_path.c: the normal form of paths. Properties: normalising twice is normalising once; what comes out has no
 * empty and no dot segment, no backslash and no small hex digit in a triplet. Globs agree with a slow matcher.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "http/url.h"

static void
must(bool good)
{
	if (!good)
		abort();
}

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

static void
check_form(struct tc_str s)
{
	must(s.n > 0);
	if (tc_eq(s, TC_STR("*")))
		return;
	must(s.p[0] == '/' && tc_find_byte(s, '\\') == s.n && tc_find(s, TC_STR("//")) == s.n);
	must(tc_find(s, TC_STR("/./")) == s.n && tc_find(s, TC_STR("/../")) == s.n);
	must(!tc_ends(s, TC_STR("/.")) && !tc_ends(s, TC_STR("/..")));
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '%')
			must(s.n - i > 2 && is_hex(s.p[i + 1]) && is_hex(s.p[i + 2]));
}

/* By a table of which beginnings match, row by row: no cleverness, so something to compare with. */
static bool
slow_glob(struct tc_str glob, struct tc_str text)
{
	bool row[66] = {true};

	for (size_t g = 0; g < glob.n; g++) {
		bool next[66] = {false};

		for (size_t t = 0; t <= text.n; t++) {
			if (glob.p[g] == '*')
				next[t] = row[t] || (t > 0 && next[t - 1]);
			else
				next[t] = t > 0 && row[t - 1] && glob.p[g] == text.p[t - 1];
		}
		memcpy(row, next, sizeof(row));
	}
	return row[text.n];
}

static void
check_glob(const char *p, size_t n)
{
	size_t cut = n > 0 ? (unsigned char)p[0] % (n + 1) : 0;
	struct tc_str glob = {p, cut}, text = {p + cut, n - cut};

	text.n = text.n < 65 ? text.n : 65;
	must(glob_match(glob, text) == slow_glob(glob, text));
	(void)host_match(glob, text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tc_str path = {(const char *)data, size}, once, twice;
	struct tc_arena *arena;

	if (size > 10000)
		return 0;
	arena = arena_new(NULL, 1 << 20);
	once = path_normalise(path, arena);
	must(once.p != NULL);
	check_form(once);
	twice = path_normalise(once, arena);
	must(tc_eq(once, twice));
	check_glob(path.p, size);
	arena_destroy(&arena);
	return 0;
}
