/* day.h: days of the calendar, counted from 1970-01-01 (proleptic Gregorian, UTC). */
#ifndef BASE_DAY_H
#define BASE_DAY_H

#include "tacet/str.h"

#define DATE_LENGTH 10

/* "2026-11-21" and nothing around it -> 20778. false: no day of the years 1 to 9999. */
bool date_parse(struct tc_str text, int32_t *day);

/* The inverse, with a zero; days outside those years become the nearest one inside. */
void date_text(int32_t day, char out[DATE_LENGTH + 1]);

/* The day of a moment, in seconds since 1970-01-01T00:00Z. */
int32_t date_of(int64_t seconds);

#endif
