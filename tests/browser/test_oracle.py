"""Real pages in real browsers: who said no is not sent to a listed host, and sees the page as without trackers.

Each page is opened three times: opted out; as it comes from the origin, as control; and so with the listed hosts blocked
at the network level. Opted out there must be no request and no connection to a listed host, and no more uncaught
errors than with them blocked. Screenshots of the first and the last are compared, and the share of pixels that
differ is reported in build/browser-oracle.txt. A visit that could not be made, twice, fails the test: it proves nothing.

TACET_BROWSER=all (make browser): every page, Chromium and Firefox, ten seconds each; else two in Chromium.
"""
import json
import os
import statistics
import subprocess
from urllib.parse import urlsplit

import pytest

from harness import ROOT, free_port
from test_browser import HERE, STATUS, browser, chromium, drive, listed
from recorder import Recorder

ALL = os.environ.get("TACET_BROWSER") == "all"
ONLY = tuple(os.environ.get("TACET_PAGES", "").split(","))  # those whose name begins so
QUICK = ("09-", "20-")
SETTLE = 10000 if ALL else 2500
CONTROL = 2500  # what a page asks for by then is enough to see that it asks
LISTS = os.path.join(ROOT, "conf/lists/trackers.tsv")
REPORT = os.path.join(ROOT, "build", "browser-oracle.txt")
GPC = {"Sec-GPC": "1"}
# Pictures that move, and what is placed by chance, differ between any two visits.
ALIKE = 0.1
ROW = "{:44}{:10}{:8}{:>15}{:>7}{:>16}{:>7}{:>9}{:>7}\n"


@pytest.fixture(scope="module")
def recorder():
    recorder = Recorder()
    yield recorder
    recorder.close()


@pytest.fixture(scope="module", autouse=True)
def report():
    os.makedirs(os.path.dirname(REPORT), exist_ok=True)
    with open(REPORT, "w") as f:
        f.write(ROW.format("page", "browser", "script", "listed: before", "after", "errors: blocked", "after", "pixels", "tries"))


def pages_of(folder):
    names = sorted(n for n in os.listdir(folder) if n.endswith(".html") and n.startswith(ONLY))
    chosen = names if ALL else [n for n in names if n.startswith(QUICK)]
    return chosen or names[:2]


def firefox(recorder, port, pages, javascript, gpc):
    """With its own setting for GPC; every other host is asked for through the recorder, as through a proxy."""
    through = {f"network.proxy.{kind}{what}": value for kind in ("http", "ssl") for what, value in (("", "127.0.0.1"), ("_port", recorder.port))}
    for page in pages:
        page["url"] = f"http://127.0.0.1:{port}{urlsplit(page['url']).path}"
    return drive(browser="firefox", path=browser("firefox-esr", "firefox"), parallel=2, pages=pages, prefs={
        "privacy.globalprivacycontrol.enabled": gpc, "javascript.enabled": javascript, "network.proxy.type": 1, **through,
        "network.proxy.no_proxies_on": "127.0.0.1"})


def visit(which, recorder, proxy, names, javascript, gpc, shots, **how):
    """What the browser saw of each page, and the hosts of all connections."""
    recorder.take()
    # a site each, so that none sees what another stored
    pages = [{"url": f"http://page{i}.example{i}.test/{n}", "settle": SETTLE, "screenshot": f"{shots}-{n}.png", **how} for i, n in enumerate(names)]
    if which == "firefox":
        got = firefox(recorder, proxy.port, pages, javascript, gpc)
    else:
        fields = GPC if gpc else {}
        got = chromium(recorder, proxy.port, [{**page, "javascript": javascript, "headers": fields} for page in pages], parallel=4)
    for name, page in zip(names, got):
        assert page["status"] == 200 and page["watched"] >= how.get("settle", SETTLE), (name, page["status"], page["watched"])
        assert page["sent"].get("sec-gpc") == ("1" if gpc else None), (name, page["sent"])
        assert not javascript or (STATUS in page["text"]) == gpc, name
    return got, recorder.take()


def pixels(pairs):
    ran = subprocess.run(["node", os.path.join(HERE, "pixels.mjs"), *[str(f) for pair in pairs for f in pair]], capture_output=True, text=True, timeout=600)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stdout)


def wrong_with(now, blocked, after, share):
    """What did not go as it should on a page."""
    if now:
        yield "asked for", now
    if len(after["errors"]) > len(blocked["errors"]):
        more = sorted(set(after["errors"]) - set(blocked["errors"]))
        yield f"{len(after['errors'])} errors, {len(blocked['errors'])} with the hosts blocked", more or after["errors"]
    if share > ALIKE:
        yield "pixels that differ", f"{share:.0%}"


def write(rows, which, script, connections):
    """The rows, and what they come to."""
    before, after, blocked_errors, errors, shares, tries = zip(*[r[1:] for r in rows])
    with open(REPORT, "a") as f:
        for name, *figures, share, tried in rows:
            f.write(ROW.format(name[:42], which, script, *figures, f"{share:.1%}", tried))
        f.write(ROW.format(f"{len(rows)} pages, pixels: median", which, script, sum(before), sum(after), sum(blocked_errors), sum(errors),
                           f"{statistics.median(shares):.1%}", max(tries)))
        f.write(ROW.format("connections to listed hosts; pixels: most", which, script, *connections, "", "", f"{max(shares):.1%}", ""))


@pytest.mark.slow
@pytest.mark.parametrize("javascript", [True, False], ids=["script", "noscript"])
@pytest.mark.parametrize("which", ["chromium", "firefox"])
def test_no_listed_host_is_asked(start, nginx_origin, page_folder, recorder, tmp_path, which, javascript):
    if which == "firefox" and not ALL:
        pytest.skip("Firefox takes its turn in 'make browser'")
    names = pages_of(page_folder)
    said_no = start("--origin", nginx_origin.url, "--region", "us-ca")
    said_nothing = start("--origin", nginx_origin.url, "--region", "us-tx")
    after, hosts = visit(which, recorder, said_no, names, javascript, True, tmp_path / "after")
    before, before_hosts = visit(which, recorder, said_nothing, names, javascript, False, tmp_path / "before", settle=CONTROL)
    blocked, _ = visit(which, recorder, said_nothing, names, javascript, False, tmp_path / "blocked", block=LISTS)
    shares = pixels([(tmp_path / f"blocked-{n}.png", tmp_path / f"after-{n}.png") for n in names])
    known = set(listed(urls={u for page in before + blocked + after for u in page["requests"]})[0])
    asked = [[sorted(set(page["requests"]) & known) for page in pages] for pages in (before, after)]
    connections = [listed(hosts=h)[1] for h in (before_hosts, hosts)]
    write([(name, len(was), len(now), len(b["errors"]), len(a["errors"]), share, max(v["tries"] for v in (a, b, c)))
           for name, was, now, a, b, c, share in zip(names, *asked, after, blocked, before, shares)],
          which, "on" if javascript else "off", list(map(len, connections)))
    wrong = [(name, *found) for name, now, b, a, share in zip(names, asked[1], blocked, after, shares) for found in wrong_with(now, b, a, share)]
    assert not wrong, json.dumps(wrong, indent=1)[:5000]
    assert not connections[1]
    # as control: without the signal they are asked
    assert sum(map(len, asked[0])) >= len(names) and connections[0]


@pytest.mark.parametrize("which", ["chromium", "firefox"])
def test_a_visit_that_cannot_be_made_fails(recorder, which):
    if which == "firefox" and not ALL:
        pytest.skip("Firefox takes its turn in 'make browser'")
    nobody, pages = free_port(), [{"url": "http://www.example.test/", "settle": 0}]
    with pytest.raises(AssertionError, match="1 of 1 visits could not be made, each tried twice"):
        chromium(recorder, nobody, pages) if which == "chromium" else firefox(recorder, nobody, pages, True, True)
