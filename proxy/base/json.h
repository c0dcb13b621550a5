/*
 * json.h: reads JSON (RFC 8259) in memory, strictly, without a tree: the reader walks, and takes what it wants.
 *
 *	struct json j = json_of(text);
 *	if (json_enter(&j, '{'))
 *		while (json_member(&j, &key))
 *			if (tc_eq(key, TC_STR("entries")) && json_enter(&j, '['))
 *				while (json_item(&j))
 *					...		take or skip each value exactly once
 *			else
 *				json_skip(&j);
 *	fine = json_end(&j);
 *
 * After the first thing that is no JSON everything is false, and `bad` says where.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "tacet/arena.h"

enum { JSON_DEPTH_MAX = 512 };

struct json {
	struct tc_str all, rest;
	const char *bad; /* NULL: all is well so far */
	unsigned depth;
	bool first; /* nothing stands before the next member or item */
};

struct json json_of(struct tc_str text); /* a byte order mark is no part of it */

/* Goes into an object ('{') or an array ('['). false: the value is something else, and has been skipped; or j is bad. */
bool json_enter(struct json *j, char open);

/* The next member of the object, key as it is written; its value comes next. false: that was all, and j is behind it. */
bool json_member(struct json *j, struct tc_str *key);
/* The next item of the array. */
bool json_item(struct json *j);

/* Any value; *raw, if not NULL: as it is written, for another reader. */
bool json_skip(struct json *j, struct tc_str *raw);

/*
 * A string: within the text where it has no escapes, else in the arena; lone surrogates are U+FFFD. Something else is
 * skipped. p NULL: it was none, j is bad, or the arena is full.
 */
struct tc_str json_string(struct json *j, struct tc_arena *arena);

/* Nothing stands behind the value. */
bool json_end(struct json *j);

#endif
