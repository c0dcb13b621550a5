"""`tacet verify` and the canary: synthetic visitors, and what they must notice when the proxy does not do what was promised.

The planted faults are proxies that run another configuration than the one that is verified.
"""
import json
import pathlib
import re
import ssl
import subprocess
import xml.etree.ElementTree as ET

import pytest

from certificates import Authority
from harness import answer, tacet_path, total, wait_until
from tls import TlsOrigin

POLICIES = pathlib.Path(__file__).resolve().parents[2] / "conf/policies"

PAGE = b"""<!doctype html><html><head><title>x</title><script src="https://www.googletagmanager.com/gtm.js?id=GTM-1"></script>
<script>var s=document.createElement('script');s.src='https:\\/\\/connect.facebook.net/en_US/fbevents.js';</script></head>
<body><img src="https://www.facebook.com/tr?id=1&amp;ev=x"><p>See https://www.googletagmanager.com/gtm.js or
<a href="https://www.googletagmanager.com/gtm.js">this</a>.</p></body></html>"""

CONF = """version: 1
include: [%(policies)s/udesk.yaml]
listen: [{address: "127.0.0.1:%(port)s"%(listen)s}]
admin: {%(socket)s}
sites:
  - hosts: [www.example.test]
    origin: {url: "%(origin)s"}
    choices: {link: auto}
    consent: [onetrust]
    %(site)s
    routes: [{name: kids, match: /kids/*, force: opt-out}, {name: pages, match: /*}]
"""


@pytest.fixture
def site(fresh_origin, tmp_path):
    """site(**other): the text of a configuration; the same in all but what is named."""
    fresh_origin.on("/", answer(PAGE, [("Set-Cookie", "_ga=1; Path=/"), ("Set-Cookie", "sid=1; Path=/")]))

    def text(**other):
        return CONF % {"policies": POLICIES, "port": 0, "listen": "", "origin": fresh_origin.url, "site": "",
                       "socket": f"socket: {tmp_path}/sock", **other}
    return text


@pytest.fixture
def running(start, tmp_path):
    def begin(text):
        (tmp_path / "running.yaml").write_text(text)
        return start("-c", str(tmp_path / "running.yaml"))
    return begin


def verify(tmp_path, text, port, *args, scheme="http"):
    (tmp_path / "verified.yaml").write_text(text)
    return subprocess.run([tacet_path(), "verify", "-c", str(tmp_path / "verified.yaml"), f"{scheme}://127.0.0.1:{port}", *args],
                          capture_output=True, text=True, timeout=100)


def as_json(run):
    said = json.loads(run.stdout)
    assert said["ok"] == (run.returncode == 0)
    return said


def test_nothing_survives(site, running, tmp_path, fresh_origin):
    proxy = running(site())
    said = as_json(verify(tmp_path, site(), proxy.port, "--format", "json"))
    assert said["ok"] and said["failed"] == 0, [c for c in said["checks"] if c["verdict"] == "FAILED"]
    control, = [c for c in said["checks"] if c["check"] == "control"]
    assert control["verdict"] == "ok" and control["found"] == "5 to lose"
    seen = {(c["from"], c["signal"]) for c in said["checks"] if c["check"] == "page"}
    assert {("EU", "none"), ("US-CA", "gpc"), ("*", "sticky-out"), ("*", "sticky-in+gpc"), ("unknown", "cmp-grant"), ("GB", "cmp-bad")} <= seen
    for check in ("choices page", "one step out and in", "form of another site", "forged choice", "remembered", "gpc.json"):
        assert any(c["check"] == check and c["verdict"] == "ok" for c in said["checks"]), check
    assert [c["found"] for c in said["checks"] if c["check"] == "origin"] == ["fields that the origin gets, and what it says of an account"]
    assert not any(m.has("Tacet-Verify") for m in fresh_origin.requests), "the token went to the origin"


# what is other in the configuration that runs, and what the visitors say of it
FAULTS = {
    "a tag is let through": ("    choices:", "    allow: [www.googletagmanager.com]\n    choices:",
                             r"https://www.googletagmanager.com/gtm.js \(\w+\) is there"),
    "a region has lax rules": ("default: closed, opted_out", "default: light, opted_out", "from=EU signal=none"),
    "no second policy": ("    contain: enforce\n", "", "Content-Security-Policy of ours is not there"),
    "no status": ('    status: "Opt-Out Request Honored"\n', "", "the status text is not there"),
    "a signal is not heard": ("honour: [gpc, dnt, choice, consent], default: light", "honour: [dnt, choice, consent], default: light",
                              r"from=\* signal=gpc  page: .* is there"),
    "cookies pass": ("response: keep-listed", "response: pass", "_ga"),
    "referrer in full": ("    referrer: origin\n  open:", "  open:", "Referrer-Policy of ours is not there"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_seen(name, site, running, tmp_path):
    old, new, words = FAULTS[name]
    text = site().replace(f"include: [{POLICIES}/udesk.yaml]\n", "")
    text += (POLICIES / "udesk.yaml").read_text().replace("version: 1\n", "", 1)
    loose = re.sub(r"\npromises:\n(?:  .*\n)+", "\n", text).replace("*link", "Privacy")
    assert "promises:" not in loose and old in loose
    proxy = running(loose.replace(old, new))
    run = verify(tmp_path, text, proxy.port)
    assert run.returncode == 1 and re.search(words, run.stdout), run.stdout[-3000:] + run.stderr
    assert int(re.search(r"(\d+) failed", run.stdout)[1]) > 0


def test_a_proxy_that_does_nothing(site, running, tmp_path, fresh_origin):
    """The origin itself stands for it, or for a cache in front that keeps one page for all."""
    running(site())
    run = verify(tmp_path, site(), fresh_origin.port)
    assert run.returncode == 1 and "choices page: the choices page" in run.stdout
    assert "gtm.js (analytics) is there" in run.stdout or "gtm.js (advertising) is there" in run.stdout, run.stdout


def test_pages_without_tags_prove_nothing(site, running, tmp_path, fresh_origin):
    fresh_origin.on("/", answer(b"<!doctype html><title>x</title><p>hello"))
    proxy = running(site())
    said = as_json(verify(tmp_path, site(), proxy.port, "--format", "json"))
    control, = [c for c in said["checks"] if c["check"] == "control"]
    assert control["verdict"] == "not seen" and "proves nothing" in control["found"]


def test_a_redirect_is_no_page(site, running, tmp_path, fresh_origin):
    fresh_origin.on("/", answer(b"", [("Location", "/elsewhere")], status="302 Found"))
    proxy = running(site())
    said = as_json(verify(tmp_path, site(), proxy.port, "--format", "json"))
    assert {c["verdict"] for c in said["checks"] if c["check"] == "page"} == {"not seen"}


def test_links_and_text_are_not_survivors(site, running, tmp_path, fresh_origin):
    fresh_origin.on("/", answer(b"""<!doctype html><title>x</title><p>https://www.googletagmanager.com/gtm.js
        <a href="https://www.googletagmanager.com/gtm.js">x</a><!-- https://www.googletagmanager.com/gtm.js -->"""))
    proxy = running(site())
    assert as_json(verify(tmp_path, site(), proxy.port, "--format", "json"))["failed"] == 0


def test_a_cookie_that_nobody_knows(site, running, tmp_path, fresh_origin):
    fresh_origin.on("/", answer(PAGE, [("Set-Cookie", "zz_mystery=1; Path=/")]))
    proxy = running(site())
    assert verify(tmp_path, site(), proxy.port).returncode == 0
    run = verify(tmp_path, site(), proxy.port, "--strict")
    assert run.returncode == 1 and "zz_mystery: a cookie that nobody knows" in run.stdout
    kept = site(site="keep_cookies: [zz_mystery]")
    assert verify(tmp_path, kept, proxy.port, "--strict").returncode == 0


def test_formats(site, running, tmp_path, fresh_origin):
    proxy = running(site())
    suite = ET.fromstring(verify(tmp_path, site(), proxy.port, "--format", "junit").stdout)
    assert int(suite.get("tests")) == len(suite.findall("testcase")) > 20 and suite.get("failures") == "0"
    assert json.loads(verify(tmp_path, site(), proxy.port, "--format", "sarif").stdout)["runs"][0]["results"] == []
    suite = ET.fromstring(verify(tmp_path, site(), fresh_origin.port, "--format", "junit").stdout)
    assert int(suite.get("failures")) == len(suite.findall("testcase/failure")) > 0
    sarif = json.loads(verify(tmp_path, site(), fresh_origin.port, "--format", "sarif").stdout)
    result = sarif["runs"][0]["results"][0]
    assert sarif["version"] == "2.1.0" and result["level"] == "error" and result["message"]["text"] and result["ruleId"] == "choices page"
    assert verify(tmp_path, site(), proxy.port, "--format", "xml").returncode == 2


def test_without_a_socket_visitors_come_from_nowhere(site, running, tmp_path):
    proxy = running(site(socket='address: "127.0.0.1:0"'))
    run = verify(tmp_path, site(socket=""), proxy.port, "--format", "json")
    assert "an unknown place alone" in run.stderr
    assert {c["from"] for c in as_json(run)["checks"] if c["check"] == "page"} == {"unknown"}


def test_a_forged_token_places_nobody(site, running, fresh_origin):
    proxy = running(site())
    far = {"Tacet-Verify": "v1.9999999999.AAAAAAAAAAAAAAAAAAAAAA US-TX"}
    assert "googletagmanager" not in proxy.get("/", far).text.replace("https://www.googletagmanager.com/gtm.js or", "").replace(
        '<a href="https://www.googletagmanager.com/gtm.js">', "")
    assert not fresh_origin.last("/").has("Tacet-Verify")


def test_nobody_is_there(site, tmp_path):
    run = verify(tmp_path, site(socket=""), 1)
    assert run.returncode == 1 and "Connection refused" in run.stdout
    run = verify(tmp_path, site(), 1)
    assert run.returncode == 1 and "is tacet running" in run.stderr


def with_canary(text):
    """The included policy in its place, and visited each second."""
    return text.replace(f"include: [{POLICIES}/udesk.yaml]\n", "") + (POLICIES / "udesk.yaml").read_text().replace(
        "version: 1\n", "", 1).replace("verify: {pages: [/]}", "verify: {pages: [/], every: 1s}")


def test_the_canary(site, start, tmp_path, fresh_origin):
    (tmp_path / "c.yaml").write_text(with_canary(site()))
    proxy = start("-c", str(tmp_path / "c.yaml"))
    wait_until(lambda: total(proxy.metrics(), "tacet_canary_runs_total", result="passed") > 0, "a run of the canary")
    m = proxy.metrics()
    assert total(m, "tacet_canary_success") == 1 and total(m, "tacet_canary_runs_total", result="failed") == 0
    assert total(m, "tacet_canary_checks", verdict="ok") > 100 and total(m, "tacet_canary_timestamp_seconds") > 0
    fresh_origin.on("/", answer(b"gone", status="404 Not Found"))
    wait_until(lambda: total(proxy.metrics(), "tacet_canary_success") == 0, "the alarm")
    wait_until(lambda: any("the canary failed" in line for line in proxy.lines), "the line")
    proxy.stop()  # though a run may be under way


@pytest.fixture
def by_tls(start, site, tmp_path):
    """begin(**other): a proxy that is reached by TLS alone, and the text of its configuration."""
    def begin(**other):
        cert, key = Authority(tmp_path / "ca").issue("www.example.test")
        text = site(listen=f", tls: {{cert: {cert}, key: {key}}}", **other)
        (tmp_path / "running.yaml").write_text(text)
        return start("-c", str(tmp_path / "running.yaml"), listen=False), text
    return begin


def test_visitors_come_by_tls(by_tls, tmp_path):
    """No authority is asked: the proxy has to show what its configuration names."""
    proxy, text = by_tls()
    port = proxy.addresses["https"][0][1]
    said = as_json(verify(tmp_path, text, port, "--format", "json", scheme="https"))
    assert said["ok"] and said["failed"] == 0, [c for c in said["checks"] if c["verdict"] == "FAILED"]
    assert sum(c["verdict"] == "ok" for c in said["checks"]) > 100
    assert [c["verdict"] for c in said["checks"] if c["check"] == "control"] == ["ok"]
    (tmp_path / "named.yaml").write_text(text.replace("127.0.0.1:0", f"127.0.0.1:{port}"))
    found = subprocess.run([tacet_path(), "verify", "-c", str(tmp_path / "named.yaml"), "--format", "json"], capture_output=True, text=True, timeout=100)
    assert as_json(found)["ok"], found.stderr


def test_another_certificate_is_another_proxy(by_tls, site, tmp_path):
    proxy, _ = by_tls()
    cert, key = Authority(tmp_path / "other").issue("www.example.test")
    text = site(listen=f", tls: {{cert: {cert}, key: {key}}}")
    said = as_json(verify(tmp_path, text, proxy.addresses["https"][0][1], "--format", "json", scheme="https"))
    assert not said["ok"] and not any(c["verdict"] == "ok" for c in said["checks"] if c["check"] != "control")


def test_the_canary_comes_by_tls(start, site, tmp_path):
    cert, key = Authority(tmp_path / "ca").issue("www.example.test")
    text = site(listen=f", tls: {{cert: {cert}, key: {key}}}").replace("admin: {", 'admin: {address: "127.0.0.1:0", ')
    (tmp_path / "c.yaml").write_text(with_canary(text))
    proxy = start("-c", str(tmp_path / "c.yaml"), listen=False)
    wait_until(lambda: total(proxy.metrics(), "tacet_canary_runs_total", result="passed") > 0, "a run of the canary")
    assert total(proxy.metrics(), "tacet_canary_checks", verdict="ok") > 100


# ---- origins by https -------------------------------------------------------------------------------

@pytest.fixture
def secret_origin(tmp_path):
    """An origin by https that wants to see our certificate; .ca: who vouches for both; .tls(): how it is configured."""
    ca = Authority(tmp_path / "ca")
    ctx = ca.context("app.test")
    ctx.verify_mode = ssl.CERT_REQUIRED
    ctx.load_verify_locations(ca.pem)
    o = TlsOrigin(ctx)
    o.on("/", answer(PAGE, [("Set-Cookie", "_ga=1; Path=/"), ("Set-Cookie", "sid=1; Path=/")]))
    pair = ca.client("edge")
    o.ca = ca
    o.tls = lambda pem=ca.pem, name="app.test", pair=pair: f'{o.url}", tls: {{ca: {pem}, name: {name}' + (
        f", cert: {pair[0]}, key: {pair[1]}" if pair else "") + '}, host: "www.example.test'
    yield o
    o.close()


def asked_directly(origin):
    return [m for m in origin.requests if m.get("User-Agent") == "tacet verify" and not m.has("Privacy-Decision")]


def test_the_control_asks_by_https(site, running, tmp_path, secret_origin):
    """As the proxy does: who vouches for the origin, its name, our certificate."""
    proxy = running(site(origin=secret_origin.tls()))
    said = as_json(verify(tmp_path, site(origin=secret_origin.tls()), proxy.port, "--format", "json"))
    control, = [c for c in said["checks"] if c["check"] == "control"]
    assert control["verdict"] == "ok" and control["found"] == "5 to lose" and said["failed"] == 0
    assert [m.get("Host") for m in asked_directly(secret_origin)] == ["www.example.test"]
    assert not any(m.has("Tacet-Verify") for m in secret_origin.requests)
    other, asked = Authority(tmp_path / "other"), len(asked_directly(secret_origin))
    for how, words in ((dict(pem=other.pem), "certificate"), (dict(name="evil.test"), "hostname mismatch"),
                       (dict(pair=None), ""),  # told by an alert, or cut before it was read
                       (dict(pem=tmp_path / "none"), "origin.tls cannot be used")):
        said = as_json(verify(tmp_path, site(origin=secret_origin.tls(**how)), proxy.port, "--format", "json"))
        control, = [c for c in said["checks"] if c["check"] == "control"]
        assert control["verdict"] == "not seen" and words in control["found"] and len(asked_directly(secret_origin)) == asked, control


def test_the_control_of_the_canary_asks_by_https(start, site, tmp_path, secret_origin):
    (tmp_path / "c.yaml").write_text(with_canary(site(origin=secret_origin.tls())))
    proxy = start("-c", str(tmp_path / "c.yaml"))
    wait_until(lambda: total(proxy.metrics(), "tacet_canary_runs_total", result="passed") > 0, "a run of the canary")
    assert asked_directly(secret_origin)
