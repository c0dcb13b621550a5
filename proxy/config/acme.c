/*
 * acme.c: listen[].tls.acme: certificates that we get ourselves; and run --domain, which is written as the listeners that a
 * file would have.
 */
#include "config/compile.h"

enum { DOMAINS_MAX = 100,
	NAME_LENGTH_MAX = 253,
	LABEL_LENGTH_MAX = 63 };

#define WAY TC_STR("listen.tls.acme")

/* ---- what it says ---- */

static bool
is_plain(struct tc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '"' || s.p[i] == '\\')
			return false;
	return s.n > 0;
}

/* Letters, digits and hyphens between dots: also the name of a directory. */
static bool
is_domain(struct tc_str s)
{
	struct tc_addr addr;
	struct tc_str rest = s;

	if (s.n == 0 || s.n > NAME_LENGTH_MAX || addr_parse(s, &addr))
		return false;
	while (rest.p != NULL) {
		struct tc_str label = tc_str_of(rest.p, tc_find_byte(rest, '.'));

		(void)tc_next(&rest, '.');
		if (label.n == 0 || label.n > LABEL_LENGTH_MAX || label.p[0] == '-' || label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!((label.p[i] >= 'a' && label.p[i] <= 'z') || (label.p[i] >= '0' && label.p[i] <= '9') || label.p[i] == '-'))
				return false;
	}
	return true;
}

static void
check_domain(struct compile *c, const struct node *at, const struct config_acme *a, size_t i)
{
	struct tc_str name = a->domains.v[i];
	bool wildcard = tc_starts(name, TC_STR("*."));

	if (!is_domain(name))
		load_fault(c->l,
		    ABOUT(at, TC_STR("listen.tls.acme.domains"),
			wildcard ? TC_STR("name each host: wildcards are proven in the DNS, which tacet does not do")
				 : TC_STR("write a host's name: www.example.com; other letters as xn--...")),
		    "bad-name", "\"%.*s\" is no name to get a certificate for", STR_ARGS(name));
	for (size_t k = 0; k < i; k++)
		if (tc_eq(a->domains.v[k], name))
			load_fault(c->l, ABOUT(at, TC_STR("listen.tls.acme.domains"), TC_STR("name it once")), "duplicate-name",
			    "\"%.*s\" is there twice", STR_ARGS(name));
}

static void
check_texts(struct compile *c, const struct node *node, const struct config_acme *a)
{
	struct tc_str host = a->directory;
	bool https = tc_starts(host, TC_STR("https://"));

	if (https)
		tc_skip(&host, 8);
	if (!https || !is_plain(host) || tc_find_byte(host, '/') == 0 || tc_find_byte(host, '/') == host.n ||
	    tc_find_byte(host, '@') < host.n || tc_find_byte(host, '#') < host.n)
		load_fault(c->l,
		    ABOUT(at_key(node, "directory"), TC_STR("listen.tls.acme.directory"),
			TC_STR("write its address: https://acme-v02.api.letsencrypt.org/directory")),
		    "bad-url", "this is no https address of a directory");
	for (size_t i = 0; i < a->contact.n; i++)
		if (!is_plain(a->contact.v[i]) || !tc_starts(a->contact.v[i], TC_STR("mailto:")))
			load_fault(c->l,
			    ABOUT(at_key(node, "contact"), TC_STR("listen.tls.acme.contact"), TC_STR("write mailto:ops@example.com")),
			    "bad-url", "\"%.*s\" is no address to write to", STR_ARGS(a->contact.v[i]));
	if (a->challenge == 0)
		load_fault(c->l,
		    ABOUT(at_key(node, "challenge"), TC_STR("listen.tls.acme.challenge"), TC_STR("write [tls-alpn-01, http-01]")),
		    "missing-value", "there is no challenge to prove names by");
}

static void
check_consent(struct compile *c, const struct node *node, bool agree)
{
	if (!agree)
		load_fault(c->l,
		    ABOUT(at_key(node, "agree"), TC_STR("listen.tls.acme.agree"),
			TC_STR("read the authority's terms of service, then add agree: true")),
		    "missing-key", "nobody has agreed to the terms of the authority");
}

/* Keys and certificates have to be kept. */
static void
check_state(struct compile *c, const struct node *node)
{
	struct about about = {.at = node,
	    .path = WAY,
	    .hint = TC_STR("add state: /var/lib/tacet, give --state DIR, or set STATE_DIRECTORY")};

	if (c->c->state.n > 0)
		return;
	if (c->over->judge)
		load_warning(c->l, &about, "no-state", "ACME needs a state directory for its keys and certificates");
	else
		load_fault(c->l, &about, "no-state", "ACME needs a state directory for its keys and certificates");
}

/* ---- the block ---- */

static struct tc_str
file_in_state(struct compile *c, const struct config_acme *a, const char *file)
{
	return load_printf(c->l, "%.*s/acme/%.*s/%s", STR_ALL(c->c->state), STR_ALL(a->name), file);
}

static struct tc_str
order_of(struct compile *c, const struct config_acme *a)
{
	struct tc_str text = load_printf(c->l, "%.*s %u", STR_ALL(a->directory), a->challenge);

	for (size_t i = 0; i < a->domains.n; i++)
		text = load_printf(c->l, "%.*s %.*s", (int)text.n, text.p, STR_ALL(a->domains.v[i]));
	return text;
}

static struct config_acme *
take(struct compile *c, const struct node *node, const struct raw_acme *raw)
{
	struct config_acme *a = load_alloc(c->l, sizeof(*a));
	struct tc_str *v = load_alloc(c->l, (raw->domains.n + 1) * sizeof(*v));
	const struct node *ca = node_get(node, TC_STR("ca"));

	for (size_t i = 0; i < raw->domains.n; i++)
		v[i] = lower_copy(c->l, raw->domains.v[i]);
	*a = (struct config_acme){.domains = {v, raw->domains.n},
	    .contact = raw->contact,
	    .directory = raw->directory,
	    .challenge = raw->challenge,
	    .at = node};
	if (ca != NULL)
		a->ca_file = load_path(c->l, ca->source->directory, raw->ca);
	a->name = a->domains.n > 0 ? v[0] : TC_STR("");
	return a;
}

/* Several listeners may have the same certificate: it is got once. */
static const struct config_acme *
once(struct compile *c, const struct config_acme *a)
{
	const struct config_acme **all;

	for (size_t i = 0; i < c->c->acme_count; i++) {
		const struct config_acme *other = c->c->acmes[i];

		if (!tc_eq(other->name, a->name))
			continue;
		if (!tc_eq(other->order, a->order))
			load_fault(c->l,
			    ABOUT(a->at, WAY, TC_STR("list the names in another order: a certificate is kept under its first")),
			    "duplicate-name", "another certificate begins with %.*s, too", STR_ARGS(a->name));
		return other;
	}
	all = load_alloc(c->l, (c->c->acme_count + 1) * sizeof(*all));
	if (c->c->acme_count > 0)
		memcpy(all, c->c->acmes, c->c->acme_count * sizeof(*all));
	all[c->c->acme_count++] = a;
	c->c->acmes = all;
	return a;
}

bool
compile_acme(struct compile *c, const struct node *tls, const struct raw_acme *raw, struct config_certificate *out)
{
	const struct node *node = node_get(tls, TC_STR("acme"));
	size_t n = raw->domains.n;
	struct config_acme *a;

	if (node == NULL)
		return false;
	a = take(c, node, raw);
	if (n == 0 || n > DOMAINS_MAX)
		load_fault(c->l,
		    ABOUT(at_key(node, "domains"), TC_STR("listen.tls.acme.domains"), TC_STR("write domains: [www.example.com]")),
		    "missing-value", n == 0 ? "there are no names to get a certificate for" : "one certificate has at most 100 names");
	for (size_t i = 0; i < n && n <= DOMAINS_MAX; i++)
		check_domain(c, at_item(node, "domains", i), a, i);
	check_texts(c, node, a);
	check_consent(c, node, raw->agree);
	check_state(c, node);
	if (load_failed(c->l))
		return false;
	a->order = order_of(c, a);
	*out = (struct config_certificate){.cert = file_in_state(c, a, "cert.pem"),
	    .key = file_in_state(c, a, "key.pem"),
	    .cert_at = node,
	    .key_at = node,
	    .acme = once(c, a)};
	hash_add(&c->hash, a->order);
	return true;
}

/* ---- run --domain ---- */

/* In YAML's single quotes, in which only these count. */
static struct tc_str
quoted(struct compile *c, struct tc_str s)
{
	char *p = (char *)load_alloc(c->l, 2 * s.n + 3);
	size_t n = 0;

	p[n++] = '\'';
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'')
			p[n++] = '\'';
		p[n++] = s.p[i] < ' ' ? '?' : s.p[i];
	}
	p[n++] = '\'';
	return tc_str_of(p, n);
}

static struct tc_str
key(struct compile *c, struct tc_str text, const char *name, struct tc_str value)
{
	if (value.n == 0)
		return text;
	value = quoted(c, value);
	return load_printf(c->l, "%.*s, %s: %.*s", (int)text.n, text.p, name, (int)value.n, value.p);
}

static struct tc_str
list(struct compile *c, struct tc_str text, const char *name, struct tc_strs values)
{
	text = load_printf(c->l, "%.*s, %s: [", (int)text.n, text.p, name);
	for (size_t i = 0; i < values.n; i++) {
		struct tc_str value = quoted(c, values.v[i]);

		text = load_printf(c->l, "%.*s%s%.*s", (int)text.n, text.p, i > 0 ? ", " : "", (int)value.n, value.p);
	}
	return load_printf(c->l, "%.*s]", (int)text.n, text.p);
}

const struct node *
domains_root(struct compile *c)
{
	const struct config_domains *d = c->over->domains;
	struct tc_str https = quoted(c, c->over->listen), http = quoted(c, d->http);
	struct node *root;
	struct tc_str text = load_printf(c->l, "version: 1\nlisten:\n  - {address: %.*s, tls: {acme: {agree: true",
	    (int)https.n, https.p);

	text = list(c, text, "domains", d->names);
	text = list(c, text, "contact", d->contact);
	text = key(c, text, "directory", d->directory);
	text = key(c, text, "ca", d->ca_file);
	text = load_printf(c->l, "%.*s}}}\n  - {address: %.*s, redirect: https}\n", (int)text.n, text.p, (int)http.n, http.p);
	root = include_text(c->l, TC_STR("--domain"), text, true);
	if (root != NULL)
		schema_check(c->l, root);
	return root;
}
