/* origin.c: see origin.h. */
#include "net/origin.h"

#include <assert.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

struct origin {
	struct loop *loop;
	const struct origin_ops *ops;
	char host[256], service[8];
	struct origin_conn *idle; /* the last used first */
	size_t idle_count;
	struct sockaddr_storage addr[4]; /* tried in turn from `good`, the last that worked */
	size_t addr_count, good;
	uint64_t resolved_at; /* 0: never */
	bool numeric, resolving, dying;
	uv_getaddrinfo_t lookup;
	struct origin_wait *waiting; /* for the look-up */
	size_t refs;                 /* connections, tickets, a look-up under way, the owner */
};

struct origin_wait {
	struct origin_wait *prev, *next;
	struct origin *origin;
	struct origin_conn *conn; /* connecting */
	void *user;               /* NULL: cancelled */
	size_t first, tries;      /* address tried first, and how many were */
};

static const struct conn_ops conn_ops;

static void
origin_unref(struct origin *o)
{
	assert(o->refs > 0);
	if (--o->refs == 0)
		free(o);
}

struct origin *
origin_new(struct loop *l, struct tc_str host, uint16_t port, const struct origin_ops *ops)
{
	struct origin *o = calloc(1, sizeof(*o));

	if (o == NULL)
		abort();
	o->loop = l;
	o->ops = ops;
	o->refs = 1;
	(void)snprintf(o->host, sizeof(o->host), "%.*s", (int)host.n, host.p);
	(void)snprintf(o->service, sizeof(o->service), "%u", port);
	if (uv_ip4_addr(o->host, port, (struct sockaddr_in *)&o->addr[0]) == 0 ||
	    uv_ip6_addr(o->host, port, (struct sockaddr_in6 *)&o->addr[0]) == 0) {
		o->numeric = true;
		o->addr_count = 1;
	}
	return o;
}

/* ---- idle list ---- */

static void
idle_remove(struct origin_conn *oc)
{
	struct origin *o = oc->origin;

	if (oc->prev != NULL)
		oc->prev->next = oc->next;
	else
		o->idle = oc->next;
	if (oc->next != NULL)
		oc->next->prev = oc->prev;
	oc->prev = oc->next = NULL;
	o->idle_count--;
}

static void
idle_add(struct origin_conn *oc)
{
	struct origin *o = oc->origin;

	oc->prev = NULL;
	oc->next = o->idle;
	if (o->idle != NULL)
		o->idle->prev = oc;
	o->idle = oc;
	o->idle_count++;
}

void
origin_drop(struct origin_conn *oc)
{
	oc->user = NULL;
	wheel_clear(&oc->deadline);
	conn_drop(&oc->conn);
}

void
origin_put(struct origin_conn *oc)
{
	struct origin *o = oc->origin;

	if (o->dying || oc->conn.ended || oc->conn.broken || oc->u.held.n > 0 || conn_pending(&oc->conn) > 0 ||
	    o->idle_count >= ORIGIN_IDLE_MAX) {
		origin_drop(oc);
		return;
	}
	oc->user = NULL;
	oc->used_before = true;
	conn_read(&oc->conn); /* so that a close by the origin is seen */
	loop_deadline(o->loop, &oc->deadline, ORIGIN_IDLE_MS);
	idle_add(oc);
}

struct origin_conn *
origin_expired(struct deadline *d)
{
	struct origin_conn *oc = (struct origin_conn *)((char *)d - offsetof(struct origin_conn, deadline));

	if (oc->user != NULL)
		return oc;
	if (oc->connected && !conn_is_closing(&oc->conn)) {
		idle_remove(oc);
		origin_drop(oc);
	}
	return NULL;
}

/* ---- what happens on a connection ---- */

static void
on_data(struct conn *c, struct tc_str in)
{
	struct origin_conn *oc = (struct origin_conn *)c;

	if (oc->user != NULL) {
		oc->origin->ops->data(oc->user, in);
		return;
	}
	/* Bytes that nobody asked for: this connection cannot be trusted with the next request (http.md 7). */
	idle_remove(oc);
	origin_drop(oc);
}

static void
on_ended(struct conn *c, int error)
{
	struct origin_conn *oc = (struct origin_conn *)c;

	if (oc->user != NULL) {
		oc->origin->ops->ended(oc->user, error);
		return;
	}
	idle_remove(oc);
	origin_drop(oc);
}

static void
on_drained(struct conn *c)
{
	struct origin_conn *oc = (struct origin_conn *)c;

	if (oc->user != NULL)
		oc->origin->ops->drained(oc->user);
}

static void
on_closed(struct conn *c)
{
	struct origin_conn *oc = (struct origin_conn *)c;

	wheel_clear(&oc->deadline);
	if (oc->connected)
		buf_reset(&oc->u.held);
	origin_unref(oc->origin);
	free(oc);
}

static const struct conn_ops conn_ops = {
	.data = on_data, .ended = on_ended, .drained = on_drained, .closed = on_closed};

/* ---- connecting ---- */

static void wait_fail(struct origin_wait *w, int error);
static bool wait_connect(struct origin_wait *w);

static void
wait_free(struct origin_wait *w)
{
	origin_unref(w->origin);
	free(w);
}

static void
on_connect(uv_connect_t *r, int status)
{
	struct origin_wait *w = r->data;
	struct origin_conn *oc = w->conn;
	struct origin *o = w->origin;
	void *user = w->user;

	w->conn = NULL;
	if (user == NULL) { /* cancelled: the connection is closing already */
		wait_free(w);
		return;
	}
	if (status < 0) {
		conn_drop(&oc->conn);
		if (++w->tries < o->addr_count)
			(void)wait_connect(w);
		else
			wait_fail(w, status);
		return;
	}
	oc->connected = true;
	o->good = w->first + w->tries;
	buf_init(&oc->u.held, 2 * LOOP_READ_SIZE);
	oc->user = user;
	wait_free(w);
	conn_read(&oc->conn);
	o->ops->got(user, oc);
}

/* false: it has failed already, and w is gone. */
static bool
wait_connect(struct origin_wait *w)
{
	struct origin *o = w->origin;
	struct origin_conn *oc = calloc(1, sizeof(*oc));
	const struct sockaddr *a;
	int r;

	if (oc == NULL)
		abort();
	if (w->tries == 0)
		w->first = o->good; /* one's own round: others move `good` meanwhile */
	a = (const struct sockaddr *)&o->addr[(w->first + w->tries) % o->addr_count];
	conn_init_tcp(&oc->conn, o->loop, &conn_ops);
	oc->origin = o;
	oc->deadline.kind = DEADLINE_ORIGIN;
	o->refs++;
	w->conn = oc;
	oc->u.connect.data = w;
	(void)uv_tcp_nodelay(&oc->conn.u.tcp, 1);
	r = uv_tcp_connect(&oc->u.connect, &oc->conn.u.tcp, a, on_connect);
	if (r < 0) {
		w->conn = NULL;
		conn_drop(&oc->conn);
		if (++w->tries < o->addr_count)
			return wait_connect(w);
		wait_fail(w, r);
		return false;
	}
	return true;
}

static void
wait_fail(struct origin_wait *w, int error)
{
	struct origin *o = w->origin;
	void *user = w->user;

	if (user != NULL)
		o->ops->failed(user, error);
	wait_free(w);
}

/* ---- names ---- */

static void
take_addresses(struct origin *o, const struct addrinfo *list)
{
	size_t n = 0;

	for (const struct addrinfo *a = list; a != NULL && n < 4; a = a->ai_next)
		if (a->ai_addrlen <= sizeof(o->addr[0]))
			memcpy(&o->addr[n++], a->ai_addr, a->ai_addrlen);
	if (n > 0)
		o->addr_count = n;
}

static void
on_lookup(uv_getaddrinfo_t *r, int status, struct addrinfo *list)
{
	struct origin *o = r->data;
	struct origin_wait *w = o->waiting;

	o->resolving = false;
	o->waiting = NULL;
	if (status == 0) {
		take_addresses(o, list);
		o->resolved_at = loop_now(o->loop);
	}
	uv_freeaddrinfo(list);
	while (w != NULL) {
		struct origin_wait *next = w->next;

		w->prev = w->next = NULL;
		if (w->user == NULL)
			wait_free(w);
		else if (o->addr_count > 0)
			(void)wait_connect(w); /* a failed look-up keeps the last known addresses */
		else
			wait_fail(w, status);
		w = next;
	}
	origin_unref(o);
}

static int
resolve(struct origin *o)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	int r;

	if (o->resolving)
		return 0;
	o->lookup.data = o;
	r = uv_getaddrinfo(&o->loop->uv, &o->lookup, on_lookup, o->host, o->service, &hints);
	if (r == 0) {
		o->resolving = true;
		o->refs++;
	}
	return r;
}

static bool
is_stale(struct origin *o)
{
	return !o->numeric &&
	    (o->resolved_at == 0 || loop_now(o->loop) - o->resolved_at > ORIGIN_RESOLVE_MS);
}

/* ---- for users ---- */

static struct origin_conn *
take_idle(struct origin *o)
{
	struct origin_conn *oc = o->idle;

	if (oc != NULL) {
		idle_remove(oc);
		wheel_clear(&oc->deadline);
	}
	return oc;
}

struct origin_wait *
origin_get(struct origin *o, void *user, bool fresh)
{
	struct origin_conn *oc = fresh ? NULL : take_idle(o);
	struct origin_wait *w;
	int r = 0;

	assert(user != NULL);
	if (oc != NULL) {
		oc->user = user;
		o->ops->got(user, oc);
		return NULL;
	}
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		abort();
	w->origin = o;
	w->user = user;
	o->refs++;
	if (is_stale(o))
		r = resolve(o);
	if (o->addr_count > 0) {
		return wait_connect(w) ? w : NULL;
	}
	if (r < 0) {
		wait_fail(w, r);
		return NULL;
	}
	w->next = o->waiting;
	if (o->waiting != NULL)
		o->waiting->prev = w;
	o->waiting = w;
	return w;
}

void
origin_cancel(struct origin_wait *w)
{
	w->user = NULL;
	if (w->conn != NULL)
		conn_drop(&w->conn->conn); /* on_connect() comes with UV_ECANCELED and frees w */
}

void
origin_give_up(struct origin_wait *w)
{
	if (w->conn != NULL)
		w->origin->good = w->first + w->tries + 1;
	origin_cancel(w);
}

void
origin_destroy(struct origin **p)
{
	struct origin *o = *p;
	struct origin_conn *oc;

	if (o == NULL)
		return;
	o->dying = true;
	while ((oc = take_idle(o)) != NULL)
		origin_drop(oc);
	*p = NULL;
	origin_unref(o);
}
