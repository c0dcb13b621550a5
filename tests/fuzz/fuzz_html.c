/*
 * fuzz_html.c: any page through the rewriter. First byte: how it is cut, and how the visitor and the response are. What
 * must hold: the output does not depend on the cuts; rewriting it again changes nothing and finds nothing; nothing is
 * held beyond the caps; with nothing denied, the output is the input.
 */
#include "html_run.h"

#define must(ok) \
	do { \
		if (!(ok)) { \
			fprintf(stderr, "line %d: %s\n", __LINE__, #ok); \
			abort(); \
		} \
	} while (0)

enum { CHARSETS = 4 };

static const struct tc_str charsets[CHARSETS] = {TC_STR_INIT("utf-8"), TC_STR_INIT("utf-8"), TC_STR_INIT(""),
    TC_STR_INIT("iso-2022-jp")};

/* What the rewritten page says of itself, if anything. */
static struct tc_str
charset_said(const struct fake_call *f, struct tc_str otherwise)
{
	struct tc_str type = tc_field_value(&f->res.fields, TC_F_CONTENT_TYPE);
	size_t at = tc_find(type, TC_STR("charset="));

	return at < type.n ? tc_str_of(type.p + at + 8, type.n - at - 8) : otherwise;
}

static struct fake_call *
page(unsigned how, bool deny, struct tc_str charset)
{
	struct fake_call *f = fake_new(&filter_html);

	f->conf = html_db();
	f->req.path = TC_STR("/dir/page.html");
	f->res.charset = charset;
	f->site.choices_link = (how & 4) != 0 ? TC_LINK_AUTO : TC_LINK_MARKER;
	if (!deny) {
		f->decision.denied = 0;
		f->site.choices_link = TC_LINK_AUTO; /* else it would not want the body at all */
		f->site.choices_path = tc_str_of("", 0);
	}
	if ((how & 8) != 0)
		f->decision.denied |= deny ? TC_CLASS_BIT(TC_UNKNOWN) : 0;
	must(fake_respond(f) == 0);
	return f;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fake_call *whole, *cut, *again, *none;
	struct tc_str in, out;
	unsigned how;
	size_t at;

	if (size < 2)
		return 0;
	how = data[0] % 16;
	in = tc_str_of((const char *)data + 1, size - 1);
	at = data[0] * in.n / 256;

	whole = page(how, true, charsets[how % CHARSETS]);
	if (fake_feed(whole, in, NULL, 0) != 0) { /* in an encoding that nobody reads (fuzz_charset.c) */
		must(whole->out_n == 0 && whole->bypassed[TC_BYPASS_CHARSET] == 1);
		fake_free(&whole);
		return 0;
	}
	out = fake_out(whole);

	cut = page(how, true, charsets[how % CHARSETS]);
	cut->late_end = true;
	must(fake_feed(cut, in, &at, 1) == 0);
	must(tc_eq(fake_out(cut), out));
	fake_free(&cut);
	if (in.n < 2048) {
		cut = page(how, true, charsets[how % CHARSETS]);
		must(fake_feed_by(cut, in, 1) == 0);
		must(tc_eq(fake_out(cut), out));
		must(cut->held <= 262144 + 128);
		fake_free(&cut);
	}

	again = page(how, true, charset_said(whole, charsets[how % CHARSETS]));
	must(fake_feed(again, out, NULL, 0) == 0);
	must(tc_eq(fake_out(again), out));
	must(again->did_n == 0);
	fake_free(&again);

	if (how % CHARSETS < 2 && (in.n < 2 || ((uint8_t)in.p[0] != 0xFF && (uint8_t)in.p[0] != 0xFE))) {
		none = page(how, false, charsets[how % CHARSETS]);
		must(fake_feed(none, in, &at, 1) == 0);
		must(tc_eq(fake_out(none), in));
		must(none->did_n == 0);
		fake_free(&none);
	}
	fake_free(&whole);
	return 0;
}
