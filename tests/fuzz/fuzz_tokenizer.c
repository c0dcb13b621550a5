/*
 * fuzz_tokenizer.c: the tokenizer in every initial state. First byte: state and cut. What must hold: the tokens take
 * every byte once, in order, wherever the input is cut; slices lie inside their tag.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "filters/html/tokenizer.h"

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* Kinds and lengths, pieces of one text or comment joined. */
struct trace {
	struct {
		uint8_t kind;
		uint32_t n;
	} v[4096];
	size_t n;
};

static void
note(struct trace *t, enum tok_kind kind, const struct token *tk)
{
	bool piece = kind == TOK_TEXT ||
	    ((kind == TOK_COMMENT || kind == TOK_BOGUS || kind == TOK_DOCTYPE) && !tk->begins);

	if (piece && t->n > 0 && t->v[t->n - 1].kind == kind) {
		t->v[t->n - 1].n += (uint32_t)tk->n;
	} else if (t->n < sizeof(t->v) / sizeof(*t->v)) {
		t->v[t->n].kind = (uint8_t)kind;
		t->v[t->n++].n = (uint32_t)tk->n;
	}
}

static void
check_tag(const struct token *tk, struct tc_str in)
{
	must(tk->name.p > in.p && tk->name.p + tk->name.n < in.p + tk->n && in.p[tk->n - 1] == '>');
	for (size_t i = 0; i < tk->attr_n; i++) {
		const struct tok_attr *a = &tk->attr[i];

		must(a->name_n > 0 && a->name + a->name_n <= a->value && a->value + a->value_n < tk->n);
		must(a->quote == 0 || a->quote == 'u' || in.p[a->value - 1] == a->quote);
	}
}

static void
giant(struct tok *t, struct tc_str *in, bool last)
{
	bool self_closing;
	struct tok_attr a;
	size_t n;

	while (in->n > 0) {
		enum tok_part part = tok_attr(t, *in, 256, &a, &self_closing, &n);

		if (part == TOK_PART_MORE) {
			must(last);
			in->n = 0;
			return;
		}
		must(n > 0 && n <= in->n);
		tc_skip(in, n);
		if (part == TOK_PART_END)
			return;
		for (bool done = part != TOK_PART_LONG; !done && in->n > 0; tc_skip(in, n))
			n = tok_long(t, *in, &a, &done);
	}
}

static void
run(struct tc_str all, size_t cut, uint8_t mode, struct trace *trace)
{
	static struct token tk;
	struct tok t = {.cdata = mode == TOK_CDATA};
	size_t at = 0;

	tok_text_mode(&t, (enum tok_mode)mode, mode == TOK_DATA ? tc_str_of("", 0) : TC_STR("script"));
	for (int piece = 0; piece < 2; piece++) {
		size_t have = piece == 0 ? cut : all.n;
		char *bytes = malloc(have - at + 1);
		struct tc_str in = {bytes, have - at};

		must(bytes != NULL);
		memcpy(bytes, all.p + at, in.n);
		while (in.n > 0) {
			enum tok_kind kind = tok_next(&t, in, have == all.n, &tk);

			if (kind == TOK_MORE)
				break;
			must(tk.n > 0 && tk.n <= in.n);
			if (kind == TOK_START || kind == TOK_END)
				check_tag(&tk, in);
			note(trace, kind, &tk);
			tc_skip(&in, tk.n);
			if (kind != TOK_GIANT)
				continue;
			giant(&t, &in, true);
			t.mode = TOK_DATA;
			trace->n = 0; /* what comes after it is compared no more */
			free(bytes);
			return;
		}
		at = have - in.n;
		free(bytes);
	}
	must(at == all.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trace whole, cut;
	struct tc_str in;
	uint8_t mode;

	if (size < 2 || size > 100000)
		return 0;
	in = tc_str_of((const char *)data + 1, size - 1);
	mode = data[0] % 6;
	whole.n = cut.n = 0;
	run(in, in.n, mode, &whole);
	run(in, data[0] * in.n / 256, mode, &cut);
	must(whole.n == 0 || cut.n == 0 ||
	    (whole.n == cut.n && memcmp(whole.v, cut.v, whole.n * sizeof(*whole.v)) == 0));
	return 0;
}
