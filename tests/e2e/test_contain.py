"""The second policy: for whom, on what, and that the site's own policies and everybody else's pages stay as they are."""
import subprocess

import pytest

import harness
from harness import answer

CONF = """
version: 1
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0"}}
sites:
  - hosts: [www.example.test]
    origin: {{url: "{url}"}}
    allow: [fonts.example.net]
    routes:
      - {{name: raw, match: /raw/*, filter: none}}
      - {{name: shop, match: /shop/*, allow: [pay.example.org]}}
      - {{name: pages, match: /*}}
rule_sets:
  said-no: {{scripts: {{remove: [analytics, advertising, personalisation, social]}}, contain: {mode}, status: "Opt-Out Request Honored"}}
  light: {{}}
  careful: {{contain: {mode}}}
regions:
  - {{name: careful, where: [NL], default: careful, opted_out: said-no}}
  - {{name: rest, where: ["*"], default: light, opted_out: said-no}}
geo: {{unknown: {place}}}
"""
SAID_NO = {"Sec-GPC": "1"}
PAGE = "<!doctype html><title>t</title><meta http-equiv=content-security-policy content=\"img-src 'self'\"><p>hello"
OWN = "default-src 'none'; script-src 'nonce-abc' 'strict-dynamic'"
SECOND = "Content-Security-Policy"


@pytest.fixture
def site(start, fresh_origin, tmp_path):
    conf = tmp_path / "t.yaml"

    def begin(mode, place="US-TX"):
        fresh_origin.on("/p", answer(PAGE, [(SECOND, OWN), ("Cache-Control", "public, max-age=60")]))
        fresh_origin.on("/shop/p", answer(PAGE))
        fresh_origin.on("/raw/p", answer(PAGE, [("Cache-Control", "public, max-age=60")]))
        fresh_origin.on("/w.js", answer("1", [("Cache-Control", "public, max-age=60")], type="text/javascript"))
        conf.write_text(CONF.format(url=fresh_origin.url, mode=mode, place=place))
        return start("-c", conf, listen=False)

    begin.conf = conf
    return begin


def directives(policy):
    return {d.split()[0]: d.split()[1:] for d in policy.split(";")}


def test_enforce(site):
    proxy = site("enforce")
    res = proxy.get("/p", SAID_NO)
    own, ours = res.all(SECOND)
    assert own == OWN and not res.has(SECOND + "-Report-Only")
    said = directives(ours)
    assert said["img-src"] == ["'self'", "blob:", "data:", "www.example.test:*", "fonts.example.net:*", "*.fonts.example.net:*"]
    assert "'unsafe-inline'" in said["script-src"] and said["object-src"] == ["'none'"]
    assert "img-src 'self'" in res.text, "the policy in meta is the site's, too"
    assert "pay.example.org:*" in directives(proxy.get("/shop/p", SAID_NO).all(SECOND)[0])["connect-src"]
    plain = proxy.get("/p")
    assert plain.all(SECOND) == [OWN] and plain.text == PAGE, "who said nothing gets the site's answer"
    assert proxy.metrics()["tacet_filter_actions_total", frozenset({("action", "contained"), ("pack", "operator")})] == 2


def test_report_only(site):
    res = site("report").get("/p", SAID_NO)
    assert res.all(SECOND) == [OWN]
    assert directives(res.get(SECOND + "-Report-Only"))["report-uri"] == ["/.well-known/tacet/csp-report"]


def test_none(site):
    res = site("none").get("/p", SAID_NO)
    assert res.all(SECOND) == [OWN] and not res.has(SECOND + "-Report-Only")


def test_workers_have_it_with_their_script(site):
    proxy = site("enforce")
    for dest in ("worker", "sharedworker", "serviceworker"):
        res = proxy.get("/w.js", {**SAID_NO, "Sec-Fetch-Dest": dest})
        assert "'self'" in directives(res.get(SECOND))["connect-src"]
        assert "private" in res.get("Cache-Control"), "another visitor would not have got it"
    res = proxy.get("/w.js", {**SAID_NO, "Sec-Fetch-Dest": "script"})
    assert not res.has(SECOND) and res.get("Cache-Control") == "public, max-age=60"


def test_bodies_that_pass_have_it_too(site):
    proxy = site("enforce")
    res = proxy.get("/raw/p", SAID_NO)
    assert res.text == PAGE and "'self'" in directives(res.get(SECOND))["script-src"]
    assert "private" in res.get("Cache-Control")
    assert not proxy.get("/raw/p").has(SECOND)


def test_nothing_denied_nothing_contained(site):
    res = site("enforce", "NL").get("/p")
    assert res.all(SECOND) == [OWN]


def test_what_is_ours_answers_as_before(site):
    proxy = site("enforce")
    assert proxy.get("/.well-known/tacet/s/noop.js", SAID_NO).status == 200
    assert len(proxy.get("/privacy-choices", SAID_NO).all(SECOND)) == 1


def test_explain_says_so(site, fresh_origin):
    proxy = site("enforce")
    page = site.conf.parent / "r.txt"
    page.write_bytes(answer(PAGE))
    ran = subprocess.run([harness.tacet_path(), "explain", "-c", site.conf, "http://www.example.test/p", "-H", "Sec-GPC: 1",
                          "--response", page], capture_output=True, text=True, check=True)
    line = [x for x in ran.stdout.splitlines() if x.startswith("contained")]
    assert len(line) == 1 and "enforce" in line[0] and "t.yaml:14" in line[0], ran.stdout
    assert "not in force" not in ran.stderr
    assert proxy.get("/p", SAID_NO).status == 200
