/* expire.c: see expire.h. */
#include "expire.h"

#include "domain.h"

int
expire_remember(struct expire **ep, struct tc_arena *arena, struct tc_str name, enum tc_class class, enum tc_pack pack)
{
	struct expire *e = *ep;

	if (name.n == 0 || name.n > EXPIRE_NAME || (e != NULL && e->n == EXPIRE_MAX))
		return 0;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f)
			return 0;
	for (size_t i = 0; e != NULL && i < e->n; i++)
		if (tc_eq(e->v[i].name, name))
			return 0;
	if (e == NULL)
		e = *ep = tc_alloc(arena, sizeof(*e));
	if (e == NULL)
		return -1;
	e->v[e->n].name = name;
	e->v[e->n].class = class;
	e->v[e->n++].pack = pack;
	return 0;
}

/* ---- which responses may ---- */

/* A page or a navigation. Scripts, pictures and the like come in dozens, and from caches. */
static bool
is_visit(const struct tc_call *c)
{
	static const struct tc_str assets[] = {TC_STR_INIT("image/"), TC_STR_INIT("font/"),
	    TC_STR_INIT("audio/"), TC_STR_INIT("video/"), TC_STR_INIT("text/css"),
	    TC_STR_INIT("text/javascript"), TC_STR_INIT("application/javascript")};
	enum tc_dest dest = c->req->dest;
	struct tc_str type = c->res->type;

	if (tc_eq(type, TC_STR("text/html")))
		return true;
	for (size_t i = 0; i < sizeof(assets) / sizeof(*assets); i++)
		if (tc_starts(type, assets[i]))
			return false;
	return dest == TC_DEST_DOCUMENT || dest == TC_DEST_FRAME || dest == TC_DEST_ABSENT;
}

/*
 * The core sees to it that no shared cache keeps what may be a page, or that it keeps one for each decision (signals.md
 * E5), but on routes that pass as they are.
 */
static bool
is_made_private(const struct tc_call *c)
{
	struct tc_str type = c->res->type;
	int status = c->res->status;

	if (c->route->filter == TC_ROUTE_NONE)
		return false;
	return tc_eq(type, TC_STR("text/html")) || (type.n == 0 && (status == 200 || status == 304));
}

/* What a response says of caches. */
struct caching {
	bool kept_out; /* shared ones do not store it */
	bool speaks;   /* about them at all */
};

/* A field for some shared caches alone (RFC 9213). */
static bool
is_targeted(const struct tc_field *f)
{
	static const struct tc_str end = TC_STR_INIT("-Cache-Control");

	return f->id == TC_F_OTHER && f->name.n > end.n &&
	    tc_ieq(tc_str_of(f->name.p + f->name.n - end.n, end.n), end);
}

static void
caching_read(struct caching *k, const struct tc_field *f)
{
	struct tc_str rest = f->value;

	k->speaks |= f->id == TC_F_EXPIRES || f->id == TC_F_CACHE_CONTROL || is_targeted(f);
	while (f->id == TC_F_CACHE_CONTROL && rest.p != NULL) {
		struct tc_str directive = tc_next(&rest, ',');

		k->kept_out |= tc_ieq(directive, TC_STR("private")) || tc_ieq(directive, TC_STR("no-store"));
	}
}

/*
 * Whether a shared cache keeps this response for others, who have said nothing (RFC 9111 3): it would end their cookies.
 * In doubt it does; the next page will carry what this response cannot.
 */
static bool
may_be_shared(const struct tc_call *c)
{
	struct caching k = {false, false};
	int status = c->res->status;

	if (is_made_private(c) || (c->req->method != TC_M_GET && c->req->method != TC_M_HEAD))
		return false;
	for (size_t i = 0; i < c->res->fields.n; i++)
		if (!c->res->fields.v[i].dropped)
			caching_read(&k, &c->res->fields.v[i]);
	return !k.kept_out && (k.speaks || !(status == 302 || status == 303 || status == 307));
}

/* ---- what is sent ---- */

static const struct tc_str secure = TC_STR_INIT("; Secure"), partitioned = TC_STR_INIT("; Partitioned");

/* For this host alone, and for each domain a script may have set the cookie on. */
enum { TAILS_MAX = 1 + EXPIRE_DEPTH };

/* What follows the name, with all that may be said at the end: how much of it is said shows for each name. */
struct tails {
	size_t n;
	struct tc_str v[TAILS_MAX];
};

/*
 * From the host up to the registrable domain, whose depth is 1; of deep hosts the domains at the bottom are left out. -1
 * at the arena's limit.
 */
static int
tails_make(struct tc_call *c, struct tails *t)
{
	struct tc_str domain = c->req->host, registrable = domain_of(domain);
	size_t depth = 1;

	for (size_t i = 0; registrable.n > 0 && domain.p + i < registrable.p; i++)
		depth += domain.p[i] == '.';
	t->n = 0;
	t->v[t->n++] = TC_STR("=; Path=/; Max-Age=0; Secure; Partitioned");
	for (; registrable.n > 0 && depth > 0; depth--) {
		if (depth <= EXPIRE_DEPTH)
			t->v[t->n++] = tc_join(c->arena,
			    (struct tc_str[]){TC_STR("=; Path=/; Max-Age=0; Domain="), domain, secure, partitioned}, 4);
		if (t->v[t->n - 1].p == NULL)
			return -1;
		tc_skip(&domain, depth > 1 ? tc_find_byte(domain, '.') + 1 : 0);
	}
	return 0;
}

/*
 * The values that end one cookie. Each is there once, and the usual one is the beginning of the other:
 *
 *	_ga=; Path=/; Max-Age=0; Domain=example.com; Secure; Partitioned
 *	|-- usual --------------------------------|        |           |
 *	|-- usual, where the name wants it ----------------|           |
 *	|-- partitioned -----------------------------------------------|
 */
struct ending {
	size_t n;
	struct tc_str v[TAILS_MAX];
	size_t unsaid; /* of each, in usual ones */
};

/* The prefixes of names bind browsers to their conditions (RFC 6265bis 4.1.3). -1 at the arena's limit. */
static int
ending_make(struct tc_call *c, struct tc_str name, const struct tails *t, struct ending *e)
{
	bool host_only = tc_istarts(name, TC_STR("__Host-"));

	e->n = host_only ? 1 : t->n;
	e->unsaid = partitioned.n;
	if (!host_only && !tc_istarts(name, TC_STR("__Secure-")))
		e->unsaid += secure.n;
	for (size_t i = 0; i < e->n; i++) {
		e->v[i] = tc_join(c->arena, (struct tc_str[]){name, t->v[i]}, 2);
		if (e->v[i].p == NULL)
			return -1;
	}
	return 0;
}

/* One name everywhere, without the last bytes of each value. Bytes of fields, or -1. */
static int
end_one(struct tc_fields *fields, const struct ending *e, size_t unsaid)
{
	size_t bytes = 0;

	for (size_t i = 0; i < e->n; i++) {
		struct tc_str value = tc_str_of(e->v[i].p, e->v[i].n - unsaid);

		if (tc_field_add(fields, TC_F_SET_COOKIE, value) < 0)
			return -1;
		bytes += sizeof("Set-Cookie: \r\n") - 1 + value.n;
	}
	return (int)bytes;
}

/* All names first as they usually are: with room left, and for one name in any case, also as Partitioned ones. */
static int
end_all(const struct expire *e, struct tc_call *c, const struct tails *t)
{
	bool https = tc_eq(c->req->scheme, TC_STR("https"));
	struct ending endings[EXPIRE_MAX];
	size_t bytes = 0;
	int n;

	for (size_t i = 0; i < e->n; i++) {
		if (ending_make(c, e->v[i].name, t, &endings[i]) < 0 ||
		    (n = end_one(&c->res->fields, &endings[i], endings[i].unsaid)) < 0)
			return -1;
		bytes += (size_t)n;
		tc_did(c, TC_DID_EXPIRED_COOKIE, e->v[i].class, e->v[i].pack, e->v[i].name);
	}
	for (size_t i = 0; https && i < e->n && (i == 0 || bytes < EXPIRE_ROOM); i++) {
		n = end_one(&c->res->fields, &endings[i], 0);
		if (n < 0)
			return -1;
		bytes += (size_t)n;
	}
	return 0;
}

int
expire_send(const struct expire *e, struct tc_call *c)
{
	struct tails tails;

	if (!is_visit(c) || may_be_shared(c))
		return 0;
	return tails_make(c, &tails) < 0 ? -1 : end_all(e, c, &tails);
}
