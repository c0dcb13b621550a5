/*
 * page_why.c: the decision of this request in words, for the visitor: what `tacet explain` says to the operator. Nothing
 * of it is stored.
 */
#include "core/page_parts.h"

static void
term(struct page *p, enum word w)
{
	MARKUP(&p->h, "<dt>");
	markup_word(&p->h, p->l, w);
	MARKUP(&p->h, "</dt>\n<dd>");
}

static void
end(struct page *p)
{
	MARKUP(&p->h, "</dd>\n");
}

static void
list_item(struct page *p, bool *first, struct tc_str item)
{
	if (!*first)
		MARKUP(&p->h, ", ");
	markup_text(&p->h, item);
	*first = false;
}

static void
list_word(struct page *p, bool *first, enum word w)
{
	list_item(p, first, word_in(p->l, w));
}

static void
list_end(struct page *p, bool first)
{
	if (first)
		markup_word(&p->h, p->l, W_NONE);
	end(p);
}

static void
list_classes(struct page *p, bool *first, tc_classes classes)
{
	for (int c = TC_ANALYTICS; c <= TC_SOCIAL; c++)
		if ((classes & TC_CLASS_BIT(c)) != 0)
			list_word(p, first, (enum word)(W_ANALYTICS + c));
	if ((classes & TC_CLASS_BIT(TC_UNKNOWN)) != 0)
		list_word(p, first, W_OTHERS);
}

static void
signals_seen(struct page *p)
{
	const struct facts *f = p->ctx->facts;
	bool first = true;

	term(p, W_SIGNALS);
	if (f->gpc)
		list_item(p, &first, TC_STR("Global Privacy Control"));
	if (f->dnt)
		list_item(p, &first, TC_STR("Do Not Track"));
	if (f->choice != CHOICE_NONE)
		list_word(p, &first, W_COOKIE);
	list_end(p, first);
}

/* "refused: Analytics, Advertising", behind what was said before. */
static void
consent_part(struct page *p, bool *first, enum word w, tc_classes classes)
{
	bool none = true;

	if (classes == 0)
		return;
	list_word(p, first, w);
	MARKUP(&p->h, " ");
	list_classes(p, &none, classes);
}

/* What the site's own consent cookies say. */
static void
consent_seen(struct page *p)
{
	const struct consent *c = &p->ctx->facts->consent;
	bool first = true;

	term(p, W_CONSENT);
	if (c->bad)
		list_word(p, &first, W_UNREADABLE);
	if (c->out)
		list_word(p, &first, W_CONSENT_NO);
	consent_part(p, &first, W_REFUSED, c->denied);
	consent_part(p, &first, W_GRANTED, c->granted);
	list_end(p, first);
}

static void
switches_set(struct page *p)
{
	uint8_t set = p->ctx->facts->switches;
	bool first = true;

	term(p, W_SWITCHES);
	if ((set & SWITCH_LOCATION_OFF) != 0)
		list_word(p, &first, W_LOCATION);
	if ((set & SWITCH_EXPORT) != 0)
		list_word(p, &first, W_EXPORT);
	list_end(p, first);
}

static void
place_assumed(struct page *p)
{
	struct tc_str place = page_place(p);

	term(p, W_PLACE);
	if (place.n > 0) {
		MARKUP(&p->h, "<bdi>");
		markup_text(&p->h, place);
		MARKUP(&p->h, "</bdi>");
	} else {
		markup_word(&p->h, p->l, W_PLACE_UNKNOWN);
	}
	end(p);
}

static void
rules_in_force(struct page *p)
{
	const struct tc_decision *d = p->ctx->decision;

	term(p, W_RULES);
	MARKUP(&p->h, "<bdi>");
	markup_text(&p->h, d->region);
	MARKUP(&p->h, "</bdi>: <bdi>");
	markup_text(&p->h, d->rules->name);
	MARKUP(&p->h, "</bdi>");
	end(p);
}

/* The row of law for this place; for an unknown one all rows are taken together. */
static void
law_by_place(struct page *p)
{
	const struct config *c = p->ctx->config;
	const struct facts *f = p->ctx->facts;
	const struct config_law *law = config_law_of(c, &f->place, f->day);

	term(p, W_LAW);
	if (law != NULL) {
		MARKUP(&p->h, "<bdi>");
		markup_text(&p->h, law->name);
		MARKUP(&p->h, "</bdi>");
	} else {
		markup_word(&p->h, p->l, c->law_count > 0 && f->place.country[0] == '\0' ? W_PLACE_UNKNOWN : W_NONE);
	}
	end(p);
}

static void
removed(struct page *p)
{
	bool first = true;

	term(p, W_REMOVED);
	list_classes(p, &first, p->ctx->decision->denied);
	list_end(p, first);
}

void
page_why(struct page *p)
{
	page_head(p);
	page_status(p);
	page_gpc_note(p);
	MARKUP(&p->h, "<h2>");
	markup_word(&p->h, p->l, W_WHY);
	MARKUP(&p->h, "</h2>\n<dl>\n");
	signals_seen(p);
	consent_seen(p);
	switches_set(p);
	place_assumed(p);
	rules_in_force(p);
	law_by_place(p);
	removed(p);
	MARKUP(&p->h, "</dl>\n<p>");
	markup_word(&p->h, p->l, W_NOT_STORED);
	MARKUP(&p->h, "</p>\n<p>");
	page_link(p, page_choices_path(p->ctx->site), TC_STR(""), W_BACK);
	MARKUP(&p->h, "</p>\n");
	page_foot(p);
}
