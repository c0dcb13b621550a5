/* contain.h: the second content security policy (html.md 4.3), for who else has to know of it. */
#ifndef TACET_CONTAIN_H
#define TACET_CONTAIN_H

#include "tacet/contain.h"
#include "tacet/filter.h"

extern const struct tc_filter filter_contain;

#endif
