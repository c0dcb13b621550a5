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
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "match/match.h"
#include "match/pack.h"

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

/* ---- reading ---- */

/* The bytes of a regular file, at most MATCH_LIST_MAX, in *text; errno is set on -1. */
static int
read_file(const char *path, char **text, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t got = -1;
	int why = 0;

	if (fd == -1)
		return -1;
	*n = 0;
	*text = NULL;
	if (fstat(fd, &st) == -1) {
		why = errno;
		goto out;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)MATCH_LIST_MAX) {
		why = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
		goto out;
	}
	*text = malloc((size_t)st.st_size + 1);
	if (*text == NULL) {
		why = ENOMEM;
		goto out;
	}
	while (*n < (size_t)st.st_size) {
		got = read(fd, *text + *n, (size_t)st.st_size - *n);
		if (got == -1 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		*n += (size_t)got;
	}
	why = got == -1 && st.st_size > 0 ? errno : 0;
out:
	(void)close(fd);
	if (why != 0) {
		free(*text);
		*text = NULL;
		errno = why;
	}
	return why == 0 ? 0 : -1;
}

/* What load() works on. */
struct loading {
	struct tc_loader *l;
	struct match_db *db;
};

static int
refuse(struct loading *s, const char *path, const char *why)
{
	char text[TEXT_ROOM];

	(void)snprintf(text, sizeof(text), "lists: %s: %s", path, why);
	s->l->say(s->l, true, "lists", text);
	return -1;
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
	int folder = slash != NULL ? (int)(slash - b->path) + 1 : 0;
	char path[PATH_ROOM], *bytes;
	size_t n;
	int length;

	if (name.n == 0 || name.n > PATH_ROOM / 2 || name.p[0] == '/' || memchr(name.p, '\0', name.n) != NULL ||
	    tc_find(name, TC_STR("..")) < name.n || tc_find_byte(name, ':') < name.n)
		return false;
	length = snprintf(path, sizeof(path), "%.*s%.*s", folder, b->path, (int)name.n, name.p);
	if (length <= 0 || length >= (int)sizeof(path) || read_file(path, &bytes, &n) == -1)
		return false;
	if (b->s->l->mix != NULL)
		b->s->l->mix(b->s->l, tc_str_of(bytes, n));
	*text = tc_str_of(bytes, n);
	return true;
}

static int
add_file(struct loading *s, const char *path, enum tc_pack pack, enum tc_class class)
{
	struct beside beside = {s, path};
	const struct match_source source = {read_beside, &beside};
	char *text;
	size_t n;
	int result;

	if (read_file(path, &text, &n) == -1)
		return refuse(s, path, strerror(errno));
	result = match_add_with(s->db, tc_str_of(text, n), pack, class, &source);
	if (s->l->mix != NULL)
		s->l->mix(s->l, tc_str_of(text, n));
	free(text);
	return result == 0 ? 0 : refuse(s, path, "out of memory");
}

/* ---- what lists.use names ---- */

static int
add_package(struct loading *s, const struct package *p)
{
	char text[256];

	for (size_t i = 0; p->paths[i] != NULL; i++)
		if (access(p->paths[i], R_OK) == 0)
			return add_file(s, p->paths[i], p->pack, p->class);
	(void)snprintf(text, sizeof(text),
	    "lists: %.*s is not installed (on Debian: package webext-ublock-origin-firefox); going on without it",
	    (int)p->name.n, p->name.p);
	s->l->say(s->l, false, "lists", text);
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
	if (tc_eq(name, TC_STR("built-in")))
		return match_add_built_in(s->db) == 0 ? 0 : refuse(s, "built-in", "out of memory");
	for (size_t i = 0; i < sizeof(packages) / sizeof(*packages); i++)
		if (tc_eq(name, packages[i].name))
			return add_package(s, &packages[i]);
	return add_path(s, name);
}

/* ---- the filter ---- */

static int
lists_load(struct tc_loader *l, void **conf)
{
	struct loading s = {.l = l, .db = match_new()};
	int result = s.db != NULL ? 0 : refuse(&s, "lists", "out of memory");

	for (size_t i = 0; i < l->lists.n && result == 0; i++)
		result = add_named(&s, l->lists.v[i]);
	if (result == 0 && match_build(s.db) == -1)
		result = refuse(&s, "lists", "out of memory");
	if (result != 0)
		match_destroy(&s.db);
	*conf = s.db;
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
		int n = snprintf(text, sizeof(text), "%-12s %8zu %s rules, without effect in this version", "kept",
		    stats->changes[kind], match_change_names[kind]);

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
