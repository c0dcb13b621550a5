/* upstreams.c: see upstreams.h. Labels are URLs of the configuration. */
#include "admin/upstreams.h"

#include "net/health.h"

struct page {
	struct buf *out;
	int r;
};

static const char *const errors[] = {
#define X(e, label) [HEALTH_##e] = label,
    HEALTH_ERRORS(X)
#undef X
};

/* A label's value: '\', '"' and line feeds are escaped. */
static int
add_label(struct buf *b, const char *text)
{
	int r = 0;

	for (; *text != '\0'; text++) {
		if (*text == '\\' || *text == '"')
			r |= buf_add(b, "\\", 1);
		r |= *text == '\n' ? buf_add(b, "\\n", 2) : buf_add(b, text, 1);
	}
	return r;
}

static void
write_healthy(void *ctx, const struct health *h)
{
	struct page *p = ctx;
	bool up = !health_is_down(h) && atomic_load(&h->ejected) == 0;

	p->r |= buf_add_str(p->out, TC_STR("tacet_upstream_healthy{upstream=\""));
	p->r |= add_label(p->out, h->name);
	p->r |= buf_printf(p->out, "\"} %d\n", up);
}

static void
write_errors(void *ctx, const struct health *h)
{
	struct page *p = ctx;

	for (size_t i = 0; i < HEALTH_ERROR_COUNT; i++) {
		p->r |= buf_add_str(p->out, TC_STR("tacet_upstream_errors_total{upstream=\""));
		p->r |= add_label(p->out, h->name);
		p->r |= buf_printf(p->out, "\",class=\"%s\"} %llu\n", errors[i], (unsigned long long)atomic_load(&h->errors[i]));
	}
}

int
upstreams_write(struct buf *out)
{
	struct page p = {.out = out};

	p.r |= buf_add_str(out,
	    TC_STR("# HELP tacet_upstream_healthy 1: in use by all loops and found well by all its checks, if it has any.\n"
		"# TYPE tacet_upstream_healthy gauge\n"));
	health_each(write_healthy, &p);
	p.r |= buf_add_str(out, TC_STR("# HELP tacet_upstream_errors_total What went wrong with a server.\n"
	    "# TYPE tacet_upstream_errors_total counter\n"));
	health_each(write_errors, &p);
	return p.r < 0 ? -1 : 0;
}
