/* test_memory.c: bounds of control groups, and when memory is short, with files of our own in place of the kernel's. */
#include "../../proxy/core/memory.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

static char dir[64], name[256];

static const char *
in_dir(const char *below)
{
	(void)snprintf(name, sizeof(name), "%s/%s", dir, below);
	return name;
}

/* Makes the folders on the way, too. */
static void
put(const char *below, const char *text)
{
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s", in_dir(below));
	for (char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		*at = '\0';
		(void)mkdir(path, 0700);
		*at = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/tacet-memory-XXXXXX");
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static uint64_t
limit_of(const char *cgroup)
{
	char file[256];

	put("self", cgroup);
	(void)snprintf(file, sizeof(file), "%s", in_dir("self"));
	return group_limit(file, in_dir("fs"));
}

static void
version_two(void **state)
{
	(void)state;
	put("fs/a/b.service/memory.max", "268435456\n");
	put("fs/a/memory.max", "max\n");
	assert_int_equal(limit_of("0::/a/b.service\n"), 268435456);
	put("fs/a/memory.max", "1000000\n"); /* a group above bounds it more */
	assert_int_equal(limit_of("0::/a/b.service\n"), 1000000);
	assert_int_equal(limit_of("0::/a\n"), 1000000);
	assert_int_equal(limit_of("0::/elsewhere\n"), 0);
	assert_int_equal(limit_of("0::/\n"), 0);
	put("fs/memory.max", "5000000\n"); /* a container: its own group is the root of what it sees */
	assert_int_equal(limit_of("0::/\n"), 5000000);
	assert_int_equal(limit_of("0::/../../elsewhere\n"), 5000000);
	assert_int_equal(limit_of("0::/a\n"), 1000000);
}

static void
version_one(void **state)
{
	(void)state;
	put("fs/memory/docker/x/memory.limit_in_bytes", "1000000\n");
	put("fs/memory/memory.limit_in_bytes", "9223372036854771712\n");
	assert_int_equal(limit_of("12:cpuset:/\n7:memory:/docker/x\n0::/y\n"), 1000000);
	assert_int_equal(limit_of("7:hugetlb,memory:/docker/x\n"), 1000000);
	assert_int_equal(limit_of("7:memory:/\n"), 0);
	put("fs/memory/memory.limit_in_bytes", "2000000\n");
	assert_int_equal(limit_of("7:memory:/not/seen/from/inside\n"), 2000000);
}

static void
no_group(void **state)
{
	(void)state;
	assert_int_equal(group_limit(in_dir("none"), in_dir("fs")), 0);
	assert_int_equal(limit_of(""), 0);
	assert_int_equal(limit_of("nonsense\n\n:\n::\n"), 0);
	put("fs/a/memory.max", "");
	assert_int_equal(limit_of("0::/a\n"), 0);
	put("fs/a/memory.max", "what\n");
	assert_int_equal(limit_of("0::/a\n"), 0);
}

/* As if the process had that many pages of 4096 bytes. */
static void
pretend(unsigned pages)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "99999 %u 10 1 0 5 0\n", pages);
	put("statm", text);
	if (memory.statm >= 0)
		(void)close(memory.statm);
	memory.statm = open(in_dir("statm"), O_RDONLY);
	assert_true(memory.statm >= 0);
	memory.page = 4096;
	sample();
}

static void
short_and_enough(void **state)
{
	(void)state;
	pretend(1);
	memory_limit(4096 * 1000);
	assert_false(memory_short());
	pretend(979);
	assert_false(memory_short());
	pretend(981);
	assert_true(memory_short());
	pretend(960); /* not yet: or it would go to and fro */
	assert_true(memory_short());
	pretend(949);
	assert_false(memory_short());
	pretend(970);
	assert_false(memory_short());
}

static void
limits_come_and_go(void **state)
{
	(void)state;
	memory.group = 0;
	pretend(1000);
	memory_limit(0);
	assert_false(memory_short());
	memory_limit(4096 * 500); /* a reload */
	assert_true(memory_short());
	memory_limit(0);
	assert_false(memory_short());
	memory.group = 4096 * 600;
	memory_limit(0);
	assert_true(memory_short());
	memory_limit(4096 * 5000); /* what is written counts, not the group */
	assert_false(memory_short());
	memory.group = 0;
	memory_limit(0);
}

static void
what_cannot_be_read_is_not_short(void **state)
{
	(void)state;
	pretend(1000);
	memory_limit(4096 * 500);
	assert_true(memory_short());
	put("statm", "");
	sample();
	assert_false(memory_short());
	(void)close(memory.statm);
	memory.statm = -1;
	sample();
	assert_false(memory_short());
	memory_limit(0);
}

/* The real thing: pages are taken until it is short, and given back. */
static void
of_this_process(void **state)
{
	static struct loop control;
	size_t n = 64 << 20;
	char *p;

	(void)state;
	assert_int_equal(loop_init(&control, NULL, NULL), 0);
	memory_start(&control, 0);
	assert_true(resident(true) > 100000);
	assert_int_equal(uv_timer_get_repeat(&memory.timer), 250);
	assert_false(uv_has_ref((uv_handle_t *)&memory.timer));
	memory_limit((int64_t)(resident(true) + n / 2));
	assert_false(memory_short());
	p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(p != MAP_FAILED);
	memset(p, 1, n);
	memory.timer.timer_cb(&memory.timer);
	assert_true(memory_short());
	assert_int_equal(munmap(p, n), 0);
	memory.timer.timer_cb(&memory.timer);
	assert_false(memory_short());
	loop_close(&control);
}

enum { BLOCKS = 8192, SIZE = 8000 };
static char *blocks[BLOCKS];

/* Many small blocks, used. Returns the resident bytes before. */
static uint64_t
take_blocks(void)
{
	uint64_t before;

	memory.page = (uint64_t)sysconf(_SC_PAGESIZE);
	memory.statm = open("/proc/self/statm", O_RDONLY);
	before = resident(true);
	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(SIZE);
		assert_non_null(blocks[i]);
		memset(blocks[i], 1, SIZE);
	}
	return before;
}

/* Small blocks that were freed, below one that was not: the heap does not shrink by itself. */
static void
freed_memory_is_given_back(void **state)
{
	uint64_t before;

	(void)state;
	before = take_blocks();
	memory_limit((int64_t)(before + (size_t)BLOCKS * SIZE / 2));
	assert_true(memory_short());
	for (size_t i = 0; i + 1 < BLOCKS; i++)
		free(blocks[i]);
	memory.samples = 0;
	sample();
#if !defined(__SANITIZE_ADDRESS__)
	assert_false(memory_short());
#endif
	free(blocks[BLOCKS - 1]);
	memory_limit(0);
}

/* The same where there is no limit: what a crowd has left is given back, once it is much. */
static void
what_a_crowd_left_is_given_back(void **state)
{
#if defined(__SANITIZE_ADDRESS__)
	(void)state;
	skip(); /* its own allocator keeps what was freed */
#else
	enum { PART = BLOCKS / 16 };
	uint64_t before, most;

	(void)state;
	before = take_blocks();
	most = resident(true);
	assert_true(most - before > (uint64_t)BLOCKS * SIZE / 2);
	for (size_t i = 0; i < PART; i++)
		free(blocks[i]);
	(void)is_quiet();
	give_back();
	assert_true(resident(true) > most - FREED_MUCH); /* a little stays for those who come next */
	for (size_t i = PART; i + 1 < BLOCKS; i++)
		free(blocks[i]);
	(void)is_quiet();
	give_back();
	assert_true(resident(true) < before + FREED_MUCH);
	free(blocks[BLOCKS - 1]);
#endif
}

static void
quiet_is_little_processor_time(void **state)
{
	(void)state;
	(void)is_quiet();
	memory.busy -= 600000; /* as if so many microseconds had been worked since */
	assert_false(is_quiet());
	assert_true(is_quiet());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(version_two, setup, teardown),
		cmocka_unit_test_setup_teardown(version_one, setup, teardown),
		cmocka_unit_test_setup_teardown(no_group, setup, teardown),
		cmocka_unit_test_setup_teardown(short_and_enough, setup, teardown),
		cmocka_unit_test_setup_teardown(limits_come_and_go, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_not_short, setup, teardown),
		cmocka_unit_test(of_this_process),
		cmocka_unit_test(freed_memory_is_given_back),
		cmocka_unit_test(what_a_crowd_left_is_given_back),
		cmocka_unit_test(quiet_is_little_processor_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
