"""Where nothing is to be done nothing is touched: the visitor gets the origin's bytes, however they arrive."""
import gzip
import os
import time
import zlib

import pytest

from harness import answer, chunked, chunked_answer, get, head_bytes

TRACKED = ("<!doctype html><title>t</title><body>" + "<p>words &amp; more words</p>\n" * 2000 +
           "<script src='https://www.google-analytics.com/analytics.js'></script></body>").encode()


def test_pages_are_identical_whatever_the_framing(start, nginx_origin, page_folder):
    proxy = start("--origin", nginx_origin.url, "--region", "us-tx")
    for name in sorted(os.listdir(page_folder)):
        if not name.endswith(".html"):
            continue
        with open(os.path.join(page_folder, name), "rb") as f:
            want = f.read()
        assert proxy.get(f"/{name}").body == want, name
        direct = get(nginx_origin.port, f"/chunked/{name}")
        assert proxy.get(f"/chunked/{name}").body == direct.body, name
        packed = proxy.get(f"/gz/{name}", {"Accept-Encoding": "gzip"})
        assert packed.get("Content-Encoding") == "gzip", name
        assert packed.body == get(nginx_origin.port, f"/gz/{name}", {"Accept-Encoding": "gzip"}).body, name
        assert zlib.decompress(packed.body, 31) == want, name


def test_length_and_fields_survive(texas, origin):
    path = origin.on("/plain", answer(TRACKED, [("ETag", '"abc"'), ("Last-Modified", "Mon, 02 Nov 2026 10:00:00 GMT"),
                                                ("X-Own", "one"), ("X-Own", "two"), ("Link", "</a.css>; rel=preload; as=style")]))
    res = texas.get(path)
    assert res.body == TRACKED and res.get("Content-Length") == str(len(TRACKED))
    assert res.get("ETag") == '"abc"' and res.get("Last-Modified") and res.all("X-Own") == ["one", "two"]
    assert res.get("Link") == "</a.css>; rel=preload; as=style"


def drip(body, kind):
    """Writes a response one byte at a time (head too), the packets forced apart."""
    def script(conn, _request):
        if kind == "chunked":
            data = head_bytes("HTTP/1.1 200 OK", {"Content-Type": "text/html", "Transfer-Encoding": "chunked"}) + chunked(body, 7)
        elif kind == "gzip":
            packed = gzip.compress(body)
            data = head_bytes("HTTP/1.1 200 OK", {"Content-Type": "text/html", "Content-Encoding": "gzip",
                                                  "Content-Length": str(len(packed))}) + packed
        else:
            data = answer(body, type="text/html")
        for i in range(len(data)):
            conn.sendall(data[i:i + 1])
    return script


@pytest.mark.parametrize("kind", ["length", "chunked", "gzip"])
def test_dripped_bodies(texas, origin, kind):
    body = TRACKED[:1500] + TRACKED[-100:]
    path = origin.on(f"/drip/{kind}", drip(body, kind))
    res = texas.get(path, {"Accept-Encoding": "gzip"} if kind == "gzip" else {})
    assert (zlib.decompress(res.body, 31) if kind == "gzip" else res.body) == body
    filtered = texas.get(path, {"Sec-GPC": "1"})
    assert b"google-analytics" not in filtered.body and b"words &amp; more words" in filtered.body


@pytest.mark.parametrize("type, part", [
    ("text/html; charset=utf-8", b"<p>the first part</p>"),
    ("text/html", b"<p>the first part</p>".ljust(1024)),    # where a browser looks for <meta charset>: so do we
])
def test_streaming_is_not_held_back(texas, origin, type, part):
    """The first part of a page arrives while the origin still thinks about the second, filtered or not."""
    import threading
    go = threading.Event()

    def script(conn, _request):
        conn.sendall(head_bytes("HTTP/1.1 200 OK", {"Content-Type": type, "Transfer-Encoding": "chunked"}))
        conn.sendall(b"%x\r\n%s\r\n" % (len(part), part))
        assert go.wait(10)
        conn.sendall(b"4\r\n\n<p>\r\n0\r\n\r\n")

    path = origin.on("/stream", script)
    for fields in ({}, {"Sec-GPC": "1"}):
        go.clear()
        with texas.client() as c:
            c.ask(path, fields)
            began = time.monotonic()
            while b"the first part" not in c.reader.buf:
                assert c.reader.more()
            assert time.monotonic() - began < 2
            go.set()
            assert b"the first part" in c.answer().body


def test_other_types_pass_untouched_for_those_who_said_no(texas, origin):
    script = b"document.write('<script src=https://www.google-analytics.com/analytics.js>')"
    for type in ("application/javascript", "text/css", "application/json", "image/svg+xml", "text/plain"):
        path = origin.on("/type/" + type.replace("/", "-"), answer(script, type=type))
        res = texas.get(path, {"Sec-GPC": "1"})
        assert res.body == script and res.get("Content-Length") == str(len(script)), type


def test_events_stream_through(texas, origin):
    path = origin.on("/events", chunked_answer(b"data: one\n\ndata: two\n\n", type="text/event-stream"))
    assert texas.get(path, {"Sec-GPC": "1"}).body == b"data: one\n\ndata: two\n\n"


def test_a_page_with_nothing_to_remove_keeps_its_words(texas, origin):
    body = b"<!doctype html><title>x</title><p>only \xc3\xa4 words</p><!-- comment --><script>var a = 1 < 2;</script>"
    res = texas.get(origin.on("/clean", answer(body)), {"Sec-GPC": "1"})
    assert body[:-9] in res.body.replace(b"\r", b"")
