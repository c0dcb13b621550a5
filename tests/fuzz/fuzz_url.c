/*
 * fuzz_url.c: any bytes as a URL in a page, and as a host.
 *
 * Asserted: slices stay in the text in the right order, the text in the buffer; hosts are lower case without what no
 * host holds; and resolving the result once more changes nothing.
 */
#include <assert.h>
#include <stdint.h>

#include "filters/match/match.h"
#include "filters/match/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
within(struct tc_str s, struct tc_str text)
{
	return s.p >= text.p && s.p + s.n <= text.p + text.n;
}

static void
check_host(struct tc_str host)
{
	assert(host.n > 0 && host.n < 256);
	for (size_t i = 0; i < host.n; i++) {
		assert(host.p[i] > ' ' && host.p[i] < 0x7f && !(host.p[i] >= 'A' && host.p[i] <= 'Z'));
		assert(strchr("/\\?#@[]%<>^|", host.p[i]) == NULL);
	}
}

static void
check(const struct url *u, const char *buf)
{
	assert(u->text.p == buf && u->text.n <= URL_MAX);
	assert(within(u->host, u->text) && within(u->path, u->text));
	assert(u->path.n > 0 && u->path.p[0] == '/' && u->host.p + u->host.n <= u->path.p);
	assert(u->port.n == 0 || (within(u->port, u->text) && u->port.p[-1] == ':'));
	assert(u->query.p == NULL || (within(u->query, u->text) && u->query.p[-1] == '?'));
	check_host(u->host);
	for (size_t i = 0; i < u->text.n; i++)
		assert(u->text.p[i] > ' ' && u->text.p[i] != '#' && (uint8_t)u->text.p[i] < 0x80);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char buf[URL_MAX + 64], again_buf[URL_MAX + 64], base_buf[URL_MAX + 64];
	struct url base, u, again;
	struct tc_str raw = tc_str_of((const char *)data, size);

	(void)url_resolve(&base, TC_STR("http://site.example:8080/a/b/c?d"), NULL, base_buf);
	memset(buf + URL_MAX, 0x55, 64);
	if (!url_resolve(&u, raw, &base, buf))
		assert(u.scheme == URL_UNKNOWN);
	assert(buf[URL_MAX] == 0x55);
	if (u.scheme >= URL_HTTP && u.scheme <= URL_WSS) {
		check(&u, buf);
		(void)psl_domain(u.host);
		/* Cut texts may lose half of an encoded byte or a dot segment; whole ones are a fixed point. */
		if (u.text.n < URL_MAX) {
			assert(url_resolve(&again, u.text, NULL, again_buf));
			assert(again.scheme == u.scheme && tc_eq(again.text, u.text) && tc_eq(again.host, u.host));
		}
	}
	return 0;
}
