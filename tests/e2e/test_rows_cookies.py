"""
Every row of conf/lists/cookies.tsv and params.tsv, and every kind of rule that a list may have about cookies, parameters and
fields: one request each, with nginx as the origin, which writes down what it saw.

What a row does is worked out here once more, from the table alone; a failure names the row.
"""
import json
import os
import re
import shutil

import pytest

from harness import Client, Nginx, ROOT, Tacet, wait_until

try:
    from re import _parser as sre
except ImportError:
    import sre_parse as sre

SAID_NO = [("Sec-GPC", "1"), ("Sec-Fetch-Dest", "document")]
DENIED = {"analytics", "advertising", "personalisation", "social"}
HOST = "www.shop.example.com"
DOMAINS = ["", "; Domain=www.shop.example.com", "; Domain=shop.example.com", "; Domain=example.com"]

LIST = """\
$cookie=mystery
$cookie=/^trk[0-9]+$/
||example.com^$cookie=here
||other.example^$cookie=there
$cookie=freed
@@||example.com/free/$cookie=freed
$cookie=_gaexp
$cookie=PHPSESSID,important
$cookie=_hjOptOut,important
$cookie=kept,important
$cookie=tacet_choice,important
$cookie=short;maxAge=3600
$cookie=near;sameSite=lax
$removeparam=xid
$removeparam=/^x_[a-z]+=7$/
$removeparam=freed
@@||example.com/free/$removeparam=freed
$removeparam=ref,important
$removeparam=awc
$removeparam=who
$removeparam=img,image
||example.com/all/$removeparam
||example.com/only/$removeparam=~a
$removeheader=X-Tag
$removeheader=request:X-Id
$removeheader=Strict-Transport-Security,important
$removeheader=request:Sec-GPC,important
$removeheader=Set-Cookie,important
||example.com/csp/$csp=worker-src 'none'
||example.com/report/$csp=worker-src 'none'; report-uri https://r.example/
"""

CONF = """
version: 1
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0"}}
client_address: {{trusted_proxies: [127.0.0.0/8]}}
lists: {{use: [built-in, list.txt]}}
sites:
  - hosts: ["*"]
    origin: {{url: "{url}"}}
    keep_cookies: [kept, _uetvid]
    routes:
      - {{name: open, match: /o.gif, type: open}}
      - {{name: click, match: /c, type: click, click: {{targets: [partner.example]}}}}
      - {{name: raw, match: /raw/*, filter: none}}
rule_sets:
  opt-out:
    cookies: {{request: {cookies}, response: {cookies}}}
    query: {{strip: [click-ids], redirect: {redirect}}}
    scripts: {{remove: [analytics, advertising, personalisation, social{unknown}]}}
  light: {{query: {{strip: [campaign, affiliate]}}}}
regions: [{{name: rest, where: ["*"], honour: [gpc, dnt, choice], default: light, opted_out: opt-out}}]
"""


# ---- what nginx saw ---------------------------------------------------------------------------------

class Recorder(Nginx):
    """Answers with the fields that X-Set, X-Cache and X-Reply ask for, as a file of type X-Type, and writes each request down as a line of JSON."""

    def __init__(self, prefix):
        self.path = os.path.join(prefix, "seen.log")
        super().__init__(prefix, prefix, http="log_format seen escape=json '{\"target\":\"$request_uri\",\"cookie\":\"$http_cookie\","
                         "\"body\":\"$request_body\",\"id\":\"$http_x_id\",\"gpc\":\"$http_sec_gpc\",\"referer\":\"$http_referer\"}'; "
                         "large_client_header_buffers 4 64k; "
                         "map $http_x_type $ending { default $http_x_type; '' html; }",
                         extra=f"""access_log {self.path} seen;
                             location / {{ proxy_pass http://127.0.0.1:$server_port/sink/x.$ending;
                                 add_header Set-Cookie $http_x_set always; add_header Set-Cookie $http_x_set2 always;
                                 add_header Cache-Control $http_x_cache always; add_header X-Tag $http_x_reply always;
                                 add_header Strict-Transport-Security $http_x_reply always; }}
                             location /sink/ {{ access_log off; return 200 "<p>x";
                                 types {{ text/html html; text/css css; application/json json; application/pdf pdf; image/png png; }} }}""")

    def seen(self, count):
        def lines():
            with open(self.path) as f:
                text = f.read()
            return text.count("\n") >= count and [json.loads(line) for line in text.splitlines()]
        return wait_until(lines, f"{count} requests")


class Setup:
    """nginx, and a proxy in front of it. ask() keeps what came back; seen() says what the origin got for each, None: nothing."""

    def __init__(self, folder, cookies="drop-listed", redirect="false", unknown=""):
        self.nginx = Recorder(str(folder))
        (folder / "list.txt").write_text(LIST)
        (folder / "t.yaml").write_text(CONF.format(url=self.nginx.url, cookies=cookies, redirect=redirect, unknown=unknown))
        self.tacet = Tacet("-c", folder / "t.yaml")
        self.client = Client(self.tacet.port, host=HOST)

    def ask(self, target, fields=(), method="GET", body=None):
        return self.client.get(target, [*SAID_NO, *fields], method, body)

    def close(self):
        self.client.close()
        try:
            self.tacet.stop()
        finally:
            self.nginx.stop()


def setup_of(**kw):
    @pytest.fixture(scope="module")
    def made(tmp_path_factory):
        if not shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin"):
            pytest.skip("nginx is not installed: run 'make setup'")
        s = Setup(tmp_path_factory.mktemp("rows"), **kw)
        yield s
        s.close()
    return made


plain = setup_of()
strict = setup_of(cookies="keep-listed", redirect="true")
unknown = setup_of(unknown=", unknown")


def seen_of(s, mark, count=1):
    """What the origin saw of the requests whose path has this mark."""
    return wait_until(lambda: (rows := [r for r in s.nginx.seen(0) if mark in r["target"]]) and len(rows) >= count and rows,
                      f"{count} requests with {mark}")


# ---- the tables, read once more ---------------------------------------------------------------------

def table(name):
    with open(os.path.join(ROOT, "conf", "lists", name), encoding="utf-8") as f:
        return [(n, line.rstrip("\n").split("\t")) for n, line in enumerate(f, 1) if line.strip() and not line.startswith("#")]


def looks_like(row, name):
    pattern, match = row[0], row[1]
    return {"exact": name == pattern, "prefix": name.startswith(pattern), "suffix": name.endswith(pattern),
            "contains": pattern in name}.get(match) if match != "regex" else bool(re.search(pattern, name))


def deciding(rows, name):
    """The row that decides about a name: exact, regex, longest prefix, suffix, contains; or None."""
    for match in ("exact", "regex", "prefix", "suffix", "contains"):
        found = [r for r in rows if r[1][1] == match and looks_like(r[1], name)]
        if found:
            return max(found, key=lambda r: len(r[1][0])) if match == "prefix" else found[0]
    return None


def sample(tree):
    """A text that a regular expression matches: the first of everything."""
    out = ""
    for op, arg in tree:
        op = str(op)
        if op == "LITERAL":
            out += chr(arg)
        elif op == "IN":
            first = next(a for a in arg if str(a[0]) != "NEGATE")
            out += chr(first[1][0] if str(first[0]) == "RANGE" else first[1]) if str(first[0]) != "CATEGORY" else "7"
        elif op in ("MAX_REPEAT", "MIN_REPEAT"):
            out += sample(arg[2]) * max(arg[0], 1)
        elif op == "SUBPATTERN":
            out += sample(arg[-1])
        elif op == "BRANCH":
            out += sample(arg[1][0])
        elif op == "ANY":
            out += "q"
        else:
            assert op == "AT", op
    return out


def example(rows, row):
    """A name about which this very row decides."""
    pattern, match = row[1][0], row[1][1]
    tries = {"exact": [pattern], "prefix": [pattern + "Zq9", pattern + "0", pattern], "suffix": ["zq9" + pattern],
             "contains": ["zq" + pattern + "9"]}.get(match) or [sample(sre.parse(pattern))]
    for name in tries:
        if deciding(rows, name) is row:
            return name
    raise AssertionError(f"line {row[0]}: no name is decided by {pattern} ({match})")


# ---- one request for each row -----------------------------------------------------------------------

def test_each_row_of_the_cookies(plain):
    """What is marked strip goes, under its prefixed names too; everything else arrives byte for byte. And the same from the origin."""
    rows, wrong, sent = table("cookies.tsv"), [], []
    for i, row in enumerate(rows):
        name, goes = example(rows, row), row[1][5] == "strip" and row[1][3] in DENIED and row[1][0] != "_uetvid"
        goes |= row[1][0] == "_gaexp"  # policy: a list of the operator's names it
        res = plain.ask(f"/row/{i}", [("Cookie", f"sid0=1; {name}=v%41; __Host-{name}=w;  z=a=b; __SECURE-{name}=\"x\""),
                                      ("X-Set", f"{name}=1; Path=/"), ("X-Set2", f"__Host-{name}=2; Path=/; Secure; Partitioned")])
        host_goes = goes and row[1][0] != "_gaexp" or row[1][0] == "_uetvid"
        left = ["sid0=1"] + [f" {name}=v%41"] * (not goes) + [f" __Host-{name}=w"] * (not host_goes) + ["  z=a=b"]
        left += [f" __SECURE-{name}=\"x\""] * (not host_goes)
        sent.append(";".join(left))
        back = [c for c in res.all("Set-Cookie") if not re.search("Max-Age=0|^tacet_choice=", c)]
        ended = [c for c in res.all("Set-Cookie") if c.startswith(f"{name}=;")]
        if back != [f"{name}=1; Path=/"] * (not goes) + [f"__Host-{name}=2; Path=/; Secure; Partitioned"] * (not host_goes):
            wrong.append(f"cookies.tsv:{row[0]} {row[1][:2]}: set {back}")
        if ended != [f"{name}=; Path=/; Max-Age=0{d}" for d in DOMAINS] * goes:
            wrong.append(f"cookies.tsv:{row[0]} {row[1][:2]}: ended {ended}")
    saw = {r["target"]: r["cookie"] for r in seen_of(plain, "/row/", len(rows))}
    wrong += [f"cookies.tsv:{row[0]} {row[1][:2]}: sent {saw[f'/row/{i}']!r}" for i, row in enumerate(rows)
              if saw[f"/row/{i}"] != sent[i]]
    assert not wrong, "\n".join(wrong[:20])
    assert len(rows) > 400


def test_each_row_of_the_parameters(plain):
    """click-ids: what is marked strip; where ids of people are needed those stay; campaign and affiliate take policy rows of theirs."""
    rows, wrong, sent = table("params.tsv"), [], {}
    ways = {"no": ("", SAID_NO), "unsubscribe": ("/unsubscribe", SAID_NO), "light": ("", [])}
    with Client(plain.tacet.port, host=HOST) as c:
        for i, row in enumerate(rows):
            name, strip, kind = example(rows, row), row[1][4], row[1][3]
            for way, (path, fields) in ways.items():
                goes = strip == "strip" or row[1][0] == "awc"  # policy: a list names it
                if way == "unsubscribe" and kind == "user-id":
                    goes = False
                if way == "light":
                    goes = kind in ("campaign", "affiliate") and strip != "keep"
                c.get(f"/{way}/{i}{path}?a=1&{name}=v%2F+&b=%20+&q={name}&{name}", fields)
                middle = "" if goes else f"&{name}=v%2F+"
                sent[f"/{way}/{i}{path}"] = (f"a=1{middle}&b=%20+&q={name}" + ("" if goes else f"&{name}"), row)
    saw = {}
    for way in ways:
        saw.update(r["target"].split("?", 1) for r in seen_of(plain, f"/{way}/", len(rows)))
    for path, (query, row) in sent.items():
        if saw[path] != query:
            wrong.append(f"params.tsv:{row[0]} {row[1][:4]} {path.split('/')[1]}: {saw[path]!r}")
    assert not wrong, "\n".join(wrong[:20])
    assert len(rows) > 200


# ---- cookies: what else there is --------------------------------------------------------------------

LONG = "x" * 5000
COOKIES = [
    ("a name several times", "/", ["_ga=1; a=1; _ga=2; a=2; _ga=3"], "a=1; a=2"),
    ("several fields", "/", ["_ga=1; a=1", "_fbp=2", "b=2; _gid=3"], "a=1; b=2"),
    ("no white space", "/", ["a=1;_ga=2;b=3"], "a=1;b=3"),
    ("empty pairs stay", "/", ["a=1;; _ga=2;; b=3"], "a=1;;; b=3"),
    ("a value without a name", "/", ["_ga; a=1"], "_ga; a=1"),
    ("how a nameless one looks", "/", ["=_ga=1; a=1"], "a=1"),
    ("quotes hold no ';'", "/", ['a=1; _ga="x; b=2"'], 'a=1; b=2"'),
    ("values are not looked at", "/", ["a=_ga; b=_ga=1"], "a=_ga; b=_ga=1"),
    ("names have case", "/", ["_GA=1; a=2"], "_GA=1; a=2"),
    ("more than 4 KiB go", "/", [f"_ga={LONG}; a=1"], "a=1"),
    ("more than 4 KiB stay", "/", [f"_ga=1; a={LONG}"], f"a={LONG}"),
    ("all of them", "/", ["_ga=1; _fbp=2"], ""),
    ("keep_cookies over a row", "/", ["_uetvid=1; _uetsid=2"], "_uetvid=1"),
    ("keep row over its family", "/", ["_hjOptOut=1; _hjid=2"], "_hjOptOut=1"),
    ("our own never", "/", ["tacet_choice=v1.out; a=1"], "a=1"),
    ("$cookie=mystery", "/", ["mystery=1; Mystery=2; mystery2=3"], "Mystery=2; mystery2=3"),
    ("$cookie=/^trk[0-9]+$/", "/", ["trk12=1; trk=2; xtrk1=3"], "trk=2; xtrk1=3"),
    ("||example.com^$cookie=here", "/", ["here=1; a=2"], "a=2"),
    ("||other.example^$cookie=there", "/", ["there=1; a=2"], "there=1; a=2"),
    ("$cookie=freed", "/", ["freed=1; a=2"], "a=2"),
    ("@@||example.com/free/$cookie=freed", "/free/", ["freed=1; a=2"], "freed=1; a=2"),
    ("$cookie=_gaexp: a policy row", "/", ["_gaexp=1; a=2"], "a=2"),
    ("$cookie=PHPSESSID,important: a keep row", "/", ["PHPSESSID=1"], "PHPSESSID=1"),
    ("$cookie=_hjOptOut,important: a keep row", "/", ["_hjOptOut=1"], "_hjOptOut=1"),
    ("$cookie=kept,important: keep_cookies", "/", ["kept=1"], "kept=1"),
    ("$cookie=short;maxAge: it stays", "/", ["short=1"], "short=1"),
]


def test_cookies_on_their_way(plain):
    wrong = []
    for i, (_, path, fields, _) in enumerate(COOKIES):
        plain.ask(f"{path}way-{i}.", [("Cookie", f) for f in fields])
    saw = {r["target"]: r["cookie"] for r in seen_of(plain, "way-", len(COOKIES))}
    for i, (rule, path, _, left) in enumerate(COOKIES):
        if saw[f"{path}way-{i}."].replace("  ", " ") != left:
            wrong.append(f"{rule}: {saw[f'{path}way-{i}.']!r}")
    assert not wrong, "\n".join(wrong)


SET = [
    ("$cookie=mystery", "mystery=1; Path=/; HttpOnly", None),
    ("$cookie=/^trk[0-9]+$/", "trk1=1", None),
    ("$cookie=PHPSESSID,important: a keep row", "PHPSESSID=1; Path=/", "PHPSESSID=1; Path=/"),
    ("$cookie=kept,important: keep_cookies", "kept=1", "kept=1"),
    ("$removeheader=Set-Cookie: not a list's", "a=1", "a=1"),
    ("$cookie=short;maxAge=3600", "short=1; Max-Age=99999", "short=1; Max-Age=99999; Max-Age=3600"),
    ("$cookie=short;maxAge=3600: shorter", "short=1; Max-Age=60", "short=1; Max-Age=60"),
    ("$cookie=short;maxAge=3600: being deleted", "short=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
     "short=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
    ("$cookie=near;sameSite=lax", "near=1; SameSite=None; Secure", "near=1; SameSite=None; Secure; SameSite=Lax"),
    ("$cookie=near;sameSite=lax: stricter", "near=1; SameSite=Strict", "near=1; SameSite=Strict"),
    ("Partitioned", "_ga=1; Secure; Partitioned", None),
    ("the origin deletes it", "_ga=; Path=/; Max-Age=0", "_ga=; Path=/; Max-Age=0"),
    ("deletes, but for the value", "_ga=1; Path=/; Max-Age=0", None),
    ("more than 4 KiB", f"_ga={'x' * 3000}", None),
    ("nobody knows it", "mine=1; Domain=example.com", "mine=1; Domain=example.com"),
]


def test_cookies_on_their_way_back(plain):
    wrong = []
    for rule, sent, left in SET:
        res = plain.ask("/set", [("X-Set", sent), ("Cookie", "tacet_choice=v1.out.2026-11.1.x")])
        back = [c for c in res.all("Set-Cookie") if not c.startswith("tacet_choice=")]
        if back != ([] if left is None else [left]):
            wrong.append(f"{rule}: {back}")
    assert not wrong, "\n".join(wrong)


def ended(res):
    return [c for c in res.all("Set-Cookie") if "Max-Age=0" in c]


def test_what_is_ended_and_where(plain):
    """Once, host-only and for each domain up to the registrable one, by pages and navigations that no cache shares."""
    held = [("Cookie", "_ga=1; _ga=2; mystery=3; PHPSESSID=4; kept=5; _hjOptOut=6; a=7")]
    both = [f"{n}=; Path=/; Max-Age=0{d}" for n in ("_ga", "mystery") for d in DOMAINS]
    assert ended(plain.ask("/end", held)) == both
    secure = ended(plain.ask("/end", [*held, ("X-Forwarded-Proto", "https")]))
    assert secure == both + [c + "; Secure; Partitioned" for c in both]
    for cache, type, path, carried in [
            ("public, max-age=60", "html", "/end", True),  # private by us
            ("public, max-age=60", "html", "/raw/end", False),  # a route that passes as it is
            ("private", "html", "/raw/end", True), ("", "pdf", "/end", False),
            ("max-age=60", "json", "/end", False), ("no-store", "json", "/end", True),
            ("", "png", "/end", False), ("no-store", "css", "/end", False)]:
        fields = [*held, ("X-Type", type)] + ([("X-Cache", cache)] if cache else [])
        res = plain.ask(path, fields)
        assert bool(ended(res)) == carried, (cache, type, path)
        assert not ended(res) or type != "html" or "private" in res.get("Cache-Control"), (cache, path)


def test_keep_listed(strict):
    """Only keep_cookies, and rows of class functional, security and consent."""
    res = strict.ask("/strict", [("Cookie", "nobody=1; _ga=2; PHPSESSID=3; kept=4; mystery=5; _gaexp=6; OptanonConsent=7"),
                                 ("X-Set", "nobody=1"), ("X-Set2", "PHPSESSID=2")])
    assert seen_of(strict, "/strict")[0]["cookie"] == "PHPSESSID=3; kept=4; OptanonConsent=7"
    assert [c for c in res.all("Set-Cookie") if not c.startswith("tacet_choice=")][0] == "PHPSESSID=2"
    assert {c.split("=")[0] for c in ended(res)} == {"nobody", "_ga", "mystery", "_gaexp"}


def test_cookies_that_nobody_knows(unknown, plain):
    """Set while the site is a part of another's page: gone where the rule set removes what is unknown."""
    third = [("Sec-Fetch-Site", "cross-site"), ("X-Set", "wanderer=1; SameSite=None; Secure; Partitioned"), ("X-Set2", "kept=1")]
    for s, fields, dest, left in [(unknown, third, "image", ["kept"]), (unknown, third, "iframe", ["kept"]),
                                  (unknown, third, "document", ["wanderer", "kept"]),
                                  (unknown, [("Sec-Fetch-Site", "same-site"), *third[1:]], "image", ["wanderer", "kept"]),
                                  (plain, third, "image", ["wanderer", "kept"])]:
        res = s.client.get("/third", [("Sec-GPC", "1"), ("Sec-Fetch-Dest", dest), ("X-Type", "png"), *fields])
        assert [c.split("=")[0] for c in res.all("Set-Cookie")] == left, dest


# ---- the query --------------------------------------------------------------------------------------

PARAMETERS = [
    ("$removeparam=xid", "/", "a=1&xid=2&b=%20+3", "a=1&b=%20+3"),
    ("$removeparam=xid: its case", "/", "XID=1&axid=2&q=xid", "XID=1&axid=2&q=xid"),
    ("$removeparam=xid: written otherwise", "/", "%78id=2&a=1", "a=1"),
    ("$removeparam=xid: glued on", "/", "a=1;xid=2?xid=3&b=4", "a=1&b=4"),
    ("$removeparam=xid: alone", "/", "xid=1", None),
    ("$removeparam=/^x_[a-z]+=7$/", "/", "x_a=7&x_b=8&x_1=7", "x_b=8&x_1=7"),
    ("$removeparam=freed", "/", "freed=1&a=2", "a=2"),
    ("@@||example.com/free/$removeparam=freed", "/free/", "freed=1&a=2", "freed=1&a=2"),
    ("$removeparam=ref,important: a keep row", "/", "ref=1", "ref=1"),
    ("$removeparam=awc: a policy row", "/", "awc=1&a=2", "a=2"),
    ("$removeparam=img,image", "/", "img=1", "img=1"),
    ("||example.com/all/$removeparam", "/all/", "a=1&b=2&ref=3", "ref=3"),
    ("||example.com/all/$removeparam: nothing is left", "/all/", "a=1&b=2", None),
    ("||example.com/only/$removeparam=~a", "/only/", "a=1&b=2", "a=1"),
    ("$removeparam=who where ids are needed", "/unsubscribe/", "who=1&mkt_tok=2&gclid=3", "who=1&mkt_tok=2"),
    ("nothing to do", "/", "a=1&&b=&;c?d&", "a=1&&b=&;c?d&"),
    ("an empty query", "/", "", ""),
    ("separators alone", "/", "&&", "&&"),
    ("values are not looked at", "/", "q=gclid=1&r=https://x/gclid", "q=gclid=1&r=https://x/gclid"),
]


def test_parameters(plain):
    wrong = []
    for i, (_, path, query, _) in enumerate(PARAMETERS):
        plain.ask(f"{path}par-{i}.?{query}", [("Referer", f"https://{HOST}{path}from?{query}")])
    saw = {r["target"].split("?")[0]: r for r in seen_of(plain, "par-", len(PARAMETERS))}
    for i, (rule, path, query, left) in enumerate(PARAMETERS):
        behind = "" if left is None else f"?{left}"
        row = saw[f"{path}par-{i}."]
        if row["target"] != f"{path}par-{i}.{behind}" or row["referer"] != f"https://{HOST}{path}from{behind}":
            wrong.append(f"{rule}: {row['target']!r} from {row['referer']!r}")
    assert not wrong, "\n".join(wrong)


def test_bodies_are_never_touched(plain):
    body = b"gclid=1&xid=2&_ga=3"
    plain.ask("/post?gclid=1&a=2", [("Content-Type", "application/x-www-form-urlencoded")], "POST", body)
    row = seen_of(plain, "/post")[0]
    assert (row["target"], row["body"]) == ("/post?a=2", body.decode())


def test_redirect(strict):
    """A browser that opens a page; not a form, a script or a page without anything to take off. It ends there."""
    res = strict.ask("/go?a=1&gclid=2&xid=3")
    assert (res.status, res.get("Location"), res.get("Cache-Control")) == (302, f"http://{HOST}/go?a=1", "no-store")
    assert strict.ask("//evil.example/?gclid=2").get("Location") == f"http://{HOST}//evil.example/"
    assert strict.ask("/go?a=1").status == 200
    assert strict.ask("/go?a=1&gclid=2", method="POST", body=b"x").status == 200
    assert strict.client.get("/go?a=2&gclid=2", [("Sec-GPC", "1"), ("Sec-Fetch-Dest", "empty")]).status == 200
    assert [r["target"] for r in seen_of(strict, "/go", 3)] == ["/go?a=1", "/go?a=1", "/go?a=2"]


# ---- fields -----------------------------------------------------------------------------------------

def test_fields_and_policies(plain):
    """$removeheader in both directions, but not what guards the site or says no; $csp on pages, but none that reports."""
    res = plain.ask("/csp/page", [("X-Reply", "max-age=1"), ("X-Id", "5")])
    assert res.all("X-Tag") == [] and res.get("Strict-Transport-Security") == "max-age=1"
    assert res.all("Content-Security-Policy") == ["worker-src 'none'"]
    row = seen_of(plain, "/csp/page")[0]
    assert (row["id"], row["gpc"]) == ("", "1")
    assert not plain.ask("/report/page").has("Content-Security-Policy")
    assert not plain.ask("/csp/data", [("X-Type", "json")]).has("Content-Security-Policy")
    said_nothing = plain.client.get("/csp/in", [("X-Reply", "max-age=1"), ("X-Id", "5")])
    assert said_nothing.get("X-Tag") == "max-age=1" and not said_nothing.has("Content-Security-Policy")
    assert seen_of(plain, "/csp/in")[0]["id"] == "5"


# ---- e-mail -----------------------------------------------------------------------------------------

CLICKS = [
    ("rid=CANARY&url=https%3A%2F%2Fpartner.example%2Foffer%3Fa%3D1%26mkt_tok%3DCANARY", "https://partner.example/offer?a=1"),
    ("url=%2Foffer%3Fa%3D1%26_hsenc%3DCANARY&e=CANARY", f"http://{HOST}/offer?a=1"),
    ("url=%2Funsubscribe%3Fmkt_tok%3D1", f"http://{HOST}/unsubscribe?mkt_tok=1"),
    ("url=https%3A%2F%2Fshop.example.com%2F", "https://shop.example.com/"),
    ("url=https%3A%2F%2Fevil.example%2F", None), ("url=%2F%2Fevil.example", None), ("url=https%3A%2F%2Fpartner.example%40evil.example", None),
    ("url=javascript:alert(1)", None), ("id=CANARY", None), ("", None)]


@pytest.mark.parametrize("said", [SAID_NO, []], ids=["said-no", "said-nothing"])
def test_mail(plain, said):
    """Whoever asks: the picture, or the way; of whom it was neither the origin nor a number says anything."""
    fields = [*said, ("Cookie", "a=CANARY; _ga=CANARY")]
    res = plain.client.get("/o.gif?rid=CANARY", fields)
    assert (res.status, res.get("Content-Type"), len(res.body), res.get("Cache-Control")) == (200, "image/gif", 43, "no-store")
    assert not res.has("Set-Cookie")
    assert plain.client.get("/o.gif?rid=CANARY", fields, method="HEAD").status == 200
    assert plain.client.get("/o.gif?rid=CANARY", fields, method="POST", body=b"x").status == 405
    for query, to in CLICKS:
        res = plain.client.get("/c?" + query, fields)
        assert (res.status, res.get("Location")) == ((302, to) if to else (404, None)), query
        assert not res.has("Set-Cookie") and b"CANARY" not in res.raw_head + res.body
    plain.client.get("/mail-over", said)
    seen_of(plain, "/mail-over")
    assert not [r for r in plain.nginx.seen(0) if "CANARY" in str(r) or r["target"].startswith(("/o.gif", "/c?"))]
