"""What browsers report of policies: counted by directive and by what is known of the host, and nothing else of it is kept."""
import json
import re

import pytest

from harness import answer, get, wait_until

CONF = """
version: 1
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0"}}
lists: {{use: [built-in]}}
stats: {{privacy: {{k: 5}}}}
sites: [{{hosts: [www.shop.example], origin: {{url: "{url}"}}, allow: [cdn.example.net]}}]
rule_sets:
  said-no: {{scripts: {{remove: [analytics, advertising, personalisation, social]}}, contain: report}}
  light: {{}}
regions: [{{name: rest, where: ["*"], default: light, opted_out: said-no}}]
"""
PATH = "/.well-known/tacet/csp-report"
CANARY = "c4n4ryR3p0rt"


@pytest.fixture
def proxy(start, fresh_origin, tmp_path):
    conf = tmp_path / "t.yaml"
    conf.write_text(CONF.format(url=fresh_origin.url))
    return start("-c", conf, listen=False)


def report(directive, url, **more):
    said = {"document-uri": f"https://www.shop.example/{CANARY}", "referrer": f"https://elsewhere.example/{CANARY}",
            "violated-directive": directive, "effective-directive": directive, "blocked-uri": url, "script-sample": CANARY, **more}
    return json.dumps({"csp-report": said}).encode()


def post(proxy, body, type="application/csp-report", **kw):
    return proxy.get(PATH, {"Content-Type": type, "User-Agent": CANARY, "Cookie": f"sid={CANARY}"}, method="POST", body=body,
                     host="www.shop.example", **kw)


def counted(proxy):
    return {tuple(sorted(dict(k[1]).values())): v for k, v in proxy.metrics().items() if k[0] == "tacet_csp_reports_total" and v}


def shown(proxy):
    res = get(proxy.admin, "/api/v1/csp", host=f"127.0.0.1:{proxy.admin}")
    assert res.status == 200 and res.get("Content-Type") == "application/json"
    said = json.loads(res.text)
    assert said["k"] == 5
    return {(r["domain"], r["directive"]): r["reports"] for r in said["reports"]}


@pytest.mark.parametrize("directive, url, label", [
    ("script-src-elem", f"https://www.googletagmanager.com/gtm.js?{CANARY}", ("advertising", "script-src")),
    ("img-src", f"https://unknown.example.org/{CANARY}", ("img-src", "unlisted")),
    ("connect-src 'self'", "wss://api.shop.example/live", ("connect-src", "own")),
    ("object-src", "https://a.cdn.example.net/film.swf", ("allowed", "object-src")),
    ("script-src-attr", "inline", ("none", "script-src")),
    ("x-made-up", f"https://{CANARY.lower()}.example.org/", ("other", "unlisted")),
    ("img-src", "https://[::1]/x", ("img-src", "none")),
])
def test_counted(proxy, directive, url, label):
    res = post(proxy, report(directive, url))
    assert res.status == 204 and res.get("Cache-Control") == "no-store"
    assert counted(proxy) == {label: 1}


def test_reports_of_the_reporting_api(proxy):
    one = {"type": "csp-violation", "url": f"https://www.shop.example/{CANARY}",
           "body": {"blockedURL": "https://unknown.example.org/x", "effectiveDirective": "font-src", "documentURL": CANARY}}
    assert post(proxy, json.dumps([one, one, {"type": "other", "body": 1}]).encode(), "application/reports+json; charset=utf-8").status == 204
    assert counted(proxy) == {("font-src", "unlisted"): 2}


def test_a_domain_is_shown_when_enough_saw_it(proxy):
    for i in range(5):
        assert shown(proxy) == {}
        post(proxy, report("img-src", f"https://h{i}.unknown.example.org/{CANARY}"))
    for i in range(4):
        post(proxy, report("script-src", "https://fewer.example/x"))
    assert shown(proxy) == {("example.org", "img-src"): 5}, "the registrable domain, no host"


@pytest.mark.parametrize("body, type", [
    (b"", "application/csp-report"), (b"{", "application/csp-report"), (b"[1]", "application/csp-report"),
    (b'{"csp-report": 1}', "application/csp-report"), (b'{"csp-report": {"blocked-uri": 1}}', "application/csp-report"),
    (b'[{"body": {}}]', "application/reports+json"), (b"[[[[", "application/reports+json"),
    (report("img-src", "https://a.example/"), "text/plain"), (report("img-src", "https://a.example/"), "application/json")])
def test_what_cannot_be_read_is_thanked_for(proxy, body, type):
    assert post(proxy, body, type).status == 204
    assert counted(proxy) == {}


def test_bounds(proxy, fresh_origin):
    big = report("img-src", "https://a.example/", **{"original-policy": "x" * 20000})
    assert post(proxy, big).status == 413
    assert post(proxy, report("img-src", "https://a.example/", **{"original-policy": "x" * 12000})).status == 204
    assert proxy.get(PATH, host="www.shop.example").status == 405
    res = proxy.get(PATH, method="OPTIONS", host="www.shop.example")
    assert res.status == 405 and res.get("Allow") == "POST", "a page of another site is told no"
    with proxy.client(host="www.shop.example") as c:
        for _ in range(200):
            assert c.get(PATH, {"Content-Type": "application/csp-report"}, "POST", report("img-src", "https://b.example/")).status == 204
    many = json.dumps([{"body": {"blockedURL": "https://c.example/", "effectiveDirective": "font-src"}}] * 100).encode()
    assert post(proxy, many, "application/reports+json").status == 204
    said = counted(proxy)
    unread = proxy.metrics()["tacet_csp_reports_unread_total", frozenset()]
    assert said["img-src", "unlisted"] + unread >= 201 and said.get(("font-src", "unlisted"), 0) <= 32
    assert not fresh_origin.requests, "the origin hears nothing of it"


def memory(pid):
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if m:
                mem.seek(int(m[1], 16))
                yield mem.read(int(m[2], 16) - int(m[1], 16))


def test_nothing_else_is_kept(proxy):
    for _ in range(6):
        post(proxy, report("img-src", f"https://pixel.unknown.example.org/{CANARY}?{CANARY}"))
    assert shown(proxy)
    said = get(proxy.admin, "/metrics", host=f"127.0.0.1:{proxy.admin}").text
    assert "example.org" not in said and CANARY not in said and CANARY.lower() not in said
    try:
        wait_until(lambda: not any(CANARY.encode() in part or b"pixel.unknown" in part for part in memory(proxy.pid)),
                   "the report to be gone from memory", 10)
    except PermissionError:
        pytest.skip("memory of the proxy cannot be read here")
    assert CANARY not in proxy.stderr() and CANARY not in "".join(proxy.lines)


def test_pages_say_where_to(proxy, fresh_origin):
    fresh_origin.on("/p", answer("<p>x"))
    res = proxy.get("/p", {"Sec-GPC": "1"}, host="www.shop.example")
    assert f"report-uri {PATH}" in res.get("Content-Security-Policy-Report-Only")
