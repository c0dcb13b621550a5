/* arena.h: the owner's side of tacet/arena.h. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "tacet/arena.h"

/*
 * An arena is a chain of blocks:
 *
 *	tc_arena -> [block | used ........ | free] -> [block ...]
 *
 * limit bounds the sum of what is handed out. Block memory of request arenas comes from a per-loop
 * free list (arena_cache), is wiped with explicit_bzero when the arena ends, and is not dumped in cores.
 */
struct arena_cache; /* one per loop; NULL is allowed: plain malloc */

struct arena_cache *arena_cache_new(size_t keep_blocks);
void arena_cache_destroy(struct arena_cache **cache);

struct tc_arena *arena_new(struct arena_cache *cache, size_t limit);
size_t arena_used(const struct tc_arena *a);

/* Wipes and releases everything; *a becomes NULL. */
void arena_destroy(struct tc_arena **a);

#endif
