/* test_environment.c: what check finds out about listeners and origins as they are now. */
#include "../../proxy/cli/environment.c"

#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "little_table.h"

/* Two TCP ports and two sockets in a directory: one of each answers, the other is taken and silent. */
static struct scene {
	char directory[40];
	int up, down, up_unix, down_unix;
	unsigned up_port, down_port;
} scene;

static int
tcp(unsigned *port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_not_equal(fd, -1);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &n), 0);
	*port = ntohs(in.sin_port);
	return fd;
}

static int
local(const char *name)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_not_equal(fd, -1);
	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s/%s", scene.directory, name);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	return fd;
}

static int
begin(void **state)
{
	(void)state;
	(void)snprintf(scene.directory, sizeof(scene.directory), "/tmp/tacet-environment-XXXXXX");
	assert_non_null(mkdtemp(scene.directory));
	scene.up = tcp(&scene.up_port);
	scene.down = tcp(&scene.down_port);
	scene.up_unix = local("up");
	scene.down_unix = local("down");
	assert_int_equal(listen(scene.up, 8), 0);
	assert_int_equal(listen(scene.up_unix, 8), 0);
	return 0;
}

static int
finish(void **state)
{
	static const char *const names[] = {"up", "down", "plain"};
	char path[80];

	(void)state;
	(void)close(scene.up);
	(void)close(scene.down);
	(void)close(scene.up_unix);
	(void)close(scene.down_unix);
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", scene.directory, names[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(scene.directory), 0); /* check made nothing in it */
	return 0;
}

static struct config_overrides judge = {.judge = true};

/* The messages about one option, of a text where + and ! stand for the two ports and @ for the directory. */
static struct messages *
checked(const char *format, const char *path)
{
	struct messages *m = messages_new(), *about = messages_new();
	char *text = NULL;
	size_t n = 0, k = strlen(path);
	FILE *f = open_memstream(&text, &n);
	struct config *c;

	assert_non_null(f);
	(void)fputs("version: 1\nadmin: {address: \"127.0.0.1:0\"}\n", f);
	for (const char *p = format; *p != '\0'; p++)
		if (*p == '+')
			(void)fprintf(f, "http://127.0.0.1:%u", scene.up_port);
		else if (*p == '!')
			(void)fprintf(f, "http://127.0.0.1:%u", scene.down_port);
		else if (*p == '@')
			(void)fputs(scene.directory, f);
		else
			(void)fputc(*p, f);
	(void)fclose(f);
	if (config_load_text(TC_STR("t.yaml"), tc_str_from(text), &judge, &c, m) < 0)
		messages_print(m, stdout);
	assert_non_null(c);
	environment_check(c, m);
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].path.n >= k && memcmp(m->v[i].path.p, path, k) == 0) {
			assert_true(m->v[i].hint.n > 0);
			messages_add(about, &m->v[i]);
		}
	config_destroy(&c);
	messages_destroy(&m);
	free(text);
	return about;
}

static void
origins_give(const char *sites, size_t errors, size_t warnings)
{
	struct messages *m = checked(sites, "sites");

	if (m->errors != errors || m->warnings != warnings)
		messages_print(m, stdout);
	assert_int_equal(m->errors, errors);
	assert_int_equal(m->warnings, warnings);
	messages_destroy(&m);
}

#define SITES(origin) "listen: [{address: \"127.0.0.1:0\"}]\nsites:\n  - hosts: [a]\n    origin: " origin "\n"

static void
test_one_server(void **state)
{
	(void)state;
	origins_give(SITES("{url: \"+\"}"), 0, 0);
	origins_give(SITES("{url: \"!\"}"), 1, 0);
	origins_give(SITES("{url: \"unix:@/up\"}"), 0, 0);
	origins_give(SITES("{url: \"unix:@/down\"}"), 1, 0);
	origins_give(SITES("{url: \"unix:@/missing\"}"), 1, 0);
}

static void
test_several_servers(void **state)
{
	struct messages *m;

	(void)state;
	origins_give(SITES("{urls: [\"+\", \"unix:@/up\"]}"), 0, 0);
	origins_give(SITES("{urls: [\"!\", \"+\"]}"), 0, 1);
	origins_give(SITES("{urls: [\"+\", \"!\", \"unix:@/down\"]}"), 0, 2);
	origins_give(SITES("{urls: [\"unix:@/down\", \"!\"]}"), 1, 0);
	m = checked(SITES("{urls: [\"+\", \"unix:@/down\"]}"), "sites");
	assert_int_equal(m->n, 1);
	assert_true(tc_find(m->v[0].text, TC_STR("/down does not answer")) < m->v[0].text.n);
	messages_destroy(&m);
}

/* A server of several origins is asked and named once; where one of them has no other, that is an error. */
static void
test_shared_servers(void **state)
{
	(void)state;
	origins_give(SITES("{url: \"!\"}") "  - {hosts: [b], origin: {url: \"!\"}}\n", 1, 0);
	origins_give(SITES("{urls: [\"!\", \"+\"]}") "  - {hosts: [b], origin: {urls: [\"+\", \"!\"]}}\n", 0, 1);
	origins_give(SITES("{urls: [\"!\", \"+\"]}") "  - {hosts: [b], origin: {url: \"!\"}}\n", 1, 1);
}

static void
test_origins_of_routes(void **state)
{
	(void)state;
	origins_give(SITES("{url: \"+\"}") "    routes: [{name: a, match: /a, origin: {url: \"unix:@/down\"}}]\n", 1, 0);
	origins_give(SITES("{url: \"+\"}") "    routes: [{name: a, match: /a, origin: {url: \"unix:@/up\"}}]\n", 0, 0);
}

/* The hint names the option that is to be corrected, and not that of another origin. */
static void
hint_names(const char *sites, const char *path)
{
	struct messages *m = checked(sites, "sites");
	struct tc_str want = tc_str_from(path);

	assert_int_equal(m->n, 1);
	if (!tc_eq(m->v[0].path, want) || (m->errors > 0 && tc_find(m->v[0].hint, want) == m->v[0].hint.n))
		messages_print(m, stdout);
	assert_true(tc_eq(m->v[0].path, want));
	assert_true(m->errors == 0 || tc_find(m->v[0].hint, want) < m->v[0].hint.n);
	messages_destroy(&m);
}

static void
test_hints(void **state)
{
	struct messages *m;

	(void)state;
	hint_names(SITES("{url: \"!\"}"), "sites[0].origin.url");
	hint_names(SITES("{urls: [\"!\", \"unix:@/down\"]}"), "sites[0].origin.urls");
	hint_names(SITES("{urls: [\"!\", \"+\"]}"), "sites[0].origin.urls");
	hint_names(SITES("{url: \"+\"}") "    routes: [{name: b, match: /b}, {name: a, match: /a, origin: {url: \"!\"}}]\n",
	    "sites[0].routes[1].origin.url");
	hint_names(SITES("{url: \"+\"}") "  - {hosts: [b], origin: {url: \"!\"}}\n", "sites[1].origin.url");
	judge.origin = TC_STR("unix:/nonexistent/app.sock");
	m = checked(SITES("{url: \"+\"}"), "--origin");
	judge.origin = TC_STR("");
	assert_int_equal(m->n, 1);
	assert_true(tc_find(m->v[0].hint, TC_STR("correct --origin;")) < m->v[0].hint.n);
	messages_destroy(&m);
}

static void
listener_gives(const char *listen, size_t errors, size_t warnings)
{
	char text[300];
	struct messages *m;

	(void)snprintf(text, sizeof(text), "listen: [{address: \"%s\"}]\nsites: [{hosts: [a], origin: {url: \"+\"}}]\n", listen);
	m = checked(text, "listen.");
	if (m->errors != errors || m->warnings != warnings)
		messages_print(m, stdout);
	assert_int_equal(m->errors, errors);
	assert_int_equal(m->warnings, warnings);
	messages_destroy(&m);
}

/* A file that is no socket is never replaced; one that nobody listens on is left over. */
static void
test_listeners(void **state)
{
	char path[80];
	FILE *f;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/plain", scene.directory);
	f = fopen(path, "we");
	assert_non_null(f);
	(void)fclose(f);
	listener_gives("127.0.0.1:0", 0, 0);
	listener_gives("unix:@/new", 0, 0);
	listener_gives("unix:@/down", 0, 0);
	listener_gives("unix:@/up", 0, 1);
	listener_gives("unix:@/plain", 1, 0);
	listener_gives("unix:@/missing/new", 1, 0);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, finish)
	const struct CMUnitTest tests[] = {
		T(test_one_server),
		T(test_several_servers),
		T(test_shared_servers),
		T(test_origins_of_routes),
		T(test_hints),
		T(test_listeners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
