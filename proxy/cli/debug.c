/* debug.c: `tacet debug token`: asks the running proxy for a token by which a request gets its own trace (core/debug.h). */
#include <stdio.h>
#include <stdlib.h>

#include "cli/args.h"
#include "cli/control.h"
#include "cli/verbs.h"
#include "config/scalar.h"

static int
token(const char *path, int64_t ttl_ms)
{
	char line[64];
	int code, n = snprintf(line, sizeof(line), "debug %lld\n", (long long)ttl_ms / 1000);
	struct buf text;

	buf_init(&text, 1 << 12);
	code = control_ask("debug", path, tc_str_of(line, (size_t)n), &text);
	if (code == 0)
		(void)printf("%.*s\n", (int)buf_str(&text).n, buf_str(&text).p);
	else if (code != CONTROL_NO_ANSWER)
		(void)fprintf(stderr, "tacet debug: %.*s\n", (int)buf_str(&text).n, buf_str(&text).p);
	buf_reset(&text);
	return code != CONTROL_NO_ANSWER ? code : 1;
}

/* -1: go on. */
static int
ttl_read(const char *text, int64_t *ttl_ms)
{
	static const struct tc_option row = {.path = "ttl", .type = TC_OPT_DURATION, .bounds = "1 min..1 h"};
	struct scalar_fault fault;

	if (scalar_read(&row, tc_str_from(text), tc_str_from(text), "", ttl_ms, &fault))
		return -1;
	return args_wrong("debug", "--ttl: %s", fault.text);
}

int
verb_debug(int argc, char **argv)
{
	const char *file = NULL, *socket_path = NULL, *ttl = "10 min";
	struct arg_list words = {0};
	const struct arg args[] = {
		{"word", 0, ARG_OTHER, &words},
		{"config", 'c', ARG_TEXT, &file},
		{"socket", 0, ARG_TEXT, &socket_path},
		{"ttl", 0, ARG_TEXT, &ttl},
		{0},
	};
	int code = args_parse("debug", args, argc, argv);
	int64_t ttl_ms = 0;
	char *path;

	if (code >= 0)
		return code;
	if (words.n != 1 || strcmp(words.v[0], "token") != 0)
		return args_wrong("debug", "say what: token");
	code = ttl_read(ttl, &ttl_ms);
	if (code >= 0)
		return code;
	if ((file == NULL) == (socket_path == NULL))
		return args_wrong("debug", "say which proxy: -c FILE or --socket PATH");
	if (socket_path != NULL)
		return token(socket_path, ttl_ms);
	path = control_path("debug", file, &code);
	if (path == NULL)
		return code;
	code = token(path, ttl_ms);
	free(path);
	return code;
}
