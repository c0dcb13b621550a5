/* scalar.h: one parser for each option type. The type comes from the schema, never from YAML's guess. */
#ifndef CONFIG_SCALAR_H
#define CONFIG_SCALAR_H

#include "config/load.h"

/* Why a text was refused. */
struct scalar_fault {
	const char *code;
	char text[200]; /* "\"12:30\" is not an integer" */
	char hint[400];
	struct tc_str suggestion;
};

/*
 * Reads one scalar of the type into out (option.h says what C type). Of a list type it reads one item: FLAGS
 * adds its bit, WORDS and STRS give a struct tc_str. shown is what may be printed of text; noun is what a word
 * is called ("signal"). The memory of text must outlive out.
 */
bool scalar_read(const struct tc_option *row, struct tc_str text, struct tc_str shown, const char *noun, void *out,
    struct scalar_fault *fault);

/* Whether the type is a list of words or texts. */
bool scalar_is_list(enum tc_option_type type);

/* Bytes of the C type behind an option. */
size_t scalar_size(enum tc_option_type type);

/* What a user calls the type: "true or false". */
const char *scalar_type_name(enum tc_option_type type);

/* Fits "a|b|c"? The index, or -1. */
int word_index(const char *bounds, struct tc_str word);

/* "http://host[:port][/...]" taken apart; host with brackets for IPv6, port 0: none. false: not that. */
struct url_parts {
	struct tc_str scheme, host, path;
	int port;
};
bool url_split(struct tc_str text, struct url_parts *out);

/* Letters, digits, '-', '.', '_': a host name; or an IPv4 address, or [IPv6]. */
bool host_ok(struct tc_str host);

#endif
