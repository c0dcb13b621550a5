/* resolve.c: see resolve.h. c-ares says which sockets and time-outs it waits for; libuv waits. */
#include "net/resolve.h"

#include <ares.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>

#define TRY_MS 1000 /* before the next server is asked, or the same again; doubled each round */
#define TRIES 3
#define TICK_MS 100 /* how often c-ares looks for time-outs while a question is under way */

struct resolver {
	struct loop *loop;
	ares_channel channel;
	bool ready;    /* the channel is there */
	bool renewing; /* and goes, but another comes: its questions are asked again */
	struct question *again;
	uv_timer_t ticker;
	size_t questions;
	size_t handles; /* libuv's, open or closing; the last frees */
	struct watch *watches;
};

/* A socket of c-ares that libuv polls. */
struct watch {
	uv_poll_t poll;
	struct watch *prev, *next;
	struct resolver *resolver;
	ares_socket_t fd;
};

struct question {
	struct question *next; /* to be asked again */
	struct resolver *resolver;
	resolved done;
	void *ctx;
	uint16_t port;
	char host[];
};

static void
library_init(void)
{
	(void)ares_library_init(ARES_LIB_INIT_ALL);
}

/* ---- sockets and time ---- */

static void
unref(struct resolver *r)
{
	assert(r->handles > 0);
	if (--r->handles == 0)
		free(r);
}

static void
on_watch_closed(uv_handle_t *h)
{
	struct watch *w = h->data;

	unref(w->resolver);
	free(w);
}

static void
on_ticker_closed(uv_handle_t *h)
{
	unref(h->data);
}

static void
on_ready(uv_poll_t *p, int status, int events)
{
	struct watch *w = p->data;
	bool in = status < 0 || (events & UV_READABLE) != 0, out = status < 0 || (events & UV_WRITABLE) != 0;

	ares_process_fd(w->resolver->channel, in ? w->fd : ARES_SOCKET_BAD, out ? w->fd : ARES_SOCKET_BAD);
}

static struct watch *
watch_of(struct resolver *r, ares_socket_t fd)
{
	struct watch *w = r->watches;

	while (w != NULL && w->fd != fd)
		w = w->next;
	return w;
}

static struct watch *
watch_new(struct resolver *r, ares_socket_t fd)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		abort();
	w->resolver = r;
	w->fd = fd;
	w->poll.data = w;
	if (uv_poll_init_socket(&r->loop->uv, &w->poll, fd) < 0) {
		free(w); /* the question runs into its time-out */
		return NULL;
	}
	r->handles++;
	w->next = r->watches;
	if (r->watches != NULL)
		r->watches->prev = w;
	r->watches = w;
	return w;
}

static void
watch_end(struct watch *w)
{
	if (w->prev != NULL)
		w->prev->next = w->next;
	else
		w->resolver->watches = w->next;
	if (w->next != NULL)
		w->next->prev = w->prev;
	uv_close((uv_handle_t *)&w->poll, on_watch_closed);
}

/* c-ares opens, closes, or waits for something else on a socket. */
static void
on_socket(void *ctx, ares_socket_t fd, int in, int out)
{
	struct resolver *r = ctx;
	struct watch *w = watch_of(r, fd);

	if (w == NULL && (in || out))
		w = watch_new(r, fd);
	if (w == NULL)
		return;
	if (in || out)
		(void)uv_poll_start(&w->poll, (in ? UV_READABLE : 0) | (out ? UV_WRITABLE : 0), on_ready);
	else
		watch_end(w);
}

static void
on_tick(uv_timer_t *t)
{
	struct resolver *r = t->data;

	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

/* ---- questions ---- */

static void
take(struct addresses *a, const struct ares_addrinfo_node *n, uint16_t port)
{
	struct sockaddr_storage *to = &a->v[a->n];

	if (a->n == RESOLVE_ADDRESSES_MAX || n->ai_addrlen > sizeof(*to))
		return;
	if (n->ai_family != AF_INET && n->ai_family != AF_INET6)
		return;
	memcpy(to, n->ai_addr, n->ai_addrlen);
	if (n->ai_family == AF_INET)
		((struct sockaddr_in *)to)->sin_port = htons(port);
	else
		((struct sockaddr_in6 *)to)->sin6_port = htons(port);
	if (n->ai_ttl > 0 && (a->keep_s < 0 || n->ai_ttl < a->keep_s))
		a->keep_s = n->ai_ttl;
	a->n++;
}

static void
on_answer(void *ctx, int status, int timeouts, struct ares_addrinfo *found)
{
	struct question *q = ctx;
	struct resolver *r = q->resolver;
	struct addresses a = {.keep_s = -1};

	(void)timeouts;
	if (status == ARES_SUCCESS)
		for (const struct ares_addrinfo_node *n = found->nodes; n != NULL; n = n->ai_next)
			take(&a, n, q->port);
	if (found != NULL)
		ares_freeaddrinfo(found);
	if (--r->questions == 0)
		(void)uv_timer_stop(&r->ticker);
	if (status == ARES_EDESTRUCTION && r->renewing) {
		q->next = r->again;
		r->again = q;
		return;
	}
	q->done(q->ctx, &a);
	free(q);
}

static void
put_question(struct question *q)
{
	struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addresses none = {.keep_s = -1};
	struct resolver *r = q->resolver;

	if (!r->ready) {
		q->done(q->ctx, &none);
		free(q);
		return;
	}
	if (r->questions++ == 0)
		(void)uv_timer_start(&r->ticker, on_tick, TICK_MS, TICK_MS);
	ares_getaddrinfo(r->channel, q->host, NULL, &hints, on_answer, q);
}

void
resolve_name(struct resolver *r, const char *host, uint16_t port, resolved done, void *ctx)
{
	size_t n = strlen(host) + 1;
	struct question *q = calloc(1, sizeof(*q) + n);

	if (q == NULL)
		abort();
	*q = (struct question){.resolver = r, .done = done, .ctx = ctx, .port = port};
	memcpy(q->host, host, n);
	put_question(q);
}

static void
ask_again(struct resolver *r)
{
	struct question *q;

	while ((q = r->again) != NULL) {
		r->again = q->next;
		put_question(q);
	}
}

/* ---- other names ---- */

struct alias {
	struct resolver *resolver;
	aliased done;
	void *ctx;
};

enum { DNS_HEAD = 12, DNS_RECORD = 10, DNS_CNAME = 5, DNS_IN = 1 };

/* Goes over the name at *at of a message, and `more` bytes behind it; false: it does not have them. */
static bool
skip_name(const unsigned char *msg, int n, int *at, int more)
{
	char *name;
	long length;

	if (ares_expand_name(msg + *at, msg, n, &name, &length) != ARES_SUCCESS)
		return false;
	ares_free_string(name);
	if (length > n - *at || more > n - *at - length)
		return false;
	*at += (int)length + more;
	return true;
}

static int
dns16(const unsigned char *p)
{
	return p[0] << 8 | p[1];
}

/* The name in the first CNAME record of an answer, to be freed by ares_free_string(); NULL: there is none. */
static char *
find_cname(const unsigned char *msg, int n)
{
	int at = DNS_HEAD, records = n >= DNS_HEAD ? dns16(msg + 6) : 0;
	char *name = NULL;
	long length;

	if (records == 0 || !skip_name(msg, n, &at, 4))
		return NULL;
	for (; records > 0; records--) {
		const unsigned char *r;

		if (!skip_name(msg, n, &at, DNS_RECORD))
			return NULL;
		r = msg + at - DNS_RECORD;
		if (dns16(r) == DNS_CNAME && at < n)
			return ares_expand_name(msg + at, msg, n, &name, &length) == ARES_SUCCESS ? name : NULL;
		if (dns16(r + 8) > n - at)
			return NULL;
		at += dns16(r + 8);
	}
	return NULL;
}

static void
on_alias(void *ctx, int status, int timeouts, unsigned char *msg, int n)
{
	struct alias *q = ctx;
	bool answered = status == ARES_SUCCESS || status == ARES_ENODATA || status == ARES_ENOTFOUND;
	char *name = status == ARES_SUCCESS ? find_cname(msg, n) : NULL;

	(void)timeouts;
	if (--q->resolver->questions == 0)
		(void)uv_timer_stop(&q->resolver->ticker);
	q->done(q->ctx, name != NULL ? tc_str_from(name) : tc_str_of("", 0), answered);
	if (name != NULL)
		ares_free_string(name);
	free(q);
}

void
resolve_alias(struct resolver *r, const char *host, aliased done, void *ctx)
{
	struct alias *q = calloc(1, sizeof(*q));

	if (q == NULL)
		abort();
	*q = (struct alias){.resolver = r, .done = done, .ctx = ctx};
	if (!r->ready) {
		done(ctx, tc_str_of("", 0), false);
		free(q);
		return;
	}
	if (r->questions++ == 0)
		(void)uv_timer_start(&r->ticker, on_tick, TICK_MS, TICK_MS);
	ares_query(r->channel, host, DNS_IN, DNS_CNAME, on_alias, q);
}

/* ---- the channel ---- */

static void
close_channel(struct resolver *r)
{
	if (!r->ready)
		return;
	r->ready = false;
	ares_destroy(r->channel); /* answers what is under way, closes its sockets */
	assert(r->questions == 0);
}

static bool
set_servers(ares_channel channel, struct tc_strs servers)
{
	char list[2048];
	size_t n = 0;

	if (servers.n == 0)
		return true;
	for (size_t i = 0; i < servers.n; i++) {
		int k = snprintf(list + n, sizeof(list) - n, "%s%.*s", i > 0 ? "," : "", (int)servers.v[i].n, servers.v[i].p);

		if (k < 0 || (size_t)k >= sizeof(list) - n)
			return false;
		n += (size_t)k;
	}
	return ares_set_servers_ports_csv(channel, list) == ARES_SUCCESS;
}

static void
open_channel(struct resolver *r, struct tc_strs servers)
{
	struct ares_options o = {
		.timeout = TRY_MS, .tries = TRIES, .sock_state_cb = on_socket, .sock_state_cb_data = r};

	if (ares_init_options(&r->channel, &o, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB) != ARES_SUCCESS)
		return;
	r->ready = true;
	if (!set_servers(r->channel, servers))
		close_channel(r); /* nobody to ask: names do not resolve, addresses work */
}

void
resolver_use(struct resolver *r, struct tc_strs servers)
{
	r->renewing = true;
	close_channel(r);
	r->renewing = false;
	open_channel(r, servers);
	ask_again(r);
}

struct resolver *
resolver_new(struct loop *l)
{
	static uv_once_t once = UV_ONCE_INIT;
	struct resolver *r = calloc(1, sizeof(*r));

	if (r == NULL)
		abort();
	uv_once(&once, library_init);
	r->loop = l;
	r->handles = 1;
	(void)uv_timer_init(&l->uv, &r->ticker);
	r->ticker.data = r;
	return r;
}

void
resolver_destroy(struct resolver **p)
{
	struct resolver *r = *p;

	if (r == NULL)
		return;
	*p = NULL;
	close_channel(r);
	uv_close((uv_handle_t *)&r->ticker, on_ticker_closed);
}
