"""R14: floods that HTTP/2 makes cheap. Who sends one loses the connection, soon; its origin hears little of it, the memory
stays, and a visitor beside it notices nothing."""
import contextlib
import socket
import time

import common
import h2
import harness
import tools
from h2 import (ACK, CANCEL, CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, INITIAL_WINDOW_SIZE, PING, PRIORITY, RST_STREAM, SETTINGS,
                WINDOW_UPDATE, block, frame, integer, literal, setting, u32)

ID = "R14"
TITLE = "floods of HTTP/2: resets, heads, pings, settings, windows"
QUICK = True

COUNT = 100_000
ORIGIN_MAX, MEMORY_MAX, ENDED_S, P99_MS = 500, 8 << 20, 1, 50
STALL_S = 2
STALLED, STALLED_MAX = 10, 5 << 19  # connections with shut windows; bytes for each
BURST = 200  # frames in a write


def request(sid, path="/g/1", fields=(), method="GET", end=True, flags=END_HEADERS, text=b""):
    pseudo = [(":method", method), (":scheme", "http"), (":authority", common.HOST), (":path", path)]
    return frame(HEADERS, flags | (END_STREAM if end else 0), sid, block(pseudo + list(fields)) + text)


def streams(make):
    """make(sid) for one stream after another."""
    def parts():
        for at in range(0, COUNT, BURST):
            yield b"".join(make(2 * i + 1) for i in range(at, at + BURST))
    return parts


def again(data, before=b"", times=COUNT):
    """The same frame, over and over."""
    def parts():
        yield before
        for _ in range(times // BURST):
            yield data * BURST
    return parts


def bomb():
    """A field of 3.9 KB that is put in the table once and named 16 000 times in a frame: 64 MB a head."""
    first = request(1, text=literal("x-bomb", "b" * 3900, 0x40))
    yield first
    for i in range(1, 200):
        yield request(2 * i + 1, text=b"\xbe" * 16000)


TRAILERS = frame(HEADERS, END_HEADERS, 0, block([("x-sum", "1")]))[9:]
FLOODS = {
    "rapid resets": streams(lambda sid: request(sid) + frame(RST_STREAM, 0, sid, u32(CANCEL))),
    "resets of unfinished requests": streams(lambda sid: request(sid, method="POST", end=False) + frame(RST_STREAM, 0, sid, u32(CANCEL))),
    "our resets: window overflow": streams(lambda sid: request(sid) + frame(WINDOW_UPDATE, 0, sid, u32((1 << 31) - 1))),
    "our resets: window update of 0": streams(lambda sid: request(sid) + frame(WINDOW_UPDATE, 0, sid, u32(0))),
    "our resets: DATA after the end": streams(lambda sid: request(sid) + frame(DATA, END_STREAM, sid, b"x")),
    "our resets: HEADERS after the end": streams(lambda sid: request(sid) + request(sid)),
    "our resets: PRIORITY of itself": streams(lambda sid: request(sid) + frame(PRIORITY, 0, sid, u32(sid) + b"\1")),
    "our resets: PRIORITY too short": streams(lambda sid: request(sid) + frame(PRIORITY, 0, sid, b"\0")),
    "our resets: content-length exceeded": streams(lambda sid: request(sid, fields=[("content-length", "1")], method="POST", end=False) +
                                                   frame(DATA, END_STREAM, sid, b"longer")),
    "our resets: trailers that end nothing": streams(lambda sid: request(sid, method="POST", end=False) + frame(HEADERS, END_HEADERS, sid, TRAILERS)),
    "our resets: malformed heads": streams(lambda sid: request(sid, fields=[("connection", "close")])),
    "our resets: fields that are none": streams(lambda sid: request(sid, fields=[("x y", "z")])),
    "CONTINUATION, small": again(frame(CONTINUATION, 0, 1, literal("a", "b")), request(1, flags=0)),
    "CONTINUATION, empty": again(frame(CONTINUATION, 0, 1), request(1, flags=0)),
    "CONTINUATION, full": again(frame(CONTINUATION, 0, 1, literal("a", "b" * 16000)), request(1, flags=0), 2000),
    "HPACK bomb": bomb,
    "HPACK, table resized": again(frame(HEADERS, END_HEADERS | END_STREAM, 1, integer(0, 5, 0x20) * 8000), times=2000),
    "ping": again(frame(PING, 0, 0, b"pingping")),
    "ping, unread": again(frame(PING, 0, 0, b"pingping")),
    "settings": again(frame(SETTINGS)),
    "settings that change": again(frame(SETTINGS, 0, 0, setting((INITIAL_WINDOW_SIZE, 1)) * 30)),
    "settings acknowledged": again(frame(SETTINGS, ACK)),
    "empty DATA": again(frame(DATA, 0, 1), request(1, method="POST", end=False)),
    "DATA of padding": again(frame(DATA, 8, 1, b"\0"), request(1, method="POST", end=False)),
    "window updates": again(frame(WINDOW_UPDATE, 0, 0, u32(1))),
    "priorities": again(frame(PRIORITY, 0, 1, u32(3) + b"\1")),
    "frames of no type": again(frame(0xEE, 0, 0, b"")),
    "heads too large": streams(lambda sid: request(sid, fields=[("a", "b" * 15000)] * 1, flags=0) + frame(CONTINUATION, 0, sid, literal("a", "b" * 15000)) +
                               frame(CONTINUATION, END_HEADERS, sid, literal("a", "b" * 15000))),
}


class Visitor(common.Child):
    """A good one beside it, on a connection of its own, until it is told to go: how long each answer took."""

    def __init__(self, t, port):
        self.go = common.shared(1)
        self.port = port
        self.begin(self.main)
        t.defer(self.kill)

    def main(self, pipe):
        took, bad = [], []
        with h2.H2(self.port, common.HOST) as c:
            while not self.go[0]:
                began = time.monotonic()
                status = c.get("/g/1").status
                bad += [] if status == 200 else [str(status)]
                took.append((time.monotonic() - began) * 1000)
                c.streams.clear()
                c.frames = c.frames[:1]
                time.sleep(0.01)
        pipe.send((took, bad))

    def end(self):
        self.go[0] = 1
        return self.pipe.recv()


class Memory:
    def __init__(self, proxy):
        self.proxy, self.before = proxy, proxy.memory()
        self.most = self.before

    def look(self):
        self.most = max(self.most, self.proxy.memory())

    @property
    def grown(self):
        return self.most - self.before


def flood(port, parts, memory, deaf):
    """Seconds until the connection ended, or None; how many frames' worth of bytes were sent by then."""
    sent = 0
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        s.sendall(h2.PREFACE + frame(SETTINGS) + frame(SETTINGS, ACK))
        began = time.monotonic()
        try:
            for part in parts():
                s.settimeout(3)
                s.sendall(part)
                sent += len(part)
                s.setblocking(False)
                while not deaf:
                    try:
                        if s.recv(1 << 20) == b"":
                            return time.monotonic() - began, sent
                    except BlockingIOError:
                        break
            memory.look()
            s.settimeout(3)
            while s.recv(1 << 20):
                pass
        except TimeoutError:
            return None, sent
        except OSError:
            pass
        return time.monotonic() - began, sent


def one(t, proxy, origin, name, parts):
    memory, asked = Memory(proxy), origin.stats()["requests"]
    took, sent = flood(proxy.port, parts, memory, name.endswith("unread"))
    memory.look()
    heard = origin.stats()["requests"] - asked
    ended = f"{took * 1000:.0f} ms" if took is not None else "goes on"
    # What the good visitor asked meanwhile is in it: each 10 ms one.
    ok = took is not None and took <= ENDED_S * t.slack and heard <= ORIGIN_MAX
    t.figure(f"{name}: ended, after {sent >> 10} KiB; the origin saw", f"{ended}; {heard}", f"{ENDED_S} s; {ORIGIN_MAX}", ok)
    return memory.grown


def stalled(t, proxy):
    """A connection with a hundred large answers, of which nothing is taken; all have begun."""
    c = h2.H2(proxy.port, common.HOST, settings={INITIAL_WINDOW_SIZE: 1}, timeout=4 * STALL_S * t.slack)
    c.auto = False
    streams = [c.open("/b/1000000") for _ in range(100)]
    c.until(lambda: all(s.fields or s.over for s in streams))
    return c


def stall(t, proxy):
    """Windows that stay shut."""
    memory = Memory(proxy)
    with stalled(t, proxy) as c:
        memory.look()
        began = time.monotonic()
        c.until(lambda: all_over(c))
        took = time.monotonic() - began
        memory.look()
        over = sum(s.over for s in c.streams.values())
    bar = 2 * STALL_S * t.slack
    t.figure("windows that stay shut: streams ended, of 100", f"{over} in {took:.1f} s", f"all, {bar} s", over == 100 and took <= bar)
    return memory.grown


def stall_many(t, proxy):
    """The same on many connections: what each of them holds."""
    memory = Memory(proxy)
    with contextlib.ExitStack() as stack:
        for _ in range(STALLED):
            stack.enter_context(stalled(t, proxy))
            memory.look()
    t.memory(f"memory of {STALLED} connections with shut windows, each", f"{memory.grown / STALLED / (1 << 20):.2f} MiB",
             f"{STALLED_MAX / (1 << 20):.1f} MiB", memory.grown <= STALLED * STALLED_MAX)
    left = common.kept(t, proxy, memory.before, MEMORY_MAX)
    t.memory("the same, when they have gone, all", f"+{left / (1 << 20):.1f} MiB", f"+{MEMORY_MAX >> 20} MiB", left <= MEMORY_MAX)


def all_over(c):
    return all(s.over for s in c.streams.values())


def run(t):
    tools.most_descriptors()
    origin = tools.Origin(t)
    conf = common.conf(origin.url, limits=f", write_timeout: {STALL_S}s").replace('listen: [{address: "127.0.0.1:0"', 'listen: [{address: "127.0.0.1:0", h2c: true')
    proxy = t.start(conf)
    # What the proxy keeps for later is there before it is judged.
    for _ in range(2):
        flood(proxy.port, FLOODS["rapid resets"], Memory(proxy), False)
    fill_once(proxy)
    visitor = Visitor(t, proxy.port)
    grown = {}
    before = proxy.memory()
    for name, parts in FLOODS.items():
        grown[name] = one(t, proxy, origin, name, parts)
    grown["windows"] = stall(t, proxy)
    t.memory("memory, after all", f"+{(proxy.memory() - before) / (1 << 20):.1f} MiB", f"+{MEMORY_MAX >> 20} MiB", proxy.memory() - before <= MEMORY_MAX)
    stall_many(t, proxy)
    took, bad = visitor.end()
    worst = max(grown, key=grown.get)
    t.memory("memory, most in one", f"+{grown[worst] / (1 << 20):.1f} MiB ({worst})", f"+{MEMORY_MAX >> 20} MiB", grown[worst] <= MEMORY_MAX)
    t.figure("a good visitor: failed", f"{len(bad)} of {len(took)} {' '.join(bad[:5])}", "0", not bad and len(took) > 10)
    bar = P99_MS * t.slack
    t.figure("a good visitor: p99", f"{common.percentile(took, 99):.1f} ms", f"{bar} ms", common.percentile(took, 99) <= bar)
    t.figure("still the same process", "alive" if proxy.proc.poll() is None else "gone", "alive", proxy.proc.poll() is None)


def fill_once(proxy):
    c = h2.H2(proxy.port, common.HOST)
    with c:
        for _ in range(100):
            c.open("/b/100000")
        c.until(lambda: all_over(c))
