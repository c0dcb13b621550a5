/* verify_own.c: the pages of ours on a site, and the memory of choices: what promises say of them (promises.md 5). */
#include "core/verify.h"

#include "base/arena.h"
#include "base/buf.h"

/* What one check came to. */
struct outcome {
	enum verify_verdict verdict;
	const char *found;
};

static struct outcome
failed_if(const char *why)
{
	return (struct outcome){why != NULL ? VERIFY_FAILED : VERIFY_OK, why};
}

static struct outcome
unseen(const char *why)
{
	return (struct outcome){VERIFY_NOT_SEEN, why};
}

typedef struct outcome check_fn(const struct verify_visit *at);

static bool
is_promised(const struct verify *v, enum config_promise_kind kind)
{
	for (size_t i = 0; i < v->s->config->promise_count; i++)
		if (v->s->config->promises[i].kind == kind)
			return true;
	return false;
}

static bool
has(struct tc_str text, struct tc_str piece)
{
	return tc_find(text, piece) < text.n;
}

/* GET of a path, with nothing but what a browser always sends. */
static const char *
get(const struct verify_visit *at, struct tc_str path, struct fetch_answer *answer)
{
	struct verify_visit to = *at;

	to.page = path;
	return verify_ask(&to, (struct tc_strs){NULL, 0}, TC_STR(""), answer);
}

/* ---- the choices page ---- */

static struct outcome
choices_page(const struct verify_visit *at)
{
	struct fetch_answer a;
	const char *why = get(at, at->site->pub.choices_path, &a);

	if (why != NULL)
		return failed_if(why);
	if (a.head.status != 200)
		return failed_if("the choices page is not there");
	if (has(a.body, TC_STR("<script")))
		return failed_if("the choices page has a script");
	if (has(a.body, TC_STR(" required")))
		return failed_if("the choices page has a field that must be filled in");
	return failed_if(has(a.body, TC_STR("<form method=\"post\"")) ? NULL : "the choices page has no form");
}

static struct outcome
one_step(const struct verify_visit *at)
{
	struct fetch_answer a;
	const char *why = verify_form(at, TC_STR("choice=out"), true, &a);

	if (why != NULL)
		return failed_if(why);
	if (!tc_starts(verify_choice_of(&a), TC_STR("tacet_choice=v1.out")))
		return failed_if("opting out sets no cookie");
	if (a.head.status != 303)
		return failed_if("opting out does not end in a redirect");
	why = verify_form(at, TC_STR("choice=in"), true, &a);
	if (why != NULL)
		return failed_if(why);
	return failed_if(tc_starts(verify_choice_of(&a), TC_STR("tacet_choice=v1.in")) ? NULL : "opting in sets no cookie");
}

static struct outcome
foreign_form(const struct verify_visit *at)
{
	struct fetch_answer a;
	const char *why = verify_form(at, TC_STR("choice=in"), false, &a);

	if (why != NULL)
		return failed_if(why);
	return failed_if(a.head.status == 403 && verify_choice_of(&a).n == 0 ? NULL : "a form on another site is taken");
}

/* ---- what is remembered ---- */

/* A visitor without a place: his rules are the strictest. */
static void
decide_nowhere(struct verify_visit *at)
{
	at->facts = (struct facts){
		.day = at->v->day, .site = at->site, .route = at->route, .place = at->v->s->config->geo_unknown};
	decide(at->v->s->config, &at->facts, &at->decision);
}

/* Made up, with a MAC of the right form: it opens nothing. Seen where who is nowhere loses something of the page. */
static struct outcome
forged_choice(const struct verify_visit *at)
{
	struct verify_visit visit = *at;
	struct fetch_answer a;
	const char *why;
	struct buf found;

	visit.cookie = TC_STR("tacet_choice=v1.in.2026-11.1.AAAAAAAAAAAAAAAAAAAAAA");
	decide_nowhere(&visit);
	why = verify_ask(&visit, (struct tc_strs){NULL, 0}, TC_STR(""), &a);
	if (why != NULL)
		return failed_if(why);
	if (a.head.status >= 400 || verify_unseen(&a) != NULL)
		return unseen("the front page is none");
	if (visit.decision.denied == 0)
		return unseen("nobody loses anything here who said nothing");
	buf_init(&found, 1 << 16);
	verify_judge(&visit, &a, &found);
	why = found.n > 0 ? "a forged opt-in is honoured" : NULL;
	buf_reset(&found);
	return failed_if(why);
}

/* Once the signal came, it is remembered, and by the same words for everybody. Only pages are told. */
static struct outcome
remembered(const struct verify_visit *at)
{
	static const struct proof_signal gpc = {.name = "gpc", .gpc = true};
	struct verify_visit visit = *at;
	struct fetch_answer a, b;
	const char *why;

	visit.signal = &gpc;
	why = verify_ask(&visit, (struct tc_strs){NULL, 0}, TC_STR(""), &a);
	if (why == NULL)
		why = verify_ask(&visit, (struct tc_strs){NULL, 0}, TC_STR(""), &b);
	if (why != NULL)
		return failed_if(why);
	if (a.head.status >= 300 || !tc_istarts(tc_field_value(&a.head.fields, TC_F_CONTENT_TYPE), TC_STR("text/html")))
		return unseen("the front page is none");
	if (!tc_starts(verify_choice_of(&a), TC_STR("tacet_choice=v1.out")))
		return failed_if("Sec-GPC: 1 is not remembered");
	return failed_if(
	    tc_eq(verify_choice_of(&a), verify_choice_of(&b)) ? NULL : "two visitors of one month get cookies that differ");
}

/* ---- statements ---- */

static struct outcome
gpc_statement(const struct verify_visit *at)
{
	struct fetch_answer a;
	const char *why = get(at, TC_STR("/.well-known/gpc.json"), &a);

	if (why != NULL)
		return failed_if(why);
	return failed_if(a.head.status == 200 && has(a.body, TC_STR("\"gpc\": true")) ? NULL : "gpc.json does not say true");
}

static struct outcome
dnt_status(const struct verify_visit *at)
{
	struct fetch_answer a;
	const char *why = get(at, TC_STR("/.well-known/dnt/"), &a);

	if (why != NULL)
		return failed_if(why);
	return failed_if(a.head.status == 200 ? NULL : "the status resource of DNT is not there");
}

static const struct {
	const char *name;
	int promise; /* asked where it is made; -1: always */
	check_fn *check;
} CHECKS[] = {
	{"choices page", -1, choices_page},
	{"one step out and in", -1, one_step},
	{"form of another site", -1, foreign_form},
	{"forged choice", -1, forged_choice},
	{"remembered", PROMISE_STICKY_OPT_OUT, remembered},
	{"gpc.json", PROMISE_GPC_EVERYWHERE, gpc_statement},
	{"DNT status", PROMISE_DNT_HONOURED, dnt_status},
};

void
verify_own(const struct verify_visit *at)
{
	struct verify_visit mine = *at;

	for (size_t i = 0; i < sizeof(CHECKS) / sizeof(CHECKS[0]); i++) {
		struct outcome o;

		if (CHECKS[i].promise >= 0 && !is_promised(at->v, (enum config_promise_kind)CHECKS[i].promise))
			continue;
		if (CHECKS[i].check == dnt_status && !at->site->dnt_status)
			continue;
		mine.arena = arena_new(NULL, (size_t)256 << 20);
		if (mine.arena == NULL)
			return;
		o = CHECKS[i].check(&mine);
		verify_tell(at, CHECKS[i].name, o.verdict, tc_str_from(o.found != NULL ? o.found : ""));
		arena_destroy(&mine.arena);
	}
}
