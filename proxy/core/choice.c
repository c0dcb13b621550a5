/*
 * choice.c: the sticky choice cookie, read, written and kept from the origin (signals.md 1.1).
 *
 *	tacet_choice=v1.out-0f01.2026-11.1.Zm9vYmFyYmF6cXV4cXV1eA
 *	             |  |   | |  |       | 16 bytes of HMAC-SHA-256 over site and what stands before, base64url
 *	             |  |   | |  |       version of the policy text
 *	             |  |   | |  month of the choice
 *	             |  |   | switches, where the visitor set any (ADR 0018)
 *	             |  |   denied classes, where the visitor named any, or set a switch
 *	             |  out | in
 *	             version of the format
 */
#include "core/choice.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/crypto.h"

#define KEY_SIZE 32
#define KEYS_MAX 8
#define KEY_LINE (2 * KEY_SIZE + 1)
#define MAC_SIZE 16
#define MAC_TEXT CHOICE_MAC_TEXT /* of 16 bytes in base64url */
#define FIELDS_MAX 64 /* of the fields before the MAC, longest: v1.out-ffff.9999-12.<18 digits> */
#define VERIFY_MAX 8  /* copies in one request whose MAC is computed */
#define POLICY_DIGITS 18
#define SWITCHES (SWITCH_LOCATION_OFF | SWITCH_EXPORT) /* all there are; other bits say nothing */

static const struct tc_str NAME = TC_STR_INIT("tacet_choice");

struct choice_key {
	size_t n;
	uint8_t key[KEYS_MAX][KEY_SIZE];
};

/* ---- keys ---- */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
key_parse(struct tc_str line, uint8_t out[KEY_SIZE])
{
	if (line.n != 2 * KEY_SIZE)
		return false;
	for (size_t i = 0; i < KEY_SIZE; i++) {
		int high = hex_digit(line.p[2 * i]), low = hex_digit(line.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* One key a line, 64 hex digits; empty lines are skipped. */
static bool
keys_parse(struct choice_key *k, struct tc_str text)
{
	while (text.p != NULL) {
		struct tc_str line = tc_next(&text, '\n');

		if (line.n == 0)
			continue;
		if (k->n == KEYS_MAX || !key_parse(line, k->key[k->n]))
			return false;
		k->n++;
	}
	return k->n > 0;
}

/* The whole of a small private file, or why not. */
static const char *
read_private(const char *path, char *text, size_t room, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t got;

	if (fd == -1)
		return strerror(errno);
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return "not a regular file";
	}
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		(void)close(fd);
		return "others may read it: chmod 600";
	}
	got = read(fd, text, room);
	(void)close(fd);
	if (got == -1)
		return strerror(errno);
	*n = (size_t)got;
	return *n < room ? NULL : "too long";
}

static const char *
keys_read(struct choice_key *k, const char *path)
{
	char text[KEYS_MAX * KEY_LINE + KEYS_MAX + 1];
	size_t n = 0;
	const char *fault = read_private(path, text, sizeof(text), &n);

	if (fault == NULL && !keys_parse(k, tc_str_of(text, n)))
		fault = "not a list of keys of 64 hex digits, one a line";
	explicit_bzero(text, sizeof(text));
	return fault;
}

static const char *
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done == -1 && errno == EINTR)
			continue;
		if (done == -1)
			return strerror(errno);
		p += done;
		n -= (size_t)done;
	}
	return fsync(fd) == 0 ? NULL : strerror(errno);
}

/*
 * Writes a new key beside path and links it there, so that nobody ever reads half a key. Another process may be
 * first: its key counts then.
 */
static const char *
key_create(const char *path, const char *scratch)
{
	uint8_t key[KEY_SIZE];
	char line[KEY_LINE + 1];
	const char *fault;
	int fd;

	if (!crypto_random(key, sizeof(key)))
		return "no random numbers";
	fd = open(scratch, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return strerror(errno);
	for (size_t i = 0; i < KEY_SIZE; i++)
		(void)snprintf(line + 2 * i, 3, "%02x", key[i]);
	line[KEY_LINE - 1] = '\n';
	fault = write_all(fd, line, KEY_LINE);
	(void)close(fd);
	if (fault == NULL && link(scratch, path) == -1 && errno != EEXIST)
		fault = strerror(errno);
	(void)unlink(scratch);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(line, sizeof(line));
	return fault;
}

static const char *
keys_load(struct choice_key *k, struct tc_str state)
{
	char path[4096], scratch[sizeof(path) + 16];
	const char *fault;

	if (state.n + sizeof("/choice.key") > sizeof(path))
		return "the path is too long";
	(void)snprintf(path, sizeof(path), "%.*s", (int)state.n, state.p);
	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		return strerror(errno);
	(void)snprintf(path, sizeof(path), "%.*s/choice.key", (int)state.n, state.p);
	(void)snprintf(scratch, sizeof(scratch), "%s.%ld", path, (long)getpid());
	if (access(path, F_OK) == -1) {
		fault = key_create(path, scratch);
		if (fault != NULL)
			return fault;
	}
	return keys_read(k, path);
}

struct choice_key *
choice_key_load(struct tc_str state, struct buf *why)
{
	struct choice_key *k = crypto_pages(sizeof(*k));
	const char *fault = NULL;

	if (k == NULL)
		return NULL;
	if (state.n > 0)
		fault = keys_load(k, state);
	else if (crypto_random(k->key[0], KEY_SIZE))
		k->n = 1;
	else
		fault = "no random numbers";
	if (fault == NULL)
		return k;
	if (why != NULL)
		(void)buf_printf(why, "%.*s%schoice.key: %s\n", (int)state.n, state.p, state.n > 0 ? "/" : "",
		    fault);
	choice_key_destroy(&k);
	return NULL;
}

void
choice_key_destroy(struct choice_key **pk)
{
	if (*pk == NULL)
		return;
	crypto_pages_free(*pk, sizeof(**pk));
	*pk = NULL;
}

/* ---- the MAC ---- */

static const char BASE64URL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void
base64url(const uint8_t in[MAC_SIZE], char out[MAC_TEXT])
{
	size_t k = 0;

	for (size_t i = 0; i < MAC_SIZE; i += 3) {
		uint32_t three = (uint32_t)in[i] << 16;

		if (i + 1 < MAC_SIZE)
			three |= (uint32_t)in[i + 1] << 8;
		if (i + 2 < MAC_SIZE)
			three |= in[i + 2];
		for (int shift = 18; shift >= 0 && k < MAC_TEXT; shift -= 6)
			out[k++] = BASE64URL[three >> shift & 63];
	}
	assert(k == MAC_TEXT);
}

/* MAC of "site NUL fields"; a site is a host pattern and holds no NUL. */
static void
mac_text(const uint8_t key[KEY_SIZE], struct tc_str site, struct tc_str fields, char out[MAC_TEXT])
{
	char data[256 + 1 + FIELDS_MAX];
	uint8_t mac[CRYPTO_MAC_SIZE];
	size_t n = site.n <= 256 ? site.n : 256;

	assert(fields.n <= FIELDS_MAX);
	if (n > 0)
		memcpy(data, site.p, n);
	data[n++] = '\0';
	memcpy(data + n, fields.p, fields.n);
	crypto_hmac_sha256(key, KEY_SIZE, tc_str_of(data, n + fields.n), mac);
	base64url(mac, out);
}

static bool
mac_valid(const struct choice_key *k, struct tc_str site, struct tc_str fields, struct tc_str mac)
{
	bool valid = false;

	assert(mac.n == MAC_TEXT);
	for (size_t i = 0; i < k->n; i++) {
		char want[MAC_TEXT];

		mac_text(k->key[i], site, fields, want);
		valid |= crypto_equal(want, mac.p, MAC_TEXT);
	}
	return valid;
}

void
choice_sign(const struct choice_key *k, struct tc_str purpose, struct tc_str text, char out[CHOICE_MAC_TEXT])
{
	mac_text(k->key[0], purpose, text, out);
}

bool
choice_signed(const struct choice_key *k, struct tc_str purpose, struct tc_str text, struct tc_str mac)
{
	return text.n <= FIELDS_MAX && mac.n == MAC_TEXT && mac_valid(k, purpose, text, mac);
}

/* ---- one cookie's value ---- */

struct parsed {
	struct choice_cookie cookie;
	struct tc_str fields, mac;
};

/* Digits only; false also for more than max of them, or none. */
static bool
number_parse(struct tc_str s, size_t max, int64_t *out)
{
	*out = 0;
	if (s.n == 0 || s.n > max)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*out = *out * 10 + (s.p[i] - '0');
	}
	return true;
}

/* Two hex digits off the front of *s. */
static bool
byte_parse(struct tc_str *s, uint8_t *out)
{
	int high, low;

	if (s->n < 2)
		return false;
	high = hex_digit(s->p[0]);
	low = hex_digit(s->p[1]);
	tc_skip(s, 2);
	*out = (uint8_t)((unsigned)high << 4 | (unsigned)low);
	return high >= 0 && low >= 0;
}

/* "out", "in-0b", "out-0f01" */
static bool
state_parse(struct tc_str s, struct choice_cookie *c)
{
	uint8_t denied, switches = 0;

	c->state = CHOICE_NONE;
	if (tc_starts(s, TC_STR("out"))) {
		c->state = CHOICE_OUT;
		tc_skip(&s, 3);
	} else if (tc_starts(s, TC_STR("in"))) {
		c->state = CHOICE_IN;
		tc_skip(&s, 2);
	}
	if (s.n == 0 || c->state == CHOICE_NONE)
		return c->state != CHOICE_NONE;
	if (s.p[0] != '-')
		return false;
	tc_skip(&s, 1);
	if (!byte_parse(&s, &denied) || (s.n > 0 && !byte_parse(&s, &switches)) || s.n > 0)
		return false;
	c->denied = (tc_classes)(denied & ~TC_ESSENTIAL);
	c->switches = switches & SWITCHES;
	return true;
}

static bool
month_parse(struct tc_str s, struct choice_cookie *c)
{
	int64_t year, month;

	if (s.n != 7 || s.p[4] != '-' || !number_parse(tc_str_of(s.p, 4), 4, &year) ||
	    !number_parse(tc_str_of(s.p + 5, 2), 2, &month) || month < 1 || month > 12)
		return false;
	c->year = (int)year;
	c->month = (int)month;
	return true;
}

static bool
mac_syntax(struct tc_str s)
{
	if (s.n != MAC_TEXT)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\0' || strchr(BASE64URL, s.p[i]) == NULL)
			return false;
	return true;
}

/* Cuts the next field up to '.' off *rest, white space and all. */
static struct tc_str
field_cut(struct tc_str *rest)
{
	size_t at = tc_find_byte(*rest, '.');
	struct tc_str field = tc_str_of(rest->p, at);

	tc_skip(rest, at < rest->n ? at + 1 : at);
	return field;
}

static bool
value_parse(struct tc_str value, struct parsed *out)
{
	struct tc_str rest = value;

	*out = (struct parsed){0};
	if (value.n > FIELDS_MAX + MAC_TEXT || value.n < MAC_TEXT + 1)
		return false;
	if (!tc_eq(field_cut(&rest), TC_STR("v1")) || !state_parse(field_cut(&rest), &out->cookie) ||
	    !month_parse(field_cut(&rest), &out->cookie) ||
	    !number_parse(field_cut(&rest), POLICY_DIGITS, &out->cookie.policy))
		return false;
	out->mac = rest;
	out->fields = tc_str_of(value.p, value.n - MAC_TEXT - 1);
	return mac_syntax(rest);
}

/* ---- the Cookie fields ---- */

/* Is this piece of a Cookie field our cookie? value may be NULL. */
static bool
pair_ours(struct tc_str pair, struct tc_str *value)
{
	size_t at;

	pair = tc_trim(pair);
	at = tc_find_byte(pair, '=');
	if (!tc_eq(tc_trim(tc_str_of(pair.p, at)), NAME))
		return false;
	if (value != NULL) {
		tc_skip(&pair, at < pair.n ? at + 1 : at);
		*value = tc_trim(pair);
	}
	return true;
}

struct reading {
	const struct choice_key *k;
	struct tc_str site;
	int verified;
	bool found, location_off, no_export;
	struct choice_cookie *out;
};

static bool
is_genuine(struct reading *r, const struct parsed *p)
{
	return r->verified++ < VERIFY_MAX && mac_valid(r->k, r->site, p->fields, p->mac);
}

/* An "out" beats an "in"; classes of several copies add up. What grants something needs a valid MAC. */
static void
read_value(struct reading *r, struct tc_str value)
{
	struct parsed p;
	bool in, export;

	if (!value_parse(value, &p))
		return;
	in = p.cookie.state == CHOICE_IN;
	export = (p.cookie.switches & SWITCH_EXPORT) != 0;
	r->location_off |= (p.cookie.switches & SWITCH_LOCATION_OFF) != 0;
	if (in && r->found && r->out->state == CHOICE_OUT)
		return;
	if ((in || export) && !is_genuine(r, &p)) {
		if (in)
			return;
		export = false;
	}
	r->no_export |= !export;
	if (r->found && r->out->state == p.cookie.state) {
		r->out->denied |= p.cookie.denied;
		return;
	}
	*r->out = p.cookie;
	r->found = true;
}

/* What all copies together say of the switches. */
static uint8_t
switches_of(const struct reading *r)
{
	unsigned location = r->location_off ? SWITCH_LOCATION_OFF : 0, export = r->found && !r->no_export ? SWITCH_EXPORT : 0;

	return (uint8_t)(location | export);
}

bool
choice_read(const struct choice_key *k, struct tc_str site, const struct tc_fields *request,
    struct choice_cookie *out)
{
	struct reading r = {.k = k, .site = site, .out = out};

	*out = (struct choice_cookie){0};
	for (size_t i = 0; i < request->n; i++) {
		struct tc_str rest = request->v[i].value, value;

		if (request->v[i].id != TC_F_COOKIE || request->v[i].dropped || rest.n == 0)
			continue;
		if (tc_find(rest, NAME) == rest.n)
			continue;
		while (rest.p != NULL)
			if (pair_ours(tc_next(&rest, ';'), &value))
				read_value(&r, value);
	}
	out->switches = switches_of(&r);
	return r.found;
}

struct tc_str
choice_write(const struct choice_key *k, struct tc_str site, const struct choice_cookie *c,
    struct tc_arena *arena)
{
	char fields[FIELDS_MAX], classes[6] = "", mac[MAC_TEXT];
	tc_classes denied = c->denied & (tc_classes)~TC_ESSENTIAL;
	uint8_t switches = c->switches & SWITCHES;
	int n;

	assert(c->state != CHOICE_NONE && c->month >= 1 && c->month <= 12);
	assert(c->year >= 0 && c->year <= 9999 && c->policy >= 0);
	if (switches != 0)
		(void)snprintf(classes, sizeof(classes), "-%02x%02x", denied, switches);
	else if (denied != 0)
		(void)snprintf(classes, sizeof(classes), "-%02x", denied);
	n = snprintf(fields, sizeof(fields), "v1.%s%s.%04d-%02d.%lld", c->state == CHOICE_OUT ? "out" : "in",
	    classes, c->year, c->month, (long long)(c->policy % 1000000000000000000));
	assert(n > 0 && (size_t)n < sizeof(fields));
	mac_text(k->key[0], site, tc_str_of(fields, (size_t)n), mac);
	return tc_join(arena,
	    (const struct tc_str[]){
		    NAME,
		    TC_STR("="),
		    tc_str_of(fields, (size_t)n),
		    TC_STR("."),
		    tc_str_of(mac, MAC_TEXT),
		    TC_STR("; HttpOnly; Secure; SameSite=Lax; Path=/; Max-Age=34128000"),
	    },
	    6);
}

/* Copies the pieces that are not ours, byte for byte; returns how many bytes. */
static size_t
strip_into(char *out, struct tc_str value)
{
	size_t n = 0;
	bool first = true;

	while (value.p != NULL) {
		size_t at = tc_find_byte(value, ';');
		struct tc_str piece = tc_str_of(value.p, at);

		value = at < value.n ? tc_str_of(value.p + at + 1, value.n - at - 1)
				     : (struct tc_str){NULL, 0};
		if (pair_ours(piece, NULL))
			continue;
		if (!first)
			out[n++] = ';';
		while (first && piece.n > 0 && (piece.p[0] == ' ' || piece.p[0] == '\t'))
			tc_skip(&piece, 1);
		if (piece.n > 0)
			memcpy(out + n, piece.p, piece.n);
		n += piece.n;
		first = false;
	}
	return n;
}

int
choice_strip(struct tc_fields *request)
{
	for (size_t i = 0; i < request->n; i++) {
		struct tc_field *f = &request->v[i];
		size_t n;
		char *out;

		if (f->id != TC_F_COOKIE || f->dropped || tc_find(f->value, NAME) == f->value.n)
			continue;
		out = tc_alloc_bytes(request->arena, f->value.n);
		if (out == NULL)
			return -1;
		n = strip_into(out, f->value);
		f->value = tc_str_of(out, n);
		f->dropped = n == 0;
	}
	return 0;
}
