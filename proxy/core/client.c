/*
 * client.c: the visitor behind trusted proxies.
 *
 *	X-Forwarded-For: forged, visitor, proxy2      peer: proxy1
 *	                         ^ the last entry that is not a trusted proxy
 *
 * Every proxy appends the address it was called from, so the list is believed from its right end up to the first
 * address that we do not trust, and no further. Read forwards, that is the last entry which is not trusted.
 */
#include "core/client.h"

/* ::ffff:a.b.c.d -> a.b.c.d. Only this form: a visitor can own 2002:7f00:1:: but is not 127.0.0.1. */
static struct tc_addr
plain(const struct tc_addr *a)
{
	static const uint8_t MAPPED[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	struct tc_addr four = {.family = 4};

	if (a->family != 6 || memcmp(a->ip, MAPPED, sizeof(MAPPED)) != 0)
		return *a;
	memcpy(four.ip + 12, a->ip + 12, 4);
	return four;
}

bool
client_trusted(const struct config *c, const struct tc_addr *a)
{
	struct tc_addr p = plain(a);

	for (size_t i = 0; i < c->trusted_proxy_count; i++)
		if (cidr_has(&c->trusted_proxies[i], &p))
			return true;
	return false;
}

/* One entry of the list: *out becomes its address unless it is a trusted proxy's; family 0 if it cannot be read. */
static void
entry(const struct config *c, struct tc_str text, struct tc_addr *out)
{
	struct tc_addr a;

	if (!addr_parse(text, &a))
		*out = (struct tc_addr){0};
	else if (!client_trusted(c, &a))
		*out = plain(&a);
}

/* Returns whether there is such a field at all. */
static bool
by_forwarded_for(const struct config *c, const struct tc_fields *request, struct tc_addr *out)
{
	bool any = false;

	for (size_t i = 0; i < request->n; i++) {
		struct tc_str rest = request->v[i].value, item;

		if (request->v[i].id != TC_F_X_FORWARDED_FOR || request->v[i].dropped)
			continue;
		any = true;
		while (rest.p != NULL) {
			item = tc_next(&rest, ',');
			if (item.n > 0)
				entry(c, item, out);
		}
	}
	return any;
}

/* Cuts up to sep, but not within a quoted string. Like tc_next(). */
static struct tc_str
next_unquoted(struct tc_str *rest, char sep)
{
	bool quoted = false;
	size_t i = 0;

	for (; i < rest->n && (quoted || rest->p[i] != sep); i++) {
		if (rest->p[i] == '"')
			quoted = !quoted;
		else if (quoted && rest->p[i] == '\\')
			i += i + 1 < rest->n;
	}
	struct tc_str item = tc_str_of(rest->p, i);

	if (i < rest->n)
		tc_skip(rest, i + 1);
	else
		*rest = (struct tc_str){NULL, 0};
	return tc_trim(item);
}

/* The node of an element's only "for" (RFC 7239 4); n = 0 if there is none, or it is not one plain value. */
static struct tc_str
element_for(struct tc_str element)
{
	struct tc_str node = {NULL, 0};
	size_t count = 0;

	while (element.p != NULL) {
		struct tc_str pair = next_unquoted(&element, ';');

		if (!tc_istarts(pair, TC_STR("for=")))
			continue;
		node = tc_str_of(pair.p + 4, pair.n - 4);
		count++;
	}
	if (node.n >= 2 && node.p[0] == '"' && node.p[node.n - 1] == '"')
		node = tc_str_of(node.p + 1, node.n - 2);
	return count == 1 ? node : (struct tc_str){NULL, 0};
}

static void
by_forwarded(const struct config *c, const struct tc_fields *request, struct tc_addr *out)
{
	for (size_t i = 0; i < request->n; i++) {
		struct tc_str rest = request->v[i].value, item;

		if (request->v[i].id != TC_F_FORWARDED || request->v[i].dropped)
			continue;
		while (rest.p != NULL) {
			item = next_unquoted(&rest, ',');
			if (item.n > 0)
				entry(c, element_for(item), out);
		}
	}
}

bool
client_address(const struct config *c, const struct tc_addr *peer, const struct tc_fields *request,
    struct tc_addr *out)
{
	if (!client_trusted(c, peer)) {
		*out = plain(peer);
		return out->family != 0;
	}
	*out = (struct tc_addr){0};
	if (!by_forwarded_for(c, request, out))
		by_forwarded(c, request, out);
	return out->family != 0;
}

bool
client_https(const struct config *c, const struct tc_addr *peer, const struct tc_fields *request, bool here)
{
	struct tc_str last = {NULL, 0};

	if (!client_trusted(c, peer))
		return here;
	for (size_t i = 0; i < request->n; i++) {
		struct tc_str rest = request->v[i].value;

		if (request->v[i].id != TC_F_X_FORWARDED_PROTO || request->v[i].dropped)
			continue;
		while (rest.p != NULL)
			last = tc_next(&rest, ',');
	}
	if (tc_ieq(last, TC_STR("https")))
		return true;
	return tc_ieq(last, TC_STR("http")) ? false : here;
}
