/* test_acme_store.c: what is kept in the state directory: whole or not at all, for its owner alone. */
#include "../../proxy/core/acme_store.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <ftw.h>
#include <sys/wait.h>
#include <time.h>

#include "pem.h"

static char root[64];
static struct tc_str state_dir;
static const struct tc_str both[] = {TC_STR_INIT("a.example"), TC_STR_INIT("b.example")};
static const struct tc_strs names = {both, 2};
#define NAME TC_STR("a.example")

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(root, sizeof(root), "/tmp/tacet-acme-XXXXXX");
	assert_non_null(mkdtemp(root));
	state_dir = tc_str_from(root);
	return 0;
}

static int
drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int
teardown(void **state)
{
	(void)state;
	return nftw(root, drop, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *
path_to(const char *file)
{
	static char z[400];

	(void)snprintf(z, sizeof(z), "%s/acme/%s", root, file);
	return z;
}

static mode_t
mode_of(const char *file)
{
	struct stat st;

	assert_int_equal(stat(path_to(file), &st), 0);
	return st.st_mode & 0777;
}

static void
put(const char *file, const char *text)
{
	FILE *f = fopen(path_to(file), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* A pair that its own key signed, written as an issued one is. */
static struct pki_key *
write_pair(void)
{
	struct pki_key *k = pki_key_new();
	struct buf cert;

	buf_init(&cert, FILE_MAX);
	pem_self_signed(k, names, NULL, &cert);
	assert_null(acme_store_write(state_dir, NAME, buf_str(&cert), k));
	buf_reset(&cert);
	return k;
}

static bool
there(bool mend)
{
	struct pki_times times;
	bool is;

	assert_null(acme_store_read(state_dir, NAME, names, mend, &is, &times));
	return is;
}

static void
a_pair_is_written_and_read(void **state)
{
	struct tc_str more[] = {TC_STR_INIT("a.example"), TC_STR_INIT("c.example")};
	struct pki_times times = {0};
	struct pki_key *k;
	bool is;

	(void)state;
	assert_false(there(true));
	k = write_pair();
	assert_null(acme_store_read(state_dir, NAME, names, false, &is, &times));
	assert_true(is && times.not_after > (int64_t)time(NULL));
	assert_int_equal(mode_of(""), 0700);
	assert_int_equal(mode_of("a.example"), 0700);
	assert_int_equal(mode_of("a.example/key.pem"), 0600);
	assert_int_equal(mode_of("a.example/cert.pem"), 0644);
	assert_int_equal(access(path_to("a.example/key.pem.new"), F_OK), -1);
	assert_int_equal(access(path_to("a.example/cert.pem.new"), F_OK), -1);
	assert_null(acme_store_read(state_dir, NAME, (struct tc_strs){more, 2}, false, &is, &times));
	assert_false(is);
	pki_key_destroy(&k);
	k = write_pair(); /* over what was there */
	assert_true(there(false));
	pki_key_destroy(&k);
}

/* Wherever the process ends, there is a pair: the old one or the new one. */
static void
a_crash_leaves_a_pair(void **state)
{
	char saved[400];
	struct pki_key *k, *next = pki_key_new();
	struct path key_new;
	struct buf pem;

	(void)state;
	k = write_pair();
	buf_init(&pem, FILE_MAX);
	pki_key_write(next, &pem);
	assert_null(path_make(&key_new, state_dir, NAME, "key.pem.new"));
	assert_null(file_new(key_new.z, 0600, buf_str(&pem)));
	assert_true(there(true)); /* only the key was written */
	put("a.example/cert.pem.new", "half a cert");
	assert_true(there(true));
	buf_reset(&pem);
	pem_self_signed(next, names, NULL, &pem);
	assert_int_equal(unlink(path_to("a.example/cert.pem.new")), 0);
	(void)snprintf(saved, sizeof(saved), "%s", path_to("a.example/cert.pem"));
	assert_int_equal(unlink(saved), 0);
	assert_null(file_new(saved, 0644, buf_str(&pem)));
	assert_false(there(false)); /* the certificate was renamed, the key was not: who only reads mends nothing */
	assert_int_equal(access(path_to("a.example/key.pem.new"), F_OK), 0);
	assert_true(there(true));
	assert_true(there(false));
	assert_int_equal(access(path_to("a.example/key.pem.new"), F_OK), -1);
	pki_key_destroy(&k);
	pki_key_destroy(&next);
	buf_reset(&pem);
}

static void
garbage_is_no_pair(void **state)
{
	struct pki_key *k = write_pair();
	struct pki_times times;
	bool is;

	(void)state;
	put("a.example/cert.pem", "garbage");
	assert_false(there(true));
	put("a.example/cert.pem", "");
	assert_false(there(true));
	assert_int_equal(unlink(path_to("a.example/cert.pem")), 0);
	assert_int_equal(mkdir(path_to("a.example/cert.pem"), 0700), 0);
	assert_string_equal(acme_store_read(state_dir, NAME, names, true, &is, &times), "not a regular file");
	pki_key_destroy(&k);
	k = pki_key_new();
	assert_non_null(acme_store_write(state_dir, NAME, TC_STR("x"), k));
	assert_int_equal(access(path_to("a.example/key.pem"), F_OK), 0);
	pki_key_destroy(&k);
}

static void
the_account_stays(void **state)
{
	uint8_t x[3][32], y[3][32];
	const char *directories[] = {"https://ca.example/d", "https://ca.example/d", "https://other.example/d"};
	int lock;
	bool busy;

	(void)state;
	assert_null(acme_store_lock(state_dir, &lock, &busy));
	for (size_t i = 0; i < 3; i++) {
		struct pki_key *k;

		assert_null(acme_store_account(state_dir, tc_str_from(directories[i]), &k));
		pki_key_point(k, x[i], y[i]);
		pki_key_destroy(&k);
	}
	(void)close(lock);
	assert_memory_equal(x[0], x[1], 32);
	assert_memory_not_equal(x[0], x[2], 32);
	assert_int_equal(mode_of("lock"), 0600);
}

static void
a_bad_account_is_not_replaced(void **state)
{
	char file[300], hash[HASH_DIGITS + 1];
	struct pki_key *k;
	bool busy;
	int lock;

	(void)state;
	assert_null(acme_store_lock(state_dir, &lock, &busy));
	(void)close(lock);
	hash_text(TC_STR("https://ca.example/d"), hash);
	(void)snprintf(file, sizeof(file), "account-%s.pem", hash);
	assert_null(acme_store_account(state_dir, TC_STR("https://ca.example/d"), &k));
	pki_key_destroy(&k);
	assert_int_equal(mode_of(file), 0600);
	assert_int_equal(chmod(path_to(file), 0640), 0);
	assert_string_equal(
	    acme_store_account(state_dir, TC_STR("https://ca.example/d"), &k), "others may read it: chmod 600");
	put(file, "garbage");
	assert_int_equal(chmod(path_to(file), 0600), 0);
	assert_string_equal(acme_store_account(state_dir, TC_STR("https://ca.example/d"), &k), "the account's key cannot be read");
	assert_null(k);
}

static void
one_asks_at_a_time(void **state)
{
	bool busy;
	int lock, status;
	pid_t child;

	(void)state;
	assert_null(acme_store_lock(state_dir, &lock, &busy));
	assert_true(lock >= 0 && !busy);
	child = fork();
	if (child == 0) {
		int theirs;

		(void)close(lock);
		_exit(acme_store_lock(state_dir, &theirs, &busy) == NULL && busy && theirs == -1 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	(void)close(lock);
	assert_null(acme_store_lock(state_dir, &lock, &busy));
	assert_false(busy);
	(void)close(lock);
}

static void
failures_are_remembered(void **state)
{
	struct acme_later l = {.failures = 3, .at = 1795348800};

	(void)state;
	assert_null(acme_store_later_write(state_dir, NAME, TC_STR("order"), &l));
	l = (struct acme_later){0};
	acme_store_later_read(state_dir, NAME, TC_STR("order"), &l);
	assert_true(l.failures == 3 && l.at == 1795348800);
	acme_store_later_read(state_dir, NAME, TC_STR("another order"), &l);
	assert_true(l.failures == 0 && l.at == 0);
	put("a.example/later", "garbage");
	acme_store_later_read(state_dir, NAME, TC_STR("order"), &l);
	assert_int_equal(l.failures, 0);
	assert_null(acme_store_later_write(state_dir, NAME, TC_STR("order"), &l));
	assert_int_equal(access(path_to("a.example/later"), F_OK), -1);
}

static void
names_are_names(void **state)
{
	static const char *const bad[] = {"", ".", "..", ".x", "a/b", "*.example", "A", "a b", "-x", "a\nb"};

	(void)state;
	assert_true(acme_store_name_ok(TC_STR("xn--bcher-kva.example")));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(acme_store_name_ok(tc_str_from(bad[i])));
}

static void
no_directory(void **state)
{
	struct acme_later l = {.failures = 1};
	struct pki_key *k = pki_key_new();
	struct tc_str none = TC_STR("/proc/none");
	int lock;
	bool busy;

	(void)state;
	assert_non_null(acme_store_lock(none, &lock, &busy));
	assert_int_equal(lock, -1);
	assert_non_null(acme_store_write(none, NAME, TC_STR("x"), k));
	assert_non_null(acme_store_later_write(none, NAME, TC_STR("o"), &l));
	pki_key_destroy(&k);
	assert_non_null(acme_store_account(none, TC_STR("d"), &k));
	assert_null(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_pair_is_written_and_read, setup, teardown),
		cmocka_unit_test_setup_teardown(a_crash_leaves_a_pair, setup, teardown),
		cmocka_unit_test_setup_teardown(garbage_is_no_pair, setup, teardown),
		cmocka_unit_test_setup_teardown(the_account_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(a_bad_account_is_not_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(one_asks_at_a_time, setup, teardown),
		cmocka_unit_test_setup_teardown(failures_are_remembered, setup, teardown),
		cmocka_unit_test(names_are_names),
		cmocka_unit_test_setup_teardown(no_directory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
