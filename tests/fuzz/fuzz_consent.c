/*
 * fuzz_consent.c: Cookie fields with any bytes (a newline begins another one), through all built-in readers. Nothing
 * essential is ever named, what one cookie refuses no other one grants, tools that are not listed grant nothing, what
 * is put behind a refusal does not make it a grant, and a split cookie says what it says whole.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"
#include "config/config.h"
#include "consent/iab.h"
#include "consent/reader.h"
#include "mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

enum { TODAY = 20410, /* 2025-11-18 */
	FIELDS_MAX = 8 };

static bool all_listed[CONSENT_READERS_MAX], none_listed[CONSENT_READERS_MAX];

static const struct consent_readers *
built_in(void)
{
	static const char site[] = "version: 1\nsites:\n  - hosts: [\"*\"]\n    origin: {url: \"http://127.0.0.1:3000\"}\n";
	static struct config *config; /* lives as long as the process */
	struct messages *m;
	int r;

	if (config != NULL)
		return config->readers;
	memset(all_listed, 1, sizeof(all_listed));
	m = messages_new();
	r = config_load_text(TC_STR("t.yaml"), tc_str_of(site, sizeof(site) - 1), NULL, &config, m);
	messages_destroy(&m);
	if (r != 0)
		abort();
	return config->readers;
}

static void
check(const struct consent *c)
{
	assert((c->granted & c->denied) == 0);
	assert((c->denied & ~CONSENT_CLASSES) == 0);
	assert((c->granted & TC_ESSENTIAL) == 0);
}

/* A copy of exactly its size, so that a sanitizer sees one byte too far. */
static struct tc_str
exact(struct tc_str a, struct tc_str b)
{
	char *p = malloc(a.n + b.n > 0 ? a.n + b.n : 1);

	if (p == NULL)
		abort();
	if (a.n > 0)
		memcpy(p, a.p, a.n);
	if (b.n > 0)
		memcpy(p + a.n, b.p, b.n);
	return tc_str_of(p, a.n + b.n);
}

static void
release(struct tc_str s)
{
	free((void *)(uintptr_t)s.p);
}

/* ---- one value, by every reader, with something behind it ---- */

static const struct tc_str JUNK[] = {TC_STR_INIT("x"), TC_STR_INIT(",analytics:yes,marketing:true,c1:1"),
    TC_STR_INIT("&groups=C0002:1,C0004:1"), TC_STR_INIT("%2CC0004%3A1"), TC_STR_INIT("\"}"), TC_STR_INIT("A"),
    TC_STR_INIT("|consent:true"), TC_STR_INIT("!gtag=true!facebookpixel=true"), TC_STR_INIT("_1:true_2:true")};

static void
each_reader(const struct consent_readers *all, struct tc_str name, struct tc_str value)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct consent_reader *r = &all->v[i];
		struct consent alone, more;

		consent_apply(r, name, value, TODAY, &alone);
		check(&alone);
		assert(!alone.bad || alone.granted == 0);
		if (alone.denied != 0 && !r->missing_refuses) { /* one for each run: there are many readers */
			struct tc_str longer = exact(value, JUNK[(i + value.n) % (sizeof(JUNK) / sizeof(JUNK[0]))]);

			consent_apply(r, name, longer, TODAY, &more);
			assert((more.granted & alone.denied) == 0);
			release(longer);
		}
	}
}

static void
each_decoder(struct tc_str text)
{
	struct consent c;

	assert(!usp_read(text, &c) || (c.granted == 0 && c.denied == 0));
	if (tcf_read(text, TODAY, &c))
		check(&c);
	if (gpp_read(text, TODAY, &c))
		assert(!c.bad || c.granted == 0);
}

/* ---- whole requests ---- */

static int
read_fields(const struct consent_readers *all, const bool *listed, const struct tc_str *lines, size_t n, struct consent *out)
{
	struct tc_field v[FIELDS_MAX + 1];
	const struct tc_fields fs = {.v = v, .n = n, .cap = n};
	int count;

	for (size_t i = 0; i < n; i++)
		v[i] = (struct tc_field){.name = TC_STR("Cookie"), .value = lines[i], .id = TC_F_COOKIE};
	count = consent_read(all, listed, &fs, TODAY, NULL, out);
	check(out);
	return count;
}

static void
requests(const struct consent_readers *all, const struct tc_str *lines, size_t n)
{
	struct consent whole, first, rest, unlisted, refused;
	struct tc_str more[FIELDS_MAX + 1];
	int count = read_fields(all, all_listed, lines, n, &whole);

	(void)read_fields(all, none_listed, lines, n, &unlisted);
	assert(unlisted.granted == 0 && unlisted.denied == whole.denied && unlisted.out == whole.out && unlisted.bad == whole.bad);
	memcpy(more, lines, n * sizeof(*lines));
	more[n] = TC_STR("usprivacy=1YYN; notice_preferences=0:");
	(void)read_fields(all, all_listed, more, n + 1, &refused);
	if (count < CONSENT_COOKIES_MAX - 2)
		assert(refused.out && refused.denied == CONSENT_CLASSES && refused.granted == 0);
	if (count >= CONSENT_COOKIES_MAX || n < 2)
		return;
	(void)read_fields(all, all_listed, lines, n / 2, &first);
	(void)read_fields(all, all_listed, lines + n / 2, n - n / 2, &rest);
	assert((first.denied & ~whole.denied) == 0 && (rest.denied & ~whole.denied) == 0);
	assert((!first.out && !rest.out) || whole.out || whole.bad); /* a part of a split one may be in both */
}

static bool
is_plain(struct tc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || memchr(";=\"", s.p[i], 3) != NULL)
			return false;
	return s.n > 1 && s.n < CONSENT_COOKIE_MAX;
}

/* The whole in one cookie, and cut in two at some place. */
static void
split(const struct consent_readers *all, struct tc_str value)
{
	size_t at = value.n * 7 / 11;
	struct tc_str lines[2] = {exact(TC_STR("OTGPPConsent="), value)}, cut[2];
	struct consent whole, parts;

	(void)read_fields(all, all_listed, lines, 1, &whole);
	cut[0] = exact(TC_STR("OTGPPConsent="), tc_str_of(value.p, at));
	cut[1] = exact(TC_STR("OTGPPConsent2="), tc_str_of(value.p + at, value.n - at));
	(void)read_fields(all, all_listed, cut, 2, &parts);
	assert(whole.denied == parts.denied && whole.granted == parts.granted && whole.out == parts.out && whole.bad == parts.bad);
	release(lines[0]);
	release(cut[0]);
	release(cut[1]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct consent_readers *all = built_in();
	struct tc_str text = {(const char *)data, size}, rest = text, lines[FIELDS_MAX];
	size_t n = 0;

	if (size == 0 || size > 16384)
		return 0;
	while (rest.p != NULL && n < FIELDS_MAX)
		lines[n++] = tc_next(&rest, '\n');
	requests(all, lines, n);
	for (size_t i = 0; i < n; i++) {
		size_t at = tc_find_byte(lines[i], '=');
		struct tc_str name = tc_str_of(lines[i].p, at), value = lines[i];

		if (at == 0 || at == lines[i].n)
			continue;
		tc_skip(&value, at + 1);
		each_decoder(value);
		each_reader(all, name, value);
		if (is_plain(value))
			split(all, value);
	}
	return 0;
}

static const struct mutate_piece PIECES[] = {PIECE("OptanonConsent=groups=C0004:0\n"), PIECE("%2C"), PIECE("%253A"), PIECE("&groups="),
    PIECE("euconsent-v2="), PIECE("OTGPPConsent=DBABLA~"), PIECE("OTGPPConsent2="), PIECE("BVQVAAAAAgA.YA"), PIECE("{\"a\":"),
    PIECE("\"categories\":[\"analytics\"]"), PIECE("klaro="), PIECE("usprivacy=1YYN"), PIECE("; "), PIECE("FCCDCF=[\""), PIECE("c.marketing:1,"),
    PIECE("interactionCount=0&"), PIECE("!gtag=true")};

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return mutate(data, size, max, seed, PIECES, sizeof(PIECES) / sizeof(PIECES[0]));
}
