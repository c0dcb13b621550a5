/* fuzz_brotli.c: br, alone and around gzip (codings.h says what is asserted). */
#include "codings.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tc_str unpack[2] = {TC_STR_INIT("br"), TC_STR_INIT("gzip, br")};

	try_codings(data, size, unpack, TC_STR("br"));
	return 0;
}
