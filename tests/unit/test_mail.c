/* test_mail.c: pixels and links of e-mails: what is answered, where a link leads, and where not. */
#include "../../filters/mail.c"

#include "headfilter.h"

static const struct tc_str targets[] = {TC_STR_INIT("shop.example")};
static const struct tc_str hosts[] = {TC_STR_INIT("www.example.com"), TC_STR_INIT("*.example.net"), TC_STR_INIT("*")};

static struct fake_call *
begin(enum tc_route_type type, const char *query)
{
	struct fake_call *f = fake_new(&filter_mail);

	allow_all(f); /* who said nothing is counted as little */
	f->site.hosts = (struct tc_strs){hosts, 3};
	f->route.name = TC_STR("mail");
	f->route.type = type;
	f->route.click_parameter = TC_STR("url");
	f->route.click_targets = (struct tc_strs){targets, 1};
	f->req.path = f->req.match = TC_STR("/m");
	f->req.query = z(query);
	return f;
}

static void
test_other_routes_go_on(void **state)
{
	struct fake_call *f = begin(TC_ROUTE_PAGES, "url=https://www.example.com/");

	(void)state;
	assert_int_equal(fake_request(f), 0);
	assert_false(f->answered);
	assert_int_equal(f->did_n, 0);
	fake_free(&f);
}

static void
test_open(void **state)
{
	static const enum tc_method methods[] = {TC_M_GET, TC_M_HEAD};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fake_call *f = begin(TC_ROUTE_OPEN, "rid=123&e=a@b.example");

		f->req.method = methods[i];
		assert_int_equal(fake_request(f), 200);
		assert_true(f->answered && f->shared);
		assert_string_equal(f->answer_type, "image/gif");
		assert_string_equal(f->answer_cache, "no-store");
		assert_int_equal(f->answer.n, 43);
		assert_int_equal(f->did_n, 1); /* the route's name, and nothing of the request */
		assert_true(tc_eq(f->did[0].what, TC_STR("mail")));
		fake_free(&f);
	}
}

static void
test_methods(void **state)
{
	static const enum tc_method methods[] = {TC_M_POST, TC_M_OPTIONS, TC_M_OTHER};

	(void)state;
	for (int type = TC_ROUTE_OPEN; type <= TC_ROUTE_CLICK; type++)
		for (size_t i = 0; i < 3; i++) {
			struct fake_call *f = begin((enum tc_route_type)type, "url=/");

			f->req.method = methods[i];
			assert_int_equal(fake_request(f), 405);
			assert_false(f->answered);
			fake_free(&f);
		}
}

static void
test_click(void **state)
{
	static const struct {
		const char *query, *to; /* to: NULL: refused */
	} cases[] = {
		{"url=https%3A%2F%2Fwww.example.com%2Foffer", "https://www.example.com/offer"},
		{"rid=123&url=https%3A%2F%2Fwww.example.com%2Foffer%3Fa%3D1%26b%3D2&e=x", "https://www.example.com/offer?a=1&b=2"},
		{"url=https://www.example.com/offer", "https://www.example.com/offer"},
		{"url=http://www.example.com/", "http://www.example.com/"},
		{"url=%2Foffer%3Fa%3D1", "https://www.example.com/offer?a=1"},
		{"url=offer", "https://www.example.com/offer"},
		{"url=https%3A%2F%2Fblog.example.com%2F", "https://blog.example.com/"},
		{"url=https%3A%2F%2Fwww.example.net%2F", "https://www.example.net/"}, /* the site has that name too */
		{"url=https%3A%2F%2Fshop.example%2Fx", "https://shop.example/x"},
		{"url=https%3A%2F%2Fde.shop.example%2Fx", "https://de.shop.example/x"},
		{"url=https%3A%2F%2FSHOP.example:8443%2Fx", "https://shop.example:8443/x"},
		/* Ids of recipients and of clicks go, the rest stays; where the id does its work it stays. */
		{"url=https%3A%2F%2Fshop.example%2F%3Fmkt_tok%3D1%26a%3D2%26_hsenc%3D3%26gclid%3D4", "https://shop.example/?a=2"},
		{"url=https%3A%2F%2Fshop.example%2F%3Fmkt_tok%3D1", "https://shop.example/"},
		{"url=%2Funsubscribe%3Fmkt_tok%3D1%26gclid%3D2", "https://www.example.com/unsubscribe?mkt_tok=1"},
		{"url=%2Fa%23chapter-2", "https://www.example.com/a#chapter-2"},
		{"url=%2Fa%3Fb%3D1%23chapter_2", "https://www.example.com/a?b=1#chapter_2"},
		{"url=%2Fa%23rid=123", "https://www.example.com/a"},
		{"url=%2F%E4%BD%A0%20%22%3Cb%3E", NULL}, /* below: what it becomes */
		/* Others'. */
		{"url=https%3A%2F%2Fevil.example%2F", NULL},
		{"url=%2F%2Fevil.example%2F", NULL},
		{"url=%5C%5Cevil.example%2F", NULL},
		{"url=https%3A%2F%2Fwww.example.com%40evil.example%2F", NULL},
		{"url=https%3A%2F%2Fevil.example%2F%3Fwww.example.com", NULL},
		{"url=https%3A%2F%2Fevil.example%23.www.example.com", NULL},
		{"url=https%3A%2F%2Fxshop.example%2F", NULL},
		{"url=https%3A%2F%2Fshop.example.evil.example%2F", NULL},
		{"url=javascript%3Aalert(1)", NULL},
		{"url=data%3Atext%2Fhtml%2Cx", NULL},
		{"url=mailto%3Aa%40b.example", NULL},
		{"url=ws%3A%2F%2Fwww.example.com%2F", NULL},
		{"url=", NULL},
		{"url", NULL},
		{"link=https%3A%2F%2Fwww.example.com%2F", NULL},
		{"", NULL},
		{NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fake_call *f = begin(TC_ROUTE_CLICK, cases[i].query);
		int status = fake_request(f);

		if (cases[i].query != NULL && strstr(cases[i].query, "%E4") != NULL) {
			assert_int_equal(status, 302);
			for (size_t k = 0; k < f->answer_to.n; k++)
				assert_true(f->answer_to.p[k] > ' ' && f->answer_to.p[k] < 0x7f && f->answer_to.p[k] != '"');
		} else if (cases[i].to == NULL) {
			if (status != 404 || f->answered)
				fail_msg("%s: %d %s", cases[i].query, status, text_of(f->answer_to));
		} else {
			assert_string_equal(text_of(f->answer_to), cases[i].to);
			assert_int_equal(status, 302);
			assert_string_equal(f->answer_cache, "no-store");
		}
		fake_free(&f);
	}
}

static void
test_lines_in_a_target(void **state)
{
	struct fake_call *f = begin(TC_ROUTE_CLICK, "url=%2Fa%0D%0ASet-Cookie:%20x%3D1%00%7F");

	(void)state;
	assert_int_equal(fake_request(f), 302);
	for (size_t k = 0; k < f->answer_to.n; k++)
		assert_true(f->answer_to.p[k] > ' ' && f->answer_to.p[k] < 0x7f);
	fake_free(&f);
}

static void
test_long_target(void **state)
{
	static char query[3 * MAIL_URL_MAX] = "url=/";
	struct fake_call *f;

	(void)state;
	memset(query + 5, 'x', MAIL_URL_MAX);
	f = begin(TC_ROUTE_CLICK, query);
	assert_int_equal(fake_request(f), 404); /* never half of it */
	fake_free(&f);
	query[4 + MAIL_URL_MAX - 1] = '\0';
	f = begin(TC_ROUTE_CLICK, query);
	assert_int_equal(fake_request(f), 302);
	assert_int_equal(f->answer_to.n, strlen("https://www.example.com") + MAIL_URL_MAX - 1);
	fake_free(&f);
}

static void
test_arena_full(void **state)
{
	(void)state;
	for (size_t room = 0; room < 40000; room += 3000) {
		struct fake_call *f = begin(TC_ROUTE_CLICK, "url=%2Fa%3Fgclid%3D1%26b%3D2");
		struct tc_arena *small = arena_new(NULL, room + 1);
		int status;

		f->call.arena = small;
		status = fake_request(f);
		assert_true(status == 431 || status == 404 || status == 302);
		assert_true(status != 302 || tc_eq(f->answer_to, TC_STR("https://www.example.com/a?b=2")));
		arena_destroy(&small);
		fake_free(&f);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_routes_go_on),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_click),
		cmocka_unit_test(test_lines_in_a_target),
		cmocka_unit_test(test_long_target),
		cmocka_unit_test(test_arena_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
