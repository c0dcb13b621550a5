/*
 * arena.c: memory for one request or one snapshot, handed out by moving a pointer and wiped as a whole.
 *
 * The part of a block that was not handed out is zero at all times: new blocks come zeroed, and what was used
 * is wiped before a block goes back. So tc_alloc() has nothing to clear.
 *
 *	block: [ struct block | struct tc_arena (first block only) | handed out ... | at -> zeros ... ]
 *
 * Blocks of request arenas are cut from slabs that belong to the loop's cache and are left out of core dumps.
 * Under AddressSanitizer everything not handed out is poisoned, with a gap behind every piece.
 */
#include "base/arena.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#define GAP 16
#define BYTES_ALIGN 8 /* poison is exact only behind what begins at a multiple of 8 */
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#define GAP 0
#define BYTES_ALIGN 1
#endif

#define ALIGN 16
#define BLOCK_SIZE ((size_t)16 << 10)     /* of a cache, header included */
#define BLOCK_SIZE_MAX ((size_t)256 << 10) /* plain arenas double up to here */
#define BLOCK_SIZE_MIN ((size_t)4 << 10)
#define SLAB_BLOCKS 32
#define PAGE ((size_t)4 << 10)

enum block_home {
	HOME_CACHE,
	HOME_MALLOC,
	HOME_MAP,
};

struct block {
	struct block *next;
	size_t size; /* whole, with this header */
	size_t used; /* of data[], once the block is no longer the current one */
	enum block_home home;
	_Alignas(ALIGN) char data[];
};

struct slab {
	struct slab *next;
};

struct arena_cache {
	struct block *free; /* last in, first out: the warmest first */
	struct slab *slabs;
	size_t free_count, keep, lent;
};

struct tc_arena {
	char *at, *end; /* end: of the block, or where the limit is reached */
	size_t before;  /* handed out in the other blocks */
	size_t limit;
	struct block *block; /* the current one; the others hang on its next */
	struct arena_cache *cache;
};

#define ARENA_ROOM ((sizeof(struct tc_arena) + ALIGN - 1) & ~(size_t)(ALIGN - 1))

static void
out_of_memory(void)
{
	(void)fputs("tacet: out of memory\n", stderr);
	abort();
}

static void *
map_hidden(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		out_of_memory();
	(void)madvise(p, size, MADV_DONTDUMP);
	return p;
}

/* ---- the cache ---- */

/* A slab is a page for its link, so that blocks begin at pages, and then the blocks. */
#define SLAB_SIZE (PAGE + SLAB_BLOCKS * BLOCK_SIZE)

static void
cache_grow(struct arena_cache *c)
{
	char *mem = map_hidden(SLAB_SIZE);
	struct slab *slab = (struct slab *)(void *)mem;

	slab->next = c->slabs;
	c->slabs = slab;
	for (size_t i = SLAB_BLOCKS; i-- > 0;) {
		struct block *b = (struct block *)(void *)(mem + PAGE + i * BLOCK_SIZE);

		b->next = c->free; /* touches one page of each block, once */
		c->free = b;
	}
	c->free_count += SLAB_BLOCKS;
}

struct arena_cache *
arena_cache_new(size_t keep_blocks)
{
	struct arena_cache *c = calloc(1, sizeof(*c));

	if (c == NULL)
		out_of_memory();
	c->keep = keep_blocks;
	return c;
}

void
arena_cache_destroy(struct arena_cache **cache)
{
	struct arena_cache *c = *cache;

	*cache = NULL;
	if (c == NULL)
		return;
	assert(c->lent == 0);
	while (c->slabs != NULL) {
		struct slab *slab = c->slabs;

		c->slabs = slab->next;
		UNPOISON(slab, SLAB_SIZE);
		(void)munmap(slab, SLAB_SIZE);
	}
	free(c);
}

static struct block *
cache_take(struct arena_cache *c)
{
	struct block *b;

	if (c->free == NULL)
		cache_grow(c);
	b = c->free;
	c->free = b->next;
	c->free_count--;
	c->lent++;
	b->size = BLOCK_SIZE;
	b->home = HOME_CACHE;
	return b;
}

/* Takes a wiped block back. Beyond what is worth keeping warm, only its first page stays resident. */
static void
cache_give(struct arena_cache *c, struct block *b, size_t used)
{
	if (c->free_count >= c->keep && sizeof(*b) + used > PAGE)
		(void)madvise((char *)b + PAGE, BLOCK_SIZE - PAGE, MADV_DONTNEED);
	b->next = c->free;
	c->free = b;
	c->free_count++;
	c->lent--;
}

/* ---- blocks ---- */

static struct block *
block_new(struct arena_cache *cache, size_t size)
{
	struct block *b;

	if (cache != NULL && size <= BLOCK_SIZE) {
		b = cache_take(cache);
	} else if (cache != NULL) {
		b = map_hidden(size);
		b->home = HOME_MAP;
		b->size = size;
	} else {
		b = calloc(1, size);
		if (b == NULL)
			out_of_memory();
		b->home = HOME_MALLOC;
		b->size = size;
	}
	b->next = NULL;
	b->used = 0;
	POISON(b->data, b->size - sizeof(*b));
	return b;
}

static void
block_release(struct arena_cache *cache, struct block *b)
{
	size_t used = b->used;

	UNPOISON(b->data, b->size - sizeof(*b));
	explicit_bzero(b->data, used);
	if (b->home == HOME_CACHE)
		cache_give(cache, b, used);
	else if (b->home == HOME_MAP)
		(void)munmap(b, b->size);
	else
		free(b);
}

/* ---- arenas ---- */

static size_t
block_room(const struct block *b)
{
	return b->size - sizeof(*b);
}

/* Sets end so that neither the block nor the limit can be overrun. */
static void
arena_set_end(struct tc_arena *a)
{
	size_t left = a->limit - arena_used(a);
	char *end = a->block->data + block_room(a->block);

	a->end = (size_t)(end - a->at) > left ? a->at + left : end;
}

/* Where the arena's own bytes begin in the current block: the first block also holds the arena. */
static char *
block_start(const struct tc_arena *a)
{
	char *own = (char *)(uintptr_t)a;

	return a->block->data == own ? own + ARENA_ROOM : a->block->data;
}

struct tc_arena *
arena_new(struct arena_cache *cache, size_t limit)
{
	struct block *b = block_new(cache, cache != NULL ? BLOCK_SIZE : BLOCK_SIZE_MIN);
	struct tc_arena *a = (struct tc_arena *)(void *)b->data;

	assert(limit > 0);
	UNPOISON(a, ARENA_ROOM);
	a->cache = cache;
	a->limit = limit;
	a->before = 0;
	a->block = b;
	a->at = b->data + ARENA_ROOM;
	arena_set_end(a);
	return a;
}

size_t
arena_used(const struct tc_arena *a)
{
	return a->before + (size_t)(a->at - block_start(a));
}

void
arena_destroy(struct tc_arena **arena)
{
	struct tc_arena *a = *arena;

	*arena = NULL;
	if (a == NULL)
		return;

	struct arena_cache *cache = a->cache;
	struct block *b = a->block;

	b->used = (size_t)(a->at - b->data);
	while (b != NULL) { /* the first block, and a with it, may come anywhere in the chain */
		struct block *next = b->next;

		block_release(cache, b);
		b = next;
	}
}

/* A piece too large to share a block gets its own, behind the current one, which stays in use. */
static char *
arena_alone(struct tc_arena *a, size_t n)
{
	struct block *b = block_new(a->cache, sizeof(*b) + n);

	b->used = n;
	b->next = a->block->next;
	a->block->next = b;
	a->before += n;
	arena_set_end(a);
	UNPOISON(b->data, n);
	return b->data;
}

/* The slow path: a new block, or NULL at the limit. */
__attribute__((noinline, cold)) static char *
arena_grow(struct tc_arena *a, size_t n)
{
	size_t size = a->block->size * 2 < BLOCK_SIZE_MAX ? a->block->size * 2 : BLOCK_SIZE_MAX;
	size_t left = a->limit - arena_used(a);

	if (a->cache != NULL)
		size = BLOCK_SIZE;
	if (n > left)
		return NULL;
	if (n > (size - sizeof(struct block)) / 4)
		return arena_alone(a, n);

	struct block *b = block_new(a->cache, size);

	a->before = arena_used(a);
	a->block->used = (size_t)(a->at - a->block->data);
	b->next = a->block;
	a->block = b;
	a->at = b->data + n;
	arena_set_end(a);
	UNPOISON(b->data, n);
	return b->data;
}

/* Moves the pointer; one comparison, as end already knows the limit. */
static inline char *
arena_bump(struct tc_arena *a, size_t n, size_t align)
{
	size_t pad = -(uintptr_t)a->at & (align - 1);
	size_t room = (size_t)(a->end - a->at);

	if (__builtin_expect(n > room || pad + GAP > room - n, 0))
		return arena_grow(a, n);

	char *p = a->at + pad;

	a->at = p + n + GAP;
	UNPOISON(p, n);
	return p;
}

void *
tc_alloc(struct tc_arena *a, size_t n)
{
	return arena_bump(a, n, ALIGN);
}

char *
tc_alloc_bytes(struct tc_arena *a, size_t n)
{
	return arena_bump(a, n, BYTES_ALIGN);
}

struct tc_str
tc_copy(struct tc_arena *a, struct tc_str s)
{
	return tc_join(a, &s, 1);
}

struct tc_str
tc_join(struct tc_arena *a, const struct tc_str *parts, size_t n)
{
	size_t total = 0, at = 0;
	char *p;

	for (size_t i = 0; i < n; i++)
		if (__builtin_add_overflow(total, parts[i].n, &total))
			return tc_str_of(NULL, 0);
	if (total == 0)
		return TC_STR("");
	p = tc_alloc_bytes(a, total);
	if (p == NULL)
		return tc_str_of(NULL, 0);
	for (size_t i = 0; i < n; i++) {
		if (parts[i].n > 0)
			memcpy(p + at, parts[i].p, parts[i].n);
		at += parts[i].n;
	}
	return tc_str_of(p, total);
}
