/* arena.h: memory that lives as long as one request (or one snapshot) and is wiped as a whole. */
#ifndef TACET_ARENA_H
#define TACET_ARENA_H

#include <stddef.h>

#include "tacet/str.h"

struct tc_arena;

/*
 * n zeroed bytes, aligned for any type, or NULL when the arena has reached the limit it was made with
 * (answer an error then; never crash). Nobody frees them; they are wiped when the arena ends.
 */
void *tc_alloc(struct tc_arena *a, size_t n);

/* The same without zeroing, aligned to 1: for bytes that are written at once. */
char *tc_alloc_bytes(struct tc_arena *a, size_t n);

/* A copy of s in the arena; its p is NULL at the limit (never for an s of no bytes). */
struct tc_str tc_copy(struct tc_arena *a, struct tc_str s);

/* The n strings one after another; p is NULL at the limit. */
struct tc_str tc_join(struct tc_arena *a, const struct tc_str *parts, size_t n);

#endif
