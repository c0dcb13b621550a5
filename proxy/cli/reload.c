/* reload.c: `tacet reload`: asks the running proxy, over its Unix socket, to read its configuration anew. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/args.h"
#include "cli/verbs.h"

/* Where the socket of a configuration is: its admin.socket. NULL: said so, *code is the exit code. */
static char *
socket_of(const char *file, int *code)
{
	struct messages *m = messages_new();
	struct config_overrides judge = {.judge = true};
	struct config *c = NULL;
	char *path = NULL;

	*code = 78;
	if (config_load(file, &judge, &c, m) < 0) {
		messages_print(m, stderr);
	} else if (c->admin_socket.n == 0) {
		*code = args_wrong("reload", "%s has no admin.socket: add it, or send the proxy SIGHUP", file);
	} else {
		path = strndup(c->admin_socket.p, c->admin_socket.n);
		if (path == NULL)
			abort();
	}
	config_destroy(&c);
	messages_destroy(&m);
	return path;
}

static int
connect_to(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(to.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(to.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == -1) {
		int error = errno;

		(void)close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

/* Sends the request and collects the answer. */
static int
ask(int fd, struct buf *answer)
{
	static const char request[] = "reload\n";
	char piece[4096];
	ssize_t n;

	if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) != (ssize_t)sizeof(request) - 1)
		return -1;
	for (;;) {
		n = recv(fd, piece, sizeof(piece), 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? 0 : -1;
		if (buf_add(answer, piece, (size_t)n) == BUF_FULL)
			return -1;
	}
}

/* "ok" or "error CODE", then the messages. */
static int
show(struct tc_str answer)
{
	struct tc_str first = tc_str_of(answer.p, tc_find_byte(answer, '\n'));
	int code = 1;

	tc_skip(&answer, first.n < answer.n ? first.n + 1 : first.n);
	if (tc_eq(first, TC_STR("ok"))) {
		code = 0;
	} else if (tc_starts(first, TC_STR("error "))) {
		tc_skip(&first, 6);
		code = 0;
		while (first.n > 0 && first.p[0] >= '0' && first.p[0] <= '9' && code < 100) {
			code = code * 10 + (first.p[0] - '0');
			tc_skip(&first, 1);
		}
		code = first.n == 0 && code > 0 && code < 256 ? code : 1;
	}
	(void)fwrite(answer.p, 1, answer.n, stderr);
	if (answer.n > 0 && answer.p[answer.n - 1] != '\n')
		(void)fputc('\n', stderr);
	(void)printf("reload: %s\n", code == 0 ? "in force" : "refused, nothing was changed");
	return code;
}

static int
reload(const char *path)
{
	struct buf answer;
	int fd = connect_to(path), code = 1;

	if (fd == -1) {
		(void)fprintf(stderr, "tacet reload: %s: %s (is tacet running, with this admin.socket?)\n", path, strerror(errno));
		return 1;
	}
	buf_init(&answer, 1 << 20);
	if (ask(fd, &answer) < 0 || buf_str(&answer).n == 0)
		(void)fprintf(stderr, "tacet reload: %s: no answer\n", path);
	else
		code = show(buf_str(&answer));
	buf_reset(&answer);
	(void)close(fd);
	return code;
}

int
verb_reload(int argc, char **argv)
{
	const char *file = NULL, *socket_path = NULL;
	const struct arg args[] = {{"config", 'c', ARG_TEXT, &file}, {"socket", 0, ARG_TEXT, &socket_path}, {0}};
	int code = args_parse("reload", args, argc, argv);
	char *path;

	if (code >= 0)
		return code;
	if ((file == NULL) == (socket_path == NULL))
		return args_wrong("reload", "say which proxy: -c FILE or --socket PATH");
	if (socket_path != NULL)
		return reload(socket_path);
	path = socket_of(file, &code);
	if (path == NULL)
		return code;
	code = reload(path);
	free(path);
	return code;
}
