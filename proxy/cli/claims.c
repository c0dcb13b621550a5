/*
 * claims.c: `tacet claims`: the privacy statement of a configuration: what holds of every tacet, what this one promises and
 * whether the proof holds, what is no promise, and which law was taken into account.
 */
#include <stdlib.h>

#include "base/day.h"
#include "cli/args.h"
#include "cli/claims_doc.h"
#include "cli/claims_words.h"
#include "cli/verbs.h"
#include "core/prove.h"
#include "core/version.h"

enum { SENTENCE_MAX = 16 << 10 };

struct claims {
	const struct config *config;
	struct messages *m;
	int32_t day;
	size_t broken;
	struct doc doc;
	struct buf text; /* of one sentence */
};

/* ---- the three sentences ---- */

static const struct {
	const char *mark;
	struct tc_str text;
} SENTENCES[] = {
	{
		"1. In force.",
		TC_STR_INIT("Nothing that tacet writes or says to others holds an IP address, a User-Agent, a cookie, a query "
		    "string, the path of a referrer, or a value made of one of these for a single visitor: no file, "
		    "no line of a log, no metric, no page for the administrator, no field sent to a third party."),
	},
	{
		"2. Not in force in this version.",
		TC_STR_INIT("Visitors are not counted yet. When they are, the counts of an open window and the keys of "
		    "visitors exist in locked memory alone; keys are random, are never written, and are destroyed "
		    "every day with the set that was made with them."),
	},
};

static void
say_numbers(struct claims *c)
{
	static const char *const presets[] = {"strict", "standard", "relaxed"}, *const epsilons[] = {"1.0", "3.0", "6.0"};
	const struct config *s = c->config;

	buf_reset(&c->text);
	(void)buf_printf(&c->text, "No numbers about visitors are released yet. Configured for when they are: each covers at "
	    "least k = %lld visitor-days but with a probability of delta = %.*s for each cell, and the "
	    "tables of a %s together cost a visitor-day at most epsilon = %s (preset %s); kept for ",
	    (long long)s->stats_k, (int)s->stats_delta.n, s->stats_delta.p, s->stats_weekly ? "week" : "day",
	    epsilons[s->stats_preset], presets[s->stats_preset]);
	claims_time(s->stats_keep_ms, &c->text);
	(void)buf_printf(&c->text, ".");
	doc_paragraph(&c->doc, "3. Not in force in this version.", buf_str(&c->text));
}

static void
say_sentences(struct claims *c)
{
	doc_heading(&c->doc, "What holds of every site");
	for (size_t i = 0; i < sizeof(SENTENCES) / sizeof(SENTENCES[0]); i++)
		doc_paragraph(&c->doc, SENTENCES[i].mark, SENTENCES[i].text);
	say_numbers(c);
	doc_paragraph(&c->doc, "Not claimed:",
	    TC_STR("that anything is anonymous in the sense of a law, or needs no consent; protection from someone who "
		"reads the memory of the process, changes the program, or reads what the origin writes down; protection "
		"of a person over several networks, browsers, nodes or days."));
}

/* ---- sites ---- */

static struct tc_str
names_of(struct claims *c, struct tc_strs v)
{
	buf_reset(&c->text);
	for (size_t i = 0; i < v.n; i++)
		(void)buf_printf(&c->text, "%s%.*s", i > 0 ? ", " : "", (int)v.v[i].n, v.v[i].p);
	return buf_str(&c->text);
}

static struct tc_str
address_told(const struct config_site *s)
{
	static const struct tc_str told[] = {[CLIENT_IP_NONE] = TC_STR_INIT("The origin is told no address of a visitor."),
	    [CLIENT_IP_PREFIX] = TC_STR_INIT("The origin is told the first part of a visitor's address (/24 of IPv4, /48 of IPv6)."),
	    [CLIENT_IP_FULL] = TC_STR_INIT("The origin is told the whole address of a visitor.")};

	return told[s->client_ip];
}

static struct tc_str
place_told(const struct config_site *s)
{
	if ((s->geo & GEO_CITY) != 0)
		return TC_STR("The origin is told a visitor's place, down to the city.");
	if ((s->geo & GEO_REGION) != 0)
		return TC_STR("The origin is told a visitor's place, down to the region.");
	return s->geo != 0 ? TC_STR("The origin is told a visitor's country.") : TC_STR("The origin is told no place of a visitor.");
}

static bool
is_placeholder(const struct config_site *s)
{
	struct message at = {0};

	if (s->node != NULL)
		config_point(s->node, &at);
	return tc_eq(at.file, TC_STR("placeholder"));
}

static void
say_site(struct claims *c, const struct config_site *s)
{
	struct doc_item item = {.name = names_of(c, s->pub.hosts), .text = {address_told(s), place_told(s)}};

	if (s->mode == MODE_OBSERVE) {
		item.mark = TC_STR("observes, and removes nothing");
		item.bad = true;
	}
	if (is_placeholder(s))
		item.text[2] = TC_STR("The file has no sites: this one stands in for them.");
	if (s->says.n > 0)
		item.quote = s->says;
	doc_item(&c->doc, &item);
}

/* ---- promises ---- */

/* The error that says so; NULL: the proof holds. */
static const struct message *
fault_of(const struct claims *c, const struct config_promise *p)
{
	struct message at = {0};

	config_point(p->at, &at);
	for (size_t i = 0; i < c->m->n; i++) {
		const struct message *m = &c->m->v[i];

		if (strcmp(m->code, "promise-broken") == 0 && m->line == at.line && m->column == at.column &&
		    tc_eq(m->file, at.file))
			return m;
	}
	return NULL;
}

static struct tc_str
fault_text(struct claims *c, const struct message *m)
{
	buf_reset(&c->text);
	(void)buf_printf(&c->text, "What breaks it: %.*s.", (int)m->item.n, m->item.p);
	if (m->witness.n > 0)
		(void)buf_printf(&c->text, " For example: %.*s.", (int)m->witness.n, m->witness.p);
	if (m->because.n > 0)
		(void)buf_printf(&c->text, " Because: %.*s.", (int)m->because.n, m->because.p);
	return buf_str(&c->text);
}

static void
say_promise(struct claims *c, const struct config_promise *p)
{
	const struct message *fault = fault_of(c, p);
	/* more may be broken than the messages have room for */
	bool unsure = fault == NULL && c->m->errors > MESSAGES_MAX;
	struct buf parameters;
	struct doc_item item = {.name = claims_name(p), .quote = p->says, .text = {claims_sentence(p)}};

	buf_init(&parameters, SENTENCE_MAX);
	claims_parameters(p, &parameters);
	item.text[1] = buf_str(&parameters);
	item.text[2] = claims_limit(p);
	item.bad = fault != NULL || unsure;
	item.mark = fault != NULL ? TC_STR("BROKEN: not true of this configuration")
	    : unsure              ? TC_STR("not proved: too many promises are broken")
				  : TC_STR("proved");
	if (fault != NULL)
		item.text[3] = fault_text(c, fault);
	doc_item(&c->doc, &item);
	buf_reset(&parameters);
}

static void
say_policy(struct claims *c)
{
	const struct config *s = c->config;

	buf_reset(&c->text);
	if (s->policy_name.n > 0)
		(void)buf_printf(&c->text, "Policy: %.*s, version %lld%s%.*s. ", (int)s->policy_name.n, s->policy_name.p,
		    (long long)s->policy_version, s->policy_page.n > 0 ? ", at " : "", (int)s->policy_page.n, s->policy_page.p);
	(void)buf_printf(&c->text, "Proved means: over every site, route, place, signal and date of this configuration, by the rules "
	    "that the proxy itself asks.");
	doc_paragraph(&c->doc, NULL, buf_str(&c->text));
}

static void
say_promises(struct claims *c)
{
	const struct config *s = c->config;

	doc_heading(&c->doc, "The sites, and what each of them promises");
	for (size_t i = 0; i < s->site_count; i++)
		say_site(c, &s->sites[i]);
	if (s->promise_count == 0) {
		doc_paragraph(&c->doc, "Nothing is promised.", TC_STR("The configuration has no promises.keep."));
		return;
	}
	say_policy(c);
	for (size_t i = 0; i < s->promise_count; i++)
		say_promise(c, &s->promises[i]);
}

static void
say_uncovered(struct claims *c)
{
	const struct config *s = c->config;

	doc_heading(&c->doc, "Sentences that nothing here proves");
	if (s->uncovered_count == 0)
		doc_paragraph(&c->doc, NULL, TC_STR("The configuration names none. That is no proof of those that it leaves out."));
	for (size_t i = 0; i < s->uncovered_count; i++)
		doc_item(&c->doc,
		    &(struct doc_item){
			    .name = TC_STR("not covered"),
			    .quote = s->uncovered[i].says,
			    .text = {s->uncovered[i].why},
		    });
}

/* ---- law ---- */

/* How sure the least certain of its sources is. */
static struct tc_str
weakest_mark(const struct config_law *l)
{
	struct tc_str mark = TC_STR("primary");

	for (size_t i = 0; i < l->duty_count; i++) {
		struct tc_str m = l->duties[i].mark;

		if (tc_eq(m, TC_STR("unverified")) || (tc_eq(m, TC_STR("secondary")) && tc_eq(mark, TC_STR("primary"))))
			mark = m;
	}
	return l->duty_count > 0 ? mark : TC_STR("unverified");
}

static void
say_law(struct claims *c, const struct config_law *l)
{
	static const char *const signals[] = {"none", "gpc", "dnt", "gpc and dnt"};
	struct doc_item item = {.name = l->name, .mark = weakest_mark(l)};
	struct buf duties;

	item.bad = tc_eq(item.mark, TC_STR("unverified"));
	buf_reset(&c->text);
	(void)buf_printf(&c->text, "Advertising and sharing: %s. Measurement: %s. Signals that bind: %s.",
	    l->opt_in_sale ? "only with consent" : "until a visitor says no",
	    l->opt_in_measurement ? "only with consent" : "until a visitor says no", signals[l->binding & (HONOUR_GPC | HONOUR_DNT)]);
	item.text[0] = buf_str(&c->text);
	buf_init(&duties, SENTENCE_MAX);
	for (size_t i = 0; i < l->duty_count; i++) {
		const struct config_duty *d = &l->duties[i];
		char day[DATE_LENGTH + 1] = "";

		if (d->from != INT32_MIN)
			date_text(d->from, day);
		(void)buf_printf(&duties, "%s%.*s%s%s (%.*s: %.*s)", i > 0 ? "; " : "", (int)d->what.n, d->what.p,
		    day[0] != '\0' ? " from " : "", day, (int)d->mark.n, d->mark.p, (int)d->source.n, d->source.p);
	}
	item.text[1] = buf_str(&duties);
	doc_item(&c->doc, &item);
	buf_reset(&duties);
}

static void
say_laws(struct claims *c)
{
	const struct config *s = c->config;
	char day[DATE_LENGTH + 1];

	doc_heading(&c->doc, "Law taken into account");
	date_text(c->day, day);
	buf_reset(&c->text);
	(void)buf_printf(&c->text, "%s The rows in force on %s, and the weakest of their sources: primary, the text itself was read; "
	    "secondary, what others say of it; unverified, neither. This is not legal advice.",
	    s->law_count > 0 ? "They only ever add to what is taken out." : "None: the configuration includes no region pack.", day);
	doc_paragraph(&c->doc, NULL, buf_str(&c->text));
	for (size_t i = 0; i < s->law_count; i++)
		if (s->laws[i].from <= c->day && c->day < s->laws[i].until)
			say_law(c, &s->laws[i]);
}

/* ---- the statement ---- */

static void
prove_all(void *ctx, const struct snapshot *s)
{
	struct claims *c = ctx;

	c->broken = prove(s, c->day, c->m);
}

static int
state(struct claims *c, const char *file, enum doc_format format)
{
	char day[DATE_LENGTH + 1];

	buf_init(&c->text, SENTENCE_MAX);
	doc_begin(&c->doc, format, "Privacy statement");
	date_text(c->day, day);
	(void)buf_printf(&c->text, "Of the configuration %s (%.8s), as tacet " TACET_VERSION " read it on %s.%s", file,
	    c->config->hash, day, c->broken > 0 ? " NOT ALL OF IT IS TRUE: see what is marked as broken." : "");
	doc_paragraph(&c->doc, NULL, buf_str(&c->text));
	say_sentences(c);
	say_promises(c);
	say_uncovered(c);
	say_laws(c);
	buf_reset(&c->text);
	if (doc_end(&c->doc, stdout) < 0) {
		(void)fprintf(stderr, "tacet claims: the statement is too long\n");
		return 1;
	}
	return c->broken > 0 ? 1 : 0;
}

static int
claim(struct claims *c, const char *file, enum doc_format format)
{
	static const struct config_overrides judge = {.judge = true};
	struct config *config = NULL;
	struct buf warnings;
	int code = 78;

	c->m = messages_new();
	buf_init(&warnings, 64 << 10);
	if (config_load(file, &judge, &config, c->m) < 0) {
		messages_print(c->m, stderr);
	} else if (snapshot_try(config, &warnings, prove_all, c) < 0) {
		(void)fprintf(stderr, "%.*s", (int)buf_str(&warnings).n, buf_str(&warnings).p);
	} else {
		c->config = config;
		code = state(c, file, format);
	}
	buf_reset(&warnings);
	messages_destroy(&c->m);
	config_destroy(&config);
	return code;
}

int
verb_claims(int argc, char **argv)
{
	static const char *const formats[] = {"text", "md", "html"};
	const char *file = NULL, *format = "text", *at = NULL;
	struct claims c = {0};
	const struct arg args[] = {
		{"config", 'c', ARG_TEXT, &file},
		{"format", 0, ARG_TEXT, &format},
		{"at", 0, ARG_TEXT, &at},
		{0},
	};
	int code = args_parse("claims", args, argc, argv);

	if (code >= 0)
		return code;
	if (!args_day(at, &c.day))
		return args_wrong("claims", "--at is a day such as 2027-01-01");
	if (file == NULL)
		return args_wrong("claims", "say which configuration: -c FILE");
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(format, formats[i]) == 0)
			return claim(&c, file, (enum doc_format)i);
	return args_wrong("claims", "--format is text, md or html");
}
