/* fuzz_zstd.c: zstd, in frames, alone and around br (codings.h says what is asserted). */
#include "codings.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tc_str unpack[2] = {TC_STR_INIT("zstd"), TC_STR_INIT("br, zstd")};

	try_codings(data, size, unpack, TC_STR("zstd"));
	return 0;
}
