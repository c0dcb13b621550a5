/*
 * inventory.h: what sites that only observe carry, and what would be removed of it (promises.md 5.11). Closed counts:
 *
 *	closed rows   names of the rule pack, of lists and of the configuration: shown from the first response on
 *	open rows     names that pages, visitors and origins made up: known by a keyed hash alone, until so many different
 *	              responses carried them; a cookie's digits, which may be an id, are masked before all that
 *
 * Of a request nothing else comes here: no URL, path, query, value or visitor, and of times the day.
 */
#ifndef CORE_INVENTORY_H
#define CORE_INVENTORY_H

#include "base/buf.h"
#include "config/config.h"

/* X(ENUM, "what in the answer of the admin listener") */
#define INVENTORY_WHATS(X)                                                                           \
	X(VENDOR, "vendor")                                                                          \
	X(HOST, "host")                                                                              \
	X(COOKIE, "cookie")                                                                          \
	X(PARAMETER, "parameter")                                                                    \
	X(FIELD, "field")

enum inventory_what {
#define X(e, name) INVENTORY_##e,
	INVENTORY_WHATS(X)
#undef X
	INVENTORY_WHAT_COUNT
};

enum {
	INVENTORY_SITES = 64,   /* sites that are observed at once; more are counted */
	INVENTORY_CLOSED = 384, /* rows of a site */
	INVENTORY_OPEN = 256,   /* names of a site that are not closed; of those below k the rarest goes first */
	INVENTORY_NAME_MAX = 64,
	INVENTORY_NOTES = 96,      /* of one response */
	INVENTORY_NOTES_OPEN = 32, /* of them open: else one visitor could push all others' out */
};

/* One thing that a response, or its request, carried. */
struct inventory_note {
	uint8_t what, action, class, pack; /* enum inventory_what, tc_action, tc_class, tc_pack */
	bool third_party, removed, closed;
	uint8_t n;
	char name[INVENTORY_NAME_MAX];
};

/* Of one response: each thing once. */
struct inventory_notes {
	size_t n, open;
	unsigned unkept;
	struct inventory_note v[INVENTORY_NOTES];
};

/* name: of a cookie, as it came; masked here unless it is closed. What cannot be a name is not kept. */
void inventory_note(struct inventory_notes *to, const struct inventory_note *like, struct tc_str name);

/* A cookie's name without what may be an id: digits, and longer runs of letters and digits mixed, are one '#'. */
size_t inventory_mask(struct tc_str name, char out[INVENTORY_NAME_MAX]);

/* Adds what one response of a site carried; from any thread. gave_up: it could not be looked through to its end. */
void inventory_take(const struct config_site *site, const struct inventory_notes *notes, int32_t day, int64_t k, bool gave_up);

/*
 * The same of the cookies that a response of the origin sets, and of nothing else: for sites that filter, where a promise
 * wants them listed.
 */
void inventory_cookies(const struct config_site *site, const struct tc_fields *response, int32_t day, int64_t k);

struct inventory_cookie {
	char name[INVENTORY_NAME_MAX];
	uint8_t n, class; /* enum tc_class */
	int32_t first, last;
};

/* Those that a site's responses set and that may be shown, by name, `most` at most. Returns how many. */
size_t inventory_cookies_seen(const struct config_site *site, struct inventory_cookie *out, size_t most);

/* All sites, or the one whose first host this is (n > 0), as JSON. -1: no room. */
int inventory_write(struct buf *out, int64_t k, struct tc_str host);

#endif
