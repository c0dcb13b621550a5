"""Extensible priorities (RFC 9218) over HTTP/2: what a visitor wants first comes first, when not all of it can be sent."""
import h2
from harness import answer

SIZE = 60000  # two of them do not fit the connection's window


def waiting(proxy, *asked):
    """A connection whose window is used up, with these requests answered as far as it let them."""
    c = h2.H2(proxy.port, auto=False)
    c.settle()
    first = c.open("/body")
    c.until(lambda: len(first.body) == SIZE, "the first body")
    filler = c.open("/body")
    c.until(lambda: c.window == 0, "the window's end")
    streams = [c.open("/body", fields) for fields in asked]
    c.until(lambda: all(s.fields for s in streams), "their heads")
    c.frame(h2.RST_STREAM, 0, filler.sid, h2.u32(h2.CANCEL))
    c.ping()
    return c, streams


def test_the_urgent_one_comes_first(start, fresh_origin, tmp_path):
    proxy = start("-c", h2.clear(tmp_path, fresh_origin), listen=False)
    fresh_origin.on("/body", answer(b"x" * SIZE, type="text/plain"))
    c, (late, urgent) = waiting(proxy, [("priority", "u=6")], [("priority", "u=1")])
    with c:
        c.give(0, 30000)
        c.until(lambda: len(late.body) + len(urgent.body) == 30000, "what the window lets through")
        assert len(urgent.body) == 30000 and len(late.body) == 0


def test_equal_ones_that_are_incremental_share(start, fresh_origin, tmp_path):
    proxy = start("-c", h2.clear(tmp_path, fresh_origin), listen=False)
    fresh_origin.on("/body", answer(b"x" * SIZE, type="text/plain"))
    c, (a, b) = waiting(proxy, [("priority", "u=3, i")], [("priority", "u=3, i")])
    with c:
        c.give(0, 40000)
        c.until(lambda: len(a.body) + len(b.body) == 40000, "what the window lets through")
        assert a.body and b.body


def test_a_priority_update_counts(start, fresh_origin, tmp_path):
    """The page turned out to need the other one first (RFC 9218 7.1)."""
    proxy = start("-c", h2.clear(tmp_path, fresh_origin), listen=False)
    fresh_origin.on("/body", answer(b"x" * SIZE, type="text/plain"))
    c, (first, second) = waiting(proxy, [("priority", "u=2")], [("priority", "u=5")])
    with c:
        c.frame(0x10, 0, 0, h2.u32(second.sid) + b"u=0")
        c.ping()
        c.give(0, 30000)
        c.until(lambda: len(first.body) + len(second.body) == 30000, "what the window lets through")
        assert len(second.body) == 30000
