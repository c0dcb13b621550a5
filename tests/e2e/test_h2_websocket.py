"""WebSocket over HTTP/2 (RFC 8441): the handshake that an origin sees, the tunnel both ways, and each end of it."""
import socket
import threading

import pytest

import h2
from harness import head_bytes, total, wait_until

SWITCH = head_bytes("HTTP/1.1 101 Switching Protocols", {"Connection": "Upgrade", "Upgrade": "websocket",
                                                         "Sec-WebSocket-Accept": "x", "Sec-WebSocket-Protocol": "chat"})
MUCH = bytes(range(256)) * 4096  # 1 MiB


def connect(path="/ws", protocol="websocket", version="13"):
    return [(":method", "CONNECT"), (":protocol", protocol), (":scheme", "http"), (":authority", h2.HOST), (":path", path),
            ("sec-websocket-version", version), ("sec-websocket-protocol", "chat"), ("origin", "http://" + h2.HOST)]


@pytest.fixture()
def proxy(start, fresh_origin, tmp_path):
    return start("-c", h2.clear(tmp_path, fresh_origin), listen=False)


def echo(seen):
    def script(conn, request):
        seen.append(request)
        conn.sendall(SWITCH)
        while data := conn.recv(65536):
            conn.sendall(data)
        return False
    return script


def tunnels(proxy):
    return total(proxy.metrics(), "tacet_connections", state="tunnel")


def test_bytes_go_both_ways(proxy, fresh_origin):
    seen = []
    fresh_origin.on("/ws", echo(seen))
    with h2.H2(proxy.port) as c:
        s = c.open(all_fields=connect(), end=False)
        assert c.until(lambda: s.fields is not None, "the handshake")
        assert s.status == 200 and not s.over
        assert not s.get("sec-websocket-accept") and not s.get("upgrade") and not s.get("connection")
        assert s.get("sec-websocket-protocol") == "chat"
        wait_until(lambda: tunnels(proxy) == 1, "the tunnel to be counted")
        for at in range(0, len(MUCH), 16384):
            assert c.push(s, MUCH[at:at + 16384], end=False)
            assert c.until(lambda: len(s.body) >= at + 16384, "its echo")
        c.push(s, b"", end=True)  # the visitor's end is the origin's
        assert c.until(lambda: s.over, "the end")
        assert bytes(s.body) == MUCH and s.ended and s.reset is None
        other = c.open("/plain")
        fresh_origin.on("/plain", head_bytes("HTTP/1.1 204 No Content", {}))
        c.until(lambda: other.over, "an ordinary request beside it")
    request, = seen
    assert request.start.startswith("GET /ws HTTP/1.1")
    assert request.all("Upgrade") == ["websocket"] and request.all("Connection") == ["Upgrade"]
    assert request.all("Host") == [h2.HOST] and len(request.get("Sec-WebSocket-Key")) == 24
    assert not request.has(":protocol") and not request.has("Transfer-Encoding") and not request.has("Content-Length")
    wait_until(lambda: tunnels(proxy) == 0, "the tunnel to be over")


def test_bytes_before_the_handshake_is_over_wait(proxy, fresh_origin):
    go, seen = threading.Event(), []

    def script(conn, request):
        seen.append(request)
        go.wait(20)
        conn.sendall(SWITCH)
        while data := conn.recv(65536):
            conn.sendall(data)
        return False
    fresh_origin.on("/ws", script)
    with h2.H2(proxy.port) as c:
        s = c.open(all_fields=connect(), end=False)
        assert c.push(s, b"early", end=False)
        go.set()
        assert c.until(lambda: bytes(s.body) == b"early", "the echo")
        c.push(s, b" and late", end=True)
        assert c.until(lambda: s.over, "the end")
        assert bytes(s.body) == b"early and late" and s.ended


def test_an_origin_that_says_no(proxy, fresh_origin):
    fresh_origin.on("/ws", head_bytes("HTTP/1.1 403 Forbidden", {"Content-Length": "2"}) + b"no")
    with h2.H2(proxy.port) as c:
        s = c.open(all_fields=connect(), end=False)
        assert c.until(lambda: s.over, "the answer")
        assert s.status == 403 and bytes(s.body) == b"no"


def test_a_reset_ends_the_origins_side(proxy, fresh_origin):
    ended = threading.Event()

    def script(conn, _request):
        conn.sendall(SWITCH)
        try:
            while conn.recv(65536):
                pass
        except ConnectionResetError:
            pass
        ended.set()
        return False
    fresh_origin.on("/ws", script)
    with h2.H2(proxy.port) as c:
        s = c.open(all_fields=connect(), end=False)
        assert c.until(lambda: s.fields is not None, "the handshake")
        c.frame(h2.RST_STREAM, 0, s.sid, h2.u32(h2.CANCEL))
        assert ended.wait(20)
        wait_until(lambda: tunnels(proxy) == 0, "the tunnel to be over")


def test_the_origins_end_is_the_visitors(proxy, fresh_origin):
    heard = []

    def script(conn, _request):
        conn.sendall(SWITCH + b"goodbye")
        conn.shutdown(socket.SHUT_WR)
        got = b""
        while data := conn.recv(65536):
            got += data
        heard.append(got)
        return False
    fresh_origin.on("/ws", script)
    with h2.H2(proxy.port) as c:
        s = c.open(all_fields=connect(), end=False)
        assert c.until(lambda: s.ended, "the end")
        assert bytes(s.body) == b"goodbye" and s.reset is None
        c.frame(h2.DATA, h2.END_STREAM, s.sid, b"still here")
        wait_until(lambda: heard == [b"still here"], "what was said after that")


@pytest.mark.parametrize("fields", [
    pytest.param(connect(protocol="connect-udp"), id="another protocol"),
    pytest.param([f for f in connect() if f[0] != ":path"], id="no path"),
    pytest.param([(n, "GET" if n == ":method" else v) for n, v in connect()], id="not CONNECT"),
    pytest.param(connect() + [("content-length", "3")], id="with a length"),
])
def test_what_is_no_handshake_is_reset(proxy, fresh_origin, fields):
    seen = []
    fresh_origin.on("/ws", echo(seen))
    with h2.H2(proxy.port) as c:
        s = c.open(all_fields=fields, end=False)
        assert c.until(lambda: s.over, "the reset")
        assert s.reset == h2.PROTOCOL_ERROR and s.fields is None
        assert seen == []


def test_a_wrong_version_is_an_ordinary_request(proxy, fresh_origin):
    """Over HTTP/1.1 the same handshake would be one, too: its Upgrade goes no further."""
    fresh_origin.on("/ws", head_bytes("HTTP/1.1 426 Upgrade Required", {"Content-Length": "0"}))
    with h2.H2(proxy.port) as c:
        s = c.open(all_fields=connect(version="8"), end=False)
        assert c.until(lambda: s.over, "the answer")
        assert s.status == 426
    assert not fresh_origin.last("/ws").has("Upgrade")
