/* reload.c: `tacet reload`: asks the running proxy to read its configuration anew. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/args.h"
#include "cli/control.h"
#include "cli/verbs.h"

static int
reload(const char *path)
{
	struct buf text;
	int code;

	buf_init(&text, 1 << 20);
	code = control_ask("reload", path, TC_STR("reload\n"), &text);
	(void)fwrite(buf_str(&text).p, 1, buf_str(&text).n, stderr);
	if (buf_str(&text).n > 0 && buf_str(&text).p[buf_str(&text).n - 1] != '\n')
		(void)fputc('\n', stderr);
	if (code != CONTROL_NO_ANSWER)
		(void)printf("reload: %s\n", code == 0 ? "in force" : "refused, nothing was changed");
	buf_reset(&text);
	return code != CONTROL_NO_ANSWER ? code : 1;
}

int
verb_reload(int argc, char **argv)
{
	const char *file = NULL, *socket_path = NULL;
	const struct arg args[] = {{"config", 'c', ARG_TEXT, &file}, {"socket", 0, ARG_TEXT, &socket_path}, {0}};
	int code = args_parse("reload", args, argc, argv);
	char *path;

	if (code >= 0)
		return code;
	if ((file == NULL) == (socket_path == NULL))
		return args_wrong("reload", "say which proxy: -c FILE or --socket PATH");
	if (socket_path != NULL)
		return reload(socket_path);
	path = control_path("reload", file, &code);
	if (path == NULL)
		return code;
	code = reload(path);
	free(path);
	return code;
}
