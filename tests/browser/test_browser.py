"""Real browsers, real pages: no connection to a listed host for a visitor who said no.

Every name but the site's own leads to a recorder that notes which host a connection was for and refuses it.
TACET_BROWSER=all (make browser) takes every page of the corpus, else four of them.
"""
import json
import os
import re
import shutil
import subprocess

import pytest

from harness import ROOT, sanitized
from recorder import Recorder

HERE = os.path.join(ROOT, "tests", "browser")
ALL = os.environ.get("TACET_BROWSER") == "all"
QUICK = ("02-", "05-", "09-", "20-")
STATUS = "Opt-Out Request Honored"


def browser(*names):
    for name in names:
        if shutil.which(name):
            return shutil.which(name)
    pytest.skip(f"{names[0]} is not installed: run 'make setup'")
    return None


def drive(**spec):
    if sanitized():
        pytest.skip("browsers judge the release build")
    if not os.path.isdir(os.path.join(ROOT, "tests", "node_modules", "puppeteer-core")):
        pytest.skip("puppeteer-core is missing: run 'make setup'")
    ran = subprocess.run(["node", os.path.join(HERE, "drive.mjs")], input=json.dumps(spec), capture_output=True, text=True,
                         timeout=120 + 20 * len(spec["pages"]))
    assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads(ran.stdout)


def chromium(recorder, port, pages):
    rules = f"MAP www.example.test 127.0.0.1:{port}, MAP * 127.0.0.1:{recorder.port}"
    return drive(browser="chromium", path=browser("chromium", "chromium-browser", "google-chrome"),
                 args=[f"--host-resolver-rules={rules}"], pages=pages)


def listed(urls=(), hosts=()):
    """Those of the URLs and hosts that the lists name."""
    code = ("import {load} from './trackers.mjs'; let t = ''; for await (const p of process.stdin) t += p; const q = JSON.parse(t), l = load(q.lists);"
            "console.log(JSON.stringify([q.urls.filter(u => l.listed(u)), q.hosts.filter(h => l.listedHost(h))]))")
    ran = subprocess.run(["node", "--input-type=module", "-e", code], cwd=HERE, capture_output=True, text=True, timeout=60,
                         input=json.dumps({"lists": os.path.join(ROOT, "conf/lists/trackers.tsv"), "urls": list(urls), "hosts": list(hosts)}))
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.fixture(scope="module")
def recorder():
    recorder = Recorder()
    yield recorder
    recorder.close()


def pages_of(folder):
    names = sorted(n for n in os.listdir(folder) if n.endswith(".html"))
    chosen = names if ALL else [n for n in names if n.startswith(QUICK)]
    return chosen or names[:4]


def visits(recorder, proxy, names, **how):
    how.setdefault("settle", 10000 if ALL else 2500)
    got = chromium(recorder, proxy.port, [{"url": f"http://www.example.test/{n}", **how} for n in names])
    return got, recorder.take()


@pytest.mark.slow
@pytest.mark.parametrize("javascript", [True, False])
def test_no_listed_host_is_asked(start, nginx_origin, page_folder, recorder, javascript):
    proxy = start("--origin", nginx_origin.url, "--region", "us-ca")
    names = pages_of(page_folder)
    recorder.take()
    pages, hosts = visits(recorder, proxy, names, headers={"Sec-GPC": "1"}, javascript=javascript)
    for name, page in zip(names, pages):
        assert page["status"] == 200, name
        urls, _ = listed(urls=page["requests"])
        assert not urls, (name, urls)
        if javascript:
            assert STATUS in page["text"], name
    assert not listed(hosts=hosts)[1]


@pytest.mark.slow
def test_control_without_the_signal_they_are(start, nginx_origin, page_folder, recorder):
    proxy = start("--origin", nginx_origin.url, "--region", "us-tx")
    recorder.take()
    pages, hosts = visits(recorder, proxy, pages_of(page_folder), settle=2500)
    asked = [u for page in pages for u in listed(urls=page["requests"])[0]]
    assert len(asked) >= len(pages) and listed(hosts=hosts)[1]
    assert not any(STATUS in page["text"] for page in pages)


@pytest.fixture(scope="module")
def demo():
    import harness
    proxy = harness.Tacet("--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", verb="demo", ready=False)
    harness.wait_until(lambda: proxy.proc.poll() is not None or re.search(r"http://127\.0\.0\.1:\d+", "\n".join(proxy.lines)), "the demo's address")
    assert proxy.proc.poll() is None, (proxy.lines, proxy.stderr())
    harness.wait_until(lambda: "http" in proxy.addresses or proxy.proc.poll() is not None, "the demo's listener")
    yield proxy
    proxy.stop()


AXE = """async () => {
  const found = await axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']});
  return found.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' ').slice(0, 200));
}"""


def axe():
    with open(os.path.join(ROOT, "tests/node_modules/axe-core/axe.min.js")) as f:
        return f"(async () => {{ {f.read()}; return await ({AXE})(); }})()"


@pytest.mark.slow
def test_demo_pages_work_for_those_who_said_no(demo, recorder):
    if not os.path.exists(os.path.join(ROOT, "tests/node_modules/axe-core/axe.min.js")):
        pytest.skip("axe-core is missing: run 'make setup'")
    recorder.take()
    targets = ["/", "/pricing.html", "/contact.html", "/privacy-choices", "/privacy-choices/why"]
    pages = chromium(recorder, demo.port, [{"url": f"http://www.example.test{t}", "headers": {"Sec-GPC": "1"}, "run": axe(), "settle": 1500}
                                           for t in targets])
    for target, page in zip(targets, pages):
        assert page["status"] == 200 and page["title"], target
        assert STATUS in page["text"], target
        assert not page["errors"], (target, page["errors"])
        assert not page["result"], (target, page["result"])
        assert not listed(urls=page["requests"])[0], target
    assert not listed(hosts=recorder.take())[1]


@pytest.mark.slow
def test_scripts_of_the_site_go_on(demo, recorder):
    """A link that waits for a measurement that is gone leads on, and the site's own script works."""
    said_no = {"headers": {"Sec-GPC": "1"}, "settle": 500}
    link, prices = chromium(recorder, demo.port, [
        {"url": "http://www.example.test/", "click": "a[data-track]", **said_no},
        {"url": "http://www.example.test/pricing.html", **said_no,
         "run": "document.querySelector('input[value=year]').click(), document.querySelector('[data-month]').textContent"}])
    assert link["url"].startswith("http://www.example.test/contact.html"), link
    assert prices["result"] == "15.80"
    assert not link["errors"] and not prices["errors"]


@pytest.mark.slow
def test_firefox_with_its_own_setting(start, nginx_origin, page_folder, recorder):
    proxy = start("--origin", nginx_origin.url, "--region", "us-ca")
    name = pages_of(page_folder)[-1]
    pac = f"data:text/plain,function FindProxyForURL(u, h) {{ return h == '127.0.0.1' ? 'DIRECT' : 'PROXY 127.0.0.1:{recorder.port}'; }}"
    recorder.take()
    page, = drive(browser="firefox", path=browser("firefox-esr", "firefox"), prefs={
        "privacy.globalprivacycontrol.enabled": True, "network.proxy.type": 2, "network.proxy.autoconfig_url": pac,
        "network.proxy.no_proxies_on": "127.0.0.1"}, pages=[{"url": f"http://127.0.0.1:{proxy.port}/{name}", "run": "navigator.globalPrivacyControl"}])
    assert page["result"] is True and page["status"] == 200 and page["title"]
    assert STATUS in page["text"]
    assert not listed(urls=page["requests"])[0]
    assert not listed(hosts=recorder.take())[1]
