/* attempt.c: new connections to a server: its addresses one after another, and the name that they come from. */
#include "net/attempt.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "net/tls.h"

#define LOOK_UP_LEAST_S 1 /* a name is not asked for more often */
#define LOOK_UP_MOST_S 300 /* nor less often while it is used */
#define LOOK_UP_NO_TTL_S 2 /* from the hosts file, or not to be kept at all */
#define LOOK_UP_AGAIN_S 5 /* after failures: 1, 2, 4 ... at most */
#define ADDRESS_BAD_MS 10000 /* an address that failed comes last so long */
#define ADDRESS_LEAST_MS 250 /* each address gets at least this long */

static void attempt_next(struct attempt *a);

/* ---- addresses ---- */

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

bool
server_conn_is_current(const struct server_conn *sc)
{
	const struct server *s = sc->server;

	return (s->tls == NULL || tls_is_current(&sc->conn, s->tls)) &&
	    (s->fixed || address_of(s, sc->address) < s->addresses.n);
}

/* ---- attempts ---- */

static void
attempt_end(struct attempt *a, struct server_conn *sc, int error)
{
	a->conn = NULL;
	a->server = NULL;
	a->done(a, sc, error);
}

/* This address did not work: another one, or none. */
void
attempt_address_failed(struct attempt *a, struct server_conn *sc, int error)
{
	struct server *s = a->server;
	size_t i = address_of(s, sc->address);

	if (i < s->addresses.n)
		s->bad_until[i] = server_now(s) + ADDRESS_BAD_MS;
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
		attempt_address_failed(a, sc, status);
		return;
	}
	if (i < sc->server->addresses.n)
		sc->server->bad_until[i] = 0;
	conn_read(&sc->conn);
	if (sc->server->tls == NULL)
		attempt_connected(sc);
	else if (tls_connect(&sc->conn, sc->server->tls, tc_str_from(sc->server->host), &sc->server->memory) < 0)
		attempt_address_failed(a, sc, UV_EPROTO);
}

void
attempt_connected(struct server_conn *sc)
{
	struct attempt *a = sc->attempt;

	wheel_clear(&sc->deadline);
	sc->attempt = NULL;
	sc->connected = true;
	buf_init(&sc->u.held, 2 * LOOP_READ_SIZE);
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
		if (s->bad_until[i] <= server_now(s))
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
		conn_init_pipe(&sc->conn, s->all->loop, &server_conn_ops);
	else
		conn_init_tcp(&sc->conn, s->all->loop, &server_conn_ops);
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
		attempt_address_failed(a, sc, r);
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
	server_probe(s); /* its ticks end the wait, if nothing else does */
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
	return server_now(a->server) - a->since >= (uint64_t)a->patience_ms;
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
	a->since = server_now(s);
	server_look_up(s);
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

/* ---- names ---- */

/* An answer that does not come: nobody waits longer for it than for a connection. */
void
attempt_end_late(struct server *s)
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
	s->fresh_until = server_now(s) + 1000 * (uint64_t)(keep < LOOK_UP_MOST_S ? keep : LOOK_UP_MOST_S);
	server_drop_kept(s, false);
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
	s->next_look_up = server_now(s) + 1000 * (again < LOOK_UP_AGAIN_S ? again : LOOK_UP_AGAIN_S);
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
		server_probe(s);
	}
	server_unref(s);
}

void
server_look_up(struct server *s)
{
	uint64_t now = server_now(s);

	if (s->fixed || s->resolving || now < s->fresh_until || now < s->next_look_up)
		return;
	s->resolving = true;
	s->refs++;
	resolve_name(s->all->resolver, s->host, s->port, on_resolved, s);
}
