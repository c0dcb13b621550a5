"""What end-to-end tests are made of: a scripted origin, a raw HTTP/1 client, and the proxy as a child process.

All of it speaks bytes over loopback, on ports that the system chose, and has a deadline on every wait. The
parser here is strict on purpose: what it cannot read, a visitor's browser or an origin should not get.
"""
import contextlib
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SHARED = os.path.join(os.path.dirname(ROOT), "shared")
DEADLINE = float(os.environ.get("TACET_TEST_DEADLINE", "20"))


def tacet_path():
    """The program under test: $TACET, else the release build."""
    return os.environ.get("TACET", os.path.join(ROOT, "build", "tacet"))


def sanitized():
    return "/san-" in tacet_path()


def wait_until(condition, what, seconds=DEADLINE):
    """Polls until condition() is true; returns its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)


# ---- messages ---------------------------------------------------------------------------------------

class Broken(Exception):
    """The bytes are no complete HTTP/1 message."""


class Message:
    """A request or response as it stood on the wire."""

    def __init__(self, start, fields, raw_head):
        self.start, self.fields, self.raw_head = start, fields, raw_head
        self.body, self.framing, self.chunks = b"", None, []
        self.interim = []  # 1xx heads before a final response

    def all(self, name):
        return [v for n, v in self.fields if n.lower() == name.lower()]

    def get(self, name, default=None):
        values = self.all(name)
        return values[0] if values else default

    def has(self, name):
        return bool(self.all(name))

    @property
    def status(self):
        return int(self.start.split(" ")[1])

    @property
    def method(self):
        return self.start.split(" ")[0]

    @property
    def target(self):
        return self.start.split(" ")[1]

    @property
    def path(self):
        return self.target.split("?")[0]

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def __repr__(self):
        return f"<{self.start} {self.fields} {len(self.body)} bytes>"


class Reader:
    """Reads messages off a socket, strictly."""

    def __init__(self, sock):
        self.sock, self.buf = sock, b""

    def more(self):
        data = self.sock.recv(65536)
        self.buf += data
        return bool(data)

    def line(self):
        while b"\r\n" not in self.buf:
            if not self.more():
                raise Broken("end inside a line")
        line, self.buf = self.buf.split(b"\r\n", 1)
        return line

    def exactly(self, n, into=None):
        while len(self.buf) < n:
            if not self.more():
                if into is not None:
                    into.body += self.buf
                raise Broken(f"end {n - len(self.buf)} bytes early")
        data, self.buf = self.buf[:n], self.buf[n:]
        return data

    def head(self):
        """The next head, or None when the peer has closed between messages."""
        while b"\r\n\r\n" not in self.buf:
            if not self.more():
                if self.buf:
                    raise Broken(f"end inside a head: {self.buf[:80]!r}")
                return None
        raw, self.buf = self.buf.split(b"\r\n\r\n", 1)
        lines = raw.decode("latin-1").split("\r\n")
        fields = []
        for line in lines[1:]:
            m = re.fullmatch(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*", line)
            if not m:
                raise Broken(f"bad field line {line!r}")
            fields.append((m[1], m[2]))
        return Message(lines[0], fields, raw + b"\r\n\r\n")

    def body(self, msg, request, method="GET"):
        """Reads what the framing says. On a cut body raises Broken, with what came in msg.body."""
        lengths, codings = msg.all("Content-Length"), msg.all("Transfer-Encoding")
        if lengths and codings:
            raise Broken("two framings")
        if not request and (method == "HEAD" or msg.status in (204, 304) or msg.status < 200):
            msg.framing = "none"
        elif codings:
            if codings != ["chunked"]:
                raise Broken(f"Transfer-Encoding {codings}")
            msg.framing = "chunked"
            self.chunked(msg)
        elif lengths:
            if len(lengths) > 1 or not re.fullmatch(r"[0-9]+", lengths[0]):
                raise Broken(f"Content-Length {lengths}")
            msg.framing = "length"
            msg.body = self.exactly(int(lengths[0]), msg)
        elif request:
            msg.framing = "none"
        else:
            msg.framing = "close"
            while self.more():
                pass
            msg.body, self.buf = self.buf, b""
        return msg

    def chunked(self, msg):
        while True:
            size = self.line()
            if not re.fullmatch(rb"[0-9A-Fa-f]+", size):
                raise Broken(f"chunk size {size!r}")
            if int(size, 16) == 0:
                break
            data = self.exactly(int(size, 16), msg)
            msg.body += data
            msg.chunks.append(len(data))
            if self.exactly(2) != b"\r\n":
                raise Broken("no CRLF after a chunk")
        if self.line() != b"":
            raise Broken("trailers")

    def response(self, method="GET"):
        interim = []
        while True:
            msg = self.head()
            if msg is None:
                raise Broken("closed without an answer")
            if msg.status >= 200 or msg.status == 101:
                break
            interim.append(msg)
        msg.interim = interim
        return msg if msg.status == 101 else self.body(msg, False, method)

    def request(self, on_head=None):
        msg = self.head()
        if msg is None:
            return None
        if on_head:
            on_head(msg)
        return self.body(msg, True)


def head_bytes(start, fields):
    return (start + "\r\n" + "".join(f"{n}: {v}\r\n" for n, v in as_list(fields)) + "\r\n").encode("latin-1")


def as_list(fields):
    return list(fields.items()) if isinstance(fields, dict) else list(fields or [])


# ---- client -----------------------------------------------------------------------------------------

class Client:
    """One connection of a visitor."""

    def __init__(self, port, host="www.example.test", rcvbuf=None, timeout=DEADLINE):
        self.host = host
        self.sock = socket.socket()
        if rcvbuf:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.sock.settimeout(timeout)
        self.sock.connect(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = Reader(self.sock)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def ask(self, target="/", fields=(), method="GET", body=None, version="HTTP/1.1"):
        """Sends a request, does not wait for the answer."""
        fields = as_list(fields)
        if not any(n.lower() == "host" for n, _ in fields):
            fields.insert(0, ("Host", self.host))
        if body is not None and not any(n.lower() in ("content-length", "transfer-encoding") for n, _ in fields):
            fields.append(("Content-Length", str(len(body))))
        self.send(head_bytes(f"{method} {target} {version}", fields) + (body or b""))

    def answer(self, method="GET"):
        return self.reader.response(method)

    def get(self, target="/", fields=(), method="GET", body=None):
        self.ask(target, fields, method, body)
        return self.answer(method)

    def closed(self):
        """Whether the peer closes now, without a byte more."""
        try:
            return not self.reader.buf and self.sock.recv(1) == b""
        except ConnectionResetError:
            return True


def get(port, target="/", fields=(), method="GET", body=None, host="www.example.test"):
    """One request over a connection of its own."""
    with Client(port, host) as c:
        return c.get(target, fields, method, body)


# ---- scripted origin --------------------------------------------------------------------------------

def answer(body=b"", fields=(), status="200 OK", type="text/html; charset=utf-8", length=True):
    """The bytes of a whole response."""
    body = body.encode() if isinstance(body, str) else body
    fields = as_list(fields)
    if type and not any(n.lower() == "content-type" for n, _ in fields):
        fields.append(("Content-Type", type))
    if length:
        fields.append(("Content-Length", str(len(body))))
    return head_bytes(f"HTTP/1.1 {status}", fields) + body


def chunked(body, size=1000):
    """Chunked coding of a body, without its head."""
    out = b""
    for at in range(0, len(body), size):
        part = body[at:at + size]
        out += b"%x\r\n%s\r\n" % (len(part), part)
    return out + b"0\r\n\r\n"


def chunked_answer(body, fields=(), size=1000, **kw):
    fields = as_list(fields) + [("Transfer-Encoding", "chunked")]
    return answer(b"", fields, length=False, **kw) + chunked(body, size)


class Origin:
    """
    A scripted origin. `on(path, script)`: script is the bytes to answer with, or a function
    (connection, request) that writes what it likes to `connection` (a socket) and returns False to close.
    Every request is recorded in `requests`; `connections` counts what was accepted.
    """

    DEFAULT = answer("<!doctype html><title>t</title><p>hello")

    def __init__(self):
        self.requests, self.broken, self.scripts, self.connections = [], [], {}, 0
        self.lock, self.open = threading.Lock(), set()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    def on(self, path, script):
        self.scripts[path] = script
        return path

    def asked(self, path):
        """The requests for a path so far, without their query."""
        with self.lock:
            return [r for r in self.requests if r.path == path]

    def last(self, path):
        asked = self.asked(path)
        assert asked, f"the origin was never asked for {path}"
        return asked[-1]

    def accept(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.connections += 1
                self.open.add(conn)
            threading.Thread(target=self.serve, args=(conn, self.connections), daemon=True).start()

    def serve(self, conn, number):
        reader = Reader(conn)
        try:
            while True:
                req = reader.request(lambda m: self.expects(conn, m))
                if req is None:
                    break
                req.connection, req.reader = number, reader
                with self.lock:
                    self.requests.append(req)
                script = self.scripts.get(req.path, self.DEFAULT)
                if isinstance(script, bytes):
                    if req.method == "HEAD":
                        script = script.split(b"\r\n\r\n")[0] + b"\r\n\r\n"
                    conn.sendall(script)
                elif script(conn, req) is False:
                    break
        except Broken as why:
            with self.lock:
                self.broken.append(str(why))
        except OSError:
            pass
        finally:
            with self.lock:
                self.open.discard(conn)
            with contextlib.suppress(OSError):
                conn.shutdown(socket.SHUT_RDWR)
            conn.close()

    def expects(self, conn, head):
        hook = self.scripts.get(("expect", head.path))
        if hook:
            hook(conn, head)
        elif head.get("Expect", "").lower() == "100-continue":
            conn.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def close(self):
        """Stops: nobody answers on its port any more."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            still = list(self.open)
        for conn in still:
            with contextlib.suppress(OSError):
                conn.shutdown(socket.SHUT_RDWR)


# ---- the proxy --------------------------------------------------------------------------------------

class Tacet:
    """The proxy as a child. Started when it has said `ready`."""

    def __init__(self, *args, verb="run", env=None, ready=True):
        self.err = tempfile.TemporaryFile()
        self.lines, self.addresses = [], {}
        self.said_ready = threading.Event()
        self.proc = subprocess.Popen([tacet_path(), verb, *map(str, args)], stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE, stderr=self.err, env=dict(os.environ, **(env or {})),
                                     cwd=ROOT)
        self.pid = self.proc.pid
        threading.Thread(target=self.listen, daemon=True).start()
        if ready and not self.said_ready.wait(DEADLINE):
            self.proc.kill()
            self.proc.wait()
            raise AssertionError(f"tacet did not get ready: {self.lines} {self.stderr()}")
        if ready and "ready" not in self.lines:
            self.proc.wait(DEADLINE)
            raise AssertionError(f"tacet ended with {self.proc.returncode}: {self.lines} {self.stderr()}")

    def listen(self):
        for raw in self.proc.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            self.lines.append(line)
            m = re.match(r"listening (\w+) (\S+):(\d+)$", line)
            if m:
                self.addresses.setdefault(m[1], []).append((m[2], int(m[3])))
            if line == "ready":
                self.said_ready.set()
        self.said_ready.set()

    @property
    def port(self):
        return self.addresses["http"][0][1]

    @property
    def admin(self):
        return self.addresses["admin"][0][1]

    def stderr(self):
        self.err.seek(0)
        return self.err.read().decode("utf-8", "replace")

    def get(self, target="/", fields=(), method="GET", body=None, host="www.example.test"):
        return get(self.port, target, fields, method, body, host)

    def client(self, **kw):
        return Client(self.port, **kw)

    def metrics(self):
        """{(name, frozenset of label pairs): value} of /metrics."""
        res = get(self.admin, "/metrics", host=f"127.0.0.1:{self.admin}")
        assert res.status == 200, res
        return parse_metrics(res.text)

    def memory(self, what="VmRSS"):
        """Resident bytes (VmHWM: the most so far)."""
        with open(f"/proc/{self.pid}/status") as f:
            return int(re.search(rf"^{what}:\s+(\d+) kB", f.read(), re.M)[1]) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def cpu(self):
        """Seconds of processor time so far."""
        with open(f"/proc/{self.pid}/stat") as f:
            parts = f.read().rsplit(")", 1)[1].split()
        return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")

    def signal(self, number):
        self.proc.send_signal(number)

    def reload(self):
        self.signal(signal.SIGHUP)

    @contextlib.contextmanager
    def frozen(self):
        """What happens within comes to its notice all at once, afterwards."""
        self.signal(signal.SIGSTOP)
        wait_until(self.is_stopped, "every thread to stop")
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)

    def is_stopped(self):
        threads = []
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/stat") as f:
                threads.append(f.read().rsplit(")", 1)[1].split()[0])
        return set(threads) == {"T"}

    def wait(self, seconds=DEADLINE):
        return self.proc.wait(seconds)

    def stop(self):
        """Ends it in order; a report of a sanitizer or any other status than 0 fails the test."""
        if self.proc.poll() is None:
            self.signal(signal.SIGTERM)
            try:
                self.proc.wait(40)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                self.proc.wait()
                raise AssertionError("tacet did not end within 40 s of SIGTERM") from None
        said = self.stderr()
        assert self.proc.returncode == 0, f"tacet ended with {self.proc.returncode}\n{said[-4000:]}"
        assert "Sanitizer" not in said and "runtime error" not in said, said[-4000:]

    def kill(self):
        """For tests that have seen it end, or failed."""
        if self.proc.poll() is None:
            self.proc.kill()
            self.proc.wait()


def parse_metrics(text):
    """Reads the Prometheus text format strictly: each sample belongs to a family with HELP and TYPE."""
    samples, families = {}, {}
    for line in text.splitlines():
        if not line:
            continue
        if line.startswith("#"):
            m = re.fullmatch(r"# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)", line)
            assert m, f"bad comment line {line!r}"
            families.setdefault(m[2], {})[m[1]] = m[3]
            continue
        m = re.fullmatch(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)', line)
        assert m, f"bad sample line {line!r}"
        labels = re.findall(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\.)*)"', m[2] or "")
        rebuilt = ",".join(f'{k}="{v}"' for k, v in labels)
        assert (m[2] or "").rstrip(",") == rebuilt, f"bad labels {line!r}"
        family = re.sub(r"_(bucket|sum|count)$", "", m[1])
        known = families.get(m[1]) or families.get(family)
        assert known and set(known) == {"HELP", "TYPE"}, f"no HELP and TYPE before {m[1]}"
        key = (m[1], frozenset(labels))
        assert key not in samples, f"twice: {line!r}"
        samples[key] = float(m[3])
    return samples


def total(metrics, name, **labels):
    """The sum of a metric over all samples that carry these labels."""
    want = set(labels.items())
    return sum(v for (n, have), v in metrics.items() if n == name and want <= have)


# ---- nginx ------------------------------------------------------------------------------------------

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Nginx:
    """nginx as a real origin that serves a folder, under a prefix of its own. `extra` goes into server {}; workers: as a peer."""

    def __init__(self, prefix, root, extra="", http="", workers=0):
        self.prefix = str(prefix)
        for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
            os.makedirs(os.path.join(self.prefix, name), exist_ok=True)
        for attempt in range(5):
            self.port = free_port()
            if self.start(root, extra, http, workers):
                break
        else:
            raise AssertionError(f"nginx does not start: {self.log()}")
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self, root, extra, http, workers):
        p = self.prefix
        processes = f"worker_processes {workers}; worker_rlimit_nofile 40000; {'user root;' if os.getuid() == 0 else ''}"
        processes = processes if workers else "master_process off;"
        conf = f"""
            daemon off; {processes} pid {p}/pid; error_log {p}/error.log warn;
            events {{ worker_connections {19000 if workers else 1024}; }}
            http {{
                access_log off; default_type application/octet-stream;
                types {{ text/html html; text/css css; application/javascript js; image/svg+xml svg; }}
                client_body_temp_path {p}/body; proxy_temp_path {p}/proxy; fastcgi_temp_path {p}/fastcgi;
                uwsgi_temp_path {p}/uwsgi; scgi_temp_path {p}/scgi; client_max_body_size 0; charset utf-8; {http}
                server {{ listen 127.0.0.1:{self.port}; root "{root}"; index index.html; {extra} }}
            }}"""
        with open(os.path.join(p, "nginx.conf"), "w") as f:
            f.write(conf)
        self.proc = subprocess.Popen(["nginx", "-e", f"{p}/start.log", "-p", p, "-c", f"{p}/nginx.conf"],
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                     env=dict(os.environ, PATH=os.environ.get("PATH", "") + ":/usr/sbin"))
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end and self.proc.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            time.sleep(0.02)
        self.stop()
        return False

    def log(self):
        with contextlib.suppress(OSError), open(os.path.join(self.prefix, "start.log")) as f:
            return f.read()[-1000:]
        return ""

    def stop(self):
        if self.proc.poll() is None:
            self.proc.terminate()
            self.proc.wait(DEADLINE)
