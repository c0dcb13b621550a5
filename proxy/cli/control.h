/* control.h: verbs that talk to the running proxy over its Unix socket (admin/socket.h). */
#ifndef CLI_CONTROL_H
#define CLI_CONTROL_H

#include "base/buf.h"

enum { CONTROL_NO_ANSWER = -1 };

/* The socket of a configuration, its admin.socket; to be freed. NULL: said why, *code is the exit code. */
char *control_path(const char *verb, const char *file, int *code);

/* Sends a line and adds the text of the answer. Its code, or CONTROL_NO_ANSWER, which has been said. */
int control_ask(const char *verb, const char *path, struct tc_str request, struct buf *text);

#endif
