/*
 * mkdfa.h: turns patterns into one deterministic automaton. Part of mkpack.c, a host program: it ends the
 * program on an error, and never frees.
 *
 *	pattern -> NFA (Thompson: each part is a fragment with one start and one end) -> DFA (sets of NFA states)
 *
 * Expressions are POSIX ERE without back references and named classes: literals, '.', [sets], (groups), '|',
 * '?', '*', '+', {n}, {n,}, {n,m}; '^' only first, '$' only last.
 */
#ifndef TACET_MKDFA_H
#define TACET_MKDFA_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NFA_MAX = 6144, DFA_MAX = 8192 };

enum nfa_kind { NFA_SET, NFA_FORK, NFA_END };

/* SET: one byte out of `set` leads to `to`. FORK: `to` and `alt` for nothing. END: pattern `row` is complete. */
struct nfa_state {
	enum nfa_kind kind;
	uint64_t set[4];
	int to, alt, row;
};

struct nfa_part {
	int start, end; /* end: a FORK that leads nowhere yet */
};

struct dfa_state {
	uint64_t members[NFA_MAX / 64], hash;
	uint16_t next[256]; /* by byte class */
	uint16_t accept;    /* first row that matches here, or UINT16_MAX */
};

struct mkdfa {
	struct nfa_state nfa[NFA_MAX];
	int nfa_count;
	int starts[NFA_MAX]; /* of each pattern */
	int start_count;
	struct dfa_state *dfa;
	int dfa_count, class_count;
	uint8_t class_of[256];
	const char *error; /* of the last pattern; NULL: fine */
};

/* ---- patterns to NFA ---- */

static int
nfa_new(struct mkdfa *m, enum nfa_kind kind)
{
	if (m->nfa_count == NFA_MAX) {
		fprintf(stderr, "mkpack: too many patterns for one automaton\n");
		exit(1);
	}
	m->nfa[m->nfa_count] = (struct nfa_state){.kind = kind, .to = -1, .alt = -1};
	return m->nfa_count++;
}

static struct nfa_part
nfa_set(struct mkdfa *m, const uint64_t set[4])
{
	struct nfa_part part = {nfa_new(m, NFA_SET), nfa_new(m, NFA_FORK)};

	memcpy(m->nfa[part.start].set, set, 4 * sizeof(*set));
	m->nfa[part.start].to = part.end;
	return part;
}

static struct nfa_part
nfa_byte(struct mkdfa *m, char c)
{
	uint64_t set[4] = {0};

	set[(uint8_t)c / 64] |= UINT64_C(1) << (uint8_t)c % 64;
	return nfa_set(m, set);
}

static struct nfa_part
nfa_range(struct mkdfa *m, int lo, int hi)
{
	uint64_t set[4] = {0};

	for (int c = lo; c <= hi; c++)
		set[c / 64] |= UINT64_C(1) << c % 64;
	return nfa_set(m, set);
}

static struct nfa_part
nfa_nothing(struct mkdfa *m)
{
	int at = nfa_new(m, NFA_FORK);

	return (struct nfa_part){at, at};
}

static struct nfa_part
nfa_then(struct mkdfa *m, struct nfa_part a, struct nfa_part b)
{
	m->nfa[a.end].to = b.start;
	return (struct nfa_part){a.start, b.end};
}

/* part, or nothing; with again: any number of times. */
static struct nfa_part
nfa_maybe(struct mkdfa *m, struct nfa_part part, bool again)
{
	struct nfa_part all = {nfa_new(m, NFA_FORK), nfa_new(m, NFA_FORK)};

	m->nfa[all.start].to = part.start;
	m->nfa[all.start].alt = all.end;
	m->nfa[part.end].to = again ? all.start : all.end;
	return all;
}

static struct nfa_part
nfa_any(struct mkdfa *m)
{
	return nfa_maybe(m, nfa_range(m, 0, 255), true);
}

static struct nfa_part ere_choice(struct mkdfa *m, const char **p, const char *end);

/* "[...]" after the '['. */
static struct nfa_part
ere_set(struct mkdfa *m, const char **p, const char *end)
{
	uint64_t set[4] = {0};
	bool negate = *p < end && **p == '^', first = true;

	if (negate)
		(*p)++;
	for (; *p < end && (first || **p != ']'); first = false) {
		int lo = (uint8_t) * (*p)++, hi = lo;

		if (end - *p >= 2 && (*p)[0] == '-' && (*p)[1] != ']') {
			hi = (uint8_t)(*p)[1];
			*p += 2;
		}
		if (lo == '[' || hi < lo)
			m->error = "cannot read the [set]";
		for (int c = lo; c <= hi; c++)
			set[c / 64] |= UINT64_C(1) << c % 64;
	}
	if (*p == end)
		m->error = "[ without ]";
	else
		(*p)++;
	for (int i = 0; negate && i < 4; i++)
		set[i] = ~set[i];
	return nfa_set(m, set);
}

static struct nfa_part
ere_atom(struct mkdfa *m, const char **p, const char *end)
{
	char c = *(*p)++;
	struct nfa_part part;

	switch (c) {
	case '(':
		part = ere_choice(m, p, end);
		if (*p == end)
			m->error = "( without )";
		else
			(*p)++;
		return part;
	case '[':
		return ere_set(m, p, end);
	case '.':
		return nfa_range(m, 0, 255);
	case '\\':
		if (*p == end || strchr(".[]()*+?{}|^$\\/-", **p) == NULL)
			m->error = "unknown escape";
		return nfa_byte(m, *p < end ? *(*p)++ : c);
	case '*':
	case '+':
	case '?':
	case '{':
	case '^':
	case '$':
		m->error = "*, +, ?, {, ^ or $ at a place where it says nothing";
		return nfa_nothing(m);
	default:
		return nfa_byte(m, c);
	}
}

/* "{n}", "{n,}", "{n,m}" after the '{'; most = -1: no end. */
static void
ere_bounds(struct mkdfa *m, const char **p, const char *end, int *least, int *most)
{
	char *after;

	*least = (int)strtol(*p, &after, 10);
	*most = *least;
	if (after < end && *after == ',') {
		*p = ++after;
		*most = *after == '}' ? -1 : (int)strtol(*p, &after, 10);
	}
	if (after >= end || *after != '}' || *least < 0 || *least > 64 || *most > 64)
		m->error = "cannot read the {count}";
	*p = after < end ? after + 1 : end;
}

/* An atom and its count. The atom is read once more for each repetition. */
static struct nfa_part
ere_repeat(struct mkdfa *m, const char **p, const char *end)
{
	const char *atom = *p, *again;
	struct nfa_part part = ere_atom(m, p, end);
	int least = 1, most = 1;

	if (*p < end && strchr("*+?", **p) != NULL) {
		least = **p == '+';
		most = **p == '?' ? 1 : -1;
		(*p)++;
	} else if (*p < end && **p == '{') {
		(*p)++;
		ere_bounds(m, p, end, &least, &most);
	}
	if (least == 1 && most == 1)
		return part;
	part = nfa_nothing(m);
	for (int i = 0; i < least; i++) {
		again = atom;
		part = nfa_then(m, part, ere_atom(m, &again, end));
	}
	for (int i = least; i < most; i++) {
		again = atom;
		part = nfa_then(m, part, nfa_maybe(m, ere_atom(m, &again, end), false));
	}
	again = atom;
	return most == -1 ? nfa_then(m, part, nfa_maybe(m, ere_atom(m, &again, end), true)) : part;
}

static struct nfa_part
ere_choice(struct mkdfa *m, const char **p, const char *end)
{
	struct nfa_part all = nfa_nothing(m);

	while (*p < end && **p != ')' && **p != '|' && m->error == NULL)
		all = nfa_then(m, all, ere_repeat(m, p, end));
	if (*p < end && **p == '|' && m->error == NULL) {
		struct nfa_part both = {nfa_new(m, NFA_FORK), nfa_new(m, NFA_FORK)}, other;

		(*p)++;
		other = ere_choice(m, p, end);
		m->nfa[both.start].to = all.start;
		m->nfa[both.start].alt = other.start;
		m->nfa[all.end].to = both.end;
		m->nfa[other.end].to = both.end;
		return both;
	}
	return all;
}

static void
mkdfa_finish(struct mkdfa *m, struct nfa_part part, int row)
{
	int end = nfa_new(m, NFA_END);

	m->nfa[end].row = row;
	m->nfa[part.end].to = end;
	m->starts[m->start_count++] = part.start;
}

/* Adds an expression for row. On a bad one m->error says why. */
static void
mkdfa_ere(struct mkdfa *m, const char *p, size_t n, int row)
{
	const char *end = p + n;
	bool from = n > 0 && *p == '^', to = n > 1 && end[-1] == '$' && end[-2] != '\\';
	struct nfa_part part = from ? nfa_nothing(m) : nfa_any(m);

	m->error = NULL;
	p += from;
	end -= to;
	part = nfa_then(m, part, ere_choice(m, &p, end));
	if (m->error == NULL && p != end)
		m->error = ") without (";
	mkdfa_finish(m, to ? part : nfa_then(m, part, nfa_any(m)), row);
}

/* ---- NFA to DFA ---- */

static bool
set_has(const uint64_t *set, int at)
{
	return (set[at / 64] >> at % 64 & 1) != 0;
}

static bool
bytes_alike(const struct mkdfa *m, int a, int b)
{
	for (int i = 0; i < m->nfa_count; i++)
		if (m->nfa[i].kind == NFA_SET && set_has(m->nfa[i].set, a) != set_has(m->nfa[i].set, b))
			return false;
	return true;
}

/* Bytes that no state tells apart share a class. */
static void
mkdfa_classes(struct mkdfa *m)
{
	int first[256]; /* byte of each class */

	for (int c = 0; c < 256; c++) {
		int class = 0;

		while (class < m->class_count && !bytes_alike(m, first[class], c))
			class++;
		if (class == m->class_count)
			first[m->class_count++] = c;
		m->class_of[c] = (uint8_t) class;
	}
}

static void
dfa_include(struct mkdfa *m, uint64_t *members, int at)
{
	while (at != -1 && !set_has(members, at)) {
		members[at / 64] |= UINT64_C(1) << at % 64;
		if (m->nfa[at].kind != NFA_FORK)
			return;
		dfa_include(m, members, m->nfa[at].alt);
		at = m->nfa[at].to;
	}
}

/* The state with these members; made if it is new. */
static int
dfa_state(struct mkdfa *m, const uint64_t *members)
{
	size_t size = sizeof(m->dfa->members);
	uint64_t hash = 0;
	int row = UINT16_MAX;

	for (size_t i = 0; i < size / sizeof(*members); i++)
		hash = (hash ^ members[i]) * UINT64_C(0x9e3779b97f4a7c15) + i;
	for (int i = 0; i < m->dfa_count; i++)
		if (m->dfa[i].hash == hash && memcmp(m->dfa[i].members, members, size) == 0)
			return i;
	if (m->dfa_count == DFA_MAX) {
		fprintf(stderr, "mkpack: the automaton grows too large\n");
		exit(1);
	}
	for (int i = 0; i < m->nfa_count; i++)
		if (m->nfa[i].kind == NFA_END && set_has(members, i))
			row = m->nfa[i].row < row ? m->nfa[i].row : row;
	m->dfa[m->dfa_count].accept = (uint16_t)row;
	memcpy(m->dfa[m->dfa_count].members, members, size);
	m->dfa[m->dfa_count].hash = hash;
	return m->dfa_count++;
}

/* Where byte c leads from any of `from`. */
static void
dfa_step(struct mkdfa *m, const uint64_t *from, int c, uint64_t *members)
{
	memset(members, 0, sizeof(m->dfa->members));
	for (int word = 0; word < NFA_MAX / 64; word++) {
		for (uint64_t left = from[word]; left != 0; left &= left - 1) {
			const struct nfa_state *s = &m->nfa[word * 64 + __builtin_ctzll(left)];

			if (s->kind == NFA_SET && set_has(s->set, c))
				dfa_include(m, members, s->to);
		}
	}
}

/* Makes the automaton; state 0 is the one with no members. Returns the start. */
static int
mkdfa_build(struct mkdfa *m)
{
	uint64_t members[NFA_MAX / 64] = {0};
	int start;

	m->dfa = calloc(DFA_MAX, sizeof(*m->dfa));
	if (m->dfa == NULL)
		exit(1);
	mkdfa_classes(m);
	(void)dfa_state(m, members);
	for (int i = 0; i < m->start_count; i++)
		dfa_include(m, members, m->starts[i]);
	start = dfa_state(m, members);
	for (int at = 0; at < m->dfa_count; at++) {
		bool done[256] = {false};

		for (int c = 0; c < 256; c++) {
			if (done[m->class_of[c]])
				continue;
			done[m->class_of[c]] = true;
			dfa_step(m, m->dfa[at].members, c, members);
			m->dfa[at].next[m->class_of[c]] = (uint16_t)dfa_state(m, members);
		}
	}
	return start;
}

#endif
