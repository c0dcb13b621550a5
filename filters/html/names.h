/* names.h: the elements and attributes that something depends on, as small numbers. */
#ifndef TACET_HTML_NAMES_H
#define TACET_HTML_NAMES_H

#include "tacet/str.h"

/* What the tree feedback must know of an element (HTML Standard 13.2.6). */
enum elem_flag {
	EF_VOID = 1 << 0,     /* has no content */
	EF_BREAKOUT = 1 << 1, /* its start tag leaves foreign content */
	EF_TEXT = 1 << 2,     /* its start tag enters a text mode */
	EF_SHUT = 1 << 3,     /* inside an integration point it makes the tree unsure: the island is closed before */
	EF_BODY = 1 << 4,     /* after it a frameset is ignored ("frameset-ok" is off) */
	EF_TABLE = 1 << 5,    /* table, or a part of one */
	EF_TRACK = 1 << 6,    /* outside of islands, too, its tags change the state */
};

#define EV EF_VOID
#define EB EF_BREAKOUT
#define ET EF_TEXT
#define ES EF_SHUT
#define EN EF_BODY
#define EP EF_TABLE
#define EK EF_TRACK

/* X(ENUM, "name", flags) */
#define ELEMS(X) \
	X(A, "a", 0) \
	X(AMP_AD, "amp-ad", 0) \
	X(AMP_ANALYTICS, "amp-analytics", EK) \
	X(AMP_AUTO_ADS, "amp-auto-ads", 0) \
	X(AMP_CALL_TRACKING, "amp-call-tracking", 0) \
	X(AMP_EMBED, "amp-embed", 0) \
	X(AMP_FACEBOOK, "amp-facebook", 0) \
	X(AMP_FACEBOOK_COMMENTS, "amp-facebook-comments", 0) \
	X(AMP_FACEBOOK_LIKE, "amp-facebook-like", 0) \
	X(AMP_FACEBOOK_PAGE, "amp-facebook-page", 0) \
	X(AMP_IFRAME, "amp-iframe", 0) \
	X(AMP_IMG, "amp-img", 0) \
	X(AMP_PIXEL, "amp-pixel", 0) \
	X(AMP_STICKY_AD, "amp-sticky-ad", 0) \
	X(AMP_STORY_AUTO_ADS, "amp-story-auto-ads", EK) \
	X(ANNOTATION_XML, "annotation-xml", 0) \
	X(APPLET, "applet", EN) \
	X(AREA, "area", EV | EN) \
	X(AUDIO, "audio", 0) \
	X(B, "b", EB) \
	X(BASE, "base", EV) \
	X(BASEFONT, "basefont", EV) \
	X(BGSOUND, "bgsound", EV) \
	X(BIG, "big", EB) \
	X(BLOCKQUOTE, "blockquote", EB) \
	X(BODY, "body", EB | ES | EN | EK) \
	X(BR, "br", EV | EB | EN) \
	X(BUTTON, "button", EN) \
	X(CAPTION, "caption", ES | EP) \
	X(CENTER, "center", EB) \
	X(CODE, "code", EB) \
	X(COL, "col", EV | ES | EP | EK) \
	X(COLGROUP, "colgroup", ES | EP | EK) \
	X(DD, "dd", EB | EN) \
	X(DESC, "desc", 0) \
	X(DIV, "div", EB) \
	X(DL, "dl", EB) \
	X(DT, "dt", EB | EN) \
	X(EM, "em", EB) \
	X(EMBED, "embed", EV | EB | EN) \
	X(FENCEDFRAME, "fencedframe", 0) \
	X(FEIMAGE, "feimage", 0) \
	X(FONT, "font", 0) \
	X(FOREIGNOBJECT, "foreignobject", 0) \
	X(FORM, "form", ES) \
	X(FRAME, "frame", EV) \
	X(FRAMESET, "frameset", ES | EK) \
	X(H1, "h1", EB) \
	X(H2, "h2", EB) \
	X(H3, "h3", EB) \
	X(H4, "h4", EB) \
	X(H5, "h5", EB) \
	X(H6, "h6", EB) \
	X(HEAD, "head", EB | ES | EK) \
	X(HR, "hr", EV | EB | EN) \
	X(HTML, "html", ES | EK) \
	X(I, "i", EB) \
	X(IFRAME, "iframe", ET | EN) \
	X(IMAGE, "image", EV | EN) \
	X(IMG, "img", EV | EB | EN) \
	X(INPUT, "input", EV | EN) \
	X(KEYGEN, "keygen", EV | EN) \
	X(LI, "li", EB | EN) \
	X(LINK, "link", EV) \
	X(LISTING, "listing", EB | EN) \
	X(MALIGNMARK, "malignmark", 0) \
	X(MARQUEE, "marquee", EN) \
	X(MATH, "math", EK) \
	X(MENU, "menu", EB) \
	X(META, "meta", EV | EB) \
	X(MGLYPH, "mglyph", 0) \
	X(MI, "mi", 0) \
	X(MN, "mn", 0) \
	X(MO, "mo", 0) \
	X(MODEL, "model", 0) \
	X(MS, "ms", 0) \
	X(MTEXT, "mtext", 0) \
	X(NOBR, "nobr", EB) \
	X(NOEMBED, "noembed", ET) \
	X(NOFRAMES, "noframes", ET) \
	X(NOSCRIPT, "noscript", ET) \
	X(OBJECT, "object", EN) \
	X(OL, "ol", EB) \
	X(OPTGROUP, "optgroup", 0) \
	X(OPTION, "option", 0) \
	X(P, "p", EB) \
	X(PARAM, "param", EV) \
	X(PLAINTEXT, "plaintext", ET) \
	X(PORTAL, "portal", 0) \
	X(PRE, "pre", EB | EN) \
	X(RUBY, "ruby", EB) \
	X(S, "s", EB) \
	X(SCRIPT, "script", ET) \
	X(SELECT, "select", ES | EN | EK) \
	X(SMALL, "small", EB) \
	X(SOURCE, "source", EV) \
	X(SPAN, "span", EB) \
	X(STRIKE, "strike", EB) \
	X(STRONG, "strong", EB) \
	X(STYLE, "style", ET) \
	X(SUB, "sub", EB) \
	X(SUP, "sup", EB) \
	X(SVG, "svg", EK) \
	X(TABLE, "table", EB | ES | EN | EP | EK) \
	X(TBODY, "tbody", ES | EP) \
	X(TD, "td", ES | EP) \
	X(TEMPLATE, "template", ES | EK) \
	X(TEXTAREA, "textarea", ET | EN) \
	X(TFOOT, "tfoot", ES | EP) \
	X(TH, "th", ES | EP) \
	X(THEAD, "thead", ES | EP) \
	X(TITLE, "title", ET) \
	X(TR, "tr", ES | EP) \
	X(TRACK, "track", EV) \
	X(TT, "tt", EB) \
	X(U, "u", EB) \
	X(UL, "ul", EB) \
	X(VAR, "var", EB) \
	X(VIDEO, "video", 0) \
	X(WBR, "wbr", EV | EN) \
	X(WEBVIEW, "webview", 0) \
	X(XMP, "xmp", ET | EN)

enum elem {
	E_NONE, /* every other name */
#define X(e, name, flags) E_##e,
	ELEMS(X)
#undef X
	E_COUNT
};

/* X(ENUM, "name"). Names that begin with "on" or "data-" and are not here are told apart by attr_of(). */
#define ATTRS(X) \
	X(ACTION, "action") \
	X(ADAUCTIONHEADERS, "adauctionheaders") \
	X(ALLOW, "allow") \
	X(ALTIMG, "altimg") \
	X(ARCHIVE, "archive") \
	X(AS, "as") \
	X(ATTRIBUTENAME, "attributename") \
	X(ATTRIBUTIONDESTINATION, "attributiondestination") \
	X(ATTRIBUTIONSOURCEID, "attributionsourceid") \
	X(ATTRIBUTIONSRC, "attributionsrc") \
	X(BACKGROUND, "background") \
	X(BROWSINGTOPICS, "browsingtopics") \
	X(BY, "by") \
	X(CLASSID, "classid") \
	X(CODE, "code") \
	X(CODEBASE, "codebase") \
	X(COLOR, "color") \
	X(CONFIG, "config") \
	X(CONTENT, "content") \
	X(DATA, "data") \
	X(DATA_HREF, "data-href") \
	X(DATA_TACET, "data-tacet") \
	X(DYNSRC, "dynsrc") \
	X(ENCODING, "encoding") \
	X(FACE, "face") \
	X(FORMACTION, "formaction") \
	X(FROM, "from") \
	X(HREF, "href") \
	X(HTTP_EQUIV, "http-equiv") \
	X(IMAGESRCSET, "imagesrcset") \
	X(IMPRESSIONDATA, "impressiondata") \
	X(INTEGRITY, "integrity") \
	X(LANGUAGE, "language") \
	X(LOWSRC, "lowsrc") \
	X(NAME, "name") \
	X(PING, "ping") \
	X(POSTER, "poster") \
	X(PRIVATETOKEN, "privatetoken") \
	X(REL, "rel") \
	X(SHAREDSTORAGEWRITABLE, "sharedstoragewritable") \
	X(SIZE, "size") \
	X(SRC, "src") \
	X(SRCDOC, "srcdoc") \
	X(SRCSET, "srcset") \
	X(STYLE, "style") \
	X(TO, "to") \
	X(TYPE, "type") \
	X(VALUE, "value") \
	X(VALUES, "values") \
	X(XLINK_HREF, "xlink:href")

enum attr {
	AT_NONE,
#define X(e, name) AT_##e,
	ATTRS(X)
#undef X
	AT_HANDLER,      /* "on..." */
	AT_LAZY_URL,     /* data-src, data-lazy-src, data-bg, lazy-src ... */
	AT_LAZY_SRCSET,  /* data-srcset, data-lazy-srcset, data-bgset ... */
	AT_PRESENTATION, /* SVG: fill, filter, mask ...: attributes with url() */
	AT_COUNT
};

/* By name, without regard to ASCII case. */
enum elem elem_of(struct tc_str name);
enum attr attr_of(struct tc_str name);

/* Flags of an element, and its name in lower case. */
extern const uint8_t elem_flag_of[E_COUNT];
static inline unsigned
elem_flags(enum elem e)
{
	return elem_flag_of[e];
}
struct tc_str elem_name(enum elem e);

#endif
