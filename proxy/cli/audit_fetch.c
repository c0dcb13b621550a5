/*
 * audit_fetch.c: gets one page over http or https for audit, as a browser would ask for it with Sec-GPC: 1, and follows its
 * redirects.
 */
#include "cli/audit.h"
#include "core/fetch.h"

enum { REDIRECTS_MAX = 5 };

/* A page of the web. */
struct page_at {
	struct tc_address address;
	bool tls;
	struct tc_str authority; /* "host[:port]" */
	uint16_t port;
};

/* Of an authority that tc_address_read() has read. */
static uint16_t
port_of(struct tc_str authority, uint16_t usual)
{
	size_t colon = authority.n;
	unsigned port = 0;

	while (colon > 0 && authority.p[colon - 1] >= '0' && authority.p[colon - 1] <= '9')
		colon--;
	if (colon == 0 || colon == authority.n || authority.p[colon - 1] != ':')
		return usual;
	for (size_t i = colon; i < authority.n && port < 65536; i++)
		port = port * 10 + (unsigned)(authority.p[i] - '0');
	return (uint16_t)port;
}

static bool
page_at_read(struct page_at *p, struct tc_str url, char buf[TC_ADDRESS_ROOM])
{
	struct tc_str text;

	if (!tc_address_read(&p->address, url, buf))
		return false;
	text = p->address.text;
	p->tls = tc_starts(text, TC_STR("https://"));
	if (!p->tls && !tc_starts(text, TC_STR("http://")))
		return false;
	tc_skip(&text, p->tls ? 8 : 7);
	p->authority = tc_str_of(text.p, (size_t)(p->address.path.p - text.p));
	p->port = port_of(p->authority, p->tls ? 443 : 80);
	return true;
}

/* The answer; false: said why. */
static bool
page_get(const struct audit *a, const struct page_at *p, struct fetch_answer *answer)
{
	static const struct tc_str fields[] = {TC_STR_INIT("User-Agent: tacet audit"), TC_STR_INIT("Accept: text/html"),
	    TC_STR_INIT("Sec-GPC: 1")};
	const struct tc_address *at = &p->address;
	const struct fetch_ask ask = {
		.host = at->host,
		.port = p->port,
		.tls = p->tls,
		.ca_file = a->ca_file,
		.authority = p->authority,
		.target = tc_str_of(at->path.p, (size_t)(at->text.p + at->text.n - at->path.p)),
		.fields = {fields, sizeof(fields) / sizeof(fields[0])},
	};
	const char *why = fetch(&ask, a->arena, answer);

	if (why != NULL)
		(void)audit_failed("URL", why);
	return why == NULL;
}

/* Where a redirect leads, whole; n = 0: it is none. Of relative ones only those with a path. */
static struct tc_str
redirect_of(const struct head *head, const struct page_at *p, struct tc_arena *arena)
{
	const struct tc_address *at = &p->address;
	struct tc_str to = tc_field_value(&head->fields, TC_F_LOCATION);

	if (head->status < 300 || head->status > 399 || head->status == 304 || to.n == 0)
		return tc_str_of(NULL, 0);
	if (tc_starts(to, TC_STR("//")))
		return tc_join(arena, (const struct tc_str[]){p->tls ? TC_STR("https:") : TC_STR("http:"), to}, 2);
	if (to.p[0] == '/')
		return tc_join(arena,
		    (const struct tc_str[]){tc_str_of(at->text.p, (size_t)(at->path.p - at->text.p)), to}, 2);
	return to;
}

int
audit_fetch(struct audit *a, struct tc_str url, struct audit_entry *e, struct tc_str *final)
{
	char buf[TC_ADDRESS_ROOM];
	struct fetch_answer answer;
	struct page_at at;

	for (unsigned i = 0; i <= REDIRECTS_MAX; i++) {
		if (!page_at_read(&at, url, buf))
			return audit_failed("URL", "it cannot be read");
		if (!page_get(a, &at, &answer))
			return 1;
		*final = tc_copy(a->arena, at.address.text);
		url = redirect_of(&answer.head, &at, a->arena);
		if (url.n == 0) {
			e->in.status = answer.head.status;
			e->in.body = answer.body;
			return fetch_lines(&answer, a->arena, &e->in.response_fields) ? -1 : audit_failed("URL", "no memory");
		}
	}
	return audit_failed("URL", "it leads from redirect to redirect");
}
