"""HTTP/1.1 as both sides expect it: connections, framing, conditions, upgrades."""
import base64
import hashlib
import os
import socket
import threading
import time

import pytest

from harness import Broken, Client, answer, chunked, chunked_answer, head_bytes

SAID_NO = {"Sec-GPC": "1"}
PAGE = "<!doctype html><title>t</title><p>hello<script src=https://www.google-analytics.com/analytics.js></script>"


def test_keep_alive_on_both_sides(texas, origin):
    path = origin.on("/keep", answer("<p>x"))
    before = origin.connections
    with texas.client() as c:
        for _ in range(50):
            assert c.get(path).status == 200
    assert len({r.connection for r in origin.asked(path)}) <= 2
    assert origin.connections <= before + 2


def test_pipelined_requests_are_answered_in_order(texas, origin):
    for i in range(20):
        origin.on(f"/pipe/{i}", answer(f"answer {i}" * (i * 50 + 1), type="text/plain"))
    with texas.client() as c:
        c.send(b"".join(head_bytes(f"GET /pipe/{i} HTTP/1.1", {"Host": "www.example.test"}) for i in range(20)))
        for i in range(20):
            assert c.answer().text == f"answer {i}" * (i * 50 + 1)


def test_a_request_in_single_bytes(texas, origin):
    path = origin.on("/bytes", answer("ok", type="text/plain"))
    with texas.client() as c:
        for byte in head_bytes(f"POST {path} HTTP/1.1", {"Host": "h.test", "Content-Length": "3"}) + b"abc":
            c.send(bytes([byte]))
        assert c.answer().text == "ok"
    assert origin.last(path).body == b"abc"


@pytest.mark.parametrize("fields", [{}, SAID_NO])
def test_head(texas, origin, fields):
    path = origin.on("/head", answer(PAGE, {"ETag": '"h"'}))
    with texas.client() as c:
        res = c.get(path, fields, "HEAD")
        assert res.status == 200 and res.body == b""
        assert c.get(path, fields).status == 200
    assert origin.asked(path)[0].method == "HEAD"
    if not fields:
        assert res.get("Content-Length") == str(len(PAGE)) and res.get("ETag") == '"h"'
    else:
        assert not res.has("Content-Length") and res.get("ETag", "").startswith("W/")


@pytest.mark.parametrize("type", [None, "text/html"])
@pytest.mark.parametrize("fields", [{}, SAID_NO, {"Sec-Fetch-Dest": "document"}, {"Sec-Fetch-Dest": "empty", "Accept": "text/html"}])
def test_a_304_keeps_caches_apart_like_the_page(texas, origin, fields, type):
    """What it says takes the place of what was stored with the page, for visitors whose page is not edited too."""
    def script(conn, request):
        more = {"ETag": '"v1"', "Cache-Control": "public, max-age=600", "Vary": "Cookie"}
        if request.has("If-None-Match"):
            conn.sendall(answer("", more, "304 Not Modified", type=type, length=False))
        else:
            conn.sendall(answer(PAGE, more))

    path = origin.on("/kept-apart", script)
    page = texas.get(path, fields)
    again = texas.get(path, {"If-None-Match": page.get("ETag"), **fields})
    assert page.status == 200 and again.status == 304
    for name in ("Vary", "Cache-Control"):
        assert sorted(again.all(name)) == sorted(page.all(name)), name
    assert "Sec-GPC" in again.all("Vary") and "private" in again.get("Cache-Control")


def test_a_304_of_an_image_is_left_alone(texas, origin):
    more = {"ETag": '"v1"', "Cache-Control": "public, max-age=600"}
    path = origin.on("/kept-image", answer("", more, "304 Not Modified", type=None, length=False))
    res = texas.get(path, {"If-None-Match": '"v1"', "Sec-Fetch-Dest": "image"})
    assert res.get("Cache-Control") == more["Cache-Control"] and not res.has("Vary")


def test_etag_of_a_rewritten_page(texas, origin):
    """Its own variant: W/"orig;tcKEY" out, mapped back in, and never across decisions."""
    def script(conn, request):
        if request.get("If-None-Match") in ('"v1"', 'W/"v1"'):
            conn.sendall(head_bytes("HTTP/1.1 304 Not Modified", {"ETag": '"v1"'}))
        else:
            conn.sendall(answer(PAGE, {"ETag": '"v1"', "Last-Modified": "Mon, 02 Nov 2026 10:00:00 GMT"}))

    path = origin.on("/etag", script)
    plain, filtered = texas.get(path), texas.get(path, SAID_NO)
    assert plain.get("ETag") == '"v1"' and plain.has("Last-Modified")
    ours = filtered.get("ETag")
    assert ours.startswith('W/"v1;tc') and not filtered.has("Last-Modified")

    again = texas.get(path, {"If-None-Match": ours, **SAID_NO})
    assert again.status == 304 and again.get("ETag") == ours and "sec-gpc" in again.get("Vary", "").lower()
    assert texas.get(path, {"If-None-Match": '"v1"'}).status == 304
    crossed = texas.get(path, {"If-None-Match": ours})
    assert crossed.status == 200 and "google-analytics.com" in crossed.text
    stale = texas.get(path, {"If-None-Match": '"v1"', "If-Modified-Since": "Mon, 02 Nov 2026 10:00:00 GMT", **SAID_NO})
    assert stale.status == 200 and "google-analytics" not in stale.text


def test_ranges_of_pages_are_never_half_filtered(texas, origin):
    def script(conn, request):
        if request.has("Range"):
            conn.sendall(answer(PAGE[40:], {"Content-Range": f"bytes 40-{len(PAGE) - 1}/{len(PAGE)}"}, status="206 Partial Content"))
        else:
            conn.sendall(answer(PAGE, {"Accept-Ranges": "bytes"}))

    path = origin.on("/range", script)
    res = texas.get(path, {"Range": "bytes=40-", "Sec-Fetch-Dest": "document", **SAID_NO})
    assert res.status in (200, 502) and "google-analytics" not in res.text
    assert texas.get(path, {"Range": "bytes=40-"}).status == 206


def test_chunked_upload(texas, origin):
    path = origin.on("/upload", answer("got it", type="text/plain"))
    body = os.urandom(300_000)
    with texas.client() as c:
        c.ask(path, {"Transfer-Encoding": "chunked"}, "POST", None)
        c.send(chunked(body, 777))
        assert c.answer().text == "got it"
        c.ask(path, {"Transfer-Encoding": "chunked"}, "PUT", None)
        for byte in b"3;ext=1\r\nabc\r\n":
            c.send(bytes([byte]))
        c.send(b"0\r\nX-Trailer: dropped\r\n\r\n")
        assert c.answer().text == "got it"
    first, second = origin.asked(path)
    assert first.body == body and first.framing == "chunked"
    assert second.body == b"abc" and not second.has("X-Trailer")


def test_upload_with_a_length(texas, origin):
    path = origin.on("/upload2", answer("ok", type="text/plain"))
    body = os.urandom(2_000_000)
    assert texas.get(path, method="POST", body=body).text == "ok"
    seen = origin.last(path)
    assert hashlib.sha256(seen.body).digest() == hashlib.sha256(body).digest()
    assert seen.get("Content-Length") == str(len(body))


def test_expect_continue(texas, origin):
    path = origin.on("/expect", answer("thanks", type="text/plain"))
    with texas.client() as c:
        c.send(head_bytes(f"POST {path} HTTP/1.1", {"Host": "h.test", "Content-Length": "5", "Expect": "100-continue"}))
        while b"\r\n\r\n" not in c.reader.buf:
            assert c.reader.more()
        assert c.reader.buf.startswith(b"HTTP/1.1 100 ")
        c.send(b"hello")
        assert c.answer().text == "thanks"
    assert origin.last(path).body == b"hello"


def test_early_answer_to_an_unfinished_upload(texas, origin):
    def refuse(conn, _head):
        conn.sendall(answer("too large", status="413 Content Too Large", type="text/plain"))
        raise OSError("stop reading")

    origin.on(("expect", "/early"), refuse)
    with texas.client() as c:
        c.send(head_bytes("POST /early HTTP/1.1", {"Host": "h.test", "Content-Length": "1000000"}) + b"x" * 1000)
        assert c.answer().status in (413, 502)
        c.sock.settimeout(5)
        try:
            for _ in range(200):
                c.send(b"x" * 4096)
        except OSError:
            return
        assert c.closed(), "a connection with an unread body must not be used again"


def websocket_origin(conn, request):
    """Accepts, then echoes bytes until the peer closes."""
    key = request.get("Sec-WebSocket-Key").encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    conn.sendall(head_bytes("HTTP/1.1 101 Switching Protocols", {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Accept": base64.b64encode(hashlib.sha1(key).digest()).decode()}))
    if request.reader.buf:
        conn.sendall(request.reader.buf)
    while data := conn.recv(65536):
        conn.sendall(data)
    return False


UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
           "Sec-WebSocket-Key": base64.b64encode(b"0123456789abcdef").decode()}


def test_websocket_echo(texas, origin):
    origin.on("/ws", websocket_origin)
    with texas.client() as c:
        c.ask("/ws", {**UPGRADE, **SAID_NO})
        head = c.answer()
        assert head.status == 101 and head.get("Upgrade", "").lower() == "websocket" and head.has("Sec-WebSocket-Accept")
        sent = os.urandom(500_000)
        threading.Thread(target=c.send, args=(sent,), daemon=True).start()
        assert c.reader.exactly(len(sent)) == sent
        c.sock.shutdown(socket.SHUT_WR)
        assert not c.reader.more()


def test_a_refused_upgrade_is_an_ordinary_answer(texas, origin):
    path = origin.on("/ws-no", answer("no", status="403 Forbidden", type="text/plain"))
    with texas.client() as c:
        assert c.get(path, UPGRADE).status == 403
        assert c.get(origin.on("/ws-after", answer("ok", type="text/plain"))).text == "ok"


def test_h2c_is_never_passed_on(texas, origin):
    path = origin.on("/h2c", answer("ok", type="text/plain"))
    texas.get(path, {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQAAP__"})
    asked = origin.asked(path)
    assert not asked or not (asked[0].has("Upgrade") or asked[0].has("HTTP2-Settings"))


def test_hop_by_hop_fields_stay_here(texas, origin):
    path = origin.on("/hop", answer("ok", [("Keep-Alive", "timeout=5"), ("Connection", "X-Inner"), ("X-Inner", "1"), ("X-Outer", "1")], type="text/plain"))
    res = texas.get(path, {"Connection": "X-Mine, Sec-GPC, Cookie", "X-Mine": "1", "Keep-Alive": "1", "TE": "trailers", "Proxy": "http://x/",
                           "Cookie": "sid=1", **SAID_NO})
    seen = origin.last(path)
    for name in ("X-Mine", "Keep-Alive", "Proxy"):
        assert not seen.has(name), name
    assert seen.get("Sec-GPC") == "1" and seen.get("Cookie") == "sid=1", "the visitor's no cannot be named away"
    assert res.has("X-Outer") and not res.has("X-Inner") and not res.has("Keep-Alive")


def test_http_1_0_visitor(texas, origin):
    path = origin.on("/old", chunked_answer(PAGE.encode(), type="text/html"))
    with texas.client() as c:
        c.ask(path, SAID_NO, version="HTTP/1.0")
        res = c.answer()
        assert not res.has("Transfer-Encoding") and "hello" in res.text and res.framing in ("close", "length")


@pytest.mark.parametrize("host, seen", [("", "www.example.test:8080"), ("host: origin", None), ("host: inside.example", "inside.example")])
def test_the_host_that_an_origin_sees(start, fresh_origin, tmp_path, host, seen):
    conf = tmp_path / "t.yaml"
    conf.write_text(f"""
version: 1
listen: [{{address: "127.0.0.1:0"}}]
sites: [{{hosts: ["*"], origin: {{url: "{fresh_origin.url}", {host}}}}}]
rule_sets: {{light: {{}}}}
regions: [{{name: rest, where: ["*"], honour: [gpc], default: light, opted_out: light}}]
""")
    own = f"127.0.0.1:{fresh_origin.port}"
    proxy = start("-c", conf)
    assert proxy.get("/host", {"Host": "WWW.example.test:8080"}).status == 200
    request = fresh_origin.last("/host")
    assert request.all("Host") == [seen or own] and request.all("X-Forwarded-Host") == ["www.example.test:8080"]
    with proxy.client() as c:
        c.send(b"GET /no-host HTTP/1.0\r\n\r\n")
        assert c.answer().status == 200
    assert fresh_origin.last("/no-host").all("Host") == [own if host != "host: inside.example" else seen]


def test_connection_close_is_obeyed(texas, origin):
    path = origin.on("/close", answer("ok", type="text/plain"))
    with texas.client() as c:
        assert c.get(path, {"Connection": "close"}).get("Connection") == "close"
        assert c.closed()


def test_origin_that_closes_to_end_a_body(texas, origin):
    def script(conn, _request):
        conn.sendall(head_bytes("HTTP/1.1 200 OK", {"Content-Type": "text/html"}) + PAGE.encode())
        return False

    path = origin.on("/until-close", script)
    for fields in ({}, SAID_NO):
        res = texas.get(path, fields)
        assert "hello" in res.text and res.framing in ("chunked", "close")


def test_no_version_and_no_tracing_in_answers(texas, origin):
    for target, status in (("/x", 200), ("/.well-known/tacet/none", 404)):
        res = texas.get(target)
        assert res.status == status
        assert "tacet" not in res.get("Server", "").lower() and not res.has("Via") and not res.has("X-Request-Id")


def test_a_reused_origin_connection_that_just_closed(texas, origin):
    """The keep-alive race: one retry on a fresh connection, and the visitor sees nothing of it."""
    def once(conn, _request):
        conn.sendall(answer("ok", type="text/plain"))
        return False  # closes right after: the pool still holds it

    path = origin.on("/race", once)
    for _ in range(30):
        assert texas.get(path).text == "ok"


def test_no_second_request_once_a_byte_of_the_answer_came(texas, origin):
    """An interim answer is one: who said so much has begun."""
    def hint(conn, _request):
        conn.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        return False

    path = origin.on("/hint", hint)
    assert texas.get(path).status == 502
    assert len(origin.asked(path)) == 1


def test_a_body_cut_by_the_origin_is_cut_for_the_visitor(texas, origin):
    def cut(conn, request):
        if request.path.endswith("chunked"):
            conn.sendall(head_bytes("HTTP/1.1 200 OK", {"Content-Type": "text/html; charset=utf-8", "Transfer-Encoding": "chunked"}) + b"ff\r\n<p>half")
        else:
            conn.sendall(head_bytes("HTTP/1.1 200 OK", {"Content-Type": "text/html; charset=utf-8", "Content-Length": "1000"}) + b"<p>half")
        return False

    for kind in ("length", "chunked"):
        path = origin.on(f"/cut/{kind}", cut)
        for fields in ({}, SAID_NO):
            with pytest.raises(Broken):
                texas.get(path, fields)


def test_broken_gzip_is_cut_never_passed(texas, origin):
    import gzip
    packed = gzip.compress(PAGE.encode() * 200)
    path = origin.on("/cut/gzip", answer(packed[:len(packed) // 2] + b"\xff" * 200, {"Content-Encoding": "gzip"}))
    with pytest.raises(Broken):
        res = texas.get(path, SAID_NO)
        assert res.status == 502
        raise Broken("refused whole, which is as good")


@pytest.mark.parametrize("coding", ["dcb", "x-unknown", "gzip, x-unknown"])
def test_a_coding_nobody_can_read_fails_closed(texas, origin, coding):
    path = origin.on("/coding", answer(b"google-analytics.com/analytics.js" * 10, {"Content-Encoding": coding}))
    try:
        res = texas.get(path, {"Sec-Fetch-Dest": "document", **SAID_NO})
        assert res.status == 502 and "google-analytics" not in res.text
    except Broken:
        pass
    assert texas.get(path).status == 200


def test_slow_visitor_costs_no_processor(texas, origin):
    path = origin.on("/idle", answer("ok", type="text/plain"))
    with texas.client() as c:
        c.send(b"GET /idle HTTP/1.1\r\nHost: h")
        before = texas.cpu()
        time.sleep(0.5)  # over which the processor's time is measured
        assert texas.cpu() - before < 0.1
        c.send(b".test\r\n\r\n")
        assert c.answer().text == "ok"
    assert origin.asked(path)


@pytest.mark.parametrize("head, status", [
    (b"GET / HTTP/1.1\r\n\r\n", 400), (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"GET / HTTP/1.1\nHost: a\n\n", 400), (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 120 + b"\r\n", 431),
    (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 40000 + b"\r\n\r\n", 431), (b"GET / HTTP/3.7\r\nHost: a\r\n\r\n", 505)])
def test_refusals(texas, origin, head, status):
    before = len(origin.requests)
    with texas.client() as c:
        c.send(head)
        res = c.answer()
        assert res.status == status
        assert c.closed()
    assert len(origin.requests) == before
