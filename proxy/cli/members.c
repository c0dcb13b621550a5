/* members.c: see members.h. */
#include "cli/members.h"

#include <stdio.h>

static void
print_string(struct tc_str s)
{
	(void)putchar('"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"' || c == '\\')
			(void)printf("\\%c", c);
		else if (c < ' ')
			(void)printf("\\u%04x", c);
		else
			(void)putchar(c);
	}
	(void)putchar('"');
}

void
member_str(const char *before, const char *key, struct tc_str value)
{
	(void)printf("%s\"%s\": ", before, key);
	if (value.p == NULL)
		(void)fputs("null", stdout);
	else
		print_string(value);
}

void
member_num(const char *before, const char *key, size_t value)
{
	(void)printf("%s\"%s\": %zu", before, key, value);
}
