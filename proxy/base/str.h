/* str.h: what strings need an arena for. The rest is in tacet/str.h. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "tacet/arena.h"

/* s in ASCII lower case: s itself where it is so already, else a copy; p = NULL at the arena's limit. */
struct tc_str str_lower(struct tc_str s, struct tc_arena *arena);

#endif
