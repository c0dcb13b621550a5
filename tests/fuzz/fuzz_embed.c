/*
 * fuzz_embed.c: embeds. First byte: the mode, and where the page is cut. The rest is a page with frames: the output does
 * not depend on the cut, stays as it is when rewritten again, and where embeds are asked for or removed none is left. And
 * it is a URL: what is read of it can be carried in a query and read again, in privacy mode too.
 */
#include "filters/html/embed.h"
#include "html_run.h"

#define must(ok) \
	do { \
		if (!(ok)) { \
			fprintf(stderr, "line %d: %s\n", __LINE__, #ok); \
			abort(); \
		} \
	} while (0)

static const struct html_opts modes[] = {{EMBEDS_KEEP, false}, {EMBEDS_PRIVACY_MODE, false}, {EMBEDS_CLICK_TO_LOAD, false},
    {EMBEDS_REMOVE, true}};

static struct fake_call *
page(int mode)
{
	struct fake_call *f = fake_new(&filter_html);

	f->conf = html_db();
	f->call.opts = &modes[mode];
	f->req.path = f->req.match = TC_STR("/dir/page.html");
	must(fake_respond(f) == 0);
	return f;
}

/* The page in this mode is this. */
static void
same(int mode, struct tc_str in, const size_t *cut, struct tc_str out, bool quiet)
{
	struct fake_call *f = page(mode);

	must(fake_feed(f, in, cut, cut != NULL ? 1 : 0) == 0);
	must(tc_eq(fake_out(f), out));
	must(!quiet || f->did_n == 0);
	fake_free(&f);
}

static void
check_page(int mode, struct tc_str in, size_t cut)
{
	struct fake_call *f = page(mode);
	struct tc_str out;

	must(fake_feed(f, in, NULL, 0) == 0);
	out = fake_out(f);
	same(mode, in, &cut, out, false);
	same(mode, out, NULL, out, true);
	if (mode == EMBEDS_CLICK_TO_LOAD || mode == EMBEDS_REMOVE)
		same(EMBEDS_REMOVE, out, NULL, out, true);
	fake_free(&f);
}

static void
check_url(struct tc_str text)
{
	static char soft[TC_EMBED_URL_MAX], out[TC_EMBED_URL_MAX], code[3 * TC_EMBED_URL_MAX], back[3 * TC_EMBED_URL_MAX];
	struct tc_embed_url url, again;
	const struct tc_embed *e = tc_embed_read(text, &url);
	size_t n;

	if (e == NULL)
		return;
	n = tc_embed_page(e, &url, out);
	must(n > 8 && n <= TC_EMBED_URL_MAX && memcmp(out, "https://", 8) == 0);
	n = tc_embed_soften(e, &url, soft);
	if (n == 0)
		return;
	must(tc_embed_read(tc_str_of(soft, n), &again) != NULL);
	must(tc_embed_soften(tc_embed_find(again.host, again.path), &again, out) == n && memcmp(soft, out, n) == 0);
	must(tc_embed_decode(tc_str_of(code, tc_embed_encode(tc_str_of(soft, n), code)), back) == n && memcmp(soft, back, n) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char back[1 << 16];
	struct tc_str in;

	if (size < 1)
		return 0;
	in = tc_str_of((const char *)data + 1, size - 1);
	check_page(data[0] % 4, in, (size_t)(data[0] / 4) * in.n / 64);
	check_url(in);
	if (in.n <= sizeof(back))
		check_url(tc_str_of(back, tc_embed_decode(in, back)));
	return 0;
}
