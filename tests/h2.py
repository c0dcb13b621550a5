"""
A visitor that speaks HTTP/2 by hand (RFC 9113): it sends any bytes, legal or not, in clear or by TLS, and keeps what comes
back. What a server must never send is an error of the test: frames after the end of a stream, or more than a window.
"""
import socket
import struct

import hpack

from harness import DEADLINE
from tls import context

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM,
 CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM, INADEQUATE_SECURITY, HTTP_1_1_REQUIRED) = range(14)
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = range(1, 7)
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY_FLAG = 1, 1, 4, 8, 32
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
WINDOW = 65535
HOST = "www.example.test"


def clear(directory, origin, site="", limits=""):
    """A configuration that speaks HTTP/2 in clear for one site, by one thread; who says no gets no tracker's scripts."""
    conf = directory / "clear.yaml"
    conf.write_text(f"""
version: 1
listen: [{{address: "127.0.0.1:0", h2c: true}}]
admin: {{address: "127.0.0.1:0"}}
geo: {{databases: []}}
limits: {{threads: 1{limits}}}
sites: [{{hosts: ["*"], origin: {{url: "{origin.url}"}}{site}}}]
rule_sets:
  opt-out: {{scripts: {{remove: [analytics, advertising]}}}}
  light: {{}}
regions: [{{name: rest, where: ["*"], honour: [gpc], default: light, opted_out: opt-out}}]
""")
    return conf


class Wrong(AssertionError):
    """The server did what no server may."""


def frame(type, flags=0, sid=0, payload=b"", length=None):
    return struct.pack(">I", len(payload) if length is None else length)[1:] + struct.pack(">BBI", type, flags, sid) + payload


def integer(n, bits, first=0):
    """RFC 7541 5.1."""
    most = (1 << bits) - 1
    if n < most:
        return bytes([first | n])
    out, n = bytearray([first | most]), n - most
    while n >= 128:
        out.append(n % 128 + 128)
        n //= 128
    out.append(n)
    return bytes(out)


def string(s):
    s = s.encode("latin-1") if isinstance(s, str) else s
    return integer(len(s), 7) + s


def literal(name, value, first=0):
    """A field without indexing (first=0x40: with), whatever it holds."""
    return bytes([first]) + string(name) + string(value)


def block(fields):
    """Fields without a state of either side."""
    return b"".join(literal(n, v) for n, v in fields)


def setting(*pairs):
    return b"".join(struct.pack(">HI", k, v) for k, v in pairs)


def u32(n):
    return struct.pack(">I", n)


class Stream:
    def __init__(self, window):
        self.fields, self.interim, self.body = None, [], bytearray()
        self.ended, self.reset = False, None
        self.send_window, self.window = window, WINDOW

    @property
    def status(self):
        return int(self.get(":status")) if self.fields else None

    @property
    def over(self):
        return self.ended or self.reset is not None

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def all(self, name):
        return [v for n, v in self.fields or [] if n == name]

    def get(self, name, default=None):
        values = self.all(name)
        return values[0] if values else default

    def __repr__(self):
        return f"<{self.fields} {len(self.body)} bytes ended={self.ended} reset={self.reset}>"


class H2:
    """One connection. settings: ours, None for no preface at all; auto: windows are opened as bytes come."""

    def __init__(self, port, host=HOST, tls=False, settings=(), auto=True, rcvbuf=None, timeout=DEADLINE, ctx=None):
        self.host, self.auto, self.scheme = host, auto, "https" if tls else "http"
        self.sock = socket.socket()
        if rcvbuf:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.sock.settimeout(timeout)
        self.sock.connect(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.sock = (ctx or context(alpn=("h2",))).wrap_socket(self.sock, server_hostname=host)
            assert self.sock.selected_alpn_protocol() == "h2"
        self.buf, self.streams, self.next_sid = b"", {}, 1
        self.frames = []  # (type, flags, sid, payload), but DATA's payload
        self.settings, self.acks, self.pings, self.goaways, self.updates = {}, 0, [], [], {}
        self.eof, self.heading, self.alive = False, None, "/alive"
        self.send_window, self.window, self.stream_window, self.our_window = WINDOW, WINDOW, WINDOW, WINDOW
        self.decoder, self.encoder = hpack.Decoder(), hpack.Encoder()
        if settings is not None:
            self.our_window = dict(settings).get(INITIAL_WINDOW_SIZE, WINDOW)
            self.send(PREFACE + frame(SETTINGS, payload=setting(*dict(settings).items())))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self.sock.close()

    # ---- what goes

    def send(self, data):
        """A connection that the server has closed is noticed by who reads."""
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def frame(self, type, flags=0, sid=0, payload=b"", length=None):
        self.send(frame(type, flags, sid, payload, length))

    def pseudo(self, path="/", method="GET", host=None):
        return [(":method", method), (":scheme", self.scheme), (":authority", host or self.host), (":path", path)]

    def request_frame(self, sid, path="/", fields=(), method="GET", end=True, flags=END_HEADERS, all_fields=None):
        fields = self.pseudo(path, method) + list(fields) if all_fields is None else all_fields
        return frame(HEADERS, flags | (END_STREAM if end else 0), sid, block(fields))

    def stream(self, sid):
        if sid not in self.streams:
            self.streams[sid] = Stream(self.settings.get(INITIAL_WINDOW_SIZE, WINDOW))
            self.streams[sid].window = self.our_window
        return self.streams[sid]

    def open(self, path="/", fields=(), method="GET", end=True, all_fields=None):
        """A request on the next stream; its body may follow."""
        sid, self.next_sid = self.next_sid, self.next_sid + 2
        s = self.stream(sid)
        s.sid = sid
        self.send(self.request_frame(sid, path, fields, method, end, all_fields=all_fields))
        return s

    def push(self, s, body, end=True, size=16384):
        """DATA, as the windows allow. False: the stream ended before all of it was sent."""
        body = memoryview(body)
        while True:
            n = min(len(body), size, s.send_window, self.send_window)
            if s.over or self.eof:
                return False
            if n > 0 or len(body) == 0:
                s.send_window -= n
                self.send_window -= n
                self.frame(DATA, END_STREAM if end and n == len(body) else 0, s.sid, bytes(body[:n]))
                body = body[n:]
                if len(body) == 0:
                    return True
            else:
                self.pump()

    def give(self, sid, n):
        """Opens a window of ours."""
        if sid:
            self.stream(sid).window += n
        else:
            self.window += n
        self.frame(WINDOW_UPDATE, 0, sid, u32(n))

    # ---- what comes

    def pump(self):
        """Whatever comes next; False: nothing will."""
        try:
            data = self.sock.recv(1 << 18)
        except (ConnectionResetError, BrokenPipeError):
            data = b""
        if not data:
            self.eof = True
            return False
        self.buf += data
        at, buf = 0, self.buf
        while len(buf) - at >= 9:
            n = int.from_bytes(buf[at:at + 3], "big")
            if len(buf) - at < 9 + n:
                break
            type, flags, sid = struct.unpack(">BBI", buf[at + 3:at + 9])
            self.take(type, flags, sid, buf[at + 9:at + 9 + n])
            at += 9 + n
        self.buf = buf[at:]
        return True

    def until(self, condition, what="it"):
        """False: the connection ended before that."""
        while not condition():
            try:
                if not self.pump():
                    return bool(condition())
            except TimeoutError:
                raise AssertionError(f"nothing comes, where one waits for {what}; so far {self.frames[-20:]}") from None
        return True

    def end(self):
        """All until its end."""
        self.until(lambda: False, "the end")
        return self

    def must(self, ok, what):
        if not ok:
            raise Wrong(f"{what}; frames: {self.frames[-20:]}")

    def take(self, type, flags, sid, payload):
        self.frames.append((type, flags, sid, len(payload) if type == DATA else payload))
        self.must(len(payload) <= 16384, "a frame is too long")
        self.must(len(self.frames) > 1 or type == SETTINGS and not flags & ACK, "the first frame is not SETTINGS")
        self.must(self.heading is None or (type == CONTINUATION and sid == self.heading[0]), "a header block is interrupted")
        taker = {DATA: self.take_data, HEADERS: self.take_headers, RST_STREAM: self.take_reset, SETTINGS: self.take_settings,
                 PING: self.take_ping, GOAWAY: self.take_goaway, WINDOW_UPDATE: self.take_update, CONTINUATION: self.take_more}
        self.must(type in taker, f"a frame of type {type}")
        taker[type](flags, sid, payload)

    def live(self, sid):
        s = self.streams.get(sid)
        self.must(sid % 2 == 1, "a stream of the server's")
        if s is None:
            s = self.stream(sid)
        self.must(not s.over, f"a frame on stream {sid}, which has ended")
        return s

    def take_data(self, flags, sid, payload):
        s, n = self.live(sid), len(payload)
        self.must(s.fields is not None and not flags & PADDED, "DATA before a head, or padded")
        s.window -= n
        self.window -= n
        self.must(s.window >= 0 and self.window >= 0 or n == 0, "more than the window")
        s.body += payload
        s.ended = bool(flags & END_STREAM)
        if self.auto and n:
            self.give(0, n)
            if not s.ended:
                self.give(sid, n)

    def take_headers(self, flags, sid, payload):
        self.live(sid)
        self.must(not flags & PADDED, "padding")
        self.heading = (sid, flags, payload[5:] if flags & PRIORITY_FLAG else payload)
        self.whole_head(flags)

    def take_more(self, flags, sid, payload):
        self.must(self.heading is not None, "CONTINUATION of nothing")
        self.heading = (self.heading[0], self.heading[1], self.heading[2] + payload)
        self.whole_head(flags)

    def whole_head(self, flags):
        if not flags & END_HEADERS:
            return
        sid, first, text = self.heading
        self.heading = None
        fields, s = self.decoder.decode(text), self.live(sid)
        self.must(all(n == n.lower() for n, _ in fields) and fields[0][0] == ":status", f"fields {fields}")
        self.must([n for n, _ in fields].count(":status") == 1 and s.fields is None, f"fields {fields}")
        self.must(not {n for n, _ in fields} & {"connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-connection"}, "hop-by-hop")
        if fields[0][1].startswith("1"):
            self.must(not first & END_STREAM, "an interim response that ends the stream")
            s.interim.append(fields)
            return
        s.fields, s.ended = fields, bool(first & END_STREAM)

    def take_reset(self, flags, sid, payload):
        s = self.stream(sid)
        self.must(s.reset is None, f"stream {sid} is reset twice")
        self.must(len(payload) == 4, "RST_STREAM's length")
        s.reset = int.from_bytes(payload, "big")

    def take_settings(self, flags, sid, payload):
        self.must(sid == 0 and len(payload) % 6 == 0, "SETTINGS")
        if flags & ACK:
            self.acks += 1
            return
        was = self.settings.get(INITIAL_WINDOW_SIZE, WINDOW)
        for at in range(0, len(payload), 6):
            k, v = struct.unpack(">HI", payload[at:at + 6])
            self.settings[k] = v
        for s in self.streams.values():
            s.send_window += self.settings.get(INITIAL_WINDOW_SIZE, WINDOW) - was
        self.frame(SETTINGS, ACK)

    def take_ping(self, flags, sid, payload):
        self.must(sid == 0 and len(payload) == 8, "PING")
        if flags & ACK:
            self.pings.append(payload)
        else:
            self.frame(PING, ACK, 0, payload)

    def take_goaway(self, flags, sid, payload):
        self.must(sid == 0 and len(payload) >= 8, "GOAWAY")
        self.goaways.append(struct.unpack(">II", payload[:8]))

    def take_update(self, flags, sid, payload):
        n = int.from_bytes(payload, "big")
        self.must(n > 0 and len(payload) == 4, "WINDOW_UPDATE")
        self.updates[sid] = self.updates.get(sid, 0) + n
        if sid:
            self.stream(sid).send_window += n
        else:
            self.send_window += n

    # ---- both

    @property
    def error(self):
        """The code of the last GOAWAY, or None."""
        return self.goaways[-1][1] if self.goaways else None

    def settle(self):
        """Both sides' settings are known and in force."""
        assert self.until(lambda: self.settings and self.acks, "settings"), self.frames
        return self

    def answer(self, s, what="an answer"):
        self.until(lambda: s.over, what)
        assert s.over, f"the connection ended: {self.frames[-20:]}"
        return s

    def get(self, path="/", fields=(), method="GET", body=None, **kw):
        s = self.open(path, fields, method, end=body is None, **kw)
        if body is not None:
            self.push(s, body)
        return self.answer(s)

    def ping(self, text=b"barrier!"):
        """All that was sent before has been read."""
        count = len(self.pings)
        self.frame(PING, 0, 0, text)
        return self.until(lambda: len(self.pings) > count, "PING's answer")

    def lives(self):
        """Whether the connection serves another request."""
        if self.eof or self.goaways:
            return False
        self.next_sid = max([self.next_sid, 1001] + [sid + 2 for sid in self.streams if sid % 2])
        s = self.open(self.alive)
        self.until(lambda: s.over, "an answer on the same connection")
        return s.status == 200 and s.ended


CONF = """\
version: 1
listen:
  - {{address: "127.0.0.1:0", h2c: true}}
  - {{address: "127.0.0.1:0", tls: {{cert: {cert}, key: {key}}}}}
admin: {{address: "127.0.0.1:0", socket: admin.sock}}
sites: [{{hosts: ["*"], origin: {{url: "{url}"{origin}}}, routes: [{{name: raw, match: "/raw/*", filter: none}}, {{name: all, match: "/*"}}]}}]
rule_sets: {{out: {{scripts: {{remove: [analytics, advertising]}}, status: "Opt-Out Request Honored"}}, light: {{}}}}
regions: [{{name: rest, where: ["*"], honour: [gpc], default: light, opted_out: out}}]
limits: {{{limits}}}
"""


def conf(url, ca, origin="", limits=""):
    """A configuration that takes HTTP/2 in clear and by TLS. origin, limits: more of their keys."""
    cert, key = ca.issue(HOST)
    return CONF.format(url=url, cert=cert, key=key, origin=origin and ", " + origin, limits=limits)


def ports(proxy):
    """The two of conf()."""
    return {"h2c": proxy.addresses["http"][0][1], "tls": proxy.addresses["https"][0][1]}
