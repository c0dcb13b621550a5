/*
 * fuzz_choice.c: Cookie fields with any bytes. What is read is well formed, an opt-in is never found without our
 * MAC, and nothing of ours is left after stripping. A newline begins another field.
 */
#include "../../proxy/core/choice.c"

#include "base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct choice_key fixed = {.n = 2, .key = {{1}, {2}}};

/* Does the text hold a cookie that we would write for these values, with either key? */
static bool
holds_mac(struct tc_str text, const struct choice_cookie *c, struct tc_arena *arena)
{
	for (size_t i = 0; i < fixed.n; i++) {
		struct choice_key one = {.n = 1};

		memcpy(one.key[0], fixed.key[i], KEY_SIZE);
		struct tc_str set = choice_write(&one, TC_STR("example.com"), c, arena);
		size_t mac = tc_find_byte(set, ';') - MAC_TEXT;

		if (tc_find(text, tc_str_of(set.p + mac, MAC_TEXT)) < text.n)
			return true;
	}
	return false;
}

/* A grant of export comes from a cookie of ours that has it, whatever other copies add to its classes and location. */
static bool
holds_export(struct tc_str text, const struct choice_cookie *c, struct tc_arena *arena)
{
	for (int denied = 0; denied < 256; denied++)
		for (int location = 0; location < 2; location++) {
			struct choice_cookie one = *c;

			one.denied = (tc_classes)denied;
			one.switches = (uint8_t)(SWITCH_EXPORT | location);
			if ((denied & ~c->denied) == 0 && holds_mac(text, &one, arena))
				return true;
		}
	return false;
}

static void
check(const struct choice_cookie *c, struct tc_str text, struct tc_arena *arena)
{
	struct tc_fields again = {.arena = arena};
	struct choice_cookie got;
	struct tc_str set = choice_write(&fixed, TC_STR("example.com"), c, arena);

	assert(c->state == CHOICE_OUT || c->state == CHOICE_IN);
	assert((c->switches & ~SWITCHES) == 0);
	assert((c->denied & TC_ESSENTIAL) == 0 && c->month >= 1 && c->month <= 12);
	if (c->state == CHOICE_IN && c->denied == 0 && c->switches == 0)
		assert(holds_mac(text, c, arena));
	if ((c->switches & SWITCH_EXPORT) != 0)
		assert(holds_export(text, c, arena));
	assert(tc_field_add(&again, TC_F_COOKIE, tc_str_of(set.p, tc_find_byte(set, ';'))) == 0);
	assert(choice_read(&fixed, TC_STR("example.com"), &again, &got));
	assert(got.state == c->state && got.denied == c->denied && got.policy == c->policy && got.switches == c->switches);
	assert(got.year == c->year && got.month == c->month);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tc_arena *arena = arena_new(NULL, 1 << 20);
	struct tc_str text = {(const char *)data, size}, rest = text;
	struct tc_fields fs = {.arena = arena};
	struct choice_cookie c;
	size_t before[8];

	if (size > 65536)
		goto out;
	while (size > 0 && rest.p != NULL && fs.n < 8) {
		struct tc_str line = tc_next(&rest, '\n');

		before[fs.n] = line.n;
		assert(tc_field_add(&fs, TC_F_COOKIE, line) == 0);
	}
	if (choice_read(&fixed, TC_STR("example.com"), &fs, &c))
		check(&c, text, arena);
	assert(choice_strip(&fs) == 0);
	for (size_t i = 0; i < fs.n; i++) {
		struct tc_str left = fs.v[i].value;

		assert(left.n <= before[i]);
		while (left.n > 0 && left.p != NULL)
			assert(!pair_ours(tc_next(&left, ';'), NULL));
	}
	assert(!choice_read(&fixed, TC_STR("example.com"), &fs, &c));
out:
	arena_destroy(&arena);
	return 0;
}
