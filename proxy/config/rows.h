/* rows.h: our rows of the option table; the filters bring their own. */
#ifndef CONFIG_ROWS_H
#define CONFIG_ROWS_H

#include "tacet/option.h"

#define ROW_NOWHERE ((size_t)-1) /* offset of a row that is checked and stored nowhere */

extern const struct tc_option row_table[];
extern const size_t row_table_count;

#endif
