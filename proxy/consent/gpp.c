/*
 * gpp.c: GPP strings.
 *
 *	DBABLA~BVQVAAAAAgA.YA		header ~ section ~ section ...; a section is segments joined by '.'
 *	|      |           type 1: GPC
 *	|      core: version 6, then fields of 2 bits
 *	type 6 = 3, version 6 = 1, ids of the sections as ranges
 *
 * Where the opt-out fields are goes by the section's id. The version is checked and never decides about the layout:
 * strings with version 1 and the length of version 2 are about, and these fields stand at the same bits in both.
 */
#include "consent/bits.h"
#include "consent/iab.h"

enum { SECTIONS_MAX = 32,
	SEGMENTS_MAX = 4,
	SHORTEST = 38, /* bits of the shortest core of a state, usco */
	ID_MAX = 4095 };

enum kind { KIND_TCF,
	KIND_TCF_CANADA,
	KIND_USP,
	KIND_OLD,   /* version, notices, opt-outs, ... */
	KIND_NEW }; /* section id, version, MSPA, notices, opt-outs, ... */

struct layout {
	uint8_t id;
	enum kind kind;
	uint8_t first, fields; /* bit and number of the opt-out fields */
	uint8_t shortest;      /* bits of the core */
	uint8_t version_max;
};

static const struct layout LAYOUTS[] = {
	{2, KIND_TCF, 0, 0, 0, 0},
	{5, KIND_TCF_CANADA, 0, 0, 0, 0},
	{6, KIND_USP, 0, 0, 0, 0},
	{7, KIND_OLD, 18, 3, 60, 2},        /* usnat */
	{8, KIND_OLD, 12, 2, 46, 1},        /* usca */
	{9, KIND_OLD, 12, 2, SHORTEST, 1},  /* usva */
	{10, KIND_OLD, 12, 2, SHORTEST, 1}, /* usco */
	{11, KIND_OLD, 14, 2, SHORTEST, 1}, /* usut */
	{12, KIND_OLD, 12, 2, SHORTEST, 1}, /* usct */
	{13, KIND_OLD, 12, 2, SHORTEST, 1}, /* usfl */
	{14, KIND_OLD, 12, 2, SHORTEST, 1}, /* usmt */
	{15, KIND_OLD, 12, 2, SHORTEST, 1}, /* usor */
	{16, KIND_OLD, 12, 2, SHORTEST, 1}, /* ustx */
	{17, KIND_OLD, 12, 2, SHORTEST, 1}, /* usde */
	{18, KIND_OLD, 14, 2, SHORTEST, 1}, /* usia */
	{19, KIND_OLD, 12, 2, SHORTEST, 1}, /* usne */
	{20, KIND_OLD, 12, 2, SHORTEST, 1}, /* usnh */
	{21, KIND_OLD, 12, 2, SHORTEST, 1}, /* usnj */
	{22, KIND_OLD, 12, 2, SHORTEST, 1}, /* ustn */
	{23, KIND_OLD, 12, 2, SHORTEST, 1}, /* usmn */
	{24, KIND_NEW, 0, 2, 0, 1},         /* usmd */
	{25, KIND_NEW, 0, 2, 0, 1},         /* usin */
	{26, KIND_NEW, 0, 2, 0, 1},         /* usky */
	{27, KIND_NEW, 0, 2, 0, 1},         /* usri */
};

/* ---- header ---- */

/* Ids from..to. false: out of order or too many. */
static bool
add_ids(uint16_t ids[SECTIONS_MAX], size_t *n, unsigned from, unsigned to)
{
	if (to > ID_MAX || to - from >= SECTIONS_MAX - *n)
		return false;
	for (unsigned id = from; id <= to; id++)
		ids[(*n)++] = (uint16_t)id;
	return true;
}

/* The ids in the first segment; 0: malformed. */
static size_t
gpp_header(struct tc_str text, uint16_t ids[SECTIONS_MAX])
{
	struct bits b;
	unsigned items, last = 0;
	size_t n = 0;

	if (!bits_of(text, &b) || bits_take(&b, 6) != 3 || bits_take(&b, 6) != 1)
		return 0;
	items = (unsigned)bits_take(&b, 12);
	for (unsigned i = 0; i < items; i++) {
		bool group = bits_take(&b, 1) != 0;
		unsigned first = bits_fibonacci(&b), more = group ? bits_fibonacci(&b) : 0;

		if (first == 0 || (group && more == 0) || !add_ids(ids, &n, last + first, last + first + more))
			return 0;
		last += first + more;
	}
	return b.beyond ? 0 : n;
}

/* ---- sections ---- */

/* Opt-out fields: 0 not applicable, 1 opted out, 2 did not opt out. */
static bool
read_fields(const struct bits *b, size_t first, unsigned n, struct consent *out)
{
	bool good = first + 2 * (size_t)n <= bits_count(b);

	for (unsigned i = 0; i < n && good; i++) {
		uint64_t v = bits_at(b, first + 2 * (size_t)i, 2);

		good = v != 3;
		out->out = out->out || v == 1;
	}
	return good;
}

/* Segments behind the core: the only one that there is says whether the visitor sent GPC. */
static bool
read_gpc(struct tc_str rest, struct consent *out)
{
	struct bits b;

	for (unsigned i = 0; rest.p != NULL; i++) {
		if (i == SEGMENTS_MAX || !bits_of(tc_next(&rest, '.'), &b) || bits_at(&b, 0, 2) != 1)
			return false;
		out->out = out->out || bits_at(&b, 2, 1) != 0;
	}
	return true;
}

static bool
read_old(const struct layout *l, struct tc_str text, struct consent *out)
{
	struct bits b;
	uint64_t version;

	if (!bits_of(tc_next(&text, '.'), &b) || bits_count(&b) < l->shortest)
		return false;
	version = bits_at(&b, 0, 6);
	return version >= 1 && version <= l->version_max && read_fields(&b, l->first, l->fields, out) && read_gpc(text, out);
}

/*
 * SectionID 6, Version 6, and then MspaVersion 6, two fields of the MSPA, three notices, two opt-outs: in the same
 * segment, or, behind a list of the segments, in the next one.
 */
static bool
read_new(const struct layout *l, struct tc_str text, struct consent *out)
{
	enum { HEAD = 12, BEFORE = 6 + 2 * 5, CORE_CHARACTERS = 4 };
	struct bits b;
	struct tc_str rest;

	if (!bits_of(tc_next(&text, '.'), &b) || bits_count(&b) < 2 * HEAD)
		return false;
	if (bits_at(&b, 0, 6) != l->id || bits_at(&b, 6, 6) != l->version_max)
		return false;
	rest = text;
	if (text.p == NULL || tc_next(&rest, '.').n < CORE_CHARACTERS)
		return read_fields(&b, HEAD + BEFORE, l->fields, out) && read_gpc(text, out);
	return bits_of(tc_next(&text, '.'), &b) && read_fields(&b, BEFORE, l->fields, out) && read_gpc(text, out);
}

/*
 * TCF of Canada: like that of Europe without IsServiceSpecific, restrictions and a purpose 1; express consent in the
 * place of consent, implied consent in that of legitimate interest. Only what has neither is refused.
 */
static bool
read_canada(struct tc_str text, int32_t day, struct consent *out)
{
	enum { UPDATED = 42, EXPRESS = 151, IMPLIED = 175, VENDORS = 199 };
	uint32_t express = 1, implied = 1;
	struct bits b;

	if (!bits_of(tc_next(&text, '.'), &b) || bits_at(&b, 0, 6) != 1 || bits_count(&b) < VENDORS + 2 * 17)
		return false;
	for (unsigned i = 1; i < 24; i++) {
		express |= (uint32_t)bits_at(&b, EXPRESS + i, 1) << i;
		implied |= (uint32_t)bits_at(&b, IMPLIED + i, 1) << i;
	}
	if (tcf_stale((int64_t)bits_at(&b, UPDATED, 36), day))
		return true;
	out->granted = tcf_classes(express);
	out->denied = CONSENT_CLASSES & (tc_classes)~tcf_classes(express | implied);
	return true;
}

static const struct layout *
layout_of(unsigned id)
{
	for (size_t i = 0; i < sizeof(LAYOUTS) / sizeof(LAYOUTS[0]); i++)
		if (LAYOUTS[i].id == id)
			return &LAYOUTS[i];
	return NULL;
}

static bool
read_section(unsigned id, struct tc_str text, int32_t day, struct consent *out)
{
	const struct layout *l = layout_of(id);

	*out = (struct consent){0};
	if (l == NULL)
		return false;
	switch (l->kind) {
	case KIND_TCF:
		return tcf_read(text, day, out);
	case KIND_TCF_CANADA:
		return read_canada(text, day, out);
	case KIND_USP:
		return usp_read(text, out);
	case KIND_OLD:
		return read_old(l, text, out);
	case KIND_NEW:
		return read_new(l, text, out);
	}
	return false;
}

bool
gpp_read(struct tc_str text, int32_t day, struct consent *out)
{
	uint16_t ids[SECTIONS_MAX];
	size_t n = gpp_header(tc_next(&text, '~'), ids), i = 0;

	*out = (struct consent){0};
	for (; i < n && text.p != NULL; i++) {
		struct consent one;

		if (read_section(ids[i], tc_next(&text, '~'), day, &one))
			consent_add(out, &one);
		else
			out->bad = true;
	}
	if (n == 0 || i < n || text.p != NULL) {
		*out = (struct consent){0};
		return false;
	}
	if (out->bad)
		out->granted = 0;
	return true;
}
