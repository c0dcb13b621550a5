/* test_tls.c: both sides of TLS on one loop, over a line that cuts what it carries as it likes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#undef fail /* of cmocka: the word is taken */
#include "../../proxy/net/tls.c"

#include "net/pki.h"
#include "net/tls_client.h"
#include "net/tls_server.h"

#include "pem.h"

static char folder[] = "/tmp/tacet-tls-XXXXXX";

/* ---- files ---- */

static struct tc_str
path_of(const char *name)
{
	static char paths[8][64];
	static unsigned next;
	char *p = paths[next++ % 8];

	(void)snprintf(p, sizeof(paths[0]), "%s/%s", folder, name);
	return tc_str_from(p);
}

static void
write_file(const char *name, struct tc_str text)
{
	FILE *f = fopen(path_of(name).p, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
	assert_int_equal(fclose(f), 0);
}

/* NAME.pem and NAME.key, for one name. */
static void
make_pair(const char *file, const char *name)
{
	struct tc_str names[] = {tc_str_from(name)};
	struct pki_key *k = pki_key_new();
	struct buf pem, key;
	char path[32];

	buf_init(&pem, 1 << 16);
	buf_init(&key, 1 << 16);
	pem_self_signed(k, (struct tc_strs){names, 1}, NULL, &pem);
	pki_key_write(k, &key);
	(void)snprintf(path, sizeof(path), "%s.pem", file);
	write_file(path, buf_str(&pem));
	(void)snprintf(path, sizeof(path), "%s.key", file);
	write_file(path, buf_str(&key));
	buf_reset(&pem);
	buf_reset(&key);
	pki_key_destroy(&k);
}

/* ---- two ends and the line between them ---- */

struct end {
	struct conn conn; /* first */
	struct buf got;
	unsigned events; /* data() calls */
	bool secured, ended, closed;
	int error;
};

static struct end *
end_of(struct conn *c)
{
	return (struct end *)c;
}

static void
on_ready_to_talk(struct conn *c)
{
	assert_false(end_of(c)->secured);
	assert_int_equal(end_of(c)->got.n, 0);
	end_of(c)->secured = true;
}

static void
on_bytes(struct conn *c, struct tc_str in)
{
	assert_true(end_of(c)->secured && in.n > 0 && in.n <= PLAIN_SIZE);
	end_of(c)->events++;
	assert_int_equal(buf_add_str(&end_of(c)->got, in), 0);
}

static void
on_its_end(struct conn *c, int error)
{
	end_of(c)->ended = true;
	end_of(c)->error = error;
}

static void
on_gone(struct conn *c)
{
	end_of(c)->closed = true;
}

static const struct conn_ops ops = {
	.secured = on_ready_to_talk, .data = on_bytes, .ended = on_its_end, .closed = on_gone};

struct world {
	struct loop loop;
	struct tls_server *server;
	struct tls_client *client;
	struct tls_memory memory;
	struct end a, b; /* the server's, the client's */
	int line[2];     /* the other ends of their sockets */
};

static void
never(struct loop *l, struct deadline *d)
{
	(void)l;
	(void)d;
}

static int
open_end(struct world *w, struct end *e)
{
	int fd[2];

	*e = (struct end){0};
	buf_init(&e->got, 64 << 20);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	conn_init_pipe(&e->conn, &w->loop, &ops);
	assert_int_equal(uv_pipe_open(&e->conn.u.pipe, fd[0]), 0);
	return fd[1];
}

static void
begin_world(struct world *w, const char *ask)
{
	struct tls_pair_files pairs[] = {{.cert = path_of("one.pem"), .key = path_of("one.key")}, {.cert = path_of("two.pem"), .key = path_of("two.key")}};
	struct tls_server_settings s = {.pairs = pairs, .pair_count = 2, .h1 = true, .id = TC_STR("test")};
	struct tls_client_settings c = {.ca_file = path_of(tc_istarts(tc_str_from(ask), TC_STR("two")) ? "two.pem" : "one.pem"), .name = tc_str_from(ask), .verify = true};
	struct tls_fault fault;
	struct tls_client_fault client_fault;

	memset(w, 0, sizeof(*w));
	assert_int_equal(loop_init(&w->loop, never, NULL), 0);
	w->server = tls_server_new(&s, &fault);
	w->client = tls_client_get(&c, &client_fault);
	assert_non_null(w->server);
	assert_non_null(w->client);
	w->line[0] = open_end(w, &w->a);
	w->line[1] = open_end(w, &w->b);
	tls_accept(&w->a.conn, w->server);
	assert_int_equal(tls_connect(&w->b.conn, w->client, TC_STR("unused.test"), &w->memory), 0);
	conn_read(&w->a.conn);
	conn_read(&w->b.conn);
}

/* Carries up to `most` bytes, from one socket to the other. 0: none there; -1: its end. */
static ssize_t
carry(int from, int to, size_t most)
{
	char piece[65536];
	ssize_t n = recv(from, piece, most < sizeof(piece) ? most : sizeof(piece), 0);

	if (n == -1)
		return errno == EAGAIN ? 0 : -1;
	if (n == 0) {
		(void)shutdown(to, SHUT_WR);
		return -1;
	}
	for (ssize_t at = 0; at < n;) {
		ssize_t k = send(to, piece + at, (size_t)(n - at), MSG_NOSIGNAL);

		if (k == -1)
			break; /* nobody listens */
		at += k;
	}
	return n;
}

/* Turns of the loop until nothing moves any more; pieces of at most `cut` bytes. */
static void
run(struct world *w, size_t cut)
{
	for (unsigned quiet = 0; quiet < 3;) {
		ssize_t x = carry(w->line[0], w->line[1], cut), y = carry(w->line[1], w->line[0], cut);

		(void)uv_run(&w->loop.uv, UV_RUN_NOWAIT);
		quiet = x > 0 || y > 0 ? 0 : quiet + 1;
	}
}

static void
end_world(struct world *w)
{
	conn_drop(&w->a.conn);
	conn_drop(&w->b.conn);
	(void)uv_run(&w->loop.uv, UV_RUN_NOWAIT);
	assert_true(w->a.closed && w->b.closed);
	buf_reset(&w->a.got);
	buf_reset(&w->b.got);
	(void)close(w->line[0]);
	(void)close(w->line[1]);
	tls_memory_clear(&w->memory);
	tls_client_unref(&w->client);
	tls_server_unref(&w->server);
	loop_close(&w->loop);
}

static void
tell(struct end *e, const char *p, size_t n)
{
	uv_buf_t v[3] = {uv_buf_init((char *)(uintptr_t)p, (unsigned)(n / 3)), uv_buf_init((char *)(uintptr_t)p + n / 3, 0),
	    uv_buf_init((char *)(uintptr_t)p + n / 3, (unsigned)(n - n / 3))};

	assert_int_equal(conn_write(&e->conn, v, 3), 0);
}

static void
heard(struct end *e, const char *p, size_t n)
{
	assert_int_equal(e->got.n, n);
	assert_memory_equal(buf_str(&e->got).p, p, n);
	buf_drop(&e->got, n);
}

/* ---- tests ---- */

static char big[1 << 20];

static void
any_cut_carries_the_same(void **state)
{
	static const size_t cuts[] = {1, 2, 5, 37, 1000, 16384, 65536};
	static const size_t sizes[] = {1, 100, 16383, 16384, 16385, 40000};

	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		struct world w;

		begin_world(&w, "one.test");
		run(&w, cuts[i]);
		assert_true(w.a.secured && w.b.secured);
		for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
			tell(&w.a, big, sizes[k]);
			tell(&w.b, big + 7, sizes[k]);
			run(&w, cuts[i]);
			heard(&w.b, big, sizes[k]);
			heard(&w.a, big + 7, sizes[k]);
		}
		assert_int_equal(conn_pending(&w.a.conn) + conn_pending(&w.b.conn), 0);
		end_world(&w);
	}
}

static void
small_pieces_are_one_record(void **state)
{
	struct world w;

	(void)state;
	begin_world(&w, "one.test");
	run(&w, 65536);
	w.b.events = 0;
	tell(&w.a, big, 16384); /* three pieces: as much as a record holds */
	run(&w, 65536);
	assert_int_equal(w.b.events, 1);
	heard(&w.b, big, 16384);
	end_world(&w);
}

/* What the line does not take waits, and counts as waiting. */
static void
who_does_not_read_makes_it_wait(void **state)
{
	struct world w;

	(void)state;
	begin_world(&w, "one.test");
	run(&w, 65536);
	conn_pause(&w.b.conn);
	tell(&w.a, big, sizeof(big));
	assert_true(conn_pending(&w.a.conn) > 0 && conn_unsent(&w.a.conn) <= conn_pending(&w.a.conn));
	conn_read(&w.b.conn);
	run(&w, 65536);
	heard(&w.b, big, sizeof(big));
	assert_int_equal(conn_pending(&w.a.conn), 0);
	end_world(&w);
}

static void
the_name_decides_and_is_verified(void **state)
{
	static const struct {
		const char *ask;
		bool good;
	} cases[] = {{"one.test", true}, {"two.test", true}, {"TWO.test", true}, {"three.test", false}, {"one.test.evil.test", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world w;

		begin_world(&w, cases[i].ask);
		run(&w, 65536);
		assert_int_equal(w.b.secured, cases[i].good);
		if (cases[i].good) {
			assert_true(tc_ieq(conn_sni(&w.a.conn), tc_str_from(cases[i].ask)));
			assert_true(tc_eq(conn_alpn(&w.b.conn), TC_STR("http/1.1")) && tc_eq(conn_alpn(&w.a.conn), TC_STR("http/1.1")));
		} else {
			assert_true(w.b.ended && w.b.error == UV_EPROTO);
			assert_true(w.a.ended); /* an alert says why: 1.3 had the server's part over by then */
		}
		end_world(&w);
	}
}

static void
an_end_is_said_and_a_cut_is_not(void **state)
{
	struct world w;

	(void)state;
	begin_world(&w, "one.test"); /* the server ends: so does the client's side, well */
	run(&w, 65536);
	tell(&w.a, big, 1000);
	conn_close(&w.a.conn);
	run(&w, 65536);
	heard(&w.b, big, 1000);
	assert_true(w.b.ended && w.b.error == 0);
	end_world(&w);

	begin_world(&w, "one.test"); /* the line is cut: for a client that is no end */
	run(&w, 65536);
	tell(&w.a, big, 1000);
	run(&w, 65536);
	(void)shutdown(w.line[1], SHUT_WR);
	run(&w, 65536);
	assert_true(w.b.ended && w.b.error == UV_ECONNRESET);
	end_world(&w);

	begin_world(&w, "one.test"); /* for a server it is */
	run(&w, 65536);
	(void)shutdown(w.line[0], SHUT_WR);
	run(&w, 65536);
	assert_true(w.a.ended && w.a.error == 0);
	tell(&w.a, big, 1000); /* who has finished sending still gets an answer */
	run(&w, 65536);
	heard(&w.b, big, 1000);
	end_world(&w);
}

/* Nothing is written behind an end, and only a reader's half is left. */
static void
finishing_is_half(void **state)
{
	struct world w;
	uv_buf_t one = uv_buf_init(big, 1);

	(void)state;
	begin_world(&w, "one.test");
	run(&w, 65536);
	conn_finish(&w.b.conn);
	run(&w, 65536);
	assert_true(w.a.ended && w.a.error == 0);
	assert_int_equal(conn_write(&w.b.conn, &one, 1), -1);
	tell(&w.a, big, 70000);
	run(&w, 65536);
	heard(&w.b, big, 70000);
	end_world(&w);
}

static void
one_damaged_byte_ends_it(void **state)
{
	struct world w;

	(void)state;
	begin_world(&w, "one.test");
	run(&w, 65536);
	assert_int_equal(send(w.line[0], "\x17\x03\x03\x00\x20garbage garbage garbage garbage ", 37, 0), 37);
	run(&w, 65536);
	assert_true(w.a.ended && w.a.error == UV_EPROTO && w.a.got.n == 0);
	end_world(&w);
}

/* Two connections, the first `age` ms ago. left: what was remembered after both; only its time is. */
static enum tls_result
come_again(uint64_t age, struct tls_memory *left)
{
	struct world w;
	struct tls_client *client; /* goes on: a session of another one proves nothing */
	struct tls_memory kept;
	enum tls_result result;

	begin_world(&w, "one.test");
	run(&w, 65536);
	assert_int_equal(tls_outcome(&w.a.conn).result, TLS_FULL);
	assert_int_equal(tls_outcome(&w.a.conn).version, TLS_VERSION_13);
	assert_null(w.memory.session); /* it comes with the first answer */
	tell(&w.a, big, 3);
	run(&w, 65536);
	kept = w.memory;
	w.memory.session = w.memory.context = NULL;
	assert_non_null(kept.session);
	client = tls_client_ref(w.client);
	end_world(&w);
	begin_world(&w, "one.test");
	assert_ptr_equal(w.client, client);
	tls_client_unref(&client);
	conn_drop(&w.b.conn); /* in place of it: one that remembers */
	(void)uv_run(&w.loop.uv, UV_RUN_NOWAIT);
	(void)close(w.line[1]);
	conn_drop(&w.a.conn);
	(void)uv_run(&w.loop.uv, UV_RUN_NOWAIT);
	(void)close(w.line[0]);
	w.line[0] = open_end(&w, &w.a);
	w.line[1] = open_end(&w, &w.b);
	w.memory = kept;
	w.memory.proven -= age;
	tls_accept(&w.a.conn, w.server);
	assert_int_equal(tls_connect(&w.b.conn, w.client, TC_STR("x"), &w.memory), 0);
	conn_read(&w.a.conn);
	conn_read(&w.b.conn);
	run(&w, 65536);
	result = tls_outcome(&w.a.conn).result;
	tell(&w.a, big, 3);
	run(&w, 65536);
	*left = w.memory;
	end_world(&w);
	return result;
}

/* However many new tickets come: the certificate is looked at once an hour. */
static void
sessions_are_used_again(void **state)
{
	struct tls_memory left;
	uint64_t first;

	(void)state;
	assert_int_equal(come_again(0, &left), TLS_RESUMED);
	first = left.proven;
	assert_int_equal(come_again(TLS_PROVEN_MS - 60000, &left), TLS_RESUMED);
	assert_true(first - left.proven > TLS_PROVEN_MS / 2); /* the new ticket is as old as the first */
	assert_int_equal(come_again(TLS_PROVEN_MS, &left), TLS_FULL);
	assert_true(left.proven >= first);
}

static void
how_long_a_session_proves(void **state)
{
	struct tls_memory m = {.session = &m, .proven = 1000};

	(void)state;
	assert_true(tls_memory_is_fresh(&m, 1000) && tls_memory_is_fresh(&m, 1000 + TLS_PROVEN_MS - 1));
	assert_false(tls_memory_is_fresh(&m, 1000 + TLS_PROVEN_MS) || tls_memory_is_fresh(&m, 999));
	m.session = NULL;
	assert_false(tls_memory_is_fresh(&m, 1000));
}

/* Between ticks nothing of a record is left in what connections share. */
static void
the_tick_wipes(void **state)
{
	struct world w;
	const char *p;

	(void)state;
	begin_world(&w, "one.test");
	run(&w, 65536);
	tell(&w.a, big, 30000);
	run(&w, 65536);
	heard(&w.b, big, 30000);
	tls_tick(&w.loop);
	p = w.loop.tls;
	for (size_t i = 0; i < sizeof(struct tls_buffers); i++)
		assert_int_equal(p[i], 0);
	end_world(&w);
}

static int
setup(void **state)
{
	(void)state;
	tls_start();
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)('A' + (i * 7 + i / 251) % 57);
	make_pair("one", "one.test");
	make_pair("two", "two.test");
	return 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = {"one.pem", "one.key", "two.pem", "two.key"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(path_of(names[i]).p);
	return rmdir(folder);
}

/* What is not a loop's connection has another BIO, whatever it points to. */
static void
others_have_no_connection(void **state)
{
	SSL_CTX *context = tls_context_new(TLS_client_method(), false);
	SSL *ssl = SSL_new(context);
	BIO *bio = BIO_new(BIO_s_mem());

	(void)state;
	assert_null(tls_conn_of(ssl));
	assert_int_equal(BIO_up_ref(bio), 1);
	SSL_set_bio(ssl, bio, bio);
	assert_non_null(BIO_get_data(bio));
	assert_null(tls_conn_of(ssl));
	SSL_free(ssl);
	BIO_free(bio);
	SSL_CTX_free(context);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_cut_carries_the_same),
		cmocka_unit_test(others_have_no_connection),
		cmocka_unit_test(small_pieces_are_one_record),
		cmocka_unit_test(who_does_not_read_makes_it_wait),
		cmocka_unit_test(the_name_decides_and_is_verified),
		cmocka_unit_test(an_end_is_said_and_a_cut_is_not),
		cmocka_unit_test(finishing_is_half),
		cmocka_unit_test(one_damaged_byte_ends_it),
		cmocka_unit_test(sessions_are_used_again),
		cmocka_unit_test(how_long_a_session_proves),
		cmocka_unit_test(the_tick_wipes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
