/* html.h: the filter that rewrites pages. */
#ifndef TACET_HTML_H
#define TACET_HTML_H

#include "tacet/filter.h"

extern const struct tc_filter filter_html;

#endif
