/* variant.c: see variant.h. */
#include "core/variant.h"

#include <assert.h>
#include <stdatomic.h>

#include "core/log.h"

/*
 * What the classes do not say of a page: what is put in, by who asks and how (the status for persons who said no, an element
 * for browsers that send no signal, nothing into fragments), and which hosts are let through all the same.
 */
static uint64_t
beside_classes(const struct exchange *x)
{
	const struct tc_decision *d = &x->decision;
	bool facts[] = {d->person, x->req.dest == TC_DEST_DOCUMENT, x->req.dest == TC_DEST_ABSENT, x->facts.gpc, d->measurement,
	    d->residency != NULL, d->location_off};
	uint64_t h = 0;

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		h |= (uint64_t)facts[i] << i;
	for (size_t i = 0; d->residency != NULL && i < d->region.n; i++) /* each row has a list of its own */
		h = (h ^ (unsigned char)d->region.p[i]) * 0x100000001b3ull;
	for (size_t i = 0; d->link_text != NULL && i < d->link_text->n; i++) /* and a text for the link */
		h = (h ^ (unsigned char)d->link_text->p[i]) * 0x100000001b3ull;
	return h;
}

/* Names a rewritten variant: rules version, rule set, denied classes, what is inserted. 8 hex digits. */
static void
variant_key(const struct exchange *x, char out[VARIANT_KEY_LENGTH])
{
	static const char hex[] = "0123456789abcdef";
	uint64_t h = x->use->snapshot->version ^ ((uint64_t)x->decision.denied << 56) ^ (beside_classes(x) << 8);

	for (size_t i = 0; i < sizeof(x->decision.rules->hash); i++)
		h = (h ^ (unsigned char)x->decision.rules->hash[i]) * 0x100000001b3ull;
	h ^= h >> 32;
	for (size_t i = 0; i < VARIANT_KEY_LENGTH; i++)
		out[i] = hex[h >> (4 * i) & 15];
}

/* `;tc12345678"` at the end of an entity tag is ours. */
#define SUFFIX_LENGTH (3 + VARIANT_KEY_LENGTH + 1)

static bool
is_ours(struct tc_str tag)
{
	if (tag.n <= SUFFIX_LENGTH || tag.p[tag.n - 1] != '"')
		return false;
	return tc_eq(tc_str_of(tag.p + tag.n - SUFFIX_LENGTH, 3), TC_STR(";tc"));
}

static bool
has_key(struct tc_str tag, const char key[VARIANT_KEY_LENGTH])
{
	return is_ours(tag) && memcmp(tag.p + tag.n - 1 - VARIANT_KEY_LENGTH, key, VARIANT_KEY_LENGTH) == 0;
}

/* ---- the request ---- */

#define TAGS_MAX 32 /* more are not handed on */

/*
 * The next entity tag (RFC 9110 8.8.3: a comma may stand inside), or "*", off the front of a list; n = 0: no more, or
 * what follows is none.
 */
static struct tc_str
next_tag(struct tc_str *rest)
{
	struct tc_str tag = {NULL, 0};
	size_t open, n;

	while (rest->n > 0 && (rest->p[0] == ',' || rest->p[0] == ' ' || rest->p[0] == '\t'))
		tc_skip(rest, 1);
	open = tc_starts(*rest, TC_STR("W/")) ? 2 : 0;
	if (rest->n > open && rest->p[open] == '"')
		n = open + 1 + tc_find_byte(tc_str_of(rest->p + open + 1, rest->n - open - 1), '"');
	else
		n = tc_starts(*rest, TC_STR("*")) ? 0 : rest->n;
	if (n < rest->n)
		tag = tc_str_of(rest->p, n + 1);
	tc_skip(rest, n < rest->n ? n + 1 : rest->n);
	return tag;
}

/* What weak comparison looks at (RFC 9110 8.8.3.2), as the origin gave it: between the quotes, without our suffix. */
static struct tc_str
opaque(struct tc_str tag)
{
	size_t behind = is_ours(tag) ? SUFFIX_LENGTH : 1;

	if (tc_starts(tag, TC_STR("W/")))
		tc_skip(&tag, 2);
	return tag.n > behind ? tc_str_of(tag.p + 1, tag.n - 1 - behind) : tc_str_of("", 0);
}

/* Those of the visitor's tags that the origin is asked about: in its words, and as they came. */
struct tags {
	struct tc_str asked[4 * TAGS_MAX], came[2 * TAGS_MAX];
	size_t asked_n, came_n;
};

/*
 * A tag goes on without what we did to it: our suffix, and the W/ of what was edited or packed here. Many origins
 * compare bytes, and most of their tags are strong; those who compare weakly, as they should, see no difference.
 */
static void
tags_add(struct tags *t, struct tc_str tag, bool ours)
{
	if (t->came_n + 2 > sizeof(t->came) / sizeof(t->came[0]))
		return;
	if (t->came_n > 0) {
		t->asked[t->asked_n++] = TC_STR(", ");
		t->came[t->came_n++] = TC_STR(", ");
	}
	t->came[t->came_n++] = tag;
	if (!ours || tag.n < 2) {
		t->asked[t->asked_n++] = tag;
		return;
	}
	t->asked[t->asked_n++] = TC_STR("\"");
	t->asked[t->asked_n++] = opaque(tag);
	t->asked[t->asked_n++] = TC_STR("\"");
}

/* Of a page that will be edited: the tags of this variant. Of anything else: all but those of edited pages. */
static void
choose_tags(const struct exchange *x, struct tags *t)
{
	const struct tc_fields *fs = &x->req.fields;
	bool page = x->chain.page_expected, packs = x->site->pub.compress != 0;
	char key[VARIANT_KEY_LENGTH];

	variant_key(x, key);
	for (size_t i = 0; i < fs->n; i++) {
		struct tc_str list = fs->v[i].value, tag;

		if (fs->v[i].dropped || fs->v[i].id != TC_F_IF_NONE_MATCH)
			continue;
		while ((tag = next_tag(&list)).n > 0)
			if (page ? has_key(tag, key) : !is_ours(tag))
				tags_add(t, tag, page || packs);
	}
}

/*
 * Only of those who read is it asked what they hold a copy of. The conditions of a PUT guard the origin's own copy, and
 * go on as they are: a tag of ours is none of its tags.
 */
static bool
reads(const struct tc_request *req)
{
	return req->method == TC_M_GET || req->method == TC_M_HEAD;
}

int
variant_request(struct exchange *x)
{
	struct tc_fields *fs = &x->req.fields;
	struct tags t = {.asked_n = 0, .came_n = 0};
	struct tc_str asked, list = tc_field_value(fs, TC_F_IF_NONE_MATCH);
	bool page = x->chain.page_expected;

	if ((list.p == NULL && !page) || !reads(&x->req))
		return 0;
	if (!page && x->site->pub.compress == 0 && tc_find(list, TC_STR(";tc")) == list.n)
		return 0; /* neither edited nor packed before, nor now */
	choose_tags(x, &t);
	(void)tc_field_drop(fs, TC_F_IF_NONE_MATCH);
	if (page || t.asked_n == 0)
		(void)tc_field_drop(fs, TC_F_IF_MODIFIED_SINCE); /* a date names no variant */
	if (t.asked_n == 0)
		return 0;
	asked = tc_join(x->arena, t.asked, t.asked_n);
	x->variant_etag = tc_join(x->arena, t.came, t.came_n);
	if (asked.p == NULL || x->variant_etag.p == NULL)
		return -1;
	return tc_field_set(fs, TC_F_IF_NONE_MATCH, asked);
}

/* ---- the response ---- */

/* Does a filter of this phase (edited: any before ENCODE) change the body? */
static bool
is_changed(const struct exchange *x, bool edited)
{
	for (size_t i = 0; i < x->chain.n; i++) {
		const struct link *l = &x->chain.links[i];

		if (l->wants && (l->filter->phase != TC_ENCODE) == edited)
			return true;
	}
	return false;
}

/* W/"x" of "x"; with our suffix for a page that was edited. */
static int
set_variant_tag(struct exchange *x, bool edited)
{
	struct tc_fields *fs = &x->res.fields;
	struct tc_str tag = tc_field_value(fs, TC_F_ETAG), whole;
	char key[VARIANT_KEY_LENGTH];

	(void)tc_field_drop(fs, TC_F_ETAG);
	if (tag.n < 2 || tag.p[tag.n - 1] != '"')
		return 0; /* none, or not a tag */
	variant_key(x, key);
	struct tc_str parts[] = {TC_STR("W/"), tc_str_of(tag.p, tag.n - 1), edited ? TC_STR(";tc") : TC_STR(""),
	    tc_str_of(key, edited ? VARIANT_KEY_LENGTH : 0), TC_STR("\"")};
	bool weak = tc_starts(tag, TC_STR("W/"));

	whole = tc_join(x->arena, parts + weak, 5 - (size_t)weak);
	return whole.p == NULL ? -1 : tc_field_set(fs, TC_F_ETAG, whole);
}

/* What spoke of the origin's bytes does not speak of ours. The date still does if they were only packed. */
static int
disown_body(struct exchange *x, bool edited)
{
	static const enum tc_fid gone[] = {TC_F_CONTENT_MD5, TC_F_DIGEST, TC_F_CONTENT_DIGEST, TC_F_REPR_DIGEST,
	    TC_F_UNENCODED_DIGEST, TC_F_SIGNATURE, TC_F_SIGNATURE_INPUT, TC_F_CONTENT_LENGTH};
	struct tc_fields *fs = &x->res.fields;

	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
		(void)tc_field_drop(fs, gone[i]);
	if (edited)
		(void)tc_field_drop(fs, TC_F_LAST_MODIFIED);
	if (set_variant_tag(x, edited) < 0)
		return -1;
	return tc_field_set(fs, TC_F_ACCEPT_RANGES, TC_STR("none"));
}

/* A 304 carries the tag under which the visitor has it: the one that the origin's stands for. */
static int
restore_tag(struct exchange *x)
{
	struct tc_fields *fs = &x->res.fields;
	struct tc_str theirs = tc_field_value(fs, TC_F_ETAG), rest = x->variant_etag, tag;
	bool only;

	tag = next_tag(&rest);
	only = rest.n == 0;
	while (tag.n > 0 && (theirs.p != NULL ? !tc_eq(opaque(tag), opaque(theirs)) : !only))
		tag = next_tag(&rest);
	return tag.n < 2 ? 0 : tc_field_set(fs, TC_F_ETAG, tag);
}

static bool
varies_by(const struct tc_fields *fs, struct tc_str name)
{
	for (size_t i = 0; i < fs->n; i++) {
		struct tc_str rest = fs->v[i].value;

		if (fs->v[i].dropped || fs->v[i].id != TC_F_VARY)
			continue;
		while (rest.p != NULL)
			if (tc_ieq(tc_next(&rest, ','), name))
				return true;
	}
	return false;
}

static int
add_vary(struct exchange *x)
{
	const struct config_region *region = region_of(x->use->snapshot->config, &x->facts.place);
	struct tc_fields *fs = &x->res.fields;
	int r = 0;

	if (varies_by(fs, TC_STR("*")))
		return 0;
	if (!varies_by(fs, TC_STR("Sec-GPC")))
		r |= tc_field_add(fs, TC_F_VARY, TC_STR("Sec-GPC"));
	if ((region->honour & HONOUR_DNT) != 0 && !varies_by(fs, TC_STR("DNT")))
		r |= tc_field_add(fs, TC_F_VARY, TC_STR("DNT"));
	return r;
}

/* ---- Cache-Control ---- */

/* The next directive off the front of a list; a comma inside quotes is part of one. */
static struct tc_str
next_directive(struct tc_str *rest)
{
	struct tc_str item = *rest;
	bool quoted = false;
	size_t n = 0;

	for (; n < item.n && (quoted || item.p[n] != ','); n++) {
		if (item.p[n] == '"')
			quoted = !quoted;
		else if (quoted && item.p[n] == '\\' && n + 1 < item.n)
			n++;
	}
	if (n < item.n)
		tc_skip(rest, n + 1);
	else
		*rest = (struct tc_str){NULL, 0};
	return tc_trim(tc_str_of(item.p, n < item.n ? n : item.n));
}

/* Lets shared caches store: "public", "s-maxage", and a "private" that speaks of some fields only. */
static bool
is_shared(struct tc_str directive)
{
	size_t equals = tc_find_byte(directive, '=');
	struct tc_str name = tc_str_of(directive.p, equals);

	return tc_ieq(name, TC_STR("public")) || tc_ieq(name, TC_STR("s-maxage")) ||
	    (tc_ieq(name, TC_STR("private")) && equals < directive.n);
}

static bool
ends_with(struct tc_str s, struct tc_str suffix)
{
	return s.n >= suffix.n && tc_ieq(tc_str_of(s.p + s.n - suffix.n, suffix.n), suffix);
}

bool
variant_targeted(const struct tc_field *f)
{
	return f->id == TC_F_OTHER &&
	    (ends_with(f->name, TC_STR("-Cache-Control")) || tc_ieq(f->name, TC_STR("Surrogate-Control")) ||
		tc_ieq(f->name, TC_STR("Edge-Control")) || tc_ieq(f->name, TC_STR("X-Accel-Expires")));
}

/* What Cache-Control says, rewritten: all rows as one, in out, which has room. */
struct caching {
	char *out;
	size_t n;
	bool kept_out; /* no shared cache stores it: "private", "no-store" */
	bool cut;      /* something was left out */
};

static void
caching_add(struct caching *to, struct tc_str directive)
{
	if (to->n > 0) {
		memcpy(to->out + to->n, ", ", 2);
		to->n += 2;
	}
	memcpy(to->out + to->n, directive.p, directive.n);
	to->n += directive.n;
}

static void
caching_read(struct caching *to, struct tc_str value)
{
	while (value.p != NULL) {
		struct tc_str item = next_directive(&value);

		if (item.n == 0)
			continue;
		if (is_shared(item)) {
			to->cut = true;
			continue;
		}
		to->kept_out |= tc_ieq(item, TC_STR("private")) || tc_ieq(item, TC_STR("no-store"));
		caching_add(to, item);
	}
}

/*
 * What lets shared caches store goes, "private" comes, the rest stays as it is. Ours stands first: the last of theirs
 * may have a quote that does not close.
 */
static int
make_private(struct exchange *x)
{
	static const struct tc_str ours = TC_STR_INIT("private, ");
	struct tc_fields *fs = &x->res.fields;
	size_t room = 0;
	struct caching to = {NULL};

	for (size_t i = 0; i < fs->n; i++) {
		fs->v[i].dropped |= variant_targeted(&fs->v[i]);
		if (fs->v[i].id == TC_F_CACHE_CONTROL)
			room += fs->v[i].value.n + 2;
	}
	to.out = tc_alloc_bytes(x->arena, ours.n + room * 2); /* a blank behind each comma */
	if (to.out == NULL)
		return -1;
	memcpy(to.out, ours.p, ours.n);
	to.out += ours.n;
	for (size_t i = 0; i < fs->n; i++)
		if (fs->v[i].id == TC_F_CACHE_CONTROL && !fs->v[i].dropped)
			caching_read(&to, fs->v[i].value);
	if (to.kept_out && !to.cut)
		return 0;
	if (to.kept_out)
		return tc_field_set(fs, TC_F_CACHE_CONTROL, tc_str_of(to.out, to.n));
	return tc_field_set(
	    fs, TC_F_CACHE_CONTROL, tc_str_of(to.out - ours.n, to.n > 0 ? ours.n + to.n : ours.n - 2));
}

/* "no-transform" is said to strangers; we act for the owner of the site, who should know that we do. Said once. */
static void
note_no_transform(const struct tc_fields *fs)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;

	for (size_t i = 0; i < fs->n; i++) {
		struct tc_str rest = fs->v[i].value;

		if (fs->v[i].id != TC_F_CACHE_CONTROL || fs->v[i].dropped)
			continue;
		while (rest.p != NULL)
			if (tc_ieq(next_directive(&rest), TC_STR("no-transform")) && !atomic_flag_test_and_set(&said))
				log_event(LOG_WARNING, TC_STR("pages marked no-transform are filtered all the same"));
	}
}

/* ---- which responses ---- */

/* Does the request say that it may be for a page? Where a visitor's page is edited, page_expected says so as well. */
static bool
asks_for_page(const struct tc_request *req)
{
	struct tc_str accept = tc_field_value(&req->fields, TC_F_ACCEPT);
	bool other = req->dest == TC_DEST_EMPTY || req->dest == TC_DEST_OTHER;

	return req->dest == TC_DEST_DOCUMENT || req->dest == TC_DEST_FRAME || req->dest == TC_DEST_ABSENT ||
	    (other && accept.p != NULL && tc_find(accept, TC_STR("text/html")) < accept.n);
}

/*
 * A 304 seldom names a type. What it says replaces what a cache has stored of the page (RFC 9111 4.3.4), so it has to
 * say all that the page said, to visitors too whose page is not edited. What has no type may turn out to be a page.
 */
static bool
is_page(const struct exchange *x)
{
	if (x->res.type.n == 0 && (x->res.status == 304 || x->res.status == 200))
		return x->chain.page_expected || asks_for_page(&x->req);
	return tc_eq(x->res.type, TC_STR("text/html")) || tc_eq(x->res.type, TC_STR("application/xhtml+xml"));
}

/* Of a page that would be edited only tags of edited ones are asked about: what has not changed is one of them. */
static bool
confirms_edited(const struct exchange *x)
{
	return x->res.status == 304 && x->chain.page_expected && x->variant_etag.p != NULL;
}

int
variant_response(struct exchange *x)
{
	bool edited = is_changed(x, true) || confirms_edited(x);

	if ((edited || is_changed(x, false)) && disown_body(x, edited) < 0)
		return -1;
	if (edited)
		note_no_transform(&x->res.fields);
	if (x->res.status == 304 && x->variant_etag.p != NULL && restore_tag(x) < 0)
		return -1;
	if (!x->chain.differs && (!is_page(x) || x->route->filter == TC_ROUTE_NONE))
		return 0;
	if (add_vary(x) < 0)
		return -1;
	return x->site->downstream_cache == CACHE_PRIVATE ? make_private(x) : 0;
}
