"""Pages that depend on a tracker's script, in the shape of what its vendor hands out, for a visitor who said no.

A page of surrogates/ says with want(...) what must happen and with got(...) that it did; what has data-shown must be
seen in the end. TACET_BROWSER=all (make browser) takes every page, else three.
"""
import glob
import os
from urllib.parse import urlsplit

import pytest

from harness import Origin, answer
from recorder import Recorder
from test_browser import HERE, chromium, listed

ALL = os.environ.get("TACET_BROWSER") == "all"
PAGES = sorted(os.path.basename(p)[:-5] for p in glob.glob(os.path.join(HERE, "surrogates", "*.html")))
QUICK = ("gtm", "matomo", "segment")
SCRIPT = """<script>var wanted=[],happened=[];function want(){wanted=wanted.concat([].slice.call(arguments))}
function got(what){happened.push(what)}
function loaded(){document.readyState==='loading'?addEventListener('DOMContentLoaded',function(){ready()}):ready()}</script>"""
SEEN = """(async () => {
  for (const end = Date.now() + 8000; Date.now() < end && wanted.some(w => !happened.includes(w));) await new Promise(r => setTimeout(r, 50));
  await new Promise(r => setTimeout(r, 300));
  const hidden = e => { for (; e; e = e.parentElement) { const s = getComputedStyle(e); if (s.display === 'none' || s.visibility === 'hidden' || s.opacity === '0') return true; } };
  return {wanted: wanted.length, missing: wanted.filter(w => !happened.includes(w)), twice: happened.filter((w, i) => happened.indexOf(w) !== i),
          hidden: [...document.querySelectorAll('[data-shown]')].filter(hidden).map(e => e.textContent), cookies: document.cookie,
          stored: localStorage.length + sessionStorage.length};
})()"""


def page_of(name):
    with open(os.path.join(HERE, "surrogates", name + ".html"), encoding="utf-8") as f:
        return f.read().replace("<head>", "<head>" + SCRIPT, 1).encode()


def wrong_with(name, page):
    """What did not go as it should."""
    seen, requests = page["result"], [u for u in page["requests"] if not u.startswith("data:")]
    checks = [
        ("served", page["status"] == 200 and seen["wanted"] > 0), ("errors", not page["errors"]), ("missing", not seen["missing"]),
        ("hidden", not seen["hidden"]), ("twice", not seen["twice"]), ("stored", not seen["cookies"] and not seen["stored"]),
        ("elsewhere", {urlsplit(u).netloc for u in requests} == {"www.example.test"}),
        ("surrogate", any("/.well-known/tacet/s/" in u for u in requests)),
    ]
    return [(name, what, page) for what, good in checks if not good]


@pytest.fixture
def recorder():
    recorder = Recorder()
    yield recorder
    recorder.close()


@pytest.mark.slow
def test_pages_work_without_the_vendor(start, recorder):
    names = PAGES if ALL else QUICK
    origin = Origin()
    for name in names:
        origin.on(f"/{name}.html", answer(page_of(name)))
    try:
        proxy = start("--origin", origin.url, "--region", "us-ca")
        pages = chromium(recorder, proxy.port, [{"url": f"http://www.example.test/{n}.html", "headers": {"Sec-GPC": "1"}, "settle": 100,
                                                 "run": SEEN} for n in names], parallel=3)
    finally:
        origin.close()
    assert not [w for name, page in zip(names, pages) for w in wrong_with(name, page)]
    assert not listed(hosts=recorder.take())[1]
