/* page_cookies.c: the cookies that a site sets, on its choices page, where a promise wants them there (promises.md 5.11). */
#include "base/day.h"
#include "core/inventory.h"
#include "core/page_parts.h"

enum { COOKIES_MOST = 96,
	ROW_ROOM = 1024 }; /* bytes of markup that one may take */

static enum word
purpose(uint8_t class)
{
	if ((TC_ESSENTIAL & TC_CLASS_BIT(class)) != 0)
		return W_ESSENTIAL;
	return class == TC_UNKNOWN ? W_PURPOSE_UNKNOWN : (enum word)(W_ANALYTICS + (int)class);
}

static void
row(struct page *p, struct tc_str name, uint8_t class)
{
	MARKUP(&p->h, "<li><bdi><code>");
	markup_text(&p->h, name);
	MARKUP(&p->h, "</code></bdi>: ");
	markup_word(&p->h, p->l, purpose(class));
}

static void
seen(struct page *p, int32_t first, int32_t last)
{
	char day[DATE_LENGTH + 1];

	date_text(first, day);
	MARKUP(&p->h, " <bdi>(");
	markup_text(&p->h, tc_str_from(day));
	if (last != first) {
		date_text(last, day);
		MARKUP(&p->h, " – ");
		markup_text(&p->h, tc_str_from(day));
	}
	MARKUP(&p->h, ")</bdi>");
}

void
page_cookies(struct page *p)
{
	struct inventory_cookie *v = tc_alloc(p->ctx->arena, COOKIES_MOST * sizeof(*v));
	size_t n = v != NULL ? inventory_cookies_seen(p->ctx->site, v, COOKIES_MOST) : 0;

	MARKUP(&p->h, "<details>\n<summary>");
	markup_word(&p->h, p->l, W_COOKIES_SET);
	MARKUP(&p->h, "</summary>\n<ul>\n");
	row(p, TC_STR("tacet_choice"), TC_FUNCTIONAL);
	MARKUP(&p->h, "</li>\n");
	for (size_t i = 0; i < n && p->h.n + ROW_ROOM + 4096 < p->h.cap; i++) {
		row(p, tc_str_of(v[i].name, v[i].n), v[i].class);
		seen(p, v[i].first, v[i].last);
		MARKUP(&p->h, "</li>\n");
	}
	MARKUP(&p->h, "</ul>\n</details>\n");
}
