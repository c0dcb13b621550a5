"""A page whose own bundle adds trackers at run time, in real browsers: contained, reported, and with the site's own policies.

What a list knows and what none does is asked for by script, pictures, fetch, beacons, frames, sockets, styles and workers; the
site's own things, and those of a host that it allows, have to go on.
"""
import json
import os

import pytest

from harness import Origin, answer, get, wait_until
from recorder import Recorder
from test_browser import chromium
from test_oracle import firefox

# make browser: both; make test: the quicker one
BROWSERS = ["chromium", "firefox"] if os.environ.get("TACET_BROWSER") == "all" else ["chromium"]
CONF = """
version: 1
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0"}}
lists: {{use: [built-in]}}
sites: [{{hosts: ["*"], origin: {{url: "{url}"}}, allow: [cdn.allowed.example]}}]
rule_sets:
  said-no:
    scripts: {{remove: [analytics, advertising, personalisation, social]}}
    contain: {contain}
    bridge: [usprivacy, gpp]
    embeds: click-to-load
  light: {{}}
regions: [{{name: rest, where: ["*"], default: light, opted_out: said-no}}]
"""
BUNDLE = """
window.violations = [];
addEventListener('securitypolicyviolation', function (e) { violations.push([e.effectiveDirective, e.blockedURI]); });
var t = 'http://', host = ['collect', 'tracker', 'example'].join('.'), known = ['www', 'google-analytics', 'com'].join('.');
function add(tag, key, url, more) {
  var e = document.createElement(tag);
  for (var k in more) e[k] = more[k];
  e[key] = url;
  (document.body || document.head).appendChild(e);
}
addEventListener('load', function () {
  add('script', 'src', t + known + '/analytics.js');
  add('script', 'src', t + 'script.' + host + '/a.js');
  new Image().src = t + 'image.' + host + '/p.gif';
  add('iframe', 'src', t + 'frame.' + host + '/');
  add('link', 'href', t + 'style.' + host + '/a.css', {rel: 'stylesheet'});
  add('audio', 'src', t + 'media.' + host + '/a.mp3', {preload: 'auto'});
  fetch(t + 'fetch.' + host + '/c', {mode: 'no-cors'}).catch(function () {});
  navigator.sendBeacon(t + 'beacon.' + host + '/c', 'x');
  try { new WebSocket('ws://socket.' + host + '/'); } catch (e) {}
  new Worker('/worker.js');
  new Worker(URL.createObjectURL(new Blob(["fetch('http://blob." + host + "/w').catch(function () {})"])));
  add('link', 'href', t + 'cdn.allowed.example/a.css', {rel: 'stylesheet'});
  new Image().src = t + 'img.cdn.allowed.example/a.png';
  try { new WebSocket('ws://' + location.host + '/live'); } catch (e) {}
  fetch('/data.json').then(function (r) { return r.json(); }).then(function (d) { window.data = d; });
  add('img', 'src', '/own.gif', {onload: function () { window.pictured = true; }});
  add('iframe', 'src', '/frame.html', {onload: function () { window.framed = true; }});
});
"""
WORKER = "fetch('http://worker.collect.tracker.example/w').catch(function () {})"
PAGE = """<!doctype html><html><head><title>t</title><script src="/bundle.js"></script><script src="https://www.googletagmanager.com/gtm.js"></script>
</head><body><iframe width=300 height=200 src="https://www.youtube.com/embed/x"></iframe>{}</body></html>"""
RUN = """(async () => {
  for (const end = Date.now() + 6000; Date.now() < end && !(window.data && window.pictured && window.framed);) await new Promise(r => setTimeout(r, 50));
  await new Promise(r => setTimeout(r, 1500));
  return {violations: window.violations, data: window.data, pictured: window.pictured, framed: window.framed, own: window.own, gpc: navigator.globalPrivacyControl,
    usp: await new Promise(r => window.__uspapi ? __uspapi('getUSPData', 1, v => r(v)) : r(null)),
    gpp: await new Promise(r => window.__gpp ? __gpp('getField', v => r(v), 'usnat.SaleOptOut') : r(null)),
    ping: await new Promise(r => window.__gpp ? __gpp('ping', v => r(v)) : r(null)),
    layer: JSON.stringify((window.dataLayer || []).map(x => [].slice.call(x)))};
})()"""
TRACKERS = (".collect.tracker.example", "google-analytics.com", "googletagmanager.com", "youtube.com")
GIF = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
INLINE = "window.own = true"


@pytest.fixture
def recorder():
    recorder = Recorder()
    yield recorder
    recorder.close()


@pytest.fixture
def site(start, tmp_path):
    origin = Origin()
    origin.on("/bundle.js", answer(BUNDLE, type="text/javascript"))
    origin.on("/worker.js", answer(WORKER, type="text/javascript"))
    origin.on("/data.json", answer('{"a": 1}', type="application/json"))
    origin.on("/own.gif", answer(GIF, type="image/gif"))
    origin.on("/frame.html", answer("<!doctype html><title>f</title>f"))

    def begin(contain):
        conf = tmp_path / "t.yaml"
        conf.write_text(CONF.format(url=origin.url, contain=contain))
        return start("-c", conf, listen=False)

    begin.origin = origin
    yield begin
    origin.close()


def visit(which, recorder, proxy, paths, gpc=True):
    """What the pages came to, and the hosts that were asked or tried."""
    recorder.take()
    pages = [{"url": f"http://www.example.test{p}", "settle": 5000 if which == "firefox" else 1000, "run": RUN} for p in paths]
    if which == "firefox":
        got = firefox(recorder, proxy.port, pages, True, gpc)
    else:
        got = chromium(recorder, proxy.port, [{**p, "headers": {"Sec-GPC": "1"} if gpc else {}} for p in pages], parallel=1)
    return got, {h for h in recorder.take() if h}


def asked(hosts):
    return sorted(h for h in hosts if h.endswith(TRACKERS))


def works(seen):
    return seen.get("data") == {"a": 1} and bool(seen.get("pictured") and seen.get("framed"))


@pytest.mark.slow
@pytest.mark.parametrize("which", BROWSERS)
def test_enforce(which, site, recorder):
    site.origin.on("/p", answer(PAGE.format("")))
    proxy = site("enforce")
    (page,), hosts = visit(which, recorder, proxy, ["/p"])
    assert asked(hosts) == [], "no request to any of them"
    assert {"cdn.allowed.example", "img.cdn.allowed.example"} <= hosts, "what is allowed is asked"
    assert {"/data.json", "/own.gif", "/frame.html", "/worker.js"} <= {r.path for r in site.origin.requests} and not page["errors"], page
    assert any("/.well-known/tacet/embed?" in u for u in page["requests"]), "and an embed asks first"
    if which == "firefox":
        return  # nothing is run in its pages
    seen = page["result"]
    assert works(seen)
    held = {d.replace("-elem", "") for d, _ in seen["violations"]}
    assert {"script-src", "img-src", "frame-src", "style-src", "media-src", "connect-src"} <= held
    assert not [u for _, u in seen["violations"] if "127.0.0.1" in u or "example.test" in u or "allowed" in u], "nothing of the site is held"


@pytest.mark.slow
@pytest.mark.parametrize("which", BROWSERS)
def test_report(which, site, recorder):
    site.origin.on("/p", answer(PAGE.format("")))
    proxy = site("report")
    (page,), hosts = visit(which, recorder, proxy, ["/p"])
    found = asked(hosts)
    assert len([h for h in found if h.endswith(".collect.tracker.example")]) >= 6, found
    assert "/data.json" in {r.path for r in site.origin.requests}

    def counted():
        return {tuple(sorted(dict(k[1]).values())) for k, v in proxy.metrics().items() if k[0] == "tacet_csp_reports_total" and v}

    want = {("img-src", "unlisted"), ("connect-src", "unlisted"), ("frame-src", "unlisted"), ("analytics", "script-src")}
    try:
        wait_until(lambda: want <= counted(), "the reports", 10)
    except AssertionError:
        assert want <= counted()
    assert "tracker" not in get(proxy.admin, "/api/v1/csp", host=f"127.0.0.1:{proxy.admin}").text, "one visit is no crowd"


@pytest.mark.slow
def test_who_said_nothing_is_not_contained(site, recorder):
    site.origin.on("/p", answer(PAGE.format("")))
    (page,), hosts = visit("chromium", recorder, site("enforce"), ["/p"], gpc=False)
    assert len(asked(hosts)) >= 11 and works(page["result"])
    assert page["result"].get("gpc") is None and page["result"].get("usp") is None


POLICIES = {
    "/nonce": "script-src 'nonce-n0nce' 'strict-dynamic'; object-src 'none'",
    "/hash": "script-src 'self' 'sha256-ZfUSNwPqzvPvwQNyZYtJJHoHfM57TnNMjmbbSkkXNPM='",
    "/inline": "script-src 'self' 'unsafe-inline'",
    "/none": "script-src 'none'",
    "/default": "default-src 'self'; worker-src 'self' blob:",
    "/several": "script-src 'nonce-n0nce' 'self', script-src 'self' 'nonce-other' 'unsafe-eval'",
}


@pytest.mark.slow
def test_the_bridge_under_policies_of_the_site(site, recorder):
    page = f"<!doctype html><html><head><title>t</title><script nonce=n0nce>{INLINE}</script></head><body>x</body></html>"
    for path, policy in POLICIES.items():
        site.origin.on(path, answer(page, [("Content-Security-Policy", policy)]))
    site.origin.on("/meta", answer(page.replace("<title>", "<meta http-equiv=content-security-policy content=\"script-src 'none'\"><title>")))
    paths = [*POLICIES, "/meta"]
    pages, _ = visit("chromium", recorder, site("enforce"), paths)
    for path, got in zip(paths, pages):
        seen = got["result"]
        assert seen["gpc"] is True, path
        assert seen["usp"] == {"version": 1, "uspString": "1YYN"} and seen["gpp"] == 1, (path, seen)
        layer = json.loads(seen["layer"])
        assert layer[0][:2] == ["consent", "default"] and set(layer[0][2].values()) == {"denied"}, path
        # the site's own script does as it did before
        assert bool(seen.get("own")) == (path in ("/nonce", "/inline")), path


@pytest.mark.slow
def test_interfaces_of_the_page_come_first(site, recorder):
    own = "<script>window.__uspapi = function (c, v, f) { f('theirs', true); }</script>"
    site.origin.on("/p", answer(PAGE.format(own)))
    (page,), _ = visit("chromium", recorder, site("none"), ["/p"])
    seen = page["result"]
    assert seen["usp"] == "theirs" and seen["gpp"] == 1
    assert seen["ping"]["gppString"] == "DBABLA~BVQVAAAAAgA.YA" and seen["ping"]["signalStatus"] == "ready"
