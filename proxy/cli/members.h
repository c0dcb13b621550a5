/* members.h: members of JSON objects on standard output. */
#ifndef CLI_MEMBERS_H
#define CLI_MEMBERS_H

#include "tacet/str.h"

/* before, "key": value; null if value.p is NULL. */
void member_str(const char *before, const char *key, struct tc_str value);
void member_num(const char *before, const char *key, size_t value);

#endif
