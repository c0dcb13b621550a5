/* memory.c: see memory.h. */
#include "core/memory.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SAMPLE_MS 250
#define TRIM_EVERY 4 /* samples */
#define SHORT_PERCENT 98
#define ENOUGH_PERCENT 95
#define FREED_EVERY 20        /* samples */
#define FREED_MUCH (8u << 20) /* bytes */
#define QUIET_PERCENT 10      /* of one core: to look, and more so to give back, holds up who needs memory */

static struct {
	uv_timer_t timer;
	int statm;        /* /proc/self/statm, kept open */
	uint64_t page;    /* bytes */
	uint64_t group;   /* of the control group; 0: none */
	uint64_t limit;   /* in force; 0: none */
	unsigned samples; /* while short */
	unsigned since;   /* samples since we looked how much is free */
	uint64_t busy;    /* microseconds of processor time until then */
	uint64_t kept;    /* resident bytes that malloc had free when it last gave some back */
} memory = {.statm = -1};

static _Atomic bool is_short;

/* ---- the control group ---- */

/* The number that a file begins with; 0: no file, or no number ("max"). */
static uint64_t
read_number(const char *path)
{
	char text[32] = "";
	FILE *f = fopen(path, "re");
	unsigned long long n;

	if (f == NULL)
		return 0;
	if (fgets(text, sizeof(text), f) == NULL)
		text[0] = '\0';
	(void)fclose(f);
	n = strtoull(text, NULL, 10);
	return n < (uint64_t)1 << 60 ? n : 0; /* version 1 says "none" with a very large one */
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	if (a == 0 || b == 0)
		return a + b;
	return a < b ? a : b;
}

/* The least bound of the group at `below` and those above it. below is cut short on the way. */
static uint64_t
bound_of(const char *root, char *below, const char *file)
{
	uint64_t bound = 0;
	char path[4096];

	for (;;) {
		char *last = strrchr(below, '/');

		(void)snprintf(path, sizeof(path), "%s%s/%s", root, below, file);
		bound = least(bound, read_number(path));
		if (last == NULL)
			return bound;
		*last = '\0';
	}
}

/*
 * What /proc/self/cgroup says: "0::/group" (version 2), "7:memory:/group" (version 1). In a container that path may be
 * one of the host, which is not seen from inside: then the root of what is seen is the container's own group.
 */
static uint64_t
group_limit(const char *cgroup, const char *root)
{
	char line[2048], one[512];
	uint64_t bound = 0;
	FILE *f = fopen(cgroup, "re");

	if (f == NULL)
		return 0;
	(void)snprintf(one, sizeof(one), "%s/memory", root);
	while (fgets(line, sizeof(line), f) != NULL) {
		char *names = strchr(line, ':'), *path = names != NULL ? strchr(names + 1, ':') : NULL;

		if (path == NULL)
			continue;
		*path++ = '\0';
		path[strcspn(path, "\n")] = '\0';
		if (names[1] == '\0')
			bound = least(bound, bound_of(root, path, "memory.max"));
		else if (strstr(names + 1, "memory") != NULL)
			bound = least(bound, bound_of(one, path, "memory.limit_in_bytes"));
	}
	(void)fclose(f);
	return bound;
}

/* ---- samples ---- */

/* Resident bytes, those of files among them only for `all`; 0: not known. */
static uint64_t
resident(bool all)
{
	char text[128];
	ssize_t n = memory.statm >= 0 ? pread(memory.statm, text, sizeof(text) - 1, 0) : -1;
	unsigned long long pages = 0, files = 0;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	if (sscanf(text, "%*u %llu %llu", &pages, &files) != 2 || files > pages)
		return 0;
	return (all ? pages : pages - files) * memory.page;
}

static void
sample(void)
{
	uint64_t now = memory.limit > 0 ? resident(true) : 0;
	bool was = atomic_load_explicit(&is_short, memory_order_relaxed);
	uint64_t edge = memory.limit / 100 * (was ? ENOUGH_PERCENT : SHORT_PERCENT);
	bool is = now > edge;

	/* What was freed may still be counted as ours, and nothing new would come to use it: give it back. */
	if (is && memory.samples++ % TRIM_EVERY == 0) {
		(void)malloc_trim(0);
		now = resident(true);
		is = now > edge;
	}
	if (!is)
		memory.samples = 0;
	atomic_store_explicit(&is_short, is, memory_order_relaxed);
}

/* Resident bytes that nobody uses, as far as can be told. */
static uint64_t
unused(uint64_t *used)
{
	struct mallinfo2 m = mallinfo2();
	uint64_t now = resident(false);

	*used = m.uordblks + m.hblkhd;
	return now > *used ? now - *used : 0;
}

/* Was there little to do since the last look? */
static bool
is_quiet(void)
{
	uint64_t since = memory.busy;
	uv_rusage_t u;

	if (uv_getrusage(&u) != 0)
		return false;
	memory.busy = ((uint64_t)u.ru_utime.tv_sec + (uint64_t)u.ru_stime.tv_sec) * 1000000 + (uint64_t)u.ru_utime.tv_usec +
	    (uint64_t)u.ru_stime.tv_usec;
	return memory.busy - since < (uint64_t)FREED_EVERY * SAMPLE_MS * 1000 / 100 * QUIET_PERCENT;
}

/*
 * When a crowd has gone, what it had lies between the pieces of those that stay, and malloc keeps it. It is given back when
 * there is little else to do.
 */
static void
give_back(void)
{
	uint64_t used, free;

	if (!is_quiet())
		return;
	free = unused(&used);
	if (free < memory.kept)
		memory.kept = free;
	if (free - memory.kept < FREED_MUCH || free < used)
		return;
	(void)malloc_trim(0);
	memory.kept = unused(&used);
}

static void
on_timer(uv_timer_t *unused)
{
	(void)unused;
	sample();
	if (++memory.since % FREED_EVERY == 0)
		give_back();
}

void
memory_limit(int64_t limit)
{
	memory.limit = limit > 0 ? (uint64_t)limit : memory.group;
	sample();
}

void
memory_start(struct loop *control, int64_t limit)
{
	memory.page = (uint64_t)sysconf(_SC_PAGESIZE);
	memory.statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	memory.group = group_limit("/proc/self/cgroup", "/sys/fs/cgroup");
	memory_limit(limit);
	(void)uv_timer_init(&control->uv, &memory.timer);
	(void)uv_timer_start(&memory.timer, on_timer, SAMPLE_MS, SAMPLE_MS);
	uv_unref((uv_handle_t *)&memory.timer);
}

bool
memory_short(void)
{
	return atomic_load_explicit(&is_short, memory_order_relaxed);
}
