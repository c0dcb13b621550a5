/* lists_cname.c: `tacet lists cname`: comes with the next change. */
#include "cli/lists.h"

int
lists_cname(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return args_wrong("lists", "cname: not in this version");
}
