/*
 * contain.c: what kept first-party code adds to a page at run time, no list and no rewriter sees. A second content
 * security policy holds it: browsers enforce several policies together, so ours can only tighten what the site says, and
 * the site's own is not touched. It guards destinations, not code, and lets in what the operator has named:
 *
 *	'self'      the site's hosts      allow of site and route      acts_for_us, where measurements are let through
 *
 * or, for a visitor of a place with a residency list, the hosts of that list in place of the last two. A name stands for
 * itself and for what is below it, at every port, as it does for the lists.
 *
 * It goes with every page of a visitor to whom something is denied, and with the scripts of workers, which have policies
 * of their own.
 */
#include "contain.h"

#include <stdatomic.h>

#include "html/embed.h"
#include "html/html.h"
#include "page.h"

/* Weak, so that a test of one filter can be linked without the table and with it all filters. */
#pragma weak tc_filters

enum { CONTAIN_NONE, CONTAIN_REPORT, CONTAIN_ENFORCE };

struct contain_opts {
	int contain;
};

static const struct tc_option contain_options[] = {
	{"contain", TC_OPT_ENUM, "none", "none|report|enforce", "a second CSP that holds what lists do not know",
	    offsetof(struct contain_opts, contain), false},
};

/* ---- which responses ---- */

static bool
asks_for_page(const struct tc_request *req)
{
	struct tc_str accept = tc_field_value(&req->fields, TC_F_ACCEPT);

	if (req->dest != TC_DEST_ABSENT)
		return req->dest == TC_DEST_DOCUMENT || req->dest == TC_DEST_FRAME || req->dest == TC_DEST_OBJECT;
	return tc_find(accept, TC_STR("text/html")) < accept.n;
}

/*
 * A script that may become a worker: browsers say so, but old ones, and any where a site is not secure. Of what is no worker
 * they do not look at a policy.
 */
static bool
is_worker(const struct tc_call *c)
{
	struct tc_str type = c->res->type;

	if (c->req->dest != TC_DEST_ABSENT)
		return c->req->dest == TC_DEST_WORKER;
	return tc_ends(type, TC_STR("javascript")) || tc_ends(type, TC_STR("ecmascript"));
}

/*
 * Pages, whoever asks for them; what browsers show as one; and 304, whose fields replace those that are stored with a page
 * (RFC 9111 3.2). A picture in SVG asks for nothing.
 */
static bool
is_contained(const struct tc_call *c)
{
	enum page_kind kind = page_kind(c->res);

	if (c->res->status < 200)
		return false;
	if (kind == PAGE_HTML || is_worker(c))
		return true;
	return kind != PAGE_OTHER && asks_for_page(c->req);
}

/* Whether the core keeps it out of shared caches anyway (variant.c). */
static bool
is_private(const struct tc_call *c)
{
	return page_kind(c->res) == PAGE_HTML && c->route->filter != TC_ROUTE_NONE;
}

/* ---- hosts ---- */

/* A name that cannot end the policy, or say more in it than a name. */
static bool
is_plain_name(struct tc_str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char ch = tc_lower(name.p[i]);

		if (!(ch >= 'a' && ch <= 'z') && !(ch >= '0' && ch <= '9') && ch != '-' && ch != '.' && ch != '_')
			return false;
	}
	return name.n > 0;
}

struct hosts {
	struct tc_strs names;
	bool below; /* what is below a name, too; else patterns as they are */
};

struct text {
	char *p;
	size_t n;
};

static void
text_add(struct text *t, struct tc_str s)
{
	memcpy(t->p + t->n, s.p, s.n);
	t->n += s.n;
}

/* " scheme host:*" and the same for what is below. */
static void
put_host(struct text *t, struct tc_str scheme, struct tc_str name, bool below)
{
	struct tc_str plain = name;

	if (!below && tc_starts(plain, TC_STR("*.")))
		tc_skip(&plain, 2);
	if (!is_plain_name(plain)) /* "*" is any name that leads to us: which ones, nobody knows */
		return;
	for (int i = 0; i <= (int)below; i++) {
		text_add(t, TC_STR(" "));
		text_add(t, scheme);
		text_add(t, i > 0 ? TC_STR("*.") : TC_STR(""));
		text_add(t, name);
		text_add(t, TC_STR(":*"));
	}
}

enum { HOST_SETS = 4 };

static size_t
hosts_of(const struct tc_call *c, struct hosts *sets)
{
	const struct tc_decision *d = c->decision;
	size_t n = 0;

	sets[n++] = (struct hosts){c->site->hosts, false};
	if (d->residency != NULL) {
		sets[n++] = (struct hosts){*d->residency, true};
		return n;
	}
	sets[n++] = (struct hosts){c->site->allow, true};
	sets[n++] = (struct hosts){c->route->allow, true};
	if (d->measurement)
		sets[n++] = (struct hosts){c->site->acts_for_us, true};
	return n;
}

/* All of them as sources; p = NULL at the arena's limit. */
static struct tc_str
sources(const struct tc_call *c, struct tc_str scheme)
{
	struct hosts sets[HOST_SETS];
	size_t n = hosts_of(c, sets), room = 1;
	struct text t = {NULL, 0};

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sets[i].names.n; k++)
			room += 2 * (sets[i].names.v[k].n + scheme.n + sizeof(" *.:*"));
	t.p = tc_alloc_bytes(c->arena, room);
	for (size_t i = 0; i < n && t.p != NULL; i++)
		for (size_t k = 0; k < sets[i].names.n; k++)
			put_host(&t, scheme, sets[i].names.v[k], sets[i].below);
	return tc_str_of(t.p, t.n);
}

/* ---- hosts of embeds ---- */

static enum embeds
embeds_of(const struct tc_rule_set *rules)
{
	if (tc_filters == NULL || rules->opts == NULL)
		return EMBEDS_KEEP;
	for (size_t i = 0; tc_filters[i] != NULL; i++)
		if (tc_filters[i] == &filter_html && rules->opts[i] != NULL)
			return (enum embeds)((const struct html_opts *)rules->opts[i])->embeds;
	return EMBEDS_KEEP;
}

/* Where the frames of a row lead in this mode: its privacy host, or its own. */
static struct tc_str
embed_hosts(const struct tc_embed *e, enum embeds embeds)
{
	if (e->host.n > 0)
		return e->host;
	return embeds == EMBEDS_CLICK_TO_LOAD || e->param.n > 0 ? e->hosts : tc_str_of("", 0);
}

/*
 * What the rewriter has written into frames, or will be led to by a click, has to load (ADR 0014): a frame goes by the
 * policy of the page around it. Rows with the same hosts follow one another.
 */
static struct tc_str
embed_sources(struct tc_arena *arena, enum embeds embeds)
{
	struct tc_str last = {"", 0};
	struct text t = {NULL, 0};
	size_t room = 1;

	if (embeds != EMBEDS_CLICK_TO_LOAD && embeds != EMBEDS_PRIVACY_MODE)
		return tc_str_of("", 0);
	for (size_t i = 0; i < tc_embed_count; i++)
		room += embed_hosts(&tc_embeds[i], embeds).n + 1;
	t.p = tc_alloc_bytes(arena, room);
	for (size_t i = 0; i < tc_embed_count && t.p != NULL; i++) {
		struct tc_str hosts = embed_hosts(&tc_embeds[i], embeds);

		if (hosts.n == 0 || tc_eq(hosts, last))
			continue;
		last = hosts;
		text_add(&t, TC_STR(" "));
		text_add(&t, hosts);
	}
	return tc_str_of(t.p, t.n);
}

/* ---- the policy ---- */

/*
 * Each directive is named. default-src, with what pictures may, is for those that have no name of their own here: hints to
 * prefetch, and whatever browsers come to know.
 */
static struct tc_str
policy(const struct tc_call *c)
{
	struct tc_str any = sources(c, TC_STR("")), sockets = sources(c, TC_STR("ws://"));
	/* under a residency list an embed of a host that it lacks answers 403: nothing to let through */
	enum embeds embeds = c->decision->residency != NULL ? EMBEDS_KEEP : embeds_of(c->decision->rules);
	struct tc_str frames = embed_sources(c->arena, embeds);

	if (any.p == NULL || sockets.p == NULL || frames.p == NULL)
		return (struct tc_str){NULL, 0};
	return tc_join(c->arena,
	    (struct tc_str[]){TC_STR("default-src 'self' blob: data:"), any,
		TC_STR("; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:"), any,
		TC_STR("; style-src 'self' 'unsafe-inline' blob: data:"), any, TC_STR("; connect-src 'self' blob: data:"),
		any, sockets, TC_STR("; img-src 'self' blob: data:"), any, TC_STR("; font-src 'self' blob: data:"), any,
		TC_STR("; media-src 'self' blob: data:"), any, TC_STR("; manifest-src 'self' data:"), any,
		TC_STR("; frame-src 'self' blob: data:"), any, frames,
		TC_STR("; child-src 'self' blob:; worker-src 'self' blob:; object-src 'none'; webrtc 'block'"
		    "; report-uri " TC_CONTAIN_REPORTS)},
	    21);
}

/* ---- policies made once ---- */

/*
 * All that a policy depends on lives as long as the snapshot, so each is made for its first request and found by those
 * after it. A slot is written once; a policy that finds none is made anew each time.
 */
enum { SLOTS = 256, TRIES = 4 };

struct made {
	const struct tc_route *route; /* of one site */
	const struct tc_rule_set *rules;
	const struct tc_strs *residency;
	bool measurement;
	size_t n;
	char text[];
};

struct contain {
	_Atomic(struct made *) slots[SLOTS];
};

static bool
is_of(const struct made *m, const struct tc_call *c)
{
	const struct tc_decision *d = c->decision;

	return m->route == c->route && m->rules == d->rules && m->residency == d->residency &&
	    m->measurement == d->measurement;
}

/* Where its first slot is. */
static size_t
slot_of(const struct tc_call *c)
{
	uintptr_t h = (uintptr_t)c->route ^ (uintptr_t)c->decision->rules * 131 ^
	    (uintptr_t)c->decision->residency * 1031 ^ (uintptr_t)c->decision->measurement;

	return (size_t)((uint64_t)h * 0x9e3779b97f4a7c15u >> 56);
}

static struct made *
make(const struct tc_call *c, struct tc_str text)
{
	struct made *m = malloc(sizeof(*m) + text.n);

	if (m == NULL)
		return NULL;
	*m = (struct made){c->route, c->decision->rules, c->decision->residency, c->decision->measurement, text.n};
	memcpy(m->text, text.p, text.n);
	return m;
}

/* Puts it into an empty slot, unless another thread is faster. */
static void
keep(_Atomic(struct made *) *slot, struct made *m)
{
	struct made *none = NULL;

	if (m != NULL && !atomic_compare_exchange_strong(slot, &none, m))
		free(m);
}

/* p = NULL: at the arena's limit. */
static struct tc_str
policy_of(const struct tc_call *c)
{
	struct contain *k = (struct contain *)(uintptr_t)c->conf; /* the one thing of a snapshot that grows */
	size_t at = slot_of(c);
	struct tc_str text;

	for (size_t i = 0; k != NULL && i < TRIES; i++) {
		_Atomic(struct made *) *slot = &k->slots[(at + i) % SLOTS];
		const struct made *m = atomic_load_explicit(slot, memory_order_acquire);

		if (m == NULL) {
			text = policy(c);
			keep(slot, text.p != NULL ? make(c, text) : NULL);
			return text;
		}
		if (is_of(m, c))
			return tc_str_of(m->text, m->n);
	}
	return policy(c);
}

static int
contain_load(struct tc_loader *l, void **conf)
{
	(void)l;
	*conf = calloc(1, sizeof(struct contain));
	return *conf != NULL ? 0 : -1;
}

static void
contain_unload(void *conf)
{
	struct contain *k = conf;

	for (size_t i = 0; k != NULL && i < SLOTS; i++)
		free(k->slots[i]);
	free(k);
}

static int
contain_response(struct tc_call *c)
{
	const struct contain_opts *o = c->opts;
	bool enforce = o->contain == CONTAIN_ENFORCE;
	struct tc_str value;

	if (o->contain == CONTAIN_NONE || c->decision->denied == 0 || !is_contained(c))
		return 0;
	value = policy_of(c);
	if (value.p == NULL ||
	    tc_field_add(&c->res->fields, enforce ? TC_F_CONTENT_SECURITY_POLICY : TC_F_CONTENT_SECURITY_POLICY_REPORT_ONLY,
		value) < 0)
		return 502;
	tc_did(c, TC_DID_CONTAIN, TC_UNKNOWN, TC_PACK_OPERATOR, enforce ? TC_STR("enforce") : TC_STR("report"));
	if (!is_private(c))
		tc_answer_differs(c);
	return 0;
}

const struct tc_filter filter_contain = {
	.name = "contain",
	.help = "hold what lists do not know by a second CSP",
	.phase = TC_HEAD,
	.options = contain_options,
	.option_count = sizeof(contain_options) / sizeof(*contain_options),
	.options_size = sizeof(struct contain_opts),
	.load = contain_load,
	.unload = contain_unload,
	.response = contain_response,
};
