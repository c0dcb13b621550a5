/*
 * listener.h: listening sockets. Whoever has the privilege opens them (listener_open) and hands the descriptors
 * to the loops, which never open one: the seam for the supervisor (docs/adr/0002).
 */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <sys/socket.h>

#include "net/loop.h"

struct listener;

/*
 * Opens count sockets that share one address (SO_REUSEPORT), non-blocking and close-on-exec. Port 0 is
 * chosen by the system and written back into addr. 0, or a negative errno and no descriptor left open.
 */
int listener_open(struct sockaddr_storage *addr, int *fds, size_t count);

/* "127.0.0.1:8080", "[::1]:8080"; addresses of ours only, never a visitor's. */
void listener_print(const struct sockaddr_storage *addr, char out[64]);

/* Takes over the descriptor. accepted() may conn_init_tcp() and uv_accept(), or let the connection go. */
struct listener *listener_start(struct loop *l, int fd, void (*accepted)(void *ctx, uv_stream_t *server), void *ctx);
void listener_stop(struct listener **l);

#endif
