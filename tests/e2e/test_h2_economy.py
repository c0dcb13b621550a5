"""HTTP/2: what a visitor can make us do costs him as much as us, and one bad request is the end of that request alone."""
import threading
import time

import pytest

import h2
from harness import answer


def in_pieces(c, s, fields):
    """HEADERS and as many CONTINUATIONs as it takes."""
    text = h2.block(fields)
    parts = [text[i:i + 16000] for i in range(0, len(text), 16000)]
    for i, part in enumerate(parts):
        flags = (h2.END_HEADERS if i + 1 == len(parts) else 0) | (0 if i else h2.END_STREAM)
        c.frame(h2.CONTINUATION if i else h2.HEADERS, flags, s.sid, part)


@pytest.mark.parametrize("count", [70, 75, 80, 85, 90, 95, 96])
def test_crumbs_of_any_size_are_answered(start, fresh_origin, tmp_path, count):
    """They are joined, and what that takes is bounded: whatever their number and size, the head is taken or answered with 431."""
    proxy = start("-c", h2.clear(tmp_path, fresh_origin), listen=False)
    fresh_origin.on("/", answer(b"ok"))
    for size in range(150, 340, 13):
        with h2.H2(proxy.port) as c:
            s = c.stream(1)
            s.sid = 1
            in_pieces(c, s, c.pseudo() + [("cookie", "c" * size)] * count)
            assert c.until(lambda: s.over, "an answer") and s.status in (200, 431)
            if s.status == 200:
                assert fresh_origin.last("/").all("Cookie") == ["; ".join(["c" * size] * count)]


def test_a_refused_head_ends_nothing_else(start, fresh_origin, tmp_path):
    """It was never waited for, so the time-out of heads is not that of the download beside it."""
    proxy = start("-c", h2.clear(tmp_path, fresh_origin, limits=", header_timeout: 1s"), listen=False)
    go = threading.Event()

    def slow(conn, _request):
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
        go.wait(20)
        conn.sendall(b"later")
        return False
    fresh_origin.on("/slow", slow)
    with h2.H2(proxy.port) as c:
        s = c.open("/slow")
        assert c.until(lambda: s.body == b"first", "the first half")
        bad = c.open("/", [("x-a", "a\x01b")])
        assert c.until(lambda: bad.over, "the reset") and bad.reset == h2.PROTOCOL_ERROR
        until = time.monotonic() + 3
        while time.monotonic() < until:  # three times as long as a head may take
            assert c.ping()
            time.sleep(0.1)
        go.set()
        assert c.until(lambda: s.over, "the rest") and s.body == b"firstlater" and not c.goaways


def test_small_pieces_go_on_together(start, fresh_origin, tmp_path):
    """A chunk for each byte would cost the origin, and us, a hundred times what it costs who sends them."""
    proxy = start("-c", h2.clear(tmp_path, fresh_origin), listen=False)
    fresh_origin.on("/up", answer(b"thanks"))
    with h2.H2(proxy.port) as c:
        c.settle()
        s = c.open("/up", method="POST", end=False)
        c.send(b"".join(h2.frame(h2.DATA, 0, s.sid, b"x") for _ in range(3000)) + h2.frame(h2.DATA, h2.END_STREAM, s.sid, b"y"))
        assert c.until(lambda: s.over, "the answer") and s.status == 200
    request = fresh_origin.last("/up")
    assert request.body == b"x" * 3000 + b"y" and len(request.chunks) < 300
