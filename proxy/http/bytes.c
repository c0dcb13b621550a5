/* bytes.c: the table behind is_token(). */
#include "http/bytes.h"

#define DIGITS ['0' ... '9'] = 1
#define LETTERS ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1

const uint8_t bytes_token[256] = {
	DIGITS,
	LETTERS,
	['!'] = 1,
	['#'] = 1,
	['$'] = 1,
	['%'] = 1,
	['&'] = 1,
	['\''] = 1,
	['*'] = 1,
	['+'] = 1,
	['-'] = 1,
	['.'] = 1,
	['^'] = 1,
	['_'] = 1,
	['`'] = 1,
	['|'] = 1,
	['~'] = 1,
};
