/*
 * lists_cname.c: `tacet lists cname`: asks a name server which of the site's own hosts are another name for somebody who
 * collects. Browsers send such hosts the site's cookies, and rules about the collector's name do not see them. What it
 * prints is a list: a rule for each host found.
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/lists.h"
#include "cli/members.h"
#include "net/resolve.h"

enum { HOSTS_MAX = 1024, CHAIN_MAX = 8, HOST_MAX = 253 };

/* Hosts below these collect, though no page names them (design: lists.md 10). */
static const struct {
	struct tc_str domain, vendor;
} targets[] = {
	{TC_STR_INIT("eulerian.net"), TC_STR_INIT("Eulerian")},
	{TC_STR_INIT("at-o.net"), TC_STR_INIT("AT Internet")},
	{TC_STR_INIT("k.keyade.com"), TC_STR_INIT("Keyade")},
	{TC_STR_INIT("2o7.net"), TC_STR_INIT("Adobe Analytics")},
	{TC_STR_INIT("data.adobedc.net"), TC_STR_INIT("Adobe Analytics")},
	{TC_STR_INIT("sc.adobedc.net"), TC_STR_INIT("Adobe Analytics")},
	{TC_STR_INIT("sc.omtrdc.net"), TC_STR_INIT("Adobe Analytics")},
	{TC_STR_INIT("dnsdelegation.io"), TC_STR_INIT("Criteo")},
	{TC_STR_INIT("storetail.io"), TC_STR_INIT("Criteo")},
	{TC_STR_INIT("tagcommander.com"), TC_STR_INIT("Commanders Act")},
	{TC_STR_INIT("wizaly.com"), TC_STR_INIT("Wizaly")},
	{TC_STR_INIT("affex.org"), TC_STR_INIT("affex.org")},
	{TC_STR_INIT("webtrekk.net"), TC_STR_INIT("Webtrekk")},
	{TC_STR_INIT("wt-eu02.net"), TC_STR_INIT("Webtrekk")},
	{TC_STR_INIT("oghub.io"), TC_STR_INIT("oghub.io")},
	{TC_STR_INIT("tracking.bp01.net"), TC_STR_INIT("bp01.net")},
	{TC_STR_INIT("trck.a8.net"), TC_STR_INIT("A8")},
	{TC_STR_INIT("cname.ebis.ne.jp"), TC_STR_INIT("AD EBiS")},
	{TC_STR_INIT("custom.plausible.io"), TC_STR_INIT("Plausible")},
	{TC_STR_INIT("starman.fathomdns.com"), TC_STR_INIT("Fathom")},
	{TC_STR_INIT("goatcounter.com"), TC_STR_INIT("GoatCounter")},
	{TC_STR_INIT("actonsoftware.com"), TC_STR_INIT("Act-On")},
	{TC_STR_INIT("eloqua.com"), TC_STR_INIT("Oracle Eloqua")},
};

struct search;

/* One host, and what it leads to. */
struct host {
	struct search *search;
	struct tc_str collector;                 /* the name in the chain that collects; n = 0: none does */
	struct tc_str vendor;                    /* of the table; n = 0: a list blocks it */
	char names[CHAIN_MAX + 1][HOST_MAX + 1]; /* the host itself first */
	size_t n;
	bool answered;
};

struct search {
	struct lists *lists;
	struct resolver *resolver;
	struct host *hosts;
	size_t count, open;
	bool full;
};

/* ---- which hosts ---- */

static bool
is_host_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

static struct tc_str
host_of(const struct host *h, size_t i)
{
	return tc_str_from(h->names[i]);
}

/* Lower case, without a dot at its end, to `to`; false: it is no name of a host. */
static bool
copy_host(struct tc_str host, char to[HOST_MAX + 1])
{
	host.n -= host.n > 0 && host.p[host.n - 1] == '.';
	if (host.n == 0 || host.n > HOST_MAX || tc_find_byte(host, '.') == host.n || host.p[0] == '.')
		return false;
	for (size_t i = 0; i < host.n; i++) {
		if (!is_host_byte(host.p[i]))
			return false;
		to[i] = tc_lower(host.p[i]);
	}
	to[host.n] = '\0';
	return true;
}

/* false: it is no host. One that is there already counts once. */
static bool
add_host(struct search *s, struct tc_str host)
{
	struct host *h = &s->hosts[s->count];

	if (s->count == HOSTS_MAX) {
		s->full = true;
		return true;
	}
	if (!copy_host(host, h->names[0]))
		return false;
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->hosts[i].names[0], h->names[0]) == 0)
			return true;
	h->search = s;
	h->n = 1;
	s->count++;
	return true;
}

/* Whether a host has the registrable domain of one that was named. */
static bool
is_own(const struct search *s, size_t named, struct tc_str host)
{
	char lower[HOST_MAX + 1];
	struct tc_str domain;

	if (!copy_host(host, lower))
		return false;
	domain = tc_list_domain(tc_str_from(lower));
	for (size_t i = 0; i < named && domain.n > 0; i++)
		if (tc_eq(tc_list_domain(host_of(&s->hosts[i], 0)), domain))
			return true;
	return false;
}

/* The hosts behind "//" in a text, or behind "\\/\\/" as scripts write it. */
static void
find_hosts(struct search *s, size_t named, struct tc_str text)
{
	for (size_t at = tc_find_byte(text, '/'); at < text.n; at = tc_find_byte(text, '/')) {
		struct tc_str host;

		tc_skip(&text, at + 1);
		if (!tc_starts(text, TC_STR("/")) && !tc_starts(text, TC_STR("\\/")))
			continue;
		tc_skip(&text, text.p[0] == '/' ? 1 : 2);
		host = tc_str_of(text.p, 0);
		while (host.n < text.n && is_host_byte(text.p[host.n]))
			host.n++;
		if (is_own(s, named, host))
			(void)add_host(s, host);
	}
}

static int
read_page(struct search *s, size_t named, const char *path)
{
	FILE *in = fopen(path, "rb");
	struct stat st;
	char *text;
	size_t n;

	if (in == NULL || fstat(fileno(in), &st) == -1 || !S_ISREG(st.st_mode) || st.st_size > 64 << 20) {
		(void)fprintf(stderr, "tacet lists: %s: cannot be read\n", path);
		if (in != NULL)
			(void)fclose(in);
		return 1;
	}
	text = malloc((size_t)st.st_size + 1);
	if (text == NULL)
		abort();
	n = fread(text, 1, (size_t)st.st_size, in);
	(void)fclose(in);
	find_hosts(s, named, tc_str_of(text, n));
	free(text);
	return -1;
}

/* ---- whose they are ---- */

static bool
is_below(struct tc_str host, struct tc_str domain)
{
	return tc_ends(host, domain) && (host.n == domain.n || host.p[host.n - domain.n - 1] == '.');
}

static bool
is_target(struct host *h, struct tc_str name)
{
	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++)
		if (is_below(name, targets[i].domain)) {
			h->vendor = targets[i].vendor;
			return true;
		}
	return false;
}

/* Whether a list blocks what the site's pages ask of it. */
static bool
is_listed(const struct host *h, struct tc_str name)
{
	const struct tc_list_question q = {.url = name, .from = host_of(h, 0)};
	struct tc_list_judged *j = malloc(sizeof(*j));
	bool listed = false;

	if (j == NULL)
		abort();
	if (tc_list_judge(h->search->lists->conf, &q, j) == NULL)
		for (size_t i = 0; i < j->n; i++)
			listed = listed || j->answers[i].verdict == TC_LIST_BLOCKED;
	free(j);
	return listed;
}

static void ask(struct host *h);

static void
on_alias(void *ctx, struct tc_str alias, bool answered)
{
	struct host *h = ctx;

	h->search->open--;
	h->answered = h->n == 1 ? answered : h->answered;
	if (alias.n == 0 || h->n > CHAIN_MAX || !copy_host(alias, h->names[h->n]))
		return;
	h->n++;
	if (is_target(h, host_of(h, h->n - 1)) || is_listed(h, host_of(h, h->n - 1)))
		h->collector = host_of(h, h->n - 1);
	else if (h->n <= CHAIN_MAX)
		ask(h);
}

static void
ask(struct host *h)
{
	h->search->open++;
	resolve_alias(h->search->resolver, h->names[h->n - 1], on_alias, h);
}

static void
never(struct loop *l, struct deadline *d)
{
	(void)l;
	(void)d; /* nothing here sets one */
}

static void
ask_all(struct search *s, const char *server)
{
	struct tc_str one = server != NULL ? tc_str_from(server) : tc_str_of(NULL, 0);
	struct loop *loop = calloc(1, sizeof(*loop));

	if (loop == NULL || loop_init(loop, never, NULL) < 0)
		abort();
	s->resolver = resolver_new(loop);
	resolver_use(s->resolver, (struct tc_strs){&one, server != NULL});
	for (size_t i = 0; i < s->count; i++)
		ask(&s->hosts[i]);
	while (s->open > 0)
		(void)uv_run(&loop->uv, UV_RUN_ONCE);
	resolver_destroy(&s->resolver);
	loop_close(loop);
	free(loop);
}

/* ---- what came of it ---- */

static void
print_chain(const struct host *h)
{
	for (size_t i = 0; i < h->n; i++)
		(void)printf("%s%s", i > 0 ? " -> " : "! ", h->names[i]);
}

static void
print_host(const struct host *h)
{
	print_chain(h);
	if (!h->answered)
		(void)fputs(": no answer\n", stdout);
	else if (h->collector.n == 0)
		(void)fputs(h->n > 1 ? ": nobody known to collect\n" : ": no other name\n", stdout);
	else if (h->vendor.n > 0)
		(void)printf(": %.*s\n||%s^\n", (int)h->vendor.n, h->vendor.p, h->names[0]);
	else
		(void)printf(": in a list\n||%s^\n", h->names[0]);
}

static void
json_host(const struct host *h, bool first)
{
	const struct tc_str none = {NULL, 0};

	member_str(first ? "\n  {" : ",\n  {", "host", host_of(h, 0));
	(void)printf(", \"answered\": %s, \"chain\": [", h->answered ? "true" : "false");
	for (size_t i = 1; i < h->n; i++)
		(void)printf("%s\"%s\"", i > 1 ? ", " : "", h->names[i]);
	member_str("], ", "collector", h->collector.n > 0 ? h->collector : none);
	member_str(", ", "vendor", h->vendor.n > 0 ? h->vendor : none);
	(void)putchar('}');
}

#define TITLE "! Title: own hosts that are another name for somebody who collects\n"

/* 1: somebody collects, or there was no answer. */
static int
report(const struct search *s)
{
	int code = 0;

	(void)fputs(s->lists->json ? "{\"hosts\": [" : TITLE, stdout);
	for (size_t i = 0; i < s->count; i++) {
		const struct host *h = &s->hosts[i];

		if (s->lists->json)
			json_host(h, i == 0);
		else
			print_host(h);
		code = h->collector.n > 0 || !h->answered ? 1 : code;
	}
	(void)fputs(s->lists->json ? "\n]}\n" : "", stdout);
	return code;
}

static int
search(struct lists *l, const struct arg_list *names, const struct arg_list *pages, const char *server)
{
	struct search s = {.lists = l, .hosts = calloc(HOSTS_MAX + 1, sizeof(*s.hosts))};
	int code = -1;

	if (s.hosts == NULL)
		abort();
	for (size_t i = 0; i < names->n && code < 0; i++)
		if (!add_host(&s, tc_str_from(names->v[i])))
			code = args_wrong("lists", "\"%s\" is no host, such as www.example.com", names->v[i]);
	for (size_t i = 0, named = s.count; i < pages->n && code < 0; i++)
		code = read_page(&s, named, pages->v[i]);
	if (s.full)
		(void)fprintf(stderr, "tacet lists: only the first %d hosts are asked about\n", HOSTS_MAX);
	if (code < 0) {
		ask_all(&s, server);
		code = report(&s);
	}
	free(s.hosts);
	return code;
}

int
lists_cname(int argc, char **argv)
{
	struct lists l = {0};
	struct arg_list names = {0}, pages = {0};
	const char *server = NULL;
	const struct arg args[] = {LISTS_ARGS(&l), {"host", 0, ARG_OTHER, &names}, {"page", 0, ARG_MANY, &pages},
	    {"resolver", 0, ARG_TEXT, &server}, {0}};
	int code = args_parse("lists", args, argc, argv);

	if (code >= 0)
		return code;
	if (names.n == 0)
		return args_wrong("lists", "say which host: tacet lists cname www.example.com");
	code = lists_open(&l);
	if (code >= 0)
		return code;
	code = search(&l, &names, &pages, server);
	lists_close(&l);
	return code;
}
