/*
 * fuzz_charset.c: any bytes as a page of any encoding. First byte: how it is declared; second: where it is cut. What must
 * hold: output and head do not depend on the cuts; what comes out is read alike by who believes the head and by who does
 * not; and no tracker is left that was put into the page in its own encoding, wherever it stands.
 */
#include <iconv.h>

#include "html_run.h"

#define must(ok) \
	do { \
		if (!(ok)) { \
			fprintf(stderr, "line %d: %s\n", __LINE__, #ok); \
			abort(); \
		} \
	} while (0)

/* NULL: no Content-Type; "": none in it. coded: the encoding for iconv, NULL: bytes like ASCII. */
static const struct {
	const char *charset, *coded;
	struct tc_str before;
} ways[] = {
	{"utf-8", NULL, TC_STR_INIT("")},
	{"utf-16le", "UTF-16LE", TC_STR_INIT("")},
	{"utf-16be", "UTF-16BE", TC_STR_INIT("")},
	{"iso-2022-jp", "ISO-2022-JP", TC_STR_INIT("")},
	{"", NULL, TC_STR_INIT("")},
	{"", "UTF-16LE", TC_STR_INIT("\xFF\xFE")},
	{"windows-1252", "UTF-16BE", TC_STR_INIT("\xFE\xFF")},
	{"utf-16", NULL, TC_STR_INIT("\xEF\xBB\xBF")},
	{"", "ISO-2022-JP", TC_STR_INIT("<meta charset=iso-2022-jp>")},
	{"", "ISO-2022-JP", TC_STR_INIT("<?xml version='1.0' encoding='iso-2022-jp'?>")},
	{"", NULL, TC_STR_INIT("<meta charset=utf-16>")},
	{"shift_jis", NULL, TC_STR_INIT("")},
	{"gb18030", NULL, TC_STR_INIT("")},
	{NULL, NULL, TC_STR_INIT("")},
	{NULL, NULL, TC_STR_INIT("<p>")},
};

enum { WAYS = sizeof(ways) / sizeof(*ways) };

static struct fake_call *
page(unsigned way)
{
	const char *charset = ways[way].charset;
	struct fake_call *f = fake_new(&filter_html);

	f->conf = html_db();
	f->req.path = TC_STR("/dir/page.html");
	f->res.charset = tc_str_from(charset != NULL ? charset : "");
	if (charset == NULL)
		f->res.type = tc_str_of("", 0);
	must(fake_respond(f) == 0);
	return f;
}

static struct tc_str
type_of(const struct fake_call *f)
{
	return tc_field_value(&f->res.fields, TC_F_CONTENT_TYPE);
}

/* The outcome in two pieces, and byte by byte. */
static void
check_cuts(unsigned way, struct tc_str in, size_t at, const struct fake_call *whole, int rc)
{
	for (int i = 0; i < 2; i++) {
		struct fake_call *f = page(way);

		f->late_end = i == 0;
		must((i == 0 ? fake_feed(f, in, &at, 1) : fake_feed_by(f, in, 1)) == rc);
		must(tc_eq(fake_out(f), fake_out(whole)));
		must(tc_eq(type_of(f), type_of(whole)));
		must(f->head_held == whole->head_held);
		fake_free(&f);
		if (in.n > 4096)
			break;
	}
}

/* text in another encoding, behind p; n: room. What it came to. */
static size_t
coded(const char *name, const char *text, char *p, size_t n)
{
	char *in = (char *)(uintptr_t)text, *out = p;
	size_t left = strlen(text), room = n;
	iconv_t c;

	if (name == NULL) {
		must(left <= n);
		memcpy(p, text, left);
		return left;
	}
	c = iconv_open(name, "UTF-8");
	must(c != (iconv_t)-1);
	must(iconv(c, &in, &left, &out, &room) != (size_t)-1);
	must(iconv_close(c) == 0);
	return n - room;
}

/*
 * A tracker behind the bytes. They may be a comment, a script, half a character: so what ends all of them, as far as
 * a page can, stands before it, and the tracker counts only if it came out as a tag.
 */
static void
check_tracker(unsigned way, struct tc_str in)
{
	static const char tail[] = "<img src=https://t.example/pixel.gif>";
	struct fake_call *f = page(way);
	char *all = malloc(in.n + 512);
	struct tc_str out;
	size_t n = in.n;

	must(all != NULL);
	memcpy(all, in.p, in.n);
	n += coded(ways[way].coded, tail, all + n, 512);
	if (fake_feed_by(f, tc_str_of(all, n), 7) == 0 && f->want_body) {
		struct fake_call *again = fake_new(&filter_html);

		/* As a browser that believes the head would read it: there must be nothing left to do. */
		out = fake_out(f);
		again->conf = html_db();
		again->req.path = TC_STR("/dir/page.html");
		must(type_of(f).n == 0 || tc_istarts(type_of(f), TC_STR("text/html")));
		again->res.charset = type_of(f).n > 19 ? tc_str_of(type_of(f).p + 19, type_of(f).n - 19) : f->res.charset;
		if (ways[way].charset == NULL && type_of(f).n == 0)
			again->res.type = tc_str_of("", 0);
		must(tc_eq(again->res.charset, TC_STR("")) || !tc_istarts(again->res.charset, TC_STR("utf-16")));
		must(fake_respond(again) == 0);
		must(fake_feed(again, out, NULL, 0) == 0);
		must(tc_eq(fake_out(again), out));
		must(again->did_n == 0);
		fake_free(&again);
	}
	free(all);
	fake_free(&f);
}

/* The tracker alone, in the encoding: nothing before it could swallow it. */
static void
check_alone(unsigned way)
{
	static bool done[WAYS];
	char all[1024];
	size_t n = ways[way].before.n;
	struct fake_call *f;

	if (done[way] || (ways[way].charset == NULL && n == 0))
		return;
	done[way] = true;
	f = page(way);
	memcpy(all, ways[way].before.p, n);
	n += coded(ways[way].coded, "<p>\xE3\x81\x82<img src=https://t.example/pixel.gif>", all + n, sizeof(all) - n);
	must(fake_feed_by(f, tc_str_of(all, n), 1) == 0);
	must(f->did_n == 1);
	must(tc_find(fake_out(f), TC_STR("t.example")) == f->out_n);
	fake_free(&f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fake_call *whole;
	struct tc_str in;
	unsigned way;
	char *all;
	int rc;

	if (size < 2)
		return 0;
	way = data[0] % WAYS;
	in.n = ways[way].before.n + size - 2;
	in.p = all = malloc(in.n + 1);
	must(all != NULL);
	memcpy(all, ways[way].before.p, ways[way].before.n);
	memcpy(all + ways[way].before.n, data + 2, size - 2);

	whole = page(way);
	rc = fake_feed(whole, in, NULL, 0);
	must(rc == 0 || (whole->out_n == 0 && whole->bypassed[TC_BYPASS_CHARSET] == 1));
	check_cuts(way, in, (size_t)data[1] * in.n / 256, whole, rc);
	check_tracker(way, in);
	check_alone(way);
	fake_free(&whole);
	free(all);
	return 0;
}
