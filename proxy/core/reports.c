/*
 * reports.c: reports.h. Two formats, one of a report, one of several:
 *
 *	application/csp-report      {"csp-report": {"effective-directive": "img-src", "blocked-uri": "https://a.example/x", ...}}
 *	application/reports+json    [{"type": "csp-violation", "body": {"effectiveDirective": ..., "blockedURL": ...}}, ...]
 *
 * Both types are ones that a page of another site cannot post without being asked first, which is answered with no. A browser of
 * somebody who likes to can still say what he wants: numbers here are hints to the operator, and nothing acts on them.
 */
#include "core/reports.h"

#include <assert.h>
#include <pthread.h>

#include "base/json.h"
#include "tacet/vendor.h"

/* ---- what is kept ---- */

struct row {
	char domain[REPORTS_DOMAIN_MAX];
	uint8_t n; /* bytes of it; 0: free */
	uint8_t directive;
	uint32_t reports;
};

/* Of the whole process; reports are few, and reports_due() keeps them so. */
static struct {
	pthread_mutex_t lock;
	struct row rows[REPORTS_ROWS];
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void
keep(struct tc_str domain, enum stats_csp_directive directive)
{
	struct row *to = NULL, *smallest = &table.rows[0];

	if (domain.n == 0 || domain.n > REPORTS_DOMAIN_MAX)
		return;
	(void)pthread_mutex_lock(&table.lock);
	for (size_t i = 0; i < REPORTS_ROWS && to == NULL; i++) {
		struct row *r = &table.rows[i];

		if (r->n == domain.n && r->directive == directive && memcmp(r->domain, domain.p, domain.n) == 0)
			to = r;
		else if (r->reports < smallest->reports)
			smallest = r;
	}
	if (to == NULL) {
		to = smallest;
		*to = (struct row){.n = (uint8_t)domain.n, .directive = (uint8_t)directive};
		memcpy(to->domain, domain.p, domain.n);
	}
	to->reports += to->reports < UINT32_MAX;
	(void)pthread_mutex_unlock(&table.lock);
}

bool
reports_due(struct lane *lane, uint64_t now_ms)
{
	static _Thread_local uint64_t second;
	static _Thread_local unsigned taken;

	if (now_ms / 1000 != second) {
		second = now_ms / 1000;
		taken = 0;
	}
	if (taken++ < REPORTS_A_SECOND)
		return true;
	stats_add(&lane->csp_unread, 1);
	return false;
}

/* ---- one report ---- */

/* By the directive's name, which may end in -elem or -attr, or be followed by its sources. */
static enum stats_csp_directive
directive_of(struct tc_str text)
{
	static const struct tc_str names[] = {
#define X(e, name) TC_STR_INIT(name),
	    STATS_CSP_DIRECTIVES(X)
#undef X
	};
	struct tc_str name = tc_str_of(text.p, tc_find_byte(text, ' '));

	if (tc_ends(name, TC_STR("-elem")) || tc_ends(name, TC_STR("-attr")))
		name.n -= 5;
	for (size_t i = 0; i < STATS_CSP_DIRECTIVE_COUNT; i++)
		if (tc_eq(names[i], name))
			return (enum stats_csp_directive)i;
	return STATS_CSP_OTHER;
}

static enum tc_dest
dest_of(enum stats_csp_directive d)
{
	switch (d) {
	case STATS_CSP_SCRIPT: return TC_DEST_SCRIPT;
	case STATS_CSP_STYLE: return TC_DEST_STYLE;
	case STATS_CSP_IMG: return TC_DEST_IMAGE;
	case STATS_CSP_FONT: return TC_DEST_FONT;
	case STATS_CSP_MEDIA: return TC_DEST_MEDIA;
	case STATS_CSP_FRAME:
	case STATS_CSP_CHILD: return TC_DEST_FRAME;
	case STATS_CSP_CONNECT: return TC_DEST_EMPTY;
	default: return TC_DEST_OTHER;
	}
}

static bool
host_below(struct tc_str host, struct tc_str name)
{
	if (!tc_ends(host, name) || name.n == 0)
		return false;
	return host.n == name.n || host.p[host.n - name.n - 1] == '.';
}

static bool
named(struct tc_strs names, struct tc_str host)
{
	for (size_t i = 0; i < names.n; i++)
		if (host_below(host, names.v[i]))
			return true;
	return false;
}

static bool
is_allowed(const struct tc_site *site, struct tc_str host)
{
	if (named(site->allow, host) || named(site->acts_for_us, host))
		return true;
	for (size_t i = 0; i < site->route_count; i++)
		if (named(site->routes[i].allow, host))
			return true;
	return false;
}

/* Lists have rules about paths, too; of the address the class is all that is left. */
static enum stats_csp_host
host_kind(const struct reports_ctx *ctx, struct tc_str url, struct tc_str host, enum stats_csp_directive d)
{
	char *buf = tc_alloc_bytes(ctx->arena, TC_ADDRESS_ROOM);
	struct tc_address address;
	struct tc_listed listed;

	if (tc_eq(tc_domain(host), tc_domain(ctx->host)))
		return STATS_CSP_HOST_OWN;
	if (is_allowed(&ctx->site->pub, host))
		return STATS_CSP_HOST_ALLOWED;
	if (ctx->lists == NULL || buf == NULL || !tc_address_read(&address, url, buf) ||
	    tc_lists_ask(ctx->lists, ctx->host, &address, dest_of(d), &listed) != TC_BLOCKED)
		return STATS_CSP_HOST_UNLISTED;
	return (enum stats_csp_host)(STATS_CSP_HOST_CLASSES + (int)listed.class);
}

/* The host of an absolute URL of http(s) or ws(s), lower case; n = 0: it has none, or an odd one. */
static struct tc_str
host_of(struct tc_arena *arena, struct tc_str url)
{
	size_t at = tc_find(url, TC_STR("://")), n = 0;
	struct tc_str scheme = tc_str_of(url.p, at);
	char *p;

	if (at == url.n ||
	    !(tc_ieq(scheme, TC_STR("https")) || tc_ieq(scheme, TC_STR("http")) || tc_ieq(scheme, TC_STR("wss")) ||
		tc_ieq(scheme, TC_STR("ws"))))
		return tc_str_of("", 0);
	tc_skip(&url, at + 3);
	while (n < url.n && memchr("/?#:", url.p[n], 4) == NULL)
		n++;
	p = n <= 253 ? tc_alloc_bytes(arena, n + 1) : NULL;
	for (size_t i = 0; i < n && p != NULL; i++) {
		p[i] = tc_lower(url.p[i]);
		if (!(p[i] >= 'a' && p[i] <= 'z') && !(p[i] >= '0' && p[i] <= '9') && memchr("-._", p[i], 3) == NULL)
			return tc_str_of("", 0);
	}
	return p != NULL ? tc_str_of(p, n) : tc_str_of("", 0);
}

static void
count(const struct reports_ctx *ctx, struct tc_str directive, struct tc_str url)
{
	enum stats_csp_directive d = directive_of(directive);
	struct tc_str host = host_of(ctx->arena, url);
	enum stats_csp_host kind = STATS_CSP_HOST_NONE; /* inline, eval, data: and the like */

	if (host.n > 0) {
		kind = host_kind(ctx, url, host, d);
		if (kind != STATS_CSP_HOST_OWN)
			keep(tc_domain(host), d);
	}
	stats_add(&ctx->lane->csp[d][kind], 1);
}

/* ---- the two formats ---- */

/* An object with what was asked for and by which directive; both names of each are known. Anything else in it is skipped. */
static void
read_report(const struct reports_ctx *ctx, struct json *j)
{
	struct tc_str key, directive = {"", 0}, violated = {"", 0}, url = {"", 0};

	if (!json_enter(j, '{'))
		return;
	while (json_member(j, &key)) {
		if (tc_eq(key, TC_STR("effective-directive")) || tc_eq(key, TC_STR("effectiveDirective")))
			directive = json_string(j, ctx->arena);
		else if (tc_eq(key, TC_STR("violated-directive")))
			violated = json_string(j, ctx->arena);
		else if (tc_eq(key, TC_STR("blocked-uri")) || tc_eq(key, TC_STR("blockedURL")))
			url = json_string(j, ctx->arena);
		else
			(void)json_skip(j, NULL);
	}
	if (directive.n == 0)
		directive = violated;
	if (directive.p != NULL && directive.n > 0 && url.p != NULL)
		count(ctx, directive, url);
}

/* The members of an object of which one holds the report. */
static void
read_within(const struct reports_ctx *ctx, struct json *j, struct tc_str name)
{
	struct tc_str key;

	if (!json_enter(j, '{'))
		return;
	while (json_member(j, &key))
		if (tc_eq(key, name))
			read_report(ctx, j);
		else
			(void)json_skip(j, NULL);
}

void
reports_take(const struct reports_ctx *ctx, struct tc_str type, struct tc_str body)
{
	struct json j = json_of(body);
	size_t n = 0;

	type = tc_trim(tc_str_of(type.p, tc_find_byte(type, ';')));
	if (tc_ieq(type, TC_STR("application/csp-report"))) {
		read_within(ctx, &j, TC_STR("csp-report"));
	} else if (tc_ieq(type, TC_STR("application/reports+json")) && json_enter(&j, '[')) {
		while (n++ < REPORTS_OF_POST && json_item(&j))
			read_within(ctx, &j, TC_STR("body"));
	}
}

/* ---- what is shown ---- */

static int
by_reports(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int order = x->reports < y->reports ? 1 : -(x->reports > y->reports);

	if (order == 0)
		order = memcmp(x->domain, y->domain, x->n < y->n ? x->n : y->n);
	return order != 0 ? order : (x->n - y->n) * 256 + x->directive - y->directive;
}

int
reports_write(struct buf *out, int64_t k)
{
	static const char *const names[] = {
#define X(e, name) name,
	    STATS_CSP_DIRECTIVES(X)
#undef X
	};
	struct row *rows = malloc(sizeof(table.rows));
	const char *between = "";
	int r;

	if (rows == NULL)
		return -1;
	(void)pthread_mutex_lock(&table.lock);
	memcpy(rows, table.rows, sizeof(table.rows));
	(void)pthread_mutex_unlock(&table.lock);
	qsort(rows, REPORTS_ROWS, sizeof(*rows), by_reports);
	r = buf_printf(out, "{\"k\": %lld, \"reports\": [", (long long)k);
	for (size_t i = 0; i < REPORTS_ROWS && rows[i].reports >= k; i++) {
		/* letters, digits and "-._" alone: host_of() */
		r |= buf_printf(out, "%s\n{\"domain\": \"%.*s\", \"directive\": \"%s\", \"reports\": %u}", between,
		    (int)rows[i].n, rows[i].domain, names[rows[i].directive], (unsigned)rows[i].reports);
		between = ",";
	}
	r |= buf_printf(out, "\n]}\n");
	free(rows);
	return r < 0 ? -1 : 0;
}
