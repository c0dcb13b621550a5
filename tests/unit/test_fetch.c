/* test_fetch.c: the blocking client's deadline, limit and way out. What it says and understands: tests/e2e. */
#include "../../proxy/core/fetch.c"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "peers.h"

static struct tc_arena *arena;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(NULL, 4 << 20);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_destroy(&arena);
	return 0;
}

/* Somebody who takes the connection and never says a word. */
static struct fetch_ask
silent(int *fd)
{
	*fd = peer_listen(0);
	return (struct fetch_ask){
		.host = TC_STR("127.0.0.1"), .port = peer_port(*fd), .authority = TC_STR("silent.test"), .target = TC_STR("/")};
}

static void
patience_ends(void **state)
{
	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		struct fetch_answer answer;
		struct fetch_ask ask;
		const char *why;
		int fd;

		ask = silent(&fd);
		ask.tls = tls == 1;
		ask.patience_ms = 50;
		why = fetch(&ask, arena, &answer);
		assert_string_equal(why, strerror(ETIMEDOUT));
		(void)close(fd);
	}
}

static void *
stop_it(void *flag)
{
	(void)poll(NULL, 0, 20);
	atomic_store((_Atomic bool *)flag, true);
	return NULL;
}

static void
who_asks_may_leave(void **state)
{
	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		_Atomic bool stop = false;
		struct fetch_answer answer;
		struct fetch_ask ask;
		pthread_t thread;
		const char *why;
		int fd;

		ask = silent(&fd);
		ask.tls = tls == 1;
		ask.stop = &stop;
		assert_int_equal(pthread_create(&thread, NULL, stop_it, &stop), 0);
		why = fetch(&ask, arena, &answer);
		assert_string_equal(why, strerror(ECANCELED));
		assert_int_equal(pthread_join(thread, NULL), 0);
		(void)close(fd);
	}
}

/* One connection, one answer. */
static void *
say(void *arg)
{
	static char text[100000];
	int fd = *(int *)arg, n;
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	int peer;

	assert_int_equal(poll(&wait, 1, 20000), 1);
	peer = accept(fd, NULL, NULL);
	n = snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n");
	memset(text + n, 'x', sizeof(text) - (size_t)n);
	(void)send(peer, text, (size_t)n + 90000, MSG_NOSIGNAL);
	(void)recv(peer, text, sizeof(text), 0);
	(void)close(peer);
	return NULL;
}

static void
an_answer_has_a_limit(void **state)
{
	static const size_t limits[] = {80000, 0};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fetch_answer answer;
		struct fetch_ask ask;
		pthread_t thread;
		const char *why;
		int fd;

		ask = silent(&fd);
		ask.max = limits[i];
		assert_int_equal(pthread_create(&thread, NULL, say, &fd), 0);
		why = fetch(&ask, arena, &answer);
		if (limits[i] > 0)
			assert_string_equal(why, "the answer is too large");
		else
			assert_null(why);
		assert_true(limits[i] > 0 || answer.body.n == 90000);
		assert_int_equal(pthread_join(thread, NULL), 0);
		(void)close(fd);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(patience_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(who_asks_may_leave, setup, teardown),
		cmocka_unit_test_setup_teardown(an_answer_has_a_limit, setup, teardown),
	};

	(void)alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
