/* lists_file.h: the bytes of a list, of text or compiled. */
#ifndef TACET_LISTS_FILE_H
#define TACET_LISTS_FILE_H

#include "match/match.h"

/* The bytes of a regular file, at most MATCH_LIST_MAX. 0, or -1 with errno. */
int list_file_read(const char *path, struct tc_str *text);
void list_file_free(struct tc_str text);

/* The bytes of a compiled list; bytes->p NULL: it is another file. 0, or -1 with errno. */
int list_file_open(const char *path, struct match_block *bytes);

#endif
