"""Real pages in real browsers: who said no is not sent to a listed host, and sees the page as without trackers.

Each page is opened three times: opted out; as it comes from the origin, as control; and so with the listed hosts blocked
at the network level. Opted out there must be no request and no connection to a listed host, and no more uncaught
errors than with them blocked. Screenshots of the first and the last are compared, and the share of pixels that
differ is reported in build/browser-oracle.txt.

TACET_BROWSER=all (make browser): every page, Chromium and Firefox, ten seconds each; else two in Chromium.
"""
import json
import os
import subprocess

import pytest

from harness import ROOT
from test_browser import HERE, STATUS, browser, chromium, drive, listed
from recorder import Recorder

ALL = os.environ.get("TACET_BROWSER") == "all"
QUICK = ("09-", "20-")
SETTLE = 10000 if ALL else 2500
LISTS = os.path.join(ROOT, "conf/lists/trackers.tsv")
REPORT = os.path.join(ROOT, "build", "browser-oracle.txt")
GPC = {"Sec-GPC": "1"}
# Pictures that move, and what is placed by chance, differ between any two visits.
ALIKE = 0.1


@pytest.fixture(scope="module")
def recorder():
    recorder = Recorder()
    yield recorder
    recorder.close()


@pytest.fixture(scope="module", autouse=True)
def report():
    os.makedirs(os.path.dirname(REPORT), exist_ok=True)
    with open(REPORT, "w") as f:
        f.write(f"{'page':44}{'browser':10}{'script':8}{'listed before':>14}{'after':>7}{'errors blocked':>16}{'after':>7}{'pixels':>9}\n")


def pages_of(folder):
    names = sorted(n for n in os.listdir(folder) if n.endswith(".html"))
    chosen = names if ALL else [n for n in names if n.startswith(QUICK)]
    return chosen or names[:2]


def firefox(recorder, port, pages, javascript, gpc):
    """By its own setting; another host than ours is asked for through the recorder, as through a proxy."""
    pac = f"data:text/plain,function FindProxyForURL(u, h) {{ return h == '127.0.0.1' ? 'DIRECT' : 'PROXY 127.0.0.1:{recorder.port}'; }}"
    for page in pages:
        page["noscript"] = not page.pop("javascript")
        page["url"] = page["url"].replace("www.example.test", f"127.0.0.1:{port}")
        page.pop("headers", None)
    return drive(browser="firefox", path=browser("firefox-esr", "firefox"), parallel=2, pages=pages, prefs={
        "privacy.globalprivacycontrol.enabled": gpc, "javascript.enabled": javascript, "network.proxy.type": 2, "network.proxy.autoconfig_url": pac,
        "network.proxy.no_proxies_on": "127.0.0.1"})


def visit(which, recorder, proxy, names, javascript, gpc, **how):
    """What the browser saw of each page, and the hosts of all connections."""
    recorder.take()
    shots = how.pop("shots")
    pages = [{"url": f"http://www.example.test/{n}", "settle": SETTLE, "screenshot": f"{shots}-{n}.png", "javascript": javascript,
              **({"headers": GPC} if gpc else {}), **how} for n in names]
    if which == "firefox":
        got = firefox(recorder, proxy.port, pages, javascript, gpc)
    else:
        got = chromium(recorder, proxy.port, pages, parallel=4)
    return got, recorder.take()


def pixels(pairs):
    ran = subprocess.run(["node", os.path.join(HERE, "pixels.mjs"), *[str(f) for pair in pairs for f in pair]], capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("javascript", [True, False], ids=["script", "noscript"])
@pytest.mark.parametrize("which", ["chromium", "firefox"])
def test_no_listed_host_is_asked(start, nginx_origin, page_folder, recorder, tmp_path, which, javascript):
    if which == "firefox" and not ALL:
        pytest.skip("Firefox takes its turn in 'make browser'")
    names = pages_of(page_folder)
    said_no = start("--origin", nginx_origin.url, "--region", "us-ca")
    said_nothing = start("--origin", nginx_origin.url, "--region", "us-tx")
    after, hosts = visit(which, recorder, said_no, names, javascript, True, shots=tmp_path / "after")
    before, before_hosts = visit(which, recorder, said_nothing, names, javascript, False, shots=tmp_path / "before")
    blocked, _ = visit(which, recorder, said_nothing, names, javascript, False, shots=tmp_path / "blocked", block=LISTS)
    shares = pixels([(tmp_path / f"blocked-{n}.png", tmp_path / f"after-{n}.png") for n in names])
    known = set(listed(urls={u for page in before + blocked + after for u in page["requests"]})[0])
    asked = [[sorted(set(page["requests"]) & known) for page in pages] for pages in (before, after)]
    wrong = []
    with open(REPORT, "a") as f:
        for name, was, now, n, a, share in zip(names, *asked, blocked, after, shares):
            f.write(f"{name[:42]:44}{which:10}{'on' if javascript else 'off':8}{len(was):14}{len(now):7}{len(n['errors']):16}{len(a['errors']):7}{share:9.1%}\n")
            more = sorted(set(a["errors"]) - set(n["errors"]))
            if a["status"] != 200 or now or (javascript and STATUS not in a["text"]):
                wrong.append((name, a["status"], now))
            if len(a["errors"]) > len(n["errors"]):
                wrong.append((name, f"{len(a['errors'])} errors, {len(n['errors'])} with the hosts blocked", more))
            if share > ALIKE:
                wrong.append((name, f"{share:.0%} of the pixels differ"))
        f.write(f"{'connections to listed hosts':44}{which:10}{'on' if javascript else 'off':8}"
                f"{len(listed(hosts=before_hosts)[1]):14}{len(listed(hosts=hosts)[1]):7}\n")
    assert not wrong, json.dumps(wrong, indent=1)[:5000]
    assert not listed(hosts=hosts)[1]
    # as control: without the signal they are asked
    assert sum(map(len, asked[0])) >= len(names) and listed(hosts=before_hosts)[1]
    assert not any(STATUS in b.get("text", "") for b in before)
