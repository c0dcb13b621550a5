"""
The attacks that a proxy of HTTP/1.1 has to stand, row by row: raw bytes on real sockets, an origin that keeps all
it got, and for each refusal the one reason it is counted under.
"""
import contextlib
import os
import signal
import socket
import threading

import pytest

from harness import Broken, Origin, Tacet, answer, chunked_answer, get, head_bytes, total, wait_until

HOST = b"Host: www.example.test\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: s.example\r\n\r\n"
UPGRADE = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
           ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]
SWITCH = head_bytes("HTTP/1.1 101 Switching Protocols", {"Upgrade": "websocket", "Connection": "Upgrade"})
OK = answer("ok", type="text/plain")
CONTROLS = [bytes([b]) for b in [*range(0x20), 0x7f] if b not in (9, 10, 13)]


class Tap:
    """A socket that keeps what was read from it."""

    def __init__(self, sock, taken):
        self.sock, self.taken = sock, taken

    def recv(self, n):
        data = self.sock.recv(n)
        self.taken += data
        return data

    def __getattr__(self, name):
        return getattr(self.sock, name)


class Target(Origin):
    """An origin that keeps every byte, by connection, and reads strictly what it can."""

    def __init__(self):
        self.streams = []
        super().__init__()

    def serve(self, conn, number):
        taken = bytearray()
        self.streams.append(taken)
        super().serve(Tap(conn, taken), number)

    def everything(self):
        return b"\n".join(bytes(s) for s in self.streams)


@pytest.fixture(scope="module")
def target():
    target = Target()
    yield target
    target.close()
    # What we refuse half-way is cut. Nothing else may be wrong with what an origin gets.
    assert all(why.startswith("end ") for why in target.broken), target.broken
    assert b"smuggled" not in target.everything()


@pytest.fixture(scope="module")
def edge(target):
    proxy = Tacet("--origin", target.url, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--region", "us-tx")
    yield proxy
    proxy.stop()


def reasons(proxy):
    return {dict(labels)["reason"]: v for (name, labels), v in proxy.metrics().items()
            if name == "tacet_http_refusals_total"}


@contextlib.contextmanager
def counted(proxy, reason):
    """What happens inside is one refusal, for this reason and no other."""
    before = reasons(proxy)
    yield
    want = {reason: 1} if reason else {}
    wait_until(lambda: {r: n - before[r] for r, n in reasons(proxy).items() if n != before[r]} == want,
               f"{want}; got {({r: n - before[r] for r, n in reasons(proxy).items() if n != before[r]})}", 5)


def refused(edge, target, raw, reason, status=400, begun=False):
    """raw is answered with status, once, and the connection ends. begun: a part may have reached the origin."""
    seen = len(target.requests), len(target.everything())
    with counted(edge, reason), edge.client() as c:
        with contextlib.suppress(OSError):
            c.send(raw)
        res = c.answer()
        assert res.status == status and res.get("Connection") == "close", (raw[:100], res)
        assert c.closed(), raw[:100]
    assert len(target.requests) == seen[0], raw[:100]
    assert begun or len(target.everything()) == seen[1], raw[:100]


def post(fields, body=b"0\r\n\r\n" + SMUGGLED, version=b"1.1"):
    return b"POST /x HTTP/" + version + b"\r\n" + HOST + fields + b"\r\n" + body


# ---- CL.TE, TE.CL, TE.TE, doubled and list Content-Length -----------------------------------------------

CHUNKED, FIVE = b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n"


@pytest.mark.parametrize("fields, reason", [
    (FIVE + CHUNKED, "length"), (CHUNKED + FIVE, "length"), (CHUNKED + b"Content-Length: 0\r\n", "length"),
    (b"Content-Length: 0\r\n" + CHUNKED, "length"),
    (CHUNKED + CHUNKED, "coding"), (CHUNKED + b"Transfer-Encoding: identity\r\n", "coding"),
    (b"Transfer-Encoding: identity\r\n" + CHUNKED, "coding"), (CHUNKED + b"transfer-encoding: x\r\n", "coding"),
    (b"Transfer-Encoding: chunked, chunked\r\n", "coding"), (b"Transfer-Encoding: chunked,\r\n", "coding"),
    (b"Transfer-Encoding: ,chunked\r\n", "coding"), (b"Transfer-Encoding: gzip, chunked\r\n", "coding"),
    (b"Transfer-Encoding: xchunked\r\n", "coding"), (b"Transfer-Encoding: chunkedx\r\n", "coding"),
    (b"Transfer-Encoding:\r\n", "coding"), (b"Transfer-Encoding: chunked;q=1\r\n", "coding"),
    (b"Transfer-Encoding: \xa0chunked\r\n", "coding"), (b"Transfer-Encoding: chunked\x85\r\n", "coding"),
    (b"Transfer-Encoding:\r\n" + FIVE, "coding"), (b"Transfer-Encoding: identity\r\n" + FIVE, "length"),
    (b"Transfer-Encoding : chunked\r\n", "syntax"), (b"Transfer-Encoding\t: chunked\r\n" + FIVE, "syntax"),
    (b"Transfer-Encoding: \x0bchunked\r\n", "bad_byte"), (b"X: y\rTransfer-Encoding: chunked\r\n", "bare_cr"),
    (b"X: y\nTransfer-Encoding: chunked\r\n", "bare_lf"), (b"Transfer-Encoding:\r\n chunked\r\n", "fold"),
    (FIVE + FIVE, "length"), (FIVE + b"Content-Length: 6\r\n", "length"), (FIVE + b"CONTENT-LENGTH: 5\r\n", "length"),
    (b"Content-Length: 5, 5\r\n", "length"), (b"Content-Length: 5, 6\r\n", "length"), (b"Content-Length: 5,\r\n", "length"),
    (b"Content-Length: +5\r\n", "length"), (b"Content-Length: 0x5\r\n", "length"), (b"Content-Length: 5 5\r\n", "length"),
    (b"Content-Length:\r\n", "length"), (b"Content-Length: -0\r\n", "length"), (b"Content-Length: 5.0\r\n", "length"),
    (b"Content-Length: 9223372036854775808\r\n", "length"), (b"Content-Length: 1" + b"0" * 18 + b"\r\n", "length"),
    (b"Content-Length: 18446744073709551621\r\n", "length"), (b"Content-Length: 4294967301x\r\n", "length"),
    (b"Content-Length : 5\r\n", "syntax"), (b"Content-Length\x00: 5\r\n", "bad_byte"),
], ids=lambda v: v.decode("latin-1").strip() if isinstance(v, bytes) else v)
def test_two_ways_to_read_a_length(edge, target, fields, reason):
    refused(edge, target, post(fields), reason)


def test_chunks_in_http_1_0(edge, target):
    refused(edge, target, post(CHUNKED, version=b"1.0"), "coding")
    refused(edge, target, post(CHUNKED + b"Connection: keep-alive\r\n", version=b"1.0"), "coding")


@pytest.mark.parametrize("fields", [b"Content_Length: 43\r\n", b"Transfer_Encoding: chunked\r\n", b"Content-Length_: 43\r\n"])
def test_names_that_an_origin_may_take_for_a_length(edge, target, fields):
    """They are left out, so only one length is left."""
    target.on("/twin", OK)
    with edge.client() as c:
        c.send(b"POST /twin HTTP/1.1\r\n" + HOST + fields + b"Content-Length: 0\r\n\r\n")
        assert c.answer().status == 200
    assert target.last("/twin").get("Content-Length") == "0" and b"_" not in target.last("/twin").raw_head


# ---- bare LF, bare CR, NUL, control bytes, obs-fold --------------------------------------------------------

@pytest.mark.parametrize("raw, reason", [
    (b"GET / HTTP/1.1\n" + HOST + b"\r\n", "bare_lf"), (b"GET / HTTP/1.1\r\nHost: a\n\r\n", "bare_lf"),
    (b"GET / HTTP/1.1\r\nX: y\n" + HOST + b"\r\n", "bare_lf"), (b"GET / HTTP/1.1\r\nHost: a\r\n\n", "bare_lf"),
    (b"\nGET / HTTP/1.1\r\n" + HOST + b"\r\n", "bare_lf"), (b"GET /\nX HTTP/1.1\r\n" + HOST + b"\r\n", "bare_lf"),
    (b"GET / HTTP/1.1\r" + HOST + b"\r\n", "bare_cr"), (b"GET / HTTP/1.1\r\nX: a\rb\r\n" + HOST + b"\r\n", "bare_cr"),
    (b"GET / HTTP/1.1\r\n" + HOST + b"\rX\r\n\r\n", "bare_cr"), (b"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", "bare_cr"),
    (b"GET / HTTP/1.1\r\nX\r: y\r\n" + HOST + b"\r\n", "bare_cr"), (b"\rGET / HTTP/1.1\r\n" + HOST + b"\r\n", "bare_cr"),
    (b"GET / HTTP/1.1\r\nX: y\r\n z\r\n" + HOST + b"\r\n", "fold"), (b"GET / HTTP/1.1\r\n\tX: y\r\n" + HOST + b"\r\n", "fold"),
    (b"GET / HTTP/1.1\r\n" + HOST + b" \r\n\r\n", "fold"), (b" GET / HTTP/1.1\r\n" + HOST + b"\r\n", "fold"),
    (b"GET / HTTP/1.1\r\nHost:\r\n www.example.test\r\n\r\n", "fold"), (b"\r\n\r\nGET / HTTP/1.1\r\n" + HOST + b"\r\n", "syntax"),
])
def test_line_ends(edge, target, raw, reason):
    refused(edge, target, raw, reason)


@pytest.mark.parametrize("shape", [b"G%cT / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /%cx HTTP/1.1\r\nHost: a\r\n\r\n",
                                   b"GET / HTTP/1.1%c\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\nX%c: y\r\nHost: a\r\n\r\n",
                                   b"GET / HTTP/1.1\r\nX: %c\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a%c\r\n\r\n"])
def test_control_bytes_everywhere(edge, target, shape):
    for byte in CONTROLS:
        refused(edge, target, shape.replace(b"%c", byte), "bad_byte")


# ---- what a parser of heads leaves to us --------------------------------------------------------------------

@pytest.mark.parametrize("raw, reason, status", [
    (b"GET /x\r\n" + HOST + b"\r\n", "version", 505), (b"GET /x\r\n\r\n", "version", 505),
    (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", "version", 505), (b"GET / HTTP/1.2\r\n" + HOST + b"\r\n", "version", 505),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "syntax", 400), (b"GET / HTTP/1.01\r\n" + HOST + b"\r\n", "version", 505),
    (b"OPTIONS / RTSP/1.0\r\n" + HOST + b"\r\n", "syntax", 400), (b"GET / http/1.1\r\n" + HOST + b"\r\n", "syntax", 400),
    (b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n", "syntax", 400), (b"GET /  HTTP/1.1\r\n" + HOST + b"\r\n", "syntax", 400),
    (b"GET / HTTP/1.1 \r\n" + HOST + b"\r\n", "version", 505), (b"GET\t/ HTTP/1.1\r\n" + HOST + b"\r\n", "method", 400),
    (b"GET * HTTP/1.1\r\n" + HOST + b"\r\n", "target", 400), (b"GET ftp://www.example.test/ HTTP/1.1\r\n" + HOST + b"\r\n", "target", 400),
    (b"GETX / HTTP/1.1\r\n" + HOST + b"\r\n", "method", 400), (b"CONNECT www.example.test:443 HTTP/1.1\r\n" + HOST + b"\r\n", "connect", 405),
    (b"TRACE / HTTP/1.1\r\n" + HOST + b"Cookie: a=b\r\nMax-Forwards: 0\r\n\r\n", "trace", 405), (b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n", "trace", 405),
    (b"GET / HTTP/1.1\r\n" + HOST + b": empty\r\n\r\n", "syntax", 400), (b"GET / HTTP/1.1\r\n" + HOST + b"nocolon\r\n\r\n", "syntax", 400),
    (b"GET / HTTP/1.1\r\n" + HOST + b"X\xe9: y\r\n\r\n", "syntax", 400), (b"GET / HTTP/1.1\r\n" + HOST + b"X y: z\r\n\r\n", "syntax", 400),
    (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", "line_too_long", 414),
    (b"GET / HTTP/1.1\r\n" + HOST + b"X: y\r\n" * 100 + b"\r\n", "too_many_fields", 431),
    (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"y" * 33000 + b"\r\n\r\n", "head_too_large", 431),
    (b"GET / HTTP/1.1\r\n" + HOST + b"Connection: " + b"x," * 40 + b"x\r\n\r\n", "syntax", 400),
    (b"PROXY TCP4 203.0.113.9 203.0.113.8 1 2\r\nGET / HTTP/1.1\r\n" + HOST + b"\r\n", "method", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "bad_byte", 400),
], ids=lambda v: repr(v[:40]) if isinstance(v, bytes) else str(v))
def test_heads_that_are_no_heads(edge, target, raw, reason, status):
    refused(edge, target, raw, reason, status)


@pytest.mark.parametrize("raw", [b"TRACE /x HTTP/1.1\r\n" + HOST + b"Authorization: secret\r\n\r\n", b"CONNECT www.example.test:443 HTTP/1.1\r\n" + HOST + b"\r\n",
                                 b"DELETE /.well-known/tacet/s/noop.js HTTP/1.1\r\n" + HOST + b"\r\n"], ids=["trace", "connect", "asset"])
def test_what_is_not_allowed_says_what_is(edge, target, raw):
    """RFC 9110 15.5.6; and nothing of the request comes back."""
    with edge.client() as c:
        c.send(raw)
        res = c.answer()
    assert res.status == 405 and "GET, HEAD" in res.get("Allow") and "TRACE" not in res.get("Allow"), res
    assert b"secret" not in res.raw_head + res.body


def test_a_method_is_told_by_case(edge, target):
    """`trace` is another method than TRACE, and the origin's to judge if it reads it so: the parser does not know it."""
    refused(edge, target, b"trace / HTTP/1.1\r\n" + HOST + b"\r\n", "method", 400)


@pytest.mark.parametrize("raw, code", [(b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", "5xx"), (b"GET /x\r\n\r\n", "5xx"), (b"GET / HTTP/1.1\nHost: a\n\n", "4xx"),
                                       (b"GET / HTTP/1.1\r\nX:" + b"y" * 40000, "4xx")], ids=["505", "505-bare", "400", "431"])
def test_refusals_are_counted_by_the_class_of_their_status(edge, target, raw, code):
    def counts():
        m = edge.metrics()
        return {c: total(m, "tacet_http_requests_total", code_class=c) for c in ("4xx", "5xx")}

    before = counts()
    with edge.client() as c:
        with contextlib.suppress(OSError):
            c.send(raw)
        assert str(c.answer().status)[0] == code[0]
    after = counts()
    assert {c: after[c] - before[c] for c in after} == {"4xx": code == "4xx", "5xx": code == "5xx"}


# ---- chunk extensions, chunk lines --------------------------------------------------------------------------

@pytest.mark.parametrize("body, reason", [
    (b"5;\nhello\r\n0\r\n\r\n", "chunk"), (b"5;a\nhello\r\n0\r\n\r\n", "chunk"), (b"5;a=\"\n\"\r\nhello\r\n0\r\n\r\n", "chunk"),
    (b"5;a\rb\r\nhello\r\n0\r\n\r\n", "chunk"), (b"5;\r\nhello\r\n0\r\n\r\n", "chunk"), (b"5 \r\nhello\r\n0\r\n\r\n", "chunk"),
    (b"5;a=\"\r\nhello\r\n0\r\n\r\n", "chunk"), (b"5;" + b"a" * 300 + b"\r\nhello\r\n0\r\n\r\n", "chunk"),
    (b"1;a\r\nx\r\n" * 200 + b"0\r\n\r\n", "chunk"), (b"5\r\nhelloXX0\r\n\r\n", "chunk"), (b"5\r\nhello\n0\r\n\r\n", "chunk"),
    (b"5\nhello\r\n0\r\n\r\n", "chunk"), (b"0x5\r\nhello\r\n0\r\n\r\n", "chunk"), (b"-5\r\nhello\r\n0\r\n\r\n", "chunk"),
    (b" 5\r\nhello\r\n0\r\n\r\n", "chunk"), (b"\r\n5\r\nhello\r\n0\r\n\r\n", "chunk"), (b"00000000000000005\r\nhello\r\n0\r\n\r\n", "chunk"),
    (b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n", "chunk"), (b"4000000000000000\r\nhello\r\n0\r\n\r\n", "chunk"),
    (b"5\r\nhello\r\n0\n\r\n", "chunk"), (b"5\r\nhello\r\n0\r\n\n", "trailer"), (b"5\r\nhello\r\n0\r\n\rX", "trailer"),
], ids=lambda v: repr(v[:30]) if isinstance(v, bytes) else v)
def test_chunk_lines(edge, target, body, reason):
    refused(edge, target, post(CHUNKED, body + SMUGGLED), reason, begun=True)


def test_extensions_go_no_further(edge, target):
    target.on("/ext", OK)
    with edge.client() as c:
        c.send(b"POST /ext HTTP/1.1\r\n" + HOST + CHUNKED + b"\r\n" + b"1;ab=\"c d\"\r\nx\r\n" * 20 + b"0 ; z\r\n\r\n")
        assert c.answer().status == 200
    seen = target.last("/ext")
    assert seen.body == b"x" * 20 and b"ab=" not in target.everything()


# ---- trailers, both ways --------------------------------------------------------------------------------------

TRAILERS = b"Host: evil.example\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\nSec-GPC: 0\r\nX-Late: 1\r\n"


def test_trailers_of_a_request_are_dropped(edge, target):
    target.on("/trailers", OK)
    with edge.client() as c:
        for _ in range(2):
            c.send(b"POST /trailers HTTP/1.1\r\n" + HOST + CHUNKED + b"Trailer: X-Late\r\nTE: trailers\r\n\r\n5\r\nhello\r\n0\r\n" + TRAILERS + b"\r\n")
            assert c.answer().status == 200
    assert [r.body for r in target.asked("/trailers")] == [b"hello"] * 2
    assert not target.last("/trailers").has("Trailer") and b"X-Late" not in target.everything()


@pytest.mark.parametrize("trailers", [b"X: " + b"y" * 9000 + b"\r\n", b"X: y\r\n" * 200, b"nocolon\r\n", b"X : y\r\n", b": y\r\n",
                                      b"X: y\r\n z\r\n", b"X: y\nZ: 1\r\n", b"X: \x00\r\n", b"X: a\rb\r\n"],
                         ids=lambda v: repr(v[:20]))
def test_bad_trailers(edge, target, trailers):
    refused(edge, target, post(CHUNKED, b"5\r\nhello\r\n0\r\n" + trailers + b"\r\n" + SMUGGLED), "trailer", begun=True)


def test_trailers_of_a_response_are_dropped(edge, target):
    head = head_bytes("HTTP/1.1 200 OK", {"Content-Type": "text/plain", "Transfer-Encoding": "chunked", "Trailer": "Set-Cookie"})
    target.on("/late", head + b"5\r\nhello\r\n0\r\nSet-Cookie: late=1\r\nContent-Length: 9\r\n\r\n")
    with edge.client() as c:
        for _ in range(2):
            res = c.get("/late")
            assert res.text == "hello" and not res.has("Trailer")
    target.on("/late-long", head + b"5\r\nhello\r\n0\r\nX: " + b"y" * 9000 + b"\r\n\r\n")
    with counted(edge, "trailer"), edge.client() as c:
        c.ask("/late-long")
        with pytest.raises(Broken):
            c.answer()


# ---- 0.CL, Expect, early answers ----------------------------------------------------------------------------------

@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS"])
def test_a_body_where_none_is_usual(edge, target, method):
    """0.CL: whoever thinks that a GET has no body reads its body as the next request. Here it stays a body."""
    path = target.on(f"/zero-{method}", OK)
    body = SMUGGLED.replace(b"smuggled", b"inside")
    with edge.client() as c:
        assert c.get(path, method=method, body=body).status == 200
        assert c.get(target.on("/next", OK)).text == "ok"
    assert target.last(path).body == body and target.last(path).get("Content-Length") == str(len(body))
    assert not target.asked("/inside")


@pytest.mark.parametrize("value", [b"y 100-continue", b"100-continue, 100-continue", b"100-continue y", b"200-ok", b"",
                                   b"100-continue;a", b"\xa0100-continue"], ids=repr)
def test_expectations_that_nobody_has(edge, target, value):
    refused(edge, target, b"GET /x HTTP/1.1\r\n" + HOST + b"Expect: " + value + b"\r\nContent-Length: 43\r\n\r\n" + SMUGGLED, "expect", 417)


def test_expect_is_ours_to_answer(edge, target):
    """The origin is never asked to go on; the visitor is told once, and only where a body is to come."""
    path = target.on("/expect", OK)
    with edge.client() as c:
        c.send(head_bytes(f"POST {path} HTTP/1.1", [("Host", "a.test"), ("Expect", "100-Continue"), ("Content-Length", "5")]))
        wait_until(lambda: c.reader.buf or c.reader.more(), "100")
        c.send(b"hello")
        res = c.answer()
        assert res.status == 200 and [m.status for m in res.interim] == [100]
        res = c.get(path, {"Expect": "100-continue"}, "POST", b"")
        assert res.status == 200 and not res.interim
        c.ask(path, {"Expect": "100-continue"}, version="HTTP/1.0")
        assert not c.answer().interim
    assert not any(r.has("Expect") for r in target.asked(path))


@pytest.mark.parametrize("fields", [[("Content-Length", "43")], [("Content-Length", "43"), ("Expect", "100-continue")],
                                    [("Transfer-Encoding", "chunked")]], ids=["length", "expect", "chunked"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_early_answer_ends_both_connections(edge, target, method, fields):
    """The origin answers without reading the body. What comes then is nobody's request, on either side."""
    closed = threading.Event()

    def early(conn, _head):
        conn.sendall(OK)
        with contextlib.suppress(OSError):
            while conn.recv(65536):
                pass
        closed.set()
        raise OSError("not asked again")

    path = f"/early-{method}-{len(fields)}-{fields[0][0]}"
    target.on(("expect", path), early)
    with edge.client() as c:
        c.ask(path, fields, method)
        res = c.answer()
        assert res.status == 200 and res.get("Connection") == "close"
        assert closed.wait(5), "the origin's connection is kept although a body is owed on it"
        with contextlib.suppress(OSError):
            c.send(SMUGGLED.replace(b"smuggled", b"owed"))
            assert c.closed()
    assert not target.asked("/owed")
    assert get(edge.port, target.on("/after-early", OK)).text == "ok"


# ---- request tunnelling, WebSocket smuggling --------------------------------------------------------------------

def without(fields, name, *more):
    return [(n, v) for n, v in fields if n != name] + list(more)


@pytest.mark.parametrize("fields", [
    [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQAAP__")],
    [("Connection", "upgrade"), ("Upgrade", "h2c")], [("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQAAP__")],
    [("HTTP2-Settings", "AAMAAABkAAQAAP__")],
    without(UPGRADE, "Upgrade", ("Upgrade", "websocket, h2c")), UPGRADE + [("Upgrade", "h2c")],
    without(UPGRADE, "Upgrade", ("Upgrade", "TLS/1.0")), without(UPGRADE, "Sec-WebSocket-Version", ("Sec-WebSocket-Version", "12")),
    without(UPGRADE, "Sec-WebSocket-Version"), without(UPGRADE, "Sec-WebSocket-Key"), without(UPGRADE, "Connection"),
    without(UPGRADE, "Sec-WebSocket-Key", ("Sec-WebSocket-Key", "short")), UPGRADE + [("Sec-WebSocket-Version", "13")],
], ids=lambda f: ",".join(v for _, v in f)[:50])
def test_upgrades_that_are_not_passed_on(edge, target, fields):
    """Not a whole WebSocket handshake: an ordinary request, and no 101 is taken for an answer to it."""
    path = target.on("/no-upgrade", OK)
    assert edge.get(path, fields).status == 200
    seen = target.last(path)
    assert not any(seen.has(n) for n in ("Upgrade", "HTTP2-Settings")) and "pgrade" not in (seen.get("Connection") or "")
    with counted(edge, "status"):
        assert edge.get(target.on("/no-switch", SWITCH), fields).status == 502


def test_an_upgrade_over_another_method_or_version(edge, target):
    path = target.on("/no-upgrade-2", OK)
    with edge.client() as c:
        assert c.get(path, UPGRADE, "POST", b"").status == 200
        c.ask(path, UPGRADE + [("Connection", "keep-alive")], version="HTTP/1.0")
        assert c.answer().status == 200
    assert not any(r.has("Upgrade") for r in target.asked(path))


@pytest.mark.parametrize("fields", [[("Content-Length", "5")], [("Content-Length", "0")], [("Transfer-Encoding", "chunked")]],
                         ids=lambda f: f[0][1])
def test_an_upgrade_with_a_body(edge, target, fields):
    refused(edge, target, head_bytes("GET /ws HTTP/1.1", [("Host", "a.test")] + UPGRADE + fields) + b"0\r\n\r\n" + SMUGGLED, "upgrade")


@pytest.mark.parametrize("fields", [
    [("Upgrade", "h2c"), ("Connection", "Upgrade")], [("Upgrade", "websocket")], [("Connection", "Upgrade")], [],
    [("Upgrade", "websocket, h2c"), ("Connection", "Upgrade")], [("Upgrade", "websocket"), ("Upgrade", "h2c"), ("Connection", "Upgrade")],
], ids=str)
def test_an_origin_switches_to_something_else(edge, target, fields):
    path = target.on("/other-switch", head_bytes("HTTP/1.1 101 Switching Protocols", fields))
    with counted(edge, "status"), edge.client() as c:
        assert c.get(path, UPGRADE).status == 502


def test_an_origin_switches_unasked(edge, target):
    with counted(edge, "status"):
        assert edge.get(target.on("/unasked", SWITCH + OK)).status == 502
    with counted(edge, "status"):
        assert edge.get(target.on("/unasked-post", SWITCH + OK), method="POST", body=b"hello").status == 502


@pytest.mark.parametrize("status", ["200 OK", "426 Upgrade Required", "403 Forbidden", "400 Bad Request"])
def test_bytes_behind_a_refused_upgrade_are_read_once(edge, target, status):
    """WebSocket smuggling: whoever takes the wish for the deed tunnels what follows. It is the next request, no less."""
    path = target.on("/refuses-" + status[:3], answer("no", status=status, type="text/plain"))
    behind = target.on("/behind-" + status[:3], OK)
    with edge.client() as c:
        c.send(head_bytes(f"GET {path} HTTP/1.1", [("Host", "a.test")] + UPGRADE) +
               head_bytes(f"GET {behind} HTTP/1.1", {"Host": "a.test", "Privacy-Decision": "in"}))
        assert c.answer().status == int(status[:3])
        assert c.answer().text == "ok"
    assert len(target.asked(path)) == len(target.asked(behind)) == 1
    assert target.last(behind).all("Privacy-Decision") != ["in"], "it went through us, not past us"


def test_frames_behind_a_refused_upgrade_are_refused(edge, target):
    path = target.on("/refuses-frames", answer("no", status="426 Upgrade Required", type="text/plain"))
    with counted(edge, "bad_byte"), edge.client() as c:
        c.send(head_bytes(f"GET {path} HTTP/1.1", [("Host", "a.test")] + UPGRADE) + b"\x81\x05hello")
        assert c.answer().status == 426
        assert c.answer().status == 400 and c.closed()


def test_a_tunnel_is_a_tunnel(edge, target):
    """After the origin's 101 bytes are bytes: a request in them is no request of ours."""
    got = bytearray()
    done = threading.Event()

    def script(conn, request):
        conn.sendall(SWITCH)
        got.extend(request.reader.buf)
        while b"end" not in got:
            got.extend(conn.recv(65536))
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nraw")
        done.set()
        return False

    inside = SMUGGLED.replace(b"smuggled", b"inside-tunnel") + b"end"
    with counted(edge, None), edge.client() as c:
        c.ask(target.on("/tunnel", script), UPGRADE)
        c.send(inside)
        assert c.answer().status == 101 and done.wait(5)
        while c.reader.more():
            pass
        assert c.reader.buf.endswith(b"\r\n\r\nraw")
    assert bytes(got) == inside and not target.asked("/inside-tunnel")


# ---- response splitting, response queue poisoning -----------------------------------------------------------------

@pytest.mark.parametrize("wrong, reason", [
    (b"HTTP/1.1 200 OK\r\nX: a\nSet-Cookie: b=1\r\n\r\n", "bare_lf"), (b"HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b=1\r\n\r\n", "bare_cr"),
    (b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n", "bad_byte"), (b"HTTP/1.1 200 OK\r\nX: a\x0bb\r\n\r\n", "bad_byte"),
    (b"HTTP/1.1 200 O\x7fK\r\n\r\n", "bad_byte"), (b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", "fold"), (b"HTTP/1.1 200 OK\nX: y\n\n", "bare_lf"),
    (b"HTTP/1.1 200 OK\r\nX : a\r\n\r\n", "syntax"), (b"HTTP/1.1 200 OK\r\n: a\r\n\r\n", "syntax"), (b"HTTP/1.1 200 OK\r\nX\xe9: a\r\n\r\n", "syntax"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nOK", "length"), (b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nOK", "length"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nOK", "length"), (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "length"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n", "coding"), (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", "coding"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "coding"),
    (b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "coding"), (b"HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\n", "coding"),
    (b"HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n", "status"), (b"HTTP/1.1 600 High\r\nContent-Length: 0\r\n\r\n", "status"),
    (b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n", "status"), (b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", "status"),
    (b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", "version"), (b"ICY 200 OK\r\nContent-Length: 0\r\n\r\n", "syntax"),
    (b"HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n", "status"), (b" HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "fold"),
    (b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "syntax"), (b"HTTP/1.1 100 Continue\r\n\r\n" * 40 + OK, "status"),
    (b"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "coding"), (b"HTTP/1.1 103 Hints\r\nTransfer-Encoding: chunked\r\n\r\n" + OK, "coding"),
    (b"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello" + OK, "length"),
    (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1001 + b"\r\n", "too_many_fields"), (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 40000 + b"\r\n\r\n", "head_too_large"),
], ids=lambda v: repr(v[9:60]) if isinstance(v, bytes) else v)
def test_responses_that_are_none(edge, target, wrong, reason):
    """Each is 502, and its connection is never used again."""
    closed = threading.Event()

    def script(conn, _request):
        conn.sendall(wrong)
        with contextlib.suppress(OSError):
            while conn.recv(65536):
                pass
        closed.set()
        return False

    with counted(edge, reason):
        res = edge.get(target.on("/wrong", script))
    assert res.status == 502 and not res.has("Set-Cookie") and closed.wait(5)


@pytest.mark.parametrize("body, reason", [
    (b"zz\r\nhello\r\n0\r\n\r\n", "chunk"), (b"5\r\nhelloXX0\r\n\r\n", "chunk"), (b"5\nhello\r\n0\r\n\r\n", "chunk"),
    (b"ffffffffffffffff\r\nhello", "chunk"), (b"5;a\nb\r\nhello\r\n0\r\n\r\n", "chunk"), (b"5\r\nhello\r\n0\r\nbad\r\n\r\n", "trailer"),
    (b"5\r\nhello\r\n" + b"1;ab\r\nx\r\n" * 200, "chunk"),
], ids=lambda v: repr(v[:30]) if isinstance(v, bytes) else v)
def test_chunks_of_a_response(edge, target, body, reason):
    """The visitor sees that the message has no end."""
    target.on("/wrong-chunks", head_bytes("HTTP/1.1 200 OK", {"Content-Type": "text/plain", "Transfer-Encoding": "chunked"}) + body)
    with counted(edge, reason), edge.client() as c:
        c.ask("/wrong-chunks")
        with pytest.raises((Broken, ConnectionResetError)):
            c.answer()


POISON = answer("POISON", type="text/plain")


@pytest.mark.parametrize("method, first", [
    ("GET", OK), ("GET", chunked_answer(b"ok", type="text/plain")), ("HEAD", head_bytes("HTTP/1.1 200 OK", {"Content-Length": "90"})),
    ("GET", head_bytes("HTTP/1.1 204 No Content", {})), ("GET", head_bytes("HTTP/1.1 304 Not Modified", {"Content-Length": "90"})),
], ids=["length", "chunked", "head", "204", "304"])
@pytest.mark.parametrize("when", ["at once", "idle"])
def test_bytes_beyond_a_response(edge, target, method, first, when):
    """They end the connection: nobody gets them, whether they come with the answer or while it is idle."""
    closed, answered = threading.Event(), threading.Event()

    def script(conn, _request):
        conn.sendall(first + (POISON if when == "at once" else b""))
        if when == "idle":
            answered.wait(5)
            conn.sendall(POISON)
        with contextlib.suppress(OSError):
            while conn.recv(65536):
                pass
        closed.set()
        return False

    with edge.client() as c:
        assert c.get(target.on("/beyond", script), method=method).status < 400
        answered.set()
        assert closed.wait(5), "kept although it said more than it was asked"
        assert c.get(target.on("/clean", answer("clean", type="text/plain"))).text == "clean"


@pytest.mark.parametrize("fields", [{"Content-Length": "90"}, {"Content-Length": "90", "Connection": "keep-alive"}])
def test_a_body_where_none_may_be(edge, target, fields):
    """204 with a length: some read a body there. The connection that it came on is not used again."""
    closed = threading.Event()

    def script(conn, _request):
        conn.sendall(head_bytes("HTTP/1.1 204 No Content", fields))
        with contextlib.suppress(OSError):
            while conn.recv(65536):
                pass
        closed.set()
        return False

    assert edge.get(target.on("/no-content", script)).status == 204
    assert closed.wait(5)


def is_stopped(pid):
    """Really, and not only told to: what comes from now on is seen all at once."""
    states = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat") as f:
            states.append(f.read().rsplit(")", 1)[1].split()[0])
    return set(states) == {"T"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_bytes_that_wait_on_an_idle_connection(start, method):
    """They came after the visitor's request, yet before ours: no answer to it. (The proxy is held, so that it sees both at once.)"""
    target = Target()
    poison = threading.Event()
    poisoned = threading.Event()

    def first(conn, _request):
        conn.sendall(OK)
        poison.wait(10)
        conn.sendall(POISON)
        poisoned.set()

    proxy = start("--origin", target.url, "--region", "us-tx")
    target.on("/first", first)
    target.on("/second", answer("mine", type="text/plain"))
    with proxy.client() as a, contextlib.closing(target):
        assert a.get("/first").text == "ok"
        proxy.signal(signal.SIGSTOP)
        wait_until(lambda: is_stopped(proxy.pid), "every thread has stopped")
        try:
            a.ask("/second", method=method, body=b"" if method == "POST" else None)
            poison.set()
            assert poisoned.wait(5)
        finally:
            proxy.signal(signal.SIGCONT)
        res = a.answer()
        assert res.text == "mine", "a connection with bytes on it is not asked; another is"


# ---- Host against absolute-form -----------------------------------------------------------------------------------

def line(target, host=b"www.example.test"):
    return b"GET " + target + b" HTTP/1.1\r\nHost: " + host + b"\r\n\r\n"


@pytest.mark.parametrize("raw, reason", [
    (line(b"http://evil.example/"), "host"), (line(b"http://www.example.test:81/"), "host"), (line(b"https://www.example.test:80/"), "host"),
    (line(b"http://www.example.test@evil.example/"), "target"), (line(b"http://u:p@www.example.test/"), "target"),
    (line(b"http://www.example.test,evil.example/"), "target"), (line(b"http:///x"), "target"), (line(b"http://"), "target"),
    (line(b"http://www.example.test\\@evil.example/"), "target"), (line(b"http:/www.example.test/"), "target"),
    (line(b"http://www.example.test:0/"), "target"), (line(b"http://www.example.test:65536/"), "target"), (line(b"http://[::1/"), "target"),
    (line(b"//www.example.test:x@/"), None), (line(b"/", b""), "host"), (line(b"/", b"a,b"), "host"), (line(b"/", b"a b"), "host"),
    (line(b"/", b"u@a"), "host"), (line(b"/", b"a/x"), "host"), (line(b"/", b"a:80:80"), "host"), (line(b"/", b"a:"), None),
    (line(b"/", b"a:-1"), "host"), (line(b"/", b"a:0"), "host"), (line(b"/", b"a:080"), "host"), (line(b"/", b"[::1"), "host"),
    (line(b"/", b"[::1]x"), "host"), (line(b"/", b"[v1.a]"), "host"), (line(b"/", b"a..b"), "host"), (line(b"/", b".a"), "host"), (line(b"/", b"*"), "host"),
    (line(b"/", b"a%00"), "host"), (line(b"/", b"caf\xc3\xa9"), "host"), (line(b"/", b"a?b"), "host"), (line(b"/", b"a" * 254), "host"),
    (b"GET / HTTP/1.1\r\n\r\n", "host"), (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "host"), (b"GET http://a/ HTTP/1.1\r\n\r\n", "host"),
    (b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "host"),
], ids=lambda v: repr(v[4:60]) if isinstance(v, bytes) else str(v))
def test_one_authority(edge, target, raw, reason):
    if reason:
        refused(edge, target, raw, reason)
        return
    with edge.client() as c:
        c.send(raw)
        assert c.answer().status == 200


@pytest.mark.parametrize("asked, host, seen", [
    ("http://WWW.example.test/abs?q", "www.example.test", "www.example.test"), ("/abs", "WWW.Example.TEST", "www.example.test"),
    ("http://www.example.test:80/abs", "www.example.test", "www.example.test"), ("/abs", "www.example.test.:8080", "www.example.test:8080"),
    ("http://www.example.test:8080/abs", "www.example.test:8080", "www.example.test:8080"), ("/abs", "[2001:DB8::1]:81", "[2001:db8::1]:81"),
])
def test_the_origin_sees_one_authority(edge, target, asked, host, seen):
    target.on("/abs", OK)
    assert edge.get(asked, {"Host": host}).status == 200
    request = target.last("/abs")
    assert request.all("Host") == request.all("X-Forwarded-Host") == [seen] and request.target.startswith("/abs"), request


# ---- X-Forwarded-*, Forwarded, X-Real-IP and their twins -----------------------------------------------------------

FORWARDING = ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Server",
              "X-Forwarded-Scheme", "X-Forwarded-Ssl", "X-Forwarded", "Forwarded", "X-Real-IP", "CF-Connecting-IP", "CF-Connecting-IPv6",
              "CF-Pseudo-IPv4", "CF-IPCountry", "True-Client-IP", "Fastly-Client-IP", "Fly-Client-IP", "Client-IP", "X-Client-IP",
              "X-Cluster-Client-IP", "X-Originating-IP", "X-Remote-IP", "X-Remote-Addr", "X-Original-Forwarded-For", "Proxy-Client-IP",
              "WL-Proxy-Client-IP", "X-Azure-ClientIP", "X-Envoy-External-Address", "CloudFront-Viewer-Address", "X-AppEngine-User-IP"]


@pytest.mark.parametrize("spell", [str, str.lower, str.upper, lambda n: n.replace("-", "_"), lambda n: n.replace("-", "_", 1),
                                   lambda n: "_".join(n.rsplit("-", 1))], ids=["as is", "lower", "upper", "twin", "first", "last"])
def test_strangers_say_nothing_of_the_client(edge, target, spell):
    path = target.on("/forged", OK)
    names = sorted({spell(n) for n in FORWARDING})
    assert edge.get(path, [(n, "198.51.100.77") for n in names]).status == 200
    seen = target.last(path)
    assert b"198.51.100.77" not in seen.raw_head, seen.raw_head
    assert seen.all("X-Forwarded-Host") == ["www.example.test"] and seen.all("X-Forwarded-Proto") == ["http"]


# ---- hop-by-hop ---------------------------------------------------------------------------------------------------

KEPT = [("Sec-GPC", "1"), ("DNT", "1"), ("Cookie", "sid=1"), ("Authorization", "Basic eA==")]
OURS = ("X-Forwarded-Host", "X-Forwarded-Proto", "Privacy-Decision", "Tacet-Geo")


def test_connection_cannot_name_what_matters(edge, target):
    path = target.on("/named", OK)
    for name in [n for n, _ in KEPT] + ["Host", "Content-Length", "Transfer-Encoding", *OURS, "X-Forwarded-For", "X-Real-IP"]:
        for spelled in (name, name.upper(), f"close, {name}", f",{name} ,"):
            assert edge.get(path, KEPT + [("Connection", spelled)], "POST", b"hello").status == 200
            seen = target.last(path)
            assert all(seen.get(n) == v for n, v in KEPT) and seen.body == b"hello", (spelled, seen)
            assert all(seen.has(n) for n in OURS) and seen.get("Host") == "www.example.test", (spelled, seen)


def test_hop_by_hop_fields_end_here(edge, target):
    names = ["Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "Proxy-Authenticate", "Proxy", "TE", "Trailer", "Upgrade", "HTTP2-Settings"]
    path = target.on("/hop", answer("ok", [(n, "x") for n in names] + [("Connection", "X-Named, X-Other"), ("X-Named", "1"), ("X-Kept", "1")], type="text/plain"))
    res = edge.get(path, [(n, "x") for n in names] + [("Connection", "X-Named"), ("connection", "X-OTHER"), ("X-Named", "1"), ("x-other", "1"), ("X-Kept", "1")])
    for message in (res, target.last(path)):
        assert not any(message.has(n) for n in [*names, "X-Named", "X-Other"]), message
        assert message.has("X-Kept")


# ---- path confusion ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", [b"/a\x80", b"/caf\xc3\xa9", b"/a#b", b"/a#", b"/?q=\xff", b"a", b"\\a", b"?q", b"%2f", b".", b"*/"], ids=repr)
def test_targets_that_are_refused(edge, target, path):
    refused(edge, target, line(path), "target")


@pytest.mark.parametrize("path", ["/a/../b", "/a%2fb", "/a%2Fb/..%2f", "//evil.example/x", "/a\\..\\b", "/%2e%2e/x", "/a%00b", "/a%0d%0aX-Injected:%201",
                                  "/a;x=1/b", "/a%", "/%u002f", "/a?b[]={}|^`\"<>", "/?", "/..", "/a//b/./c"])
def test_paths_go_on_as_they_came(edge, target, path):
    assert edge.get(path).status == 200
    assert target.requests[-1].target == path


SCRIPT = "<script src=https://www.google-analytics.com/analytics.js></script>"


def test_routes_match_what_the_origin_will_serve(start, tmp_path):
    """A route that filters nothing is not reached by a path that only looks like it."""
    target = Target()
    target.DEFAULT = answer("<!doctype html><title>t</title><p>page" + SCRIPT)
    conf = tmp_path / "t.yaml"
    conf.write_text(f"""
version: 1
listen: [{{address: "127.0.0.1:0"}}]
sites:
  - hosts: ["*"]
    origin: {{url: "{target.url}"}}
    routes: [{{name: assets, match: /static/*, filter: none}}, {{name: pages, match: /*}}]
rule_sets: {{light: {{}}, opt-out: {{scripts: {{remove: [analytics]}}}}}}
regions: [{{name: rest, where: ["*"], honour: [gpc], default: light, opted_out: opt-out}}]
""")
    proxy = start("-c", conf)
    with contextlib.closing(target):
        for path in ("/static/x", "/static/%78", "/%73tatic/x", "/a/../static/x", "/static/./x", "//static//x"):
            assert "google-analytics.com" in proxy.get(path, {"Sec-GPC": "1"}).text, path
        for path in ("/static/../page", "/static/%2e%2e/page", "/static/.%2E/page", "/static\\..\\page", "/static/..\\page", "/static/x/../../page",
                     "/STATIC/x", "/static%2fx", "/static%2f..%2fpage", "/page/..%2fstatic/x", "//page", "/page?/static/x", "/page;/static/x"):
            assert "google-analytics.com" not in proxy.get(path, {"Sec-GPC": "1"}).text, path


# ---- slow visitors hold no more than their own connection ---------------------------------------------------------------

def test_a_head_in_drops_is_timed_as_a_whole(start, fresh_origin, tmp_path):
    """Slowloris: a byte now and then does not put off the end."""
    conf = tmp_path / "t.yaml"
    conf.write_text(f"""
version: 1
listen: [{{address: "127.0.0.1:0"}}]
limits: {{header_timeout: 1s}}
sites: [{{hosts: ["*"], origin: {{url: "{fresh_origin.url}"}}}}]
rule_sets: {{light: {{}}}}
regions: [{{name: rest, where: ["*"], honour: [gpc], default: light, opted_out: light}}]
""")
    proxy = start("-c", conf)
    with counted(proxy, "timeout"), proxy.client() as c:
        c.send(b"GET / HTTP/1.1\r\nHost: a\r\n")
        c.sock.settimeout(0.1)
        for _ in range(150):
            with contextlib.suppress(socket.timeout):
                if not c.reader.more() or c.reader.buf:
                    break
            with contextlib.suppress(OSError):
                c.send(b"X")
        assert c.reader.buf.startswith(b"HTTP/1.1 408 ")
    assert not fresh_origin.requests
