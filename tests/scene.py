"""A site by TLS for browsers: what its pages ask for (browser/tls_page.js), and what happens to the proxy when they say so."""
import base64
import hashlib
import json
import os
import shutil
import signal
import socket
import threading

from certificates import Authority
from harness import DEADLINE, ROOT, Origin, Tacet, answer, free_port, head_bytes, total, wait_until
from tls import TlsClient, context

HOST, LATE, OTHER = "www.example.test", "late.example.test", "other.example.test"
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
HALF = 8  # pictures in each half of a page
PART = 200000
CONF = """\
version: 1
listen:
  - {{address: "127.0.0.1:{tls}", tls: {{cert: {cert}, key: {key}}}}}
  - {{address: "127.0.0.1:{plain}"{redirect}}}
admin: {{address: "127.0.0.1:0"}}
geo: {{unknown: US-CA, databases: []}}
limits: {{threads: 2}}
sites:
  - {{hosts: ["*"], {hsts}choices: {{link: auto}}, origin: {{url: "{url}"}}}}
  - {{hosts: [other.example.test], origin: {{url: "{url}"}}}}
"""
PAGE = ("<!doctype html><html lang=en><title>A shop</title><link rel=icon href='data:,'><script src=/way.js></script><main><h1>A shop</h1>"
        "<p>What a page has.</p>{more}<form method=post action=/form><input name=word value='a b&c'><button id=send>Send</button></form>"
        "</main><script src=\"https://www.googletagmanager.com/gtm.js?id=GTM-1\"></script></body></html>")
EVENTS = ["one", "two", "three", "last"]


def pictures(name):
    return "".join(f"<img alt={name} width=40 height=40 src=/held/{name}{i}.png>" for i in range(HALF))


def chunk(text):
    data = text if isinstance(text, bytes) else text.encode()
    return b"%x\r\n%s\r\n" % (len(data), data)


def head(type):
    return head_bytes("HTTP/1.1 200 OK", {"Content-Type": type, "Transfer-Encoding": "chunked", "Cache-Control": "no-store"})


def configure(folder, url, pair, ports, redirect=True):
    """The file of a proxy on these two ports; redirect: the plain one leads to the other, for a year."""
    conf = folder / "t.yaml"
    conf.write_text(CONF.format(tls=ports[0], plain=ports[1], cert=pair[0], key=pair[1], url=url, redirect=", redirect: https" if redirect else "",
                                hsts="hsts: 1 year, " if redirect else ""))
    return conf


# ---- WebSocket (RFC 6455), as far as an echo goes ---------------------------------------------------------------

def read_message(conn):
    """Of one frame: opcode and bytes."""
    def exactly(n):
        data = b""
        while len(data) < n:
            more = conn.recv(n - len(data))
            if not more:
                raise ConnectionError("end inside a frame")
            data += more
        return data

    first, second = exactly(2)
    size = second & 127
    if size > 125:
        size = int.from_bytes(exactly(2 if size == 126 else 8), "big")
    mask = exactly(4) if second & 128 else bytes(4)
    data = exactly(size)
    key = mask * (size // 4 + 1)
    return first & 15, first & 128, (int.from_bytes(data, "big") ^ int.from_bytes(key[:size], "big")).to_bytes(size, "big")


def write_message(conn, opcode, data, fin=128):
    size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + len(data).to_bytes(2, "big") if len(data) < 65536 else b"\x7f" + len(data).to_bytes(8, "big")
    conn.sendall(bytes([fin | opcode]) + size + data)


def echo(conn, request):
    key = request.get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    conn.sendall(head_bytes("HTTP/1.1 101 Switching Protocols", {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Protocol": "chat",
        "Sec-WebSocket-Accept": base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()}))
    write_message(conn, 1, b"the origin begins")
    while True:
        opcode, fin, data = read_message(conn)
        write_message(conn, opcode, data, fin)
        if opcode == 8:
            return False


# ---- the site ---------------------------------------------------------------------------------------------------

class Scene:
    def __init__(self, folder):
        self.folder, self.origin, self.ca = folder, Origin(), Authority(folder / "ca")
        self.ports = free_port(), free_port()
        self.pair = str(folder / "served.pem"), str(folder / "served.key")
        self.put(HOST)
        self.conf = configure(folder, self.origin.url, self.pair, self.ports)
        self.proxy, self.ended = Tacet("-c", self.conf), []
        self.heard, self.go, self.held, self.let = threading.Semaphore(0), threading.Event(), 0, threading.Event()
        self.lock = threading.Lock()
        o = self.origin
        with open(os.path.join(ROOT, "tests/browser/tls_page.js"), "rb") as f:
            o.on("/way.js", answer(f.read(), type="text/javascript"))
        o.on("/page", answer(PAGE.format(more="<img alt=dot width=40 height=40 src=/dot.png>")))
        o.on("/dot.png", answer(PNG, type="image/png"))
        o.on("/form", lambda conn, req: conn.sendall(answer(f"<!doctype html><title>f</title><p>{req.method} {req.get('Content-Type')} {req.text}")))
        o.on("/upload", lambda conn, req: conn.sendall(answer(json.dumps(hashlib.sha256(req.body).hexdigest()), type="application/json")))
        o.on("/events", self.events)
        o.on("/ws", echo)
        o.on("/stream", self.stream)
        o.on("/halves", self.halves)
        for half in ("early", "late"):
            for i in range(HALF):
                o.on(f"/held/{half}{i}.png", self.hold)
        for name in ("count", "heard", "go", "reload", "swap"):
            o.on(f"/act/{name}", self.act)

    def put(self, *names):
        """A certificate for these names takes the place of the one that is served."""
        for source, to in zip(self.ca.issue(*names), self.pair):
            shutil.copyfile(source, to + ".new")
            os.rename(to + ".new", to)

    def served(self):
        with TlsClient(self.ports[0], HOST, context(self.ca.pem)) as c:
            return [name for _, name in c.sock.getpeercert()["subjectAltName"]]

    # ---- what pages ask for

    def act(self, conn, request):
        getattr(self, "do_" + request.path.rsplit("/", 1)[1])()
        m = self.proxy.metrics()
        count = {"connections": total(m, "tacet_connections_total", result="accepted"), "tunnels": total(m, "tacet_connections", state="tunnel"),
                 "misdirected": total(m, "tacet_http_refusals_total", reason="misdirected"),
                 "redirects": total(m, "tacet_http_requests_total", code_class="3xx")}
        conn.sendall(answer(json.dumps(count), {"Cache-Control": "no-store"}, type="application/json"))

    def do_count(self):
        pass

    def do_heard(self):
        self.heard.release()

    def do_go(self):
        self.go.set()

    def do_reload(self):
        before = self.said_reloaded()
        self.proxy.reload()
        wait_until(lambda: self.said_reloaded() > before, "the reload")

    def said_reloaded(self):
        return sum(line.startswith("reloaded") for line in self.proxy.lines)

    def do_swap(self):
        self.put(HOST, LATE, OTHER)
        wait_until(lambda: LATE in self.served(), "the new certificate", 60)

    def events(self, conn, _request):
        conn.sendall(head("text/event-stream"))
        for event in EVENTS:
            conn.sendall(chunk(f"data: {event}\n\n"))
            if event != EVENTS[-1]:
                assert self.heard.acquire(timeout=60), "nobody heard an event"
        conn.sendall(b"0\r\n\r\n")

    def stream(self, conn, _request):
        self.go.clear()
        conn.sendall(head("text/plain") + chunk("a" * PART))
        assert self.go.wait(120), "nobody let the rest go"
        conn.sendall(chunk("b" * PART) + b"0\r\n\r\n")

    # A page of two halves. Between them the proxy is told to end, with all the first half asks for under way, and
    # another one takes its place. The pictures of the first half come when that is done.

    def hold(self, conn, request):
        with self.lock:
            self.held += 1
        if "early" in request.path:
            assert self.let.wait(120), "nobody let the pictures go"
        conn.sendall(answer(PNG, type="image/png"))

    def halves(self, conn, _request):
        first, second = PAGE.format(more=pictures("early") + "<!-- half -->" + pictures("late") + "<p id=end>All of it.</p>").split("<!-- half -->")
        conn.sendall(head("text/html; charset=utf-8") + chunk(first))
        wait_until(lambda: self.held == HALF, "the pictures to be asked for", 60)
        old = self.proxy
        old.signal(signal.SIGTERM)
        wait_until(self.nobody_listens, "the listeners to close")
        self.proxy = Tacet("-c", self.conf)
        self.ended.append(old)
        self.let.set()
        conn.sendall(chunk(second) + b"0\r\n\r\n")

    def nobody_listens(self):
        for port in self.ports:
            with socket.socket() as s:
                s.settimeout(DEADLINE)
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    return False
        return True

    def close(self):
        """Every proxy ended in order."""
        for proxy in (*self.ended, self.proxy):
            proxy.stop()
        self.origin.close()
