/* version.c: `tacet version`. */
#include "core/version.h"
#include "cli/args.h"
#include "cli/verbs.h"

int
verb_version(int argc, char **argv)
{
	const struct arg args[] = {{0}};
	int code = args_parse("version", args, argc, argv);

	if (code >= 0)
		return code;
	(void)printf("tacet %s\n", TACET_VERSION);
	return 0;
}
