/* verify.h: what the files of `tacet verify` have together. */
#ifndef CLI_VERIFY_H
#define CLI_VERIFY_H

#include "core/verify.h"

/* The rows of a run, in their order. */
struct verify_rows {
	const struct verify_row *v;
	size_t n;
	size_t count[VERIFY_VERDICTS];
	struct tc_str file; /* the configuration */
	bool verbose;       /* text: those that are fine, too */
};

/* One for each --format. */
void verify_print_text(const struct verify_rows *r);
void verify_print_json(const struct verify_rows *r);
void verify_print_junit(const struct verify_rows *r);
void verify_print_sarif(const struct verify_rows *r);

#endif
