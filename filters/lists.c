/*
 * lists.c: builds the list matcher of a snapshot from lists.use. It has no hooks of its own: others ask for what
 * it made (conf_of()).
 *
 *	built-in                 the pack compiled in
 *	easyprivacy, easylist    as a package of the system installed them; missing: a warning
 *	NAME                     a file in lists.directory or beside the configuration; missing: an error
 *	DIR/FILE, DIR            a path; of a directory all files that end in .txt, sorted
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lists_file.h"
#include "match/match.h"

#define UBLOCK "/usr/share/mozilla/extensions/{ec8030f7-c20a-464f-9b0e-13a3a9e97384}/uBlock0@raymondhill.net/assets/"
#define WEBEXT "/usr/share/webext/ublock-origin/assets/"
#define LOCAL "/usr/share/tacet/lists/"

/* Lists that packages install, and where. */
static const struct package {
	struct tc_str name;
	enum tc_pack pack;
	enum tc_class class;
	const char *paths[4];
} packages[] = {
	{TC_STR_INIT("easyprivacy"), TC_PACK_EASYPRIVACY, TC_ANALYTICS,
	    {LOCAL "easyprivacy.txt", UBLOCK "thirdparties/easylist/easyprivacy.txt",
		WEBEXT "thirdparties/easylist/easyprivacy.txt", NULL}},
	{TC_STR_INIT("easylist"), TC_PACK_EASYLIST, TC_ADVERTISING,
	    {LOCAL "easylist.txt", UBLOCK "thirdparties/easylist/easylist.txt",
		WEBEXT "thirdparties/easylist/easylist.txt", NULL}},
};

static const char *const pack_names[TC_PACK_COUNT] = {
#define X(e, name) name,
    TC_PACKS(X)
#undef X
};

enum { PATH_ROOM = 4096,
	TEXT_ROOM = 4096 + 256 };

/* ---- files ---- */

/* What load() works on. */
struct loading {
	struct tc_loader *l;
	struct match_db *db;     /* what is read from text */
	struct match_db *opened; /* a compiled list, as long as it is all there is */
	bool built_in;           /* to be added before anything else is */
	bool failed;
};

static void
say(struct loading *s, bool fatal, const char *path, size_t line, const char *why, const char *hint)
{
	char text[TEXT_ROOM], number[24] = "";

	if (line > 0)
		(void)snprintf(number, sizeof(number), ":%zu", line);
	(void)snprintf(text, sizeof(text), "lists: %s%s: %s%s%s", path, number, why, hint != NULL ? "\n   hint: " : "",
	    hint != NULL ? hint : "");
	s->failed = s->failed || fatal;
	s->l->say(s->l, fatal, "lists", text);
}

static int
refuse(struct loading *s, const char *path, const char *why)
{
	say(s, true, path, 0, why, NULL);
	return -1;
}

static int
refuse_fault(struct loading *s, const char *path, const struct match_fault *f)
{
	say(s, true, path, f->line, f->what, f->hint);
	return -1;
}

static void
mix(struct loading *s, struct tc_str bytes)
{
	if (s->l->mix != NULL)
		s->l->mix(s->l, bytes);
}

/* What "!#include" names: a file beside the list, or in a folder there. */
struct beside {
	struct loading *s;
	const char *path;
};

static bool
read_beside(void *arg, struct tc_str name, struct tc_str *text)
{
	const struct beside *b = arg;
	const char *slash = strrchr(b->path, '/');
	int folder = slash != NULL ? (int)(slash - b->path) + 1 : 0, length;
	char path[PATH_ROOM];
	struct match_fault fault;
	struct tc_str file;

	if (name.n == 0 || name.n > PATH_ROOM / 2 || name.p[0] == '/' || memchr(name.p, '\0', name.n) != NULL ||
	    tc_find(name, TC_STR("..")) < name.n || tc_find_byte(name, ':') < name.n)
		return false;
	length = snprintf(path, sizeof(path), "%.*s%.*s", folder, b->path, (int)name.n, name.p);
	if (length <= 0 || length >= (int)sizeof(path) || list_file_read(path, &file) == -1)
		return false;
	if (match_fault(file, &fault))
		(void)refuse_fault(b->s, path, &fault);
	mix(b->s, file);
	*text = tc_str_of(malloc(file.n + 1), file.n);
	if (text->p == NULL)
		abort();
	memcpy((char *)(uintptr_t)text->p, file.p, file.n);
	list_file_free(file);
	return true;
}

/* "2026-01-31": when the file was changed; n = 0: not known. */
static struct tc_str
date_of(const char *path, char to[16])
{
	struct stat st;
	struct tm tm;

	if (stat(path, &st) == -1 || gmtime_r(&st.st_mtim.tv_sec, &tm) == NULL)
		return tc_str_of(NULL, 0);
	return tc_str_of(to, strftime(to, 16, "%Y-%m-%d", &tm));
}

/* Rules from text go into s->db; a compiled list that came before them too. */
static int
from_text(struct loading *s)
{
	int result = 0;

	if (s->built_in && match_add_pack(s->db, s->l->digest) == -1)
		result = -1;
	s->built_in = false;
	if (s->opened != NULL && result == 0)
		result = match_merge(s->db, s->opened);
	match_destroy(&s->opened);
	return result == 0 ? 0 : refuse(s, "lists.use", "out of memory, or too many lists");
}

static int
add_text(struct loading *s, const char *path, struct tc_str text, enum tc_pack pack, enum tc_class class)
{
	struct beside beside = {s, path};
	struct match_source source = {
		.name = tc_str_from(path), .read = read_beside, .arg = &beside, .digest = s->l->digest};
	struct match_fault fault;
	char date[16];
	size_t first;

	(void)match_from_json(&text);
	if (match_fault(text, &fault))
		return refuse_fault(s, path, &fault);
	if (from_text(s) == -1)
		return -1;
	if (s->l->digest != NULL) /* somebody wants to know all about it */
		source.date = date_of(path, date);
	first = match_list_count(s->db);
	mix(s, text);
	if (match_add_with(s->db, text, pack, class, &source) == -1)
		return refuse(s, path, "out of memory");
	if (match_doubt(s->db, first, &fault))
		return refuse_fault(s, path, &fault);
	return s->failed ? -1 : 0;
}

/* A compiled list is used as it is where it is alone; beside others its rules are added again. */
static int
add_compiled(struct loading *s, const char *path, const struct match_block *bytes)
{
	struct match_db *db;
	const char *why;
	bool other;

	db = match_open(bytes, &why);
	if (db == NULL) {
		bytes->release(bytes->p, bytes->n);
		say(s, true, path, 0, why, "compile it anew: tacet lists compile -o FILE");
		return -1;
	}
	mix(s, tc_str_of(bytes->p, bytes->n < 64 ? bytes->n : 64)); /* its checksum is there */
	if (match_has_built_in(db, &other))
		s->built_in = false;
	if (other)
		say(s, false, path, 0, "it holds the built-in list of another version of tacet",
		    "compile it anew: tacet lists compile -o FILE");
	if (s->opened == NULL && match_list_count(s->db) == 0) {
		s->opened = db;
		return 0;
	}
	if (from_text(s) == 0 && match_merge(s->db, db) == -1)
		(void)refuse(s, path, "out of memory, or too many lists");
	match_destroy(&db);
	return s->failed ? -1 : 0;
}

static int
add_file(struct loading *s, const char *path, enum tc_pack pack, enum tc_class class)
{
	struct match_block bytes = {NULL, 0, NULL};
	struct tc_str text;
	int result;

	if (list_file_open(path, &bytes) == -1)
		return refuse(s, path, errno == EFBIG ? "more than 64 MiB: this is not a filter list" : strerror(errno));
	if (bytes.p != NULL)
		return add_compiled(s, path, &bytes);
	if (list_file_read(path, &text) == -1)
		return refuse(s, path, errno == EFBIG ? "more than 64 MiB: this is not a filter list" : strerror(errno));
	result = add_text(s, path, text, pack, class);
	list_file_free(text);
	return result;
}

/* ---- what lists.use names ---- */

static int
add_package(struct loading *s, const struct package *p)
{
	char name[32];

	for (size_t i = 0; p->paths[i] != NULL; i++)
		if (access(p->paths[i], R_OK) == 0)
			return add_file(s, p->paths[i], p->pack, p->class);
	(void)snprintf(name, sizeof(name), "%.*s", (int)p->name.n, p->name.p);
	say(s, false, name, 0, "not installed; going on without it", "on Debian: apt install webext-ublock-origin-firefox");
	return 0;
}

static int
is_list(const struct dirent *d)
{
	return d->d_name[0] != '.' && tc_ends(tc_str_from(d->d_name), TC_STR(".txt"));
}

static int
add_directory(struct loading *s, const char *path)
{
	struct dirent **names = NULL;
	int n = scandir(path, &names, is_list, alphasort), result = 0;
	char file[PATH_ROOM];

	if (n == -1)
		return refuse(s, path, strerror(errno));
	if (n == 0)
		result = refuse(s, path, "no *.txt in this directory");
	for (int i = 0; i < n; i++) {
		int length = snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);

		if (result == 0 && length < (int)sizeof(file))
			result = add_file(s, file, TC_PACK_OPERATOR, TC_ADVERTISING);
		else if (result == 0)
			result = refuse(s, path, "too long a path");
		free(names[i]);
	}
	free(names);
	return result;
}

/* Writes "directory/name" to path; false if it does not fit or there is no such thing. */
static bool
find_in(struct tc_str directory, struct tc_str name, char path[PATH_ROOM])
{
	int n;

	if (name.n > 0 && name.p[0] == '/')
		n = snprintf(path, PATH_ROOM, "%.*s", (int)name.n, name.p);
	else if (directory.n > 0)
		n = snprintf(path, PATH_ROOM, "%.*s/%.*s", (int)directory.n, directory.p, (int)name.n, name.p);
	else
		n = snprintf(path, PATH_ROOM, "%.*s", (int)name.n, name.p);
	return n > 0 && n < PATH_ROOM && access(path, F_OK) == 0;
}

static int
add_path(struct loading *s, struct tc_str name)
{
	bool bare = tc_find_byte(name, '/') == name.n;
	char path[PATH_ROOM];
	struct stat st;

	if (name.n == 0 || name.n > PATH_ROOM / 2 || memchr(name.p, '\0', name.n) != NULL)
		return refuse(s, "lists.use", "not a name of a list");
	if (!(bare && s->l->list_directory.n > 0 && find_in(s->l->list_directory, name, path)) &&
	    !find_in(s->l->config_directory, name, path))
		return refuse(s, path, "no such list");
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return add_directory(s, path);
	return add_file(s, path, TC_PACK_OPERATOR, TC_ADVERTISING);
}

static int
add_named(struct loading *s, struct tc_str name)
{
	if (tc_eq(name, TC_STR("built-in"))) {
		bool other;

		s->built_in = s->opened == NULL || !match_has_built_in(s->opened, &other);
		return 0;
	}
	for (size_t i = 0; i < sizeof(packages) / sizeof(*packages); i++)
		if (tc_eq(name, packages[i].name))
			return add_package(s, &packages[i]);
	return add_path(s, name);
}

/* ---- the filter ---- */

/* All lists are named: what stands is s->opened alone, or s->db is built. */
static int
finish(struct loading *s)
{
	if (s->opened != NULL && !s->built_in)
		return 0;
	if (from_text(s) == -1)
		return -1;
	return match_build(s->db) == 0 ? 0 : refuse(s, "lists.use", "out of memory");
}

static int
lists_load(struct tc_loader *l, void **conf)
{
	struct loading s = {.l = l, .db = match_new()};
	int result = s.db != NULL ? 0 : refuse(&s, "lists.use", "out of memory");

	for (size_t i = 0; i < l->lists.n && result == 0; i++)
		result = add_named(&s, l->lists.v[i]);
	if (result == 0)
		result = finish(&s);
	if (result != 0)
		match_destroy(&s.opened);
	if (result != 0 || s.opened != NULL)
		match_destroy(&s.db);
	*conf = s.opened != NULL ? s.opened : s.db;
	return result;
}

static void
lists_unload(void *conf)
{
	struct match_db *db = conf;

	match_destroy(&db);
}

void
lists_describe(const struct match_db *db, void (*line)(void *arg, struct tc_str text), void *arg)
{
	const struct match_stats *stats = match_stats(db);
	char text[128];

	for (int pack = 0; pack < TC_PACK_COUNT; pack++) {
		int n = snprintf(text, sizeof(text), "%-12s %8zu rules", pack_names[pack], stats->rules[pack]);

		if (stats->rules[pack] > 0)
			line(arg, tc_str_of(text, (size_t)n));
	}
	for (int kind = 0; kind < MATCH_CHANGE_COUNT; kind++) {
		int n = snprintf(text, sizeof(text), "%-12s %8zu %s rules%s", "kept", stats->changes[kind], match_change_names[kind],
		    kind == MATCH_REDIRECT_RULE ? ", without effect in this version" : "");

		if (stats->changes[kind] > 0)
			line(arg, tc_str_of(text, (size_t)n));
	}
	for (int why = 0; why < MATCH_SKIP_COUNT; why++) {
		int n = snprintf(text, sizeof(text), "%-12s %8zu %s", "skipped", stats->skipped[why], match_skip_names[why]);

		if (stats->skipped[why] > 0)
			line(arg, tc_str_of(text, (size_t)n));
	}
}

const struct tc_filter filter_lists = {
	.name = "lists",
	.help = "the filter lists that others ask about a URL",
	.phase = TC_GATE,
	.load = lists_load,
	.unload = lists_unload,
};
