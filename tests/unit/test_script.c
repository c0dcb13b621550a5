/*
 * test_script.c: inline scripts (H02, H03, H27, H37, H38), their types, speculation rules and import maps (H40 to
 * H43). The snippets are ours, in the shape of what vendors hand out, plain and minified.
 */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../filters/html/script.c"
#include "edge.h"
#include "judge.h"

#define NOOP "/.well-known/tacet/s/noop.js"
#define S(name) "/.well-known/tacet/s/" name ".js"

static char got[1 << 20];

/* in after script_judge(), in got. */
static size_t
run(const struct script_ctx *ctx, struct tc_str in)
{
	struct value_edit v[64];
	struct value_edits e = {.v = v, .cap = 64};
	char *raw = edge_copy(in.p, in.n);
	size_t n;

	script_judge(ctx, tc_str_of(raw, in.n), &e);
	n = judge_apply(tc_str_of(raw, in.n), &e, got);
	got[n] = 0;
	edge_free(raw, in.n);
	return n;
}

/* in -> want, and want stays as it is. */
static void
check(const char *in, const char *want)
{
	const struct script_ctx ctx = {judge, NULL, false};
	bool off;

	(void)run(&ctx, tc_str_from(in));
	assert_string_equal(got, want);
	(void)run(&ctx, tc_str_from(want));
	assert_string_equal(got, want);
	assert_int_equal(script_names_tracker(&ctx, tc_str_from(in)), strcmp(in, want) != 0);
	(void)run(&(const struct script_ctx){judge, &off, false}, tc_str_from(in)); /* no rules, no edit */
	assert_string_equal(got, in);
}

static void
same(const char *in)
{
	check(in, in);
}

static void
test_tag_managers(void **state)
{
	(void)state;
	check("(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({'gtm.start':new Date().getTime(),event:'gtm.js'});"
	    "var f=d.getElementsByTagName(s)[0],j=d.createElement(s),dl=l!='dataLayer'?'&l='+l:'';j.async=true;"
	    "j.src='https://www.googletagmanager.com/gtm.js?id='+i+dl;f.parentNode.insertBefore(j,f);"
	    "})(window,document,'script','dataLayer','GTM-ABC1234');",
	    "(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({'gtm.start':new Date().getTime(),event:'gtm.js'});"
	    "var f=d.getElementsByTagName(s)[0],j=d.createElement(s),dl=l!='dataLayer'?'&l='+l:'';j.async=true;"
	    "j.src='" S("gtm") "?id='+i+dl;f.parentNode.insertBefore(j,f);"
	    "})(window,document,'script','dataLayer','GTM-ABC1234');");
	/* older: protocol-relative; minified with double quotes */
	check("j.src='//www.googletagmanager.com/gtm.js?id='+i+dl;", "j.src='" S("gtm") "?id='+i+dl;");
	check("!function(e,t){n.src=\"https://www.googletagmanager.com/gtm.js?id=\"+t}(window,\"GTM-X\")",
	    "!function(e,t){n.src=\"" S("gtm") "?id=\"+t}(window,\"GTM-X\")");
	/* server-side: the same name on a host of the site's own */
	check("j.src='https://sgtm.example.com/gtm.js?id='+i+dl;", "j.src='" S("gtm") "?id='+i+dl;");
	check("var s=`https://www.googletagmanager.com/gtag/js?id=${id}`;", "var s=`" S("google-tag") "?id=${id}`;");
	check("d.write('<iframe src=\"https://www.googletagmanager.com/ns.html?id=GTM-X\"></iframe>')",
	    "d.write('<iframe src=\"" S("gtm") "?id=GTM-X\"></iframe>')");
}

static void
test_analytics(void **state)
{
	(void)state;
	check("(function(i,s,o,g,r,a,m){i['GoogleAnalyticsObject']=r;i[r]=i[r]||function(){(i[r].q=i[r].q||[])"
	    ".push(arguments)},i[r].l=1*new Date();a=s.createElement(o),m=s.getElementsByTagName(o)[0];a.async=1;"
	    "a.src=g;m.parentNode.insertBefore(a,m)})(window,document,'script',"
	    "'//www.google-analytics.com/analytics.js','ga');ga('create','UA-1-1','auto');ga('send','pageview');",
	    "(function(i,s,o,g,r,a,m){i['GoogleAnalyticsObject']=r;i[r]=i[r]||function(){(i[r].q=i[r].q||[])"
	    ".push(arguments)},i[r].l=1*new Date();a=s.createElement(o),m=s.getElementsByTagName(o)[0];a.async=1;"
	    "a.src=g;m.parentNode.insertBefore(a,m)})(window,document,'script',"
	    "'" S("analytics") "','ga');ga('create','UA-1-1','auto');ga('send','pageview');");
	/* ga.js: the host from parts */
	check("ga.src=('https:'==document.location.protocol?'https://ssl':'http://www')+'.google-analytics.com/ga.js';",
	    "ga.src=('https:'==document.location.protocol?'https://ssl':'http://www')+' '&&'" S("ga") "';");
	check("var h=((\"https:\"==document.location.protocol)?\"https://ssl.\":\"http://www.\");"
	    "document.write(unescape(\"%3Cscript src='\"+h+\"google-analytics.com/ga.js' type='text/javascript'%3E\"));",
	    "var h=((\"https:\"==document.location.protocol)?\"https://ssl.\":\"http://www.\");"
	    "document.write(unescape(\"%3Cscript src='\"+h+\"xxxxxxxxxxxx.invalid/ga.js' type='text/javascript'%3E\"));");
	check("g.src=p+\"stats.g.doubleclick.net/dc.js\"", "g.src=p+\" \"&&\"" S("ga") "\"");
	check("a.src=document.location.protocol+'//www.google-analytics.com/analytics.js'",
	    "a.src=document.location.protocol+'" S("analytics") "'");
}

static void
test_pixels(void **state)
{
	(void)state;
	check("!function(f,b,e,v,n,t,s){if(f.fbq)return;n=f.fbq=function(){n.callMethod?n.callMethod.apply(n,arguments)"
	    ":n.queue.push(arguments)};t=b.createElement(e);t.src=v}(window,document,'script',"
	    "'https://connect.facebook.net/en_US/fbevents.js');fbq('init','1');fbq('track','PageView');",
	    "!function(f,b,e,v,n,t,s){if(f.fbq)return;n=f.fbq=function(){n.callMethod?n.callMethod.apply(n,arguments)"
	    ":n.queue.push(arguments)};t=b.createElement(e);t.src=v}(window,document,'script',"
	    "'" S("meta") "');fbq('init','1');fbq('track','PageView');");
	check("new Image().src='https://www.facebook.com/tr?id=1&ev=PageView&noscript=1'",
	    "new Image().src='/.well-known/tacet/1x1.gif?id=1&ev=PageView&noscript=1'");
	check("b.src=\"https://snap.licdn.com/li.lms-analytics/insight.min.js\";", "b.src=\"" S("linkedin") "\";");
	check("(function(w,d,t,r,u){n.src=r})(window,document,\"script\",\"//bat.bing.com/bat.js\",\"uetq\");",
	    "(function(w,d,t,r,u){n.src=r})(window,document,\"script\",\"" S("bing") "\",\"uetq\");");
	check("var i=\"https://analytics.tiktok.com/i18n/pixel/events.js\";o.src=i+\"?sdkid=\"+e+\"&lib=\"+t;",
	    "var i=\"" S("tiktok") "\";o.src=i+\"?sdkid=\"+e+\"&lib=\"+t;");
	check("!function(e){if(!window.pintrk){r.src=e}}(\"https://s.pinimg.com/ct/core.js\");pintrk('load','1');",
	    "!function(e){if(!window.pintrk){r.src=e}}(\"" S("pinterest") "\");pintrk('load','1');");
	check("u.src='https://static.ads-twitter.com/uwt.js'", "u.src='" S("twitter") "'");
	check("x='https://t.co/i/adsct?p=1'", "x='" S("twitter") "?p=1'");
}

static void
test_other_vendors(void **state)
{
	(void)state;
	check("(function(h,o,t,j,a,r){r.src=t+h._hjSettings.hjid+j+h._hjSettings.hjsv;})"
	    "(window,document,'https://static.hotjar.com/c/hotjar-','.js?sv=');",
	    "(function(h,o,t,j,a,r){r.src=t+h._hjSettings.hjid+j+h._hjSettings.hjsv;})"
	    "(window,document,'" S("hotjar") "?','.js?sv=');");
	check("t.src=\"https://www.clarity.ms/tag/\"+i;", "t.src=\"" S("clarity") "?\"+i;");
	check("t.src=\"https://cdn.segment.com/analytics.js/v1/\"+key+\"/analytics.min.js\";",
	    "t.src=\"" S("segment") "?\"+key+\"/analytics.min.js\";");
	check("t.src=(\"https:\"===p?\"https://\":\"http://\")+\"cdn.segment.com/analytics.js/v1/\"+k+\"/analytics.min.js\";",
	    "t.src=(\"https:\"===p?\"https://\":\"http://\")+\"xxxxxxx.invalid/analytics.js/v1/\"+k+\"/analytics.min.js\";");
	check("s.src='//js.hs-scripts.com/123.js';", "s.src='" S("hubspot") "';");
	check("s.src=document.location.protocol+'//munchkin.marketo.net/munchkin.js';",
	    "s.src=document.location.protocol+'" S("marketo") "';");
	check("import 'https://cdn.optimizely.com/js/1.js';", "import '" S("optimizely") "';");
	check("s.src='//mc.yandex.ru/metrika/tag.js'", "s.src='" NOOP "'");
	check("(document.location.protocol==\"https:\"?\"https://secure\":\"http://edge\")+\".quantserve.com/quant.js\"",
	    "(document.location.protocol==\"https:\"?\"https://secure\":\"http://edge\")+\" \"&&\"" NOOP "\"");
	check("new WebSocket('wss://ws.hotjar.com/api')", "new WebSocket('wss://xxxxx.invalid/api')");
	check("fetch('https://t.example:8080/x')", "fetch('" NOOP "?')");
	check("h='www.clarity.ms'", "h='xxxxxx.invalid'");
	/* an address in a configuration stays one */
	check("Raven.config('https://abc@sentry.t.example/1')", "Raven.config('https://abc@xxxxxxxx.invalid/1')");
	check("{host:'https://api.t.example:8443'}", "{host:'https://xxxxx.invalid:8443'}");
	check("{base:'https://api.t.example/'}", "{base:'https://xxxxx.invalid/'}");
}

/* A name whose host comes from elsewhere: what stands before it no longer counts, or the script goes. */
static void
test_names(void **state)
{
	(void)state;
	check("var u='//stats.site.example/';_paq.push(['setTrackerUrl',u+'matomo.php']);g.src=u+'matomo.js';",
	    "var u='//stats.site.example/';_paq.push(['setTrackerUrl',u+' '&&'/.well-known/tacet/1x1.gif']);"
	    "g.src=u+' '&&'" S("paq") "';");
	check("j.src=h+'/gtm.js?id='+i", "j.src=h+' '&&'" S("gtm") "?id='+i");
	check("j.src=h +\n  \"/gtm.js?id=\"+i", "j.src=h +\n  \" \"&&\"" S("gtm") "?id=\"+i");
	check("j.src=h+'js/'+'fbevents.js'", "j.src=h+'js/'+' '&&'" S("meta") "'");
	check("j.src=`${h}/gtm.js?id=${i}`", "");
	check("j.src=a??h+'/gtm.js'+'?id='+i+'/gtm.js?id='", "");
	/* markup in pieces, and what the lexer is not sure of */
	check("d.write('<script src=\"'+u+'matomo.js\">')", "");
	check("d.write('<script src='+u+'matomo.js'+'>')", "");
	check("d.write(unescape('%3Cscript src='+u+'matomo.js'+'%3E'))", "");
	check("x++/2;j.src=u+'matomo.js'", "");
	check("d.write('<b>');j.src=u+'matomo.js'", "d.write('<b>');j.src=u+' '&&'" S("paq") "'");
	/* lists of names, as tools that delay scripts have them, ask for nothing */
	same("var delay=['fbevents.js','munchkin.js','matomo.js'];");
	same("if(s.indexOf('fbevents.js')>-1){}");
	same("x=a+'mymatomo.js'");
}

static void
test_escapes(void **state)
{
	(void)state;
	check("{\"u\":\"https:\\/\\/www.google-analytics.com\\/ga.js\"}", "{\"u\":\"" S("ga") "\"}");
	check("'https:\\x2f\\x2fwww\\x2egoogle-analytics.com\\u002Fga.js'", "'" S("ga") "'");
	check("'https:\\u{2f}\\57www.google-analytics.com/ga.js'", "'" S("ga") "'");
	check("'\\x2egoogle-analytics\\x2ecom\\x2fga.js'", "'\\x2exxxxxxxxxxxx.invalid\\x2fga.js'");
	check("'\\x77ww.google-analytics.com/ga.js'", "'xxxxxxxxxxxxxxxx.invalid/ga.js'");
	check("self.__next_f.push([1,\"{\\\"src\\\":\\\"https://t.example/a.js\\\"}\"])",
	    "self.__next_f.push([1,\"{\\\"src\\\":\\\"" NOOP "\\\"}\"])");
	check("JSON.parse('{\"u\":\"https:\\\\/\\\\/t.example\\\\/a.js\"}')", "JSON.parse('{\"u\":\"" NOOP "\"}')");
	check("'https://t.example/a\\\nb.js'", "'" NOOP "'");
	check("'\\u0068ttps://t.example/a.js'", "'\\u0068ttps://x.invalid/a.js'");
	/* ours behind another slash would be a host */
	check("'/https://t.example/a.js'", "'/https://x.invalid/a.js'");
	check("'\\u{2f}https://t.example/a.js'", "'\\u{2f}https://x.invalid/a.js'");
	same("'\\\\'");
	same("'\\");
	same("'\\x2");
	same("'\\u{2f");
}

/* H03, and everything else that makes no request. */
static void
test_left_alone(void **state)
{
	(void)state;
	same("");
	same("window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments);}gtag('js',new Date());"
	    "gtag('config','G-ABC');");
	same("fbq('track','Lead');_paq.push(['trackPageView']);ga('send','event','a','b');_hsq.push(['x']);");
	same("dataLayer.push({event:'gtm.js','gtm.start':1});");
	same("$('.menu.active').find('a.b.c');x=\"y\".length/2;z='a'.b.c/2;");
	same("s.src='https://code.jquery.com/jquery-3.7.1.min.js';");
	same("s.src='https://www.example.com/app.min.js?x=1';l='/static/app.js';");
	same("location='https://www.example.com/r?u=https://t.example/';");
	same("var a=['https://www.facebook.com/acme','https://twitter.com/acme'];");
	same("x='mailto:info@t.example';y='user@t.example';");
	same("// like https://www.google-analytics.com/ga.js\nvar a=1;");
	same("//www.google-analytics.com/ga.js\n/* 'https://t.example/' */a=1;");
	same("<!-- https://t.example/\nvar a=1;\n//-->");
	same("if(a)/https:\\/\\/t.example\\/x/.test(u);var r=/'\\/\\/t.example/;");
	same("return/[/'\"]\\/\\/t.example\\//.test(a)");
	same("a={b:`x${c+{d:1}.d}y`};// 'https://t.example/'\n");
	same("'.well-known.invalid/ga.js'");
}

/* What looks like a comment or regular expression but is not. */
static void
test_lexer(void **state)
{
	(void)state;
	check("x='//'+y;s='https://t.example/a.js'", "x='//'+y;s='" NOOP "'");
	check("x='/*';s='https://t.example/a.js'", "x='/*';s='" NOOP "'");
	check("x=a/b;s='https://t.example/a.js'//'", "x=a/b;s='" NOOP "'//'");
	check("x=(a+b)/2;s='https://t.example/a.js'", "x=(a+b)/2;s='" NOOP "'");
	check("x=a[0]/'2';s='https://t.example/a.js'", "x=a[0]/'2';s='" NOOP "'");
	check("/'/;s='https://t.example/a.js'", "/'/;s='" NOOP "'");
	check("/[/']/;s='https://t.example/a.js'", "/[/']/;s='" NOOP "'");
	check("if(a)/'/.test(b);s='https://t.example/a.js'", "if(a)/'/.test(b);s='" NOOP "'");
	check("x=\"it's\";s='https://t.example/a.js'", "x=\"it's\";s='" NOOP "'");
	check("x=`it's ${'}'+`'`} \"`;s='https://t.example/a.js'", "x=`it's ${'}'+`'`} \"`;s='" NOOP "'");
	check("/* ' */s='https://t.example/a.js'", "/* ' */s='" NOOP "'");
	check("// don't\ns='https://t.example/a.js'", "// don't\ns='" NOOP "'");
	check("x='a\\'b';s='https://t.example/a.js'", "x='a\\'b';s='" NOOP "'");
	/* unsure: the host alone, which is right in every reading */
	check("function(){}/a/b;s='https://t.example/a.js'", "function(){}/a/b;s='https://x.invalid/a.js'");
	check("x++/2;s='https://t.example/a.js'", "x++/2;s='https://x.invalid/a.js'");
	check("x='\ns='https://t.example/a.js'", "x='\ns='https://x.invalid/a.js'");
	check("a\n<!--b\ns='https://t.example/a.js'", "a\n<!--b\ns='https://x.invalid/a.js'");
	check("{}/https:\\/\\/t\\.example\\/a/.test(u)", "{}/https:\\/\\/x.invalid\\/a/.test(u)");
}

static void
test_many_edits(void **state)
{
	const struct script_ctx ctx = {judge, NULL, false};
	static char in[4096];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 64; i++)
		n += (size_t)snprintf(in + n, sizeof(in) - n, "f('//t.example/x');");
	assert_int_equal(run(&ctx, tc_str_of(in, n)), n - 64 * 13 + 64 * (sizeof(NOOP "?") - 1));
	n += (size_t)snprintf(in + n, sizeof(in) - n, "f('//t.example/x');"); /* one too many */
	assert_int_equal(run(&ctx, tc_str_of(in, n)), 0);
}

/* H27: text that is decoded before it runs. */
static void
test_foreign(void **state)
{
	const struct script_ctx ctx = {judge, NULL, true};

	(void)state;
	run(&ctx, TC_STR("s.src='//t.example/a.js'"));
	assert_string_equal(got, "s.src='" NOOP "'");
	run(&ctx, TC_STR("s.src='&#47;/t.example/a.js'"));
	assert_string_equal(got, "");
	run(&ctx, TC_STR("<![CDATA[ s.src='//t.example/a.js' ]]>"));
	assert_string_equal(got, "");
	run(&ctx, TC_STR("<![CDATA[ if(a&&b)c('/x') ]]>"));
	assert_string_equal(got, "<![CDATA[ if(a&&b)c('/x') ]]>");
	run(&ctx, TC_STR("a&amp;&amp;b"));
	assert_string_equal(got, "a&amp;&amp;b");
}

/* H37, H38 */
static void
test_handlers(void **state)
{
	const struct script_ctx ctx = {judge, NULL, false};

	(void)state;
	assert_false(script_names_tracker(&ctx, TC_STR("fbq('track','Lead');ga('send','event')")));
	assert_true(script_names_tracker(&ctx, TC_STR("this.src='//t.example/p.gif'")));
	assert_true(script_names_tracker(&ctx, TC_STR("javascript:void(new Image().src='//t.example/')")));
	assert_true(script_names_tracker(&ctx, TC_STR(" JavaScript:x=%27%2f%2Ft.example%2F%27")));
	assert_false(script_names_tracker(&ctx, TC_STR("javascript:void(0)")));
	assert_false(script_names_tracker(&ctx, TC_STR("javascript:%zz%2")));
	assert_false(script_names_tracker(&ctx, TC_STR("")));
}

static void
test_kinds(void **state)
{
	const struct tc_str none = {NULL, 0};

	(void)state;
	assert_int_equal(script_kind_of(none, none), SCRIPT_JS);
	assert_int_equal(script_kind_of(none, TC_STR("")), SCRIPT_JS);
	assert_int_equal(script_kind_of(none, TC_STR("JavaScript")), SCRIPT_JS);
	assert_int_equal(script_kind_of(none, TC_STR("javascript1.2")), SCRIPT_JS);
	assert_int_equal(script_kind_of(none, TC_STR("vbscript")), SCRIPT_INERT);
	assert_int_equal(script_kind_of(none, TC_STR(" javascript")), SCRIPT_INERT);
	assert_int_equal(script_kind_of(TC_STR(""), TC_STR("vbscript")), SCRIPT_JS);
	assert_int_equal(script_kind_of(TC_STR(" "), none), SCRIPT_INERT);
	assert_int_equal(script_kind_of(TC_STR("text/javascript"), none), SCRIPT_JS);
	assert_int_equal(script_kind_of(TC_STR("\n Text/JavaScript\t"), none), SCRIPT_JS);
	assert_int_equal(script_kind_of(TC_STR("application/x-javascript"), none), SCRIPT_JS);
	assert_int_equal(script_kind_of(TC_STR("text/jscript"), none), SCRIPT_JS);
	assert_int_equal(script_kind_of(TC_STR("MODULE"), none), SCRIPT_JS);
	assert_int_equal(script_kind_of(TC_STR("text/javascript; charset=utf-8"), none), SCRIPT_INERT);
	assert_int_equal(script_kind_of(TC_STR("text/plain"), none), SCRIPT_INERT);
	assert_int_equal(script_kind_of(TC_STR("javascript/blocked"), none), SCRIPT_INERT);
	assert_int_equal(script_kind_of(TC_STR("application/ld+json"), none), SCRIPT_INERT);
	assert_int_equal(script_kind_of(TC_STR("application/json"), none), SCRIPT_INERT);
	assert_int_equal(script_kind_of(TC_STR("text/template"), none), SCRIPT_INERT);
	assert_int_equal(script_kind_of(TC_STR("importmap"), none), SCRIPT_IMPORTMAP);
	assert_int_equal(script_kind_of(TC_STR("SpeculationRules"), none), SCRIPT_JSON_RULES);
}

static bool
rules(const char *z)
{
	return rules_name_tracker(tc_str_from(z), judge, NULL);
}

/* H42 */
static void
test_speculation_rules(void **state)
{
	(void)state;
	assert_false(rules(""));
	assert_false(rules("{}"));
	assert_false(rules("{\"prefetch\":[{\"source\":\"list\",\"urls\":[\"/a\",\"b.html\"]}]}"));
	assert_false(rules("{\"prerender\":[{\"urls\":[\"https://www.example.com/next\"]}]}"));
	assert_true(rules("{\"prerender\":[{\"urls\":[\"https://t.example/next\"]}]}"));
	assert_true(rules("{\"prefetch\":[{\"urls\":[\"https:\\/\\/t\\u002eexample/next\"]}]}"));
	assert_true(rules("{\"prefetch\":[{\"source\":\"document\"}]}"));
	assert_true(rules("{\"prefetch\":[{\"source\":\"document\",\"where\":{\"selector_matches\":\".x\"}}]}"));
	assert_true(rules("{\"prefetch\":[{\"where\":{\"href_matches\":\"https://*/*\"}}]}"));
	assert_true(rules("{\"prefetch\":[{\"where\":{\"href_matches\":\"https://*.t.example/*\"}}]}"));
	assert_true(rules("{\"prefetch\":[{\"where\":{\"href_matches\":{\"hostname\":\"*\"}}}]}"));
	assert_true(rules("{\"prefetch\":[{\"where\":{\"href_matches\":\"*\"}}]}"));
	assert_true(rules("{\"prefetch\":[{\"where\":{\"or\":[{\"href_matches\":\"/*\"},{\"selector_matches\":\"a\"}]}}]}"));
	assert_false(rules("{\"prefetch\":[{\"where\":{\"href_matches\":\"/*\"},\"eagerness\":\"moderate\"}]}"));
	/* what WordPress writes */
	assert_false(rules("{\"prefetch\":[{\"source\":\"document\",\"where\":{\"and\":[{\"href_matches\":\"\\/*\"},"
	    "{\"not\":{\"href_matches\":[\"\\/wp-*.php\",\"https://*/*\",\"\\/*\\\\?(.+)\"]}},{\"not\":"
	    "{\"selector_matches\":\"a[rel~=\\\"nofollow\\\"]\"}}]},\"eagerness\":\"conservative\"}]}"));
	/* broken: a browser refuses it; so do we if it names one */
	assert_false(rules("{\"urls\":[\"/a\\q\"]}"));
	assert_true(rules("{\"urls\":[\"https://t.example/\",\"\\q"));
}

static void
check_map(const char *in, const char *want)
{
	struct value_edit v[4];
	struct value_edits e = {.v = v, .cap = 4};
	size_t n = strlen(in);
	char *raw = edge_copy(in, n);

	importmap_judge(tc_str_of(raw, n), judge, NULL, &e);
	got[judge_apply(tc_str_of(raw, n), &e, got)] = 0;
	assert_string_equal(got, want);
	edge_free(raw, n);
}

/* H41 */
static void
test_import_maps(void **state)
{
	(void)state;
	check_map("", "");
	check_map("{\"imports\":{\"vue\":\"/vue.js\"}}", "{\"imports\":{\"vue\":\"/vue.js\"}}");
	check_map("{\"imports\":{\"a\" : \"https:\\/\\/t.example/a.js\",\"b\":\"/b.js\"}}",
	    "{\"imports\":{\"a\" : \"" NOOP "\",\"b\":\"/b.js\"}}");
	check_map("{\"imports\":{\"https://t.example/a.js\" : \"/own.js\"}}",
	    "{\"imports\":{\"https://t.example/a.js\" : \"/own.js\"}}");
	check_map("{\"imports\":{\"a\":\"https://t.example/a.js\",\"b\":\"", "{}");
	check_map("{\"imports\":{\"a\":\"/b", "{\"imports\":{\"a\":\"/b");
	check_map("[\"//t.example/1\",\"//t.example/2\",\"//t.example/3\",\"//t.example/4\",\"//t.example/5\"]", "{}");
}

/* Every beginning of some text with everything in it, at an unreadable page. */
static void
test_prefixes(void **state)
{
	const struct script_ctx plain = {judge, NULL, false}, foreign = {judge, NULL, true};
	const char in[] = "a='\\x2f\\u002ft.example\\u{2f}';b=`${c}/gtm.js?id=`;d=/[/]\\/\\//g;e='.quantserve.com/q'"
	    "+\"https:\\\\/\\\\/t.example\";// x\n/* y */&amp;]]>";

	(void)state;
	for (size_t n = 0; n < sizeof(in); n++) {
		(void)run(&plain, tc_str_of(in, n));
		(void)run(&foreign, tc_str_of(in, n));
	}
}

/* The text of a page's next script element from *at on. */
static struct tc_str
next_script(struct tc_str page, size_t *at)
{
	struct tc_str rest = tc_str_of(page.p + *at, page.n - *at), text;
	size_t open = tc_find(rest, TC_STR("<script")), head;

	tc_skip(&rest, open);
	head = tc_find_byte(rest, '>');
	tc_skip(&rest, head < rest.n ? head + 1 : head);
	text = tc_str_of(rest.p, tc_find(rest, TC_STR("</script")));
	*at = (size_t)(text.p + text.n - page.p);
	return text;
}

/* Real pages: twice is once, and no rules change nothing. */
static void
test_real_pages(void **state)
{
	const struct script_ctx ctx = {judge, NULL, false}, off = {judge, &(bool){true}, false};
	static char page[4 << 20], first[1 << 20];
	glob_t g;

	(void)state;
	if (glob("../shared/corpus/pages/*.html", 0, NULL, &g) != 0) {
		print_message("skipped: ../shared/corpus/pages is not there\n");
		skip();
	}
	for (size_t i = 0; i < g.gl_pathc; i++) {
		FILE *f = fopen(g.gl_pathv[i], "rb");
		size_t n, at = 0;

		assert_non_null(f);
		n = fread(page, 1, sizeof(page), f);
		fclose(f);
		while (at < n) {
			struct tc_str text = next_script(tc_str_of(page, n), &at);
			size_t m = text.n < 500000 ? run(&ctx, text) : 0;

			memcpy(first, got, m);
			assert_int_equal(run(&ctx, tc_str_of(first, m)), m);
			assert_memory_equal(got, first, m);
			assert_int_equal(run(&off, tc_str_of(first, m)), m);
			assert_memory_equal(got, first, m);
		}
	}
	globfree(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tag_managers),
		cmocka_unit_test(test_analytics),
		cmocka_unit_test(test_pixels),
		cmocka_unit_test(test_other_vendors),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_left_alone),
		cmocka_unit_test(test_lexer),
		cmocka_unit_test(test_many_edits),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_handlers),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_speculation_rules),
		cmocka_unit_test(test_import_maps),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_real_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
