/* test_choice.c: the sticky choice cookie: written, read back, forged, repeated, kept from the origin; its key file. */
#include "../../proxy/core/choice.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/arena.h"
#include "edge.h"
#include "smaps.h"

#define SITE TC_STR("www.example.com")

static struct tc_arena *arena;
static struct choice_key *key;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(NULL, 8 << 20);
	key = choice_key_load((struct tc_str){NULL, 0}, NULL);
	return arena != NULL && key != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	arena_destroy(&arena);
	choice_key_destroy(&key);
	return key == NULL ? 0 : -1;
}

static struct tc_str
written(struct tc_str site, const struct choice_cookie *c)
{
	struct tc_str set = choice_write(key, site, c, arena);

	assert_non_null(set.p);
	assert_true(tc_ends(set, TC_STR("; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=34128000")));
	return tc_str_of(set.p, tc_find_byte(set, ';'));
}

/* "tacet_choice=..." of a choice made in November 2026. */
static struct tc_str
pair(enum choice state, tc_classes denied)
{
	return written(SITE, &(struct choice_cookie){state, denied, 2026, 11, 1, 0});
}

static struct tc_str
switched(enum choice state, tc_classes denied, unsigned switches)
{
	return written(SITE, &(struct choice_cookie){state, denied, 2026, 11, 1, (uint8_t)switches});
}

static struct tc_fields
cookies(struct tc_str first, struct tc_str second)
{
	struct tc_fields fs = {.arena = arena};

	assert_int_equal(tc_field_add(&fs, TC_F_COOKIE, first), 0);
	if (second.p != NULL)
		assert_int_equal(tc_field_add(&fs, TC_F_COOKIE, second), 0);
	return fs;
}

static enum choice
state_of(struct tc_str value)
{
	struct tc_fields fs = cookies(value, (struct tc_str){NULL, 0});
	struct choice_cookie c;
	bool found = choice_read(key, SITE, &fs, &c);

	assert_int_equal(found, c.state != CHOICE_NONE);
	return c.state;
}

static struct tc_str
join(struct tc_str a, const char *between, struct tc_str b)
{
	return tc_join(arena, (const struct tc_str[]){a, tc_str_from(between), b}, 3);
}

static void
round_trip(void **unused)
{
	(void)unused;
	for (int state = CHOICE_OUT; state <= CHOICE_IN; state++)
		for (int denied = 0; denied < 256; denied++) {
			struct choice_cookie in = {(enum choice)state, (tc_classes)denied, 2026, 1 + denied % 12,
			    denied * 1000003, (uint8_t)(denied % 4)};
			struct tc_fields fs = cookies(written(SITE, &in), (struct tc_str){NULL, 0});
			struct choice_cookie out;

			assert_true(choice_read(key, SITE, &fs, &out));
			assert_int_equal(out.state, in.state);
			assert_int_equal(out.denied, denied & ~TC_ESSENTIAL);
			assert_int_equal(out.year, 2026);
			assert_int_equal(out.month, in.month);
			assert_int_equal(out.policy, in.policy);
			assert_int_equal(out.switches, in.switches);
		}
}

static void
form(void **unused)
{
	struct tc_str plain = pair(CHOICE_OUT, 0), classes = pair(CHOICE_IN, 0x0b);

	(void)unused;
	assert_true(tc_starts(plain, TC_STR("tacet_choice=v1.out.2026-11.1.")));
	assert_int_equal(plain.n, sizeof("tacet_choice=v1.out.2026-11.1.") - 1 + MAC_TEXT);
	assert_true(tc_starts(classes, TC_STR("tacet_choice=v1.in-0b.2026-11.1.")));
	assert_true(tc_eq(pair(CHOICE_OUT, 0), plain)); /* the same for everyone */
	assert_true(tc_starts(switched(CHOICE_OUT, 0x0f, SWITCH_LOCATION_OFF), TC_STR("tacet_choice=v1.out-0f01.2026-11.1.")));
	assert_true(tc_starts(switched(CHOICE_IN, 0, SWITCH_EXPORT), TC_STR("tacet_choice=v1.in-0002.2026-11.1.")));
	assert_true(tc_starts(switched(CHOICE_IN, 0x01, 0xfc), TC_STR("tacet_choice=v1.in-01.2026-11.1."))); /* no such bits */
}

/* RFC 4231, test case 2; and the beginning of its base64url. */
static void
mac_by_the_book(void **unused)
{
	static const uint8_t want[] = {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08,
	    0x95, 0x75, 0xc7};
	uint8_t mac[CRYPTO_MAC_SIZE];
	char text[MAC_TEXT];

	(void)unused;
	crypto_hmac_sha256((const uint8_t *)"Jefe", 4, TC_STR("what do ya want for nothing?"), mac);
	assert_memory_equal(mac, want, sizeof(want));
	base64url(mac, text);
	assert_memory_equal(text, "W9zBRr9gdU5qBCQmCJV1xw", MAC_TEXT);
}

static void
forged(void **unused)
{
	struct tc_str in = pair(CHOICE_IN, 0), out = pair(CHOICE_OUT, 0);
	struct tc_fields fs = cookies(in, (struct tc_str){NULL, 0});
	struct choice_cookie c;

	(void)unused;
	assert_int_equal(state_of(in), CHOICE_IN);
	assert_false(choice_read(key, TC_STR("other.example"), &fs, &c)); /* of another site */
	for (size_t i = sizeof("tacet_choice=") - 1; i < in.n; i++)
		for (int bit = 0; bit < 7; bit++) {
			char bytes[128];

			memcpy(bytes, in.p, in.n);
			bytes[i] = (char)(bytes[i] ^ 1 << bit);
			assert_int_not_equal(state_of(tc_str_of(bytes, in.n)), CHOICE_IN);
		}
	/* "out" needs no MAC, only its form. */
	assert_int_equal(state_of(TC_STR("tacet_choice=v1.out.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA")), CHOICE_OUT);
	assert_int_equal(state_of(TC_STR("tacet_choice=v1.in.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA")), CHOICE_NONE);
	fs = cookies(out, (struct tc_str){NULL, 0});
	assert_true(choice_read(key, TC_STR("other.example"), &fs, &c));
}

static void
bad_syntax(void **unused)
{
	static const char *const bad[] = {
		"",
		"v1",
		"v1.out",
		"v2.out.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA",
		"v1.Out.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA",
		"v1.outx.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA",
		"v1.out-.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA",
		"v1.out-0.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA",
		"v1.out-0F.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA",
		"v1.out-0ff.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA",
		"v1.out-0f0F.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA",
		"v1.out-0f.01.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA",
		"v1.out-0f010.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA",
		"v1.out-0f0100.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA",
		"v1.out0f01.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA",
		"v1.out.2026-13.1.AAAAAAAAAAAAAAAAAAAAAA",
		"v1.out.2026-00.1.AAAAAAAAAAAAAAAAAAAAAA",
		"v1.out.2026-1.1.AAAAAAAAAAAAAAAAAAAAAA",
		"v1.out.20261-1.1.AAAAAAAAAAAAAAAAAAAAAA",
		"v1.out.2026-11..AAAAAAAAAAAAAAAAAAAAAA",
		"v1.out.2026-11.x.AAAAAAAAAAAAAAAAAAAAAA",
		"v1.out.2026-11.-1.AAAAAAAAAAAAAAAAAAAAAA",
		"v1.out.2026-11.1234567890123456789.AAAAAAAAAAAAAAAAAAAAAA",
		"v1.out.2026-11.1.AAAAAAAAAAAAAAAAAAAAA",
		"v1.out.2026-11.1.AAAAAAAAAAAAAAAAAAAAAAA",
		"v1.out.2026-11.1.AAAAAAAAAAA.AAAAAAAAAA",
		"v1.out.2026-11.1.AAAAAAAAAAAAAAAAAAAAA=",
		"v1.out.2026-11.1.AAAAAAAAAAAAAAAAAAAA+/",
		"v1.out.2026-11.1.1.AAAAAAAAAAAAAAAAAAAAAA",
		"v1..out.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA",
		"\"v1.out.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA\"",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct tc_str value = tc_join(arena,
		    (const struct tc_str[]){TC_STR("tacet_choice="), tc_str_from(bad[i])}, 2);
		char *p = edge_copy(value.p, value.n);

		if (state_of(tc_str_of(p, value.n)) != CHOICE_NONE)
			fail_msg("accepted: %s", bad[i]);
		edge_free(p, value.n);
	}
	assert_int_equal(state_of(TC_STR("tacet_choice")), CHOICE_NONE);
	assert_int_equal(state_of(TC_STR("Tacet_Choice=v1.out.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA")), CHOICE_NONE);
	assert_int_equal(state_of(TC_STR("xtacet_choice=v1.out.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA")), CHOICE_NONE);
	assert_int_equal(state_of(TC_STR("a=tacet_choice=v1.out.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA")), CHOICE_NONE);
}

static void
several_copies(void **unused)
{
	struct tc_str in = pair(CHOICE_IN, 0), out = pair(CHOICE_OUT, 0), more = pair(CHOICE_OUT, 0x01);
	struct tc_str text = in;
	struct tc_fields fs;
	struct choice_cookie c;

	(void)unused;
	assert_int_equal(state_of(join(in, "; ", out)), CHOICE_OUT);
	assert_int_equal(state_of(join(out, ";", in)), CHOICE_OUT);
	assert_int_equal(state_of(join(TC_STR("a=1"), "; b=2;", in)), CHOICE_IN);
	assert_int_equal(state_of(join(TC_STR("tacet_choice=junk"), "; ", in)), CHOICE_IN);
	fs = cookies(in, out);
	assert_true(choice_read(key, SITE, &fs, &c));
	assert_int_equal(c.state, CHOICE_OUT);
	fs = cookies(out, more);
	assert_true(choice_read(key, SITE, &fs, &c));
	assert_int_equal(c.denied, 0x01);
	fs.v[0].dropped = fs.v[1].dropped = true;
	assert_false(choice_read(key, SITE, &fs, &c));
	for (int i = 0; i < 100; i++) /* bounded work, and the opt-out is found behind them */
		text = join(TC_STR("tacet_choice=v1.in.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA"), ";",
		    i == 0 ? out : text);
	assert_int_equal(state_of(join(text, ";", out)), CHOICE_OUT);
}

/* What is read of one or two copies; found: whether one counts. */
static unsigned
switches_read(struct tc_str first, struct tc_str second, bool found)
{
	struct tc_fields fs = cookies(first, second);
	struct choice_cookie c;

	assert_int_equal(choice_read(key, SITE, &fs, &c), found);
	return c.switches;
}

#define ALONE ((struct tc_str){NULL, 0})
#define NO_MAC "AAAAAAAAAAAAAAAAAAAAAA"

static void
switches(void **unused)
{
	struct tc_str in = pair(CHOICE_IN, 0), both = switched(CHOICE_IN, 0, 3), exports = switched(CHOICE_OUT, 0, SWITCH_EXPORT);
	struct tc_str forged_in = TC_STR("tacet_choice=v1.in-0003.2026-11.1." NO_MAC);
	struct tc_str forged_out = TC_STR("tacet_choice=v1.out-0003.2026-11.1." NO_MAC), many = exports;

	(void)unused;
	for (unsigned k = 0; k < 4; k++)
		for (int state = CHOICE_OUT; state <= CHOICE_IN; state++)
			assert_int_equal(switches_read(switched((enum choice)state, 0x05, k), ALONE, true), k);
	/* The location is kept back by any copy, even by one that nobody can verify; export needs our own word. */
	assert_int_equal(switches_read(forged_in, ALONE, false), SWITCH_LOCATION_OFF);
	assert_int_equal(switches_read(forged_out, ALONE, true), SWITCH_LOCATION_OFF);
	assert_int_equal(switches_read(forged_in, in, true), SWITCH_LOCATION_OFF);
	assert_int_equal(switches_read(exports, forged_in, true), 3);
	assert_int_equal(switches_read(TC_STR("tacet_choice=v1.out-00fe.2026-11.1." NO_MAC), ALONE, true), 0);
	/* And no copy that counts may lack it. */
	assert_int_equal(switches_read(both, both, true), 3);
	assert_int_equal(switches_read(both, in, true), SWITCH_LOCATION_OFF);
	assert_int_equal(switches_read(in, both, true), SWITCH_LOCATION_OFF);
	assert_int_equal(switches_read(exports, pair(CHOICE_OUT, 0), true), 0);
	assert_int_equal(switches_read(exports, forged_out, true), SWITCH_LOCATION_OFF);
	assert_int_equal(switches_read(exports, in, true), SWITCH_EXPORT); /* does not count beside an out */
	for (int i = 0; i < VERIFY_MAX; i++)                               /* bounded work, and then nothing is granted */
		many = join(many, ";", exports);
	assert_int_equal(switches_read(many, ALONE, true), 0);
}

static void
strip(void **unused)
{
	static const char *const cases[][2] = {
		{"a=1; tacet_choice=x; b=2", "a=1; b=2"},
		{"tacet_choice=x; b=2", "b=2"},
		{"a=1; tacet_choice=x", "a=1"},
		{"a=1;tacet_choice=x;b=2", "a=1;b=2"},
		{"tacet_choice=x", NULL},
		{"tacet_choice", NULL},
		{"tacet_choice=x; tacet_choice=y", NULL},
		{"a=1 ;  b = \"2\" ; tacet_choice=x;  c", "a=1 ;  b = \"2\" ;  c"},
		{"a=tacet_choice; b=2", "a=tacet_choice; b=2"},
		{"my_tacet_choice=1; tacet_choice2=2", "my_tacet_choice=1; tacet_choice2=2"},
		{"a=1;; tacet_choice=x;", "a=1;;"},
		{"", ""},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = strlen(cases[i][0]);
		char *p = edge_copy(cases[i][0], n);
		struct tc_fields fs = cookies(tc_str_of(p, n), TC_STR("z=tacet_choic"));

		assert_int_equal(choice_strip(&fs), 0);
		assert_int_equal(fs.v[0].dropped, cases[i][1] == NULL);
		if (cases[i][1] != NULL && !tc_eq(fs.v[0].value, tc_str_from(cases[i][1])))
			fail_msg("%s -> %.*s", cases[i][0], (int)fs.v[0].value.n, fs.v[0].value.p);
		assert_true(tc_eq(fs.v[1].value, TC_STR("z=tacet_choic")));
		edge_free(p, n);
	}
}

/* ---- the key file ---- */

static char directory[64], file[96];

static void
make_directory(void)
{
	(void)snprintf(directory, sizeof(directory), "/tmp/tacet-test-choice.XXXXXX");
	assert_non_null(mkdtemp(directory));
	(void)snprintf(file, sizeof(file), "%s/choice.key", directory);
}

static void
remove_directory(void)
{
	(void)unlink(file);
	assert_int_equal(rmdir(directory), 0);
}

static void
put_file(const char *text, mode_t mode)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(file, mode), 0);
}

static void
key_is_made_once(void **unused)
{
	struct choice_key *first, *second;
	struct stat st;

	(void)unused;
	make_directory();
	first = choice_key_load(tc_str_from(directory), NULL);
	second = choice_key_load(tc_str_from(directory), NULL);
	assert_non_null(first);
	assert_non_null(second);
	assert_int_equal(first->n, 1);
	assert_memory_equal(first->key[0], second->key[0], KEY_SIZE);
	assert_memory_not_equal(first->key[0], key->key[0], KEY_SIZE);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, KEY_LINE);
	choice_key_destroy(&first);
	choice_key_destroy(&second);
	remove_directory();
	first = choice_key_load(tc_str_from(directory), NULL); /* the directory is made, too */
	assert_non_null(first);
	choice_key_destroy(&first);
	remove_directory();
}

#define K1 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
#define K2 "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"

static void
keys_rotate(void **unused)
{
	struct choice_key *old, *both, *new;
	struct choice_cookie c = {CHOICE_IN, 0, 2026, 11, 1, 0}, got;
	struct tc_fields fs;

	(void)unused;
	make_directory();
	put_file(K1, 0600);
	old = choice_key_load(tc_str_from(directory), NULL);
	put_file(K2 "\n" K1, 0600);
	both = choice_key_load(tc_str_from(directory), NULL);
	put_file(K2, 0400);
	new = choice_key_load(tc_str_from(directory), NULL);
	assert_true(old != NULL && both != NULL && new != NULL);
	fs = (struct tc_fields){.arena = arena};
	assert_int_equal(tc_field_add(&fs, TC_F_COOKIE, choice_write(old, SITE, &c, arena)), 0);
	assert_true(choice_read(both, SITE, &fs, &got));
	assert_false(choice_read(new, SITE, &fs, &got));
	fs = (struct tc_fields){.arena = arena};
	assert_int_equal(tc_field_add(&fs, TC_F_COOKIE, choice_write(both, SITE, &c, arena)), 0);
	assert_true(choice_read(new, SITE, &fs, &got));
	assert_false(choice_read(old, SITE, &fs, &got));
	choice_key_destroy(&old);
	choice_key_destroy(&both);
	choice_key_destroy(&new);
	remove_directory();
}

static void
bad_key_files(void **unused)
{
	static const struct {
		const char *text;
		mode_t mode;
		const char *reason;
	} bad[] = {
		{"", 0600, "not a list"},
		{"00112233\n", 0600, "not a list"},
		{K1 "x\n", 0600, "not a list"},
		{"G0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n", 0600, "not a list"},
		{K1 K1 K1 K1 K1 K1 K1 K1 K1, 0600, "too long"},
		{K1, 0644, "chmod 600"},
	};
	struct buf why;

	(void)unused;
	buf_init(&why, 4096);
	make_directory();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put_file(bad[i].text, bad[i].mode);
		assert_null(choice_key_load(tc_str_from(directory), &why));
		assert_true(tc_starts(buf_str(&why), tc_str_from(file)));
		if (tc_find(buf_str(&why), tc_str_from(bad[i].reason)) == buf_str(&why).n)
			fail_msg("%zu: %.*s", i, (int)buf_str(&why).n, buf_str(&why).p);
		buf_reset(&why);
	}
	remove_directory();
	assert_null(choice_key_load(TC_STR("/nowhere/at/all"), &why));
	assert_true(tc_find(buf_str(&why), TC_STR("No such file")) < buf_str(&why).n);
	buf_reset(&why);
}

/* A page of its own, which is in no core dump and no child. */
static void
key_is_kept_in(void **state)
{
	struct choice_key *k = choice_key_load(TC_STR(""), NULL);
	char flags[256];

	(void)state;
	assert_non_null(k);
	assert_int_equal((uintptr_t)k % 4096, 0);
	flags_of(k, flags);
	if (flags[0] != '\0') {
		assert_non_null(strstr(flags, " dd"));
		assert_non_null(strstr(flags, " wf"));
	}
	choice_key_destroy(&k);
	assert_null(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(form),
		cmocka_unit_test(mac_by_the_book),
		cmocka_unit_test(forged),
		cmocka_unit_test(bad_syntax),
		cmocka_unit_test(several_copies),
		cmocka_unit_test(switches),
		cmocka_unit_test(strip),
		cmocka_unit_test(key_is_made_once),
		cmocka_unit_test(keys_rotate),
		cmocka_unit_test(key_is_kept_in),
		cmocka_unit_test(bad_key_files),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
