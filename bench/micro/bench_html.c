/*
 * bench_html.c: how fast does the rewriter go over real pages, and how much of it is the tokenizer?
 *
 * All pages of a directory (default ../shared/corpus/pages) lie in memory and go through filter_html as one
 * document each, in pieces of 64 KiB, for a visitor who said no; lists: the built-in pack, and EasyPrivacy where the
 * system has it. Printed is the median and the best of several rounds, in processor time.
 *
 *	build/bench/bench_html [DIRECTORY [ROUNDS [tokenizer|rewriter]]]
 */
#include <dirent.h>
#include <stdio.h>
#include <time.h>

#include "call.h"
#include "filters/html/html.h"
#include "filters/html/names.h"
#include "filters/html/tokenizer.h"
#include "filters/html/tree.h"
#include "filters/match/match.h"

#define EASYPRIVACY \
	"/usr/share/mozilla/extensions/{ec8030f7-c20a-464f-9b0e-13a3a9e97384}/" \
	"uBlock0@raymondhill.net/assets/thirdparties/easylist/easyprivacy.txt"

enum { PAGES_MAX = 1024,
	PIECE = 65536,
	ROUNDS_MAX = 1000 };

static struct tc_str pages[PAGES_MAX];
static size_t page_count, total, tags;

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct tc_str
read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct tc_str s = {NULL, 0};
	char *p = NULL;
	long n;

	if (f == NULL)
		return s;
	if (fseek(f, 0, SEEK_END) == 0 && (n = ftell(f)) > 0 && (p = malloc((size_t)n)) != NULL) {
		rewind(f);
		s = tc_str_of(p, fread(p, 1, (size_t)n, f));
	}
	(void)fclose(f);
	return s;
}

static void
read_pages(const char *directory)
{
	DIR *d = opendir(directory);

	if (d == NULL) {
		fprintf(stderr, "skipped: no %s\n", directory);
		exit(0);
	}
	for (struct dirent *e; (e = readdir(d)) != NULL && page_count < PAGES_MAX;) {
		char path[1024];

		if (strstr(e->d_name, ".html") == NULL)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", directory, e->d_name);
		pages[page_count] = read_file(path);
		total += pages[page_count].n;
		page_count += pages[page_count].n > 0;
	}
	(void)closedir(d);
}

static struct match_db *
read_lists(void)
{
	struct match_db *db = match_new();
	struct tc_str privacy = read_file(EASYPRIVACY);

	if (db == NULL || match_add_built_in(db) != 0)
		abort();
	if (privacy.n > 0 && match_add(db, privacy, TC_PACK_EASYPRIVACY, TC_ANALYTICS) != 0)
		abort();
	if (match_build(db) != 0)
		abort();
	printf("lists: built-in%s\n", privacy.n > 0 ? ", EasyPrivacy" : " (EasyPrivacy is not installed)");
	return db;
}

/* ---- what is measured ---- */

static size_t actions, sent;

static void
rewrite_all(const struct match_db *db)
{
	for (size_t i = 0; i < page_count; i++) {
		struct fake_call *f = fake_new(&filter_html);
		struct tc_str in = pages[i];
		const char *end = in.p + in.n;

		f->discard = true;
		f->conf = (void *)(uintptr_t)db;
		if (fake_respond(f) != 0)
			abort();
		/* what is left comes back at the front of the next piece, as it lies: no copy is measured */
		for (in.n = 0; in.p + in.n < end;) {
			size_t more = (size_t)(end - in.p) - in.n;

			in.n += more < PIECE ? more : PIECE;
			if (f->filter->body(&f->call, &in, in.p + in.n == end) != 0)
				abort();
		}
		for (int a = 0; a < TC_DID_COUNT; a++)
			actions += f->count[a];
		sent += f->out_n;
		fake_free(&f);
	}
}

/* The tokenizer with tree feedback, no rules. */
static void
tokenize_all(const struct match_db *db)
{
	static struct token tk;

	(void)db;
	for (size_t i = 0; i < page_count; i++) {
		struct tok t = {.mode = TOK_DATA};
		struct tree tree = {.n = 0};
		struct tc_str in = pages[i];

		while (in.n > 0) {
			enum tok_kind kind = tok_next(&t, in, true, &tk);
			struct tree_step step;

			if (kind == TOK_START) {
				enum elem e = elem_of(tk.name);
				enum tok_mode mode;

				tree_start(&tree, &tk, in.p, e, true, &step);
				for (unsigned k = 0; k < step.closes; k++)
					(void)tree_close(&tree);
				mode = tree_started(&tree, &tk, in.p, e);
				if (mode != TOK_DATA)
					tok_text_mode(&t, mode, elem_name(e));
				tags++;
			}
			tc_skip(&in, tk.n);
		}
	}
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
measure(const char *what, void (*run)(const struct match_db *), const struct match_db *db, size_t rounds)
{
	static double seconds[ROUNDS_MAX];

	run(db);
	for (size_t i = 0; i < rounds; i++) {
		double from = now();

		run(db);
		seconds[i] = now() - from;
	}
	qsort(seconds, rounds, sizeof(*seconds), by_size);
	printf("%-10s median %.3f GB/s, best %.3f GB/s\n", what, (double)total / seconds[rounds / 2] * 1e-9,
	    (double)total / seconds[0] * 1e-9);
}

int
main(int argc, char **argv)
{
	size_t rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 51;
	struct match_db *db;

	if (rounds == 0 || rounds > ROUNDS_MAX)
		rounds = 51;
	read_pages(argc > 1 ? argv[1] : "../shared/corpus/pages");
	if (total == 0)
		return 0;
	db = read_lists();
	if (argc < 4 || strcmp(argv[3], "tokenizer") == 0)
		measure("tokenizer", tokenize_all, db, rounds);
	if (argc < 4 || strcmp(argv[3], "rewriter") == 0)
		measure("rewriter", rewrite_all, db, rounds);
	printf("%zu pages, %zu bytes; per round %zu start tags, %zu actions, %zu bytes out\n", page_count, total,
	    tags / (rounds + 1), actions / (rounds + 1), sent / (rounds + 1));
	match_destroy(&db);
	return 0;
}
