"""The demo in a real browser: its pages work for visitors who said no. (Pages of others: test_oracle.py.)

Every name but the site's own leads to a recorder that notes which host a connection was for and refuses it.
"""
import json
import os
import re
import shutil
import signal
import subprocess

import pytest

from harness import ROOT, sanitized
from recorder import Recorder

HERE = os.path.join(ROOT, "tests", "browser")
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
    node = subprocess.Popen(["node", os.path.join(HERE, "drive.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, start_new_session=True)
    try:
        out, err = node.communicate(json.dumps(spec), timeout=300 + 90 * len(spec["pages"]))
    finally:
        if node.poll() is None:  # its browsers end with it
            os.killpg(node.pid, signal.SIGKILL)
            node.communicate()
    assert node.returncode == 0, err[-3000:]
    pages = json.loads(out)
    failed = [f"{wanted['url']}: {page['failed']}" for wanted, page in zip(spec["pages"], pages) if "failed" in page]
    assert not failed, f"{len(failed)} of {len(pages)} visits could not be made, each tried twice: " + "\n".join(failed)
    return pages


def chromium(recorder, port, pages, **how):
    rules = f"MAP *.test 127.0.0.1:{port}, MAP * 127.0.0.1:{recorder.port}"
    return drive(browser="chromium", path=browser("chromium", "chromium-browser", "google-chrome"),
                 args=[f"--host-resolver-rules={rules}"], pages=pages, **how)


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
