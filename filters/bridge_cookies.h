/* bridge_cookies.h: consent cookies that a visitor carries, made to say no. */
#ifndef TACET_BRIDGE_COOKIES_H
#define TACET_BRIDGE_COOKIES_H

#include "tacet/filter.h"

enum { BRIDGE_CMP = 4 }; /* the third word of the option */

struct bridge_cookies {
	uint32_t formats;
	tc_classes classes; /* what is refused */
};

/* In a response hook, for a page that is no one else's: sets each cookie that says something else. -1 at the arena's limit. */
int bridge_cookies(struct tc_call *c, const struct bridge_cookies *refused);

#endif
