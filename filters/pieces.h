/*
 * pieces.h: a list with some of its items taken out and every other byte as it was.
 *
 *	whole:  "a=1; _ga=2;b=3"      pieces put: "a=1" kept, " _ga=2" not, "b=3" kept
 *	out:    "a=1;b=3"
 *
 * Nothing is copied until the first item goes.
 */
#ifndef TACET_PIECES_H
#define TACET_PIECES_H

#include "tacet/arena.h"

struct pieces {
	struct tc_str whole;
	char sep;
	bool exact;  /* white space belongs to the items */
	bool some;   /* an item that is not blank was kept */
	bool failed; /* the arena was full */
	char *out;   /* NULL: nothing has gone yet */
	size_t n;
};

/* Puts a piece of which there is something to note. */
void pieces_note(struct pieces *s, struct tc_arena *arena, struct tc_str piece, bool keep);

/* The next piece between two separators, as it stands in whole: in order, none left out. */
static inline void
pieces_put(struct pieces *s, struct tc_arena *arena, struct tc_str piece, bool keep)
{
	if (!keep || s->out != NULL || !s->some) /* else it only stays, as those before it */
		pieces_note(s, arena, piece, keep);
}

/* Something has gone. */
static inline bool
pieces_cut(const struct pieces *s)
{
	return s->out != NULL || s->failed;
}

/* What is left; p = NULL when no item is. */
struct tc_str pieces_left(const struct pieces *s);

#endif
