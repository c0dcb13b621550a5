/* incoming.c: incoming.h */
#include "incoming.h"

#include <stdlib.h>

#include "strict.h"

enum incoming_state {
	INCOMING_START,   /* not known yet */
	INCOMING_PLAIN,   /* handed on as it is */
	INCOMING_CLEANED, /* the same, ESC bytes taken out: nobody can take it for ISO-2022-JP */
	INCOMING_CONVERT, /* handed on as UTF-8 */
	INCOMING_PASS,    /* no HTML after all */
};

static bool
is_readable(enum charset c)
{
	return charset_is_plain(c) || transcode_can(c);
}

bool
incoming_unreadable(const struct tc_response *res)
{
	return !is_readable(charset_of(res->charset));
}

/* ---- the head ---- */

/* Whether Content-Type says this already, in words that every browser reads alike. */
static bool
says(const struct tc_fields *fields, enum charset c)
{
	struct tc_str value = {NULL, 0};
	size_t n = 0;

	for (size_t i = 0; i < fields->n; i++)
		if (!fields->v[i].dropped && fields->v[i].id == TC_F_CONTENT_TYPE) {
			value = fields->v[i].value;
			n++;
		}
	if (n != 1 || !tc_istarts(value, TC_STR("text/html")))
		return false;
	tc_skip(&value, TC_STR("text/html").n);
	if (value.n == 0)
		return c == CHARSET_NONE;
	if (value.p[0] != ';')
		return false;
	tc_skip(&value, 1);
	value = tc_trim(value);
	if (!tc_istarts(value, TC_STR("charset=")))
		return false;
	tc_skip(&value, TC_STR("charset=").n);
	return c != CHARSET_NONE && value.n > 0 && value.p[0] > ' ' && charset_of(value) == c;
}

static int
tell(struct tc_call *c, enum charset charset)
{
	struct tc_fields *fields = &c->res->fields;
	struct tc_str value = TC_STR("text/html");

	if (!charset_is_plain(charset))
		charset = CHARSET_UTF_8; /* that is what it will be */
	if (says(fields, charset))
		return 0;
	if (charset != CHARSET_NONE)
		value = tc_join(c->arena, (struct tc_str[]){TC_STR("text/html; charset="), charset_name(charset)}, 2);
	return value.p == NULL ? -1 : tc_field_set(fields, TC_F_CONTENT_TYPE, value);
}

int
incoming_head(struct tc_call *c, struct incoming *in, enum page_kind kind, bool acts)
{
	in->kind = (uint8_t)kind;
	in->declared = (uint8_t)charset_of(c->res->charset);
	in->acts = acts;
	if (kind == PAGE_HTML && in->declared != CHARSET_NONE)
		return tell(c, (enum charset)in->declared);
	if (c->res->status == 304)
		(void)tc_field_drop(&c->res->fields, TC_F_CONTENT_TYPE); /* the one that is stored says more */
	in->held = !c->res->head_only;
	if (in->held)
		tc_hold_head(c);
	return 0;
}

/* ---- the first bytes ---- */

/* What is no HTML, or nothing is to be done to. */
static int
pass(struct tc_call *c, struct incoming *in)
{
	int rc = 0;

	in->state = INCOMING_PASS;
	if (in->kind == PAGE_MARKUP && in->acts)
		rc = strict_policy(c);
	if (in->kind == PAGE_DOUBT)
		rc = tc_field_set(&c->res->fields, TC_F_X_CONTENT_TYPE_OPTIONS, TC_STR("nosniff"));
	tc_release_head(c);
	return rc;
}

/* The encoding, *mark bytes of which are its byte order mark. False: more bytes are needed. */
static bool
find_charset(const struct incoming *in, struct tc_str bytes, bool last, enum charset *c, size_t *mark)
{
	if (!charset_bom(bytes, last, c, mark))
		return false;
	if (*c == CHARSET_NONE)
		*c = (enum charset)in->declared;
	if (*c != CHARSET_NONE)
		return true;
	if (bytes.n < CHARSET_PRESCAN && !last)
		return false;
	bytes.n = bytes.n < CHARSET_PRESCAN ? bytes.n : CHARSET_PRESCAN; /* however many came at once */
	*c = charset_prescan(bytes);
	if (*c == CHARSET_NONE && charset_is_utf8(bytes))
		*c = CHARSET_UTF_8;
	return true;
}

static int
tell_held(struct tc_call *c, struct incoming *in, enum charset charset)
{
	if (!in->held)
		return 0;
	if (tell(c, charset) < 0)
		return -1;
	if (in->sniffed && tc_field_set(&c->res->fields, TC_F_X_CONTENT_TYPE_OPTIONS, TC_STR("nosniff")) < 0)
		return -1;
	tc_release_head(c);
	return 0;
}

/* Into the state that the encoding asks for; what is converted says so, as what came said what it was. */
static int
choose(struct tc_call *c, struct incoming *in, enum charset charset, struct tc_str *bytes, size_t mark)
{
	bool plain = charset_is_plain(charset);

	in->charset = (uint8_t)(plain ? charset : CHARSET_UTF_8);
	if (plain)
		in->state = charset == CHARSET_NONE && in->acts ? INCOMING_CLEANED : INCOMING_PLAIN;
	else {
		in->state = INCOMING_CONVERT;
		transcode_begin(&in->text, charset);
	}
	if (bytes->n == 0 || (plain && mark == 0))
		return 0;
	tc_skip(bytes, mark);
	return tc_emit(c, "\xEF\xBB\xBF", 3);
}

/* State INCOMING_START remains: more bytes are needed. */
static int
begin(struct tc_call *c, struct incoming *in, struct tc_str *bytes, bool last)
{
	enum charset charset;
	size_t mark;

	if (in->kind == PAGE_UNKNOWN) {
		in->kind = (uint8_t)page_sniff(*bytes, last);
		if (in->kind == PAGE_UNKNOWN)
			return 0;
		if (in->kind != PAGE_HTML)
			return pass(c, in);
		in->sniffed = true;
	}
	if (!find_charset(in, *bytes, last, &charset, &mark))
		return 0;
	if (!is_readable(charset)) {
		if (!in->acts)
			return pass(c, in);
		tc_bypassed(c, TC_BYPASS_CHARSET);
		return -1;
	}
	if (tell_held(c, in, charset) < 0)
		return -1;
	return choose(c, in, charset, bytes, mark);
}

/* ---- all of them ---- */

/* With DEL for ESC, which means as little everywhere, but to ISO-2022-JP; where there is none nothing is copied. */
static int
take_cleaned(struct tc_call *c, struct tc_str *in, bool last, transcode_take take)
{
	size_t n = in->n;
	struct tc_str copy;
	char *p;
	int rc;

	if (tc_find_byte(*in, 0x1B) == in->n)
		return take(c, in, last);
	p = malloc(n);
	if (p == NULL)
		return -1;
	for (size_t i = 0; i < n; i++)
		p[i] = in->p[i] == 0x1B ? 0x7F : in->p[i];
	copy = tc_str_of(p, n);
	rc = take(c, &copy, last);
	tc_skip(in, n - copy.n);
	explicit_bzero(p, n);
	free(p);
	return rc;
}

int
incoming_body(struct tc_call *c, struct incoming *in, struct tc_str *bytes, bool last, transcode_take take)
{
	int rc;

	if (in->state == INCOMING_START) {
		rc = begin(c, in, bytes, last);
		if (rc < 0 || in->state == INCOMING_START)
			return rc;
	}
	switch ((enum incoming_state)in->state) {
	case INCOMING_PLAIN:
		return take(c, bytes, last);
	case INCOMING_CLEANED:
		return take_cleaned(c, bytes, last, take);
	case INCOMING_CONVERT:
		return transcode_feed(&in->text, bytes, last, take, c);
	default:
		rc = tc_emit(c, bytes->p, bytes->n);
		tc_skip(bytes, bytes->n);
		return rc;
	}
}

void
incoming_end(struct incoming *in)
{
	transcode_end(&in->text);
}
