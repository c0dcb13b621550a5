/* status.h: the text that tells an opted-out visitor that the opt-out was honoured (ux.md 1.1). */
#ifndef TACET_STATUS_H
#define TACET_STATUS_H

#include "tacet/filter.h"

extern const struct tc_filter filter_status;

/*
 * The text to put into this page; n = 0: none. There is one if and only if a person said no, the rule set names one
 * and the body is being filtered. May be asked by any filter.
 */
struct tc_str status_text(const struct tc_call *c);

#endif
