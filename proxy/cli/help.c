/* help.c: `tacet help`: verbs, and the options of the configuration from their rows. */
#include "cli/args.h"
#include "cli/topics.h"
#include "cli/verbs.h"

int
verb_help(int argc, char **argv)
{
	struct arg_list words = {0};
	const struct arg args[] = {{"topic", 0, ARG_OTHER, &words}, {0}};
	int code = argv[0][0] == '-' ? -1 : args_parse("help", args, argc, argv);
	struct tc_str nearest;

	if (code >= 0)
		return code;
	if (words.n == 0) {
		verb_list(stdout);
		(void)fputs("\nOptions of the configuration:", stdout);
		topic_list(stdout);
		return 0;
	}
	if (verb_find(words.v[0]) != NULL) {
		verb_usage(words.v[0], stdout);
		return 0;
	}
	if (topic_print(words.v[0], stdout, &nearest) > 0)
		return 0;
	(void)fprintf(stderr, "tacet help: there is no verb or option \"%s\"", words.v[0]);
	if (nearest.n > 0)
		(void)fprintf(stderr, ": did you mean \"%.*s\"?", (int)nearest.n, nearest.p);
	(void)fputs("\n(tacet help lists them)\n", stderr);
	return 2;
}
