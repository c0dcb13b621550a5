"""The scripts that stand in for trackers, from outside: type, caching, HEAD, conditional requests, gateways."""
import glob
import os

import pytest

from harness import ROOT, Origin, answer

NAMES = sorted(os.path.basename(p) for p in glob.glob(os.path.join(ROOT, "conf/surrogates/*.js")) if not os.path.basename(p).startswith("_"))
OURS = "/.well-known/tacet/s/"


@pytest.fixture(scope="module")
def site():
    import harness
    origin = Origin()
    origin.on("/", answer('<!doctype html><script src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>'))
    proxy = harness.Tacet("--origin", origin.url, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--region", "us-ca")
    yield proxy, origin
    proxy.stop()
    origin.close()


@pytest.mark.parametrize("name", NAMES)
def test_served_with_a_tag(site, name):
    proxy, origin = site
    got = proxy.get(OURS + name, fields=[("Sec-GPC", "1"), ("Sec-Fetch-Dest", "script")])
    assert got.status == 200 and got.get("Content-Type") == "text/javascript; charset=utf-8" and got.body.startswith(b"(function")
    assert got.get("X-Content-Type-Options") == "nosniff" and got.get("Cache-Control") == "public, max-age=86400"
    tag = got.get("ETag")
    assert tag.startswith('"') and tag.endswith('"') and not got.has("Set-Cookie")
    head = proxy.get(OURS + name, method="HEAD")
    assert head.status == 200 and head.get("ETag") == tag and head.get("Content-Length") == str(len(got.body)) and not head.body
    held = proxy.get(OURS + name + "?id=GTM-1", fields=[("If-None-Match", f'"x", W/{tag}')])
    assert held.status == 304 and held.get("ETag") == tag and held.get("Cache-Control") and not held.body
    assert proxy.get(OURS + name, fields=[("If-None-Match", '"of another version"')]).body == got.body
    assert not origin.asked(OURS + name)


def test_a_page_and_a_gateway_get_the_vendors_own(site):
    proxy, origin = site
    gpc = [("Sec-GPC", "1"), ("Sec-Fetch-Dest", "script")]
    assert OURS + "google-tag.js" in proxy.get("/", fields=[("Sec-GPC", "1"), ("Accept", "text/html")]).text
    got = proxy.get("/a1b2c3/gtm.js?id=GTM-ABC1234", fields=gpc)
    assert got.status == 200 and got.body == proxy.get(OURS + "gtm.js").body and got.get("Cache-Control") == "no-store"
    assert proxy.get("/matomo.js", fields=gpc).body == proxy.get(OURS + "paq.js").body
    assert not origin.asked("/a1b2c3/gtm.js") and not origin.asked("/matomo.js")
    assert proxy.get(OURS + "of-another-version.js").body == proxy.get(OURS + "noop.js").body
