/*
 * check_html.c: see check_html.h. A plain scan: elements and their attributes, past comments and the insides of scripts and
 * the like. What browsers would only see with care (bases, templates) is not looked at.
 */
#include "cli/check_html.h"

#include <errno.h>
#include <stdlib.h>

enum { PAGE_BYTES = 64 << 20,
	ADDRESS_MAX = 2048 };

/* Where visitors opt out of what the members of an industry do, browser by browser, by a cookie of each. */
static const struct tc_str INDUSTRY[] = {
	TC_STR_INIT("networkadvertising.org"),
	TC_STR_INIT("thenai.org"),
	TC_STR_INIT("aboutads.info"),
	TC_STR_INIT("digitaladvertisingalliance.org"),
	TC_STR_INIT("youradchoices.com"),
	TC_STR_INIT("youradchoices.ca"),
	TC_STR_INIT("youronlinechoices.com"),
	TC_STR_INIT("youronlinechoices.eu"),
	TC_STR_INIT("youronlinechoices.com.au"),
	TC_STR_INIT("edaa.eu"),
	TC_STR_INIT("ddai.info"),
};

struct scan {
	struct tc_str all, rest;
	const char *file;
	const struct config *c;
	struct messages *m;
	bool linked; /* to the choices page, or there is a mark for the link */
};

/* ---- reading ---- */

/* The file in memory that the caller frees; NULL: errno says why. */
static char *
file_read(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	char *p = f != NULL ? malloc(PAGE_BYTES) : NULL;

	if (p != NULL) {
		*n = fread(p, 1, PAGE_BYTES, f);
		if (ferror(f) || !feof(f)) {
			errno = ferror(f) ? errno : EFBIG;
			free(p);
			p = NULL;
		}
	}
	if (f != NULL)
		(void)fclose(f);
	return p;
}

static bool
is_space(char ch)
{
	return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\f' || ch == '\r';
}

static bool
is_letter(char ch)
{
	return tc_lower(ch) >= 'a' && tc_lower(ch) <= 'z';
}

static void
skip_spaces(struct tc_str *s)
{
	while (s->n > 0 && is_space(s->p[0]))
		tc_skip(s, 1);
}

/* Up to the first of these bytes, or a space. */
static struct tc_str
take_until(struct tc_str *s, const char *ends)
{
	size_t n = 0;

	while (n < s->n && !is_space(s->p[n]) && (s->p[n] == '\0' || strchr(ends, s->p[n]) == NULL))
		n++;
	s->p += n;
	s->n -= n;
	return tc_str_of(s->p - n, n);
}

/* "&amp;", "&#47;" and "&#x2f;" as the byte they mean; 0: none of these, or no such byte. */
static char
reference(struct tc_str s, size_t *length)
{
	char digits[8] = "";
	size_t end = tc_find_byte(s, ';'), from = 2;
	long code;

	*length = end + 1;
	if (end >= s.n || end > 7)
		return '\0';
	if (tc_ieq(tc_str_of(s.p, end), TC_STR("&amp")))
		return '&';
	if (end < 3 || s.p[1] != '#')
		return '\0';
	if (tc_lower(s.p[2]) == 'x')
		from = 3;
	memcpy(digits, s.p + from, end - from);
	code = strtol(digits, NULL, from == 3 ? 16 : 10);
	return code > 0 && code < 0x80 ? (char)code : '\0';
}

/* A value as browsers read an address in it: references replaced, what they leave out left out. */
static struct tc_str
address_of(struct tc_str value, char out[ADDRESS_MAX])
{
	size_t n = 0, length;

	while (value.n > 0 && n < ADDRESS_MAX) {
		char ch = value.p[0] == '&' ? reference(value, &length) : '\0';

		if (ch == '\0') {
			ch = value.p[0];
			length = 1;
		}
		tc_skip(&value, length);
		if ((unsigned char)ch > ' ' || (ch == ' ' && n > 0))
			out[n++] = ch;
	}
	return tc_trim(tc_str_of(out, n));
}

/* ---- judging ---- */

static bool
host_below(struct tc_str host, struct tc_str name)
{
	size_t front = host.n - name.n;

	return host.n >= name.n && tc_ieq(tc_str_of(host.p + front, name.n), name) &&
	    (front == 0 || host.p[front - 1] == '.');
}

/* "https://user@host:8/path" -> host, path. false: it has no host. */
static bool
split(struct tc_str address, struct tc_str *host, struct tc_str *path)
{
	size_t at, n = 0;

	if (tc_istarts(address, TC_STR("https:")))
		tc_skip(&address, 6);
	else if (tc_istarts(address, TC_STR("http:")))
		tc_skip(&address, 5);
	*path = address;
	if (address.n < 2 || strchr("/\\", address.p[0]) == NULL || strchr("/\\", address.p[1]) == NULL)
		return false;
	tc_skip(&address, 2);
	while (n < address.n && strchr("/\\?#", address.p[n]) == NULL)
		n++;
	*path = tc_str_of(address.p + n, address.n - n);
	*host = tc_str_of(address.p, n);
	at = tc_find_byte(*host, '@');
	tc_skip(host, at < host->n ? at + 1 : 0);
	host->n = tc_find_byte(*host, ':');
	return true;
}

static void
point(const struct scan *s, const char *at, struct message *msg)
{
	const char *line = s->all.p;
	struct tc_str rest;

	msg->file = tc_str_from(s->file);
	msg->line = msg->column = 1;
	for (const char *p = s->all.p; p < at; p++) {
		msg->column += (*p & 0xC0) != 0x80; /* characters of UTF-8 */
		if (*p == '\n') {
			msg->line++;
			msg->column = 1;
			line = p + 1;
		}
	}
	msg->end_column = msg->column;
	rest = tc_str_of(line, (size_t)(s->all.p + s->all.n - line));
	msg->source = tc_str_of(line, tc_find_byte(rest, '\n'));
}

static bool
is_choices(const struct scan *s, struct tc_str path)
{
	size_t n = 0;

	while (n < path.n && path.p[n] != '?' && path.p[n] != '#')
		n++;
	path.n = n;
	if (s->c == NULL)
		return tc_eq(path, TC_STR("/privacy-choices")) || tc_eq(path, TC_STR("/privacy-choices/"));
	for (size_t i = 0; i < s->c->site_count; i++) {
		struct tc_str at = s->c->sites[i].pub.choices_path;

		if (tc_starts(path, at) && (path.n == at.n || (path.n == at.n + 1 && path.p[at.n] == '/')))
			return true;
	}
	return false;
}

static bool
is_own_host(const struct scan *s, struct tc_str host)
{
	for (size_t i = 0; s->c != NULL && i < s->c->site_count; i++)
		for (size_t k = 0; k < s->c->sites[i].pub.hosts.n; k++)
			if (tc_ieq(s->c->sites[i].pub.hosts.v[k], host))
				return true;
	return s->c == NULL;
}

static void
judge(struct scan *s, struct tc_str value)
{
	char text[160], out[ADDRESS_MAX];
	struct tc_str host, path, address = address_of(value, out);
	struct message msg = {
		.severity = SEVERITY_ERROR,
		.code = "industry-opt-out",
		.hint = TC_STR("say no on this site in one step: link to its choices page instead"),
	};

	if (!split(address, &host, &path)) {
		s->linked = s->linked || is_choices(s, path);
		return;
	}
	s->linked = s->linked || (is_own_host(s, host) && is_choices(s, path));
	for (size_t i = 0; i < sizeof(INDUSTRY) / sizeof(INDUSTRY[0]); i++)
		if (host_below(host, INDUSTRY[i])) {
			point(s, value.p, &msg);
			(void)snprintf(text, sizeof(text), "the link leads to an opt-out tool of the advertising industry, %.*s",
			    (int)(host.n < 80 ? host.n : 80), host.p);
			msg.text = tc_str_from(text);
			messages_add(s->m, &msg);
			return;
		}
}

/* ---- elements ---- */

static struct tc_str
take_value(struct tc_str *s)
{
	struct tc_str value;
	size_t n;

	if (s->n == 0 || (s->p[0] != '"' && s->p[0] != '\''))
		return take_until(s, ">");
	n = tc_find_byte(tc_str_of(s->p + 1, s->n - 1), s->p[0]);
	value = tc_str_of(s->p + 1, n);
	tc_skip(s, n + 2 <= s->n ? n + 2 : s->n);
	return value;
}

/* One attribute. false: the tag has ended. */
static bool
take_attribute(struct scan *s, bool follows)
{
	struct tc_str name, value = {NULL, 0};

	while (s->rest.n > 0 && (is_space(s->rest.p[0]) || s->rest.p[0] == '/'))
		tc_skip(&s->rest, 1);
	if (s->rest.n == 0 || s->rest.p[0] == '>')
		return false;
	name = take_until(&s->rest, s->rest.p[0] == '=' ? ">/" : "=>/");
	skip_spaces(&s->rest);
	if (s->rest.n > 0 && s->rest.p[0] == '=') {
		tc_skip(&s->rest, 1);
		skip_spaces(&s->rest);
		value = take_value(&s->rest);
	}
	if (follows && tc_ieq(name, TC_STR("href")) && value.p != NULL)
		judge(s, value);
	if (tc_ieq(name, TC_STR("data-tacet")) && (tc_ieq(value, TC_STR("choices")) || tc_ieq(value, TC_STR("link"))))
		s->linked = true;
	return true;
}

/* Past the end tag of an element whose inside is no markup. */
static void
skip_inside(struct scan *s, struct tc_str name)
{
	while (s->rest.n > 0) {
		tc_skip(&s->rest, tc_find_byte(s->rest, '<'));
		if (s->rest.n >= name.n + 2 && s->rest.p[1] == '/' &&
		    tc_ieq(tc_str_of(s->rest.p + 2, name.n), name))
			return;
		tc_skip(&s->rest, s->rest.n > 0 ? 1 : 0);
	}
}

static void
take_tag(struct scan *s)
{
	static const struct tc_str opaque[] = {TC_STR_INIT("script"), TC_STR_INIT("style"), TC_STR_INIT("textarea"),
	    TC_STR_INIT("title"), TC_STR_INIT("xmp"), TC_STR_INIT("noembed"), TC_STR_INIT("noframes")};
	struct tc_str name = take_until(&s->rest, ">/");
	bool follows = tc_ieq(name, TC_STR("a")) || tc_ieq(name, TC_STR("area"));

	while (take_attribute(s, follows))
		;
	for (size_t i = 0; i < sizeof(opaque) / sizeof(opaque[0]); i++)
		if (tc_ieq(name, opaque[i]))
			skip_inside(s, name);
}

static void
take_comment(struct scan *s)
{
	const struct tc_str end = TC_STR("-->");
	size_t n = tc_find(s->rest, end);

	if (tc_eq(tc_trim(tc_str_of(s->rest.p, n)), TC_STR("tacet:choices")))
		s->linked = true;
	tc_skip(&s->rest, n < s->rest.n ? n + end.n : n);
}

static void
scan_page(struct scan *s)
{
	const struct tc_str comment = TC_STR("<!--");

	while (s->rest.n > 0) {
		tc_skip(&s->rest, tc_find_byte(s->rest, '<'));
		if (tc_starts(s->rest, comment)) {
			tc_skip(&s->rest, comment.n);
			take_comment(s);
		} else if (s->rest.n > 1 && is_letter(s->rest.p[1])) {
			tc_skip(&s->rest, 1);
			take_tag(s);
		} else if (s->rest.n > 0) {
			tc_skip(&s->rest, 1);
		}
	}
}

/* Does the configuration put the link into every page? */
static bool
is_injected(const struct config *c)
{
	for (size_t i = 0; c != NULL && i < c->site_count; i++)
		if (c->sites[i].pub.choices_link != TC_LINK_AUTO)
			return false;
	return c != NULL;
}

int
check_html(const char *file, const struct config *c, struct messages *m)
{
	struct scan s = {.file = file, .c = c, .m = m, .linked = is_injected(c)};
	size_t n = 0;
	char *text = file_read(file, &n);
	struct message msg = {
		.severity = SEVERITY_ERROR,
		.code = "no-choices-link",
		.file = tc_str_from(file),
		.text = TC_STR("no link leads to the choices page"),
		.hint = TC_STR("link to /privacy-choices, or write <!-- tacet:choices --> where the link shall stand"),
	};

	if (text == NULL) {
		msg.code = "unreadable";
		msg.text = tc_str_from(strerror(errno));
		msg.hint = (struct tc_str){NULL, 0};
		messages_add(m, &msg);
		return -1;
	}
	s.all = s.rest = tc_str_of(text, n);
	scan_page(&s);
	if (!s.linked)
		messages_add(m, &msg);
	free(text);
	return 0;
}
