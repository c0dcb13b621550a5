"""Listeners: Unix sockets, those that a reload adds and removes, and the redirect to https."""
import contextlib
import os
import signal
import socket
import stat
import subprocess
import threading
import time

import pytest

from harness import Broken, Client, Reader, answer, free_port, get, head_bytes, tacet_path, total, wait_until

CONF = """
version: 1
listen: [{listen}]
admin: {{address: "{admin}"{admin_more}}}
client_address: {{trusted_proxies: [127.0.0.0/8]}}
sites: [{{hosts: ["*.example.test"], origin: {{url: "{url}"}}, forward: {{client_ip: full, geo: [country]}}}}]
limits: {{drain_timeout: 5s{limits}}}
"""
TCP = '{address: "127.0.0.1:0"}'


class Local(Client):
    """A connection to a Unix socket."""

    def __init__(self, path):
        self.host = "www.example.test"
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(str(path))
        self.reader = Reader(self.sock)


class Setup:
    def __init__(self, start, origin, path):
        self.origin, self.path, self.conf = origin, path, path / "t.yaml"
        self.begin = lambda **kw: start("-c", self.conf, listen=False, **kw)

    def write(self, *listen, admin="127.0.0.1:0", admin_more="", limits="", text=None):
        self.conf.write_text(text or CONF.format(listen=", ".join(listen), admin=admin, admin_more=admin_more, limits=limits,
                                                 url=self.origin.url))

    def start(self, *listen, **kw):
        self.write(*listen, **kw)
        self.proxy = self.begin()
        return self.proxy

    def reload(self, *listen, refused=False, **kw):
        self.write(*listen, **kw)
        said = "reload refused" if refused else "reloaded"
        before = sum(line.startswith(said) for line in self.proxy.lines)
        self.proxy.reload()
        wait_until(lambda: sum(line.startswith(said) for line in self.proxy.lines) > before, said)

    def ports(self):
        return [p for _, p in self.proxy.addresses["http"]]


@pytest.fixture
def setup(start, fresh_origin, tmp_path):
    return Setup(start, fresh_origin, tmp_path)


def unix(path, more=""):
    return f'{{address: "unix:{path}"{more}}}'


def answers(port):
    """Whether someone serves there; a connection that is refused or reset is nobody."""
    try:
        return get(port, "/").status == 200
    except (OSError, Broken):
        return False


# ---- Unix sockets -----------------------------------------------------------------------------------

def test_a_unix_socket(setup):
    path = setup.path / "http.sock"
    proxy = setup.start(unix(path), TCP)
    assert f"listening http unix:{path}" in proxy.lines
    mode = os.stat(path).st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o666
    crowd = [Local(path) for _ in range(50)]
    for i, c in enumerate(crowd):
        assert c.get("/").status == 200 and c.get(f"/{i}").status == 200
        c.close()
    proxy.stop()
    assert not path.exists()
    with pytest.raises(OSError):
        Local(path)


def test_the_peer_of_a_unix_socket_is_nobody(setup):
    """Its address is not known, so neither is the place; and what it says about others is not believed."""
    path = setup.path / "http.sock"
    setup.start(unix(path))
    with Local(path) as c:
        assert c.get("/who", {"X-Forwarded-For": "85.214.132.117"}).status == 200
    req = setup.origin.last("/who")
    assert not req.has("X-Forwarded-For") and not req.has("Tacet-Geo") and "region=unknown" in req.get("Privacy-Decision")


def test_a_proxy_header_on_a_unix_socket(setup):
    path = setup.path / "http.sock"
    setup.start(unix(path, ", proxy_protocol: [unix]"))
    with Local(path) as c:
        c.send(b"PROXY TCP4 203.0.113.9 198.51.100.7 4711 443\r\n")
        assert c.get("/said").status == 200
    assert setup.origin.last("/said").get("X-Forwarded-For") == "203.0.113.9"
    with Local(path) as c:
        assert c.get("/unsaid").status == 400 and c.closed()
    assert not setup.origin.asked("/unsaid")


def test_a_socket_that_was_left_behind_is_replaced(setup):
    path = setup.path / "http.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
        dead.listen()
    proxy = setup.start(unix(path))
    with Local(path) as c:
        assert c.get("/").status == 200
    proxy.kill()                    # no time to clean up
    assert path.exists()
    proxy = setup.begin()
    with Local(path) as c:
        assert c.get("/").status == 200


@pytest.mark.parametrize("what", ["a server", "a file", "no folder"])
def test_what_is_not_ours_is_not_taken(setup, what):
    path = setup.path / ("http.sock" if what != "no folder" else "none/http.sock")
    server = None
    if what == "a server":
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(path))
        server.listen()
    elif what == "a file":
        path.write_text("precious")
    setup.write(unix(path))
    done = subprocess.run([tacet_path(), "run", "-c", str(setup.conf)], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and f"cannot listen on unix:{path}: " in done.stderr, done.stderr
    if what == "a file":
        assert path.read_text() == "precious"
    if server:
        assert path.exists()
        server.close()


def test_only_the_own_socket_is_removed(setup):
    """Another proxy has taken the path meanwhile: its socket stays."""
    path = setup.path / "http.sock"
    proxy = setup.start(unix(path))
    os.unlink(path)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        proxy.stop()
        assert path.exists()


def test_the_demo_is_for_browsers(tmp_path):
    done = subprocess.run([tacet_path(), "demo", "--once", "--listen", f"unix:{tmp_path}/s"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "a browser needs a port" in done.stderr


# ---- reload -----------------------------------------------------------------------------------------

def test_listeners_come_and_go(setup):
    path = setup.path / "http.sock"
    one, two = free_port(), free_port()
    at = [f'{{address: "127.0.0.1:{p}"}}' for p in (one, two)]
    proxy = setup.start(at[0])
    stays = Client(one)
    assert stays.get("/").status == 200
    setup.reload(at[0], at[1], unix(path))
    assert answers(one) and answers(two)
    with Local(path) as local:
        assert local.get("/").status == 200
        with Client(two) as c:
            assert c.get("/").status == 200
            setup.reload(at[1])
            wait_until(lambda: not answers(one), "the first to be closed")
            assert not path.exists() and answers(two)
            for old in (stays, c, local):           # connections live on
                assert old.get("/").status == 200
    assert f"closed http 127.0.0.1:{one}" in proxy.lines and f"closed http unix:{path}" in proxy.lines
    setup.reload(at[0])
    wait_until(lambda: answers(one) and not answers(two), "the first to be back")
    stays.close()


def test_descriptors_do_not_pile_up(setup):
    path = setup.path / "http.sock"
    port = f'{{address: "127.0.0.1:{free_port()}"}}'
    proxy = setup.start(TCP)
    setup.reload(TCP, port, unix(path))
    setup.reload(TCP)
    assert answers(proxy.port)
    wait_until(lambda: not path.exists(), "the socket to go")
    before = proxy.descriptors()
    for _ in range(10):
        setup.reload(TCP, port, unix(path))
        setup.reload(TCP)
    wait_until(lambda: proxy.descriptors() <= before, "the descriptors to be closed")


def test_reloads_faster_than_they_are_carried_out(setup):
    """Orders that no loop has looked at are overtaken by the next: what they brought is neither lost nor leaked."""
    port = free_port()
    proxy = setup.start(TCP)
    for i in range(30):
        setup.reload(TCP, *([f'{{address: "127.0.0.1:{port}"}}'] if i % 2 == 0 else []))
    setup.reload(TCP, f'{{address: "127.0.0.1:{port}"}}')
    for _ in range(50):                             # on each loop
        assert answers(port) and answers(proxy.port)


def test_a_port_that_is_taken_refuses_the_reload(setup):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        path = setup.path / "http.sock"
        proxy = setup.start(TCP)
        setup.reload(TCP, unix(path), f'{{address: "127.0.0.1:{port}"}}', refused=True)
        assert any(f"cannot listen on 127.0.0.1:{port}: Address already in use" in line for line in proxy.lines)
        assert not path.exists(), "what was opened for it is closed again"
        assert total(proxy.metrics(), "tacet_config_reload_success") == 0 and answers(proxy.port)
    setup.reload(TCP)
    assert total(proxy.metrics(), "tacet_config_reload_success") == 1


def test_one_address_takes_the_place_of_another_on_its_port(setup):
    port = free_port()
    setup.start(f'{{address: "127.0.0.1:{port}"}}')
    with Client(port) as c:
        assert c.get("/").status == 200
        for address in ("0.0.0.0", "127.0.0.1", "[::]", "127.0.0.1"):
            setup.reload(f'{{address: "{address}:{port}"}}')
            assert c.get("/").status == 200
            for _ in range(20):
                wait_until(lambda: answers(port), "the new address")


def test_settings_of_a_listener_that_stays(setup):
    """Of new connections; who is here already keeps what it came under."""
    proxy = setup.start(TCP, TCP)
    port, other = setup.ports()
    assert port != other
    with Client(port) as old:
        assert old.get("/").status == 200
        setup.reload('{address: "127.0.0.1:0", proxy_protocol: [127.0.0.1]}', '{address: "127.0.0.1:0", redirect: https}')
        assert setup.ports() == [port, other], "port 0 keeps the port that it got"
        wait_until(lambda: get(port, "/").status == 400, "the header to be asked for")
        assert get(other, "/").status == 308
        assert old.get("/").status == 200
    setup.reload(TCP, TCP)
    wait_until(lambda: get(port, "/").status == 200, "the header not to be asked for")
    assert get(other, "/").status == 200
    assert proxy.proc.poll() is None


def test_reloads_under_load_lose_no_connection(setup):
    """Fresh connections to a listener that stays, while others come and go beside it."""
    port = free_port()
    proxy = setup.start(TCP)
    stop, wrong, count = threading.Event(), [], [0]

    def visitor():
        while not stop.is_set():
            try:
                if get(proxy.port, "/").status != 200:
                    wrong.append("status")
                count[0] += 1
            except (Broken, OSError) as why:
                wrong.append(repr(why))

    threads = [threading.Thread(target=visitor) for _ in range(4)]
    for t in threads:
        t.start()
    for i in range(20):
        seen = count[0]
        setup.reload(*([TCP, f'{{address: "127.0.0.1:{port}"}}'] if i % 2 == 0 else [TCP]))
        wait_until(lambda: count[0] > seen + 5, "requests between reloads")
    stop.set()
    for t in threads:
        t.join()
    assert not wrong and count[0] > 100, wrong[:3]


def test_what_needs_a_restart_is_said(setup):
    proxy = setup.start(TCP, limits=", threads: 1")
    setup.reload(TCP, limits=", threads: 2", admin_more=f', socket: "{setup.path}/admin.sock"')
    assert any("limits.threads: 1 threads serve until a restart" in line for line in proxy.lines)
    assert any("admin.socket: the old one stays until a restart" in line for line in proxy.lines)


def test_admin_moves_with_a_reload(setup):
    token = setup.path / "token"
    token.write_text("0123456789abcdef\n")
    port = free_port()
    proxy = setup.start(TCP)
    old = proxy.admin
    setup.reload(TCP, admin=f"127.0.0.1:{port}", admin_more=f', token_file: "{token}"')
    wait_until(lambda: proxy.admin == old and get(port, "/readyz", host="localhost").status == 200, "the new address")
    assert get(port, "/metrics", host="localhost").status == 401
    right = {"Authorization": "Bearer 0123456789abcdef"}
    assert get(port, "/metrics", right, host="localhost").status == 200
    with pytest.raises(OSError):
        get(old, "/readyz", host="localhost")
    token.write_text("another-token-of-16\n")
    setup.reload(TCP, admin=f"127.0.0.1:{port}", admin_more=f', token_file: "{token}"')
    assert get(port, "/metrics", right, host="localhost").status == 401
    with socket.create_server(("127.0.0.1", 0)) as taken:
        setup.reload(TCP, admin=f"127.0.0.1:{taken.getsockname()[1]}", refused=True)
    assert get(port, "/readyz", host="localhost").status == 200


def test_the_limit_of_connections_follows_a_reload(setup):
    proxy = setup.start(TCP, limits=", connections: 3, threads: 2")
    crowd = [Client(proxy.port) for _ in range(3)]
    for c in crowd:                     # three of them, on whichever loops
        assert c.get("/").status == 200
    assert get(proxy.port, "/").status == 503
    assert total(proxy.metrics(), "tacet_connections_refused_total", reason="limit") == 1
    setup.reload(TCP, limits=", connections: 4, threads: 2")
    wait_until(lambda: total(proxy.metrics(), "tacet_connections", state="open") == 3, "the fourth to be gone")
    assert get(proxy.port, "/").status == 200
    for c in crowd:
        c.close()


# ---- redirect ---------------------------------------------------------------------------------------

@pytest.fixture
def to_https(setup):
    setup.start('{address: "127.0.0.1:0", redirect: https}')
    return setup


@pytest.mark.parametrize("host, target, location", [
    ("www.example.test", "/", "https://www.example.test/"),
    ("WWW.Example.Test:8080", "/a//b/../c?x=1&y=%2F", "https://www.example.test/a//b/../c?x=1&y=%2F"),
    ("www.example.test", "/a?", "https://www.example.test/a?"),
    ("www.example.test.", "//evil.test/", "https://www.example.test//evil.test/"),
    ("www.example.test", "http://www.example.test/abs?q", "https://www.example.test/abs?q"),
    ("www.example.test", "/.well-known/gpc.json", "https://www.example.test/.well-known/gpc.json"),
    ("www.example.test", "/privacy-choices", "https://www.example.test/privacy-choices")])
def test_redirect(to_https, host, target, location):
    res = get(to_https.proxy.port, target, {"Sec-GPC": "1", "Cookie": "_ga=1"}, host=host)
    assert res.status == 308 and res.all("Location") == [location] and res.get("Cache-Control") == "no-store"
    assert not res.has("Set-Cookie") and len(res.body) < 100
    assert not to_https.origin.requests


def test_redirect_of_other_methods(to_https):
    with Client(to_https.proxy.port) as c:
        assert c.get("/form", method="POST", body=b"a=1").status == 308
        head = c.get("/", method="HEAD")
        assert head.status == 308 and head.get("Location") == "https://www.example.test/"
        assert c.get("*", method="OPTIONS").get("Location") == "https://www.example.test/"
        assert c.get("/", {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                           "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg=="}).status == 308
    assert not to_https.origin.requests


def test_redirect_of_no_site(to_https):
    assert get(to_https.proxy.port, "/", host="www.example.com").status == 421
    with Client(to_https.proxy.port) as c:
        c.send(b"GET / HTTP/1.0\r\n\r\n")
        assert c.answer().status == 421


def test_challenges_of_acme_are_not_redirected(to_https):
    path = "/.well-known/acme-challenge/token"
    to_https.origin.on(path, answer("key", type="text/plain"))
    res = get(to_https.proxy.port, path)
    assert res.status == 200 and res.text == "key"
    for near in ("/.well-known/acme-challenge", "/.well-known/acme-challenge/../x", "/.well-known/acme-challengex"):
        assert get(to_https.proxy.port, near).status == 308, near


def test_who_came_by_https_is_not_sent_round_in_a_circle(to_https):
    assert get(to_https.proxy.port, "/", {"X-Forwarded-Proto": "https"}).status == 200
    assert get(to_https.proxy.port, "/", {"X-Forwarded-Proto": "http"}).status == 308


# ---- the end ----------------------------------------------------------------------------------------

def readiness(proxy):
    return get(proxy.admin, "/readyz", host="localhost").status


def test_new_connections_are_served_for_the_delay(setup):
    """Not ready at once; everybody is served until load balancers have noticed; then the doors close."""
    path = setup.path / "http.sock"
    proxy = setup.start(TCP, unix(path), limits=", drain_delay: 2s")
    with Client(proxy.port) as kept:
        assert kept.get("/").status == 200
        proxy.signal(signal.SIGTERM)
        wait_until(lambda: readiness(proxy) == 503, "readiness to go")
        for _ in range(5):
            assert answers(proxy.port) and kept.get("/").get("Connection") != "close"
        with Local(path) as c:
            assert c.get("/").status == 200
        slow = threading.Event()
        setup.origin.on("/slow", lambda conn, request: slow.wait(20) and conn.sendall(answer("late")))
        with Client(proxy.port) as c, Client(proxy.port) as fresh:
            fresh.send(b"GET /fresh HTTP/1.1\r\n")        # has begun to ask when the doors close
            c.ask("/slow")
            wait_until(lambda: not path.exists(), "the doors to close")
            fresh.send(b"Host: www.example.test\r\n\r\n")
            res = fresh.answer()
            assert res.status == 200 and res.get("Connection") == "close"
            slow.set()
            assert c.answer().text == "late"
    assert proxy.wait(10) == 0


def test_the_drain_has_an_end(setup):
    proxy = setup.start(TCP, text=CONF.replace("5s", "1s").format(listen=TCP, admin="127.0.0.1:0", admin_more="", limits="", url=setup.origin.url))
    hold = threading.Event()
    setup.origin.on("/hold", lambda conn, request: hold.wait(20))
    with Client(proxy.port) as c:
        c.ask("/hold")
        wait_until(lambda: setup.origin.asked("/hold"), "the request to be under way")
        proxy.signal(signal.SIGTERM)
        assert proxy.wait(5) == 0
    hold.set()


def test_a_second_signal_ends_the_delay(setup):
    path = setup.path / "http.sock"
    proxy = setup.start(TCP, unix(path), limits=", drain_delay: 1 min")
    proxy.signal(signal.SIGTERM)
    wait_until(lambda: readiness(proxy) == 503, "readiness to go")
    proxy.signal(signal.SIGTERM)
    assert proxy.wait(5) == 0 and not path.exists()


def test_no_reload_while_draining(setup):
    proxy = setup.start(TCP, limits=", drain_delay: 2s")
    proxy.signal(signal.SIGTERM)
    wait_until(lambda: readiness(proxy) == 503, "readiness to go")
    setup.write(TCP, f'{{address: "127.0.0.1:{free_port()}"}}')
    proxy.reload()
    assert proxy.wait(20) == 0
    assert "reloaded" not in " ".join(proxy.lines)


# ---- visitors who finish early ----------------------------------------------------------------------

def test_who_has_finished_sending_still_gets_the_answer(setup):
    """A FIN behind a whole request is no hurry (RFC 9112 9.6): the answer comes, whole, and then the end."""
    proxy = setup.start(TCP)
    go = threading.Event()

    def think(conn, _request):
        go.wait(20)
        conn.sendall(head_bytes("HTTP/1.1 200 OK", {"Content-Type": "text/plain", "Content-Length": "300000"}) + b"x" * 300000)

    setup.origin.on("/think", think)
    with Client(proxy.port) as c:
        c.ask("/think")
        c.sock.shutdown(socket.SHUT_WR)
        wait_until(lambda: setup.origin.asked("/think"), "the request to be under way")
        assert get(proxy.port, "/").status == 200       # another turn of the loops: the FIN has been seen
        go.set()
        res = c.answer()
        assert res.status == 200 and len(res.body) == 300000 and res.get("Connection") == "close" and c.closed()


# ---- few descriptors --------------------------------------------------------------------------------

def test_400_clients_and_256_descriptors(setup, monkeypatch):
    """R12: no crash, no spin; the operator is answered; and with the crowd gone all is well at once."""
    script = setup.path / "few"
    script.write_text(f'#!/bin/sh\nulimit -n 256 && exec "{tacet_path()}" "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("TACET", str(script))
    proxy = setup.start(TCP)
    crowd = []
    proxy.signal(signal.SIGSTOP)                        # they are all there at once when it looks
    for _ in range(400):
        c = Client(proxy.port)
        crowd.append(c)
        c.ask("/")
    proxy.signal(signal.SIGCONT)
    wait_until(lambda: total(proxy.metrics(), "tacet_connections_refused_total", reason="limit") > 0, "some to be told")
    wait_until(lambda: total(proxy.metrics(), "tacet_connections_refused_total", reason="limit_silent") > 0, "some not to be")
    assert readiness(proxy) == 200
    served = 0
    for c in crowd:
        with contextlib.suppress(OSError, Broken):
            served += c.answer().status == 200
    assert served >= 40
    wait_until(lambda: idle_share(proxy) < 0.2, "the processor to rest")
    for c in crowd:
        c.close()
    wait_until(lambda: answers(proxy.port), "service again", 2)


def idle_share(proxy, seconds=0.5):
    began, cpu = time.monotonic(), proxy.cpu()
    time.sleep(seconds)                                 # a measurement needs a while
    return (proxy.cpu() - cpu) / (time.monotonic() - began)
