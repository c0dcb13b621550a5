/* test_chain.c: the core's half of the body contract: leftovers, order, room, ends, with filters made for the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

#include "../../proxy/core/chain.c"

/* ---- five small filters ---- */

/* Doubles each byte; stops when there is no room: a decoder. */
static int
double_response(struct tc_call *c)
{
	assert_false(tc_eq(c->req->path, TC_STR("/packed-only")));
	tc_want_body(c);
	return 0;
}

static int
double_body(struct tc_call *c, struct tc_str *in, bool last)
{
	(void)last;
	while (in->n > 0 && tc_room(c) >= 2) {
		char two[2] = {in->p[0], in->p[0]};

		if (tc_emit(c, two, 2) < 0)
			return -1;
		tc_skip(in, 1);
	}
	return 0;
}

/* Passes whole words (up to a space) and leaves the rest: needs leftovers. */
struct words {
	size_t words;
	bool done;
};

static int
words_response(struct tc_call *c)
{
	if (tc_eq(c->req->path, TC_STR("/packed-only")))
		return 0;
	tc_want_body(c);
	return 0;
}

static int
words_body(struct tc_call *c, struct tc_str *in, bool last)
{
	struct words *st = c->state;

	for (;;) {
		size_t at = tc_find_byte(*in, ' ');

		if (at == in->n && !last)
			return 0;
		if (in->n == 0)
			return 0;
		if (at > 0 && in->p[0] == '!')
			return -1;
		st->words++;
		if (tc_emit(c, "[", 1) < 0 || tc_emit(c, in->p, at) < 0 || tc_emit(c, "]", 1) < 0)
			return -1;
		tc_skip(in, at < in->n ? at + 1 : at);
	}
}

static int dones;

static void
words_done(struct tc_call *c)
{
	(void)c;
	dones++;
}

static int
head_request(struct tc_call *c)
{
	if (tc_eq(c->req->path, TC_STR("/answer"))) {
		tc_answer(c, "text/plain", TC_STR("edge"), NULL);
		return 200;
	}
	tc_did(c, TC_DID_REQUEST_COOKIE, TC_ADVERTISING, TC_PACK_BUILT_IN, TC_STR("x"));
	return 0;
}

static const struct tc_filter filter_head = {.name = "head", .phase = TC_HEAD, .request = head_request};
static const struct tc_filter filter_words = {.name = "words", .phase = TC_REWRITE, .state_size = sizeof(struct words), .response = words_response, .body = words_body, .done = words_done};
static const struct tc_filter filter_double = {
	.name = "double", .phase = TC_DECODE, .response = double_response, .body = double_body};

/* Holds all that comes until nothing more is at hand, then brackets it: an encoder, for some paths. */
static int holds_asked;

static int
holds_response(struct tc_call *c)
{
	holds_asked++;
	if (tc_starts(c->req->path, TC_STR("/packed")))
		tc_want_body(c);
	return 0;
}

static int
holds_body(struct tc_call *c, struct tc_str *in, bool last)
{
	if (!last && !tc_flushing(c))
		return 0;
	if (tc_emit(c, "{", 1) < 0 || tc_emit(c, in->p, in->n) < 0 || tc_emit(c, "}", 1) < 0)
		return -1;
	tc_skip(in, in->n);
	return 0;
}

static const struct tc_filter filter_holds = {
	.name = "holds", .phase = TC_ENCODE, .response = holds_response, .body = holds_body};

/* The rewriter stands before the decoder: the core orders bodies by phase. */
const struct tc_filter *const tc_filters[] = {&filter_head, &filter_words, &filter_double, &filter_holds, NULL};

/* ---- the fixture ---- */

struct fixture {
	struct tc_arena *arena;
	struct chain chain;
	struct tc_request req;
	struct tc_response res;
	struct tc_rule_set rules;
	struct tc_decision decision;
	struct tc_site site;
	struct tc_route route;
	const void *opts[4];
	void *confs[4];
	struct chain_scratch scratch;
	char out[1 << 20];
	size_t out_n, room;
};

static int
sink(void *ctx, const char *p, size_t n, bool more)
{
	struct fixture *f = ctx;

	(void)more;
	assert_true(f->out_n + n <= sizeof(f->out));
	memcpy(f->out + f->out_n, p, n);
	f->out_n += n;
	return 0;
}

static size_t
room(void *ctx)
{
	return ((struct fixture *)ctx)->room;
}

static struct fixture *
begin(const char *path)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->arena = arena_new(NULL, 1 << 20);
	f->req.path = tc_str_from(path);
	f->rules.opts = f->opts;
	f->decision.rules = &f->rules;
	f->room = SIZE_MAX;
	assert_int_equal(chain_begin(&f->chain, f->arena, f->confs, &f->decision, &f->site, &f->route, &f->req,
			     stats_lane(0), &f->scratch),
	    0);
	f->chain.sink = sink;
	f->chain.room = room;
	f->chain.ctx = f;
	return f;
}

static void
end(struct fixture *f)
{
	chain_end(&f->chain);
	arena_destroy(&f->arena);
	free(f);
}

/* ---- tests ---- */

static void
an_answer_at_the_edge_stops_the_chain(void **state)
{
	struct fixture *f = begin("/answer");

	(void)state;
	assert_int_equal(chain_request(&f->chain), 200);
	assert_true(f->chain.answered);
	assert_true(tc_eq(f->chain.answer.body, TC_STR("edge")));
	end(f);
}

static void
actions_are_counted(void **state)
{
	struct fixture *f = begin("/");
	uint64_t before = stats_lane(0)->cookies[0][TC_ADVERTISING];

	(void)state;
	assert_int_equal(chain_request(&f->chain), 0);
	assert_int_equal(stats_lane(0)->cookies[0][TC_ADVERTISING], before + 1);
	end(f);
}

/* The same output for every chunk size. The decoder doubles spaces too: an empty word stands between two. */
static void
output_does_not_depend_on_cuts(void **state)
{
	static const char in[] = "the quick brown fox jumps over the lazy dog";
	static const char want[] = "[tthhee][][qquuiicckk][][bbrroowwnn][][ffooxx][][jjuummppss][][oovveerr][][tthhee][]"
	    "[llaazzyy][][ddoogg]";

	(void)state;
	for (size_t step = 1; step <= sizeof(in); step++) {
		struct fixture *f = begin("/");

		assert_int_equal(chain_response(&f->chain, &f->res), 0);
		assert_int_equal(f->chain.body_n, 2);
		for (size_t i = 0; i < sizeof(in) - 1; i += step) {
			size_t n = sizeof(in) - 1 - i < step ? sizeof(in) - 1 - i : step;

			assert_int_equal(chain_feed(&f->chain, tc_str_of(in + i, n), false), 0);
		}
		assert_int_equal(chain_feed(&f->chain, tc_str_of("", 0), true), 0);
		assert_int_equal(f->out_n, sizeof(want) - 1);
		assert_memory_equal(f->out, want, sizeof(want) - 1);
		end(f);
	}
}

static void
a_decoder_waits_for_room(void **state)
{
	struct fixture *f = begin("/");
	int calls = 0, r;

	(void)state;
	assert_int_equal(chain_response(&f->chain, &f->res), 0);
	f->room = 4;
	r = chain_feed(&f->chain, TC_STR("abcdef"), true);
	while (r == 1 && calls++ < 10)
		r = chain_feed(&f->chain, tc_str_of("", 0), true);
	assert_int_equal(r, 0);
	assert_int_equal(calls, 2);
	assert_int_equal(f->out_n, 14);
	assert_memory_equal(f->out, "[aabbccddeeff]", 14);
	end(f);
}

static void
a_broken_body_is_reported(void **state)
{
	struct fixture *f = begin("/");

	(void)state;
	assert_int_equal(chain_response(&f->chain, &f->res), 0);
	assert_int_equal(chain_feed(&f->chain, TC_STR("! x"), false), -1);
	end(f);
}

static void
what_a_filter_leaves_is_bounded(void **state)
{
	struct fixture *f = begin("/");
	static char many[64 << 10];
	int r = 0;

	(void)state;
	memset(many, 'a', sizeof(many));
	assert_int_equal(chain_response(&f->chain, &f->res), 0);
	for (int i = 0; i < 64 && r == 0; i++)
		r = chain_feed(&f->chain, tc_str_of(many, sizeof(many)), false);
	assert_int_equal(r, -1);
	assert_int_equal(f->out_n, 0);
	end(f);
}

static void
done_is_called_once(void **state)
{
	struct fixture *f = begin("/");

	(void)state;
	dones = 0;
	assert_int_equal(chain_response(&f->chain, &f->res), 0);
	chain_end(&f->chain);
	end(f);
	assert_int_equal(dones, 1);
}

static void
no_body_hooks_without_a_body(void **state)
{
	struct fixture *f = begin("/");

	(void)state;
	f->res.head_only = true;
	assert_int_equal(chain_response(&f->chain, &f->res), 0);
	assert_true(f->chain.wanted);
	assert_false(chain_edits(&f->chain));
	end(f);
}

static void
expect_out(struct fixture *f, const char *want)
{
	assert_int_equal(f->out_n, strlen(want));
	assert_memory_equal(f->out, want, f->out_n);
}

/* What an encoder holds goes out when nothing more is at hand; what a rewriter holds, not before it is whole. */
static void
an_encoder_is_flushed(void **state)
{
	struct fixture *f = begin("/packed");

	(void)state;
	assert_int_equal(chain_response(&f->chain, &f->res), 0);
	assert_int_equal(f->chain.body_n, 3);
	assert_int_equal(chain_feed(&f->chain, TC_STR("a b"), false), 0);
	assert_int_equal(f->out_n, 0);
	assert_int_equal(chain_flush(&f->chain), 0);
	expect_out(f, "{[aa][]}");
	assert_int_equal(chain_feed(&f->chain, TC_STR(" c"), false), 0);
	assert_int_equal(chain_feed(&f->chain, tc_str_of("", 0), true), 0);
	expect_out(f, "{[aa][]}{[bb][][cc]}");
	end(f);
}

/* Encoders are asked about bodies that nobody edits, decoders are not. */
static void
an_encoder_may_be_alone(void **state)
{
	struct fixture *f = begin("/packed-only");

	(void)state;
	assert_int_equal(chain_response(&f->chain, &f->res), 0);
	assert_int_equal(f->chain.body_n, 1);
	assert_true(chain_holds(&f->chain));
	assert_int_equal(chain_feed(&f->chain, TC_STR("one "), false), 0);
	assert_int_equal(chain_feed(&f->chain, TC_STR("two"), true), 0);
	expect_out(f, "{one two}");
	end(f);
}

static void
nothing_is_flushed_without_an_encoder(void **state)
{
	struct fixture *f = begin("/");

	(void)state;
	holds_asked = 0;
	assert_int_equal(chain_response(&f->chain, &f->res), 0);
	assert_int_equal(holds_asked, 1);
	assert_false(chain_holds(&f->chain));
	assert_int_equal(chain_feed(&f->chain, TC_STR("a"), false), 0);
	assert_int_equal(chain_flush(&f->chain), 0);
	assert_int_equal(f->out_n, 0);
	end(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_at_the_edge_stops_the_chain),
		cmocka_unit_test(actions_are_counted),
		cmocka_unit_test(output_does_not_depend_on_cuts),
		cmocka_unit_test(a_decoder_waits_for_room),
		cmocka_unit_test(a_broken_body_is_reported),
		cmocka_unit_test(what_a_filter_leaves_is_bounded),
		cmocka_unit_test(done_is_called_once),
		cmocka_unit_test(no_body_hooks_without_a_body),
		cmocka_unit_test(an_encoder_is_flushed),
		cmocka_unit_test(an_encoder_may_be_alone),
		cmocka_unit_test(nothing_is_flushed_without_an_encoder),
	};

	stats_init(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
