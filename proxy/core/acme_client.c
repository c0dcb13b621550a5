/* acme_client.c: see acme_client.h. */
#include "core/acme_client.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "core/acme_jws.h"
#include "core/acme_plan.h"

enum { ANSWER_MAX = 256 << 10,
	PATIENCE_MS = 30000,
	NONCE_MAX = 256,
	TRIES = 10, /* with a new nonce each: who refuses so many is broken */
	SLICE_MS = 100 };

/* ---- faults ---- */

bool
acme_client_failed(struct acme_client *c, enum acme_result r, const char *format, ...)
{
	va_list ap;

	c->fault.result = r;
	va_start(ap, format);
	(void)vsnprintf(c->fault.text, sizeof(c->fault.text), format, ap);
	va_end(ap);
	return false;
}

bool
acme_client_problem(struct acme_client *c, enum acme_result r, const char *about, const struct acme_problem *p)
{
	if (p->type == ACME_RATE_LIMITED)
		r = ACME_RESULT_RATE_LIMITED;
	return acme_client_failed(c, r, "%s: %s%s%s", about, acme_problem_name(p->type), p->detail[0] != '\0' ? ": " : "",
	    p->detail);
}

bool
acme_client_sleep(const struct acme_client *c, int64_t ms)
{
	for (; ms > 0 && !atomic_load(c->stop); ms -= SLICE_MS)
		(void)poll(NULL, 0, (int)(ms < SLICE_MS ? ms : SLICE_MS));
	return !atomic_load(c->stop);
}

/* ---- one request ---- */

/* A field that the core has no number for. */
static struct tc_str
field_named(const struct fetch_answer *answer, struct tc_str name)
{
	const struct tc_fields *fs = &answer->head.fields;

	for (size_t i = 0; i < fs->n; i++)
		if (tc_ieq(fs->v[i].name, name))
			return fs->v[i].value;
	return tc_str_of(NULL, 0);
}

static int64_t
retry_after(const struct fetch_answer *answer)
{
	return acme_retry_after(field_named(answer, TC_STR("Retry-After")), (int64_t)time(NULL), ACME_RETRY_AFTER_MAX_S);
}

/* "https://[::1]:14000" -> host without brackets, port. */
static bool
address_of(struct tc_str origin, struct tc_str *host, uint16_t *port)
{
	struct tc_str rest = origin;
	unsigned n = 0;

	tc_skip(&rest, 8);
	if (rest.n > 0 && rest.p[0] == '[') {
		size_t close = tc_find_byte(rest, ']');

		*host = tc_str_of(rest.p + 1, close > 0 ? close - 1 : 0);
		tc_skip(&rest, close < rest.n ? close + 1 : rest.n);
	} else {
		*host = tc_str_of(rest.p, tc_find_byte(rest, ':'));
		tc_skip(&rest, host->n);
	}
	*port = 443;
	if (rest.n == 0)
		return host->n > 0;
	for (size_t i = 1; i < rest.n && n < 65536; i++) {
		if (rest.p[i] < '0' || rest.p[i] > '9')
			return false;
		n = n * 10 + (unsigned)(rest.p[i] - '0');
	}
	*port = (uint16_t)n;
	return host->n > 0 && rest.p[0] == ':' && n > 0 && n < 65536;
}

/* The nonce that came with an answer is for the next request. */
static void
keep_nonce(struct acme_client *c, const struct fetch_answer *answer)
{
	struct tc_str nonce = field_named(answer, TC_STR("Replay-Nonce"));

	c->nonce = acme_base64url_ok(nonce, NONCE_MAX) ? nonce : tc_str_of(NULL, 0);
}

static bool
ask(struct acme_client *c, struct tc_str url, struct tc_str post, struct fetch_answer *answer)
{
	static const struct tc_str lines[] = {TC_STR_INIT("User-Agent: tacet"), TC_STR_INIT("Accept: */*"),
	    TC_STR_INIT("Content-Type: application/jose+json")};
	struct fetch_ask f = {
		.tls = true,
		.ca_file = c->ca_file,
		.post = post.n > 0,
		.body = post,
		.max = ANSWER_MAX,
		.patience_ms = PATIENCE_MS,
		.stop = c->stop,
		.fields = {lines, post.n > 0 ? 3 : 2},
		.authority = c->origin,
		.target = tc_str_of(url.p + c->origin.n, url.n - c->origin.n),
	};
	const char *why;

	tc_skip(&f.authority, 8);
	if (!address_of(c->origin, &f.host, &f.port))
		return acme_client_failed(c, ACME_RESULT_UNREACHABLE, "the directory's address cannot be read");
	why = fetch(&f, c->arena, answer);
	if (why != NULL)
		return acme_client_failed(c, ACME_RESULT_UNREACHABLE, "%s", why);
	keep_nonce(c, answer);
	return true;
}

static bool
is_type(const struct fetch_answer *answer, struct tc_str type)
{
	struct tc_str value = tc_field_value(&answer->head.fields, TC_F_CONTENT_TYPE);

	return value.n > 0 && tc_ieq(tc_next(&value, ';'), type);
}

/* An answer that is no success; its problem document is said, if it is one. false. */
static bool
refused(struct acme_client *c, const struct fetch_answer *answer, const char *about, struct acme_problem *p)
{
	int status = answer->head.status;

	c->fault.retry_after = retry_after(answer);
	*p = (struct acme_problem){0};
	if (is_type(answer, TC_STR("application/problem+json")) && acme_read_problem(answer->body, c->arena, p))
		return acme_client_problem(c, ACME_RESULT_REFUSED, about, p);
	if (status == 429)
		return acme_client_failed(c, ACME_RESULT_RATE_LIMITED, "%s: status 429", about);
	return acme_client_failed(c, status >= 500 ? ACME_RESULT_UNREACHABLE : ACME_RESULT_GARBLED, "%s: status %d", about, status);
}

/* ---- signed requests ---- */

static bool
fetch_nonce(struct acme_client *c)
{
	struct fetch_answer answer;
	struct acme_problem p;

	if (c->nonce.n > 0)
		return true;
	if (!ask(c, c->directory.new_nonce, TC_STR(""), &answer))
		return false;
	if (answer.head.status != 200 && answer.head.status != 204)
		return refused(c, &answer, "new nonce", &p);
	return c->nonce.n > 0 || acme_client_failed(c, ACME_RESULT_GARBLED, "the server gives no nonce");
}

static bool
post_once(struct acme_client *c, struct tc_str url, struct tc_str payload, struct fetch_answer *answer)
{
	struct jws j = {.key = c->key, .kid = c->kid, .url = url, .payload = payload};
	struct tc_str body;

	if (!fetch_nonce(c))
		return false;
	j.nonce = c->nonce;
	c->nonce.n = 0; /* each is good for one request, whatever comes of it */
	body = jws_write(&j, c->arena);
	if (body.p == NULL)
		return acme_client_failed(c, ACME_RESULT_GARBLED, "the server says too much");
	return ask(c, url, body, answer);
}

/* The path of a URL says what was asked: no more of it is shown. */
static const char *
about_of(const struct acme_client *c, struct tc_str url)
{
	if (tc_eq(url, c->directory.new_account))
		return "account";
	return tc_eq(url, c->directory.new_order) ? "new order" : "order";
}

bool
acme_client_post(struct acme_client *c, struct tc_str url, struct tc_str payload, struct tc_str type, struct acme_reply *out)
{
	struct fetch_answer answer;
	struct acme_problem p;

	for (int i = 0; i < TRIES; i++) {
		if (!post_once(c, url, payload, &answer))
			return false;
		if (answer.head.status >= 200 && answer.head.status < 300)
			break;
		(void)refused(c, &answer, about_of(c, url), &p);
		if (p.type != ACME_BAD_NONCE || i == TRIES - 1)
			return false;
		c->fault = (struct acme_fault){.retry_after = -1};
	}
	if (type.n > 0 && !is_type(&answer, type))
		return acme_client_failed(c, ACME_RESULT_GARBLED, "%s: not the type of answer that was asked for", about_of(c, url));
	*out = (struct acme_reply){.body = answer.body,
	    .location = tc_field_value(&answer.head.fields, TC_F_LOCATION),
	    .retry_after = retry_after(&answer)};
	if (!acme_url_ok(out->location, c->origin))
		out->location = tc_str_of(NULL, 0);
	return true;
}

/* ---- who we are ---- */

static bool
find_directory(struct acme_client *c)
{
	struct fetch_answer answer;
	struct acme_problem p;

	c->origin = acme_origin(c->directory_url);
	if (c->origin.n == 0 || !acme_url_ok(c->directory_url, c->origin))
		return acme_client_failed(c, ACME_RESULT_UNREACHABLE, "the directory's address cannot be read");
	if (!ask(c, c->directory_url, TC_STR(""), &answer))
		return false;
	if (answer.head.status != 200)
		return refused(c, &answer, "directory", &p);
	if (!is_type(&answer, ACME_JSON) || !acme_read_directory(answer.body, c->origin, c->arena, &c->directory))
		return acme_client_failed(c, ACME_RESULT_GARBLED, "there is no ACME directory at this address");
	return true;
}

/* The same for a key that the server knows. */
static struct tc_str
account_payload(const struct acme_client *c)
{
	struct tc_str text = TC_STR("{\"termsOfServiceAgreed\":true");

	for (size_t i = 0; i < c->contact.n && text.p != NULL; i++)
		text = tc_join(c->arena,
		    (const struct tc_str[]){text, i == 0 ? TC_STR(",\"contact\":[\"") : TC_STR(",\""), c->contact.v[i], TC_STR("\"")}, 4);
	if (text.p == NULL)
		return text;
	return tc_join(c->arena, (const struct tc_str[]){text, c->contact.n > 0 ? TC_STR("]}") : TC_STR("}")}, 2);
}

bool
acme_client_begin(struct acme_client *c)
{
	struct tc_str payload;
	struct acme_reply reply;

	c->fault = (struct acme_fault){.retry_after = -1};
	if (!find_directory(c))
		return false;
	payload = account_payload(c);
	if (payload.p == NULL)
		return acme_client_failed(c, ACME_RESULT_GARBLED, "the server says too much");
	if (!acme_client_post(c, c->directory.new_account, payload, TC_STR(""), &reply))
		return false;
	c->kid = reply.location;
	return c->kid.n > 0 || acme_client_failed(c, ACME_RESULT_GARBLED, "account: the server does not say which one");
}
