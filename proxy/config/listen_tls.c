/* listen_tls.c: how a listener speaks TLS: which files, which versions and protocols. What is in the files is seen later. */
#include "config/compile.h"

#define CERTIFICATES_MAX 1000
#define HINT "write tls: {cert: site.crt, key: site.key}, or acme: {...}  (tacet help listen.tls)"

/* A certificate goes with a key. false: said so. */
static bool
is_pair(struct compile *c, const struct node *map)
{
	const struct node *cert = node_get(map, TC_STR("cert")), *key = node_get(map, TC_STR("key"));

	if ((cert == NULL) == (key == NULL))
		return true;
	load_fault(c->l, ABOUT(cert != NULL ? cert : key, TC_STR("listen.tls"), TC_STR(HINT)), "missing-key",
	    cert != NULL ? "this certificate has no key" : "this key has no certificate");
	return false;
}

static void
take_pair(struct compile *c, const struct node *map, struct tc_str cert, struct tc_str key, struct config_certificate *out)
{
	out->cert_at = node_get(map, TC_STR("cert"));
	out->key_at = node_get(map, TC_STR("key"));
	out->cert = load_path(c->l, out->cert_at->source->directory, cert);
	out->key = load_path(c->l, out->key_at->source->directory, key);
}

static void
take_certificates(struct compile *c, const struct node *tls, const struct raw_listen *raw, struct config_tls *out)
{
	const struct node *list = node_get(tls, TC_STR("certificates"));
	size_t n = list != NULL ? list->n : 0;
	struct config_certificate *v;

	if (list != NULL && !within(c, list, "certificates", CERTIFICATES_MAX))
		return;
	v = load_alloc(c->l, (n + 2) * sizeof(*v));
	if (raw->tls_cert.n > 0)
		take_pair(c, tls, raw->tls_cert, raw->tls_key, &v[out->certificate_count++]);
	for (size_t i = 0; i < n; i++) {
		struct raw_certificate one = {0};

		schema_fill(c->l, "listen[].tls.certificates[]", -1, list->entries[i].value, &one, &c->hash);
		take_pair(c, list->entries[i].value, one.cert, one.key, &v[out->certificate_count++]);
	}
	if (compile_acme(c, tls, &raw->acme, &v[out->certificate_count]))
		out->certificate_count++;
	out->certificates = v;
}

void
compile_listen_tls(struct compile *c, const struct node *listener, const struct raw_listen *raw, struct config_listen *out)
{
	const struct node *tls = node_get(listener, TC_STR("tls"));
	struct config_tls *t;

	if (tls == NULL || !is_pair(c, tls))
		return;
	t = load_alloc(c->l, sizeof(*t));
	t->only_13 = raw->tls_minimum == 1;
	t->h2 = (raw->tls_protocols & 1) != 0;
	t->h1 = (raw->tls_protocols & 2) != 0;
	t->keys_at = node_get(tls, TC_STR("ticket_keys"));
	if (t->keys_at != NULL)
		t->keys_file = load_path(c->l, t->keys_at->source->directory, raw->tls_ticket_keys);
	take_certificates(c, tls, raw, t);
	if (t->certificate_count == 0 && !load_failed(c->l))
		load_fault(c->l, ABOUT(tls, TC_STR("listen.tls"), TC_STR(HINT)), "missing-key", "listen.tls has no certificate");
	if (!t->h1 && !t->h2)
		load_fault(c->l,
		    ABOUT(node_get(tls, TC_STR("protocols")), TC_STR("listen.tls.protocols"), TC_STR("write [h2, http/1.1]")),
		    "missing-value", "there are no protocols");
	hash_add(&c->hash, raw->tls_cert);
	hash_add(&c->hash, raw->tls_key);
	hash_add(&c->hash, raw->tls_ticket_keys);
	hash_add(&c->hash, t->only_13 ? TC_STR("1.3") : TC_STR("1.2"));
	hash_add(&c->hash, t->h2 ? t->h1 ? TC_STR("both") : TC_STR("h2") : TC_STR("h1"));
	out->tls = t;
}
