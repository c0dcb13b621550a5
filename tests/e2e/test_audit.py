"""tacet audit: what a page, a recorded visit or a site carries, whose it is, and a configuration that fits."""
import base64
import gzip
import json
import os
import random
import socket
import subprocess
import threading

import pytest

from harness import ROOT, SHARED, answer, chunked_answer, tacet_path

HOST = "www.shop.example"
PAGE = """<!doctype html><title>Shop</title>
<link rel=preconnect href="https://connect.facebook.net"><link rel=stylesheet href="https://fonts.example/a.css">
<script src="https://www.google-analytics.com/analytics.js"></script><script src="/gtm.js?id=GTM-TEST1"></script>
<script src="https://cdn.other.example/lib.js"></script><script src="https://static.shop.example/app.js"></script>
<script>!function(f){var u='https://static.hotjar.com/c/hotjar-';f(u)}(window.load)</script>
<img src="https://www.facebook.com/tr?id=1&ev=PageView&uid=secret"><noscript><img src="https://www.facebook.com/tr?id=1&ev=PageView&noscript=1"></noscript>
<iframe src="https://www.youtube.com/embed/abc"></iframe><iframe src="https://cdn.krxd.net/partnerjs/x.html"></iframe>
<p>text"""


def audit(*args, status=(0, 1), stdin=None):
    text = isinstance(stdin, str)
    ran = subprocess.run([tacet_path(), "audit", *map(str, args)], input=stdin.encode() if text else stdin, capture_output=True, timeout=60, cwd=ROOT)
    assert b"Sanitizer" not in ran.stderr and b"runtime error" not in ran.stderr, ran
    assert ran.returncode in (status if isinstance(status, tuple) else (status,)), ran
    return ran


def report(*args, **kw):
    return json.loads(audit(*args, "--json", **kw).stdout.decode("utf-8", "strict"))


def rows(found, key="findings"):
    return {(f["vendor"], f["class"], f["construct"], f["party"]): f["count"] for f in found[key]}


def is_right(tmp_path, yaml):
    """The suggested configuration passes check, and is in force with what it says."""
    conf = tmp_path / "suggested.yaml"
    conf.write_text(yaml)
    ran = subprocess.run([tacet_path(), "check", "--offline", "--deny-warnings", "-c", str(conf)], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr + yaml


# ---- pages ------------------------------------------------------------------------------------------

@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(PAGE)
    return path


def test_a_page_as_json(page, tmp_path):
    found = report(page, "--site", HOST, status=1)
    have = rows(found)
    for row in [("Google Analytics (analytics.js)", "analytics", "script", "third"), ("Hotjar", "analytics", "inline script", "third"),
                ("Meta Pixel hit", "advertising", "pixel", "third"), ("Meta Pixel hit", "advertising", "noscript", "third"),
                ("Meta Pixel", "advertising", "preconnect", "third"), ("sGTM container script", "advertising", "script", "first")]:
        assert have.get(row) == 1, (row, have)
    assert found["site"] == HOST and found["clean"] is False and found["trackers"] == sum(have.values()) and found["unread"] == 0
    others = rows(found, "others")
    assert ("other.example", "unknown", "script", "third") in others and ("YouTube", "functional", "embed", "third") in others
    assert not [o for o in others if o[0] and ("shop" in o[0] or "facebook" in o[0])], "the site's own, or listed"
    assert "secret" not in json.dumps(found), "what a query says may be about a person"
    is_right(tmp_path, found["configuration"])
    assert HOST in found["configuration"] and "click-to-load" in found["configuration"]


def test_a_page_as_a_table(page, tmp_path):
    said = audit(page, "--site", HOST, status=1).stdout.decode()
    lines = said.splitlines()
    row = next(line for line in lines if line.startswith("Hotjar"))
    assert row.split()[:5] == ["Hotjar", "analytics", "inline", "script", "third"] and "static.hotjar.com" in row
    assert "YouTube" in said and "secret" not in said and "next: tacet check" in lines[-1]
    yaml = audit(page, "--site", HOST, "--format", "yaml").stdout.decode()
    assert yaml in said
    is_right(tmp_path, yaml)


def test_it_finds_what_explain_removes(page):
    """No detector of its own: the same that the proxy does."""
    ran = subprocess.run([tacet_path(), "explain", f"http://{HOST}/", "-H", "Sec-GPC: 1", "--from", "US-CA", "--response", str(page), "--format", "json"],
                         capture_output=True, text=True, timeout=60, cwd=ROOT)
    done = [a for a in json.loads(ran.stdout)["actions"] if a["action"] not in ("status_text", "disambiguated", "overflow")]
    assert len(done) == report(page, "--site", HOST)["trackers"] > 5


def test_standard_input_and_nothing_found(tmp_path):
    found = report("-", stdin="<!doctype html><p>hello", status=0)
    assert found["clean"] is True and found["trackers"] == 0 and found["findings"] == [] and found["site"] is None
    is_right(tmp_path, found["configuration"])
    assert "0 trackers" in audit("-", stdin="", status=0).stdout.decode()


def test_the_shipped_demo(tmp_path):
    found = report("proxy/cli/demo_site/index.html", "--site=demo.example", status=1)
    assert {"Google Tag Manager", "Meta Pixel", "LinkedIn Insight", "HubSpot tracking loader"} <= {f["vendor"] for f in found["findings"]}
    is_right(tmp_path, found["configuration"])


@pytest.mark.skipif(not os.path.isdir(os.path.join(SHARED, "corpus", "pages")), reason="no ../shared/corpus here")
def test_real_pages(tmp_path):
    folder, trackers = os.path.join(SHARED, "corpus", "pages"), 0
    for name in sorted(n for n in os.listdir(folder) if n.endswith(".html")):
        found = report(os.path.join(folder, name))
        trackers += found["trackers"]
        assert found["unread"] == 0 and all(f["vendor"] or f["construct"] in ("attribute", "meta", "frame") for f in found["findings"]), name
        is_right(tmp_path, found["configuration"])
    assert trackers > 100


# ---- recorded visits --------------------------------------------------------------------------------

def entry(url, method="GET", status=200, type="text/plain", text=None, cookie=None, set_cookie=(), dest=None, post=None, kind=None, **more):
    request = {"method": method, "url": url, "headers": [{"name": ":method", "value": method}, {"name": "Accept", "value": "*/*"}]}
    if cookie:
        request["headers"].append({"name": "Cookie", "value": cookie})
    if dest:
        request["headers"].append({"name": "Sec-Fetch-Dest", "value": dest})
    if post:
        request["headers"].append({"name": "Content-Type", "value": "text/plain"})
        request["postData"] = {"mimeType": "text/plain", "text": post}
    content = {"size": 0, "mimeType": type, **({"text": text} if text is not None else {}), **more}
    return {**({"_resourceType": kind} if kind else {}), "request": request, "time": 1.5,
            "response": {"status": status, "content": content, "headers": [{"name": "Set-Cookie", "value": c} for c in set_cookie]}}


def har(*entries):
    return json.dumps({"log": {"version": "1.2", "creator": {"name": "t\u00e9st \U0001f600"}, "pages": [], "entries": list(entries)}})


VISIT = [
    entry("https://consent.example/redirect", status=302),
    entry(f"https://{HOST}/?gclid=1&utm_source=a&page=2", type="text/html; charset=utf-8", text=PAGE, dest="document",
          cookie="_ga=GA1.1; sid=1; _fbp=fb.1.1", set_cookie=["_ga=GA1.1; Path=/", "sid=1", "_fbp=fb.1.1\nlang=en"]),
    entry(f"https://{HOST}/about", type="text/html", dest="document", encoding="base64",
          text=base64.b64encode(b"<img src='https://px.ads.linkedin.com/collect/?pid=1'>").decode()),
    entry(f"https://{HOST}/x/g/collect?v=2&tid=G-TEST123&cid=1.2", method="POST", status=204, kind="ping"),
    entry(f"https://{HOST}/api/event", method="POST", post='{"n":"pageview","u":"https://www.shop.example/","d":"shop.example"}', dest="empty"),
    entry(f"https://{HOST}/app.js", type="text/javascript", dest="script"),
    entry("wss://www.shop.example/live", status=101),
    entry("https://metrics.shop.example/b/ss/rsid/1/JS-2.22.0/s123?AQB=1&AQE=1", type="image/gif", kind="image"),
    entry("https://www.googletagmanager.com/gtag/js?id=G-TEST1", type="application/javascript", kind="script"),
    entry("https://region1.google-analytics.com/g/collect?v=2&tid=G-TEST1&cid=1.2", method="POST", kind="fetch"),
    entry("https://ib.adnxs.com/px?id=1", type="image/gif", set_cookie=["uuid2=1; Domain=.adnxs.com"], kind="image"),
    entry("https://cdn.other.example/lib.js", type="text/javascript", kind="script"),
    entry("data:image/gif;base64,R0lGODlh", kind="image"),
]


@pytest.fixture
def visit(tmp_path):
    path = tmp_path / "visit.har"
    path.write_text(har(*VISIT))
    return path


def test_a_visit(visit, tmp_path):
    found = report(visit, status=1)
    assert found["site"] == HOST, "the first page, not the redirect before it"
    have = rows(found)
    constructs = {(c, p) for _, _, c, p in have}
    assert {("script", "third"), ("inline script", "third"), ("pixel", "third"), ("noscript", "third"), ("cookie", "first"), ("set-cookie", "first"),
            ("parameter", "first"), ("endpoint", "first"), ("request", "third"), ("set-cookie", "third")} <= constructs
    assert any(v == "GA4 hit" and c == "endpoint" for v, _, c, _ in have)
    assert any(v == "Plausible hit" and c == "endpoint" for v, _, c, _ in have), "known by what was posted"
    assert any(v == "LinkedIn Insight" for v, _, _, _ in have), "in a page that is stored as base64"
    assert any(v == "Adobe Analytics hit" and p == "first" for v, _, _, p in have)
    examples = {f["example"] for f in found["findings"]}
    assert {"_ga", "_fbp", "gclid"} <= examples and "sid" not in examples and "lang" not in examples
    assert ("other.example", "unknown", "request", "third") in rows(found, "others")
    assert found["unread"] == 0 and "GA1.1" not in json.dumps(found)
    is_right(tmp_path, found["configuration"])
    assert report(visit, "--site", "cdn.other.example")["site"] == "cdn.other.example"


def test_a_visit_from_standard_input():
    assert report("-", stdin="\ufeff \n" + har(*VISIT))["site"] == HOST


ODD = [
    "{", "{}", '{"log":1}', '{"log":{}}', '{"log":{"entries":{}}}', '{"log":{"entries":[]}} x', '{"log":{"entries":[{]}}', "{" * 100000, '{"log":' + "[" * 100000,
    har(*VISIT)[:-3], har(*VISIT)[:len(har(*VISIT)) // 2],
]
STRANGE = [{}, [], None, 3, "x", {"request": {}}, {"request": {"url": ""}}, {"request": {"url": 3, "method": []}}, {"request": [{"url": "https://x/"}]},
           entry("javascript:1"), entry("https://"), entry("https:///x"), entry("https://[::1"), entry("http://" + "a" * 300 + "/"), entry("https://x/" + "a" * 200000),
           entry("https://a.example/\r\nX: y"), entry("https://a.example/ \x00\x1b[2J"), entry("https://user:pw@a.example/"), entry("https://a.example:99999/"),
           entry("https://a.example/", method="GET / HTTP/1.1\r\nX: y\r\n\r\n"), entry("https://a.example/", method=""), entry("https://a.example/", method="CONNECT"),
           entry("https://a.example/", cookie="a=b\r\nHost: x\x00"), entry("https://a.example/", set_cookie=["\x1b]0;x\x07=1", "=", "", "\ud83d=1", "_ga\x00=1"]),
           entry("https://a.example/", type="text/html", text="%%%", encoding="base64"), entry("https://a.example/", type="text/html", text="\x00\ud800<script>"),
           entry("https://a.example/", status=-1), entry("https://a.example/", status=1e99), entry("https://a.example/", status="200"),
           {"request": {"url": "https://a.example/", "method": "GET", "headers": [{"name": "X" * 70000, "value": "y"}] * 3}},
           {"request": {"url": "https://a.example/", "method": "GET", "headers": [{"name": f"X-{i}", "value": "y"} for i in range(2000)]}},
           {"request": {"url": "https://a.example/", "method": "GET", "headers": {"name": "x"}}, "response": []}]


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_what_is_no_visit(text):
    ran = audit("-", stdin=text, status=1)
    assert ran.stdout == b"" and ran.stderr.startswith(b"tacet audit: "), ran


def test_strange_entries_stop_nothing():
    found = report("-", stdin=har(*STRANGE, *VISIT))
    assert found["unread"] > 5 and any(f["vendor"] == "Meta Pixel hit" for f in report("-", "--site", HOST, stdin=har(*STRANGE, *VISIT))["findings"])


def test_many_entries():
    many = [entry(f"https://t{i}.example/x", kind="image") for i in range(6000)] + VISIT
    found = report("-", "--site", HOST, stdin=har(*many))
    assert found["findings_not_listed"] > 0 and len(found["others"]) + len(found["findings"]) <= 4096


def test_more_entries_than_are_read():
    text = '{"log":{"entries":[' + '{"request":{"url":"x:"}},' * 100000 + json.dumps(VISIT[1]) + "]}}"
    assert report("-", "--site", HOST, stdin=text, status=0)["unread"] == 100001


def test_damaged_visits(visit):
    """Bytes changed anywhere: an answer or an error, never a crash."""
    whole, change = bytearray(visit.read_bytes()), random.Random(7)
    for _ in range(40):
        bad = bytearray(whole)
        for _ in range(change.choice((1, 3, 30))):
            bad[change.randrange(len(bad))] = change.choice(b'"{}[]:,\\\x00\xff0nu<')
        ran = audit("-", "--json", stdin=bytes(bad))
        if ran.stdout:
            json.loads(ran.stdout.decode("utf-8", "strict"))


# ---- text of others ---------------------------------------------------------------------------------

TRICKS = ["\x1b[31mred", "\x1b]0;title\x07", "\x9b31m", "\x00", "\x7f", "\u202egpj.exe", "\u2066x", "\u200bx", "\ufeffx", "\r\nx: y", "\u0085"]


@pytest.mark.parametrize("trick", TRICKS, ids=range(len(TRICKS)))
def test_nothing_reaches_the_terminal_as_it_is(tmp_path, trick):
    path = tmp_path / "t.har"
    path.write_text(har(entry(f"https://{HOST}/", type="text/html", text=f"<script src='https://www.google-analytics.com/{trick}/analytics.js'></script>"
                              f"<img src='https://www.facebook.com/tr?{trick}'><img src='https://x{trick}.example/'><img ping='{trick}'>"),
                        entry(f"https://www.google-analytics.com/collect/{trick}"), entry(f"https://x.example/{trick}"),
                        entry(f"https://ib.adnxs.com/px", set_cookie=[f"uuid{trick}=1"]), entry(f"https://{trick}.example/")))
    for args in ((), ("--json",), ("--format", "yaml")):
        said = audit(path, *args).stdout.decode("utf-8", "strict")
        assert not [c for c in said if (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or c in "\u202e\u2066\u200b\ufeff"], (args, said)
    assert "\x1b" not in audit(f"/nonexistent").stderr.decode()


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "page.html"
    path.write_bytes(b"<script src='https://www.google-analytics.com/\xff\xfe\xc0\x80/analytics.js'></script><img src='https://b\xe9d.example/\xed\xa0\x80'>")
    assert rows(report(path))
    audit(path).stdout.decode("utf-8", "strict")


# ---- the web ----------------------------------------------------------------------------------------

def test_a_page_from_the_web(origin, tmp_path):
    path = origin.on("/shop", answer(PAGE, {"Set-Cookie": "_ga=GA1.1; Path=/"}))
    found = report(f"http://127.0.0.1:{origin.port}{path}?gclid=1", status=1)
    assert origin.last(path).get("Sec-GPC") == "1"
    assert found["site"] == "127.0.0.1" and {"_ga", "gclid"} <= {f["example"] for f in found["findings"]}
    assert f"http://127.0.0.1:{origin.port}" in found["configuration"]
    is_right(tmp_path, found["configuration"])
    by_name = report(f"http://127.0.0.1:{origin.port}{path}", "--site", HOST)
    assert by_name["site"] == HOST or by_name["unread"] == 0


def test_chunked_and_redirected(origin):
    origin.on("/to", answer("", {"Location": "/shop2"}, status="302 Found"))
    origin.on("/shop2", chunked_answer(PAGE.encode(), size=7))
    assert report(f"http://127.0.0.1:{origin.port}/to", status=1)["trackers"] > 5
    origin.on("/packed", answer(gzip.compress(PAGE.encode()), {"Content-Encoding": "gzip"}))
    assert report(f"http://127.0.0.1:{origin.port}/packed", status=1)["trackers"] > 5, "packed though not asked for"
    origin.on("/loop", answer("", {"Location": "/loop"}, status="302 Found"))
    assert b"redirect" in audit(f"http://127.0.0.1:{origin.port}/loop", status=1).stderr


BROKEN = [b"", b"HTTP/1.1 200 OK\r\n", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nxx",
          b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"HTTP/1.1 100 Continue\r\n\r\n",
          b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000 + b"\r\n"]


@pytest.mark.parametrize("bytes_", BROKEN, ids=range(len(BROKEN)))
def test_broken_answers(bytes_):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            conn, _ = listener.accept()
            conn.recv(65536)
            conn.sendall(bytes_)
            conn.close()
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        ran = audit(f"http://127.0.0.1:{listener.getsockname()[1]}/", status=1)
        thread.join()
    assert ran.stdout == b"" and ran.stderr.startswith(b"tacet audit: "), ran


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert b"refused" in audit(f"http://127.0.0.1:{port}/", status=1).stderr


# ---- the command line -------------------------------------------------------------------------------

@pytest.mark.parametrize("args", [(), ("a", "b"), ("--nonsense", "a"), ("a", "--format", "xml"), ("a", "--site", "no host/"), ("a", "--site", "")])
def test_wrong_usage(args):
    ran = audit(*args, status=2)
    assert ran.stdout == b"" and b"audit --help" in ran.stderr


def test_files_that_are_none(tmp_path):
    assert b"No such file" in audit("/nonexistent", status=1).stderr
    assert b"directory" in audit(tmp_path, status=1).stderr
    large = tmp_path / "large.html"
    with open(large, "wb") as f:
        f.truncate((64 << 20) + 1)
    assert b"64 MiB" in audit(large, status=1).stderr
