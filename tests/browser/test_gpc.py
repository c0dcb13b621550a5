"""Firefox with its own setting for GPC, and Chromium with the field: status, choices page, later visits, without cookies, and back in."""
import json
import os
import subprocess

import pytest

from harness import ROOT, answer, sanitized
from recorder import Recorder
from test_browser import HERE, STATUS, browser

ALL = os.environ.get("TACET_BROWSER") == "all"
PAGE = ("<!doctype html><html lang=en><title>A shop</title><main><h1>A shop</h1><p>What a page has.</p></main>"
        "<script>document.documentElement.dataset.gpc = navigator.globalPrivacyControl</script>"
        "<script src=\"https://www.googletagmanager.com/gtm.js?id=GTM-1\"></script></body></html>")


# A policy that speaks of "JavaScript objects" has the page hear of a no that was said on the choices page.
CONF = """version: 1
include: {root}/conf/policies/udesk.yaml
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0"}}
geo: {{unknown: US-TX}}
sites:
  - hosts: ["*"]
    origin: {{url: "{url}"}}
    choices: {{link: auto}}
    routes: [{{name: kids, match: /kids/*, force: opt-out}}, {{name: pages, match: /*}}]
"""


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def went(request, origin, tmp_path_factory):
    import harness
    if sanitized():
        pytest.skip("browsers judge the release build")
    if not os.path.isdir(os.path.join(ROOT, "tests/node_modules/puppeteer-core")):
        pytest.skip("puppeteer-core is missing: run 'make setup'")
    if not ALL:
        pytest.skip("eight starts of a browser take their turn in 'make browser'")
    origin.on("/page", answer(PAGE))
    recorder = Recorder()
    # 127.0.0.1 is a place where browsers keep Secure cookies without TLS
    conf = tmp_path_factory.mktemp("gpc") / "t.yaml"
    conf.write_text(CONF.format(root=ROOT, url=origin.url))
    proxy = harness.Tacet("-c", conf)
    through = {f"network.proxy.{kind}{what}": value for kind in ("http", "ssl") for what, value in (("", "127.0.0.1"), ("_port", recorder.port))}
    names = ("firefox-esr", "firefox") if request.param == "firefox" else ("chromium", "chromium-browser", "google-chrome")
    spec = {"browser": request.param, "path": browser(*names), "site": f"http://127.0.0.1:{proxy.port}", "shots": os.environ.get("TACET_SHOTS"),
            "args": ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
            "prefs": {"network.proxy.type": 1, **through, "network.proxy.no_proxies_on": "127.0.0.1"}}
    ran = subprocess.run(["node", os.path.join(HERE, "gpc.mjs")], input=json.dumps(spec), capture_output=True, text=True, timeout=580)
    proxy.stop()
    recorder.close()
    assert ran.returncode == 0, ran.stderr[-3000:]
    return request.param, json.loads(ran.stdout)


def is_out(page):
    return STATUS in page["role"] and page["tags"] == 0


@pytest.mark.slow
def test_the_signal_is_honoured_and_shown(went):
    which, way = went
    saw = way["signalled"]
    assert is_out(saw["page"]) and saw["page"]["link"] == "/privacy-choices"
    if which == "firefox":
        assert saw["property"] is True
    assert "Your browser sends Global Privacy Control." in saw["choices"]["role"] and STATUS in saw["choices"]["role"]
    assert saw["choices"]["checked"] == ["choice=out"]
    assert "allowing sharing here changes nothing" in saw["allowed"]["text"] and is_out(saw["after"])


@pytest.mark.slow
def test_without_cookies(went):
    _, way = went
    assert is_out(way["without_cookies"]["first"]) and is_out(way["without_cookies"]["second"])
    told = way["without_both"]["told"]
    assert told["path"] == "/privacy-choices/saved" and "did not keep the cookie" in told["text"] and "Global Privacy Control" in told["text"]
    assert way["without_both"]["page"]["tags"] == 1


@pytest.mark.slow
def test_a_choice_sticks_and_can_be_taken_back(went):
    _, way = went
    saw = way["chosen"]
    assert saw["before"]["tags"] == 1 and not saw["before"]["role"]
    assert "Your choice is saved." in saw["saved"]["text"] and STATUS in saw["saved"]["role"]
    assert is_out(saw["later"]) and is_out(saw["again"])
    assert saw["before"]["heard"] != "true" and saw["later"]["heard"] == "true", "the page hears what the browser did not say"
    assert "your choice, kept in a cookie" in saw["why"]["text"]
    assert "You have allowed sharing." in saw["back"]["role"]
    assert saw["in"]["tags"] == 1 and not saw["in"]["role"] and saw["in"]["heard"] != "true"
