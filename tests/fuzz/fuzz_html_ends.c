/*
 * fuzz_html_ends.c: any beginning of any page through the rewriter. First byte: where it is cut, second: what follows the cut.
 * What must hold: what has left by then is the front of the output whatever follows; the end may come there, nothing
 * is left then, and rewriting that output changes nothing; no byte behind the input is read (the memory is of its size).
 */
#include "html_run.h"

#define must(ok) \
	do { \
		if (!(ok)) { \
			fprintf(stderr, "line %d: %s\n", __LINE__, #ok); \
			abort(); \
		} \
	} while (0)

static const char *const follows[] = {" src=//t.example/p>", "'\" src='//t.example/q'>x", "--></script></style></noscript></iframe>x",
    "t.example/p'\")</script><b>", "]]></svg></select></template><xmp>", "=", "\0", "</title></textarea><script>//t.example/p",
    "<select><svg><noscript>", "></br><p><frameset>", "-->\">'>"};
enum { FOLLOWS = sizeof(follows) / sizeof(*follows) };

/* One call over memory of exactly this size; how much was left. */
static size_t
feed_exact(struct fake_call *f, struct tc_str in, bool last)
{
	char *bytes = malloc(in.n > 0 ? in.n : 1);
	struct tc_str at = {bytes, in.n};

	must(bytes != NULL);
	if (in.n > 0)
		memcpy(bytes, in.p, in.n);
	f->call.conf = f->conf;
	f->call.res = &f->res;
	must(fake_body(f, &at, last) == 0);
	free(bytes);
	return at.n;
}

static void
check_follow(struct tc_str begin, struct tc_str sent, const char *follow)
{
	size_t more = strlen(follow), n;
	char *page = malloc(begin.n + more + 1), *out;

	must(page != NULL);
	memcpy(page, begin.p, begin.n);
	memcpy(page + begin.n, follow, more + 1);
	out = html_output(tc_str_of(page, begin.n + more), 0, &n);
	must(n >= sent.n && memcmp(out, sent.p, sent.n) == 0);
	free(out);
	free(page);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fake_call *f;
	struct tc_str begin;
	char *again;
	size_t n;

	if (size < 3 || size > 20000)
		return 0;
	begin = tc_str_of((const char *)data + 2, 1 + (size - 3) * data[0] / 255);

	f = html_page();
	must(feed_exact(f, begin, false) <= 262144 + 128);
	check_follow(begin, fake_out(f), follows[data[1] % FOLLOWS]);
	fake_free(&f);

	f = html_page();
	must(feed_exact(f, begin, true) == 0);
	again = html_output(fake_out(f), 0, &n);
	must(tc_eq(tc_str_of(again, n), fake_out(f)));
	free(again);
	fake_free(&f);
	return 0;
}
