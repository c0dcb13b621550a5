/* fuzz_gzip.c: gzip, in members, and deflate, with and without zlib's head (codings.h says what is asserted). */
#include "codings.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tc_str unpack[2] = {TC_STR_INIT("gzip"), TC_STR_INIT("deflate")};

	try_codings(data, size, unpack, TC_STR("gzip"));
	return 0;
}
