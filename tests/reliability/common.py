"""What reliability tests are made of: the table's rows, a fast origin with faults, and the background load.

Origin and load are processes of their own (forked: handlers and checks may be closures), so that the test's own work
disturbs neither. The proxy, raw clients and slow scripted origins are those of tests/harness.py.
"""
import asyncio
import base64
import collections
import contextlib
import hashlib
import json
import mmap
import multiprocessing
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

import harness

fork = multiprocessing.get_context("fork")
HOST = "www.example.test"

CONF = """\
version: 1
listen: [{{address: "127.0.0.1:0"}}]
admin: {{address: "127.0.0.1:0", socket: admin.sock}}
sites: [{{hosts: ["*"], origin: {{url: "{url}"}}}}]
rule_sets:
  opt-out:
    cookies: {{request: drop-listed, response: drop-listed}}
    query: {{strip: [click-ids]}}
    scripts: {{remove: [analytics, advertising]}}
    status: "{status}"
  light: {{}}
regions: [{{name: rest, where: ["*"], honour: [gpc, dnt, choice], default: light, opted_out: opt-out}}]
limits: {{keepalive_requests: 1000000000{limits}}}
"""


def conf(url, status="Opt-Out Request Honored", limits=""):
    """A configuration with one site. `limits`: more of its limits, such as ", idle_timeout: 1s"."""
    return CONF.format(url=url, status=status, limits=limits)


# ---- a test's rows ----------------------------------------------------------------------------------

class Test:
    """What a test's run(t) is given."""

    def __init__(self, write):
        self.write, self.deferred = write, []
        self.sanitized = harness.sanitized()
        # Bars of time are those of `make reliability`, on a machine of its own. `make test` has neighbours, and asks for
        # the order of magnitude alone; a sanitizer's work is not the program's.
        self.slack = (3 if self.sanitized else 1) * (4 if os.environ.get("TACET_QUICK") else 1)
        self.dir = tempfile.mkdtemp(prefix="tacet-")
        self.started = 0

    def figure(self, name, value, bar, ok):
        """A measured value, its bar in words, and whether it is met."""
        self.write({"what": name, "figure": str(value), "bar": bar, "verdict": "ok" if ok else "FAILED"})

    def memory(self, name, value, bar, ok):
        """A figure of memory: a sanitizer's shadow and quarantine make it meaningless."""
        if self.sanitized:
            self.skip("memory is not judged in a sanitized build", name)
        else:
            self.figure(name, value, bar, ok)

    def say(self, name, value, text=""):
        """A value that tells about the circumstances and is not judged."""
        self.write({"what": name, "figure": str(value), "bar": text, "verdict": "said"})

    def skip(self, reason, name="-"):
        """What this machine or this version cannot show, and why."""
        self.write({"what": name, "figure": "", "bar": reason, "verdict": "skipped"})

    def defer(self, act):
        """act() is called when the test has ended, the last first."""
        self.deferred.append(act)

    def file(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path + ".new", "w") as f:
            f.write(text)
        os.rename(path + ".new", path)
        return path

    def start(self, text, name="t.yaml", env=None, limits="", args=(), ready=True):
        """tacet with this configuration. `limits`: shell words run before it, such as "ulimit -n 256"."""
        self.started += 1
        number = self.started
        sock = "admin.sock" if number == 1 else f"admin{number}.sock"
        path = self.file(name, text.replace("admin.sock", sock))
        if not limits:
            proxy = harness.Tacet("-c", path, *args, env=env, ready=ready)
        else:
            wrapper = self.file("limited.sh", f"#!/bin/sh\n{limits}\nexec '{harness.tacet_path()}' \"$@\"\n")
            os.chmod(wrapper, 0o755)
            was, os.environ["TACET"] = os.environ["TACET"], wrapper
            try:
                proxy = harness.Tacet("-c", path, *args, env=env, ready=ready)
            finally:
                os.environ["TACET"] = was
        proxy.conf, proxy.socket = path, os.path.join(self.dir, sock)
        self.defer(lambda: self.stop(proxy, number))
        return proxy

    def stop(self, proxy, number=0):
        """Ends a proxy that the test has not ended itself; a crash or a sanitizer's report is a failure."""
        ended = proxy.proc.poll() is not None
        try:
            proxy.stop()
            if not ended:
                self.figure(f"proxy {number or ''} ends in order".replace("  ", " "), "exit 0", "exit 0, no report", True)
        except AssertionError as why:
            print(why, file=sys.stderr)
            self.figure(f"proxy {number or ''} ends in order".replace("  ", " "), str(why).splitlines()[0][:60],
                        "exit 0, no report", False)

    def end(self):
        while self.deferred:
            try:
                self.deferred.pop()()
            except Exception:
                traceback.print_exc()
        shutil.rmtree(self.dir, ignore_errors=True)


def kept(t, proxy, before, bar):
    """Resident bytes beyond `before`, once they are not more than bar; within 25 s what was freed is given back by itself."""
    until = time.monotonic() + 25 * t.slack
    while proxy.memory() - before > bar and time.monotonic() < until and not t.sanitized:
        time.sleep(0.1)
    return proxy.memory() - before


def admin_call(path, line="reload\n", seconds=harness.DEADLINE):
    """(0 or the error's number, text) of one call of the admin socket."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(seconds)
        s.connect(path)
        s.sendall(line.encode())
        data = b""
        while True:
            part = s.recv(65536)
            if not part:
                break
            data += part
    first, _, text = data.decode().partition("\n")
    return (0 if first == "ok" else int(first.split()[1])), text


def admin_get(proxy, path, seconds=harness.DEADLINE):
    with harness.Client(proxy.admin, f"127.0.0.1:{proxy.admin}", timeout=seconds) as c:
        return c.get(path)


def knows(t, text):
    """Whether this version knows every key of a configuration, and obeys it."""
    done = subprocess.run([harness.tacet_path(), "check", "--format", "json", "-c", t.file("asked.yaml", text)],
                          capture_output=True)
    codes = {m["code"] for m in json.loads(done.stdout)["messages"]}
    return not codes & {"unknown-key", "not-in-force"}


def metric(proxy, name, **labels):
    """The sum of one metric's samples that carry these labels."""
    return harness.total(proxy.metrics(), name, **labels)


def links(proxy):
    """What each open descriptor of the proxy is."""
    found = {}
    for fd in os.listdir(f"/proc/{proxy.pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            found[fd] = os.readlink(f"/proc/{proxy.pid}/fd/{fd}")
    return found


def look_at_descriptors(proxy):
    before, peers, count = links(proxy), {}, collections.Counter()
    for name in ("tcp", "tcp6"):
        with open(f"/proc/{proxy.pid}/net/{name}") as f:
            for line in list(f)[1:]:
                parts = line.split()
                if parts[3] != "0A":  # not listening
                    peers[parts[9]] = int(parts[1].rpartition(":")[2], 16)
    after, ours = links(proxy), {port for _, port in sum(proxy.addresses.values(), [])}
    for fd, link in before.items():
        port = peers.get(link[8:-1]) if link.startswith("socket:[") else None
        if after.get(fd) == link:
            count["other" if port is None else "visitor" if port in ours else "origin"] += 1
    return count


def descriptors(proxy, looks=1):
    """
    {"origin": connections it made, "visitor": those it accepted, "other": all else that it has open}. Of several looks
    the one with the least of the last: a connection that is coming or going is in no table of the system's.
    """
    return min((look_at_descriptors(proxy) for _ in range(looks)), key=lambda count: count["other"])


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * p / 100))] if values else 0.0


# ---- what several processes see -----------------------------------------------------------------------

def shared(n):
    """n signed 64-bit numbers in memory that forked processes share; each has one writer at a time."""
    return memoryview(mmap.mmap(-1, max(n * 8, 4096))).cast("q")


def restartable_port():
    """A free port that no client gets by chance while its server is away."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
        low = int(f.read().split()[0])
    while True:
        port = random.randrange(max(1025, low - 15000), low)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Child:
    """A forked process with a pipe: main(pipe) runs there."""

    def begin(self, main):
        self.pipe, other = fork.Pipe()

        def body():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self.pipe.close()
            try:
                main(other)
            except Exception:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)

        self.proc = fork.Process(target=body, daemon=True)
        self.proc.start()
        other.close()

    def kill(self):
        self.proc.kill()
        self.proc.join()


# ---- origin -----------------------------------------------------------------------------------------

PAGE = b"<!doctype html><title>t</title><body><p>hello</body>"
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def answer(body=b"", fields=b"", status=b"200 OK", type=b"text/html; charset=utf-8"):
    """The bytes of an answer. `fields`: whole lines, each with its CRLF."""
    return b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n%s" % (status, type, len(body), fields, body)


class Request:
    def __init__(self, head):
        self.head, self.body, self.known = head, b"", None
        self.method, self.target, _ = head[:head.index(b"\r\n")].split(b" ", 2)

    @property
    def path(self):
        return self.target.partition(b"?")[0]

    @property
    def fields(self):
        """Values by lower-case name, both bytes."""
        if self.known is None:
            self.known = fields_of(self.head)
        return self.known


def fields_of(head):
    lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return {name.lower(): value.strip() for name, _, value in lines}


class Chunks:
    """Takes a chunked body from the front of a buffer."""

    def __init__(self):
        self.body, self.left = bytearray(), None

    def take(self, buf):
        """True when the body is whole; what follows it stays in buf."""
        while True:
            if self.left is None:
                at = buf.find(b"\r\n")
                if at < 0:
                    return False
                self.left = int(bytes(buf[:at]).split(b";")[0], 16)
                del buf[:at + 2]
            if len(buf) < self.left + 2:
                return False
            self.body += buf[:self.left]
            if buf[self.left:self.left + 2] != b"\r\n":
                raise ValueError("no CRLF after a chunk")
            del buf[:self.left + 2]
            last, self.left = self.left == 0, None
            if last:
                return True


class OriginConnection(asyncio.Protocol):
    """One connection of the proxy. A handler answers with send(), and makes faults with the others."""

    def __init__(self, origin):
        self.origin, self.buf, self.request, self.chunks, self.echo = origin, bytearray(), None, None, None
        self.served = 0  # requests of this connection, the one under way included

    # what handlers use

    def send(self, data):
        self.transport.write(data)

    def close(self):
        """FIN, once everything is written."""
        self.transport.close()

    def half_close(self):
        self.transport.write_eof()

    def reset(self):
        """RST; what is not written is lost."""
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def later(self, seconds, act, *args):
        """act(*args), unless the connection has gone by then."""
        self.origin.loop.call_later(seconds, lambda: self.transport.is_closing() or act(*args))

    def dribble(self, data, size=1, gap=0.001):
        """Writes a few bytes at a time."""
        self.send(data[:size])
        if data[size:]:
            self.later(gap, self.dribble, data[size:], size, gap)

    # events

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.origin.numbers[CONNECTIONS] += 1
        self.origin.numbers[OPEN] += 1

    def connection_lost(self, exc):
        self.origin.numbers[OPEN] -= 1

    def data_received(self, data):
        self.buf += data
        if self.echo is not None:
            self.echo(self)
            return
        while self.buf and self.step():
            pass

    def step(self):
        """One whole request off the buffer."""
        if self.request is None:
            at = self.buf.find(b"\r\n\r\n")
            if at < 0:
                return False
            self.request = Request(bytes(self.buf[:at]))
            del self.buf[:at + 4]
            self.chunks, self.length = None, 0
            if self.request.method not in (b"GET", b"HEAD"):
                fields = self.request.fields
                self.chunks = Chunks() if b"transfer-encoding" in fields else None
                self.length = int(fields.get(b"content-length", 0))
                if fields.get(b"expect", b"").lower() == b"100-continue":
                    self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self.chunks is not None:
            if not self.chunks.take(self.buf):
                return False
            self.request.body = bytes(self.chunks.body)
        elif self.length:
            if len(self.buf) < self.length:
                return False
            self.request.body = bytes(self.buf[:self.length])
            del self.buf[:self.length]
        request, self.request = self.request, None
        self.served += 1
        self.origin.numbers[REQUESTS] += 1
        self.origin.handle(self, request)
        return self.echo is None


CONNECTIONS, OPEN, REQUESTS, USER = 0, 1, 2, 8  # in Origin.numbers; USER and after are the test's


def standard(conn, request):
    """What an origin answers unless the test says otherwise: pages, /ws echoes frames, /sse counts."""
    if request.path == b"/ws":
        accept_websocket(conn, request)
    elif request.path == b"/sse":
        conn.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        send_event(conn, 0)
    else:
        conn.send(STANDARD_ANSWER)


STANDARD_ANSWER = answer(PAGE)


def slow(seconds):
    """A handler that answers /slow after so many seconds, all else as standard()."""
    def handle(conn, request):
        if request.path == b"/slow":
            conn.later(seconds, conn.send, STANDARD_ANSWER)
        else:
            standard(conn, request)
    return handle


def send_event(conn, n):
    event = b"data: %d\n\n" % n
    conn.send(b"%x\r\n%s\r\n" % (len(event), event))
    conn.later(0.1, send_event, conn, n + 1)


def accept_websocket(conn, request):
    key = base64.b64encode(hashlib.sha1(request.fields[b"sec-websocket-key"] + GUID).digest())
    conn.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              b"Sec-WebSocket-Accept: %s\r\n\r\n" % key)
    conn.echo = echo_frames
    if conn.buf:
        echo_frames(conn)


def frame(payload, masked):
    """One binary frame, or a masked one as clients send."""
    n, bit = len(payload), 0x80 if masked else 0
    head = bytes([0x82, bit | n]) if n < 126 else struct.pack(">BBH", 0x82, bit | 126, n)
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + unmask(payload, key)


def unmask(payload, key):
    n = len(payload)
    pad = (key * (n // 4 + 1))[:n]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")).to_bytes(n, "big")


def take_frame(buf):
    """The payload of the first whole frame in buf, taken off it; None if there is none yet."""
    if len(buf) < 2:
        return None
    n, at = buf[1] & 0x7f, 2
    if n == 126:
        n, at = int.from_bytes(buf[2:4], "big"), 4
    mask = 4 if buf[1] & 0x80 else 0
    if len(buf) < at + mask + n:
        return None
    key, payload = bytes(buf[at:at + mask]), bytes(buf[at + mask:at + mask + n])
    del buf[:at + mask + n]
    return unmask(payload, key) if mask else payload


def echo_frames(conn):
    while (payload := take_frame(conn.buf)) is not None:
        conn.send(frame(payload, False))


class Origin(Child):
    """
    A fast origin. handle(connection, request) runs in its process and answers at once or by connection.later();
    without it, standard(). Requests, connections and what is open are in `numbers`, shared with the test.
    kill() is SIGKILL; start() starts it again on the same port. A handler reaches them as connection.origin.numbers.
    """

    def __init__(self, t, handle=None, port=None, address="127.0.0.1"):
        self.handle, self.address = handle or standard, address
        self.numbers = shared(512)
        self.port = port or restartable_port()
        self.url = f"http://[{address}]:{self.port}" if ":" in address else f"http://{address}:{self.port}"
        t.defer(self.kill)
        self.start()

    requests = property(lambda self: self.numbers[REQUESTS])
    connections = property(lambda self: self.numbers[CONNECTIONS])
    open = property(lambda self: self.numbers[OPEN])

    def start(self):
        self.numbers[OPEN] = 0
        self.begin(self.main)
        if not self.pipe.poll(harness.DEADLINE) or self.pipe.recv() != "ready":
            raise AssertionError("the origin does not start")

    def main(self, pipe):
        async def serve():
            self.loop = asyncio.get_running_loop()
            server = await self.loop.create_server(lambda: OriginConnection(self), self.address, self.port, backlog=1024)
            pipe.send("ready")
            await server.serve_forever()
        asyncio.run(serve())


# ---- background load ----------------------------------------------------------------------------------

class Cut(Exception):
    """A connection that ended, or was silent, where an answer was due."""


class Answer:
    def __init__(self, status, head):
        self.status, self.head, self.body, self.seconds, self.known = status, head, b"", 0.0, None

    @property
    def fields(self):
        if self.known is None:
            self.known = fields_of(self.head)
        return self.known


class Visit(asyncio.Protocol):
    """One connection of a visitor; one request at a time."""

    def __init__(self, load):
        self.load, self.buf, self.waiting, self.answer = load, bytearray(), None, None
        self.lost, self.leaving = False, False

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def ask(self, data):
        """The answer, or Cut."""
        if self.lost:
            raise Cut("closed before the request")
        self.waiting, self.since = self.load.loop.create_future(), time.monotonic()
        self.load.under_way.add(self)
        self.transport.write(data)
        try:
            got = await self.waiting
        finally:
            self.waiting = None
            self.load.under_way.discard(self)
        got.seconds = time.monotonic() - self.since
        return got

    def leave(self):
        self.leaving = True
        self.transport.close()

    def fail(self, why):
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_exception(Cut(why))

    def data_received(self, data):
        self.buf += data
        try:
            self.parse()
        except ValueError:
            self.fail("an answer that nobody can read")
            self.transport.abort()

    def parse(self):
        while self.answer is None:
            at = self.buf.find(b"\r\n\r\n")
            if at < 0:
                return
            head = bytes(self.buf[:at])
            del self.buf[:at + 4]
            status = int(head[9:12])
            if status >= 200:
                self.answer = Answer(status, head)
                fields = self.answer.fields
                self.chunks = Chunks() if b"transfer-encoding" in fields else None
                self.length = int(fields.get(b"content-length", -1))
                if status in (204, 304):
                    self.length = 0
        if self.chunks is not None:
            if not self.chunks.take(self.buf):
                return
            self.answer.body = bytes(self.chunks.body)
        elif self.length < 0 or len(self.buf) < self.length:
            return
        else:
            self.answer.body = bytes(self.buf[:self.length])
            del self.buf[:self.length]
        self.whole()

    def whole(self):
        got, self.answer = self.answer, None
        if self.waiting is None or self.waiting.done():
            self.load.fail("an answer that nobody asked for")
        else:
            self.waiting.set_result(got)

    def connection_lost(self, exc):
        self.lost = True
        if self.waiting is not None and not self.waiting.done():
            if self.answer is not None and self.chunks is None and self.length < 0 and exc is None:
                self.answer.body = bytes(self.buf)
                self.whole()
            else:
                self.fail("cut inside an answer" if self.answer or self.buf else "closed under a waiting request")
        elif not self.leaving:
            self.load.closed_idle += 1


class Load(Child):
    """
    The background load of the reliability tests, in a process of its own: `keep_alive` and `fresh` clients that
    together ask about `rate` times a second (a tenth of it on fresh connections), one WebSocket, one event stream.

    request(client, n) gives the bytes of a client's nth request. check(answer, load) sees each 2xx answer in the load's
    process: it returns None, or why the answer is wrong, and may count in load.notes and append to load.events (small,
    picklable values). stop() returns the Result.
    """

    PATIENCE_S = 10  # for one answer

    def __init__(self, t, port, keep_alive=8, fresh=4, rate=1000, websocket=True, sse=True, request=None, check=None):
        plain = f"GET /p HTTP/1.1\r\nHost: {HOST}\r\nSec-GPC: 1\r\n\r\n".encode()
        self.port, self.keep_alive, self.fresh, self.rate = port, keep_alive, fresh, rate
        self.websocket, self.sse = websocket, sse
        self.request, self.check = request or (lambda client, n: plain), check
        self.live = shared(8)  # answers that were right, failures: to be read while it runs
        t.defer(self.kill)
        self.begin(self.main)
        harness.wait_until(lambda: self.live[0] >= keep_alive + fresh or self.live[1], "the background load to begin")

    def answered(self):
        return self.live[0]

    def failures(self):
        return self.live[1]

    def stop(self):
        self.pipe.send("stop")
        if not self.pipe.poll(self.PATIENCE_S + 10):
            raise AssertionError("the background load does not end")
        result = self.pipe.recv()
        self.proc.join()
        return result

    # in the process

    def main(self, pipe):
        asyncio.run(self.go(pipe))

    def fail(self, why):
        self.live[1] += 1
        self.failed[why] += 1
        if len(self.failed_at) < 1000:
            self.failed_at.append((time.monotonic(), why))

    async def go(self, pipe):
        self.loop, self.stopping = asyncio.get_running_loop(), asyncio.Event()
        self.failed, self.failed_at, self.notes, self.events = collections.Counter(), [], collections.Counter(), []
        self.seconds, self.under_way, self.closed_idle, self.closed_announced = [], set(), 0, 0
        self.ws, self.stream = Tally(), Tally()
        self.loop.add_reader(pipe.fileno(), self.stopping.set)
        began, cpu = time.monotonic(), time.process_time()
        jobs = [self.client(i, True, self.rate * (0.9 if self.fresh else 1) / max(self.keep_alive, 1))
                for i in range(self.keep_alive)]
        jobs += [self.client(self.keep_alive + i, False, self.rate * (0.1 if self.keep_alive else 1) / max(self.fresh, 1))
                 for i in range(self.fresh)]
        jobs += [self.talk(self.ws)] if self.websocket else []
        jobs += [self.listen(self.stream)] if self.sse else []
        watchdog = self.loop.create_task(self.watch())
        await asyncio.gather(*jobs)
        watchdog.cancel()
        took = time.monotonic() - began
        pipe.send(Result(self, took, time.process_time() - cpu))

    async def watch(self):
        while True:
            await asyncio.sleep(0.5)
            for visit in list(self.under_way):
                if time.monotonic() - visit.since > self.PATIENCE_S:
                    visit.fail(f"no answer in {self.PATIENCE_S} s")
                    visit.transport.abort()

    async def client(self, number, keep, rate):
        visit, n, due = None, 0, self.loop.time() + random.random() / rate
        while not self.stopping.is_set():
            wait = due - self.loop.time()
            due = max(due + 1 / rate, self.loop.time() - 0.2)  # what cannot be caught up with is left out
            if wait > 0:
                await asyncio.sleep(wait)
            try:
                if visit is None or visit.lost:
                    _, visit = await self.loop.create_connection(lambda: Visit(self), "127.0.0.1", self.port)
                got = await visit.ask(self.request(number, n))
            except Cut as why:
                self.fail(str(why))
                visit = None
                continue
            except OSError as why:
                self.fail(f"no connection: {type(why).__name__}")
                visit = None
                await asyncio.sleep(0.01)
                continue
            finally:
                n += 1
            self.judge(got)
            if b"close" in got.fields.get(b"connection", b""):
                self.closed_announced += keep
                visit.leave()
                visit = None
            elif not keep:
                visit.leave()
                visit = None
        if visit:
            visit.leave()

    def judge(self, got):
        wrong = None
        if not 200 <= got.status < 300:
            wrong = f"status {got.status}"
        elif self.check:
            wrong = self.check(got, self)
        if wrong:
            self.fail(wrong)
        else:
            self.live[0] += 1
            self.seconds.append(got.seconds)

    async def talk(self, tally):
        """Frames of random lengths through one WebSocket; each must come back as it was."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(b"GET /ws HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                         b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n"
                         % (HOST.encode(), base64.b64encode(os.urandom(16))))
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), self.PATIENCE_S)
            if b" 101 " not in head.split(b"\r\n")[0]:
                raise Cut(f"no WebSocket: {head[:15].decode()}")
            buf = bytearray()
            while not self.stopping.is_set():
                payload = os.urandom(random.randrange(1, 2000))
                writer.write(frame(payload, True))
                while (echo := take_frame(buf)) is None:
                    data = await asyncio.wait_for(reader.read(65536), self.PATIENCE_S)
                    if not data:
                        raise Cut("the WebSocket ended")
                    buf += data
                tally.count += 1
                tally.wrong += echo != payload
                await asyncio.sleep(0.05)
            writer.close()
        except (Cut, OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as why:
            tally.cut = str(why) or type(why).__name__

    async def listen(self, tally):
        """One event stream: numbers without a hole, and the longest wait between two."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(f"GET /sse HTTP/1.1\r\nHost: {HOST}\r\nAccept: text/event-stream\r\n\r\n".encode())
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), self.PATIENCE_S)
            if b" 200 " not in head.split(b"\r\n")[0]:
                raise Cut(f"no event stream: {head[:15].decode()}")
            chunks, buf, seen, last = Chunks(), bytearray(), 0, time.monotonic()
            while not self.stopping.is_set():
                data = await asyncio.wait_for(reader.read(65536), self.PATIENCE_S)
                if not data:
                    raise Cut("the event stream ended")
                buf += data
                if chunks.take(buf):
                    raise Cut("the event stream was finished")
                text = bytes(chunks.body)
                for event in text[seen:text.rfind(b"\n\n") + 2].split(b"\n\n")[:-1]:
                    tally.wrong += event != b"data: %d" % tally.count
                    tally.count += 1
                    now = time.monotonic()
                    tally.gap, last = max(tally.gap, now - last), now
                seen = max(seen, text.rfind(b"\n\n") + 2)
            writer.close()
        except (Cut, OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, ValueError) as why:
            tally.cut = str(why) or type(why).__name__


class Tally:
    """A WebSocket or an event stream: messages, how many were wrong, the longest gap, how it was cut."""

    def __init__(self):
        self.count, self.wrong, self.gap, self.cut = 0, 0, 0.0, ""

    def text(self):
        return self.cut or f"{self.count} messages, {self.wrong} wrong"

    def ok(self):
        return self.count > 0 and not self.wrong and not self.cut


class Result:
    """What the background load saw. Times are those of time.monotonic(), which all processes share."""

    def __init__(self, load, took, cpu):
        self.ok, self.failed, self.failed_at = load.live[0], load.failed, load.failed_at
        self.closed_idle, self.closed_announced = load.closed_idle, load.closed_announced
        self.notes, self.events, self.seconds = load.notes, load.events, load.seconds
        self.websocket, self.stream = load.ws, load.stream
        self.took, self.cpu = took, cpu

    @property
    def failures(self):
        return sum(self.failed.values())

    @property
    def rate(self):
        return self.ok / self.took

    def failed_text(self):
        why = ", ".join(f"{n} {text}" for text, n in self.failed.most_common(3))
        return f"{self.failures} of {self.ok + self.failures}" + (f": {why}" if why else "")

    def p(self, percent):
        """Milliseconds within which so many answers came."""
        return percentile(self.seconds, percent) * 1000

    def tell(self, t, streams=True):
        """The rows that most tests have: the rate, what failed, what was closed or cut."""
        t.say("background load", f"{self.rate:.0f} requests/s, p99 {self.p(99):.1f} ms", "about 1000/s where the machine can")
        t.figure("requests failed", self.failed_text(), "0", not self.failures)
        closes = self.closed_idle + self.closed_announced
        t.figure("keep-alive connections closed", closes, "0", not closes)
        if streams:
            t.figure("WebSocket, bytes compared", self.websocket.text(), "not cut, none wrong", self.websocket.ok())
            t.figure("event stream, one each 100 ms",
                     self.stream.text() + f", gap {self.stream.gap * 1000:.0f} ms", "not cut, none missing",
                     self.stream.ok())
