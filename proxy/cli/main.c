/* main.c: finds the verb and calls it. */
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"
#include "config/suggest.h"
#include "net/tls.h"

static int
unknown(const char *word)
{
	struct suggest s = {.word = tc_str_from(word)};
	struct tc_str meant;

	for (const struct verb *v = verbs; v->name != NULL; v++)
		suggest_offer(&s, tc_str_from(v->name));
	meant = suggest_result(&s);
	(void)fprintf(stderr, "tacet: there is no verb \"%s\"", word);
	if (meant.n > 0)
		(void)fprintf(stderr, ": did you mean \"%.*s\"?", (int)meant.n, meant.p);
	(void)fputs("\n(tacet help lists them)\n", stderr);
	return 2;
}

static int
not_yet(const char *word, int argc, char **argv)
{
	bool help = argc > 1 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0);

	(void)fprintf(help ? stdout : stderr, "tacet %s: not in this version\n", word);
	return help ? 0 : 2;
}

static int
call(int argc, char **argv)
{
	const char *word = argv[0];
	const struct verb *v;

	if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
		word = "help";
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
		word = "version";
	v = verb_find(word);
	if (v != NULL)
		return v->call(argc, argv);
	return verb_is_later(word) ? not_yet(word, argc, argv) : unknown(word);
}

int
main(int argc, char **argv)
{
	int code;

	tls_start();
	if (argc < 2) {
		verb_list(stderr);
		return 2;
	}
	code = call(argc - 1, argv + 1);
	if (fflush(stdout) != 0 && code == 0) /* a result that could not be written is none */
		code = 1;
	return code;
}
