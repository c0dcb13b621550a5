/* test_worker.c: orders that no loop has looked at are overtaken; what they brought is neither lost nor leaked. */
#include "../../proxy/core/worker.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>

static struct config config = {.listen_count = 3};

static struct orders *
orders(uint32_t a, uint32_t b, uint32_t c)
{
	struct snapshot *s = calloc(1, sizeof(*s));
	struct orders *o;

	assert_non_null(s);
	s->refs = 2; /* one is ours: nothing of it is let go */
	s->config = &config;
	o = orders_new(s);
	assert_int_equal(o->n, 3);
	o->v[0].id = a;
	o->v[1].id = b;
	o->v[2].id = c;
	return o;
}

static int
descriptor(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

static void
let_snapshot_go(struct orders **o)
{
	struct snapshot *s = (*o)->snapshot;

	orders_destroy(o);
	assert_null(*o);
	assert_int_equal(s->refs, 1);
	free(s);
}

static void
overtaken(void **state)
{
	static struct loop l;
	struct worker *w = calloc(1, sizeof(*w));
	struct orders *first = orders(1, 2, 3), *second = orders(3, 4, 1), *third = orders(4, 5, 6), *o;
	struct snapshot *s1 = first->snapshot, *s2 = second->snapshot;
	int two = descriptor(), three = descriptor(), four = descriptor(), five = descriptor();

	(void)state;
	assert_non_null(w);
	assert_int_equal(uv_loop_init(&l.uv), 0);
	assert_int_equal(uv_async_init(&l.uv, &w->wake, on_wake), 0);
	first->v[1].fd = two;
	first->v[2].fd = three;
	second->v[1].fd = four;
	third->v[1].fd = five;
	worker_swap(w, first);
	worker_swap(w, second);
	o = atomic_load(&w->next);
	assert_ptr_equal(o, second);
	assert_false(is_open(two)); /* named no more */
	assert_int_equal(o->v[0].fd, three);
	assert_int_equal(o->v[1].fd, four);
	assert_int_equal(o->v[2].fd, -1);
	assert_int_equal(s1->refs, 1);
	worker_swap(w, third);
	o = atomic_exchange(&w->next, NULL);
	assert_false(is_open(three));
	assert_int_equal(o->v[0].fd, four);
	assert_int_equal(o->v[1].fd, five);
	assert_int_equal(s2->refs, 1);
	let_snapshot_go(&o);
	assert_false(is_open(four) || is_open(five)); /* never carried out */
	uv_close((uv_handle_t *)&w->wake, NULL);
	(void)uv_run(&l.uv, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&l.uv), 0);
	free(s1);
	free(s2);
	free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overtaken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
