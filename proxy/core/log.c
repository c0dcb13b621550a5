/* log.c: see log.h. */
#include "core/log.h"

#include <stdio.h>

static const char *const texts[LOG_EVENT_COUNT] = {
#define X(e, text) text,
    LOG_EVENTS(X)
#undef X
};

void
log_event(enum log_event e, struct tc_str detail)
{
	(void)printf("%s%s%.*s\n", texts[e], detail.n > 0 ? " " : "", (int)detail.n, detail.p);
	(void)fflush(stdout);
}

void
log_lines(enum log_event e, struct tc_str text)
{
	while (text.p != NULL && text.n > 0) {
		size_t at = tc_find_byte(text, '\n');

		if (at > 0)
			log_event(e, tc_str_of(text.p, at));
		tc_skip(&text, at < text.n ? at + 1 : at);
	}
}
