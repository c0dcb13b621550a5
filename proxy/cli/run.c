/* run.c: `tacet run`, the proxy in the foreground. */
#include "cli/args.h"
#include "cli/serve.h"
#include "cli/verbs.h"

int
verb_run(int argc, char **argv)
{
	struct serve s = {0};
	struct config *c;
	const char *file = NULL, *origin = NULL, *listen = NULL, *admin = NULL, *region = NULL, *geo = NULL;
	const struct arg args[] = {
		{"config", 'c', ARG_TEXT, &file},
		{"origin", 0, ARG_TEXT, &origin},
		{"listen", 0, ARG_TEXT, &listen},
		{"admin", 0, ARG_TEXT, &admin},
		{"region", 0, ARG_TEXT, &region},
		{"geo", 0, ARG_TEXT, &geo},
		{0},
	};
	int code = args_parse("run", args, argc, argv);

	if (code >= 0)
		return code;
	if (file == NULL && origin == NULL)
		return args_wrong("run", "say which origin to stand in front of: --origin http://127.0.0.1:8000, or -c FILE");
	s.file = file;
	s.over = overrides_of(origin, listen, admin, region, geo);
	c = serve_config(file, &s.over, &code);
	return c != NULL ? serve(&s, c) : code;
}
