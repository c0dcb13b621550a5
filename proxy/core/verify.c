/* verify.c: see verify.h. The visitors, what they carry, and their walk. */
#include "core/verify.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "core/certificates.h"

#define VISIT_MAX ((size_t)256 << 20) /* bytes of one answer and all that is made of it */

static const struct tc_str CLASS_NAMES[TC_CLASS_COUNT] = {
#define X(e, name) [TC_##e] = TC_STR_INIT(name),
    TC_CLASSES(X)
#undef X
};

struct tc_str
verify_text(struct tc_arena *arena, const char *format, ...)
{
	char text[2048];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return tc_copy(arena, tc_str_of(text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1));
}

void
verify_tell(const struct verify_visit *at, const char *check, enum verify_verdict verdict, struct tc_str found)
{
	struct verify *v = at->v;
	const struct verify_row row = {
		.site = at->authority,
		.page = at->page,
		.place = at->place != NULL ? at->place->name : TC_STR(""),
		.signal = at->signal != NULL ? tc_str_from(at->signal->name) : TC_STR(""),
		.check = check,
		.verdict = verdict,
		.found = tc_copy(v->arena, found),
	};

	v->count[verdict]++;
	v->told(v->ctx, &row);
}

/* ---- requests ---- */

static bool
is_stopped(const struct verify *v)
{
	return v->stop != NULL && atomic_load(v->stop);
}

/* As token_place() reads it. */
static struct tc_str
code_of(const struct proof_place *p)
{
	if (p == NULL || p->place.country[0] == '\0')
		return TC_STR("unknown");
	return tc_str_from(p->place.region[0] != '\0' ? p->place.region : p->place.country);
}

int
verify_by_tls(struct verify *v, const struct config_tls *t)
{
	struct tc_str *files;

	v->tls = t != NULL;
	if (t == NULL)
		return 0;
	files = tc_alloc(v->arena, t->certificate_count * sizeof(*files));
	if (files == NULL)
		return -1;
	for (size_t i = 0; i < t->certificate_count; i++)
		files[i] = t->certificates[i].cert;
	v->pins = (struct tc_strs){files, t->certificate_count};
	return 0;
}

const char *
verify_ask(const struct verify_visit *at, struct tc_strs more, struct tc_str post, struct fetch_answer *answer)
{
	struct tc_str lines[12] = {TC_STR("User-Agent: tacet verify"), TC_STR("Accept: text/html")};
	struct fetch_ask ask = {
		.host = at->v->host,
		.port = at->v->port,
		.post = post.n > 0,
		.authority = at->authority,
		.target = at->page,
		.body = post,
		.tls = at->v->tls,
		.name = at->v->as != NULL ? at->v->host : tc_str_of(at->authority.p, tc_find_byte(at->authority, ':')),
		.pins = at->v->pins,
		.as = at->v->as,
	};
	const struct proof_signal *s = at->signal;
	size_t n = 2;

	if (is_stopped(at->v))
		return "the proxy ends";
	if (s != NULL && s->gpc)
		lines[n++] = TC_STR("Sec-GPC: 1");
	if (s != NULL && s->dnt)
		lines[n++] = TC_STR("DNT: 1");
	if (at->cookie.n > 0)
		lines[n++] = tc_join(at->arena, (const struct tc_str[]){TC_STR("Cookie: "), at->cookie}, 2);
	if (at->v->token.n > 0)
		lines[n++] = tc_join(at->arena,
		    (const struct tc_str[]){TC_STR("Tacet-Verify: "), at->v->token, TC_STR(" "), code_of(at->place)},
		    4);
	for (size_t i = 0; i < more.n && n < sizeof(lines) / sizeof(lines[0]); i++)
		lines[n++] = more.v[i];
	ask.fields = (struct tc_strs){lines, n};
	return fetch(&ask, at->arena, answer);
}

struct tc_str
verify_choice_of(const struct fetch_answer *answer)
{
	const struct tc_fields *fs = &answer->head.fields;

	for (size_t i = 0; i < fs->n; i++)
		if (fs->v[i].id == TC_F_SET_COOKIE && tc_starts(fs->v[i].value, TC_STR("tacet_choice=")))
			return tc_str_of(fs->v[i].value.p, tc_find_byte(fs->v[i].value, ';'));
	return TC_STR("");
}

/* ---- what visitors carry ---- */

const char *
verify_form(const struct verify_visit *at, struct tc_str body, bool ours, struct fetch_answer *answer)
{
	const struct tc_str more[] = {TC_STR("Content-Type: application/x-www-form-urlencoded"),
	    ours ? TC_STR("Sec-Fetch-Site: same-origin") : TC_STR("Sec-Fetch-Site: cross-site"),
	    ours ? verify_text(at->arena, "Origin: %s://%.*s", verify_scheme(at), (int)at->authority.n, at->authority.p)
		 : TC_STR("Origin: https://elsewhere.invalid")};
	struct verify_visit form = *at;

	form.page = at->site->pub.choices_path;
	form.signal = NULL;
	form.cookie = TC_STR("");
	return verify_ask(&form, (struct tc_strs){more, 3}, body, answer);
}

/* The cookie of a choice; n = 0: none came. */
static struct tc_str
choose(const struct verify_visit *at, const struct proof_signal *s)
{
	struct tc_str body = verify_text(at->arena, "choice=%s%s", s->choice == CHOICE_OUT ? "out" : "in",
	    (s->switches & SWITCH_EXPORT) != 0 ? "&export=on" : "");
	struct fetch_answer answer;

	for (int c = 0; c < TC_CLASS_COUNT; c++)
		if ((s->class & TC_CLASS_BIT(c)) != 0)
			body = verify_text(
			    at->arena, "%.*s&deny=%.*s", (int)body.n, body.p, (int)CLASS_NAMES[c].n, CLASS_NAMES[c].p);
	return verify_form(at, body, true, &answer) == NULL ? verify_choice_of(&answer) : TC_STR("");
}

/* Cookies of consent tools, in the order in which they are tried on a site. {all granted, all refused, unreadable} */
static const struct tc_str CONSENT_COOKIES[][3] = {
	{TC_STR_INIT("OptanonConsent=interactionCount=1&groups=C0001%3A1%2CC0002%3A1%2CC0003%3A1%2CC0004%3A1%2CC0005%3A1"),
	    TC_STR_INIT("OptanonConsent=interactionCount=1&groups=C0001%3A1%2CC0002%3A0%2CC0003%3A0%2CC0004%3A0%2CC0005%3A0"),
	    TC_STR_INIT("OptanonConsent=%")},
	{TC_STR_INIT("CookieConsent={stamp:%27x%27%2Cnecessary:true%2Cpreferences:true%2Cstatistics:true%2Cmarketing:true%2C"
	    "method:%27explicit%27}"),
	    TC_STR_INIT(
		"CookieConsent={stamp:%27x%27%2Cnecessary:true%2Cpreferences:false%2Cstatistics:false%2Cmarketing:false%2C"
		"method:%27explicit%27}"),
	    TC_STR_INIT("CookieConsent=%")},
	{TC_STR_INIT("cookieyes-consent=consent:yes%2Caction:yes%2Canalytics:yes%2Cfunctional:yes%2Cadvertisement:yes"),
	    TC_STR_INIT("cookieyes-consent=consent:no%2Caction:yes%2Canalytics:no%2Cfunctional:no%2Cadvertisement:no"),
	    TC_STR_INIT("cookieyes-consent=%")},
	{TC_STR_INIT(""), TC_STR_INIT("usprivacy=1YYN"), TC_STR_INIT("euconsent-v2=!")},
};

static bool
says_it(const struct consent *c, enum proof_consent want)
{
	switch (want) {
	case CMP_GRANT: return (c->granted & CONSENT_CLASSES) == CONSENT_CLASSES && c->denied == 0 && !c->out;
	case CMP_DENY: return c->denied != 0 || c->out;
	case CMP_BAD: return c->bad;
	case CMP_NONE: break;
	}
	return false;
}

/* The first cookie that says this on this site. false: none does. */
static bool
consent_cookie(struct verify_visit *at)
{
	enum proof_consent want = at->signal->consent;
	const struct config *c = at->v->s->config;

	for (size_t i = 0; i < sizeof(CONSENT_COOKIES) / sizeof(CONSENT_COOKIES[0]); i++) {
		struct tc_str cookie = CONSENT_COOKIES[i][want == CMP_GRANT ? 0 : want == CMP_DENY ? 1
												   : 2];
		struct tc_fields fs = {.arena = at->arena};

		if (cookie.n == 0 || tc_field_add(&fs, TC_F_COOKIE, cookie) < 0)
			continue;
		at->facts.consent = (struct consent){0};
		(void)consent_read(c->readers, at->site->consent, &fs, at->v->day, NULL, &at->facts.consent);
		if (says_it(&at->facts.consent, want)) {
			at->cookie = cookie;
			return true;
		}
	}
	at->facts.consent = (struct consent){0};
	return false;
}

/* ---- visits ---- */

const char *
verify_unseen(const struct fetch_answer *answer)
{
	int status = answer->head.status;

	if (status == 429)
		return "the proxy admits no more requests for now";
	if (status >= 500)
		return "the origin does not answer";
	return status >= 300 && status < 400 ? "the answer leads elsewhere" : NULL;
}

/* Those whom only the origin knows are not sent; of consent tools, what they say of all classes together. */
static bool
can_be_sent(const struct proof_signal *s)
{
	return s->account == CHOICE_NONE && (s->consent == CMP_NONE || s->class == 0);
}

static void
decide_visit(struct verify_visit *at)
{
	const struct proof_signal *s = at->signal;
	struct facts *f = &at->facts;

	f->gpc = s->gpc;
	f->dnt = s->dnt;
	f->choice = s->choice;
	f->choice_denied = s->choice != CHOICE_NONE ? s->class : 0;
	f->switches = s->switches;
	f->day = at->v->day;
	f->site = at->site;
	f->route = at->route;
	f->place = at->place->place;
	if (f->place.country[0] == '\0')
		f->place = at->v->s->config->geo_unknown;
	decide(at->v->s->config, f, &at->decision);
}

/* Besides what must not be there: who loses nothing has to get what the origin sent. */
static void
judge_page(const struct verify_visit *at, const struct fetch_answer *answer, size_t loss, struct buf *found)
{
	if (answer->head.status >= 400)
		(void)buf_printf(found, "the answer is %d", answer->head.status);
	else
		verify_judge(at, answer, found);
	if (found->n == 0 && at->decision.denied == 0 && loss > 0 && verify_loss(at, answer) == 0)
		(void)buf_printf(found, "nothing is left for a visitor who loses nothing: he was not taken for whom he is");
}

static void
visit(struct verify_visit at, struct tc_str choice, size_t loss)
{
	static const struct tc_str navigates[] = {TC_STR_INIT("Sec-Fetch-Dest: document"), TC_STR_INIT("Sec-Fetch-Mode: navigate"),
	    TC_STR_INIT("Sec-Fetch-Site: none")};
	enum verify_verdict seen = VERIFY_OK;
	struct fetch_answer answer;
	const char *why;
	struct buf found;

	at.arena = arena_new(NULL, VISIT_MAX);
	if (at.arena == NULL)
		return;
	at.cookie = choice;
	if (at.signal->consent != CMP_NONE && !consent_cookie(&at)) { /* carry() has told */
		arena_destroy(&at.arena);
		return;
	}
	decide_visit(&at);
	why = verify_ask(&at, (struct tc_strs){navigates, 3}, TC_STR(""), &answer);
	buf_init(&found, 1 << 16);
	if (why != NULL)
		(void)buf_printf(&found, "no answer: %s", why);
	else if (verify_unseen(&answer) != NULL)
		seen = VERIFY_NOT_SEEN;
	else
		judge_page(&at, &answer, loss, &found);
	verify_tell(&at, "page", found.n > 0 ? VERIFY_FAILED : seen,
	    seen == VERIFY_NOT_SEEN ? tc_str_from(verify_unseen(&answer)) : buf_str(&found));
	buf_reset(&found);
	arena_destroy(&at.arena);
}

/* ---- the walk ---- */

/* The page as the origin's first server has it, by https verified as the proxy does. NULL, or why there is none. */
static const char *
ask_origin(struct verify_visit to, const struct config_origin *o, struct fetch_answer *answer)
{
	const struct config_server *server = &o->servers[0];
	struct verify direct = *to.v;
	struct tls_client_fault fault = {0};
	const char *why;

	if (server->path.n > 0)
		return "the origin is not asked over a Unix socket";
	to.v = &direct;
	direct.host = server->host;
	direct.port = server->port;
	direct.tls = server->https;
	direct.token = TC_STR("");
	if (server->https && (direct.as = certificates_of_origin(direct.s, o, &fault)) == NULL)
		return "the files of origin.tls cannot be used (tacet check says why)";
	if (o->host_mode != ORIGIN_HOST_KEEP)
		to.authority = o->host_mode == ORIGIN_HOST_NAME ? o->host_name : server->authority;
	why = verify_ask(&to, (struct tc_strs){NULL, 0}, TC_STR(""), answer);
	tls_client_unref(&direct.as);
	return why;
}

/* What the origin answers without us, where it can be asked: the page must have something to lose. How much. */
static size_t
control(struct verify_visit at)
{
	struct fetch_answer answer;
	const char *why;
	size_t n;

	at.arena = arena_new(NULL, VISIT_MAX);
	if (at.arena == NULL)
		return 0;
	why = ask_origin(at, config_route_of(at.site, at.route)->origin, &answer);
	n = why == NULL ? verify_loss(&at, &answer) : 0;
	if (why == NULL && n == 0)
		why = "the page has nothing that anybody would lose: it proves nothing";
	verify_tell(&at, "control", why == NULL ? VERIFY_OK : VERIFY_NOT_SEEN,
	    why != NULL ? tc_str_from(why) : verify_text(at.arena, "%zu to lose", n));
	arena_destroy(&at.arena);
	return n;
}

static void
walk_page(struct verify_visit at, const struct proof *sets, const struct tc_str *choices)
{
	size_t loss = control(at);

	for (size_t p = 0; p < sets->place_count; p++) {
		at.place = &sets->places[p];
		if (at.v->token.n == 0 && at.place->place.country[0] != '\0')
			continue;
		for (size_t i = 0; i < proof_signal_count; i++) {
			at.signal = &proof_signals[i];
			if (!is_stopped(at.v) && can_be_sent(at.signal) &&
			    (at.signal->choice == CHOICE_NONE || choices[i].n > 0))
				visit(at, choices[i], loss);
		}
	}
}

/* A host that the site answers to: of "*.example.com" one below. */
static struct tc_str
authority_of(const struct config_site *site, struct tc_arena *arena)
{
	struct tc_str host = site->pub.hosts.v[0];

	if (tc_eq(host, TC_STR("*")))
		return TC_STR("www.example.com");
	return tc_starts(host, TC_STR("*."))
	    ? tc_join(arena, (const struct tc_str[]){TC_STR("www"), tc_str_of(host.p + 1, host.n - 1)}, 2)
	    : host;
}

/* What visitors of each signal carry, as far as it is a choice of this site; what they cannot carry is told. */
static void
carry(struct verify_visit at, struct tc_str *choices)
{
	at.page = at.site->pub.choices_path;
	for (size_t i = 0; i < proof_signal_count && !is_stopped(at.v); i++) {
		at.signal = &proof_signals[i];
		if (!can_be_sent(at.signal))
			continue;
		if (at.signal->consent != CMP_NONE && !consent_cookie(&at))
			verify_tell(&at, "consent", VERIFY_NOT_SEEN, TC_STR("no consent tool whose word counts here says so"));
		if (at.signal->choice == CHOICE_NONE)
			continue;
		choices[i] = choose(&at, at.signal);
		if (choices[i].n == 0)
			verify_tell(&at, "choice", VERIFY_FAILED, TC_STR("the form of the choices page gives no cookie for it"));
	}
}

static void
walk_site(struct verify *v, const struct config_site *site, const struct proof *sets)
{
	static const struct tc_str front = TC_STR_INIT("/");
	struct tc_strs pages = v->s->config->verify_pages;
	struct tc_str choices[32] = {{NULL, 0}};
	struct verify_visit at = {.v = v, .arena = v->arena, .site = site, .page = TC_STR("/")};

	assert(proof_signal_count <= sizeof(choices) / sizeof(choices[0]));
	if (pages.n == 0)
		pages = (struct tc_strs){&front, 1};
	at.authority = authority_of(site, v->arena);
	at.route = snapshot_route(site, at.page);
	if (site->mode == MODE_OBSERVE) {
		verify_tell(&at, "site", VERIFY_NOT_SEEN, TC_STR("the site only observes: it protects nobody"));
		return;
	}
	verify_own(&at);
	carry(at, choices);
	for (size_t i = 0; i < pages.n && !is_stopped(v); i++) {
		at.page = pages.v[i];
		at.route = snapshot_route(site, at.page);
		walk_page(at, sets, choices);
	}
	at.page = front;
	verify_tell(&at, "origin", VERIFY_NOT_SEEN, TC_STR("fields that the origin gets, and what it says of an account"));
}

int
verify_run(struct verify *v)
{
	struct proof sets;
	int fault = proof_sets(&sets, v->s, v->day);

	for (size_t i = 0; fault == 0 && i < v->s->config->site_count && !is_stopped(v); i++)
		walk_site(v, &v->s->config->sites[i], &sets);
	arena_destroy(&sets.arena);
	return fault;
}
