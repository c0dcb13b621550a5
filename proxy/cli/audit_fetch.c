/*
 * audit_fetch.c: gets one page over http for audit, as a browser would ask for it with Sec-GPC: 1, and follows its
 * redirects.
 */
#include "cli/audit.h"
#include "core/fetch.h"

enum { REDIRECTS_MAX = 5 };

static const char no_tls[] =
    "https is not spoken here: save the page in a browser and name the file, or record the visit as HAR "
    "(developer tools, Network, save all as HAR)";

/* Of "http://host[:port]/...", which tc_address_read() has read. */
static uint16_t
port_of(struct tc_str authority)
{
	size_t colon = authority.n;
	unsigned port = 0;

	while (colon > 0 && authority.p[colon - 1] >= '0' && authority.p[colon - 1] <= '9')
		colon--;
	if (colon == 0 || authority.p[colon - 1] != ':')
		return 80;
	for (size_t i = colon; i < authority.n && port < 65536; i++)
		port = port * 10 + (unsigned)(authority.p[i] - '0');
	return (uint16_t)port;
}

/* The answer; false: said why. */
static bool
page_get(const struct tc_address *at, struct tc_arena *arena, struct fetch_answer *answer)
{
	static const struct tc_str fields[] = {TC_STR_INIT("User-Agent: tacet audit"), TC_STR_INIT("Accept: text/html"),
	    TC_STR_INIT("Sec-GPC: 1")};
	struct tc_str authority = tc_str_of(at->text.p + 7, (size_t)(at->path.p - at->text.p) - 7);
	const struct fetch_ask ask = {
		.host = at->host,
		.port = port_of(authority),
		.authority = authority,
		.target = tc_str_of(at->path.p, (size_t)(at->text.p + at->text.n - at->path.p)),
		.fields = {fields, sizeof(fields) / sizeof(fields[0])},
	};
	const char *why = fetch(&ask, arena, answer);

	if (why != NULL)
		(void)audit_failed("URL", why);
	return why == NULL;
}

/* Where a redirect leads, whole; n = 0: it is none. Of relative ones only those with a path. */
static struct tc_str
redirect_of(const struct head *head, const struct tc_address *at, struct tc_arena *arena)
{
	struct tc_str to = tc_field_value(&head->fields, TC_F_LOCATION);

	if (head->status < 300 || head->status > 399 || head->status == 304 || to.n == 0)
		return tc_str_of(NULL, 0);
	if (tc_starts(to, TC_STR("//")))
		return tc_join(arena, (const struct tc_str[]){TC_STR("http:"), to}, 2);
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
	struct tc_address at;

	for (unsigned i = 0; i <= REDIRECTS_MAX; i++) {
		if (!tc_address_read(&at, url, buf))
			return audit_failed("URL", "it cannot be read");
		if (!tc_starts(at.text, TC_STR("http://")))
			return audit_failed(i > 0 ? "URL: it leads to https" : "URL", no_tls);
		if (!page_get(&at, a->arena, &answer))
			return 1;
		*final = tc_copy(a->arena, at.text);
		url = redirect_of(&answer.head, &at, a->arena);
		if (url.n == 0) {
			e->in.status = answer.head.status;
			e->in.body = answer.body;
			return fetch_lines(&answer, a->arena, &e->in.response_fields) ? -1 : audit_failed("URL", "no memory");
		}
	}
	return audit_failed("URL", "it leads from redirect to redirect");
}
