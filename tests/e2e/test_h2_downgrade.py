"""
What HTTP/2 must not become on its way to an origin that speaks HTTP/1.1: each hostile request is refused, and the origin hears
nothing of it; or what the origin hears is right, byte for byte, and unambiguous to a strict reader.
"""
import os
import re
import socket
import threading

import pytest

import h2
from certificates import Authority
from h2 import END_HEADERS, END_STREAM, DATA, HEADERS, PROTOCOL_ERROR, block, frame
from harness import SHARED, Client, Tacet, total, wait_until

RUNNER = os.path.join(SHARED, "tests", "http1", "run_vectors.py")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nOK"


class RawOrigin:
    """Notes every byte; answers whenever what has come ends like a message."""

    def __init__(self):
        self.got, self.answered, self.lock = [], 0, threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.all = []  # of each connection, for the strict reader
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(conn,), daemon=True).start()

    def serve(self, conn):
        whole = bytearray()
        with self.lock:
            self.all.append(whole)
        unanswered = b""
        while True:
            try:
                data = conn.recv(65536)
            except OSError:
                return
            if not data:
                return
            with self.lock:
                whole += data
                self.got.append(data)
            unanswered += data
            if self.is_whole(unanswered):
                self.answered += 1
                conn.sendall(ANSWER)
                unanswered = b""

    @staticmethod
    def is_whole(data):
        head, end, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: (\d+)", head, re.I)
        if not end:
            return False
        if b"chunked" in head.lower():
            return body.endswith(b"0\r\n\r\n")
        return len(body) >= (int(length[1]) if length else 0)

    def take(self):
        """What came since the last time."""
        with self.lock:
            got, self.got = b"".join(self.got), []
        return got


class World:
    pass


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    w, d = World(), tmp_path_factory.mktemp("h2d")
    w.origin = RawOrigin()
    path = d / "t.yaml"
    path.write_text(h2.conf(f"http://127.0.0.1:{w.origin.port}", Authority(d / "ca")))
    w.tacet = Tacet("-c", path)
    w.ports = h2.ports(w.tacet)
    yield w
    w.tacet.stop()
    lint_all(w.origin)


def lint_all(origin):
    """Everything that the origin heard in all these tests, read strictly."""
    if not os.path.exists(RUNNER):
        print("../shared/tests/http1 is not there: no strict reader")
        return
    with open(RUNNER) as f:
        source = f.read().rpartition("main()")[0]  # it is a script: without its last line it only defines
    runner = {"__name__": "run_vectors", "__file__": RUNNER}
    exec(compile(source, RUNNER, "exec"), runner)
    seen = 0
    for data in origin.all:
        requests, bad = runner["lint"](bytes(data))
        # A request whose visitor went away in the middle of its body is cut, and its connection closed: never finished.
        bad = [why for why in bad if not why.startswith("unfinished")]
        assert not bad, bad
        seen += len(requests)
    assert seen >= 1


@pytest.fixture
def visit(world):
    world.origin.take()
    with h2.H2(world.ports["h2c"]) as c:
        c.settle()
        c.origin = world.origin
        yield c
        c.close()
        # What is under way for it ends with it: the next test hears none of that.
        wait_until(lambda: total(world.tacet.metrics(), "tacet_connections", state="open") <= 0, "the connection to be over")
    assert world.tacet.proc.poll() is None


def refused(c, s, *statuses):
    """The stream is reset with PROTOCOL_ERROR, or answered with one of these; the origin hears nothing, and others are served."""
    c.until(lambda: s.over, "the stream's end")
    if statuses:
        assert s.status in statuses, s
    else:
        assert s.reset == PROTOCOL_ERROR and s.fields is None, s
    assert c.origin.take() == b""
    assert c.get("/next").status == 200
    assert b"GET /next HTTP/1.1\r\n" == c.origin.take()[:20]



# ---- refused ---------------------------------------------------------------------------------------------------------

BAD = {"CR": "\r", "LF": "\n", "CRLF": "\r\n", "NUL": "\0"}
SMUGGLED = "\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n"


def target(path="/victim", method="GET", scheme="http", authority=h2.HOST):
    return [(":method", method), (":scheme", scheme), (":authority", authority), (":path", path)]


def with_field(*fields):
    return target() + list(fields)


REFUSED = {
    **{f"{n} in a name": with_field((f"x{b}y", "1")) for n, b in BAD.items()},
    **{f"{n} in a value": with_field(("x-test", f"a{b}b")) for n, b in BAD.items()},
    **{f"{n} at a value's end": with_field(("x-test", f"a{b}")) for n, b in BAD.items()},
    **{f"{n} in a cookie": with_field(("cookie", f"a=1{b}b=2")) for n, b in BAD.items()},
    **{f"{n} in :path": target(f"/a{b}b") for n, b in BAD.items()},
    **{f"{n} in :method": target(method=f"GET{b}") for n, b in BAD.items()},
    **{f"{n} in :authority": target(authority=f"a.test{b}") for n, b in BAD.items()},
    **{f"{n} in :scheme": target(scheme=f"http{b}") for n, b in BAD.items()},
    "a request in a value": with_field(("x-test", "a" + SMUGGLED)),
    "a request in a name": with_field(("x-test: a" + SMUGGLED + "x", "1")),
    "a request in :path": target("/victim HTTP/1.1\r\nHost: a.test" + SMUGGLED),
    "a request in :method": target(method="GET / HTTP/1.1\r\nHost: a.test" + SMUGGLED + "GET"),
    "a request in :authority": target(authority="a.test" + SMUGGLED),
    "a request in :scheme": target(scheme="http://a.test/" + SMUGGLED),
    "a colon in a name": with_field(("x:y", "1")),
    "a colon first": with_field((":x", "1")),
    "a colon last": with_field(("host:", "evil.test")),
    "a space in a name": with_field(("x y", "1")),
    "a space behind a name": with_field(("content-length ", "5")),
    "a space before a name": with_field((" x", "1")),
    "a tab in a name": with_field(("x\ty", "1")),
    "upper case": with_field(("Transfer-Encoding", "chunked")),
    "an empty name": with_field(("", "1")),
    ":method twice": [(":method", "POST")] + target(),
    ":path twice": [(":path", "/other")] + target(),
    ":scheme twice": [(":scheme", "https")] + target(),
    ":authority twice": [(":authority", "other.test")] + target(),
    ":path after a field": target()[:3] + [("x-test", "1"), (":path", "/victim")],
    ":authority against Host": with_field(("host", "other.test")),
    ":authority against one of two Hosts": with_field(("host", h2.HOST), ("host", "other.test")),
    "two Hosts that agree": with_field(("host", h2.HOST), ("host", h2.HOST)),
    "two Hosts and no :authority": target()[:2] + target()[3:] + [("host", h2.HOST), ("host", h2.HOST)],
    "a port against none": with_field(("host", h2.HOST + ":8080")),
    "a space in :path": target("/a b"),
    "a fragment in :path": target("/a#b"),
    "a tab in :path": target("/a\tb"),
    "bytes above ASCII in :path": target("/\xe4"),
    "DEL in :path": target("/\x7f"),
    "an absolute :path": target("http://www.example.test/victim"),
    "an absolute :path elsewhere": target("http://other.test/victim"),
    "a :path without its slash": target("victim"),
    "a :path that is empty": target(""),
    "a :path that is a query": target("?a=1"),
    "a :path that is an authority": target("other.test:443"),
    "an asterisk": target("*"),
    "a :method with a space": target(method="GET /"),
    "a :method that is empty": target(method=""),
    "a :method that is no token": target(method="GE(T"),
    "a :scheme of another kind": target(scheme="ftp"),
    "a :scheme with an authority": target(scheme="http://other.test/?"),
    "TE gzip": with_field(("te", "gzip")),
    "TE trailers and more": with_field(("te", "trailers, chunked")),
    "Connection": with_field(("connection", "x-test"), ("x-test", "1")),
    "Keep-Alive": with_field(("keep-alive", "timeout=5")),
    "Proxy-Connection": with_field(("proxy-connection", "keep-alive")),
    "Transfer-Encoding": with_field(("transfer-encoding", "chunked")),
    "Transfer-Encoding identity": with_field(("transfer-encoding", "identity")),
    "Upgrade: h2c": with_field(("upgrade", "h2c"), ("http2-settings", "AAMAAABkAARAAAAAAAIAAAAA")),
    "Upgrade: websocket": with_field(("upgrade", "websocket"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")),
    "CONNECT": [(":method", "CONNECT"), (":authority", "other.test:443")],
    "CONNECT with a :path": target(method="CONNECT"),
    **{f"Content-Length {n!r}": with_field(("content-length", n)) for n in ("-1", "+0", "0x0", "0, 0", "0,0", "", "00000000000000000000000", "1 1")},
    "Content-Length twice": with_field(("content-length", "0"), ("content-length", "0")),
}

# What is well formed, but nothing that an HTTP server takes.
REFUSED_WITH = {
    "userinfo": (target(authority="user@www.example.test"), 400),
    "a comma in :authority": (target(authority="a.test,b.test"), 400),
    "a slash in :authority": (target(authority="a.test/b"), 400),
    "a port that is none": (target(authority="a.test:99999"), 400),
    "a port with letters": (target(authority="a.test:80a"), 400),
    "an :authority that is empty": (target(authority=""), 400),
    "a space in :authority": (target(authority="a.test b.test"), 400),
    "Expect of something else": (with_field(("expect", "200-ok")), 417),
    "Expect of something more": (with_field(("expect", "x 100-continue")), 417),
    "a :path too long": (target("/" + "x" * 8192), 414),
    "too many fields": (with_field(*((f"x-{i}", "1") for i in range(101))), 431),
    "a head too large": (with_field(*(("x-large", "y" * 8000) for i in range(5))), 431),
}


@pytest.mark.parametrize("end", [True, False])
@pytest.mark.parametrize("name", REFUSED)
def test_refused(visit, name, end):
    s = visit.stream(1)
    visit.send(split_head(1, REFUSED[name], end))
    if not end:  # a body that would be a request, were it taken for one
        visit.frame(DATA, END_STREAM, 1, SMUGGLED.lstrip().encode())
    visit.next_sid = 3
    refused(visit, s)


@pytest.mark.parametrize("name", REFUSED_WITH)
def test_refused_with_a_status(visit, name):
    fields, status = REFUSED_WITH[name]
    s = visit.stream(1)
    visit.send(split_head(1, fields, True))
    visit.next_sid = 3
    visit.until(lambda: s.over)
    if s.status:
        assert visit.ping() and s.reset is None, s  # it has ended by itself
        refused(visit, s, status)
    else:
        refused(visit, s)


def split_head(sid, fields, end):
    """However long: HEADERS and CONTINUATION."""
    text = block(fields)
    parts = [text[at:at + 16384] for at in range(0, len(text), 16384)]
    out = b""
    for i, part in enumerate(parts):
        flags = (END_HEADERS if i == len(parts) - 1 else 0) | (END_STREAM if end and i == 0 else 0)
        out += frame(HEADERS if i == 0 else 9, flags, sid, part)
    return out


# ---- forwarded, and how ------------------------------------------------------------------------------------------------

OURS = "Privacy-Decision: in;region=unknown;rules=\"%s\"\r\nX-Forwarded-Host: %s\r\nX-Forwarded-Proto: http\r\n"


def heard(method, path, fields="", host=h2.HOST, behind="", body=b""):
    """What the origin has to hear."""
    return (f"{method} {path} HTTP/1.1\r\n", fields, behind, host, body)


FORWARDED = {
    "nothing more": (target("/a?b=c&d"), b"", heard("GET", "/a?b=c&d")),
    "doubled slashes": (target("//a/../b"), b"", heard("GET", "//a/../b")),
    "any method": (target("/a", method="PROPFIND"), b"", heard("PROPFIND", "/a")),
    "OPTIONS of all": (target("*", method="OPTIONS"), b"", heard("OPTIONS", "*")),
    "Host that agrees": (target("/a") + [("host", "WWW.example.test")], b"", heard("GET", "/a")),
    "Host alone": (target("/a")[:2] + target("/a")[3:] + [("host", h2.HOST)], b"", heard("GET", "/a")),
    "an authority in upper case": (target("/a", authority="WWW.EXAMPLE.TEST"), b"", heard("GET", "/a")),
    "a port": (target("/a", authority="www.example.test:8080"), b"", heard("GET", "/a", host="www.example.test:8080")),
    "fields in their order": (target("/a") + [("x-b", "1"), ("accept", "*/*"), ("x-a", "2"), ("x-b", "3")], b"",
                              heard("GET", "/a", "x-b: 1\r\nAccept: */*\r\nx-a: 2\r\nx-b: 3\r\n")),
    "crumbs": (target("/a") + [("cookie", "a=1"), ("cookie", "b=2")], b"", heard("GET", "/a", "Cookie: a=1; b=2\r\n")),
    "TE trailers": (target("/a") + [("te", "trailers")], b"", heard("GET", "/a")),
    "what only connections have": (target("/a") + [("proxy", "x"), ("proxy-authorization", "x"), ("http2-settings", "AAMAAABk"), ("trailer", "x-sum")],
                                   b"", heard("GET", "/a")),
    "who it says it is": (target("/a") + [("x-forwarded-for", "1.2.3.4"), ("forwarded", "for=1.2.3.4"), ("x-real-ip", "1.2.3.4"),
                                          ("true-client-ip", "1.2.3.4"), ("x_forwarded_for", "1.2.3.4"), ("privacy-decision", "in"),
                                          ("x-forwarded-proto", "https"), ("x-forwarded-host", "evil.test"), ("tacet-geo", "x")], b"", heard("GET", "/a")),
    "a body of known length": (target("/a", method="POST") + [("content-length", "5")], b"hello",
                               heard("POST", "/a", behind="Content-Length: 5\r\n", body=b"hello")),
    "a body of unknown length": (target("/a", method="POST"), b"hello", heard("POST", "/a", behind="Transfer-Encoding: chunked\r\n",
                                                                              body=b"5\r\nhello\r\n0\r\n\r\n")),
    "a body that looks like chunks": (target("/a", method="POST"), b"0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
                                      heard("POST", "/a", behind="Transfer-Encoding: chunked\r\n",
                                            body=b"18\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n\r\n0\r\n\r\n")),
    "a GET with a body": (target("/a") + [("content-length", "5")], b"hello", heard("GET", "/a", behind="Content-Length: 5\r\n", body=b"hello")),
    "an empty body of known length": (target("/a", method="POST") + [("content-length", "0")], None,
                                      heard("POST", "/a", behind="Content-Length: 0\r\n")),
}


@pytest.mark.parametrize("name", FORWARDED)
def test_forwarded(visit, name):
    fields, body, (line, more, behind, host, expected) = FORWARDED[name]
    s = visit.open(end=not body, all_fields=fields)
    if body:
        visit.push(s, body)
    visit.answer(s)
    got = visit.origin.take()
    rules = re.search(rb'rules="([0-9a-f]{8})"', got)[1].decode()
    assert got == (f"{line}Host: {host}\r\n{more}{OURS % (rules, host)}{behind}\r\n").encode() + expected
    assert (s.status, s.text) == (200, "OK")


@pytest.mark.parametrize("declared", [True, False])
def test_trailers_go_no_further(visit, declared):
    s = visit.open("/t", [("content-length", "5")] if declared else [("trailer", "x-sum")], "POST", end=False)
    visit.push(s, b"hello", end=False)
    visit.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, block([("x-sum", "1"), ("host", "evil.test"), ("cookie", "evil=1")])))
    visit.answer(s)
    assert s.status == 200
    got = visit.origin.take()
    assert got.endswith(b"Content-Length: 5\r\n\r\nhello" if declared else b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
    assert b"x-sum" not in got.lower() and b"evil" not in got


@pytest.mark.parametrize("trailer", [("x-sum\r\n", "1"), ("x-sum", "1\r\n"), (":path", "/x"), ("content-length", "9"), ("transfer-encoding", "chunked")])
@pytest.mark.parametrize("declared", [True, False])
def test_trailers_that_are_refused(visit, declared, trailer):
    """The request is never finished: its connection ends in the middle of it."""
    s = visit.open("/t", [("content-length", "9")] if declared else [], "POST", end=False)
    visit.push(s, b"hello", end=False)
    wait_until(lambda: b"hello" in b"".join(visit.origin.got), "the body to get there")
    visit.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, block([trailer])))
    visit.until(lambda: s.over)
    assert s.reset == PROTOCOL_ERROR
    got = visit.origin.take()
    assert got.endswith(b"hello" if declared else b"5\r\nhello\r\n")
    assert visit.get("/next").status == 200


@pytest.mark.parametrize("length, parts", [(4, [b"tests"]), (4, [b"test", b"s"]), (4, [b"te", b"sts"]), (9, [b"test"]), (9, [b"te", b"st"]), (0, [b"test"])])
def test_content_length_against_data(visit, length, parts):
    """H2.CL: not a byte more than was announced, and what is less is never finished."""
    path, s = f"/cl-{length}-{len(parts)}-{len(parts[0])}", visit.stream(1)
    visit.send(visit.request_frame(1, path, [("content-length", str(length))], "POST", end=False) +
               b"".join(frame(DATA, END_STREAM if i == len(parts) - 1 else 0, 1, p) for i, p in enumerate(parts)))
    visit.next_sid = 3
    visit.until(lambda: s.over)
    assert s.reset == PROTOCOL_ERROR and s.status is None
    assert visit.get("/next").status == 200
    for heard in [bytes(data) for data in visit.origin.all]:
        body = heard.partition(f"POST {path} ".encode())[2].partition(b"\r\n\r\n")[2]
        assert len(body) <= length and b"".join(parts).startswith(body)


def test_expect(visit):
    s = visit.open("/e", [("expect", "100-continue"), ("content-length", "5")], "POST", end=False)
    assert visit.until(lambda: s.interim) and s.interim == [[(":status", "100")]]
    visit.push(s, b"hello")
    visit.answer(s)
    assert s.status == 200
    got = visit.origin.take()
    assert got.endswith(b"Content-Length: 5\r\n\r\nhello") and b"expect" not in got.lower()


@pytest.mark.parametrize("upgrade", ["h2c", "h2c, websocket", "HTTP/2.0", "TLS/1.0, h2c"])
def test_no_upgrade_from_http1(world, upgrade):
    """RFC 7540's way into HTTP/2 in clear is closed, also where the listener takes HTTP/2 with prior knowledge."""
    world.origin.take()
    with Client(world.ports["h2c"]) as c:
        res = c.get("/up", {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": upgrade, "HTTP2-Settings": "AAMAAABkAARAAAAAAAIAAAAA"})
        assert res.status == 200 and not res.interim
        got = world.origin.take().lower()
        assert got.startswith(b"get /up http/1.1\r\n") and b"upgrade" not in got and b"http2" not in got
        assert c.get("/again").status == 200


def test_a_preface_after_a_request(world):
    """Whoever began with HTTP/1.1 stays there."""
    world.origin.take()
    with Client(world.ports["h2c"]) as c:
        assert c.get("/first").status == 200
        c.send(h2.PREFACE + frame(h2.SETTINGS))
        assert c.answer().status in (400, 505)
    assert b"PRI" not in world.origin.take()


def test_where_http2_is_not_taken(start, world):
    """A listener without h2c has no use for its preface."""
    proxy = start("--origin", f"http://127.0.0.1:{world.origin.port}")
    world.origin.take()
    with proxy.client() as c:
        c.send(h2.PREFACE + frame(h2.SETTINGS))
        assert c.answer().status in (400, 505)
    assert world.origin.take() == b""
