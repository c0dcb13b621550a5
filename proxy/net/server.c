/* server.c: see server.h. */
#include "net/server.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>

#define LOOK_UP_LEAST_S 1     /* a name is not asked for more often */
#define LOOK_UP_MOST_S 300    /* nor less often while it is used */
#define LOOK_UP_NO_TTL_S 2    /* from the hosts file, or not to be kept at all */
#define LOOK_UP_AGAIN_S 5     /* after failures: 1, 2, 4 ... at most */
#define ADDRESS_BAD_MS 10000  /* an address that failed comes last so long */
#define ADDRESS_LEAST_MS 250  /* each address gets at least this long */
#define PROBE_EVERY_MS 200
#define PROBE_PATIENCE_MS 1000
#define PROBE_KEEP_MS 1000    /* who waited takes it at once; a server with few workers has others to serve */
#define OUTS_MAX 5            /* out_ms is doubled so often at most */

struct servers {
	struct loop *loop;
	const struct server_ops *ops;
	void (*changed)(void *ctx);
	void *ctx;
	struct resolver *resolver;
	struct server *list;
};

static const struct conn_ops conn_ops;
static void attempt_next(struct attempt *a);
static void look_up_if_due(struct server *s);
static void probe_if_needed(struct server *s);

static uint64_t
now_of(const struct server *s)
{
	return loop_now(s->all->loop);
}

static void
unref(struct server *s)
{
	assert(s->refs > 0);
	if (--s->refs > 0)
		return;
	health_release(&s->health);
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

static uint32_t
tag_of(const struct sockaddr_storage *ss)
{
	const struct sockaddr_in *in = (const void *)ss;
	const struct sockaddr_in6 *in6 = (const void *)ss;
	bool six = ss->ss_family == AF_INET6;
	const unsigned char *p = six ? in6->sin6_addr.s6_addr : (const void *)&in->sin_addr;
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < (six ? 16u : 4u); i++)
		h = (h ^ p[i]) * 16777619u;
	return h;
}

static size_t
address_of(const struct server *s, uint32_t tag)
{
	size_t i = 0;

	while (i < s->addresses.n && tag_of(&s->addresses.v[i]) != tag)
		i++;
	return i;
}

static bool
is_current(const struct server_conn *sc)
{
	return sc->server->fixed || address_of(sc->server, sc->address) < sc->server->addresses.n;
}

void
server_put(struct server_conn *sc, int64_t keep_ms)
{
	struct server *s = sc->server;

	assert(sc->connected && sc->prev == NULL && sc->next == NULL);
	sc->conn.direct = false;
	if (s->users == 0 || sc->conn.ended || sc->conn.broken || sc->u.held.n > 0 || conn_pending(&sc->conn) > 0 ||
	    s->kept_count >= SERVER_KEPT_MAX || !is_current(sc)) {
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

	look_up_if_due(s);
	while ((sc = s->kept) != NULL) {
		kept_remove(sc);
		if (!careful || is_silent(sc)) {
			sc->taken = careful ? 0 : (uint32_t)s->all->loop->turn; /* it was looked at just now */
			sc->taken_at = (uint32_t)now_of(s);
			return sc;
		}
		server_drop(sc);
	}
	return NULL;
}

static void
drop_kept(struct server *s, bool all)
{
	struct server_conn *next;

	for (struct server_conn *sc = s->kept; sc != NULL; sc = next) {
		next = sc->next;
		if (!all && is_current(sc))
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

	if (sc->user != NULL)
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
	unref(sc->server);
	free(sc);
}

static const struct conn_ops conn_ops = {
	.data = on_data, .ready = on_ready, .ended = on_ended, .drained = on_drained, .closed = on_conn_closed};

/* ---- attempts ---- */

static void
attempt_end(struct attempt *a, struct server_conn *sc, int error)
{
	a->conn = NULL;
	a->server = NULL;
	a->done(a, sc, error);
}

/* This address did not work: another one, or none. */
static void
address_failed(struct attempt *a, struct server_conn *sc, int error)
{
	struct server *s = a->server;
	size_t i = address_of(s, sc->address);

	if (i < s->addresses.n)
		s->bad_until[i] = now_of(s) + ADDRESS_BAD_MS;
	sc->attempt = NULL;
	a->conn = NULL;
	a->error = error;
	server_drop(sc);
	attempt_next(a);
}

static void
on_connect(uv_connect_t *r, int status)
{
	struct server_conn *sc = r->data;
	struct attempt *a = sc->attempt;
	size_t i = address_of(sc->server, sc->address);

	if (a == NULL)
		return; /* given up: it is closing already */
	if (status < 0) {
		address_failed(a, sc, status);
		return;
	}
	if (i < sc->server->addresses.n)
		sc->server->bad_until[i] = 0;
	wheel_clear(&sc->deadline);
	sc->attempt = NULL;
	sc->connected = true;
	buf_init(&sc->u.held, 2 * LOOP_READ_SIZE);
	conn_read(&sc->conn);
	attempt_end(a, sc, 0);
}

static bool
was_tried(const struct attempt *a, uint32_t tag)
{
	for (size_t i = 0; i < a->tried_n; i++)
		if (a->tried[i] == tag)
			return true;
	return a->tried_n == RESOLVE_ADDRESSES_MAX;
}

/* The next address in turn that was not tried; those that failed lately come last. addresses.n: none. */
static size_t
choose_address(struct server *s, const struct attempt *a)
{
	size_t n = s->addresses.n, last = n;

	for (size_t k = 0; k < n; k++) {
		size_t i = (s->turn + k) % n;

		if (was_tried(a, tag_of(&s->addresses.v[i])))
			continue;
		if (s->bad_until[i] <= now_of(s))
			return i;
		if (last == n)
			last = i;
	}
	return last;
}

static struct server_conn *
conn_new(struct attempt *a)
{
	struct server *s = a->server;
	struct server_conn *sc = calloc(1, sizeof(*sc));

	if (sc == NULL)
		abort();
	if (s->path != NULL)
		conn_init_pipe(&sc->conn, s->all->loop, &conn_ops);
	else
		conn_init_tcp(&sc->conn, s->all->loop, &conn_ops);
	sc->server = s;
	sc->ops = s->all->ops;
	s->refs++;
	sc->deadline.kind = DEADLINE_SERVER;
	sc->attempt = a;
	sc->u.connect.data = sc;
	a->conn = sc;
	return sc;
}

static void
connect_path(struct attempt *a)
{
	struct server_conn *sc = conn_new(a);

	a->tried_n = 1;
	loop_deadline(a->server->all->loop, &sc->deadline, (uint64_t)a->patience_ms);
	uv_pipe_connect(&sc->u.connect, &sc->conn.u.pipe, a->server->path, on_connect);
}

static void
connect_address(struct attempt *a, size_t i)
{
	struct server *s = a->server;
	struct server_conn *sc = conn_new(a);
	/* One share for each, and one for what a look-up may still find. */
	uint64_t each = (uint64_t)a->patience_ms / (s->addresses.n + s->resolving);
	int r;

	s->turn = (unsigned)i + 1;
	sc->address = tag_of(&s->addresses.v[i]);
	a->tried[a->tried_n++] = sc->address;
	loop_deadline(s->all->loop, &sc->deadline, each > ADDRESS_LEAST_MS ? each : ADDRESS_LEAST_MS);
	(void)uv_tcp_nodelay(&sc->conn.u.tcp, 1);
	r = uv_tcp_connect(&sc->u.connect, &sc->conn.u.tcp, (const struct sockaddr *)&s->addresses.v[i], on_connect);
	if (r < 0)
		address_failed(a, sc, r);
}

static void
wait_for_address(struct attempt *a)
{
	struct server *s = a->server;

	a->waited = true;
	a->tried_n = 0;
	a->prev = NULL;
	a->next = s->waiting;
	if (s->waiting != NULL)
		s->waiting->prev = a;
	s->waiting = a;
	probe_if_needed(s); /* its ticks end the wait, if nothing else does */
}

static void
stop_waiting(struct attempt *a)
{
	if (a->prev != NULL)
		a->prev->next = a->next;
	else
		a->server->waiting = a->next;
	if (a->next != NULL)
		a->next->prev = a->prev;
	a->prev = a->next = NULL;
}

static bool
is_late(const struct attempt *a)
{
	return now_of(a->server) - a->since >= (uint64_t)a->patience_ms;
}

/* Goes on with the next address; without one, waits once for a look-up that is under way. */
static void
attempt_next(struct attempt *a)
{
	struct server *s = a->server;
	size_t i = choose_address(s, a);

	if (s->path != NULL && a->tried_n == 0)
		connect_path(a);
	else if (i < s->addresses.n && !(is_late(a) && a->tried_n > 0))
		connect_address(a, i);
	else if (s->resolving && !a->waited && s->look_ups_failed == 0)
		wait_for_address(a);
	else
		attempt_end(a, NULL, a->error != 0 ? a->error : UV_EAI_NONAME);
}

void
attempt_begin(struct attempt *a, struct server *s, int64_t patience_ms)
{
	a->server = s;
	a->conn = NULL;
	a->tried_n = 0;
	a->waited = false;
	a->error = 0;
	a->patience_ms = patience_ms;
	a->since = now_of(s);
	look_up_if_due(s);
	attempt_next(a);
}

void
attempt_cancel(struct attempt *a)
{
	struct server_conn *sc = a->conn;

	if (a->server == NULL)
		return;
	if (sc != NULL) {
		sc->attempt = NULL;
		server_drop(sc);
	} else {
		stop_waiting(a);
	}
	a->server = NULL;
	a->conn = NULL;
}

void
server_expired(struct deadline *d)
{
	struct server_conn *sc = (struct server_conn *)((char *)d - offsetof(struct server_conn, deadline));

	if (sc->attempt != NULL) {
		address_failed(sc->attempt, sc, UV_ETIMEDOUT);
	} else if (sc->user != NULL) {
		sc->ops->late(sc->user);
	} else if (sc->connected && !conn_is_closing(&sc->conn)) {
		kept_remove(sc);
		server_drop(sc);
	}
}

/* ---- names ---- */

/* An answer that does not come: nobody waits longer for it than for a connection. */
static void
end_late_waits(struct server *s)
{
	struct attempt *a = s->waiting;

	while (a != NULL) {
		if (!is_late(a)) {
			a = a->next;
			continue;
		}
		stop_waiting(a);
		attempt_end(a, NULL, a->error != 0 ? a->error : UV_EAI_NONAME);
		a = s->waiting; /* whoever was told may have begun or ended others */
	}
}

/* Each goes on with what there is now, and does not wait again. */
static void
wake_waiting(struct server *s)
{
	struct attempt *a;

	while ((a = s->waiting) != NULL) {
		stop_waiting(a);
		attempt_next(a);
	}
}

static void
take_addresses(struct server *s, const struct addresses *found)
{
	int64_t keep = found->keep_s < 0 ? LOOK_UP_NO_TTL_S : found->keep_s;
	uint64_t bad_until[RESOLVE_ADDRESSES_MAX] = {0};
	bool first = s->addresses.n == 0;

	if (keep < LOOK_UP_LEAST_S)
		keep = LOOK_UP_LEAST_S;
	for (size_t i = 0; i < found->n; i++) {
		size_t old = address_of(s, tag_of(&found->v[i]));

		bad_until[i] = old < s->addresses.n ? s->bad_until[old] : 0;
	}
	s->addresses = *found;
	memcpy(s->bad_until, bad_until, sizeof(bad_until));
	s->look_ups_failed = 0;
	s->fresh_until = now_of(s) + 1000 * (uint64_t)(keep < LOOK_UP_MOST_S ? keep : LOOK_UP_MOST_S);
	drop_kept(s, false);
	if (first)
		s->all->changed(s->all->ctx);
}

/* No answer: what is known is kept. */
static void
look_up_failed(struct server *s)
{
	uint64_t again = 1;

	atomic_fetch_add(&s->health->errors[HEALTH_RESOLVE], 1);
	for (unsigned i = 0; i < s->look_ups_failed && again < LOOK_UP_AGAIN_S; i++)
		again *= 2;
	if (s->addresses.n == 0)
		again = 1; /* nothing to live on */
	s->look_ups_failed++;
	s->next_look_up = now_of(s) + 1000 * (again < LOOK_UP_AGAIN_S ? again : LOOK_UP_AGAIN_S);
}

static void
on_resolved(void *ctx, const struct addresses *found)
{
	struct server *s = ctx;

	s->resolving = false;
	if (s->users > 0) {
		if (found->n > 0)
			take_addresses(s, found);
		else
			look_up_failed(s);
		wake_waiting(s);
		probe_if_needed(s);
	}
	unref(s);
}

static void
look_up_if_due(struct server *s)
{
	uint64_t now = now_of(s);

	if (s->fixed || s->resolving || now < s->fresh_until || now < s->next_look_up)
		return;
	s->resolving = true;
	s->refs++;
	resolve_name(s->all->resolver, s->host, s->port, on_resolved, s);
}

/* ---- health ---- */

bool
server_is_up(const struct server *s)
{
	return !s->out && !atomic_load_explicit(&s->health->down, memory_order_relaxed);
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
		if (s->out && now_of(s) >= s->out_until)
			let_in(s);
		if (s->kept_count == 0)
			server_put(sc, PROBE_KEEP_MS);
		else
			server_drop(sc);
		if (server_is_up(s))
			s->all->changed(s->all->ctx);
	}
	unref(s);
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

	look_up_if_due(s);
	end_late_waits(s);
	if (!needs_probe(s)) {
		(void)uv_timer_stop(t);
		return;
	}
	if (s->probing || (s->addresses.n == 0 && !s->fixed) || (!s->out && s->watchers == 0))
		return;
	if (s->out && now_of(s) < s->out_until)
		return; /* a connection would not let it in */
	s->probing = true;
	s->refs++;
	s->probe.done = on_probed;
	attempt_begin(&s->probe, s, PROBE_PATIENCE_MS);
}

static void
probe_if_needed(struct server *s)
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
	s->out_until = now_of(s) + ((uint64_t)out_ms << s->outs);
	if (s->outs < OUTS_MAX)
		s->outs++;
	atomic_fetch_add(&s->health->ejected, 1);
	probe_if_needed(s);
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
	probe_if_needed(s);
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
	look_up_if_due(s);
	return s;
}

static void
on_timer_closed(uv_handle_t *h)
{
	unref(h->data);
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
	drop_kept(s, true);
	if (s->out)
		let_in(s);
	if (s->probing) {
		attempt_cancel(&s->probe);
		s->probing = false;
		unref(s);
	}
	uv_close((uv_handle_t *)&s->probe_timer, on_timer_closed);
	unref(s);
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
