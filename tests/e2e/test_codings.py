"""Packed pages are unpacked to be filtered and packed again for those who take it; what cannot be read is refused."""
import gzip
import threading
import zlib

import pytest

from harness import Broken, answer, head_bytes

PAGE = ("<!doctype html><title>t</title><body>" + "<p>words and words</p>\n" * 500 +
        "<script src='https://www.google-analytics.com/analytics.js'></script></body>").encode()
SAID_NO = {"Sec-GPC": "1", "Sec-Fetch-Dest": "document"}
TAKES = {"Accept-Encoding": "gzip, deflate, br, zstd"}


def raw_deflate(data):
    z = zlib.compressobj(6, zlib.DEFLATED, -15)
    return z.compress(data) + z.flush()


def filtered(body):
    return b"google-analytics" not in body and b"words and words" in body


@pytest.mark.parametrize("coding, packed", [
    ("gzip", gzip.compress(PAGE)), ("x-gzip", gzip.compress(PAGE)), ("deflate", zlib.compress(PAGE)),
    ("deflate", raw_deflate(PAGE)), ("gzip", gzip.compress(PAGE[:900]) + gzip.compress(PAGE[900:]) + b"\0\0")])
def test_in_and_out(texas, origin, coding, packed):
    path = origin.on("/z/in-out", answer(packed, {"Content-Encoding": coding}))
    res = texas.get(path, {**SAID_NO, **TAKES})
    assert res.get("Content-Encoding") == "gzip" and "accept-encoding" in ", ".join(res.all("Vary")).lower()
    assert filtered(zlib.decompress(res.body, 31))
    assert origin.last(path).get("Accept-Encoding") == "gzip"
    plain = texas.get(path, {**SAID_NO, "Accept-Encoding": "br"})
    assert not plain.has("Content-Encoding") and filtered(plain.body)
    assert origin.last(path).get("Accept-Encoding") == "identity"


def test_untouched_for_those_who_said_nothing(texas, origin):
    packed = gzip.compress(PAGE)
    path = origin.on("/z/in", answer(packed, {"Content-Encoding": "gzip"}))
    res = texas.get(path, TAKES)
    assert res.body == packed and res.get("Content-Length") == str(len(packed))
    assert origin.last(path).get("Accept-Encoding") == TAKES["Accept-Encoding"]


def test_a_bomb_is_cut(texas, origin):
    path = origin.on("/z/bomb", answer(gzip.compress(b"\0" * (200 << 20), 9), {"Content-Encoding": "gzip"}))
    before = texas.memory("VmHWM")
    with pytest.raises(Broken):
        texas.get(path, SAID_NO)
    assert texas.memory("VmHWM") - before < 16 << 20
    assert texas.get("/z/after").status in (200, 404)


def test_head_says_what_get_would(texas, origin):
    path = origin.on("/z/head", answer(gzip.compress(PAGE), {"Content-Encoding": "gzip"}))
    get, head = (texas.get(path, {**SAID_NO, **TAKES}, method=m) for m in ("GET", "HEAD"))
    assert head.status == 200 and head.body == b""
    for name in ("Content-Encoding", "Vary", "Content-Type"):
        assert head.get(name) == get.get(name), name


def test_a_packed_page_that_drips_drips(texas, origin):
    go = threading.Event()

    def script(conn, _request):
        z = zlib.compressobj(6, zlib.DEFLATED, 31)
        parts = [z.compress(b"<p>the first part</p>") + z.flush(zlib.Z_SYNC_FLUSH), z.compress(b"<p>the second</p>") + z.flush()]
        conn.sendall(head_bytes("HTTP/1.1 200 OK", {"Content-Type": "text/html; charset=utf-8", "Content-Encoding": "gzip",
                                                    "Connection": "close"}))
        conn.sendall(parts[0])
        assert go.wait(10)
        conn.sendall(parts[1])
        conn.close()

    path = origin.on("/z/drip", script)
    with texas.client(timeout=5) as c:
        c.ask(path, {**SAID_NO, **TAKES})
        got = b""
        while b"first part" not in unpacked(got):
            more = c.sock.recv(65536)
            assert more
            got += more
        go.set()


def unpacked(sent):
    """What can be read of a packed body that has begun to arrive (in one chunk)."""
    at = sent.find(b"\x1f\x8b")
    return zlib.decompressobj(31).decompress(sent[at:]) if at >= 0 else b""
