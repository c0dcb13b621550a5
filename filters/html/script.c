/*
 * script.c: inline scripts (html.md H02, H03, H27, H37, H38, 6.5). Looks for URLs, hosts and loader names
 * in string constants, asks the judge, and edits the URL alone:
 *
 *   'https://www.googletagmanager.com/gtm.js?id='+i      a whole URL:  '/.well-known/tacet/s/gtm.js?id='+i
 *   (a ? 'https://ssl' : 'http://www') + '.google-analytics.com/ga.js'      its end:  ' '&&'/.well-known/tacet/s/ga.js'
 *   u + 'matomo.js'                              a name whose host is elsewhere:  u + ' '&&'/.well-known/tacet/s/paq.js'
 *   {host: '.google-analytics.com'}     a part:  '.xxxxxxxxxxxx.invalid'
 *
 * What is put behind something by '+' comes to nothing by "' '&&'": the left side is a string that is not empty, so the
 * right side is the value. Where that cannot be done, a name empties the whole script.
 *
 * A scan for quotes, slashes, backslashes and '}' finds where such text may begin (an anchor, kernel.h). From there up
 * to SPAN_MAX bytes are read with JavaScript's escapes undone, keeping for each byte where it came from, so
 * that an edit never cuts an escape in half. What a hit is in (string, comment, regular expression) is only then
 * found out, by lexing from the start of the script; where the lexer cannot be sure, it says so, and we edit
 * in the way that is right everywhere: a host name of the same length.
 */
#include <assert.h>

#include "../match/match.h"
#include "../match/pack.h"
#include "jslex.h"
#include "kernel.h"
#include "signatures.h"
#include "value.h"

#define SPAN_MAX 480 /* with the anchor and its escapes below SCRIPT_CARRY_MAX */
#define BEFORE_MAX 16
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct tc_str ours = TC_STR_INIT("/.well-known/tacet/");
static const struct tc_str gif_url = TC_STR_INIT("/.well-known/tacet/1x1.gif");
static const struct tc_str gif_query = TC_STR_INIT("/.well-known/tacet/1x1.gif?");

/* A host of n bytes that no name server knows is the end of this (RFC 6761). */
#define X16 "xxxxxxxxxxxxxxxx"
#define X64 X16 X16 X16 X16
static const char invalid_host[] = X64 X64 X64 X64 X64 X64 X64 X64 ".invalid";
#define INVALID_MIN 9 /* "x.invalid" */

/* --- Bytes ------------------------------------------------------------------------------------- */

static bool
is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = tc_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Where the anchors are among the 64 bytes from base on: a bit each. */
struct anchors {
	size_t base;
	uint64_t bits;
	bool known;
};

/* The bits of the 64 bytes from base on. What would stand behind the end is a dot: it rules nothing out. */
static uint64_t
anchors_from(struct tc_str s, size_t base)
{
	char tail[64];

	if (s.n - base >= 64)
		return kernel_script_anchors(s.p + base);
	memset(tail, '.', sizeof(tail));
	memcpy(tail, s.p + base, s.n - base);
	return kernel_script_anchors(tail);
}

/* Position of the next anchor at or behind `at`, or n. */
static size_t
next_anchor(struct anchors *a, struct tc_str s, size_t at)
{
	while (at < s.n) {
		if (a->known && at - a->base < 64) {
			uint64_t bits = a->bits >> (at - a->base);

			if (bits != 0) {
				at += (size_t)__builtin_ctzll(bits);
				return at < s.n ? at : s.n;
			}
			at = a->base + 64;
			continue;
		}
		*a = (struct anchors){at, anchors_from(s, at), true};
	}
	return s.n;
}

/* --- Escapes ----------------------------------------------------------------------------------- */

enum escape { ESC_NONE,
	ESC_BYTE,
	ESC_NOTHING,
	ESC_CUT };

/* n hex digits at p; -1 when they are none. */
static int
hex_value(const char *p, size_t n)
{
	int v = 0;

	for (size_t i = 0; i < n; i++) {
		if (hex_digit(p[i]) < 0)
			return -1;
		v = v * 16 + hex_digit(p[i]);
	}
	return v;
}

/* "x2f", "u002f", "u{2f}" or octal "57" at s: its value and length, ESC_CUT when s ends in it. */
static enum escape
numbered(struct tc_str s, int *value, size_t *len)
{
	size_t digits = s.p[0] == 'x' ? 2 : 4, i;

	if (s.p[0] >= '0' && s.p[0] <= '7') {
		*value = 0;
		for (i = 0; i < 3 && i < s.n && s.p[i] >= '0' && s.p[i] <= '7'; i++)
			*value = *value * 8 + (s.p[i] - '0');
		*len = i;
		return i < 3 && i == s.n ? ESC_CUT : ESC_BYTE;
	}
	if (s.p[0] == 'u' && s.n > 1 && s.p[1] == '{') {
		*value = 0;
		for (i = 2; i < s.n && i < 10 && hex_digit(s.p[i]) >= 0; i++)
			*value = *value > 0xFFFF ? 0xFFFF : *value * 16 + hex_digit(s.p[i]);
		*len = i + 1;
		if (i == s.n)
			return ESC_CUT;
		return s.p[i] == '}' && i > 2 ? ESC_BYTE : ESC_NONE;
	}
	if (s.n < digits + 1)
		return ESC_CUT;
	*value = hex_value(s.p + 1, digits);
	*len = digits + 1;
	return *value >= 0 ? ESC_BYTE : ESC_NONE;
}

/*
 * The escape at s ('\' first). Several backslashes count as one: JSON inside a string doubles them. Only
 * what may be part of a URL is decoded; ASCII alone, for other characters change no host we look for.
 */
static enum escape
unescape(struct tc_str s, char *out, size_t *len)
{
	size_t i = 0, n = 0;
	int value = 0;
	enum escape e;

	while (i < s.n && s.p[i] == '\\')
		i++;
	if (i == s.n)
		return ESC_CUT;
	*len = i + 1;
	*out = s.p[i];
	switch (s.p[i]) {
	case '\r':
	case '\n':
		return ESC_NOTHING; /* a line continuation */
	case 'x':
	case 'u':
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
		e = numbered(tc_str_of(s.p + i, s.n - i), &value, &n);
		*len = i + n;
		*out = value < 0x80 ? (char)value : (char)0xFF;
		return e == ESC_BYTE && !js_is(*out, C_URL) ? ESC_NONE : e;
	default:
		/* "\/", "\.", "\-": the byte itself. Letters mean control characters, quotes end the text. */
		return js_is(*out, C_URL) && !js_is(*out, C_HOST) ? ESC_BYTE : ESC_NONE;
	}
}

/* --- Spans ------------------------------------------------------------------------------------- */

/* URL-like text, decoded; at[k] is where byte k came from, at[n] where it ends. */
struct span {
	size_t n;
	bool cut;     /* SPAN_MAX reached: there is more of it */
	bool open;    /* it runs into the end of the input */
	bool escaped; /* '\.' or the like in it, as in regular expressions */
	char url[SPAN_MAX + 1];
	uint32_t at[SPAN_MAX + 1];
};

/* The text and what is known about it. */
struct scan {
	const struct script_ctx *ctx;
	struct tc_str text;
	bool last;                    /* nothing comes behind text */
	const struct script_sub *sub; /* NULL: the whole script is in text */
	struct jslex *lexer;
	struct value_edits *out;
	bool empty; /* no safe edit: empty all */
};

/* The bytes at `at` that stand for themselves, up to `end`: most spans have no others. Returns where they end. */
static inline size_t
read_plain(struct span *span, const char *text, size_t at, size_t end)
{
	size_t n = span->n;

	while (at < end && js_is(text[at], C_URL) && text[at] != '$') {
		span->at[n] = (uint32_t)at;
		span->url[n++] = text[at++];
	}
	span->n = n;
	return at;
}

static void
read_span(const struct scan *s, size_t from, struct span *span)
{
	size_t end = s->text.n - from > SPAN_MAX ? from + SPAN_MAX : s->text.n, at = from;
	struct tc_str text = s->text;

	span->n = 0;
	span->cut = span->open = span->escaped = false;
	while ((at = read_plain(span, text.p, at, end)) < end) {
		enum escape e = ESC_BYTE;
		size_t len = 1;

		span->at[span->n] = (uint32_t)at;
		span->url[span->n] = text.p[at];
		if (text.p[at] == '\\') {
			e = unescape(tc_str_of(text.p + at, end - at), &span->url[span->n], &len);
			span->escaped |= e == ESC_BYTE && text.p[at + len - 1] == '.';
		} else if (!js_is(text.p[at], C_URL)) {
			e = ESC_NONE;
		} else if (text.p[at] == '$' && at + 1 < end && text.p[at + 1] == '{') {
			e = ESC_NONE;
		}
		if (e == ESC_CUT || e == ESC_NONE) {
			span->open = e == ESC_CUT && end == text.n;
			span->cut = e == ESC_CUT && end < text.n;
			break;
		}
		span->n += e == ESC_BYTE;
		at += len;
	}
	span->at[span->n] = (uint32_t)at;
	if (at == end) {
		span->open |= end == text.n && end - from < SPAN_MAX;
		span->cut |= end - from == SPAN_MAX;
	}
}

static struct tc_str
span_text(const struct span *span, size_t from, size_t to)
{
	return tc_str_of(span->url + from, to - from);
}

/* --- Judging ----------------------------------------------------------------------------------- */

static bool
has_suffix(struct tc_str path, const struct tc_str *suffixes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (path.n >= suffixes[i].n &&
		    tc_ieq(tc_str_of(path.p + path.n - suffixes[i].n, suffixes[i].n), suffixes[i]))
			return true;
	return false;
}

static bool
is_pixel(struct tc_str path)
{
	static const struct tc_str ends[] = {TC_STR_INIT(".gif"), TC_STR_INIT(".png"), TC_STR_INIT(".jpg"),
	    TC_STR_INIT(".jpeg"), TC_STR_INIT(".webp"), TC_STR_INIT("/tr"), TC_STR_INIT("/tr/")};

	return has_suffix(path, ends, COUNT(ends));
}

/* The file name is complete: what is put behind it in the script is a query or nothing. */
static bool
is_complete(struct tc_str path)
{
	static const struct tc_str ends[] = {TC_STR_INIT(".js"), TC_STR_INIT(".mjs"), TC_STR_INIT(".gif"),
	    TC_STR_INIT(".png"), TC_STR_INIT(".jpg"), TC_STR_INIT(".jpeg"), TC_STR_INIT(".webp"), TC_STR_INIT(".php"),
	    TC_STR_INIT(".html"), TC_STR_INIT(".htm"), TC_STR_INIT(".json"), TC_STR_INIT(".css"), TC_STR_INIT("/tr")};

	return has_suffix(path, ends, COUNT(ends));
}

static struct tc_str
path_of(struct tc_str url)
{
	for (size_t i = 0; i < url.n; i++)
		if (url.p[i] == '?' || url.p[i] == '#')
			return tc_str_of(url.p, i);
	return url;
}

static bool
judged(const struct scan *s, struct tc_str url)
{
	struct tc_str path = path_of(url);
	unsigned types = MATCH_SCRIPT | MATCH_IMAGE | MATCH_XHR;

	if (tc_ends(path, TC_STR(".js")))
		types = MATCH_SCRIPT;
	else if (is_pixel(path))
		types = MATCH_IMAGE;
	return s->ctx->judge(s->ctx->ctx, url, types);
}

/* A signature in the text whose sample the judge refuses. before: the byte in front of text. */
static bool
signed_by_vendor(const struct scan *s, struct tc_str text, char before)
{
	for (size_t at = 0; at < text.n; before = text.p[at++]) {
		struct tc_str rest = tc_str_of(text.p + at, text.n - at);

		if (js_is(before, C_WORD) || !js_is(rest.p[0], C_SIGN))
			continue;
		/* in order of their first byte */
		for (size_t i = 0; i < COUNT(signatures) && signatures[i].text.p[0] <= rest.p[0]; i++)
			if (rest.p[0] == signatures[i].text.p[0] && tc_starts(rest, signatures[i].text) &&
			    s->ctx->judge(s->ctx->ctx, signatures[i].sample, MATCH_SCRIPT))
				return true;
	}
	return false;
}

/* --- Edits ------------------------------------------------------------------------------------- */

static void
edit(struct scan *s, size_t from, size_t to, struct tc_str with)
{
	if (s->out->n < s->out->cap)
		s->out->v[s->out->n++] = (struct value_edit){from, to, with};
	else
		s->out->overflow = true;
}

static void
edit_host(struct scan *s, const struct span *span, size_t from, size_t to)
{
	size_t n = to - from < INVALID_MIN ? INVALID_MIN : to - from, all = sizeof(invalid_host) - 1;

	assert(n <= all);
	edit(s, span->at[from], span->at[to], tc_str_of(invalid_host + all - n, n));
}

/* What takes the place of a URL whose path, and host if that is known, are these; query: something follows. */
static struct tc_str
stand_in(struct tc_str host, struct tc_str rest, bool pixel, bool query)
{
	char lower[256];

	if (pixel)
		return query ? gif_query : gif_url;
	if (host.n > sizeof(lower))
		host.n = 0;
	for (size_t i = 0; i < host.n; i++)
		lower[i] = tc_lower(host.p[i]);
	return pack_surrogate_url(pack_surrogate(tc_str_of(lower, host.n), rest), query);
}

/* The bytes of url up to its query become our script or picture; lead: where they begin in the text. */
static void
edit_url(struct scan *s, const struct span *span, size_t lead, size_t host, size_t end)
{
	struct tc_str url = span_text(span, 0, span->n), path = path_of(url);
	bool query = path.n == url.n && (span->cut || !is_complete(path));

	edit(s, lead, span->at[path.n],
	    stand_in(span_text(span, host, end), span_text(span, end, span->n), is_pixel(path), query));
}

/* A hit at `at`: what is it in? Comments and regular expressions ask for nothing. */
enum hit { HIT_NONE,
	HIT_STRING,
	HIT_ANYWHERE };

static enum hit
hit_at(struct scan *s, size_t at)
{
	if (s->sub != NULL)
		return HIT_ANYWHERE;
	switch (jslex_to(s->lexer, s->text, at)) {
	case JSLEX_STRING:
	case JSLEX_TEMPLATE:
		return s->lexer->unsure ? HIT_ANYWHERE : HIT_STRING;
	case JSLEX_CODE: /* the "//" of a comment, or "}.a.b/" */
	case JSLEX_LINE:
	case JSLEX_BLOCK:
	case JSLEX_REGEX:
	case JSLEX_CLASS:
		break;
	}
	return s->lexer->unsure ? HIT_ANYWHERE : HIT_NONE;
}

/* --- What begins at an anchor ------------------------------------------------------------------ */

#define MORE SIZE_MAX /* not enough bytes to decide */

/* The byte k places before `at`; 0 where there is none. */
static char
byte_before(const struct scan *s, size_t at, size_t k)
{
	if (k <= at)
		return s->text.p[at - k];
	k -= at;
	return s->sub != NULL && k <= s->sub->n ? s->sub->before[s->sub->n - k] : 0;
}

/* Is the quote at `at` the beginning of something put behind something else: a + '...', `${a}...`? */
static bool
is_appended(const struct scan *s, size_t at)
{
	size_t k = 1;

	if (s->text.p[at] == '}')
		return true;
	while (k < BEFORE_MAX && byte_before(s, at, k) != 0 && (unsigned char)byte_before(s, at, k) <= ' ')
		k++;
	return byte_before(s, at, k) == '+';
}

/* Where the host in text from `at` on ends, before its port; *from: where it begins, behind its userinfo. */
static size_t
host_end(struct tc_str text, size_t at, size_t *from)
{
	size_t colon = SIZE_MAX;

	*from = at;
	for (; at < text.n && (text.p[at] == '.' || text.p[at] == '@' || text.p[at] == ':' || js_is(text.p[at], C_HOST));
	     at++) {
		if (text.p[at] == '@') {
			*from = at + 1;
			colon = SIZE_MAX;
		} else if (text.p[at] == ':' && colon == SIZE_MAX) {
			colon = at;
		}
	}
	return colon < at ? colon : at;
}

static bool
is_host(struct tc_str host)
{
	size_t dot = tc_find_byte(host, '.');

	return dot < host.n && host.n > dot + 1 && host.n <= 253;
}

/* One that we have written, or that leads as far. */
static bool
is_invalid(struct tc_str host)
{
	return tc_ends(host, TC_STR(".invalid"));
}

/* Its last label could be a top-level domain: letters, or punycode, and no usual end of a file name. */
static bool
is_tld_like(struct tc_str host)
{
	static const struct tc_str files[] = {TC_STR_INIT(".js"), TC_STR_INIT(".mjs"), TC_STR_INIT(".css"),
	    TC_STR_INIT(".html"), TC_STR_INIT(".htm"), TC_STR_INIT(".php"), TC_STR_INIT(".json"), TC_STR_INIT(".png"),
	    TC_STR_INIT(".gif"), TC_STR_INIT(".jpg"), TC_STR_INIT(".jpeg"), TC_STR_INIT(".svg"),
	    TC_STR_INIT(".webp"), TC_STR_INIT(".xml"), TC_STR_INIT(".txt"), TC_STR_INIT(".map"), TC_STR_INIT(".asp"),
	    TC_STR_INIT(".aspx"), TC_STR_INIT(".jsp")};
	size_t n = 0;

	if (has_suffix(host, files, COUNT(files)))
		return false;
	while (n < host.n && host.p[host.n - 1 - n] != '.')
		n++;
	if (n < 2 || tc_istarts(tc_str_of(host.p + host.n - n, n), TC_STR("xn--")))
		return n >= 2;
	for (size_t i = host.n - n; i < host.n; i++)
		if (tc_lower(host.p[i]) < 'a' || tc_lower(host.p[i]) > 'z')
			return false;
	return true;
}

/*
 * Where the whole URL whose slashes are at `at` begins: at its scheme or at the slashes. False: only a part of it is
 * here, or it is no http URL, so that its host is all we can change.
 */
static bool
url_lead(const struct scan *s, size_t at, size_t *lead)
{
	static const struct tc_str schemes[] = {TC_STR_INIT("https:"), TC_STR_INIT("http:")};
	char c = byte_before(s, at, 1);

	*lead = at;
	if (c != ':')
		return is_quote(c) || c == '=' || c == '(' || c == ',' || (unsigned char)c <= ' ';
	for (size_t i = 0; i < 2; i++) {
		size_t n = schemes[i].n;

		if (at >= n && tc_ieq(tc_str_of(s->text.p + at - n, n), schemes[i])) {
			*lead = at - n;
			c = byte_before(s, at, n + 1);
			return !js_is(c, C_WORD) && c != '/' && c != '\\' && c != '}'; /* "/" and ours are "//host" */
		}
	}
	return false;
}

/* Could a host stand behind the slashes at `at`? *behind: where the plain slashes end. */
static bool
may_have_host(struct tc_str t, size_t at, size_t *behind)
{
	size_t i = at, from;
	bool dot = false;

	while (i < t.n && t.p[i] == '/')
		i++;
	*behind = i;
	for (; i < t.n && i - at < 32 && (t.p[i] == '/' || t.p[i] == '\\'); i++)
		if (t.p[i] == '\\' && i + 1 < t.n && t.p[i + 1] != '/' && t.p[i + 1] != '\\')
			return true; /* an escape */
	for (from = i; i < t.n && i - from < SPAN_MAX && t.p[i] != '\\'; i++) {
		if (t.p[i] != '.' && t.p[i] != '@' && t.p[i] != ':' && !js_is(t.p[i], C_HOST))
			return dot;
		dot |= t.p[i] == '.';
	}
	return true;
}

/* An address that is configured rather than loaded: no path, or with userinfo. It must stay an absolute URL. */
static bool
is_origin(struct tc_str url, size_t slashes, size_t end, size_t host)
{
	while (end < url.n && (url.p[end] == ':' || (url.p[end] >= '0' && url.p[end] <= '9')))
		end++;
	return host > slashes || end == url.n || (end + 1 == url.n && url.p[end] == '/');
}

/* Slashes at `at`: "//host/path", perhaps with a scheme before them. Returns where to go on. */
static size_t
judge_absolute(struct scan *s, size_t at)
{
	struct span span;
	size_t slashes = 0, host, end, lead = at;
	struct tc_str url;
	bool whole;
	enum hit hit;

	if (!may_have_host(s->text, at, &end))
		return end > at ? end : at + 1;
	read_span(s, at, &span);
	while (slashes < span.n && (span.url[slashes] == '/' || span.url[slashes] == '\\'))
		slashes++;
	if (span.open && !s->last)
		return MORE;
	if (slashes < 2)
		return span.n > 0 ? span.at[1] : at + 1;
	url = span_text(&span, 0, span.n);
	end = host_end(url, slashes, &host);
	if (!is_host(span_text(&span, host, end)) ||
	    (end < span.n && strchr("/?#:\\", span.url[end]) == NULL))
		return span.at[slashes];
	if (is_invalid(span_text(&span, host, end)))
		return span.at[span.n];
	whole = s->sub == NULL && url_lead(s, at, &lead) && !span.escaped && !is_origin(url, slashes, end, host);
	if (!judged(s, url) && !signed_by_vendor(s, span_text(&span, end, span.n), '/'))
		return span.at[span.n];
	hit = hit_at(s, at);
	if (hit == HIT_STRING && whole)
		edit_url(s, &span, lead, host, end);
	else if (hit != HIT_NONE)
		edit_host(s, &span, host, end);
	return span.at[span.n];
}

/* Whether a tag is put together in front of `at`, in the same statement: then a URL there is not a value of its own. */
static bool
in_markup(struct tc_str text, size_t at)
{
	for (size_t k = at; k > 0 && at - k < 256; k--) {
		const char *p = text.p + k - 1;

		if (*p == ';' || *p == '{' || *p == '}')
			return false;
		if (*p == '<' || (k > 1 && tc_lower(*p) == 'c' && p[-1] == '3')) /* "%3C", "\x3c" */
			return true;
	}
	return false;
}

/*
 * The string constant whose opening quote is at `at` is the end of a tracker's URL that '+' puts together. The value
 * becomes our script's, in place of all that stands before. end: where its host ends. False: that cannot be done here.
 */
static bool
edit_appended(struct scan *s, size_t at, const struct span *span, size_t host, size_t end)
{
	char text[SPAN_MAX + 1], quote = s->text.p[at];
	struct tc_str url = span_text(span, 0, span->n), path = path_of(url), with;
	bool slash = end < span->n && span->url[end] != '/', script = tc_ends(path, TC_STR(".js"));

	if (s->sub != NULL || s->ctx->foreign || (quote != '"' && quote != '\'') || !is_appended(s, at) || path.n == 0)
		return false;
	if (span->at[span->n] == s->text.n || s->text.p[span->at[span->n]] != quote || in_markup(s->text, at))
		return false;
	if (tc_find(s->text, TC_STR("??")) < s->text.n) /* a ?? b && c is no expression */
		return false;
	text[0] = '/';
	memcpy(text + slash, span->url + end, span->n - end);
	with = stand_in(span_text(span, host, end), tc_str_of(text, span->n - end + slash), !script && is_complete(path),
	    path.n == url.n && !is_complete(path));
	edit(s, at + 1, at + 1, quote == '"' ? TC_STR(" \"&&\"") : TC_STR(" '&&'"));
	edit(s, at + 1, span->at[path.n], with);
	return true;
}

/* A name behind something else: u+'matomo.js', h+'/gtm.js?id='. Its host cannot be changed here. Returns where
 * to go on. */
static size_t
judge_name(struct scan *s, size_t at, const struct span *span)
{
	struct tc_str text = span_text(span, 0, span->n);
	enum hit hit;

	if (!is_appended(s, at) || !signed_by_vendor(s, text, '/'))
		return at + 1;
	hit = hit_at(s, at + 1);
	if (hit == HIT_NONE)
		return at + 1;
	if (hit == HIT_STRING && edit_appended(s, at, span, 0, 0))
		return span->at[span->n];
	if (s->sub == NULL) {
		s->empty = true;
	} else if (span->url[0] == '/') { /* "https://host" + "@x.invalid/gtm.js" */
		edit(s, span->at[0], span->at[1], TC_STR("@x.invalid/"));
		return span->at[1];
	}
	return at + 1;
}

/* "host/path" or ".host/path" or "host" in quotes, a part of a URL. True when it is one and was judged. */
static bool
judge_part(struct scan *s, size_t at, const struct span *span)
{
	char buf[SPAN_MAX + 8];
	bool dot = span->url[0] == '.';
	size_t head = dot ? 5 : 2, host, end;
	struct tc_str text = span_text(span, 0, span->n), url = tc_str_of(buf, head + text.n);
	enum hit hit;

	end = host_end(text, dot, &host);
	if (!is_host(span_text(span, host, end)) || host != (size_t)dot)
		return false;
	if (!is_tld_like(span_text(span, host, end)))
		return false;
	if (end < span->n && strchr("/?:", span->url[end]) == NULL)
		return false;
	if (is_invalid(span_text(span, host, end)))
		return true;
	memcpy(buf, "//www", head);
	memcpy(buf + head, text.p, text.n);
	if (!judged(s, url) && !(end < span->n && signed_by_vendor(s, span_text(span, end, span->n), '/')))
		return false;
	hit = hit_at(s, at + 1);
	if (hit == HIT_STRING && tc_ends(path_of(text), TC_STR(".js")) && end < span->n && edit_appended(s, at, span, host, end))
		return true;
	if (hit != HIT_NONE)
		edit_host(s, span, host, end);
	return true;
}

/* Could what stands behind the quote at `at` be a host or a file name? Cheap: nearly all are not. */
static bool
worth_reading(const struct scan *s, size_t at)
{
	struct tc_str t = s->text;
	size_t i = at + 1;
	bool dot = false;

	if (i == t.n)
		return !s->last;
	if (t.p[i] == '/')
		return is_appended(s, at) && !tc_starts(tc_str_of(t.p + i, t.n - i), ours) &&
		    !(i + 1 < t.n && (t.p[i + 1] == '/' || t.p[i + 1] == '\\'));
	if (t.p[at] == '}' && t.p[i] != '.')
		return false;
	for (; i < t.n && i - at <= 253 && (t.p[i] == '.' || js_is(t.p[i], C_HOST)); i++)
		dot |= t.p[i] == '.';
	if (i == t.n)
		return true;
	if (t.p[i] == '\\')
		return true;
	if (t.p[i] == '/' && !dot)
		return is_appended(s, at);
	return dot && (is_quote(t.p[i]) || t.p[i] == '/' || t.p[i] == '?' || t.p[i] == ':' || t.p[i] == '$');
}

/* A quote (or the end of "${...}") at `at`. */
static size_t
judge_quoted(struct scan *s, size_t at)
{
	struct span span;

	read_span(s, at + 1, &span);
	if (span.open && !s->last)
		return MORE;
	if (span.n == 0 || (span.url[0] == '/' && span.n > 1 && span.url[1] == '/'))
		return at + 1;
	if (span.url[0] != '/' && judge_part(s, at, &span))
		return span.at[span.n];
	return judge_name(s, at, &span);
}

/* A slash, or an escape that may be one: two of them begin a URL. */
static size_t
judge_slash(struct scan *s, size_t at)
{
	struct tc_str rest = tc_str_of(s->text.p + at, s->text.n - at);
	struct span span;
	size_t len = 1;
	char c = '/';
	enum escape e;

	if (rest.n < ours.n && !s->last && tc_starts(ours, rest))
		return MORE;
	if (tc_starts(rest, ours)) { /* its query is not looked at again */
		read_span(s, at, &span);
		return span.open && !s->last ? MORE : span.at[span.n];
	}
	if (rest.p[0] == '\\') {
		e = unescape(tc_str_of(rest.p, rest.n > 16 ? 16 : rest.n), &c, &len);
		if (e == ESC_CUT && rest.n <= 16 && !s->last)
			return MORE;
		if (e != ESC_BYTE || c != '/')
			return at + 1;
	}
	if (len == rest.n)
		return s->last ? at + len : MORE;
	if (rest.p[len] != '/' && rest.p[len] != '\\')
		return at + len;
	return judge_absolute(s, at);
}

/* An escape that may stand for a slash, by its first bytes. */
static inline bool
may_be_slash(struct tc_str s)
{
	if (s.n < 3)
		return true;
	switch (s.p[1]) {
	case '/':
	case '\\': /* escaped twice */
		return true;
	case 'x':
		return s.p[2] == '2';
	case 'u':
		return s.p[2] == '0' || s.p[2] == '{';
	default:
		return s.p[1] >= '0' && s.p[1] <= '7';
	}
}

/* Most anchors begin nothing; what is certain of a few bytes. */
static bool
may_begin(const struct scan *s, size_t at)
{
	char c = s->text.p[at], next = at + 1 < s->text.n ? s->text.p[at + 1] : '/';

	if (c == '\\')
		return may_be_slash(tc_str_of(s->text.p + at, s->text.n - at));
	if (c == '/')
		return next == '/' || next == '\\' || next == '.';
	return worth_reading(s, at);
}

/* Judges the text; returns how far it is decided. */
static size_t
scan_text(struct scan *s)
{
	struct anchors a = {.known = false};
	size_t at = 0, next;

	while (!s->empty && !s->out->overflow && (s->sub == NULL || s->out->n < s->out->cap)) {
		at = next_anchor(&a, s->text, at);
		if (at >= s->text.n)
			return s->text.n;
		next = at + 1;
		if (may_begin(s, at))
			next = s->text.p[at] == '/' || s->text.p[at] == '\\' ? judge_slash(s, at) : judge_quoted(s, at);
		if (next == MORE)
			break;
		assert(next > at);
		at = next;
	}
	return at;
}

/* --- Whole scripts ----------------------------------------------------------------------------- */

static void
empty_all(struct tc_str text, struct value_edits *out)
{
	out->v[0] = (struct value_edit){0, text.n, TC_STR("")};
	out->n = 1;
}

#define WINDOW 4096

enum encoding { AS_REFERENCES,
	AS_PERCENT };

/* Decodes raw from *at on into buf, as far as it has room (WINDOW). */
static size_t
window_fill(char *buf, size_t n, struct tc_str raw, size_t *at, enum encoding how)
{
	while (*at < raw.n && n < WINDOW) {
		struct tc_str rest = tc_str_of(raw.p + *at, raw.n - *at);
		size_t took = 1, put = 1;

		if (how == AS_REFERENCES && rest.p[0] == '&') {
			took = entity_one(rest, false, buf + n, &put);
		} else if (how == AS_PERCENT && rest.n > 2 && rest.p[0] == '%' && hex_value(rest.p + 1, 2) >= 0) {
			buf[n] = (char)hex_value(rest.p + 1, 2);
			took = 3;
		} else {
			buf[n] = rest.p[0];
		}
		n += put;
		*at += took;
	}
	return n;
}

/* Any hit in the decoded text, read window by window. */
static bool
any_hit(const struct script_ctx *ctx, struct tc_str raw, enum encoding how)
{
	char buf[WINDOW + 8];
	struct value_edit one[1];
	struct script_sub sub = {.n = 0};
	size_t at = 0, n = 0, took;

	do {
		struct value_edits out = {.v = one, .cap = 1};

		n = window_fill(buf, n, raw, &at, how);
		took = script_sub(&sub, ctx, tc_str_of(buf, n), at == raw.n, &out);
		if (out.n > 0)
			return true;
		n -= took;
		memmove(buf, buf + took, n);
	} while (at < raw.n);
	return false;
}

static bool
is_encoded(struct tc_str text)
{
	return !entity_none(text) || tc_find(text, TC_STR("]]>")) < text.n;
}

void
script_judge(const struct script_ctx *ctx, struct tc_str text, struct value_edits *out)
{
	struct jslex lexer = {.at = 0};
	struct scan s = {.ctx = ctx, .text = text, .last = true, .lexer = &lexer, .out = out};

	out->n = 0;
	out->overflow = false;
	if (ctx->foreign && is_encoded(text)) {
		const struct script_ctx plain = {ctx->judge, ctx->ctx, false};

		if (any_hit(&plain, text, AS_REFERENCES) || script_names_tracker(&plain, text))
			empty_all(text, out);
		return;
	}
	(void)scan_text(&s);
	if (s.empty || out->overflow)
		empty_all(text, out);
}

bool
script_names_tracker(const struct script_ctx *ctx, struct tc_str text)
{
	struct value_edit one[1];
	struct value_edits out = {.v = one, .cap = 1};
	struct tc_str url = text;

	script_judge(ctx, text, &out);
	if (out.n > 0)
		return true;
	while (url.n > 0 && (unsigned char)url.p[0] <= ' ')
		tc_skip(&url, 1);
	return tc_istarts(url, TC_STR("javascript:")) && any_hit(ctx, url, AS_PERCENT);
}

/* --- Substitute mode ---------------------------------------------------------------------------- */

/* Keeps the last bytes of what was taken. */
static void
remember(struct script_sub *st, struct tc_str taken)
{
	size_t keep;

	if (taken.n >= BEFORE_MAX) {
		memcpy(st->before, taken.p + taken.n - BEFORE_MAX, BEFORE_MAX);
		st->n = BEFORE_MAX;
		return;
	}
	keep = st->n + taken.n > BEFORE_MAX ? BEFORE_MAX - taken.n : st->n;
	memmove(st->before, st->before + st->n - keep, keep);
	if (taken.n > 0)
		memcpy(st->before + keep, taken.p, taken.n);
	st->n = (uint8_t)(keep + taken.n);
}

size_t
script_sub(struct script_sub *st, const struct script_ctx *ctx, struct tc_str in, bool last,
    struct value_edits *out)
{
	struct scan s = {.ctx = ctx, .text = in, .last = last, .sub = st, .out = out};
	size_t taken;

	assert(!ctx->foreign);
	taken = scan_text(&s);
	remember(st, tc_str_of(in.p, taken));
	return taken;
}
