"""HTTP/2 under way: windows and who waits for whom, ends of all kinds, and what a connection lives through."""
import hashlib
import os
import select
import signal
import socket
import threading
import time

import pytest

import h2
from certificates import Authority
from h2 import (CANCEL, CONTINUATION, DATA, END_STREAM, FLOW_CONTROL_ERROR, HEADERS, INITIAL_WINDOW_SIZE, INTERNAL_ERROR, NO_ERROR, PRIORITY, RST_STREAM, block, frame,
                u32)
from harness import Client, Origin, Tacet, answer, chunked, chunked_answer, head_bytes, sanitized, total, wait_until

BIG = hashlib.sha512(b"h2").digest() * (8 << 20 >> 6)  # 8 MiB, incompressible enough
PAGE = "<!doctype html><title>t</title><p>hello<script src=https://www.google-analytics.com/analytics.js></script>" + "<p>words and more words\n" * 9000
MAX_ID = (1 << 31) - 1


class World:
    def h2(self, way="h2c", **kw):
        return h2.H2(self.ports[way], tls=way == "tls", **kw)


def sha(body):
    return hashlib.sha256(bytes(body)).hexdigest()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    w, d = World(), tmp_path_factory.mktemp("h2f")
    w.ca, w.origin = Authority(d / "ca"), Origin()
    o = w.origin
    o.on("/raw/big", answer(BIG, type="application/octet-stream"))
    o.on("/raw/chunked", chunked_answer(BIG[:1 << 20], size=7001, type="application/octet-stream"))
    o.on("/raw/little", answer(BIG[:300], type="application/octet-stream"))
    o.on("/raw/empty", answer(b""))
    o.on("/raw/none", answer("", status="204 No Content", length=False))
    o.on("/raw/same", answer("", {"ETag": '"1"'}, status="304 Not Modified", length=False))
    o.on("/raw/echo", lambda conn, req: conn.sendall(answer(req.body, type="application/octet-stream")))
    o.on("/page", answer(PAGE))
    o.on("/gpc/page", answer(PAGE))
    path = d / "t.yaml"
    path.write_text(h2.conf(o.url, w.ca))
    w.tacet = Tacet("-c", path)
    w.ports = h2.ports(w.tacet)
    yield w
    w.tacet.stop()
    o.close()


@pytest.fixture
def own(start, fresh_origin, tmp_path, world):
    """own(limits): a proxy of this test alone, with its origin."""
    def begin(limits="", origin=""):
        w = World()
        conf = tmp_path / "own.yaml"
        conf.write_text(h2.conf(fresh_origin.url, world.ca, origin, limits))
        w.origin, w.tacet, w.conf = fresh_origin, start("-c", conf, listen=False), conf
        w.ports = h2.ports(w.tacet)
        return w
    return begin


ways = pytest.mark.parametrize("way", ["h2c", "tls"])


# ---- windows ----------------------------------------------------------------------------------------------------

@ways
def test_a_window_of_one_byte(world, way):
    """Down: each byte is asked for. Up: each is a frame of its own."""
    with world.h2(way, settings={INITIAL_WINDOW_SIZE: 1}) as c:
        assert sha(c.get("/raw/little").body) == sha(BIG[:300])
        assert sum(1 for f in c.frames if f[0] == DATA and f[3] == 1) == 300
        s = c.open("/raw/echo", method="POST", end=False)
        c.push(s, BIG[:300], size=1)
        assert sha(c.answer(s).body) == sha(BIG[:300])


@ways
def test_more_than_all_windows(world, way):
    with world.h2(way) as c:
        assert sha(c.get("/raw/big").body) == sha(BIG)
        assert sha(c.get("/raw/chunked").body) == sha(BIG[:1 << 20])
        s = c.open("/raw/echo", method="POST", end=False)
        c.push(s, BIG[:3 << 20])
        assert sha(c.answer(s).body) == sha(BIG[:3 << 20])
        assert sum(s.ended for s in c.streams.values()) == 3 and not c.goaways


@ways
def test_several_at_once_share(world, way):
    with world.h2(way) as c:
        c.auto = False
        streams = [c.open("/raw/big") for _ in range(4)]
        c.give(0, 1 << 20)
        c.until(lambda: all(len(s.body) == h2.WINDOW for s in streams))
        streams.append(c.open("/raw/little"))
        c.until(lambda: streams[-1].over)
        c.auto = True
        for s in streams[:4]:
            c.give(s.sid, h2.WINDOW)
        c.until(lambda: all(s.over for s in streams))
        assert all(sha(s.body) == sha(BIG) for s in streams[:4])


@ways
@pytest.mark.parametrize("path", ["/raw/big", "/gpc/page"])
def test_a_crowd_that_waits_holds_nobody_up(world, way, path):
    """Eighty answers of which nothing is taken; another comes whole, and then one of theirs."""
    with world.h2(way, settings={INITIAL_WINDOW_SIZE: 1}, auto=False) as c:
        said = [("sec-gpc", "1")]
        crowd = [c.open("/raw/big") for _ in range(80)] + [c.open(path, said)]
        c.until(lambda: all(s.body for s in crowd), "a byte of each")
        c.give(0, MAX_ID - h2.WINDOW)
        late = c.open(path, said)
        for s in (late, crowd[-1]):
            c.give(s.sid, MAX_ID - 1)
            c.until(lambda s=s: s.over, "all of it")
        assert late.ended and crowd[-1].ended and sha(late.body) == sha(crowd[-1].body)
        if path == "/raw/big":
            assert sha(late.body) == sha(BIG)
        else:
            assert late.body.count(b"<p>words") == 9000 and b"google-analytics" not in late.body
        for s in crowd[:-1]:
            assert bytes(s.body) == BIG[:1]
            c.frame(RST_STREAM, 0, s.sid, u32(CANCEL))
        assert c.ping()


def endless(conn, sent, stop):
    conn.sendall(head_bytes("HTTP/1.1 200 OK", {"Content-Type": "application/octet-stream", "Content-Length": str(1 << 40)}))
    conn.settimeout(0.2)
    part = b"x" * 65536
    while not stop.is_set():
        try:
            sent[0] += conn.send(part)
        except TimeoutError:
            sent[1] += 1  # nobody takes any
    return False


@ways
@pytest.mark.parametrize("path", ["/raw/endless", "/endless"])
def test_who_takes_nothing_gets_nothing(own, way, path):
    """The origin is not read on for a window that is shut, and others of the same connection go on."""
    w, sent, stop = own(), [0, 0], threading.Event()
    w.origin.on(path, lambda conn, req: endless(conn, sent, stop))
    w.origin.on("/raw/little", answer(BIG[:300], type="application/octet-stream"))
    with w.h2(way) as c:
        assert c.get("/raw/little").status == 200
        before = w.tacet.memory()
        c.auto = False
        s = c.open(path)
        c.until(lambda: len(s.body) >= h2.WINDOW)
        wait_until(lambda: sent[1] > 0, "the origin to be held back")
        held = sent[0]
        assert held < 16 << 20  # the sockets' buffers, in both directions, and ours
        c.give(0, 1 << 20)
        for _ in range(5):
            assert c.get("/raw/little").status == 200
        assert len(s.body) == h2.WINDOW and sent[0] < 16 << 20
        if not sanitized():
            assert w.tacet.memory() - before < 2 << 20
        c.give(s.sid, 1 << 20)
        assert c.until(lambda: len(s.body) >= h2.WINDOW + 500000)
        stop.set()


@ways
def test_a_slow_origin_holds_the_upload_back(own, way):
    w, go = own(origin="timeout: 30s"), threading.Event()
    w.origin.scripts[("expect", "/up")] = lambda conn, head: go.wait(20)
    w.origin.on("/up", lambda conn, req: conn.sendall(answer(sha(req.body), type="text/plain")))
    w.origin.on("/other", answer("other"))
    body = BIG + BIG
    with w.h2(way) as c:
        c.settle()
        before = w.tacet.memory()
        s, at, quiet = c.open("/up", method="POST", end=False), 0, 0
        while quiet < 20 and at < len(body):
            n = min(16384, s.send_window, c.send_window, len(body) - at)
            if n > 0:
                s.send_window, c.send_window, at, quiet = s.send_window - n, c.send_window - n, at + n, 0
                c.frame(DATA, 0, s.sid, body[at - n:at])
            else:
                assert c.ping()  # all that was sent has been taken up
                quiet += 1
        assert at < len(body), "nobody holds it back"
        assert sanitized() or w.tacet.memory() - before < 4 << 20
        assert c.get("/other").status == 200  # the connection's window has room for others
        go.set()
        c.push(s, memoryview(body)[at:at + (1 << 20)])
        assert c.answer(s).text == sha(body[:at + (1 << 20)])


# ---- ends ---------------------------------------------------------------------------------------------------------

@ways
@pytest.mark.parametrize("path, status, length", [("/raw/empty", 200, "0"), ("/raw/none", 204, None), ("/raw/same", 304, None)])
def test_answers_without_a_body(world, way, path, status, length):
    """HEADERS that end the stream: nothing follows them (tests/h2.py looks at that)."""
    with world.h2(way) as c:
        s = c.get(path)
        assert (s.status, s.ended, s.body, s.get("content-length")) == (status, True, b"", length)
        assert [f[1] & END_STREAM for f in c.frames if f[0] == HEADERS] == [END_STREAM] and not [f for f in c.frames if f[0] == DATA]
        assert c.ping() and s.reset is None


def test_head(world):
    with world.h2() as c:
        s = c.get("/raw/big", method="HEAD")
        assert (s.status, s.ended, s.body, s.get("content-length")) == (200, True, b"", str(len(BIG)))
        assert c.get("/privacy-choices", method="HEAD").body == b""
        assert c.get("/privacy-choices").body and c.get("/.well-known/gpc.json").ended and c.get("/.well-known/tacet/nothing").status == 404
        assert c.ping() and all(s.reset is None for s in c.streams.values())


@ways
def test_a_reset_cancels_a_download(own, way):
    w, sent, stop = own(), [0, 0], threading.Event()
    ended = threading.Event()

    def script(conn, req):
        try:
            endless(conn, sent, stop)
        except OSError:
            ended.set()
        return False

    w.origin.on("/raw/endless", script)
    with w.h2(way) as c:
        s = c.open("/raw/endless")
        c.until(lambda: len(s.body) > 100000)
        c.auto = False
        c.frame(RST_STREAM, 0, s.sid, u32(CANCEL))
        wait_until(ended.is_set, "the origin to hear of it")
    stop.set()


@ways
def test_a_reset_cancels_an_upload(own, way):
    w, here = own(), threading.Event()
    w.origin.scripts[("expect", "/raw/up")] = lambda conn, head: here.set()
    w.origin.on("/alive", answer("alive"))
    with w.h2(way) as c:
        s = c.open("/raw/up", [("content-length", "100000")], "POST", end=False)
        c.push(s, b"x" * 1000, end=False)
        wait_until(here.is_set, "the request to get there")
        c.frame(RST_STREAM, 0, s.sid, u32(CANCEL))
        wait_until(lambda: w.origin.broken, "the origin to hear of it")
        assert not w.origin.requests
        assert c.lives()


HALF = b"<p>half a page\n" * 5000


@pytest.mark.parametrize("how", ["length", "chunked", "chunk", "reset"])
@pytest.mark.parametrize("fields", [(), (("sec-gpc", "1"),)])
def test_an_origin_that_dies_in_its_body(own, how, fields):
    """RST_STREAM, that the visitor can tell: never an end."""
    w = own()
    head = {"Content-Type": "text/html"}
    start = {"length": head_bytes("HTTP/1.1 200 OK", {**head, "Content-Length": "1000000"}) + HALF,
             "chunked": head_bytes("HTTP/1.1 200 OK", {**head, "Transfer-Encoding": "chunked"}) + chunked(HALF)[:-5],
             "chunk": head_bytes("HTTP/1.1 200 OK", {**head, "Transfer-Encoding": "chunked"}) + b"fffff\r\n" + HALF,
             "reset": head_bytes("HTTP/1.1 200 OK", {**head, "Content-Length": "1000000"}) + HALF}[how]

    def script(conn, req):
        conn.sendall(start)
        if how == "reset":
            wait_until(lambda: seen, "the visitor to get the first half")
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        return False

    w.origin.on("/half", script)
    w.origin.on("/alive", answer("alive"))
    seen = []
    with w.h2() as c:
        s = c.open("/half", fields)
        c.until(lambda: s.body or s.over)
        seen.append(1)
        c.until(lambda: s.over)
        assert s.reset == INTERNAL_ERROR and not s.ended, s
        assert c.lives()


def test_an_origin_that_does_not_answer(own):
    w = own(origin="timeout: 1s")
    w.origin.on("/dead", lambda conn, req: False)
    w.origin.on("/late", lambda conn, req: threading.Event().wait(3))
    w.origin.on("/alive", answer("alive"))
    with w.h2() as c:
        streams = {p: c.open(p, method="POST") for p in ("/dead", "/late")}
        c.until(lambda: all(s.over for s in streams.values()))
        assert {p: s.status for p, s in streams.items()} == {"/dead": 502, "/late": 504}
        assert c.lives()


@pytest.mark.parametrize("path", ["/early", "/privacy-choices"])
def test_an_early_answer(own, path):
    """The answer is whole and ends; what is left of the request is waved off with NO_ERROR (RFC 9113 8.1)."""
    w = own()

    def refuse(conn, head):
        conn.sendall(answer("no", status="413 Content Too Large", fields={"Connection": "close"}))

    w.origin.scripts[("expect", "/early")] = refuse
    w.origin.on("/alive", answer("alive"))
    with w.h2() as c:
        s = c.open(path, [("content-length", str(1 << 30))], "PUT", end=False)
        c.push(s, b"x" * 70000, end=False)
        c.until(lambda: s.ended, "the answer")
        assert s.status in (405, 413) and s.body
        while s.reset is None:
            if s.send_window > 0:
                s.send_window -= 1
                c.frame(DATA, 0, s.sid, b"x")
            c.pump() if s.send_window < 10 else c.ping()
        assert s.reset == NO_ERROR
        assert c.lives()


def test_a_visitor_who_goes(own):
    """All its requests are dropped at their origins."""
    w, gone, here = own(), [], []

    def script(conn, req):
        here.append(1)
        conn.settimeout(15)
        gone.append(conn.recv(1))
        return False

    w.origin.on("/wait", script)
    with w.h2() as c:
        for _ in range(10):
            c.open("/wait")
        wait_until(lambda: len(here) == 10, "all to be there")
    wait_until(lambda: gone == [b""] * 10, "all to hear of it")
    wait_until(lambda: total(w.tacet.metrics(), "tacet_connections", state="open") <= 1, "the connection to be over")


# ---- many ------------------------------------------------------------------------------------------------------------

@ways
def test_a_hundred_at_once(own, way):
    """All that were promised; none waits for another."""
    w, barrier = own(), threading.Barrier(100)

    def script(conn, req):
        barrier.wait(15)
        conn.sendall(answer(req.path * 50, type="text/plain"))

    with w.h2(way) as c:
        streams = []
        for i in range(100):
            w.origin.on(f"/n/{i}", script)
            streams.append(c.open(f"/n/{i}"))
        c.until(lambda: all(s.over for s in streams))
        assert [s.text for s in streams] == [f"/n/{i}" * 50 for i in range(100)]
        again = [c.open("/raw/x") for _ in range(100)]  # they are counted down
        c.until(lambda: all(s.over for s in again))
        assert all(s.status == 200 for s in again) and not c.goaways


@ways
def test_a_page_is_the_same_as_by_http1(world, way):
    for path in ("/page", "/gpc/page"):
        for fields in ((), (("sec-gpc", "1"),)):
            with Client(world.ports["h2c"]) as one:
                first = one.get(path, [("Sec-GPC", "1")] if fields else ())
            with world.h2(way) as c:
                s = c.get(path, fields)
            assert bytes(s.body) == first.body and s.status == first.status == 200
            assert (b"google-analytics" in s.body) == (not fields)
            hop = {"date", "transfer-encoding", "connection", "keep-alive"}
            same = sorted((n.lower(), v) for n, v in first.fields if n.lower() not in hop)
            if way == "h2c":
                assert sorted((n, v) for n, v in s.fields if n not in hop and n != ":status") == same


# ---- a connection's life ------------------------------------------------------------------------------------------------

@ways
def test_drain(own, way):
    """SIGTERM: GOAWAY, twice; what is under way is finished, and the process ends with 0."""
    w, go = own(), threading.Event()
    w.origin.on("/slow", lambda conn, req: (go.wait(15), conn.sendall(answer(BIG[:200000], type="application/octet-stream")))[1])
    with w.h2(way) as c, w.h2(way) as idle:
        idle.settle()
        s = c.open("/slow")
        wait_until(lambda: w.origin.asked("/slow"), "the request")
        w.tacet.signal(signal.SIGTERM)
        assert c.until(lambda: c.goaways, "GOAWAY") and c.goaways[0] == (MAX_ID, NO_ERROR)
        last = c.open("/last")  # it was on its way
        c.answer(last)
        assert last.status == 200
        c.until(lambda: len(c.goaways) == 2, "the second GOAWAY")
        assert c.goaways[1] == (last.sid, NO_ERROR)
        go.set()
        c.end()
        assert (s.status, sha(s.body)) == (200, sha(BIG[:200000])) and s.ended
        idle.end()
        assert idle.goaways[-1] == (0, NO_ERROR)
    assert w.tacet.wait() == 0


@ways
def test_reload_keeps_the_connection(own, way):
    w, go = own(), threading.Event()
    w.origin.on("/slow", lambda conn, req: (go.wait(15), conn.sendall(answer("slow")))[1])
    with w.h2(way) as c:
        s = c.open("/slow")
        wait_until(lambda: w.origin.asked("/slow"), "the request")
        second = Origin()
        w.conf.write_text(w.conf.read_text().replace(w.origin.url, second.url))
        w.tacet.reload()
        wait_until(lambda: c.get("/new").status == 200 and second.requests, "the new configuration")
        go.set()
        assert c.answer(s).text == "slow" and c.lives() and not c.goaways
        second.close()


@ways
def test_keepalive_requests(own, way):
    w = own("keepalive_requests: 5")
    with w.h2(way) as c:
        for _ in range(5):
            assert c.get("/x").status == 200
        c.end()
        assert c.goaways[-1] == (9, NO_ERROR)


@ways
def test_keepalive_requests_at_once(own, way):
    """GOAWAY names the last that was taken up, once, and all up to that are answered; those above may be sent again."""
    w = own("keepalive_requests: 5")
    with w.h2(way) as c:
        c.settle()
        c.send(b"".join(c.request_frame(sid, "/x") for sid in range(1, 40, 2)))
        c.end()
        [(last, code)] = c.goaways
        assert code == NO_ERROR and 9 <= last <= 39
        assert [sid for sid, s in sorted(c.streams.items()) if s.status == 200 and s.ended] == list(range(1, last + 1, 2))
    assert len(w.origin.asked("/x")) == (last + 1) // 2


@ways
def test_idle_time_out(own, way):
    """Counted from the last answer; PING does not keep it open."""
    w = own("idle_timeout: 1s")
    with w.h2(way) as c:
        assert c.get("/x").status == 200
        began = time.monotonic()
        c.ping()
        c.end()
        assert c.goaways[-1] == (1, NO_ERROR) and 0.5 < time.monotonic() - began < 6


@ways
@pytest.mark.parametrize("what", ["nothing", "settings", "head", "head and pings", "trailers", "second head"])
def test_header_time_out(own, way, what):
    w = own("header_timeout: 1s")
    with w.h2(way, settings=None if what == "nothing" else ()) as c:
        began = time.monotonic()
        if what != "nothing":
            c.settle()
        if what == "second head":
            assert c.get("/x").status == 200
        if what == "trailers":
            c.send(c.request_frame(1, "/up", method="POST", end=False) + frame(HEADERS, END_STREAM, 1, block([("x", "1")])))
        elif what not in ("nothing", "settings"):
            c.send(c.request_frame(5, "/x", flags=0))
        while not c.eof and time.monotonic() - began < 10:
            if what == "head and pings":  # no frame but CONTINUATION may come: an empty one is none the less
                c.frame(CONTINUATION, 0, 5)
                time.sleep(0.05)
            else:
                c.pump()
            if what == "head and pings" and select.select([c.sock], [], [], 0)[0]:
                c.pump()
        assert c.eof and 0.5 < time.monotonic() - began < 8 and c.error in (None, NO_ERROR), c.frames


def test_a_window_that_never_opens(own):
    """Who takes nothing of an answer loses the stream; the connection goes on."""
    w = own("write_timeout: 1s")
    w.origin.on("/raw/big", answer(BIG, type="application/octet-stream"))
    with w.h2(settings={INITIAL_WINDOW_SIZE: 100}) as c:
        c.auto = False
        s = c.open("/raw/big")
        c.until(lambda: s.over, "the reset")
        assert s.reset is not None and len(s.body) == 100
        c.auto = True
        assert c.get("/x").status == 200


@pytest.mark.slow
def test_a_body_that_does_not_come(own):
    w = own()
    with w.h2() as c:
        s = c.open("/privacy-choices", [("content-type", "application/x-www-form-urlencoded"), ("content-length", "50")], "POST", end=False)
        other = c.get("/x")
        assert other.status == 200
        c.until(lambda: s.over, "the refusal")
        assert s.status == 408 or s.reset is not None
        assert c.lives()


def test_http1_and_http2_on_one_port(world):
    """The first bytes tell, also when they come one by one."""
    with Client(world.ports["h2c"]) as one:
        for byte in head_bytes("POST /raw/echo HTTP/1.1", {"Host": h2.HOST, "Content-Length": "1"}) + b"x":
            one.send(bytes([byte]))
        assert one.answer().body == b"x"
    with Client(world.ports["h2c"]) as one:
        one.send(b"PR")
        one.send(b"OPFIND / HTTP/1.1\r\nHost: a.test\r\n\r\n")
        assert one.answer().status == 200


def test_windows_that_overflow_leave_no_request_behind(own):
    w, gone = own(), []
    w.origin.on("/wait", lambda conn, req: (conn.settimeout(15), gone.append(conn.recv(1)), False)[2])
    with w.h2() as c:
        s = c.open("/wait")
        wait_until(lambda: w.origin.asked("/wait"), "the request")
        c.send(frame(h2.WINDOW_UPDATE, 0, s.sid, u32(MAX_ID)))
        c.until(lambda: s.over)
        assert s.reset == FLOW_CONTROL_ERROR
        wait_until(lambda: gone == [b""], "the origin to hear of it")
        c.send(frame(PRIORITY, 0, s.sid, u32(0) + b"\1") + os.urandom(0))
        assert c.lives()
