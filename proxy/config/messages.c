/* messages.c: keeps what the checker says, in file order, and prints it for people or for programs. */
#include "config/messages.h"

#include <assert.h>

#include "base/arena.h"

/* What is kept of one message: enough to read, too little for a hostile file to fill memory or a terminal. */
enum { TEXT_MAX = 600,
	FILE_MAX = 1024,
	SOURCE_MAX = 150,
	SOURCE_LEAD = 60,
	ARENA_MAX = 1 << 20 };

struct messages *
messages_new(void)
{
	struct tc_arena *arena = arena_new(NULL, ARENA_MAX);
	struct messages *m = arena != NULL ? tc_alloc(arena, sizeof(*m)) : NULL;

	if (m == NULL)
		abort();
	m->arena = arena;
	m->step = "";
	m->v = tc_alloc(arena, 2 * MESSAGES_MAX * sizeof(*m->v));
	if (m->v == NULL)
		abort();
	return m;
}

void
messages_destroy(struct messages **m)
{
	struct tc_arena *arena;

	if (*m == NULL)
		return;
	arena = (*m)->arena;
	*m = NULL;
	arena_destroy(&arena);
}

/* Length in bytes of the character at s, which is not empty. Broken UTF-8 counts byte by byte. */
static size_t
char_length(struct tc_str s)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t n = c < 0xC2 ? 1 : c < 0xE0 ? 2
	    : c < 0xF0                     ? 3
	    : c < 0xF5                     ? 4
					   : 1;

	if (n > s.n)
		return 1;
	for (size_t i = 1; i < n; i++)
		if ((s.p[i] & 0xC0) != 0x80)
			return 1;
	return n;
}

/* The code point of a character of n bytes; a stray byte is U+FFFD. */
static uint32_t
code_point(const char *p, size_t n)
{
	unsigned char c = (unsigned char)p[0];
	uint32_t u = n == 1 ? c : c & (0x7Fu >> n);

	if (n == 1 && c >= 0x80)
		return 0xFFFD;
	for (size_t i = 1; i < n; i++)
		u = (u << 6) | ((unsigned char)p[i] & 0x3F);
	return u;
}

/* Cut at a character boundary at or below max bytes. */
static struct tc_str
cut(struct tc_str s, size_t max)
{
	if (s.n <= max)
		return s;
	while (max > 0 && (s.p[max] & 0xC0) == 0x80)
		max--;
	return tc_str_of(s.p, max);
}

static struct tc_str
keep(struct messages *m, struct tc_str s, size_t max)
{
	struct tc_str copy = tc_copy(m->arena, cut(s, max));

	return copy.p != NULL ? copy : TC_STR("");
}

/* Keeps the part of a long line that the caret points at. */
static void
keep_source(struct messages *m, struct message *msg)
{
	struct tc_str s = msg->source;
	int skip = msg->column > SOURCE_LEAD && s.n > SOURCE_MAX ? msg->column - SOURCE_LEAD : 0;

	for (msg->source_cut = 0; msg->source_cut < skip && s.n > 0; msg->source_cut++)
		tc_skip(&s, char_length(s));
	msg->source = keep(m, s, SOURCE_MAX);
}

/* What a broken promise says besides: the word in front of each, and where it is. */
static const struct {
	const char *name;
	size_t offset;
} DETAILS[] = {
	{"promised", offsetof(struct message, promised)},
	{"witness", offsetof(struct message, witness)},
	{"item", offsetof(struct message, item)},
	{"because", offsetof(struct message, because)},
};

static struct tc_str *
detail(struct message *m, size_t i)
{
	return (struct tc_str *)((char *)m + DETAILS[i].offset);
}

/* Messages of one file stand together, ordered by place; files stand in the order of their first message. */
static size_t
position(const struct messages *m, const struct message *msg)
{
	size_t at = m->n;

	for (size_t i = m->n; i > 0; i--) {
		const struct message *o = &m->v[i - 1];

		if (!tc_eq(o->file, msg->file)) {
			if (at != m->n)
				break;
			continue;
		}
		if (o->line < msg->line || (o->line == msg->line && o->column <= msg->column))
			return i;
		at = i - 1;
	}
	return at;
}

void
messages_add(struct messages *m, const struct message *msg)
{
	size_t *count = msg->severity == SEVERITY_ERROR ? &m->errors : &m->warnings;
	struct message copy = *msg;
	size_t at;

	assert(msg->code != NULL);
	if ((*count)++ >= MESSAGES_MAX)
		return;
	assert(m->n < 2 * MESSAGES_MAX);
	copy.file = keep(m, msg->file, FILE_MAX);
	copy.included_from = keep(m, msg->included_from, FILE_MAX);
	copy.path = keep(m, msg->path, TEXT_MAX);
	copy.text = keep(m, msg->text, TEXT_MAX);
	copy.hint = keep(m, msg->hint, TEXT_MAX);
	copy.suggestion = keep(m, msg->suggestion, TEXT_MAX);
	for (size_t i = 0; i < sizeof(DETAILS) / sizeof(DETAILS[0]); i++)
		*detail(&copy, i) = keep(m, *detail(&copy, i), TEXT_MAX);
	keep_source(m, &copy);
	at = position(m, msg);
	memmove(m->v + at + 1, m->v + at, (m->n - at) * sizeof(*m->v));
	m->v[at] = copy;
	m->n++;
}

/* Control characters and those that turn the direction of writing could make a terminal lie. */
static bool
unprintable(uint32_t u)
{
	return u < 0x20 || (u >= 0x7F && u < 0xA0) || u == 0x200E || u == 0x200F || u == 0x2028 || u == 0x2029 ||
	    (u >= 0x202A && u <= 0x202E) || (u >= 0x2066 && u <= 0x2069) || u == 0xFEFF || u == 0xFFFD;
}

/* Columns a character takes on a terminal; good enough for a caret. */
static int
width(uint32_t u)
{
	if (u >= 0x300 && u <= 0x36F)
		return 0;
	return (u >= 0x1100 && u <= 0x115F) || (u >= 0x2E80 && u <= 0xA4CF) || (u >= 0xAC00 && u <= 0xD7A3) ||
		(u >= 0xF900 && u <= 0xFAFF) || (u >= 0xFE30 && u <= 0xFE6F) || (u >= 0xFF00 && u <= 0xFF60) ||
		(u >= 0x1F300 && u <= 0x1FAFF)
	    ? 2
	    : 1;
}

static void
print_str(FILE *out, struct tc_str s)
{
	while (s.n > 0) {
		size_t n = char_length(s);

		if (s.p[0] == '\t')
			(void)fputc('\t', out);
		else if (unprintable(code_point(s.p, n)))
			(void)fputc('?', out);
		else
			(void)fwrite(s.p, 1, n, out);
		tc_skip(&s, n);
	}
}

/* Blanks as wide as what stands above them, then one caret for each column that is meant. */
static void
print_caret(FILE *out, const struct message *msg)
{
	struct tc_str s = msg->source;
	int at = msg->source_cut + 1, carets = 0;

	(void)fprintf(out, "%5s | ", "");
	for (; at < msg->column && s.n > 0; at++) {
		size_t n = char_length(s);

		(void)fprintf(out, "%*s", s.p[0] == '\t' ? 0 : width(code_point(s.p, n)), "");
		if (s.p[0] == '\t')
			(void)fputc('\t', out);
		tc_skip(&s, n);
	}
	for (; at < msg->end_column && s.n > 0; at++) {
		size_t n = char_length(s);

		carets += width(code_point(s.p, n));
		tc_skip(&s, n);
	}
	for (int i = 0; i < (carets > 0 ? carets : 1); i++)
		(void)fputc('^', out);
	if (msg->suggestion.n > 0) {
		(void)fputs(" did you mean \"", out);
		print_str(out, msg->suggestion);
		(void)fputs("\"?", out);
	}
	(void)fputc('\n', out);
}

static void
print_source(FILE *out, const struct message *msg)
{
	(void)fprintf(out, "%5d | ", msg->line);
	print_str(out, msg->source);
	(void)fputc('\n', out);
	print_caret(out, msg);
}

/* Whether there were any. */
static bool
print_details(FILE *out, const struct message *msg)
{
	struct message copy = *msg;
	bool any = false;

	for (size_t i = 0; i < sizeof(DETAILS) / sizeof(DETAILS[0]); i++) {
		struct tc_str text = *detail(&copy, i);

		if (text.n == 0)
			continue;
		(void)fprintf(out, "   %-9s ", DETAILS[i].name);
		print_str(out, text);
		(void)fputc('\n', out);
		any = true;
	}
	return any;
}

static void
print_one(FILE *out, const struct message *msg)
{
	print_str(out, msg->file);
	if (msg->line > 0)
		(void)fprintf(out, ":%d:%d", msg->line, msg->column);
	(void)fprintf(out, "%s%s: ", msg->file.n > 0 ? ": " : "",
	    msg->severity == SEVERITY_ERROR ? "error" : "warning");
	print_str(out, msg->text);
	(void)fputc('\n', out);
	if (print_details(out, msg)) {
		/* they say more than the line */
	} else if (msg->line > 0) {
		print_source(out, msg);
	} else if (msg->suggestion.n > 0) {
		(void)fputs("   did you mean \"", out);
		print_str(out, msg->suggestion);
		(void)fputs("\"?\n", out);
	}
	if (msg->hint.n > 0) {
		(void)fputs("   hint: ", out);
		print_str(out, msg->hint);
		(void)fputc('\n', out);
	}
	if (msg->included_from.n > 0) {
		(void)fputs("   included from ", out);
		print_str(out, msg->included_from);
		(void)fputc('\n', out);
	}
}

void
messages_print(const struct messages *m, FILE *out)
{
	for (size_t i = 0; i < m->n; i++)
		print_one(out, &m->v[i]);
	if (m->errors > MESSAGES_MAX)
		(void)fprintf(out, "and %zu more errors\n", m->errors - MESSAGES_MAX);
	if (m->warnings > MESSAGES_MAX)
		(void)fprintf(out, "and %zu more warnings\n", m->warnings - MESSAGES_MAX);
}

static void
json_str(FILE *out, const char *key, struct tc_str s)
{
	(void)fprintf(out, "\"%s\": \"", key);
	while (s.n > 0) {
		size_t n = char_length(s);
		uint32_t u = code_point(s.p, n);

		if (s.p[0] == '"' || s.p[0] == '\\')
			(void)fprintf(out, "\\%c", s.p[0]);
		else if (u < 0x20 || u == 0x7F || u == 0xFFFD)
			(void)fprintf(out, "\\u%04x", (unsigned)u);
		else
			(void)fwrite(s.p, 1, n, out);
		tc_skip(&s, n);
	}
	(void)fputc('"', out);
}

static void
json_message(FILE *out, const struct message *msg)
{
	struct message copy = *msg;

	(void)fputs("  {", out);
	json_str(out, "file", msg->file);
	(void)fprintf(out, ", \"line\": %d, \"column\": %d, \"end_column\": %d, \"severity\": \"%s\", ", msg->line,
	    msg->column, msg->end_column, msg->severity == SEVERITY_ERROR ? "error" : "warning");
	json_str(out, "code", tc_str_from(msg->code));
	(void)fputs(", ", out);
	json_str(out, "path", msg->path);
	(void)fputs(", ", out);
	json_str(out, "message", msg->text);
	(void)fputs(", ", out);
	json_str(out, "hint", msg->hint);
	(void)fputs(", ", out);
	json_str(out, "suggestion", msg->suggestion);
	for (size_t i = 0; i < sizeof(DETAILS) / sizeof(DETAILS[0]); i++)
		if (detail(&copy, i)->n > 0) {
			(void)fputs(", ", out);
			json_str(out, DETAILS[i].name, *detail(&copy, i));
		}
	(void)fputc('}', out);
}

void
messages_print_members(const struct messages *m, FILE *out)
{
	(void)fprintf(out, "{\"ok\": %s, \"messages\": [", m->errors == 0 ? "true" : "false");
	for (size_t i = 0; i < m->n; i++) {
		(void)fputs(i > 0 ? ",\n" : "\n", out);
		json_message(out, &m->v[i]);
	}
	(void)fputs(m->n > 0 ? "\n]" : "]", out);
}

void
messages_print_json(const struct messages *m, FILE *out)
{
	messages_print_members(m, out);
	(void)fputs("}\n", out);
}
