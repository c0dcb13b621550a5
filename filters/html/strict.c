/* strict.c: strict.h */
#include "strict.h"

/* A host that cannot end the policy, or say more in it than its name. */
static bool
is_plain_host(struct tc_str host)
{
	for (size_t i = 0; i < host.n; i++) {
		char ch = tc_lower(host.p[i]);

		if (!(ch >= 'a' && ch <= 'z') && !(ch >= '0' && ch <= '9') && ch != '-' && ch != '.')
			return false;
	}
	return host.n > 0;
}

/* Each host, and what lies below it. */
static size_t
put_hosts(struct tc_str *parts, struct tc_strs hosts)
{
	size_t n = 0;

	for (size_t i = 0; i < hosts.n; i++) {
		if (!is_plain_host(hosts.v[i]))
			continue;
		parts[n++] = TC_STR(" ");
		parts[n++] = hosts.v[i];
		parts[n++] = TC_STR(" *.");
		parts[n++] = hosts.v[i];
	}
	return n;
}

int
strict_policy(struct tc_call *c)
{
	const struct tc_strs *only = c->decision->residency; /* past it nobody is let through */
	struct tc_strs site = only != NULL ? *only : c->site->allow;
	struct tc_strs route = only != NULL ? (struct tc_strs){NULL, 0} : c->route->allow;
	size_t most = 4 * (site.n + route.n) + 2, n = 0;
	struct tc_str *parts = tc_alloc(c->arena, most * sizeof(*parts)), value;

	if (parts == NULL)
		return -1;
	parts[n++] = TC_STR("default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:");
	n += put_hosts(parts + n, site);
	n += put_hosts(parts + n, route);
	parts[n++] = TC_STR("; object-src 'none'; webrtc 'block'");
	value = tc_join(c->arena, parts, n);
	return value.p == NULL ? -1 : tc_field_add(&c->res->fields, TC_F_CONTENT_SECURITY_POLICY, value);
}
