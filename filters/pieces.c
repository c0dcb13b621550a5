/* pieces.c: a list with some of its items taken out and every other byte as it was. */
#include "pieces.h"

#include <assert.h>

static void
first_gone(struct pieces *s, struct tc_arena *arena, size_t before)
{
	s->out = tc_alloc_bytes(arena, s->whole.n + 1);
	if (s->out == NULL) {
		s->failed = true;
		return;
	}
	s->n = before > 0 ? before - 1 : 0; /* without the separator */
	memcpy(s->out, s->whole.p, s->n);
}

void
pieces_note(struct pieces *s, struct tc_arena *arena, struct tc_str piece, bool keep)
{
	assert(piece.p >= s->whole.p && piece.p + piece.n <= s->whole.p + s->whole.n);

	if (!keep && s->out == NULL)
		first_gone(s, arena, (size_t)(piece.p - s->whole.p));
	if (!keep)
		return;
	if (s->out != NULL) {
		if (s->n > 0)
			s->out[s->n++] = s->sep;
		else if (!s->exact)
			piece = tc_trim(piece);
		if (piece.n > 0)
			memcpy(s->out + s->n, piece.p, piece.n);
		s->n += piece.n;
	}
	s->some = s->some || (s->exact ? piece.n > 0 : tc_trim(piece).n > 0);
}

struct tc_str
pieces_left(const struct pieces *s)
{
	if (!s->some || s->failed)
		return (struct tc_str){NULL, 0};
	return s->out != NULL ? tc_str_of(s->out, s->n) : s->whole;
}
