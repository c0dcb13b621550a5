/* test_framing.c: how long a body is, for every combination that matters. */
#include "../../proxy/http/framing.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ROWS_MAX = 4 };

struct rows {
	const char *length, *length2, *coding, *coding2;
};

/* A head with up to two Content-Length and Transfer-Encoding rows. */
static struct head
head_of(const struct rows *rows, int minor, int status, struct tc_field v[ROWS_MAX])
{
	struct head h = {.minor = minor, .status = status, .fields = {.v = v}};
	const char *values[ROWS_MAX] = {rows->length, rows->length2, rows->coding, rows->coding2};

	for (size_t i = 0; i < ROWS_MAX; i++) {
		if (values[i] == NULL)
			continue;
		v[h.fields.n++] = (struct tc_field){
			.id = i < 2 ? TC_F_CONTENT_LENGTH : TC_F_TRANSFER_ENCODING,
			.value = tc_str_from(values[i]),
		};
	}
	return h;
}

static void
test_requests(void **state)
{
	static const struct {
		struct rows rows;
		int minor;
		enum refusal why;
		enum body_kind kind;
		uint64_t length;
	} cases[] = {
		{{0}, 1, REFUSAL_NONE, BODY_NONE, 0},
		{{0}, 0, REFUSAL_NONE, BODY_NONE, 0},
		{{.length = "0"}, 1, REFUSAL_NONE, BODY_LENGTH, 0},
		{{.length = "010"}, 0, REFUSAL_NONE, BODY_LENGTH, 10},
		{{.length = "999999999999999999"}, 1, REFUSAL_NONE, BODY_LENGTH, 999999999999999999},
		{{.length = "1000000000000000000"}, 1, REFUSAL_LENGTH, BODY_NONE, 0},
		{{.length = ""}, 1, REFUSAL_LENGTH, BODY_NONE, 0},
		{{.length = "5", .length2 = "5"}, 1, REFUSAL_LENGTH, BODY_NONE, 0},
		{{.length = "5,5"}, 1, REFUSAL_LENGTH, BODY_NONE, 0},
		{{.length = "x"}, 1, REFUSAL_LENGTH, BODY_NONE, 0},
		{{.coding = "chunked"}, 1, REFUSAL_NONE, BODY_CHUNKED, 0},
		{{.coding = "Chunked"}, 1, REFUSAL_NONE, BODY_CHUNKED, 0},
		{{.coding = "chunked"}, 0, REFUSAL_CODING, BODY_NONE, 0},
		{{.coding = ""}, 1, REFUSAL_CODING, BODY_NONE, 0},
		{{.coding = "gzip"}, 1, REFUSAL_CODING, BODY_NONE, 0},
		{{.coding = "gzip, chunked"}, 1, REFUSAL_CODING, BODY_NONE, 0},
		{{.coding = "chunked, chunked"}, 1, REFUSAL_CODING, BODY_NONE, 0},
		{{.coding = "chunked, identity"}, 1, REFUSAL_CODING, BODY_NONE, 0},
		{{.coding = "chunked", .coding2 = "chunked"}, 1, REFUSAL_CODING, BODY_NONE, 0},
		{{.coding = "chunked", .length = "5"}, 1, REFUSAL_CODING, BODY_NONE, 0},
	};
	struct tc_field v[ROWS_MAX];
	struct framing f;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct head h = head_of(&cases[i].rows, cases[i].minor, 0, v);

		assert_int_equal(framing_request(&h, &f), cases[i].why);
		if (cases[i].why != REFUSAL_NONE)
			continue;
		assert_int_equal(f.kind, cases[i].kind);
		assert_int_equal(f.length, cases[i].length);
	}
}

static void
test_responses(void **state)
{
	static const struct {
		int status, minor;
		enum tc_method asked;
		struct rows rows;
		enum refusal why;
		enum body_kind kind;
		uint64_t length;
		bool declared;
	} cases[] = {
		{200, 1, TC_M_GET, {0}, REFUSAL_NONE, BODY_TO_CLOSE, 0, false},
		{200, 1, TC_M_GET, {.length = "7"}, REFUSAL_NONE, BODY_LENGTH, 7, true},
		{200, 1, TC_M_GET, {.coding = "chunked"}, REFUSAL_NONE, BODY_CHUNKED, 0, false},
		{200, 1, TC_M_HEAD, {.length = "7"}, REFUSAL_NONE, BODY_NONE, 7, true},
		{200, 1, TC_M_HEAD, {.coding = "chunked"}, REFUSAL_NONE, BODY_NONE, 0, false},
		{200, 1, TC_M_HEAD, {0}, REFUSAL_NONE, BODY_NONE, 0, false},
		{304, 1, TC_M_GET, {.length = "7"}, REFUSAL_NONE, BODY_NONE, 7, true},
		{204, 1, TC_M_GET, {.length = "7"}, REFUSAL_NONE, BODY_NONE, 0, false},
		{100, 1, TC_M_GET, {0}, REFUSAL_NONE, BODY_NONE, 0, false},
		{103, 1, TC_M_GET, {.length = "0"}, REFUSAL_NONE, BODY_NONE, 0, false},
		{103, 1, TC_M_GET, {.length = "7"}, REFUSAL_LENGTH, BODY_NONE, 0, false},
		{100, 1, TC_M_GET, {.coding = "chunked"}, REFUSAL_CODING, BODY_NONE, 0, false},
		{204, 1, TC_M_GET, {.coding = "chunked"}, REFUSAL_CODING, BODY_NONE, 0, false},
		{205, 1, TC_M_GET, {.length = "7"}, REFUSAL_NONE, BODY_LENGTH, 7, true},
		{404, 1, TC_M_POST, {.length = "0"}, REFUSAL_NONE, BODY_LENGTH, 0, true},
		{200, 0, TC_M_GET, {0}, REFUSAL_NONE, BODY_TO_CLOSE, 0, false},
		{200, 0, TC_M_GET, {.coding = "chunked"}, REFUSAL_CODING, BODY_NONE, 0, false},
		{304, 1, TC_M_GET, {.length = "x"}, REFUSAL_LENGTH, BODY_NONE, 0, false},
		{204, 1, TC_M_GET, {.length = "1", .length2 = "2"}, REFUSAL_LENGTH, BODY_NONE, 0, false},
		{200, 1, TC_M_HEAD, {.coding = "cow"}, REFUSAL_CODING, BODY_NONE, 0, false},
		{200, 1, TC_M_GET, {.coding = "chunked", .length = "7"}, REFUSAL_CODING, BODY_NONE, 0, false},
	};
	struct tc_field v[ROWS_MAX];
	struct framing f;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct head h = head_of(&cases[i].rows, cases[i].minor, cases[i].status, v);

		assert_int_equal(framing_response(&h, cases[i].asked, &f), cases[i].why);
		if (cases[i].why != REFUSAL_NONE)
			continue;
		assert_int_equal(f.kind, cases[i].kind);
		assert_int_equal(f.length, cases[i].length);
		assert_int_equal(f.declared, cases[i].declared);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_responses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
