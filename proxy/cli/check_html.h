/* check_html.h: `tacet check --html`: what a saved page says about opting out. */
#ifndef CLI_CHECK_HTML_H
#define CLI_CHECK_HTML_H

#include "config/config.h"

/*
 * Adds an error for each link to an opt-out tool of the advertising industry, and one where no link leads to the choices
 * page, unless c puts it into every page. c NULL: of no configuration, the page is at /privacy-choices. 0, or -1: the file
 * cannot be read, which is an error too.
 */
int check_html(const char *file, const struct config *c, struct messages *m);

#endif
