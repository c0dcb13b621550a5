/* script_kind.c: what a script element is, by its type and language attributes (H40 to H43). */
#include "value.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static struct tc_str
strip_space(struct tc_str s)
{
	while (s.n > 0 && memchr(" \t\n\f\r", s.p[0], 5) != NULL)
		tc_skip(&s, 1);
	while (s.n > 0 && memchr(" \t\n\f\r", s.p[s.n - 1], 5) != NULL)
		s.n--;
	return s;
}

/* MIME Sniffing Standard 4.6: JavaScript MIME type essence match. */
static bool
is_javascript(struct tc_str type)
{
	static const struct tc_str names[] = {
		TC_STR_INIT("text/javascript"),
		TC_STR_INIT("application/javascript"),
		TC_STR_INIT("application/x-javascript"),
		TC_STR_INIT("application/ecmascript"),
		TC_STR_INIT("application/x-ecmascript"),
		TC_STR_INIT("text/ecmascript"),
		TC_STR_INIT("text/javascript1.0"),
		TC_STR_INIT("text/javascript1.1"),
		TC_STR_INIT("text/javascript1.2"),
		TC_STR_INIT("text/javascript1.3"),
		TC_STR_INIT("text/javascript1.4"),
		TC_STR_INIT("text/javascript1.5"),
		TC_STR_INIT("text/jscript"),
		TC_STR_INIT("text/livescript"),
		TC_STR_INIT("text/x-ecmascript"),
		TC_STR_INIT("text/x-javascript"),
	};

	for (size_t i = 0; i < COUNT(names); i++)
		if (tc_ieq(type, names[i]))
			return true;
	return false;
}

/* HTML Standard 4.12.1.1, "prepare the script element", steps 8 to 12. */
enum script_kind
script_kind_of(struct tc_str type, struct tc_str language)
{
	char full[64] = "text/";

	if (type.p != NULL && type.n == 0)
		return SCRIPT_JS;
	if (type.p == NULL && language.n == 0)
		return SCRIPT_JS;
	if (type.p == NULL) {
		if (language.n > sizeof(full) - 5)
			return SCRIPT_INERT;
		memcpy(full + 5, language.p, language.n);
		type = tc_str_of(full, language.n + 5);
	} else {
		type = strip_space(type);
	}
	if (is_javascript(type) || tc_ieq(type, TC_STR("module")))
		return SCRIPT_JS;
	if (tc_ieq(type, TC_STR("importmap")))
		return SCRIPT_IMPORTMAP;
	return tc_ieq(type, TC_STR("speculationrules")) ? SCRIPT_JSON_RULES : SCRIPT_INERT;
}
