/* test_field_table.c: names to ids and back, and the table of rows. */
#include "../../proxy/base/fields.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <strings.h>

#include <cmocka.h>

#include "base/arena.h"
#include "edge.h"

static enum tc_fid
id_at_edge(const char *p, size_t n)
{
	char *copy = edge_copy(p, n);
	enum tc_fid id = tc_field_id(tc_str_of(copy, n));

	edge_free(copy, n);
	return id;
}

static void
test_every_name_round_trips_in_any_case(void **state)
{
	(void)state;
	for (enum tc_fid id = TC_F_OTHER + 1; id < TC_F_COUNT; id++) {
		struct tc_str name = tc_field_name(id);
		char text[NAME_MAX_LENGTH];

		assert_int_equal(id_at_edge(name.p, name.n), id);
		for (size_t i = 0; i < name.n; i++)
			text[i] = tc_lower(name.p[i]);
		assert_int_equal(id_at_edge(text, name.n), id);
		for (size_t i = 0; i < name.n; i++)
			text[i] = (char)(text[i] >= 'a' && text[i] <= 'z' && i % 2 == 0 ? text[i] - 32 : text[i]);
		assert_int_equal(id_at_edge(text, name.n), id);
	}
}

/* The slow way, for comparison. */
static enum tc_fid
search(struct tc_str name)
{
	for (enum tc_fid id = TC_F_OTHER + 1; id < TC_F_COUNT; id++)
		if (tc_ieq(name, tc_field_name(id)))
			return id;
	return TC_F_OTHER;
}

static void
assert_as_searched(const char *p, size_t n)
{
	struct tc_str s = {p, n};

	assert_int_equal(tc_field_id(s), search(s));
}

/* Every neighbour of every name: a byte changed to any other, left out, or added. */
static void
test_no_other_name_has_an_id(void **state)
{
	(void)state;
	for (enum tc_fid id = TC_F_OTHER + 1; id < TC_F_COUNT; id++) {
		struct tc_str name = tc_field_name(id);
		char text[NAME_MAX_LENGTH + 2];

		for (size_t at = 0; at < name.n; at++) {
			memcpy(text, name.p, name.n);
			for (int c = 0; c < 256; c++) {
				text[at] = (char)c;
				assert_as_searched(text, name.n);
			}
			memcpy(text + at, name.p + at + 1, name.n - at - 1);
			assert_as_searched(text, name.n - 1);
			text[at] = '-';
			memcpy(text + at + 1, name.p + at, name.n - at);
			assert_as_searched(text, name.n + 1);
		}
	}
	assert_int_equal(tc_field_id(TC_STR("")), TC_F_OTHER);
	assert_int_equal(tc_field_id(tc_str_of(NULL, 0)), TC_F_OTHER);
	assert_int_equal(id_at_edge("x", 1), TC_F_OTHER);
	assert_int_equal(tc_field_id(TC_STR("a-name-that-is-longer-than-the-longest-of-the-names-that-have-an-id")),
	    TC_F_OTHER);
}

static void
test_names_are_sorted(void **state)
{
	(void)state;
	for (enum tc_fid id = TC_F_OTHER + 2; id < TC_F_COUNT; id++) {
		char a[NAME_MAX_LENGTH] = {0}, b[NAME_MAX_LENGTH] = {0};

		memcpy(a, names[id - 1].p, names[id - 1].n);
		memcpy(b, names[id].p, names[id].n);
		if (strcasecmp(a, b) >= 0)
			fail_msg("%s before %s", a, b);
	}
}

static void
test_rows(void **state)
{
	struct tc_arena *arena = arena_new(NULL, 1 << 16);
	struct tc_fields fs = {.arena = arena};

	(void)state;
	assert_null(tc_field_first(&fs, TC_F_COOKIE));
	assert_null(tc_field_value(&fs, TC_F_COOKIE).p);
	assert_int_equal(tc_field_add(&fs, TC_F_COOKIE, TC_STR("a=1")), 0);
	assert_int_equal(tc_field_add_named(&fs, TC_STR("cookie"), TC_STR("b=2")), 0);
	assert_int_equal(tc_field_add_named(&fs, TC_STR("X-Own"), TC_STR("x")), 0);
	assert_int_equal(fs.v[1].id, TC_F_COOKIE);
	assert_int_equal(fs.v[2].id, TC_F_OTHER);
	assert_true(tc_eq(tc_field_value(&fs, TC_F_COOKIE), TC_STR("a=1")));
	fs.v[0].dropped = true;
	assert_ptr_equal(tc_field_first(&fs, TC_F_COOKIE), &fs.v[1]);
	assert_int_equal(tc_field_drop(&fs, TC_F_COOKIE), 1);
	assert_int_equal(tc_field_drop(&fs, TC_F_COOKIE), 0);
	assert_int_equal(tc_field_set(&fs, TC_F_COOKIE, TC_STR("c=3")), 0);
	assert_true(tc_eq(tc_field_value(&fs, TC_F_COOKIE), TC_STR("c=3")));
	assert_int_equal(tc_field_add(&fs, TC_F_COOKIE, TC_STR("d=4")), 0);
	assert_int_equal(tc_field_set(&fs, TC_F_COOKIE, TC_STR("e=5")), 0);
	assert_int_equal(tc_field_drop(&fs, TC_F_COOKIE), 1);
	for (int i = 0; i < 100; i++)
		assert_int_equal(tc_field_add(&fs, TC_F_VARY, TC_STR("v")), 0);
	assert_int_equal(tc_field_drop(&fs, TC_F_VARY), 100);
	assert_true(tc_eq(fs.v[2].value, TC_STR("x")));
	arena_destroy(&arena);
}

/* Which look-ups walk over the rows and which know better is nobody's business: they find the same. */
static void
test_rows_put_there_by_hand(void **state)
{
	struct tc_arena *arena = arena_new(NULL, 1 << 16);
	struct tc_field v[5] = {{.id = TC_F_COOKIE, .value = TC_STR("a=1")}, {.id = TC_F_LINK, .dropped = true}};
	struct tc_fields fs = {.v = v, .n = 2, .cap = 5, .arena = arena};

	(void)state;
	assert_null(tc_field_first(&fs, TC_F_VARY));
	assert_ptr_equal(tc_field_first(&fs, TC_F_COOKIE), &v[0]);
	assert_int_equal(tc_field_add(&fs, TC_F_ETAG, TC_STR("\"e\"")), 0); /* behind rows that were not noted */
	assert_ptr_equal(tc_field_first(&fs, TC_F_COOKIE), &v[0]);
	assert_ptr_equal(tc_field_first(&fs, TC_F_ETAG), &v[2]);
	tc_fields_note(&fs);
	assert_null(tc_field_next(&fs, NULL, TC_F_VARY));
	assert_ptr_equal(tc_field_next(&fs, NULL, TC_F_LINK), &v[1]); /* dropped ones, too */
	assert_null(tc_field_first(&fs, TC_F_LINK));
	assert_ptr_equal(tc_field_first(&fs, TC_F_COOKIE), &v[0]);
	assert_null(tc_field_next(&fs, &v[0], TC_F_COOKIE));
	v[fs.n++] = (struct tc_field){.id = TC_F_COOKIE}; /* noted by nobody */
	assert_ptr_equal(tc_field_next(&fs, &v[0], TC_F_COOKIE), &v[3]);
	fs.n = 1;
	tc_fields_note(&fs); /* anew: what went is gone */
	assert_null(tc_field_next(&fs, NULL, TC_F_ETAG));
	assert_int_equal(tc_field_add(&fs, TC_F_COOKIE, TC_STR("b=2")), 0);
	assert_ptr_equal(tc_field_next(&fs, &v[0], TC_F_COOKIE), &v[1]);
	assert_null(tc_field_next(&fs, NULL, TC_F_LINK));
	arena_destroy(&arena);
}

/* Each id by itself: it is found, and no other is. */
static void
test_every_id_is_noted(void **state)
{
	struct tc_arena *arena = arena_new(NULL, 1 << 20);

	(void)state;
	for (enum tc_fid id = TC_F_OTHER + 1; id < TC_F_COUNT; id++) {
		struct tc_fields fs = {.arena = arena};

		assert_int_equal(tc_field_add(&fs, id, TC_STR("v")), 0);
		for (enum tc_fid other = TC_F_OTHER; other < TC_F_COUNT; other++)
			assert_ptr_equal(tc_field_next(&fs, NULL, other), other == id ? fs.v : NULL);
	}
	arena_destroy(&arena);
}

/* What walking over all rows finds. */
static void
check_rows(const struct tc_fields *fs, enum tc_fid id)
{
	const struct tc_field *f = NULL;

	for (size_t i = 0; i < fs->n; i++)
		if (fs->v[i].id == id)
			assert_ptr_equal(f = tc_field_next(fs, f, id), &fs->v[i]);
	if (f != NULL || fs->n == 0)
		f = tc_field_next(fs, f, id);
	assert_null(f);
}

/* More rows than notes can count, with some ids once, early and late, and some often. */
static void
test_many_rows(void **state)
{
	static const enum tc_fid ids[] = {TC_F_OTHER, TC_F_COOKIE, TC_F_ETAG, TC_F_LINK, TC_F_VARY, TC_F_LOCATION, TC_F_SET_COOKIE};
	struct tc_arena *arena = arena_new(NULL, 1 << 20);
	struct tc_fields fs = {.arena = arena};

	(void)state;
	for (size_t i = 0; i < 600; i++) {
		enum tc_fid id = TC_F_COOKIE;

		if (i == 3 || i == 253)
			id = TC_F_ETAG;
		else if (i == 255)
			id = TC_F_LINK;
		else if (i == 400 || i == 599)
			id = TC_F_VARY;
		if (i % 7 == 0)
			assert_int_equal(tc_field_add_named(&fs, TC_STR("X-Own"), TC_STR("x")), 0);
		else
			assert_int_equal(tc_field_add(&fs, id, TC_STR("v")), 0);
		fs.v[i].dropped = i % 5 == 0;
		if (i > 250 && i < 260)
			for (size_t k = 0; k < sizeof(ids) / sizeof(*ids); k++)
				check_rows(&fs, ids[k]);
	}
	for (int noted = 0; noted < 2; noted++) {
		for (size_t k = 0; k < sizeof(ids) / sizeof(*ids); k++)
			check_rows(&fs, ids[k]);
		tc_fields_note(&fs);
	}
	assert_true(tc_field_drop(&fs, TC_F_COOKIE) > 300);
	assert_null(tc_field_first(&fs, TC_F_COOKIE));
	arena_destroy(&arena);
}

static void
test_rows_at_the_limit(void **state)
{
	struct tc_arena *arena = arena_new(NULL, 2000);
	struct tc_fields fs = {.arena = arena};
	size_t n = 0;

	(void)state;
	while (tc_field_add(&fs, TC_F_VARY, TC_STR("v")) == 0)
		n++;
	assert_true(n >= 16);
	assert_int_equal(fs.n, n);
	assert_int_equal(tc_field_set(&fs, TC_F_ETAG, TC_STR("v")), -1);
	assert_int_equal(tc_field_set(&fs, TC_F_VARY, TC_STR("w")), 0);
	arena_destroy(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_name_round_trips_in_any_case),
		cmocka_unit_test(test_no_other_name_has_an_id),
		cmocka_unit_test(test_names_are_sorted),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_rows_put_there_by_hand),
		cmocka_unit_test(test_every_id_is_noted),
		cmocka_unit_test(test_many_rows),
		cmocka_unit_test(test_rows_at_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
