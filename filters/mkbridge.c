/*
 * mkbridge.c: a program of the build: writes the scripts that tell a page of its visitor's no, each with its hash for
 * content security policies.
 *
 *	mkbridge conf/bridge build/gen/bridge_scripts.c
 *
 * One script for each set of BRIDGE_* (bridge.h), made of the files in that order. What is for readers is not sent to
 * visitors: the comment at the front of a file, indentation.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge.h"

enum { SCRIPT_MAX = 16 * 1024 };

struct script {
	char text[SCRIPT_MAX];
	size_t n;
};

static void
fail(const char *what, const char *which)
{
	(void)fprintf(stderr, "mkbridge: %s: %s\n", what, which);
	exit(1);
}

static void
put(struct script *s, const char *p, size_t n)
{
	if (n > SCRIPT_MAX - s->n)
		fail("too long", "a script");
	memcpy(s->text + s->n, p, n);
	s->n += n;
}

static void
put_file(struct script *s, const char *directory, const char *name)
{
	static char buf[SCRIPT_MAX];
	char path[4096];
	const char *p = buf;
	size_t n;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	f = fopen(path, "rb");
	n = f != NULL ? fread(buf, 1, sizeof(buf) - 1, f) : 0;
	if (n == 0 || n == sizeof(buf) - 1 || fclose(f) != 0)
		fail("cannot read, or too long", path);
	buf[n] = '\0';
	if (strncmp(p, "/*", 2) == 0)
		p = strstr(p, "*/");
	if (p == NULL)
		fail("comment without an end", path);
	if (p != buf)
		p += 3;
	while (*p != '\0') {
		const char *line = p + strspn(p, "\t");

		p = line + strcspn(line, "\n");
		p += *p == '\n';
		put(s, line, (size_t)(p - line));
	}
}

/* The one word that stands for something. */
static void
replace(struct script *s, const char *word, const char *with)
{
	static struct script whole;
	const char *at;

	s->text[s->n] = '\0';
	at = strstr(s->text, word);
	if (at == NULL)
		fail("is not there", word);
	whole.n = 0;
	put(&whole, s->text, (size_t)(at - s->text));
	put(&whole, with, strlen(with));
	at += strlen(word);
	put(&whole, at, s->n - (size_t)(at - s->text));
	*s = whole;
}

static void
make(struct script *s, const char *directory, unsigned set)
{
	static const char begin[] = "(function(){\"use strict\";\n", end[] = "})();";

	s->n = 0;
	put(s, begin, sizeof(begin) - 1);
	put_file(s, directory, "signal.js");
	replace(s, "ANALYTICS", (set & BRIDGE_ANALYTICS) != 0 ? ", analytics_storage: 'denied'" : "");
	if ((set & (BRIDGE_USPRIVACY | BRIDGE_GPP)) != 0)
		put_file(s, directory, "_frames.js");
	if ((set & BRIDGE_USPRIVACY) != 0)
		put_file(s, directory, "usprivacy.js");
	if ((set & BRIDGE_GPP) != 0)
		put_file(s, directory, "gpp.js");
	put(s, end, sizeof(end) - 1);
	s->text[s->n] = '\0';
	if (strstr(s->text, "</") != NULL || strstr(s->text, "<!--") != NULL)
		fail("cannot stand in a page", "a script");
}

/* ---- SHA-256 (FIPS 180-4) ---- */

/* The first 32 bits of the fractional part of the n-th root of x: how the constants are defined. */
static uint32_t
fraction(unsigned x, int root)
{
	long double low = 0, high = x;

	for (int i = 0; i < 100; i++) {
		long double mid = (low + high) / 2, power = root == 2 ? mid * mid : mid * mid * mid;

		*(power > x ? &high : &low) = mid;
	}
	return (uint32_t)((low - (long double)(uint32_t)low) * 4294967296.0L);
}

static void
constants(uint32_t h[8], uint32_t k[64])
{
	unsigned n = 0;

	for (unsigned x = 2; n < 64; x++) {
		unsigned d = 2;

		while (x % d != 0)
			d++;
		if (d < x)
			continue;
		if (n < 8)
			h[n] = fraction(x, 2);
		k[n++] = fraction(x, 3);
	}
}

static uint32_t
turn(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

static void
block(uint32_t h[8], const uint32_t k[64], const unsigned char *p)
{
	uint32_t w[64], v[8];

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
	for (int i = 16; i < 64; i++)
		w[i] = w[i - 16] + (turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7] +
		    (turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10);
	memcpy(v, h, sizeof(v));
	for (int i = 0; i < 64; i++) {
		uint32_t a = v[7] + (turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[i] + w[i];
		uint32_t b = (turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += a;
		v[0] = a + b;
	}
	for (int i = 0; i < 8; i++)
		h[i] += v[i];
}

static void
sha256(const char *text, size_t n, unsigned char out[32])
{
	static unsigned char p[SCRIPT_MAX + 128];
	size_t whole = (n + 9 + 63) / 64 * 64;
	uint32_t h[8], k[64];

	constants(h, k);
	memset(p, 0, sizeof(p));
	memcpy(p, text, n);
	p[n] = 0x80;
	for (int i = 0; i < 8; i++)
		p[whole - 1 - (size_t)i] = (unsigned char)((uint64_t)n * 8 >> (8 * i));
	for (size_t at = 0; at < whole; at += 64)
		block(h, k, p + at);
	for (int i = 0; i < 32; i++)
		out[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}

/* ---- the file ---- */

static void
write_hash(FILE *out, const unsigned char hash[32])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char h[33] = {0};

	memcpy(h, hash, 32);
	(void)fputs("TC_STR_INIT(\"'sha256-", out);
	for (int i = 0; i < 33; i += 3) {
		uint32_t bits = (uint32_t)h[i] << 16 | (uint32_t)h[i + 1] << 8 | h[i + 2];

		for (int s = 18; s >= 0; s -= 6)
			(void)fputc(i == 30 && s == 0 ? '=' : digits[bits >> s & 63], out);
	}
	(void)fputs("'\")", out);
}

static void
write_script(FILE *out, const struct script *s)
{
	unsigned char hash[32];

	(void)fputs("\t{TC_STR_INIT(\"", out);
	for (size_t i = 0; i < s->n; i++) {
		if (s->text[i] == '"' || s->text[i] == '\\')
			(void)fputc('\\', out);
		if (s->text[i] == '\n')
			(void)fputs("\\n\"\n\t\"", out);
		else
			(void)fputc(s->text[i], out);
	}
	(void)fputs("\"), ", out);
	sha256(s->text, s->n, hash);
	write_hash(out, hash);
	(void)fputs("},\n", out);
}

int
main(int argc, char **argv)
{
	static struct script script;
	FILE *out;

	if (argc != 3) {
		(void)fputs("usage: mkbridge DIRECTORY FILE.c\n", stderr);
		return 2;
	}
	out = fopen(argv[2], "w");
	if (out == NULL)
		fail("cannot write", argv[2]);
	(void)fprintf(out, "/* made by mkbridge from %s */\n#include \"bridge.h\"\n\n", argv[1]);
	(void)fputs("const struct bridge_script bridge_scripts[BRIDGE_SETS] = {\n", out);
	for (unsigned set = 0; set < BRIDGE_SETS; set++) {
		make(&script, argv[1], set);
		write_script(out, &script);
	}
	(void)fputs("};\n", out);
	if (ferror(out) || fclose(out) != 0)
		fail("cannot write", argv[2]);
	return 0;
}
