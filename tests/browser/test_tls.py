"""Real browsers by TLS and HTTP/2: pages as by HTTP/1.1 in clear, choices that stay, all that a page can do, reload and drain.

The browsers trust a throwaway authority, and look at certificates as ever. TACET_BROWSER=all (make browser): both of them
and every page; else Chromium, and one page.
"""
import hashlib
import json
import os
import signal
import subprocess

import pytest

import scene
from certificates import Authority
from harness import ROOT, Tacet, free_port, sanitized
from recorder import Gate, Recorder
from test_browser import HERE, STATUS, browser, drive, listed
from trust import home_that_trusts

ALL = os.environ.get("TACET_BROWSER") == "all"
SETTLE = 4000 if ALL else 1000
OWN = len("s") * 20
UPLOAD = 24 << 20 if ALL else 4 << 20
BROWSERS = {"chromium": ("chromium", "chromium-browser", "google-chrome"), "firefox": ("firefox-esr", "firefox")}
TOLD = """(() => {
  const entries = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource').filter(e => e.name.startsWith(location.origin))];
  return {scheme: location.protocol, protocols: [...new Set(entries.filter(e => e.nextHopProtocol || e.transferSize).map(e => e.nextHopProtocol))],
    size: entries[0].decodedBodySize, load: entries[0].loadEventEnd > 0};
})()"""


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def which(request):
    if sanitized():
        pytest.skip("browsers judge the release build")
    if not os.path.isdir(os.path.join(ROOT, "tests/node_modules/puppeteer-core")):
        pytest.skip("puppeteer-core is missing: run 'make setup'")
    if request.param == "firefox" and not ALL:
        pytest.skip("Firefox takes its turn in 'make browser'")
    return request.param


def trusted(folder, pem):
    home = home_that_trusts(folder / "home", pem)
    if not home:
        pytest.skip("no libnss3, which browsers come with: certificates cannot be trusted")
    return home


def leading(kind, recorder, tls, plain):
    """How a browser is told where names lead. (spec for it, what notes the hosts of all other connections)"""
    if kind == "chromium":
        return {"args": [f"--host-resolver-rules=MAP *.test:443 127.0.0.1:{tls}, MAP *.test:80 127.0.0.1:{plain}, MAP * 127.0.0.1:{recorder.port}"]}
    recorder.leads = {443: tls, 80: plain}
    return {"prefs": {"network.proxy.type": 1, "network.proxy.socks": "127.0.0.1", "network.proxy.socks_port": recorder.port,
                      "network.proxy.socks_version": 5, "network.proxy.socks5_remote_dns": True, "network.proxy.socks_remote_dns": True,
                      "network.proxy.allow_hijacking_localhost": True}}


@pytest.fixture(scope="module")
def recorder(which):
    recorder = Recorder() if which == "chromium" else Gate({})
    yield recorder
    recorder.close()


# ---- pages ------------------------------------------------------------------------------------------------------

def visits(which, recorder, spec, names):
    """Each page in clear and by TLS; and the hosts of all other connections."""
    pages = [{"url": f"{scheme}://page{i}.example{i}.test/{n}", "settle": SETTLE, "run": TOLD} for scheme in ("http", "https") for i, n in enumerate(names)]
    if which == "chromium":
        pages = [{**page, "headers": {"Sec-GPC": "1"}} for page in pages]
    else:
        spec = {**spec, "prefs": {**spec["prefs"], "privacy.globalprivacycontrol.enabled": True}}
    recorder.take()
    got = drive(browser=which, path=browser(*BROWSERS[which]), parallel=4 if which == "chromium" else 2, pages=pages, **spec)
    return got[:len(names)], got[len(names):], recorder.take()


@pytest.mark.slow
def test_pages_are_as_in_clear(which, recorder, nginx_origin, page_folder, tmp_path):
    names = sorted(n for n in os.listdir(page_folder) if n.endswith(".html"))
    if not ALL:
        names = [n for n in names if n.startswith("20-")] or names[:1]
    ca, ports = Authority(tmp_path / "ca"), (free_port(), free_port())
    pair = ca.issue(*[f"*.example{i}.test" for i in range(len(names))])
    proxy = Tacet("-c", scene.configure(tmp_path, nginx_origin.url, pair, ports, redirect=False))
    spec = {"home": trusted(tmp_path, ca.pem), **leading(which, recorder, *ports)}
    try:
        clear, by_tls, hosts = visits(which, recorder, spec, names)
    finally:
        proxy.stop()
    wrong = []
    for name, before, after in zip(names, clear, by_tls):
        told, was = after["result"], before["result"]
        assert was["scheme"] == "http:" and was["protocols"] == ["http/1.1"], (name, was)
        if after["status"] != 200 or told["scheme"] != "https:" or told["protocols"] != ["h2"]:
            wrong.append((name, "protocol", after["status"], told))
        # an address of the proxy's own, in place of a listed one, names the scheme
        if not 0 <= told["size"] - was["size"] <= OWN or was["size"] == 0 or (was["load"] and not told["load"]):
            wrong.append((name, "not as in clear", was, told))
        if STATUS not in after["text"] or after["sent"].get("sec-gpc") != "1":
            wrong.append((name, "no status"))
        if len(after["errors"]) > len(before["errors"]):
            wrong.append((name, "errors", before["errors"], after["errors"]))
        asked = listed(urls=after["requests"])[0]
        if asked:
            wrong.append((name, "asked for", asked))
    assert not wrong, json.dumps(wrong, indent=1)[:5000]
    assert not listed(hosts=hosts)[1]


# ---- one visitor's way ------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def went(which, recorder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    s = scene.Scene(folder)
    try:
        spec = {"browser": which, "path": browser(*BROWSERS[which]), "site": f"https://{scene.HOST}", "home": trusted(folder, s.ca.pem),
                "upload": UPLOAD, "shots": os.environ.get("TACET_SHOTS"), **leading(which, recorder, *s.ports)}
        node = subprocess.Popen(["node", os.path.join(HERE, "tls.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, start_new_session=True)
        try:
            told, err = node.communicate(json.dumps(spec), timeout=400)
        finally:
            if node.poll() is None:  # its browser ends with it
                os.killpg(node.pid, signal.SIGKILL)
                node.communicate()
        assert node.returncode == 0, err[-3000:]
    finally:
        s.close()
    return which, json.loads(told), s


def step(went, name):
    saw = went[1][name]
    assert "failed" not in saw, saw
    return saw


def is_out(page):
    return STATUS in page["role"] and page["tags"] == 0


def test_http_leads_to_https_for_good(went):
    saw = step(went, "redirect")
    first, second = saw["first"], saw["second"]
    assert first[0] == f"https://{scene.HOST}/page" and second[0] == f"https://{scene.HOST}/page?again"
    assert first[1]["redirects"] == 1 and second[1]["redirects"] == 1, "the second time the browser knows"
    assert saw["seen"]["protocols"] == ["h2"] and saw["seen"]["images"] == 1 and not saw["seen"]["missing"]


def test_a_choice_stays(went):
    saw = step(went, "choice")
    assert saw["before"]["tags"] == 1 and "tacet_choice" not in saw["later"]["script"]
    assert saw["saved"]["path"] == "/privacy-choices/saved" and STATUS in saw["saved"]["role"]
    assert is_out(saw["later"]) and {page["protocol"] for page in saw.values()} == {"h2"}
    assert "You have allowed sharing." in saw["back"]["role"] and saw["in"]["tags"] == 1 and not saw["in"]["role"]


def test_a_form(went):
    saw = step(went, "form")
    assert "POST application/x-www-form-urlencoded word=a+b%26c" in saw["text"] and saw["protocol"] == "h2"


def test_a_large_upload(went):
    up = step(went, "page")["upload"]
    assert up["status"] == 200 and up["mine"] == up["theirs"]
    assert len(went[2].origin.last("/upload").body) == UPLOAD


def test_events_come_one_by_one(went):
    assert step(went, "page")["events"] == scene.EVENTS


def test_a_websocket(went):
    ws = step(went, "page")["socket"]
    assert ws["protocol"] == "chat" and ws["words"] == ["the origin begins", "a word"] and ws["same"]
    assert ws["during"]["tunnels"] == 1 and ws["closed"] == [1000, True]
    # RFC 8441: it is a stream of the connection that is there
    assert ws["during"]["connections"] == ws["before"]["connections"]


def whole(saw):
    body = b"a" * scene.PART + b"b" * scene.PART
    return 0 < saw["first"] <= scene.PART and saw["length"] == len(body) and saw["digest"] == hashlib.sha256(body).hexdigest()


def test_a_reload_keeps_the_connection(went):
    saw = step(went, "page")["reload"]
    assert whole(saw) and saw["after"]["connections"] == saw["before"]["connections"]


def test_a_new_certificate_is_for_new_connections(went):
    saw = step(went, "swap")
    assert saw["before"] is False and whole(saw["during"])
    # the page's connection stays; those that came are of the test, which looked which certificate is served
    assert saw["during"]["after"]["connections"] == saw["during"]["then"]["connections"]
    assert saw["late"][0] == f"https://{scene.LATE}/page" and saw["late"][1]["protocols"] == ["h2"]


def test_another_site_of_the_same_certificate(went):
    """Chromium tries the connection that is there, is told 421, and asks on another (RFC 9110 15.5.20)."""
    saw = step(went, "swap")["other"]
    assert saw[0] is True
    assert went[0] != "chromium" or saw[1]["misdirected"] == 1


def test_a_drain_loses_nothing(went):
    saw = step(went, "drain")
    assert saw["end"] == "All of it."
    assert saw["seen"]["images"] == 2 * scene.HALF and not saw["seen"]["missing"] and saw["seen"]["protocols"] == ["h2"]
    first, = went[2].ended
    assert first.proc.returncode == 0
