/* choice.h: the sticky choice cookie, tacet_choice=v1.STATE.MONTH.POLICY.MAC (signals.md 1.1). */
#ifndef CORE_CHOICE_H
#define CORE_CHOICE_H

#include "base/buf.h"
#include "core/decide.h"

struct choice_key; /* HMAC keys: the first signs, all verify. In `state` where configured. */

/* state n = 0: a random key that ends with the process. NULL and a line in why: the directory cannot be used. */
struct choice_key *choice_key_load(struct tc_str state, struct buf *why);
void choice_key_destroy(struct choice_key **k); /* wipes */

struct choice_cookie {
	enum choice state;
	tc_classes denied;
	int year, month; /* of the choice */
	int64_t policy;
	uint8_t switches; /* SWITCH_* */
};

/*
 * Reads all Cookie fields. Of several copies an "out" wins; "in" needs a valid MAC, "out" does not. Of the switches
 * the location is off if any copy says so, even one that does not count otherwise; export is granted if all copies that
 * count say so with a valid MAC. site: the site's first host. Returns false if there is none that counts.
 */
bool choice_read(const struct choice_key *k, struct tc_str site, const struct tc_fields *request,
    struct choice_cookie *out);

/* The whole value of Set-Cookie, in the arena; p = NULL at its limit. */
struct tc_str choice_write(const struct choice_key *k, struct tc_str site, const struct choice_cookie *cookie,
    struct tc_arena *arena);

/*
 * A MAC over text for another purpose than the cookie (token.h), which no host's name may look like. At most 64 bytes each;
 * the first key signs, all verify.
 */
enum { CHOICE_MAC_TEXT = 22 };
void choice_sign(const struct choice_key *k, struct tc_str purpose, struct tc_str text, char out[CHOICE_MAC_TEXT]);
bool choice_signed(const struct choice_key *k, struct tc_str purpose, struct tc_str text, struct tc_str mac);

/* Takes tacet_choice out of the Cookie fields: it never goes to the origin. */
int choice_strip(struct tc_fields *request);

#endif
