/*
 * test_consent.c: what consent cookies say, through the readers that are built in and through some of a file: every
 * tool of signals.md 4.5, what was cut, split, encoded twice, repeated and put behind it.
 */
#include "../../proxy/consent/apply.c"
#include "../../proxy/consent/consent.c"
#include "../../proxy/consent/decode.c"
#include "../../proxy/consent/json_walk.c"
#include "../../proxy/consent/kv_walk.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "config/config.h"
#include "consent_bits.h"
#include "edge.h"

#define TODAY 20410 /* 2025-11-18 */
#define SITE "version: 1\nsites:\n  - hosts: [\"*\"]\n    origin: {url: \"http://127.0.0.1:3000\"}\n"

enum { AN = 1 << TC_ANALYTICS,
	AD = 1 << TC_ADVERTISING,
	PE = 1 << TC_PERSONALISATION,
	SO = 1 << TC_SOCIAL,
	ALL = AN | AD | PE | SO };

static struct config *config;
static bool all_listed[CONSENT_READERS_MAX], none_listed[CONSENT_READERS_MAX];

static struct config *
load(const char *text)
{
	struct messages *m = messages_new();
	struct config *c = NULL;

	if (config_load_text(TC_STR("t.yaml"), tc_str_from(text), NULL, &c, m) < 0)
		messages_print(m, stdout);
	messages_destroy(&m);
	assert_non_null(c);
	return c;
}

static int
setup(void **state)
{
	(void)state;
	memset(all_listed, 1, sizeof(all_listed));
	config = load(SITE);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	config_destroy(&config);
	return 0;
}

/* Cookie fields, one for each line. */
static int
read_by(const struct config *c, const bool *listed, struct tc_str lines, struct consent *out)
{
	struct tc_field v[16];
	struct tc_fields fs = {.v = v, .cap = 16};
	char *copy = edge_copy(lines.p, lines.n);
	struct tc_str rest = tc_str_of(copy, lines.n);
	int n;

	while (rest.p != NULL && fs.n < fs.cap)
		v[fs.n++] = (struct tc_field){.name = TC_STR("Cookie"), .value = tc_next(&rest, '\n'), .id = TC_F_COOKIE};
	n = consent_read(c->readers, listed, &fs, TODAY, NULL, out);
	edge_free(copy, lines.n);
	assert_int_equal(out->denied & ~ALL, 0);
	assert_int_equal(out->granted & out->denied, 0);
	assert_int_equal(out->granted & TC_ESSENTIAL, 0);
	return n;
}

static struct consent
said(const char *lines)
{
	struct consent c;

	(void)read_by(config, all_listed, tc_str_from(lines), &c);
	c.granted &= ALL;
	return c;
}

/* ---- every tool ---- */

#define ONETRUST(groups) \
	"OptanonConsent=isGpcEnabled=0&datestamp=Tue+Nov+18+2025&version=202601.1.0&browserGpcFlag=0&interactionCount=1&" \
	"landingPath=NotLandingPage&groups=" groups "&geolocation=US%3BCA"
#define COOKIEBOT(rest) "CookieConsent={stamp:%27abc+/==%27%2Cnecessary:true%2C" rest "%2Cver:1%2Cutc:1700000000000%2Cregion:%27fr%27}"
#define COOKIEYES(rest) "cookieyes-consent=consentid:aGVsbG8,consent:yes," rest

static const struct vector {
	const char *lines;
	tc_classes denied, granted;
	bool out, bad;
} VECTORS[] = {
	/* OneTrust */
	{ONETRUST("C0001%3A1%2CC0002%3A0%2CC0003%3A0%2CC0004%3A0%2CC0005%3A0"), ALL, 0, false, false},
	{ONETRUST("C0001%3A1%2CC0002%3A1%2CC0003%3A1%2CC0004%3A1%2CC0005%3A1"), 0, ALL, false, false},
	{ONETRUST("C0001%3A1%2CC0002%3A1%2CC0003%3A1%2CC0004%3A1"), 0, ALL, false, false},
	{ONETRUST("C0001%3A1%2CC0002%3A1%2CC0003%3A0%2CC0004%3A0"), PE | AD, AN, false, false},
	{ONETRUST("C0001%3A1%2CC0004%3A0%2CC0005%3A1"), AD, SO, false, false},
	{ONETRUST("1%3A1%2C2%3A1%2C3%3A1%2C4%3A0"), AD, AN | PE, false, false},          /* bare numbers */
	{ONETRUST("C0001:1,C0002:1,C0004:0"), AD, AN, false, false},                     /* not encoded */
	{ONETRUST("C0001%253A1%252CC0002%253A1%252CC0004%253A0"), AD, AN, false, false}, /* twice */
	{"OptanonConsent=isGpcEnabled%3D1%26interactionCount%3D1%26groups%3DC0002%253A1%252CC0004%253A0", AD, AN, true, false},
	{ONETRUST("C0001%3A1%2CSPD_BG%3A0%2CC0002%3A1"), 0, AN, true, false},
	{ONETRUST("C0001%3A1%2COSSTA_BG%3A0%2CBG36%3A1"), 0, 0, true, false},
	{ONETRUST("C0001%3A1%2CV2STACK42%3A0%2Ccustom%3A1"), 0, 0, false, false},
	{ONETRUST("C0002%3A2%2CC0004%3A1"), 0, AD | SO, false, false},                                                   /* neither yes nor no */
	{"OptanonConsent=isGpcEnabled=1&interactionCount=0&groups=C0002%3A1%2CC0004%3A1", 0, 0, true, false},            /* not asked yet */
	{"OptanonConsent=isGpcEnabled=1&interactionCount=1&groups=C0002%3A1%2CC0004%3A1", 0, AN | AD | SO, true, false}, /* D7 */
	/* The page that was visited first is for anybody to choose. */
	{"OptanonConsent=landingPath=https%3A%2F%2Fa.example%2F%3F%26groups%3DC0004%3A1&interactionCount=1", 0, 0, false, false},
	{"OptanonConsent=groups=C0004%3A1%", 0, 0, false, true},
	{"OptanonConsent=groups", 0, 0, false, true},
	{"OptanonConsent=a%3Db%26groups=C0004:1", 0, 0, false, true},
	{"OneTrustWPCCPAGoogleOptOut=true", 0, 0, true, false},
	{"OneTrustWPCCPAGoogleOptOut=false", 0, 0, false, false},
	/* Cookiebot */
	{COOKIEBOT("preferences:true%2Cstatistics:true%2Cmarketing:true%2Cmethod:%27explicit%27"), 0, ALL, false, false},
	{COOKIEBOT("preferences:false%2Cstatistics:true%2Cmarketing:false%2Cmethod:%27explicit%27"), PE | AD | SO, AN, false, false},
	{COOKIEBOT("preferences:true%2Cstatistics:true%2Cmarketing:true%2Cmethod:%27implied%27"), 0, 0, false, false},
	{"CookieConsent={stamp:'x',necessary:true,preferences:false,statistics:false,marketing:false,ver:1}", ALL, 0, false, false},
	{"CookieConsent=%7Bstamp%3A%27x%27%2Cnecessary%3Atrue%2Cpreferences%3Afalse%2Cstatistics%3Atrue%2Cmarketing%3Afalse%7D", PE | AD | SO,
	    AN, false, false},
	{"CookieConsent=-1", 0, 0, false, true},
	{"CookieConsent=0", 0, 0, false, true},
	{"CookieConsent=true", 0, 0, false, true}, /* another tool's */
	/* CookieYes, now and before */
	{COOKIEYES("action:yes,necessary:yes,functional:yes,analytics:yes,performance:yes,advertisement:yes,other:yes"), 0, ALL, false, false},
	{COOKIEYES("action:yes,necessary:yes,functional:no,analytics:no,performance:no,advertisement:no,other:no"), ALL, 0, false, false},
	{COOKIEYES("action:,necessary:yes,functional:no,analytics:no,performance:no,advertisement:no,other:no"), 0, 0, false, false},
	{COOKIEYES("action:,necessary:yes,functional:yes,analytics:yes,performance:yes,advertisement:yes"), 0, 0, false, false},
	{COOKIEYES("action:yes,analytics:yes,advertisement:no"), AD | SO, AN, false, false},
	{"cookielawinfo-checkbox-analytics=yes; cookielawinfo-checkbox-advertisement=no; viewed_cookie_policy=yes", AD | SO, AN, false, false},
	/* TrustArc */
	{"notice_preferences=0:", ALL, 0, false, false},
	{"notice_preferences=1:", AD | SO, AN | PE, false, false},
	{"notice_preferences=2:", 0, ALL, false, false},
	{"notice_gdpr_prefs=0,1,2:", 0, ALL, false, false},
	{"notice_gdpr_prefs=0:", ALL, 0, false, false},
	{"cmapi_cookie_privacy=permit 1,2,3", 0, ALL, false, false},
	{"cmapi_cookie_privacy=permit 1 required", ALL, 0, false, false},
	{"cmapi_cookie_privacy=permit%201%20required", ALL, 0, false, false},
	{"notice_behavior=implied,us", 0, 0, false, false},
	{"gpcishonored=true", 0, 0, true, false},
	/* HubSpot */
	{"__hs_cookie_cat_pref=1:true,2:false,3:false", AD | SO | PE, AN, false, false},
	{"__hs_cookie_cat_pref=1:true_2:true_3:true", 0, ALL, false, false},
	{"__hs_opt_out=yes", ALL, 0, false, false},
	{"__hs_opt_out=no", 0, 0, false, false},
	{"__hs_do_not_track=yes", ALL, 0, false, false},
	/* Ketch: {"analytics":{"status":"granted","canonicalPurposes":["analytics"]},"targeted_advertising":{"status":"denied"}} */
	{"_ketch_consent_v1_=eyJhbmFseXRpY3MiOnsic3RhdHVzIjoiZ3JhbnRlZCIsImNhbm9uaWNhbFB1cnBvc2VzIjpbImFuYWx5dGljcyJdfSwidGFyZ2V0ZWRf"
	 "YWR2ZXJ0aXNpbmciOnsic3RhdHVzIjoiZGVuaWVkIn19",
	    AD | SO, AN, false, false},
	{"_ketch_consent_v1_=e30%3D", 0, 0, false, false},
	{"_ketch_consent_v1_=e30!", 0, 0, false, true},
	/* Didomi: {"purposes":{"enabled":["cookies","analytics-x"],"disabled":["select_personalized_ads"]},"vendors":{"enabled":[]}} */
	{"didomi_token=eyJwdXJwb3NlcyI6eyJlbmFibGVkIjpbImNvb2tpZXMiLCJhbmFseXRpY3MteCJdLCJkaXNhYmxlZCI6WyJzZWxlY3RfcGVyc29uYWxpemVk"
	 "X2FkcyJdfSwidmVuZG9ycyI6eyJlbmFibGVkIjpbXX19",
	    AD, AN, false, false},
	/* Complianz */
	{"cmplz_marketing=allow; cmplz_statistics=deny; cmplz_preferences=deny; cmplz_banner-status=dismissed", AN | PE, AD | SO, false, false},
	/* Klaro */
	{"klaro=%7B%22matomo%22%3Atrue%2C%22google-ads%22%3Afalse%2C%22mine%22%3Atrue%7D", AD, AN, false, false},
	{"klaro={\"matomo\":true}", 0, AN, false, false},
	/* orestbida */
	{"cc_cookie=%7B%22categories%22%3A%5B%22necessary%22%5D%2C%22revision%22%3A0%2C%22data%22%3Anull%7D", ALL, 0, false, false},
	{"cc_cookie=%7B%22categories%22%3A%5B%22necessary%22%2C%22analytics%22%2C%22marketing%22%2C%22preferences%22%5D%7D", 0, ALL, false,
	    false},
	{"cc_cookie={\"categories\":[\"necessary\",\"analytics\"],\"services\":{\"analytics\":[\"ga\"]}}", AD | PE | SO, AN, false, false},
	/* c15t: what is missing was refused */
	{"c15t=c.necessary:1,c.measurement:1,i.t:1763424000", AD | PE | SO, AN, false, false},
	{"c15t=c.necessary:1,i.t:1763424000", ALL, 0, false, false},
	{"c15t=c.necessary:1,c.functionality:1,c.marketing:1,c.measurement:1,c.experience:1", 0, ALL, false, false},
	{"c15t=", 0, 0, false, false},
	/* Shopify */
	{"_tracking_consent=%7B%22con%22%3A%7B%22CMP%22%3A%7B%22a%22%3A%221%22%2C%22m%22%3A%220%22%2C%22p%22%3A%22%22%2C%22s%22%3A%220%22"
	 "%7D%7D%2C%22v%22%3A%222.1%22%7D",
	    AD | SO, AN, true, false},
	{"_tracking_consent={\"purposes\":{\"a\":true,\"m\":true,\"p\":false},\"con\":{\"CMP\":{\"a\":\"\"}}}", PE, AD | SO, false, false},
	/* Commanders Act: 1 is a no */
	{"TC_PRIVACY=1%40012%4026%4042%40%404%401592900933049", ALL, 0, false, false},
	{"TC_PRIVACY=0@002@12@34@1%2C3@4@1592900933049", 0, 0, false, false},
	/* others */
	{"_iub_cs-12345=%7B%22purposes%22%3A%7B%221%22%3Atrue%2C%224%22%3Atrue%2C%225%22%3Afalse%7D%7D", AD | SO, AN, false, false},
	{"cookiefirst-consent={\"necessary\":true,\"performance\":true,\"functional\":false,\"advertising\":false}", PE | AD | SO, AN, false,
	    false},
	{"consent-policy=%7B%22ess%22%3A1%2C%22func%22%3A0%2C%22anl%22%3A1%2C%22adv%22%3A0%7D", PE | AD | SO, AN, false, false},
	{"CONSENTMGR=consent:false%7Cts:1763424000", ALL, 0, false, false},
	{"CONSENTMGR=consent:true%7Cts:1763424000%7Cc1:1%7Cc3:0", AD, AN | PE | SO, false, false},
	{"axeptio_cookies={\"$$token\":\"x\",\"google_analytics\":false,\"facebook_pixel\":true}", AN, AD, false, false},
	{"tarteaucitron=!gtag=true!facebookpixel=false!matomo=wait", AD, 0, false, false},
	{"CookieScriptConsent={\"action\":\"accept\",\"categories\":\"[\\\"performance\\\",\\\"targeting\\\"]\"}", PE, AN | AD | SO, false,
	    false},
	{"CookieScriptConsent={\"action\":\"reject\",\"categories\":\"[]\"}", ALL, 0, false, false},
	{"borlabs-cookie=%7B%22consents%22%3A%7B%22essential%22%3A%5B%22x%22%5D%2C%22statistics%22%3A%5B%22ga%22%5D%7D%7D", PE | AD | SO, AN,
	    false, false},
	{"mtm_consent=1763424000", 0, AN, false, false},
	{"mtm_consent_removed=1763424000", AN, 0, false, false},
	/* IAB */
	{"usprivacy=1YYN", 0, 0, true, false},
	{"us_privacy=1-Y-", 0, 0, true, false},
	{"usprivacy=1YNN", 0, 0, false, false},
	{"usprivacy=1---", 0, 0, false, false},
	{"usprivacy=2YYN", 0, 0, false, true},
	{"usprivacy=\"1YYN\"", 0, 0, true, false},
	{"OTGPPConsent=DBABLA~BVQVAAAAAgA.YA", 0, 0, true, false},
	{"OTGPPConsent=DBABLA%7EBVQqAAAAAgA.QA", 0, 0, false, false},
	{"OTGPPConsent=DBABLA~nonsense", 0, 0, false, true},
	{"euconsent-v2=CQSbk4AQSbk4ANwAAAENAwCgAAAAAAAAAAYgACPAAAAA.IDKQA4AAgAKAGQAygAAA.YAAAAAAAAAAA", ALL, 0, false, false},
	{"FCCDCF=%5Bnull%2Cnull%2Cnull%2C%5B%22CQSbk4AQSbk4ANwAAAENAwCgAAAAAAAAAAYgACPAAAAA%22%2C%221~%22%2C%22ID%22%5D%2Cnull%5D", ALL, 0,
	    false, false},
	{"FCCDCF=%5Bnull%2Cnull%2C%5B%22%5B%5D%22%5D%5D", 0, 0, false, false},
	{"euconsent-v2=nonsense", 0, 0, false, true},
	/* nobody's */
	{"sid=1; theme=dark; OptanonAlertBoxClosed=2025-11-18T10:00:00.000Z; Usprivacy=1YYN; xusprivacy=1YYN", 0, 0, false, false},
	{"usprivacy; =; ; =1YYN", 0, 0, false, false},
};

static void
vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(VECTORS) / sizeof(VECTORS[0]); i++) {
		struct consent c = said(VECTORS[i].lines);

		if (c.denied != VECTORS[i].denied || c.granted != VECTORS[i].granted || c.out != VECTORS[i].out || c.bad != VECTORS[i].bad)
			fail_msg("%s: denied %x granted %x out %d bad %d", VECTORS[i].lines, c.denied, c.granted, c.out, c.bad);
	}
}

/* Cut anywhere, a cookie grants nothing that the whole does not, and no byte behind it is read (edge_copy). */
static void
cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(VECTORS) / sizeof(VECTORS[0]); i++)
		for (size_t n = 0; n < strlen(VECTORS[i].lines); n++) {
			struct consent c;

			(void)read_by(config, all_listed, tc_str_of(VECTORS[i].lines, n), &c);
			/* OneTrust's C0005 may stand behind C0004, and what Tealium's consent:true is to behind that. */
			if ((c.granted & VECTORS[i].denied & ~SO) != 0 && !tc_starts(tc_str_from(VECTORS[i].lines), TC_STR("CONSENTMGR")))
				fail_msg("%.*s", (int)n, VECTORS[i].lines);
		}
}

/* ---- who is listed ---- */

static void
unlisted_tools_can_only_deny(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(VECTORS) / sizeof(VECTORS[0]); i++) {
		struct consent c;

		(void)read_by(config, none_listed, tc_str_from(VECTORS[i].lines), &c);
		assert_int_equal(c.granted, 0);
		assert_int_equal(c.denied, VECTORS[i].denied);
		assert_int_equal(c.out, VECTORS[i].out);
	}
}

static void
a_site_lists_readers(void **state)
{
	struct config *c = load(SITE "    consent: [klaro]\n");
	struct consent said_one;

	(void)state;
	(void)read_by(c, c->sites[0].consent, TC_STR("klaro={\"matomo\":true}; mtm_consent=1; cmplz_marketing=allow"), &said_one);
	assert_int_equal(said_one.granted, AN);
	assert_int_equal(said_one.denied, 0);
	config_destroy(&c);
}

static void
a_refusal_wins(void **state)
{
	struct consent c = said("klaro={\"matomo\":true}; mtm_consent_removed=1");

	(void)state;
	assert_true(c.denied == AN && c.granted == 0);
	c = said("mtm_consent_removed=1\nklaro={\"matomo\":true}");
	assert_true(c.denied == AN && c.granted == 0);
	c = said(ONETRUST("C0004%3A1%2CC0004%3A0"));
	assert_true(c.denied == AD && (c.granted & AD) == 0);
	c = said("klaro={\"matomo\":true}; klaro={\"matomo\":false}");
	assert_true(c.denied == AN && c.granted == 0);
	c = said("klaro={\"matomo\":true}; klaro={");
	assert_true(c.denied == 0 && c.granted == AN && c.bad);
	c = said("usprivacy=1YNN; us_privacy=1YYN");
	assert_true(c.out);
}

/* A yes to all that can be asked is one to what no list knows. */
static void
all_means_all(void **state)
{
	struct consent c;

	(void)state;
	(void)read_by(config, all_listed, TC_STR("notice_preferences=2:"), &c);
	assert_int_equal(c.granted, ALL | TC_CLASS_BIT(TC_UNKNOWN));
	(void)read_by(config, all_listed, TC_STR("notice_preferences=2:; mtm_consent_removed=1"), &c);
	assert_int_equal(c.granted, AD | PE | SO);
}

/* ---- split cookies ---- */

static void
parts(void **state)
{
	const struct {
		const char *lines;
		bool out, bad;
	} v[] = {
		{"OTGPPConsent=DBABLA~BVQV; OTGPPConsent2=AAAAAgA.YA", true, false},
		{"OTGPPConsent2=AAAAAgA.YA\nOTGPPConsent=DBABLA~BVQV", true, false},
		{"OTGPPConsent=DBAB; OTGPPConsent3=AAAgA.YA; OTGPPConsent2=LA~BVQVAA", true, false},
		{"OTGPPConsent=DBABLA~BVQV; OTGPPConsent3=AAAAAgA.YA", false, true},
		{"OTGPPConsent=DBABLA~BVQV; OTGPPConsent2=AAAAAgA.YA; OTGPPConsent2=AAAAAgA.YA", false, true},
		{"OTGPPConsent=DBABLA~BVQV", false, true},
		{"OTGPPConsent2=DBABLA~BVQVAAAAAgA.YA", false, false},
		{"OTGPPConsent=DBABLA~BVQVAAAAAgA.YA; OTGPPConsentX=1; OTGPPConsent22=1", true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct consent c = said(v[i].lines);

		if (c.out != v[i].out || c.bad != v[i].bad)
			fail_msg("%s", v[i].lines);
	}
}

/* ---- limits ---- */

static void
limits(void **state)
{
	static char text[32768];
	struct consent c;
	size_t n;

	(void)state;
	n = (size_t)snprintf(text, sizeof(text), "klaro={\"matomo\":true,\"x\":\"");
	memset(text + n, 'a', CONSENT_COOKIE_MAX - (n - 6) - 2);
	n = 6 + CONSENT_COOKIE_MAX - 2;
	memcpy(text + n, "\"}", 3);
	c = said(text);
	assert_true(c.granted == AN && !c.bad);
	memcpy(text + n, "a\"}", 4); /* a byte more */
	c = said(text);
	assert_true(c.granted == 0 && c.bad);

	n = (size_t)snprintf(text, sizeof(text), "cc_cookie={\"categories\":[");
	for (unsigned i = 0; i < CONSENT_ENTRIES_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s\"a\"", i > 0 ? "," : "");
	(void)snprintf(text + n, sizeof(text) - n, "]}");
	assert_int_equal(said(text).denied, ALL);
	(void)snprintf(text + n, sizeof(text) - n, ",\"a\"]}"); /* an entry more */
	c = said(text);
	assert_true(c.denied == 0 && c.bad);

	n = 0;
	for (unsigned i = 0; i < CONSENT_COOKIES_MAX - 1; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "mtm_consent=1; ");
	assert_int_equal(said(text).granted, AN);
	(void)snprintf(text + n, sizeof(text) - n, "mtm_consent=1; mtm_consent_removed=1"); /* the refusal may be one too many */
	c = said(text);
	assert_true(c.granted == 0 && c.bad);
}

static void
nesting(void **state)
{
	struct config *c = load(SITE "consent:\n  readers:\n    deep: {cookies: [deep], syntax: json, grant: {analytics: [a.b.c.d=1]}}\n");
	struct consent s;

	(void)state;
	(void)read_by(c, all_listed, TC_STR("deep={\"a\":{\"b\":{\"c\":{\"d\":1}}}}"), &s);
	assert_int_equal(s.granted, AN);
	(void)read_by(c, all_listed, TC_STR("deep={\"a\":[{\"b\":{\"c\":{\"d\":1}}}]}"), &s); /* five deep */
	assert_int_equal(s.granted, 0);
	(void)read_by(c, all_listed, TC_STR("deep={\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":[1]}}}}},\"x\":[[[[[[1]]]]]]}"), &s);
	assert_true(s.granted == 0 && !s.bad);
	(void)read_by(c, all_listed, TC_STR("deep=[{\"a\":{\"b\":{\"c\":1}}}]"), &s);
	assert_true(s.granted == 0 && !s.bad);
	(void)read_by(c, all_listed, TC_STR("deep=\"a\""), &s);
	assert_true(s.granted == 0 && s.bad);
	config_destroy(&c);
}

/* ---- junk ---- */

/* What is put behind a refusal does not make it a grant. */
static void
junk_behind(void **state)
{
	static const char *const junk[] = {",analytics:yes,C0004:1", "&groups=C0004:1,C0002:1", "%2CC0004%3A1", "%26groups%3DC0004%3A1", "1", "x",
	    ",", "}", "]", "\"", "%", "%22", "{\"a\":1}", ",\"matomo\":true}", "!gtag=true", "|consent:true|c1:1", "=", ":", "A", "AAAA",
	    "=x,marketing:true", "~", ".YA", "2:", " ", "@*"};

	(void)state;
	for (size_t i = 0; i < sizeof(VECTORS) / sizeof(VECTORS[0]); i++)
		for (size_t k = 0; k < sizeof(junk) / sizeof(junk[0]); k++) {
			char text[2048];
			struct consent c;

			(void)snprintf(text, sizeof(text), "%s%s", VECTORS[i].lines, junk[k]);
			c = said(text);
			if (strncmp(VECTORS[i].lines, "c15t", 4) != 0 && (c.granted & VECTORS[i].denied) != 0)
				fail_msg("%s", text);
		}
}

/* ---- readers of a file ---- */

static void
a_file_adds_and_replaces(void **state)
{
	struct config *c = load(SITE "    consent: [banner, matomo]\n"
	    "consent:\n"
	    "  readers:\n"
	    "    banner:\n"
	    "      cookies: [banner, \"banner-*\"]\n"
	    "      syntax: kv\n"
	    "      grant: {advertising: [ads=on]}\n"
	    "      refuse: {advertising: [ads=off]}\n"
	    "      out: [gpc=yes]\n"
	    "    matomo: {cookies: [mine], syntax: value, grant: {analytics: [\"mine=*\"]}}\n");
	struct consent s;

	(void)state;
	(void)read_by(c, c->sites[0].consent, TC_STR("banner=a=1&ads=on"), &s);
	assert_int_equal(s.granted, AD);
	(void)read_by(c, c->sites[0].consent, TC_STR("banner-eu-2=ads=off&gpc=yes"), &s);
	assert_true(s.denied == AD && s.out);
	(void)read_by(c, c->sites[0].consent, TC_STR("mtm_consent=1"), &s);
	assert_int_equal(s.granted, 0);
	(void)read_by(c, c->sites[0].consent, TC_STR("mine=1"), &s);
	assert_int_equal(s.granted, AN);
	assert_int_equal(c->readers->n, config->readers->n + 1);
	config_destroy(&c);
}

static void
honour_is_in_force(void **state)
{
	struct config *c = load(SITE "rule_sets: {out: {scripts: {remove: [advertising]}}}\nregions:\n"
	    "  - {name: all, where: [\"*\"], honour: [gpc, dnt, choice, consent], default: out, opted_out: out}\n");

	(void)state;
	assert_false(config->consent_honoured);
	assert_true(c->consent_honoured);
	config_destroy(&c);
}

/* Two readers of one cookie, and a cookie for a prefix and a name. */
static void
several_readers_of_one_cookie(void **state)
{
	struct config *c = load(SITE "consent:\n  readers:\n"
	    "    one: {cookies: [\"k*\"], decode: url, syntax: json, refuse: {social: [mine=true]}}\n");
	struct consent s;

	(void)state;
	assert_int_equal(read_by(c, all_listed, TC_STR("klaro={\"mine\":true,\"matomo\":true}"), &s), 2);
	assert_true(s.denied == SO && s.granted == AN);
	config_destroy(&c);
}

static void
globs(void **state)
{
	(void)state;
	assert_true(glob(TC_STR("*"), TC_STR("")) && glob(TC_STR("a*c"), TC_STR("abbc")) && glob(TC_STR("*a*"), TC_STR("xax")));
	assert_true(glob(TC_STR(""), TC_STR("")) && glob(TC_STR("a"), TC_STR("a")) && glob(TC_STR("a*a*b"), TC_STR("aaaab")));
	assert_false(glob(TC_STR(""), TC_STR("a")));
	assert_false(glob(TC_STR("a*c"), TC_STR("abb")));
	assert_false(glob(TC_STR("a"), TC_STR("ab")));
	assert_false(glob(TC_STR("ab"), TC_STR("a")));
}

/* Only Cookie fields that are still there, any number of them. */
static void
fields(void **state)
{
	struct tc_field v[] = {
		{.name = TC_STR("X"), .value = TC_STR("usprivacy=1YYN"), .id = TC_F_OTHER},
		{.name = TC_STR("Cookie"), .value = TC_STR("usprivacy=1YYN"), .id = TC_F_COOKIE, .dropped = true},
		{.name = TC_STR("Cookie"), .value = {NULL, 0}, .id = TC_F_COOKIE},
	};
	const struct tc_fields fs = {.v = v, .n = 3, .cap = 3};
	struct consent c;

	(void)state;
	assert_int_equal(consent_read(config->readers, all_listed, &fs, TODAY, NULL, &c), 0);
	assert_false(c.out);
	v[1].dropped = false;
	assert_int_equal(consent_read(config->readers, all_listed, &fs, TODAY, NULL, &c), 1);
	assert_true(c.out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(unlisted_tools_can_only_deny),
		cmocka_unit_test(a_site_lists_readers),
		cmocka_unit_test(a_refusal_wins),
		cmocka_unit_test(all_means_all),
		cmocka_unit_test(parts),
		cmocka_unit_test(limits),
		cmocka_unit_test(nesting),
		cmocka_unit_test(junk_behind),
		cmocka_unit_test(a_file_adds_and_replaces),
		cmocka_unit_test(honour_is_in_force),
		cmocka_unit_test(several_readers_of_one_cookie),
		cmocka_unit_test(globs),
		cmocka_unit_test(fields),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
