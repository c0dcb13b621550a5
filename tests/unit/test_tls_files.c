/* test_tls_files.c: names in a hello, names of certificates, ticket keys and their time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#undef fail /* of cmocka: the word is taken */
#include "../../proxy/net/tls_server.c"
#include "../../proxy/net/tls_tickets.c"

#include "edge.h"

/* ---- server_name ---- */

/* What read_sni() makes of the bytes, which end at an unreadable page. */
static struct tc_str
sni_of(const char *p, size_t n, char room[TLS_SNI_MAX + 1])
{
	char *copied = edge_copy(p, n);
	struct tc_str found = read_sni((const unsigned char *)copied, n, room);

	edge_free(copied, n);
	return found;
}

static void
names_in_a_hello(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *name;
	} cases[] = {
		{"\0\5\0\0\2ab", 7, "ab"},
		{"\0\5\0\0\2AB", 7, "ab"},
		{"\0\6\0\0\3ab.", 8, "ab"},
		{"\0\4\0\0\1.", 6, ""},
		{"", 0, ""},
		{"\0\5\0\0", 4, ""},
		{"\0\5\0\0\2", 5, ""},
		{"\0\5\0\0\2a", 6, ""},  /* shorter than it says */
		{"\0\5\0\0\3ab", 7, ""}, /* a name beyond the list */
		{"\0\5\1\0\2ab", 7, ""}, /* no host_name */
		{"\0\5\0\xff\xff" "ab", 7, ""},
		{"\0\3\0\0\0", 5, ""},    /* an empty one */
		{"\0\5\0\0\2a\0", 7, ""}, /* a zero within */
		{"\0\5\0\0\2a ", 7, ""},
		{"\0\5\0\0\2\xc3\xa4", 7, ""},
	};
	char room[TLS_SNI_MAX + 1], longest[5 + 256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true(tc_eq(sni_of(cases[i].bytes, cases[i].n, room), tc_str_from(cases[i].name)));
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "\1\2\0\0\377", 5);
	assert_int_equal(sni_of(longest, 5 + 255, room).n, 255);
	memcpy(longest, "\1\3\0\1\0", 5);
	assert_int_equal(sni_of(longest, 5 + 256, room).n, 0);
}

static void
how_well_a_name_fits(void **state)
{
	(void)state;
	assert_int_equal(rank("a.test", TC_STR("a.test")), 2);
	assert_int_equal(rank("*.a.test", TC_STR("b.a.test")), 1);
	assert_int_equal(rank("*.a.test", TC_STR("c.b.a.test")), 0);
	assert_int_equal(rank("*.a.test", TC_STR("a.test")), 0);
	assert_int_equal(rank("*.a.test", TC_STR(".a.test")), 0);
	assert_int_equal(rank("*", TC_STR("a")), 0);
	assert_int_equal(rank("*.", TC_STR("a.")), 0);
	assert_int_equal(rank("w*.a.test", TC_STR("ww.a.test")), 0);
	assert_int_equal(rank("a.test", TC_STR("b.test")), 0);
}

/* ---- ticket keys ---- */

static void
keys_of_ours_have_their_time(void **state)
{
	struct tls_tickets *t = tls_tickets_own(), *again = tls_tickets_own();
	struct tls_fault fault;
	struct key first, second, k;

	(void)state;
	assert_ptr_equal(t, again);
	assert_int_equal(find(t, NULL, &first), 0);
	assert_int_equal(tls_tickets_look(t, 1000, &fault), 0);
	assert_int_equal(tls_tickets_look(t, 1000 + KEY_LIFE_S - 1, &fault), 0);
	assert_int_equal(find(t, NULL, &k), 0);
	assert_memory_equal(&k, &first, sizeof(k));
	assert_int_equal(tls_tickets_look(t, 1000 + KEY_LIFE_S, &fault), 0);
	assert_int_equal(find(t, NULL, &second), 0);
	assert_memory_not_equal(&second, &first, sizeof(first));
	assert_int_equal(find(t, first.name, &k), 1);
	assert_int_equal(tls_tickets_look(t, 1000 + 2 * KEY_LIFE_S, &fault), 0);
	assert_int_equal(find(t, first.name, &k), 2);
	assert_int_equal(find(t, second.name, &k), 1);
	assert_int_equal(tls_tickets_look(t, 1000 + 3 * KEY_LIFE_S, &fault), 0);
	assert_int_equal(find(t, first.name, &k), -1); /* two older ones, no more */
	tls_tickets_unref(&t);
	tls_tickets_unref(&again);
}

static void
write_keys(const char *path, const void *p, size_t n)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void
keys_of_a_file(void **state)
{
	static const size_t bad[] = {0, 1, 48, 79, 81, 161, 17 * 80, 4096};
	static char bytes[4096];
	char path[] = "/tmp/tacet-keys-XXXXXX";
	int fd = mkstemp(path);
	struct tls_tickets *t;
	struct tls_fault fault = {0};
	struct key k;

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i / 80);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_keys(path, bytes, bad[i]);
		assert_null(tls_tickets_of(tc_str_from(path), &fault));
		assert_int_equal(fault.where, TLS_FAULT_KEYS_FILE);
	}
	write_keys(path, bytes, 16 * 80);
	t = tls_tickets_of(tc_str_from(path), &fault);
	assert_non_null(t);
	assert_int_equal(find(t, NULL, &k), 0);
	assert_memory_equal(&k, bytes, 80);
	assert_int_equal(find(t, (unsigned char *)bytes + 15 * 80, &k), 15);
	write_keys(path, bytes + 160, 79); /* damaged: noticed at the second look, once, and what was there stays */
	assert_int_equal(tls_tickets_look(t, 1, &fault), 0);
	assert_int_equal(tls_tickets_look(t, 1, &fault), -1);
	assert_int_equal(tls_tickets_look(t, 1, &fault), 0);
	assert_false(tls_tickets_are_current(t));
	assert_int_equal(find(t, NULL, &k), 0);
	assert_memory_equal(&k, bytes, 80);
	write_keys(path, bytes + 160, 80);
	assert_int_equal(tls_tickets_look(t, 1, &fault), 0);
	assert_int_equal(tls_tickets_look(t, 1, &fault), 0);
	assert_true(tls_tickets_are_current(t));
	assert_int_equal(find(t, NULL, &k), 0);
	assert_memory_equal(&k, bytes + 160, 80);
	assert_int_equal(find(t, (unsigned char *)bytes, &k), -1);
	tls_tickets_unref(&t);
	(void)unlink(path);
	assert_null(tls_tickets_of(tc_str_from(path), &fault));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_in_a_hello),
		cmocka_unit_test(how_well_a_name_fits),
		cmocka_unit_test(keys_of_ours_have_their_time),
		cmocka_unit_test(keys_of_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
