"""What listeners, limits, lines and codings have seen of a visitor: nothing of it is left in memory, on an output or in a file."""
import array
import contextlib
import fcntl
import gzip
import os
import re
import socket
import struct
import termios
import threading

import pytest

from harness import Broken, Client, Origin, Tacet, answer, chunked, free_port, get, head_bytes, sanitized

T = "CaNaRy7"
TOKEN = T.encode()
FOUR, SIX, FORWARDED = "203.119.87.61", "2001:db8:5eed:cafe:f00d:beef:1234:9876", "2001:db8:77aa:bb11:cc22:dd33:ee44:ff55"
FIELDS = {"Cookie": f"a={T}; _ga={T}", "User-Agent": T, "Authorization": f"Bearer {T}", "Referer": f"http://x.test/{T}",
          "X-Own": T, "X-Forwarded-For": FORWARDED}
QUERY = f"?q={T}&fbclid={T}"
SET = {"Set-Cookie": f"_fbp={T}", "ETag": f'"{T}"', "X": T}
PAGE = f"<!doctype html><p>{T}<script src=https://www.googletagmanager.com/gtm.js?id={T}></script>" + f"<p>{T} and more</p>" * 300

CONF = """
version: 1
listen:
  - {{address: "127.0.0.1:0"}}
  - {{address: "127.0.0.1:0", proxy_protocol: [127.0.0.1]}}
  - {{address: "127.0.0.1:0", proxy_protocol: [127.0.0.1], redirect: https}}
  - {{address: "unix:{dir}/http.sock", proxy_protocol: [unix]}}
admin: {{address: "127.0.0.1:0"}}
state: {dir}
client_address: {{trusted_proxies: [127.0.0.0/8]}}
geo: {{unknown: US-TX}}
limits: {{header_timeout: 1s, body_size: 64KiB, threads: 1}}
sites:
  - hosts: [www.example.test]
    origin: {{url: "{url}", first_byte_timeout: 500ms}}
    compress: [zstd, br, gzip]
    routes:
      - {{name: limited, match: /limited*, rate_limit: {{requests: 1, per: 10s}}}}
      - {{name: held, match: /held*, origin: {{url: "http://127.0.0.1:{dead}", hold: 500ms}}}}
      - {{name: line, match: /line*, origin: {{url: "{url}", connections: 1, queue: 2, queue_timeout: 300ms}}}}
      - {{name: unnamed, match: /unnamed*, origin: {{url: "http://no-such.invalid"}}}}
"""


def v1(source):
    return f"PROXY {'TCP6' if ':' in source else 'TCP4'} {source} {'::1' if ':' in source else '127.0.0.1'} 4711 443\r\n".encode()


def v2(source):
    family, kind = (socket.AF_INET6, 0x21) if ":" in source else (socket.AF_INET, 0x11)
    one = socket.inet_pton(family, source)
    addresses = one + bytes(len(one)) + struct.pack("!HH", 4711, 443)
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", 0x21, kind, len(addresses)) + addresses


HEADERS = [v1(FOUR), v1(SIX), v2(FOUR), v2(SIX)]

# In memory also as bytes: an address of IPv6 by its network too, which is what a rate limit sees of it.
NEEDLES = [TOKEN, TOKEN.lower(), FOUR.encode(), SIX.encode(), FORWARDED.encode(), socket.inet_aton(FOUR),
           socket.inet_pton(socket.AF_INET6, SIX)[:8], socket.inet_pton(socket.AF_INET6, FORWARDED)[:8]]
PRINTED = [n.decode() for n in NEEDLES[:5]]


def left_in_memory(pid):
    """(What, bytes around it) for all that can be written; and how many bytes were looked at."""
    found, looked = [], 0
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if not m:
                continue
            begin, end = int(m[1], 16), int(m[2], 16)
            mem.seek(begin)
            data = mem.read(end - begin)
            looked += len(data)
            for needle in NEEDLES:
                at = data.find(needle)
                if at >= 0:
                    found.append((needle, data[max(0, at - 40):at + 30]))
    return found, looked


def waiting_in_pipes(pid, origin_of_signals=1):
    """Bytes in pipes; libuv keeps one byte in its own, as a lock for signals."""
    most = 0
    for fd in os.listdir(f"/proc/{pid}/fd"):
        path = f"/proc/{pid}/fd/{fd}"
        with contextlib.suppress(OSError):
            if os.readlink(path).startswith("pipe:"):
                end, n = os.open(path, os.O_RDONLY | os.O_NONBLOCK), array.array("i", [0])
                fcntl.ioctl(end, termios.FIONREAD, n)
                os.close(end)
                most = max(most, n[0] - origin_of_signals)
    return most


class Place:
    """A proxy of its own with an origin that says the token back in every way."""

    def __init__(self, path):
        self.path, self.origin, self.over = path, Origin(), threading.Event()
        on = self.origin.on
        on("/page", answer(PAGE, SET))
        on("/text", answer(f"{T} hello " * 4000, SET, type="text/plain"))
        on("/packed", answer(gzip.compress(PAGE.encode()), {**SET, "Content-Encoding": "gzip"}))
        on("/packed-cut", answer(gzip.compress(PAGE.encode())[:-20], {**SET, "Content-Encoding": "gzip"}))
        on("/large", answer(TOKEN * 600000, SET, type="application/octet-stream"))
        on("/limited", answer(T, SET))
        on("/drip", self.drip)
        on("/line", self.hang)
        on("/hang", self.hang)
        on("/drop", lambda conn, request: False)
        on("/bad", lambda conn, request: (conn.sendall(b"HTTP/1.1 099 " + TOKEN + b"\r\n\r\n"), False)[1])
        conf = path / "t.yaml"
        conf.write_text(CONF.format(dir=path, url=self.origin.url, dead=free_port()))
        self.proxy = Tacet("-c", conf)
        self.ports = [port for _, port in self.proxy.addresses["http"]]

    def drip(self, conn, _request):
        conn.sendall(head_bytes("HTTP/1.1 200 OK", {**SET, "Content-Type": "text/plain", "Transfer-Encoding": "chunked"}))
        for _ in range(20):
            conn.sendall(chunked(TOKEN * 20)[:-5])
            threading.Event().wait(0.01)
        conn.sendall(b"0\r\n\r\n")

    def hang(self, _conn, _request):
        self.over.wait(10)
        return False

    def ask(self, target, fields=(), header=b"", port=0, **kw):
        """One request; None if it was cut."""
        with contextlib.suppress(Broken, OSError), Client(self.ports[port]) as c:
            c.send(header)
            return c.get(target + QUERY, {**FIELDS, **dict(fields)}, **kw).status

    def say(self, data, unix=False):
        """Bytes, and away again after a moment."""
        with contextlib.suppress(OSError):
            s = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
            s.settimeout(0.2)
            s.connect(str(self.path / "http.sock") if unix else ("127.0.0.1", self.ports[1]))
            s.sendall(data)
            while s.recv(65536):
                pass
        s.close()


def said_by_a_balancer(p):
    assert {p.ask("/page", f, h, 1) for h in HEADERS for f in ({}, {"Sec-GPC": "1"})} == {200}


def refused_header(p):
    for h in HEADERS:
        for data in (h[:-3], h[:-2] + b"X" + TOKEN, h + h, h + b"GET bad" + TOKEN + b"\r\n\r\n", h + b"GET /" + TOKEN):
            p.say(data)
        assert p.ask("/page", header=h) in (400, None)


def unix_socket(p):
    whole = head_bytes("GET /page" + QUERY + " HTTP/1.1", {**FIELDS, "Host": "www.example.test", "Connection": "close"})
    for h in HEADERS:
        for data in (h + whole, h + whole[:-2], h[:-1], h, whole):
            p.say(data, unix=True)


def redirected(p):
    assert {p.ask(f"/{T}", {"X-Forwarded-Proto": "http"}, h, 2) for h in HEADERS} == {308}


def limited(p):
    assert {p.ask("/limited", header=h, port=1) for h in HEADERS for _ in range(3)} == {200, 429}


def packed(p):
    for coding in ("gzip", "br", "zstd"):
        for fields in ({"Accept-Encoding": coding}, {"Accept-Encoding": coding, "Sec-GPC": "1"}):
            assert {p.ask(f"/{what}", fields) for what in ("page", "text", "drip", "packed")} == {200}
            p.ask("/packed-cut", fields)


def packed_and_left(p):
    for coding in ("gzip", "br", "zstd"):
        for what in ("drip", "text", "page"):
            with Client(p.ports[0], rcvbuf=4096) as c:
                c.ask(f"/{what}{QUERY}", {**FIELDS, "Accept-Encoding": coding})
                threading.Event().wait(0.05)


def held_and_in_line(p):
    assert p.ask("/held", method="POST", body=TOKEN * 10) in (502, 503)
    with contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(Client(p.ports[0])) for _ in range(6)]
        for c in crowd:
            c.ask("/line" + QUERY, FIELDS, "POST", TOKEN * 10)
        assert crowd[-1].answer().status == 503
    with Client(p.ports[0]) as c:
        c.ask("/held" + QUERY, FIELDS)
        threading.Event().wait(0.1)


def errors(p):
    assert p.ask("/page", method="POST", body=TOKEN * 20000) in (413, None)
    assert p.ask("/page", {"Host": T + ".test"}) == 421
    assert [p.ask(f"/{what}") for what in ("drop", "bad", "hang", "unnamed")] == [502, 502, 504, 503]


def large_and_left(p):
    assert p.ask("/large") == 200
    for _ in range(3):
        with Client(p.ports[0], rcvbuf=4096) as c:
            c.ask("/large" + QUERY, FIELDS)
            c.sock.recv(1000)
            threading.Event().wait(0.1)


VISITS = [said_by_a_balancer, refused_header, unix_socket, redirected, limited, packed, packed_and_left, held_and_in_line, errors,
          large_and_left]


def test_nothing_is_left(tmp_path_factory):
    """All visits first, each to a proxy of its own, so that there is one wait for all."""
    if sanitized():
        pytest.skip("a sanitizer keeps stacks and freed memory for itself")
    if os.geteuid() != 0:
        pytest.skip("only root may look into another's memory")
    with contextlib.ExitStack() as stack:
        places = []
        for visit in VISITS:
            p = Place(tmp_path_factory.mktemp(visit.__name__))
            stack.callback(p.origin.close)
            stack.callback(p.proxy.kill)
            places.append((visit, p))
        first = places[0][1]
        with Client(first.ports[1]) as c:  # the search works: a visit under way is found, in all its forms
            c.send(v2(SIX) + b"GET /" + TOKEN)
            threading.Event().wait(0.2)
            assert {NEEDLES[0], NEEDLES[6]} <= {needle for needle, _ in left_in_memory(first.proxy.pid)[0]}
        for visit, p in places:
            visit(p)
            p.over.set()
        threading.Event().wait(2.5)
        for visit, p in places:
            left, looked = left_in_memory(p.proxy.pid)
            assert not left and looked > 1 << 20, (visit.__name__, left)
            assert waiting_in_pipes(p.proxy.pid) <= 0, visit.__name__
            printed = "\n".join(p.proxy.lines) + p.proxy.stderr()
            printed += get(p.proxy.admin, "/metrics", host=f"127.0.0.1:{p.proxy.admin}").text
            assert not [n for n in PRINTED if n in printed], visit.__name__
            files = [f.read_bytes() for f in p.path.rglob("*") if f.is_file()]
            assert not [n for n in NEEDLES for data in files if n in data], visit.__name__
            p.proxy.stop()
