/* rules.c: the table of rules.h. Rows stand together by attribute, the special before the general. */
#include "rules.h"

#include <assert.h>

#define IMAGE MATCH_IMAGE
#define FRAME MATCH_SUBDOCUMENT
#define MEDIA MATCH_MEDIA
#define OBJECT MATCH_OBJECT
#define SCRIPT MATCH_SCRIPT
#define OTHER MATCH_OTHER
/* What leads away from the page, or may be anything. */
#define ANY (FRAME | IMAGE | SCRIPT | OTHER)

#define ROW(a, e, w, k, t, r, d) \
	{ \
		AT_##a, E_##e, IN_##w, RULE_##k, t, WITH_##r, TC_DID_##d \
	}

static const struct attr_rule rules[] = {
	ROW(SRC, SCRIPT, HTML, URL, SCRIPT, SCRIPT, SCRIPT),
	ROW(SRC, IMG, HTML, URL, IMAGE, IMAGE, IMAGE),
	ROW(SRC, IMAGE, HTML, URL, IMAGE, IMAGE, IMAGE),
	ROW(SRC, AMP_IMG, HTML, URL, IMAGE, IMAGE, IMAGE),
	ROW(SRC, INPUT, HTML, URL, IMAGE, IMAGE, IMAGE),
	ROW(SRC, IFRAME, HTML, URL, FRAME, BLANK, FRAME),
	ROW(SRC, FRAME, HTML, URL, FRAME, BLANK, FRAME),
	ROW(SRC, AMP_IFRAME, HTML, URL, FRAME, BLANK, FRAME),
	ROW(SRC, FENCEDFRAME, HTML, URL, FRAME, BLANK, FRAME),
	ROW(SRC, PORTAL, HTML, URL, FRAME, BLANK, FRAME),
	ROW(SRC, WEBVIEW, HTML, URL, FRAME, BLANK, FRAME),
	ROW(SRC, EMBED, HTML, URL, OBJECT | FRAME, BLANK, OBJECT),
	ROW(SRC, VIDEO, HTML, URL, MEDIA, EMPTY, MEDIA),
	ROW(SRC, AUDIO, HTML, URL, MEDIA, EMPTY, MEDIA),
	ROW(SRC, SOURCE, HTML, URL, MEDIA, EMPTY, MEDIA),
	ROW(SRC, TRACK, HTML, URL, MEDIA | OTHER, EMPTY, MEDIA),
	ROW(SRC, BGSOUND, HTML, URL, MEDIA, EMPTY, MEDIA),
	ROW(SRC, MODEL, HTML, URL, OTHER, EMPTY, MEDIA),
	ROW(SRC, AMP_PIXEL, HTML, AMP, 0, EMPTY, IMAGE),
	ROW(SRC, AMP_AD, HTML, AMP, 0, EMPTY, FRAME),
	ROW(SRC, AMP_EMBED, HTML, AMP, 0, EMPTY, FRAME),
	ROW(SRC, AMP_STICKY_AD, HTML, AMP, 0, EMPTY, FRAME),
	/* an element of the page's own: its script will know */
	ROW(SRC, NONE, HTML, LAZY, IMAGE | FRAME | MEDIA, EMPTY, ATTRIBUTE),
	ROW(SRC, NONE, FOREIGN, URL, IMAGE, EMPTY, IMAGE),
	ROW(LOWSRC, NONE, HTML, URL, IMAGE, IMAGE, IMAGE),
	ROW(DYNSRC, NONE, HTML, URL, IMAGE | MEDIA, IMAGE, IMAGE),
	ROW(ALTIMG, NONE, MATH, URL, IMAGE, EMPTY, IMAGE),
	ROW(SRCSET, NONE, ALL, SRCSET, IMAGE, EMPTY, IMAGE),
	ROW(IMAGESRCSET, NONE, ALL, SRCSET, IMAGE, EMPTY, LINK),
	ROW(SRCDOC, IFRAME, HTML, SRCDOC, 0, EMPTY, FRAME),
	ROW(SRCDOC, AMP_IFRAME, HTML, SRCDOC, 0, EMPTY, FRAME),
	ROW(ALLOW, IFRAME, HTML, ALLOW, 0, EMPTY, FRAME),
	ROW(DATA, OBJECT, HTML, URL, OBJECT | FRAME, BLANK, OBJECT),
	ROW(CLASSID, OBJECT, HTML, URL, OBJECT, EMPTY, OBJECT),
	ROW(CODEBASE, NONE, HTML, URL, OBJECT, EMPTY, OBJECT),
	ROW(CODE, APPLET, HTML, URL, OBJECT, EMPTY, OBJECT),
	ROW(ARCHIVE, NONE, HTML, LIST, OBJECT, EMPTY, OBJECT),
	ROW(VALUE, PARAM, HTML, PARAM, OBJECT, EMPTY, OBJECT),
	ROW(POSTER, NONE, ALL, URL, IMAGE, EMPTY, IMAGE),
	ROW(BACKGROUND, NONE, HTML, URL, IMAGE, EMPTY, IMAGE),
	/* preload scanners know no islands: a link or base is one to them wherever it stands */
	ROW(HREF, LINK, ALL, LINK, 0, EMPTY, LINK),
	ROW(HREF, BASE, ALL, BASE, ANY, EMPTY, META),
	ROW(HREF, A, HTML, NAVIGATE, FRAME, EMPTY, ATTRIBUTE),
	ROW(HREF, AREA, HTML, NAVIGATE, FRAME, EMPTY, ATTRIBUTE),
	ROW(HREF, SCRIPT, SVG, URL, SCRIPT, SCRIPT, SCRIPT),
	ROW(HREF, IMAGE, SVG, URL, IMAGE, IMAGE, IMAGE),
	ROW(HREF, FEIMAGE, SVG, URL, IMAGE, IMAGE, IMAGE),
	ROW(HREF, NONE, FOREIGN, URL, IMAGE | OTHER, EMPTY, ATTRIBUTE),
	ROW(ACTION, FORM, HTML, NAVIGATE, FRAME, EMPTY, ATTRIBUTE),
	ROW(FORMACTION, NONE, HTML, NAVIGATE, FRAME, EMPTY, ATTRIBUTE),
	ROW(XLINK_HREF, SCRIPT, SVG, URL, SCRIPT, SCRIPT, SCRIPT),
	ROW(XLINK_HREF, IMAGE, SVG, URL, IMAGE, IMAGE, IMAGE),
	ROW(XLINK_HREF, FEIMAGE, SVG, URL, IMAGE, IMAGE, IMAGE),
	ROW(XLINK_HREF, NONE, FOREIGN, URL, IMAGE | OTHER, EMPTY, ATTRIBUTE),
	ROW(TO, NONE, SVG, LIST, IMAGE | OTHER, EMPTY, ATTRIBUTE),
	ROW(FROM, NONE, SVG, LIST, IMAGE | OTHER, EMPTY, ATTRIBUTE),
	ROW(BY, NONE, SVG, LIST, IMAGE | OTHER, EMPTY, ATTRIBUTE),
	ROW(VALUES, NONE, SVG, LIST, IMAGE | OTHER, EMPTY, ATTRIBUTE),
	ROW(PRESENTATION, NONE, SVG, CSS, IMAGE, EMPTY, STYLE),
	ROW(CONTENT, META, HTML, META, ANY, EMPTY, META),
	ROW(STYLE, NONE, ALL, CSS, IMAGE, EMPTY, STYLE),
	ROW(PING, NONE, ALL, PING, 0, EMPTY, ATTRIBUTE),
	ROW(HANDLER, NONE, ALL, HANDLER, SCRIPT, EMPTY, INLINE_SCRIPT),
	ROW(INTEGRITY, NONE, ALL, INTEGRITY, 0, EMPTY, ATTRIBUTE),
	ROW(LAZY_URL, SCRIPT, HTML, LAZY, SCRIPT, SCRIPT, SCRIPT),
	ROW(LAZY_URL, IMG, HTML, LAZY, IMAGE, IMAGE, IMAGE),
	ROW(LAZY_URL, IFRAME, HTML, LAZY, FRAME, BLANK, FRAME),
	ROW(LAZY_URL, NONE, ALL, LAZY, IMAGE | FRAME | MEDIA, EMPTY, ATTRIBUTE),
	ROW(LAZY_SRCSET, NONE, ALL, SRCSET, IMAGE, EMPTY, IMAGE),
	ROW(ATTRIBUTIONSRC, NONE, ALL, REMOVE, 0, EMPTY, ATTRIBUTE),
	ROW(ATTRIBUTIONSOURCEID, NONE, ALL, REMOVE, 0, EMPTY, ATTRIBUTE),
	ROW(ATTRIBUTIONDESTINATION, NONE, ALL, REMOVE, 0, EMPTY, ATTRIBUTE),
	ROW(IMPRESSIONDATA, NONE, ALL, REMOVE, 0, EMPTY, ATTRIBUTE),
	ROW(BROWSINGTOPICS, NONE, ALL, REMOVE, 0, EMPTY, ATTRIBUTE),
	ROW(SHAREDSTORAGEWRITABLE, NONE, ALL, REMOVE, 0, EMPTY, ATTRIBUTE),
	ROW(ADAUCTIONHEADERS, NONE, ALL, REMOVE, 0, EMPTY, ATTRIBUTE),
	ROW(PRIVATETOKEN, NONE, ALL, REMOVE, 0, EMPTY, ATTRIBUTE),
	ROW(TYPE, AMP_ANALYTICS, HTML, AMP, 0, EMPTY, SCRIPT),
	ROW(TYPE, AMP_AD, HTML, AMP, 0, EMPTY, FRAME),
	ROW(TYPE, AMP_EMBED, HTML, AMP, 0, EMPTY, FRAME),
	ROW(TYPE, AMP_AUTO_ADS, HTML, AMP, 0, EMPTY, FRAME),
	ROW(TYPE, AMP_STICKY_AD, HTML, AMP, 0, EMPTY, FRAME),
	ROW(CONFIG, AMP_ANALYTICS, HTML, AMP, 0, EMPTY, SCRIPT),
	ROW(CONFIG, AMP_CALL_TRACKING, HTML, AMP, 0, EMPTY, SCRIPT),
	ROW(DATA_HREF, LINK, HTML, LAZY, MATCH_STYLESHEET | SCRIPT | OTHER, EMPTY, LINK),
	ROW(DATA_HREF, AMP_FACEBOOK, HTML, AMP, 0, EMPTY, FRAME),
	ROW(DATA_HREF, AMP_FACEBOOK_COMMENTS, HTML, AMP, 0, EMPTY, FRAME),
	ROW(DATA_HREF, AMP_FACEBOOK_LIKE, HTML, AMP, 0, EMPTY, FRAME),
	ROW(DATA_HREF, AMP_FACEBOOK_PAGE, HTML, AMP, 0, EMPTY, FRAME),
};
enum { RULES = sizeof(rules) / sizeof(*rules) };

/* 1 + the first row of an attribute; 0: it has none. */
static uint8_t first_of[AT_COUNT];

__attribute__((constructor)) static void
rules_init(void)
{
	static_assert(RULES < 255, "rows fit uint8_t");
	for (unsigned i = 0; i < RULES; i++) {
		assert(i == 0 || rules[i].attr == rules[i - 1].attr || first_of[rules[i].attr] == 0);
		if (first_of[rules[i].attr] == 0)
			first_of[rules[i].attr] = (uint8_t)(i + 1);
	}
}

const struct attr_rule *
rule_of(enum attr attr, enum elem elem, unsigned where)
{
	if (first_of[attr] == 0)
		return NULL;
	for (unsigned i = first_of[attr] - 1u; i < RULES && rules[i].attr == attr; i++)
		if ((rules[i].where & where) != 0 && (rules[i].elem == E_NONE || rules[i].elem == elem))
			return &rules[i];
	return NULL;
}

enum tc_class
rule_amp_class(enum elem elem)
{
	switch (elem) {
	case E_AMP_ANALYTICS:
	case E_AMP_CALL_TRACKING:
	case E_AMP_PIXEL:
		return TC_ANALYTICS;
	case E_AMP_AD:
	case E_AMP_AUTO_ADS:
	case E_AMP_EMBED:
	case E_AMP_STICKY_AD:
	case E_AMP_STORY_AUTO_ADS:
		return TC_ADVERTISING;
	case E_AMP_FACEBOOK:
	case E_AMP_FACEBOOK_COMMENTS:
	case E_AMP_FACEBOOK_LIKE:
	case E_AMP_FACEBOOK_PAGE:
		return TC_SOCIAL;
	default:
		return TC_CLASS_COUNT;
	}
}

/* ---- links ---- */

/* Words of rel that fetch. types 0: by the as attribute. */
static const struct {
	struct tc_str rel;
	uint16_t types;
	bool hint;
} rels[] = {
	{TC_STR_INIT("stylesheet"), MATCH_STYLESHEET, false},
	{TC_STR_INIT("preload"), 0, false},
	{TC_STR_INIT("prefetch"), 0, false},
	{TC_STR_INIT("subresource"), 0, false},
	{TC_STR_INIT("modulepreload"), SCRIPT, false},
	{TC_STR_INIT("prerender"), FRAME | OTHER, false},
	{TC_STR_INIT("preconnect"), ANY, true},
	{TC_STR_INIT("dns-prefetch"), ANY, true},
	{TC_STR_INIT("icon"), IMAGE, false},
	{TC_STR_INIT("apple-touch-icon"), IMAGE, false},
	{TC_STR_INIT("apple-touch-icon-precomposed"), IMAGE, false},
	{TC_STR_INIT("apple-touch-startup-image"), IMAGE, false},
	{TC_STR_INIT("mask-icon"), IMAGE, false},
	{TC_STR_INIT("fluid-icon"), IMAGE, false},
	{TC_STR_INIT("manifest"), OTHER, false},
	{TC_STR_INIT("search"), OTHER, false},
	{TC_STR_INIT("pingback"), OTHER | MATCH_PING, false},
	{TC_STR_INIT("monetization"), OTHER, false},
	{TC_STR_INIT("compression-dictionary"), OTHER, false},
	{TC_STR_INIT("dictionary"), OTHER, false},
	{TC_STR_INIT("import"), FRAME | OTHER, false},
	{TC_STR_INIT("serviceworker"), SCRIPT, false},
};

static const struct {
	struct tc_str as;
	uint16_t types;
} destinations[] = {
	{TC_STR_INIT("script"), SCRIPT},
	{TC_STR_INIT("worker"), SCRIPT},
	{TC_STR_INIT("style"), MATCH_STYLESHEET},
	{TC_STR_INIT("image"), IMAGE},
	{TC_STR_INIT("font"), MATCH_FONT},
	{TC_STR_INIT("audio"), MEDIA},
	{TC_STR_INIT("video"), MEDIA},
	{TC_STR_INIT("track"), MEDIA},
	{TC_STR_INIT("fetch"), MATCH_XHR},
	{TC_STR_INIT("document"), FRAME},
};

static unsigned
types_as(struct tc_str as)
{
	for (size_t i = 0; i < sizeof(destinations) / sizeof(*destinations); i++)
		if (tc_ieq(as, destinations[i].as))
			return destinations[i].types;
	return ANY;
}

unsigned
rule_link_types(struct tc_str rel, struct tc_str as, bool *hint)
{
	unsigned types = 0;

	*hint = false;
	for (size_t i = 0; i < rel.n;) {
		size_t from = i;
		struct tc_str word;

		while (i < rel.n && memchr(" \t\n\f\r", rel.p[i], 5) == NULL)
			i++;
		word = tc_str_of(rel.p + from, i - from);
		i++;
		for (size_t k = 0; word.n > 0 && k < sizeof(rels) / sizeof(*rels); k++)
			if (tc_ieq(word, rels[k].rel)) {
				types |= rels[k].types != 0 ? rels[k].types : types_as(as);
				*hint |= rels[k].hint;
			}
	}
	return types;
}

bool
rule_param_is_url(struct tc_str name)
{
	static const struct tc_str names[] = {TC_STR_INIT("movie"), TC_STR_INIT("src"), TC_STR_INIT("data"),
	    TC_STR_INIT("url"), TC_STR_INIT("filename"), TC_STR_INIT("code"), TC_STR_INIT("codebase"),
	    TC_STR_INIT("archive")};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (tc_ieq(name, names[i]))
			return true;
	return false;
}
