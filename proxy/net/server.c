/* server.c: see server.h. */
#include "net/attempt.h"

#include <assert.h>
#include <stdlib.h>

#include "net/tls.h"

#define PROBE_EVERY_MS 200
#define PROBE_PATIENCE_MS 1000
#define PROBE_KEEP_MS 1000 /* who waited takes it at once; a server with few workers has others to serve */
#define OUTS_MAX 5         /* out_ms is doubled so often at most */

void
server_unref(struct server *s)
{
	assert(s->refs > 0);
	if (--s->refs > 0)
		return;
	health_release(&s->health);
	tls_memory_clear(&s->memory);
	tls_client_unref(&s->tls);
	free(s->host);
	free(s->path);
	free(s);
}

/* ---- kept connections ---- */

static void
kept_remove(struct server_conn *sc)
{
	struct server *s = sc->server;

	if (sc->prev != NULL)
		sc->prev->next = sc->next;
	else
		s->kept = sc->next;
	if (sc->next != NULL)
		sc->next->prev = sc->prev;
	sc->prev = sc->next = NULL;
	s->kept_count--;
	wheel_clear(&sc->deadline);
}

static void
kept_add(struct server_conn *sc)
{
	struct server *s = sc->server;

	sc->prev = NULL;
	sc->next = s->kept;
	if (s->kept != NULL)
		s->kept->prev = sc;
	s->kept = sc;
	s->kept_count++;
}

void
server_drop(struct server_conn *sc)
{
	sc->user = NULL;
	wheel_clear(&sc->deadline);
	conn_drop(&sc->conn);
}

void
server_put(struct server_conn *sc, int64_t keep_ms)
{
	struct server *s = sc->server;

	assert(sc->connected && sc->prev == NULL && sc->next == NULL);
	sc->conn.direct = false;
	if (s->users == 0 || sc->conn.ended || sc->conn.broken || sc->u.held.n > 0 || conn_pending(&sc->conn) > 0 ||
	    s->kept_count >= SERVER_KEPT_MAX || !server_conn_is_current(sc)) {
		server_drop(sc);
		return;
	}
	sc->user = NULL;
	sc->ops = s->all->ops;
	buf_reset(&sc->u.held); /* empty, but its memory has the visitor's last answer in it */
	conn_read(&sc->conn);   /* so that a close by the server is seen */
	loop_deadline(s->all->loop, &sc->deadline, (uint64_t)keep_ms);
	kept_add(sc);
}

/* Nothing has come on it that we have not seen yet: neither an end nor bytes that nobody asked for. */
static bool
is_silent(const struct server_conn *sc)
{
	uv_os_fd_t fd;
	char one;

	if (uv_fileno(&sc->conn.u.handle, &fd) < 0)
		return false;
	return recv(fd, &one, 1, MSG_PEEK | MSG_DONTWAIT) == -1 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

struct server_conn *
server_take(struct server *s, bool careful)
{
	struct server_conn *sc;

	server_look_up(s);
	while ((sc = s->kept) != NULL) {
		kept_remove(sc);
		if ((s->tls == NULL || tls_is_current(&sc->conn, s->tls)) && (!careful || is_silent(sc))) {
			sc->taken = careful ? 0 : (uint32_t)s->all->loop->turn; /* it was looked at just now */
			sc->taken_at = (uint32_t)server_now(s);
			return sc;
		}
		server_drop(sc);
	}
	return NULL;
}

void
server_drop_kept(struct server *s, bool all)
{
	struct server_conn *next;

	for (struct server_conn *sc = s->kept; sc != NULL; sc = next) {
		next = sc->next;
		if (!all && server_conn_is_current(sc))
			continue;
		kept_remove(sc);
		server_drop(sc);
	}
}

/* ---- what happens on a connection ---- */

static void
on_data(struct conn *c, struct tc_str in)
{
	struct server_conn *sc = (struct server_conn *)c;

	if (sc->user != NULL && sc->used_before && sc->taken == (uint32_t)c->loop->turn &&
	    sc->taken_at == (uint32_t)loop_now(c->loop)) {
		/* They were there before it was asked anything: no answer to that, but to nothing, or to somebody else. */
		sc->ops->ended(sc->user, UV_EPROTO);
		return;
	}
	if (sc->user != NULL) {
		sc->ops->data(sc->user, in);
		return;
	}
	/* Bytes that nobody asked for: this connection cannot be trusted with the next request (http.md 7). */
	kept_remove(sc);
	server_drop(sc);
}

static size_t
on_most(struct conn *c)
{
	struct server_conn *sc = (struct server_conn *)c;

	return sc->user != NULL && sc->ops->most != NULL ? sc->ops->most(sc->user) : LOOP_READ_SIZE;
}

static void
on_ready(struct conn *c)
{
	struct server_conn *sc = (struct server_conn *)c;

	assert(sc->user != NULL);
	sc->ops->ready(sc->user);
}

static void
on_ended(struct conn *c, int error)
{
	struct server_conn *sc = (struct server_conn *)c;

	if (sc->attempt != NULL) { /* during the handshake */
		attempt_address_failed(sc->attempt, sc, error < 0 ? error : UV_ECONNRESET);
		return;
	}
	if (sc->user != NULL) {
		sc->ops->ended(sc->user, error);
		return;
	}
	kept_remove(sc);
	server_drop(sc);
}

static void
on_drained(struct conn *c)
{
	struct server_conn *sc = (struct server_conn *)c;

	if (sc->user != NULL && sc->ops->drained != NULL)
		sc->ops->drained(sc->user);
}

static void
on_conn_closed(struct conn *c)
{
	struct server_conn *sc = (struct server_conn *)c;

	assert(sc->origin == NULL && sc->attempt == NULL);
	wheel_clear(&sc->deadline);
	if (sc->connected)
		buf_reset(&sc->u.held);
	server_unref(sc->server);
	free(sc);
}

static void
on_secured(struct conn *c)
{
	attempt_connected((struct server_conn *)c);
}

const struct conn_ops server_conn_ops = {
	.secured = on_secured,
	.data = on_data,
	.most = on_most,
	.ready = on_ready,
	.ended = on_ended,
	.drained = on_drained,
	.closed = on_conn_closed,
};

/* ---- deadlines ---- */

void
server_expired(struct deadline *d)
{
	struct server_conn *sc = (struct server_conn *)((char *)d - offsetof(struct server_conn, deadline));

	if (sc->attempt != NULL) {
		attempt_address_failed(sc->attempt, sc, UV_ETIMEDOUT);
	} else if (sc->user != NULL) {
		sc->ops->late(sc->user);
	} else if (sc->connected && !conn_is_closing(&sc->conn)) {
		kept_remove(sc);
		server_drop(sc);
	}
}

/* ---- health ---- */

bool
server_is_up(const struct server *s)
{
	return !s->out;
}

static void
let_in(struct server *s)
{
	s->out = false;
	s->strikes = 0;
	atomic_fetch_sub(&s->health->ejected, 1);
}

static void
on_probed(struct attempt *a, struct server_conn *sc, int error)
{
	struct server *s = (struct server *)((char *)a - offsetof(struct server, probe));

	(void)error;
	s->probing = false;
	if (sc != NULL) {
		if (s->out && server_now(s) >= s->out_until)
			let_in(s);
		if (s->kept_count == 0)
			server_put(sc, PROBE_KEEP_MS);
		else
			server_drop(sc);
		if (server_is_up(s))
			s->all->changed(s->all->ctx);
	}
	server_unref(s);
}

static bool
needs_probe(const struct server *s)
{
	return s->users > 0 &&
	    (s->out || s->watchers > 0 || s->waiting != NULL || (s->addresses.n == 0 && !s->fixed));
}

static void
on_probe_tick(uv_timer_t *t)
{
	struct server *s = t->data;

	server_look_up(s);
	attempt_end_late(s);
	if (!needs_probe(s)) {
		(void)uv_timer_stop(t);
		return;
	}
	if (s->probing || (s->addresses.n == 0 && !s->fixed) || (!s->out && s->watchers == 0))
		return;
	if (s->out && server_now(s) < s->out_until)
		return; /* a connection would not let it in */
	s->probing = true;
	s->refs++;
	s->probe.done = on_probed;
	attempt_begin(&s->probe, s, PROBE_PATIENCE_MS);
}

void
server_probe(struct server *s)
{
	if (needs_probe(s) && !uv_is_active((uv_handle_t *)&s->probe_timer))
		(void)uv_timer_start(&s->probe_timer, on_probe_tick, PROBE_EVERY_MS, PROBE_EVERY_MS);
}

void
server_strike(struct server *s, enum health_error why, int64_t failures, int64_t out_ms)
{
	atomic_fetch_add_explicit(&s->health->errors[why], 1, memory_order_relaxed);
	if (failures == 0 || ++s->strikes < failures || s->out || s->users == 0)
		return;
	s->out = true;
	s->out_until = server_now(s) + ((uint64_t)out_ms << s->outs);
	if (s->outs < OUTS_MAX)
		s->outs++;
	atomic_fetch_add(&s->health->ejected, 1);
	server_probe(s);
}

void
server_praise(struct server *s)
{
	s->strikes = 0;
	s->outs = 0;
}

void
server_watch(struct server *s)
{
	s->watchers++;
	server_probe(s);
}

void
server_unwatch(struct server *s)
{
	assert(s->watchers > 0);
	s->watchers--;
}

/* ---- coming and going ---- */

static char *
copy(struct tc_str s)
{
	char *p = malloc(s.n + 1);

	if (p == NULL)
		abort();
	memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

static bool
is_server(const struct server *s, const struct server_key *k)
{
	if (s->tls != k->tls)
		return false;
	if (k->host.n > 0)
		return s->host != NULL && s->port == k->port && tc_eq(tc_str_from(s->host), k->host);
	return s->path != NULL && tc_eq(tc_str_from(s->path), k->path);
}

static void
take_number(struct server *s)
{
	struct sockaddr_storage *a = &s->addresses.v[0];

	if (uv_ip4_addr(s->host, s->port, (struct sockaddr_in *)a) == 0 ||
	    uv_ip6_addr(s->host, s->port, (struct sockaddr_in6 *)a) == 0) {
		s->fixed = true;
		s->addresses.n = 1;
	}
}

static struct server *
server_new(struct servers *t, const struct server_key *k)
{
	struct server *s = calloc(1, sizeof(*s));

	if (s == NULL)
		abort();
	s->all = t;
	s->health = health_get(k->name);
	s->tls = k->tls != NULL ? tls_client_ref(k->tls) : NULL;
	pressure_init(&s->pressure);
	s->refs = 2; /* the users, the timer */
	(void)uv_timer_init(&t->loop->uv, &s->probe_timer);
	s->probe_timer.data = s;
	if (k->host.n == 0) {
		s->path = copy(k->path);
		s->fixed = true;
	} else {
		s->host = copy(k->host);
		s->port = k->port;
		take_number(s);
	}
	s->next = t->list;
	t->list = s;
	return s;
}

struct server *
server_use(struct servers *t, const struct server_key *key)
{
	struct server *s = t->list;

	while (s != NULL && !is_server(s, key))
		s = s->next;
	if (s == NULL)
		s = server_new(t, key);
	s->users++;
	server_look_up(s);
	return s;
}

static void
on_timer_closed(uv_handle_t *h)
{
	server_unref(h->data);
}

void
server_unuse(struct server **p)
{
	struct server *s = *p, **at;

	*p = NULL;
	assert(s->users > 0);
	if (--s->users > 0)
		return;
	at = &s->all->list;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	server_drop_kept(s, true);
	if (s->out)
		let_in(s);
	if (s->probing) {
		attempt_cancel(&s->probe);
		s->probing = false;
		server_unref(s);
	}
	uv_close((uv_handle_t *)&s->probe_timer, on_timer_closed);
	server_unref(s);
}

struct servers *
servers_new(struct loop *l, const struct server_ops *ops, void (*changed)(void *), void *ctx)
{
	struct servers *t = calloc(1, sizeof(*t));

	if (t == NULL)
		abort();
	*t = (struct servers){.loop = l, .ops = ops, .changed = changed, .ctx = ctx, .resolver = resolver_new(l)};
	return t;
}

void
servers_resolve_by(struct servers *t, struct tc_strs resolvers)
{
	resolver_use(t->resolver, resolvers);
}

/* Its servers are gone: their users were. Their connections may be closing still. */
void
servers_destroy(struct servers **p)
{
	struct servers *t = *p;

	if (t == NULL)
		return;
	*p = NULL;
	assert(t->list == NULL);
	resolver_destroy(&t->resolver);
	free(t);
}

struct loop *
servers_loop(struct servers *t)
{
	return t->loop;
}
