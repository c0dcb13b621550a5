"""Where messages begin and end, when things go wrong or come early."""
import threading

import pytest

from harness import answer, chunked, head_bytes, total

SAID_NO = {"Sec-GPC": "1"}
WEBSOCKET = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
             "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
SWITCH = head_bytes("HTTP/1.1 101 Switching Protocols", {"Upgrade": "websocket", "Connection": "Upgrade"})


@pytest.mark.parametrize("fields", [{"Content-Length": "90000"}, {}])
def test_a_cut_page_is_cut_for_http_1_0_too(texas, origin, fields):
    """Its body ends with the connection: only a reset tells a page that was cut from a whole one."""
    def script(conn, _request):
        conn.sendall(head_bytes("HTTP/1.1 200 OK", {"Content-Type": "text/html", **fields}))
        conn.sendall(b"<p>half of a page" + b" and more" * 300)
        return False

    path = origin.on(f"/cut/{len(fields)}", script)
    with texas.client() as c:
        c.ask(path, SAID_NO, version="HTTP/1.0")
        if fields:
            with pytest.raises(ConnectionResetError):
                while c.sock.recv(65536):
                    pass
        else:
            assert c.answer().text.startswith("<p>half")


def test_bytes_of_a_tunnel_that_come_early(texas, origin):
    """A client that does not wait for 101: its bytes wait, and are not forgotten."""
    def script(conn, request):
        early = origin.asked("/early") and request.reader
        assert early
        got.wait(10)
        conn.sendall(SWITCH)
        conn.sendall(b"got " + conn.recv(100))
        return False

    got = threading.Event()
    origin.on("/early", script)
    with texas.client() as c:
        c.ask("/early", WEBSOCKET)
        c.send(b"early")
        before = texas.metrics()
        assert total(before, "tacet_http_requests_total") >= 0
        got.set()
        assert c.answer().status == 101
        while len(c.reader.buf) < 9:
            assert c.reader.more()
        assert c.reader.buf == b"got early"


def test_interim_answers_do_not_add_up(texas, origin):
    """All heads of one answer share one limit: sixteen large ones would eat the arena."""
    def script(conn, _request):
        for _ in range(15):
            conn.sendall(head_bytes("HTTP/1.1 103 Early Hints", {"Link": "x" * 30000}))
        conn.sendall(answer("<p>page", {"X-Large": "y" * 30000}))

    asks = {**SAID_NO, "X-Large": "z" * 8000, "Cookie": "; ".join(f"c{i}=1" for i in range(1000))}
    path = origin.on("/interims", script)
    with texas.client() as c:
        assert c.get(path, asks).status == 502
    few = origin.on("/few", head_bytes("HTTP/1.1 103 Early Hints", {"Link": "x" * 100}) * 5 + answer("<p>page"))
    assert texas.get(few).status == 200


def test_small_chunks_go_on_together(texas, origin):
    """A write to the origin for each byte that came in a chunk of its own would let a visitor bury it in packets."""
    path = origin.on("/small-chunks", answer("ok"))
    body = bytes(range(256)) * 80
    with texas.client() as c:
        c.ask(path, {"Transfer-Encoding": "chunked"}, "POST", chunked(body, 1))
        assert c.answer().status == 200
    asked = origin.last(path)
    assert asked.body == body and len(asked.chunks) < len(body) / 100, len(asked.chunks)
