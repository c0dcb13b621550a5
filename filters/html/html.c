/*
 * html.c: the filter around the rewriter: which responses are pages, in which encoding, and what is put into
 * them. The first bytes of a page are held until its encoding is known; then all goes through rewrite_run().
 */
#include "html.h"

#include <assert.h>
#include <errno.h>
#include <iconv.h>

#include "../page.h"
#include "../status.h"
#include "charset.h"
#include "embed.h"
#include "judge.h"
#include "rewrite.h"

enum {
	CONVERTED_MAX = 5 << 16, /* bytes of UTF-8 that wait for the rewriter: more than it ever holds */
	CONVERT_STEP = 16384,
};

enum page_state {
	PAGE_START,   /* its encoding is not known yet */
	PAGE_BYTES,   /* rewritten as it is */
	PAGE_CLEANED, /* the same, ESC bytes taken out: no one can switch it to ISO-2022-JP */
	PAGE_CONVERT, /* rewritten as UTF-8 */
	PAGE_PASS,    /* no HTML after all */
	PAGE_NOTHING, /* unreadable: nothing of it goes out */
};

struct html {
	struct rewrite rw;
	struct rewrite_env env;
	struct rewrite_known known;
	struct rewrite_extra extra;
	uint8_t state;    /* enum page_state */
	uint8_t declared; /* enum charset, by the head */
	bool sniff;       /* there was no Content-Type */
	iconv_t convert;  /* with PAGE_CONVERT */
	bool converting;  /* convert is open */
	char *text;       /* converted bytes that the rewriter left */
	size_t text_n, text_cap;
};

static_assert(sizeof(struct html) <= 8192, "the state of an idle stream fits 8 KiB");

struct html_opts {
	int embeds;
};

static const struct tc_option html_options[] = {
	{"embeds", TC_OPT_ENUM, "keep", "keep|privacy-mode|click-to-load|remove", "videos, maps and posts of others in frames",
	    offsetof(struct html_opts, embeds), false},
};

/* ---- head hooks ---- */

static enum embeds
embeds_of(const struct tc_call *c)
{
	const struct html_opts *o = c->opts;

	return o != NULL ? (enum embeds)o->embeds : EMBEDS_KEEP;
}

/* Whether something in a page may have to change for this visitor. */
static bool
acts(const struct tc_call *c)
{
	return c->decision->denied != 0 || embeds_of(c) != EMBEDS_KEEP;
}

static bool
wants_pages(const struct tc_call *c)
{
	return !c->decision->pass_bodies && (acts(c) || c->site->choices_link == TC_LINK_AUTO);
}

static bool
accepts_html(const struct tc_request *req)
{
	struct tc_str accept = tc_field_value(&req->fields, TC_F_ACCEPT);

	return accept.p != NULL && tc_find(accept, TC_STR("text/html")) < accept.n;
}

static int
html_request(struct tc_call *c)
{
	struct tc_request *req = c->req;
	bool accepts = accepts_html(req), page;

	if (!wants_pages(c) || req->websocket)
		return 0;
	page = req->dest == TC_DEST_DOCUMENT || req->dest == TC_DEST_FRAME || (req->dest == TC_DEST_ABSENT && accepts);
	if (page || req->dest == TC_DEST_ABSENT ||
	    ((req->dest == TC_DEST_EMPTY || req->dest == TC_DEST_OTHER) && accepts))
		tc_expect_page(c);
	if (page && (req->method == TC_M_GET || req->method == TC_M_HEAD)) {
		(void)tc_field_drop(&req->fields, TC_F_RANGE);
		(void)tc_field_drop(&req->fields, TC_F_IF_RANGE);
	}
	return 0;
}

/* The page will leave as UTF-8, or cannot leave at all. */
static int
declare(struct tc_call *c, enum charset declared)
{
	switch (declared) {
	case CHARSET_UTF16LE:
	case CHARSET_UTF16BE:
	case CHARSET_ISO_2022_JP:
		if (tc_field_set(&c->res->fields, TC_F_CONTENT_TYPE, TC_STR("text/html; charset=utf-8")) < 0)
			return 502;
		return 0;
	case CHARSET_REPLACEMENT:
		tc_bypassed(c, TC_BYPASS_CHARSET);
		return 502;
	case CHARSET_NONE:
	case CHARSET_ASCII:
		break;
	}
	return 0;
}

static int
html_response(struct tc_call *c)
{
	struct tc_response *res = c->res;
	enum charset declared = charset_of(res->charset);
	struct html *st;
	bool sniff;
	int rc;

	if (!wants_pages(c) || res->status < 200)
		return 0;
	sniff = res->type.n == 0 && res->status == 200 && tc_page_expected(c);
	if (!tc_eq(res->type, TC_STR("text/html")) && !sniff)
		return 0;
	if (res->status == 206) {
		if (!acts(c))
			return 0;
		tc_bypassed(c, TC_BYPASS_PARTIAL);
		return 502;
	}
	rc = declare(c, declared);
	if (rc != 0)
		return rc;
	if (embed_policies(c, embeds_of(c)) < 0)
		return 502;
	tc_want_body(c);
	st = c->state;
	st->sniff = sniff;
	st->declared = (uint8_t)declared;
	return 0;
}

/* ---- what is put into the page ---- */

/* s as text or as a value in double quotes; all but ASCII as references, so that it fits every encoding. */
static struct tc_str
escaped(struct tc_call *c, struct tc_str s)
{
	char *p = tc_alloc_bytes(c->arena, s.n * 10 + 1);
	size_t n = 0;

	if (p == NULL)
		return tc_str_of("", 0);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char b = (unsigned char)s.p[i];
		size_t more = b >= 0xF0 ? 3 : b >= 0xE0 ? 2
		    : b >= 0xC0                         ? 1
							: 0;
		unsigned code = more == 0 ? b : b & (0x3Fu >> more);

		if (b < 0x80 && memchr("<>&\"'", b, 5) == NULL) {
			p[n++] = (char)b;
			continue;
		}
		for (; more > 0 && i + 1 < s.n; more--)
			code = code << 6 | ((unsigned char)s.p[++i] & 0x3Fu);
		n += (size_t)snprintf(p + n, 11, "&#%u;", code);
	}
	return tc_str_of(p, n);
}

/* "Privacy choices" in the languages of the choices page. */
static struct tc_str
link_label(const struct tc_site *site)
{
	static const struct {
		struct tc_str language, label;
	} rows[] = {
		{TC_STR_INIT("es"), TC_STR_INIT("Opciones de privacidad")},
		{TC_STR_INIT("fr"), TC_STR_INIT("Choix de confidentialité")},
		{TC_STR_INIT("de"), TC_STR_INIT("Datenschutz-Auswahl")},
		{TC_STR_INIT("nl"), TC_STR_INIT("Privacykeuzes")},
		{TC_STR_INIT("it"), TC_STR_INIT("Scelte sulla privacy")},
		{TC_STR_INIT("pt"), TC_STR_INIT("Opções de privacidade")},
		{TC_STR_INIT("zh"), TC_STR_INIT("隐私选项")},
		{TC_STR_INIT("ja"), TC_STR_INIT("プライバシーの選択")},
		{TC_STR_INIT("ar"), TC_STR_INIT("خيارات الخصوصية")},
	};

	for (size_t i = 0; site->languages.n > 0 && i < sizeof(rows) / sizeof(*rows); i++)
		if (tc_istarts(site->languages.v[0], rows[i].language))
			return rows[i].label;
	return TC_STR("Privacy choices");
}

/* Only what a person looks at as a page gets text: no fragment, no frame. */
static bool
shown_as_page(const struct tc_request *req)
{
	return req->dest == TC_DEST_DOCUMENT || req->dest == TC_DEST_ABSENT;
}

static void
make_extra(struct tc_call *c, struct rewrite_extra *extra)
{
	struct tc_str status = status_text(c), path = escaped(c, c->site->choices_path);
	struct tc_str label = escaped(c, link_label(c->site));
	struct tc_str link = tc_join(c->arena,
	    (struct tc_str[]){TC_STR("<a data-tacet=\"link\" href=\""), path, TC_STR("\">"), label, TC_STR("</a>")}, 5);

	*extra = (struct rewrite_extra){.status = {"", 0}};
	if (!shown_as_page(c->req) || link.p == NULL || c->site->choices_path.n == 0)
		return;
	if (status.n > 0) {
		extra->status = tc_join(c->arena,
		    (struct tc_str[]){TC_STR("<div role=\"status\" data-tacet=\"status\">"), escaped(c, status),
			TC_STR(" <a href=\""), path, TC_STR("\">"), label, TC_STR("</a></div>")},
		    7);
		if (extra->status.p == NULL)
			extra->status = tc_str_of("", 0);
	}
	if (c->site->choices_link != TC_LINK_NONE)
		extra->link = link;
	if (c->site->choices_link == TC_LINK_AUTO)
		extra->at_end = link;
}

static int
emit(void *to, const char *p, size_t n)
{
	return tc_emit(to, p, n);
}

/* ---- the body ---- */

static void
set_up(struct tc_call *c, struct html *st)
{
	struct rewrite_env *env = &st->env;
	bool policy = tc_field_first(&c->res->fields, TC_F_CONTENT_SECURITY_POLICY) != NULL;
	char buf[URL_MAX + 64];

	env->call = c;
	env->db = c->conf;
	env->known = &st->known;
	env->acts = acts(c);
	env->embeds = (uint8_t)embeds_of(c);
	page_of(c, &env->page);
	if (!page_url(c, &env->doc, buf) || !judge_keep_url(&env->doc, c->arena))
		env->doc = (struct url){.scheme = URL_NONE};
	/* a policy may refuse data: */
	env->image = policy ? TC_STR("/.well-known/tacet/1x1.gif") : REWRITE_IMAGE;
	rewrite_init(&st->rw, env, emit, c);
	make_extra(c, &st->extra);
	st->rw.extra = &st->extra;
}

/* An encoding that must be converted: from now on it comes as UTF-8, and says so by its byte order mark. */
static int
begin_convert(struct tc_call *c, struct html *st, enum charset charset)
{
	static const char *const names[] = {
		[CHARSET_UTF16LE] = "UTF-16LE",
		[CHARSET_UTF16BE] = "UTF-16BE",
		[CHARSET_ISO_2022_JP] = "ISO-2022-JP",
	};

	if (charset == CHARSET_REPLACEMENT || (st->convert = iconv_open("UTF-8", names[charset])) == (iconv_t)-1) {
		tc_bypassed(c, TC_BYPASS_CHARSET);
		st->state = PAGE_NOTHING;
		return 0;
	}
	st->converting = true;
	st->state = PAGE_CONVERT;
	return tc_emit(c, "\xEF\xBB\xBF", 3);
}

/* Looks at the first bytes. 0 with PAGE_START: more of them are needed. */
static int
begin(struct tc_call *c, struct html *st, struct tc_str *in, bool last)
{
	enum charset bom, charset;
	size_t n;

	if (st->sniff) {
		int html = charset_sniff_html(*in, last);

		if (html <= 0) {
			st->state = html == 0 ? PAGE_PASS : PAGE_START;
			return 0;
		}
	}
	if (in->n < 3 && !last)
		return 0;
	bom = charset_bom(*in, &n);
	charset = bom != CHARSET_NONE ? bom : (enum charset)st->declared;
	if (charset == CHARSET_NONE) {
		if (in->n < CHARSET_PRESCAN && !last)
			return 0;
		charset = charset_prescan(*in);
	}
	set_up(c, st);
	if (charset <= CHARSET_ASCII) {
		st->state = charset == CHARSET_ASCII ? PAGE_BYTES : PAGE_CLEANED;
		tc_skip(in, n); /* a byte order mark is no text of the page */
		return n > 0 ? tc_emit(c, "\xEF\xBB\xBF", n) : 0;
	}
	tc_skip(in, n);
	return begin_convert(c, st, charset);
}

/* With ESC bytes as spaces; where there are none nothing is copied. */
static int
run_cleaned(struct html *st, struct tc_str *in, bool last)
{
	size_t n = in->n;
	struct tc_str copy;
	char *p;
	int rc;

	if (tc_find_byte(*in, 0x1B) == in->n)
		return rewrite_run(&st->rw, in, last);
	p = malloc(n);
	if (p == NULL)
		return -1;
	for (size_t i = 0; i < n; i++)
		p[i] = in->p[i] == 0x1B ? ' ' : in->p[i];
	copy = tc_str_of(p, n);
	rc = rewrite_run(&st->rw, &copy, last);
	tc_skip(in, n - copy.n);
	explicit_bzero(p, n);
	free(p);
	return rc;
}

static int
room_for(struct html *st, size_t n)
{
	char *p;

	if (st->text_n + n <= st->text_cap)
		return 0;
	if (st->text_n + n > CONVERTED_MAX || (p = realloc(st->text, st->text_n + n)) == NULL)
		return -1;
	st->text = p;
	st->text_cap = st->text_n + n;
	return 0;
}

/* One step of conversion into st->text. False: what is left of in is half a character. */
static int
convert_some(struct html *st, struct tc_str *in, bool *more)
{
	char *from = (char *)(uintptr_t)in->p, *to;
	size_t left = in->n, room = CONVERT_STEP, rc;

	*more = false;
	if (room_for(st, CONVERT_STEP + 4) < 0)
		return -1;
	to = st->text + st->text_n;
	rc = iconv(st->convert, &from, &left, &to, &room);
	st->text_n += CONVERT_STEP - room;
	tc_skip(in, in->n - left);
	if (rc != (size_t)-1 || errno == EINVAL)
		return 0;
	*more = true;
	if (errno == EILSEQ) { /* what cannot be read is one U+FFFD */
		memcpy(st->text + st->text_n, "\xEF\xBF\xBD", 3);
		st->text_n += 3;
		tc_skip(in, 1);
	}
	return 0;
}

static int
run_converted(struct html *st, struct tc_str *in, bool last)
{
	bool more = true;

	while (more) {
		struct tc_str text;

		if (convert_some(st, in, &more) < 0)
			return -1;
		if (last && !more)
			tc_skip(in, in->n); /* half a character at the end is none */
		text = tc_str_of(st->text, st->text_n);
		if (rewrite_run(&st->rw, &text, last && !more) < 0)
			return -1;
		memmove(st->text, text.p, text.n);
		st->text_n = text.n;
	}
	return 0;
}

static int
html_body(struct tc_call *c, struct tc_str *in, bool last)
{
	struct html *st = c->state;
	int rc;

	if (st->state == PAGE_START) {
		rc = begin(c, st, in, last);
		if (rc < 0 || st->state == PAGE_START)
			return rc;
	}
	switch ((enum page_state)st->state) {
	case PAGE_BYTES:
		return rewrite_run(&st->rw, in, last);
	case PAGE_CLEANED:
		return run_cleaned(st, in, last);
	case PAGE_CONVERT:
		return run_converted(st, in, last);
	case PAGE_PASS:
		rc = tc_emit(c, in->p, in->n);
		break;
	default:
		rc = 0;
		break;
	}
	tc_skip(in, in->n);
	return rc;
}

static void
html_done(struct tc_call *c)
{
	struct html *st = c->state;

	if (st->converting)
		(void)iconv_close(st->convert);
	if (st->text != NULL)
		explicit_bzero(st->text, st->text_cap);
	free(st->text);
	st->text = NULL;
	st->converting = false;
}

/* The matcher's block of the same snapshot is all that requests share. */
static int
html_load(struct tc_loader *l, void **conf)
{
	*conf = l->conf_of(l, &filter_lists);
	if (*conf != NULL)
		return 0;
	l->say(l, true, "html-lists", "the rewriter needs the lists, which were not loaded");
	return -1;
}

const struct tc_filter filter_html = {
	.name = "html",
	.help = "take trackers out of pages",
	.phase = TC_REWRITE,
	.state_size = sizeof(struct html),
	.options = html_options,
	.option_count = sizeof(html_options) / sizeof(*html_options),
	.options_size = sizeof(struct html_opts),
	.load = html_load,
	.request = html_request,
	.response = html_response,
	.body = html_body,
	.done = html_done,
};
