/* demo.c: `tacet demo`, tacet in front of a built-in site; with --once, its own comparison of the page before and
 * after, judged without any of the filters' code. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/demo_origin.h"
#include "cli/serve.h"
#include "cli/verbs.h"

#define PAGE_MAX (1 << 20)
#define CLEAN "clean: nothing of a tracker is left for a visitor who opted out"

struct demo {
	struct serve serve;
	struct demo_origin *origin;
	struct sockaddr_storage address;
	char text[LISTENER_TEXT_MAX];
	uv_thread_t judge;
	uv_async_t judged;
	bool once, clean, started;
};

/* ---- a visit ---- */

struct visit {
	struct buf answer;
	struct demo_seen seen;
};

static int
connect_to(const struct sockaddr_storage *ss)
{
	struct timeval patience = {.tv_sec = 10};
	int fd = socket(ss->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)ss,
		ss->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in)) == -1) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* One request on a connection of its own, as a browser that has been here before would send it. */
static bool
visit(struct demo *d, const char *method, const char *target, const char *extra, struct visit *v)
{
	char request[1024], bytes[16384];
	int n = snprintf(request, sizeof(request),
	    "%s %s HTTP/1.1\r\nHost: %s\r\nAccept: text/html,*/*;q=0.8\r\nSec-Fetch-Dest: %s\r\n"
	    "Cookie: _ga=GA1.1.000000000.0000000000; _fbp=fb.1.0000000000000.000000000; session=demo\r\n"
	    "%sContent-Length: 0\r\nConnection: close\r\n\r\n",
	    method, target, d->text, method[0] == 'P' ? "empty" : "document", extra);
	int fd = connect_to(&d->address);
	ssize_t k = 0;

	buf_init(&v->answer, PAGE_MAX);
	if (fd == -1)
		return false;
	if (write(fd, request, (size_t)n) == n)
		while ((k = read(fd, bytes, sizeof(bytes))) > 0 && buf_add(&v->answer, bytes, (size_t)k) == 0)
			;
	(void)close(fd);
	demo_origin_seen(d->origin, &v->seen);
	return k == 0 && v->answer.n > 0;
}

/* ---- the comparison ---- */

static size_t
count(struct tc_str s, const char *needle)
{
	struct tc_str n = tc_str_from(needle);
	size_t found = 0, at;

	while ((at = tc_find(s, n)) < s.n) {
		tc_skip(&s, at + n.n);
		found++;
	}
	return found;
}

/* What a reader of the page's bytes would look for. None of it may be left for a visitor who has opted out. */
static const struct {
	const char *label, *needle;
} marks[] = {
	{"Google Tag Manager, inline loader", "googletagmanager.com/gtm.js"},
	{"Google Tag Manager, noscript frame", "googletagmanager.com/ns.html"},
	{"Google tag (Analytics 4, Ads)", "googletagmanager.com/gtag/js"},
	{"Google Analytics, preload hint", "google-analytics.com/"},
	{"Meta Pixel, inline loader", "connect.facebook.net/en_US/fbevents.js"},
	{"Meta Pixel, noscript image", "facebook.com/tr?"},
	{"LinkedIn Insight, inline loader", "snap.licdn.com"},
	{"LinkedIn, tracking image and srcset", "ads.linkedin.com/collect"},
	{"HubSpot loader", "js.hs-scripts.com"},
	{"Hotjar, inline loader", "static.hotjar.com/c/"},
	{"preconnect and dns-prefetch hints", "-prefetch\" href=\"//"},
	{"tracking cookies set: _ga", "Set-Cookie: _ga=GA1"},
	{"tracking cookies set: _fbp", "Set-Cookie: _fbp=fb"},
	{"tracking cookies set: hubspotutk", "Set-Cookie: hubspotutk=0"},
};

static bool
row(const char *label, size_t before, size_t after, bool good)
{
	(void)printf("  %-42s %8zu %8zu   %s\n", label, before, after, good ? "ok" : "LEAK");
	return good;
}

static bool
compare_pages(const struct visit *in, const struct visit *out)
{
	struct tc_str before = buf_str(&in->answer), after = buf_str(&out->answer);
	bool clean = true;

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		size_t a = count(before, marks[i].needle), b = count(after, marks[i].needle);

		clean &= row(marks[i].label, a, b, a > 0 && b == 0);
	}
	clean &= row("the site's own cookie: session", count(before, "Set-Cookie: session="),
	    count(after, "Set-Cookie: session="), count(after, "Set-Cookie: session=") == 1);
	clean &= row("the site's own script and style", count(before, "/app.js") + count(before, "/style.css"),
	    count(after, "/app.js") + count(after, "/style.css"),
	    count(after, "/app.js") + count(after, "/style.css") == count(before, "/app.js") + count(before, "/style.css"));
	clean &= row("status text shown", count(before, "Opt-Out Request Honored"),
	    count(after, "Opt-Out Request Honored"), count(after, "Opt-Out Request Honored") == 1);
	return clean;
}

static bool
compare_origins(const struct demo_seen *in, const struct demo_seen *out)
{
	struct tc_str a = tc_str_from(in->cookie), b = tc_str_from(out->cookie);
	struct tc_str qa = tc_str_from(in->query), qb = tc_str_from(out->query);
	size_t before = count(a, "_ga=") + count(a, "_fbp="), after = count(b, "_ga=") + count(b, "_fbp=");
	bool clean = row("origin saw tracking cookies", before, after, before == 2 && after == 0);

	clean &= row("origin saw the session cookie", count(a, "session="), count(b, "session="), count(b, "session=") == 1);
	clean &= row("origin saw click ids (gclid)", count(qa, "gclid="), count(qb, "gclid="), count(qb, "gclid=") == 0);
	clean &= row("origin was told Sec-GPC: 1", in->gpc, out->gpc, !in->gpc && out->gpc);
	return clean;
}

/* The hit of a tag container on the site's own host. */
static bool
compare_beacons(struct demo *d)
{
	static const char hit[] = "/g/collect?v=2&tid=G-DEMO000000&cid=1.2&en=page_view";
	struct visit in, out;
	unsigned before = 0, after = 0;
	bool fine = visit(d, "POST", hit, "", &in);

	before = in.seen.beacons;
	fine &= visit(d, "POST", hit, "Sec-GPC: 1\r\n", &out);
	after = out.seen.beacons - before;
	buf_reset(&in.answer);
	buf_reset(&out.answer);
	return row("origin saw first-party /g/collect", before, after, fine && before == 1 && after == 0);
}

static void
compare(void *arg)
{
	static const char target[] = "/?gclid=DEMO&plan=team";
	struct demo *d = arg;
	struct visit in, out;
	bool fine = visit(d, "GET", target, "", &in);

	fine &= visit(d, "GET", target, "Sec-GPC: 1\r\n", &out);
	(void)printf("\nThe demo page from a place in %s, without and with Global Privacy Control:\n\n",
	    d->serve.over.region.n > 0 ? d->serve.over.region.p : "us-ca");
	(void)printf("  %-42s %8s %8s\n", "found in page, cookies, requests", "without", "with GPC");
	d->clean = fine && compare_pages(&in, &out) & compare_origins(&in.seen, &out.seen) & compare_beacons(d);
	(void)printf("\n%s\n", d->clean ? CLEAN : "NOT clean: see the rows that say LEAK");
	(void)fflush(stdout);
	buf_reset(&in.answer);
	buf_reset(&out.answer);
	(void)uv_async_send(&d->judged);
}

static void
on_judged(uv_async_t *a)
{
	struct demo *d = a->data;

	d->serve.code = d->clean ? 0 : 1;
	uv_stop(a->loop);
}

/* ---- the verb ---- */

static void
say_what_to_try(const struct demo *d, const struct service *service)
{
	char admin[LISTENER_TEXT_MAX];

	listener_print(&service->admin, admin);
	(void)printf("\n"
	    "  Open   http://%s/            the page as visitors without a signal get it\n"
	    "  Try    curl -s -H 'Sec-GPC: 1' http://%s/ | grep -c googletagmanager\n"
	    "         curl -s             http://%s/ | grep -c googletagmanager\n"
	    "  Say no http://%s/privacy-choices      and open the page again\n"
	    "  See    curl -s http://%s/metrics | grep tacet_filter_actions_total\n"
	    "  Proof  tacet demo --once                 before and after in one table\n"
	    "\n"
	    "  Places by IP Geolocation by DB-IP (https://db-ip.com), CC BY 4.0. Stop with Ctrl-C.\n\n",
	    d->text, d->text, d->text, d->text, admin);
	(void)fflush(stdout);
}

static void
on_ready(struct serve *s, const struct service *service)
{
	struct demo *d = s->ctx;

	d->address = service->listening[0].addr;
	listener_print(&d->address, d->text);
	if (!d->once) {
		say_what_to_try(d, service);
		return;
	}
	(void)uv_async_init(&s->control->uv, &d->judged, on_judged);
	d->judged.data = d;
	d->started = uv_thread_create(&d->judge, compare, d) == 0;
}

/* The port everybody tries first, or a free one. */
static const char *
pick_listen(bool once)
{
	struct sockaddr_storage ss = {0};
	int fd;

	((struct sockaddr_in *)&ss)->sin_family = AF_INET;
	((struct sockaddr_in *)&ss)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	((struct sockaddr_in *)&ss)->sin_port = htons(8080);
	if (once || listener_open(&ss, &fd, 1) < 0)
		return "127.0.0.1:0";
	(void)close(fd);
	return "127.0.0.1:8080";
}

static int
run_demo(struct demo *d, uint16_t port)
{
	char origin[48];
	struct config *c;
	int code, n = snprintf(origin, sizeof(origin), "http://127.0.0.1:%u", port);

	d->serve.over.origin = tc_str_of(origin, (size_t)n);
	d->serve.ready = on_ready;
	d->serve.ctx = d;
	d->serve.code = d->once ? 1 : 0;
	c = serve_config(NULL, &d->serve.over, &code);
	if (c == NULL)
		return code;
	code = serve(&d->serve, c);
	if (d->started)
		(void)uv_thread_join(&d->judge);
	return code;
}

int
verb_demo(int argc, char **argv)
{
	struct demo d = {0};
	const char *listen = NULL, *admin = NULL, *region = "us-ca", *geo = NULL;
	const struct arg args[] = {
		{"listen", 0, ARG_TEXT, &listen},
		{"admin", 0, ARG_TEXT, &admin},
		{"region", 0, ARG_TEXT, &region},
		{"geo", 0, ARG_TEXT, &geo},
		{"once", 0, ARG_FLAG, &d.once},
		{0},
	};
	int code = args_parse("demo", args, argc, argv);
	uint16_t port;

	if (code >= 0)
		return code;
	if (listen != NULL && tc_starts(tc_str_from(listen), TC_STR("unix:")))
		return args_wrong("demo", "a browser needs a port: --listen 127.0.0.1:8080");
	d.origin = demo_origin_start(&port);
	if (d.origin == NULL) {
		(void)fprintf(stderr, "tacet demo: cannot listen on loopback: %s\n", strerror(errno));
		return 1;
	}
	if (listen == NULL)
		listen = pick_listen(d.once);
	if (admin == NULL)
		admin = "127.0.0.1:0";
	d.serve.over = overrides_of(NULL, listen, admin, region, geo);
	code = run_demo(&d, port);
	demo_origin_stop(&d.origin);
	return code;
}
