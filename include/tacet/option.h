/*
 * option.h: one row per option. From the rows come parsing, checks, `tacet help TOPIC` and the tests that the
 * manual and the sample file mention every one. Defaults and bounds are written as a user would write
 * them and pass through the same parser.
 */
#ifndef TACET_OPTION_H
#define TACET_OPTION_H

#include <stdbool.h>
#include <stddef.h>

/* What a scalar may be, and the C type behind `offset`. */
enum tc_option_type {
	TC_OPT_BOOL,     /* true | false                        -> bool */
	TC_OPT_INT,      /* digits; bounds "MIN..MAX"           -> int64_t */
	TC_OPT_DURATION, /* 10s, 500ms, 25 months; "MIN..MAX"   -> int64_t, milliseconds */
	TC_OPT_SIZE,     /* 32KiB, 2MiB, 512; "MIN..MAX"        -> int64_t, bytes */
	TC_OPT_ENUM,     /* bounds "a|b|c"                      -> int, index into bounds */
	TC_OPT_FLAGS,    /* list of words; bounds "a|b|c"       -> uint32_t, bit i = word i */
	TC_OPT_WORDS,    /* list of words, bounds as FLAGS but other words are kept too -> struct tc_strs */
	TC_OPT_STR,      /* text                                -> struct tc_str */
	TC_OPT_STRS,     /* list of text                        -> struct tc_strs */
	TC_OPT_DECIMAL,  /* 0.5, 1e-6: checked, kept as text    -> struct tc_str */
	TC_OPT_URL,      /* http://host[:port] or https, unix:  -> struct tc_str */
	TC_OPT_ADDRESS,  /* addr:port, [v6]:port; bounds "unix"  -> struct tc_str */
	TC_OPT_ANY,      /* any node: checked by code of its own; nothing is stored by the table */
};

struct tc_option {
	const char *path; /* "rule_sets.*.cookies.request", "sites[].hosts": '*' any key, [] any item */
	enum tc_option_type type;
	const char *value;  /* default, as a user would write it; NULL: none */
	const char *bounds; /* see the types; NULL: any */
	const char *help;   /* one line */
	size_t offset;      /* into the struct that this part of the path fills */
	bool later;         /* checked, but its engine is not there yet: one warning names it */
};

#endif
