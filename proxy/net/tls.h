/*
 * tls.h: TLS between libuv and a connection's owner. The only home of OpenSSL's SSL_* is proxy/net/tls*.c.
 *
 *	read_buffer -> SSL -> loop.tls.plain  -> ops->data, once for all that came in one read
 *	socket <- loop.tls.cipher <- SSL <- conn_write(): head and body in one record and one write
 *
 * A connection has no buffer of its own, but where half a record waits: OpenSSL gives its own back, wiped, as soon as a record is
 * done (tls_memory.c), and the others belong to the loop. What the socket does not take waits in conn's queue, encrypted.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/handshake.h"
#include "net/conn.h"

#define TLS_SNI_MAX 255

struct tls_server; /* tls_server.h */
struct tls_client; /* tls_client.h */
struct tls_memory;

/* Once, before the first connection and before OpenSSL has allocated anything: what it frees is wiped. */
void tls_start(void);

/*
 * From here on the connection speaks TLS, as the server's side or the client's; what it wrote or gave before was in
 * clear. ops->secured() is called when the handshake is over; if it fails, ops->ended() is, with a negative error:
 * UV_EPROTO, or what the connection broke of.
 */
void tls_accept(struct conn *c, struct tls_server *s);
/*
 * host: the name that the server has to prove, unless the settings have one. memory: of this server and these settings;
 * it outlives the connection. Writes at once. -1: it cannot begin; drop it.
 */
int tls_connect(struct conn *c, struct tls_client *k, struct tc_str host, struct tls_memory *memory);

/* Of a client's connection: whom the settings trust, and who we are, has not changed since it began. */
bool tls_is_current(const struct conn *c, const struct tls_client *k);

/* How the handshake ended; before it has: CLOSED. Still there in ops->closed(). */
struct tls_outcome tls_outcome(const struct conn *c);

/* ---- between conn.c, loop.c and tls.c ---- */

/* What connections left behind is wiped: every tick. */
void tls_tick(struct loop *l);
void tls_loop_close(struct loop *l);

void tls_input(struct conn *c, struct tc_str in);
int tls_write(struct conn *c, const uv_buf_t *v, unsigned n);
void tls_say_end(struct conn *c);        /* close_notify, once */
int tls_end_error(const struct conn *c); /* what it means that the TCP connection ends here */
void tls_closing(struct conn *c);        /* it is given up, or over */
void tls_destroy(struct tls **t);

int conn_send(struct conn *c, const uv_buf_t *v, unsigned n, size_t total); /* as they are */
void conn_report_end(struct conn *c, int error);

#endif
