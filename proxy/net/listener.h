/*
 * listener.h: listening sockets. Whoever has the privilege opens them (listener_open) and hands the descriptors
 * to the loops, which never open one: the seam for the supervisor (docs/adr/0002).
 */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <sys/socket.h>

#include "net/loop.h"

#define LISTENER_TEXT_MAX 128 /* "unix:" and a path of 107 bytes */

struct listener;

/*
 * Opens count sockets that share one address, non-blocking and close-on-exec. TCP: one socket and queue each
 * (SO_REUSEPORT); port 0 is chosen by the system and written back into addr. Unix: one socket, and count - 1 more
 * descriptors of it; a file that no one listens at any more is replaced. 0, or a negative errno and nothing left open.
 */
int listener_open(struct sockaddr_storage *addr, int *fds, size_t count);

/* The same beside sockets of our own that have the port and are about to be closed: whether others have it too is not
 * looked at. TCP only. */
int listener_open_beside(struct sockaddr_storage *addr, int *fds, size_t count);

/* Which file a Unix socket is, so that only this one is removed at the end; inode 0: none. */
struct listener_file {
	dev_t device;
	ino_t inode;
};
void listener_file_of(const struct sockaddr_storage *addr, struct listener_file *out);
void listener_file_remove(const struct sockaddr_storage *addr, struct listener_file *file);

/* "127.0.0.1:8080", "[::1]:8080", "unix:/run/tacet/http.sock"; addresses of ours only, never a visitor's. */
void listener_print(const struct sockaddr_storage *addr, char out[LISTENER_TEXT_MAX]);

/*
 * Takes over the descriptor. accepted() may conn_init_tcp() (of a Unix socket: conn_init_pipe()) and uv_accept(), or
 * let the connection go. NULL: it cannot listen; the descriptor is closed.
 */
struct listener *listener_start(struct loop *l, int fd, void (*accepted)(void *ctx, uv_stream_t *server), void *ctx);
/* The same, but without a descriptor to spare it tries again until it has one: never NULL. */
struct listener *listener_start_late(struct loop *l, int fd, void (*accepted)(void *ctx, uv_stream_t *server),
    void *ctx);
/* resting() is told each time that the listener has to rest, for want of a descriptor. */
void listener_watch(struct listener *l, void (*resting)(void *ctx));
void listener_stop(struct listener **l);

#endif
