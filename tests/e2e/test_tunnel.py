"""Tunnels (WebSocket): each direction to its own end, nothing that waited is lost, and none lives for ever."""
import socket
import threading
import time

import pytest

from harness import head_bytes, total, wait_until

UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
SWITCH = head_bytes("HTTP/1.1 101 Switching Protocols", {"Connection": "Upgrade", "Upgrade": "websocket"})
MUCH = bytes(range(256)) * 16384  # 4 MiB: more than the sockets between both hold


def config(tmp_path, origin, limits=""):
    conf = tmp_path / "t.yaml"
    conf.write_text(f"""
version: 1
listen: [{{address: "127.0.0.1:0"}}]
limits: {{threads: 1, {limits}}}
sites: [{{hosts: ["*"], origin: {{url: "{origin.url}"}}}}]
rule_sets: {{light: {{}}}}
regions: [{{name: rest, where: ["*"], honour: [gpc], default: light, opted_out: light}}]
""")
    return conf


def tunnels(proxy):
    return total(proxy.metrics(), "tacet_connections", state="tunnel")


def rest_of(sock):
    """All that comes until its end; an error is none."""
    got = bytearray()
    while data := sock.recv(65536):
        got += data
    return bytes(got)


def opened(proxy, **kw):
    c = proxy.client(**kw)
    c.ask("/ws", UPGRADE)
    assert c.answer().status == 101
    return c


def test_what_waits_for_the_origin_is_delivered(start, fresh_origin, tmp_path):
    """The visitor says much and ends; the origin reads it late, all of it, and its answer comes back."""
    go, got = threading.Event(), []

    def script(conn, _request):
        conn.sendall(SWITCH)
        go.wait(20)
        got.append(rest_of(conn))
        conn.sendall(b"goodbye")
        return False

    fresh_origin.on("/ws", script)
    proxy = start("-c", config(tmp_path, fresh_origin))
    with opened(proxy) as c:
        sender = threading.Thread(target=lambda: (c.send(MUCH), c.sock.shutdown(socket.SHUT_WR)))
        sender.start()
        go.set()
        assert rest_of(c.sock) == b"goodbye"
        sender.join(20)
    assert got == [MUCH]
    wait_until(lambda: tunnels(proxy) == 0, "the tunnel to be over")


def test_what_waits_for_the_visitor_is_delivered(start, fresh_origin, tmp_path):
    """The other way round: the origin ends first, and still hears what the visitor says after that."""
    heard, said = [], threading.Event()

    def script(conn, _request):
        conn.sendall(SWITCH + MUCH)
        conn.shutdown(socket.SHUT_WR)
        said.set()
        heard.append(rest_of(conn))
        return False

    fresh_origin.on("/ws", script)
    proxy = start("-c", config(tmp_path, fresh_origin))
    with opened(proxy, rcvbuf=8192) as c:
        got = c.reader.buf
        assert got + rest_of(c.sock) == MUCH
        assert said.wait(20)
        c.send(b"thanks")
        c.sock.shutdown(socket.SHUT_WR)
        wait_until(lambda: heard, "the origin to hear it")
    assert heard == [b"thanks"]
    wait_until(lambda: tunnels(proxy) == 0, "the tunnel to be over")


def test_an_end_before_the_switch(start, fresh_origin, tmp_path):
    """A visitor who ends before the origin has agreed gets its answer, and the origin the end."""
    go, heard = threading.Event(), []

    def script(conn, request):
        go.wait(20)
        conn.sendall(SWITCH + b"hello")
        heard.append(request.reader.buf + rest_of(conn))
        return False

    fresh_origin.on("/ws", script)
    proxy = start("-c", config(tmp_path, fresh_origin))
    with proxy.client() as c:
        c.send(head_bytes("GET /ws HTTP/1.1", {"Host": "a.test", **UPGRADE}) + b"early")
        c.sock.shutdown(socket.SHUT_WR)
        wait_until(lambda: fresh_origin.asked("/ws"), "the request")
        go.set()
        assert c.answer().status == 101
        assert c.reader.buf + rest_of(c.sock) == b"hello"
        wait_until(lambda: heard, "the origin to hear it")
    assert heard == [b"early"]


@pytest.mark.parametrize("who", ["visitor", "origin"])
def test_a_reset_ends_both(start, fresh_origin, tmp_path, who):
    ended, go = threading.Event(), threading.Event()

    def abort(sock):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        sock.close()

    def script(conn, _request):
        conn.sendall(SWITCH)
        if who == "origin":
            go.wait(20)
            abort(conn)
        else:
            try:
                rest_of(conn)
            except OSError:
                pass
        ended.set()
        return False

    fresh_origin.on("/ws", script)
    proxy = start("-c", config(tmp_path, fresh_origin))
    with opened(proxy) as c:
        go.set()
        if who == "visitor":
            abort(c.sock)
        else:
            assert c.closed()
        assert ended.wait(20)
        wait_until(lambda: tunnels(proxy) == 0, "the tunnel to be over")


def test_half_an_end_does_not_last(start, fresh_origin, tmp_path):
    """The visitor ends, the origin does not: nobody waits for it longer than for any other stalled peer."""
    done = threading.Event()

    def script(conn, _request):
        conn.sendall(SWITCH)
        rest_of(conn)
        done.wait(30)
        return False

    fresh_origin.on("/ws", script)
    proxy = start("-c", config(tmp_path, fresh_origin, "write_timeout: 1s, tunnel_timeout: 1 h"))
    with opened(proxy) as c:
        c.sock.shutdown(socket.SHUT_WR)
        wait_until(lambda: tunnels(proxy) == 0, "the tunnel to be given up")
        assert rest_of(c.sock) == b""
    done.set()


def test_an_idle_tunnel_ends_and_a_busy_one_does_not(start, fresh_origin, tmp_path):
    def script(conn, _request):
        conn.sendall(SWITCH)
        while data := conn.recv(100):
            conn.sendall(data)
        return False

    fresh_origin.on("/ws", script)
    proxy = start("-c", config(tmp_path, fresh_origin, "tunnel_timeout: 1s"))
    with opened(proxy) as idle, opened(proxy) as busy:
        ended = threading.Event()
        threading.Thread(target=lambda: idle.closed() and ended.set(), daemon=True).start()
        began = time.monotonic()
        while not (ended.is_set() and time.monotonic() - began > 3):
            assert time.monotonic() - began < 20, "the idle one is still there"
            busy.send(b"ping")
            assert busy.reader.exactly(4) == b"ping"
            time.sleep(0.05)  # a ping now and then: far below the limit
        assert tunnels(proxy) == 1
    wait_until(lambda: tunnels(proxy) == 0, "the other to be over too")
