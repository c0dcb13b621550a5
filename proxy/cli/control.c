/* control.c: see control.h. */
#include "cli/control.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/args.h"

char *
control_path(const char *verb, const char *file, int *code)
{
	struct messages *m = messages_new();
	struct config_overrides judge = {.judge = true};
	struct config *c = NULL;
	char *path = NULL;

	*code = 78;
	if (config_load(file, &judge, &c, m) < 0) {
		messages_print(m, stderr);
	} else if (c->admin_socket.n == 0) {
		*code = args_wrong(verb, "%s has no admin.socket: add it", file);
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
ask(int fd, struct tc_str request, struct buf *answer)
{
	char piece[4096];
	ssize_t n;

	if (send(fd, request.p, request.n, MSG_NOSIGNAL) != (ssize_t)request.n)
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

/* "ok" or "error CODE"; what follows it stays in *answer. */
static int
code_of(struct tc_str *answer)
{
	struct tc_str first = tc_str_of(answer->p, tc_find_byte(*answer, '\n'));
	int code = 0;

	tc_skip(answer, first.n < answer->n ? first.n + 1 : first.n);
	if (tc_eq(first, TC_STR("ok")))
		return 0;
	if (!tc_starts(first, TC_STR("error ")))
		return 1;
	tc_skip(&first, 6);
	while (first.n > 0 && first.p[0] >= '0' && first.p[0] <= '9' && code < 100) {
		code = code * 10 + (first.p[0] - '0');
		tc_skip(&first, 1);
	}
	return first.n == 0 && code > 0 && code < 256 ? code : 1;
}

int
control_ask(const char *verb, const char *path, struct tc_str request, struct buf *text)
{
	int fd = connect_to(path), code = CONTROL_NO_ANSWER;
	struct tc_str rest;
	struct buf answer;

	if (fd == -1) {
		(void)fprintf(
		    stderr, "tacet %s: %s: %s (is tacet running, with this admin.socket?)\n", verb, path, strerror(errno));
		return CONTROL_NO_ANSWER;
	}
	buf_init(&answer, 1 << 20);
	if (ask(fd, request, &answer) < 0 || buf_str(&answer).n == 0) {
		(void)fprintf(stderr, "tacet %s: %s: no answer\n", verb, path);
	} else {
		rest = buf_str(&answer);
		code = code_of(&rest);
		if (buf_add_str(text, rest) < 0)
			code = CONTROL_NO_ANSWER;
	}
	buf_reset(&answer);
	(void)close(fd);
	return code;
}
