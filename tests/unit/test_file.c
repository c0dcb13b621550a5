/* test_file.c: what is read whole, and what is not read at all. */
#include "../../proxy/base/file.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static char path[] = "/tmp/tacet-file-XXXXXX";

static const char *
read_it(size_t most, bool secret, bool *there, size_t *n)
{
	struct buf b;
	const char *fault;

	buf_init(&b, most);
	fault = file_read(path, secret, there, &b);
	*n = b.n;
	buf_reset(&b);
	return fault;
}

static void
files_are_read_whole(void **state)
{
	char text[10000] = "";
	bool there;
	size_t n;
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
	assert_null(read_it(sizeof(text), true, &there, &n));
	assert_true(there && n == sizeof(text));
	assert_string_equal(read_it(sizeof(text) - 1, true, &there, &n), "too long");
	assert_int_equal(fchmod(fd, 0640), 0);
	assert_string_equal(read_it(FILE_MAX, true, &there, &n), "others may read it: chmod 600");
	assert_null(read_it(FILE_MAX, false, &there, &n));
	(void)close(fd);
	assert_int_equal(unlink(path), 0);
	assert_null(read_it(FILE_MAX, false, &there, &n));
	assert_false(there);
}

/* Returns at once: nobody writes into it. */
static void
a_pipe_is_not_waited_for(void **state)
{
	bool there;
	size_t n;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_string_equal(read_it(FILE_MAX, true, &there, &n), "not a regular file");
	assert_int_equal(unlink(path), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_read_whole),
		cmocka_unit_test(a_pipe_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
