"""A visitor by HTTP/2 that stops reading its socket: other than a window that stays shut, nothing on the connection moves."""
import threading
import time

import h2
from harness import total, wait_until

TIMEOUT = 1  # limits.write_timeout: the least there is


def endless(ended):
    def script(conn, _request):
        conn.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                conn.sendall(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
        except OSError:
            ended.set()
        return False
    return script


def test_it_is_let_go_and_its_origin_too(start, fresh_origin, tmp_path):
    proxy = start("-c", h2.clear(tmp_path, fresh_origin, limits=f", write_timeout: {TIMEOUT}s"), listen=False)
    ended = threading.Event()
    fresh_origin.on("/endless", endless(ended))
    wide = {h2.INITIAL_WINDOW_SIZE: (1 << 31) - 1}
    with h2.H2(proxy.port, settings=wide, rcvbuf=4096) as c:
        c.give(0, (1 << 31) - 1 - h2.WINDOW)
        for _ in range(3):
            c.open("/endless")
        wait_until(lambda: total(proxy.metrics(), "tacet_connections", state="open") == 1, "the connection")
        began = time.monotonic()
        assert ended.wait(TIMEOUT * 15)
        wait_until(lambda: total(proxy.metrics(), "tacet_connections", state="open") == 0, "its end")
        assert time.monotonic() - began > TIMEOUT / 2
        assert proxy.memory() < 64 << 20


def test_one_that_reads_slowly_is_served(start, fresh_origin, tmp_path):
    """A little at a time, for longer than the time-out."""
    proxy = start("-c", h2.clear(tmp_path, fresh_origin, limits=f", write_timeout: {TIMEOUT}s"), listen=False)
    ended = threading.Event()
    fresh_origin.on("/endless", endless(ended))
    with h2.H2(proxy.port, settings={h2.INITIAL_WINDOW_SIZE: (1 << 31) - 1}, rcvbuf=4096) as c:
        c.give(0, (1 << 31) - 1 - h2.WINDOW)
        s = c.open("/endless")
        until = time.monotonic() + 3 * TIMEOUT
        while time.monotonic() < until:
            got = len(s.body)
            assert c.until(lambda: len(s.body) > got + 4096, "a little more") and not ended.is_set()
            time.sleep(0.05)  # this is what slowly means
        assert not s.over
