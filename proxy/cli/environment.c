/* environment.c: databases, lists, addresses and origins of a configuration, as they are now. */
#include "cli/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/acme.h"
#include "core/certificates.h"

enum { ORIGIN_PATIENCE_MS = 2000,
	PATH_LENGTH = 4096 };

struct machine {
	const struct config *c;
	struct messages *m;
};

static void say(const struct machine *p, enum severity severity, const char *path, const char *hint, const char *format,
    ...) __attribute__((format(printf, 5, 6)));

static void
say(const struct machine *p, enum severity severity, const char *path, const char *hint, const char *format, ...)
{
	char text[512];
	struct message m = {.severity = severity, .code = "environment", .file = p->c->file};
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	m.text = tc_str_from(text);
	m.hint = tc_str_from(hint);
	m.path = tc_str_from(path);
	messages_add(p->m, &m);
}

#define STR(s) (int)(s).n, (s).p

/* Why a file cannot be read; 0: it can. */
static int
unreadable(struct tc_str path)
{
	char z[PATH_LENGTH];
	struct stat st;
	int fd, error;

	if (path.n >= sizeof(z))
		return ENAMETOOLONG;
	memcpy(z, path.p, path.n);
	z[path.n] = '\0';
	fd = open(z, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1)
		return errno;
	error = fstat(fd, &st) == -1 ? errno : S_ISDIR(st.st_mode) ? EISDIR
								   : 0;
	(void)close(fd);
	return error;
}

/* ---- files ---- */

static void
check_databases(const struct machine *p)
{
	for (size_t i = 0; i < p->c->geo_databases.n; i++) {
		struct tc_str path = p->c->geo_databases.v[i];
		int error = unreadable(path);

		if (error == 0)
			continue;
		if (p->c->geo_named)
			say(p, SEVERITY_ERROR, "geo.databases", "fetch it, or correct the path; until then every place is unknown",
			    "%.*s cannot be read: %s", STR(path), strerror(error));
		else if (i == 0)
			say(p, SEVERITY_WARNING, "geo.databases", "name the files under geo.databases, or give tacet run --geo DIR",
			    "there are no geo databases: every place is unknown and gets the strictest rules");
	}
}

static bool
packaged(struct tc_str name)
{
	return tc_eq(name, TC_STR("built-in")) || tc_eq(name, TC_STR("easyprivacy")) || tc_eq(name, TC_STR("easylist"));
}

/* A bare name is looked for in lists.directory, then beside the configuration. */
static int
find_list(const struct config *c, struct tc_str name)
{
	struct tc_str directories[] = {c->list_directory, c->directory};
	char path[PATH_LENGTH];
	int error = ENOENT;

	if (tc_find_byte(name, '/') < name.n)
		return unreadable(name);
	for (size_t i = 0; i < 2 && error != 0; i++)
		if (directories[i].n > 0) {
			(void)snprintf(path, sizeof(path), "%.*s/%.*s", STR(directories[i]), STR(name));
			error = unreadable(tc_str_from(path));
		}
	return error;
}

static void
check_lists(const struct machine *p)
{
	for (size_t i = 0; i < p->c->lists.n; i++) {
		struct tc_str name = p->c->lists.v[i];
		int error = packaged(name) ? 0 : find_list(p->c, name);

		if (error != 0)
			say(p, SEVERITY_ERROR, "lists.use", "put it into lists.directory or beside the configuration, or write its path",
			    "the list %.*s cannot be read: %s", STR(name), strerror(error));
	}
}

static void
check_token(const struct machine *p)
{
	struct tc_str path = p->c->admin_token_file;
	int error = path.n > 0 ? unreadable(path) : 0;

	if (error != 0)
		say(p, SEVERITY_ERROR, "admin.token_file", "create it: one line, readable by the user that runs tacet",
		    "%.*s cannot be read: %s", STR(path), strerror(error));
}

static void
check_state(const struct machine *p)
{
	char z[PATH_LENGTH];

	if (p->c->state.n == 0 || p->c->state.n >= sizeof(z))
		return;
	(void)snprintf(z, sizeof(z), "%.*s", STR(p->c->state));
	if (access(z, W_OK | X_OK) == -1)
		say(p, SEVERITY_ERROR, "state", "create it, owned by the user that runs tacet", "the directory %s cannot be written: %s",
		    z, strerror(errno));
}

/* ---- addresses ---- */

static socklen_t
length_of(const struct sockaddr_storage *a)
{
	return a->ss_family == AF_UNIX ? sizeof(struct sockaddr_un)
	    : a->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
				       : sizeof(struct sockaddr_in);
}

/* Whether a connection to one address comes about; 0 or an error. */
static int
try_connect(const struct sockaddr *a, socklen_t length)
{
	int fd = socket(a->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0;
	socklen_t n = sizeof(error);
	struct pollfd wait;

	if (fd == -1)
		return errno;
	if (connect(fd, a, length) == -1)
		error = errno;
	wait = (struct pollfd){.fd = fd, .events = POLLOUT};
	if (error == EINPROGRESS) {
		if (poll(&wait, 1, ORIGIN_PATIENCE_MS) != 1)
			error = ETIMEDOUT;
		else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == -1)
			error = errno;
	}
	(void)close(fd);
	return error;
}

/* To bind would make the socket's file: it is asked instead whether that could be. */
static int
cannot_make_socket(const struct sockaddr_storage *a)
{
	struct sockaddr_un un;
	struct stat st;
	char *slash;

	memcpy(&un, a, sizeof(un));
	if (lstat(un.sun_path, &st) == 0) {
		if (!S_ISSOCK(st.st_mode))
			return EEXIST;
		if (try_connect((const struct sockaddr *)a, length_of(a)) == 0)
			return EADDRINUSE;
	}
	slash = strrchr(un.sun_path, '/');
	if (slash == NULL)
		return access(".", W_OK | X_OK) == -1 ? errno : 0;
	slash[slash == un.sun_path] = '\0'; /* of "/x" the slash stays */
	return access(un.sun_path, W_OK | X_OK) == -1 ? errno : 0;
}

static int
cannot_bind(const struct sockaddr_storage *a)
{
	int fd, one = 1, none = 0, error = 0;

	if (a->ss_family == AF_UNIX)
		return cannot_make_socket(a);
	fd = socket(a->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (a->ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &none, sizeof(none));
	if (bind(fd, (const struct sockaddr *)a, length_of(a)) == -1)
		error = errno;
	(void)close(fd);
	return error;
}

static const char *
listen_hint(const struct config_listen *l, int error)
{
	if (l->addr.ss_family == AF_UNIX)
		return error == EEXIST ? "another file has this name; choose another"
				       : "create its directory, writable by the user that runs tacet";
	return error == EACCES ? "ports below 1024 need CAP_NET_BIND_SERVICE" : "use an address of this machine";
}

static void
check_listener(const struct machine *p, const struct config_listen *l, const char *path)
{
	int error = cannot_bind(&l->addr);

	if (error == EADDRINUSE)
		say(p, SEVERITY_WARNING, path, "right if it is tacet itself that runs; else choose another address",
		    "%.*s is in use", STR(l->text));
	else if (error != 0)
		say(p, SEVERITY_ERROR, path, listen_hint(l, error), "cannot listen on %.*s: %s", STR(l->text), strerror(error));
}

/* ---- origins ---- */

/* What was found out about a server. Sites often share servers: each is asked once. */
struct asked {
	const struct config_server *server;
	const char *fault, *reason; /* NULL: it answered */
	bool warned, refused;
};

struct answers {
	struct asked *v;
	size_t n;
};

static void
ask_tcp(struct asked *a)
{
	struct addrinfo want = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	char host[256], port[8];
	int error;

	(void)snprintf(host, sizeof(host), "%.*s", STR(a->server->host));
	(void)snprintf(port, sizeof(port), "%u", a->server->port);
	error = getaddrinfo(host, port, &want, &found);
	if (error != 0) {
		a->fault = "has no address";
		a->reason = gai_strerror(error);
		return;
	}
	for (const struct addrinfo *i = found; i != NULL; i = i->ai_next) {
		error = try_connect(i->ai_addr, i->ai_addrlen);
		if (error == 0)
			break;
	}
	freeaddrinfo(found);
	if (error != 0) {
		a->fault = "does not answer";
		a->reason = strerror(error);
	}
}

static void
ask_unix(struct asked *a)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int error;

	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%.*s", STR(a->server->path));
	error = try_connect((const struct sockaddr *)&un, sizeof(un));
	if (error != 0) {
		a->fault = "does not answer";
		a->reason = strerror(error);
	}
}

static struct asked *
ask(struct answers *all, const struct config_server *s)
{
	struct asked *a;

	for (size_t i = 0; i < all->n; i++) {
		const struct config_server *t = all->v[i].server;

		if (t->port == s->port && tc_eq(t->host, s->host) && tc_eq(t->path, s->path))
			return &all->v[i];
	}
	a = &all->v[all->n++];
	a->server = s;
	if (s->path.n > 0)
		ask_unix(a);
	else
		ask_tcp(a);
	return a;
}

/* One of several servers that is away is a warning; where none is left, visitors get nothing. */
static void
say_silent(const struct machine *p, struct answers *all, const struct config_origin *o)
{
	for (size_t i = 0; i < o->server_count; i++) {
		struct asked *a = ask(all, &o->servers[i]);
		char path[128];

		if (a->fault == NULL || a->warned)
			continue;
		a->warned = true;
		(void)snprintf(path, sizeof(path), "%.*s.urls", STR(o->way));
		say(p, SEVERITY_WARNING, path, "the others of its origin are asked; start it, or take it out of the list",
		    "the server %.*s %s: %s", STR(a->server->url), a->fault, a->reason);
	}
}

static void
check_origin(const struct machine *p, struct answers *all, const struct config_origin *o)
{
	struct asked *first = ask(all, &o->servers[0]);
	const char *key = tc_eq(o->way, TC_STR("--origin")) ? "" : o->server_count == 1 ? ".url"
											: ".urls";
	char path[128], hint[256];
	size_t silent = 0;

	for (size_t i = 0; i < o->server_count; i++)
		silent += ask(all, &o->servers[i])->fault != NULL;
	if (silent < o->server_count) {
		say_silent(p, all, o);
		return;
	}
	if (first->refused)
		return;
	first->refused = true;
	(void)snprintf(path, sizeof(path), "%.*s%s", STR(o->way), key);
	(void)snprintf(hint, sizeof(hint), "start %s, or correct %s; until then visitors get 502",
	    o->server_count == 1 ? "the origin" : "them", path);
	if (o->server_count == 1)
		say(p, SEVERITY_ERROR, path, hint, "the origin %.*s %s: %s", STR(first->server->url), first->fault,
		    first->reason);
	else
		say(p, SEVERITY_ERROR, path, hint,
		    "none of %zu servers of an origin can be asked: %.*s %s: %s", o->server_count, STR(first->server->url),
		    first->fault, first->reason);
}

static void
check_origins(const struct machine *p)
{
	struct answers all = {0};
	size_t most = 0;

	for (size_t i = 0; i < p->c->origin_count; i++)
		most += p->c->origins[i]->server_count;
	all.v = calloc(most, sizeof(*all.v));
	if (all.v == NULL)
		abort();
	for (size_t i = 0; i < p->c->origin_count; i++)
		check_origin(p, &all, p->c->origins[i]);
	free(all.v);
}

void
environment_check(const struct config *c, struct messages *m)
{
	struct machine p = {.c = c, .m = m};

	check_state(&p);
	check_databases(&p);
	check_lists(&p);
	check_token(&p);
	certificates_check(c, m);
	acme_check(c, m);
	for (size_t i = 0; i < c->listen_count; i++)
		check_listener(&p, &c->listen[i], "listen.address");
	check_listener(&p, &c->admin, "admin.address");
	check_origins(&p);
}
