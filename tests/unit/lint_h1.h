/*
 * lint_h1.h: what "unambiguous" means for bytes that we send, as a second and independent reader of RFC 9112.
 * It knows nothing of proxy/http. Each function returns NULL, or what is wrong.
 */
#ifndef TESTS_LINT_H1_H
#define TESTS_LINT_H1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct lint_head {
	size_t length, size; /* of the head; of the body by Content-Length */
	unsigned lengths, codings, hosts;
	bool request, chunked_exactly, minor0;
};

static inline bool
lint_is_token(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] == '\0' || strchr("!#$%&'*+.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ-",
					p[i]) == NULL)
			return false;
	return n > 0;
}

static inline bool
lint_named(const char *p, size_t n, const char *name)
{
	return n == strlen(name) && strncasecmp(p, name, n) == 0;
}

/* "[v6]" or a name, then ":" and up to five digits; no comma, no userinfo. */
static inline bool
lint_is_host(const char *p, size_t n)
{
	static const char name[] = "._~!$&'()*+;=%-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	bool v6 = n > 0 && p[0] == '[';
	const char *allowed = v6 ? "0123456789abcdefABCDEF:." : name;
	size_t i = v6 ? 1 : 0, digits = 0;

	while (i < n && p[i] != '\0' && strchr(allowed, p[i]) != NULL)
		i++;
	if (v6 && (i == 1 || i == n || p[i++] != ']'))
		return false;
	if (i == n)
		return true;
	if (p[i] != ':')
		return false;
	while (++i < n && p[i] >= '0' && p[i] <= '9')
		digits++;
	return i == n && digits <= 5;
}

static inline const char *
lint_length(const char *p, size_t n, struct lint_head *h)
{
	if (n == 0 || n > 18)
		return "Content-Length: digits";
	h->size = 0;
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return "Content-Length: not a number";
		h->size = h->size * 10 + (size_t)(p[i] - '0');
	}
	return NULL;
}

static inline const char *
lint_field(const char *p, size_t n, struct lint_head *h)
{
	const char *colon = n > 0 ? memchr(p, ':', n) : NULL;

	if (n > 0 && (p[0] == ' ' || p[0] == '\t'))
		return "obs-fold";
	if (colon == NULL || !lint_is_token(p, (size_t)(colon - p)))
		return "field line";

	size_t name = (size_t)(colon - p);
	const char *v = colon + 1;
	size_t vn = n - name - 1;

	for (size_t i = 0; i < vn; i++)
		if (((unsigned char)v[i] < 0x20 && v[i] != '\t') || v[i] == 0x7f)
			return "control byte in a value";
	while (vn > 0 && (v[0] == ' ' || v[0] == '\t')) {
		v++;
		vn--;
	}
	while (vn > 0 && (v[vn - 1] == ' ' || v[vn - 1] == '\t'))
		vn--;
	if (h->request && lint_named(p, name, "host")) {
		h->hosts++;
		return lint_is_host(v, vn) ? NULL : "Host";
	}
	if (lint_named(p, name, "content-length")) {
		h->lengths++;
		return lint_length(v, vn, h);
	}
	if (lint_named(p, name, "transfer-encoding")) {
		h->codings++;
		h->chunked_exactly = lint_named(v, vn, "chunked");
	}
	if (lint_named(p, name, "proxy-connection") || lint_named(p, name, "keep-alive") ||
	    lint_named(p, name, "http2-settings"))
		return "hop-by-hop field";
	return NULL;
}

/* method SP visible-bytes SP HTTP/1.x */
static inline const char *
lint_request_line(const char *p, size_t n, struct lint_head *h)
{
	const char *sp = n > 0 ? memchr(p, ' ', n) : NULL;
	size_t method = sp != NULL ? (size_t)(sp - p) : 0;

	if (sp == NULL || n < method + 11 || !lint_is_token(p, method))
		return "request line";
	for (size_t i = method + 1; i < n - 9; i++)
		if ((unsigned char)p[i] <= 0x20 || (unsigned char)p[i] >= 0x7f)
			return "target";
	if (memcmp(p + n - 9, " HTTP/1.", 8) != 0 || (p[n - 1] != '0' && p[n - 1] != '1'))
		return "version";
	h->minor0 = p[n - 1] == '0';
	return NULL;
}

static inline const char *
lint_status_line(const char *p, size_t n)
{
	if (n < 13 || memcmp(p, "HTTP/1.1 ", 9) != 0 || p[9] < '1' || p[9] > '5' || p[10] < '0' || p[10] > '9' ||
	    p[11] < '0' || p[11] > '9' || p[12] != ' ')
		return "status line";
	return NULL;
}

static inline const char *
lint_head(const char *p, size_t n, bool request, struct lint_head *h)
{
	const char *end = n > 0 ? memmem(p, n, "\r\n\r\n", 4) : NULL, *bad;
	bool first = true;

	*h = (struct lint_head){.request = request};
	if (end == NULL)
		return "unfinished head";
	h->length = (size_t)(end - p) + 4;
	for (size_t i = 0; i < h->length; i++)
		if ((p[i] == '\n' && (i == 0 || p[i - 1] != '\r')) ||
		    (p[i] == '\r' && (i + 1 == h->length || p[i + 1] != '\n')))
			return "bare CR or LF";
	for (const char *line = p; line <= end; first = false) {
		const char *eol = memmem(line, (size_t)(end + 2 - line), "\r\n", 2);
		size_t length = (size_t)(eol - line);

		if (first)
			bad = request ? lint_request_line(line, length, h) : lint_status_line(line, length);
		else
			bad = lint_field(line, length, h);
		if (bad != NULL)
			return bad;
		line = eol + 2;
	}
	if (h->lengths > 1 || h->codings > 1 || (h->lengths > 0 && h->codings > 0))
		return "several framings";
	if (h->codings > 0 && (!h->chunked_exactly || h->minor0))
		return "Transfer-Encoding";
	if (request && !h->minor0 && h->hosts != 1)
		return "Host count";
	return NULL;
}

/* Adds the length of a whole chunked body to *at. */
static inline const char *
lint_chunks(const char *p, size_t n, size_t *at)
{
	for (;;) {
		uint64_t size = 0;
		size_t digits = 0;

		for (; *at < n && p[*at] != '\0' && strchr("0123456789abcdefABCDEF", p[*at]) != NULL; ++*at, digits++)
			size = size << 4 | (uint64_t)(p[*at] <= '9' ? p[*at] - '0' : (p[*at] | 0x20) - 'a' + 10);
		if (digits == 0 || digits > 16 || n - *at < 2 || memcmp(p + *at, "\r\n", 2) != 0)
			return "chunk line";
		*at += 2;
		if (size == 0)
			break;
		if (size > n - *at || n - *at - size < 2 || memcmp(p + *at + size, "\r\n", 2) != 0)
			return "chunk";
		*at += size + 2;
	}
	if (n - *at < 2 || memcmp(p + *at, "\r\n", 2) != 0)
		return "trailers"; /* we send none */
	*at += 2;
	return NULL;
}

/* A stream of whole requests. */
static inline const char *
lint_requests(const char *p, size_t n, unsigned *count)
{
	struct lint_head h;
	const char *bad;
	size_t at = 0;

	for (*count = 0; at < n; ++*count) {
		bad = lint_head(p + at, n - at, true, &h);
		if (bad != NULL)
			return bad;
		at += h.length;
		if (h.codings > 0) {
			bad = lint_chunks(p, n, &at);
			if (bad != NULL)
				return bad;
		} else {
			if (h.size > n - at)
				return "unfinished body";
			at += h.size;
		}
	}
	return NULL;
}

#endif
