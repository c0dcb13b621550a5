/*
 * upstream.c: what the origin is told about the visitor, and what it must not hear from others.
 *
 * Runs for every request: one pass over the fields, and each value is written straight into the arena.
 */
#include "core/upstream.h"

#include <assert.h>

/* ---- inbound copies ---- */

/* Names that have no id. A '*' at the end stands for any rest. Lower case, grouped by first letter for FIRST. */
static const struct tc_str FORGED[] = {
	TC_STR_INIT("cf-connecting-ip*"),
	TC_STR_INIT("cf-pseudo-ipv4"),
	TC_STR_INIT("cf-ipcountry"),
	TC_STR_INIT("cf-ipcity"),
	TC_STR_INIT("cf-ipcontinent"),
	TC_STR_INIT("cf-iplatitude"),
	TC_STR_INIT("cf-iplongitude"),
	TC_STR_INIT("cf-region"),
	TC_STR_INIT("cf-region-code"),
	TC_STR_INIT("cf-postal-code"),
	TC_STR_INIT("cf-timezone"),
	TC_STR_INIT("cf-metro-code"),
	TC_STR_INIT("cloudfront-viewer-*"),
	TC_STR_INIT("client-ip"),
	TC_STR_INIT("fastly-client-ip"),
	TC_STR_INIT("fly-client-ip"),
	TC_STR_INIT("proxy-client-ip"),
	TC_STR_INIT("true-client-ip"),
	TC_STR_INIT("wl-proxy-client-ip"),
	TC_STR_INIT("x-forwarded*"),
	TC_STR_INIT("x-original-forwarded-for"),
	TC_STR_INIT("x-originating-ip"),
	TC_STR_INIT("x-client-ip"),
	TC_STR_INIT("x-cluster-client-ip"),
	TC_STR_INIT("x-remote-ip"),
	TC_STR_INIT("x-remote-addr"),
	TC_STR_INIT("x-azure-clientip"),
	TC_STR_INIT("x-azure-socketip"),
	TC_STR_INIT("x-envoy-external-address"),
	TC_STR_INIT("x-vercel-ip-*"),
	TC_STR_INIT("x-vercel-forwarded-for"),
	TC_STR_INIT("x-appengine-country"),
	TC_STR_INIT("x-appengine-region"),
	TC_STR_INIT("x-appengine-city"),
	TC_STR_INIT("x-appengine-citylatlong"),
	TC_STR_INIT("x-appengine-user-ip"),
	TC_STR_INIT("x-akamai-edgescape"),
	TC_STR_INIT("x-client-geo*"),
	TC_STR_INIT("x-geo-*"),
	TC_STR_INIT("x-geoip*"),
	TC_STR_INIT("x-nf-client-connection-ip"),
	TC_STR_INIT("x-nf-geo"),
};

/* First letters above: most fields are let go by one look. */
#define LETTER(c) (1u << ((c) - 'a'))
#define FIRST (LETTER('c') | LETTER('f') | LETTER('p') | LETTER('t') | LETTER('w') | LETTER('x'))

static bool
name_forged(struct tc_str name)
{
	char first = name.n > 0 ? tc_lower(name.p[0]) : '\0';

	if (first < 'a' || first > 'z' || (FIRST & LETTER(first)) == 0)
		return false;
	for (size_t i = 0; i < sizeof(FORGED) / sizeof(FORGED[0]); i++) {
		struct tc_str f = FORGED[i];

		if (f.p[f.n - 1] == '*' ? tc_istarts(name, tc_str_of(f.p, f.n - 1)) : tc_ieq(name, f))
			return true;
	}
	return false;
}

static bool
field_forged(const struct tc_field *f)
{
	switch (f->id) {
	case TC_F_PRIVACY_DECISION:
	case TC_F_PRIVACY_ACCOUNT_CHOICE:
	case TC_F_TACET_DEBUG:
	case TC_F_TACET_GEO:
	case TC_F_TACET_VERIFY:
	case TC_F_FORWARDED:
	case TC_F_X_FORWARDED_FOR:
	case TC_F_X_FORWARDED_HOST:
	case TC_F_X_FORWARDED_PROTO:
	case TC_F_X_REAL_IP:
		return true;
	case TC_F_OTHER:
		return name_forged(f->name);
	default:
		return false;
	}
}

/* ---- Sec-GPC ---- */

struct gpc_seen {
	bool exact;  /* a row that is exactly 1 stays */
	bool folded; /* a list with an exact 1 in it */
};

/* A 1 is never removed; every other value may be, and is (GPC: intermediaries). */
static void
gpc_row(struct tc_field *f, struct gpc_seen *seen)
{
	struct tc_str rest = f->value;

	f->dropped = true;
	if (tc_eq(rest, TC_STR("1"))) {
		f->dropped = seen->exact;
		seen->exact = true;
		return;
	}
	while (rest.p != NULL && rest.n > 0)
		seen->folded |= tc_eq(tc_next(&rest, ','), TC_STR("1"));
}

/* ---- values ---- */

static char *
put(char *at, struct tc_str s)
{
	if (s.n > 0)
		memcpy(at, s.p, s.n);
	return at + s.n;
}

static const struct tc_str SOURCES[] = {
#define X(e, name) [TC_SRC_##e] = TC_STR_INIT(name),
    TC_SOURCES(X)
#undef X
};

/* out;src=gpc;region=us-ca;rules="1a2b3c4d" */
static int
add_decision(struct tc_fields *fs, const struct tc_decision *d)
{
	struct tc_str src = SOURCES[d->src];
	size_t room = sizeof("out;src=;region=;rules=\"\"") + src.n + d->region.n + sizeof(d->rules->hash);
	char *start = tc_alloc_bytes(fs->arena, room), *at = start;

	if (start == NULL)
		return -1;
	at = put(at, d->out ? TC_STR("out") : TC_STR("in"));
	if (src.n > 0)
		at = put(put(at, TC_STR(";src=")), src);
	at = put(put(at, TC_STR(";region=")), d->region);
	at = put(put(at, TC_STR(";rules=\"")), tc_str_from(d->rules->hash));
	at = put(at, TC_STR("\""));
	assert((size_t)(at - start) <= room);
	return tc_field_add(fs, TC_F_PRIVACY_DECISION, tc_str_of(start, (size_t)(at - start)));
}

/* A quoted string (RFC 8941 3.3.3) in which non-ASCII bytes, and '%', are percent-encoded. At most 3 s.n bytes. */
static char *
put_city(char *at, struct tc_str s)
{
	static const char HEX[] = "0123456789ABCDEF";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c >= 0x7f || c == '%') {
			*at++ = '%';
			*at++ = HEX[c >> 4];
			*at++ = HEX[c & 15];
			continue;
		}
		if (c == '"' || c == '\\')
			*at++ = '\\';
		*at++ = (char)c;
	}
	return at;
}

static char *
put_member(char *at, const char *start, struct tc_str key)
{
	if (at != start)
		at = put(at, TC_STR(", "));
	return put(at, key);
}

/* GEO_* bits of what may be said about this visitor's place. */
static uint32_t
geo_told(const struct config_site *site, const struct tc_decision *d)
{
	return d->location_off ? site->geo & GEO_COUNTRY : site->geo;
}

/* country=US, region=US-CA, city="San Diego": what is known of the members that the site forwards. */
static int
add_geo(struct tc_fields *fs, uint32_t members, const struct place *p)
{
	struct tc_str country = tc_str_from(p->country), region = tc_str_from(p->region);
	size_t room = sizeof("country=, region=, city=\"\"") + sizeof(p->country) + sizeof(p->region);
	char *start, *at;

	if (country.n == 0 || members == 0)
		return 0;
	start = at = tc_alloc_bytes(fs->arena, room + 3 * p->city.n);
	if (start == NULL)
		return -1;
	if ((members & GEO_COUNTRY) != 0)
		at = put(put_member(at, start, TC_STR("country=")), country);
	if ((members & GEO_REGION) != 0 && region.n > 0)
		at = put(put_member(at, start, TC_STR("region=")), region);
	if ((members & GEO_CITY) != 0 && p->city.n > 0) {
		at = put_member(at, start, TC_STR("city=\""));
		at = put(put_city(at, p->city), TC_STR("\""));
	}
	assert((size_t)(at - start) <= room + 3 * p->city.n);
	return at == start ? 0 : tc_field_add(fs, TC_F_TACET_GEO, tc_str_of(start, (size_t)(at - start)));
}

static int
add_forwarded_for(struct tc_fields *fs, enum client_ip mode, const struct tc_addr *client)
{
	char *text;

	if (mode == CLIENT_IP_NONE || client->family == 0)
		return 0;
	text = tc_alloc_bytes(fs->arena, 46);
	if (text == NULL)
		return -1;
	return tc_field_add(fs, TC_F_X_FORWARDED_FOR,
	    tc_str_of(text, addr_write_forwarded(client, mode == CLIENT_IP_PREFIX, text)));
}

int
upstream_fields(const struct config_site *site, const struct tc_decision *d, const struct place *place,
    const struct tc_addr *client, struct tc_request *req)
{
	struct tc_fields *fs = &req->fields;
	struct tc_str host = {NULL, 0};
	struct gpc_seen gpc = {0};
	bool observes = site->mode == MODE_OBSERVE; /* then nothing is said to the origin, and no signal touched */

	for (size_t i = 0; i < fs->n; i++) {
		struct tc_field *f = &fs->v[i];

		if (f->dropped)
			continue;
		if (f->id == TC_F_SEC_GPC && !observes)
			gpc_row(f, &gpc);
		else if (f->id == TC_F_HOST)
			host = f->value;
		else if (field_forged(f))
			f->dropped = true;
	}
	if (!observes && (gpc.folded || d->person) && !gpc.exact && tc_field_add(fs, TC_F_SEC_GPC, TC_STR("1")) < 0)
		return -1;
	if (!observes && (add_decision(fs, d) < 0 || add_geo(fs, geo_told(site, d), place) < 0))
		return -1;
	if (host.n > 0 && tc_field_add(fs, TC_F_X_FORWARDED_HOST, host) < 0)
		return -1;
	if (tc_field_add(fs, TC_F_X_FORWARDED_PROTO, req->scheme) < 0)
		return -1;
	return add_forwarded_for(fs, site->client_ip, client);
}
