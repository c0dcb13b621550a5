/* args.c: see args.h. */
#include "cli/args.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/day.h"
#include "cli/verbs.h"

int
args_wrong(const char *verb, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)fprintf(stderr, "tacet %s: ", verb);
	(void)vfprintf(stderr, format, ap);
	(void)fprintf(stderr, "\n(tacet %s --help)\n", verb);
	va_end(ap);
	return 2;
}

/* The row for "--name", "--name=value" or "-x"; *value is what follows '=' or NULL. */
static const struct arg *
find_row(const struct arg *args, const char *word, const char **value)
{
	size_t n;

	*value = NULL;
	if (word[1] != '-') {
		for (; args->name != NULL; args++)
			if (args->letter != 0 && args->letter == word[1] && word[2] == '\0')
				return args;
		return NULL;
	}
	word += 2;
	n = strcspn(word, "=");
	for (; args->name != NULL; args++)
		if (strlen(args->name) == n && memcmp(args->name, word, n) == 0) {
			if (word[n] == '=')
				*value = word + n + 1;
			return args;
		}
	return NULL;
}

static int
add_to(const char *verb, struct arg_list *list, const char *value)
{
	if (list->n == sizeof(list->v) / sizeof(list->v[0]))
		return args_wrong(verb, "too many of one option");
	list->v[list->n++] = value;
	return -1;
}

static int
take(const char *verb, const struct arg *row, const char *value)
{
	switch (row->type) {
	case ARG_TEXT:
		*(const char **)row->into = value;
		return -1;
	case ARG_FLAG:
		*(bool *)row->into = true;
		return -1;
	default:
		return add_to(verb, row->into, value);
	}
}

static int
take_other(const char *verb, const struct arg *args, const char *word)
{
	for (; args->name != NULL; args++)
		if (args->type == ARG_OTHER)
			return add_to(verb, args->into, word);
	return args_wrong(verb, "unexpected \"%s\"", word);
}

int
args_parse(const char *verb, const struct arg *args, int argc, char **argv)
{
	int code = -1;

	for (int i = 1; i < argc && code < 0; i++) {
		const char *word = argv[i], *value;
		const struct arg *row;

		if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
			verb_usage(verb, stdout);
			return 0;
		}
		if (word[0] != '-' || word[1] == '\0') {
			code = take_other(verb, args, word);
			continue;
		}
		row = find_row(args, word, &value);
		if (row == NULL || row->type == ARG_OTHER)
			return args_wrong(verb, "unknown option \"%s\"", word);
		if (row->type == ARG_FLAG && value != NULL)
			return args_wrong(verb, "--%s takes no value", row->name);
		if (row->type != ARG_FLAG && value == NULL) {
			if (i + 1 == argc)
				return args_wrong(verb, "\"%s\" needs a value", word);
			value = argv[++i];
		}
		code = take(verb, row, value);
	}
	return code;
}

static struct tc_str
text_of(const char *z)
{
	return z != NULL ? tc_str_from(z) : tc_str_of(NULL, 0);
}

struct config_overrides
overrides_of(const char *origin, const char *listen, const char *admin, const char *region, const char *geo)
{
	return (struct config_overrides){
		.origin = text_of(origin),
		.listen = text_of(listen),
		.admin = text_of(admin),
		.region = text_of(region),
		.geo_directory = text_of(geo),
	};
}

int32_t
args_today(void)
{
	return date_of(time(NULL));
}

bool
args_day(const char *text, int32_t *day)
{
	*day = args_today();
	return text == NULL || date_parse(tc_str_from(text), day);
}
