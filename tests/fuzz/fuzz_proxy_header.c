/*
 * fuzz_proxy_header.c: the PROXY header. Properties: a beginning that was refused or complete stays so whatever follows,
 * so no cut changes anything; nothing is read past the end; only a complete header says something; what version 1 says is
 * said again by version 2.
 */
#include "http/proxy_header.h"

#include <stdlib.h>

#include "base/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool good)
{
	if (!good)
		abort();
}

/* An exact copy on the heap: the sanitizer sees a byte too far. */
static int
read_copy(const uint8_t *data, size_t n, struct proxy_header *out)
{
	char *copy = malloc(n > 0 ? n : 1);
	int r;

	must(copy != NULL);
	memcpy(copy, data, n);
	r = proxy_header_read(tc_str_of(copy, n), out);
	free(copy);
	must(r >= -1 && (r <= 0 || (size_t)r <= n));
	must(r > 0 || (out->source.family == 0 && !out->tls));
	must(out->source.family == 0 || out->source.family == 4 || out->source.family == 6);
	return r;
}

/* The address of a version 1 line, as version 2 has it. */
static void
check_again(const struct proxy_header *h)
{
	static const char signature[12] = "\r\n\r\n\0\r\nQUIT\n";
	uint8_t v2[52] = {0};
	size_t n = h->source.family == 4 ? 28 : 52;
	struct proxy_header again;

	memcpy(v2, signature, sizeof(signature));
	v2[12] = 0x21;
	v2[13] = h->source.family == 4 ? 0x11 : 0x21;
	v2[15] = (uint8_t)(n - 16);
	memcpy(v2 + 16, h->source.ip + (h->source.family == 4 ? 12 : 0), h->source.family == 4 ? 4 : 16);
	must(read_copy(v2, n, &again) == (int)n);
	must(memcmp(&again, h, sizeof(again)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_header whole, h;
	int r, before = 0;
	size_t step = size / 512 + 1;

	if (size > PROXY_V2_MAX + 100)
		return 0;
	r = read_copy(data, size, &whole);
	must(r != 0 || size < PROXY_V2_MAX);
	for (size_t n = 0; n < size; n += size - n <= 40 || n < 200 ? 1 : step) {
		int k = read_copy(data, n, &h);

		must(before == 0 || k == before);
		must(k == 0 || k == r);
		must(k <= 0 || memcmp(&h, &whole, sizeof(h)) == 0);
		must(r <= 0 || n < (size_t)r || k == r); /* what stands behind it is not needed */
		before = k;
	}
	if (r > 0 && data[0] == 'P' && whole.source.family != 0)
		check_again(&whole);
	return 0;
}
