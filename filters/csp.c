/*
 * csp.c: csp.h. A script element goes by the first of script-src-elem, script-src and default-src:
 *
 *	(none of them)                  it runs
 *	'nonce-abc' ...                 it runs with that nonce
 *	'unsafe-inline' ...             it runs; a hash beside it would switch it off, for the site's scripts too
 *	'nonce-abc' 'unsafe-inline'     as the first: where there is a nonce, a hash or 'strict-dynamic', inline is not safe
 *	'self' cdn.example              its hash is added
 *	'none'                          its hash takes the place
 *
 * A script has one nonce at most: policies with another one get the hash.
 */
#include "csp.h"

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v');
}

/* The next word off the front of *s; n = 0: there is none. */
static struct tc_str
next_word(struct tc_str *s)
{
	size_t n = 0;
	struct tc_str word;

	while (s->n > 0 && is_space(s->p[0]))
		tc_skip(s, 1);
	while (n < s->n && !is_space(s->p[n]))
		n++;
	word = tc_str_of(s->p, n);
	tc_skip(s, n);
	return word;
}

/* What follows the name of the first directive so named; p = NULL: there is none. */
static struct tc_str
sources_of(struct tc_str policy, struct tc_str name)
{
	while (policy.p != NULL) {
		struct tc_str directive = tc_next(&policy, ';');

		if (directive.n > 0 && tc_ieq(next_word(&directive), name))
			return directive;
	}
	return tc_str_of(NULL, 0);
}

/* By what script elements go; p = NULL: by nothing. */
static struct tc_str
script_sources(struct tc_str policy)
{
	static const struct tc_str names[] = {
		TC_STR_INIT("script-src-elem"), TC_STR_INIT("script-src"), TC_STR_INIT("default-src")};
	struct tc_str s = {NULL, 0};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && s.p == NULL; i++)
		s = sources_of(policy, names[i]);
	return s;
}

/* "'nonce-VALUE'" -> VALUE; n = 0: it is none. */
static struct tc_str
nonce_of(struct tc_str word)
{
	static const struct tc_str begin = TC_STR_INIT("'nonce-");

	if (!tc_istarts(word, begin) || !tc_ends(word, TC_STR("'")) || word.n <= begin.n)
		return tc_str_of("", 0);
	return tc_str_of(word.p + begin.n, word.n - begin.n - 1);
}

/* It can be written into an attribute as it is. */
static bool
is_plain_nonce(struct tc_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = tc_lower(s.p[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && memchr("+/=-_", c, 5) == NULL)
			return false;
	}
	return s.n > 0;
}

static bool
is_hash(struct tc_str word)
{
	return tc_istarts(word, TC_STR("'sha256-")) || tc_istarts(word, TC_STR("'sha384-")) ||
	    tc_istarts(word, TC_STR("'sha512-"));
}

/* What the sources say of inline scripts. */
struct inline_rule {
	bool any;            /* every one runs */
	bool hashed;         /* ours does, by its hash */
	bool nonced;         /* ours does, by this nonce */
	struct tc_str nonce; /* the first one there; n = 0: none */
};

static struct inline_rule
rule_of(struct tc_str sources, struct tc_str hash, struct tc_str nonce)
{
	struct inline_rule r = {.nonce = {"", 0}};
	bool inlined = false, strict = false;
	struct tc_str word;

	while ((word = next_word(&sources)).n > 0) {
		struct tc_str value = nonce_of(word);

		inlined |= tc_ieq(word, TC_STR("'unsafe-inline'"));
		strict |= value.n > 0 || is_hash(word) || tc_ieq(word, TC_STR("'strict-dynamic'"));
		r.hashed |= tc_eq(word, hash);
		r.nonced |= nonce.n > 0 && tc_eq(value, nonce);
		if (r.nonce.n == 0 && is_plain_nonce(value))
			r.nonce = value;
	}
	r.any = inlined && !strict;
	return r;
}

/* ---- one policy ---- */

struct text {
	char *p;
	size_t n;
};

static void
text_add(struct text *t, struct tc_str s)
{
	if (s.n > 0)
		memcpy(t->p + t->n, s.p, s.n);
	t->n += s.n;
}

/* The sources without 'none', and the hash behind them. */
static void
add_with_hash(struct text *t, struct tc_str sources, struct tc_str hash)
{
	struct tc_str word;

	while ((word = next_word(&sources)).n > 0) {
		if (tc_ieq(word, TC_STR("'none'")))
			continue;
		text_add(t, TC_STR(" "));
		text_add(t, word);
	}
	text_add(t, TC_STR(" "));
	text_add(t, hash);
}

/* Adds the policy as it has to be: longer by a hash and a blank at most. Whether it is another than it was. */
static bool
admit(struct text *t, struct tc_str policy, struct tc_str hash, struct tc_str nonce)
{
	struct tc_str sources = script_sources(policy);
	struct inline_rule r = {.any = sources.p == NULL};
	size_t at;

	if (!r.any)
		r = rule_of(sources, hash, nonce);
	if (r.any || r.hashed || r.nonced) {
		text_add(t, policy);
		return false;
	}
	at = (size_t)(sources.p - policy.p);
	text_add(t, tc_str_of(policy.p, at));
	add_with_hash(t, sources, hash);
	text_add(t, tc_str_of(sources.p + sources.n, policy.n - at - sources.n));
	return true;
}

/* ---- all of them ---- */

static bool
is_policy(const struct tc_field *f)
{
	return !f->dropped && f->value.n > 0 &&
	    (f->id == TC_F_CONTENT_SECURITY_POLICY || f->id == TC_F_CONTENT_SECURITY_POLICY_REPORT_ONLY);
}

/* A sandbox without scripts. Report-only policies make none. */
static bool
runs_nothing(const struct tc_field *f, struct tc_str policy)
{
	struct tc_str flags = sources_of(policy, TC_STR("sandbox")), word;

	if (flags.p == NULL || f->id != TC_F_CONTENT_SECURITY_POLICY)
		return false;
	while ((word = next_word(&flags)).n > 0)
		if (tc_ieq(word, TC_STR("allow-scripts")))
			return false;
	return true;
}

/* Which nonce serves, and whether any script runs. */
static void
look(const struct tc_field *f, struct tc_str hash, struct csp_inline *out)
{
	struct tc_str rest = f->value;

	while (rest.p != NULL) {
		struct tc_str policy = tc_next(&rest, ','), sources = script_sources(policy);
		struct inline_rule r;

		out->never |= runs_nothing(f, policy);
		if (out->nonce.n > 0 || sources.p == NULL)
			continue;
		r = rule_of(sources, hash, out->nonce);
		if (!r.any && !r.hashed)
			out->nonce = r.nonce;
	}
}

static int
edit(struct tc_arena *arena, struct tc_field *f, struct tc_str hash, struct tc_str nonce)
{
	struct tc_str rest = f->value;
	size_t room = 2 * rest.n + 1;
	struct text t = {NULL, 0};
	bool edited = false;

	for (size_t i = 0; i <= rest.n; i++)
		room += i == rest.n || rest.p[i] == ',' ? hash.n + 3 : 0;
	t.p = tc_alloc_bytes(arena, room);
	if (t.p == NULL)
		return -1;
	for (bool first = true; rest.p != NULL; first = false) {
		struct tc_str policy = tc_next(&rest, ',');

		if (!first)
			text_add(&t, TC_STR(", "));
		edited |= admit(&t, policy, hash, nonce);
	}
	if (edited)
		f->value = tc_str_of(t.p, t.n);
	return 0;
}

int
csp_admit(struct tc_fields *fields, struct tc_str hash, struct csp_inline *out)
{
	*out = (struct csp_inline){.nonce = {"", 0}};
	for (size_t i = 0; i < fields->n; i++)
		if (is_policy(&fields->v[i]))
			look(&fields->v[i], hash, out);
	for (size_t i = 0; i < fields->n && !out->never; i++)
		if (is_policy(&fields->v[i]) && edit(fields->arena, &fields->v[i], hash, out->nonce) < 0)
			return -1;
	return 0;
}
