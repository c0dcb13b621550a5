/*
 * include.c: reads files, follows include:, and merges them into one map (ux.md 3). What a name means is looked for beside
 * the file that says it, then where the packs and profiles are installed, then among those compiled in.
 */
#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <sys/stat.h>

#include "config/load.h"
#include "config/shipped.h"

#ifndef TACET_SHARE
#define TACET_SHARE "/usr/local/share/tacet" /* PREFIX/share/tacet: shipped packs and profiles */
#endif

struct file {
	dev_t device;
	ino_t inode;
	const struct shipped_file *shipped; /* compiled in; NULL: the two above say which */
	bool open;                          /* between its first and its last include: meeting it again is a cycle */
	struct file *next;
};

static struct node *read_file(struct loader *l, struct tc_str path, const struct node *by);
static struct node *read_shipped(struct loader *l, const struct shipped_file *s, const struct node *by);

/* ---- paths ---- */

static const char *
terminated(struct loader *l, struct tc_str s)
{
	return load_copy(l, s).p; /* load_copy() leaves room for a zero */
}

static struct tc_str
directory_of(struct tc_str path)
{
	while (path.n > 0 && path.p[path.n - 1] != '/')
		path.n--;
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	return path.n > 0 ? path : TC_STR(".");
}

struct tc_str
load_path(struct loader *l, struct tc_str directory, struct tc_str name)
{
	struct tc_str parts[] = {directory, TC_STR("/"), name}, path;
	char *p;

	if (name.n == 0 || name.p[0] == '/' || tc_eq(directory, TC_STR(".")) || directory.n == 0)
		return name;
	p = load_alloc(l, directory.n + name.n + 2);
	path = tc_str_of(p, 0);
	for (size_t i = 0; i < 3; i++) {
		memcpy(p + path.n, parts[i].p, parts[i].n);
		path.n += parts[i].n;
	}
	return path;
}

/* The directory's own special characters must not become part of a pattern. */
static struct tc_str
glob_escape(struct loader *l, struct tc_str s)
{
	char *p = load_alloc(l, 2 * s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (strchr("*?[\\", s.p[i]) != NULL)
			p[n++] = '\\';
		p[n++] = s.p[i];
	}
	return tc_str_of(p, n);
}

/* ---- merging ---- */

static bool
joined(struct tc_str way)
{
	return tc_eq(way, TC_STR("promises.keep")) || tc_eq(way, TC_STR("promises.not_covered")) ||
	    tc_eq(way, TC_STR("tests"));
}

static struct node *
join(struct loader *l, const struct node *a, const struct node *b)
{
	struct node *n = node_new_map(l, a, a->n + b->n);

	n->kind = NODE_LIST;
	if (a->n > 0)
		memcpy(n->entries, a->entries, a->n * sizeof(*a->entries));
	if (b->n > 0)
		memcpy(n->entries + a->n, b->entries, b->n * sizeof(*b->entries));
	n->n = a->n + b->n;
	return n;
}

static struct node *
merge(struct loader *l, struct node *a, struct node *b, struct tc_str way)
{
	struct node *n = node_new_map(l, a, a->n + b->n);

	memcpy(n->entries, a->entries, a->n * sizeof(*a->entries));
	n->n = a->n;
	for (size_t i = 0; i < b->n; i++) {
		struct tc_str key = b->entries[i].key->text;
		struct entry *have = node_entry(n, key);
		struct tc_str here = way.n > 0
		    ? load_printf(l, "%.*s.%.*s", STR_ARGS(way), STR_ARGS(key))
		    : key;

		if (have == NULL)
			n->entries[n->n++] = b->entries[i];
		else if (have->value->kind == NODE_MAP && b->entries[i].value->kind == NODE_MAP)
			have->value = merge(l, have->value, b->entries[i].value, here);
		else if (have->value->kind == NODE_LIST && b->entries[i].value->kind == NODE_LIST && joined(here))
			have->value = join(l, have->value, b->entries[i].value);
		else
			load_fault(l,
			    ABOUT(b->entries[i].key, here, TC_STR("remove one of the two; lists are not joined")),
			    "defined-twice", "%.*s is defined twice: here and at %.*s:%d", STR_ARGS(here),
			    STR_ALL(have->key->source->file), have->key->line);
	}
	return n;
}

/* ---- what an included file may hold beside the rest ---- */

/* Takes version, include, pack and rows out of an included map: they speak of that file alone. */
static struct node *
own_keys(struct loader *l, struct node *map)
{
	struct node *rest = node_new_map(l, map, map->n), *pack = node_new_map(l, map, map->n);

	for (size_t i = 0; i < map->n; i++) {
		struct tc_str key = map->entries[i].key->text;
		const struct node *value = map->entries[i].value;

		if (tc_eq(key, TC_STR("pack")) || tc_eq(key, TC_STR("rows")))
			pack->entries[pack->n++] = map->entries[i];
		else if (!tc_eq(key, TC_STR("version")) && !tc_eq(key, TC_STR("include")))
			rest->entries[rest->n++] = map->entries[i];
		if (tc_eq(key, TC_STR("version")) && !tc_eq(value->text, TC_STR("1")))
			load_fault(l, ABOUT(value, TC_STR("version"), TC_STR("write version: 1")),
			    "unsupported-version", "this program reads version 1");
	}
	if (pack->n > 0) {
		if (l->packs == NULL)
			l->packs = load_alloc(l, LOAD_FILES_MAX * sizeof(*l->packs));
		l->packs[l->pack_count++] = pack;
	}
	return rest;
}

/* ---- include: ---- */

/* all and what one more file holds; more NULL: it could not be read, or was before. */
static struct node *
add_file(struct loader *l, struct node *all, struct node *more)
{
	if (more == NULL)
		return all;
	more = own_keys(l, more);
	return all != NULL ? merge(l, all, more, TC_STR("")) : more;
}

/* The files that name means under directory, sorted; how many. */
static size_t
include_from(struct loader *l, struct node **all, struct tc_str directory, const struct node *name)
{
	struct tc_str pattern = load_path(l, glob_escape(l, directory), name->text);
	glob_t found;
	size_t n = 0;

	if (glob(terminated(l, pattern), 0, NULL, &found) == 0) {
		n = found.gl_pathc;
		for (size_t i = 0; i < n; i++)
			*all = add_file(l, *all, read_file(l, load_copy(l, tc_str_from(found.gl_pathv[i])), name));
	}
	globfree(&found);
	return n;
}

/* The same among the files compiled in. */
static size_t
include_shipped(struct loader *l, struct node **all, const struct node *name)
{
	const char *pattern = terminated(l, name->text);
	size_t n = 0;

	for (const struct shipped_file *s = shipped_files; s->name != NULL; s++)
		if (fnmatch(pattern, s->name, FNM_PATHNAME) == 0) {
			*all = add_file(l, *all, read_shipped(l, s, name));
			n++;
		}
	return n;
}

static struct tc_str
missing_hint(struct loader *l, bool files)
{
	struct tc_str names = TC_STR("");

	for (const struct shipped_file *s = shipped_files; s->name != NULL; s++)
		names = load_printf(l, "%.*s%s%s", STR_ALL(names), names.n > 0 ? ", " : "", s->name);
	if (!files)
		return load_printf(l, "save the text as a file; without one there are %.*s", STR_ALL(names));
	return load_printf(l, "names are relative to this file, then to " TACET_SHARE "; always there are %.*s", STR_ALL(names));
}

static struct node *
include_name(struct loader *l, struct node *all, const struct node *name)
{
	bool files = !l->text_only && !name->source->shipped;
	bool pattern = tc_find_byte(name->text, '*') < name->text.n || tc_find_byte(name->text, '?') < name->text.n ||
	    tc_find_byte(name->text, '[') < name->text.n;

	if (name->kind != NODE_SCALAR || name->text.n == 0 || memchr(name->text.p, '\0', name->text.n) != NULL) {
		load_fault(l, ABOUT(name, TC_STR("include"), TC_STR("write include: [packs/*.yaml]")), "wrong-type",
		    "include must name a file");
		return all;
	}
	if (files &&
	    (include_from(l, &all, name->source->directory, name) > 0 || include_from(l, &all, TC_STR(TACET_SHARE), name) > 0))
		return all;
	if (include_shipped(l, &all, name) > 0 || pattern)
		return all;
	load_fault(l, ABOUT(name, TC_STR("include"), missing_hint(l, files)), "include-missing", "there is no file %.*s",
	    STR_ARGS(node_shown(name)));
	return all;
}

static struct node *
follow_includes(struct loader *l, struct node *map)
{
	struct node *value = node_get(map, TC_STR("include")), *all = NULL;

	if (value == NULL)
		return map;
	expand_node(l, value);
	if (value->kind == NODE_SCALAR)
		all = include_name(l, NULL, value);
	for (size_t i = 0; i < value->n && value->kind == NODE_LIST; i++)
		all = include_name(l, all, value->entries[i].value);
	if (value->kind == NODE_MAP)
		(void)include_name(l, NULL, value);
	if (all == NULL)
		return map;
	all = merge(l, all, map, TC_STR(""));
	all->source = map->source;
	all->line = map->line;
	all->column = map->column;
	all->end_column = map->end_column;
	return all;
}

/* ---- files ---- */

static void
say_unreadable(struct loader *l, struct tc_str path, const struct node *by, const char *why)
{
	struct about about = {.at = by, .file = path, .hint = TC_STR("check the name and who may read it")};

	load_fault(l, &about, by != NULL ? "include-missing" : "unreadable", "%.*s cannot be read: %s", STR_ALL(path),
	    why);
}

/* Remembers a file; false if it was read before (once is enough), or is being read (a cycle: said so). */
static bool
enter(struct loader *l, const struct file *id, struct tc_str path, const struct node *by, struct file **out)
{
	struct file *known;

	for (known = l->read; known != NULL; known = known->next)
		if (known->device == id->device && known->inode == id->inode && known->shipped == id->shipped)
			break;
	if (known != NULL && known->open)
		load_fault(l, ABOUT(by, TC_STR("include"), TC_STR("remove this include, or move what is shared to a third file")),
		    "include-cycle", "%.*s includes itself", STR_ARGS(path));
	if (known != NULL)
		return false;
	if (++l->files > LOAD_FILES_MAX) {
		struct about about = {.at = by, .file = path, .hint = TC_STR("join small files")};

		load_fault(l, &about, "too-large", "more than %d files are included", LOAD_FILES_MAX);
		return false;
	}
	*out = load_alloc(l, sizeof(**out));
	**out = *id;
	(*out)->open = true;
	(*out)->next = l->read;
	l->read = *out;
	return true;
}

static bool
enter_open(struct loader *l, FILE *f, struct tc_str path, const struct node *by, struct file **out)
{
	struct stat st;

	if (fstat(fileno(f), &st) == -1) {
		say_unreadable(l, path, by, strerror(errno));
		return false;
	}
	return enter(l, &(struct file){.device = st.st_dev, .inode = st.st_ino}, path, by, out);
}

static bool
slurp(struct loader *l, FILE *f, struct tc_str path, const struct node *by, struct tc_str *text)
{
	char *p = malloc(LOAD_FILE_MAX + 1);
	size_t n;

	if (p == NULL)
		abort();
	n = fread(p, 1, LOAD_FILE_MAX + 1, f);
	if (ferror(f) != 0) {
		say_unreadable(l, path, by, strerror(errno));
		free(p);
		return false;
	}
	l->bytes += n;
	if (n > LOAD_FILE_MAX || l->bytes > LOAD_BYTES_MAX) {
		struct about about = {.at = by, .file = path, .hint = TC_STR("move long lists to files of their own")};

		load_fault(l, &about, "too-large", "a file may have 1 MiB, all together 8 MiB");
		free(p);
		return false;
	}
	*text = load_copy(l, tc_str_of(p, n));
	free(p);
	return true;
}

/* The tree of a text, its includes merged in. */
static struct node *
parse(struct loader *l, struct source *source, struct tc_str path, struct tc_str text, const struct node *by)
{
	struct node *map;

	if (tc_starts(text, TC_STR("\xEF\xBB\xBF"))) /* a byte order mark says nothing in UTF-8 */
		tc_skip(&text, 3);
	source->file = path;
	source->directory = source->shipped ? TC_STR(".") : directory_of(path);
	source->text = text;
	if (by != NULL)
		source->included_from = load_printf(l, "%.*s:%d", STR_ALL(by->source->file), by->line);
	map = yaml_parse(l, source);
	return map != NULL ? follow_includes(l, map) : NULL;
}

static struct node *
read_file(struct loader *l, struct tc_str path, const struct node *by)
{
	FILE *f = fopen(terminated(l, path), "re");
	struct file *file = NULL;
	struct node *map = NULL;
	struct tc_str text;

	if (f == NULL) {
		say_unreadable(l, path, by, strerror(errno));
		return NULL;
	}
	if (!enter_open(l, f, path, by, &file))
		goto out;
	if (slurp(l, f, path, by, &text))
		map = parse(l, load_alloc(l, sizeof(struct source)), path, text, by);
	file->open = false;
out:
	(void)fclose(f);
	return map;
}

static struct node *
read_shipped(struct loader *l, const struct shipped_file *s, const struct node *by)
{
	struct source *source = load_alloc(l, sizeof(*source));
	struct tc_str name = load_printf(l, "(shipped) %s", s->name);
	struct file *file = NULL;
	struct node *map;

	if (!enter(l, &(struct file){.shipped = s}, name, by, &file))
		return NULL;
	l->bytes += s->n;
	source->shipped = true;
	map = parse(l, source, name, tc_str_of(s->text, s->n), by);
	file->open = false;
	return map;
}

struct node *
include_read(struct loader *l, struct tc_str file)
{
	return read_file(l, load_copy(l, file), NULL);
}

struct node *
include_text(struct loader *l, struct tc_str name, struct tc_str text, bool built_in)
{
	struct source *source = load_alloc(l, sizeof(*source));

	source->built_in = built_in;
	l->text_only = true;
	return parse(l, source, name, text, NULL);
}
