"""Origins of one server and of several: whose turn it is, who is out, what is sent again, who waits and who is told no."""
import contextlib
import os
import socket
import struct
import threading
import time

import pytest

from harness import Broken, Origin, Reader, answer, free_port, head_bytes, total, wait_until

PLAIN = dict(type="text/plain")


def config(tmp_path, origin, more="", routes="", threads=1, name="t.yaml"):
    """One site with this origin, on one loop: shares of limits are whole."""
    conf = tmp_path / name
    conf.write_text(f"""
version: 1
listen: [{{address: "127.0.0.1:0"}}]
limits: {{threads: {threads}}}
{more}
sites:
  - hosts: ["*"]
    origin: {{{origin}}}
    {routes}
rule_sets: {{light: {{}}}}
regions: [{{name: rest, where: ["*"], honour: [gpc, dnt, choice], default: light, opted_out: light}}]
""")
    return conf


def urls(*origins):
    return "urls: [" + ", ".join(f'"{o.url}"' for o in origins) + "]"


class Named(Origin):
    """An origin that says which one it is, on a port that may be given."""

    def __init__(self, name, port=0):
        super().__init__()
        if port:
            self.listener.close()
            self.listener = socket.create_server(("127.0.0.1", port), backlog=512)
            self.port, self.url = port, f"http://127.0.0.1:{port}"
            threading.Thread(target=self.accept, daemon=True).start()
        self.DEFAULT = answer(name, **PLAIN)


@pytest.fixture
def pair():
    a, b = Named("a"), Named("b")
    yield a, b
    a.close()
    b.close()


def ended(sock):
    """Sends a reset in place of an end."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def slow(event):
    """A script that answers when told."""
    def script(conn, _request):
        event.wait(15)
        conn.sendall(answer("slow", **PLAIN))
    return script


# ---- several servers ------------------------------------------------------------------------------------

def test_in_turn(start, pair, tmp_path):
    proxy = start("-c", config(tmp_path, urls(*pair)))
    with proxy.client() as c:
        seen = [c.get("/").text for _ in range(20)]
    assert seen.count("a") == seen.count("b") == 10, seen


def test_least_connections(start, pair, tmp_path):
    go = threading.Event()
    for o in pair:
        o.on("/slow", slow(go))
    proxy = start("-c", config(tmp_path, urls(*pair) + ", balance: least-connections"))
    with proxy.client() as waiting, proxy.client() as c:
        waiting.ask("/slow")
        busy = wait_until(lambda: next((o for o in pair if o.asked("/slow")), None), "the slow request")
        free = "b" if busy is pair[0] else "a"
        assert {c.get("/").text for _ in range(6)} == {free}
        go.set()
        assert waiting.answer().text == "slow"


def test_one_dies_and_comes_back(start, pair, tmp_path):
    a, b = pair
    proxy = start("-c", config(tmp_path, urls(a, b) + ", eject: {failures: 2, time: 200ms}"))
    assert {proxy.get("/").text for _ in range(4)} == {"a", "b"}
    a.close()
    assert {proxy.get("/").text for _ in range(30)} == {"b"}
    back = Named("again", a.port)
    wait_until(lambda: proxy.get("/").text == "again", "the server to be used again", 10)
    back.close()


def test_all_dead(start, pair, tmp_path):
    a, b = pair
    proxy = start("-c", config(tmp_path, urls(a, b) + ", eject: {failures: 1, time: 60s}"))
    assert proxy.get("/").status == 200
    a.close()
    b.close()
    for _ in range(3):
        assert proxy.get("/").status == 503
    began = time.monotonic()
    res = proxy.get("/")
    assert res.status == 503 and time.monotonic() - began < 2
    assert str(a.port) not in res.text


# ---- sent again, or not --------------------------------------------------------------------------------------

def read_and_reset(seen):
    def script(conn, request):
        seen.append(request.method)
        ended(conn)
        return False
    return script


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_not_sent_twice(start, pair, tmp_path, method):
    """The connection dies after the request was read: what it did nobody knows."""
    seen = []
    for o in pair:
        o.on("/once", read_and_reset(seen))
    proxy = start("-c", config(tmp_path, urls(*pair)))
    for _ in range(3):  # on a fresh connection, and on a kept one
        assert proxy.get("/").status == 200
        before = len(seen)
        assert proxy.get("/once", method=method, body=b"x" if method != "DELETE" else None).status == 502
        assert len(seen) == before + 1


def test_sent_again_once(start, pair, tmp_path):
    """A GET that broke off before a byte came goes to another server, and not to a third."""
    a, b = pair
    seen = []
    a.on("/again", read_and_reset(seen))
    proxy = start("-c", config(tmp_path, urls(a, b)))
    assert [proxy.get("/again").text for _ in range(4)] == ["b"] * 4
    assert seen
    b.on("/again", read_and_reset(seen))
    seen.clear()
    assert proxy.get("/again").status == 502 and len(seen) == 2


def test_a_budget_of_none(start, fresh_origin, tmp_path):
    """retry_budget 0: ten are free, as long as the proxy runs."""
    seen = []
    fresh_origin.on("/again", read_and_reset(seen))
    proxy = start("-c", config(tmp_path, f'url: "{fresh_origin.url}", retry_budget: 0'))
    for _ in range(20):
        assert proxy.get("/again").status == 502
    assert len(seen) == 30


@pytest.mark.parametrize("end", ["fin", "rst"])
def test_a_post_past_a_closed_connection(start, fresh_origin, tmp_path, end):
    """The kept connection was closed before the POST came: it goes over a fresh one, and arrives once."""
    now, done = threading.Event(), threading.Event()

    def script(conn, _request):
        conn.sendall(answer("x", **PLAIN))
        now.wait(15)
        if end == "rst":
            ended(conn)
        else:
            conn.shutdown(socket.SHUT_RDWR)
        done.set()
        return False

    fresh_origin.on("/keep", script)
    proxy = start("-c", config(tmp_path, f'url: "{fresh_origin.url}"'))
    for i in range(10):
        now.clear()
        done.clear()
        assert proxy.get("/keep").status == 200
        with proxy.client() as c:
            with proxy.frozen():  # the end and the POST come to its notice together
                now.set()
                assert done.wait(15)
                c.ask("/post", method="POST", body=b"%d" % i)
            assert c.answer().status == 200
    assert [r.body for r in fresh_origin.asked("/post")] == [b"%d" % i for i in range(10)]


# ---- held, in line, too late --------------------------------------------------------------------------------------

def test_held_over_a_restart(start, fresh_origin, tmp_path):
    proxy = start("-c", config(tmp_path, f'url: "{fresh_origin.url}", hold: 20s'))
    assert proxy.get("/").status == 200
    fresh_origin.close()
    results = []
    askers = [threading.Thread(target=lambda: results.append(proxy.get("/x", method="POST", body=b"y").text)) for _ in range(5)]
    for t in askers:
        t.start()
    wait_until(lambda: total(proxy.metrics(), "tacet_connections", state="open") >= 5, "five to wait")
    back = Named("back", fresh_origin.port)
    for t in askers:
        t.join(20)
    assert results == ["back"] * 5 and len(back.asked("/x")) == 5
    back.close()


def test_held_in_vain(start, tmp_path):
    proxy = start("-c", config(tmp_path, f'url: "http://127.0.0.1:{free_port()}", hold: 500ms'))
    began = time.monotonic()
    assert proxy.get("/").status == 502
    assert 0.4 < time.monotonic() - began < 10


def test_only_so_many_are_held(start, tmp_path):
    """The visitors of an origin that is away do not fill the house: 1024 wait, the next one is told at once."""
    proxy = start("-c", config(tmp_path, f'url: "http://127.0.0.1:{free_port()}", hold: 60s'))
    with contextlib.ExitStack() as held:
        for _ in range(1024):
            held.enter_context(proxy.client()).ask("/")
        wait_until(lambda: total(proxy.metrics(), "tacet_upstream_errors_total", **{"class": "connect"}) >= 1024, "1024 to be held")
        began = time.monotonic()
        res = proxy.get("/too-many")
        assert res.status == 503 and int(res.get("Retry-After")) >= 1, res
        assert time.monotonic() - began < 5
        wait_until(lambda: total(proxy.metrics(), "tacet_http_refusals_total", reason="overload") == 1, "it to be counted")


@pytest.mark.parametrize("leave", [ended, lambda sock: sock.shutdown(socket.SHUT_WR)], ids=["reset", "end"])
def test_who_leaves_is_not_sent(start, tmp_path, leave):
    """A visitor who has gone while it was held never reaches the origin."""
    port = free_port()
    proxy = start("-c", config(tmp_path, f'url: "http://127.0.0.1:{port}", hold: 20s'))
    gone = proxy.client()
    gone.ask("/gone", method="POST", body=b"x")
    wait_until(lambda: total(proxy.metrics(), "tacet_connections", state="open") >= 1, "it to wait")
    leave(gone.sock)
    wait_until(lambda: total(proxy.metrics(), "tacet_connections", state="open") == 0, "it to be noticed")
    back = Named("back", port)
    assert proxy.get("/here").text == "back"
    assert not back.asked("/gone")
    back.close()


@pytest.mark.parametrize("cap", ["connections: 1", "requests: 1"])
def test_a_full_line(start, fresh_origin, tmp_path, cap):
    go = threading.Event()
    fresh_origin.on("/slow", slow(go))
    proxy = start("-c", config(tmp_path, f'url: "{fresh_origin.url}", {cap}, queue: 2, queue_timeout: 60s'))
    clients = [proxy.client() for _ in range(3)]
    for n, c in enumerate(clients):
        c.ask("/slow" if n == 0 else f"/{n}")
        wait_until(lambda: len(fresh_origin.asked("/slow")) == 1, "the first to arrive")
    # The two may not have been read yet: whoever comes too many is told at once, one way or the other.
    wait_until(lambda: total(proxy.metrics(), "tacet_connections", state="open") >= 3, "three to be there")
    with proxy.client() as c:
        began = time.monotonic()
        res = c.get("/too-many")
        assert res.status == 503 and int(res.get("Retry-After")) >= 1, res
        assert time.monotonic() - began < 5
    go.set()
    assert [c.answer().status for c in clients] == [200] * 3
    assert not fresh_origin.asked("/too-many")
    for c in clients:
        c.close()


def test_too_long_in_the_line(start, fresh_origin, tmp_path):
    go = threading.Event()
    fresh_origin.on("/slow", slow(go))
    proxy = start("-c", config(tmp_path, f'url: "{fresh_origin.url}", connections: 1, queue_timeout: 300ms'))
    with proxy.client() as first, proxy.client() as second:
        first.ask("/slow")
        wait_until(lambda: fresh_origin.asked("/slow"), "the first to arrive")
        began = time.monotonic()
        assert second.get("/late").status == 503
        assert 0.25 < time.monotonic() - began < 10
        go.set()
        assert first.answer().status == 200
        assert second.get("/now").status == 200
    assert not fresh_origin.asked("/late")


def test_the_line_moves(start, fresh_origin, tmp_path):
    """More at once than connections: all are served, over never more than these."""
    at_once, most, lock = [0], [0], threading.Lock()

    def script(conn, _request):
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        time.sleep(0.01)  # an answer takes a while, so that others would be there at the same time
        with lock:
            at_once[0] -= 1
        conn.sendall(answer("x", **PLAIN))

    fresh_origin.on("/", script)
    proxy = start("-c", config(tmp_path, f'url: "{fresh_origin.url}", connections: 3, queue_timeout: 60s'))
    statuses = []
    askers = [threading.Thread(target=lambda: statuses.extend(proxy.get("/").status for _ in range(5))) for _ in range(12)]
    for t in askers:
        t.start()
    for t in askers:
        t.join(30)
    assert statuses == [200] * 60 and most[0] <= 3


# ---- time-outs ---------------------------------------------------------------------------------------------------

def test_first_byte(start, fresh_origin, tmp_path):
    done = threading.Event()
    fresh_origin.on("/never", lambda conn, request: done.wait(15))
    proxy = start("-c", config(tmp_path, f'url: "{fresh_origin.url}", first_byte_timeout: 400ms, timeout: 30s'))
    began = time.monotonic()
    assert proxy.get("/never").status == 504
    assert 0.3 < time.monotonic() - began < 10
    assert proxy.get("/never", method="POST", body=b"x").status == 504
    done.set()
    assert len(fresh_origin.asked("/never")) == 2


def trickle(done):
    def script(conn, _request):
        conn.sendall(head_bytes("HTTP/1.1 200 OK", {"Content-Length": "100000", "Content-Type": "text/plain"}))
        while not done.wait(0.05):
            conn.sendall(b"x")
        return False
    return script


def test_total(start, fresh_origin, tmp_path):
    """Bytes come all the time, but the whole takes too long: it is cut, visibly."""
    done = threading.Event()
    fresh_origin.on("/trickle", trickle(done))
    proxy = start("-c", config(tmp_path, f'url: "{fresh_origin.url}", total_timeout: 1s'))
    began = time.monotonic()
    with pytest.raises(Broken):
        proxy.get("/trickle")
    assert 0.9 < time.monotonic() - began < 10
    done.set()


def test_total_begins_when_it_is_sent(start, tmp_path):
    """What a request has waited for a server is not taken from the time of its answer."""
    port = free_port()
    proxy = start("-c", config(tmp_path, f'url: "http://127.0.0.1:{port}", hold: 20s, total_timeout: 2s'))
    with proxy.client() as c:
        c.ask("/")
        wait_until(lambda: total(proxy.metrics(), "tacet_connections", state="open") >= 1, "it to wait")
        began = time.monotonic()
        wait_until(lambda: time.monotonic() - began > 2.5, "more than the total to pass")
        back = Named("back", port)

        def script(conn, _request):
            time.sleep(0.7)  # a grain of the clock of deadlines, and more
            conn.sendall(answer("back", **PLAIN))

        back.on("/", script)
        assert c.answer().text == "back"
    back.close()


def test_interims_do_not_keep_it_alive(start, fresh_origin, tmp_path):
    """103 after 103: there is an end, and it is a 502 or a 504."""
    done = threading.Event()

    def script(conn, _request):
        while not done.wait(0.02):
            conn.sendall(head_bytes("HTTP/1.1 103 Early Hints", {"Link": "</x>"}))
        return False

    fresh_origin.on("/hints", script)
    proxy = start("-c", config(tmp_path, f'url: "{fresh_origin.url}", first_byte_timeout: 5s'))
    assert proxy.get("/hints").status in (502, 504)
    done.set()


def test_connect_timeout(start, tmp_path):
    """A listener whose queue is full swallows what comes: the next address of time is the end of patience."""
    with socket.socket() as full, contextlib.ExitStack() as stack:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):
            s = stack.enter_context(socket.socket())
            s.setblocking(False)
            s.connect_ex(full.getsockname())
        proxy = start("-c", config(tmp_path, f'url: "http://127.0.0.1:{full.getsockname()[1]}", connect_timeout: 300ms'))
        began = time.monotonic()
        assert proxy.get("/").status == 504
        assert time.monotonic() - began < 10


def test_idle_connections_are_closed(start, fresh_origin, tmp_path):
    proxy = start("-c", config(tmp_path, f'url: "{fresh_origin.url}", idle_timeout: 1s'))
    assert proxy.get("/").status == 200
    assert len(fresh_origin.open) == 1
    wait_until(lambda: not fresh_origin.open, "the kept connection to be closed", 10)
    assert proxy.get("/").status == 200


# ---- sizes ---------------------------------------------------------------------------------------------------------

def test_body_size(start, fresh_origin, tmp_path):
    proxy = start("-c", config(tmp_path, f'url: "{fresh_origin.url}"', "", """routes:
      - {name: big, match: "/big*", body_size: 1MiB}
      - {name: rest, match: "/*"}""").with_name("t.yaml"))
    conf = tmp_path / "t.yaml"
    conf.write_text(conf.read_text().replace("limits: {threads: 1}", "limits: {threads: 1, body_size: 1KiB}"))
    proxy = start("-c", conf)
    assert proxy.get("/small", method="POST", body=b"x" * 1024).status == 200
    assert proxy.get("/declared", method="POST", body=b"x" * 1025).status == 413
    assert not fresh_origin.asked("/declared")
    with proxy.client() as c:
        c.ask("/chunked", {"Transfer-Encoding": "chunked"}, "POST", b"400\r\n" + b"x" * 1024 + b"\r\n")
        c.send(b"1\r\nx\r\n0\r\n\r\n")
        assert c.answer().status == 413
    assert not fresh_origin.asked("/chunked")
    assert proxy.get("/big", method="POST", body=b"x" * 100000).status == 200
    assert len(fresh_origin.last("/big").body) == 100000


# ---- where else an origin may be -----------------------------------------------------------------------------------

def test_sites_and_routes(start, tmp_path):
    site, api, other = Named("site"), Named("api"), Named("other")
    conf = tmp_path / "t.yaml"
    conf.write_text(f"""
version: 1
listen: [{{address: "127.0.0.1:0"}}]
sites:
  - hosts: [one.test]
    origin: {{url: "{site.url}"}}
    routes:
      - {{name: api, match: "/api/*", origin: {{urls: ["{api.url}"], timeout: 5s}}}}
      - {{name: rest, match: "/*"}}
  - hosts: [two.test]
    origin: {{url: "{other.url}"}}
rule_sets: {{light: {{}}}}
regions: [{{name: rest, where: ["*"], honour: [gpc, dnt, choice], default: light, opted_out: light}}]
""")
    proxy = start("-c", conf)
    assert proxy.get("/", host="one.test").text == "site"
    assert proxy.get("/api/x", host="one.test").text == "api"
    assert proxy.get("/api/x", host="two.test").text == "other"
    api.close()
    assert proxy.get("/api/x", host="one.test").status == 502
    assert proxy.get("/", host="one.test").text == "site"
    for o in (site, other):
        o.close()


def test_unix_socket(start, tmp_path):
    path = str(tmp_path / "app.sock")
    app = Origin()
    app.listener.close()
    app.listener = socket.socket(socket.AF_UNIX)
    app.listener.bind(path)
    app.listener.listen(16)
    serve_unix(app)
    proxy = start("-c", config(tmp_path, f'url: "unix:{path}"'))
    for i in range(5):
        assert proxy.get(f"/{i}", method="POST", body=b"x" * 70000).status == 200
        assert len(app.last(f"/{i}").body) == 70000
    assert app.connections == 1
    app.close()
    os.unlink(path)
    assert proxy.get("/").status == 502


def serve_unix(app):
    def accept():
        while True:
            try:
                conn, _ = app.listener.accept()
            except OSError:
                return
            with app.lock:
                app.connections += 1
                app.open.add(conn)
            threading.Thread(target=app.serve, args=(conn, app.connections), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()


def test_ipv6(start, tmp_path):
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6 on loopback")
    app = Origin()
    app.listener.close()
    app.listener = listener
    threading.Thread(target=app.accept, daemon=True).start()
    port = listener.getsockname()[1]
    proxy = start("-c", config(tmp_path, f'url: "http://[::1]:{port}", host: origin'))
    assert proxy.get("/").status == 200
    assert app.last("/").get("Host") == f"[::1]:{port}"
    app.close()


# ---- names ------------------------------------------------------------------------------------------------------------

class Dns:
    """A DNS server on loopback, by UDP and TCP. `say` is what it says: addresses, or "nxdomain", "silence", "garbage", "cut"."""

    def __init__(self, *say, ttl=1):
        self.say, self.ttl, self.asked = list(say), ttl, 0
        while True:
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.bind(("127.0.0.1", 0))
            self.port = self.udp.getsockname()[1]
            self.tcp = socket.socket()
            try:
                self.tcp.bind(("127.0.0.1", self.port))
                break
            except OSError:
                self.udp.close()
                self.tcp.close()
        self.tcp.listen(16)
        self.closed = False
        threading.Thread(target=self.serve_udp, daemon=True).start()
        threading.Thread(target=self.serve_tcp, daemon=True).start()

    def serve_udp(self):
        while not self.closed:
            try:
                q, peer = self.udp.recvfrom(2048)
            except OSError:
                return
            if self.closed:
                return
            self.asked += 1
            reply = self.reply(q, tcp=False)
            if reply is not None:
                with contextlib.suppress(OSError):
                    self.udp.sendto(reply, peer)

    def serve_tcp(self):
        while not self.closed:
            try:
                conn, _ = self.tcp.accept()
            except OSError:
                return
            with contextlib.suppress(OSError, Broken), conn:
                conn.settimeout(5)
                r = Reader(conn)
                while True:  # one connection may carry several questions
                    n = struct.unpack(">H", r.exactly(2))[0]
                    reply = self.reply(r.exactly(n), tcp=True)
                    if reply is not None:
                        conn.sendall(struct.pack(">H", len(reply)) + reply)

    def reply(self, q, tcp):
        say = list(self.say)
        if "silence" in say:
            return None
        if "garbage" in say:
            return b"\xff" * 40
        end = 12
        while q[end]:
            end += 1 + q[end]
        kind = struct.unpack(">H", q[end + 1:end + 3])[0]
        question = q[12:end + 5]
        if "nxdomain" in say:
            return q[:2] + struct.pack(">HHHHH", 0x8183, 1, 0, 0, 0) + question
        if "cut" in say:
            if not tcp:
                return q[:2] + struct.pack(">HHHHH", 0x8380, 1, 0, 0, 0) + question
            say.remove("cut")
        family = {1: socket.AF_INET, 28: socket.AF_INET6}.get(kind)
        found = [a for a in say if family and (":" in a) == (family == socket.AF_INET6)]
        out = q[:2] + struct.pack(">HHHHH", 0x8180, 1, len(found), 0, 0) + question
        for a in found:
            data = socket.inet_pton(family, a)
            out += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, self.ttl, len(data)) + data
        return out

    def close(self):
        self.closed = True
        for s in (self.udp, self.tcp):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
            s.close()


def at(address, port=0):
    """An origin on another address of loopback, which says its address."""
    o = Origin()
    o.listener.close()
    o.listener = socket.create_server((address, port), backlog=128)
    o.port = o.listener.getsockname()[1]
    o.DEFAULT = answer(address, **PLAIN)
    threading.Thread(target=o.accept, daemon=True).start()
    return o


@pytest.fixture
def dns():
    server = Dns("127.0.0.2")
    yield server
    server.close()


def by_name(tmp_path, dns, port, keys="", more=""):
    return config(tmp_path, f'url: "http://origin.example.test:{port}"{keys}',
                  f'resolver: {{servers: ["127.0.0.1:{dns.port}"]}}\n{more}')


def test_the_name_moves(start, dns, tmp_path):
    old = at("127.0.0.2")
    new = at("127.0.0.3", old.port)
    proxy = start("-c", by_name(tmp_path, dns, old.port))
    assert proxy.get("/").text == "127.0.0.2"
    dns.say[:] = ["127.0.0.3"]
    began = time.monotonic()
    wait_until(lambda: proxy.get("/").text == "127.0.0.3", "the new address", 10)
    assert time.monotonic() - began < 5
    wait_until(lambda: not old.open, "the old connections to go", 10)
    old.close()
    new.close()


@pytest.mark.parametrize("then", ["silence", "nxdomain", "garbage"])
def test_the_last_addresses_stay(start, dns, tmp_path, then):
    app = at("127.0.0.2")
    proxy = start("-c", by_name(tmp_path, dns, app.port))
    assert proxy.get("/").status == 200
    dns.say[:] = [then]
    asked, end = dns.asked, time.monotonic() + 3
    while time.monotonic() < end:  # the name's time is over three times
        assert proxy.get("/").status == 200
        time.sleep(0.02)  # not as fast as it can
    assert dns.asked > asked
    dns.say[:] = ["127.0.0.2"]
    assert proxy.get("/").status == 200
    app.close()


@pytest.mark.parametrize("first", ["silence", "nxdomain", "garbage"])
def test_no_dns_at_the_start(start, dns, tmp_path, first):
    """It starts at once, says 503 for as long as connecting may take at most, and serves when the name is there."""
    app = at("127.0.0.2")
    dns.say[:] = [first]
    began = time.monotonic()
    proxy = start("-c", by_name(tmp_path, dns, app.port, ", connect_timeout: 500ms"))
    assert time.monotonic() - began < 10
    began = time.monotonic()
    assert proxy.get("/").status == 503
    assert time.monotonic() - began < 4
    dns.say[:] = ["127.0.0.2"]
    wait_until(lambda: proxy.get("/").status == 200, "the name to be found", 15)
    app.close()


def test_a_long_answer_comes_by_tcp(start, dns, tmp_path):
    app = at("127.0.0.2")
    dns.say[:] = ["cut", "127.0.0.2"]
    proxy = start("-c", by_name(tmp_path, dns, app.port))
    assert proxy.get("/").text == "127.0.0.2"
    app.close()


def test_one_address_of_two_is_dead(start, dns, tmp_path):
    app = at("127.0.0.3")
    dns.say[:] = ["127.0.0.2", "127.0.0.3"]
    proxy = start("-c", by_name(tmp_path, dns, app.port))
    app.on("/close", lambda conn, request: (conn.sendall(answer("x", {"Connection": "close"}, **PLAIN)), False)[1])
    for _ in range(10):
        assert proxy.get("/close").status == 200
    app.close()


def test_a_reload_during_a_question(start, dns, tmp_path):
    """The first request waits for DNS; a reload in between changes nothing for it."""
    app = at("127.0.0.2")
    dns.say[:] = ["silence"]
    conf = by_name(tmp_path, dns, app.port)
    proxy = start("-c", conf)
    with proxy.client() as c:
        c.ask("/")
        wait_until(lambda: dns.asked > 0, "the question")
        asked = dns.asked
        proxy.reload()
        wait_until(lambda: dns.asked > asked, "it to be asked again")
        dns.say[:] = ["127.0.0.2"]
        assert c.answer().text == "127.0.0.2"
    app.close()


# ---- reload ---------------------------------------------------------------------------------------------------------

def test_a_reload_keeps_connections_and_health(start, pair, tmp_path):
    a, b = pair
    keys = urls(a, b) + ", eject: {failures: 1, time: 60s}"
    conf = config(tmp_path, keys)
    proxy = start("-c", conf)
    assert {proxy.get("/").text for _ in range(4)} == {"a", "b"}
    a.close()
    for _ in range(4):
        assert proxy.get("/").text == "b"
    back = Named("again", a.port)
    connections = b.connections
    config(tmp_path, keys + ", queue: 7")
    proxy.reload()
    wait_until(lambda: any("reload" in line for line in proxy.lines), "the reload")
    assert {proxy.get("/").text for _ in range(10)} == {"b"}
    assert b.connections == connections
    back.close()
