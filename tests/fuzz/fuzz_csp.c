/*
 * fuzz_csp.c: policies, a field on each line. Properties, by a reader that knows nothing of the first: afterwards ours runs
 * under each policy, or the page runs no script; what a policy lets in besides is what it let in before; a second time
 * changes nothing; no byte is added that could end a field.
 */
#include "filters/csp.h"
#include "tests/unit/call.h"

#define HASH "'sha256-+Our/Hash='"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool good)
{
	if (!good)
		abort();
}

/* The words of the directive that decides about script elements, each between blanks; "" if there is none. */
static size_t
words(struct tc_str policy, char *out)
{
	static const char *const names[] = {"script-src-elem", "script-src", "default-src"};
	size_t n = 0;

	for (size_t k = 0; k < 3; k++)
		for (size_t from = 0; from < policy.n;) {
			size_t to = from, at;

			while (to < policy.n && policy.p[to] != ';')
				to++;
			for (at = from; at < to && strchr(" \t\n\f\r", policy.p[at]) != NULL && policy.p[at] != '\0';)
				at++;
			for (from = at; at < to && (policy.p[at] == '\0' || strchr(" \t\n\f\r", policy.p[at]) == NULL);)
				at++;
			if (at - from == strlen(names[k]) && strncasecmp(policy.p + from, names[k], at - from) == 0) {
				out[n++] = ' ';
				for (; at < to; at++)
					out[n++] = policy.p[at] == '\t' || policy.p[at] == '\f' ? ' ' : policy.p[at];
				out[n++] = ' ';
				out[n] = '\0';
				return n;
			}
			from = to + 1;
		}
	out[0] = '\0';
	return 0;
}

static bool
has(const char *in, size_t n, const char *word)
{
	return memmem(in, n, word, strlen(word)) != NULL;
}

/* Each policy of a field before and after. */
static void
compare(struct tc_str before, struct tc_str after, const struct csp_inline *how)
{
	static char was[1 << 17], is[1 << 17];
	char nonce[600];

	(void)snprintf(nonce, sizeof(nonce), "-%.*s'", (int)(how->nonce.n < 500 ? how->nonce.n : 500), how->nonce.p);
	while (before.p != NULL) {
		size_t n = words(tc_next(&before, ','), was), m = words(tc_next(&after, ','), is);

		must((n == 0) == (m == 0));
		if (m == 0)
			continue;
		must(has(is, m, HASH) || (how->nonce.n > 0 && has(is, m, nonce)) || strcasestr(is, "'unsafe-inline'") != NULL);
		if (has(is, m, HASH) && !has(was, n, HASH))
			must(m <= n + sizeof(HASH) + 1);
	}
	must(after.p == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fake_call *f = fake_new(NULL);
	struct tc_str rest = tc_str_of((const char *)data, size), before[16];
	struct csp_inline how, again;
	size_t n = 0;

	while (rest.p != NULL && n < 16 && size < 30000) {
		struct tc_str value = tc_next(&rest, '\n');

		if (value.n == 0 || memchr(value.p, '\r', value.n) != NULL || memchr(value.p, '\0', value.n) != NULL ||
		    memchr(value.p, '\v', value.n) != NULL)
			continue;
		before[n++] = value;
		must(tc_field_add(&f->res.fields, TC_F_CONTENT_SECURITY_POLICY, value) == 0);
	}
	must(csp_admit(&f->res.fields, TC_STR(HASH), &how) == 0);
	for (size_t i = 0; i < how.nonce.n; i++)
		must(strchr("\"'<>& \t\n", how.nonce.p[i]) == NULL);
	for (size_t i = 0; i < n; i++) {
		struct tc_str now = f->res.fields.v[i].value;

		must(memchr(now.p, '\n', now.n) == NULL);
		if (how.never)
			must(tc_eq(now, before[i]));
		else
			compare(before[i], now, &how);
		before[i] = now;
	}
	must(csp_admit(&f->res.fields, TC_STR(HASH), &again) == 0);
	must(again.never == how.never && tc_eq(again.nonce, how.nonce));
	for (size_t i = 0; i < n; i++)
		must(tc_eq(f->res.fields.v[i].value, before[i]));
	fake_free(&f);
	return 0;
}
