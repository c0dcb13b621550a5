/*
 * fuzz_signals.c: fields of signals with any bytes, against readers written from the specification in the plainest
 * way. A newline begins another field; the first byte says which name they have.
 */
#include "core/decide.h"

#include <assert.h>

#include "base/arena.h"
#include "core/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Is there an item "1" (exact), or one that begins with 1? Items lie between commas, newlines and the ends. */
static bool
plain_reader(struct tc_str s, bool exact)
{
	size_t from = 0;

	for (size_t i = 0; i <= s.n; i++) {
		size_t a = from, b = i;

		if (i < s.n && s.p[i] != ',' && s.p[i] != '\n')
			continue;
		while (a < b && blank(s.p[a]))
			a++;
		while (b > a && blank(s.p[b - 1]))
			b--;
		if (b > a && s.p[a] == '1' && (!exact || b - a == 1))
			return true;
		from = i + 1;
	}
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum tc_fid ids[] = {TC_F_SEC_GPC, TC_F_DNT, TC_F_ACCEPT_LANGUAGE};
	struct tc_arena *arena = arena_new(NULL, 1 << 24);
	struct tc_fields fs = {.arena = arena};
	struct tc_str text, rest;
	enum tc_fid id;

	if (size < 1 || size > 4096)
		goto out;
	id = ids[data[0] % 3];
	text = rest = tc_str_of((const char *)data + 1, size - 1);
	while (rest.p != NULL)
		assert(tc_field_add(&fs, id, tc_next(&rest, '\n')) == 0);
	assert(signal_gpc(&fs) == (id == TC_F_SEC_GPC && plain_reader(text, true)));
	assert(signal_dnt(&fs) == (id == TC_F_DNT && plain_reader(text, false)));
	assert(word_in(language_for((struct tc_strs){NULL, 0}, &fs), W_TITLE).n > 0);
	assert((signal_account(text) == CHOICE_IN) == tc_eq(text, TC_STR("opt-in")));
out:
	arena_destroy(&arena);
	return 0;
}
