/* tree.c: tree.h. An island is a stack of names:
 *
 *	node[]   svg | g | foreignobject (point) | div (HTML) | svg | path
 *	names[]  svgg...foreignobjectdivsvgpath
 *
 * The rules are those of HTML Standard 13.2.6.5 (foreign content) and of the insertion modes that ignore tags.
 */
#include "tree.h"

#include <assert.h>

/* Integration points: where HTML content may stand inside foreign content. */
enum point {
	POINT_NONE,
	POINT_HTML,       /* foreignObject, desc, title; annotation-xml with an HTML encoding */
	POINT_TEXT,       /* mi mo mn ms mtext: all but mglyph and malignmark */
	POINT_ANNOTATION, /* other annotation-xml: svg alone is read as in HTML content */
};

/* ---- the stack ---- */

static struct tc_str
node_name(const struct tree *t, unsigned i)
{
	unsigned to = i + 1 < t->n ? t->node[i + 1].name : t->names_n;

	return tc_str_of(t->names + t->node[i].name, to - t->node[i].name);
}

static bool
fits(const struct tree *t, struct tc_str name)
{
	return t->n < TREE_DEPTH && name.n <= TREE_NAME && t->names_n + name.n <= TREE_NAMES;
}

static void
push(struct tree *t, struct tc_str name, enum tree_ns ns, bool raw, enum point point)
{
	assert(fits(t, name));
	t->node[t->n++] = (struct tree_node){.name = t->names_n, .ns = ns & 127, .raw = raw, .point = (uint8_t)point};
	for (size_t i = 0; i < name.n; i++)
		t->names[t->names_n++] = tc_lower(name.p[i]);
	t->math = (uint16_t)(t->math + (ns == NS_MATH));
	t->points = (uint16_t)(t->points + (point != POINT_NONE));
}

struct tc_str
tree_close(struct tree *t)
{
	struct tc_str name;
	const struct tree_node *top;

	assert(t->n > 0);
	name = node_name(t, t->n - 1u);
	top = &t->node[t->n - 1];
	t->math = (uint16_t)(t->math - (top->ns == NS_MATH));
	t->points = (uint16_t)(t->points - (top->point != POINT_NONE));
	t->names_n = top->name;
	t->n--;
	return name;
}

bool
tree_foreign(const struct tree *t)
{
	return t->n > 0 && t->node[t->n - 1].ns != NS_HTML;
}

bool
tree_at_point(const struct tree *t)
{
	return t->n > 0 && (t->node[t->n - 1].point == POINT_HTML || t->node[t->n - 1].point == POINT_TEXT);
}

struct tc_str
tree_raw(const struct tree *t)
{
	return t->n > 0 && t->node[t->n - 1].raw ? node_name(t, t->n - 1u) : tc_str_of("", 0);
}

bool
tree_in_svg(const struct tree *t, struct tc_str name)
{
	return t->n > 0 && t->node[t->n - 1].ns == NS_SVG && tc_eq(node_name(t, t->n - 1u), name);
}

/* ---- attributes that decide ---- */

/* The first attribute of this kind, or NULL: of equal ones only the first counts. */
static const struct tok_attr *
attr_first(const struct token *tk, const char *base, enum attr want)
{
	for (size_t i = 0; i < tk->attr_n; i++)
		if (attr_of(tc_str_of(base + tk->attr[i].name, tk->attr[i].name_n)) == want)
			return &tk->attr[i];
	return NULL;
}

static struct tc_str
attr_value(const char *base, const struct tok_attr *a)
{
	return a != NULL ? tc_str_of(base + a->value, a->value_n) : tc_str_of("", 0);
}

static bool
font_breaks_out(const struct token *tk, const char *base)
{
	return attr_first(tk, base, AT_COLOR) != NULL || attr_first(tk, base, AT_FACE) != NULL ||
	    attr_first(tk, base, AT_SIZE) != NULL;
}

static enum point
point_of(const struct token *tk, const char *base, enum elem e, enum tree_ns ns)
{
	struct tc_str encoding;

	if (ns == NS_SVG)
		return e == E_FOREIGNOBJECT || e == E_DESC || e == E_TITLE ? POINT_HTML : POINT_NONE;
	if (e == E_MI || e == E_MO || e == E_MN || e == E_MS || e == E_MTEXT)
		return POINT_TEXT;
	if (e != E_ANNOTATION_XML)
		return POINT_NONE;
	encoding = attr_value(base, attr_first(tk, base, AT_ENCODING));
	if (tc_ieq(encoding, TC_STR("text/html")) || tc_ieq(encoding, TC_STR("application/xhtml+xml")))
		return POINT_HTML;
	return POINT_ANNOTATION;
}

/* An annotation-xml of which we cannot say what it is: attributes unknown, or its encoding holds a reference. */
static bool
unsure(const struct token *tk, const char *base, enum elem e, bool attrs)
{
	struct tc_str encoding;

	if (e != E_ANNOTATION_XML)
		return false;
	if (!attrs)
		return true;
	encoding = attr_value(base, attr_first(tk, base, AT_ENCODING));
	return tc_find_byte(encoding, '&') < encoding.n;
}

/* ---- start tags ---- */

/* With d elements open, a start tag of e is read by the rules for HTML content. */
static bool
takes_html(const struct tree *t, unsigned d, enum elem e)
{
	const struct tree_node *top;

	if (d == 0)
		return true;
	top = &t->node[d - 1];
	switch ((enum point)top->point) {
	case POINT_HTML:
		return true;
	case POINT_TEXT:
		return e != E_MGLYPH && e != E_MALIGNMARK;
	case POINT_ANNOTATION:
		return e == E_SVG;
	case POINT_NONE:
		break;
	}
	return top->ns == NS_HTML;
}

/* How many elements stay when a breakout tag pops: down to an integration point or an HTML element. */
static unsigned
boundary(const struct tree *t)
{
	unsigned d = t->n;

	while (d > 0 && t->node[d - 1].ns != NS_HTML && t->node[d - 1].point != POINT_HTML &&
	    t->node[d - 1].point != POINT_TEXT)
		d--;
	return d;
}

static bool
begins_text(const struct tree *t, enum elem e)
{
	return (elem_flags(e) & EF_TEXT) != 0 && !(e == E_NOSCRIPT && t->no_script);
}

/* Start tags in HTML content outside of islands: where some browser would ignore one. */
static void
start_outside(struct tree *t, enum elem e, struct tree_step *out)
{
	bool text = begins_text(t, e), root = e == E_SVG || e == E_MATH;

	if (t->frameset) {
		out->erase = root || (text && e != E_NOFRAMES);
	} else if (e == E_FRAMESET) {
		out->erase = t->no_frameset || t->templates > 0 || t->select != SELECT_OUT;
	} else if (e == E_COL) {
		/* alone in a template it makes the tags behind it ignored */
		out->erase = t->templates > 0 && t->template_tables == 0;
	} else if (t->select != SELECT_OUT && (root || text) && e != E_SCRIPT && e != E_TEXTAREA) {
		out->close_select = t->select == SELECT_PLAIN;
		out->erase = !out->close_select;
		if (out->close_select)
			t->select = SELECT_OUT;
	}
}

void
tree_start(struct tree *t, const struct token *tk, const char *base, enum elem e, bool attrs,
    struct tree_step *out)
{
	unsigned d = t->n, flags = elem_flags(e);

	*out = (struct tree_step){.erase = false};
	if (d > 0 && !takes_html(t, d, e)) {
		if ((flags & EF_BREAKOUT) != 0 || (e == E_FONT && (!attrs || font_breaks_out(tk, base))))
			d = boundary(t);
		else if (!fits(t, tk->name) || unsure(tk, base, e, attrs))
			d = 0;
		else
			out->foreign = true;
	}
	if (d > 0 && !out->foreign) {
		/* HTML content inside an island */
		if ((flags & EF_SHUT) != 0 || !fits(t, tk->name))
			d = 0;
		else
			out->erase = t->math > 0 && begins_text(t, e);
	}
	if (d > 0 && d == t->n && t->node[d - 1].raw) {
		out->erase = !begins_text(t, e);
		d = out->erase ? d : 0;
		out->foreign = out->foreign && d > 0;
	}
	if (out->foreign && !attrs && (flags & EF_TEXT) != 0)
		out->erase = true; /* whether it closes itself is not known yet */
	if (d > 0 && e == E_NOSCRIPT && t->no_script) {
		/* were its end tag written to close the island, it would end the noscript around this document */
		out->erase = true;
		out->foreign = false;
	}
	out->closes = (uint16_t)(t->n - d);
	if (d == 0)
		start_outside(t, e, out);
}

/* What an element outside of islands does to select, template and frameset. */
static void
enter_outside(struct tree *t, enum elem e)
{
	if ((elem_flags(e) & EF_BODY) != 0)
		t->no_frameset = true;
	if (e == E_HTML || e == E_HEAD || e == E_BODY || e == E_FRAMESET)
		t->document = true;
	if (e == E_FRAMESET)
		t->frameset = true;
	if ((e == E_TABLE || e == E_COLGROUP) && t->templates > 0 && t->template_tables < UINT16_MAX)
		t->template_tables++;
	if (e == E_TEMPLATE && t->templates < UINT16_MAX) {
		t->templates++;
		t->template_tables = 0;
		if (t->select != SELECT_OUT)
			t->select_templates++;
	}
	if (t->select == SELECT_OUT) {
		if (e == E_SELECT) {
			t->select = SELECT_PLAIN;
			t->select_templates = 0;
			t->select_unsure = false;
		}
	} else if (e == E_SELECT && t->select_unsure) {
		return; /* it ended one or began one: as before, we may be in one */
	} else if ((e == E_SELECT || e == E_INPUT || e == E_KEYGEN || e == E_TEXTAREA) && t->select_templates == 0) {
		t->select = SELECT_OUT; /* they close it where they are not read as what they are */
	} else if (e != E_OPTION && e != E_OPTGROUP && e != E_HR && e != E_SCRIPT) {
		t->select = SELECT_MIXED;
		t->select_unsure |= (elem_flags(e) & EF_TABLE) != 0;
	}
}

static enum tok_mode
text_mode(enum elem e)
{
	switch (e) {
	case E_SCRIPT:
		return TOK_SCRIPT;
	case E_TEXTAREA:
	case E_TITLE:
		return TOK_RCDATA;
	case E_PLAINTEXT:
		return TOK_PLAINTEXT;
	default:
		return TOK_RAWTEXT;
	}
}

enum tok_mode
tree_started(struct tree *t, const struct token *tk, const char *base, enum elem e)
{
	if (!takes_html(t, t->n, e)) {
		enum tree_ns ns = (enum tree_ns)t->node[t->n - 1].ns;

		if (!tk->self_closing)
			push(t, tk->name, ns, (elem_flags(e) & EF_TEXT) != 0, point_of(tk, base, e, ns));
		return TOK_DATA;
	}
	if (e == E_SVG || e == E_MATH) {
		if (!tk->self_closing)
			push(t, tk->name, e == E_SVG ? NS_SVG : NS_MATH, false, POINT_NONE);
		return TOK_DATA;
	}
	if (t->n == 0)
		enter_outside(t, e);
	t->in_text = begins_text(t, e);
	if (t->in_text)
		return text_mode(e);
	if (t->n > 0 && (elem_flags(e) & EF_VOID) == 0)
		push(t, tk->name, NS_HTML, false, POINT_NONE);
	return TOK_DATA;
}

/* ---- end tags ---- */

/* The innermost of the d outer elements with this name; -1: none. foreign: HTML elements end the search. */
static int
find(const struct tree *t, unsigned d, struct tc_str name, bool foreign)
{
	for (int i = (int)d - 1; i >= 0 && !(foreign && t->node[i].ns == NS_HTML); i--)
		if (tc_ieq(node_name(t, (unsigned)i), name))
			return i;
	return -1;
}

/* An end tag in an island. */
static void
end_inside(const struct tree *t, const struct token *tk, enum elem e, struct tree_step *out)
{
	bool empty = e == E_P || e == E_BR; /* without their element these make one */
	int at = tree_foreign(t) && !empty ? find(t, t->n, tk->name, true) : -1;

	if (at >= 0) {
		out->foreign = true;
		if (t->node[t->n - 1].raw)
			out->closes = (uint16_t)(t->n - 1 - (unsigned)at);
		return;
	}
	if (tree_foreign(t) && empty) {
		unsigned d = boundary(t);

		out->closes = (uint16_t)(t->n - d);
		if (d == 0 || t->node[d - 1].ns != NS_HTML)
			return;
	}
	at = find(t, t->n, tk->name, false);
	if (at >= 0)
		out->closes = (uint16_t)(t->n - 1 - (unsigned)at);
	else if (!empty && ((elem_flags(e) & EF_SHUT) != 0 || t->points == 0))
		out->closes = t->n;
}

void
tree_end(struct tree *t, const struct token *tk, enum elem e, struct tree_step *out)
{
	*out = (struct tree_step){.erase = false};
	if (t->n == 0 || t->in_text)
		return;
	end_inside(t, tk, e, out);
	out->erase = t->node[t->n - 1].raw && !out->foreign && out->closes == 0;
}

static void
leave_outside(struct tree *t, enum elem e)
{
	if (e == E_SELECT && t->select != SELECT_OUT && t->select_templates == 0)
		t->select = SELECT_OUT;
	t->select_unsure |= (elem_flags(e) & EF_TABLE) != 0;
	if ((e == E_TABLE || e == E_COLGROUP) && t->template_tables > 0)
		t->template_tables--;
	if (e != E_TEMPLATE || t->templates == 0)
		return;
	t->templates--;
	t->template_tables = 0;
	if (t->select != SELECT_OUT && t->select_templates > 0)
		t->select_templates--;
	else
		t->select = SELECT_OUT;
}

void
tree_ended(struct tree *t, const struct token *tk, enum elem e)
{
	int at;
	bool text = t->in_text;

	t->in_text = false;
	if (text && t->n > 0)
		return;
	if (t->n == 0) {
		leave_outside(t, e);
		return;
	}
	if (!tree_foreign(t))
		at = tc_ieq(node_name(t, t->n - 1u), tk->name) ? t->n - 1 : -1;
	else
		at = e == E_P || e == E_BR ? -1 : find(t, t->n, tk->name, true);
	while (at >= 0 && t->n > (unsigned)at)
		(void)tree_close(t);
}
