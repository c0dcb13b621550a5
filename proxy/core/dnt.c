/* dnt.c: see dnt.h. */
#include "core/dnt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/markup.h"
#include "core/page_parts.h"
#include "net/crypto.h"

#define POLICY_MAX ((size_t)64 << 10)
#define SHARED \
	(TC_CLASS_BIT(TC_ANALYTICS) | TC_CLASS_BIT(TC_ADVERTISING) | TC_CLASS_BIT(TC_PERSONALISATION) | \
	    TC_CLASS_BIT(TC_SOCIAL))

/* SHA-1 of EFF's text, version 1.0. */
static const struct tc_str KNOWN = TC_STR_INIT("a18e8dba6848d3fc241b03b88291cb75a3cfec3b");

/* ---- the policy file ---- */

static const char *
read_text(struct tc_str path, char *text, size_t *n)
{
	char name[4096];
	struct stat st;
	ssize_t got;
	int fd;

	if (path.n >= sizeof(name))
		return "the path is too long";
	(void)snprintf(name, sizeof(name), "%.*s", (int)path.n, path.p);
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return strerror(errno);
	got = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? read(fd, text, POLICY_MAX) : -1;
	(void)close(fd);
	if (got < 0 || (size_t)got == POLICY_MAX)
		return "no such text: it is no file, or too long";
	*n = (size_t)got;
	return NULL;
}

static bool
is_known(struct tc_strs listed, struct tc_str text)
{
	uint8_t hash[CRYPTO_SHA1_SIZE];
	char hex[2 * CRYPTO_SHA1_SIZE + 1];

	crypto_sha1(text, hash);
	for (size_t i = 0; i < sizeof(hash); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	for (size_t i = 0; i < listed.n; i++)
		if (tc_ieq(listed.v[i], tc_str_from(hex)))
			return true;
	return tc_eq(KNOWN, tc_str_from(hex));
}

/* Why the policy would not be true of this site: what it says about users with DNT, our rules do not do. NULL: it may be. */
static const char *
why_untrue(const struct config *c, const struct config_site *site)
{
	if (site->mode == MODE_OBSERVE)
		return "the site only observes";
	if (site->pub.allow.n > 0)
		return "the site lets third parties through (allow)";
	for (size_t i = 0; i < site->pub.route_count; i++)
		if (site->pub.routes[i].allow.n > 0 || site->pub.routes[i].filter == TC_ROUTE_NONE)
			return "a route lets third parties through (allow, or filter: none)";
	for (size_t i = 0; i < c->region_count; i++) {
		const struct config_region *row = &c->regions[i];

		if ((row->honour & HONOUR_DNT) == 0)
			return "a region does not honour dnt";
		if ((row->opted_out->remove & SHARED) != SHARED || row->opted_out->keep_measurement)
			return "a region's opted_out leaves trackers in";
	}
	return NULL;
}

static const char *
load_one(const struct config *c, const struct config_site *site, struct tc_arena *arena, char *text, struct tc_str *out)
{
	size_t n = 0;
	const char *fault = read_text(site->dnt_policy_file, text, &n);

	if (fault != NULL)
		return fault;
	if (!is_known(site->dnt_policy_hashes, tc_str_of(text, n)))
		return "this is no known text of dnt-policy.txt: its SHA-1 is not in dnt.policy_hashes";
	fault = why_untrue(c, site);
	*out = tc_copy(arena, tc_str_of(text, n));
	return fault == NULL && out->p == NULL ? "no memory" : fault;
}

int
dnt_load(const struct config *c, struct tc_arena *arena, const struct tc_str **out, struct buf *warnings)
{
	struct tc_str *v = tc_alloc(arena, (c->site_count + 1) * sizeof(*v));
	char *text = tc_alloc_bytes(arena, POLICY_MAX);
	int r = 0;

	if (v == NULL || text == NULL)
		abort();
	*out = v;
	for (size_t i = 0; i < c->site_count; i++) {
		struct tc_str path = c->sites[i].dnt_policy_file;
		const char *fault;

		v[i] = (struct tc_str){NULL, 0};
		if (path.n == 0)
			continue;
		fault = load_one(c, &c->sites[i], arena, text, &v[i]);
		if (fault == NULL)
			continue;
		(void)buf_printf(warnings, "error: sites[%zu].dnt.policy_file %.*s: %s\n", i, (int)path.n, path.p, fault);
		r = -1;
	}
	return r;
}

/* ---- Tk ---- */

static bool
is_tk(const struct tc_field *f)
{
	return f->id == TC_F_OTHER && tc_ieq(f->name, TC_STR("Tk"));
}

/* The state after this answer where it brings a choice, else the one it was made by. */
static struct tc_str
value_of(const struct config_site *site, const struct tc_decision *d, const struct tc_response *res)
{
	struct tc_str cookie = tc_field_value(&res->fields, TC_F_SET_COOKIE);

	if (res->status == 303 && tc_starts(cookie, TC_STR("tacet_choice=")))
		return tc_starts(cookie, TC_STR("tacet_choice=v1.out")) ? TC_STR("U;o") : TC_STR("U;d");
	if (site->mode == MODE_OBSERVE)
		return TC_STR("T;d");
	if (d->rules == NULL) /* refused or sent elsewhere before anything was decided: nothing was done with it */
		return TC_STR("N;o");
	return d->out && !d->pass_bodies ? TC_STR("N;o") : TC_STR("T;d");
}

int
dnt_tell(const struct config_site *site, const struct tc_decision *d, struct tc_response *res)
{
	if (!site->dnt_status || res->status == 101)
		return 0;
	for (size_t i = 0; i < res->fields.n; i++)
		if (is_tk(&res->fields.v[i]))
			res->fields.v[i].dropped = true;
	return tc_field_add_named(&res->fields, TC_STR("Tk"), value_of(site, d, res));
}

/* ---- resources ---- */

static const struct markup_line STATUS_LINES[] = {
	{TC_F_CONTENT_TYPE, TC_STR_INIT("application/tracking-status+json")},
	{TC_F_CACHE_CONTROL, TC_STR_INIT("public, max-age=86400")},
};

/* A member whose value is a path or URL: only quotes and backslashes have to be escaped, and what is no text goes. */
static void
member(struct markup *m, struct tc_str name, struct tc_str value)
{
	if (value.n == 0)
		return;
	MARKUP(m, ",\"");
	markup_raw(m, name);
	MARKUP(m, "\":\"");
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '"' || value.p[i] == '\\')
			MARKUP(m, "\\");
		if ((unsigned char)value.p[i] >= ' ')
			markup_raw(m, tc_str_of(value.p + i, 1));
	}
	MARKUP(m, "\"");
}

static int
answer_status(const struct pages_ctx *ctx, struct tc_str tracking, struct tc_response *res, struct tc_str *body)
{
	struct tc_str policy = ctx->site->pub.policy, config = page_choices_path(ctx->site);
	struct markup m = {.cap = 128 + 2 * (policy.n + config.n)};

	m.p = tc_alloc_bytes(ctx->arena, m.cap);
	if (m.p == NULL)
		return -1;
	MARKUP(&m, "{\"tracking\":\"");
	markup_raw(&m, tracking);
	MARKUP(&m, "\"");
	member(&m, TC_STR("policy"), policy);
	member(&m, TC_STR("config"), config);
	MARKUP(&m, "}\n");
	*body = tc_str_of(m.p, m.n);
	res->status = 200;
	res->type = TC_STR("application/tracking-status+json");
	return m.full ? -1 : MARKUP_LINES(res, STATUS_LINES);
}

int
dnt_dynamic(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body)
{
	return answer_status(ctx, TC_STR("?"), res, body);
}

int
dnt_out(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body)
{
	return answer_status(ctx, TC_STR("N"), res, body);
}

int
dnt_default(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body)
{
	return answer_status(ctx, TC_STR("T"), res, body);
}

int
dnt_nothing(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body)
{
	(void)ctx;
	(void)res;
	(void)body;
	return 404;
}

static const struct markup_line POLICY_LINES[] = {
	{TC_F_CONTENT_TYPE, TC_STR_INIT("text/plain; charset=utf-8")},
	{TC_F_X_CONTENT_TYPE_OPTIONS, TC_STR_INIT("nosniff")},
	{TC_F_CACHE_CONTROL, TC_STR_INIT("public, max-age=86400")},
};

int
dnt_policy(const struct pages_ctx *ctx, struct tc_response *res, struct tc_str *body)
{
	*body = ctx->dnt_policy;
	res->status = 200;
	res->type = TC_STR("text/plain");
	return MARKUP_LINES(res, POLICY_LINES);
}

bool
dnt_has_status(const struct config_site *site)
{
	return site->dnt_status;
}

bool
dnt_has_policy(const struct config_site *site)
{
	return site->dnt_policy_file.n > 0;
}
