/* environment.c: databases, lists, addresses and origins of a configuration, as they are now. */
#include "cli/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

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
	return a->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

static int
cannot_bind(const struct sockaddr_storage *a)
{
	int fd = socket(a->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1, error = 0;

	if (fd == -1)
		return errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (a->ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)a, length_of(a)) == -1)
		error = errno;
	(void)close(fd);
	return error;
}

static void
check_listener(const struct machine *p, const struct config_listen *l, const char *path)
{
	int error = cannot_bind(&l->addr);

	if (error == EADDRINUSE)
		say(p, SEVERITY_WARNING, path, "right if it is tacet itself that runs; else choose another port",
		    "%.*s is in use", STR(l->text));
	else if (error != 0)
		say(p, SEVERITY_ERROR, path,
		    error == EACCES ? "ports below 1024 need CAP_NET_BIND_SERVICE" : "use an address of this machine",
		    "cannot listen on %.*s: %s", STR(l->text), strerror(error));
}

/* ---- origins ---- */

/* Whether a connection to one address comes about; 0 or an error. */
static int
try_connect(const struct addrinfo *a)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0;
	socklen_t n = sizeof(error);
	struct pollfd wait;

	if (fd == -1)
		return errno;
	if (connect(fd, a->ai_addr, a->ai_addrlen) == -1)
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

static void
check_origin(const struct machine *p, const struct config_server *o)
{
	static const char hint[] = "start the origin, or correct sites.origin.url; until then visitors get 502";
	struct addrinfo want = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	char host[256], port[8];
	int error = 0;

	(void)snprintf(host, sizeof(host), "%.*s", STR(o->host));
	(void)snprintf(port, sizeof(port), "%u", o->port);
	error = getaddrinfo(host, port, &want, &found);
	if (error != 0) {
		say(p, SEVERITY_ERROR, "sites.origin.url", hint, "the origin %.*s has no address: %s", STR(o->url), gai_strerror(error));
		return;
	}
	for (const struct addrinfo *a = found; a != NULL; a = a->ai_next) {
		error = try_connect(a);
		if (error == 0)
			break;
	}
	freeaddrinfo(found);
	if (error != 0)
		say(p, SEVERITY_ERROR, "sites.origin.url", hint, "the origin %.*s does not answer: %s", STR(o->url), strerror(error));
}

/* Sites often share an origin: it is asked once. */
static bool
asked(const struct config *c, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (tc_eq(c->origins[k]->servers[0].url, c->origins[i]->servers[0].url))
			return true;
	return false;
}

void
environment_check(const struct config *c, struct messages *m)
{
	struct machine p = {.c = c, .m = m};

	check_state(&p);
	check_databases(&p);
	check_lists(&p);
	check_token(&p);
	for (size_t i = 0; i < c->listen_count; i++)
		check_listener(&p, &c->listen[i], "listen.address");
	check_listener(&p, &c->admin, "admin.address");
	for (size_t i = 0; i < c->origin_count; i++)
		if (!asked(c, i))
			check_origin(&p, &c->origins[i]->servers[0]);
}
