"""Cookies that a page's script has set, in Chromium: the next page of a visitor who said no ends them, Partitioned ones too."""
import json
import os
import shutil
import subprocess

import pytest

from harness import ROOT, Origin, Tacet, answer, sanitized

HERE = os.path.join(ROOT, "tests", "browser")
HOST = "www.shop.localhost"  # a secure place for browsers, also without TLS
SET = b"""<!doctype html><title>t</title><script>
for (const c of ['_ga=1; path=/', '_ga=2; path=/; domain=www.shop.localhost', '_ga=3; path=/; domain=shop.localhost',
                 '_fbp=4; path=/; max-age=9999; secure; samesite=none; partitioned', '_gid=5; path=/; secure; partitioned; domain=shop.localhost',
                 'PHPSESSID=6; path=/', '_hjOptOut=7; path=/; secure; partitioned', 'mine=8; path=/; domain=shop.localhost'])
  document.cookie = c;
</script>"""
CONF = """
version: 1
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0"}}
client_address: {{trusted_proxies: [127.0.0.0/8]}}
sites: [{{hosts: ["*"], origin: {{url: "{url}"}}}}]
rule_sets:
  said-no:
    cookies: {{request: drop-listed, response: drop-listed}}
    scripts: {{remove: [analytics, advertising, personalisation, social]}}
  light: {{}}
regions: [{{name: rest, where: ["*"], honour: [gpc], default: light, opted_out: said-no}}]
"""


@pytest.mark.slow
def test_the_next_page_ends_them(tmp_path):
    chromium = next((p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None)
    if sanitized():
        pytest.skip("browsers judge the release build")
    if not chromium or not os.path.isdir(os.path.join(ROOT, "tests/node_modules/puppeteer-core")):
        pytest.skip("chromium or puppeteer-core is not installed: run 'make setup'")
    origin = Origin()
    origin.on("/set", answer(SET))
    origin.on("/p", answer("<!doctype html><title>t</title><p>x"))
    (tmp_path / "t.yaml").write_text(CONF.format(url=origin.url))
    proxy = Tacet("-c", tmp_path / "t.yaml")
    site, said_no = f"http://{HOST}:{proxy.port}", {"Sec-GPC": "1", "X-Forwarded-Proto": "https"}
    pages = [{"url": f"{site}/set"}, {"url": f"{site}/p", "headers": said_no}, {"url": f"{site}/p", "headers": said_no}]
    spec = {"browser": "chromium", "path": chromium, "parallel": 1, "pages": [{**p, "settle": 50, "run": "document.cookie"} for p in pages],
            "args": ["--host-resolver-rules=MAP * 127.0.0.1"]}
    ran = subprocess.run(["node", os.path.join(HERE, "drive.mjs")], input=json.dumps(spec), capture_output=True, text=True, timeout=300)
    proxy.stop()
    asked = [sorted((r.get("Cookie") or "").split("; ")) for r in origin.requests if r.path == "/p"]
    origin.close()
    assert ran.returncode == 0, ran.stderr[-3000:]
    before, after, again = (sorted(p.get("result", str(p)).split("; ")) for p in json.loads(ran.stdout))
    kept = ["PHPSESSID=6", "_hjOptOut=7", "mine=8"]
    assert before == sorted([*kept, "_ga=1", "_ga=2", "_ga=3", "_fbp=4", "_gid=5"]), "all of them are stored"
    assert after == again == kept
    assert asked == [kept, kept]
