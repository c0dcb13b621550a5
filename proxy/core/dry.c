/*
 * dry.c: one request through decision and filters, without sockets.
 *
 *	text of a head -> h1_parse_request() -> site, route, facts -> decide() -> filters -> what would go out
 *
 * The same functions in the same order as in judge.c; what belongs to connections and caches is left out.
 */
#include "core/dry.h"

#include "core/dnt.h"
#include "core/downstream.h"
#include "core/pages.h"
#include "core/upstream.h"
#include "http/h1.h"

#define BODY_MAX ((size_t)64 << 20)

/* ---- the request ---- */

/* Splits "https://host:port/path?query#fragment"; the target is at least "/". */
static bool
url_split(struct tc_str url, struct tc_str *scheme, struct tc_str *authority, struct tc_str *target)
{
	size_t end = 0;

	*scheme = tc_istarts(url, TC_STR("https://")) ? TC_STR("https") : TC_STR("http");
	if (!tc_istarts(url, *scheme) || !tc_istarts(tc_str_of(url.p + scheme->n, url.n - scheme->n), TC_STR("://")))
		return false;
	tc_skip(&url, scheme->n + 3);
	url.n = tc_find_byte(url, '#');
	while (end < url.n && url.p[end] != '/' && url.p[end] != '?')
		end++;
	*authority = tc_str_of(url.p, end);
	*target = tc_str_of(url.p + end, url.n - end);
	return end > 0;
}

/* Adds the lines; false: one is no field, or holds a line break. */
static bool
lines_add(struct buf *head, struct tc_strs lines)
{
	for (size_t i = 0; i < lines.n; i++) {
		struct tc_str l = lines.v[i];

		if (tc_find_byte(l, '\n') < l.n || tc_find_byte(l, '\r') < l.n || tc_find_byte(l, ':') == l.n)
			return false;
		if (buf_add_str(head, l) < 0 || buf_add_str(head, TC_STR("\r\n")) < 0)
			return false;
	}
	return buf_add_str(head, TC_STR("\r\n")) == 0;
}

/* The head as a visitor's browser would send it. */
static bool
head_write(struct buf *head, const struct dry_request *in, struct tc_str authority, struct tc_str target)
{
	struct tc_str slash = target.n > 0 && target.p[0] == '/' ? TC_STR("") : TC_STR("/");
	const struct tc_str parts[] = {in->method, TC_STR(" "), slash, target, TC_STR(" HTTP/1.1\r\nHost: "), authority,
	    TC_STR("\r\n")};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (buf_add_str(head, parts[i]) < 0)
			return false;
	return lines_add(head, in->fields);
}

/* 0, 400 or -1 as dry_run(). */
static int
request_read(const struct config *c, const struct dry_request *in, struct tc_arena *arena, struct tc_request *req)
{
	const struct h1_limits limits = {.line_max = (size_t)c->limits.uri_size,
	    .head_max = (size_t)c->limits.header_size,
	    .fields_max = (size_t)c->limits.fields};
	struct tc_str scheme, authority, target, text;
	struct h1_scan scan = {0};
	struct head head;
	struct buf b;
	bool fine;

	buf_init(&b, limits.head_max);
	fine = url_split(in->url, &scheme, &authority, &target) && head_write(&b, in, authority, target);
	fine = fine && h1_scan(&scan, buf_str(&b), &limits) == (long)b.n;
	text = tc_copy(arena, buf_str(&b));
	buf_reset(&b);
	if (text.p == NULL)
		return -1;
	if (!fine || h1_parse_request(text, &limits, arena, &head) != REFUSAL_NONE ||
	    h1_request_of(&head, arena, req) != REFUSAL_NONE)
		return 400;
	req->scheme = scheme;
	return 0;
}

/* ---- judging, as in judge.c ---- */

static void
facts_read(const struct snapshot *s, const struct dry_request *in, struct dry_result *out)
{
	const struct tc_fields *fs = &out->request.fields;
	struct choice_cookie cookie;

	if (in->facts != NULL) {
		out->facts = *in->facts;
		out->facts.site = out->site;
		out->facts.route = out->route;
		return;
	}
	out->facts = (struct facts){
		.gpc = signal_gpc(fs),
		.dnt = signal_dnt(fs),
		.place = in->place,
		.day = in->day,
		.site = out->site,
		.route = out->route,
	};
	if (choice_read(s->choice_key, out->site->pub.hosts.v[0], fs, &cookie)) {
		out->facts.choice = cookie.state;
		out->facts.choice_denied = cookie.denied;
	}
	out->facts.switches = cookie.switches;
	if (s->config->consent_honoured)
		(void)consent_read(s->config->readers, out->site->consent, fs, in->day, NULL, &out->facts.consent);
}

static int
upstream_prepare(struct dry_result *out)
{
	const struct tc_addr nobody = {0};
	const struct config_origin *o = config_route_of(out->site, out->route)->origin;

	if (choice_strip(&out->request.fields) < 0 ||
	    upstream_fields(out->site, &out->decision, &out->facts.place, &nobody, &out->request) < 0)
		return -1;
	if (o->host_mode != ORIGIN_HOST_KEEP)
		return tc_field_set(&out->request.fields, TC_F_HOST,
		    o->host_mode == ORIGIN_HOST_NAME ? o->host_name : o->servers[0].authority);
	return 0;
}

/* ---- the response ---- */

static int
body_take(void *ctx, const char *p, size_t n, bool more)
{
	(void)more;
	return buf_add(ctx, p, n);
}

static size_t
body_room(void *ctx)
{
	(void)ctx;
	return SIZE_MAX / 2;
}

static int
response_read(const struct dry_request *in, struct tc_arena *arena, struct tc_response *res)
{
	*res = (struct tc_response){.status = in->status, .fields = {.arena = arena}};
	for (size_t i = 0; i < in->response_fields.n; i++) {
		struct tc_str value = in->response_fields.v[i], name = tc_next(&value, ':');

		if (value.p == NULL || name.n == 0)
			return 400;
		if (tc_field_add_named(&res->fields, name, tc_trim(value)) < 0)
			return -1;
	}
	fields_strip_hop_by_hop(&res->fields);
	return 0;
}

/* The origin knows the person: the decision may change once more (signals.md D8). */
static void
account_hear(const struct config *c, struct chain *chain, struct dry_result *out)
{
	struct tc_fields *fs = &out->response.fields;

	out->facts.account = signal_account(tc_field_value(fs, TC_F_PRIVACY_ACCOUNT_CHOICE));
	if (tc_field_drop(fs, TC_F_PRIVACY_ACCOUNT_CHOICE) == 0 || out->facts.account == CHOICE_NONE)
		return;
	decide(c, &out->facts, &out->decision);
	for (size_t i = 0; i < chain->n; i++)
		chain->links[i].call.opts = out->decision.rules->opts[i];
}

static int
body_filter(struct chain *chain, struct tc_str in, struct tc_arena *arena, struct dry_result *out)
{
	struct buf *b;

	out->body = in;
	if (!chain_edits(chain))
		return 0;
	b = tc_alloc(arena, sizeof(*b));
	if (b == NULL)
		return -1;
	buf_init(b, BODY_MAX);
	chain->sink = body_take;
	chain->room = body_room;
	chain->ctx = b;
	out->broken = chain_feed(chain, in, true) != 0;
	out->body = tc_copy(arena, buf_str(b));
	buf_reset(b);
	if (out->broken && chain->head_held) {
		out->outcome = DRY_ANSWERED;
		out->status = 502;
	}
	return out->body.n > 0 && out->body.p == NULL ? -1 : 0;
}

static int
response_filter(const struct snapshot *s, const struct dry_request *in, struct chain *chain, struct tc_arena *arena,
    struct dry_result *out)
{
	int status = response_read(in, arena, &out->response);

	if (status != 0)
		return status;
	out->response.head_only = out->request.method == TC_M_HEAD || in->status == 204 || in->status == 304;
	account_hear(s->config, chain, out);
	if (downstream_fields(config_route_of(out->site, out->route), &out->request, &out->response) < 0)
		return -1;
	response_type(&out->response, arena);
	status = chain_response(chain, &out->response);
	if (status != 0) {
		out->outcome = DRY_ANSWERED;
		out->status = status;
		return 0;
	}
	if (dnt_tell(out->site, &out->decision, &out->response) < 0)
		return -1;
	return out->response.head_only ? 0 : body_filter(chain, in->body, arena, out);
}

/* ---- all of it ---- */

static int
filters_run(const struct snapshot *s, const struct dry_request *in, struct chain *chain, struct tc_arena *arena,
    struct dry_result *out)
{
	out->status = chain_request(chain);
	if (out->status == 0 && chain->peeks) {
		bool whole = in->request_body.n <= TC_PEEK_MAX;

		out->status = chain_peek(chain, tc_str_of(in->request_body.p, whole ? in->request_body.n : TC_PEEK_MAX), whole);
	}
	if (out->status != 0) {
		out->outcome = DRY_ANSWERED;
		return 0;
	}
	if (upstream_prepare(out) < 0)
		return -1;
	return in->has_response ? response_filter(s, in, chain, arena, out) : 0;
}

/* Of a site that only observes: as judge.c lets it pass. The filters have been told of a copy. */
static int
pass_unfiltered(const struct dry_request *in, struct tc_arena *arena, struct dry_result *out)
{
	int status = upstream_prepare(out);

	if (status != 0 || !in->has_response)
		return status;
	status = response_read(in, arena, &out->response);
	if (status != 0)
		return status;
	(void)tc_field_drop(&out->response.fields, TC_F_PRIVACY_ACCOUNT_CHOICE);
	out->response.head_only = out->request.method == TC_M_HEAD || in->status == 204 || in->status == 304;
	out->body = in->body;
	return downstream_fields(config_route_of(out->site, out->route), &out->request, &out->response);
}

/* Rows of its own for the copy. */
static int
copy_request(const struct dry_result *from, struct tc_arena *arena, struct dry_result *to)
{
	const struct tc_fields *fs = &from->request.fields;

	*to = *from;
	to->request.fields = (struct tc_fields){.n = fs->n, .cap = fs->n, .arena = arena};
	to->request.fields.v = tc_alloc(arena, (fs->n + 1) * sizeof(*fs->v));
	if (to->request.fields.v == NULL)
		return -1;
	memcpy(to->request.fields.v, fs->v, fs->n * sizeof(*fs->v));
	return 0;
}

/* Counters that nobody reads, and the loop's scratch. */
struct bench {
	struct lane lane;
	struct chain_scratch scratch;
};

static int
run_filters(const struct snapshot *s, const struct dry_request *in, const struct chain_watch *watch, struct tc_arena *arena,
    struct dry_result *out)
{
	struct bench *b = aligned_alloc(_Alignof(struct bench), sizeof(*b));
	struct chain chain;
	int r;

	if (b == NULL)
		return -1;
	memset(b, 0, sizeof(*b));
	r = chain_begin(&chain, arena, s->confs, &out->decision, &out->site->pub, out->route, &out->request, &b->lane,
	    &b->scratch);
	chain.watch = watch;
	if (r == 0) {
		r = filters_run(s, in, &chain, arena, out);
		chain_end(&chain);
	}
	free(b);
	return r;
}

int
dry_run(const struct snapshot *s, const struct dry_request *in, const struct chain_watch *watch,
    struct tc_arena *arena, struct dry_result *out)
{
	struct dry_result copy;
	int r;

	*out = (struct dry_result){.outcome = DRY_NO_SITE, .status = 421};
	r = request_read(s->config, in, arena, &out->request);
	if (r != 0)
		return r;
	out->site = snapshot_site(s, out->request.host);
	if (out->site == NULL)
		return 0;
	out->route = snapshot_route(out->site, out->request.match);
	fields_strip_hop_by_hop(&out->request.fields);
	facts_read(s, in, out);
	decide(s->config, &out->facts, &out->decision);
	out->outcome = pages_owns(out->site, out->request.match) ? DRY_PAGE : DRY_FORWARDED;
	out->status = 0;
	out->observed = out->site->mode == MODE_OBSERVE;
	if (out->outcome == DRY_PAGE)
		return 0;
	if (!out->observed)
		return run_filters(s, in, watch, arena, out);
	r = copy_request(out, arena, &copy);
	if (r == 0)
		r = run_filters(s, in, watch, arena, &copy);
	return r != 0 ? r : pass_unfiltered(in, arena, out);
}
