/* usp.c: the US Privacy string: version, notice, opt-out of sale, LSPA. */
#include "consent/iab.h"

static bool
is_flag(char c)
{
	return c == 'Y' || c == 'N' || c == '-';
}

bool
usp_read(struct tc_str text, struct consent *out)
{
	*out = (struct consent){0};
	if (text.n != 4 || text.p[0] != '1' || !is_flag(text.p[1]) || !is_flag(text.p[2]) || !is_flag(text.p[3]))
		return false;
	out->out = text.p[2] == 'Y';
	return true;
}
