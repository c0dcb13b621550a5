/* date.h: HTTP dates (RFC 9110 5.6.7). */
#ifndef HTTP_DATE_H
#define HTTP_DATE_H

#include <time.h>

#define HTTP_DATE_LENGTH 29

/* "Sat, 21 Nov 2026 12:00:00 GMT", not terminated. Cached per thread for a second. */
void http_date(time_t t, char out[HTTP_DATE_LENGTH]);

#endif
