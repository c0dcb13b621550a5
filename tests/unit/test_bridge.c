/* test_bridge.c: what a page is told of a no: the script and its hash, and each cookie format. */
#include <openssl/evp.h>

#include "../../filters/bridge.c"

#include "headfilter.h"

const struct tc_filter *const tc_filters[] = {&filter_bridge, NULL};

static struct bridge_opts all = {BRIDGE_USPRIVACY | BRIDGE_GPP | BRIDGE_CMP}, one = {BRIDGE_CMP}, none = {0};
static const void *blocks[1];

static struct fake_call *
page(const struct bridge_opts *o)
{
	struct fake_call *f = fake_new(&filter_bridge);

	blocks[0] = f->call.opts = o;
	f->rules.opts = blocks;
	f->call.res = &f->res;
	return f;
}

/* ---- the script ---- */

static const char *
element_of(struct fake_call *f)
{
	struct tc_str e;

	assert_int_equal(bridge_element(&f->call, &e), 0);
	return text_of(e);
}

/* As browsers have it (CSP3 6.7.2.4). */
static void
test_hashes(void **state)
{
	(void)state;
	for (size_t i = 0; i < BRIDGE_SETS; i++) {
		unsigned char digest[32], text[64];
		char want[80];

		assert_int_equal(EVP_Digest(bridge_scripts[i].text.p, bridge_scripts[i].text.n, digest, NULL, EVP_sha256(), NULL), 1);
		(void)EVP_EncodeBlock(text, digest, sizeof(digest));
		(void)snprintf(want, sizeof(want), "'sha256-%s'", (const char *)text);
		assert_string_equal(text_of(bridge_scripts[i].hash), want);
		assert_true(bridge_scripts[i].text.n <= 6144);
	}
}

static void
test_what_it_says(void **state)
{
	struct fake_call *f = page(&all);
	const char *text = element_of(f);

	(void)state;
	assert_non_null(strstr(text, "<script data-tacet=\"bridge\">(function(){"));
	assert_non_null(strstr(text, "globalPrivacyControl"));
	assert_non_null(strstr(text, "analytics_storage: 'denied'"));
	assert_non_null(strstr(text, "'1YYN'"));
	assert_non_null(strstr(text, "DBABLA~BVQVAAAAAgA.YA"));
	assert_int_equal(f->count[TC_DID_BRIDGE], 1);
	f->decision.measurement = true; /* measurements of those who act for the site go on */
	assert_null(strstr(element_of(f), "analytics_storage"));
	f->decision.measurement = false;
	f->decision.denied = TC_CLASS_BIT(TC_ADVERTISING);
	assert_null(strstr(element_of(f), "analytics_storage"));
	blocks[0] = &one;
	text = element_of(f);
	assert_null(strstr(text, "__uspapi"));
	assert_null(strstr(text, "__gpp"));
	assert_non_null(strstr(text, "globalPrivacyControl"));
	fake_free(&f);
}

static void
test_who_is_told(void **state)
{
	struct fake_call *f = page(&none);

	(void)state;
	assert_string_equal(element_of(f), "");
	fake_free(&f);
	f = page(&all);
	f->decision.person = false; /* by law: no person has spoken */
	assert_string_equal(element_of(f), "");
	f->decision.person = true;
	f->req.dest = TC_DEST_EMPTY; /* a fragment */
	assert_string_equal(element_of(f), "");
	f->req.dest = TC_DEST_FRAME;
	assert_string_not_equal(element_of(f), "");
	f->rules.opts = NULL;
	assert_string_equal(element_of(f), "");
	fake_free(&f);
}

static void
test_policies(void **state)
{
	struct fake_call *f = page(&one);

	(void)state;
	put(&f->res.fields, "Content-Security-Policy", "script-src 'nonce-r4nd0m' 'strict-dynamic'");
	assert_non_null(strstr(element_of(f), "<script data-tacet=\"bridge\" nonce=\"r4nd0m\">"));
	assert_string_equal(got(&f->res.fields, "Content-Security-Policy"), "script-src 'nonce-r4nd0m' 'strict-dynamic'");
	f->res.fields.n = 0;
	put(&f->res.fields, "Content-Security-Policy", "default-src 'none'");
	assert_non_null(strstr(element_of(f), "<script data-tacet=\"bridge\">"));
	assert_non_null(strstr(got(&f->res.fields, "Content-Security-Policy"), "default-src 'sha256-"));
	f->res.fields.n = 0;
	put(&f->res.fields, "Content-Security-Policy", "sandbox");
	assert_string_equal(element_of(f), "");
	fake_free(&f);
}

/* ---- cookies ---- */

/* What is set where this is carried; "-": nothing. */
static const char *
set_for(const struct bridge_opts *o, const char *cookies, const char *host)
{
	static char text[16384];
	struct fake_call *f = page(o);

	f->req.host = z(host);
	put(&f->req.fields, "Cookie", cookies);
	assert_int_equal(filter_bridge.response(&f->call), 0);
	(void)snprintf(text, sizeof(text), "%s", got(&f->res.fields, "Set-Cookie"));
	fake_free(&f);
	return text;
}

/* The value alone. */
static const char *
value_for(const char *cookie)
{
	static char text[16384];
	const char *set = set_for(&all, cookie, "192.0.2.1"), *equals = strchr(set, '=');
	size_t n;

	if (equals == NULL)
		return "as it is";
	n = strcspn(equals + 1, ";");
	memcpy(text, equals + 1, n);
	text[n] = '\0';
	return text;
}

static void
test_values(void **state)
{
	static const struct {
		const char *cookie, *want;
	} rows[] = {
		{"usprivacy=1YNN", "1YYN"},
		{"usprivacy=1---", "1YYN"},
		{"usprivacy=1NNY", "1NYY"}, /* whether there was a notice is not ours to say */
		{"us_privacy=1-N-", "1YYN"},
		{"usprivacy=1YYN", "as it is"},
		{"usprivacy=2YNN", "as it is"},
		{"usprivacy=1YNNN", "as it is"},
		{"usprivacy=1ynn", "as it is"},
		{"usprivacy=", "as it is"},
		{"usprivacy", "as it is"},
		/* vectors of signals.md 4.2 */
		{"OTGPPConsent=DBABLA~BVQqAAAAAgA.QA", "DBABLA~BVQVAAAAAgA.YA"},
		{"OTGPPConsent=DBABL~BVQqAAAAAgA.Q", "DBABL~BVQVAAAAAgA.Y"},
		{"OTGPPConsent=DBABBg~BUoAAACA.QA", "DBABBg~BUUAAACA.YA"},
		{"OTGPPConsent=DBABLA~BVQVAAAAAgA.YA", "as it is"},
		{"OTGPPConsent=DBACNY~CQSbk4AQSbk4ANwAAAENAwCgAAAAAAAAAAYgACPAAAAA~1YNN", "DBACNY~CQSbk4AQSbk4ANwAAAENAwCgAAAAAAAAAAYgACPAAAAA~1YYN"},
		{"OTGPPConsent=DBABrw~BVQqAAAAAgA.QA~BUoAAACA.QA", "DBABrw~BVQVAAAAAgA.YA~BUUAAACA.YA"},
		{"OTGPPConsent=DBABrw~BVQqAAAAAgA.QA~B", "DBABrw~BVQVAAAAAgA.YA~B"},
		{"OTGPPConsent=DBABMA~CQSbk4A", "as it is"}, /* TCF is not ours to write */
		{"OTGPPConsent=DBABL", "as it is"},
		{"OTGPPConsent=XBABL~BVQqAAAAAgA", "as it is"},
		{"OTGPPConsent=DBABL~", "as it is"},
		{"OTGPPConsent=D", "as it is"},
		{"OTGPPConsent=DBAAAAAAAAAAA~BVQq", "as it is"},
		{"OTGPPConsent=DB____________~BVQq", "as it is"},
		{"OTGPPConsent=DBABL~BVQ!AAAA", "as it is"},
		{"OptanonConsent=isGpcEnabled=0&version=1&groups=C0001%3A1%2CC0002%3A1%2CC0003%3A1%2CC0004%3A1%2CC0005%3A1&geolocation=US%3BCA",
		    "isGpcEnabled=1&version=1&groups=C0001%3A1%2CC0002%3A0%2CC0003%3A1%2CC0004%3A0%2CC0005%3A0&geolocation=US%3BCA"},
		{"OptanonConsent=groups=C0001:1,C0004:1", "groups=C0001:1,C0004:0&isGpcEnabled=1"},
		{"OptanonConsent=groups=C0004:1&isGpcEnabled=1", "groups=C0004:0&isGpcEnabled=1"},
		{"OptanonConsent=isGpcEnabled=1&groups=C0002%3A0%2CC0004%3A0", "as it is"},
		{"OptanonConsent=isGpcEnabled%3D0%26groups%3DC0004%253A1", "as it is"},
		{"OptanonConsent=a=C0004", "a=C0004&isGpcEnabled=1"},
		{"OptanonConsent=a=C0004%3A", "a=C0004%3A&isGpcEnabled=1"},
		{"OptanonConsent=isGpcEnabled=", "isGpcEnabled=&isGpcEnabled=1"},
		{"OneTrustWPCCPAGoogleOptOut=false", "true"},
		{"OneTrustWPCCPAGoogleOptOut=true", "as it is"},
		{"OneTrustWPCCPAGoogleOptOut=1", "true"},
		{"euconsent-v2=CQ", "as it is"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const char *is = value_for(rows[i].cookie);

		if (strcmp(is, rows[i].want) != 0)
			fail_msg("%s became %s", rows[i].cookie, is);
	}
}

/* Whatever ends early or late, nothing is read beyond it. */
static void
test_every_beginning(void **state)
{
	static const char *const cookies[] = {"OTGPPConsent=DBABrw~BVQqAAAAAgA.QA~BUoAAACA.QA", "usprivacy=1YNN",
	    "OptanonConsent=isGpcEnabled=0&groups=C0002%3A1%2CC0004:1"};

	(void)state;
	for (size_t i = 0; i < sizeof(cookies) / sizeof(*cookies); i++)
		for (size_t n = 1; n <= strlen(cookies[i]); n++) {
			struct fake_call *f = page(&all);
			char *copy = malloc(n);

			memcpy(copy, cookies[i], n);
			assert_int_equal(tc_field_add(&f->req.fields, TC_F_COOKIE, tc_str_of(copy, n)), 0);
			assert_int_equal(filter_bridge.response(&f->call), 0);
			fake_free(&f);
			free(copy);
		}
}

#define END "usprivacy=; Path=/; Max-Age=0"
#define SET "usprivacy=1YYN; Path=/; Max-Age=31536000; SameSite=Lax; Secure"

/* Set where consent tools set it, and no second one stays. */
static void
test_where_it_is_set(void **state)
{
	(void)state;
	assert_string_equal(set_for(&all, "usprivacy=1YNN", "a.www.example.com"),
	    END " | " END "; Domain=a.www.example.com | " END "; Domain=www.example.com | " SET "; Domain=example.com");
	assert_string_equal(set_for(&all, "usprivacy=1YNN", "example.com"), END " | " SET "; Domain=example.com");
	assert_string_equal(set_for(&all, "a=1; usprivacy=1YNN; usprivacy=1NNN", "192.0.2.1"), SET);
}

static void
test_when_it_is_set(void **state)
{
	static const struct tc_str keep = TC_STR_INIT("usprivacy");
	struct fake_call *f;

	(void)state;
	assert_string_equal(set_for(&one, "usprivacy=1YNN", "192.0.2.1"), "-");
	assert_string_equal(set_for(&none, "usprivacy=1YNN; OptanonConsent=a=b", "192.0.2.1"), "-");
	for (int i = 0; i < 5; i++) {
		f = page(&all);
		put(&f->req.fields, "Cookie", "usprivacy=1YNN");
		if (i == 0)
			f->decision.person = false;
		else if (i == 1)
			f->res.type = TC_STR("text/css");
		else if (i == 2)
			f->route.filter = TC_ROUTE_NONE; /* a shared cache may keep it */
		else if (i == 3)
			f->site.keep_cookies = (struct tc_strs){&keep, 1};
		assert_int_equal(filter_bridge.response(&f->call), 0);
		assert_int_equal(strcmp(got(&f->res.fields, "Set-Cookie"), "-") != 0, i == 4);
		fake_free(&f);
	}
}

/* What is not refused is not said to be. */
static void
test_classes(void **state)
{
	struct fake_call *f = page(&all);

	(void)state;
	f->decision.measurement = true;
	f->decision.denied = TC_CLASS_BIT(TC_ADVERTISING) | TC_CLASS_BIT(TC_ANALYTICS);
	put(&f->req.fields, "Cookie", "OptanonConsent=isGpcEnabled=1&groups=C0002:1,C0004:1,C0005:1");
	assert_int_equal(filter_bridge.response(&f->call), 0);
	assert_non_null(strstr(got(&f->res.fields, "Set-Cookie"), "groups=C0002:1,C0004:0,C0005:1;"));
	fake_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_what_it_says),
		cmocka_unit_test(test_who_is_told),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_every_beginning),
		cmocka_unit_test(test_where_it_is_set),
		cmocka_unit_test(test_when_it_is_set),
		cmocka_unit_test(test_classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
