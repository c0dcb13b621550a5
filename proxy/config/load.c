/* load.c: memory and messages for the steps of loading a configuration. */
#include "config/load.h"

#include <assert.h>
#include <stdarg.h>

void *
load_alloc(struct loader *l, size_t n)
{
	void *p = tc_alloc(l->arena, n > 0 ? n : 1);

	if (p == NULL) /* load.h: the limits keep the sum below the arena's, so this is memory running out */
		abort();
	return p;
}

struct tc_str
load_copy(struct loader *l, struct tc_str s)
{
	char *p = load_alloc(l, s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return tc_str_of(p, s.n);
}

struct tc_str
load_printf(struct loader *l, const char *format, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	assert(n >= 0);
	return load_copy(l, tc_str_of(text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1));
}

bool
load_failed(const struct loader *l)
{
	return l->messages->errors > l->errors_before;
}

struct tc_str
source_line(struct tc_str text, int line)
{
	struct tc_str s;

	for (; line > 1 && text.n > 0; line--) {
		size_t at = tc_find_byte(text, '\n');

		tc_skip(&text, at < text.n ? at + 1 : at);
	}
	s = tc_str_of(text.p, tc_find_byte(text, '\n'));
	if (s.n > 0 && s.p[s.n - 1] == '\r')
		s.n--;
	return s;
}

struct tc_str
node_shown(const struct node *n)
{
	return n->from_environment ? TC_STR("${...}") : n->text;
}

static void add(struct loader *l, enum severity severity, const struct about *about, const char *code,
    const char *format, va_list ap) __attribute__((format(printf, 5, 0)));

static void
add(struct loader *l, enum severity severity, const struct about *about, const char *code, const char *format,
    va_list ap)
{
	char text[512];
	int n = vsnprintf(text, sizeof(text), format, ap);
	struct message m = {.severity = severity, .code = code};
	size_t kept = severity == SEVERITY_ERROR ? l->messages->errors : l->messages->warnings;

	assert(n >= 0);
	m.text = tc_str_of(text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
	m.file = about->file;
	m.path = about->path;
	m.hint = about->hint;
	m.suggestion = about->suggestion;
	if (about->at != NULL) {
		m.file = about->at->source->file;
		m.included_from = about->at->source->included_from;
		m.line = about->at->line;
		m.column = about->at->column;
		m.end_column = about->at->end_column;
		if (kept < MESSAGES_MAX) /* finding the line takes time that a hostile file must not multiply */
			m.source = source_line(about->at->source->text, m.line);
	}
	messages_add(l->messages, &m);
}

void
load_fault(struct loader *l, const struct about *about, const char *code, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(l, SEVERITY_ERROR, about, code, format, ap);
	va_end(ap);
}

void
load_warning(struct loader *l, const struct about *about, const char *code, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(l, SEVERITY_WARNING, about, code, format, ap);
	va_end(ap);
}
