/* str.c: strings that may have to be copied. */
#include "base/str.h"

struct tc_str
str_lower(struct tc_str s, struct tc_arena *arena)
{
	size_t i = 0;
	char *p;

	while (i < s.n && tc_lower(s.p[i]) == s.p[i])
		i++;
	if (i == s.n)
		return s;
	p = tc_alloc_bytes(arena, s.n);
	if (p == NULL)
		return tc_str_of(NULL, 0);
	for (i = 0; i < s.n; i++)
		p[i] = tc_lower(s.p[i]);
	return tc_str_of(p, s.n);
}
