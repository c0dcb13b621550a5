"""
What a server owes HTTP/2 (RFC 9113) and HPACK (RFC 7541), section by section: a case is what a visitor sends, and what has
to come of it. After all but a connection error the connection goes on, and what is malformed never gets to the origin.
"""
import os
import socket
import struct
import threading

import pytest

import h2
from certificates import Authority
from h2 import (ACK, CANCEL, COMPRESSION_ERROR, CONTINUATION, DATA, ENABLE_PUSH, END_HEADERS, END_STREAM, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR,
                GOAWAY, HEADER_TABLE_SIZE, HEADERS, INITIAL_WINDOW_SIZE, MAX_CONCURRENT_STREAMS, MAX_FRAME_SIZE, NO_ERROR, PADDED, PING,
                PREFACE, PRIORITY, PRIORITY_FLAG, PROTOCOL_ERROR, PUSH_PROMISE, REFUSED_STREAM, RST_STREAM, SETTINGS, STREAM_CLOSED,
                WINDOW_UPDATE, block, frame, integer, literal, setting, u32)
from harness import Origin, Tacet, answer

LONG = 16384


class Connection:
    """The connection ends, with one of these codes."""

    def __init__(self, *codes):
        self.codes = codes

    def judge(self, c):
        c.end()
        assert c.eof and c.error in self.codes, f"GOAWAY {c.error}, expected {self.codes}: {c.frames}"


class Reset:
    """The stream ends, with one of these codes; the connection goes on."""

    def __init__(self, *codes, sid=1):
        self.codes, self.sid = codes, sid

    def judge(self, c):
        s = c.stream(self.sid)
        c.until(lambda: s.over, "the stream's end")
        assert s.reset in self.codes and not c.eof, f"reset {s.reset}, expected {self.codes}: {c.frames}"
        assert c.lives(), c.frames


class Answer:
    """An answer with this status; the connection goes on, unless that was the last."""

    def __init__(self, status=200, sid=1, text=None, last=False):
        self.status, self.sid, self.text, self.last = status, sid, text, last

    def judge(self, c):
        s = c.stream(self.sid)
        c.until(lambda: s.over, "an answer")
        assert (s.status, s.ended) == (self.status, True), f"{s}: {c.frames}"
        assert self.text is None or s.text == self.text, s.text
        assert self.last or c.lives(), c.frames


class Lives:
    """Nothing comes of it."""

    def judge(self, c):
        assert c.lives(), c.frames
        assert all(s.reset is None for s in c.streams.values()), c.frames


CASES = []


def case(section, what, expect, act=None):
    """As a function's decorator, or with a lambda that gives the bytes to send. `raw`: not even a preface was sent."""
    def add(f):
        CASES.append(pytest.param(f, expect, id=f"{section} {what}".replace(" ", "-")))
        return f

    return add if act is None else add(lambda c: c.send(act(c)))


def head(sid=1, path="/alive", **kw):
    """A request's HEADERS, in clear text: the scheme is judged elsewhere."""
    return request([], sid, path=path, **kw)


def pseudo(path="/alive", method="GET"):
    return [(":method", method), (":scheme", "http"), (":authority", h2.HOST), (":path", path)]


def request(more=(), sid=1, end=True, flags=END_HEADERS, path="/alive", method="GET", fields=None, pre=b"", post=b""):
    fields = pseudo(path, method) + list(more) if fields is None else fields
    return frame(HEADERS, flags | (END_STREAM if end else 0), sid, pre + block(fields) + post)


def post(sid=1, **kw):
    """The head of a request whose body is to come."""
    return request(kw.pop("more", ()), sid, end=False, method="POST", path="/echo", **kw)


def without(name):
    return [(n, v) for n, v in pseudo() if n != name]


def padded(type, flags, sid, payload, n, say=None):
    return frame(type, flags | PADDED, sid, bytes([n if say is None else say]) + payload + bytes(n))


def wait(c, sid=1):
    """Until a stream is closed."""
    assert c.until(lambda: c.stream(sid).over)


# ---- 3.4 preface -------------------------------------------------------------------------------------

@case("3.4", "a preface and settings", Lives())
def valid_preface(c):
    assert MAX_CONCURRENT_STREAMS in c.settings and c.settings[MAX_CONCURRENT_STREAMS] == 100


case("3.4", "SETTINGS may hold nothing", Lives(), lambda c: frame(SETTINGS))


# ---- 4.1 frame format ----------------------------------------------------------------------------------

case("4.1", "a frame of an unknown type", Lives(), lambda c: frame(0xEE, 0, 0, b"x" * 8))
case("4.1", "an unknown type on a stream", Answer(), lambda c: post() + frame(0xEE, 0xFF, 1, b"x" * 8) + frame(DATA, END_STREAM, 1, b""))
case("4.1", "undefined flags", Lives(), lambda c: frame(PING, 0xFE, 0, b"undefine"))
case("4.1", "the reserved bit", Lives(), lambda c: frame(PING, 0, 1 << 31, b"reserved"))
case("4.1", "the reserved bit of HEADERS", Answer(), lambda c: head(1 | 1 << 31))


# ---- 4.2 frame size -------------------------------------------------------------------------------------

case("4.2", "DATA of 2^14 bytes", Answer(text="x" * LONG), lambda c: post() + frame(DATA, END_STREAM, 1, b"x" * LONG))
case("4.2", "HEADERS of 2^14 bytes", Answer(),
     lambda c: request(pre=b"", post=literal("x-fill", "y" * (LONG - len(block(pseudo())) - 12))))
case("4.2", "DATA too long", Connection(FRAME_SIZE_ERROR), lambda c: post() + frame(DATA, END_STREAM, 1, b"x" * (LONG + 1)))
case("4.2", "HEADERS too long", Connection(FRAME_SIZE_ERROR), lambda c: request(post=literal("x-fill", "y" * LONG)))
case("4.2", "CONTINUATION too long", Connection(FRAME_SIZE_ERROR),
     lambda c: head(flags=0) + frame(CONTINUATION, END_HEADERS, 1, literal("x-fill", "y" * LONG)))
case("4.2", "PING too long", Connection(FRAME_SIZE_ERROR), lambda c: frame(PING, 0, 0, b"x" * (LONG + 1)))
case("4.2", "an unknown type too long", Connection(FRAME_SIZE_ERROR), lambda c: frame(0xEE, 0, 0, b"x" * (LONG + 1)))
case("4.2", "a length of 2^24-1 is refused before it comes", Connection(FRAME_SIZE_ERROR), lambda c: frame(0xEE, 0, 0, b"", 0xFFFFFF))


# ---- 4.3 field section compression ------------------------------------------------------------------------

case("4.3", "a broken block", Connection(COMPRESSION_ERROR), lambda c: frame(HEADERS, END_STREAM | END_HEADERS, 1, b"\x40\x7f\xff\xff\xff\xff\xff\xff"))
case("4.3", "a block that ends in a field", Connection(COMPRESSION_ERROR),
     lambda c: frame(HEADERS, END_STREAM | END_HEADERS, 1, block(pseudo()) + literal("name", "value")[:-2]))
case("4.3", "PRIORITY within a block", Connection(PROTOCOL_ERROR),
     lambda c: head(flags=0) + frame(PRIORITY, 0, 1, b"\0\0\0\0\xff") + frame(CONTINUATION, END_HEADERS, 1))
case("4.3", "HEADERS within a block", Connection(PROTOCOL_ERROR), lambda c: head(flags=0) + head(3))
case("4.3", "DATA within a block", Connection(PROTOCOL_ERROR), lambda c: head(flags=0, end=False) + frame(DATA, END_STREAM, 1, b"x"))
case("4.3", "PING within a block", Connection(PROTOCOL_ERROR), lambda c: head(flags=0) + frame(PING, 0, 0, b"x" * 8))
case("4.3", "an unknown type within a block", Connection(PROTOCOL_ERROR), lambda c: head(flags=0) + frame(0xEE, 0, 1, b"x"))
case("4.3", "a block in single bytes", Answer(), lambda c: frame(HEADERS, END_STREAM, 1, block(pseudo())[:1]) + b"".join(
    frame(CONTINUATION, END_HEADERS if i == 5 else 0, 1, block(pseudo())[i:i + 1] if i < 5 else block(pseudo())[5:]) for i in range(1, 6)))
case("4.3", "a block of a stream that is refused counts too", Answer(sid=3),
     lambda c: frame(HEADERS, END_STREAM | END_HEADERS, 1, block(pseudo()) + literal("Upper", "x") + literal("x-kept", "y", 0x40)) +
     frame(HEADERS, END_STREAM | END_HEADERS, 3, block(pseudo()) + integer(62, 7, 0x80)))


# ---- 5.1 stream states --------------------------------------------------------------------------------------

case("5.1", "idle: DATA", Connection(PROTOCOL_ERROR, STREAM_CLOSED), lambda c: frame(DATA, END_STREAM, 1, b"test"))
case("5.1", "idle: RST_STREAM", Connection(PROTOCOL_ERROR), lambda c: frame(RST_STREAM, 0, 1, u32(CANCEL)))
case("5.1", "idle: WINDOW_UPDATE", Connection(PROTOCOL_ERROR), lambda c: frame(WINDOW_UPDATE, 0, 1, u32(100)))
case("5.1", "idle: CONTINUATION", Connection(PROTOCOL_ERROR), lambda c: frame(CONTINUATION, END_HEADERS, 1, block(pseudo())))
case("5.1", "idle: PRIORITY", Answer(), lambda c: frame(PRIORITY, 0, 1, b"\0\0\0\0\xff") + head())
case("5.1", "half-closed: DATA", Connection(STREAM_CLOSED), lambda c: request(path="/hold") + frame(DATA, END_STREAM, 1, b"test"))
case("5.1", "half-closed: HEADERS", Connection(STREAM_CLOSED), lambda c: request(path="/hold") + head())
case("5.1", "half-closed: CONTINUATION", Connection(PROTOCOL_ERROR, STREAM_CLOSED),
     lambda c: request(path="/hold") + frame(CONTINUATION, END_HEADERS, 1, block(pseudo())))
case("5.1", "half-closed: WINDOW_UPDATE", Answer(), lambda c: head() + frame(WINDOW_UPDATE, 0, 1, u32(100)))
case("5.1", "half-closed: PRIORITY", Answer(), lambda c: head() + frame(PRIORITY, 0, 1, b"\0\0\0\0\xff"))
case("5.1", "half-closed: RST_STREAM", Lives(), lambda c: head() + frame(RST_STREAM, 0, 1, u32(CANCEL)))


def closed_by_reset(bytes):
    def act(c):
        c.send(request(path="/hold") + frame(RST_STREAM, 0, 1, u32(CANCEL)) + bytes)
    return act


def closed_by_end(bytes):
    def act(c):
        c.send(head())
        wait(c)
        c.send(bytes)
    return act


CLOSED = {"after RST_STREAM": closed_by_reset, "after both ends": closed_by_end}
for name, closed in CLOSED.items():
    case("5.1", f"closed {name}: DATA", Connection(STREAM_CLOSED))(closed(frame(DATA, END_STREAM, 1, b"test")))
    case("5.1", f"closed {name}: HEADERS", Connection(STREAM_CLOSED))(closed(head()))
    case("5.1", f"closed {name}: CONTINUATION", Connection(PROTOCOL_ERROR))(closed(frame(CONTINUATION, END_HEADERS, 1, block(pseudo()))))
    case("5.1", f"closed {name}: PRIORITY", Lives())(closed(frame(PRIORITY, 0, 1, b"\0\0\0\0\xff")))
    case("5.1", f"closed {name}: WINDOW_UPDATE", Lives())(closed(frame(WINDOW_UPDATE, 0, 1, u32(100))))
    case("5.1", f"closed {name}: RST_STREAM", Lives())(closed(frame(RST_STREAM, 0, 1, u32(CANCEL))))


@case("5.1", "what was on its way to a stream that we reset is let pass", Reset(PROTOCOL_ERROR))
def on_its_way(c):
    c.send(post(more=[("content-length", "1")]) + frame(DATA, 0, 1, b"long") + frame(DATA, 0, 1, b"er") + frame(DATA, END_STREAM, 1, b""))
    wait(c)
    c.send(frame(DATA, 0, 1, b"still") + frame(HEADERS, END_STREAM | END_HEADERS, 1, block([("x-trailer", "1")])))


case("5.1.1", "an even identifier", Connection(PROTOCOL_ERROR), lambda c: head(2))
case("5.1.1", "stream 0", Connection(PROTOCOL_ERROR), lambda c: head(0))


@case("5.1.1", "a smaller identifier", Connection(STREAM_CLOSED, PROTOCOL_ERROR))
def smaller(c):
    c.send(head(5))
    wait(c, 5)
    c.send(head(3))


case("5.1.1", "identifiers may be left out", Answer(sid=99), lambda c: head(99))


@case("5.1.2", "one stream too many", Connection(REFUSED_STREAM, PROTOCOL_ERROR))
def too_many(c):
    c.send(b"".join(request(path="/hold", sid=sid) for sid in range(1, 202, 2)))


case("5.3.2", "a stream that depends on another", Answer(), lambda c: request(flags=END_HEADERS | PRIORITY_FLAG, pre=b"\x80\0\0\x05\xff"))
case("5.3.2", "PRIORITY for any stream", Lives(), lambda c: b"".join(frame(PRIORITY, 0, sid, u32(sid + 2) + b"\1") for sid in range(1, 20, 2)))
# Errors in RFC 7540; we obey none of its priorities (RFC 9218 2.1).
case("5.3.1", "HEADERS that depend on themselves", Connection(PROTOCOL_ERROR), lambda c: request(flags=END_HEADERS | PRIORITY_FLAG, pre=u32(1) + b"\xff"))
case("5.3.1", "PRIORITY that depends on itself", Connection(PROTOCOL_ERROR), lambda c: post() + frame(PRIORITY, 0, 1, u32(1) + b"\xff") + frame(DATA, END_STREAM, 1))


@case("5.4.1", "an error of the connection closes it", Connection(FRAME_SIZE_ERROR))
def last_stream(c):
    c.send(head(7))
    wait(c, 7)
    c.send(frame(PING, 0, 0, b"short"))
    c.end()
    assert c.goaways[-1][0] == 7  # the last that was taken up


case("5.4.1", "GOAWAY tells which", Connection(PROTOCOL_ERROR), lambda c: frame(PING, 0, 3, b"x" * 8))
case("5.4.2", "an error of a stream leaves others alone", Answer(sid=3),
     lambda c: post(more=[("content-length", "1")]) + head(3) + frame(DATA, END_STREAM, 1, b"longer"))
case("5.5", "an unknown frame", Lives(), lambda c: frame(0x16, 0, 0, b"12345678"))
case("5.5", "an unknown frame within a block", Connection(PROTOCOL_ERROR), lambda c: head(flags=0) + frame(0x16, 0, 0, b"12345678"))
case("5.5", "an unknown setting", Lives(), lambda c: frame(SETTINGS, 0, 0, setting((0xFFFF, 1))))


# ---- 6.1 DATA ----------------------------------------------------------------------------------------------------

case("6.1", "a body", Answer(text="test"), lambda c: post() + frame(DATA, END_STREAM, 1, b"test"))
case("6.1", "in several frames", Answer(text="test"), lambda c: post() + frame(DATA, 0, 1, b"te") + frame(DATA, END_STREAM, 1, b"st"))
case("6.1", "padded", Answer(text="test"), lambda c: post() + padded(DATA, END_STREAM, 1, b"test", 99))
case("6.1", "nothing but padding", Answer(text=""), lambda c: post() + padded(DATA, END_STREAM, 1, b"", 255))
case("6.1", "on stream 0", Connection(PROTOCOL_ERROR), lambda c: post() + frame(DATA, END_STREAM, 0, b"test"))
case("6.1", "padding longer than the frame", Connection(PROTOCOL_ERROR), lambda c: post() + padded(DATA, END_STREAM, 1, b"test", 0, 6))
case("6.1", "padding as long as the frame", Connection(PROTOCOL_ERROR), lambda c: post() + padded(DATA, END_STREAM, 1, b"test", 0, 5))
case("6.1", "padded without a length", Connection(PROTOCOL_ERROR, FRAME_SIZE_ERROR), lambda c: post() + frame(DATA, END_STREAM | PADDED, 1, b""))


@case("6.1", "padding counts in the window, and opens it again", Answer(text=""))
def padding_counts(c):
    s = c.open("/echo", method="POST", end=False)
    for _ in range(400):  # 100 KiB of nothing else
        while min(c.send_window, s.send_window) < 256:
            assert c.pump()
        c.send(padded(DATA, 0, 1, b"", 255))
        c.send_window, s.send_window = c.send_window - 256, s.send_window - 256
    c.frame(DATA, END_STREAM, 1)


# ---- 6.2 HEADERS --------------------------------------------------------------------------------------------------

case("6.2", "a request", Answer(), lambda c: head())
case("6.2", "padded", Answer(), lambda c: padded(HEADERS, END_STREAM | END_HEADERS, 1, block(pseudo()), 99))
case("6.2", "with priority", Answer(), lambda c: request(flags=END_HEADERS | PRIORITY_FLAG, pre=u32(0) + b"\xff"))
case("6.2", "padding longer than the frame", Connection(PROTOCOL_ERROR),
     lambda c: padded(HEADERS, END_STREAM | END_HEADERS, 1, block(pseudo()), 0, 255))
case("6.2", "too short for its priority", Connection(FRAME_SIZE_ERROR, PROTOCOL_ERROR),
     lambda c: frame(HEADERS, END_STREAM | END_HEADERS | PRIORITY_FLAG, 1, b"\0\0\0"))
case("6.2", "END_STREAM before CONTINUATION", Answer(), lambda c: head(flags=0) + frame(CONTINUATION, END_HEADERS, 1, b""))


# ---- 6.3 PRIORITY, 6.4 RST_STREAM -----------------------------------------------------------------------------------

case("6.3", "on stream 0", Connection(PROTOCOL_ERROR), lambda c: frame(PRIORITY, 0, 0, b"\0\0\0\1\xff"))
case("6.3", "a wrong length", Connection(FRAME_SIZE_ERROR), lambda c: post() + frame(PRIORITY, 0, 1, b"\x80\0\0\1"))
case("6.4", "on stream 0", Connection(PROTOCOL_ERROR), lambda c: frame(RST_STREAM, 0, 0, u32(CANCEL)))
case("6.4", "on an idle stream", Connection(PROTOCOL_ERROR), lambda c: frame(RST_STREAM, 0, 5, u32(CANCEL)))
case("6.4", "too short", Connection(FRAME_SIZE_ERROR), lambda c: post() + frame(RST_STREAM, 0, 1, b"\0\0\0"))
case("6.4", "too long", Connection(FRAME_SIZE_ERROR), lambda c: post() + frame(RST_STREAM, 0, 1, b"\0\0\0\0\0"))


# ---- 6.5 SETTINGS -----------------------------------------------------------------------------------------------------

case("6.5", "an acknowledgement with a payload", Connection(FRAME_SIZE_ERROR), lambda c: frame(SETTINGS, ACK, 0, setting((1, 1))))
case("6.5", "on a stream", Connection(PROTOCOL_ERROR), lambda c: frame(SETTINGS, 0, 1, setting((3, 100))))
case("6.5", "half a setting", Connection(FRAME_SIZE_ERROR), lambda c: frame(SETTINGS, 0, 0, b"\0\3\0"))
case("6.5.2", "ENABLE_PUSH of 2", Connection(PROTOCOL_ERROR), lambda c: frame(SETTINGS, 0, 0, setting((ENABLE_PUSH, 2))))
case("6.5.2", "ENABLE_PUSH of 1", Lives(), lambda c: frame(SETTINGS, 0, 0, setting((ENABLE_PUSH, 1))))
case("6.5.2", "INITIAL_WINDOW_SIZE too large", Connection(FLOW_CONTROL_ERROR), lambda c: frame(SETTINGS, 0, 0, setting((INITIAL_WINDOW_SIZE, 1 << 31))))
case("6.5.2", "MAX_FRAME_SIZE too small", Connection(PROTOCOL_ERROR), lambda c: frame(SETTINGS, 0, 0, setting((MAX_FRAME_SIZE, 16383))))
case("6.5.2", "MAX_FRAME_SIZE too large", Connection(PROTOCOL_ERROR), lambda c: frame(SETTINGS, 0, 0, setting((MAX_FRAME_SIZE, 1 << 24))))
case("6.5.2", "HEADER_TABLE_SIZE of 2^32-1", Lives(), lambda c: frame(SETTINGS, 0, 0, setting((HEADER_TABLE_SIZE, 0xFFFFFFFF))))
case("6.5.2", "HEADER_TABLE_SIZE of 0", Lives(), lambda c: frame(SETTINGS, 0, 0, setting((HEADER_TABLE_SIZE, 0))))


@case("6.5.3", "the last of several values counts", Answer())
def last_value(c):
    c.send(frame(SETTINGS, 0, 0, setting((INITIAL_WINDOW_SIZE, 100), (INITIAL_WINDOW_SIZE, 1))))
    assert c.until(lambda: c.acks == 2)
    c.auto, c.our_window = False, 1
    s = c.open("/alive")
    assert c.until(lambda: len(s.body) == 1) and c.ping() and len(s.body) == 1
    c.auto = True
    c.give(1, 100)


@case("6.5.3", "is acknowledged", Lives())
def acknowledged(c):
    c.send(frame(SETTINGS, 0, 0, setting((MAX_CONCURRENT_STREAMS, 100))) * 3)
    assert c.until(lambda: c.acks == 4)


# ---- 6.6, 8.4 PUSH_PROMISE; 6.7 PING; 6.8 GOAWAY -------------------------------------------------------------------------

case("6.6", "from a client", Connection(PROTOCOL_ERROR), lambda c: post() + frame(PUSH_PROMISE, END_HEADERS, 1, u32(2) + block(pseudo())))
case("8.4", "from a client, on no stream", Connection(PROTOCOL_ERROR), lambda c: frame(PUSH_PROMISE, END_HEADERS, 0, u32(2) + block(pseudo())))


@case("6.7", "is answered with what it holds", Lives())
def ping_echo(c):
    assert c.ping(b"\0\1\2\3\xfd\xfe\xff\n") and c.pings == [b"\0\1\2\3\xfd\xfe\xff\n"]


@case("6.7", "an answer is not answered", Lives())
def ping_ack(c):
    c.frame(PING, ACK, 0, b"noanswer")
    assert c.ping(b"answered") and c.pings == [b"answered"]


case("6.7", "on a stream", Connection(PROTOCOL_ERROR), lambda c: post() + frame(PING, 0, 1, b"x" * 8))
case("6.7", "too short", Connection(FRAME_SIZE_ERROR), lambda c: frame(PING, 0, 0, b"x" * 6))
case("6.7", "too long", Connection(FRAME_SIZE_ERROR), lambda c: frame(PING, 0, 0, b"x" * 9))
case("6.8", "on a stream", Connection(PROTOCOL_ERROR), lambda c: frame(GOAWAY, 0, 1, u32(0) + u32(0)))
case("6.8", "too short", Connection(FRAME_SIZE_ERROR), lambda c: frame(GOAWAY, 0, 0, u32(0)))
case("6.8", "streams under way are finished", Answer(last=True), lambda c: post() + frame(GOAWAY, 0, 0, u32(0) + u32(0)) + frame(DATA, END_STREAM, 1, b"x"))
case("7", "an unknown code in GOAWAY", Answer(last=True), lambda c: frame(GOAWAY, 0, 0, u32(0) + u32(0xFF)) + head())
case("7", "an unknown code in RST_STREAM", Lives(), lambda c: request(path="/hold") + frame(RST_STREAM, 0, 1, u32(0xFF)))


# ---- 6.9 WINDOW_UPDATE -----------------------------------------------------------------------------------------------------

case("6.9", "of 0, of the connection", Connection(PROTOCOL_ERROR), lambda c: frame(WINDOW_UPDATE, 0, 0, u32(0)))
case("6.9", "of 0, of a stream", Connection(PROTOCOL_ERROR), lambda c: post() + frame(WINDOW_UPDATE, 0, 1, u32(0)))
case("6.9", "too short", Connection(FRAME_SIZE_ERROR), lambda c: frame(WINDOW_UPDATE, 0, 0, b"\0\0\1"))
case("6.9", "too long", Connection(FRAME_SIZE_ERROR), lambda c: frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\1\0"))
case("6.9", "the reserved bit", Lives(), lambda c: frame(WINDOW_UPDATE, 0, 0, u32(1 << 31 | 1)))
case("6.9.1", "the connection's above 2^31-1", Connection(FLOW_CONTROL_ERROR), lambda c: frame(WINDOW_UPDATE, 0, 0, u32((1 << 31) - 1)) * 2)
case("6.9.1", "a stream's above 2^31-1", Reset(FLOW_CONTROL_ERROR), lambda c: request(path="/hold") + frame(WINDOW_UPDATE, 0, 1, u32((1 << 31) - 1)) * 2)


def stuck(c, sid):
    """A request whose body nobody takes: its origin does not come to the telephone."""
    return request(fields=[(":method", "POST"), (":scheme", "http"), (":authority", c.host), (":path", "/")], sid=sid, end=False)


@case("6.9.1", "more than the stream's window", Reset(FLOW_CONTROL_ERROR))
def overrun_stream(c):
    c.alive = "/privacy-choices"
    c.send(stuck(c, 1) + frame(DATA, 0, 1, b"x" * LONG) * 13)


@case("6.9.1", "more than the connection's window", Connection(FLOW_CONTROL_ERROR))
def overrun_connection(c):
    """Each stream keeps to its own. What is too much when it is sent need not be when it comes, so there is more of it."""
    for sid in range(1, 60, 2):
        c.stream(sid).sid = sid
        c.send(stuck(c, sid))
    while c.ping():
        for sid in range(1, 60, 2):
            s = c.stream(sid)
            while s.send_window > 0:
                n = min(s.send_window, LONG)
                s.send_window, c.send_window = s.send_window - n, c.send_window - n
                c.frame(DATA, 0, sid, bytes(n))


STUCK = {overrun_stream: "one", overrun_connection: "all"}


@case("6.9.2", "a window of 1, opened by settings", Answer())
def opened_by_settings(c):
    c.auto = False
    c.send(frame(SETTINGS, 0, 0, setting((INITIAL_WINDOW_SIZE, 1))))
    assert c.until(lambda: c.acks == 2)
    c.our_window = 1
    s = c.open("/alive")
    assert c.until(lambda: len(s.body) == 1) and c.ping() and len(s.body) == 1
    s.window, c.our_window, c.auto = s.window + 99, 100, True
    c.send(frame(SETTINGS, 0, 0, setting((INITIAL_WINDOW_SIZE, 100))))


@case("6.9.2", "a window may become negative", Answer())
def negative(c):
    c.auto = False
    c.send(frame(SETTINGS, 0, 0, setting((INITIAL_WINDOW_SIZE, 3))))
    assert c.until(lambda: c.acks == 2)
    c.our_window = 3
    s = c.open("/alive")
    assert c.until(lambda: len(s.body) == 3)
    c.send(frame(SETTINGS, 0, 0, setting((INITIAL_WINDOW_SIZE, 1))))
    s.window -= 2
    c.give(1, 2)
    assert c.ping() and len(s.body) == 3
    c.give(1, 1)
    assert c.until(lambda: len(s.body) == 4)
    c.our_window = 1
    c.give(1, 100)
    c.auto = True
    c.send(frame(SETTINGS, 0, 0, setting((INITIAL_WINDOW_SIZE, h2.WINDOW))))
    c.our_window = h2.WINDOW


@case("6.9.2", "settings that carry a window over 2^31-1", Connection(FLOW_CONTROL_ERROR))
def carried_over(c):
    c.send(request(path="/hold") + frame(WINDOW_UPDATE, 0, 1, u32((1 << 31) - 1 - h2.WINDOW)))
    c.send(frame(SETTINGS, 0, 0, setting((INITIAL_WINDOW_SIZE, h2.WINDOW + 1))))


@case("6.9.2", "settings that carry a window to 2^31-1", Lives())
def carried_to_the_brim(c):
    """And down and up again."""
    c.send(request(path="/hold") + frame(WINDOW_UPDATE, 0, 1, u32((1 << 31) - 1 - h2.WINDOW - 5)))
    for size in (h2.WINDOW + 5, 1, h2.WINDOW + 5):
        c.send(frame(SETTINGS, 0, 0, setting((INITIAL_WINDOW_SIZE, size))))


@case("6.9.2", "a window that shrinks while settings come", Answer(text="alive and well"))
def shrinks(c):
    """What counts is the window when they are there."""
    go = threading.Event()
    c.origin.on("/late", lambda conn, req: (go.wait(20), conn.sendall(answer("alive and well", type="text/plain")))[1])
    s = c.open("/late")
    c.frame(WINDOW_UPDATE, 0, s.sid, u32((1 << 31) - 1 - h2.WINDOW - 5))
    whole = frame(SETTINGS, 0, 0, setting((INITIAL_WINDOW_SIZE, h2.WINDOW + 10)))
    c.auto = False  # nothing may come between the two
    c.send(frame(PING, 0, 0, b"barrier!") + whole[:9])
    assert c.until(lambda: c.pings)
    go.set()
    assert c.until(lambda: s.over)
    c.send(whole[9:])
    c.auto = True


# ---- 6.10 CONTINUATION --------------------------------------------------------------------------------------------------------

case("6.10", "one", Answer(), lambda c: head(flags=0) + frame(CONTINUATION, END_HEADERS, 1, literal("x-more", "1")))
case("6.10", "several", Answer(), lambda c: head(flags=0) + frame(CONTINUATION, 0, 1, literal("x-more", "1")) * 3 +
     frame(CONTINUATION, END_HEADERS, 1, literal("x-more", "1")))
case("6.10", "on stream 0", Connection(PROTOCOL_ERROR), lambda c: head(flags=0) + frame(CONTINUATION, END_HEADERS, 0, literal("x", "1")))
case("6.10", "on another stream", Connection(PROTOCOL_ERROR), lambda c: head(flags=0) + frame(CONTINUATION, END_HEADERS, 3, literal("x", "1")))
case("6.10", "after HEADERS that are whole", Connection(PROTOCOL_ERROR), lambda c: post() + frame(CONTINUATION, END_HEADERS, 1, literal("x", "1")))
case("6.10", "after CONTINUATION that is the last", Connection(PROTOCOL_ERROR),
     lambda c: post(flags=0) + frame(CONTINUATION, END_HEADERS, 1, literal("x", "1")) * 2)
case("6.10", "after DATA", Connection(PROTOCOL_ERROR),
     lambda c: post() + frame(DATA, 0, 1, b"x") + frame(CONTINUATION, END_HEADERS, 1, literal("x", "1")))
case("6.10", "nothing but CONTINUATION frees it", Connection(PROTOCOL_ERROR), lambda c: head(flags=0) + frame(SETTINGS))


# ---- 8.1 messages ---------------------------------------------------------------------------------------------------------------

case("8.1", "trailers", Answer(text="test"),
     lambda c: post() + frame(DATA, 0, 1, b"test") + frame(HEADERS, END_STREAM | END_HEADERS, 1, block([("x-sum", "1")])))
case("8.1", "trailers without DATA", Answer(text=""), lambda c: post() + frame(HEADERS, END_STREAM | END_HEADERS, 1, block([("x-sum", "1")])))
case("8.1", "a second head that does not end the stream", Reset(PROTOCOL_ERROR),
     lambda c: post() + frame(HEADERS, END_HEADERS, 1, block([("x-sum", "1")])) + frame(DATA, END_STREAM, 1, b"test"))
case("8.1", "DATA after trailers", Connection(STREAM_CLOSED),
     lambda c: post(more=[("x-hold", "1")]) + frame(HEADERS, END_STREAM | END_HEADERS, 1, block([("x-sum", "1")])) + frame(DATA, END_STREAM, 1, b"test"))
case("8.1", "HEAD", Answer(text=""), lambda c: request(method="HEAD"))
case("8.1", "OPTIONS *", Answer(), lambda c: request(method="OPTIONS", path="*"))
case("8.1", "a method of nobody's", Answer(), lambda c: request(method="BREW"))

LENGTHS = {"shorter than content-length": (b"tes", b""), "longer than content-length": (b"test", b"x"), "longer, at once": (b"tests", b"")}
for name, parts in LENGTHS.items():
    case("8.1.1", name, Reset(PROTOCOL_ERROR), lambda c, parts=parts: post(more=[("content-length", "4")]) + b"".join(
        frame(DATA, END_STREAM if part is parts[-1] else 0, 1, part) for part in parts))
case("8.1.1", "as long as content-length", Answer(text="test"), lambda c: post(more=[("content-length", "4")]) + frame(DATA, END_STREAM, 1, b"test"))
case("8.1.1", "content-length without a body", Reset(PROTOCOL_ERROR), lambda c: request([("content-length", "4")], method="POST"))
case("8.1.1", "trailers before content-length is reached", Reset(PROTOCOL_ERROR), lambda c: post(more=[("content-length", "4")]) +
     frame(DATA, 0, 1, b"tes") + frame(HEADERS, END_STREAM | END_HEADERS, 1, block([("x-sum", "1")])))
for value in ("-1", "+4", "4, 4", "4 4", "0x4", "", "18446744073709551617", "4 "):
    case("8.1.1", f"content-length {value!r}", Reset(PROTOCOL_ERROR),
         lambda c, value=value: post(more=[("content-length", value)]) + frame(DATA, END_STREAM, 1, b"test"))
case("8.1.1", "content-length twice", Reset(PROTOCOL_ERROR),
     lambda c: post(more=[("content-length", "4")] * 2) + frame(DATA, END_STREAM, 1, b"test"))


# ---- 8.2 fields ---------------------------------------------------------------------------------------------------------------

for name in ("X-Test", "x-Test", "x test", "x:test", "", "x\0", "x\r\n", "x\x7f", "x\xe4", "x(y)", '"x"'):
    case("8.2.1", f"a name {name!r}", Reset(PROTOCOL_ERROR), lambda c, name=name: request([(name, "ok")]))
for value in ("a\0b", "a\rb", "a\nb", "a\r\nb: c", "\0", "\n", "a\x01b", "a\x7fb"):
    case("8.2.1", f"a value {value!r}", Reset(PROTOCOL_ERROR), lambda c, value=value: request([("x-test", value)]))
for value in (" a", "a ", "\ta", "a\t", " "):
    case("8.2.1", f"space around a value {value!r}", Reset(PROTOCOL_ERROR), lambda c, value=value: request([("x-test", value)]))
for value in ("", "a b\tc", "\xe4", "!#$%&'()*+-./:;<=>?@[]^_`{|}~\"\\,"):
    case("8.2.1", f"a value that may be {value!r}", Answer(), lambda c, value=value: request([("x-test", value)]))
for name, value in (("connection", "close"), ("connection", "keep-alive"), ("keep-alive", "timeout=5"), ("proxy-connection", "close"),
                    ("transfer-encoding", "chunked"), ("upgrade", "h2c"), ("te", "gzip"), ("te", "trailers, gzip"), ("te", "")):
    case("8.2.2", f"{name} {value}", Reset(PROTOCOL_ERROR), lambda c, name=name, value=value: request([(name, value)]))
case("8.2.2", "te trailers", Answer(), lambda c: request([("te", "trailers")]))


@case("8.2.3", "crumbs of a cookie are joined", Answer())
def crumbs(c):
    c.send(request([("cookie", "a=1"), ("x-between", "1"), ("cookie", "b=2"), ("cookie", "c=3; d=4")], path="/crumbs"))
    wait(c)
    assert c.origin.last("/crumbs").all("Cookie") == ["a=1; b=2; c=3; d=4"]


# ---- 8.3 pseudo-header fields ---------------------------------------------------------------------------------------------------

for name in (":method", ":scheme", ":path"):
    case("8.3.1", f"without {name}", Reset(PROTOCOL_ERROR), lambda c, name=name: request(fields=without(name)))
    case("8.3.1", f"{name} twice", Reset(PROTOCOL_ERROR), lambda c, name=name: request(fields=[f for f in pseudo() if f[0] == name] + pseudo()))
    case("8.3.1", f"{name} empty", Reset(PROTOCOL_ERROR), lambda c, name=name: request(fields=without(name)[:1] + [(name, "")] + without(name)[1:]))
case("8.3.1", ":authority twice", Reset(PROTOCOL_ERROR), lambda c: request(fields=[(":authority", h2.HOST)] + pseudo()))
case("8.3.1", "host in the place of :authority", Answer(), lambda c: request(fields=without(":authority") + [("host", h2.HOST)]))
case("8.3.1", "neither :authority nor host", Reset(PROTOCOL_ERROR), lambda c: request(fields=without(":authority")))
case("8.3", "an unknown one", Reset(PROTOCOL_ERROR), lambda c: request(fields=pseudo() + [(":test", "ok")]))
case("8.3", "a response's", Reset(PROTOCOL_ERROR), lambda c: request(fields=pseudo() + [(":status", "200")]))
case("8.3", "after a field", Reset(PROTOCOL_ERROR), lambda c: request(fields=without(":path") + [("x-test", "ok"), (":path", "/alive")]))
case("8.3", "first a field", Reset(PROTOCOL_ERROR), lambda c: request(fields=[("x-test", "ok")] + pseudo()))
for name, value in pseudo()[:1] + [(":status", "200"), (":test", "1")]:
    case("8.3", f"{name} in trailers", Reset(PROTOCOL_ERROR),
         lambda c, name=name, value=value: post() + frame(HEADERS, END_STREAM | END_HEADERS, 1, block([(name, value)])))
case("8.3", "one in upper case", Reset(PROTOCOL_ERROR), lambda c: request(fields=without(":path") + [(":Path", "/alive")]))
case("8.5", "CONNECT", Reset(PROTOCOL_ERROR), lambda c: request(fields=[(":method", "CONNECT"), (":authority", "a.test:443")], end=False))
case("8.5", "CONNECT with a :path", Reset(PROTOCOL_ERROR), lambda c: request(fields=pseudo(method="CONNECT"), end=False))
case("8.5", ":protocol without CONNECT", Reset(PROTOCOL_ERROR), lambda c: request(fields=pseudo() + [(":protocol", "websocket")]))


# ---- RFC 7541 ---------------------------------------------------------------------------------------------------------------------

def blocks(*parts, sid=1):
    return frame(HEADERS, END_STREAM | END_HEADERS, sid, b"".join(parts))


def whole(**kw):
    return block(pseudo(**kw))


case("hpack-2.3.3", "an index that is not there", Connection(COMPRESSION_ERROR), lambda c: blocks(whole(), integer(70, 7, 0x80)))
case("hpack-2.3.3", "a name that is not there", Connection(COMPRESSION_ERROR), lambda c: blocks(whole(), integer(70, 6, 0x40), b"\1a"))
case("hpack-4.2", "a size update at the block's end", Connection(COMPRESSION_ERROR), lambda c: blocks(whole(), integer(1, 5, 0x20)))
case("hpack-4.2", "a size update at its beginning", Answer(), lambda c: blocks(integer(64, 5, 0x20), whole()))
case("hpack-4.2", "two of them", Answer(), lambda c: blocks(integer(0, 5, 0x20), integer(4096, 5, 0x20), whole()))
case("hpack-5.1", "an integer without an end", Connection(COMPRESSION_ERROR), lambda c: blocks(whole(), b"\x7f" + b"\xff" * 12))
case("hpack-5.1", "a string longer than the block", Connection(COMPRESSION_ERROR), lambda c: blocks(whole(), b"\0\1x\x7f\xff\xff\x03"))
# "a" is 00011 in the table of huffman codes.
case("hpack-5.2", "huffman", Answer(), lambda c: blocks(whole(), b"\0", b"\x81\x1f", b"\x81\x1f"))
case("hpack-5.2", "huffman padded by more than 7 bits", Connection(COMPRESSION_ERROR), lambda c: blocks(whole(), b"\0\x01x", b"\x82\x1f\xff"))
case("hpack-5.2", "huffman padded by zeros", Connection(COMPRESSION_ERROR), lambda c: blocks(whole(), b"\0\x01x", b"\x81\x18"))
case("hpack-5.2", "huffman with its end", Connection(COMPRESSION_ERROR), lambda c: blocks(whole(), b"\0\x01x", b"\x84\xff\xff\xff\xff"))
case("hpack-6.1", "index 0", Connection(COMPRESSION_ERROR), lambda c: blocks(whole(), b"\x80"))
case("hpack-6.1", "an indexed field", Answer(), lambda c: blocks(b"\x82\x86\x84", literal(":authority", h2.HOST)))
case("hpack-6.2.1", "with indexing, used again", Answer(sid=3), lambda c: blocks(whole(), literal("x-kept", "1", 0x40)) + blocks(whole(), b"\xbe", sid=3))
case("hpack-6.2.1", "an indexed name", Answer(), lambda c: blocks(whole(), integer(58, 6, 0x40), b"\5agent"))
case("hpack-6.2.2", "without indexing", Answer(), lambda c: blocks(whole(), literal("x-once", "1")))
case("hpack-6.2.3", "never indexed", Answer(), lambda c: blocks(whole(), literal("x-secret", "1", 0x10)))
case("hpack-6.2.3", "what is never indexed is not there later", Connection(COMPRESSION_ERROR),
     lambda c: blocks(whole(), literal("x-secret", "1", 0x10)) + blocks(whole(), b"\xbe", sid=3))
case("hpack-6.3", "a size above what we allow", Connection(COMPRESSION_ERROR), lambda c: blocks(integer(4097, 5, 0x20), whole()))
case("hpack-4.4", "a field larger than the table empties it", Connection(COMPRESSION_ERROR),
     lambda c: blocks(whole(), literal("x-kept", "1", 0x40), literal("x-large", "y" * 5000, 0x40)) + blocks(whole(), b"\xbe", sid=3))


# ---- running them -------------------------------------------------------------------------------------------------------------------

class World:
    pass


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    w, d = World(), tmp_path_factory.mktemp("h2")
    w.origin = Origin()
    w.origin.on("/alive", answer("alive and well", type="text/plain"))
    w.origin.on("/echo", lambda conn, req: hold(conn, req) if req.has("x-hold") else conn.sendall(answer(req.body, type="text/plain")))
    w.origin.on("/hold", hold)
    w.stuck = [s for name in ("one-h2c", "one-tls", "all-h2c", "all-tls") for s in stuck_origin(name)]
    sites = "".join(f'{{hosts: [{s.name}.test], origin: {{url: "http://127.0.0.1:{s.getsockname()[1]}"}}}}, ' for s in w.stuck[::4])
    path = d / "t.yaml"
    path.write_text(h2.conf(w.origin.url, Authority(d / "ca")).replace("sites: [", "sites: [" + sites))
    w.tacet = Tacet("-c", path)
    w.ports = h2.ports(w.tacet)
    yield w
    w.tacet.stop()
    w.origin.close()
    for sock in w.stuck:
        sock.close()


class Named(socket.socket):
    pass


def stuck_origin(name):
    """A listener whose queue is full: who connects now waits."""
    server = Named()
    server.name = name
    server.bind(("127.0.0.1", 0))
    server.listen(0)
    clients = [socket.socket() for _ in range(3)]
    for c in clients:
        c.setblocking(False)
        c.connect_ex(server.getsockname())
    return [server, *clients]


def hold(conn, _request):
    """No answer; until the proxy gives up."""
    conn.settimeout(60)
    conn.recv(1)
    return False


@pytest.mark.parametrize("way", ["h2c", "tls"])
@pytest.mark.parametrize("act, expect", CASES)
def test_section(world, way, act, expect):
    name = f"{STUCK[act]}-{way}.test" if act in STUCK else h2.HOST
    with h2.H2(world.ports[way], name, tls=way == "tls") as c:
        c.origin = world.origin
        c.settle()
        act(c)
        expect.judge(c)
    assert world.tacet.proc.poll() is None


def test_a_wrong_preface(world):
    """By TLS, where ALPN has chosen; in clear the bytes would be taken for HTTP/1.1."""
    for first in (b"INVALID CONNECTION PREFACE\r\n\r\n", PREFACE[:-1] + b"x" + frame(SETTINGS), frame(SETTINGS)):
        with h2.H2(world.ports["tls"], tls=True, settings=None) as c:
            c.send(first)
            c.end()
            assert c.error in (PROTOCOL_ERROR, None) and c.eof, c.frames


@pytest.mark.parametrize("way", ["h2c", "tls"])
@pytest.mark.parametrize("first", [frame(PING, 0, 0, b"x" * 8), frame(SETTINGS, ACK), frame(WINDOW_UPDATE, 0, 0, u32(1)), head()])
def test_settings_come_first(world, way, first):
    with h2.H2(world.ports[way], tls=way == "tls", settings=None) as c:
        c.send(PREFACE + first)
        Connection(PROTOCOL_ERROR).judge(c)


@pytest.mark.parametrize("way", ["h2c", "tls"])
def test_everything_in_single_bytes(world, way):
    with h2.H2(world.ports[way], tls=way == "tls", settings=None) as c:
        for byte in PREFACE + frame(SETTINGS) + post(flags=0) + frame(CONTINUATION, END_HEADERS, 1) + padded(DATA, END_STREAM, 1, b"test", 3):
            c.send(bytes([byte]))
        Answer(text="test").judge(c)


@pytest.mark.parametrize("way", ["h2c", "tls"])
def test_random_frames(world, way):
    """Frames of chance: the connection lives or ends, and the next is served."""
    for round in range(40):
        with h2.H2(world.ports[way], tls=way == "tls") as c:
            c.settle()
            for _ in range(10):
                n = os.urandom(6)
                c.frame(n[0] % GOAWAY, n[1], struct.unpack(">H", n[2:4])[0] % 8, os.urandom(n[4] % 40))
            c.frame(GOAWAY, 0, 1, b"")
            c.end()
            assert c.error not in (None, NO_ERROR), c.frames
        with h2.H2(world.ports[way], tls=way == "tls") as c:
            assert c.get("/alive").status == 200
