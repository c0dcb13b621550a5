/* prove.c: see prove.h. The promises in order, their first counter-examples, and what is printed. */
#include "core/prove.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/day.h"
#include "core/prove_world.h"

static const char *const NAMES[PROMISE_COUNT] = {
#define X(e, name) [PROMISE_##e] = name,
    CONFIG_PROMISES(X)
#undef X
};

/* The first counter-example of a promise, and how many more there are. */
struct finding {
	struct proof_fault fault;
	struct proof_world world;
	bool in_world;
	size_t n;
};

static void
note(struct finding *f, const struct proof_fault *fault, const struct proof_world *w)
{
	if (f->n++ > 0)
		return;
	f->fault = *fault;
	f->in_world = w != NULL;
	if (w != NULL)
		f->world = *w;
}

/* ---- the product of all sets ---- */

static int
judge_world(struct proof *p, struct proof_world *w, struct finding *found)
{
	if (proof_decide(p, w) < 0)
		return -1;
	for (size_t i = 0; i < p->c->promise_count; i++) {
		const struct config_promise *promise = &p->c->promises[i];
		proof_rule *rule = proof_predicates[promise->kind].world;
		struct proof_fault fault = {0};

		if (rule != NULL && !rule(p, promise, w, &fault))
			note(&found[i], &fault, w);
	}
	return 0;
}

static int
judge_route(struct proof *p, const struct config_site *site, const struct tc_route *route, struct finding *found)
{
	for (size_t i = 0; i < p->place_count; i++)
		for (size_t k = 0; k < proof_signal_count; k++)
			for (size_t d = 0; d < p->day_count; d++) {
				struct proof_world w = {.site = site,
				    .route = route,
				    .place = &p->places[i],
				    .signal = &proof_signals[k],
				    .day = p->days[d]};

				if (judge_world(p, &w, found) < 0)
					return -1;
			}
	return 0;
}

/* What has no predicate over worlds, and filters keep all the same: a link in pages, pixels that the edge answers. */
static bool
needs_filters(const struct config_promise *promise)
{
	return proof_predicates[promise->kind].world != NULL || promise->kind == PROMISE_EMAIL_ANONYMOUS ||
	    (promise->kind == PROMISE_CHOICES_PAGE && promise->link.n > 0);
}

/* A site that only observes changes nothing, and keeps no promise that takes a filter. */
static void
judge_observer(const struct proof *p, const struct config_site *site, struct finding *found)
{
	const struct proof_fault fault = {
		.item = TC_STR("pages, cookies and requests pass as they are"),
		.at = config_entry(site->node, "mode", TC_STR("")),
		.because = TC_STR("mode is observe"),
		.hint = "set mode: filter",
	};

	for (size_t i = 0; i < p->c->promise_count; i++)
		if (needs_filters(&p->c->promises[i]))
			note(&found[i], &fault, NULL);
}

static int
judge_all(struct proof *p, struct finding *found)
{
	for (size_t i = 0; i < p->c->promise_count; i++) {
		const struct config_promise *promise = &p->c->promises[i];
		proof_rule *rule = proof_predicates[promise->kind].config;
		struct proof_fault fault = {0};

		if (rule != NULL && !rule(p, promise, NULL, &fault))
			note(&found[i], &fault, NULL);
	}
	for (size_t i = 0; i < p->c->site_count; i++)
		if (p->c->sites[i].mode == MODE_OBSERVE)
			judge_observer(p, &p->c->sites[i], found);
	for (size_t i = 0; i < p->c->site_count; i++)
		for (size_t k = 0; p->c->sites[i].mode == MODE_FILTER && k < p->c->sites[i].pub.route_count; k++)
			if (p->c->sites[i].pub.routes[k].type == TC_ROUTE_PAGES &&
			    judge_route(p, &p->c->sites[i], &p->c->sites[i].pub.routes[k], found) < 0)
				return -1;
	return 0;
}

/* ---- messages ---- */

static struct tc_str
quoted(struct proof *p, struct tc_str says)
{
	return says.n > 0 ? proof_text(p, "\"%.*s\"", (int)says.n, says.p) : TC_STR("");
}

static struct tc_str
because_of(struct proof *p, const struct proof_fault *f)
{
	struct message at = {0};
	struct tc_str says = f->says.n > 0 ? proof_text(p, "   says %.*s", (int)quoted(p, f->says).n, quoted(p, f->says).p)
					   : TC_STR("");

	if (f->because.n == 0)
		return f->because;
	if (f->at == NULL)
		return proof_text(p, "%.*s%.*s", (int)f->because.n, f->because.p, (int)says.n, says.p);
	config_point(f->at, &at);
	return proof_text(p, "%.*s:%d:%d %.*s%.*s", (int)at.file.n, at.file.p, at.line, at.column, (int)f->because.n,
	    f->because.p, (int)says.n, says.p);
}

static struct tc_str
witness_of(struct proof *p, const struct proof_world *w)
{
	char day[DATE_LENGTH + 1];

	date_text(w->day, day);
	return proof_text(p, "site=%.*s route=%.*s region=%.*s place=%.*s signal=%s date=%s", (int)w->site->pub.hosts.v[0].n,
	    w->site->pub.hosts.v[0].p, (int)w->route->name.n, w->route->name.p, (int)w->decision.region.n,
	    w->decision.region.p, (int)w->place->name.n, w->place->name.p, w->signal->name, day);
}

static void
report(struct proof *p, const struct config_promise *promise, const struct finding *found, struct messages *m)
{
	struct message msg = {.severity = SEVERITY_ERROR, .code = "promise-broken"};
	struct tc_str hint = tc_str_from(found->fault.hint != NULL ? found->fault.hint : "");

	config_point(promise->at, &msg);
	msg.path = proof_text(p, "promises.keep.%s", NAMES[promise->kind]);
	msg.text = proof_text(p, "promise %s is broken", NAMES[promise->kind]);
	msg.promised = quoted(p, promise->says);
	if (found->in_world)
		msg.witness = witness_of(p, &found->world);
	msg.item = found->fault.item;
	msg.because = because_of(p, &found->fault);
	msg.hint = found->n > 1 ? proof_text(p, "%.*s (and %zu more witnesses)", (int)hint.n, hint.p, found->n - 1) : hint;
	messages_add(m, &msg);
}

size_t
prove(const struct snapshot *s, int32_t day, struct messages *m)
{
	struct finding *found;
	struct proof p;
	size_t broken = 0;

	if (s->config->promise_count == 0)
		return 0;
	if (proof_begin(&p, s, day) < 0 || (found = tc_alloc(p.arena, s->config->promise_count * sizeof(*found))) == NULL)
		abort();
	if (judge_all(&p, found) < 0)
		abort();
	for (size_t i = 0; i < s->config->promise_count; i++)
		if (found[i].n > 0) {
			report(&p, &s->config->promises[i], &found[i], m);
			broken++;
		}
	arena_destroy(&p.arena);
	return broken;
}
