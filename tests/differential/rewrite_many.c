/*
 * rewrite_many.c: pages through filter_html, one after another, for tests that judge its output elsewhere. The page and
 * the lists are those of html_run.h.
 *
 *	in:  which charset (1 byte: charsets[]), seed of the cuts (4 bytes), length (4 bytes), the page; any number of times
 *	out: verdict (1 byte: enum verdict), length of the charset's name (1 byte), the name, length (4 bytes), the output
 *
 * Numbers are little-endian. The output of the whole page must be that of pieces (verdict CUT), and that of a second
 * pass over it (AGAIN). Ends with the input.
 */
#include "html_run.h"

enum verdict { GOOD,
	CUT,
	AGAIN,
	REFUSED };
enum { PAGE_LIMIT = 16 << 20,
	CUTS = 64 };

static const struct tc_str charsets[] = {TC_STR_INIT("utf-8"), TC_STR_INIT(""), TC_STR_INIT("windows-1252"),
    TC_STR_INIT("shift_jis"), TC_STR_INIT("gb18030"), TC_STR_INIT("utf-16le"), TC_STR_INIT("utf-16be"),
    TC_STR_INIT("iso-2022-jp"), TC_STR_INIT("euc-kr")};

static uint32_t
number(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void
write_out(uint8_t verdict, struct tc_str charset, struct tc_str out)
{
	uint8_t n[4] = {(uint8_t)out.n, (uint8_t)(out.n >> 8), (uint8_t)(out.n >> 16), (uint8_t)(out.n >> 24)};

	(void)putchar(verdict);
	(void)putchar((int)charset.n);
	(void)fwrite(charset.p, 1, charset.n, stdout);
	(void)fwrite(n, 1, sizeof(n), stdout);
	(void)fwrite(out.p, 1, out.n, stdout);
	(void)fflush(stdout);
}

static struct fake_call *
page_in(struct tc_str charset)
{
	struct fake_call *f = fake_new(&filter_html);

	f->conf = html_db();
	f->req.path = f->req.match = TC_STR("/dir/page.html");
	f->res.charset = charset;
	if (fake_respond(f) != 0)
		fake_free(&f);
	return f;
}

/* Whether pieces of random lengths make the same output. */
static bool
pieces_agree(struct tc_str charset, struct tc_str in, struct tc_str out, uint32_t seed)
{
	struct fake_call *f = page_in(charset);
	size_t cuts[CUTS], n = seed % CUTS;
	bool same;

	for (size_t i = 0, at = 0; i < n; i++) {
		seed = seed * 1664525u + 1013904223u;
		at += (seed >> 8) % (in.n / (n + 1) * 2 + 2);
		cuts[i] = at < in.n ? at : in.n;
	}
	f->late_end = (seed & 1) != 0;
	same = fake_feed(f, in, cuts, n) == 0 && tc_eq(fake_out(f), out);
	fake_free(&f);
	return same;
}

/* Whether the output, read as what it says it is, is left as it is. */
static bool
again_agrees(struct tc_str charset, struct tc_str out)
{
	struct fake_call *f = page_in(charset);
	bool same = f != NULL && fake_feed(f, out, NULL, 0) == 0 && tc_eq(fake_out(f), out);

	fake_free(&f);
	return same;
}

/* What the response's head says at the end: "" if nothing. */
static struct tc_str
charset_out(const struct fake_call *f, struct tc_str was)
{
	const struct tc_field *type = tc_field_first(&f->res.fields, TC_F_CONTENT_TYPE);

	if (type == NULL)
		return was;
	return tc_find(type->value, TC_STR("utf-8")) < type->value.n ? charsets[0] : was;
}

static void
rewrite_one(struct tc_str charset, struct tc_str in, uint32_t seed)
{
	struct fake_call *f = page_in(charset);
	struct tc_str out, said;
	enum verdict verdict = GOOD;

	if (f == NULL || fake_feed(f, in, NULL, 0) != 0) {
		write_out(REFUSED, tc_str_of("", 0), tc_str_of("", 0));
		fake_free(&f);
		return;
	}
	out = fake_out(f);
	said = charset_out(f, charset);
	if (!pieces_agree(charset, in, out, seed))
		verdict = CUT;
	else if (!again_agrees(said, out))
		verdict = AGAIN;
	write_out((uint8_t)verdict, said, out);
	fake_free(&f);
}

int
main(void)
{
	uint8_t head[9];

	while (fread(head, 1, sizeof(head), stdin) == sizeof(head)) {
		uint32_t n = number(head + 5);
		char *page = n <= PAGE_LIMIT ? malloc(n + 1) : NULL;

		if (page == NULL || head[0] >= sizeof(charsets) / sizeof(*charsets) || fread(page, 1, n, stdin) != n)
			return 1;
		rewrite_one(charsets[head[0]], tc_str_of(page, n), number(head + 1));
		free(page);
	}
	return 0;
}
